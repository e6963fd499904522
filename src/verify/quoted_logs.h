/* Do the logs reproduce what the TPM signed? The last step of verifying a quote, with logs at hand.
 *
 * Takes a quote that quote_verify has accepted. IMA extends PCR 10 all the time, so any prefix of
 * its list may be the quoted one; nothing behind that prefix is proven. Compares digests; judges
 * nothing else. */
#ifndef BOOTSEAL_VERIFY_QUOTED_LOGS_H
#define BOOTSEAL_VERIFY_QUOTED_LOGS_H

#include "verify/ima.h"
#include "verify/measured_log.h"
#include "verify/quote.h"

struct quoted_logs {
    const struct measured_log *log; /* in the quoted bank; NULL when there is none */
    struct span ima;                /* binary IMA list; empty when there is none */
    size_t ima_before_len;          /* its first bytes, known to be older than the quote; or 0 */
    struct span pcr_values; /* of the quoted PCRs, ascending, one after the other; or empty. A hint:
                               used only as far as it hashes to the signed digest */
};

struct quoted_logs_result {
    uint32_t n_ima_entries;           /* of the proven prefix */
    size_t ima_len;                   /* bytes of the proven prefix */
    uint32_t n_bad_template_hashes;   /* entries in it whose hash column is not that of the data */
    uint32_t first_bad_template_hash; /* number of the first */
    bool ima_padded;                  /* the bank holds zero-padded SHA-1 digests for IMA */
    uint32_t
        unexplained_pcrs; /* bit n: PCR n, 16 or higher, is signed but no log given extends it */
    uint32_t phases;      /* of systemd, that explain PCR 11 without a log: systemd_phases_find */
    uint32_t ones_pcrs;   /* bit n: PCR n, 17-22, is signed and stands at all ones */
    uint32_t zero_pcrs;   /* bit n: PCR n, 17-22, is signed and stands at all zeros */
};

/* True when the logs reproduce the quoted PCRs. Else adds reasons (EVENTLOG_BANK_MISSING,
 * IMA_MALFORMED, IMA_MISMATCH, QUOTE_PCR_DIGEST; one for each wrong PCR when pcr_values are of use)
 * and returns false. A match over zero-padded digests adds IMA_PADDED_BANK. PCRs that no log
 * extends stand at their start values (verify/replay.h); a dynamic launch without its log can be told
 * from a lie only with pcr_values. signing_hash is the hash of
 * the quote's signature. */
bool quoted_logs_check(struct crypto *crypto, const struct tpm_attest *attest,
                       uint16_t signing_hash, const struct quoted_logs *logs, struct arena *arena,
                       struct quoted_logs_result *result, struct reasons *reasons) MUST_CHECK;

#endif
