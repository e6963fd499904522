/* Reads an expression: grammar and types in one pass, by recursive descent.
 *
 * Owns nothing but nodes in the arena. The text is an operator's, and still bounded: nesting by
 * LIMIT_POLICY_DEPTH, cost by the caller. Never guesses: an unknown name, a wrong type or a
 * comparison of unlike things is an error with its byte. */
#include "policy/parser.h"

/* "[" string {"," string} "]": constants only, so that membership is a search in a sorted list. */
static struct node *parse_list(struct parser *parser, size_t start)
{
    struct expression_list *list = arena_new(parser->arena, struct expression_list);
    size_t cap = 1;
    struct node *node;

    for (size_t i = start; i < parser->text.len && parser->text.data[i] != ']'; i++)
        cap += parser->text.data[i] == ',';
    if (cap > LIMIT_POLICY_REFERENCES)
        return parser_fail(parser, start, "the list has too many values");
    if (!list || !(list->items = arena_array(parser->arena, cap, sizeof *list->items)))
        return parser_fail_memory(parser);
    while (!parser_is(parser, "]")) {
        if (parser->word.kind != WORD_STRING || list->n_items == cap)
            return parser_fail(parser, parser->word.offset, "a list holds string literals");
        if (!parser_string(parser, &list->items[list->n_items++]))
            return NULL;
        if (!parser_take(parser, ","))
            break;
    }
    if (!parser_demand(parser, "]"))
        return NULL;
    cap = list->n_items;
    expression_list_sort(list);
    if (list->n_items != cap) /* it would count once */
        return parser_fail(parser, start, "a value is twice in the list");
    node = parser_node(parser, NODE_LIST, EXPRESSION_LIST, start);
    if (node)
        node->list = list;
    return node;
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

/* A claim's name with a mistake in it, or the word of another language. */
static struct node *fail_claim(struct parser *parser, struct span name, size_t start)
{
    struct nearest nearest = nearest_to(name);

    for (int id = 0; id < CLAIM_IDS; id++)
        nearest_try(&nearest, claim_name((enum claim_id)id));
    for (int id = CLAIM_IDS - 1; id >= 0 && parser_begins_claims(name); id--)
        if (span_begins(span_text(claim_name((enum claim_id)id)), name))
            nearest.name = claim_name((enum claim_id)id);
    if (span_is(name, "not"))
        nearest.name = "!";
    return parser_fail_name(parser, "there is no claim", &nearest, start);
}

static struct node *make_named(struct parser *parser, struct span name, size_t start)
{
    enum claim_id id = claim_by_name(name);
    struct node *node;

    for (unsigned i = 0; i < parser->n_variables; i++) {
        if (!span_equal(parser->variables[i], name))
            continue;
        node = parser_node(parser, NODE_VARIABLE, EXPRESSION_STRING, start);
        if (node)
            node->variable = i;
        return node;
    }
    if (id == CLAIM_IDS)
        return fail_claim(parser, name, start);
    node = parser_node(parser, NODE_CLAIM, type_of_claim(id), start);
    if (node)
        node->claim = id;
    parser->claims_read[id] = true;
    return node;
}

/* name {"." name} as far as it goes: a claim or variable, then perhaps a method; or a function. */
static struct node *parse_name(struct parser *parser)
{
    size_t start = parser->word.offset, last = start, before_last = start;
    struct span text = parser->text, method = parser->word.text, name;
    struct node *node;

    parser_next(parser);
    while (parser_is(parser, ".")) {
        before_last = parser->word.offset;
        parser_next(parser);
        if (parser->word.kind != WORD_NAME)
            return parser_fail(parser, parser->word.offset, "expected a name after the dot");
        method = parser->word.text;
        last = parser->word.offset;
        parser_next(parser);
    }
    name = span_of(text.data + start, last + method.len - start);
    if (!parser_is(parser, "("))
        return make_named(parser, name, start);
    if (last == start || parser_is_function(name) || span_begins(name, span_text("sets."))) {
        parser_next(parser);
        return parser_function(parser, name, start);
    }
    node = make_named(parser, span_of(text.data + start, before_last - start), start);
    if (!node)
        return NULL;
    node->source = span_of(text.data + start, before_last - start);
    parser_next(parser);
    return parser_method(parser, node, method, start, last);
}

static struct node *parse_int(struct parser *parser, size_t start)
{
    struct span digits = parser->word.text;
    int64_t number = 0;
    struct node *node;

    for (size_t i = 0; i < digits.len; i++) {
        if (digits.data[i] < '0' || digits.data[i] > '9' || i > 9 || (i && digits.data[0] == '0'))
            return parser_fail(
                parser, start,
                "expected a decimal number of up to ten digits, not beginning with 0");
        number = number * 10 + (digits.data[i] - '0');
    }
    parser_next(parser);
    node = parser_node(parser, NODE_INT, EXPRESSION_INT, start);
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
        struct span first = parser->word.text;

        if (!parser_string(parser, &text))
            return NULL;
        node = parser_node(parser, NODE_STRING, EXPRESSION_STRING, start);
        if (node)
            node->text = text;
        if (node && parser_is(parser, ".") && node->source.len != first.len)
            return parser_fail(parser, parser->word.offset,
                               "put strings that are joined with + into parentheses");
        return node;
    }
    if (parser->word.kind == WORD_INT)
        return parse_int(parser, start);
    if (parser_take(parser, "["))
        return parse_list(parser, start);
    if (parser_take(parser, "(")) {
        node = parser_expression(parser);
        return node && parser_demand(parser, ")") ? node : NULL;
    }
    if (parser_is(parser, "true") || parser_is(parser, "false")) {
        bool is_true = parser_is(parser, "true");

        parser_next(parser);
        node = parser_node(parser, NODE_BOOL, EXPRESSION_BOOL, start);
        if (node)
            node->is_true = is_true;
        return node;
    }
    if (parser->word.kind == WORD_NAME)
        return parse_name(parser);
    return parser_fail(parser, start, "expected a value");
}

static struct node *parse_postfix(struct parser *parser)
{
    size_t start = parser->word.offset;
    struct node *node = parse_primary(parser);

    while (node && parser_take(parser, ".")) {
        struct span name = parser->word.text;
        size_t offset = parser->word.offset;

        if (parser->word.kind != WORD_NAME)
            return parser_fail(parser, offset, "expected a method after the dot");
        parser_next(parser);
        if (!parser_demand(parser, "("))
            return NULL;
        node = parser_method(parser, node, name, start, offset);
    }
    return node;
}

static struct node *parse_unary(struct parser *parser)
{
    size_t start = parser->word.offset;
    struct node *node;

    if (!parser_take(parser, "!"))
        return parse_postfix(parser);
    if (++parser->depth > LIMIT_POLICY_DEPTH)
        return parser_fail(parser, start, "the expression is nested too deeply");
    node = parse_unary(parser);
    parser->depth--;
    if (node && node->type != EXPRESSION_BOOL)
        return parser_fail(parser, start, "! is for conditions");
    return node ? parser_adopt(parser_node(parser, NODE_NOT, EXPRESSION_BOOL, start), node, NULL)
                : NULL;
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
        return NULL; /* said with both */
    if (left->type == EXPRESSION_LIST)
        return "lists are compared with all(), exists(), size() and sets.equivalent()";
    if (kind != NODE_EQUAL && kind != NODE_NOT_EQUAL && left->type != EXPRESSION_INT &&
        left->type != EXPRESSION_VERSION)
        return "only numbers and versions are smaller or greater";
    return NULL;
}

/* Comparisons by their sign, and what each is with its sides exchanged. */
static const struct comparison {
    const char *sign;
    enum node_kind kind, mirrored;
} COMPARISONS[] = {
    {"==", NODE_EQUAL, NODE_EQUAL},
    {"!=", NODE_NOT_EQUAL, NODE_NOT_EQUAL},
    {"<=", NODE_LESS_EQUAL, NODE_GREATER_EQUAL},
    {">=", NODE_GREATER_EQUAL, NODE_LESS_EQUAL},
    {"<", NODE_LESS, NODE_GREATER},
    {">", NODE_GREATER, NODE_LESS},
    {"in", NODE_IN, NODE_IN},
};

static const struct comparison *take_comparison(struct parser *parser)
{
    for (size_t i = 0; i < sizeof COMPARISONS / sizeof *COMPARISONS; i++)
        if (parser_take(parser, COMPARISONS[i].sign))
            return &COMPARISONS[i];
    return NULL;
}

/* A constant comes second, so that what it is compared with is what everybody looks at. */
static struct node *make_comparison(struct parser *parser, const struct comparison *comparison,
                                    struct node *left, struct node *right, size_t start)
{
    bool is_mirrored = comparison->kind != NODE_IN && expression_is_constant(left) &&
                       !expression_is_constant(right);

    return parser_adopt(parser_node(parser, is_mirrored ? comparison->mirrored : comparison->kind,
                                    EXPRESSION_BOOL, start),
                        is_mirrored ? right : left, is_mirrored ? left : right);
}

static struct node *parse_comparison(struct parser *parser)
{
    size_t start = parser->word.offset, offset;
    struct node *left = parse_unary(parser), *right;
    const struct comparison *comparison;
    const char *message;

    offset = parser->word.offset;
    comparison = left ? take_comparison(parser) : NULL;
    if (!comparison)
        return left;
    right = parse_unary(parser);
    if (!right)
        return NULL;
    message = check_comparison(comparison->kind, left, right);
    if (message)
        return parser_fail(parser, offset, "%s", message);
    if (left->type != right->type && comparison->kind != NODE_IN)
        return parser_fail(parser, offset, "the two sides are of different types: %s and %s",
                           parser_type_name(left->type), parser_type_name(right->type));
    if (!parser_check_constants(parser, left, right))
        return NULL;
    return make_comparison(parser, comparison, left, right, start);
}

/* operand {sign operand}: one node with all operands, so that a long chain is not a deep tree. */
static struct node *parse_chain(struct parser *parser, const char *sign, enum node_kind kind,
                                struct node *(*operand)(struct parser *))
{
    size_t start = parser->word.offset;
    struct node *first = operand(parser), *last = first, *node;

    if (!first || !parser_is(parser, sign))
        return first;
    while (last) {
        if (last->type != EXPRESSION_BOOL)
            return parser_fail(parser, parser->word.offset, "&& and || join conditions");
        if (!parser_take(parser, sign))
            break;
        last->next = operand(parser);
        last = last->next;
    }
    if (!last)
        return NULL;
    node = parser_node(parser, kind, EXPRESSION_BOOL, start);
    if (node)
        node->child = first;
    return node;
}

static struct node *parse_and(struct parser *parser)
{
    return parse_chain(parser, "&&", NODE_AND, parse_comparison);
}

struct node *parser_expression(struct parser *parser)
{
    struct node *node;

    if (++parser->depth > LIMIT_POLICY_DEPTH)
        return parser_fail(parser, parser->word.offset, "the expression is nested too deeply");
    node = parse_chain(parser, "||", NODE_OR, parse_and);
    parser->depth--;
    return node;
}

/* A whole expression stands before it. */
static void fail_left_over(struct parser *parser)
{
    struct nearest meant = {.word = parser->word.text};

    if (span_is(meant.word, "and") || span_is(meant.word, "or"))
        meant.name = *meant.word.data == 'a' ? "&&" : "||";
    parser_fail_name(parser, "unexpected", &meant, parser->word.offset);
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

    parser_next(&parser);
    node = parser_expression(&parser);
    if (node && !parser.failed && parser.word.kind != WORD_END)
        fail_left_over(&parser);
    if (node && !parser.failed && node->type != EXPRESSION_BOOL)
        parser_fail(&parser, 0, "a rule is a condition: true or false");
    if (parser.failed)
        return false;
    expression_cost(node);
    *root = node;
    return true;
}
