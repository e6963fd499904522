/* Base RIMs: one that another program signed is read, and none that was cut or changed. What else is refused,
 * and how, is shown by tests/cli/reference_import. */
#include "rim/rim.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "os/file.h"
#include "wire/tpm_alg.h"

static struct arena arena, files;
static struct span manifest, certificate;

static struct span read_seed(const char *name)
{
    struct error error = {0};
    struct span bytes;
    char path[4096];

    snprintf(path, sizeof path, "%s/fuzz/seeds/rim/%s", getenv("BOOTSEAL_SOURCE_ROOT"), name);
    assert_true(os_file_read(path, 65536, &files, &bytes, &error));
    return bytes;
}

static int begin(void **state)
{
    (void)state;
    arena = arena_init(1024 * 1024);
    files = arena_init(1024 * 1024);
    manifest = read_seed("signed");
    certificate = read_seed("certificate");
    return 0;
}

static int end(void **state)
{
    (void)state;
    arena_done(&arena);
    arena_done(&files);
    return 0;
}

static void a_signed_manifest_is_read(void **state)
{
    struct span certificates[2] = {{0}};
    struct error error = {0};
    struct rim rim;

    (void)state;
    certificates[0] = read_seed("unsigned"); /* no certificate: nobody's key */
    certificates[1] = certificate;
    assert_true(rim_decode(manifest, certificates, 2, &arena, &rim, &error));
    assert_int_equal(rim.signer, 1);
    assert_string_equal(rim.id, "example.rim.1");
    assert_string_equal(rim.name, "Example RIM");
    assert_string_equal(rim.version, "0.1");
    assert_string_equal(rim.manufacturer, "Example Inc.");
    assert_string_equal(rim.model, "Latitude");
    assert_true(rim.is_pc_client);
    assert_int_equal(rim.n_files, 2);
    assert_string_equal(rim.files[0].name, "boot.rimel");
    assert_true(rim.files[0].has_len);
    assert_int_equal(rim.files[0].len, 20113);
    assert_int_equal(rim.files[0].alg, TPM_ALG_SHA256);
    assert_int_equal(rim.files[0].digest.len, 32);
    assert_int_equal(rim.files[0].digest.data[31], 0x11);
    assert_false(rim.files[0].is_pcr_values);
    assert_int_equal(rim.files[1].alg, TPM_ALG_SHA384);
    assert_false(rim.files[1].has_len);
    assert_true(rim.files[1].is_pcr_values);
}

static void one_without_a_signature_is_read_only_on_demand(void **state)
{
    struct span unsigned_one = read_seed("unsigned");
    struct rim rim = {.n_files = 77};
    struct error error = {0};

    (void)state;
    assert_false(rim_decode(unsigned_one, &certificate, 1, &arena, &rim, &error));
    assert_int_equal(error.code, ERROR_DENIED);
    assert_non_null(error.clause);
    assert_int_equal(rim.n_files, 77);
    assert_true(rim_decode(unsigned_one, NULL, 0, &arena, &rim, &error));
    assert_int_equal(rim.n_files, 2);
}

static void no_value_in_it_can_change(void **state)
{
    static const char *const VALUES[] = {"1111",     "2222",      "boot.rimel",    "20113",
                                         "Latitude", "PC Client", "example.rim.1", "ecdsa-sha256"};

    (void)state;
    for (size_t i = 0; i < sizeof VALUES / sizeof *VALUES; i++) {
        char *copy = malloc(manifest.len);
        struct rim rim = {.n_files = 77};
        struct error error = {0};
        char *at;

        memcpy(copy, manifest.data, manifest.len);
        at = memmem(copy, manifest.len, VALUES[i], strlen(VALUES[i]));
        assert_non_null(at);
        at[1] ^= 1;
        assert_false(
            rim_decode(span_of(copy, manifest.len), &certificate, 1, &arena, &rim, &error));
        assert_int_equal(rim.n_files, 77);
        free(copy);
    }
}

static void a_document_cut_anywhere_is_refused(void **state)
{
    (void)state;
    for (size_t len = 0; len + sizeof "</SoftwareIdentity>" < manifest.len; len += 7) {
        char *copy = malloc(len ? len : 1);
        struct error error = {0};
        struct rim rim;

        memcpy(copy, manifest.data, len);
        assert_false(rim_decode(span_of(copy, len), NULL, 0, &arena, &rim, &error));
        assert_int_equal(error.code, ERROR_MALFORMED);
        assert_string_equal(error.clause, "XML 1.0");
        free(copy);
    }
}

static void a_dtd_ends_the_reading(void **state)
{
    struct span dtd = read_seed("dtd");
    struct error error = {0};
    struct rim rim;

    (void)state;
    assert_false(rim_decode(dtd, NULL, 0, &arena, &rim, &error));
    assert_int_equal(error.code, ERROR_UNSUPPORTED);
}

static void limits_are_held(void **state)
{
    struct arena small = arena_init(8);
    struct error error = {0};
    struct rim rim;

    (void)state;
    assert_false(rim_decode(span_of("<", LIMIT_MANIFEST_LEN + 1), NULL, 0, &arena, &rim, &error));
    assert_int_equal(error.code, ERROR_LIMIT);
    assert_false(rim_decode(manifest, NULL, 0, &small, &rim, &error));
    assert_int_equal(error.code, ERROR_MEMORY);
    arena_done(&small);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_signed_manifest_is_read, begin, end),
        cmocka_unit_test_setup_teardown(one_without_a_signature_is_read_only_on_demand, begin, end),
        cmocka_unit_test_setup_teardown(no_value_in_it_can_change, begin, end),
        cmocka_unit_test_setup_teardown(a_document_cut_anywhere_is_refused, begin, end),
        cmocka_unit_test_setup_teardown(a_dtd_ends_the_reading, begin, end),
        cmocka_unit_test_setup_teardown(limits_are_held, begin, end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
