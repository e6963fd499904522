/* COSE_Sign1 (RFC 9052, section 4.2) as CoRIM uses it (draft-ietf-rats-corim-10, section 4.2): framing and
 * the header parameters that decide how the signature is checked.
 *
 * Owns nothing: spans point into the input. Nothing is verified here: verify/cose_signature.h does. */
#ifndef BOOTSEAL_WIRE_COSE_SIGN1_H
#define BOOTSEAL_WIRE_COSE_SIGN1_H

#include "base/limits.h"
#include "base/reader.h"

/* IANA COSE Algorithms (RFC 9053; those that name their curve, RFC 9864). */
enum {
    COSE_ES256 = -7,
    COSE_EDDSA = -8,
    COSE_ESP256 = -9,
    COSE_ED25519 = -19,
    COSE_ES384 = -35,
    COSE_ES512 = -36,
    COSE_PS256 = -37,
    COSE_PS384 = -38,
    COSE_PS512 = -39,
    COSE_ESP384 = -51,
    COSE_ESP512 = -52,
};

struct cose_sign1 {
    struct span protected_header;                /* as it was signed; never empty */
    int64_t alg;                                 /* of the protected header */
    struct span content_type;                    /* text; empty when the header has none */
    struct span key_id;                          /* a hint; empty */
    struct span corim_meta;                      /* CBOR of a corim-meta-map; empty */
    struct span chain[LIMIT_CHAIN_CERTIFICATES]; /* x5chain (RFC 9360): DER, the signer's first */
    size_t n_chain;
    struct span thumbprint;             /* x5t: the hash of the signer's certificate; empty */
    int64_t thumbprint_alg;             /* with it; a COSE algorithm */
    bool has_not_before, has_not_after; /* of CWT claims (RFC 9597); Unix time */
    int64_t not_before_s, not_after_s;
    struct span payload;
    size_t payload_offset; /* in the outermost input */
    struct span signature;
};

/* True when bytes begin with a tag of a signed document: 18, or 502 or 500 around one. */
bool cose_sign1_is(struct span bytes);

/* Decodes, with the tags before it. ERROR_UNSUPPORTED for a detached payload, a payload that is only a
 * hash, and parameters that the header calls critical; ERROR_MALFORMED for a header without an
 * algorithm. Headers outside of the signature decide nothing, certificates there included: nobody knows
 * that who certified the key has seen it sign (RFC 9360, 2). */
bool cose_sign1_decode(struct span bytes, struct cose_sign1 *sign1, struct error *error) MUST_CHECK;

#endif
