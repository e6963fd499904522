/* In whose name images were loaded, and what an edited log can make of it: nothing better. */
#include "boot.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const uint32_t AUTHORITY = 0x800000E0; /* EV_EFI_VARIABLE_AUTHORITY */

static void authority(struct boot *boot, enum boot_owner owner, const char *name, const char *text)
{
    boot_variable(boot, AUTHORITY, owner, name, boot_certificate_authority(text));
}

static void shim_begins(struct boot *boot)
{
    log_builder_add_measured(&boot->log, 14, EV_IPL, span_text("list"), span_of("MokList", 8));
}

/* "signer,,kernel": each image's authority by the text in its certificate, in the order of images. */
static const char *matched(struct boot *boot)
{
    const struct claim *images = &boot->claims.claims[CLAIM_BOOT_IMAGES];
    const struct claim *matches = &boot->claims.claims[CLAIM_BOOT_IMAGE_AUTHORITIES];
    char text[256] = "";

    boot_collect(boot);
    if (!matches->known)
        return "unknown";
    for (size_t i = 0; i < images->n_items; i++) {
        if (i)
            strcat(text, ",");
        for (size_t k = 0; k < matches->n_items; k++)
            if (matches->items[k].event == images->items[i].event) {
                assert_int_equal(matches->items[k].kind, CLAIM_ITEM_CERTIFICATE);
                strncat(text, (const char *)matches->items[k].bytes.data + 4,
                        matches->items[k].bytes.len - 4);
            }
    }
    return arena_printf(&boot->arena, "%s", text);
}

static enum claim_grade grade(const struct boot *boot)
{
    return boot->claims.claims[CLAIM_BOOT_IMAGE_AUTHORITIES].grade;
}

static void one_authority_is_that_of_every_image_and_attested(void **state)
{
    struct boot *boot = *state;

    boot_firmware(boot, true);
    authority(boot, BOOT_DATABASE, "db", "signer");
    boot_image(boot, 4, "a", "first");
    boot_image(boot, 4, "b", "second");
    assert_string_equal(matched(boot), "signer,signer");
    assert_int_equal(grade(boot), CLAIM_ATTESTED);
    assert_string_equal(boot->claims.claims[CLAIM_BOOT_IMAGE_AUTHORITIES].items[0].label, "a");
}

static void of_several_the_order_tells_and_is_the_logs_word(void **state)
{
    struct boot *boot = *state;

    boot_firmware(boot, true);
    authority(boot, BOOT_DATABASE, "db", "drivers");
    boot_image(boot, 2, "", "card");
    authority(boot, BOOT_DATABASE, "db", "windows");
    boot_image(boot, 4, "", "manager");
    assert_string_equal(matched(boot), "drivers,windows");
    assert_int_equal(grade(boot), CLAIM_REPORTED);
    /* No new authority: either of the two. */
    boot_image(boot, 4, "", "another");
    assert_string_equal(matched(boot), "drivers,windows,");
}

/* Root interleaves the events of PCR 4 and 7 anew; both PCRs replay to the same values. */
static void reordering_across_pcrs_is_never_attested(void **state)
{
    struct boot *boot = *state;

    boot_firmware(boot, true);
    authority(boot, BOOT_DATABASE, "db", "drivers");
    authority(boot, BOOT_DATABASE, "db", "windows");
    boot_image(boot, 4, "", "card");
    boot_image(boot, 4, "", "manager");
    assert_string_equal(matched(boot), "unknown"); /* an empty list would pass any rule about all */
}

static void what_came_before_any_authority_needed_none(void **state)
{
    struct boot *boot = *state;

    boot_firmware(boot, true);
    boot_image(boot, 4, "", "in the firmware");
    authority(boot, BOOT_DATABASE, "db", "signer");
    boot_image(boot, 4, "", "loader");
    assert_string_equal(matched(boot), ",signer");
}

static void firmware_that_measures_the_image_first_is_understood(void **state)
{
    struct boot *boot = *state;

    boot_firmware(boot, true);
    boot_image(boot, 4, "", "shim");
    authority(boot, BOOT_DATABASE, "db", "signer");
    shim_begins(boot);
    authority(boot, BOOT_SHIM, "MokListRT", "vendor");
    boot_image(boot, 4, "", "GRUB");
    assert_string_equal(matched(boot), "signer,vendor");
}

static void shim_that_checks_first_is_understood(void **state)
{
    struct boot *boot = *state;

    boot_firmware(boot, true);
    authority(boot, BOOT_DATABASE, "db", "signer");
    boot_image(boot, 4, "", "shim");
    shim_begins(boot);
    authority(boot, BOOT_SHIM, "MokListRT", "vendor");
    boot_image(boot, 4, "", "GRUB");
    /* GRUB asks shim about the kernel, then starts it: measured, checked, measured. */
    boot_image(boot, 4, "", "kernel");
    authority(boot, BOOT_SHIM, "MokListRT", "owner");
    boot_image(boot, 4, "", "kernel");
    assert_string_equal(matched(boot), "signer,vendor,owner,owner");
    assert_int_equal(grade(boot), CLAIM_REPORTED);
}

static void an_image_between_two_choices_has_none(void **state)
{
    struct boot *boot = *state;

    /* Some versions of shim measure the image first: then "vendor" is GRUB's, else the kernel's. */
    boot_firmware(boot, true);
    authority(boot, BOOT_DATABASE, "db", "signer");
    boot_image(boot, 4, "", "shim");
    shim_begins(boot);
    boot_image(boot, 4, "", "GRUB");
    authority(boot, BOOT_SHIM, "Shim", "vendor");
    boot_image(boot, 4, "", "kernel");
    assert_string_equal(matched(boot), "signer,,");
    /* Where nothing follows it can be for nothing else. */
    authority(boot, BOOT_SHIM, "MokListRT", "owner");
    assert_string_equal(matched(boot), "signer,,owner");
    /* The kernel may be it or the module: then neither is. */
    boot_image(boot, 4, "", "module");
    assert_string_equal(matched(boot), "signer,,,");
}

static void shim_without_a_beginning_may_be_anywhere(void **state)
{
    struct boot *boot = *state;

    boot_firmware(boot, true);
    authority(boot, BOOT_DATABASE, "db", "signer");
    boot_image(boot, 4, "", "shim");
    boot_image(boot, 4, "", "GRUB");
    authority(boot, BOOT_SHIM, "Shim", "vendor");
    boot_image(boot, 4, "", "kernel");
    assert_string_equal(matched(boot), "signer,,");
}

static void an_authority_measured_twice_is_one(void **state)
{
    struct boot *boot = *state;

    boot_firmware(boot, true);
    authority(boot, BOOT_DATABASE, "db", "signer");
    boot_image(boot, 4, "", "shim");
    shim_begins(boot);
    boot_variable(boot, AUTHORITY, BOOT_SHIM, "SbatLevel", span_text("sbat,1,1\n"));
    boot_image(boot, 4, "", "GRUB");
    authority(boot, BOOT_DATABASE, "db", "signer");
    assert_string_equal(matched(boot), "signer,signer");
    assert_int_equal(grade(boot), CLAIM_ATTESTED);
}

static void where_nobody_checks_nothing_is_said(void **state)
{
    struct boot *boot = *state;

    /* Secure Boot off. */
    boot_firmware(boot, false);
    boot_image(boot, 4, "", "loader");
    assert_string_equal(matched(boot), "unknown");

    /* shim switched off. */
    boot_begin(boot);
    boot_firmware(boot, true);
    boot_linux(boot, "/vmlinuz");
    assert_string_not_equal(matched(boot), "unknown");
    boot_variable(boot, AUTHORITY, BOOT_SHIM, "MokSBState", span_of("\1", 1));
    assert_string_equal(matched(boot), "unknown");

    /* No authority at all. */
    boot_begin(boot);
    boot_firmware(boot, true);
    boot_image(boot, 4, "", "loader");
    assert_string_equal(matched(boot), "unknown");
}

static void an_authority_that_cannot_be_read_leaves_nothing_sure(void **state)
{
    static const uint32_t types[] = {0x800000E0, 0x80000007, 0x80000001, EV_SEPARATOR};
    struct boot *boot = *state;

    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        boot_begin(boot);
        boot_firmware(boot, true);
        authority(boot, BOOT_DATABASE, "db", "signer");
        boot_image(boot, 4, "", "loader");
        /* A second authority, its data or its type replaced in the log. */
        log_builder_add_measured(&boot->log, 7, types[i],
                                 boot_variable_data(BOOT_DATABASE, "db", span_text("other")),
                                 span_text("nothing"));
        assert_string_equal(matched(boot), "unknown");
    }
}

/* shim measures what forbids an image as it does what allows one. */
static void what_forbids_is_no_authority(void **state)
{
    static const struct {
        enum boot_owner owner;
        const char *name;
    } lists[] = {{BOOT_DATABASE, "dbx"}, {BOOT_SHIM, "MokListX"}};
    struct boot *boot = *state;

    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        boot_begin(boot);
        boot_firmware(boot, true);
        boot_linux(boot, "/vmlinuz");
        boot_collect(boot);
        assert_false(boot_has(boot, REASON_BOOT_IMAGE_DENIED));
        authority(boot, lists[i].owner, lists[i].name, "revoked");
        boot_collect(boot);
        assert_true(boot_has(boot, REASON_BOOT_IMAGE_DENIED));
        boot_assert(boot, CLAIM_BOOT_AUTHORITIES, "1");
    }
}

static void a_database_that_nobody_knows_is_no_authority(void **state)
{
    struct boot *boot = *state;

    boot_firmware(boot, true);
    boot_linux(boot, "/vmlinuz");
    authority(boot, BOOT_DATABASE, "dbz", "signer");
    boot_collect(boot);
    boot_assert(boot, CLAIM_BOOT_AUTHORITIES, "1");
    boot_assert(boot, CLAIM_SECURE_BOOT_SHIM_VALIDATION, "unknown");
}

static void what_is_built_into_shim_is_told_apart(void **state)
{
    struct boot *boot = *state;

    boot_firmware(boot, true);
    boot_collect(boot);
    boot_assert(boot, CLAIM_SECURE_BOOT_VENDOR_DB, "unknown"); /* no shim */
    boot_linux(boot, "/vmlinuz");
    boot_collect(boot);
    boot_assert(boot, CLAIM_SECURE_BOOT_VENDOR_DB, "0");
    assert_int_equal(boot->claims.claims[CLAIM_SECURE_BOOT_VENDOR_DB].grade, CLAIM_ATTESTED);
    /* Measured under the firmware's GUID, and it is shim's all the same. */
    authority(boot, BOOT_DATABASE, "vendor_db", "built in");
    authority(boot, BOOT_SHIM, "Shim", "vendor");
    boot_collect(boot);
    boot_assert(boot, CLAIM_SECURE_BOOT_VENDOR_DB, "2");
    boot_assert(boot, CLAIM_BOOT_AUTHORITIES, "3");
    /* One more that cannot be read could be a third. */
    log_builder_add_measured(&boot->log, 7, AUTHORITY, span_text("third"), span_text("nothing"));
    boot_collect(boot);
    boot_assert(boot, CLAIM_SECURE_BOOT_VENDOR_DB, "unknown");
}

static void more_authorities_than_anybody_has_are_not_matched(void **state)
{
    struct boot *boot = *state;

    boot_firmware(boot, true);
    for (int i = 1; i < LIMIT_BOOT_AUTHORITIES; i++)
        authority(boot, BOOT_DATABASE, "db", arena_printf(&boot->arena, "signer %d", i));
    boot_image(boot, 4, "", "loader");
    authority(boot, BOOT_DATABASE, "db", "the last");
    boot_image(boot, 4, "", "driver");
    assert_string_equal(matched(boot), ",the last");
    authority(boot, BOOT_DATABASE, "db", "one too many");
    assert_string_equal(matched(boot), "unknown");
}

int main(void)
{
#define AUTHORITY_TEST(name) cmocka_unit_test_setup_teardown(name, boot_setup, boot_teardown)
    const struct CMUnitTest tests[] = {
        AUTHORITY_TEST(one_authority_is_that_of_every_image_and_attested),
        AUTHORITY_TEST(of_several_the_order_tells_and_is_the_logs_word),
        AUTHORITY_TEST(reordering_across_pcrs_is_never_attested),
        AUTHORITY_TEST(what_came_before_any_authority_needed_none),
        AUTHORITY_TEST(firmware_that_measures_the_image_first_is_understood),
        AUTHORITY_TEST(shim_that_checks_first_is_understood),
        AUTHORITY_TEST(an_image_between_two_choices_has_none),
        AUTHORITY_TEST(shim_without_a_beginning_may_be_anywhere),
        AUTHORITY_TEST(an_authority_measured_twice_is_one),
        AUTHORITY_TEST(where_nobody_checks_nothing_is_said),
        AUTHORITY_TEST(an_authority_that_cannot_be_read_leaves_nothing_sure),
        AUTHORITY_TEST(what_forbids_is_no_authority),
        AUTHORITY_TEST(a_database_that_nobody_knows_is_no_authority),
        AUTHORITY_TEST(what_is_built_into_shim_is_told_apart),
        AUTHORITY_TEST(more_authorities_than_anybody_has_are_not_matched),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
