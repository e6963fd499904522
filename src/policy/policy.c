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

const char *policy_outcome_name(enum policy_outcome outcome)
{
    static const char *const NAMES[] = {
        [POLICY_OUTCOME_NONE] = "none",
        [POLICY_HOLDS] = "holds",
        [POLICY_FAILS] = "fails",
        [POLICY_UNDECIDED] = "undecided",
        [POLICY_NOT_APPLICABLE] = "not applicable",
    };

    return NAMES[outcome];
}

const char *policy_severity_name(enum policy_severity severity)
{
    static const char *const NAMES[] = {
        [POLICY_UNTRUSTED] = "untrusted",
        [POLICY_ATTENTION] = "attention",
        [POLICY_NOTE] = "note",
    };

    return NAMES[severity];
}

/* Known, but proven less well than demanded. */
static bool is_unmet(const struct policy_demand *demand, const struct claims *claims)
{
    const struct claim *claim = &claims->claims[demand->claim];

    return claim->known && claim->grade < demand->grade;
}

/* The first claim that the condition reads and that is proven less well than demanded; NULL: none. */
static const struct policy_demand *unmet_demand(const struct policy_condition *condition,
                                                const struct claims *claims)
{
    for (size_t i = 0; i < condition->n_reads; i++)
        if (is_unmet(&condition->reads[i], claims))
            return &condition->reads[i];
    return NULL;
}

/* The lowest grade of the known claims that the condition reads, but for those that are proven less
 * well than demanded when it was decided without them; CLAIM_UNPROVEN for none. */
static enum claim_grade lowest_grade(const struct policy_condition *condition,
                                     const struct claims *claims, bool without_unmet)
{
    enum claim_grade lowest = CLAIM_ATTESTED;
    bool any = false;

    for (size_t i = 0; i < condition->n_reads; i++) {
        const struct claim *claim = &claims->claims[condition->reads[i].claim];

        if (!claim->known || (without_unmet && is_unmet(&condition->reads[i], claims)))
            continue;
        if (claim->grade < lowest)
            lowest = claim->grade;
        any = true;
    }
    return any ? lowest : CLAIM_UNPROVEN;
}

static void add_reason(const struct evaluation *evaluation, const struct policy_rule *rule,
                       enum reason_code code, struct reason reason, struct reasons *reasons)
{
    reason.policy = evaluation->policy;
    reason.code = rule->severity == POLICY_ATTENTION ? REASON_POLICY_ATTENTION
                  : rule->severity == POLICY_NOTE    ? REASON_POLICY_NOTE
                                                     : code;
    reason.rule = rule->name;
    reason.message = rule->message;
    reason.action = rule->action;
    reason_add(reasons, reason);
}

static bool report_grade(struct evaluation *evaluation, const struct policy_rule *rule,
                         const struct policy_demand *demand, struct reasons *reasons)
{
    const struct claim *claim = &evaluation->claims->claims[demand->claim];
    struct reason reason = {.pcr = REASON_NO_PCR, .event = claim_event(claim)};

    reason.claim = claim_name(demand->claim);
    reason.expected = arena_printf(evaluation->arena, "%s %s", reason.claim,
                                   claim_grade_name(demand->grade));
    reason.found = claim_grade_name(claim->grade);
    if (!reason.expected)
        return arena_error(evaluation->arena, evaluation->error);
    add_reason(evaluation, rule, REASON_POLICY_GRADE, reason, reasons);
    return true;
}

/* Nobody knows whether the rule applies. */
static bool report_when(struct evaluation *evaluation, const struct policy_rule *rule,
                        struct reasons *reasons)
{
    struct reason reason = {.pcr = REASON_NO_PCR, .event = REASON_NO_EVENT};

    if (!expression_explain(evaluation, rule->when.root, &reason))
        return false;
    reason.expected = arena_printf(evaluation->arena, "to know whether %.1000s", reason.expected);
    if (!reason.expected)
        return arena_error(evaluation->arena, evaluation->error);
    add_reason(evaluation, rule, REASON_POLICY_UNKNOWN, reason, reasons);
    return true;
}

static bool report_require(struct evaluation *evaluation, const struct policy_rule *rule,
                           enum reason_code code, struct reasons *reasons)
{
    struct reason reason = {.pcr = REASON_NO_PCR, .event = REASON_NO_EVENT};

    if (!expression_explain(evaluation, rule->require.root, &reason))
        return false;
    add_reason(evaluation, rule, code, reason, reasons);
    return true;
}

/* What the condition comes to by what is proven as well as it demands, where the rest is unknown, and
 * by everything that is known. */
struct outlook {
    struct value proven, said;
};

static bool look_at_proven(struct evaluation *evaluation, const struct policy_condition *condition,
                           struct value *value)
{
    bool unproven[CLAIM_IDS] = {false};
    bool evaluated;

    for (size_t i = 0; i < condition->n_reads; i++)
        unproven[condition->reads[i].claim] = is_unmet(&condition->reads[i], evaluation->claims);
    evaluation->unproven = unproven;
    evaluated = expression_evaluate(evaluation, condition->root, value);
    evaluation->unproven = NULL;
    return evaluated;
}

static bool look_at(struct evaluation *evaluation, const struct policy_condition *condition,
                    struct outlook *outlook)
{
    if (!expression_evaluate(evaluation, condition->root, &outlook->said))
        return false;
    outlook->proven = outlook->said;
    return !unmet_demand(condition, evaluation->claims) ||
           look_at_proven(evaluation, condition, &outlook->proven);
}

/* !when || require, by Kleene's logic. It holds, or does not apply, by what is proven alone, so that
 * a host gains nothing by keeping back what it cannot prove; it fails by what is merely said, too. */
static bool evaluate_rule(struct evaluation *evaluation, const struct policy_rule *rule,
                          enum policy_outcome *outcome, struct reasons *reasons)
{
    const struct claims *claims = evaluation->claims;
    const struct value always = {.known = true, .is_true = true};
    struct outlook when = {.proven = always, .said = always}, require;

    *outcome = POLICY_NOT_APPLICABLE;
    if (rule->when.root && !look_at(evaluation, &rule->when, &when))
        return false;
    if (when.proven.known && !when.proven.is_true)
        return true;
    if (!look_at(evaluation, &rule->require, &require))
        return false;
    *outcome = POLICY_HOLDS;
    if (require.proven.known && require.proven.is_true)
        return true;
    *outcome = POLICY_UNDECIDED;
    if (when.said.known && !when.said.is_true)
        return report_grade(evaluation, rule, unmet_demand(&rule->when, claims), reasons);
    if (require.said.known && require.said.is_true)
        return report_grade(evaluation, rule, unmet_demand(&rule->require, claims), reasons);
    if (!when.said.known)
        return report_when(evaluation, rule, reasons);
    if (!require.said.known)
        return report_require(evaluation, rule, REASON_POLICY_UNKNOWN, reasons);
    *outcome = POLICY_FAILS;
    return report_require(evaluation, rule, REASON_POLICY_FAILED, reasons);
}

static struct policy_result result_of(const struct policy_rule *rule, enum policy_outcome outcome,
                                      const struct claims *claims)
{
    const struct policy_condition *decider = outcome == POLICY_NOT_APPLICABLE ? &rule->when
                                                                              : &rule->require;

    return (struct policy_result){
        .rule = rule->name,
        .message = rule->message,
        .action = rule->action,
        .serves = rule->serves,
        .changed_by = rule->changed_by,
        .outcome = outcome,
        .severity = rule->severity,
        .reads = decider->reads,
        .n_reads = decider->n_reads,
        .grade = lowest_grade(decider, claims,
                              outcome == POLICY_HOLDS || outcome == POLICY_NOT_APPLICABLE),
        .reason = POLICY_NO_REASON,
    };
}

bool policy_evaluate(const struct policy *policy, struct crypto *crypto,
                     const struct claims *claims, struct arena *arena,
                     struct policy_result *results, struct reasons *reasons, struct error *error)
{
    struct evaluation evaluation = {
        .policy = policy->name, .crypto = crypto, .claims = claims, .arena = arena, .error = error};

    for (size_t i = 0; i < policy->n_rules; i++) {
        size_t n_reasons = reasons->n_items;
        enum policy_outcome outcome;

        if (!evaluate_rule(&evaluation, &policy->rules[i], &outcome, reasons))
            return false;
        if (!results)
            continue;
        results[i] = result_of(&policy->rules[i], outcome, claims);
        if (reasons->n_items > n_reasons)
            results[i].reason = n_reasons;
    }
    return true;
}
