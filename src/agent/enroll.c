/* bootseal-agent enroll: EK and AK to the service, its credential opened by the TPM, the CA kept.
 *
 * docs/protocol.md, 1. Trusts the service as far as the CA or fingerprint given on the command line
 * says; there is no way to enrol without one. */
#include "agent/agent.h"
#include "agent/platform.h"
#include "agent/remote.h"
#include "agent/state.h"
#include "base/text.h"
#include "os/clock.h"
#include "os/file.h"

#include <ctype.h>
#include <jansson.h>
#include <unistd.h>

enum { FINGERPRINT_LEN = 32 };

struct enrolling {
    struct agent *agent;
    struct tpm *tpm;
    struct remote remote;
    struct span ca;
    struct tpm_endorsement endorsement;
    struct platform_certificates platform;
    struct tpm_key ak;
    struct span name;
    struct activate_answer answer;
};

/* --- what the command line says --- */

/* "sha256:5f2c..." as the service prints it and "5F:2C:..." as openssl does are fine too. */
static bool parse_fingerprint(const char *text, uint8_t *bytes, struct error *error)
{
    char hex[2 * FINGERPRINT_LEN + 1];
    size_t len = 0, n_bytes;

    if (strncmp(text, "sha256:", 7) == 0)
        text += 7;
    for (; *text; text++) {
        if (*text == ':')
            continue;
        if (len == sizeof hex - 1)
            break;
        hex[len++] = *text;
    }
    if (*text || !text_unhex(span_of(hex, len), bytes, FINGERPRINT_LEN, &n_bytes) ||
        n_bytes != FINGERPRINT_LEN)
        return error_plain(error, ERROR_USAGE,
                           "--ca-fingerprint takes the SHA-256 of a certificate: 64 hex digits");
    return true;
}

static bool open_remote(struct enrolling *enrolling, struct error *error)
{
    struct agent *agent = enrolling->agent;
    const char *pin_text = agent->values[AGENT_OPTION_CA_FINGERPRINT];
    const char *ca_path = agent->values[AGENT_OPTION_CA];
    uint8_t pin[FINGERPRINT_LEN];

    if (!agent->argument && !*conf_text(&agent->conf, CONF_AGENT_SERVER))
        return error_plain(error, ERROR_USAGE,
                           "Say which service: bootseal-agent enroll URL, or agent.server in the "
                           "configuration");
    if (!agent->argument)
        agent->argument = conf_text(&agent->conf, CONF_AGENT_SERVER);
    if (!pin_text && !ca_path && *conf_text(&agent->conf, CONF_AGENT_CA))
        ca_path = conf_text(&agent->conf, CONF_AGENT_CA);

    if (!pin_text == !ca_path)
        return error_plain(error, ERROR_USAGE,
                           "Say which service to trust: --ca-fingerprint HEX (the service prints "
                           "it), --ca FILE, or agent.ca_file in the configuration");
    if (ca_path && !os_file_read(ca_path, LIMIT_CA_LEN, &agent->arena, &enrolling->ca, error))
        return false;
    if (pin_text && !parse_fingerprint(pin_text, pin, error))
        return false;
    return remote_open(agent->argument, enrolling->ca,
                       pin_text ? span_of(pin, sizeof pin) : span_of(NULL, 0), &enrolling->remote,
                       error);
}

static bool choose_name(struct enrolling *enrolling, struct error *error)
{
    const char *given = enrolling->agent->values[AGENT_OPTION_NAME];
    char own[LIMIT_NAME_LEN + 1] = "";
    char *name;

    if (!given && gethostname(own, sizeof own - 1) != 0)
        return error_plain(error, ERROR_USAGE, "This host has no name; say --name NAME");
    name = arena_text(&enrolling->agent->arena, span_text(given ? given : own));
    if (!name)
        return arena_error(&enrolling->agent->arena, error);
    for (char *c = name; *c; c++)
        *c = (char)tolower((unsigned char)*c);
    enrolling->name = span_text(name);
    return true;
}

/* --- the exchange --- */

static bool open_keys(struct enrolling *enrolling, struct error *error)
{
    struct agent *agent = enrolling->agent;
    enum tpm_key_type type = agent->values[AGENT_OPTION_RSA] ? TPM_KEY_RSA_2048 : TPM_KEY_ECC_P256;

    return tpm_endorsement_find(enrolling->tpm, agent->crypto, &agent->arena,
                                &enrolling->endorsement, error) &&
           platform_certificates_find("", enrolling->tpm, &agent->arena, &enrolling->platform,
                                      error) &&
           tpm_ak_open(enrolling->tpm, type, &agent->arena, &enrolling->ak, error);
}

static bool ask(struct enrolling *enrolling, struct enrol_answer *answer, struct error *error)
{
    struct arena *arena = &enrolling->agent->arena;
    const struct tpm_endorsement *endorsement = &enrolling->endorsement;
    struct enrol_request request = {.name = enrolling->name,
                                    .ek_public = endorsement->public_area,
                                    .n_certificates = endorsement->n_certificates,
                                    .ak_public = enrolling->ak.public_area,
                                    .n_platform_certificates = enrolling->platform.n_items};
    struct remote_call call = {.path = PROTOCOL_PATH_ENROL};
    struct span bytes;

    memcpy(request.certificates, endorsement->certificates, sizeof request.certificates);
    memcpy(request.platform_certificates, enrolling->platform.items,
           sizeof request.platform_certificates);
    return inventory_collect("", &enrolling->agent->inventory, enrolling->tpm, arena,
                             &request.inventory, &request.n_inventory, error) &&
           enrol_request_encode(&request, arena, &call.body, error) &&
           remote_post(&enrolling->remote, &call, arena, &bytes, error) &&
           enrol_answer_decode(bytes, answer, error);
}

static bool prove(struct enrolling *enrolling, const struct enrol_answer *challenge,
                  struct error *error)
{
    struct arena *arena = &enrolling->agent->arena;
    struct activate_request request = {.attempt_id = challenge->attempt_id};
    struct remote_call call = {.path = PROTOCOL_PATH_ACTIVATE};
    struct span bytes;

    return tpm_activate_credential(enrolling->tpm, &enrolling->endorsement, enrolling->ak.handle,
                                   challenge->id_object, challenge->secret, arena,
                                   &request.credential, error) &&
           activate_request_encode(&request, arena, &call.body, error) &&
           remote_post(&enrolling->remote, &call, arena, &bytes, error) &&
           activate_answer_decode(bytes, &enrolling->answer, error);
}

static bool save(struct enrolling *enrolling, struct error *error)
{
    struct agent *agent = enrolling->agent;
    struct agent_state state = {.url = span_text(agent->argument),
                                .ca = enrolling->ca.len ? enrolling->ca
                                                        : http_client_root(enrolling->remote.http),
                                .host_id = enrolling->answer.host_id,
                                .name = enrolling->name,
                                .ak = {enrolling->ak.handle, enrolling->ak.name},
                                .answered_s = os_now_s()};

    return challenge_encode(&enrolling->answer.challenge, &agent->arena, &state.challenge, error) &&
           agent_state_save(agent->values[AGENT_OPTION_STATE_DIR], &state, &agent->arena, error);
}

static bool enrol_over(struct enrolling *enrolling, struct error *error)
{
    struct enrol_answer challenge;

    return choose_name(enrolling, error) && open_keys(enrolling, error) &&
           ask(enrolling, &challenge, error) && prove(enrolling, &challenge, error) &&
           save(enrolling, error);
}

static enum exit_status tell(const struct enrolling *enrolling)
{
    const char *state = enrolment_state_name(enrolling->answer.state);
    char host_id[2 * PROTOCOL_HOST_ID_LEN + 1];
    size_t n_certificates = enrolling->endorsement.n_certificates;

    text_hex_into(host_id, enrolling->answer.host_id);
    if (enrolling->agent->json) {
        json_t *object = json_pack(
            "{s:s, s:s, s:s, s:s, s:b, s:I}", "schema", "bootseal.agent.enroll.v1", "host_id",
            host_id, "name", (const char *)enrolling->name.data, "state", state, "ek_certificate",
            n_certificates > 0, "platform_certificates", (json_int_t)enrolling->platform.n_items);
        json_dumpf(object, stdout, JSON_COMPACT);
        printf("\n");
        json_decref(object);
        return EXIT_HOLDS;
    }
    printf("%s as %s, host id %s\n", state, (const char *)enrolling->name.data, host_id);
    if (enrolling->answer.state == ENROLMENT_STATE_PENDING)
        printf("%s. Somebody has to approve this TPM by name: bootseal host approve %s\n",
               n_certificates ? "The service does not know the maker of this TPM"
                              : "This TPM has no endorsement certificate",
               (const char *)enrolling->name.data);
    else
        printf("Next: bootseal-agent attest\n");
    return EXIT_HOLDS;
}

enum exit_status agent_enroll(struct agent *agent)
{
    struct enrolling enrolling = {.agent = agent};
    struct error error;
    bool done;

    if (!open_remote(&enrolling, &error))
        return agent_failed(&error);
    done = tpm_open(agent->values[AGENT_OPTION_TCTI], &enrolling.tpm, &error) &&
           enrol_over(&enrolling, &error);
    tpm_close(enrolling.tpm);
    remote_close(&enrolling.remote);
    return done ? tell(&enrolling) : agent_failed(&error);
}
