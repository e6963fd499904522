/* Dynamic launch, from quote and logs to the verdict: launched, not launched and cannot tell are kept
 * apart, and every way to claim a launch that was none, or another one, is refused. */
#include "appraise_fixture.h"
#include "support/log_builder.h"
#include "wire/event_type.h"

enum { LAUNCH_PCR = 17 };

static const uint16_t BANKS[] = {TPM_ALG_SHA1, TPM_ALG_SHA256, 0};
static const uint16_t SHA1_ONLY[] = {TPM_ALG_SHA1, 0};

static struct log_builder built;

/* As SINIT and Linux write it. */
static void build_launch(struct fixture *fixture)
{
    log_builder_agile(&built, fixture->host.crypto, BANKS);
    log_builder_add(&built, 17, EV_TXT_HASH_START, span_text("module"));
    log_builder_add(&built, 18, EV_TXT_SINIT_PUBKEY_HASH, span_text("key"));
    log_builder_add(&built, 17, EV_TXT_SLAUNCH_START, span_text(""));
    log_builder_add_measured(&built, 17, EV_TXT_SLAUNCH, span_text("initrd"),
                             span_text("Measured Kernel initrd"));
    log_builder_add(&built, 17, EV_TXT_SLAUNCH_END, span_text(""));
}

static void launch(struct fixture *fixture)
{
    fixture->host.booted_drtm = log_builder_span(&built);
}

/* In place of the learned policy, which demands what was seen: no launch. */
static void demand_little(struct fixture *fixture)
{
    static const char text[] = "[policy]\nname = any\nversion = 1\n"
                               "[rule log-complete]\nrequire = log.complete\nmessage = whole\n"
                               "action = none\n";
    struct policy_position position;
    struct policy *policy;

    if (!policy_compile(&(struct policy_sources){.text = span_text(text)}, &fixture->host.arena,
                        &policy, &position, &fixture->error))
        fail_msg("%s", fixture->error.message);
    fixture->policy = policy;
    fixture->input.policies = &fixture->policy;
    fixture->input.n_policies = 1;
}

static void send_launch(struct fixture *fixture)
{
    soft_host_send(&fixture->host, EVIDENCE_LOG_DRTM, log_builder_span(&built));
}

static void attest(struct fixture *fixture, enum verdict verdict, enum reason_code code)
{
    soft_host_measure(&fixture->host);
    soft_host_send_pcr_values(&fixture->host);
    soft_host_bind(&fixture->host);
    expect_verdict(fixture, soft_host_evidence(&fixture->host), verdict, code);
}

static const struct claim *launched(const struct fixture *fixture)
{
    return &fixture->appraisal.claims.claims[CLAIM_DRTM_LAUNCHED];
}

static void assert_launched(const struct fixture *fixture, bool is_true, enum claim_grade grade)
{
    assert_true(launched(fixture)->known);
    assert_int_equal(launched(fixture)->is_true, is_true);
    assert_int_equal(launched(fixture)->grade, grade);
}

static void ones_prove_that_nothing_was_launched(void **state)
{
    struct fixture *fixture = *state;

    attest(fixture, VERDICT_TRUSTED, REASON_NONE);
    assert_launched(fixture, false, CLAIM_ATTESTED);
    assert_false(fixture->appraisal.claims.claims[CLAIM_DRTM_COMPONENTS].known);
}

static void a_log_that_leads_to_the_quote_proves_a_launch(void **state)
{
    struct fixture *fixture = *state;
    const struct claim *components = &fixture->appraisal.claims.claims[CLAIM_DRTM_COMPONENTS];

    demand_little(fixture);
    build_launch(fixture);
    launch(fixture);
    send_launch(fixture);
    attest(fixture, VERDICT_TRUSTED, REASON_NONE);
    assert_launched(fixture, true, CLAIM_ATTESTED);
    assert_string_equal(fixture->appraisal.claims.claims[CLAIM_DRTM_TECHNOLOGY].text, "Intel TXT");
    assert_int_equal(fixture->appraisal.claims.claims[CLAIM_DRTM_TECHNOLOGY].grade, CLAIM_UNPROVEN);
    assert_int_equal(components->n_items, 3);
    assert_int_equal(components->grade, CLAIM_ATTESTED);
    assert_string_equal(components->items[2].label, "Measured Kernel initrd");
}

/* The policy was learned from a host on which nothing was launched. */
static void a_learned_policy_notices_a_launch(void **state)
{
    struct fixture *fixture = *state;

    build_launch(fixture);
    launch(fixture);
    send_launch(fixture);
    attest(fixture, VERDICT_UNTRUSTED, REASON_POLICY_FAILED);
}

static void a_launch_without_its_log_is_not_told(void **state)
{
    struct fixture *fixture = *state;

    build_launch(fixture);
    launch(fixture);
    attest(fixture, VERDICT_UNKNOWN, REASON_PCR_UNEXPLAINED);
    assert_false(launched(fixture)->known);
}

/* IMA measured something between the quote and the reading of the values. */
static void values_of_another_moment_still_tell_the_launch(void **state)
{
    struct fixture *fixture = *state;
    struct soft_host *host = &fixture->host;
    uint8_t *values;

    build_launch(fixture);
    launch(fixture);
    soft_host_measure(host);
    soft_host_send_pcr_values(host);
    values = soft_host_copy(host, host->evidence.pcr_values);
    values[10 * 32] ^= 1;
    host->evidence.pcr_values.data = values;
    soft_host_bind(host);
    expect_verdict(fixture, soft_host_evidence(host), VERDICT_UNKNOWN, REASON_PCR_UNEXPLAINED);
    assert_int_equal(fixture->appraisal.reasons.items[0].pcr, LAUNCH_PCR);
    assert_false(launched(fixture)->known);

    values[16 * 32] ^= 1; /* PCR 17: then nothing holds */
    expect_verdict(fixture, soft_host_evidence(host), VERDICT_UNTRUSTED, REASON_QUOTE_PCR_DIGEST);
}

static void zeros_are_no_launch_that_measured(void **state)
{
    struct fixture *fixture = *state;
    struct soft_host *host = &fixture->host;

    soft_host_measure(host);
    memset(host->pcrs + LAUNCH_PCR, 0, 6 * sizeof *host->pcrs);
    soft_host_digest_pcrs(host);
    soft_host_send_pcr_values(host);
    soft_host_bind(host);
    expect_verdict(fixture, soft_host_evidence(host), VERDICT_UNKNOWN, REASON_DRTM_NOT_MEASURED);
    assert_false(launched(fixture)->known);
}

static void a_log_of_a_launch_that_did_not_happen_is_refused(void **state)
{
    struct fixture *fixture = *state;

    build_launch(fixture);
    send_launch(fixture);
    attest(fixture, VERDICT_UNTRUSTED, REASON_QUOTE_PCR_DIGEST);
    assert_launched(fixture, true, CLAIM_REPORTED); /* what the log says; nobody relies on it */
}

/* Whoever reaches locality 2 or 3 can extend PCR 17, but from ones. */
static void a_launch_log_extended_by_software_is_refused(void **state)
{
    struct fixture *fixture = *state;
    struct soft_host *host = &fixture->host;
    struct crypto_digest digest;

    log_builder_agile(&built, host->crypto, BANKS);
    log_builder_add(&built, 17, EV_TXT_HASH_START, span_text("module"));
    send_launch(fixture);
    soft_host_measure(host);
    crypto_hash_span(host->crypto, TPM_ALG_SHA256, span_text("module"), &digest);
    crypto_extend(host->crypto, TPM_ALG_SHA256, host->pcrs[LAUNCH_PCR],
                  crypto_digest_span(&digest));
    soft_host_digest_pcrs(host);
    soft_host_send_pcr_values(host);
    soft_host_bind(host);
    expect_verdict(fixture, soft_host_evidence(host), VERDICT_UNTRUSTED, REASON_QUOTE_PCR_DIGEST);
}

static void an_event_moved_to_pcr_17_is_refused(void **state)
{
    struct fixture *fixture = *state;

    build_launch(fixture);
    launch(fixture);
    soft_host_measure(&fixture->host);
    log_builder_agile(&built, fixture->host.crypto, BANKS);
    log_builder_add(&built, 17, EV_TXT_HASH_START, span_text("module"));
    log_builder_add(&built, 17, EV_TXT_SINIT_PUBKEY_HASH, span_text("key"));
    send_launch(fixture);
    soft_host_send_pcr_values(&fixture->host);
    soft_host_bind(&fixture->host);
    expect_verdict(fixture, soft_host_evidence(&fixture->host), VERDICT_UNTRUSTED,
                   REASON_QUOTE_PCR_DIGEST);
}

/* Else it could add to what the TCG log says of Secure Boot, or contradict it. */
static void a_launch_log_with_an_event_of_the_firmware_is_refused(void **state)
{
    struct fixture *fixture = *state;

    for (uint32_t pcr = 0; pcr < LAUNCH_PCR; pcr++) {
        build_launch(fixture);
        log_builder_add(&built, pcr, EV_EVENT_TAG, span_text("x"));
        send_launch(fixture);
        attest(fixture, VERDICT_UNTRUSTED, REASON_EVENTLOG_MALFORMED);
    }
}

static void a_launch_log_in_place_of_the_tcg_log_is_refused(void **state)
{
    struct fixture *fixture = *state;

    build_launch(fixture);
    launch(fixture);
    soft_host_send(&fixture->host, EVIDENCE_LOG_TCG, log_builder_span(&built));
    attest(fixture, VERDICT_UNTRUSTED, REASON_PCR_NEVER_EXTENDED);
}

static void a_launch_log_must_carry_the_bank(void **state)
{
    struct fixture *fixture = *state;

    log_builder_agile(&built, fixture->host.crypto, SHA1_ONLY);
    log_builder_add(&built, 17, EV_TXT_HASH_START, span_text("module"));
    send_launch(fixture);
    attest(fixture, VERDICT_UNTRUSTED, REASON_EVENTLOG_BANK_MISSING);

    build_launch(fixture);
    log_builder_add_banks(&built, 17, EV_TXT_TBOOT_MODULE, SHA1_ONLY, 1, span_text("module"),
                          span_of(NULL, 0));
    send_launch(fixture);
    attest(fixture, VERDICT_UNTRUSTED, REASON_EVENTLOG_BANK_MISSING);
}

static void what_is_extended_after_the_launch_stays_explained(void **state)
{
    struct fixture *fixture = *state;

    demand_little(fixture);
    build_launch(fixture);
    log_builder_add(&built, 20, EV_EVENT_TAG, span_text("later"));
    launch(fixture);
    send_launch(fixture);
    attest(fixture, VERDICT_TRUSTED, REASON_NONE);
    assert_launched(fixture, true, CLAIM_ATTESTED);
    assert_int_equal(fixture->appraisal.claims.claims[CLAIM_DRTM_COMPONENTS].n_items, 4);
}

static void a_quote_without_pcr_17_reports_at_most(void **state)
{
    struct fixture *fixture = *state;

    demand_little(fixture);
    fixture->input.pcrs = 0xFFFF;
    fixture->host.quote.selection.banks[0].pcrs = 0xFFFF;
    attest(fixture, VERDICT_TRUSTED, REASON_NONE);
    assert_false(launched(fixture)->known);
    build_launch(fixture);
    send_launch(fixture);
    attest(fixture, VERDICT_TRUSTED, REASON_NONE);
    assert_launched(fixture, true, CLAIM_REPORTED);
    assert_int_equal(fixture->appraisal.claims.claims[CLAIM_DRTM_COMPONENTS].grade, CLAIM_REPORTED);
}

/* PCR 17 alone says that there was a launch, and nothing of what stands in PCR 18. */
static void components_are_as_proven_as_their_pcrs(void **state)
{
    struct fixture *fixture = *state;

    demand_little(fixture);
    fixture->input.pcrs = 0x2FFFF;
    fixture->host.quote.selection.banks[0].pcrs = 0x2FFFF;
    build_launch(fixture);
    launch(fixture);
    send_launch(fixture);
    attest(fixture, VERDICT_TRUSTED, REASON_NONE);
    assert_launched(fixture, true, CLAIM_ATTESTED);
    assert_int_equal(fixture->appraisal.claims.claims[CLAIM_DRTM_COMPONENTS].grade, CLAIM_REPORTED);
}

static void a_reason_names_the_launch_log(void **state)
{
    struct fixture *fixture = *state;
    const struct reasons *reasons = &fixture->appraisal.reasons;

    build_launch(fixture);
    log_builder_add(&built, 20, EV_EVENT_TAG, span_of("\2\0\x0C\0\4\0\0\0", 8));
    launch(fixture);
    send_launch(fixture);
    attest(fixture, VERDICT_UNTRUSTED, REASON_EVENTLOG_DATA_MALFORMED);
    assert_non_null(strstr(reasons->items[0].component, "DRTM log, event 6"));
    assert_int_equal(reasons->items[0].pcr, 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(ones_prove_that_nothing_was_launched),
        WITH_FIXTURE(a_log_that_leads_to_the_quote_proves_a_launch),
        WITH_FIXTURE(a_learned_policy_notices_a_launch),
        WITH_FIXTURE(a_launch_without_its_log_is_not_told),
        WITH_FIXTURE(values_of_another_moment_still_tell_the_launch),
        WITH_FIXTURE(zeros_are_no_launch_that_measured),
        WITH_FIXTURE(a_log_of_a_launch_that_did_not_happen_is_refused),
        WITH_FIXTURE(a_launch_log_extended_by_software_is_refused),
        WITH_FIXTURE(an_event_moved_to_pcr_17_is_refused),
        WITH_FIXTURE(a_launch_log_with_an_event_of_the_firmware_is_refused),
        WITH_FIXTURE(a_launch_log_in_place_of_the_tcg_log_is_refused),
        WITH_FIXTURE(a_launch_log_must_carry_the_bank),
        WITH_FIXTURE(what_is_extended_after_the_launch_stays_explained),
        WITH_FIXTURE(a_quote_without_pcr_17_reports_at_most),
        WITH_FIXTURE(components_are_as_proven_as_their_pcrs),
        WITH_FIXTURE(a_reason_names_the_launch_log),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
