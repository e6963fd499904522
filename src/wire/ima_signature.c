/* Framing of IMA's signatures. Owns nothing, trusts nothing; must never check one. */
#include "wire/ima_signature.h"

static const char CLAUSE[] = "Linux integrity.h, struct signature_v2_hdr";

enum { VERSION_DIGEST = 2, VERSION_TYPED = 3 };

static bool read_type(struct reader *reader, enum ima_signature_type *type)
{
    uint8_t value = reader_u8(reader);

    switch (value) {
    case IMA_SIGNATURE_FILE:
    case IMA_SIGNATURE_EVM_PORTABLE:
    case IMA_SIGNATURE_VERITY:
        *type = value;
        return true;
    default:
        return reader_ok(reader) && reader_fail(reader, ERROR_UNSUPPORTED,
                                                "an attribute of type %u is no signature", value);
    }
}

bool ima_signature_decode(struct span bytes, struct ima_signature *signature, struct error *error)
{
    struct reader reader = reader_init(bytes, CLAUSE, error);
    struct ima_signature decoded = {0};
    uint8_t hash;
    uint16_t len;

    if (!read_type(&reader, &decoded.type))
        return false;
    decoded.version = reader_u8(&reader);
    if (reader_ok(&reader) && decoded.version != VERSION_DIGEST && decoded.version != VERSION_TYPED)
        return reader_fail(&reader, ERROR_UNSUPPORTED, "signature version %u", decoded.version);
    hash = reader_u8(&reader);
    decoded.hash = ima_hash_by_id(hash);
    if (reader_ok(&reader) && !decoded.hash)
        return reader_fail(&reader, ERROR_UNSUPPORTED, "hash algorithm %u", hash);
    decoded.key_id = reader_be32(&reader);
    len = reader_be16(&reader);
    if (reader_ok(&reader) && len != reader_left(&reader))
        return reader_fail(&reader, ERROR_MALFORMED,
                           "the signature has %zu bytes and says that it has %u",
                           reader_left(&reader), len);
    decoded.bytes = reader_bytes(&reader, len, "signature");
    if (reader_ok(&reader) && len == 0)
        return reader_fail(&reader, ERROR_MALFORMED, "the signature is empty");
    if (!reader_end(&reader))
        return false;
    *signature = decoded;
    return true;
}
