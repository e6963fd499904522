/* JSON (RFC 8259) read forward over the bounded reader, value by value: for logs whose records are
 * small JSON texts. No tree, no numbers but unsigned integers, no more depth than
 * LIMIT_JSON_DEPTH.
 *
 * The rest of the program reads JSON with jansson (whose names begin with "json_" too); here that
 * would bring a third-party parser into the process that reads hostile evidence, and errors without
 * the record's position. Errors are sticky in the reader, which names position and clause. */
#ifndef BOOTSEAL_WIRE_JSON_READER_H
#define BOOTSEAL_WIRE_JSON_READER_H

#include "base/arena.h"
#include "base/reader.h"

struct json_reader {
    struct reader *reader;
    struct arena *arena; /* for strings that hold escapes */
    unsigned depth;
};

/* An array or object that is being read. */
struct json_items {
    bool begun;
};

/* Enters the array or object that comes next; anything else fails. */
void json_reader_array(struct json_reader *json, struct json_items *items);
void json_reader_object(struct json_reader *json, struct json_items *items);

/* True when another item or member follows; the member's name is then in name, and the value must
 * be read or skipped. False at the end, which is consumed, and after a failure. */
bool json_reader_next_item(struct json_reader *json, struct json_items *items);
bool json_reader_next_member(struct json_reader *json, struct json_items *items, struct span *name);

/* The string that comes next, without quotes and escapes: valid UTF-8, at most cap bytes. Points into
 * the input or the arena. NUL, as \u0000, is refused: no text of ours holds one. Not text:
 * it may hold control characters that came as escapes. */
struct span json_reader_string(struct json_reader *json, size_t cap, const char *what);

/* The unsigned integer that comes next, without fraction and exponent. */
uint64_t json_reader_unsigned(struct json_reader *json, const char *what);

/* True when the next value is an object or a string. */
bool json_reader_at_object(struct json_reader *json);
bool json_reader_at_string(struct json_reader *json);

/* Passes one value of any kind, looking at all of it. */
void json_reader_skip(struct json_reader *json);

#endif
