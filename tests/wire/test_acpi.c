/* DMAR and IVRS: flags, units, and every way in which the tables lie. */
#include "wire/acpi.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "base/writer.h"

static uint8_t buffer[LIMIT_ACPI_TABLE_LEN + 16];

static struct writer begin(const char *signature)
{
    struct writer writer = writer_init(buffer, sizeof buffer);

    writer_bytes(&writer, span_text(signature));
    for (size_t i = 4; i < 36; i++)
        writer_u8(&writer, i < 10 ? 0 : 'B');
    return writer;
}

/* Puts length and checksum right. */
static struct span finish(const struct writer *writer)
{
    uint8_t sum = 0;

    buffer[4] = (uint8_t)writer->len;
    buffer[5] = (uint8_t)(writer->len >> 8);
    buffer[6] = (uint8_t)(writer->len >> 16);
    buffer[9] = 0;
    for (size_t i = 0; i < writer->len; i++)
        sum = (uint8_t)(sum + buffer[i]);
    buffer[9] = (uint8_t)-sum;
    return writer_span(writer);
}

static void fill(struct writer *writer, size_t len)
{
    for (size_t i = 0; i < len; i++)
        writer_u8(writer, 0);
}

/* Two remapping units and a reserved region. */
static struct span dmar(uint8_t flags)
{
    struct writer writer = begin("DMAR");

    writer_u8(&writer, 38);
    writer_u8(&writer, flags);
    fill(&writer, 10);
    for (unsigned i = 0; i < 3; i++) {
        writer_le16(&writer, i == 1); /* DRHD, RMRR, DRHD */
        writer_le16(&writer, 16 + 8 * i);
        fill(&writer, 12 + 8 * i);
    }
    return finish(&writer);
}

/* One unit in the old and the new form, and a memory definition. */
static struct span ivrs(uint32_t info)
{
    static const uint8_t types[] = {0x10, 0x20, 0x40};
    struct writer writer = begin("IVRS");

    writer_le32(&writer, info);
    fill(&writer, 8);
    for (size_t i = 0; i < sizeof types; i++) {
        writer_u8(&writer, types[i]);
        writer_u8(&writer, 0xFF);
        writer_le16(&writer, 24);
        fill(&writer, 20);
    }
    return finish(&writer);
}

static void reads_what_the_firmware_asks_for(void **state)
{
    struct acpi_dmar intel;
    struct acpi_ivrs amd;
    struct error error;

    (void)state;
    assert_true(acpi_dmar_decode(dmar(0x05), &intel, &error));
    assert_true(intel.dma_opt_in && intel.interrupt_remapping);
    assert_int_equal(intel.n_units, 2);
    assert_true(acpi_dmar_decode(dmar(0xFA), &intel, &error));
    assert_false(intel.dma_opt_in || intel.interrupt_remapping);
    assert_true(acpi_ivrs_decode(ivrs(0x02), &amd, &error));
    assert_true(amd.dma_remapping);
    assert_int_equal(amd.n_units, 2);
    assert_true(acpi_ivrs_decode(ivrs(0xFFFFFFFD), &amd, &error));
    assert_false(amd.dma_remapping);
}

static void another_table_is_refused(void **state)
{
    struct acpi_dmar intel = {.n_units = 42};
    struct acpi_ivrs amd = {.n_units = 42};
    struct error error;

    (void)state;
    assert_false(acpi_ivrs_decode(dmar(0x05), &amd, &error));
    assert_int_equal(error.code, ERROR_MALFORMED);
    assert_false(acpi_dmar_decode(ivrs(0x02), &intel, &error));
    assert_int_equal(error.code, ERROR_MALFORMED);
    assert_true(intel.n_units == 42 && amd.n_units == 42);
}

static void tables_cut_at_any_byte_are_refused(void **state)
{
    struct acpi_dmar intel;
    struct acpi_ivrs amd;
    struct error error;
    struct span whole;

    (void)state;
    whole = dmar(0x05);
    for (size_t len = 0; len < whole.len; len++)
        assert_false(acpi_dmar_decode(span_of(whole.data, len), &intel, &error));
    /* Also when the header says so. */
    for (size_t len = 36; len < whole.len; len++) {
        struct writer cut = writer_init(buffer, len);

        cut.len = len;
        if (acpi_dmar_decode(finish(&cut), &intel, &error))
            assert_true(len == 48 || len == 64 || len == 88);
    }
    whole = ivrs(0x02);
    for (size_t len = 0; len < whole.len; len++)
        assert_false(acpi_ivrs_decode(span_of(whole.data, len), &amd, &error));
}

static void lengths_and_checksum_that_lie_are_refused(void **state)
{
    struct acpi_dmar intel;
    struct acpi_ivrs amd;
    struct error error;
    struct span whole = dmar(0x05);
    struct writer writer = writer_init(buffer, sizeof buffer);

    (void)state;
    buffer[37] ^= 4;
    assert_false(acpi_dmar_decode(whole, &intel, &error)); /* checksum */
    assert_int_equal(error.code, ERROR_MALFORMED);
    buffer[37] ^= 4, buffer[4]++, buffer[9]--;
    assert_false(acpi_dmar_decode(whole, &intel, &error)); /* length of the table */
    assert_int_equal(error.offset, 8);
    writer.len = whole.len;
    for (unsigned len = 0; len < 16; len++) { /* of the first structure, which has 16 bytes */
        dmar(0x05);
        buffer[50] = (uint8_t)len;
        if (len < 4) {
            assert_false(acpi_dmar_decode(finish(&writer), &intel, &error));
            assert_int_equal(error.code, ERROR_MALFORMED);
            assert_int_equal(error.offset, 52);
        }
    }
    dmar(0x05);
    buffer[51] = 0xFF;
    assert_false(acpi_dmar_decode(finish(&writer), &intel, &error));
    assert_int_equal(error.code, ERROR_TRUNCATED);
    writer.len = ivrs(0x02).len;
    buffer[51] = 0xFF;
    assert_false(acpi_ivrs_decode(finish(&writer), &amd, &error));
    assert_int_equal(error.code, ERROR_TRUNCATED);
    ivrs(0x02);
    buffer[50] = 3;
    assert_false(acpi_ivrs_decode(finish(&writer), &amd, &error));
    assert_int_equal(error.code, ERROR_MALFORMED);
}

static void large_tables_are_over_a_limit(void **state)
{
    struct acpi_dmar intel;
    struct acpi_ivrs amd;
    struct error error;

    (void)state;
    assert_false(acpi_dmar_decode(span_of(buffer, LIMIT_ACPI_TABLE_LEN + 1), &intel, &error));
    assert_int_equal(error.code, ERROR_LIMIT);
    assert_false(acpi_ivrs_decode(span_of(buffer, LIMIT_ACPI_TABLE_LEN + 1), &amd, &error));
    assert_int_equal(error.code, ERROR_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_the_firmware_asks_for),
        cmocka_unit_test(another_table_is_refused),
        cmocka_unit_test(tables_cut_at_any_byte_are_refused),
        cmocka_unit_test(lengths_and_checksum_that_lie_are_refused),
        cmocka_unit_test(large_tables_are_over_a_limit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
