/* Items as members: compared, searched for, and lists as sets. A certificate counts as its SHA-256
 * fingerprint. Internal to src/policy. */
#ifndef BOOTSEAL_POLICY_MEMBERS_H
#define BOOTSEAL_POLICY_MEMBERS_H

#include "policy/expression.h"

bool members_equal(struct evaluation *evaluation, const struct claim_item *a,
                   const struct claim_item *b);

/* Whether the item is one of the list's; sorted says that the list is, as constants are. */
bool members_have(struct evaluation *evaluation, const struct claim_item *item,
                  const struct claim_item *items, size_t n_items, bool sorted);

/* Whether an update retires the item where node compares it. */
bool members_retired(struct evaluation *evaluation, const struct node *node,
                     const struct claim_item *item);

/* Whether the item counts as one of those that node compares: it is one of them or an update accepts
 * it, and none retires it. */
bool members_count(struct evaluation *evaluation, const struct node *node,
                   const struct claim_item *item, bool is_member);

/* Both operands of a set operation with their values, and how each is searched. */
struct member_sets {
    struct value first, second;                 /* as they are */
    struct expression_list by_first, by_second; /* sorted; only where the operation searches it */
};

/* Evaluates the operands of a set operation and sorts what it searches. *known is false when either
 * is unknown. Fails only for memory. */
bool members_sets(struct evaluation *evaluation, const struct node *node, struct member_sets *sets,
                  bool *known) MUST_CHECK;

/* The next of the list's items from *at on that counts (wanted), or does not, as one of the sorted
 * list's; NULL when there is none. *at goes behind it. */
const struct claim_item *members_next(struct evaluation *evaluation, const struct node *node,
                                      const struct value *list,
                                      const struct expression_list *sorted, bool wanted,
                                      size_t *at);

/* What the operation says of the sets. */
bool members_hold(struct evaluation *evaluation, const struct node *node,
                  const struct member_sets *sets);

#endif
