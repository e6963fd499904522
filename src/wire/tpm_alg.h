/* TPM algorithm identifiers (TCG Algorithm Registry) that Bootseal knows, and digest sizes. */
#ifndef BOOTSEAL_WIRE_TPM_ALG_H
#define BOOTSEAL_WIRE_TPM_ALG_H

#include "base/span.h"

enum {
    TPM_ALG_RSA = 0x0001,
    TPM_ALG_SHA1 = 0x0004,
    TPM_ALG_HMAC = 0x0005,
    TPM_ALG_AES = 0x0006,
    TPM_ALG_KEYEDHASH = 0x0008,
    TPM_ALG_SHA256 = 0x000B,
    TPM_ALG_SHA384 = 0x000C,
    TPM_ALG_SHA512 = 0x000D,
    TPM_ALG_NULL = 0x0010,
    TPM_ALG_SM3_256 = 0x0012,
    TPM_ALG_RSASSA = 0x0014,
    TPM_ALG_RSAES = 0x0015,
    TPM_ALG_RSAPSS = 0x0016,
    TPM_ALG_OAEP = 0x0017,
    TPM_ALG_ECDSA = 0x0018,
    TPM_ALG_ECDH = 0x0019,
    TPM_ALG_SM2 = 0x001B,
    TPM_ALG_ECSCHNORR = 0x001C,
    TPM_ALG_ECC = 0x0023,
    TPM_ALG_SYMCIPHER = 0x0025,
    TPM_ALG_CFB = 0x0043,
    TPM_ALG_EDDSA = 0x0060,
};

enum {
    TPM_ECC_NIST_P256 = 0x0003,
    TPM_ECC_NIST_P384 = 0x0004,
    TPM_ECC_NIST_P521 = 0x0005,
};

/* Bytes of a digest; 0 for an algorithm that is no hash known here. */
size_t tpm_digest_len(uint16_t alg);

/* "sha256", "rsassa", ...; "alg-0x%04x" never: an unknown one gives NULL. */
const char *tpm_alg_name(uint16_t alg);

/* The hash algorithm called "sha256" and so on; 0 when there is none. */
uint16_t tpm_hash_by_name(struct span name);

#endif
