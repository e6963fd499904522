/* The front's calls to workers and signer: asynchronous, with deadlines, on the front's event loop.
 *
 * Owns the channels. A worker has one call at a time; the others wait for any, messages of hosts in
 * one queue and questions of people in another: while both wait they take turns, so that neither
 * side keeps the other from its answers. The signer takes calls one after the other. A peer that ends
 * takes its calls with it: they are told CALL_LOST and nothing is asked twice. Nothing that a peer says
 * makes the front do more than look at the answer's bytes. */
#ifndef BOOTSEAL_SERVER_CALLS_H
#define BOOTSEAL_SERVER_CALLS_H

#include "base/arena.h"
#include "server/role.h"

struct event_base; /* http/loop.h */
struct calls;

enum call_result {
    CALL_NONE = 0,
    CALL_ANSWERED,
    CALL_LOST,    /* the process ended before it answered */
    CALL_TIMEOUT, /* no answer within the deadline; the process will be killed */
    CALL_BUSY, /* nobody took it in time, or too much waits already; or it is too long for a worker */
};

/* Called once per call, never from within calls_work or calls_sign. answer is empty unless
 * CALL_ANSWERED and lives for the call only. */
typedef void call_done_fn(void *context, enum call_result result, struct span answer);

/* Told when a worker missed its deadline. */
typedef void calls_stuck_fn(void *context, uint32_t worker);

struct calls_settings {
    unsigned deadline_s;
    size_t waiting;     /* most calls that may wait in one queue */
    size_t waiting_len; /* most bytes of theirs */
    calls_stuck_fn *stuck;
    void *context;
};

struct calls *calls_new(struct event_base *loop, const struct calls_settings *settings,
                        struct error *error);
/* Calls that wait or are under way are forgotten without being told. */
void calls_free(struct calls *calls);

/* Takes a channel to a process; replaces the one before. The descriptor is ours from now on. */
bool calls_attach(struct calls *calls, const struct role_handover *handover,
                  struct error *error) MUST_CHECK;

/* Sends frame to a worker, for a host or for a person who asks, or to the signer; the bytes are copied. */
void calls_work(struct calls *calls, struct span frame, call_done_fn *done, void *context);
void calls_ask(struct calls *calls, struct span frame, call_done_fn *done, void *context);
void calls_sign(struct calls *calls, struct span frame, call_done_fn *done, void *context);

struct calls_counts {
    bool signer; /* it is there */
    size_t workers, waiting;
    uint64_t answered, lost, timeouts, busy;
};
struct calls_counts calls_counts(const struct calls *calls);

#endif
