/* Owns hashing, HMAC and random bytes.
 * Trusts OpenSSL. Must never look an algorithm up or allocate while hashing: a replay calls this
 * hundreds of times, and evidence may cost at most 1.25 times the bare computation.
 *
 * SHA-1 and SHA-2 use SHA256_Init and its kin, which OpenSSL 3 deprecates but keeps: an event's
 * digest and a PCR's extend are a few blocks each, and there EVP with a fetched digest and a reused
 * context spends more on its own book-keeping than the goal leaves (60 us against 51 us for a whole
 * log and its quote, before anything else is done). SM3 has no such functions and goes through EVP.
 * This is the only file that may do so. */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "crypto/internal.h"

#include <assert.h>
#include <endian.h>
#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <stdlib.h>

bool crypto_error(struct error *error, const char *what)
{
    char words[120] = "no detail";
    unsigned long code = ERR_peek_last_error();

    if (code)
        ERR_error_string_n(code, words, sizeof words);
    ERR_clear_error();
    return error_plain(error, ERROR_CRYPTO, "%s: %s", what, words);
}

static const uint8_t NO_KEY[1]; /* of length 0; a NULL key would mean: keep the last one */

static EVP_MAC_CTX *new_hmac(void)
{
    EVP_MAC *hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    EVP_MAC_CTX *context = hmac ? EVP_MAC_CTX_new(hmac) : NULL;
    const OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string("digest", (char *)crypto_hash_name(TPM_ALG_SHA256), 0),
        OSSL_PARAM_END};

    EVP_MAC_free(hmac); /* the context holds it */
    if (context && EVP_MAC_init(context, NO_KEY, 0, parameters) == 1)
        return context;
    EVP_MAC_CTX_free(context);
    return NULL;
}

struct crypto *crypto_new(struct error *error)
{
    struct crypto *crypto = calloc(1, sizeof *crypto);

    if (!crypto) {
        error_plain(error, ERROR_MEMORY, "no memory for the crypto library");
        return NULL;
    }
    crypto->sm3 = EVP_MD_fetch(NULL, "SM3", NULL);
    crypto->sm3_context = EVP_MD_CTX_new();
    crypto->hmac = new_hmac();
    crypto->fingerprints = crypto_fingerprints_new();
    if (!crypto->fingerprints) {
        error_plain(error, ERROR_MEMORY, "no memory for fingerprints");
        crypto_free(crypto);
        return NULL;
    }
    if (!crypto->sm3 || !crypto->sm3_context || !crypto->hmac) {
        crypto_error(error, "the crypto library lacks SM3 or HMAC");
        crypto_free(crypto);
        return NULL;
    }
    return crypto;
}

void crypto_free(struct crypto *crypto)
{
    if (!crypto)
        return;
    EVP_MD_free(crypto->sm3);
    EVP_MD_CTX_free(crypto->sm3_context);
    EVP_MAC_CTX_free(crypto->hmac);
    free(crypto->fingerprints);
    free(crypto);
}

const char *crypto_hash_name(uint16_t alg)
{
    switch (alg) {
    case TPM_ALG_SHA1:
        return "SHA1";
    case TPM_ALG_SHA256:
        return "SHA2-256";
    case TPM_ALG_SHA384:
        return "SHA2-384";
    case TPM_ALG_SHA512:
        return "SHA2-512";
    case TPM_ALG_SM3_256:
        return "SM3";
    default:
        return NULL;
    }
}

static void hash_sm3(struct crypto *crypto, const struct span *parts, size_t n_parts, uint8_t *out)
{
    EVP_MD_CTX *context = crypto->sm3_context;
    int good = EVP_DigestInit_ex2(context, crypto->sm3, NULL);

    for (size_t i = 0; i < n_parts; i++)
        good &= EVP_DigestUpdate(context, parts[i].data, parts[i].len);
    good &= EVP_DigestFinal_ex(context, out, NULL);
    assert(good == 1);
}

/* Writes the digest to out, which may overlap the parts: they are read before it is written. */
static void hash_into(struct crypto *crypto, uint16_t alg, const struct span *parts, size_t n_parts,
                      uint8_t *out)
{
    union {
        SHA_CTX sha1;
        SHA256_CTX sha256;
        SHA512_CTX sha512;
    } context;

    switch (alg) {
    case TPM_ALG_SHA256:
        SHA256_Init(&context.sha256);
        for (size_t i = 0; i < n_parts; i++)
            SHA256_Update(&context.sha256, parts[i].data, parts[i].len);
        SHA256_Final(out, &context.sha256);
        return;
    case TPM_ALG_SHA1:
        SHA1_Init(&context.sha1);
        for (size_t i = 0; i < n_parts; i++)
            SHA1_Update(&context.sha1, parts[i].data, parts[i].len);
        SHA1_Final(out, &context.sha1);
        return;
    case TPM_ALG_SHA384:
        SHA384_Init(&context.sha512);
        for (size_t i = 0; i < n_parts; i++)
            SHA384_Update(&context.sha512, parts[i].data, parts[i].len);
        SHA384_Final(out, &context.sha512);
        return;
    case TPM_ALG_SHA512:
        SHA512_Init(&context.sha512);
        for (size_t i = 0; i < n_parts; i++)
            SHA512_Update(&context.sha512, parts[i].data, parts[i].len);
        SHA512_Final(out, &context.sha512);
        return;
    case TPM_ALG_SM3_256:
        hash_sm3(crypto, parts, n_parts, out);
        return;
    default:
        assert(!"the caller checked that alg is a hash");
    }
}

void crypto_hash(struct crypto *crypto, uint16_t alg, const struct span *parts, size_t n_parts,
                 struct crypto_digest *digest)
{
    digest->len = tpm_digest_len(alg);
    hash_into(crypto, alg, parts, n_parts, digest->bytes);
}

void crypto_hash_span(struct crypto *crypto, uint16_t alg, struct span bytes,
                      struct crypto_digest *digest)
{
    crypto_hash(crypto, alg, &bytes, 1, digest);
}

/* Two digests of SHA-256 fill one block, and the padding behind them (FIPS 180-4, 5.1.1) is always
 * the same other block: both at once cost a seventh less than SHA256_Final's way. */
static void extend_sha256(uint8_t *pcr, struct span measured)
{
    uint8_t blocks[2 * SHA256_CBLOCK] = {[SHA256_CBLOCK] = 0x80, [2 * SHA256_CBLOCK - 2] = 0x02};
    SHA256_CTX context;

    memcpy(blocks, pcr, SHA256_DIGEST_LENGTH);
    memcpy(blocks + SHA256_DIGEST_LENGTH, measured.data, SHA256_DIGEST_LENGTH);
    SHA256_Init(&context);
    SHA256_Update(&context, blocks, sizeof blocks);
    for (size_t i = 0; i < SHA256_DIGEST_LENGTH / 4; i++) {
        uint32_t big_endian = htobe32(context.h[i]);

        memcpy(pcr + 4 * i, &big_endian, sizeof big_endian);
    }
}

void crypto_extend(struct crypto *crypto, uint16_t alg, uint8_t *pcr, struct span measured)
{
    size_t len = tpm_digest_len(alg);

    assert(measured.len == len);
    if (alg == TPM_ALG_SHA256)
        extend_sha256(pcr, measured);
    else
        hash_into(crypto, alg, (struct span[]){span_of(pcr, len), measured}, 2, pcr);
}

void crypto_hmac(struct crypto *crypto, uint16_t alg, struct span key, struct span message,
                 struct crypto_digest *digest)
{
    EVP_MAC_CTX *context = EVP_MAC_CTX_dup(crypto->hmac);
    OSSL_PARAM parameters[] = {OSSL_PARAM_END, OSSL_PARAM_END};
    size_t len = 0;

    assert(context && tpm_digest_len(alg) > 0);
    if (alg != TPM_ALG_SHA256)
        parameters[0] = OSSL_PARAM_construct_utf8_string("digest", (char *)crypto_hash_name(alg),
                                                         0);
    int good = EVP_MAC_init(context, key.len ? key.data : NO_KEY, key.len, parameters) == 1 &&
               EVP_MAC_update(context, message.data, message.len) == 1 &&
               EVP_MAC_final(context, digest->bytes, &len, sizeof digest->bytes) == 1;
    assert(good && len == tpm_digest_len(alg));
    EVP_MAC_CTX_free(context);
    digest->len = len;
}

bool crypto_equal(struct span a, struct span b)
{
    return a.len == b.len && (a.len == 0 || CRYPTO_memcmp(a.data, b.data, a.len) == 0);
}

bool crypto_random(uint8_t *bytes, size_t len, struct error *error)
{
    if (len > INT_MAX || RAND_priv_bytes(bytes, (int)len) != 1)
        return crypto_error(error, "the system gives no random bytes");
    return true;
}
