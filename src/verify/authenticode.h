/* The digest by which firmware measures, and signatures name, a PE image: Microsoft's Authenticode
 * PE image hash (Windows Authenticode Portable Executable Signature Format, "Calculating the PE
 * Image Hash"), as UEFI firmware computes it for PCR 2 and 4 (PFP 1.06, 10.4; EDK2's
 * MeasurePeImageAndExtend). It leaves out the checksum, the certificate table and its directory
 * entry, so that signing changes nothing.
 *
 * Firmware hashes the bytes that are there. Signing pads a file to 8 bytes first, and shim pads what
 * it hashes in the same way; so an unsigned file of another length has two digests: the measured
 * one, and the one by which a signature or a hash in db, dbx or MokList names it. */
#ifndef BOOTSEAL_VERIFY_AUTHENTICODE_H
#define BOOTSEAL_VERIFY_AUTHENTICODE_H

#include "crypto/crypto.h"
#include "wire/pe.h"

struct authenticode {
    struct span *parts; /* what is hashed, in order, and zeros that signing would add behind it */
    size_t n_parts;     /* those zeros not counted */
    size_t padding_len; /* 0 to 7 */
};

/* Finds what is hashed. The parts point into the file; their list is in the arena. ERROR_MALFORMED
 * where firmware refuses to hash: a certificate table larger than what follows the sections. */
bool authenticode_read(const struct pe *pe, struct arena *arena, struct authenticode *image,
                       struct error *error) MUST_CHECK;

/* The digest in a hash algorithm of the TPM's; padded as for signing, or as measured. */
void authenticode_hash(struct crypto *crypto, const struct authenticode *image, uint16_t alg,
                       bool padded, struct crypto_digest *digest);

#endif
