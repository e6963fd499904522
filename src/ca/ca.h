/* The certificate authority: keys, certificates, revocation list, and the policy key's signatures.
 *
 * Owns the OpenSSL objects of the signer and nothing else: no files, no clock, no policy. Whoever
 * calls decides that something may be signed (src/server/signer.c); what is signed here is built
 * here, field by field, from typed requests. X.509: RFC 5280; SPIFFE X.509-SVID; TPM structures:
 * TPM 2.0 Library part 2. Keys are NIST P-256 (every TPM 2.0 can check them). */
#ifndef BOOTSEAL_CA_CA_H
#define BOOTSEAL_CA_CA_H

#include "base/arena.h"
#include "base/limits.h"

enum {
    CA_SERIAL_LEN = 16,
    CA_HOST_ID_LEN = 32,
    CA_SPKI_P256_LEN = 91, /* DER of a P-256 SubjectPublicKeyInfo, uncompressed: one legal form */
    CA_SERVER_NAMES = 16,
};

struct ca;

/* A new authority: key and self-signed certificate for a trust domain, ten years from now_s (Unix
 * seconds). Both PEM, in the arena; key_pem is secret. */
bool ca_make_authority(const char *trust_domain, int64_t now_s, struct arena *arena,
                       struct span *key_pem, struct span *certificate_pem,
                       struct error *error) MUST_CHECK;

/* A new private key as PKCS #8 PEM in the arena, and its SubjectPublicKeyInfo (DER, CA_SPKI_P256_LEN
 * bytes; spki may be NULL). Serves for the policy key and for a front's TLS key. */
bool ca_make_key(struct arena *arena, struct span *key_pem, struct span *spki,
                 struct error *error) MUST_CHECK;

/* Opens an authority from what ca_make_authority and ca_make_key gave. ERROR_MALFORMED when a PEM
 * text is broken, or when key and certificate do not belong together. */
struct ca *ca_open(struct span key_pem, struct span certificate_pem, struct span policy_key_pem,
                   struct error *error);
void ca_free(struct ca *ca);

/* The authority's certificate, DER. Lives as long as the ca. */
struct span ca_certificate(const struct ca *ca);

/* The policy key as TPMT_PUBLIC, such as TPM2_LoadExternal takes. Lives as long as the ca. */
struct span ca_policy_public(const struct ca *ca);

struct ca_identity_request {
    uint8_t host_id[CA_HOST_ID_LEN];
    const char *name; /* DNS name; the caller has checked it */
    struct span spki; /* of the proven key, CA_SPKI_P256_LEN bytes */
    int64_t not_before_s, not_after_s;
};

struct ca_issued {
    struct span der; /* in the arena */
    uint8_t serial[CA_SERIAL_LEN];
};

/* The identity certificate: URI spiffe://<trust domain>/host/<host id>, DNS name, for TLS in both
 * roles, good from not_before_s to not_after_s. ERROR_MALFORMED for a key of another form. */
bool ca_issue_identity(struct ca *ca, const struct ca_identity_request *request,
                       struct arena *arena, struct ca_issued *issued,
                       struct error *error) MUST_CHECK;

struct ca_server_request {
    const char *names[CA_SERVER_NAMES]; /* DNS names and IP addresses in text */
    size_t n_names;
    struct span spki;
    int64_t not_before_s, not_after_s;
};

/* The service's own TLS certificate. */
bool ca_issue_server(struct ca *ca, const struct ca_server_request *request, struct arena *arena,
                     struct ca_issued *issued, struct error *error) MUST_CHECK;

struct ca_revoked {
    uint8_t serial[CA_SERIAL_LEN];
    int64_t revoked_s;
};

/* A revocation list over the entries (RFC 5280 section 5), DER in the arena. number only grows. */
bool ca_crl(struct ca *ca, const struct ca_revoked *revoked, size_t n_revoked, uint64_t number,
            int64_t this_update_s, int64_t next_update_s, struct arena *arena, struct span *der,
            struct error *error) MUST_CHECK;

/* The policy key's signature over SHA-256(approved_policy || policy_ref) as TPMT_SIGNATURE (ECDSA,
 * SHA-256): what TPM2_VerifySignature and TPM2_PolicyAuthorize take (part 3, 23.16). */
bool ca_approve(struct ca *ca, struct span approved_policy, struct span policy_ref,
                struct arena *arena, struct span *signature, struct error *error) MUST_CHECK;

#endif
