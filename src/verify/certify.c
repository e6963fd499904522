/* Owns the proof that a key lives in the same TPM as the AK: TPM2_Certify (part 3, 18.2).
 * Trusts the AK, which enrolment bound to the host. Must never believe a field of the structure
 * before the signature over it holds; has one success path, at the end. */
#include "verify/endorsement.h"
#include "wire/tpm_attest.h"

static bool refuse(struct reasons *reasons, const char *expected, const char *found)
{
    reason_add_plain(reasons, REASON_IDENTITY_CERTIFY, REASON_NO_PCR, expected, found);
    return false;
}

bool certify_verify(struct crypto *crypto, struct crypto_key *ak, struct span attest,
                    struct span signature, struct span qualifying_data, struct span key_name,
                    struct reasons *reasons)
{
    struct tpm_attest certify;
    struct tpm_signature signed_by;
    struct error error;

    if (!tpm_attest_decode(attest, &certify, &error) ||
        !tpm_signature_decode(signature, &signed_by, &error))
        return refuse(reasons, "a certify structure and its signature", "not decodable");
    if (certify.magic != TPM_GENERATED_VALUE)
        return refuse(reasons, "a structure made by a TPM", "another magic");
    if (certify.type != TPM_ST_ATTEST_CERTIFY)
        return refuse(reasons, "a certify structure", "another type");
    if (!crypto_key_verify(crypto, ak, certify.whole, &signed_by))
        return refuse(reasons, "signed by the host's AK", "the signature does not verify");
    if (qualifying_data.len == 0 || !span_equal(certify.extra_data, qualifying_data))
        return refuse(reasons, "made for this challenge", "other qualifying data");
    if (key_name.len == 0 || !span_equal(certify.certify.name, key_name))
        return refuse(reasons, "the presented key's name", "another key's name");
    return true;
}
