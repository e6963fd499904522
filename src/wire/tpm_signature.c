/* Owns the decoding of a TPM's signature: TPMT_SIGNATURE.
 * Trusts nothing. Must never check a signature: src/crypto does. */
#include "wire/tpm_signature.h"

static const char CLAUSE[] = "TPM 2.0 part 2, 11.3.4 TPMT_SIGNATURE";

static struct tpm_signature decode(struct reader *reader)
{
    struct tpm_signature signature = {.scheme = reader_be16(reader)};

    switch (signature.scheme) {
    case TPM_ALG_RSASSA:
    case TPM_ALG_RSAPSS:
        signature.hash = reader_be16(reader);
        signature.rsa = reader_be16_bytes(reader, LIMIT_RSA_BITS / 8, "RSA signature");
        break;
    case TPM_ALG_ECDSA:
        signature.hash = reader_be16(reader);
        signature.ecdsa_r = reader_be16_bytes(reader, LIMIT_ECC_COORDINATE_LEN, "ECDSA r");
        signature.ecdsa_s = reader_be16_bytes(reader, LIMIT_ECC_COORDINATE_LEN, "ECDSA s");
        break;
    default:
        reader_fail(reader, ERROR_UNSUPPORTED, "signature scheme 0x%04x", signature.scheme);
        break;
    }
    return signature;
}

bool tpm_signature_decode(struct span bytes, struct tpm_signature *signature, struct error *error)
{
    struct reader reader = reader_init(bytes, CLAUSE, error);
    struct tpm_signature decoded = decode(&reader);

    if (!reader_end(&reader))
        return false;
    *signature = decoded;
    return true;
}
