/* Every known deviation made up once, its absence beside it, and the table's texts. */
#include "boot.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/writer.h"
#include "claims/quirks.h"

static const char ONES[] = "\xFF\xFF\xFF\xFF";
static const char ZEROS[] = "\0\0\0\0";

/* All quirks that the log and its events show. */
static quirk_set quirks_of(struct boot *boot)
{
    struct quirk_scan scan;
    quirk_set quirks;

    boot_collect(boot);
    quirks = quirks_of_log(&boot->measured);
    quirk_scan_init(&scan, &boot->measured);
    for (size_t i = 0; i < boot->measured.n_events; i++)
        quirks |= quirk_scan_next(&scan);
    return quirks;
}

/* A boot without any: with the end of the boot services marked. */
static void sound_boot(struct boot *boot)
{
    boot_begin(boot);
    boot_firmware(boot, true);
    boot_text(boot, 5, EV_EFI_ACTION, "Exit Boot Services Invocation");
}

static void add(struct boot *boot, uint32_t pcr, uint32_t type, const char *data, size_t len)
{
    log_builder_add(&boot->log, pcr, type, span_of(data, len));
}

static void measured_as(struct boot *boot, uint32_t pcr, uint32_t type, const char *measured,
                        const char *data)
{
    log_builder_add_measured(&boot->log, pcr, type, span_text(measured), span_text(data));
}

static void boot_variable_of(struct boot *boot, uint32_t pcr, uint32_t type, enum boot_owner owner,
                             const char *name, const char *contents)
{
    log_builder_add(&boot->log, pcr, type, boot_variable_data(owner, name, span_text(contents)));
}

/* --- what each deviation looks like --- */

static void bios(struct boot *boot)
{
    boot_begin(boot);
    for (uint32_t pcr = 0; pcr <= 7; pcr++)
        add(boot, pcr, EV_SEPARATOR, ONES, 4);
    boot_text(boot, 4, EV_ACTION, "Exit Boot Services: none");
}

static void bios_separator_byte(struct boot *boot)
{
    boot_begin(boot);
    for (uint32_t pcr = 0; pcr <= 7; pcr++)
        add(boot, pcr, EV_SEPARATOR, ONES, 1);
}

static void skiboot(struct boot *boot)
{
    boot_begin(boot);
    for (uint32_t pcr = 0; pcr <= 7; pcr++)
        measured_as(boot, pcr, EV_SEPARATOR, ONES, "Skiboot Boot");
}

static void separators_missing(struct boot *boot)
{
    boot_begin(boot);
    boot_firmware_without_separator(boot, 2);
}

static void part_of_a_log(struct boot *boot)
{
    boot_begin(boot);
    boot_image(boot, 4, "\\shimx64.efi", "shim");
}

static void record_of_zeros(struct boot *boot)
{
    boot_begin(boot);
    log_builder_add_measured(&boot->log, 0, EV_S_CRTM_CONTENTS, span_of(ZEROS, 4),
                             span_text("FIT Type 0x2D Measured S-CRTM"));
    boot_firmware(boot, true);
}

static void hp_action(struct boot *boot)
{
    boot_text(boot, 7, EV_EFI_ACTION, "DMA Protection Disabled");
}

static void shim_list(struct boot *boot)
{
    boot_variable_of(boot, 7, EV_EFI_VARIABLE_DRIVER_CONFIG, BOOT_SHIM, "MokList", "x");
}

static void tables_late(struct boot *boot)
{
    measured_as(boot, 1, EV_EFI_HANDOFF_TABLES, "tables", "pointers");
}

static void boot_variables_late(struct boot *boot)
{
    boot_variable_of(boot, 1, EV_EFI_VARIABLE_BOOT2, BOOT_GLOBAL, "Boot0000", "x");
}

static void settings_late(struct boot *boot)
{
    boot_variable_of(boot, 1, EV_EFI_VARIABLE_DRIVER_CONFIG, BOOT_STRANGER, "Setup", "x");
}

static void option_rom_late(struct boot *boot)
{
    measured_as(boot, 2, EV_EFI_BOOT_SERVICES_DRIVER, "driver", "path");
}

static void lenovo_8401(struct boot *boot)
{
    add(boot, 2, 0x8401, "\1", 1);
}

static void google_boot(struct boot *boot)
{
    measured_as(boot, 2, EV_EFI_BOOT_SERVICES_APPLICATION, "loader", "path");
}

static void exit_unmarked(struct boot *boot)
{
    boot_begin(boot);
    boot_firmware(boot, true);
}

static void shim_one_byte(struct boot *boot)
{
    struct span whole = boot_variable_data(BOOT_DATABASE, "db", span_text("signer"));
    uint8_t more[128];

    memcpy(more, whole.data, whole.len);
    more[whole.len] = 'x';
    log_builder_add_measured(&boot->log, 7, EV_EFI_VARIABLE_AUTHORITY, whole,
                             span_of(more, whole.len + 1));
}

static void shim_path(struct boot *boot)
{
    static const uint8_t zeros[32 + 8];

    log_builder_add_measured(&boot->log, 4, EV_EFI_BOOT_SERVICES_APPLICATION, span_text("GRUB"),
                             span_of(zeros, sizeof zeros));
}

static void maker_version(struct boot *boot)
{
    boot_begin(boot);
    measured_as(boot, 0, EV_S_CRTM_VERSION, "2.5", "2.5.1");
}

static void maker_action(struct boot *boot)
{
    measured_as(boot, 4, EV_ACTION, "\1", "BOOTKERNEL");
}

static void linux_tag(struct boot *boot)
{
    measured_as(boot, 9, EV_EVENT_TAG, "initrd", "tag of an initrd");
}

static void boot_variable_whole(struct boot *boot)
{
    boot_begin(boot);
    boot_variable_of(boot, 1, EV_EFI_VARIABLE_BOOT, BOOT_GLOBAL, "Boot0000", "x");
}

static void grub_prefix(struct boot *boot)
{
    boot_grub(boot, "grub_cmd: ", "set pager=1");
}

static void systemd_cut(struct boot *boot)
{
    log_builder_add_measured(&boot->log, 12, EV_IPL, span_of("q\0u\0", 4), span_of("q\0u", 3));
}

static void one_bank(struct boot *boot, uint32_t pcr, uint32_t type)
{
    static const uint16_t algs[] = {TPM_ALG_SHA256, TPM_ALG_SHA1, 0}, only[] = {TPM_ALG_SHA256};

    log_builder_agile(&boot->log, boot->crypto, algs);
    boot_firmware(boot, true);
    log_builder_add_banks(&boot->log, pcr, type, only, 1, span_text("x"), span_text("x"));
}

static void bank_capped(struct boot *boot)
{
    one_bank(boot, 12, EV_EVENT_TAG);
}

static void tboot_one_bank(struct boot *boot)
{
    one_bank(boot, 17, EV_TXT_TBOOT_MODULE);
}

static void header_digest(struct boot *boot)
{
    boot->log.bytes[8] = 1; /* behind PCR and type */
}

static void trust_point(struct boot *boot)
{
    add(boot, 0xFFFFFFFF, EV_NO_ACTION, "\4\0\1\xC0\0\0\0\0", 8);
}

static void secure_boot_empty(struct boot *boot)
{
    boot_begin(boot);
    boot_variable_of(boot, 7, EV_EFI_VARIABLE_DRIVER_CONFIG, BOOT_GLOBAL, "SecureBoot", "");
}

static void secure_boot_unmeasured(struct boot *boot)
{
    boot_begin(boot);
    boot_separator(boot, 7);
    boot_text(boot, 5, EV_EFI_ACTION, "Exit Boot Services Invocation");
}

static void registers(struct boot *boot)
{
    static const uint16_t algs[] = {TPM_ALG_SHA256, 0};

    log_builder_agile_as(&boot->log, boot->crypto, algs, 1, "");
    boot_separator(boot, 1);
}

static void register_2_config(struct boot *boot)
{
    registers(boot);
    boot_variable_of(boot, 2, EV_EFI_VARIABLE_BOOT2, BOOT_GLOBAL, "Boot0000", "x");
    boot_separator(boot, 2);
}

static void register_event_late(struct boot *boot)
{
    registers(boot);
    boot_separator(boot, 2);
    boot_text(boot, 2, EV_EFI_ACTION, "Exit Boot Services Returned with Success");
    boot_text(boot, 4, EV_EVENT_TAG, "a service");
}

static const struct {
    enum quirk quirk;
    void (*show)(struct boot *boot);
} SHOWN[] = {
    {QUIRK_BIOS_SEPARATOR, bios},
    {QUIRK_BIOS_SEPARATOR_BYTE, bios_separator_byte},
    {QUIRK_SKIBOOT_SEPARATOR, skiboot},
    {QUIRK_SEPARATORS_MISSING, separators_missing},
    {QUIRK_PART_OF_A_LOG, part_of_a_log},
    {QUIRK_RECORD_OF_ZEROS, record_of_zeros},
    {QUIRK_HP_ACTION, hp_action},
    {QUIRK_SHIM_LIST, shim_list},
    {QUIRK_TABLES_LATE, tables_late},
    {QUIRK_BOOT_VARIABLES_LATE, boot_variables_late},
    {QUIRK_SETTINGS_LATE, settings_late},
    {QUIRK_OPTION_ROM_LATE, option_rom_late},
    {QUIRK_LENOVO_8401, lenovo_8401},
    {QUIRK_GOOGLE_BOOT_IN_PCR_2, google_boot},
    {QUIRK_EXIT_UNMARKED, exit_unmarked},
    {QUIRK_SHIM_ONE_BYTE, shim_one_byte},
    {QUIRK_SHIM_PATH, shim_path},
    {QUIRK_MAKER_VERSION, maker_version},
    {QUIRK_MAKER_ACTION, maker_action},
    {QUIRK_LINUX_TAG, linux_tag},
    {QUIRK_BOOT_VARIABLE_WHOLE, boot_variable_whole},
    {QUIRK_GRUB_PREFIX, grub_prefix},
    {QUIRK_SYSTEMD_CUT, systemd_cut},
    {QUIRK_BANK_CAPPED, bank_capped},
    {QUIRK_TBOOT_ONE_BANK, tboot_one_bank},
    {QUIRK_HEADER_DIGEST, header_digest},
    {QUIRK_TRUST_POINT, trust_point},
    {QUIRK_SECURE_BOOT_EMPTY, secure_boot_empty},
    {QUIRK_SECURE_BOOT_UNMEASURED, secure_boot_unmeasured},
    {QUIRK_REGISTER_2_CONFIG, register_2_config},
    {QUIRK_REGISTER_2_OPEN, registers},
    {QUIRK_REGISTER_EVENT_LATE, register_event_late},
};

/* What was seen weighs no more than a note, unless the quirk is one that stays refused. */
static void check_weight(const struct boot *boot, enum quirk quirk)
{
    bool noted = false;

    for (size_t i = 0; i < boot->reasons.n_items; i++)
        if (boot->reasons.items[i].code == REASON_EVENTLOG_QUIRK)
            noted |= strcmp(boot->reasons.items[i].found, quirk_text(quirk)->name) == 0;
    assert_int_equal(noted, quirk_text(quirk)->effect == QUIRK_NOTED);
    if (quirk_text(quirk)->effect == QUIRK_REFUSED)
        assert_true(reasons_weight(&boot->reasons) > REASON_WEIGHT_NOTE);
}

static void every_quirk_is_seen_where_it_is(void **state)
{
    struct boot *boot = *state;
    quirk_set all = 0;

    for (size_t i = 0; i < sizeof SHOWN / sizeof *SHOWN; i++) {
        sound_boot(boot);
        SHOWN[i].show(boot);
        if (!(quirks_of(boot) >> SHOWN[i].quirk & 1))
            fail_msg("%s is not seen", quirk_text(SHOWN[i].quirk)->name);
        check_weight(boot, SHOWN[i].quirk);
        all |= UINT64_C(1) << SHOWN[i].quirk;
    }
    assert_true(all == (UINT64_C(1) << QUIRKS) - 1);
}

static void a_sound_boot_has_none(void **state)
{
    struct boot *boot = *state;

    sound_boot(boot);
    assert_true(quirks_of(boot) == 0);
}

/* What only resembles a quirk is no excuse. */
static void nearly_a_quirk_is_none(void **state)
{
    struct boot *boot = *state;

    sound_boot(boot); /* all ones in a log of UEFI */
    add(boot, 3, EV_SEPARATOR, ONES, 4);
    assert_true(quirks_of(boot) == 0);
    assert_true(boot_has(boot, REASON_EVENTLOG_SEPARATOR));
    sound_boot(boot); /* an action that was not measured */
    measured_as(boot, 7, EV_EFI_ACTION, "UEFI Debug Mode", "DMA Protection Disabled");
    assert_true(quirks_of(boot) == 0);
    assert_true(boot_has(boot, REASON_EVENTLOG_DATA_MISMATCH));
    sound_boot(boot); /* configuration that is not shim's */
    boot_variable_of(boot, 7, EV_EFI_VARIABLE_DRIVER_CONFIG, BOOT_GLOBAL, "MokList", "x");
    assert_true(quirks_of(boot) == 0);
    assert_true(boot_has(boot, REASON_EVENTLOG_TYPE_UNEXPECTED));
    sound_boot(boot); /* a record of zeros that calls itself something else */
    boot_begin(boot);
    log_builder_add_measured(&boot->log, 0, EV_POST_CODE, span_of(ZEROS, 4), span_text("x"));
    boot_firmware(boot, true);
    assert_false(quirks_of(boot) & QUIRK_BIT(RECORD_OF_ZEROS));
    assert_true(boot_has(boot, REASON_EVENTLOG_TYPE_UNEXPECTED));
}

static void quirks_are_found_by_name(void **state)
{
    (void)state;
    for (int i = 0; i < QUIRKS; i++) {
        const struct quirk_text *text = quirk_text((enum quirk)i);

        assert_int_equal(quirk_by_name(text->name), i);
        assert_non_null(strchr(text->name, '.'));
        assert_true(*text->deviation && *text->cost && *text->shown_by);
    }
    assert_int_equal(quirk_by_name("nobody.nothing"), QUIRKS);
}

int main(void)
{
#define QUIRK_TEST(name) cmocka_unit_test_setup_teardown(name, boot_setup, boot_teardown)
    const struct CMUnitTest tests[] = {
        QUIRK_TEST(every_quirk_is_seen_where_it_is),
        QUIRK_TEST(a_sound_boot_has_none),
        QUIRK_TEST(nearly_a_quirk_is_none),
        cmocka_unit_test(quirks_are_found_by_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
