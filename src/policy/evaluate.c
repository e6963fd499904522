/* Evaluates an expression tree over claims.
 *
 * Owns only scratch in the arena. Trusts the tree (it was type-checked) and bounds nothing itself:
 * the cost was limited when the policy was compiled. Never turns unknown into true or false. */
#include "policy/expression.h"

#include <stdlib.h>

static const struct value UNKNOWN = {.known = false};

static struct value of_bool(bool is_true)
{
    return (struct value){.known = true, .is_true = is_true};
}

/* A certificate counts as its SHA-256 fingerprint; other items as they are. digest holds it. */
static struct claim_item comparable(struct evaluation *evaluation, const struct claim_item *item,
                                    struct crypto_digest *digest)
{
    struct claim_item fingerprint = {.kind = CLAIM_ITEM_DIGEST, .alg = TPM_ALG_SHA256};

    if (item->kind != CLAIM_ITEM_CERTIFICATE)
        return *item;
    crypto_fingerprint(evaluation->crypto, item->bytes, digest);
    fingerprint.bytes = crypto_digest_span(digest);
    return fingerprint;
}

static bool items_equal(struct evaluation *evaluation, const struct claim_item *a,
                        const struct claim_item *b)
{
    struct crypto_digest digest_a, digest_b;
    struct claim_item left = comparable(evaluation, a, &digest_a);
    struct claim_item right = comparable(evaluation, b, &digest_b);

    return expression_item_compare(&left, &right) == 0;
}

static bool is_among(struct evaluation *evaluation, const struct claim_item *item,
                     const struct claim_item *items, size_t n_items, bool sorted)
{
    struct crypto_digest digest;
    struct claim_item wanted = comparable(evaluation, item, &digest);
    size_t low = 0;

    for (size_t i = 0; !sorted && i < n_items; i++)
        if (items_equal(evaluation, &wanted, &items[i]))
            return true;
    while (sorted && low < n_items) {
        size_t middle = low + (n_items - low) / 2;
        int order = expression_item_compare(&wanted, &items[middle]);

        if (order == 0)
            return true;
        if (order < 0)
            n_items = middle;
        else
            low = middle + 1;
    }
    return false;
}

static bool is_accepted(struct evaluation *evaluation, const struct node *node,
                        const struct claim_item *item)
{
    return node->accepted &&
           is_among(evaluation, item, node->accepted->items, node->accepted->n_items, true);
}

/* The characters of a string for contains and its like. */
static bool characters(struct evaluation *evaluation, const struct claim_item *item,
                       struct span *text)
{
    const char *printed;

    if (item->kind == CLAIM_ITEM_TEXT) {
        *text = item->bytes;
        return true;
    }
    printed = claim_item_print(evaluation->crypto, item, evaluation->arena);
    if (!printed)
        return arena_error(evaluation->arena, evaluation->error);
    *text = span_text(printed);
    return true;
}

static bool text_matches(enum node_kind kind, struct span text, struct span part)
{
    if (part.len > text.len)
        return false;
    if (part.len == 0)
        return true;
    if (kind == NODE_STARTS_WITH)
        return memcmp(text.data, part.data, part.len) == 0;
    if (kind == NODE_ENDS_WITH)
        return memcmp(text.data + text.len - part.len, part.data, part.len) == 0;
    return memmem(text.data, text.len, part.data, part.len) != NULL;
}

static void load_claim(const struct evaluation *evaluation, const struct node *node,
                       struct value *value)
{
    const struct claim *claim = &evaluation->claims->claims[node->claim];

    *value = UNKNOWN;
    if (!claim->known)
        return;
    value->known = true;
    value->is_true = claim->is_true;
    value->items = claim->items;
    value->n_items = claim->n_items;
    if (node->type == EXPRESSION_STRING)
        value->text = (struct claim_item){
            .kind = CLAIM_ITEM_TEXT,
            .event = claim_event(claim),
            .pcr = REASON_NO_PCR,
            .bytes = span_text(claim->text),
        };
}

/* Splits at spaces outside of double quotes, as the kernel does with its command line. More tokens
 * than LIMIT_CLAIM_ITEMS make the value unknown. */
static bool split_tokens(struct evaluation *evaluation, const struct claim_item *whole,
                         struct value *value)
{
    struct span text = {0};
    size_t n_spaces = 1, at = 0;
    struct claim_item *items;

    *value = UNKNOWN;
    if (!characters(evaluation, whole, &text))
        return false;
    for (size_t i = 0; i < text.len; i++)
        n_spaces += text.data[i] == ' ';
    if (n_spaces > LIMIT_CLAIM_ITEMS)
        return true;
    items = arena_array(evaluation->arena, n_spaces, sizeof *items);
    if (!items)
        return arena_error(evaluation->arena, evaluation->error);
    while (at < text.len) {
        size_t start = at;
        bool quoted = false;

        for (; at < text.len && (quoted || text.data[at] != ' '); at++)
            quoted ^= text.data[at] == '"';
        if (at > start) {
            items[value->n_items] = *whole;
            items[value->n_items].kind = CLAIM_ITEM_TEXT;
            items[value->n_items++].bytes = span_of(text.data + start, at - start);
        }
        at++;
    }
    value->items = items;
    value->known = true;
    return true;
}

/* and: false wins over unknown over true; or: the other way round. */
static bool evaluate_chain(struct evaluation *evaluation, const struct node *node,
                           struct value *value)
{
    bool decides = node->kind == NODE_OR, known = true;
    struct value part;

    for (const struct node *child = node->child; child; child = child->next) {
        if (!expression_evaluate(evaluation, child, &part))
            return false;
        if (part.known && part.is_true == decides) {
            *value = of_bool(decides);
            return true;
        }
        known &= part.known;
    }
    *value = known ? of_bool(!decides) : UNKNOWN;
    return true;
}

static bool evaluate_macro(struct evaluation *evaluation, const struct node *node,
                           struct value *value)
{
    bool decides = node->kind == NODE_EXISTS, known = true;
    const struct node *body = node->child->next;
    struct value list, part;

    *value = UNKNOWN;
    if (!expression_evaluate(evaluation, node->child, &list))
        return false;
    if (!list.known)
        return true;
    evaluation->variable_lists[node->variable] = node->child;
    for (size_t i = 0; i < list.n_items; i++) {
        evaluation->variables[node->variable] = &list.items[i];
        if (!expression_evaluate(evaluation, body, &part))
            return false;
        if (part.known && part.is_true == decides) {
            *value = of_bool(decides);
            return true;
        }
        known &= part.known;
    }
    *value = known ? of_bool(!decides) : UNKNOWN;
    return true;
}

static bool numbers_hold(enum node_kind kind, int64_t left, int64_t right)
{
    switch (kind) {
    case NODE_EQUAL:
        return left == right;
    case NODE_NOT_EQUAL:
        return left != right;
    case NODE_LESS:
        return left < right;
    case NODE_LESS_EQUAL:
        return left <= right;
    case NODE_GREATER:
        return left > right;
    default:
        return left >= right;
    }
}

/* A node with two operands; unknown when either is. */
static bool evaluate_pair(struct evaluation *evaluation, const struct node *node,
                          struct value *value)
{
    const struct node *second = node->child->next;
    struct value left, right;
    struct span text = {0}, part = {0};

    *value = UNKNOWN;
    if (!expression_evaluate(evaluation, node->child, &left) ||
        !expression_evaluate(evaluation, second, &right))
        return false;
    if (!left.known || !right.known)
        return true;
    if (node->kind == NODE_IN) {
        *value = of_bool(is_among(evaluation, &left.text, right.items, right.n_items,
                                  second->kind == NODE_LIST) ||
                         is_accepted(evaluation, node, &left.text));
    } else if (node->kind == NODE_CONTAINS || node->kind == NODE_STARTS_WITH ||
               node->kind == NODE_ENDS_WITH) {
        if (!characters(evaluation, &left.text, &text) ||
            !characters(evaluation, &right.text, &part))
            return false;
        *value = of_bool(text_matches(node->kind, text, part));
    } else if (node->child->type == EXPRESSION_STRING) {
        *value = of_bool(
            (items_equal(evaluation, &left.text, &right.text) == (node->kind == NODE_EQUAL)) ||
            is_accepted(evaluation, node, &left.text));
    } else if (node->child->type == EXPRESSION_BOOL) {
        *value = of_bool((left.is_true == right.is_true) == (node->kind == NODE_EQUAL));
    } else {
        *value = of_bool(numbers_hold(node->kind, left.number, right.number));
    }
    return true;
}

bool expression_evaluate(struct evaluation *evaluation, const struct node *node,
                         struct value *value)
{
    struct value operand;

    switch (node->kind) {
    case NODE_BOOL:
        *value = of_bool(node->is_true);
        return true;
    case NODE_STRING:
        *value = (struct value){.known = true, .text = node->text};
        return true;
    case NODE_INT:
        *value = (struct value){.known = true, .number = node->number};
        return true;
    case NODE_LIST:
        *value = (struct value){
            .known = true, .items = node->list->items, .n_items = node->list->n_items};
        return true;
    case NODE_CLAIM:
        load_claim(evaluation, node, value);
        return true;
    case NODE_VARIABLE:
        *value = (struct value){.known = true, .text = *evaluation->variables[node->variable]};
        return true;
    case NODE_AND:
    case NODE_OR:
        return evaluate_chain(evaluation, node, value);
    case NODE_ALL:
    case NODE_EXISTS:
        return evaluate_macro(evaluation, node, value);
    case NODE_NOT:
    case NODE_SIZE:
    case NODE_TOKENS:
        break;
    default:
        return evaluate_pair(evaluation, node, value);
    }
    if (!expression_evaluate(evaluation, node->child, &operand))
        return false;
    *value = UNKNOWN;
    if (!operand.known)
        return true;
    if (node->kind == NODE_TOKENS)
        return split_tokens(evaluation, &operand.text, value);
    *value = node->kind == NODE_NOT
                 ? of_bool(!operand.is_true)
                 : (struct value){.known = true, .number = (int64_t)operand.n_items};
    return true;
}
