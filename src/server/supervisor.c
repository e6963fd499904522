#include "server/supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "log/log.h"
#include "os/clock.h"
#include "os/frame.h"
#include "os/process.h"

enum {
    WORKERS_MAX = 256,
    BACK_OFF_FIRST_MS = 50,
    BACK_OFF_LAST_MS = 5000,
    HEALTHY_MS = 10000, /* who lived this long starts again without back-off */
    KILL_GRACE_MS = 2000,
};

struct process {
    enum role role;
    uint32_t index;
    struct os_child child;
    bool running;
    int64_t started_ms, start_at_ms;
    unsigned back_off_ms;
};

struct supervisor {
    const struct role_start *start;
    supervisor_ready_fn *ready;
    void *context;
    struct span start_frame;
    struct process processes[2 + WORKERS_MAX]; /* front, signer, workers */
    size_t n_processes;
    struct frame_reader front_reader;
    int signals;
    bool told_ready, stopping;
    int64_t stop_deadline_ms;
    int status;
};

/* --- In the child, between fork and exec --- */

struct exec_plan {
    enum role role;
    int channel;
};

static int run_role(int control, void *context)
{
    const struct exec_plan *plan = context;
    char control_text[16], channel_text[16];
    sigset_t none;

    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    snprintf(control_text, sizeof control_text, "%d", control);
    snprintf(channel_text, sizeof channel_text, "%d", plan->channel);
    fcntl(control, F_SETFD, 0);
    if (plan->channel >= 0)
        fcntl(plan->channel, F_SETFD, 0);
    execl("/proc/self/exe", "bootseald", "--role", role_name(plan->role), control_text,
          channel_text, (char *)NULL);
    return 126;
}

/* --- Starting --- */

static struct process *front_of(struct supervisor *supervisor)
{
    return &supervisor->processes[0];
}

static bool start_process(struct supervisor *supervisor, struct process *process,
                          struct error *error)
{
    struct exec_plan plan = {.role = process->role, .channel = -1};
    int pair[2] = {-1, -1};
    bool ok;

    if (process->role != ROLE_FRONT && !os_socketpair(pair, error))
        return false;
    plan.channel = pair[1];
    ok = os_child_start(role_name(process->role), run_role, &plan, plan.channel, &process->child,
                        error);
    if (ok) {
        process->running = true;
        process->started_ms = os_monotonic_ms();
        ok = os_frame_send(process->child.fd, &supervisor->start_frame, 1, ROLE_FRAME_LEN, 1000,
                           error);
    }
    if (ok && process->role != ROLE_FRONT) {
        struct role_handover handover = {
            .role = process->role, .index = process->index, .fd = pair[0]};
        ok = role_handover_send(front_of(supervisor)->child.fd, &handover, error);
    }
    if (pair[0] >= 0) {
        close(pair[0]);
        close(pair[1]);
    }
    return ok;
}

static void plan_restart(struct process *process, bool at_once)
{
    int64_t now_ms = os_monotonic_ms();

    if (at_once || now_ms - process->started_ms >= HEALTHY_MS)
        process->back_off_ms = 0;
    process->start_at_ms = now_ms + process->back_off_ms;
    process->back_off_ms = process->back_off_ms ? process->back_off_ms * 2 : BACK_OFF_FIRST_MS;
    if (process->back_off_ms > BACK_OFF_LAST_MS)
        process->back_off_ms = BACK_OFF_LAST_MS;
}

static void kill_process(const struct process *process, int signal_number)
{
    struct error error;

    if (process->running && !os_child_kill(&process->child, signal_number, &error))
        log_failure(LOG_LEVEL_WARNING, "process.kill", &error);
}

static void start_due(struct supervisor *supervisor)
{
    for (size_t i = 0; i < supervisor->n_processes && !supervisor->stopping; i++) {
        struct process *process = &supervisor->processes[i];
        struct error error;

        if (process->running || process->start_at_ms > os_monotonic_ms())
            continue;
        if (process->role != ROLE_FRONT && !front_of(supervisor)->running)
            continue;
        if (!start_process(supervisor, process, &error)) {
            log_failure(LOG_LEVEL_ERROR, "process.start", &error);
            kill_process(process, SIGKILL);
            if (!process->running)
                plan_restart(process, false);
        }
    }
}

/* --- Ending --- */

/* With the front every channel is gone: the others are of no more use. */
static void front_ended(struct supervisor *supervisor)
{
    frame_reader_done(&supervisor->front_reader);
    supervisor->front_reader = frame_reader_init(ROLE_FRAME_LEN);
    for (size_t i = 1; i < supervisor->n_processes; i++)
        kill_process(&supervisor->processes[i], SIGKILL);
}

static void reap(struct supervisor *supervisor, struct process *process)
{
    struct error error;
    bool ended = false;
    int status = 0;

    if (!os_child_reap(&process->child, &ended, &status, &error)) {
        log_failure(LOG_LEVEL_ERROR, "process.reap", &error);
        return;
    }
    if (!ended)
        return;
    os_child_close(&process->child);
    process->running = false;
    if (!supervisor->stopping)
        log_warning("process.ended", log_text(LOG_PROCESS, role_name(process->role)),
                    log_int("index", process->index), log_int("exit_status", status));
    plan_restart(process, status == 0);
    if (process->role == ROLE_FRONT) {
        if (!supervisor->told_ready && !supervisor->stopping) {
            /* It never served: a wrong certificate, a taken port. Trying again will not help. */
            supervisor->stopping = true;
            supervisor->status = 1;
        }
        front_ended(supervisor);
    } else if (process->role == ROLE_SIGNER && !supervisor->told_ready && status != 0) {
        supervisor->stopping = true;
        supervisor->status = 1;
        kill_process(front_of(supervisor), SIGTERM);
    }
}

static void begin_stop(struct supervisor *supervisor)
{
    struct error error;

    supervisor->stopping = true;
    supervisor->stop_deadline_ms = os_monotonic_ms() + KILL_GRACE_MS +
                                   1000 * conf_number(&supervisor->start->conf, CONF_SERVER_STOP);
    if (!os_notify("STOPPING=1", &error))
        log_failure(LOG_LEVEL_WARNING, "notify", &error);
    kill_process(front_of(supervisor), SIGTERM);
}

/* --- What the front says --- */

static void take_report(struct supervisor *supervisor, const struct role_report *report)
{
    struct error error;

    if (report->kind == ROLE_REPORT_READY && !supervisor->told_ready) {
        supervisor->told_ready = true;
        if (supervisor->ready)
            supervisor->ready(supervisor->context, report);
        if (!os_notify("READY=1", &error))
            log_failure(LOG_LEVEL_WARNING, "notify", &error);
    }
    if (report->kind == ROLE_REPORT_STUCK && report->worker < supervisor->n_processes - 2)
        kill_process(&supervisor->processes[2 + report->worker], SIGKILL);
}

static void read_front(struct supervisor *supervisor)
{
    for (;;) {
        struct role_report report;
        struct span frame;
        struct error error;
        bool complete = false;

        if (!frame_reader_fill(&supervisor->front_reader, front_of(supervisor)->child.fd, &complete,
                               &frame, &error) ||
            !complete)
            return; /* an ended front is noticed by its process */
        if (!role_report_decode(frame, &report, &error)) {
            log_failure(LOG_LEVEL_ERROR, "front.report", &error);
            kill_process(front_of(supervisor), SIGKILL);
            return;
        }
        take_report(supervisor, &report);
    }
}

static void read_signals(struct supervisor *supervisor)
{
    struct signalfd_siginfo info;

    while (read(supervisor->signals, &info, sizeof info) == sizeof info) {
        if (supervisor->stopping)
            supervisor->stop_deadline_ms = 0; /* asked twice: at once */
        else
            begin_stop(supervisor);
    }
}

/* --- The loop --- */

static int next_timeout_ms(const struct supervisor *supervisor)
{
    int64_t now_ms = os_monotonic_ms(), next_ms = now_ms + 60000;

    if (supervisor->stopping && supervisor->stop_deadline_ms < next_ms)
        next_ms = supervisor->stop_deadline_ms;
    for (size_t i = 0; i < supervisor->n_processes && !supervisor->stopping; i++)
        if (!supervisor->processes[i].running && supervisor->processes[i].start_at_ms < next_ms)
            next_ms = supervisor->processes[i].start_at_ms;
    return next_ms > now_ms ? (int)(next_ms - now_ms) : 10;
}

static void wait_once(struct supervisor *supervisor)
{
    struct pollfd polled[4 + WORKERS_MAX];
    struct process *owners[4 + WORKERS_MAX];
    size_t n_polled = 0;

    polled[n_polled] = (struct pollfd){.fd = supervisor->signals, .events = POLLIN};
    owners[n_polled++] = NULL;
    for (size_t i = 0; i < supervisor->n_processes; i++)
        if (supervisor->processes[i].running) {
            polled[n_polled] = (struct pollfd){.fd = supervisor->processes[i].child.pidfd,
                                               .events = POLLIN};
            owners[n_polled++] = &supervisor->processes[i];
        }
    if (front_of(supervisor)->running) {
        polled[n_polled] = (struct pollfd){.fd = front_of(supervisor)->child.fd, .events = POLLIN};
        owners[n_polled++] = NULL;
    }
    if (poll(polled, n_polled, next_timeout_ms(supervisor)) <= 0)
        return;
    if (polled[0].revents)
        read_signals(supervisor);
    if (front_of(supervisor)->running && (polled[n_polled - 1].revents & POLLIN))
        read_front(supervisor);
    for (size_t i = 1; i < n_polled; i++)
        if (owners[i] && polled[i].revents)
            reap(supervisor, owners[i]);
}

static bool any_running(const struct supervisor *supervisor)
{
    for (size_t i = 0; i < supervisor->n_processes; i++)
        if (supervisor->processes[i].running)
            return true;
    return false;
}

static bool catch_signals(struct supervisor *supervisor)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    if (sigprocmask(SIG_BLOCK, &set, NULL) != 0)
        return false;
    supervisor->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return supervisor->signals >= 0;
}

static void plan_processes(struct supervisor *supervisor)
{
    int64_t n_workers = conf_number(&supervisor->start->conf, CONF_SERVER_WORKERS);

    if (n_workers == 0)
        n_workers = sysconf(_SC_NPROCESSORS_ONLN);
    if (n_workers < 1)
        n_workers = 1;
    if (n_workers > WORKERS_MAX)
        n_workers = WORKERS_MAX;
    supervisor->processes[0].role = ROLE_FRONT;
    supervisor->processes[1].role = ROLE_SIGNER;
    for (uint32_t i = 0; i < n_workers; i++) {
        supervisor->processes[2 + i].role = ROLE_WORKER;
        supervisor->processes[2 + i].index = i;
    }
    supervisor->n_processes = 2 + (size_t)n_workers;
}

int supervisor_run(const struct role_start *start, supervisor_ready_fn *ready, void *context)
{
    static struct supervisor supervisor; /* large, one per process */
    struct arena arena = arena_init(ROLE_FRAME_LEN);
    struct error error;

    supervisor.start = start;
    supervisor.ready = ready;
    supervisor.context = context;
    supervisor.front_reader = frame_reader_init(ROLE_FRAME_LEN);
    plan_processes(&supervisor);
    if (!catch_signals(&supervisor) ||
        !role_start_encode(start, &arena, &supervisor.start_frame, &error)) {
        log_error("supervisor.start", log_text(LOG_PROCESS, "supervisor"));
        return 1;
    }
    while (!supervisor.stopping) {
        start_due(&supervisor);
        wait_once(&supervisor);
    }
    while (any_running(&supervisor)) {
        if (!front_of(&supervisor)->running || os_monotonic_ms() >= supervisor.stop_deadline_ms)
            for (size_t i = 0; i < supervisor.n_processes; i++)
                kill_process(&supervisor.processes[i], SIGKILL);
        wait_once(&supervisor);
    }
    frame_reader_done(&supervisor.front_reader);
    arena_done(&arena);
    close(supervisor.signals);
    return supervisor.status;
}
