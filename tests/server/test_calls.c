/* The front's queues for workers, with a thread for the worker. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/limits.h"
#include "http/loop.h"
#include "os/frame.h"
#include "server/calls.h"
#include "server/worker.h"

enum { CALLS = 7 };

static struct event_base *loop;
static struct calls *calls;
static int pair[2];
static char order[CALLS + 1]; /* in which the worker was asked */
static size_t n_done;
static enum call_result last;

static void on_stuck(void *context, uint32_t worker)
{
    (void)context;
    (void)worker;
}

static int start(void **state)
{
    const struct calls_settings settings = {
        .deadline_s = 60, .waiting = 3, .waiting_len = 1024, .stuck = on_stuck};
    struct role_handover handover = {.role = ROLE_WORKER};
    struct error error;

    (void)state;
    loop = loop_new(&error);
    calls = loop ? calls_new(loop, &settings, &error) : NULL;
    if (!calls || !os_socketpair(pair, &error))
        return -1;
    handover.fd = pair[0];
    n_done = 0;
    return fcntl(pair[0], F_SETFL, O_NONBLOCK) == 0 && calls_attach(calls, &handover, &error) ? 0
                                                                                              : -1;
}

static int end(void **state)
{
    (void)state;
    calls_free(calls);
    loop_free(loop);
    close(pair[1]);
    return 0;
}

/* Answers each call with nothing. */
static void *work(void *context)
{
    struct arena arena = arena_init(4096);

    (void)context;
    for (size_t i = 0; i < CALLS; i++) {
        struct span frame;
        struct error error;

        if (!os_frame_receive(pair[1], 16, OS_NO_DEADLINE, &arena, &frame, &error) ||
            !os_frame_send(pair[1], NULL, 0, 16, OS_NO_DEADLINE, &error))
            abort();
        order[i] = (char)frame.data[0];
    }
    arena_done(&arena);
    return NULL;
}

static void on_done(void *context, enum call_result result, struct span answer)
{
    (void)answer;
    last = result;
    if (++n_done == (size_t)(uintptr_t)context)
        loop_stop(loop);
}

/* A worker has the first call; of those that wait, every other one is a host's while both kinds do. */
static void test_hosts_and_people_take_turns(void **state)
{
    void *all = (void *)(uintptr_t)CALLS;
    struct error error;
    pthread_t worker;

    (void)state;
    calls_ask(calls, span_text("0"), on_done, all);
    calls_ask(calls, span_text("a"), on_done, all);
    calls_ask(calls, span_text("b"), on_done, all);
    calls_ask(calls, span_text("c"), on_done, all);
    calls_work(calls, span_text("1"), on_done, all);
    calls_work(calls, span_text("2"), on_done, all);
    calls_work(calls, span_text("3"), on_done, all);
    assert_int_equal(pthread_create(&worker, NULL, work, NULL), 0);
    assert_true(loop_run(loop, &error));
    assert_int_equal(pthread_join(worker, NULL), 0);
    assert_string_equal(order, "01a2b3c");
    assert_int_equal(calls_counts(calls).answered, CALLS);
}

/* A full queue of people leaves that of hosts as it is. */
static void test_queues_have_caps_of_their_own(void **state)
{
    void *one = (void *)(uintptr_t)1;
    struct error error;

    (void)state;
    for (int i = 0; i < 5; i++) /* one goes to the worker, three wait */
        calls_ask(calls, span_text("a"), on_done, one);
    calls_work(calls, span_text("1"), on_done, one);
    assert_int_equal(calls_counts(calls).waiting, 4);
    assert_true(loop_run(loop, &error));
    assert_int_equal(last, CALL_BUSY);
    assert_int_equal(n_done, 1);
}

/* It would end the worker, who takes no such frame. */
static void test_too_long_for_a_worker(void **state)
{
    size_t len = WORKER_FRAME_LEN + 1;
    uint8_t *bytes = calloc(1, len);
    struct error error;

    (void)state;
    assert_non_null(bytes);
    calls_work(calls, span_of(bytes, len), on_done, (void *)(uintptr_t)1);
    free(bytes);
    assert_true(loop_run(loop, &error));
    assert_int_equal(last, CALL_BUSY);
    assert_int_equal(calls_counts(calls).workers, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_hosts_and_people_take_turns, start, end),
        cmocka_unit_test_setup_teardown(test_queues_have_caps_of_their_own, start, end),
        cmocka_unit_test_setup_teardown(test_too_long_for_a_worker, start, end),
    };

    return cmocka_run_group_tests_name("server calls", tests, NULL, NULL);
}
