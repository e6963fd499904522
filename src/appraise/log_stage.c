/* The logs: are they those the quote is bound to, and do they reproduce the signed PCRs?
 *
 * Owns nothing. Trusts nothing but the verified quote. Never compares with unsigned PCR values, and
 * never calls the logs proven by their digests alone: those only say that nobody changed the logs
 * after the host named them; the PCRs say whether the host told the truth. */
#include "appraise/stages.h"

#include <stdio.h>

#include "base/text.h"
#include "verify/ima.h"
#include "wire/cbor.h"

enum {
    PCR_IMA = 10,
    PCRS_EVERY_BOOT = 0x000000FF, /* PFP 1.06, 3.3.2.2: a separator in each of 0-7 */
    PCRS_FROM_ONES = 0x007E0000,  /* 17-22 stand at all ones until a DRTM starts */
};

static const char *log_name(enum evidence_log_kind kind)
{
    switch (kind) {
    case EVIDENCE_LOG_TCG:
        return "TCG event log";
    case EVIDENCE_LOG_IMA:
        return "IMA list";
    case EVIDENCE_LOG_DRTM:
        return "DRTM log";
    case EVIDENCE_LOG_NONE:
        break;
    }
    return "log";
}

/* The bytes of a log that was sent, or that the caller holds under the same digest. */
static bool find_bytes(struct appraise_work *work, const struct evidence_log *log,
                       struct span *bytes)
{
    const struct appraise_input *input = work->input;

    if (log->has_bytes) {
        struct span covered = span_of(log->bytes.data, (size_t)log->covered_len);
        struct crypto_digest digest;

        crypto_hash_span(work->crypto, TPM_ALG_SHA256, covered, &digest);
        if (!span_equal(crypto_digest_span(&digest), log->sha256)) {
            stage_find(work, REASON_EVIDENCE_BINDING_MISMATCH, log_name(log->kind),
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
    stage_find(work, REASON_EVIDENCE_LOG_UNKNOWN, log_name(log->kind), NULL, NULL);
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
        } else if (log->kind == EVIDENCE_LOG_IMA) {
            work->has_ima_list = true;
            work->ima_list = bytes;
            work->ima_proven = span_of(bytes.data, (size_t)log->covered_len);
        }
    }
    return true;
}

/* A copy of the replayed PCRs that the rest fills in: PCR 10 by IMA, 17-22 by their start value. */
struct pcr_values {
    uint8_t values[LIMIT_PCRS][LIMIT_TPM_DIGEST_LEN];
};

static struct pcr_values start_values(const struct replay_bank *bank)
{
    struct pcr_values pcrs;

    memcpy(pcrs.values, bank->pcrs, sizeof pcrs.values);
    for (unsigned i = 0; i < LIMIT_PCRS; i++)
        if (PCRS_FROM_ONES >> i & 1 && !(bank->extended >> i & 1))
            memset(pcrs.values[i], 0xFF, bank->digest_len);
    return pcrs;
}

static bool pcrs_are_quoted(struct appraise_work *work, const struct pcr_values *pcrs)
{
    return quote_digest_is(work->crypto, &work->appraisal->quote, work->signing_hash, pcrs->values);
}

struct prefix_search {
    struct appraise_work *work;
    struct pcr_values *pcrs;
    size_t digest_len;
};

static bool prefix_is_quoted(void *context, uint32_t n_entries, const uint8_t *pcr)
{
    struct prefix_search *search = context;

    (void)n_entries;
    memcpy(search->pcrs->values[PCR_IMA], pcr, search->digest_len);
    return pcrs_are_quoted(search->work, search->pcrs);
}

/* One try: the covered part at once, then entry by entry through what came after it. */
static bool try_ima(struct appraise_work *work, struct pcr_values *pcrs, bool padded, bool *matches,
                    struct ima_replay *replay, struct error *error)
{
    uint16_t bank = work->appraisal->evidence.bank;
    struct span covered = work->ima_proven;
    struct span tail = span_of(work->ima_list.data + covered.len, work->ima_list.len - covered.len);
    struct prefix_search search = {.work = work, .pcrs = pcrs, .digest_len = tpm_digest_len(bank)};
    bool found = false;

    *matches = false;
    if (!ima_replay_list(work->crypto, covered, bank, padded, NULL, NULL, &found, replay, error))
        return false;
    memcpy(pcrs->values[PCR_IMA], replay->pcr, search.digest_len);
    *matches = pcrs_are_quoted(work, pcrs);
    if (*matches || tail.len == 0)
        return true;
    return ima_replay_list(work->crypto, tail, bank, padded, prefix_is_quoted, &search, matches,
                           replay, error);
}

static bool report_ima(struct appraise_work *work, const struct ima_replay *replay)
{
    const char *found;

    if (replay->padded)
        stage_find(work, REASON_IMA_PADDED_BANK, NULL, NULL, NULL);
    if (replay->n_bad_template_hashes) {
        found = arena_printf(work->arena, "%u entries, the first is entry %u",
                             replay->n_bad_template_hashes, replay->first_bad_template_hash);
        if (!found)
            return arena_error(work->arena, work->error);
        stage_find(work, REASON_IMA_TEMPLATE_HASH, NULL, "none", found);
    }
    return true;
}

/* Which part of the IMA list do the signed PCRs cover, if any? Kernels before 5.8 and banks whose
 * hash the kernel lacks at start get padded SHA-1 digests; both forms are tried. */
static bool match_ima(struct appraise_work *work, struct pcr_values *pcrs, bool *matches)
{
    const struct pcr_values start = *pcrs;
    struct error error;

    *matches = false;
    for (int padded = 0; padded <= 1 && !*matches; padded++) {
        struct ima_replay replay = {0};

        *pcrs = start;
        if (!try_ima(work, pcrs, padded != 0, matches, &replay, &error)) {
            *pcrs = start;
            return stage_find_error(work, REASON_IMA_MALFORMED, NULL, &error);
        }
        if (*matches && !report_ima(work, &replay))
            return false;
    }
    work->ima_attested = *matches;
    return true;
}

/* "0-9, 14": the PCRs of a bitmap. */
static const char *print_pcrs(struct arena *arena, uint32_t pcrs)
{
    char text[128] = "none";
    size_t len = 0;

    for (unsigned i = 0; i < LIMIT_PCRS; i++) {
        unsigned last = i;

        if (!(pcrs >> i & 1))
            continue;
        while (last + 1 < LIMIT_PCRS && pcrs >> (last + 1) & 1)
            last++;
        len += (size_t)snprintf(text + len, sizeof text - len, last > i ? "%s%u-%u" : "%s%u",
                                len ? ", " : "", i, last);
        i = last;
    }
    return arena_text(arena, span_text(text));
}

static bool report_mismatch(struct appraise_work *work)
{
    const struct replay_bank *bank = &work->appraisal->log.replay;
    const char *expected = text_hex(work->arena, work->appraisal->quote.quote.pcr_digest);
    const char *extended = print_pcrs(work->arena, bank->extended & work->pcrs);
    const char *silent = print_pcrs(work->arena, work->pcrs & ~bank->extended);
    const char *message;

    if (!expected || !extended || !silent)
        return arena_error(work->arena, work->error);
    message = arena_printf(work->arena, "the event log extends PCR %s; of PCR %s it says nothing%s",
                           extended, silent,
                           work->has_ima_list ? "; no prefix of the IMA list makes it match either"
                                              : "; the host sent no IMA list");
    if (!message)
        return arena_error(work->arena, work->error);
    reason_add(&work->appraisal->reasons,
               (struct reason){.code = REASON_QUOTE_PCR_DIGEST,
                               .pcr = REASON_NO_PCR,
                               .event = REASON_NO_EVENT,
                               .expected = expected,
                               .found = "the logs replay to another digest",
                               .message = message});
    return true;
}

/* Every boot extends PCR 0-7; a bank in which that did not happen can be filled by anybody
 * (CVE-2021-42299). Seen from the log that carries the bank, and from a quote over start values. */
static bool check_extended(struct appraise_work *work)
{
    const struct replay_bank *bank = &work->appraisal->log.replay;
    uint32_t missing = PCRS_EVERY_BOOT & work->pcrs & ~bank->extended;

    for (int i = 0; i < 8; i++)
        if (missing >> i & 1)
            reason_add_plain(&work->appraisal->reasons, REASON_PCR_NEVER_EXTENDED, i,
                             "at least one event", "none in the quoted bank");
    if (bank->incomplete & work->pcrs)
        reason_add(&work->appraisal->reasons, (struct reason){.code = REASON_EVENTLOG_BANK_MISSING,
                                                              .pcr = REASON_NO_PCR,
                                                              .event = bank->first_incomplete_event,
                                                              .expected = tpm_alg_name(bank->alg),
                                                              .found = "no digest"});
    return true;
}

static void check_start_values(struct appraise_work *work)
{
    size_t digest_len = tpm_digest_len(work->appraisal->evidence.bank);
    const struct replay_bank untouched = {.digest_len = digest_len};
    struct pcr_values zeros, ones;

    if (!work->appraisal->quote_verified || digest_len == 0)
        return;
    zeros = start_values(&untouched);
    memset(ones.values, 0xFF, sizeof ones.values);
    if (pcrs_are_quoted(work, &zeros) || pcrs_are_quoted(work, &ones))
        stage_find(work, REASON_PCR_NEVER_EXTENDED, NULL, "measurements",
                   "every quoted PCR stands at its start value");
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
    struct pcr_values pcrs;
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
    if (!check_extended(work))
        return false;
    if (!appraisal->quote_verified)
        return true;
    pcrs = start_values(&appraisal->log.replay);
    if (work->has_ima_list && work->pcrs >> PCR_IMA & 1) {
        if (!match_ima(work, &pcrs, &matches))
            return false;
    } else {
        matches = pcrs_are_quoted(work, &pcrs);
    }
    if (matches) {
        appraisal->logs_match = work->logs_complete;
        return true;
    }
    check_start_values(work);
    return report_mismatch(work);
}

bool stage_memory_digests(struct appraise_work *work, uint8_t logs_digest[32],
                          uint8_t inventory_digest[32])
{
    const struct evidence *evidence = &work->appraisal->evidence;
    struct cbor_writer writer = cbor_writer_init(work->arena);
    struct crypto_digest digest;
    struct span bytes;

    cbor_write_array(&writer, evidence->n_logs);
    for (size_t i = 0; i < evidence->n_logs; i++) {
        cbor_write_uint(&writer, evidence->logs[i].kind);
        cbor_write_uint(&writer, evidence->logs[i].covered_len);
        cbor_write_bytes(&writer, evidence->logs[i].sha256);
    }
    if (!cbor_writer_done(&writer, &bytes, work->error))
        return false;
    crypto_hash_span(work->crypto, TPM_ALG_SHA256, bytes, &digest);
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
