/* Rules over claims: evaluates each and gives a reason for every one that does not hold.
 *
 * Owns nothing; a policy lives in the arena it was compiled in and is read only afterwards. Never
 * lets an unknown value or one with too low a grade pass. */
#include "policy/rules.h"

const char *policy_name(const struct policy *policy)
{
    return policy->name;
}

const char *policy_version(const struct policy *policy)
{
    return policy->version;
}

size_t policy_rules(const struct policy *policy)
{
    return policy->n_rules;
}

const bool *policy_claims_read(const struct policy *policy)
{
    return policy->claims_read;
}

size_t policy_cost(const struct policy *policy)
{
    return policy->cost;
}

/* The first claim that the rule reads and that is proven less well than it demands. */
static enum claim_id weak_claim(const struct policy_rule *rule, const struct claims *claims)
{
    for (size_t i = 0; i < rule->n_claims_read; i++) {
        const struct claim *claim = &claims->claims[rule->claims_read[i]];

        if (claim->known && claim->grade < rule->grade)
            return rule->claims_read[i];
    }
    return CLAIM_IDS;
}

static void add_reason(const struct evaluation *evaluation, const struct policy_rule *rule,
                       enum reason_code code, struct reason reason, struct reasons *reasons)
{
    reason.policy = evaluation->policy;
    reason.code = rule->attention_only ? REASON_POLICY_ATTENTION : code;
    reason.rule = rule->name;
    reason.message = rule->message;
    reason.action = rule->action;
    reason_add(reasons, reason);
}

static bool report_grade(struct evaluation *evaluation, const struct policy_rule *rule,
                         enum claim_id weak, struct reasons *reasons)
{
    const struct claim *claim = &evaluation->claims->claims[weak];
    struct reason reason = {.pcr = REASON_NO_PCR, .event = REASON_NO_EVENT};

    reason.expected = arena_printf(evaluation->arena, "%s %s", claim_name(weak),
                                   claim_grade_name(rule->grade));
    reason.found = claim_grade_name(claim->grade);
    if (!reason.expected)
        return arena_error(evaluation->arena, evaluation->error);
    reason.event = claim_event(claim);
    reason.claim = claim_name(weak);
    add_reason(evaluation, rule, REASON_POLICY_GRADE, reason, reasons);
    return true;
}

static bool evaluate_rule(struct evaluation *evaluation, const struct policy_rule *rule,
                          enum policy_outcome *outcome, struct reasons *reasons)
{
    struct reason reason = {.pcr = REASON_NO_PCR, .event = REASON_NO_EVENT};
    enum claim_id weak = weak_claim(rule, evaluation->claims);
    struct value value;

    if (!expression_evaluate(evaluation, rule->require, &value))
        return false;
    if (value.known && value.is_true) {
        *outcome = weak == CLAIM_IDS ? POLICY_HOLDS : POLICY_UNDECIDED;
        return weak == CLAIM_IDS || report_grade(evaluation, rule, weak, reasons);
    }
    *outcome = value.known ? POLICY_FAILS : POLICY_UNDECIDED;
    if (!expression_explain(evaluation, rule->require, &reason))
        return false;
    add_reason(evaluation, rule, value.known ? REASON_POLICY_FAILED : REASON_POLICY_UNKNOWN, reason,
               reasons);
    return true;
}

bool policy_evaluate(const struct policy *policy, struct crypto *crypto,
                     const struct claims *claims, struct arena *arena,
                     struct policy_result *results, struct reasons *reasons, struct error *error)
{
    struct evaluation evaluation = {
        .policy = policy->name, .crypto = crypto, .claims = claims, .arena = arena, .error = error};

    for (size_t i = 0; i < policy->n_rules; i++) {
        enum policy_outcome outcome;

        if (!evaluate_rule(&evaluation, &policy->rules[i], &outcome, reasons))
            return false;
        if (results)
            results[i] = (struct policy_result){.rule = policy->rules[i].name, .outcome = outcome};
    }
    return true;
}
