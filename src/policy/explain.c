/* Says why an expression is not true: the first operand that decides, and where it comes from.
 *
 * Owns texts in the arena. Reads the tree top down and evaluates again what it passes, so it costs
 * at most the expression's depth times its evaluation, once per failed rule. Never judges: the
 * outcome is known before it is called. */
#include "policy/expression.h"

#include "base/text.h"

struct explanation {
    struct evaluation *evaluation;
    struct reason *reason;
};

static bool explain_node(struct explanation *explanation, const struct node *node, bool wanted);

static bool no_memory(struct explanation *explanation)
{
    return arena_error(explanation->evaluation->arena, explanation->evaluation->error);
}

static const char *cut(struct arena *arena, const char *text)
{
    size_t len = text ? strlen(text) : 0;

    return len <= LIMIT_REASON_TEXT_LEN
               ? text
               : arena_printf(arena, "%.*s...", LIMIT_REASON_TEXT_LEN - 3, text);
}

/* "secure_boot.enabled", "an item of boot.images", or the operand as the rule has it. */
static const char *name_operand(struct explanation *explanation, const struct node *node)
{
    struct arena *arena = explanation->evaluation->arena;
    const char *name;

    if (node->kind == NODE_CLAIM)
        return claim_name(node->claim);
    if (node->kind != NODE_VARIABLE)
        return text_printable(arena, node->source);
    name = name_operand(explanation, explanation->evaluation->variable_lists[node->variable]);
    return name ? arena_printf(arena, "each of %s", name) : NULL;
}

static const char *print_list(struct explanation *explanation, const struct value *value)
{
    const size_t n_shown = 4;
    struct arena *arena = explanation->evaluation->arena;
    const char *text = value->n_items ? "" : "an empty list";

    for (size_t i = 0; i < value->n_items && i < n_shown && text; i++) {
        const char *item = claim_item_print(explanation->evaluation->crypto, &value->items[i],
                                            arena);

        text = item ? arena_printf(arena, "%s%s%s", text, i ? ", " : "", item) : NULL;
    }
    if (text && value->n_items > n_shown)
        text = arena_printf(arena, "%s and %zu more", text, value->n_items - n_shown);
    return text;
}

static const char *print_value(struct explanation *explanation, const struct node *node,
                               const struct value *value)
{
    struct arena *arena = explanation->evaluation->arena;

    if (!value->known)
        return "unknown: no evidence";
    switch (node->type) {
    case EXPRESSION_BOOL:
        return value->is_true ? "true" : "false";
    case EXPRESSION_INT:
        return arena_printf(arena, "%lld", (long long)value->number);
    case EXPRESSION_STRING:
        return claim_item_print(explanation->evaluation->crypto, &value->text, arena);
    case EXPRESSION_LIST:
        break;
    }
    return print_list(explanation, value);
}

/* The claim whose items a variable runs over; NULL when it is none's. */
static const char *behind_variable(const struct explanation *explanation, const struct node *node)
{
    while (node && node->kind != NODE_CLAIM)
        node = node->kind == NODE_VARIABLE ? explanation->evaluation->variable_lists[node->variable]
                                           : node->child;
    return node ? claim_name(node->claim) : NULL;
}

/* Where an operand's value was measured. */
static void name_source(struct explanation *explanation, const struct node *node)
{
    struct reason *reason = explanation->reason;

    while (node->child && node->kind != NODE_CLAIM && node->kind != NODE_VARIABLE)
        node = node->child;
    if (node->kind == NODE_CLAIM) {
        reason->claim = claim_name(node->claim);
        reason->event = claim_event(&explanation->evaluation->claims->claims[node->claim]);
    } else if (node->kind == NODE_VARIABLE) {
        const struct claim_item *item = explanation->evaluation->variables[node->variable];

        reason->claim = behind_variable(explanation, node);
        reason->event = item->event;
        reason->pcr = item->pcr;
        reason->component = claim_item_label(item, explanation->evaluation->arena);
    }
}

static const char *sign_of(enum node_kind kind)
{
    switch (kind) {
    case NODE_NOT_EQUAL:
        return "!=";
    case NODE_LESS:
        return "<";
    case NODE_LESS_EQUAL:
        return "<=";
    case NODE_GREATER:
        return ">";
    case NODE_GREATER_EQUAL:
        return ">=";
    case NODE_IN:
        return "in";
    case NODE_CONTAINS:
        return "contains";
    case NODE_STARTS_WITH:
        return "starts with";
    case NODE_ENDS_WITH:
        return "ends with";
    default:
        return "==";
    }
}

/* A leaf: one operand, or two with a sign between them. */
static bool explain_leaf(struct explanation *explanation, const struct node *node, bool wanted)
{
    struct evaluation *evaluation = explanation->evaluation;
    bool is_pair = node->kind != NODE_CLAIM && node->child && node->child->next;
    const struct node *subject = is_pair ? node->child : node;
    const char *name = name_operand(explanation, subject), *right = NULL, *found;
    struct value value;

    if (!expression_evaluate(evaluation, subject, &value))
        return false;
    name_source(explanation, subject);
    found = cut(evaluation->arena, print_value(explanation, subject, &value));
    if (is_pair)
        right = text_printable(evaluation->arena, subject->next->source);
    if (!name || !found || (is_pair && !right))
        return no_memory(explanation);
    explanation->reason->found = found;
    explanation->reason->expected = is_pair ? arena_printf(evaluation->arena, "%s%s %s %s",
                                                           wanted ? "" : "not: ", name,
                                                           sign_of(node->kind), right)
                                            : arena_printf(evaluation->arena, "%s == %s", name,
                                                           wanted ? "true" : "false");
    explanation->reason->expected = cut(evaluation->arena, explanation->reason->expected);
    return explanation->reason->expected || no_memory(explanation);
}

/* The operand of a chain to blame: the first that is the opposite of what is wanted, else the first
 * that is unknown. */
static bool explain_chain(struct explanation *explanation, const struct node *node, bool wanted)
{
    const struct node *blamed = NULL, *child = node->child; /* the first of two or more */
    struct value value;

    do {
        if (!expression_evaluate(explanation->evaluation, child, &value))
            return false;
        if (value.known && value.is_true != wanted)
            return explain_node(explanation, child, wanted);
        if (!value.known && !blamed)
            blamed = child;
        child = child->next;
    } while (child);
    return explain_node(explanation, blamed ? blamed : node->child, wanted);
}

/* all() that should hold, or exists() that should not: the first item that breaks it. Else no
 * single item is to blame, and the list as a whole is shown. */
static bool explain_macro(struct explanation *explanation, const struct node *node, bool wanted)
{
    struct evaluation *evaluation = explanation->evaluation;
    struct reason *reason = explanation->reason;
    const struct node *body = node->child->next;
    const struct claim_item *blamed = NULL;
    struct value list, value;

    if (!expression_evaluate(evaluation, node->child, &list))
        return false;
    evaluation->variable_lists[node->variable] = node->child;
    for (size_t i = 0; wanted == (node->kind == NODE_ALL) && list.known && i < list.n_items; i++) {
        evaluation->variables[node->variable] = &list.items[i];
        if (!expression_evaluate(evaluation, body, &value))
            return false;
        if (value.known && value.is_true == wanted)
            continue;
        blamed = &list.items[i];
        if (value.known)
            break;
    }
    if (blamed) {
        evaluation->variables[node->variable] = blamed;
        return explain_node(explanation, body, wanted);
    }
    name_source(explanation, node->child);
    reason->found = cut(evaluation->arena, print_value(explanation, node->child, &list));
    reason->expected = cut(evaluation->arena, text_printable(evaluation->arena, node->source));
    return (reason->found && reason->expected) || no_memory(explanation);
}

static bool explain_node(struct explanation *explanation, const struct node *node, bool wanted)
{
    switch (node->kind) {
    case NODE_AND:
    case NODE_OR:
        return explain_chain(explanation, node, wanted);
    case NODE_NOT:
        return explain_node(explanation, node->child, !wanted);
    case NODE_ALL:
    case NODE_EXISTS:
        return explain_macro(explanation, node, wanted);
    default:
        return explain_leaf(explanation, node, wanted);
    }
}

bool expression_explain(struct evaluation *evaluation, const struct node *root,
                        struct reason *reason)
{
    struct explanation explanation = {.evaluation = evaluation, .reason = reason};

    return explain_node(&explanation, root, true);
}
