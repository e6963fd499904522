/* Owns the certificates whose keys sign files, and checks what they signed. Trusts OpenSSL's
 * arithmetic. Must never decide whether a certificate is to be trusted, look at its dates (files
 * stay signed when a certificate ends, and the kernel does not look either), or decode a key per
 * signature. */
#include "base/text.h"
#include "crypto/internal.h"

#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

enum { RSA_BITS_MIN = 1024, SHA1_LEN = 20 };

struct crypto_signer {
    X509 *x509;
    EVP_PKEY *pkey; /* the certificate's */
    bool rsa;
    uint8_t key_digest[SHA1_LEN];
    struct arena texts;
    const char *subject;
    EVP_PKEY_CTX *verify; /* ready for verify_alg; NULL before the first use */
    uint16_t verify_alg;
};

void crypto_signer_free(struct crypto_signer *signer)
{
    if (!signer)
        return;
    EVP_PKEY_CTX_free(signer->verify);
    X509_free(signer->x509);
    arena_done(&signer->texts);
    free(signer);
}

/* Appends x509 as DER and lets go of it. */
static bool keep(X509 *x509, size_t cap, struct arena *arena, struct span *ders, size_t *n,
                 struct error *error)
{
    uint8_t *der = NULL, *kept;
    int len = i2d_X509(x509, &der);

    X509_free(x509);
    if (len <= 0 || len > LIMIT_CERTIFICATE_LEN || *n == cap) {
        OPENSSL_free(der);
        return error_plain(error, ERROR_LIMIT,
                           "certificate %zu is over the limits: at most %zu, each of at most %d "
                           "bytes",
                           *n + 1, cap, LIMIT_CERTIFICATE_LEN);
    }
    kept = arena_alloc(arena, (size_t)len);
    if (kept) {
        memcpy(kept, der, (size_t)len);
        ders[(*n)++] = span_of(kept, (size_t)len);
    }
    OPENSSL_free(der);
    return kept || arena_error(arena, error);
}

static bool read_pem(BIO *bio, size_t cap, struct arena *arena, struct span *ders, size_t *n_ders,
                     struct error *error)
{
    size_t n = 0;
    X509 *x509;

    while ((x509 = PEM_read_bio_X509(bio, NULL, NULL, NULL)))
        if (!keep(x509, cap, arena, ders, &n, error))
            return false;
    if (n == 0 || ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE) {
        ERR_clear_error();
        return error_plain(error, ERROR_MALFORMED, "certificate %zu cannot be read", n + 1);
    }
    ERR_clear_error();
    *n_ders = n;
    return true;
}

bool crypto_certificates_read(struct span text, size_t cap, struct arena *arena, struct span *ders,
                              size_t *n_ders, struct error *error)
{
    static const char BEGIN[] = "-----BEGIN";
    const uint8_t *at = text.data;
    size_t n = 0;
    X509 *x509;
    BIO *bio;
    bool good;

    if (text.len > LIMIT_IMA_CERTIFICATES_LEN)
        return error_plain(error, ERROR_LIMIT, "%zu bytes of certificates", text.len);
    if (text.len && memmem(text.data, text.len, BEGIN, sizeof BEGIN - 1)) {
        bio = BIO_new_mem_buf(text.data, (int)text.len);
        good = bio ? read_pem(bio, cap, arena, ders, n_ders, error)
                   : error_plain(error, ERROR_MEMORY, "no memory for certificates");
        BIO_free(bio);
        return good;
    }
    x509 = text.len ? d2i_X509(NULL, &at, (long)text.len) : NULL;
    ERR_clear_error();
    if (!x509 || at != text.data + text.len) {
        X509_free(x509);
        return error_plain(error, ERROR_MALFORMED, "no certificate in PEM or DER");
    }
    if (!keep(x509, cap, arena, ders, &n, error))
        return false;
    *n_ders = n;
    return true;
}

bool crypto_signer_key_check(const EVP_PKEY *pkey, struct error *error)
{
    static const char *const CURVES[] = {"prime256v1", "secp384r1", "secp521r1"};
    char curve[32] = "";
    int bits = pkey ? EVP_PKEY_get_bits(pkey) : 0;

    if (pkey && EVP_PKEY_is_a(pkey, "RSA"))
        return (bits >= RSA_BITS_MIN && bits <= LIMIT_RSA_BITS) ||
               error_plain(error, ERROR_UNSUPPORTED, "the RSA key has %d bits", bits);
    if (pkey && EVP_PKEY_is_a(pkey, "EC") &&
        EVP_PKEY_get_group_name(pkey, curve, sizeof curve, NULL) == 1)
        for (size_t i = 0; i < sizeof CURVES / sizeof *CURVES; i++)
            if (strcmp(curve, CURVES[i]) == 0)
                return true;
    return error_plain(error, ERROR_UNSUPPORTED,
                       "the key is neither RSA nor on P-256, P-384 or P-521");
}

static bool fill(struct crypto *crypto, struct crypto_signer *signer, struct span der,
                 struct error *error)
{
    const uint8_t *at = der.data;
    const ASN1_BIT_STRING *bits;
    struct crypto_digest digest;
    BIO *bio;
    char *name;
    long name_len;

    signer->x509 = d2i_X509(NULL, &at, (long)der.len);
    if (!signer->x509 || at != der.data + der.len)
        return error_plain(error, ERROR_MALFORMED, "no certificate in DER");
    signer->pkey = X509_get0_pubkey(signer->x509);
    if (!crypto_signer_key_check(signer->pkey, error))
        return false;
    signer->rsa = EVP_PKEY_is_a(signer->pkey, "RSA");
    bits = X509_get0_pubkey_bitstr(signer->x509);
    crypto_hash_span(crypto, TPM_ALG_SHA1, span_of(bits->data, (size_t)bits->length), &digest);
    memcpy(signer->key_digest, digest.bytes, sizeof signer->key_digest);
    bio = BIO_new(BIO_s_mem());
    if (bio && X509_NAME_print_ex(bio, X509_get_subject_name(signer->x509), 0,
                                  (XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB) |
                                      ASN1_STRFLGS_UTF8_CONVERT) >= 0) {
        name_len = BIO_get_mem_data(bio, &name);
        signer->subject = text_printable(&signer->texts, span_of(name, (size_t)name_len));
    }
    BIO_free(bio);
    return signer->subject || error_plain(error, ERROR_MEMORY, "no memory for a certificate");
}

bool crypto_signer_new(struct crypto *crypto, struct span der, struct crypto_signer **signer,
                       struct error *error)
{
    struct crypto_signer *made = calloc(1, sizeof *made);

    if (!made)
        return error_plain(error, ERROR_MEMORY, "no memory for a certificate");
    made->texts = arena_init(4 * LIMIT_CERTIFICATE_LEN);
    if (!fill(crypto, made, der, error)) {
        ERR_clear_error();
        crypto_signer_free(made);
        return false;
    }
    *signer = made;
    return true;
}

const char *crypto_signer_subject(const struct crypto_signer *signer)
{
    return signer->subject;
}

struct span crypto_signer_key_digest(const struct crypto_signer *signer)
{
    return span_of(signer->key_digest, sizeof signer->key_digest);
}

struct span crypto_signer_key_identifier(const struct crypto_signer *signer)
{
    const ASN1_OCTET_STRING *identifier = X509_get0_subject_key_id(signer->x509);

    return identifier
               ? span_of(ASN1_STRING_get0_data(identifier), (size_t)ASN1_STRING_length(identifier))
               : span_of(NULL, 0);
}

static const EVP_MD *find_hash(uint16_t alg)
{
    switch (alg) {
    case TPM_ALG_SHA1:
        return EVP_sha1();
    case TPM_ALG_SHA256:
        return EVP_sha256();
    case TPM_ALG_SHA384:
        return EVP_sha384();
    case TPM_ALG_SHA512:
        return EVP_sha512();
    default:
        return NULL;
    }
}

/* Makes signer->verify ready for the hash; once, as files are signed with one. */
static bool prepare(struct crypto_signer *signer, uint16_t alg)
{
    EVP_PKEY_CTX *context;

    if (signer->verify && signer->verify_alg == alg)
        return true;
    context = EVP_PKEY_CTX_new_from_pkey(NULL, signer->pkey, NULL);
    if (!context || EVP_PKEY_verify_init(context) != 1 ||
        (signer->rsa && EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) != 1) ||
        EVP_PKEY_CTX_set_signature_md(context, find_hash(alg)) != 1) {
        EVP_PKEY_CTX_free(context);
        return false;
    }
    EVP_PKEY_CTX_free(signer->verify);
    signer->verify = context;
    signer->verify_alg = alg;
    return true;
}

static enum crypto_signature good_signature(const struct crypto_signer *signer, uint16_t alg)
{
    bool weak = alg == TPM_ALG_SHA1 ||
                (signer->rsa && EVP_PKEY_get_bits(signer->pkey) < CRYPTO_RSA_BITS_STRONG);

    return weak ? CRYPTO_SIGNATURE_WEAK : CRYPTO_SIGNATURE_GOOD;
}

enum crypto_signature crypto_signer_verify(struct crypto *crypto, struct crypto_signer *signer,
                                           uint16_t alg, struct span digest, struct span signature)
{
    bool good;

    (void)crypto;
    if (!find_hash(alg))
        return CRYPTO_SIGNATURE_UNSUPPORTED;
    if (digest.len != tpm_digest_len(alg) || signature.len == 0)
        return CRYPTO_SIGNATURE_BAD;
    if (!prepare(signer, alg)) {
        ERR_clear_error();
        return CRYPTO_SIGNATURE_UNSUPPORTED;
    }
    good = EVP_PKEY_verify(signer->verify, signature.data, signature.len, digest.data,
                           digest.len) == 1;
    if (!good)
        ERR_clear_error();
    return good ? good_signature(signer, alg) : CRYPTO_SIGNATURE_BAD;
}

/* RFC 5652, 5.4: with signed attributes the signature is over them, and one of them is the digest
 * of the content; without, it is over that digest itself. */
static enum crypto_signature verify_signer_info(struct crypto *crypto, CMS_SignerInfo *info,
                                                struct crypto_signer *signer, uint16_t alg,
                                                struct span digest)
{
    X509_ALGOR *hash, *scheme;
    const ASN1_OCTET_STRING *value;
    int scheme_nid;

    CMS_SignerInfo_get0_algs(info, NULL, NULL, &hash, &scheme);
    if (OBJ_obj2nid(hash->algorithm) != EVP_MD_get_type(find_hash(alg)))
        return CRYPTO_SIGNATURE_BAD; /* of something else than this digest */
    if (CMS_signed_get_attr_count(info) < 0) {
        scheme_nid = OBJ_obj2nid(scheme->algorithm);
        if (scheme_nid == NID_rsassaPss)
            return CRYPTO_SIGNATURE_UNSUPPORTED;
        value = CMS_SignerInfo_get0_signature(info);
        return crypto_signer_verify(
            crypto, signer, alg, digest,
            span_of(ASN1_STRING_get0_data(value), (size_t)ASN1_STRING_length(value)));
    }
    value = CMS_signed_get0_data_by_OBJ(info, OBJ_nid2obj(NID_pkcs9_messageDigest), -3,
                                        V_ASN1_OCTET_STRING);
    if (!value || !span_equal(digest, span_of(ASN1_STRING_get0_data(value),
                                              (size_t)ASN1_STRING_length(value))))
        return CRYPTO_SIGNATURE_BAD;
    CMS_SignerInfo_set1_signer_cert(info, signer->x509);
    return CMS_SignerInfo_verify(info) == 1 ? good_signature(signer, alg) : CRYPTO_SIGNATURE_BAD;
}

enum crypto_signature crypto_signers_verify_cms(struct crypto *crypto,
                                                struct crypto_signer *const *signers,
                                                size_t n_signers, uint16_t alg, struct span digest,
                                                struct span cms, size_t *which)
{
    enum crypto_signature result = CRYPTO_SIGNATURE_STRANGER;
    BIO *bio;
    CMS_ContentInfo *content;
    STACK_OF(CMS_SignerInfo) * infos;

    if (!find_hash(alg))
        return CRYPTO_SIGNATURE_UNSUPPORTED;
    if (cms.len == 0 || cms.len > LIMIT_IMA_FIELD_LEN)
        return CRYPTO_SIGNATURE_BAD;
    bio = BIO_new_mem_buf(cms.data, (int)cms.len);
    content = bio ? d2i_CMS_bio(bio, NULL) : NULL;
    infos = content ? CMS_get0_SignerInfos(content) : NULL;
    if (sk_CMS_SignerInfo_num(infos) <= 0)
        result = CRYPTO_SIGNATURE_BAD;
    for (int i = 0; i < sk_CMS_SignerInfo_num(infos) && result == CRYPTO_SIGNATURE_STRANGER; i++)
        for (size_t n = 0; n < n_signers && result == CRYPTO_SIGNATURE_STRANGER; n++) {
            CMS_SignerInfo *info = sk_CMS_SignerInfo_value(infos, i);

            if (CMS_SignerInfo_cert_cmp(info, signers[n]->x509) != 0)
                continue;
            result = verify_signer_info(crypto, info, signers[n], alg, digest);
            *which = n;
        }
    CMS_ContentInfo_free(content);
    BIO_free(bio);
    ERR_clear_error();
    return result;
}
