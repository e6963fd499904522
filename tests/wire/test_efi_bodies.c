/* The small bodies of UEFI events: images, firmware volumes, partition tables, boot options. */
#include "wire/efi_firmware_blob.h"
#include "wire/efi_gpt.h"
#include "wire/efi_image_load.h"
#include "wire/efi_load_option.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "base/limits.h"
#include "base/writer.h"

static uint8_t buffer[4096];

static void fill(struct writer *writer, uint8_t value, size_t len)
{
    for (size_t i = 0; i < len; i++)
        writer_u8(writer, value);
}

static void reads_an_image_load_event(void **state)
{
    struct writer writer = writer_init(buffer, sizeof buffer);
    struct efi_image_load image;
    struct error error;

    (void)state;
    writer_le64(&writer, 0x1000);
    writer_le64(&writer, 0x2000);
    writer_le64(&writer, 0);
    writer_le64(&writer, 4);
    writer_le32(&writer, 0x0004FF7F);
    assert_true(efi_image_load_decode(writer_span(&writer), &image, &error));
    assert_int_equal(image.location, 0x1000);
    assert_int_equal(image.image_len, 0x2000);
    assert_int_equal(image.device_path.len, 4);
    for (size_t len = 0; len < writer.len; len++)
        assert_false(efi_image_load_decode(span_of(buffer, len), &image, &error));
    assert_int_equal(image.trailing.len, 0);
    writer_le32(&writer, 0xDEADBEEF); /* memory that happened to stand there */
    assert_true(efi_image_load_decode(writer_span(&writer), &image, &error));
    assert_int_equal(image.device_path.len, 4);
    assert_int_equal(image.trailing.len, 4);
    assert_memory_equal(image.trailing.data, "\xEF\xBE\xAD\xDE", 4);
}

static void reads_both_forms_of_a_firmware_blob(void **state)
{
    struct writer writer = writer_init(buffer, sizeof buffer);
    struct efi_firmware_blob blob;
    struct error error;

    (void)state;
    writer_le64(&writer, 0x800000);
    writer_le64(&writer, 0x1000);
    assert_true(efi_firmware_blob_decode(writer_span(&writer), false, &blob, &error));
    assert_int_equal(blob.base, 0x800000);
    assert_int_equal(blob.len, 0x1000);
    writer = writer_init(buffer, sizeof buffer);
    writer_u8(&writer, 3);
    writer_bytes(&writer, span_text("PEI"));
    writer_le64(&writer, 1);
    writer_le64(&writer, 2);
    assert_true(efi_firmware_blob_decode(writer_span(&writer), true, &blob, &error));
    assert_true(span_is(blob.description, "PEI"));
    assert_int_equal(blob.len, 2);
    assert_false(efi_firmware_blob_decode(writer_span(&writer), false, &blob, &error));
    for (size_t len = 0; len < writer.len; len++)
        assert_false(efi_firmware_blob_decode(span_of(buffer, len), true, &blob, &error));
}

static struct span gpt_bytes(uint32_t entry_len, uint64_t n_declared, size_t n)
{
    struct writer writer = writer_init(buffer, sizeof buffer);

    fill(&writer, 0, 40);
    writer_le64(&writer, 34);
    writer_le64(&writer, 1000);
    fill(&writer, 0xD1, 16);
    fill(&writer, 0, 12);
    writer_le32(&writer, entry_len);
    fill(&writer, 0, 4);
    writer_le64(&writer, n_declared);
    for (size_t i = 0; i < n; i++) {
        fill(&writer, 0x11, 16);
        fill(&writer, 0x22, 16);
        writer_le64(&writer, 100 + i);
        writer_le64(&writer, 200 + i);
        writer_le64(&writer, 0);
        writer_le16(&writer, 'a');
        fill(&writer, 0, 70);
    }
    return writer_span(&writer);
}

static void reads_a_partition_table(void **state)
{
    struct efi_gpt gpt;
    struct efi_gpt_partition partition;
    struct error error;
    struct span bytes = gpt_bytes(128, 2, 2);

    (void)state;
    assert_true(efi_gpt_decode(bytes, &gpt, &error));
    assert_int_equal(gpt.n_partitions, 2);
    assert_int_equal(gpt.disk_guid.data[0], 0xD1);
    partition = efi_gpt_partition(&gpt, 1);
    assert_int_equal(partition.first_lba, 101);
    assert_int_equal(partition.last_lba, 201);
    assert_int_equal(partition.type_guid.data[0], 0x11);
    assert_int_equal(partition.name.data[0], 'a');
    for (size_t len = 0; len < bytes.len; len++)
        assert_false(efi_gpt_decode(span_of(bytes.data, len), &gpt, &error));
}

static void partition_lengths_that_contradict_fail(void **state)
{
    struct efi_gpt gpt;
    struct error error;

    (void)state;
    assert_false(efi_gpt_decode(gpt_bytes(128, 3, 2), &gpt, &error));
    assert_false(efi_gpt_decode(gpt_bytes(128, 1, 2), &gpt, &error));
    assert_false(efi_gpt_decode(gpt_bytes(0, 2, 2), &gpt, &error));
    assert_false(efi_gpt_decode(gpt_bytes(127, 2, 2), &gpt, &error));
    assert_false(efi_gpt_decode(gpt_bytes(128, UINT64_MAX, 2), &gpt, &error));
    assert_int_equal(error.code, ERROR_LIMIT);
}

static void reads_a_boot_option(void **state)
{
    struct writer writer = writer_init(buffer, sizeof buffer);
    struct efi_load_option option;
    struct error error;
    size_t fixed;

    (void)state;
    writer_le32(&writer, EFI_LOAD_OPTION_ACTIVE);
    writer_le16(&writer, 4);
    writer_le16(&writer, 'o');
    writer_le16(&writer, 'k');
    writer_le16(&writer, 0);
    writer_le32(&writer, 0x0004FF7F);
    fixed = writer.len;
    writer_u8(&writer, 9);
    assert_true(efi_load_option_decode(writer_span(&writer), &option, &error));
    assert_int_equal(option.description.len, 4);
    assert_int_equal(option.device_path.len, 4);
    assert_int_equal(option.optional_data.len, 1);
    for (size_t len = 0; len < fixed; len++)
        assert_false(efi_load_option_decode(span_of(buffer, len), &option, &error));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_an_image_load_event),
        cmocka_unit_test(reads_both_forms_of_a_firmware_blob),
        cmocka_unit_test(reads_a_partition_table),
        cmocka_unit_test(partition_lengths_that_contradict_fail),
        cmocka_unit_test(reads_a_boot_option),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
