/* Framing of IMA lists and reading of every template's fields. */
#include "wire/ima.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "support/log_builder.h"

static struct log_builder built; /* used for its byte writer */
static struct log_builder data;

static void field(const void *bytes, size_t len)
{
    log_builder_le32(&data, (uint32_t)len);
    log_builder_raw(&data, bytes, len);
}

/* An entry with the template data collected so far. */
static void entry(const char *name, size_t hash_len)
{
    static const uint8_t hash[64] = {1, 2, 3, 4, 5, 6, 7, 8, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF};

    log_builder_le32(&built, 10);
    log_builder_raw(&built, hash, hash_len);
    log_builder_le32(&built, (uint32_t)strlen(name));
    log_builder_raw(&built, name, strlen(name));
    log_builder_le32(&built, (uint32_t)data.len);
    log_builder_raw(&built, data.bytes, data.len);
    data.len = 0;
}

/* One entry of the template, with its fields decoded. */
static bool decode(const char *name, struct ima_fields *fields, struct error *error)
{
    static struct ima_list list;
    struct ima_entry first;

    built.len = 0;
    entry(name, 20);
    assert_true(ima_list_open(&list, log_builder_span(&built), error));
    assert_int_equal(ima_list_next(&list, &first), IMA_ENTRY);
    assert_int_equal(first.pcr, 10);
    assert_false(first.violation);
    return ima_entry_decode(&first, fields, error);
}

static void named_templates_are_read(void **state)
{
    struct ima_fields fields;
    struct error error;

    (void)state;
    data.len = 0;
    field("future:\0DIGEST", 14);
    field("/bin/sh", 8);
    assert_true(decode("ima-ng", &fields, &error));
    assert_true(span_is(fields.digest.alg, "future"));
    assert_true(span_is(fields.digest.bytes, "DIGEST"));
    assert_true(span_is(fields.name, "/bin/sh"));

    field("verity:future:\0DIGEST", 21);
    field("/bin/sh", 8);
    field("\3signature", 10);
    assert_true(decode("ima-sigv2", &fields, &error));
    assert_true(span_is(fields.digest.kind, "verity"));
    assert_true(span_is(fields.digest.alg, "future"));
    assert_int_equal(fields.signature.len, 10);

    field("future:\0DIGEST", 14);
    field("kernel_version", 15);
    field("6.1.0", 5);
    assert_true(decode("ima-buf", &fields, &error));
    assert_true(span_is(fields.buffer, "6.1.0"));

    field("future:\0DIGEST", 14);
    field("module.ko", 10);
    field("", 0);
    field("what:\0OTHER", 11);
    field("pkcs7", 5);
    assert_true(decode("ima-modsig", &fields, &error));
    assert_true(span_is(fields.modsig_digest.alg, "what"));
    assert_true(span_is(fields.modsig_digest.bytes, "OTHER"));
    assert_true(span_is(fields.modsig, "pkcs7"));
}

static void custom_templates_are_read(void **state)
{
    struct ima_fields fields;
    struct error error;

    (void)state;
    data.len = 0;
    field("/bin/sh", 8);
    field("\0\0\0\0", 4);
    field("future:\0DIGEST", 14);
    assert_true(decode("n-ng|iuid|d-ng", &fields, &error));
    assert_true(span_is(fields.name, "/bin/sh"));
    assert_true(span_is(fields.digest.bytes, "DIGEST"));
    field("x", 1);
    assert_false(decode("d-future", &fields, &error));
    assert_int_equal(error.code, ERROR_UNSUPPORTED);
}

static void broken_fields_are_refused(void **state)
{
    struct ima_fields fields;
    struct error error;

    (void)state;
    data.len = 0;
    field("DIGEST", 6);
    field("/bin/sh", 8);
    assert_false(decode("ima-ng", &fields, &error));
    assert_int_equal(error.code, ERROR_MALFORMED);
    field("future:\0DIGEST", 14);
    assert_false(decode("ima-ng", &fields, &error));
    assert_int_equal(error.code, ERROR_TRUNCATED);
    field("future:\0DIGEST", 14);
    field("/bin/sh", 8);
    field("one more", 8);
    assert_false(decode("ima-ng", &fields, &error));
    assert_int_equal(error.code, ERROR_TRAILING);
    for (int i = 0; i < 17; i++)
        field("", 1);
    assert_false(decode("n|n|n|n|n|n|n|n|n|n|n|n|n|n|n|n|n", &fields, &error));
    assert_int_equal(error.code, ERROR_UNSUPPORTED); /* no kernel has as many */
}

static void every_known_field_has_its_place(void **state)
{
    struct ima_fields fields;
    struct error error;

    (void)state;
    data.len = 0;
    field("DIGEST", 6);
    field("/bin/sh", 8);
    field("\2evm", 4);
    field("", 0);
    assert_true(decode("d|n|evmsig|d-modsig", &fields, &error));
    assert_true(span_is(fields.digest.bytes, "DIGEST"));
    assert_true(span_is(fields.evm_signature, "\2evm"));
    assert_int_equal(fields.modsig_digest.bytes.len, 0);
    for (int i = 0; i < 5; i++)
        field("a", 1);
    assert_true(decode("igid|imode|xattrnames|xattrlengths|xattrvalues", &fields, &error));
}

static void digests_without_a_name_are_refused(void **state)
{
    static const struct {
        const char *template_name, *field;
        size_t len;
    } CASES[] = {
        {"d-ng", "sha256:DIGEST", 13}, {"d-ng", "sha256\0DIGEST", 13}, {"d-ng", ":", 2},
        {"d-ng", "\0DIGEST", 7},       {"d-ngv2", ":sha256:\0D", 10},  {"d-ngv2", "verity", 6},
    };
    struct ima_fields fields;
    struct error error;

    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        data.len = 0;
        field(CASES[i].field, CASES[i].len);
        assert_false(decode(CASES[i].template_name, &fields, &error));
        assert_int_equal(error.code, ERROR_MALFORMED);
    }
}

/* What a digest's name promises, it has; an algorithm that nobody knows promises nothing. */
static void digests_have_the_length_of_their_algorithm(void **state)
{
    static const struct {
        const char *field;
        size_t len;
        bool good;
    } CASES[] = {
        {"sha1:\0abcdefghijklmnopqrst", 26, true},
        {"sha1:\0abcdefghijklmnopqrs", 25, false},
        {"sha1:\0abcdefghijklmnopqrstu", 27, false},
        {"md5:\0abcdefghijklmnop", 21, true},
        {"sha256:\0abcdefghijklmnopqrst", 28, false},
        {"sha256:\0", 8, false},
        {"sha4:\0abc", 9, true},
    };
    struct ima_fields fields;
    struct error error;

    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        data.len = 0;
        field(CASES[i].field, CASES[i].len);
        assert_int_equal(decode("d-ng", &fields, &error), CASES[i].good);
        if (!CASES[i].good)
            assert_int_equal(error.code, ERROR_MALFORMED);
    }
}

/* A NUL in a name would show another file than the one that was measured. */
static void names_end_with_their_only_nul(void **state)
{
    static const struct {
        const char *field;
        size_t len;
        bool good;
    } CASES[] = {
        {"/bin/sh", 8, true},      {"/bin/sh", 7, false}, {"/bin/sh\0/tmp/evil", 18, false},
        {"/bin/sh\0", 9, false},   {"", 0, false},        {"", 1, true},
        {"/a\nb\033[2J", 9, true}, /* control characters are for whoever prints it */
    };
    struct ima_fields fields;
    struct error error;

    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        data.len = 0;
        field(CASES[i].field, CASES[i].len);
        assert_int_equal(decode("n-ng", &fields, &error), CASES[i].good);
        if (!CASES[i].good)
            assert_int_equal(error.code, ERROR_MALFORMED);
    }
}

/* Every field's length, once too long by one and once as long as can be written. */
static void every_length_that_lies_is_refused(void **state)
{
    static const char TEMPLATE[] =
        "d-ng|n-ng|evmsig|xattrnames|xattrlengths|xattrvalues|iuid|igid|imode";
    static const size_t STARTS[] = {0, 18, 26, 31, 36, 41, 46, 51, 56};
    struct ima_fields fields;
    struct error error;

    (void)state;
    for (size_t i = 0; i < 2 * sizeof STARTS / sizeof *STARTS; i++) {
        data.len = 0;
        field("future:\0DIGEST", 14);
        field("/ab", 4);
        for (int n = 0; n < 7; n++)
            field("a", 1);
        if (i % 2)
            memset(data.bytes + STARTS[i / 2], 0xFF, 4);
        else
            data.bytes[STARTS[i / 2]]++;
        assert_false(decode(TEMPLATE, &fields, &error));
    }
    data.len = 0;
    field("future:\0DIGEST", 14);
    field("/ab", 4);
    for (int n = 0; n < 7; n++)
        field("a", 1);
    assert_true(decode(TEMPLATE, &fields, &error));
    assert_true(span_is(fields.mode, "a"));
}

static void every_field_says_what_it_is(void **state)
{
    (void)state;
    assert_string_equal(ima_field_meaning(span_text("d-ng")), "file digest with its algorithm");
    assert_null(ima_field_meaning(span_text("d-future")));
}

/* Name and length of the fixed template, and the templates' own names, are the host's words. */
static void entries_that_lie_are_refused(void **state)
{
    static const char *const names[] = {"", "IMA", "ima ng", "ima\x7f"};
    static uint8_t fixed[20 + 4];
    struct ima_list list;
    struct ima_entry first;
    struct error error;

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        built.len = data.len = 0;
        field("X", 1);
        entry(names[i], 20);
        assert_true(ima_list_open(&list, log_builder_span(&built), &error));
        assert_int_equal(ima_list_next(&list, &first), IMA_FAILED);
        assert_int_equal(error.code, ERROR_MALFORMED);
        assert_int_equal(ima_list_next(&list, &first), IMA_FAILED); /* and stays so */
    }
    memset(fixed + 20, 0xFF, 4); /* the length of the name */
    built.len = data.len = 0;
    log_builder_le32(&built, 10);
    log_builder_raw(&built, fixed, 20);
    log_builder_le32(&built, 3);
    log_builder_raw(&built, "ima", 3);
    log_builder_raw(&built, fixed, sizeof fixed);
    assert_true(ima_list_open(&list, log_builder_span(&built), &error));
    assert_int_equal(ima_list_next(&list, &first), IMA_FAILED);
    assert_int_equal(error.code, ERROR_LIMIT);
}

static void a_list_over_the_limit_is_refused(void **state)
{
    static const uint8_t byte;
    struct ima_list list;
    struct error error;

    (void)state;
    assert_false(ima_list_open(&list, span_of(&byte, (size_t)LIMIT_IMA_LEN + 1), &error));
    assert_int_equal(error.code, ERROR_LIMIT);
}

static void longer_hashes_are_recognised(void **state)
{
    static const size_t lens[] = {20, 32, 48, 64};
    struct ima_list list;
    struct ima_entry first;
    struct error error;

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        built.len = 0;
        data.len = 0;
        entry("ima-ng", lens[i]);
        assert_true(ima_list_open(&list, log_builder_span(&built), &error));
        assert_int_equal(list.hash_len, lens[i]);
        assert_int_equal(ima_list_next(&list, &first), IMA_ENTRY);
        assert_int_equal(ima_list_next(&list, &first), IMA_END);
    }
}

static void the_fixed_template_has_no_length(void **state)
{
    struct ima_list list;
    struct ima_entry first;
    struct ima_fields fields;
    struct error error;

    (void)state;
    built.len = 0;
    log_builder_le32(&built, 10);
    log_builder_raw(&built, (uint8_t[20]){0}, 20);
    log_builder_le32(&built, 3);
    log_builder_raw(&built, "ima", 3);
    log_builder_raw(&built, (uint8_t[20]){9}, 20);
    log_builder_le32(&built, 7);
    log_builder_raw(&built, "/bin/sh", 7);
    assert_true(ima_list_open(&list, log_builder_span(&built), &error));
    assert_int_equal(ima_list_next(&list, &first), IMA_ENTRY);
    assert_true(first.fixed);
    assert_true(first.violation);
    assert_true(ima_entry_decode(&first, &fields, &error));
    assert_true(span_is(fields.name, "/bin/sh"));
    assert_int_equal(ima_list_next(&list, &first), IMA_END);
}

static void big_endian_lists_are_refused(void **state)
{
    struct ima_list list;
    struct error error;

    (void)state;
    assert_false(ima_list_open(&list, span_of("\0\0\0\x0A rest of it", 15), &error));
    assert_int_equal(error.code, ERROR_UNSUPPORTED);
}

static void a_pcr_that_does_not_exist_is_refused(void **state)
{
    struct ima_list list;
    struct ima_entry first;
    struct error error;

    (void)state;
    built.len = 0;
    data.len = 0;
    entry("ima-ng", 20);
    built.bytes[0] = 24;
    built.bytes[3] = 1; /* nor when its bytes are swapped */
    assert_true(ima_list_open(&list, log_builder_span(&built), &error));
    assert_int_equal(ima_list_next(&list, &first), IMA_FAILED);
    assert_int_equal(error.code, ERROR_MALFORMED);
}

static void every_truncation_is_refused_or_a_prefix(void **state)
{
    struct ima_list list;
    struct ima_entry next;
    struct error error;
    enum ima_step step;

    (void)state;
    built.len = 0;
    data.len = 0;
    for (int i = 0; i < 3; i++) {
        field("future:\0DIGEST", 14);
        field("/bin/sh", 8);
        entry("ima-ng", 20);
    }
    for (size_t len = 0; len < built.len; len++) {
        uint8_t *copy = malloc(len ? len : 1); /* so that a sanitizer sees a read past the end */
        int n = 0;

        assert_non_null(copy);
        memcpy(copy, built.bytes, len);
        assert_true(ima_list_open(&list, span_of(copy, len), &error));
        while ((step = ima_list_next(&list, &next)) == IMA_ENTRY)
            n++;
        assert_true(n < 3);
        assert_int_equal(step, len % (built.len / 3) == 0 ? IMA_END : IMA_FAILED);
        free(copy);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(named_templates_are_read),
        cmocka_unit_test(custom_templates_are_read),
        cmocka_unit_test(broken_fields_are_refused),
        cmocka_unit_test(every_known_field_has_its_place),
        cmocka_unit_test(digests_without_a_name_are_refused),
        cmocka_unit_test(digests_have_the_length_of_their_algorithm),
        cmocka_unit_test(names_end_with_their_only_nul),
        cmocka_unit_test(every_length_that_lies_is_refused),
        cmocka_unit_test(every_field_says_what_it_is),
        cmocka_unit_test(entries_that_lie_are_refused),
        cmocka_unit_test(a_list_over_the_limit_is_refused),
        cmocka_unit_test(longer_hashes_are_recognised),
        cmocka_unit_test(the_fixed_template_has_no_length),
        cmocka_unit_test(big_endian_lists_are_refused),
        cmocka_unit_test(a_pcr_that_does_not_exist_is_refused),
        cmocka_unit_test(every_truncation_is_refused_or_a_prefix),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
