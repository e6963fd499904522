/* Owns the verdict on a quote alone: made by a TPM, by this key, now, over exactly what was asked.
 * Trusts the key, which enrolment bound to the host, and the history, which the service kept.
 * Must never believe a field of the quote before the signature over it holds, and has one success
 * path, at the end of quote_verify. */
#include "verify/quote.h"

#include "base/text.h"

enum { SELECTION_TEXT_LEN = 512, WEAKEST_BANK_DIGEST_LEN = 32 };

static bool refuse(struct reasons *reasons, enum reason_code code, const char *expected,
                   const char *found)
{
    reason_add_plain(reasons, code, REASON_NO_PCR, expected, found);
    return false;
}

/* Magic and type come first: a restricted key signs nothing foreign that starts with the magic
 * (part 1, 24.2), so that without it the signature proves nothing about a TPM. */
static bool check_kind(const struct tpm_attest *attest, struct arena *arena,
                       struct reasons *reasons)
{
    if (attest->magic != TPM_GENERATED_VALUE)
        return refuse(reasons, REASON_QUOTE_MAGIC, "0xff544347",
                      arena_printf(arena, "0x%08x", attest->magic));
    if (attest->type != TPM_ST_ATTEST_QUOTE)
        return refuse(reasons, REASON_QUOTE_TYPE, "0x8018 (quote)",
                      arena_printf(arena, "0x%04x%s", attest->type,
                                   attest->type == TPM_ST_ATTEST_CERTIFY ? " (certify)" : ""));
    return true;
}

static const char *print_scheme(const struct tpm_signature *signature, struct arena *arena)
{
    const char *scheme = tpm_alg_name(signature->scheme), *hash = tpm_alg_name(signature->hash);

    return arena_printf(arena, "%s with %s", scheme ? scheme : "unknown scheme",
                        hash ? hash : "unknown hash");
}

static bool check_signature(struct crypto *crypto, struct crypto_key *ak,
                            const struct tpm_attest *attest, const struct tpm_signature *signature,
                            struct arena *arena, struct reasons *reasons)
{
    if (!crypto_key_accepts(ak, signature))
        return refuse(reasons, REASON_QUOTE_SIGNATURE_SCHEME,
                      "the key's own scheme with SHA-256 or better",
                      print_scheme(signature, arena));
    if (!crypto_key_verify(crypto, ak, attest->whole, signature))
        return refuse(reasons, REASON_QUOTE_SIGNATURE, NULL, NULL);
    return true;
}

static const char *print_selection(const struct tpm_pcr_selection *selection, struct arena *arena)
{
    char text[SELECTION_TEXT_LEN];

    return arena_printf(arena, "%s", tpm_pcr_selection_print(selection, text, sizeof text));
}

static bool check_selection(const struct tpm_attest *attest, const struct tpm_pcr_selection *wanted,
                            struct arena *arena, struct reasons *reasons)
{
    const struct tpm_pcr_selection *found = &attest->quote.selection;

    if (wanted->n_banks != 1 || wanted->banks[0].pcrs == 0 ||
        !tpm_pcr_selection_equal(found, wanted))
        return refuse(reasons, REASON_QUOTE_SELECTION, print_selection(wanted, arena),
                      print_selection(found, arena));
    if (tpm_digest_len(wanted->banks[0].alg) < WEAKEST_BANK_DIGEST_LEN)
        return refuse(reasons, REASON_QUOTE_BANK_WEAK, "sha256 or better",
                      tpm_alg_name(wanted->banks[0].alg));
    return true;
}

static const char *print_number(uint64_t number, struct arena *arena)
{
    return arena_printf(arena, "%llu", (unsigned long long)number);
}

/* Part 1, 36: resetCount counts TPM resets, restartCount restarts and resumes since the last reset.
 * Clock goes on over resets; only where `safe` is clear may it have lost time with the power. */
static bool check_history(const struct tpm_attest *attest, const struct quote_history *history,
                          struct arena *arena, struct reasons *reasons)
{
    bool same_boot = attest->reset_count == history->reset_count;

    if (!history->known)
        return true;
    if (attest->reset_count < history->reset_count)
        return refuse(reasons, REASON_CLOCK_RESET_COUNT,
                      arena_printf(arena, "%u or more", history->reset_count),
                      print_number(attest->reset_count, arena));
    if (same_boot && attest->restart_count < history->restart_count)
        return refuse(reasons, REASON_CLOCK_RESTART_COUNT,
                      arena_printf(arena, "%u or more", history->restart_count),
                      print_number(attest->restart_count, arena));
    if ((same_boot || attest->safe) && attest->clock_ms < history->clock_ms)
        return refuse(
            reasons, REASON_CLOCK_TIME,
            arena_printf(arena, "%llu ms or later", (unsigned long long)history->clock_ms),
            arena_printf(arena, "%llu ms", (unsigned long long)attest->clock_ms));
    if (attest->firmware_version != history->firmware_version)
        reason_add_plain(
            reasons, REASON_QUOTE_FIRMWARE_VERSION, REASON_NO_PCR,
            arena_printf(arena, "0x%016llx", (unsigned long long)history->firmware_version),
            arena_printf(arena, "0x%016llx", (unsigned long long)attest->firmware_version));
    return true;
}

bool quote_verify(struct crypto *crypto, struct crypto_key *ak, const struct tpm_attest *attest,
                  const struct tpm_signature *signature,
                  const struct quote_expectation *expectation, const struct quote_history *history,
                  struct arena *arena, struct reasons *reasons)
{
    if (!check_kind(attest, arena, reasons))
        return false;
    if (!check_signature(crypto, ak, attest, signature, arena, reasons))
        return false;
    if (expectation->qualifying_data.len == 0 ||
        !span_equal(attest->extra_data, expectation->qualifying_data))
        return refuse(reasons, REASON_QUOTE_NONCE, text_hex(arena, expectation->qualifying_data),
                      text_hex(arena, attest->extra_data));
    if (!check_selection(attest, &expectation->selection, arena, reasons))
        return false;
    if (attest->quote.pcr_digest.len != tpm_digest_len(signature->hash))
        return refuse(reasons, REASON_QUOTE_PCR_DIGEST, "a digest by the signature's hash",
                      arena_printf(arena, "%zu bytes", attest->quote.pcr_digest.len));
    if (!check_history(attest, history, arena, reasons))
        return false;
    return true;
}

bool quote_digest_is(struct crypto *crypto, const struct tpm_attest *attest, uint16_t signing_hash,
                     const uint8_t (*pcrs)[LIMIT_TPM_DIGEST_LEN])
{
    const struct tpm_pcr_bank_selection *bank = attest->quote.selection.banks;
    size_t digest_len = tpm_digest_len(bank->alg), n_values = 0;
    struct span values[LIMIT_PCRS];
    struct crypto_digest digest;

    if (attest->type != TPM_ST_ATTEST_QUOTE || attest->quote.selection.n_banks != 1 ||
        digest_len == 0 || tpm_digest_len(signing_hash) == 0)
        return false;
    for (size_t pcr = 0; pcr < LIMIT_PCRS; pcr++)
        if (bank->pcrs >> pcr & 1)
            values[n_values++] = span_of(pcrs[pcr], digest_len);
    crypto_hash(crypto, signing_hash, values, n_values, &digest);
    return span_equal(crypto_digest_span(&digest), attest->quote.pcr_digest);
}
