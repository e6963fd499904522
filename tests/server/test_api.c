/* Attacks on the API of a real service: tokens, roles, bodies, attempts, nonces, slow and many
 * clients. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <ctype.h>
#include <jansson.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "msg/protocol.h"
#include "server/routes.h"
#include "support/service.h"

static struct service service;

static int start(void **state)
{
    static const char *const SETTINGS[] = {"http.handshake_timeout=1s", "http.request_timeout=2s",
                                           "http.connections_per_address=64", "log.level=error",
                                           "server.workers=2"};

    (void)state;
    service_start(&service, SETTINGS, sizeof SETTINGS / sizeof *SETTINGS);
    return 0;
}

static int end(void **state)
{
    (void)state;
    service_wipe(&service);
    return 0;
}

static struct http_client_answer get(const char *path, const char *token)
{
    return service_request(&service, "GET", path, token, NULL, (struct span){0});
}

static struct http_client_answer post_cbor(const char *path, struct span body)
{
    return service_request(&service, "POST", path, NULL, "application/cbor", body);
}

static struct http_client_answer send_json(const char *method, const char *path, const char *token,
                                           const char *json)
{
    return service_request(&service, method, path, token, "application/json", span_text(json));
}

/* Makes a token and gives its secret, in static memory. */
static const char *make_token(const char *name, const char *role, int lifetime_s)
{
    static char secret[128];
    char body[256];
    struct http_client_answer answer;
    json_t *object;

    snprintf(body, sizeof body, "{\"name\":\"%s\",\"role\":\"%s\",\"lifetime_s\":%d}", name, role,
             lifetime_s);
    answer = send_json("POST", "/api/v1/tokens", service.token, body);
    assert_int_equal(answer.status, 201);
    object = json_loadb((const char *)answer.body.data, answer.body.len, 0, NULL);
    snprintf(secret, sizeof secret, "%s", json_string_value(json_object_get(object, "token")));
    json_decref(object);
    return secret;
}

/* A path of the route that names something. */
static const char *sample_path(const struct route *route)
{
    static char path[256];
    const char *open = strchr(route->path, '{');

    if (!open)
        return route->path;
    snprintf(path, sizeof path, "%.*snobody%s", (int)(open - route->path), route->path,
             strchr(open, '}') + 1);
    return path;
}

/* --- Tokens and roles --- */

static struct http_client_answer ask(const struct route *route, const char *token)
{
    struct span body = {0};

    if (strcmp(route->takes, "application/json") == 0)
        body = span_text("{}");
    else if (route->takes[0])
        body = span_text("x");
    return service_request(&service, http_method_name(route->method), sample_path(route), token,
                           body.len ? route->takes : NULL, body);
}

static void test_every_closed_route_refuses_everybody_else(void **state)
{
    char viewer[128], operator_[128];
    size_t n_routes;
    const struct route *routes = routes_all(&n_routes);

    (void)state;
    snprintf(viewer, sizeof viewer, "%s", make_token("viewer-1", "viewer", 600));
    snprintf(operator_, sizeof operator_, "%s", make_token("operator-1", "operator", 600));
    for (size_t i = 0; i < n_routes; i++) {
        struct http_client_answer answer;

        if (routes[i].access == ACCESS_OPEN)
            continue;
        answer = ask(&routes[i], NULL);
        assert_true(service_is_problem(&answer, 401, "auth.token_missing"));
        answer = ask(&routes[i], "bootseal_0000");
        assert_true(service_is_problem(&answer, 401, "auth.token_invalid"));
        answer = ask(&routes[i], "");
        assert_int_equal(answer.status, 401);
        answer = ask(&routes[i], viewer);
        if (routes[i].access > ACCESS_VIEWER)
            assert_true(service_is_problem(&answer, 403, "auth.role"));
        else
            assert_int_not_equal(answer.status, 403);
        answer = ask(&routes[i], operator_);
        if (routes[i].access > ACCESS_OPERATOR)
            assert_true(service_is_problem(&answer, 403, "auth.role"));
        else
            assert_int_not_equal(answer.status, 403);
        service_forget(&service);
    }
}

static void test_ended_and_revoked_tokens(void **state)
{
    char brief[128], revoked[128];
    struct http_client_answer answer;

    (void)state;
    snprintf(brief, sizeof brief, "%s", make_token("brief", "viewer", 1));
    snprintf(revoked, sizeof revoked, "%s", make_token("revoked", "viewer", 600));
    assert_int_equal(get("/api/v1/hosts", revoked).status, 200);
    answer = service_request(&service, "DELETE", "/api/v1/tokens/revoked", service.token, NULL,
                             (struct span){0});
    assert_int_equal(answer.status, 200);
    answer = get("/api/v1/hosts", revoked);
    assert_true(service_is_problem(&answer, 401, "auth.token_invalid"));
    sleep(2);
    answer = get("/api/v1/hosts", brief);
    assert_true(service_is_problem(&answer, 401, "auth.token_invalid"));
    answer = service_request(&service, "DELETE", "/api/v1/tokens/nobody", service.token, NULL,
                             (struct span){0});
    assert_true(service_is_problem(&answer, 404, "token.unknown"));
}

static void test_tokens_say_what_is_wrong(void **state)
{
    static const char *const BAD[] = {
        "{}",
        "{\"name\":\"a\"}",
        "{\"name\":\"a\",\"role\":\"root\"}",
        "{\"name\":\"a b\",\"role\":\"viewer\"}",
        "{\"name\":\"\",\"role\":\"viewer\"}",
        "{\"name\":\"a\",\"role\":\"viewer\",\"lifetime_s\":0}",
        "{\"name\":\"a\",\"role\":\"viewer\",\"lifetime_s\":\"1\"}",
        "{\"name\":\"a\",\"role\":\"viewer\",\"lifetime\":60}",
    };
    static const char *const BROKEN[] = {"{", "[]", "{\"name\":1,\"name\":2}", "{} {}", "null"};
    struct http_client_answer answer;

    (void)state;
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++) {
        answer = send_json("POST", "/api/v1/tokens", service.token, BAD[i]);
        assert_true(service_is_problem(&answer, 422, "field.invalid"));
    }
    for (size_t i = 0; i < sizeof BROKEN / sizeof *BROKEN; i++) {
        answer = send_json("POST", "/api/v1/tokens", service.token, BROKEN[i]);
        assert_true(service_is_problem(&answer, 400, "body.malformed"));
    }
    make_token("twice", "viewer", 600);
    answer = send_json("POST", "/api/v1/tokens", service.token,
                       "{\"name\":\"twice\",\"role\":\"viewer\"}");
    assert_true(service_is_problem(&answer, 409, "token.exists"));
}

static void test_acts_are_audited_without_secrets(void **state)
{
    char secret[128];
    struct http_client_answer answer;
    char *text;

    (void)state;
    snprintf(secret, sizeof secret, "%s", make_token("audited", "viewer", 600));
    answer = get("/api/v1/audit", service.token);
    assert_int_equal(answer.status, 200);
    text = strndup((const char *)answer.body.data, answer.body.len);
    assert_non_null(strstr(text, "\"token.create\""));
    assert_non_null(strstr(text, "\"audited\""));
    assert_null(strstr(text, secret));
    free(text);
    answer = get("/metrics", NULL);
    text = strndup((const char *)answer.body.data, answer.body.len);
    assert_null(strstr(text, "audited"));
    free(text);
}

/* --- Paths, methods, bodies --- */

static void test_unknown_paths_and_methods(void **state)
{
    struct http_client_answer answer = get("/api/v1/nothing", service.token);

    (void)state;
    assert_true(service_is_problem(&answer, 404, "route.unknown"));
    answer = get("/api/v1/hosts/", service.token);
    assert_true(service_is_problem(&answer, 404, "route.unknown"));
    answer = get("/api/v1/hosts/%00", service.token);
    assert_true(service_is_problem(&answer, 404, "route.unknown"));
    answer = get("/api/v1/hosts/%ff%fe", service.token); /* no text, so no name */
    assert_true(service_is_problem(&answer, 404, "route.unknown"));
    answer = get("/api/v1/hosts/%2e%2e%2fx", service.token);
    assert_true(service_is_problem(&answer, 404, "host.unknown"));
    answer = get("/api/v1/enrol", NULL);
    assert_true(service_is_problem(&answer, 405, "route.method"));
    answer = send_json("DELETE", "/api/v1/policy", service.token, "");
    assert_true(service_is_problem(&answer, 405, "route.method"));
    answer = get("/api/v1/hosts?limit=0", service.token);
    assert_true(service_is_problem(&answer, 400, "query.invalid"));
    answer = get("/api/v1/hosts?limit=501", service.token);
    assert_true(service_is_problem(&answer, 400, "query.invalid"));
    answer = get("/api/v1/hosts?state=good", service.token);
    assert_true(service_is_problem(&answer, 400, "query.invalid"));
}

static const char *const HOST_PATHS[] = {PROTOCOL_PATH_ENROL, PROTOCOL_PATH_ACTIVATE,
                                         PROTOCOL_PATH_CHALLENGE, PROTOCOL_PATH_ATTEST};

static void test_wrong_content_type(void **state)
{
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        struct http_client_answer answer = send_json("POST", HOST_PATHS[i], NULL, "{}");

        assert_true(service_is_problem(&answer, 415, "body.content_type"));
    }
}

static void test_malformed_bodies(void **state)
{
    static const uint8_t NOISE[] = {0xA1, 0x01, 0x9F, 0xFF, 0x00};
    static const uint8_t EMPTY_MAP[] = {0xA0};
    static const uint8_t DEEP[] = {0x81, 0x81, 0x81, 0x81, 0x81, 0x81, 0x81, 0x81, 0x81, 0x81};
    static const uint8_t HUGE_CLAIM[] = {0xBB, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF};
    const struct span bodies[] = {{NULL, 0},
                                  {NOISE, sizeof NOISE},
                                  {EMPTY_MAP, sizeof EMPTY_MAP},
                                  {DEEP, sizeof DEEP},
                                  {HUGE_CLAIM, sizeof HUGE_CLAIM}};

    (void)state;
    for (size_t i = 0; i < 4; i++)
        for (size_t k = 0; k < sizeof bodies / sizeof *bodies; k++) {
            struct http_client_answer answer = post_cbor(HOST_PATHS[i], bodies[k]);

            assert_true(answer.status == 400 || answer.status == 413);
        }
    assert_int_equal(get("/health", NULL).status, 200);
}

static void test_oversized_bodies(void **state)
{
    uint8_t *big = calloc(1, LIMIT_MESSAGE_LEN + 1);
    struct http_client_answer answer;

    (void)state;
    answer = post_cbor(PROTOCOL_PATH_CHALLENGE, span_of(big, 4097));
    assert_int_equal(answer.status, 413);
    answer = post_cbor(PROTOCOL_PATH_ACTIVATE, span_of(big, 4097));
    assert_int_equal(answer.status, 413);
    answer = post_cbor(PROTOCOL_PATH_ENROL, span_of(big, LIMIT_MESSAGE_LEN + 1));
    assert_int_equal(answer.status, 413);
    answer = service_request(&service, "PUT", "/api/v1/policy", service.token, "text/plain",
                             span_of(big, LIMIT_POLICY_LEN + 1));
    assert_int_equal(answer.status, 413);
    free(big);
    assert_int_equal(get("/health", NULL).status, 200);
}

/* Evidence over its cap is refused before it is taken. */
static void test_oversized_evidence(void **state)
{
    uint8_t *big = calloc(1, (size_t)LIMIT_EVIDENCE_LEN + 1);
    struct http_client_answer answer;

    (void)state;
    answer = post_cbor(PROTOCOL_PATH_ATTEST, span_of(big, (size_t)LIMIT_EVIDENCE_LEN + 1));
    assert_int_equal(answer.status, 413);
    free(big);
    assert_int_equal(get("/health", NULL).status, 200);
}

/* --- Attempts and hosts that are none --- */

static void test_unknown_attempt_and_host(void **state)
{
    uint8_t zeros[64] = {0};
    struct activate_request activate = {.attempt_id = span_of(zeros, PROTOCOL_ATTEMPT_ID_LEN),
                                        .credential = span_of(zeros, PROTOCOL_CREDENTIAL_LEN)};
    struct challenge_request challenge = {.host_id = span_of(zeros, PROTOCOL_HOST_ID_LEN)};
    struct arena arena = arena_init(65536);
    struct http_client_answer answer;
    struct span body;
    struct error error;

    (void)state;
    assert_true(activate_request_encode(&activate, &arena, &body, &error));
    answer = post_cbor(PROTOCOL_PATH_ACTIVATE, body);
    assert_true(service_is_problem(&answer, 404, "enrol.attempt_unknown"));
    assert_true(challenge_request_encode(&challenge, &arena, &body, &error));
    answer = post_cbor(PROTOCOL_PATH_CHALLENGE, body);
    assert_true(service_is_problem(&answer, 404, "host.unknown"));
    arena_done(&arena);
}

/* --- Policy --- */

static void test_policy_errors_have_a_place(void **state)
{
    struct http_client_answer answer = service_request(
        &service, "PUT", "/api/v1/policy", service.token, "text/plain",
        span_text("[policy]\nname = x\nversion = 1\n\n[rule a]\nexpect = ((\n"));
    json_t *problem = json_loadb((const char *)answer.body.data, answer.body.len, 0, NULL);

    (void)state;
    assert_true(service_is_problem(&answer, 422, "policy.invalid"));
    assert_true(json_integer_value(json_object_get(problem, "line")) > 1);
    assert_true(json_is_integer(json_object_get(problem, "column")));
    json_decref(problem);
    answer = get("/api/v1/policy", service.token);
    assert_true(service_is_problem(&answer, 404, "policy.none"));
}

/* --- Slow and many clients --- */

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Waits until the service closes the connection; false when it does not in time. */
static bool closes(int fd, int within_ms)
{
    int64_t end_ms = now_ms() + within_ms;
    char sink[4096];

    while (now_ms() < end_ms) {
        struct pollfd polled = {.fd = fd, .events = POLLIN};

        if (poll(&polled, 1, (int)(end_ms - now_ms())) > 0 && read(fd, sink, sizeof sink) <= 0)
            return true;
    }
    return false;
}

static void test_stalled_handshake_blocks_nobody(void **state)
{
    int silent = service_connect(&service), half = service_connect(&service);
    int64_t before_ms = now_ms();

    (void)state;
    assert_int_equal(write(half, "\x16\x03\x01\x02\x00\x01", 6), 6);
    assert_int_equal(get("/health", NULL).status, 200);
    assert_true(now_ms() - before_ms < 900);
    assert_true(closes(silent, 5000));
    assert_true(closes(half, 5000));
    close(silent);
    close(half);
}

static void test_many_connections_are_capped(void **state)
{
    enum { MANY = 200 };
    int fds[MANY];
    size_t n_open = 0;

    (void)state;
    for (size_t i = 0; i < MANY; i++)
        fds[i] = service_connect(&service);
    for (size_t i = 0; i < MANY; i++) {
        struct pollfd polled = {.fd = fds[i], .events = POLLIN};

        n_open += poll(&polled, 1, i == 0 ? 300 : 0) == 0;
    }
    assert_true(n_open <= 64);
    for (size_t i = 0; i < MANY; i++)
        close(fds[i]);
    assert_int_equal(get("/health", NULL).status, 200);
}

/* The parameter as the description has it; NULL when it has none of that name there. */
static const json_t *described(const json_t *api, const char *verb, const char *path,
                               const char *name)
{
    const json_t *operation = json_object_get(json_object_get(json_object_get(api, "paths"), path),
                                              verb);
    const json_t *parameters = json_object_get(operation, "parameters");

    for (size_t i = 0; i < json_array_size(parameters); i++) {
        const json_t *parameter = json_array_get(parameters, i);

        if (strcmp(json_string_value(json_object_get(parameter, "name")), name) == 0)
            return parameter;
    }
    return NULL;
}

/* A line of parameters.def that names no route would be in nobody's description. */
static void test_the_description_has_every_parameter(void **state)
{
    static const struct {
        const char *verb, *path, *in, *name;
    } WANTED[] = {
#define PARAMETER(method, path, in, name, description) {#method, path, in, name},
#include "server/parameters.def"
#undef PARAMETER
        {"GET", "/api/v1/hosts/{host}", "path", "host"},
    };
    struct http_client_answer answer = get("/api/v1/openapi.json", NULL);
    json_t *api = json_loadb((const char *)answer.body.data, answer.body.len, 0, NULL);

    (void)state;
    for (size_t i = 0; i < sizeof WANTED / sizeof *WANTED; i++) {
        char verb[16] = {0};
        const json_t *parameter;

        for (size_t k = 0; WANTED[i].verb[k]; k++)
            verb[k] = (char)tolower((unsigned char)WANTED[i].verb[k]);
        parameter = described(api, verb, WANTED[i].path, WANTED[i].name);
        if (!parameter)
            fail_msg("%s %s: no %s", WANTED[i].verb, WANTED[i].path, WANTED[i].name);
        assert_string_equal(json_string_value(json_object_get(parameter, "in")), WANTED[i].in);
    }
    assert_null(described(api, "get", "/api/v1/hosts/{host}", "limit"));
    json_decref(api);
}

/* What nobody reads may be a misspelt filter, and a list without it another list. */
static void test_queries_are_held_against_the_description(void **state)
{
    static const char *const WRONG[] = {
        "/api/v1/hosts?limit=5&limit=6",
        "/api/v1/hosts?verdicts=untrusted",
        "/api/v1/hosts?Limit=5",
        "/api/v1/hosts?l%69mit=5",
        "/api/v1/hosts?limit",
        "/api/v1/hosts?limit=%zz",
        "/api/v1/hosts?name=%00",
        "/api/v1/hosts?name=%ff",
        "/api/v1/hosts?&name=a",
        "/api/v1/hosts?limit=0",
        "/api/v1/hosts?limit=-1",
        "/api/v1/hosts?limit=501",
        "/api/v1/hosts?limit=1e2",
        "/api/v1/hosts?limit=%2B5",
        "/api/v1/hosts?limit=18446744073709551617",
        "/api/v1/hosts?limit=",
        "/api/v1/hosts?state=gone",
        "/api/v1/bindings?limit=5",
        "/api/v1/policies?version=1",
        "/api/v1/audit?before=yesterday",
        "/api/v1/audit?limit=99999999999999999999",
        "/health?verbose=1",
    };

    (void)state;
    for (size_t i = 0; i < sizeof WRONG / sizeof *WRONG; i++) {
        struct http_client_answer answer = get(WRONG[i], service.token);

        if (!service_is_problem(&answer, 400, "query.invalid"))
            fail_msg("%s: %d", WRONG[i], answer.status);
    }
    assert_int_equal(get("/api/v1/hosts?limit=5&name=a&state=enrolled", service.token).status, 200);
    /* Whoever may not ask is not told what could be asked. */
    assert_int_equal(get("/api/v1/hosts?verdicts=untrusted", NULL).status, 401);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_closed_route_refuses_everybody_else),
        cmocka_unit_test(test_ended_and_revoked_tokens),
        cmocka_unit_test(test_tokens_say_what_is_wrong),
        cmocka_unit_test(test_acts_are_audited_without_secrets),
        cmocka_unit_test(test_the_description_has_every_parameter),
        cmocka_unit_test(test_queries_are_held_against_the_description),
        cmocka_unit_test(test_unknown_paths_and_methods),
        cmocka_unit_test(test_wrong_content_type),
        cmocka_unit_test(test_malformed_bodies),
        cmocka_unit_test(test_oversized_bodies),
        cmocka_unit_test(test_oversized_evidence),
        cmocka_unit_test(test_unknown_attempt_and_host),
        cmocka_unit_test(test_policy_errors_have_a_place),
        cmocka_unit_test(test_stalled_handshake_blocks_nobody),
        cmocka_unit_test(test_many_connections_are_capped),
    };

    return cmocka_run_group_tests_name("server api", tests, start, end);
}
