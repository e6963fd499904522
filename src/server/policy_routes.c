/* Policy for people: the text in force, its versions, and a new one put in force.
 *
 * A text is compiled by a worker before it is kept; a policy that does not compile never judges. */
#include <stdio.h>

#include "log/log.h"
#include "msg/result_json.h"
#include "os/clock.h"
#include "server/front.h"
#include "server/routes.h"
#include "server/work_message.h"

enum { ARENA_LEN = 64 * LIMIT_DOCUMENT_LEN };

/* The binding that `bootseal policy apply` speaks of when it is told no other. */
static const char DEFAULT_BINDING[] = "default";

/* --- What is in force --- */

/* The binding of that name and its document; *found is false when nothing is bound. */
static bool read_bound(struct exchange *exchange, const char *name, struct arena *arena,
                       struct store_binding *binding, struct store_document *document, bool *found,
                       struct error *error)
{
    struct store *store = exchange->front->store;

    if (!store_binding_get(store, name, 0, arena, binding, found, error))
        return false;
    *found = *found && binding->mode != STORE_BINDING_REMOVED;
    return !*found ||
           store_document_get_by_id(store, binding->document, arena, document, found, error);
}

void route_policy_show(struct exchange *exchange)
{
    struct arena arena = arena_init(ARENA_LEN);
    struct store_binding binding;
    struct store_document document;
    struct error error;
    bool found = false;

    if (!read_bound(exchange, DEFAULT_BINDING, &arena, &binding, &document, &found, &error)) {
        exchange_fail(exchange, "policy.show", &error);
    } else if (!found) {
        exchange_problem(exchange, PROBLEM_POLICY_NONE,
                         "put one in force: no host is trusted without");
    } else {
        exchange_bytes(exchange, "text/plain; charset=utf-8", document.text);
    }
    arena_done(&arena);
}

/* When the policy was put in force by an enforcing binding; 0: it is in none. */
static int64_t in_force_since(const struct store_document *policy,
                              const struct store_binding *bindings, size_t n_bindings)
{
    for (size_t i = 0; i < n_bindings; i++)
        if (bindings[i].mode == STORE_BINDING_ENFORCE &&
            memcmp(bindings[i].document, policy->sha256, STORE_DIGEST_LEN) == 0)
            return bindings[i].created_s;
    return 0;
}

static json_t *policy_json(const struct store_document *policy, int64_t active_s)
{
    return json_pack("{s:s, s:s, s:o, s:s, s:o, s:b, s:o}", "name", policy->name, "version",
                     policy->version, "sha256",
                     result_json_hex(span_of(policy->sha256, sizeof policy->sha256)), "created_by",
                     policy->created_by, "created_at", exchange_time(policy->created_s), "active",
                     active_s != 0, "activated_at", exchange_time(active_s));
}

void route_policy_list(struct exchange *exchange)
{
    struct store *store = exchange->front->store;
    struct arena arena = arena_init(ARENA_LEN);
    struct store_document *policies;
    struct store_binding *bindings;
    size_t n_policies, n_bindings;
    struct error error;

    if (store_document_list(store, STORE_DOCUMENT_POLICY, NULL, &arena, &policies, &n_policies,
                            &error) &&
        store_binding_list(store, &arena, &bindings, &n_bindings, &error)) {
        json_t *list = json_array();

        for (size_t i = 0; i < n_policies; i++)
            json_array_append_new(
                list,
                policy_json(&policies[i], in_force_since(&policies[i], bindings, n_bindings)));
        exchange_json(exchange, 200,
                      json_pack("{s:s, s:o}", "schema", "bootseal.policies.v1", "policies", list));
    } else {
        exchange_fail(exchange, "policy.list", &error);
    }
    arena_done(&arena);
}

/* --- Putting one in force --- */

struct replacement {
    struct exchange *exchange;
    const char *name, *version;
    uint64_t n_rules, cost;
    uint8_t sha256[STORE_DIGEST_LEN];
};

static void on_policy_kept(void *context, const struct store_outcome *outcome)
{
    struct replacement *replacement = context;
    struct exchange *exchange = replacement->exchange;
    struct error error;

    if (outcome->result == STORE_CONFLICT && outcome->act == 0) {
        exchange_problem(exchange, PROBLEM_POLICY_EXISTS,
                         "give the changed text a new version than %s", replacement->version);
        return;
    }
    if (outcome->result == STORE_CONFLICT) {
        exchange_problem(exchange, PROBLEM_BINDING_CHANGED, NULL);
        return;
    }
    if (outcome->result != STORE_OK) {
        exchange_problem(exchange, PROBLEM_STORE_FAILED, NULL);
        return;
    }
    if (!front_use_bindings(exchange->front, &error)) {
        exchange_fail(exchange, "policy.use", &error);
        return;
    }
    log_info("policy.activate", log_text("policy", replacement->name),
             log_text("version", replacement->version), log_text(LOG_USER, exchange->who));
    exchange_json(
        exchange, 200,
        json_pack("{s:s, s:s, s:s, s:I, s:I, s:o, s:b}", "schema", "bootseal.policy.v1", "name",
                  replacement->name, "version", replacement->version, "n_rules",
                  (json_int_t)replacement->n_rules, "cost", (json_int_t)replacement->cost, "sha256",
                  result_json_hex(span_of(replacement->sha256, sizeof replacement->sha256)),
                  "active", true));
}

static void keep_policy(struct replacement *replacement)
{
    struct exchange *exchange = replacement->exchange;
    struct span text = http_request_body(exchange->request);
    int64_t now_s = os_now_s();
    struct crypto_digest digest;
    struct store_document policy = {.kind = STORE_DOCUMENT_POLICY,
                                    .name = replacement->name,
                                    .version = replacement->version,
                                    .text = text,
                                    .created_by = exchange->who,
                                    .created_s = now_s};
    struct store_binding before = {.hosts = "*"}, binding;
    struct store_txn *txn;
    struct error error;
    bool found = false;

    if (!store_binding_get(exchange->front->store, DEFAULT_BINDING, 0, exchange_arena(exchange),
                           &before, &found, &error)) {
        exchange_fail(exchange, "policy.binding", &error);
        return;
    }
    found = found && before.mode != STORE_BINDING_REMOVED;
    crypto_hash_span(exchange->front->crypto, TPM_ALG_SHA256, text, &digest);
    memcpy(policy.sha256, digest.bytes, sizeof policy.sha256);
    memcpy(replacement->sha256, digest.bytes, sizeof replacement->sha256);
    binding = (struct store_binding){.name = DEFAULT_BINDING,
                                     .mode = STORE_BINDING_ENFORCE,
                                     .hosts = found ? before.hosts : "*",
                                     .created_by = exchange->who,
                                     .created_s = now_s,
                                     .reason = ""};
    memcpy(binding.document, policy.sha256, sizeof binding.document);
    txn = store_begin(exchange->front->store);
    store_act_document_put(txn, &policy);
    store_act_binding_put(txn, &binding, found ? before.revision : 0);
    exchange_audit(exchange, txn, "policy.activate", policy.name, "");
    store_commit(&txn, on_policy_kept, replacement);
}

static void on_policy_checked(void *context, enum call_result result, struct span frame)
{
    struct replacement *replacement = context;
    struct exchange *exchange = replacement->exchange;
    struct work_check_answer answer;
    struct error error;

    if (result != CALL_ANSWERED) {
        exchange_call_failed(exchange, result);
        return;
    }
    if (frame.len == 0 || !work_check_answer_decode(frame, &answer, &error)) {
        exchange_problem(exchange, PROBLEM_WORKER_FAILED, NULL);
        return;
    }
    if (!answer.valid) {
        exchange_document_invalid(exchange, &answer);
        return;
    }
    replacement->name = arena_text(exchange_arena(exchange), answer.name);
    replacement->version = arena_text(exchange_arena(exchange), answer.version);
    replacement->n_rules = answer.n_rules;
    replacement->cost = answer.cost;
    if (replacement->name && replacement->version)
        keep_policy(replacement);
    else
        exchange_problem(exchange, PROBLEM_INTERNAL, NULL);
}

void route_policy_replace(struct exchange *exchange)
{
    struct replacement *replacement = arena_new(exchange_arena(exchange), struct replacement);
    struct work_check work = {.kind = STORE_DOCUMENT_POLICY,
                              .sources = {.text = http_request_body(exchange->request)}};
    struct arena arena = arena_init(2 * LIMIT_POLICY_LEN + 4096);
    struct span frame;
    struct error error;

    if (!replacement) {
        exchange_problem(exchange, PROBLEM_INTERNAL, NULL);
        return;
    }
    replacement->exchange = exchange;
    if (work_check_encode(&work, &arena, &frame, &error))
        calls_work(exchange->front->calls, frame, on_policy_checked, replacement);
    else
        exchange_fail(exchange, "policy.work", &error);
    arena_done(&arena);
}
