/* Reasons as the screens of why show them: the heaviest first, with what claims and policies add. */
#include "msg/why_json.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <string.h>

static json_t *reasons_of(const char *text)
{
    json_t *reasons = json_loads(text, 0, NULL);

    assert_non_null(reasons);
    return reasons;
}

static void the_heaviest_stands_first_and_else_nothing_moves(void **state)
{
    static const char *const ORDER[] = {"b", "e", "d", "a", "c", "f", "g"};
    json_t *sorted = why_json_sorted(reasons_of(
        "[{\"code\": \"a\", \"weight\": \"attention\"}, {\"code\": \"b\", \"weight\": "
        "\"untrusted\"},"
        " {\"code\": \"c\", \"weight\": \"note\"}, {\"code\": \"d\", \"weight\": \"unknown\"},"
        " {\"code\": \"e\", \"weight\": \"untrusted\"}, {\"code\": \"f\", \"weight\": \"odd\"},"
        " {\"code\": \"g\"}]"));

    (void)state;
    assert_int_equal(json_array_size(sorted), sizeof ORDER / sizeof *ORDER);
    for (size_t i = 0; i < sizeof ORDER / sizeof *ORDER; i++)
        assert_string_equal(json_string_value(json_object_get(json_array_get(sorted, i), "code")),
                            ORDER[i]);
    json_decref(sorted);
    sorted = why_json_sorted(NULL);
    assert_int_equal(json_array_size(sorted), 0);
    json_decref(sorted);
}

/* The member after completing; "null" for null. */
static const char *completed(const char *reason, const json_t *examined, const char *name)
{
    static char text[64];
    json_t *object = reasons_of(reason);
    const json_t *found;

    why_json_complete(object, examined);
    found = json_object_get(object, name);
    assert_non_null(found);
    strcpy(text, json_is_null(found) ? "null" : json_string_value(found));
    json_decref(object);
    return text;
}

static void grade_and_who_can_change_it_are_added(void **state)
{
    static const char REASON[] = "{\"claim\": \"c\", \"policy\": \"p\", \"rule\": \"r\"}";
    json_t *examined = reasons_of("{\"claims\": {\"c\": {\"grade\": \"attested\"}},"
                                  " \"changed_by\": {\"p\": {\"r\": \"operator\"}}}");

    (void)state;
    assert_string_equal(completed(REASON, examined, "grade"), "attested");
    assert_string_equal(completed(REASON, examined, "changed_by"), "operator");
    assert_string_equal(completed("{\"claim\": \"d\"}", examined, "grade"), "null");
    assert_string_equal(completed("{\"policy\": \"p\"}", examined, "changed_by"), "null");
    assert_string_equal(completed("{\"policy\": \"q\", \"rule\": \"r\"}", examined, "changed_by"),
                        "null");
    assert_string_equal(completed(REASON, NULL, "grade"), "null");
    assert_string_equal(completed(REASON, NULL, "changed_by"), "null");
    json_decref(examined);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_heaviest_stands_first_and_else_nothing_moves),
        cmocka_unit_test(grade_and_who_can_change_it_are_added),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
