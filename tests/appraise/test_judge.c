/* Who judges: several policies, observed ones, others afterwards, and none that can be used. */
#include "appraise_fixture.h"

#define HEAD "[policy]\nname = p\nversion = 1\n\n"
#define RULE(name, expression)                                                                     \
    "[rule " name "]\nrequire = " expression "\nmessage = it must be so\n"

static struct policy *compile(struct fixture *fixture, const char *text)
{
    struct policy_position position;
    struct policy *policy;

    if (!policy_compile(&(struct policy_sources){.text = span_text(text)}, &fixture->host.arena,
                        &policy, &position, &fixture->error))
        fail_msg("%s", fixture->error.message);
    return policy;
}

/* Every policy must hold, and one that cannot be used never does. */
static void each_policy_must_hold(void **state)
{
    struct fixture *fixture = *state;
    struct span evidence = soft_host_attest(&fixture->host);
    struct policy *policies[2] = {fixture->policy,
                                  compile(fixture, HEAD RULE("off", "!secure_boot.enabled"))};

    fixture->input.policies = policies;
    fixture->input.n_policies = 2;
    expect_verdict(fixture, evidence, VERDICT_UNTRUSTED, REASON_POLICY_FAILED);
    policies[1] = compile(fixture, HEAD RULE("on", "secure_boot.enabled"));
    expect_verdict(fixture, evidence, VERDICT_TRUSTED, REASON_NONE);
    policies[1] = NULL;
    expect_verdict(fixture, evidence, VERDICT_UNKNOWN, REASON_POLICY_INVALID);
    assert_false(fixture->appraisal.memory.valid);
}

static void observed_policies_say_their_verdict_beside(void **state)
{
    struct fixture *fixture = *state;
    struct span evidence = soft_host_attest(&fixture->host);
    struct policy *observed = compile(fixture, HEAD RULE("off", "!secure_boot.enabled"));

    fixture->input.observed = &observed;
    fixture->input.n_observed = 1;
    expect_verdict(fixture, evidence, VERDICT_TRUSTED, REASON_NONE);
    assert_int_equal(fixture->appraisal.observed_verdict, VERDICT_UNTRUSTED);
    assert_true(reasons_have(fixture->appraisal.observed, REASON_POLICY_FAILED));
    assert_false(reasons_have(&fixture->appraisal.reasons, REASON_POLICY_FAILED));
    observed = NULL;
    expect_verdict(fixture, evidence, VERDICT_TRUSTED, REASON_NONE);
    assert_int_equal(fixture->appraisal.observed_verdict, VERDICT_UNKNOWN);
    /* Who only observes trusts nobody. */
    observed = fixture->policy;
    fixture->input.n_policies = 0;
    expect_verdict(fixture, evidence, VERDICT_UNKNOWN, REASON_POLICY_NONE);
    assert_int_equal(fixture->appraisal.observed_verdict, VERDICT_TRUSTED);
    assert_false(fixture->appraisal.memory.valid);
}

/* As a draft is tried: the evidence was appraised before. */
static void other_policies_judge_afterwards(void **state)
{
    struct fixture *fixture = *state;
    struct policy *policies[] = {compile(fixture, HEAD RULE("off", "!secure_boot.enabled"))};
    struct reasons *reasons = calloc(1, sizeof *reasons);
    enum verdict verdict = VERDICT_NONE;

    expect_verdict(fixture, soft_host_attest(&fixture->host), VERDICT_TRUSTED, REASON_NONE);
    fixture->input.history = fixture->appraisal.history;
    fixture->host.quote.firmware_version++;
    fixture->host.quote.clock_ms++;
    expect_verdict(fixture, soft_host_attest(&fixture->host), VERDICT_ATTENTION,
                   REASON_QUOTE_FIRMWARE_VERSION);
    assert_true(appraise_under(fixture->host.crypto, &fixture->appraisal, policies, 1,
                               &fixture->arena, reasons, &verdict, &fixture->error));
    assert_int_equal(verdict, VERDICT_UNTRUSTED);
    assert_int_equal(reasons->items[0].code, REASON_QUOTE_FIRMWARE_VERSION);
    assert_true(reasons_have(reasons, REASON_POLICY_FAILED));
    assert_true(appraise_under(fixture->host.crypto, &fixture->appraisal, &fixture->policy, 1,
                               &fixture->arena, reasons, &verdict, &fixture->error));
    assert_int_equal(verdict, VERDICT_ATTENTION);
    assert_true(appraise_under(fixture->host.crypto, &fixture->appraisal, NULL, 0, &fixture->arena,
                               reasons, &verdict, &fixture->error));
    assert_int_equal(verdict, VERDICT_UNKNOWN);
    free(reasons);
}

/* What a host has, for those who do not ask whether it is trusted. */
static void only_what_a_quote_proves_keeps_its_grade(void **state)
{
    struct fixture *fixture = *state;
    const struct claim *claim = &fixture->appraisal.claims.claims[CLAIM_SECURE_BOOT_ENABLED];
    struct reasons *findings = calloc(1, sizeof *findings);

    expect_verdict(fixture, soft_host_attest(&fixture->host), VERDICT_TRUSTED, REASON_NONE);
    assert_true(appraise_proven(&fixture->appraisal, findings));
    assert_int_equal(findings->n_items, 0);
    assert_int_equal(claim->grade, CLAIM_ATTESTED);
    fixture->input.nonce = span_of("another nonce", 13);
    expect_verdict(fixture, soft_host_attest(&fixture->host), VERDICT_UNTRUSTED,
                   REASON_QUOTE_NONCE);
    assert_false(appraise_proven(&fixture->appraisal, findings));
    assert_true(reasons_have(findings, REASON_QUOTE_NONCE));
    assert_int_equal(claim->grade, CLAIM_UNPROVEN);
    free(findings);
}

/* Long lists that nobody asks for are left out, and the verdict is the same. */
static void only_what_policies_read_is_collected(void **state)
{
    static const char LINE[] = HEAD RULE("line", "boot.kernel_command_line != \"x\"");
    struct fixture *fixture = *state;
    struct span evidence = soft_host_attest(&fixture->host);
    struct policy *policies[] = {compile(fixture, LINE), NULL};

    fixture->input.policy_claims_only = true;
    fixture->input.policies = policies;
    expect_verdict(fixture, evidence, VERDICT_TRUSTED, REASON_NONE);
    assert_true(fixture->appraisal.collected[CLAIM_BOOT_KERNEL_COMMAND_LINE]);
    assert_false(fixture->appraisal.collected[CLAIM_SECURE_BOOT_DBX]);
    /* One that is observed is asked, too; one that cannot be used asks for nothing. */
    policies[1] = compile(fixture, HEAD RULE("dbx", "size(secure_boot.dbx) > 1"));
    fixture->input.observed = policies + 1;
    fixture->input.n_observed = 1;
    expect_verdict(fixture, evidence, VERDICT_TRUSTED, REASON_NONE);
    assert_true(fixture->appraisal.collected[CLAIM_SECURE_BOOT_DBX]);
    policies[1] = NULL;
    expect_verdict(fixture, evidence, VERDICT_TRUSTED, REASON_NONE);
    assert_false(fixture->appraisal.collected[CLAIM_SECURE_BOOT_DBX]);
}

/* Without memory there is no verdict at all, and with enough the right one: nothing in between. */
static void without_memory_there_is_no_verdict(void **state)
{
    enum { STEPS = 1500 };
    struct fixture *fixture = *state;
    struct policy *observed = compile(fixture, HEAD RULE("off", "!secure_boot.enabled"));
    struct span evidence;
    size_t used;

    soft_host_add_identity(&fixture->host);
    evidence = soft_host_attest(&fixture->host);
    fixture->input.observed = &observed;
    fixture->input.n_observed = 1;
    fixture->input.evidence = evidence;
    expect_verdict(fixture, evidence, VERDICT_TRUSTED, REASON_NONE);
    used = fixture->arena.used;
    for (size_t i = 0; i < STEPS; i++) {
        struct arena small = arena_init(used / STEPS * i);

        fixture->appraisal.verdict = VERDICT_TRUSTED;
        assert_false(appraise(fixture->host.crypto, &fixture->input, &small, &fixture->appraisal,
                              &fixture->error));
        assert_int_equal(fixture->error.code, ERROR_MEMORY);
        assert_int_equal(fixture->appraisal.verdict, VERDICT_NONE);
        arena_done(&small);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(each_policy_must_hold),
        WITH_FIXTURE(observed_policies_say_their_verdict_beside),
        WITH_FIXTURE(other_policies_judge_afterwards),
        WITH_FIXTURE(only_what_a_quote_proves_keeps_its_grade),
        WITH_FIXTURE(only_what_policies_read_is_collected),
        WITH_FIXTURE(without_memory_there_is_no_verdict),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
