#include "server/calls.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http/loop.h"
#include "log/log.h"
#include "os/clock.h"
#include "os/frame.h"
#include "server/sign_message.h"
#include "server/worker.h"

enum {
    SIGNER = 0,
    CHANNELS = 257, /* the signer, then the workers by their index */
    TICK_MS = 250,  /* how often deadlines are looked at */
};

struct call {
    TAILQ_ENTRY(call) entry;
    int64_t deadline_ms;
    call_done_fn *done;
    void *context;
    uint8_t *frame; /* while it waits for a worker */
    size_t frame_len;
};
TAILQ_HEAD(call_list, call);

/* Calls for any worker, in their order. */
struct queue {
    struct call_list calls;
    size_t n_calls, len; /* bytes of their frames */
};

struct channel {
    struct calls *calls;
    uint32_t number;
    int fd; /* -1: no process */
    struct loop_source *readable, *writable;
    struct frame_reader reader;
    uint8_t *output; /* what the socket did not take yet */
    size_t output_len, output_sent;
    struct call_list under_way; /* in the order sent */
};

struct calls {
    struct event_base *loop;
    struct loop_source *tick;
    struct calls_settings settings;
    struct channel channels[CHANNELS];
    struct queue hosts, people;
    bool host_last;           /* a host's call was the last to leave its queue */
    struct call_list refused; /* to be told at the next tick */
    struct calls_counts counts;
};

/* --- A call's life --- */

static void finish(struct calls *calls, struct call *call, enum call_result result,
                   struct span answer)
{
    calls->counts.answered += result == CALL_ANSWERED;
    calls->counts.lost += result == CALL_LOST;
    calls->counts.timeouts += result == CALL_TIMEOUT;
    calls->counts.busy += result == CALL_BUSY;
    call->done(call->context, result, answer);
    free(call->frame);
    free(call);
}

static void finish_all(struct calls *calls, struct call_list *list, enum call_result result)
{
    struct call *call;

    while ((call = TAILQ_FIRST(list))) {
        TAILQ_REMOVE(list, call, entry);
        finish(calls, call, result, (struct span){0});
    }
}

static void drop_channel(struct channel *channel, enum call_result result)
{
    struct call_list lost = TAILQ_HEAD_INITIALIZER(lost);

    if (channel->fd < 0)
        return;
    loop_source_free(channel->readable);
    loop_source_free(channel->writable);
    channel->readable = channel->writable = NULL;
    frame_reader_done(&channel->reader);
    close(channel->fd);
    channel->fd = -1;
    free(channel->output);
    channel->output = NULL;
    channel->output_len = channel->output_sent = 0;
    TAILQ_CONCAT(&lost, &channel->under_way, entry);
    finish_all(channel->calls, &lost, result);
}

static struct call *take_first(struct queue *queue)
{
    struct call *call = TAILQ_FIRST(&queue->calls);

    TAILQ_REMOVE(&queue->calls, call, entry);
    queue->n_calls--;
    queue->len -= call->frame_len;
    return call;
}

static void end_late(struct calls *calls, struct queue *queue, int64_t now_ms)
{
    while (TAILQ_FIRST(&queue->calls) && TAILQ_FIRST(&queue->calls)->deadline_ms <= now_ms)
        finish(calls, take_first(queue), CALL_BUSY, (struct span){0});
}

/* All calls of a list have the same time to live, so the first is the first to be late. */
static void on_tick(void *context)
{
    struct calls *calls = context;
    int64_t now_ms = os_monotonic_ms();

    finish_all(calls, &calls->refused, CALL_BUSY);
    end_late(calls, &calls->hosts, now_ms);
    end_late(calls, &calls->people, now_ms);
    for (uint32_t i = 0; i < CHANNELS; i++) {
        struct call *call = TAILQ_FIRST(&calls->channels[i].under_way);

        if (!call || call->deadline_ms > now_ms)
            continue;
        drop_channel(&calls->channels[i], CALL_TIMEOUT);
        if (i != SIGNER)
            calls->settings.stuck(calls->settings.context, i - 1);
    }
}

/* --- Sending --- */

static void on_writable(void *context);

/* Sends what the socket takes; the rest waits for it to be writable. */
static void flush(struct channel *channel)
{
    struct error error;

    while (channel->output_sent < channel->output_len) {
        ssize_t sent = send(channel->fd, channel->output + channel->output_sent,
                            channel->output_len - channel->output_sent, MSG_NOSIGNAL);

        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            if (!channel->writable)
                channel->writable = loop_watch(channel->calls->loop, channel->fd, true, on_writable,
                                               channel, &error);
            return;
        }
        if (sent < 0)
            break; /* the reading side notices the end, and tells the calls */
        channel->output_sent += (size_t)sent;
    }
    free(channel->output);
    channel->output = NULL;
    channel->output_len = channel->output_sent = 0;
    loop_source_free(channel->writable);
    channel->writable = NULL;
}

static void on_writable(void *context)
{
    flush(context);
}

/* Without memory there is nobody to tell: the process cannot go on serving. */
static void *must_have(void *memory)
{
    if (!memory) {
        log_error("calls.memory", log_text(LOG_PROCESS, "front"));
        abort();
    }
    return memory;
}

static void send_call(struct channel *channel, struct call *call, struct span frame)
{
    size_t pending_len = channel->output_len - channel->output_sent;
    size_t len = pending_len + OS_FRAME_HEADER_LEN + frame.len;
    uint8_t *output = must_have(malloc(len)), *at = output;

    if (pending_len)
        memcpy(output, channel->output + channel->output_sent, pending_len);
    at += pending_len;
    *at++ = (uint8_t)(frame.len >> 24);
    *at++ = (uint8_t)(frame.len >> 16);
    *at++ = (uint8_t)(frame.len >> 8);
    *at++ = (uint8_t)frame.len;
    if (frame.len)
        memcpy(at, frame.data, frame.len);
    free(channel->output);
    channel->output = output;
    channel->output_len = len;
    channel->output_sent = 0;
    call->deadline_ms = os_monotonic_ms() + 1000 * (int64_t)channel->calls->settings.deadline_s;
    TAILQ_INSERT_TAIL(&channel->under_way, call, entry);
    free(call->frame);
    call->frame = NULL;
    flush(channel);
}

static struct channel *idle_worker(struct calls *calls)
{
    for (uint32_t i = SIGNER + 1; i < CHANNELS; i++)
        if (calls->channels[i].fd >= 0 && TAILQ_EMPTY(&calls->channels[i].under_way))
            return &calls->channels[i];
    return NULL;
}

/* Whose turn it is: while both wait, every other one is a host's. NULL when nobody waits. */
static struct queue *next_queue(struct calls *calls)
{
    struct queue *first = calls->host_last ? &calls->people : &calls->hosts;
    struct queue *second = calls->host_last ? &calls->hosts : &calls->people;

    if (!TAILQ_EMPTY(&first->calls))
        return first;
    return TAILQ_EMPTY(&second->calls) ? NULL : second;
}

static void take_waiting(struct calls *calls)
{
    struct channel *channel;
    struct queue *queue;

    while ((queue = next_queue(calls)) && (channel = idle_worker(calls))) {
        struct call *call = take_first(queue);
        uint8_t *frame = call->frame;

        calls->host_last = queue == &calls->hosts;
        call->frame = NULL;
        send_call(channel, call, span_of(frame, call->frame_len));
        free(frame);
    }
}

static struct call *call_new(call_done_fn *done, void *context)
{
    struct call *call = must_have(calloc(1, sizeof *call));

    call->done = done;
    call->context = context;
    return call;
}

static void send_or_wait(struct calls *calls, struct queue *queue, struct span frame,
                         struct call *call)
{
    struct channel *channel = next_queue(calls) ? NULL : idle_worker(calls);
    bool fits = frame.len <= WORKER_FRAME_LEN; /* a longer one would end the worker */

    if (channel && fits) {
        send_call(channel, call, frame);
        return;
    }
    if (fits && queue->n_calls < calls->settings.waiting &&
        frame.len <= calls->settings.waiting_len - queue->len)
        call->frame = malloc(frame.len ? frame.len : 1);
    if (!call->frame) {
        TAILQ_INSERT_TAIL(&calls->refused, call, entry);
        return;
    }
    if (frame.len)
        memcpy(call->frame, frame.data, frame.len);
    call->frame_len = frame.len;
    call->deadline_ms = os_monotonic_ms() + 1000 * (int64_t)calls->settings.deadline_s;
    queue->n_calls++;
    queue->len += frame.len;
    TAILQ_INSERT_TAIL(&queue->calls, call, entry);
}

void calls_work(struct calls *calls, struct span frame, call_done_fn *done, void *context)
{
    send_or_wait(calls, &calls->hosts, frame, call_new(done, context));
}

void calls_ask(struct calls *calls, struct span frame, call_done_fn *done, void *context)
{
    send_or_wait(calls, &calls->people, frame, call_new(done, context));
}

void calls_sign(struct calls *calls, struct span frame, call_done_fn *done, void *context)
{
    struct call *call = call_new(done, context);
    struct channel *signer = &calls->channels[SIGNER];

    if (signer->fd >= 0)
        send_call(signer, call, frame);
    else
        TAILQ_INSERT_TAIL(&calls->refused, call, entry);
}

/* --- Receiving --- */

static void on_readable(void *context)
{
    struct channel *channel = context;
    bool complete = true;

    while (complete) {
        struct call *call;
        struct span frame;
        struct error error;

        if (!frame_reader_fill(&channel->reader, channel->fd, &complete, &frame, &error)) {
            if (error.code != ERROR_NOT_FOUND)
                log_failure(LOG_LEVEL_WARNING, "calls.channel", &error);
            drop_channel(channel, CALL_LOST);
            return;
        }
        if (!complete)
            break;
        call = TAILQ_FIRST(&channel->under_way);
        if (!call) {
            log_error("calls.protocol", log_int("channel", channel->number));
            drop_channel(channel, CALL_LOST);
            return;
        }
        TAILQ_REMOVE(&channel->under_way, call, entry);
        finish(channel->calls, call, CALL_ANSWERED, frame);
    }
    take_waiting(channel->calls);
}

bool calls_attach(struct calls *calls, const struct role_handover *handover, struct error *error)
{
    uint32_t number = handover->role == ROLE_SIGNER ? SIGNER : handover->index + 1;
    struct channel *channel;

    if (number >= CHANNELS) {
        close(handover->fd);
        return error_plain(error, ERROR_LIMIT, "there is no worker %u", handover->index);
    }
    channel = &calls->channels[number];
    drop_channel(channel, CALL_LOST);
    channel->readable = loop_watch(calls->loop, handover->fd, false, on_readable, channel, error);
    if (!channel->readable) {
        close(handover->fd);
        return false;
    }
    channel->fd = handover->fd;
    channel->reader = frame_reader_init(number == SIGNER ? SIGN_FRAME_LEN : WORKER_FRAME_LEN);
    if (number != SIGNER)
        take_waiting(calls);
    return true;
}

/* --- Making and ending --- */

struct calls *calls_new(struct event_base *loop, const struct calls_settings *settings,
                        struct error *error)
{
    struct calls *calls = calloc(1, sizeof *calls);

    if (!calls) {
        error_plain(error, ERROR_MEMORY, "no memory for channels");
        return NULL;
    }
    calls->loop = loop;
    calls->settings = *settings;
    TAILQ_INIT(&calls->hosts.calls);
    TAILQ_INIT(&calls->people.calls);
    TAILQ_INIT(&calls->refused);
    for (uint32_t i = 0; i < CHANNELS; i++) {
        calls->channels[i].calls = calls;
        calls->channels[i].number = i;
        calls->channels[i].fd = -1;
        TAILQ_INIT(&calls->channels[i].under_way);
    }
    calls->tick = loop_timer(loop, TICK_MS, true, on_tick, calls, error);
    if (calls->tick)
        return calls;
    free(calls);
    return NULL;
}

static void forget_all(struct call_list *list)
{
    struct call *call;

    while ((call = TAILQ_FIRST(list))) {
        TAILQ_REMOVE(list, call, entry);
        free(call->frame);
        free(call);
    }
}

void calls_free(struct calls *calls)
{
    if (!calls)
        return;
    for (uint32_t i = 0; i < CHANNELS; i++) {
        forget_all(&calls->channels[i].under_way);
        drop_channel(&calls->channels[i], CALL_LOST);
    }
    forget_all(&calls->hosts.calls);
    forget_all(&calls->people.calls);
    forget_all(&calls->refused);
    loop_source_free(calls->tick);
    free(calls);
}

struct calls_counts calls_counts(const struct calls *calls)
{
    struct calls_counts counts = calls->counts;

    counts.signer = calls->channels[SIGNER].fd >= 0;
    for (uint32_t i = SIGNER + 1; i < CHANNELS; i++)
        counts.workers += calls->channels[i].fd >= 0;
    counts.waiting = calls->hosts.n_calls + calls->people.n_calls;
    return counts;
}
