/* Two boots side by side: what changed is named, what did not change is not. */
#include "boot.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "claims/boot_diff.h"

struct pair {
    struct boot *before, *after;
    struct evidence before_evidence, after_evidence;
    struct boot_diff diff;
};

static int setup(void **state)
{
    static struct pair pair;

    pair = (struct pair){0};
    *state = &pair;
    return boot_setup((void **)&pair.before) || boot_setup((void **)&pair.after);
}

static int teardown(void **state)
{
    struct pair *pair = *state;
    void *before = pair->before, *after = pair->after;

    return boot_teardown(&before) || boot_teardown(&after);
}

static bool compare(struct pair *pair, struct arena *arena, struct error *error)
{
    const struct boot_diff_input before = {&pair->before->measured, &pair->before_evidence,
                                           &pair->before->claims};
    const struct boot_diff_input after = {&pair->after->measured, &pair->after_evidence,
                                          &pair->after->claims};

    return boot_diff(pair->after->crypto, &before, &after, arena, &pair->diff, error);
}

static void run(struct pair *pair)
{
    struct error error;

    boot_collect(pair->before);
    boot_collect(pair->after);
    assert_true(compare(pair, &pair->after->arena, &error));
}

static const struct boot_diff_value *value(const struct boot_diff_values *values, const char *name)
{
    for (size_t i = 0; i < values->n_items; i++)
        if (strcmp(values->items[i].name, name) == 0)
            return &values->items[i];
    fail_msg("%s does not differ", name);
    return NULL;
}

static void check_detail(const struct boot_diff_details *details, size_t index, const char *text)
{
    assert_true(index < details->n_texts);
    assert_string_equal(details->texts[index], text);
}

static void start(struct pair *pair, const char *before, const char *after)
{
    boot_firmware(pair->before, true);
    boot_linux(pair->before, before);
    boot_firmware(pair->after, true);
    boot_linux(pair->after, after);
}

static void the_same_boot_is_equal(void **state)
{
    struct pair *pair = *state;

    start(pair, "quiet", "quiet");
    run(pair);
    assert_int_equal(pair->diff.n_changes, 0);
    assert_true(pair->diff.n_events > 10);
    assert_int_equal(pair->diff.claims.n_items, 0);
    assert_int_equal(pair->diff.pcrs.n_items, 0);
    assert_int_equal(pair->diff.logs.n_items, 0);
    assert_int_equal(pair->diff.inventory.n_items, 0);
}

static void a_command_line_is_named_word_by_word(void **state)
{
    struct pair *pair = *state;
    const struct boot_diff_change *line;
    const struct boot_diff_value *claim;

    start(pair, "root=/dev/sda1 \"a b\" quiet", "root=/dev/sda1 \"a c\" quiet kgdbwait");
    run(pair);
    assert_int_equal(pair->diff.n_changes, 2); /* the "linux" command, and the line */
    line = &pair->diff.changes[1];
    assert_string_equal(boot_diff_kind(line), "changed");
    assert_string_equal(line->after->words.component, "kernel command line");
    assert_int_equal(line->after->event->event.pcr, 8);
    assert_int_equal(line->details.n_texts, 3);
    check_detail(&line->details, 0, "removed \"a b\"");
    check_detail(&line->details, 1, "added \"a c\"");
    check_detail(&line->details, 2, "added kgdbwait");
    claim = value(&pair->diff.claims, "boot.kernel_command_line");
    assert_string_equal(claim->before, "root=/dev/sda1 \"a b\" quiet");
    check_detail(&claim->details, 2, "added kgdbwait");
    assert_int_equal(pair->diff.pcrs.n_items, 1);
    assert_string_not_equal(value(&pair->diff.pcrs, "PCR 8")->before,
                            value(&pair->diff.pcrs, "PCR 8")->after);
}

static void one_more_of_many_is_one_change(void **state)
{
    struct pair *pair = *state;
    static const char *const commands[] = {"set a=1", "set b=2", "set c=3", "set d=4"};

    for (size_t i = 0; i < 4; i++) {
        boot_grub(pair->before, "grub_cmd: ", commands[i]);
        if (i == 2)
            boot_grub(pair->after, "grub_cmd: ", "set x=9");
        boot_grub(pair->after, "grub_cmd: ", commands[i]);
    }
    run(pair);
    assert_int_equal(pair->diff.n_changes, 1);
    assert_string_equal(boot_diff_kind(&pair->diff.changes[0]), "added");
    assert_string_equal(boot_diff_newest(&pair->diff.changes[0])->words.summary, "set x=9");
    assert_null(pair->diff.changes[0].before);
}

static void what_is_gone_is_removed(void **state)
{
    struct pair *pair = *state;

    boot_text(pair->before, 4, EV_EFI_ACTION, "Calling EFI Application from Boot Option");
    boot_separator(pair->before, 4);
    boot_separator(pair->after, 4);
    run(pair);
    assert_int_equal(pair->diff.n_changes, 1);
    assert_string_equal(boot_diff_kind(&pair->diff.changes[0]), "removed");
    assert_null(pair->diff.changes[0].after);
}

static void a_note_that_nobody_measured_is_no_change(void **state)
{
    struct pair *pair = *state;

    boot_separator(pair->before, 4);
    boot_separator(pair->after, 4);
    log_builder_add(&pair->after->log, 0, EV_NO_ACTION, span_text("a note"));
    run(pair);
    assert_int_equal(pair->diff.n_changes, 0);
}

static void entries_of_a_database_are_named(void **state)
{
    struct pair *pair = *state;
    const struct boot_diff_change *change;

    boot_variable(pair->before, EV_EFI_VARIABLE_DRIVER_CONFIG, BOOT_DATABASE, "db",
                  boot_certificate_list("old"));
    boot_variable(pair->after, EV_EFI_VARIABLE_DRIVER_CONFIG, BOOT_DATABASE, "db",
                  boot_certificate_list("new one"));
    run(pair);
    assert_int_equal(pair->diff.n_changes, 1);
    change = &pair->diff.changes[0];
    assert_string_equal(change->after->words.component, "Secure Boot variable db");
    assert_int_equal(change->details.n_texts, 2);
    check_detail(&change->details, 0, "removed certificate of 7 bytes");
    check_detail(&change->details, 1, "added certificate of 11 bytes");
}

static void a_boot_variable_is_decoded(void **state)
{
    struct pair *pair = *state;

    boot_variable(pair->before, EV_EFI_VARIABLE_BOOT, BOOT_GLOBAL, "BootOrder",
                  span_of("\1\0\2\0", 4));
    boot_variable(pair->after, EV_EFI_VARIABLE_BOOT, BOOT_GLOBAL, "BootOrder",
                  span_of("\2\0\1\0", 4));
    run(pair);
    assert_int_equal(pair->diff.n_changes, 1);
    assert_string_equal(pair->diff.changes[0].before->words.summary, "0001,0002");
    assert_string_equal(pair->diff.changes[0].after->words.summary, "0002,0001");
}

/* Without this cap a hostile pair of logs would make a page of one event. */
static void details_are_counted_beyond_their_cap(void **state)
{
    struct pair *pair = *state;
    char line[400] = "quiet";
    const struct boot_diff_details *details;

    for (int i = 0; i < 40; i++)
        snprintf(line + strlen(line), sizeof line - strlen(line), " w%d", i);
    start(pair, "quiet", line);
    run(pair);
    details = &value(&pair->diff.claims, "boot.kernel_command_line")->details;
    assert_int_equal(details->n_texts, LIMIT_DIFF_DETAILS / 2 + 1);
    check_detail(details, 0, "added w0");
    check_detail(details, LIMIT_DIFF_DETAILS / 2, "added 32 more");
}

static void hostile_names_come_out_printable(void **state)
{
    struct pair *pair = *state;

    boot_image(pair->after, 2, "\\EFI\\\x1b[2J\n.efi", "driver");
    boot_grub(pair->after, "grub_cmd: ", "\x1b]0;owned\x07");
    pair->after_evidence.inventory = &(struct evidence_item){.name = span_text("os\x1b[1m"),
                                                             .value = span_text("Debian\x1b[0m\n")};
    pair->after_evidence.n_inventory = 1;
    run(pair);
    assert_int_equal(pair->diff.n_changes, 2);
    for (size_t i = 0; i < 2; i++) {
        const struct boot_diff_event *event = boot_diff_newest(&pair->diff.changes[i]);

        assert_null(strpbrk(event->words.component, "\x1b\n\x07"));
        assert_null(strpbrk(event->words.summary, "\x1b\n\x07"));
    }
    assert_string_equal(pair->diff.inventory.items[0].name, "os\\x1b[1m");
    assert_string_equal(pair->diff.inventory.items[0].after, "Debian\\x1b[0m\\x0a");
}

static void logs_and_what_the_host_says_are_compared(void **state)
{
    struct pair *pair = *state;
    struct evidence_item before[] = {{span_text("a"), span_text("1")},
                                     {span_text("b"), span_text("same")},
                                     {span_text("kernel.release"), span_text("6.1.0-1")}};
    struct evidence_item after[] = {{span_text("b"), span_text("same")},
                                    {span_text("c"), span_text("3")},
                                    {span_text("kernel.release"), span_text("6.1.0-2")}};

    pair->before_evidence = (struct evidence){
        .inventory = before,
        .n_inventory = 3,
        .logs = {{.kind = EVIDENCE_LOG_TCG, .sha256 = span_text("1")},
                 {.kind = EVIDENCE_LOG_IMA, .sha256 = span_text("2")},
                 {.kind = EVIDENCE_LOG_MOK, .sha256 = span_text("3")}},
        .n_logs = 3};
    pair->after_evidence = (struct evidence){
        .inventory = after,
        .n_inventory = 3,
        .logs = {{.kind = EVIDENCE_LOG_TCG, .sha256 = span_text("9")},
                 {.kind = EVIDENCE_LOG_IMA, .sha256 = span_text("4")},
                 {.kind = EVIDENCE_LOG_DRTM, .sha256 = span_text("5")},
                 {.kind = EVIDENCE_LOG_MOK, .sha256 = span_text("3")}},
        .n_logs = 4};
    run(pair);
    assert_int_equal(pair->diff.logs.n_items, 2); /* the TCG log's events were compared */
    assert_string_equal(value(&pair->diff.logs, "IMA list")->before, "32");
    assert_string_equal(value(&pair->diff.logs, "IMA list")->after, "34");
    assert_null(value(&pair->diff.logs, "DRTM log")->before);
    assert_int_equal(pair->diff.inventory.n_items, 3);
    assert_null(value(&pair->diff.inventory, "a")->after);
    assert_null(value(&pair->diff.inventory, "c")->before);
    check_detail(&value(&pair->diff.inventory, "kernel.release")->details, 1, "added 6.1.0-2");
}

static void a_boot_without_a_log_has_nothing(void **state)
{
    struct pair *pair = *state;
    const struct boot_diff_input nothing = {0};
    struct boot_diff_input after;
    struct error error;

    start(pair, "quiet", "quiet");
    run(pair);
    after = (struct boot_diff_input){.log = &pair->after->measured};
    assert_true(
        boot_diff(pair->after->crypto, &nothing, &after, &pair->after->arena, &pair->diff, &error));
    assert_int_equal(pair->diff.n_changes, pair->diff.n_events);
    assert_true(boot_diff(pair->after->crypto, &nothing, &nothing, &pair->after->arena, &pair->diff,
                          &error));
    assert_int_equal(pair->diff.n_changes, 0);
}

static void memory_that_runs_out_is_said(void **state)
{
    struct pair *pair = *state;
    bool fits = false;
    size_t n_failed = 0, n_changes;

    start(pair, "quiet", "kgdbwait");
    run(pair);
    n_changes = pair->diff.n_changes;
    for (size_t cap = 0; !fits; cap += 512) {
        struct arena arena = arena_init(cap);
        struct error error = {0};

        pair->diff.n_changes = 1000;
        fits = compare(pair, &arena, &error);
        if (!fits) {
            assert_int_equal(error.code, ERROR_MEMORY);
            assert_int_equal(pair->diff.n_changes, 1000);
        }
        n_failed += !fits;
        arena_done(&arena);
    }
    assert_true(n_failed > 10);
    assert_int_equal(pair->diff.n_changes, n_changes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_same_boot_is_equal, setup, teardown),
        cmocka_unit_test_setup_teardown(a_command_line_is_named_word_by_word, setup, teardown),
        cmocka_unit_test_setup_teardown(one_more_of_many_is_one_change, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_gone_is_removed, setup, teardown),
        cmocka_unit_test_setup_teardown(a_note_that_nobody_measured_is_no_change, setup, teardown),
        cmocka_unit_test_setup_teardown(entries_of_a_database_are_named, setup, teardown),
        cmocka_unit_test_setup_teardown(a_boot_variable_is_decoded, setup, teardown),
        cmocka_unit_test_setup_teardown(details_are_counted_beyond_their_cap, setup, teardown),
        cmocka_unit_test_setup_teardown(hostile_names_come_out_printable, setup, teardown),
        cmocka_unit_test_setup_teardown(logs_and_what_the_host_says_are_compared, setup, teardown),
        cmocka_unit_test_setup_teardown(a_boot_without_a_log_has_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(memory_that_runs_out_is_said, setup, teardown),
    };

    return cmocka_run_group_tests_name("boot_diff", tests, NULL, NULL);
}
