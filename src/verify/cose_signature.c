#include "verify/cose_signature.h"

#include "wire/cbor.h"

static const struct {
    int64_t alg;
    uint16_t scheme, hash;
    size_t len; /* of a signature by the curve that the algorithm names; 0: it names none */
} ALGORITHMS[] = {
    {COSE_ES256, TPM_ALG_ECDSA, TPM_ALG_SHA256, 0},
    {COSE_ES384, TPM_ALG_ECDSA, TPM_ALG_SHA384, 0},
    {COSE_ES512, TPM_ALG_ECDSA, TPM_ALG_SHA512, 0},
    {COSE_ESP256, TPM_ALG_ECDSA, TPM_ALG_SHA256, 64},
    {COSE_ESP384, TPM_ALG_ECDSA, TPM_ALG_SHA384, 96},
    {COSE_ESP512, TPM_ALG_ECDSA, TPM_ALG_SHA512, 132},
    {COSE_PS256, TPM_ALG_RSAPSS, TPM_ALG_SHA256, 0},
    {COSE_PS384, TPM_ALG_RSAPSS, TPM_ALG_SHA384, 0},
    {COSE_PS512, TPM_ALG_RSAPSS, TPM_ALG_SHA512, 0},
};

static const struct {
    int64_t alg;
    uint16_t hash;
} HASHES[] = {
    {-16, TPM_ALG_SHA256},
    {-43, TPM_ALG_SHA384},
    {-44, TPM_ALG_SHA512},
};

static bool is_ed25519(const struct cose_sign1 *sign1)
{
    return sign1->alg == COSE_EDDSA || sign1->alg == COSE_ED25519;
}

/* The signature in the form that crypto takes. ECDSA's is r and s, each as long as the curve's order
 * (RFC 9053, 2.1). Empty parts hold of nothing. */
static bool translate(const struct cose_sign1 *sign1, struct tpm_signature *signature,
                      struct error *error)
{
    size_t len = sign1->signature.len, half = len / 2;

    for (size_t i = 0; i < sizeof ALGORITHMS / sizeof *ALGORITHMS; i++) {
        if (ALGORITHMS[i].alg != sign1->alg)
            continue;
        *signature = (struct tpm_signature){.scheme = ALGORITHMS[i].scheme,
                                            .hash = ALGORITHMS[i].hash};
        if (ALGORITHMS[i].scheme == TPM_ALG_RSAPSS) {
            signature->rsa = sign1->signature;
        } else if (len % 2 == 0 && half <= LIMIT_ECC_COORDINATE_LEN &&
                   (ALGORITHMS[i].len == 0 || ALGORITHMS[i].len == len)) {
            signature->ecdsa_r = span_of(sign1->signature.data, half);
            signature->ecdsa_s = span_of(sign1->signature.data + half, half);
        }
        return true;
    }
    return error_set(error, ERROR_UNSUPPORTED, ERROR_NO_OFFSET, "RFC 9053 2",
                     "signature algorithm %lld is not ES256, ES384, ES512, PS256, PS384, PS512 or "
                     "EdDSA",
                     (long long)sign1->alg);
}

bool cose_signature_verify(struct crypto *crypto, const struct cose_sign1 *sign1,
                           struct crypto_key *key, struct arena *arena, bool *holds,
                           struct error *error)
{
    struct cbor_writer writer = cbor_writer_init(arena);
    struct tpm_signature signature = {0};
    struct span signed_bytes;

    if (!is_ed25519(sign1) && !translate(sign1, &signature, error))
        return false;
    cbor_write_array(&writer, 4); /* Sig_structure */
    cbor_write_text(&writer, span_text("Signature1"));
    cbor_write_bytes(&writer, sign1->protected_header);
    cbor_write_bytes(&writer, span_of(NULL, 0));
    cbor_write_bytes(&writer, sign1->payload);
    if (!cbor_writer_done(&writer, &signed_bytes, error))
        return false;
    *holds = is_ed25519(sign1) ? crypto_key_verify_ed25519(key, signed_bytes, sign1->signature)
                               : crypto_key_verify(crypto, key, signed_bytes, &signature);
    return true;
}

bool cose_thumbprint_fits(struct crypto *crypto, const struct cose_sign1 *sign1,
                          struct span certificate, bool *fits, struct error *error)
{
    struct crypto_digest digest;

    if (!sign1->thumbprint.len) {
        *fits = true;
        return true;
    }
    for (size_t i = 0; i < sizeof HASHES / sizeof *HASHES; i++) {
        if (HASHES[i].alg != sign1->thumbprint_alg)
            continue;
        crypto_hash_span(crypto, HASHES[i].hash, certificate, &digest);
        *fits = span_equal(crypto_digest_span(&digest), sign1->thumbprint);
        return true;
    }
    return error_set(error, ERROR_UNSUPPORTED, ERROR_NO_OFFSET, "RFC 9360 2",
                     "x5t is a hash of algorithm %lld, which is not SHA-256, SHA-384 or SHA-512",
                     (long long)sign1->thumbprint_alg);
}
