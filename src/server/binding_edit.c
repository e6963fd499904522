#include "server/binding_edit.h"

#include <stdlib.h>

#include "base/text.h"
#include "log/log.h"
#include "os/clock.h"
#include "server/bindings.h"
#include "server/documents.h"
#include "server/front.h"
#include "server/routes.h"

enum { NAME_LEN_MAX = 64, HEADS_ARENA_LEN = 256 * 1024, ETAG_LEN = 32 };

/* --- Answers --- */

static json_t *references_json(struct exchange *exchange, const struct store_binding *binding,
                               struct arena *arena)
{
    json_t *list = json_array();
    struct store_document document;

    for (size_t i = 0; i < binding->n_references; i++) {
        if (!document_head(exchange, binding->references[i], arena, &document)) {
            json_decref(list);
            return NULL;
        }
        json_array_append_new(list, document_name_json(&document));
    }
    return list;
}

bool binding_holds(const struct store_binding *binding, int64_t now_s)
{
    return binding->mode != STORE_BINDING_REMOVED && now_s >= binding->from_s &&
           (binding->until_s == 0 || now_s < binding->until_s);
}

json_t *binding_json(struct exchange *exchange, const struct store_binding *binding)
{
    struct arena arena = arena_init(HEADS_ARENA_LEN);
    struct store_document document;
    json_t *references, *object = NULL;

    if (document_head(exchange, binding->document, &arena, &document)) {
        references = references_json(exchange, binding, &arena);
        if (references)
            object = json_pack(
                "{s:s, s:I, s:s, s:s, s:o, s:o, s:o, s:o, s:b, s:s, s:o, s:s}", "name",
                binding->name, "revision", (json_int_t)binding->revision, "mode",
                store_binding_mode_name(binding->mode), "hosts", binding->hosts,
                document.kind == STORE_DOCUMENT_UPDATE ? "update" : "policy",
                document_name_json(&document), "references", references, "from",
                exchange_time(binding->from_s), "until", exchange_time(binding->until_s), "active",
                binding_holds(binding, os_now_s()), "created_by", binding->created_by, "created_at",
                exchange_time(binding->created_s), "reason", binding->reason);
        if (references && !object)
            exchange_problem(exchange, PROBLEM_INTERNAL, NULL);
    }
    arena_done(&arena);
    return object;
}

void binding_answer(struct exchange *exchange, int status, const struct store_binding *binding)
{
    char etag[ETAG_LEN];
    json_t *object = binding_json(exchange, binding);

    if (!object)
        return;
    json_object_set_new(object, "schema", json_string("bootseal.binding.v1"));
    snprintf(etag, sizeof etag, "\"%llu\"", (unsigned long long)binding->revision);
    http_answer_header(exchange->request, "ETag", etag);
    exchange_json(exchange, status, object);
}

/* --- What the writer has seen --- */

static bool name_ok(const char *name)
{
    static const char SIGNS[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";

    return strlen(name) <= NAME_LEN_MAX && strspn(name, SIGNS) == strlen(name);
}

static bool compare_expected(struct binding_edit *edit, bool exists)
{
    struct exchange *exchange = edit->exchange;
    uint64_t in_force = edit->newest && edit->before.mode != STORE_BINDING_REMOVED ? edit->newest
                                                                                   : 0;

    if (exists && in_force == 0) {
        exchange_problem(exchange, PROBLEM_BINDING_UNKNOWN, NULL);
        return false;
    }
    if (edit->expected == in_force)
        return true;
    if (in_force)
        exchange_problem(exchange, PROBLEM_BINDING_CHANGED, "it is at revision %llu now",
                         (unsigned long long)in_force);
    else
        exchange_problem(exchange, PROBLEM_BINDING_CHANGED, "it is not there any more");
    return false;
}

struct binding_edit *binding_edit_start(struct exchange *exchange, const char *what, bool exists)
{
    struct binding_edit *edit = arena_new(exchange_arena(exchange), struct binding_edit);
    struct error error;
    bool found = false;

    if (!edit) {
        exchange_problem(exchange, PROBLEM_INTERNAL, NULL);
        return NULL;
    }
    edit->exchange = exchange;
    edit->what = what;
    if (!name_ok(exchange->parameter)) {
        exchange_problem(exchange, PROBLEM_FIELD_INVALID,
                         "a binding's name has 1 to %d letters, digits, - _ .", NAME_LEN_MAX);
        return NULL;
    }
    if (!exchange_expected(exchange, PROBLEM_BINDING_UNSEEN, &edit->expected))
        return NULL;
    if (!store_binding_get(exchange->front->store, exchange->parameter, 0, exchange_arena(exchange),
                           &edit->before, &found, &error)) {
        exchange_fail(exchange, "binding.get", &error);
        return NULL;
    }
    edit->newest = found ? edit->before.revision : 0;
    if (!compare_expected(edit, exists))
        return NULL;
    edit->wanted = edit->before;
    edit->wanted.name = exchange->parameter;
    edit->wanted.created_by = exchange->who;
    edit->wanted.created_s = os_now_s();
    return edit;
}

/* --- What is wanted --- */

static bool refuse(struct binding_edit *edit, const char *why)
{
    exchange_problem(edit->exchange, PROBLEM_FIELD_INVALID, "%s", why);
    return false;
}

/* The digest of the document that {"name", "version"} names. */
static bool read_document(struct binding_edit *edit, const json_t *named,
                          enum store_document_kind kind, uint8_t sha256[STORE_DIGEST_LEN])
{
    struct exchange *exchange = edit->exchange;
    const char *name = json_string_value(json_object_get(named, "name"));
    const char *version = json_string_value(json_object_get(named, "version"));
    struct arena arena = arena_init(2 * LIMIT_DOCUMENT_LEN);
    struct store_document document;
    struct error error;
    bool found = false;

    if (!name || !version || json_object_size(named) != 2)
        refuse(edit, "a document has a name and a version, and nothing else");
    else if (!store_document_get(exchange->front->store, kind, name, version, &arena, &document,
                                 &found, &error))
        exchange_fail(exchange, "binding.document", &error);
    else if (!found)
        exchange_problem(exchange, PROBLEM_DOCUMENT_UNKNOWN, "%s %.120s, version %.120s",
                         document_kind_name(kind), name, version);
    else
        memcpy(sha256, document.sha256, STORE_DIGEST_LEN);
    arena_done(&arena);
    return found;
}

static bool read_references(struct binding_edit *edit, const json_t *list)
{
    size_t n = json_array_size(list), i;
    uint8_t(*digests)[STORE_DIGEST_LEN] = arena_array(exchange_arena(edit->exchange), n + 1,
                                                      sizeof *digests);
    const json_t *named;

    edit->wanted.references = NULL;
    edit->wanted.n_references = 0;
    if (!list || json_is_null(list))
        return true;
    if (!json_is_array(list) || n > LIMIT_BINDING_REFERENCES || !digests)
        return refuse(edit, "references: at most 31 documents of reference values");
    json_array_foreach(list, i,
                       named) if (!read_document(edit, named, STORE_DOCUMENT_REFERENCE_VALUES,
                                                 digests[i])) return false;
    edit->wanted.references = (const uint8_t(*)[STORE_DIGEST_LEN])digests;
    edit->wanted.n_references = n;
    return true;
}

static bool read_time(struct binding_edit *edit, const json_t *time, int64_t *time_s)
{
    const char *text = json_string_value(time);

    *time_s = 0;
    if (!time || json_is_null(time))
        return true;
    return (text && os_time_parse(text, time_s) && *time_s > 0) ||
           refuse(edit, "from and until are times such as 2026-01-31T23:59:59Z, or null");
}

static bool read_times(struct binding_edit *edit, const json_t *body)
{
    struct store_binding *wanted = &edit->wanted;

    if (!read_time(edit, json_object_get(body, "from"), &wanted->from_s) ||
        !read_time(edit, json_object_get(body, "until"), &wanted->until_s))
        return false;
    if (wanted->until_s && wanted->until_s <= wanted->from_s)
        return refuse(edit, "until is before from");
    /* Announced by mistake without an end, an update would be finished. */
    if (store_binding_of_update(wanted->mode) && !json_object_get(body, "until"))
        return refuse(edit, "until: say when the update's values end being accepted, or null");
    return true;
}

bool binding_edit_reason(struct binding_edit *edit, const char *reason)
{
    if (reason && strlen(reason) > LIMIT_BINDING_REASON_LEN)
        return refuse(edit, "the reason is too long");
    edit->wanted.reason = text_printable(exchange_arena(edit->exchange),
                                         span_text(reason ? reason : ""));
    return edit->wanted.reason || refuse(edit, "the reason is too long");
}

bool binding_edit_read_reason(struct binding_edit *edit, const json_t *body, const char *otherwise)
{
    const json_t *reason = json_object_get(body, "reason");

    if (reason && !json_is_string(reason))
        return refuse(edit, "reason: a text");
    return binding_edit_reason(edit, reason ? json_string_value(reason) : otherwise);
}

/* A field that nobody reads may be a misspelt one: a binding without "until" never ends. */
static bool has_other_fields(const json_t *body)
{
    static const char *const KNOWN[] = {"mode",       "hosts", "policy", "update",
                                        "references", "from",  "until",  "reason"};
    size_t known = 0;

    for (size_t i = 0; i < sizeof KNOWN / sizeof *KNOWN; i++)
        known += json_object_get(body, KNOWN[i]) != NULL;
    return json_object_size(body) != known;
}

static bool read_mode(struct binding_edit *edit, const json_t *body)
{
    const char *mode = json_string_value(json_object_get(body, "mode"));
    bool is_update = json_object_get(body, "update") != NULL;

    edit->wanted.mode = STORE_BINDING_NONE;
    for (enum store_binding_mode i = STORE_BINDING_OBSERVE; i < STORE_BINDING_MODES; i++)
        if (mode && i != STORE_BINDING_REMOVED && strcmp(mode, store_binding_mode_name(i)) == 0)
            edit->wanted.mode = i;
    if (edit->wanted.mode == STORE_BINDING_NONE)
        return refuse(edit,
                      "mode: enforce or observe with a policy, accept or retire with an update");
    if (is_update != store_binding_of_update(edit->wanted.mode) ||
        is_update == (json_object_get(body, "policy") != NULL))
        return refuse(edit, "enforce and observe are of a policy, accept and retire of an update");
    return true;
}

bool binding_edit_read(struct binding_edit *edit, const json_t *body)
{
    const char *hosts = json_string_value(json_object_get(body, "hosts"));
    const char *wrong = hosts ? bindings_globs_wrong(hosts) : "say which, \"*\" for all";
    bool is_update;

    if (has_other_fields(body))
        return refuse(edit, "a binding has mode, hosts, policy or update, references, from, until "
                            "and reason, and nothing else");
    if (wrong) {
        exchange_problem(edit->exchange, PROBLEM_FIELD_INVALID, "hosts: %s", wrong);
        return false;
    }
    edit->wanted.hosts = arena_text(exchange_arena(edit->exchange), span_text(hosts));
    if (!edit->wanted.hosts)
        return refuse(edit, "hosts: the list is too long");
    if (!read_mode(edit, body) || !read_times(edit, body))
        return false;
    is_update = store_binding_of_update(edit->wanted.mode);
    return read_document(edit, json_object_get(body, is_update ? "update" : "policy"),
                         is_update ? STORE_DOCUMENT_UPDATE : STORE_DOCUMENT_POLICY,
                         edit->wanted.document) &&
           read_references(edit, json_object_get(body, "references")) &&
           binding_edit_read_reason(edit, body, NULL);
}

/* --- Writing --- */

bool binding_written(struct exchange *exchange, const struct store_outcome *outcome)
{
    switch (outcome->result) {
    case STORE_OK:
        return true;
    case STORE_CONFLICT:
        exchange_problem(exchange, PROBLEM_BINDING_CHANGED, NULL);
        return false;
    case STORE_FULL:
        exchange_problem(exchange, PROBLEM_BINDING_FULL,
                         "at most %d bindings are in force, and documents of %d MiB",
                         LIMIT_BINDINGS, LIMIT_BOUND_LEN / 1024 / 1024);
        return false;
    default:
        exchange_problem(exchange, PROBLEM_STORE_FAILED, NULL);
        return false;
    }
}

static void on_written(void *context, const struct store_outcome *outcome)
{
    struct binding_edit *edit = context;
    struct exchange *exchange = edit->exchange;
    struct error error;

    if (!binding_written(exchange, outcome))
        return;
    if (!front_use_bindings(exchange->front, &error)) {
        exchange_fail(exchange, "binding.use", &error);
        return;
    }
    edit->wanted.revision = outcome->revision;
    log_info(edit->what, log_text("binding", edit->wanted.name),
             log_text("mode", store_binding_mode_name(edit->wanted.mode)),
             log_text(LOG_USER, exchange->who));
    binding_answer(exchange, edit->newest ? 200 : 201, &edit->wanted);
}

/* What the audit record keeps of a revision beside its number: everything but who and when. */
static bool audit(struct binding_edit *edit, struct store_txn *txn)
{
    json_t *detail = binding_json(edit->exchange, &edit->wanted);
    char *text;

    if (!detail)
        return false;
    json_object_del(detail, "name");
    json_object_del(detail, "active");
    json_object_del(detail, "created_by");
    json_object_del(detail, "created_at");
    json_object_set_new(detail, "revision", json_integer((json_int_t)edit->newest + 1));
    text = json_dumps(detail, JSON_COMPACT);
    json_decref(detail);
    if (text)
        exchange_audit(edit->exchange, txn, edit->what, edit->wanted.name, text);
    else
        exchange_problem(edit->exchange, PROBLEM_INTERNAL, NULL);
    free(text);
    return text != NULL;
}

static void write_revision(struct binding_edit *edit)
{
    struct store_txn *txn = store_begin(edit->exchange->front->store);

    store_act_binding_put(txn, &edit->wanted, edit->expected);
    if (audit(edit, txn))
        store_commit(&txn, on_written, edit);
    else
        store_abandon(txn);
}

static void on_checked(void *context, const struct work_check_answer *answer)
{
    (void)answer;
    write_revision(context);
}

static bool is_so_already(const struct binding_edit *edit)
{
    const struct store_binding *before = &edit->before, *wanted = &edit->wanted;

    return edit->newest && before->mode == wanted->mode &&
           strcmp(before->hosts, wanted->hosts) == 0 &&
           memcmp(before->document, wanted->document, sizeof before->document) == 0 &&
           before->n_references == wanted->n_references &&
           (before->n_references == 0 ||
            memcmp(before->references, wanted->references,
                   before->n_references * sizeof *before->references) == 0) &&
           before->from_s == wanted->from_s && before->until_s == wanted->until_s;
}

void binding_edit_finish(struct binding_edit *edit)
{
    struct document_check check = {.kind = store_binding_of_update(edit->wanted.mode)
                                               ? STORE_DOCUMENT_UPDATE
                                               : STORE_DOCUMENT_POLICY,
                                   .references = edit->wanted.references,
                                   .n_references = edit->wanted.n_references};

    memcpy(check.sha256, edit->wanted.document, sizeof check.sha256);
    if (edit->wanted.mode == STORE_BINDING_REMOVED)
        write_revision(edit);
    else if (is_so_already(edit))
        binding_answer(edit->exchange, 200, &edit->before);
    else if (edit->wanted.until_s && edit->wanted.until_s <= os_now_s())
        refuse(edit, "until: that time is over");
    else
        (void)!document_check(edit->exchange, &check, on_checked, edit);
}
