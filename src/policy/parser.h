/* What the files share that read an expression: the words, and the nodes made of them. Internal to
 * src/policy.
 *
 * The first failure stays: whatever comes after it reads nothing and makes nothing. */
#ifndef BOOTSEAL_POLICY_PARSER_H
#define BOOTSEAL_POLICY_PARSER_H

#include "policy/expression.h"
#include "policy/nearest.h"

enum word_kind {
    WORD_END = 0,
    WORD_NAME,
    WORD_STRING,
    WORD_INT,
    WORD_SIGN,
};

struct word {
    enum word_kind kind;
    struct span text; /* as written */
    size_t offset;
};

struct parser {
    struct span text;
    size_t at;
    struct word word; /* the next one */
    unsigned depth;
    const struct expression_references *references;
    struct arena *arena;
    bool *claims_read;
    struct span variables[LIMIT_POLICY_DEPTH];
    const struct node *variable_lists[LIMIT_POLICY_DEPTH]; /* what each runs over */
    unsigned n_variables;
    struct error *error;
    bool failed;
};

/* Keeps the message with its byte in the text; returns NULL. */
struct node *parser_fail(struct parser *parser, size_t offset, const char *format, ...)
    PRINTF_LIKE(3, 4);

/* The same with a word of the text behind the message, in quotes. */
struct node *parser_fail_word(struct parser *parser, const char *message, struct span word,
                              size_t offset);

/* The same of a name that there is not, with the one that may have been meant. */
struct node *parser_fail_name(struct parser *parser, const char *message,
                              const struct nearest *nearest, size_t offset);

struct node *parser_fail_memory(struct parser *parser);

/* Reads the next word. */
void parser_next(struct parser *parser);

/* Whether the next word is this sign or name. */
bool parser_is(const struct parser *parser, const char *sign);

/* Goes past it if it is. */
bool parser_take(struct parser *parser, const char *sign);

/* Goes past it, or fails. */
bool parser_demand(struct parser *parser, const char *sign);

/* String literals joined by "+"; a digest written out is a digest. */
bool parser_string(struct parser *parser, struct claim_item *item);

/* Whether the constants among two nodes that are compared, or have items compared, can be meant so. */
bool parser_check_constants(struct parser *parser, const struct node *a, const struct node *b);

/* A node that was read from start up to here; NULL after any failure. */
struct node *parser_node(struct parser *parser, enum node_kind kind, enum expression_type type,
                         size_t start);

/* Gives node its children, of which the second may be NULL. */
struct node *parser_adopt(struct node *node, struct node *first, struct node *second);

/* An expression up to the first word that cannot go on with it. */
struct node *parser_expression(struct parser *parser);

/* "condition", "string", "number", "list", "version". */
const char *parser_type_name(enum expression_type type);

/* Whether claims' names begin so: "boot", "kernel" and the like, which stand before the dot. */
bool parser_begins_claims(struct span name);

/* Whether the table has a function, not a method, of that name. */
bool parser_is_function(struct span name);

/* A call from behind its "(" on: of a function that was named at start, or of a method of receiver,
 * which was read from start on and whose name stands at offset. */
struct node *parser_function(struct parser *parser, struct span name, size_t start);
struct node *parser_method(struct parser *parser, struct node *receiver, struct span name,
                           size_t start, size_t offset);

#endif
