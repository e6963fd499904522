/* Attestation, third stage: the credentials of a host that passes.
 *
 * The signer signs what it is asked for; here is decided what that is. */
#include "server/attestation.h"
#include "server/sign_message.h"

static void signed_one(struct attestation *attestation)
{
    if (--attestation->signing > 0)
        return;
    if (attestation->sign_failed)
        attestation_end(attestation, PROBLEM_SIGNER_FAILED);
    else
        attestation_record(attestation);
}

static bool take_signed(struct attestation *attestation, enum call_result result, struct span frame,
                        struct sign_answer *answer)
{
    struct error error;

    if (result != CALL_ANSWERED || !attestation_copy(attestation, &frame, &error) ||
        !sign_answer_decode(frame, answer, &error) || !answer->done)
        attestation->sign_failed = true;
    return !attestation->sign_failed;
}

static void on_certificate(void *context, enum call_result result, struct span frame)
{
    struct attestation *attestation = context;
    struct sign_answer answer;

    if (take_signed(attestation, result, frame, &answer) && answer.serial.len == CA_SERIAL_LEN) {
        attestation->certificate = answer.der;
        attestation->memory.certificate_serial = answer.serial;
        attestation->memory.certificate_ends_s = answer.not_after_s;
    }
    signed_one(attestation);
}

static void on_approval(void *context, enum call_result result, struct span frame)
{
    struct attestation *attestation = context;
    struct sign_answer answer;

    if (take_signed(attestation, result, frame, &answer)) {
        attestation->memory.approval_signature = answer.der;
        attestation->exchange->front->counts.approvals++;
    }
    signed_one(attestation);
}

static bool ask_signer(struct attestation *attestation, const struct sign_request *request,
                       call_done_fn *done)
{
    struct span frame;
    struct error error;

    if (!sign_request_encode(request, &attestation->arena, &frame, &error)) {
        attestation->sign_failed = true;
        return false;
    }
    attestation->signing++;
    calls_sign(attestation->exchange->front->calls, frame, done, attestation);
    return true;
}

/* The same digest was signed before: the signature is good for as long as the key. */
static bool approval_known(const struct host_memory *memory,
                           const struct outcome_approval *approval)
{
    return memory->approval.wanted && memory->approval_signature.len > 0 &&
           memory->approval.bank == approval->bank && memory->approval.pcrs == approval->pcrs &&
           memcmp(memory->approval.policy, approval->policy, sizeof approval->policy) == 0;
}

/* True when the host has a certificate for its identity key that will do: it need not be signed,
 * stored, sent and later revoked again. A host that proves its identity key asks for one. The
 * certificate ends with a verdict that vouched for it, and this verdict ends no sooner; with half
 * a verdict's life left, the host comes again before its end. */
static bool certificate_serves(const struct attestation *attestation)
{
    const struct host_memory *memory = &attestation->memory;
    int64_t verdict_life_s = attestation->expires_s - attestation->now_s;

    return outcome_passes((enum verdict)attestation->host.verdict) &&
           attestation->answer.identity_spki.len == 0 &&
           memory->certificate_serial.len == CA_SERIAL_LEN &&
           memory->certificate_ends_s <= attestation->expires_s &&
           memory->certificate_ends_s - attestation->now_s >= (verdict_life_s + 1) / 2;
}

void attestation_sign(struct attestation *attestation)
{
    const struct outcome_approval *approval = &attestation->answer.approval;
    struct span host_id = span_of(attestation->host.enrolled.id, STORE_HOST_ID_LEN);
    struct sign_request certificate = {.kind = SIGN_IDENTITY,
                                       .host_id = host_id,
                                       .name = span_text(attestation->host.enrolled.name),
                                       .spki = attestation->memory.identity_spki,
                                       .not_after_s = attestation->expires_s};
    struct sign_request approve = {.kind = SIGN_APPROVAL,
                                   .host_id = host_id,
                                   .policy = span_of(approval->policy, sizeof approval->policy)};

    attestation->signing = 1; /* ours, until both are asked */
    attestation->keeps_certificate = certificate_serves(attestation);
    if (attestation->memory.identity_spki.len && !attestation->keeps_certificate)
        ask_signer(attestation, &certificate, on_certificate);
    if (approval->wanted && !approval_known(&attestation->memory, approval)) {
        attestation->memory.approval = *approval;
        ask_signer(attestation, &approve, on_approval);
    }
    signed_one(attestation);
}
