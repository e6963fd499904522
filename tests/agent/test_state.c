#include "agent/state.h"
#include "os/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

enum { ARENA_LEN = 1 << 20 };

static const uint8_t BYTES[64] = {1, 2, 3, 4};

struct fixture {
    struct arena arena;
    char dir[64];
};

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);

    fixture->arena = arena_init(ARENA_LEN);
    snprintf(fixture->dir, sizeof fixture->dir, "/tmp/bootseal-state-XXXXXX");
    assert_non_null(mkdtemp(fixture->dir));
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    char path[96];

    snprintf(path, sizeof path, "%s/state", fixture->dir);
    unlink(path);
    rmdir(fixture->dir);
    arena_done(&fixture->arena);
    free(fixture);
    return 0;
}

static struct agent_state a_state(void)
{
    return (struct agent_state){.url = span_text("https://service.example:8443"),
                                .ca = span_text("-----BEGIN CERTIFICATE-----\n"),
                                .host_id = span_of(BYTES, 32),
                                .name = span_text("host.example"),
                                .ak = {0x8100B501, span_of(BYTES, 34)},
                                .identity = {0x8100B502, span_of(BYTES, 34)},
                                .challenge = span_of(BYTES, 50),
                                .answered_s = 1800000000,
                                .answer = span_of(BYTES, 60),
                                .certificates = {span_of(BYTES, 20), span_of(BYTES, 21)},
                                .n_certificates = 2,
                                .approval = {.bank = TPM_ALG_SHA256,
                                             .pcrs = 0xFBFF,
                                             .policy = span_of(BYTES, 32),
                                             .signature = span_of(BYTES, 40),
                                             .policy_key = span_of(BYTES, 41),
                                             .policy_ref = span_of(BYTES, 32)},
                                .sent = {span_of(BYTES, 32)},
                                .n_sent = 1};
}

static void what_is_saved_is_loaded(void **state)
{
    struct fixture *fixture = *state;
    const struct agent_state saved = a_state();
    struct agent_state loaded;
    struct error error;

    assert_true(agent_state_save(fixture->dir, &saved, &fixture->arena, &error));
    assert_true(agent_state_load(fixture->dir, &fixture->arena, &loaded, &error));
    assert_string_equal((const char *)loaded.url.data, "https://service.example:8443");
    assert_true(span_equal(loaded.ca, saved.ca));
    assert_true(span_equal(loaded.host_id, saved.host_id));
    assert_int_equal(loaded.ak.handle, saved.ak.handle);
    assert_true(span_equal(loaded.identity.name, saved.identity.name));
    assert_true(span_equal(loaded.answer, saved.answer));
    assert_int_equal(loaded.n_certificates, 2);
    assert_true(span_equal(loaded.certificates[1], saved.certificates[1]));
    assert_int_equal(loaded.approval.pcrs, 0xFBFF);
    assert_true(span_equal(loaded.approval.policy_key, saved.approval.policy_key));
    assert_int_equal(loaded.n_sent, 1);
}

static void a_host_without_state_is_told_to_enrol(void **state)
{
    struct fixture *fixture = *state;
    struct agent_state loaded;
    struct error error;

    assert_false(agent_state_load(fixture->dir, &fixture->arena, &loaded, &error));
    assert_int_equal(error.code, ERROR_NOT_FOUND);
    assert_non_null(strstr(error.message, "bootseal-agent enroll"));
}

static void damage_anywhere_is_noticed(void **state)
{
    struct fixture *fixture = *state;
    const struct agent_state saved = a_state();
    struct agent_state loaded;
    struct span bytes;
    struct error error;

    assert_true(agent_state_encode(&saved, &fixture->arena, &bytes, &error));
    for (size_t len = 0; len < bytes.len; len++)
        assert_false(
            agent_state_decode(span_of(bytes.data, len), &fixture->arena, &loaded, &error));
}

static void a_damaged_file_is_named_with_what_to_do(void **state)
{
    struct fixture *fixture = *state;
    struct agent_state loaded;
    struct error error;
    char path[96];

    snprintf(path, sizeof path, "%s/state", fixture->dir);
    assert_true(os_file_write(path, OS_FILE_PUBLIC, span_text("no CBOR"), &error));
    assert_false(agent_state_load(fixture->dir, &fixture->arena, &loaded, &error));
    assert_int_equal(error.code, ERROR_MALFORMED);
    assert_non_null(strstr(error.message, path));
    assert_non_null(strstr(error.message, "enrol again"));
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(what_is_saved_is_loaded),
        IN_FOLDER(a_host_without_state_is_told_to_enrol),
        IN_FOLDER(damage_anywhere_is_noticed),
        IN_FOLDER(a_damaged_file_is_named_with_what_to_do),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
