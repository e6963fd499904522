#include "base/reader.h"
#include "base/writer.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const uint8_t BYTES[] = {0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08};

static struct reader reader_of(size_t len, struct error *error)
{
    return reader_init(span_of(BYTES, len), "test 1.2", error);
}

static void integers_have_their_byte_order(void **state)
{
    struct error error = {0};
    struct reader reader = reader_of(8, &error);

    (void)state;
    assert_int_equal(reader_be16(&reader), 0x0102);
    assert_int_equal(reader_le16(&reader), 0x0403);
    assert_int_equal(reader_be32(&reader), 0x05060708);
    assert_true(reader_end(&reader));
}

static void first_error_sticks_with_its_position(void **state)
{
    struct error error = {0};
    struct reader reader = reader_of(3, &error);

    (void)state;
    assert_int_equal(reader_u8(&reader), 1);
    assert_int_equal(reader_be32(&reader), 0);
    assert_false(reader_ok(&reader));
    assert_int_equal(error.code, ERROR_TRUNCATED);
    assert_int_equal(error.offset, 1);
    assert_string_equal(error.clause, "test 1.2");
    reader_fail(&reader, ERROR_MALFORMED, "later");
    assert_int_equal(error.code, ERROR_TRUNCATED);
    assert_false(reader_end(&reader));
}

static void trailing_bytes_are_an_error(void **state)
{
    struct error error = {0};
    struct reader reader = reader_of(3, &error);

    (void)state;
    reader_be16(&reader);
    assert_false(reader_end(&reader));
    assert_int_equal(error.code, ERROR_TRAILING);
    assert_int_equal(error.offset, 2);
}

static void child_keeps_to_its_bytes_and_reports_absolute_offsets(void **state)
{
    struct error error = {0};
    struct reader reader = reader_of(8, &error), child;

    (void)state;
    reader_be16(&reader);
    child = reader_child(&reader, 3, "test child");
    reader_be16(&child);
    reader_be16(&child);
    assert_false(reader_ok(&child));
    assert_int_equal(error.offset, 4);
    assert_true(reader_ok(&reader));
    reader_join(&reader, &child);
    assert_false(reader_ok(&reader));
}

static void child_longer_than_parent_fails_both(void **state)
{
    struct error error = {0};
    struct reader reader = reader_of(4, &error), child;

    (void)state;
    child = reader_child(&reader, 5, "test child");
    assert_false(reader_ok(&child));
    assert_false(reader_ok(&reader));
    assert_int_equal(error.code, ERROR_TRUNCATED);
}

static void prefixed_bytes_obey_their_cap(void **state)
{
    struct error error = {0};
    struct reader reader = reader_of(8, &error);

    (void)state;
    assert_int_equal(reader_be16_bytes(&reader, 16, "name").len, 0);
    assert_int_equal(error.code, ERROR_LIMIT);
}

static void writer_refuses_what_does_not_fit(void **state)
{
    uint8_t buffer[4];
    struct writer writer = writer_init(buffer, sizeof buffer);
    struct error error = {0};
    struct span bytes = span_text("untouched");

    (void)state;
    writer_be16(&writer, 0x0102);
    writer_be32(&writer, 7);
    assert_false(writer_done(&writer, &bytes, &error));
    assert_true(span_is(bytes, "untouched"));
    assert_int_equal(writer_span(&writer).len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers_have_their_byte_order),
        cmocka_unit_test(first_error_sticks_with_its_position),
        cmocka_unit_test(trailing_bytes_are_an_error),
        cmocka_unit_test(child_keeps_to_its_bytes_and_reports_absolute_offsets),
        cmocka_unit_test(child_longer_than_parent_fails_both),
        cmocka_unit_test(prefixed_bytes_obey_their_cap),
        cmocka_unit_test(writer_refuses_what_does_not_fit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
