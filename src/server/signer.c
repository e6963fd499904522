#include "server/signer.h"

#include <arpa/inet.h>
#include <stdio.h>

#include "ca/ca.h"
#include "log/log.h"
#include "os/clock.h"
#include "os/file.h"
#include "os/frame.h"
#include "os/process.h"
#include "os/sandbox.h"
#include "server/role.h"
#include "server/sign_message.h"

enum {
    PEM_CAP = 64 * 1024,
    MEMORY_CAP = 64 * 1024 * 1024,
    CLOCK_SKEW_S = 60,              /* a host's clock may be this far behind ours */
    SERVER_LIFE_S = 30 * 24 * 3600, /* the front asks again long before */
    CRL_LIFE_S = 3600,
};

struct signer {
    struct role_start start;
    struct crypto *crypto;
    struct ca *ca;
    const char *names[CA_SERVER_NAMES];
    size_t n_names;
};

/* --- Keys on disk --- */

struct key_files {
    const char *ca_key, *policy_key, *certificate, *published;
};

static bool name_files(const struct conf *conf, struct arena *arena, struct key_files *files,
                       struct error *error)
{
    const char *directory = role_keys_directory(conf, arena);

    if (!directory)
        return arena_error(arena, error);
    files->ca_key = arena_printf(arena, "%s/ca-key.pem", directory);
    files->policy_key = arena_printf(arena, "%s/policy-key.pem", directory);
    files->certificate = arena_printf(arena, "%s/ca.pem", directory);
    files->published = arena_printf(arena, "%s/ca.pem", conf_text(conf, CONF_SERVER_STATE));
    if (!files->published)
        return arena_error(arena, error);
    return os_directory_make(directory, error);
}

/* The certificate is written last, and its presence means that all three are there: a start that
 * was cut off before leaves a key that nothing was signed with, which is made anew. */
static bool make_keys(const struct signer *signer, const struct key_files *files,
                      struct arena *arena, struct error *error)
{
    struct span ca_key, certificate, policy_key;

    if (!ca_make_authority(conf_text(&signer->start.conf, CONF_CA_TRUST_DOMAIN), os_now_s(), arena,
                           &ca_key, &certificate, error) ||
        !ca_make_key(arena, &policy_key, NULL, error) ||
        !os_file_write(files->policy_key, OS_FILE_PRIVATE, policy_key, error) ||
        !os_file_write(files->ca_key, OS_FILE_PRIVATE, ca_key, error) ||
        !os_file_write(files->certificate, OS_FILE_PUBLIC, certificate, error))
        return false;
    log_info("ca.created", log_text(LOG_FILE, files->certificate));
    return true;
}

static bool open_keys(struct signer *signer, struct arena *arena, struct error *error)
{
    struct key_files files = {0};
    struct span ca_key, certificate, policy_key;

    if (!name_files(&signer->start.conf, arena, &files, error))
        return false;
    if (!os_file_read(files.certificate, PEM_CAP, arena, &certificate, error)) {
        if (error->code != ERROR_NOT_FOUND || !make_keys(signer, &files, arena, error) ||
            !os_file_read(files.certificate, PEM_CAP, arena, &certificate, error))
            return false;
    }
    if (!os_file_read_private(files.ca_key, PEM_CAP, arena, &ca_key, error) ||
        !os_file_read_private(files.policy_key, PEM_CAP, arena, &policy_key, error))
        return false;
    signer->ca = ca_open(ca_key, certificate, policy_key, error);
    return signer->ca && os_file_write(files.published, OS_FILE_PUBLIC, certificate, error);
}

/* The service's own names: the configured one, the address it listens on when that is one, and the
 * loopback's, for those who administer it on its own machine. */
static void collect_names(struct signer *signer, struct arena *arena)
{
    const struct conf *conf = &signer->start.conf;
    struct span listen = span_text(conf_text(conf, CONF_SERVER_LISTEN));
    const char *colon = strrchr((const char *)listen.data, ':');
    size_t len = colon ? (size_t)(colon - (const char *)listen.data) : listen.len;
    uint8_t address[16];
    char *host;

    if (len >= 2 && listen.data[0] == '[') {
        listen.data++;
        len -= 2;
    }
    host = arena_text(arena, span_of(listen.data, len));
    signer->names[signer->n_names++] = conf_text(conf, CONF_SERVER_NAME);
    if (host && strcmp(host, "::") != 0 && strcmp(host, "0.0.0.0") != 0 &&
        (inet_pton(AF_INET, host, address) == 1 || inet_pton(AF_INET6, host, address) == 1))
        signer->names[signer->n_names++] = host;
    signer->names[signer->n_names++] = "localhost";
    signer->names[signer->n_names++] = "127.0.0.1";
    signer->names[signer->n_names++] = "::1";
}

/* --- Requests --- */

static bool sign_info(struct signer *signer, struct sign_answer *answer)
{
    answer->der = ca_certificate(signer->ca);
    answer->policy_key = ca_policy_public(signer->ca);
    return true;
}

static bool sign_server(struct signer *signer, const struct sign_request *request,
                        struct arena *arena, struct sign_answer *answer, struct error *error)
{
    int64_t now_s = os_now_s();
    struct ca_server_request server = {.spki = request->spki,
                                       .n_names = signer->n_names,
                                       .not_before_s = now_s - CLOCK_SKEW_S,
                                       .not_after_s = now_s + SERVER_LIFE_S};
    struct ca_issued issued;

    memcpy(server.names, signer->names, sizeof signer->names);
    if (!ca_issue_server(signer->ca, &server, arena, &issued, error))
        return false;
    answer->der = issued.der;
    answer->not_after_s = server.not_after_s;
    return true;
}

static bool sign_identity(struct signer *signer, const struct sign_request *request,
                          struct arena *arena, struct sign_answer *answer, struct error *error)
{
    int64_t now_s = os_now_s();
    int64_t latest_s = now_s + conf_number(&signer->start.conf, CONF_CA_CERTIFICATE_LIFE);
    struct ca_identity_request identity = {.spki = request->spki,
                                           .not_before_s = now_s - CLOCK_SKEW_S,
                                           .not_after_s = request->not_after_s};
    struct ca_issued issued;
    char *serial;

    if (request->host_id.len != CA_HOST_ID_LEN || !outcome_name_ok(request->name))
        return error_plain(error, ERROR_DENIED, "the host's id or name is not one");
    if (request->not_after_s <= now_s)
        return error_plain(error, ERROR_DENIED, "the verdict has ended");
    if (identity.not_after_s > latest_s)
        identity.not_after_s = latest_s;
    memcpy(identity.host_id, request->host_id.data, CA_HOST_ID_LEN);
    identity.name = arena_text(arena, request->name);
    if (!identity.name)
        return arena_error(arena, error);
    if (!ca_issue_identity(signer->ca, &identity, arena, &issued, error))
        return false;
    serial = arena_text(arena, span_of(issued.serial, CA_SERIAL_LEN));
    if (!serial)
        return arena_error(arena, error);
    answer->der = issued.der;
    answer->serial = span_of(serial, CA_SERIAL_LEN);
    answer->not_after_s = identity.not_after_s;
    return true;
}

static bool sign_approval(struct signer *signer, const struct sign_request *request,
                          struct arena *arena, struct sign_answer *answer, struct error *error)
{
    uint8_t policy_ref[OUTCOME_POLICY_LEN];

    if (request->host_id.len != CA_HOST_ID_LEN || request->policy.len != OUTCOME_POLICY_LEN)
        return error_plain(error, ERROR_DENIED, "the host's id or the policy digest is not one");
    outcome_policy_ref(signer->crypto, request->host_id, policy_ref);
    return ca_approve(signer->ca, request->policy, span_of(policy_ref, sizeof policy_ref), arena,
                      &answer->der, error);
}

static bool sign_crl(struct signer *signer, const struct sign_request *request, struct arena *arena,
                     struct sign_answer *answer, struct error *error)
{
    int64_t now_s = os_now_s();

    answer->not_after_s = now_s + CRL_LIFE_S;
    return ca_crl(signer->ca, request->revoked, request->n_revoked, request->crl_number,
                  now_s - CLOCK_SKEW_S, answer->not_after_s, arena, &answer->der, error);
}

static bool sign(struct signer *signer, const struct sign_request *request, struct arena *arena,
                 struct sign_answer *answer, struct error *error)
{
    switch (request->kind) {
    case SIGN_INFO:
        return sign_info(signer, answer);
    case SIGN_SERVER:
        return sign_server(signer, request, arena, answer, error);
    case SIGN_IDENTITY:
        return sign_identity(signer, request, arena, answer, error);
    case SIGN_APPROVAL:
        return sign_approval(signer, request, arena, answer, error);
    case SIGN_CRL:
        return sign_crl(signer, request, arena, answer, error);
    case SIGN_NONE:
        break;
    }
    return error_plain(error, ERROR_DENIED, "not a request that the signer knows");
}

static bool serve_one(struct signer *signer, int channel, struct arena *arena, struct error *error)
{
    struct span frame;
    struct sign_request request;
    struct sign_answer answer = {0};
    struct error refusal;

    if (!os_frame_receive(channel, SIGN_FRAME_LEN, OS_NO_DEADLINE, arena, &frame, error))
        return false;
    answer.done = sign_request_decode(frame, arena, &request, &refusal) &&
                  sign(signer, &request, arena, &answer, &refusal);
    if (!answer.done) {
        log_failure(LOG_LEVEL_WARNING, "signer.refused", &refusal);
        answer = (struct sign_answer){.message = span_text(refusal.message)};
    }
    return sign_answer_encode(&answer, arena, &frame, error) &&
           os_frame_send(channel, &frame, 1, SIGN_FRAME_LEN, OS_NO_DEADLINE, error);
}

static bool start(struct signer *signer, int control, struct arena *arena, struct error *error)
{
    if (!role_start_receive(ROLE_SIGNER, control, &signer->start, error))
        return false;
    log_init("bootseald-signer", log_level_by_name(conf_text(&signer->start.conf, CONF_LOG_LEVEL)));
    signer->crypto = crypto_new(error);
    if (!os_forbid_dumps(error) || !signer->crypto || !open_keys(signer, arena, error))
        return false;
    collect_names(signer, &signer->start.conf.arena);
    return true;
}

/* One signature of each kind, so that OpenSSL has fetched what it needs while it still may. */
static bool rehearse(struct signer *signer, struct arena *arena, struct error *error)
{
    uint8_t policy[OUTCOME_POLICY_LEN] = {0};
    struct sign_request request = {.kind = SIGN_SERVER};
    struct sign_answer answer = {0};
    struct span key_pem;

    return ca_make_key(arena, &key_pem, &request.spki, error) &&
           sign_server(signer, &request, arena, &answer, error) &&
           ca_approve(signer->ca, span_of(policy, sizeof policy), span_of(policy, 0), arena,
                      &answer.der, error) &&
           sign_crl(signer, &request, arena, &answer, error);
}

int signer_run(int control, int channel)
{
    struct signer signer = {0};
    struct arena arena = arena_init(MEMORY_CAP);
    struct error error;

    if (!start(&signer, control, &arena, &error) || !rehearse(&signer, &arena, &error) ||
        !os_sandbox_worker(MEMORY_CAP, 0, &error)) {
        log_failure(LOG_LEVEL_ERROR, "signer.start", &error);
        return 1;
    }
    do
        arena_reset(&arena);
    while (serve_one(&signer, channel, &arena, &error));
    if (error.code != ERROR_NOT_FOUND)
        log_failure(LOG_LEVEL_ERROR, "signer.channel", &error);
    arena_done(&arena);
    ca_free(signer.ca);
    crypto_free(signer.crypto);
    conf_done(&signer.start.conf);
    return error.code == ERROR_NOT_FOUND ? 0 : 1;
}
