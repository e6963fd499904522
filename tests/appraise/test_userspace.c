/* Hosts whose systemd measures user space, from quote and logs to the verdict. */
#include "appraise_fixture.h"
#include "support/systemd_log_builder.h"

static struct systemd_log_builder measured;

/* What the TPM measured behind the boot, without saying so. */
static void extend(struct fixture *fixture, uint32_t pcr, const char *text)
{
    struct soft_host *host = &fixture->host;
    struct crypto_digest digest;

    crypto_hash_span(host->crypto, TPM_ALG_SHA256, span_text(text), &digest);
    crypto_extend(host->crypto, TPM_ALG_SHA256, host->pcrs[pcr], crypto_digest_span(&digest));
}

static void reach_phases(struct fixture *fixture)
{
    static const char *const phases[] = {"sysinit", "ready"};

    soft_host_measure(&fixture->host);
    systemd_log_begin(&measured, fixture->host.crypto);
    for (size_t i = 0; i < 2; i++) {
        extend(fixture, 11, phases[i]);
        systemd_log_add_text(&measured, 11, phases[i]);
    }
    extend(fixture, 15, "machine-id:0123");
    systemd_log_add_text(&measured, 15, "machine-id:0123");
}

static void attest(struct fixture *fixture, enum verdict verdict, enum reason_code code)
{
    soft_host_digest_pcrs(&fixture->host);
    soft_host_send_pcr_values(&fixture->host);
    soft_host_bind(&fixture->host);
    expect_verdict(fixture, soft_host_evidence(&fixture->host), verdict, code);
}

static void send(struct fixture *fixture)
{
    soft_host_send(&fixture->host, EVIDENCE_LOG_SYSTEMD, systemd_log_span(&measured));
}

static void the_log_explains_what_was_measured(void **state)
{
    struct fixture *fixture = *state;
    const struct claim *phases = &fixture->appraisal.claims.claims[CLAIM_BOOT_PHASES];

    reach_phases(fixture);
    send(fixture);
    attest(fixture, VERDICT_TRUSTED, REASON_NONE);
    assert_int_equal(phases->n_items, 2);
    assert_true(span_is(phases->items[1].bytes, "ready"));
}

static void without_the_log_the_pcrs_do_not_match(void **state)
{
    struct fixture *fixture = *state;

    reach_phases(fixture);
    attest(fixture, VERDICT_UNTRUSTED, REASON_QUOTE_PCR_DIGEST);
    assert_false(fixture->appraisal.claims.claims[CLAIM_BOOT_PHASES].known);
}

/* systemd before 255 writes no log; the words are known. */
static void words_without_a_log_are_found(void **state)
{
    struct fixture *fixture = *state;
    const struct claim *phases = &fixture->appraisal.claims.claims[CLAIM_BOOT_PHASES];

    soft_host_measure(&fixture->host);
    extend(fixture, 11, "sysinit");
    extend(fixture, 11, "ready");
    attest(fixture, VERDICT_TRUSTED, REASON_NONE);
    assert_int_equal(phases->n_items, 2);
    assert_int_equal(phases->grade, CLAIM_ATTESTED);
    assert_true(span_is(phases->items[0].bytes, "sysinit"));
    assert_int_equal(phases->items[0].event, REASON_NO_EVENT);
}

static void a_record_left_out_is_noticed(void **state)
{
    struct fixture *fixture = *state;

    reach_phases(fixture);
    extend(fixture, 11, "evil");
    send(fixture);
    attest(fixture, VERDICT_UNTRUSTED, REASON_QUOTE_PCR_DIGEST);
}

static void a_record_made_up_is_noticed(void **state)
{
    struct fixture *fixture = *state;

    reach_phases(fixture);
    systemd_log_add_text(&measured, 11, "final");
    send(fixture);
    attest(fixture, VERDICT_UNTRUSTED, REASON_QUOTE_PCR_DIGEST);
}

static void a_log_that_is_none_is_refused(void **state)
{
    struct fixture *fixture = *state;

    reach_phases(fixture);
    measured.text[0] = '{';
    send(fixture);
    attest(fixture, VERDICT_UNTRUSTED, REASON_EVENTLOG_MALFORMED);
}

static void a_record_of_a_loaders_pcr_is_refused(void **state)
{
    struct fixture *fixture = *state;

    soft_host_measure(&fixture->host);
    systemd_log_begin(&measured, fixture->host.crypto);
    extend(fixture, 8, "linux /vmlinuz init=/bin/sh");
    systemd_log_add_text(&measured, 8, "linux /vmlinuz init=/bin/sh");
    send(fixture);
    attest(fixture, VERDICT_UNTRUSTED, REASON_EVENTLOG_MALFORMED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(the_log_explains_what_was_measured),
        WITH_FIXTURE(without_the_log_the_pcrs_do_not_match),
        WITH_FIXTURE(words_without_a_log_are_found),
        WITH_FIXTURE(a_record_left_out_is_noticed),
        WITH_FIXTURE(a_record_made_up_is_noticed),
        WITH_FIXTURE(a_log_that_is_none_is_refused),
        WITH_FIXTURE(a_record_of_a_loaders_pcr_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
