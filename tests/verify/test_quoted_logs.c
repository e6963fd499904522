/* Logs against what the TPM signed: each way to differ has its own reason, and hints stay hints. */
#include "verify/quoted_logs.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "support/crypto_arena.h"
#include "support/log_builder.h"
#include "verify/systemd_measurements.h"
#include "wire/event_type.h"

enum { BANK = TPM_ALG_SHA256, LEN = 32, IMA = 10 };

static const uint16_t ONE_BANK[] = {BANK, 0};

static struct log_builder built, list;
static struct measured_log log_read;
static struct reasons reasons;
static struct quoted_logs_result result;
static size_t first_entry_len;

/* A host: its PCRs as its TPM has them, a quote over some of them, and what it sends. */
static struct {
    uint8_t pcrs[LIMIT_PCRS][LIMIT_TPM_DIGEST_LEN];
    struct crypto_digest digest;
    uint8_t values[LIMIT_PCRS * LEN];
    struct tpm_attest attest;
    struct quoted_logs logs;
} host;

static void extend(int pcr, const char *data, uint16_t alg)
{
    struct crypto_digest digest = {.len = 0};
    uint8_t padded[LEN] = {0};

    crypto_hash_span(crypto, alg, span_text(data), &digest);
    memcpy(padded, digest.bytes, digest.len);
    crypto_extend(crypto, BANK, host.pcrs[pcr], span_of(padded, LEN));
}

static void add_entry(const char *data)
{
    struct crypto_digest hash;

    crypto_hash_span(crypto, TPM_ALG_SHA1, span_text(data), &hash);
    log_builder_le32(&list, IMA);
    log_builder_raw(&list, hash.bytes, hash.len);
    log_builder_le32(&list, 6);
    log_builder_raw(&list, "ima-ng", 6);
    log_builder_le32(&list, (uint32_t)strlen(data));
    log_builder_raw(&list, data, strlen(data));
}

/* A host with two events and an IMA list of two entries; its kernel hashes those with ima_alg. */
static int begin_as(uint16_t ima_alg)
{
    struct error error;

    memset(&host, 0, sizeof host);
    memset(host.pcrs[17], 0xFF, 6 * LIMIT_TPM_DIGEST_LEN);
    log_builder_agile(&built, crypto, ONE_BANK);
    log_builder_add(&built, 0, EV_S_CRTM_VERSION, span_text("1"));
    log_builder_add(&built, 4, EV_EFI_ACTION, span_text("go"));
    extend(0, "1", BANK);
    extend(4, "go", BANK);
    list.len = 0;
    add_entry("one");
    first_entry_len = list.len;
    add_entry("two");
    extend(IMA, "one", ima_alg);
    extend(IMA, "two", ima_alg);
    if (!measured_log_read(crypto, log_builder_span(&built), BANK, &arena, &log_read, &error))
        return -1;
    host.logs = (struct quoted_logs){.log = &log_read, .ima = log_builder_span(&list)};
    return 0;
}

static int begin(void **state)
{
    (void)state;
    return begin_as(BANK);
}

/* The TPM quotes what it has, and the host sends the values along. */
static void quote(uint32_t pcrs)
{
    struct span parts[LIMIT_PCRS];
    size_t n = 0;

    for (int pcr = 0; pcr < LIMIT_PCRS; pcr++)
        if (pcrs >> pcr & 1) {
            memcpy(host.values + n * LEN, host.pcrs[pcr], LEN);
            parts[n++] = span_of(host.pcrs[pcr], LEN);
        }
    crypto_hash(crypto, TPM_ALG_SHA384, parts, n, &host.digest);
    host.attest = (struct tpm_attest){.type = TPM_ST_ATTEST_QUOTE};
    host.attest.quote.selection.n_banks = 1;
    host.attest.quote.selection.banks[0] = (struct tpm_pcr_bank_selection){BANK, pcrs};
    host.attest.quote.pcr_digest = crypto_digest_span(&host.digest);
    host.logs.pcr_values = span_of(host.values, n * LEN);
}

static bool check(void)
{
    reasons.n_items = 0;
    return quoted_logs_check(crypto, &host.attest, TPM_ALG_SHA384, &host.logs, &arena, &result,
                             &reasons);
}

/* Refused for this and nothing else, with the values as a hint or without. */
static void expect_refused(enum reason_code with_values, enum reason_code without)
{
    assert_false(check());
    assert_int_equal(reasons.n_items, 1);
    assert_int_equal(reasons.items[0].code, with_values);
    host.logs.pcr_values = (struct span){0};
    assert_false(check());
    assert_int_equal(reasons.n_items, 1);
    assert_int_equal(reasons.items[0].code, without);
}

static void honest_logs_reproduce_the_quote(void **state)
{
    (void)state;
    quote(0x7FFF);
    for (int round = 0; round < 2; round++) {
        assert_true(check());
        assert_int_equal(reasons.n_items, 0);
        assert_int_equal(result.n_ima_entries, 2);
        assert_int_equal(result.ima_len, list.len);
        assert_false(result.ima_padded);
        host.logs.pcr_values = (struct span){0};
    }
}

static void a_prefix_of_the_list_is_enough(void **state)
{
    (void)state;
    quote(0x7FFF);
    add_entry("after the quote");
    host.logs.ima = log_builder_span(&list);
    assert_true(check());
    assert_int_equal(result.n_ima_entries, 2);
    host.logs.ima_before_len = first_entry_len;
    assert_true(check());
    assert_int_equal(result.n_ima_entries, 2);
}

static void a_list_that_is_not_the_hosts_is_refused(void **state)
{
    (void)state;
    quote(0x7FFF);
    list.bytes[list.len - 1] ^= 1;
    expect_refused(REASON_IMA_MISMATCH, REASON_QUOTE_PCR_DIGEST);
}

/* What root can do to the list, when the TPM has what the kernel told it. */
static void a_list_that_was_rewritten_is_refused(void **state)
{
    enum { PCR_LEN = 4, HASH_LEN = 20 };
    uint8_t first[64];

    (void)state;
    quote(0x7FFF);
    memset(list.bytes + PCR_LEN, 0, HASH_LEN); /* an entry made a violation */
    expect_refused(REASON_IMA_MISMATCH, REASON_QUOTE_PCR_DIGEST);

    begin(NULL); /* two entries changed places */
    quote(0x7FFF);
    memcpy(first, list.bytes, first_entry_len);
    memmove(list.bytes, list.bytes + first_entry_len, first_entry_len);
    memcpy(list.bytes + first_entry_len, first, first_entry_len);
    expect_refused(REASON_IMA_MISMATCH, REASON_QUOTE_PCR_DIGEST);

    begin(NULL); /* one was left out: a prefix shorter than the one that the TPM has */
    quote(0x7FFF);
    host.logs.ima.len = first_entry_len;
    expect_refused(REASON_IMA_MISMATCH, REASON_QUOTE_PCR_DIGEST);

    begin(NULL); /* one stands there twice */
    quote(0x7FFF);
    memcpy(list.bytes + first_entry_len, list.bytes, first_entry_len);
    expect_refused(REASON_IMA_MISMATCH, REASON_QUOTE_PCR_DIGEST);
}

/* The TPM was extended with ones; the list says that all was well, or of zeros in place of the hash. */
static void a_violation_cannot_be_hidden(void **state)
{
    uint8_t ones[LEN];

    (void)state;
    memset(ones, 0xFF, sizeof ones);
    crypto_extend(crypto, BANK, host.pcrs[IMA], span_of(ones, LEN));
    quote(0x7FFF);
    add_entry("three");
    host.logs.ima = log_builder_span(&list);
    expect_refused(REASON_IMA_MISMATCH, REASON_QUOTE_PCR_DIGEST);
    memset(list.bytes + 2 * first_entry_len + 4, 0, 20); /* the truth */
    assert_true(check());
    list.bytes[2 * first_entry_len + 4] = 1;
    quote(0x7FFF);
    expect_refused(REASON_IMA_MISMATCH, REASON_QUOTE_PCR_DIGEST);
}

/* The number of the PCR is not measured: who changes it changes nothing that the TPM has. */
static void entries_of_another_pcr_are_refused(void **state)
{
    (void)state;
    quote(0x7FFF);
    list.bytes[0] = 11;
    list.bytes[first_entry_len] = 11;
    expect_refused(REASON_IMA_OTHER_PCR, REASON_IMA_OTHER_PCR);
    begin(NULL);
    quote(0x7FFF);
    memmove(list.bytes + 2 * first_entry_len, list.bytes + first_entry_len, first_entry_len);
    list.bytes[first_entry_len] = 11; /* an entry that no TPM has, between the two */
    list.len += first_entry_len;
    host.logs.ima = log_builder_span(&list);
    expect_refused(REASON_IMA_OTHER_PCR, REASON_IMA_OTHER_PCR);
}

static void a_list_that_breaks_off_is_malformed(void **state)
{
    (void)state;
    quote(0x7FFF);
    host.logs.ima.len--;
    expect_refused(REASON_IMA_MALFORMED, REASON_IMA_MALFORMED);
    host.logs.ima_before_len = first_entry_len - 1;
    assert_false(check());
    assert_true(reasons_have(&reasons, REASON_IMA_MALFORMED));
}

static void a_list_that_the_quote_covers_nothing_of_is_refused(void **state)
{
    (void)state;
    memset(host.pcrs[IMA], 0, LEN);
    quote(0x7FFF);
    expect_refused(REASON_IMA_MISMATCH, REASON_IMA_MISMATCH);
}

static void padded_digests_are_named(void **state)
{
    (void)state;
    assert_int_equal(begin_as(TPM_ALG_SHA1), 0);
    quote(0x7FFF);
    assert_true(check());
    assert_true(result.ima_padded);
    assert_true(reasons_have(&reasons, REASON_IMA_PADDED_BANK));
}

static void the_wrong_pcr_is_named(void **state)
{
    (void)state;
    extend(4, "another", BANK);
    quote(0x7FFF);
    assert_false(check());
    assert_int_equal(reasons.n_items, 1);
    assert_int_equal(reasons.items[0].code, REASON_QUOTE_PCR_DIGEST);
    assert_int_equal(reasons.items[0].pcr, 4);
    host.logs.log = NULL;
    assert_false(check());
    assert_int_equal(reasons.n_items, 2); /* 0 and 4: no log explains them */
    host.logs.pcr_values = (struct span){0};
    assert_false(check());
    assert_string_equal(reasons.items[0].found, "no event log");
}

static void words_of_systemd_explain_pcr_11(void **state)
{
    static const struct {
        const char *words[3];
        uint32_t phases; /* 0: refused */
    } cases[] = {
        {{"enter-initrd", "leave-initrd", "sysinit"}, 7},
        {{"sysinit", "ready"}, 12},
        {{"final"}, 32},
        {{"ready", "sysinit"}, 0},   /* not the order of a boot */
        {{"sysinit", "sysinit"}, 0}, /* nor twice */
        {{"sysinit", "evil", "ready"}, 0},
        {{"sysinit\n"}, 0},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        begin(state);
        for (size_t k = 0; k < 3 && cases[i].words[k]; k++)
            extend(11, cases[i].words[k], BANK);
        quote(0x7FFF);
        assert_int_equal(check(), cases[i].phases != 0);
        assert_int_equal(result.phases, cases[i].phases);
        assert_int_equal(reasons.n_items, cases[i].phases == 0);
    }
    begin(state);
    extend(11, "sysinit", BANK);
    quote(0x7FFF);
    host.logs.pcr_values.len--; /* without the signed values nothing is guessed */
    assert_false(check());
    assert_int_equal(result.phases, 0);
}

/* They explain no other PCR, and nothing where systemd's log is at hand. */
static void words_of_systemd_explain_nothing_else(void **state)
{
    struct error error;

    (void)state;
    extend(12, "sysinit", BANK);
    quote(0x7FFF);
    assert_false(check());
    begin(state);
    extend(11, "sysinit", BANK);
    quote(0x7FFF);
    assert_true(systemd_measurements_append(crypto, span_text("\x1e{\"pcr\":15,\"digests\":[]}\n"),
                                            &arena, &log_read, &error));
    log_read.replay.incomplete = 0;
    assert_false(check());
}

static void values_that_were_not_signed_are_no_hint(void **state)
{
    (void)state;
    quote(0x7FFF);
    host.values[0] ^= 1;
    assert_true(check());
    host.logs.pcr_values.len--;
    assert_true(check());
}

static void pcrs_open_to_all_are_reported_and_no_failure(void **state)
{
    (void)state;
    extend(16, "debug", BANK);
    memset(host.pcrs[17], 0, LEN); /* a dynamic launch whose log is not here */
    quote(0x37FFF);
    assert_true(check());
    assert_int_equal(result.unexplained_pcrs, 0x30000);
    host.logs.pcr_values = (struct span){0};
    assert_false(check());
}

static void without_pcr_10_the_list_is_not_needed(void **state)
{
    (void)state;
    quote(0x7FFF & ~(1u << IMA));
    host.logs.ima = (struct span){0};
    assert_true(check());
    host.logs.pcr_values = (struct span){0};
    assert_true(check());
    host.logs.ima = log_builder_span(&list);
    expect_refused(REASON_IMA_MISMATCH, REASON_IMA_MISMATCH);
}

static void a_digest_missing_in_the_bank_is_found(void **state)
{
    (void)state;
    quote(0x7FFF);
    log_read.replay.incomplete = 1u << 4;
    expect_refused(REASON_EVENTLOG_BANK_MISSING, REASON_EVENTLOG_BANK_MISSING);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(honest_logs_reproduce_the_quote, begin),
        cmocka_unit_test_setup(a_prefix_of_the_list_is_enough, begin),
        cmocka_unit_test_setup(a_list_that_is_not_the_hosts_is_refused, begin),
        cmocka_unit_test_setup(a_list_that_was_rewritten_is_refused, begin),
        cmocka_unit_test_setup(a_violation_cannot_be_hidden, begin),
        cmocka_unit_test_setup(entries_of_another_pcr_are_refused, begin),
        cmocka_unit_test_setup(a_list_that_breaks_off_is_malformed, begin),
        cmocka_unit_test_setup(a_list_that_the_quote_covers_nothing_of_is_refused, begin),
        cmocka_unit_test_setup(padded_digests_are_named, begin),
        cmocka_unit_test_setup(the_wrong_pcr_is_named, begin),
        cmocka_unit_test_setup(words_of_systemd_explain_pcr_11, begin),

        cmocka_unit_test_setup(words_of_systemd_explain_nothing_else, begin),
        cmocka_unit_test_setup(values_that_were_not_signed_are_no_hint, begin),
        cmocka_unit_test_setup(pcrs_open_to_all_are_reported_and_no_failure, begin),
        cmocka_unit_test_setup(without_pcr_10_the_list_is_not_needed, begin),
        cmocka_unit_test_setup(a_digest_missing_in_the_bank_is_found, begin),
    };

    return cmocka_run_group_tests(tests, crypto_arena_setup, crypto_arena_teardown);
}
