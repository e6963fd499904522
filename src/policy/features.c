#include "policy/features.h"

/* What one rule alone makes of its feature. */
static enum feature_state state_of(enum policy_outcome outcome)
{
    static const enum feature_state STATES[] = {
        [POLICY_OUTCOME_NONE] = FEATURE_NONE,
        [POLICY_HOLDS] = FEATURE_MET,
        [POLICY_FAILS] = FEATURE_NOT_MET,
        [POLICY_UNDECIDED] = FEATURE_UNPROVEN,
        [POLICY_NOT_APPLICABLE] = FEATURE_NOT_APPLICABLE,
    };

    return STATES[outcome];
}

const char *features_of_rule(const struct policy_result *result)
{
    return result->serves ? result->serves : result->rule;
}

static struct feature *find_feature(struct feature_table *table, const char *name)
{
    for (size_t i = 0; i < table->n_features; i++)
        if (strcmp(table->features[i].name, name) == 0)
            return &table->features[i];
    table->features[table->n_features].name = name;
    return &table->features[table->n_features++];
}

static void count(struct feature_table *table, const struct policy_result *result)
{
    struct feature *feature = find_feature(table, features_of_rule(result));
    enum feature_state state = state_of(result->outcome);

    if (state > feature->state) {
        feature->state = state;
        feature->grade = result->grade;
        feature->decider = result;
    } else if (state == feature->state && result->grade < feature->grade) {
        feature->grade = result->grade;
    }
    if (state > table->state)
        table->state = state;
}

bool features_evaluate(const struct policy *policy, struct crypto *crypto,
                       const struct claims *claims, struct arena *arena,
                       struct feature_table *table, struct error *error)
{
    size_t n_rules = policy_rules(policy);
    struct feature_table made = {
        .policy = policy,
        .features = arena_array(arena, n_rules, sizeof *made.features),
        .results = arena_array(arena, n_rules, sizeof *made.results),
        .n_results = n_rules,
        .reasons = arena_new(arena, struct reasons),
    };

    if (!made.features || !made.results || !made.reasons)
        return arena_error(arena, error);
    if (!policy_evaluate(policy, crypto, claims, arena, made.results, made.reasons, error))
        return false;
    for (size_t i = 0; i < n_rules; i++)
        count(&made, &made.results[i]);
    *table = made;
    return true;
}

const struct reason *features_reason(const struct feature_table *table,
                                     const struct policy_result *result)
{
    return result->reason == POLICY_NO_REASON ? NULL : &table->reasons->items[result->reason];
}

const char *features_action(const struct feature_table *table, const struct policy_result *result)
{
    const struct reason *reason = features_reason(table, result);

    if (!reason || result->action)
        return reason ? result->action : NULL;
    return reason_action(reason->code);
}

const char *feature_state_name(enum feature_state state)
{
    static const char *const NAMES[] = {
        [FEATURE_NONE] = "none",       [FEATURE_NOT_APPLICABLE] = "not applicable",
        [FEATURE_MET] = "met",         [FEATURE_UNPROVEN] = "unproven",
        [FEATURE_NOT_MET] = "not met",
    };

    return NAMES[state];
}
