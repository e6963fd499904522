#include "wire/tcg_no_action.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "base/writer.h"

static void reads_the_startup_locality(void **state)
{
    struct tcg_no_action body;
    struct error error;

    (void)state;
    assert_true(tcg_no_action_decode(span_of("StartupLocality\0\3", 17), &body, &error));
    assert_int_equal(body.kind, TCG_NO_ACTION_STARTUP_LOCALITY);
    assert_int_equal(body.startup_locality, 3);
    assert_true(span_is(body.signature, "StartupLocality"));
    assert_false(tcg_no_action_decode(span_of("StartupLocality\0", 16), &body, &error));
}

static void reads_both_forms_of_a_reference_manifest(void **state)
{
    uint8_t buffer[64];
    struct writer writer = writer_init(buffer, sizeof buffer);
    struct tcg_no_action body;
    struct error error;

    (void)state;
    writer_bytes(&writer, span_of("SP800-155 Event2", 16));
    writer_le32(&writer, 343);
    for (int i = 0; i < 16; i++)
        writer_u8(&writer, (uint8_t)i);
    writer_u8(&writer, 3);
    writer_bytes(&writer, span_text("Abc"));
    writer_u8(&writer, 1);
    writer_bytes(&writer, span_text("M"));
    assert_true(tcg_no_action_decode(writer_span(&writer), &body, &error));
    assert_int_equal(body.kind, TCG_NO_ACTION_REFERENCE_MANIFEST);
    assert_int_equal(body.manifest.vendor_id, 343);
    assert_true(span_is(body.manifest.platform_manufacturer, "Abc"));
    assert_true(span_is(body.manifest.platform_model, "M"));
    for (size_t len = 0; len < writer.len; len++)
        assert_false(tcg_no_action_decode(span_of(buffer, len), &body, &error));
    buffer[15] = 0; /* the first form has no strings */
    assert_true(tcg_no_action_decode(span_of(buffer, 36), &body, &error));
    assert_int_equal(body.manifest.platform_manufacturer.len, 0);
}

static void other_signatures_are_kept(void **state)
{
    struct tcg_no_action body;
    struct error error;

    (void)state;
    assert_true(tcg_no_action_decode(span_of("Something else\0\0more", 20), &body, &error));
    assert_int_equal(body.kind, TCG_NO_ACTION_OTHER);
    assert_true(span_is(body.signature, "Something else"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_the_startup_locality),
        cmocka_unit_test(reads_both_forms_of_a_reference_manifest),
        cmocka_unit_test(other_signatures_are_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
