/* The catalogue of certified hardware for people: the one in force, what was in force before, a new one, and
 * none.
 *
 * A worker checks signature, time and text before anything is written; the store refuses versions that are
 * older than one it ever had. What is in force counts from the next request to a worker on. */
#include <stdlib.h>

#include "base/text.h"
#include "log/log.h"
#include "msg/result_json.h"
#include "os/clock.h"
#include "server/front.h"
#include "server/routes.h"

enum {
    LIST_ARENA_LEN = 4 * 1024 * 1024,
    CHECK_ARENA_LEN = 4 * LIMIT_DOCUMENT_LEN,
    ETAG_LEN = 32,
};

/* --- Answers --- */

static bool counts_now(const struct store_catalog *catalog, int64_t now_s)
{
    return !catalog->removed && now_s >= catalog->issued_s && now_s < catalog->valid_until_s;
}

/* A revision without its text. */
static json_t *catalog_json(const struct store_catalog *catalog)
{
    return json_pack("{s:I, s:b, s:s, s:I, s:o, s:s, s:o, s:o, s:s, s:o, s:s}", "revision",
                     (json_int_t)catalog->revision, "removed", catalog->removed, "name",
                     catalog->name, "version", (json_int_t)catalog->version, "sha256",
                     result_json_hex(span_of(catalog->sha256, sizeof catalog->sha256)), "signer",
                     catalog->signer, "issued", exchange_time(catalog->issued_s), "valid_until",
                     exchange_time(catalog->valid_until_s), "created_by", catalog->created_by,
                     "created_at", exchange_time(catalog->created_s), "reason", catalog->reason);
}

/* Takes the reference. */
static void answer(struct exchange *exchange, int status, const struct store_catalog *catalog,
                   json_t *object)
{
    char etag[ETAG_LEN];

    if (object) {
        json_object_set_new(object, "schema", json_string("bootseal.service-catalog.v1"));
        json_object_set_new(object, "active", json_boolean(counts_now(catalog, os_now_s())));
        snprintf(etag, sizeof etag, "\"%llu\"", (unsigned long long)catalog->revision);
        http_answer_header(exchange->request, "ETag", etag);
    }
    exchange_json(exchange, status, object);
}

void route_catalog_show(struct exchange *exchange)
{
    const struct store_catalog *catalog = &exchange->front->catalog;
    json_t *object;

    if (!front_has_catalog(exchange->front)) {
        exchange_problem(exchange, PROBLEM_CATALOG_NONE, NULL);
        return;
    }
    object = catalog_json(catalog);
    if (object) {
        json_object_set_new(object, "text",
                            json_stringn((const char *)catalog->text.data, catalog->text.len));
        json_object_set_new(object, "signature", result_json_hex(catalog->signature));
    }
    answer(exchange, 200, catalog, object);
}

void route_catalog_history(struct exchange *exchange)
{
    struct arena arena = arena_init(LIST_ARENA_LEN);
    struct store_catalog *catalogs;
    size_t n_catalogs;
    struct error error;

    if (store_catalog_history(exchange->front->store, &arena, &catalogs, &n_catalogs, &error)) {
        json_t *list = json_array();

        for (size_t i = 0; i < n_catalogs; i++)
            json_array_append_new(list, catalog_json(&catalogs[i]));
        exchange_json(
            exchange, 200,
            json_pack("{s:s, s:o}", "schema", "bootseal.catalog-history.v1", "revisions", list));
    } else {
        exchange_fail(exchange, "catalog.history", &error);
    }
    arena_done(&arena);
}

/* --- A change --- */

struct catalog_edit {
    struct exchange *exchange;
    const char *what;            /* of the audit record */
    uint64_t expected;           /* as store_act_catalog_put */
    struct store_catalog wanted; /* without its text, which stays in the request's body */
};

/* NULL after having answered: 428, 412. */
static struct catalog_edit *edit_start(struct exchange *exchange, const char *what)
{
    const struct front *front = exchange->front;
    struct catalog_edit *edit = arena_new(exchange_arena(exchange), struct catalog_edit);
    uint64_t in_force = front_has_catalog(front) ? front->catalog.revision : 0;

    if (!edit) {
        exchange_problem(exchange, PROBLEM_INTERNAL, NULL);
        return NULL;
    }
    *edit = (struct catalog_edit){.exchange = exchange,
                                  .what = what,
                                  .wanted = {.created_by = exchange->who, .created_s = os_now_s()}};
    if (!exchange_expected(exchange, PROBLEM_CATALOG_UNSEEN, &edit->expected))
        return NULL;
    if (edit->expected == in_force)
        return edit;
    exchange_problem(exchange, PROBLEM_CATALOG_CHANGED,
                     in_force ? "it is at revision %llu now" : "none is in force any more",
                     (unsigned long long)in_force);
    return NULL;
}

static bool read_reason(struct catalog_edit *edit, const char *reason)
{
    if (reason && strlen(reason) > LIMIT_BINDING_REASON_LEN) {
        exchange_problem(edit->exchange, PROBLEM_FIELD_INVALID, "the reason is too long");
        return false;
    }
    edit->wanted.reason = text_printable(exchange_arena(edit->exchange),
                                         span_text(reason ? reason : ""));
    if (!edit->wanted.reason)
        exchange_problem(edit->exchange, PROBLEM_INTERNAL, NULL);
    return edit->wanted.reason != NULL;
}

static void on_written(void *context, const struct store_outcome *outcome)
{
    struct catalog_edit *edit = context;
    struct exchange *exchange = edit->exchange;
    struct error error;

    switch (outcome->result) {
    case STORE_OK:
        break;
    case STORE_CONFLICT:
    case STORE_NOT_FOUND:
        exchange_problem(exchange, PROBLEM_CATALOG_CHANGED, NULL);
        return;
    case STORE_STALE:
        exchange_problem(exchange, PROBLEM_CATALOG_OLD,
                         "version %lld of %s was kept already; this text needs a higher one",
                         (long long)outcome->version, edit->wanted.name);
        return;
    default:
        exchange_problem(exchange, PROBLEM_STORE_FAILED, NULL);
        return;
    }
    if (!front_use_catalog(exchange->front, &error)) {
        exchange_fail(exchange, "catalog.use", &error);
        return;
    }
    edit->wanted.revision = outcome->revision;
    log_info(edit->what, log_text("catalog", edit->wanted.name),
             log_int("version", edit->wanted.version), log_text(LOG_USER, exchange->who));
    answer(exchange, edit->expected || edit->wanted.removed ? 200 : 201, &edit->wanted,
           catalog_json(&edit->wanted));
}

/* What the audit record keeps beside the name: everything but who and when. */
static char *audit_detail(const struct catalog_edit *edit)
{
    json_t *detail = catalog_json(&edit->wanted);
    char *text;

    json_object_del(detail, "revision");
    json_object_del(detail, "name");
    json_object_del(detail, "created_by");
    json_object_del(detail, "created_at");
    text = detail ? json_dumps(detail, JSON_COMPACT) : NULL;
    json_decref(detail);
    return text;
}

static void write_revision(struct catalog_edit *edit, const struct store_catalog *catalog)
{
    struct exchange *exchange = edit->exchange;
    char *detail = audit_detail(edit);
    struct store_txn *txn;

    if (!detail) {
        exchange_problem(exchange, PROBLEM_INTERNAL, NULL);
        return;
    }
    txn = store_begin(exchange->front->store);
    store_act_catalog_put(txn, catalog, edit->expected);
    exchange_audit(exchange, txn, edit->what, catalog->name, detail);
    free(detail);
    store_commit(&txn, on_written, edit);
}

void route_catalog_remove(struct exchange *exchange)
{
    /* Read first: when the edit cannot start, the request has been answered and is gone. */
    const char *reason = http_request_query_value(exchange->request, "reason",
                                                  exchange_arena(exchange));
    struct catalog_edit *edit;
    struct store_catalog removed;

    if (!front_has_catalog(exchange->front)) {
        exchange_problem(exchange, PROBLEM_CATALOG_NONE, NULL);
        return;
    }
    edit = edit_start(exchange, "catalog.remove");
    if (!edit || !read_reason(edit, reason))
        return;
    removed = exchange->front->catalog;
    removed.removed = true;
    removed.text = removed.signature = (struct span){0};
    removed.created_by = edit->wanted.created_by;
    removed.created_s = edit->wanted.created_s;
    removed.reason = edit->wanted.reason;
    removed.name = arena_text(exchange_arena(exchange), span_text(removed.name));
    removed.signer = arena_text(exchange_arena(exchange), span_text(removed.signer));
    edit->wanted = removed;
    if (removed.name && removed.signer)
        write_revision(edit, &removed);
    else
        exchange_problem(exchange, PROBLEM_INTERNAL, NULL);
}

/* --- A new one --- */

/* The body, with the text in it and the signature's bytes; NULL after having answered. The caller drops
 * it. */
static json_t *read_body(struct exchange *exchange, struct span *text,
                         uint8_t signature[LIMIT_CATALOG_SIGNATURE_LEN], size_t *signature_len)
{
    json_t *body = exchange_body_json(exchange);
    const json_t *text_value = json_object_get(body, "text");
    const char *hex = json_string_value(json_object_get(body, "signature"));
    const json_t *reason = json_object_get(body, "reason");
    size_t n_known = 2 + json_is_string(reason);

    if (!body)
        return NULL;
    *text = span_of(json_string_value(text_value), json_string_length(text_value));
    if (text->len && text->len <= LIMIT_DOCUMENT_LEN && hex && json_object_size(body) == n_known &&
        text_unhex(span_text(hex), signature, LIMIT_CATALOG_SIGNATURE_LEN, signature_len))
        return body;
    exchange_problem(exchange, PROBLEM_FIELD_INVALID,
                     "a catalogue has text (1 MiB at most), signature (in hex) and reason, and "
                     "nothing else");
    json_decref(body);
    return NULL;
}

static void refuse(struct exchange *exchange, const struct work_catalog_answer *checked)
{
    char *message = arena_text(exchange_arena(exchange), checked->message);

    if (checked->line)
        exchange_catalog_invalid(exchange, checked);
    else
        exchange_problem(exchange, PROBLEM_CATALOG_REFUSED, "%s", message ? message : "");
}

/* What is in force, text for text, is answered and not written; under another signature it is, as the one
 * before may no longer be trusted. */
static bool is_so_already(const struct catalog_edit *edit, struct span signature)
{
    const struct front *front = edit->exchange->front;

    return front_has_catalog(front) && edit->expected == front->catalog.revision &&
           memcmp(edit->wanted.sha256, front->catalog.sha256, sizeof edit->wanted.sha256) == 0 &&
           span_equal(signature, front->catalog.signature);
}

static void keep(struct catalog_edit *edit, const struct work_catalog_answer *checked)
{
    struct exchange *exchange = edit->exchange;
    struct store_catalog *wanted = &edit->wanted, whole;
    uint8_t signature[LIMIT_CATALOG_SIGNATURE_LEN];
    struct crypto_digest digest;
    size_t signature_len;
    struct span text;
    json_t *body = read_body(exchange, &text, signature, &signature_len);

    if (!body)
        return;
    wanted->name = arena_text(exchange_arena(exchange), checked->name);
    wanted->signer = arena_text(exchange_arena(exchange), checked->signer);
    wanted->version = checked->version;
    wanted->issued_s = checked->issued_s;
    wanted->valid_until_s = checked->valid_until_s;
    crypto_hash_span(exchange->front->crypto, TPM_ALG_SHA256, text, &digest);
    memcpy(wanted->sha256, digest.bytes, sizeof wanted->sha256);
    whole = *wanted;
    whole.text = text;
    whole.signature = span_of(signature, signature_len);
    if (!wanted->name || !wanted->signer)
        exchange_problem(exchange, PROBLEM_INTERNAL, NULL);
    else if (is_so_already(edit, whole.signature))
        answer(exchange, 200, &exchange->front->catalog, catalog_json(&exchange->front->catalog));
    else
        write_revision(edit, &whole);
    json_decref(body);
}

static void on_checked(void *context, enum call_result result, struct span frame)
{
    struct catalog_edit *edit = context;
    struct work_catalog_answer checked;
    struct error error;

    if (result != CALL_ANSWERED)
        exchange_call_failed(edit->exchange, result);
    else if (frame.len == 0 || !work_catalog_answer_decode(frame, &checked, &error))
        exchange_problem(edit->exchange, PROBLEM_WORKER_FAILED, NULL);
    else if (!checked.valid)
        refuse(edit->exchange, &checked);
    else
        keep(edit, &checked);
}

static void check(struct catalog_edit *edit, struct span text, struct span signature)
{
    const struct work_catalog_check work = {.text = text, .signature = signature};
    struct arena arena = arena_init(CHECK_ARENA_LEN);
    struct span frame;
    struct error error;

    if (work_catalog_check_encode(&work, &arena, &frame, &error))
        calls_ask(edit->exchange->front->calls, frame, on_checked, edit);
    else
        exchange_fail(edit->exchange, "catalog.check", &error);
    arena_done(&arena);
}

void route_catalog_put(struct exchange *exchange)
{
    struct catalog_edit *edit = edit_start(exchange, "catalog.put");
    uint8_t signature[LIMIT_CATALOG_SIGNATURE_LEN];
    size_t signature_len;
    struct span text;
    json_t *body = edit ? read_body(exchange, &text, signature, &signature_len) : NULL;

    if (body && read_reason(edit, json_string_value(json_object_get(body, "reason"))))
        check(edit, text, span_of(signature, signature_len));
    json_decref(body);
}
