/* What can be said of an expression without a host: whether it is constant, the same as another, and
 * what it costs.
 *
 * Owns nothing; sets only the cost of nodes. Trusts the tree (it was type-checked, so its depth is
 * bounded). Never lets a cost wrap around. */
#include "policy/expression.h"

#include <limits.h>

/* Items of lists within the node are its own affair: their numbers are bound_from and above. */
static bool reads_nothing(const struct node *node, unsigned bound_from)
{
    bool is_macro = node->kind == NODE_ALL || node->kind == NODE_EXISTS ||
                    node->kind == NODE_EXISTS_ONE;

    if (node->kind == NODE_CLAIM)
        return false;
    if (node->kind == NODE_VARIABLE)
        return node->variable >= bound_from;
    if (is_macro && node->variable < bound_from)
        bound_from = node->variable;
    for (const struct node *child = node->child; child; child = child->next)
        if (!reads_nothing(child, bound_from))
            return false;
    return true;
}

bool expression_is_constant(const struct node *node)
{
    return reads_nothing(node, UINT_MAX);
}

static bool lists_equal(const struct expression_list *a, const struct expression_list *b)
{
    if (a == b)
        return true;
    if (a->name || b->name || a->n_items != b->n_items)
        return false;
    for (size_t i = 0; i < a->n_items; i++)
        if (expression_item_compare(&a->items[i], &b->items[i]) != 0)
            return false;
    return true;
}

static bool leaves_equal(const struct node *a, const struct node *b)
{
    switch (a->kind) {
    case NODE_BOOL:
        return a->is_true == b->is_true;
    case NODE_STRING:
        return expression_item_compare(&a->text, &b->text) == 0;
    case NODE_INT:
        return a->number == b->number;
    case NODE_LIST:
        return lists_equal(a->list, b->list);
    case NODE_CLAIM:
        return a->claim == b->claim;
    default:
        return a->variable == b->variable;
    }
}

bool expression_equal(const struct node *a, const struct node *b)
{
    const struct node *child_a = a->child, *child_b = b->child;

    if (a->kind != b->kind || !leaves_equal(a, b))
        return false;
    for (; child_a && child_b; child_a = child_a->next, child_b = child_b->next)
        if (!expression_equal(child_a, child_b))
            return false;
    return !child_a && !child_b;
}

/* --- Cost --- */

static size_t sum(size_t a, size_t b)
{
    return __builtin_add_overflow(a, b, &a) ? SIZE_MAX : a;
}

static size_t product(size_t a, size_t b)
{
    return __builtin_mul_overflow(a, b, &a) ? SIZE_MAX : a;
}

size_t expression_search_steps(size_t n)
{
    size_t steps = 0;

    for (; n; n /= 2)
        steps++;
    return steps;
}

size_t expression_sort_steps(size_t n)
{
    return product(n, expression_search_steps(n));
}

/* The most items that a list can have. */
static size_t items_of(const struct node *list)
{
    return list->kind == NODE_LIST ? list->list->n_items : LIMIT_CLAIM_ITEMS;
}

static size_t sort_cost(const struct node *list)
{
    return list->kind == NODE_LIST ? 0 : expression_sort_steps(items_of(list));
}

/* Steps of looking for one item among those that updates accept and retire. */
static size_t update_cost(const struct node *node)
{
    size_t accepted = node->accepted ? expression_search_steps(node->accepted->n_items) : 0;

    return accepted + (node->retired ? expression_search_steps(node->retired->n_items) : 0);
}

/* Steps of looking for each of wanted's items among sorted ones and those of updates. */
static size_t search_cost(const struct node *node, size_t n_wanted, const struct node *among)
{
    return product(n_wanted, expression_search_steps(items_of(among)) + update_cost(node));
}

/* The steps that a node takes besides its own and its children's. */
static size_t work_cost(const struct node *node)
{
    const struct node *first = node->child, *second = first ? first->next : NULL;

    if (!second)
        return node->kind == NODE_TOKENS ? LIMIT_CLAIM_ITEMS : 0;
    switch (node->kind) {
    case NODE_EQUAL:
        return update_cost(node);
    case NODE_IN:
        return sum(second->kind == NODE_LIST ? 0 : LIMIT_CLAIM_ITEMS, search_cost(node, 1, second));
    case NODE_ALL:
    case NODE_EXISTS:
    case NODE_EXISTS_ONE:
        return product(items_of(first), second->cost);
    case NODE_SETS_CONTAINS:
        return sum(sort_cost(first), search_cost(node, items_of(second), first));
    case NODE_SETS_EQUIVALENT:
        return sum(sum(sort_cost(first), search_cost(node, items_of(second), first)),
                   sum(sort_cost(second), search_cost(node, items_of(first), second)));
    case NODE_SETS_INTERSECTS: /* in whichever of the two is constant */
        return first->kind == NODE_LIST
                   ? search_cost(node, items_of(second), first)
                   : sum(sort_cost(second), search_cost(node, items_of(first), second));
    default:
        return 0;
    }
}

void expression_cost(struct node *root)
{
    root->cost = 1;
    for (struct node *child = root->child; child; child = child->next) {
        expression_cost(child);
        root->cost = sum(root->cost, child->cost);
    }
    root->cost = sum(root->cost, work_cost(root));
}
