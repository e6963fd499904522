#include "verify/cose_signature.h"

#include "wire/cbor.h"

static const struct {
    int64_t alg;
    uint16_t scheme, hash;
} ALGORITHMS[] = {
    {COSE_ES256, TPM_ALG_ECDSA, TPM_ALG_SHA256},  {COSE_ES384, TPM_ALG_ECDSA, TPM_ALG_SHA384},
    {COSE_ES512, TPM_ALG_ECDSA, TPM_ALG_SHA512},  {COSE_PS256, TPM_ALG_RSAPSS, TPM_ALG_SHA256},
    {COSE_PS384, TPM_ALG_RSAPSS, TPM_ALG_SHA384}, {COSE_PS512, TPM_ALG_RSAPSS, TPM_ALG_SHA512},
};

/* The signature in the form that crypto takes. ECDSA's is r and s, each as long as the curve's order
 * (RFC 9053, 2.1). */
static bool translate(const struct cose_sign1 *sign1, struct tpm_signature *signature,
                      struct error *error)
{
    size_t half = sign1->signature.len / 2;

    for (size_t i = 0; i < sizeof ALGORITHMS / sizeof *ALGORITHMS; i++) {
        if (ALGORITHMS[i].alg != sign1->alg)
            continue;
        *signature = (struct tpm_signature){.scheme = ALGORITHMS[i].scheme,
                                            .hash = ALGORITHMS[i].hash};
        if (ALGORITHMS[i].scheme == TPM_ALG_RSAPSS) {
            signature->rsa = sign1->signature;
        } else if (sign1->signature.len % 2 == 0 && half <= LIMIT_ECC_COORDINATE_LEN) {
            signature->ecdsa_r = span_of(sign1->signature.data, half);
            signature->ecdsa_s = span_of(sign1->signature.data + half, half);
        }
        return true;
    }
    return error_set(error, ERROR_UNSUPPORTED, ERROR_NO_OFFSET, "RFC 9053 2",
                     "signature algorithm %lld is not ES256, ES384, ES512, PS256, PS384 or PS512",
                     (long long)sign1->alg);
}

bool cose_signature_verify(struct crypto *crypto, const struct cose_sign1 *sign1,
                           struct crypto_key *key, struct arena *arena, bool *holds,
                           struct error *error)
{
    struct cbor_writer writer = cbor_writer_init(arena);
    struct tpm_signature signature;
    struct span signed_bytes;

    if (!translate(sign1, &signature, error))
        return false;
    cbor_write_array(&writer, 4); /* Sig_structure */
    cbor_write_text(&writer, span_text("Signature1"));
    cbor_write_bytes(&writer, sign1->protected_header);
    cbor_write_bytes(&writer, span_of(NULL, 0));
    cbor_write_bytes(&writer, sign1->payload);
    if (!cbor_writer_done(&writer, &signed_bytes, error))
        return false;
    *holds = crypto_key_verify(crypto, key, signed_bytes, &signature);
    return true;
}
