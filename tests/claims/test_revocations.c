/* What dbx lacks of a revocation list, for every kind of signature. */
#include "boot.h"
#include "claims/revocations.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "base/writer.h"

static const uint8_t SHA1[] = {0x12, 0xa5, 0x6c, 0x82, 0x10, 0xcf, 0xc9, 0x4a,
                               0xb1, 0x87, 0xbe, 0x01, 0x49, 0x66, 0x31, 0xbd};
static const uint8_t SHA256[] = {0x26, 0x16, 0xc4, 0xc1, 0x4c, 0x50, 0x92, 0x40,
                                 0xac, 0xa9, 0x41, 0xf9, 0x36, 0x93, 0x43, 0x28};
static const uint8_t X509[] = {0xa1, 0x59, 0xc0, 0xa5, 0xe4, 0x94, 0xa7, 0x4a,
                               0x87, 0xb5, 0xab, 0x15, 0x5c, 0x2b, 0xf0, 0x72};
static const uint8_t X509_SHA256[] = {0x92, 0xa4, 0xd2, 0x3b, 0xc0, 0x96, 0x79, 0x40,
                                      0xb4, 0x20, 0xfc, 0xf9, 0x8e, 0xf1, 0x03, 0xed};
static const uint8_t STRANGE[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};

/* SEQUENCE { SEQUENCE "tbs", ... }: as much of a certificate as is looked at. */
static const uint8_t CERTIFICATE[] = {0x30, 0x82, 0x00, 0x09, 0x30, 0x82, 0x00,
                                      0x03, 't',  'b',  's',  0x05, 0x00};

static struct writer one, other;
static uint8_t one_bytes[65536], other_bytes[65536];

static void begin(void)
{
    one = writer_init(one_bytes, sizeof one_bytes);
    other = writer_init(other_bytes, sizeof other_bytes);
}

/* A list with one entry. */
static void add(struct writer *writer, const uint8_t *type, uint8_t owner, struct span data)
{
    writer_bytes(writer, span_of(type, EFI_GUID_LEN));
    writer_le32(writer, (uint32_t)(28 + 16 + data.len));
    writer_le32(writer, 0);
    writer_le32(writer, (uint32_t)(16 + data.len));
    for (int i = 0; i < EFI_GUID_LEN; i++)
        writer_u8(writer, owner);
    writer_bytes(writer, data);
}

static void add_digest(struct writer *writer, uint8_t value)
{
    uint8_t digest[32];

    memset(digest, value, sizeof digest);
    add(writer, SHA256, 0xAA, span_of(digest, sizeof digest));
}

/* A certificate's digest, revoked since a year; 0: since ever. */
static void add_x509_digest(struct writer *writer, struct crypto_digest digest, uint16_t year)
{
    uint8_t data[48] = {0};

    memcpy(data, digest.bytes, 32);
    data[32] = (uint8_t)year;
    data[33] = (uint8_t)(year >> 8);
    data[34] = year ? 1 : 0;
    add(writer, X509_SHA256, 0xAA, span_of(data, sizeof data));
}

static struct crypto_digest certificate_digest(struct boot *boot)
{
    struct crypto_digest digest;

    crypto_hash_span(boot->crypto, TPM_ALG_SHA256, span_of(CERTIFICATE + 4, 7), &digest);
    return digest;
}

/* How many of the entries of "one" are not in "other". */
static size_t n_missing(struct boot *boot)
{
    struct revocations compared;
    struct error error;

    assert_true(revocations_compare(boot->crypto, writer_span(&one), writer_span(&other),
                                    &boot->arena, &compared, &error));
    assert_true(compared.n_missing <= compared.n_listed);
    return compared.n_missing;
}

static void what_is_there_is_not_missing_in_any_order(void **state)
{
    struct boot *boot = *state;

    begin();
    for (uint8_t i = 0; i < 200; i++) {
        add_digest(&one, i);
        add_digest(&other, (uint8_t)(199 - i));
    }
    assert_int_equal(n_missing(boot), 0);
    add_digest(&one, 200);
    add_digest(&one, 201);
    assert_int_equal(n_missing(boot), 2);
    /* More than was asked for is nothing to complain of. */
    for (uint8_t i = 200; i < 250; i++)
        add_digest(&other, i);
    assert_int_equal(n_missing(boot), 0);
}

static void nothing_forbids_nothing(void **state)
{
    struct boot *boot = *state;

    begin();
    assert_int_equal(n_missing(boot), 0);
    add_digest(&one, 1);
    assert_int_equal(n_missing(boot), 1);
}

static void whose_entry_it_is_does_not_matter(void **state)
{
    struct boot *boot = *state;

    begin();
    add(&one, SHA256, 1, span_of(one_bytes, 32));
    add(&other, SHA256, 2, span_of(one_bytes, 32));
    assert_int_equal(n_missing(boot), 0);
}

static void the_same_bytes_of_another_kind_are_another_thing(void **state)
{
    struct boot *boot = *state;

    begin();
    add_digest(&one, 0x11);
    memset(other_bytes + 60000, 0x11, 64);
    add(&other, STRANGE, 0xAA, span_of(other_bytes + 60000, 32));
    add(&other, SHA1, 0xAA, span_of(other_bytes + 60000, 20));
    add(&other, X509_SHA256, 0xAA, span_of(other_bytes + 60000, 48));
    add(&other, X509, 0xAA, span_of(other_bytes + 60000, 32));
    assert_int_equal(n_missing(boot), 1);
    add(&one, STRANGE, 0xAA, span_of(other_bytes + 60000, 32));
    assert_int_equal(n_missing(boot), 1); /* a kind that nobody knows is compared by its type */
    add(&one, X509_SHA256 + 0, 0xAA, span_of(other_bytes + 60000, 48));
    assert_int_equal(n_missing(boot), 1);
}

static void header_bytes_count_for_nothing(void **state)
{
    struct boot *boot = *state;

    begin();
    add_digest(&one, 0x33);
    /* One entry of 0x44, and a header that holds what looks like one of 0x33. */
    writer_bytes(&other, span_of(SHA256, EFI_GUID_LEN));
    writer_le32(&other, 28 + 48 + 48);
    writer_le32(&other, 48);
    writer_le32(&other, 48);
    for (int i = 0; i < 96; i++)
        writer_u8(&other, i < 48 ? 0x33 : 0x44);
    assert_int_equal(n_missing(boot), 1);
}

static void a_certificate_forbids_what_its_digest_does(void **state)
{
    struct boot *boot = *state;

    begin();
    add_x509_digest(&one, certificate_digest(boot), 2020);
    assert_int_equal(n_missing(boot), 1);
    add(&other, X509, 0xAA, span_of(CERTIFICATE, sizeof CERTIFICATE));
    assert_int_equal(n_missing(boot), 0);
}

static void a_digest_forbids_the_certificate_when_since_ever(void **state)
{
    struct boot *boot = *state;

    begin();
    add(&one, X509, 0xAA, span_of(CERTIFICATE, sizeof CERTIFICATE));
    add_x509_digest(&other, certificate_digest(boot), 2020);
    assert_int_equal(n_missing(boot), 1);
    add_x509_digest(&other, certificate_digest(boot), 0);
    assert_int_equal(n_missing(boot), 0);
}

static void an_earlier_revocation_covers_a_later_one(void **state)
{
    static const struct {
        uint16_t listed, held;
        size_t missing;
    } cases[] = {{2020, 2020, 0}, {2020, 2019, 0}, {2020, 0, 0},
                 {2020, 2021, 1}, {0, 2020, 1},    {0, 0, 0}};
    struct boot *boot = *state;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        begin();
        add_x509_digest(&one, certificate_digest(boot), cases[i].listed);
        add_x509_digest(&other, certificate_digest(boot), cases[i].held);
        assert_int_equal(n_missing(boot), cases[i].missing);
        /* Another, weaker one beside it takes nothing away. */
        add_x509_digest(&other, certificate_digest(boot), 2999);
        assert_int_equal(n_missing(boot), cases[i].missing);
    }
}

static void broken_lists_are_refused(void **state)
{
    struct boot *boot = *state;
    struct revocations compared = {.n_listed = 4711};
    struct span broken;
    struct error error;

    begin();
    add_digest(&one, 1);
    add_digest(&other, 1);
    broken = span_of(one_bytes, writer_span(&one).len - 1);
    assert_false(revocations_compare(boot->crypto, broken, writer_span(&other), &boot->arena,
                                     &compared, &error));
    assert_false(revocations_compare(boot->crypto, writer_span(&other), broken, &boot->arena,
                                     &compared, &error));
    assert_int_equal(compared.n_listed, 4711);
}

/* --- the claim --- */

static void boot_dbx(struct boot *boot, struct span dbx)
{
    boot_begin(boot);
    boot_variable(boot, 0x80000001, BOOT_DATABASE, "dbx", dbx);
    boot_separators(boot);
}

static void the_claim_says_whether_all_is_forbidden(void **state)
{
    struct boot *boot = *state;

    begin();
    add_digest(&one, 1);
    add_digest(&other, 2);
    boot_dbx(boot, writer_span(&other));
    boot_collect(boot);
    boot_assert(boot, CLAIM_SECURE_BOOT_DBX_COMPLETE, "unknown"); /* nobody gave a list */
    boot->input.revocations = writer_span(&one);
    boot_collect(boot);
    boot_assert(boot, CLAIM_SECURE_BOOT_DBX_COMPLETE, "false");
    assert_int_equal(boot->claims.claims[CLAIM_SECURE_BOOT_DBX_COMPLETE].grade, CLAIM_ATTESTED);
    add_digest(&other, 1);
    boot_dbx(boot, writer_span(&other));
    boot->input.revocations = writer_span(&one);
    boot_collect(boot);
    boot_assert(boot, CLAIM_SECURE_BOOT_DBX_COMPLETE, "true");
    /* A list that cannot be read says nothing. */
    boot->input.revocations = span_of(one_bytes, 20);
    boot_collect(boot);
    boot_assert(boot, CLAIM_SECURE_BOOT_DBX_COMPLETE, "unknown");
}

static void an_empty_dbx_is_not_complete(void **state)
{
    struct boot *boot = *state;

    begin();
    add_digest(&one, 1);
    boot_dbx(boot, (struct span){0});
    boot->input.revocations = writer_span(&one);
    boot_collect(boot);
    boot_assert(boot, CLAIM_SECURE_BOOT_DBX_COMPLETE, "false");
}

static void a_dbx_that_is_not_known_is_not_complete_either(void **state)
{
    struct boot *boot = *state;

    begin();
    add_digest(&one, 1);
    /* Measured twice. */
    boot_begin(boot);
    boot_variable(boot, 0x80000001, BOOT_DATABASE, "dbx", (struct span){0});
    boot_variable(boot, 0x80000001, BOOT_DATABASE, "dbx", writer_span(&one));
    boot_separators(boot);
    boot->input.revocations = writer_span(&one);
    boot_collect(boot);
    boot_assert(boot, CLAIM_SECURE_BOOT_DBX_COMPLETE, "unknown");
    /* Not measured; and one whose data are not what was measured. */
    boot_begin(boot);
    boot_separators(boot);
    boot->input.revocations = writer_span(&one);
    boot_collect(boot);
    boot_assert(boot, CLAIM_SECURE_BOOT_DBX_COMPLETE, "unknown");
    boot_begin(boot);
    log_builder_add_measured(&boot->log, 7, 0x80000001, span_text("another"),
                             boot_variable_data(BOOT_DATABASE, "dbx", writer_span(&one)));
    boot_separators(boot);
    boot->input.revocations = writer_span(&one);
    boot_collect(boot);
    boot_assert(boot, CLAIM_SECURE_BOOT_DBX_COMPLETE, "unknown");
}

static void lists_in_a_full_arena_are_an_error(void **state)
{
    struct boot *boot = *state;

    begin();
    add_digest(&one, 1);
    add(&one, X509, 1, span_of(CERTIFICATE, sizeof CERTIFICATE));
    add_digest(&other, 1);
    add_x509_digest(&other, certificate_digest(boot), 0);
    boot_dbx(boot, writer_span(&other));
    boot->input.revocations = writer_span(&one);
    boot_collect_in_every_arena(boot);
    boot_assert(boot, CLAIM_SECURE_BOOT_DBX_COMPLETE, "true");
}

int main(void)
{
#define REVOCATION_TEST(name) cmocka_unit_test_setup_teardown(name, boot_setup, boot_teardown)
    const struct CMUnitTest tests[] = {
        REVOCATION_TEST(what_is_there_is_not_missing_in_any_order),
        REVOCATION_TEST(nothing_forbids_nothing),
        REVOCATION_TEST(whose_entry_it_is_does_not_matter),
        REVOCATION_TEST(the_same_bytes_of_another_kind_are_another_thing),
        REVOCATION_TEST(header_bytes_count_for_nothing),
        REVOCATION_TEST(a_certificate_forbids_what_its_digest_does),
        REVOCATION_TEST(a_digest_forbids_the_certificate_when_since_ever),
        REVOCATION_TEST(an_earlier_revocation_covers_a_later_one),
        REVOCATION_TEST(broken_lists_are_refused),
        REVOCATION_TEST(the_claim_says_whether_all_is_forbidden),
        REVOCATION_TEST(an_empty_dbx_is_not_complete),
        REVOCATION_TEST(a_dbx_that_is_not_known_is_not_complete_either),
        REVOCATION_TEST(lists_in_a_full_arena_are_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
