/* What one policy says and another does not: rule by rule, key by key, value by value. */
#ifndef BOOTSEAL_POLICY_DIFF_H
#define BOOTSEAL_POLICY_DIFF_H

#include "policy/policy.h"

enum policy_change { POLICY_CHANGE_NONE = 0, POLICY_ADDED, POLICY_REMOVED, POLICY_CHANGED };

struct policy_difference {
    enum policy_change change;
    const char *section; /* "policy", "rule" or "reference" */
    const char *name;    /* of the rule or reference; "" for the policy's head */
    const char *key;     /* of a key, or of a reference's value; NULL: a whole rule */
    const char *old,
        *new; /* what it was and is; NULL where it is not there. Of a whole rule, what it
                            * requires */
};

/* Compares two policies that compile, with their documents of reference values (updates play no
 * part): head, rules and the values of each reference, wherever they stand. The order of sections,
 * keys and values makes no difference. Fails only for memory and for what policy_compile refuses. */
bool policy_diff(const struct policy_sources *old, const struct policy_sources *new,
                 struct arena *arena, struct policy_difference **differences, size_t *n_differences,
                 struct error *error) MUST_CHECK;

#endif
