/* Policy: the operator's readable definition of a secure state.
 *
 * A text file of named rules over claims and reference values. The expression language is a typed,
 * bounded subset of CEL (docs/policy.md). Checked when compiled; evaluates without side effects,
 * with a cost known before; three-valued: unknown never passes. Every rule that does not hold
 * explains itself. */
#ifndef BOOTSEAL_POLICY_POLICY_H
#define BOOTSEAL_POLICY_POLICY_H

#include "base/reason.h"
#include "claims/claims.h"

struct policy;

struct policy_position {
    size_t line, column; /* from 1; of the error */
};

/* Compiles text into the arena. On failure *position says where; the error has message and byte. */
bool policy_compile(struct span text, struct arena *arena, struct policy **policy,
                    struct policy_position *position, struct error *error) MUST_CHECK;

const char *policy_name(const struct policy *policy);
const char *policy_version(const struct policy *policy);
size_t policy_rules(const struct policy *policy);

/* CLAIM_IDS values: whether any rule reads the claim. */
const bool *policy_claims_read(const struct policy *policy);

/* An upper bound of the steps that one evaluation takes. */
size_t policy_cost(const struct policy *policy);

enum policy_outcome {
    POLICY_OUTCOME_NONE = 0,
    POLICY_HOLDS,
    POLICY_FAILS,
    POLICY_UNDECIDED, /* unknown */
};

struct policy_result {
    const char *rule;
    enum policy_outcome outcome;
};

/* Evaluates every rule and adds a reason for each that does not hold. results has room for
 * policy_rules(policy) entries, or is NULL. Fails only for memory. */
bool policy_evaluate(const struct policy *policy, struct crypto *crypto,
                     const struct claims *claims, struct arena *arena,
                     struct policy_result *results, struct reasons *reasons,
                     struct error *error) MUST_CHECK;

#endif
