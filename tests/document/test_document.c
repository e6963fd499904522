/* The reader of operators' documents: where every error stands, what has an end, and that nothing goes
 * unread. */
#include "document/document.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"

enum { HEAD = 1, ITEM, MOST_ITEMS = 3 };

static const struct document_kind KINDS[] = {{HEAD, "head", false, 1},
                                             {ITEM, "item", true, MOST_ITEMS}};
static struct arena arena;
static struct document document;
static struct error error;

static bool read_span(struct span text)
{
    arena_reset(&arena);
    return document_read(text, KINDS, 2, &arena, &document, &error);
}

static void reads(const char *text)
{
    if (!read_span(span_text(text)))
        fail_msg("%s: byte %zu: %s", text, error.offset, error.message);
}

/* Refused at the line and column, in these words; the document is left as it was. */
static void refuses_span(struct span text, size_t line, size_t column, const char *words)
{
    struct document_position position;

    document = (struct document){.n_sections = 4711};
    if (read_span(text))
        fail_msg("read: %.*s", (int)text.len, (const char *)text.data);
    assert_int_equal(document.n_sections, 4711);
    assert_int_equal(error.code, ERROR_USAGE);
    if (!strstr(error.message, words))
        fail_msg("\"%s\" instead of \"%s\"", error.message, words);
    position = document_position_of(text, error.offset);
    assert_int_equal(position.line, line);
    assert_int_equal(position.column, column);
}

static void refuses(const char *text, size_t line, size_t column, const char *words)
{
    refuses_span(span_text(text), line, column, words);
}

static void sections_keys_and_values_are_read(void **state)
{
    const struct document_section *section;

    (void)state;
    reads("; a comment\n[head]\na = 1\nb = two ; and why\r\n\n[item  some name]\nx = one\n  "
          "two\n\tthree\n"
          "y =\n");
    assert_int_equal(document.n_sections, 2);
    assert_int_equal(document.n_values, 4);
    assert_int_equal(document_count(&document, ITEM), 1);
    section = document_find(&document, HEAD, "");
    assert_non_null(section);
    assert_string_equal(section->first->name, "a");
    assert_string_equal(section->last->name, "b");
    assert_string_equal(section->last->value, "two");
    section = document_find(&document, ITEM, "some name");
    assert_non_null(section);
    assert_int_equal(section->n_entries, 2);
    assert_string_equal(section->first->value, "one\ntwo\nthree");
    assert_string_equal(document_entry_text(section->first), "one two three");
    assert_string_equal(section->last->value, "");
    assert_null(document_find(&document, ITEM, "other"));
    reads("");
    assert_int_equal(document.n_sections, 0);
}

static void every_byte_of_a_value_has_its_place(void **state)
{
    static const char TEXT[] = "[head]\nkey = one\n  second\n";
    const struct document_entry *entry;

    (void)state;
    reads(TEXT);
    entry = document.first->first;
    assert_int_equal(document_value_offset(entry, ERROR_NO_OFFSET), strstr(TEXT, "one") - TEXT);
    assert_int_equal(document_value_offset(entry, 2), strstr(TEXT, "e\n") - TEXT);
    assert_int_equal(document_value_offset(entry, strlen("one\nsec")), strstr(TEXT, "ond") - TEXT);
}

static void sections_that_do_not_belong_are_refused(void **state)
{
    (void)state;
    refuses("[head]\na = 1\n[other]\nb = 2\n", 3, 1,
            "expected [head] or [item NAME], found \"other\"");
    refuses("[item]\na = 1\n", 1, 1, "found \"item\"");
    refuses("[item  ]\na = 1\n", 1, 1, "found \"item  \"");
    refuses("[head x]\na = 1\n", 1, 1, "found \"head x\"");
    refuses("[itemx]\na = 1\n", 1, 1, "found \"itemx\"");
    refuses("[head]\na = 1\n[head]\nb = 2\n", 3, 1, "there twice: \"head\"");
    refuses("[head]\n[item a]\nb = 2\n", 1, 1, "the section is empty");
    refuses("[head]\na = 1\n[item a]\n", 3, 1, "the section is empty");
    refuses("a = 1\n[head]\n", 1, 1, "before any section: \"a\"");
    refuses("[item 1]\na=1\n[item 2]\na=1\n[item 3]\na=1\n[item 4]\na=1\n", 7, 1,
            "too many sections of this kind");
    reads("[item 3456789012345678901234567890123456789012345]\na=1\n");
    refuses("[item 34567890123456789012345678901234567890123456]\na=1\n", 1, 1, "longer than 48");
}

static void lines_that_would_be_lost_are_refused(void **state)
{
    char line[256];

    (void)state;
    refuses("[head]\na = 1\nnothing\n", 3, 1, "neither [section] nor key = value");
    refuses("[head\na = 1\n", 1, 1, "has no ] on its line");
    refuses("[head] a = 1\n", 1, 8, "nothing but a comment");
    refuses("[head]\na = 1\n  [item b]\nc = 2\n", 3, 3, "this is a section's name");
    refuses("[head]\na : 1\n", 2, 3, "expected \"=\" behind the key \"a\"");
    refuses("[head]\na = 1\na = 2\n", 3, 1, "the key is there twice: \"a\"");
    snprintf(line, sizeof line, "[head]\nkey = %0189d\n", 7);
    reads(line);
    snprintf(line, sizeof line, "[head]\nkey = %0190d\n", 7);
    refuses(line, 2, 1, "longer than 195 bytes");
}

static void only_text_that_can_be_shown_gets_in(void **state)
{
    static const char HIDDEN[] = "[head]\na = \0x\n";

    (void)state;
    refuses("[head]\na = \x1b[2J\n", 2, 5, "control character");
    refuses("[head]\na = \x7f\n", 2, 5, "control character");
    refuses("[head]\na = true\rfalse\n", 2, 9, "control character");
    refuses("[head]\na = 1\r", 2, 6, "control character");
    refuses_span(span_of(HIDDEN, sizeof HIDDEN - 1), 2, 5, "control character");
    refuses("[head]\na = \xc3(\n", 2, 5, "not UTF-8");
}

/* A text of n pieces behind the head; each has its number between before and after. */
static struct span repeated(const char *head, const char *before, const char *after, size_t n)
{
    static char text[LIMIT_DOCUMENT_LEN + 64];
    size_t len = (size_t)snprintf(text, sizeof text, "%s", head);

    for (size_t i = 0; i < n; i++)
        len += (size_t)snprintf(text + len, sizeof text - len, "%s%07zu%s", before, i, after);
    return span_of(text, len);
}

static void there_is_an_end_to_everything(void **state)
{
    (void)state;
    assert_true(read_span(repeated("[head]\na =", " ", "\n", LIMIT_DOCUMENT_VALUE_LINES)));
    refuses_span(repeated("[head]\na =", " ", "\n", LIMIT_DOCUMENT_VALUE_LINES + 1),
                 LIMIT_DOCUMENT_VALUE_LINES + 2, 1, "too many lines");
    assert_true(read_span(repeated("[head]\n", "k", "=\n", LIMIT_DOCUMENT_VALUES)));
    refuses_span(repeated("[head]\n", "k", "=\n", LIMIT_DOCUMENT_VALUES + 1),
                 LIMIT_DOCUMENT_VALUES + 2, 1, "too many keys");
    assert_true(read_span(repeated("[head]\na=1\n", ";", "\n", (LIMIT_DOCUMENT_LEN - 11) / 9)));
    assert_false(read_span(repeated("[head]\na=1\n", ";", "\n", LIMIT_DOCUMENT_LEN / 9 + 1)));
    assert_int_equal(error.code, ERROR_LIMIT);
}

static void a_full_arena_is_an_error(void **state)
{
    static const char *const TEXTS[] = {
        "[head]\na = 1\n[item x]\nb = one\n two\n three\n four\n five\nc = 2\n",
        "[wrong]\na = 1\n"};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        enum error_code last = ERROR_MEMORY;
        size_t n_failed = 0;

        for (size_t cap = 0; last == ERROR_MEMORY; cap += 16) {
            struct arena small = arena_init(cap);
            struct error wrong = {0};

            last = document_read(span_text(TEXTS[i]), KINDS, 2, &small, &document, &wrong)
                       ? ERROR_NONE
                       : wrong.code;
            n_failed++;
            arena_done(&small);
        }
        assert_int_equal(last, i == 0 ? ERROR_NONE : ERROR_USAGE);
        assert_true(n_failed > 5);
    }
}

static int setup(void **state)
{
    (void)state;
    arena = arena_init((size_t)64 << 20);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_done(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sections_keys_and_values_are_read),
        cmocka_unit_test(every_byte_of_a_value_has_its_place),
        cmocka_unit_test(sections_that_do_not_belong_are_refused),
        cmocka_unit_test(lines_that_would_be_lost_are_refused),
        cmocka_unit_test(only_text_that_can_be_shown_gets_in),
        cmocka_unit_test(there_is_an_end_to_everything),
        cmocka_unit_test(a_full_arena_is_an_error),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
