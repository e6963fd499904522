#include "wire/corim.h"

#include "wire/corim_parts.h"
#include "wire/tpm_alg.h"

enum {
    TAG_TIME = 1,
    TAG_CORIM = 500,
    TAG_UNSIGNED_CORIM = 501,
    TAG_COSWID = 505,
    TAG_COMID = 506,

    /* corim-map, CoRIM 4.1 */
    CORIM_ID = 0,
    CORIM_TAGS = 1,
    CORIM_VALIDITY = 4,
    /* corim-meta-map, 4.2.2 */
    META_VALIDITY = 1,
    /* validity-map, 7.3 */
    VALIDITY_NOT_BEFORE = 0,
    VALIDITY_NOT_AFTER = 1,
    /* concise-mid-tag, 5.1 */
    COMID_TRIPLES = 4,
    TRIPLES_REFERENCE = 0,
    /* environment-map and class-map, 5.1.4.1.1 */
    ENVIRONMENT_CLASS = 0,
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

    UUID_LEN = 16,
};

static const char CLAUSE[] = "CoRIM 4.1";
static const char VALIDITY_CLAUSE[] = "CoRIM 7.3";
static const char COMID_CLAUSE[] = "CoRIM 5.1";
static const char DIGEST_CLAUSE[] = "CoRIM 5.1.4.1.4";

/* Named Information hash algorithms (RFC 6920) and, as some write them, COSE's (RFC 9054). */
static const struct {
    int64_t number;
    const char *name;
    uint16_t alg;
} HASHES[] = {
    {1, "sha-256", TPM_ALG_SHA256},   {7, "sha-384", TPM_ALG_SHA384},
    {8, "sha-512", TPM_ALG_SHA512},   {-16, "SHA-256", TPM_ALG_SHA256},
    {-43, "SHA-384", TPM_ALG_SHA384}, {-44, "SHA-512", TPM_ALG_SHA512},
};

struct reader corim_nested(struct reader *reader, const char *clause, const char *what)
{
    struct span bytes = cbor_foreign_bytes(reader, LIMIT_MANIFEST_LEN, what);
    struct reader nested = reader_init(bytes, clause, reader->error);

    nested.base = reader_offset(reader) - bytes.len;
    nested.failed = reader->failed;
    return nested;
}

/* --- Digests --- */

/* 0 for an algorithm that is not known. */
static uint16_t read_hash(struct reader *reader)
{
    struct span name = {0};
    int64_t number = 0;

    if (cbor_foreign_peek(reader).type == CBOR_TEXT)
        name = cbor_foreign_text(reader, LIMIT_MANIFEST_TEXT_LEN, "hash algorithm");
    else
        number = cbor_foreign_int(reader, "hash algorithm");
    for (size_t i = 0; i < sizeof HASHES / sizeof *HASHES; i++)
        if (name.len ? span_is(name, HASHES[i].name) : number == HASHES[i].number)
            return HASHES[i].alg;
    return 0;
}

static void append(struct corim_decoder *decoder, struct reader *reader,
                   const struct corim_digest *digest)
{
    struct corim *corim = decoder->corim;

    if (!reader_cap(reader, corim->n_digests + 1, LIMIT_POLICY_REFERENCES, "number of digests"))
        return;
    if (corim->n_digests == decoder->cap) {
        size_t cap = decoder->cap ? 2 * decoder->cap : 64;
        struct corim_digest *grown = arena_array(decoder->arena, cap, sizeof *grown);

        if (!grown) {
            reader->failed = true;
            arena_error(decoder->arena, reader->error);
            return;
        }
        if (corim->n_digests)
            memcpy(grown, corim->digests, corim->n_digests * sizeof *grown);
        corim->digests = grown;
        decoder->cap = cap;
    }
    corim->digests[corim->n_digests++] = *digest;
}

void corim_add_digest(struct corim_decoder *decoder, struct reader *reader,
                      struct corim_digest about)
{
    const char *clause = reader->clause;

    reader->clause = DIGEST_CLAUSE;
    if (cbor_foreign_array(reader, LIMIT_MANIFEST_ITEMS, "digest") != 2)
        reader_fail(reader, ERROR_MALFORMED, "a digest is an algorithm and a value");
    about.alg = read_hash(reader);
    about.offset = reader_offset(reader);
    about.digest = cbor_foreign_bytes(reader, LIMIT_MANIFEST_TEXT_LEN, "digest");
    if (reader_ok(reader) && about.alg == 0)
        decoder->corim->n_other_hashes++;
    else if (reader_ok(reader) && about.digest.len != tpm_digest_len(about.alg))
        reader_fail(reader, ERROR_MALFORMED, "a digest of %s has %zu bytes, expected %zu",
                    tpm_alg_name(about.alg), about.digest.len, tpm_digest_len(about.alg));
    else if (reader_ok(reader))
        append(decoder, reader, &about);
    reader->clause = clause;
}

/* --- CoMID --- */

static void read_environment(struct reader *reader, struct corim_digest *about)
{
    struct cbor_foreign_map map = cbor_foreign_map(reader, LIMIT_MANIFEST_ITEMS, "environment");
    int64_t key;

    while (cbor_foreign_next(reader, &map, &key)) {
        struct cbor_foreign_map class;

        if (key != ENVIRONMENT_CLASS) {
            cbor_foreign_skip(reader, "environment");
            continue;
        }
        class = cbor_foreign_map(reader, LIMIT_MANIFEST_ITEMS, "class");
        while (cbor_foreign_next(reader, &class, &key)) {
            if (key == CLASS_VENDOR)
                about->vendor = cbor_foreign_text(reader, LIMIT_MANIFEST_TEXT_LEN, "vendor");
            else if (key == CLASS_MODEL)
                about->model = cbor_foreign_text(reader, LIMIT_MANIFEST_TEXT_LEN, "model");
            else
                cbor_foreign_skip(reader, "class");
        }
    }
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

/* Digests may stand before the name they have, so they are read at the end. */
static void read_values(struct corim_decoder *decoder, struct reader *reader,
                        struct corim_digest *about, struct reader *digests)
{
    struct cbor_foreign_map map = cbor_foreign_map(reader, LIMIT_MANIFEST_ITEMS,
                                                   "measurement values");
    int64_t key;

    while (cbor_foreign_next(reader, &map, &key)) {
        if (key == VALUES_DIGESTS)
            *digests = *reader;
        if (key == VALUES_VERSION)
            read_version(reader, about);
        else if (key == VALUES_NAME)
            about->name = cbor_foreign_text(reader, LIMIT_MANIFEST_TEXT_LEN, "name");
        else
            cbor_foreign_skip(reader, "measurement value");
        decoder->corim->n_registers += key == VALUES_REGISTERS;
    }
}

static void read_measurement_key(struct reader *reader, struct corim_digest *about)
{
    struct cbor_head head = cbor_foreign_peek(reader);

    about->has_key = head.type == CBOR_UINT;
    about->key = about->has_key ? head.argument : 0;
    if (head.type == CBOR_TEXT)
        about->name = cbor_foreign_text(reader, LIMIT_MANIFEST_TEXT_LEN, "measurement key");
    else
        cbor_foreign_skip(reader, "measurement key");
}

static void read_measurement(struct corim_decoder *decoder, struct reader *reader,
                             struct corim_digest about)
{
    struct cbor_foreign_map map = cbor_foreign_map(reader, LIMIT_MANIFEST_ITEMS, "measurement");
    struct reader digests = {0};
    int64_t key;
    size_t n;

    while (cbor_foreign_next(reader, &map, &key))
        if (key == MEASUREMENT_KEY)
            read_measurement_key(reader, &about);
        else if (key == MEASUREMENT_VALUES)
            read_values(decoder, reader, &about, &digests);
        else
            cbor_foreign_skip(reader, "measurement");
    if (!reader_ok(reader) || !digests.input.data)
        return;
    n = cbor_foreign_array(&digests, LIMIT_MANIFEST_ITEMS, "digests");
    for (size_t i = 0; i < n && reader_ok(&digests); i++)
        corim_add_digest(decoder, &digests, about);
    reader_join(reader, &digests);
}

/* An environment and the measurements it should have: an array, or one alone in older drafts. */
static void read_reference(struct corim_decoder *decoder, struct reader *reader)
{
    struct corim_digest about = {0};
    size_t n = 1;

    if (cbor_foreign_array(reader, LIMIT_MANIFEST_ITEMS, "reference triple") != 2) {
        reader_fail(reader, ERROR_MALFORMED, "a reference triple has two items");
        return;
    }
    read_environment(reader, &about);
    if (cbor_foreign_peek(reader).type != CBOR_MAP)
        n = cbor_foreign_array(reader, LIMIT_MANIFEST_ITEMS, "measurements");
    for (size_t i = 0; i < n && reader_ok(reader); i++)
        read_measurement(decoder, reader, about);
}

static void read_triples(struct corim_decoder *decoder, struct reader *reader)
{
    struct cbor_foreign_map map = cbor_foreign_map(reader, LIMIT_MANIFEST_ITEMS, "triples");
    int64_t key;

    while (cbor_foreign_next(reader, &map, &key)) {
        size_t n;

        if (key != TRIPLES_REFERENCE) {
            cbor_foreign_skip(reader, "triples");
            continue;
        }
        n = cbor_foreign_array(reader, LIMIT_MANIFEST_ITEMS, "reference triples");
        for (size_t i = 0; i < n && reader_ok(reader); i++)
            read_reference(decoder, reader);
    }
}

static void read_comid(struct corim_decoder *decoder, struct reader *reader)
{
    struct cbor_foreign_map map = cbor_foreign_map(reader, LIMIT_MANIFEST_ITEMS, "CoMID");
    int64_t key;

    while (cbor_foreign_next(reader, &map, &key))
        if (key == COMID_TRIPLES)
            read_triples(decoder, reader);
        else
            cbor_foreign_skip(reader, "CoMID");
}

/* --- CoRIM --- */

static int64_t read_time(struct reader *reader)
{
    struct cbor_head head = cbor_foreign_peek(reader);

    if (head.type == CBOR_TAG && head.argument == TAG_TIME) {
        cbor_foreign_head(reader, "time");
        head = cbor_foreign_peek(reader);
    }
    if (head.type == CBOR_SIMPLE) {
        reader_fail(reader, ERROR_UNSUPPORTED, "a time is a floating-point number");
        return 0;
    }
    return cbor_foreign_int(reader, "time");
}

static void read_validity(struct reader *reader, struct corim_validity *validity)
{
    const char *clause = reader->clause;
    struct cbor_foreign_map map;
    int64_t key;

    reader->clause = VALIDITY_CLAUSE;
    map = cbor_foreign_map(reader, LIMIT_MANIFEST_ITEMS, "validity");
    while (cbor_foreign_next(reader, &map, &key))
        if (key == VALIDITY_NOT_BEFORE) {
            validity->not_before_s = read_time(reader);
            validity->has_not_before = true;
        } else if (key == VALIDITY_NOT_AFTER) {
            validity->not_after_s = read_time(reader);
            validity->has_not_after = true;
        } else {
            cbor_foreign_skip(reader, "validity");
        }
    reader->clause = clause;
}

bool corim_meta_decode(struct span meta, struct corim_validity *validity, struct error *error)
{
    struct reader reader = reader_init(meta, "CoRIM 4.2.2", error);
    struct cbor_foreign_map map = cbor_foreign_map(&reader, LIMIT_MANIFEST_ITEMS, "corim-meta");
    struct corim_validity read = {0};
    int64_t key;

    while (cbor_foreign_next(&reader, &map, &key))
        if (key == META_VALIDITY)
            read_validity(&reader, &read);
        else
            cbor_foreign_skip(&reader, "corim-meta");
    if (!reader_end(&reader))
        return false;
    *validity = read;
    return true;
}

static void read_tag(struct corim_decoder *decoder, struct reader *reader)
{
    struct cbor_head head = cbor_foreign_peek(reader);
    struct reader nested;

    if (head.type != CBOR_TAG || (head.argument != TAG_COMID && head.argument != TAG_COSWID)) {
        cbor_foreign_skip(reader, "tag");
        decoder->corim->n_other_tags++;
        return;
    }
    cbor_foreign_head(reader, "tag");
    nested = corim_nested(reader, head.argument == TAG_COMID ? COMID_CLAUSE : "RFC 9393 2", "tag");
    if (head.argument == TAG_COMID)
        read_comid(decoder, &nested);
    else
        corim_read_coswid(decoder, &nested);
    if (!reader_end(&nested))
        reader_join(reader, &nested);
}

static void read_tags(struct corim_decoder *decoder, struct reader *reader)
{
    size_t n = cbor_foreign_array(reader, LIMIT_MANIFEST_ITEMS, "tags");

    for (size_t i = 0; i < n && reader_ok(reader); i++)
        read_tag(decoder, reader);
}

static void read_id(struct reader *reader, struct corim *corim)
{
    corim->id_is_text = cbor_foreign_peek(reader).type == CBOR_TEXT;
    if (corim->id_is_text)
        corim->id = cbor_foreign_text(reader, LIMIT_MANIFEST_TEXT_LEN, "id");
    else
        corim->id = cbor_foreign_bytes(reader, UUID_LEN, "id");
}

static void read_corim(struct corim_decoder *decoder, struct reader *reader)
{
    struct cbor_foreign_map map = cbor_foreign_map(reader, LIMIT_MANIFEST_ITEMS, "CoRIM");
    int64_t key;

    while (cbor_foreign_next(reader, &map, &key))
        if (key == CORIM_ID)
            read_id(reader, decoder->corim);
        else if (key == CORIM_TAGS)
            read_tags(decoder, reader);
        else if (key == CORIM_VALIDITY)
            read_validity(reader, &decoder->corim->validity);
        else
            cbor_foreign_skip(reader, "CoRIM");
    if (reader_ok(reader) && !(map.seen >> CORIM_ID & 1 && map.seen >> CORIM_TAGS & 1))
        reader_fail(reader, ERROR_MALFORMED, "a CoRIM has an id and tags");
}

bool corim_is(struct span bytes)
{
    return bytes.len && bytes.data[0] >> 5 == CBOR_TAG;
}

bool corim_decode(struct span bytes, size_t offset, struct arena *arena, struct corim *corim,
                  struct error *error)
{
    struct reader reader = reader_init(bytes, CLAUSE, error);
    struct corim read = {0};
    struct corim_decoder decoder = {.corim = &read, .arena = arena};
    struct cbor_head head;

    reader.base = offset;
    if (bytes.len > LIMIT_MANIFEST_LEN)
        return error_set(error, ERROR_LIMIT, LIMIT_MANIFEST_LEN, CLAUSE,
                         "the document has %zu bytes, over the limit of %d", bytes.len,
                         LIMIT_MANIFEST_LEN);
    while ((head = cbor_foreign_peek(&reader)).type == CBOR_TAG) {
        if (head.argument != TAG_CORIM && head.argument != TAG_UNSIGNED_CORIM)
            return reader_fail(&reader, ERROR_MALFORMED, "tag %llu is not that of a CoRIM",
                               (unsigned long long)head.argument);
        cbor_foreign_head(&reader, "tag");
    }
    read_corim(&decoder, &reader);
    if (!reader_end(&reader))
        return false;
    *corim = read;
    return true;
}
