/* The short way: it applies to an unchanged host only, and never betters a verdict. */
#include "appraise_fixture.h"

struct steady {
    struct fixture fixture;
    struct crypto_key *key;
    struct appraise_memory memory;
};

static int setup(void **state)
{
    struct steady *steady = calloc(1, sizeof *steady);
    struct fixture *fixture = &steady->fixture;
    struct evidence *evidence = &fixture->host.evidence;

    fixture_init(fixture, "secure-boot", TPM_ALG_ECC, TPM_ALG_SHA256);
    expect_verdict(fixture, soft_host_attest(&fixture->host), VERDICT_TRUSTED, REASON_NONE);
    steady->memory = fixture->appraisal.memory;
    fixture->input.history = fixture->appraisal.history;
    if (!crypto_key_from_tpm(fixture->host.crypto, &fixture->host.ak.public_area, &steady->key,
                             &fixture->error))
        return -1;
    fixture->input.ak = steady->key;
    for (size_t i = 0; i < evidence->n_logs; i++) {
        evidence->logs[i].has_bytes = false;
        evidence->logs[i].bytes = span_of(NULL, 0);
    }
    fixture->host.quote.clock_ms += 1000;
    fixture->host.nonce[0]++;
    *state = steady;
    return 0;
}

static int teardown(void **state)
{
    struct steady *steady = *state;

    crypto_key_free(steady->key);
    fixture_done(&steady->fixture);
    free(steady);
    return 0;
}

static bool applies(struct steady *steady, struct span evidence)
{
    struct fixture *fixture = &steady->fixture;
    bool applies = false;

    arena_reset(&fixture->arena);
    fixture->input.evidence = evidence;
    assert_true(appraise_steady(fixture->host.crypto, &fixture->input, &steady->memory,
                                &fixture->arena, &fixture->appraisal, &applies, &fixture->error));
    if (!applies)
        assert_int_equal(fixture->appraisal.verdict, VERDICT_NONE);
    return applies;
}

/* What was judged with one revocation list, or none, says nothing with another. */
static void test_another_revocation_list(void **state)
{
    struct steady *steady = *state;
    struct span evidence = soft_host_attest(&steady->fixture.host);

    assert_true(applies(steady, evidence));
    steady->fixture.input.revocations_sha256 = span_of(steady->fixture.host.nonce, 32);
    assert_false(applies(steady, evidence));
}

/* The same of a hardware catalogue: one that ends, or another version, is looked up in full. */
static void test_another_catalog(void **state)
{
    struct steady *steady = *state;
    struct span evidence = soft_host_attest(&steady->fixture.host);
    struct span sha256 = span_of(steady->fixture.host.nonce, 32);

    assert_true(applies(steady, evidence));
    steady->fixture.input.catalog_sha256 = sha256;
    assert_false(applies(steady, evidence));
    steady->fixture.input.catalog_sha256 = (struct span){0};
    steady->fixture.input.revocations_sha256 = sha256;
    assert_false(applies(steady, evidence));
}

/* And of every certificate at enrolment: a host that was another machine then is looked at anew. */
static void test_other_endorsements(void **state)
{
    struct steady *steady = *state;
    struct endorsed *endorsed = &steady->fixture.input.endorsed;
    struct span evidence = soft_host_attest(&steady->fixture.host);

    for (int i = 0; i < ENDORSED_TEXTS; i++) {
        assert_true(applies(steady, evidence));
        endorsed->texts[i] = span_text("Acme");
        assert_false(applies(steady, evidence));
        endorsed->texts[i] = (struct span){0};
    }
}

static void test_unchanged_host(void **state)
{
    struct steady *steady = *state;
    struct appraisal *appraisal = &steady->fixture.appraisal;

    assert_true(applies(steady, soft_host_attest(&steady->fixture.host)));
    assert_int_equal(appraisal->verdict, VERDICT_TRUSTED);
    assert_true(appraisal->quote_verified);
    assert_int_equal(appraisal->history.clock_ms, 6000);
    assert_true(appraisal->memory.valid);
    steady->memory.verdict = VERDICT_ATTENTION;
    assert_true(applies(steady, soft_host_attest(&steady->fixture.host)));
    assert_int_equal(appraisal->verdict, VERDICT_ATTENTION);
}

static void test_nothing_remembered(void **state)
{
    struct steady *steady = *state;
    struct span evidence = soft_host_attest(&steady->fixture.host);

    steady->memory.verdict = VERDICT_NONE;
    assert_false(applies(steady, evidence));
    steady->memory.verdict = VERDICT_TRUSTED;
    steady->memory.valid = false;
    assert_false(applies(steady, evidence));
}

static void test_changed_hosts(void **state)
{
    struct steady *steady = *state;
    struct soft_host *host = &steady->fixture.host;
    struct evidence *evidence = &host->evidence;
    struct evidence_item item = {span_text("os"), span_text("other")};
    const struct evidence good = *evidence;
    const struct soft_attest quote = host->quote;

    host->booted_tcg = soft_host_fixture(host, "command-line", "eventlog.bin");
    assert_false(applies(steady, soft_host_attest(host))); /* other PCRs */
    host->booted_tcg = soft_host_fixture(host, "secure-boot", "eventlog.bin");
    assert_true(applies(steady, soft_host_attest(host)));

    evidence->logs[0].sha256 = evidence->logs[1].sha256; /* other logs */
    assert_false(applies(steady, soft_host_attest(host)));
    *evidence = good;
    evidence->n_logs = 1;
    assert_false(applies(steady, soft_host_attest(host)));
    *evidence = good;
    evidence->logs[1].covered_len++;
    assert_false(applies(steady, soft_host_attest(host)));
    *evidence = good;
    evidence->inventory = &item; /* other inventory */
    evidence->n_inventory = 1;
    assert_false(applies(steady, soft_host_attest(host)));
    *evidence = good;
    soft_host_send(host, EVIDENCE_LOG_TCG, host->booted_tcg); /* bytes have to be hashed */
    assert_false(applies(steady, soft_host_attest(host)));
    *evidence = good;
    soft_host_add_identity(host); /* something to certify */
    assert_false(applies(steady, soft_host_attest(host)));
    *evidence = good;
    host->quote.selection.banks[0].pcrs = 0x7FFF;
    assert_false(applies(steady, soft_host_attest(host)));
    host->quote = quote;
    assert_true(applies(steady, soft_host_attest(host)));
}

/* A bundle may bring its key along: only the enrolled one leaves things as they are. */
static void test_another_key_beside_the_quote(void **state)
{
    struct steady *steady = *state;
    struct soft_host *host = &steady->fixture.host;

    host->evidence.ak_public = host->ak.public_area.whole;
    assert_true(applies(steady, soft_host_attest(host)));
    host->evidence.ak_public.len--;
    assert_false(applies(steady, soft_host_attest(host)));
}

static void test_without_memory_there_is_no_verdict(void **state)
{
    struct steady *steady = *state;
    struct fixture *fixture = &steady->fixture;
    struct span evidence = soft_host_attest(&fixture->host);
    bool done = false;
    size_t n_failed = 0;

    fixture->input.evidence = evidence;
    for (size_t cap = 0; !done; cap += 16) {
        struct arena small = arena_init(cap);
        bool short_way = false;

        fixture->appraisal.verdict = VERDICT_TRUSTED;
        done = appraise_steady(fixture->host.crypto, &fixture->input, &steady->memory, &small,
                               &fixture->appraisal, &short_way, &fixture->error);
        if (!done) {
            assert_int_equal(fixture->error.code, ERROR_MEMORY);
            assert_int_equal(fixture->appraisal.verdict, VERDICT_NONE);
        }
        n_failed += !done;
        arena_done(&small);
    }
    assert_int_equal(fixture->appraisal.verdict, VERDICT_TRUSTED);
    assert_true(n_failed > 10);
}

static void test_bad_quotes(void **state)
{
    struct steady *steady = *state;
    struct fixture *fixture = &steady->fixture;
    struct soft_host *host = &fixture->host;
    const struct soft_attest quote = host->quote;
    uint8_t fresh[32] = {9};
    struct span evidence = soft_host_attest(host);
    uint8_t *bytes = soft_host_copy(host, evidence);
    struct span expected = fixture->input.nonce;

    fixture->input.nonce = span_of(fresh, sizeof fresh); /* an old nonce */
    assert_false(applies(steady, evidence));
    host->evidence.nonce = span_of(fresh, sizeof fresh); /* an old quote */
    assert_false(applies(steady, soft_host_evidence(host)));
    host->evidence.nonce = fixture->input.nonce = expected;
    host->quote.clock_ms = 4999; /* counters */
    assert_false(applies(steady, soft_host_attest(host)));
    host->quote = quote;
    host->quote.reset_count--;
    assert_false(applies(steady, soft_host_attest(host)));
    host->quote = quote;
    host->quote.firmware_version++;
    assert_false(applies(steady, soft_host_attest(host)));
    host->quote = quote;
    host->quote.magic++;
    assert_false(applies(steady, soft_host_attest(host)));
    host->quote = quote;
    for (size_t bit = 0; bit < 8 * evidence.len; bit++) { /* every bit but the host id's */
        if (bit / 8 >= 6 && bit / 8 < 6 + 32)
            continue;
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        if (applies(steady, span_of(bytes, evidence.len)))
            fail_msg("byte %zu", bit / 8);
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    assert_true(applies(steady, span_of(bytes, evidence.len)));
}

#define WITH_STEADY(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_STEADY(test_unchanged_host),
        WITH_STEADY(test_another_revocation_list),
        WITH_STEADY(test_another_catalog),
        WITH_STEADY(test_other_endorsements),
        WITH_STEADY(test_nothing_remembered),
        WITH_STEADY(test_changed_hosts),
        WITH_STEADY(test_another_key_beside_the_quote),
        WITH_STEADY(test_without_memory_there_is_no_verdict),
        WITH_STEADY(test_bad_quotes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
