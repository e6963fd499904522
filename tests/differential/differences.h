/* The table of differences that stand, tests/differential/differences.tsv, and the tally of those
 * that were seen. A difference without a line fails; so does a line that nothing matches. */
#ifndef BOOTSEAL_TESTS_DIFFERENTIAL_DIFFERENCES_H
#define BOOTSEAL_TESTS_DIFFERENTIAL_DIFFERENCES_H

#include "base/error.h"
#include "base/span.h"

enum { DIFFERENCES_MAX = 64 };

struct difference_line {
    const char
        *input;       /* glob over the input's name; what stands before its first '/' is its kind */
    const char *what; /* glob over the difference's words */
    unsigned n_seen;
};

struct differences {
    char *text; /* owned */
    struct difference_line lines[DIFFERENCES_MAX];
    size_t n_lines;
    unsigned n_inputs, n_pcrs, n_events, n_facts, n_explained, n_unexplained;
    bool quiet; /* does not print what has no line: for tests of the table itself */
};

/* Lines are: input, what, who is right ("we", "peer", "neither"), why; separated by tabs. '#' opens
 * a comment line. Fails the test for lines with empty or missing fields. */
void differences_init(struct differences *differences, struct span table);
void differences_done(struct differences *differences);

/* Counts what was seen in the input, and prints it when no line of the table explains it. */
PRINTF_LIKE(3, 4)
void differences_see(struct differences *differences, const char *input, const char *format, ...);

/* The number of lines for inputs of a kind ("fixture") that nothing has matched, each printed. */
unsigned differences_stale(const struct differences *differences, const char *kind);

#endif
