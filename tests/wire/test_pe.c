/* PE images: framed as firmware reads them, refused where it would read out of bounds. */
#include "wire/pe.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <stdlib.h>

#include "base/limits.h"
#include "support/pe_builder.h"

static uint8_t buffer[16384];

static const struct pe_builder_section SECTIONS[] = {
    {".text", {(const uint8_t *)"code code code", 14}, 0},
    {".sbat", {(const uint8_t *)"sbat,1\n", 7}, 0},
    {".bss", {NULL, 0}, 0x2000},
};

static struct pe_builder sample(bool is_64)
{
    return (struct pe_builder){.is_64 = is_64,
                               .sections = SECTIONS,
                               .n_sections = 3,
                               .certificate = span_text("a PKCS #7 message")};
}

static void put32(size_t at, uint32_t value)
{
    for (size_t i = 0; i < 4; i++)
        buffer[at + i] = (uint8_t)(value >> (8 * i));
}

static void put16(size_t at, uint16_t value)
{
    buffer[at] = (uint8_t)value;
    buffer[at + 1] = (uint8_t)(value >> 8);
}

static void a_long_name_stands_in_the_string_table(void **state)
{
    static const struct pe_builder_section LONG[] = {
        {"vendor_cert", {(const uint8_t *)"certificate", 11}, 0},
        {".sbatlevel", {(const uint8_t *)"levels", 6}, 0},
        {"/4x", {(const uint8_t *)"no number", 9}, 0},
        {"/9999999", {(const uint8_t *)"outside", 7}, 0},
    };
    struct pe_builder builder = {.is_64 = true, .sections = LONG, .n_sections = 4};
    struct span file = pe_builder_write(&builder, buffer, sizeof buffer);
    struct pe_section section;
    struct error error;
    struct pe pe;

    (void)state;
    assert_true(pe_decode(file, &pe, &error));
    assert_true(pe_find_long_section(&pe, ".sbatlevel", &section));
    assert_memory_equal(section.raw.data, "levels", 6);
    assert_false(pe_find_long_section(&pe, ".sbatleve", &section)); /* not a part of the name */
    assert_false(pe_find_long_section(&pe, "certificate", &section));
    assert_false(pe_find_section(&pe, ".sbatlevel", &section));
    /* A table behind the file's end is none. */
    for (size_t i = 0; i < 2; i++) {
        put32(PE_BUILDER_PE_AT + 12 + 4 * i, 0xFFFFFFFF);
        assert_true(pe_decode(file, &pe, &error));
        assert_int_equal(pe.strings.len, 0);
        assert_false(pe_find_long_section(&pe, ".sbatlevel", &section));
        put32(PE_BUILDER_PE_AT + 12 + 4 * i, (uint32_t)file.len - 10);
    }
}

static void both_forms_of_header_are_read(void **state)
{
    (void)state;
    for (int is_64 = 0; is_64 < 2; is_64++) {
        struct pe_builder builder = sample(is_64);
        struct span file = pe_builder_write(&builder, buffer, sizeof buffer);
        struct pe_certificate certificates[4];
        struct pe_section section;
        struct error error;
        struct pe pe;
        size_t n;

        assert_true(pe_is_image(file));
        assert_true(pe_decode(file, &pe, &error));
        assert_int_equal(pe.is_64, is_64);
        assert_int_equal(pe.machine, is_64 ? 0x8664 : 0x014C);
        assert_int_equal(pe.subsystem, PE_EFI_APPLICATION);
        assert_int_equal(pe.checksum_at, PE_BUILDER_CHECKSUM_AT);
        assert_int_equal(pe.certificate_entry_at, pe_builder_certificate_entry_at(&builder));
        assert_int_equal(pe.n_sections, 3);
        assert_true(pe_find_section(&pe, ".sbat", &section));
        assert_int_equal(section.virtual_len, 7);
        assert_int_equal(section.raw.len, 512);
        assert_memory_equal(section.raw.data, "sbat,1\n\0", 8);
        assert_true(pe_find_section(&pe, ".bss", &section));
        assert_int_equal(section.raw.len, 0);
        assert_int_equal(section.virtual_len, 0x2000);
        assert_false(pe_find_section(&pe, ".tex", &section));
        assert_true(pe_certificates_decode(&pe, certificates, 4, &n, &error));
        assert_int_equal(n, 1);
        assert_int_equal(certificates[0].type, PE_CERTIFICATE_PKCS_SIGNED_DATA);
        assert_true(span_is(certificates[0].data, "a PKCS #7 message"));
    }
}

static void an_image_without_directories_has_no_certificates(void **state)
{
    struct pe_builder builder = {
        .is_64 = true, .no_directories = true, .sections = SECTIONS, .n_sections = 1};
    struct span file = pe_builder_write(&builder, buffer, sizeof buffer);
    struct error error;
    struct pe pe;
    size_t n;

    (void)state;
    assert_true(pe_decode(file, &pe, &error));
    assert_int_equal(pe.certificate_entry_at, 0);
    assert_int_equal(pe.certificates.len, 0);
    assert_true(pe_certificates_decode(&pe, NULL, 0, &n, &error));
    assert_int_equal(n, 0);
}

static void an_image_cut_anywhere_is_refused(void **state)
{
    (void)state;
    for (int is_64 = 0; is_64 < 2; is_64++) {
        struct pe_builder builder = sample(is_64);
        struct span file = pe_builder_write(&builder, buffer, sizeof buffer);

        for (size_t len = 0; len < file.len; len++) {
            uint8_t *copy = malloc(len ? len : 1);
            struct error error = {0};
            struct pe pe;

            memcpy(copy, file.data, len);
            assert_false(pe_decode(span_of(copy, len), &pe, &error));
            assert_true(error.code == ERROR_TRUNCATED || error.code == ERROR_MALFORMED);
            assert_non_null(error.clause);
            free(copy);
        }
    }
}

/* Writes the sample, changes one field, and expects the refusal. */
static void refuses(size_t at, uint32_t value, size_t len, enum error_code code)
{
    struct pe_builder builder = sample(true);
    struct span file = pe_builder_write(&builder, buffer, sizeof buffer);
    struct error error = {0};
    struct pe pe;

    if (len == 2)
        put16(at, (uint16_t)value);
    else
        put32(at, value);
    assert_false(pe_decode(file, &pe, &error));
    assert_int_equal(error.code, code);
    assert_non_null(error.clause);
}

static void headers_that_lie_are_refused(void **state)
{
    struct pe_builder builder = sample(true);
    size_t entry = pe_builder_certificate_entry_at(&builder);
    size_t section = pe_builder_section_at(&builder, 0);
    uint32_t file_len = (uint32_t)pe_builder_write(&builder, buffer, sizeof buffer).len;

    (void)state;
    refuses(0, 0x4D5A, 2, ERROR_MALFORMED);
    refuses(60, 4, 4, ERROR_MALFORMED);          /* a PE header inside the MS-DOS header */
    refuses(60, 128, 4, ERROR_MALFORMED);        /* no PE signature there */
    refuses(60, UINT32_MAX, 4, ERROR_TRUNCATED); /* outside of the file */
    refuses(60, file_len - 2, 4, ERROR_TRUNCATED);
    refuses(PE_BUILDER_N_SECTIONS_AT, 0xFFFF, 2, ERROR_LIMIT);
    refuses(PE_BUILDER_N_SECTIONS_AT, 1000, 2, ERROR_TRUNCATED);
    refuses(PE_BUILDER_OPTIONAL_LEN_AT, 0xFFFF, 2, ERROR_TRUNCATED);
    refuses(PE_BUILDER_OPTIONAL_LEN_AT, 100, 2, ERROR_TRUNCATED);
    refuses(PE_BUILDER_OPTIONAL_LEN_AT, 112 + 8 * 4, 2, ERROR_TRUNCATED);
    refuses(PE_BUILDER_MAGIC_AT, 0x0107, 2, ERROR_MALFORMED); /* a ROM image */
    refuses(PE_BUILDER_HEADERS_LEN_AT, 0, 4, ERROR_MALFORMED);
    refuses(PE_BUILDER_HEADERS_LEN_AT, (uint32_t)entry + 7, 4, ERROR_MALFORMED);
    refuses(PE_BUILDER_HEADERS_LEN_AT, file_len + 1, 4, ERROR_MALFORMED);
    refuses(pe_builder_n_directories_at(&builder), 17, 4, ERROR_LIMIT);
    refuses(pe_builder_n_directories_at(&builder), UINT32_MAX, 4, ERROR_LIMIT);
    refuses(entry, file_len, 4, ERROR_TRUNCATED);
    refuses(entry, UINT32_MAX - 7, 4, ERROR_TRUNCATED); /* offset and length wrap around */
    refuses(entry + 4, file_len, 4, ERROR_TRUNCATED);
    refuses(entry + 4, UINT32_MAX, 4, ERROR_TRUNCATED);
    refuses(section + 16, file_len, 4, ERROR_TRUNCATED);
    refuses(section + 16, UINT32_MAX, 4, ERROR_TRUNCATED);
    refuses(section + 20, file_len - 511, 4, ERROR_TRUNCATED);
    refuses(section + 20, UINT32_MAX - 511, 4, ERROR_TRUNCATED);
}

static void a_pe_header_inside_the_ms_dos_header_is_refused(void **state)
{
    struct pe_builder builder = sample(true);
    struct span file = pe_builder_write(&builder, buffer, sizeof buffer);
    struct error error = {0};
    struct pe pe;

    (void)state;
    memcpy(buffer + 8, "PE\0", 4);
    put32(60, 8);
    assert_false(pe_is_image(file));
    assert_false(pe_decode(file, &pe, &error));
    assert_int_equal(error.offset, 60);
}

static void an_error_names_the_byte(void **state)
{
    struct pe_builder builder = sample(true);
    struct span file = pe_builder_write(&builder, buffer, sizeof buffer);
    size_t section = pe_builder_section_at(&builder, 1);
    struct error error = {0};
    struct pe pe;

    (void)state;
    put32(section + 20, (uint32_t)file.len);
    assert_false(pe_decode(file, &pe, &error));
    assert_int_equal(error.offset, section + 16);
    assert_string_equal(error.clause, "PE, Section Table");
}

static void sections_may_overlap_but_not_without_end(void **state)
{
    static struct pe_builder_section many[40];
    struct pe_builder builder = {.is_64 = true, .sections = many, .n_sections = 40};
    struct span file;
    struct error error = {0};
    struct pe pe;

    (void)state;
    for (size_t i = 0; i < 40; i++)
        many[i] = (struct pe_builder_section){".s", span_text("x"), 0};
    file = pe_builder_write(&builder, buffer, 0);
    assert_int_equal(file.len, 0);
    many[0].data = span_of(buffer, 1);
    builder.alignment = 16;
    file = pe_builder_write(&builder, buffer, sizeof buffer);
    assert_true(pe_decode(file, &pe, &error));
    put32(pe_builder_section_at(&builder, 1) + 20, 0); /* over the headers */
    assert_true(pe_decode(file, &pe, &error));
    for (size_t i = 0; i < 3; i++) {
        put32(pe_builder_section_at(&builder, i) + 16, (uint32_t)file.len);
        put32(pe_builder_section_at(&builder, i) + 20, 0);
    }
    assert_false(pe_decode(file, &pe, &error));
    assert_int_equal(error.code, ERROR_LIMIT);
}

static struct span with_certificates(const char *bytes, size_t len, struct pe *pe)
{
    *pe = (struct pe){.certificates = span_of(bytes, len), .certificates_offset = 1000};
    return pe->certificates;
}

static void certificates_are_framed_one_by_one(void **state)
{
    struct pe_certificate found[2];
    struct error error;
    struct pe pe;
    size_t n = 7;

    (void)state;
    with_certificates("\x09\0\0\0\0\x02\x02\0A\0\0\0\0\0\0\0\x0A\0\0\0\0\x02\x02\0BC", 26, &pe);
    assert_true(pe_certificates_decode(&pe, found, 2, &n, &error));
    assert_int_equal(n, 2);
    assert_true(span_is(found[0].data, "A"));
    assert_true(span_is(found[1].data, "BC"));
    assert_false(pe_certificates_decode(&pe, found, 1, &n, &error));
    assert_int_equal(error.code, ERROR_LIMIT);
    for (size_t len = 1; len < 26; len++) {
        if (len >= 9 && len <= 16)
            continue; /* the second one and perhaps padding are left out */
        n = 7;
        with_certificates("\x09\0\0\0\0\x02\x02\0A\0\0\0\0\0\0\0\x0A\0\0\0\0\x02\x02\0BC", len,
                          &pe);
        assert_false(pe_certificates_decode(&pe, found, 2, &n, &error));
        assert_int_equal(n, 7);
    }
    with_certificates("\x07\0\0\0\0\x02\x02\0", 8, &pe);
    assert_false(pe_certificates_decode(&pe, found, 2, &n, &error));
    assert_int_equal(error.code, ERROR_MALFORMED);
    assert_int_equal(error.offset, 1008);
    with_certificates("\xFF\xFF\xFF\xFF\0\x02\x02\0", 8, &pe);
    assert_false(pe_certificates_decode(&pe, found, 2, &n, &error));
    assert_int_equal(error.code, ERROR_TRUNCATED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_forms_of_header_are_read),
        cmocka_unit_test(a_long_name_stands_in_the_string_table),
        cmocka_unit_test(an_image_without_directories_has_no_certificates),
        cmocka_unit_test(an_image_cut_anywhere_is_refused),
        cmocka_unit_test(headers_that_lie_are_refused),
        cmocka_unit_test(a_pe_header_inside_the_ms_dos_header_is_refused),
        cmocka_unit_test(an_error_names_the_byte),
        cmocka_unit_test(sections_may_overlap_but_not_without_end),
        cmocka_unit_test(certificates_are_framed_one_by_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
