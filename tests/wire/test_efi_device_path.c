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
        /* Each further kind of UEFI 2.10 section 10.3.2 to 10.3.6 once, whole or too short. */
        {"010318000b0000000010000000000000ff1f000000000000"
         "7fff0400",
         "MemoryMapped(0xB,0x1000,0x1FFF)"},
        {"0104140061dfe48bca93d211aa0d00e098032b8c"
         "7fff0400",
         "VenHw(8BE4DF61-93CA-11D2-AA0D-00E098032B8C)"},
        {"0105080007000000"
         "7fff0400",
         "Ctrl(0x7)"},
        {"01090400"
         "7fff0400",
         "Path(1,9)"},
        {"02010c003412000005000000"
         "7fff0400",
         "Acpi(0x00001234,0x5)"},
        {"0203080000010180"
         "7fff0400",
         "AcpiAdr(0x80010100)"},
        {"0202050001"
         "7fff0400",
         "Path(2,2,01)"},
        {"0301080000000300"
         "7fff0400",
         "Ata(Primary,Master,0x3)"},
        {"0301080001010000"
         "7fff0400",
         "Ata(Secondary,Slave,0x0)"},
        {"0302080001000200"
         "7fff0400",
         "Scsi(0x1,0x2)"},
        {"030a140061dfe48bca93d211aa0d00e098032b8c"
         "7fff0400",
         "VenMsg(8BE4DF61-93CA-11D2-AA0D-00E098032B8C)"},
        {"030c1b000a000001c0a80007000000000000000000000000000000"
         "7fff0400",
         "IPv4(192.168.0.7)"},
        {"030c0a000a000001c0a8"
         "7fff0400",
         "Path(3,12,0a000001c0a8)"},
        {"0311050002"
         "7fff0400",
         "Unit(0x2)"},
        {"03180e00687474703a2f2f612f62"
         "7fff0400",
         "Uri(http://a/b)"},
        {"031a050001"
         "7fff0400",
         "SD(0x1)"},
        {"031d050000"
         "7fff0400",
         "eMMC(0x0)"},
        {"03630400"
         "7fff0400",
         "Path(3,99)"},
        {"030b25000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f2020"
         "7fff0400",
         "MAC(0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20,0x20)"},
        {"04012a000300000001000000000000000200000000000000000000000000000000000000000000000200"
         "7fff0400",
         "HD(3,GPT,0,0x1,0x2)"},
        {"0401080003000000"
         "7fff0400",
         "Path(4,1,03000000)"},
        {"040218000100000000000000000000000000000000000000"
         "7fff0400",
         "CDROM(0x1)"},
        {"0403140061dfe48bca93d211aa0d00e098032b8c"
         "7fff0400",
         "VenMedia(8BE4DF61-93CA-11D2-AA0D-00E098032B8C)"},
        {"0405140061dfe48bca93d211aa0d00e098032b8c"
         "7fff0400",
         "Media(8BE4DF61-93CA-11D2-AA0D-00E098032B8C)"},
        {"0407140061dfe48bca93d211aa0d00e098032b8c"
         "7fff0400",
         "Fv(8BE4DF61-93CA-11D2-AA0D-00E098032B8C)"},
        {"0407070061dfe4"
         "7fff0400",
         "Path(4,7,61dfe4)"},
        {"040818000000000001000000000000000200000000000000"
         "7fff0400",
         "Offset(0x1,0x2)"},
        {"040926000100000000000000020000000000000061dfe48bca93d211aa0d00e098032b8c0000"
         "7fff0400",
         "RamDisk(0x1,0x2)"},
        {"042a0400"
         "7fff0400",
         "Path(4,42)"},
        {"05010d00020000004469736b00"
         "7fff0400",
         "BBS(0x2,Disk)"},
        {"05020400"
         "7fff0400",
         "Path(5,2)"},
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

static void a_full_arena_is_an_error_and_no_other_text(void **state)
{
    /* PciRoot, a vendor's node with bytes, a file: each makes text in its own way. */
    static const uint8_t path[] = {2,   1, 12, 0, 0xD0, 0x41, 3, 10,  0, 0,   0,    0,    6,  1, 6,
                                   0,   1, 2,  4, 4,    8,    0, 'a', 0, 0,   0,    3,    24, 5, 0,
                                   'u', 5, 1,  9, 0,    2,    0, 0,   0, 'd', 0x7F, 0xFF, 4,  0};
    static const char whole[] = "PciRoot(0x0)/Path(6,1,0102)/a/Uri(u)/BBS(0x2,d)";
    const char *text = NULL;
    struct error error;
    size_t cap = 0;

    (void)state;
    for (bool fits = false; !fits; cap += 8) {
        struct arena small = arena_init(cap);

        fits = efi_device_path_print(span_of(path, sizeof path), &small, &text, &error);
        if (fits)
            assert_string_equal(text, whole);
        else
            assert_int_equal(error.code, ERROR_MEMORY);
        arena_done(&small);
    }
    assert_true(cap > sizeof whole);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prints_nodes_as_uefi_does),
        cmocka_unit_test(a_host_cannot_smuggle_control_characters),
        cmocka_unit_test(lengths_that_contradict_fail),
        cmocka_unit_test(nodes_are_capped),
        cmocka_unit_test(finds_the_file),
        cmocka_unit_test(a_full_arena_is_an_error_and_no_other_text),
    };
    int failed;

    arena = arena_init(1 << 20);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_done(&arena);
    return failed;
}
