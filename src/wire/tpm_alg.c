/* Owns the table of TPM algorithm identifiers (TCG Algorithm Registry, table 3) that Bootseal
 * knows. Trusts nothing; an identifier that is not in the table has no name and no digest size. */
#include "wire/tpm_alg.h"

static const struct {
    uint16_t alg;
    uint8_t digest_len; /* bytes; 0 for what is no hash */
    const char *name;
} ALGORITHMS[] = {
    {TPM_ALG_SHA256, 32, "sha256"},
    {TPM_ALG_SHA1, 20, "sha1"},
    {TPM_ALG_SHA384, 48, "sha384"},
    {TPM_ALG_SHA512, 64, "sha512"},
    {TPM_ALG_SM3_256, 32, "sm3_256"},
    {TPM_ALG_RSA, 0, "rsa"},
    {TPM_ALG_HMAC, 0, "hmac"},
    {TPM_ALG_AES, 0, "aes"},
    {TPM_ALG_KEYEDHASH, 0, "keyedhash"},
    {TPM_ALG_NULL, 0, "null"},
    {TPM_ALG_RSASSA, 0, "rsassa"},
    {TPM_ALG_RSAES, 0, "rsaes"},
    {TPM_ALG_RSAPSS, 0, "rsapss"},
    {TPM_ALG_OAEP, 0, "oaep"},
    {TPM_ALG_ECDSA, 0, "ecdsa"},
    {TPM_ALG_ECDH, 0, "ecdh"},
    {TPM_ALG_SM2, 0, "sm2"},
    {TPM_ALG_ECSCHNORR, 0, "ecschnorr"},
    {TPM_ALG_ECC, 0, "ecc"},
    {TPM_ALG_SYMCIPHER, 0, "symcipher"},
    {TPM_ALG_CFB, 0, "cfb"},
};
enum { N_ALGORITHMS = sizeof ALGORITHMS / sizeof *ALGORITHMS };

size_t tpm_digest_len(uint16_t alg)
{
    for (size_t i = 0; i < N_ALGORITHMS; i++)
        if (ALGORITHMS[i].alg == alg)
            return ALGORITHMS[i].digest_len;
    return 0;
}

const char *tpm_alg_name(uint16_t alg)
{
    for (size_t i = 0; i < N_ALGORITHMS; i++)
        if (ALGORITHMS[i].alg == alg)
            return ALGORITHMS[i].name;
    return NULL;
}

uint16_t tpm_hash_by_name(struct span name)
{
    for (size_t i = 0; i < N_ALGORITHMS; i++)
        if (ALGORITHMS[i].digest_len > 0 && span_is(name, ALGORITHMS[i].name))
            return ALGORITHMS[i].alg;
    return 0;
}
