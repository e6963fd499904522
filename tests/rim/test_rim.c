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
    arena = arena_init(16 * 1024 * 1024);
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

/* The value as it stands in the manifest with a bit turned in its second character. */
static void demand_refused(struct span whole, const struct span *signer, const char *value)
{
    char *copy = malloc(whole.len);
    struct rim rim = {.n_files = 77};
    struct error error = {0};
    char *at;

    memcpy(copy, whole.data, whole.len);
    at = memmem(copy, whole.len, value, strlen(value));
    assert_non_null(at);
    at[1] ^= 1;
    assert_false(rim_decode(span_of(copy, whole.len), signer, 1, &arena, &rim, &error));
    assert_int_equal(rim.n_files, 77);
    free(copy);
}

static void no_value_in_it_can_change(void **state)
{
    static const char *const VALUES[] = {"1111",     "2222",      "boot.rimel",    "20113",
                                         "Latitude", "PC Client", "example.rim.1", "ecdsa-sha256"};

    (void)state;
    for (size_t i = 0; i < sizeof VALUES / sizeof *VALUES; i++)
        demand_refused(manifest, &certificate, VALUES[i]);
}

static void a_time_stamp_and_relations_are_read(void **state)
{
    static const char *const VALUES[] = {"1111",      "example.rim.1", "\"requires", "true",
                                         "2026-01-3", "dGVzdAo",       "TST",        "#TST"};
    struct span stamped = read_seed("stamped"), signer = read_seed("stamped-certificate");
    struct error error = {0};
    struct rim rim;

    (void)state;
    assert_true(rim_decode(stamped, &signer, 1, &arena, &rim, &error));
    assert_string_equal(rim.signed_at, "2026-01-31T00:00:00Z");
    assert_true(rim.has_countersignature);
    assert_true(rim.is_patch && rim.is_supplemental);
    assert_int_equal(rim.n_links, 1); /* the other leads to media */
    assert_string_equal(rim.links[0], "example.rim.1");
    assert_false(rim_decode(stamped, &certificate, 1, &arena, &rim, &error));
    for (size_t i = 0; i < sizeof VALUES / sizeof *VALUES; i++)
        demand_refused(stamped, &signer, VALUES[i]);
    assert_true(rim_decode(manifest, &certificate, 1, &arena, &rim, &error));
    assert_string_equal(rim.signed_at, "");
    assert_false(rim.has_countersignature || rim.is_patch || rim.is_supplemental);
    assert_int_equal(rim.n_links, 0);
}

static void links_are_counted(void **state)
{
    static const char BEGIN[] = "<SoftwareIdentity "
                                "xmlns='http://standards.iso.org/iso/19770/-2/2015/schema.xsd'>";
    static const char LINK[] = "<Link rel='requires' href='x'/>";
    char xml[2048];

    (void)state;
    for (size_t n = LIMIT_MANIFEST_DEPENDENTS; n <= LIMIT_MANIFEST_DEPENDENTS + 1; n++) {
        struct error error = {0};
        struct rim rim;

        strcpy(xml, BEGIN);
        for (size_t i = 0; i < n; i++)
            strcat(xml, LINK);
        strcat(xml, "</SoftwareIdentity>");
        if (n == LIMIT_MANIFEST_DEPENDENTS) {
            assert_true(rim_decode(span_text(xml), NULL, 0, &arena, &rim, &error));
            assert_int_equal(rim.n_links, n);
        } else {
            assert_false(rim_decode(span_text(xml), NULL, 0, &arena, &rim, &error));
            assert_int_equal(error.code, ERROR_LIMIT);
        }
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

#define TAG "<SoftwareIdentity xmlns=\"http://standards.iso.org/iso/19770/-2/2015/schema.xsd\">"
#define FILE_HEAD                                                                                  \
    "<File xmlns:s=\"http://www.w3.org/2001/04/xmlenc#sha256\" "                                   \
    "xmlns:o=\"http://www.w3.org/2000/09/xmldsig#sha1\" "
#define HASH "s:hash=\"1111111111111111111111111111111111111111111111111111111111111111\" "

/* A manifest of n files, each with these attributes. */
static struct span manifest_of(size_t n, const char *attributes)
{
    static char text[LIMIT_MANIFEST_LEN];
    size_t len = (size_t)sprintf(text, TAG "<Payload>");

    for (size_t i = 0; i < n; i++)
        len += (size_t)snprintf(text + len, sizeof text - len, FILE_HEAD "%s/>", attributes);
    len += (size_t)snprintf(text + len, sizeof text - len, "</Payload></SoftwareIdentity>");
    return span_of(text, len);
}

static enum error_code code_of(struct span xml)
{
    struct rim rim = {.n_files = 77};
    struct error error = {0};

    if (rim_decode(xml, NULL, 0, &arena, &rim, &error))
        return ERROR_NONE;
    assert_int_equal(rim.n_files, 77);
    return error.code;
}

static void files_that_are_half_described_are_refused(void **state)
{
    static const char *const BAD[] = {
        HASH,                                                              /* no name */
        "name=\"f\" ",                                                     /* no hash */
        "name=\"f\" o:hash=\"1111111111111111111111111111111111111111\" ", /* none that is sound */
        "name=\"f\" hash=\"1111111111111111111111111111111111111111111111111111111111111111\" ",
        "name=\"f\" s:hash=\"11\" ",
        "name=\"f\" s:hash=\"x111111111111111111111111111111111111111111111111111111111111111\" ",
        "name=\"f\" size=\"\" " HASH,
        "name=\"f\" size=\"-1\" " HASH,
        "name=\"f\" size=\"1k\" " HASH,
        "name=\"f\" size=\"18446744073709551616\" " HASH,
    };

    (void)state;
    assert_int_equal(code_of(manifest_of(1, "name=\"f\" size=\"18446744073709551615\" " HASH)),
                     ERROR_NONE);
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++)
        if (code_of(manifest_of(1, BAD[i])) != ERROR_MALFORMED)
            fail_msg("%s", BAD[i]);
    assert_int_equal(code_of(span_text("<SoftwareIdentity/>")), ERROR_MALFORMED);
}

static void limits_are_held(void **state)
{
    char attributes[LIMIT_MANIFEST_TEXT_LEN + 256];

    (void)state;
    assert_int_equal(code_of(span_of("<", LIMIT_MANIFEST_LEN + 1)), ERROR_LIMIT);
    assert_int_equal(code_of(manifest_of(LIMIT_MANIFEST_ITEMS, "name=\"f\" " HASH)), ERROR_NONE);
    assert_int_equal(code_of(manifest_of(LIMIT_MANIFEST_ITEMS + 1, "name=\"f\" " HASH)),
                     ERROR_LIMIT);
    for (int len = LIMIT_MANIFEST_TEXT_LEN; len <= LIMIT_MANIFEST_TEXT_LEN + 1; len++) {
        snprintf(attributes, sizeof attributes, "name=\"%0*d\" " HASH, len, 7);
        assert_int_equal(code_of(manifest_of(1, attributes)),
                         len > LIMIT_MANIFEST_TEXT_LEN ? ERROR_LIMIT : ERROR_NONE);
    }
}

static void a_full_arena_is_an_error(void **state)
{
    size_t n_failed = 0;
    bool done = false;

    (void)state;
    for (size_t cap = 0; !done; cap += 16) {
        struct arena small = arena_init(cap);
        struct rim rim = {.n_files = 77};
        struct error error = {0};

        done = rim_decode(manifest, NULL, 0, &small, &rim, &error);
        assert_int_equal(rim.n_files, done ? 2 : 77);
        if (!done)
            assert_int_equal(error.code, ERROR_MEMORY);
        n_failed += !done;
        arena_done(&small);
    }
    assert_true(n_failed > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_signed_manifest_is_read, begin, end),
        cmocka_unit_test_setup_teardown(one_without_a_signature_is_read_only_on_demand, begin, end),
        cmocka_unit_test_setup_teardown(no_value_in_it_can_change, begin, end),
        cmocka_unit_test_setup_teardown(a_time_stamp_and_relations_are_read, begin, end),
        cmocka_unit_test_setup_teardown(links_are_counted, begin, end),
        cmocka_unit_test_setup_teardown(a_document_cut_anywhere_is_refused, begin, end),
        cmocka_unit_test_setup_teardown(a_dtd_ends_the_reading, begin, end),
        cmocka_unit_test_setup_teardown(files_that_are_half_described_are_refused, begin, end),
        cmocka_unit_test_setup_teardown(limits_are_held, begin, end),
        cmocka_unit_test_setup_teardown(a_full_arena_is_an_error, begin, end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
