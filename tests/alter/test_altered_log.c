/* The tool that alters logs, held to its promise: what it does not change stays byte for byte, and
 * what it changes has the digests that a TPM would have been given. */
#include "altered_log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/writer.h"
#include "support/corpus.h"
#include "support/crypto_arena.h"
#include "support/log_builder.h"
#include "wire/event_type.h"
#include "wire/sipa.h"

static struct log_builder builder;

/* Two phases with a nested record each, and one image; events 1 to 3, then PCR 12's separator. */
static struct span windows_log(void)
{
    static const uint16_t algs[] = {TPM_ALG_SHA1, TPM_ALG_SHA256, 0};
    uint8_t data[64];

    log_builder_agile(&builder, crypto, algs);
    for (uint32_t pcr = 12; pcr <= 13; pcr++) {
        struct writer writer = writer_init(data, sizeof data);

        writer_le32(&writer, SIPA_TRUSTBOUNDARY);
        writer_le32(&writer, 9 + 17);
        writer_le32(&writer, SIPA_WINPE);
        writer_le32(&writer, 1);
        writer_u8(&writer, 0);
        writer_le32(&writer, SIPA_LOADEDMODULE_AGGREGATION);
        writer_le32(&writer, 9);
        writer_le32(&writer, SIPA_IMAGEVALIDATED);
        writer_le32(&writer, 1);
        writer_u8(&writer, 1);
        log_builder_add(&builder, pcr, EV_EVENT_TAG, writer_span(&writer));
    }
    log_builder_add_measured(&builder, 4, EV_EFI_BOOT_SERVICES_APPLICATION, span_text("image"),
                             span_text("path"));
    log_builder_add(&builder, 12, EV_SEPARATOR, span_text("WBCL"));
    return log_builder_span(&builder);
}

static void read_log(struct altered_log *log, struct span bytes)
{
    struct error error;

    if (!altered_log_read(log, crypto, bytes, &error))
        fail_msg("%s", error.message);
}

static void assert_hashed(const struct altered_event *event, struct span measured)
{
    for (size_t i = 0; i < event->n_digests; i++) {
        struct crypto_digest digest;

        crypto_hash_span(crypto, event->digests[i].alg, measured, &digest);
        assert_int_equal(event->digests[i].len, digest.len);
        assert_memory_equal(event->digests[i].bytes, digest.bytes, digest.len);
    }
}

/* The number in the nth record of an id, and that all the event's records are well-formed. */
static uint64_t number_in(const struct altered_event *event, uint32_t id, size_t *n_records)
{
    struct sipa_walk walk;
    struct sipa_record record;
    struct error error;
    enum sipa_step step;
    uint64_t number = UINT64_MAX;

    *n_records = 0;
    sipa_open(&walk, event->data, &error);
    while ((step = sipa_next(&walk, &record)) == SIPA_RECORD) {
        (*n_records)++;
        if (record.id == id)
            assert_true(sipa_number(&record, &number));
    }
    assert_int_equal(step, SIPA_END);
    return number;
}

static void an_unchanged_log_is_the_same_bytes(void **state)
{
    struct span bytes = windows_log(), written;
    struct altered_log log;
    struct error error;

    (void)state;
    read_log(&log, bytes);
    assert_int_equal(log.n_events, 5);
    assert_true(altered_log_write(&log, &written, &error));
    assert_true(span_equal(bytes, written));
    altered_log_done(&log);
}

static void a_value_is_set_and_hashed_in_every_bank(void **state)
{
    struct altered_log log;
    struct altered_event before;
    struct error error;
    size_t n_records;

    (void)state;
    read_log(&log, windows_log());
    before = log.events[2];
    assert_true(altered_log_set_number(&log, 1, (struct altered_record){SIPA_WINPE, 0}, 1, &error));
    assert_int_equal(number_in(&log.events[1], SIPA_WINPE, &n_records), 1);
    assert_int_equal(n_records, 4);
    assert_int_equal(log.events[1].n_digests, 2);
    assert_hashed(&log.events[1], log.events[1].data);
    assert_memory_equal(&before, &log.events[2], sizeof before);
    assert_true(altered_log_set_number(&log, ALTERED_EVERYWHERE,
                                       (struct altered_record){SIPA_IMAGEVALIDATED, 1}, 0, &error));
    for (size_t i = 1; i <= 2; i++) {
        assert_int_equal(number_in(&log.events[i], SIPA_IMAGEVALIDATED, &n_records), 0);
        assert_hashed(&log.events[i], log.events[i].data);
    }
    altered_log_done(&log);
}

static void records_come_and_go_and_containers_fit(void **state)
{
    static const struct altered_record phase = {SIPA_TRUSTBOUNDARY, 0}, whole = {0, 0};
    struct altered_log log;
    struct error error;
    size_t n_records;

    (void)state;
    read_log(&log, windows_log());
    assert_true(altered_log_add_record(&log, 1, phase, SIPA_SAFEMODE, span_of("\1", 1), &error));
    assert_int_equal(number_in(&log.events[1], SIPA_SAFEMODE, &n_records), 1);
    assert_int_equal(n_records, 5);
    assert_true(altered_log_add_record(&log, 1, whole, SIPA_SAFEMODE, span_of("\0", 1), &error));
    assert_int_equal(number_in(&log.events[1], SIPA_SAFEMODE, &n_records), 0);
    assert_int_equal(n_records, 6);
    assert_true(altered_log_remove_record(
        &log, 1, (struct altered_record){SIPA_LOADEDMODULE_AGGREGATION, 1}, &error));
    number_in(&log.events[1], SIPA_SAFEMODE, &n_records);
    assert_int_equal(n_records, 4);
    assert_true(altered_log_set_record(&log, 1, (struct altered_record){SIPA_WINPE, 0},
                                       span_text("long"), &error));
    assert_int_equal(log.events[1].data.len, 8 + 12 + 9 + 9);
    assert_hashed(&log.events[1], log.events[1].data);
    altered_log_done(&log);
}

static void what_is_not_there_cannot_be_changed(void **state)
{
    static const struct altered_record absent = {SIPA_BOOTCOUNTER, 0}, second = {SIPA_WINPE, 2};
    struct altered_log log;
    struct error error;

    (void)state;
    read_log(&log, windows_log());
    assert_false(altered_log_set_number(&log, ALTERED_EVERYWHERE, absent, 1, &error));
    assert_int_equal(error.code, ERROR_NOT_FOUND);
    assert_false(altered_log_remove_record(&log, 1, second, &error));
    assert_false(altered_log_set_number(&log, 99, absent, 1, &error));
    assert_false(altered_log_set_number(&log, 3, absent, 1, &error)); /* holds no records */
    assert_false(altered_log_set_data(&log, 5, span_text(""), &error));
    assert_false(altered_log_set_measured(&log, 5, span_text(""), &error));
    assert_false(altered_log_remove(&log, 5, &error));
    assert_false(altered_log_duplicate(&log, 5, &error));
    assert_false(altered_log_swap(&log, 5, 1, &error));
    assert_false(altered_log_swap(&log, 1, 5, &error));
    assert_false(altered_log_insert(&log, 1, 12, EV_EVENT_TAG, span_text(""), &error));
    assert_false(altered_log_insert(&log, 6, 12, EV_EVENT_TAG, span_text(""), &error));
    altered_log_done(&log);
}

static void digests_of_other_things_than_the_data_stay(void **state)
{
    struct altered_log log;
    struct error error;

    (void)state;
    read_log(&log, windows_log());
    assert_true(altered_log_set_data(&log, 3, span_text("another path"), &error));
    assert_true(span_is(log.events[3].data, "another path"));
    assert_hashed(&log.events[3], span_text("image"));
    assert_true(altered_log_set_measured(&log, 3, span_text("another image"), &error));
    assert_hashed(&log.events[3], span_text("another image"));
    altered_log_done(&log);
}

static void a_variable_measured_by_its_contents_stays_so(void **state)
{
    static const uint16_t algs[] = {TPM_ALG_SHA256, 0};
    uint8_t before[64], after[64];
    struct altered_log log;
    struct error error;
    size_t before_len = log_builder_variable(before, "Boot0001", span_text("old"));
    size_t after_len = log_builder_variable(after, "Boot0001", span_text("new"));

    (void)state;
    log_builder_agile(&builder, crypto, algs);
    log_builder_add_measured(&builder, 1, EV_EFI_VARIABLE_BOOT, span_text("old"),
                             span_of(before, before_len));
    read_log(&log, log_builder_span(&builder));
    assert_true(altered_log_set_data(&log, 1, span_of(after, after_len), &error));
    assert_hashed(&log.events[1], span_text("new"));
    altered_log_done(&log);
}

static void events_come_go_and_change_places(void **state)
{
    struct altered_log log;
    struct replay before, after;
    struct error error;
    size_t at;

    (void)state;
    read_log(&log, windows_log());
    assert_true(altered_log_replay(&log, &before, &error));
    assert_true(altered_log_after_separator(&log, 12, &at, &error));
    assert_int_equal(at, 5);
    assert_false(altered_log_after_separator(&log, 13, &at, &error));
    assert_true(altered_log_insert(&log, at, 12, EV_EVENT_TAG, span_text("late"), &error));
    assert_hashed(&log.events[5], span_text("late"));
    assert_true(altered_log_replay(&log, &after, &error));
    for (size_t i = 0; i < 2; i++) {
        assert_memory_not_equal(before.banks[i].pcrs[12], after.banks[i].pcrs[12], 20);
        assert_memory_equal(before.banks[i].pcrs[13], after.banks[i].pcrs[13], 20);
    }
    assert_true(altered_log_remove(&log, 5, &error));
    assert_true(altered_log_replay(&log, &after, &error));
    assert_memory_equal(before.banks[1].pcrs, after.banks[1].pcrs, sizeof before.banks[1].pcrs);
    assert_true(altered_log_duplicate(&log, 1, &error));
    assert_int_equal(log.n_events, 6);
    assert_memory_equal(&log.events[1], &log.events[2], sizeof log.events[1]);
    assert_true(altered_log_swap(&log, 2, 5, &error));
    assert_int_equal(log.events[2].type, EV_SEPARATOR);
    altered_log_done(&log);
}

static void an_event_that_nobody_measures_has_no_digest(void **state)
{
    static const uint8_t none[32];
    struct altered_log log;
    struct error error;

    (void)state;
    read_log(&log, windows_log());
    assert_true(altered_log_insert(&log, 5, 0, EV_NO_ACTION, span_text("note"), &error));
    assert_memory_equal(log.events[5].digests[1].bytes, none, sizeof none);
    altered_log_done(&log);
}

static unsigned n_logs;

/* Every log of others comes out as it went in, but for fill bytes; and can be altered. */
static int visit(const char *path, const struct stat *info, int type, struct FTW *where)
{
    static const char *const others[] = {".json", ".yaml", ".tsv", ".txt"};
    struct span bytes, written;
    struct altered_log log;
    struct error error;

    (void)where;
    if (type != FTW_F || info->st_size > LIMIT_EVENTLOG_LEN || info->st_size < 64)
        return 0;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (corpus_ends_with(path, others[i]))
            return 0;
    bytes = corpus_read(path);
    if (altered_log_read(&log, crypto, bytes, &error) && log.n_events >= 5) {
        n_logs++;
        if (!altered_log_write(&log, &written, &error))
            fail_msg("%s: %s", path, error.message);
        assert_true(written.len <= bytes.len);
        assert_memory_equal(written.data, bytes.data, written.len);
    }
    altered_log_done(&log);
    corpus_free(bytes);
    return 0;
}

static void recorded_boots_come_out_as_they_went_in(void **state)
{
    char path[600];

    (void)state;
    n_logs = 0;
    snprintf(path, sizeof path, "%s/tests/fixtures", getenv("BOOTSEAL_SOURCE_ROOT"));
    assert_int_equal(nftw(path, visit, 16, FTW_PHYS), 0);
    assert_true(n_logs >= 7);
}

static void public_logs_come_out_as_they_went_in(void **state)
{
    (void)state;
    n_logs = 0;
    corpus_walk("public", visit);
    printf("%u logs\n", n_logs);
    assert_true(n_logs > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_unchanged_log_is_the_same_bytes),
        cmocka_unit_test(a_value_is_set_and_hashed_in_every_bank),
        cmocka_unit_test(records_come_and_go_and_containers_fit),
        cmocka_unit_test(what_is_not_there_cannot_be_changed),
        cmocka_unit_test(digests_of_other_things_than_the_data_stay),
        cmocka_unit_test(a_variable_measured_by_its_contents_stays_so),
        cmocka_unit_test(events_come_go_and_change_places),
        cmocka_unit_test(an_event_that_nobody_measures_has_no_digest),
        cmocka_unit_test(recorded_boots_come_out_as_they_went_in),
        cmocka_unit_test(public_logs_come_out_as_they_went_in),
    };

    return cmocka_run_group_tests(tests, crypto_arena_setup, crypto_arena_teardown);
}
