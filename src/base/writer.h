/* The bounded writer: builds wire bytes into memory the caller owns.
 *
 * Sticky error like the reader: when the buffer is full every later write does nothing and
 * writer_done returns false. Used to build structures that are then compared whole (style rule 5).
 */
#ifndef BOOTSEAL_BASE_WRITER_H
#define BOOTSEAL_BASE_WRITER_H

#include "base/error.h"
#include "base/span.h"

struct writer {
    uint8_t *buffer;
    size_t cap; /* bytes in buffer */
    size_t len; /* bytes written */
    bool failed;
};

struct writer writer_init(uint8_t *buffer, size_t cap);

void writer_u8(struct writer *writer, uint8_t value);
void writer_be16(struct writer *writer, uint16_t value);
void writer_be32(struct writer *writer, uint32_t value);
void writer_be64(struct writer *writer, uint64_t value);
void writer_le16(struct writer *writer, uint16_t value);
void writer_le32(struct writer *writer, uint32_t value);
void writer_le64(struct writer *writer, uint64_t value);
void writer_bytes(struct writer *writer, struct span bytes);

/* Length-prefixed bytes: TPM2B. Longer than 65,535 bytes fails the writer. */
void writer_be16_bytes(struct writer *writer, struct span bytes);

/* What has been written so far; empty after a failure. */
struct span writer_span(const struct writer *writer);

/* False, with ERROR_LIMIT, when something did not fit; else *bytes is what was written. */
bool writer_done(const struct writer *writer, struct span *bytes, struct error *error) MUST_CHECK;

#endif
