/* The worker's sandbox: what it forbids kills, what a worker needs goes on. */
#include "crypto/crypto.h"
#include "os/clock.h"
#include "os/frame.h"
#include "os/process.h"
#include "os/sandbox.h"

#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static struct error error;

/* AddressSanitizer's runtime makes calls of its own that the sandbox forbids. */
#if defined __has_feature
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__ 1 /* what gcc defines by itself */
#endif
#endif
static void skip_with_sanitizer(void)
{
#ifdef __SANITIZE_ADDRESS__
    skip();
#endif
}

static int open_file(void)
{
    return open("/etc/hostname", O_RDONLY);
}

static int open_socket(void)
{
    return socket(AF_INET, SOCK_STREAM, 0);
}

static int make_process(void)
{
    return fork();
}

static int run_program(void)
{
    char *const none[] = {NULL};

    return execve("/bin/true", none, none);
}

static int map_code(void)
{
    return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
           MAP_FAILED;
}

static int make_code(void)
{
    void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    return mprotect(page, 4096, PROT_READ | PROT_EXEC);
}

static int map_file(void)
{
    return mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, 0, 0) == MAP_FAILED;
}

static int kill_another(void)
{
    return kill(getppid(), 0);
}

static int trace_another(void)
{
    return (int)ptrace(PTRACE_ATTACH, 1, 0, 0);
}

static int remove_file(void)
{
    return unlink("/tmp/bootseal-no-such-file");
}

static int copy_descriptor(void)
{
    return dup(1);
}

static int run_sandboxed(int fd, void *context)
{
    int (**what)(void) = context;

    (void)fd;
    if (!os_sandbox_worker(64 * 1024 * 1024, 2, &error))
        return 99;
    (*what)();
    return 0;
}

static int status_of(os_child_fn *run, void *context)
{
    struct os_child child;
    struct pollfd wait = {.events = POLLIN};
    bool ended = false;
    int status = -1;

    assert_true(os_child_start("test", run, context, -1, &child, &error));
    wait.fd = child.pidfd;
    assert_int_equal(poll(&wait, 1, 20000), 1);
    assert_true(os_child_reap(&child, &ended, &status, &error));
    os_child_close(&child);
    return status;
}

static void what_is_forbidden_kills(void **state)
{
    static int (*const CASES[])(void) = {
        open_file, open_socket,  make_process,  run_program, map_code,        make_code,
        map_file,  kill_another, trace_another, remove_file, copy_descriptor,
    };

    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++)
        assert_int_equal(status_of(run_sandboxed, (void *)&CASES[i]), 128 + SIGSYS);
}

/* What a worker does: takes frames, allocates, hashes, answers. */
static int work(int fd, void *context)
{
    struct crypto *crypto = crypto_new(&error);
    struct arena arena = arena_init(32 * 1024 * 1024);
    struct crypto_digest digest;
    struct span bytes;
    uint8_t random[16];

    (void)context;
    if (!crypto || !os_sandbox_worker(64 * 1024 * 1024, 2, &error) ||
        !os_frame_receive(fd, 1000, 5000, &arena, &bytes, &error) ||
        !arena_alloc(&arena, 16 * 1024 * 1024) || !crypto_random(random, sizeof random, &error) ||
        os_now_s() < 1700000000)
        return 1;
    crypto_hash_span(crypto, TPM_ALG_SHA256, bytes, &digest);
    bytes = crypto_digest_span(&digest);
    if (!os_frame_send(fd, &bytes, 1, 1000, 5000, &error))
        return 2;
    arena_done(&arena);
    return 0;
}

static void a_worker_can_work(void **state)
{
    struct arena arena = arena_init(1000);
    struct os_child child;
    struct span bytes = span_text("abc");
    struct pollfd wait = {.events = POLLIN};
    bool ended = false;
    int status = -1;

    (void)state;
    skip_with_sanitizer();
    assert_true(os_child_start("test", work, NULL, -1, &child, &error));
    assert_true(os_frame_send(child.fd, &bytes, 1, 1000, 5000, &error));
    assert_true(os_frame_receive(child.fd, 1000, 5000, &arena, &bytes, &error));
    assert_int_equal(bytes.len, 32);
    assert_memory_equal(bytes.data, "\xba\x78\x16\xbf", 4);
    wait.fd = child.pidfd;
    assert_int_equal(poll(&wait, 1, 5000), 1);
    assert_true(os_child_reap(&child, &ended, &status, &error));
    assert_int_equal(status, 0);
    os_child_close(&child);
    arena_done(&arena);
}

static int take_memory(int fd, void *context)
{
    (void)fd;
    (void)context;
    if (!os_sandbox_worker(64 * 1024 * 1024, 2, &error))
        return 99;
    return malloc(48 * 1024 * 1024) && !malloc(128 * 1024 * 1024) ? 42 : 1;
}

static int take_time(int fd, void *context)
{
    volatile unsigned n = 0;

    (void)fd;
    (void)context;
    if (!os_sandbox_worker(64 * 1024 * 1024, 1, &error))
        return 99;
    for (;;)
        n++;
}

static int give_up(int fd, void *context)
{
    (void)fd;
    (void)context;
    if (!os_sandbox_worker(64 * 1024 * 1024, 1, &error))
        return 99;
    abort(); /* what an assertion does */
}

static void memory_and_time_are_capped(void **state)
{
    int status;

    (void)state;
    skip_with_sanitizer();
    assert_int_equal(status_of(take_memory, NULL), 42);
    status = status_of(take_time, NULL);
    assert_true(status == 128 + SIGXCPU || status == 128 + SIGKILL);
    assert_int_equal(status_of(give_up, NULL), 128 + SIGABRT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_forbidden_kills),
        cmocka_unit_test(a_worker_can_work),
        cmocka_unit_test(memory_and_time_are_capped),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
