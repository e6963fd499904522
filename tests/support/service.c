#include "support/service.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <jansson.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { START_TRIES = 400, PAUSE_MS = 50, ARENA_LEN = 256 * 1024 * 1024 };

static void demand(bool ok, const char *what)
{
    if (ok)
        return;
    fprintf(stderr, "service: %s: %s\n", what, strerror(errno));
    abort();
}

static void pause_ms(long ms)
{
    nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000}, NULL);
}

static size_t read_text(const char *path, char *text, size_t cap)
{
    FILE *file = fopen(path, "r");
    size_t len = file ? fread(text, 1, cap - 1, file) : 0;

    text[len] = '\0';
    if (file)
        fclose(file);
    return len;
}

/* A port that is free now. */
static uint16_t free_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    demand(fd >= 0 && bind(fd, (struct sockaddr *)&address, len) == 0 &&
               getsockname(fd, (struct sockaddr *)&address, &len) == 0,
           "a free port");
    close(fd);
    return ntohs(address.sin_port);
}

static void run(const struct service *service)
{
    char listen[64], state[128];
    const char *arguments[64] = {"bootseald", "--set", listen, "--set", state};
    size_t n_arguments = 5;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    snprintf(listen, sizeof listen, "server.listen=127.0.0.1:%u", service->port);
    snprintf(state, sizeof state, "server.state_directory=%s", service->directory);
    for (size_t i = 0; i < service->n_settings; i++) {
        arguments[n_arguments++] = "--set";
        arguments[n_arguments++] = service->settings[i];
    }
    execv(getenv("BOOTSEAL_BOOTSEALD"), (char *const *)arguments);
    _exit(127);
}

static bool answers(struct service *service)
{
    struct http_client_request request = {.method = "GET", .path = "/ready"};
    struct http_client_answer answer;
    struct error error;

    return http_client_do(service->client, &request, &service->arena, &answer, &error) &&
           answer.status == 200;
}

void service_open(struct service *service)
{
    static char pem[16384];
    struct http_client_settings settings = {.url = service->url};
    struct error error;

    settings.ca = span_of(pem, read_text(service->ca_file, pem, sizeof pem));
    http_client_free(service->client);
    service->client = NULL;
    if (settings.ca.len)
        demand(http_client_new(&settings, &service->client, &error), "a client");
}

static void launch(struct service *service)
{
    fflush(NULL);
    service->pid = fork();
    demand(service->pid >= 0, "fork");
    if (service->pid == 0)
        run(service);
    for (int i = 0; i < START_TRIES; i++) {
        int status;

        pause_ms(PAUSE_MS);
        demand(waitpid(service->pid, &status, WNOHANG) == 0, "bootseald ended at its start");
        if (!service->client)
            service_open(service);
        if (service->client && answers(service))
            return;
    }
    demand(false, "bootseald does not serve");
}

void service_start(struct service *service, const char *const *settings, size_t n_settings)
{
    char token_file[128];

    *service = (struct service){.directory = "/tmp/bootseal-test-XXXXXX"};
    service->arena = arena_init(ARENA_LEN);
    for (size_t i = 0; i < n_settings; i++)
        service->settings[service->n_settings++] = settings[i];
    demand(mkdtemp(service->directory) != NULL, "a directory");
    service->port = free_port();
    snprintf(service->url, sizeof service->url, "https://127.0.0.1:%u", service->port);
    snprintf(service->ca_file, sizeof service->ca_file, "%s/ca.pem", service->directory);
    launch(service);
    snprintf(token_file, sizeof token_file, "%s/data/admin.token", service->directory);
    demand(read_text(token_file, service->token, sizeof service->token) > 0, "the token");
    service->token[strcspn(service->token, "\n")] = '\0';
}

void service_restart(struct service *service)
{
    http_client_free(service->client);
    service->client = NULL;
    launch(service);
}

static int reap(struct service *service)
{
    int status = 0;

    demand(waitpid(service->pid, &status, 0) == service->pid, "waiting for bootseald");
    service->pid = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int service_stop(struct service *service)
{
    demand(kill(service->pid, SIGTERM) == 0, "SIGTERM");
    return reap(service);
}

void service_kill(struct service *service)
{
    pid_t pids[64];
    size_t n_pids = service_processes(service, NULL, pids, 64), i = 0;

    demand(kill(service->pid, SIGKILL) == 0, "SIGKILL");
    reap(service);
    for (int tries = 0; tries < START_TRIES; tries++) {
        while (i < n_pids && kill(pids[i], 0) != 0)
            i++;
        if (i == n_pids)
            return;
        pause_ms(PAUSE_MS);
    }
    demand(false, "processes are left");
}

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
    (void)status;
    (void)kind;
    (void)walk;
    return remove(path);
}

void service_wipe(struct service *service)
{
    if (service->pid)
        service_stop(service);
    http_client_free(service->client);
    arena_done(&service->arena);
    nftw(service->directory, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

/* The role on the command line of one of ours: argv is bootseald --role ROLE ... */
static bool is_role(const char *pid, const char *role)
{
    char path[64], line[256];
    size_t len;

    snprintf(path, sizeof path, "/proc/%.16s/cmdline", pid);
    len = read_text(path, line, sizeof line);
    if (len < 20 || strcmp(line, "bootseald") != 0 || strcmp(line + 10, "--role") != 0)
        return false;
    return !role || strcmp(line + 17, role) == 0;
}

static pid_t parent_of(const char *pid)
{
    char path[64], line[512], *after_name;

    snprintf(path, sizeof path, "/proc/%.16s/stat", pid);
    read_text(path, line, sizeof line);
    after_name = strrchr(line, ')');
    return after_name ? atoi(after_name + 4) : 0;
}

size_t service_processes(const struct service *service, const char *role, pid_t *pids, size_t cap)
{
    DIR *proc = opendir("/proc");
    struct dirent *entry;
    size_t n_pids = 0;

    demand(proc != NULL, "/proc");
    while ((entry = readdir(proc)) && n_pids < cap)
        if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9' && is_role(entry->d_name, role) &&
            parent_of(entry->d_name) == service->pid)
            pids[n_pids++] = atoi(entry->d_name);
    closedir(proc);
    return n_pids;
}

struct http_client_answer service_send(struct service *service, struct http_client_request request)
{
    struct http_client_answer answer = {0};
    struct error error;

    request.answer_cap = 32 * 1024 * 1024;
    if (!http_client_do(service->client, &request, &service->arena, &answer, &error)) {
        fprintf(stderr, "%s %s: %s\n", request.method, request.path, error.message);
        answer.content_type = "";
    }
    return answer;
}

struct http_client_answer service_request(struct service *service, const char *method,
                                          const char *path, const char *token, const char *type,
                                          struct span body)
{
    return service_send(
        service,
        (struct http_client_request){
            .method = method, .path = path, .bearer = token, .content_type = type, .body = body});
}

struct http_client_answer service_request_bound(struct service *service, const char *path,
                                                http_body_fn *body_fn, void *context)
{
    return service_send(service, (struct http_client_request){.method = "POST",
                                                              .path = path,
                                                              .content_type = "application/cbor",
                                                              .body_fn = body_fn,
                                                              .body_context = context});
}

void service_put_policy(struct service *service, const char *policy)
{
    struct http_client_answer answer = service_request(
        service, "PUT", "/api/v1/policy", service->token, "text/plain", span_text(policy));

    demand(answer.status == 200, "the policy is not taken");
}

void service_forget(struct service *service)
{
    arena_reset(&service->arena);
}

bool service_is_problem(const struct http_client_answer *answer, int status, const char *code)
{
    json_t *problem = json_loadb((const char *)answer->body.data, answer->body.len, 0, NULL);
    const char *found = json_string_value(json_object_get(problem, "code"));
    bool same = answer->status == status && found && strcmp(found, code) == 0 &&
                json_string_value(json_object_get(problem, "request_id")) &&
                strcmp(answer->content_type, "application/problem+json") == 0;

    if (!same)
        fprintf(stderr, "expected %d %s, got %d %s: %.*s\n", status, code, answer->status,
                found ? found : "(none)", (int)answer->body.len, (const char *)answer->body.data);
    json_decref(problem);
    return same;
}

int service_connect(const struct service *service)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(service->port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    demand(fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0, "connect");
    return fd;
}
