/* A worker's catalogues of certified hardware: those that were asked for lately, by their digest.
 *
 * Owns them. One in force counts while its signature is that of somebody who may sign and its time has
 * come and not ended; any other is as none. A draft is taken as it is. */
#ifndef BOOTSEAL_SERVER_WORKER_CATALOGS_H
#define BOOTSEAL_SERVER_WORKER_CATALOGS_H

#include "catalog/catalog.h"
#include "server/work_message.h"

/* More than one request can name: it never throws out what it asks for itself. */
enum { WORKER_CATALOG_SLOTS = 4 };

struct worker_catalog_slot {
    bool used, is_draft;
    uint64_t last_used;
    uint8_t sha256[STORE_DIGEST_LEN];
    struct arena arena;
    struct catalog *catalog; /* NULL: it cannot be used */
    bool ended;              /* told once */
};

struct worker_catalogs {
    struct crypto *crypto;
    struct span certificates; /* of those who may sign; empty: nobody may */
    uint64_t now;             /* counts uses */
    struct worker_catalog_slot slots[WORKER_CATALOG_SLOTS];
};

/* What a request is judged by. Lives until the next request. */
struct worker_catalog {
    const struct catalog *catalog; /* NULL: none */
    struct span sha256;            /* by which it is known; empty: none */
};

/* Finds the catalogue that is in force at now_s, learning one that comes with its text. False when it is
 * not known and came without. */
bool worker_catalogs_find(struct worker_catalogs *catalogs, const struct work_catalog *wanted,
                          int64_t now_s, struct worker_catalog *found) MUST_CHECK;

/* The same with a draft, whenever it is to be in force. */
bool worker_catalogs_find_draft(struct worker_catalogs *catalogs, const struct work_catalog *wanted,
                                struct worker_catalog *found) MUST_CHECK;

/* Answers a struct work_catalog_check. */
bool worker_catalogs_check(struct worker_catalogs *catalogs, struct span frame, struct arena *arena,
                           struct span *answer_frame, struct error *error) MUST_CHECK;

/* Forgets all that was learnt. */
void worker_catalogs_done(struct worker_catalogs *catalogs);

#endif
