/* Claims about firmware: good, bad and absent values, and each way to forge them. */
#include "boot.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/writer.h"

static const struct claim *claim_of(const struct boot *boot, enum claim_id id)
{
    return &boot->claims.claims[id];
}

#define assert_grade(boot, id, wanted) assert_int_equal(claim_of(boot, id)->grade, wanted)

static const char *item(const struct boot *boot, enum claim_id id, size_t index)
{
    static char text[256];
    const struct claim *claim = claim_of(boot, id);

    assert_true(index < claim->n_items);
    snprintf(text, sizeof text, "%.*s", (int)claim->items[index].bytes.len,
             (const char *)claim->items[index].bytes.data);
    return text;
}

/* --- version --- */

static void the_version_is_text_that_the_digest_covers(void **state)
{
    static const struct {
        const char *data;
        size_t len;
        const char *version;
    } CASES[] = {
        {"1.2.3", 5, "1.2.3"},
        {"1.2.3\0\0", 7, "1.2.3"},
        {"R\0"
         "7\0"
         "\0\0",
         6, "R7"},
        {"\1\2\3\4\5\6\7\10\11\12\13\14\15\16\17\20", 16, "04030201-0605-0807-090a-0b0c0d0e0f10"},
        {"\0\0", 2, "unknown"},
        {"", 0, "unknown"},
        {"\1\2\3", 3, "unknown"},
        {"1.2.3\0\1\2", 8, "1.2.3"},
    };
    struct boot *boot = *state;

    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        boot_begin(boot);
        log_builder_add(&boot->log, 0, EV_S_CRTM_VERSION, span_of(CASES[i].data, CASES[i].len));
        boot_separator(boot, 0);
        boot_collect(boot);
        boot_assert(boot, CLAIM_FIRMWARE_VERSION, CASES[i].version);
    }
    boot_firmware(boot, true);
    boot_begin(boot);
    boot_separator(boot, 0);
    boot_collect(boot);
    boot_assert(boot, CLAIM_FIRMWARE_VERSION, "unknown");
}

static void a_version_that_was_not_measured_loses_its_grade(void **state)
{
    struct boot *boot = *state;

    boot_firmware(boot, true);
    boot_collect(boot);
    assert_grade(boot, CLAIM_FIRMWARE_VERSION, CLAIM_ATTESTED);
    boot_begin(boot);
    log_builder_add_measured(&boot->log, 0, EV_S_CRTM_VERSION, span_text("0.9"), span_text("1.0"));
    boot_separator(boot, 0);
    boot_collect(boot);
    boot_assert(boot, CLAIM_FIRMWARE_VERSION, "1.0");
    assert_grade(boot, CLAIM_FIRMWARE_VERSION, CLAIM_UNPROVEN);
}

static void a_version_behind_the_separator_is_not_the_firmwares(void **state)
{
    struct boot *boot = *state;

    boot_separator(boot, 0);
    boot_text(boot, 0, EV_S_CRTM_VERSION, "9.9");
    boot_collect(boot);
    boot_assert(boot, CLAIM_FIRMWARE_VERSION, "unknown");
    boot_begin(boot);
    boot_text(boot, 0, EV_S_CRTM_VERSION, "9.9"); /* no separator: who knows when */
    boot_collect(boot);
    assert_grade(boot, CLAIM_FIRMWARE_VERSION, CLAIM_UNPROVEN);
}

static void two_versions_are_none(void **state)
{
    struct boot *boot = *state;

    boot_text(boot, 0, EV_S_CRTM_VERSION, "1.0");
    boot_text(boot, 0, EV_S_CRTM_VERSION, "2.0");
    boot_separator(boot, 0);
    boot_collect(boot);
    boot_assert(boot, CLAIM_FIRMWARE_VERSION, "unknown");
}

static void another_text_cannot_pass_for_the_version(void **state)
{
    struct boot *boot = *state;

    /* The true one is called something else, and the log shows other data for it. */
    log_builder_add_measured(&boot->log, 0, EV_POST_CODE, span_text("1.0"), span_text("code"));
    boot_text(boot, 0, EV_S_CRTM_VERSION, "9.9"); /* a text of another type in truth */
    boot_text(boot, 0, EV_NONHOST_INFO, "some text");
    boot_separator(boot, 0);
    boot_collect(boot);
    boot_assert(boot, CLAIM_FIRMWARE_VERSION, "9.9");
    assert_grade(boot, CLAIM_FIRMWARE_VERSION, CLAIM_UNPROVEN);
    boot_begin(boot);
    boot_text(boot, 0, EV_S_CRTM_VERSION, "1.0"); /* the first is what it says */
    boot_text(boot, 0, EV_NONHOST_INFO, "some text");
    boot_separator(boot, 0);
    boot_collect(boot);
    assert_grade(boot, CLAIM_FIRMWARE_VERSION, CLAIM_ATTESTED);
    boot_begin(boot);
    log_builder_add_measured(&boot->log, 0, EV_S_CRTM_CONTENTS, span_text("code"),
                             span_text("Boot Guard Measured S-CRTM"));
    boot_text(boot, 0, EV_S_CRTM_VERSION, "1.0"); /* and so is the only one */
    boot_separator(boot, 0);
    boot_collect(boot);
    assert_grade(boot, CLAIM_FIRMWARE_VERSION, CLAIM_ATTESTED);
    boot_begin(boot);
    boot_text(boot, 0, EV_NONHOST_INFO, "\1\2");
    log_builder_add(&boot->log, 0, EV_S_CRTM_VERSION, span_of("Name\0\1\2", 7)); /* a record */
    boot_separator(boot, 0);
    boot_collect(boot);
    assert_grade(boot, CLAIM_FIRMWARE_VERSION, CLAIM_UNPROVEN);
}

/* --- code --- */

static void blob(struct boot *boot, uint32_t type, const char *name, const char *code)
{
    uint8_t buffer[64];
    struct writer writer = writer_init(buffer, sizeof buffer);

    writer_u8(&writer, (uint8_t)strlen(name));
    writer_bytes(&writer, span_text(name));
    writer_le64(&writer, 0x800000);
    writer_le64(&writer, 0x1000);
    log_builder_add_measured(&boot->log, 0, type, span_text(code), writer_span(&writer));
}

static void all_code_of_pcr_0_is_listed(void **state)
{
    struct boot *boot = *state;

    boot_text(boot, 0, EV_S_CRTM_VERSION, "1.0");
    blob(boot, EV_EFI_PLATFORM_FIRMWARE_BLOB2, "PEI", "one");
    log_builder_add_measured(&boot->log, 0, EV_POST_CODE, span_text("two"), span_text("ACPI DATA"));
    blob(boot, EV_EFI_PLATFORM_FIRMWARE_BLOB2, "\1bin", "three");
    boot_separator(boot, 0);
    blob(boot, EV_EFI_PLATFORM_FIRMWARE_BLOB2, "late", "four");
    boot_collect(boot);
    boot_assert(boot, CLAIM_FIRMWARE_IMAGES, "3");
    assert_string_equal(claim_of(boot, CLAIM_FIRMWARE_IMAGES)->items[0].label, "PEI");
    assert_string_equal(claim_of(boot, CLAIM_FIRMWARE_IMAGES)->items[1].label, "ACPI DATA");
    assert_null(claim_of(boot, CLAIM_FIRMWARE_IMAGES)->items[2].label);
    assert_grade(boot, CLAIM_FIRMWARE_IMAGES, CLAIM_ATTESTED);
    boot_begin(boot);
    boot_separator(boot, 1);
    boot_collect(boot);
    boot_assert(boot, CLAIM_FIRMWARE_IMAGES, "unknown");
}

static void a_changed_type_hides_no_code(void **state)
{
    static const uint32_t types[] = {EV_NONHOST_INFO,   EV_EFI_ACTION, EV_EVENT_TAG,
                                     EV_SEPARATOR,      0x0BADBAD0,    EV_EFI_VARIABLE_BOOT,
                                     EV_S_CRTM_CONTENTS};
    struct boot *boot = *state;

    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        boot_begin(boot);
        blob(boot, types[i], "x", "rootkit");
        boot_separator(boot, 0);
        boot_collect(boot);
        boot_assert(boot, CLAIM_FIRMWARE_IMAGES, "1");
    }
}

static void a_quote_without_pcr_0_proves_no_code(void **state)
{
    struct boot *boot = *state;

    blob(boot, EV_EFI_PLATFORM_FIRMWARE_BLOB2, "PEI", "one");
    boot_separator(boot, 0);
    boot->input.attested_pcrs = EVENT_PCR(7);
    boot_collect(boot);
    assert_grade(boot, CLAIM_FIRMWARE_IMAGES, CLAIM_REPORTED);
    assert_grade(boot, CLAIM_FIRMWARE_HARDWARE_ROOT, CLAIM_REPORTED);
}

/* --- start of the measurements --- */

static void the_start_is_what_the_replay_of_pcr_0_needs(void **state)
{
    struct boot *boot = *state;

    boot_firmware(boot, true);
    boot_collect(boot);
    boot_assert(boot, CLAIM_FIRMWARE_HARDWARE_ROOT, "false");
    assert_grade(boot, CLAIM_FIRMWARE_HARDWARE_ROOT, CLAIM_ATTESTED);
    boot_begin(boot);
    log_builder_add(&boot->log, 0, EV_NO_ACTION, span_of("StartupLocality\0\3", 17));
    boot_firmware(boot, true);
    boot_collect(boot);
    boot_assert(boot, CLAIM_FIRMWARE_HARDWARE_ROOT, "true");
    boot_begin(boot);
    boot_text(boot, 0, EV_EFI_HCRTM_EVENT, "HCRTM");
    boot_firmware(boot, true);
    boot_collect(boot);
    boot_assert(boot, CLAIM_FIRMWARE_HARDWARE_ROOT, "true");
    boot_begin(boot);
    log_builder_add(&boot->log, 0, EV_NO_ACTION, span_of("StartupLocality\0\3", 17));
    boot_separator(boot, 7);
    boot_collect(boot); /* a note alone is nothing */
    boot_assert(boot, CLAIM_FIRMWARE_HARDWARE_ROOT, "unknown");
}

static void a_late_or_odd_locality_is_none(void **state)
{
    struct boot *boot = *state;

    boot_firmware(boot, true);
    log_builder_add(&boot->log, 0, EV_NO_ACTION, span_of("StartupLocality\0\3", 17));
    boot_collect(boot);
    boot_assert(boot, CLAIM_FIRMWARE_HARDWARE_ROOT, "false");
    boot_begin(boot);
    log_builder_add(&boot->log, 0, EV_NO_ACTION, span_of("StartupLocality\0\2", 17));
    boot_firmware(boot, true);
    boot_collect(boot);
    boot_assert(boot, CLAIM_FIRMWARE_HARDWARE_ROOT, "false");
}

/* --- boot order --- */

static struct span option_data(const char *description)
{
    static uint8_t data[128];
    struct writer writer = writer_init(data, sizeof data);

    writer_le32(&writer, 1);
    writer_le16(&writer, 4);
    for (const char *c = description; *c; c++)
        writer_le16(&writer, (uint16_t)*c);
    writer_le16(&writer, 0);
    writer_le32(&writer, 0x0004FF7F);
    return writer_span(&writer);
}

static void boot_option(struct boot *boot, const char *name, struct span contents)
{
    log_builder_add(&boot->log, 1, EV_EFI_VARIABLE_BOOT2,
                    boot_variable_data(BOOT_GLOBAL, name, contents));
}

static void contents_only(struct boot *boot, const char *name, struct span contents)
{
    log_builder_add_measured(&boot->log, 1, EV_EFI_VARIABLE_BOOT, contents,
                             boot_variable_data(BOOT_GLOBAL, name, contents));
}

static void two_options(struct boot *boot)
{
    boot_option(boot, "BootOrder", span_of("\1\0\0\0", 4));
    boot_option(boot, "Boot0000", option_data("Disk"));
    boot_option(boot, "Boot0001", option_data("Net"));
}

static void the_boot_order_is_listed_by_description(void **state)
{
    struct boot *boot = *state;

    two_options(boot);
    boot_separator(boot, 1);
    boot_collect(boot);
    boot_assert(boot, CLAIM_BOOT_ORDER, "2");
    assert_string_equal(item(boot, CLAIM_BOOT_ORDER, 0), "Net");
    assert_string_equal(claim_of(boot, CLAIM_BOOT_ORDER)->items[0].label, "Boot0001");
    assert_string_equal(item(boot, CLAIM_BOOT_ORDER, 1), "Disk");
    assert_grade(boot, CLAIM_BOOT_ORDER, CLAIM_ATTESTED);
    boot_begin(boot);
    boot_option(boot, "Boot0000", option_data("Disk"));
    boot_separator(boot, 1);
    boot_collect(boot); /* options without their order */
    boot_assert(boot, CLAIM_BOOT_ORDER, "unknown");
}

static void a_boot_variable_renamed_proves_nothing(void **state)
{
    struct boot *boot = *state;

    boot_option(boot, "BootOrder", span_of("\1\0", 2));
    contents_only(boot, "Boot0001", option_data("Disk")); /* was Boot0007 */
    boot_separator(boot, 1);
    boot_collect(boot);
    assert_string_equal(item(boot, CLAIM_BOOT_ORDER, 0), "Disk");
    assert_grade(boot, CLAIM_BOOT_ORDER, CLAIM_UNPROVEN);
    boot_begin(boot);
    contents_only(boot, "BootOrder", span_of("\1\0", 2));
    boot_option(boot, "Boot0001", option_data("Disk"));
    boot_separator(boot, 1);
    boot_collect(boot);
    assert_grade(boot, CLAIM_BOOT_ORDER, CLAIM_UNPROVEN);
}

static void an_option_without_measurement_is_a_number(void **state)
{
    struct boot *boot = *state;

    boot_option(boot, "BootOrder", span_of("\5\0", 2));
    log_builder_add_measured(&boot->log, 1, EV_EFI_VARIABLE_BOOT2, span_text("else"),
                             boot_variable_data(BOOT_GLOBAL, "Boot0005", option_data("Lie")));
    boot_separator(boot, 1);
    boot_collect(boot);
    assert_string_equal(item(boot, CLAIM_BOOT_ORDER, 0), "Boot0005");
    assert_grade(boot, CLAIM_BOOT_ORDER, CLAIM_UNPROVEN);
    assert_true(boot_has(boot, REASON_EVENTLOG_DATA_MISMATCH));
}

static void options_behind_the_separator_may_be_anybodys(void **state)
{
    struct boot *boot = *state;

    boot_separator(boot, 1);
    two_options(boot);
    boot_collect(boot);
    boot_assert(boot, CLAIM_BOOT_ORDER, "2");
    assert_grade(boot, CLAIM_BOOT_ORDER, CLAIM_UNPROVEN);
}

static void an_option_measured_twice_loses_the_grade(void **state)
{
    struct boot *boot = *state;

    two_options(boot);
    boot_option(boot, "Boot0001", option_data("Net"));
    boot_option(boot, "BootOrder", span_of("\1\0\0\0", 4));
    boot_separator(boot, 1);
    boot_collect(boot); /* the same again says nothing new */
    assert_grade(boot, CLAIM_BOOT_ORDER, CLAIM_ATTESTED);
    boot_begin(boot);
    two_options(boot);
    boot_option(boot, "Boot0001", option_data("Other"));
    boot_separator(boot, 1);
    boot_collect(boot);
    assert_grade(boot, CLAIM_BOOT_ORDER, CLAIM_UNPROVEN);
    boot_begin(boot);
    two_options(boot);
    boot_option(boot, "BootOrder", span_of("\0\0\1\0", 4));
    boot_separator(boot, 1);
    boot_collect(boot);
    boot_assert(boot, CLAIM_BOOT_ORDER, "unknown");
}

static void boot_variables_of_strangers_are_none(void **state)
{
    struct boot *boot = *state;

    log_builder_add(&boot->log, 1, EV_EFI_VARIABLE_BOOT2,
                    boot_variable_data(BOOT_STRANGER, "BootOrder", span_of("\1\0", 2)));
    boot_text(boot, 1, EV_EFI_VARIABLE_BOOT2, "no variable");
    boot_separator(boot, 1);
    boot_collect(boot);
    boot_assert(boot, CLAIM_BOOT_ORDER, "unknown");
}

static void more_options_than_there_is_room_for_are_numbers(void **state)
{
    struct boot *boot = *state;
    char name[16];

    for (unsigned i = 0; i < 140; i++) {
        snprintf(name, sizeof name, "Boot%04X", i);
        boot_option(boot, name, option_data("Disk"));
    }
    boot_option(boot, "BootOrder", span_of("\0\0\x8B\0\7", 5));
    boot_separator(boot, 1);
    boot_collect(boot);
    boot_assert(boot, CLAIM_BOOT_ORDER, "2");
    assert_string_equal(item(boot, CLAIM_BOOT_ORDER, 0), "Disk");
    assert_string_equal(item(boot, CLAIM_BOOT_ORDER, 1), "Boot008B");
}

/* --- boot disk --- */

static void partition_table_as(struct boot *boot, uint32_t type, uint8_t guid)
{
    uint8_t data[100] = {0};

    memset(data + 56, guid, 16);
    data[84] = 128; /* length of an entry */
    log_builder_add(&boot->log, 5, type, span_of(data, sizeof data));
}

static void partition_table(struct boot *boot, uint8_t guid)
{
    partition_table_as(boot, EV_EFI_GPT_EVENT, guid);
}

static void leave_firmware(struct boot *boot)
{
    boot_text(boot, 5, EV_EFI_ACTION, "Exit Boot Services Invocation");
    boot_text(boot, 5, EV_EFI_ACTION, "Exit Boot Services Returned with Success");
}

static void the_disk_of_the_partition_table_is_told(void **state)
{
    struct boot *boot = *state;

    boot_separator(boot, 5);
    partition_table(boot, 0xAA);
    partition_table(boot, 0xAA);
    leave_firmware(boot);
    boot_collect(boot);
    boot_assert(boot, CLAIM_BOOT_DISK, "aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa");
    assert_grade(boot, CLAIM_BOOT_DISK, CLAIM_ATTESTED);
}

static void a_disk_measured_by_anybody_is_not_proven(void **state)
{
    struct boot *boot = *state;

    partition_table(boot, 0xAA);
    boot_collect(boot); /* nobody says when the loader left */
    assert_grade(boot, CLAIM_BOOT_DISK, CLAIM_UNPROVEN);
    boot_begin(boot);
    leave_firmware(boot);
    partition_table(boot, 0xAA);
    boot_collect(boot);
    boot_assert(boot, CLAIM_BOOT_DISK, "unknown");
}

static void a_disk_is_not_changed_after_the_boot(void **state)
{
    static const char EXIT[] = "Exit Boot Services Invocation";
    struct boot *boot = *state;

    /* The table that was measured, and the way out, under other types; then others of root's. */
    partition_table_as(boot, EV_ACTION, 0xAA);
    boot_text(boot, 5, EV_EFI_ACTION, EXIT);
    partition_table(boot, 0xBB);
    boot_text(boot, 5, EV_EFI_ACTION, EXIT);
    boot_collect(boot);
    boot_assert(boot, CLAIM_BOOT_DISK, "aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa");
    boot_begin(boot);
    partition_table(boot, 0xAA);
    log_builder_add_measured(&boot->log, 5, EV_IPL_PARTITION_DATA, span_text(EXIT), span_text("-"));
    partition_table(boot, 0xBB);
    boot_text(boot, 5, EV_EFI_ACTION, EXIT);
    boot_collect(boot);
    boot_assert(boot, CLAIM_BOOT_DISK, "aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa");
    assert_grade(boot, CLAIM_BOOT_DISK, CLAIM_ATTESTED);
}

static void a_table_that_may_be_hidden_leaves_the_disk_open(void **state)
{
    struct boot *boot = *state;

    log_builder_add_measured(&boot->log, 5, EV_EVENT_TAG, span_text("a table"), span_text("-"));
    partition_table(boot, 0xBB);
    leave_firmware(boot);
    boot_collect(boot);
    boot_assert(boot, CLAIM_BOOT_DISK, "bbbbbbbb-bbbb-bbbb-bbbb-bbbbbbbbbbbb");
    assert_grade(boot, CLAIM_BOOT_DISK, CLAIM_UNPROVEN);
}

static void several_or_nameless_disks_are_none(void **state)
{
    struct boot *boot = *state;

    partition_table(boot, 0xAA);
    partition_table(boot, 0xBB);
    leave_firmware(boot);
    boot_collect(boot);
    boot_assert(boot, CLAIM_BOOT_DISK, "unknown");
    boot_begin(boot);
    partition_table(boot, 0);
    leave_firmware(boot);
    boot_collect(boot);
    boot_assert(boot, CLAIM_BOOT_DISK, "unknown");
    boot_begin(boot);
    boot_text(boot, 5, EV_EFI_GPT_EVENT, "no table");
    leave_firmware(boot);
    boot_collect(boot);
    boot_assert(boot, CLAIM_BOOT_DISK, "unknown");
}

/* --- warnings and manifests --- */

static void actions_of_pcr_7_are_warnings(void **state)
{
    struct boot *boot = *state;

    boot_firmware(boot, true);
    boot_collect(boot);
    boot_assert(boot, CLAIM_FIRMWARE_WARNINGS, "0");
    assert_grade(boot, CLAIM_FIRMWARE_WARNINGS, CLAIM_ATTESTED);
    boot_begin(boot);
    boot_firmware(boot, true);
    boot_text(boot, 7, EV_EFI_ACTION, "DMA Protection Disabled");
    boot_text(boot, 4, EV_OMIT_BOOT_DEVICE_EVENTS, "BOOT ATTEMPTS OMITTED");
    boot_collect(boot);
    boot_assert(boot, CLAIM_FIRMWARE_WARNINGS, "2");
    assert_string_equal(item(boot, CLAIM_FIRMWARE_WARNINGS, 0), "DMA Protection Disabled");
    boot_begin(boot);
    boot_firmware_without_separator(boot, 7);
    boot_collect(boot);
    boot_assert(boot, CLAIM_FIRMWARE_WARNINGS, "unknown");
}

static void a_warning_under_another_type_is_still_one(void **state)
{
    static const uint32_t types[] = {EV_EFI_SPDM_DEVICE_POLICY, EV_EFI_SPDM_DEVICE_AUTHORITY,
                                     EV_EFI_VARIABLE_DRIVER_CONFIG, EV_EFI_VARIABLE_AUTHORITY,
                                     EV_S_CRTM_VERSION};
    struct boot *boot = *state;

    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        boot_begin(boot);
        boot_firmware_without_separator(boot, 7);
        boot_text(boot, 7, types[i], "UEFI Debug Mode");
        boot_separator(boot, 7);
        boot_collect(boot);
        boot_assert(boot, CLAIM_FIRMWARE_WARNINGS, "1");
        assert_grade(boot, CLAIM_FIRMWARE_WARNINGS, CLAIM_UNPROVEN);
        assert_string_not_equal(boot_value(boot, CLAIM_DEBUG_FIRMWARE), "false");
    }
}

static void a_warning_hidden_behind_other_data_leaves_it_open(void **state)
{
    struct boot *boot = *state;

    boot_firmware_without_separator(boot, 7);
    log_builder_add_measured(&boot->log, 7, EV_EFI_ACTION, span_text("UEFI Debug Mode"),
                             span_text("All is well"));
    boot_separator(boot, 7);
    boot_collect(boot);
    boot_assert(boot, CLAIM_FIRMWARE_WARNINGS, "unknown");
    assert_true(boot_has(boot, REASON_EVENTLOG_DATA_MISMATCH));
}

static void reference_manifests_are_listed_and_never_proven(void **state)
{
    static const char note[] = "SP800-155 Event\0\x57\1\0\0ABCDEFGHIJKLMNOP";
    struct boot *boot = *state;

    log_builder_add(&boot->log, 0, EV_NO_ACTION, span_of(note, sizeof note - 1));
    log_builder_add(&boot->log, 0, EV_NO_ACTION, span_of(note, sizeof note - 2)); /* cut */
    boot_firmware(boot, true);
    boot_collect(boot);
    boot_assert(boot, CLAIM_FIRMWARE_REFERENCE_MANIFESTS, "1");
    assert_grade(boot, CLAIM_FIRMWARE_REFERENCE_MANIFESTS, CLAIM_UNPROVEN);
    assert_string_equal(item(boot, CLAIM_FIRMWARE_REFERENCE_MANIFESTS, 0),
                        "SP800-155 Event, vendor 343, manifest "
                        "44434241-4645-4847-494a-4b4c4d4e4f50");
    boot_begin(boot);
    boot_firmware(boot, true);
    boot_collect(boot);
    boot_assert(boot, CLAIM_FIRMWARE_REFERENCE_MANIFESTS, "unknown");
}

/* --- confidential VMs --- */

static void claims_from_measurement_registers_are_reported_at_best(void **state)
{
    static const uint16_t algs[] = {TPM_ALG_SHA256, 0};
    struct boot *boot = *state;

    log_builder_agile_as(&boot->log, boot->crypto, algs, 1, "");
    log_builder_add(&boot->log, 1, EV_EFI_VARIABLE_DRIVER_CONFIG,
                    boot_variable_data(BOOT_GLOBAL, "SecureBoot", span_of("\1", 1)));
    log_builder_add(&boot->log, 1, EV_EFI_VARIABLE_BOOT2,
                    boot_variable_data(BOOT_GLOBAL, "BootOrder", span_of("\0\0", 2)));
    boot_separator(boot, 1);
    boot_collect(boot);
    boot_assert(boot, CLAIM_BOOT_ORDER, "1");
    boot_assert(boot, CLAIM_FIRMWARE_VERSION, "unknown");
    boot_assert(boot, CLAIM_FIRMWARE_HARDWARE_ROOT, "unknown");
    for (int id = 0; id < CLAIM_IDS; id++)
        assert_true(boot->claims.claims[id].grade <= CLAIM_REPORTED);
}

int main(void)
{
#define FIRMWARE_TEST(name) cmocka_unit_test_setup_teardown(name, boot_setup, boot_teardown)
    const struct CMUnitTest tests[] = {
        FIRMWARE_TEST(the_version_is_text_that_the_digest_covers),
        FIRMWARE_TEST(a_version_that_was_not_measured_loses_its_grade),
        FIRMWARE_TEST(a_version_behind_the_separator_is_not_the_firmwares),
        FIRMWARE_TEST(two_versions_are_none),
        FIRMWARE_TEST(another_text_cannot_pass_for_the_version),
        FIRMWARE_TEST(all_code_of_pcr_0_is_listed),
        FIRMWARE_TEST(a_changed_type_hides_no_code),
        FIRMWARE_TEST(a_quote_without_pcr_0_proves_no_code),
        FIRMWARE_TEST(the_start_is_what_the_replay_of_pcr_0_needs),
        FIRMWARE_TEST(a_late_or_odd_locality_is_none),
        FIRMWARE_TEST(the_boot_order_is_listed_by_description),
        FIRMWARE_TEST(a_boot_variable_renamed_proves_nothing),
        FIRMWARE_TEST(an_option_without_measurement_is_a_number),
        FIRMWARE_TEST(options_behind_the_separator_may_be_anybodys),
        FIRMWARE_TEST(an_option_measured_twice_loses_the_grade),
        FIRMWARE_TEST(boot_variables_of_strangers_are_none),
        FIRMWARE_TEST(more_options_than_there_is_room_for_are_numbers),
        FIRMWARE_TEST(the_disk_of_the_partition_table_is_told),
        FIRMWARE_TEST(a_disk_measured_by_anybody_is_not_proven),
        FIRMWARE_TEST(a_disk_is_not_changed_after_the_boot),
        FIRMWARE_TEST(a_table_that_may_be_hidden_leaves_the_disk_open),
        FIRMWARE_TEST(several_or_nameless_disks_are_none),
        FIRMWARE_TEST(actions_of_pcr_7_are_warnings),
        FIRMWARE_TEST(a_warning_under_another_type_is_still_one),
        FIRMWARE_TEST(a_warning_hidden_behind_other_data_leaves_it_open),
        FIRMWARE_TEST(reference_manifests_are_listed_and_never_proven),
        FIRMWARE_TEST(claims_from_measurement_registers_are_reported_at_best),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
