/* Owns reading who signed a PE image: PKCS #7 SignedData around an SpcIndirectDataContent (Windows
 * Authenticode Portable Executable Signature Format). Must never say whether a signer is trusted: a
 * signature that holds only proves that whoever has the certificate's key signed this digest. */
#include "crypto/internal.h"

#include <limits.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/pkcs7.h>
#include <openssl/x509.h>

static const char CLAUSE[] = "Authenticode PE, SignedData";
static const char INDIRECT_DATA[] = "1.3.6.1.4.1.311.2.1.4"; /* SPC_INDIRECT_DATA_OBJID */

/* What comes next in DER: its content and where it ends. False for what is no such element. */
static bool next_element(const uint8_t **at, const uint8_t *end, struct span *content)
{
    const uint8_t *start = *at;
    int tag, class;
    long len;

    if (ASN1_get_object(at, &len, &tag, &class, end - start) & 0x80)
        return false;
    *content = span_of(*at, (size_t)len);
    *at += len;
    return true;
}

/* digestAlgorithms names just the hash that is signed (Authenticode PE, SignedData). */
static bool names_one_hash(const PKCS7 *message)
{
    return PKCS7_type_is_signed(message) && sk_X509_ALGOR_num(message->d.sign->md_algs) == 1;
}

/* The signed content, without the tag and length of its outermost SEQUENCE: that is what
 * messageDigest is over (RFC 2315, 9.3). */
static bool find_content(PKCS7 *message, struct span *content)
{
    PKCS7 *inner = message->d.sign->contents;
    char oid[sizeof INDIRECT_DATA + 1] = "";
    const uint8_t *at;

    if (!inner || OBJ_obj2txt(oid, sizeof oid, inner->type, 1) <= 0 ||
        strcmp(oid, INDIRECT_DATA) != 0 || !inner->d.other ||
        inner->d.other->type != V_ASN1_SEQUENCE)
        return false;
    at = inner->d.other->value.sequence->data;
    return next_element(&at, at + inner->d.other->value.sequence->length, content);
}

static uint16_t hash_alg(const X509_ALGOR *algorithm)
{
    const ASN1_OBJECT *object;

    X509_ALGOR_get0(&object, NULL, NULL, algorithm);
    switch (OBJ_obj2nid(object)) {
    case NID_sha1:
        return TPM_ALG_SHA1;
    case NID_sha256:
        return TPM_ALG_SHA256;
    case NID_sha384:
        return TPM_ALG_SHA384;
    case NID_sha512:
        return TPM_ALG_SHA512;
    default:
        return 0;
    }
}

/* SpcIndirectDataContent: what is signed, then a DigestInfo, the digest of the image. */
static bool read_digest(struct span content, struct crypto_image_signature *signature)
{
    const uint8_t *at = content.data, *end = content.data + content.len;
    const ASN1_OCTET_STRING *octets;
    const X509_ALGOR *algorithm;
    struct span skipped;
    X509_SIG *info;

    if (!next_element(&at, end, &skipped))
        return false;
    info = d2i_X509_SIG(NULL, &at, end - at);
    if (!info)
        return false;
    X509_SIG_get0(info, &algorithm, &octets);
    signature->alg = hash_alg(algorithm);
    if (octets->length > 0 && (size_t)octets->length == tpm_digest_len(signature->alg)) {
        signature->digest.len = (size_t)octets->length;
        memcpy(signature->digest.bytes, octets->data, signature->digest.len);
    }
    X509_SIG_free(info);
    return signature->digest.len > 0;
}

/* Reads the content through hash, then checks each signer's signature over its digest. PKCS7_verify
 * would do the same, but leaks when a message names a hash that OpenSSL does not have. */
static bool check_signers(PKCS7 *message, BIO *hash)
{
    STACK_OF(PKCS7_SIGNER_INFO) *infos = PKCS7_get_signer_info(message);
    bool good = true;
    char skipped[256];

    while (BIO_read(hash, skipped, sizeof skipped) > 0)
        ;
    for (int i = 0; i < sk_PKCS7_SIGNER_INFO_num(infos); i++) {
        PKCS7_SIGNER_INFO *info = sk_PKCS7_SIGNER_INFO_value(infos, i);
        X509 *x509 = PKCS7_cert_from_signer_info(message, info);

        good &= x509 && PKCS7_signatureVerify(hash, message, info, x509) == 1;
    }
    return good;
}

static bool holds(PKCS7 *message, struct span content)
{
    BIO *bio = content.len <= INT_MAX ? BIO_new_mem_buf(content.data, (int)content.len) : NULL;
    BIO *hash = bio ? PKCS7_dataInit(message, bio) : NULL;
    bool good = hash && check_signers(message, hash);

    if (hash)
        BIO_free_all(hash); /* bio is the end of this chain */
    else
        BIO_free(bio);
    return good;
}

static bool read_signers(PKCS7 *message, struct arena *arena,
                         struct crypto_image_signature *signature, struct error *error)
{
    STACK_OF(PKCS7_SIGNER_INFO) *infos = PKCS7_get_signer_info(message);
    int n = sk_PKCS7_SIGNER_INFO_num(infos);

    if (n < 1 || n > LIMIT_IMAGE_SIGNERS)
        return error_set(error, n < 1 ? ERROR_MALFORMED : ERROR_LIMIT, 0, CLAUSE,
                         "%d signers, expected 1 to %d", n < 0 ? 0 : n, LIMIT_IMAGE_SIGNERS);
    for (int i = 0; i < n; i++) {
        PKCS7_SIGNER_INFO *info = sk_PKCS7_SIGNER_INFO_value(infos, i);
        X509 *x509 = PKCS7_cert_from_signer_info(message, info);
        struct crypto_image_signer *signer = &signature->signers[i];

        signer->issuer = crypto_name_text(info->issuer_and_serial->issuer, arena);
        signer->subject = x509 ? crypto_name_text(X509_get_subject_name(x509), arena) : "";
        if (!signer->issuer || !signer->subject)
            return arena_error(arena, error);
    }
    signature->n_signers = (size_t)n;
    return true;
}

bool crypto_image_signature_decode(struct span der, struct arena *arena,
                                   struct crypto_image_signature *signature, struct error *error)
{
    const uint8_t *at = der.data;
    struct crypto_image_signature read = {0};
    struct span content;
    PKCS7 *message = der.len <= LIMIT_IMAGE_SIGNATURE_LEN ? d2i_PKCS7(NULL, &at, (long)der.len)
                                                          : NULL;
    bool good = message && names_one_hash(message) && find_content(message, &content) &&
                read_digest(content, &read);

    if (!good) {
        error_set(error, ERROR_MALFORMED, 0, CLAUSE, "no PKCS #7 signature of a PE image");
    } else {
        good = read_signers(message, arena, &read, error);
        read.holds = good && holds(message, content);
    }
    PKCS7_free(message);
    ERR_clear_error();
    if (good)
        *signature = read;
    return good;
}
