#include "server/parameters.h"

#include "base/text.h"
#include "server/routes.h"

static const struct parameter PARAMETERS[] = {
#define PARAMETER(method, path, in, name, description) {HTTP_##method, path, in, name, description},
#include "server/parameters.def"
#undef PARAMETER
};
enum { N_PARAMETERS = sizeof PARAMETERS / sizeof *PARAMETERS };

const struct parameter *parameters_all(size_t *n_parameters)
{
    *n_parameters = N_PARAMETERS;
    return PARAMETERS;
}

static bool belongs(const struct parameter *parameter, const struct route *route)
{
    return parameter->method == route->method && strcmp(parameter->path, route->path) == 0 &&
           strcmp(parameter->in, "query") == 0;
}

/* "limit, before" of the route; "" without any. */
static const char *names_of(const struct route *route, struct arena *arena)
{
    const char *names = "";

    for (size_t i = 0; i < N_PARAMETERS && names; i++)
        if (belongs(&PARAMETERS[i], route))
            names = arena_printf(arena, "%s%s%s", names, *names ? ", " : "", PARAMETERS[i].name);
    return names ? names : "";
}

static bool refuse_unknown(struct exchange *exchange)
{
    const char *names = names_of(exchange->route, exchange_arena(exchange));

    exchange_problem(exchange, PROBLEM_QUERY_INVALID, "%s%s",
                     *names ? "this route takes only " : "this route takes no query", names);
    return false;
}

bool parameters_check(struct exchange *exchange)
{
    struct arena *arena = exchange_arena(exchange);
    bool seen[N_PARAMETERS] = {false};
    const char *value;
    struct span name;
    size_t at = 0;

    while (http_request_query_next(exchange->request, &at, &name)) {
        size_t i = 0;

        while (i < N_PARAMETERS &&
               !(belongs(&PARAMETERS[i], exchange->route) && span_is(name, PARAMETERS[i].name)))
            i++;
        if (i == N_PARAMETERS)
            return refuse_unknown(exchange);
        value = http_request_query_value(exchange->request, PARAMETERS[i].name, arena);
        if (seen[i] || !value || !text_utf8_valid(span_text(value))) {
            exchange_problem(exchange, PROBLEM_QUERY_INVALID, "%s: %s", PARAMETERS[i].name,
                             seen[i] ? "it is there twice" : "its value cannot be read");
            return false;
        }
        seen[i] = true;
    }
    return true;
}
