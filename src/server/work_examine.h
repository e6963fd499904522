/* What front and workers say to each other when a person asks about a host: a boot examined, or two of
 * them compared. As server/work_message.h.
 *
 * Answers are JSON, made in the worker because it is made from what a host sent. The front takes them
 * for what one host may look like, and for nothing else. */
#ifndef BOOTSEAL_SERVER_WORK_EXAMINE_H
#define BOOTSEAL_SERVER_WORK_EXAMINE_H

#include "server/work_message.h"

/* Stored evidence: expectations are the evidence's own, and history plays no part. */
struct work_examine {
    struct span evidence; /* with all its logs */
    struct span ak_public, identity_policy;
    struct endorsed endorsed;
    uint32_t pcrs;
    struct work_policies policies; /* with their sources */
    struct work_catalog catalog;   /* with its text, as the next */
    bool features;                 /* asked for the policies' feature tables, else for the claims */
};

/* Evidence of two boots; IMA lists count by their digests and may be absent. */
struct work_diff {
    struct span before, after;
    struct endorsed endorsed;
    struct work_catalog catalog;
};

bool work_examine_encode(const struct work_examine *request, struct arena *arena,
                         struct span *message, struct error *error) MUST_CHECK;
bool work_examine_decode(struct span message, struct arena *arena, struct work_examine *request,
                         struct error *error) MUST_CHECK;

bool work_diff_encode(const struct work_diff *request, struct arena *arena, struct span *message,
                      struct error *error) MUST_CHECK;
bool work_diff_decode(struct span message, struct work_diff *request,
                      struct error *error) MUST_CHECK;

/* The answer to either: a JSON object's text. */
bool work_json_encode(enum work_kind kind, struct span json, struct arena *arena,
                      struct span *message, struct error *error) MUST_CHECK;
bool work_json_decode(struct span message, enum work_kind kind, struct span *json,
                      struct error *error) MUST_CHECK;

#endif
