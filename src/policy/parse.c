/* Reads an expression: words, then grammar and types in one pass, by recursive descent.
 *
 * Owns nothing but nodes in the arena. The text is an operator's, and still bounded: nesting by
 * LIMIT_POLICY_DEPTH, cost by the caller. Never guesses: an unknown name, a wrong type or a
 * comparison of unlike things is an error with its byte. */
#include "policy/expression.h"

#include <stdlib.h>

#include "base/text.h"

enum word_kind { WORD_END = 0, WORD_NAME, WORD_STRING, WORD_INT, WORD_SIGN };

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
    unsigned n_variables;
    struct error *error;
    bool failed;
};

static struct node *parse_or(struct parser *parser);

static struct node *fail(struct parser *parser, size_t offset, const char *message)
{
    if (!parser->failed)
        error_set(parser->error, ERROR_USAGE, offset, NULL, "%s", message);
    parser->failed = true;
    return NULL;
}

static struct node *fail_word(struct parser *parser, const char *message, struct span word,
                              size_t offset)
{
    if (!parser->failed)
        error_set(parser->error, ERROR_USAGE, offset, NULL, "%s \"%.*s\"", message,
                  (int)(word.len < 80 ? word.len : 80), (const char *)word.data);
    parser->failed = true;
    return NULL;
}

static struct node *fail_memory(struct parser *parser)
{
    if (!parser->failed)
        arena_error(parser->arena, parser->error);
    parser->failed = true;
    return NULL;
}

static bool is_name_byte(uint8_t byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || byte == '_' ||
           (byte >= '0' && byte <= '9');
}

static bool is_digit(uint8_t byte)
{
    return byte >= '0' && byte <= '9';
}

/* Bytes of the word that starts at at; 0 with a failure for none. */
static size_t word_len(struct parser *parser, size_t at, enum word_kind *kind)
{
    static const char *const SIGNS[] = {"==", "!=", "<=", ">=", "&&", "||", "(", ")",
                                        "[",  "]",  ",",  ".",  "!",  "<",  ">", "+"};
    struct span text = parser->text;
    uint8_t first = text.data[at];
    size_t end = at + 1;

    if (first == '"' || first == '\'') {
        while (end < text.len && text.data[end] != first && text.data[end] != '\n')
            end += text.data[end] == '\\' ? 2 : 1;
        if (end >= text.len || text.data[end] != first) {
            fail(parser, at, "the string has no end on its line");
            return 0;
        }
        *kind = WORD_STRING;
        return end + 1 - at;
    }
    if (is_name_byte(first)) {
        while (end < text.len && is_name_byte(text.data[end]))
            end++;
        *kind = is_digit(first) ? WORD_INT : WORD_NAME;
        return end - at;
    }
    *kind = WORD_SIGN;
    for (size_t i = 0; i < sizeof SIGNS / sizeof *SIGNS; i++) {
        size_t len = strlen(SIGNS[i]);

        if (len <= text.len - at && memcmp(text.data + at, SIGNS[i], len) == 0)
            return len;
    }
    fail(parser, at, "unexpected character");
    return 0;
}

static void next_word(struct parser *parser)
{
    struct span text = parser->text;
    size_t len;

    while (parser->at < text.len && strchr(" \t\r\n", text.data[parser->at]))
        parser->at++;
    parser->word = (struct word){.offset = parser->at};
    if (parser->failed || parser->at >= text.len)
        return;
    len = word_len(parser, parser->at, &parser->word.kind);
    parser->word.text = span_of(text.data + parser->at, len);
    parser->at += len;
}

static bool word_is(const struct parser *parser, const char *sign)
{
    return (parser->word.kind == WORD_SIGN || parser->word.kind == WORD_NAME) &&
           span_is(parser->word.text, sign);
}

static bool take(struct parser *parser, const char *sign)
{
    if (!word_is(parser, sign))
        return false;
    next_word(parser);
    return true;
}

static bool demand(struct parser *parser, const char *sign)
{
    if (take(parser, sign))
        return true;
    if (!parser->failed)
        error_set(parser->error, ERROR_USAGE, parser->word.offset, NULL, "expected \"%s\"", sign);
    parser->failed = true;
    return false;
}

/* A node that was read from start up to here; NULL after any failure. */
static struct node *make(struct parser *parser, enum node_kind kind, enum expression_type type,
                         size_t start)
{
    struct node *node;
    size_t end = parser->word.offset;

    if (parser->failed)
        return NULL;
    node = arena_new(parser->arena, struct node);
    if (!node)
        return fail_memory(parser);
    while (end > start && strchr(" \t\r\n", parser->text.data[end - 1]))
        end--;
    node->kind = kind;
    node->type = type;
    node->cost = 1;
    node->source = span_of(parser->text.data + start, end - start);
    return node;
}

static void add_cost(struct node *node, size_t cost)
{
    if (__builtin_add_overflow(node->cost, cost, &node->cost))
        node->cost = SIZE_MAX;
}

/* Gives node its children, of which the second may be NULL, and their cost. */
static struct node *adopt(struct node *node, struct node *first, struct node *second)
{
    if (!node)
        return NULL;
    node->child = first;
    first->next = second;
    add_cost(node, first->cost);
    if (second)
        add_cost(node, second->cost);
    return node;
}

/* The characters that a string literal stands for. */
static bool unquote(struct parser *parser, struct span quoted, uint8_t *out, size_t *out_len)
{
    static const char ESCAPES[] = "\\\\\"\"''n\nt\t";
    size_t len = 0;

    for (size_t i = 1; i + 1 < quoted.len; i++) {
        const char *escape;

        if (quoted.data[i] != '\\') {
            out[len++] = quoted.data[i];
            continue;
        }
        i++;
        for (escape = ESCAPES; *escape && *escape != (char)quoted.data[i]; escape += 2)
            ;
        if (!*escape) {
            fail(parser, parser->word.offset + i, "unknown escape in the string");
            return false;
        }
        out[len++] = (uint8_t)escape[1];
    }
    *out_len = len;
    return true;
}

bool expression_digest(struct span text, struct arena *arena, struct claim_item *item)
{
    const uint8_t *colon = text.len ? memchr(text.data, ':', text.len) : NULL;
    uint8_t bytes[LIMIT_TPM_DIGEST_LEN];
    size_t name_len, len;
    uint16_t alg;
    char *copy;

    if (!colon)
        return false;
    name_len = (size_t)(colon - text.data);
    alg = tpm_hash_by_name(span_of(text.data, name_len));
    if (!alg ||
        !text_unhex(span_of(colon + 1, text.len - name_len - 1), bytes, sizeof bytes, &len) ||
        len != tpm_digest_len(alg))
        return false;
    copy = arena_text(arena, span_of(bytes, len));
    if (!copy)
        return false;
    *item = (struct claim_item){.kind = CLAIM_ITEM_DIGEST,
                                .alg = alg,
                                .event = REASON_NO_EVENT,
                                .pcr = REASON_NO_PCR,
                                .bytes = span_of(copy, len)};
    return true;
}

/* One or more string literals joined by "+"; a digest written out is a digest. */
static bool parse_string(struct parser *parser, struct claim_item *item)
{
    size_t start = parser->word.offset, cap = parser->text.len - start, len = 0, part;
    uint8_t *bytes = NULL;

    while (parser->word.kind == WORD_STRING) {
        if (!bytes) { /* most strings are one literal: room for that; more take the rest */
            size_t after = parser->at;

            while (after < parser->text.len && strchr(" \t\r\n", parser->text.data[after]))
                after++;
            if (after >= parser->text.len || parser->text.data[after] != '+')
                cap = parser->word.text.len;
            bytes = arena_alloc(parser->arena, cap);
        }
        if (!bytes) {
            fail_memory(parser);
            return false;
        }
        if (!unquote(parser, parser->word.text, bytes + len, &part))
            return false;
        len += part;
        next_word(parser);
        if (!take(parser, "+"))
            break;
        if (parser->word.kind != WORD_STRING) {
            fail(parser, parser->word.offset, "only string literals can be joined with +");
            return false;
        }
    }
    if (!expression_digest(span_of(bytes, len), parser->arena, item))
        *item = (struct claim_item){.kind = CLAIM_ITEM_TEXT,
                                    .event = REASON_NO_EVENT,
                                    .pcr = REASON_NO_PCR,
                                    .bytes = span_of(bytes, len)};
    return !parser->failed;
}

int expression_item_compare(const struct claim_item *a, const struct claim_item *b)
{
    if (a->kind != b->kind)
        return a->kind < b->kind ? -1 : 1;
    if (a->alg != b->alg)
        return a->alg < b->alg ? -1 : 1;
    return span_compare(a->bytes, b->bytes);
}

static int compare_for_sort(const void *a, const void *b)
{
    return expression_item_compare(a, b);
}

void expression_list_sort(struct expression_list *list)
{
    size_t n_kept = 0;

    if (list->n_items)
        qsort(list->items, list->n_items, sizeof *list->items, compare_for_sort);
    for (size_t i = 0; i < list->n_items; i++)
        if (i == 0 || expression_item_compare(&list->items[i], &list->items[n_kept - 1]) != 0)
            list->items[n_kept++] = list->items[i];
    list->n_items = n_kept;
}

/* "[" string {"," string} "]": constants only, so that membership is a search in a sorted list. */
static struct node *parse_list(struct parser *parser, size_t start)
{
    struct expression_list *list = arena_new(parser->arena, struct expression_list);
    size_t cap = 1;
    struct node *node;

    for (size_t i = start; i < parser->text.len && parser->text.data[i] != ']'; i++)
        cap += parser->text.data[i] == ',';
    if (cap > LIMIT_POLICY_REFERENCES)
        return fail(parser, start, "the list has too many values");
    if (!list || !(list->items = arena_array(parser->arena, cap, sizeof *list->items)))
        return fail_memory(parser);
    while (!word_is(parser, "]")) {
        if (parser->word.kind != WORD_STRING || list->n_items == cap)
            return fail(parser, parser->word.offset, "a list holds string literals");
        if (!parse_string(parser, &list->items[list->n_items++]))
            return NULL;
        if (!take(parser, ","))
            break;
    }
    if (!demand(parser, "]"))
        return NULL;
    expression_list_sort(list);
    node = make(parser, NODE_LIST, EXPRESSION_LIST, start);
    if (node)
        node->list = list;
    return node;
}

static struct node *parse_reference(struct parser *parser, size_t start)
{
    size_t offset = parser->word.offset;
    struct claim_item name;
    struct node *node;

    if (parser->word.kind != WORD_STRING)
        return fail(parser, offset, "reference() takes a name in quotes");
    if (!parse_string(parser, &name) || !demand(parser, ")"))
        return NULL;
    for (size_t i = 0; i < parser->references->n_lists; i++) {
        const struct expression_list *list = &parser->references->lists[i];

        if (!span_is(name.bytes, list->name))
            continue;
        node = make(parser, NODE_LIST, EXPRESSION_LIST, start);
        if (node)
            node->list = list;
        return node;
    }
    return fail_word(parser, "there is no reference", name.bytes, offset);
}

/* An argument of the wanted type. */
static struct node *parse_argument(struct parser *parser, enum expression_type type,
                                   const char *message)
{
    size_t offset = parser->word.offset;
    struct node *node = parse_or(parser);

    if (node && node->type != type)
        return fail(parser, offset, message);
    return node;
}

static struct node *parse_function(struct parser *parser, struct span name, size_t start)
{
    struct node *argument;
    enum node_kind kind;

    if (span_is(name, "reference"))
        return parse_reference(parser, start);
    if (span_is(name, "size")) {
        kind = NODE_SIZE;
        argument = parse_argument(parser, EXPRESSION_LIST, "size() takes a list");
    } else if (span_is(name, "tokens")) {
        kind = NODE_TOKENS;
        argument = parse_argument(parser, EXPRESSION_STRING, "tokens() takes a string");
    } else {
        return fail_word(parser, "there is no function", name, start);
    }
    if (!argument || !demand(parser, ")"))
        return NULL;
    return adopt(make(parser, kind, kind == NODE_SIZE ? EXPRESSION_INT : EXPRESSION_LIST, start),
                 argument, NULL);
}

/* ".all(x, e)" and ".exists(x, e)" on a list. */
static struct node *parse_macro(struct parser *parser, enum node_kind kind, struct node *list,
                                size_t start)
{
    struct node *node, *body;
    struct span name = parser->word.text;
    size_t body_cost;

    if (list->type != EXPRESSION_LIST)
        return fail(parser, start, "all() and exists() are for lists");
    if (parser->word.kind != WORD_NAME || claim_by_name(name) != CLAIM_IDS)
        return fail(parser, parser->word.offset, "expected a name for the list's items");
    if (parser->n_variables == LIMIT_POLICY_DEPTH)
        return fail(parser, parser->word.offset, "the expression is nested too deeply");
    for (unsigned i = 0; i < parser->n_variables; i++)
        if (span_equal(parser->variables[i], name))
            return fail_word(parser, "the name is in use already:", name, parser->word.offset);
    next_word(parser);
    if (!demand(parser, ","))
        return NULL;
    parser->variables[parser->n_variables++] = name;
    body = parse_argument(parser, EXPRESSION_BOOL, "expected a condition");
    parser->n_variables--;
    if (!body || !demand(parser, ")"))
        return NULL;
    node = adopt(make(parser, kind, EXPRESSION_BOOL, start), list, body);
    if (!node)
        return NULL;
    node->variable = parser->n_variables;
    body_cost = list->kind == NODE_LIST ? list->list->n_items : LIMIT_CLAIM_ITEMS;
    if (__builtin_mul_overflow(body_cost, body->cost, &body_cost))
        body_cost = SIZE_MAX;
    add_cost(node, body_cost);
    return node;
}

static struct node *parse_method(struct parser *parser, struct node *receiver, struct span name,
                                 size_t start, size_t offset)
{
    static const struct {
        const char *name;
        enum node_kind kind;
    } METHODS[] = {
        {"contains", NODE_CONTAINS},
        {"startsWith", NODE_STARTS_WITH},
        {"endsWith", NODE_ENDS_WITH},
    };

    if (span_is(name, "all"))
        return parse_macro(parser, NODE_ALL, receiver, start);
    if (span_is(name, "exists"))
        return parse_macro(parser, NODE_EXISTS, receiver, start);
    if (span_is(name, "size")) {
        if (receiver->type != EXPRESSION_LIST)
            return fail(parser, offset, "size() is for lists");
        if (!demand(parser, ")"))
            return NULL;
        return adopt(make(parser, NODE_SIZE, EXPRESSION_INT, start), receiver, NULL);
    }
    for (size_t i = 0; i < sizeof METHODS / sizeof *METHODS; i++) {
        struct node *argument;

        if (!span_is(name, METHODS[i].name))
            continue;
        if (receiver->type != EXPRESSION_STRING)
            return fail_word(parser, "only strings have the method", name, offset);
        argument = parse_argument(parser, EXPRESSION_STRING, "the method takes a string");
        if (!argument || !demand(parser, ")"))
            return NULL;
        return adopt(make(parser, METHODS[i].kind, EXPRESSION_BOOL, start), receiver, argument);
    }
    return fail_word(parser, "there is no method", name, offset);
}

static enum expression_type type_of_claim(enum claim_id id)
{
    switch (claim_type(id)) {
    case CLAIM_BOOL:
        return EXPRESSION_BOOL;
    case CLAIM_TEXT:
        return EXPRESSION_STRING;
    case CLAIM_LIST:
        break;
    }
    return EXPRESSION_LIST;
}

static struct node *make_named(struct parser *parser, struct span name, size_t start)
{
    enum claim_id id = claim_by_name(name);
    struct node *node;

    for (unsigned i = 0; i < parser->n_variables; i++) {
        if (!span_equal(parser->variables[i], name))
            continue;
        node = make(parser, NODE_VARIABLE, EXPRESSION_STRING, start);
        if (node)
            node->variable = i;
        return node;
    }
    if (id == CLAIM_IDS)
        return fail_word(parser, "there is no claim", name, start);
    node = make(parser, NODE_CLAIM, type_of_claim(id), start);
    if (node)
        node->claim = id;
    parser->claims_read[id] = true;
    return node;
}

/* name {"." name} as far as it goes before a "(": a claim or variable, then perhaps a method. */
static struct node *parse_name(struct parser *parser)
{
    size_t start = parser->word.offset, last = start, before_last = start;
    struct span text = parser->text, method = parser->word.text;
    struct node *node;

    next_word(parser);
    if (take(parser, "("))
        return parse_function(parser, method, start);
    while (word_is(parser, ".")) {
        before_last = parser->word.offset;
        next_word(parser);
        if (parser->word.kind != WORD_NAME)
            return fail(parser, parser->word.offset, "expected a name after the dot");
        method = parser->word.text;
        last = parser->word.offset;
        next_word(parser);
    }
    if (!word_is(parser, "("))
        return make_named(parser, span_of(text.data + start, last + method.len - start), start);
    node = make_named(parser, span_of(text.data + start, before_last - start), start);
    if (!node)
        return NULL;
    node->source = span_of(text.data + start, before_last - start);
    next_word(parser);
    return parse_method(parser, node, method, start, last);
}

static struct node *parse_int(struct parser *parser, size_t start)
{
    struct span digits = parser->word.text;
    int64_t number = 0;
    struct node *node;

    for (size_t i = 0; i < digits.len; i++) {
        if (!is_digit(digits.data[i]) || i > 9)
            return fail(parser, start, "expected a number of up to ten digits");
        number = number * 10 + (digits.data[i] - '0');
    }
    next_word(parser);
    node = make(parser, NODE_INT, EXPRESSION_INT, start);
    if (node)
        node->number = number;
    return node;
}

static struct node *parse_primary(struct parser *parser)
{
    size_t start = parser->word.offset;
    struct claim_item text;
    struct node *node;

    if (parser->word.kind == WORD_STRING) {
        if (!parse_string(parser, &text))
            return NULL;
        node = make(parser, NODE_STRING, EXPRESSION_STRING, start);
        if (node)
            node->text = text;
        return node;
    }
    if (parser->word.kind == WORD_INT)
        return parse_int(parser, start);
    if (take(parser, "["))
        return parse_list(parser, start);
    if (take(parser, "(")) {
        node = parse_or(parser);
        return node && demand(parser, ")") ? node : NULL;
    }
    if (word_is(parser, "true") || word_is(parser, "false")) {
        bool is_true = word_is(parser, "true");

        next_word(parser);
        node = make(parser, NODE_BOOL, EXPRESSION_BOOL, start);
        if (node)
            node->is_true = is_true;
        return node;
    }
    if (parser->word.kind == WORD_NAME)
        return parse_name(parser);
    return fail(parser, start, "expected a value");
}

static struct node *parse_postfix(struct parser *parser)
{
    size_t start = parser->word.offset;
    struct node *node = parse_primary(parser);

    while (node && take(parser, ".")) {
        struct span name = parser->word.text;
        size_t offset = parser->word.offset;

        if (parser->word.kind != WORD_NAME)
            return fail(parser, offset, "expected a method after the dot");
        next_word(parser);
        if (!demand(parser, "("))
            return NULL;
        node = parse_method(parser, node, name, start, offset);
    }
    return node;
}

static struct node *parse_unary(struct parser *parser)
{
    size_t start = parser->word.offset;
    struct node *node;

    if (!take(parser, "!"))
        return parse_postfix(parser);
    if (++parser->depth > LIMIT_POLICY_DEPTH)
        return fail(parser, start, "the expression is nested too deeply");
    node = parse_unary(parser);
    parser->depth--;
    if (node && node->type != EXPRESSION_BOOL)
        return fail(parser, start, "! is for conditions");
    return node ? adopt(make(parser, NODE_NOT, EXPRESSION_BOOL, start), node, NULL) : NULL;
}

/* Text that begins as a digest and is none: it would equal nothing, and a rule that forbids it would
 * forbid nothing. As a prefix it is of use, as a whole value it is a slip. */
static bool is_broken_digest(const struct claim_item *item)
{
    const uint8_t *colon = item->kind == CLAIM_ITEM_TEXT && item->bytes.len
                               ? memchr(item->bytes.data, ':', item->bytes.len)
                               : NULL;

    return colon &&
           tpm_hash_by_name(span_of(item->bytes.data, (size_t)(colon - item->bytes.data))) != 0;
}

static bool has_broken_digest(const struct node *node)
{
    if (node->kind == NODE_STRING)
        return is_broken_digest(&node->text);
    if (node->kind != NODE_LIST)
        return false;
    for (size_t i = 0; i < node->list->n_items; i++)
        if (is_broken_digest(&node->list->items[i]))
            return true;
    return false;
}

/* What the two sides of a comparison must be. */
static const char *check_comparison(enum node_kind kind, const struct node *left,
                                    const struct node *right)
{
    if (kind == NODE_IN)
        return left->type == EXPRESSION_STRING && right->type == EXPRESSION_LIST
                   ? NULL
                   : "in takes a string on its left and a list on its right";
    if (left->type != right->type)
        return "the two sides are of different types";
    if (left->type == EXPRESSION_LIST)
        return "lists are compared with all(), exists() and size()";
    if (kind != NODE_EQUAL && kind != NODE_NOT_EQUAL && left->type != EXPRESSION_INT)
        return "only numbers are smaller or greater";
    return NULL;
}

static struct node *refuse_broken_digest(struct parser *parser, const struct node *node)
{
    return fail(parser, (size_t)(node->source.data - parser->text.data),
                "expected ALGORITHM:HEX with the algorithm's number of digits");
}

/* Steps of a binary search, on top of the operands' own. */
static size_t search_cost(const struct node *list)
{
    size_t n_items = list->kind == NODE_LIST ? list->list->n_items : 0, cost = 1;

    if (list->kind != NODE_LIST)
        return LIMIT_CLAIM_ITEMS;
    for (; n_items; n_items /= 2)
        cost++;
    return cost;
}

static struct node *parse_comparison(struct parser *parser)
{
    static const struct {
        const char *sign;
        enum node_kind kind;
    } SIGNS[] = {
        {"==", NODE_EQUAL},      {"!=", NODE_NOT_EQUAL},
        {"<=", NODE_LESS_EQUAL}, {">=", NODE_GREATER_EQUAL},
        {"<", NODE_LESS},        {">", NODE_GREATER},
        {"in", NODE_IN},
    };
    size_t start = parser->word.offset, offset;
    struct node *left = parse_unary(parser), *right, *node;
    enum node_kind kind = NODE_EQUAL;
    const char *message;
    size_t i;

    offset = parser->word.offset;
    for (i = 0; i < sizeof SIGNS / sizeof *SIGNS && left; i++) {
        kind = SIGNS[i].kind;
        if (take(parser, SIGNS[i].sign))
            break;
    }
    if (!left || i == sizeof SIGNS / sizeof *SIGNS)
        return left;
    right = parse_unary(parser);
    if (!right)
        return NULL;
    message = check_comparison(kind, left, right);
    if (message)
        return fail(parser, offset, message);
    if (has_broken_digest(left) || has_broken_digest(right))
        return refuse_broken_digest(parser, has_broken_digest(left) ? left : right);
    node = adopt(make(parser, kind, EXPRESSION_BOOL, start), left, right);
    if (node && kind == NODE_IN)
        add_cost(node, search_cost(right));
    return node;
}

/* operand {sign operand}: one node with all operands, so that a long chain is not a deep tree. */
static struct node *parse_chain(struct parser *parser, const char *sign, enum node_kind kind,
                                struct node *(*operand)(struct parser *))
{
    size_t start = parser->word.offset;
    struct node *first = operand(parser), *last = first, *node;
    size_t cost = 1;

    if (!first || !word_is(parser, sign))
        return first;
    while (last) {
        if (last->type != EXPRESSION_BOOL)
            return fail(parser, parser->word.offset, "&& and || join conditions");
        if (__builtin_add_overflow(cost, last->cost, &cost))
            cost = SIZE_MAX;
        if (!take(parser, sign))
            break;
        last->next = operand(parser);
        last = last->next;
    }
    if (!last)
        return NULL;
    node = make(parser, kind, EXPRESSION_BOOL, start);
    if (node) {
        node->child = first;
        node->cost = cost;
    }
    return node;
}

static struct node *parse_and(struct parser *parser)
{
    return parse_chain(parser, "&&", NODE_AND, parse_comparison);
}

static struct node *parse_or(struct parser *parser)
{
    struct node *node;

    if (++parser->depth > LIMIT_POLICY_DEPTH)
        return fail(parser, parser->word.offset, "the expression is nested too deeply");
    node = parse_chain(parser, "||", NODE_OR, parse_and);
    parser->depth--;
    return node;
}

bool expression_parse(struct span text, const struct expression_references *references,
                      struct arena *arena, struct node **root, bool *claims_read,
                      struct error *error)
{
    struct parser parser = {.text = text,
                            .references = references,
                            .arena = arena,
                            .claims_read = claims_read,
                            .error = error};
    struct node *node;

    next_word(&parser);
    node = parse_or(&parser);
    if (node && !parser.failed && parser.word.kind != WORD_END)
        fail_word(&parser, "unexpected", parser.word.text, parser.word.offset);
    if (node && !parser.failed && node->type != EXPRESSION_BOOL)
        fail(&parser, 0, "a rule is a condition: true or false");
    if (parser.failed)
        return false;
    *root = node;
    return true;
}

bool expression_text(struct span text, struct arena *arena, struct claim_item *item,
                     struct error *error)
{
    struct parser parser = {.text = text, .arena = arena, .error = error};
    struct claim_item parsed;

    next_word(&parser);
    if (!parser.failed && parser.word.kind != WORD_STRING)
        fail(&parser, parser.word.offset, "expected text in double quotes");
    if (parser.failed || !parse_string(&parser, &parsed))
        return false;
    if (parser.word.kind != WORD_END) {
        fail_word(&parser, "unexpected", parser.word.text, parser.word.offset);
        return false;
    }
    *item = parsed;
    return true;
}
