/* bootseal status: the service and its hosts on one screen, ending with the next action. */
#include "cli/print.h"
#include "cli/service.h"
#include "cli/table.h"

#include <stdlib.h>

enum { METRICS_LEN_MAX = 1024 * 1024 };
#define CONCERNS_LIMIT "5" /* hosts named one by one; the rest is counted */

/* Worst first: the order in which they are named and counted. */
static const char *const COUNTED[] = {"untrusted", "unknown", "attention",
                                      "pending",   "trusted", "revoked"};
enum { N_COUNTED = sizeof COUNTED / sizeof *COUNTED, N_CONCERNS = 4 };

struct state {
    bool ready, workers, trial;
    json_t *policy;   /* in force; NULL: none */
    json_t *concerns; /* hosts that somebody should look at, worst first */
    uint64_t counts[N_COUNTED];
    const char *next;
};

/* /ready answers 503 with the same object when the service cannot decide. */
static bool ask_ready(struct cli *cli, struct state *state, enum exit_status *status)
{
    const struct service_request request = {.method = "GET", .path = "/ready"};
    struct http_client_answer answer;
    json_t *object;

    if (!service_ask(cli, &request, &answer, status))
        return false;
    object = json_loadb((const char *)answer.body.data, answer.body.len, 0, NULL);
    state->ready = answer.status == 200 && json_is_true(json_object_get(object, "ready"));
    state->workers = json_is_true(json_object_get(object, "workers"));
    json_decref(object);
    return true;
}

static bool ask_policy(struct cli *cli, struct state *state, enum exit_status *status)
{
    const struct service_request request = {
        .method = "GET", .path = "/api/v1/policies", .answer_cap = LIMIT_LIST_ANSWER_LEN};
    json_t *object, *policy;
    size_t i;

    if (!service_json(cli, &request, &object, status))
        return false;
    json_array_foreach(json_object_get(object, "policies"), i, policy)
    {
        if (json_is_true(json_object_get(policy, "active")))
            state->policy = json_incref(policy);
    }
    json_decref(object);
    return true;
}

/* The number of a line like 'bootseal_hosts{state="pending",dev="1"} 3' (Prometheus text 0.0.4); 0
 * without such a line. */
static uint64_t metric(const char *metrics, const char *start)
{
    for (const char *line = metrics; line && *line; line = strchr(line, '\n')) {
        const char *brace;

        line += *line == '\n';
        if (strncmp(line, start, strlen(start)) != 0)
            continue;
        brace = strchr(line, '}');
        return brace ? strtoull(brace + 1, NULL, 10) : 0;
    }
    return 0;
}

static bool ask_counts(struct cli *cli, struct state *state, enum exit_status *status)
{
    const struct service_request request = {
        .method = "GET", .path = "/metrics", .answer_cap = METRICS_LEN_MAX};
    struct http_client_answer answer;
    const char *metrics;

    if (!service_do(cli, &request, &answer, status))
        return false;
    metrics = (const char *)answer.body.data; /* a NUL follows */
    for (size_t i = 0; i < N_COUNTED; i++) {
        bool is_state = strcmp(COUNTED[i], "pending") == 0 || strcmp(COUNTED[i], "revoked") == 0;

        state->counts[i] = metric(metrics,
                                  arena_printf(&cli->arena,
                                               is_state ? "bootseal_hosts{state=\"%s\""
                                                        : "bootseal_host_verdicts{verdict=\"%s\"",
                                               COUNTED[i]));
        /* A verdict that has ended is unknown. */
        if (strcmp(COUNTED[i], "unknown") == 0)
            state->counts[i] += metric(metrics, "bootseal_host_verdicts{verdict=\"ended\"");
    }
    state->trial = strstr(metrics, "dev=\"1\"") != NULL;
    return true;
}

static bool ask_concerns(struct cli *cli, struct state *state, enum exit_status *status)
{
    state->concerns = json_array();
    for (size_t i = 0; i < N_CONCERNS; i++) {
        const struct service_field fields[] = {
            {"limit", CONCERNS_LIMIT},
            {strcmp(COUNTED[i], "pending") == 0 ? "state" : "verdict", COUNTED[i]}};
        const struct service_request request = {
            .method = "GET",
            .path = service_query(cli, "/api/v1/hosts", fields, 2),
            .answer_cap = LIMIT_LIST_ANSWER_LEN};
        json_t *object;

        if (state->counts[i] == 0)
            continue;
        if (!service_json(cli, &request, &object, status))
            return false;
        json_array_extend(state->concerns, json_object_get(object, "hosts"));
        json_decref(object);
    }
    return true;
}

static uint64_t hosts(const struct state *state)
{
    uint64_t n = 0;

    for (size_t i = 0; i < N_COUNTED; i++)
        n += state->counts[i];
    return n;
}

static const char *next_action(struct cli *cli, const struct state *state)
{
    const json_t *worst = json_array_get(state->concerns, 0);
    const char *name = print_member(cli, worst, "name");
    const char *host_state = print_member(cli, worst, "state");

    if (!state->ready)
        return "look why no worker runs: journalctl -u bootseald";
    if (!state->policy)
        return "put a policy in force, for no host is trusted without one: bootseal policy apply "
               "FILE";
    if (hosts(state) == 0)
        return arena_printf(&cli->arena,
                            "enrol a host: bootseal-agent enroll %s --ca-fingerprint HEX (of "
                            "bootseal ca show)",
                            service_url(cli));
    if (name && host_state && strcmp(host_state, "pending") == 0)
        return arena_printf(&cli->arena, "approve it or not: bootseal host show %s", name);
    if (name)
        return arena_printf(&cli->arena, "see why: bootseal host show %s", name);
    return "nothing, all is well";
}

static json_t *as_json(struct cli *cli, const struct state *state)
{
    json_t *object = talk_schema("status"), *counts = json_object();

    for (size_t i = 0; i < N_COUNTED; i++)
        json_object_set_new(counts, COUNTED[i], json_integer((json_int_t)state->counts[i]));
    json_object_set_new(object, "service", json_string(service_url(cli)));
    json_object_set_new(object, "ready", json_boolean(state->ready));
    json_object_set_new(object, "workers", json_boolean(state->workers));
    json_object_set_new(object, "trial", json_boolean(state->trial));
    json_object_set_new(object, "policy", state->policy ? json_incref(state->policy) : json_null());
    json_object_set_new(object, "hosts", counts);
    json_object_set_new(object, "concerns", json_incref(state->concerns));
    json_object_set_new(object, "next", json_string(state->next));
    return object;
}

static void print_concerns(struct cli *cli, const struct state *state)
{
    static const char *const HEADS[] = {"VERDICT", "HOST", "SINCE", "SEEN"};
    struct table table = table_begin(cli, HEADS, 4);

    if (json_array_size(state->concerns) == 0)
        return;
    for (size_t i = 0; i < json_array_size(state->concerns); i++) {
        const json_t *host = json_array_get(state->concerns, i);
        const char *verdict = print_member(cli, host, "verdict");

        table_add(&table, print_verdict_color(verdict), print_verdict(verdict));
        table_add(&table, TALK_PLAIN, print_member(cli, host, "name"));
        table_add(&table, TALK_PLAIN, print_age(cli, print_member(cli, host, "verdict_at")));
        table_add(&table, TALK_PLAIN, print_age(cli, print_member(cli, host, "seen_at")));
    }
    fputc('\n', stdout);
    table_print(&table);
}

static void print_state(struct cli *cli, const struct state *state)
{
    const char *name = print_member(cli, state->policy, "name");
    const char *version = print_member(cli, state->policy, "version");
    const char *since = print_age(cli, print_member(cli, state->policy, "activated_at"));

    printf("service  %s%s  %s%s%s\n", service_url(cli), state->trial ? " (trial)" : "",
           talk_color(cli, state->ready ? TALK_GOOD : TALK_BAD),
           state->ready ? "✔ ready" : "✖ not ready", talk_color(cli, TALK_PLAIN));
    if (state->policy)
        printf("policy   %s version %s, in force since %s\n", name ? name : "-",
               version ? version : "-", since ? since : "-");
    else
        printf("policy   %snone%s\n", talk_color(cli, TALK_BAD), talk_color(cli, TALK_PLAIN));
    printf("hosts    %llu", (unsigned long long)hosts(state));
    for (size_t i = 0, n = 0; i < N_COUNTED; i++)
        if (state->counts[i])
            printf("%s%s%llu %s%s", n++ ? ", " : ": ",
                   talk_color(cli, print_verdict_color(COUNTED[i])),
                   (unsigned long long)state->counts[i], COUNTED[i], talk_color(cli, TALK_PLAIN));
    fputc('\n', stdout);
    print_concerns(cli, state);
    printf("\nNext: %s\n", state->next);
}

enum exit_status service_status(struct cli *cli)
{
    struct state state = {0};
    enum exit_status status = EXIT_INTERNAL;

    if (ask_ready(cli, &state, &status) && ask_counts(cli, &state, &status) &&
        ask_policy(cli, &state, &status) && ask_concerns(cli, &state, &status)) {
        state.next = next_action(cli, &state);
        if (cli->json)
            talk_json(as_json(cli, &state));
        else
            print_state(cli, &state);
        status = state.ready ? EXIT_HOLDS : EXIT_HOLDS_NOT;
    }
    json_decref(state.policy);
    json_decref(state.concerns);
    return status;
}
