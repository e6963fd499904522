/* Evidence in, verdict out: the order of the stages.
 *
 * Owns what is remembered of an appraisal. Trusts only the caller's arguments: keys, nonce, history,
 * policies. Never turns an error into a verdict. */
#include "appraise/stages.h"
#include "claims/certification.h"

void stage_find(struct appraise_work *work, enum reason_code code, const char *component,
                const char *expected, const char *found)
{
    reason_add(&work->appraisal->reasons, (struct reason){.code = code,
                                                          .pcr = REASON_NO_PCR,
                                                          .event = REASON_NO_EVENT,
                                                          .component = component,
                                                          .expected = expected,
                                                          .found = found});
}

bool stage_find_error(struct appraise_work *work, enum reason_code code, const char *component,
                      const struct error *error)
{
    char text[sizeof error->message + 128];
    const char *found;

    if (error->code == ERROR_MEMORY || error->code == ERROR_CRYPTO) {
        *work->error = *error;
        return false;
    }
    found = arena_printf(work->arena, "%s", error_print(error, text, sizeof text));
    if (!found)
        return arena_error(work->arena, work->error);
    stage_find(work, error->code == ERROR_LIMIT ? REASON_EVIDENCE_TOO_LARGE : code, component, NULL,
               found);
    return true;
}

void stage_expectations(struct appraise_work *work)
{
    const struct appraise_input *input = work->input;
    const struct evidence *evidence = &work->appraisal->evidence;

    work->pcrs = input->pcrs ? input->pcrs : APPRAISE_DEFAULT_PCRS;
    work->nonce = input->nonce.len ? input->nonce : evidence->nonce;
    work->channel_binding = input->channel_bound ? input->channel_binding
                                                 : evidence->channel_binding;
}

/* The claims that any of the policies reads; NULL: all are wanted. */
static bool *wanted_claims(const struct appraise_input *input, bool claims_read[CLAIM_IDS])
{
    if (!input->policy_claims_only || input->n_policies + input->n_observed == 0)
        return NULL;
    for (size_t i = 0; i < input->n_policies + input->n_observed; i++) {
        const struct policy *policy = i < input->n_policies
                                          ? input->policies[i]
                                          : input->observed[i - input->n_policies];

        if (!policy)
            continue;
        for (int id = 0; id < CLAIM_IDS; id++)
            claims_read[id] |= policy_claims_read(policy)[id];
    }
    return claims_read;
}

static bool collect_claims(struct appraise_work *work)
{
    struct appraisal *appraisal = work->appraisal;
    bool claims_read[CLAIM_IDS] = {false};
    const bool *wanted = wanted_claims(work->input, claims_read);
    const bool attested = appraisal->quote_verified && appraisal->logs_match;
    const struct claims_input input = {
        .log = appraisal->log.n_events ? &appraisal->log : NULL,
        .attested_pcrs = attested ? work->pcrs & ~work->unexplained_pcrs : 0,
        .phases = attested ? work->phases : 0,
        .ones_pcrs = attested ? work->ones_pcrs : 0,
        .zero_pcrs = attested ? work->zero_pcrs : 0,
        .ima = work->ima_proven,
        .ima_attested = work->ima_attested,
        .ima_certificates = work->input->ima_certificates,
        .inventory = appraisal->evidence.inventory,
        .n_inventory = appraisal->evidence.n_inventory,
        .smbios = work->smbios,
        .endorsed = work->input->endorsed,
        .wanted = wanted,
        .mok_list = work->mok_list,
        .revocations = work->input->revocations,
        .catalog = work->input->catalog,
        .crypto = work->crypto,
    };

    for (int id = 0; id < CLAIM_IDS; id++)
        appraisal->collected[id] = !wanted || wanted[id] ||
                                   claim_type((enum claim_id)id) != CLAIM_LIST;
    certification_mark_read(appraisal->collected); /* by catalogues: never left out */
    return claims_collect(&input, work->arena, &appraisal->claims, &appraisal->reasons,
                          work->error);
}

static bool can_remember(const struct appraisal *appraisal)
{
    /* A host that fails is looked at in full each time, and so is one with a finding about the
     * step from its last quote to this one, which the next quote need not repeat. */
    return (appraisal->verdict == VERDICT_TRUSTED || appraisal->verdict == VERDICT_ATTENTION) &&
           !reasons_have(&appraisal->reasons, REASON_QUOTE_FIRMWARE_VERSION);
}

static bool remember(struct appraise_work *work)
{
    struct appraisal *appraisal = work->appraisal;
    struct appraise_memory *memory = &appraisal->memory;
    struct span pcr_digest = appraisal->quote.quote.pcr_digest;

    if (!stage_memory_digests(work, memory->logs_digest, memory->inventory_digest))
        return false;
    memory->pcrs = work->pcrs;
    memory->bank = appraisal->evidence.bank;
    if (pcr_digest.len)
        memcpy(memory->pcr_digest, pcr_digest.data, pcr_digest.len);
    memory->pcr_digest_len = pcr_digest.len;
    memory->verdict = appraisal->verdict;
    memory->valid = can_remember(appraisal);
    return true;
}

static bool run_stages(struct appraise_work *work)
{
    struct appraisal *appraisal = work->appraisal;
    struct error error;

    if (!evidence_decode(work->input->evidence, work->arena, &appraisal->evidence, &error)) {
        if (!stage_find_error(work, REASON_EVIDENCE_MALFORMED, NULL, &error))
            return false;
        return stage_judge(work); /* nothing is proven, so no policy is asked */
    }
    stage_expectations(work);
    return stage_ak(work) && stage_log_digests(work) && stage_quote(work) && stage_logs(work) &&
           collect_claims(work) && stage_judge(work) && remember(work);
}

bool appraise(struct crypto *crypto, const struct appraise_input *input, struct arena *arena,
              struct appraisal *appraisal, struct error *error)
{
    struct appraise_work work = {
        .crypto = crypto, .input = input, .arena = arena, .appraisal = appraisal, .error = error};
    bool done;

    memset(appraisal, 0, offsetof(struct appraisal, reasons.items));
    done = run_stages(&work);
    crypto_key_free(work.own_ak);
    if (!done) /* no verdict: callers that forget the result must find none */
        appraisal->verdict = VERDICT_NONE;
    return done;
}

const char *verdict_name(enum verdict verdict)
{
    static const char *const NAMES[] = {
        [VERDICT_NONE] = "none",           [VERDICT_TRUSTED] = "trusted",
        [VERDICT_ATTENTION] = "attention", [VERDICT_UNTRUSTED] = "untrusted",
        [VERDICT_UNKNOWN] = "unknown",     [VERDICT_PENDING] = "pending",
    };

    return NAMES[verdict];
}
