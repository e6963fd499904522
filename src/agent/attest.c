/* bootseal-agent attest and status: the verdict, and what is known without asking. */
#include "agent/attestation.h"
#include "appraise/appraise.h"
#include "base/text.h"
#include "os/clock.h"

#include <jansson.h>

static const char NO_EVENT_LOG[] =
    "The kernel has no event log of the firmware (Secure Boot is off, or the boot loader bypassed "
    "the EFI stub); without it the service cannot tell what was booted. See: bootseal-agent doctor";

static json_t *text(struct span bytes)
{
    return json_stringn((const char *)bytes.data, bytes.len);
}

static bool has_certificate(struct agent *agent, const struct agent_state *state)
{
    return attestation_certificate_ends_s(agent->crypto, state, &agent->arena) > os_now_s();
}

static json_t *answer_json(struct agent *agent, const char *schema, const struct agent_state *state,
                           const struct attest_answer *answer)
{
    char host_id[2 * PROTOCOL_HOST_ID_LEN + 1], ends[OS_TIME_TEXT_LEN];
    json_t *reasons = json_array();

    for (size_t i = 0; i < answer->n_reasons; i++)
        json_array_append_new(reasons,
                              json_pack("{s:o, s:o}", "code", text(answer->reasons[i].code), "text",
                                        text(answer->reasons[i].text)));
    text_hex_into(host_id, state->host_id);
    return json_pack("{s:s, s:s, s:o, s:s, s:s, s:s, s:o, s:b, s:o}", "schema", schema, "host_id",
                     host_id, "name", text(state->name), "server", (const char *)state->url.data,
                     "verdict", verdict_name(answer->verdict), "ends",
                     os_time_print((int64_t)answer->ends_s, ends), "verdict_id",
                     text(answer->verdict_id), "certificate", has_certificate(agent, state),
                     "reasons", reasons);
}

static void print_json(json_t *object)
{
    json_dumpf(object, stdout, JSON_COMPACT);
    printf("\n");
    json_decref(object);
}

static void print_reasons(struct agent *agent, const struct attest_answer *answer)
{
    for (size_t i = 0; i < answer->n_reasons; i++) {
        const char *code = text_printable(&agent->arena, answer->reasons[i].code);
        const char *words = text_printable(&agent->arena, answer->reasons[i].text);

        printf("  %s: %s\n", code ? code : "", words ? words : "");
    }
}

enum exit_status agent_attest(struct agent *agent)
{
    struct attestation attestation;
    char ends[OS_TIME_TEXT_LEN];
    struct error error;

    if (!attestation_do(agent, &agent->arena, &attestation, &error))
        return agent_failed(&error);
    if (agent->json) {
        print_json(answer_json(agent, "bootseal.agent.attest.v1", &attestation.state,
                               &attestation.answer));
    } else {
        printf("%s until %s\n", verdict_name(attestation.answer.verdict),
               os_time_print((int64_t)attestation.answer.ends_s, ends));
        print_reasons(agent, &attestation.answer);
    }
    if (attestation.event_log_missing)
        fprintf(stderr, "bootseal-agent: %s\n", NO_EVENT_LOG);
    return attestation_passes(&attestation.answer) ? EXIT_HOLDS : EXIT_HOLDS_NOT;
}

static void print_standing(struct agent *agent, const struct agent_state *state,
                           const struct attest_answer *answer, bool known, bool in_force)
{
    char host_id[2 * PROTOCOL_HOST_ID_LEN + 1], ends[OS_TIME_TEXT_LEN];
    const char *name = text_printable(&agent->arena, state->name);

    text_hex_into(host_id, state->host_id);
    printf("host      %s\nhost id   %s\nservice   %s\n", name ? name : "", host_id,
           (const char *)state->url.data);
    if (!known) {
        printf("verdict   none yet\n\nNext: bootseal-agent attest\n");
        return;
    }
    printf("verdict   %s, %s %s\nidentity  %s\n", verdict_name(answer->verdict),
           in_force ? "until" : "ended", os_time_print((int64_t)answer->ends_s, ends),
           in_force && has_certificate(agent, state) ? "certificate in force" : "none");
    print_reasons(agent, answer);
    if (!in_force)
        printf("\nNext: bootseal-agent attest, or systemctl start bootseal-agent\n");
}

enum exit_status agent_status(struct agent *agent)
{
    struct agent_state state;
    struct attest_answer answer = {0};
    struct error error;
    bool known, in_force;

    if (!agent_state_load(agent->values[AGENT_OPTION_STATE_DIR], &agent->arena, &state, &error))
        return agent_failed(&error);
    known = attestation_last(&state, &agent->arena, &answer);
    in_force = known && os_now_s() < (int64_t)answer.ends_s;
    if (agent->json) {
        json_t *object = answer_json(agent, "bootseal.agent.status.v1", &state, &answer);

        json_object_set_new(object, "in_force", json_boolean(in_force));
        print_json(object);
    } else {
        print_standing(agent, &state, &answer, known, in_force);
    }
    return in_force && attestation_passes(&answer) ? EXIT_HOLDS : EXIT_HOLDS_NOT;
}
