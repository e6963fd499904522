/* TCG reference integrity manifests in XML: base RIMs (TCG RIM Information Model 1.01; TCG PC Client RIM
 * 1.04), which are SWID tags (ISO/IEC 19770-2:2015) with an enveloped XML signature.
 *
 * An edge, for libxml2 and xmlsec: only the command line uses it, never the service. Documents with a
 * DTD are refused before an entity is read; no network, no other file, no XSLT, no XPath. Nothing is
 * read from a document before its signature holds, unless the caller asks for that in so many words:
 * exactly one signature, over the whole document but itself, and besides at most over its own time
 * stamp, by one of the keys given. Keys and certificates inside of the document are not looked at. */
#ifndef BOOTSEAL_RIM_RIM_H
#define BOOTSEAL_RIM_RIM_H

#include "base/arena.h"
#include "base/limits.h"

struct rim_file {
    const char *name; /* printable, as the manifest has it: check it before a path is made of it */
    bool has_len;
    uint64_t len; /* bytes, of the attribute size */
    uint16_t alg;
    struct span digest;
    bool is_pcr_values; /* it says that it holds values of PCRs */
};

struct rim {
    const char *id; /* tagId; texts are printable, "" for what the manifest doesn't say */
    const char *name, *version;
    const char *manufacturer, *model; /* of the platform */
    const char *signed_at;            /* as the signer says, under the signature (RFC 3339) */
    bool has_countersignature;        /* a time stamp of somebody else, which is not looked at */
    bool is_supplemental, is_patch;   /* it adds to, or changes, what another base RIM says */
    const char *links[LIMIT_MANIFEST_DEPENDENTS]; /* other base RIMs that it names */
    size_t n_links;
    bool is_pc_client; /* bound to PC Client RIM: its files are support RIMs */
    struct rim_file *files;
    size_t n_files;
    size_t signer; /* of the certificates given: whose key signed */
};

/* Decodes a base RIM that one of the keys in certificates (DER, n of them) signed: RSA or ECDSA, with
 * SHA-256 or longer. n 0 reads it without looking at a signature. ERROR_MALFORMED with the byte where the
 * XML breaks; ERROR_DENIED when no key signed it; ERROR_UNSUPPORTED for signatures of another form. */
bool rim_decode(struct span xml, const struct span *certificates, size_t n_certificates,
                struct arena *arena, struct rim *rim, struct error *error) MUST_CHECK;

#endif
