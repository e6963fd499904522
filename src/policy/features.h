/* The feature table: what the rules of a policy say of a host, one line for each feature that they
 * serve.
 *
 * Rules that serve nothing make a line of their own, under their name. A feature is not met if one of
 * its rules fails, else unproven if one is undecided, else met if one holds, else not applicable; and
 * so is the policy by its features. No verdicts here: a table says what a host has, src/appraise
 * whether it is trusted. */
#ifndef BOOTSEAL_POLICY_FEATURES_H
#define BOOTSEAL_POLICY_FEATURES_H

#include "policy/policy.h"

/* In rising order: of several rules the highest counts. */
enum feature_state {
    FEATURE_NONE = 0,
    FEATURE_NOT_APPLICABLE,
    FEATURE_MET,
    FEATURE_UNPROVEN,
    FEATURE_NOT_MET,
};

struct feature {
    const char *name;
    enum feature_state state;
    enum claim_grade grade;              /* the lowest of the rules that make it so */
    const struct policy_result *decider; /* the first rule that makes it so */
};

struct feature_table {
    const struct policy *policy;
    enum feature_state state;
    struct feature *features; /* in the order of the policy */
    size_t n_features;
    struct policy_result *results; /* of every rule, in that order */
    size_t n_results;
    struct reasons *reasons; /* what the results number */
};

/* Evaluates the policy and groups what its rules say. Everything is in the arena or the policy's.
 * Fails only for memory. */
bool features_evaluate(const struct policy *policy, struct crypto *crypto,
                       const struct claims *claims, struct arena *arena,
                       struct feature_table *table, struct error *error) MUST_CHECK;

/* The feature that a rule serves; the rule's own name when it serves none. */
const char *features_of_rule(const struct policy_result *result);

/* Why a rule fails or is undecided; NULL when it is neither, or more rules do than are told. */
const struct reason *features_reason(const struct feature_table *table,
                                     const struct policy_result *result);

/* What to do about a rule that fails or is undecided; NULL when nothing is. */
const char *features_action(const struct feature_table *table, const struct policy_result *result);

/* "not applicable", "met", "unproven", "not met". */
const char *feature_state_name(enum feature_state state);

#endif
