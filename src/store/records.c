/* Reading attempts, tokens, certificates and audit entries; as reads.c. */
#include "store/internal.h"

#include "base/text.h"

#include <assert.h>

bool read_finish(struct store *store, enum db_step last, bool failed, struct error *error)
{
    bool good = !failed && last != DB_FAILED && last != DB_CONSTRAINT;

    if (failed)
        error_plain(error, ERROR_MEMORY, "an answer of the database does not fit");
    else if (!good)
        db_error(&store->reader, error, "cannot read the database");
    pthread_mutex_unlock(&store->read_lock);
    return good;
}

/* Makes room for item n of a list in the arena, doubling it. */
static bool read_grow(struct arena *arena, void **items, size_t n, size_t size)
{
    void *grown;

    if (n & (n - 1)) /* room up to the next power of two is there */
        return true;
    grown = arena_array(arena, n ? 2 * n : 1, size);
    if (!grown)
        return false;
    if (n)
        memcpy(grown, *items, n * size);
    *items = grown;
    return true;
}

bool read_one(struct store *store, sqlite3_stmt *row, take_fn *take, struct arena *arena,
              void *item, bool *found, struct error *error)
{
    enum db_step step = db_step(row);
    bool failed = false;

    if (step == DB_ROW) {
        take(row, arena, item, &failed);
        sqlite3_reset(row);
    }
    if (!read_finish(store, step, failed, error))
        return false;
    *found = step == DB_ROW;
    return true;
}

bool read_list(struct store *store, sqlite3_stmt *row, take_fn *take, size_t size,
               struct arena *arena, void **items, size_t *n_items, struct error *error)
{
    void *list = NULL;
    enum db_step step;
    bool failed = false;
    size_t n = 0;

    while ((step = db_step(row)) == DB_ROW && !failed && read_grow(arena, &list, n, size))
        take(row, arena, (uint8_t *)list + size * n++, &failed);
    if (step == DB_ROW) {
        failed = true;
        sqlite3_reset(row);
    }
    if (!read_finish(store, step, failed, error))
        return false;
    *items = list;
    *n_items = n;
    return true;
}

static void take_attempt(sqlite3_stmt *row, struct arena *arena, void *item, bool *failed)
{
    struct store_attempt *attempt = item;

    db_column_bytes(row, 0, attempt->id, sizeof attempt->id, failed);
    db_column_bytes(row, 1, attempt->credential_sha256, sizeof attempt->credential_sha256, failed);
    attempt->expires_s = sqlite3_column_int64(row, 2);
    attempt->request = db_column_span(row, 3, arena, failed);
}

bool store_attempt_get(struct store *store, const uint8_t id[STORE_ATTEMPT_ID_LEN],
                       struct arena *arena, struct store_attempt *attempt, bool *found,
                       struct error *error)
{
    pthread_mutex_lock(&store->read_lock);
    return read_one(store,
                    db_prepare(&store->reader,
                               "SELECT id, credential_sha256, expires_s, request FROM attempts "
                               "WHERE id = ?",
                               "b", span_of(id, STORE_ATTEMPT_ID_LEN)),
                    take_attempt, arena, attempt, found, error);
}

#define TOKEN_COLUMNS "sha256, name, role, created_by, created_s, expires_s, revoked_s FROM tokens "

static void take_token(sqlite3_stmt *row, struct arena *arena, void *item, bool *failed)
{
    struct store_token *token = item;

    db_column_bytes(row, 0, token->sha256, sizeof token->sha256, failed);
    token->name = db_column_text(row, 1, arena, failed);
    token->role = sqlite3_column_int(row, 2);
    token->created_by = db_column_text(row, 3, arena, failed);
    token->created_s = sqlite3_column_int64(row, 4);
    token->expires_s = sqlite3_column_int64(row, 5);
    token->revoked_s = sqlite3_column_int64(row, 6);
}

bool store_token_get(struct store *store, const uint8_t sha256[STORE_DIGEST_LEN],
                     struct arena *arena, struct store_token *token, bool *found,
                     struct error *error)
{
    pthread_mutex_lock(&store->read_lock);
    return read_one(store,
                    db_prepare(&store->reader, "SELECT " TOKEN_COLUMNS "WHERE sha256 = ?", "b",
                               span_of(sha256, STORE_DIGEST_LEN)),
                    take_token, arena, token, found, error);
}

bool store_token_list(struct store *store, struct arena *arena, struct store_token **tokens,
                      size_t *n_tokens, struct error *error)
{
    pthread_mutex_lock(&store->read_lock);
    return read_list(store,
                     db_prepare(&store->reader,
                                "SELECT " TOKEN_COLUMNS "ORDER BY created_s DESC, name LIMIT ?",
                                "i", (int64_t)LIMIT_LIST_ITEMS),
                     take_token, sizeof **tokens, arena, (void **)tokens, n_tokens, error);
}

#define CERTIFICATE_COLUMNS                                                                        \
    "serial, host_id, sha256, issued_s, expires_s, revoked_s, reason FROM certificates "

static void take_certificate(sqlite3_stmt *row, struct arena *arena, void *item, bool *failed)
{
    struct store_certificate *certificate = item;

    (void)arena;
    db_column_bytes(row, 0, certificate->serial, sizeof certificate->serial, failed);
    db_column_bytes(row, 1, certificate->host_id, sizeof certificate->host_id, failed);
    db_column_bytes(row, 2, certificate->sha256, sizeof certificate->sha256, failed);
    certificate->issued_s = sqlite3_column_int64(row, 3);
    certificate->expires_s = sqlite3_column_int64(row, 4);
    certificate->revoked_s = sqlite3_column_int64(row, 5);
    certificate->reason = sqlite3_column_int(row, 6);
}

bool store_certificate_revoked_list(struct store *store, int64_t now_s, struct arena *arena,
                                    struct store_certificate **certificates, size_t *n_certificates,
                                    struct error *error)
{
    pthread_mutex_lock(&store->read_lock);
    return read_list(store,
                     db_prepare(&store->reader,
                                "SELECT " CERTIFICATE_COLUMNS
                                "WHERE revoked_s <> 0 AND expires_s > ? ORDER BY serial",
                                "i", now_s),
                     take_certificate, sizeof **certificates, arena, (void **)certificates,
                     n_certificates, error);
}

static void take_audit(sqlite3_stmt *row, struct arena *arena, void *item, bool *failed)
{
    struct store_audit *entry = item;
    uint8_t id[AUDIT_ID_LEN] = {0};

    db_column_bytes(row, 0, id, sizeof id, failed);
    entry->id = text_hex(arena, span_of(id, sizeof id));
    entry->at_us = sqlite3_column_int64(row, 1);
    entry->who = db_column_text(row, 2, arena, failed);
    entry->what = db_column_text(row, 3, arena, failed);
    entry->subject = db_column_text(row, 4, arena, failed);
    entry->detail = db_column_text(row, 5, arena, failed);
    entry->address = db_column_text(row, 6, arena, failed);
    *failed = *failed || !entry->id;
}

bool store_audit_list(struct store *store, const char *before, size_t limit, struct arena *arena,
                      struct store_audit **entries, size_t *n_entries, struct error *error)
{
    uint8_t cursor[AUDIT_ID_LEN];
    size_t len;

    assert(limit >= 1 && limit <= LIMIT_LIST_ITEMS);
    memset(cursor, 0xff, sizeof cursor); /* after all */
    if (before &&
        (!text_unhex(span_text(before), cursor, sizeof cursor, &len) || len != sizeof cursor))
        return error_plain(error, ERROR_USAGE, "the cursor is no audit entry");
    pthread_mutex_lock(&store->read_lock);
    return read_list(store,
                     db_prepare(&store->reader,
                                "SELECT id, at_us, who, what, subject, detail, address FROM audit "
                                "WHERE id < ? ORDER BY id DESC LIMIT ?",
                                "bi", span_of(cursor, sizeof cursor), (int64_t)limit),
                     take_audit, sizeof **entries, arena, (void **)entries, n_entries, error);
}
