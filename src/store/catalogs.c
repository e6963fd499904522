/* Catalogues of certified hardware: what was in force, and what is. Owns the table catalogs, to which
 * revisions are appended; trusts name, version, times and digest to be those of the text. Must never take
 * a version that is older than one that was kept, whatever is in force. */
#include "store/internal.h"

/* The newest revision (0: there was none) and the one in force (0: none is). */
static enum store_result read_newest(struct db *db, int64_t *newest, int64_t *in_force)
{
    sqlite3_stmt *row = db_prepare(
        db, "SELECT revision, removed FROM catalogs ORDER BY revision DESC LIMIT 1", "");
    enum db_step step = db_step(row);

    if (step == DB_ROW) {
        *newest = sqlite3_column_int64(row, 0);
        *in_force = sqlite3_column_int(row, 1) ? 0 : *newest;
        sqlite3_reset(row);
    }
    return step == DB_ROW || step == DB_DONE ? STORE_OK : STORE_FAILED;
}

/* STORE_STALE unless the version is higher than every one that was kept, or the very text of the highest. */
static enum store_result check_version(struct db *db, const struct store_catalog *catalog,
                                       struct store_outcome *outcome)
{
    sqlite3_stmt *row = db_prepare(db,
                                   "SELECT version, sha256 = ?2 FROM catalogs WHERE name = ?1 "
                                   "ORDER BY version DESC LIMIT 1",
                                   "tb", catalog->name,
                                   span_of(catalog->sha256, sizeof catalog->sha256));
    enum store_result result = STORE_OK;

    switch (db_step(row)) {
    case DB_ROW:
        outcome->version = sqlite3_column_int64(row, 0);
        if (catalog->version < outcome->version ||
            (catalog->version == outcome->version && !sqlite3_column_int(row, 1)))
            result = STORE_STALE;
        sqlite3_reset(row);
        return result;
    case DB_DONE:
        return STORE_OK;
    default:
        return STORE_FAILED;
    }
}

static enum db_step append(struct db *db, const struct store_catalog *catalog, int64_t revision)
{
    return db_run(db,
                  "INSERT INTO catalogs (revision, removed, name, version, issued_s, "
                  "valid_until_s, sha256, text, signature, signer, created_by, created_s, reason) "
                  "VALUES (?, 0, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                  "itiiibbbttit", revision, catalog->name, catalog->version, catalog->issued_s,
                  catalog->valid_until_s, span_of(catalog->sha256, sizeof catalog->sha256),
                  catalog->text, catalog->signature, catalog->signer, catalog->created_by,
                  catalog->created_s, catalog->reason);
}

static enum db_step append_removed(struct db *db, const struct store_catalog *catalog,
                                   int64_t revision)
{
    return db_run(db,
                  "INSERT INTO catalogs (revision, removed, name, version, issued_s, "
                  "valid_until_s, sha256, text, signature, signer, created_by, created_s, reason) "
                  "SELECT ?1, 1, name, version, issued_s, valid_until_s, sha256, x'', x'', signer, "
                  "?2, ?3, ?4 FROM catalogs WHERE revision = ?1 - 1",
                  "itit", revision, catalog->created_by, catalog->created_s, catalog->reason);
}

enum store_result act_catalog_put(struct db *db, const struct act *act,
                                  struct store_outcome *outcome)
{
    const struct store_catalog *catalog = &act->catalog;
    int64_t newest = 0, in_force = 0;
    enum store_result result = read_newest(db, &newest, &in_force);
    enum db_step step;

    if (result == STORE_OK && (uint64_t)in_force != act->expected)
        result = STORE_CONFLICT;
    if (result == STORE_OK && catalog->removed && in_force == 0)
        result = STORE_NOT_FOUND;
    if (result == STORE_OK && !catalog->removed)
        result = check_version(db, catalog, outcome);
    if (result != STORE_OK)
        return result;
    step = catalog->removed ? append_removed(db, catalog, newest + 1)
                            : append(db, catalog, newest + 1);
    if (step != DB_DONE)
        return STORE_FAILED;
    outcome->revision = (uint64_t)newest + 1;
    return STORE_OK;
}

#define CATALOG_COLUMNS                                                                            \
    "revision, removed, name, version, issued_s, valid_until_s, sha256, signer, created_by, "      \
    "created_s, reason"

static void take_head(sqlite3_stmt *row, struct arena *arena, void *item, bool *failed)
{
    struct store_catalog *catalog = item;

    *catalog = (struct store_catalog){.revision = (uint64_t)sqlite3_column_int64(row, 0),
                                      .removed = sqlite3_column_int(row, 1) != 0,
                                      .version = sqlite3_column_int64(row, 3),
                                      .issued_s = sqlite3_column_int64(row, 4),
                                      .valid_until_s = sqlite3_column_int64(row, 5),
                                      .created_s = sqlite3_column_int64(row, 9)};
    catalog->name = db_column_text(row, 2, arena, failed);
    db_column_bytes(row, 6, catalog->sha256, sizeof catalog->sha256, failed);
    catalog->signer = db_column_text(row, 7, arena, failed);
    catalog->created_by = db_column_text(row, 8, arena, failed);
    catalog->reason = db_column_text(row, 10, arena, failed);
}

static void take_whole(sqlite3_stmt *row, struct arena *arena, void *item, bool *failed)
{
    struct store_catalog *catalog = item;

    take_head(row, arena, item, failed);
    catalog->text = db_column_span(row, 11, arena, failed);
    catalog->signature = db_column_span(row, 12, arena, failed);
}

bool store_catalog_get(struct store *store, struct arena *arena, struct store_catalog *catalog,
                       bool *found, struct error *error)
{
    pthread_mutex_lock(&store->read_lock);
    return read_one(store,
                    db_prepare(&store->reader,
                               "SELECT " CATALOG_COLUMNS ", text, signature FROM catalogs "
                               "ORDER BY revision DESC LIMIT 1",
                               ""),
                    take_whole, arena, catalog, found, error);
}

bool store_catalog_history(struct store *store, struct arena *arena,
                           struct store_catalog **catalogs, size_t *n_catalogs, struct error *error)
{
    pthread_mutex_lock(&store->read_lock);
    return read_list(store,
                     db_prepare(&store->reader,
                                "SELECT " CATALOG_COLUMNS
                                " FROM catalogs ORDER BY revision DESC LIMIT ?",
                                "i", (int64_t)LIMIT_LIST_ITEMS),
                     take_head, sizeof **catalogs, arena, (void **)catalogs, n_catalogs, error);
}
