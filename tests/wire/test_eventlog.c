/* Framing of TCG logs: both formats, CCEL, padding, the TXT container, and what must be refused. */
#include "wire/eventlog.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "support/crypto_arena.h"
#include "support/log_builder.h"
#include "wire/event_type.h"

static const uint16_t TWO_BANKS[] = {TPM_ALG_SHA1, TPM_ALG_SHA256, 0};
static const uint16_t ONE_BANK[] = {TPM_ALG_SHA384, 0};

static struct log_builder built;

/* Reads all events; the number of them, or -1 when the log is refused. */
static int count(struct span bytes, struct error *error)
{
    struct eventlog log;
    struct eventlog_event event;
    enum eventlog_step step;
    int n = 0;

    if (!eventlog_open(&log, bytes, error))
        return -1;
    while ((step = eventlog_next(&log, &event)) == EVENTLOG_EVENT) {
        assert_int_equal(event.number, n);
        n++;
    }
    return step == EVENTLOG_END ? n : -1;
}

static void build_two_banks(void)
{
    log_builder_agile(&built, crypto, TWO_BANKS);
    log_builder_add(&built, 0, EV_S_CRTM_VERSION, span_text("1.0"));
    log_builder_add(&built, 4, EV_EFI_ACTION, span_text("Calling EFI Application"));
    log_builder_add(&built, 7, EV_SEPARATOR, span_of("\0\0\0", 4));
}

static void agile_events_are_framed(void **state)
{
    struct eventlog log;
    struct eventlog_event event;
    struct error error;
    struct span digest;

    (void)state;
    build_two_banks();
    assert_true(eventlog_open(&log, log_builder_span(&built), &error));
    assert_int_equal(log.format, EVENTLOG_FORMAT_CRYPTO_AGILE);
    assert_false(log.measurement_registers);
    assert_int_equal(log.n_banks, 2);
    assert_int_equal(log.banks[1].alg, TPM_ALG_SHA256);
    assert_int_equal(log.spec_major, 2);
    assert_int_equal(log.spec_errata, 106);
    assert_int_equal(eventlog_next(&log, &event), EVENTLOG_EVENT);
    assert_int_equal(event.type, EV_NO_ACTION);
    assert_int_equal(eventlog_next(&log, &event), EVENTLOG_EVENT);
    assert_int_equal(eventlog_next(&log, &event), EVENTLOG_EVENT);
    assert_int_equal(event.number, 2);
    assert_int_equal(event.pcr, 4);
    assert_true(span_is(event.data, "Calling EFI Application"));
    assert_memory_equal(built.bytes + event.data_offset, "Calling", 7);
    assert_true(eventlog_event_digest(&event, TPM_ALG_SHA256, &digest));
    assert_int_equal(digest.len, 32);
    assert_false(eventlog_event_digest(&event, TPM_ALG_SHA384, &digest));
    assert_int_equal(eventlog_next(&log, &event), EVENTLOG_EVENT);
    assert_int_equal(eventlog_next(&log, &event), EVENTLOG_END);
    assert_string_equal(eventlog_format_name(log.format), "crypto-agile");
}

static void old_events_are_framed(void **state)
{
    struct eventlog log;
    struct error error;

    (void)state;
    log_builder_1_2(&built, crypto);
    log_builder_add(&built, 0, EV_S_CRTM_VERSION, span_text("1.0"));
    log_builder_add(&built, 4, EV_ACTION, span_text("Calling INT 19h"));
    assert_int_equal(count(log_builder_span(&built), &error), 2);
    assert_true(eventlog_open(&log, log_builder_span(&built), &error));
    assert_int_equal(log.format, EVENTLOG_FORMAT_TCG_1_2);
    assert_int_equal(log.banks[0].digest_len, 20);
}

static void padding_ends_the_log(void **state)
{
    static uint8_t fill[300];
    struct error error;

    (void)state;
    for (int value = 0; value <= 0xFF; value += 0xFF) {
        memset(fill, value, sizeof fill);
        build_two_banks();
        log_builder_raw(&built, fill, sizeof fill);
        assert_int_equal(count(log_builder_span(&built), &error), 4);
    }
    memset(fill, 0, sizeof fill);
    fill[sizeof fill - 1] = 1;
    build_two_banks();
    log_builder_raw(&built, fill, sizeof fill);
    assert_int_equal(count(log_builder_span(&built), &error), -1);
}

static void ccel_is_known_by_its_header(void **state)
{
    struct eventlog log;
    struct error error;

    (void)state;
    log_builder_agile_as(&built, crypto, ONE_BANK, 1, "");
    assert_true(eventlog_open(&log, log_builder_span(&built), &error));
    assert_true(log.measurement_registers);
    log_builder_agile_as(&built, crypto, ONE_BANK, 0, "td-shim");
    assert_true(eventlog_open(&log, log_builder_span(&built), &error));
    assert_true(log.measurement_registers);
}

static void odd_pcrs_and_missing_digests_are_facts(void **state)
{
    struct eventlog log;
    struct eventlog_event event;
    struct error error;
    struct span digest;

    (void)state;
    log_builder_agile(&built, crypto, TWO_BANKS);
    log_builder_add_banks(&built, 0xFFFFFFFF, EV_NO_ACTION, TWO_BANKS + 1, 1, span_text(""),
                          span_text("trust point"));
    assert_true(eventlog_open(&log, log_builder_span(&built), &error));
    assert_int_equal(eventlog_next(&log, &event), EVENTLOG_EVENT);
    assert_int_equal(eventlog_next(&log, &event), EVENTLOG_EVENT);
    assert_int_equal(event.pcr, 0xFFFFFFFF);
    assert_int_equal(event.n_digests, 1);
    assert_false(eventlog_event_digest(&event, TPM_ALG_SHA1, &digest));
}

static void undeclared_and_double_digests_are_refused(void **state)
{
    static const uint16_t twice[] = {TPM_ALG_SHA256, TPM_ALG_SHA256};
    static const uint16_t other[] = {TPM_ALG_SHA384};
    struct error error;

    (void)state;
    log_builder_agile(&built, crypto, TWO_BANKS);
    log_builder_add_banks(&built, 0, EV_SEPARATOR, twice, 2, span_text("x"), span_text("x"));
    assert_int_equal(count(log_builder_span(&built), &error), -1);
    assert_int_equal(error.code, ERROR_MALFORMED);
    log_builder_agile(&built, crypto, TWO_BANKS);
    log_builder_add_banks(&built, 0, EV_SEPARATOR, other, 1, span_text("x"), span_text("x"));
    assert_int_equal(count(log_builder_span(&built), &error), -1);
    assert_int_equal(error.code, ERROR_MALFORMED);
}

static void more_digests_than_banks_are_refused_before_they_are_read(void **state)
{
    static const uint16_t three[] = {TPM_ALG_SHA1, TPM_ALG_SHA256, TPM_ALG_SHA1};
    struct error error;
    size_t first_event;

    (void)state;
    log_builder_agile(&built, crypto, TWO_BANKS);
    first_event = built.len;
    log_builder_add_banks(&built, 0, EV_SEPARATOR, three, 3, span_text("x"), span_text("x"));
    assert_int_equal(count(log_builder_span(&built), &error), -1);
    assert_int_equal(error.code, ERROR_MALFORMED);
    assert_int_equal(error.offset, first_event + 12);
}

static void bad_headers_are_refused(void **state)
{
    static const uint16_t double_bank[] = {TPM_ALG_SHA256, TPM_ALG_SHA256, 0};
    static const uint16_t no_bank[] = {0};
    enum { DIGEST_SIZE_AT = 32 + 28 + 2, N_BANKS_AT = 32 + 24 };
    struct error error;

    (void)state;
    log_builder_agile(&built, crypto, double_bank);
    assert_int_equal(count(log_builder_span(&built), &error), -1);
    log_builder_agile(&built, crypto, no_bank);
    assert_int_equal(count(log_builder_span(&built), &error), -1);
    build_two_banks();
    built.bytes[DIGEST_SIZE_AT]++;
    assert_int_equal(count(log_builder_span(&built), &error), -1);
    assert_int_equal(error.code, ERROR_MALFORMED);
    build_two_banks();
    built.bytes[N_BANKS_AT] = 200;
    assert_int_equal(count(log_builder_span(&built), &error), -1);
    assert_int_equal(error.code, ERROR_LIMIT);
}

static void unknown_algorithms_keep_their_declared_size(void **state)
{
    enum { SECOND_ALG_AT = 32 + 28 + 4 };
    struct eventlog log;
    struct eventlog_event event;
    struct error error;
    size_t first_event;

    (void)state;
    log_builder_agile(&built, crypto, TWO_BANKS);
    first_event = built.len;
    log_builder_add(&built, 0, EV_SEPARATOR, span_of("\0\0\0", 4));
    built.bytes[SECOND_ALG_AT] = 0x77;
    built.bytes[first_event + 12 + 22] = 0x77;
    assert_true(eventlog_open(&log, log_builder_span(&built), &error));
    assert_int_equal(eventlog_next(&log, &event), EVENTLOG_EVENT);
    assert_int_equal(eventlog_next(&log, &event), EVENTLOG_EVENT);
    assert_int_equal(event.digests[1].alg, 0x77);
    assert_int_equal(event.digests[1].bytes.len, 32);
}

static void txt_container_says_where_events_are(void **state)
{
    struct eventlog log;
    struct eventlog_event event;
    struct error error;

    (void)state;
    for (uint32_t wrong = 0; wrong < 2; wrong++) {
        log_builder_1_2(&built, crypto);
        log_builder_raw(&built, "TXT Event Container", 20);
        log_builder_raw(&built, (uint8_t[12]){0}, 12);
        log_builder_raw(&built, (uint8_t[]){1, 0, 1, 0}, 4);
        log_builder_le32(&built, 200);
        log_builder_le32(&built, 48);
        log_builder_le32(&built, wrong ? 300 : 48 + 32 + 4);
        log_builder_add(&built, 17, 0x402, span_text("acm!"));
        log_builder_raw(&built, "stale bytes", 11);
        if (wrong) {
            assert_false(eventlog_open(&log, log_builder_span(&built), &error));
            continue;
        }
        assert_true(eventlog_open(&log, log_builder_span(&built), &error));
        assert_int_equal(eventlog_next(&log, &event), EVENTLOG_EVENT);
        assert_int_equal(event.pcr, 17);
        assert_int_equal(event.offset, 48);
        assert_int_equal(eventlog_next(&log, &event), EVENTLOG_END);
    }
}

/* As TrenchBoot's secure kernel loader writes it: the header's vendor information points to the end. */
static void build_with_end(uint32_t first, uint32_t area_len, uint32_t beyond_header, bool beyond)
{
    enum { VENDOR_AT = 32 + 28 + 4 * 2 + 1, VENDOR_LEN = 20 };
    uint32_t next = VENDOR_AT + VENDOR_LEN + beyond_header;
    size_t len;

    log_builder_agile_as(&built, crypto, TWO_BANKS, 0, "12345678901234567890");
    log_builder_add(&built, 17, EV_TXT_SLAUNCH, span_text("SKINIT"));
    if (beyond)
        next = (uint32_t)built.len;
    log_builder_add(&built, 17, EV_TXT_SLAUNCH, span_text("left from another boot"));
    len = built.len;
    built.len = VENDOR_AT + 8;
    log_builder_le32(&built, area_len ? area_len : next);
    log_builder_le32(&built, first);
    log_builder_le32(&built, next);
    built.len = len;
}

static void a_header_may_say_where_the_log_ends(void **state)
{
    struct error error;

    (void)state;
    build_with_end(0, 0, 0, true);
    assert_int_equal(count(log_builder_span(&built), &error), 2);
    build_with_end(0, 0, 0, false);
    assert_int_equal(count(log_builder_span(&built), &error), 1);
    /* What fits no log is not such a pointer. */
    build_with_end(7, 0, 0, true);
    assert_int_equal(count(log_builder_span(&built), &error), 3);
    build_with_end(0, 90, 0, true);
    assert_int_equal(count(log_builder_span(&built), &error), 3);
    build_with_end(0, 0, (uint32_t)-1, false);
    assert_int_equal(count(log_builder_span(&built), &error), 3);
    build_with_end(0, 0, 5000, false);
    assert_int_equal(count(log_builder_span(&built), &error), 3);
    /* Nor is an end behind the input, even where memory goes on. */
    build_with_end(0, 0, 0, true);
    built.len -= 12 + 22 + 34 + 4 + strlen("left from another boot");
    assert_int_equal(count(log_builder_span(&built), &error), 2);
    built.bytes[32 + 28 + 4 * 2 + 1 + 16] = 0xFF; /* next, and the area with it */
    built.bytes[32 + 28 + 4 * 2 + 1 + 8] = 0xFF;
    assert_int_equal(count(log_builder_span(&built), &error), 2);
    /* An end inside an event cuts it, and says so. */
    build_with_end(0, 0, 5, false);
    assert_int_equal(count(log_builder_span(&built), &error), -1);
    assert_int_equal(error.code, ERROR_TRUNCATED);
}

/* Cut anywhere but between events, the log is refused and the error names a byte of it. */
static void every_truncation_is_refused_or_a_prefix(void **state)
{
    struct error error;

    (void)state;
    build_two_banks();
    for (size_t len = 0; len < built.len; len++) {
        uint8_t *copy = malloc(len ? len : 1); /* so that a sanitizer sees a read past the end */
        int n;

        assert_non_null(copy);
        memcpy(copy, built.bytes, len);
        n = count(span_of(copy, len), &error);
        assert_true(n < 4);
        if (n < 0) {
            assert_int_equal(error.code, ERROR_TRUNCATED);
            assert_true(error.offset <= len);
        }
        free(copy);
    }
}

/* A 1.2 log whose first event says what its version is: TCG_EfiSpecIdEventStruct of the old format.
 */
static void old_headers_are_read(void **state)
{
    static const char *const signatures[] = {"Spec ID Event00", "Spec ID Event02"};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        uint8_t body[25] = {0};
        struct eventlog log;
        struct error error;

        memcpy(body, signatures[i], 16);
        body[20] = 2; /* minor */
        body[21] = 1; /* major */
        body[24] = 9; /* vendor bytes that do not follow */
        log_builder_1_2(&built, crypto);
        log_builder_add(&built, 0, EV_NO_ACTION, span_of(body, sizeof body));
        log_builder_add(&built, 0, EV_S_CRTM_VERSION, span_text("1.0"));
        assert_int_equal(count(log_builder_span(&built), &error), 2);
        assert_true(eventlog_open(&log, log_builder_span(&built), &error));
        assert_int_equal(log.format, EVENTLOG_FORMAT_TCG_1_2);
        assert_int_equal(log.spec_major, 1);
        assert_int_equal(log.spec_minor, 2);
        log_builder_1_2(&built, crypto);
        log_builder_add(&built, 0, EV_NO_ACTION, span_of(body, 20));
        assert_int_equal(count(log_builder_span(&built), &error), -1);
        assert_int_equal(error.code, ERROR_TRUNCATED);
    }
}

static void formats_have_names(void **state)
{
    (void)state;
    assert_string_equal(eventlog_format_name(EVENTLOG_FORMAT_TCG_1_2), "tcg-1.2");
    assert_string_equal(eventlog_format_name(EVENTLOG_FORMAT_NONE), "none");
}

static void after_a_failure_nothing_more_is_read(void **state)
{
    struct eventlog_event event;
    struct eventlog log;
    struct error error;

    (void)state;
    build_two_banks();
    assert_true(eventlog_open(&log, span_of(built.bytes, built.len - 1), &error));
    for (int i = 0; i < 3; i++)
        assert_int_equal(eventlog_next(&log, &event), EVENTLOG_EVENT);
    assert_int_equal(eventlog_next(&log, &event), EVENTLOG_FAILED);
    assert_int_equal(eventlog_next(&log, &event), EVENTLOG_FAILED);
    assert_int_equal(error.code, ERROR_TRUNCATED);
}

static void a_container_that_lies_is_refused(void **state)
{
    static const struct {
        uint32_t container_len, first, next;
    } LIES[] = {{200, 10, 60}, {200, 60, 48}, {40, 48, 60}, {0xFFFFFFFF, 48, 0xFFFFFFF0}};
    struct error error;

    (void)state;
    for (size_t i = 0; i < sizeof LIES / sizeof *LIES; i++) {
        static const uint8_t head[36] = "TXT Event Container";

        built.len = 0;
        log_builder_raw(&built, head, sizeof head);
        log_builder_le32(&built, LIES[i].container_len);
        log_builder_le32(&built, LIES[i].first);
        log_builder_le32(&built, LIES[i].next);
        log_builder_raw(&built, head, sizeof head);
        assert_int_equal(count(log_builder_span(&built), &error), -1);
        for (size_t len = 20; len < 48; len++)
            assert_int_equal(count(span_of(built.bytes, len), &error), -1);
    }
}

static void limits_hold(void **state)
{
    static uint8_t big[LIMIT_EVENTLOG_LEN + 1];
    struct error error;
    struct eventlog log;
    size_t len = 0;

    (void)state;
    assert_false(eventlog_open(&log, span_of(big, sizeof big), &error));
    assert_int_equal(error.code, ERROR_LIMIT);

    build_two_banks();
    memcpy(big, built.bytes, built.len);
    len = built.len;
    for (size_t i = 0; i < LIMIT_EVENTLOG_EVENTS; i++, len += 16)
        memset(big + len, 0, 16); /* PCR 0, type 0, no digests, no data */
    big[len - 13] = 1;            /* no padding */
    assert_int_equal(count(span_of(big, len), &error), -1);
    assert_int_equal(error.code, ERROR_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agile_events_are_framed),
        cmocka_unit_test(old_events_are_framed),
        cmocka_unit_test(padding_ends_the_log),
        cmocka_unit_test(ccel_is_known_by_its_header),
        cmocka_unit_test(odd_pcrs_and_missing_digests_are_facts),
        cmocka_unit_test(undeclared_and_double_digests_are_refused),
        cmocka_unit_test(more_digests_than_banks_are_refused_before_they_are_read),
        cmocka_unit_test(bad_headers_are_refused),
        cmocka_unit_test(unknown_algorithms_keep_their_declared_size),
        cmocka_unit_test(txt_container_says_where_events_are),
        cmocka_unit_test(every_truncation_is_refused_or_a_prefix),
        cmocka_unit_test(old_headers_are_read),
        cmocka_unit_test(formats_have_names),
        cmocka_unit_test(after_a_failure_nothing_more_is_read),
        cmocka_unit_test(a_container_that_lies_is_refused),
        cmocka_unit_test(a_header_may_say_where_the_log_ends),
        cmocka_unit_test(limits_hold),
    };

    return cmocka_run_group_tests(tests, crypto_arena_setup, crypto_arena_teardown);
}
