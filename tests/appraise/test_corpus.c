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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_host_after_a_reboot),
        cmocka_unit_test(test_bigger_dbx),
        cmocka_unit_test(test_other_boots_are_refused),
        cmocka_unit_test(test_no_event_log),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
