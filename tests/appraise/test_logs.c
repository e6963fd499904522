/* Logs that are wrong in themselves, sent and signed by a lying host: each with the reason that
 * says what is wrong with the log, not merely that the PCRs differ. */
#include "appraise_fixture.h"

#include "verify/ima.h"
#include "wire/ima.h"

enum { PCR_IMA = 10 };

/* Sends a log of which one byte is flipped, or which ends early. */
static struct span lie_about(struct fixture *fixture, enum evidence_log_kind kind, struct span log,
                             size_t flipped)
{
    uint8_t *bytes = soft_host_copy(&fixture->host, log);

    if (flipped < log.len)
        bytes[flipped] ^= 1;
    soft_host_send(&fixture->host, kind, span_of(bytes, log.len));
    return soft_host_attest(&fixture->host);
}

static struct span without_last_byte(struct span log)
{
    return span_of(log.data, log.len - 1);
}

static struct ima_entry first_entry(struct span list)
{
    struct ima_list entries;
    struct ima_entry entry;
    struct error error;

    assert_true(ima_list_open(&entries, list, &error));
    assert_int_equal(ima_list_next(&entries, &entry), IMA_ENTRY);
    return entry;
}

static void test_event_log_that_ends_early(void **state)
{
    struct fixture *fixture = *state;
    struct span log = without_last_byte(fixture->host.booted_tcg);

    expect_verdict(fixture, lie_about(fixture, EVIDENCE_LOG_TCG, log, log.len), VERDICT_UNTRUSTED,
                   REASON_EVENTLOG_MALFORMED);
}

/* A confidential guest's log counts measurement registers, not PCRs: no quote of a TPM says a word of them. */
static void test_log_of_measurement_registers(void **state)
{
    static const char VENDOR[] = "td-shim";
    enum { SIZE_AT = 28, HEADER_AT = 32, VENDOR_LEN = sizeof VENDOR - 1 };
    struct fixture *fixture = *state;
    struct span log = fixture->host.booted_tcg;
    size_t header_len =
        log.data[SIZE_AT]; /* of the first event's data, which ends with no vendor */
    uint8_t *bytes = arena_alloc(&fixture->host.arena, log.len + VENDOR_LEN);
    size_t end = HEADER_AT + header_len;

    assert_non_null(bytes);
    memcpy(bytes, log.data, end);
    memcpy(bytes + end, VENDOR, VENDOR_LEN);
    memcpy(bytes + end + VENDOR_LEN, log.data + end, log.len - end);
    bytes[SIZE_AT] += VENDOR_LEN;
    bytes[end - 1] = VENDOR_LEN;
    soft_host_send(&fixture->host, EVIDENCE_LOG_TCG, span_of(bytes, log.len + VENDOR_LEN));
    expect_verdict(fixture, soft_host_attest(&fixture->host), VERDICT_UNTRUSTED,
                   REASON_EVENTLOG_MALFORMED);
    assert_int_equal(fixture->appraisal.log.n_events, 0);
}

static void test_ima_list_that_ends_early(void **state)
{
    struct fixture *fixture = *state;
    struct span list = without_last_byte(fixture->host.booted_ima);

    expect_verdict(fixture, lie_about(fixture, EVIDENCE_LOG_IMA, list, list.len), VERDICT_UNTRUSTED,
                   REASON_IMA_MALFORMED);
}

/* With the signed values at hand it is the list that is named, and PCR 10. */
static void test_ima_entry_that_was_not_measured(void **state)
{
    struct fixture *fixture = *state;
    struct soft_host *host = &fixture->host;
    struct span list = host->booted_ima;

    soft_host_measure(host);
    soft_host_send_pcr_values(host);
    expect_verdict(fixture, lie_about(fixture, EVIDENCE_LOG_IMA, list, list.len - 1),
                   VERDICT_UNTRUSTED, REASON_IMA_MISMATCH);
    assert_int_equal(fixture->appraisal.reasons.items[0].pcr, PCR_IMA);
}

/* The bigger banks are extended with a hash of the data, so the SHA-1 column is free to lie. */
static void test_ima_template_hash_that_is_not_that_of_the_data(void **state)
{
    struct fixture *fixture = *state;
    struct span list = fixture->host.booted_ima;
    size_t column = (size_t)(first_entry(list).template_hash.data - list.data);

    expect_verdict(fixture, lie_about(fixture, EVIDENCE_LOG_IMA, list, column), VERDICT_UNTRUSTED,
                   REASON_IMA_TEMPLATE_HASH);
}

/* A kernel before 5.8: the bank holds zero-padded SHA-1 digests. */
static void test_ima_in_a_padded_bank(void **state)
{
    struct fixture *fixture = *state;
    struct soft_host *host = &fixture->host;
    struct ima_replay ima = {0};
    struct error error;

    soft_host_measure(host);
    assert_true(ima_replay_list(host->crypto, host->booted_ima, host->evidence.bank, true, NULL,
                                NULL, NULL, &ima, &error));
    memcpy(host->pcrs[PCR_IMA], ima.pcr, ima.digest_len);
    soft_host_digest_pcrs(host);
    soft_host_bind(host);
    expect_verdict(fixture, soft_host_evidence(host), VERDICT_ATTENTION, REASON_IMA_PADDED_BANK);
}

/* What the host calls the owner's keys is not what shim measured: none of it is believed. */
static void test_mok_list_that_was_not_measured(void **state)
{
    struct fixture *fixture = *state;
    const struct claim *mok = &fixture->appraisal.claims.claims[CLAIM_SECURE_BOOT_MOK_LIST];

    soft_host_send(&fixture->host, EVIDENCE_LOG_MOK, span_text("no keys at all"));
    expect_verdict(fixture, soft_host_attest(&fixture->host), VERDICT_ATTENTION,
                   REASON_MOK_LIST_MISMATCH);
    assert_true(mok->known);
    assert_int_equal(mok->n_items, 1);
    assert_int_equal(mok->items[0].kind, CLAIM_ITEM_DIGEST);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(test_event_log_that_ends_early),
        WITH_FIXTURE(test_log_of_measurement_registers),
        WITH_FIXTURE(test_ima_list_that_ends_early),
        WITH_FIXTURE(test_ima_entry_that_was_not_measured),
        WITH_FIXTURE(test_ima_template_hash_that_is_not_that_of_the_data),
        WITH_FIXTURE(test_ima_in_a_padded_bank),
        WITH_FIXTURE(test_mok_list_that_was_not_measured),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
