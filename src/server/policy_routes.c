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

enum { ARENA_LEN = 8 * LIMIT_POLICY_LEN };

static json_t *policy_json(const struct store_policy *policy)
{
    return json_pack("{s:s, s:s, s:o, s:s, s:o, s:b, s:o}", "name", policy->name, "version",
                     policy->version, "sha256",
                     result_json_hex(span_of(policy->sha256, sizeof policy->sha256)), "created_by",
                     policy->created_by, "created_at", exchange_time(policy->created_s), "active",
                     policy->active, "activated_at", exchange_time(policy->activated_s));
}

void route_policy_show(struct exchange *exchange)
{
    struct arena arena = arena_init(ARENA_LEN);
    struct store_policy policy;
    struct error error;
    bool found = false;

    if (!store_policy_active(exchange->front->store, &arena, &policy, &found, &error)) {
        exchange_fail(exchange, "policy.show", &error);
    } else if (!found) {
        exchange_problem(exchange, PROBLEM_POLICY_NONE,
                         "put one in force: no host is trusted without");
    } else {
        exchange_bytes(exchange, "text/plain; charset=utf-8", policy.text);
    }
    arena_done(&arena);
}

void route_policy_list(struct exchange *exchange)
{
    struct arena arena = arena_init(ARENA_LEN);
    struct store_policy *policies;
    size_t n_policies;
    struct error error;

    if (store_policy_list(exchange->front->store, &arena, &policies, &n_policies, &error)) {
        json_t *list = json_array();

        for (size_t i = 0; i < n_policies; i++)
            json_array_append_new(list, policy_json(&policies[i]));
        exchange_json(exchange, 200,
                      json_pack("{s:s, s:o}", "schema", "bootseal.policies.v1", "policies", list));
    } else {
        exchange_fail(exchange, "policy.list", &error);
    }
    arena_done(&arena);
}

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
    char *label = arena_printf(exchange_arena(exchange), "%s %s", replacement->name,
                               replacement->version);
    struct error error;

    if (outcome->result == STORE_CONFLICT) {
        exchange_problem(exchange, PROBLEM_POLICY_EXISTS,
                         "give the changed text a new version than %s", replacement->version);
        return;
    }
    if (outcome->result != STORE_OK || !label) {
        exchange_problem(exchange, PROBLEM_STORE_FAILED, NULL);
        return;
    }
    if (!front_use_policy(exchange->front, label, http_request_body(exchange->request), &error)) {
        exchange_fail(exchange, "policy.use", &error);
        return;
    }
    log_info("policy.activate", log_text("policy", label), log_text(LOG_USER, exchange->who));
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
    struct store_policy policy = {.name = replacement->name,
                                  .version = replacement->version,
                                  .text = text,
                                  .created_by = exchange->who,
                                  .created_s = now_s};
    struct store_txn *txn = store_begin(exchange->front->store);

    crypto_hash_span(exchange->front->crypto, TPM_ALG_SHA256, text, &digest);
    memcpy(policy.sha256, digest.bytes, sizeof policy.sha256);
    memcpy(replacement->sha256, digest.bytes, sizeof replacement->sha256);
    store_act_policy_put(txn, &policy);
    store_act_policy_activate(txn, policy.name, policy.version, now_s);
    exchange_audit(exchange, txn, "policy.activate", policy.name, "");
    store_commit(&txn, on_policy_kept, replacement);
}

static void answer_invalid(struct exchange *exchange, const struct work_policy_answer *answer)
{
    char *message = arena_text(exchange_arena(exchange), answer->message);
    char *detail = arena_printf(exchange_arena(exchange), "line %u, column %u: %s",
                                (unsigned)answer->line, (unsigned)answer->column,
                                message ? message : "");

    exchange_problem_with(exchange, PROBLEM_POLICY_INVALID, detail ? detail : "",
                          json_pack("{s:I, s:I}", "line", (json_int_t)answer->line, "column",
                                    (json_int_t)answer->column));
}

static void on_policy_checked(void *context, enum call_result result, struct span frame)
{
    struct replacement *replacement = context;
    struct exchange *exchange = replacement->exchange;
    struct work_policy_answer answer;
    struct error error;

    if (result != CALL_ANSWERED) {
        exchange_call_failed(exchange, result);
        return;
    }
    if (frame.len == 0 || !work_policy_answer_decode(frame, &answer, &error)) {
        exchange_problem(exchange, PROBLEM_WORKER_FAILED, NULL);
        return;
    }
    if (!answer.valid) {
        answer_invalid(exchange, &answer);
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
    struct work_policy work = {.keep = false, .text = http_request_body(exchange->request)};
    struct arena arena = arena_init(2 * LIMIT_POLICY_LEN + 4096);
    struct span frame;
    struct error error;

    if (!replacement) {
        exchange_problem(exchange, PROBLEM_INTERNAL, NULL);
        return;
    }
    replacement->exchange = exchange;
    if (work_policy_encode(&work, &arena, &frame, &error))
        calls_work(exchange->front->calls, frame, on_policy_checked, replacement);
    else
        exchange_fail(exchange, "policy.work", &error);
    arena_done(&arena);
}
