/* Puts the values that updates accept and retire where rules compare.
 *
 * Owns nothing: marks nodes of a tree. Trusts the tree (it was type-checked). Never touches a
 * comparison under a negation, in exists_one() or of truth values: there, one more value could take
 * away, and one less could give. */
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

static const struct expression_list *values_of(const struct expression_list *lists,
                                               enum claim_id claim)
{
    return lists[claim].n_items ? &lists[claim] : NULL;
}

static void update_node(struct node *node, const struct expression_references *references,
                        const struct node **lists)
{
    enum claim_id claim;

    switch (node->kind) {
    case NODE_AND:
    case NODE_OR:
        for (struct node *child = node->child; child; child = child->next)
            update_node(child, references, lists);
        break;
    case NODE_ALL:
    case NODE_EXISTS:
        lists[node->variable] = node->child;
        update_node(node->child->next, references, lists);
        break;
    case NODE_EQUAL:
    case NODE_IN:
    case NODE_SETS_CONTAINS:
    case NODE_SETS_INTERSECTS:
        claim = claim_compared(node, lists);
        if (claim == CLAIM_IDS)
            break;
        node->accepted = values_of(references->accepted, claim);
        node->retired = values_of(references->retired, claim);
        break;
    default:
        break;
    }
}

void expression_update(struct node *root, const struct expression_references *references)
{
    const struct node *lists[LIMIT_POLICY_DEPTH];

    update_node(root, references, lists);
    expression_cost(root);
}
