/* The host's side, part two: attestation (docs/protocol.md, section 3); here its first two stages,
 * in which a host's message becomes a verdict. */
#include <stdlib.h>

#include "log/log.h"
#include "os/clock.h"
#include "server/attestation.h"
#include "verify/endorsement.h"

/* --- Appraising --- */

/* What is remembered with the host after this verdict. A failed one forgets the short way and the
 * certificate; the identity key stays, so that it is certified again once the host passes. */
static bool remember(struct attestation *attestation, struct error *error)
{
    struct work_appraise_answer *answer = &attestation->answer;
    struct host_memory *memory = &attestation->memory;

    if (answer->identity_spki.len)
        memory->identity_spki = answer->identity_spki;
    if (answer->memory.len)
        memory->work = answer->memory;
    if (!outcome_passes(answer->verdict)) {
        memory->work = (struct span){0};
        memory->certificate_serial = (struct span){0};
    }
    memory->policy_sha256 = span_of(attestation->policies_sha256,
                                    sizeof attestation->policies_sha256);
    return attestation_copy(attestation, &memory->policy_sha256, error);
}

static void judge(struct attestation *attestation)
{
    struct error error;

    attestation->verdict = attestation->answer.verdict;
    attestation->reasons = attestation->answer.reasons;
    if (!attestation->answer.attributed ||
        reasons_have(attestation->reasons, REASON_EVIDENCE_LOG_UNKNOWN)) {
        attestation_refuse(attestation, REASON_NONE, NULL);
        return;
    }
    if (!remember(attestation, &error)) {
        attestation_fail(attestation, "attest.memory", &error);
        return;
    }
    if (attestation->host.enrolled.state == STORE_HOST_PENDING) {
        attestation->verdict = VERDICT_PENDING;
        reason_add_plain(attestation->reasons, REASON_ENROL_PENDING, REASON_NO_PCR, NULL, NULL);
    }
    if (attestation->answer.steady)
        attestation->exchange->front->counts.attest_steady++;
    else
        attestation->exchange->front->counts.attest_full++;
    if (outcome_passes(attestation->verdict))
        attestation_sign(attestation);
    else
        attestation_record(attestation);
}

/* How much a worker is told: each way is taken when the one before was not enough. */
enum ask { ASK_STEADY, ASK_FULL, ASK_WITH_SOURCES };

static bool ask_worker(struct attestation *attestation, enum ask ask, struct error *error);

static void on_appraised(void *context, enum call_result result, struct span frame)
{
    struct attestation *attestation = context;
    struct error error;

    if (result != CALL_ANSWERED) {
        exchange_call_failed(attestation->exchange, result);
        attestation_free(attestation);
        return;
    }
    if (frame.len == 0 || !attestation_copy(attestation, &frame, &error) ||
        !work_appraise_answer_decode(frame, &attestation->arena, &attestation->answer, &error)) {
        attestation_end(attestation, PROBLEM_WORKER_FAILED);
        return;
    }
    if (attestation->answer.applies && !attestation->answer.needs_sources)
        judge(attestation);
    else if (!ask_worker(attestation,
                         attestation->answer.needs_sources ? ASK_WITH_SOURCES : ASK_FULL, &error))
        attestation_fail(attestation, "attest.work", &error);
}

static bool find_known_logs(struct attestation *attestation, struct work_appraise *work,
                            struct error *error)
{
    struct store *store = attestation->exchange->front->store;

    for (size_t i = 0; i < attestation->evidence.n_logs; i++) {
        const struct evidence_log *log = &attestation->evidence.logs[i];
        struct span bytes;
        bool found = false;

        if (log->has_bytes || log->sha256.len != STORE_DIGEST_LEN)
            continue;
        if (!store_log_get(store, attestation->host.enrolled.id, log->sha256.data,
                           &attestation->arena, &bytes, &found, error))
            return false;
        if (found)
            work->known_logs[work->n_known_logs++] = (struct appraise_known_log){
                .sha256 = log->sha256, .bytes = bytes};
    }
    return true;
}

/* The policies that hold now. A verdict ends at the latest when others may hold, or the catalogue ends. */
static bool choose_policies(struct attestation *attestation, const struct policy_set **set,
                            struct error *error)
{
    const struct front *front = attestation->exchange->front;
    int64_t changes_s;

    if (!bindings_for_host(front->bindings, attestation->host.enrolled.name, attestation->now_s,
                           set, &changes_s, error))
        return false;
    if (changes_s && changes_s < attestation->expires_s)
        attestation->expires_s = changes_s;
    if (front_has_catalog(front) && front->catalog.valid_until_s > attestation->now_s &&
        front->catalog.valid_until_s < attestation->expires_s)
        attestation->expires_s = front->catalog.valid_until_s;
    memcpy(attestation->policies_sha256, (*set)->sha256, sizeof attestation->policies_sha256);
    attestation->policy_label = arena_text(&attestation->arena, span_text((*set)->label));
    return attestation->policy_label || arena_error(&attestation->arena, error);
}

static bool ask_worker(struct attestation *attestation, enum ask ask, struct error *error)
{
    struct front *front = attestation->exchange->front;
    struct http_request *request = attestation->exchange->request;
    const struct store_counters *counters = &attestation->host.counters;
    uint8_t policy_ref[OUTCOME_POLICY_LEN], identity_policy[OUTCOME_POLICY_LEN];
    struct work_appraise work = {
        .evidence = http_request_body(request),
        .ak_public = attestation->host.enrolled.ak_public,
        .nonce = attestation->evidence.nonce,
        .channel_bound = conf_bool(&front->start.conf, CONF_SERVER_CHANNEL_BINDING),
        .channel_binding = http_request_channel_binding(request),
        .pcrs = (uint32_t)conf_number(&front->start.conf, CONF_ATTEST_PCRS),
        .identity_policy = span_of(identity_policy, sizeof identity_policy),
        .history = {.known = counters->known,
                    .reset_count = counters->reset_count,
                    .restart_count = counters->restart_count,
                    .clock_ms = counters->clock_ms,
                    .firmware_version = counters->firmware_version},
        .logs_hashed = attestation->logs_hashed,
        .catalog = front_catalog(front, ask == ASK_WITH_SOURCES),
    };
    const struct policy_set *set;
    struct span frame;

    if (!choose_policies(attestation, &set, error))
        return false;
    work.endorsed = work_endorsed(&attestation->host.enrolled);
    front_identity_policy(front, attestation->evidence.host_id, policy_ref, identity_policy);
    /* What is remembered has its reasons from the last verdict, so that must be it. */
    if (outcome_passes((enum verdict)attestation->host.verdict) &&
        span_equal(attestation->memory.policy_sha256, span_of(set->sha256, sizeof set->sha256)))
        work.memory = attestation->memory.work;
    work.steady_only = ask == ASK_STEADY && work.memory.len > 0;
    if (!work.steady_only)
        work.policies = ask == ASK_WITH_SOURCES ? set->with_sources : set->policies;
    if (!work.channel_bound)
        work.channel_binding = (struct span){0};
    if ((!work.steady_only && !find_known_logs(attestation, &work, error)) ||
        !work_appraise_encode(&work, &attestation->arena, &frame, error))
        return false;
    calls_work(front->calls, frame, on_appraised, attestation);
    return true;
}

/* --- Receiving --- */

static bool any_log_sent(const struct evidence *evidence)
{
    for (size_t i = 0; i < evidence->n_logs; i++)
        if (evidence->logs[i].has_bytes)
            return true;
    return false;
}

/* Hashes the logs once for both uses: the store keeps them by their digests, and a worker need not
 * check those that are right. A wrong one is the worker's to find: it knows whose fault it is. */
static void hash_logs(struct attestation *attestation)
{
    struct crypto *crypto = attestation->exchange->front->crypto;

    attestation->logs_hashed = true;
    for (size_t i = 0; i < attestation->evidence.n_logs; i++) {
        const struct evidence_log *log = &attestation->evidence.logs[i];
        struct crypto_digest covered;

        if (!log->has_bytes)
            continue;
        crypto_hash_span(crypto, TPM_ALG_SHA256, log->bytes, &attestation->log_digests[i]);
        covered = attestation->log_digests[i];
        if (log->covered_len != log->bytes.len)
            crypto_hash_span(crypto, TPM_ALG_SHA256,
                             span_of(log->bytes.data, (size_t)log->covered_len), &covered);
        attestation->logs_hashed &= span_equal(crypto_digest_span(&covered), log->sha256);
    }
}

/* False after having answered. */
static bool find_host(struct attestation *attestation)
{
    struct exchange *exchange = attestation->exchange;
    struct span host_id = attestation->evidence.host_id;
    struct error error;
    bool found = false;

    if (host_id.len == STORE_HOST_ID_LEN &&
        !store_host_get(exchange->front->store, host_id.data, &attestation->arena,
                        &attestation->host, &found, &error)) {
        attestation_fail(attestation, "attest.host", &error);
        return false;
    }
    if (!found) {
        attestation_end(attestation, PROBLEM_HOST_UNKNOWN);
        return false;
    }
    /* Another version's: as with a host that is seen for the first time. */
    if (!host_memory_decode(attestation->host.memory, &attestation->memory, &error))
        log_failure(LOG_LEVEL_WARNING, "attest.memory", &error);
    return true;
}

/* False after having answered: nothing is worked on that cannot be recorded. */
static bool check_nonce(struct attestation *attestation)
{
    enum store_result result = store_nonce_peek(attestation->exchange->front->store,
                                                attestation->host.enrolled.id,
                                                attestation->evidence.nonce, attestation->now_s);

    if (result == STORE_OK)
        return true;
    if (result == STORE_FAILED)
        attestation_end(attestation, PROBLEM_STORE_FAILED);
    else
        attestation_refuse(attestation, REASON_NONCE_UNKNOWN, store_result_name(result));
    return false;
}

static bool decode(struct attestation *attestation)
{
    struct exchange *exchange = attestation->exchange;
    struct error error;
    char text[256];

    if (evidence_decode(http_request_body(exchange->request), &attestation->arena,
                        &attestation->evidence, &error))
        return true;
    exchange_problem(exchange,
                     error.code == ERROR_LIMIT ? PROBLEM_BODY_TOO_LARGE : PROBLEM_BODY_MALFORMED,
                     "%s", error_print(&error, text, sizeof text));
    attestation_free(attestation);
    return false;
}

void route_attest_start(struct exchange *exchange)
{
    struct attestation *attestation = calloc(1, sizeof *attestation);
    struct error error;

    if (!attestation) {
        exchange_problem(exchange, PROBLEM_INTERNAL, NULL);
        return;
    }
    attestation->exchange = exchange;
    attestation->arena = arena_init(4 * (size_t)LIMIT_EVIDENCE_LEN);
    attestation->now_s = os_now_s();
    attestation->expires_s = attestation->now_s +
                             conf_number(&exchange->front->start.conf, CONF_ATTEST_VERDICT_LIFE);
    attestation->reasons = arena_new(&attestation->arena, struct reasons);
    if (!attestation->reasons) {
        attestation_end(attestation, PROBLEM_INTERNAL);
        return;
    }
    if (!decode(attestation) || !find_host(attestation))
        return;
    if (attestation->host.enrolled.state == STORE_HOST_REVOKED) {
        attestation_refuse(attestation, REASON_HOST_REVOKED, NULL);
        return;
    }
    if (!check_nonce(attestation))
        return;
    hash_logs(attestation);
    if (!ask_worker(attestation, any_log_sent(&attestation->evidence) ? ASK_FULL : ASK_STEADY,
                    &error))
        attestation_fail(attestation, "attest.work", &error);
}
