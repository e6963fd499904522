/* What the files that decode CoRIM share; nobody else includes this. */
#ifndef BOOTSEAL_WIRE_CORIM_PARTS_H
#define BOOTSEAL_WIRE_CORIM_PARTS_H

#include "wire/cbor.h"
#include "wire/corim.h"

struct corim_decoder {
    struct corim *corim;
    struct arena *arena;
    size_t cap; /* of corim->digests */
};

/* Reads a digest, [algorithm, value] (CoRIM 5.1.4.1.4; RFC 9393 2.9.1), and adds `about` with it. */
void corim_add_digest(struct corim_decoder *decoder, struct reader *reader,
                      struct corim_digest about);

/* CBOR in a byte string: a reader of its own, with positions in the whole input. */
struct reader corim_nested(struct reader *reader, const char *clause, const char *what);

/* A CoSWID (RFC 9393): the files of its payload. */
void corim_read_coswid(struct corim_decoder *decoder, struct reader *reader);

#endif
