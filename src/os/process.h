/* Processes: fork with everything closed that the child must not have, limits, privileges. */
#ifndef BOOTSEAL_OS_PROCESS_H
#define BOOTSEAL_OS_PROCESS_H

#include "base/error.h"

#include <sys/types.h>

/* What a child runs; its return value is the exit status. fd is the child's end of a socketpair. */
typedef int os_child_fn(int fd, void *context);

struct os_child {
    pid_t pid;
    int pidfd; /* readable when the child has ended; closed by os_child_close */
    int fd;    /* our end of the socketpair, non-blocking */
};

/* Forks. In the child: every descriptor but 0-2, its end and keep_fd (or -1) is closed, signals
 * are at their defaults, and it dies (SIGKILL) when the parent thread ends. name becomes the
 * process's name (15 bytes are shown by ps). Call it before any thread is started. */
bool os_child_start(const char *name, os_child_fn *run, void *context, int keep_fd,
                    struct os_child *child, struct error *error) MUST_CHECK;

/* Takes the ended child's status: exit code, or 128 + signal. *ended false while it runs. */
bool os_child_reap(struct os_child *child, bool *ended, int *status,
                   struct error *error) MUST_CHECK;

/* Sends the signal to this child (by pidfd: never to a process that got its number later). */
bool os_child_kill(const struct os_child *child, int signal, struct error *error) MUST_CHECK;

/* Closes both descriptors; fine on a zeroed or closed one. */
void os_child_close(struct os_child *child);

/* Raises the soft limit of open files to at least n, up to the hard limit. */
bool os_raise_file_limit(size_t n, struct error *error) MUST_CHECK;

/* No core dumps and no ptrace by others of the same user, for processes that hold keys. */
bool os_forbid_dumps(struct error *error) MUST_CHECK;

/* Ignores SIGPIPE for the whole process. */
void os_ignore_sigpipe(void);

/* Tells systemd through NOTIFY_SOCKET ("READY=1", "STOPPING=1"); does nothing without one. */
bool os_notify(const char *state, struct error *error) MUST_CHECK;

#endif
