#include "server/worker_policies.h"

#include "log/log.h"

enum { POLICY_ARENA_LEN = 64 * 1024 * 1024 };

static struct worker_policy_slot *find(struct worker_policies *policies,
                                       const uint8_t id[STORE_DIGEST_LEN])
{
    for (size_t i = 0; i < WORKER_POLICY_SLOTS; i++)
        if (policies->slots[i].used && memcmp(policies->slots[i].id, id, STORE_DIGEST_LEN) == 0)
            return &policies->slots[i];
    return NULL;
}

static struct worker_policy_slot *oldest(struct worker_policies *policies)
{
    struct worker_policy_slot *oldest = &policies->slots[0];

    for (size_t i = 0; i < WORKER_POLICY_SLOTS; i++) {
        if (!policies->slots[i].used)
            return &policies->slots[i];
        if (policies->slots[i].last_used < oldest->last_used)
            oldest = &policies->slots[i];
    }
    return oldest;
}

static struct worker_policy_slot *compile(struct worker_policies *policies,
                                          const struct work_policy *wanted)
{
    struct worker_policy_slot *slot = oldest(policies);
    struct policy_position position;
    struct error error;

    arena_done(&slot->arena);
    *slot = (struct worker_policy_slot){.used = true, .arena = arena_init(POLICY_ARENA_LEN)};
    memcpy(slot->id, wanted->id, sizeof slot->id);
    if (!policy_compile(&wanted->sources, &slot->arena, &slot->policy, &position, &error)) {
        slot->policy = NULL;
        log_failure(LOG_LEVEL_ERROR, "worker.policy", &error);
    }
    return slot;
}

bool worker_policies_find(struct worker_policies *policies, const struct work_policies *wanted,
                          struct policy *found[LIMIT_HOST_POLICIES])
{
    for (size_t i = 0; i < wanted->n_items; i++) {
        struct worker_policy_slot *slot = find(policies, wanted->items[i].id);

        if (!slot && !wanted->items[i].has_sources)
            return false;
        if (!slot)
            slot = compile(policies, &wanted->items[i]);
        slot->last_used = ++policies->now;
        found[i] = slot->policy;
    }
    return true;
}
