#include "wire/sipa.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "base/writer.h"

static uint8_t buffer[4096];

static void write_head(struct writer *writer, uint32_t id, uint32_t len)
{
    writer_le32(writer, id);
    writer_le32(writer, len);
}

static void containers_come_before_what_they_hold(void **state)
{
    struct writer writer = writer_init(buffer, sizeof buffer);
    struct sipa_walk walk;
    struct sipa_record record;
    struct error error;
    uint64_t value;

    (void)state;
    write_head(&writer, SIPA_TRUSTBOUNDARY, 9);
    write_head(&writer, SIPA_BOOTDEBUGGING, 1);
    writer_u8(&writer, 1);
    write_head(&writer, SIPA_BOOTCOUNTER, 8);
    writer_le64(&writer, 7);
    sipa_open(&walk, writer_span(&writer), &error);
    assert_int_equal(sipa_next(&walk, &record), SIPA_RECORD);
    assert_int_equal(record.id, SIPA_TRUSTBOUNDARY);
    assert_int_equal(record.depth, 0);
    assert_int_equal(sipa_next(&walk, &record), SIPA_RECORD);
    assert_int_equal(record.id, SIPA_BOOTDEBUGGING);
    assert_int_equal(record.depth, 1);
    assert_int_equal(record.offset, 8);
    assert_true(sipa_number(&record, &value));
    assert_int_equal(value, 1);
    assert_int_equal(sipa_next(&walk, &record), SIPA_RECORD);
    assert_int_equal(record.id, SIPA_BOOTCOUNTER);
    assert_int_equal(record.depth, 0);
    assert_true(sipa_number(&record, &value));
    assert_int_equal(value, 7);
    assert_int_equal(sipa_next(&walk, &record), SIPA_END);
    assert_int_equal(sipa_next(&walk, &record), SIPA_END);
}

static void a_skipped_container_is_left_out(void **state)
{
    struct writer writer = writer_init(buffer, sizeof buffer);
    struct sipa_walk walk;
    struct sipa_record record;
    struct error error;

    (void)state;
    write_head(&writer, SIPA_LOADEDMODULE_AGGREGATION, 9);
    write_head(&writer, SIPA_IMAGEVALIDATED, 1);
    writer_u8(&writer, 1);
    write_head(&writer, SIPA_WINPE, 1);
    writer_u8(&writer, 0);
    sipa_open(&walk, writer_span(&writer), &error);
    assert_int_equal(sipa_next(&walk, &record), SIPA_RECORD);
    sipa_skip(&walk);
    assert_int_equal(sipa_next(&walk, &record), SIPA_RECORD);
    assert_int_equal(record.id, SIPA_WINPE);
    assert_int_equal(sipa_next(&walk, &record), SIPA_END);
}

/* What tells Windows' tagged events from others. */
static void records_begin_with_an_id_of_wbcl(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
        bool begins;
    } CASES[] = {
        {"\1\0\5\0", 4, true},   {"\1\0\1\x40", 4, true}, /* a container */
        {"\1\0\1\xC0", 4, true},                          /* one that was not measured */
        {"\1\0\0\0", 4, false}, /* no category, and one that there is not */
        {"\1\0\15\0", 4, false}, {"\1\0\5\1", 4, false},  {"\1\0\5\x20", 4, false},
        {"\1\0\5", 3, false},    {"", 0, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++)
        assert_int_equal(sipa_begins(span_of(CASES[i].bytes, CASES[i].len)), CASES[i].begins);
}

static void every_cut_fails(void **state)
{
    struct writer writer = writer_init(buffer, sizeof buffer);
    struct sipa_walk walk;
    struct sipa_record record;
    struct error error;
    enum sipa_step step;

    (void)state;
    write_head(&writer, SIPA_TRUSTBOUNDARY, 9);
    write_head(&writer, SIPA_BOOTDEBUGGING, 1);
    writer_u8(&writer, 1);
    for (size_t len = 1; len < writer.len; len++) {
        sipa_open(&walk, span_of(buffer, len), &error);
        do {
            step = sipa_next(&walk, &record);
        } while (step == SIPA_RECORD);
        assert_int_equal(step, SIPA_FAILED);
        assert_int_equal(sipa_next(&walk, &record), SIPA_FAILED);
    }
}

static void a_record_may_not_leave_its_container(void **state)
{
    struct writer writer = writer_init(buffer, sizeof buffer);
    struct sipa_walk walk;
    struct sipa_record record;
    struct error error;

    (void)state;
    write_head(&writer, SIPA_TRUSTBOUNDARY, 9);
    write_head(&writer, SIPA_BOOTDEBUGGING, 2); /* one byte more than the container has */
    writer_u8(&writer, 1);
    writer_u8(&writer, 1);
    sipa_open(&walk, writer_span(&writer), &error);
    assert_int_equal(sipa_next(&walk, &record), SIPA_RECORD);
    assert_int_equal(sipa_next(&walk, &record), SIPA_FAILED);
    assert_int_equal(error.code, ERROR_TRUNCATED);
}

static void sizes_up_to_4_gib_fail_softly(void **state)
{
    struct writer writer = writer_init(buffer, sizeof buffer);
    struct sipa_walk walk;
    struct sipa_record record;
    struct error error;

    (void)state;
    write_head(&writer, SIPA_TRUSTBOUNDARY, UINT32_MAX);
    writer_u8(&writer, 1);
    sipa_open(&walk, writer_span(&writer), &error);
    assert_int_equal(sipa_next(&walk, &record), SIPA_FAILED);
}

static void depth_is_capped(void **state)
{
    struct sipa_walk walk;
    struct sipa_record record;
    struct error error;
    enum sipa_step step;

    (void)state;
    for (uint32_t levels = 1; levels <= 100; levels++) {
        struct writer writer = writer_init(buffer, sizeof buffer);

        for (uint32_t i = levels; i > 0; i--)
            write_head(&writer, SIPA_ELAM_AGGREGATION, 8 * (i - 1));
        sipa_open(&walk, writer_span(&writer), &error);
        do {
            step = sipa_next(&walk, &record);
        } while (step == SIPA_RECORD);
        assert_int_equal(step, levels < LIMIT_SIPA_DEPTH ? SIPA_END : SIPA_FAILED);
    }
    assert_int_equal(error.code, ERROR_LIMIT);
}

static void a_number_has_one_size(void **state)
{
    struct sipa_record record = {.id = SIPA_BOOTDEBUGGING, .payload = span_of("\1\0\0\0", 4)};
    uint64_t value;

    (void)state;
    assert_false(sipa_number(&record, &value));
    record.id = SIPA_APPLICATION_SVN;
    assert_true(sipa_number(&record, &value));
    assert_int_equal(value, 1);
    record.id = SIPA_FILEPATH;
    assert_false(sipa_number(&record, &value));
    record.id = 0x12345678;
    assert_false(sipa_number(&record, &value));
}

static void names_come_from_the_table(void **state)
{
    static const struct {
        const char *name, *meaning;
        uint32_t id;
        enum sipa_payload payload;
    } TABLE[] = {
#define SIPA(symbol, id, payload, meaning) {#symbol, meaning, id, payload},
#include "wire/sipa.def"
#undef SIPA
    };

    (void)state;
    for (size_t i = 0; i < sizeof TABLE / sizeof *TABLE; i++) {
        assert_string_equal(sipa_name(TABLE[i].id), TABLE[i].name);
        assert_string_equal(sipa_meaning(TABLE[i].id), TABLE[i].meaning);
        assert_int_equal(sipa_payload_kind(TABLE[i].id), TABLE[i].payload);
    }
    assert_string_equal(sipa_name(0x00050001), "OSKERNELDEBUG");
    assert_non_null(sipa_meaning(0x00050001));
    assert_null(sipa_name(0x00059999));
    assert_null(sipa_meaning(0x00059999));
    assert_int_equal(sipa_payload_kind(0x00059999), SIPA_PAYLOAD_BYTES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(containers_come_before_what_they_hold),
        cmocka_unit_test(a_skipped_container_is_left_out),
        cmocka_unit_test(records_begin_with_an_id_of_wbcl),
        cmocka_unit_test(every_cut_fails),
        cmocka_unit_test(a_record_may_not_leave_its_container),
        cmocka_unit_test(sizes_up_to_4_gib_fail_softly),
        cmocka_unit_test(depth_is_capped),
        cmocka_unit_test(a_number_has_one_size),
        cmocka_unit_test(names_come_from_the_table),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
