/* Tries a condition with everything that its parts can be, and sees what never makes a difference.
 *
 * The parts that are not made of other conditions (atoms) become dimensions: one for each value that
 * is compared with constants, whose cells are those constants and what lies between, and one for each
 * other atom. Every choice of cells is tried in the three-valued logic of evaluate.c. Owns scratch in
 * the arena. Trusts the tree (it was type-checked). Never calls something constant that is not: what
 * it does not understand may be anything. */
#include "policy/reachability.h"

#include "policy/version.h"

enum truth {
    FALSE = 0,
    TRUE,
    UNKNOWN,
    TRUTHS,
    OPEN = TRUTHS, /* false or true, by itself */
};

#define NONE SIZE_MAX

/* A condition within the whole; parents stand before their children. */
struct place {
    const struct node *node;
    size_t parent, end; /* end: behind the last place below it */
    size_t atom;        /* NONE: it is made of those below it */
    uint8_t value;
    size_t n_absorbing, n_unknown; /* of a chain's operands */
    uint8_t whole[TRUTHS];         /* what the whole is, were this place false, true or unknown */
    bool seen_true, seen_false, decides;
};

/* What a compared value can be: a constant, something next to it, or none of the constants. */
struct cell {
    const struct claim_item *item; /* NULL: none of them; of versions, older than all */
    int64_t number;                /* the number itself; of versions, 1 for newer than the item */
};

struct dimension {
    const struct node *subject; /* NULL: an atom's own */
    struct cell *cells;
    size_t n_cells;
    size_t n_options; /* a subject's cells and unknown; an atom's own truths */
    size_t option;    /* the one tried now */
};

struct atom {
    const struct node *node;
    size_t subject, own; /* dimensions; NONE for none */
    struct value second; /* with a subject: what that is compared with */
    uint8_t *truths;     /* with a subject: at each of its cells */
    enum truth constant; /* without dimensions */
};

struct trial {
    struct arena *arena;
    struct error *error;
    size_t n_places, n_atoms, n_dimensions;
    size_t steps_max;
    bool too_large;
    struct place places[LIMIT_REACHABILITY_PLACES];
    struct atom atoms[LIMIT_REACHABILITY_PLACES];
    struct dimension dimensions[2 * LIMIT_REACHABILITY_PLACES];
};

/* --- Places --- */

static bool is_comparison(const struct node *node)
{
    return node->kind >= NODE_EQUAL && node->kind <= NODE_GREATER_EQUAL;
}

static bool is_chain(const struct node *node)
{
    return node->kind == NODE_AND || node->kind == NODE_OR;
}

/* !, &&, ||, and == or != between two conditions. */
static bool is_made_of_conditions(const struct node *node)
{
    return node->kind == NODE_NOT || is_chain(node) ||
           (is_comparison(node) && node->child->type == EXPRESSION_BOOL);
}

static size_t find_atom(struct trial *trial, const struct node *node)
{
    for (size_t i = 0; i < trial->n_atoms; i++)
        if (expression_equal(trial->atoms[i].node, node))
            return i;
    trial->atoms[trial->n_atoms] = (struct atom){.node = node, .subject = NONE, .own = NONE};
    return trial->n_atoms++;
}

static void add_places(struct trial *trial, const struct node *node, size_t parent)
{
    size_t at = trial->n_places;

    if (at == LIMIT_REACHABILITY_PLACES) {
        trial->too_large = true;
        return;
    }
    trial->n_places++;
    trial->places[at] = (struct place){.node = node, .parent = parent, .atom = NONE};
    if (!is_made_of_conditions(node))
        trial->places[at].atom = find_atom(trial, node);
    else
        for (const struct node *child = node->child; child && !trial->too_large;
             child = child->next)
            add_places(trial, child, at);
    trial->places[at].end = trial->n_places;
}

/* --- Dimensions --- */

/* What a constant part of an expression is: no claim is looked at. */
static bool read_constant(struct trial *trial, const struct node *node, struct value *value)
{
    static const struct claims NO_CLAIMS;
    struct evaluation evaluation = {
        .claims = &NO_CLAIMS, .arena = trial->arena, .error = trial->error};

    return expression_evaluate(&evaluation, node, value);
}

/* Constant, and also when references change. */
static bool is_literal(const struct node *node)
{
    if (node->kind == NODE_LIST && node->list->name)
        return false;
    for (const struct node *child = node->child; child; child = child->next)
        if (!is_literal(child))
            return false;
    return expression_is_constant(node);
}

/* What the atom compares with constants of the policy's own; NULL when it does not. */
static const struct node *subject_of(const struct node *atom)
{
    const struct node *first = atom->child, *second = first ? first->next : NULL;

    if (!second || !is_literal(second))
        return NULL;
    switch (atom->kind) {
    case NODE_IN:
        return second->kind == NODE_LIST && second->list->n_items <= LIMIT_REACHABILITY_PLACES
                   ? first
                   : NULL;
    case NODE_CONTAINS:
    case NODE_STARTS_WITH:
    case NODE_ENDS_WITH:
        return first;
    default:
        return is_comparison(atom) ? first : NULL;
    }
}

static size_t add_dimension(struct trial *trial, const struct node *subject, size_t n_options)
{
    trial->dimensions[trial->n_dimensions] = (struct dimension){.subject = subject,
                                                                .n_options = n_options};
    return trial->n_dimensions++;
}

static size_t find_subject(struct trial *trial, const struct node *subject)
{
    for (size_t i = 0; i < trial->n_dimensions; i++)
        if (trial->dimensions[i].subject && expression_equal(trial->dimensions[i].subject, subject))
            return i;
    return add_dimension(trial, subject, 1); /* unknown */
}

static bool has_capital(const struct claim_item *item)
{
    for (size_t i = 0; item->kind == CLAIM_ITEM_TEXT && i < item->bytes.len; i++)
        if (item->bytes.data[i] >= 'A' && item->bytes.data[i] <= 'Z')
            return true;
    return false;
}

/* The cells that an atom adds to its subject; cells NULL only counts them. */
static size_t cells_of(const struct atom *atom, struct cell *cells)
{
    const struct node *subject = atom->node->child;
    const struct claim_item *items = atom->second.items;
    size_t n_items = atom->second.n_items, n_cells = 0;

    if (subject->type == EXPRESSION_INT) {
        for (int64_t number = atom->second.number - 1; number <= atom->second.number + 1; number++)
            if (number >= 0) { /* all numbers are sizes, and those have a limit */
                if (cells)
                    cells[n_cells] = (struct cell){
                        .number = number < LIMIT_CLAIM_ITEMS ? number : LIMIT_CLAIM_ITEMS};
                n_cells++;
            }
        return n_cells;
    }
    if (subject->type == EXPRESSION_VERSION) {
        for (int64_t newer = 0; cells && newer < 2; newer++)
            cells[newer] = (struct cell){.item = &atom->second.text, .number = newer};
        return 2;
    }
    if (atom->node->kind == NODE_EQUAL || atom->node->kind == NODE_NOT_EQUAL) {
        items = &atom->second.text;
        n_items = 1;
    } else if (atom->node->kind != NODE_IN) {
        n_items = 0;
    }
    for (size_t i = 0; i < n_items; i++) {
        if (subject->kind == NODE_LOWER_ASCII && has_capital(&items[i]))
            continue;
        if (cells)
            cells[n_cells] = (struct cell){.item = &items[i]};
        n_cells++;
    }
    return n_cells;
}

/* Gives every subject its cells: those of its atoms and, but for numbers, one besides them. */
static bool fill_subjects(struct trial *trial)
{
    for (size_t i = 0; i < trial->n_dimensions; i++) {
        struct dimension *dimension = &trial->dimensions[i];

        if (!dimension->subject)
            continue;
        dimension->cells = arena_array(trial->arena, dimension->n_options, sizeof(struct cell));
        if (!dimension->cells)
            return arena_error(trial->arena, trial->error);
        if (dimension->subject->type != EXPRESSION_INT)
            dimension->n_cells = 1;
        for (size_t k = 0; k < trial->n_atoms; k++)
            if (trial->atoms[k].subject == i)
                dimension->n_cells += cells_of(&trial->atoms[k],
                                               dimension->cells + dimension->n_cells);
    }
    return true;
}

/* A list of constants without any. */
static bool is_empty(const struct node *node)
{
    return node->kind == NODE_LIST && !node->list->name && node->list->n_items == 0;
}

/* What the atom is whatever its operands are: when both are the same, or one is an empty list. False
 * when that depends on them. Where they are unknown so is the atom, which decides as little. */
static bool find_plain_truth(const struct node *atom, enum truth *truth)
{
    const struct node *first = atom->child, *second = first ? first->next : NULL;
    bool same = second && expression_equal(first, second);

    same |= atom->kind == NODE_SETS_CONTAINS && is_empty(second);
    switch (atom->kind) {
    case NODE_SETS_CONTAINS:
    case NODE_EQUAL:
    case NODE_LESS_EQUAL:
    case NODE_GREATER_EQUAL:
    case NODE_CONTAINS:
    case NODE_STARTS_WITH:
    case NODE_ENDS_WITH:
    case NODE_SETS_EQUIVALENT:
        *truth = TRUE;
        return same;
    case NODE_NOT_EQUAL:
    case NODE_LESS:
    case NODE_GREATER:
        *truth = FALSE;
        return same;
    case NODE_SETS_INTERSECTS:
        *truth = FALSE;
        return is_empty(first) || is_empty(second);
    default:
        return false;
    }
}

static bool add_atom_dimensions(struct trial *trial, struct atom *atom)
{
    const struct node *subject = subject_of(atom->node);
    struct value value;

    if (find_plain_truth(atom->node, &atom->constant))
        return true;

    if (expression_is_constant(atom->node) && atom->node->cost <= LIMIT_REACHABILITY_STEPS) {
        if (!read_constant(trial, atom->node, &value))
            return false;
        atom->constant = !value.known ? UNKNOWN : value.is_true ? TRUE : FALSE;
        return true;
    }
    if (!subject) {
        atom->own = add_dimension(trial, NULL, TRUTHS);
        return true;
    }
    if (!read_constant(trial, atom->node->child->next, &atom->second))
        return false;
    if (!atom->second.known) {
        atom->constant = UNKNOWN;
        return true;
    }
    atom->subject = find_subject(trial, subject);
    trial->dimensions[atom->subject].n_options += cells_of(atom, NULL) + 1;
    if (atom->node->kind == NODE_CONTAINS || atom->node->kind == NODE_STARTS_WITH ||
        atom->node->kind == NODE_ENDS_WITH)
        atom->own = add_dimension(trial, NULL, 2);
    return true;
}

/* --- Atoms --- */

static enum truth text_truth(const struct atom *atom, const struct cell *cell)
{
    const struct claim_item *part = &atom->second.text;

    if (part->kind == CLAIM_ITEM_TEXT && part->bytes.len == 0)
        return TRUE;
    if (atom->node->child->kind == NODE_LOWER_ASCII && has_capital(part))
        return FALSE;
    /* what equals a digest may be a certificate, whose text is its subject */
    if (!cell->item || cell->item->kind != CLAIM_ITEM_TEXT || part->kind != CLAIM_ITEM_TEXT)
        return OPEN;
    return expression_text_matches(atom->node->kind, cell->item->bytes, part->bytes);
}

static enum truth cell_truth(const struct atom *atom, const struct cell *cell)
{
    const struct node *node = atom->node;
    const struct value *second = &atom->second;
    int order;

    if (node->kind == NODE_IN) {
        for (size_t i = 0; cell->item && i < second->n_items; i++)
            if (expression_item_compare(cell->item, &second->items[i]) == 0)
                return TRUE;
        return FALSE;
    }
    if (!is_comparison(node))
        return text_truth(atom, cell);
    switch (node->child->type) {
    case EXPRESSION_INT:
        return expression_numbers_hold(node->kind, cell->number, second->number);
    case EXPRESSION_VERSION:
        order = cell->item ? version_compare(cell->item->bytes, second->text.bytes) : -1;
        return expression_numbers_hold(node->kind, order ? order : cell->number, 0);
    default:
        order = cell->item ? expression_item_compare(cell->item, &second->text) : -1;
        return expression_numbers_hold(node->kind, order, 0);
    }
}

static bool fill_truths(struct trial *trial)
{
    for (size_t i = 0; i < trial->n_atoms; i++) {
        struct atom *atom = &trial->atoms[i];
        const struct dimension *dimension;

        if (atom->subject == NONE)
            continue;
        dimension = &trial->dimensions[atom->subject];
        atom->truths = arena_alloc(trial->arena, dimension->n_cells);
        if (!atom->truths)
            return arena_error(trial->arena, trial->error);
        for (size_t k = 0; k < dimension->n_cells; k++)
            atom->truths[k] = (uint8_t)cell_truth(atom, &dimension->cells[k]);
    }
    return true;
}

static enum truth atom_value(const struct trial *trial, const struct atom *atom)
{
    enum truth truth = OPEN;

    if (atom->subject != NONE) {
        const struct dimension *dimension = &trial->dimensions[atom->subject];

        if (dimension->option == dimension->n_cells)
            return UNKNOWN;
        truth = (enum truth)atom->truths[dimension->option];
    } else if (atom->own == NONE) {
        return atom->constant;
    }
    return truth == OPEN ? (enum truth)trial->dimensions[atom->own].option : truth;
}

/* --- Trying --- */

static enum truth negated(enum truth truth)
{
    return truth == UNKNOWN ? UNKNOWN : truth == TRUE ? FALSE : TRUE;
}

static enum truth compared(enum node_kind kind, enum truth a, enum truth b)
{
    if (a == UNKNOWN || b == UNKNOWN)
        return UNKNOWN;
    return (a == b) == (kind == NODE_EQUAL) ? TRUE : FALSE;
}

/* What decides a chain whatever its other operands are. */
static enum truth absorbing_of(const struct node *chain)
{
    return chain->kind == NODE_AND ? FALSE : TRUE;
}

static enum truth chain_value(const struct place *chain, size_t n_absorbing, size_t n_unknown)
{
    enum truth absorbing = absorbing_of(chain->node);

    return n_absorbing ? absorbing : n_unknown ? UNKNOWN : negated(absorbing);
}

static enum truth value_of(struct trial *trial, size_t at)
{
    struct place *place = &trial->places[at];
    const struct place *first = place + 1;

    if (place->atom != NONE)
        return atom_value(trial, &trial->atoms[place->atom]);
    if (place->node->kind == NODE_NOT)
        return negated((enum truth)first->value);
    if (is_comparison(place->node))
        return compared(place->node->kind, (enum truth)first->value,
                        (enum truth)trial->places[first->end].value);
    place->n_absorbing = place->n_unknown = 0;
    for (size_t child = at + 1; child < place->end; child = trial->places[child].end) {
        place->n_absorbing += trial->places[child].value == absorbing_of(place->node);
        place->n_unknown += trial->places[child].value == UNKNOWN;
    }
    return chain_value(place, place->n_absorbing, place->n_unknown);
}

/* What the parent is for a truth of one of the places below it. */
static enum truth parent_value(const struct trial *trial, size_t at, enum truth truth)
{
    const struct place *place = &trial->places[at], *parent = &trial->places[place->parent];
    size_t first = place->parent + 1;

    if (parent->node->kind == NODE_NOT)
        return negated(truth);
    if (is_comparison(parent->node))
        return compared(parent->node->kind, truth,
                        (enum truth)trial->places[at == first ? place->end : first].value);
    return chain_value(parent,
                       parent->n_absorbing - (place->value == absorbing_of(parent->node)) +
                           (truth == absorbing_of(parent->node)),
                       parent->n_unknown - (place->value == UNKNOWN) + (truth == UNKNOWN));
}

/* What the whole is for each truth of a place, from what it is for each of its parent's. An operand
 * of a chain decides where leaving it out would make another whole. */
static void find_whole(struct trial *trial, size_t at)
{
    struct place *place = &trial->places[at];
    const struct place *parent = &trial->places[place->parent];

    for (int truth = 0; truth < TRUTHS; truth++)
        place->whole[truth] = parent->whole[parent_value(trial, at, (enum truth)truth)];
    if (is_chain(parent->node) &&
        place->whole[place->value] != place->whole[negated(absorbing_of(parent->node))])
        place->decides = true;
}

static void try_once(struct trial *trial)
{
    for (size_t at = trial->n_places; at-- > 0;) {
        struct place *place = &trial->places[at];

        place->value = (uint8_t)value_of(trial, at);
        place->seen_true |= place->value == TRUE;
        place->seen_false |= place->value == FALSE;
    }
    for (int truth = 0; truth < TRUTHS; truth++)
        trial->places[0].whole[truth] = (uint8_t)truth;
    for (size_t at = 1; at < trial->n_places; at++)
        find_whole(trial, at);
}

static bool next_option(struct trial *trial)
{
    for (size_t i = 0; i < trial->n_dimensions; i++) {
        struct dimension *dimension = &trial->dimensions[i];

        if (++dimension->option < dimension->n_options)
            return true;
        dimension->option = 0;
    }
    return false;
}

/* What a text that starts, ends or goes as one part demands makes of another part: TRUE, FALSE or OPEN. */
static enum truth entailed(const struct atom *holds, const struct atom *other)
{
    struct span part = holds->second.text.bytes, wanted = other->second.text.bytes;
    bool same_end = holds->node->kind == other->node->kind && holds->node->kind != NODE_CONTAINS;

    if (holds->second.text.kind != CLAIM_ITEM_TEXT || other->second.text.kind != CLAIM_ITEM_TEXT)
        return OPEN;
    if ((same_end || other->node->kind == NODE_CONTAINS) &&
        expression_text_matches(other->node->kind, part, wanted))
        return TRUE;
    return same_end && !expression_text_matches(other->node->kind, wanted, part) ? FALSE : OPEN;
}

static bool is_open(const struct trial *trial, const struct atom *atom)
{
    const struct dimension *dimension;

    if (atom->subject == NONE || atom->own == NONE)
        return false;
    dimension = &trial->dimensions[atom->subject];
    return dimension->option < dimension->n_cells && atom->truths[dimension->option] == OPEN;
}

/* Whether some text is all that the options say of the parts it has: none starts with "a" and "b". */
static bool is_possible(const struct trial *trial)
{
    for (size_t i = 0; i < trial->n_atoms; i++) {
        const struct atom *holds = &trial->atoms[i];

        if (!is_open(trial, holds) || atom_value(trial, holds) != TRUE)
            continue;
        for (size_t k = 0; k < trial->n_atoms; k++) {
            const struct atom *other = &trial->atoms[k];
            enum truth truth;

            if (k == i || other->subject != holds->subject || !is_open(trial, other))
                continue;
            truth = entailed(holds, other);
            if (truth != OPEN && truth != atom_value(trial, other))
                return false;
        }
    }
    return true;
}

/* Tries the condition with everything, unless that is too much: then trial->too_large. Fails only for
 * memory. */
static bool try_all(struct trial *trial, const struct node *root)
{
    size_t n_steps;

    trial->n_places = trial->n_atoms = trial->n_dimensions = 0;
    trial->too_large = false;
    add_places(trial, root, NONE);
    if (trial->too_large)
        return true;
    for (size_t i = 0; i < trial->n_atoms; i++)
        if (!add_atom_dimensions(trial, &trial->atoms[i]))
            return false;
    n_steps = trial->n_places;
    for (size_t i = 0; i < trial->n_dimensions && n_steps <= trial->steps_max; i++)
        n_steps *= trial->dimensions[i].n_options;
    trial->too_large = n_steps > trial->steps_max;
    if (trial->too_large)
        return true;
    if (!fill_subjects(trial) || !fill_truths(trial))
        return false;
    for (size_t i = 0; i < trial->n_dimensions; i++)
        if (trial->dimensions[i].subject)
            trial->dimensions[i].n_options = trial->dimensions[i].n_cells + 1;
    do
        if (is_possible(trial))
            try_once(trial);
    while (next_option(trial));
    return true;
}

/* --- Findings --- */

static void find(struct reachability_finding *finding, struct span at, const char *message)
{
    *finding = (struct reachability_finding){.at = at, .message = message};
}

/* Whether the place is the same in every trial. "== true" is no condition by itself. */
static bool is_fixed(const struct trial *trial, size_t at)
{
    const struct place *place = &trial->places[at];

    if (place->node->kind == NODE_BOOL && at > 0 &&
        is_comparison(trial->places[place->parent].node))
        return false;
    return !place->seen_true || !place->seen_false;
}

static bool is_idle(const struct trial *trial, size_t at)
{
    return at > 0 && is_chain(trial->places[trial->places[at].parent].node) &&
           !trial->places[at].decides;
}

/* The innermost condition that is fixed, else the last operand that never decides, as a whole. */
static void find_in_trial(const struct trial *trial, struct reachability_finding *finding)
{
    const struct place *places = trial->places;
    size_t idle = NONE;

    for (size_t at = 0; at < trial->n_places; at++) {
        size_t below = at + 1;

        while (below < places[at].end && !is_fixed(trial, below))
            below++;
        if (is_fixed(trial, at) && below == places[at].end) {
            find(finding, places[at].node->source,
                 places[at].seen_true ? "this holds whatever the host shows"
                                      : "this can never hold");
            return;
        }
        if (is_idle(trial, at) && (idle == NONE || at >= places[idle].end))
            idle = at;
    }
    if (idle != NONE)
        find(finding, places[idle].node->source,
             "this never decides: what it is joined with says as much");
}

/* Searches a condition, or part by part one that is too large to try. */
static bool search(struct trial *trial, const struct node *node,
                   struct reachability_finding *finding)
{
    if (!try_all(trial, node))
        return false;
    if (!trial->too_large) {
        find_in_trial(trial, finding);
        return true;
    }
    for (const struct node *child = is_made_of_conditions(node) ? node->child : NULL;
         child && !finding->message; child = child->next)
        if (!search(trial, child, finding))
            return false;
    return true;
}

static bool reads_variable(const struct node *node, unsigned variable)
{
    if (node->kind == NODE_VARIABLE && node->variable == variable)
        return true;
    for (const struct node *child = node->child; child; child = child->next)
        if (reads_variable(child, variable))
            return true;
    return false;
}

/* Searches the conditions over lists' items, the innermost first. */
static bool search_bodies(struct trial *trial, const struct node *node,
                          struct reachability_finding *finding)
{
    bool is_macro = node->kind == NODE_ALL || node->kind == NODE_EXISTS ||
                    node->kind == NODE_EXISTS_ONE;
    const struct node *body = is_macro && node->child ? node->child->next : NULL;

    for (const struct node *child = node->child; child && !finding->message; child = child->next)
        if (!search_bodies(trial, child, finding))
            return false;
    if (!body || finding->message)
        return true;
    if (!search(trial, body, finding))
        return false;
    if (!finding->message && !reads_variable(body, node->variable))
        find(finding, body->source, "this says nothing of the list's items");
    return true;
}

static bool check(struct trial *trial, const struct node *root,
                  struct reachability_finding *finding)
{
    return search_bodies(trial, root, finding) &&
           (finding->message || search(trial, root, finding));
}

/* Whether both can hold at once; true also when that is too much to try. */
static bool can_both_hold(struct trial *trial, const struct node *a, const struct node *b,
                          bool *can)
{
    struct node first = *a, second = *b;
    const struct node both = {.kind = NODE_AND, .type = EXPRESSION_BOOL, .child = &first};

    first.next = &second;
    second.next = NULL;
    if (!try_all(trial, &both))
        return false;
    *can = trial->too_large || trial->places[0].seen_true;
    return true;
}

static bool check_both(struct trial *trial, const struct node *when, const struct node *require,
                       struct reachability_finding *finding)
{
    struct node operand = *require;
    const struct node opposite = {
        .kind = NODE_NOT, .type = EXPRESSION_BOOL, .child = &operand, .source = require->source};
    bool can_hold, can_fail;

    operand.next = NULL;
    if (!can_both_hold(trial, when, require, &can_hold) ||
        !can_both_hold(trial, when, &opposite, &can_fail))
        return false;
    if (!can_hold)
        find(finding, require->source, "this can never hold where the rule applies");
    else if (!can_fail)
        find(finding, require->source, "this holds wherever the rule applies");
    return true;
}

bool reachability_check(const struct node *when, const struct node *require, struct arena *arena,
                        struct reachability_finding *finding, struct error *error)
{
    struct reachability_finding found = {0};
    struct trial trial = {.arena = arena, .error = error, .steps_max = LIMIT_REACHABILITY_STEPS};

    if ((when && !check(&trial, when, &found)) ||
        (!found.message && !check(&trial, require, &found)) ||
        (!found.message && when && !check_both(&trial, when, require, &found)))
        return false;
    *finding = found;
    return true;
}

static bool conditions_equal(const struct policy_condition *a, const struct policy_condition *b)
{
    if (!a->root || !b->root)
        return a->root == b->root;
    if (a->n_reads != b->n_reads || !expression_equal(a->root, b->root))
        return false;
    for (size_t i = 0; i < a->n_reads; i++)
        if (a->reads[i].grade != b->reads[i].grade) /* of the same claims: the same are read */
            return false;
    return true;
}

bool reachability_repeats(const struct policy_rule *a, const struct policy_rule *b)
{
    return a->severity == b->severity && conditions_equal(&a->when, &b->when) &&
           conditions_equal(&a->require, &b->require);
}

/* Whether both cut off the same hosts, and some claim decides both. */
static bool may_collide(const struct policy_rule *a, const struct policy_rule *b)
{
    const struct node *when_a = a->when.root, *when_b = b->when.root;

    if (a->severity != POLICY_UNTRUSTED || b->severity != POLICY_UNTRUSTED ||
        (when_a && when_b ? !expression_equal(when_a, when_b) : when_a != when_b))
        return false;
    for (size_t i = 0; i < a->require.n_reads; i++)
        for (size_t k = 0; k < b->require.n_reads; k++)
            if (a->require.reads[i].claim == b->require.reads[k].claim)
                return true;
    return false;
}

bool reachability_excludes(const struct policy_rule *a, const struct policy_rule *b,
                           struct arena *scratch, bool *excludes, struct error *error)
{
    struct trial trial = {
        .arena = scratch, .error = error, .steps_max = LIMIT_REACHABILITY_PAIR_STEPS};
    bool can = true;

    if (may_collide(a, b) && !can_both_hold(&trial, a->require.root, b->require.root, &can))
        return false;
    *excludes = !can;
    return true;
}
