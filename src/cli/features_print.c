/* Feature tables for people: what a host has on one screen, then what fails and what to do about it.
 *
 * Trusts no text: a service's tables come from elsewhere. Never shows "all met" where nothing was
 * held against the host. */
#include "cli/features_print.h"
#include "base/text.h"
#include "cli/print.h"
#include "policy/features.h"

static const struct {
    const char *name, *shown;
    enum talk_color color;
} STATES[] = {
    {"", "", TALK_DIM}, /* not a word of the policy's, and what is no state */
    {"not applicable", "· not applicable", TALK_DIM},
    {"met", "✔ met", TALK_GOOD},
    {"unproven", "? unproven", TALK_WARN},
    {"not met", "✖ not met", TALK_BAD},
};

/* The line of STATES for the object's "state"; 0 without one. */
static size_t state_of(const json_t *object)
{
    const char *name = json_string_value(json_object_get(object, "state"));
    size_t i = sizeof STATES / sizeof *STATES - 1;

    while (i > 0 && !(name && strcmp(STATES[i].name, name) == 0))
        i--;
    return i;
}

static bool is_observed(const json_t *policy)
{
    return json_is_true(json_object_get(policy, "observed"));
}

static const json_t *find_feature(const json_t *policy, const char *name)
{
    const json_t *features = json_object_get(policy, "features");

    for (size_t i = 0; i < json_array_size(features); i++) {
        const json_t *feature = json_array_get(features, i);
        const char *other = json_string_value(json_object_get(feature, "feature"));

        if (other && strcmp(other, name) == 0)
            return feature;
    }
    return NULL;
}

/* --- The table --- */

/* Policies that stand side by side. */
struct columns {
    struct cli *cli;
    const json_t *policies;
    size_t first, end;
};

static int grade_of(const json_t *feature)
{
    const char *name = json_string_value(json_object_get(feature, "grade"));
    int grade = CLAIM_ATTESTED;

    while (grade > CLAIM_UNPROVEN &&
           !(name && strcmp(claim_grade_name((enum claim_grade)grade), name) == 0))
        grade--;
    return grade;
}

/* One line: the feature's state in every policy, and the lowest grade of these. */
static void add_feature(const struct columns *columns, struct table *screen, const char *name)
{
    int lowest = CLAIM_ATTESTED;

    table_add(screen, TALK_PLAIN, text_printable(&columns->cli->arena, span_text(name)));
    for (size_t i = columns->first; i < columns->end; i++) {
        const json_t *feature = find_feature(json_array_get(columns->policies, i), name);
        size_t state = state_of(feature);

        table_add(screen, STATES[state].color, STATES[state].shown);
        if (feature && grade_of(feature) < lowest)
            lowest = grade_of(feature);
    }
    table_add(screen, TALK_PLAIN, claim_grade_name((enum claim_grade)lowest));
}

/* Those of one policy that none before it has. */
static void add_features(const struct columns *columns, struct table *screen, size_t at)
{
    const json_t *features = json_object_get(json_array_get(columns->policies, at), "features");

    for (size_t k = 0; k < json_array_size(features); k++) {
        const char *name = json_string_value(
            json_object_get(json_array_get(features, k), "feature"));
        size_t before = columns->first;

        while (name && before < at &&
               !find_feature(json_array_get(columns->policies, before), name))
            before++;
        if (name && before == at)
            add_feature(columns, screen, name);
    }
}

static const char *head(struct cli *cli, const json_t *policy)
{
    const char *name = print_member(cli, policy, "policy");

    return is_observed(policy) ? arena_printf(&cli->arena, "%s (observed)", name ? name : "-")
                               : name;
}

static void print_table(const struct columns *columns)
{
    const char *heads[TABLE_COLUMNS_MAX] = {"FEATURE"};
    size_t n = columns->end - columns->first;
    struct table screen;

    for (size_t i = 0; i < n; i++)
        heads[1 + i] = head(columns->cli, json_array_get(columns->policies, columns->first + i));
    heads[1 + n] = "GRADE";
    screen = table_begin(columns->cli, heads, 2 + n);
    for (size_t i = columns->first; i < columns->end; i++)
        add_features(columns, &screen, i);
    table_add(&screen, TALK_BOLD, "All together");
    for (size_t i = columns->first; i < columns->end; i++) {
        size_t state = state_of(json_array_get(columns->policies, i));

        table_add(&screen, STATES[state].color, STATES[state].shown);
    }
    table_add(&screen, TALK_DIM, "");
    table_print(&screen);
}

/* --- What fails, or is undecided --- */

static const char *value_text(struct cli *cli, const json_t *claim)
{
    const json_t *value = json_object_get(claim, "value");

    if (json_is_boolean(value))
        return json_is_true(value) ? "true" : "false";
    if (json_is_array(value))
        return arena_printf(&cli->arena, "%zu item%s", json_array_size(value),
                            json_array_size(value) == 1 ? "" : "s");
    return json_is_string(value) ? text_printable(&cli->arena, span_text(json_string_value(value)))
                                 : NULL;
}

static void print_claims_read(struct cli *cli, json_t *claims)
{
    const char *name;
    json_t *claim;

    json_object_foreach(claims, name, claim)
    {
        const char *value = value_text(cli, claim), *grade = print_member(cli, claim, "grade");

        printf("    %s = %s%s%s\n", text_printable(&cli->arena, span_text(name)),
               value ? value : "unknown", value ? ", " : "", value && grade ? grade : "");
    }
}

static void print_line(const char *label, const char *text)
{
    if (text)
        printf("    %-10s %s\n", label, text);
}

static void print_event(struct cli *cli, const json_t *reason)
{
    const json_t *event = json_object_get(reason, "event"), *pcr = json_object_get(reason, "pcr");
    const char *component = print_member(cli, reason, "component");

    if (json_is_integer(event) && json_is_integer(pcr))
        printf("    %-10s %lld, PCR %lld: %s\n", "event", (long long)json_integer_value(event),
               (long long)json_integer_value(pcr), component ? component : "-");
}

/* What would make the claim proven. */
static const char *proof_of(const char *claim)
{
    enum claim_id id = claim ? claim_by_name(span_text(claim)) : CLAIM_IDS;

    return id == CLAIM_IDS ? NULL : claim_grades(id);
}

/* What the rule says, what was found, who can do what about it. Of what lacks no more than proof only
 * the value. */
static void print_rule(struct cli *cli, const char *feature, const json_t *rule, bool fails,
                       bool proven)
{
    const json_t *reason = json_object_get(rule, "reason");
    const char *message = print_member(cli, rule, "message");

    printf("\n%s%s%s  %s: %s\n", talk_color(cli, fails ? TALK_BAD : TALK_WARN),
           fails ? "✖ not met" : "? unproven", talk_color(cli, TALK_PLAIN), feature,
           message ? message : "-");
    print_claims_read(cli, json_object_get(rule, "claims"));
    if (!proven && !fails)
        return;
    print_line("expected", print_member(cli, reason, "expected"));
    print_line("found", print_member(cli, reason, "found"));
    print_event(cli, reason);
    if (!fails)
        print_line("proof", proof_of(print_member(cli, reason, "claim")));
    print_line("do", print_member(cli, rule, "action"));
    print_line("changed by", print_member(cli, rule, "changed_by"));
}

static bool same_member(const json_t *rule, const json_t *other, const char *name)
{
    return json_equal(json_object_get(rule, name), json_object_get(other, name));
}

/* The same finding of an earlier policy has been said. */
static bool is_said(const json_t *policies, size_t n_policies, const json_t *rule)
{
    for (size_t i = 0; i < n_policies; i++) {
        const json_t *features = json_object_get(json_array_get(policies, i), "features");

        for (size_t k = 0; k < json_array_size(features); k++) {
            const json_t *rules = json_object_get(json_array_get(features, k), "rules");

            for (size_t n = 0; n < json_array_size(rules); n++) {
                const json_t *said = json_array_get(rules, n);

                if (same_member(said, rule, "outcome") && same_member(said, rule, "rule") &&
                    same_member(said, rule, "message"))
                    return true;
            }
        }
    }
    return false;
}

static void print_policy_rules(struct cli *cli, const json_t *policies, size_t at, bool proven)
{
    const json_t *features = json_object_get(json_array_get(policies, at), "features");

    for (size_t k = 0; k < json_array_size(features); k++) {
        const json_t *feature = json_array_get(features, k);
        const json_t *rules = json_object_get(feature, "rules");
        const char *name = print_member(cli, feature, "feature");

        for (size_t i = 0; i < json_array_size(rules); i++) {
            const json_t *rule = json_array_get(rules, i);
            const char *outcome = json_string_value(json_object_get(rule, "outcome"));
            bool fails = outcome && strcmp(outcome, policy_outcome_name(POLICY_FAILS)) == 0;
            bool undecided = outcome && strcmp(outcome, policy_outcome_name(POLICY_UNDECIDED)) == 0;

            if ((fails || undecided) && !is_said(policies, at, rule))
                print_rule(cli, name ? name : "-", rule, fails, proven);
        }
    }
}

/* --- All of it --- */

static void print_features(struct cli *cli, const json_t *object, bool proven)
{
    const json_t *policies = json_object_get(object, "policies");
    const json_t *findings = json_object_get(object, "findings");
    json_int_t n_unusable = json_integer_value(json_object_get(object, "n_unusable"));
    size_t n_policies = json_array_size(policies);

    for (size_t i = 0; i < n_policies; i += FEATURES_POLICIES_MAX) {
        size_t end = i + FEATURES_POLICIES_MAX;

        print_table(&(struct columns){cli, policies, i, end < n_policies ? end : n_policies});
    }
    if (n_unusable)
        printf(
            "\nPolicies that cannot be used, as their text or reference values are amiss: %lld\n",
            (long long)n_unusable);
    else if (n_policies == 0)
        printf("No policy holds for this host.\n");
    if (!proven)
        printf(
            "\nNo verified quote stands behind this evidence: nothing that it says is proven.\n");
    for (size_t i = 0; i < n_policies; i++)
        print_policy_rules(cli, policies, i, proven);
    if (json_array_size(findings)) {
        printf("\nThe evidence itself:\n");
        print_reasons_json(cli, stdout, findings);
    }
}

static bool all_met(const json_t *object, bool proven)
{
    const json_t *policies = json_object_get(object, "policies");
    size_t n_counting = 0;

    if (!proven || json_array_size(json_object_get(object, "findings")) ||
        json_integer_value(json_object_get(object, "n_unusable")))
        return false;
    for (size_t i = 0; i < json_array_size(policies); i++) {
        const json_t *policy = json_array_get(policies, i);
        const char *state = json_string_value(json_object_get(policy, "state"));

        if (is_observed(policy))
            continue;
        if (!state || strcmp(state, feature_state_name(FEATURE_MET)) != 0)
            return false;
        n_counting++;
    }
    return n_counting > 0;
}

enum exit_status features_show(struct cli *cli, json_t *object)
{
    bool proven = json_is_true(json_object_get(object, "proven"));
    enum exit_status status = all_met(object, proven) ? EXIT_HOLDS : EXIT_HOLDS_NOT;

    if (cli->json) {
        talk_json(object);
        return status;
    }
    print_features(cli, object, proven);
    json_decref(object);
    return status;
}
