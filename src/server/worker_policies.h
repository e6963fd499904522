/* A worker's compiled policies: those that were asked for lately, by the digest of their sources.
 *
 * Owns them. A policy that does not compile is remembered as one that cannot be used. */
#ifndef BOOTSEAL_SERVER_WORKER_POLICIES_H
#define BOOTSEAL_SERVER_WORKER_POLICIES_H

#include "server/work_message.h"

/* More than one request can name, twice: a request never throws out what it asks for itself. */
enum { WORKER_POLICY_SLOTS = 4 * LIMIT_HOST_POLICIES };

struct worker_policy_slot {
    bool used;
    uint64_t last_used;
    uint8_t id[STORE_DIGEST_LEN];
    struct arena arena;
    struct policy *policy; /* NULL: it does not compile */
};

struct worker_policies {
    uint64_t now; /* counts uses */
    struct worker_policy_slot slots[WORKER_POLICY_SLOTS];
};

/* Fills in found[i] for each of wanted->items, compiling those that come with their sources; NULL for
 * one that does not compile. False when one is not known and came without sources. */
bool worker_policies_find(struct worker_policies *policies, const struct work_policies *wanted,
                          struct policy *found[LIMIT_HOST_POLICIES]) MUST_CHECK;

#endif
