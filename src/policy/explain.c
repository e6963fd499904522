/* Says why an expression is not true: the first operand that decides, and where it comes from.
 *
 * Owns texts in the arena. Reads the tree top down and evaluates again what it passes, so it costs
 * at most the expression's depth times its evaluation, once per failed rule. Never judges: the
 * outcome is known before it is called. */
#include <limits.h>

#include "base/text.h"
#include "policy/members.h"

enum { ITEMS_SHOWN = 4 };

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

/* A part of the rule on one line: where the rule goes on over lines, one space. */
static const char *print_source(struct arena *arena, struct span source)
{
    char *line = arena_text(arena, source);
    size_t len = 0;

    for (size_t i = 0; line && i < source.len; i++) {
        if (line[i] != '\n' && line[i] != '\r') {
            line[len++] = line[i];
            continue;
        }
        while (i + 1 < source.len && strchr("\n\r\t ", line[i + 1]))
            i++;
        if (len && !strchr("[( ", line[len - 1]))
            line[len++] = ' ';
    }
    return line ? text_printable(arena, span_of(line, len)) : NULL;
}

/* "secure_boot.enabled", "an item of boot.images", or the operand as the rule has it. */
static const char *name_operand(struct explanation *explanation, const struct node *node)
{
    struct arena *arena = explanation->evaluation->arena;
    const char *name;

    if (node->kind == NODE_CLAIM)
        return claim_name(node->claim);
    if (node->kind != NODE_VARIABLE)
        return print_source(arena, node->source);
    name = name_operand(explanation, explanation->evaluation->variable_lists[node->variable]);
    return name ? arena_printf(arena, "each of %s", name) : NULL;
}

/* One item, and that an update retired it where node compares it. */
static const char *print_item(struct explanation *explanation, const struct node *node,
                              const struct claim_item *item)
{
    struct evaluation *evaluation = explanation->evaluation;
    const char *text = claim_item_print(evaluation->crypto, item, evaluation->arena);

    return text && members_retired(evaluation, node, item)
               ? arena_printf(evaluation->arena, "%s (retired by an update)", text)
               : text;
}

/* The first of n_items items that node compares; items holds as many of them as are shown. */
static const char *print_items(struct explanation *explanation, const struct node *node,
                               const struct claim_item *items, size_t n_items)
{
    struct arena *arena = explanation->evaluation->arena;
    const char *text = n_items ? "" : "an empty list";

    for (size_t i = 0; i < n_items && i < ITEMS_SHOWN && text; i++) {
        const char *item = print_item(explanation, node, &items[i]);

        text = item ? arena_printf(arena, "%s%s%s", text, i ? ", " : "", item) : NULL;
    }
    if (text && n_items > ITEMS_SHOWN)
        text = arena_printf(arena, "%s and %zu more", text, n_items - ITEMS_SHOWN);
    return text;
}

/* The value of an operand of node. */
static const char *print_value(struct explanation *explanation, const struct node *node,
                               const struct node *operand, const struct value *value)
{
    struct arena *arena = explanation->evaluation->arena;

    if (!value->known)
        return "unknown: no evidence";
    switch (operand->type) {
    case EXPRESSION_BOOL:
        return value->is_true ? "true" : "false";
    case EXPRESSION_INT:
        return arena_printf(arena, "%lld", (long long)value->number);
    case EXPRESSION_STRING:
    case EXPRESSION_VERSION:
        return print_item(explanation, node, &value->text);
    case EXPRESSION_LIST:
        break;
    }
    return print_items(explanation, node, value->items, value->n_items);
}

/* As source_of. Items of lists within the node are numbered bound_from and above: none is in hand, and
 * what their lists come from stands before them. */
static const struct node *find_source(const struct explanation *explanation,
                                      const struct node *node, unsigned bound_from)
{
    bool is_macro = node->kind == NODE_ALL || node->kind == NODE_EXISTS ||
                    node->kind == NODE_EXISTS_ONE;
    const struct node *source = NULL;

    if (node->kind == NODE_CLAIM)
        return node;
    if (node->kind == NODE_VARIABLE)
        return node->variable < bound_from &&
                       find_source(explanation,
                                   explanation->evaluation->variable_lists[node->variable],
                                   node->variable)
                   ? node
                   : NULL;
    if (is_macro && node->variable < bound_from)
        bound_from = node->variable;
    for (const struct node *child = node->child; child && !source; child = child->next)
        source = find_source(explanation, child, bound_from);
    return source;
}

/* The first claim that the node reads, or item of one's list; NULL when it reads none. */
static const struct node *source_of(const struct explanation *explanation, const struct node *node)
{
    return find_source(explanation, node, UINT_MAX);
}

static enum claim_id claim_of(const struct explanation *explanation, const struct node *source)
{
    while (source->kind == NODE_VARIABLE)
        source = source_of(explanation, explanation->evaluation->variable_lists[source->variable]);
    return source->claim;
}

static void name_item(struct explanation *explanation, const struct claim_item *item)
{
    struct reason *reason = explanation->reason;

    reason->event = item->event;
    reason->pcr = item->pcr;
    reason->component = claim_item_label(item, explanation->evaluation->arena);
}

/* Where the value of an operand was measured; of the whole node, when the operand is constant. */
static void name_source(struct explanation *explanation, const struct node *operand,
                        const struct node *node)
{
    struct evaluation *evaluation = explanation->evaluation;
    const struct node *source = source_of(explanation, operand);
    enum claim_id claim;

    if (!source)
        source = source_of(explanation, node);
    if (!source)
        return;
    claim = claim_of(explanation, source);
    explanation->reason->claim = claim_name(claim);
    if (source->kind == NODE_VARIABLE)
        name_item(explanation, evaluation->variables[source->variable]);
    else
        explanation->reason->event = claim_event(&evaluation->claims->claims[claim]);
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

static bool finish(struct explanation *explanation, const char *expected, const char *found)
{
    struct reason *reason = explanation->reason;

    reason->expected = cut(explanation->evaluation->arena, expected);
    reason->found = cut(explanation->evaluation->arena, found);
    return (reason->expected && reason->found) || no_memory(explanation);
}

/* The operand whose value is shown: the first, unless it is constant or the other is unknown. */
static bool find_subject(struct explanation *explanation, const struct node *node,
                         const struct node **subject, struct value *value)
{
    const struct node *first = node->child, *second = first ? first->next : NULL;
    struct value other;

    *subject = second ? first : node;
    if (!expression_evaluate(explanation->evaluation, *subject, value))
        return false;
    if (!second)
        return true;
    if (!expression_evaluate(explanation->evaluation, second, &other))
        return false;
    if (expression_is_constant(first) || (value->known && !other.known)) {
        *subject = second;
        *value = other;
    }
    return true;
}

/* A leaf: one operand, or two with a sign between them. */
static bool explain_leaf(struct explanation *explanation, const struct node *node, bool wanted)
{
    struct arena *arena = explanation->evaluation->arena;
    bool is_pair = node->child && node->child->next;
    const char *name = name_operand(explanation, is_pair ? node->child : node), *right = NULL;
    const struct node *subject;
    struct value value;

    if (!find_subject(explanation, node, &subject, &value))
        return false;
    name_source(explanation, subject, node);
    if (is_pair)
        right = print_source(arena, node->child->next->source);
    if (!name || (is_pair && !right))
        return no_memory(explanation);
    return finish(explanation,
                  is_pair ? arena_printf(arena, "%s%s %s %s", wanted ? "" : "not: ", name,
                                         sign_of(node->kind), right)
                          : arena_printf(arena, "%s == %s", name, wanted ? "true" : "false"),
                  print_value(explanation, node, subject, &value));
}

/* A constant knows what it is called, but not where it was measured. */
static void name_member(struct explanation *explanation, const struct claim_item *item)
{
    if (item->event != REASON_NO_EVENT)
        name_item(explanation, item);
    else
        explanation->reason->component = item->label;
}

/* "reference("good") lacks a, b", naming where the first was measured; *text is NULL when it lacks
 * none. */
static bool say_missing(struct explanation *explanation, const struct node *node, bool in_first,
                        const struct member_sets *sets, const char **text)
{
    struct evaluation *evaluation = explanation->evaluation;
    const struct node *among = in_first ? node->child : node->child->next;
    const struct value *list = in_first ? &sets->second : &sets->first;
    const struct expression_list *sorted = in_first ? &sets->by_first : &sets->by_second;
    struct claim_item shown[ITEMS_SHOWN];
    const struct claim_item *item;
    const char *name, *items;
    size_t at = 0, n_items = 0;

    *text = NULL;
    while ((item = members_next(evaluation, node, list, sorted, false, &at)) != NULL) {
        if (n_items < ITEMS_SHOWN)
            shown[n_items] = *item;
        n_items++;
    }
    if (n_items == 0)
        return true;
    if (!explanation->reason->component)
        name_member(explanation, &shown[0]);
    name = print_source(evaluation->arena, among->source);
    items = print_items(explanation, node, shown, n_items);
    if (name && items)
        *text = arena_printf(evaluation->arena, "%s lacks %s", name, items);
    return *text || no_memory(explanation);
}

/* The items that two lists have in common. */
static bool say_common(struct explanation *explanation, const struct node *node,
                       const struct member_sets *sets, const char **text)
{
    bool by_first = node->child->kind == NODE_LIST;
    const struct value *list = by_first ? &sets->second : &sets->first;
    const struct expression_list *sorted = by_first ? &sets->by_first : &sets->by_second;
    struct claim_item shown[ITEMS_SHOWN];
    const struct claim_item *item;
    size_t at = 0, n_items = 0;

    while ((item = members_next(explanation->evaluation, node, list, sorted, true, &at)) != NULL) {
        if (n_items < ITEMS_SHOWN)
            shown[n_items] = *item;
        n_items++;
    }
    if (n_items)
        name_member(explanation, &shown[0]);
    *text = print_items(explanation, node, shown, n_items);
    return *text || no_memory(explanation);
}

/* What is missing in one list or the other; for what should not be so, or has nothing in common, the
 * values that are there. */
static bool say_sets(struct explanation *explanation, const struct node *node, bool wanted,
                     const struct member_sets *sets, const char **text)
{
    const struct node *first = node->child;
    const char *in_second = NULL;

    if (node->kind == NODE_SETS_INTERSECTS && !wanted)
        return say_common(explanation, node, sets, text);
    if (node->kind == NODE_SETS_INTERSECTS || !wanted) {
        const struct value *shown = first->kind == NODE_LIST ? &sets->second : &sets->first;

        *text = print_items(explanation, node, shown->items, shown->n_items);
        return *text || no_memory(explanation);
    }
    if (!say_missing(explanation, node, true, sets, text) ||
        (node->kind == NODE_SETS_EQUIVALENT &&
         !say_missing(explanation, node, false, sets, &in_second)))
        return false;
    if (*text && in_second)
        *text = arena_printf(explanation->evaluation->arena, "%s; %s", *text, in_second);
    else if (in_second)
        *text = in_second;
    return *text || no_memory(explanation);
}

static bool explain_sets(struct explanation *explanation, const struct node *node, bool wanted)
{
    struct evaluation *evaluation = explanation->evaluation;
    const struct node *first = node->child, *shown = first;
    const char *found = "unknown: no evidence", *expected;
    struct member_sets sets;
    bool known;

    if (!members_sets(evaluation, node, &sets, &known))
        return false;
    if (expression_is_constant(first) || (sets.first.known && !sets.second.known))
        shown = first->next;
    name_source(explanation, shown, node);
    if (known && !say_sets(explanation, node, wanted, &sets, &found))
        return false;
    expected = print_source(evaluation->arena, node->source);
    if (!expected)
        return no_memory(explanation);
    return finish(explanation,
                  arena_printf(evaluation->arena, "%s%s", wanted ? "" : "not: ", expected), found);
}

/* The operand of a chain to blame: the first that decides against what is wanted, else the first that
 * is unknown, else the first. */
static bool explain_chain(struct explanation *explanation, const struct node *node, bool wanted)
{
    const struct node *blamed = NULL, *child = node->child; /* the first of two or more */
    bool decides = node->kind == NODE_OR;
    struct value value;

    do {
        if (!expression_evaluate(explanation->evaluation, child, &value))
            return false;
        if (value.known && value.is_true == decides && decides != wanted)
            return explain_node(explanation, child, wanted);
        if (!value.known && !blamed)
            blamed = child;
        child = child->next;
    } while (child);
    return explain_node(explanation, blamed ? blamed : node->child, wanted);
}

/* A condition over a list for which no single item is to blame: the list, or of exists_one() the
 * items that are one too many. */
static bool explain_list(struct explanation *explanation, const struct node *node, bool wanted,
                         const struct value *list)
{
    struct evaluation *evaluation = explanation->evaluation;
    struct claim_item shown[ITEMS_SHOWN];
    const char *expected = print_source(evaluation->arena, node->source), *found = NULL;
    struct value value;
    size_t n_items = 0;

    if (!expected)
        return no_memory(explanation);
    for (size_t i = 0; node->kind == NODE_EXISTS_ONE && wanted && i < list->n_items; i++) {
        evaluation->variables[node->variable] = &list->items[i];
        if (!expression_evaluate(evaluation, node->child->next, &value))
            return false;
        if (!value.known || !value.is_true)
            continue;
        if (n_items < ITEMS_SHOWN)
            shown[n_items] = list->items[i];
        n_items++;
    }
    name_source(explanation, node->child, node);
    if (n_items > 1) {
        name_member(explanation, &shown[1]);
        found = print_items(explanation, node, shown, n_items);
    } else {
        found = print_value(explanation, node, node->child, list);
    }
    return finish(explanation,
                  arena_printf(evaluation->arena, "%s%s", wanted ? "" : "not: ", expected), found);
}

/* all() that should hold, or exists() that should not: the first item that breaks it. */
static bool explain_macro(struct explanation *explanation, const struct node *node, bool wanted)
{
    struct evaluation *evaluation = explanation->evaluation;
    bool each = node->kind == (wanted ? NODE_ALL : NODE_EXISTS);
    const struct node *body = node->child->next;
    const struct claim_item *blamed = NULL;
    struct value list, value;

    if (!expression_evaluate(evaluation, node->child, &list))
        return false;
    evaluation->variable_lists[node->variable] = node->child;
    for (size_t i = 0; each && list.known && i < list.n_items; i++) {
        evaluation->variables[node->variable] = &list.items[i];
        if (!expression_evaluate(evaluation, body, &value))
            return false;
        if (value.known && value.is_true == wanted)
            continue;
        blamed = &list.items[i];
        if (value.known)
            break;
    }
    if (!blamed)
        return explain_list(explanation, node, wanted, &list);
    evaluation->variables[node->variable] = blamed;
    return explain_node(explanation, body, wanted);
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
    case NODE_EXISTS_ONE:
        return explain_macro(explanation, node, wanted);
    case NODE_SETS_CONTAINS:
    case NODE_SETS_EQUIVALENT:
    case NODE_SETS_INTERSECTS:
        return explain_sets(explanation, node, wanted);
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
