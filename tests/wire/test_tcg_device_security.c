/* Device security events: both versions, cut at every byte, and with lengths that lie. */
#include "wire/tcg_device_security.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "base/writer.h"

static uint8_t buffer[512];

enum { PATH_LEN = 4, BLOCK_LEN = 4 + 3, CONTEXT_LEN = 16 };
enum { LENGTH_1 = 18, MEASUREMENT_LENGTH = 30, PATH_LENGTH_1 = 28 + BLOCK_LEN };
enum { LENGTH_2 = 20, CONTENTS_LENGTH = 32, PATH_LENGTH_2 = 44 };

static void write_path(struct writer *writer)
{
    writer_le64(writer, PATH_LEN);
    writer_le32(writer, 0x0004FF7F);
}

static void write_block(struct writer *writer)
{
    writer_u8(writer, 1);
    writer_u8(writer, 1);
    writer_le16(writer, 3);
    writer_bytes(writer, span_text("abc"));
}

static void write_context(struct writer *writer)
{
    writer_le16(writer, 0);
    writer_le16(writer, CONTEXT_LEN);
    writer_le16(writer, 0x8086);
    writer_le16(writer, 0x1234);
    writer_u8(writer, 7);
    writer_u8(writer, 0x02);
    writer_u8(writer, 0x08);
    writer_u8(writer, 0x01);
    writer_le16(writer, 0x17AA);
    writer_le16(writer, 0x5678);
}

static struct span first_form(void)
{
    struct writer writer = writer_init(buffer, sizeof buffer);

    writer_bytes(&writer, span_of("SPDM Device Sec\0", 16));
    writer_le16(&writer, 1);
    writer_le16(&writer, 28 + BLOCK_LEN + 8 + PATH_LEN + CONTEXT_LEN);
    writer_le32(&writer, 2);
    writer_le32(&writer, TCG_DEVICE_PCI);
    write_block(&writer);
    write_path(&writer);
    write_context(&writer);
    return writer_span(&writer);
}

static struct span second_form(uint32_t contents)
{
    struct writer writer = writer_init(buffer, sizeof buffer);

    writer_bytes(&writer, span_of("SPDM Device Sec2", 16));
    writer_le16(&writer, 2);
    writer_u8(&writer, TCG_DEVICE_AUTH_NO_BINDING);
    writer_u8(&writer, 0);
    writer_le32(&writer, 20 + 8 + PATH_LEN + 8 + BLOCK_LEN + CONTEXT_LEN);
    writer_le32(&writer, TCG_DEVICE_PCI);
    writer_le32(&writer, contents);
    writer_le32(&writer, 8 + BLOCK_LEN);
    writer_le64(&writer, 99);
    write_path(&writer);
    writer_le32(&writer, 0x00010012);
    writer_le32(&writer, 4);
    write_block(&writer);
    write_context(&writer);
    return writer_span(&writer);
}

static void both_forms_are_read(void **state)
{
    struct tcg_device_security device;
    struct error error;

    (void)state;
    assert_true(tcg_device_security_decode(first_form(), &device, &error));
    assert_int_equal(device.version, 1);
    assert_false(device.has_authentication);
    assert_int_equal(device.hash_algorithm, 2);
    assert_int_equal(device.body.len, BLOCK_LEN);
    assert_int_equal(device.device_path.len, PATH_LEN);
    assert_true(device.has_pci);
    assert_int_equal(device.pci.vendor, 0x8086);
    assert_int_equal(device.pci.class_code, 0x010802);
    assert_int_equal(device.pci.subsystem, 0x5678);
    assert_true(tcg_device_security_decode(second_form(TCG_DEVICE_MEASUREMENT), &device, &error));
    assert_int_equal(device.version, 2);
    assert_true(device.has_authentication);
    assert_int_equal(device.authentication, TCG_DEVICE_AUTH_NO_BINDING);
    assert_int_equal(device.uid, 99);
    assert_int_equal(device.hash_algorithm, 4);
    assert_int_equal(device.body.len, BLOCK_LEN);
    assert_int_equal(device.pci.revision, 7);
}

static void contents_of_another_kind_stay_whole(void **state)
{
    struct tcg_device_security device;
    struct error error;

    (void)state;
    assert_true(tcg_device_security_decode(second_form(7), &device, &error));
    assert_int_equal(device.body.len, 8 + BLOCK_LEN);
    assert_int_equal(device.hash_algorithm, 0);
}

static void a_cut_event_is_refused(void **state)
{
    struct tcg_device_security device;
    struct error error;

    (void)state;
    for (int form = 1; form <= 2; form++) {
        struct span whole = form == 1 ? first_form() : second_form(TCG_DEVICE_CERTIFICATES);

        for (size_t len = 0; len < whole.len; len++)
            assert_false(tcg_device_security_decode(span_of(whole.data, len), &device, &error));
        assert_false(
            tcg_device_security_decode(span_of(whole.data, whole.len + 1), &device, &error));
    }
}

static void refuse_with(struct span whole, size_t offset, size_t len, uint8_t value)
{
    struct tcg_device_security device;
    struct error error;

    memset(buffer + offset, value, len);
    assert_false(tcg_device_security_decode(whole, &device, &error));
    assert_non_null(error.clause);
}

static void lengths_that_lie_are_refused(void **state)
{
    static const uint8_t values[] = {0, 1, 0xFF};

    (void)state;
    for (size_t i = 0; i < sizeof values; i++) {
        refuse_with(first_form(), LENGTH_1, 2, values[i]);
        refuse_with(first_form(), MEASUREMENT_LENGTH, 2, values[i]);
        refuse_with(first_form(), PATH_LENGTH_1, 8, values[i]);
        refuse_with(first_form(), first_form().len - CONTEXT_LEN + 2, 2, values[i]);
        refuse_with(second_form(0), LENGTH_2, 4, values[i]);
        refuse_with(second_form(0), CONTENTS_LENGTH, 4, values[i]);
        refuse_with(second_form(0), PATH_LENGTH_2, 8, values[i]);
        refuse_with(second_form(0), second_form(0).len - CONTEXT_LEN + 2, 2, values[i]);
    }
}

static void version_and_signature_must_agree(void **state)
{
    struct tcg_device_security device;
    struct error error;

    (void)state;
    refuse_with(first_form(), 16, 1, 2);
    refuse_with(second_form(0), 16, 1, 1);
    first_form();
    buffer[0] = 'X';
    assert_false(tcg_device_security_is(span_of(buffer, 64)));
    assert_false(tcg_device_security_decode(span_of(buffer, 64), &device, &error));
    assert_int_equal(error.code, ERROR_UNSUPPORTED);
    assert_false(tcg_device_security_is(span_of(buffer, 8)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_forms_are_read),
        cmocka_unit_test(contents_of_another_kind_stay_whole),
        cmocka_unit_test(a_cut_event_is_refused),
        cmocka_unit_test(lengths_that_lie_are_refused),
        cmocka_unit_test(version_and_signature_must_agree),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
