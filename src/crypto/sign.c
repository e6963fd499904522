/* Signs with a private key from a file: what src/crypto/signer.c verifies. Owns the key only while it
 * signs. Must never make a signature that a verifier calls weak, or ask a person for a passphrase. */
#include "crypto/internal.h"

#include <openssl/err.h>
#include <openssl/pem.h>

/* In place of OpenSSL's question at the terminal. */
static int no_passphrase(char *buffer, int len, int writing, void *context)
{
    (void)buffer, (void)len, (void)writing, (void)context;
    return 0;
}

static bool sign(EVP_PKEY *pkey, struct span message, struct arena *arena, struct span *signature,
                 struct error *error)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    size_t len = (size_t)EVP_PKEY_get_size(pkey);
    uint8_t *bytes = arena_alloc(arena, len);
    bool good = context && bytes &&
                EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, pkey) == 1 &&
                EVP_DigestSign(context, bytes, &len, message.data, message.len) == 1;

    EVP_MD_CTX_free(context);
    if (!bytes)
        return arena_error(arena, error);
    if (!good)
        return crypto_error(error, "cannot sign");
    *signature = span_of(bytes, len);
    return true;
}

bool crypto_sign(struct span private_key, struct span message, struct arena *arena,
                 struct span *signature, struct error *error)
{
    BIO *bio = private_key.len <= LIMIT_PRIVATE_KEY_LEN
                   ? BIO_new_mem_buf(private_key.data, (int)private_key.len)
                   : NULL;
    EVP_PKEY *pkey = bio ? PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL) : NULL;
    bool good;

    BIO_free(bio);
    ERR_clear_error();
    if (!pkey)
        return error_plain(error, ERROR_MALFORMED, "no private key in PEM without a passphrase");
    good = crypto_signer_key_check(pkey, error);
    if (good && EVP_PKEY_is_a(pkey, "RSA") && EVP_PKEY_get_bits(pkey) < CRYPTO_RSA_BITS_STRONG)
        good = error_plain(error, ERROR_UNSUPPORTED, "the RSA key has only %d bits",
                           EVP_PKEY_get_bits(pkey));
    good = good && sign(pkey, message, arena, signature, error);
    EVP_PKEY_free(pkey);
    return good;
}
