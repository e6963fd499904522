#include "os/clock.h"
#include "os/frame.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static int pair[2];
static struct arena arena;
static struct error error;

static int set_up(void **state)
{
    (void)state;
    arena = arena_init(1024 * 1024);
    return os_socketpair(pair, &error) ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    close(pair[0]);
    close(pair[1]);
    arena_done(&arena);
    return 0;
}

static void frames_travel(void **state)
{
    struct span parts[] = {span_text("one"), span_of(NULL, 0), span_text("two")}, bytes;

    (void)state;
    assert_true(os_frame_send(pair[0], parts, 3, 6, 100, &error));
    assert_true(os_frame_send(pair[0], parts, 0, 6, 100, &error));
    assert_true(os_frame_receive(pair[1], 6, 100, &arena, &bytes, &error));
    assert_true(span_is(bytes, "onetwo"));
    assert_true(os_frame_receive(pair[1], 6, 100, &arena, &bytes, &error));
    assert_int_equal(bytes.len, 0);
    assert_false(os_frame_send(pair[0], parts, 3, 5, 100, &error));
    assert_int_equal(error.code, ERROR_LIMIT);
}

static void an_announced_length_is_not_believed(void **state)
{
    struct frame_reader reader = frame_reader_init(100);
    struct span bytes;
    bool complete;

    (void)state;
    assert_int_equal(write(pair[0], "\xff\xff\xff\xff", 4), 4);
    assert_int_equal(write(pair[0], "\x00\x00\x00\x65", 4), 4);
    assert_false(os_frame_receive(pair[1], 100, 100, &arena, &bytes, &error));
    assert_int_equal(error.code, ERROR_LIMIT);
    assert_false(frame_reader_fill(&reader, pair[1], &complete, &bytes, &error));
    assert_int_equal(error.code, ERROR_LIMIT);
    frame_reader_done(&reader);
}

static void deadlines_hold(void **state)
{
    static uint8_t large[8 * 1024 * 1024];
    struct span bytes, part = span_of(large, sizeof large);
    int64_t start = os_monotonic_ms();

    (void)state;
    assert_false(os_frame_receive(pair[1], 100, 50, &arena, &bytes, &error));
    assert_int_equal(error.code, ERROR_IO);
    assert_int_equal(write(pair[0], "\x00\x00\x00\x05hel", 7), 7);
    assert_false(os_frame_receive(pair[1], 100, 50, &arena, &bytes, &error));
    assert_false(os_frame_send(pair[0], &part, 1, sizeof large, 50, &error));
    assert_int_equal(error.code, ERROR_IO);
    assert_in_range(os_monotonic_ms() - start, 140, 2000);
}

static void the_end_of_the_peer_is_told(void **state)
{
    struct frame_reader reader = frame_reader_init(100);
    struct span bytes;
    bool complete;

    (void)state;
    assert_int_equal(write(pair[0], "\x00\x00\x00\x02hi\x00\x00", 8), 8);
    shutdown(pair[0], SHUT_WR);
    assert_true(os_frame_receive(pair[1], 100, 50, &arena, &bytes, &error));
    assert_false(os_frame_receive(pair[1], 100, 50, &arena, &bytes, &error));
    assert_int_equal(error.code, ERROR_IO); /* in the middle of a header */
    assert_false(os_frame_receive(pair[1], 100, 50, &arena, &bytes, &error));
    assert_int_equal(error.code, ERROR_NOT_FOUND);
    assert_false(frame_reader_fill(&reader, pair[1], &complete, &bytes, &error));
    assert_int_equal(error.code, ERROR_NOT_FOUND);
    frame_reader_done(&reader);
}

/* However the bytes of three frames are cut up, the same frames come out. */
static void pieces_make_the_same_frames(void **state)
{
    static const char STREAM[] = "\x00\x00\x00\x01"
                                 "a"
                                 "\x00\x00\x00\x00"
                                 "\x00\x00\x00\x03"
                                 "bcd";
    const size_t len = sizeof STREAM - 1;

    (void)state;
    for (size_t step = 1; step <= len; step++) {
        struct frame_reader reader = frame_reader_init(3);
        char got[16] = "";

        for (size_t at = 0; at < len; at += step) {
            size_t n = len - at < step ? len - at : step;
            bool complete = true;

            assert_int_equal(write(pair[0], STREAM + at, n), n);
            while (complete) {
                struct span bytes;

                assert_true(frame_reader_fill(&reader, pair[1], &complete, &bytes, &error));
                if (complete) {
                    strncat(got, (const char *)bytes.data, bytes.len);
                    strcat(got, ".");
                }
            }
        }
        assert_string_equal(got, "a..bcd.");
        frame_reader_done(&reader);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(frames_travel, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_announced_length_is_not_believed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(deadlines_hold, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_end_of_the_peer_is_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(pieces_make_the_same_frames, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
