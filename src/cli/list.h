/* What the service lists, as a table: host list, audit list and their like differ in columns only. */
#ifndef BOOTSEAL_CLI_LIST_H
#define BOOTSEAL_CLI_LIST_H

#include "cli/service.h"
#include "cli/table.h"

/* Adds the cells of one item's row. */
typedef void list_row_fn(struct cli *cli, struct table *table, const json_t *item);

struct list {
    const char *path;   /* with its query */
    const char *member; /* of the answer: the array of items */
    const char *const *heads;
    size_t n_columns;
    list_row_fn *row;
};

/* Asks for the list and prints it: as a table, or with --json as it came. */
enum exit_status list_print(struct cli *cli, const struct list *list);

#endif
