/* Deterministic CBOR (RFC 8949 section 4.2.1): the subset that Bootseal speaks.
 *
 * Unsigned integers, byte strings, UTF-8 text, arrays, maps, true, false. Definite lengths and
 * shortest heads only; map keys in bytewise order without repetition. Anything else is
 * ERROR_MALFORMED: there is one legal form. Reads through a struct reader, writes through a growing
 * buffer in an arena. */
#ifndef BOOTSEAL_WIRE_CBOR_H
#define BOOTSEAL_WIRE_CBOR_H

#include "base/arena.h"
#include "base/reader.h"

enum cbor_type {
    CBOR_UINT = 0,
    CBOR_NEGATIVE = 1, /* of others only, like tags */
    CBOR_BYTES = 2,
    CBOR_TEXT = 3,
    CBOR_ARRAY = 4,
    CBOR_MAP = 5,
    CBOR_TAG = 6,
    CBOR_SIMPLE = 7, /* true and false */
};

/* Each reads one item; a failure is in the reader and gives zero or an empty span. */
uint64_t cbor_read_uint(struct reader *reader, uint64_t cap, const char *what);
struct span cbor_read_bytes(struct reader *reader, size_t cap, const char *what);
struct span cbor_read_text(struct reader *reader, size_t cap, const char *what);
bool cbor_read_bool(struct reader *reader, const char *what);
size_t cbor_read_array(struct reader *reader, size_t cap, const char *what);

/* A map with unsigned keys: begin, then cbor_map_next until it returns false; order is enforced. */
struct cbor_map {
    size_t left;
    bool any;
    uint64_t last_key;
};
struct cbor_map cbor_read_map(struct reader *reader, size_t cap, const char *what);
bool cbor_map_next(struct reader *reader, struct cbor_map *map, uint64_t *key);

/* A map with text keys, in the same way. */
struct cbor_text_map {
    size_t left;
    struct span last_key;
};
struct cbor_text_map cbor_read_text_map(struct reader *reader, size_t cap, const char *what);
bool cbor_text_map_next(struct reader *reader, struct cbor_text_map *map, size_t cap,
                        struct span *key);

/* The order of text keys: that of their encodings, so shorter ones first (4.2.1). */
int cbor_text_key_compare(struct span a, struct span b);

/* --- Documents of others: any well-formed CBOR (RFC 8949 section 3), whose heads may be longer than they
 * need be, whose maps have any order, and whose arrays and maps may end with a break instead of having a
 * length. Strings in chunks are ERROR_UNSUPPORTED, since a span has to be in one piece --- */

struct cbor_head {
    enum cbor_type type;
    bool open;         /* of indefinite length: a break ends it */
    uint64_t argument; /* value, length, number of items or pairs, tag number; 0 when open */
};

/* Reads a head. All zero after a failure; a break is ERROR_MALFORMED. */
struct cbor_head cbor_foreign_head(struct reader *reader, const char *what);

/* The next head, which stays to be read. */
struct cbor_head cbor_foreign_peek(const struct reader *reader);

/* An array: begin, then cbor_foreign_more until it returns false, reading an item between. At most cap
 * items; of one with a length at least as many bytes are left. */
struct cbor_foreign_array {
    bool open;
    size_t left; /* items that may come */
    const char *what;
};
struct cbor_foreign_array cbor_foreign_array(struct reader *reader, size_t cap, const char *what);
bool cbor_foreign_more(struct reader *reader, struct cbor_foreign_array *array);

/* An array of just n items: begin, read them, end. False after a failure. */
bool cbor_foreign_tuple(struct reader *reader, size_t n, const char *what,
                        struct cbor_foreign_array *tuple);
void cbor_foreign_tuple_end(struct reader *reader, struct cbor_foreign_array *tuple);

/* A map: begin, then cbor_foreign_next until it returns false, reading each value between. Keys that are
 * text are passed over with their values; one from 0 to 63 that comes twice is ERROR_MALFORMED, since
 * it would leave open which counts. */
struct cbor_foreign_map {
    struct cbor_foreign_array pairs;
    uint64_t seen;
};
struct cbor_foreign_map cbor_foreign_map(struct reader *reader, size_t cap, const char *what);
bool cbor_foreign_next(struct reader *reader, struct cbor_foreign_map *map, int64_t *key);

struct span cbor_foreign_bytes(struct reader *reader, size_t cap, const char *what);
struct span cbor_foreign_text(struct reader *reader, size_t cap, const char *what);

/* An integer of either sign; ERROR_LIMIT for one that int64_t does not hold. */
int64_t cbor_foreign_int(struct reader *reader, const char *what);

/* Takes the next item, whatever it holds, down to LIMIT_CBOR_DEPTH. */
void cbor_foreign_skip(struct reader *reader, const char *what);

/* The writer grows in its arena, or fills the caller's buffer; sticky failure. Callers write map
 * keys in order. */
struct cbor_writer {
    struct arena *arena; /* NULL: buffer is the caller's and does not grow */
    uint8_t *buffer;
    size_t len, cap;
    bool failed;
};
struct cbor_writer cbor_writer_init(struct arena *arena);
struct cbor_writer cbor_writer_into(uint8_t *buffer, size_t cap);
void cbor_write_uint(struct cbor_writer *writer, uint64_t value);
void cbor_write_bytes(struct cbor_writer *writer, struct span bytes);
void cbor_write_text(struct cbor_writer *writer, struct span text);
void cbor_write_bool(struct cbor_writer *writer, bool value);
void cbor_write_array(struct cbor_writer *writer, size_t n_items);
void cbor_write_map(struct cbor_writer *writer, size_t n_pairs);
bool cbor_writer_done(const struct cbor_writer *writer, struct span *bytes,
                      struct error *error) MUST_CHECK;

#endif
