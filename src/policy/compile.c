/* Policies from their sources: heads, values, then rules.
 *
 * Owns nothing but what is in the arena. Trusts document/document.h for the form of the text. Never
 * lets a key, a type or a cost go unchecked. */
#include "policy/rules.h"
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

static bool read_grade(struct compiler *compiler, const struct document_entry *entry,
                       enum claim_grade *grade)
{
    for (int g = CLAIM_UNPROVEN; g <= CLAIM_ATTESTED; g++) {
        if (strcmp(entry->value, claim_grade_name((enum claim_grade)g)) != 0)
            continue;
        *grade = (enum claim_grade)g;
        return true;
    }
    return fail_at(compiler, entry->offset, "grade is attested, signed, reported or unproven, not",
                   entry->value);
}

static bool read_severity(struct compiler *compiler, const struct document_entry *entry,
                          bool *attention_only)
{
    *attention_only = strcmp(entry->value, "attention") == 0;
    if (*attention_only || strcmp(entry->value, "untrusted") == 0)
        return true;
    return fail_at(compiler, entry->offset, "severity is untrusted or attention, not",
                   entry->value);
}

static bool keep_claims_read(struct compiler *compiler, const bool *read, struct policy_rule *rule)
{
    rule->claims_read = arena_array(compiler->arena, CLAIM_IDS, sizeof *rule->claims_read);
    if (!rule->claims_read)
        return arena_error(compiler->arena, compiler->error);
    for (int id = 0; id < CLAIM_IDS; id++)
        if (read[id])
            rule->claims_read[rule->n_claims_read++] = (enum claim_id)id;
    return true;
}

/* Moves an expression's error from its value to the policy's text. */
static bool read_require(struct compiler *compiler, const struct document_entry *entry,
                         struct policy_rule *rule)
{
    struct span text = span_of(entry->value, entry->value_len);
    bool read[CLAIM_IDS] = {false};

    if (!expression_parse(text, compiler->references, compiler->arena, &rule->require, read,
                          compiler->error)) {
        compiler->error->offset = document_value_offset(entry, compiler->error->offset);
        return false;
    }
    expression_accept(rule->require, compiler->references->accepted);
    return keep_claims_read(compiler, read, rule);
}

static bool read_rule_key(struct compiler *compiler, const struct document_entry *entry,
                          struct policy_rule *rule)
{
    if (strcmp(entry->name, "require") == 0)
        return read_require(compiler, entry, rule);
    if (strcmp(entry->name, "grade") == 0)
        return read_grade(compiler, entry, &rule->grade);
    if (strcmp(entry->name, "severity") == 0)
        return read_severity(compiler, entry, &rule->attention_only);
    if (strcmp(entry->name, "message") == 0)
        rule->message = document_entry_text(entry);
    else if (strcmp(entry->name, "action") == 0)
        rule->action = document_entry_text(entry);
    else if (strcmp(entry->name, "serves") == 0)
        rule->serves = document_entry_text(entry);
    else
        return fail_at(compiler, entry->offset, "a rule has no key", entry->name);
    return true;
}

static bool read_rule(struct compiler *compiler, const struct document_section *section,
                      struct policy_rule *rule)
{
    rule->name = section->name;
    rule->grade = CLAIM_ATTESTED;
    for (const struct document_entry *entry = section->first; entry; entry = entry->next)
        if (!read_rule_key(compiler, entry, rule))
            return false;
    if (!rule->require)
        return fail_at(compiler, section->offset, "the rule lacks what it requires:", rule->name);
    if (!rule->message || !*rule->message)
        return fail_at(compiler, section->offset, "the rule lacks a message:", rule->name);
    return true;
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
        for (size_t i = 0; i < rule->n_claims_read; i++)
            policy->claims_read[rule->claims_read[i]] = true;
        if (__builtin_add_overflow(policy->cost, rule->require->cost, &policy->cost) ||
            policy->cost > LIMIT_POLICY_COST)
            return fail_at(compiler, section->offset,
                           "the policy costs too much from this rule on:", rule->name);
    }
    if (policy->n_rules == 0)
        return fail_at(compiler, 0, "the policy has no rules", NULL);
    return true;
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
