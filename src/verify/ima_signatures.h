/* Whose signatures are in an IMA list? Checked against the certificates of the operator.
 *
 * Linux security/integrity/digsig_asymmetric.c and ima/ima_appraise.c. A signature of version 2 is over
 * the file's digest; one of version 3 over its kind, algorithm and value (struct ima_file_id); an
 * appended one (CMS) over the file without it. The digests are those of the entry: a caller who wants
 * proof takes entries that the TPM has signed. Costs a public key operation for each pair of
 * signature and digest that was not checked lately. */
#ifndef BOOTSEAL_VERIFY_IMA_SIGNATURES_H
#define BOOTSEAL_VERIFY_IMA_SIGNATURES_H

#include "crypto/crypto.h"
#include "wire/ima.h"

/* The operator's certificates, and what was checked with them lately; for one thread at a time. */
struct ima_certificates;

/* Reads a PEM text, or one certificate in DER: at most LIMIT_IMA_CERTIFICATES. Every one must be of
 * use (crypto_signer_new), so that nothing is missing silently. */
bool ima_certificates_new(struct crypto *crypto, struct span text,
                          struct ima_certificates **certificates, struct error *error) MUST_CHECK;
void ima_certificates_free(struct ima_certificates *certificates);

/* SHA-256 over all of them, 32 bytes: what a result depends on. */
struct span ima_certificates_digest(const struct ima_certificates *certificates);

enum ima_signed {
    IMA_SIGNED_NONE = 0,    /* no signature; or a violation, of which nothing is proven */
    IMA_SIGNED_VALID,       /* the signer's, over this file */
    IMA_SIGNED_WEAK,        /* the same with SHA-1 or an RSA key under 2048 bits: proves little */
    IMA_SIGNED_UNKNOWN_KEY, /* names no certificate that was given */
    IMA_SIGNED_INVALID,     /* names one, and is not its signature over this file; or is broken */
    IMA_SIGNED_UNCHECKED,   /* over what is not in the list (EVM), or by means that we lack */
    IMA_SIGNED_STATES
};

struct ima_signer {
    enum ima_signed state;
    uint32_t key_id;     /* as the signature names it; 0 for an appended one */
    const char *subject; /* of the certificate; NULL when there is none. Lives with certificates */
};

/* Says whose signature an entry has. Never fails: what cannot be checked is not valid. */
struct ima_signer ima_signature_check(struct crypto *crypto, struct ima_certificates *certificates,
                                      const struct ima_entry *entry,
                                      const struct ima_fields *fields);

/* "none", "valid", "weak", "unknown_key", "invalid", "unchecked". */
const char *ima_signed_name(enum ima_signed state);

#endif
