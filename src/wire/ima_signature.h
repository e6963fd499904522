/* Signatures as IMA keeps them in security.ima and writes them into its list: struct
 * signature_v2_hdr of Linux security/integrity/integrity.h, versions 2 and 3.
 *
 * Frames, no more: whose signature it is and what it is over is for src/verify. */
#ifndef BOOTSEAL_WIRE_IMA_SIGNATURE_H
#define BOOTSEAL_WIRE_IMA_SIGNATURE_H

#include "base/reader.h"
#include "wire/ima_hash.h"

/* enum evm_ima_xattr_type, those of its values that are signatures. */
enum ima_signature_type {
    IMA_SIGNATURE_FILE = 3,         /* of a file's digest */
    IMA_SIGNATURE_EVM_PORTABLE = 5, /* of a file's metadata: owner, mode, extended attributes */
    IMA_SIGNATURE_VERITY = 6,       /* of a file's fs-verity digest */
};

struct ima_signature {
    enum ima_signature_type type;
    uint8_t version; /* 2: over the digest itself; 3: over its kind, algorithm and value */
    const struct ima_hash *hash; /* that the signature is made with */
    uint32_t key_id;             /* the last four bytes of the key's identifier */
    struct span bytes;           /* the signature, as its key makes them */
};

/* ERROR_UNSUPPORTED for version 1, which named no hash by number, for types that are no
 * signatures, and for hashes that are not known. Lengths that do not fit are ERROR_MALFORMED. */
bool ima_signature_decode(struct span bytes, struct ima_signature *signature,
                          struct error *error) MUST_CHECK;

#endif
