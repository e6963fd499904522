/* libbootseal from outside: its own header and nothing else of the library. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bootseal.h"
#include "support/soft_host.h"

static const char POLICY[] = "[policy]\nname = test\nversion = 1\n"
                             "[rule secure-boot]\nrequire = secure_boot.enabled\n"
                             "message = Secure Boot must be on\naction = turn it on\n";

static char error_text[BOOTSEAL_ERROR_LEN];

static struct bootseal_bytes bytes_of(struct span span)
{
    return (struct bootseal_bytes){.data = span.data, .len = span.len};
}

static void make_bundle(struct soft_host *host, const char *folder, struct bootseal_bytes *bundle)
{
    soft_host_init(host, folder, TPM_ALG_ECC, TPM_ALG_SHA256);
    host->evidence.ak_public = host->ak.public_area.whole;
    *bundle = bytes_of(soft_host_attest(host));
}

static struct bootseal_appraisal *appraise_bundle(const struct bootseal_bytes *bundle)
{
    const struct bootseal_bytes policy = {POLICY, sizeof POLICY - 1};
    struct bootseal_appraisal *appraisal = NULL;

    if (bootseal_appraise(bundle, &policy, &appraisal, error_text, sizeof error_text) !=
        BOOTSEAL_OK)
        fail_msg("%s", error_text);
    return appraisal;
}

static void test_version(void **state)
{
    (void)state;
    assert_non_null(strchr(bootseal_version(), '.'));
}

static void test_trusted_bundle(void **state)
{
    struct bootseal_appraisal *appraisal;
    struct bootseal_bytes bundle;
    struct soft_host host;

    (void)state;
    make_bundle(&host, "secure-boot", &bundle);
    appraisal = appraise_bundle(&bundle);
    soft_host_done(&host); /* the appraisal needs the bundle no more */
    assert_int_equal(appraisal->verdict, BOOTSEAL_TRUSTED);
    assert_string_equal(appraisal->verdict_name, "trusted");
    assert_int_equal(appraisal->n_findings, 0);
    bootseal_appraisal_free(appraisal);
}

static void test_findings(void **state)
{
    struct bootseal_appraisal *appraisal;
    const struct bootseal_finding *finding;
    struct bootseal_bytes bundle;
    struct soft_host host;

    (void)state;
    make_bundle(&host, "secure-boot-off", &bundle);
    appraisal = appraise_bundle(&bundle);
    soft_host_done(&host);
    assert_int_equal(appraisal->verdict, BOOTSEAL_UNTRUSTED);
    assert_int_equal(appraisal->n_findings, 1);
    finding = &appraisal->findings[0];
    assert_string_equal(finding->code, "policy.failed");
    assert_string_equal(finding->weight, "untrusted");
    assert_string_equal(finding->rule, "secure-boot");
    assert_string_equal(finding->message, "Secure Boot must be on");
    assert_string_equal(finding->action, "turn it on");
    assert_string_equal(finding->expected, "secure_boot.enabled == true");
    assert_string_equal(finding->found, "false");
    assert_int_equal(finding->pcr, 7);
    assert_true(finding->event > 0);
    assert_non_null(finding->component);
    bootseal_appraisal_free(appraisal);
}

static void test_anything_is_appraised(void **state)
{
    const struct bootseal_bytes nonsense = {"nonsense", 8}, nothing = {NULL, 0};
    struct bootseal_appraisal *appraisal;

    (void)state;
    appraisal = appraise_bundle(&nonsense);
    assert_int_equal(appraisal->verdict, BOOTSEAL_UNTRUSTED);
    assert_string_equal(appraisal->findings[0].code, "evidence.malformed");
    assert_int_equal(appraisal->findings[0].pcr, BOOTSEAL_NO_PCR);
    assert_true(appraisal->findings[0].event == BOOTSEAL_NO_EVENT);
    bootseal_appraisal_free(appraisal);
    appraisal = appraise_bundle(&nothing);
    assert_int_equal(appraisal->verdict, BOOTSEAL_UNTRUSTED);
    bootseal_appraisal_free(appraisal);
    bootseal_appraisal_free(NULL);
}

static void test_errors(void **state)
{
    const struct bootseal_bytes bundle = {"x", 1}, bad_policy = {"[rule x]\nrequire = 1\n", 21};
    const struct bootseal_bytes huge = {"x", SIZE_MAX};
    struct bootseal_appraisal *appraisal = NULL;
    char small[4] = "???";

    (void)state;
    assert_int_equal(
        bootseal_appraise(&bundle, &bad_policy, &appraisal, error_text, sizeof error_text),
        BOOTSEAL_POLICY);
    assert_non_null(strstr(error_text, "line 1"));
    assert_int_equal(bootseal_appraise(&bundle, &bad_policy, &appraisal, small, sizeof small),
                     BOOTSEAL_POLICY);
    assert_string_equal(small, "pol");
    assert_int_equal(bootseal_appraise(&bundle, &bad_policy, &appraisal, NULL, 0), BOOTSEAL_POLICY);
    assert_int_equal(bootseal_appraise(&huge, &bad_policy, &appraisal, NULL, 0),
                     BOOTSEAL_MALFORMED);
    assert_int_equal(bootseal_appraise(&bundle, &huge, &appraisal, NULL, 0), BOOTSEAL_POLICY);
    assert_null(appraisal);
}

static void test_replay(void **state)
{
    struct bootseal_replay *replay = NULL;
    struct bootseal_bytes log;
    struct soft_host host;

    (void)state;
    soft_host_init(&host, "secure-boot-3-banks", TPM_ALG_ECC, TPM_ALG_SHA256);
    log = bytes_of(host.booted_tcg);
    assert_int_equal(bootseal_replay(&log, &replay, error_text, sizeof error_text), BOOTSEAL_OK);
    soft_host_measure(&host);
    assert_int_equal(replay->n_banks, 3);
    assert_string_equal(replay->banks[1].name, "sha256");
    assert_int_equal(replay->banks[1].digest_len, 32);
    assert_true(replay->banks[1].extended & 1);
    for (size_t pcr = 0; pcr < 10; pcr++)
        assert_memory_equal(replay->banks[1].pcrs[pcr], host.pcrs[pcr], 32);
    bootseal_replay_free(replay);
    replay = NULL;
    log.len = 100;
    assert_int_equal(bootseal_replay(&log, &replay, error_text, sizeof error_text),
                     BOOTSEAL_MALFORMED);
    assert_non_null(strstr(error_text, "byte"));
    assert_null(replay);
    bootseal_replay_free(NULL);
    soft_host_done(&host);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_version),  cmocka_unit_test(test_trusted_bundle),
        cmocka_unit_test(test_findings), cmocka_unit_test(test_anything_is_appraised),
        cmocka_unit_test(test_errors),   cmocka_unit_test(test_replay),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
