#include "server/routes.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "base/text.h"
#include "log/log.h"
#include "msg/protocol.h"
#include "os/clock.h"
#include "server/front.h"
#include "server/parameters.h"

static const struct route ROUTES[] = {
#define ROUTE(route_method, route_path, route_access, route_handler, route_body_cap, route_takes,  \
              route_gives, route_summary)                                                          \
    {                                                                                              \
        .method = HTTP_##route_method,                                                             \
        .path = route_path,                                                                        \
        .access = ACCESS_##route_access,                                                           \
        .handler = route_##route_handler,                                                          \
        .body_cap = route_body_cap,                                                                \
        .takes = route_takes,                                                                      \
        .gives = route_gives,                                                                      \
        .summary = route_summary,                                                                  \
    },
#include "server/routes.def"
#undef ROUTE
};
enum { N_ROUTES = sizeof ROUTES / sizeof *ROUTES };

const struct route *routes_all(size_t *n_routes)
{
    *n_routes = N_ROUTES;
    return ROUTES;
}

/* True when path is the route's; *parameter is then the segment that stands for {}, or empty. */
static bool path_matches(const char *pattern, const char *path, struct span *parameter)
{
    const char *open = strchr(pattern, '{');
    size_t head_len = open ? (size_t)(open - pattern) : strlen(pattern);
    const char *tail = open ? strchr(open, '}') + 1 : "";
    size_t segment_len;

    *parameter = (struct span){0};
    if (strncmp(pattern, path, head_len) != 0)
        return false;
    path += head_len;
    if (!open)
        return *path == '\0';
    segment_len = strcspn(path, "/");
    *parameter = span_of(path, segment_len);
    return segment_len > 0 && strcmp(path + segment_len, tail) == 0;
}

/* The route, or NULL; *path_known tells whether another method would have found one. */
static const struct route *find(enum http_method method, const char *path, struct span *parameter,
                                bool *path_known)
{
    *path_known = false;
    for (size_t i = 0; i < N_ROUTES; i++) {
        if (!path_matches(ROUTES[i].path, path, parameter))
            continue;
        *path_known = true;
        if (ROUTES[i].method == method)
            return &ROUTES[i];
    }
    return NULL;
}

size_t routes_body_cap(void *context, enum http_method method, const char *path)
{
    struct span parameter;
    bool path_known;
    const struct route *route = find(method, path, &parameter, &path_known);

    (void)context;
    return route ? route->body_cap : 0;
}

bool routes_permit(const struct route *route, enum store_role role)
{
    switch (route->access) {
    case ACCESS_OPEN:
        return true;
    case ACCESS_VIEWER:
        return role == STORE_ROLE_VIEWER || role == STORE_ROLE_OPERATOR || role == STORE_ROLE_ADMIN;
    case ACCESS_OPERATOR:
        return role == STORE_ROLE_OPERATOR || role == STORE_ROLE_ADMIN;
    case ACCESS_ADMIN:
        return role == STORE_ROLE_ADMIN;
    case ACCESS_NONE:
        break;
    }
    return false;
}

/* --- Authorisation --- */

static bool find_token(struct exchange *exchange, struct span secret, struct store_token *token,
                       bool *found, struct error *error)
{
    struct front *front = exchange->front;
    struct crypto_digest digest;

    crypto_hash_span(front->crypto, TPM_ALG_SHA256, secret, &digest);
    return store_token_get(front->store, digest.bytes, exchange_arena(exchange), token, found,
                           error);
}

/* True when the handler may run; else a problem has been answered. */
static bool authorise(struct exchange *exchange)
{
    static const char SCHEME[] = "Bearer ";
    const char *header = http_request_header(exchange->request, "Authorization");
    struct store_token token = {0};
    struct error error;
    bool found = false;

    if (exchange->route->access == ACCESS_OPEN)
        return true;
    if (!header || strncasecmp(header, SCHEME, strlen(SCHEME)) != 0) {
        exchange_problem(exchange, PROBLEM_AUTH_MISSING, "send Authorization: Bearer TOKEN");
        return false;
    }
    if (!find_token(exchange, span_text(header + strlen(SCHEME)), &token, &found, &error)) {
        exchange_fail(exchange, "token.lookup", &error);
        return false;
    }
    if (!found || !store_token_valid(&token, os_now_s())) {
        exchange_problem(exchange, PROBLEM_AUTH_INVALID, NULL);
        return false;
    }
    if (!routes_permit(exchange->route, token.role)) {
        exchange_problem(exchange, PROBLEM_AUTH_ROLE, "this token's role is %s",
                         store_role_name(token.role));
        return false;
    }
    exchange->who = token.name;
    return true;
}

/* The media type without parameters, in any case (RFC 9110 section 8.3.1). */
static bool type_is(const char *header, const char *type)
{
    size_t len = strlen(type);

    return header && strncasecmp(header, type, len) == 0 &&
           (header[len] == '\0' || header[len] == ';' || header[len] == ' ');
}

static bool check_body(struct exchange *exchange)
{
    const struct route *route = exchange->route;
    struct span body = http_request_body(exchange->request);

    if (body.len > route->body_cap) {
        exchange_problem(exchange, PROBLEM_BODY_TOO_LARGE, "at most %zu bytes", route->body_cap);
        return false;
    }
    if (body.len &&
        !type_is(http_request_header(exchange->request, "Content-Type"), route->takes)) {
        exchange_problem(exchange, PROBLEM_BODY_TYPE, "this route takes %s", route->takes);
        return false;
    }
    return true;
}

static int hex_digit(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    if (digit >= 'a' && digit <= 'f')
        return digit - 'a' + 10;
    return digit >= 'A' && digit <= 'F' ? digit - 'A' + 10 : -1;
}

/* Percent-decodes; NULL for broken escapes, NULs and what is no text, which name nothing. */
static const char *decode_parameter(struct span raw, struct arena *arena)
{
    char *text = arena_text(arena, raw), *out = text;

    for (const char *in = text; in && *in; in++) {
        if (*in != '%') {
            *out++ = *in;
            continue;
        }
        if (hex_digit(in[1]) < 0 || hex_digit(in[2]) < 0 || (in[1] == '0' && in[2] == '0'))
            return NULL;
        *out++ = (char)(hex_digit(in[1]) << 4 | hex_digit(in[2]));
        in += 2;
    }
    if (!out)
        return NULL;
    *out = '\0';
    return text_utf8_valid(span_text(text)) ? text : NULL;
}

void routes_dispatch(void *context, struct http_request *request)
{
    struct front *front = context;
    struct exchange *exchange = arena_new(http_request_arena(request), struct exchange);
    struct exchange fallback = {.front = front, .request = request};
    struct span parameter;
    bool path_known;
    const struct route *route = find(http_request_method(request), http_request_path(request),
                                     &parameter, &path_known);

    front->counts.requests++;
    if (front->start.dev)
        http_answer_header(request, "Bootseal-Dev", "1");
    if (!exchange || !route) {
        exchange_problem(&fallback,
                         !exchange    ? PROBLEM_INTERNAL
                         : path_known ? PROBLEM_ROUTE_METHOD
                                      : PROBLEM_ROUTE_UNKNOWN,
                         NULL);
        return;
    }
    *exchange = fallback;
    exchange->route = route;
    if (parameter.len) {
        exchange->parameter = decode_parameter(parameter, exchange_arena(exchange));
        if (!exchange->parameter) {
            exchange_problem(exchange, PROBLEM_ROUTE_UNKNOWN, "the path has a broken escape");
            return;
        }
    }
    if (authorise(exchange) && parameters_check(exchange) && check_body(exchange))
        route->handler(exchange);
}

/* --- The self-test --- */

static bool check_route(const struct route *route, struct error *error)
{
    static const enum store_role ROLES[] = {STORE_ROLE_NONE, STORE_ROLE_VIEWER, STORE_ROLE_OPERATOR,
                                            STORE_ROLE_ADMIN};
    struct span parameter;
    bool path_known;

    if (!route->handler || route->access == ACCESS_NONE || route->path[0] != '/')
        return error_plain(error, ERROR_USAGE, "route %s has no handler or no access", route->path);
    if (find(route->method, route->path, &parameter, &path_known) != route)
        return error_plain(error, ERROR_USAGE, "route %s is hidden by another", route->path);
    for (size_t i = 0; i < sizeof ROLES / sizeof *ROLES; i++) {
        bool wanted = route->access == ACCESS_OPEN ||
                      (int)ROLES[i] - STORE_ROLE_NONE >= (int)route->access - ACCESS_OPEN;

        if (routes_permit(route, ROLES[i]) != wanted)
            return error_plain(error, ERROR_USAGE, "route %s answers to the wrong role",
                               route->path);
    }
    return true;
}

bool routes_check(struct error *error)
{
    const struct route nobody = {.access = ACCESS_NONE};

    if (routes_permit(&nobody, STORE_ROLE_ADMIN))
        return error_plain(error, ERROR_USAGE, "a route without access answers");
    for (size_t i = 0; i < N_ROUTES; i++)
        if (!check_route(&ROUTES[i], error))
            return false;
    return true;
}
