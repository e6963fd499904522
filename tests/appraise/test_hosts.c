/* Honest hosts: what they get, by key, bank, logs and policy. */
#include "appraise_fixture.h"

#include "wire/ima.h"

static void test_golden_host_is_trusted(void **state)
{
    struct fixture *fixture = *state;

    expect_verdict(fixture, soft_host_attest(&fixture->host), VERDICT_TRUSTED, REASON_NONE);
    assert_true(fixture->appraisal.quote_verified);
    assert_true(fixture->appraisal.logs_match);
    assert_true(fixture->appraisal.memory.valid);
    assert_int_equal(fixture->appraisal.history.reset_count, 7);
    assert_int_equal(fixture->appraisal.claims.claims[CLAIM_SECURE_BOOT_ENABLED].grade,
                     CLAIM_ATTESTED);
}

static void check_other(const char *folder, uint16_t key, uint16_t bank, enum verdict wanted,
                        enum reason_code code)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);

    fixture_init(fixture, folder, key, bank);
    expect_verdict(fixture, soft_host_attest(&fixture->host), wanted, code);
    fixture_done(fixture);
    free(fixture);
}

static void test_keys_and_banks(void **state)
{
    (void)state;
    check_other("secure-boot", TPM_ALG_RSA, TPM_ALG_SHA256, VERDICT_TRUSTED, REASON_NONE);
    check_other("secure-boot-3-banks", TPM_ALG_RSA, TPM_ALG_SHA1, VERDICT_UNTRUSTED,
                REASON_QUOTE_BANK_WEAK);
}

static void test_hosts_that_booted_otherwise(void **state)
{
    (void)state;
    check_other("command-line", TPM_ALG_ECC, TPM_ALG_SHA256, VERDICT_UNTRUSTED,
                REASON_POLICY_FAILED);
    check_other("kernel-debugger", TPM_ALG_ECC, TPM_ALG_SHA256, VERDICT_UNTRUSTED,
                REASON_POLICY_FAILED);
    check_other("secure-boot-off", TPM_ALG_ECC, TPM_ALG_SHA256, VERDICT_UNTRUSTED,
                REASON_POLICY_FAILED);
    check_other("shim-validation-off", TPM_ALG_ECC, TPM_ALG_SHA256, VERDICT_UNTRUSTED,
                REASON_POLICY_FAILED);
    check_other("own-keys-uki", TPM_ALG_ECC, TPM_ALG_SHA256, VERDICT_UNTRUSTED,
                REASON_POLICY_FAILED);
}

/* The reason of one rule about a host; the fixture is left for its texts. */
static const struct reason *reason_of_rule(struct fixture *fixture, const char *folder,
                                           const char *rule)
{
    const struct reason *reason = NULL;

    fixture_init(fixture, folder, TPM_ALG_ECC, TPM_ALG_SHA256);
    fixture_appraise(fixture, soft_host_attest(&fixture->host));
    for (size_t i = 0; i < fixture->appraisal.reasons.n_items; i++)
        if (strcmp(fixture->appraisal.reasons.items[i].rule, rule) == 0)
            reason = &fixture->appraisal.reasons.items[i];
    assert_non_null(reason);
    assert_in_range(reason->event, 1, fixture->appraisal.log.n_events - 1);
    assert_non_null(reason->component);
    return reason;
}

/* The wrong event is named: rule, PCR, event, component, expected and found. */
static void test_reason_names_the_event(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    const struct reason *reason = reason_of_rule(fixture, "command-line",
                                                 "boot.kernel_command_line");

    (void)state;
    assert_in_range(reason->pcr, 8, 9);
    assert_non_null(strstr(reason->found, "lockdown=none"));
    assert_null(strstr(reason->expected, "lockdown=none"));
    fixture_done(fixture);
    free(fixture);
}

/* Three events say whether shim validates; the one that switched it off is named, not the first. */
static void test_reason_names_the_event_that_settled_it(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    const struct reason *reason = reason_of_rule(fixture, "shim-validation-off",
                                                 "secure_boot.shim_validation");

    (void)state;
    assert_int_equal(reason->pcr, 7);
    assert_non_null(strstr(reason->component, "MokSBState"));
    fixture_done(fixture);
    free(fixture);
}

static void test_no_event_log_is_unknown(void **state)
{
    (void)state;
    check_other("no-event-log", TPM_ALG_ECC, TPM_ALG_SHA256, VERDICT_UNKNOWN,
                REASON_EVENTLOG_MISSING);
}

static void test_no_policy_is_unknown(void **state)
{
    struct fixture *fixture = *state;

    fixture->input.n_policies = 0;
    expect_verdict(fixture, soft_host_attest(&fixture->host), VERDICT_UNKNOWN, REASON_POLICY_NONE);
    assert_false(fixture->appraisal.memory.valid);
}

static struct policy *read_policy(struct fixture *fixture, const char *path)
{
    struct span text = soft_host_fixture(&fixture->host, "../..", path);
    struct policy_position position;
    struct policy *policy;

    if (!policy_compile(&(struct policy_sources){.text = text}, &fixture->host.arena, &policy,
                        &position, &fixture->error))
        fail_msg("%s:%zu:%zu: %s", path, position.line, position.column, fixture->error.message);
    return policy;
}

static void test_baseline_policy(void **state)
{
    static const struct {
        const char *folder;
        enum verdict verdict;
    } HOSTS[] = {
        {"secure-boot", VERDICT_TRUSTED},           {"secure-boot-3-banks", VERDICT_TRUSTED},
        {"secure-boot-off", VERDICT_UNTRUSTED},     {"kernel-debugger", VERDICT_UNTRUSTED},
        {"shim-validation-off", VERDICT_UNTRUSTED},
    };

    (void)state;
    for (size_t i = 0; i < sizeof HOSTS / sizeof *HOSTS; i++) {
        struct fixture *fixture = calloc(1, sizeof *fixture);

        fixture_init(fixture, HOSTS[i].folder, TPM_ALG_ECC, TPM_ALG_SHA256);
        fixture->policy = read_policy(fixture, "data/policies/recommended-baseline.policy");
        expect_verdict(fixture, soft_host_attest(&fixture->host), HOSTS[i].verdict, REASON_NONE);
        /* What no rule reads decides nothing. */
        fixture->input.policy_claims_only = true;
        expect_verdict(fixture, soft_host_attest(&fixture->host), HOSTS[i].verdict, REASON_NONE);
        assert_false(fixture->appraisal.claims.claims[CLAIM_BOOT_ORDER].known);
        fixture_done(fixture);
        free(fixture);
    }
}

/* The list goes on behind the quote; what came before it may be a prefix only. */
static void test_ima_list_that_grew(void **state)
{
    struct fixture *fixture = *state;
    struct soft_host *host = &fixture->host;
    struct span whole = host->booted_ima;
    struct ima_list list;
    struct ima_entry entry;
    size_t cut = 0;

    assert_true(ima_list_open(&list, whole, &fixture->error));
    for (int i = 0; i < 10; i++)
        assert_int_equal(ima_list_next(&list, &entry), IMA_ENTRY);
    cut = ima_list_offset(&list);
    host->booted_ima = span_of(whole.data, cut); /* the quote is as old as entry 9 */
    soft_host_send(host, EVIDENCE_LOG_IMA, host->booted_ima);
    host->evidence.logs[1].bytes = whole;
    expect_verdict(fixture, soft_host_attest(host), VERDICT_TRUSTED, REASON_NONE);

    /* covered: five entries; quoted: ten; sent: all */
    soft_host_send(host, EVIDENCE_LOG_IMA, span_of(whole.data, 0));
    host->evidence.logs[1].bytes = whole;
    expect_verdict(fixture, soft_host_attest(host), VERDICT_TRUSTED, REASON_NONE);
}

static void test_log_known_by_digest(void **state)
{
    struct fixture *fixture = *state;
    struct evidence_log *log = &fixture->host.evidence.logs[0];
    struct appraise_known_log known[2] = {
        {.sha256 = span_of(fixture->host.nonce, 32), .bytes = log->bytes},
        {.sha256 = log->sha256, .bytes = log->bytes}};

    log->has_bytes = false;
    log->bytes = span_of(NULL, 0);
    fixture->input.known_logs = known;
    fixture->input.n_known_logs = 2;
    expect_verdict(fixture, soft_host_attest(&fixture->host), VERDICT_TRUSTED, REASON_NONE);
    fixture->input.n_known_logs = 1;
    expect_verdict(fixture, soft_host_attest(&fixture->host), VERDICT_UNKNOWN,
                   REASON_EVIDENCE_LOG_UNKNOWN);
    fixture->input.n_known_logs = 2;
    log->covered_len--; /* another part of the log than the one known */
    expect_verdict(fixture, soft_host_attest(&fixture->host), VERDICT_UNKNOWN,
                   REASON_EVIDENCE_LOG_UNKNOWN);
}

/* The PCRs are reproduced, but one log that the evidence names is not here. */
static void test_unknown_log_besides(void **state)
{
    struct fixture *fixture = *state;
    struct evidence *evidence = &fixture->host.evidence;

    evidence->logs[2] = (struct evidence_log){
        .kind = EVIDENCE_LOG_DRTM, .sha256 = evidence->logs[0].sha256, .covered_len = 100};
    evidence->n_logs = 3;
    expect_verdict(fixture, soft_host_attest(&fixture->host), VERDICT_UNKNOWN,
                   REASON_EVIDENCE_LOG_UNKNOWN);
    assert_true(fixture->appraisal.quote_verified);
    assert_false(fixture->appraisal.logs_match);
    assert_false(fixture->appraisal.memory.valid);
}

static void test_identity_key(void **state)
{
    struct fixture *fixture = *state;

    soft_host_add_identity(&fixture->host);
    expect_verdict(fixture, soft_host_attest(&fixture->host), VERDICT_TRUSTED, REASON_NONE);
    assert_true(fixture->appraisal.identity.proven);
    assert_int_equal(fixture->appraisal.identity.name_len, 34);
    /* a caller that demands no policy accepts no key */
    fixture->input.identity_policy = span_of(NULL, 0);
    expect_verdict(fixture, soft_host_attest(&fixture->host), VERDICT_TRUSTED, REASON_NONE);
    assert_false(fixture->appraisal.identity.proven);
}

static void test_saved_bundle_stands_alone(void **state)
{
    struct fixture *fixture = *state;
    struct policy *const *policies = fixture->input.policies;

    fixture->host.evidence.ak_public = fixture->host.ak.public_area.whole;
    fixture->host.evidence.channel_binding = span_of(fixture->host.nonce, 32);
    fixture->input = (struct appraise_input){.policies = policies, .n_policies = 1};
    expect_verdict(fixture, soft_host_attest(&fixture->host), VERDICT_TRUSTED, REASON_NONE);
    fixture->host.evidence.ak_public = span_of(NULL, 0);
    expect_verdict(fixture, soft_host_attest(&fixture->host), VERDICT_UNTRUSTED, REASON_AK_UNKNOWN);
}

static void test_changed_firmware_is_attention_once(void **state)
{
    struct fixture *fixture = *state;

    expect_verdict(fixture, soft_host_attest(&fixture->host), VERDICT_TRUSTED, REASON_NONE);
    fixture->input.history = fixture->appraisal.history;
    fixture->host.quote.firmware_version++;
    fixture->host.quote.clock_ms++;
    expect_verdict(fixture, soft_host_attest(&fixture->host), VERDICT_ATTENTION,
                   REASON_QUOTE_FIRMWARE_VERSION);
    assert_false(fixture->appraisal.memory.valid);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(test_golden_host_is_trusted),
        cmocka_unit_test(test_keys_and_banks),
        cmocka_unit_test(test_hosts_that_booted_otherwise),
        cmocka_unit_test(test_reason_names_the_event),
        cmocka_unit_test(test_reason_names_the_event_that_settled_it),
        cmocka_unit_test(test_no_event_log_is_unknown),
        WITH_FIXTURE(test_no_policy_is_unknown),
        cmocka_unit_test(test_baseline_policy),
        WITH_FIXTURE(test_ima_list_that_grew),
        WITH_FIXTURE(test_log_known_by_digest),
        WITH_FIXTURE(test_unknown_log_besides),
        WITH_FIXTURE(test_identity_key),
        WITH_FIXTURE(test_saved_bundle_stands_alone),
        WITH_FIXTURE(test_changed_firmware_is_attention_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
