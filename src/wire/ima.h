/* IMA measurement lists in the kernel's binary form (security/ima/binary_runtime_measurements and
 * its siblings per bank). Linux Documentation/security/IMA-templates.rst; security/integrity/ima/.
 *
 * Frames entries, no more: no hashing, nothing is believed. Little endian only: that is what every
 * little-endian host writes, and what the others write with ima_canonical_fmt; a big-endian list is
 * recognised and refused. Lists whose template hash is longer than SHA-1 are recognised too. */
#ifndef BOOTSEAL_WIRE_IMA_H
#define BOOTSEAL_WIRE_IMA_H

#include "base/limits.h"
#include "base/reader.h"

/* The fields of a template, by their place in wire/ima_fields.def. */
struct ima_template {
    uint8_t fields[LIMIT_IMA_FIELDS];
    uint8_t n_fields; /* 0: not known */
};

struct ima_entry {
    uint32_t number; /* first is 0 */
    size_t offset;   /* of the entry in the list */
    uint32_t pcr;
    struct span template_hash;
    struct span template_name; /* "ima-ng", or the fields of a custom one: "d-ng|n-ng|sig" */
    struct span template_data; /* the fields with their lengths, as they are hashed */
    bool fixed;     /* template "ima": 20 bytes, then a name that is hashed padded to 256 bytes */
    bool violation; /* the hash is all zero: the kernel extended ones instead, and nothing proves
                       the data */
    struct ima_template template; /* private */
};

struct ima_list {
    uint16_t hash_len;    /* of template hashes: 20, 32, 48 or 64 */
    struct reader reader; /* private, as all that follows */
    uint32_t next_number;
    struct span template_name; /* of the last entry, and its fields: most have the same */
    struct ima_template template;
    struct error *error;
};

enum ima_step { IMA_FAILED = 0, IMA_ENTRY, IMA_END };

/* What a name in the fixed template is padded to before it is hashed: IMA_EVENT_NAME_LEN_MAX + 1.
 */
enum { IMA_FIXED_DIGEST_LEN = 20, IMA_FIXED_NAME_LEN = 256 };

/* Starts on a list or on its tail; an empty one is fine. Both must outlive the list. Over
 * LIMIT_IMA_LEN is ERROR_LIMIT. */
bool ima_list_open(struct ima_list *list, struct span bytes, struct error *error) MUST_CHECK;

/* The next entry. After IMA_FAILED the list's error is set. */
enum ima_step ima_list_next(struct ima_list *list, struct ima_entry *entry) MUST_CHECK;

/* Offset of the entry that ima_list_next returns next. */
static inline size_t ima_list_offset(const struct ima_list *list)
{
    return reader_offset(&list->reader);
}

/* A digest as an entry says it. */
struct ima_digest {
    struct span kind; /* "ima", "verity"; empty in templates that do not tell them apart */
    struct span alg;  /* "sha256"; empty in the fixed template (SHA-1 or MD5) */
    struct span bytes;
};

/* The fields of an entry, wire/ima_fields.def; those that its template lacks are empty. */
struct ima_fields {
    struct ima_digest digest;        /* of the file */
    struct ima_digest modsig_digest; /* of the file without the signature appended to it */
    struct span name;                /* path, without its NUL; or what the kernel calls it */
    struct span signature;           /* security.ima: wire/ima_signature.h */
    struct span buffer;              /* the measured bytes */
    struct span modsig;              /* appended signature, PKCS #7 */
    struct span evm_signature;       /* security.evm */
    struct span uid, gid, mode;      /* the inode's, as the host's byte order has them */
    struct span xattr_names, xattr_lengths, xattr_values;
};

/* Reads template_data by the template's fields. A template or field that is not known is
 * ERROR_UNSUPPORTED: its entry can still be replayed. Digests must have the length of an algorithm
 * that is known, and names must end with their only NUL: ERROR_MALFORMED else. A violation's
 * digest is zeros of whatever length. */
bool ima_entry_decode(const struct ima_entry *entry, struct ima_fields *fields,
                      struct error *error) MUST_CHECK;

/* What a field of a template is: "file digest with its algorithm"; NULL for one that is not known. */
const char *ima_field_meaning(struct span id);

#endif
