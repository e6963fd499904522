/* TPMT_PUBLIC (TPM 2.0 Library part 2, 12.2.4): a key's public area. RSA and ECC. */
#ifndef BOOTSEAL_WIRE_TPM_PUBLIC_H
#define BOOTSEAL_WIRE_TPM_PUBLIC_H

#include "base/limits.h"
#include "base/reader.h"
#include "base/writer.h"
#include "wire/tpm_alg.h"

/* TPMA_OBJECT, part 2, 8.3. */
enum {
    TPMA_OBJECT_FIXEDTPM = 1u << 1,
    TPMA_OBJECT_STCLEAR = 1u << 2,
    TPMA_OBJECT_FIXEDPARENT = 1u << 4,
    TPMA_OBJECT_SENSITIVEDATAORIGIN = 1u << 5,
    TPMA_OBJECT_USERWITHAUTH = 1u << 6,
    TPMA_OBJECT_ADMINWITHPOLICY = 1u << 7,
    TPMA_OBJECT_NODA = 1u << 10,
    TPMA_OBJECT_ENCRYPTEDDUPLICATION = 1u << 11,
    TPMA_OBJECT_RESTRICTED = 1u << 16,
    TPMA_OBJECT_DECRYPT = 1u << 17,
    TPMA_OBJECT_SIGN_ENCRYPT = 1u << 18,
};

struct tpm_public {
    struct span whole; /* the TPMT_PUBLIC bytes, without a TPM2B length; the name is over these */
    uint16_t type;     /* TPM_ALG_RSA or TPM_ALG_ECC */
    uint16_t name_alg;
    uint32_t attributes;
    struct span auth_policy;
    uint16_t symmetric_alg; /* TPM_ALG_NULL when none */
    uint16_t symmetric_bits;
    uint16_t symmetric_mode;
    uint16_t scheme; /* TPM_ALG_NULL when none */
    uint16_t scheme_hash;
    struct { /* type TPM_ALG_RSA */
        uint16_t bits;
        uint32_t exponent; /* 65537 also where the structure says 0 */
        struct span modulus;
    } rsa;
    struct { /* type TPM_ALG_ECC */
        uint16_t curve;
        struct span x, y;
    } ecc;
};

/* Decodes a bare TPMT_PUBLIC or a TPM2B_PUBLIC whose length fits exactly. Spans point into bytes.
 * Other key types are ERROR_UNSUPPORTED. */
bool tpm_public_decode(struct span bytes, struct tpm_public *public_area,
                       struct error *error) MUST_CHECK;

/* Writes the TPMT_PUBLIC; used to build a template and compare it whole. */
void tpm_public_encode(struct writer *writer, const struct tpm_public *public_area);

#endif
