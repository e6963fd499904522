/* Certificates known by their fingerprint, with Microsoft's own as a real firmware measured them
 * (tests/fixtures/secure-boot). */
#include "boot.h"
#include "claims/known_certificate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* The fixture's claims. */
static void collect_fixture(struct boot *boot)
{
    static uint8_t bytes[1 << 20];
    const char *root = getenv("BOOTSEAL_SOURCE_ROOT");
    const char *path = arena_printf(&boot->arena, "%s/tests/fixtures/secure-boot/eventlog.bin",
                                    root ? root : ".");
    FILE *file = fopen(path, "rb");
    struct error error;
    size_t len;

    assert_non_null(file);
    len = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    assert_true(measured_log_read(boot->crypto, span_of(bytes, len), TPM_ALG_SHA256, &boot->arena,
                                  &boot->measured, &error));
    boot->input.log = &boot->measured;
    assert_true(claims_collect(&boot->input, &boot->arena, &boot->claims, &boot->reasons, &error));
}

static void microsofts_certificates_are_known(void **state)
{
    struct boot *boot = *state;
    const struct claim *db = &boot->claims.claims[CLAIM_SECURE_BOOT_DB];
    const struct known_certificate *known;

    collect_fixture(boot);
    boot_assert(boot, CLAIM_SECURE_BOOT_MICROSOFT_2011, "true");
    boot_assert(boot, CLAIM_SECURE_BOOT_MICROSOFT_2023, "false");
    boot_assert(boot, CLAIM_SECURE_BOOT_MICROSOFT_KEK_2023, "false");
    assert_int_equal(boot->claims.claims[CLAIM_SECURE_BOOT_MICROSOFT_2011].grade, CLAIM_ATTESTED);
    known = known_certificate_find(boot->crypto, db->items[0].bytes, KNOWN_ANY);
    assert_non_null(known);
    assert_int_equal(known->group, KNOWN_MICROSOFT_2011);
    assert_null(known_certificate_find(boot->crypto, db->items[0].bytes, KNOWN_MICROSOFT_2023));
    assert_null(known_certificate_find(NULL, db->items[0].bytes, KNOWN_ANY));
}

/* Length and serial number are right, and one bit is not. */
static void what_only_looks_like_one_is_none(void **state)
{
    struct boot *boot = *state;
    const struct claim *db = &boot->claims.claims[CLAIM_SECURE_BOOT_DB];
    uint8_t copy[4096];
    struct span der;

    collect_fixture(boot);
    der = db->items[0].bytes;
    assert_true(der.len < sizeof copy);
    memcpy(copy, der.data, der.len);
    assert_non_null(known_certificate_find(boot->crypto, span_of(copy, der.len), KNOWN_ANY));
    copy[der.len - 1] ^= 1;
    assert_null(known_certificate_find(boot->crypto, span_of(copy, der.len), KNOWN_ANY));
    assert_null(known_certificate_find(boot->crypto, span_of(copy, der.len - 1), KNOWN_ANY));
    for (size_t len = 0; len < 64; len++)
        assert_null(known_certificate_find(boot->crypto, span_of(copy, len), KNOWN_ANY));
}

static void without_hashes_nobodys_keys_are_known(void **state)
{
    struct boot *boot = *state;

    boot->input.crypto = NULL;
    collect_fixture(boot);
    boot_assert(boot, CLAIM_SECURE_BOOT_MICROSOFT_2011, "unknown");
    boot_assert(boot, CLAIM_SECURE_BOOT_MICROSOFT_2023, "unknown");
}

static void a_frame_is_a_whole_sequence(void **state)
{
    static const uint8_t framed[] = {0x30, 0x82, 0x00, 0x01, 0x05};

    (void)state;
    assert_true(certificate_is_framed(span_of(framed, 5)));
    for (size_t len = 0; len < 5; len++)
        assert_false(certificate_is_framed(span_of(framed, len)));
    assert_false(certificate_is_framed(span_text("\x30\x82\x01\x01\x05")));
}

int main(void)
{
#define KNOWN_TEST(name) cmocka_unit_test_setup_teardown(name, boot_setup, boot_teardown)
    const struct CMUnitTest tests[] = {
        KNOWN_TEST(microsofts_certificates_are_known),
        KNOWN_TEST(what_only_looks_like_one_is_none),
        KNOWN_TEST(without_hashes_nobodys_keys_are_known),
        cmocka_unit_test(a_frame_is_a_whole_sequence),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
