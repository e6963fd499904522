/* The log's form: every finding has a log that it is for, and a sound boot has none. */
#include "boot.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "wire/sipa.h"

static void a_sound_boot_has_no_findings(void **state)
{
    struct boot *boot = *state;

    boot_firmware(boot, true);
    boot_linux(boot, "/vmlinuz quiet");
    boot_collect(boot);
    assert_int_equal(boot->reasons.n_items, 0);
    boot_assert(boot, CLAIM_LOG_COMPLETE, "true");
    assert_int_equal(boot->claims.claims[CLAIM_LOG_COMPLETE].n_events, 8);
}

static void a_missing_separator_is_found(void **state)
{
    struct boot *boot = *state;

    for (uint32_t pcr = 0; pcr <= 7; pcr++) {
        boot_begin(boot);
        boot_firmware_without_separator(boot, pcr);
        boot_collect(boot);
        assert_true(boot_has(boot, REASON_EVENTLOG_SEPARATOR));
        assert_int_equal(boot->reasons.items[0].pcr, pcr);
        boot_assert(boot, CLAIM_LOG_COMPLETE, "false");
    }
}

static void a_repeated_separator_is_found(void **state)
{
    struct boot *boot = *state;

    boot_firmware(boot, true);
    boot_separator(boot, 3);
    boot_collect(boot);
    assert_true(boot_has(boot, REASON_EVENTLOG_SEPARATOR));
    boot_assert(boot, CLAIM_LOG_COMPLETE, "false");
}

static void a_separator_that_says_error_is_found(void **state)
{
    struct boot *boot = *state;

    boot_firmware_without_separator(boot, 2);
    log_builder_add(&boot->log, 2, EV_SEPARATOR, span_of("\xFF\xFF\xFF\xFF", 4));
    boot_collect(boot);
    assert_true(boot_has(boot, REASON_EVENTLOG_SEPARATOR));
    boot_assert(boot, CLAIM_LOG_COMPLETE, "false");
}

static void a_separator_that_was_not_measured_is_found(void **state)
{
    struct boot *boot = *state;

    boot_firmware_without_separator(boot, 7);
    log_builder_add_measured(&boot->log, 7, EV_SEPARATOR, span_text("else"),
                             span_of("\0\0\0\0", 4));
    boot_collect(boot);
    assert_true(boot_has(boot, REASON_EVENTLOG_SEPARATOR));
    boot_assert(boot, CLAIM_SECURE_BOOT_ENABLED, "unknown");
}

static void a_bios_marks_in_its_own_way(void **state)
{
    struct boot *boot = *state;

    for (uint32_t pcr = 0; pcr <= 7; pcr++)
        log_builder_add(&boot->log, pcr, EV_SEPARATOR, span_of("\xFF\xFF\xFF\xFF", 4));
    boot_collect(boot);
    assert_int_equal(reasons_weight(&boot->reasons), REASON_WEIGHT_NOTE);
    boot_assert(boot, CLAIM_LOG_COMPLETE, "true");
    boot_assert(boot, CLAIM_SECURE_BOOT_ENABLED, "unknown");
}

static void a_relabelled_event_is_found(void **state)
{
    static const struct {
        uint32_t pcr, type;
    } CASES[] = {
        {7, EV_IPL},
        {7, EV_EVENT_TAG},
        {7, EV_EFI_VARIABLE_BOOT},
        {7, 0x0BADBAD0},
        {12, EV_EFI_ACTION},
        {12, EV_COMPACT_HASH},
        {13, 0x0BADBAD0},
        {14, EV_EFI_VARIABLE_AUTHORITY},
    };
    struct boot *boot = *state;

    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        boot_begin(boot);
        boot_firmware(boot, true);
        boot_text(boot, CASES[i].pcr, CASES[i].type, "UEFI Debug Mode");
        boot_collect(boot);
        assert_true(boot_has(boot, REASON_EVENTLOG_TYPE_UNEXPECTED));
    }
}

static void configuration_behind_the_separator_is_found(void **state)
{
    struct boot *boot = *state;

    boot_firmware(boot, false);
    boot_variable(boot, EV_EFI_VARIABLE_DRIVER_CONFIG, BOOT_GLOBAL, "SecureBoot", span_of("\1", 1));
    boot_collect(boot);
    assert_true(boot_has(boot, REASON_EVENTLOG_TYPE_UNEXPECTED));
    boot_assert(boot, CLAIM_SECURE_BOOT_ENABLED, "false");
}

static void a_list_of_shim_behind_the_separator_is_a_quirk(void **state)
{
    struct boot *boot = *state;

    boot_firmware(boot, true);
    boot_variable(boot, EV_EFI_VARIABLE_DRIVER_CONFIG, BOOT_SHIM, "MokList",
                  boot_certificate_list("owner"));
    boot_collect(boot);
    assert_true(boot_has(boot, REASON_EVENTLOG_QUIRK));
    assert_int_equal(reasons_weight(&boot->reasons), REASON_WEIGHT_NOTE);
}

static void data_that_was_not_measured_is_found(void **state)
{
    struct boot *boot = *state;
    struct span claimed = boot_variable_data(BOOT_STRANGER, "Setup", span_text("x"));

    boot_firmware_without_separator(boot, 7);
    log_builder_add_measured(&boot->log, 7, EV_EFI_VARIABLE_DRIVER_CONFIG, span_text("else"),
                             claimed);
    boot_separator(boot, 7);
    boot_collect(boot);
    assert_true(boot_has(boot, REASON_EVENTLOG_DATA_MISMATCH));
    boot_assert(boot, CLAIM_DEBUG_FIRMWARE, "unknown");
}

static void an_authority_that_was_not_measured_is_not_believed(void **state)
{
    struct boot *boot = *state;

    boot_firmware(boot, true);
    log_builder_add_measured(
        &boot->log, 7, EV_EFI_VARIABLE_AUTHORITY, span_text("else"),
        boot_variable_data(BOOT_DATABASE, "db", boot_certificate_authority("signer")));
    boot_collect(boot);
    assert_true(boot_has(boot, REASON_EVENTLOG_DATA_MISMATCH));
    boot_assert(boot, CLAIM_BOOT_AUTHORITIES, "0");
}

static void windows_records_need_their_separators(void **state)
{
    struct boot *boot = *state;

    for (uint32_t without = 12; without <= 14; without++) {
        boot_begin(boot);
        boot_firmware(boot, true);
        boot_windows_both(boot, SIPA_WINPE, 0);
        for (uint32_t pcr = 12; pcr <= 14; pcr++)
            if (pcr != without)
                boot_text(boot, pcr, EV_SEPARATOR, "WBCL");
        boot_collect(boot);
        assert_true(boot_has(boot, REASON_EVENTLOG_SEPARATOR));
    }
}

static void windows_records_and_loader_texts_do_not_mix(void **state)
{
    struct boot *boot = *state;

    boot_firmware(boot, true);
    boot_windows_both(boot, SIPA_WINPE, 0);
    boot_text(boot, 12, EV_IPL, "hidden");
    boot_windows_separators(boot);
    boot_collect(boot);
    assert_true(boot_has(boot, REASON_EVENTLOG_TYPE_UNEXPECTED));
}

static void a_log_of_a_dynamic_launch_needs_no_separators(void **state)
{
    struct boot *boot = *state;

    boot_text(boot, 17, EV_TXT_HASH_START, "module");
    boot_collect(boot);
    assert_int_equal(boot->reasons.n_items, 0);
    boot_assert(boot, CLAIM_LOG_COMPLETE, "unknown");
}

static void a_missing_digest_makes_the_log_incomplete(void **state)
{
    static const uint16_t algs[] = {TPM_ALG_SHA256, TPM_ALG_SHA1, 0};
    static const uint16_t only[] = {TPM_ALG_SHA1};
    struct boot *boot = *state;

    log_builder_agile(&boot->log, boot->crypto, algs);
    boot_firmware(boot, true);
    log_builder_add_banks(&boot->log, 5, EV_EFI_ACTION, only, 1, span_text("x"), span_text("x"));
    boot_collect(boot);
    boot_assert(boot, CLAIM_LOG_COMPLETE, "false");
}

static void a_relabelled_separator_is_found(void **state)
{
    struct boot *boot = *state;

    for (uint32_t pcr = 0; pcr <= 6; pcr++) {
        boot_begin(boot);
        boot_firmware_without_separator(boot, pcr);
        log_builder_add_measured(&boot->log, pcr, EV_POST_CODE, span_of("\0\0\0\0", 4),
                                 span_text("code"));
        boot_separator(boot, pcr); /* root extends another one */
        boot_collect(boot);
        assert_true(boot_has(boot, REASON_EVENTLOG_TYPE_UNEXPECTED));
    }
}

/* A variable measured by its contents alone may hold four zero bytes. */
static void contents_of_zeros_are_no_separator(void **state)
{
    struct span zeros = span_of("\0\0\0\0", 4);
    struct boot *boot = *state;

    log_builder_add_measured(&boot->log, 1, EV_EFI_VARIABLE_BOOT, zeros,
                             boot_variable_data(BOOT_GLOBAL, "BootOrder", zeros));
    boot_firmware(boot, true);
    boot_collect(boot);
    assert_int_equal(boot->reasons.n_items, 0);
}

static void what_stands_behind_a_closing_separator_is_found(void **state)
{
    static const struct {
        uint32_t pcr, type;
    } CASES[] = {
        {0, EV_POST_CODE},
        {0, EV_S_CRTM_VERSION},
        {1, EV_CPU_MICROCODE},
        {2, EV_IPL},
        {3, EV_EFI_VARIABLE_DRIVER_CONFIG},
        {6, EV_COMPACT_HASH},
    };
    struct boot *boot = *state;

    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        boot_begin(boot);
        boot_firmware(boot, true);
        boot_text(boot, CASES[i].pcr, CASES[i].type, "late");
        boot_collect(boot);
        assert_true(boot_has(boot, REASON_EVENTLOG_AFTER_SEPARATOR));
    }
    boot_begin(boot);
    boot_firmware(boot, true);
    boot_image(boot, 4, "\\loader.efi", "loader");
    boot_text(boot, 5, EV_EFI_ACTION, "Exit Boot Services Invocation");
    boot_collect(boot);
    assert_int_equal(boot->reasons.n_items, 0);
}

static void what_stands_behind_the_exit_is_found(void **state)
{
    struct boot *boot = *state;

    for (uint32_t pcr = 0; pcr <= 7; pcr++) {
        boot_begin(boot);
        boot_firmware(boot, true);
        boot_text(boot, 5, EV_EFI_ACTION, "Exit Boot Services Invocation");
        boot_text(boot, 5, EV_EFI_ACTION, "Exit Boot Services Returned with Failure");
        boot_text(boot, 5, EV_EFI_ACTION, "Exit Boot Services Invocation");
        boot_text(boot, 5, EV_EFI_ACTION, "Exit Boot Services Returned with Success");
        boot_collect(boot);
        assert_int_equal(boot->reasons.n_items, 0);
        boot_text(boot, pcr, EV_EFI_ACTION, "late");
        boot_collect(boot);
        assert_true(boot_has(boot, REASON_EVENTLOG_TYPE_UNEXPECTED));
    }
}

static void an_action_called_a_variable_is_found(void **state)
{
    static const uint32_t types[] = {EV_EFI_VARIABLE_AUTHORITY, EV_EFI_SPDM_DEVICE_POLICY,
                                     EV_EFI_SPDM_DEVICE_AUTHORITY, EV_EFI_VARIABLE_DRIVER_CONFIG};
    struct boot *boot = *state;

    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        boot_begin(boot);
        boot_firmware_without_separator(boot, 7);
        boot_text(boot, 7, types[i], "UEFI Debug Mode");
        boot_separator(boot, 7);
        boot_collect(boot);
        assert_true(boot_has(boot, REASON_EVENTLOG_DATA_MALFORMED));
    }
}

/* An image event keeps its digest and names another path; a blob another volume. Both stay hints. */
static void a_misleading_body_changes_no_claim(void **state)
{
    struct boot *boot = *state;
    struct claim_item before;

    boot_firmware(boot, true);
    boot_image(boot, 4, "\\EFI\\evil.efi", "image");
    boot_collect(boot);
    boot_assert(boot, CLAIM_BOOT_IMAGES, "1");
    before = boot->claims.claims[CLAIM_BOOT_IMAGES].items[0];
    boot_begin(boot);
    boot_firmware(boot, true);
    boot_image(boot, 4, "\\EFI\\debian\\shimx64.efi", "image");
    boot_collect(boot);
    assert_true(span_equal(boot->claims.claims[CLAIM_BOOT_IMAGES].items[0].bytes, before.bytes));
    for (size_t i = 0; i < boot->measured.n_events; i++) {
        const struct measured_event *event = &boot->measured.events[i];
        struct event_description description;
        struct error error;

        if (event->event.type != EV_EFI_BOOT_SERVICES_APPLICATION)
            continue;
        assert_true(
            event_describe(&boot->measured, i, boot->crypto, &boot->arena, &description, &error));
        assert_false(description.proven);
        assert_string_equal(description.caveat, "the digest does not cover this");
    }
}

/* --- measurement registers --- */

static void begin_registers(struct boot *boot)
{
    static const uint16_t algs[] = {TPM_ALG_SHA256, 0};

    log_builder_agile_as(&boot->log, boot->crypto, algs, 1, "");
    boot->input.attested_pcrs = 0;
}

static void secure_boot_in_register(struct boot *boot)
{
    log_builder_add(&boot->log, 1, EV_EFI_VARIABLE_DRIVER_CONFIG,
                    boot_variable_data(BOOT_GLOBAL, "SecureBoot", span_of("\1", 1)));
}

static void sound_registers_have_no_findings(void **state)
{
    struct boot *boot = *state;

    begin_registers(boot);
    secure_boot_in_register(boot);
    boot_separator(boot, 1);
    boot_text(boot, 1, EV_PLATFORM_CONFIG_FLAGS, "ACPI DATA");
    boot_separator(boot, 1);
    boot_separator(boot, 2);
    boot_text(boot, 2, EV_EFI_ACTION, "Exit Boot Services Invocation");
    boot_text(boot, 3, EV_IPL, "text");
    boot_text(boot, 4, EV_EVENT_TAG, "service");
    boot_collect(boot);
    assert_int_equal(boot->reasons.n_items, 0);
    boot_assert(boot, CLAIM_SECURE_BOOT_ENABLED, "true");
}

static void registers_need_their_separator(void **state)
{
    struct boot *boot = *state;

    begin_registers(boot);
    secure_boot_in_register(boot);
    boot_collect(boot);
    assert_true(boot_has(boot, REASON_EVENTLOG_SEPARATOR));
    begin_registers(boot);
    log_builder_add(&boot->log, 1, EV_SEPARATOR, span_of("\xFF\xFF\xFF\xFF", 4));
    boot_collect(boot);
    assert_true(boot_has(boot, REASON_EVENTLOG_SEPARATOR));
    begin_registers(boot);
    secure_boot_in_register(boot);
    log_builder_add_measured(&boot->log, 1, EV_POST_CODE, span_of("\0\0\0\0", 4), span_text("x"));
    boot_separator(boot, 1);
    boot_collect(boot);
    assert_true(boot_has(boot, REASON_EVENTLOG_TYPE_UNEXPECTED));
}

static void what_no_register_holds_is_found(void **state)
{
    static const struct {
        uint32_t index, type;
    } CASES[] = {
        {0, EV_POST_CODE}, {5, EV_EVENT_TAG},      {23, EV_EVENT_TAG},
        {1, EV_IPL},       {2, EV_S_CRTM_VERSION}, {3, EV_EFI_GPT_EVENT},
    };
    struct boot *boot = *state;

    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        begin_registers(boot);
        boot_separator(boot, 1);
        boot_text(boot, CASES[i].index, CASES[i].type, "x");
        boot_collect(boot);
        assert_true(boot_has(boot, REASON_EVENTLOG_TYPE_UNEXPECTED));
    }
}

static void late_or_false_configuration_of_registers_is_found(void **state)
{
    struct boot *boot = *state;

    begin_registers(boot);
    boot_separator(boot, 1);
    secure_boot_in_register(boot);
    boot_collect(boot);
    assert_true(boot_has(boot, REASON_EVENTLOG_TYPE_UNEXPECTED));
    boot_assert(boot, CLAIM_SECURE_BOOT_ENABLED, "unknown");
    begin_registers(boot);
    log_builder_add_measured(&boot->log, 1, EV_EFI_VARIABLE_DRIVER_CONFIG, span_text("else"),
                             boot_variable_data(BOOT_GLOBAL, "SecureBoot", span_of("\1", 1)));
    boot_separator(boot, 1);
    boot_collect(boot);
    assert_true(boot_has(boot, REASON_EVENTLOG_DATA_MISMATCH));
    boot_assert(boot, CLAIM_SECURE_BOOT_ENABLED, "unknown");
}

int main(void)
{
#define FORM_TEST(name) cmocka_unit_test_setup_teardown(name, boot_setup, boot_teardown)
    const struct CMUnitTest tests[] = {
        FORM_TEST(a_sound_boot_has_no_findings),
        FORM_TEST(a_missing_separator_is_found),
        FORM_TEST(a_repeated_separator_is_found),
        FORM_TEST(a_separator_that_says_error_is_found),
        FORM_TEST(a_separator_that_was_not_measured_is_found),
        FORM_TEST(a_bios_marks_in_its_own_way),
        FORM_TEST(a_relabelled_event_is_found),
        FORM_TEST(configuration_behind_the_separator_is_found),
        FORM_TEST(a_list_of_shim_behind_the_separator_is_a_quirk),
        FORM_TEST(data_that_was_not_measured_is_found),
        FORM_TEST(an_authority_that_was_not_measured_is_not_believed),
        FORM_TEST(windows_records_need_their_separators),
        FORM_TEST(windows_records_and_loader_texts_do_not_mix),
        FORM_TEST(a_log_of_a_dynamic_launch_needs_no_separators),
        FORM_TEST(a_missing_digest_makes_the_log_incomplete),
        FORM_TEST(a_relabelled_separator_is_found),
        FORM_TEST(contents_of_zeros_are_no_separator),
        FORM_TEST(what_stands_behind_a_closing_separator_is_found),
        FORM_TEST(what_stands_behind_the_exit_is_found),
        FORM_TEST(an_action_called_a_variable_is_found),
        FORM_TEST(a_misleading_body_changes_no_claim),
        FORM_TEST(sound_registers_have_no_findings),
        FORM_TEST(registers_need_their_separator),
        FORM_TEST(what_no_register_holds_is_found),
        FORM_TEST(late_or_false_configuration_of_registers_is_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
