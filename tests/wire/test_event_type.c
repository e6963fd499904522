/* The table of event types: what the profile and real firmware say about digests and PCRs. */
#include "wire/event_type.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void types_have_names(void **state)
{
    (void)state;
    assert_string_equal(event_type_name(0x80000001), "EV_EFI_VARIABLE_DRIVER_CONFIG");
    assert_string_equal(event_type_name(EV_NO_ACTION), "EV_NO_ACTION");
    assert_int_equal(event_type_find(0x800000E0)->value, EV_EFI_VARIABLE_AUTHORITY);
    assert_null(event_type_name(0x12345678));
    assert_null(event_type_find(0xFFFFFFFF));
}

static void rules_depend_on_the_pcr(void **state)
{
    (void)state;
    assert_int_equal(event_type_rule(EV_EVENT_TAG, 12), EVENT_DIGEST_TAGGED);
    assert_int_equal(event_type_rule(EV_EVENT_TAG, 9), EVENT_DIGEST_PERHAPS);
    assert_int_equal(event_type_rule(EV_COMPACT_HASH, 11), EVENT_DIGEST_WHOLE);
    assert_int_equal(event_type_rule(EV_COMPACT_HASH, 6), EVENT_DIGEST_PERHAPS);
    assert_int_equal(event_type_rule(EV_IPL, 8), EVENT_DIGEST_TEXT);
    assert_int_equal(event_type_rule(EV_IPL, 9), EVENT_DIGEST_OPAQUE);
    assert_int_equal(event_type_rule(EV_IPL, 9999), EVENT_DIGEST_TEXT);
    assert_int_equal(event_type_rule(0x12345678, 7), EVENT_DIGEST_PERHAPS);
}

static void types_stand_in_their_pcrs_only(void **state)
{
    (void)state;
    assert_true(event_type_fits(EV_EFI_VARIABLE_AUTHORITY, 7));
    assert_false(event_type_fits(EV_EFI_VARIABLE_AUTHORITY, 12));
    assert_false(event_type_fits(EV_IPL, 7));
    assert_true(event_type_fits(EV_SEPARATOR, 23));
    assert_false(event_type_fits(EV_SEPARATOR, 24));
    assert_false(event_type_fits(EV_SEPARATOR, 0xFFFFFFFF));
    assert_false(event_type_fits(0x12345678, 7));
}

static void what_is_never_measured_is_known_without_the_table(void **state)
{
    (void)state;
#define EVENT_TYPE(symbol, value, name, rule, pcrs, title)                                         \
    assert_int_equal(event_type_is_unmeasured(value), (rule) == EVENT_DIGEST_NEVER);
#define EVENT_RULE(symbol, pcrs, rule)
#include "wire/event_types.def"
#undef EVENT_TYPE
#undef EVENT_RULE
}

static void no_type_stands_twice(void **state)
{
    static const uint32_t values[] = {
#define EVENT_TYPE(symbol, value, name, rule, pcrs, title) value,
#define EVENT_RULE(symbol, pcrs, rule)
#include "wire/event_types.def"
#undef EVENT_TYPE
#undef EVENT_RULE
    };
    const size_t n_values = sizeof values / sizeof *values;

    (void)state;
    for (size_t i = 0; i < n_values; i++)
        for (size_t j = i + 1; j < n_values; j++)
            assert_int_not_equal(values[i], values[j]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(types_have_names),
        cmocka_unit_test(rules_depend_on_the_pcr),
        cmocka_unit_test(types_stand_in_their_pcrs_only),
        cmocka_unit_test(what_is_never_measured_is_known_without_the_table),
        cmocka_unit_test(no_type_stands_twice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
