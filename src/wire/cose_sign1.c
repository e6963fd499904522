#include "wire/cose_sign1.h"

#include "wire/cbor.h"

enum {
    TAG_COSE_SIGN1 = 18,
    TAG_CORIM = 500,
    TAG_SIGNED_CORIM = 502,

    SIGN1_ITEMS = 4,

    /* Header parameters: RFC 9052 section 3.1; draft-ietf-rats-corim section 4.2.1; RFC 9360 and 9597. */
    PARAMETER_ALG = 1,
    PARAMETER_CRITICAL = 2,
    PARAMETER_CONTENT_TYPE = 3,
    PARAMETER_KEY_ID = 4,
    PARAMETER_CORIM_META = 8,
    PARAMETER_CWT_CLAIMS = 15,
    PARAMETER_X5CHAIN = 33,
    PARAMETER_X5T = 34,
    PARAMETER_PAYLOAD_HASH_ALG = 258,

    /* CWT claims: RFC 8392, 3.1 */
    CWT_EXPIRATION = 4,
    CWT_NOT_BEFORE = 5,
};

static const char CLAUSE[] = "RFC 9052 4.2";
static const char HEADER_CLAUSE[] = "RFC 9052 3.1";

/* Takes the tags that may stand before a COSE_Sign1. False when another item comes first. */
static bool take_tags(struct reader *reader)
{
    for (unsigned i = 0; i < 3; i++) {
        struct cbor_head head = cbor_foreign_head(reader, "signed document");

        if (!reader_ok(reader) || head.type != CBOR_TAG)
            return false;
        if (head.argument == TAG_COSE_SIGN1)
            return true;
        if (head.argument != TAG_CORIM && head.argument != TAG_SIGNED_CORIM)
            return false;
    }
    return false;
}

bool cose_sign1_is(struct span bytes)
{
    struct error ignored;
    struct reader reader = reader_init(bytes, CLAUSE, &ignored);

    return take_tags(&reader);
}

/* COSE_X509: a certificate, or an array of them. */
static void read_chain(struct reader *reader, struct cose_sign1 *sign1)
{
    struct cbor_foreign_array chain = {.left = 1, .what = "x5chain"};

    if (cbor_foreign_peek(reader).type != CBOR_BYTES)
        chain = cbor_foreign_array(reader, LIMIT_CHAIN_CERTIFICATES, "x5chain");
    while (cbor_foreign_more(reader, &chain))
        sign1->chain[sign1->n_chain++] = cbor_foreign_bytes(reader, LIMIT_CERTIFICATE_LEN,
                                                            "certificate");
}

/* COSE_CertHash. */
static void read_thumbprint(struct reader *reader, struct cose_sign1 *sign1)
{
    struct cbor_foreign_array pair;

    if (!cbor_foreign_tuple(reader, 2, "x5t", &pair))
        return;
    if (cbor_foreign_peek(reader).type == CBOR_TEXT)
        reader_fail(reader, ERROR_UNSUPPORTED, "x5t has a hash algorithm in words");
    sign1->thumbprint_alg = cbor_foreign_int(reader, "hash algorithm");
    sign1->thumbprint = cbor_foreign_bytes(reader, LIMIT_MANIFEST_TEXT_LEN, "x5t");
    cbor_foreign_tuple_end(reader, &pair);
}

static void read_cwt_claims(struct reader *reader, struct cose_sign1 *sign1)
{
    struct cbor_foreign_map map = cbor_foreign_map(reader, LIMIT_MANIFEST_ITEMS, "CWT claims");
    int64_t key;

    while (cbor_foreign_next(reader, &map, &key))
        if (key == CWT_EXPIRATION) {
            sign1->not_after_s = cbor_foreign_int(reader, "expiration time");
            sign1->has_not_after = true;
        } else if (key == CWT_NOT_BEFORE) {
            sign1->not_before_s = cbor_foreign_int(reader, "not before");
            sign1->has_not_before = true;
        } else {
            cbor_foreign_skip(reader, "CWT claim");
        }
}

static void read_parameter(struct reader *reader, int64_t label, struct cose_sign1 *sign1)
{
    switch (label) {
    case PARAMETER_ALG:
        sign1->alg = cbor_foreign_int(reader, "algorithm");
        break;
    case PARAMETER_CRITICAL:
        reader_fail(reader, ERROR_UNSUPPORTED, "the header has critical parameters");
        break;
    case PARAMETER_CONTENT_TYPE:
        sign1->content_type = cbor_foreign_text(reader, LIMIT_MANIFEST_TEXT_LEN, "content type");
        break;
    case PARAMETER_KEY_ID:
        sign1->key_id = cbor_foreign_bytes(reader, LIMIT_MANIFEST_TEXT_LEN, "key identifier");
        break;
    case PARAMETER_CORIM_META:
        sign1->corim_meta = cbor_foreign_bytes(reader, LIMIT_MANIFEST_LEN, "corim-meta");
        break;
    case PARAMETER_CWT_CLAIMS:
        read_cwt_claims(reader, sign1);
        break;
    case PARAMETER_X5CHAIN:
        read_chain(reader, sign1);
        break;
    case PARAMETER_X5T:
        read_thumbprint(reader, sign1);
        break;
    case PARAMETER_PAYLOAD_HASH_ALG:
        reader_fail(reader, ERROR_UNSUPPORTED, "the payload is only a hash of the document");
        break;
    default:
        cbor_foreign_skip(reader, "header parameter");
    }
}

static void read_header(struct reader *reader, struct cose_sign1 *sign1)
{
    struct cbor_foreign_map map = cbor_foreign_map(reader, LIMIT_MANIFEST_ITEMS,
                                                   "protected header");
    int64_t label;

    while (cbor_foreign_next(reader, &map, &label))
        read_parameter(reader, label, sign1);
    if (reader_ok(reader) && !(map.seen >> PARAMETER_ALG & 1))
        reader_fail(reader, ERROR_MALFORMED, "the protected header names no algorithm");
}

bool cose_sign1_decode(struct span bytes, struct cose_sign1 *sign1, struct error *error)
{
    struct reader reader = reader_init(bytes, CLAUSE, error), header;
    struct cbor_foreign_array items;
    struct cose_sign1 read = {0};

    if (bytes.len > LIMIT_MANIFEST_LEN)
        return error_set(error, ERROR_LIMIT, LIMIT_MANIFEST_LEN, CLAUSE,
                         "the document has %zu bytes, over the limit of %d", bytes.len,
                         LIMIT_MANIFEST_LEN);
    if (!take_tags(&reader))
        return reader_fail(&reader, ERROR_MALFORMED, "this is no COSE_Sign1");
    if (!cbor_foreign_tuple(&reader, SIGN1_ITEMS, "COSE_Sign1", &items))
        return false;
    read.protected_header = cbor_foreign_bytes(&reader, LIMIT_MANIFEST_LEN, "protected header");
    header = reader_init(read.protected_header, HEADER_CLAUSE, error);
    header.base = reader_offset(&reader) - read.protected_header.len;
    if (reader_ok(&reader))
        read_header(&header, &read);
    if (!reader_ok(&reader) || !reader_end(&header))
        return false;
    cbor_foreign_skip(&reader, "unprotected header");
    if (cbor_foreign_peek(&reader).type == CBOR_SIMPLE)
        return reader_fail(&reader, ERROR_UNSUPPORTED, "the payload is detached");
    read.payload = cbor_foreign_bytes(&reader, LIMIT_MANIFEST_LEN, "payload");
    read.payload_offset = reader_offset(&reader) - read.payload.len;
    read.signature = cbor_foreign_bytes(&reader, LIMIT_TPM_STRUCT_LEN, "signature");
    cbor_foreign_tuple_end(&reader, &items);
    if (!reader_end(&reader))
        return false;
    *sign1 = read;
    return true;
}
