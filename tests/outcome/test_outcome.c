/* Policy digests against those of a real TPM, and who may be given what. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/text.h"
#include "outcome/outcome.h"
#include "support/crypto_arena.h"

static void unhex(const char *hex, uint8_t *bytes, size_t cap)
{
    size_t len;

    assert_true(text_unhex(span_text(hex), bytes, cap, &len));
    assert_int_equal(len, cap);
}

/* From tpm2_policypcr and tpm2_policyauthorize on swtpm: PCR 0 and 7 extended once, PCR 1 zero. */
static const char PCR_0[] = "90f4b39548df55ad6187a1d20d731ecee78c545b94afd16f42ef7592d99cd365";
static const char PCR_7[] = "bdc9bd36ac7f258351c81a3155a19ea5837b6ef164074f0189d876a5ec17f920";
static const char POLICY_PCR[] = "642d8908a9ea0a414d34c85144a842de308c89ef86b99cf48857b6d178fce587";
static const char KEY_NAME[] =
    "000b9841c6e6c744fc6766997f8adfd96f81bc09d00050f2e675ef48acf34766157a";
static const char POLICY_AUTHORIZE[] =
    "4769dfaee6f902475dd782ae28525691e895031f1347963078a808616c9be174";

static void test_policy_pcr_is_the_tpms(void **state)
{
    uint8_t values[LIMIT_PCRS][LIMIT_TPM_DIGEST_LEN] = {0};
    uint8_t policy[OUTCOME_POLICY_LEN], expected[OUTCOME_POLICY_LEN];

    (void)state;
    unhex(PCR_0, values[0], 32);
    unhex(PCR_7, values[7], 32);
    unhex(POLICY_PCR, expected, sizeof expected);
    outcome_policy_pcr(crypto, TPM_ALG_SHA256, 1u << 0 | 1u << 1 | 1u << 7,
                       (const uint8_t(*)[LIMIT_TPM_DIGEST_LEN])values, policy);
    assert_memory_equal(policy, expected, sizeof expected);
    values[1][0] = 1;
    outcome_policy_pcr(crypto, TPM_ALG_SHA256, 1u << 0 | 1u << 1 | 1u << 7,
                       (const uint8_t(*)[LIMIT_TPM_DIGEST_LEN])values, policy);
    assert_memory_not_equal(policy, expected, sizeof expected);
}

static void test_policy_authorize_is_the_tpms(void **state)
{
    uint8_t name[34], policy[OUTCOME_POLICY_LEN], expected[OUTCOME_POLICY_LEN];

    (void)state;
    unhex(KEY_NAME, name, sizeof name);
    unhex(POLICY_AUTHORIZE, expected, sizeof expected);
    outcome_policy_authorize(crypto, span_of(name, sizeof name), span_text("bootseal test ref"),
                             policy);
    assert_memory_equal(policy, expected, sizeof expected);
    outcome_policy_authorize(crypto, span_of(name, sizeof name), span_text("bootseal test reg"),
                             policy);
    assert_memory_not_equal(policy, expected, sizeof expected);
}

static void test_policy_ref_differs_between_hosts(void **state)
{
    uint8_t a[32] = {1}, b[32] = {2}, ref_a[OUTCOME_POLICY_LEN], ref_b[OUTCOME_POLICY_LEN];

    (void)state;
    outcome_policy_ref(crypto, span_of(a, sizeof a), ref_a);
    outcome_policy_ref(crypto, span_of(b, sizeof b), ref_b);
    assert_memory_not_equal(ref_a, ref_b, sizeof ref_a);
}

static void fill_passing(struct appraisal *appraisal)
{
    static struct measured_event event;

    *appraisal = (struct appraisal){.verdict = VERDICT_TRUSTED,
                                    .quote_verified = true,
                                    .logs_match = true,
                                    .identity.proven = true,
                                    .identity.public_area = span_text("key")};
    appraisal->log.bank = TPM_ALG_SHA256;
    appraisal->log.events = &event;
    appraisal->log.n_events = 1;
}

static void test_passing_host_gets_both(void **state)
{
    static struct appraisal appraisal;
    struct outcome outcome;

    (void)state;
    fill_passing(&appraisal);
    outcome_decide(crypto, &appraisal, 0xFFFF, &outcome);
    assert_true(outcome.approval.wanted);
    assert_int_equal(outcome.approval.pcrs, 0xFFFF & ~(1u << 10));
    assert_true(outcome.certificate.wanted);
}

static void test_nothing_without_a_passing_verdict(void **state)
{
    static const enum verdict FAILING[] = {VERDICT_NONE, VERDICT_UNTRUSTED, VERDICT_UNKNOWN,
                                           VERDICT_PENDING};
    static struct appraisal appraisal;
    struct outcome outcome;

    (void)state;
    for (size_t i = 0; i < sizeof FAILING / sizeof *FAILING; i++) {
        fill_passing(&appraisal);
        appraisal.verdict = FAILING[i];
        outcome_decide(crypto, &appraisal, 0xFFFF, &outcome);
        assert_false(outcome.approval.wanted);
        assert_false(outcome.certificate.wanted);
    }
}

static void test_nothing_without_proof(void **state)
{
    static struct appraisal appraisal;
    struct outcome outcome;

    (void)state;
    fill_passing(&appraisal);
    appraisal.quote_verified = false;
    outcome_decide(crypto, &appraisal, 0xFFFF, &outcome);
    assert_false(outcome.approval.wanted || outcome.certificate.wanted);
    fill_passing(&appraisal);
    appraisal.logs_match = false;
    outcome_decide(crypto, &appraisal, 0xFFFF, &outcome);
    assert_false(outcome.approval.wanted || outcome.certificate.wanted);
    fill_passing(&appraisal);
    appraisal.identity.proven = false;
    outcome_decide(crypto, &appraisal, 0xFFFF, &outcome);
    assert_true(outcome.approval.wanted);
    assert_false(outcome.certificate.wanted);
}

static void test_names(void **state)
{
    static const char *const GOOD[] = {"a", "web-1.example.org", "1.2.3", "xn--bcher-kva.example"};
    static const char *const BAD[] = {
        "",          ".",   "a.",         ".a",   "a..b", "-a",  "a-", "*.example.org",
        "A.example", "a b", "a,DNS:evil", "a\nb", "a/b",  "a_b", "ä",  "a;b"};
    char longest[LIMIT_NAME_LEN + 2];

    (void)state;
    for (size_t i = 0; i < sizeof GOOD / sizeof *GOOD; i++)
        assert_true(outcome_name_ok(span_text(GOOD[i])));
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++)
        assert_false(outcome_name_ok(span_text(BAD[i])));
    memset(longest, 'a', sizeof longest);
    for (size_t at = 63; at < sizeof longest; at += 64)
        longest[at] = '.';
    assert_true(outcome_name_ok(span_of(longest, LIMIT_NAME_LEN)));
    assert_false(outcome_name_ok(span_of(longest, LIMIT_NAME_LEN + 1)));
    assert_false(outcome_name_ok(
        span_of("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 64)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_policy_pcr_is_the_tpms),
        cmocka_unit_test(test_policy_authorize_is_the_tpms),
        cmocka_unit_test(test_policy_ref_differs_between_hosts),
        cmocka_unit_test(test_passing_host_gets_both),
        cmocka_unit_test(test_nothing_without_a_passing_verdict),
        cmocka_unit_test(test_nothing_without_proof),
        cmocka_unit_test(test_names),
    };

    return cmocka_run_group_tests_name("outcome", tests, crypto_arena_setup, crypto_arena_teardown);
}
