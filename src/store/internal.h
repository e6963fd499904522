/* What the files of src/store share. */
#ifndef BOOTSEAL_STORE_INTERNAL_H
#define BOOTSEAL_STORE_INTERNAL_H

#include "crypto/crypto.h"
#include "store/db.h"
#include "store/txn.h"

#include <pthread.h>

enum { NONCE_KEY_LEN = 32 };

struct store {
    unsigned schema;
    int lock_fd; /* holds the file against a second writer */
    uint8_t nonce_key[NONCE_KEY_LEN];

    /* Readers and nonces, one caller at a time. */
    pthread_mutex_t read_lock;
    struct db reader;
    struct crypto *crypto;

    /* The writer's queue and what it has finished. */
    pthread_mutex_t lock;
    pthread_cond_t work, finished;
    struct store_txn *queue, **queue_end;
    struct store_txn *done, **done_end;
    bool stopping;
    pthread_t thread;
    bool thread_started;
    struct db writer; /* the writer thread's alone */
    int event_fd;
};

/* Checks origin, host and expiry of a nonce. STORE_NONE when all is well; it may still be used. */
enum store_result nonce_open(struct store *store, const uint8_t host_id[STORE_HOST_ID_LEN],
                             struct span nonce, int64_t now_s, uint32_t *expires_s,
                             uint8_t random[NONCE_RANDOM_LEN]);

/* Does one act inside the writer's transaction. STORE_OK, or what decides. */
enum store_result act_apply(struct db *db, const struct act *act, struct store_outcome *outcome);

enum store_result act_attest(struct db *db, const struct act *act, struct store_outcome *outcome);
enum store_result act_document_put(struct db *db, const struct act *act);
enum store_result act_binding_put(struct db *db, const struct act *act,
                                  struct store_outcome *outcome);
enum store_result act_catalog_put(struct db *db, const struct act *act,
                                  struct store_outcome *outcome);

/* Takes a host's references to logs away that `pick` finds, one at a time, with `remove` (literals
 * over host id; host id and digest), and the logs that no host refers to then. */
enum store_result logs_let_go(struct db *db, const char *pick, const char *remove,
                              struct span host_id);

/* The text of a verdict's id: hex of the host's id, a dash, the number. And back. */
void verdict_id_print(const uint8_t host_id[STORE_HOST_ID_LEN], int64_t seq,
                      char id[STORE_VERDICT_ID_LEN]);
bool verdict_id_parse(const char *id, uint8_t host_id[STORE_HOST_ID_LEN], int64_t *seq) MUST_CHECK;

/* Brings the schema up to date and starts what has to exist; fills in schema. */
bool schema_update(struct db *db, unsigned *schema, struct error *error) MUST_CHECK;

/* Ends a read that began with taking read_lock: lets it go, and turns what went wrong (failed: did
 * not fit into the arena) into an error. */
bool read_finish(struct store *store, enum db_step last, bool failed,
                 struct error *error) MUST_CHECK;

/* Takes one row into an item of a list or the only result. */
typedef void take_fn(sqlite3_stmt *row, struct arena *arena, void *item, bool *failed);

/* The only row, or *found is false; ends the read as read_finish does. */
bool read_one(struct store *store, sqlite3_stmt *row, take_fn *take, struct arena *arena,
              void *item, bool *found, struct error *error) MUST_CHECK;

/* Every row as an item of size bytes, in the arena; ends the read as read_finish does. */
bool read_list(struct store *store, sqlite3_stmt *row, take_fn *take, size_t size,
               struct arena *arena, void **items, size_t *n_items, struct error *error) MUST_CHECK;

bool writer_start(struct store *store, struct error *error) MUST_CHECK;
/* Finishes the queue and ends the thread. */
void writer_stop(struct store *store);

#endif
