/* The whole protocol against a real service, with a host in software, and the attacks on it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "outcome/outcome.h"
#include "support/api_host.h"
#include "wire/event_type.h"

static const char POLICY[] = "[policy]\nname = test\nversion = 1\n\n"
                             "[rule secure-boot]\nrequire = secure_boot.enabled\n"
                             "message = Secure Boot must be on\n";

static struct service service;
static struct api_maker maker;

static int start(void **state)
{
    (void)state;
    api_maker_init(&maker);
    service_start_for(&service, &maker, &(const char *){"server.workers=2"}, 1);
    return 0;
}

static int end(void **state)
{
    (void)state;
    service_wipe(&service);
    api_maker_done(&maker);
    return 0;
}

static struct http_client_answer act(const char *name, const char *what, const char *json)
{
    char path[256];

    snprintf(path, sizeof path, "/api/v1/hosts/%s/%s", name, what);
    return service_request(&service, "POST", path, service.token, "application/json",
                           span_text(json));
}

/* One text or number of a host as people see it, in static memory. */
static const char *shown(const char *name, const char *field)
{
    static char text[256];
    char path[256];
    struct http_client_answer answer;
    json_t *host, *value;

    snprintf(path, sizeof path, "/api/v1/hosts/%s", name);
    answer = service_request(&service, "GET", path, service.token, NULL, (struct span){0});
    assert_int_equal(answer.status, 200);
    host = json_loadb((const char *)answer.body.data, answer.body.len, 0, NULL);
    value = json_object_get(host, field);
    assert_non_null(value);
    snprintf(text, sizeof text, "%s", json_is_string(value) ? json_string_value(value) : "");
    json_decref(host);
    return text;
}

/* Whether a host is shown to have said that of itself. */
static bool shows_reported(const char *name, const char *item, const char *value)
{
    char path[256];
    struct http_client_answer answer;
    const char *said;
    json_t *host;
    bool shows;

    snprintf(path, sizeof path, "/api/v1/hosts/%s", name);
    answer = service_request(&service, "GET", path, service.token, NULL, (struct span){0});
    host = json_loadb((const char *)answer.body.data, answer.body.len, 0, NULL);
    said = json_string_value(json_object_get(json_object_get(host, "reported"), item));
    shows = said && strcmp(said, value) == 0;
    json_decref(host);
    return shows;
}

static size_t n_verdicts(const char *name)
{
    char path[256];
    struct http_client_answer answer;
    json_t *list;
    size_t n;

    snprintf(path, sizeof path, "/api/v1/hosts/%s/verdicts", name);
    answer = service_request(&service, "GET", path, service.token, NULL, (struct span){0});
    list = json_loadb((const char *)answer.body.data, answer.body.len, 0, NULL);
    n = json_array_size(json_object_get(list, "verdicts"));
    json_decref(list);
    return n;
}

static void assert_verdict(const struct api_host *host, enum verdict verdict)
{
    if (host->answer.verdict != verdict)
        for (size_t i = 0; i < host->answer.n_reasons; i++)
            fprintf(stderr, "%.*s: %.*s\n", (int)host->answer.reasons[i].code.len,
                    (const char *)host->answer.reasons[i].code.data,
                    (int)host->answer.reasons[i].text.len,
                    (const char *)host->answer.reasons[i].text.data);
    assert_int_equal(host->answer.verdict, verdict);
    if (verdict != VERDICT_TRUSTED && verdict != VERDICT_ATTENTION) {
        assert_int_equal(host->answer.n_certificates, 0);
        assert_int_equal(host->answer.approval.signature.len, 0);
    }
}

/* --- Without a policy; first in the order of tests --- */

static void test_without_a_policy_nobody_is_trusted(void **state)
{
    struct api_host host;

    (void)state;
    api_host_init(&host, "secure-boot", "early.example", &maker);
    assert_int_equal(api_host_join(&host, &service), ENROLMENT_STATE_ENROLLED);
    assert_int_equal(api_host_attest(&host, &service).status, 200);
    assert_verdict(&host, VERDICT_UNKNOWN);
    service_put_policy(&service, POLICY);
    assert_int_equal(api_host_attest(&host, &service).status, 200);
    assert_verdict(&host, VERDICT_TRUSTED);
    api_host_done(&host);
}

/* --- What a passing host gets --- */

static void assert_certificate(struct api_host *host)
{
    X509 *leaf = api_host_certificate(host), *ca;
    const unsigned char *at = host->answer.certificates[1].data;
    const uint8_t *point = host->soft.identity.public_area.ecc.x.data;
    uint8_t encoded[65];
    size_t len;
    struct tm end = {0};

    ca = d2i_X509(NULL, &at, (long)host->answer.certificates[1].len);
    assert_int_equal(X509_verify(leaf, X509_get0_pubkey(ca)), 1);
    assert_int_equal(X509_check_host(leaf, host->name, 0, 0, NULL), 1);
    assert_true(EVP_PKEY_get_octet_string_param(X509_get0_pubkey(leaf), "encoded-pub-key", encoded,
                                                sizeof encoded, &len));
    assert_memory_equal(encoded + 1, point, 32);
    assert_true(ASN1_TIME_to_tm(X509_get0_notAfter(leaf), &end));
    assert_true((uint64_t)timegm(&end) <= host->answer.ends_s);
    X509_free(leaf);
    X509_free(ca);
}

static void assert_approval(struct api_host *host)
{
    struct tpm_public policy_key;
    struct tpm_signature signature;
    struct crypto_key *key;
    uint8_t message[64], policy[32];
    struct error error;

    outcome_policy_pcr(host->soft.crypto, host->answer.approval.bank, host->answer.approval.pcrs,
                       (const uint8_t(*)[LIMIT_TPM_DIGEST_LEN])host->soft.pcrs, policy);
    assert_memory_equal(host->answer.approval.policy.data, policy, sizeof policy);
    assert_true(tpm_public_decode(host->answer.challenge.policy_key, &policy_key, &error));
    assert_true(crypto_key_from_tpm(host->soft.crypto, &policy_key, &key, &error));
    assert_true(tpm_signature_decode(host->answer.approval.signature, &signature, &error));
    memcpy(message, policy, 32);
    memcpy(message + 32, host->answer.challenge.policy_ref.data, 32);
    assert_true(crypto_key_verify(host->soft.crypto, key, span_of(message, 64), &signature));
    crypto_key_free(key);
}

static void test_passing_host_gets_certificate_and_approval(void **state)
{
    struct api_host host;

    (void)state;
    api_host_init(&host, "secure-boot", "web-1.example", &maker);
    assert_int_equal(api_host_join(&host, &service), ENROLMENT_STATE_ENROLLED);
    assert_int_equal(api_host_attest(&host, &service).status, 200);
    assert_verdict(&host, VERDICT_TRUSTED);
    assert_int_equal(host.answer.n_certificates, 2);
    assert_certificate(&host);
    assert_approval(&host);
    assert_string_equal(shown("web-1.example", "verdict"), "trusted");

    /* Unchanged: logs by their digests, identity key and certificate (test_certificates.c) by memory. */
    api_host_send_digests(&host);
    api_host_omit_identity(&host);
    assert_int_equal(api_host_attest(&host, &service).status, 200);
    assert_verdict(&host, VERDICT_TRUSTED);
    assert_false(host.answer.send_logs);
    assert_approval(&host);
    assert_int_equal(n_verdicts("web-1.example"), 1);
    api_host_done(&host);
}

static void test_evidence_can_be_appraised_again(void **state)
{
    struct api_host host;
    struct http_client_answer answer;
    struct arena arena = arena_init((size_t)64 << 20);
    struct appraisal *appraisal = arena_new(&arena, struct appraisal);
    struct appraise_input input = {0};
    struct policy *policy;
    struct policy_position position;
    struct error error;

    (void)state;
    api_host_init(&host, "secure-boot", "bundle.example", &maker);
    api_host_join(&host, &service);
    assert_int_equal(api_host_attest(&host, &service).status, 200);
    answer = service_request(&service, "GET", "/api/v1/hosts/bundle.example/evidence",
                             service.token, NULL, (struct span){0});
    assert_int_equal(answer.status, 200);
    assert_true(policy_compile(&(struct policy_sources){.text = span_text(POLICY)}, &arena, &policy,
                               &position, &error));
    input.evidence = answer.body;
    input.policies = &policy;
    input.n_policies = 1;
    input.identity_policy = span_of(host.soft.identity_policy, 32);
    assert_true(appraise(host.soft.crypto, &input, &arena, appraisal, &error));
    assert_int_equal(appraisal->verdict, VERDICT_TRUSTED);
    arena_done(&arena);
    api_host_done(&host);
}

static void test_log_unknown_here_is_asked_for(void **state)
{
    struct api_host host;

    (void)state;
    api_host_init(&host, "secure-boot", "quiet.example", &maker);
    api_host_join(&host, &service);
    api_host_send_digests(&host);
    assert_int_equal(api_host_attest(&host, &service).status, 200);
    assert_verdict(&host, VERDICT_UNKNOWN);
    assert_true(host.answer.send_logs);
    assert_int_equal(n_verdicts("quiet.example"), 0);
    api_host_done(&host);
}

/* --- Hosts that do not pass --- */

static void test_other_boot_is_refused_with_the_event(void **state)
{
    struct api_host host;

    (void)state;
    api_host_init(&host, "secure-boot-off", "off.example", &maker);
    api_host_join(&host, &service);
    assert_int_equal(api_host_attest(&host, &service).status, 200);
    assert_verdict(&host, VERDICT_UNTRUSTED);
    assert_true(api_host_has_reason(&host, "policy.failed"));
    assert_string_equal(shown("off.example", "verdict"), "untrusted");
    assert_int_equal(n_verdicts("off.example"), 1);
    api_host_done(&host);
}

/* What the better verdict before it had earned ends with the bad one. */
static void test_refused_host_loses_its_certificate(void **state)
{
    struct api_host host;
    X509 *leaf;

    (void)state;
    api_host_init(&host, "secure-boot", "fallen.example", &maker);
    api_host_join(&host, &service);
    assert_int_equal(api_host_attest(&host, &service).status, 200);
    assert_verdict(&host, VERDICT_TRUSTED);
    leaf = api_host_certificate(&host);
    assert_false(service_revokes(&service, leaf));

    host.soft.booted_tcg = soft_host_fixture(&host.soft, "secure-boot-off", "eventlog.bin");
    soft_host_send(&host.soft, EVIDENCE_LOG_TCG, host.soft.booted_tcg);
    assert_int_equal(api_host_attest(&host, &service).status, 200);
    assert_verdict(&host, VERDICT_UNTRUSTED);
    assert_true(service_revokes(&service, leaf));
    X509_free(leaf);
    api_host_done(&host);
}

static void test_edited_log_is_refused(void **state)
{
    struct api_host host;
    uint8_t *edited;

    (void)state;
    api_host_init(&host, "secure-boot", "edited.example", &maker);
    api_host_join(&host, &service);
    edited = soft_host_copy(&host.soft, host.soft.booted_tcg);
    edited[host.soft.booted_tcg.len / 2] ^= 1;
    soft_host_send(&host.soft, EVIDENCE_LOG_TCG, span_of(edited, host.soft.booted_tcg.len));
    assert_int_equal(api_host_attest(&host, &service).status, 200);
    assert_verdict(&host, VERDICT_UNTRUSTED);
    api_host_done(&host);
}

/* A host may say what it likes of itself, under any name; it is shown, and changes nothing else. */
static void test_a_host_says_what_it_likes(void **state)
{
    static char long_name[LIMIT_NAME_LEN + 2];
    struct evidence_item said[] = {{span_text("os.name"), span_text("Acme")},
                                   {span_text(long_name), span_text("Acme")}};
    struct api_host host;

    (void)state;
    memset(long_name, 'x', sizeof long_name - 1);
    said[1].name = span_text(long_name);
    api_host_init(&host, "secure-boot", "talker.example", &maker);
    api_host_join(&host, &service);
    host.soft.evidence.inventory = said;
    host.soft.evidence.n_inventory = 2;
    assert_int_equal(api_host_attest(&host, &service).status, 200);
    assert_verdict(&host, VERDICT_TRUSTED);
    assert_false(shows_reported("talker.example", "os.name", "Acme")); /* no such name is kept */
    host.soft.evidence.n_inventory = 1;
    assert_int_equal(api_host_attest(&host, &service).status, 200);
    assert_true(shows_reported("talker.example", "os.name", "Acme"));
    api_host_done(&host);
}

static enum verdict verdict_of_maker(struct api_host *host, const char *manufacturer)
{
    struct evidence_item said = {span_text("tpm.manufacturer"), span_text(manufacturer)};

    host->soft.evidence.inventory = &said;
    host->soft.evidence.n_inventory = 1;
    assert_int_equal(api_host_attest(host, &service).status, 200);
    host->soft.evidence.n_inventory = 0;
    return host->answer.verdict;
}

/* The certificate with which a host enrolled outweighs what it says of its TPM later. */
static void test_a_tpm_of_another_maker_is_told(void **state)
{
    struct api_host host;

    (void)state;
    api_host_init(&host, "secure-boot", "maker.example", &maker);
    api_host_join(&host, &service);
    assert_int_equal(verdict_of_maker(&host, "TEST"), VERDICT_TRUSTED);
    assert_int_equal(verdict_of_maker(&host, "IFX"), VERDICT_ATTENTION);
    assert_true(span_is(host.answer.reasons[0].code, "inventory.contradicted"));
    api_host_done(&host);
    /* Without a certificate nobody but the host names the maker. */
    api_host_init(&host, "secure-boot", "nobodys.example", NULL);
    assert_int_equal(api_host_join(&host, &service), ENROLMENT_STATE_PENDING);
    assert_int_equal(act("nobodys.example", "approve", "{}").status, 200);
    assert_int_equal(verdict_of_maker(&host, "IFX"), VERDICT_TRUSTED);
    api_host_done(&host);
}

/* The edited byte is the load address of an image: no event's digest covers it, so that only the
 * digest of the whole log, which the service takes itself, tells. */
static void test_edit_that_no_event_shows_is_refused(void **state)
{
    struct api_host host;
    struct evidence_log *log = &host.soft.evidence.logs[0];
    struct eventlog events;
    struct eventlog_event event = {0};
    struct error error;
    uint8_t *edited;

    (void)state;
    api_host_init(&host, "secure-boot", "edited-address.example", &maker);
    api_host_join(&host, &service);
    assert_true(eventlog_open(&events, log->bytes, &error));
    while (event.type != EV_EFI_BOOT_SERVICES_APPLICATION)
        assert_int_equal(eventlog_next(&events, &event), EVENTLOG_EVENT);
    edited = soft_host_copy(&host.soft, log->bytes);
    edited[event.data_offset] ^= 1;
    log->bytes.data = edited;
    assert_int_equal(api_host_attest(&host, &service).status, 200);
    assert_verdict(&host, VERDICT_UNTRUSTED);
    assert_true(api_host_has_reason(&host, "evidence.binding_mismatch"));
    assert_string_equal(shown("edited-address.example", "verdict"), "untrusted");
    edited[event.data_offset] ^= 1;
    assert_int_equal(api_host_attest(&host, &service).status, 200);
    assert_verdict(&host, VERDICT_TRUSTED);
    api_host_done(&host);
}

/* Somebody else's evidence in a host's name is refused and leaves the host's standing alone. */
static void test_foreign_key_does_not_touch_the_host(void **state)
{
    struct api_host host;
    struct soft_key foreign;

    (void)state;
    api_host_init(&host, "secure-boot", "victim.example", &maker);
    api_host_join(&host, &service);
    assert_int_equal(api_host_attest(&host, &service).status, 200);
    assert_verdict(&host, VERDICT_TRUSTED);
    soft_key_ecc(&foreign, TPM_ECC_NIST_P256);
    soft_key_be_ak(&foreign, TPM_ALG_ECDSA, TPM_ALG_SHA256);
    foreign.public_area = host.soft.ak.public_area;
    {
        EVP_PKEY *real = host.soft.ak.pkey;

        host.soft.ak.pkey = foreign.pkey;
        assert_int_equal(api_host_attest(&host, &service).status, 200);
        host.soft.ak.pkey = real;
    }
    assert_verdict(&host, VERDICT_UNTRUSTED);
    assert_true(api_host_has_reason(&host, "quote.signature"));
    assert_string_equal(shown("victim.example", "verdict"), "trusted");
    assert_int_equal(n_verdicts("victim.example"), 1);
    assert_int_equal(api_host_attest(&host, &service).status, 200);
    assert_verdict(&host, VERDICT_TRUSTED);
    EVP_PKEY_free(foreign.pkey);
    api_host_done(&host);
}

static void test_counters_going_back(void **state)
{
    struct api_host host;

    (void)state;
    api_host_init(&host, "secure-boot", "copied.example", &maker);
    api_host_join(&host, &service);
    host.soft.quote.reset_count = 5;
    assert_int_equal(api_host_attest(&host, &service).status, 200);
    assert_verdict(&host, VERDICT_TRUSTED);
    host.soft.quote.reset_count = 4;
    assert_int_equal(api_host_attest(&host, &service).status, 200);
    assert_verdict(&host, VERDICT_UNTRUSTED);
    assert_true(api_host_has_reason(&host, "clock.reset_count"));
    assert_string_equal(shown("copied.example", "verdict"), "untrusted");
    api_host_done(&host);
}

/* --- Nonces --- */

static void test_nonce_is_good_once(void **state)
{
    struct api_host host;
    uint8_t used[32];

    (void)state;
    api_host_init(&host, "secure-boot", "nonce.example", &maker);
    api_host_join(&host, &service);
    memcpy(used, host.soft.nonce, sizeof used);
    assert_int_equal(api_host_attest(&host, &service).status, 200);
    assert_verdict(&host, VERDICT_TRUSTED);
    memcpy(host.soft.nonce, used, sizeof used);
    assert_int_equal(api_host_attest(&host, &service).status, 200);
    assert_verdict(&host, VERDICT_UNTRUSTED);
    assert_true(api_host_has_reason(&host, "nonce.unknown"));
    api_host_done(&host);
}

static void test_nonce_of_another_host_or_nobody(void **state)
{
    struct api_host host, other;

    (void)state;
    api_host_init(&host, "secure-boot", "nonce-a.example", &maker);
    api_host_init(&other, "secure-boot", "nonce-b.example", &maker);
    api_host_join(&host, &service);
    api_host_join(&other, &service);
    memcpy(host.soft.nonce, other.soft.nonce, sizeof host.soft.nonce);
    assert_int_equal(api_host_attest(&host, &service).status, 200);
    assert_verdict(&host, VERDICT_UNTRUSTED);
    assert_true(api_host_has_reason(&host, "nonce.unknown"));
    memset(host.soft.nonce, 0x42, sizeof host.soft.nonce);
    assert_int_equal(api_host_attest(&host, &service).status, 200);
    assert_true(api_host_has_reason(&host, "nonce.unknown"));
    host.soft.nonce[0] ^= 1; /* of the fresh one: every bit is authenticated */
    assert_int_equal(api_host_attest(&host, &service).status, 200);
    assert_true(api_host_has_reason(&host, "nonce.unknown"));
    /* The other host's own use of it is not spoilt. */
    assert_int_equal(api_host_attest(&other, &service).status, 200);
    assert_verdict(&other, VERDICT_TRUSTED);
    api_host_done(&host);
    api_host_done(&other);
}

/* The same bytes over another connection are bound to the first. */
static void test_evidence_is_bound_to_its_connection(void **state)
{
    struct api_host host;
    struct http_client_settings settings = {.url = service.url};
    struct http_client_answer answer;
    struct attest_answer decoded;
    struct error error;
    char pem[16384];
    FILE *file = fopen(service.ca_file, "r");

    (void)state;
    settings.ca = span_of(pem, fread(pem, 1, sizeof pem, file));
    fclose(file);
    api_host_init(&host, "secure-boot", "relay.example", &maker);
    api_host_join(&host, &service);
    assert_int_equal(api_host_attest(&host, &service).status, 200);
    /* Fresh evidence made for this connection, captured and not delivered... */
    {
        struct http_client *own = service.client, *relay;

        host.soft.evidence.channel_binding = span_of(host.id, 32); /* not the connection's */
        soft_host_measure(&host.soft);
        soft_host_bind(&host.soft);
        soft_host_certify(&host.soft);
        host.soft.evidence.channel_binding = (struct span){0};
        assert_true(http_client_new(&settings, &relay, &error));
        service.client = relay;
        answer = service_request(&service, "POST", PROTOCOL_PATH_ATTEST, NULL,
                                 PROTOCOL_CONTENT_TYPE, soft_host_evidence(&host.soft));
        service.client = own;
        http_client_free(relay);
    }
    assert_int_equal(answer.status, 200);
    assert_true(attest_answer_decode(answer.body, &host.soft.arena, &decoded, &error));
    assert_int_equal(decoded.verdict, VERDICT_UNTRUSTED);
    assert_int_equal(decoded.n_certificates, 0);
    assert_string_equal(shown("relay.example", "verdict"), "trusted");
    api_host_done(&host);
}

/* --- Enrolment --- */

static void test_wrong_credential_destroys_the_attempt(void **state)
{
    struct api_host host;
    struct http_client_answer answer;
    uint8_t credential[32];

    (void)state;
    api_host_init(&host, "secure-boot", "wrong.example", &maker);
    assert_int_equal(api_host_enrol(&host, &service).status, 200);
    api_host_open(&host, credential);
    credential[31] ^= 1;
    answer = api_host_activate(&host, &service, span_of(credential, 32));
    assert_true(service_is_problem(&answer, 403, "enrol.wrong_answer"));
    credential[31] ^= 1;
    answer = api_host_activate(&host, &service, span_of(credential, 32));
    assert_true(service_is_problem(&answer, 404, "enrol.attempt_unknown"));
    api_host_done(&host);
}

static void test_attempt_is_good_once(void **state)
{
    struct api_host host;
    struct http_client_answer answer;
    uint8_t credential[32];

    (void)state;
    api_host_init(&host, "secure-boot", "once.example", &maker);
    assert_int_equal(api_host_enrol(&host, &service).status, 200);
    api_host_open(&host, credential);
    assert_int_equal(api_host_activate(&host, &service, span_of(credential, 32)).status, 200);
    answer = api_host_activate(&host, &service, span_of(credential, 32));
    assert_true(service_is_problem(&answer, 404, "enrol.attempt_unknown"));
    /* Enrolling again with the same TPM, key and name changes nothing. */
    assert_int_equal(api_host_join(&host, &service), ENROLMENT_STATE_ENROLLED);
    api_host_done(&host);
}

static void test_bound_names_and_tpms_are_not_taken_over(void **state)
{
    struct api_host host, thief;
    struct http_client_answer answer;
    uint8_t credential[32];

    (void)state;
    api_host_init(&host, "secure-boot", "bound.example", &maker);
    api_host_init(&thief, "secure-boot", "bound.example", &maker);
    api_host_join(&host, &service);
    assert_int_equal(api_host_enrol(&thief, &service).status, 200);
    api_host_open(&thief, credential);
    answer = api_host_activate(&thief, &service, span_of(credential, 32));
    assert_true(service_is_problem(&answer, 409, "enrol.conflict"));
    answer = api_host_activate(&thief, &service, span_of(credential, 32));
    assert_true(service_is_problem(&answer, 404, "enrol.attempt_unknown"));
    /* The same TPM under another name. */
    snprintf(host.name, sizeof host.name, "renamed.example");
    assert_int_equal(api_host_enrol(&host, &service).status, 200);
    api_host_open(&host, credential);
    answer = api_host_activate(&host, &service, span_of(credential, 32));
    assert_true(service_is_problem(&answer, 409, "enrol.conflict"));
    /* An administrator may give it free. */
    assert_int_equal(act("bound.example", "forget", "").status, 200);
    assert_int_equal(api_host_join(&host, &service), ENROLMENT_STATE_ENROLLED);
    api_host_done(&host);
    api_host_done(&thief);
}

static void test_bad_keys_and_names_are_refused(void **state)
{
    struct api_host host;
    struct http_client_answer answer;

    (void)state;
    api_host_init(&host, "secure-boot", "Not.A.Name", &maker);
    answer = api_host_enrol(&host, &service);
    assert_true(service_is_problem(&answer, 422, "enrol.name"));
    snprintf(host.name, sizeof host.name, "keys.example");
    host.soft.ak.public_area.attributes &= ~(uint32_t)TPMA_OBJECT_RESTRICTED;
    soft_key_encode(&host.soft.ak);
    answer = api_host_enrol(&host, &service);
    assert_true(service_is_problem(&answer, 403, "ak.not_restricted"));
    host.soft.ak.public_area.attributes |= TPMA_OBJECT_RESTRICTED;
    host.soft.ak.public_area.attributes &= ~(uint32_t)TPMA_OBJECT_FIXEDTPM;
    soft_key_encode(&host.soft.ak);
    answer = api_host_enrol(&host, &service);
    assert_true(service_is_problem(&answer, 403, "ak.not_fixed"));
    api_host_done(&host);
}

static void test_certificate_of_another_tpm_is_refused(void **state)
{
    struct api_host host, other;
    struct http_client_answer answer;

    (void)state;
    api_host_init(&host, "secure-boot", "swapped.example", &maker);
    api_host_init(&other, "secure-boot", "other.example", &maker);
    host.certificate = other.certificate;
    answer = api_host_enrol(&host, &service);
    assert_true(service_is_problem(&answer, 403, "ek.key_mismatch"));
    api_host_done(&host);
    api_host_done(&other);
}

static void test_pending_approved_revoked(void **state)
{
    struct api_host host;
    struct http_client_answer answer;
    uint8_t credential[32];
    X509 *leaf;

    (void)state;
    api_host_init(&host, "secure-boot", "stranger.example", NULL);
    assert_int_equal(api_host_join(&host, &service), ENROLMENT_STATE_PENDING);
    assert_int_equal(api_host_attest(&host, &service).status, 200);
    assert_verdict(&host, VERDICT_PENDING);
    assert_true(api_host_has_reason(&host, "enrol.pending"));
    assert_int_equal(act("stranger.example", "approve", "").status, 200);
    answer = act("stranger.example", "approve", "");
    assert_true(service_is_problem(&answer, 409, "host.state"));
    assert_int_equal(api_host_attest(&host, &service).status, 200);
    assert_verdict(&host, VERDICT_TRUSTED);
    assert_certificate(&host);
    leaf = api_host_certificate(&host);

    answer = act("stranger.example", "revoke", "{}");
    assert_true(service_is_problem(&answer, 422, "field.invalid"));
    assert_int_equal(act("stranger.example", "revoke", "{\"reason\":\"stolen\"}").status, 200);
    assert_true(service_revokes(&service, leaf));
    X509_free(leaf);
    assert_int_equal(api_host_attest(&host, &service).status, 200);
    assert_verdict(&host, VERDICT_UNTRUSTED);
    assert_true(api_host_has_reason(&host, "host.revoked"));
    assert_int_equal(api_host_enrol(&host, &service).status, 200);
    api_host_open(&host, credential);
    answer = api_host_activate(&host, &service, span_of(credential, 32));
    assert_true(service_is_problem(&answer, 403, "host.revoked"));
    api_host_done(&host);
}

/* --- Every cut --- */

static void test_messages_cut_at_every_byte(void **state)
{
    struct api_host host;
    struct span bodies[2];
    static const char *const PATHS[] = {PROTOCOL_PATH_ENROL, PROTOCOL_PATH_ATTEST};

    (void)state;
    api_host_init(&host, "secure-boot", "cut.example", &maker);
    api_host_join(&host, &service);
    bodies[0] = api_host_enrol_request(&host);
    api_host_send_digests(&host);
    assert_int_equal(api_host_attest(&host, &service).status, 200);
    bodies[1] = host.body;
    for (size_t i = 0; i < 2; i++)
        for (size_t len = 0; len < bodies[i].len; len++) {
            struct http_client_answer answer = service_request(&service, "POST", PATHS[i], NULL,
                                                               PROTOCOL_CONTENT_TYPE,
                                                               span_of(bodies[i].data, len));

            assert_true(answer.status == 400);
            service_forget(&service);
        }
    assert_int_equal(n_verdicts("cut.example"), 0);
    api_host_done(&host);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_without_a_policy_nobody_is_trusted),
        cmocka_unit_test(test_passing_host_gets_certificate_and_approval),
        cmocka_unit_test(test_evidence_can_be_appraised_again),
        cmocka_unit_test(test_log_unknown_here_is_asked_for),
        cmocka_unit_test(test_other_boot_is_refused_with_the_event),
        cmocka_unit_test(test_refused_host_loses_its_certificate),
        cmocka_unit_test(test_edited_log_is_refused),
        cmocka_unit_test(test_a_host_says_what_it_likes),
        cmocka_unit_test(test_a_tpm_of_another_maker_is_told),
        cmocka_unit_test(test_edit_that_no_event_shows_is_refused),
        cmocka_unit_test(test_foreign_key_does_not_touch_the_host),
        cmocka_unit_test(test_counters_going_back),
        cmocka_unit_test(test_nonce_is_good_once),
        cmocka_unit_test(test_nonce_of_another_host_or_nobody),
        cmocka_unit_test(test_evidence_is_bound_to_its_connection),
        cmocka_unit_test(test_wrong_credential_destroys_the_attempt),
        cmocka_unit_test(test_attempt_is_good_once),
        cmocka_unit_test(test_bound_names_and_tpms_are_not_taken_over),
        cmocka_unit_test(test_bad_keys_and_names_are_refused),
        cmocka_unit_test(test_certificate_of_another_tpm_is_refused),
        cmocka_unit_test(test_pending_approved_revoked),
        cmocka_unit_test(test_messages_cut_at_every_byte),
    };

    return cmocka_run_group_tests_name("server attest", tests, start, end);
}
