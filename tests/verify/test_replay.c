/* Replay: what the PCRs must be, by the TPM's own rule written out here a second time. */
#include "verify/replay.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "support/crypto_arena.h"
#include "support/log_builder.h"
#include "wire/event_type.h"

static const uint16_t ALL_BANKS[] = {TPM_ALG_SHA1,   TPM_ALG_SHA256,  TPM_ALG_SHA384,
                                     TPM_ALG_SHA512, TPM_ALG_SM3_256, 0};
static const uint16_t TWO_BANKS[] = {TPM_ALG_SHA1, TPM_ALG_SHA256, 0};

static struct log_builder built;

/* H(H(0..start || H(first)) || H(second)), each concatenation made by hand. */
static void expect_two_extends(const struct replay_bank *bank, unsigned pcr, uint8_t start,
                               struct span first, struct span second)
{
    uint8_t both[2 * LIMIT_TPM_DIGEST_LEN] = {0};
    struct crypto_digest digest;
    size_t len = bank->digest_len;

    both[len - 1] = start;
    crypto_hash_span(crypto, bank->alg, first, &digest);
    memcpy(both + len, digest.bytes, len);
    crypto_hash_span(crypto, bank->alg, span_of(both, 2 * len), &digest);
    memcpy(both, digest.bytes, len);
    crypto_hash_span(crypto, bank->alg, second, &digest);
    memcpy(both + len, digest.bytes, len);
    crypto_hash_span(crypto, bank->alg, span_of(both, 2 * len), &digest);
    assert_memory_equal(bank->pcrs[pcr], digest.bytes, len);
}

static void replay_built(uint16_t alg, struct replay *replay)
{
    struct error error;

    if (!replay_eventlog(crypto, log_builder_span(&built), alg, replay, &error))
        fail_msg("%s", error.message);
}

static void every_bank_is_replayed(void **state)
{
    struct replay replay;

    (void)state;
    log_builder_agile(&built, crypto, ALL_BANKS);
    log_builder_add(&built, 4, EV_EFI_ACTION, span_text("one"));
    log_builder_add(&built, 4, EV_EFI_ACTION, span_text("two"));
    replay_built(0, &replay);
    assert_int_equal(replay.n_banks, 5);
    for (size_t i = 0; i < 5; i++) {
        expect_two_extends(&replay.banks[i], 4, 0, span_text("one"), span_text("two"));
        assert_int_equal(replay.banks[i].extended, EVENT_PCR(4));
        assert_int_equal(replay.banks[i].incomplete, 0);
    }
    replay_built(TPM_ALG_SHA384, &replay);
    assert_int_equal(replay.n_banks, 1);
    assert_non_null(replay_find(&replay, TPM_ALG_SHA384));
    assert_null(replay_find(&replay, TPM_ALG_SHA1));
}

static void old_logs_have_one_bank(void **state)
{
    struct replay replay;
    struct error error;

    (void)state;
    log_builder_1_2(&built, crypto);
    log_builder_add(&built, 7, EV_ACTION, span_text("one"));
    log_builder_add(&built, 7, EV_ACTION, span_text("two"));
    replay_built(0, &replay);
    expect_two_extends(&replay.banks[0], 7, 0, span_text("one"), span_text("two"));
    assert_false(
        replay_eventlog(crypto, log_builder_span(&built), TPM_ALG_SHA256, &replay, &error));
    assert_int_equal(error.code, ERROR_UNSUPPORTED);
}

static void add_locality(uint8_t locality)
{
    uint8_t body[17] = "StartupLocality";

    body[16] = locality;
    log_builder_add(&built, 0, EV_NO_ACTION, span_of(body, sizeof body));
}

static void startup_locality_starts_pcr_0(void **state)
{
    static const uint8_t localities[] = {0, 3, 4, 2, 0xFF};

    (void)state;
    for (size_t i = 0; i < sizeof localities; i++) {
        uint8_t start = localities[i] == 3 || localities[i] == 4 ? localities[i] : 0;
        struct replay replay;

        log_builder_agile(&built, crypto, TWO_BANKS);
        add_locality(localities[i]);
        log_builder_add(&built, 0, EV_S_CRTM_VERSION, span_text("one"));
        add_locality(4); /* too late: PCR 0 was extended */
        log_builder_add(&built, 0, EV_S_CRTM_VERSION, span_text("two"));
        replay_built(0, &replay);
        assert_int_equal(replay.startup_locality, start);
        assert_false(replay.hcrtm);
        for (size_t bank = 0; bank < 2; bank++)
            expect_two_extends(&replay.banks[bank], 0, start, span_text("one"), span_text("two"));
    }
}

static void h_crtm_starts_pcr_0_at_locality_4(void **state)
{
    struct replay replay;

    (void)state;
    log_builder_agile(&built, crypto, TWO_BANKS);
    add_locality(3);
    log_builder_add_measured(&built, 0, EV_EFI_HCRTM_EVENT, span_text("code"), span_text("HCRTM"));
    log_builder_add(&built, 0, EV_S_CRTM_VERSION, span_text("two"));
    replay_built(0, &replay);
    assert_true(replay.hcrtm);
    assert_int_equal(replay.startup_locality, 4);
    expect_two_extends(&replay.banks[1], 0, 4, span_text("code"), span_text("two"));
}

static void no_action_and_no_pcr_extend_nothing(void **state)
{
    struct replay untouched;
    struct replay replay;

    (void)state;
    log_builder_agile(&built, crypto, TWO_BANKS);
    replay_built(0, &untouched);
    log_builder_add(&built, 5, EV_NO_ACTION, span_text("text"));
    log_builder_add(&built, 24, EV_SEPARATOR, span_text("text"));
    log_builder_add(&built, 0xFFFFFFFF, EV_SEPARATOR, span_text("text"));
    replay_built(0, &replay);
    for (size_t bank = 0; bank < 2; bank++) {
        assert_int_equal(replay.banks[bank].extended, 0);
        assert_memory_equal(replay.banks[bank].pcrs, untouched.banks[bank].pcrs,
                            sizeof untouched.banks[bank].pcrs);
    }
}

static void a_missing_digest_is_told_for_its_bank_only(void **state)
{
    struct replay replay;

    (void)state;
    log_builder_agile(&built, crypto, TWO_BANKS);
    log_builder_add(&built, 11, EV_COMPACT_HASH, span_text("one"));
    log_builder_add_banks(&built, 11, EV_COMPACT_HASH, TWO_BANKS + 1, 1, span_text("two"),
                          span_text("two"));
    log_builder_add_banks(&built, 12, EV_EVENT_TAG, TWO_BANKS + 1, 1, span_text("x"),
                          span_text("x"));
    replay_built(0, &replay);
    assert_int_equal(replay_find(&replay, TPM_ALG_SHA1)->incomplete, EVENT_PCR(11) | EVENT_PCR(12));
    assert_int_equal(replay_find(&replay, TPM_ALG_SHA1)->first_incomplete_event, 2);
    assert_int_equal(replay_find(&replay, TPM_ALG_SHA256)->incomplete, 0);
    expect_two_extends(replay_find(&replay, TPM_ALG_SHA256), 11, 0, span_text("one"),
                       span_text("two"));
}

static void a_failed_replay_leaves_its_result_alone(void **state)
{
    struct replay replay;
    struct error error;

    (void)state;
    memset(&replay, 0xA5, sizeof replay);
    log_builder_agile(&built, crypto, TWO_BANKS);
    log_builder_add(&built, 4, EV_EFI_ACTION, span_text("one"));
    assert_false(replay_eventlog(crypto, span_of(built.bytes, built.len - 1), 0, &replay, &error));
    assert_int_equal(replay.startup_locality, 0xA5);
    assert_int_equal(replay.banks[0].alg, 0xA5A5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_bank_is_replayed),
        cmocka_unit_test(old_logs_have_one_bank),
        cmocka_unit_test(startup_locality_starts_pcr_0),
        cmocka_unit_test(h_crtm_starts_pcr_0_at_locality_4),
        cmocka_unit_test(no_action_and_no_pcr_extend_nothing),
        cmocka_unit_test(a_missing_digest_is_told_for_its_bank_only),
        cmocka_unit_test(a_failed_replay_leaves_its_result_alone),
    };

    return cmocka_run_group_tests(tests, crypto_arena_setup, crypto_arena_teardown);
}
