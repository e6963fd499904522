#include "cli/table.h"

#include <assert.h>

struct table table_begin(struct cli *cli, const char *const *heads, size_t n_columns)
{
    struct table table = {.cli = cli, .n_columns = n_columns};

    assert(n_columns > 0 && n_columns <= TABLE_COLUMNS_MAX);
    for (size_t i = 0; i < n_columns; i++)
        table_add(&table, TALK_DIM, heads[i]);
    return table;
}

void table_add(struct table *table, enum talk_color color, const char *text)
{
    if (table->n_cells == table->cells_size) {
        size_t size = table->cells_size ? 2 * table->cells_size : 64;
        struct table_cell *cells = arena_array(&table->cli->arena, size, sizeof *cells);

        assert(cells); /* the arena holds the largest evidence six times over, lists are capped */
        if (table->n_cells)
            memcpy(cells, table->cells, table->n_cells * sizeof *cells);
        table->cells = cells;
        table->cells_size = size;
    }
    table->cells[table->n_cells++] = (struct table_cell){.text = text && *text ? text : "-",
                                                         .color = color};
}

/* Characters of UTF-8 text: all bytes but those that continue one (RFC 3629, 3). */
static size_t width_of(const char *text)
{
    size_t width = 0;

    for (; *text; text++)
        width += ((unsigned char)*text & 0xC0) != 0x80;
    return width;
}

void table_print(const struct table *table)
{
    size_t widths[TABLE_COLUMNS_MAX] = {0};

    if (table->n_cells <= table->n_columns) {
        fprintf(stderr, "There are none.\n");
        return;
    }
    for (size_t i = 0; i < table->n_cells; i++) {
        size_t width = width_of(table->cells[i].text), column = i % table->n_columns;

        widths[column] = width > widths[column] ? width : widths[column];
    }
    for (size_t i = 0; i < table->n_cells; i++) {
        const struct table_cell *cell = &table->cells[i];
        size_t column = i % table->n_columns;
        bool last = column + 1 == table->n_columns;
        int padding = last ? 0 : (int)(widths[column] - width_of(cell->text) + 2);

        printf("%s%s%s%*s%s", talk_color(table->cli, cell->color), cell->text,
               talk_color(table->cli, TALK_PLAIN), padding, "", last ? "\n" : "");
    }
}
