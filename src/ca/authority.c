/* Makes and opens authorities; the parts that every certificate shares. */
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/writer.h"
#include "ca/internal.h"
#include "wire/tpm_alg.h"
#include "wire/tpm_public.h"

enum { AUTHORITY_LIFE_S = 10 * 365 * 24 * 3600 };

static const char SPIFFE_SCHEME[] = "spiffe://";

bool ca_crypto_error(struct error *error, const char *what)
{
    unsigned long code = ERR_peek_last_error();
    const char *reason = code ? ERR_reason_error_string(code) : NULL;

    ERR_clear_error();
    return error_plain(error, ERROR_CRYPTO, "%s: %s", what, reason ? reason : "refused");
}

static bool bio_take(BIO *bio, struct arena *arena, struct span *text, struct error *error)
{
    char *data;
    long len = BIO_get_mem_data(bio, &data);
    char *copy = arena_text(arena, span_of(data, (size_t)len));

    if (!copy)
        return arena_error(arena, error);
    *text = span_of(copy, (size_t)len);
    return true;
}

static bool key_to_pem(EVP_PKEY *key, struct arena *arena, struct span *pem, struct error *error)
{
    /* Secure-memory BIO: the buffer is wiped when it is freed. */
    BIO *bio = BIO_new(BIO_s_secmem());
    bool ok = bio && PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) == 1;

    ok = ok ? bio_take(bio, arena, pem, error) : ca_crypto_error(error, "writing a private key");
    BIO_free(bio);
    return ok;
}

bool ca_make_key(struct arena *arena, struct span *key_pem, struct span *spki, struct error *error)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    unsigned char *der = NULL;
    int der_len = key ? i2d_PUBKEY(key, &der) : -1;
    bool ok = der_len == CA_SPKI_P256_LEN;

    if (!ok) {
        ca_crypto_error(error, "making a P-256 key");
    } else if (spki) {
        char *copy = arena_text(arena, span_of(der, (size_t)der_len));
        ok = copy || arena_error(arena, error);
        if (ok)
            *spki = span_of(copy, (size_t)der_len);
    }
    ok = ok && key_to_pem(key, arena, key_pem, error);
    OPENSSL_free(der);
    EVP_PKEY_free(key);
    return ok;
}

static bool set_serial(X509 *certificate, uint8_t serial[CA_SERIAL_LEN])
{
    BIGNUM *number = NULL;
    bool ok;

    /* Positive and of full length (RFC 5280 section 4.1.2.2), from the operating system. */
    if (RAND_bytes(serial, CA_SERIAL_LEN) != 1)
        return false;
    serial[0] = (uint8_t)((serial[0] & 0x7F) | 0x40);
    number = BN_bin2bn(serial, CA_SERIAL_LEN, NULL);
    ok = number && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate));
    BN_free(number);
    return ok;
}

bool ca_certificate_begin(X509 *certificate, const X509_NAME *issuer, EVP_PKEY *key,
                          int64_t not_before_s, int64_t not_after_s, uint8_t serial[CA_SERIAL_LEN])
{
    return X509_set_version(certificate, X509_VERSION_3) && set_serial(certificate, serial) &&
           X509_set_issuer_name(certificate, issuer) &&
           ASN1_TIME_set(X509_getm_notBefore(certificate), (time_t)not_before_s) &&
           ASN1_TIME_set(X509_getm_notAfter(certificate), (time_t)not_after_s) &&
           (!key || X509_set_pubkey(certificate, key));
}

bool ca_add_extension(X509 *certificate, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX context;
    X509_EXTENSION *extension;
    bool ok;

    X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
    extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    ok = extension && X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
    return ok;
}

bool ca_set_subject(X509 *certificate, const char *common_name)
{
    X509_NAME *name = X509_get_subject_name(certificate);

    return X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_UTF8,
                                      (const unsigned char *)common_name, -1, -1, 0);
}

static bool fill_authority(X509 *certificate, EVP_PKEY *key, const char *trust_domain,
                           int64_t now_s)
{
    uint8_t serial[CA_SERIAL_LEN];
    char uri[sizeof "URI:" + sizeof SPIFFE_SCHEME + LIMIT_NAME_LEN];

    snprintf(uri, sizeof uri, "URI:%s%s", SPIFFE_SCHEME, trust_domain);
    return ca_set_subject(certificate, "Bootseal CA") &&
           ca_certificate_begin(certificate, X509_get_subject_name(certificate), key, now_s - 60,
                                now_s + AUTHORITY_LIFE_S, serial) &&
           ca_add_extension(certificate, certificate, NID_basic_constraints,
                            "critical,CA:TRUE,pathlen:0") &&
           ca_add_extension(certificate, certificate, NID_key_usage,
                            "critical,keyCertSign,cRLSign") &&
           ca_add_extension(certificate, certificate, NID_subject_key_identifier, "hash") &&
           ca_add_extension(certificate, certificate, NID_subject_alt_name, uri) &&
           X509_sign(certificate, key, EVP_sha256()) > 0;
}

bool ca_make_authority(const char *trust_domain, int64_t now_s, struct arena *arena,
                       struct span *key_pem, struct span *certificate_pem, struct error *error)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = X509_new();
    BIO *bio = BIO_new(BIO_s_mem());
    bool ok = key && certificate && bio && strlen(trust_domain) <= LIMIT_NAME_LEN &&
              fill_authority(certificate, key, trust_domain, now_s) &&
              PEM_write_bio_X509(bio, certificate) == 1;

    if (!ok)
        ca_crypto_error(error, "making the authority");
    ok = ok && bio_take(bio, arena, certificate_pem, error) &&
         key_to_pem(key, arena, key_pem, error);
    BIO_free(bio);
    X509_free(certificate);
    EVP_PKEY_free(key);
    return ok;
}

static EVP_PKEY *read_key(struct span pem)
{
    BIO *bio = BIO_new_mem_buf(pem.data, (int)pem.len);
    EVP_PKEY *key = bio ? PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL) : NULL;

    BIO_free(bio);
    return key;
}

static X509 *read_certificate(struct span pem)
{
    BIO *bio = BIO_new_mem_buf(pem.data, (int)pem.len);
    X509 *certificate = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;

    BIO_free(bio);
    return certificate;
}

/* The trust domain stands in the certificate, so that it cannot drift from the key's. */
static bool read_trust_domain(struct ca *ca)
{
    GENERAL_NAMES *names = X509_get_ext_d2i(ca->certificate, NID_subject_alt_name, NULL, NULL);
    bool found = false;

    for (int i = 0; names && i < sk_GENERAL_NAME_num(names) && !found; i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
        struct span uri;

        if (name->type != GEN_URI)
            continue;
        uri = span_of(ASN1_STRING_get0_data(name->d.uniformResourceIdentifier),
                      (size_t)ASN1_STRING_length(name->d.uniformResourceIdentifier));
        if (uri.len < strlen(SPIFFE_SCHEME) || uri.len - strlen(SPIFFE_SCHEME) > LIMIT_NAME_LEN ||
            memcmp(uri.data, SPIFFE_SCHEME, strlen(SPIFFE_SCHEME)) != 0)
            continue;
        memcpy(ca->trust_domain, uri.data + strlen(SPIFFE_SCHEME), uri.len - strlen(SPIFFE_SCHEME));
        found = true;
    }
    GENERAL_NAMES_free(names);
    return found;
}

/* A verification key for TPM2_LoadExternal: sign set, neither fixed nor restricted (part 3, 12.3). */
static bool encode_policy_public(struct ca *ca, struct error *error)
{
    uint8_t point[65];
    size_t point_len = 0;
    struct writer writer = writer_init(ca->policy_public, sizeof ca->policy_public);
    struct tpm_public key = {
        .type = TPM_ALG_ECC,
        .name_alg = TPM_ALG_SHA256,
        .attributes = TPMA_OBJECT_SIGN_ENCRYPT | TPMA_OBJECT_USERWITHAUTH,
        .symmetric_alg = TPM_ALG_NULL,
        .scheme = TPM_ALG_ECDSA,
        .scheme_hash = TPM_ALG_SHA256,
        .ecc.curve = TPM_ECC_NIST_P256,
    };
    struct span bytes;

    if (!EVP_PKEY_get_octet_string_param(ca->policy_key, "encoded-pub-key", point, sizeof point,
                                         &point_len) ||
        point_len != sizeof point)
        return ca_crypto_error(error, "the policy key is not a P-256 key");
    key.ecc.x = span_of(point + 1, 32);
    key.ecc.y = span_of(point + 33, 32);
    tpm_public_encode(&writer, &key);
    if (!writer_done(&writer, &bytes, error))
        return false;
    ca->policy_public_len = bytes.len;
    return true;
}

static bool make_extensions(struct ca *ca, struct error *error)
{
    X509V3_CTX context;

    X509V3_set_ctx(&context, ca->certificate, ca->certificate, NULL, NULL, 0);
    ca->leaf_constraints = X509V3_EXT_conf_nid(NULL, &context, NID_basic_constraints,
                                               "critical,CA:FALSE");
    ca->leaf_usage = X509V3_EXT_conf_nid(NULL, &context, NID_key_usage,
                                         "critical,digitalSignature");
    ca->authority = X509V3_EXT_conf_nid(NULL, &context, NID_authority_key_identifier,
                                        "keyid:always");
    if (!ca->leaf_constraints || !ca->leaf_usage || !ca->authority)
        return ca_crypto_error(error, "making extensions");
    return true;
}

static bool open_parts(struct ca *ca, struct span key_pem, struct span certificate_pem,
                       struct span policy_key_pem, struct error *error)
{
    int der_len;

    ca->key = read_key(key_pem);
    ca->certificate = read_certificate(certificate_pem);
    ca->policy_key = read_key(policy_key_pem);
    if (!ca->key || !ca->certificate || !ca->policy_key) {
        ERR_clear_error();
        return error_plain(error, ERROR_MALFORMED, "the CA's %s is not readable PEM",
                           !ca->key           ? "key"
                           : !ca->certificate ? "certificate"
                                              : "policy key");
    }
    if (X509_check_private_key(ca->certificate, ca->key) != 1) {
        ERR_clear_error();
        return error_plain(error, ERROR_MALFORMED, "the CA's key and certificate do not match");
    }
    if (!read_trust_domain(ca))
        return error_plain(error, ERROR_MALFORMED, "the CA's certificate has no SPIFFE id");
    der_len = i2d_X509(ca->certificate, &ca->der);
    if (der_len <= 0)
        return ca_crypto_error(error, "encoding the CA's certificate");
    ca->der_len = (size_t)der_len;
    return make_extensions(ca, error) && encode_policy_public(ca, error);
}

struct ca *ca_open(struct span key_pem, struct span certificate_pem, struct span policy_key_pem,
                   struct error *error)
{
    struct ca *ca = calloc(1, sizeof *ca);

    if (!ca) {
        error_plain(error, ERROR_MEMORY, "no memory for the CA");
        return NULL;
    }
    if (!open_parts(ca, key_pem, certificate_pem, policy_key_pem, error)) {
        ca_free(ca);
        return NULL;
    }
    return ca;
}

void ca_free(struct ca *ca)
{
    if (!ca)
        return;
    EVP_PKEY_free(ca->key);
    EVP_PKEY_free(ca->policy_key);
    X509_EXTENSION_free(ca->leaf_constraints);
    X509_EXTENSION_free(ca->leaf_usage);
    X509_EXTENSION_free(ca->authority);
    X509_free(ca->certificate);
    OPENSSL_free(ca->der);
    free(ca);
}

struct span ca_certificate(const struct ca *ca)
{
    return span_of(ca->der, ca->der_len);
}

struct span ca_policy_public(const struct ca *ca)
{
    return span_of(ca->policy_public, ca->policy_public_len);
}
