/* Attestation, fourth stage: what is kept of it, all or nothing. */
#include <stdlib.h>

#include "log/log.h"
#include "msg/result_json.h"
#include "outcome/finding.h"
#include "server/attestation.h"

enum { SERIAL_PAD = STORE_SERIAL_LEN - CA_SERIAL_LEN };

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

static void on_host_recorded(struct attestation *attestation, const struct store_outcome *outcome)
{
    struct front *front = attestation->exchange->front;

    front->counts.verdicts[attestation->verdict]++;
    front->crl.stale |= attestation->verdict == VERDICT_UNTRUSTED && outcome->n_changed > 0;
    log_info("host.attested", log_text(LOG_HOST, attestation->host.enrolled.name),
             log_text(LOG_VERDICT, verdict_name(attestation->verdict)),
             log_text("way", attestation->answer.steady ? "steady" : "full"));
    attestation_answer(attestation, outcome->verdict_id);
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
        attestation_sign(attestation);
        return;
    case STORE_USED:
    case STORE_EXPIRED:
    case STORE_FOREIGN:
        attestation_refuse(attestation, REASON_NONCE_UNKNOWN, store_result_name(outcome->result));
        return;
    case STORE_STALE: /* another attestation of the same host was faster */
        attestation_refuse(attestation, REASON_CLOCK_TIME, NULL);
        return;
    case STORE_CONFLICT: /* revoked meanwhile */
        attestation_refuse(attestation, REASON_HOST_REVOKED, NULL);
        return;
    default:
        log_failure(LOG_LEVEL_ERROR, "attest.store", &outcome->error);
        attestation_end(attestation, PROBLEM_STORE_FAILED);
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
    if (answer->steady)
        record->reasons = attestation->host.reasons;
    if (!fill_details(attestation, record, error) ||
        (!answer->steady &&
         !reasons_text(attestation, attestation->reasons, &record->reasons, error)) ||
        !kept_evidence(attestation, &record->evidence, error) ||
        !host_memory_encode(&attestation->memory, &attestation->arena, &record->memory, error))
        return false;
    crypto_hash_span(front->crypto, TPM_ALG_SHA256, span_text(record->reasons), &digest);
    memcpy(record->reasons_sha256, digest.bytes, sizeof record->reasons_sha256);
    return true;
}

void attestation_record(struct attestation *attestation)
{
    struct front *front = attestation->exchange->front;
    struct store_attestation entry = {0};
    struct store_txn *txn;
    struct error error;

    if (!fill_record(attestation, &entry, &error)) {
        attestation_fail(attestation, "attest.record", &error);
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
