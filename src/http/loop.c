/* The event loop: a narrow door to libevent. Owns its sources; must never block by itself. */
#include "http/loop.h"

#include <event2/event.h>
#include <stdlib.h>

struct loop_source {
    struct event *event;
    loop_fn *fn;
    void *context;
};

struct event_base *loop_new(struct error *error)
{
    struct event_base *loop = event_base_new();

    if (!loop)
        error_plain(error, ERROR_IO, "cannot make an event loop");
    return loop;
}

void loop_free(struct event_base *loop)
{
    if (loop)
        event_base_free(loop);
}

bool loop_run(struct event_base *loop, struct error *error)
{
    if (event_base_dispatch(loop) < 0)
        return error_plain(error, ERROR_IO, "the event loop failed");
    return true;
}

void loop_stop(struct event_base *loop)
{
    event_base_loopbreak(loop);
}

static void fire(evutil_socket_t fd, short what, void *context)
{
    struct loop_source *source = context;

    (void)fd;
    (void)what;
    source->fn(source->context);
}

static struct loop_source *source_new(struct event_base *loop, evutil_socket_t fd, short what,
                                      const struct timeval *after, struct loop_source values,
                                      struct error *error)
{
    struct loop_source *source = malloc(sizeof *source);

    if (source) {
        *source = values;
        source->event = event_new(loop, fd, what, fire, source);
        if (source->event && event_add(source->event, after) == 0)
            return source;
    }
    loop_source_free(source);
    error_plain(error, ERROR_IO, "cannot wait for a descriptor, timer or signal");
    return NULL;
}

struct loop_source *loop_watch(struct event_base *loop, int fd, bool writable, loop_fn *fn,
                               void *context, struct error *error)
{
    return source_new(loop, fd, (short)((writable ? EV_WRITE : EV_READ) | EV_PERSIST), NULL,
                      (struct loop_source){.fn = fn, .context = context}, error);
}

struct loop_source *loop_timer(struct event_base *loop, unsigned ms, bool repeat, loop_fn *fn,
                               void *context, struct error *error)
{
    struct timeval after = {.tv_sec = ms / 1000, .tv_usec = (ms % 1000) * 1000};

    return source_new(loop, -1, (short)(repeat ? EV_PERSIST : 0), &after,
                      (struct loop_source){.fn = fn, .context = context}, error);
}

struct loop_source *loop_signal(struct event_base *loop, int signal, loop_fn *fn, void *context,
                                struct error *error)
{
    return source_new(loop, signal, EV_SIGNAL | EV_PERSIST, NULL,
                      (struct loop_source){.fn = fn, .context = context}, error);
}

void loop_source_free(struct loop_source *source)
{
    if (!source)
        return;
    if (source->event)
        event_free(source->event);
    free(source);
}
