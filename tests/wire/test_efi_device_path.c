#include "wire/efi_device_path.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "base/limits.h"
#include "base/text.h"

static struct arena arena;

/* The text of a path given in hex; NULL when it cannot be read. */
static const char *print(const char *hex)
{
    static uint8_t bytes[1024];
    const char *text;
    struct error error;
    size_t len;

    assert_true(text_unhex(span_text(hex), bytes, sizeof bytes, &len));
    return efi_device_path_print(span_of(bytes, len), &arena, &text, &error) ? text : NULL;
}

static void prints_nodes_as_uefi_does(void **state)
{
    static const struct {
        const char *hex, *text;
    } CASES[] = {
        {"", ""},
        {"7fff0400", ""},
        /* A disk on PCI: UEFI 2.10 section 10.3.1 and on. */
        {"02010c00d041030a00000000"
         "010106000200"
         "7fff0400",
         "PciRoot(0x0)/Pci(0x0,0x2)"},
        {"02010c00d041080a01000000"
         "7fff0400",
         "PcieRoot(0x1)"},
        {"02010c00d041040100000000"
         "7fff0400",
         "Acpi(PNP0104,0x0)"},
        {"03120a00010000000000"
         "7fff0400",
         "Sata(0x1,0x0,0x0)"},
        {"03171000010000000011223344556677"
         "7fff0400",
         "NVMe(0x1,77-66-55-44-33-22-11-00)"},
        {"030506000200"
         "7fff0400",
         "USB(0x2,0x0)"},
        {"04012a00010000000008000000000000000010000000000061dfe48bca93d211aa0d00e098032b8c0202"
         "7fff0400",
         "HD(1,GPT,8be4df61-93ca-11d2-aa0d-00e098032b8c,0x800,0x100000)"},
        {"04012a000200000000080000000000000000100000000000785634120000000000000000000000000101"
         "7fff0400",
         "HD(2,MBR,0x12345678,0x800,0x100000)"},
        {"04040c005c00610000000000"
         "7fff0400",
         "\\a"},
        {"04061400"
         "61dfe48bca93d211aa0d00e098032b8c"
         "7fff0400",
         "FvFile(8BE4DF61-93CA-11D2-AA0D-00E098032B8C)"},
        {"030b2500525400123456"
         "0000000000000000000000000000000000000000000000000000"
         "01"
         "7fff0400",
         "MAC(525400123456,0x1)"},
        /* Two instances, as a console has. */
        {"030506000100"
         "7f010400"
         "030506000200"
         "7fff0400",
         "USB(0x1,0x0),USB(0x2,0x0)"},
        /* What we do not know, and a known node that is too short. */
        {"06010500ab"
         "7fff0400",
         "Path(6,1,ab)"},
        {"030505000a"
         "7fff0400",
         "Path(3,5,0a)"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        const char *text = print(CASES[i].hex);

        assert_non_null(text);
        assert_string_equal(text, CASES[i].text);
    }
}

static void a_host_cannot_smuggle_control_characters(void **state)
{
    (void)state;
    assert_string_equal(print("040408001b005b00"
                              "7fff0400"),
                        "\\x1b\\x00[");
}

static void lengths_that_contradict_fail(void **state)
{
    (void)state;
    assert_null(print("02"));
    assert_null(print("020100"));
    assert_null(print("02010300")); /* shorter than its own head: would never end */
    assert_null(print("02010000"));
    assert_null(print("02010c00d041030a")); /* longer than the input */
}

static void nodes_are_capped(void **state)
{
    uint8_t path[6 * (LIMIT_DEVICE_PATH_NODES + 1)];
    static const uint8_t node[] = {3, 5, 6, 0, 1, 1};
    const char *text;
    struct error error;

    (void)state;
    for (size_t i = 0; i < sizeof path; i++)
        path[i] = node[i % sizeof node];
    assert_false(efi_device_path_print(span_of(path, sizeof path), &arena, &text, &error));
    assert_int_equal(error.code, ERROR_LIMIT);
    assert_true(efi_device_path_print(span_of(path, sizeof path - 6), &arena, &text, &error));
}

static void finds_the_file(void **state)
{
    static const uint8_t path[] = {3,    5,    6,  0, 1,    1,               /* USB */
                                   4,    4,    10, 0, '\\', 0, 'e', 0, 0, 0, /* file */
                                   0x7F, 0xFF, 4,  0};
    const char *text;
    struct error error;

    (void)state;
    assert_true(efi_device_path_file(span_of(path, sizeof path), &arena, &text, &error));
    assert_string_equal(text, "\\e");
    assert_true(efi_device_path_file(span_of(path, 6), &arena, &text, &error));
    assert_string_equal(text, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prints_nodes_as_uefi_does),
        cmocka_unit_test(a_host_cannot_smuggle_control_characters),
        cmocka_unit_test(lengths_that_contradict_fail),
        cmocka_unit_test(nodes_are_capped),
        cmocka_unit_test(finds_the_file),
    };
    int failed;

    arena = arena_init(1 << 20);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_done(&arena);
    return failed;
}
