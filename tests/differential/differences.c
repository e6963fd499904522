#include "differences.h"

#include <fnmatch.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static void add_line(struct differences *differences, char *line)
{
    char *fields[4], *next = line;

    for (size_t i = 0; i < 4; i++) {
        fields[i] = strsep(&next, "\t");
        if (!fields[i] || !fields[i][0])
            fail_msg("differences.tsv: a line without four fields: %s", line);
    }
    assert_null(next);
    if (strcmp(fields[2], "we") != 0 && strcmp(fields[2], "peer") != 0 &&
        strcmp(fields[2], "neither") != 0)
        fail_msg("differences.tsv: who is right? %s", fields[2]);
    assert_true(differences->n_lines < DIFFERENCES_MAX);
    differences->lines[differences->n_lines++] = (struct difference_line){.input = fields[0],
                                                                          .what = fields[1]};
}

void differences_init(struct differences *differences, struct span table)
{
    char *line, *next;

    *differences = (struct differences){.text = strndup((const char *)table.data, table.len)};
    assert_non_null(differences->text);
    for (next = differences->text; (line = strsep(&next, "\n"));)
        if (line[0] && line[0] != '#')
            add_line(differences, line);
}

void differences_done(struct differences *differences)
{
    free(differences->text);
}

void differences_see(struct differences *differences, const char *input, const char *format, ...)
{
    bool explained = false;
    va_list arguments;
    char what[320];

    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);

    for (size_t i = 0; i < differences->n_lines; i++) {
        struct difference_line *line = &differences->lines[i];

        if (fnmatch(line->input, input, 0) != 0 || fnmatch(line->what, what, 0) != 0)
            continue;
        line->n_seen++;
        explained = true;
    }
    if (explained) {
        differences->n_explained++;
        return;
    }
    differences->n_unexplained++;
    if (!differences->quiet)
        printf("no line explains: %s\t%s\n", input, what);
}

unsigned differences_stale(const struct differences *differences, const char *kind)
{
    unsigned n_stale = 0;

    for (size_t i = 0; i < differences->n_lines; i++) {
        const struct difference_line *line = &differences->lines[i];
        size_t len = strcspn(line->input, "/");

        if (line->n_seen || len != strlen(kind) || strncmp(line->input, kind, len) != 0)
            continue;
        n_stale++;
        if (!differences->quiet)
            printf("nothing matches this line any more: %s\t%s\n", line->input, line->what);
    }
    return n_stale;
}
