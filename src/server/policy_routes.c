/* Policy for people: the text in force, its versions, and a new one put in force.
 *
 * A text is compiled by a worker before it is kept; a policy that does not compile never judges. */
#include <stdlib.h>

#include "log/log.h"
#include "msg/result_json.h"
#include "os/clock.h"
#include "server/binding_edit.h"
#include "server/documents.h"
#include "server/front.h"
#include "server/routes.h"

enum { ARENA_LEN = 64 * LIMIT_DOCUMENT_LEN };

/* The binding that `bootseal policy apply` speaks of when it is told no other. */
static const char DEFAULT_BINDING[] = "default";

/* --- What is in force --- */

/* The binding of that name and the policy that it enforces now; *found is false when it does not. */
static bool read_enforced(struct exchange *exchange, const char *name, struct arena *arena,
                          struct store_binding *binding, struct store_document *document,
                          bool *found, struct error *error)
{
    struct store *store = exchange->front->store;

    if (!store_binding_get(store, name, 0, arena, binding, found, error))
        return false;
    *found = *found && binding->mode == STORE_BINDING_ENFORCE && binding_holds(binding, os_now_s());
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

    if (!read_enforced(exchange, DEFAULT_BINDING, &arena, &binding, &document, &found, &error)) {
        exchange_fail(exchange, "policy.show", &error);
    } else if (!found) {
        exchange_problem(exchange, PROBLEM_POLICY_NONE,
                         "put one in force: no host is trusted without");
    } else {
        exchange_bytes(exchange, "text/plain; charset=utf-8", document.text);
    }
    arena_done(&arena);
}

/* When the policy was put in force by a binding that enforces it now; 0: none does. */
static int64_t in_force_since(const struct store_document *policy,
                              const struct store_binding *bindings, size_t n_bindings)
{
    for (size_t i = 0; i < n_bindings; i++)
        if (bindings[i].mode == STORE_BINDING_ENFORCE && binding_holds(&bindings[i], os_now_s()) &&
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
    struct store_binding before; /* the binding's newest revision; none: revision 0 */
    struct store_binding binding;
    struct store_document policy;
    uint64_t n_rules, cost;
};

static void on_policy_kept(void *context, const struct store_outcome *outcome)
{
    struct replacement *replacement = context;
    struct exchange *exchange = replacement->exchange;
    const struct store_document *policy = &replacement->policy;
    struct error error;

    if (outcome->result == STORE_CONFLICT && outcome->act == 0) {
        exchange_problem(exchange, PROBLEM_POLICY_EXISTS,
                         "give the changed text a new version than %s", policy->version);
        return;
    }
    if (!binding_written(exchange, outcome))
        return;
    if (!front_use_bindings(exchange->front, &error)) {
        exchange_fail(exchange, "policy.use", &error);
        return;
    }
    log_info("policy.activate", log_text("policy", policy->name),
             log_text("version", policy->version), log_text(LOG_USER, exchange->who));
    exchange_json(exchange, 200,
                  json_pack("{s:s, s:s, s:s, s:I, s:I, s:o, s:b}", "schema", "bootseal.policy.v1",
                            "name", policy->name, "version", policy->version, "n_rules",
                            (json_int_t)replacement->n_rules, "cost", (json_int_t)replacement->cost,
                            "sha256",
                            result_json_hex(span_of(policy->sha256, sizeof policy->sha256)),
                            "active", binding_holds(&replacement->binding, os_now_s())));
}

/* {"version", "binding", "revision"} of the audit record; NULL for lack of memory. */
static char *audit_detail(const struct replacement *replacement)
{
    json_t *object = json_pack("{s:s, s:s, s:I}", "version", replacement->policy.version, "binding",
                               DEFAULT_BINDING, "revision",
                               (json_int_t)replacement->before.revision + 1);
    char *text = object ? json_dumps(object, JSON_COMPACT) : NULL;

    json_decref(object);
    return text;
}

/* The text becomes the binding's policy; its hosts, reference values and time stay. */
static void on_policy_checked(void *context, const struct work_check_answer *answer)
{
    struct replacement *replacement = context;
    struct exchange *exchange = replacement->exchange;
    struct store_document *policy = &replacement->policy;
    const struct store_binding *before = &replacement->before;
    struct store_binding *binding = &replacement->binding;
    struct crypto_digest digest;
    struct store_txn *txn;
    char *detail;

    *policy = (struct store_document){
        .kind = STORE_DOCUMENT_POLICY,
        .name = arena_text(exchange_arena(exchange), answer->name),
        .version = arena_text(exchange_arena(exchange), answer->version),
        .text = http_request_body(exchange->request),
        .created_by = exchange->who,
        .created_s = os_now_s()};
    replacement->n_rules = answer->n_rules;
    replacement->cost = answer->cost;
    detail = policy->name && policy->version ? audit_detail(replacement) : NULL;
    if (!detail) {
        exchange_problem(exchange, PROBLEM_INTERNAL, NULL);
        return;
    }
    crypto_hash_span(exchange->front->crypto, TPM_ALG_SHA256, policy->text, &digest);
    memcpy(policy->sha256, digest.bytes, sizeof policy->sha256);
    *binding = *before;
    binding->name = DEFAULT_BINDING;
    binding->mode = STORE_BINDING_ENFORCE;
    memcpy(binding->document, policy->sha256, sizeof binding->document);
    binding->created_by = exchange->who;
    binding->created_s = policy->created_s;
    binding->reason = "";
    txn = store_begin(exchange->front->store);
    store_act_document_put(txn, policy);
    store_act_binding_put(txn, binding, before->mode == STORE_BINDING_NONE ? 0 : before->revision);
    exchange_audit(exchange, txn, "policy.activate", policy->name, detail);
    free(detail);
    store_commit(&txn, on_policy_kept, replacement);
}

/* The binding as it is, or, where there is none, one for all hosts. False after having answered. */
static bool read_before(struct replacement *replacement)
{
    struct exchange *exchange = replacement->exchange;
    struct store_binding *before = &replacement->before;
    char text[OS_TIME_TEXT_LEN];
    struct error error;
    bool found = false;

    if (!store_binding_get(exchange->front->store, DEFAULT_BINDING, 0, exchange_arena(exchange),
                           before, &found, &error)) {
        exchange_fail(exchange, "policy.binding", &error);
        return false;
    }
    if (!found || before->mode == STORE_BINDING_REMOVED)
        *before = (struct store_binding){.hosts = "*", .revision = found ? before->revision : 0};
    if (before->until_s == 0 || before->until_s > os_now_s())
        return true;
    exchange_problem(exchange, PROBLEM_BINDING_ENDED,
                     "%s ended at %s: PUT /api/v1/bindings/%s gives it another time",
                     DEFAULT_BINDING, os_time_print(before->until_s, text), DEFAULT_BINDING);
    return false;
}

void route_policy_replace(struct exchange *exchange)
{
    struct replacement *replacement = arena_new(exchange_arena(exchange), struct replacement);
    struct document_check check = {.kind = STORE_DOCUMENT_POLICY,
                                   .text = http_request_body(exchange->request)};

    if (!replacement) {
        exchange_problem(exchange, PROBLEM_INTERNAL, NULL);
        return;
    }
    replacement->exchange = exchange;
    if (check.text.len == 0) {
        exchange_problem(exchange, PROBLEM_BODY_MALFORMED, "the body is the policy");
        return;
    }
    if (!read_before(replacement))
        return;
    check.references = replacement->before.references;
    check.n_references = replacement->before.n_references;
    (void)!document_check(exchange, &check, on_policy_checked, replacement);
}
