/* COSE_Sign1: the published example is framed, and headers that leave anything open are refused. */
#include "wire/cose_sign1.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <stdlib.h>

#include "base/text.h"

/* RFC 9052, C.2.1. */
static const char EXAMPLE[] = "d28443a10126a10442313154546869732069732074686520636f6e74656e742e5840"
                              "8eb33e4ca31d1c465ab05aac34cc"
                              "6b23d58fef5c083106c4d25a91aef0b0117e2af9a291aa32e14ab834dc56ed2a2234"
                              "44547e01f11d3b0916e5a4c345ca"
                              "cb36";

static uint8_t bytes[512];

static struct span open_hex(const char *hex)
{
    size_t len;

    assert_true(text_unhex(span_text(hex), bytes, sizeof bytes, &len));
    return span_of(bytes, len);
}

static void the_published_example_is_framed(void **state)
{
    struct span file = open_hex(EXAMPLE);
    struct error error = {0};
    struct cose_sign1 sign1;

    (void)state;
    assert_true(cose_sign1_is(file));
    assert_true(cose_sign1_decode(file, &sign1, &error));
    assert_int_equal(sign1.alg, COSE_ES256);
    assert_true(span_is(sign1.payload, "This is the content."));
    assert_ptr_equal(sign1.payload.data, file.data + sign1.payload_offset);
    assert_int_equal(sign1.signature.len, 64);
    assert_int_equal(sign1.protected_header.len, 3);
    assert_int_equal(sign1.key_id.len, 0); /* it stands outside of the signature */
    assert_int_equal(sign1.content_type.len, 0);
}

static void header_parameters_are_read(void **state)
{
    /* 500(502(18([<<{1: -37, 3: "t", 4: 'k', 8: h'a0', "x": 1, 99: [1]}>>, {}, h'00', h'01']))) */
    struct span file = open_hex(
        "d901f4d901f6d28454a601382403617404416b0841a061780118638101a041004101");
    struct error error = {0};
    struct cose_sign1 sign1;

    (void)state;
    assert_true(cose_sign1_is(file));
    assert_true(cose_sign1_decode(file, &sign1, &error));
    assert_int_equal(sign1.alg, COSE_PS256);
    assert_true(span_is(sign1.content_type, "t"));
    assert_true(span_is(sign1.key_id, "k"));
    assert_int_equal(sign1.corim_meta.len, 1);
}

static void certificates_and_times_are_read(void **state)
{
    /* 18([<<{1: -7, 33: [h'aa', h'bbbb'], 34: [-16, h'cc'], 15: {1: "i", 4: 9, 5: -1}}>>, {33: h'dd'}, h'00',
     * h'01']) with indefinite lengths; the chain outside of the signature is none. */
    struct span file = open_hex("d29f581dbf012618219f41aa42bbbbff1822822f41cc0fbf01616904090520ffff"
                                "a1182141dd41004101ff");
    struct error error = {0};
    struct cose_sign1 sign1;

    (void)state;
    assert_true(cose_sign1_decode(file, &sign1, &error));
    assert_int_equal(sign1.n_chain, 2);
    assert_int_equal(sign1.chain[0].data[0], 0xAA);
    assert_int_equal(sign1.chain[1].len, 2);
    assert_int_equal(sign1.thumbprint_alg, -16);
    assert_int_equal(sign1.thumbprint.data[0], 0xCC);
    assert_true(sign1.has_not_after && sign1.has_not_before);
    assert_int_equal(sign1.not_after_s, 9);
    assert_int_equal(sign1.not_before_s, -1);
    /* One certificate needs no array. */
    assert_true(cose_sign1_decode(open_hex("d28447a20126182141aaa041004101"), &sign1, &error));
    assert_int_equal(sign1.n_chain, 1);
    assert_false(sign1.has_not_after || sign1.has_not_before);
}

static void a_chain_has_a_length(void **state)
{
    char hex[256] = "d28454a20126182189";
    struct error error = {0};
    struct cose_sign1 sign1;

    (void)state;
    for (unsigned i = 0; i <= LIMIT_CHAIN_CERTIFICATES; i++)
        strcat(hex, "40");
    strcat(hex, "40404040404040a041004101");
    assert_false(cose_sign1_decode(open_hex(hex), &sign1, &error));
    assert_int_equal(error.code, ERROR_LIMIT);
}

static void other_documents_are_told_apart(void **state)
{
    static const char *const OTHERS[] = {"", "d901f5a0", "d901f4d901f5a0", "a0", "d83d84", "80"};

    (void)state;
    assert_true(cose_sign1_is(open_hex("d2")));
    for (size_t i = 0; i < sizeof OTHERS / sizeof *OTHERS; i++)
        assert_false(cose_sign1_is(open_hex(OTHERS[i])));
}

static void what_leaves_anything_open_is_refused(void **state)
{
    static const struct {
        const char *hex;
        enum error_code code;
        size_t offset;
    } CASES[] = {
        {"d901f5a0", ERROR_MALFORMED, 3},         /* no signature */
        {"d283", ERROR_TRUNCATED, 2},             /* three items */
        {"d28343a10126a040", ERROR_MALFORMED, 1}, /* the same, whole */
        {"d28440a04100"
         "4100",
         ERROR_TRUNCATED, 3},                               /* no protected header */
        {"d28441a0a041004100", ERROR_MALFORMED, 4},         /* an empty one */
        {"d28441a0a1012641004100", ERROR_MALFORMED, 4},     /* the algorithm is not signed */
        {"d28445a201260126a041004100", ERROR_MALFORMED, 6}, /* two algorithms */
        {"d28444a1016161a041004100", ERROR_MALFORMED, 5},   /* one in words */
        {"d28444a1012600a041004100", ERROR_TRAILING, 6},
        {"d28447a2012602811863a041004100", ERROR_UNSUPPORTED, 7},
        {"d28447a2012619010226a041004100", ERROR_UNSUPPORTED, 9},
        {"d28443a10126a0f64100", ERROR_UNSUPPORTED, 7}, /* detached */
        {"d28443a10126a0614100", ERROR_MALFORMED, 7},   /* a payload of text */
        {"d28443a10126a04100410000", ERROR_TRAILING, 11},
        {"d29f43a10126a041004100", ERROR_TRUNCATED, 11},      /* no break */
        {"d29f43a10126a04100410000ff", ERROR_MALFORMED, 11},  /* five items */
        {"d28443a10126a05f4100ff4100", ERROR_UNSUPPORTED, 8}, /* a payload in chunks */
        {"d28447a20126182181a0a041004100", ERROR_MALFORMED, 9},
        {"d28447a201261822812fa041004100", ERROR_MALFORMED, 8},
        {"d28448a201261822820000a041004100", ERROR_MALFORMED, 10}, /* x5t without bytes */
        {"d28446a20126182240a041004100", ERROR_MALFORMED, 8},
        {"d28449a201260fa2010005f6a041004100", ERROR_MALFORMED, 11}, /* nbf is null */
    };

    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct cose_sign1 sign1 = {.alg = 77};
        struct error error = {0};

        if (cose_sign1_decode(open_hex(CASES[i].hex), &sign1, &error) ||
            error.code != CASES[i].code || error.offset != CASES[i].offset || !error.clause)
            fail_msg("%s: code %d, byte %zu, %s", CASES[i].hex, error.code, error.offset,
                     error.message);
        assert_int_equal(sign1.alg, 77);
    }
}

static void a_document_cut_anywhere_is_refused(void **state)
{
    struct span file = open_hex(EXAMPLE);

    (void)state;
    for (size_t len = 0; len < file.len; len++) {
        uint8_t *copy = malloc(len ? len : 1);
        struct cose_sign1 sign1;
        struct error error = {0};

        memcpy(copy, file.data, len);
        assert_false(cose_sign1_decode(span_of(copy, len), &sign1, &error));
        assert_int_equal(error.code, ERROR_TRUNCATED);
        assert_non_null(error.clause);
        free(copy);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_published_example_is_framed),
        cmocka_unit_test(header_parameters_are_read),
        cmocka_unit_test(certificates_and_times_are_read),
        cmocka_unit_test(a_chain_has_a_length),
        cmocka_unit_test(other_documents_are_told_apart),
        cmocka_unit_test(what_leaves_anything_open_is_refused),
        cmocka_unit_test(a_document_cut_anywhere_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
