/* Evaluates an expression tree over claims.
 *
 * Owns only scratch in the arena. Trusts the tree (it was type-checked) and bounds nothing itself:
 * the cost was limited when the policy was compiled. Never turns unknown into true or false. */
#include "policy/members.h"
#include "policy/version.h"

static const struct value UNKNOWN = {.known = false};

static struct value of_bool(bool is_true)
{
    return (struct value){.known = true, .is_true = is_true};
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

bool expression_text_matches(enum node_kind kind, struct span text, struct span part)
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
    if (!claim->known || (evaluation->unproven && evaluation->unproven[node->claim]))
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
    evaluation->steps += value->n_items;
    value->items = items;
    value->known = true;
    return true;
}

/* Letters A to Z in lower case; a digest is written so already. */
static bool lower_text(struct evaluation *evaluation, const struct claim_item *whole,
                       struct value *value)
{
    struct span text = {0};
    char *lower;

    *value = (struct value){.known = true, .text = *whole};
    if (whole->kind == CLAIM_ITEM_DIGEST)
        return true;
    if (!characters(evaluation, whole, &text))
        return false;
    lower = arena_text(evaluation->arena, text);
    if (!lower)
        return arena_error(evaluation->arena, evaluation->error);
    for (size_t i = 0; i < text.len; i++)
        if (lower[i] >= 'A' && lower[i] <= 'Z')
            lower[i] = (char)(lower[i] - 'A' + 'a');
    value->text.kind = CLAIM_ITEM_TEXT;
    value->text.bytes = span_of(lower, text.len);
    return true;
}

/* A text that has nothing to go by is no version: unknown. */
static bool read_version(struct evaluation *evaluation, const struct claim_item *whole,
                         struct value *value)
{
    struct span text = {0};

    *value = UNKNOWN;
    if (!characters(evaluation, whole, &text))
        return false;
    if (!version_valid(text))
        return true;
    value->known = true;
    value->text = *whole;
    value->text.kind = CLAIM_ITEM_TEXT;
    value->text.bytes = text;
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

/* exists_one(): false as soon as two items are true, whatever the others. */
static bool evaluate_one(struct evaluation *evaluation, const struct node *node,
                         struct value *value)
{
    struct value list, part;
    size_t n_true = 0;
    bool known = true;

    *value = UNKNOWN;
    if (!expression_evaluate(evaluation, node->child, &list))
        return false;
    if (!list.known)
        return true;
    evaluation->variable_lists[node->variable] = node->child;
    for (size_t i = 0; i < list.n_items && n_true < 2; i++) {
        evaluation->variables[node->variable] = &list.items[i];
        if (!expression_evaluate(evaluation, node->child->next, &part))
            return false;
        n_true += part.known && part.is_true;
        known &= part.known;
    }
    if (known || n_true == 2)
        *value = of_bool(n_true == 1);
    return true;
}

static bool evaluate_sets(struct evaluation *evaluation, const struct node *node,
                          struct value *value)
{
    struct member_sets sets;
    bool known;

    if (!members_sets(evaluation, node, &sets, &known))
        return false;
    *value = known ? of_bool(members_hold(evaluation, node, &sets)) : UNKNOWN;
    return true;
}

bool expression_numbers_hold(enum node_kind kind, int64_t left, int64_t right)
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

static bool evaluate_text_pair(struct evaluation *evaluation, const struct node *node,
                               const struct claim_item *left, const struct claim_item *right,
                               struct value *value)
{
    struct span text = {0}, part = {0};

    if (node->kind == NODE_EQUAL || node->kind == NODE_NOT_EQUAL) {
        *value = of_bool(
            members_count(evaluation, node, left,
                          members_equal(evaluation, left, right) == (node->kind == NODE_EQUAL)));
        return true;
    }
    if (!characters(evaluation, left, &text) || !characters(evaluation, right, &part))
        return false;
    *value = of_bool(expression_text_matches(node->kind, text, part));
    return true;
}

/* A node with two operands; unknown when either is. */
static bool evaluate_pair(struct evaluation *evaluation, const struct node *node,
                          struct value *value)
{
    const struct node *second = node->child->next;
    struct value left, right;

    *value = UNKNOWN;
    if (!expression_evaluate(evaluation, node->child, &left) ||
        !expression_evaluate(evaluation, second, &right))
        return false;
    if (!left.known || !right.known)
        return true;
    if (node->kind == NODE_IN) {
        *value = of_bool(members_count(evaluation, node, &left.text,
                                       members_have(evaluation, &left.text, right.items,
                                                    right.n_items, second->kind == NODE_LIST)));
        return true;
    }
    switch (node->child->type) {
    case EXPRESSION_BOOL:
        *value = of_bool((left.is_true == right.is_true) == (node->kind == NODE_EQUAL));
        return true;
    case EXPRESSION_INT:
        *value = of_bool(expression_numbers_hold(node->kind, left.number, right.number));
        return true;
    case EXPRESSION_VERSION:
        *value = of_bool(expression_numbers_hold(
            node->kind, version_compare(left.text.bytes, right.text.bytes), 0));
        return true;
    default:
        return evaluate_text_pair(evaluation, node, &left.text, &right.text, value);
    }
}

/* A node with one operand; unknown when that is. */
static bool evaluate_single(struct evaluation *evaluation, const struct node *node,
                            struct value *value)
{
    struct value operand;

    if (!expression_evaluate(evaluation, node->child, &operand))
        return false;
    *value = UNKNOWN;
    if (!operand.known)
        return true;
    switch (node->kind) {
    case NODE_TOKENS:
        return split_tokens(evaluation, &operand.text, value);
    case NODE_LOWER_ASCII:
        return lower_text(evaluation, &operand.text, value);
    case NODE_VERSION:
        return read_version(evaluation, &operand.text, value);
    case NODE_SIZE:
        *value = (struct value){.known = true, .number = (int64_t)operand.n_items};
        return true;
    default: /* not */
        *value = of_bool(!operand.is_true);
        return true;
    }
}

bool expression_evaluate(struct evaluation *evaluation, const struct node *node,
                         struct value *value)
{
    evaluation->steps++;
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
    case NODE_EXISTS_ONE:
        return evaluate_one(evaluation, node, value);
    case NODE_SETS_CONTAINS:
    case NODE_SETS_EQUIVALENT:
    case NODE_SETS_INTERSECTS:
        return evaluate_sets(evaluation, node, value);
    case NODE_NOT:
    case NODE_SIZE:
    case NODE_TOKENS:
    case NODE_LOWER_ASCII:
    case NODE_VERSION:
        return evaluate_single(evaluation, node, value);
    default:
        return evaluate_pair(evaluation, node, value);
    }
}
