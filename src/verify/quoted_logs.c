#include "verify/quoted_logs.h"

enum { IMA_PCR = 10, DRTM_FIRST_PCR = 17, DRTM_LAST_PCR = 22 };

/* What the prefix search compares after each IMA entry. */
struct search {
    struct crypto *crypto;
    const struct tpm_attest *attest;
    uint16_t signing_hash;
    size_t digest_len;
    uint8_t pcrs[LIMIT_PCRS][LIMIT_TPM_DIGEST_LEN];
};

static bool matches(void *context, uint32_t n_entries, const uint8_t *pcr)
{
    struct search *search = context;

    (void)n_entries;
    memcpy(search->pcrs[IMA_PCR], pcr, search->digest_len);
    return quote_digest_is(search->crypto, search->attest, search->signing_hash,
                           (const uint8_t(*)[LIMIT_TPM_DIGEST_LEN])search->pcrs);
}

static void start_pcrs(struct search *search, const struct measured_log *log)
{
    if (log)
        memcpy(search->pcrs, log->replay.pcrs, sizeof search->pcrs);
    for (int pcr = DRTM_FIRST_PCR; pcr <= DRTM_LAST_PCR; pcr++)
        if (!log || !(log->replay.extended >> pcr & 1))
            memset(search->pcrs[pcr], 0xFF, search->digest_len);
}

/* Finds the prefix of the IMA list after which the PCRs are the quoted ones. *found is false when
 * there is none; false is returned when the list cannot be decoded. */
static bool find_prefix(struct search *search, const struct quoted_logs *logs, uint16_t bank,
                        bool padded, struct ima_replay *replay, bool *found, struct error *error)
{
    size_t before_len = logs->ima_before_len < logs->ima.len ? logs->ima_before_len : logs->ima.len;
    struct span before = span_of(logs->ima.data, before_len), after = logs->ima;

    if (before_len)
        after = span_of(logs->ima.data + before_len, logs->ima.len - before_len);
    *replay = (struct ima_replay){.digest_len = search->digest_len};
    if (logs->log)
        memcpy(replay->pcr, logs->log->replay.pcrs[IMA_PCR], search->digest_len);
    if (before.len &&
        !ima_replay_list(search->crypto, before, bank, padded, NULL, NULL, found, replay, error))
        return false;
    *found = matches(search, replay->n_entries, replay->pcr);
    if (*found || after.len == 0)
        return true;
    return ima_replay_list(search->crypto, after, bank, padded, matches, search, found, replay,
                           error);
}

static bool search_ima(struct search *search, const struct quoted_logs *logs, uint16_t bank,
                       struct arena *arena, struct quoted_logs_result *result,
                       struct reasons *reasons)
{
    for (int padded = 0; padded <= (bank != TPM_ALG_SHA1); padded++) {
        struct ima_replay replay;
        struct error error = {0};
        bool found = false;

        if (!find_prefix(search, logs, bank, padded, &replay, &found, &error)) {
            char text[320];
            reason_add_plain(reasons, REASON_IMA_MALFORMED, IMA_PCR, NULL,
                             arena_printf(arena, "%s", error_print(&error, text, sizeof text)));
            return false;
        }
        if (!found)
            continue;
        *result = (struct quoted_logs_result){replay.n_entries, padded && replay.n_entries > 0};
        if (result->ima_padded)
            reason_add_plain(reasons, REASON_IMA_PADDED_BANK, IMA_PCR, NULL, tpm_alg_name(bank));
        return true;
    }
    return false;
}

static const char *extended_pcrs(const struct measured_log *log, struct arena *arena)
{
    struct tpm_pcr_selection selection = {.n_banks = 1};
    char text[160];

    if (!log)
        return "no event log";
    selection.banks[0] = (struct tpm_pcr_bank_selection){.alg = log->bank,
                                                         .pcrs = log->replay.extended};
    return arena_printf(arena, "a log that extends %s",
                        tpm_pcr_selection_print(&selection, text, sizeof text));
}

bool quoted_logs_check(struct crypto *crypto, const struct tpm_attest *attest,
                       uint16_t signing_hash, const struct quoted_logs *logs, struct arena *arena,
                       struct quoted_logs_result *result, struct reasons *reasons)
{
    const struct tpm_pcr_bank_selection *quoted = &attest->quote.selection.banks[0];
    struct search search = {.crypto = crypto,
                            .attest = attest,
                            .signing_hash = signing_hash,
                            .digest_len = tpm_digest_len(quoted->alg)};
    size_t n_before = reasons->n_items;

    if (logs->log && (logs->log->replay.incomplete & quoted->pcrs) != 0) {
        reason_add(reasons, (struct reason){.code = REASON_EVENTLOG_BANK_MISSING,
                                            .pcr = REASON_NO_PCR,
                                            .event = logs->log->replay.first_incomplete_event,
                                            .expected = tpm_alg_name(quoted->alg)});
        return false;
    }
    start_pcrs(&search, logs->log);
    if (search_ima(&search, logs, quoted->alg, arena, result, reasons))
        return true;
    if (reasons->n_items == n_before)
        reason_add_plain(reasons, REASON_QUOTE_PCR_DIGEST, REASON_NO_PCR,
                         "logs that reproduce the signed PCR digest",
                         extended_pcrs(logs->log, arena));
    return false;
}
