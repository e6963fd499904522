/* Owns the public area of a key: TPMT_PUBLIC, both ways.
 * Trusts nothing. Must never judge attributes or parameters, nor accept what it could not write
 * back byte for byte (an exponent of 0 apart): templates are compared whole. */
#include "wire/tpm_public.h"

static const char CLAUSE[] = "TPM 2.0 part 2, 12.2.4 TPMT_PUBLIC";

enum { RSA_DEFAULT_EXPONENT = 65537 };

/* TPMT_SYM_DEF_OBJECT, part 2, 11.1.7. */
static void decode_symmetric(struct reader *reader, struct tpm_public *public_area)
{
    public_area->symmetric_alg = reader_be16(reader);
    if (public_area->symmetric_alg == TPM_ALG_NULL)
        return;
    if (public_area->symmetric_alg != TPM_ALG_AES)
        reader_fail(reader, ERROR_UNSUPPORTED, "symmetric algorithm 0x%04x",
                    public_area->symmetric_alg);
    public_area->symmetric_bits = reader_be16(reader);
    public_area->symmetric_mode = reader_be16(reader);
}

static bool scheme_has_hash(uint16_t scheme)
{
    return scheme != TPM_ALG_NULL && scheme != TPM_ALG_RSAES;
}

/* TPMT_RSA_SCHEME and TPMT_ECC_SCHEME, part 2, 11.2.4.2 and 11.2.5.6. */
static void decode_scheme(struct reader *reader, struct tpm_public *public_area)
{
    bool rsa = public_area->type == TPM_ALG_RSA;

    public_area->scheme = reader_be16(reader);
    switch (public_area->scheme) {
    case TPM_ALG_NULL:
        break;
    case TPM_ALG_RSASSA:
    case TPM_ALG_RSAPSS:
    case TPM_ALG_RSAES:
    case TPM_ALG_OAEP:
        if (!rsa)
            reader_fail(reader, ERROR_MALFORMED, "ECC key with an RSA scheme");
        break;
    case TPM_ALG_ECDSA:
    case TPM_ALG_ECDH:
    case TPM_ALG_SM2:
    case TPM_ALG_ECSCHNORR:
        if (rsa)
            reader_fail(reader, ERROR_MALFORMED, "RSA key with an ECC scheme");
        break;
    default:
        reader_fail(reader, ERROR_UNSUPPORTED, "scheme 0x%04x", public_area->scheme);
        break;
    }
    if (scheme_has_hash(public_area->scheme))
        public_area->scheme_hash = reader_be16(reader);
}

static void decode_rsa(struct reader *reader, struct tpm_public *public_area)
{
    public_area->rsa.bits = reader_be16(reader);
    public_area->rsa.exponent = reader_be32(reader);
    if (public_area->rsa.exponent == 0) /* part 2, 12.2.3.5: zero stands for the default */
        public_area->rsa.exponent = RSA_DEFAULT_EXPONENT;
    public_area->rsa.modulus = reader_be16_bytes(reader, LIMIT_RSA_BITS / 8, "RSA modulus");
}

static void decode_ecc(struct reader *reader, struct tpm_public *public_area)
{
    public_area->ecc.curve = reader_be16(reader);
    /* Part 2, 12.2.3.6: no command uses the KDF scheme; it has to be TPM_ALG_NULL. */
    if (reader_be16(reader) != TPM_ALG_NULL)
        reader_fail(reader, ERROR_UNSUPPORTED, "ECC key with a KDF scheme");
    public_area->ecc.x = reader_be16_bytes(reader, LIMIT_ECC_COORDINATE_LEN, "ECC x");
    public_area->ecc.y = reader_be16_bytes(reader, LIMIT_ECC_COORDINATE_LEN, "ECC y");
}

static struct tpm_public decode(struct reader *reader)
{
    struct reader whole = *reader;
    struct tpm_public public_area = {.whole = reader_rest(&whole)};

    public_area.type = reader_be16(reader);
    if (public_area.type != TPM_ALG_RSA && public_area.type != TPM_ALG_ECC)
        reader_fail(reader, ERROR_UNSUPPORTED, "key type 0x%04x", public_area.type);
    public_area.name_alg = reader_be16(reader);
    public_area.attributes = reader_be32(reader);
    public_area.auth_policy = reader_be16_bytes(reader, LIMIT_TPM_DIGEST_LEN, "auth policy");
    decode_symmetric(reader, &public_area);
    decode_scheme(reader, &public_area);
    if (public_area.type == TPM_ALG_RSA)
        decode_rsa(reader, &public_area);
    else
        decode_ecc(reader, &public_area);
    return public_area;
}

bool tpm_public_decode(struct span bytes, struct tpm_public *public_area, struct error *error)
{
    struct reader reader = reader_init(bytes, CLAUSE, error);

    if (!reader_cap(&reader, bytes.len, LIMIT_TPM_STRUCT_LEN, "length"))
        return false;
    /* A bare structure starts with its type, 1 or 35, which is too short a length for any key. */
    struct reader prefix = reader;
    uint16_t start = bytes.len >= 2 ? reader_be16(&prefix) : 0;
    if (start != TPM_ALG_RSA && start != TPM_ALG_ECC && start + (size_t)2 == bytes.len)
        reader = prefix;
    struct tpm_public decoded = decode(&reader);
    if (!reader_end(&reader))
        return false;
    *public_area = decoded;
    return true;
}

void tpm_public_encode(struct writer *writer, const struct tpm_public *public_area)
{
    writer_be16(writer, public_area->type);
    writer_be16(writer, public_area->name_alg);
    writer_be32(writer, public_area->attributes);
    writer_be16_bytes(writer, public_area->auth_policy);
    writer_be16(writer, public_area->symmetric_alg);
    if (public_area->symmetric_alg != TPM_ALG_NULL) {
        writer_be16(writer, public_area->symmetric_bits);
        writer_be16(writer, public_area->symmetric_mode);
    }
    writer_be16(writer, public_area->scheme);
    if (scheme_has_hash(public_area->scheme))
        writer_be16(writer, public_area->scheme_hash);
    if (public_area->type == TPM_ALG_RSA) {
        uint32_t exponent = public_area->rsa.exponent;

        writer_be16(writer, public_area->rsa.bits);
        writer_be32(writer, exponent == RSA_DEFAULT_EXPONENT ? 0 : exponent);
        writer_be16_bytes(writer, public_area->rsa.modulus);
    } else {
        writer_be16(writer, public_area->ecc.curve);
        writer_be16(writer, TPM_ALG_NULL);
        writer_be16_bytes(writer, public_area->ecc.x);
        writer_be16_bytes(writer, public_area->ecc.y);
    }
}
