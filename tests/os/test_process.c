#include "os/frame.h"
#include "os/process.h"

#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

static struct error error;

static int wait_for(struct os_child *child)
{
    struct pollfd wait = {.fd = child->pidfd, .events = POLLIN};
    bool ended = false;
    int status = -1;

    assert_int_equal(poll(&wait, 1, 5000), 1);
    assert_true(os_child_reap(child, &ended, &status, &error));
    assert_true(ended);
    os_child_close(child);
    return status;
}

/* Says which descriptors it has, and whether SIGTERM is at its default. */
static int look_around(int fd, void *context)
{
    struct sigaction action;
    int *kept = context, n = 0;
    struct span part;

    for (int i = 3; i < 256; i++)
        n += fcntl(i, F_GETFD) >= 0 && i != fd && i != *kept;
    sigaction(SIGTERM, NULL, &action);
    n += action.sa_handler != SIG_DFL;
    n += *kept >= 0 && fcntl(*kept, F_GETFD) < 0;
    part = span_of(&n, sizeof n);
    return os_frame_send(fd, &part, 1, 100, 1000, &error) ? 7 : 1;
}

static void children_get_only_what_they_should(void **state)
{
    int files[3] = {open("/dev/null", O_RDONLY), open("/dev/null", O_RDONLY),
                    open("/dev/null", O_RDONLY)};
    struct arena arena = arena_init(1000);
    struct os_child child;
    struct span bytes;
    int none = -1, n;

    (void)state;
    signal(SIGTERM, SIG_IGN);
    for (int i = 0; i < 4; i++) {
        int *kept = i < 3 ? &files[i] : &none;

        assert_true(os_child_start("test", look_around, kept, *kept, &child, &error));
        assert_true(os_frame_receive(child.fd, 100, 5000, &arena, &bytes, &error));
        memcpy(&n, bytes.data, sizeof n);
        assert_int_equal(n, 0);
        assert_int_equal(wait_for(&child), 7);
    }
    signal(SIGTERM, SIG_DFL);
    for (int i = 0; i < 3; i++)
        close(files[i]);
    arena_done(&arena);
}

static int sleep_long(int fd, void *context)
{
    (void)fd;
    (void)context;
    sleep(60);
    return 0;
}

static void children_can_be_ended(void **state)
{
    struct os_child child;
    bool ended = true;
    int status;

    (void)state;
    assert_true(os_child_start("test", sleep_long, NULL, -1, &child, &error));
    assert_true(os_child_reap(&child, &ended, &status, &error));
    assert_false(ended);
    assert_true(os_child_kill(&child, SIGKILL, &error));
    assert_int_equal(wait_for(&child), 128 + SIGKILL);
}

static int start_grandchild(int fd, void *context)
{
    struct os_child grandchild;
    struct span part;

    (void)context;
    if (!os_child_start("test", sleep_long, NULL, -1, &grandchild, &error))
        return 1;
    part = span_of(&grandchild.pid, sizeof grandchild.pid);
    return os_frame_send(fd, &part, 1, 100, 1000, &error) ? 0 : 1;
}

/* Gone, or ended and not looked after yet by its new parent. */
static bool has_ended(pid_t pid)
{
    char path[64], text[256] = "";
    int fd;

    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    fd = open(path, O_RDONLY);
    if (fd < 0)
        return true;
    assert_true(read(fd, text, sizeof text - 1) >= 0);
    close(fd);
    return strstr(text, ") Z ") != NULL;
}

static void children_end_with_their_parent(void **state)
{
    struct arena arena = arena_init(1000);
    struct os_child child;
    struct span bytes;
    pid_t grandchild;

    (void)state;
    assert_true(os_child_start("test", start_grandchild, NULL, -1, &child, &error));
    assert_true(os_frame_receive(child.fd, 100, 5000, &arena, &bytes, &error));
    memcpy(&grandchild, bytes.data, sizeof grandchild);
    assert_int_equal(wait_for(&child), 0);
    for (int i = 0; i < 200 && !has_ended(grandchild); i++)
        usleep(10 * 1000);
    assert_true(has_ended(grandchild));
    arena_done(&arena);
}

static void the_service_manager_is_told(void **state)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "/tmp/bootseal-notify"};
    int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
    char text[64] = "";

    (void)state;
    unsetenv("NOTIFY_SOCKET");
    assert_true(os_notify("READY=1", &error));
    unlink(address.sun_path);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    setenv("NOTIFY_SOCKET", address.sun_path, 1);
    assert_true(os_notify("READY=1", &error));
    assert_int_equal(recv(fd, text, sizeof text, MSG_DONTWAIT), 7);
    assert_string_equal(text, "READY=1");
    unlink(address.sun_path);
    close(fd);
    assert_false(os_notify("READY=1", &error));
    unsetenv("NOTIFY_SOCKET");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(children_get_only_what_they_should),
        cmocka_unit_test(children_can_be_ended),
        cmocka_unit_test(children_end_with_their_parent),
        cmocka_unit_test(the_service_manager_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
