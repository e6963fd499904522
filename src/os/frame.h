/* Frames: messages between our own processes over a stream socketpair.
 *
 * A frame is a four-byte big-endian length and that many bytes. The reader gives the cap; a longer
 * announcement ends the conversation (ERROR_LIMIT) before a byte of it is read. Blocking calls have
 * a deadline; the event-loop side feeds struct frame_reader with whatever has arrived. */
#ifndef BOOTSEAL_OS_FRAME_H
#define BOOTSEAL_OS_FRAME_H

#include "base/arena.h"

enum { OS_FRAME_HEADER_LEN = 4 };
#define OS_NO_DEADLINE (-1)

/* A connected pair of stream sockets, both close-on-exec. */
bool os_socketpair(int pair[2], struct error *error) MUST_CHECK;

/* Sends the parts as one frame, within deadline_ms from now (or OS_NO_DEADLINE). Works on blocking
 * and non-blocking sockets. ERROR_LIMIT over cap; ERROR_IO for a lost peer or a missed deadline,
 * after which the socket is of no more use. */
bool os_frame_send(int fd, const struct span *parts, size_t n_parts, size_t cap, int deadline_ms,
                   struct error *error) MUST_CHECK;

/* Receives one frame into the arena. Before the first byte of a frame, an orderly end by the peer
 * is ERROR_NOT_FOUND; else as os_frame_send. */
bool os_frame_receive(int fd, size_t cap, int deadline_ms, struct arena *arena, struct span *bytes,
                      struct error *error) MUST_CHECK;

/* Takes frames out of bytes that arrived in pieces, for event loops. */
struct frame_reader {
    uint8_t *buffer; /* grows to the frame's length, never over cap */
    size_t buffer_len, used;
    size_t cap;
};

struct frame_reader frame_reader_init(size_t cap);
void frame_reader_done(struct frame_reader *reader);

/* Reads what fd (non-blocking) has, up to the end of the current frame. *complete tells whether
 * *bytes is a whole frame, valid until the next call. Not complete: call again when fd is readable.
 * ERROR_NOT_FOUND when the peer closed between frames. */
bool frame_reader_fill(struct frame_reader *reader, int fd, bool *complete, struct span *bytes,
                       struct error *error) MUST_CHECK;

#endif
