/* Framing of the signatures in security.ima: every length that lies, every type and version. */
#include "wire/ima_signature.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/* Version 2 of a file's digest, SHA-256, key 0x01020304, five bytes of signature. */
static const uint8_t GOOD[] = {3, 2, 4, 1, 2, 3, 4, 0, 5, 'a', 'b', 'c', 'd', 'e'};

static bool decode(const uint8_t *bytes, size_t len, struct ima_signature *signature,
                   struct error *error)
{
    return ima_signature_decode(span_of(bytes, len), signature, error);
}

static void a_signature_is_read(void **state)
{
    struct ima_signature signature;
    struct error error;

    (void)state;
    assert_true(decode(GOOD, sizeof GOOD, &signature, &error));
    assert_int_equal(signature.type, IMA_SIGNATURE_FILE);
    assert_int_equal(signature.version, 2);
    assert_string_equal(signature.hash->name, "sha256");
    assert_int_equal(signature.key_id, 0x01020304);
    assert_true(span_is(signature.bytes, "abcde"));
}

/* One byte of the header changed; what is then refused, and as what. */
static void headers_that_are_not_known_are_refused(void **state)
{
    static const struct {
        size_t at;
        uint8_t value;
        enum error_code code; /* ERROR_NONE: it is read */
    } CASES[] = {
        {0, 0, ERROR_UNSUPPORTED}, {0, 1, ERROR_UNSUPPORTED}, {0, 2, ERROR_UNSUPPORTED},
        {0, 4, ERROR_UNSUPPORTED}, {0, 5, ERROR_NONE},        {0, 6, ERROR_NONE},
        {0, 7, ERROR_UNSUPPORTED}, {1, 1, ERROR_UNSUPPORTED}, {1, 3, ERROR_NONE},
        {1, 4, ERROR_UNSUPPORTED}, {2, 6, ERROR_NONE},        {2, 23, ERROR_UNSUPPORTED},
        {7, 1, ERROR_MALFORMED},   {8, 4, ERROR_MALFORMED},   {8, 6, ERROR_MALFORMED},
        {8, 0, ERROR_MALFORMED},
    };
    struct ima_signature signature;
    struct error error;

    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        uint8_t bytes[sizeof GOOD];

        memcpy(bytes, GOOD, sizeof GOOD);
        bytes[CASES[i].at] = CASES[i].value;
        error.code = ERROR_NONE;
        assert_int_equal(decode(bytes, sizeof bytes, &signature, &error),
                         CASES[i].code == ERROR_NONE);
        assert_int_equal(error.code, CASES[i].code);
    }
}

static void every_truncation_is_refused(void **state)
{
    static const struct ima_signature NOTHING;
    struct ima_signature signature = {0};
    struct error error;

    (void)state;
    for (size_t len = 0; len < sizeof GOOD; len++) {
        uint8_t *copy = malloc(len ? len : 1); /* so that a sanitizer sees a read past the end */

        assert_non_null(copy);
        memcpy(copy, GOOD, len);
        assert_false(decode(copy, len, &signature, &error));
        assert_memory_equal(&signature, &NOTHING, sizeof NOTHING);
        free(copy);
    }
}

static void an_empty_signature_is_refused(void **state)
{
    static const uint8_t EMPTY[] = {3, 2, 4, 1, 2, 3, 4, 0, 0};
    struct ima_signature signature;
    struct error error;

    (void)state;
    assert_false(decode(EMPTY, sizeof EMPTY, &signature, &error));
}

static void hashes_have_one_number_and_one_name(void **state)
{
    (void)state;
    for (unsigned id = 0; id < 256; id++) {
        const struct ima_hash *hash = ima_hash_by_id((uint8_t)id);

        if (hash)
            assert_ptr_equal(ima_hash_by_name(span_text(hash->name)), hash);
    }
    assert_null(ima_hash_by_id(200));
    assert_null(ima_hash_by_name(span_text("sha4")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_signature_is_read),
        cmocka_unit_test(headers_that_are_not_known_are_refused),
        cmocka_unit_test(every_truncation_is_refused),
        cmocka_unit_test(an_empty_signature_is_refused),
        cmocka_unit_test(hashes_have_one_number_and_one_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
