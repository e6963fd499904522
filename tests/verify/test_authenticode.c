/* Authenticode digests: over what firmware hashes, and over nothing else. What they are for whole
 * images of others is held against sbverify and osslsigncode in tests/differential. */
#include "verify/authenticode.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <stdlib.h>

#include "base/text.h"
#include "support/pe_builder.h"

static uint8_t buffer[16384];
static struct crypto *crypto;

static const struct pe_builder_section SECTIONS[] = {
    {".text", {(const uint8_t *)"code code code", 14}, 0},
    {".data", {(const uint8_t *)"data", 4}, 0},
};

static struct pe_builder sample(void)
{
    return (struct pe_builder){.is_64 = true, .sections = SECTIONS, .n_sections = 2};
}

/* The digest in hex, of the file as it stands in the buffer. */
static const char *digest_of(struct span file, uint16_t alg, bool padded)
{
    static char hex[2][2 * LIMIT_TPM_DIGEST_LEN + 1];
    static int turn;
    struct arena arena = arena_init(1024 * 1024);
    struct authenticode image;
    struct crypto_digest digest;
    struct error error = {0};
    struct pe pe;
    char *text = hex[turn ^= 1];

    if (pe_decode(file, &pe, &error) && authenticode_read(&pe, &arena, &image, &error)) {
        authenticode_hash(crypto, &image, alg, padded, &digest);
        text_hex_into(text, crypto_digest_span(&digest));
    } else {
        strcpy(text, error_code_name(error.code));
    }
    arena_done(&arena);
    return text;
}

/* What must be hashed, said another way: the file without three ranges. */
static const char *digest_without(struct span file, const size_t (*ranges)[2], size_t n_ranges,
                                  uint16_t alg)
{
    static char hex[2 * LIMIT_TPM_DIGEST_LEN + 1];
    static uint8_t kept[sizeof buffer];
    struct crypto_digest digest;
    size_t len = 0;

    for (size_t at = 0; at < file.len; at++) {
        bool left_out = false;

        for (size_t i = 0; i < n_ranges; i++)
            left_out |= at >= ranges[i][0] && at < ranges[i][1];
        if (!left_out)
            kept[len++] = file.data[at];
    }
    crypto_hash_span(crypto, alg, span_of(kept, len), &digest);
    text_hex_into(hex, crypto_digest_span(&digest));
    return hex;
}

static void checksum_and_certificates_are_left_out(void **state)
{
    static const uint16_t ALGS[] = {TPM_ALG_SHA1, TPM_ALG_SHA256, TPM_ALG_SHA384, TPM_ALG_SHA512};

    (void)state;
    for (size_t i = 0; i < 2 * sizeof ALGS / sizeof *ALGS; i++) {
        struct pe_builder builder = sample();
        size_t unsigned_len, entry;
        struct span file;

        builder.is_64 = i % 2;
        builder.extra = span_text("after the sections");
        unsigned_len = (pe_builder_write(&builder, buffer, sizeof buffer).len + 7) / 8 * 8;
        builder.certificate = span_text("signature");
        file = pe_builder_write(&builder, buffer, sizeof buffer);
        entry = pe_builder_certificate_entry_at(&builder);
        assert_string_equal(
            digest_of(file, ALGS[i / 2], false),
            digest_without(file,
                           (const size_t[][2]){{PE_BUILDER_CHECKSUM_AT, PE_BUILDER_CHECKSUM_AT + 4},
                                               {entry, entry + 8},
                                               {unsigned_len, file.len}},
                           3, ALGS[i / 2]));
    }
}

static void signing_changes_nothing_but_padding(void **state)
{
    struct pe_builder builder = sample();
    char before[2 * LIMIT_TPM_DIGEST_LEN + 1], padded[2 * LIMIT_TPM_DIGEST_LEN + 1];
    struct span file;

    (void)state;
    file = pe_builder_write(&builder, buffer, sizeof buffer);
    strcpy(before, digest_of(file, TPM_ALG_SHA256, false));
    assert_string_equal(before, digest_of(file, TPM_ALG_SHA256, true));
    builder.certificate = span_text("signature");
    file = pe_builder_write(&builder, buffer, sizeof buffer);
    assert_string_equal(before, digest_of(file, TPM_ALG_SHA256, false));
    /* A length that is no multiple of 8: the measured digest changes when the file is signed. */
    builder = sample();
    builder.extra = span_text("odd");
    file = pe_builder_write(&builder, buffer, sizeof buffer);
    strcpy(before, digest_of(file, TPM_ALG_SHA256, false));
    strcpy(padded, digest_of(file, TPM_ALG_SHA256, true));
    assert_string_not_equal(before, padded);
    builder.certificate = span_text("signature");
    file = pe_builder_write(&builder, buffer, sizeof buffer);
    assert_string_equal(padded, digest_of(file, TPM_ALG_SHA256, false));
}

static void every_other_byte_counts(void **state)
{
    struct pe_builder builder = sample();
    char before[2 * LIMIT_TPM_DIGEST_LEN + 1];
    size_t entry = pe_builder_certificate_entry_at(&builder), end;
    struct span file;

    (void)state;
    builder.alignment = 16;
    builder.extra = span_text("behind..");
    end = pe_builder_write(&builder, buffer, sizeof buffer).len;
    builder.certificate = span_text("signature");
    file = pe_builder_write(&builder, buffer, sizeof buffer);
    strcpy(before, digest_of(file, TPM_ALG_SHA256, false));
    for (size_t at = 0; at < file.len; at++) {
        bool left_out = (at >= PE_BUILDER_CHECKSUM_AT && at < PE_BUILDER_CHECKSUM_AT + 4) ||
                        (at >= entry && at < entry + 8) || at >= end;

        if (at >= entry && at < entry + 8)
            continue; /* decides what the certificates are */
        buffer[at] ^= 1;
        if (left_out)
            assert_string_equal(before, digest_of(file, TPM_ALG_SHA256, false));
        else
            assert_string_not_equal(before, digest_of(file, TPM_ALG_SHA256, false));
        buffer[at] ^= 1;
    }
}

static void swap_sections(const struct pe_builder *builder)
{
    uint8_t header[40], *first = buffer + pe_builder_section_at(builder, 0);

    memcpy(header, first, sizeof header);
    memmove(first, first + 40, sizeof header);
    memcpy(first + 40, header, sizeof header);
}

static void sections_are_hashed_in_the_order_of_the_file(void **state)
{
    struct pe_builder builder = sample();
    struct span file = pe_builder_write(&builder, buffer, sizeof buffer);
    size_t entry = pe_builder_certificate_entry_at(&builder);

    (void)state;
    swap_sections(&builder);
    assert_string_equal(
        digest_of(file, TPM_ALG_SHA256, false),
        digest_without(file,
                       (const size_t[][2]){{PE_BUILDER_CHECKSUM_AT, PE_BUILDER_CHECKSUM_AT + 4},
                                           {entry, entry + 8}},
                       2, TPM_ALG_SHA256));
}

static void put32(size_t at, uint32_t value)
{
    for (size_t i = 0; i < 4; i++)
        buffer[at + i] = (uint8_t)(value >> (8 * i));
}

/* Firmware takes the table to be the file's end, wherever it says it is. */
static void only_the_certificates_length_counts(void **state)
{
    struct pe_builder builder = sample();
    char before[2 * LIMIT_TPM_DIGEST_LEN + 1];
    size_t entry = pe_builder_certificate_entry_at(&builder);
    struct span file;

    (void)state;
    builder.certificate = span_text("signature");
    file = pe_builder_write(&builder, buffer, sizeof buffer);
    strcpy(before, digest_of(file, TPM_ALG_SHA256, false));
    put32(entry, 64);
    assert_string_equal(before, digest_of(file, TPM_ALG_SHA256, false));
    put32(entry + 4, 16);
    assert_string_not_equal(digest_of(file, TPM_ALG_SHA256, false), before);
    put32(entry + 4, 32); /* more than follows the sections */
    assert_string_equal(digest_of(file, TPM_ALG_SHA256, false), "malformed");
}

static void overlapping_sections_are_hashed_twice(void **state)
{
    struct pe_builder builder = sample();
    struct span file = pe_builder_write(&builder, buffer, sizeof buffer);
    size_t second = pe_builder_section_at(&builder, 1), entry;
    struct crypto_digest digest;
    char hex[2 * LIMIT_TPM_DIGEST_LEN + 1];

    (void)state;
    entry = pe_builder_certificate_entry_at(&builder);
    put32(second + 20, 512); /* both have the same 512 bytes; nothing is left to hash behind them */
    crypto_hash(crypto, TPM_ALG_SHA256,
                (const struct span[]){span_of(buffer, PE_BUILDER_CHECKSUM_AT),
                                      span_of(buffer + PE_BUILDER_CHECKSUM_AT + 4,
                                              entry - PE_BUILDER_CHECKSUM_AT - 4),
                                      span_of(buffer + entry + 8, 512 - entry - 8),
                                      span_of(buffer + 512, 512), span_of(buffer + 512, 512)},
                5, &digest);
    text_hex_into(hex, crypto_digest_span(&digest));
    assert_int_equal(file.len, 1536);
    assert_string_equal(digest_of(file, TPM_ALG_SHA256, false), hex);
}

/* Without directories there is no entry to leave out, and a section without data adds nothing. */
static void only_what_is_there_is_left_out(void **state)
{
    static const struct pe_builder_section WITH_BSS[] = {
        {".text", {(const uint8_t *)"code", 4}, 0},
        {".bss", {NULL, 0}, 4096},
    };
    struct pe_builder builder = {.is_64 = true,
                                 .no_directories = true,
                                 .sections = WITH_BSS,
                                 .n_sections = 2,
                                 .extra = span_text("behind..")};
    struct span file = pe_builder_write(&builder, buffer, sizeof buffer);

    (void)state;
    assert_string_equal(
        digest_of(file, TPM_ALG_SHA256, false),
        digest_without(file,
                       (const size_t[][2]){{PE_BUILDER_CHECKSUM_AT, PE_BUILDER_CHECKSUM_AT + 4}}, 1,
                       TPM_ALG_SHA256));
}

static void a_full_arena_is_an_error(void **state)
{
    struct pe_builder builder = sample();
    struct authenticode image = {.n_parts = 4711};
    struct arena none = arena_init(8);
    struct error error;
    struct pe pe;

    (void)state;
    assert_true(pe_decode(pe_builder_write(&builder, buffer, sizeof buffer), &pe, &error));
    assert_false(authenticode_read(&pe, &none, &image, &error));
    assert_int_equal(error.code, ERROR_MEMORY);
    assert_int_equal(image.n_parts, 4711);
    arena_done(&none);
}

static int start(void **state)
{
    struct error error;

    (void)state;
    crypto = crypto_new(&error);
    return crypto ? 0 : -1;
}

static int stop(void **state)
{
    (void)state;
    crypto_free(crypto);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(checksum_and_certificates_are_left_out),
        cmocka_unit_test(signing_changes_nothing_but_padding),
        cmocka_unit_test(every_other_byte_counts),
        cmocka_unit_test(sections_are_hashed_in_the_order_of_the_file),
        cmocka_unit_test(only_the_certificates_length_counts),
        cmocka_unit_test(overlapping_sections_are_hashed_twice),
        cmocka_unit_test(only_what_is_there_is_left_out),
        cmocka_unit_test(a_full_arena_is_an_error),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
