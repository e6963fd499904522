/* Hosts for people: lists, details, history, evidence, approval and revocation.
 *
 * {host} is a host id in hex or a name. Acts are audited in the transaction that does them. */
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "log/log.h"
#include "msg/protocol.h"
#include "msg/result_json.h"
#include "os/clock.h"
#include "server/bundle.h"
#include "server/front.h"
#include "server/host_view.h"
#include "server/routes.h"

enum { EVIDENCE_ARENA_LEN = 4 * LIMIT_EVIDENCE_LEN, LIST_ARENA_LEN = 16 * 1024 * 1024 };

/* --- As JSON --- */

static const char *endorsement_text(int endorsement)
{
    switch (endorsement) {
    case ENDORSEMENT_CHAIN:
        return "chain";
    case ENDORSEMENT_REGISTERED:
        return "registered";
    case ENDORSEMENT_UNPROVEN:
        return "unproven";
    default:
        return "none";
    }
}

static json_t *host_json(const struct store_host *host)
{
    const struct store_enrolment *enrolled = &host->enrolled;
    int64_t now_s = os_now_s();

    return json_pack(
        "{s:o, s:s, s:s, s:s, s:o, s:o, s:b, s:s?, s:s, s:o, s:o}", "id",
        result_json_hex(span_of(enrolled->id, sizeof enrolled->id)), "name", enrolled->name,
        "state", store_host_state_name(enrolled->state), "verdict",
        verdict_name(host_view_verdict(host, now_s)), "verdict_at", exchange_time(host->verdict_s),
        "verdict_ends", exchange_time(host->expires_s), "verdict_ended",
        host->verdict != VERDICT_NONE && host->expires_s <= now_s, "observed_verdict",
        host->observed_verdict == VERDICT_NONE ? NULL
                                               : verdict_name((enum verdict)host->observed_verdict),
        "endorsement", endorsement_text(enrolled->endorsement), "seen_at",
        exchange_time(host->seen_s), "created_at", exchange_time(host->created_s));
}

/* What the host said of itself, name to text; empty when it cannot be read. */
static json_t *reported_json(struct span inventory, struct arena *arena)
{
    json_t *object = json_object();
    struct evidence_item *items = NULL;
    struct error ignored;
    size_t n_items = 0;

    if (inventory.len && !inventory_decode(inventory, arena, &items, &n_items, &ignored))
        return object;
    for (size_t i = 0; i < n_items; i++) {
        const char *name = text_printable(arena, items[i].name);

        if (name)
            json_object_set_new(
                object, name, json_stringn((const char *)items[i].value.data, items[i].value.len));
    }
    return object;
}

/* Which machine the platform certificate names, or why none counts; null when none was sent. */
static json_t *platform_json(const struct store_enrolment *enrolled)
{
    const struct store_platform *platform = &enrolled->platform;

    if (*platform->refusal)
        return json_pack("{s:s}", "refusal", platform->refusal);
    if (!*platform->manufacturer)
        return json_null();
    if (enrolled->endorsement != ENDORSEMENT_CHAIN) /* as work_endorsed has it */
        return json_pack(
            "{s:s}", "refusal",
            "the EK certificate was not proven when the host enrolled first: forget it "
            "and enrol it again");
    return json_pack("{s:s, s:s, s:s, s:s, s:s}", "issuer", platform->issuer, "manufacturer",
                     platform->manufacturer, "model", platform->model, "version", platform->version,
                     "serial", platform->serial);
}

static json_t *host_details_json(const struct store_host *host, struct arena *arena)
{
    const struct store_enrolment *enrolled = &host->enrolled;
    json_t *object = host_json(host);
    json_t *details = json_pack(
        "{s:s, s:s, s:o, s:o, s:o, s:s, s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:s, s:o, s:s, s:s}",
        "schema", "bootseal.host.v1", "verdict_id", host->verdict_id, "last_verdict",
        json_string(verdict_name((enum verdict)host->verdict)), "reasons",
        host_view_reasons(host->reasons), "observed_reasons",
        host_view_reasons(host->observed_reasons), "class",
        host->class_name ? host->class_name : "", "ek_issuer", enrolled->issuer, "tpm_manufacturer",
        enrolled->manufacturer, "tpm_model", enrolled->model, "tpm_version", enrolled->version,
        "platform", platform_json(enrolled), "reported", reported_json(enrolled->inventory, arena),
        "approved_at", exchange_time(host->approved_s), "approved_by",
        host->approved_by ? host->approved_by : "", "revoked_at", exchange_time(host->revoked_s),
        "revoked_by", host->revoked_by ? host->revoked_by : "", "revoked_reason",
        host->revoked_reason ? host->revoked_reason : "");

    if (!object || !details) {
        json_decref(object);
        json_decref(details);
        return NULL;
    }
    json_object_update_new(details, object);
    return details;
}

/* --- List, show, history --- */

static bool read_filter(struct exchange *exchange, struct store_host_filter *filter)
{
    struct http_request *request = exchange->request;
    struct arena *arena = exchange_arena(exchange);
    const char *state = http_request_query_value(request, "state", arena);
    const char *verdict = http_request_query_value(request, "verdict", arena);

    filter->name_contains = http_request_query_value(request, "name", arena);
    filter->after = http_request_query_value(request, "after", arena);
    for (int s = STORE_HOST_PENDING; state && s <= STORE_HOST_REVOKED; s++)
        if (strcmp(state, store_host_state_name((enum store_host_state)s)) == 0)
            filter->state = (enum store_host_state)s;
    for (int v = VERDICT_TRUSTED; verdict && v <= VERDICT_PENDING; v++)
        if (strcmp(verdict, verdict_name((enum verdict)v)) == 0)
            filter->verdict = v;
    if ((state && !filter->state) || (verdict && !filter->verdict)) {
        exchange_problem(exchange, PROBLEM_QUERY_INVALID, "there is no such %s",
                         state && !filter->state ? "state" : "verdict");
        return false;
    }
    filter->limit = exchange_limit(exchange);
    return filter->limit > 0;
}

void route_hosts_list(struct exchange *exchange)
{
    struct arena arena = arena_init(LIST_ARENA_LEN);
    struct store_host_filter filter = {0};
    struct store_host *hosts;
    size_t n_hosts;
    json_t *list;
    struct error error;

    if (!read_filter(exchange, &filter))
        return;
    if (!store_host_list(exchange->front->store, &filter, &arena, &hosts, &n_hosts, &error)) {
        arena_done(&arena);
        exchange_fail(exchange, "hosts.list", &error);
        return;
    }
    list = json_array();
    for (size_t i = 0; i < n_hosts; i++)
        json_array_append_new(list, host_json(&hosts[i]));
    exchange_json(exchange, 200,
                  json_pack("{s:s, s:o, s:s?}", "schema", "bootseal.hosts.v1", "hosts", list,
                            "next",
                            n_hosts == filter.limit ? hosts[n_hosts - 1].enrolled.name : NULL));
    arena_done(&arena);
}

void route_hosts_show(struct exchange *exchange)
{
    struct store_host host;

    if (host_view_find(exchange, exchange_arena(exchange), &host))
        exchange_json(exchange, 200, host_details_json(&host, exchange_arena(exchange)));
}

static json_t *verdict_json(const struct store_verdict *verdict)
{
    return json_pack(
        "{s:s, s:s, s:o, s:s, s:o, s:I, s:I, s:I, s:o, s:o}", "id", verdict->id, "verdict",
        verdict_name((enum verdict)verdict->verdict), "reasons",
        host_view_reasons(verdict->reasons), "policy", verdict->policy ? verdict->policy : "",
        "boot_sha256", result_json_hex(span_of(verdict->boot_sha256, sizeof verdict->boot_sha256)),
        "reset_count", (json_int_t)verdict->reset_count, "n_seen", (json_int_t)verdict->n_seen,
        "n_boots", (json_int_t)verdict->n_boots, "first_at", exchange_time(verdict->first_s),
        "last_at", exchange_time(verdict->last_s));
}

void route_hosts_verdicts(struct exchange *exchange)
{
    struct arena arena = arena_init(LIST_ARENA_LEN);
    const char *before = http_request_query_value(exchange->request, "before",
                                                  exchange_arena(exchange));
    size_t limit = exchange_limit(exchange), n_verdicts;
    struct store_verdict *verdicts;
    struct store_host host;
    json_t *list;
    struct error error;

    if (limit == 0 || !host_view_find(exchange, &arena, &host)) {
        arena_done(&arena);
        return;
    }
    if (!store_verdict_list(exchange->front->store, host.enrolled.id, before, limit, &arena,
                            &verdicts, &n_verdicts, &error)) {
        arena_done(&arena);
        exchange_fail_list(exchange, "hosts.verdicts", &error);
        return;
    }
    list = json_array();
    for (size_t i = 0; i < n_verdicts; i++)
        json_array_append_new(list, verdict_json(&verdicts[i]));
    exchange_json(exchange, 200,
                  json_pack("{s:s, s:s, s:o, s:s?}", "schema", "bootseal.verdicts.v1", "host",
                            host.enrolled.name, "verdicts", list, "next",
                            n_verdicts == limit ? verdicts[n_verdicts - 1].id : NULL));
    arena_done(&arena);
}

/* --- Evidence --- */

/* Which boot's evidence: the last, or with "good" the last good one. False after having answered. */
static bool read_boot(struct exchange *exchange, bool *good)
{
    const char *boot = http_request_query_value(exchange->request, "boot",
                                                exchange_arena(exchange));

    *good = boot && strcmp(boot, "good") == 0;
    if (!boot || *good || strcmp(boot, "last") == 0)
        return true;
    exchange_problem(exchange, PROBLEM_QUERY_INVALID, "boot is last or good");
    return false;
}

void route_hosts_evidence(struct exchange *exchange)
{
    struct arena arena = arena_init(EVIDENCE_ARENA_LEN);
    struct bundle_request request = {0};
    struct store_host host;
    struct bundle bundle;
    struct error error;

    if (!read_boot(exchange, &request.good) || !host_view_find(exchange, &arena, &host)) {
        arena_done(&arena);
        return;
    }
    if (!bundle_load_boot(exchange->front->store, host.enrolled.id, &request, &arena, &bundle,
                          &error))
        exchange_fail(exchange, "hosts.evidence", &error);
    else if (bundle.bytes.len == 0)
        exchange_problem(exchange, request.good ? PROBLEM_EVIDENCE_NOT_GOOD : PROBLEM_EVIDENCE_NONE,
                         NULL);
    else
        exchange_bytes(exchange, "application/cbor", bundle.bytes);
    arena_done(&arena);
}

/* --- Acts --- */

struct host_act {
    struct exchange *exchange;
    struct store_host host;
    const char *what;
};

static void on_act_done(void *context, const struct store_outcome *outcome)
{
    struct host_act *act = context;
    struct exchange *exchange = act->exchange;
    struct store_host host;
    struct error error;
    bool found = false;

    if (outcome->result == STORE_NOT_FOUND) {
        exchange_problem(exchange, PROBLEM_HOST_UNKNOWN, NULL);
        return;
    }
    if (outcome->result == STORE_CONFLICT) {
        exchange_problem(exchange, PROBLEM_HOST_STATE, "%s is %s", act->host.enrolled.name,
                         store_host_state_name(act->host.enrolled.state));
        return;
    }
    if (outcome->result != STORE_OK) {
        exchange_problem(exchange, PROBLEM_STORE_FAILED, NULL);
        return;
    }
    exchange->front->crl.stale = true;
    log_info(act->what, log_text(LOG_HOST, act->host.enrolled.name),
             log_text(LOG_USER, exchange->who));
    if (!store_host_get(exchange->front->store, act->host.enrolled.id, exchange_arena(exchange),
                        &host, &found, &error))
        exchange_fail(exchange, act->what, &error);
    else
        exchange_json(exchange, 200,
                      found ? host_details_json(&host, exchange_arena(exchange))
                            : json_pack("{s:s, s:s}", "schema", "bootseal.host.v1", "name",
                                        act->host.enrolled.name));
}

/* Begins an act on the path's host; NULL after having answered. */
static struct host_act *begin_act(struct exchange *exchange, const char *what)
{
    struct host_act *act = arena_new(exchange_arena(exchange), struct host_act);

    if (!act) {
        exchange_problem(exchange, PROBLEM_INTERNAL, NULL);
        return NULL;
    }
    act->exchange = exchange;
    act->what = what;
    return host_view_find(exchange, exchange_arena(exchange), &act->host) ? act : NULL;
}

void route_hosts_approve(struct exchange *exchange)
{
    struct host_act *act = begin_act(exchange, "host.approve");
    struct store_txn *txn;

    if (!act)
        return;
    txn = store_begin(exchange->front->store);
    store_act_host_approve(txn, act->host.enrolled.id, exchange->who, os_now_s());
    exchange_audit(exchange, txn, act->what, act->host.enrolled.name, "");
    store_commit(&txn, on_act_done, act);
}

void route_hosts_revoke(struct exchange *exchange)
{
    json_t *body = exchange_body_json(exchange);
    struct host_act *act = body ? begin_act(exchange, "host.revoke") : NULL;
    const char *reason = json_string_value(json_object_get(body, "reason"));
    struct store_txn *txn;

    if (act && (!reason || reason[0] == '\0')) {
        exchange_problem(exchange, PROBLEM_FIELD_INVALID,
                         "reason: say why, for those who ask later");
    } else if (act) {
        reason = text_printable(exchange_arena(exchange), span_text(reason));
        txn = store_begin(exchange->front->store);
        store_act_host_revoke(txn, act->host.enrolled.id, exchange->who, reason ? reason : "",
                              os_now_s());
        exchange_audit(exchange, txn, act->what, act->host.enrolled.name, "");
        store_commit(&txn, on_act_done, act);
    }
    json_decref(body);
}

void route_hosts_forget(struct exchange *exchange)
{
    struct host_act *act = begin_act(exchange, "host.forget");
    struct store_txn *txn;

    if (!act)
        return;
    txn = store_begin(exchange->front->store);
    store_act_host_forget(txn, act->host.enrolled.id, os_now_s());
    exchange_audit(exchange, txn, act->what, act->host.enrolled.name, "");
    store_commit(&txn, on_act_done, act);
}
