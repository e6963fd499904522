/* Hosts of the folder that BOOTSEAL_CORPUS names: one teaches the policy; it holds after a reboot
 * and for a bigger dbx, and not for hosts that booted otherwise. Skipped without the folder. */
#include "appraise_fixture.h"

static void check(const char *host, const char *golden, enum verdict wanted, enum reason_code code)
{
    const char *corpus = getenv("BOOTSEAL_CORPUS");
    struct fixture *fixture;
    char folder[512], golden_folder[512];

    if (!corpus)
        skip();
    fixture = calloc(1, sizeof *fixture);
    snprintf(folder, sizeof folder, "%s/lab/%s", corpus, host);
    snprintf(golden_folder, sizeof golden_folder, "%s/lab/%s", corpus, golden);
    fixture_init_learned(fixture, folder, golden_folder, TPM_ALG_ECC, TPM_ALG_SHA256);
    expect_verdict(fixture, soft_host_attest(&fixture->host), wanted, code);
    fixture_done(fixture);
    free(fixture);
}

static void test_same_host_after_a_reboot(void **state)
{
    (void)state;
    check("a-sb-ms", "a-sb-ms", VERDICT_TRUSTED, REASON_NONE);
    check("l-reboot-in-vm", "a-sb-ms", VERDICT_TRUSTED, REASON_NONE);
}

static void test_bigger_dbx(void **state)
{
    (void)state;
    check("d-dbx-benign200", "a-sb-ms", VERDICT_TRUSTED, REASON_NONE);
}

static void test_other_boots_are_refused(void **state)
{
    static const char *const HOSTS[] = {"e-debug",
                                        "e-iommuoff",
                                        "e-sigenf",
                                        "e-noima",
                                        "h2-mok-kernel",
                                        "b3-sb-off-linuxefi",
                                        "f-tampered-grub-nosb-linuxefi",
                                        "c-ownkeys-uki"};

    (void)state;
    for (size_t i = 0; i < sizeof HOSTS / sizeof *HOSTS; i++)
        check(HOSTS[i], "a-sb-ms", VERDICT_UNTRUSTED, REASON_POLICY_FAILED);
}

static void test_no_event_log(void **state)
{
    (void)state;
    check("b-sb-off", "a-sb-ms", VERDICT_UNKNOWN, REASON_EVENTLOG_MISSING);
}

/* The list of the owner's keys, as Linux shows it, is the one that shim measured: its certificates
 * are attested. */
static void test_keys_of_the_owner(void **state)
{
    const char *corpus = getenv("BOOTSEAL_CORPUS");
    struct fixture *fixture;
    const struct claim *mok;
    struct span variable;
    char folder[512];

    (void)state;
    if (!corpus)
        skip();
    fixture = calloc(1, sizeof *fixture);
    snprintf(folder, sizeof folder, "%s/lab/h2-mok-kernel", corpus);
    fixture_init(fixture, folder, TPM_ALG_ECC, TPM_ALG_SHA256);
    variable = soft_host_fixture(&fixture->host, folder, "efivar-MokListRT.bin");
    assert_true(variable.len > 4);
    soft_host_send(&fixture->host, EVIDENCE_LOG_MOK, span_of(variable.data + 4, variable.len - 4));
    fixture_appraise(fixture, soft_host_attest(&fixture->host));
    mok = &fixture->appraisal.claims.claims[CLAIM_SECURE_BOOT_MOK_LIST];
    assert_false(reasons_have(&fixture->appraisal.reasons, REASON_MOK_LIST_MISMATCH));
    assert_int_equal(mok->n_items, 2); /* Debian's, which is built in, and the owner's */
    assert_int_equal(mok->items[1].kind, CLAIM_ITEM_CERTIFICATE);
    assert_int_equal(mok->grade, CLAIM_ATTESTED);
    fixture_done(fixture);
    free(fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_host_after_a_reboot), cmocka_unit_test(test_bigger_dbx),
        cmocka_unit_test(test_other_boots_are_refused),  cmocka_unit_test(test_no_event_log),
        cmocka_unit_test(test_keys_of_the_owner),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
