/* Which system was started, which family the TPM is of, and whether shim took part. */
#include "boot.h"
#include "wire/sipa.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const uint32_t AUTHORITY = 0x800000E0; /* EV_EFI_VARIABLE_AUTHORITY */

static void assert_claim(struct boot *boot, enum claim_id id, const char *value,
                         enum claim_grade grade)
{
    boot_assert(boot, id, value);
    assert_int_equal(boot->claims.claims[id].grade, grade);
}

static void a_measured_command_line_is_that_of_linux(void **state)
{
    struct boot *boot = *state;

    boot_firmware(boot, true);
    boot_linux(boot, "quiet");
    boot_collect(boot);
    assert_claim(boot, CLAIM_BOOT_OPERATING_SYSTEM, "linux", CLAIM_ATTESTED);
    boot_begin(boot);
    boot_firmware(boot, true);
    boot_unified_kernel(boot, "quiet");
    boot_collect(boot);
    assert_claim(boot, CLAIM_BOOT_OPERATING_SYSTEM, "linux", CLAIM_ATTESTED);
}

/* GRUB starts other systems, too. */
static void grub_alone_tells_nothing(void **state)
{
    struct boot *boot = *state;

    boot_firmware(boot, false);
    boot_grub(boot, "grub_cmd: ", "chainloader other.efi");
    boot_collect(boot);
    boot_assert(boot, CLAIM_BOOT_LOADER, "GRUB");
    boot_assert(boot, CLAIM_BOOT_OPERATING_SYSTEM, "unknown");
}

static void windows_records_are_those_of_windows(void **state)
{
    struct boot *boot = *state;

    boot_firmware(boot, true);
    boot_windows_both(boot, SIPA_BOOTDEBUGGING, 0);
    boot_windows_separators(boot);
    boot_collect(boot);
    assert_claim(boot, CLAIM_BOOT_OPERATING_SYSTEM, "windows", CLAIM_UNPROVEN); /* nobody's key */
}

static void two_systems_are_none(void **state)
{
    struct boot *boot = *state;
    const struct evidence_item said = {.name = span_text("kernel.version"),
                                       .value = span_text("6.1")};

    boot_firmware(boot, true);
    boot_linux(boot, "quiet");
    boot_windows_both(boot, SIPA_BOOTDEBUGGING, 0);
    boot->input.inventory = &said;
    boot->input.n_inventory = 1;
    boot_collect(boot);
    boot_assert(boot, CLAIM_BOOT_OPERATING_SYSTEM, "unknown");
}

/* Where nothing was measured that tells, the host's word does, and never against Windows' records. */
static void the_host_may_say_that_it_runs_linux(void **state)
{
    struct boot *boot = *state;
    const struct evidence_item said = {.name = span_text("kernel.version"),
                                       .value = span_text("6.1")};

    boot_firmware(boot, true);
    boot_collect(boot);
    boot_assert(boot, CLAIM_BOOT_OPERATING_SYSTEM, "unknown");
    boot->input.inventory = &said;
    boot->input.n_inventory = 1;
    boot_collect(boot);
    assert_claim(boot, CLAIM_BOOT_OPERATING_SYSTEM, "linux", CLAIM_REPORTED);
    boot_windows_both(boot, SIPA_BOOTDEBUGGING, 0);
    boot_collect(boot);
    boot_assert(boot, CLAIM_BOOT_OPERATING_SYSTEM, "windows");
}

static void a_quote_proves_a_tpm_2(void **state)
{
    struct boot *boot = *state;
    struct error error;

    boot_firmware(boot, true);
    boot_collect(boot);
    assert_claim(boot, CLAIM_TPM_VERSION, "2.0", CLAIM_ATTESTED);
    boot->input.attested_pcrs = 0;
    boot_collect(boot);
    assert_claim(boot, CLAIM_TPM_VERSION, "2.0", CLAIM_REPORTED);
    boot->input.log = NULL;
    assert_true(claims_collect(&boot->input, &boot->arena, &boot->claims, &boot->reasons, &error));
    boot_assert(boot, CLAIM_TPM_VERSION, "unknown");
}

static void shim_is_there_or_not(void **state)
{
    struct boot *boot = *state;

    boot_firmware(boot, true);
    boot_variable(boot, AUTHORITY, BOOT_DATABASE, "db", boot_certificate_authority("signer"));
    boot_collect(boot);
    assert_claim(boot, CLAIM_BOOT_SHIM, "false", CLAIM_ATTESTED);
    boot_variable(boot, AUTHORITY, BOOT_SHIM, "SbatLevel", span_text("sbat,1,2025021800\n"));
    boot_collect(boot);
    assert_claim(boot, CLAIM_BOOT_SHIM, "true", CLAIM_ATTESTED);
    /* a list in PCR 14 alone may be shim's */
    boot_begin(boot);
    boot_firmware(boot, true);
    log_builder_add_measured(&boot->log, 14, EV_IPL, span_text("list"), span_of("MokList", 8));
    boot_collect(boot);
    boot_assert(boot, CLAIM_BOOT_SHIM, "unknown");
    /* and so may be what hides */
    boot_begin(boot);
    boot_firmware_without_separator(boot, 7);
    boot_collect(boot);
    boot_assert(boot, CLAIM_BOOT_SHIM, "unknown");
}

#define BOOT_TEST(test) cmocka_unit_test_setup_teardown(test, boot_setup, boot_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOOT_TEST(a_measured_command_line_is_that_of_linux),
        BOOT_TEST(grub_alone_tells_nothing),
        BOOT_TEST(windows_records_are_those_of_windows),
        BOOT_TEST(two_systems_are_none),
        BOOT_TEST(the_host_may_say_that_it_runs_linux),
        BOOT_TEST(a_quote_proves_a_tpm_2),
        BOOT_TEST(shim_is_there_or_not),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
