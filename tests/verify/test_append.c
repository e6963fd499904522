/* Further logs of one boot: their events go on where the first log ended, under their own name, and
 * can touch no PCR but their own. */
#include "verify/measured_log.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "support/crypto_arena.h"
#include "support/log_builder.h"
#include "wire/event_type.h"

static const uint16_t SHA256_ONLY[] = {TPM_ALG_SHA256, 0};
static const uint16_t SHA384_ONLY[] = {TPM_ALG_SHA384, 0};

static struct log_builder first, further;
static struct measured_log measured;
static struct error error;

static void read_first(void)
{
    log_builder_agile(&first, crypto, SHA256_ONLY);
    log_builder_add(&first, 7, EV_SEPARATOR, span_of("\0\0\0\0", 4));
    log_builder_agile(&further, crypto, SHA256_ONLY);
    assert_true(measured_log_read(crypto, log_builder_span(&first), TPM_ALG_SHA256, &arena,
                                  &measured, &error));
    assert_int_equal(measured.n_sources, 1);
}

static bool append(struct span log)
{
    const struct measured_addition addition = {
        .kind = EVIDENCE_LOG_DRTM, .pcrs = EVENT_PCRS_DRTM, .log = log};

    return measured_log_append(crypto, &addition, &arena, &measured, &error);
}

static void assert_pcr(uint32_t pcr, uint8_t start, const char *const *texts, size_t n_texts)
{
    uint8_t expected[LIMIT_TPM_DIGEST_LEN];
    struct crypto_digest digest;

    memset(expected, start, sizeof expected);
    for (size_t i = 0; i < n_texts; i++) {
        crypto_hash_span(crypto, TPM_ALG_SHA256, span_text(texts[i]), &digest);
        crypto_extend(crypto, TPM_ALG_SHA256, expected, crypto_digest_span(&digest));
    }
    assert_memory_equal(measured.replay.pcrs[pcr], expected, 32);
}

static void a_launch_log_goes_on_behind_the_first(void **state)
{
    const char *const module[] = {"module"}, *const key[] = {"key"};

    (void)state;
    read_first();
    log_builder_add(&further, 17, EV_TXT_HASH_START, span_text("module"));
    log_builder_add(&further, 18, EV_TXT_LCP_HASH, span_text("key"));
    assert_true(append(log_builder_span(&further)));
    assert_int_equal(measured.n_events, 5);
    for (size_t i = 0; i < measured.n_events; i++) {
        assert_int_equal(measured.events[i].event.number, i);
        assert_int_equal(measured_log_source(&measured, i)->kind,
                         i < 2 ? EVIDENCE_LOG_TCG : EVIDENCE_LOG_DRTM);
    }
    assert_int_equal(measured_log_source(&measured, 4)->first, 2);
    assert_int_equal(measured.events[3].coverage, COVERAGE_WHOLE);
    assert_int_equal(measured.replay.extended, EVENT_PCR(7) | EVENT_PCR(17) | EVENT_PCR(18));
    assert_true(measured.replay.launched);
    assert_pcr(17, 0x00, module, 1);
    assert_pcr(18, 0x00, key, 1);
    assert_pcr(22, 0x00, NULL, 0);
}

/* Linux writes marks around what it extends, with digests that it does not extend. */
static void marks_in_a_launch_log_are_not_measured(void **state)
{
    const char *const texts[] = {"module", "initrd"};

    (void)state;
    read_first();
    log_builder_add(&further, 17, EV_TXT_HASH_START, span_text("module"));
    log_builder_add(&further, 17, EV_TXT_SLAUNCH_START, span_text(""));
    log_builder_add(&further, 17, EV_TXT_SLAUNCH, span_text("initrd"));
    log_builder_add(&further, 17, EV_TXT_SLAUNCH_END, span_text(""));
    assert_true(append(log_builder_span(&further)));
    assert_pcr(17, 0x00, texts, 2);
    assert_int_equal(measured.events[4].coverage, COVERAGE_UNMEASURED);
}

static void without_pcr_17_first_nothing_was_launched(void **state)
{
    const char *const key[] = {"key"}, *const module[] = {"module"};

    (void)state;
    read_first();
    assert_pcr(17, 0xFF, NULL, 0);
    log_builder_add(&further, 18, EV_TXT_LCP_HASH, span_text("key"));
    log_builder_add(&further, 17, EV_TXT_HASH_START, span_text("module"));
    assert_true(append(log_builder_span(&further)));
    assert_false(measured.replay.launched);
    assert_pcr(18, 0xFF, key, 1);
    assert_pcr(17, 0xFF, module, 1);
    assert_pcr(22, 0xFF, NULL, 0);
}

/* Else a log that says "PCR 18, then launch" would have its first events wiped from the replay and
 * believed all the same. */
static void what_one_log_extended_the_next_does_not_wipe(void **state)
{
    const char *const texts[] = {"forged"};

    (void)state;
    read_first();
    log_builder_add(&first, 19, EV_EVENT_TAG, span_text("forged"));
    assert_true(measured_log_read(crypto, log_builder_span(&first), TPM_ALG_SHA256, &arena,
                                  &measured, &error));
    log_builder_add(&further, 17, EV_TXT_HASH_START, span_text("module"));
    assert_true(append(log_builder_span(&further)));
    assert_false(measured.replay.launched);
    assert_pcr(19, 0xFF, texts, 1);
}

static void a_further_log_speaks_of_its_own_pcrs(void **state)
{
    struct measured_log before;

    (void)state;
    for (uint32_t pcr = 0; pcr < LIMIT_PCRS; pcr++) {
        bool own = pcr >= 17 && pcr <= 22;

        read_first();
        before = measured;
        log_builder_add(&further, pcr, EV_EVENT_TAG, span_text("x"));
        assert_int_equal(append(log_builder_span(&further)), own);
        if (own)
            continue;
        assert_int_equal(error.code, ERROR_MALFORMED);
        assert_int_equal(error.offset, further.len - 4 - 1 - 34 - 12);
        assert_memory_equal(&before, &measured, sizeof before);
    }
}

static void what_is_not_measured_may_stand_anywhere(void **state)
{
    (void)state;
    read_first();
    log_builder_add(&further, 0, EV_NO_ACTION, span_of("StartupLocality\0\4", 17));
    log_builder_add(&further, 0xFFFFFFFF, EV_NO_ACTION, span_text("x"));
    assert_true(append(log_builder_span(&further)));
    assert_int_equal(measured.replay.extended, EVENT_PCR(7));
    assert_pcr(0, 0x00, NULL, 0);
}

static void a_log_that_cannot_be_read_changes_nothing(void **state)
{
    struct measured_log before;

    (void)state;
    read_first();
    before = measured;
    log_builder_add(&further, 17, EV_TXT_HASH_START, span_text("module"));
    assert_false(append(span_of(further.bytes, further.len - 1)));
    assert_int_equal(error.code, ERROR_TRUNCATED);
    log_builder_agile(&further, crypto, SHA384_ONLY);
    log_builder_add(&further, 17, EV_TXT_HASH_START, span_text("module"));
    assert_false(append(log_builder_span(&further)));
    assert_int_equal(error.code, ERROR_UNSUPPORTED);
    log_builder_agile_as(&further, crypto, SHA256_ONLY, 1, "");
    assert_false(append(log_builder_span(&further)));
    assert_int_equal(error.code, ERROR_MALFORMED);
    assert_memory_equal(&before, &measured, sizeof before);
}

static bool append_event(const struct eventlog_event *event)
{
    const struct measured_addition addition = {
        .kind = EVIDENCE_LOG_DRTM, .pcrs = EVENT_PCR(17), .events = event, .n_events = 1};

    return measured_log_append(crypto, &addition, &arena, &measured, &error);
}

static void events_of_another_decoder_are_hashed_too(void **state)
{
    struct crypto_digest digest;
    struct eventlog_event event = {
        .pcr = 17, .type = MEASURED_NO_TYPE, .n_digests = 1, .data = span_text("text")};

    (void)state;
    read_first();
    crypto_hash_span(crypto, TPM_ALG_SHA256, event.data, &digest);
    event.digests[0] = (struct eventlog_digest){.alg = TPM_ALG_SHA256,
                                                .bytes = crypto_digest_span(&digest)};
    assert_true(append_event(&event));
    assert_int_equal(measured.events[2].coverage, COVERAGE_WHOLE);
    event.data = span_text("another text");
    assert_true(append_event(&event));
    assert_int_equal(measured.events[3].coverage, COVERAGE_NONE);
    assert_int_equal(measured.n_sources, 3);

    event.digests[0].bytes.len--;
    assert_false(append_event(&event));
    assert_int_equal(error.code, ERROR_MALFORMED);
    event.n_digests = 0;
    assert_true(append_event(&event));
    assert_int_equal(measured.replay.incomplete, EVENT_PCR(17));
    event.pcr = 18;
    assert_false(append_event(&event));
}

static void a_boot_has_a_bounded_number_of_logs(void **state)
{
    (void)state;
    read_first();
    for (size_t i = 1; i < LIMIT_EVIDENCE_LOGS; i++)
        assert_true(append(log_builder_span(&further)));
    assert_false(append(log_builder_span(&further)));
    assert_int_equal(error.code, ERROR_LIMIT);
}

static void a_full_arena_is_an_error(void **state)
{
    struct arena whole;

    (void)state;
    read_first();
    whole = arena;
    arena = arena_init(64);
    assert_false(append(log_builder_span(&further)));
    assert_int_equal(error.code, ERROR_MEMORY);
    arena_done(&arena);
    arena = whole;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_launch_log_goes_on_behind_the_first),
        cmocka_unit_test(marks_in_a_launch_log_are_not_measured),
        cmocka_unit_test(without_pcr_17_first_nothing_was_launched),
        cmocka_unit_test(what_one_log_extended_the_next_does_not_wipe),
        cmocka_unit_test(a_further_log_speaks_of_its_own_pcrs),
        cmocka_unit_test(what_is_not_measured_may_stand_anywhere),
        cmocka_unit_test(a_log_that_cannot_be_read_changes_nothing),
        cmocka_unit_test(events_of_another_decoder_are_hashed_too),
        cmocka_unit_test(a_boot_has_a_bounded_number_of_logs),
        cmocka_unit_test(a_full_arena_is_an_error),
    };

    return cmocka_run_group_tests(tests, crypto_arena_setup, crypto_arena_teardown);
}
