/* bootseal-agent fetch: one GET over mutual TLS with the identity key. */
#include "agent/attestation.h"
#include "agent/identity.h"
#include "http/http_client.h"
#include "os/clock.h"
#include "os/file.h"

/* "https://host:port/path?query": the client takes origin and path apart. */
static bool split_url(const char *url, struct arena *arena, const char **origin, const char **path,
                      struct error *error)
{
    const char *host = strstr(url, "://");
    const char *slash = host ? strchr(host + 3, '/') : NULL;

    if (!host)
        return error_plain(error, ERROR_USAGE, "%.100s is no URL; it starts with https://", url);
    *origin = arena_text(arena, slash ? span_of(url, (size_t)(slash - url)) : span_text(url));
    *path = slash ? slash : "/";
    return *origin || arena_error(arena, error);
}

static bool fetch(struct agent *agent, struct identity *identity, struct http_client_answer *answer,
                  struct error *error)
{
    const char *ca_path = agent->values[AGENT_OPTION_CA];
    struct http_client_settings settings = {
        .ca = identity->state->ca, .ssl_ctx = identity_install, .ssl_ctx_context = identity};
    struct http_client_request request = {.method = "GET", .answer_cap = LIMIT_MESSAGE_LEN};
    struct http_client *client;
    bool done;

    if (ca_path && !os_file_read(ca_path, LIMIT_CA_LEN, &agent->arena, &settings.ca, error))
        return false;
    if (!split_url(agent->argument, &agent->arena, &settings.url, &request.path, error) ||
        !http_client_new(&settings, &client, error))
        return false;
    done = http_client_do(client, &request, &agent->arena, answer, error);
    http_client_free(client);
    /* TLS can only say that there was no signature; the TPM said why. */
    if (!done && identity->sign_error.code != ERROR_NONE)
        *error = identity->sign_error;
    return done;
}

enum exit_status agent_fetch(struct agent *agent)
{
    struct agent_state state;
    struct identity identity = {.state = &state, .arena = &agent->arena};
    struct http_client_answer answer;
    struct error error;
    bool done;

    if (!agent_state_load(agent->values[AGENT_OPTION_STATE_DIR], &agent->arena, &state, &error))
        return agent_failed(&error);
    if (!state.n_certificates || !state.approval.signature.len) {
        error_plain(&error, ERROR_DENIED,
                    "This host has no identity certificate: its last verdict does not pass, or it "
                    "has not attested yet. Run: bootseal-agent attest");
        return agent_failed(&error);
    }
    if (attestation_certificate_ends_s(agent->crypto, &state, &agent->arena) <= os_now_s()) {
        error_plain(&error, ERROR_DENIED,
                    "This host's identity certificate has ended. Run: bootseal-agent attest");
        return agent_failed(&error);
    }
    done = tpm_open(agent->values[AGENT_OPTION_TCTI], &identity.tpm, &error) &&
           fetch(agent, &identity, &answer, &error);
    tpm_close(identity.tpm);
    if (!done)
        return agent_failed(&error);
    fwrite(answer.body.data, 1, answer.body.len, stdout);
    if (answer.status / 100 == 2)
        return EXIT_HOLDS;
    fprintf(stderr, "bootseal-agent: the server answers with HTTP status %d\n", answer.status);
    return EXIT_HOLDS_NOT;
}
