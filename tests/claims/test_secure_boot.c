#include "boot.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const uint32_t CONFIG = 0x80000001; /* EV_EFI_VARIABLE_DRIVER_CONFIG */

static void on_with_keys_and_an_authority_is_attested(void **state)
{
    struct boot *boot = *state;

    boot_firmware(boot, true);
    boot_linux(boot, "/vmlinuz");
    boot_collect(boot);
    boot_assert(boot, CLAIM_SECURE_BOOT_ENABLED, "true");
    assert_int_equal(boot->claims.claims[CLAIM_SECURE_BOOT_ENABLED].grade, CLAIM_ATTESTED);
    boot_assert(boot, CLAIM_SECURE_BOOT_PK, "1");
    boot_assert(boot, CLAIM_SECURE_BOOT_KEK, "1");
    boot_assert(boot, CLAIM_SECURE_BOOT_DB, "1");
    boot_assert(boot, CLAIM_SECURE_BOOT_DBX, "0");
    boot_assert(boot, CLAIM_BOOT_AUTHORITIES, "1");
}

static void without_a_quote_nothing_is_better_than_reported(void **state)
{
    struct boot *boot = *state;

    boot->input.attested_pcrs = 0;
    boot_firmware(boot, true);
    boot_linux(boot, "/vmlinuz");
    boot_collect(boot);
    for (int id = 0; id < CLAIM_IDS; id++)
        assert_true(boot->claims.claims[id].grade <= CLAIM_REPORTED);
    assert_int_equal(boot->claims.claims[CLAIM_SECURE_BOOT_ENABLED].grade, CLAIM_REPORTED);
}

static void what_the_quote_leaves_out_is_not_attested(void **state)
{
    struct boot *boot = *state;

    boot->input.attested_pcrs = EVENT_PCR(7);
    boot_firmware(boot, true);
    boot_linux(boot, "/vmlinuz");
    boot_collect(boot);
    assert_int_equal(boot->claims.claims[CLAIM_SECURE_BOOT_ENABLED].grade, CLAIM_ATTESTED);
    assert_int_equal(boot->claims.claims[CLAIM_BOOT_IMAGES].grade, CLAIM_REPORTED);
    assert_int_equal(boot->claims.claims[CLAIM_BOOT_KERNEL_COMMAND_LINE].grade, CLAIM_REPORTED);
    assert_int_equal(boot->claims.claims[CLAIM_LOG_COMPLETE].grade, CLAIM_REPORTED);
    boot->input.attested_pcrs = UINT32_MAX & ~EVENT_PCR(7);
    boot_collect(boot);
    assert_int_equal(boot->claims.claims[CLAIM_SECURE_BOOT_ENABLED].grade, CLAIM_REPORTED);
    assert_int_equal(boot->claims.claims[CLAIM_BOOT_IMAGES].grade, CLAIM_ATTESTED);
    assert_int_equal(boot->claims.claims[CLAIM_BOOT_KERNEL_COMMAND_LINE].grade, CLAIM_UNPROVEN);
}

static void off_is_false(void **state)
{
    struct boot *boot = *state;

    boot_firmware(boot, false);
    boot_collect(boot);
    boot_assert(boot, CLAIM_SECURE_BOOT_ENABLED, "false");
}

/* A log with these SecureBoot contents and nothing else in PCR 7. */
static const char *state_of(struct boot *boot, struct span contents)
{
    boot_begin(boot);
    boot_variable(boot, CONFIG, BOOT_GLOBAL, "SecureBoot", contents);
    boot_separators(boot);
    boot_collect(boot);
    return boot_value(boot, CLAIM_SECURE_BOOT_ENABLED);
}

static void the_byte_decides(void **state)
{
    struct boot *boot = *state;

    assert_string_equal(state_of(boot, (struct span){0}), "false");
    assert_string_equal(state_of(boot, span_of("\0", 1)), "false");
    assert_string_equal(state_of(boot, span_of("\1", 1)), "true");
    /* Nobody vouches for "on" without keys. */
    assert_int_equal(boot->claims.claims[CLAIM_SECURE_BOOT_ENABLED].grade, CLAIM_UNPROVEN);
    assert_false(boot_has(boot, REASON_EVENTLOG_DATA_MALFORMED));
    assert_string_equal(state_of(boot, span_of("\2", 1)), "unknown");
    assert_true(boot_has(boot, REASON_EVENTLOG_DATA_MALFORMED));
    assert_string_equal(state_of(boot, span_of("\1\0", 2)), "unknown");
    assert_true(boot_has(boot, REASON_EVENTLOG_DATA_MALFORMED));
}

static void absent_is_unknown(void **state)
{
    struct boot *boot = *state;

    boot_separators(boot);
    boot_collect(boot);
    boot_assert(boot, CLAIM_SECURE_BOOT_ENABLED, "unknown");
    boot_assert(boot, CLAIM_SECURE_BOOT_DB, "unknown");
    boot_assert(boot, CLAIM_SECURE_BOOT_TEST_KEYS, "unknown");
    boot_assert(boot, CLAIM_SECURE_BOOT_SHIM_VALIDATION, "unknown");
    boot_assert(boot, CLAIM_DEBUG_FIRMWARE, "false");
    boot_assert(boot, CLAIM_DMA_PROTECTION_BOOT, "unknown");
}

static void without_a_log_all_is_unknown(void **state)
{
    struct boot *boot = *state;
    struct error error;

    assert_true(claims_collect(&boot->input, &boot->arena, &boot->claims, &boot->reasons, &error));
    for (int id = 0; id < CLAIM_IDS; id++)
        assert_false(boot->claims.claims[id].known);
    assert_int_equal(boot->reasons.n_items, 0);
}

/* A host that is sound but for what the digest of its SecureBoot event covers. */
static void boot_with_state_covered(struct boot *boot, bool whole)
{
    struct span claimed = boot_variable_data(BOOT_GLOBAL, "SecureBoot", span_of("\1", 1));

    boot_begin(boot);
    log_builder_add_measured(&boot->log, 7, CONFIG, whole ? claimed : span_of("\1", 1), claimed);
    boot_variable(boot, CONFIG, BOOT_GLOBAL, "PK", boot_certificate_list("platform key"));
    boot_separators(boot);
    boot_linux(boot, "/vmlinuz");
    boot_collect(boot);
}

static void a_name_that_no_digest_covers_proves_nothing(void **state)
{
    struct boot *boot = *state;

    boot_with_state_covered(boot, true);
    boot_assert(boot, CLAIM_SECURE_BOOT_ENABLED, "true");
    assert_int_equal(boot->claims.claims[CLAIM_SECURE_BOOT_ENABLED].grade, CLAIM_ATTESTED);
    /* The firmware measured the contents alone: the name could be anybody's. */
    boot_with_state_covered(boot, false);
    boot_assert(boot, CLAIM_SECURE_BOOT_ENABLED, "true");
    assert_int_equal(boot->claims.claims[CLAIM_SECURE_BOOT_ENABLED].grade, CLAIM_UNPROVEN);
}

static void on_without_an_authority_is_unproven(void **state)
{
    struct boot *boot = *state;

    boot_firmware(boot, true);
    boot_collect(boot);
    boot_assert(boot, CLAIM_SECURE_BOOT_ENABLED, "true");
    assert_int_equal(boot->claims.claims[CLAIM_SECURE_BOOT_ENABLED].grade, CLAIM_UNPROVEN);
}

static void the_same_name_of_another_owner_is_another_variable(void **state)
{
    struct boot *boot = *state;

    boot_variable(boot, CONFIG, BOOT_STRANGER, "SecureBoot", span_of("\1", 1));
    boot_separators(boot);
    boot_collect(boot);
    boot_assert(boot, CLAIM_SECURE_BOOT_ENABLED, "unknown");
}

static void two_values_are_none(void **state)
{
    struct boot *boot = *state;

    boot_variable(boot, CONFIG, BOOT_GLOBAL, "SecureBoot", span_of("\0", 1));
    boot_firmware(boot, true);
    boot_collect(boot);
    assert_true(boot_has(boot, REASON_EVENTLOG_DUPLICATE));
    boot_assert(boot, CLAIM_SECURE_BOOT_ENABLED, "unknown");
}

static void a_broken_list_is_unknown_and_found(void **state)
{
    struct boot *boot = *state;
    struct span list = boot_certificate_list("x");

    boot_variable(boot, CONFIG, BOOT_DATABASE, "db", span_of(list.data, list.len - 1));
    boot_separators(boot);
    boot_collect(boot);
    assert_true(boot_has(boot, REASON_EVENTLOG_DATA_MALFORMED));
    boot_assert(boot, CLAIM_SECURE_BOOT_DB, "unknown");
}

static void test_keys_are_known_by_their_name(void **state)
{
    static const char *const bad[] = {"CN=DO NOT TRUST - AMI Test PK", "DO NOT SHIP",
                                      "DO NOT DO NOT TRUST"};
    static const char *const good[] = {"platform key", "DO NOT", "DO NOT TRUS"};
    struct boot *boot = *state;

    for (size_t i = 0; i < 3; i++) {
        for (int is_bad = 0; is_bad < 2; is_bad++) {
            boot_begin(boot);
            boot_variable(boot, CONFIG, BOOT_GLOBAL, "PK",
                          boot_certificate_list(is_bad ? bad[i] : good[i]));
            boot_variable(boot, CONFIG, BOOT_GLOBAL, "KEK", boot_certificate_list("k"));
            boot_variable(boot, CONFIG, BOOT_DATABASE, "db", boot_certificate_list("d"));
            boot_separators(boot);
            boot_collect(boot);
            boot_assert(boot, CLAIM_SECURE_BOOT_TEST_KEYS, is_bad ? "true" : "false");
        }
    }
}

/* Setup and audit mode check nothing, whatever SecureBoot says. */
static void modes_that_check_nothing_are_seen_through(void **state)
{
    static const char *const modes[] = {"SetupMode", "AuditMode"};
    struct boot *boot = *state;

    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++)
        for (int on = 0; on < 2; on++) {
            boot_begin(boot);
            boot_variable(boot, CONFIG, BOOT_GLOBAL, modes[i], span_of(on ? "\1" : "\0", 1));
            boot_firmware(boot, true);
            boot_linux(boot, "/vmlinuz");
            boot_collect(boot);
            boot_assert(boot, CLAIM_SECURE_BOOT_ENABLED, on ? "false" : "true");
            boot_assert(boot, CLAIM_SECURE_BOOT_SHIM_VALIDATION, on ? "false" : "true");
            assert_int_equal(boot->claims.claims[CLAIM_SECURE_BOOT_ENABLED].settled_by, on ? 1 : 0);
        }
}

static void an_empty_platform_key_vouches_for_nothing(void **state)
{
    struct boot *boot = *state;

    boot_variable(boot, CONFIG, BOOT_GLOBAL, "SecureBoot", span_of("\1", 1));
    boot_variable(boot, CONFIG, BOOT_GLOBAL, "PK", (struct span){0});
    boot_separators(boot);
    boot_linux(boot, "/vmlinuz");
    boot_collect(boot);
    boot_assert(boot, CLAIM_SECURE_BOOT_ENABLED, "true");
    assert_int_equal(boot->claims.claims[CLAIM_SECURE_BOOT_ENABLED].grade, CLAIM_UNPROVEN);
    boot_assert(boot, CLAIM_BOOT_IMAGE_AUTHORITIES, "unknown");
}

/* GHSA-9r4w-jg96-92mv: a reader that skips the header's length takes its bytes for an entry. */
static void header_bytes_of_a_list_are_no_entries(void **state)
{
    static const uint8_t sha256[] = {0x26, 0x16, 0xc4, 0xc1, 0x4c, 0x50, 0x92, 0x40,
                                     0xac, 0xa9, 0x41, 0xf9, 0x36, 0x93, 0x43, 0x28};
    struct boot *boot = *state;
    uint8_t list[28 + 48 + 48] = {0};

    memcpy(list, sha256, sizeof sha256);
    list[16] = sizeof list;
    list[20] = 48; /* the header: 48 bytes that look like an entry */
    list[24] = 48;
    memset(list + 28, 0xAA, 48);
    memset(list + 76, 0xBB, 48);
    boot_variable(boot, CONFIG, BOOT_DATABASE, "dbx", span_of(list, sizeof list));
    boot_separators(boot);
    boot_collect(boot);
    boot_assert(boot, CLAIM_SECURE_BOOT_DBX, "1");
    assert_int_equal(boot->claims.claims[CLAIM_SECURE_BOOT_DBX].items[0].bytes.data[0], 0xBB);
    /* A header longer than its list is no list. */
    boot_begin(boot);
    list[20] = 97;
    boot_variable(boot, CONFIG, BOOT_DATABASE, "dbx", span_of(list, sizeof list));
    boot_separators(boot);
    boot_collect(boot);
    boot_assert(boot, CLAIM_SECURE_BOOT_DBX, "unknown");
    assert_true(boot_has(boot, REASON_EVENTLOG_DATA_MALFORMED));
}

/* A dbx that nobody reads is not listed, and must be a dbx all the same. */
static void a_list_that_nobody_reads_stays_unknown(void **state)
{
    struct boot *boot = *state;
    bool wanted[CLAIM_IDS] = {false};

    boot->input.wanted = wanted;
    boot_firmware(boot, true);
    boot_collect(boot);
    boot_assert(boot, CLAIM_SECURE_BOOT_DBX, "unknown");
    boot_assert(boot, CLAIM_SECURE_BOOT_DB, "1");
    assert_false(boot_has(boot, REASON_EVENTLOG_DATA_MALFORMED));
    wanted[CLAIM_SECURE_BOOT_DBX] = true;
    boot_collect(boot);
    boot_assert(boot, CLAIM_SECURE_BOOT_DBX, "0");
    boot_begin(boot);
    wanted[CLAIM_SECURE_BOOT_DBX] = false;
    boot_variable(boot, CONFIG, BOOT_DATABASE, "dbx", span_of("no list", 7));
    boot_separators(boot);
    boot_collect(boot);
    assert_true(boot_has(boot, REASON_EVENTLOG_DATA_MALFORMED));
}

static void shim_validates_unless_it_says_otherwise(void **state)
{
    struct boot *boot = *state;

    boot_firmware(boot, true);
    boot_linux(boot, "/vmlinuz");
    boot_collect(boot);
    boot_assert(boot, CLAIM_SECURE_BOOT_SHIM_VALIDATION, "true");

    boot_variable(boot, EV_EFI_VARIABLE_AUTHORITY, BOOT_SHIM, "MokSBState", span_of("\1", 1));
    boot_collect(boot);
    boot_assert(boot, CLAIM_SECURE_BOOT_SHIM_VALIDATION, "false");
    /* Then nobody checked what shim loaded. */
    assert_int_equal(boot->claims.claims[CLAIM_BOOT_KERNEL_COMMAND_LINE].grade, CLAIM_UNPROVEN);
    boot_assert(boot, CLAIM_SECURE_BOOT_ENABLED, "true");
}

static void shim_does_not_validate_without_secure_boot(void **state)
{
    struct boot *boot = *state;

    boot_firmware(boot, false);
    boot_linux(boot, "/vmlinuz");
    boot_collect(boot);
    boot_assert(boot, CLAIM_SECURE_BOOT_SHIM_VALIDATION, "false");
}

static void an_unreadable_authority_may_hide_a_switch(void **state)
{
    struct boot *boot = *state;

    boot_firmware(boot, true);
    boot_linux(boot, "/vmlinuz");
    /* MokSBState, with its data replaced in the log. */
    log_builder_add_measured(&boot->log, 7, EV_EFI_VARIABLE_AUTHORITY,
                             boot_variable_data(BOOT_SHIM, "MokSBState", span_of("\1", 1)),
                             span_text("nothing"));
    boot_collect(boot);
    boot_assert(boot, CLAIM_SECURE_BOOT_SHIM_VALIDATION, "unknown");
    assert_int_equal(boot->claims.claims[CLAIM_BOOT_KERNEL_COMMAND_LINE].grade, CLAIM_UNPROVEN);
}

static void actions_weaken(void **state)
{
    struct boot *boot = *state;

    boot_firmware_without_separator(boot, 7);
    boot_text(boot, 7, EV_EFI_ACTION, "UEFI Debug Mode");
    boot_text(boot, 7, EV_EFI_ACTION, "DMA Protection Disabled");
    boot_separator(boot, 7);
    boot_collect(boot);
    boot_assert(boot, CLAIM_DEBUG_FIRMWARE, "true");
    boot_assert(boot, CLAIM_DMA_PROTECTION_BOOT, "false");
    assert_int_equal(boot->reasons.n_items, 0);
}

static const uint32_t TYPES[] = {
    EV_ACTION + 0x1000,
    EV_EFI_ACTION,
    EV_EFI_VARIABLE_AUTHORITY,
    EV_EFI_SPDM_DEVICE_POLICY,
    EV_EFI_VARIABLE_DRIVER_CONFIG,
    EV_EFI_SPDM_DEVICE_AUTHORITY,
};
#define N_TYPES (sizeof TYPES / sizeof *TYPES)

/* No digest covers the type, and one that covers a part of the data lets the log dress it up. */
static void a_relabelled_action_weakens_still(void **state)
{
    struct boot *boot = *state;
    struct span text = span_text("UEFI Debug Mode");

    for (size_t i = 0; i < 2 * N_TYPES; i++) {
        struct span data = i < N_TYPES ? text : boot_variable_data(BOOT_STRANGER, "x", text);

        boot_begin(boot);
        boot_firmware_without_separator(boot, 7);
        log_builder_add_measured(&boot->log, 7, TYPES[i % N_TYPES], text, data);
        boot_separator(boot, 7);
        boot_collect(boot);
        assert_string_not_equal(boot_value(boot, CLAIM_DEBUG_FIRMWARE), "false");
    }
}

/* Secure Boot is off. Root hides that, calls the separator something else, and extends what a host
 * with Secure Boot measures, with a separator of its own behind it: every digest is in the TPM. */
static void a_relabelled_separator_moves_nothing(void **state)
{
    struct boot *boot = *state;

    for (size_t i = 0; i < N_TYPES; i++) {
        boot_begin(boot);
        boot_variable(boot, EV_EFI_SPDM_DEVICE_POLICY, BOOT_GLOBAL, "SecureBoot", span_of("\0", 1));
        log_builder_add(&boot->log, 7, TYPES[i], span_of("\0\0\0\0", 4));
        boot_firmware(boot, true);
        boot_linux(boot, "/vmlinuz");
        boot_collect(boot);
        boot_assert(boot, CLAIM_SECURE_BOOT_ENABLED, "unknown");
        boot_assert(boot, CLAIM_SECURE_BOOT_SHIM_VALIDATION, "unknown");
        assert_true(boot_has(boot, REASON_EVENTLOG_TYPE_UNEXPECTED));
    }
}

/* A BIOS without UEFI ends PCR 7 too; no Secure Boot comes after it. */
static void a_separator_of_a_bios_ends_the_configuration(void **state)
{
    struct boot *boot = *state;

    log_builder_add(&boot->log, 7, EV_SEPARATOR, span_of("\xFF\xFF\xFF\xFF", 4));
    boot_firmware(boot, true);
    boot_linux(boot, "/vmlinuz");
    boot_collect(boot);
    boot_assert(boot, CLAIM_SECURE_BOOT_ENABLED, "unknown");
}

/* MokSBState switches validation off; no other name for the event makes that go away. */
static void a_relabelled_authority_may_hide_a_switch(void **state)
{
    struct boot *boot = *state;

    for (size_t i = 0; i < N_TYPES; i++) {
        boot_begin(boot);
        boot_firmware(boot, true);
        boot_linux(boot, "/vmlinuz");
        boot_variable(boot, TYPES[i], BOOT_SHIM, "MokSBState", span_of("\1", 1));
        boot_collect(boot);
        assert_string_not_equal(boot_value(boot, CLAIM_SECURE_BOOT_SHIM_VALIDATION), "true");
        assert_int_equal(boot->claims.claims[CLAIM_BOOT_KERNEL_COMMAND_LINE].grade, CLAIM_UNPROVEN);
    }
}

/* What let an option ROM or a driver run counts as well, and no other name hides it. */
static void a_relabelled_authority_before_the_separator_is_missed(void **state)
{
    static const uint32_t types[] = {EV_EFI_SPDM_DEVICE_POLICY, EV_EFI_SPDM_DEVICE_AUTHORITY,
                                     EV_EFI_ACTION, EV_EFI_VARIABLE_BOOT};
    struct boot *boot = *state;

    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        boot_begin(boot);
        boot_firmware_without_separator(boot, 7);
        boot_variable(boot, types[i], BOOT_DATABASE, "db", boot_certificate_authority("driver"));
        boot_separator(boot, 7);
        boot_linux(boot, "/vmlinuz");
        boot_collect(boot);
        assert_int_equal(boot->claims.claims[CLAIM_BOOT_AUTHORITIES].grade, CLAIM_UNPROVEN);
        assert_int_equal(boot->claims.claims[CLAIM_BOOT_KERNEL_COMMAND_LINE].grade, CLAIM_UNPROVEN);
    }
}

static void keys_of_devices_authorise_no_image(void **state)
{
    struct boot *boot = *state;

    boot_firmware_without_separator(boot, 7);
    boot_variable(boot, EV_EFI_SPDM_DEVICE_POLICY, BOOT_STRANGER, "devdb", span_text("keys"));
    boot_separator(boot, 7);
    boot_linux(boot, "/vmlinuz");
    boot_collect(boot);
    boot_assert(boot, CLAIM_BOOT_AUTHORITIES, "1");
    assert_int_equal(boot->claims.claims[CLAIM_BOOT_AUTHORITIES].grade, CLAIM_ATTESTED);
    assert_int_equal(boot->claims.claims[CLAIM_BOOT_KERNEL_COMMAND_LINE].grade, CLAIM_ATTESTED);
}

int main(void)
{
#define STATE_TEST(name) cmocka_unit_test_setup_teardown(name, boot_setup, boot_teardown)
    const struct CMUnitTest tests[] = {
        STATE_TEST(on_with_keys_and_an_authority_is_attested),
        STATE_TEST(what_the_quote_leaves_out_is_not_attested),
        STATE_TEST(without_a_quote_nothing_is_better_than_reported),
        STATE_TEST(off_is_false),
        STATE_TEST(the_byte_decides),
        STATE_TEST(absent_is_unknown),
        STATE_TEST(without_a_log_all_is_unknown),
        STATE_TEST(a_name_that_no_digest_covers_proves_nothing),
        STATE_TEST(on_without_an_authority_is_unproven),
        STATE_TEST(the_same_name_of_another_owner_is_another_variable),
        STATE_TEST(two_values_are_none),
        STATE_TEST(a_broken_list_is_unknown_and_found),
        STATE_TEST(test_keys_are_known_by_their_name),
        STATE_TEST(modes_that_check_nothing_are_seen_through),
        STATE_TEST(an_empty_platform_key_vouches_for_nothing),
        STATE_TEST(header_bytes_of_a_list_are_no_entries),
        STATE_TEST(a_list_that_nobody_reads_stays_unknown),
        STATE_TEST(shim_validates_unless_it_says_otherwise),
        STATE_TEST(shim_does_not_validate_without_secure_boot),
        STATE_TEST(an_unreadable_authority_may_hide_a_switch),
        STATE_TEST(actions_weaken),
        STATE_TEST(a_relabelled_action_weakens_still),
        STATE_TEST(a_relabelled_separator_moves_nothing),
        STATE_TEST(a_separator_of_a_bios_ends_the_configuration),
        STATE_TEST(a_relabelled_authority_may_hide_a_switch),
        STATE_TEST(a_relabelled_authority_before_the_separator_is_missed),
        STATE_TEST(keys_of_devices_authorise_no_image),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
