/* A TPM key in software, for tests and benchmarks: the public area and the signatures a TPM would
 * give, from OpenSSL. Failures end the program. */
#ifndef BOOTSEAL_TESTS_SUPPORT_SOFT_KEY_H
#define BOOTSEAL_TESTS_SUPPORT_SOFT_KEY_H

#include "wire/tpm_public.h"
#include "wire/tpm_signature.h"

#include <openssl/evp.h>

struct soft_key {
    EVP_PKEY *pkey;
    struct tpm_public public_area; /* scheme TPM_ALG_NULL, no attributes; whole is not set */
    uint8_t x[512], y[66];         /* what it points to */
    uint8_t encoded[1024];
    uint8_t numbers[512]; /* what the last signature points to */
};

void soft_key_rsa(struct soft_key *key, unsigned int bits);

/* curve is TPM_ECC_NIST_P256, _P384 or _P521. */
void soft_key_ecc(struct soft_key *key, uint16_t curve);

/* Makes the public area that of an AK: its attributes, scheme and hash; whole is set. */
void soft_key_be_ak(struct soft_key *key, uint16_t scheme, uint16_t hash);

/* Writes the public area again after a change and sets whole. */
void soft_key_encode(struct soft_key *key);

/* Signs message by the scheme; the spans point into key and last until the next signature. */
struct tpm_signature soft_key_sign(struct soft_key *key, uint16_t scheme, uint16_t hash,
                                   struct span message);

void soft_key_done(struct soft_key *key);

#endif
