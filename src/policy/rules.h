/* A compiled policy. Internal to src/policy. */
#ifndef BOOTSEAL_POLICY_RULES_H
#define BOOTSEAL_POLICY_RULES_H

#include "policy/expression.h"
#include "policy/policy.h"

struct policy_condition {
    struct node *root; /* NULL: the rule has none */
    struct policy_demand *reads;
    size_t n_reads;
};

struct policy_rule {
    const char *name;
    const char *message;
    const char *action;           /* NULL: the reason code's own */
    const char *serves;           /* the requirement it is there for; NULL when not said */
    const char *changed_by;       /* who can change what it demands; NULL when not said */
    struct policy_condition when; /* where the rule applies; without it, everywhere */
    struct policy_condition require;
    enum policy_severity severity;
};

struct policy {
    const char *name, *version, *description;
    struct policy_rule *rules;
    size_t n_rules;
    bool claims_read[CLAIM_IDS]; /* by any rule */
    size_t cost;
};

#endif
