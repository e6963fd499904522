/* The schema and its migrations. Owns the order of the numbered files, which are in the program;
 * must never touch a database that a newer program has made. */
#include "store/internal.h"

static const char *const MIGRATIONS[] = {
#include "migrations.h"
};

enum { SCHEMA = sizeof MIGRATIONS / sizeof *MIGRATIONS };

static bool read_version(struct db *db, unsigned *version, struct error *error)
{
    sqlite3_stmt *statement = db_prepare(db, "PRAGMA user_version", "");

    if (db_step(statement) != DB_ROW)
        return db_error(db, error, "cannot read the schema's version");
    *version = (unsigned)sqlite3_column_int(statement, 0);
    sqlite3_reset(statement);
    return true;
}

/* One migration and its number, together or not at all. */
static bool migrate(struct db *db, unsigned version, struct error *error)
{
    char number[64];
    struct error ignored;

    sqlite3_snprintf(sizeof number, number, "PRAGMA user_version = %u", version);
    if (db_script(db, "BEGIN IMMEDIATE", error) && db_script(db, MIGRATIONS[version - 1], error) &&
        db_script(db, number, error) && db_script(db, "COMMIT", error))
        return true;
    if (!sqlite3_get_autocommit(db->handle))
        (void)!db_script(db, "ROLLBACK", &ignored);
    return false;
}

bool schema_update(struct db *db, unsigned *schema, struct error *error)
{
    unsigned version = 0;

    if (!read_version(db, &version, error))
        return false;
    if (version > SCHEMA)
        return error_plain(error, ERROR_CONFLICT,
                           "the database has schema %u, and this program knows up to %u: use the "
                           "newer program, or restore the backup from before its update",
                           version, (unsigned)SCHEMA);
    while (version < SCHEMA)
        if (!migrate(db, ++version, error))
            return false;
    *schema = version;
    return true;
}
