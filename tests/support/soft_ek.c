#include "support/soft_ek.h"

#include <stdio.h>
#include <stdlib.h>

#include <openssl/rsa.h>

#include "base/reader.h"

static void demand(bool ok, const char *what)
{
    if (ok)
        return;
    fprintf(stderr, "soft_ek: %s\n", what);
    abort();
}

void soft_ek_init(struct soft_ek *ek, struct crypto *crypto)
{
    /* PolicySecret(TPM_RH_ENDORSEMENT): part 3, 23.4. */
    static const uint8_t SECRET[] = {0x00, 0x00, 0x01, 0x51, 0x40, 0x00, 0x00, 0x0B};
    static const uint8_t ZEROS[32];
    struct span parts[] = {span_of(ZEROS, sizeof ZEROS), span_of(SECRET, sizeof SECRET)};

    crypto_hash(crypto, TPM_ALG_SHA256, parts, 2, &ek->policy);
    crypto_hash_span(crypto, TPM_ALG_SHA256, crypto_digest_span(&ek->policy), &ek->policy);
    soft_key_rsa(&ek->key, 2048);
    ek->key.public_area.attributes = TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT |
                                     TPMA_OBJECT_SENSITIVEDATAORIGIN | TPMA_OBJECT_ADMINWITHPOLICY |
                                     TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_DECRYPT;
    ek->key.public_area.auth_policy = crypto_digest_span(&ek->policy);
    ek->key.public_area.symmetric_alg = TPM_ALG_AES;
    ek->key.public_area.symmetric_bits = 128;
    ek->key.public_area.symmetric_mode = TPM_ALG_CFB;
    soft_key_encode(&ek->key);
}

void soft_ek_done(struct soft_ek *ek)
{
    soft_key_done(&ek->key);
}

/* RSA-OAEP with SHA-256 and the label "IDENTITY", its NUL included (part 1, B.10.4). */
static bool open_seed(struct soft_ek *ek, struct span encrypted, uint8_t seed[32])
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(ek->key.pkey, NULL);
    unsigned char *label = OPENSSL_memdup("IDENTITY", 9);
    uint8_t plain[512];
    size_t plain_len = sizeof plain;
    bool ok;

    demand(context && label && EVP_PKEY_decrypt_init(context) == 1, "context");
    demand(EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_OAEP_PADDING) == 1 &&
               EVP_PKEY_CTX_set_rsa_oaep_md(context, EVP_sha256()) == 1 &&
               EVP_PKEY_CTX_set0_rsa_oaep_label(context, label, 9) == 1,
           "OAEP");
    ok = EVP_PKEY_decrypt(context, plain, &plain_len, encrypted.data, encrypted.len) == 1 &&
         plain_len == 32;
    if (ok)
        memcpy(seed, plain, 32);
    EVP_PKEY_CTX_free(context);
    return ok;
}

static void decrypt(const uint8_t key[16], struct span in, uint8_t *out)
{
    static const uint8_t IV[16];
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    int len;

    demand(context && EVP_DecryptInit_ex(context, EVP_aes_128_cfb128(), NULL, key, IV) == 1 &&
               EVP_DecryptUpdate(context, out, &len, in.data, (int)in.len) == 1,
           "AES-CFB");
    EVP_CIPHER_CTX_free(context);
}

bool soft_ek_activate(struct soft_ek *ek, struct crypto *crypto, struct span ak_name,
                      struct span id_object, struct span secret, uint8_t credential[32])
{
    struct error error;
    struct reader outer = reader_init(id_object, "TPM2B_ID_OBJECT", &error), inner;
    struct reader sealed = reader_init(secret, "TPM2B_ENCRYPTED_SECRET", &error);
    uint8_t seed[32], storage[16], integrity[32], plain[64], message[256];
    struct crypto_digest hmac;
    struct span expected, encrypted, identity;

    if (!open_seed(ek, reader_be16_bytes(&sealed, 512, "secret"), seed))
        return false;
    inner = reader_init(reader_be16_bytes(&outer, 512, "object"), "TPMS_ID_OBJECT", &error);
    expected = reader_be16_bytes(&inner, 64, "HMAC");
    encrypted = reader_rest(&inner);
    demand(encrypted.len == 34 && ak_name.len == 34, "lengths");
    crypto_kdfa(crypto, TPM_ALG_SHA256, span_of(seed, 32), "STORAGE", ak_name, (struct span){0},
                storage, sizeof storage);
    crypto_kdfa(crypto, TPM_ALG_SHA256, span_of(seed, 32), "INTEGRITY", (struct span){0},
                (struct span){0}, integrity, sizeof integrity);
    memcpy(message, encrypted.data, encrypted.len);
    memcpy(message + encrypted.len, ak_name.data, ak_name.len);
    crypto_hmac(crypto, TPM_ALG_SHA256, span_of(integrity, sizeof integrity),
                span_of(message, encrypted.len + ak_name.len), &hmac);
    if (!span_equal(crypto_digest_span(&hmac), expected))
        return false;
    decrypt(storage, encrypted, plain);
    inner = reader_init(span_of(plain, encrypted.len), "TPM2B_DIGEST", &error);
    identity = reader_be16_bytes(&inner, 32, "credential");
    demand(identity.len == 32, "credential");
    memcpy(credential, identity.data, 32);
    return true;
}
