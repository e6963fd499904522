/* The quote: one that holds, then every check failing by itself, in the order they are made. */
#include "base/text.h"
#include "support/soft_key.h"
#include "verify/quote.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { SEVERAL = 0x7FFF }; /* PCR 0-14 */

static const uint8_t NONCE[32] = {0x42, 1, 2, 3};

/* A quote as a TPM would sign it, each part changeable. */
struct quote_parts {
    uint32_t magic;
    uint16_t type;
    struct span extra_data;
    uint64_t clock_ms;
    uint32_t reset_count, restart_count;
    bool safe;
    uint64_t firmware_version;
    struct tpm_pcr_selection selection;
    struct span pcr_digest;
};

struct fixture {
    struct crypto *crypto;
    struct arena arena;
    struct soft_key ak;
    struct crypto_key *key;
    uint8_t pcrs[LIMIT_PCRS][LIMIT_TPM_DIGEST_LEN];
    struct crypto_digest pcr_digest;
    struct quote_parts parts;
    struct quote_expectation expectation;
    struct quote_history history;
    uint8_t bytes[512];
    struct tpm_attest attest;
    struct tpm_signature signature;
    struct reasons reasons;
};

static struct tpm_pcr_selection one_bank(uint16_t alg, uint32_t pcrs)
{
    return (struct tpm_pcr_selection){.banks = {{alg, pcrs}}, .n_banks = 1};
}

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    struct error error;

    fixture->crypto = crypto_new(&error);
    fixture->arena = arena_init(1 << 20);
    soft_key_ecc(&fixture->ak, TPM_ECC_NIST_P256);
    soft_key_be_ak(&fixture->ak, TPM_ALG_ECDSA, TPM_ALG_SHA256);
    if (!crypto_key_from_tpm(fixture->crypto, &fixture->ak.public_area, &fixture->key, &error))
        return -1;
    for (size_t pcr = 0; pcr < LIMIT_PCRS; pcr++)
        memset(fixture->pcrs[pcr], (int)pcr + 1, LIMIT_TPM_DIGEST_LEN);
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;

    crypto_key_free(fixture->key);
    soft_key_done(&fixture->ak);
    arena_done(&fixture->arena);
    crypto_free(fixture->crypto);
    free(fixture);
    return 0;
}

/* Before each test: a good quote over PCR 0-14 and a history that it continues. */
static int good_quote(void **state)
{
    struct fixture *fixture = *state;
    struct span values[15];

    for (size_t pcr = 0; pcr < 15; pcr++)
        values[pcr] = span_of(fixture->pcrs[pcr], 32);
    crypto_hash(fixture->crypto, TPM_ALG_SHA256, values, 15, &fixture->pcr_digest);
    fixture->parts = (struct quote_parts){.magic = TPM_GENERATED_VALUE,
                                          .type = TPM_ST_ATTEST_QUOTE,
                                          .extra_data = span_of(NONCE, sizeof NONCE),
                                          .clock_ms = 5000,
                                          .reset_count = 7,
                                          .restart_count = 2,
                                          .safe = true,
                                          .firmware_version = 0x0102030405060708,
                                          .selection = one_bank(TPM_ALG_SHA256, SEVERAL),
                                          .pcr_digest = crypto_digest_span(&fixture->pcr_digest)};
    fixture->expectation = (struct quote_expectation){
        .qualifying_data = span_of(NONCE, sizeof NONCE), .selection = fixture->parts.selection};
    fixture->history = (struct quote_history){.known = true,
                                              .reset_count = 7,
                                              .restart_count = 2,
                                              .clock_ms = 4000,
                                              .firmware_version = 0x0102030405060708};
    memset(&fixture->reasons, 0, sizeof fixture->reasons);
    arena_reset(&fixture->arena);
    return 0;
}

/* Writes the parts, decodes them and signs them. */
static void make(struct fixture *fixture)
{
    const struct quote_parts *parts = &fixture->parts;
    struct writer writer = writer_init(fixture->bytes, sizeof fixture->bytes);
    struct error error = {0};

    writer_be32(&writer, parts->magic);
    writer_be16(&writer, parts->type);
    writer_be16_bytes(&writer, span_text("signer"));
    writer_be16_bytes(&writer, parts->extra_data);
    writer_be64(&writer, parts->clock_ms);
    writer_be32(&writer, parts->reset_count);
    writer_be32(&writer, parts->restart_count);
    writer_u8(&writer, parts->safe);
    writer_be64(&writer, parts->firmware_version);
    if (parts->type == TPM_ST_ATTEST_CERTIFY) {
        writer_be16_bytes(&writer, span_text("name"));
        writer_be16_bytes(&writer, span_text("qualified"));
    } else {
        tpm_pcr_selection_encode(&writer, &parts->selection);
        writer_be16_bytes(&writer, parts->pcr_digest);
    }
    if (!tpm_attest_decode(writer_span(&writer), &fixture->attest, &error))
        fail_msg("%s", error.message);
    fixture->signature = soft_key_sign(&fixture->ak, TPM_ALG_ECDSA, TPM_ALG_SHA256,
                                       fixture->attest.whole);
}

static bool verify(struct fixture *fixture)
{
    return quote_verify(fixture->crypto, fixture->key, &fixture->attest, &fixture->signature,
                        &fixture->expectation, &fixture->history, &fixture->arena,
                        &fixture->reasons);
}

static void assert_refused(struct fixture *fixture, enum reason_code code)
{
    fixture->reasons.n_items = 0;
    assert_false(verify(fixture));
    assert_int_equal(fixture->reasons.n_items, 1);
    assert_string_equal(reason_code_text(fixture->reasons.items[0].code), reason_code_text(code));
}

static void assert_accepted(struct fixture *fixture)
{
    fixture->reasons.n_items = 0;
    assert_true(verify(fixture));
    assert_int_equal(fixture->reasons.n_items, 0);
}

static void genuine_quote_holds(void **state)
{
    struct fixture *fixture = *state;

    make(fixture);
    assert_accepted(fixture);
    fixture->history.known = false;
    assert_accepted(fixture);
}

static void wrong_magic(void **state)
{
    struct fixture *fixture = *state;

    fixture->parts.magic ^= 1;
    make(fixture);
    assert_refused(fixture, REASON_QUOTE_MAGIC);
}

static void certify_in_place_of_a_quote(void **state)
{
    struct fixture *fixture = *state;

    fixture->parts.type = TPM_ST_ATTEST_CERTIFY;
    make(fixture);
    assert_refused(fixture, REASON_QUOTE_TYPE);
    fixture->parts.type = 0x8019; /* TPM_ST_ATTEST_TIME, not decoded */
    make(fixture);
    assert_refused(fixture, REASON_QUOTE_TYPE);
}

static void every_flipped_bit_is_noticed(void **state)
{
    struct fixture *fixture = *state;
    struct error error;

    make(fixture);
    size_t len = fixture->attest.whole.len;
    for (size_t bit = 0; bit < len * 8; bit++) {
        fixture->bytes[bit / 8] ^= 1 << bit % 8;
        if (tpm_attest_decode(span_of(fixture->bytes, len), &fixture->attest, &error))
            assert_false(verify(fixture));
        fixture->bytes[bit / 8] ^= 1 << bit % 8;
    }
    assert_true(tpm_attest_decode(span_of(fixture->bytes, len), &fixture->attest, &error));
    assert_accepted(fixture);
    for (size_t bit = 0; bit < fixture->signature.ecdsa_r.len * 8; bit++) {
        fixture->ak.numbers[bit / 8] ^= 1 << bit % 8;
        assert_refused(fixture, REASON_QUOTE_SIGNATURE);
        fixture->ak.numbers[bit / 8] ^= 1 << bit % 8;
    }
}

static void quote_of_another_key(void **state)
{
    struct fixture *fixture = *state;
    struct soft_key other;

    make(fixture);
    soft_key_ecc(&other, TPM_ECC_NIST_P256);
    fixture->signature = soft_key_sign(&other, TPM_ALG_ECDSA, TPM_ALG_SHA256,
                                       fixture->attest.whole);
    assert_refused(fixture, REASON_QUOTE_SIGNATURE);
    soft_key_done(&other);
}

static void other_schemes_and_sha1(void **state)
{
    struct fixture *fixture = *state;

    make(fixture);
    fixture->signature.hash = TPM_ALG_SHA1;
    assert_refused(fixture, REASON_QUOTE_SIGNATURE_SCHEME);
    fixture->signature = soft_key_sign(&fixture->ak, TPM_ALG_ECDSA, TPM_ALG_SHA384,
                                       fixture->attest.whole);
    assert_refused(fixture, REASON_QUOTE_SIGNATURE_SCHEME);
    fixture->signature.scheme = TPM_ALG_RSASSA;
    assert_refused(fixture, REASON_QUOTE_SIGNATURE_SCHEME);
}

static void other_nonces(void **state)
{
    static const uint8_t OTHER[32] = {0x43, 1, 2, 3};
    struct fixture *fixture = *state;

    make(fixture);
    fixture->expectation.qualifying_data = span_of(OTHER, sizeof OTHER);
    assert_refused(fixture, REASON_QUOTE_NONCE);
    fixture->expectation.qualifying_data = span_of(NONCE, sizeof NONCE - 1);
    assert_refused(fixture, REASON_QUOTE_NONCE);
    fixture->parts.extra_data = fixture->expectation.qualifying_data = span_of(NULL, 0);
    make(fixture);
    assert_refused(fixture, REASON_QUOTE_NONCE);
}

static void other_selections(void **state)
{
    const struct tpm_pcr_selection others[] = {
        one_bank(TPM_ALG_SHA256, SEVERAL & ~1u),      /* fewer */
        one_bank(TPM_ALG_SHA256, SEVERAL | 1u << 15), /* more */
        one_bank(TPM_ALG_SHA256, SEVERAL << 1),       /* others */
        one_bank(TPM_ALG_SHA384, SEVERAL),            /* another bank */
        one_bank(TPM_ALG_SHA256, 0),
        {.n_banks = 0},
        {.banks = {{TPM_ALG_SHA256, SEVERAL}, {TPM_ALG_SHA1, 0}}, .n_banks = 2},
        {.banks = {{TPM_ALG_SHA1, 0}, {TPM_ALG_SHA256, SEVERAL}}, .n_banks = 2},
        {.banks = {{TPM_ALG_SHA256, SEVERAL}, {TPM_ALG_SHA256, SEVERAL}}, .n_banks = 2},
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        fixture->parts.selection = others[i];
        make(fixture);
        assert_refused(fixture, REASON_QUOTE_SELECTION);
    }
}

/* What no quote can fulfil is refused even where the quote equals it. */
static void unusable_expectations(void **state)
{
    const struct tpm_pcr_selection unusable[] = {
        one_bank(TPM_ALG_SHA256, 0),
        {.n_banks = 0},
        {.banks = {{TPM_ALG_SHA256, 1}, {TPM_ALG_SHA384, 1}}, .n_banks = 2},
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < sizeof unusable / sizeof *unusable; i++) {
        fixture->expectation.selection = fixture->parts.selection = unusable[i];
        make(fixture);
        assert_refused(fixture, REASON_QUOTE_SELECTION);
    }
}

static void weak_and_unknown_banks(void **state)
{
    static const uint16_t BANKS[] = {TPM_ALG_SHA1, 0x7FFF};
    struct fixture *fixture = *state;

    for (size_t i = 0; i < 2; i++) {
        fixture->expectation.selection = fixture->parts.selection = one_bank(BANKS[i], SEVERAL);
        make(fixture);
        assert_refused(fixture, REASON_QUOTE_BANK_WEAK);
    }
}

static void digest_of_another_length(void **state)
{
    struct fixture *fixture = *state;

    fixture->parts.pcr_digest = span_of(fixture->pcrs[0], 48);
    make(fixture);
    assert_refused(fixture, REASON_QUOTE_PCR_DIGEST);
}

static void counters_and_clock_only_go_forward(void **state)
{
    struct fixture *fixture = *state;

    fixture->parts.reset_count = 6;
    make(fixture);
    assert_refused(fixture, REASON_CLOCK_RESET_COUNT);
    fixture->parts.reset_count = 7;
    fixture->parts.restart_count = 1;
    make(fixture);
    assert_refused(fixture, REASON_CLOCK_RESTART_COUNT);
    fixture->parts.restart_count = 2;
    fixture->parts.clock_ms = 3999;
    make(fixture);
    assert_refused(fixture, REASON_CLOCK_TIME);
    fixture->parts.safe = false; /* no excuse within one boot */
    make(fixture);
    assert_refused(fixture, REASON_CLOCK_TIME);
    fixture->parts.reset_count = 8;
    fixture->parts.restart_count = 0;
    fixture->parts.safe = true;
    make(fixture);
    assert_refused(fixture, REASON_CLOCK_TIME);
    fixture->parts.safe = false; /* power was lost: the clock may lag */
    make(fixture);
    assert_accepted(fixture);
}

static void changed_firmware_is_only_attention(void **state)
{
    struct fixture *fixture = *state;

    fixture->parts.firmware_version++;
    make(fixture);
    assert_true(verify(fixture));
    assert_true(reasons_have(&fixture->reasons, REASON_QUOTE_FIRMWARE_VERSION));
    assert_int_equal(reasons_weight(&fixture->reasons), REASON_WEIGHT_ATTENTION);
}

static bool digest_is(const struct fixture *fixture, uint16_t signing_hash)
{
    return quote_digest_is(fixture->crypto, &fixture->attest, signing_hash, fixture->pcrs);
}

static void pcr_digest_is_by_the_signing_hash(void **state)
{
    struct fixture *fixture = *state;
    struct span values[15];

    make(fixture);
    assert_true(digest_is(fixture, TPM_ALG_SHA256));
    fixture->pcrs[14][31] ^= 1;
    assert_false(digest_is(fixture, TPM_ALG_SHA256));
    fixture->pcrs[14][31] ^= 1;
    fixture->pcrs[15][31] ^= 1; /* not selected */
    assert_true(digest_is(fixture, TPM_ALG_SHA256));
    fixture->pcrs[15][31] ^= 1;
    assert_false(digest_is(fixture, TPM_ALG_SHA384));
    assert_false(digest_is(fixture, TPM_ALG_ECDSA));

    /* SHA-384 values, digested with the signature's SHA-256. */
    for (size_t pcr = 0; pcr < 15; pcr++)
        values[pcr] = span_of(fixture->pcrs[pcr], 48);
    crypto_hash(fixture->crypto, TPM_ALG_SHA256, values, 15, &fixture->pcr_digest);
    fixture->parts.selection = one_bank(TPM_ALG_SHA384, SEVERAL);
    make(fixture);
    assert_true(digest_is(fixture, TPM_ALG_SHA256));
    fixture->parts.selection.n_banks = 2;
    make(fixture);
    assert_false(digest_is(fixture, TPM_ALG_SHA256));
}

#define quote_test(test) cmocka_unit_test_setup(test, good_quote)

int main(void)
{
    const struct CMUnitTest tests[] = {
        quote_test(genuine_quote_holds),
        quote_test(wrong_magic),
        quote_test(certify_in_place_of_a_quote),
        quote_test(every_flipped_bit_is_noticed),
        quote_test(quote_of_another_key),
        quote_test(other_schemes_and_sha1),
        quote_test(other_nonces),
        quote_test(other_selections),
        quote_test(unusable_expectations),
        quote_test(weak_and_unknown_banks),
        quote_test(digest_of_another_length),
        quote_test(counters_and_clock_only_go_forward),
        quote_test(changed_firmware_is_only_attention),
        quote_test(pcr_digest_is_by_the_signing_hash),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
