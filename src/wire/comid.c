/* CoMID (CoRIM 5): the digests of its reference triples. Endorsements, keys and what a Verifier is to add
 * under conditions are no reference values. */
#include "wire/corim_parts.h"

enum {
    TAG_ANY_OF = 562, /* alternatives, in drafts after -10 */

    /* concise-mid-tag, 5.1 */
    COMID_LINKED_TAGS = 3,
    COMID_TRIPLES = 4,
    /* linked-tag-map, 5.1.3 */
    LINKED_RELATION = 1,
    RELATION_REPLACES = 1,
    /* triples-map, 5.1.4 */
    TRIPLES_REFERENCE = 0,
    /* environment-map and class-map, 5.1.4.1.1 */
    ENVIRONMENT_CLASS = 0,
    CLASS_ID = 0,
    CLASS_VENDOR = 1,
    CLASS_MODEL = 2,
    /* measurement-map and measurement-values-map, 5.1.4.1.3 and 5.1.4.1.4 */
    MEASUREMENT_KEY = 0,
    MEASUREMENT_VALUES = 1,
    VALUES_VERSION = 0,
    VALUES_DIGESTS = 2,
    VALUES_NAME = 11,
    VALUES_REGISTERS = 14,
    VERSION_TEXT = 0,
};

static void read_class(struct corim_decoder *decoder, struct reader *reader,
                       struct corim_digest *about)
{
    struct cbor_foreign_map map = cbor_foreign_map(reader, LIMIT_MANIFEST_ITEMS, "class");
    int64_t key;

    while (cbor_foreign_next(reader, &map, &key))
        if (key == CLASS_ID)
            about->class_id = corim_read_identifier(decoder, reader);
        else if (key == CLASS_VENDOR)
            about->vendor = cbor_foreign_text(reader, LIMIT_MANIFEST_TEXT_LEN, "vendor");
        else if (key == CLASS_MODEL)
            about->model = cbor_foreign_text(reader, LIMIT_MANIFEST_TEXT_LEN, "model");
        else
            cbor_foreign_skip(reader, "class");
}

static void read_environment(struct corim_decoder *decoder, struct reader *reader,
                             struct corim_digest *about)
{
    struct cbor_foreign_map map = cbor_foreign_map(reader, LIMIT_MANIFEST_ITEMS, "environment");
    int64_t key;

    while (cbor_foreign_next(reader, &map, &key))
        if (key == ENVIRONMENT_CLASS)
            read_class(decoder, reader, about);
        else
            cbor_foreign_skip(reader, "environment");
}

static void read_version(struct reader *reader, struct corim_digest *about)
{
    struct cbor_foreign_map map = cbor_foreign_map(reader, LIMIT_MANIFEST_ITEMS, "version");
    int64_t key;

    while (cbor_foreign_next(reader, &map, &key))
        if (key == VERSION_TEXT)
            about->version = cbor_foreign_text(reader, LIMIT_MANIFEST_TEXT_LEN, "version");
        else
            cbor_foreign_skip(reader, "version");
}

static bool is_any_of(const struct reader *reader)
{
    struct cbor_head head = cbor_foreign_peek(reader);

    return head.type == CBOR_TAG && head.argument == TAG_ANY_OF;
}

/* Digests may stand before the name they have, so they are read at the end. Of a version or name with
 * alternatives none is that of all digests. */
static void read_values(struct corim_decoder *decoder, struct reader *reader,
                        struct corim_digest *about, struct reader *digests)
{
    struct cbor_foreign_map map = cbor_foreign_map(reader, LIMIT_MANIFEST_ITEMS,
                                                   "measurement values");
    int64_t key;

    while (cbor_foreign_next(reader, &map, &key)) {
        if (key == VALUES_DIGESTS)
            *digests = *reader;
        if (key == VALUES_VERSION && !is_any_of(reader))
            read_version(reader, about);
        else if (key == VALUES_NAME && !is_any_of(reader))
            about->name = cbor_foreign_text(reader, LIMIT_MANIFEST_TEXT_LEN, "name");
        else
            cbor_foreign_skip(reader, "measurement value");
        decoder->corim->n_registers += key == VALUES_REGISTERS;
    }
    decoder->corim->n_other_values += !(map.seen >> VALUES_DIGESTS & 1 ||
                                        map.seen >> VALUES_REGISTERS & 1);
}

static void read_measurement_key(struct corim_decoder *decoder, struct reader *reader,
                                 struct corim_digest *about)
{
    struct cbor_head head = cbor_foreign_peek(reader);

    about->has_key = head.type == CBOR_UINT;
    if (head.type == CBOR_TEXT)
        about->name = cbor_foreign_text(reader, LIMIT_MANIFEST_TEXT_LEN, "measurement key");
    else if (head.type == CBOR_UINT)
        about->key = cbor_foreign_head(reader, "measurement key").argument;
    else
        about->key_id = corim_read_identifier(decoder, reader);
}

static void read_digests(struct corim_decoder *decoder, struct reader *reader,
                         struct corim_digest about)
{
    struct cbor_foreign_array array = cbor_foreign_array(reader, LIMIT_MANIFEST_ITEMS, "digests");

    while (cbor_foreign_more(reader, &array))
        corim_add_digest(decoder, reader, about);
}

/* Each of the alternatives is as it should be. */
static void read_any_digests(struct corim_decoder *decoder, struct reader *reader,
                             struct corim_digest about)
{
    struct cbor_foreign_array array;

    if (!is_any_of(reader)) {
        read_digests(decoder, reader, about);
        return;
    }
    cbor_foreign_head(reader, "alternatives");
    array = cbor_foreign_array(reader, LIMIT_MANIFEST_ITEMS, "alternatives");
    while (cbor_foreign_more(reader, &array))
        read_digests(decoder, reader, about);
}

static void read_measurement(struct corim_decoder *decoder, struct reader *reader,
                             struct corim_digest about)
{
    struct cbor_foreign_map map = cbor_foreign_map(reader, LIMIT_MANIFEST_ITEMS, "measurement");
    struct reader digests = {0};
    int64_t key;

    while (cbor_foreign_next(reader, &map, &key))
        if (key == MEASUREMENT_KEY)
            read_measurement_key(decoder, reader, &about);
        else if (key == MEASUREMENT_VALUES)
            read_values(decoder, reader, &about, &digests);
        else
            cbor_foreign_skip(reader, "measurement");
    if (!reader_ok(reader) || !digests.input.data)
        return;
    read_any_digests(decoder, &digests, about);
    reader_join(reader, &digests);
}

/* An environment and the measurements it should have: an array, or one alone in older drafts. */
static void read_reference(struct corim_decoder *decoder, struct reader *reader)
{
    struct cbor_foreign_array triple, measurements = {.left = 1};
    struct corim_digest about = {0};

    if (!cbor_foreign_tuple(reader, 2, "reference triple", &triple))
        return;
    read_environment(decoder, reader, &about);
    if (cbor_foreign_peek(reader).type != CBOR_MAP)
        measurements = cbor_foreign_array(reader, LIMIT_MANIFEST_ITEMS, "measurements");
    while (cbor_foreign_more(reader, &measurements))
        read_measurement(decoder, reader, about);
    cbor_foreign_tuple_end(reader, &triple);
}

static void read_triples(struct corim_decoder *decoder, struct reader *reader)
{
    struct cbor_foreign_map map = cbor_foreign_map(reader, LIMIT_MANIFEST_ITEMS, "triples");
    int64_t key;

    while (cbor_foreign_next(reader, &map, &key)) {
        struct cbor_foreign_array references;

        if (key != TRIPLES_REFERENCE) {
            cbor_foreign_skip(reader, "triples");
            continue;
        }
        references = cbor_foreign_array(reader, LIMIT_MANIFEST_ITEMS, "reference triples");
        while (cbor_foreign_more(reader, &references))
            read_reference(decoder, reader);
    }
}

static void read_linked_tags(struct corim_decoder *decoder, struct reader *reader)
{
    struct cbor_foreign_array array = cbor_foreign_array(reader, LIMIT_MANIFEST_ITEMS,
                                                         "linked tags");

    while (cbor_foreign_more(reader, &array)) {
        struct cbor_foreign_map map = cbor_foreign_map(reader, LIMIT_MANIFEST_ITEMS, "linked tag");
        int64_t key;

        while (cbor_foreign_next(reader, &map, &key))
            if (key == LINKED_RELATION && cbor_foreign_peek(reader).type == CBOR_UINT)
                decoder->corim->n_replaced += cbor_foreign_int(reader, "relation") ==
                                              RELATION_REPLACES;
            else
                cbor_foreign_skip(reader, "linked tag");
    }
}

void corim_read_comid(struct corim_decoder *decoder, struct reader *reader)
{
    struct cbor_foreign_map map = cbor_foreign_map(reader, LIMIT_MANIFEST_ITEMS, "CoMID");
    int64_t key;

    while (cbor_foreign_next(reader, &map, &key))
        if (key == COMID_LINKED_TAGS)
            read_linked_tags(decoder, reader);
        else if (key == COMID_TRIPLES)
            read_triples(decoder, reader);
        else
            cbor_foreign_skip(reader, "CoMID");
}
