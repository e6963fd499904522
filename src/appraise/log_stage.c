/* The logs: are they those the quote is bound to, and do they reproduce the signed PCRs?
 *
 * Owns nothing. Trusts nothing but the verified quote. Never compares with unsigned PCR values, and
 * never calls the logs proven by their digests alone: those only say that nobody changed the logs
 * after the host named them; the PCRs say whether the host told the truth. */
#include "appraise/stages.h"

#include "verify/quoted_logs.h"
#include "verify/systemd_measurements.h"
#include "wire/cbor.h"
#include "wire/event_type.h"

enum {
    PCR_IMA = 10,
    PCRS_EVERY_BOOT = 0x000000FF, /* PFP 1.06, 3.3.2.2: a separator in each of 0-7 */
};

static bool has_named_digest(struct appraise_work *work, const struct evidence_log *log)
{
    struct span covered = span_of(log->bytes.data, (size_t)log->covered_len);
    struct crypto_digest digest;

    if (work->input->logs_hashed)
        return true;
    crypto_hash_span(work->crypto, TPM_ALG_SHA256, covered, &digest);
    return span_equal(crypto_digest_span(&digest), log->sha256);
}

/* The bytes of a log that was sent, or that the caller holds under the same digest. */
static bool find_bytes(struct appraise_work *work, const struct evidence_log *log,
                       struct span *bytes)
{
    const struct appraise_input *input = work->input;

    if (log->has_bytes) {
        if (!has_named_digest(work, log)) {
            stage_find(work, REASON_EVIDENCE_BINDING_MISMATCH, evidence_log_kind_name(log->kind),
                       "a log with the digest named in the evidence", "another digest");
            return false;
        }
        *bytes = log->bytes;
        return true;
    }
    for (size_t i = 0; i < input->n_known_logs; i++) {
        if (span_equal(input->known_logs[i].sha256, log->sha256) &&
            input->known_logs[i].bytes.len == log->covered_len) {
            *bytes = input->known_logs[i].bytes;
            return true;
        }
    }
    stage_find(work, REASON_EVIDENCE_LOG_UNKNOWN, evidence_log_kind_name(log->kind), NULL, NULL);
    return false;
}

bool stage_log_digests(struct appraise_work *work)
{
    const struct evidence *evidence = &work->appraisal->evidence;

    work->logs_complete = true;
    for (size_t i = 0; i < evidence->n_logs; i++) {
        const struct evidence_log *log = &evidence->logs[i];
        struct span bytes;

        if (!find_bytes(work, log, &bytes)) {
            work->logs_complete = false;
            continue;
        }
        if (log->kind == EVIDENCE_LOG_TCG) {
            work->has_tcg_log = true;
            work->tcg_log = bytes;
        } else if (log->kind == EVIDENCE_LOG_DRTM) {
            work->drtm_log = bytes;
        } else if (log->kind == EVIDENCE_LOG_SMBIOS) {
            work->smbios = bytes;
        } else if (log->kind == EVIDENCE_LOG_SYSTEMD) {
            work->systemd_log = bytes;
        } else if (log->kind == EVIDENCE_LOG_IMA) {
            work->has_ima_list = true;
            work->ima_list = bytes;
            work->ima_covered_len = (size_t)log->covered_len;
        } else if (log->kind == EVIDENCE_LOG_MOK) {
            work->mok_list = bytes;
        }
    }
    return true;
}

/* Compares the logs with the signed PCRs; the proven part of the IMA list is what claims may use. */
static bool compare_logs(struct appraise_work *work, bool *matches)
{
    struct appraisal *appraisal = work->appraisal;
    const struct quoted_logs logs = {
        .log = &appraisal->log,
        .ima = work->has_ima_list ? work->ima_list : span_of(NULL, 0),
        .ima_before_len = work->ima_covered_len,
        .pcr_values = appraisal->evidence.pcr_values,
    };
    struct quoted_logs_result result;
    const char *found;

    *matches = quoted_logs_check(work->crypto, &appraisal->quote, work->signing_hash, &logs,
                                 work->arena, &result, &appraisal->reasons);
    work->phases = result.phases;
    work->unexplained_pcrs = result.unexplained_pcrs;
    work->ones_pcrs = result.ones_pcrs;
    work->zero_pcrs = result.zero_pcrs;
    if (*matches && result.unexplained_pcrs)
        reason_add_plain(&appraisal->reasons, REASON_PCR_UNEXPLAINED,
                         __builtin_ctz(result.unexplained_pcrs), "a log that leads to the value",
                         "none");
    if (!*matches || !work->has_ima_list || !(work->pcrs >> PCR_IMA & 1))
        return true;
    work->ima_proven = span_of(work->ima_list.data, result.ima_len);
    work->ima_attested = true;
    if (!result.n_bad_template_hashes)
        return true;
    found = arena_printf(work->arena, "%u entries, the first is entry %u",
                         result.n_bad_template_hashes, result.first_bad_template_hash);
    if (!found)
        return arena_error(work->arena, work->error);
    stage_find(work, REASON_IMA_TEMPLATE_HASH, NULL, "none", found);
    return true;
}

/* Every boot extends PCR 0-7; a bank in which that did not happen can be filled by anybody
 * (CVE-2021-42299). Seen from the log that carries the bank, and from a quote over start values. */
static void check_extended(struct appraise_work *work)
{
    const struct replay_bank *bank = &work->appraisal->log.replay;
    uint32_t missing = PCRS_EVERY_BOOT & work->pcrs & ~bank->extended;

    for (int i = 0; i < 8; i++)
        if (missing >> i & 1)
            reason_add_plain(&work->appraisal->reasons, REASON_PCR_NEVER_EXTENDED, i,
                             "at least one event", "none in the quoted bank");
}

static bool quotes_values(struct appraise_work *work, uint8_t value, uint8_t launch_value)
{
    uint8_t values[LIMIT_PCRS][LIMIT_TPM_DIGEST_LEN];

    memset(values, value, sizeof values);
    for (size_t pcr = 0; pcr < LIMIT_PCRS; pcr++)
        if (EVENT_PCRS_DRTM & EVENT_PCR(pcr))
            memset(values[pcr], launch_value, sizeof values[pcr]);
    return quote_digest_is(work->crypto, &work->appraisal->quote, work->signing_hash,
                           (const uint8_t(*)[LIMIT_TPM_DIGEST_LEN])values);
}

/* A reset sets PCR 17-22 to ones and the others to zeros (PTP 1.06, 4.6.2); virtual TPMs may do
 * otherwise. */
static void check_start_values(struct appraise_work *work)
{
    const struct appraisal *appraisal = work->appraisal;

    if (!appraisal->quote_verified || tpm_digest_len(appraisal->evidence.bank) == 0)
        return;
    if (quotes_values(work, 0x00, 0xFF) || quotes_values(work, 0x00, 0x00) ||
        quotes_values(work, 0xFF, 0xFF))
        stage_find(work, REASON_PCR_NEVER_EXTENDED, NULL, "measurements",
                   "every quoted PCR stands at its start value");
}

/* A further log continues the TCG log. One that cannot be read leaves that as it was, and the PCRs
 * that it would have explained unexplained. */
static bool find_unreadable(struct appraise_work *work, enum evidence_log_kind kind,
                            const struct error *error)
{
    return stage_find_error(work,
                            error->code == ERROR_UNSUPPORTED ? REASON_EVENTLOG_BANK_MISSING
                                                             : REASON_EVENTLOG_MALFORMED,
                            evidence_log_kind_name(kind), error);
}

static bool append_launch(struct appraise_work *work)
{
    const struct measured_addition launch = {
        .kind = EVIDENCE_LOG_DRTM, .pcrs = EVENT_PCRS_DRTM, .log = work->drtm_log};
    struct error error;

    return !launch.log.len ||
           measured_log_append(work->crypto, &launch, work->arena, &work->appraisal->log, &error) ||
           find_unreadable(work, launch.kind, &error);
}

/* Last: user space runs when all else has been measured. */
static bool append_systemd(struct appraise_work *work)
{
    struct error error;

    return !work->systemd_log.len ||
           systemd_measurements_append(work->crypto, work->systemd_log, work->arena,
                                       &work->appraisal->log, &error) ||
           find_unreadable(work, EVIDENCE_LOG_SYSTEMD, &error);
}

static bool read_log(struct appraise_work *work, bool *readable)
{
    struct appraisal *appraisal = work->appraisal;
    struct error error;

    *readable = false;
    if (tpm_digest_len(appraisal->evidence.bank) == 0)
        return true; /* no bank that could be replayed: said already */
    if (!measured_log_read(work->crypto, work->tcg_log, appraisal->evidence.bank, work->arena,
                           &appraisal->log, &error))
        return stage_find_error(work,
                                error.code == ERROR_UNSUPPORTED ? REASON_EVENTLOG_BANK_MISSING
                                                                : REASON_EVENTLOG_MALFORMED,
                                "TCG event log", &error);
    if (appraisal->log.measurement_registers) {
        stage_find(work, REASON_EVENTLOG_MALFORMED, "TCG event log", "PCRs",
                   "measurement registers of a confidential virtual machine");
        appraisal->log.n_events = 0;
        return true;
    }
    *readable = true;
    return true;
}

bool stage_logs(struct appraise_work *work)
{
    struct appraisal *appraisal = work->appraisal;
    bool readable, matches;

    if (!evidence_find_log(&appraisal->evidence, EVIDENCE_LOG_TCG))
        stage_find(work, REASON_EVENTLOG_MISSING, NULL, NULL, NULL);
    if (!work->has_tcg_log) {
        check_start_values(work);
        return true;
    }
    if (!read_log(work, &readable))
        return false;
    if (!readable)
        return true;
    if (!append_launch(work) || !append_systemd(work))
        return false;
    check_extended(work);
    if (!appraisal->quote_verified)
        return true;
    if (!compare_logs(work, &matches))
        return false;
    if (matches)
        appraisal->logs_match = work->logs_complete;
    else
        check_start_values(work);
    return true;
}

bool stage_memory_digests(struct appraise_work *work, uint8_t logs_digest[32],
                          uint8_t inventory_digest[32])
{
    const struct evidence *evidence = &work->appraisal->evidence;
    const struct ima_certificates *certificates = work->input->ima_certificates;
    struct cbor_writer writer = cbor_writer_init(work->arena);
    struct crypto_digest digest;
    struct span bytes;

    cbor_write_array(&writer, evidence->n_logs);
    for (size_t i = 0; i < evidence->n_logs; i++) {
        cbor_write_uint(&writer, evidence->logs[i].kind);
        cbor_write_uint(&writer, evidence->logs[i].covered_len);
        cbor_write_bytes(&writer, evidence->logs[i].sha256);
    }
    if (work->input->revocations_sha256.len)
        cbor_write_bytes(&writer, work->input->revocations_sha256);
    if (work->input->catalog_sha256.len) {
        cbor_write_text(&writer, span_text("catalog"));
        cbor_write_bytes(&writer, work->input->catalog_sha256);
    }
    cbor_write_array(&writer, ENDORSED_TEXTS);
    for (int i = 0; i < ENDORSED_TEXTS; i++)
        cbor_write_bytes(&writer, work->input->endorsed.texts[i]);
    if (!cbor_writer_done(&writer, &bytes, work->error))
        return false;
    /* What the IMA list is worth depends on whose signatures count. */
    crypto_hash(work->crypto, TPM_ALG_SHA256,
                (struct span[]){bytes, certificates ? ima_certificates_digest(certificates)
                                                    : span_of(NULL, 0)},
                2, &digest);
    memcpy(logs_digest, digest.bytes, 32);

    writer = cbor_writer_init(work->arena);
    cbor_write_map(&writer, evidence->n_inventory);
    for (size_t i = 0; i < evidence->n_inventory; i++) {
        cbor_write_text(&writer, evidence->inventory[i].name);
        cbor_write_text(&writer, evidence->inventory[i].value);
    }
    if (!cbor_writer_done(&writer, &bytes, work->error))
        return false;
    crypto_hash_span(work->crypto, TPM_ALG_SHA256, bytes, &digest);
    memcpy(inventory_digest, digest.bytes, 32);
    return true;
}
