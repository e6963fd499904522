/* The worker's sandbox. Owns the list of what a worker may ask of the kernel; trusts nothing that
 * the worker parses. Must never allow a call that makes a descriptor, a process or executable memory.
 *
 * A call that is not on the list kills the process, and the supervisor sees SIGSYS. */
#include "os/sandbox.h"

#include <errno.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

/* What a process needs that reads requests, computes, and writes answers on what it has. */
static const int ALLOWED[] = {
    SCMP_SYS(read),         SCMP_SYS(write),          SCMP_SYS(readv),
    SCMP_SYS(writev),       SCMP_SYS(recvfrom),       SCMP_SYS(recvmsg),
    SCMP_SYS(sendto),       SCMP_SYS(sendmsg),        SCMP_SYS(poll),
    SCMP_SYS(ppoll),        SCMP_SYS(close),          SCMP_SYS(brk),
    SCMP_SYS(munmap),       SCMP_SYS(mremap),         SCMP_SYS(madvise),
    SCMP_SYS(futex),        SCMP_SYS(getrandom),      SCMP_SYS(clock_gettime),
    SCMP_SYS(gettimeofday), SCMP_SYS(getpid),         SCMP_SYS(gettid),
    SCMP_SYS(rt_sigreturn), SCMP_SYS(rt_sigprocmask), SCMP_SYS(restart_syscall),
    SCMP_SYS(exit),         SCMP_SYS(exit_group),     SCMP_SYS(sched_yield),
};

static bool cap_resource(int resource, rlim_t value)
{
    struct rlimit limit = {value, value};

    return setrlimit(resource, &limit) == 0;
}

/* Bytes of address space that are mapped now. */
static bool mapped_now(uint64_t *len)
{
    FILE *file = fopen("/proc/self/statm", "re");
    char text[64] = "", *end = text;

    if (!file)
        return false;
    if (fgets(text, sizeof text, file))
        *len = strtoull(text, &end, 10) * (uint64_t)sysconf(_SC_PAGESIZE);
    fclose(file);
    return end > text && *end == ' ';
}

static bool cap_resources(uint64_t memory_len, uint64_t cpu_s, struct error *error)
{
    uint64_t mapped = 0;

    /* One descriptor, not none: poll(2) counts its array against this limit. Number 0 is taken. */
    if (!mapped_now(&mapped) || !cap_resource(RLIMIT_AS, mapped + memory_len) ||
        !cap_resource(RLIMIT_NPROC, 0) || !cap_resource(RLIMIT_CORE, 0) ||
        !cap_resource(RLIMIT_NOFILE, 1) || (cpu_s && !cap_resource(RLIMIT_CPU, cpu_s)))
        return error_plain(error, ERROR_IO, "cannot cap a worker's resources: %s", strerror(errno));
    return true;
}

static int add_rules(scmp_filter_ctx filter)
{
    int result = 0;

    for (size_t i = 0; i < sizeof ALLOWED / sizeof *ALLOWED && result == 0; i++)
        result = seccomp_rule_add(filter, SCMP_ACT_ALLOW, ALLOWED[i], 0);
    /* Memory, but neither from files nor executable. */
    if (result == 0)
        result = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 2,
                                  SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0),
                                  SCMP_A3(SCMP_CMP_MASKED_EQ, MAP_ANONYMOUS, MAP_ANONYMOUS));
    if (result == 0)
        result = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1,
                                  SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
    /* abort() ends us, and nobody else. */
    if (result == 0)
        result = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1,
                                  SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid()));
    return result;
}

bool os_sandbox_worker(uint64_t memory_len, uint64_t cpu_s, struct error *error)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
    int result;

    if (!filter)
        return error_plain(error, ERROR_MEMORY, "not enough memory for a seccomp filter");
    tzset(); /* glibc's gmtime_r opens /etc/localtime once */
    result = add_rules(filter);
    if (result == 0 && !cap_resources(memory_len, cpu_s, error)) {
        seccomp_release(filter);
        return false;
    }
    if (result == 0)
        result = seccomp_load(filter); /* sets no_new_privs too */
    seccomp_release(filter);
    if (result != 0)
        return error_plain(error, ERROR_UNSUPPORTED, "the kernel takes no seccomp filter: %s",
                           strerror(-result));
    return true;
}
