/* See attestation.h.
 *
 * Order (docs/protocol.md, 3): keys and inventory first; then, when the connection stands, logs,
 * quote, IMA list again; so the quote is bound to the connection and covers what was read before. */
#include "agent/attestation.h"

#include "agent/logs.h"
#include "agent/remote.h"
#include "os/clock.h"
#include "outcome/outcome.h"
#include "verify/binding.h"
#include "verify/endorsement.h"

/* A nonce lives for five minutes; one that is nearly over is not worth a try. */
enum { CHALLENGE_USE_S = 240 };

struct attesting {
    struct agent *agent;
    struct arena *arena;
    struct tpm *tpm;
    struct agent_state state;
    struct challenge challenge;
    struct tpm_key identity;
    bool with_identity; /* the key is proven, and a certificate asked for */
    struct evidence evidence;
    struct logs logs;
};

bool attestation_passes(const struct attest_answer *answer)
{
    return outcome_passes(answer->verdict);
}

bool attestation_last(const struct agent_state *state, struct arena *arena,
                      struct attest_answer *answer)
{
    struct error ignored;

    return state->answer.len && attest_answer_decode(state->answer, arena, answer, &ignored);
}

int64_t attestation_certificate_ends_s(struct crypto *crypto, const struct agent_state *state,
                                       struct arena *arena)
{
    struct crypto_certificate *certificate;
    struct crypto_certificate_view view;
    struct error ignored;
    size_t len;
    bool viewed;

    if (!state->n_certificates ||
        !crypto_certificate_decode(crypto, state->certificates[0], &len, &certificate, &ignored))
        return 0;
    viewed = crypto_certificate_view(certificate, arena, &view, &ignored);
    crypto_certificate_free(certificate);
    return viewed ? view.not_after_s : 0;
}

int64_t attestation_ends_s(struct crypto *crypto, const struct attestation *attestation,
                           struct arena *arena)
{
    int64_t verdict_s = (int64_t)attestation->answer.ends_s;
    int64_t certificate_s = attestation_certificate_ends_s(crypto, &attestation->state, arena);

    return certificate_s && certificate_s < verdict_s ? certificate_s : verdict_s;
}

/* The service renews the certificate in the second half of its life. When it does not, it believes
 * in one that never came here (an answer was lost), or it forgot the key. */
bool attestation_needs_certificate(struct crypto *crypto, const struct agent_state *state,
                                   int64_t now_s, struct arena *arena)
{
    int64_t ends_s = attestation_certificate_ends_s(crypto, state, arena);
    struct attest_answer last;

    if (ends_s <= now_s)
        return true;
    return attestation_last(state, arena, &last) && attestation_passes(&last) &&
           last.n_certificates == 0 &&
           ends_s - state->answered_s < ((int64_t)last.ends_s - state->answered_s) / 2;
}

/* --- challenge --- */

static bool ask_challenge(struct attesting *attesting, struct remote *remote, struct error *error)
{
    const struct challenge_request request = {.host_id = attesting->state.host_id};
    struct remote_call call = {.path = PROTOCOL_PATH_CHALLENGE};
    struct span answer;

    return challenge_request_encode(&request, attesting->arena, &call.body, error) &&
           remote_post(remote, &call, attesting->arena, &answer, error) &&
           challenge_decode(answer, &attesting->challenge, error);
}

static bool have_challenge(struct attesting *attesting)
{
    struct error ignored;
    int64_t age_s = os_now_s() - attesting->state.answered_s;

    return attesting->state.challenge.len && age_s >= 0 && age_s < CHALLENGE_USE_S &&
           challenge_decode(attesting->state.challenge, &attesting->challenge, &ignored);
}

/* --- keys --- */

/* The identity key of the challenge's policy; made when the TPM has none. */
static bool open_identity(struct attesting *attesting, struct error *error)
{
    const struct challenge *challenge = &attesting->challenge;
    struct agent_state *state = &attesting->state;
    uint8_t name[2 + LIMIT_TPM_DIGEST_LEN], policy[OUTCOME_POLICY_LEN];
    struct tpm_public policy_key;
    size_t name_len;

    if (!tpm_public_decode(challenge->policy_key, &policy_key, error) ||
        !tpm_name(attesting->agent->crypto, &policy_key, name, sizeof name, &name_len, error))
        return false;
    outcome_policy_authorize(attesting->agent->crypto, span_of(name, name_len),
                             challenge->policy_ref, policy);
    if (!tpm_identity_open(attesting->tpm, span_of(policy, sizeof policy), attesting->arena,
                           &attesting->identity, error))
        return false;
    if (!span_equal(state->identity.name, attesting->identity.name)) {
        state->identity = (struct agent_key){attesting->identity.handle, attesting->identity.name};
        state->n_certificates = 0;
        state->approval = (struct tpm_approval){0};
    }
    return true;
}

/* --- evidence --- */

static bool bind(struct attesting *attesting, struct span channel_binding,
                 struct crypto_digest *binding, struct error *error)
{
    return evidence_binding(attesting->agent->crypto, &attesting->evidence,
                            attesting->challenge.nonce,
                            attesting->with_identity ? attesting->identity.name : span_of(NULL, 0),
                            channel_binding, binding, error);
}

static bool certify_identity(struct attesting *attesting, struct span binding, struct error *error)
{
    struct evidence *evidence = &attesting->evidence;
    struct tpm_attestation certify;

    if (!attesting->with_identity)
        return true;
    if (!tpm_certify(attesting->tpm, attesting->state.ak.handle, attesting->identity.handle,
                     binding, attesting->arena, &certify, error))
        return false;
    evidence->identity.public_area = attesting->identity.public_area;
    evidence->identity.certify = certify.attest;
    evidence->identity.certify_signature = certify.signature;
    return true;
}

/* The values behind the quote are a hint for the service, to name a PCR that differs. */
static bool add_pcr_values(struct attesting *attesting, struct error *error)
{
    const struct challenge *challenge = &attesting->challenge;
    const size_t digest_len = tpm_digest_len(challenge->bank);
    uint8_t values[LIMIT_PCRS][LIMIT_TPM_DIGEST_LEN];
    uint8_t *packed = arena_alloc(attesting->arena, LIMIT_PCRS * LIMIT_TPM_DIGEST_LEN);
    size_t len = 0;

    if (!packed)
        return arena_error(attesting->arena, error);
    if (!tpm_pcr_read(attesting->tpm, challenge->bank, challenge->pcrs, values, error))
        return false;
    for (unsigned pcr = 0; pcr < LIMIT_PCRS; pcr++)
        if (challenge->pcrs & 1u << pcr) {
            memcpy(packed + len, values[pcr], digest_len);
            len += digest_len;
        }
    attesting->evidence.pcr_values = span_of(packed, len);
    return true;
}

static bool make_evidence(void *context, struct span channel_binding, struct span *body,
                          struct error *error)
{
    struct attesting *attesting = context;
    struct evidence *evidence = &attesting->evidence;
    struct logs *logs = &attesting->logs;
    struct crypto_digest binding;
    struct tpm_attestation quote;

    if (!logs_read(attesting->agent->values[AGENT_OPTION_EVENTLOG],
                   attesting->agent->values[AGENT_OPTION_IMA], attesting->agent->crypto,
                   attesting->arena, logs, error))
        return false;
    evidence->host_id = attesting->state.host_id;
    evidence->nonce = attesting->challenge.nonce;
    evidence->bank = attesting->challenge.bank;
    memcpy(evidence->logs, logs->logs, sizeof logs->logs);
    evidence->n_logs = logs->n_logs;
    if (!bind(attesting, channel_binding, &binding, error) ||
        !tpm_quote(attesting->tpm, attesting->state.ak.handle, attesting->challenge.bank,
                   attesting->challenge.pcrs, crypto_digest_span(&binding), attesting->arena,
                   &quote, error) ||
        !add_pcr_values(attesting, error) ||
        !certify_identity(attesting, crypto_digest_span(&binding), error) ||
        !logs_finish(logs, attesting->state.sent, attesting->state.n_sent, attesting->agent->crypto,
                     attesting->arena, error))
        return false;
    memcpy(evidence->logs, logs->logs, sizeof logs->logs);
    evidence->quote = quote.attest;
    evidence->quote_signature = quote.signature;
    return evidence_encode(evidence, attesting->arena, body, error);
}

/* --- what the answer changes --- */

/* A passing answer carries the approval that is in force, and a certificate when there is a new one;
 * after any other there is neither. */
static void keep_credentials(struct attesting *attesting, const struct attest_answer *answer)
{
    struct agent_state *state = &attesting->state;

    if (answer->n_certificates || !attestation_passes(answer)) {
        state->n_certificates = answer->n_certificates;
        memcpy(state->certificates, answer->certificates, sizeof state->certificates);
    }
    state->approval = (struct tpm_approval){.bank = answer->approval.bank,
                                            .pcrs = answer->approval.pcrs,
                                            .policy = answer->approval.policy,
                                            .signature = answer->approval.signature,
                                            .policy_key = attesting->challenge.policy_key,
                                            .policy_ref = attesting->challenge.policy_ref};
}

static bool keep_answer(struct attesting *attesting, const struct attest_answer *answer,
                        struct error *error)
{
    struct agent_state *state = &attesting->state;

    state->n_sent = 0;
    for (size_t i = 0; !answer->send_logs && i < attesting->logs.n_logs; i++)
        state->sent[state->n_sent++] = attesting->logs.whole_sha256[i];
    keep_credentials(attesting, answer);
    state->answered_s = os_now_s();
    return attest_answer_encode(answer, attesting->arena, &state->answer, error) &&
           challenge_encode(&answer->challenge, attesting->arena, &state->challenge, error) &&
           agent_state_save(attesting->agent->values[AGENT_OPTION_STATE_DIR], state,
                            attesting->arena, error);
}

/* --- the exchange --- */

static bool exchange(struct attesting *attesting, struct remote *remote,
                     struct attest_answer *answer, struct error *error)
{
    const struct remote_call call = {
        .path = PROTOCOL_PATH_ATTEST, .body_fn = make_evidence, .body_context = attesting};
    struct span bytes;

    if (!open_identity(attesting, error))
        return false;
    attesting->evidence = (struct evidence){0};
    attesting->with_identity = attestation_needs_certificate(
        attesting->agent->crypto, &attesting->state, os_now_s(), attesting->arena);
    return inventory_collect("", &attesting->agent->inventory, attesting->tpm, attesting->arena,
                             &attesting->evidence.inventory, &attesting->evidence.n_inventory,
                             error) &&
           remote_post(remote, &call, attesting->arena, &bytes, error) &&
           attest_answer_decode(bytes, attesting->arena, answer, error);
}

static bool has_reason(const struct attest_answer *answer, enum reason_code code)
{
    for (size_t i = 0; i < answer->n_reasons; i++)
        if (span_is(answer->reasons[i].code, reason_code_text(code)))
            return true;
    return false;
}

/* What we kept may be worth nothing by now: a challenge from the last answer may be used up, and the
 * service may have forgotten logs. Each is tried once more with what the answer brings. */
static bool exchange_until_judged(struct attesting *attesting, struct remote *remote,
                                  struct attest_answer *answer, struct error *error)
{
    bool kept = have_challenge(attesting);

    if (!kept && !ask_challenge(attesting, remote, error))
        return false;
    if (!exchange(attesting, remote, answer, error))
        return false;
    if (kept && has_reason(answer, REASON_NONCE_UNKNOWN)) {
        attesting->challenge = answer->challenge;
        if (!exchange(attesting, remote, answer, error))
            return false;
    }
    if (answer->send_logs) {
        attesting->challenge = answer->challenge;
        attesting->state.n_sent = 0;
        if (!exchange(attesting, remote, answer, error))
            return false;
    }
    return keep_answer(attesting, answer, error);
}

static bool attest_over(struct attesting *attesting, struct remote *remote,
                        struct attestation *attestation, struct error *error)
{
    bool done = agent_state_check_tpm(&attesting->state, attesting->tpm, attesting->arena, error) &&
                exchange_until_judged(attesting, remote, &attestation->answer, error);

    if (!done)
        return false;
    attestation->state = attesting->state;
    attestation->event_log_missing = attesting->logs.event_log_missing;
    return true;
}

bool attestation_do(struct agent *agent, struct arena *arena, struct attestation *attestation,
                    struct error *error)
{
    struct attesting attesting = {.agent = agent, .arena = arena};
    struct remote remote;
    bool done;

    if (!agent_state_load(agent->values[AGENT_OPTION_STATE_DIR], arena, &attesting.state, error) ||
        !tpm_open(agent->values[AGENT_OPTION_TCTI], &attesting.tpm, error))
        return false;
    if (!remote_open((const char *)attesting.state.url.data, attesting.state.ca, span_of(NULL, 0),
                     &remote, error)) {
        tpm_close(attesting.tpm);
        return false;
    }
    done = attest_over(&attesting, &remote, attestation, error);
    remote_close(&remote);
    tpm_close(attesting.tpm);
    return done;
}
