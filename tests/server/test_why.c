/* Why a host is red, from a real service: hosts that were good, then boot with another command line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "outcome/outcome.h"
#include "support/api_host.h"
#include "support/ima_builder.h"

#define GOOD_LINE "/vmlinuz console=ttyS0 quiet panic=-1 ima_policy=tcb"
#define BAD_LINE  GOOD_LINE " lockdown=none"

static const char POLICY[] = "[policy]\nname = web\nversion = 3\n\n"
                             "[rule command-line]\n"
                             "require = boot.kernel_command_line == \"" GOOD_LINE "\"\n"
                             "message = No other command line\n"
                             "action = Look for who changed the boot loader's configuration\n"
                             "changed_by = operator\n"
                             "serves = Command line\n\n"
                             "[rule secure-boot]\n"
                             "require = secure_boot.enabled\n"
                             "message = Secure Boot must be on\n"
                             "serves = Secure Boot\n";

static struct service service;
static struct api_maker maker;

static int start(void **state)
{
    (void)state;
    api_maker_init(&maker);
    service_start_for(&service, &maker, &(const char *){"server.workers=2"}, 1);
    service_put_policy(&service, POLICY);
    return 0;
}

static int end(void **state)
{
    (void)state;
    service_wipe(&service);
    api_maker_done(&maker);
    return 0;
}

static struct http_client_answer get(const char *name, const char *what)
{
    char path[256];

    snprintf(path, sizeof path, "/api/v1/hosts/%s/%s", name, what);
    return service_request(&service, "GET", path, service.token, NULL, (struct span){0});
}

/* The answer, which must be 200 and of the schema; the caller drops it. */
static json_t *ask(const char *name, const char *what, const char *schema)
{
    struct http_client_answer answer = get(name, what);
    json_t *object = json_loadb((const char *)answer.body.data, answer.body.len, 0, NULL);

    if (answer.status != 200)
        fail_msg("%s: %d %.*s", what, answer.status, (int)answer.body.len,
                 (const char *)answer.body.data);
    assert_string_equal(json_string_value(json_object_get(object, "schema")), schema);
    assert_string_equal(json_string_value(json_object_get(object, "host")), name);
    service_forget(&service);
    return object;
}

static const char *text(const json_t *object, const char *name)
{
    const char *value = json_string_value(json_object_get(object, name));

    return value ? value : "(none)";
}

static json_int_t number(const json_t *object, const char *name)
{
    assert_true(json_is_integer(json_object_get(object, name)));
    return json_integer_value(json_object_get(object, name));
}

static const json_t *first(const json_t *object, const char *list)
{
    const json_t *item = json_array_get(json_object_get(object, list), 0);

    assert_non_null(item);
    return item;
}

/* Another boot of the same machine. */
static void boot(struct api_host *host, const char *folder)
{
    struct soft_host *soft = &host->soft;

    soft->booted_tcg = soft_host_fixture(soft, folder, "eventlog.bin");
    soft->booted_ima = soft_host_fixture(soft, folder, "ima.bin");
    soft_host_send(soft, EVIDENCE_LOG_TCG, soft->booted_tcg);
    soft_host_send(soft, EVIDENCE_LOG_IMA, soft->booted_ima);
    soft->quote.reset_count++;
}

/* What the hosts say they are: two of three are of one class. */
static struct evidence_item pc[] = {
    {{(const uint8_t *)"hardware.manufacturer", 21}, {(const uint8_t *)"QEMU", 4}},
    {{(const uint8_t *)"hardware.model", 14}, {(const uint8_t *)"PC", 2}},
};
static struct evidence_item board[] = {
    {{(const uint8_t *)"hardware.manufacturer", 21}, {(const uint8_t *)"QEMU", 4}},
    {{(const uint8_t *)"hardware.model", 14}, {(const uint8_t *)"Board", 5}},
};

static void join(struct api_host *host, const char *folder, const char *name, enum verdict verdict)
{
    api_host_init(host, folder, name, &maker);
    host->soft.evidence.inventory = strcmp(name, "third.example") == 0 ? board : pc;
    host->soft.evidence.n_inventory = 2;
    assert_int_equal(api_host_join(host, &service), ENROLMENT_STATE_ENROLLED);
    assert_int_equal(api_host_attest(host, &service).status, 200);
    assert_int_equal(host->answer.verdict, verdict);
}

static void test_a_good_host_has_nothing_against_it(void **state)
{
    struct api_host host;
    struct http_client_answer answer;
    json_t *why, *diff;

    (void)state;
    join(&host, "secure-boot", "good.example", VERDICT_TRUSTED);
    why = ask("good.example", "why", "bootseal.why.v1");
    assert_true(json_is_true(json_object_get(why, "passes")));
    assert_string_equal(text(why, "verdict"), "trusted");
    assert_int_equal(json_array_size(json_object_get(why, "reasons")), 0);
    assert_true(json_is_string(json_object_get(why, "good_boot_at")));
    assert_true(json_is_string(json_object_get(why, "since_at")));
    json_decref(why);
    diff = ask("good.example", "diff", "bootseal.boot-diff.v1");
    assert_true(json_is_true(json_object_get(diff, "equal")));
    assert_true(number(diff, "events") > 20);
    json_decref(diff);
    answer = get("good.example", "evidence?boot=good");
    assert_int_equal(answer.status, 200);
    answer = get("good.example", "evidence?boot=best");
    assert_true(service_is_problem(&answer, 400, "query.invalid"));
    api_host_done(&host);
}

static void check_reason(const json_t *why, json_int_t n_hosts, json_int_t n_hosts_of_class)
{
    const json_t *reason = first(why, "reasons");

    assert_string_equal(text(reason, "weight"), "untrusted");
    assert_string_equal(text(reason, "code"), "policy.failed");
    assert_string_equal(text(reason, "policy"), "web");
    assert_string_equal(text(reason, "rule"), "command-line");
    assert_string_equal(text(reason, "claim"), "boot.kernel_command_line");
    assert_string_equal(text(reason, "grade"), "attested");
    assert_string_equal(text(reason, "changed_by"), "operator");
    assert_string_equal(text(reason, "component"), "kernel command line");
    assert_int_equal(number(reason, "pcr"), 8);
    assert_int_equal(number(reason, "event"), 40);
    assert_non_null(strstr(text(reason, "expected"), GOOD_LINE));
    assert_non_null(strstr(text(reason, "found"), BAD_LINE));
    assert_string_equal(text(reason, "message"), "No other command line");
    assert_string_equal(text(reason, "action"),
                        "Look for who changed the boot loader's configuration");
    assert_true(json_is_string(json_object_get(reason, "first_seen_at")));
    assert_true(json_is_string(json_object_get(reason, "fleet_first_seen_at")));
    assert_int_equal(number(reason, "n_hosts"), n_hosts);
    assert_int_equal(number(reason, "n_hosts_of_class"), n_hosts_of_class);
    assert_int_equal(number(reason, "n_class"), 2 + (n_hosts > 1)); /* good.example among them */
}

static void check_diff(const char *name)
{
    json_t *diff = ask(name, "diff", "bootseal.boot-diff.v1");
    const json_t *changes = json_object_get(diff, "changes"), *line = json_array_get(changes, 1);

    assert_false(json_is_true(json_object_get(diff, "equal")));
    assert_int_equal(json_array_size(changes), 3);
    assert_string_equal(text(line, "component"), "kernel command line");
    assert_string_equal(json_string_value(first(line, "details")), "added lockdown=none");
    assert_string_equal(text(first(diff, "claims"), "name"), "boot.kernel_command_line");
    assert_string_equal(text(first(diff, "pcrs"), "name"), "PCR 8");
    assert_string_equal(text(first(diff, "logs"), "name"), "IMA list");
    assert_true(json_is_string(json_object_get(diff, "before_at")));
    json_decref(diff);
}

static void test_a_changed_command_line_is_named(void **state)
{
    struct api_host host, second, third;
    struct http_client_answer answer;
    json_t *why;

    (void)state;
    join(&host, "secure-boot", "changed.example", VERDICT_TRUSTED);
    boot(&host, "command-line");
    assert_int_equal(api_host_attest(&host, &service).status, 200);
    assert_int_equal(host.answer.verdict, VERDICT_UNTRUSTED);
    why = ask("changed.example", "why", "bootseal.why.v1");
    assert_false(json_is_true(json_object_get(why, "passes")));
    assert_string_equal(text(why, "policy"), "web 3");
    assert_int_equal(json_array_size(json_object_get(why, "reasons")), 1);
    check_reason(why, 1, 1);
    assert_string_equal(text(why, "class"), "QEMU PC");
    json_decref(why);
    check_diff("changed.example");
    /* The same finding on others, who never had a good boot. */
    join(&second, "command-line", "second.example", VERDICT_UNTRUSTED);
    join(&third, "command-line", "third.example", VERDICT_UNTRUSTED);
    why = ask("changed.example", "why", "bootseal.why.v1");
    check_reason(why, 3, 2);
    json_decref(why);
    answer = get("second.example", "diff");
    assert_true(service_is_problem(&answer, 404, "evidence.not_good"));
    answer = get("second.example", "evidence?boot=good");
    assert_true(service_is_problem(&answer, 404, "evidence.not_good"));
    /* It comes back: then it counts no more. */
    boot(&host, "secure-boot");
    assert_int_equal(api_host_attest(&host, &service).status, 200);
    assert_int_equal(host.answer.verdict, VERDICT_TRUSTED);
    why = ask("second.example", "why", "bootseal.why.v1");
    check_reason(why, 2, 1);
    json_decref(why);
    api_host_done(&host);
    api_host_done(&second);
    api_host_done(&third);
}

static void test_claims(void **state)
{
    struct api_host host;
    json_t *object;
    const json_t *claim;

    (void)state;
    join(&host, "command-line", "asked.example", VERDICT_UNTRUSTED);
    object = ask("asked.example", "claims", "bootseal.host-claims.v1");
    claim = json_object_get(json_object_get(object, "claims"), "boot.kernel_command_line");
    assert_string_equal(text(claim, "value"), BAD_LINE);
    assert_string_equal(text(claim, "grade"), "attested");
    assert_true(json_is_true(json_object_get(json_object_get(object, "quote"), "verified")));
    json_decref(object);
    api_host_done(&host);
}

static void keep_document(const char *path, const char *document, char sha256[65])
{
    struct http_client_answer answer = service_request(&service, "POST", path, service.token,
                                                       "text/plain", span_text(document));
    json_t *object = json_loadb((const char *)answer.body.data, answer.body.len, 0, NULL);

    if (answer.status != 201)
        fail_msg("%d %.*s", answer.status, (int)answer.body.len, (const char *)answer.body.data);
    snprintf(sha256, 65, "%s", text(object, "sha256"));
    json_decref(object);
}

static void put_binding(const char *path, const char *binding)
{
    struct http_client_answer answer = service_send(
        &service, (struct http_client_request){.method = "PUT",
                                               .path = path,
                                               .bearer = service.token,
                                               .content_type = "application/json",
                                               .body = span_text(binding),
                                               .if_none_match = true});

    assert_true(answer.status == 200 || answer.status == 201);
}

/* The table of that policy, which must stand at that place. */
static const json_t *table(const json_t *object, size_t at, const char *policy, const char *state)
{
    const json_t *found = json_array_get(json_object_get(object, "policies"), at);

    assert_string_equal(text(found, "policy"), policy);
    assert_string_equal(text(found, "state"), state);
    return found;
}

/* A policy that names kernels, which nothing gives it before it is bound. */
static void check_pinned(const char *host)
{
    static const char KERNELS[] = "[reference-values]\nname = lines\nversion = 1\n"
                                  "[reference lines]\na = \"" BAD_LINE "\"\n";
    static const char PINNED[] = "[policy]\nname = pinned\nversion = 1\n[rule a]\nmessage = m\n"
                                 "require = boot.kernel_command_line in reference(\"lines\")\n";
    char sha256[65], path[128];
    json_t *object;

    keep_document("/api/v1/reference-values", KERNELS, sha256);
    snprintf(path, sizeof path, "/api/v1/policies?references=%s", sha256);
    keep_document(path, PINNED, sha256);
    object = ask(host, "features?level=pinned", "bootseal.host-features.v1");
    assert_int_equal(number(object, "n_unusable"), 1);
    assert_int_equal(json_array_size(json_object_get(object, "policies")), 0);
    json_decref(object);
    put_binding("/api/v1/bindings/pinned",
                "{\"mode\":\"enforce\",\"hosts\":\"elsewhere\",\"policy\":{"
                "\"name\":\"pinned\",\"version\":\"1\"},\"references\":[{"
                "\"name\":\"lines\",\"version\":\"1\"}]}");
    object = ask(host, "features?level=pinned", "bootseal.host-features.v1");
    assert_int_equal(number(object, "n_unusable"), 0);
    assert_int_equal(json_array_size(json_object_get(object, "policies")), 1);
    (void)table(object, 0, "pinned", "met");
    json_decref(object);
}

static void test_features(void **state)
{
    static const char STRICT[] = "[policy]\nname = strict\nversion = 1\n[rule a]\nmessage = m\n"
                                 "require = !secure_boot.enabled\n";
    struct http_client_answer answer;
    struct api_host host;
    char sha256[65];
    json_t *object;
    const json_t *feature, *rule;

    (void)state;
    join(&host, "command-line", "featured.example", VERDICT_UNTRUSTED);
    keep_document("/api/v1/policies", STRICT, sha256);
    put_binding("/api/v1/bindings/strict",
                "{\"mode\":\"observe\",\"hosts\":\"featured.*\",\"policy\":{"
                "\"name\":\"strict\",\"version\":\"1\"}}");
    object = ask("featured.example", "features", "bootseal.host-features.v1");
    assert_true(json_is_true(json_object_get(object, "proven")));
    assert_true(json_is_string(json_object_get(object, "evidence_at")));
    assert_int_equal(json_array_size(json_object_get(object, "findings")), 0);
    assert_int_equal(json_array_size(json_object_get(object, "policies")), 2);
    assert_true(json_is_true(json_object_get(table(object, 1, "strict", "not met"), "observed")));
    assert_true(json_is_false(json_object_get(table(object, 0, "web", "not met"), "observed")));
    feature = first(table(object, 0, "web", "not met"), "features");
    assert_string_equal(text(feature, "feature"), "Command line");
    assert_string_equal(text(feature, "grade"), "attested");
    rule = first(feature, "rules");
    assert_string_equal(text(rule, "changed_by"), "operator");
    assert_string_equal(text(json_object_get(rule, "reason"), "component"), "kernel command line");
    assert_int_equal(number(json_object_get(rule, "reason"), "pcr"), 8);
    feature = json_array_get(json_object_get(table(object, 0, "web", "not met"), "features"), 1);
    assert_string_equal(text(feature, "state"), "met");
    json_decref(object);
    object = ask("featured.example", "features?level=strict", "bootseal.host-features.v1");
    assert_int_equal(json_array_size(json_object_get(object, "policies")), 1);
    assert_true(json_is_false(json_object_get(table(object, 0, "strict", "not met"), "observed")));
    json_decref(object);
    check_pinned("featured.example");
    answer = get("featured.example", "features?level=none");
    assert_true(service_is_problem(&answer, 404, "document.unknown"));
    api_host_done(&host);
}

static void test_a_host_without_a_verdict_is_explained(void **state)
{
    struct api_host pending, silent;
    struct http_client_answer answer;
    json_t *why;

    (void)state;
    api_host_init(&pending, "secure-boot", "pending.example", NULL);
    assert_int_equal(api_host_join(&pending, &service), ENROLMENT_STATE_PENDING);
    why = ask("pending.example", "why", "bootseal.why.v1");
    assert_string_equal(text(why, "verdict"), "pending");
    assert_string_equal(text(why, "next"), "bootseal host approve pending.example");
    json_decref(why);
    api_host_init(&silent, "secure-boot", "silent.example", &maker);
    assert_int_equal(api_host_join(&silent, &service), ENROLMENT_STATE_ENROLLED);
    why = ask("silent.example", "why", "bootseal.why.v1");
    assert_string_equal(text(why, "verdict"), "unknown");
    assert_false(json_is_true(json_object_get(why, "passes")));
    assert_string_equal(text(why, "summary"), "it is enrolled and has not attested yet");
    json_decref(why);
    answer = get("silent.example", "features");
    assert_true(service_is_problem(&answer, 404, "evidence.none"));
    answer = get("silent.example", "claims");
    assert_true(service_is_problem(&answer, 404, "evidence.none"));
    answer = get("silent.example", "diff");
    assert_true(service_is_problem(&answer, 404, "evidence.none"));
    api_host_done(&pending);
    api_host_done(&silent);
}

/* What a host says of itself reaches people only with its escapes written out. */
static void test_hostile_words_are_printable(void **state)
{
    static const char *const WHAT[] = {"why", "diff", "claims", "features"};
    static struct evidence_item items[] = {
        {{(const uint8_t *)"hardware.manufacturer", 21}, {(const uint8_t *)"A\x1b[2J\n", 6}},
        {{(const uint8_t *)"hardware.model", 14}, {(const uint8_t *)"B\x07", 2}},
    };
    struct api_host host;

    (void)state;
    api_host_init(&host, "command-line", "hostile.example", &maker);
    host.soft.evidence.inventory = items;
    host.soft.evidence.n_inventory = 2;
    boot(&host, "secure-boot");
    assert_int_equal(api_host_join(&host, &service), ENROLMENT_STATE_ENROLLED);
    assert_int_equal(api_host_attest(&host, &service).status, 200);
    for (size_t i = 0; i < sizeof WHAT / sizeof *WHAT; i++) {
        struct http_client_answer answer = get("hostile.example", WHAT[i]);

        assert_int_equal(answer.status, 200);
        for (size_t k = 0; k + 6 <= answer.body.len; k++) {
            assert_true(answer.body.data[k] >= ' ');
            assert_memory_not_equal(answer.body.data + k, "\\u001", 5);
        }
    }
    api_host_done(&host);
}

/* However much it lets its kernel measure: lists are cut, counted, and come at once. */
static void test_a_host_that_says_too_much(void **state)
{
    enum { ENTRIES = 1800, NAME_LEN = 2000 };
    static const char *const WHAT[] = {"why", "claims", "features", "diff"};
    struct ima_builder *list = calloc(1, sizeof *list);
    char name[NAME_LEN + 1] = ".";
    struct api_host host;
    const json_t *keys;
    json_t *claims;

    (void)state;
    assert_non_null(list);
    api_host_init(&host, "secure-boot", "long.example", &maker);
    boot(&host, "secure-boot");
    ima_builder_begin(list, host.soft.crypto);
    list->len = host.soft.booted_ima.len; /* and what else it measured */
    memcpy(list->bytes, host.soft.booted_ima.data, list->len);
    memset(name + 1, 'x', NAME_LEN - 1);
    for (int i = 0; i < ENTRIES; i++)
        ima_builder_buffer(list, name, span_of(&i, sizeof i));
    host.soft.booted_ima = ima_builder_span(list);
    soft_host_send(&host.soft, EVIDENCE_LOG_IMA, host.soft.booted_ima);
    assert_int_equal(api_host_join(&host, &service), ENROLMENT_STATE_ENROLLED);
    assert_int_equal(api_host_attest(&host, &service).status, 200);
    assert_int_equal(host.answer.verdict, VERDICT_TRUSTED);
    for (size_t i = 0; i < sizeof WHAT / sizeof *WHAT; i++) {
        struct http_client_answer answer = get("long.example", WHAT[i]);

        assert_int_equal(answer.status, 200);
        assert_true(answer.body.len < 2 * LIMIT_LIST_ITEMS * LIMIT_SUMMARY_LEN);
    }
    claims = ask("long.example", "claims", "bootseal.host-claims.v1");
    keys = json_object_get(json_object_get(claims, "claims"), "ima.keys");
    assert_int_equal(json_array_size(json_object_get(keys, "value")), LIMIT_LIST_ITEMS);
    assert_int_equal(number(keys, "n_value"), ENTRIES);
    json_decref(claims);
    api_host_done(&host);
    free(list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_good_host_has_nothing_against_it),
        cmocka_unit_test(test_a_changed_command_line_is_named),
        cmocka_unit_test(test_claims),
        cmocka_unit_test(test_features),
        cmocka_unit_test(test_a_host_without_a_verdict_is_explained),
        cmocka_unit_test(test_hostile_words_are_printable),
        cmocka_unit_test(test_a_host_that_says_too_much),
    };

    return cmocka_run_group_tests_name("why", tests, start, end);
}
