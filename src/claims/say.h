/* Words for one event, put together piece by piece. Private to src/claims: see summary.h.
 *
 * Whatever is foreign comes out printable and cut to the caps of base/limits.h. */
#ifndef BOOTSEAL_CLAIMS_SAY_H
#define BOOTSEAL_CLAIMS_SAY_H

#include "base/arena.h"
#include "base/error.h"
#include "base/limits.h"

struct crypto;

struct summary {
    struct crypto *crypto;
    struct arena *arena;
    char text[LIMIT_SUMMARY_LEN];
    size_t len;
    bool full;
    bool out_of_memory;
};

/* Adds words, or dots once and for all when they do not fit. */
void say(struct summary *summary, const char *format, ...) PRINTF_LIKE(2, 3);

/* The same for text that may be NULL because the arena is full. */
void say_text(struct summary *summary, const char *text);

/* The separator, unless nothing was said yet. */
void say_separator(struct summary *summary, const char *separator);

/* Foreign bytes as text, as UTF-16LE text, as hexadecimal. */
void say_printable(struct summary *summary, struct span bytes);
void say_utf16(struct summary *summary, struct span bytes);
void say_hex(struct summary *summary, struct span bytes);

/* A GUID by its name when it is known, else in its text form. */
void say_guid(struct summary *summary, struct span guid);

/* A certificate by subject; by length when it cannot be parsed. */
void say_certificate(struct summary *summary, struct span der);

/* A device path as UEFI prints it. */
void say_device_path(struct summary *summary, struct span path);

/* Data of a form that no specification gives: as text where they are text (also UTF-16), by the mark
 * that they begin with where they have one, as a GUID when as long as one, else as bytes. */
void say_vendor_data(struct summary *summary, struct span data);

/* That data break their format. */
void say_broken(struct summary *summary, const struct error *error);

#endif
