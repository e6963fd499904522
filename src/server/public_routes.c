/* What needs no token: the CA, the revocation list, health, metrics, the API's description.
 *
 * None of it names a host or holds a secret. */
#include <stdio.h>
#include <stdlib.h>

#include "log/log.h"
#include "os/clock.h"
#include "server/front.h"
#include "server/parameters.h"
#include "server/routes.h"
#include "server/sign_message.h"

enum {
    CRL_FRESH_S = 300,
    CRL_ARENA_LEN = 32 * 1024 * 1024,
    METRICS_LEN = 32 * 1024,
    SERIAL_PAD = STORE_SERIAL_LEN - CA_SERIAL_LEN,
};

void route_public_ca(struct exchange *exchange)
{
    exchange_bytes(exchange, "application/pkix-cert", exchange->front->ca_der);
}

/* --- The revocation list --- */

static void answer_crl(struct exchange *exchange)
{
    const struct front_crl *crl = &exchange->front->crl;

    exchange_bytes(exchange, "application/pkix-crl", span_of(crl->der, crl->der_len));
}

static bool keep_crl(struct front *front, struct span der)
{
    uint8_t *copy = malloc(der.len ? der.len : 1);

    if (!copy || der.len == 0) {
        free(copy);
        return false;
    }
    memcpy(copy, der.data, der.len);
    free(front->crl.der);
    front->crl = (struct front_crl){.der = copy, .der_len = der.len, .made_s = os_now_s()};
    return true;
}

static void on_crl(void *context, enum call_result result, struct span frame)
{
    struct exchange *exchange = context;
    struct sign_answer answer;
    struct error error;

    if (result == CALL_ANSWERED && sign_answer_decode(frame, &answer, &error) && answer.done &&
        keep_crl(exchange->front, answer.der))
        answer_crl(exchange);
    else
        exchange_problem(exchange, PROBLEM_SIGNER_FAILED, NULL);
}

static bool collect_revoked(struct front *front, struct arena *arena, struct sign_request *request,
                            struct error *error)
{
    struct store_certificate *certificates;
    size_t n_certificates;

    if (!store_certificate_revoked_list(front->store, os_now_s(), arena, &certificates,
                                        &n_certificates, error))
        return false;
    if (n_certificates == 0)
        return true;
    request->revoked = arena_array(arena, n_certificates, sizeof *request->revoked);
    if (!request->revoked)
        return arena_error(arena, error);
    for (size_t i = 0; i < n_certificates; i++) {
        memcpy(request->revoked[i].serial, certificates[i].serial + SERIAL_PAD, CA_SERIAL_LEN);
        request->revoked[i].revoked_s = certificates[i].revoked_s;
    }
    request->n_revoked = n_certificates;
    return true;
}

void route_public_crl(struct exchange *exchange)
{
    struct front *front = exchange->front;
    struct arena arena;
    struct sign_request request = {.kind = SIGN_CRL, .crl_number = (uint64_t)os_now_us()};
    struct span frame;
    struct error error;

    if (front->crl.der && !front->crl.stale && os_now_s() - front->crl.made_s < CRL_FRESH_S) {
        answer_crl(exchange);
        return;
    }
    arena = arena_init(CRL_ARENA_LEN);
    if (collect_revoked(front, &arena, &request, &error) &&
        sign_request_encode(&request, &arena, &frame, &error))
        calls_sign(front->calls, frame, on_crl, exchange);
    else
        exchange_fail(exchange, "crl.collect", &error);
    arena_done(&arena);
}

/* --- Health --- */

void route_public_health(struct exchange *exchange)
{
    exchange_json(exchange, 200,
                  json_pack("{s:s, s:s}", "schema", "bootseal.health.v1", "status", "ok"));
}

void route_public_ready(struct exchange *exchange)
{
    const struct front *front = exchange->front;
    const struct calls_counts counts = calls_counts(front->calls);
    bool ready = counts.workers > 0 && counts.signer;
    json_t *body = json_pack("{s:s, s:b, s:b, s:b, s:b}", "schema", "bootseal.ready.v1", "ready",
                             ready, "workers", counts.workers > 0, "signer", counts.signer,
                             "policy", bindings_enforce(front->bindings, os_now_s()));

    /* Without a policy hosts are served, and none is trusted: ready, and said so. */
    exchange_json(exchange, ready ? 200 : 503, body);
}

/* --- Metrics (Prometheus text format 0.0.4) --- */

struct metrics {
    char *text;
    size_t len;
    const char *dev; /* label, or "" */
};

static void metric_head(struct metrics *metrics, const char *name, const char *type,
                        const char *help)
{
    metrics->len += (size_t)snprintf(metrics->text + metrics->len, METRICS_LEN - metrics->len,
                                     "# HELP bootseal_%s %s\n# TYPE bootseal_%s %s\n", name, help,
                                     name, type);
}

static void metric(struct metrics *metrics, const char *name, const char *label, const char *value,
                   uint64_t number)
{
    char labels[128];

    snprintf(labels, sizeof labels, "%s%s%s%s%s", label, label[0] ? "=\"" : "", value,
             label[0] ? "\"" : "", label[0] && metrics->dev[0] ? "," : "");
    if (metrics->len < METRICS_LEN)
        metrics->len += (size_t)snprintf(
            metrics->text + metrics->len, METRICS_LEN - metrics->len, "bootseal_%s%s%s%s%s %llu\n",
            name, label[0] || metrics->dev[0] ? "{" : "", labels, metrics->dev,
            label[0] || metrics->dev[0] ? "}" : "", (unsigned long long)number);
}

static void one_metric(struct metrics *metrics, const char *name, const char *type,
                       const char *help, uint64_t number)
{
    metric_head(metrics, name, type, help);
    metric(metrics, name, "", "", number);
}

static void host_metrics(struct metrics *metrics, struct front *front)
{
    struct store_host_counts counts;
    struct error error;

    if (!store_host_count(front->store, os_now_s(), &counts, &error)) {
        log_failure(LOG_LEVEL_WARNING, "metrics.hosts", &error);
        return;
    }
    metric_head(metrics, "hosts", "gauge", "Hosts by enrolment state.");
    for (int state = STORE_HOST_PENDING; state <= STORE_HOST_REVOKED; state++)
        metric(metrics, "hosts", "state", store_host_state_name((enum store_host_state)state),
               counts.by_state[state]);
    metric_head(metrics, "host_verdicts", "gauge", "Enrolled hosts by their verdict in force.");
    for (int verdict = VERDICT_TRUSTED; verdict <= VERDICT_UNKNOWN; verdict++)
        metric(metrics, "host_verdicts", "verdict", verdict_name((enum verdict)verdict),
               counts.by_verdict[verdict]);
    metric(metrics, "host_verdicts", "verdict", "ended", counts.expired);
}

static void work_metrics(struct metrics *metrics, const struct front *front)
{
    const struct front_counts *counts = &front->counts;
    struct calls_counts calls = calls_counts(front->calls);

    metric_head(metrics, "verdicts_total", "counter", "Verdicts recorded.");
    for (int verdict = VERDICT_TRUSTED; verdict <= VERDICT_PENDING; verdict++)
        metric(metrics, "verdicts_total", "verdict", verdict_name((enum verdict)verdict),
               counts->verdicts[verdict]);
    metric_head(metrics, "attestations_total", "counter", "Attestations appraised.");
    metric(metrics, "attestations_total", "way", "full", counts->attest_full);
    metric(metrics, "attestations_total", "way", "steady", counts->attest_steady);
    metric(metrics, "attestations_total", "way", "refused", counts->attest_refused);
    one_metric(metrics, "enrolments_total", "counter", "Enrolments finished.", counts->enrolments);
    one_metric(metrics, "certificates_total", "counter", "Identity certificates issued.",
               counts->certificates);
    one_metric(metrics, "approvals_total", "counter", "States approved.", counts->approvals);
    one_metric(metrics, "workers", "gauge", "Workers at hand.", calls.workers);
    one_metric(metrics, "calls_waiting", "gauge", "Requests that wait for a worker.",
               calls.waiting);
    metric_head(metrics, "calls_total", "counter", "Calls to workers and signer.");
    metric(metrics, "calls_total", "result", "answered", calls.answered);
    metric(metrics, "calls_total", "result", "lost", calls.lost);
    metric(metrics, "calls_total", "result", "timeout", calls.timeouts);
    metric(metrics, "calls_total", "result", "busy", calls.busy);
}

static void http_metrics(struct metrics *metrics, const struct front *front)
{
    struct http_server_counts http = http_server_counts(front->http);

    one_metric(metrics, "requests_total", "counter", "HTTP requests.", http.requests);
    one_metric(metrics, "connections", "gauge", "Open connections.", http.connections);
    one_metric(metrics, "connections_total", "counter", "Connections taken.", http.accepted);
    metric_head(metrics, "connections_refused_total", "counter", "Connections over a cap.");
    metric(metrics, "connections_refused_total", "cap", "all", http.refused_total);
    metric(metrics, "connections_refused_total", "cap", "address", http.refused_address);
    metric_head(metrics, "deadlines_total", "counter", "Connections closed for slowness.");
    metric(metrics, "deadlines_total", "phase", "handshake", http.deadline_handshake);
    metric(metrics, "deadlines_total", "phase", "idle", http.deadline_idle);
    metric(metrics, "deadlines_total", "phase", "request", http.deadline_request);
    one_metric(metrics, "tls_resumed_total", "counter", "TLS sessions resumed.",
               http.handshakes_resumed);
    one_metric(metrics, "front_cpu_microseconds_total", "counter", "CPU time of the front.",
               (uint64_t)os_cpu_us());
}

void route_public_metrics(struct exchange *exchange)
{
    struct front *front = exchange->front;
    struct metrics metrics = {.text = arena_alloc(exchange_arena(exchange), METRICS_LEN),
                              .dev = front->start.dev ? "dev=\"1\"" : ""};

    if (!metrics.text) {
        exchange_problem(exchange, PROBLEM_INTERNAL, NULL);
        return;
    }
    host_metrics(&metrics, front);
    work_metrics(&metrics, front);
    http_metrics(&metrics, front);
    exchange_bytes(exchange, "text/plain; version=0.0.4", span_of(metrics.text, metrics.len));
}

/* --- The API's description (OpenAPI 3.1) --- */

static json_t *response_json(const char *description, const char *type)
{
    return json_pack("{s:s, s:{s:{}}}", "description", description, "content", type);
}

/* Those of the path, which are always there, and the others. */
static json_t *parameters_json(const struct route *route)
{
    const char *open = strchr(route->path, '{');
    json_t *list = json_array();
    size_t n_parameters;
    const struct parameter *parameters = parameters_all(&n_parameters);

    if (open)
        json_array_append_new(list, json_pack("{s:s%, s:s, s:b, s:{s:s}}", "name", open + 1,
                                              strcspn(open + 1, "}"), "in", "path", "required",
                                              true, "schema", "type", "string"));
    for (size_t i = 0; i < n_parameters; i++)
        if (parameters[i].method == route->method && strcmp(parameters[i].path, route->path) == 0)
            json_array_append_new(list,
                                  json_pack("{s:s, s:s, s:s, s:{s:s}}", "name", parameters[i].name,
                                            "in", parameters[i].in, "description",
                                            parameters[i].description, "schema", "type", "string"));
    return list;
}

static json_t *operation_json(const struct route *route)
{
    static const char *const ROLES[] = {"none", "open", "viewer", "operator", "admin"};
    json_t *operation = json_pack("{s:s, s:{s:o, s:o}, s:s}", "summary", route->summary,
                                  "responses", "200", response_json("Done", route->gives),
                                  "default",
                                  response_json("Problem (RFC 9457)", "application/problem+json"),
                                  "x-bootseal-role", ROLES[route->access]);
    json_t *parameters = parameters_json(route);

    if (route->access != ACCESS_OPEN)
        json_object_set_new(operation, "security", json_pack("[{s:[]}]", "bearer"));
    if (route->takes[0])
        json_object_set_new(operation, "requestBody",
                            json_pack("{s:{s:{}}}", "content", route->takes));
    if (json_array_size(parameters))
        json_object_set(operation, "parameters", parameters);
    json_decref(parameters);
    return operation;
}

static json_t *paths_json(void)
{
    static const char *const VERBS[] = {
        [HTTP_GET] = "get", [HTTP_POST] = "post", [HTTP_PUT] = "put", [HTTP_DELETE] = "delete"};
    json_t *paths = json_object();
    size_t n_routes;
    const struct route *routes = routes_all(&n_routes);

    for (size_t i = 0; i < n_routes; i++) {
        json_t *path = json_object_get(paths, routes[i].path);

        if (!path) {
            path = json_object();
            json_object_set_new(paths, routes[i].path, path);
        }
        json_object_set_new(path, VERBS[routes[i].method], operation_json(&routes[i]));
    }
    return paths;
}

void route_public_openapi(struct exchange *exchange)
{
    exchange_json(exchange, 200,
                  json_pack("{s:s, s:{s:s, s:s}, s:{s:{s:{s:s, s:s}}}, s:o}", "openapi", "3.1.0",
                            "info", "title", "Bootseal", "version", BOOTSEAL_VERSION, "components",
                            "securitySchemes", "bearer", "type", "http", "scheme", "bearer",
                            "paths", paths_json()));
}
