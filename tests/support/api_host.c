#include "support/api_host.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <openssl/pem.h>

#include "outcome/outcome.h"

static void demand(bool ok, const char *what)
{
    if (ok)
        return;
    fprintf(stderr, "api_host: %s\n", what);
    abort();
}

void api_maker_init(struct api_maker *maker)
{
    char path[128];
    FILE *file;

    *maker = (struct api_maker){.directory = "/tmp/bootseal-maker-XXXXXX"};
    soft_key_ecc(&maker->key, TPM_ECC_NIST_P256);
    maker->root = soft_certificate_make(&(struct soft_certificate){.subject = "Soft maker",
                                                                   .key = maker->key.pkey,
                                                                   .issuer_key = maker->key.pkey,
                                                                   .ca = true});
    demand(mkdtemp(maker->directory) != NULL, "a directory");
    snprintf(path, sizeof path, "%s/root.pem", maker->directory);
    file = fopen(path, "w");
    demand(file && PEM_write_X509(file, maker->root) == 1 && fclose(file) == 0, "root.pem");
    snprintf(maker->trust_setting, sizeof maker->trust_setting, "enrol.trust_directory=%s",
             maker->directory);
}

void api_maker_done(struct api_maker *maker)
{
    char path[128];

    snprintf(path, sizeof path, "%s/root.pem", maker->directory);
    unlink(path);
    rmdir(maker->directory);
    X509_free(maker->root);
    soft_key_done(&maker->key);
}

void service_start_for(struct service *service, const struct api_maker *maker,
                       const char *const *settings, size_t n_settings)
{
    const char *all[SERVICE_SETTINGS] = {maker->trust_setting, "log.level=error"};

    demand(n_settings + 2 <= SERVICE_SETTINGS, "a place for every setting");
    for (size_t i = 0; i < n_settings; i++)
        all[2 + i] = settings[i];
    service_start(service, all, n_settings + 2);
}

void api_host_init(struct api_host *host, const char *folder, const char *name,
                   const struct api_maker *maker)
{
    struct error error;

    memset(host, 0, sizeof *host);
    soft_host_init(&host->soft, folder, TPM_ALG_ECC, TPM_ALG_SHA256);
    soft_ek_init(&host->ek, host->soft.crypto);
    snprintf(host->name, sizeof host->name, "%s", name);
    demand(tpm_name(host->soft.crypto, &host->soft.ak.public_area, host->ak_name,
                    sizeof host->ak_name, &host->ak_name_len, &error),
           "the AK's name");
    if (maker) {
        X509 *certificate = soft_certificate_make(
            &(struct soft_certificate){.key = host->ek.key.pkey,
                                       .issuer_key = maker->key.pkey,
                                       .issuer = maker->root,
                                       .key_usage = "critical,keyEncipherment",
                                       .extended_usage = "2.23.133.8.1"});
        host->certificate = soft_certificate_der(certificate, host->ek_certificate,
                                                 sizeof host->ek_certificate);
        X509_free(certificate);
    }
}

void api_host_done(struct api_host *host)
{
    soft_ek_done(&host->ek);
    soft_host_done(&host->soft);
}

struct span api_host_enrol_request(struct api_host *host)
{
    struct enrol_request request = {.name = span_text(host->name),
                                    .ek_public = host->ek.key.public_area.whole,
                                    .ak_public = host->soft.ak.public_area.whole,
                                    .certificates = {host->certificate},
                                    .n_certificates = host->certificate.len ? 1 : 0};
    struct span body;
    struct error error;

    demand(enrol_request_encode(&request, &host->soft.arena, &body, &error), "enrol request");
    return body;
}

static struct span keep(struct api_host *host, struct span bytes)
{
    return span_of(soft_host_copy(&host->soft, bytes), bytes.len);
}

/* The challenge is the host's own copy: answers' memory is given back. */
static void take_challenge(struct api_host *host, const struct challenge *challenge)
{
    demand(challenge->nonce.len == sizeof host->soft.nonce, "the nonce's length");
    memcpy(host->soft.nonce, challenge->nonce.data, sizeof host->soft.nonce);
    host->soft.evidence.nonce = span_of(host->soft.nonce, sizeof host->soft.nonce);
}

static struct http_client_answer post(struct service *service, const char *path, struct span body)
{
    return service_request(service, "POST", path, NULL, PROTOCOL_CONTENT_TYPE, body);
}

struct http_client_answer api_host_enrol(struct api_host *host, struct service *service)
{
    struct http_client_answer answer = post(service, PROTOCOL_PATH_ENROL,
                                            api_host_enrol_request(host));
    struct error error;

    if (answer.status == 200)
        demand(enrol_answer_decode(keep(host, answer.body), &host->enrol, &error), error.message);
    return answer;
}

void api_host_open(struct api_host *host, uint8_t credential[PROTOCOL_CREDENTIAL_LEN])
{
    demand(soft_ek_activate(&host->ek, host->soft.crypto, span_of(host->ak_name, host->ak_name_len),
                            host->enrol.id_object, host->enrol.secret, credential),
           "the credential is not for this TPM");
}

/* The identity key by the policy that the challenge asks for. */
static void make_identity(struct api_host *host, const struct challenge *challenge)
{
    struct tpm_public policy_key;
    uint8_t name[66];
    size_t name_len = 0;
    struct error error;

    demand(tpm_public_decode(challenge->policy_key, &policy_key, &error) &&
               tpm_name(host->soft.crypto, &policy_key, name, sizeof name, &name_len, &error),
           "the policy key");
    outcome_policy_authorize(host->soft.crypto, span_of(name, name_len), challenge->policy_ref,
                             host->soft.identity_policy);
    soft_host_add_identity(&host->soft);
}

struct http_client_answer api_host_activate(struct api_host *host, struct service *service,
                                            struct span credential)
{
    struct activate_request request = {.attempt_id = host->enrol.attempt_id,
                                       .credential = credential};
    struct http_client_answer answer;
    struct span body;
    struct error error;

    demand(activate_request_encode(&request, &host->soft.arena, &body, &error), "activate");
    answer = post(service, PROTOCOL_PATH_ACTIVATE, body);
    if (answer.status != 200)
        return answer;
    demand(activate_answer_decode(keep(host, answer.body), &host->activated, &error),
           error.message);
    memcpy(host->id, host->activated.host_id.data, sizeof host->id);
    host->soft.evidence.host_id = span_of(host->id, sizeof host->id);
    take_challenge(host, &host->activated.challenge);
    if (host->soft.evidence.identity.public_area.len == 0)
        make_identity(host, &host->activated.challenge);
    return answer;
}

struct http_client_answer api_host_challenge(struct api_host *host, struct service *service)
{
    struct challenge_request request = {.host_id = span_of(host->id, sizeof host->id)};
    struct http_client_answer answer;
    struct challenge challenge;
    struct span body;
    struct error error;

    demand(challenge_request_encode(&request, &host->soft.arena, &body, &error), "challenge");
    answer = post(service, PROTOCOL_PATH_CHALLENGE, body);
    if (answer.status == 200) {
        demand(challenge_decode(answer.body, &challenge, &error), error.message);
        take_challenge(host, &challenge);
    }
    return answer;
}

/* Evidence for this connection. The binding covers the channel; the message does not carry it. */
static bool make_evidence(void *context, struct span channel_binding, struct span *body,
                          struct error *error)
{
    struct api_host *host = context;

    (void)error;
    soft_host_measure(&host->soft);
    host->soft.evidence.channel_binding = channel_binding;
    soft_host_bind(&host->soft);
    if (host->soft.evidence.identity.public_area.len)
        soft_host_certify(&host->soft);
    host->soft.evidence.channel_binding = (struct span){0};
    host->body = soft_host_evidence(&host->soft);
    *body = host->body;
    host->soft.quote.clock_ms += 1000;
    return true;
}

struct http_client_answer api_host_attest(struct api_host *host, struct service *service)
{
    struct http_client_answer answer = service_request_bound(service, PROTOCOL_PATH_ATTEST,
                                                             make_evidence, host);
    struct error error;

    memset(&host->answer, 0, sizeof host->answer);
    if (answer.status != 200)
        return answer;
    demand(attest_answer_decode(keep(host, answer.body), &host->soft.arena, &host->answer, &error),
           error.message);
    take_challenge(host, &host->answer.challenge);
    return answer;
}

static void demand_200(const struct http_client_answer *answer, const char *what)
{
    if (answer->status == 200)
        return;
    fprintf(stderr, "%d %.*s\n", answer->status, (int)answer->body.len,
            (const char *)answer->body.data);
    demand(false, what);
}

enum enrolment_state api_host_join(struct api_host *host, struct service *service)
{
    uint8_t credential[PROTOCOL_CREDENTIAL_LEN];
    struct http_client_answer answer;

    answer = api_host_enrol(host, service);
    demand_200(&answer, "enrolment");
    api_host_open(host, credential);
    answer = api_host_activate(host, service, span_of(credential, sizeof credential));
    demand_200(&answer, "activation");
    return host->activated.state;
}

void api_host_send_digests(struct api_host *host)
{
    for (size_t i = 0; i < host->soft.evidence.n_logs; i++) {
        host->soft.evidence.logs[i].has_bytes = false;
        host->soft.evidence.logs[i].bytes = (struct span){0};
    }
}

void api_host_omit_identity(struct api_host *host)
{
    memset(&host->soft.evidence.identity, 0, sizeof host->soft.evidence.identity);
}

X509 *api_host_certificate(const struct api_host *host)
{
    const unsigned char *at = host->answer.certificates[0].data;
    X509 *leaf = NULL;

    demand(host->answer.n_certificates == 2, "a certificate in the answer");
    leaf = d2i_X509(NULL, &at, (long)host->answer.certificates[0].len);
    demand(leaf != NULL, "the certificate");
    return leaf;
}

bool service_revokes(struct service *service, X509 *certificate)
{
    struct http_client_answer answer = service_request(service, "GET", "/api/v1/crl", NULL, NULL,
                                                       (struct span){0});
    const unsigned char *at = answer.body.data;
    X509_CRL *crl = d2i_X509_CRL(NULL, &at, (long)answer.body.len);
    X509_REVOKED *entry;
    bool found;

    demand(crl != NULL, "the revocation list");
    found = X509_CRL_get0_by_cert(crl, &entry, certificate) == 1;
    X509_CRL_free(crl);
    return found;
}

bool api_host_has_reason(const struct api_host *host, const char *code)
{
    for (size_t i = 0; i < host->answer.n_reasons; i++)
        if (span_is(host->answer.reasons[i].code, code))
            return true;
    return false;
}
