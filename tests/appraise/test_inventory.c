/* What a host says of itself, on its way through an appraisal: inventory, SMBIOS tables, and the maker
 * of its TPM as the service knows it from the enrolment. */
#include "appraise_fixture.h"

#include "support/smbios_builder.h"

static uint8_t tables[1024];

static struct span machine(const char *model)
{
    return smbios_builder_machine(tables, sizeof tables, true, "Acme", model);
}

static void say(struct fixture *fixture, const char *name, const char *value)
{
    static struct evidence_item item;

    item = (struct evidence_item){span_text(name), span_text(value)};
    fixture->host.evidence.inventory = &item;
    fixture->host.evidence.n_inventory = 1;
}

static const struct claim *claim_of(const struct fixture *fixture, enum claim_id id)
{
    return &fixture->appraisal.claims.claims[id];
}

static void tables_travel_with_the_evidence(void **state)
{
    struct fixture *fixture = *state;

    soft_host_send(&fixture->host, EVIDENCE_LOG_SMBIOS, machine("Anvil"));
    expect_verdict(fixture, soft_host_attest(&fixture->host), VERDICT_TRUSTED, REASON_NONE);
    assert_string_equal(claim_of(fixture, CLAIM_HARDWARE_MODEL)->text, "Anvil");
    assert_int_equal(claim_of(fixture, CLAIM_HARDWARE_MODEL)->grade, CLAIM_REPORTED);
}

static void tables_that_the_service_holds_are_named_by_digest(void **state)
{
    struct fixture *fixture = *state;
    struct evidence_log *log;
    struct appraise_known_log known;

    soft_host_send(&fixture->host, EVIDENCE_LOG_SMBIOS, machine("Anvil"));
    log = &fixture->host.evidence.logs[fixture->host.evidence.n_logs - 1];
    assert_int_equal(log->kind, EVIDENCE_LOG_SMBIOS);
    known = (struct appraise_known_log){.sha256 = log->sha256, .bytes = log->bytes};
    log->has_bytes = false;
    expect_verdict(fixture, soft_host_attest(&fixture->host), VERDICT_UNKNOWN,
                   REASON_EVIDENCE_LOG_UNKNOWN);
    fixture->input.known_logs = &known;
    fixture->input.n_known_logs = 1;
    expect_verdict(fixture, soft_host_attest(&fixture->host), VERDICT_TRUSTED, REASON_NONE);
    assert_string_equal(claim_of(fixture, CLAIM_HARDWARE_MODEL)->text, "Anvil");
}

static void tables_changed_after_the_quote_are_refused(void **state)
{
    struct fixture *fixture = *state;

    soft_host_send(&fixture->host, EVIDENCE_LOG_SMBIOS, machine("Anvil"));
    soft_host_measure(&fixture->host);
    soft_host_bind(&fixture->host);
    machine("Stone"); /* the bytes that are sent */
    expect_verdict(fixture, soft_host_evidence(&fixture->host), VERDICT_UNTRUSTED,
                   REASON_EVIDENCE_BINDING_MISMATCH);
    assert_false(claim_of(fixture, CLAIM_HARDWARE_MODEL)->known);
}

static void tables_that_lie_are_worth_a_look(void **state)
{
    struct fixture *fixture = *state;
    struct span whole = machine("Anvil");

    /* The last structure has six bytes; the one before it lacks its end. */
    soft_host_send(&fixture->host, EVIDENCE_LOG_SMBIOS, span_of(whole.data, whole.len - 7));
    expect_verdict(fixture, soft_host_attest(&fixture->host), VERDICT_ATTENTION,
                   REASON_INVENTORY_MALFORMED);
    assert_false(claim_of(fixture, CLAIM_HARDWARE_MODEL)->known);
}

static void the_enrolled_maker_of_the_tpm_stands(void **state)
{
    struct fixture *fixture = *state;

    fixture->input.endorsed.texts[ENDORSED_TPM_MANUFACTURER] = span_text("id:49465800");
    expect_verdict(fixture, soft_host_attest(&fixture->host), VERDICT_TRUSTED, REASON_NONE);
    assert_int_equal(claim_of(fixture, CLAIM_TPM_MANUFACTURER)->grade, CLAIM_SIGNED);
    say(fixture, "tpm.manufacturer", "IFX");
    expect_verdict(fixture, soft_host_attest(&fixture->host), VERDICT_TRUSTED, REASON_NONE);
    say(fixture, "tpm.manufacturer", "IBM");
    expect_verdict(fixture, soft_host_attest(&fixture->host), VERDICT_ATTENTION,
                   REASON_INVENTORY_CONTRADICTED);
    assert_string_equal(claim_of(fixture, CLAIM_TPM_MANUFACTURER)->text, "IFX");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(tables_travel_with_the_evidence),
        WITH_FIXTURE(tables_that_the_service_holds_are_named_by_digest),
        WITH_FIXTURE(tables_changed_after_the_quote_are_refused),
        WITH_FIXTURE(tables_that_lie_are_worth_a_look),
        WITH_FIXTURE(the_enrolled_maker_of_the_tpm_stands),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
