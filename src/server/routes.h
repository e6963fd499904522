/* Dispatch and authorisation: from a request to its handler, over the one table routes.def.
 *
 * The only place that calls a handler. Order: route, method, token, role, query, content type; a handler
 * never sees a request that its line does not admit. */
#ifndef BOOTSEAL_SERVER_ROUTES_H
#define BOOTSEAL_SERVER_ROUTES_H

#include "server/exchange.h"

enum access {
    ACCESS_NONE = 0, /* nobody: a line without access never answers */
    ACCESS_OPEN,
    ACCESS_VIEWER,
    ACCESS_OPERATOR,
    ACCESS_ADMIN,
};

typedef void route_fn(struct exchange *exchange);

struct route {
    enum http_method method;
    enum access access;
    const char *path;
    route_fn *handler;
    size_t body_cap;           /* bytes */
    const char *takes, *gives; /* content types; "" takes no body */
    const char *summary;
};

/* The table. */
const struct route *routes_all(size_t *n_routes);

/* For the HTTP server; context is the front. */
void routes_dispatch(void *context, struct http_request *request);
size_t routes_body_cap(void *context, enum http_method method, const char *path);

/* True when a token of that role (NONE: no token) may use the route. */
bool routes_permit(const struct route *route, enum store_role role);

/* The start-up self-test: every line has a handler, an access and a path of its own, is found by its
 * own method and path and by no other, and refuses every role below its own. */
bool routes_check(struct error *error) MUST_CHECK;

#define ROUTE(method, path, access, handler, body_cap, takes, gives, summary)                      \
    void route_##handler(struct exchange *exchange);
#include "server/routes.def"
#undef ROUTE

#endif
