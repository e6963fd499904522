/* SQLite connections. Owns handle and statements; trusts the file to be ours (mode 0600), and lets
 * SQLite check it. Must never be used by two threads at a time. */
#include "store/db.h"

#include <assert.h>
#include <stdarg.h>

bool db_error(struct db *db, struct error *error, const char *what)
{
    return error_plain(error, ERROR_IO, "%s: %s", what,
                       db->handle ? sqlite3_errmsg(db->handle) : "not enough memory");
}

bool db_open(struct db *db, const char *path, bool writer, struct error *error)
{
    /* Statement journals in memory: the service's processes may not make files outside its data. */
    static const char SETTINGS[] = "PRAGMA journal_mode = WAL;"
                                   "PRAGMA synchronous = FULL;"
                                   "PRAGMA foreign_keys = ON;"
                                   "PRAGMA trusted_schema = OFF;"
                                   "PRAGMA cell_size_check = ON;"
                                   "PRAGMA temp_store = MEMORY;";
    int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW |
                (writer ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY);

    memset(db, 0, sizeof *db);
    if (sqlite3_open_v2(path, &db->handle, flags, NULL) != SQLITE_OK) {
        db_error(db, error, "cannot open the database");
        db_close(db);
        return false;
    }
    sqlite3_busy_timeout(db->handle, 5000);
    sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    if (writer && !db_script(db, SETTINGS, error)) {
        db_close(db);
        return false;
    }
    return true;
}

void db_close(struct db *db)
{
    for (size_t i = 0; i < DB_STATEMENTS; i++)
        sqlite3_finalize(db->cache[i].statement);
    sqlite3_close(db->handle);
    memset(db, 0, sizeof *db);
}

static sqlite3_stmt *find(struct db *db, const char *sql)
{
    size_t i;

    for (i = 0; i < DB_STATEMENTS && db->cache[i].sql; i++)
        if (db->cache[i].sql == sql)
            return db->cache[i].statement;
    assert(i < DB_STATEMENTS);
    if (sqlite3_prepare_v3(db->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &db->cache[i].statement,
                           NULL) != SQLITE_OK)
        return NULL;
    db->cache[i].sql = sql;
    return db->cache[i].statement;
}

static bool bind(sqlite3_stmt *statement, const char *types, va_list values)
{
    int result = SQLITE_OK;

    for (int i = 0; types[i] && result == SQLITE_OK; i++) {
        if (types[i] == 'b') {
            struct span bytes = va_arg(values, struct span);

            /* A NULL pointer would bind NULL, not an empty blob. */
            result = sqlite3_bind_blob64(statement, i + 1, bytes.len ? bytes.data : (void *)"",
                                         bytes.len, SQLITE_STATIC);
        } else if (types[i] == 't') {
            result = sqlite3_bind_text(statement, i + 1, va_arg(values, const char *), -1,
                                       SQLITE_STATIC);
        } else {
            assert(types[i] == 'i');
            result = sqlite3_bind_int64(statement, i + 1, va_arg(values, int64_t));
        }
    }
    return result == SQLITE_OK;
}

static sqlite3_stmt *prepare(struct db *db, const char *sql, const char *types, va_list values)
{
    sqlite3_stmt *statement = find(db, sql);

    if (!statement)
        return NULL;
    sqlite3_reset(statement);
    assert((size_t)sqlite3_bind_parameter_count(statement) == strlen(types));
    return bind(statement, types, values) ? statement : NULL;
}

sqlite3_stmt *db_prepare(struct db *db, const char *sql, const char *types, ...)
{
    va_list values;
    sqlite3_stmt *statement;

    va_start(values, types);
    statement = prepare(db, sql, types, values);
    va_end(values);
    return statement;
}

enum db_step db_step(sqlite3_stmt *statement)
{
    int result = statement ? sqlite3_step(statement) : SQLITE_ERROR;

    if (result == SQLITE_ROW)
        return DB_ROW;
    if (statement)
        sqlite3_reset(statement);
    if (result == SQLITE_DONE)
        return DB_DONE;
    return (result & 0xff) == SQLITE_CONSTRAINT ? DB_CONSTRAINT : DB_FAILED;
}

enum db_step db_run(struct db *db, const char *sql, const char *types, ...)
{
    va_list values;
    sqlite3_stmt *statement;
    enum db_step step;

    va_start(values, types);
    statement = prepare(db, sql, types, values);
    va_end(values);
    step = db_step(statement);
    if (step == DB_ROW)
        sqlite3_reset(statement);
    return step;
}

size_t db_changes(struct db *db)
{
    return (size_t)sqlite3_changes64(db->handle);
}

bool db_script(struct db *db, const char *sql, struct error *error)
{
    if (sqlite3_exec(db->handle, sql, NULL, NULL, NULL) != SQLITE_OK)
        return db_error(db, error, "the database refuses");
    return true;
}

struct span db_column_span(sqlite3_stmt *statement, int column, struct arena *arena, bool *failed)
{
    const void *bytes = sqlite3_column_blob(statement, column);
    size_t len = (size_t)sqlite3_column_bytes(statement, column);
    uint8_t *copy;

    if (len == 0)
        return span_of(NULL, 0);
    copy = arena_alloc(arena, len);
    if (!copy) {
        *failed = true;
        return span_of(NULL, 0);
    }
    memcpy(copy, bytes, len);
    return span_of(copy, len);
}

const char *db_column_text(sqlite3_stmt *statement, int column, struct arena *arena, bool *failed)
{
    const char *text = (const char *)sqlite3_column_text(statement, column);
    const char *copy = arena_text(arena, span_text(text ? text : ""));

    if (!copy)
        *failed = true;
    return copy;
}

void db_column_bytes(sqlite3_stmt *statement, int column, uint8_t *bytes, size_t len, bool *failed)
{
    if ((size_t)sqlite3_column_bytes(statement, column) == len)
        memcpy(bytes, sqlite3_column_blob(statement, column), len);
    else
        *failed = true;
}
