#include "support/soft_certificate.h"

#include <openssl/x509v3.h>

static void demand(bool good)
{
    if (!good)
        __builtin_trap();
}

static void add_extension(X509 *x509, int nid, const char *value)
{
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

    demand(extension && X509_add_ext(x509, extension, -1) == 1);
    X509_EXTENSION_free(extension);
}

static void add_critical(X509 *x509, const char *oid)
{
    static const uint8_t EMPTY_SEQUENCE[] = {0x30, 0x00};
    ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
    ASN1_OBJECT *object = OBJ_txt2obj(oid, 1);
    X509_EXTENSION *extension;

    ASN1_OCTET_STRING_set(value, EMPTY_SEQUENCE, sizeof EMPTY_SEQUENCE);
    extension = X509_EXTENSION_create_by_OBJ(NULL, object, 1, value);
    demand(extension && X509_add_ext(x509, extension, -1) == 1);
    X509_EXTENSION_free(extension);
    ASN1_OBJECT_free(object);
    ASN1_OCTET_STRING_free(value);
}

static void add_text(X509_NAME *name, const char *oid, const char *text)
{
    demand(X509_NAME_add_entry_by_txt(name, oid, MBSTRING_UTF8, (const uint8_t *)text, -1, -1, 0) ==
           1);
}

static void add_tpm_name(X509 *x509)
{
    GENERAL_NAMES *names = GENERAL_NAMES_new();
    GENERAL_NAME *general = GENERAL_NAME_new();
    X509_NAME *name = X509_NAME_new();

    add_text(name, "2.23.133.2.1", "id:54455354");
    add_text(name, "2.23.133.2.2", "Soft \x1b[31m");
    add_text(name, "2.23.133.2.3", "id:00010002");
    GENERAL_NAME_set0_value(general, GEN_DIRNAME, name);
    sk_GENERAL_NAME_push(names, general);
    demand(X509_add1_ext_i2d(x509, NID_subject_alt_name, names, 1, 0) == 1);
    GENERAL_NAMES_free(names);
}

static void name_key_oaep(X509 *x509)
{
    X509_PUBKEY *spki = X509_get_X509_PUBKEY(x509);
    const uint8_t *bits;
    int len;

    demand(X509_PUBKEY_get0_param(NULL, &bits, &len, NULL, spki) == 1);
    uint8_t *copy = OPENSSL_memdup(bits, (size_t)len);
    demand(X509_PUBKEY_set0_param(spki, OBJ_nid2obj(NID_rsaesOaep), V_ASN1_NULL, NULL, copy, len) ==
           1);
}

static void add_extensions(X509 *x509, const struct soft_certificate *wanted)
{
    add_extension(x509, NID_basic_constraints, wanted->ca ? "critical,CA:TRUE" : "CA:FALSE");
    if (wanted->key_usage)
        add_extension(x509, NID_key_usage, wanted->key_usage);
    if (wanted->extended_usage)
        add_extension(x509, NID_ext_key_usage, wanted->extended_usage);
    if (wanted->critical_oid)
        add_critical(x509, wanted->critical_oid);
    if (!wanted->ca && !wanted->no_tpm_name)
        add_tpm_name(x509);
}

X509 *soft_certificate_make(const struct soft_certificate *wanted)
{
    X509 *x509 = X509_new();
    X509_NAME *issuer;

    demand(x509 && X509_set_version(x509, wanted->v1 ? 0 : 2) == 1);
    ASN1_INTEGER_set(X509_get_serialNumber(x509), 0x1234);
    ASN1_TIME_set_string(X509_getm_notBefore(x509), "20200101000000Z");
    ASN1_TIME_set_string(X509_getm_notAfter(x509),
                         wanted->not_after ? wanted->not_after : "99991231235959Z");
    if (wanted->subject)
        add_text(X509_get_subject_name(x509), "CN", wanted->subject);
    issuer = X509_get_subject_name(wanted->issuer ? wanted->issuer : x509);
    demand(X509_set_issuer_name(x509, issuer) == 1 && X509_set_pubkey(x509, wanted->key) == 1);
    if (wanted->oaep)
        name_key_oaep(x509);
    if (!wanted->v1)
        add_extensions(x509, wanted);
    demand(X509_sign(x509, wanted->issuer_key, wanted->hash ? wanted->hash : EVP_sha256()) > 0);
    return x509;
}

struct span soft_certificate_der(X509 *x509, uint8_t *bytes, size_t cap)
{
    uint8_t *at = bytes;
    int len = i2d_X509(x509, NULL);

    demand(len > 0 && (size_t)len <= cap && i2d_X509(x509, &at) == len);
    return span_of(bytes, (size_t)len);
}
