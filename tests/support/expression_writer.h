/* Makes up conditions of the policy language, and claims to try them on: the same ones in every run.
 *
 * Every form of the grammar comes up, with and without the parentheses, spaces and line ends that make
 * no difference. */
#ifndef BOOTSEAL_TESTS_SUPPORT_EXPRESSION_WRITER_H
#define BOOTSEAL_TESTS_SUPPORT_EXPRESSION_WRITER_H

#include "policy/expression.h"

enum { WRITER_TEXT_LEN = 32 * 1024, WRITER_VARIABLES = 3 };

struct expression_writer {
    bool with_versions; /* version(), which CEL does not have */
    char text[WRITER_TEXT_LEN];
    size_t len;
    unsigned n_variables; /* in scope */
    bool has_exists_one;
};

/* Below n. */
unsigned writer_chance(unsigned n);

/* Appends a condition whose parts are nested at most depth times. */
void writer_condition(struct expression_writer *writer, int depth);

/* Values for the claims that conditions read; about a quarter stay unknown. Grades are CLAIM_ATTESTED. */
void writer_claims(struct claims *claims, struct arena *arena);

/* The values that reference("known") has, in words; n_words says how many. */
const char *const *writer_known_words(size_t *n_words);

/* The same as a reference. */
struct expression_list writer_known(struct arena *arena);

#endif
