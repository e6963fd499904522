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

/* The signed content, without the tag and length of its outermost SEQUENCE: that is what
 * messageDigest is over (RFC 2315, 9.3). */
static bool find_content(PKCS7 *message, struct span *content)
{
    PKCS7 *inner = PKCS7_type_is_signed(message) ? message->d.sign->contents : NULL;
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

static bool holds(PKCS7 *message, struct span content)
{
    BIO *bio = content.len <= INT_MAX ? BIO_new_mem_buf(content.data, (int)content.len) : NULL;
    bool good = bio && PKCS7_verify(message, NULL, NULL, bio, NULL, PKCS7_NOVERIFY) == 1;

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
        PKCS7_ISSUER_AND_SERIAL *id = sk_PKCS7_SIGNER_INFO_value(infos, i)->issuer_and_serial;
        X509 *x509 = X509_find_by_issuer_and_serial(message->d.sign->cert, id->issuer, id->serial);
        struct crypto_image_signer *signer = &signature->signers[i];

        signer->issuer = crypto_name_text(id->issuer, arena);
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
    bool good = message && find_content(message, &content) && read_digest(content, &read);

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
