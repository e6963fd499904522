#include "agent/logs.h"
#include "os/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

struct fixture {
    struct arena arena;
    struct crypto *crypto;
    char dir[64], eventlog[96], ima[96];
    struct logs logs;
    struct error error;
};

static void put(const char *path, const char *text)
{
    struct error error;

    assert_true(os_file_write(path, OS_FILE_PUBLIC, span_text(text), &error));
}

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);

    fixture->arena = arena_init(1 << 20);
    fixture->crypto = crypto_new(&fixture->error);
    snprintf(fixture->dir, sizeof fixture->dir, "/tmp/bootseal-logs-XXXXXX");
    assert_non_null(mkdtemp(fixture->dir));
    snprintf(fixture->eventlog, sizeof fixture->eventlog, "%s/eventlog", fixture->dir);
    snprintf(fixture->ima, sizeof fixture->ima, "%s/ima", fixture->dir);
    put(fixture->eventlog, "firmware events");
    put(fixture->ima, "first entries");
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;

    unlink(fixture->eventlog);
    unlink(fixture->ima);
    rmdir(fixture->dir);
    crypto_free(fixture->crypto);
    arena_done(&fixture->arena);
    free(fixture);
    return 0;
}

static void read_logs(struct fixture *fixture)
{
    if (!logs_read(fixture->eventlog, fixture->ima, fixture->crypto, &fixture->arena,
                   &fixture->logs, &fixture->error))
        fail_msg("%s", fixture->error.message);
}

static void finish(struct fixture *fixture, const struct span *sent, size_t n_sent)
{
    if (!logs_finish(&fixture->logs, sent, n_sent, fixture->crypto, &fixture->arena,
                     &fixture->error))
        fail_msg("%s", fixture->error.message);
}

static void both_logs_go_out_in_full_at_first(void **state)
{
    struct fixture *fixture = *state;

    read_logs(fixture);
    finish(fixture, NULL, 0);
    assert_int_equal(fixture->logs.n_logs, 2);
    assert_int_equal(fixture->logs.logs[0].kind, EVIDENCE_LOG_TCG);
    assert_true(span_is(fixture->logs.logs[0].bytes, "firmware events"));
    assert_true(fixture->logs.logs[0].has_bytes);
    assert_int_equal(fixture->logs.logs[1].kind, EVIDENCE_LOG_IMA);
    assert_false(fixture->logs.event_log_missing);
}

static void a_missing_log_is_left_out_and_told(void **state)
{
    struct fixture *fixture = *state;

    unlink(fixture->eventlog);
    read_logs(fixture);
    assert_int_equal(fixture->logs.n_logs, 1);
    assert_int_equal(fixture->logs.logs[0].kind, EVIDENCE_LOG_IMA);
    assert_true(fixture->logs.event_log_missing);
}

static void entries_after_the_quote_follow_the_covered_part(void **state)
{
    struct fixture *fixture = *state;

    read_logs(fixture);
    put(fixture->ima, "first entries, and a later one");
    finish(fixture, NULL, 0);
    assert_int_equal(fixture->logs.logs[1].covered_len, strlen("first entries"));
    assert_true(span_is(fixture->logs.logs[1].bytes, "first entries, and a later one"));
}

static void a_list_that_is_another_one_suddenly_stays_as_covered(void **state)
{
    struct fixture *fixture = *state;

    read_logs(fixture);
    put(fixture->ima, "other entries and a later one");
    finish(fixture, NULL, 0);
    assert_true(span_is(fixture->logs.logs[1].bytes, "first entries"));
}

static void what_the_service_has_goes_by_digest(void **state)
{
    struct fixture *fixture = *state;
    struct span sent[2];

    read_logs(fixture);
    finish(fixture, NULL, 0);
    sent[0] = fixture->logs.whole_sha256[0];
    sent[1] = fixture->logs.whole_sha256[1];
    read_logs(fixture);
    finish(fixture, sent, 2);
    assert_false(fixture->logs.logs[0].has_bytes);
    assert_false(fixture->logs.logs[1].has_bytes);
    assert_true(span_equal(fixture->logs.whole_sha256[1], sent[1]));
    read_logs(fixture);
    put(fixture->ima, "first entries, and a later one");
    finish(fixture, sent, 2);
    assert_false(fixture->logs.logs[0].has_bytes);
    assert_true(fixture->logs.logs[1].has_bytes); /* new entries have to be shown */
}

/* Puts a file below the fixture's folder, which is the root of a system. */
static void put_below(struct fixture *fixture, const char *path, struct span bytes)
{
    char command[512], full[256];
    struct error error;

    snprintf(full, sizeof full, "%s%s", fixture->dir, path);
    snprintf(command, sizeof command, "mkdir -p \"$(dirname %s)\"", full);
    assert_int_equal(system(command), 0);
    assert_true(os_file_write(full, OS_FILE_PUBLIC, bytes, &error));
}

static void the_owners_keys_come_from_shims_table_or_its_variable(void **state)
{
    struct fixture *fixture = *state;
    struct span bytes;
    char command[128];

    assert_false(logs_read_mok(fixture->dir, &fixture->arena, &bytes, &fixture->error));
    assert_int_equal(fixture->error.code, ERROR_NOT_FOUND);
    put_below(fixture, LOGS_MOK_VARIABLE_PATH, span_text("abc"));
    assert_false(logs_read_mok(fixture->dir, &fixture->arena, &bytes, &fixture->error));
    assert_int_equal(fixture->error.code, ERROR_MALFORMED);
    put_below(fixture, LOGS_MOK_VARIABLE_PATH, span_of("\6\0\0\0the variable", 16));
    assert_true(logs_read_mok(fixture->dir, &fixture->arena, &bytes, &fixture->error));
    assert_true(span_is(bytes, "the variable"));
    put_below(fixture, LOGS_MOK_PATH, span_text("the table"));
    assert_true(logs_read_mok(fixture->dir, &fixture->arena, &bytes, &fixture->error));
    assert_true(span_is(bytes, "the table"));
    snprintf(command, sizeof command, "rm -r %s/sys", fixture->dir);
    assert_int_equal(system(command), 0);
}

#define WITH_LOGS(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

/* systemd measured between the reading of its log and the quote, or did not. */
static void what_systemd_measures_meanwhile_costs_the_quote(void **state)
{
    struct fixture *fixture = *state;
    char path[112];

    read_logs(fixture);
    snprintf(path, sizeof path, "%s/systemd", fixture->dir);
    put(path, "one record");
    fixture->logs.paths[fixture->logs.n_logs] = path;
    fixture->logs.logs[fixture->logs.n_logs++] = (struct evidence_log){
        .kind = EVIDENCE_LOG_SYSTEMD,
        .sha256 = fixture->logs.logs[0].sha256,
        .covered_len = 10,
        .bytes = span_text("one record"),
        .has_bytes = true};
    assert_true(
        logs_finish(&fixture->logs, NULL, 0, fixture->crypto, &fixture->arena, &fixture->error));
    put(path, "one record, another");
    assert_false(
        logs_finish(&fixture->logs, NULL, 0, fixture->crypto, &fixture->arena, &fixture->error));
    assert_int_equal(fixture->error.code, ERROR_CONFLICT);
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_LOGS(what_systemd_measures_meanwhile_costs_the_quote),
        WITH_LOGS(both_logs_go_out_in_full_at_first),
        WITH_LOGS(a_missing_log_is_left_out_and_told),
        WITH_LOGS(entries_after_the_quote_follow_the_covered_part),
        WITH_LOGS(a_list_that_is_another_one_suddenly_stays_as_covered),
        WITH_LOGS(what_the_service_has_goes_by_digest),
        WITH_LOGS(the_owners_keys_come_from_shims_table_or_its_variable),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
