/* Walks foreign CBOR by its own heads, to a depth that no message of ours has, and writes what it accepts
 * again: one legal form means that the bytes must be the same. */
#include <stdlib.h>

#include "fuzz.h"
#include "wire/cbor.h"

enum { DEPTH_MOST = 8 };

static void copy_item(struct reader *reader, struct cbor_writer *writer, unsigned depth);

static void copy_map(struct reader *reader, struct cbor_writer *writer, unsigned depth)
{
    struct reader ahead = *reader;
    struct cbor_map map = cbor_read_map(&ahead, 1000, "map");
    uint8_t first_key = reader_ok(&ahead) && map.left ? ahead.input.data[ahead.at] : 0;

    *reader = ahead;
    if (!reader_ok(reader))
        return;
    cbor_write_map(writer, map.left);
    if (first_key >> 5 == CBOR_TEXT) {
        struct cbor_text_map texts = {.left = map.left};
        struct span key;

        while (cbor_text_map_next(reader, &texts, 1000, &key)) {
            cbor_write_text(writer, key);
            copy_item(reader, writer, depth + 1);
        }
    } else {
        uint64_t key;

        while (cbor_map_next(reader, &map, &key)) {
            cbor_write_uint(writer, key);
            copy_item(reader, writer, depth + 1);
        }
    }
}

static void copy_item(struct reader *reader, struct cbor_writer *writer, unsigned depth)
{
    size_t n_items;

    if (!reader_ok(reader) || reader_left(reader) == 0 || depth == DEPTH_MOST) {
        reader_fail(reader, ERROR_LIMIT, "too deep, or nothing left");
        return;
    }
    switch (reader->input.data[reader->at] >> 5) {
    case CBOR_UINT:
        cbor_write_uint(writer, cbor_read_uint(reader, UINT64_MAX, "integer"));
        break;
    case CBOR_BYTES:
        cbor_write_bytes(writer, cbor_read_bytes(reader, 1 << 20, "bytes"));
        break;
    case CBOR_TEXT:
        cbor_write_text(writer, cbor_read_text(reader, 1 << 20, "text"));
        break;
    case CBOR_ARRAY:
        n_items = cbor_read_array(reader, 1000, "array");
        cbor_write_array(writer, n_items);
        for (size_t i = 0; i < n_items && reader_ok(reader); i++)
            copy_item(reader, writer, depth + 1);
        break;
    case CBOR_MAP:
        copy_map(reader, writer, depth);
        break;
    default:
        cbor_write_bool(writer, cbor_read_bool(reader, "bool"));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct arena arena = arena_init((size_t)16 << 20);
    struct cbor_writer writer = cbor_writer_init(&arena);
    struct error error;
    struct reader reader = reader_init(span_of(data, len), "RFC 8949", &error);
    struct span bytes;

    copy_item(&reader, &writer, 0);
    if (reader_end(&reader) && cbor_writer_done(&writer, &bytes, &error))
        if (!span_equal(bytes, span_of(data, len)))
            abort();
    arena_done(&arena);
    return 0;
}
