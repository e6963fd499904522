#include "support/soft_image_signature.h"

#include "base/writer.h"

#include <assert.h>
#include <openssl/objects.h>
#include <openssl/pkcs7.h>
#include <openssl/sha.h>

/* SpcIndirectDataContent without its outermost tag and length: SpcPeImageData, then the DigestInfo. */
static struct span indirect_data(struct span digest, uint8_t *bytes, size_t cap)
{
    static const uint8_t IMAGE_DATA[] = {0x30, 0x11, 0x06, 0x0A, 0x2B, 0x06, 0x01, 0x04, 0x01, 0x82,
                                         0x37, 0x02, 0x01, 0x0F, 0x30, 0x03, 0x03, 0x01, 0x00};
    static const uint8_t DIGEST_INFO[] = {0x30, 0x31, 0x30, 0x0D, 0x06, 0x09, 0x60,
                                          0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02,
                                          0x01, 0x05, 0x00, 0x04, 0x20};
    struct writer writer = writer_init(bytes, cap);

    assert(digest.len == 32);
    writer_bytes(&writer, span_of(IMAGE_DATA, sizeof IMAGE_DATA));
    writer_bytes(&writer, span_of(DIGEST_INFO, sizeof DIGEST_INFO));
    writer_bytes(&writer, digest);
    return writer_span(&writer);
}

static ASN1_TYPE *sequence_of(struct span content)
{
    ASN1_TYPE *sequence = ASN1_TYPE_new();
    ASN1_STRING *string = ASN1_STRING_new();
    uint8_t der[256] = {0x30, (uint8_t)content.len};

    assert(sequence && string && content.len < 128);
    memcpy(der + 2, content.data, content.len);
    assert(ASN1_STRING_set(string, der, (int)content.len + 2) == 1);
    ASN1_TYPE_set(sequence, V_ASN1_SEQUENCE, string);
    return sequence;
}

static ASN1_OCTET_STRING *octets_of(struct span content)
{
    ASN1_OCTET_STRING *octets = ASN1_OCTET_STRING_new();

    assert(octets && ASN1_OCTET_STRING_set(octets, content.data, (int)content.len) == 1);
    return octets;
}

static X509_ALGOR *sha384(void)
{
    X509_ALGOR *algorithm = X509_ALGOR_new();

    assert(algorithm &&
           X509_ALGOR_set0(algorithm, OBJ_nid2obj(NID_sha384), V_ASN1_NULL, NULL) == 1);
    return algorithm;
}

struct span soft_image_signature_make(const struct soft_image_signature *wanted, uint8_t *bytes,
                                      size_t cap)
{
    ASN1_OBJECT *type = OBJ_txt2obj(
        wanted->content_oid ? wanted->content_oid : "1.3.6.1.4.1.311.2.1.4", 1);
    uint8_t content_bytes[128], digest[32], *der = NULL;
    struct span content = indirect_data(wanted->digest, content_bytes, sizeof content_bytes);
    PKCS7 *message = PKCS7_new(), *inner = PKCS7_new();
    PKCS7_SIGNER_INFO *signer;
    int len;

    assert(type && message && inner && PKCS7_set_type(message, NID_pkcs7_signed) == 1);
    signer = PKCS7_add_signature(message, wanted->certificate, wanted->key, EVP_sha256());
    assert(signer);
    if (!wanted->without_certificate)
        assert(PKCS7_add_certificate(message, wanted->certificate) == 1);
    inner->type = OBJ_dup(type);
    if (OBJ_obj2nid(type) == NID_pkcs7_data)
        inner->d.data = octets_of(content);
    else
        inner->d.other = sequence_of(content);
    assert(PKCS7_set_content(message, inner) == 1);
    SHA256(content.data, content.len - (wanted->other_content ? 1 : 0), digest);
    assert(PKCS7_add_attrib_content_type(signer, OBJ_dup(type)) == 1);
    assert(PKCS7_add1_attrib_digest(signer, digest, sizeof digest) == 1);
    assert(PKCS7_SIGNER_INFO_sign(signer) == 1);
    if (wanted->two_hashes)
        assert(sk_X509_ALGOR_push(message->d.sign->md_algs, sha384()) == 2);
    len = i2d_PKCS7(message, &der);
    assert(len > 0 && (size_t)len <= cap);
    memcpy(bytes, der, (size_t)len);
    OPENSSL_free(der);
    ASN1_OBJECT_free(type);
    PKCS7_free(message);
    return span_of(bytes, (size_t)len);
}
