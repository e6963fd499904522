/* Reference manifest notes: all three versions, cut at every byte, and with lengths that lie. */
#include "wire/tcg_reference_manifest.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "base/writer.h"

static uint8_t buffer[512];

static void write_string(struct writer *writer, const char *text)
{
    writer_u8(writer, (uint8_t)strlen(text));
    writer_bytes(writer, span_text(text));
}

static struct span event(int version)
{
    static const char *const signatures[] = {"", "SP800-155 Event\0", "SP800-155 Event2",
                                             "SP800-155 Event3"};
    struct writer writer = writer_init(buffer, sizeof buffer);

    writer_bytes(&writer, span_of(signatures[version], 16));
    writer_le32(&writer, 343);
    for (int i = 0; i < 16; i++)
        writer_u8(&writer, (uint8_t)i);
    if (version >= 2) {
        write_string(&writer, "Maker");
        write_string(&writer, "Model");
        write_string(&writer, "");
        write_string(&writer, "Author");
        writer_le32(&writer, 674);
        write_string(&writer, "1.2");
    }
    if (version >= 3) {
        writer_le32(&writer, TCG_LOCATOR_URI);
        writer_le32(&writer, 9);
        writer_bytes(&writer, span_text("https://m"));
        writer_le32(&writer, TCG_LOCATOR_RAW);
        writer_le32(&writer, 0);
    }
    return writer_span(&writer);
}

static void every_version_is_read(void **state)
{
    struct tcg_reference_manifest manifest;
    struct error error;

    (void)state;
    for (int version = 1; version <= 3; version++) {
        assert_true(tcg_reference_manifest_decode(event(version), &manifest, &error));
        assert_int_equal(manifest.version, version);
        assert_int_equal(manifest.vendor_id, 343);
        assert_int_equal(manifest.guid.data[15], 15);
        assert_true(span_is(manifest.platform_model, version >= 2 ? "Model" : ""));
        assert_int_equal(manifest.firmware_manufacturer_id, version >= 2 ? 674 : 0);
        assert_true(span_is(manifest.firmware_version, version >= 2 ? "1.2" : ""));
        assert_true(span_is(manifest.manifest.bytes, version >= 3 ? "https://m" : ""));
        assert_int_equal(manifest.manifest.kind, version >= 3 ? TCG_LOCATOR_URI : 0);
        assert_int_equal(manifest.certificate.bytes.len, 0);
    }
}

static void a_cut_event_is_refused(void **state)
{
    struct tcg_reference_manifest manifest;
    struct error error;

    (void)state;
    for (int version = 1; version <= 3; version++) {
        struct span whole = event(version);

        for (size_t len = 0; len < whole.len; len++)
            assert_false(
                tcg_reference_manifest_decode(span_of(whole.data, len), &manifest, &error));
        assert_false(
            tcg_reference_manifest_decode(span_of(whole.data, whole.len + 1), &manifest, &error));
        assert_int_equal(error.code, ERROR_TRAILING);
    }
}

/* Offsets of all length fields of version 3. */
static void lengths_that_lie_are_refused(void **state)
{
    static const size_t strings[] = {36, 42, 48, 49, 60}, locators[] = {68, 85};
    struct tcg_reference_manifest manifest;
    struct error error;

    (void)state;
    for (size_t i = 0; i < sizeof strings / sizeof *strings; i++) {
        struct span whole = event(3);

        buffer[strings[i]] = 0xFF;
        assert_false(tcg_reference_manifest_decode(whole, &manifest, &error));
    }
    for (size_t i = 0; i < sizeof locators / sizeof *locators; i++) {
        struct span whole = event(3);

        memset(buffer + locators[i], 0xFF, 4);
        assert_false(tcg_reference_manifest_decode(whole, &manifest, &error));
        assert_int_equal(error.code, ERROR_TRUNCATED);
    }
}

static void another_signature_is_none(void **state)
{
    struct tcg_reference_manifest manifest;
    struct span whole = event(3);
    struct error error;

    (void)state;
    buffer[15] = '4';
    assert_false(tcg_reference_manifest_decode(whole, &manifest, &error));
    assert_int_equal(error.code, ERROR_UNSUPPORTED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_version_is_read),
        cmocka_unit_test(a_cut_event_is_refused),
        cmocka_unit_test(lengths_that_lie_are_refused),
        cmocka_unit_test(another_signature_is_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
