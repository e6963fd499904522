/* Platform certificates read: those of others and our own, each rule broken by itself, each length lying. */
#include "wire/platform_certificate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "os/file.h"
#include "support/crypto_arena.h"
#include "support/soft_certificate.h"
#include "support/soft_key.h"
#include "support/soft_platform.h"
#include "wire/der.h"

static struct soft_key maker_key, ek_key;
static X509 *maker, *ek;
static uint8_t buffer[8192];

static int setup(void **state)
{
    (void)crypto_arena_setup(state);
    soft_key_ecc(&maker_key, TPM_ECC_NIST_P256);
    soft_key_ecc(&ek_key, TPM_ECC_NIST_P256);
    maker = soft_certificate_make(&(struct soft_certificate){
        .subject = "Acme platforms", .key = maker_key.pkey, .issuer_key = maker_key.pkey});
    ek = soft_certificate_make(&(struct soft_certificate){
        .key = ek_key.pkey, .issuer_key = maker_key.pkey, .issuer = maker});
    return 0;
}

static int teardown(void **state)
{
    X509_free(maker);
    X509_free(ek);
    soft_key_done(&maker_key);
    soft_key_done(&ek_key);
    return crypto_arena_teardown(state);
}

static struct span make(struct soft_platform wanted)
{
    wanted.issuer_key = maker_key.pkey;
    wanted.issuer = maker;
    wanted.ek = ek;
    return soft_platform_make(&wanted, buffer, sizeof buffer);
}

static struct platform_certificate *decode(struct span der)
{
    struct platform_certificate *certificate = NULL;
    struct error error;

    if (!platform_certificate_decode(der, &arena, &certificate, &error))
        fail_msg("byte %zu: %s", error.offset, error.message);
    return certificate;
}

static void assert_text(struct span text, const char *expected)
{
    if (!span_is(text, expected))
        fail_msg("\"%.*s\" is not \"%s\"", (int)text.len, (const char *)text.data, expected);
}

static void assert_refused(struct soft_platform wanted, enum error_code code, const char *message)
{
    struct platform_certificate *certificate = NULL;
    struct span der = make(wanted);
    struct error error;

    assert_false(platform_certificate_decode(der, &arena, &certificate, &error));
    assert_null(certificate);
    assert_int_equal(error.code, code);
    assert_true(error.offset < der.len);
    if (!strstr(error.message, message))
        fail_msg("\"%s\" is not in \"%s\"", message, error.message);
}

/* --- of others --- */

static struct span read_sample(const char *name)
{
    const char *path = arena_printf(&arena, "%s/tests/wire/platform_certificates/%s",
                                    getenv("BOOTSEAL_SOURCE_ROOT"), name);
    struct span bytes;
    struct error error;

    assert_true(os_file_read(path, LIMIT_PLATFORM_CERTIFICATE_LEN, &arena, &bytes, &error));
    return bytes;
}

static void reads_one_of_a_real_machine(void **state)
{
    const struct platform_certificate *nuc = decode(read_sample("intel-nuc.der"));

    (void)state;
    assert_text(nuc->manufacturer, "Intel");
    assert_text(nuc->model, "DE3815TYKH");
    assert_text(nuc->version, "H26998-402");
    assert_int_equal(nuc->serial.len, 0);
    assert_int_equal(nuc->not_before_s, 1489612110); /* 2017-03-15T21:08:30Z */
    assert_int_equal(nuc->not_after_s, 1924991999);  /* 2030-12-31T23:59:59Z */
    assert_int_equal(nuc->holder_serial.len, 20);
    assert_int_equal(nuc->signature.len, 256);
    assert_int_equal(nuc->n_components, 0);
    assert_false(nuc->delta);
}

static void reads_components_of_the_first_form(void **state)
{
    const struct platform_certificate *nuc = decode(read_sample("hirs-medium.der"));

    (void)state;
    assert_text(nuc->manufacturer, "Intel Corporation");
    assert_text(nuc->model, "NUC7i5DNHE");
    assert_text(nuc->version, "G71739-401");
    assert_text(nuc->serial, "DW1600420300110");
    assert_int_equal(nuc->n_components, 3);
    assert_text(nuc->components[0].model, "NUC7i5DNB");
    assert_text(nuc->components[0].serial, "BTDN732000QM");
    assert_text(nuc->components[2].model, "BIOS");
    assert_int_equal(nuc->components[0].class_value.len, 0);
}

static void reads_a_delta_as_such(void **state)
{
    (void)state;
    assert_true(decode(read_sample("hirs-delta.der"))->delta);
}

/* --- our own --- */

static void reads_all_it_says(void **state)
{
    struct span der = make((struct soft_platform){.components = true});
    const struct platform_certificate *certificate = decode(der);

    (void)state;
    assert_text(certificate->manufacturer, "Acme");
    assert_text(certificate->model, "Anvil 3000");
    assert_text(certificate->version, "2");
    assert_text(certificate->serial, "4711");
    assert_int_equal(certificate->not_after_s, 253402300799); /* 9999-12-31T23:59:59Z */
    assert_int_equal(certificate->n_components, 2);
    assert_memory_equal(certificate->components[0].class_value.data, "\x00\x03\x00\x03", 4);
    assert_text(certificate->components[1].manufacturer, "Bits");
    assert_text(certificate->components[1].revision, "R-2");
    assert_ptr_equal(certificate->signed_part.data, der.data + 4);
}

static void refuses_other_holders_and_issuers(void **state)
{
    (void)state;
    assert_refused((struct soft_platform){.holder_by_entity_name = true}, ERROR_UNSUPPORTED,
                   "not named by issuer and serial number");
    assert_refused((struct soft_platform){.holder_digest = true}, ERROR_UNSUPPORTED,
                   "named by a digest");
    assert_refused((struct soft_platform){.issuer_v1 = true}, ERROR_UNSUPPORTED, "v2Form");
}

static void refuses_what_is_there_twice(void **state)
{
    (void)state;
    assert_refused((struct soft_platform){.named_twice = true}, ERROR_MALFORMED, "named twice");
    assert_refused((struct soft_platform){.type_twice = true}, ERROR_MALFORMED, "attribute");
    assert_refused((struct soft_platform){.extension_twice = true}, ERROR_MALFORMED, "extension");
    assert_refused((struct soft_platform){.other_algorithm_inside = true}, ERROR_MALFORMED,
                   "two algorithms");
}

static void refuses_what_names_no_platform(void **state)
{
    (void)state;
    assert_refused((struct soft_platform){.no_name = true}, ERROR_MALFORMED, "does not name");
    assert_refused((struct soft_platform){.other_type = true}, ERROR_UNSUPPORTED,
                   "not of a platform");
    assert_refused((struct soft_platform){.model = ""}, ERROR_MALFORMED, "empty text");
    assert_refused((struct soft_platform){.nul_in_model = true}, ERROR_MALFORMED, "NUL");
}

static void refuses_critical_extensions_that_it_does_not_know(void **state)
{
    (void)state;
    assert_refused((struct soft_platform){.critical_oid = "2.5.29.55"}, ERROR_UNSUPPORTED,
                   "critical");
    assert_refused((struct soft_platform){.critical_oid = "1.2.3.4"}, ERROR_UNSUPPORTED,
                   "critical");
    decode(make((struct soft_platform){.critical_oid = "2.5.29.35"}));
    assert_refused((struct soft_platform){.critical_oid = "2.5.29.55", .long_boolean = true},
                   ERROR_MALFORMED, "2 bytes");
}

static void refuses_times_that_are_none(void **state)
{
    static const char *const TIMES[] = {"20260229000000Z",  "20261301000000Z", "20260100000000Z",
                                        "20260101240000Z",  "20260101006000Z", "20260101000060Z",
                                        "202601010000Z",    "20260101000000+", "2026010100000 Z",
                                        "20260101000000.0Z"};

    (void)state;
    for (size_t i = 0; i < sizeof TIMES / sizeof *TIMES; i++)
        assert_refused((struct soft_platform){.not_before = TIMES[i]}, ERROR_MALFORMED,
                       "notBefore");
    assert_int_equal(
        decode(make((struct soft_platform){.not_before = "20240229120000Z"}))->not_before_s,
        1709208000);
    assert_int_equal(
        decode(make((struct soft_platform){.not_before = "20000301000000Z"}))->not_before_s,
        951868800);
}

/* --- hostile bytes --- */

static void refuses_it_cut_at_every_byte(void **state)
{
    struct span der = make((struct soft_platform){.components = true});
    struct platform_certificate *certificate;
    struct error error;

    (void)state;
    for (size_t len = 0; len < der.len; len++) {
        uint8_t *copy = malloc(len + 1); /* an allocation of its own: nothing behind may be read */

        memcpy(copy, der.data, len);
        assert_false(platform_certificate_decode(span_of(copy, len), &arena, &certificate, &error));
        assert_true(error.offset <= len);
        free(copy);
    }
}

static void refuses_what_is_left_behind_it(void **state)
{
    struct span der = make((struct soft_platform){0});
    struct platform_certificate *certificate;
    struct error error;
    size_t len;

    (void)state;
    buffer[der.len] = 0;
    assert_true(der_measure(span_of(buffer, der.len + 1), &len, &error));
    assert_int_equal(len, der.len);
    assert_false(
        platform_certificate_decode(span_of(buffer, der.len + 1), &arena, &certificate, &error));
    assert_int_equal(error.code, ERROR_TRAILING);
}

/* What is passed over whole: names of holder and issuer, assertions, and where more can be read. */
static bool is_passed_over(uint8_t tag, struct span contents, bool extension)
{
    return (tag == 0xA4 && !extension) || tag == 0xA1 ||
           span_equal(contents, span_of("\x02\x01\x00", 3));
}

/* Offsets of all lengths, found by walking into everything else that is made of values. */
static size_t find_lengths(struct span der, size_t base, bool extension, size_t *offsets, size_t n)
{
    struct error error;
    struct reader reader = reader_init(der, "", &error);

    while (reader_left(&reader)) {
        uint8_t tag = der_next(&reader);
        size_t start = reader.at;
        struct span contents = der_bytes(&reader, DER_NONE, "value");
        bool holds_values = tag == DER_OCTET_STRING && contents.len > 4;

        assert_true(reader_ok(&reader));
        offsets[n++] = base + start + 1;
        if ((tag & 0x20 || holds_values) && !is_passed_over(tag, contents, extension))
            n = find_lengths(contents, base + (size_t)(contents.data - der.data),
                             extension || holds_values, offsets, n);
    }
    return n;
}

/* One more and one less, at every depth, and a length that nothing has. */
static void refuses_every_length_that_lies(void **state)
{
    struct span der = make((struct soft_platform){.components = true});
    struct platform_certificate *certificate;
    size_t offsets[512], n = find_lengths(der, 0, false, offsets, 0);
    struct error error;

    (void)state;
    assert_true(n > 50);
    for (size_t i = 0; i < n; i++) {
        uint8_t *last = buffer + offsets[i] +
                        (*(buffer + offsets[i]) & 0x80 ? *(buffer + offsets[i]) & 0x7F : 0);
        uint8_t was = *last;

        for (int step = -1; step <= 1; step += 2) {
            *last = (uint8_t)(was + step);
            if (platform_certificate_decode(der, &arena, &certificate, &error))
                fail_msg("length at byte %zu may lie by %d", offsets[i], step);
        }
        *last = was;
        was = buffer[offsets[i]];
        for (int first = 0x80; first <= 0xFF; first += 0x7B) { /* indefinite, and 123 bytes long */
            buffer[offsets[i]] = (uint8_t)first;
            assert_false(platform_certificate_decode(der, &arena, &certificate, &error));
        }
        buffer[offsets[i]] = was;
    }
    decode(der);
}

static void refuses_lengths_that_are_not_the_shortest(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
        enum error_code code;
    } CASES[] = {{"\x04\x81\x01x", 4, ERROR_MALFORMED},
                 {"\x04\x82\x00\x01x", 5, ERROR_MALFORMED},
                 {"\x04\x80", 2, ERROR_MALFORMED},
                 {"\x04\x84\x00\x00\x00\x01x", 7, ERROR_LIMIT},
                 {"\x1F\x81\x01x", 4, ERROR_MALFORMED}};
    struct error error;
    size_t len;

    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        assert_false(
            der_measure(span_of((const uint8_t *)CASES[i].bytes, CASES[i].len), &len, &error));
        assert_int_equal(error.code, CASES[i].code);
    }
}

static void refuses_numbers_that_are_not_the_shortest(void **state)
{
    static const char *const CASES[] = {"\x02\x02\x00\x01", "\x02\x01\xFF", "\x02\x00"};
    static const size_t LENS[] = {4, 3, 2};
    struct error error;

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct reader reader = reader_init(span_of((const uint8_t *)CASES[i], LENS[i]), "", &error);

        der_unsigned(&reader, 4, "number");
        assert_false(reader_ok(&reader));
        assert_int_equal(error.code, ERROR_MALFORMED);
    }
}

static void refuses_what_is_too_long(void **state)
{
    struct platform_certificate *certificate;
    struct error error;
    uint8_t *bytes = calloc(1, LIMIT_PLATFORM_CERTIFICATE_LEN + 1);

    (void)state;
    assert_false(platform_certificate_decode(span_of(bytes, LIMIT_PLATFORM_CERTIFICATE_LEN + 1),
                                             &arena, &certificate, &error));
    assert_int_equal(error.code, ERROR_LIMIT);
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_one_of_a_real_machine),
        cmocka_unit_test(reads_components_of_the_first_form),
        cmocka_unit_test(reads_a_delta_as_such),
        cmocka_unit_test(reads_all_it_says),
        cmocka_unit_test(refuses_other_holders_and_issuers),
        cmocka_unit_test(refuses_what_is_there_twice),
        cmocka_unit_test(refuses_what_names_no_platform),
        cmocka_unit_test(refuses_critical_extensions_that_it_does_not_know),
        cmocka_unit_test(refuses_times_that_are_none),
        cmocka_unit_test(refuses_it_cut_at_every_byte),
        cmocka_unit_test(refuses_what_is_left_behind_it),
        cmocka_unit_test(refuses_every_length_that_lies),
        cmocka_unit_test(refuses_lengths_that_are_not_the_shortest),
        cmocka_unit_test(refuses_numbers_that_are_not_the_shortest),
        cmocka_unit_test(refuses_what_is_too_long),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
