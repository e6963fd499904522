/* CoSWID (RFC 9393): files of a payload with their hashes, in folders of bounded depth. What a tag
 * collected as evidence of an installation is no reference value. */
#include "wire/corim_parts.h"

enum {
    COSWID_TAG_ID = 0,
    COSWID_SOFTWARE_NAME = 1,
    COSWID_ENTITY = 2,
    COSWID_PAYLOAD = 6,
    COSWID_HASH = 7,
    COSWID_SOFTWARE_VERSION = 13,
    COSWID_DIRECTORY = 16,
    COSWID_FILE = 17,
    COSWID_FILE_VERSION = 21,
    COSWID_FS_NAME = 24,
    COSWID_PATH_ELEMENTS = 26,
    COSWID_ENTITY_NAME = 31,
    COSWID_ROLE = 33,
    ROLE_TAG_CREATOR = 1,
};

struct coswid {
    struct corim_decoder *decoder;
    struct corim_coswid *itself;
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
    struct cbor_foreign_array array = {.left = 1};

    if (cbor_foreign_peek(reader).type != CBOR_MAP)
        array = cbor_foreign_array(reader, LIMIT_MANIFEST_ITEMS, "path elements");
    while (cbor_foreign_more(reader, &array))
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

/* One role, or an array of them, as numbers or in words. */
static bool is_tag_creator(struct reader *reader)
{
    struct cbor_foreign_array array = {.left = 1};
    bool found = false;

    if (cbor_foreign_peek(reader).type == CBOR_ARRAY)
        array = cbor_foreign_array(reader, LIMIT_MANIFEST_ITEMS, "roles");
    while (cbor_foreign_more(reader, &array))
        if (cbor_foreign_peek(reader).type == CBOR_UINT)
            found |= cbor_foreign_int(reader, "role") == ROLE_TAG_CREATOR;
        else
            cbor_foreign_skip(reader, "role");
    return found;
}

static void read_entity(struct coswid *coswid, struct reader *reader)
{
    struct cbor_foreign_map map = cbor_foreign_map(reader, LIMIT_MANIFEST_ITEMS, "entity");
    struct span name = {0};
    bool is_creator = false;
    int64_t key;

    while (cbor_foreign_next(reader, &map, &key))
        if (key == COSWID_ENTITY_NAME)
            name = cbor_foreign_text(reader, LIMIT_MANIFEST_TEXT_LEN, "entity's name");
        else if (key == COSWID_ROLE)
            is_creator = is_tag_creator(reader);
        else
            cbor_foreign_skip(reader, "entity");
    if (is_creator)
        coswid->itself->creator = name;
}

static void read_member(struct coswid *coswid, struct reader *reader, int64_t key)
{
    switch (key) {
    case COSWID_TAG_ID:
        coswid->itself->id = corim_read_id(reader, &coswid->itself->id_is_text);
        break;
    case COSWID_SOFTWARE_NAME:
        coswid->about.model = cbor_foreign_text(reader, LIMIT_MANIFEST_TEXT_LEN, "software name");
        break;
    case COSWID_ENTITY:
        read_some(coswid, reader, read_entity);
        break;
    case COSWID_SOFTWARE_VERSION:
        coswid->about.version = cbor_foreign_text(reader, LIMIT_MANIFEST_TEXT_LEN,
                                                  "software version");
        break;
    default:
        cbor_foreign_skip(reader, "CoSWID");
    }
}

void corim_read_coswid(struct corim_decoder *decoder, struct reader *reader,
                       struct corim_coswid *itself)
{
    struct cbor_foreign_map map = cbor_foreign_map(reader, LIMIT_MANIFEST_ITEMS, "CoSWID");
    struct coswid coswid = {.decoder = decoder, .itself = itself, .about = {.is_file = true}};
    struct reader payload = {0};
    int64_t key;

    while (cbor_foreign_next(reader, &map, &key)) {
        if (key == COSWID_PAYLOAD)
            payload = *reader;
        read_member(&coswid, reader, key);
    }
    if (!reader_ok(reader) || !payload.input.data)
        return;
    read_elements(&coswid, &payload);
    reader_join(reader, &payload);
}
