/* When a host gets a new identity certificate and when it keeps the one it has, against a real
 * service whose verdicts live for seconds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "store/store.h"
#include "support/api_host.h"

enum { LIFE_S = 12 };

static const char POLICY[] = "[policy]\nname = test\nversion = 1\n\n"
                             "[rule secure-boot]\nrequire = secure_boot.enabled\n"
                             "message = Secure Boot must be on\n";

static struct service service;
static struct api_maker maker;
static char life_setting[64];

static int start(void **state)
{
    static const char *SETTINGS[] = {life_setting, "server.workers=1"};

    (void)state;
    api_maker_init(&maker);
    snprintf(life_setting, sizeof life_setting, "attest.verdict_lifetime=%ds", LIFE_S);
    service_start_for(&service, &maker, SETTINGS, sizeof SETTINGS / sizeof *SETTINGS);
    service_put_policy(&service, POLICY);
    return 0;
}

static int end(void **state)
{
    (void)state;
    service_wipe(&service);
    api_maker_done(&maker);
    return 0;
}

static void attest(struct api_host *host, enum verdict verdict)
{
    assert_int_equal(api_host_attest(host, &service).status, 200);
    assert_int_equal(host->answer.verdict, verdict);
}

/* Joins, attests in full, and is set to attest in short from then on. Gives the certificate. */
static X509 *join(struct api_host *host, const char *name)
{
    X509 *leaf;

    api_host_init(host, "secure-boot", name, &maker);
    assert_int_equal(api_host_join(host, &service), ENROLMENT_STATE_ENROLLED);
    attest(host, VERDICT_TRUSTED);
    leaf = api_host_certificate(host);
    api_host_send_digests(host);
    api_host_omit_identity(host);
    return leaf;
}

static int64_t ends_s(X509 *leaf)
{
    struct tm ends = {0};

    assert_true(ASN1_TIME_to_tm(X509_get0_notAfter(leaf), &ends));
    return (int64_t)timegm(&ends);
}

/* The last answer brings a certificate that is not before, ends in time, and is not revoked. */
static void assert_new(struct api_host *host, X509 *before)
{
    X509 *leaf;

    assert_int_equal(host->answer.n_certificates, 2);
    leaf = api_host_certificate(host);
    assert_int_not_equal(X509_cmp(leaf, before), 0);
    assert_true(ends_s(leaf) <= (int64_t)host->answer.ends_s);
    assert_false(service_revokes(&service, leaf));
    X509_free(leaf);
}

static void assert_kept(struct api_host *host, X509 *leaf)
{
    assert_int_equal(host->answer.n_certificates, 0);
    assert_true(host->answer.approval.signature.len > 0);
    assert_true(ends_s(leaf) <= (int64_t)host->answer.ends_s);
    assert_false(service_revokes(&service, leaf));
}

static void test_unchanged_host_keeps_its_certificate_for_half_its_life(void **state)
{
    struct api_host host;
    X509 *leaf = join(&host, "steady.example");

    (void)state;
    attest(&host, VERDICT_TRUSTED);
    assert_kept(&host, leaf);
    attest(&host, VERDICT_TRUSTED);
    assert_kept(&host, leaf);
    /* The verdict goes on, the certificate does not with it. */
    while (time(NULL) <= ends_s(leaf) - LIFE_S / 2)
        usleep(100000);
    assert_true(time(NULL) < ends_s(leaf));
    attest(&host, VERDICT_TRUSTED);
    assert_new(&host, leaf);
    assert_false(service_revokes(&service, leaf));
    attest(&host, VERDICT_TRUSTED);
    assert_int_equal(host.answer.n_certificates, 0);
    X509_free(leaf);
    api_host_done(&host);
}

static void boot(struct api_host *host, const char *folder)
{
    host->soft.booted_tcg = soft_host_fixture(&host->soft, folder, "eventlog.bin");
    soft_host_send(&host->soft, EVIDENCE_LOG_TCG, host->soft.booted_tcg);
}

static void test_host_that_failed_gets_a_new_one(void **state)
{
    struct api_host host;
    X509 *leaf = join(&host, "fallen.example");

    (void)state;
    boot(&host, "secure-boot-off");
    attest(&host, VERDICT_UNTRUSTED);
    assert_int_equal(host.answer.n_certificates, 0);
    assert_true(service_revokes(&service, leaf));
    boot(&host, "secure-boot");
    attest(&host, VERDICT_TRUSTED);
    assert_new(&host, leaf);
    assert_true(service_revokes(&service, leaf));
    attest(&host, VERDICT_TRUSTED);
    assert_int_equal(host.answer.n_certificates, 0);
    X509_free(leaf);
    api_host_done(&host);
}

/* What anybody may send in a host's name takes nothing from it. */
static void test_refused_evidence_changes_nothing(void **state)
{
    struct api_host host;
    X509 *leaf = join(&host, "victim.example");

    (void)state;
    memset(host.soft.nonce, 7, sizeof host.soft.nonce);
    attest(&host, VERDICT_UNTRUSTED);
    attest(&host, VERDICT_TRUSTED);
    assert_kept(&host, leaf);
    X509_free(leaf);
    api_host_done(&host);
}

static void test_new_key_gets_a_new_one(void **state)
{
    struct api_host host;
    X509 *leaf = join(&host, "rekeyed.example"), *next;

    (void)state;
    EVP_PKEY_free(host.soft.identity.pkey);
    soft_host_add_identity(&host.soft);
    attest(&host, VERDICT_TRUSTED);
    assert_new(&host, leaf);
    next = api_host_certificate(&host);
    assert_int_equal(EVP_PKEY_eq(X509_get0_pubkey(next), host.soft.identity.pkey), 1);
    X509_free(next);
    X509_free(leaf);
    api_host_done(&host);
}

/* Its answer was lost on the way, or its state: it proves the key that it proved before. */
static void test_host_that_asks_gets_a_new_one(void **state)
{
    struct api_host host;
    X509 *leaf = join(&host, "forgetful.example");

    (void)state;
    host.soft.evidence.identity.public_area = host.soft.identity.public_area.whole;
    attest(&host, VERDICT_TRUSTED);
    assert_new(&host, leaf);
    X509_free(leaf);
    api_host_done(&host);
}

/* --- What the store says goes before what the memory says --- */

/* The service stopped, its store open. */
static struct store *open_store(void)
{
    char path[128];
    struct store *store;
    struct error error;

    assert_int_equal(service_stop(&service), 0);
    snprintf(path, sizeof path, "%s/data/bootseal.db", service.directory);
    assert_true(store_open(path, &store, &error));
    return store;
}

static void commit_and_go_on(struct store *store, struct store_txn *txn)
{
    assert_int_equal(store_commit_wait(&txn).result, STORE_OK);
    store_close(store);
    service_restart(&service);
}

static void test_revoked_one_is_replaced_though_the_memory_names_it(void **state)
{
    struct api_host host;
    X509 *leaf = join(&host, "revoked.example");
    struct store *store = open_store();
    struct store_txn *txn = store_begin(store);

    (void)state;
    store_act_certificates_revoke(txn, host.id, STORE_PRIVILEGE_WITHDRAWN, time(NULL));
    commit_and_go_on(store, txn);
    attest(&host, VERDICT_TRUSTED);
    assert_true(service_revokes(&service, leaf));
    assert_new(&host, leaf);
    X509_free(leaf);
    api_host_done(&host);
}

/* As after a change of version: the host goes the full way, and need not know why. */
static void test_memory_that_cannot_be_read_is_none(void **state)
{
    static const uint8_t NOT_OURS[] = {0x82, 1, 2};
    struct api_host host;
    X509 *leaf = join(&host, "migrated.example");
    struct store *store = open_store();
    struct store_txn *txn = store_begin(store);
    struct store_attestation other = {.now_s = time(NULL),
                                      .expires_s = time(NULL) + LIFE_S,
                                      .verdict = VERDICT_TRUSTED,
                                      .memory = span_of(NOT_OURS, sizeof NOT_OURS)};

    (void)state;
    memcpy(other.host_id, host.id, sizeof other.host_id);
    store_act_attest(txn, &other);
    commit_and_go_on(store, txn);
    attest(&host, VERDICT_TRUSTED);
    assert_false(host.answer.send_logs);
    assert_true(host.answer.approval.signature.len > 0);
    assert_int_equal(host.answer.n_certificates, 0);
    /* Its certificate does not come any more; so it asks. */
    host.soft.evidence.identity.public_area = host.soft.identity.public_area.whole;
    attest(&host, VERDICT_TRUSTED);
    assert_new(&host, leaf);
    X509_free(leaf);
    api_host_done(&host);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_unchanged_host_keeps_its_certificate_for_half_its_life),
        cmocka_unit_test(test_host_that_failed_gets_a_new_one),
        cmocka_unit_test(test_refused_evidence_changes_nothing),
        cmocka_unit_test(test_new_key_gets_a_new_one),
        cmocka_unit_test(test_host_that_asks_gets_a_new_one),
        cmocka_unit_test(test_revoked_one_is_replaced_though_the_memory_names_it),
        cmocka_unit_test(test_memory_that_cannot_be_read_is_none),
    };

    return cmocka_run_group_tests_name("server certificates", tests, start, end);
}
