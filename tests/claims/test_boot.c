/* Images, files and the kernel command line. */
#include "boot.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const struct claim_item *item(const struct boot *boot, enum claim_id id, size_t index)
{
    assert_true(index < boot->claims.claims[id].n_items);
    return &boot->claims.claims[id].items[index];
}

static bool is_digest_of(struct boot *boot, const struct claim_item *found, const char *text)
{
    struct crypto_digest digest;

    crypto_hash_span(boot->crypto, TPM_ALG_SHA256, span_text(text), &digest);
    return found->kind == CLAIM_ITEM_DIGEST && found->alg == TPM_ALG_SHA256 &&
           span_equal(found->bytes, crypto_digest_span(&digest));
}

static void images_are_listed_in_order_with_their_paths(void **state)
{
    struct boot *boot = *state;
    const enum claim_id id = CLAIM_BOOT_IMAGES;

    boot_firmware(boot, true);
    boot_image(boot, 2, "", "driver");
    boot_image(boot, 4, "\\EFI\\a.efi", "loader");
    boot_collect(boot);
    boot_assert(boot, id, "2");
    assert_true(is_digest_of(boot, item(boot, id, 0), "driver"));
    assert_null(item(boot, id, 0)->label);
    assert_int_equal(item(boot, id, 0)->pcr, 2);
    assert_true(is_digest_of(boot, item(boot, id, 1), "loader"));
    assert_string_equal(item(boot, id, 1)->label, "\\EFI\\a.efi");
}

/* As old shims log it; the digest covers neither. */
static void memory_behind_a_path_is_not_part_of_it(void **state)
{
    static const uint8_t PATH[] = {4, 4, 8, 0, 'a', 0, 0, 0, 0x7F, 0xFF, 4, 0};
    uint8_t data[32 + sizeof PATH + 9] = {0};
    struct boot *boot = *state;

    boot_firmware(boot, true);
    data[24] = sizeof PATH;
    memcpy(data + 32, PATH, sizeof PATH);
    memset(data + 32 + sizeof PATH, 'x', 9);
    log_builder_add_measured(&boot->log, 4, EV_EFI_BOOT_SERVICES_APPLICATION, span_text("loader"),
                             span_of(data, sizeof data));
    boot_collect(boot);
    assert_true(is_digest_of(boot, item(boot, CLAIM_BOOT_IMAGES, 0), "loader"));
    assert_string_equal(item(boot, CLAIM_BOOT_IMAGES, 0)->label, "a");
}

static void an_image_cannot_hide_under_another_type(void **state)
{
    struct boot *boot = *state;

    boot_firmware(boot, true);
    log_builder_add_measured(&boot->log, 4, EV_IPL, span_text("loader"), span_text("harmless"));
    boot_text(boot, 4, EV_EFI_ACTION, "Calling EFI Application from Boot Option");
    boot_collect(boot);
    boot_assert(boot, CLAIM_BOOT_IMAGES, "1"); /* the action's digest is that of its text */
    assert_true(is_digest_of(boot, item(boot, CLAIM_BOOT_IMAGES, 0), "loader"));
}

/* The log holds the hashed bytes of the image itself, so that the digest covers them. */
static void an_image_cannot_hide_as_its_own_data(void **state)
{
    static const uint32_t types[] = {EV_EFI_ACTION, EV_OMIT_BOOT_DEVICE_EVENTS,
                                     EV_EFI_VARIABLE_DRIVER_CONFIG};
    /* Of an image, of what is behind its DOS stub, of a terse executable. */
    static const char *const heads[] = {"MZ and the rest", "PE\0\0and the rest", "VZ and the rest"};
    struct boot *boot = *state;

    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        for (size_t k = 0; k < sizeof heads / sizeof *heads; k++) {
            boot_begin(boot);
            boot_firmware(boot, true);
            log_builder_add(&boot->log, 4, types[i], span_of(heads[k], 15));
            boot_collect(boot);
            boot_assert(boot, CLAIM_BOOT_IMAGES, "1");
        }
}

static void a_boot_without_images_has_an_empty_list(void **state)
{
    struct boot *boot = *state;

    boot_firmware(boot, true);
    boot_collect(boot);
    boot_assert(boot, CLAIM_BOOT_IMAGES, "0");
    boot_assert(boot, CLAIM_BOOT_FILES, "unknown");
    boot_assert(boot, CLAIM_BOOT_KERNEL_COMMAND_LINE, "unknown");
}

static void files_are_listed_with_their_names(void **state)
{
    struct boot *boot = *state;

    boot_firmware(boot, true);
    boot_linux(boot, "/vmlinuz");
    boot_collect(boot);
    boot_assert(boot, CLAIM_BOOT_FILES, "1");
    assert_true(is_digest_of(boot, item(boot, CLAIM_BOOT_FILES, 0), "kernel code"));
    assert_string_equal(item(boot, CLAIM_BOOT_FILES, 0)->label, "(hd0)/vmlinuz");
}

static void grub_measures_the_command_line(void **state)
{
    struct boot *boot = *state;

    boot_firmware(boot, true);
    boot_linux(boot, "/vmlinuz root=/dev/vda1 quiet");
    boot_collect(boot);
    boot_assert(boot, CLAIM_BOOT_KERNEL_COMMAND_LINE, "/vmlinuz root=/dev/vda1 quiet");
    assert_int_equal(boot->claims.claims[CLAIM_BOOT_KERNEL_COMMAND_LINE].grade, CLAIM_ATTESTED);
}

static void without_secure_boot_the_line_is_unproven(void **state)
{
    struct boot *boot = *state;

    boot_firmware(boot, false);
    boot_linux(boot, "/vmlinuz");
    boot_collect(boot);
    boot_assert(boot, CLAIM_BOOT_KERNEL_COMMAND_LINE, "/vmlinuz");
    assert_int_equal(boot->claims.claims[CLAIM_BOOT_KERNEL_COMMAND_LINE].grade, CLAIM_UNPROVEN);
}

static void two_lines_are_none(void **state)
{
    struct boot *boot = *state;

    boot_firmware(boot, true);
    boot_linux(boot, "/vmlinuz evil");
    boot_grub(boot, "kernel_cmdline: ", "/vmlinuz good");
    boot_collect(boot);
    boot_assert(boot, CLAIM_BOOT_KERNEL_COMMAND_LINE, "unknown");
}

/* Root relabels the true line as a command and appends a pleasing one with a true extend. */
static void a_line_passed_off_as_a_command_costs_the_grade(void **state)
{
    struct boot *boot = *state;

    boot_firmware(boot, true);
    boot_variable(boot, EV_EFI_VARIABLE_AUTHORITY, BOOT_DATABASE, "db",
                  boot_certificate_authority("signer"));
    boot_grub(boot, "grub_cmd: ", "linux /vmlinuz evil");
    boot_grub(boot, "grub_cmd: ", "/vmlinuz evil");
    boot_grub(boot, "grub_cmd: ", "linux /vmlinuz good");
    boot_grub(boot, "kernel_cmdline: ", "/vmlinuz good");
    boot_collect(boot);
    boot_assert(boot, CLAIM_BOOT_KERNEL_COMMAND_LINE, "/vmlinuz good");
    assert_int_equal(boot->claims.claims[CLAIM_BOOT_KERNEL_COMMAND_LINE].grade, CLAIM_UNPROVEN);
}

/* Root extends a line after the boot and calls the true one a command. */
static void a_line_extended_later_costs_the_grade(void **state)
{
    static const char *const measured[] = {"linux /vmlinuz bad", "/vmlinuz bad"};
    struct boot *boot = *state;

    for (size_t i = 0; i < sizeof measured / sizeof *measured; i++) {
        boot_begin(boot);
        boot_firmware(boot, true);
        boot_variable(boot, EV_EFI_VARIABLE_AUTHORITY, BOOT_DATABASE, "db",
                      boot_certificate_authority("signer"));
        boot_grub(boot, "grub_cmd: ", measured[i]);
        boot_grub(boot, "kernel_cmdline: ", "/vmlinuz good");
        boot_collect(boot);
        assert_int_equal(boot->claims.claims[CLAIM_BOOT_KERNEL_COMMAND_LINE].grade, CLAIM_UNPROVEN);
    }
}

static void a_stub_line_under_another_type_costs_the_grade(void **state)
{
    struct boot *boot = *state;

    boot_firmware(boot, true);
    boot_variable(boot, EV_EFI_VARIABLE_AUTHORITY, BOOT_DATABASE, "db",
                  boot_certificate_authority("signer"));
    log_builder_add(&boot->log, 12, EV_SEPARATOR, span_of("b\0a\0d\0\0", 8));
    log_builder_add(&boot->log, 12, EV_IPL, span_of("o\0k\0\0", 6));
    boot_collect(boot);
    assert_true(boot_has(boot, REASON_EVENTLOG_TYPE_UNEXPECTED));
    assert_int_equal(boot->claims.claims[CLAIM_BOOT_KERNEL_COMMAND_LINE].grade, CLAIM_UNPROVEN);
}

/* The kernel takes tabs for spaces; what prints is something else. */
static void a_line_with_tabs_costs_the_grade(void **state)
{
    struct boot *boot = *state;

    boot_firmware(boot, true);
    boot_linux(boot, "/vmlinuz quiet\tkgdboc=ttyS0");
    boot_collect(boot);
    assert_int_equal(boot->claims.claims[CLAIM_BOOT_KERNEL_COMMAND_LINE].grade, CLAIM_UNPROVEN);
    assert_int_equal(boot->claims.claims[CLAIM_DEBUG_KERNEL].grade, CLAIM_UNPROVEN);
}

static void text_that_was_not_measured_is_no_line(void **state)
{
    struct boot *boot = *state;
    static const char data[] = "kernel_cmdline: /vmlinuz good";

    boot_firmware(boot, true);
    log_builder_add_measured(&boot->log, 8, EV_IPL, span_text("/vmlinuz evil"),
                             span_of(data, sizeof data));
    boot_collect(boot);
    boot_assert(boot, CLAIM_BOOT_KERNEL_COMMAND_LINE, "unknown");
}

static void systemd_stub_measures_utf16(void **state)
{
    struct boot *boot = *state;

    boot_firmware(boot, true);
    boot_variable(boot, EV_EFI_VARIABLE_AUTHORITY, BOOT_DATABASE, "db",
                  boot_certificate_authority("signer"));
    log_builder_add(&boot->log, 12, EV_IPL, span_of("q\0u\0i\0e\0t\0\0\0", 12));
    boot_collect(boot);
    boot_assert(boot, CLAIM_BOOT_KERNEL_COMMAND_LINE, "quiet");
    assert_int_equal(boot->claims.claims[CLAIM_BOOT_KERNEL_COMMAND_LINE].grade, CLAIM_ATTESTED);
}

static void a_line_of_grub_and_one_of_the_stub_are_none(void **state)
{
    struct boot *boot = *state;

    boot_firmware(boot, true);
    boot_linux(boot, "/vmlinuz");
    log_builder_add(&boot->log, 12, EV_IPL, span_of("q\0\0\0", 4));
    boot_collect(boot);
    boot_assert(boot, CLAIM_BOOT_KERNEL_COMMAND_LINE, "unknown");
}

int main(void)
{
#define BOOT_TEST(name) cmocka_unit_test_setup_teardown(name, boot_setup, boot_teardown)
    const struct CMUnitTest tests[] = {
        BOOT_TEST(images_are_listed_in_order_with_their_paths),
        BOOT_TEST(memory_behind_a_path_is_not_part_of_it),
        BOOT_TEST(an_image_cannot_hide_under_another_type),
        BOOT_TEST(a_boot_without_images_has_an_empty_list),
        BOOT_TEST(files_are_listed_with_their_names),
        BOOT_TEST(grub_measures_the_command_line),
        BOOT_TEST(without_secure_boot_the_line_is_unproven),
        BOOT_TEST(two_lines_are_none),
        BOOT_TEST(a_line_passed_off_as_a_command_costs_the_grade),
        BOOT_TEST(an_image_cannot_hide_as_its_own_data),
        BOOT_TEST(a_line_extended_later_costs_the_grade),
        BOOT_TEST(a_stub_line_under_another_type_costs_the_grade),
        BOOT_TEST(a_line_with_tabs_costs_the_grade),
        BOOT_TEST(text_that_was_not_measured_is_no_line),
        BOOT_TEST(systemd_stub_measures_utf16),
        BOOT_TEST(a_line_of_grub_and_one_of_the_stub_are_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
