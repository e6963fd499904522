/* Policies from their sources: heads, values, then rules.
 *
 * Owns nothing but what is in the arena. Trusts document/document.h for the form of the text. Never
 * lets a key, a type or a cost go unchecked. */
#include "policy/nearest.h"
#include "policy/reachability.h"
#include "policy/values.h"

struct compiler {
    const struct document *document; /* the policy's own text */
    const struct expression_references *references;
    struct arena *arena;
    struct error *error;
};

static bool fail_at(struct compiler *compiler, size_t offset, const char *message,
                    const char *subject)
{
    return document_error(compiler->error, offset, message, subject);
}

/* --- Grades: "reported, dma_protection.boot attested" --- */

/* What the rule demands of each claim; and which it reads, so that no demand is in vain. */
struct demands {
    enum claim_grade grades[CLAIM_IDS];
    bool read_by_when[CLAIM_IDS], read_by_require[CLAIM_IDS];
    bool is_exception[CLAIM_IDS];
};

/* The next word of text; empty at its end. */
static struct span take_word(struct span *text)
{
    struct span word = {0};

    while (text->len && strchr(" \t\n", *text->data))
        *text = span_of(text->data + 1, text->len - 1);
    word.data = text->data;
    while (word.len < text->len && !strchr(" \t\n", word.data[word.len]))
        word.len++;
    *text = span_of(text->data + word.len, text->len - word.len);
    return word;
}

static bool fail_word(struct compiler *compiler, const struct document_entry *entry,
                      struct span word, const char *message)
{
    const char *subject = arena_text(compiler->arena, word);
    size_t at = (size_t)(word.data - (const uint8_t *)entry->value);

    return subject ? fail_at(compiler, document_value_offset(entry, at), message, subject)
                   : arena_error(compiler->arena, compiler->error);
}

static bool fail_claim(struct compiler *compiler, const struct document_entry *entry,
                       struct span word)
{
    struct nearest nearest = nearest_to(word);
    const char *message = "there is no claim";

    for (int id = 0; id < CLAIM_IDS; id++)
        nearest_try(&nearest, claim_name((enum claim_id)id));
    if (nearest.name)
        message = arena_printf(compiler->arena, "did you mean \"%s\"? There is no claim",
                               nearest.name);
    return message ? fail_word(compiler, entry, word, message)
                   : arena_error(compiler->arena, compiler->error);
}

static bool read_exception(struct compiler *compiler, const struct document_entry *entry,
                           struct span word, enum claim_grade grade, struct demands *demands)
{
    enum claim_id claim = claim_by_name(word);

    if (claim == CLAIM_IDS)
        return fail_claim(compiler, entry, word);
    if (!demands->read_by_when[claim] && !demands->read_by_require[claim])
        return fail_word(compiler, entry, word, "the rule does not read");
    if (demands->is_exception[claim])
        return fail_word(compiler, entry, word, "the grade is there twice of");
    demands->is_exception[claim] = true;
    demands->grades[claim] = grade;
    return true;
}

/* One part between commas: the rule's default when it is the first and names no claim. */
static bool read_grade(struct compiler *compiler, const struct document_entry *entry,
                       struct span part, bool is_first, struct demands *demands)
{
    struct span first = take_word(&part), second = take_word(&part), third = take_word(&part);
    struct span word = second.len ? second : first;
    int grade = CLAIM_ATTESTED;

    if (third.len)
        return fail_word(compiler, entry, third, "expected a comma, not");
    while (grade >= CLAIM_UNPROVEN && !span_is(word, claim_grade_name((enum claim_grade)grade)))
        grade--;
    if (grade < CLAIM_UNPROVEN)
        return fail_word(compiler, entry, word,
                         "grade is attested, signed, reported or unproven, not");
    if (second.len)
        return read_exception(compiler, entry, first, (enum claim_grade)grade, demands);
    if (!is_first)
        return fail_word(compiler, entry, first, "expected a claim before the grade");
    for (int id = 0; id < CLAIM_IDS; id++)
        demands->grades[id] = (enum claim_grade)grade;
    return true;
}

static bool read_grades(struct compiler *compiler, const struct document_entry *entry,
                        struct demands *demands)
{
    struct span rest = span_of(entry->value, entry->value_len);
    bool is_first = true, more;

    do {
        const uint8_t *comma = memchr(rest.data, ',', rest.len);
        size_t len = comma ? (size_t)(comma - rest.data) : rest.len;

        more = comma != NULL;
        if (!read_grade(compiler, entry, span_of(rest.data, len), is_first, demands))
            return false;
        is_first = false;
        rest = span_of(rest.data + len + more, rest.len - len - more);
    } while (more);
    return true;
}

/* --- Rules --- */

/* One of some words, by its place among them; NULL ends them. */
static bool read_choice(struct compiler *compiler, const struct document_entry *entry,
                        const char *const *words, const char *message, size_t *choice)
{
    for (*choice = 0; words[*choice]; ++*choice)
        if (strcmp(entry->value, words[*choice]) == 0)
            return true;
    return fail_at(compiler, entry->offset, message, entry->value);
}

/* Moves an expression's error from its value to the policy's text. */
static bool read_condition(struct compiler *compiler, const struct document_entry *entry,
                           bool *claims_read, struct node **root)
{
    struct span text = span_of(entry->value, entry->value_len);

    if (expression_parse(text, compiler->references, compiler->arena, root, claims_read,
                         compiler->error))
        return true;
    compiler->error->offset = document_value_offset(entry, compiler->error->offset);
    return false;
}

/* What is wrong with a key whatever it means: no value, or one that took in the key on the next line. */
static bool check_entry(struct compiler *compiler, const struct document_entry *entry)
{
    static const char *const KEYS[] = {"require",  "message", "when",   "grade",
                                       "severity", "action",  "serves", "changed_by"};
    size_t at;

    if (entry->value_len == 0)
        return fail_at(compiler, entry->offset, "there is no value for", entry->name);
    if (document_swallows(entry, KEYS, sizeof KEYS / sizeof *KEYS, &at))
        return fail_at(compiler, document_value_offset(entry, at),
                       "an indented line goes on with the value above it, that of", entry->name);
    return true;
}

static bool read_rule_key(struct compiler *compiler, const struct document_entry *entry,
                          struct policy_rule *rule, struct demands *demands)
{
    const char *const SEVERITIES[] = {policy_severity_name(POLICY_UNTRUSTED),
                                      policy_severity_name(POLICY_ATTENTION),
                                      policy_severity_name(POLICY_NOTE), NULL};
    static const char *const CHANGED_BY[] = {"operator", "firmware set-up", "vendor", NULL};
    size_t choice;

    if (strcmp(entry->name, "when") == 0)
        return read_condition(compiler, entry, demands->read_by_when, &rule->when.root);
    if (strcmp(entry->name, "require") == 0)
        return read_condition(compiler, entry, demands->read_by_require, &rule->require.root);
    if (strcmp(entry->name, "severity") == 0) {
        if (!read_choice(compiler, entry, SEVERITIES,
                         "severity is untrusted, attention or note, not", &choice))
            return false;
        rule->severity = (enum policy_severity)choice;
    } else if (strcmp(entry->name, "changed_by") == 0) {
        if (!read_choice(compiler, entry, CHANGED_BY,
                         "changed_by is operator, firmware set-up or vendor, not", &choice))
            return false;
        rule->changed_by = CHANGED_BY[choice];
    } else if (strcmp(entry->name, "message") == 0) {
        rule->message = document_entry_text(entry);
    } else if (strcmp(entry->name, "action") == 0) {
        rule->action = document_entry_text(entry);
    } else if (strcmp(entry->name, "serves") == 0) {
        rule->serves = document_entry_text(entry);
    } else if (strcmp(entry->name, "grade") != 0) { /* read last: it names what the rule reads */
        return fail_at(compiler, entry->name_offset,
                       "a rule has require, message, when, grade, severity, action, serves and "
                       "changed_by, not",
                       entry->name);
    }
    return true;
}

static bool keep_reads(struct compiler *compiler, const bool *read, const enum claim_grade *grades,
                       struct policy_condition *condition)
{
    size_t n_reads = 0;

    for (int id = 0; id < CLAIM_IDS; id++)
        n_reads += read[id];
    condition->reads = arena_array(compiler->arena, n_reads + 1, sizeof *condition->reads);
    if (!condition->reads)
        return arena_error(compiler->arena, compiler->error);
    for (int id = 0; id < CLAIM_IDS; id++)
        if (read[id])
            condition->reads[condition->n_reads++] = (struct policy_demand){
                .claim = (enum claim_id)id, .grade = grades[id]};
    return true;
}

/* Refuses what never makes a difference. The conditions' texts are the entries' values. */
static bool check_reachability(struct compiler *compiler, const struct document_section *section,
                               const struct policy_rule *rule)
{
    struct reachability_finding finding;

    if (!reachability_check(rule->when.root, rule->require.root, compiler->arena, &finding,
                            compiler->error))
        return false;
    for (const struct document_entry *entry = section->first; entry && finding.message;
         entry = entry->next) {
        uintptr_t start = (uintptr_t)entry->value, at = (uintptr_t)finding.at.data;

        if (at >= start && at < start + entry->value_len)
            return fail_at(compiler, document_value_offset(entry, at - start), finding.message,
                           NULL);
    }
    return true;
}

static bool read_rule(struct compiler *compiler, const struct document_section *section,
                      struct policy_rule *rule)
{
    struct demands demands = {0};

    rule->name = section->name;
    for (int id = 0; id < CLAIM_IDS; id++)
        demands.grades[id] = CLAIM_ATTESTED;
    for (const struct document_entry *entry = section->first; entry; entry = entry->next)
        if (!check_entry(compiler, entry) || !read_rule_key(compiler, entry, rule, &demands))
            return false;
    if (!rule->require.root)
        return fail_at(compiler, section->offset, "the rule lacks what it requires:", rule->name);
    if (!rule->message)
        return fail_at(compiler, section->offset, "the rule lacks a message:", rule->name);
    for (const struct document_entry *entry = section->first; entry; entry = entry->next)
        if (strcmp(entry->name, "grade") == 0 && !read_grades(compiler, entry, &demands))
            return false;
    if (!check_reachability(compiler, section, rule))
        return false;
    /* Not so the condition `when`: there one value more or less could make a rule apply, or not. */
    expression_update(rule->require.root, compiler->references);
    return keep_reads(compiler, demands.read_by_when, demands.grades, &rule->when) &&
           keep_reads(compiler, demands.read_by_require, demands.grades, &rule->require);
}

static bool add_condition(struct policy *policy, const struct policy_condition *condition)
{
    for (size_t i = 0; i < condition->n_reads; i++)
        policy->claims_read[condition->reads[i].claim] = true;
    return !condition->root ||
           (!__builtin_add_overflow(policy->cost, condition->root->cost, &policy->cost) &&
            policy->cost <= LIMIT_POLICY_COST);
}

static void mark_lists(const struct compiler *compiler, const struct node *node, bool *read)
{
    if (node->kind == NODE_LIST && node->list->name)
        read[node->list - compiler->references->lists] = true;
    for (const struct node *child = node->child; child; child = child->next)
        mark_lists(compiler, child, read);
}

/* The policy's own references are all there for some rule; other documents may have more. They were
 * joined first and in their order, and none has the name of another. */
static bool check_references(struct compiler *compiler, const struct policy *policy)
{
    bool *read = arena_array(compiler->arena, compiler->references->n_lists + 1, sizeof *read);
    size_t n_own = 0;

    if (!read)
        return arena_error(compiler->arena, compiler->error);
    for (size_t i = 0; i < policy->n_rules; i++) {
        if (policy->rules[i].when.root)
            mark_lists(compiler, policy->rules[i].when.root, read);
        mark_lists(compiler, policy->rules[i].require.root, read);
    }
    for (const struct document_section *section = compiler->document->first; section;
         section = section->next)
        if (section->kind == SECTION_REFERENCE && !read[n_own++])
            return fail_at(compiler, section->offset, "no rule names the reference", section->name);
    return true;
}

/* Refuses the rule that says the same as an earlier one, or that no host can hold beside it. */
static bool check_earlier(struct compiler *compiler, const struct document_section *section,
                          const struct policy *policy, const struct policy_rule *rule)
{
    struct arena scratch = arena_init(LIMIT_REACHABILITY_MEMORY);
    const struct policy_rule *earlier = policy->rules;
    const char *message = NULL;
    bool excludes, done = true;

    for (; earlier < rule && done && !message; earlier++) {
        done = reachability_excludes(earlier, rule, &scratch, &excludes, compiler->error);
        if (reachability_repeats(earlier, rule))
            message = "the rule says the same as the rule";
        else if (done && excludes)
            message = "no host can hold this rule beside the rule";
        arena_reset(&scratch);
    }
    arena_done(&scratch);
    return done && (!message || fail_at(compiler, section->offset, message, earlier[-1].name));
}

static bool read_rules(struct compiler *compiler, struct policy *policy)
{
    size_t n_rules = document_count(compiler->document, SECTION_RULE);

    policy->rules = arena_array(compiler->arena, n_rules + 1, sizeof *policy->rules);
    if (!policy->rules)
        return arena_error(compiler->arena, compiler->error);
    for (const struct document_section *section = compiler->document->first; section;
         section = section->next) {
        struct policy_rule *rule = &policy->rules[policy->n_rules];

        if (section->kind != SECTION_RULE)
            continue;
        policy->n_rules++;
        if (!read_rule(compiler, section, rule))
            return false;
        if (!check_earlier(compiler, section, policy, rule))
            return false;
        if (!add_condition(policy, &rule->when) || !add_condition(policy, &rule->require))
            return fail_at(compiler, section->offset,
                           "the policy costs too much from this rule on:", rule->name);
    }
    if (policy->n_rules == 0)
        return fail_at(compiler, 0, "the policy has no rules", NULL);
    return check_references(compiler, policy);
}

static bool compile(struct values *values, struct policy *policy)
{
    struct expression_references references;
    struct policy_values head;
    struct compiler compiler = {
        .references = &references, .arena = values->arena, .error = values->error};

    if (!values_read(values))
        return false;
    compiler.document = &values->documents[0];
    values->source = 0;
    if (!values_head(compiler.document, SECTION_POLICY, &head, values->error) ||
        !values_join(values, &references))
        return false;
    policy->name = head.name;
    policy->version = head.version;
    policy->description = head.description;
    values->source = 0;
    return read_rules(&compiler, policy);
}

/* The text of source i. */
static struct span source_text(const struct policy_sources *sources, size_t i)
{
    if (i == 0)
        return sources->text;
    return i <= sources->n_references ? sources->references[i - 1]
                                      : sources->updates[i - 1 - sources->n_references];
}

bool policy_compile(const struct policy_sources *sources, struct arena *arena,
                    struct policy **policy, struct policy_position *position, struct error *error)
{
    struct values values = {.sources = sources, .arena = arena, .error = error};
    struct policy *compiled = arena_new(arena, struct policy);

    if (!compiled)
        return arena_error(arena, error);
    if (!compile(&values, compiled)) {
        struct document_position at = document_position_of(source_text(sources, values.source),
                                                           error->offset);

        *position = (struct policy_position){
            .source = values.source, .line = at.line, .column = at.column};
        return false;
    }
    *policy = compiled;
    return true;
}
