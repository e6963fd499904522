/* A host in software that speaks to a real service: enrolment, attestation, and each step apart so
 * that a test can do it wrongly. Failures of the steps that are not under test end the program. */
#ifndef BOOTSEAL_TESTS_SUPPORT_API_HOST_H
#define BOOTSEAL_TESTS_SUPPORT_API_HOST_H

#include "msg/protocol.h"
#include "support/service.h"
#include "support/soft_certificate.h"
#include "support/soft_ek.h"
#include "support/soft_host.h"

/* A TPM maker: its root stands in a folder for enrol.trust_directory. */
struct api_maker {
    struct soft_key key;
    X509 *root;
    char directory[64];
    char trust_setting[96];
};
void api_maker_init(struct api_maker *maker);
void api_maker_done(struct api_maker *maker);

/* service_start for a service that accepts the maker's TPMs and logs errors only. */
void service_start_for(struct service *service, const struct api_maker *maker,
                       const char *const *settings, size_t n_settings);

struct api_host {
    struct soft_host soft;
    struct soft_ek ek;
    uint8_t ek_certificate[4096];
    struct span certificate; /* empty: nobody vouches for its TPM */
    char name[64];
    uint8_t ak_name[66];
    size_t ak_name_len;
    uint8_t id[PROTOCOL_HOST_ID_LEN];
    struct enrol_answer enrol;
    struct activate_answer activated;
    struct attest_answer answer; /* of the last attestation */
    struct span body;            /* what it sent */
};

/* folder: of tests/fixtures. maker NULL: a TPM without certificate. */
void api_host_init(struct api_host *host, const char *folder, const char *name,
                   const struct api_maker *maker);
void api_host_done(struct api_host *host);

/* The enrolment request as it stands. */
struct span api_host_enrol_request(struct api_host *host);

/* Each gives the service's answer and keeps it, decoded, when it is 200. */
struct http_client_answer api_host_enrol(struct api_host *host, struct service *service);
struct http_client_answer api_host_activate(struct api_host *host, struct service *service,
                                            struct span credential);
struct http_client_answer api_host_challenge(struct api_host *host, struct service *service);
struct http_client_answer api_host_attest(struct api_host *host, struct service *service);

/* The credential of the last enrolment, out of the EK. */
void api_host_open(struct api_host *host, uint8_t credential[PROTOCOL_CREDENTIAL_LEN]);

/* Enrols from start to end; gives the state. */
enum enrolment_state api_host_join(struct api_host *host, struct service *service);

/* Names every log by its digest only, from now on. */
void api_host_send_digests(struct api_host *host);

/* Leaves the identity key out of the evidence, from now on. */
void api_host_omit_identity(struct api_host *host);

/* The identity certificate of the last answer; the caller's to free. */
X509 *api_host_certificate(const struct api_host *host);

/* True when the service's revocation list, as it stands, names the certificate. */
bool service_revokes(struct service *service, X509 *certificate);

/* True when the last answer has the reason. */
bool api_host_has_reason(const struct api_host *host, const char *code);

#endif
