/* From findings and policies to verdicts: the only place that writes one.
 *
 * Owns the verdict, from the complete list of reasons. Never calls a host trusted unless quote, logs
 * and every policy have each been seen to hold; that no reason was found is not enough. */
#include "appraise/stages.h"
#include "claims/describe.h"

struct judgement {
    struct crypto *crypto;
    const struct appraisal *appraisal;
    struct policy *const *policies;
    size_t n_policies;
    struct arena *arena;
    struct error *error;
};

static bool is_proven(const struct appraisal *appraisal)
{
    return appraisal->quote_verified && appraisal->logs_match;
}

bool appraise_locate(const struct measured_log *log, struct reasons *reasons, struct arena *arena,
                     struct error *error)
{
    for (size_t i = 0; i < reasons->n_items; i++) {
        struct reason *reason = &reasons->items[i];

        if (reason->event >= log->n_events)
            continue;
        if (reason->pcr == REASON_NO_PCR && log->events[reason->event].event.pcr < LIMIT_PCRS)
            reason->pcr = (int)log->events[reason->event].event.pcr;
        if (!reason->component) {
            reason->component = event_component(log, reason->event, arena);
            if (!reason->component)
                return arena_error(arena, error);
        }
    }
    return true;
}

static enum verdict verdict_of(enum reason_weight heaviest, bool proven)
{
    switch (heaviest) {
    case REASON_WEIGHT_UNTRUSTED:
        return VERDICT_UNTRUSTED;
    case REASON_WEIGHT_UNKNOWN:
        break;
    case REASON_WEIGHT_ATTENTION:
        if (proven)
            return VERDICT_ATTENTION;
        break;
    case REASON_WEIGHT_NOTE:
    case REASON_WEIGHT_NONE:
        if (proven)
            return VERDICT_TRUSTED;
        break;
    }
    return VERDICT_UNKNOWN;
}

/* Asks every policy, adds what they say to reasons, and gives the verdict on the whole list. Rules are
 * asked only about a state that is proven: of any other state the findings so far say all that there
 * is to say, and every rule would only repeat that nothing is attested. */
static bool ask(const struct judgement *judgement, struct reasons *reasons, enum verdict *verdict)
{
    bool proven = is_proven(judgement->appraisal), judged = judgement->n_policies > 0;

    if (proven && judgement->n_policies == 0)
        reason_add_plain(reasons, REASON_POLICY_NONE, REASON_NO_PCR, "a policy", "none");
    for (size_t i = 0; proven && i < judgement->n_policies; i++) {
        const struct policy *policy = judgement->policies[i];

        judged &= policy != NULL;
        if (!policy)
            reason_add_plain(reasons, REASON_POLICY_INVALID, REASON_NO_PCR, NULL, NULL);
        else if (!policy_evaluate(policy, judgement->crypto, &judgement->appraisal->claims,
                                  judgement->arena, NULL, reasons, judgement->error))
            return false;
    }
    if (!appraise_locate(&judgement->appraisal->log, reasons, judgement->arena, judgement->error))
        return false;
    *verdict = verdict_of(reasons_weight(reasons), proven && judged);
    return true;
}

bool stage_judge(struct appraise_work *work)
{
    struct appraisal *appraisal = work->appraisal;
    const struct appraise_input *input = work->input;
    struct judgement judgement = {.crypto = work->crypto,
                                  .appraisal = appraisal,
                                  .policies = input->policies,
                                  .n_policies = input->n_policies,
                                  .arena = work->arena,
                                  .error = work->error};

    appraisal->n_evidence_reasons = appraisal->reasons.n_items;
    if (!ask(&judgement, &appraisal->reasons, &appraisal->verdict))
        return false;
    if (input->n_observed == 0)
        return true;
    appraisal->observed = arena_new(work->arena, struct reasons);
    return appraisal->observed ? appraise_under(work->crypto, appraisal, input->observed,
                                                input->n_observed, work->arena, appraisal->observed,
                                                &appraisal->observed_verdict, work->error)
                               : arena_error(work->arena, work->error);
}

bool appraise_under(struct crypto *crypto, const struct appraisal *appraisal,
                    struct policy *const *policies, size_t n_policies, struct arena *arena,
                    struct reasons *reasons, enum verdict *verdict, struct error *error)
{
    struct judgement judgement = {.crypto = crypto,
                                  .appraisal = appraisal,
                                  .policies = policies,
                                  .n_policies = n_policies,
                                  .arena = arena,
                                  .error = error};

    reasons->n_items = 0;
    reasons->overflow = appraisal->reasons.overflow &&
                        appraisal->n_evidence_reasons >= LIMIT_REASONS;
    for (size_t i = 0; i < appraisal->n_evidence_reasons; i++)
        reasons->items[reasons->n_items++] = appraisal->reasons.items[i];
    return ask(&judgement, reasons, verdict);
}

bool appraise_proven(struct appraisal *appraisal, struct reasons *findings)
{
    const bool proven = is_proven(appraisal);

    for (size_t i = 0; i < appraisal->n_evidence_reasons; i++)
        if (appraisal->reasons.items[i].weight >= REASON_WEIGHT_UNKNOWN)
            reason_add(findings, appraisal->reasons.items[i]);
    if (!proven)
        claims_unprove(&appraisal->claims);
    return proven && !appraisal->reasons.overflow;
}
