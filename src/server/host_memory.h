/* What the front keeps with a host between two attestations, in the store's memory field. */
#ifndef BOOTSEAL_SERVER_HOST_MEMORY_H
#define BOOTSEAL_SERVER_HOST_MEMORY_H

#include "outcome/outcome.h"
#include "store/store.h"

struct host_memory {
    struct span policy_sha256; /* of the policy that judged; empty: none */
    struct span work;          /* the worker's (server/work_message.h); empty: none */
    struct span identity_spki; /* of the proven identity key; empty: none */
    struct outcome_approval approval;
    struct span approval_signature; /* over it; empty: none */
    /* The certificate that the identity key was given last: earned by a verdict that passed, and
     * gone with the first that does not. Serial empty: none. */
    struct span certificate_serial;
    int64_t certificate_ends_s;
};

bool host_memory_encode(const struct host_memory *memory, struct arena *arena, struct span *bytes,
                        struct error *error) MUST_CHECK;

/* An empty span gives an empty memory; bytes from before certificates were remembered give one
 * without a certificate. Spans point into bytes. */
bool host_memory_decode(struct span bytes, struct host_memory *memory,
                        struct error *error) MUST_CHECK;

#endif
