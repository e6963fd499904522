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

static void finds_a_reference_manifest(void **state)
{
    uint8_t buffer[64];
    struct writer writer = writer_init(buffer, sizeof buffer);
    struct tcg_no_action body;
    struct error error;

    (void)state;
    writer_bytes(&writer, span_of("SP800-155 Event", 16));
    writer_le32(&writer, 343);
    for (int i = 0; i < 16; i++)
        writer_u8(&writer, (uint8_t)i);
    assert_true(tcg_no_action_decode(writer_span(&writer), &body, &error));
    assert_int_equal(body.kind, TCG_NO_ACTION_REFERENCE_MANIFEST);
    assert_int_equal(body.manifest.vendor_id, 343);
    for (size_t len = 0; len < writer.len; len++)
        assert_false(tcg_no_action_decode(span_of(buffer, len), &body, &error));
}

static void reads_a_component_of_the_hardware_root(void **state)
{
    static const char event[] = "H-CRTM CompMeas\0\3ACM\x80\4\0code";
    const size_t len = sizeof event - 1;
    struct tcg_no_action body;
    struct error error;

    (void)state;
    assert_true(tcg_no_action_decode(span_of(event, len), &body, &error));
    assert_int_equal(body.kind, TCG_NO_ACTION_HCRTM_COMPONENT);
    assert_true(span_is(body.component.description, "ACM"));
    assert_int_equal(body.component.format, 0x80);
    assert_true(span_is(body.component.measurement, "code"));
    for (size_t cut = 0; cut < len; cut++)
        assert_false(tcg_no_action_decode(span_of(event, cut), &body, &error));
}

static void reads_what_went_into_an_nv_index(void **state)
{
    static const char dynamic[] = "NvIndexDynamic \0\1\0rrrrrr\5\0\0\0\0\0\0\0\5\0NONCE\2\0xy";
    static const char instance[] = "NvIndexInstance\0\1\0rrrrrrSPDM";
    const size_t len = sizeof dynamic - 1;
    struct tcg_no_action body;
    struct error error;

    (void)state;
    assert_true(tcg_no_action_decode(span_of(dynamic, len), &body, &error));
    assert_int_equal(body.kind, TCG_NO_ACTION_NV_DYNAMIC);
    assert_int_equal(body.nv.uid, 5);
    assert_true(span_is(body.nv.description, "NONCE"));
    assert_true(span_is(body.nv.data, "xy"));
    for (size_t cut = 0; cut < len; cut++)
        assert_false(tcg_no_action_decode(span_of(dynamic, cut), &body, &error));
    assert_true(tcg_no_action_decode(span_of(instance, sizeof instance - 1), &body, &error));
    assert_int_equal(body.kind, TCG_NO_ACTION_NV_INSTANCE);
    assert_true(span_is(body.nv.data, "SPDM"));
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
        cmocka_unit_test(finds_a_reference_manifest),
        cmocka_unit_test(reads_a_component_of_the_hardware_root),
        cmocka_unit_test(reads_what_went_into_an_nv_index),
        cmocka_unit_test(other_signatures_are_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
