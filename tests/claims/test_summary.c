/* Event data in words: every kind of event once as it should be, and once broken. */
#include "boot.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "base/text.h"
#include "wire/sipa.h"

struct case_of {
    uint32_t pcr, type;
    const char *data;      /* hex */
    const char *component; /* or NULL: no matter here */
    const char *summary;
};

/* Makes the log of one event and describes that. */
static struct event_description describe(struct boot *boot, const struct case_of *wanted)
{
    struct event_description description = {0};
    uint8_t data[2048];
    struct error error;
    size_t len;

    assert_true(text_unhex(span_text(wanted->data), data, sizeof data, &len));
    boot_begin(boot);
    log_builder_add(&boot->log, wanted->pcr, wanted->type, span_of(data, len));
    boot_collect(boot);
    assert_true(event_describe(&boot->measured, boot->measured.n_events - 1, boot->crypto,
                               &boot->arena, &description, &error));
    return description;
}

static void check_cases(struct boot *boot, const struct case_of *cases, size_t n_cases)
{
    for (size_t i = 0; i < n_cases; i++) {
        struct event_description description = describe(boot, &cases[i]);

        assert_string_equal(description.summary, cases[i].summary);
        if (cases[i].component)
            assert_string_equal(description.component, cases[i].component);
    }
}

static void every_event_is_put_into_words(void **state)
{
    static const struct case_of CASES[] = {
        {7, 0x80000001,
         "61dfe48bca93d211aa0d00e098032b8c0a0000000000000000000000000000005300650063007500720065004"
         "2006f006f007400",
         NULL, "empty"},
        {7, 0x80000001,
         "61dfe48bca93d211aa0d00e098032b8c0a0000000000000001000000000000005300650063007500720065004"
         "2006f006f00740000",
         NULL, "off"},
        {7, 0x80000001,
         "61dfe48bca93d211aa0d00e098032b8c0a0000000000000001000000000000005300650063007500720065004"
         "2006f006f00740002",
         NULL, "02"},
        {7, 0x80000001,
         "61dfe48bca93d211aa0d00e098032b8c0a0000000000000002000000000000005300650063007500720065004"
         "2006f006f0074000101",
         NULL, "0101"},
        {7, 0x80000001,
         "61dfe48bca93d211aa0d00e098032b8c050000000000000028000000000000004f00740068006500720001010"
         "101010101010101010101010101010101010101010101010101010101010101010101010101",
         "Secure Boot variable Other",
         "0101010101010101010101010101010101010101010101010101010101010101... (40 bytes)"},
        {1, 0x80000001,
         "61dfe48bca93d211aa0d00e098032b8c050000000000000001000000000000005300650074007500700001",
         "UEFI variable Setup", "01"},
        {7, 0x80000001,
         "61dfe48bca93d211aa0d00e098032b8c03000000000000004c000000000000006400620078002616c4c14c509"
         "240aca941f9369343284c000000000000003000000061dfe48bca93d211aa0d00e098032b8c00000000000000"
         "00000000000000000000000000000000000000000000000000",
         NULL, "1 digest"},
        {7, 0x80000001,
         "61dfe48bca93d211aa0d00e098032b8c03000000000000007c000000000000006400620078002616c4c14c509"
         "240aca941f9369343287c000000000000003000000061dfe48bca93d211aa0d00e098032b8c00000000000000"
         "0000000000000000000000000000000000000000000000000061dfe48bca93d211aa0d00e098032b8c0000000"
         "000000000000000000000000000000000000000000000000000000000",
         NULL, "2 digests"},
        {7, 0x80000001,
         "61dfe48bca93d211aa0d00e098032b8c03000000000000002c01000000000000640062007800e866573c9c263"
         "44eaa14ed776e85b3b62c010000000000001001000061dfe48bca93d211aa0d00e098032b8c00000000000000"
         "00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
         "00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
         "00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
         "00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
         "00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
         "00000000000000000000000000000000000000000000000000000",
         NULL, "1 other entry"},
        {7, 0x80000001,
         "61dfe48bca93d211aa0d00e098032b8c03000000000000003e000000000000006400620078000001020304050"
         "60708090a0b0c0d0e0f3e000000000000001100000061dfe48bca93d211aa0d00e098032b8c6161dfe48bca93"
         "d211aa0d00e098032b8c62",
         NULL, "2 other entries"},
        {7, 0x80000001,
         "61dfe48bca93d211aa0d00e098032b8c0200000000000000be0000000000000064006200a159c0a5e494a74a8"
         "7b5ab155c2bf072be000000000000001200000061dfe48bca93d211aa0d00e098032b8c616261dfe48bca93d2"
         "11aa0d00e098032b8c616261dfe48bca93d211aa0d00e098032b8c616261dfe48bca93d211aa0d00e098032b8"
         "c616261dfe48bca93d211aa0d00e098032b8c616261dfe48bca93d211aa0d00e098032b8c616261dfe48bca93"
         "d211aa0d00e098032b8c616261dfe48bca93d211aa0d00e098032b8c616261dfe48bca93d211aa0d00e098032"
         "b8c6162",
         NULL,
         "certificate of 2 bytes; certificate of 2 bytes; certificate of 2 bytes; certificate of 2 "
         "bytes; certificate of 2 bytes; certificate of 2 bytes; certificate of 2 bytes; "
         "certificate of 2 bytes; 1 more certificates"},
        {7, 0x800000e0,
         "61dfe48bca93d211aa0d00e098032b8c02000000000000000500000000000000640062003082000178",
         "Secure Boot authority from db", "certificate of 5 bytes"},
        {7, 0x800000e0,
         "61dfe48bca93d211aa0d00e098032b8c020000000000000015000000000000006400620061dfe48bca93d211a"
         "a0d00e098032b8c3082000178",
         NULL, "certificate of 5 bytes"},
        {7, 0x800000e0,
         "61dfe48bca93d211aa0d00e098032b8c07000000000000004c000000000000004d006f006b004c00690073007"
         "4002616c4c14c509240aca941f9369343284c000000000000003000000061dfe48bca93d211aa0d00e098032b"
         "8c0000000000000000000000000000000000000000000000000000000000000000",
         NULL, "1 digest"},
        {7, 0x800000e0,
         "61dfe48bca93d211aa0d00e098032b8c040000000000000002000000000000005300680069006d003081",
         NULL, "3081"},
        {7, 0x800000e0,
         "61dfe48bca93d211aa0d00e098032b8c040000000000000013000000000000005300680069006d0061dfe48bc"
         "a93d211aa0d00e098032b8c308300",
         NULL, "61dfe48bca93d211aa0d00e098032b8c308300"},
        {7, 0x800000e0,
         "61dfe48bca93d211aa0d00e098032b8c0a0000000000000001000000000000004d006f006b005300420053007"
         "40061007400650000",
         NULL, "validation on"},
        {7, 0x800000e0,
         "61dfe48bca93d211aa0d00e098032b8c0a0000000000000002000000000000004d006f006b005300420053007"
         "4006100740065000000",
         NULL, "validation off"},
        {1, 0x80000002,
         "61dfe48bca93d211aa0d00e098032b8c0900000000000000030000000000000042006f006f0074004f0072006"
         "40065007200010002",
         "boot order", "0001 and an odd byte"},
        {1, 0x80000002,
         "61dfe48bca93d211aa0d00e098032b8c08000000000000000e0000000000000042006f006f007400300030003"
         "0003100000000000400610000007fff0400",
         "boot option Boot0001", "a:  (inactive)"},
        {1, 0x80000002,
         "61dfe48bca93d211aa0d00e098032b8c0800000000000000010000000000000042006f006f007400300030003"
         "000310001",
         NULL, "malformed: integer needs 4 bytes, 1 are left"},
        {1, 0x80000002,
         "61dfe48bca93d211aa0d00e098032b8c08000000000000000e0000000000000042006f006f007400300030003"
         "00031000100000004006100000001010300",
         NULL, "a: ; malformed: device path node of 3 bytes"},
        {4, 0x80000003, "000000", "UEFI application",
         "malformed: integer needs 8 bytes, 3 are left"},
        {0, 0x80000008, "00008000000000001000000000000000", NULL, "16 bytes at 0x800000"},
        {0, 0x80000008, "42494f53", NULL, "BIOS"},
        {0, 0x8000000a, "0350454900008000000000001000000000000000", NULL,
         "PEI, 16 bytes at 0x800000"},
        {0, 0x1, "504f535420434f4445", NULL, "POST CODE"},
        {0, 0x13, "0350454900008000000000001000000000000000", NULL, "PEI, 16 bytes at 0x800000"},
        {5, 0x80000006,
         "4546492050415254000001005c000000000000000000000001000000000000006300000000000000220000000"
         "00000005a0000000000000061dfe48bca93d211aa0d00e098032b8c0200000000000000010000008000000000"
         "000000010000000000000028732ac11ff8d211ba4b00a0c93ec93b000102030405060708090a0b0c0d0e0f220"
         "00000000000005000000000000000000000000000000045004600490000000000000000000000000000000000"
         "00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
         "00000000000",
         NULL, "disk EFI global variable; EFI system partition EFI"},
        {5, 0x80000006, "454649", NULL, "malformed: nested structure needs 92 bytes, 3 are left"},
        {0, 0x3, "537461727475704c6f63616c6974790003", "TPM start-up locality (not measured)",
         "StartupLocality 3"},
        {0, 0x3, "53503830302d313535204576656e740057010000000102030405060708090a0b0c0d0e0f",
         "reference manifest (not measured)",
         "SP800-155 Event, vendor 343, manifest 03020100-0504-0706-0809-0a0b0c0d0e0f"},
        {12, 0x6, "010001400e00000009000500060000005c0057000000", "Windows boot phase",
         "SYSTEMROOT \\W"},
        {13, 0x6,
         "01000140290000000f00050018000000010000000000000006000b000200000061002e006200abcd020005000"
         "100000001",
         "Windows boot phase, details", "SI_POLICY a.b sha256:abcd, CODEINTEGRITY 1"},
        {13, 0x6, "0f00050017000000010000000000000006000b000200000061002e006200ab", NULL,
         "malformed: policy digest needs 2 bytes, 1 are left"},
        {13, 0x6, "0f0005001100000001000000000000000000990001000000ab", NULL, "SI_POLICY  data:ab"},
        {12, 0x6, "ffff050003000000616263", NULL, "unknown record 0x0005ffff of 3 bytes"},
        {12, 0x6, "020005000100000001ffff050003000000616263", NULL,
         "CODEINTEGRITY 1, unknown record 0x0005ffff of 3 bytes"},
        {13, 0x6, "030001401000000002000700080000000000000000000000", NULL, "1 image loaded"},
        {13, 0x6,
         "06000500010000000003000140100000000200070008000000000000000000000003000140100000000200070"
         "0080000000000000000000000",
         NULL, "WINPE 0; 2 images loaded"},
        {14, 0x6, "02000600030000006b6579", "Windows signing authorities", "1 signing key"},
        {14, 0x6, "010001401600000002000600030000006b657902000600030000006b6579", NULL,
         "2 signing keys"},
        {12, 0x6, "0200050001000000010102", NULL,
         "CODEINTEGRITY 1; malformed: integer needs 4 bytes, 2 are left"},
        {9, 0x6, "ed223b8f040000004c696e75", "kernel command line, as its digest",
         "tag 0x8f3b22ed Linu"},
        {9, 0x6, "ed223b8f090000004c696e75", NULL, "ed223b8f090000004c696e75"},
        {2, 0x6, "", "tagged event of firmware, boot loader or operating system", ""},
        {11, 0xc, "10000000", "BitLocker access", "10000000"},
        {4, 0xc, "10000000",
         "hash that TCG_CompactHashLogExtendEvent or Windows boot code extended", "10000000"},
        {12, 0xd, "710075006900650074000000", NULL, "quiet"},
        {12, 0xd, "71", NULL, "q"},
        {8, 0xd, "6c6f616465722074657874", "boot loader text", "loader text"},
        {9, 0xd,
         "2f616161616161616161616161616161616161616161616161616161616161616161616161616161616161616"
         "16161616161616161616161616161616161616161616161616161616161616161616161616161616161616161"
         "61616161616161616161616161616161616161616161616161616161616161616161616161616161616161616"
         "16161616161616161616161616161616161616161616161616161616161616161616161616161616161616161"
         "61616161616161616161616161616161616161616161616161616161616161616161616161616161616161616"
         "16161616161616161616161616161616161616161616161616161616161616161616161616161616161616161"
         "61616161616161616161616161616161616161616161616161616161616161616161616161616161616161616"
         "16161616161616161616161616161616161616161616161616161616161616161616161616161616161616161"
         "61616161616161616161616161616161616161616161616161616161616161616161616161616161616161616"
         "16161616161616161616161616161616161616161616161616161616161616161616161616161616161616161"
         "61616161616161616161616161616161616161616161616161616161616161616161616161616161616161616"
         "16161616161616161616161616161616161616161616161616161616161616161616161616161616161616161"
         "61616161616161616161616161616161616161616161616161616161616161616161616161616161616161616"
         "161616161616161616161616161616161616161616161",
         "file read by the boot loader",
         "/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
         "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
         "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
         "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
         "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
         "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa..."},
        {2, 0x80000004,
         "0000000000000000000000000000000000000000000000000c0000000000000004040800640000007fff0400",
         NULL, "d"},
    };

    check_cases(*state, CASES, sizeof CASES / sizeof *CASES);
}

static void what_firmware_measures_is_put_into_words(void **state)
{
    static const struct case_of CASES[] = {
        {1, 0x80000009, "0100000000000000312d9deb882dd3119a160090273fc14d0070000000000000",
         "system tables (SMBIOS, ACPI) of the firmware", "SMBIOS at 0x7000"},
        {1, 0x80000009, "0000000000000000", NULL, "no table"},
        {1, 0x80000009, "01", NULL, "malformed: integer needs 8 bytes, 1 are left"},
        {1, 0x8000000b,
         "0354776f0200000000000000312d9deb882dd3119a160090273fc14d00700000000000000102030405060708"
         "090a0b0c0d0e0f100100000000000000",
         NULL, "Two: SMBIOS at 0x7000; 04030201-0605-0807-090a-0b0c0d0e0f10 at 0x1"},
        {2, 0x800000e1,
         "5350444d20446576696365205365630001003f0002000000010000000101030061626304000000000000007f"
         "ff0400000010008680341207020801aa177856",
         NULL, "PCI device 8086:1234 revision 07 class 010802 at , measurement 01010300616263"},
        {2, 0x800000e1,
         "5350444d204465766963652053656332020000003f00000001000000000000000f0000006300000000000000"
         "04000000000000007fff0400120001000400000001010300616263000010008680341207020801aa177856",
         NULL,
         "PCI device 8086:1234 revision 07 class 010802 at , authenticated, measurement "
         "01010300616263"},
        {3, 0x800000e2,
         "5350444d204465766963652053656332020004003f00000002000000010000000f0000006300000000000000"
         "04000000000000007fff0400120001000400000001010300616263000010008680341207020801aa177856",
         NULL,
         "USB device at , authentication failed: invalid signature, certificates 01010300616263"},
        {3, 0x800000e2,
         "5350444d2044657669636520536563320200ff002f00000000000000090000000f0000006300000000000000"
         "04000000000000007fff0400120001000400000001010300616263",
         NULL, "device at , does not speak SPDM, contents 120001000400000001010300616263"},
        {3, 0x800000e2,
         "5350444d204465766963652053656332020001002f00000000000000000000000f0000006300000000000000"
         "04000000000000007fff0400120001000400000001010300616263",
         NULL, "device at , not authenticated, measurement 01010300616263"},
        {3, 0x800000e2,
         "5350444d204465766963652053656332020002002f00000000000000000000000f0000006300000000000000"
         "04000000000000007fff0400120001000400000001010300616263",
         NULL, "device at , authenticated, measurement not signed, measurement 01010300616263"},
        {3, 0x800000e2,
         "5350444d204465766963652053656332020003002f00000000000000000000000f0000006300000000000000"
         "04000000000000007fff0400120001000400000001010300616263",
         NULL,
         "device at , authentication failed: no certificate to check it by, measurement "
         "01010300616263"},
        {3, 0x800000e2,
         "5350444d204465766963652053656332020009002f00000000000000000000000f0000006300000000000000"
         "04000000000000007fff0400120001000400000001010300616263",
         NULL, "device at , authentication unknown, measurement 01010300616263"},
        {3, 0x800000e2,
         "5350444d204465766963652053656332020000002f00000000000000000000000f0000006300000000000000"
         "04000000000000007fff04001200010004000000010103006162",
         NULL, "malformed: the header says 47 bytes, 46 are left"},
        {2, 0x800000e1, "74657874", NULL, "text"},
        {7, 0x800000e3,
         "61dfe48bca93d211aa0d00e098032b8c0500000000000000000000000000000064006500760064006200",
         "Secure Boot variable devdb", "empty"},
        {0, 0x00000003, "53503830302d313535204576656e7400570100000102030405060708090a0b0c0d0e0f10",
         "reference manifest (not measured)",
         "SP800-155 Event, vendor 343, manifest 04030201-0605-0807-090a-0b0c0d0e0f10"},
        {0, 0x00000003,
         "53503830302d313535204576656e7433570100000102030405060708090a0b0c0d0e0f10064d616b65720005"
         "4d6f64656c010006417574686f72a202000003312e32010000000900000068747470733a2f2f6d0000000000"
         "000000",
         NULL,
         "SP800-155 Event3, vendor 343, manifest 04030201-0605-0807-090a-0b0c0d0e0f10, platform "
         "Maker, model Model, firmware of Author, firmware version 1.2, manifest at https://m"},
        {0, 0x00000003,
         "53503830302d313535204576656e7433570100000102030405060708090a0b0c0d0e0f10064d616b65720005"
         "4d6f64656c010006417574686f72a202000003312e3203000000180000000102030405060708090a0b0c0d0e"
         "0f10520069006d0000000000000003000000726177",
         NULL,
         "SP800-155 Event3, vendor 343, manifest 04030201-0605-0807-090a-0b0c0d0e0f10, platform "
         "Maker, model Model, firmware of Author, firmware version 1.2, manifest at in variable "
         "Rim of 04030201-0605-0807-090a-0b0c0d0e0f10, platform certificate at raw"},
        {0, 0x00000003,
         "53503830302d313535204576656e7433570100000102030405060708090a0b0c0d0e0f10064d616b65720005"
         "4d6f64656c010006417574686f72a202000003312e32030000000500000073686f72740000000000000000",
         NULL,
         "SP800-155 Event3, vendor 343, manifest 04030201-0605-0807-090a-0b0c0d0e0f10, platform "
         "Maker, model Model, firmware of Author, firmware version 1.2, manifest at 73686f7274"},
        {0, 0x00000003,
         "53503830302d313535204576656e7433570100000102030405060708090a0b0c0d0e0f10064d616b65720005"
         "4d6f64656c010006417574686f72a202000003312e32020000000a0000000101060000027fff040000000000"
         "00000000",
         NULL,
         "SP800-155 Event3, vendor 343, manifest 04030201-0605-0807-090a-0b0c0d0e0f10, platform "
         "Maker, model Model, firmware of Author, firmware version 1.2, manifest at Pci(0x2,0x0)"},
        {0, 0x00000003, "53503830302d313535204576656e7432570100000102030405060708090a0b0c0d0e0f10",
         NULL, "SP800-155 Event2; malformed: integer needs 1 bytes, 0 are left"},
        {0, 0x00000003, "482d4352544d20436f6d704d656173000341434d800400636f6465",
         "part of the hardware root's measurement (not measured)",
         "H-CRTM CompMeas, component ACM, 636f6465"},
        {0, 0x00000003,
         "4e76496e64657844796e616d696320000100000000000000050000000000000005004e4f4e434502007879",
         "device evidence in an NV index (not measured)", "NvIndexDynamic , of NONCE, 7879"},
        {0, 0x00000003,
         "4e76496e646578496e7374616e63650001000000000000005350444d20446576696365205365633202000000"
         "2f00000000000000000000000f000000630000000000000004000000000000007fff04001200010004000000"
         "01010300616263",
         "device evidence in an NV index (not measured)",
         "NvIndexInstance, device at , authenticated, measurement 01010300616263"},
        {0, 0x00000003, "536f6d65206f74686572206e6f7465216d6f7265", NULL, "Some other note!more"},
        {1, 0x80000002,
         "61dfe48bca93d211aa0d00e098032b8c0800000000000000020000000000000042006f006f0074004e006500"
         "780074000300",
         "boot option BootNext", "0003"},
        {1, 0x80000002,
         "61dfe48bca93d211aa0d00e098032b8c0a000000000000001400000000000000440072006900760065007200"
         "30003000300031000100000004004400690073006b0000007fff0400",
         "boot option Driver0001", "Disk: "},
        {0, 0x00000008, "31002e0032000000", NULL, "1.2"},
        {0, 0x00000008, "0102030405060708090a0b0c0d0e0f10", NULL,
         "04030201-0605-0807-090a-0b0c0d0e0f10"},
        {1, 0x00000009, "4c6f6164206d6963726f636f6465207265766973696f6e20303030303030413100", NULL,
         "Load microcode revision 000000A1"},
        {1, 0x0000000a, "414350492044415441", NULL, "ACPI DATA"},
        {1, 0x0000000a, "010203", NULL, "010203"},
        {0, 0x00000011, "496e74656c4353780000000400", NULL, "IntelCSx: 0400"},
        {0, 0x80000010, "484352544d", NULL, "HCRTM"},
    };

    check_cases(*state, CASES, sizeof CASES / sizeof *CASES);
}

/* Whatever the arena's size, an event has its whole description or none. */
static void a_full_arena_is_an_error_and_no_other_description(void **state)
{
    struct boot *boot = *state;
    size_t n_failed = 0;

    boot_firmware(boot, true);
    boot_linux(boot, "/vmlinuz quiet");
    boot_windows_both(boot, SIPA_BOOTDEBUGGING, 0);
    boot_text(boot, 1, 0x0BADBAD0, "ab");
    boot_collect(boot);
    for (size_t i = 0; i < boot->measured.n_events; i++) {
        struct event_description whole, description;
        struct error error;
        bool fits = false;

        assert_true(event_describe(&boot->measured, i, boot->crypto, &boot->arena, &whole, &error));
        for (size_t cap = 0; !fits; cap += 8) {
            struct arena small = arena_init(cap);

            fits = event_describe(&boot->measured, i, boot->crypto, &small, &description, &error);
            if (fits) {
                assert_string_equal(description.component, whole.component);
                assert_string_equal(description.summary, whole.summary);
                assert_string_equal(description.key, whole.key);
            } else {
                assert_int_equal(error.code, ERROR_MEMORY);
                n_failed++;
            }
            arena_done(&small);
        }
    }
    assert_true(n_failed > boot->measured.n_events);
}

int main(void)
{
#define SUMMARY_TEST(name) cmocka_unit_test_setup_teardown(name, boot_setup, boot_teardown)
    const struct CMUnitTest tests[] = {
        SUMMARY_TEST(every_event_is_put_into_words),
        SUMMARY_TEST(what_firmware_measures_is_put_into_words),
        SUMMARY_TEST(a_full_arena_is_an_error_and_no_other_description),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
