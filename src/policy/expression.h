/* Expressions of the policy language as a typed tree: a bounded subset of CEL (docs/policy.md).
 *
 * Parsed and type-checked once; evaluated without side effects. Three-valued: a value that is not
 * known makes what depends on it unknown, unless the rest decides alone (Kleene). Internal to
 * src/policy. */
#ifndef BOOTSEAL_POLICY_EXPRESSION_H
#define BOOTSEAL_POLICY_EXPRESSION_H

#include "claims/claims.h"

enum expression_type {
    EXPRESSION_BOOL = 1,
    EXPRESSION_STRING, /* text, digests and certificates: whatever a claim's item can be */
    EXPRESSION_INT,
    EXPRESSION_LIST,    /* of strings */
    EXPRESSION_VERSION, /* text, but in the order of versions */
};

enum node_kind {
    NODE_BOOL = 1,
    NODE_STRING,
    NODE_INT,
    NODE_LIST, /* constants, or a reference when named */
    NODE_CLAIM,
    NODE_VARIABLE,
    NODE_NOT,
    NODE_AND, /* all of the children */
    NODE_OR,
    NODE_EQUAL,
    NODE_NOT_EQUAL,
    NODE_LESS,
    NODE_LESS_EQUAL,
    NODE_GREATER,
    NODE_GREATER_EQUAL,
    NODE_IN,
    NODE_ALL, /* children: list, body */
    NODE_EXISTS,
    NODE_EXISTS_ONE,
    NODE_CONTAINS,
    NODE_STARTS_WITH,
    NODE_ENDS_WITH,
    NODE_LOWER_ASCII,
    NODE_SIZE,
    NODE_TOKENS,
    NODE_VERSION,
    NODE_SETS_CONTAINS,
    NODE_SETS_EQUIVALENT,
    NODE_SETS_INTERSECTS,
};

/* Values in the order of expression_item_compare, without repetition. */
struct expression_list {
    const char *name; /* of the reference; NULL for a literal */
    struct claim_item *items;
    size_t n_items;
};

struct node {
    enum node_kind kind;
    enum expression_type type;
    struct node *child, *next; /* first child; next sibling */
    struct span source;        /* the part of the rule that it was read from */
    size_t cost;               /* upper bound of struct evaluation's steps */
    bool is_true;
    int64_t number;
    struct claim_item text;
    const struct expression_list *list;
    const struct expression_list *accepted; /* by an update, besides what it compares; or NULL */
    const struct expression_list *retired;  /* by an update, whatever else has them; or NULL */
    enum claim_id claim;
    unsigned variable; /* number of the enclosing all() or exists(), outermost is 0 */
};

struct expression_references {
    struct expression_list *lists;
    size_t n_lists;
    struct expression_list *accepted; /* by updates: CLAIM_IDS lists; NULL without updates */
    struct expression_list *retired;  /* likewise; by those that retire */
};

/* Parses and checks text; the tree and its texts point into text and the arena. The type must be
 * bool. claims_read[CLAIM_IDS] is set for every claim named. Errors carry the byte in text. */
bool expression_parse(struct span text, const struct expression_references *references,
                      struct arena *arena, struct node **root, bool *claims_read,
                      struct error *error) MUST_CHECK;

/* Whether the node is what it is whatever the host shows: it reads no claim, and no item of a
 * list that stands outside of it. */
bool expression_is_constant(const struct node *node);

/* Whether two trees say the same, whatever their items are called. */
bool expression_equal(const struct node *a, const struct node *b);

/* Sets the cost of every node. expression_parse and expression_update do. */
void expression_cost(struct node *root);

/* Steps that sorting n items is charged, and a search among n sorted ones. */
size_t expression_sort_steps(size_t n);
size_t expression_search_steps(size_t n);

/* Wherever the tree compares a claim, or an item of it, with constants in the affirmative: values that
 * updates accept for the claim count too, which can make the whole only truer; then those that they
 * retire count no more, which can make it only falser. */
void expression_update(struct node *root, const struct expression_references *references);

/* "sha256:<hex>" as algorithm and bytes; false for anything else. */
bool expression_read_digest(struct span text, uint16_t *alg, uint8_t bytes[LIMIT_TPM_DIGEST_LEN],
                            size_t *len);

/* "sha256:<hex>" as a digest, its bytes in the arena; anything else leaves the item alone and
 * *is_digest false. Returns false only for memory. */
bool expression_digest(struct span text, struct arena *arena, struct claim_item *item,
                       bool *is_digest) MUST_CHECK;

/* A constant as expressions have it: string literals joined by +. Errors carry the byte in text. */
bool expression_text(struct span text, struct arena *arena, struct claim_item *item,
                     struct error *error) MUST_CHECK;

/* Order of constants: kind, algorithm, bytes. */
int expression_item_compare(const struct claim_item *a, const struct claim_item *b);

/* Sorts the list and drops repetitions. */
void expression_list_sort(struct expression_list *list);

struct value {
    bool known;
    bool is_true;
    int64_t number;
    struct claim_item text;
    const struct claim_item *items;
    size_t n_items;
};

struct evaluation {
    const char *policy; /* its name, for reasons */
    struct crypto *crypto;
    const struct claims *claims;
    const bool *unproven; /* of CLAIM_IDS, count as unknown though they are said; NULL: none */
    struct arena *arena;
    const struct claim_item *variables[LIMIT_POLICY_DEPTH];
    const struct node *variable_lists[LIMIT_POLICY_DEPTH]; /* what each runs over */
    size_t steps; /* taken so far: nodes evaluated, items looked at */
    struct error *error;
};

/* Whether left stands to right as a comparison of this kind says. */
bool expression_numbers_hold(enum node_kind kind, int64_t left, int64_t right);

/* Whether the text contains, starts or ends with the part, as the kind says. */
bool expression_text_matches(enum node_kind kind, struct span text, struct span part);

/* Evaluates a node. Fails only for memory. */
bool expression_evaluate(struct evaluation *evaluation, const struct node *node,
                         struct value *value) MUST_CHECK;

/* Why an expression is not true: fills in expected, found, pcr, event and component of *reason
 * from the first operand that decides. Fails only for memory. */
bool expression_explain(struct evaluation *evaluation, const struct node *root,
                        struct reason *reason) MUST_CHECK;

#endif
