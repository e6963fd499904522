#include "wire/efi_signature_list.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "base/writer.h"
#include "wire/tpm_alg.h"

/* UEFI 2.10 section 32.4.1, as the GUIDs lie in memory. */
static const uint8_t SHA256[] = {0x26, 0x16, 0xc4, 0xc1, 0x4c, 0x50, 0x92, 0x40,
                                 0xac, 0xa9, 0x41, 0xf9, 0x36, 0x93, 0x43, 0x28};
static const uint8_t X509[] = {0xa1, 0x59, 0xc0, 0xa5, 0xe4, 0x94, 0xa7, 0x4a,
                               0x87, 0xb5, 0xab, 0x15, 0x5c, 0x2b, 0xf0, 0x72};
static const uint8_t X509_SHA256[] = {0x92, 0xa4, 0xd2, 0x3b, 0xc0, 0x96, 0x79, 0x40,
                                      0xb4, 0x20, 0xfc, 0xf9, 0x8e, 0xf1, 0x03, 0xed};
static uint8_t buffer[1024];

/* One list: head_len bytes of header 0xEE, then n entries filled with 1, 2, ... */
static void write_list(struct writer *writer, const uint8_t *type, size_t head_len, size_t n,
                       size_t data_len)
{
    writer_bytes(writer, span_of(type, EFI_GUID_LEN));
    writer_le32(writer, (uint32_t)(28 + head_len + n * (16 + data_len)));
    writer_le32(writer, (uint32_t)head_len);
    writer_le32(writer, (uint32_t)(16 + data_len));
    for (size_t i = 0; i < head_len; i++)
        writer_u8(writer, 0xEE);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < 16 + data_len; k++)
            writer_u8(writer, k < 16 ? 0xAA : (uint8_t)(i + 1));
}

static size_t count(struct span bytes, struct error *error, bool *failed)
{
    struct efi_signature_list list;
    struct efi_signature signature;
    enum efi_signature_step step;
    size_t n = 0;

    efi_signature_list_open(&list, bytes, error);
    while ((step = efi_signature_list_next(&list, &signature)) == EFI_SIGNATURE_ENTRY)
        n++;
    *failed = step == EFI_SIGNATURE_FAILED;
    /* It stays failed, or at its end. */
    assert_int_equal(efi_signature_list_next(&list, &signature), step);
    return n;
}

static void header_bytes_are_never_an_entry(void **state)
{
    struct writer writer = writer_init(buffer, sizeof buffer);
    struct efi_signature_list list;
    struct efi_signature signature;
    struct error error;

    (void)state;
    write_list(&writer, SHA256, 48, 2, 32);
    efi_signature_list_open(&list, writer_span(&writer), &error);
    for (uint8_t i = 1; i <= 2; i++) {
        assert_int_equal(efi_signature_list_next(&list, &signature), EFI_SIGNATURE_ENTRY);
        assert_int_equal(signature.kind, EFI_SIGNATURE_DIGEST);
        assert_int_equal(signature.alg, TPM_ALG_SHA256);
        assert_int_equal(signature.data.len, 32);
        assert_int_equal(signature.data.data[0], i);
        assert_int_equal(signature.owner.data[0], 0xAA);
    }
    assert_int_equal(efi_signature_list_next(&list, &signature), EFI_SIGNATURE_END);
}

static void lists_follow_one_another(void **state)
{
    struct writer writer = writer_init(buffer, sizeof buffer);
    struct efi_signature_list list;
    struct efi_signature signature;
    struct error error;

    (void)state;
    write_list(&writer, X509, 0, 1, 100);
    write_list(&writer, SHA256, 0, 0, 32); /* no entries at all */
    write_list(&writer, X509_SHA256, 0, 1, 48);
    efi_signature_list_open(&list, writer_span(&writer), &error);
    assert_int_equal(efi_signature_list_next(&list, &signature), EFI_SIGNATURE_ENTRY);
    assert_int_equal(signature.kind, EFI_SIGNATURE_X509);
    assert_int_equal(signature.data.len, 100);
    assert_int_equal(efi_signature_list_next(&list, &signature), EFI_SIGNATURE_ENTRY);
    assert_int_equal(signature.kind, EFI_SIGNATURE_X509_DIGEST);
    assert_int_equal(signature.data.len, 32); /* without the time of revocation */
    assert_int_equal(efi_signature_list_next(&list, &signature), EFI_SIGNATURE_END);
}

static void an_empty_variable_has_no_entries(void **state)
{
    struct error error;
    bool failed;

    (void)state;
    assert_int_equal(count((struct span){0}, &error, &failed), 0);
    assert_false(failed);
}

static void every_cut_fails(void **state)
{
    struct writer writer = writer_init(buffer, sizeof buffer);
    struct error error;
    bool failed;

    (void)state;
    write_list(&writer, SHA256, 4, 2, 32);
    for (size_t len = 1; len < writer.len; len++) {
        count(span_of(buffer, len), &error, &failed);
        assert_true(failed);
    }
}

static void lengths_that_contradict_fail(void **state)
{
    static const struct {
        uint32_t list_len, header_len, entry_len;
    } CASES[] = {
        {27, 0, 48},               /* shorter than its own head */
        {28 + 48, 49, 48},         /* header longer than the list */
        {28 + 48, UINT32_MAX, 48}, /* the same, wrapping */
        {28 + 48, 0, 16},          /* entries without data */
        {28 + 48, 0, 0},           /* entries of nothing: would never end */
        {28 + 48, 0, 47},          /* entries do not fill the list */
        {28 + 48, 8, 40},          /* a SHA-256 of 24 bytes */
        {UINT32_MAX, 0, 48},       /* longer than the input */
    };

    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct writer writer = writer_init(buffer, sizeof buffer);
        struct error error;
        bool failed;

        writer_bytes(&writer, span_of(SHA256, sizeof SHA256));
        writer_le32(&writer, CASES[i].list_len);
        writer_le32(&writer, CASES[i].header_len);
        writer_le32(&writer, CASES[i].entry_len);
        for (int k = 0; k < 48; k++)
            writer_u8(&writer, 7);
        assert_int_equal(count(writer_span(&writer), &error, &failed), 0);
        assert_true(failed);
        assert_true(error.offset <= 36); /* in the head, or right behind it */
    }
}

static void an_unknown_type_keeps_its_bytes(void **state)
{
    struct writer writer = writer_init(buffer, sizeof buffer);
    struct efi_signature_list list;
    struct efi_signature signature;
    struct error error;
    uint8_t type[EFI_GUID_LEN] = {1};

    (void)state;
    write_list(&writer, type, 0, 1, 5);
    efi_signature_list_open(&list, writer_span(&writer), &error);
    assert_int_equal(efi_signature_list_next(&list, &signature), EFI_SIGNATURE_ENTRY);
    assert_int_equal(signature.kind, EFI_SIGNATURE_OTHER);
    assert_int_equal(signature.data.len, 5);
    assert_false(efi_signature_list_is(writer_span(&writer)));
    assert_true(efi_signature_list_is(span_of(SHA256, sizeof SHA256)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(header_bytes_are_never_an_entry),
        cmocka_unit_test(lists_follow_one_another),
        cmocka_unit_test(an_empty_variable_has_no_entries),
        cmocka_unit_test(every_cut_fails),
        cmocka_unit_test(lengths_that_contradict_fail),
        cmocka_unit_test(an_unknown_type_keeps_its_bytes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
