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

/* What a CoSWID says of itself. */
struct corim_coswid {
    struct span id;
    bool id_is_text;
    struct span creator;
};

/* A CoSWID (RFC 9393): the files of its payload. */
void corim_read_coswid(struct corim_decoder *decoder, struct reader *reader,
                       struct corim_coswid *itself);

/* A text, or the 16 bytes of a UUID, tagged or not. */
struct span corim_read_id(struct reader *reader, bool *is_text);

/* What a CoMID is about and measures, added to decoder->corim. */
void corim_read_comid(struct corim_decoder *decoder, struct reader *reader);

/* An identifier that is no text, for people: an OID with dots, else its bytes in hexadecimal. In the
 * arena; NULL for one of another form, which is passed over, and after a failure. */
const char *corim_read_identifier(struct corim_decoder *decoder, struct reader *reader);

#endif
