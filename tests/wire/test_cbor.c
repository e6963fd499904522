/* Deterministic CBOR: the vectors of RFC 8949 appendix A that the subset has, every second form of
 * a value refused, and what the writer writes read back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/limits.h"
#include "base/text.h"
#include "wire/cbor.h"

struct input {
    uint8_t bytes[512];
    size_t len;
    struct error error;
    struct reader reader;
};

static void open_hex(struct input *input, const char *hex)
{
    assert_true(text_unhex(span_text(hex), input->bytes, sizeof input->bytes, &input->len));
    input->error = (struct error){0};
    input->reader = reader_init(span_of(input->bytes, input->len), "RFC 8949", &input->error);
}

static void test_uint_vectors(void **state)
{
    static const struct {
        const char *hex;
        uint64_t value;
    } VECTORS[] = {
        {"00", 0},
        {"17", 23},
        {"1818", 24},
        {"18ff", 255},
        {"190100", 256},
        {"1a00010000", 65536},
        {"1b0000000100000000", 4294967296},
        {"1bffffffffffffffff", UINT64_MAX},
    };
    struct input input;

    (void)state;
    for (size_t i = 0; i < sizeof VECTORS / sizeof *VECTORS; i++) {
        open_hex(&input, VECTORS[i].hex);
        assert_int_equal(cbor_read_uint(&input.reader, UINT64_MAX, "value"), VECTORS[i].value);
        assert_true(reader_end(&input.reader));
    }
}

static void test_second_forms_are_refused(void **state)
{
    static const char *const FORMS[] = {"1817", "1900ff", "1a0000ffff", "1b00000000ffffffff",
                                        "1c",   "1f",     "20",         "c000",
                                        "f5",   "4100"};
    struct input input;

    (void)state;
    for (size_t i = 0; i < sizeof FORMS / sizeof *FORMS; i++) {
        open_hex(&input, FORMS[i]);
        assert_int_equal(cbor_read_uint(&input.reader, UINT64_MAX, "value"), 0);
        assert_int_equal(input.error.code, ERROR_MALFORMED);
    }
}

static void test_caps_and_truncation(void **state)
{
    struct input input;

    (void)state;
    open_hex(&input, "1903e8");
    cbor_read_uint(&input.reader, 999, "value");
    assert_int_equal(input.error.code, ERROR_LIMIT);

    open_hex(&input, "43010203");
    assert_int_equal(cbor_read_bytes(&input.reader, 2, "value").len, 0);
    assert_int_equal(input.error.code, ERROR_LIMIT);

    open_hex(&input, "430102");
    cbor_read_bytes(&input.reader, 3, "value");
    assert_int_equal(input.error.code, ERROR_TRUNCATED);

    /* a count that the bytes left cannot hold */
    open_hex(&input, "99ffff00");
    assert_int_equal(cbor_read_array(&input.reader, 65535, "value"), 0);
    assert_int_equal(input.error.code, ERROR_TRUNCATED);
    open_hex(&input, "a2000001");
    assert_int_equal(cbor_read_map(&input.reader, 8, "value").left, 0);
    assert_int_equal(input.error.code, ERROR_TRUNCATED);
    open_hex(&input, "83000000");
    cbor_read_array(&input.reader, 2, "value");
    assert_int_equal(input.error.code, ERROR_LIMIT);
}

static void test_text(void **state)
{
    struct input input;

    (void)state;
    open_hex(&input, "62c3bc");
    assert_true(span_is(cbor_read_text(&input.reader, 10, "value"), "\xc3\xbc"));
    open_hex(&input, "610a");
    assert_true(span_is(cbor_read_text(&input.reader, 10, "value"), "\n"));
    open_hex(&input, "62c328");
    assert_int_equal(cbor_read_text(&input.reader, 10, "value").len, 0);
    assert_int_equal(input.error.code, ERROR_MALFORMED);
    open_hex(&input, "61ff");
    cbor_read_text(&input.reader, 10, "value");
    assert_int_equal(input.error.code, ERROR_MALFORMED);
}

static void test_bool(void **state)
{
    struct input input;

    (void)state;
    open_hex(&input, "f5f4f6");
    assert_true(cbor_read_bool(&input.reader, "value"));
    assert_false(cbor_read_bool(&input.reader, "value"));
    assert_true(reader_ok(&input.reader));
    assert_false(cbor_read_bool(&input.reader, "value"));
    assert_int_equal(input.error.code, ERROR_MALFORMED);
}

/* Walks a map of integers; true when it is accepted to its end. */
static bool int_map_holds(const char *hex)
{
    struct input input;
    struct cbor_map map;
    uint64_t key;

    open_hex(&input, hex);
    map = cbor_read_map(&input.reader, 8, "map");
    while (cbor_map_next(&input.reader, &map, &key))
        cbor_read_uint(&input.reader, UINT64_MAX, "value");
    return reader_end(&input.reader);
}

static bool text_map_holds(const char *hex)
{
    struct input input;
    struct cbor_text_map map;
    struct span key;

    open_hex(&input, hex);
    map = cbor_read_text_map(&input.reader, 8, "map");
    while (cbor_text_map_next(&input.reader, &map, 16, &key))
        cbor_read_uint(&input.reader, UINT64_MAX, "value");
    return reader_end(&input.reader);
}

static void test_map_order(void **state)
{
    (void)state;
    assert_true(int_map_holds("a0"));
    assert_true(int_map_holds("a2000a010b"));
    assert_false(int_map_holds("a2010a000b"));
    assert_false(int_map_holds("a2010a010b"));
    assert_true(text_map_holds("a261620162616102"));
    assert_false(text_map_holds("a262616101616202")); /* longer key first */
    assert_false(text_map_holds("a2616101616102"));
    assert_false(text_map_holds("a16001"));
}

static void test_written_reads_back(void **state)
{
    static const uint64_t VALUES[] = {0,     23,         24,          255,       256,
                                      65535, 4294967295, 4294967296u, UINT64_MAX};
    const size_t n_values = sizeof VALUES / sizeof *VALUES;
    struct arena arena = arena_init(1 << 20);
    struct cbor_writer writer = cbor_writer_init(&arena);
    struct error error;
    struct span bytes;
    struct reader reader;

    (void)state;
    cbor_write_array(&writer, n_values + 3);
    for (size_t i = 0; i < n_values; i++)
        cbor_write_uint(&writer, VALUES[i]);
    cbor_write_bytes(&writer, span_of(VALUES, 40));
    cbor_write_text(&writer, span_text("text"));
    cbor_write_bool(&writer, true);
    assert_true(cbor_writer_done(&writer, &bytes, &error));

    reader = reader_init(bytes, "RFC 8949", &error);
    assert_int_equal(cbor_read_array(&reader, 100, "array"), n_values + 3);
    for (size_t i = 0; i < n_values; i++)
        assert_int_equal(cbor_read_uint(&reader, UINT64_MAX, "value"), VALUES[i]);
    assert_int_equal(cbor_read_bytes(&reader, 100, "bytes").len, 40);
    assert_true(span_is(cbor_read_text(&reader, 100, "text"), "text"));
    assert_true(cbor_read_bool(&reader, "bool"));
    assert_true(reader_end(&reader));
    arena_done(&arena);
}

static void test_writer_grows_and_fails(void **state)
{
    static const uint8_t BLOCK[300];
    struct arena arena = arena_init(4096);
    struct cbor_writer writer = cbor_writer_init(&arena);
    struct error error;
    struct span bytes;
    uint8_t small[4];

    (void)state;
    for (int i = 0; i < 3; i++)
        cbor_write_bytes(&writer, span_of(BLOCK, sizeof BLOCK));
    assert_true(cbor_writer_done(&writer, &bytes, &error));
    assert_int_equal(bytes.len, 3 * (3 + sizeof BLOCK));
    for (int i = 0; i < 20; i++)
        cbor_write_bytes(&writer, span_of(BLOCK, sizeof BLOCK));
    assert_false(cbor_writer_done(&writer, &bytes, &error));
    assert_int_equal(error.code, ERROR_MEMORY);

    writer = cbor_writer_into(small, sizeof small);
    cbor_write_text(&writer, span_text("abc"));
    assert_true(cbor_writer_done(&writer, &bytes, &error));
    cbor_write_uint(&writer, 0);
    assert_false(cbor_writer_done(&writer, &bytes, &error));
    assert_int_equal(error.code, ERROR_LIMIT);
    arena_done(&arena);
}

/* --- Documents of others --- */

static void test_foreign_forms_are_read(void **state)
{
    static const char *const FIVES[] = {"05", "1805", "190005", "1a00000005", "1b0000000000000005"};
    struct input input;

    (void)state;
    for (size_t i = 0; i < sizeof FIVES / sizeof *FIVES; i++) {
        open_hex(&input, FIVES[i]);
        assert_int_equal(cbor_foreign_int(&input.reader, "value"), 5);
        assert_true(reader_end(&input.reader));
    }
    open_hex(&input, "3863");
    assert_int_equal(cbor_foreign_int(&input.reader, "value"), -100);
    open_hex(&input, "3b7fffffffffffffff");
    assert_true(cbor_foreign_int(&input.reader, "value") == INT64_MIN);
    open_hex(&input, "5800");
    assert_int_equal(cbor_foreign_bytes(&input.reader, 8, "value").len, 0);
    assert_true(reader_end(&input.reader));
    open_hex(&input, "d9000581f6");
    assert_int_equal(cbor_foreign_peek(&input.reader).argument, 5);
    assert_int_equal(cbor_foreign_head(&input.reader, "tag").type, CBOR_TAG);
    assert_int_equal(cbor_foreign_array(&input.reader, 1, "list").left, 1);
    assert_int_equal(reader_left(&input.reader), 1);
    open_hex(&input, "9f");
    assert_true(cbor_foreign_peek(&input.reader).open);
    open_hex(&input, "80");
    assert_false(cbor_foreign_peek(&input.reader).open);
}

/* Reads an array of integers of at most cap items; returns their sum. */
static int64_t sum(struct input *input, const char *hex, size_t cap)
{
    struct cbor_foreign_array array;
    int64_t total = 0;

    open_hex(input, hex);
    array = cbor_foreign_array(&input->reader, cap, "list");
    while (cbor_foreign_more(&input->reader, &array))
        total += cbor_foreign_int(&input->reader, "number");
    return total;
}

static void test_foreign_arrays_end_by_count_or_break(void **state)
{
    static const struct {
        const char *hex;
        size_t cap;
        enum error_code code; /* ERROR_NONE: the numbers make 6 */
        size_t offset;
    } CASES[] = {
        {"83010203", 3, ERROR_NONE, 0},      {"9f010203ff", 3, ERROR_NONE, 0},
        {"9f06ff", 9, ERROR_NONE, 0},        {"83010203", 2, ERROR_LIMIT, 1},
        {"9f010203ff", 2, ERROR_LIMIT, 3},   {"9f010203", 9, ERROR_TRUNCATED, 4},
        {"8301ff03", 9, ERROR_MALFORMED, 2}, {"9f01ff", 0, ERROR_LIMIT, 1},
        {"bf0102ff", 9, ERROR_MALFORMED, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct input input;
        int64_t total = sum(&input, CASES[i].hex, CASES[i].cap);

        if (CASES[i].code == ERROR_NONE) {
            assert_true(reader_end(&input.reader));
            assert_int_equal(total, 6);
        } else {
            assert_int_equal(input.error.code, CASES[i].code);
            assert_int_equal(input.error.offset, CASES[i].offset);
        }
    }
    assert_int_equal(sum(&(struct input){0}, "9fff", 0), 0);
}

static void test_foreign_tuples_have_just_their_items(void **state)
{
    static const struct {
        const char *hex;
        bool good;
    } CASES[] = {{"820506", true},  {"9f0506ff", true},    {"83050607", false}, {"8105", false},
                 {"9f05ff", false}, {"9f050607ff", false}, {"9f0506", false},   {"05", false}};

    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct cbor_foreign_array tuple = {0};
        struct input input;

        open_hex(&input, CASES[i].hex);
        if (cbor_foreign_tuple(&input.reader, 2, "pair", &tuple)) {
            assert_true(cbor_foreign_int(&input.reader, "one") == 5 || !CASES[i].good);
            assert_true(cbor_foreign_int(&input.reader, "other") == 6 || !CASES[i].good);
        }
        cbor_foreign_tuple_end(&input.reader, &tuple);
        assert_int_equal(reader_end(&input.reader), CASES[i].good);
    }
}

static void test_foreign_items_are_skipped(void **state)
{
    static const char *const ITEMS[] = {"00",
                                        "3903e7",
                                        "40",
                                        "43010203",
                                        "6161",
                                        "80",
                                        "8301820203a10405",
                                        "a0",
                                        "a201020304",
                                        "c11a514b67b0",
                                        "d8184101",
                                        "f4",
                                        "f820",
                                        "f93c00",
                                        "fa47c35000",
                                        "fb3ff199999999999a",
                                        "8181818181818100",
                                        "9fff",
                                        "9f0102ff",
                                        "bfff",
                                        "bf0102ff",
                                        "5fff",
                                        "5f41014102ff",
                                        "7f6161ff",
                                        "bf019f5f40ffbf00a0ffffff",
                                        "829fff00",
                                        "db000000010000000005"};
    struct input input;

    (void)state;
    for (size_t i = 0; i < sizeof ITEMS / sizeof *ITEMS; i++) {
        open_hex(&input, ITEMS[i]);
        cbor_foreign_skip(&input.reader, "item");
        assert_true(reader_end(&input.reader));
    }
}

static void test_foreign_items_that_lie_are_refused(void **state)
{
    static const struct {
        const char *hex;
        enum error_code code;
    } ITEMS[] = {
        {"", ERROR_TRUNCATED},
        {"1c", ERROR_MALFORMED},
        {"1f", ERROR_MALFORMED},
        {"df00", ERROR_MALFORMED},
        {"ff", ERROR_MALFORMED},
        {"8201ff", ERROR_MALFORMED},
        {"bf01ff", ERROR_MALFORMED}, /* a key without a value */
        {"c1ff", ERROR_MALFORMED},
        {"5f6161ff", ERROR_MALFORMED}, /* a chunk of another type */
        {"5f5f4101ffff", ERROR_MALFORMED},
        {"9f", ERROR_TRUNCATED},
        {"9f01", ERROR_TRUNCATED},
        {"bf0102", ERROR_TRUNCATED},
        {"5f4101", ERROR_TRUNCATED},
        {"5f4201", ERROR_TRUNCATED},
        {"4201", ERROR_TRUNCATED},
        {"8201", ERROR_TRUNCATED},
        {"a101", ERROR_TRUNCATED},
        {"c1", ERROR_TRUNCATED},
        {"19", ERROR_TRUNCATED},
        {"9b0000000100000000", ERROR_LIMIT},
        {"5bffffffffffffffff", ERROR_TRUNCATED},
    };
    char deep[2 * (LIMIT_CBOR_DEPTH + 1) + 1];
    struct input input;

    (void)state;
    for (size_t i = 0; i < sizeof ITEMS / sizeof *ITEMS; i++) {
        open_hex(&input, ITEMS[i].hex);
        cbor_foreign_skip(&input.reader, "item");
        assert_false(reader_ok(&input.reader));
        assert_int_equal(input.error.code, ITEMS[i].code);
    }
    for (size_t i = 0; i <= LIMIT_CBOR_DEPTH; i++)
        memcpy(deep + 2 * i, i < LIMIT_CBOR_DEPTH ? "81" : "00", 3);
    open_hex(&input, deep);
    cbor_foreign_skip(&input.reader, "item");
    assert_int_equal(input.error.code, ERROR_LIMIT);
    open_hex(&input, deep + 4);
    cbor_foreign_skip(&input.reader, "item");
    assert_true(reader_end(&input.reader));
}

static void test_foreign_types_and_caps_are_held(void **state)
{
    struct input input;

    (void)state;
    open_hex(&input, "00616b");
    reader_u8(&input.reader);
    cbor_foreign_bytes(&input.reader, 8, "key");
    assert_int_equal(input.error.code, ERROR_MALFORMED);
    assert_int_equal(input.error.offset, 1); /* of the item, not of what follows its head */
    open_hex(&input, "5f4101ff");
    cbor_foreign_bytes(&input.reader, 8, "key");
    assert_int_equal(input.error.code, ERROR_UNSUPPORTED);
    open_hex(&input, "43010203");
    cbor_foreign_bytes(&input.reader, 2, "key");
    assert_int_equal(input.error.code, ERROR_LIMIT);
    open_hex(&input, "61ff");
    cbor_foreign_text(&input.reader, 2, "text");
    assert_int_equal(input.error.code, ERROR_MALFORMED);
    open_hex(&input, "8300");
    cbor_foreign_array(&input.reader, 9, "list");
    assert_int_equal(input.error.code, ERROR_TRUNCATED);
    open_hex(&input, "a10000");
    assert_int_equal(cbor_foreign_map(&input.reader, 0, "map").pairs.left, 0);
    assert_int_equal(input.error.code, ERROR_LIMIT);
    open_hex(&input, "1b8000000000000000");
    cbor_foreign_int(&input.reader, "value");
    assert_int_equal(input.error.code, ERROR_LIMIT);
}

static void test_foreign_maps_have_any_order_but_no_key_twice(void **state)
{
    struct cbor_foreign_map map;
    struct input input;
    int64_t key;

    (void)state;
    open_hex(&input, "a5030461616162220502063840f6"); /* {3: 4, "a": "b", -3: 5, 2: 6, -65: null} */
    map = cbor_foreign_map(&input.reader, 5, "map");
    for (size_t i = 0; i < 4; i++) {
        static const int64_t KEYS[] = {3, -3, 2, -65};

        assert_true(cbor_foreign_next(&input.reader, &map, &key));
        assert_int_equal(key, KEYS[i]);
        cbor_foreign_skip(&input.reader, "value");
    }
    assert_false(cbor_foreign_next(&input.reader, &map, &key));
    assert_true(reader_end(&input.reader));
    open_hex(&input, "bf0304020503ff");
    map = cbor_foreign_map(&input.reader, 5, "map");
    for (size_t i = 0; i < 2; i++) {
        assert_true(cbor_foreign_next(&input.reader, &map, &key));
        cbor_foreign_skip(&input.reader, "value");
    }
    assert_false(cbor_foreign_next(&input.reader, &map, &key)); /* twice */
    assert_int_equal(input.error.offset, 5);
    open_hex(&input, "bf03040205ff");
    map = cbor_foreign_map(&input.reader, 2, "map");
    for (size_t i = 0; i < 2; i++) {
        assert_true(cbor_foreign_next(&input.reader, &map, &key));
        assert_int_equal(key, i ? 2 : 3);
        cbor_foreign_skip(&input.reader, "value");
    }
    assert_false(cbor_foreign_next(&input.reader, &map, &key));
    assert_true(reader_end(&input.reader));
    open_hex(&input, "a203040305");
    map = cbor_foreign_map(&input.reader, 5, "map");
    assert_true(cbor_foreign_next(&input.reader, &map, &key));
    cbor_foreign_skip(&input.reader, "value");
    assert_false(cbor_foreign_next(&input.reader, &map, &key));
    assert_int_equal(input.error.code, ERROR_MALFORMED);
    assert_int_equal(input.error.offset, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_uint_vectors),
        cmocka_unit_test(test_second_forms_are_refused),
        cmocka_unit_test(test_caps_and_truncation),
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_bool),
        cmocka_unit_test(test_map_order),
        cmocka_unit_test(test_written_reads_back),
        cmocka_unit_test(test_writer_grows_and_fails),
        cmocka_unit_test(test_foreign_forms_are_read),
        cmocka_unit_test(test_foreign_arrays_end_by_count_or_break),
        cmocka_unit_test(test_foreign_tuples_have_just_their_items),
        cmocka_unit_test(test_foreign_items_are_skipped),
        cmocka_unit_test(test_foreign_items_that_lie_are_refused),
        cmocka_unit_test(test_foreign_types_and_caps_are_held),
        cmocka_unit_test(test_foreign_maps_have_any_order_but_no_key_twice),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
