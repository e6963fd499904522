/* Processes. Owns children from their start to their reaping. Must never hand a child a descriptor
 * that it was not meant to have, or signal a process that is not its child. */
#include "os/process.h"

#include "os/frame.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static bool process_error(struct error *error, const char *what)
{
    return error_plain(error, ERROR_IO, "cannot %s: %s", what, strerror(errno));
}

static void close_between(int first, int last)
{
    if (first <= last)
        close_range((unsigned)first, (unsigned)last, 0);
}

static void close_all_but(int a, int b)
{
    int low = a < b ? a : b, high = a < b ? b : a;

    if (low <= STDERR_FILENO)
        low = STDERR_FILENO;
    close_between(STDERR_FILENO + 1, low - 1);
    close_between(low + 1, high - 1);
    close_range((unsigned)high + 1, ~0U, 0);
}

static void default_signals(void)
{
    sigset_t none;

    for (int number = 1; number < NSIG; number++)
        signal(number, SIG_DFL); /* refused for SIGKILL and SIGSTOP, which have it anyway */
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

_Noreturn static void be_child(const char *name, pid_t parent, int fd, int keep_fd,
                               os_child_fn *run, void *context)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) /* it ended before prctl */
        _exit(EXIT_FAILURE);
    prctl(PR_SET_NAME, name);
    default_signals();
    close_all_but(fd, keep_fd);
    _exit(run(fd, context));
}

bool os_child_start(const char *name, os_child_fn *run, void *context, int keep_fd,
                    struct os_child *child, struct error *error)
{
    int pair[2];
    pid_t parent = getpid(), pid;

    if (!os_socketpair(pair, error))
        return false;
    pid = fork();
    if (pid == 0)
        be_child(name, parent, pair[1], keep_fd, run, context);
    close(pair[1]);
    if (pid < 0) {
        process_error(error, "start a process");
        close(pair[0]);
        return false;
    }
    *child = (struct os_child){.pid = pid, .fd = pair[0]};
    child->pidfd = (int)syscall(SYS_pidfd_open, pid, 0); /* close-on-exec by itself */
    if (child->pidfd < 0 || fcntl(child->fd, F_SETFL, O_NONBLOCK) != 0) {
        process_error(error, "watch a process");
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
        os_child_close(child);
        return false;
    }
    return true;
}

bool os_child_reap(struct os_child *child, bool *ended, int *status, struct error *error)
{
    int wait_status;
    pid_t pid = waitpid(child->pid, &wait_status, WNOHANG);

    if (pid < 0)
        return process_error(error, "reap a process");
    *ended = pid == child->pid;
    if (*ended)
        *status = WIFSIGNALED(wait_status) ? 128 + WTERMSIG(wait_status) : WEXITSTATUS(wait_status);
    return true;
}

bool os_child_kill(const struct os_child *child, int signal, struct error *error)
{
    if (syscall(SYS_pidfd_send_signal, child->pidfd, signal, NULL, 0) != 0 && errno != ESRCH)
        return process_error(error, "signal a process");
    return true;
}

void os_child_close(struct os_child *child)
{
    if (child->fd > 0)
        close(child->fd);
    if (child->pidfd > 0)
        close(child->pidfd);
    child->fd = child->pidfd = 0;
}

bool os_raise_file_limit(size_t n, struct error *error)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return process_error(error, "read the limit of open files");
    if (limit.rlim_cur >= n)
        return true;
    limit.rlim_cur = n < limit.rlim_max ? n : limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
        return process_error(error, "raise the limit of open files");
    return true;
}

bool os_forbid_dumps(struct error *error)
{
    struct rlimit none = {0, 0};

    if (setrlimit(RLIMIT_CORE, &none) != 0 || prctl(PR_SET_DUMPABLE, 0) != 0)
        return process_error(error, "forbid core dumps");
    return true;
}

void os_ignore_sigpipe(void)
{
    signal(SIGPIPE, SIG_IGN);
}

bool os_notify(const char *state, struct error *error)
{
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t path_len = path ? strlen(path) : 0;
    socklen_t address_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + path_len);
    bool sent;
    int fd;

    if (path_len == 0)
        return true;
    if (path_len >= sizeof address.sun_path)
        return error_plain(error, ERROR_USAGE, "NOTIFY_SOCKET is too long");
    memcpy(address.sun_path, path, path_len);
    if (path[0] == '@')
        address.sun_path[0] = '\0';
    fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    sent = fd >= 0 && sendto(fd, state, strlen(state), MSG_NOSIGNAL, (struct sockaddr *)&address,
                             address_len) >= 0;
    if (!sent)
        process_error(error, "tell the service manager");
    if (fd >= 0)
        close(fd);
    return sent;
}
