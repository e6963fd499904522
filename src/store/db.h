/* SQLite, made comfortable: one connection with its prepared statements. Inside src/store.
 *
 * A statement is used like this: prepare (bind everything), step until DB_ROW ends, columns. The
 * next db_prepare of the same text resets it. */
#ifndef BOOTSEAL_STORE_DB_H
#define BOOTSEAL_STORE_DB_H

#include "base/arena.h"

#include <sqlite3.h>

enum { DB_STATEMENTS = 128 };

struct db {
    sqlite3 *handle;
    struct {
        const char *sql; /* a string literal: compared by address */
        sqlite3_stmt *statement;
    } cache[DB_STATEMENTS];
};

enum db_step {
    DB_FAILED = 0,
    DB_DONE,
    DB_ROW,
    DB_CONSTRAINT, /* unique, check or foreign key refused the row */
};

bool db_open(struct db *db, const char *path, bool writer, struct error *error) MUST_CHECK;
void db_close(struct db *db);

/* The statement for a string literal with its parameters: "b" struct span, "t" const char *,
 * "i" int64_t, one letter each. NULL on failure. */
sqlite3_stmt *db_prepare(struct db *db, const char *sql, const char *types, ...);

/* One step; resets the statement unless a row came. */
enum db_step db_step(sqlite3_stmt *statement);

/* Prepares and steps once, for statements without rows. db_changes tells how many rows. */
enum db_step db_run(struct db *db, const char *sql, const char *types, ...);
size_t db_changes(struct db *db);

/* Runs SQL text that need not be a literal. */
bool db_script(struct db *db, const char *sql, struct error *error) MUST_CHECK;

/* Columns, copied into the arena; on lack of memory *failed becomes true. */
struct span db_column_span(sqlite3_stmt *statement, int column, struct arena *arena, bool *failed);
const char *db_column_text(sqlite3_stmt *statement, int column, struct arena *arena, bool *failed);
/* Exactly len bytes; *failed when the column has another length. */
void db_column_bytes(sqlite3_stmt *statement, int column, uint8_t *bytes, size_t len, bool *failed);

/* The connection's last error. */
bool db_error(struct db *db, struct error *error, const char *what);

#endif
