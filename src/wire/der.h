/* DER (X.690): one value after the other, each a tag, a length and contents.
 *
 * Frames only: definite lengths in their shortest form, tags of one byte, at most DER_LENGTH_CAP
 * bytes. A child reader holds the contents of one value; der_close demands that all of it was read.
 * Errors are the reader's, at the byte of the tag or the length. */
#ifndef BOOTSEAL_WIRE_DER_H
#define BOOTSEAL_WIRE_DER_H

#include "base/reader.h"

enum { DER_LENGTH_CAP = 0xFFFFFF }; /* three bytes of length */

enum der_tag {
    DER_NONE = 0, /* nothing is left; no value has this tag */
    DER_BOOLEAN = 0x01,
    DER_INTEGER = 0x02,
    DER_BIT_STRING = 0x03,
    DER_OCTET_STRING = 0x04,
    DER_OID = 0x06,
    DER_UTF8_STRING = 0x0C,
    DER_PRINTABLE_STRING = 0x13,
    DER_GENERALIZED_TIME = 0x18,
    DER_SEQUENCE = 0x30,
    DER_SET = 0x31,
    DER_CONTEXT = 0x80,      /* | number, a primitive value */
    DER_CONTEXT_CONS = 0xA0, /* | number, one that is made of values */
};

/* The tag of the next value. */
uint8_t der_next(const struct reader *reader);

/* The contents of the next value, which must have this tag; what is a noun for the error text. */
struct span der_bytes(struct reader *reader, uint8_t tag, const char *what);
struct reader der_open(struct reader *reader, uint8_t tag, const char *what);
void der_close(struct reader *parent, struct reader *child);

/* The whole next value, tag and length too; DER_NONE takes any tag. */
struct span der_value(struct reader *reader, uint8_t tag, const char *what);

/* The contents of an INTEGER that is not negative: not empty, no zero byte too many, at most cap bytes. */
struct span der_unsigned(struct reader *reader, size_t cap, const char *what);

/* A GeneralizedTime as RFC 5280, 4.1.2.5.2 writes it ("20260131000000Z"), in Unix seconds. */
int64_t der_time(struct reader *reader, const char *what);

/* How many of the bytes the first value takes: what comes behind may be padding. */
bool der_measure(struct span bytes, size_t *len, struct error *error) MUST_CHECK;

#endif
