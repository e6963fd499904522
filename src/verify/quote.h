/* Quote verification: the one function with one success path (magic, type, signer, nonce,
 * selection, digest, in that order). TPM 2.0 part 3, 18.4; RFC 9683.
 *
 * What it returns is facts with reasons; src/appraise judges. */
#ifndef BOOTSEAL_VERIFY_QUOTE_H
#define BOOTSEAL_VERIFY_QUOTE_H

#include "base/reason.h"
#include "crypto/crypto.h"
#include "verify/replay.h"
#include "wire/tpm_attest.h"

struct quote_expectation {
    struct span qualifying_data;        /* exactly what extraData must be */
    struct tpm_pcr_selection selection; /* exactly one bank, exactly these PCRs */
};

/* What the same host's last accepted quote said; zero for the first one. */
struct quote_history {
    bool known;
    uint32_t reset_count, restart_count;
    uint64_t clock_ms;
    uint64_t firmware_version;
};

/* Verifies attest under key. Adds a reason for the first thing that is wrong and returns false, or
 * returns true: then the quote is genuine and fresh, and attest->quote.pcr_digest is what
 * the TPM holds. A changed firmware version only adds an ATTENTION reason. */
bool quote_verify(struct crypto *crypto, struct crypto_key *ak, const struct tpm_attest *attest,
                  const struct tpm_signature *signature,
                  const struct quote_expectation *expectation, const struct quote_history *history,
                  struct arena *arena, struct reasons *reasons) MUST_CHECK;

/* True when the digest over the given PCR values of the quoted bank is the quoted one. pcrs holds
 * LIMIT_PCRS values. signing_hash is the hash of the quote's signature (tpm_signature.hash), with
 * which the TPM makes this digest whatever the bank is (part 3, 18.4). */
bool quote_digest_is(struct crypto *crypto, const struct tpm_attest *attest, uint16_t signing_hash,
                     const uint8_t (*pcrs)[LIMIT_TPM_DIGEST_LEN]) MUST_CHECK;

#endif
