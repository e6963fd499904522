/* service.steady: CPU time that the whole service (all its processes) spends on one attestation of
 * an unchanged host over TLS keep-alive, verdict durable; its certificate is still good. The reference is
 * one empty request (GET /health) on the same connections: what TLS and HTTP alone cost. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench_service.h"
#include "measure.h"

enum { CLIENTS = 16, ATTESTATIONS = 150 };

static const char NAME[] = "service.steady";
static const char POLICY[] = "[policy]\nname = bench\nversion = 1\n\n"
                             "[rule secure-boot]\nrequire = secure_boot.enabled\n"
                             "message = Secure Boot must be on\n";

struct client {
    pid_t pid;
    int go, done; /* a byte each way starts and ends a round */
};

static void wait_byte(int fd)
{
    char byte;

    measure_demand(read(fd, &byte, 1) == 1, "a client ended");
}

/* A host in a process of its own: joins, attests in full, then does rounds when told. */
static void run_client(struct service *service, const struct api_maker *maker, int number, int go,
                       int done)
{
    struct api_host host;
    char name[64];

    snprintf(name, sizeof name, "host-%d.example", number);
    service->client = NULL;
    service_open(service);
    api_host_init(&host, "secure-boot", name, maker);
    measure_demand(api_host_join(&host, service) == ENROLMENT_STATE_ENROLLED, "enrolment");
    measure_demand(api_host_attest(&host, service).status == 200 &&
                       host.answer.verdict == VERDICT_TRUSTED,
                   "the first attestation");
    api_host_send_digests(&host);
    api_host_omit_identity(&host);
    measure_demand(write(done, "r", 1) == 1, "the pipe");
    for (char round = 0; read(go, &round, 1) == 1;) {
        for (int i = 0; i < ATTESTATIONS; i++) {
            bool ok = round == 'h'
                          ? service_request(service, "GET", "/health", NULL, NULL, (struct span){0})
                                    .status == 200
                          : api_host_attest(&host, service).status == 200 &&
                                host.answer.verdict == VERDICT_TRUSTED;

            measure_demand(ok, "a request");
            service_forget(service);
        }
        measure_demand(write(done, "d", 1) == 1, "the pipe");
    }
    _exit(0);
}

static void start_clients(struct service *service, const struct api_maker *maker,
                          struct client *clients)
{
    for (int i = 0; i < CLIENTS; i++) {
        int go[2], done[2];

        measure_demand(pipe(go) == 0 && pipe(done) == 0, "pipes");
        fflush(NULL);
        clients[i].pid = fork();
        if (clients[i].pid == 0) {
            close(go[1]);
            for (int k = 0; k < i; k++)
                close(clients[k].go);
            run_client(service, maker, i, go[0], done[1]);
        }
        close(go[0]);
        close(done[1]);
        clients[i].go = go[1];
        clients[i].done = done[0];
        wait_byte(clients[i].done);
    }
}

/* CPU time of all the service's processes, in seconds. */
static double service_cpu_s(const struct service *service)
{
    pid_t pids[32];
    size_t n_pids = service_processes(service, NULL, pids, 31);
    unsigned long long ticks = 0;

    pids[n_pids++] = service->pid;
    for (size_t i = 0; i < n_pids; i++) {
        char path[64], line[1024] = "", *after;
        unsigned long long user, kernel;
        FILE *file;

        snprintf(path, sizeof path, "/proc/%d/stat", pids[i]);
        file = fopen(path, "r");
        measure_demand(file && fgets(line, sizeof line, file), path);
        fclose(file);
        after = strrchr(line, ')');
        for (int field = 0; after && field < 12; field++) /* utime is field 14, proc(5) */
            after = strchr(after + 1, ' ');
        measure_demand(after != NULL, path);
        user = strtoull(after, &after, 10);
        kernel = strtoull(after, &after, 10);
        ticks += user + kernel;
    }
    return (double)ticks / (double)sysconf(_SC_CLK_TCK);
}

/* One round of all clients; microseconds of the service's CPU time per request. */
static double run_round(const struct service *service, const struct client *clients, char round)
{
    double before_s = service_cpu_s(service);

    for (int i = 0; i < CLIENTS; i++)
        measure_demand(write(clients[i].go, &round, 1) == 1, "the pipe");
    for (int i = 0; i < CLIENTS; i++)
        wait_byte(clients[i].done);
    return (service_cpu_s(service) - before_s) * 1e6 / (CLIENTS * ATTESTATIONS);
}

static double median_of_3(const double *values)
{
    double low = values[0] < values[1] ? values[0] : values[1];
    double high = values[0] < values[1] ? values[1] : values[0];

    return values[2] < low ? low : values[2] > high ? high : values[2];
}

static void run(struct service *service, const struct api_maker *maker)
{
    struct client clients[CLIENTS];
    double steady[3], health[3];

    start_clients(service, maker, clients);
    for (int i = 0; i < 3; i++) {
        steady[i] = run_round(service, clients, 'a');
        health[i] = run_round(service, clients, 'h');
    }
    for (int i = 0; i < CLIENTS; i++) {
        close(clients[i].go);
        waitpid(clients[i].pid, NULL, 0);
    }
    measure_note("%d hosts on their own TLS connections, P-256 AK, policy of one rule, certificate "
                 "kept; %d attestations each, median of 3; reference: GET /health",
                 CLIENTS, ATTESTATIONS);
    printf("%s\t%.2f\tus\t%.2f\t%.3f\n", NAME, median_of_3(steady), median_of_3(health),
           median_of_3(steady) / median_of_3(health));
}

int main(int argc, char **argv)
{
    struct service service;
    struct api_maker maker;

    if (!measure_wanted(NAME, argc, argv))
        return 0;
    bench_service_start(&service, &maker, argv[0], POLICY);
    run(&service, &maker);
    bench_service_done(&service, &maker);
    return 0;
}
