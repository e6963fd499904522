/* The host's side, part two: attestation (docs/protocol.md, section 3).
 *
 * evidence -> worker -> signer -> store -> answer. Nothing is answered before it is durable, and
 * nothing is recorded about a host that its AK has not signed under a fresh nonce: anybody may send
 * evidence in a host's name. Nonce, verdict, logs and certificate are one transaction. */
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "log/log.h"
#include "msg/result_json.h"
#include "os/clock.h"
#include "outcome/finding.h"
#include "server/front.h"
#include "server/host_memory.h"
#include "server/routes.h"
#include "server/sign_message.h"
#include "server/work_message.h"
#include "verify/endorsement.h"

enum { SERIAL_PAD = STORE_SERIAL_LEN - CA_SERIAL_LEN };

struct attestation {
    struct exchange *exchange;
    struct arena arena; /* evidence may be larger than the request's own arena */
    struct evidence evidence;
    struct crypto_digest log_digests[LIMIT_EVIDENCE_LOGS]; /* of all bytes of the logs sent */
    bool logs_hashed;       /* and their covered bytes have the digests that the evidence names */
    bool keeps_certificate; /* the one that memory names still serves; none is signed */
    struct store_host host;
    struct host_memory memory;
    struct work_appraise_answer answer;
    enum verdict verdict;
    struct reasons *reasons;
    const char *policy_label; /* of the policies that judge */
    uint8_t policies_sha256[STORE_DIGEST_LEN];
    int64_t now_s, expires_s;
    struct span certificate; /* signed now; memory has its serial and end */
    unsigned signing;        /* answers still to come */
    bool sign_failed;
};

static void attestation_free(struct attestation *attestation)
{
    arena_done(&attestation->arena);
    free(attestation);
}

static void end_with_problem(struct attestation *attestation, enum problem problem)
{
    exchange_problem(attestation->exchange, problem, NULL);
    attestation_free(attestation);
}

static void end_with_error(struct attestation *attestation, const char *event,
                           const struct error *error)
{
    exchange_fail(attestation->exchange, event, error);
    attestation_free(attestation);
}

static bool copy(struct attestation *attestation, struct span *bytes, struct error *error)
{
    char *copied = arena_text(&attestation->arena, *bytes);

    if (!copied)
        return arena_error(&attestation->arena, error);
    *bytes = span_of(copied, bytes->len);
    return true;
}

/* --- The answer --- */

static char *reason_sentence(const struct reason *reason, struct arena *arena)
{
    char *text = arena_printf(arena, "%s", reason_title(reason->code));

    if (text && reason->rule)
        text = arena_printf(arena, "%s; rule %s", text, reason->rule);
    if (text && reason->message)
        text = arena_printf(arena, "%s: %s", text, reason->message);
    if (text && reason->pcr != REASON_NO_PCR)
        text = arena_printf(arena, "%s; PCR %d", text, reason->pcr);
    if (text && reason->event != REASON_NO_EVENT)
        text = arena_printf(arena, "%s; event %u", text, reason->event);
    if (text && reason->component)
        text = arena_printf(arena, "%s (%s)", text, reason->component);
    if (text && reason->expected)
        text = arena_printf(arena, "%s; expected %s", text, reason->expected);
    if (text && reason->found)
        text = arena_printf(arena, "%s; found %s", text, reason->found);
    return text;
}

static bool fill_reasons(struct attestation *attestation, struct attest_answer *answer,
                         struct error *error)
{
    struct arena *arena = &attestation->arena;
    const struct reasons *reasons = attestation->reasons;

    if (reasons->n_items == 0)
        return true;
    answer->reasons = arena_array(arena, reasons->n_items, sizeof *answer->reasons);
    if (!answer->reasons)
        return arena_error(arena, error);
    for (size_t i = 0; i < reasons->n_items; i++) {
        char *text = reason_sentence(&reasons->items[i], arena);

        if (!text)
            return arena_error(arena, error);
        if (strlen(text) > LIMIT_REASON_TEXT_LEN)
            text[LIMIT_REASON_TEXT_LEN] = '\0';
        answer->reasons[i].code = span_text(reason_code_text(reasons->items[i].code));
        answer->reasons[i].text = span_text(text_printable(arena, span_text(text)));
    }
    answer->n_reasons = reasons->n_items;
    return true;
}

static void fill_credentials(struct attestation *attestation, struct attest_answer *answer)
{
    const struct front *front = attestation->exchange->front;
    const struct host_memory *memory = &attestation->memory;

    if (!outcome_passes(attestation->verdict))
        return;
    if (attestation->certificate.len) {
        answer->certificates[answer->n_certificates++] = attestation->certificate;
        answer->certificates[answer->n_certificates++] = front->ca_der;
    }
    if (memory->approval.wanted && memory->approval_signature.len) {
        answer->approval.bank = memory->approval.bank;
        answer->approval.pcrs = memory->approval.pcrs;
        answer->approval.policy = span_of(memory->approval.policy, sizeof memory->approval.policy);
        answer->approval.signature = memory->approval_signature;
    }
}

static void end_with_verdict(struct attestation *attestation, const char *verdict_id)
{
    struct exchange *exchange = attestation->exchange;
    struct attest_answer answer = {
        .verdict = attestation->verdict,
        .ends_s = (uint64_t)attestation->expires_s,
        .send_logs = reasons_have(attestation->reasons, REASON_EVIDENCE_LOG_UNKNOWN),
        .verdict_id = span_text(verdict_id),
    };
    struct span body;
    struct error error;

    fill_credentials(attestation, &answer);
    if (!fill_reasons(attestation, &answer, &error) ||
        !front_challenge(exchange->front, attestation->evidence.host_id, &attestation->arena,
                         &answer.challenge, &error) ||
        !attest_answer_encode(&answer, &attestation->arena, &body, &error)) {
        end_with_error(attestation, "attest.answer", &error);
        return;
    }
    exchange_bytes(exchange, PROTOCOL_CONTENT_TYPE, body);
    attestation_free(attestation);
}

/* A verdict on what was sent that says nothing about the host: answered, not recorded. */
static void end_refused(struct attestation *attestation, enum reason_code code, const char *found)
{
    struct exchange *exchange = attestation->exchange;

    if (code != REASON_NONE) {
        attestation->reasons->n_items = 0;
        reason_add_plain(attestation->reasons, code, REASON_NO_PCR, NULL, found);
        attestation->verdict = VERDICT_UNTRUSTED;
    }
    if (outcome_passes(attestation->verdict))
        attestation->verdict = VERDICT_UNKNOWN; /* nothing passes on what proves nothing */
    exchange->front->counts.attest_refused++;
    log_warning("attest.refused", log_text(LOG_HOST, attestation->host.enrolled.name),
                log_text(LOG_VERDICT, verdict_name(attestation->verdict)),
                log_text(LOG_REASON, attestation->reasons->n_items
                                         ? reason_code_text(attestation->reasons->items[0].code)
                                         : ""),
                log_text(LOG_PEER, http_request_peer(exchange->request)));
    attestation->expires_s = attestation->now_s;
    end_with_verdict(attestation, "");
}

/* --- Recording --- */

static void put_logs(struct attestation *attestation, struct store_txn *txn)
{
    for (size_t i = 0; !attestation->answer.steady && i < attestation->evidence.n_logs; i++) {
        const struct evidence_log *log = &attestation->evidence.logs[i];

        if (!log->has_bytes && log->sha256.len == STORE_DIGEST_LEN)
            store_act_log_refer(txn, attestation->host.enrolled.id, (int)log->kind,
                                log->sha256.data);
    }
    for (size_t i = 0; i < attestation->evidence.n_logs; i++) {
        const struct evidence_log *log = &attestation->evidence.logs[i];

        if (log->has_bytes)
            store_act_log_put(txn, attestation->host.enrolled.id, (int)log->kind,
                              attestation->log_digests[i].bytes, log->bytes);
    }
}

/* The evidence as it is kept: a saved bundle whose logs stand in the store by their digests. */
static bool kept_evidence(struct attestation *attestation, struct span *bytes, struct error *error)
{
    struct evidence kept = attestation->evidence;

    for (size_t i = 0; i < kept.n_logs; i++) {
        kept.logs[i].bytes = (struct span){0};
        kept.logs[i].has_bytes = false;
    }
    kept.ak_public = attestation->host.enrolled.ak_public;
    kept.channel_binding = http_request_channel_binding(attestation->exchange->request);
    return evidence_encode(&kept, &attestation->arena, bytes, error);
}

static bool reasons_text(struct attestation *attestation, const struct reasons *reasons,
                         const char **text, struct error *error)
{
    json_t *array = result_json_reasons(reasons);
    char *dumped = array ? json_dumps(array, JSON_COMPACT) : NULL;

    json_decref(array);
    if (!dumped)
        return error_plain(error, ERROR_MEMORY, "no memory for the reasons");
    *text = arena_text(&attestation->arena, span_text(dumped));
    free(dumped);
    return *text || arena_error(&attestation->arena, error);
}

static void put_certificate(struct attestation *attestation, struct store_txn *txn)
{
    struct front *front = attestation->exchange->front;
    struct store_certificate certificate = {.issued_s = attestation->now_s,
                                            .expires_s = attestation->memory.certificate_ends_s};
    struct crypto_digest digest;

    if (attestation->certificate.len == 0)
        return;
    crypto_hash_span(front->crypto, TPM_ALG_SHA256, attestation->certificate, &digest);
    memcpy(certificate.serial + SERIAL_PAD, attestation->memory.certificate_serial.data,
           CA_SERIAL_LEN);
    memcpy(certificate.host_id, attestation->host.enrolled.id, sizeof certificate.host_id);
    memcpy(certificate.sha256, digest.bytes, sizeof certificate.sha256);
    store_act_certificate_put(txn, &certificate);
    front->counts.certificates++;
}

/* The memory was read before; only the writer knows whether somebody revoked it since. */
static void demand_certificate(struct attestation *attestation, struct store_txn *txn)
{
    uint8_t serial[STORE_SERIAL_LEN] = {0};

    if (!attestation->keeps_certificate)
        return;
    memcpy(serial + SERIAL_PAD, attestation->memory.certificate_serial.data, CA_SERIAL_LEN);
    store_act_certificate_demand(txn, attestation->host.enrolled.id, serial, attestation->now_s);
}

static void sign(struct attestation *attestation);

static void on_host_recorded(struct attestation *attestation, const struct store_outcome *outcome)
{
    struct front *front = attestation->exchange->front;

    front->counts.verdicts[attestation->verdict]++;
    front->crl.stale |= attestation->verdict == VERDICT_UNTRUSTED && outcome->n_changed > 0;
    log_info("host.attested", log_text(LOG_HOST, attestation->host.enrolled.name),
             log_text(LOG_VERDICT, verdict_name(attestation->verdict)),
             log_text("way", attestation->answer.steady ? "steady" : "full"));
    end_with_verdict(attestation, outcome->verdict_id);
}

static void on_recorded(void *context, const struct store_outcome *outcome)
{
    struct attestation *attestation = context;

    switch (outcome->result) {
    case STORE_OK:
        on_host_recorded(attestation, outcome);
        return;
    case STORE_REVOKED: /* nothing was recorded: once more, with a new certificate */
        attestation->memory.certificate_serial = (struct span){0};
        sign(attestation);
        return;
    case STORE_USED:
    case STORE_EXPIRED:
    case STORE_FOREIGN:
        end_refused(attestation, REASON_NONCE_UNKNOWN, store_result_name(outcome->result));
        return;
    case STORE_STALE: /* another attestation of the same host was faster */
        end_refused(attestation, REASON_CLOCK_TIME, NULL);
        return;
    case STORE_CONFLICT: /* revoked meanwhile */
        end_refused(attestation, REASON_HOST_REVOKED, NULL);
        return;
    default:
        log_failure(LOG_LEVEL_ERROR, "attest.store", &outcome->error);
        end_with_problem(attestation, PROBLEM_STORE_FAILED);
    }
}

/* What weighs against the host, each by the digest under which it is counted in the fleet. */
static bool fill_findings(struct attestation *attestation, struct store_attestation *record,
                          struct error *error)
{
    const struct reasons *reasons = attestation->reasons;
    uint8_t(*findings)[STORE_DIGEST_LEN] = arena_array(&attestation->arena, reasons->n_items + 1,
                                                       sizeof *findings);

    if (!findings)
        return arena_error(&attestation->arena, error);
    for (size_t i = 0; i < reasons->n_items; i++)
        if (reasons->items[i].weight > REASON_WEIGHT_NOTE)
            outcome_finding(attestation->exchange->front->crypto, &reasons->items[i],
                            findings[record->n_findings++]);
    record->findings = (const uint8_t(*)[STORE_DIGEST_LEN])findings;
    return true;
}

/* What only a full appraisal tells. */
static bool fill_details(struct attestation *attestation, struct store_attestation *record,
                         struct error *error)
{
    const struct work_appraise_answer *answer = &attestation->answer;

    record->keep_details = answer->steady;
    if (answer->steady)
        return true;
    record->claims = answer->claims;
    record->class_name = arena_text(&attestation->arena, answer->class_name);
    record->good = outcome_passes(attestation->verdict);
    record->observed_verdict = answer->observed_verdict;
    record->observed_reasons = "";
    if (!record->class_name)
        return arena_error(&attestation->arena, error);
    return fill_findings(attestation, record, error) &&
           (!answer->observed ||
            reasons_text(attestation, answer->observed, &record->observed_reasons, error));
}

static bool fill_record(struct attestation *attestation, struct store_attestation *record,
                        struct error *error)
{
    struct front *front = attestation->exchange->front;
    const struct work_appraise_answer *answer = &attestation->answer;
    struct crypto_digest digest;
    struct error ignored;

    memcpy(record->host_id, attestation->host.enrolled.id, sizeof record->host_id);
    record->now_s = attestation->now_s;
    record->expires_s = attestation->expires_s;
    record->verdict = attestation->verdict;
    record->policy = attestation->policy_label;
    memcpy(record->boot_sha256, answer->boot_sha256.data, sizeof record->boot_sha256);
    if (answer->quote_verified)
        record->counters = (struct store_counters){
            .known = answer->history.known,
            .reset_count = answer->history.reset_count,
            .restart_count = answer->history.restart_count,
            .clock_ms = answer->history.clock_ms,
            .firmware_version = answer->history.firmware_version,
        };
    /* One with names that no enrolment may have is not worth keeping; the evidence is kept anyway. */
    if (answer->steady ||
        !inventory_encode(attestation->evidence.inventory, attestation->evidence.n_inventory,
                          &attestation->arena, &record->inventory, &ignored))
        record->inventory = span_of(NULL, 0);
    if (!fill_details(attestation, record, error) ||
        !reasons_text(attestation, attestation->reasons, &record->reasons, error) ||
        !kept_evidence(attestation, &record->evidence, error) ||
        !host_memory_encode(&attestation->memory, &attestation->arena, &record->memory, error))
        return false;
    crypto_hash_span(front->crypto, TPM_ALG_SHA256, span_text(record->reasons), &digest);
    memcpy(record->reasons_sha256, digest.bytes, sizeof record->reasons_sha256);
    return true;
}

static void record(struct attestation *attestation)
{
    struct front *front = attestation->exchange->front;
    struct store_attestation entry = {0};
    struct store_txn *txn;
    struct error error;

    if (!fill_record(attestation, &entry, &error)) {
        end_with_error(attestation, "attest.record", &error);
        return;
    }
    txn = store_begin(front->store);
    store_act_nonce_use(txn, attestation->host.enrolled.id, attestation->evidence.nonce,
                        attestation->now_s);
    put_logs(attestation, txn);
    store_act_attest(txn, &entry);
    demand_certificate(attestation, txn);
    put_certificate(attestation, txn);
    /* What an earlier, better verdict earned ends with it; a verdict of unknown only runs out. */
    if (attestation->verdict == VERDICT_UNTRUSTED)
        store_act_certificates_revoke(txn, attestation->host.enrolled.id, STORE_PRIVILEGE_WITHDRAWN,
                                      attestation->now_s);
    store_commit(&txn, on_recorded, attestation);
}

/* --- Signing --- */

static void signed_one(struct attestation *attestation)
{
    if (--attestation->signing > 0)
        return;
    if (attestation->sign_failed)
        end_with_problem(attestation, PROBLEM_SIGNER_FAILED);
    else
        record(attestation);
}

static bool take_signed(struct attestation *attestation, enum call_result result, struct span frame,
                        struct sign_answer *answer)
{
    struct error error;

    if (result != CALL_ANSWERED || !copy(attestation, &frame, &error) ||
        !sign_answer_decode(frame, answer, &error) || !answer->done)
        attestation->sign_failed = true;
    return !attestation->sign_failed;
}

static void on_certificate(void *context, enum call_result result, struct span frame)
{
    struct attestation *attestation = context;
    struct sign_answer answer;

    if (take_signed(attestation, result, frame, &answer) && answer.serial.len == CA_SERIAL_LEN) {
        attestation->certificate = answer.der;
        attestation->memory.certificate_serial = answer.serial;
        attestation->memory.certificate_ends_s = answer.not_after_s;
    }
    signed_one(attestation);
}

static void on_approval(void *context, enum call_result result, struct span frame)
{
    struct attestation *attestation = context;
    struct sign_answer answer;

    if (take_signed(attestation, result, frame, &answer)) {
        attestation->memory.approval_signature = answer.der;
        attestation->exchange->front->counts.approvals++;
    }
    signed_one(attestation);
}

static bool ask_signer(struct attestation *attestation, const struct sign_request *request,
                       call_done_fn *done)
{
    struct span frame;
    struct error error;

    if (!sign_request_encode(request, &attestation->arena, &frame, &error)) {
        attestation->sign_failed = true;
        return false;
    }
    attestation->signing++;
    calls_sign(attestation->exchange->front->calls, frame, done, attestation);
    return true;
}

/* The same digest was signed before: the signature is good for as long as the key. */
static bool approval_known(const struct host_memory *memory,
                           const struct outcome_approval *approval)
{
    return memory->approval.wanted && memory->approval_signature.len > 0 &&
           memory->approval.bank == approval->bank && memory->approval.pcrs == approval->pcrs &&
           memcmp(memory->approval.policy, approval->policy, sizeof approval->policy) == 0;
}

/* True when the host has a certificate for its identity key that will do: it need not be signed,
 * stored, sent and later revoked again. A host that proves its identity key asks for one. The
 * certificate ends with a verdict that vouched for it, and this verdict ends no sooner; with half
 * a verdict's life left, the host comes again before its end. */
static bool certificate_serves(const struct attestation *attestation)
{
    const struct host_memory *memory = &attestation->memory;
    int64_t verdict_life_s = attestation->expires_s - attestation->now_s;

    return outcome_passes((enum verdict)attestation->host.verdict) &&
           attestation->answer.identity_spki.len == 0 &&
           memory->certificate_serial.len == CA_SERIAL_LEN &&
           memory->certificate_ends_s <= attestation->expires_s &&
           memory->certificate_ends_s - attestation->now_s >= (verdict_life_s + 1) / 2;
}

static void sign(struct attestation *attestation)
{
    const struct outcome_approval *approval = &attestation->answer.approval;
    struct span host_id = span_of(attestation->host.enrolled.id, STORE_HOST_ID_LEN);
    struct sign_request certificate = {.kind = SIGN_IDENTITY,
                                       .host_id = host_id,
                                       .name = span_text(attestation->host.enrolled.name),
                                       .spki = attestation->memory.identity_spki,
                                       .not_after_s = attestation->expires_s};
    struct sign_request approve = {.kind = SIGN_APPROVAL,
                                   .host_id = host_id,
                                   .policy = span_of(approval->policy, sizeof approval->policy)};

    attestation->signing = 1; /* ours, until both are asked */
    attestation->keeps_certificate = certificate_serves(attestation);
    if (attestation->memory.identity_spki.len && !attestation->keeps_certificate)
        ask_signer(attestation, &certificate, on_certificate);
    if (approval->wanted && !approval_known(&attestation->memory, approval)) {
        attestation->memory.approval = *approval;
        ask_signer(attestation, &approve, on_approval);
    }
    signed_one(attestation);
}

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
    return copy(attestation, &memory->policy_sha256, error);
}

static void judge(struct attestation *attestation)
{
    struct error error;

    attestation->verdict = attestation->answer.verdict;
    attestation->reasons = attestation->answer.reasons;
    if (!attestation->answer.attributed ||
        reasons_have(attestation->reasons, REASON_EVIDENCE_LOG_UNKNOWN)) {
        end_refused(attestation, REASON_NONE, NULL);
        return;
    }
    if (!remember(attestation, &error)) {
        end_with_error(attestation, "attest.memory", &error);
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
        sign(attestation);
    else
        record(attestation);
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
    if (frame.len == 0 || !copy(attestation, &frame, &error) ||
        !work_appraise_answer_decode(frame, &attestation->arena, &attestation->answer, &error)) {
        end_with_problem(attestation, PROBLEM_WORKER_FAILED);
        return;
    }
    if (attestation->answer.applies && !attestation->answer.needs_sources)
        judge(attestation);
    else if (!ask_worker(attestation,
                         attestation->answer.needs_sources ? ASK_WITH_SOURCES : ASK_FULL, &error))
        end_with_error(attestation, "attest.work", &error);
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

/* The policies that hold now. A verdict ends at the latest when others may hold. */
static bool choose_policies(struct attestation *attestation, const struct policy_set **set,
                            struct error *error)
{
    int64_t changes_s;

    if (!bindings_for_host(attestation->exchange->front->bindings, attestation->host.enrolled.name,
                           attestation->now_s, set, &changes_s, error))
        return false;
    if (changes_s && changes_s < attestation->expires_s)
        attestation->expires_s = changes_s;
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
    };
    const struct policy_set *set;
    struct span frame;

    if (!choose_policies(attestation, &set, error))
        return false;
    if (attestation->host.enrolled.endorsement == ENDORSEMENT_CHAIN)
        work.tpm_manufacturer = span_text(attestation->host.enrolled.manufacturer);
    front_identity_policy(front, attestation->evidence.host_id, policy_ref, identity_policy);
    if (span_equal(attestation->memory.policy_sha256, span_of(set->sha256, sizeof set->sha256)))
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
        end_with_error(attestation, "attest.host", &error);
        return false;
    }
    if (!found) {
        end_with_problem(attestation, PROBLEM_HOST_UNKNOWN);
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
        end_with_problem(attestation, PROBLEM_STORE_FAILED);
    else
        end_refused(attestation, REASON_NONCE_UNKNOWN, store_result_name(result));
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
        end_with_problem(attestation, PROBLEM_INTERNAL);
        return;
    }
    if (!decode(attestation) || !find_host(attestation))
        return;
    if (attestation->host.enrolled.state == STORE_HOST_REVOKED) {
        end_refused(attestation, REASON_HOST_REVOKED, NULL);
        return;
    }
    if (!check_nonce(attestation))
        return;
    hash_logs(attestation);
    if (!ask_worker(attestation, any_log_sent(&attestation->evidence) ? ASK_FULL : ASK_STEADY,
                    &error))
        end_with_error(attestation, "attest.work", &error);
}
