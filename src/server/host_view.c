#include "server/host_view.h"

#include "base/text.h"
#include "server/front.h"

static bool find_by(struct exchange *exchange, struct arena *arena, struct store_host *host,
                    bool *found, struct error *error)
{
    struct store *store = exchange->front->store;
    uint8_t id[STORE_HOST_ID_LEN];
    size_t id_len;

    if (strlen(exchange->parameter) == 2 * sizeof id &&
        text_unhex(span_text(exchange->parameter), id, sizeof id, &id_len))
        return store_host_get(store, id, arena, host, found, error);
    return store_host_get_by_name(store, exchange->parameter, arena, host, found, error);
}

bool host_view_find(struct exchange *exchange, struct arena *arena, struct store_host *host)
{
    struct error error;
    bool found = false;

    if (!find_by(exchange, arena, host, &found, &error)) {
        exchange_fail(exchange, "hosts.find", &error);
        return false;
    }
    if (!found)
        exchange_problem(exchange, PROBLEM_HOST_UNKNOWN, "no host has the id or name %s",
                         exchange->parameter);
    return found;
}

enum verdict host_view_verdict(const struct store_host *host, int64_t now_s)
{
    if (host->enrolled.state == STORE_HOST_REVOKED)
        return VERDICT_UNTRUSTED;
    if (host->enrolled.state == STORE_HOST_PENDING)
        return VERDICT_PENDING;
    if (host->verdict == VERDICT_NONE || host->expires_s <= now_s)
        return VERDICT_UNKNOWN;
    return (enum verdict)host->verdict;
}

json_t *host_view_reasons(const char *stored)
{
    json_error_t wrong;
    json_t *reasons = stored && stored[0] ? json_loads(stored, 0, &wrong) : NULL;

    return reasons ? reasons : json_array();
}
