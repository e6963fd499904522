/* A kernel command line read the way Linux and what it starts read it, and what its parameters
 * decide, by the table kernel_parameters.def.
 *
 * Pure: takes a text, gives facts about it. Whether the text is the one that the kernel took is the
 * caller's question. */
#ifndef BOOTSEAL_CLAIMS_KERNEL_PARAMETERS_H
#define BOOTSEAL_CLAIMS_KERNEL_PARAMETERS_H

#include <stdbool.h>

#include "base/error.h"
#include "base/span.h"

enum kernel_decision {
    KERNEL_LISTED = 0, /* touches security and settles none of the following */
    KERNEL_INIT,
    KERNEL_RDINIT,
    KERNEL_MORE_ELSEWHERE, /* bootconfig */
    KERNEL_RESCUE,
    KERNEL_DEBUGGER,
    KERNEL_LOCKDOWN_INTEGRITY,
    KERNEL_LOCKDOWN_CONFIDENTIALITY,
    KERNEL_MODULE_SIGNATURES,
    KERNEL_SECURITY_MODULES,
    KERNEL_IMA_POLICY,
    KERNEL_IMA_TCB,
    KERNEL_IMA_APPRAISE_TCB,
    KERNEL_IMA_APPRAISE,
    KERNEL_IOMMU_OFF,
    KERNEL_MITIGATIONS_OFF,
    KERNEL_MITIGATIONS_UNSURE,
    KERNEL_DECISIONS,
};

/* What ima_policy= may ask for, each in addition to the others. */
enum {
    KERNEL_IMA_POLICY_TCB,
    KERNEL_IMA_POLICY_APPRAISE_TCB,
    KERNEL_IMA_POLICY_SECURE_BOOT,
    KERNEL_IMA_POLICY_CRITICAL_DATA,
    KERNEL_IMA_POLICY_FAIL_SECURELY,
    KERNEL_IMA_POLICIES,
};

/* What one line says of one decision. "holds" without "revoked": some parameter decides so, and the
 * last one of its name. */
struct kernel_verdict {
    bool holds;
    bool revoked;      /* a later parameter of the same name says something else */
    struct span value; /* of the last parameter that decides; data is NULL when it has no "=" */
};

/* A parameter of the table, found in the line. */
struct kernel_parameter {
    struct span text;    /* as it stands in the line, without quotes around it */
    const char *meaning; /* "no Intel IOMMU" */
};

struct kernel_parameters {
    struct kernel_verdict verdicts[KERNEL_DECISIONS];
    /* The first programs as the initial RAM disk's scripts read them, who look beyond "--" and know
     * no quotes; data is NULL when there are none. */
    struct span init_word, rdinit_word;
    bool ima_policies[KERNEL_IMA_POLICIES];
    size_t n_found; /* that were reported */
};

/* Called for each parameter of the table, in no particular order. */
typedef void kernel_parameter_found(void *context, const struct kernel_parameter *parameter);

/* Reads a line of at most LIMIT_KERNEL_COMMAND_LINE_LEN bytes; false for a longer one, of which the
 * kernel takes a part that nobody knows. Spans in the result point into line. found may be NULL. */
bool kernel_parameters_read(struct span line, kernel_parameter_found *found, void *context,
                            struct kernel_parameters *parameters) MUST_CHECK;

/* The next item of a list with commas, moving list past it; false at the end. */
bool kernel_list_next(struct span *list, struct span *item) MUST_CHECK;

#endif
