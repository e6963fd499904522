#include "wire/efi_revocations.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "base/writer.h"
#include "wire/efi_guid.h"

static const uint8_t SHA256[] = {0x26, 0x16, 0xc4, 0xc1, 0x4c, 0x50, 0x92, 0x40,
                                 0xac, 0xa9, 0x41, 0xf9, 0x36, 0x93, 0x43, 0x28};
static const uint8_t PKCS7[] = {0x9d, 0xd2, 0xaf, 0x4a, 0xdf, 0x68, 0xee, 0x49,
                                0x8a, 0xa9, 0x34, 0x7d, 0x37, 0x56, 0x65, 0xa7};
enum { LIST_LEN = 28 + 2 * 48, SIGNATURE_LEN = 40, HEAD_LEN = 16 + 8 + 16 + SIGNATURE_LEN };

static uint8_t buffer[1024];

static void write_list(struct writer *writer)
{
    writer_bytes(writer, span_of(SHA256, sizeof SHA256));
    writer_le32(writer, LIST_LEN);
    writer_le32(writer, 0);
    writer_le32(writer, 48);
    for (int i = 0; i < 2 * 48; i++)
        writer_u8(writer, (uint8_t)i);
}

/* EFI_VARIABLE_AUTHENTICATION_2; the signature's bytes look like a list themselves. */
static void write_authentication(struct writer *writer, uint32_t len, uint16_t revision,
                                 uint16_t type)
{
    for (int i = 0; i < 16; i++)
        writer_u8(writer, (uint8_t)(0x70 + i));
    writer_le32(writer, len);
    writer_le16(writer, revision);
    writer_le16(writer, type);
    writer_bytes(writer, span_of(PKCS7, sizeof PKCS7));
    writer_bytes(writer, span_of(SHA256, sizeof SHA256));
    for (int i = 16; i < SIGNATURE_LEN; i++)
        writer_u8(writer, 0x51);
}

static struct span update(void)
{
    struct writer writer = writer_init(buffer, sizeof buffer);

    write_authentication(&writer, 24 + SIGNATURE_LEN, 0x0200, 0x0EF1);
    write_list(&writer);
    return writer_span(&writer);
}

static void an_update_is_framed(void **state)
{
    struct efi_revocations file;
    struct error error;
    struct span bytes = update();

    (void)state;
    assert_true(efi_revocations_decode(bytes, &file, &error));
    assert_int_equal(file.form, EFI_REVOCATIONS_UPDATE);
    assert_int_equal(file.offset, HEAD_LEN);
    assert_ptr_equal(file.lists.data, bytes.data + HEAD_LEN);
    assert_int_equal(file.lists.len, LIST_LEN);
    assert_int_equal(file.time.len, 16);
    assert_int_equal(file.time.data[0], 0x70);
}

static void lists_alone_and_with_attributes_are_framed(void **state)
{
    struct writer writer = writer_init(buffer, sizeof buffer);
    struct efi_revocations file;
    struct error error;

    (void)state;
    writer_le32(&writer, 0x27);
    write_list(&writer);
    assert_true(efi_revocations_decode(writer_span(&writer), &file, &error));
    assert_int_equal(file.form, EFI_REVOCATIONS_EFIVARFS);
    assert_int_equal(file.offset, 4);
    assert_int_equal(file.time.len, 0);
    assert_true(efi_revocations_decode(span_of(buffer + 4, LIST_LEN), &file, &error));
    assert_int_equal(file.form, EFI_REVOCATIONS_BARE);
    assert_int_equal(file.offset, 0);
}

static void truncated_anywhere_it_is_refused_with_its_position(void **state)
{
    struct efi_revocations file = {.offset = 4711};
    struct error error;
    struct span bytes = update();

    (void)state;
    for (size_t len = 0; len < bytes.len; len++) {
        assert_false(efi_revocations_decode(span_of(bytes.data, len), &file, &error));
        assert_int_equal(file.offset, 4711);
        if (len > 0 && len != HEAD_LEN) /* there, nothing is missing but signatures */
            assert_true(error.offset <= len);
    }
}

static void lengths_that_lie_are_refused(void **state)
{
    static const uint32_t lengths[] = {
        0, 7, 8, 23, 24 + SIGNATURE_LEN - 1, 24 + SIGNATURE_LEN + 1, 0x7FFFFFFF, 0xFFFFFFFF};
    struct efi_revocations file;
    struct error error;

    (void)state;
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        struct writer writer = writer_init(buffer, sizeof buffer);

        write_authentication(&writer, lengths[i], 0x0200, 0x0EF1);
        write_list(&writer);
        assert_false(efi_revocations_decode(writer_span(&writer), &file, &error));
    }
}

/* A certificate's length that ends where its own bytes look like a list must still end at a list. */
static void another_kind_of_certificate_is_refused(void **state)
{
    static const struct {
        uint16_t revision, type;
    } heads[] = {{0x0100, 0x0EF1}, {0x0200, 0x0002}};
    struct efi_revocations file;
    struct error error;

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct writer writer = writer_init(buffer, sizeof buffer);

        write_authentication(&writer, 24 + SIGNATURE_LEN, heads[i].revision, heads[i].type);
        write_list(&writer);
        assert_false(efi_revocations_decode(writer_span(&writer), &file, &error));
        assert_int_equal(error.code, ERROR_MALFORMED);
    }
}

static void a_list_of_nothing_is_refused(void **state)
{
    struct writer writer = writer_init(buffer, sizeof buffer);
    struct efi_revocations file;
    struct error error;

    (void)state;
    assert_false(efi_revocations_decode((struct span){0}, &file, &error));
    writer_bytes(&writer, span_of(SHA256, sizeof SHA256));
    writer_le32(&writer, 28);
    writer_le32(&writer, 0);
    writer_le32(&writer, 48);
    assert_false(efi_revocations_decode(writer_span(&writer), &file, &error));
    assert_int_equal(error.code, ERROR_MALFORMED);
}

static void an_error_in_a_list_has_its_place_in_the_file(void **state)
{
    struct span bytes = update();
    struct efi_revocations file;
    struct error error;

    (void)state;
    buffer[HEAD_LEN + 24]--; /* entries of 47 bytes: they do not fill the list */
    assert_false(efi_revocations_decode(bytes, &file, &error));
    assert_true(error.offset >= HEAD_LEN && error.offset <= bytes.len);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_update_is_framed),
        cmocka_unit_test(lists_alone_and_with_attributes_are_framed),
        cmocka_unit_test(truncated_anywhere_it_is_refused_with_its_position),
        cmocka_unit_test(lengths_that_lie_are_refused),
        cmocka_unit_test(another_kind_of_certificate_is_refused),
        cmocka_unit_test(a_list_of_nothing_is_refused),
        cmocka_unit_test(an_error_in_a_list_has_its_place_in_the_file),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
