/* TPMT_SIGNATURE (TPM 2.0 Library part 2, 11.3.4): RSASSA, RSAPSS, ECDSA. */
#ifndef BOOTSEAL_WIRE_TPM_SIGNATURE_H
#define BOOTSEAL_WIRE_TPM_SIGNATURE_H

#include "base/limits.h"
#include "base/reader.h"
#include "wire/tpm_alg.h"

struct tpm_signature {
    uint16_t scheme; /* TPM_ALG_RSASSA, TPM_ALG_RSAPSS, TPM_ALG_ECDSA */
    uint16_t hash;
    struct span rsa;              /* RSASSA, RSAPSS: the signature */
    struct span ecdsa_r, ecdsa_s; /* ECDSA: big endian */
};

/* Decodes a TPMT_SIGNATURE; other schemes are ERROR_UNSUPPORTED. Spans point into bytes. */
bool tpm_signature_decode(struct span bytes, struct tpm_signature *signature,
                          struct error *error) MUST_CHECK;

#endif
