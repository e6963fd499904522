/* What is remembered of a host that does not change, held against everything that may change around it:
 * a verdict must not outlive the bindings and documents that it was given under. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "os/clock.h"
#include "support/api_host.h"

#define POLICY(name, rules) "[policy]\nname = " name "\nversion = 1\n" rules
#define BINDING(mode, policy, more)                                                                \
    "{\"mode\":\"" mode "\",\"hosts\":\"*\",\"policy\":{\"name\":\"" policy                        \
    "\",\"version\":\"1\"}" more "}"

static const char GOOD[] = POLICY("good", "[rule log]\nrequire = log.complete\nmessage = m\n");
static const char BAD[] = POLICY("bad", "[rule a]\nrequire = debug.kernel\nmessage = m\n");
static const char WARNS[] = POLICY("warns", "[rule a]\nrequire = debug.kernel\nmessage = m\n"
                                            "severity = attention\n");
static const char NOTES[] = POLICY("notes", "[rule a]\nrequire = debug.kernel\nmessage = m\n"
                                            "severity = note\n");
static const char PINNED[] = POLICY("pinned",
                                    "[rule a]\nmessage = m\n"
                                    "require = boot.kernel_command_line in reference(\"lines\")\n");
static const char OTHERS[] = "[reference-values]\nname = lines\nversion = 1\n"
                             "[reference lines]\na = \"something else\"\n";

static struct service service;
static struct api_maker maker;
static struct api_host host;
static char *command_line;

/* --- Asking --- */

static void keep(const char *path, const char *text)
{
    struct http_client_answer answer = service_request(&service, "POST", path, service.token,
                                                       "text/plain", span_text(text));

    if (answer.status != 201)
        fail_msg("%d: %.*s", answer.status, (int)answer.body.len, (const char *)answer.body.data);
}

/* Puts or, without json, removes a binding as it stands now. */
static void change(const char *name, const char *json)
{
    char path[128];
    struct http_client_answer answer;

    snprintf(path, sizeof path, "/api/v1/bindings/%s", name);
    answer = service_request(&service, "GET", path, service.token, NULL, (struct span){0});
    answer = service_send(&service, (struct http_client_request){
                                        .method = json ? "PUT" : "DELETE",
                                        .path = path,
                                        .bearer = service.token,
                                        .content_type = json ? "application/json" : NULL,
                                        .body = span_text(json ? json : ""),
                                        .if_match = answer.status == 200 ? answer.etag : NULL,
                                        .if_none_match = answer.status != 200,
                                    });
    if (answer.status != 200 && answer.status != 201)
        fail_msg("%d: %.*s", answer.status, (int)answer.body.len, (const char *)answer.body.data);
}

static json_t *ask(const char *path)
{
    struct http_client_answer answer = service_request(&service, "GET", path, service.token, NULL,
                                                       (struct span){0});

    assert_int_equal(answer.status, 200);
    return json_loadb((const char *)answer.body.data, answer.body.len, 0, NULL);
}

/* Attestations so far, by their way. */
static unsigned long long attested(const char *way)
{
    struct http_client_answer answer = service_request(&service, "GET", "/metrics", NULL, NULL,
                                                       (struct span){0});
    char *text = strndup((const char *)answer.body.data, answer.body.len), name[64];
    unsigned long long n;

    snprintf(name, sizeof name, "attestations_total{way=\"%s\"} ", way);
    assert_non_null(strstr(text, name));
    n = strtoull(strstr(text, name) + strlen(name), NULL, 10);
    free(text);
    return n;
}

static void attest(enum verdict verdict)
{
    assert_int_equal(api_host_attest(&host, &service).status, 200);
    assert_int_equal(host.answer.verdict, verdict);
}

/* In full, and then by what is remembered of that. */
static void attest_twice(enum verdict verdict)
{
    unsigned long long full = attested("full"), steady = attested("steady");

    attest(verdict);
    attest(verdict);
    assert_int_equal(attested("full"), full + 1);
    assert_int_equal(attested("steady"), steady + 1);
}

/* Waits until the second has begun. */
static void wait_until(int64_t at_s)
{
    while (os_now_s() < at_s)
        nanosleep(&(struct timespec){.tv_nsec = 20 * 1000 * 1000}, NULL);
}

/* Bindings with a time in them, in static memory. */
static const char *enforce(const char *policy, const char *when, int64_t at_s)
{
    static char json[512];
    char text[OS_TIME_TEXT_LEN];

    snprintf(json, sizeof json,
             "{\"mode\":\"enforce\",\"hosts\":\"*\",\"policy\":{\"name\":\"%s\","
             "\"version\":\"1\"},\"%s\":\"%s\"}",
             policy, when, os_time_print(at_s, text));
    return json;
}

static const char *accept_until(int64_t at_s)
{
    static char json[512];
    char text[OS_TIME_TEXT_LEN];

    snprintf(json, sizeof json,
             "{\"mode\":\"accept\",\"hosts\":\"*\",\"update\":{\"name\":\"line\","
             "\"version\":\"1\"},\"until\":\"%s\"}",
             os_time_print(at_s, text));
    return json;
}

/* --- Tests; each leaves the host trusted by the binding "default" alone, and remembered --- */

static int start(void **state)
{
    static const char *const settings[] = {"server.workers=1"};
    char text[8192];
    json_t *claims;

    (void)state;
    api_maker_init(&maker);
    service_start_for(&service, &maker, settings, sizeof settings / sizeof *settings);
    keep("/api/v1/policies", GOOD);
    keep("/api/v1/policies", BAD);
    keep("/api/v1/policies", WARNS);
    keep("/api/v1/policies", NOTES);
    keep("/api/v1/reference-values", OTHERS);
    change("default", BINDING("enforce", "good", ""));
    api_host_init(&host, "secure-boot", "web-1.example", &maker);
    assert_int_equal(api_host_join(&host, &service), ENROLMENT_STATE_ENROLLED);
    attest(VERDICT_TRUSTED);
    api_host_send_digests(&host);
    api_host_omit_identity(&host);
    claims = ask("/api/v1/hosts/web-1.example/claims");
    command_line = strdup(json_string_value(json_object_get(
        json_object_get(json_object_get(claims, "claims"), "boot.kernel_command_line"), "value")));
    json_decref(claims);
    snprintf(text, sizeof text,
             "[reference-values]\nname = lines\nversion = 2\n[reference lines]\na = \"%s\"\n",
             command_line);
    keep("/api/v1/reference-values", text);
    snprintf(text, sizeof text,
             "[update]\nname = line\nversion = 1\n[accept boot.kernel_command_line]\na = \"%s\"\n"
             "[retire boot.kernel_command_line]\na = \"something else\"\n",
             command_line);
    keep("/api/v1/updates", text);
    attest(VERDICT_TRUSTED);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    free(command_line);
    api_host_done(&host);
    service_wipe(&service);
    api_maker_done(&maker);
    return 0;
}

static void test_another_policy(void **state)
{
    (void)state;
    change("default", BINDING("enforce", "bad", ""));
    attest(VERDICT_UNTRUSTED);
    attest(VERDICT_UNTRUSTED);
    change("default", BINDING("enforce", "good", ""));
    attest_twice(VERDICT_TRUSTED);
}

static void test_from_enforce_to_observe_and_back(void **state)
{
    (void)state;
    change("second", BINDING("observe", "bad", ""));
    attest_twice(VERDICT_TRUSTED);
    change("second", BINDING("enforce", "bad", ""));
    attest(VERDICT_UNTRUSTED);
    change("second", BINDING("observe", "bad", ""));
    attest_twice(VERDICT_TRUSTED);
    change("default", BINDING("observe", "good", ""));
    attest(VERDICT_UNKNOWN);
    attest(VERDICT_UNKNOWN);
    change("second", NULL);
    attest(VERDICT_UNKNOWN);
    change("default", BINDING("enforce", "good", ""));
    attest_twice(VERDICT_TRUSTED);
}

static void test_the_second_in_which_a_binding_ends(void **state)
{
    int64_t end_s = os_now_s() + 3;

    (void)state;
    change("default", enforce("good", "until", end_s));
    attest(VERDICT_TRUSTED);
    attest(VERDICT_TRUSTED);
    assert_int_equal(host.answer.ends_s, end_s); /* no verdict outlives what it rests on */
    wait_until(end_s);
    attest(VERDICT_UNKNOWN);
    change("default", BINDING("enforce", "good", ""));
    attest_twice(VERDICT_TRUSTED);
}

static void test_the_second_in_which_a_binding_begins(void **state)
{
    int64_t from_s = os_now_s() + 3;

    (void)state;
    change("second", enforce("bad", "from", from_s));
    attest(VERDICT_TRUSTED);
    attest(VERDICT_TRUSTED);
    assert_int_equal(host.answer.ends_s, from_s);
    wait_until(from_s);
    attest(VERDICT_UNTRUSTED);
    change("second", NULL);
    attest_twice(VERDICT_TRUSTED);
}

static void test_other_reference_values(void **state)
{
    struct http_client_answer answer;
    char path[256];
    json_t *list = ask("/api/v1/reference-values");

    (void)state;
    snprintf(path, sizeof path, "/api/v1/policies?references=%s",
             json_string_value(json_object_get(
                 json_array_get(json_object_get(list, "reference_values"), 0), "sha256")));
    json_decref(list);
    answer = service_request(&service, "POST", path, service.token, "text/plain",
                             span_text(PINNED));
    assert_int_equal(answer.status, 201);
#define PINNED_TO(version)                                                                         \
    BINDING("enforce", "pinned",                                                                   \
            ",\"references\":[{\"name\":\"lines\",\"version\":\"" version "\"}]")
    change("default", PINNED_TO("2"));
    attest_twice(VERDICT_TRUSTED);
    change("default", PINNED_TO("1"));
    attest(VERDICT_UNTRUSTED);
    change("default", PINNED_TO("2"));
    attest_twice(VERDICT_TRUSTED);
    change("default", BINDING("enforce", "good", ""));
    attest_twice(VERDICT_TRUSTED);
}

#define UPDATE(mode, until)                                                                        \
    "{\"mode\":\"" mode "\",\"hosts\":\"*\",\"update\":{\"name\":\"line\",\"version\":\"1\"},"     \
    "\"until\":" until "}"

static void test_updates_that_end_or_are_withdrawn(void **state)
{
    int64_t end_s = os_now_s() + 4;

    (void)state;
    change("default", PINNED_TO("1"));
    attest(VERDICT_UNTRUSTED);
    change("line", accept_until(end_s));
    attest_twice(VERDICT_TRUSTED);
    assert_int_equal(host.answer.ends_s, end_s);
    wait_until(end_s);
    attest(VERDICT_UNTRUSTED);
    change("line", UPDATE("accept", "null"));
    attest_twice(VERDICT_TRUSTED);
    change("line", UPDATE("retire", "null"));
    attest_twice(VERDICT_TRUSTED);
    change("line", NULL);
    attest(VERDICT_UNTRUSTED);
    change("default", BINDING("enforce", "good", ""));
    attest_twice(VERDICT_TRUSTED);
}

/* --- What people are told of a remembered verdict --- */

static void assert_shown(const char *policy, size_t n_reasons)
{
    json_t *why = ask("/api/v1/hosts/web-1.example/why");

    assert_string_equal(json_string_value(json_object_get(why, "policy")), policy);
    assert_int_equal(json_array_size(json_object_get(why, "reasons")), n_reasons);
    json_decref(why);
}

static void test_reasons_stay_with_a_remembered_verdict(void **state)
{
    json_t *verdicts;
    size_t n_verdicts;

    (void)state;
    change("second", BINDING("enforce", "warns", ""));
    attest(VERDICT_ATTENTION);
    verdicts = ask("/api/v1/hosts/web-1.example/verdicts");
    n_verdicts = json_array_size(json_object_get(verdicts, "verdicts"));
    json_decref(verdicts);
    assert_shown("good 1, warns 1", 1);
    attest(VERDICT_ATTENTION);
    assert_shown("good 1, warns 1", 1);
    verdicts = ask("/api/v1/hosts/web-1.example/verdicts");
    assert_int_equal(json_array_size(json_object_get(verdicts, "verdicts")), n_verdicts);
    json_decref(verdicts);
    change("second", BINDING("enforce", "notes", ""));
    attest_twice(VERDICT_TRUSTED);
    assert_shown("good 1, notes 1", 1);
    change("second", NULL);
    attest_twice(VERDICT_TRUSTED);
    assert_shown("good 1", 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_another_policy),
        cmocka_unit_test(test_from_enforce_to_observe_and_back),
        cmocka_unit_test(test_the_second_in_which_a_binding_ends),
        cmocka_unit_test(test_the_second_in_which_a_binding_begins),
        cmocka_unit_test(test_other_reference_values),
        cmocka_unit_test(test_updates_that_end_or_are_withdrawn),
        cmocka_unit_test(test_reasons_stay_with_a_remembered_verdict),
    };

    return cmocka_run_group_tests_name("server remembered", tests, start, stop);
}
