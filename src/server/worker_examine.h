/* A worker's answers to what people ask about hosts: claims and features of one boot, and what
 * changed between two. Gives no verdict: that is made once, when a host attests. */
#ifndef BOOTSEAL_SERVER_WORKER_EXAMINE_H
#define BOOTSEAL_SERVER_WORKER_EXAMINE_H

#include "server/work_examine.h"
#include "server/worker_catalogs.h"
#include "server/worker_policies.h"

/* What the worker has, which lives as long as it. */
struct worker_examiner {
    struct crypto *crypto;
    struct ima_certificates *ima_certificates;
    struct span revocations, revocations_sha256;
    struct worker_catalogs *catalogs;
    struct worker_policies *policies;
};

/* {"claims", "quote", "changed_by": {"POLICY": {"RULE": who can change what it demands}}}; or, where
 * features are asked for, {"proven", "policies": [what result_json_features makes, with "observed"],
 * "n_unusable": policies that do not compile, "findings"}. */
bool worker_examine(const struct worker_examiner *examiner, struct span frame, struct arena *arena,
                    struct span *answer_frame, struct error *error) MUST_CHECK;

/* What boot_diff_json makes. */
bool worker_diff(const struct worker_examiner *examiner, struct span frame, struct arena *arena,
                 struct span *answer_frame, struct error *error) MUST_CHECK;

#endif
