/* The service as processes: a worker's crash costs one worker, a crash of everything loses nothing
 * that was answered, and nobody but the signer reaches the keys. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "server/confine.h"
#include "support/api_host.h"

static const char POLICY[] = "[policy]\nname = test\nversion = 1\n\n"
                             "[rule secure-boot]\nrequire = secure_boot.enabled\n"
                             "message = Secure Boot must be on\n";

static struct service service;
static struct api_maker maker;

static int start(void **state)
{
    (void)state;
    api_maker_init(&maker);
    service_start_for(&service, &maker, &(const char *){"server.workers=2"}, 1);
    service_put_policy(&service, POLICY);
    return 0;
}

static int end(void **state)
{
    (void)state;
    service_wipe(&service);
    api_maker_done(&maker);
    return 0;
}

static void pause_ms(long ms)
{
    nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000}, NULL);
}

static json_t *get_json(const char *path)
{
    struct http_client_answer answer = service_request(&service, "GET", path, service.token, NULL,
                                                       (struct span){0});

    assert_int_equal(answer.status, 200);
    return json_loadb((const char *)answer.body.data, answer.body.len, 0, NULL);
}

/* --- Crashes --- */

/* Kills a worker again and again while the parent attests; ends when it is killed itself. */
static pid_t start_killer(void)
{
    pid_t killer = fork();

    if (killer != 0)
        return killer;
    for (;;) {
        pid_t workers[8];
        size_t n_workers = service_processes(&service, "worker", workers, 8);

        for (size_t i = 0; i < n_workers; i++)
            kill(workers[i], SIGKILL);
        pause_ms(100);
    }
}

static void test_worker_crash_costs_no_more_than_the_request(void **state)
{
    struct api_host host;
    size_t n_trusted = 0, n_lost = 0;
    pid_t killer;

    (void)state;
    api_host_init(&host, "secure-boot", "crash.example", &maker);
    api_host_join(&host, &service);
    assert_int_equal(api_host_attest(&host, &service).status, 200);
    killer = start_killer();
    /* When a worker dies is chance: until one died over a request, and no less than 15 times. */
    for (int i = 0; i < 15 || (n_lost == 0 && i < 500); i++) {
        struct http_client_answer answer = api_host_attest(&host, &service);

        /* A verdict that was made, or none: never one that was made up. */
        if (answer.status == 200) {
            assert_int_equal(host.answer.verdict, VERDICT_TRUSTED);
            n_trusted++;
        } else {
            assert_int_equal(answer.status, 503);
            n_lost++;
        }
    }
    kill(killer, SIGKILL);
    waitpid(killer, NULL, 0);
    assert_true(n_lost > 0);
    for (int i = 0; i < 100 && api_host_attest(&host, &service).status != 200; i++)
        pause_ms(100);
    assert_int_equal(host.answer.verdict, VERDICT_TRUSTED);
    assert_int_equal(service_processes(&service, "front", &killer, 1), 1);
    api_host_done(&host);
}

static void test_signer_crash_gives_no_verdict_without_credentials(void **state)
{
    struct api_host host;
    pid_t signer;

    (void)state;
    api_host_init(&host, "secure-boot", "signer.example", &maker);
    api_host_join(&host, &service);
    assert_int_equal(service_processes(&service, "signer", &signer, 1), 1);
    kill(signer, SIGKILL);
    for (int i = 0; i < 100; i++) {
        struct http_client_answer answer = api_host_attest(&host, &service);

        if (answer.status == 200)
            break;
        assert_true(service_is_problem(&answer, 503, "signer.failed"));
        pause_ms(50);
    }
    assert_int_equal(host.answer.verdict, VERDICT_TRUSTED);
    assert_int_equal(host.answer.n_certificates, 2);
    api_host_done(&host);
}

static void test_nothing_answered_is_lost(void **state)
{
    struct api_host host;
    char path[256], id[128];
    uint8_t nonce[32];
    json_t *verdict;

    (void)state;
    api_host_init(&host, "secure-boot", "durable.example", &maker);
    api_host_join(&host, &service);
    memcpy(nonce, host.soft.nonce, sizeof nonce);
    assert_int_equal(api_host_attest(&host, &service).status, 200);
    snprintf(id, sizeof id, "%.*s", (int)host.answer.verdict_id.len,
             (const char *)host.answer.verdict_id.data);
    service_kill(&service);
    service_restart(&service);
    verdict = get_json("/api/v1/hosts/durable.example");
    assert_string_equal(json_string_value(json_object_get(verdict, "verdict_id")), id);
    assert_string_equal(json_string_value(json_object_get(verdict, "verdict")), "trusted");
    json_decref(verdict);
    /* The CA, the policy and used nonces are the same as before. */
    memcpy(host.soft.nonce, nonce, sizeof nonce);
    assert_int_equal(api_host_attest(&host, &service).status, 200);
    assert_true(api_host_has_reason(&host, "nonce.unknown"));
    api_host_send_digests(&host);
    assert_int_equal(api_host_attest(&host, &service).status, 200);
    assert_int_equal(host.answer.verdict, VERDICT_TRUSTED);
    snprintf(path, sizeof path, "/api/v1/hosts/durable.example/verdicts");
    verdict = get_json(path);
    assert_int_equal(json_array_size(json_object_get(verdict, "verdicts")), 1);
    json_decref(verdict);
    api_host_done(&host);
}

/* --- Who reaches what --- */

/* True when a process has a descriptor or mapping below the path. */
static bool holds(pid_t pid, const char *below)
{
    char path[64], target[512], line[1024];
    bool found = false;
    struct dirent *entry;
    DIR *fds;
    FILE *maps;

    snprintf(path, sizeof path, "/proc/%d/fd", pid);
    fds = opendir(path);
    while (fds && (entry = readdir(fds))) {
        ssize_t len;

        snprintf(path, sizeof path, "/proc/%d/fd/%.20s", pid, entry->d_name);
        len = readlink(path, target, sizeof target - 1);
        target[len > 0 ? len : 0] = '\0';
        found = found || strstr(target, below);
    }
    if (fds)
        closedir(fds);
    snprintf(path, sizeof path, "/proc/%d/maps", pid);
    maps = fopen(path, "r");
    while (maps && fgets(line, sizeof line, maps))
        found = found || strstr(line, below);
    if (maps)
        fclose(maps);
    return found;
}

static void test_keys_are_the_signers_alone(void **state)
{
    static const char *const KEYS[] = {"ca-key.pem", "policy-key.pem"};
    char path[256];
    struct stat status;
    pid_t pids[8];
    size_t n_pids;

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s/keys/%s", service.directory, KEYS[i]);
        assert_int_equal(stat(path, &status), 0);
        assert_int_equal(status.st_mode & 0777, 0600);
    }
    snprintf(path, sizeof path, "%s/keys", service.directory);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0700);
    n_pids = service_processes(&service, NULL, pids, 8);
    assert_true(n_pids >= 4);
    for (size_t i = 0; i < n_pids; i++)
        assert_false(holds(pids[i], "/keys/")); /* read once, not even the signer keeps them open */
}

/* The seccomp mode of a process: 2 is a filter. */
static int seccomp_mode(pid_t pid)
{
    char path[64], line[256];
    int mode = -1;
    FILE *file;

    snprintf(path, sizeof path, "/proc/%d/status", pid);
    file = fopen(path, "r");
    while (file && fgets(line, sizeof line, file))
        sscanf(line, "Seccomp: %d", &mode);
    if (file)
        fclose(file);
    return mode;
}

static void test_workers_and_signer_are_in_the_sandbox(void **state)
{
    pid_t pids[8];
    size_t n_pids = service_processes(&service, "worker", pids, 7);

    (void)state;
    assert_int_equal(n_pids, 2);
    n_pids += service_processes(&service, "signer", pids + n_pids, 1);
    assert_int_equal(n_pids, 3);
    for (size_t i = 0; i < n_pids; i++)
        assert_int_equal(seccomp_mode(pids[i]), 2);
}

static bool can_open(const char *directory, const char *file)
{
    char path[256];
    int fd;

    snprintf(path, sizeof path, "%s/%s", directory, file);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

/* In a process of its own, for it cannot be undone: as the front does it, then as an intruder in
 * the front would go on. */
static int confined(void)
{
    char setting[128];
    const char *flags[] = {setting};
    struct conf_sources sources = {.flags = flags, .n_flags = 1};
    struct conf conf;
    struct error error;

    snprintf(setting, sizeof setting, "server.state_directory=%s", service.directory);
    if (!conf_load(&sources, &conf, &error) || !can_open(service.directory, "keys/ca-key.pem") ||
        !confine_front(&conf, &error))
        return 1;
    if (can_open(service.directory, "keys/ca-key.pem") ||
        can_open(service.directory, "keys/policy-key.pem") || can_open("/etc", "passwd"))
        return 2;
    return can_open(service.directory, "data/bootseal.db") ? 0 : 3;
}

static void test_front_cannot_open_the_keys(void **state)
{
    int status;
    pid_t pid;

    (void)state;
    pid = fork();
    if (pid == 0)
        _exit(confined());
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void test_stops_in_order(void **state)
{
    pid_t left[8];

    (void)state;
    assert_int_equal(service_stop(&service), 0);
    assert_int_equal(service_processes(&service, NULL, left, 8), 0);
    service_restart(&service);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_worker_crash_costs_no_more_than_the_request),
        cmocka_unit_test(test_signer_crash_gives_no_verdict_without_credentials),
        cmocka_unit_test(test_nothing_answered_is_lost),
        cmocka_unit_test(test_keys_are_the_signers_alone),
        cmocka_unit_test(test_workers_and_signer_are_in_the_sandbox),
        cmocka_unit_test(test_front_cannot_open_the_keys),
        cmocka_unit_test(test_stops_in_order),
    };

    return cmocka_run_group_tests_name("server processes", tests, start, end);
}
