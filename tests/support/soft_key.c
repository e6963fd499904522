#include "support/soft_key.h"

#include <assert.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/rsa.h>

/* Not assert alone: the calls must happen, and must succeed, in every build. */
static void demand(bool good)
{
    assert(good);
    if (!good)
        __builtin_trap();
}

void soft_key_rsa(struct soft_key *key, unsigned int bits)
{
    BIGNUM *n = NULL;
    size_t len;

    memset(key, 0, sizeof *key);
    key->pkey = EVP_RSA_gen(bits);
    demand(key->pkey && EVP_PKEY_get_bn_param(key->pkey, OSSL_PKEY_PARAM_RSA_N, &n) == 1);
    len = (size_t)BN_bn2bin(n, key->x);
    BN_free(n);
    key->public_area = (struct tpm_public){.type = TPM_ALG_RSA,
                                           .name_alg = TPM_ALG_SHA256,
                                           .symmetric_alg = TPM_ALG_NULL,
                                           .scheme = TPM_ALG_NULL,
                                           .rsa = {(uint16_t)bits, 65537, {key->x, len}}};
}

void soft_key_ecc(struct soft_key *key, uint16_t curve)
{
    const char *name = curve == TPM_ECC_NIST_P256   ? "P-256"
                       : curve == TPM_ECC_NIST_P384 ? "P-384"
                                                    : "P-521";
    int len = curve == TPM_ECC_NIST_P256 ? 32 : curve == TPM_ECC_NIST_P384 ? 48 : 66;
    BIGNUM *x = NULL, *y = NULL;

    memset(key, 0, sizeof *key);
    key->pkey = EVP_EC_gen(name);
    demand(key->pkey && EVP_PKEY_get_bn_param(key->pkey, OSSL_PKEY_PARAM_EC_PUB_X, &x) == 1 &&
           EVP_PKEY_get_bn_param(key->pkey, OSSL_PKEY_PARAM_EC_PUB_Y, &y) == 1);
    BN_bn2binpad(x, key->x, len);
    BN_bn2binpad(y, key->y, len);
    BN_free(x);
    BN_free(y);
    key->public_area = (struct tpm_public){
        .type = TPM_ALG_ECC,
        .name_alg = TPM_ALG_SHA256,
        .symmetric_alg = TPM_ALG_NULL,
        .scheme = TPM_ALG_NULL,
        .ecc = {curve, {key->x, (size_t)len}, {key->y, (size_t)len}}};
}

void soft_key_encode(struct soft_key *key)
{
    struct writer writer = writer_init(key->encoded, sizeof key->encoded);

    tpm_public_encode(&writer, &key->public_area);
    key->public_area.whole = writer_span(&writer);
}

void soft_key_be_ak(struct soft_key *key, uint16_t scheme, uint16_t hash)
{
    key->public_area.attributes = TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT |
                                  TPMA_OBJECT_SENSITIVEDATAORIGIN | TPMA_OBJECT_USERWITHAUTH |
                                  TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_SIGN_ENCRYPT;
    key->public_area.scheme = scheme;
    key->public_area.scheme_hash = hash;
    soft_key_encode(key);
}

static const EVP_MD *md_of(uint16_t hash)
{
    switch (hash) {
    case TPM_ALG_SHA1:
        return EVP_sha1();
    case TPM_ALG_SHA384:
        return EVP_sha384();
    case TPM_ALG_SHA512:
        return EVP_sha512();
    default:
        return EVP_sha256();
    }
}

static void split_ecdsa(struct soft_key *key, const uint8_t *der, size_t len,
                        struct tpm_signature *signature)
{
    ECDSA_SIG *parsed = d2i_ECDSA_SIG(NULL, &der, (long)len);
    int r_len = BN_bn2bin(ECDSA_SIG_get0_r(parsed), key->numbers);
    int s_len = BN_bn2bin(ECDSA_SIG_get0_s(parsed), key->numbers + r_len);

    ECDSA_SIG_free(parsed);
    signature->ecdsa_r = span_of(key->numbers, (size_t)r_len);
    signature->ecdsa_s = span_of(key->numbers + r_len, (size_t)s_len);
}

struct tpm_signature soft_key_sign(struct soft_key *key, uint16_t scheme, uint16_t hash,
                                   struct span message)
{
    struct tpm_signature signature = {.scheme = scheme, .hash = hash};
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    EVP_PKEY_CTX *pkey_context;
    uint8_t bytes[512];
    size_t len = sizeof bytes;

    demand(EVP_DigestSignInit(context, &pkey_context, md_of(hash), NULL, key->pkey) == 1);
    if (scheme == TPM_ALG_RSAPSS)
        demand(EVP_PKEY_CTX_set_rsa_padding(pkey_context, RSA_PKCS1_PSS_PADDING) == 1);
    demand(EVP_DigestSign(context, bytes, &len, message.data, message.len) == 1);
    EVP_MD_CTX_free(context);
    if (scheme == TPM_ALG_ECDSA) {
        split_ecdsa(key, bytes, len, &signature);
    } else {
        memcpy(key->numbers, bytes, len);
        signature.rsa = span_of(key->numbers, len);
    }
    return signature;
}

void soft_key_done(struct soft_key *key)
{
    EVP_PKEY_free(key->pkey);
    key->pkey = NULL;
}
