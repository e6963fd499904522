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

/* What a policy is made from: docs/policy.md. Sources are numbered: 0 is the policy's own text, then
 * come the reference values, then the updates. */
struct policy_sources {
    struct span text;
    const struct span *references; /* documents of reference values that rules may name */
    size_t n_references;
    const struct span *updates; /* whose values are accepted besides */
    size_t n_updates;
    size_t n_retiring; /* the first of them: what these replace counts no more */
};

struct policy_position {
    size_t source;       /* the one that is wrong */
    size_t line, column; /* from 1; of the error */
};

/* Compiles into the arena. On failure *position says where; the error has message and byte. */
bool policy_compile(const struct policy_sources *sources, struct arena *arena,
                    struct policy **policy, struct policy_position *position,
                    struct error *error) MUST_CHECK;

/* One reference: its values sorted and without repetition, each with its key as label. */
struct policy_value_list {
    const char *name;
    const struct claim_item *items;
    size_t n_items;
};

/* What a document of values says of itself and holds; all in the arena. */
struct policy_values {
    bool is_update; /* else reference values */
    const char *name, *version, *description;
    const struct policy_value_list *lists; /* the references, in the document's order */
    size_t n_lists;
    /* Of an update: CLAIM_IDS lists each, called like their claims. */
    const struct policy_value_list *accepted, *retired;
    size_t n_values; /* those that count */
};

/* Checks one document of reference values or one update, alone. Errors as policy_compile's. */
bool policy_values_check(struct span text, struct arena *arena, struct policy_values *values,
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
    POLICY_NOT_APPLICABLE,
};

/* What a rule that does not hold does to the verdict. */
enum policy_severity {
    POLICY_UNTRUSTED = 0, /* the host is not trusted */
    POLICY_ATTENTION,     /* it stays trusted, and somebody should look */
    POLICY_NOTE,          /* nothing: it is said */
};

/* A claim that a rule reads, and how well it must be proven. */
struct policy_demand {
    enum claim_id claim;
    enum claim_grade grade;
};

/* What one rule says of a host. Texts are the policy's, and NULL where it does not say. */
struct policy_result {
    const char *rule, *message, *action, *serves;
    const char *changed_by; /* "operator", "firmware set-up" or "vendor" */
    enum policy_outcome outcome;
    enum policy_severity severity;
    const struct policy_demand *reads; /* of `when` where the rule does not apply */
    size_t n_reads;
    enum claim_grade grade; /* the lowest of the known ones among these */
    size_t reason;          /* which of the reasons is its; POLICY_NO_REASON: none */
};

#define POLICY_NO_REASON SIZE_MAX

/* "holds", "fails", "undecided", "not applicable". */
const char *policy_outcome_name(enum policy_outcome outcome);

/* "untrusted", "attention", "note", as policies write them. */
const char *policy_severity_name(enum policy_severity severity);

/* Evaluates every rule and adds a reason for each that fails or is undecided. A rule is undecided too
 * where it holds, or does not apply, by claims that are proven less well than it demands. results has
 * room for policy_rules(policy) entries, or is NULL. Fails only for memory. */
bool policy_evaluate(const struct policy *policy, struct crypto *crypto,
                     const struct claims *claims, struct arena *arena,
                     struct policy_result *results, struct reasons *reasons,
                     struct error *error) MUST_CHECK;

#endif
