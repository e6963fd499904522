/* Owns what MakeCredential needs: a seed only the EK's TPM can recover, KDFa and AES-CFB.
 * Trusts the system's random numbers. Must never keep a secret longer than the call. */
#include "crypto/internal.h"

#include <assert.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>

/* Part 1, B.4: OAEP with the EK's own hash, else its name's, and the label with its NUL. */
static bool seal_rsa(const struct crypto_key *key, const struct tpm_public *ek, const char *label,
                     struct span seed, uint8_t *secret, size_t *secret_len)
{
    uint16_t hash = ek->scheme == TPM_ALG_OAEP ? ek->scheme_hash : ek->name_alg;
    char *hash_name = (char *)crypto_hash_name(hash);
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, key->pkey, NULL);
    bool good = false;

    if (context && hash_name && EVP_PKEY_encrypt_init(context) == 1) {
        OSSL_PARAM parameters[] = {
            OSSL_PARAM_construct_utf8_string(OSSL_ASYM_CIPHER_PARAM_PAD_MODE,
                                             (char *)OSSL_PKEY_RSA_PAD_MODE_OAEP, 0),
            OSSL_PARAM_construct_utf8_string(OSSL_ASYM_CIPHER_PARAM_OAEP_DIGEST, hash_name, 0),
            OSSL_PARAM_construct_utf8_string(OSSL_ASYM_CIPHER_PARAM_MGF1_DIGEST, hash_name, 0),
            OSSL_PARAM_construct_octet_string(OSSL_ASYM_CIPHER_PARAM_OAEP_LABEL, (char *)label,
                                              strlen(label) + 1),
            OSSL_PARAM_END};

        good = EVP_PKEY_CTX_set_params(context, parameters) == 1 &&
               EVP_PKEY_encrypt(context, secret, secret_len, seed.data, seed.len) == 1;
    }
    EVP_PKEY_CTX_free(context);
    return good;
}

static bool agree(EVP_PKEY *ephemeral, EVP_PKEY *ek, uint8_t *z, size_t *z_len)
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, ephemeral, NULL);
    bool good = context && EVP_PKEY_derive_init(context) == 1 &&
                EVP_PKEY_derive_set_peer(context, ek) == 1 &&
                EVP_PKEY_derive(context, z, z_len) == 1;

    EVP_PKEY_CTX_free(context);
    return good;
}

/* One coordinate in full length. */
static bool coordinate(EVP_PKEY *pkey, const char *which, uint8_t *bytes, size_t len)
{
    BIGNUM *number = NULL;
    bool good = EVP_PKEY_get_bn_param(pkey, which, &number) == 1 &&
                BN_bn2binpad(number, bytes, (int)len) == (int)len;

    BN_free(number);
    return good;
}

/* KDFe for as many bits as the hash has, part 1, 11.4.10.3. */
static void kdfe(struct crypto *crypto, uint16_t alg, struct span z, const char *label,
                 struct span party_u, struct span party_v, struct crypto_digest *seed)
{
    static const uint8_t COUNTER[] = {0, 0, 0, 1};
    struct span parts[] = {span_of(COUNTER, sizeof COUNTER), z, span_of(label, strlen(label) + 1),
                           party_u, party_v};

    crypto_hash(crypto, alg, parts, sizeof parts / sizeof *parts, seed);
}

/* Part 1, C.6.4: one-pass ECDH; the secret is the ephemeral point. */
static bool seal_ecc(struct crypto *crypto, const struct crypto_key *key,
                     const struct tpm_public *ek, const char *label, struct crypto_digest *seed,
                     struct writer *secret)
{
    const struct crypto_curve *curve = crypto_curve_find(key->curve);
    EVP_PKEY *ephemeral = EVP_EC_gen(curve->name);
    uint8_t x[LIMIT_ECC_COORDINATE_LEN], y[sizeof x], ek_x[sizeof x], z[sizeof x];
    size_t z_len = sizeof z;
    bool good = ephemeral && coordinate(ephemeral, OSSL_PKEY_PARAM_EC_PUB_X, x, curve->len) &&
                coordinate(ephemeral, OSSL_PKEY_PARAM_EC_PUB_Y, y, curve->len) &&
                coordinate(key->pkey, OSSL_PKEY_PARAM_EC_PUB_X, ek_x, curve->len) &&
                agree(ephemeral, key->pkey, z, &z_len);

    if (good) {
        kdfe(crypto, ek->name_alg, span_of(z, z_len), label, span_of(x, curve->len),
             span_of(ek_x, curve->len), seed);
        writer_be16_bytes(secret, span_of(x, curve->len));
        writer_be16_bytes(secret, span_of(y, curve->len));
    }
    OPENSSL_cleanse(z, sizeof z);
    EVP_PKEY_free(ephemeral);
    return good;
}

bool crypto_credential_seed(struct crypto *crypto, const struct tpm_public *ek, const char *label,
                            struct crypto_digest *seed, uint8_t *secret, size_t secret_cap,
                            size_t *secret_len, struct error *error)
{
    struct writer writer = writer_init(secret, secret_cap);
    struct crypto_digest drawn = {.len = tpm_digest_len(ek->name_alg)};
    struct crypto_key *key;
    size_t len = secret_cap;
    bool good;

    if (drawn.len == 0)
        return error_plain(error, ERROR_UNSUPPORTED, "EK's name algorithm 0x%04x", ek->name_alg);
    if (!crypto_key_from_tpm(crypto, ek, &key, error))
        return false;
    if (key->type == TPM_ALG_ECC) {
        good = seal_ecc(crypto, key, ek, label, &drawn, &writer);
        good = good && !writer.failed;
        len = writer.len;
    } else {
        good = crypto_random(drawn.bytes, drawn.len, error) &&
               seal_rsa(key, ek, label, crypto_digest_span(&drawn), secret, &len);
    }
    crypto_key_free(key);
    if (!good)
        return crypto_error(error, "no seed can be protected for the EK");
    *seed = drawn;
    *secret_len = len;
    OPENSSL_cleanse(&drawn, sizeof drawn);
    return true;
}

void crypto_kdfa(struct crypto *crypto, uint16_t alg, struct span key, const char *label,
                 struct span context_u, struct span context_v, uint8_t *out, size_t out_len)
{
    enum { LABEL_LEN_MAX = 32 };
    uint8_t message[8 + LABEL_LEN_MAX + 2 * (2 + LIMIT_TPM_DIGEST_LEN)];
    struct crypto_digest block;
    uint32_t counter = 0;

    for (size_t done = 0; done < out_len; done += block.len) {
        struct writer writer = writer_init(message, sizeof message);
        size_t left = out_len - done;

        writer_be32(&writer, ++counter);
        writer_bytes(&writer, span_of(label, strlen(label) + 1));
        writer_bytes(&writer, context_u);
        writer_bytes(&writer, context_v);
        writer_be32(&writer, (uint32_t)(out_len * 8));
        assert(!writer.failed);
        crypto_hmac(crypto, alg, key, writer_span(&writer), &block);
        memcpy(out + done, block.bytes, left < block.len ? left : block.len);
    }
    OPENSSL_cleanse(&block, sizeof block);
}

bool crypto_aes_cfb_encrypt(struct span key, uint8_t *bytes, size_t len, struct error *error)
{
    static const uint8_t ZERO_IV[16];
    const EVP_CIPHER *cipher = key.len == 16   ? EVP_aes_128_cfb128()
                               : key.len == 32 ? EVP_aes_256_cfb128()
                                               : NULL;
    EVP_CIPHER_CTX *context;
    int out_len;
    bool good;

    if (!cipher)
        return error_plain(error, ERROR_UNSUPPORTED, "AES key of %zu bytes", key.len);
    context = EVP_CIPHER_CTX_new();
    good = context && EVP_EncryptInit_ex2(context, cipher, key.data, ZERO_IV, NULL) == 1 &&
           EVP_EncryptUpdate(context, bytes, &out_len, bytes, (int)len) == 1 &&
           (size_t)out_len == len;
    EVP_CIPHER_CTX_free(context);
    return good || crypto_error(error, "AES-CFB");
}
