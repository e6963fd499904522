/* The hardware catalogue in the service: put in force, replaced, removed, found again after every kind of
 * end, refused in each way, and tried as a draft on the fleet. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/text.h"
#include "crypto/crypto.h"
#include "os/clock.h"
#include "os/file.h"
#include "store/store.h"
#include "support/api_host.h"
#include "support/smbios_builder.h"
#include "support/soft_catalog.h"

#define HEAD  "[policy]\nname = test\nversion = "
#define WHOLE "\n\n[rule log]\nrequire = log.complete\nmessage = the log must be whole\n"
#define CERTIFIED                                                                                  \
    "\n\n[rule certified]\nrequire = hardware.certified_level == \"secured-core\"\n"               \
    "grade = reported\nmessage = only certified hardware\n"

/* Machines are told apart by what their SMBIOS says, and else the same was measured on all. */
enum { N_HOSTS = 3 };
static const char *const NAMES[N_HOSTS] = {"anvil-1.example", "anvil-2.example",
                                           "hammer-1.example"};
static const char *const MODELS[N_HOSTS] = {"Anvil", "Anvil", "Hammer"};

static struct service service;
static struct api_maker tpm_maker;
static struct soft_catalog_maker maker, stranger;
static struct api_host hosts[N_HOSTS];
static uint8_t tables[N_HOSTS][1024];
static char certificates_file[64];
static struct arena arena;

static void trust(const struct soft_catalog_maker *signer)
{
    struct error error;

    assert_true(os_file_write(certificates_file, OS_FILE_PUBLIC, signer->certificate, &error));
}

static int start(void **state)
{
    static char certificates[128];
    static const char *const settings[] = {certificates, "server.workers=2",
                                           "attest.verdict_lifetime=3d"};

    (void)state;
    arena = arena_init((size_t)16 << 20);
    snprintf(certificates_file, sizeof certificates_file, "/tmp/bootseal-maker-%d", (int)getpid());
    soft_catalog_maker_init(&maker, "maker");
    soft_catalog_maker_init(&stranger, "stranger");
    trust(&maker);
    api_maker_init(&tpm_maker);
    snprintf(certificates, sizeof certificates, "attest.catalog_certificates_file=%s",
             certificates_file);
    service_start_for(&service, &tpm_maker, settings, sizeof settings / sizeof *settings);
    service_put_policy(&service, HEAD "1" CERTIFIED);
    for (int i = 0; i < N_HOSTS; i++) {
        api_host_init(&hosts[i], "secure-boot", NAMES[i], &tpm_maker);
        soft_host_send(
            &hosts[i].soft, EVIDENCE_LOG_SMBIOS,
            smbios_builder_machine(tables[i], sizeof tables[i], true, "Acme", MODELS[i]));
        assert_int_equal(api_host_join(&hosts[i], &service), ENROLMENT_STATE_ENROLLED);
    }
    return 0;
}

static int stop(void **state)
{
    (void)state;
    for (int i = 0; i < N_HOSTS; i++)
        api_host_done(&hosts[i]);
    service_wipe(&service);
    api_maker_done(&tpm_maker);
    soft_catalog_maker_done(&maker);
    soft_catalog_maker_done(&stranger);
    unlink(certificates_file);
    arena_done(&arena);
    return 0;
}

/* --- Requests --- */

#define ANVIL(level)                                                                               \
    "[model anvil]\nlevel = " level "\nsource = s\nmanufacturer = Acme\nproduct = Anvil\n"
#define HAMMER                                                                                     \
    "[model hammer]\nlevel = secured-core\nsource = s\nmanufacturer = Acme\nproduct = Hammer\n"

static const char *catalog(int version, const char *models)
{
    return arena_printf(&arena,
                        "[catalog]\nname = test\nversion = %d\nissued = 2020-01-01\n"
                        "valid_until = 2999-12-31\n%s",
                        version, models);
}

static const char *token_of(const char *role)
{
    char body[128];
    struct http_client_answer answer;
    json_t *object;
    const char *secret;

    snprintf(body, sizeof body, "{\"name\": \"%s\", \"role\": \"%s\", \"lifetime_s\": 3600}", role,
             role);
    answer = service_request(&service, "POST", "/api/v1/tokens", service.token, "application/json",
                             span_text(body));
    object = json_loadb((const char *)answer.body.data, answer.body.len, 0, NULL);
    secret = json_string_value(json_object_get(object, "token"));
    assert_non_null(secret);
    secret = arena_text(&arena, span_text(secret));
    json_decref(object);
    return secret;
}

/* A change with If-Match, with If-None-Match: * for "new", and with neither for NULL. */
static struct http_client_answer change(const char *method, const char *path, const char *token,
                                        const char *seen, const char *body)
{
    bool is_new = seen && strcmp(seen, "new") == 0;

    return service_send(&service, (struct http_client_request){
                                      .method = method,
                                      .path = path,
                                      .bearer = token,
                                      .content_type = body ? "application/json" : NULL,
                                      .body = span_text(body ? body : ""),
                                      .if_match = is_new ? NULL : seen,
                                      .if_none_match = is_new,
                                  });
}

static const char *body_of(const char *text, struct soft_catalog_maker *signer)
{
    json_t *object = json_pack("{s:s, s:s, s:s}", "text", text, "signature",
                               text_hex(&arena, soft_catalog_sign(signer, text, &arena)), "reason",
                               "delivery 12");
    char *dumped = json_dumps(object, JSON_COMPACT);
    const char *body = arena_text(&arena, span_text(dumped));

    free(dumped);
    json_decref(object);
    return body;
}

static struct http_client_answer put_by(const char *seen, const char *text,
                                        struct soft_catalog_maker *signer)
{
    return change("PUT", "/api/v1/catalog", service.token, seen, body_of(text, signer));
}

static struct http_client_answer put(const char *seen, const char *text)
{
    return put_by(seen, text, &maker);
}

static struct http_client_answer get(const char *path)
{
    return service_request(&service, "GET", path, service.token, NULL, (struct span){0});
}

/* The ETag of what is in force; "new" when nothing is. */
static const char *seen(void)
{
    struct http_client_answer answer = get("/api/v1/catalog");

    return answer.status == 404 ? "new" : answer.etag;
}

static void put_in_force(int version, const char *models)
{
    struct http_client_answer answer = put(seen(), catalog(version, models));

    if (answer.status != 200 && answer.status != 201)
        fail_msg("%d: %.*s", answer.status, (int)answer.body.len, (const char *)answer.body.data);
}

static void remove_it(void)
{
    assert_int_equal(
        change("DELETE", "/api/v1/catalog?reason=recall", service.token, seen(), NULL).status, 200);
}

static void assert_refused(struct http_client_answer answer, int status, const char *code)
{
    if (!service_is_problem(&answer, status, code))
        fail_msg("%d: %.*s", answer.status, (int)answer.body.len, (const char *)answer.body.data);
}

static json_t *parsed(struct http_client_answer answer)
{
    json_t *object = json_loadb((const char *)answer.body.data, answer.body.len, 0, NULL);

    assert_int_equal(answer.status, 200);
    assert_non_null(object);
    return object;
}

static const char *text(const json_t *object, const char *name)
{
    const char *value = json_string_value(json_object_get(object, name));

    return value ? value : "";
}

static json_int_t number(const json_t *object, const char *name)
{
    return json_integer_value(json_object_get(object, name));
}

/* Often enough that each worker had it, and the short way was gone too. */
static void attest(struct api_host *host, enum verdict verdict)
{
    for (int i = 0; i < 4; i++) {
        assert_int_equal(api_host_attest(host, &service).status, 200);
        assert_int_equal(host->answer.verdict, verdict);
    }
}

/* --- In force --- */

static void test_in_force_at_once_for_every_worker(void **state)
{
    (void)state;
    assert_refused(get("/api/v1/catalog"), 404, "catalog.none");
    attest(&hosts[0], VERDICT_UNKNOWN);
    assert_int_equal(put("new", catalog(1, ANVIL("secured-core"))).status, 201);
    attest(&hosts[0], VERDICT_TRUSTED);
    attest(&hosts[2], VERDICT_UNTRUSTED);
    /* The same boot is judged anew, also of a host that is known not to have changed. */
    assert_int_equal(put(seen(), catalog(2, ANVIL("recommended-baseline") HAMMER)).status, 200);
    attest(&hosts[0], VERDICT_UNTRUSTED);
    attest(&hosts[2], VERDICT_TRUSTED);
    remove_it();
    attest(&hosts[2], VERDICT_UNKNOWN);
    put_in_force(3, ANVIL("secured-core"));
    attest(&hosts[0], VERDICT_TRUSTED);
}

static void test_what_is_in_force_is_shown(void **state)
{
    struct http_client_answer answer = get("/api/v1/catalog");
    json_t *object = parsed(answer), *again;
    const char *wanted = catalog(3, ANVIL("secured-core"));
    char *body;

    (void)state;
    assert_string_equal(text(object, "schema"), "bootseal.service-catalog.v1");
    assert_string_equal(text(object, "text"), wanted);
    assert_string_equal(text(object, "name"), "test");
    assert_int_equal(number(object, "version"), 3);
    assert_true(json_is_true(json_object_get(object, "active")));
    assert_string_equal(text(object, "created_by"), "admin");
    assert_string_equal(text(object, "reason"), "delivery 12");
    assert_string_equal(text(object, "valid_until"), "3000-01-01T00:00:00Z");
    assert_true(strstr(text(object, "signer"), "maker") != NULL);
    assert_true(strlen(text(object, "signature")) > 100);
    /* The very same again changes nothing. */
    again = json_pack("{s:s, s:s}", "text", wanted, "signature", text(object, "signature"));
    body = json_dumps(again, JSON_COMPACT);
    json_decref(again);
    again = parsed(change("PUT", "/api/v1/catalog", service.token, answer.etag, body));
    assert_int_equal(number(again, "revision"), number(object, "revision"));
    free(body);
    json_decref(again);
    json_decref(object);
}

static void test_history_and_audit(void **state)
{
    json_t *history = parsed(get("/api/v1/catalog/history")), *audit;
    const json_t *list = json_object_get(history, "revisions"), *entry;
    bool found = false;
    size_t i;

    (void)state;
    assert_string_equal(text(history, "schema"), "bootseal.catalog-history.v1");
    assert_int_equal(json_array_size(list), 4);
    assert_int_equal(number(json_array_get(list, 0), "version"), 3);
    assert_true(json_is_true(json_object_get(json_array_get(list, 1), "removed")));
    assert_string_equal(text(json_array_get(list, 1), "reason"), "recall");
    assert_int_equal(number(json_array_get(list, 1), "version"), 2);
    assert_null(json_object_get(json_array_get(list, 3), "text"));
    json_decref(history);
    audit = parsed(get("/api/v1/audit"));
    json_array_foreach(json_object_get(audit, "entries"), i, entry)
        found |= strcmp(text(entry, "what"), "catalog.remove") == 0 &&
                 strcmp(text(entry, "who"), "admin") == 0 &&
                 strcmp(text(entry, "subject"), "test") == 0;
    assert_true(found);
    json_decref(audit);
}

static void test_claims_features_and_diff_know_it(void **state)
{
    json_t *claims = parsed(get("/api/v1/hosts/anvil-1.example/claims")), *object;
    const json_t *level = json_object_get(json_object_get(claims, "claims"),
                                          "hardware.certified_level");

    (void)state;
    assert_string_equal(text(level, "value"), "secured-core");
    assert_string_equal(text(level, "grade"), "reported");
    json_decref(claims);
    object = parsed(get("/api/v1/hosts/anvil-1.example/features"));
    json_decref(object);
    object = parsed(get("/api/v1/hosts/anvil-1.example/diff"));
    assert_true(json_is_true(json_object_get(object, "equal")));
    json_decref(object);
    object = parsed(get("/api/v1/hosts/anvil-1.example/why"));
    assert_true(json_is_true(json_object_get(object, "passes")));
    json_decref(object);
}

/* --- Refusals --- */

static void test_who_may(void **state)
{
    const char *viewer = token_of("viewer"), *operator_token = token_of("operator");
    const char *body = body_of(catalog(4, ANVIL("secured-core")), &maker), *etag = seen();

    (void)state;
    assert_refused(change("PUT", "/api/v1/catalog", viewer, etag, body), 403, "auth.role");
    assert_refused(change("PUT", "/api/v1/catalog", operator_token, etag, body), 403, "auth.role");
    assert_refused(change("DELETE", "/api/v1/catalog", operator_token, etag, NULL), 403,
                   "auth.role");
    assert_refused(change("PUT", "/api/v1/catalog", NULL, etag, body), 401, "auth.token_missing");
    assert_int_equal(
        service_request(&service, "GET", "/api/v1/catalog", viewer, NULL, (struct span){0}).status,
        200);
    assert_int_equal(
        service_request(&service, "GET", "/api/v1/catalog/history", viewer, NULL, (struct span){0})
            .status,
        200);
}

static void test_a_change_names_what_it_changes(void **state)
{
    const char *next = catalog(4, ANVIL("secured-core"));

    (void)state;
    assert_refused(put(NULL, next), 428, "catalog.unseen");
    assert_refused(put("*", next), 428, "catalog.unseen");
    assert_refused(put("new", next), 412, "catalog.changed");
    assert_refused(put("\"1\"", next), 412, "catalog.changed");
    assert_refused(change("DELETE", "/api/v1/catalog", service.token, NULL, NULL), 428,
                   "catalog.unseen");
    assert_refused(change("DELETE", "/api/v1/catalog", service.token, "\"1\"", NULL), 412,
                   "catalog.changed");
}

static void refuse_body(const char *body)
{
    assert_refused(change("PUT", "/api/v1/catalog", service.token, seen(), body), 422,
                   "field.invalid");
}

static void test_what_is_refused(void **state)
{
    const char *next = catalog(4, ANVIL("secured-core")), *expired;
    const char *wrong = "[catalog]\nname = test\nversion = four\n";
    json_t *problem;

    (void)state;
    assert_refused(put_by(seen(), next, &stranger), 422, "catalog.refused");
    expired = arena_printf(&arena,
                           "[catalog]\nname = test\nversion = 4\nissued = 2020-01-01\n"
                           "valid_until = 2020-12-31\n%s",
                           ANVIL("secured-core"));
    assert_refused(put(seen(), expired), 422, "catalog.refused");
    assert_refused(put(seen(), wrong), 422, "catalog.invalid");
    problem = json_loadb((const char *)put(seen(), wrong).body.data, put(seen(), wrong).body.len, 0,
                         NULL);
    assert_int_equal(number(problem, "line"), 3);
    json_decref(problem);
    refuse_body("{}");
    refuse_body("{\"text\": \"x\"}");
    refuse_body("{\"text\": \"x\", \"signature\": \"zz\"}");
    refuse_body("{\"text\": \"\", \"signature\": \"00\"}");
    refuse_body("{\"text\": \"x\", \"signature\": \"00\", \"force\": true}");
    refuse_body("{\"text\": \"x\", \"signature\": \"00\", \"reason\": 12}");
    assert_refused(change("PUT", "/api/v1/catalog", service.token, seen(), "{\"text\": "), 400,
                   "body.malformed");
    attest(&hosts[0], VERDICT_TRUSTED); /* and what was in force is */
}

/* What was ever kept is remembered, whatever is in force. */
static void test_no_way_back(void **state)
{
    const char *old = catalog(2, ANVIL("recommended-baseline") HAMMER);
    const char *same = catalog(3, ANVIL("secured-core"));

    (void)state;
    assert_refused(put(seen(), old), 409, "catalog.old");
    assert_refused(put(seen(), catalog(3, HAMMER)), 409, "catalog.old"); /* another text */
    remove_it();
    assert_refused(put("new", old), 409, "catalog.old");
    assert_refused(put("new", catalog(3, HAMMER)), 409, "catalog.old");
    assert_refused(change("DELETE", "/api/v1/catalog", service.token, "\"4\"", NULL), 404,
                   "catalog.none");
    assert_int_equal(service_stop(&service), 0);
    service_restart(&service);
    assert_refused(get("/api/v1/catalog"), 404, "catalog.none");
    assert_refused(put("new", old), 409, "catalog.old");
    assert_int_equal(put("new", same).status, 201); /* the newest may come back */
    attest(&hosts[0], VERDICT_TRUSTED);
}

/* --- Ends --- */

static void test_a_new_worker_gets_it_again(void **state)
{
    pid_t workers[4];
    size_t n_workers = service_processes(&service, "worker", workers, 4);

    (void)state;
    assert_int_equal(n_workers, 2);
    for (size_t i = 0; i < n_workers; i++)
        assert_int_equal(kill(workers[i], SIGKILL), 0);
    for (int i = 0; i < 100 && api_host_attest(&hosts[0], &service).status != 200; i++)
        usleep(100 * 1000);
    attest(&hosts[0], VERDICT_TRUSTED);
    attest(&hosts[2], VERDICT_UNTRUSTED);
}

static void test_what_was_answered_is_in_force_after_a_crash(void **state)
{
    json_t *object;

    (void)state;
    put_in_force(4, ANVIL("secured-core") HAMMER);
    service_kill(&service);
    service_restart(&service);
    object = parsed(get("/api/v1/catalog"));
    assert_int_equal(number(object, "version"), 4);
    json_decref(object);
    attest(&hosts[0], VERDICT_TRUSTED);
    attest(&hosts[2], VERDICT_TRUSTED);
}

/* Puts into the store, in place of that revision, a catalogue that has ended since. */
static void let_it_end(uint64_t revision)
{
    const char *ended = "[catalog]\nname = test\nversion = 5\nissued = 2020-01-01\n"
                        "valid_until = 2020-12-31\n" ANVIL("secured-core");
    const struct store_catalog catalog = {.name = "test",
                                          .version = 5,
                                          .issued_s = 1577836800,
                                          .valid_until_s = 1609459200,
                                          .text = span_text(ended),
                                          .signature = soft_catalog_sign(&maker, ended, &arena),
                                          .signer = "CN=maker",
                                          .created_by = "admin",
                                          .created_s = 1577836800,
                                          .reason = ""};
    struct store *store;
    struct store_txn *txn;
    struct error error;
    char path[128];

    snprintf(path, sizeof path, "%s/data/bootseal.db", service.directory);
    assert_true(store_open(path, &store, &error));
    txn = store_begin(store);
    store_act_catalog_put(txn, &catalog, revision);
    assert_int_equal(store_commit_wait(&txn).result, STORE_OK);
    store_close(store);
}

static void test_one_that_has_ended_is_as_none(void **state)
{
    json_t *object = parsed(get("/api/v1/catalog"));

    (void)state;
    assert_int_equal(service_stop(&service), 0);
    let_it_end((uint64_t)number(object, "revision"));
    json_decref(object);
    service_restart(&service);
    object = parsed(get("/api/v1/catalog"));
    assert_int_equal(number(object, "version"), 5);
    assert_true(json_is_false(json_object_get(object, "active")));
    json_decref(object);
    attest(&hosts[0], VERDICT_UNKNOWN);
    put_in_force(6, ANVIL("secured-core"));
    attest(&hosts[0], VERDICT_TRUSTED);
}

/* A verdict that rests on a catalogue does not outlive it. */
static void test_a_verdict_ends_with_the_catalogue(void **state)
{
    int64_t today_s = os_now_s() / 86400 * 86400;
    char day[OS_TIME_TEXT_LEN];

    (void)state;
    os_time_print(today_s, day);
    assert_int_equal(put(seen(), arena_printf(&arena,
                                              "[catalog]\nname = test\nversion = 7\n"
                                              "issued = 2020-01-01\nvalid_until = %.10s\n%s",
                                              day, ANVIL("secured-core")))
                         .status,
                     200);
    attest(&hosts[0], VERDICT_TRUSTED);
    assert_int_equal(hosts[0].answer.ends_s, today_s + 86400);
    put_in_force(8, ANVIL("secured-core"));
    attest(&hosts[0], VERDICT_TRUSTED);
    assert_true((int64_t)hosts[0].answer.ends_s > today_s + 86400);
}

/* As many models and bytes as there may be, and the one that counts comes last. */
static void test_the_largest_reaches_the_workers(void **state)
{
    char *models = malloc(2 * LIMIT_DOCUMENT_LEN);
    size_t at = 0, head_len = strlen(catalog(9, "")), anvil_len = strlen(ANVIL("secured-core"));

    (void)state;
    for (int i = 1; i < LIMIT_CATALOG_MODELS; i++)
        at += (size_t)sprintf(models + at,
                              "[model m%d]\nlevel = secured-core\nsource = s\n"
                              "manufacturer = Acme\nproduct =\n  Anvil %d\n  Bench %d\n",
                              i, i, i);
    for (; at < LIMIT_DOCUMENT_LEN - head_len - anvil_len; at++)
        models[at] = (char)(at % 80 ? ';' : '\n');
    models[at - 1] = '\n';
    memcpy(models + at, ANVIL("secured-core"), anvil_len + 1);
    put_in_force(9, models);
    attest(&hosts[0], VERDICT_TRUSTED);
    attest(&hosts[2], VERDICT_UNTRUSTED);
    models[at - 1] = ';';
    memmove(models + at + 1, models + at, anvil_len + 1);
    models[at] = '\n';
    assert_refused(put(seen(), catalog(9, models)), 422, "field.invalid"); /* one byte more */
    put_in_force(10, ANVIL("secured-core"));
    free(models);
}

static void test_trust_is_taken_from_a_key(void **state)
{
    (void)state;
    assert_int_equal(service_stop(&service), 0);
    trust(&stranger);
    service_restart(&service);
    attest(&hosts[0], VERDICT_UNKNOWN);
    assert_refused(put(seen(), catalog(11, ANVIL("secured-core"))), 422, "catalog.refused");
    /* The same text under another signature counts, also in workers that have refused the old one. */
    assert_int_equal(put_by(seen(), catalog(10, ANVIL("secured-core")), &stranger).status, 200);
    attest(&hosts[0], VERDICT_TRUSTED);
    assert_int_equal(service_stop(&service), 0);
    trust(&maker);
    service_restart(&service);
    attest(&hosts[0], VERDICT_UNKNOWN);
    put_in_force(10, ANVIL("secured-core"));
    attest(&hosts[0], VERDICT_TRUSTED);
}

/* --- Drafts --- */

struct trial {
    json_t *head, *changes, *summary;
};

/* Sends the draft, which is dropped, and takes the stream apart. */
static struct trial try_draft(json_t *draft)
{
    struct trial trial = {.changes = json_array()};
    char *body = json_dumps(draft, JSON_COMPACT), *line, *lines;
    struct http_client_answer answer = service_request(&service, "POST", "/api/v1/policy/test",
                                                       service.token, "application/json",
                                                       span_text(body));

    json_decref(draft);
    free(body);
    if (answer.status != 200)
        fail_msg("%d: %.*s", answer.status, (int)answer.body.len, (const char *)answer.body.data);
    lines = strndup((const char *)answer.body.data, answer.body.len);
    for (char *at = lines; (line = strsep(&at, "\n")) && *line;) {
        json_t *object = json_loads(line, 0, NULL);

        assert_null(json_object_get(object, "error"));
        if (json_object_get(object, "schema"))
            trial.head = json_incref(object);
        if (json_object_get(object, "change"))
            json_array_append(trial.changes, json_object_get(object, "change"));
        if (json_object_get(object, "summary"))
            trial.summary = json_incref(json_object_get(object, "summary"));
        json_decref(object);
    }
    free(lines);
    assert_true(trial.head && trial.summary);
    return trial;
}

static void trial_done(struct trial *trial)
{
    json_decref(trial->head);
    json_decref(trial->changes);
    json_decref(trial->summary);
}

/* The i-th change is of these verdicts and has exactly these hosts, of which the first is named. */
static const json_t *assert_change(const struct trial *trial, size_t i, const char *from,
                                   const char *to, size_t n_hosts, const char *first)
{
    const json_t *change = json_array_get(trial->changes, i), *name;
    bool found = false;
    size_t k;

    assert_string_equal(text(change, "from"), from);
    assert_string_equal(text(change, "to"), to);
    assert_int_equal(number(change, "n_hosts"), n_hosts);
    assert_int_equal(json_array_size(json_object_get(change, "hosts")), n_hosts);
    json_array_foreach(json_object_get(change, "hosts"), k, name)
        found |= strcmp(json_string_value(name), first) == 0;
    assert_true(found);
    return change;
}

static void expect_summary(const struct trial *trial, int changed, int states)
{
    assert_int_equal(number(trial->summary, "hosts"), N_HOSTS);
    assert_int_equal(number(trial->summary, "changed"), changed);
    assert_int_equal(number(trial->summary, "unjudged"), 0);
    assert_int_equal(number(trial->summary, "states"), states);
}

static json_t *draft_of(const char *models)
{
    return json_pack("{s:s}", "catalog", catalog(1, models)); /* of any version */
}

static void attest_all(void)
{
    for (int i = 0; i < N_HOSTS; i++)
        assert_int_equal(api_host_attest(&hosts[i], &service).status, 200);
}

/* Anvils are certified, the Hammer is not. */
static void test_a_draft_that_takes_and_gives(void **state)
{
    struct trial trial;
    const json_t *change, *reason;

    (void)state;
    attest_all();
    trial = try_draft(draft_of(ANVIL("recommended-baseline")));
    expect_summary(&trial, 2, 2);
    assert_string_equal(text(json_object_get(trial.head, "catalog"), "label"), "test version 1");
    assert_true(json_is_false(
        json_object_get(json_object_get(trial.head, "catalog"), "signature_checked")));
    change = assert_change(&trial, 0, "trusted", "untrusted", 2, "anvil-1.example");
    reason = json_array_get(json_object_get(change, "reasons"), 0);
    assert_string_equal(text(reason, "rule"), "certified");
    assert_string_equal(text(reason, "claim"), "hardware.certified_level");
    trial_done(&trial);
    trial = try_draft(draft_of(ANVIL("secured-core") HAMMER));
    expect_summary(&trial, 1, 2);
    (void)assert_change(&trial, 0, "untrusted", "trusted", 1, "hammer-1.example");
    trial_done(&trial);
    trial = try_draft(draft_of(HAMMER));
    expect_summary(&trial, 3, 2);
    assert_int_equal(json_array_size(trial.changes), 2);
    trial_done(&trial);
    trial = try_draft(draft_of(ANVIL("secured-core")));
    expect_summary(&trial, 0, 2);
    trial_done(&trial);
    /* Nothing has changed. */
    attest(&hosts[0], VERDICT_TRUSTED);
    attest(&hosts[2], VERDICT_UNTRUSTED);
}

/* Hosts attested under another catalogue, or none, and are told apart all the same. */
static void test_a_draft_where_none_is_in_force(void **state)
{
    struct trial trial;

    (void)state;
    remove_it();
    for (int i = 0; i < 2; i++) {
        trial = try_draft(draft_of(ANVIL("secured-core")));
        expect_summary(&trial, 3, 2);
        assert_int_equal(json_array_size(trial.changes), 2);
        trial_done(&trial);
        attest_all();
    }
    put_in_force(11, ANVIL("secured-core"));
    trial = try_draft(draft_of(ANVIL("secured-core") HAMMER));
    expect_summary(&trial, 1, 2);
    (void)assert_change(&trial, 0, "untrusted", "trusted", 1, "hammer-1.example");
    trial_done(&trial);
}

static void test_a_draft_with_a_policy(void **state)
{
    struct trial trial;

    (void)state;
    service_put_policy(&service, HEAD "2" WHOLE);
    attest_all();
    /* Nobody asks the catalogue: no host has to be judged. */
    trial = try_draft(draft_of(HAMMER));
    expect_summary(&trial, 0, 0);
    trial_done(&trial);
    trial = try_draft(json_pack("{s:s}", "policy", HEAD "3" CERTIFIED));
    expect_summary(&trial, 1, 2);
    assert_null(json_object_get(trial.head, "catalog"));
    (void)assert_change(&trial, 0, "trusted", "untrusted", 1, "hammer-1.example");
    trial_done(&trial);
    trial = try_draft(
        json_pack("{s:s, s:s}", "policy", HEAD "3" CERTIFIED, "catalog", catalog(1, HAMMER)));
    expect_summary(&trial, 2, 2);
    (void)assert_change(&trial, 0, "trusted", "untrusted", 2, "anvil-1.example");
    trial_done(&trial);
    trial = try_draft(json_pack("{s:s, s:s}", "policy", HEAD "3" CERTIFIED, "catalog",
                                catalog(1, ANVIL("secured-core") HAMMER)));
    expect_summary(&trial, 0, 2);
    trial_done(&trial);
}

static void refuse_draft(const char *body, int status, const char *code)
{
    assert_refused(service_request(&service, "POST", "/api/v1/policy/test", service.token,
                                   "application/json", span_text(body)),
                   status, code);
}

static void test_drafts_that_are_refused(void **state)
{
    (void)state;
    refuse_draft("{\"catalog\": \"[catalog]\\n\"}", 422, "catalog.invalid");
    refuse_draft("{\"catalog\": \"\"}", 400, "body.malformed");
    refuse_draft("{\"catalog\": 7}", 400, "body.malformed");
    refuse_draft("{\"catalog\": \"x\", \"hosts\": \"*\"}", 400, "body.malformed");
    refuse_draft("{\"catalog\": \"x\", \"references\": []}", 400, "body.malformed");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_in_force_at_once_for_every_worker),
        cmocka_unit_test(test_what_is_in_force_is_shown),
        cmocka_unit_test(test_history_and_audit),
        cmocka_unit_test(test_claims_features_and_diff_know_it),
        cmocka_unit_test(test_who_may),
        cmocka_unit_test(test_a_change_names_what_it_changes),
        cmocka_unit_test(test_what_is_refused),
        cmocka_unit_test(test_no_way_back),
        cmocka_unit_test(test_a_new_worker_gets_it_again),
        cmocka_unit_test(test_what_was_answered_is_in_force_after_a_crash),
        cmocka_unit_test(test_one_that_has_ended_is_as_none),
        cmocka_unit_test(test_a_verdict_ends_with_the_catalogue),
        cmocka_unit_test(test_the_largest_reaches_the_workers),
        cmocka_unit_test(test_trust_is_taken_from_a_key),
        cmocka_unit_test(test_a_draft_that_takes_and_gives),
        cmocka_unit_test(test_a_draft_where_none_is_in_force),
        cmocka_unit_test(test_a_draft_with_a_policy),
        cmocka_unit_test(test_drafts_that_are_refused),
    };

    return cmocka_run_group_tests_name("the catalogue in the service", tests, start, stop);
}
