/* Attestation, last stage: the answer, which ends it. */
#include <stdlib.h>

#include "base/text.h"
#include "log/log.h"
#include "server/attestation.h"

void attestation_free(struct attestation *attestation)
{
    arena_done(&attestation->arena);
    free(attestation);
}

void attestation_end(struct attestation *attestation, enum problem problem)
{
    exchange_problem(attestation->exchange, problem, NULL);
    attestation_free(attestation);
}

void attestation_fail(struct attestation *attestation, const char *event, const struct error *error)
{
    exchange_fail(attestation->exchange, event, error);
    attestation_free(attestation);
}

bool attestation_copy(struct attestation *attestation, struct span *bytes, struct error *error)
{
    char *copied = arena_text(&attestation->arena, *bytes);

    if (!copied)
        return arena_error(&attestation->arena, error);
    *bytes = span_of(copied, bytes->len);
    return true;
}

static char *reason_sentence(const struct reason *reason, struct arena *arena)
{
    char *text = arena_printf(arena, "%s", reason_title(reason->code));

    if (text && reason->rule)
        text = arena_printf(arena, "%s; rule %s", text, reason->rule);
    if (text && reason->message)
        text = arena_printf(arena, "%s: %s", text, reason->message);
    if (text && reason->pcr != REASON_NO_PCR)
        text = arena_printf(arena, "%s; PCR %d", text, reason->pcr);
    if (text && reason->event != REASON_NO_EVENT)
        text = arena_printf(arena, "%s; event %u", text, reason->event);
    if (text && reason->component)
        text = arena_printf(arena, "%s (%s)", text, reason->component);
    if (text && reason->expected)
        text = arena_printf(arena, "%s; expected %s", text, reason->expected);
    if (text && reason->found)
        text = arena_printf(arena, "%s; found %s", text, reason->found);
    return text;
}

static bool fill_reasons(struct attestation *attestation, struct attest_answer *answer,
                         struct error *error)
{
    struct arena *arena = &attestation->arena;
    const struct reasons *reasons = attestation->reasons;

    if (reasons->n_items == 0)
        return true;
    answer->reasons = arena_array(arena, reasons->n_items, sizeof *answer->reasons);
    if (!answer->reasons)
        return arena_error(arena, error);
    for (size_t i = 0; i < reasons->n_items; i++) {
        char *text = reason_sentence(&reasons->items[i], arena);

        if (!text)
            return arena_error(arena, error);
        if (strlen(text) > LIMIT_REASON_TEXT_LEN)
            text[LIMIT_REASON_TEXT_LEN] = '\0';
        answer->reasons[i].code = span_text(reason_code_text(reasons->items[i].code));
        answer->reasons[i].text = span_text(text_printable(arena, span_text(text)));
    }
    answer->n_reasons = reasons->n_items;
    return true;
}

static void fill_credentials(struct attestation *attestation, struct attest_answer *answer)
{
    const struct front *front = attestation->exchange->front;
    const struct host_memory *memory = &attestation->memory;

    if (!outcome_passes(attestation->verdict))
        return;
    if (attestation->certificate.len) {
        answer->certificates[answer->n_certificates++] = attestation->certificate;
        answer->certificates[answer->n_certificates++] = front->ca_der;
    }
    if (memory->approval.wanted && memory->approval_signature.len) {
        answer->approval.bank = memory->approval.bank;
        answer->approval.pcrs = memory->approval.pcrs;
        answer->approval.policy = span_of(memory->approval.policy, sizeof memory->approval.policy);
        answer->approval.signature = memory->approval_signature;
    }
}

void attestation_answer(struct attestation *attestation, const char *verdict_id)
{
    struct exchange *exchange = attestation->exchange;
    struct attest_answer answer = {
        .verdict = attestation->verdict,
        .ends_s = (uint64_t)attestation->expires_s,
        .send_logs = reasons_have(attestation->reasons, REASON_EVIDENCE_LOG_UNKNOWN),
        .verdict_id = span_text(verdict_id),
    };
    struct span body;
    struct error error;

    fill_credentials(attestation, &answer);
    if (!fill_reasons(attestation, &answer, &error) ||
        !front_challenge(exchange->front, attestation->evidence.host_id, &attestation->arena,
                         &answer.challenge, &error) ||
        !attest_answer_encode(&answer, &attestation->arena, &body, &error)) {
        attestation_fail(attestation, "attest.answer", &error);
        return;
    }
    exchange_bytes(exchange, PROTOCOL_CONTENT_TYPE, body);
    attestation_free(attestation);
}

/* A verdict on what was sent that says nothing about the host: answered, not recorded. */
void attestation_refuse(struct attestation *attestation, enum reason_code code, const char *found)
{
    struct exchange *exchange = attestation->exchange;

    if (code != REASON_NONE) {
        attestation->reasons->n_items = 0;
        reason_add_plain(attestation->reasons, code, REASON_NO_PCR, NULL, found);
        attestation->verdict = VERDICT_UNTRUSTED;
    }
    if (outcome_passes(attestation->verdict))
        attestation->verdict = VERDICT_UNKNOWN; /* nothing passes on what proves nothing */
    exchange->front->counts.attest_refused++;
    log_warning("attest.refused", log_text(LOG_HOST, attestation->host.enrolled.name),
                log_text(LOG_VERDICT, verdict_name(attestation->verdict)),
                log_text(LOG_REASON, attestation->reasons->n_items
                                         ? reason_code_text(attestation->reasons->items[0].code)
                                         : ""),
                log_text(LOG_PEER, http_request_peer(exchange->request)));
    attestation->expires_s = attestation->now_s;
    attestation_answer(attestation, "");
}
