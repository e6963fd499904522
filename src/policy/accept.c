/* Puts the values that updates accept where rules compare.
 *
 * Owns nothing: marks nodes of a tree. Trusts the tree (it was type-checked). Never touches a
 * comparison under a negation, in exists_one() or of truth values: there, one more value could take
 * away. */
#include "policy/expression.h"

/* The claim that an operand is, or is an item of; CLAIM_IDS for any other operand. */
static enum claim_id claim_of(const struct node *node, const struct node *const *lists)
{
    if (node->kind == NODE_VARIABLE)
        node = lists[node->variable];
    return node->kind == NODE_CLAIM ? node->claim : CLAIM_IDS;
}

/* The claim whose values an operation holds against constants; CLAIM_IDS when it has none. */
static enum claim_id claim_compared(const struct node *node, const struct node *const *lists)
{
    const struct node *first = node->child, *second = first->next;

    switch (node->kind) {
    case NODE_EQUAL:
    case NODE_IN:
        return first->type == EXPRESSION_STRING ? claim_of(first, lists) : CLAIM_IDS;
    case NODE_SETS_CONTAINS:
        return first->kind == NODE_LIST ? claim_of(second, lists) : CLAIM_IDS;
    case NODE_SETS_INTERSECTS:
        return claim_of(first->kind == NODE_LIST ? second : first, lists);
    default:
        return CLAIM_IDS;
    }
}

static void accept_node(struct node *node, const struct expression_list *accepted,
                        const struct node **lists)
{
    enum claim_id claim;

    switch (node->kind) {
    case NODE_AND:
    case NODE_OR:
        for (struct node *child = node->child; child; child = child->next)
            accept_node(child, accepted, lists);
        break;
    case NODE_ALL:
    case NODE_EXISTS:
        lists[node->variable] = node->child;
        accept_node(node->child->next, accepted, lists);
        break;
    case NODE_EQUAL:
    case NODE_IN:
    case NODE_SETS_CONTAINS:
    case NODE_SETS_INTERSECTS:
        claim = claim_compared(node, lists);
        if (claim != CLAIM_IDS && accepted[claim].n_items)
            node->accepted = &accepted[claim];
        break;
    default:
        break;
    }
}

void expression_accept(struct node *root, const struct expression_list *accepted)
{
    const struct node *lists[LIMIT_POLICY_DEPTH];

    accept_node(root, accepted, lists);
    expression_cost(root);
}
