/* Bindings: which document holds for which hosts. Owns the table bindings, to which revisions are
 * appended; trusts globs and times to be checked. Must never count a revision twice, nor take one
 * from a writer who has not seen the newest. */
#include "store/internal.h"

const char *store_binding_mode_name(enum store_binding_mode mode)
{
    static const char *const NAMES[] = {
        [STORE_BINDING_NONE] = "none",       [STORE_BINDING_OBSERVE] = "observe",
        [STORE_BINDING_ENFORCE] = "enforce", [STORE_BINDING_ACCEPT] = "accept",
        [STORE_BINDING_REMOVED] = "removed", [STORE_BINDING_RETIRE] = "retire",
    };

    return NAMES[mode];
}

bool store_binding_of_update(enum store_binding_mode mode)
{
    return mode == STORE_BINDING_ACCEPT || mode == STORE_BINDING_RETIRE;
}

/* One number of a statement that gives exactly one row. */
static enum store_result read_number(sqlite3_stmt *statement, int64_t *number)
{
    if (db_step(statement) != DB_ROW)
        return STORE_FAILED;
    *number = sqlite3_column_int64(statement, 0);
    sqlite3_reset(statement);
    return STORE_OK;
}

static enum store_result document_exists(struct db *db, const uint8_t sha256[STORE_DIGEST_LEN],
                                         enum store_document_kind kind)
{
    switch (db_run(db, "SELECT 1 FROM documents WHERE sha256 = ? AND kind = ?", "bi",
                   span_of(sha256, STORE_DIGEST_LEN), (int64_t)kind)) {
    case DB_ROW:
        return STORE_OK;
    case DB_DONE:
        return STORE_NOT_FOUND;
    default:
        return STORE_FAILED;
    }
}

static enum store_result documents_exist(struct db *db, const struct store_binding *binding)
{
    enum store_result result = document_exists(
        db, binding->document,
        store_binding_of_update(binding->mode) ? STORE_DOCUMENT_UPDATE : STORE_DOCUMENT_POLICY);

    for (size_t i = 0; i < binding->n_references && result == STORE_OK; i++)
        result = document_exists(db, binding->references[i], STORE_DOCUMENT_REFERENCE_VALUES);
    return result;
}

/* Whether one more name may be in force. */
static enum store_result check_room(struct db *db)
{
    int64_t n = 0;
    enum store_result result = read_number(
        db_prepare(db,
                   "SELECT count(*) FROM bindings b WHERE mode <> 4 AND NOT EXISTS "
                   "(SELECT 1 FROM bindings WHERE name = b.name AND "
                   "revision > b.revision)",
                   ""),
        &n);

    return result == STORE_OK && n >= LIMIT_BINDINGS ? STORE_FULL : result;
}

/* Whether the documents that are in force now are not too long together. */
static enum store_result check_len(struct db *db)
{
    int64_t len = 0;
    enum store_result result = read_number(
        db_prepare(db,
                   "WITH RECURSIVE in_force (document, rest) AS (SELECT document, reference_values "
                   "FROM bindings b WHERE mode <> 4 AND NOT EXISTS (SELECT 1 FROM bindings WHERE "
                   "name = b.name AND revision > b.revision) UNION SELECT substr(rest, 1, 32), "
                   "substr(rest, 33) FROM in_force WHERE length(rest) > 0) "
                   "SELECT coalesce(sum(length(text)), 0) FROM documents WHERE sha256 IN "
                   "(SELECT document FROM in_force)",
                   ""),
        &len);

    return result == STORE_OK && len > LIMIT_BOUND_LEN ? STORE_FULL : result;
}

static enum db_step append(struct db *db, const struct store_binding *binding, int64_t revision)
{
    return db_run(
        db,
        "INSERT INTO bindings (name, revision, mode, hosts, document, reference_values, from_s, "
        "until_s, created_by, created_s, reason) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        "tiitbbiitit", binding->name, revision, (int64_t)binding->mode, binding->hosts,
        span_of(binding->document, sizeof binding->document),
        span_of(binding->references, binding->n_references * STORE_DIGEST_LEN), binding->from_s,
        binding->until_s, binding->created_by, binding->created_s, binding->reason);
}

static enum db_step append_removed(struct db *db, const struct store_binding *binding,
                                   int64_t revision)
{
    return db_run(db,
                  "INSERT INTO bindings (name, revision, mode, hosts, document, reference_values, "
                  "from_s, until_s, created_by, created_s, reason) "
                  "SELECT name, ?2, 4, hosts, document, reference_values, from_s, until_s, ?3, ?4, "
                  "?5 FROM bindings WHERE name = ?1 AND revision = ?2 - 1",
                  "titit", binding->name, revision, binding->created_by, binding->created_s,
                  binding->reason);
}

enum store_result act_binding_put(struct db *db, const struct act *act,
                                  struct store_outcome *outcome)
{
    const struct store_binding *binding = &act->binding;
    bool removes = binding->mode == STORE_BINDING_REMOVED;
    int64_t newest = 0, in_force = 0;
    enum store_result result = read_number(
        db_prepare(db, "SELECT coalesce(max(revision), 0) FROM bindings WHERE name = ?", "t",
                   binding->name),
        &newest);
    enum db_step step;

    if (result == STORE_OK)
        result = read_number(db_prepare(db,
                                        "SELECT coalesce(max(revision), 0) FROM bindings WHERE "
                                        "name = ? AND revision = ? AND mode <> 4",
                                        "ti", binding->name, newest),
                             &in_force);
    if (result == STORE_OK && (uint64_t)in_force != act->expected)
        result = STORE_CONFLICT;
    if (result == STORE_OK && removes && in_force == 0)
        result = STORE_NOT_FOUND;
    if (result == STORE_OK && !removes)
        result = documents_exist(db, binding);
    if (result == STORE_OK && in_force == 0)
        result = check_room(db);
    if (result != STORE_OK)
        return result;
    step = removes ? append_removed(db, binding, newest + 1) : append(db, binding, newest + 1);
    if (step != DB_DONE)
        return STORE_FAILED;
    outcome->revision = (uint64_t)newest + 1;
    return removes ? STORE_OK : check_len(db);
}

#define BINDING_COLUMNS                                                                            \
    "name, revision, mode, hosts, document, reference_values, from_s, until_s, created_by, "       \
    "created_s, reason FROM bindings b "

static void take_binding(sqlite3_stmt *row, struct arena *arena, void *item, bool *failed)
{
    struct store_binding *binding = item;
    struct span references = db_column_span(row, 5, arena, failed);

    *binding = (struct store_binding){0};
    binding->name = db_column_text(row, 0, arena, failed);
    binding->revision = (uint64_t)sqlite3_column_int64(row, 1);
    binding->mode = sqlite3_column_int(row, 2);
    binding->hosts = db_column_text(row, 3, arena, failed);
    db_column_bytes(row, 4, binding->document, sizeof binding->document, failed);
    binding->references = (const uint8_t(*)[STORE_DIGEST_LEN])references.data;
    binding->n_references = references.len / STORE_DIGEST_LEN;
    binding->from_s = sqlite3_column_int64(row, 6);
    binding->until_s = sqlite3_column_int64(row, 7);
    binding->created_by = db_column_text(row, 8, arena, failed);
    binding->created_s = sqlite3_column_int64(row, 9);
    binding->reason = db_column_text(row, 10, arena, failed);
}

bool store_binding_list(struct store *store, struct arena *arena, struct store_binding **bindings,
                        size_t *n_bindings, struct error *error)
{
    pthread_mutex_lock(&store->read_lock);
    return read_list(store,
                     db_prepare(&store->reader,
                                "SELECT " BINDING_COLUMNS
                                "WHERE mode <> 4 AND NOT EXISTS (SELECT 1 FROM bindings "
                                "WHERE name = b.name AND revision > b.revision) ORDER BY name",
                                ""),
                     take_binding, sizeof **bindings, arena, (void **)bindings, n_bindings, error);
}

bool store_binding_get(struct store *store, const char *name, uint64_t revision,
                       struct arena *arena, struct store_binding *binding, bool *found,
                       struct error *error)
{
    pthread_mutex_lock(&store->read_lock);
    return read_one(store,
                    db_prepare(&store->reader,
                               "SELECT " BINDING_COLUMNS "WHERE name = ?1 AND (?2 = 0 OR "
                               "revision = ?2) ORDER BY revision DESC LIMIT 1",
                               "ti", name, (int64_t)revision),
                    take_binding, arena, binding, found, error);
}

bool store_binding_history(struct store *store, const char *name, struct arena *arena,
                           struct store_binding **bindings, size_t *n_bindings, struct error *error)
{
    pthread_mutex_lock(&store->read_lock);
    return read_list(store,
                     db_prepare(&store->reader,
                                "SELECT " BINDING_COLUMNS "WHERE ?1 OR name = ?2 "
                                "ORDER BY CASE WHEN ?1 THEN created_s END DESC, name, "
                                "revision DESC LIMIT ?3",
                                "iti", (int64_t)!name, name ? name : "", (int64_t)LIMIT_LIST_ITEMS),
                     take_binding, sizeof **bindings, arena, (void **)bindings, n_bindings, error);
}
