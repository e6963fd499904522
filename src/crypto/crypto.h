/* The narrow interface to cryptography. OpenSSL stands behind it in this folder only.
 *
 * One struct crypto per thread holds fetched algorithms and reused contexts, so that nothing is
 * looked up per operation (shared cost: see bench/). Deterministic, except crypto_random and what
 * says so. Nothing here decides whether a key or certificate is to be trusted. */
#ifndef BOOTSEAL_CRYPTO_CRYPTO_H
#define BOOTSEAL_CRYPTO_CRYPTO_H

#include "base/arena.h"
#include "base/limits.h"
#include "wire/tpm_alg.h"
#include "wire/tpm_public.h"
#include "wire/tpm_signature.h"

struct crypto;
struct crypto_key; /* a public key, ready for use */

struct crypto *crypto_new(struct error *error);
void crypto_free(struct crypto *crypto);

struct crypto_digest {
    uint8_t bytes[LIMIT_TPM_DIGEST_LEN];
    size_t len;
};

static inline struct span crypto_digest_span(const struct crypto_digest *digest)
{
    return span_of(digest->bytes, digest->len);
}

/* Hash of the parts one after the other. alg must have tpm_digest_len > 0, else an assertion ends
 * us. */
void crypto_hash(struct crypto *crypto, uint16_t alg, const struct span *parts, size_t n_parts,
                 struct crypto_digest *digest);

/* Hash of one span. */
void crypto_hash_span(struct crypto *crypto, uint16_t alg, struct span bytes,
                      struct crypto_digest *digest);

/* SHA-256 of a certificate, as crypto_hash_span has it; one seen lately costs a comparison. */
void crypto_fingerprint(struct crypto *crypto, struct span certificate,
                        struct crypto_digest *digest);

/* PCR extend: digest = H(digest || measured), in place (part 3, 22.2). measured.len must be the
 * digest's. */
void crypto_extend(struct crypto *crypto, uint16_t alg, uint8_t *pcr, struct span measured);

void crypto_hmac(struct crypto *crypto, uint16_t alg, struct span key, struct span message,
                 struct crypto_digest *digest);

/* Constant-time comparison, for secrets and authentication codes. */
bool crypto_equal(struct span a, struct span b);

/* Fills bytes from the operating system's generator. Not for libbootseal's deterministic core:
 * edges and MakeCredential only. */
bool crypto_random(uint8_t *bytes, size_t len, struct error *error) MUST_CHECK;

/* Public keys. ERROR_UNSUPPORTED for types other than RSA 2048-4096 and NIST P-256, P-384, P-521, and, from
 * a SubjectPublicKeyInfo, Ed25519; ERROR_MALFORMED for points off the curve and such. A key is for one
 * thread at a time. */
bool crypto_key_from_tpm(struct crypto *crypto, const struct tpm_public *public_area,
                         struct crypto_key **key, struct error *error) MUST_CHECK;
/* SubjectPublicKeyInfo in DER or PEM. */
bool crypto_key_from_spki(struct crypto *crypto, struct span spki, struct crypto_key **key,
                          struct error *error) MUST_CHECK;
void crypto_key_free(struct crypto_key *key);

/* The key as canonical SubjectPublicKeyInfo DER, in the arena. */
bool crypto_key_spki(const struct crypto_key *key, struct arena *arena, struct span *spki,
                     struct error *error) MUST_CHECK;

/* Same key material. */
bool crypto_key_equal(const struct crypto_key *a, const struct crypto_key *b);

/* True when a signature of this scheme and hash may be the key's: they fit its type, are the key's
 * own when its TPM public area names some, and the hash is SHA-256 or longer. */
bool crypto_key_accepts(const struct crypto_key *key, const struct tpm_signature *signature);

/* True when signature is the key's over message and crypto_key_accepts it. No other outcome than
 * true or false. */
bool crypto_key_verify(struct crypto *crypto, struct crypto_key *key, struct span message,
                       const struct tpm_signature *signature);

/* True when signature is that of an Ed25519 key over message (RFC 8032); false for other keys. Documents are
 * signed so, never a TPM's structures: crypto_key_verify holds of no such key. */
bool crypto_key_verify_ed25519(struct crypto_key *key, struct span message, struct span signature);

/* --- X.509 (crypto/x509.c) --- */

struct crypto_certificate; /* parsed, owned by the caller */

/* DER, with 0x00 or 0xFF padding after it tolerated (NV indices); *len_used tells what belongs to
 * it. Also accepts the Infineon id-RSAES-OAEP key type. */
bool crypto_certificate_decode(struct crypto *crypto, struct span der, size_t *len_used,
                               struct crypto_certificate **certificate,
                               struct error *error) MUST_CHECK;
void crypto_certificate_free(struct crypto_certificate *certificate);

struct crypto_certificate_view {
    const char *subject; /* "CN=...,O=..." (RFC 4514), printable */
    const char *issuer;
    const char *common_name; /* of the subject; "" when it has none */
    const char *serial_hex;
    const char *key; /* "RSA-2048", "EC prime256v1"; what cannot be read is "unknown" */
    int64_t not_before_s, not_after_s; /* Unix time */
    struct span sha256;                /* fingerprint */
    struct span spki;                  /* SubjectPublicKeyInfo DER; an id-RSAES-OAEP key as RSA */
    bool is_ca;
    bool may_sign; /* documents, by what usages it has (RFC 5280, 4.2.1.3, 4.2.1.12) */
};

/* What a person sees of it; texts in the arena. */
bool crypto_certificate_view(const struct crypto_certificate *certificate, struct arena *arena,
                             struct crypto_certificate_view *view, struct error *error) MUST_CHECK;

/* The certificate as PEM (RFC 7468, 5), in the arena. */
bool crypto_certificate_pem(const struct crypto_certificate *certificate, struct arena *arena,
                            struct span *pem, struct error *error) MUST_CHECK;

/* What the TCG EK Credential Profile 2.6, 3.2 puts into an EK certificate. */
struct crypto_ek_view {
    long version; /* of X.509; 3 */
    bool is_ca;
    bool has_key_usage, key_encipherment, key_agreement;
    bool has_extended_key_usage, ek_usage; /* tcg-kp-EKCertificate, 2.23.133.8.1 */
    const char *manufacturer; /* of the TPM, "id:49465800"; "" when the SAN names none */
    const char *model;
    const char *firmware; /* tpmVersion, "id:00070055" */
};

/* Reads them from any certificate; texts printable, in the arena. ERROR_MALFORMED for broken
 * extensions. */
bool crypto_certificate_ek_view(const struct crypto_certificate *certificate, struct arena *arena,
                                struct crypto_ek_view *view, struct error *error) MUST_CHECK;

/* True when issuer (Name in DER) and serial number (contents of an INTEGER) are the certificate's: names
 * compared as RFC 5280, 7.1 does. */
bool crypto_certificate_is_named(const struct crypto_certificate *certificate, struct span issuer,
                                 struct span serial);

/* True when the certificate's subject is that name (Name in DER), and its key usage, where it has one,
 * lets it sign data or certificates (RFC 5755, 4.5 asks for the first; makers of platforms use their CA). */
bool crypto_certificate_issues_as(const struct crypto_certificate *certificate,
                                  struct span subject);

/* --- Certificates that sign files (crypto/signer.c) --- */

struct crypto_signer; /* a certificate's key, ready to check signatures over digests */

/* The certificates in a PEM text, or the one in DER, as DER in the arena; at most cap, over which
 * is ERROR_LIMIT. None is ERROR_MALFORMED. */
bool crypto_certificates_read(struct span text, size_t cap, struct arena *arena, struct span *ders,
                              size_t *n_ders, struct error *error) MUST_CHECK;

/* ERROR_UNSUPPORTED for keys other than RSA 1024-4096 and NIST P-256, P-384, P-521. A signer is for
 * one thread at a time. */
bool crypto_signer_new(struct crypto *crypto, struct span der, struct crypto_signer **signer,
                       struct error *error) MUST_CHECK;
void crypto_signer_free(struct crypto_signer *signer);

/* Both live as long as the signer. */
const char *crypto_signer_subject(const struct crypto_signer *signer); /* RFC 4514, printable */
/* SHA-1 of the public key (RFC 5280, 4.2.1.2 method 1); and the identifier that the certificate
 * itself gives, empty without one. */
struct span crypto_signer_key_digest(const struct crypto_signer *signer);
struct span crypto_signer_key_identifier(const struct crypto_signer *signer);

enum crypto_signature {
    CRYPTO_SIGNATURE_BAD = 0,
    CRYPTO_SIGNATURE_GOOD,
    CRYPTO_SIGNATURE_WEAK,        /* good, but made with SHA-1 or an RSA key under 2048 bits */
    CRYPTO_SIGNATURE_UNSUPPORTED, /* the hash, or how it is signed */
    CRYPTO_SIGNATURE_STRANGER,    /* CMS only: names none of the signers */
};

/* Whether signature (RSA PKCS #1 v1.5, or ECDSA in DER) is the signer's over a digest of alg. */
enum crypto_signature crypto_signer_verify(struct crypto *crypto, struct crypto_signer *signer,
                                           uint16_t alg, struct span digest, struct span signature);

/* Signs message with a private key in PEM, so that crypto_signer_verify calls it good under SHA-256:
 * RSA 2048-4096 (PKCS #1 v1.5) or NIST P-256, P-384, P-521 (DER). The signature is in the arena. Not
 * deterministic. ERROR_UNSUPPORTED for other keys. For edges only. (crypto/sign.c) */
bool crypto_sign(struct span private_key, struct span message, struct arena *arena,
                 struct span *signature, struct error *error) MUST_CHECK;

/* Whether cms (RFC 5652 SignedData without its content) is the signature of one of the signers over
 * content with this digest; *which is then its place. */
enum crypto_signature crypto_signers_verify_cms(struct crypto *crypto,
                                                struct crypto_signer *const *signers,
                                                size_t n_signers, uint16_t alg, struct span digest,
                                                struct span cms, size_t *which);

struct crypto_trust; /* a set of root certificates, read only after it is made */

struct crypto_trust *crypto_trust_new(struct error *error);
void crypto_trust_free(struct crypto_trust *trust);
/* Adds every certificate of a PEM text (or one DER). *n_added counts them. */
bool crypto_trust_add(struct crypto_trust *trust, struct span pem, size_t *n_added,
                      struct error *error) MUST_CHECK;

enum crypto_chain_result {
    CRYPTO_CHAIN_NONE = 0,
    CRYPTO_CHAIN_OK,
    CRYPTO_CHAIN_UNTRUSTED, /* ends elsewhere, or no chain can be built */
    CRYPTO_CHAIN_EXPIRED,   /* some certificate is not valid at now_s */
    CRYPTO_CHAIN_INVALID,   /* bad signature, constraint broken */
};

/* Builds a chain from leaf over intermediates (DER) to a trusted certificate at time now_s (Unix
 * seconds; RFC 5280, 6). What was added to trust is an anchor, self-signed or not. SHA-1 signatures
 * break a chain. detail is the library's own words; it is static or in the arena. */
enum crypto_chain_result crypto_chain_verify(struct crypto_trust *trust,
                                             const struct crypto_certificate *leaf,
                                             const struct span *intermediates,
                                             size_t n_intermediates, int64_t now_s,
                                             struct arena *arena, const char **detail);

/* --- Signatures of PE images (crypto/pkcs7.c) --- */

struct crypto_image_signer {
    const char *subject; /* RFC 4514, printable; "" when its certificate is not in the message */
    const char *issuer;
};

struct crypto_image_signature {
    struct crypto_image_signer signers[LIMIT_IMAGE_SIGNERS];
    size_t n_signers;
    uint16_t alg;                /* of the digest that is signed */
    struct crypto_digest digest; /* Authenticode digest of the image that was signed */
    bool holds; /* every signer's key signed this digest; says nothing about trust or time */
};

/* Decodes what a WIN_CERTIFICATE of type PKCS_SIGNED_DATA holds: PKCS #7 SignedData over an
 * SpcIndirectDataContent (Authenticode PE). Texts are in the arena. ERROR_MALFORMED for anything
 * else. Bytes behind the message are padding. */
bool crypto_image_signature_decode(struct span der, struct arena *arena,
                                   struct crypto_image_signature *signature,
                                   struct error *error) MUST_CHECK;

/* --- MakeCredential's primitives (crypto/credential.c), part 1, 24 and annex B, C --- */

/* Draws a seed for the EK and protects it: RSA-OAEP or one-pass ECDH with label ("IDENTITY"). The
 * secret is what goes into TPM2B_ENCRYPTED_SECRET. Not deterministic. */
bool crypto_credential_seed(struct crypto *crypto, const struct tpm_public *ek, const char *label,
                            struct crypto_digest *seed, uint8_t *secret, size_t secret_cap,
                            size_t *secret_len, struct error *error) MUST_CHECK;

/* KDFa, part 1, 11.4.10.2: out_len bytes. context_u and context_v may be empty. */
void crypto_kdfa(struct crypto *crypto, uint16_t alg, struct span key, const char *label,
                 struct span context_u, struct span context_v, uint8_t *out, size_t out_len);

/* AES-CFB with a zero IV, in place; key is 16 or 32 bytes. */
bool crypto_aes_cfb_encrypt(struct span key, uint8_t *bytes, size_t len,
                            struct error *error) MUST_CHECK;

#endif
