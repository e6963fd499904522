/* API tokens and the audit record, for administrators. A token's secret is in one answer, once. */
#include <stdio.h>

#include "log/log.h"
#include "msg/result_json.h"
#include "os/clock.h"
#include "server/front.h"
#include "server/routes.h"
#include "server/secret.h"

enum { LIST_ARENA_LEN = 16 * 1024 * 1024, TOKEN_NAME_LEN = 64 };

static const int64_t TOKEN_LIFE_MAX_S = 10ll * 365 * 24 * 3600;

static json_t *token_json(const struct store_token *token)
{
    return json_pack("{s:s, s:s, s:s, s:o, s:o, s:o}", "name", token->name, "role",
                     store_role_name(token->role), "created_by", token->created_by, "created_at",
                     exchange_time(token->created_s), "ends_at", exchange_time(token->expires_s),
                     "revoked_at", exchange_time(token->revoked_s));
}

void route_tokens_list(struct exchange *exchange)
{
    struct arena arena = arena_init(LIST_ARENA_LEN);
    struct store_token *tokens;
    size_t n_tokens;
    struct error error;

    if (store_token_list(exchange->front->store, &arena, &tokens, &n_tokens, &error)) {
        json_t *list = json_array();

        for (size_t i = 0; i < n_tokens; i++)
            json_array_append_new(list, token_json(&tokens[i]));
        exchange_json(exchange, 200,
                      json_pack("{s:s, s:o}", "schema", "bootseal.tokens.v1", "tokens", list));
    } else {
        exchange_fail(exchange, "tokens.list", &error);
    }
    arena_done(&arena);
}

struct token_act {
    struct exchange *exchange;
    struct store_token token;
    char secret[SECRET_LEN];
};

static void on_created(void *context, const struct store_outcome *outcome)
{
    struct token_act *act = context;
    json_t *object;

    if (outcome->result == STORE_CONFLICT) {
        exchange_problem(act->exchange, PROBLEM_TOKEN_EXISTS, NULL);
        return;
    }
    if (outcome->result != STORE_OK) {
        exchange_problem(act->exchange, PROBLEM_STORE_FAILED, NULL);
        return;
    }
    log_info("token.created", log_text("name", act->token.name),
             log_text(LOG_USER, act->exchange->who));
    object = token_json(&act->token);
    json_object_set_new(object, "schema", json_string("bootseal.token.v1"));
    json_object_set_new(object, "token", json_string(act->secret));
    exchange_json(act->exchange, 201, object);
}

/* Names stand in logs and audit records: letters, digits and a few signs. */
static bool name_ok(const char *name)
{
    static const char SIGNS[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.@";

    return name && name[0] && strlen(name) <= TOKEN_NAME_LEN && strspn(name, SIGNS) == strlen(name);
}

/* A field that nobody reads may be a misspelt one: a token without "lifetime_s" never ends. */
static bool has_other_fields(const json_t *body)
{
    size_t known = 0;

    known += json_object_get(body, "name") != NULL;
    known += json_object_get(body, "role") != NULL;
    known += json_object_get(body, "lifetime_s") != NULL;
    return json_object_size(body) != known;
}

/* Fills in what the body asks for; false after having answered. */
static bool read_token(struct exchange *exchange, json_t *body, struct store_token *token)
{
    const char *name = json_string_value(json_object_get(body, "name"));
    const char *role = json_string_value(json_object_get(body, "role"));
    json_t *life = json_object_get(body, "lifetime_s");

    token->role = role ? store_role_by_name(role) : STORE_ROLE_NONE;
    token->created_s = os_now_s();
    token->created_by = exchange->who;
    if (!name_ok(name) || token->role == STORE_ROLE_NONE) {
        exchange_problem(exchange, PROBLEM_FIELD_INVALID,
                         "name: 1 to %d letters, digits, - _ . @; role: viewer, operator or admin",
                         TOKEN_NAME_LEN);
        return false;
    }
    if (has_other_fields(body)) {
        exchange_problem(exchange, PROBLEM_FIELD_INVALID,
                         "a token has name, role and lifetime_s, and nothing else");
        return false;
    }
    if (life && (!json_is_integer(life) || json_integer_value(life) < 1 ||
                 json_integer_value(life) > TOKEN_LIFE_MAX_S)) {
        exchange_problem(exchange, PROBLEM_FIELD_INVALID, "lifetime_s: a number of seconds");
        return false;
    }
    if (life)
        token->expires_s = token->created_s + json_integer_value(life);
    token->name = arena_text(exchange_arena(exchange), span_text(name));
    return token->name != NULL;
}

static void create(struct token_act *act)
{
    struct exchange *exchange = act->exchange;
    struct store_txn *txn;
    struct error error;

    if (!secret_make(act->secret, &error)) {
        exchange_fail(exchange, "tokens.create", &error);
        return;
    }
    front_hash_token(exchange->front, act->secret, act->token.sha256);
    txn = store_begin(exchange->front->store);
    store_act_token_put(txn, &act->token);
    exchange_audit(exchange, txn, "token.create", act->token.name, "");
    store_commit(&txn, on_created, act);
}

void route_tokens_create(struct exchange *exchange)
{
    struct token_act *act = arena_new(exchange_arena(exchange), struct token_act);
    json_t *body;

    if (!act) {
        exchange_problem(exchange, PROBLEM_INTERNAL, NULL);
        return;
    }
    act->exchange = exchange;
    body = exchange_body_json(exchange);
    if (body && read_token(exchange, body, &act->token))
        create(act);
    json_decref(body);
}

static void on_revoked(void *context, const struct store_outcome *outcome)
{
    struct token_act *act = context;

    if (outcome->result == STORE_NOT_FOUND) {
        exchange_problem(act->exchange, PROBLEM_TOKEN_UNKNOWN, NULL);
        return;
    }
    if (outcome->result != STORE_OK) {
        exchange_problem(act->exchange, PROBLEM_STORE_FAILED, NULL);
        return;
    }
    log_info("token.revoked", log_text("name", act->exchange->parameter),
             log_text(LOG_USER, act->exchange->who));
    exchange_json(act->exchange, 200,
                  json_pack("{s:s, s:s, s:b}", "schema", "bootseal.token.v1", "name",
                            act->exchange->parameter, "revoked", true));
}

void route_tokens_revoke(struct exchange *exchange)
{
    struct token_act *act = arena_new(exchange_arena(exchange), struct token_act);
    struct store_txn *txn;

    if (!act) {
        exchange_problem(exchange, PROBLEM_INTERNAL, NULL);
        return;
    }
    act->exchange = exchange;
    txn = store_begin(exchange->front->store);
    store_act_token_revoke(txn, exchange->parameter, os_now_s());
    exchange_audit(exchange, txn, "token.revoke", exchange->parameter, "");
    store_commit(&txn, on_revoked, act);
}

static json_t *audit_json(const struct store_audit *entry)
{
    return json_pack("{s:s, s:o, s:s, s:s, s:s, s:s, s:s}", "id", entry->id, "at",
                     exchange_time(entry->at_us / 1000000), "who", entry->who, "what", entry->what,
                     "subject", entry->subject, "detail", entry->detail, "address", entry->address);
}

void route_audit_list(struct exchange *exchange)
{
    struct arena arena = arena_init(LIST_ARENA_LEN);
    const char *before = http_request_query_value(exchange->request, "before",
                                                  exchange_arena(exchange));
    size_t limit = exchange_limit(exchange), n_entries;
    struct store_audit *entries;
    struct error error;

    if (limit == 0)
        return;
    if (store_audit_list(exchange->front->store, before, limit, &arena, &entries, &n_entries,
                         &error)) {
        json_t *list = json_array();

        for (size_t i = 0; i < n_entries; i++)
            json_array_append_new(list, audit_json(&entries[i]));
        exchange_json(exchange, 200,
                      json_pack("{s:s, s:o, s:s?}", "schema", "bootseal.audit.v1", "entries", list,
                                "next", n_entries == limit ? entries[n_entries - 1].id : NULL));
    } else {
        exchange_fail_list(exchange, "audit.list", &error);
    }
    arena_done(&arena);
}
