/* SMBIOS tables: both entry points, structures, strings, and every way in which they lie. */
#include "wire/smbios.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "support/smbios_builder.h"

enum { HEAD_2_LEN = SMBIOS_BUILDER_HEAD_2_LEN, HEAD_3_LEN = SMBIOS_BUILDER_HEAD_3_LEN };

static uint8_t buffer[LIMIT_SMBIOS_LEN + 64];

static struct span finish(struct writer *writer, bool newer)
{
    smbios_builder_entry_point(buffer, newer, writer->len - (newer ? HEAD_3_LEN : HEAD_2_LEN));
    return writer_span(writer);
}

static struct writer begin(bool newer)
{
    struct writer writer = writer_init(buffer, sizeof buffer);

    for (size_t i = 0; i < (newer ? HEAD_3_LEN : HEAD_2_LEN); i++)
        writer_u8(&writer, 0);
    return writer;
}

static struct span machine_bytes(bool newer)
{
    return smbios_builder_machine(buffer, sizeof buffer, newer, "Acme", "Anvil");
}

static void reads_both_entry_points(void **state)
{
    struct smbios_structure structure;
    struct smbios smbios;
    struct error error;

    (void)state;
    for (int newer = 0; newer <= 1; newer++) {
        assert_true(smbios_decode(machine_bytes(newer), &smbios, &error));
        assert_int_equal(smbios.major, newer ? 3 : 2);
        assert_int_equal(smbios.minor, newer ? 7 : 8);
        assert_int_equal(smbios.offset, newer ? HEAD_3_LEN : HEAD_2_LEN);
        assert_int_equal(smbios.n_structures, 4);
        assert_true(smbios_find(&smbios, SMBIOS_SYSTEM, &structure));
        assert_int_equal(structure.handle, 0x101);
        assert_true(span_is(smbios_string(&structure, SMBIOS_SYSTEM_MANUFACTURER), "Acme"));
        assert_true(span_is(smbios_string(&structure, SMBIOS_SYSTEM_PRODUCT), "Anvil"));
        assert_true(smbios_find(&smbios, SMBIOS_FIRMWARE, &structure));
        assert_true(span_is(smbios_string(&structure, SMBIOS_FIRMWARE_VENDOR), "Acme BIOS"));
        assert_true(span_is(smbios_string(&structure, SMBIOS_FIRMWARE_VERSION), "1.2"));
        assert_true(span_is(smbios_string(&structure, SMBIOS_FIRMWARE_DATE), "2026-01-02"));
        assert_false(smbios_find(&smbios, (enum smbios_type)200, &structure));
    }
}

static void says_what_the_machine_calls_itself(void **state)
{
    struct arena arena = arena_init(1 << 16);
    struct smbios_machine machine;
    struct smbios smbios;
    struct error error;
    struct writer writer;

    (void)state;
    assert_true(smbios_decode(machine_bytes(true), &smbios, &error));
    assert_true(smbios_machine(&smbios, &arena, &machine));
    assert_string_equal(machine.manufacturer, "Acme");
    assert_string_equal(machine.model, "Anvil");
    assert_string_equal(machine.firmware, "Acme BIOS 1.2 2026-01-02");
    /* Spaces around and what a terminal would obey. */
    writer = begin(true);
    smbios_builder_structure(&writer, 0, span_of("\0\1\0\0\0", 5), span_of("1.2", 4));
    smbios_builder_structure(&writer, 1, span_of("\x02\x01", 2), span_of("  \x1b[2J \0 ", 10));
    assert_true(smbios_decode(finish(&writer, true), &smbios, &error));
    assert_true(smbios_machine(&smbios, &arena, &machine));
    assert_string_equal(machine.manufacturer, "");
    assert_string_equal(machine.model, "\\x1b[2J");
    assert_string_equal(machine.firmware, "1.2");
    writer = begin(true);
    smbios_builder_structure(&writer, 127, span_of(NULL, 0), span_of(NULL, 0));
    assert_true(smbios_decode(finish(&writer, true), &smbios, &error));
    assert_true(smbios_machine(&smbios, &arena, &machine));
    assert_true(!*machine.manufacturer && !*machine.model && !*machine.firmware);
    arena_done(&arena);
}

static void a_string_that_is_not_there_is_empty(void **state)
{
    struct smbios_structure structure;
    struct writer writer;
    struct smbios smbios;
    struct error error;

    (void)state;
    assert_true(smbios_decode(machine_bytes(false), &smbios, &error));
    assert_true(smbios_find(&smbios, SMBIOS_SYSTEM, &structure));
    assert_int_equal(smbios_string(&structure, (enum smbios_field)6).len, 0);  /* number 9 */
    assert_int_equal(smbios_string(&structure, (enum smbios_field)7).len, 0);  /* no such field */
    assert_int_equal(smbios_string(&structure, (enum smbios_field)99).len, 0); /* nor this one */
    /* Behind the fields stand strings, of which this one begins like the number of the first. */
    writer = begin(false);
    smbios_builder_structure(&writer, 1, span_of(NULL, 0), span_of("\x01x", 3));
    assert_true(smbios_decode(finish(&writer, false), &smbios, &error));
    assert_true(smbios_find(&smbios, SMBIOS_SYSTEM, &structure));
    assert_int_equal(smbios_string(&structure, SMBIOS_SYSTEM_MANUFACTURER).len, 0);
    assert_true(smbios_decode(machine_bytes(false), &smbios, &error));
    assert_true(smbios_find(&smbios, SMBIOS_FIRMWARE, &structure));
    assert_int_equal(smbios_string(&structure, (enum smbios_field)6).len, 0); /* number 0 */
    assert_true(smbios_find(&smbios, (enum smbios_type)16, &structure));
    assert_int_equal(smbios_string(&structure, (enum smbios_field)4).len, 0); /* number 3 of none */
}

static void tables_cut_at_any_byte_are_refused(void **state)
{
    struct smbios smbios;
    struct error error;

    (void)state;
    for (int newer = 0; newer <= 1; newer++) {
        struct span whole = machine_bytes(newer);

        for (size_t len = 0; len < whole.len; len++)
            if (smbios_decode(span_of(whole.data, len), &smbios, &error))
                /* The newer entry point gives a maximum: what ends between structures is whole. */
                assert_true(newer && smbios.n_structures < 4 && len >= HEAD_3_LEN);
    }
}

static void expect_refused(struct span bytes, enum error_code code, size_t offset)
{
    struct smbios smbios = {.major = 42};
    struct error error;

    assert_false(smbios_decode(bytes, &smbios, &error));
    assert_int_equal(error.code, code);
    assert_int_equal(error.offset, offset);
    assert_int_equal(smbios.major, 42);
}

static void entry_points_that_lie_are_refused(void **state)
{
    struct span bytes = machine_bytes(true);

    (void)state;
    buffer[9]++;
    expect_refused(bytes, ERROR_MALFORMED, 0); /* checksum */
    buffer[9]--, buffer[6]--, buffer[5]++;
    expect_refused(bytes, ERROR_MALFORMED, 7); /* own length */
    bytes = machine_bytes(true);
    buffer[12]--, buffer[5]++;
    expect_refused(bytes, ERROR_MALFORMED, bytes.len); /* one byte more than the maximum */
    bytes = machine_bytes(false);
    buffer[22]--, buffer[21]++;
    expect_refused(bytes, ERROR_MALFORMED, bytes.len); /* length of the tables */
    buffer[22] += 2, buffer[21] -= 2;
    expect_refused(bytes, ERROR_MALFORMED, bytes.len);
    bytes = machine_bytes(false);
    buffer[21]++, buffer[4]--;
    expect_refused(bytes, ERROR_MALFORMED, 16); /* the checksum of its second half */
    bytes = machine_bytes(false);
    buffer[16] = 'X', buffer[21] = (uint8_t)(buffer[21] + '_' - 'X');
    expect_refused(bytes, ERROR_MALFORMED, 21); /* its second anchor */
    bytes = machine_bytes(false);
    buffer[5]++, buffer[4]--;
    expect_refused(bytes, ERROR_MALFORMED, 6);
    bytes = machine_bytes(false);
    buffer[5] -= 1, buffer[4] += 1; /* 0x1E, as in SMBIOS 2.1 */
    assert_true(smbios_decode(bytes, &(struct smbios){0}, &(struct error){0}));
    buffer[0] = '-', buffer[4] = (uint8_t)(buffer[4] + '_' - '-');
    expect_refused(bytes, ERROR_MALFORMED, 4);
}

static void structures_that_lie_are_refused(void **state)
{
    struct span whole = machine_bytes(true);
    struct smbios smbios;
    struct error error;

    (void)state;
    for (unsigned len = 0; len < 256; len++) {
        buffer[HEAD_3_LEN + 1] = (uint8_t)len;
        if (len < 4)
            expect_refused(whole, ERROR_MALFORMED, HEAD_3_LEN + 4);
        else if (len > whole.len - HEAD_3_LEN)
            expect_refused(whole, ERROR_TRUNCATED, HEAD_3_LEN);
        else if (smbios_decode(whole, &smbios, &error))
            assert_in_range(smbios.n_structures, 1, 4);
    }
    whole = machine_bytes(true);
    for (size_t at = HEAD_3_LEN; at < whole.len; at++)
        buffer[at] = 'x';
    buffer[HEAD_3_LEN + 1] = 4;
    expect_refused(whole, ERROR_TRUNCATED, HEAD_3_LEN + 4); /* no double NUL */
    buffer[whole.len - 1] = 0;
    expect_refused(whole, ERROR_TRUNCATED, HEAD_3_LEN + 4); /* nor half of it */
}

static void nothing_behind_the_last_structure_counts(void **state)
{
    struct writer writer = begin(false);
    struct smbios_structure structure;
    struct smbios smbios;
    struct error error;

    (void)state;
    smbios_builder_structure(&writer, 127, span_of(NULL, 0), span_of(NULL, 0));
    smbios_builder_structure(&writer, 1, span_of("\x01", 1), span_of("Forged", 7));
    writer_u8(&writer, 0xFF);
    assert_true(smbios_decode(finish(&writer, false), &smbios, &error));
    assert_int_equal(smbios.n_structures, 1);
    assert_false(smbios_find(&smbios, SMBIOS_SYSTEM, &structure));
}

static void endless_tables_are_over_a_limit(void **state)
{
    struct writer writer = begin(true);
    struct smbios smbios;
    struct error error;

    (void)state;
    for (size_t i = 0; i < LIMIT_SMBIOS_STRUCTURES; i++)
        smbios_builder_structure(&writer, 9, span_of(NULL, 0), span_of(NULL, 0));
    assert_true(smbios_decode(finish(&writer, true), &smbios, &error));
    smbios_builder_structure(&writer, 9, span_of(NULL, 0), span_of(NULL, 0));
    expect_refused(finish(&writer, true), ERROR_LIMIT, writer.len);
    expect_refused(span_of(buffer, LIMIT_SMBIOS_LEN + 1), ERROR_LIMIT, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_both_entry_points),
        cmocka_unit_test(says_what_the_machine_calls_itself),
        cmocka_unit_test(a_string_that_is_not_there_is_empty),
        cmocka_unit_test(tables_cut_at_any_byte_are_refused),
        cmocka_unit_test(entry_points_that_lie_are_refused),
        cmocka_unit_test(structures_that_lie_are_refused),
        cmocka_unit_test(nothing_behind_the_last_structure_counts),
        cmocka_unit_test(endless_tables_are_over_a_limit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
