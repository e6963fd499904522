#include "fixture.h"

#include "crypto/crypto.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

conformance_fresh_fn *fresh_location;
static const char *location;
struct store *store;
struct arena arena;
struct error error;

int set_up(void **state)
{
    (void)state;
    location = fresh_location();
    arena = arena_init(64 * 1024 * 1024);
    if (store_open(location, &store, &error))
        return 0;
    fprintf(stderr, "%s\n", error.message);
    return -1;
}

int tear_down(void **state)
{
    (void)state;
    store_close(store);
    arena_done(&arena);
    return 0;
}

void reopen(void)
{
    store_close(store);
    assert_true(store_open(location, &store, &error));
}

enum store_result commit(struct store_txn *txn)
{
    return store_commit_wait(&txn).result;
}

struct store_enrolment host_like(uint8_t id, const char *name, const char *ak_name)
{
    struct store_enrolment host = {
        .name = name,
        .ek_public = span_text("ek"),
        .ek_certificate = span_text("certificate"),
        .ak_public = span_text("ak"),
        .ak_name = span_text(ak_name),
        .state = STORE_HOST_ENROLLED,
        .endorsement = 1,
        .issuer = "CN=Maker",
        .inventory = span_text("inventory"),
    };

    memset(host.id, id, sizeof host.id);
    return host;
}

enum store_result enrol(struct store_enrolment host, bool *existed)
{
    struct store_txn *txn = store_begin(store);
    struct store_outcome outcome;

    store_act_host_enrol(txn, &host, NOW_S);
    outcome = store_commit_wait(&txn);
    if (existed)
        *existed = outcome.host_existed;
    return outcome.result;
}

struct store_attestation attestation_of(uint8_t id, int verdict, uint32_t reset_count,
                                        uint64_t clock_ms)
{
    struct store_attestation attestation = {
        .now_s = NOW_S + (int64_t)(clock_ms / 1000),
        .expires_s = NOW_S + (int64_t)(clock_ms / 1000) + 900,
        .verdict = verdict,
        .reasons = verdict == 1 ? "" : "[\"reason\"]",
        .policy = "baseline 1",
        .counters = {true, reset_count, 0, clock_ms, 7},
        .memory = span_text("memory"),
        .evidence = span_text("evidence"),
    };

    memset(attestation.host_id, id, sizeof attestation.host_id);
    memset(attestation.reasons_sha256, verdict, sizeof attestation.reasons_sha256);
    memset(attestation.boot_sha256, 5, sizeof attestation.boot_sha256);
    return attestation;
}

struct store_outcome attest(struct store_attestation attestation)
{
    struct store_txn *txn = store_begin(store);

    store_act_attest(txn, &attestation);
    return store_commit_wait(&txn);
}

void put_log(uint8_t id, int kind, struct span bytes, uint8_t *sha256)
{
    uint8_t host_id[STORE_HOST_ID_LEN];
    struct crypto *crypto = crypto_new(&error);
    struct crypto_digest digest;
    struct store_txn *txn = store_begin(store);

    memset(host_id, id, sizeof host_id);
    crypto_hash_span(crypto, TPM_ALG_SHA256, bytes, &digest);
    memcpy(sha256, digest.bytes, STORE_DIGEST_LEN);
    store_act_log_put(txn, host_id, kind, sha256, bytes);
    assert_int_equal(commit(txn), STORE_OK);
    crypto_free(crypto);
}

bool has_log(uint8_t id, const uint8_t *sha256, struct span *bytes)
{
    uint8_t host_id[STORE_HOST_ID_LEN];
    bool found;

    memset(host_id, id, sizeof host_id);
    assert_true(store_log_get(store, host_id, sha256, &arena, bytes, &found, &error));
    return found;
}
