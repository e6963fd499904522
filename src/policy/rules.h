/* A compiled policy. Internal to src/policy. */
#ifndef BOOTSEAL_POLICY_RULES_H
#define BOOTSEAL_POLICY_RULES_H

#include "policy/expression.h"
#include "policy/policy.h"

struct policy_rule {
    const char *name;
    const char *message;
    const char *action; /* NULL: the reason code's own */
    const char *serves; /* the requirement it is there for; NULL when not said */
    struct node *require;
    enum claim_grade grade;
    bool attention_only;        /* severity = attention */
    enum claim_id *claims_read; /* ascending */
    size_t n_claims_read;
};

struct policy {
    const char *name, *version, *description;
    struct policy_rule *rules;
    size_t n_rules;
    bool claims_read[CLAIM_IDS]; /* by any rule */
    size_t cost;
};

#endif
