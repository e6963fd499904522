/* CoRIM: a document that another encoder wrote (python-cbor2) is read, and every lie in one is refused with
 * its byte and clause. */
#include "wire/corim.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "wire/tpm_alg.h"

/* A CoMID with two measurements, a CoSWID with three files, an unknown tag, a validity (tests/cli/make_corim.py). */
static const char SAMPLE[] = "d901f5a50050000102030405060708090a0b0c0d0e0f0183d901fa590191a301a1005"
                             "000000000000000000000000000"
                             "0000000281a3006941434d4520496e632e01d8207468747470733a2f2f61636d652e6"
                             "578616d706c6502810004a20081"
                             "82a100a400d82550000102030405060708090a0b0c0d0e0f016941434d4520496e632"
                             "e026a526f616452756e6e657203"
                             "0182a2000701a30283820158201111111111111111111111111111111111111111111"
                             "111111111111111111111820758"
                             "301212121212121212121212121212121212121212121212121212121212121212121"
                             "212121212121212121212121212"
                             "12820c584013131313131313131313131313131313131313131313131313131313131"
                             "313131313131313131313131313"
                             "1313131313131313131313131313131313131313130b6a626f6f746c6f6164657200a"
                             "20065312e302e3001194000a200"
                             "686669726d7761726501a201d9022801028182677368612d323536582014141414141"
                             "414141414141414141414141414"
                             "14141414141414141414141414018182a100a1016941434d4520496e632e81a101a10"
                             "4d90230480000000000000000d9"
                             "01f9590118a7006961636d652e626f6f740c00016f41434d4520626f6f742066696c6"
                             "5730d65342e312e3502a2181f69"
                             "41434d45204c74642e182182010206a210a2181864626f6f74181aa11182a31818677"
                             "66d6c696e757a14050782015820"
                             "3131313131313131313131313131313131313131313131313131313131313131a3181"
                             "86a696e697472642e696d671561"
                             "370782015820323232323232323232323232323232323232323232323232323232323"
                             "232323211a2181868677275622e"
                             "636667078201582033333333333333333333333333333333333333333333333333333"
                             "3333333333303a111a218186969"
                             "6e7374616c6c656407820158203939393939393939393939393939393939393939393"
                             "939393939393939393939d901fc"
                             "41a003817468747470733a2f2f61636d652e6578616d706c6504a200c11a5e0be1000"
                             "1c11af2a523800581a200694143"
                             "4d45204c74642e028101";

static struct arena arena;
static uint8_t bytes[4096];
static size_t bytes_len;

static int begin(void **state)
{
    (void)state;
    arena = arena_init(16 * 1024 * 1024);
    return 0;
}

static int end(void **state)
{
    (void)state;
    arena_done(&arena);
    return 0;
}

static struct span open_hex(const char *hex)
{
    assert_true(text_unhex(span_text(hex), bytes, sizeof bytes, &bytes_len));
    return span_of(bytes, bytes_len);
}

static void every_reference_value_is_read(void **state)
{
    static const struct {
        const char *vendor, *model, *name, *version;
        uint16_t alg;
        uint8_t fill;
        bool is_file, has_key;
    } WANTED[] = {
        {"ACME Inc.", "RoadRunner", "bootloader", "1.0.0", TPM_ALG_SHA256, 0x11, false, true},
        {"ACME Inc.", "RoadRunner", "bootloader", "1.0.0", TPM_ALG_SHA384, 0x12, false, true},
        {"ACME Inc.", "RoadRunner", "firmware", "", TPM_ALG_SHA256, 0x14, false, false},
        {"", "ACME boot files", "vmlinuz", "4.1.5", TPM_ALG_SHA256, 0x31, true, false},
        {"", "ACME boot files", "initrd.img", "7", TPM_ALG_SHA256, 0x32, true, false},
        {"", "ACME boot files", "grub.cfg", "4.1.5", TPM_ALG_SHA256, 0x33, true, false},
    };
    struct span file = open_hex(SAMPLE);
    struct error error = {0};
    struct corim corim;

    (void)state;
    assert_true(corim_is(file));
    assert_true(corim_decode(file, 0, &arena, &corim, &error));
    assert_int_equal(corim.n_digests, sizeof WANTED / sizeof *WANTED);
    for (size_t i = 0; i < corim.n_digests; i++) {
        const struct corim_digest *digest = &corim.digests[i];

        assert_true(span_is(digest->vendor, WANTED[i].vendor));
        assert_true(span_is(digest->model, WANTED[i].model));
        assert_true(span_is(digest->name, WANTED[i].name));
        assert_true(span_is(digest->version, WANTED[i].version));
        assert_int_equal(digest->alg, WANTED[i].alg);
        assert_int_equal(digest->digest.len, tpm_digest_len(WANTED[i].alg));
        assert_int_equal(digest->digest.data[0], WANTED[i].fill);
        assert_int_equal(digest->is_file, WANTED[i].is_file);
        assert_int_equal(digest->has_key, WANTED[i].has_key);
        assert_int_equal(digest->key, WANTED[i].has_key ? 7 : 0);
        assert_ptr_equal(digest->digest.data,
                         file.data + digest->offset + 2); /* its head has two bytes */
    }
    assert_int_equal(corim.id.len, 16);
    assert_false(corim.id_is_text);
    assert_true(corim.validity.has_not_before && corim.validity.has_not_after);
    assert_int_equal(corim.validity.not_before_s, 1577836800); /* 2020-01-01 */
    assert_int_equal(corim.validity.not_after_s, 4070908800);  /* 2099-01-01 */
    assert_int_equal(corim.n_other_hashes, 1);
    assert_int_equal(corim.n_other_tags, 1);
    assert_int_equal(corim.n_registers, 0);
    assert_int_equal(corim.n_other_values, 0);
    assert_int_equal(corim.n_profiles, 1);
    assert_string_equal(corim.profiles[0], "https://acme.example");
    assert_int_equal(corim.n_dependents, 0);
    assert_true(span_is(corim.creator, "ACME Ltd."));
    assert_false(corim.is_coswid);
}

/* Decodes, or fails with the message. */
static struct corim decode(const char *hex)
{
    struct error error = {0};
    struct corim corim = {0};

    if (!corim_decode(open_hex(hex), 0, &arena, &corim, &error))
        fail_msg("%s: byte %zu: %s", hex, error.offset, error.message);
    return corim;
}

static void what_it_says_of_itself_is_read(void **state)
{
    /* {0: 37(h'00..0f'), 1: [], 2: [{0: 32("u")}, {0: ["v", "w"], 1: [1, h'']}], 3: 111(1.3.6.1.4.1.311),
     * 5: [{0: "B", 2: [2]}, {0: "A", 2: [1, "x"]}]} */
    static const char ITSELF[] =
        "d901f5a500d82550000102030405060708090a0b0c0d0e0f01800282a100d8206175a200826176617701"
        "82014003d86f472b0601040182370582a2006142028102a20061410282016178";
    struct corim corim = decode(ITSELF);

    (void)state;
    assert_int_equal(corim.id.len, 16);
    assert_int_equal(corim.n_dependents, 3);
    assert_true(span_is(corim.dependents[0], "u") && span_is(corim.dependents[2], "w"));
    assert_int_equal(corim.n_profiles, 1);
    assert_string_equal(corim.profiles[0], "1.3.6.1.4.1.311");
    assert_true(span_is(corim.creator, "A"));
}

static void identifiers_stand_for_names(void **state)
{
    /* Classes 111(2.5.29.19) with the measurements 37(h'0a') and 600(h'ff'), and 560(h'0102'). */
    static const char IDENTIFIERS[] =
        "d901f5a20061610181d901fa58a3a104a1008282a100a100d86f43551d1382a200d825410a01a1028182"
        "0158200101010101010101010101010101010101010101010101010101010101010101a200d9025841ff"
        "01a1028182015820020202020202020202020202020202020202020202020202020202020202020282a1"
        "00a100d9023042010281a101a10281820158200303030303030303030303030303030303030303030303"
        "030303030303030303";
    struct corim corim = decode(IDENTIFIERS);

    (void)state;
    assert_int_equal(corim.n_digests, 3);
    assert_string_equal(corim.digests[0].class_id, "2.5.29.19");
    assert_string_equal(corim.digests[0].key_id, "0a");
    assert_string_equal(corim.digests[1].key_id, "ff");
    assert_string_equal(corim.digests[2].class_id, "0102");
    assert_null(corim.digests[2].key_id);
}

static void alternatives_all_count(void **state)
{
    /* digests: 562([[1, 2], [3]]), version: 562([{}, {}]); a measurement without a digest; registers; a CoMID
     * that replaces one, and supplements another. */
    static const char ALTERNATIVES[] =
        "d901f5a20061610181d901fa58efa204a1008182a100a101615683a200616b01a202d902328282820158"
        "200101010101010101010101010101010101010101010101010101010101010101820758300202020202"
        "020202020202020202020202020202020202020202020202020202020202020202020202020202020202"
        "028182015820030303030303030303030303030303030303030303030303030303030303030300d90232"
        "82a1006131a1006132a101a201d902280303a100f5a101a10ea100818201582009090909090909090909"
        "090909090909090909090909090909090909090909090382a200656f746865720101a200646d6f726501"
        "00";
    struct corim corim = decode(ALTERNATIVES);

    (void)state;
    assert_int_equal(corim.n_digests, 3);
    for (uint8_t i = 0; i < 3; i++) {
        assert_int_equal(corim.digests[i].digest.data[0], i + 1);
        assert_true(span_is(corim.digests[i].name, "k"));
        assert_int_equal(corim.digests[i].version.len, 0);
    }
    assert_int_equal(corim.digests[1].alg, TPM_ALG_SHA384);
    assert_int_equal(corim.n_other_values, 1);
    assert_int_equal(corim.n_registers, 1);
    assert_int_equal(corim.n_replaced, 1);
}

/* A CoRIM of a CoMID and a CoSWID in which no array and no map has a length. */
static const char OPEN[] =
    "d901f5bf006161019fd901fa5878bf04bf009f9fbf00bf016156ffff9fbf000701bf029f9f0158200101"
    "010101010101010101010101010101010101010101010101010101010101ff9f07583002020202020202"
    "0202020202020202020202020202020202020202020202020202020202020202020202020202020202ff"
    "ffffffffffffffffd901f95876bf006a61636d652e66696c6573016546696c65730c00029fbf181f6653"
    "656c6c657218219f03ffffbf181f6441434d45182101ffff06bf10bf18186164181abf119fbf18186166"
    "079f0158200505050505050505050505050505050505050505050505050505050505050505ffffffffff"
    "ff0d6132ffff04bf00c10501c106ff059fbf006141029f01ffffffff";

static void lengths_need_not_be_told(void **state)
{
    struct corim corim = decode(OPEN);

    (void)state;
    assert_int_equal(corim.n_digests, 3);
    assert_int_equal(corim.digests[1].alg, TPM_ALG_SHA384);
    assert_int_equal(corim.digests[1].key, 7);
    assert_true(corim.digests[2].is_file);
    assert_true(span_is(corim.digests[2].name, "f"));
    assert_true(corim.validity.has_not_after);
    assert_int_equal(corim.validity.not_after_s, 6);
    assert_true(span_is(corim.creator, "A"));
}

static void a_document_without_lengths_needs_its_end(void **state)
{
    struct span file = open_hex(OPEN);
    struct error error = {0};
    struct corim corim;

    (void)state;
    for (size_t len = 0; len < file.len; len++) {
        assert_false(corim_decode(span_of(file.data, len), 0, &arena, &corim, &error));
        assert_int_equal(error.code, ERROR_TRUNCATED);
    }
}

static void a_coswid_stands_alone(void **state)
{
    /* {0: "acme.files", 1: "Files", 2: [{31: "Seller", 33: [3]}, {31: "ACME", 33: 1}], 6: {...}, ...} plain,
     * in its own tag, and in that of CoRIM. */
    static const char *const FORMS[] = {
        "a6006a61636d652e66696c6573016546696c65730c000282a2181f6653656c6c657218218103a2181f64"
        "41434d4518210106a110a218186164181aa11181a2181861660782015820050505050505050505050505"
        "05050505050505050505050505050505050505050d6132",
        "da53574944a6006a61636d652e66696c6573016546696c65730c000282a2181f6653656c6c6572182181"
        "03a2181f6441434d4518210106a110a218186164181aa11181a218186166078201582005050505050505"
        "050505050505050505050505050505050505050505050505050d6132",
        "d901f9586ba6006a61636d652e66696c6573016546696c65730c000282a2181f6653656c6c6572182181"
        "03a2181f6441434d4518210106a110a218186164181aa11181a218186166078201582005050505050505"
        "050505050505050505050505050505050505050505050505050d6132"};
    struct error error = {0};
    struct corim corim;

    (void)state;
    for (size_t i = 0; i < sizeof FORMS / sizeof *FORMS; i++) {
        struct span file = open_hex(FORMS[i]);

        assert_true(corim_is(file) && coswid_is(file));
        assert_true(coswid_decode(file, 0, &arena, &corim, &error));
        assert_true(corim.is_coswid && corim.id_is_text);
        assert_true(span_is(corim.id, "acme.files"));
        assert_true(span_is(corim.creator, "ACME"));
        assert_int_equal(corim.n_digests, 1);
        assert_true(span_is(corim.digests[0].name, "f") && span_is(corim.digests[0].version, "2"));
        for (size_t len = 0; len < file.len; len++) {
            assert_false(coswid_decode(span_of(file.data, len), 0, &arena, &corim, &error));
            assert_int_equal(error.code, ERROR_TRUNCATED);
        }
    }
    assert_false(coswid_is(open_hex(SAMPLE)));
    assert_false(coswid_is(open_hex("a200616101")));
    assert_false(coswid_is(open_hex("")));
    assert_false(coswid_is(open_hex("a1")));
    assert_false(coswid_decode(open_hex("d83da0"), 0, &arena, &corim, &error));
}

static void a_document_cut_anywhere_is_refused(void **state)
{
    struct span file = open_hex(SAMPLE);

    (void)state;
    for (size_t len = 0; len < file.len; len++) {
        uint8_t *copy = malloc(len ? len : 1);
        struct corim corim = {.n_digests = 77};
        struct error error = {0};

        memcpy(copy, file.data, len);
        assert_false(corim_decode(span_of(copy, len), 0, &arena, &corim, &error));
        assert_int_equal(error.code, ERROR_TRUNCATED);
        assert_non_null(error.clause);
        assert_true(error.offset <= len);
        assert_int_equal(corim.n_digests, 77);
        free(copy);
    }
}

static void no_changed_byte_leads_outside(void **state)
{
    struct span file = open_hex(SAMPLE);

    (void)state;
    for (size_t at = 0; at < file.len; at++)
        for (unsigned bit = 0; bit < 8; bit++) {
            uint8_t *copy = malloc(file.len);
            struct error error = {0};
            struct corim corim;

            memcpy(copy, file.data, file.len);
            copy[at] ^= (uint8_t)(1U << bit);
            if (corim_decode(span_of(copy, file.len), 0, &arena, &corim, &error))
                for (size_t i = 0; i < corim.n_digests; i++)
                    assert_true(corim.digests[i].digest.data + corim.digests[i].digest.len <=
                                copy + file.len);
            else
                assert_int_not_equal(error.code, ERROR_NONE);
            arena_reset(&arena);
            free(copy);
        }
}

/* {0: "a", 1: [506(h'...')]} with what stands in a CoMID; offset is where the error belongs. */
static void what_lies_is_refused_with_its_place(void **state)
{
    static const struct {
        const char *hex, *clause;
        enum error_code code;
        size_t offset;
    } CASES[] = {
        {"d901f4d901f5a200616101", "CoRIM 4.1", ERROR_TRUNCATED, 11},
        {"a200616101", "CoRIM 4.1", ERROR_TRUNCATED, 5},
        {"d83da0", "CoRIM 4.1", ERROR_MALFORMED, 0},                 /* tag 61 */
        {"d901f581", "CoRIM 4.1", ERROR_MALFORMED, 3},               /* no map */
        {"d901f5a0", "CoRIM 4.1", ERROR_MALFORMED, 4},               /* neither id nor tags */
        {"d901f5a1006161", "CoRIM 4.1", ERROR_MALFORMED, 7},         /* no tags */
        {"d901f5a20061610180ff", "CoRIM 4.1", ERROR_TRAILING, 9},    /* a byte behind the end */
        {"d901f5a20061ff0180", "CoRIM 4.1", ERROR_MALFORMED, 7},     /* an id that is not UTF-8 */
        {"d901f5a300616101800180", "CoRIM 4.1", ERROR_MALFORMED, 9}, /* tags twice */
        {"d901f5a3006161018004a100c1fb0000000000000000", "CoRIM 7.3", ERROR_UNSUPPORTED, 13},
        {"d901f5a3006161018004a1006161", "CoRIM 7.3", ERROR_MALFORMED, 12},
        {"d901f5a20061610181d901fa80", "CoRIM 4.1", ERROR_MALFORMED, 12}, /* CoMID in no bytes */
        {"d901f5a20061610181d901fa42a0ff", "CoRIM 5.1", ERROR_TRAILING, 14},
        {"d901f5a20061610181d901fa41a1", "CoRIM 5.1", ERROR_TRUNCATED, 14},
        {"d901f5a20061610181d901fa5f", "CoRIM 4.1", ERROR_UNSUPPORTED, 13},
        {"d901f5a300616101800301", "CoRIM 4.1", ERROR_MALFORMED,
         11}, /* a profile that is a number */
        {"d901f5a30061610180028180", "CoRIM 4.1", ERROR_MALFORMED,
         11}, /* a locator that is no map */
        {"d901f5a3006161018003892424242424", "CoRIM 4.1", ERROR_LIMIT, 11},
        {"d901f5a300616101800581a10201", "CoRIM 4.1", ERROR_MALFORMED, 13}, /* roles in no array */
        /* {4: {0: [[{}]]}}: a triple of one item */
        {"d901f5a20061610181d901fa47a104a1008181a0", "CoRIM 5.1", ERROR_MALFORMED, 18},
        /* {4: {0: [[{}, [{1: {2: [[1]]}}]]]}}: a digest without its value */
        {"d901f5a20061610181d901fa4fa104a1008182a081a101a102818101", "CoRIM 5.1.4.1.4",
         ERROR_MALFORMED, 26},
        /* ... [[1, h'00']]: one that is too short */
        {"d901f5a20061610181d901fa51a104a1008182a081a101a1028182014100", "CoRIM 5.1.4.1.4",
         ERROR_MALFORMED, 30},
    };

    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct error error = {0};
        struct corim corim;

        if (corim_decode(open_hex(CASES[i].hex), 0, &arena, &corim, &error) ||
            error.code != CASES[i].code || error.offset != CASES[i].offset ||
            strcmp(error.clause, CASES[i].clause) != 0)
            fail_msg("%s: code %d, byte %zu, %s: %s", CASES[i].hex, error.code, error.offset,
                     error.clause ? error.clause : "", error.message);
    }
}

static void places_are_those_of_the_outermost_input(void **state)
{
    struct error error = {0};
    struct corim corim;

    (void)state;
    assert_false(corim_decode(open_hex("d901f581"), 1000, &arena, &corim, &error));
    assert_int_equal(error.offset, 1003);
    assert_true(corim_decode(open_hex(SAMPLE), 1000, &arena, &corim, &error));
    assert_ptr_equal(corim.digests[0].digest.data, bytes + corim.digests[0].offset - 1000 + 2);
}

/* A CoSWID whose payload is a file in this many folders, one in the other. */
static bool decode_folders(unsigned depth, struct corim *corim, struct error *error)
{
    static const char FILE_HEX[] = /* {17: {24: "f", 7: [1, h'00...']}} */
        "a111a2181861660782015820"
        "0000000000000000000000000000000000000000000000000000000000000000";
    char text[2048], all[4096], *at = text;

    for (unsigned i = 0; i < depth; i++)
        at += sprintf(at, "a110a1181a"); /* {16: {26: ...}} */
    sprintf(at, "%s", FILE_HEX);
    sprintf(all, "d901f5a20061610181d901f958%02zxa106%s", strlen(text) / 2 + 2, text);
    return corim_decode(open_hex(all), 0, &arena, corim, error);
}

static void folders_have_a_depth(void **state)
{
    struct error error = {0};
    struct corim corim;

    (void)state;
    assert_true(decode_folders(LIMIT_MANIFEST_FOLDERS - 1, &corim, &error));
    assert_int_equal(corim.n_digests, 1);
    assert_false(decode_folders(LIMIT_MANIFEST_FOLDERS, &corim, &error));
    assert_int_equal(error.code, ERROR_LIMIT);
    assert_string_equal(error.clause, "RFC 9393 2");
}

static void lack_of_memory_is_told(void **state)
{
    struct arena small = arena_init(16);
    struct error error = {0};
    struct corim corim;

    (void)state;
    assert_false(corim_decode(open_hex(SAMPLE), 0, &small, &corim, &error));
    assert_int_equal(error.code, ERROR_MEMORY);
    arena_done(&small);
}

static void a_long_document_is_refused(void **state)
{
    static const uint8_t ONE[1] = {0xD9};
    struct error error = {0};
    struct corim corim;

    (void)state;
    assert_false(corim_decode(span_of(ONE, LIMIT_MANIFEST_LEN + 1), 0, &arena, &corim, &error));
    assert_int_equal(error.code, ERROR_LIMIT);
}

static void the_validity_of_a_signature_is_read(void **state)
{
    struct corim_validity validity;
    struct error error = {0};

    (void)state;
    /* {0: {0: "A"}, 1: {0: 1(5), 1: 1(-1)}} */
    assert_true(corim_meta_decode(open_hex("a200a100614101a200c10501c120"), &validity, &error));
    assert_true(validity.has_not_before && validity.has_not_after);
    assert_int_equal(validity.not_before_s, 5);
    assert_int_equal(validity.not_after_s, -1);
    assert_true(corim_meta_decode(open_hex("a100a1006141"), &validity, &error));
    assert_false(validity.has_not_before || validity.has_not_after);
    assert_false(corim_meta_decode(open_hex("a100a1006141ff"), &validity, &error));
    assert_int_equal(error.code, ERROR_TRAILING);
    assert_false(corim_meta_decode(open_hex("a101a100"), &validity, &error));
    assert_int_equal(error.code, ERROR_TRUNCATED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_reference_value_is_read, begin, end),
        cmocka_unit_test_setup_teardown(what_it_says_of_itself_is_read, begin, end),
        cmocka_unit_test_setup_teardown(identifiers_stand_for_names, begin, end),
        cmocka_unit_test_setup_teardown(alternatives_all_count, begin, end),
        cmocka_unit_test_setup_teardown(lengths_need_not_be_told, begin, end),
        cmocka_unit_test_setup_teardown(a_document_without_lengths_needs_its_end, begin, end),
        cmocka_unit_test_setup_teardown(a_coswid_stands_alone, begin, end),
        cmocka_unit_test_setup_teardown(a_document_cut_anywhere_is_refused, begin, end),
        cmocka_unit_test_setup_teardown(no_changed_byte_leads_outside, begin, end),
        cmocka_unit_test_setup_teardown(what_lies_is_refused_with_its_place, begin, end),
        cmocka_unit_test_setup_teardown(places_are_those_of_the_outermost_input, begin, end),
        cmocka_unit_test_setup_teardown(folders_have_a_depth, begin, end),
        cmocka_unit_test_setup_teardown(lack_of_memory_is_told, begin, end),
        cmocka_unit_test_setup_teardown(a_long_document_is_refused, begin, end),
        cmocka_unit_test_setup_teardown(the_validity_of_a_signature_is_read, begin, end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
