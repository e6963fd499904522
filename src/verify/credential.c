/* Owns TPM2_MakeCredential without a TPM (part 3, 12.6; part 1, 24).
 * Trusts the EK's public area, whose template and certificate endorsement_check has judged. Must
 * never leave key material behind. */
#include "verify/endorsement.h"

/* Part 1, 24.4: the key that encrypts the credential, from the seed and the AK's name. */
static bool encrypt(struct crypto *crypto, const struct tpm_public *ek, struct span seed,
                    struct span ak_name, struct span credential, struct writer *identity,
                    struct error *error)
{
    uint8_t key[32];
    size_t key_len = ek->symmetric_bits / 8;
    size_t start = identity->len;
    bool good;

    if (ek->symmetric_alg != TPM_ALG_AES || ek->symmetric_mode != TPM_ALG_CFB ||
        (key_len != 16 && key_len != 32))
        return error_plain(error, ERROR_UNSUPPORTED, "EK protects with other than AES-CFB");
    crypto_kdfa(crypto, ek->name_alg, seed, "STORAGE", ak_name, span_of(NULL, 0), key, key_len);
    writer_be16_bytes(identity, credential);
    good = !identity->failed || error_plain(error, ERROR_LIMIT, "credential is too long");
    good = good && crypto_aes_cfb_encrypt(span_of(key, key_len), identity->buffer + start,
                                          identity->len - start, error);
    explicit_bzero(key, sizeof key);
    return good;
}

/* Part 1, 24.5: the HMAC that ties the encrypted credential to the AK's name. */
static void authenticate(struct crypto *crypto, uint16_t alg, struct span seed,
                         struct span identity, struct span ak_name, struct crypto_digest *mac)
{
    uint8_t key[LIMIT_TPM_DIGEST_LEN], message[2 * (2 + LIMIT_TPM_DIGEST_LEN)];
    struct writer writer = writer_init(message, sizeof message);
    size_t key_len = tpm_digest_len(alg);

    crypto_kdfa(crypto, alg, seed, "INTEGRITY", span_of(NULL, 0), span_of(NULL, 0), key, key_len);
    writer_bytes(&writer, identity);
    writer_bytes(&writer, ak_name);
    crypto_hmac(crypto, alg, span_of(key, key_len), writer_span(&writer), mac);
    explicit_bzero(key, sizeof key);
}

static bool protect(struct crypto *crypto, const struct tpm_public *ek, struct span seed,
                    struct span ak_name, struct span credential, struct credential_blob *blob,
                    struct error *error)
{
    uint8_t identity_bytes[2 + LIMIT_TPM_DIGEST_LEN];
    struct writer identity = writer_init(identity_bytes, sizeof identity_bytes);
    struct writer id_object = writer_init(blob->id_object, sizeof blob->id_object);
    struct crypto_digest mac;
    struct span written;

    if (!encrypt(crypto, ek, seed, ak_name, credential, &identity, error))
        return false;
    authenticate(crypto, ek->name_alg, seed, writer_span(&identity), ak_name, &mac);
    writer_be16(&id_object, (uint16_t)(2 + mac.len + identity.len));
    writer_be16_bytes(&id_object, crypto_digest_span(&mac));
    writer_bytes(&id_object, writer_span(&identity));
    if (!writer_done(&id_object, &written, error))
        return false;
    blob->id_object_len = written.len;
    return true;
}

bool make_credential(struct crypto *crypto, const struct tpm_public *ek, struct span ak_name,
                     struct span credential, struct credential_blob *blob, struct error *error)
{
    struct credential_blob made = {0};
    struct writer length = writer_init(made.secret, 2);
    struct crypto_digest seed;
    bool good;

    if (ak_name.len < 2 || ak_name.len > 2 + LIMIT_TPM_DIGEST_LEN)
        return error_plain(error, ERROR_MALFORMED, "AK's name has %zu bytes", ak_name.len);
    /* Part 3, 12.6.1: no longer than the digest of the EK's name algorithm. */
    if (credential.len == 0 || credential.len > tpm_digest_len(ek->name_alg))
        return error_plain(error, ERROR_LIMIT, "credential of %zu bytes", credential.len);
    if (!crypto_credential_seed(crypto, ek, "IDENTITY", &seed, made.secret + 2,
                                sizeof made.secret - 2, &made.secret_len, error))
        return false;
    writer_be16(&length, (uint16_t)made.secret_len);
    made.secret_len += length.len;
    good = protect(crypto, ek, crypto_digest_span(&seed), ak_name, credential, &made, error);
    explicit_bzero(&seed, sizeof seed);
    if (good)
        *blob = made;
    return good;
}
