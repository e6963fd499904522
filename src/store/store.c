/* Opening and closing a store, and its words. Owns struct store and the lock that keeps a second
 * writer out; must never make the database readable to others. */
#include "store/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

enum { PATH_LEN = 4096 };

static bool lock_file(struct store *store, const char *location, struct error *error)
{
    char path[PATH_LEN];

    if (snprintf(path, sizeof path, "%s.lock", location) >= (int)sizeof path)
        return error_plain(error, ERROR_USAGE, "the database's name is longer than %d bytes",
                           PATH_LEN);
    store->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (store->lock_fd < 0)
        return error_plain(error, ERROR_IO, "cannot open %.120s: %s", path, strerror(errno));
    if (flock(store->lock_fd, LOCK_EX | LOCK_NB) != 0)
        return error_plain(error, ERROR_CONFLICT, "another process has %.120s open", location);
    return true;
}

/* SQLite would make it with the umask's mode. */
static bool make_file(const char *location, struct error *error)
{
    int fd = open(location, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

    if (fd < 0)
        return error_plain(error, ERROR_IO, "cannot open %.120s: %s", location, strerror(errno));
    close(fd);
    return true;
}

/* The key that authenticates nonces, made with the database. */
static bool take_nonce_key(struct store *store, struct error *error)
{
    uint8_t fresh[NONCE_KEY_LEN];
    sqlite3_stmt *statement;
    bool failed = false;

    if (!crypto_random(fresh, sizeof fresh, error))
        return false;
    if (db_run(&store->writer,
               "INSERT INTO settings (name, value) VALUES ('nonce_key', ?) ON CONFLICT DO NOTHING",
               "b", span_of(fresh, sizeof fresh)) != DB_DONE)
        return db_error(&store->writer, error, "cannot store the nonce key");
    statement = db_prepare(&store->writer, "SELECT value FROM settings WHERE name = 'nonce_key'",
                           "");
    if (db_step(statement) != DB_ROW)
        return db_error(&store->writer, error, "cannot read the nonce key");
    db_column_bytes(statement, 0, store->nonce_key, sizeof store->nonce_key, &failed);
    sqlite3_reset(statement);
    if (failed)
        return error_plain(error, ERROR_MALFORMED, "the database's nonce key is damaged");
    return true;
}

static bool open_all(struct store *store, const char *location, struct error *error)
{
    store->crypto = crypto_new(error);
    return store->crypto && lock_file(store, location, error) && make_file(location, error) &&
           db_open(&store->writer, location, true, error) &&
           schema_update(&store->writer, &store->schema, error) && take_nonce_key(store, error) &&
           db_open(&store->reader, location, false, error) && writer_start(store, error);
}

bool store_open(const char *location, struct store **store, struct error *error)
{
    struct store *made = calloc(1, sizeof *made);

    if (!made)
        return error_plain(error, ERROR_MEMORY, "not enough memory to open the database");
    made->lock_fd = made->event_fd = -1;
    pthread_mutex_init(&made->read_lock, NULL);
    pthread_mutex_init(&made->lock, NULL);
    pthread_cond_init(&made->work, NULL);
    pthread_cond_init(&made->finished, NULL);
    if (!open_all(made, location, error)) {
        store_close(made);
        return false;
    }
    *store = made;
    return true;
}

void store_close(struct store *store)
{
    if (!store)
        return;
    if (store->thread_started) {
        writer_stop(store);
        store_dispatch(store);
    }
    db_close(&store->reader);
    db_close(&store->writer);
    crypto_free(store->crypto);
    if (store->event_fd >= 0)
        close(store->event_fd);
    if (store->lock_fd >= 0)
        close(store->lock_fd);
    pthread_cond_destroy(&store->finished);
    pthread_cond_destroy(&store->work);
    pthread_mutex_destroy(&store->lock);
    pthread_mutex_destroy(&store->read_lock);
    explicit_bzero(store->nonce_key, sizeof store->nonce_key);
    free(store);
}

unsigned store_schema(const struct store *store)
{
    return store->schema;
}

const char *store_result_name(enum store_result result)
{
    static const char *const NAMES[] = {
        [STORE_NONE] = "none",
        [STORE_OK] = "ok",
        [STORE_CONFLICT_TPM] = "conflict_tpm",
        [STORE_CONFLICT_AK] = "conflict_ak",
        [STORE_CONFLICT_NAME] = "conflict_name",
        [STORE_CONFLICT] = "conflict",
        [STORE_NOT_FOUND] = "not_found",
        [STORE_USED] = "used",
        [STORE_EXPIRED] = "expired",
        [STORE_FOREIGN] = "foreign",
        [STORE_STALE] = "stale",
        [STORE_REVOKED] = "revoked",
        [STORE_FULL] = "full",
        [STORE_FAILED] = "failed",
    };

    return NAMES[result];
}

const char *store_host_state_name(enum store_host_state state)
{
    static const char *const NAMES[] = {
        [STORE_HOST_NONE] = "none",
        [STORE_HOST_PENDING] = "pending",
        [STORE_HOST_ENROLLED] = "enrolled",
        [STORE_HOST_REVOKED] = "revoked",
    };

    return NAMES[state];
}

static const char *const ROLE_NAMES[] = {
    [STORE_ROLE_NONE] = "none",
    [STORE_ROLE_VIEWER] = "viewer",
    [STORE_ROLE_OPERATOR] = "operator",
    [STORE_ROLE_ADMIN] = "admin",
};

const char *store_role_name(enum store_role role)
{
    return ROLE_NAMES[role];
}

enum store_role store_role_by_name(const char *name)
{
    for (enum store_role role = STORE_ROLE_VIEWER; role <= STORE_ROLE_ADMIN; role++)
        if (strcmp(name, ROLE_NAMES[role]) == 0)
            return role;
    return STORE_ROLE_NONE;
}

bool store_token_valid(const struct store_token *token, int64_t now_s)
{
    return token->role != STORE_ROLE_NONE && token->revoked_s == 0 &&
           (token->expires_s == 0 || now_s < token->expires_s);
}
