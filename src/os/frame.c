/* Frames over socketpairs. Owns the bytes of an unfinished frame; trusts no announced length. Must
 * never take memory for a frame before its length is known to be within the cap. */
#include "os/frame.h"

#include "os/clock.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

enum { MAX_PARTS = 8 };

bool os_socketpair(int pair[2], struct error *error)
{
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
        return error_plain(error, ERROR_IO, "cannot make a socket pair: %s", strerror(errno));
    return true;
}

static uint32_t read_length(const uint8_t header[OS_FRAME_HEADER_LEN])
{
    return (uint32_t)header[0] << 24 | (uint32_t)header[1] << 16 | (uint32_t)header[2] << 8 |
           header[3];
}

static bool over_cap(size_t len, size_t cap, struct error *error)
{
    return error_plain(error, ERROR_LIMIT, "a message of %zu bytes is over its cap of %zu", len,
                       cap);
}

/* Waits until fd can do what is asked for, or the deadline (absolute, or negative) has passed. */
static bool wait_for(int fd, short events, int64_t deadline_ms, struct error *error)
{
    for (;;) {
        struct pollfd wait = {.fd = fd, .events = events};
        int64_t left_ms = deadline_ms < 0 ? -1 : deadline_ms - os_monotonic_ms();
        int n;

        if (deadline_ms >= 0 && left_ms <= 0)
            return error_plain(error, ERROR_IO, "the other process missed its deadline");
        n = poll(&wait, 1, (int)left_ms);
        if (n > 0)
            return true;
        if (n < 0 && errno != EINTR)
            return error_plain(error, ERROR_IO, "cannot wait: %s", strerror(errno));
    }
}

static int64_t absolute(int deadline_ms)
{
    return deadline_ms < 0 ? -1 : os_monotonic_ms() + deadline_ms;
}

/* Forgets the first n bytes of what is still to be sent. */
static void advance(struct msghdr *message, size_t n)
{
    while (message->msg_iovlen && n >= message->msg_iov->iov_len) {
        n -= message->msg_iov->iov_len;
        message->msg_iov++;
        message->msg_iovlen--;
    }
    if (message->msg_iovlen) {
        message->msg_iov->iov_base = (uint8_t *)message->msg_iov->iov_base + n;
        message->msg_iov->iov_len -= n;
    }
}

bool os_frame_send(int fd, const struct span *parts, size_t n_parts, size_t cap, int deadline_ms,
                   struct error *error)
{
    struct iovec pieces[MAX_PARTS + 1];
    struct msghdr message = {.msg_iov = pieces, .msg_iovlen = n_parts + 1};
    uint8_t header[OS_FRAME_HEADER_LEN];
    int64_t deadline = absolute(deadline_ms);
    size_t len = 0;

    if (n_parts > MAX_PARTS)
        return error_plain(error, ERROR_LIMIT, "a message has more than %d parts", MAX_PARTS);
    for (size_t i = 0; i < n_parts; i++) {
        pieces[i + 1] = (struct iovec){(void *)parts[i].data, parts[i].len};
        len += parts[i].len;
    }
    if (len > cap || len > UINT32_MAX)
        return over_cap(len, cap, error);
    for (size_t i = 0; i < sizeof header; i++)
        header[i] = (uint8_t)(len >> (24 - 8 * i));
    pieces[0] = (struct iovec){header, sizeof header};
    while (message.msg_iovlen) {
        ssize_t n = sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);

        if (n >= 0)
            advance(&message, (size_t)n);
        else if (errno == EAGAIN && !wait_for(fd, POLLOUT, deadline, error))
            return false;
        else if (errno != EAGAIN && errno != EINTR)
            return error_plain(error, ERROR_IO, "the other process is gone: %s", strerror(errno));
    }
    return true;
}

static bool receive(int fd, uint8_t *bytes, size_t len, size_t *used, int64_t deadline,
                    struct error *error)
{
    for (*used = 0; *used < len;) {
        ssize_t n = recv(fd, bytes + *used, len - *used, MSG_DONTWAIT);

        if (n > 0)
            *used += (size_t)n;
        else if (n == 0)
            return error_plain(error, ERROR_IO, "the other process ended in mid-message");
        else if (errno == EAGAIN && !wait_for(fd, POLLIN, deadline, error))
            return false;
        else if (errno != EAGAIN && errno != EINTR)
            return error_plain(error, ERROR_IO, "the other process is gone: %s", strerror(errno));
    }
    return true;
}

static bool ended_between(struct error *error)
{
    return error_plain(error, ERROR_NOT_FOUND, "the other process has ended");
}

bool os_frame_receive(int fd, size_t cap, int deadline_ms, struct arena *arena, struct span *bytes,
                      struct error *error)
{
    uint8_t header[OS_FRAME_HEADER_LEN], *content;
    int64_t deadline = absolute(deadline_ms);
    size_t used, len;

    if (!receive(fd, header, sizeof header, &used, deadline, error)) {
        /* Nothing came, and nothing will: an orderly end. */
        if (used == 0 && recv(fd, header, 1, MSG_DONTWAIT | MSG_PEEK) == 0)
            return ended_between(error);
        return false;
    }
    len = read_length(header);
    if (len > cap)
        return over_cap(len, cap, error);
    content = arena_alloc(arena, len);
    if (!content)
        return arena_error(arena, error);
    if (!receive(fd, content, len, &used, deadline, error))
        return false;
    *bytes = span_of(content, len);
    return true;
}

struct frame_reader frame_reader_init(size_t cap)
{
    return (struct frame_reader){.cap = cap};
}

void frame_reader_done(struct frame_reader *reader)
{
    free(reader->buffer);
    *reader = (struct frame_reader){.cap = reader->cap};
}

static bool make_room(struct frame_reader *reader, size_t len, struct error *error)
{
    uint8_t *grown;

    if (len <= reader->buffer_len)
        return true;
    grown = realloc(reader->buffer, len);
    if (!grown)
        return error_plain(error, ERROR_MEMORY, "not enough memory for a message");
    reader->buffer = grown;
    reader->buffer_len = len;
    return true;
}

bool frame_reader_fill(struct frame_reader *reader, int fd, bool *complete, struct span *bytes,
                       struct error *error)
{
    size_t want = OS_FRAME_HEADER_LEN;

    *complete = false;
    for (;;) {
        ssize_t n;

        if (reader->used >= OS_FRAME_HEADER_LEN) {
            size_t len = read_length(reader->buffer);

            if (len > reader->cap)
                return over_cap(len, reader->cap, error);
            want = OS_FRAME_HEADER_LEN + len;
            if (reader->used == want)
                break;
        }
        if (!make_room(reader, want, error))
            return false;
        n = recv(fd, reader->buffer + reader->used, want - reader->used, MSG_DONTWAIT);
        if (n > 0)
            reader->used += (size_t)n;
        else if (n == 0 && reader->used == 0)
            return ended_between(error);
        else if (n == 0)
            return error_plain(error, ERROR_IO, "the other process ended in mid-message");
        else if (errno == EAGAIN)
            return true;
        else if (errno != EINTR)
            return error_plain(error, ERROR_IO, "the other process is gone: %s", strerror(errno));
    }
    *bytes = span_of(reader->buffer + OS_FRAME_HEADER_LEN, want - OS_FRAME_HEADER_LEN);
    *complete = true;
    reader->used = 0;
    return true;
}
