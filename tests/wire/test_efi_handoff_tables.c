/* Hand-off tables: both forms, cut at every byte, and with counts that lie. */
#include "wire/efi_handoff_tables.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "base/writer.h"

static uint8_t buffer[4096];

static const uint8_t SMBIOS[] = {0x31, 0x2d, 0x9d, 0xeb, 0x88, 0x2d, 0xd3, 0x11,
                                 0x9a, 0x16, 0x00, 0x90, 0x27, 0x3f, 0xc1, 0x4d};
static const uint8_t SMBIOS3[] = {0x44, 0x15, 0xfd, 0xf2, 0x94, 0x97, 0x2c, 0x4a,
                                  0x99, 0x2e, 0xe5, 0xbb, 0xcf, 0x20, 0xe3, 0x94};

static struct span two_tables(bool second, uint64_t n_declared)
{
    struct writer writer = writer_init(buffer, sizeof buffer);

    if (second) {
        writer_u8(&writer, 3);
        writer_bytes(&writer, span_text("Two"));
    }
    writer_le64(&writer, n_declared);
    writer_bytes(&writer, span_of(SMBIOS, 16));
    writer_le64(&writer, 0x7000);
    writer_bytes(&writer, span_of(SMBIOS3, 16));
    writer_le64(&writer, 0x8000);
    return writer_span(&writer);
}

static void both_forms_are_read(void **state)
{
    struct efi_handoff_tables tables;
    struct error error;

    (void)state;
    assert_true(efi_handoff_tables_decode(two_tables(false, 2), false, &tables, &error));
    assert_int_equal(tables.n_tables, 2);
    assert_int_equal(tables.description.len, 0);
    assert_int_equal(efi_guid_find(efi_handoff_table(&tables, 0).guid), EFI_GUID_TABLE_SMBIOS);
    assert_int_equal(efi_handoff_table(&tables, 0).address, 0x7000);
    assert_int_equal(efi_guid_find(efi_handoff_table(&tables, 1).guid), EFI_GUID_TABLE_SMBIOS3);
    assert_true(efi_handoff_tables_decode(two_tables(true, 2), true, &tables, &error));
    assert_true(span_is(tables.description, "Two"));
    assert_int_equal(efi_handoff_table(&tables, 1).address, 0x8000);
}

static void a_cut_event_is_refused(void **state)
{
    struct efi_handoff_tables tables;
    struct error error;

    (void)state;
    for (int second = 0; second <= 1; second++) {
        struct span whole = two_tables(second, 2);

        for (size_t len = 0; len < whole.len; len++)
            assert_false(
                efi_handoff_tables_decode(span_of(whole.data, len), second, &tables, &error));
    }
}

static void lengths_that_lie_are_refused(void **state)
{
    static const struct {
        uint64_t n;
        enum error_code code;
    } CASES[] = {
        {0, ERROR_TRAILING},
        {1, ERROR_TRAILING},
        {3, ERROR_TRUNCATED},
        {LIMIT_HANDOFF_TABLES + 1, ERROR_LIMIT},
        {UINT64_MAX / 24 + 2, ERROR_LIMIT},
    };
    struct efi_handoff_tables tables;
    struct error error;

    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        assert_false(
            efi_handoff_tables_decode(two_tables(false, CASES[i].n), false, &tables, &error));
        assert_int_equal(error.code, CASES[i].code);
    }
    two_tables(true, 2);
    for (unsigned len = 0; len < 256; len++) {
        buffer[0] = (uint8_t)len;
        if (len != 3)
            assert_false(efi_handoff_tables_decode(span_of(buffer, 60), true, &tables, &error));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_forms_are_read),
        cmocka_unit_test(a_cut_event_is_refused),
        cmocka_unit_test(lengths_that_lie_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
