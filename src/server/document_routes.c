/* Documents for people: policies, reference values and updates are checked by a worker and kept; their
 * lists and texts. What is kept does not count before a binding names it. */
#include "server/documents.h"

#include <stdlib.h>

#include "base/text.h"
#include "log/log.h"
#include "msg/result_json.h"
#include "os/clock.h"
#include "server/front.h"
#include "server/routes.h"

enum {
    LIST_ARENA_LEN = 4 * 1024 * 1024,
    TEXT_ARENA_LEN = 2 * LIMIT_DOCUMENT_LEN,
    /* The policy and its reference values, as texts and as a message. */
    CHECK_ARENA_LEN = 3 * (LIMIT_BINDING_REFERENCES + 1) * LIMIT_DOCUMENT_LEN,
};

static const struct {
    enum store_document_kind kind;
    const char *name, *collection, *schema, *member, *audit;
} KINDS[] = {
    {STORE_DOCUMENT_POLICY, "policy", "/api/v1/policies", "bootseal.policies.v1", "policies",
     "policy.keep"},
    {STORE_DOCUMENT_REFERENCE_VALUES, "reference-values", "/api/v1/reference-values",
     "bootseal.reference-values-list.v1", "reference_values", "reference-values.keep"},
    {STORE_DOCUMENT_UPDATE, "update", "/api/v1/updates", "bootseal.updates.v1", "updates",
     "update.keep"},
};
enum { N_KINDS = sizeof KINDS / sizeof *KINDS };

const char *document_kind_name(enum store_document_kind kind)
{
    size_t i = 0;

    while (i < N_KINDS - 1 && KINDS[i].kind != kind)
        i++;
    return KINDS[i].name;
}

/* The line of KINDS that the route is about. */
static size_t kind_of(const struct exchange *exchange)
{
    size_t i = 0;

    while (i < N_KINDS - 1 &&
           strncmp(exchange->route->path, KINDS[i].collection, strlen(KINDS[i].collection)) != 0)
        i++;
    return i;
}

json_t *document_name_json(const struct store_document *document)
{
    return json_pack("{s:s, s:s, s:o}", "name", document->name, "version", document->version,
                     "sha256", result_json_hex(span_of(document->sha256, sizeof document->sha256)));
}

static json_t *document_json(const struct store_document *document)
{
    json_t *object = document_name_json(document);

    if (object) {
        json_object_set_new(object, "created_by", json_string(document->created_by));
        json_object_set_new(object, "created_at", exchange_time(document->created_s));
    }
    return object;
}

bool document_head(struct exchange *exchange, const uint8_t sha256[STORE_DIGEST_LEN],
                   struct arena *arena, struct store_document *document)
{
    struct error error;
    bool found;

    if (!store_document_head_get(exchange->front->store, sha256, arena, document, &found, &error)) {
        exchange_fail(exchange, "document.head", &error);
        return false;
    }
    if (!found)
        exchange_problem(exchange, PROBLEM_DOCUMENT_UNKNOWN, NULL);
    return found;
}

/* --- Lists and texts --- */

void route_documents_list(struct exchange *exchange)
{
    size_t kind = kind_of(exchange), n_documents;
    struct arena arena = arena_init(LIST_ARENA_LEN);
    struct store_document *documents;
    struct error error;

    if (store_document_list(exchange->front->store, KINDS[kind].kind, NULL, &arena, &documents,
                            &n_documents, &error)) {
        json_t *list = json_array();

        for (size_t i = 0; i < n_documents; i++)
            json_array_append_new(list, document_json(&documents[i]));
        exchange_json(
            exchange, 200,
            json_pack("{s:s, s:o}", "schema", KINDS[kind].schema, KINDS[kind].member, list));
    } else {
        exchange_fail(exchange, "documents.list", &error);
    }
    arena_done(&arena);
}

void route_documents_text(struct exchange *exchange)
{
    const char *version = http_request_query_value(exchange->request, "version",
                                                   exchange_arena(exchange));
    struct arena arena = arena_init(TEXT_ARENA_LEN);
    struct store_document document;
    struct error error;
    bool found;

    if (!store_document_get(exchange->front->store, KINDS[kind_of(exchange)].kind,
                            exchange->parameter, version, &arena, &document, &found, &error))
        exchange_fail(exchange, "documents.text", &error);
    else if (!found)
        exchange_problem(exchange, PROBLEM_DOCUMENT_UNKNOWN, NULL);
    else
        exchange_bytes(exchange, "text/plain; charset=utf-8", document.text);
    arena_done(&arena);
}

/* --- Checking --- */

struct checking {
    struct exchange *exchange;
    document_checked_fn *done;
    void *context;
};

static void on_checked(void *context, enum call_result result, struct span frame)
{
    struct checking *checking = context;
    struct work_check_answer answer;
    struct error error;

    if (result != CALL_ANSWERED)
        exchange_call_failed(checking->exchange, result);
    else if (frame.len == 0 || !work_check_answer_decode(frame, &answer, &error))
        exchange_problem(checking->exchange, PROBLEM_WORKER_FAILED, NULL);
    else if (!answer.valid)
        exchange_document_invalid(checking->exchange, &answer);
    else
        checking->done(checking->context, &answer);
}

static bool read_text(struct exchange *exchange, const uint8_t sha256[STORE_DIGEST_LEN],
                      enum store_document_kind kind, struct arena *arena, struct span *text)
{
    struct store_document document;
    struct error error;
    bool found;

    if (!store_document_get_by_id(exchange->front->store, sha256, arena, &document, &found,
                                  &error)) {
        exchange_fail(exchange, "document.text", &error);
        return false;
    }
    if (!found || document.kind != kind) {
        exchange_problem(exchange, PROBLEM_DOCUMENT_UNKNOWN, NULL);
        return false;
    }
    *text = document.text;
    return true;
}

/* Everything that the worker is to read; false after having answered. */
static bool gather(struct exchange *exchange, const struct document_check *check,
                   struct arena *arena, struct work_check *work)
{
    struct span *references = arena_array(arena, check->n_references + 1, sizeof *references);
    struct error error;

    if (!references) {
        arena_error(arena, &error);
        exchange_fail(exchange, "document.check", &error);
        return false;
    }
    *work = (struct work_check){.kind = check->kind, .sources = {.text = check->text}};
    if (check->text.len == 0 &&
        !read_text(exchange, check->sha256, check->kind, arena, &work->sources.text))
        return false;
    for (size_t i = 0; i < check->n_references; i++)
        if (!read_text(exchange, check->references[i], STORE_DOCUMENT_REFERENCE_VALUES, arena,
                       &references[i]))
            return false;
    work->sources.references = references;
    work->sources.n_references = check->n_references;
    return true;
}

bool document_check(struct exchange *exchange, const struct document_check *check,
                    document_checked_fn *done, void *context)
{
    struct checking *checking = arena_new(exchange_arena(exchange), struct checking);
    struct arena arena = arena_init(CHECK_ARENA_LEN);
    struct work_check work;
    struct span frame;
    struct error error;
    bool sent = false;

    if (!checking) {
        exchange_problem(exchange, PROBLEM_INTERNAL, NULL);
    } else if (gather(exchange, check, &arena, &work)) {
        *checking = (struct checking){exchange, done, context};
        sent = work_check_encode(&work, &arena, &frame, &error);
        if (sent)
            calls_ask(exchange->front->calls, frame, on_checked, checking);
        else
            exchange_fail(exchange, "document.check", &error);
    }
    arena_done(&arena);
    return sent;
}

/* --- Keeping --- */

struct keeping {
    struct exchange *exchange;
    size_t kind;
    struct store_document document;
    const char *detail; /* of the audit record */
    uint64_t n_rules, n_values;
};

/* {"version", "sha256"}; NULL for lack of memory. */
static const char *audit_detail(const struct store_document *document, struct arena *arena)
{
    json_t *object = document_name_json(document);
    char *text;
    const char *detail;

    json_object_del(object, "name");
    text = object ? json_dumps(object, JSON_COMPACT) : NULL;
    json_decref(object);
    detail = text ? arena_text(arena, span_text(text)) : NULL;
    free(text);
    return detail;
}

static void on_kept(void *context, const struct store_outcome *outcome)
{
    struct keeping *keeping = context;
    const struct store_document *document = &keeping->document;
    json_t *object;

    if (outcome->result == STORE_CONFLICT) {
        exchange_problem(keeping->exchange, PROBLEM_POLICY_EXISTS,
                         "give the changed text a new version than %s", document->version);
        return;
    }
    if (outcome->result != STORE_OK) {
        exchange_problem(keeping->exchange, PROBLEM_STORE_FAILED, NULL);
        return;
    }
    log_info("document.keep", log_text("kind", KINDS[keeping->kind].name),
             log_text("name", document->name), log_text("version", document->version),
             log_text(LOG_USER, keeping->exchange->who));
    object = document_name_json(document);
    if (object) {
        json_object_set_new(object, "schema", json_string("bootseal.document.v1"));
        json_object_set_new(object, "kind", json_string(KINDS[keeping->kind].name));
        json_object_set_new(object, "n_rules", json_integer((json_int_t)keeping->n_rules));
        json_object_set_new(object, "n_values", json_integer((json_int_t)keeping->n_values));
    }
    exchange_json(keeping->exchange, 201, object);
}

static void keep(void *context, const struct work_check_answer *answer)
{
    struct keeping *keeping = context;
    struct exchange *exchange = keeping->exchange;
    struct store_document *document = &keeping->document;
    struct crypto_digest digest;
    struct store_txn *txn;

    document->kind = KINDS[keeping->kind].kind;
    document->name = arena_text(exchange_arena(exchange), answer->name);
    document->version = arena_text(exchange_arena(exchange), answer->version);
    document->text = http_request_body(exchange->request);
    document->created_by = exchange->who;
    document->created_s = os_now_s();
    keeping->n_rules = answer->n_rules;
    keeping->n_values = answer->n_values;
    crypto_hash_span(exchange->front->crypto, TPM_ALG_SHA256, document->text, &digest);
    memcpy(document->sha256, digest.bytes, sizeof document->sha256);
    if (document->name && document->version)
        keeping->detail = audit_detail(document, exchange_arena(exchange));
    if (!keeping->detail) {
        exchange_problem(exchange, PROBLEM_INTERNAL, NULL);
        return;
    }
    txn = store_begin(exchange->front->store);
    store_act_document_put(txn, document);
    exchange_audit(exchange, txn, KINDS[keeping->kind].audit, document->name, keeping->detail);
    store_commit(&txn, on_kept, keeping);
}

/* Digests in hex with commas between them; false when they are something else. */
static bool read_digests(const char *list, uint8_t (*digests)[STORE_DIGEST_LEN], size_t *n)
{
    *n = 0;
    for (size_t len; list && *list; list += len + (list[len] == ',')) {
        size_t digest_len;

        len = strcspn(list, ",");
        if (*n == LIMIT_BINDING_REFERENCES ||
            !text_unhex(span_of(list, len), digests[*n], STORE_DIGEST_LEN, &digest_len) ||
            digest_len != STORE_DIGEST_LEN)
            return false;
        (*n)++;
    }
    return true;
}

void route_documents_keep(struct exchange *exchange)
{
    struct arena *arena = exchange_arena(exchange);
    struct keeping *keeping = arena_new(arena, struct keeping);
    uint8_t digests[LIMIT_BINDING_REFERENCES][STORE_DIGEST_LEN];
    struct document_check check = {.text = http_request_body(exchange->request),
                                   .references = (const uint8_t(*)[STORE_DIGEST_LEN])digests};

    if (!keeping) {
        exchange_problem(exchange, PROBLEM_INTERNAL, NULL);
        return;
    }
    keeping->exchange = exchange;
    keeping->kind = kind_of(exchange);
    check.kind = KINDS[keeping->kind].kind;
    if (check.text.len == 0)
        exchange_problem(exchange, PROBLEM_BODY_MALFORMED, "the body is the document");
    else if (!read_digests(http_request_query_value(exchange->request, "references", arena),
                           digests, &check.n_references))
        exchange_problem(exchange, PROBLEM_QUERY_INVALID,
                         "references: at most %d SHA-256 in hex, with commas between them",
                         LIMIT_BINDING_REFERENCES);
    else
        (void)!document_check(exchange, &check, keep, keeping);
}
