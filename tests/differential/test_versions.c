/* The order of versions against `systemd-analyze compare-versions`, which implements the same
 * specification: real versions in every pair, and made up ones out of everything that the order looks
 * at. Skipped where it is not installed. */
#include "policy/version.h"

#include <fcntl.h>
#include <setjmp.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

#include <cmocka.h>

extern char **environ;

static const char *const REAL[] = {
    "6.1.0-28-amd64",
    "6.1.0-9-amd64",
    "6.1.119-1",
    "6.12.6-200.fc41.x86_64",
    "6.12.6~rc1-200",
    "5.14.0-503.19.1.el9_5.x86_64",
    "2.06-13+deb12u1",
    "2.06-3~deb11u6",
    "15.8-1~deb12u1",
    "10.0.22621.1",
    "10.0.22621.963",
    "10.0.26100.0",
    "N40ET37W (1.19 )",
    "shim,4",
    "grub.debian,4",
    "1.0^20240101git",
    "",
};

/* -1, 0 or 1 as the peer says. */
static int peer_compare(const char *a, const char *b)
{
    const char *arguments[] = {"systemd-analyze", "compare-versions", a, b, NULL};
    posix_spawn_file_actions_t actions;
    pid_t child;
    int status;

    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    assert_int_equal(
        posix_spawnp(&child, arguments[0], &actions, NULL, (char *const *)arguments, environ), 0);
    posix_spawn_file_actions_destroy(&actions);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    switch (WEXITSTATUS(status)) {
    case 0:
        return 0;
    case 11:
        return 1;
    case 12:
        return -1;
    default:
        fail_msg("systemd-analyze ended with %d for \"%s\" and \"%s\"", WEXITSTATUS(status), a, b);
    }
    return 0;
}

static void check(const char *a, const char *b)
{
    int order = version_compare(span_text(a), span_text(b));
    int peers = peer_compare(a, b);

    if ((order > 0) - (order < 0) != peers)
        fail_msg("\"%s\" and \"%s\": %d here, %d there", a, b, order, peers);
}

static void real_versions(void **state)
{
    const size_t n = sizeof REAL / sizeof *REAL;

    (void)state;
    for (size_t i = 0; i < n; i++)
        for (size_t k = i; k < n; k++)
            check(REAL[i], REAL[k]);
}

/* A few letters only, so that many pairs are alike up to their ends. The first is not a dash, which
 * would be an option to the peer. */
static void make_up(uint32_t *random, char *version)
{
    static const char PARTS[] = "0019ab.-~^_ Z";
    size_t len = 0;

    for (uint32_t i = 0; i < 8; i++) {
        *random = *random * 1664525 + 1013904223;
        if ((*random >> 8) % 4 != 0)
            version[len++] = PARTS[(*random >> 16) % (sizeof PARTS - 1)];
    }
    if (version[0] == '-')
        version[0] = '1';
    version[len] = '\0';
}

static void made_up_versions(void **state)
{
    uint32_t random = 20;
    char a[16], b[16], same[40];

    (void)state;
    for (int i = 0; i < 300; i++) {
        make_up(&random, a);
        make_up(&random, b);
        check(a, b);
        snprintf(same, sizeof same, "%s%s", a, b); /* one that begins as the other is */
        check(a, same);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(real_versions),
        cmocka_unit_test(made_up_versions),
    };

    if (system("systemd-analyze compare-versions 1 2 >/dev/null 2>&1; [ $? = 12 ]") != 0)
        return 77; /* skipped */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
