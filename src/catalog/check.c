/* May a catalogue be believed: signed by whom it must be, at this time, and not an older one?
 *
 * Owns nothing. Trusts the operator's certificates as they are. Must never take a signature with
 * SHA-1 or a short key, or the word of the catalogue about itself before its signature holds. */
#include "catalog/catalog.h"

/* True when one of the certificates' keys signed; then *subject is that of its certificate, which
 * lives as long as *signer. */
static bool is_signers(struct crypto *crypto, struct span der, const struct crypto_digest *digest,
                       struct span signature, struct arena *arena, const char **subject,
                       struct error *error)
{
    struct crypto_signer *signer;
    bool good;

    if (!crypto_signer_new(crypto, der, &signer, error))
        return false;
    good = crypto_signer_verify(crypto, signer, TPM_ALG_SHA256, crypto_digest_span(digest),
                                signature) == CRYPTO_SIGNATURE_GOOD;
    *subject = good ? arena_text(arena, span_text(crypto_signer_subject(signer))) : NULL;
    crypto_signer_free(signer);
    if (good && !*subject)
        return arena_error(arena, error);
    return true;
}

bool catalog_check_signature(struct crypto *crypto, struct span text, struct span signature,
                             struct span certificates, struct arena *arena, const char **signer,
                             struct error *error)
{
    struct span ders[LIMIT_CATALOG_CERTIFICATES];
    struct crypto_digest digest;
    const char *subject = NULL;
    size_t n_ders;

    if (!crypto_certificates_read(certificates, LIMIT_CATALOG_CERTIFICATES, arena, ders, &n_ders,
                                  error))
        return false;
    crypto_hash_span(crypto, TPM_ALG_SHA256, text, &digest);
    for (size_t i = 0; i < n_ders && !subject; i++)
        if (!is_signers(crypto, ders[i], &digest, signature, arena, &subject, error))
            return false;
    if (!subject)
        return error_plain(error, ERROR_DENIED,
                           "the signature is not that of any certificate given over this "
                           "catalogue (SHA-256 with ECDSA, or RSA of 2048 bits or more)");
    *signer = subject;
    return true;
}

bool catalog_check_time(const struct catalog *catalog, int64_t now_s, struct error *error)
{
    if (now_s < catalog->issued_s)
        return error_plain(error, ERROR_DENIED,
                           "catalogue \"%.60s\" version %lld is issued in the future",
                           catalog->name, (long long)catalog->version);
    if (now_s >= catalog->valid_until_s)
        return error_plain(error, ERROR_DENIED, "catalogue \"%.60s\" version %lld has expired",
                           catalog->name, (long long)catalog->version);
    return true;
}

bool catalog_check_newer(const struct catalog *catalog, const struct catalog *known,
                         struct error *error)
{
    if (strcmp(catalog->name, known->name) != 0)
        return error_plain(error, ERROR_CONFLICT, "catalogue \"%.60s\" is not \"%.60s\"",
                           catalog->name, known->name);
    if (catalog->version <= known->version)
        return error_plain(error, ERROR_CONFLICT,
                           "version %lld of catalogue \"%.60s\" is not newer than version %lld",
                           (long long)catalog->version, catalog->name, (long long)known->version);
    return true;
}
