#include "verify/quoted_logs.h"

#include "base/text.h"
#include "verify/systemd_measurements.h"

enum {
    IMA_PCR = 10,
    PHASES_PCR = 11,
    FIRST_OPEN_PCR = 16,
    DRTM_FIRST_PCR = 17,
    DRTM_LAST_PCR = 22
};

/* One comparison: what the logs lead to, and what the TPM signed. */
struct comparison {
    struct crypto *crypto;
    const struct tpm_attest *attest;
    const struct quoted_logs *logs;
    struct arena *arena;
    uint16_t signing_hash;
    uint16_t bank;
    uint32_t quoted; /* PCRs */
    size_t digest_len;
    uint8_t pcrs[LIMIT_PCRS][LIMIT_TPM_DIGEST_LEN];          /* replayed */
    uint8_t quoted_values[LIMIT_PCRS][LIMIT_TPM_DIGEST_LEN]; /* when has_values */
    bool has_values; /* came beside the quote, for its PCRs */
    bool has_signed; /* and are the signed ones */
};

static bool is_quoted(const struct comparison *comparison, int pcr)
{
    return comparison->quoted >> pcr & 1;
}

static void start_pcrs(struct comparison *comparison)
{
    const struct measured_log *log = comparison->logs->log;

    if (log)
        memcpy(comparison->pcrs, log->replay.pcrs, sizeof comparison->pcrs);
    for (int pcr = DRTM_FIRST_PCR; !log && pcr <= DRTM_LAST_PCR; pcr++)
        memset(comparison->pcrs[pcr], 0xFF, comparison->digest_len);
}

/* Takes the values that came beside the quote, if they are the ones that the TPM signed: values
 * read at another moment than the quote differ on sound hosts too. */
static void take_signed_values(struct comparison *comparison)
{
    struct span values = comparison->logs->pcr_values;
    size_t at = 0, len = comparison->digest_len;

    if (values.len != (size_t)__builtin_popcount(comparison->quoted) * len)
        return;
    for (int pcr = 0; pcr < LIMIT_PCRS; pcr++)
        if (is_quoted(comparison, pcr)) {
            memcpy(comparison->quoted_values[pcr], values.data + at, len);
            at += len;
        }
    comparison->has_values = true;
    comparison->has_signed = quote_digest_is(
        comparison->crypto, comparison->attest, comparison->signing_hash,
        (const uint8_t(*)[LIMIT_TPM_DIGEST_LEN])comparison->quoted_values);
}

/* Called after each IMA entry. */
static bool ima_matches(void *context, uint32_t n_entries, const uint8_t *pcr)
{
    struct comparison *comparison = context;

    (void)n_entries;
    memcpy(comparison->pcrs[IMA_PCR], pcr, comparison->digest_len);
    if (comparison->has_signed)
        return memcmp(pcr, comparison->quoted_values[IMA_PCR], comparison->digest_len) == 0;
    return quote_digest_is(comparison->crypto, comparison->attest, comparison->signing_hash,
                           (const uint8_t(*)[LIMIT_TPM_DIGEST_LEN])comparison->pcrs);
}

/* Finds the prefix of the IMA list after which PCR 10 is the quoted one. *found is false when there
 * is none; false is returned when the list cannot be decoded. */
static bool find_prefix(struct comparison *comparison, bool padded, struct ima_replay *replay,
                        bool *found, struct error *error)
{
    const struct quoted_logs *logs = comparison->logs;
    size_t before_len = logs->ima_before_len < logs->ima.len ? logs->ima_before_len : logs->ima.len;
    struct span before = span_of(logs->ima.data, before_len), after = logs->ima;

    if (before_len)
        after = span_of(logs->ima.data + before_len, logs->ima.len - before_len);
    *replay = (struct ima_replay){.digest_len = comparison->digest_len};
    if (logs->log)
        memcpy(replay->pcr, logs->log->replay.pcrs[IMA_PCR], comparison->digest_len);
    if (before.len && !ima_replay_list(comparison->crypto, before, comparison->bank, padded, NULL,
                                       NULL, found, replay, error))
        return false;
    *found = ima_matches(comparison, replay->n_entries, replay->pcr);
    if (*found || after.len == 0)
        return true;
    return ima_replay_list(comparison->crypto, after, comparison->bank, padded, ima_matches,
                           comparison, found, replay, error);
}

/* The number of the PCR is no part of what was measured: an entry that names another one is proven
 * by nothing here. */
static void refuse_other_pcr(struct comparison *comparison, const struct ima_replay *replay,
                             struct reasons *reasons)
{
    const char *found = replay->pcr_index == IMA_PCR
                            ? arena_printf(comparison->arena, "%u entries of other PCRs",
                                           replay->n_other_pcr)
                            : arena_printf(comparison->arena, "a list of PCR %d",
                                           replay->pcr_index);

    reason_add_plain(reasons, REASON_IMA_OTHER_PCR, IMA_PCR, "entries of PCR 10 alone", found);
}

static bool search_ima(struct comparison *comparison, struct quoted_logs_result *result,
                       struct reasons *reasons)
{
    for (int padded = 0; padded <= (comparison->bank != TPM_ALG_SHA1); padded++) {
        struct ima_replay replay;
        struct error error = {0};
        bool found = false;

        if (!find_prefix(comparison, padded, &replay, &found, &error)) {
            char text[320];
            reason_add_plain(
                reasons, REASON_IMA_MALFORMED, IMA_PCR, NULL,
                arena_printf(comparison->arena, "%s", error_print(&error, text, sizeof text)));
            return false;
        }
        if (!found)
            continue;
        if (replay.n_entries && (replay.pcr_index != IMA_PCR || replay.n_other_pcr)) {
            refuse_other_pcr(comparison, &replay, reasons);
            return false;
        }
        result->n_ima_entries = replay.n_entries;
        result->ima_len = replay.len;
        result->n_bad_template_hashes = replay.n_bad_template_hashes;
        result->first_bad_template_hash = replay.first_bad_template_hash;
        result->ima_padded = padded && replay.n_entries > 0;
        if (result->ima_padded)
            reason_add_plain(reasons, REASON_IMA_PADDED_BANK, IMA_PCR, NULL,
                             tpm_alg_name(comparison->bank));
        return true;
    }
    return false;
}

/* systemd before 255 measures phases and writes no log; with one, nothing has to be guessed. */
static bool phases_explain(const struct comparison *comparison, uint32_t *phases)
{
    const struct measured_log *log = comparison->logs->log;

    return log && log->sources[log->n_sources - 1].kind != EVIDENCE_LOG_SYSTEMD &&
           systemd_phases_find(comparison->crypto, comparison->bank, comparison->pcrs[PHASES_PCR],
                               comparison->quoted_values[PHASES_PCR], phases);
}

/* With the signed values at hand, each wrong PCR is named. */
static bool compare_each(struct comparison *comparison, struct quoted_logs_result *result,
                         struct reasons *reasons)
{
    const struct measured_log *log = comparison->logs->log;
    size_t n_before = reasons->n_items;

    for (int pcr = 0; pcr < LIMIT_PCRS; pcr++) {
        struct span replayed = span_of(comparison->pcrs[pcr], comparison->digest_len);
        struct span quoted = span_of(comparison->quoted_values[pcr], comparison->digest_len);

        if (!is_quoted(comparison, pcr) || pcr == IMA_PCR || span_equal(replayed, quoted))
            continue;
        if (pcr == PHASES_PCR && phases_explain(comparison, &result->phases))
            continue;
        if (pcr >= FIRST_OPEN_PCR && !(log && log->replay.extended >> pcr & 1))
            result->unexplained_pcrs |= UINT32_C(1) << pcr;
        else
            reason_add_plain(reasons, REASON_QUOTE_PCR_DIGEST, pcr,
                             text_hex(comparison->arena, quoted),
                             text_hex(comparison->arena, replayed));
    }
    return reasons->n_items == n_before;
}

static bool is_filled(const uint8_t *value, size_t len, uint8_t with)
{
    size_t i = 0;

    while (i < len && value[i] == with)
        i++;
    return i == len;
}

/* What the quote proves of the PCRs of a dynamic launch, after everything matched: the replayed
 * values are then the signed ones, but for those that nothing explains. */
static void tell_launch_pcrs(const struct comparison *comparison, struct quoted_logs_result *result)
{
    for (int pcr = DRTM_FIRST_PCR; pcr <= DRTM_LAST_PCR; pcr++) {
        const uint8_t *value = result->unexplained_pcrs >> pcr & 1 ? comparison->quoted_values[pcr]
                                                                   : comparison->pcrs[pcr];

        if (!is_quoted(comparison, pcr))
            continue;
        if (is_filled(value, comparison->digest_len, 0xFF))
            result->ones_pcrs |= UINT32_C(1) << pcr;
        else if (is_filled(value, comparison->digest_len, 0x00))
            result->zero_pcrs |= UINT32_C(1) << pcr;
    }
}

static const char *extended_pcrs(const struct comparison *comparison)
{
    const struct measured_log *log = comparison->logs->log;
    struct tpm_pcr_selection selection = {.n_banks = 1};
    char text[160];

    if (!log)
        return "no event log";
    selection.banks[0] = (struct tpm_pcr_bank_selection){.alg = log->bank,
                                                         .pcrs = log->replay.extended};
    return arena_printf(comparison->arena, "a log that extends %s",
                        tpm_pcr_selection_print(&selection, text, sizeof text));
}

static void explain_mismatch(struct comparison *comparison, struct reasons *reasons)
{
    if (comparison->has_signed)
        reason_add_plain(reasons, REASON_IMA_MISMATCH, IMA_PCR,
                         text_hex(comparison->arena, span_of(comparison->quoted_values[IMA_PCR],
                                                             comparison->digest_len)),
                         text_hex(comparison->arena,
                                  span_of(comparison->pcrs[IMA_PCR], comparison->digest_len)));
    else
        reason_add_plain(reasons, REASON_QUOTE_PCR_DIGEST, REASON_NO_PCR,
                         "logs that reproduce the signed PCR digest", extended_pcrs(comparison));
}

/* The values beside the quote were read at another moment: IMA has moved PCR 10 on, while a launch
 * stands. Takes those of PCRs that no log given explains; the digest will tell whether they hold. */
static bool take_open_values(struct comparison *comparison, struct quoted_logs_result *result)
{
    const struct measured_log *log = comparison->logs->log;

    if (comparison->has_signed || !comparison->has_values)
        return false;
    for (int pcr = FIRST_OPEN_PCR; pcr < LIMIT_PCRS; pcr++) {
        size_t len = comparison->digest_len;

        if (!is_quoted(comparison, pcr) || (log && log->replay.extended >> pcr & 1) ||
            memcmp(comparison->pcrs[pcr], comparison->quoted_values[pcr], len) == 0)
            continue;
        memcpy(comparison->pcrs[pcr], comparison->quoted_values[pcr], len);
        result->unexplained_pcrs |= UINT32_C(1) << pcr;
    }
    return result->unexplained_pcrs != 0;
}

static bool compare(struct comparison *comparison, struct quoted_logs_result *result,
                    struct reasons *reasons)
{
    bool has_ima = comparison->logs->ima.len > 0;
    size_t n_before;

    start_pcrs(comparison);
    take_signed_values(comparison);
    if (comparison->has_signed && !compare_each(comparison, result, reasons))
        return false;
    n_before = reasons->n_items;
    if (!is_quoted(comparison, IMA_PCR) && comparison->has_signed && !has_ima)
        return true;
    if (!search_ima(comparison, result, reasons) &&
        (reasons->n_items != n_before || !take_open_values(comparison, result) ||
         !search_ima(comparison, result, reasons))) {
        if (reasons->n_items == n_before)
            explain_mismatch(comparison, reasons);
        return false;
    }
    if (has_ima && result->n_ima_entries == 0) {
        reason_add_plain(reasons, REASON_IMA_MISMATCH, IMA_PCR, "a quote that covers the IMA list",
                         "a quote that covers none of its entries");
        return false;
    }
    return true;
}

bool quoted_logs_check(struct crypto *crypto, const struct tpm_attest *attest,
                       uint16_t signing_hash, const struct quoted_logs *logs, struct arena *arena,
                       struct quoted_logs_result *result, struct reasons *reasons)
{
    const struct tpm_pcr_bank_selection *quoted = &attest->quote.selection.banks[0];
    struct comparison comparison = {.crypto = crypto,
                                    .attest = attest,
                                    .logs = logs,
                                    .arena = arena,
                                    .signing_hash = signing_hash,
                                    .bank = quoted->alg,
                                    .quoted = quoted->pcrs,
                                    .digest_len = tpm_digest_len(quoted->alg)};

    *result = (struct quoted_logs_result){0};
    if (logs->log && (logs->log->replay.incomplete & quoted->pcrs) != 0) {
        reason_add(reasons, (struct reason){.code = REASON_EVENTLOG_BANK_MISSING,
                                            .pcr = REASON_NO_PCR,
                                            .event = logs->log->replay.first_incomplete_event,
                                            .expected = tpm_alg_name(quoted->alg)});
        return false;
    }
    if (!compare(&comparison, result, reasons))
        return false;
    tell_launch_pcrs(&comparison, result);
    return true;
}
