/* Concise Reference Integrity Manifests (draft-ietf-rats-corim-10; "CoRIM" in clauses) with what they
 * hold: CoMID (section 5) and CoSWID (RFC 9393), which also stand alone.
 *
 * Only reference values that are digests are read: of CoMID's reference triples and of the files in a
 * CoSWID's payload. Everything else is passed over, and counted where it might be taken for a reference
 * value. Spans point into the input. Nothing is verified or believed here: what the values are worth,
 * the signature around them says (wire/cose_sign1.h). */
#ifndef BOOTSEAL_WIRE_CORIM_H
#define BOOTSEAL_WIRE_CORIM_H

#include "base/arena.h"
#include "base/limits.h"
#include "base/reader.h"

struct corim_digest {
    bool is_file; /* of a CoSWID; else a CoMID's measurement */
    struct span vendor,
        model; /* CoMID: of the environment's class. CoSWID: software's name in model */
    const char
        *class_id;    /* of the class, in the arena: an OID with dots, else hexadecimal; or NULL */
    struct span name; /* of the measurement or file, or the text of mkey; empty: none */
    struct span version; /* of the measurement or file, else of the software; empty: none */
    bool has_key;        /* mkey is the number `key` */
    uint64_t key;
    const char *key_id; /* mkey is an identifier, written like class_id; or NULL */
    uint16_t alg;
    struct span digest;
    size_t offset; /* of the digest in the input */
};

/* When something counts, Unix time (CoRIM 7.3). */
struct corim_validity {
    bool has_not_before, has_not_after;
    int64_t not_before_s, not_after_s;
};

struct corim {
    bool is_coswid; /* a CoSWID that stands alone: id and creator are its own */
    struct span id; /* text, or 16 bytes of a UUID */
    bool id_is_text;
    struct span creator;                           /* who says to have made it; empty */
    const char *profiles[LIMIT_MANIFEST_PROFILES]; /* printable: a URI, or an OID with dots */
    size_t n_profiles;
    struct span dependents[LIMIT_MANIFEST_DEPENDENTS]; /* where other manifests are to be had */
    size_t n_dependents;
    struct corim_validity validity;
    struct corim_digest *digests; /* in the document's order */
    size_t n_digests;
    size_t n_registers; /* integrity registers: values that a register ends with, such as PCRs */
    size_t
        n_other_values; /* reference measurements without a digest: versions, flags, raw values */
    size_t n_other_hashes; /* digests of algorithms that are not known here */
    size_t n_other_tags;   /* neither CoMID nor CoSWID */
    size_t n_replaced;     /* tags whose contents a CoMID here says to be wrong */
};

/* True when bytes begin with a tag or a map of CBOR, as these documents do and no XML does. */
bool corim_is(struct span bytes);

/* Decodes an unsigned CoRIM, or the payload of a signed one, which stands at offset in the input that
 * errors are about. Strings in chunks are ERROR_UNSUPPORTED. */
bool corim_decode(struct span bytes, size_t offset, struct arena *arena, struct corim *corim,
                  struct error *error) MUST_CHECK;

/* True when bytes begin as a CoSWID does that stands alone: its tag (RFC 9393, 8), or the map itself. */
bool coswid_is(struct span bytes);

/* The same for a CoSWID that stands alone. */
bool coswid_decode(struct span bytes, size_t offset, struct arena *arena, struct corim *corim,
                   struct error *error) MUST_CHECK;

/* The signature's validity, of a corim-meta-map (CoRIM 4.2.2). */
bool corim_meta_decode(struct span meta, struct corim_validity *validity,
                       struct error *error) MUST_CHECK;

#endif
