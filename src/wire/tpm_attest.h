/* TPMS_ATTEST (TPM 2.0 Library part 2, 10.12.12): what a TPM signs. Quote and certify only.
 *
 * Decodes; does not judge. The magic and the type are returned as found so that src/verify can
 * refuse them with a reason of their own; bodies of other types stay undecoded. */
#ifndef BOOTSEAL_WIRE_TPM_ATTEST_H
#define BOOTSEAL_WIRE_TPM_ATTEST_H

#include "wire/tpm_pcr_selection.h"

#define TPM_GENERATED_VALUE 0xFF544347u /* no enumerator: it does not fit an int */

enum {
    TPM_ST_ATTEST_CERTIFY = 0x8017,
    TPM_ST_ATTEST_QUOTE = 0x8018,
};

struct tpm_attest {
    struct span whole; /* the signed bytes */
    uint32_t magic;
    uint16_t type;
    struct span qualified_signer; /* TPM2B_NAME */
    struct span extra_data;       /* qualifying data */
    uint64_t clock_ms;
    uint32_t reset_count;
    uint32_t restart_count;
    bool safe;
    uint64_t firmware_version;
    struct { /* type TPM_ST_ATTEST_QUOTE */
        struct tpm_pcr_selection selection;
        struct span pcr_digest;
    } quote;
    struct { /* type TPM_ST_ATTEST_CERTIFY */
        struct span name;
        struct span qualified_name;
    } certify;
};

/* Decodes a bare TPMS_ATTEST, or a TPM2B_ATTEST whose length fits exactly. The spans point into
 * bytes. An unknown magic or type is no error; trailing bytes are. */
bool tpm_attest_decode(struct span bytes, struct tpm_attest *attest,
                       struct error *error) MUST_CHECK;

#endif
