/* What the commands share that appraise a saved bundle. */
#ifndef BOOTSEAL_CLI_APPRAISE_BUNDLE_H
#define BOOTSEAL_CLI_APPRAISE_BUNDLE_H

#include "appraise/appraise.h"
#include "cli/talk.h"

/* The bundle that is the first argument, under the options of bootseal appraise. */
struct bundle_appraisal {
    struct appraisal *appraisal;
    struct policy **policies;
    size_t n_policies;
};

/* Appraises it; --policy is there. On false all has been said. */
bool bundle_appraise(struct cli *cli, struct bundle_appraisal *done,
                     enum exit_status *status) MUST_CHECK;

/* The exit code that belongs to the verdict. */
enum exit_status bundle_exit_status(const struct appraisal *appraisal);

#endif
