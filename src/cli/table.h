/* Tables for people: columns as wide as their widest cell. The layout is not a contract; --json is. */
#ifndef BOOTSEAL_CLI_TABLE_H
#define BOOTSEAL_CLI_TABLE_H

#include "cli/talk.h"

struct table_cell {
    const char *text;
    enum talk_color color;
};

struct table {
    struct cli *cli;
    size_t n_columns;
    struct table_cell *cells; /* row after row, the heads first; in the arena */
    size_t n_cells, cells_size;
};

enum { TABLE_COLUMNS_MAX = 8 };

/* Starts a table with n_columns heads, TABLE_COLUMNS_MAX at most. */
struct table table_begin(struct cli *cli, const char *const *heads, size_t n_columns);

/* Adds the next cell, from left to right, row by row. text must live as long as the table; NULL and
 * "" show as "-". */
void table_add(struct table *table, enum talk_color color, const char *text);

/* Prints heads and rows; without rows only says on stderr that there is nothing. */
void table_print(const struct table *table);

#endif
