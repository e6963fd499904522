/* Compares items, looks for them in lists, and compares lists as sets.
 *
 * Owns only scratch in the arena. Trusts the tree (it was type-checked; its constants are sorted).
 * Never looks at an item more often than the cost of the node says. */
#include "policy/members.h"

/* A certificate counts as its SHA-256 fingerprint, and a text in which a digest is written as that
 * digest, as in constants; other items as they are. digest holds it. */
static struct claim_item comparable(struct evaluation *evaluation, const struct claim_item *item,
                                    struct crypto_digest *digest)
{
    struct claim_item counted = {.kind = CLAIM_ITEM_DIGEST, .alg = TPM_ALG_SHA256};

    if (item->kind == CLAIM_ITEM_CERTIFICATE)
        crypto_fingerprint(evaluation->crypto, item->bytes, digest);
    else if (item->kind != CLAIM_ITEM_TEXT ||
             !expression_read_digest(item->bytes, &counted.alg, digest->bytes, &digest->len))
        return *item;
    counted.bytes = crypto_digest_span(digest);
    return counted;
}

bool members_equal(struct evaluation *evaluation, const struct claim_item *a,
                   const struct claim_item *b)
{
    struct crypto_digest digest_a, digest_b;
    struct claim_item left = comparable(evaluation, a, &digest_a);
    struct claim_item right = comparable(evaluation, b, &digest_b);

    return expression_item_compare(&left, &right) == 0;
}

bool members_have(struct evaluation *evaluation, const struct claim_item *item,
                  const struct claim_item *items, size_t n_items, bool sorted)
{
    struct crypto_digest digest;
    struct claim_item wanted = comparable(evaluation, item, &digest);
    size_t low = 0;

    for (size_t i = 0; !sorted && i < n_items; i++) {
        evaluation->steps++;
        if (members_equal(evaluation, &wanted, &items[i]))
            return true;
    }
    while (sorted && low < n_items) {
        size_t middle = low + (n_items - low) / 2;
        int order = expression_item_compare(&wanted, &items[middle]);

        evaluation->steps++;
        if (order == 0)
            return true;
        if (order < 0)
            n_items = middle;
        else
            low = middle + 1;
    }
    return false;
}

static bool is_in(struct evaluation *evaluation, const struct claim_item *item,
                  const struct expression_list *list)
{
    return list && members_have(evaluation, item, list->items, list->n_items, true);
}

bool members_retired(struct evaluation *evaluation, const struct node *node,
                     const struct claim_item *item)
{
    return is_in(evaluation, item, node->retired);
}

bool members_count(struct evaluation *evaluation, const struct node *node,
                   const struct claim_item *item, bool is_member)
{
    return (is_member || is_in(evaluation, item, node->accepted)) &&
           !members_retired(evaluation, node, item);
}

/* The list sorted for searches: constants are; a claim's items are copied. */
static bool sort_list(struct evaluation *evaluation, const struct node *node,
                      const struct value *list, struct expression_list *sorted)
{
    struct expression_list copy = {.n_items = list->n_items};

    if (node->kind == NODE_LIST) {
        *sorted = *node->list;
        return true;
    }
    copy.items = arena_array(evaluation->arena, list->n_items + 1, sizeof *copy.items);
    if (!copy.items)
        return arena_error(evaluation->arena, evaluation->error);
    for (size_t i = 0; i < list->n_items; i++) {
        struct crypto_digest digest;

        copy.items[i] = comparable(evaluation, &list->items[i], &digest);
        if (copy.items[i].bytes.data != digest.bytes)
            continue;
        copy.items[i].bytes.data = (const uint8_t *)arena_text(evaluation->arena,
                                                               copy.items[i].bytes);
        if (!copy.items[i].bytes.data)
            return arena_error(evaluation->arena, evaluation->error);
    }
    evaluation->steps += expression_sort_steps(copy.n_items);
    expression_list_sort(&copy);
    *sorted = copy;
    return true;
}

bool members_sets(struct evaluation *evaluation, const struct node *node, struct member_sets *sets,
                  bool *known)
{
    const struct node *first = node->child, *second = first->next;
    struct member_sets read = {0};
    bool by_first = node->kind != NODE_SETS_INTERSECTS || first->kind == NODE_LIST;
    bool by_second = node->kind == NODE_SETS_EQUIVALENT || !by_first;

    if (!expression_evaluate(evaluation, first, &read.first) ||
        !expression_evaluate(evaluation, second, &read.second))
        return false;
    *known = read.first.known && read.second.known;
    if (*known && by_first && !sort_list(evaluation, first, &read.first, &read.by_first))
        return false;
    if (*known && by_second && !sort_list(evaluation, second, &read.second, &read.by_second))
        return false;
    *sets = read;
    return true;
}

const struct claim_item *members_next(struct evaluation *evaluation, const struct node *node,
                                      const struct value *list,
                                      const struct expression_list *sorted, bool wanted, size_t *at)
{
    while (*at < list->n_items) {
        const struct claim_item *item = &list->items[(*at)++];

        if (members_count(evaluation, node, item, is_in(evaluation, item, sorted)) == wanted)
            return item;
    }
    return NULL;
}

bool members_hold(struct evaluation *evaluation, const struct node *node,
                  const struct member_sets *sets)
{
    size_t first_at = 0, second_at = 0;

    if (node->kind == NODE_SETS_INTERSECTS)
        return node->child->kind == NODE_LIST
                   ? members_next(evaluation, node, &sets->second, &sets->by_first, true,
                                  &second_at) != NULL
                   : members_next(evaluation, node, &sets->first, &sets->by_second, true,
                                  &first_at) != NULL;
    if (members_next(evaluation, node, &sets->second, &sets->by_first, false, &second_at))
        return false;
    return node->kind == NODE_SETS_CONTAINS ||
           !members_next(evaluation, node, &sets->first, &sets->by_second, false, &first_at);
}
