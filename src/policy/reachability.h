/* Conditions that a policy need not ask: found when it is compiled. Internal to src/policy. */
#ifndef BOOTSEAL_POLICY_REACHABILITY_H
#define BOOTSEAL_POLICY_REACHABILITY_H

#include "policy/rules.h"

struct reachability_finding {
    struct span at;      /* the part of the rule, in the text that it was parsed from */
    const char *message; /* NULL: nothing was found */
};

/* Finds in a rule, as far as LIMIT_REACHABILITY_STEPS go, the first condition that holds or fails
 * whatever the host shows, or operand that never decides. What is found is so: comparisons of one
 * value with constants are followed, all else may be true, false or unknown by itself, and what a
 * reference holds is left open, for it changes without the policy. when may be NULL. Fails only for
 * memory. */
bool reachability_check(const struct node *when, const struct node *require, struct arena *arena,
                        struct reachability_finding *finding, struct error *error) MUST_CHECK;

/* Whether two rules demand the same, as well proven, and weigh the same. */
bool reachability_repeats(const struct policy_rule *a, const struct policy_rule *b);

/* Whether no host can hold both rules, which cut off the same ones; as far as a few steps go. What is
 * needed meanwhile is in scratch. Fails only for memory. */
bool reachability_excludes(const struct policy_rule *a, const struct policy_rule *b,
                           struct arena *scratch, bool *excludes, struct error *error) MUST_CHECK;

#endif
