/* Recomputes boot_aggregate. Owns nothing; trusts the log as far as its replay goes. Must not judge:
 * whether log and list are proven is the caller's to know. */
#include "verify/ima_boot_aggregate.h"

#include "wire/ima_hash.h"

enum { BOOT_PCRS = 8, BOOT_AND_LOADER_PCRS = 10 };

/* The bank as the log leads to it; NULL when it does not carry the bank in full. */
static const struct replay_bank *find_bank(struct crypto *crypto, const struct measured_log *log,
                                           uint16_t alg, struct replay *replay)
{
    const struct replay_bank *bank = &log->replay;

    if (log->bank != alg) {
        *replay = (struct replay){.n_banks = 1,
                                  .banks = {{.alg = alg, .digest_len = tpm_digest_len(alg)}}};
        for (size_t i = 0; i < log->n_events; i++)
            replay_event(crypto, replay, &log->events[i].event);
        bank = &replay->banks[0];
    }
    /* A log that lacks a bank lacks its digests in every event. */
    if (bank->incomplete & ((UINT32_C(1) << BOOT_AND_LOADER_PCRS) - 1) || !bank->extended)
        return NULL;
    return bank;
}

static void hash_pcrs(struct crypto *crypto, const struct replay_bank *bank, size_t n_pcrs,
                      struct crypto_digest *digest)
{
    struct span pcrs[BOOT_AND_LOADER_PCRS];

    for (size_t i = 0; i < n_pcrs; i++)
        pcrs[i] = span_of(bank->pcrs[i], bank->digest_len);
    crypto_hash(crypto, bank->alg, pcrs, n_pcrs, digest);
}

enum ima_boot_aggregate ima_boot_aggregate_check(struct crypto *crypto,
                                                 const struct measured_log *log,
                                                 const struct ima_digest *digest,
                                                 struct crypto_digest *expected)
{
    /* The fixed template names no algorithm: there, and then, it was SHA-1. */
    const struct ima_hash *hash = ima_hash_by_name(digest->alg.len ? digest->alg
                                                                   : span_text("sha1"));
    const struct replay_bank *bank;
    struct replay replay;

    expected->len = 0;
    if (!hash || !hash->tpm_alg || log->measurement_registers || log->n_events == 0)
        return IMA_BOOT_AGGREGATE_UNKNOWN;
    bank = find_bank(crypto, log, hash->tpm_alg, &replay);
    if (!bank)
        return IMA_BOOT_AGGREGATE_UNKNOWN;
    hash_pcrs(crypto, bank, BOOT_PCRS, expected);
    if (span_equal(crypto_digest_span(expected), digest->bytes))
        return IMA_BOOT_AGGREGATE_MATCHES;
    if (hash->tpm_alg == TPM_ALG_SHA1)
        return IMA_BOOT_AGGREGATE_DIFFERS;
    hash_pcrs(crypto, bank, BOOT_AND_LOADER_PCRS, expected);
    return span_equal(crypto_digest_span(expected), digest->bytes) ? IMA_BOOT_AGGREGATE_MATCHES
                                                                   : IMA_BOOT_AGGREGATE_DIFFERS;
}
