/* Events in words: the same component gets the same key in another log. */
#include "boot.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "base/writer.h"
#include "wire/sipa.h"

/* The description of the log's last event. */
static struct event_description last(struct boot *boot)
{
    struct event_description description = {0};
    struct error error;

    boot_collect(boot);
    assert_true(event_describe(&boot->measured, boot->measured.n_events - 1, boot->crypto,
                               &boot->arena, &description, &error));
    assert_string_equal(
        description.component,
        event_component(&boot->measured, boot->measured.n_events - 1, &boot->arena));
    return description;
}

static void check(struct boot *boot, const char *component, const char *summary, const char *key,
                  bool proven)
{
    struct event_description description = last(boot);

    assert_string_equal(description.component, component);
    assert_string_equal(description.summary, summary);
    assert_string_equal(description.key, key);
    assert_int_equal(description.proven, proven);
}

static void variables_are_decoded(void **state)
{
    struct boot *boot = *state;
    const uint32_t config = EV_EFI_VARIABLE_DRIVER_CONFIG;

    boot_variable(boot, config, BOOT_GLOBAL, "SecureBoot", span_of("\1", 1));
    check(boot, "Secure Boot variable SecureBoot", "on", "7/Secure Boot variable SecureBoot", true);
    boot_variable(boot, config, BOOT_DATABASE, "dbx", (struct span){0});
    check(boot, "Secure Boot variable dbx", "empty", "7/Secure Boot variable dbx", true);
    boot_variable(boot, config, BOOT_DATABASE, "db", boot_certificate_list("abc"));
    check(boot, "Secure Boot variable db", "certificate of 7 bytes", "7/Secure Boot variable db",
          true);
    boot_variable(boot, config, BOOT_DATABASE, "db", span_text("abc"));
    check(boot, "Secure Boot variable db", "malformed: signature type needs 16 bytes, 3 are left",
          "7/Secure Boot variable db", true);
    boot_variable(boot, EV_EFI_VARIABLE_AUTHORITY, BOOT_SHIM, "SbatLevel", span_text("sbat,1"));
    check(boot, "Secure Boot authority from SbatLevel", "sbat,1",
          "7/Secure Boot authority from SbatLevel", true);
    boot_variable(boot, EV_EFI_VARIABLE_AUTHORITY, BOOT_SHIM, "MokSBState", span_of("\1", 1));
    check(boot, "Secure Boot authority from MokSBState", "validation off",
          "7/Secure Boot authority from MokSBState", true);
    boot_variable(boot, EV_EFI_VARIABLE_BOOT, BOOT_GLOBAL, "BootOrder", span_of("\1\0\2\0", 4));
    check(boot, "boot order", "0001,0002", "7/boot order", true);
}

static void a_boot_option_shows_its_path(void **state)
{
    struct boot *boot = *state;
    uint8_t data[64];
    struct writer writer = writer_init(data, sizeof data);

    writer_le32(&writer, 1);
    writer_le16(&writer, 10);
    writer_bytes(&writer, span_of("a\0\0\0", 4));
    writer_bytes(&writer, span_of("\3\5\6\0\2\0\x7F\xFF\4\0", 10));
    writer_u8(&writer, 1);
    boot_variable(boot, EV_EFI_VARIABLE_BOOT, BOOT_GLOBAL, "Boot0001", writer_span(&writer));
    check(boot, "boot option Boot0001", "a: USB(0x2,0x0) and 1 bytes of data",
          "7/boot option Boot0001", true);
}

static void images_are_known_by_path_or_place(void **state)
{
    struct boot *boot = *state;

    boot_image(boot, 4, "\\EFI\\debian\\shimx64.efi", "x");
    check(boot, "shim", "\\EFI\\debian\\shimx64.efi", "4/shim", false);
    boot_image(boot, 4, "\\EFI\\BOOT\\GRUBX64.EFI", "x");
    check(boot, "GRUB", "\\EFI\\BOOT\\GRUBX64.EFI", "4/GRUB", false);
    boot_image(boot, 4, "\\a.efi", "x");
    check(boot, "UEFI application", "\\a.efi", "4/UEFI application/\\a.efi", false);
    boot_image(boot, 4, "", "x");
    check(boot, "UEFI application", "", "4/UEFI application", false);
    boot_image(boot, 2, "", "x");
    check(boot, "UEFI driver", "", "2/UEFI driver", false);
}

static void a_whole_boot_has_its_components(void **state)
{
    static const char *const components[] = {"Secure Boot authority from db",
                                             "shim",
                                             "shim list",
                                             "Secure Boot authority from SbatLevel",
                                             "GRUB",
                                             "GRUB command",
                                             "Linux kernel",
                                             "Linux kernel",
                                             "kernel command line"};
    struct boot *boot = *state;
    size_t first;

    boot_firmware(boot, true);
    boot_collect(boot);
    first = boot->measured.n_events;
    boot_linux(boot, "/vmlinuz quiet");
    boot_collect(boot);
    assert_int_equal(boot->measured.n_events - first, sizeof components / sizeof *components);
    for (size_t i = 0; i < sizeof components / sizeof *components; i++)
        assert_string_equal(event_component(&boot->measured, first + i, &boot->arena),
                            components[i]);
    check(boot, "kernel command line", "/vmlinuz quiet", "8/kernel command line", true);
}

static void the_key_outlives_a_new_version(void **state)
{
    struct boot *boot = *state;
    const char *key;

    boot_grub(boot, "grub_cmd: ", "linux /vmlinuz-1 quiet");
    key = last(boot).key;
    boot_grub(boot, "grub_cmd: ", "linux /vmlinuz-2 debug");
    assert_string_equal(last(boot).key, key);
    boot_text(boot, 9, EV_IPL, "/boot/vmlinuz-1");
    key = last(boot).key;
    boot_text(boot, 9, EV_IPL, "/boot/vmlinuz-2");
    assert_string_equal(last(boot).key, key);
    boot_text(boot, 9, EV_IPL, "/boot/other");
    assert_string_not_equal(last(boot).key, key);
}

static void windows_records_are_named(void **state)
{
    struct boot *boot = *state;

    boot_windows(boot, 12, SIPA_BOOTDEBUGGING, 1);
    check(boot, "Windows boot phase", "BOOTDEBUGGING 1", "12/Windows boot phase", true);
    boot_windows(boot, 13, SIPA_WINPE, 0);
    check(boot, "Windows boot phase, details", "WINPE 0", "13/Windows boot phase, details", true);
}

static void terminal_escapes_do_not_get_through(void **state)
{
    struct boot *boot = *state;

    boot_text(boot, 5, EV_EFI_ACTION, "\x1b[31mred\n");
    check(boot, "firmware action", "\\x1b[31mred\\x0a", "5/firmware action/\\x1b[31mred\\x0a",
          true);
}

static void what_does_not_fit_is_left_out_visibly(void **state)
{
    struct boot *boot = *state;
    char text[4 * LIMIT_SUMMARY_TEXT_LEN];
    const char *summary;

    memset(text, '\n', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    boot_text(boot, 5, EV_EFI_ACTION, text);
    summary = last(boot).summary;
    assert_true(strlen(summary) < LIMIT_SUMMARY_LEN);
    assert_string_equal(summary + strlen(summary) - 3, "...");
}

static void odd_events_are_described_too(void **state)
{
    struct boot *boot = *state;

    boot_text(boot, 1, 0x0BADBAD0, "ab");
    check(boot, "event of unknown type 0x0badbad0", "6162", "1/event of unknown type 0x0badbad0",
          true);
    boot_text(boot, 7, EV_EFI_VARIABLE_AUTHORITY, "ab");
    assert_string_equal(last(boot).summary, "malformed: variable GUID needs 16 bytes, 2 are left");
    boot_text(boot, 0xFFFFFFFF, EV_NO_ACTION, "note");
    check(boot, "note in the log (not measured)", "note", "-1/note in the log (not measured)",
          false);
}

int main(void)
{
#define DESCRIBE_TEST(name) cmocka_unit_test_setup_teardown(name, boot_setup, boot_teardown)
    const struct CMUnitTest tests[] = {
        DESCRIBE_TEST(variables_are_decoded),
        DESCRIBE_TEST(a_boot_option_shows_its_path),
        DESCRIBE_TEST(images_are_known_by_path_or_place),
        DESCRIBE_TEST(a_whole_boot_has_its_components),
        DESCRIBE_TEST(the_key_outlives_a_new_version),
        DESCRIBE_TEST(windows_records_are_named),
        DESCRIBE_TEST(terminal_escapes_do_not_get_through),
        DESCRIBE_TEST(what_does_not_fit_is_left_out_visibly),
        DESCRIBE_TEST(odd_events_are_described_too),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
