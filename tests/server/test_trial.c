/* The time machine: a draft on the last evidence of the fleet, while nothing changes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/api_host.h"

#define HEAD(version) "[policy]\nname = test\nversion = " version "\n\n"
#define WHOLE_LOG     "[rule log]\nrequire = log.complete\nmessage = the log must be whole\n"
#define NO_DEBUGGER                                                                                \
    "[rule debugger]\nrequire = size(boot.images) >= 1 && !debug.kernel\nmessage = no debugger\n"
#define ONE_COMMAND_LINE                                                                           \
    "[rule command-line]\nrequire = boot.kernel_command_line == \"something else\"\n"              \
    "message = only that command line\n"

enum { N_HOSTS = 3 };

static struct service service;
static struct api_maker maker;
static struct api_host hosts[N_HOSTS];

static int start(void **state)
{
    static const char *const NAMES[N_HOSTS] = {"web-1.example", "web-2.example", "db-1.example"};

    (void)state;
    api_maker_init(&maker);
    service_start_for(&service, &maker, NULL, 0);
    service_put_policy(&service, HEAD("1") WHOLE_LOG);
    for (int i = 0; i < N_HOSTS; i++) {
        api_host_init(&hosts[i], i < 2 ? "secure-boot" : "kernel-debugger", NAMES[i], &maker);
        assert_int_equal(api_host_join(&hosts[i], &service), ENROLMENT_STATE_ENROLLED);
        assert_int_equal(api_host_attest(&hosts[i], &service).status, 200);
        assert_int_equal(hosts[i].answer.verdict, VERDICT_TRUSTED);
    }
    return 0;
}

static int stop(void **state)
{
    (void)state;
    for (int i = 0; i < N_HOSTS; i++)
        api_host_done(&hosts[i]);
    service_wipe(&service);
    api_maker_done(&maker);
    return 0;
}

struct trial {
    json_t *changes, *summary;
};

/* Sends the draft and takes the stream apart. */
static struct trial try_draft(json_t *draft)
{
    struct trial trial = {.changes = json_array()};
    char *body = json_dumps(draft, JSON_COMPACT), *line, *rest;
    struct http_client_answer answer = service_request(&service, "POST", "/api/v1/policy/test",
                                                       service.token, "application/json",
                                                       span_text(body));

    json_decref(draft);
    free(body);
    if (answer.status != 200)
        fail_msg("%d: %.*s", answer.status, (int)answer.body.len, (const char *)answer.body.data);
    assert_string_equal(answer.content_type, "application/x-ndjson");
    rest = strndup((const char *)answer.body.data, answer.body.len);
    for (char *at = rest; (line = strsep(&at, "\n")) && *line;) {
        json_t *object = json_loads(line, 0, NULL);

        assert_non_null(object);
        assert_null(trial.summary); /* it is the last line */
        assert_null(json_object_get(object, "error"));
        if (json_object_get(object, "change"))
            json_array_append(trial.changes, json_object_get(object, "change"));
        if (json_object_get(object, "summary"))
            trial.summary = json_incref(json_object_get(object, "summary"));
        json_decref(object);
    }
    free(rest);
    assert_non_null(trial.summary);
    return trial;
}

static void trial_done(struct trial *trial)
{
    json_decref(trial->changes);
    json_decref(trial->summary);
}

static json_int_t number(const struct trial *trial, const char *name)
{
    return json_integer_value(json_object_get(trial->summary, name));
}

static const char *text(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

static void test_nothing_would_change(void **state)
{
    struct trial trial = try_draft(json_pack("{s:s}", "policy", HEAD("2") WHOLE_LOG));

    (void)state;
    assert_int_equal(number(&trial, "hosts"), 3);
    assert_int_equal(number(&trial, "changed"), 0);
    assert_int_equal(number(&trial, "unjudged"), 0);
    assert_int_equal(number(&trial, "states"), 1); /* all alike in what the rule reads */
    assert_int_equal(json_array_size(trial.changes), 0);
    trial_done(&trial);
}

static void test_one_host_would_fail(void **state)
{
    struct trial trial = try_draft(json_pack("{s:s}", "policy", HEAD("2") WHOLE_LOG NO_DEBUGGER));
    const json_t *change = json_array_get(trial.changes, 0), *reason;

    (void)state;
    assert_int_equal(number(&trial, "changed"), 1);
    assert_int_equal(number(&trial, "states"), 2);
    assert_int_equal(json_array_size(trial.changes), 1);
    assert_string_equal(text(change, "from"), "trusted");
    assert_string_equal(text(change, "to"), "untrusted");
    assert_string_equal(json_string_value(json_array_get(json_object_get(change, "hosts"), 0)),
                        "db-1.example");
    reason = json_array_get(json_object_get(change, "reasons"), 0);
    assert_string_equal(text(reason, "rule"), "debugger");
    assert_string_equal(text(reason, "claim"), "debug.kernel");
    trial_done(&trial);
    /* Nothing has changed. */
    assert_int_equal(api_host_attest(&hosts[2], &service).status, 200);
    assert_int_equal(hosts[2].answer.verdict, VERDICT_TRUSTED);
}

static void test_hosts_that_the_draft_is_about(void **state)
{
    struct trial trial = try_draft(json_pack("{s:s, s:s, s:s}", "policy",
                                             HEAD("2") ONE_COMMAND_LINE, "binding", "web", "hosts",
                                             "web-*"));

    (void)state;
    assert_int_equal(number(&trial, "hosts"), 3);
    assert_int_equal(number(&trial, "changed"), 2);
    assert_int_equal(number(&trial, "states"), 1);
    trial_done(&trial);
}

/* A draft policy that fails them all, and an update that would let two pass again. */
static void test_update(void **state)
{
    struct http_client_answer answer;
    char *update = NULL;
    struct trial trial;
    const char *found;
    json_t *host;

    (void)state;
    service_put_policy(&service, HEAD("3") WHOLE_LOG ONE_COMMAND_LINE);
    trial = try_draft(json_pack("{s:s}", "policy", HEAD("4") WHOLE_LOG));
    assert_int_equal(number(&trial, "changed"), 3);
    assert_string_equal(text(json_array_get(trial.changes, 0), "from"), "untrusted");
    assert_string_equal(text(json_array_get(trial.changes, 0), "to"), "trusted");
    trial_done(&trial);
    assert_int_equal(api_host_attest(&hosts[0], &service).status, 200);
    assert_int_equal(hosts[0].answer.verdict, VERDICT_UNTRUSTED);
    /* What the service found is what the update accepts. */
    answer = service_request(&service, "GET", "/api/v1/hosts/web-1.example", service.token, NULL,
                             (struct span){0});
    host = json_loadb((const char *)answer.body.data, answer.body.len, 0, NULL);
    found = text(json_array_get(json_object_get(host, "reasons"), 0), "found");
    assert_non_null(found);
    assert_true(asprintf(&update,
                         "[update]\nname = u\nversion = 1\n\n[accept boot.kernel_command_line]\n"
                         "new = \"%s\"\n",
                         found) > 0);
    json_decref(host);
    trial = try_draft(json_pack("{s:s, s:s}", "update", update, "hosts", "web-*"));
    free(update);
    assert_int_equal(number(&trial, "hosts"), 3);
    assert_int_equal(number(&trial, "changed"), 2);
    assert_string_equal(text(json_array_get(trial.changes, 0), "to"), "trusted");
    trial_done(&trial);
}

static void bind(const char *name, const char *json)
{
    char path[128];
    struct http_client_answer answer;

    snprintf(path, sizeof path, "/api/v1/bindings/%s", name);
    answer = service_send(&service, (struct http_client_request){.method = "PUT",
                                                                 .path = path,
                                                                 .bearer = service.token,
                                                                 .content_type = "application/json",
                                                                 .body = span_text(json),
                                                                 .if_none_match = true});
    if (answer.status != 201)
        fail_msg("%d: %.*s", answer.status, (int)answer.body.len, (const char *)answer.body.data);
}

static json_t *show_host(const char *name)
{
    char path[128];
    struct http_client_answer answer;

    snprintf(path, sizeof path, "/api/v1/hosts/%s", name);
    answer = service_request(&service, "GET", path, service.token, NULL, (struct span){0});
    assert_int_equal(answer.status, 200);
    return json_loadb((const char *)answer.body.data, answer.body.len, 0, NULL);
}

/* An observed policy says what it would do, and does nothing. */
static void test_observed(void **state)
{
    struct http_client_answer answer = service_request(
        &service, "POST", "/api/v1/policies", service.token, "text/plain",
        span_text("[policy]\nname = observed\nversion = 1\n\n" NO_DEBUGGER));
    json_t *host;

    (void)state;
    assert_true(answer.status == 200 || answer.status == 201);
    bind("trial", "{\"mode\":\"observe\",\"hosts\":\"*\","
                  "\"policy\":{\"name\":\"observed\",\"version\":\"1\"}}");
    for (int i = 0; i < N_HOSTS; i++) {
        assert_int_equal(api_host_attest(&hosts[i], &service).status, 200);
        assert_int_equal(hosts[i].answer.verdict, VERDICT_TRUSTED);
    }
    host = show_host("db-1.example");
    assert_string_equal(text(host, "verdict"), "trusted");
    assert_string_equal(text(host, "observed_verdict"), "untrusted");
    assert_string_equal(text(json_array_get(json_object_get(host, "observed_reasons"), 0), "rule"),
                        "debugger");
    json_decref(host);
    host = show_host("web-1.example");
    assert_string_equal(text(host, "observed_verdict"), "trusted");
    json_decref(host);
}

static void refuse(const char *body, int status, const char *code)
{
    struct http_client_answer answer = service_request(&service, "POST", "/api/v1/policy/test",
                                                       service.token, "application/json",
                                                       span_text(body));

    assert_true(service_is_problem(&answer, status, code));
}

static void test_refusals(void **state)
{
    (void)state;
    refuse("{}", 400, "body.malformed");
    refuse("{\"policy\": \"x\", \"host\": \"web-*\"}", 400, "body.malformed");
    refuse("{\"policy\": \"x\", \"hosts\": 5}", 400, "body.malformed");
    refuse("{\"policy\": \"x\", \"binding\": null}", 400, "body.malformed");
    refuse("{\"policy\": 5, \"update\": \"x\"}", 400, "body.malformed");
    refuse("{\"policy\": \"x\", \"update\": \"y\"}", 400, "body.malformed");
    refuse("{\"policy\": \"[policy]\\n\"}", 422, "policy.invalid");
    refuse("{\"policy\": \"x\", \"hosts\": \"WEB\"}", 400, "body.malformed");
    refuse("{\"policy\": \"x\", \"references\": [1]}", 400, "body.malformed");
    refuse("{\"policy\": ", 400, "body.malformed");
}

/* While no worker answers, trials wait, and one more than may be is refused at once. */
static void test_trials_are_few_at_a_time(void **state)
{
    pid_t workers[16], refused;
    size_t n_workers = service_processes(&service, "worker", workers, 16);
    json_t *draft = json_pack("{s:s}", "policy", HEAD("9") WHOLE_LOG);
    char *body = json_dumps(draft, 0);
    int status;

    (void)state;
    assert_true(n_workers > 0);
    for (size_t i = 0; i < n_workers; i++)
        kill(workers[i], SIGSTOP);
    for (int i = 0; i <= LIMIT_TRIALS; i++)
        if (fork() == 0) {
            struct http_client_answer answer;

            service_open(&service);
            answer = service_request(&service, "POST", "/api/v1/policy/test", service.token,
                                     "application/json", span_text(body));
            _exit(answer.status == 503 ? 1 : answer.status != 200);
        }
    refused = waitpid(-1, &status, 0);
    for (size_t i = 0; i < n_workers; i++)
        kill(workers[i], SIGCONT);
    assert_true(refused > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 1);
    for (int i = 0; i < LIMIT_TRIALS; i++) {
        assert_true(waitpid(-1, &status, 0) > 0);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
    free(body);
    json_decref(draft);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_would_change),
        cmocka_unit_test(test_one_host_would_fail),
        cmocka_unit_test(test_hosts_that_the_draft_is_about),
        cmocka_unit_test(test_observed),
        cmocka_unit_test(test_update),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_trials_are_few_at_a_time),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
