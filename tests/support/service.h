/* A real bootseald for scenario tests, on a free loopback port. Failures end the program; what was
 * started ends with it. BOOTSEAL_BOOTSEALD names the program. */
#ifndef BOOTSEAL_TESTS_SUPPORT_SERVICE_H
#define BOOTSEAL_TESTS_SUPPORT_SERVICE_H

#include <sys/types.h>

#include "http/http_client.h"

enum { SERVICE_SETTINGS = 16 };

struct service {
    pid_t pid;
    uint16_t port;
    char url[64];
    char directory[64]; /* state; service_wipe removes it */
    char ca_file[128];
    char token[128];                        /* of the administrator */
    const char *settings[SERVICE_SETTINGS]; /* "section.key=value" */
    size_t n_settings;
    struct http_client *client;
    struct arena arena;
};

/* Starts a configured service with its state in a new directory and waits until it serves. settings
 * are added to those that the test needs; the texts must outlive the service. */
void service_start(struct service *service, const char *const *settings, size_t n_settings);

/* Starts it again on the same state, after service_stop or service_kill. */
void service_restart(struct service *service);

/* Opens a client of the caller's own, for processes that share the service. */
void service_open(struct service *service);

/* SIGTERM, and waits. Gives the exit status. */
int service_stop(struct service *service);

/* SIGKILL to the supervisor; waits until all of it has gone. */
void service_kill(struct service *service);

/* Stops it when it runs, and removes its state. */
void service_wipe(struct service *service);

/* Pids of the service's processes of a role ("front", "signer", "worker"); gives their number. */
size_t service_processes(const struct service *service, const char *role, pid_t *pids, size_t cap);

/* One request. token NULL: none. The answer is in service->arena, until service_forget. */
struct http_client_answer service_request(struct service *service, const char *method,
                                          const char *path, const char *token, const char *type,
                                          struct span body);

/* As above, with whatever else the request has; its answer_cap is set here. */
struct http_client_answer service_send(struct service *service, struct http_client_request request);

/* As service_request; body_fn makes the body for the connection's channel binding. */
struct http_client_answer service_request_bound(struct service *service, const char *path,
                                                http_body_fn *body_fn, void *context);

/* Has it judge every host by that policy, and demands that it does. */
void service_put_policy(struct service *service, const char *policy);

/* Gives back the answers' memory. */
void service_forget(struct service *service);

/* True when the answer is a problem of that status and code. */
bool service_is_problem(const struct http_client_answer *answer, int status, const char *code);

/* A TCP connection to the service, for clients that misbehave. */
int service_connect(const struct service *service);

#endif
