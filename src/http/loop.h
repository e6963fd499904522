/* The event loop that the server runs on, for what else its process waits for: descriptors,
 * timers, signals. libevent stands behind it; nobody outside src/http sees more of it than a
 * pointer. One thread. */
#ifndef BOOTSEAL_HTTP_LOOP_H
#define BOOTSEAL_HTTP_LOOP_H

#include "base/error.h"

struct event_base; /* the loop */
struct loop_source;

typedef void loop_fn(void *context);

/* Makes a loop; the sources and servers on it have to be freed before it. */
struct event_base *loop_new(struct error *error);
void loop_free(struct event_base *loop);

/* Runs until loop_stop, or until nothing is left to wait for. ERROR_IO when the kernel refuses. */
bool loop_run(struct event_base *loop, struct error *error) MUST_CHECK;
void loop_stop(struct event_base *loop);

/* Calls fn each time that fd is readable (or, with writable, writable), until the source is freed.
 * NULL and *error when memory or the kernel says no; likewise below. */
struct loop_source *loop_watch(struct event_base *loop, int fd, bool writable, loop_fn *fn,
                               void *context, struct error *error);

/* Calls fn after ms milliseconds; with repeat every ms milliseconds. ms 0: in the next round. */
struct loop_source *loop_timer(struct event_base *loop, unsigned ms, bool repeat, loop_fn *fn,
                               void *context, struct error *error);

/* Calls fn on the loop's thread each time the signal has come. */
struct loop_source *loop_signal(struct event_base *loop, int signal, loop_fn *fn, void *context,
                                struct error *error);

/* Ends it; also from within its own fn. NULL is fine. */
void loop_source_free(struct loop_source *source);

#endif
