/* The keys and the signature: AK, quote, identity key (docs/protocol.md, sections 3 and 4).
 *
 * Owns nothing. Trusts the caller's AK, nonce and identity policy; the bundle's own AK only where
 * the caller gave none. Never takes an expectation from what the host sent when the caller has
 * one. */
#include "appraise/stages.h"
#include "base/text.h"
#include "verify/binding.h"

static bool find_hex(struct appraise_work *work, enum reason_code code, const char *component,
                     struct span expected, struct span found)
{
    const char *expected_hex = text_hex(work->arena, expected);
    const char *found_hex = text_hex(work->arena, found);

    if (!expected_hex || !found_hex)
        return arena_error(work->arena, work->error);
    stage_find(work, code, component, expected_hex, found_hex);
    return true;
}

bool stage_ak(struct appraise_work *work)
{
    const struct evidence *evidence = &work->appraisal->evidence;
    struct span bytes = work->input->ak_public.len ? work->input->ak_public : evidence->ak_public;
    struct tpm_public public_area;
    struct error error;

    work->ak = work->input->ak;
    if (!bytes.len) {
        if (!work->ak)
            stage_find(work, REASON_AK_UNKNOWN, NULL, "an attestation key", "none");
        return true;
    }
    if (evidence->ak_public.len && !span_equal(bytes, evidence->ak_public))
        stage_find(work, REASON_AK_UNKNOWN, NULL, "the enrolled key", "another key");
    if (!tpm_public_decode(bytes, &public_area, &error))
        return stage_find_error(work, REASON_AK_NOT_SIGNING, "attestation key", &error);
    if (!ak_check(&public_area, &work->appraisal->reasons))
        return true; /* the reasons stand; the signature is checked all the same */
    if (work->ak)
        return true;
    if (!crypto_key_from_tpm(work->crypto, &public_area, &work->own_ak, &error))
        return stage_find_error(work, REASON_AK_NOT_SIGNING, "attestation key", &error);
    work->ak = work->own_ak;
    return true;
}

/* Decodes the identity key and names it; *name_len stays 0 when there is none or it is malformed,
 * and then nothing the TPM signed can match. */
static bool name_identity(struct appraise_work *work, struct tpm_public *key, bool *has_key)
{
    struct appraisal *appraisal = work->appraisal;
    struct span bytes = appraisal->evidence.identity.public_area;
    struct error error;

    *has_key = false;
    if (!bytes.len)
        return true;
    if (!tpm_public_decode(bytes, key, &error))
        return stage_find_error(work, REASON_IDENTITY_ATTRIBUTES, "identity key", &error);
    if (!tpm_name(work->crypto, key, appraisal->identity.name, sizeof appraisal->identity.name,
                  &appraisal->identity.name_len, &error))
        return stage_find_error(work, REASON_IDENTITY_ATTRIBUTES, "identity key", &error);
    appraisal->identity.public_area = bytes;
    *has_key = true;
    return true;
}

/* Only after the quote: the key is certified under the same qualifying data. */
static void verify_identity(struct appraise_work *work, const struct tpm_public *key,
                            struct span binding)
{
    struct appraisal *appraisal = work->appraisal;
    struct span name = span_of(appraisal->identity.name, appraisal->identity.name_len);
    struct span policy = work->input->identity_policy;
    bool certified = certify_verify(work->crypto, work->ak, appraisal->evidence.identity.certify,
                                    appraisal->evidence.identity.certify_signature, binding, name,
                                    &appraisal->reasons);

    /* Offline nobody demands a policy, and then no key is accepted, nor blamed. */
    if (!policy.len)
        return;
    if (identity_key_check(key, policy, &appraisal->reasons) && certified)
        appraisal->identity.proven = true;
}

static bool decode_quote(struct appraise_work *work, struct tpm_signature *signature, bool *decoded)
{
    struct appraisal *appraisal = work->appraisal;
    struct error error;

    *decoded = false;
    if (!tpm_attest_decode(appraisal->evidence.quote, &appraisal->quote, &error))
        return stage_find_error(work, REASON_EVIDENCE_MALFORMED, "quote", &error);
    if (!tpm_signature_decode(appraisal->evidence.quote_signature, signature, &error))
        return stage_find_error(work,
                                error.code == ERROR_UNSUPPORTED ? REASON_QUOTE_SIGNATURE_SCHEME
                                                                : REASON_EVIDENCE_MALFORMED,
                                "signature", &error);
    work->signing_hash = signature->hash;
    *decoded = true;
    return true;
}

/* The evidence names the right nonce but the TPM signed other data: then it is what the binding
 * covers besides the nonce that was changed, or the quote is one of another exchange. */
static void name_binding_mismatch(struct appraise_work *work, size_t n_before)
{
    struct reasons *reasons = &work->appraisal->reasons;

    if (!span_equal(work->nonce, work->appraisal->evidence.nonce))
        return;
    for (size_t i = n_before; i < reasons->n_items; i++)
        if (reasons->items[i].code == REASON_QUOTE_NONCE)
            reasons->items[i].code = REASON_EVIDENCE_BINDING_MISMATCH;
}

static void keep_history(struct appraisal *appraisal)
{
    appraisal->history = (struct quote_history){
        .known = true,
        .reset_count = appraisal->quote.reset_count,
        .restart_count = appraisal->quote.restart_count,
        .clock_ms = appraisal->quote.clock_ms,
        .firmware_version = appraisal->quote.firmware_version,
    };
}

bool stage_verify_quote(struct appraise_work *work, const struct tpm_signature *signature,
                        struct crypto_digest *binding)
{
    struct appraisal *appraisal = work->appraisal;
    const struct evidence *evidence = &appraisal->evidence;
    struct span name = span_of(appraisal->identity.name, appraisal->identity.name_len);
    struct quote_expectation expectation = {
        .selection = {.banks = {{.alg = evidence->bank, .pcrs = work->pcrs}}, .n_banks = 1}};

    if (!evidence_binding(work->crypto, evidence, work->nonce, name, work->channel_binding, binding,
                          work->error))
        return false;
    expectation.qualifying_data = crypto_digest_span(binding);
    appraisal->quote_verified = quote_verify(work->crypto, work->ak, &appraisal->quote, signature,
                                             &expectation, &work->input->history, work->arena,
                                             &appraisal->reasons);
    if (appraisal->quote_verified)
        keep_history(appraisal);
    return true;
}

bool stage_quote(struct appraise_work *work)
{
    struct appraisal *appraisal = work->appraisal;
    const struct evidence *evidence = &appraisal->evidence;
    size_t n_before;
    struct tpm_signature signature;
    struct tpm_public identity;
    struct crypto_digest binding;
    bool has_identity, decoded;

    if (!span_equal(work->nonce, evidence->nonce) &&
        !find_hex(work, REASON_QUOTE_NONCE, "nonce of the evidence", work->nonce, evidence->nonce))
        return false;
    if (!name_identity(work, &identity, &has_identity) || !decode_quote(work, &signature, &decoded))
        return false;
    if (!work->ak || !decoded)
        return true;
    n_before = appraisal->reasons.n_items;
    if (!stage_verify_quote(work, &signature, &binding))
        return false;
    if (!appraisal->quote_verified)
        name_binding_mismatch(work, n_before);
    else if (has_identity)
        verify_identity(work, &identity, crypto_digest_span(&binding));
    return true;
}
