/* What a full appraisal says besides its verdict: findings, what is observed, the last good boot. */
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static const uint8_t FINDINGS[3][STORE_DIGEST_LEN] = {{1}, {2}, {3}};

/* A full appraisal at second `at`, with the first n of FINDINGS. */
static struct store_attestation full(uint8_t id, uint64_t at, size_t n_findings)
{
    struct store_attestation attestation = attestation_of(id, n_findings ? 3 : 1, 1, at * 1000);

    attestation.class_name = id < 10 ? "Maker Model" : id < 20 ? "Maker Other" : "";
    attestation.findings = FINDINGS;
    attestation.n_findings = n_findings;
    attestation.claims = span_of("0123456789", n_findings + 1);
    return attestation;
}

static void enrol_id(uint8_t id)
{
    char name[16], ak_name[16];

    snprintf(name, sizeof name, "web-%03d", id);
    snprintf(ak_name, sizeof ak_name, "ak-%d", id);
    assert_int_equal(enrol(host_like(id, name, ak_name), NULL), STORE_OK);
}

static struct store_finding_counts count(uint8_t id, size_t finding)
{
    struct store_finding_counts counts;
    uint8_t host_id[STORE_HOST_ID_LEN];

    memset(host_id, id, sizeof host_id);
    assert_true(store_finding_count(store, host_id, FINDINGS[finding], &counts, &error));
    return counts;
}

static void a_finding_keeps_its_time_while_it_stays(void **state)
{
    struct store_attestation steady = full(1, 30, 0);

    (void)state;
    enrol_id(1);
    assert_int_equal(count(1, 0).first_s, 0);
    assert_int_equal(attest(full(1, 10, 2)).result, STORE_OK);
    assert_int_equal(attest(full(1, 20, 3)).result, STORE_OK);
    steady.keep_details = true; /* what it says of findings is not looked at */
    assert_int_equal(attest(steady).result, STORE_OK);
    reopen();
    assert_int_equal(count(1, 0).first_s, NOW_S + 10);
    assert_int_equal(count(1, 1).first_s, NOW_S + 10);
    assert_int_equal(count(1, 2).first_s, NOW_S + 20);
    /* Gone and back: from anew. */
    assert_int_equal(attest(full(1, 40, 1)).result, STORE_OK);
    assert_int_equal(count(1, 0).first_s, NOW_S + 10);
    assert_int_equal(count(1, 1).first_s, 0);
    assert_int_equal(count(1, 1).n_hosts, 0);
    assert_int_equal(count(1, 1).fleet_first_s, 0);
    assert_int_equal(attest(full(1, 50, 2)).result, STORE_OK);
    assert_int_equal(count(1, 1).first_s, NOW_S + 50);
}

static void findings_are_counted_among_enrolled_hosts_and_their_class(void **state)
{
    uint8_t id[STORE_HOST_ID_LEN];
    struct store_finding_counts counts;
    struct store_txn *txn;

    (void)state;
    for (uint8_t i = 1; i <= 4; i++)
        enrol_id(i); /* one class */
    enrol_id(11);    /* another */
    enrol_id(21);    /* none */
    enrol_id(22);
    assert_int_equal(attest(full(1, 30, 1)).result, STORE_OK);
    assert_int_equal(attest(full(2, 20, 1)).result, STORE_OK);
    assert_int_equal(attest(full(3, 10, 0)).result, STORE_OK);
    assert_int_equal(attest(full(11, 25, 1)).result, STORE_OK);
    assert_int_equal(attest(full(21, 40, 1)).result, STORE_OK);
    assert_int_equal(attest(full(22, 40, 1)).result, STORE_OK);
    counts = count(1, 0);
    assert_int_equal(counts.first_s, NOW_S + 30);
    assert_int_equal(counts.fleet_first_s, NOW_S + 20);
    assert_int_equal(counts.n_hosts, 5);
    assert_int_equal(counts.n_hosts_of_class, 2);
    assert_int_equal(counts.n_class, 3); /* the fourth was never appraised */
    counts = count(3, 0);
    assert_int_equal(counts.first_s, 0);
    assert_int_equal(counts.n_hosts, 5);
    assert_int_equal(counts.n_hosts_of_class, 2);
    counts = count(21, 0);
    assert_int_equal(counts.n_hosts, 5);
    assert_int_equal(counts.n_hosts_of_class, 0);
    assert_int_equal(counts.n_class, 0);
    /* A revoked host and a forgotten one count no more. */
    memset(id, 2, sizeof id);
    txn = store_begin(store);
    store_act_host_revoke(txn, id, "alice", "stolen", NOW_S + 50);
    memset(id, 11, sizeof id);
    store_act_host_forget(txn, id, NOW_S + 50);
    assert_int_equal(commit(txn), STORE_OK);
    counts = count(1, 0);
    assert_int_equal(counts.n_hosts, 3);
    assert_int_equal(counts.n_hosts_of_class, 1);
    assert_int_equal(counts.n_class, 2);
    assert_int_equal(counts.fleet_first_s, NOW_S + 30);
    assert_int_equal(count(11, 0).n_hosts, 3); /* of a host that is not there */
}

static void findings_up_to_the_cap_are_kept(void **state)
{
    static uint8_t many[LIMIT_REASONS][STORE_DIGEST_LEN];
    struct store_attestation attestation;
    struct store_finding_counts counts;

    (void)state;
    enrol_id(1);
    for (int round = 0; round < 2; round++) { /* and all of them replaced */
        attestation = full(1, 10 + (uint64_t)round, 0);
        for (size_t i = 0; i < LIMIT_REASONS; i++)
            memcpy(many[i], (uint32_t[]){(uint32_t)i, (uint32_t)round}, 8);
        attestation.findings = (const uint8_t(*)[STORE_DIGEST_LEN])many;
        attestation.n_findings = LIMIT_REASONS;
        assert_int_equal(attest(attestation).result, STORE_OK);
        assert_true(store_finding_count(store, attestation.host_id, many[LIMIT_REASONS - 1],
                                        &counts, &error));
        assert_int_equal(counts.first_s, NOW_S + 10 + round);
    }
}

static void what_is_observed_stays_with_steady_attestations(void **state)
{
    struct store_attestation attestation = full(1, 10, 1);
    struct store_host host, *list;
    bool found;
    size_t n;

    (void)state;
    enrol_id(1);
    assert_true(store_host_get(store, attestation.host_id, &arena, &host, &found, &error));
    assert_int_equal(host.observed_verdict, 0);
    assert_string_equal(host.observed_reasons, "");
    assert_string_equal(host.class_name, "");
    attestation.observed_verdict = 2;
    attestation.observed_reasons = "[\"observed\"]";
    assert_int_equal(attest(attestation).result, STORE_OK);
    attestation = (struct store_attestation){.keep_details = true,
                                             .verdict = 3,
                                             .now_s = NOW_S + 20,
                                             .policy = "baseline 1",
                                             .reasons = "[\"reason\"]"};
    memset(attestation.host_id, 1, sizeof attestation.host_id);
    assert_int_equal(attest(attestation).result, STORE_OK);
    assert_true(store_host_get(store, attestation.host_id, &arena, &host, &found, &error));
    assert_int_equal(host.observed_verdict, 2);
    assert_string_equal(host.observed_reasons, "[\"observed\"]");
    assert_string_equal(host.class_name, "Maker Model");
    assert_true(
        store_host_list(store, &(struct store_host_filter){.limit = 4}, &arena, &list, &n, &error));
    assert_int_equal(n, 1);
    assert_int_equal(list[0].observed_verdict, 2);
    /* Nothing is observed any more. */
    assert_int_equal(attest(full(1, 30, 1)).result, STORE_OK);
    assert_true(store_host_get(store, attestation.host_id, &arena, &host, &found, &error));
    assert_int_equal(host.observed_verdict, 0);
    assert_string_equal(host.observed_reasons, "");
}

/* An attestation with the logs that it brings. */
static void attest_with_log(uint8_t id, uint64_t at, struct span log, bool good, uint8_t *sha256)
{
    struct store_attestation attestation = full(id, at, good ? 0 : 1);

    put_log(id, 1, log, sha256);
    attestation.good = good;
    attestation.evidence = good ? span_text("good evidence") : span_text("bad evidence");
    assert_int_equal(attest(attestation).result, STORE_OK);
}

static void the_last_good_boot_stays_when_a_bad_one_comes(void **state)
{
    uint8_t id[STORE_HOST_ID_LEN], first[STORE_DIGEST_LEN], second[STORE_DIGEST_LEN],
        bad[STORE_DIGEST_LEN], worse[STORE_DIGEST_LEN], other[STORE_DIGEST_LEN];
    struct store_attestation steady = full(1, 50, 0);
    struct span bytes;
    int64_t at_s = 1;

    (void)state;
    memset(id, 1, sizeof id);
    enrol_id(1);
    assert_true(store_good_evidence_get(store, id, &arena, &bytes, &at_s, &error));
    assert_int_equal(bytes.len, 0);
    assert_int_equal(at_s, 0);
    attest_with_log(1, 10, span_text("first"), true, first);
    put_log(1, 2, span_text("other"), other);
    attest_with_log(1, 20, span_text("second"), true, second);
    assert_false(has_log(1, first, &bytes)); /* neither last nor good */
    attest_with_log(1, 30, span_text("bad"), false, bad);
    assert_true(has_log(1, bad, &bytes));
    attest_with_log(1, 40, span_text("worse"), false, worse);
    assert_false(has_log(1, bad, &bytes));
    steady.keep_details = steady.good = true; /* not looked at */
    steady.evidence = span_text("bad evidence");
    assert_int_equal(attest(steady).result, STORE_OK);
    reopen();
    assert_true(has_log(1, second, &bytes));
    assert_true(span_is(bytes, "second"));
    assert_true(has_log(1, other, &bytes));
    assert_true(has_log(1, worse, &bytes));
    assert_true(store_good_evidence_get(store, id, &arena, &bytes, &at_s, &error));
    assert_true(span_is(bytes, "good evidence"));
    assert_int_equal(at_s, NOW_S + 20);
    assert_true(store_evidence_get(store, id, &arena, &bytes, &error));
    assert_true(span_is(bytes, "bad evidence"));
}

static enum store_result refer(uint8_t id, int kind, const uint8_t *sha256)
{
    struct store_txn *txn = store_begin(store);
    uint8_t host_id[STORE_HOST_ID_LEN];

    memset(host_id, id, sizeof host_id);
    store_act_log_refer(txn, host_id, kind, sha256);
    return commit(txn);
}

/* Back to the good boot, whose log the service still has and the host does not send again. */
static void a_good_log_becomes_the_last_one_again(void **state)
{
    uint8_t good[STORE_DIGEST_LEN], bad[STORE_DIGEST_LEN], id[STORE_HOST_ID_LEN];
    struct store_attestation again = full(1, 30, 0);
    struct store_log *logs;
    struct span bytes;
    size_t n;

    (void)state;
    memset(id, 1, sizeof id);
    enrol_id(1);
    enrol_id(2);
    attest_with_log(1, 10, span_text("good"), true, good);
    attest_with_log(1, 20, span_text("bad"), false, bad);
    assert_int_equal(refer(1, 1, bad), STORE_OK);  /* it is so */
    assert_int_equal(refer(2, 1, good), STORE_OK); /* another's: nothing */
    assert_false(has_log(2, good, &bytes));
    assert_true(has_log(1, bad, &bytes));
    assert_int_equal(refer(1, 1, good), STORE_OK);
    assert_false(has_log(1, bad, &bytes));
    again.good = true;
    assert_int_equal(attest(again).result, STORE_OK);
    assert_true(has_log(1, good, &bytes));
    assert_true(store_log_list(store, id, &arena, &logs, &n, &error));
    assert_int_equal(n, 1);
    assert_memory_equal(logs[0].sha256, good, sizeof good);
}

/* Good logs go with their host, and not before another's reference. */
static void good_logs_are_let_go_with_the_last_host(void **state)
{
    uint8_t good[STORE_DIGEST_LEN], bad[STORE_DIGEST_LEN], id[STORE_HOST_ID_LEN];
    struct span bytes;

    (void)state;
    for (uint8_t i = 1; i <= 2; i++) {
        enrol_id(i);
        attest_with_log(i, 10, span_text("good"), true, good);
        attest_with_log(i, 20, span_text("bad"), false, bad);
    }
    for (uint8_t i = 1; i <= 2; i++) {
        struct store_txn *txn = store_begin(store);

        assert_true(has_log(2, good, &bytes));
        memset(id, i, sizeof id);
        store_act_host_forget(txn, id, NOW_S);
        assert_int_equal(commit(txn), STORE_OK);
        assert_false(has_log(i, good, &bytes));
    }
    assert_true(store_good_evidence_get(store, id, &arena, &bytes, &(int64_t){0}, &error));
    assert_int_equal(bytes.len, 0);
}

static void states_of_hosts_page_by_name(void **state)
{
    struct store_host_state_row *rows;
    struct store_enrolment pending = host_like(9, "web-009", "ak-9");
    struct store_attestation plain = full(3, 10, 1);
    size_t n;

    (void)state;
    for (uint8_t i = 1; i <= 5; i++)
        enrol_id(i);
    pending.state = STORE_HOST_PENDING;
    assert_int_equal(enrol(pending, NULL), STORE_OK);
    assert_int_equal(attest(full(1, 10, 1)).result, STORE_OK);
    assert_int_equal(attest(full(2, 10, 1)).result, STORE_OK);
    plain.keep_details = true; /* its state was never told */
    assert_int_equal(attest(plain).result, STORE_OK);
    assert_int_equal(attest(full(4, 10, 2)).result, STORE_OK);
    assert_int_equal(attest(full(9, 10, 1)).result, STORE_OK);
    assert_true(store_host_states(store, NULL, 10, &arena, &rows, &n, &error));
    assert_int_equal(n, 4); /* not the one without evidence, nor the pending one */
    assert_string_equal(rows[0].name, "web-001");
    assert_int_equal(rows[0].id[31], 1);
    assert_int_equal(rows[0].verdict, 3);
    assert_true(span_equal(rows[0].claims, rows[1].claims));
    assert_false(span_equal(rows[0].claims, rows[3].claims));
    assert_int_equal(rows[2].claims.len, 0); /* never told */
    assert_true(store_host_states(store, rows[1].name, 1, &arena, &rows, &n, &error));
    assert_int_equal(n, 1);
    assert_string_equal(rows[0].name, "web-003");
}

int conformance_run_details(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(a_finding_keeps_its_time_while_it_stays),
        FIXTURE_TEST(findings_are_counted_among_enrolled_hosts_and_their_class),
        FIXTURE_TEST(findings_up_to_the_cap_are_kept),
        FIXTURE_TEST(what_is_observed_stays_with_steady_attestations),
        FIXTURE_TEST(the_last_good_boot_stays_when_a_bad_one_comes),
        FIXTURE_TEST(a_good_log_becomes_the_last_one_again),
        FIXTURE_TEST(good_logs_are_let_go_with_the_last_host),
        FIXTURE_TEST(states_of_hosts_page_by_name),
    };

    return cmocka_run_group_tests_name("store details", tests, NULL, NULL);
}
