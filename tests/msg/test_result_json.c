/* Answers that a host cannot make longer than the service gives them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/limits.h"
#include "msg/result_json.h"

static json_t *list_of(size_t n)
{
    json_t *list = json_array();

    for (size_t i = 0; i < n; i++)
        json_array_append_new(list, json_integer((json_int_t)i));
    return list;
}

static void test_long_lists_are_cut_and_counted(void **state)
{
    json_t *json = json_pack("{s:{s:o, s:o, s:[{s:o}]}}", "claim", "value",
                             list_of(LIMIT_LIST_ITEMS + 7), "events", list_of(LIMIT_LIST_ITEMS),
                             "deep", "labels", list_of(LIMIT_LIST_ITEMS + 1));
    const json_t *claim = json_object_get(json, "claim");
    const json_t *deep = json_array_get(json_object_get(claim, "deep"), 0);

    (void)state;
    assert_true(result_json_shorten(json));
    assert_int_equal(json_array_size(json_object_get(claim, "value")), LIMIT_LIST_ITEMS);
    assert_int_equal(json_integer_value(json_object_get(claim, "n_value")), LIMIT_LIST_ITEMS + 7);
    assert_int_equal(json_integer_value(json_array_get(json_object_get(claim, "value"), 3)), 3);
    assert_int_equal(json_array_size(json_object_get(claim, "events")), LIMIT_LIST_ITEMS);
    assert_null(json_object_get(claim, "n_events"));
    assert_int_equal(json_array_size(json_object_get(deep, "labels")), LIMIT_LIST_ITEMS);
    assert_int_equal(json_integer_value(json_object_get(deep, "n_labels")), LIMIT_LIST_ITEMS + 1);
    json_decref(json);
}

static void test_long_texts_end_between_characters(void **state)
{
    char text[LIMIT_SUMMARY_LEN + 64];
    const char *cut;
    json_t *json;

    (void)state;
    for (size_t shift = 0; shift < 4; shift++) {
        memset(text, 'x', shift);
        for (size_t i = shift; i + 3 < sizeof text; i += 3)
            strcpy(text + i, "\xe2\x82\xac");
        json = json_pack("{s:s, s:[s]}", "text", text, "list", text);
        assert_true(result_json_shorten(json));
        cut = json_string_value(json_object_get(json, "text"));
        assert_true(strlen(cut) <= LIMIT_SUMMARY_LEN && strlen(cut) > LIMIT_SUMMARY_LEN - 4);
        assert_string_equal(cut + strlen(cut) - 3, "...");
        assert_memory_equal(cut, text, strlen(cut) - 3);
        assert_string_equal(json_string_value(json_array_get(json_object_get(json, "list"), 0)),
                            cut);
        json_decref(json);
    }
    text[LIMIT_SUMMARY_LEN] = '\0';
    memset(text, 'y', LIMIT_SUMMARY_LEN);
    json = json_pack("{s:s}", "text", text);
    assert_true(result_json_shorten(json));
    assert_string_equal(json_string_value(json_object_get(json, "text")), text);
    json_decref(json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_long_lists_are_cut_and_counted),
        cmocka_unit_test(test_long_texts_end_between_characters),
    };

    return cmocka_run_group_tests_name("result json", tests, NULL, NULL);
}
