/* Documents and bindings over the API of a real service: what is refused, of two writers one wins, what
 * was can come back, and all of it is in the audit record. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/clock.h"
#include "support/service.h"

#define BINDING(mode, more)                                                                        \
    "{\"mode\":\"" mode "\",\"hosts\":\"*\",\"policy\":{\"name\":\"web\",\"version\":\"1\"}" more  \
    "}"
#define UPDATE_AS(mode, more)                                                                      \
    "{\"mode\":\"" mode "\",\"hosts\":\"web-*\",\"update\":{\"name\":\"kernel\",\"version\":"      \
    "\"1\"}" more "}"
#define UPDATE(more) UPDATE_AS("accept", more)

static const char WEB_1[] = "[policy]\nname = web\nversion = 1\n"
                            "[rule a]\nrequire = secure_boot.enabled\nmessage = m\n";
static const char WEB_2[] = "[policy]\nname = web\nversion = 2\n"
                            "[rule a]\nrequire = secure_boot.enabled\nmessage = other\n";
/* It names a reference that is in a document of its own. */
static const char PINNED[] = "[policy]\nname = pinned\nversion = 1\n[rule a]\n"
                             "require = boot.images.all(x, x in reference(\"kernels\"))\n"
                             "message = m\n";
static const char KERNELS[] =
    "[reference-values]\nname = kernels of May\nversion = 1\n[reference kernels]\n"
    "a = sha256:0101010101010101010101010101010101010101010101010101010101010101\n";
static const char KERNEL_UPDATE[] =
    "[update]\nname = kernel\nversion = 1\n[accept boot.images]\n"
    "a = sha256:0202020202020202020202020202020202020202020202020202020202020202\n";

static struct service service;

static int start(void **state)
{
    static const char *const SETTINGS[] = {"log.level=error", "server.workers=1"};

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

/* --- Asking --- */

static struct http_client_answer get(const char *path)
{
    return service_request(&service, "GET", path, service.token, NULL, (struct span){0});
}

static struct http_client_answer keep(const char *path, const char *text)
{
    return service_request(&service, "POST", path, service.token, "text/plain", span_text(text));
}

/* A change with If-Match, with If-None-Match for "*", and with neither for NULL. */
static struct http_client_answer change(const char *method, const char *path, const char *seen,
                                        const char *json)
{
    bool is_new = seen && strcmp(seen, "new") == 0;

    return service_send(&service, (struct http_client_request){
                                      .method = method,
                                      .path = path,
                                      .bearer = service.token,
                                      .content_type = json ? "application/json" : NULL,
                                      .body = span_text(json ? json : ""),
                                      .if_match = is_new ? NULL : seen,
                                      .if_none_match = is_new,
                                  });
}

static struct http_client_answer put(const char *name, const char *seen, const char *json)
{
    char path[128];

    snprintf(path, sizeof path, "/api/v1/bindings/%s", name);
    return change("PUT", path, seen, json);
}

/* A member of the answer's object as text, in static memory; "" when there is none. */
static const char *member(const struct http_client_answer *answer, const char *name)
{
    static char text[256];
    json_t *object = json_loadb((const char *)answer->body.data, answer->body.len, 0, NULL);
    const json_t *value = json_object_get(object, name);

    if (json_is_integer(value))
        snprintf(text, sizeof text, "%lld", (long long)json_integer_value(value));
    else
        snprintf(text, sizeof text, "%s",
                 value && json_string_value(value) ? json_string_value(value) : "");
    json_decref(object);
    return text;
}

static void assert_problem(struct http_client_answer answer, int status, const char *code)
{
    assert_true(service_is_problem(&answer, status, code));
}

static void assert_binding(struct http_client_answer answer, int status, const char *revision)
{
    char etag[32];

    snprintf(etag, sizeof etag, "\"%s\"", revision);
    assert_int_equal(answer.status, status);
    assert_string_equal(answer.etag, etag);
    assert_string_equal(member(&answer, "revision"), revision);
    assert_string_equal(member(&answer, "schema"), "bootseal.binding.v1");
}

/* --- Documents --- */

static void test_documents_are_checked_and_kept(void **state)
{
    char path[256];
    struct http_client_answer answer = keep("/api/v1/policies", WEB_1);

    (void)state;
    assert_int_equal(answer.status, 201);
    assert_string_equal(member(&answer, "schema"), "bootseal.document.v1");
    assert_string_equal(member(&answer, "n_rules"), "1");
    assert_int_equal(keep("/api/v1/policies", WEB_1).status, 201); /* the same again is fine */
    assert_int_equal(keep("/api/v1/policies", WEB_2).status, 201);
    answer = get("/api/v1/policies/web");
    assert_true(span_is(answer.body, WEB_2)); /* the newest */
    answer = get("/api/v1/policies/web?version=1");
    assert_true(span_is(answer.body, WEB_1));
    assert_problem(get("/api/v1/policies/web?version=3"), 404, "document.unknown");
    assert_problem(get("/api/v1/updates/web"), 404, "document.unknown");
    assert_problem(keep("/api/v1/policies",
                        "[policy]\nname = web\nversion = 1\n"
                        "[rule a]\nrequire = !secure_boot.enabled\nmessage = m\n"),
                   409, "policy.exists");
    assert_problem(keep("/api/v1/policies", "[policy]\nname = x\n"), 422, "policy.invalid");
    assert_problem(keep("/api/v1/policies", KERNELS), 422, "policy.invalid");
    assert_problem(keep("/api/v1/reference-values", KERNEL_UPDATE), 422, "policy.invalid");
    assert_problem(keep("/api/v1/updates", KERNELS), 422, "policy.invalid");
    assert_problem(keep("/api/v1/policies", ""), 400, "body.malformed");
    assert_int_equal(keep("/api/v1/updates", KERNEL_UPDATE).status, 201);
    /* A policy that names reference values is checked with them. */
    assert_problem(keep("/api/v1/policies", PINNED), 422, "policy.invalid");
    answer = keep("/api/v1/reference-values", KERNELS);
    assert_int_equal(answer.status, 201);
    snprintf(path, sizeof path, "/api/v1/policies?references=%s", member(&answer, "sha256"));
    assert_int_equal(keep(path, PINNED).status, 201);
    path[strlen(path) - 1] ^= 1;
    assert_problem(keep(path, PINNED), 404, "document.unknown");
    path[strlen(path) - 1] = '\0';
    assert_problem(keep(path, PINNED), 400, "query.invalid");
}

static void test_lists_of_documents(void **state)
{
    static const char *const PATHS[][2] = {{"/api/v1/reference-values", "reference_values"},
                                           {"/api/v1/updates", "updates"}};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct http_client_answer answer = get(PATHS[i][0]);
        json_t *object = json_loadb((const char *)answer.body.data, answer.body.len, 0, NULL);
        const json_t *list = json_object_get(object, PATHS[i][1]);

        assert_int_equal(json_array_size(list), 1);
        assert_non_null(json_object_get(json_array_get(list, 0), "created_by"));
        json_decref(object);
    }
}

static void test_documents_over_their_cap(void **state)
{
    char *big = malloc(LIMIT_DOCUMENT_LEN + 2);

    (void)state;
    memset(big, '#', LIMIT_DOCUMENT_LEN + 1);
    big[LIMIT_DOCUMENT_LEN + 1] = '\0';
    assert_int_equal(keep("/api/v1/policies", big).status, 413);
    assert_int_equal(keep("/api/v1/updates", big).status, 413);
    big[LIMIT_DOCUMENT_LEN] = '\0';
    assert_problem(keep("/api/v1/policies", big), 422, "policy.invalid");
    free(big);
}

/* --- Bindings --- */

static void test_a_change_says_what_it_changes(void **state)
{
    static const char *const UNSEEN[] = {"*",       "1",     "\"0\"",       "\"1",
                                         "W/\"1\"", "\"x\"", "\"1\", \"2\""};
    struct http_client_answer answer;

    (void)state;
    assert_problem(put("default", NULL, BINDING("enforce", "")), 428, "binding.unseen");
    for (size_t i = 0; i < sizeof UNSEEN / sizeof *UNSEEN; i++)
        assert_problem(put("default", UNSEEN[i], BINDING("enforce", "")), 428, "binding.unseen");
    assert_problem(put("default", "\"1\"", BINDING("enforce", "")), 412, "binding.changed");
    assert_problem(get("/api/v1/bindings/default"), 404, "binding.unknown");
    assert_binding(put("default", "new", BINDING("enforce", "")), 201, "1");
    assert_problem(put("default", "new", BINDING("enforce", "")), 412, "binding.changed");
    assert_binding(put("default", "\"1\"", BINDING("observe", "")), 200, "2");
    assert_problem(put("default", "\"1\"", BINDING("enforce", "")), 412, "binding.changed");
    assert_binding(get("/api/v1/bindings/default"), 200, "2");
    /* What is so already makes no revision. */
    assert_binding(put("default", "\"2\"", BINDING("observe", ",\"reason\":\"again\"")), 200, "2");
    assert_binding(
        put("default", "\"2\"", BINDING("enforce", ",\"until\":\"2199-01-01T00:00:00Z\"")), 200,
        "3");
    answer = get("/api/v1/bindings/default");
    assert_string_equal(member(&answer, "mode"), "enforce");
    assert_string_equal(member(&answer, "until"), "2199-01-01T00:00:00Z");
    assert_string_equal(member(&answer, "created_by"), "admin");
}

static void test_bindings_say_what_is_wrong(void **state)
{
    static const char *const FIELDS[] = {
        "{}",
        BINDING("force", ""),
        BINDING("removed", ""),
        BINDING("accept", ",\"until\":\"2199-01-01T00:00:00Z\""),
        BINDING("enforce", ",\"untill\":null"),
        BINDING("enforce", ",\"reason\":5"),
        BINDING("enforce", ",\"until\":\"tomorrow\""),
        BINDING("enforce", ",\"until\":7"),
        BINDING("enforce", ",\"until\":\"2020-01-01T00:00:00Z\""),
        BINDING("enforce", ",\"from\":\"2199-01-01T00:00:00Z\",\"until\":\"2198-01-01T00:00:00Z\""),
        BINDING("enforce", ",\"references\":{}"),
        BINDING("enforce", ",\"references\":[\"kernels\"]"),
        BINDING("enforce", ",\"update\":{\"name\":\"kernel\",\"version\":\"1\"}"),
        UPDATE(""), /* says nothing of an end */
        UPDATE_AS("retire", ""),
        BINDING("retire", ",\"until\":null"),
        "{\"mode\":\"enforce\",\"hosts\":\"*\"}",
        "{\"mode\":\"enforce\",\"hosts\":\"*\",\"policy\":{\"name\":\"web\"}}",
        "{\"mode\":\"enforce\",\"hosts\":\"*\",\"policy\":\"web 1\"}",
        "{\"mode\":\"enforce\",\"policy\":{\"name\":\"web\",\"version\":\"1\"}}",
        "{\"mode\":\"enforce\",\"hosts\":\"\",\"policy\":{\"name\":\"web\",\"version\":\"1\"}}",
        "{\"mode\":\"enforce\",\"hosts\":\" , \",\"policy\":{\"name\":\"web\",\"version\":\"1\"}}",
        "{\"mode\":\"enforce\",\"hosts\":\"Web-1\",\"policy\":{\"name\":\"web\",\"version\":\"1\"}"
        "}",
        "{\"mode\":\"enforce\",\"hosts\":\"web/"
        "*\",\"policy\":{\"name\":\"web\",\"version\":\"1\"}}",
        "{\"mode\":\"enforce\",\"hosts\":\"web-[0-9\","
        "\"policy\":{\"name\":\"web\",\"version\":\"1\"}}",
    };

    (void)state;
    for (size_t i = 0; i < sizeof FIELDS / sizeof *FIELDS; i++)
        assert_problem(put("wrong", "new", FIELDS[i]), 422, "field.invalid");
    assert_problem(put("a%20b", "new", BINDING("enforce", "")), 422, "field.invalid");
    assert_problem(put("wrong", "new", "{"), 400, "body.malformed");
    assert_problem(put("wrong", "new",
                       "{\"mode\":\"enforce\",\"hosts\":\"*\","
                       "\"policy\":{\"name\":\"web\",\"version\":\"9\"}}"),
                   404, "document.unknown");
    assert_problem(put("wrong", "new",
                       BINDING("enforce", ",\"references\":[{\"name\":\"kernels of May\","
                                          "\"version\":\"2\"}]")),
                   404, "document.unknown");
    /* A policy without the reference values that it names would judge nobody. */
    assert_problem(put("wrong", "new",
                       "{\"mode\":\"observe\",\"hosts\":\"*\","
                       "\"policy\":{\"name\":\"pinned\",\"version\":\"1\"}}"),
                   422, "policy.invalid");
    assert_problem(get("/api/v1/bindings/wrong"), 404, "binding.unknown");
}

static void test_bindings_over_their_caps(void **state)
{
    enum { LEN = LIMIT_BINDING_LEN + 4096 };
    char *body = malloc(LEN), *at;

    (void)state;
    at = body + sprintf(body, "{\"mode\":\"enforce\",\"hosts\":\"");
    memset(at, 'a', LIMIT_BINDING_HOSTS_LEN + 1);
    strcpy(at + LIMIT_BINDING_HOSTS_LEN + 1, "\",\"policy\":{\"name\":\"web\",\"version\":\"1\"}}");
    assert_problem(put("wrong", "new", body), 422, "field.invalid");
    at = body + sprintf(body, "%s",
                        "{\"mode\":\"enforce\",\"hosts\":\"*\",\"policy\":{\"name\":"
                        "\"web\",\"version\":\"1\"},\"references\":[");
    for (int i = 0; i <= LIMIT_BINDING_REFERENCES; i++)
        at += sprintf(at, "%s{\"name\":\"kernels of May\",\"version\":\"1\"}", i ? "," : "");
    strcpy(at, "]}");
    assert_problem(put("wrong", "new", body), 422, "field.invalid");
    at = body + sprintf(body, "%s",
                        "{\"mode\":\"enforce\",\"hosts\":\"*\",\"policy\":{\"name\":"
                        "\"web\",\"version\":\"1\"},\"reason\":\"");
    memset(at, 'r', LIMIT_BINDING_REASON_LEN + 1);
    strcpy(at + LIMIT_BINDING_REASON_LEN + 1, "\"}");
    assert_problem(put("wrong", "new", body), 422, "field.invalid");
    memset(body, ' ', LIMIT_BINDING_LEN + 1);
    body[LIMIT_BINDING_LEN + 1] = '\0';
    assert_int_equal(put("wrong", "new", body).status, 413);
    free(body);
}

static void test_reference_values_and_updates_are_bound(void **state)
{
    struct http_client_answer answer;
    json_t *object;

    (void)state;
    assert_binding(put("pinned", "new",
                       "{\"mode\":\"observe\",\"hosts\":\"web-*, db-[0-9]\",\"policy\":{\"name\":"
                       "\"pinned\",\"version\":\"1\"},\"references\":[{\"name\":\"kernels of May\","
                       "\"version\":\"1\"}]}"),
                   201, "1");
    assert_binding(put("may", "new", UPDATE(",\"until\":\"2199-01-01T00:00:00Z\"")), 201, "1");
    assert_binding(put("may", "\"1\"", UPDATE(",\"until\":null")), 200, "2");
    answer = put("may", "\"2\"", UPDATE_AS("retire", ",\"until\":null"));
    assert_int_equal(answer.status, 200);
    assert_string_equal(member(&answer, "mode"), "retire");
    answer = get("/api/v1/bindings");
    object = json_loadb((const char *)answer.body.data, answer.body.len, 0, NULL);
    assert_int_equal(json_array_size(json_object_get(object, "bindings")), 3);
    json_decref(object);
}

/* Writers in processes of their own, who have all seen the same revision. */
static void test_of_many_writers_one_wins(void **state)
{
    enum { WRITERS = 6 };
    pid_t children[WRITERS];
    int n_won = 0;

    (void)state;
    assert_binding(put("raced", "new", BINDING("observe", "")), 201, "1");
    for (int i = 0; i < WRITERS; i++) {
        children[i] = fork();
        if (children[i] == 0) {
            char body[256];
            struct http_client_answer answer;

            service_open(&service);
            snprintf(body, sizeof body,
                     "{\"mode\":\"observe\",\"hosts\":\"web-%d\",\"policy\":{\"name\":\"web\","
                     "\"version\":\"1\"}}",
                     i);
            answer = put("raced", "\"1\"", body);
            _exit(answer.status == 200 ? 0 : answer.status == 412 ? 1 : 2);
        }
    }
    for (int i = 0; i < WRITERS; i++) {
        int status;

        assert_int_equal(waitpid(children[i], &status, 0), children[i]);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) < 2);
        n_won += WEXITSTATUS(status) == 0;
    }
    assert_int_equal(n_won, 1);
    assert_binding(get("/api/v1/bindings/raced"), 200, "2");
}

static void test_back_to_an_earlier_revision(void **state)
{
    const char *path = "/api/v1/bindings/back/rollback";
    struct http_client_answer answer;

    (void)state;
    assert_problem(change("POST", path, NULL, "{}"), 428, "binding.unseen");
    assert_problem(change("POST", path, "new", "{}"), 404, "binding.unknown");
    assert_binding(put("back", "new", BINDING("observe", "")), 201, "1");
    assert_problem(change("POST", path, "\"1\"", "{}"), 404, "binding.unknown");
    assert_binding(put("back", "\"1\"", BINDING("enforce", "")), 200, "2");
    assert_problem(change("POST", path, "\"1\"", "{}"), 412, "binding.changed");
    assert_binding(change("POST", path, "\"2\"", "{}"), 200, "3");
    answer = get("/api/v1/bindings/back");
    assert_string_equal(member(&answer, "mode"), "observe");
    assert_string_equal(member(&answer, "reason"), "back to revision 1");
    assert_problem(change("POST", path, "\"3\"", "{\"revision\":9}"), 404, "binding.unknown");
    assert_problem(change("POST", path, "\"3\"", "{\"revision\":0}"), 422, "field.invalid");
    assert_problem(change("POST", path, "\"3\"", "{\"revision\":\"2\"}"), 422, "field.invalid");
    assert_problem(change("POST", path, "\"3\"", "{\"revison\":2}"), 422, "field.invalid");
    assert_problem(change("POST", path, "\"3\"", "{\"reason\":null}"), 422, "field.invalid");
    assert_binding(change("POST", path, "\"3\"", "{\"revision\":2,\"reason\":\"tested\"}"), 200,
                   "4");
    /* Removed, and back from there. */
    assert_problem(change("DELETE", "/api/v1/bindings/back", NULL, NULL), 428, "binding.unseen");
    assert_problem(change("DELETE", "/api/v1/bindings/back", "\"3\"", NULL), 412,
                   "binding.changed");
    answer = change("DELETE", "/api/v1/bindings/back?reason=over", "\"4\"", NULL);
    assert_int_equal(answer.status, 200);
    assert_string_equal(member(&answer, "mode"), "removed");
    assert_problem(get("/api/v1/bindings/back"), 404, "binding.unknown");
    assert_problem(change("DELETE", "/api/v1/bindings/back", "\"5\"", NULL), 404,
                   "binding.unknown");
    assert_problem(change("POST", path, "new", "{\"revision\":5}"), 404, "binding.unknown");
    assert_binding(change("POST", path, "new", "{}"), 200, "6");
    answer = get("/api/v1/bindings/back");
    assert_string_equal(member(&answer, "mode"), "enforce");
}

static void test_history_keeps_all_of_it(void **state)
{
    struct http_client_answer answer;
    json_t *object, *revisions;

    (void)state;
    service_stop(&service);
    service_restart(&service);
    answer = get("/api/v1/bindings/back/history");
    object = json_loadb((const char *)answer.body.data, answer.body.len, 0, NULL);
    revisions = json_object_get(object, "revisions");
    assert_int_equal(json_array_size(revisions), 6);
    for (size_t i = 0; i < 6; i++)
        assert_int_equal(
            json_integer_value(json_object_get(json_array_get(revisions, i), "revision")), 6 - i);
    assert_string_equal(json_string_value(json_object_get(json_array_get(revisions, 1), "reason")),
                        "over");
    json_decref(object);
    assert_problem(get("/api/v1/bindings/nobody/history"), 404, "binding.unknown");
    answer = get("/api/v1/binding-history");
    object = json_loadb((const char *)answer.body.data, answer.body.len, 0, NULL);
    assert_int_equal(json_array_size(json_object_get(object, "revisions")), 15);
    json_decref(object);
}

/* One entry for each revision, with who and what; none for what was refused. */
static void test_every_change_is_audited(void **state)
{
    struct http_client_answer answer = get("/api/v1/audit?limit=500");
    json_t *object = json_loadb((const char *)answer.body.data, answer.body.len, 0, NULL), *entry;
    size_t i, n_back = 0, n_raced = 0, n_kept = 0;

    (void)state;
    json_array_foreach(json_object_get(object, "entries"), i, entry)
    {
        const char *what = json_string_value(json_object_get(entry, "what"));
        const char *subject = json_string_value(json_object_get(entry, "subject"));
        json_t *detail = json_loads(json_string_value(json_object_get(entry, "detail")), 0, NULL);

        n_kept += strcmp(what, "policy.keep") == 0;
        n_raced += strcmp(subject, "raced") == 0;
        assert_string_not_equal(subject, "wrong");
        if (strcmp(subject, "back") == 0) {
            static const char *const WORDS[] = {"binding.rollback", "binding.remove",
                                                "binding.rollback", "binding.rollback",
                                                "binding.put",      "binding.put"};

            assert_string_equal(what, WORDS[n_back]);
            assert_int_equal(json_integer_value(json_object_get(detail, "revision")), 6 - n_back);
            assert_string_equal(json_string_value(json_object_get(entry, "who")), "admin");
            n_back++;
        }
        json_decref(detail);
    }
    assert_int_equal(n_back, 6);
    assert_int_equal(n_raced, 2);
    assert_int_equal(n_kept, 4); /* also the same again */
    json_decref(object);
}

/* --- PUT /api/v1/policy --- */

static struct http_client_answer replace(const char *version)
{
    char text[512];

    snprintf(text, sizeof text,
             "[policy]\nname = pinned\nversion = %s\n[rule a]\nmessage = m\n"
             "require = boot.images.all(x, x in reference(\"kernels\"))\n",
             version);
    return service_request(&service, "PUT", "/api/v1/policy", service.token, "text/plain",
                           span_text(text));
}

static bool is_active(const struct http_client_answer *answer)
{
    json_t *object = json_loadb((const char *)answer->body.data, answer->body.len, 0, NULL);
    bool active = json_is_true(json_object_get(object, "active"));

    json_decref(object);
    return active;
}

#define PINNED_WITH(more)                                                                          \
    "{\"mode\":\"observe\",\"hosts\":\"web-*\",\"policy\":{\"name\":\"pinned\",\"version\":"       \
    "\"1\"},\"references\":[{\"name\":\"kernels of May\",\"version\":\"1\"}]" more "}"

static void test_another_policy_in_the_same_binding(void **state)
{
    char ended[512], text[OS_TIME_TEXT_LEN];
    int64_t end_s;
    struct http_client_answer answer;
    json_t *object;

    (void)state;
    assert_problem(replace("2"), 422, "policy.invalid"); /* it has no reference values yet */
    assert_binding(put("default", "\"3\"", PINNED_WITH(",\"until\":\"2199-01-01T00:00:00Z\"")), 200,
                   "4");
    assert_problem(get("/api/v1/policy"), 404, "policy.none"); /* observed is not in force */
    answer = replace("2");
    assert_int_equal(answer.status, 200);
    assert_true(is_active(&answer));
    answer = get("/api/v1/bindings/default");
    object = json_loadb((const char *)answer.body.data, answer.body.len, 0, NULL);
    assert_int_equal(json_array_size(json_object_get(object, "references")), 1);
    assert_string_equal(json_string_value(json_object_get(object, "hosts")), "web-*");
    assert_string_equal(json_string_value(json_object_get(object, "until")),
                        "2199-01-01T00:00:00Z");
    assert_string_equal(json_string_value(json_object_get(object, "mode")), "enforce");
    json_decref(object);
    answer = get("/api/v1/audit?limit=1");
    assert_true(memmem(answer.body.data, answer.body.len, "\\\"revision\\\":5", 14) != NULL);
    assert_int_equal(get("/api/v1/policy").status, 200);
    /* Not yet in force, and over. */
    assert_binding(put("default", "\"5\"", PINNED_WITH(",\"from\":\"2198-01-01T00:00:00Z\"")), 200,
                   "6");
    answer = replace("3");
    assert_int_equal(answer.status, 200);
    assert_false(is_active(&answer));
    end_s = os_now_s() + 1;
    snprintf(ended, sizeof ended, PINNED_WITH(",\"until\":\"%s\""), os_time_print(end_s, text));
    assert_binding(put("default", "\"7\"", ended), 200, "8");
    while (os_now_s() < end_s)
        usleep(20000);
    assert_problem(replace("4"), 409, "binding.ended");
    assert_problem(get("/api/v1/policies/pinned?version=4"), 404, "document.unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_documents_are_checked_and_kept),
        cmocka_unit_test(test_lists_of_documents),
        cmocka_unit_test(test_documents_over_their_cap),
        cmocka_unit_test(test_a_change_says_what_it_changes),
        cmocka_unit_test(test_bindings_say_what_is_wrong),
        cmocka_unit_test(test_bindings_over_their_caps),
        cmocka_unit_test(test_reference_values_and_updates_are_bound),
        cmocka_unit_test(test_of_many_writers_one_wins),
        cmocka_unit_test(test_back_to_an_earlier_revision),
        cmocka_unit_test(test_history_keeps_all_of_it),
        cmocka_unit_test(test_every_change_is_audited),
        cmocka_unit_test(test_another_policy_in_the_same_binding),
    };

    return cmocka_run_group_tests(tests, start, end);
}
