#include "wire/corim.h"

#include "base/text.h"
#include "wire/corim_parts.h"
#include "wire/tpm_alg.h"

enum {
    TAG_TIME = 1,
    TAG_CORIM = 500,
    TAG_UNSIGNED_CORIM = 501,
    TAG_COSWID = 505,
    TAG_COMID = 506,
    TAG_OID = 111,
    TAG_UUID = 37,
    TAG_URI = 32,
    TAG_SWID = 1398229316, /* a CoSWID that stands alone (RFC 9393, 8) */

    /* corim-map, CoRIM 4.1 */
    CORIM_ID = 0,
    CORIM_TAGS = 1,
    CORIM_DEPENDENTS = 2,
    CORIM_PROFILE = 3,
    CORIM_VALIDITY = 4,
    CORIM_ENTITIES = 5,
    /* corim-meta-map, 4.2.2 */
    META_VALIDITY = 1,
    /* validity-map, 7.3 */
    VALIDITY_NOT_BEFORE = 0,
    VALIDITY_NOT_AFTER = 1,
    /* corim-locator-map, 4.1.3 */
    LOCATOR_HREF = 0,
    /* corim-entity-map, 4.1.5 and 7.2 */
    ENTITY_NAME = 0,
    ENTITY_ROLES = 2,
    ROLE_MANIFEST_CREATOR = 1,
    /* concise-swid-tag, RFC 9393 2.3 */
    COSWID_SOFTWARE_NAME = 1,

    UUID_LEN = 16,
};

static const char CLAUSE[] = "CoRIM 4.1";
static const char VALIDITY_CLAUSE[] = "CoRIM 7.3";
static const char COMID_CLAUSE[] = "CoRIM 5.1";
static const char COSWID_CLAUSE[] = "RFC 9393 2";
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
    struct cbor_foreign_array pair = {0};

    reader->clause = DIGEST_CLAUSE;
    if (cbor_foreign_tuple(reader, 2, "digest", &pair))
        about.alg = read_hash(reader);
    about.offset = reader_offset(reader);
    about.digest = cbor_foreign_bytes(reader, LIMIT_MANIFEST_TEXT_LEN, "digest");
    cbor_foreign_tuple_end(reader, &pair);
    if (reader_ok(reader) && about.alg == 0)
        decoder->corim->n_other_hashes++;
    else if (reader_ok(reader) && about.digest.len != tpm_digest_len(about.alg))
        reader_fail(reader, ERROR_MALFORMED, "a digest of %s has %zu bytes, expected %zu",
                    tpm_alg_name(about.alg), about.digest.len, tpm_digest_len(about.alg));
    else if (reader_ok(reader))
        append(decoder, reader, &about);
    reader->clause = clause;
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

/* --- Names --- */

/* Dotted decimal of the contents of an OBJECT IDENTIFIER (X.690, 8.19). */
static const char *oid_text(struct arena *arena, struct span oid)
{
    const char *text = "";
    uint64_t arc = 0;

    for (size_t i = 0; i < oid.len && text; i++) {
        if (arc >> 57)
            return text_hex(arena, oid);
        arc = arc << 7 | (oid.data[i] & 0x7F);
        if (oid.data[i] & 0x80)
            continue;
        if (*text)
            text = arena_printf(arena, "%s.%llu", text, (unsigned long long)arc);
        else
            text = arena_printf(arena, "%d.%llu", arc < 80 ? (int)(arc / 40) : 2,
                                (unsigned long long)(arc < 80 ? arc % 40 : arc - 80));
        arc = 0;
    }
    return text;
}

const char *corim_read_identifier(struct corim_decoder *decoder, struct reader *reader)
{
    struct cbor_head tag = cbor_foreign_peek(reader);
    struct span bytes;
    const char *text;

    if (tag.type == CBOR_TAG)
        cbor_foreign_head(reader, "identifier");
    if (cbor_foreign_peek(reader).type != CBOR_BYTES) {
        cbor_foreign_skip(reader, "identifier");
        return NULL;
    }
    bytes = cbor_foreign_bytes(reader, LIMIT_MANIFEST_TEXT_LEN, "identifier");
    if (!reader_ok(reader))
        return NULL;
    text = tag.type == CBOR_TAG && tag.argument == TAG_OID ? oid_text(decoder->arena, bytes)
                                                           : text_hex(decoder->arena, bytes);
    if (!text) {
        reader->failed = true;
        arena_error(decoder->arena, reader->error);
    }
    return text;
}

struct span corim_read_id(struct reader *reader, bool *is_text)
{
    struct cbor_head head = cbor_foreign_peek(reader);

    if (head.type == CBOR_TAG && head.argument == TAG_UUID) {
        cbor_foreign_head(reader, "id");
        head = cbor_foreign_peek(reader);
    }
    *is_text = head.type == CBOR_TEXT;
    return *is_text ? cbor_foreign_text(reader, LIMIT_MANIFEST_TEXT_LEN, "id")
                    : cbor_foreign_bytes(reader, UUID_LEN, "id");
}

static struct span read_uri(struct reader *reader, const char *what)
{
    struct cbor_head head = cbor_foreign_peek(reader);

    if (head.type == CBOR_TAG && head.argument == TAG_URI)
        cbor_foreign_head(reader, what);
    return cbor_foreign_text(reader, LIMIT_MANIFEST_TEXT_LEN, what);
}

/* --- What a CoRIM says of itself --- */

static void read_profile(struct corim_decoder *decoder, struct reader *reader)
{
    struct corim *corim = decoder->corim;
    struct cbor_head head = cbor_foreign_peek(reader);
    const char *profile;

    if (head.type == CBOR_TEXT || (head.type == CBOR_TAG && head.argument == TAG_URI)) {
        profile = text_printable(decoder->arena, read_uri(reader, "profile"));
        if (!profile && reader_ok(reader)) {
            reader->failed = true;
            arena_error(decoder->arena, reader->error);
        }
    } else {
        profile = corim_read_identifier(decoder, reader);
        if (!profile)
            reader_fail(reader, ERROR_MALFORMED, "a profile is a URI or an OID");
    }
    if (reader_ok(reader))
        corim->profiles[corim->n_profiles++] = profile;
}

/* One, or an array of them in older drafts. */
static void read_profiles(struct corim_decoder *decoder, struct reader *reader)
{
    struct cbor_foreign_array array = {.left = 1};

    if (cbor_foreign_peek(reader).type == CBOR_ARRAY)
        array = cbor_foreign_array(reader, LIMIT_MANIFEST_PROFILES, "profiles");
    while (cbor_foreign_more(reader, &array))
        read_profile(decoder, reader);
}

static void read_locator(struct corim_decoder *decoder, struct reader *reader)
{
    struct cbor_foreign_map map = cbor_foreign_map(reader, LIMIT_MANIFEST_ITEMS, "locator");
    struct corim *corim = decoder->corim;
    int64_t key;

    while (cbor_foreign_next(reader, &map, &key)) {
        struct cbor_foreign_array places = {.left = 1};

        if (key != LOCATOR_HREF) {
            cbor_foreign_skip(reader, "locator");
            continue;
        }
        if (cbor_foreign_peek(reader).type == CBOR_ARRAY)
            places = cbor_foreign_array(reader, LIMIT_MANIFEST_DEPENDENTS, "locators");
        while (cbor_foreign_more(reader, &places)) {
            struct span place = read_uri(reader, "locator");

            if (!reader_cap(reader, corim->n_dependents + 1, LIMIT_MANIFEST_DEPENDENTS,
                            "number of dependent RIMs"))
                return;
            corim->dependents[corim->n_dependents++] = place;
        }
    }
}

static void read_locators(struct corim_decoder *decoder, struct reader *reader)
{
    struct cbor_foreign_array array = cbor_foreign_array(reader, LIMIT_MANIFEST_ITEMS,
                                                         "dependent RIMs");

    while (cbor_foreign_more(reader, &array))
        read_locator(decoder, reader);
}

/* Roles of other numbers, and in words, say nothing of who made the manifest. */
static bool read_roles(struct reader *reader)
{
    struct cbor_foreign_array roles = cbor_foreign_array(reader, LIMIT_MANIFEST_ITEMS, "roles");
    bool is_creator = false;

    while (cbor_foreign_more(reader, &roles))
        if (cbor_foreign_peek(reader).type == CBOR_UINT)
            is_creator |= cbor_foreign_int(reader, "role") == ROLE_MANIFEST_CREATOR;
        else
            cbor_foreign_skip(reader, "role");
    return is_creator;
}

static void read_entities(struct corim_decoder *decoder, struct reader *reader)
{
    struct cbor_foreign_array array = cbor_foreign_array(reader, LIMIT_MANIFEST_ITEMS, "entities");

    while (cbor_foreign_more(reader, &array)) {
        struct cbor_foreign_map map = cbor_foreign_map(reader, LIMIT_MANIFEST_ITEMS, "entity");
        struct span name = {0};
        bool is_creator = false;
        int64_t key;

        while (cbor_foreign_next(reader, &map, &key))
            if (key == ENTITY_NAME)
                name = cbor_foreign_text(reader, LIMIT_MANIFEST_TEXT_LEN, "entity's name");
            else if (key == ENTITY_ROLES)
                is_creator = read_roles(reader);
            else
                cbor_foreign_skip(reader, "entity");
        if (is_creator)
            decoder->corim->creator = name;
    }
}

/* --- Tags --- */

static void read_tag(struct corim_decoder *decoder, struct reader *reader)
{
    struct cbor_head head = cbor_foreign_peek(reader);
    struct corim_coswid ignored = {0};
    struct reader nested;

    if (head.type != CBOR_TAG || (head.argument != TAG_COMID && head.argument != TAG_COSWID)) {
        cbor_foreign_skip(reader, "tag");
        decoder->corim->n_other_tags++;
        return;
    }
    cbor_foreign_head(reader, "tag");
    nested = corim_nested(reader, head.argument == TAG_COMID ? COMID_CLAUSE : COSWID_CLAUSE, "tag");
    if (head.argument == TAG_COMID)
        corim_read_comid(decoder, &nested);
    else
        corim_read_coswid(decoder, &nested, &ignored);
    if (!reader_end(&nested))
        reader_join(reader, &nested);
}

static void read_tags(struct corim_decoder *decoder, struct reader *reader)
{
    struct cbor_foreign_array array = cbor_foreign_array(reader, LIMIT_MANIFEST_ITEMS, "tags");

    while (cbor_foreign_more(reader, &array))
        read_tag(decoder, reader);
}

static void read_member(struct corim_decoder *decoder, struct reader *reader, int64_t key)
{
    struct corim *corim = decoder->corim;

    switch (key) {
    case CORIM_ID:
        corim->id = corim_read_id(reader, &corim->id_is_text);
        break;
    case CORIM_TAGS:
        read_tags(decoder, reader);
        break;
    case CORIM_DEPENDENTS:
        read_locators(decoder, reader);
        break;
    case CORIM_PROFILE:
        read_profiles(decoder, reader);
        break;
    case CORIM_VALIDITY:
        read_validity(reader, &corim->validity);
        break;
    case CORIM_ENTITIES:
        read_entities(decoder, reader);
        break;
    default:
        cbor_foreign_skip(reader, "CoRIM");
    }
}

static void read_corim(struct corim_decoder *decoder, struct reader *reader)
{
    struct cbor_foreign_map map = cbor_foreign_map(reader, LIMIT_MANIFEST_ITEMS, "CoRIM");
    int64_t key;

    while (cbor_foreign_next(reader, &map, &key))
        read_member(decoder, reader, key);
    if (reader_ok(reader) && !(map.seen >> CORIM_ID & 1 && map.seen >> CORIM_TAGS & 1))
        reader_fail(reader, ERROR_MALFORMED, "a CoRIM has an id and tags");
}

/* --- Documents --- */

bool corim_is(struct span bytes)
{
    return bytes.len && (bytes.data[0] >> 5 == CBOR_TAG || bytes.data[0] >> 5 == CBOR_MAP);
}

/* A map whose second member says that it is none of a CoRIM, which has tags there. */
static bool is_coswid_map(struct reader *reader)
{
    struct cbor_foreign_map map = cbor_foreign_map(reader, LIMIT_MANIFEST_ITEMS, "CoSWID");
    int64_t key;

    while (cbor_foreign_next(reader, &map, &key)) {
        if (key == COSWID_SOFTWARE_NAME)
            return cbor_foreign_peek(reader).type == CBOR_TEXT;
        cbor_foreign_skip(reader, "CoSWID");
    }
    return false;
}

bool coswid_is(struct span bytes)
{
    struct error ignored;
    struct reader reader = reader_init(bytes, COSWID_CLAUSE, &ignored);
    struct cbor_head head = cbor_foreign_peek(&reader);

    if (head.type == CBOR_TAG)
        return head.argument == TAG_SWID || head.argument == TAG_COSWID;
    return bytes.len && head.type == CBOR_MAP && is_coswid_map(&reader);
}

static bool begin(struct reader *reader, struct span bytes, size_t offset, const char *clause,
                  struct error *error)
{
    if (bytes.len > LIMIT_MANIFEST_LEN)
        return error_set(error, ERROR_LIMIT, LIMIT_MANIFEST_LEN, clause,
                         "the document has %zu bytes, over the limit of %d", bytes.len,
                         LIMIT_MANIFEST_LEN);
    *reader = reader_init(bytes, clause, error);
    reader->base = offset;
    return true;
}

/* With the tag of CoRIM the map is in bytes, else it stands as it is. */
static void read_lone_coswid(struct corim_decoder *decoder, struct reader *reader,
                             struct corim_coswid *itself)
{
    struct cbor_head head = cbor_foreign_peek(reader);
    struct reader nested;

    if (head.type == CBOR_TAG && head.argument != TAG_SWID && head.argument != TAG_COSWID) {
        reader_fail(reader, ERROR_MALFORMED, "tag %llu is not that of a CoSWID",
                    (unsigned long long)head.argument);
        return;
    }
    if (head.type == CBOR_TAG)
        cbor_foreign_head(reader, "tag");
    if (head.type != CBOR_TAG || head.argument == TAG_SWID) {
        corim_read_coswid(decoder, reader, itself);
        return;
    }
    nested = corim_nested(reader, COSWID_CLAUSE, "tag");
    corim_read_coswid(decoder, &nested, itself);
    if (!reader_end(&nested))
        reader_join(reader, &nested);
}

bool coswid_decode(struct span bytes, size_t offset, struct arena *arena, struct corim *corim,
                   struct error *error)
{
    struct corim read = {.is_coswid = true};
    struct corim_decoder decoder = {.corim = &read, .arena = arena};
    struct corim_coswid about = {0};
    struct reader reader;

    if (!begin(&reader, bytes, offset, COSWID_CLAUSE, error))
        return false;
    read_lone_coswid(&decoder, &reader, &about);
    if (!reader_end(&reader))
        return false;
    read.id = about.id;
    read.id_is_text = about.id_is_text;
    read.creator = about.creator;
    *corim = read;
    return true;
}

bool corim_decode(struct span bytes, size_t offset, struct arena *arena, struct corim *corim,
                  struct error *error)
{
    struct corim read = {0};
    struct corim_decoder decoder = {.corim = &read, .arena = arena};
    struct reader reader;
    struct cbor_head head;

    if (!begin(&reader, bytes, offset, CLAUSE, error))
        return false;
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
