#include "fixture.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static void tpm_ak_and_name_are_bound_together(void **state)
{
    bool existed = true;

    (void)state;
    assert_int_equal(enrol(host_like(1, "web-1", "ak-1"), &existed), STORE_OK);
    assert_false(existed);
    assert_int_equal(enrol(host_like(1, "web-1", "ak-1"), &existed), STORE_OK);
    assert_true(existed);
    assert_int_equal(enrol(host_like(1, "web-2", "ak-1"), NULL), STORE_CONFLICT_TPM);
    assert_int_equal(enrol(host_like(1, "web-1", "ak-2"), NULL), STORE_CONFLICT_TPM);
    assert_int_equal(enrol(host_like(2, "web-2", "ak-1"), NULL), STORE_CONFLICT_AK);
    assert_int_equal(enrol(host_like(2, "web-1", "ak-2"), NULL), STORE_CONFLICT_NAME);
    assert_int_equal(enrol(host_like(2, "web-1", "ak-1"), NULL), STORE_CONFLICT_AK);
    assert_int_equal(enrol(host_like(2, "web-2", "ak-2"), NULL), STORE_OK);
    assert_int_equal(enrol(host_like(2, "web-1", "ak-1"), NULL), STORE_CONFLICT_TPM);
}

static void assert_platform(const char *model, const char *refusal)
{
    struct store_enrolment given = host_like(1, "web-1", "ak-1");
    struct store_host host;
    bool found;

    assert_true(store_host_get(store, given.id, &arena, &host, &found, &error) && found);
    assert_string_equal(host.enrolled.platform.model, model);
    assert_string_equal(host.enrolled.platform.refusal, refusal);
}

static void each_enrolment_tells_the_platform_anew(void **state)
{
    struct store_enrolment host = host_like(1, "web-1", "ak-1");
    struct store_host stored;
    bool existed, found;

    (void)state;
    assert_int_equal(enrol(host, NULL), STORE_OK);
    assert_platform("", "");
    host.platform = (struct store_platform){"CN=Acme platforms", "Acme", "Anvil", "2", "4711", ""};
    assert_int_equal(enrol(host, &existed), STORE_OK);
    assert_true(existed);
    reopen();
    assert_true(store_host_get(store, host.id, &arena, &stored, &found, &error) && found);
    assert_string_equal(stored.enrolled.platform.issuer, "CN=Acme platforms");
    assert_string_equal(stored.enrolled.platform.manufacturer, "Acme");
    assert_string_equal(stored.enrolled.platform.version, "2");
    assert_string_equal(stored.enrolled.platform.serial, "4711");
    assert_platform("Anvil", "");
    /* one that another host would give changes nothing */
    host.platform.model = "Bench";
    host.name = "web-2";
    assert_int_equal(enrol(host, NULL), STORE_CONFLICT_TPM);
    assert_platform("Anvil", "");
    host.name = "web-1";
    host.platform = (struct store_platform){.refusal = "platform.holder: of another"};
    assert_int_equal(enrol(host, NULL), STORE_OK);
    assert_platform("", "platform.holder: of another");
    host.platform = (struct store_platform){0};
    assert_int_equal(enrol(host, NULL), STORE_OK);
    assert_platform("", "");
}

static void hosts_come_back_as_they_were_stored(void **state)
{
    struct store_enrolment given = host_like(1, "web-1", "ak-1");
    struct store_host host;
    bool found;

    (void)state;
    assert_int_equal(enrol(given, NULL), STORE_OK);
    reopen();
    assert_true(store_host_get(store, given.id, &arena, &host, &found, &error));
    assert_true(found);
    assert_string_equal(host.enrolled.name, "web-1");
    assert_true(span_is(host.enrolled.ek_public, "ek"));
    assert_true(span_is(host.enrolled.ek_certificate, "certificate"));
    assert_true(span_is(host.enrolled.ak_public, "ak"));
    assert_true(span_is(host.enrolled.ak_name, "ak-1"));
    assert_true(span_is(host.enrolled.inventory, "inventory"));
    assert_int_equal(host.enrolled.state, STORE_HOST_ENROLLED);
    assert_string_equal(host.enrolled.issuer, "CN=Maker");
    assert_string_equal(host.enrolled.model, "");
    assert_int_equal(host.created_s, NOW_S);
    assert_int_equal(host.verdict, 0);
    assert_string_equal(host.verdict_id, "");
    assert_false(host.counters.known);
    assert_int_equal(host.memory.len, 0);
    assert_true(store_host_get_by_name(store, "web-1", &arena, &host, &found, &error));
    assert_true(found);
    assert_memory_equal(host.enrolled.id, given.id, sizeof given.id);
    assert_true(store_host_get_by_name(store, "web-2", &arena, &host, &found, &error));
    assert_false(found);
}

static enum store_result demand(const struct store_certificate *certificate, int64_t now_s)
{
    struct store_txn *txn = store_begin(store);

    store_act_certificate_demand(txn, certificate->host_id, certificate->serial, now_s);
    return commit(txn);
}

static void a_certificate_is_in_force_until_it_ends_or_is_revoked(void **state)
{
    struct store_enrolment given = host_like(1, "web-1", "ak-1");
    struct store_certificate certificate = {.issued_s = NOW_S, .expires_s = NOW_S + 60}, other;
    struct store_txn *txn;

    (void)state;
    assert_int_equal(enrol(given, NULL), STORE_OK);
    memcpy(certificate.host_id, given.id, sizeof given.id);
    certificate.serial[19] = 7;
    assert_int_equal(demand(&certificate, NOW_S), STORE_REVOKED);
    txn = store_begin(store);
    store_act_certificate_put(txn, &certificate);
    assert_int_equal(commit(txn), STORE_OK);
    assert_int_equal(demand(&certificate, NOW_S), STORE_OK);
    assert_int_equal(demand(&certificate, NOW_S + 59), STORE_OK);
    assert_int_equal(demand(&certificate, NOW_S + 60), STORE_REVOKED);
    other = certificate;
    other.serial[19]++;
    assert_int_equal(demand(&other, NOW_S), STORE_REVOKED);
    other = certificate;
    other.host_id[0]++;
    assert_int_equal(demand(&other, NOW_S), STORE_REVOKED);
    txn = store_begin(store);
    store_act_certificates_revoke(txn, given.id, STORE_PRIVILEGE_WITHDRAWN, NOW_S + 1);
    assert_int_equal(commit(txn), STORE_OK);
    assert_int_equal(demand(&certificate, NOW_S + 2), STORE_REVOKED);
}

static void approval_and_revocation_have_one_direction(void **state)
{
    struct store_enrolment given = host_like(1, "web-1", "ak-1");
    struct store_certificate certificate = {.issued_s = NOW_S, .expires_s = NOW_S + 3600}, *revoked;
    struct store_txn *txn;
    struct store_host host;
    struct store_outcome outcome;
    size_t n;
    bool found;

    (void)state;
    given.state = STORE_HOST_PENDING;
    assert_int_equal(enrol(given, NULL), STORE_OK);
    txn = store_begin(store);
    store_act_host_approve(txn, given.id, "alice", NOW_S + 1);
    assert_int_equal(commit(txn), STORE_OK);
    txn = store_begin(store);
    store_act_host_approve(txn, given.id, "bob", NOW_S + 2);
    assert_int_equal(commit(txn), STORE_CONFLICT);
    memcpy(certificate.host_id, given.id, sizeof given.id);
    txn = store_begin(store);
    store_act_certificate_put(txn, &certificate);
    assert_int_equal(commit(txn), STORE_OK);
    txn = store_begin(store);
    store_act_certificate_put(txn, &certificate);
    assert_int_equal(commit(txn), STORE_CONFLICT);
    txn = store_begin(store);
    store_act_host_revoke(txn, given.id, "carol", "stolen", NOW_S + 3);
    outcome = store_commit_wait(&txn);
    assert_int_equal(outcome.result, STORE_OK);
    assert_int_equal(outcome.n_changed, 1);
    txn = store_begin(store);
    store_act_host_approve(txn, given.id, "bob", NOW_S + 4);
    assert_int_equal(commit(txn), STORE_CONFLICT);
    assert_true(store_host_get(store, given.id, &arena, &host, &found, &error));
    assert_int_equal(host.enrolled.state, STORE_HOST_REVOKED);
    assert_string_equal(host.approved_by, "alice");
    assert_string_equal(host.revoked_by, "carol");
    assert_string_equal(host.revoked_reason, "stolen");
    assert_true(store_certificate_revoked_list(store, NOW_S + 5, &arena, &revoked, &n, &error));
    assert_int_equal(n, 1);
    assert_int_equal(revoked[0].revoked_s, NOW_S + 3);
    assert_int_equal(revoked[0].reason, 9);
    assert_true(store_certificate_revoked_list(store, NOW_S + 3600, &arena, &revoked, &n, &error));
    assert_int_equal(n, 0);
    /* The same binding again does not bring it back. */
    assert_int_equal(enrol(given, &found), STORE_OK);
    assert_true(store_host_get(store, given.id, &arena, &host, &found, &error));
    assert_int_equal(host.enrolled.state, STORE_HOST_REVOKED);
    given.id[0] = 99;
    txn = store_begin(store);
    store_act_host_revoke(txn, given.id, "carol", "stolen", NOW_S);
    assert_int_equal(commit(txn), STORE_NOT_FOUND);
}

static void history_keeps_changes_not_repetitions(void **state)
{
    uint8_t id[STORE_HOST_ID_LEN];
    struct store_verdict *list;
    struct store_outcome first, outcome;
    struct store_host host;
    struct span evidence;
    bool found;
    size_t n;

    (void)state;
    memset(id, 1, sizeof id);
    assert_int_equal(enrol(host_like(1, "web-1", "ak-1"), NULL), STORE_OK);
    first = attest(attestation_of(1, 1, 1, 1000));
    assert_int_equal(first.result, STORE_OK);
    assert_true(first.verdict_appended);
    for (uint32_t day = 2; day <= 365; day++) {
        outcome = attest(attestation_of(1, 1, day, day * 1000));
        assert_int_equal(outcome.result, STORE_OK);
        assert_false(outcome.verdict_appended);
        assert_string_equal(outcome.verdict_id, first.verdict_id);
    }
    outcome = attest(attestation_of(1, 3, 365, 366000));
    assert_true(outcome.verdict_appended);
    assert_true(store_verdict_list(store, id, NULL, 10, &arena, &list, &n, &error));
    assert_int_equal(n, 2);
    assert_int_equal(list[0].verdict, 3);
    assert_string_equal(list[0].reasons, "[\"reason\"]");
    assert_int_equal(list[1].n_seen, 365);
    assert_int_equal(list[1].n_boots, 365);
    assert_int_equal(list[1].first_s, NOW_S + 1);
    assert_int_equal(list[1].last_s, NOW_S + 365);
    assert_true(store_verdict_list(store, id, list[0].id, 10, &arena, &list, &n, &error));
    assert_int_equal(n, 1);
    assert_false(store_verdict_list(store, id, "nonsense", 10, &arena, &list, &n, &error));
    assert_int_equal(error.code, ERROR_USAGE);
    assert_true(store_host_get(store, id, &arena, &host, &found, &error));
    assert_int_equal(host.verdict, 3);
    assert_string_equal(host.verdict_id, outcome.verdict_id);
    assert_true(span_is(host.memory, "memory"));
    assert_int_equal(host.counters.firmware_version, 7);
    assert_true(store_evidence_get(store, id, &arena, &evidence, &error));
    assert_true(span_is(evidence, "evidence"));
}

static void another_measured_state_is_a_change(void **state)
{
    struct store_attestation other = attestation_of(1, 1, 1, 2000);

    (void)state;
    assert_int_equal(enrol(host_like(1, "web-1", "ak-1"), NULL), STORE_OK);
    assert_true(attest(attestation_of(1, 1, 1, 1000)).verdict_appended);
    other.boot_sha256[0] = 6;
    assert_true(attest(other).verdict_appended);
    assert_true(attest(attestation_of(1, 1, 1, 3000)).verdict_appended);
}

static void counters_only_go_forward(void **state)
{
    struct store_attestation next;
    struct store_host host;
    uint8_t id[STORE_HOST_ID_LEN];
    bool found;

    (void)state;
    memset(id, 1, sizeof id);
    assert_int_equal(enrol(host_like(1, "web-1", "ak-1"), NULL), STORE_OK);
    assert_int_equal(attest(attestation_of(1, 1, 5, 5000)).result, STORE_OK);
    assert_int_equal(attest(attestation_of(1, 1, 4, 6000)).result, STORE_STALE);
    assert_int_equal(attest(attestation_of(1, 1, 5, 4999)).result, STORE_STALE);
    next = attestation_of(1, 1, 5, 6000);
    next.counters.restart_count = 2;
    assert_int_equal(attest(next).result, STORE_OK);
    assert_int_equal(attest(attestation_of(1, 1, 5, 7000)).result, STORE_STALE);
    /* A quote that was not verified says nothing about counters. */
    next = attestation_of(1, 3, 0, 0);
    next.counters.known = false;
    assert_int_equal(attest(next).result, STORE_OK);
    assert_true(store_host_get(store, id, &arena, &host, &found, &error));
    assert_int_equal(host.counters.reset_count, 5);
    assert_int_equal(host.counters.clock_ms, 6000);
    assert_int_equal(attest(attestation_of(2, 1, 5, 7000)).result, STORE_NOT_FOUND);
    next = attestation_of(1, 3, 6, 0);
    next.memory = span_of(NULL, 0);
    next.forget_memory = true;
    assert_int_equal(attest(next).result, STORE_OK);
    assert_true(store_host_get(store, id, &arena, &host, &found, &error));
    assert_int_equal(host.memory.len, 0);
}

static enum store_result use(const uint8_t *id, const uint8_t *nonce, int64_t now_s)
{
    struct store_txn *txn = store_begin(store);

    store_act_nonce_use(txn, id, span_of(nonce, STORE_NONCE_LEN), now_s);
    return commit(txn);
}

static void nonces_are_good_once_for_one_host(void **state)
{
    uint8_t id[STORE_HOST_ID_LEN] = {1}, other[STORE_HOST_ID_LEN] = {2};
    uint8_t nonce[STORE_NONCE_LEN], second[STORE_NONCE_LEN], forged[STORE_NONCE_LEN];

    (void)state;
    assert_true(store_nonce_issue(store, id, NOW_S, 300, nonce, &error));
    assert_true(store_nonce_issue(store, id, NOW_S, 300, second, &error));
    assert_memory_not_equal(nonce, second, sizeof nonce);
    for (size_t i = 0; i < sizeof nonce; i++) {
        memcpy(forged, nonce, sizeof nonce);
        forged[i] ^= 1;
        assert_int_equal(use(id, forged, NOW_S), STORE_FOREIGN);
    }
    assert_int_equal(use(other, nonce, NOW_S), STORE_FOREIGN);
    assert_int_equal(store_nonce_peek(store, other, span_of(nonce, 32), NOW_S), STORE_FOREIGN);
    assert_int_equal(store_nonce_peek(store, id, span_of(nonce, 31), NOW_S), STORE_FOREIGN);
    assert_int_equal(store_nonce_peek(store, id, span_of(nonce, 32), NOW_S), STORE_OK);
    assert_int_equal(use(id, nonce, NOW_S + 300), STORE_EXPIRED);
    assert_int_equal(use(id, nonce, NOW_S + 299), STORE_OK);
    assert_int_equal(use(id, nonce, NOW_S + 299), STORE_USED);
    assert_int_equal(store_nonce_peek(store, id, span_of(nonce, 32), NOW_S), STORE_USED);
    reopen();
    assert_int_equal(use(id, nonce, NOW_S), STORE_USED);
    assert_int_equal(use(id, second, NOW_S), STORE_OK); /* still good after a restart */
}

/* Pruned nonces must not come back when the clock steps back. */
static void a_clock_that_steps_back_revives_no_nonce(void **state)
{
    uint8_t id[STORE_HOST_ID_LEN] = {1};
    uint8_t nonce[STORE_NONCE_LEN], later[STORE_NONCE_LEN];
    struct store_txn *txn = store_begin(store);

    (void)state;
    assert_true(store_nonce_issue(store, id, NOW_S, 300, nonce, &error));
    assert_true(store_nonce_issue(store, id, NOW_S + 1, 300, later, &error));
    assert_int_equal(use(id, nonce, NOW_S), STORE_OK);
    store_act_prune(txn, NOW_S + 301);
    assert_int_equal(commit(txn), STORE_OK);
    assert_int_equal(use(id, nonce, NOW_S), STORE_EXPIRED);
    reopen();
    assert_int_equal(use(id, nonce, NOW_S), STORE_EXPIRED);
    assert_int_equal(use(id, later, NOW_S), STORE_OK);
}

/* Two transactions with the same nonce in one batch: one wins, the other leaves nothing behind. */
static void a_transaction_is_done_whole_or_not_at_all(void **state)
{
    struct store_attestation attestation = attestation_of(1, 1, 1, 1000);
    struct store_txn *txn;
    struct store_verdict *list;
    struct store_outcome outcome;
    uint8_t nonce[STORE_NONCE_LEN];
    size_t n;

    (void)state;
    assert_int_equal(enrol(host_like(1, "web-1", "ak-1"), NULL), STORE_OK);
    assert_true(store_nonce_issue(store, attestation.host_id, NOW_S, 300, nonce, &error));
    for (int i = 0; i < 2; i++) {
        txn = store_begin(store);
        store_act_attest(txn, &attestation);
        store_act_nonce_use(txn, attestation.host_id, span_of(nonce, sizeof nonce), NOW_S);
        outcome = store_commit_wait(&txn);
        assert_int_equal(outcome.result, i == 0 ? STORE_OK : STORE_USED);
        if (i == 1)
            assert_int_equal(outcome.act, 1);
    }
    assert_true(
        store_verdict_list(store, attestation.host_id, NULL, 10, &arena, &list, &n, &error));
    assert_int_equal(n, 1);
    assert_int_equal(list[0].n_seen, 1);
}

static void attempts_are_taken_once(void **state)
{
    struct store_attempt attempt = {
        .id = {7}, .expires_s = NOW_S + 300, .request = span_text("request")};
    struct store_attempt found_attempt;
    struct store_txn *txn;
    bool found;

    (void)state;
    txn = store_begin(store);
    store_act_attempt_put(txn, &attempt, NOW_S);
    assert_int_equal(commit(txn), STORE_OK);
    assert_true(store_attempt_get(store, attempt.id, &arena, &found_attempt, &found, &error));
    assert_true(found && span_is(found_attempt.request, "request"));
    txn = store_begin(store);
    store_act_attempt_take(txn, attempt.id, NOW_S + 300);
    assert_int_equal(commit(txn), STORE_EXPIRED);
    txn = store_begin(store);
    store_act_attempt_take(txn, attempt.id, NOW_S + 299);
    assert_int_equal(commit(txn), STORE_OK);
    txn = store_begin(store);
    store_act_attempt_take(txn, attempt.id, NOW_S + 299);
    assert_int_equal(commit(txn), STORE_USED);
    assert_true(store_attempt_get(store, attempt.id, &arena, &found_attempt, &found, &error));
    assert_false(found);
}

static void attempts_are_capped(void **state)
{
    struct store_attempt attempt = {.expires_s = NOW_S + 300, .request = span_text("r")};
    struct store_txn *txn = store_begin(store);

    (void)state;
    for (uint32_t i = 0; i < LIMIT_ENROL_ATTEMPTS; i++) {
        memcpy(attempt.id, &i, sizeof i);
        store_act_attempt_put(txn, &attempt, NOW_S);
    }
    assert_int_equal(commit(txn), STORE_OK);
    attempt.id[15] = 1;
    txn = store_begin(store);
    store_act_attempt_put(txn, &attempt, NOW_S);
    assert_int_equal(commit(txn), STORE_FULL);
    txn = store_begin(store);
    store_act_prune(txn, NOW_S + 300);
    assert_int_equal(store_commit_wait(&txn).n_changed, LIMIT_ENROL_ATTEMPTS);
    txn = store_begin(store);
    store_act_attempt_put(txn, &attempt, NOW_S);
    assert_int_equal(commit(txn), STORE_OK);
}

static void logs_belong_to_their_hosts(void **state)
{
    static uint8_t content[100000];
    uint8_t one[STORE_DIGEST_LEN], two[STORE_DIGEST_LEN], none[STORE_DIGEST_LEN];
    uint8_t first_host[STORE_HOST_ID_LEN];
    struct store_log *logs;
    struct store_txn *txn;
    struct span bytes;
    size_t n;

    (void)state;
    memset(first_host, 1, sizeof first_host);
    for (size_t i = 0; i < sizeof content; i++)
        content[i] = (uint8_t)(i / 100);
    assert_int_equal(enrol(host_like(1, "web-1", "ak-1"), NULL), STORE_OK);
    assert_int_equal(enrol(host_like(2, "web-2", "ak-2"), NULL), STORE_OK);
    put_log(1, 1, span_of(content, sizeof content), one);
    assert_true(has_log(1, one, &bytes));
    assert_true(span_equal(bytes, span_of(content, sizeof content)));
    assert_false(has_log(2, one, &bytes)); /* not another's */
    put_log(2, 1, span_of(content, sizeof content), one);
    put_log(1, 2, span_of(NULL, 0), none);
    assert_true(has_log(1, none, &bytes));
    put_log(1, 1, span_text("another"), two);
    assert_false(has_log(1, one, &bytes));
    assert_true(has_log(2, one, &bytes));
    assert_true(store_log_list(store, first_host, &arena, &logs, &n, &error));
    assert_int_equal(n, 2);
    assert_int_equal(logs[0].kind, 1);
    assert_memory_equal(logs[0].sha256, two, sizeof two);
    assert_int_equal(logs[0].len, 7);
    txn = store_begin(store);
    store_act_log_put(txn, (uint8_t[STORE_HOST_ID_LEN]){9}, 1, one, span_text("x"));
    assert_int_equal(commit(txn), STORE_NOT_FOUND);
    /* Forgetting gives everything free, and the other host keeps what is its own. */
    assert_int_equal(attest(attestation_of(1, 1, 1, 1)).result, STORE_OK);
    txn = store_begin(store);
    store_act_host_forget(txn, first_host, NOW_S);
    assert_int_equal(commit(txn), STORE_OK);
    assert_true(has_log(2, one, &bytes));
    assert_int_equal(enrol(host_like(3, "web-1", "ak-1"), NULL), STORE_OK);
}

static void tokens_are_digests_with_an_end(void **state)
{
    struct store_token token = {.sha256 = {1},
                                .name = "ci",
                                .role = STORE_ROLE_OPERATOR,
                                .created_by = "alice",
                                .created_s = NOW_S,
                                .expires_s = NOW_S + 100};
    struct store_token found_token, *list;
    struct store_txn *txn = store_begin(store);
    bool found;
    size_t n;

    (void)state;
    store_act_token_put(txn, &token);
    assert_int_equal(commit(txn), STORE_OK);
    token.sha256[0] = 2;
    txn = store_begin(store);
    store_act_token_put(txn, &token);
    assert_int_equal(commit(txn), STORE_CONFLICT); /* the name is taken */
    token.sha256[0] = 1;
    assert_true(store_token_get(store, token.sha256, &arena, &found_token, &found, &error));
    assert_true(found && found_token.role == STORE_ROLE_OPERATOR);
    assert_true(store_token_valid(&found_token, NOW_S + 99));
    assert_false(store_token_valid(&found_token, NOW_S + 100));
    txn = store_begin(store);
    store_act_token_revoke(txn, "ci", NOW_S + 1);
    assert_int_equal(commit(txn), STORE_OK);
    assert_true(store_token_get(store, token.sha256, &arena, &found_token, &found, &error));
    assert_false(store_token_valid(&found_token, NOW_S + 2));
    txn = store_begin(store);
    store_act_token_revoke(txn, "ci", NOW_S + 1);
    assert_int_equal(commit(txn), STORE_NOT_FOUND);
    token.sha256[0] = 2;
    txn = store_begin(store);
    store_act_token_put(txn, &token); /* the name is free again */
    assert_int_equal(commit(txn), STORE_OK);
    assert_true(store_token_list(store, &arena, &list, &n, &error));
    assert_int_equal(n, 2);
    assert_false(store_token_valid(&(struct store_token){0}, NOW_S));
}

static void audit_entries_come_newest_first(void **state)
{
    struct store_audit *list;
    size_t n;
    char subject[16];

    (void)state;
    for (int i = 0; i < 5; i++) {
        struct store_txn *txn = store_begin(store);
        struct store_audit entry = {.at_us = (NOW_S + i) * 1000000LL,
                                    .who = "alice",
                                    .what = "host.approve",
                                    .subject = subject};

        snprintf(subject, sizeof subject, "host-%d", i);
        store_act_audit(txn, &entry);
        assert_int_equal(commit(txn), STORE_OK);
    }
    assert_true(store_audit_list(store, NULL, 3, &arena, &list, &n, &error));
    assert_int_equal(n, 3);
    assert_string_equal(list[0].subject, "host-4");
    assert_string_equal(list[0].address, "");
    assert_true(store_audit_list(store, list[2].id, 3, &arena, &list, &n, &error));
    assert_int_equal(n, 2);
    assert_string_equal(list[0].subject, "host-1");
    assert_false(store_audit_list(store, "nonsense", 3, &arena, &list, &n, &error));
    assert_int_equal(error.code, ERROR_USAGE);
}

static void lists_filter_count_and_page(void **state)
{
    struct store_host *list;
    struct store_host_counts counts;
    size_t n;

    (void)state;
    for (uint8_t i = 1; i <= 9; i++) {
        char name[16], ak[16];
        struct store_enrolment host;

        snprintf(name, sizeof name, "%s-%d", i % 2 ? "web" : "db", i);
        snprintf(ak, sizeof ak, "ak-%d", i);
        host = host_like(i, name, ak);
        host.state = i == 9 ? STORE_HOST_PENDING : STORE_HOST_ENROLLED;
        assert_int_equal(enrol(host, NULL), STORE_OK);
        if (i <= 4)
            assert_int_equal(attest(attestation_of(i, i == 1 ? 3 : 1, 1, 1000)).result, STORE_OK);
    }
    assert_true(
        store_host_list(store, &(struct store_host_filter){.limit = 4}, &arena, &list, &n, &error));
    assert_int_equal(n, 4);
    assert_string_equal(list[0].enrolled.name, "db-2");
    assert_true(store_host_list(
        store, &(struct store_host_filter){.limit = 500, .after = list[3].enrolled.name}, &arena,
        &list, &n, &error));
    assert_int_equal(n, 5);
    assert_string_equal(list[0].enrolled.name, "web-1");
    assert_true(store_host_list(store,
                                &(struct store_host_filter){.limit = 9, .name_contains = "db"},
                                &arena, &list, &n, &error));
    assert_int_equal(n, 4);
    assert_true(store_host_list(store, &(struct store_host_filter){.limit = 9, .verdict = 3},
                                &arena, &list, &n, &error));
    assert_int_equal(n, 1);
    assert_true(
        store_host_list(store, &(struct store_host_filter){.limit = 9, .state = STORE_HOST_PENDING},
                        &arena, &list, &n, &error));
    assert_int_equal(n, 1);
    assert_true(store_host_count(store, NOW_S + 100, &counts, &error));
    assert_int_equal(counts.by_state[STORE_HOST_ENROLLED], 8);
    assert_int_equal(counts.by_state[STORE_HOST_PENDING], 1);
    assert_int_equal(counts.by_verdict[1], 3);
    assert_int_equal(counts.by_verdict[3], 1);
    assert_int_equal(counts.expired, 4);
    assert_true(store_host_count(store, NOW_S + 10000, &counts, &error));
    assert_int_equal(counts.expired, 8);
}

static size_t n_told;

static void tell(void *context, const struct store_outcome *outcome)
{
    assert_int_equal(outcome->result, STORE_OK);
    assert_ptr_equal(context, &n_told);
    n_told++;
}

static void outcomes_are_told_on_the_callers_thread(void **state)
{
    enum { N = 500 };

    (void)state;
    n_told = 0;
    for (int i = 0; i < N; i++) {
        struct store_txn *txn = store_begin(store);

        store_act_prune(txn, NOW_S);
        store_commit(&txn, tell, &n_told);
        assert_null(txn);
    }
    assert_int_equal(n_told, 0);
    while (n_told < N) {
        struct pollfd wait = {.fd = store_fd(store), .events = POLLIN};

        assert_int_equal(poll(&wait, 1, 5000), 1);
        store_dispatch(store);
    }
    assert_int_equal(store_dispatch(store), 0);
    store_abandon(store_begin(store));
    store_abandon(NULL);
}

int conformance_run(conformance_fresh_fn *fresh)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(tpm_ak_and_name_are_bound_together),
        FIXTURE_TEST(each_enrolment_tells_the_platform_anew),
        FIXTURE_TEST(hosts_come_back_as_they_were_stored),
        FIXTURE_TEST(a_certificate_is_in_force_until_it_ends_or_is_revoked),
        FIXTURE_TEST(approval_and_revocation_have_one_direction),
        FIXTURE_TEST(history_keeps_changes_not_repetitions),
        FIXTURE_TEST(another_measured_state_is_a_change),
        FIXTURE_TEST(counters_only_go_forward),
        FIXTURE_TEST(nonces_are_good_once_for_one_host),
        FIXTURE_TEST(a_clock_that_steps_back_revives_no_nonce),
        FIXTURE_TEST(a_transaction_is_done_whole_or_not_at_all),
        FIXTURE_TEST(attempts_are_taken_once),
        FIXTURE_TEST(attempts_are_capped),
        FIXTURE_TEST(logs_belong_to_their_hosts),
        FIXTURE_TEST(tokens_are_digests_with_an_end),
        FIXTURE_TEST(audit_entries_come_newest_first),
        FIXTURE_TEST(lists_filter_count_and_page),
        FIXTURE_TEST(outcomes_are_told_on_the_callers_thread),
    };

    fresh_location = fresh;
    return cmocka_run_group_tests_name("store conformance", tests, NULL, NULL) +
           conformance_run_catalogs() + conformance_run_documents() + conformance_run_details();
}
