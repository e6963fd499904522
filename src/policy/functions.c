/* Calls in an expression: functions and methods from their table, references, and conditions over a
 * list's items.
 *
 * Owns nothing but nodes in the arena. Never makes a call whose operands are not of the types that
 * the table says. */
#include "policy/parser.h"
#include "policy/version.h"

enum form {
    CALL,
    METHOD,
};

enum { EXPRESSION_NONE = 0 };

static const struct function {
    const char *name;
    enum form form;
    enum node_kind kind;
    unsigned result, first, second; /* enum expression_type; EXPRESSION_NONE for no second */
} FUNCTIONS[] = {
#define FUNCTION(name, form, kind, result, first, second, meaning)                                 \
    {name, form, NODE_##kind, EXPRESSION_##result, EXPRESSION_##first, EXPRESSION_##second},
#include "policy/functions.def"
#undef FUNCTION
};

static const struct function *find(struct span name, enum form form)
{
    for (size_t i = 0; i < sizeof FUNCTIONS / sizeof *FUNCTIONS; i++)
        if (FUNCTIONS[i].form == form && span_is(name, FUNCTIONS[i].name))
            return &FUNCTIONS[i];
    return NULL;
}

bool parser_is_function(struct span name)
{
    return find(name, CALL) != NULL;
}

const char *parser_type_name(enum expression_type type)
{
    static const char *const NAMES[] = {
        [EXPRESSION_BOOL] = "condition",  [EXPRESSION_STRING] = "string",
        [EXPRESSION_INT] = "number",      [EXPRESSION_LIST] = "list",
        [EXPRESSION_VERSION] = "version",
    };

    return NAMES[type];
}

/* A function or method that there is not. */
static struct node *fail_function(struct parser *parser, enum form form, struct span name,
                                  size_t offset)
{
    struct nearest nearest = nearest_to(name);

    for (size_t i = 0; i < sizeof FUNCTIONS / sizeof *FUNCTIONS; i++)
        if (FUNCTIONS[i].form == form)
            nearest_try(&nearest, FUNCTIONS[i].name);
    if (form == CALL) {
        nearest_try(&nearest, "reference");
        return parser_fail_name(parser, "there is no function", &nearest, offset);
    }
    nearest_try(&nearest, "all");
    nearest_try(&nearest, "exists");
    nearest_try(&nearest, "exists_one");
    return parser_fail_name(parser, "there is no method", &nearest, offset);
}

static struct node *fail_reference(struct parser *parser, struct span name, size_t offset)
{
    struct nearest nearest = nearest_to(name);

    for (size_t i = 0; i < parser->references->n_lists; i++)
        nearest_try(&nearest, parser->references->lists[i].name);
    return parser_fail_name(parser, "there is no reference", &nearest, offset);
}

static struct node *parse_reference(struct parser *parser, size_t start)
{
    size_t offset = parser->word.offset;
    struct claim_item name;
    struct node *node;

    if (parser->word.kind != WORD_STRING)
        return parser_fail(parser, offset, "reference() takes a name in quotes");
    if (!parser_string(parser, &name) || !parser_demand(parser, ")"))
        return NULL;
    for (size_t i = 0; i < parser->references->n_lists; i++) {
        const struct expression_list *list = &parser->references->lists[i];

        if (!span_is(name.bytes, list->name))
            continue;
        node = parser_node(parser, NODE_LIST, EXPRESSION_LIST, start);
        if (node)
            node->list = list;
        return node;
    }
    return fail_reference(parser, name.bytes, offset);
}

/* An operand of the wanted type. */
static struct node *parse_argument(struct parser *parser, const struct function *function,
                                   unsigned type)
{
    size_t offset = parser->word.offset;
    struct node *node = parser_expression(parser);

    if (node && node->type != type)
        return parser_fail(parser, offset, "%s() takes a %s here", function->name,
                           parser_type_name((enum expression_type)type));
    return node;
}

/* What the types cannot say: a constant that is no version, and letters made small twice, which
 * would let a text of the policy nest without end. */
static const char *check_call(const struct function *function, const struct node *first)
{
    if (function->kind == NODE_VERSION && first->kind == NODE_STRING &&
        first->text.kind == CLAIM_ITEM_TEXT && !version_valid(first->text.bytes))
        return "a version has a digit or a letter";
    if (function->kind == NODE_LOWER_ASCII && first->kind == NODE_LOWER_ASCII)
        return "the text is in lower case already";
    return NULL;
}

static bool is_sets(const struct function *function)
{
    return function->first == EXPRESSION_LIST && function->second == EXPRESSION_LIST;
}

/* The call from behind its first operand on. */
static struct node *finish_call(struct parser *parser, const struct function *function,
                                struct node *first, size_t start)
{
    const char *message = check_call(function, first);
    struct node *second = NULL;

    if (message)
        return parser_fail(parser, (size_t)(first->source.data - parser->text.data), "%s", message);
    if (function->second != EXPRESSION_NONE) {
        if (function->form == CALL && !parser_demand(parser, ","))
            return NULL;
        second = parse_argument(parser, function, function->second);
        if (!second)
            return NULL;
    }
    if (!parser_demand(parser, ")"))
        return NULL;
    if (is_sets(function) && !parser_check_constants(parser, first, second))
        return NULL;
    return parser_adopt(
        parser_node(parser, function->kind, (enum expression_type)function->result, start), first,
        second);
}

struct node *parser_function(struct parser *parser, struct span name, size_t start)
{
    const struct function *function = find(name, CALL);
    struct node *first;

    if (span_is(name, "reference"))
        return parse_reference(parser, start);
    if (!function)
        return fail_function(parser, CALL, name, start);
    first = parse_argument(parser, function, function->first);
    return first ? finish_call(parser, function, first, start) : NULL;
}

/* A name that CEL keeps for itself, or that means something here, is none for an item. */
static bool is_reserved(struct span name)
{
    static const char *const WORDS[] = {
        "true",      "false",  "null",     "in",   "as",     "break", "const", "continue",
        "else",      "for",    "function", "if",   "import", "let",   "loop",  "package",
        "namespace", "return", "var",      "void", "while",  "sets"};

    for (size_t i = 0; i < sizeof WORDS / sizeof *WORDS; i++)
        if (span_is(name, WORDS[i]))
            return true;
    return false;
}

bool parser_begins_claims(struct span name)
{
    for (int id = 0; id < CLAIM_IDS; id++) {
        struct span claim = span_text(claim_name((enum claim_id)id));

        if (span_begins(claim, name) && claim.data[name.len] == '.')
            return true;
    }
    return false;
}

/* ".all(x, e)" and its like on a list. */
static struct node *parse_macro(struct parser *parser, enum node_kind kind, struct node *list,
                                size_t start)
{
    struct node *node, *body;
    struct span name = parser->word.text;
    size_t offset;

    if (list->type != EXPRESSION_LIST)
        return parser_fail(parser, start, "all(), exists() and exists_one() are for lists");
    if (parser->word.kind != WORD_NAME || is_reserved(name))
        return parser_fail(parser, parser->word.offset, "expected a name for the list's items");
    if (parser_begins_claims(name))
        return parser_fail_word(parser, "claims' names begin so, take another one for items:", name,
                                parser->word.offset);
    if (parser->n_variables == LIMIT_POLICY_DEPTH)
        return parser_fail(parser, parser->word.offset, "the expression is nested too deeply");
    for (unsigned i = 0; i < parser->n_variables; i++)
        if (span_equal(parser->variables[i], name))
            return parser_fail_word(parser, "the name is in use already:", name,
                                    parser->word.offset);
    parser_next(parser);
    if (!parser_demand(parser, ","))
        return NULL;
    offset = parser->word.offset;
    parser->variable_lists[parser->n_variables] = list;
    parser->variables[parser->n_variables++] = name;
    body = parser_expression(parser);
    parser->n_variables--;
    if (body && body->type != EXPRESSION_BOOL)
        return parser_fail(parser, offset, "expected a condition");
    if (!body || !parser_demand(parser, ")"))
        return NULL;
    node = parser_adopt(parser_node(parser, kind, EXPRESSION_BOOL, start), list, body);
    if (node)
        node->variable = parser->n_variables;
    return node;
}

struct node *parser_method(struct parser *parser, struct node *receiver, struct span name,
                           size_t start, size_t offset)
{
    const struct function *function = find(name, METHOD);

    if (span_is(name, "all"))
        return parse_macro(parser, NODE_ALL, receiver, start);
    if (span_is(name, "exists"))
        return parse_macro(parser, NODE_EXISTS, receiver, start);
    if (span_is(name, "exists_one"))
        return parse_macro(parser, NODE_EXISTS_ONE, receiver, start);
    if (!function)
        return fail_function(parser, METHOD, name, offset);
    if (receiver->type != function->first)
        return parser_fail(parser, offset, "%s() is for %ss", function->name,
                           parser_type_name((enum expression_type)function->first));
    return finish_call(parser, function, receiver, start);
}
