/* CoSWID (RFC 9393): files of a payload with their hashes, in folders of bounded depth. What a tag
 * collected as evidence of an installation is no reference value. */
#include "wire/corim_parts.h"

enum {
    COSWID_SOFTWARE_NAME = 1,
    COSWID_PAYLOAD = 6,
    COSWID_HASH = 7,
    COSWID_SOFTWARE_VERSION = 13,
    COSWID_DIRECTORY = 16,
    COSWID_FILE = 17,
    COSWID_FILE_VERSION = 21,
    COSWID_FS_NAME = 24,
    COSWID_PATH_ELEMENTS = 26,
};

struct coswid {
    struct corim_decoder *decoder;
    struct corim_digest about; /* what is known of the software */
    unsigned depth;
};

static void read_elements(struct coswid *coswid, struct reader *reader);

/* A version may stand behind the hash, so that is read at the end. */
static void read_file(struct coswid *coswid, struct reader *reader)
{
    struct cbor_foreign_map map = cbor_foreign_map(reader, LIMIT_MANIFEST_ITEMS, "file");
    struct corim_digest about = coswid->about;
    struct reader hash = {0};
    int64_t key;

    while (cbor_foreign_next(reader, &map, &key)) {
        if (key == COSWID_HASH)
            hash = *reader;
        if (key == COSWID_FS_NAME)
            about.name = cbor_foreign_text(reader, LIMIT_MANIFEST_TEXT_LEN, "file name");
        else if (key == COSWID_FILE_VERSION)
            about.version = cbor_foreign_text(reader, LIMIT_MANIFEST_TEXT_LEN, "file version");
        else
            cbor_foreign_skip(reader, "file");
    }
    if (!reader_ok(reader) || !hash.input.data)
        return;
    corim_add_digest(coswid->decoder, &hash, about);
    reader_join(reader, &hash);
}

static void read_folder(struct coswid *coswid, struct reader *reader)
{
    struct cbor_foreign_map map = cbor_foreign_map(reader, LIMIT_MANIFEST_ITEMS, "directory");
    int64_t key;

    while (cbor_foreign_next(reader, &map, &key))
        if (key == COSWID_PATH_ELEMENTS)
            read_elements(coswid, reader);
        else
            cbor_foreign_skip(reader, "directory");
}

/* One, or an array of them (RFC 9393, 2.2). */
static void read_some(struct coswid *coswid, struct reader *reader,
                      void (*read)(struct coswid *coswid, struct reader *reader))
{
    size_t n = 1;

    if (cbor_foreign_peek(reader).type != CBOR_MAP)
        n = cbor_foreign_array(reader, LIMIT_MANIFEST_ITEMS, "path elements");
    for (size_t i = 0; i < n && reader_ok(reader); i++)
        read(coswid, reader);
}

static void read_elements(struct coswid *coswid, struct reader *reader)
{
    struct cbor_foreign_map map = cbor_foreign_map(reader, LIMIT_MANIFEST_ITEMS, "path elements");
    int64_t key;

    if (!reader_cap(reader, ++coswid->depth, LIMIT_MANIFEST_FOLDERS, "depth of directories"))
        return;
    while (cbor_foreign_next(reader, &map, &key))
        if (key == COSWID_FILE)
            read_some(coswid, reader, read_file);
        else if (key == COSWID_DIRECTORY)
            read_some(coswid, reader, read_folder);
        else
            cbor_foreign_skip(reader, "path elements");
    coswid->depth--;
}

void corim_read_coswid(struct corim_decoder *decoder, struct reader *reader)
{
    struct cbor_foreign_map map = cbor_foreign_map(reader, LIMIT_MANIFEST_ITEMS, "CoSWID");
    struct coswid coswid = {.decoder = decoder, .about = {.is_file = true}};
    struct reader payload = {0};
    int64_t key;

    while (cbor_foreign_next(reader, &map, &key)) {
        if (key == COSWID_PAYLOAD)
            payload = *reader;
        if (key == COSWID_SOFTWARE_NAME)
            coswid.about.model = cbor_foreign_text(reader, LIMIT_MANIFEST_TEXT_LEN,
                                                   "software name");
        else if (key == COSWID_SOFTWARE_VERSION)
            coswid.about.version = cbor_foreign_text(reader, LIMIT_MANIFEST_TEXT_LEN,
                                                     "software version");
        else
            cbor_foreign_skip(reader, "CoSWID");
    }
    if (!reader_ok(reader) || !payload.input.data)
        return;
    read_elements(&coswid, &payload);
    reader_join(reader, &payload);
}
