#include "wire/efi_variable.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "base/writer.h"

static uint8_t buffer[256];

static struct span variable_bytes(uint64_t name_chars, const char *name, uint64_t data_len,
                                  struct span data)
{
    struct writer writer = writer_init(buffer, sizeof buffer);

    for (int i = 0; i < EFI_GUID_LEN; i++)
        writer_u8(&writer, (uint8_t)i);
    writer_le64(&writer, name_chars);
    writer_le64(&writer, data_len);
    for (; *name; name++)
        writer_le16(&writer, (uint16_t)*name);
    writer_bytes(&writer, data);
    return writer_span(&writer);
}

static void reads_name_and_data(void **state)
{
    struct efi_variable variable;
    struct error error;
    struct span bytes = variable_bytes(4, "Boot", 3, span_text("abc"));

    (void)state;
    assert_true(efi_variable_decode(bytes, &variable, &error));
    assert_true(efi_variable_is(&variable, "Boot"));
    assert_false(efi_variable_is(&variable, "Boo"));
    assert_false(efi_variable_is(&variable, "Boots"));
    assert_true(span_is(variable.data, "abc"));
    assert_int_equal(variable.guid.data[15], 15);
    assert_int_equal(variable.trailing.len, 0);
}

static void keeps_what_old_shims_log_too_much(void **state)
{
    struct efi_variable variable;
    struct error error;

    (void)state;
    assert_true(
        efi_variable_decode(variable_bytes(1, "x", 3, span_text("abcd")), &variable, &error));
    assert_true(span_is(variable.data, "abc"));
    assert_int_equal(variable.trailing.len, 1);
}

static void an_empty_variable_is_legal(void **state)
{
    struct efi_variable variable;
    struct error error;

    (void)state;
    assert_true(
        efi_variable_decode(variable_bytes(2, "db", 0, (struct span){0}), &variable, &error));
    assert_int_equal(variable.data.len, 0);
}

static void every_cut_fails(void **state)
{
    struct efi_variable variable;
    struct error error;
    struct span bytes = variable_bytes(4, "Boot", 3, span_text("abc"));

    (void)state;
    for (size_t len = 0; len < bytes.len; len++)
        assert_false(efi_variable_decode(span_of(bytes.data, len), &variable, &error));
}

static void lengths_that_wrap_fail(void **state)
{
    struct efi_variable variable;
    struct error error;

    (void)state;
    assert_false(efi_variable_decode(variable_bytes(UINT64_C(1) << 63, "x", 1, span_text("y")),
                                     &variable, &error));
    assert_int_equal(error.code, ERROR_LIMIT);
    assert_false(
        efi_variable_decode(variable_bytes(1, "x", UINT64_MAX, span_text("y")), &variable, &error));
    assert_int_equal(error.code, ERROR_LIMIT);
}

static void numbers_are_four_upper_case_digits(void **state)
{
    struct efi_variable variable;
    struct error error;

    (void)state;
    assert_true(
        efi_variable_decode(variable_bytes(8, "Boot001F", 0, (struct span){0}), &variable, &error));
    assert_int_equal(efi_variable_number(&variable, "Boot"), 0x1F);
    assert_int_equal(efi_variable_number(&variable, "Driver"), -1);
    assert_true(
        efi_variable_decode(variable_bytes(8, "Boot001f", 0, (struct span){0}), &variable, &error));
    assert_int_equal(efi_variable_number(&variable, "Boot"), -1);
    assert_true(efi_variable_decode(variable_bytes(9, "BootOrder", 0, (struct span){0}), &variable,
                                    &error));
    assert_int_equal(efi_variable_number(&variable, "Boot"), -1);
    assert_true(
        efi_variable_decode(variable_bytes(8, "Boot0G0/", 0, (struct span){0}), &variable, &error));
    assert_int_equal(efi_variable_number(&variable, "Boot"), -1);
    assert_int_equal(efi_variable_number(&variable, "Root"), -1);
}

/* A name that only looks like another in its low bytes is another name. */
static void characters_beyond_ascii_are_no_ascii(void **state)
{
    static const uint8_t names[][8] = {{'d', 1, 'b', 0}, {'d', 0, 0xE2, 0}, {'d', 0, 'b', 0x80}};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct efi_variable variable = {.name = span_of(names[i], 4)};

        assert_false(efi_variable_is(&variable, "db"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_name_and_data),
        cmocka_unit_test(keeps_what_old_shims_log_too_much),
        cmocka_unit_test(an_empty_variable_is_legal),
        cmocka_unit_test(every_cut_fails),
        cmocka_unit_test(lengths_that_wrap_fail),
        cmocka_unit_test(numbers_are_four_upper_case_digits),
        cmocka_unit_test(characters_beyond_ascii_are_no_ascii),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
