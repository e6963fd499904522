/* The short way for a host that did not change since its last full appraisal.
 *
 * Owns nothing. Trusts the caller's memory of a full appraisal of the same host, policy and
 * reference values. Never gives a verdict better than the remembered one, and never one of its
 * own: where anything differs, the full way says what. */
#include "appraise/stages.h"

/* The same logs, named by digest or sent again, the same inventory, nothing new to certify. */
static bool is_unchanged(struct appraise_work *work, const struct appraise_memory *memory,
                         bool *unchanged)
{
    const struct evidence *evidence = &work->appraisal->evidence;
    uint8_t logs_digest[32], inventory_digest[32];

    *unchanged = false;
    if (evidence->bank != memory->bank || work->pcrs != memory->pcrs ||
        evidence->identity.public_area.len || !span_equal(work->nonce, evidence->nonce))
        return true;
    for (size_t i = 0; i < evidence->n_logs; i++)
        if (evidence->logs[i].has_bytes)
            return true; /* bytes are believed only after they were hashed: the full way */
    if (evidence->ak_public.len && !span_equal(evidence->ak_public, work->input->ak_public))
        return true;
    if (!stage_memory_digests(work, logs_digest, inventory_digest))
        return false;
    *unchanged = memcmp(logs_digest, memory->logs_digest, 32) == 0 &&
                 memcmp(inventory_digest, memory->inventory_digest, 32) == 0;
    return true;
}

static bool verify_quote(struct appraise_work *work, const struct appraise_memory *memory,
                         bool *verified)
{
    struct appraisal *appraisal = work->appraisal;
    const struct evidence *evidence = &appraisal->evidence;
    struct tpm_signature signature;
    struct crypto_digest binding;
    struct error error;

    *verified = false;
    if (!tpm_attest_decode(evidence->quote, &appraisal->quote, &error) ||
        !tpm_signature_decode(evidence->quote_signature, &signature, &error))
        return true;
    if (!span_equal(appraisal->quote.quote.pcr_digest,
                    span_of(memory->pcr_digest, memory->pcr_digest_len)))
        return true;
    if (!stage_verify_quote(work, &signature, &binding))
        return false;
    *verified = appraisal->quote_verified && appraisal->reasons.n_items == 0;
    return true;
}

static bool run_short(struct appraise_work *work, const struct appraise_memory *memory,
                      bool *applies)
{
    struct appraisal *appraisal = work->appraisal;
    struct error error;

    *applies = false;
    if (!memory->valid || memory->verdict == VERDICT_NONE || !work->input->ak)
        return true;
    if (!evidence_decode(work->input->evidence, work->arena, &appraisal->evidence, &error)) {
        if (error.code != ERROR_MEMORY)
            return true;
        *work->error = error;
        return false;
    }
    stage_expectations(work);
    work->ak = work->input->ak;
    if (!is_unchanged(work, memory, applies))
        return false;
    return !*applies || verify_quote(work, memory, applies);
}

bool appraise_steady(struct crypto *crypto, const struct appraise_input *input,
                     const struct appraise_memory *memory, struct arena *arena,
                     struct appraisal *appraisal, bool *applies, struct error *error)
{
    struct appraise_work work = {
        .crypto = crypto, .input = input, .arena = arena, .appraisal = appraisal, .error = error};

    memset(appraisal, 0, offsetof(struct appraisal, reasons.items));
    if (!run_short(&work, memory, applies))
        return false;
    if (!*applies)
        return true;
    appraisal->logs_match = true;
    appraisal->memory = *memory;
    appraisal->verdict = memory->verdict;
    return true;
}
