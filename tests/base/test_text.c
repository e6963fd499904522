#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void foreign_text_becomes_printable(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
        const char *text;
    } CASES[] = {
        {"plain", 5, "plain"},
        {"caf\xC3\xA9", 5, "caf\xC3\xA9"},
        {"\x1B[31m", 5, "\\x1b[31m"},
        {"a\nb", 3, "a\\x0ab"},
        {"\xC0\xAF", 2, "\\xc0\\xaf"},          /* overlong */
        {"\xED\xA0\x80", 3, "\\xed\\xa0\\x80"}, /* surrogate */
        {"\xE2\x82", 2, "\\xe2\\x82"},          /* cut short */
        {"\xE2\x82\xAC", 3, "\xE2\x82\xAC"},
        {"x\xE2\x80\xAEy", 5, "x\\xe2\\x80\\xaey"}, /* what follows is shown from right to left */
        {"\xD8\x9C\xEF\xBB\xBF", 5, "\\xd8\\x9c\\xef\\xbb\\xbf"}, /* and these are not shown */
        {"end\0\0", 5, "end"},
        {"", 0, ""},
    };
    struct arena arena = arena_init(4096);

    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++)
        assert_string_equal(text_printable(&arena, span_of(CASES[i].bytes, CASES[i].len)),
                            CASES[i].text);
    arena_done(&arena);
}

static void utf16_becomes_printable(void **state)
{
    struct arena arena = arena_init(4096);

    (void)state;
    assert_string_equal(text_utf16(&arena, span_of("d\0b\0\0\0x\0", 8)), "db");
    assert_string_equal(text_utf16(&arena, span_of("\x3D\xD8\x00\xDE", 4)), "\xF0\x9F\x98\x80");
    assert_string_equal(text_utf16(&arena, span_of("\x3D\xD8", 2)), "\\x3d\\xd8");
    assert_string_equal(text_utf16(&arena, span_of("a\0b", 3)), "a\\x62");
    assert_string_equal(text_utf16(&arena, span_of("\x2E\x20x", 4)), "\\x2e\\x20x");
    arena_done(&arena);
}

static void hex_goes_both_ways_and_refuses_the_rest(void **state)
{
    struct arena arena = arena_init(4096);
    uint8_t bytes[2];
    size_t len = 99;

    (void)state;
    assert_string_equal(text_hex(&arena, span_of("\x00\xFF", 2)), "00ff");
    assert_true(text_unhex(span_text("0aFf"), bytes, sizeof bytes, &len));
    assert_int_equal(len, 2);
    assert_memory_equal(bytes, "\x0A\xFF", 2);
    assert_false(text_unhex(span_text("0a0"), bytes, sizeof bytes, &len));
    assert_false(text_unhex(span_text("0g"), bytes, sizeof bytes, &len));
    assert_false(text_unhex(span_text("0a0b0c"), bytes, sizeof bytes, &len));
    arena_done(&arena);
}

static void what_shows_is_measured(void **state)
{
    (void)state;
    assert_int_equal(text_shown_len(span_text("a\tb\n\xC3\xA9\xF0\x9F\x98\x80")), 10);
    assert_int_equal(text_shown_len(span_text("ab\xFF")), 2);
    assert_int_equal(text_shown_len(span_text("\xC3")), 0);
    assert_int_equal(text_shown_len(span_text("a\xC0\xAF")), 1);
    assert_int_equal(text_shown_len(span_text("ab\xE2\x80\xAE")), 2); /* right-to-left override */
    assert_int_equal(text_shown_len(span_text("\xEF\xBB\xBF")), 0);   /* byte order mark */
}

static void words_have_a_distance(void **state)
{
    char longest[66];

    (void)state;
    memset(longest, 'a', 65);
    longest[65] = '\0';
    assert_int_equal(text_distance(span_text("host"), span_text("host")), 0);
    assert_int_equal(text_distance(span_text("hots"), span_text("host")), 2);
    assert_int_equal(text_distance(span_text(""), span_text("abc")), 3);
    assert_int_equal(text_distance(span_text("enabeld"), span_text("enabled")), 2);
    assert_int_equal(text_distance(span_of(longest, 64), span_text("a")), 63);
    assert_true(text_distance(span_text(longest), span_text("a")) == SIZE_MAX);
}

static void arena_keeps_to_its_cap(void **state)
{
    struct arena arena = arena_init(64);

    (void)state;
    assert_non_null(arena_alloc(&arena, 48));
    assert_null(arena_alloc(&arena, 48));
    assert_null(arena_array(&arena, SIZE_MAX / 2, 4));
    arena_reset(&arena);
    assert_non_null(arena_alloc(&arena, 64));
    arena_done(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(foreign_text_becomes_printable),
        cmocka_unit_test(utf16_becomes_printable),
        cmocka_unit_test(hex_goes_both_ways_and_refuses_the_rest),
        cmocka_unit_test(what_shows_is_measured),
        cmocka_unit_test(words_have_a_distance),
        cmocka_unit_test(arena_keeps_to_its_cap),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
