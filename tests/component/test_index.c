/* Digests find their components, and a log's events their files. */
#include "component/index.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <stdio.h>

#include "support/crypto_arena.h"
#include "support/log_builder.h"
#include "support/pe_builder.h"
#include "wire/event_type.h"

static struct log_builder builder;

static const uint16_t BANKS[] = {TPM_ALG_SHA256, 0};

static struct component_index index_of(const char *const *files, size_t n)
{
    struct component_set set;
    struct component_index index;
    struct error error;

    assert_true(component_set_init(&set, crypto, &arena, BANKS, 1, &error));
    for (size_t i = 0; i < n; i++)
        assert_true(component_add_file(&set,
                                       &(struct component_file){.path = span_text(files[i]),
                                                                .bytes = span_text(files[i]),
                                                                .source = ""},
                                       &error));
    assert_true(component_index_build(&set, &arena, &index, &error));
    return index;
}

static const struct component_digest *const *find(const struct component_index *index,
                                                  const char *bytes, size_t *n)
{
    struct crypto_digest digest;

    crypto_hash_span(crypto, TPM_ALG_SHA256, span_text(bytes), &digest);
    return component_index_find(index, crypto_digest_span(&digest), n);
}

static void every_digest_is_found_and_no_other(void **state)
{
    static char names[500][8];
    const char *files[500];
    struct component_index index;
    size_t n;

    (void)state;
    for (size_t i = 0; i < 500; i++) {
        snprintf(names[i], sizeof names[i], "f%zu", i);
        files[i] = names[i];
    }
    index = index_of(files, 500);
    for (size_t i = 0; i < 500; i++) {
        const struct component_digest *const *found = find(&index, files[i], &n);

        assert_int_equal(n, 1);
        assert_string_equal(found[0]->component->path, files[i]);
    }
    find(&index, "f500", &n);
    assert_int_equal(n, 0);
    component_index_find(&index, span_of(NULL, 0), &n);
    assert_int_equal(n, 0);
}

static void files_of_one_content_are_all_found_in_order(void **state)
{
    struct component_set set;
    struct component_index index;
    const struct component_digest *const *found;
    static const char *const PATHS[] = {"z", "a", "m"};
    struct error error;
    size_t n;

    (void)state;
    assert_true(component_set_init(&set, crypto, &arena, BANKS, 1, &error));
    for (size_t i = 0; i < 3; i++)
        assert_true(component_add_file(&set,
                                       &(struct component_file){.path = span_text(PATHS[i]),
                                                                .bytes = span_text("same"),
                                                                .source = ""},
                                       &error));
    assert_true(component_index_build(&set, &arena, &index, &error));
    found = find(&index, "same", &n);
    assert_int_equal(n, 3);
    for (size_t i = 0; i < 3; i++)
        assert_string_equal(found[i]->component->path, PATHS[i]);
}

/* A command line of two NULs in memory: as a section and as load options it has the same digest. */
static void equal_digests_of_one_component_stand_in_the_order_of_their_forms(void **state)
{
    static const struct pe_builder_section SECTIONS[] = {
        {".cmdline", {(const uint8_t *)"\0\0", 2}, 0}};
    struct pe_builder image = {.sections = SECTIONS, .n_sections = 1};
    static uint8_t bytes[4096];
    struct component_set set;
    struct component_index index;
    const struct component_digest *const *found;
    struct crypto_digest digest;
    struct error error;
    size_t n;

    (void)state;
    assert_true(component_set_init(&set, crypto, &arena, BANKS, 1, &error));
    assert_true(component_add_file(
        &set,
        &(struct component_file){.path = span_text("uki"),
                                 .bytes = pe_builder_write(&image, bytes, sizeof bytes),
                                 .source = ""},
        &error));
    assert_true(component_index_build(&set, &arena, &index, &error));
    crypto_hash_span(crypto, TPM_ALG_SHA256, span_of("\0\0", 2), &digest);
    found = component_index_find(&index, crypto_digest_span(&digest), &n);
    assert_int_equal(n, 2);
    assert_ptr_equal(found[0]->component, found[1]->component);
    assert_int_equal(found[0]->form, COMPONENT_OVER_SECTION);
    assert_int_equal(found[1]->form, COMPONENT_OVER_LOAD_OPTIONS);
}

static void a_full_arena_is_an_error(void **state)
{
    struct arena none = arena_init(8);
    struct component_set set;
    struct component_index index = {0};
    struct component_matches matches;
    struct measured_log log = {.n_events = 10};
    struct error error = {0};

    (void)state;
    assert_true(component_set_init(&set, crypto, &arena, BANKS, 1, &error));
    assert_false(component_index_build(&set, &none, &index, &error));
    assert_int_equal(error.code, ERROR_MEMORY);
    error.code = ERROR_NONE;
    assert_false(component_match_log(&index, &log, &none, &matches, &error));
    assert_int_equal(error.code, ERROR_MEMORY);
    arena_done(&none);
}

static struct component_matches match(const struct component_index *index)
{
    struct component_matches matches;
    struct measured_log log;
    struct error error;

    assert_true(measured_log_read(crypto, log_builder_span(&builder), TPM_ALG_SHA256, &arena, &log,
                                  &error));
    assert_true(component_match_log(index, &log, &arena, &matches, &error));
    return matches;
}

static void measure(uint32_t pcr, uint32_t type, const char *measured, const char *data)
{
    log_builder_add_measured(&builder, pcr, type, span_text(measured), span_text(data));
}

static void measured_files_are_named_and_others_counted(void **state)
{
    static const char *const FILES[] = {"kernel", "grub.cfg"};
    struct component_index index = index_of(FILES, 2);
    struct component_matches matches;

    (void)state;
    log_builder_agile(&builder, crypto, BANKS);
    log_builder_add(&builder, 4, EV_SEPARATOR, span_of("\0\0\0\0", 4));
    measure(9, EV_IPL, "kernel", "/vmlinuz");
    measure(9, EV_IPL, "grub.cfg", "/grub.cfg");
    measure(9, EV_IPL, "initrd", "/initrd.img");
    measure(14, EV_IPL, "list", "MokList");
    measure(0, EV_POST_CODE, "firmware", "POST CODE");
    matches = match(&index);
    assert_int_equal(matches.n_matches, 4);
    assert_int_equal(matches.n_unknown, 1);
    assert_string_equal(matches.matches[0].found[0]->component->path, "kernel");
    assert_true(matches.matches[0].decisive);
    assert_string_equal(matches.matches[1].found[0]->component->path, "grub.cfg");
    assert_int_equal(matches.matches[2].n_found, 0);
    assert_false(matches.matches[2].is_in_log);
    assert_int_equal(matches.matches[3].n_found, 0);
    assert_false(matches.matches[3].decisive);
}

/* Types and names are the log's word: neither hides an event nor makes it known. */
static void what_a_log_calls_an_event_does_not_count(void **state)
{
    static const char *const FILES[] = {"kernel"};
    struct component_index index = index_of(FILES, 1);
    struct component_matches matches;

    (void)state;
    log_builder_agile(&builder, crypto, BANKS);
    measure(4, EV_SEPARATOR, "rootkit", "\0\0\0\0");
    measure(4, EV_EFI_ACTION, "rootkit", "Calling EFI Application from Boot Option");
    measure(9, EV_EVENT_TAG, "rootkit", "kernel");
    measure(11, EV_COMPACT_HASH, "rootkit", "kernel");
    matches = match(&index);
    assert_int_equal(matches.n_matches, 4);
    assert_int_equal(matches.n_unknown, 4);
}

static void a_separator_is_no_component_whatever_its_data_say(void **state)
{
    struct component_index index = index_of(NULL, 0);
    struct component_matches matches;

    (void)state;
    log_builder_agile(&builder, crypto, BANKS);
    log_builder_add_measured(&builder, 4, EV_SEPARATOR, span_of("\0\0\0\0", 4), span_text("other"));
    matches = match(&index);
    assert_int_equal(matches.n_matches, 0);
}

static void the_stubs_section_names_are_known_without_files(void **state)
{
    struct component_index index = index_of(NULL, 0);
    struct component_matches matches;

    (void)state;
    log_builder_agile(&builder, crypto, BANKS);
    log_builder_add_measured(&builder, 11, EV_IPL, span_of(".linux", 7), span_text("x"));
    log_builder_add_measured(&builder, 11, EV_IPL, span_of(".pcrsig", 8), span_text("x"));
    matches = match(&index);
    assert_int_equal(matches.n_unknown, 1);
    assert_int_equal(matches.matches[0].found[0]->component->kind, COMPONENT_WORD);
    assert_string_equal(matches.matches[0].found[0]->component->path, ".linux");
}

static void what_another_event_holds_is_not_unknown(void **state)
{
    struct component_index index = index_of(NULL, 0);
    struct component_matches matches;

    (void)state;
    log_builder_agile(&builder, crypto, BANKS);
    log_builder_add(&builder, 12, EV_EVENT_TAG, span_text("command line"));
    measure(9, EV_EVENT_TAG, "command line", "LoadOptions");
    measure(9, EV_EVENT_TAG, "another line", "LoadOptions");
    matches = match(&index);
    assert_int_equal(matches.n_matches, 2);
    assert_true(matches.matches[0].is_in_log);
    assert_int_equal(matches.matches[0].explained, 1);
    assert_false(matches.matches[1].is_in_log);
    assert_int_equal(matches.n_unknown, 1);
}

static void a_log_of_measurement_registers_is_refused(void **state)
{
    struct component_index index = index_of(NULL, 0);
    struct component_matches matches;
    struct measured_log log = {.measurement_registers = true};
    struct error error = {0};

    (void)state;
    assert_false(component_match_log(&index, &log, &arena, &matches, &error));
    assert_int_equal(error.code, ERROR_UNSUPPORTED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_digest_is_found_and_no_other),
        cmocka_unit_test(files_of_one_content_are_all_found_in_order),
        cmocka_unit_test(measured_files_are_named_and_others_counted),
        cmocka_unit_test(what_a_log_calls_an_event_does_not_count),
        cmocka_unit_test(a_separator_is_no_component_whatever_its_data_say),
        cmocka_unit_test(the_stubs_section_names_are_known_without_files),
        cmocka_unit_test(what_another_event_holds_is_not_unknown),
        cmocka_unit_test(a_log_of_measurement_registers_is_refused),
        cmocka_unit_test(equal_digests_of_one_component_stand_in_the_order_of_their_forms),
        cmocka_unit_test(a_full_arena_is_an_error),
    };

    return cmocka_run_group_tests(tests, crypto_arena_setup, crypto_arena_teardown);
}
