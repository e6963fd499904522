/* A host as people see it: found by name or id, with its verdict as of now. */
#ifndef BOOTSEAL_SERVER_HOST_VIEW_H
#define BOOTSEAL_SERVER_HOST_VIEW_H

#include "appraise/appraise.h"
#include "server/exchange.h"

/* The path's host, a host id in hex or a name; false after having answered. */
bool host_view_find(struct exchange *exchange, struct arena *arena,
                    struct store_host *host) MUST_CHECK;

/* A verdict that has ended decays to unknown by itself. */
enum verdict host_view_verdict(const struct store_host *host, int64_t now_s);

/* Reasons as they were stored; an empty array for none. */
json_t *host_view_reasons(const char *stored);

#endif
