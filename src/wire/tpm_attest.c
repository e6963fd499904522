/* Owns the decoding of what a TPM signs: TPMS_ATTEST.
 * Trusts nothing. Must never judge magic, type or contents: src/verify does, with a reason. */
#include "wire/tpm_attest.h"

#include "wire/tpm_alg.h"

static const char CLAUSE[] = "TPM 2.0 part 2, 10.12.12 TPMS_ATTEST";

enum { NAME_LEN_MAX = 2 + LIMIT_TPM_DIGEST_LEN };

/* TPMI_YES_NO, part 2, 9.2: other values are not legal. */
static bool decode_yes_no(struct reader *reader)
{
    uint8_t value = reader_u8(reader);

    if (value > 1)
        reader_fail(reader, ERROR_MALFORMED, "flag is neither 0 nor 1");
    return value == 1;
}

static struct tpm_attest decode(struct reader *reader)
{
    struct reader whole = *reader;
    struct tpm_attest attest = {.whole = reader_rest(&whole)};

    attest.magic = reader_be32(reader);
    attest.type = reader_be16(reader);
    attest.qualified_signer = reader_be16_bytes(reader, NAME_LEN_MAX, "qualified signer");
    attest.extra_data = reader_be16_bytes(reader, LIMIT_TPM_DATA_LEN, "extra data");
    attest.clock_ms = reader_be64(reader);
    attest.reset_count = reader_be32(reader);
    attest.restart_count = reader_be32(reader);
    attest.safe = decode_yes_no(reader);
    attest.firmware_version = reader_be64(reader);
    switch (attest.type) {
    case TPM_ST_ATTEST_QUOTE:
        attest.quote.selection = tpm_pcr_selection_decode(reader);
        attest.quote.pcr_digest = reader_be16_bytes(reader, LIMIT_TPM_DIGEST_LEN, "PCR digest");
        break;
    case TPM_ST_ATTEST_CERTIFY:
        attest.certify.name = reader_be16_bytes(reader, NAME_LEN_MAX, "name");
        attest.certify.qualified_name = reader_be16_bytes(reader, NAME_LEN_MAX, "qualified name");
        break;
    default: /* a body of its own, which nobody here reads */
        reader_rest(reader);
        break;
    }
    return attest;
}

bool tpm_attest_decode(struct span bytes, struct tpm_attest *attest, struct error *error)
{
    struct reader reader = reader_init(bytes, CLAUSE, error);

    if (!reader_cap(&reader, bytes.len, LIMIT_TPM_STRUCT_LEN, "length"))
        return false;
    /* A bare structure starts with the magic, whose first half is no length under the cap. */
    struct reader prefix = reader;
    if (bytes.len >= 2 && reader_be16(&prefix) == bytes.len - 2)
        reader = prefix;
    struct tpm_attest decoded = decode(&reader);
    if (!reader_end(&reader))
        return false;
    *attest = decoded;
    return true;
}
