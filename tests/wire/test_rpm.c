/* RPM headers: names are read, everything that lies about lengths and places is refused. */
#include "wire/rpm.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <stdlib.h>

#include "base/limits.h"
#include "support/rpm_builder.h"

static uint8_t buffer[4096];

static const struct rpm_builder SAMPLE = {.name = "kernel-core",
                                          .version = "6.8.5",
                                          .release = "301.fc40",
                                          .architecture = "x86_64",
                                          .payload = {(const uint8_t *)"compressed", 10}};

static struct span sample(void)
{
    return rpm_builder_write(&SAMPLE, buffer, sizeof buffer);
}

static void put32(size_t at, uint32_t value)
{
    for (size_t i = 0; i < 4; i++)
        buffer[at + i] = (uint8_t)(value >> (24 - 8 * i));
}

static void names_and_payload_are_read(void **state)
{
    struct rpm_builder builder = SAMPLE;
    struct error error;
    struct rpm rpm;

    (void)state;
    assert_true(rpm_is_package(sample()));
    assert_true(rpm_decode(sample(), &rpm, &error));
    assert_true(span_is(rpm.name, "kernel-core"));
    assert_true(span_is(rpm.version, "6.8.5"));
    assert_true(span_is(rpm.release, "301.fc40"));
    assert_true(span_is(rpm.architecture, "x86_64"));
    assert_true(span_is(rpm.payload_format, "cpio"));
    assert_true(span_is(rpm.payload, "compressed"));
    assert_false(rpm.has_epoch);
    builder.has_epoch = true;
    builder.epoch = 0x01020304;
    assert_true(rpm_decode(rpm_builder_write(&builder, buffer, sizeof buffer), &rpm, &error));
    assert_true(rpm.has_epoch);
    assert_int_equal(rpm.epoch, 0x01020304);
}

static void a_package_cut_in_its_headers_is_refused(void **state)
{
    struct span file = sample();

    (void)state;
    for (size_t len = 0; len < file.len - 10; len++) {
        uint8_t *copy = malloc(len ? len : 1);
        struct error error = {0};
        struct rpm rpm;

        memcpy(copy, file.data, len);
        assert_false(rpm_decode(span_of(copy, len), &rpm, &error));
        assert_int_equal(error.code, ERROR_TRUNCATED);
        assert_non_null(error.clause);
        free(copy);
    }
}

static void refuses(size_t at, uint32_t value, enum error_code code)
{
    struct span file = sample();
    struct error error = {0};
    struct rpm rpm;

    put32(at, value);
    assert_false(rpm_decode(file, &rpm, &error));
    assert_int_equal(error.code, code);
    assert_int_not_equal(error.offset, ERROR_NO_OFFSET);
}

static void headers_that_lie_are_refused(void **state)
{
    size_t header = rpm_builder_header_at(&SAMPLE);

    (void)state;
    refuses(0, 0, ERROR_MALFORMED);
    refuses(96, 0, ERROR_MALFORMED);
    refuses(96 + 8, LIMIT_RPM_ENTRIES + 1, ERROR_LIMIT);
    refuses(96 + 8, LIMIT_RPM_ENTRIES, ERROR_TRUNCATED);
    refuses(96 + 12, LIMIT_RPM_STORE_LEN + 1, ERROR_LIMIT);
    refuses(96 + 12, LIMIT_RPM_STORE_LEN, ERROR_TRUNCATED);
    refuses(96 + 12, 8, ERROR_MALFORMED); /* no header where the signature's ends */
    refuses(header, 0, ERROR_MALFORMED);
    refuses(header + 8, UINT32_MAX, ERROR_LIMIT);
    refuses(header + 12, UINT32_MAX, ERROR_LIMIT);
    refuses(header + 16 + 4, 4, ERROR_MALFORMED);          /* a name that is a number */
    refuses(header + 16 + 8, 0x7FFFFFFF, ERROR_MALFORMED); /* outside of the store */
    refuses(header + 16 + 8, UINT32_MAX, ERROR_MALFORMED);
    refuses(header + 12, 5, ERROR_MALFORMED); /* a store in which no name ends */
}

static void an_epoch_outside_of_the_store_is_refused(void **state)
{
    struct rpm_builder builder = SAMPLE;
    size_t entry = rpm_builder_header_at(&SAMPLE) + 16;
    struct error error;
    struct span file;
    struct rpm rpm;

    (void)state;
    builder.has_epoch = true;
    file = rpm_builder_write(&builder, buffer, sizeof buffer);
    assert_true(rpm_decode(file, &rpm, &error));
    put32(entry + 8, 0xFFFFFFFE);
    assert_false(rpm_decode(file, &rpm, &error));
    assert_int_equal(error.code, ERROR_MALFORMED);
    file = rpm_builder_write(&builder, buffer, sizeof buffer);
    put32(entry + 4, 6);
    assert_false(rpm_decode(file, &rpm, &error));
}

static void what_is_no_package_is_told_by_its_start(void **state)
{
    (void)state;
    assert_false(rpm_is_package(span_text("")));
    assert_false(rpm_is_package(span_of("\xED\xAB\xEE", 3)));
    assert_false(rpm_is_package(span_text("!<arch>\n")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_and_payload_are_read),
        cmocka_unit_test(a_package_cut_in_its_headers_is_refused),
        cmocka_unit_test(headers_that_lie_are_refused),
        cmocka_unit_test(an_epoch_outside_of_the_store_is_refused),
        cmocka_unit_test(what_is_no_package_is_told_by_its_start),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
