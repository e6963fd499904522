#include "support/soft_platform.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DER_CAP = 8192 };

static void demand(bool done)
{
    if (!done) {
        fputs("soft_platform: cannot make the certificate\n", stderr);
        abort();
    }
}

/* --- values, one in the other --- */

struct der {
    uint8_t bytes[DER_CAP];
    size_t len;
};

static void put(struct der *der, const void *bytes, size_t len)
{
    demand(len <= DER_CAP - der->len);
    if (len)
        memcpy(der->bytes + der->len, bytes, len);
    der->len += len;
}

static void put_value(struct der *der, uint8_t tag, const void *contents, size_t len)
{
    uint8_t head[] = {tag, 0x82, (uint8_t)(len >> 8), (uint8_t)len};

    if (len < 0x80) {
        head[1] = (uint8_t)len;
        put(der, head, 2);
    } else if (len < 0x100) {
        head[1] = 0x81;
        head[2] = (uint8_t)len;
        put(der, head, 3);
    } else {
        put(der, head, 4);
    }
    put(der, contents, len);
}

/* Puts a value around all that is there. */
static void wrap(struct der *der, uint8_t tag)
{
    static struct der copy;

    copy = *der;
    der->len = 0;
    put_value(der, tag, copy.bytes, copy.len);
}

static void put_der(struct der *der, const struct der *other)
{
    put(der, other->bytes, other->len);
}

static void put_text(struct der *der, uint8_t tag, const char *text)
{
    put_value(der, tag, text, strlen(text));
}

static void put_oid(struct der *der, const char *dotted)
{
    ASN1_OBJECT *object = OBJ_txt2obj(dotted, 1);
    uint8_t bytes[64], *at = bytes;
    int len = i2d_ASN1_OBJECT(object, &at);

    demand(len > 0);
    put(der, bytes, (size_t)len);
    ASN1_OBJECT_free(object);
}

/* GeneralNames with one directory name. */
static void put_name(struct der *der, const X509_NAME *name)
{
    struct der names = {.len = 0};
    uint8_t *bytes = NULL;
    int len = i2d_X509_NAME(name, &bytes);

    demand(len > 0);
    put(&names, bytes, (size_t)len);
    OPENSSL_free(bytes);
    wrap(&names, 0xA4);
    wrap(&names, 0x30);
    put_der(der, &names);
}

static void put_serial(struct der *der, const ASN1_INTEGER *serial, int more)
{
    ASN1_INTEGER *copy = ASN1_INTEGER_dup(serial);
    BIGNUM *number = ASN1_INTEGER_to_BN(serial, NULL);
    uint8_t bytes[64], *at = bytes;
    int len;

    demand(copy && number && BN_add_word(number, (BN_ULONG)more) == 1 &&
           BN_to_ASN1_INTEGER(number, copy));
    len = i2d_ASN1_INTEGER(copy, &at);
    demand(len > 0);
    put(der, bytes, (size_t)len);
    BN_free(number);
    ASN1_INTEGER_free(copy);
}

/* --- parts of the certificate --- */

static void put_holder(struct der *der, const struct soft_platform *wanted)
{
    struct der holder = {.len = 0}, part = {.len = 0};
    X509_NAME *issuer = X509_get_issuer_name(wanted->ek);

    if (wanted->holder_by_entity_name) {
        put_name(&holder, issuer);
        holder.bytes[0] = 0xA1; /* in place of SEQUENCE */
    } else {
        put_name(&part, issuer);
        put_serial(&part, X509_get0_serialNumber(wanted->ek), wanted->holder_serial_differs);
        wrap(&part, 0xA0);
        put_der(&holder, &part);
    }
    if (wanted->holder_digest)
        put_value(&holder, 0xA2, "\x0A\x01\x00", 3);
    wrap(&holder, 0x30);
    put_der(der, &holder);
}

static void put_issuer(struct der *der, const struct soft_platform *wanted)
{
    struct der issuer = {.len = 0};

    put_name(&issuer, X509_get_subject_name(wanted->issuer));
    if (!wanted->issuer_v1)
        wrap(&issuer, 0xA0);
    put_der(der, &issuer);
}

static void put_algorithm(struct der *der, const struct soft_platform *wanted, bool other)
{
    int hash = EVP_MD_get_type(wanted->hash ? wanted->hash : EVP_sha256()), algorithm;
    int key = EVP_PKEY_get_base_id(wanted->issuer_key);
    struct der frame = {.len = 0};
    char dotted[64];

    demand(OBJ_find_sigid_by_algs(&algorithm, other ? NID_sha512 : hash,
                                  key == EVP_PKEY_EC ? NID_X9_62_id_ecPublicKey
                                                     : NID_rsaEncryption) == 1);
    OBJ_obj2txt(dotted, sizeof dotted, OBJ_nid2obj(algorithm), 1);
    put_oid(&frame, dotted);
    if (key != EVP_PKEY_EC)
        put_value(&frame, 0x05, NULL, 0);
    wrap(&frame, 0x30);
    put_der(der, &frame);
}

static void put_validity(struct der *der, const struct soft_platform *wanted)
{
    struct der validity = {.len = 0};

    put_text(&validity, 0x18, wanted->not_before ? wanted->not_before : "20200101000000Z");
    put_text(&validity, 0x18, wanted->not_after ? wanted->not_after : "99991231235959Z");
    wrap(&validity, 0x30);
    put_der(der, &validity);
}

static void put_attribute(struct der *der, const char *type, const struct der *value)
{
    struct der attribute = {.len = 0}, values = *value;

    put_oid(&attribute, type);
    wrap(&values, 0x31);
    put_der(&attribute, &values);
    wrap(&attribute, 0x30);
    put_der(der, &attribute);
}

static void put_type(struct der *der, const struct soft_platform *wanted)
{
    struct der type = {.len = 0};

    put_oid(&type, wanted->delta        ? "2.23.133.8.5"
                   : wanted->other_type ? "2.23.133.8.1"
                                        : "2.23.133.8.2");
    wrap(&type, 0x30);
    put_attribute(der, "2.23.133.2.25", &type);
}

static void put_component(struct der *der, const char *manufacturer, const char *model)
{
    struct der component = {.len = 0};

    put_oid(&component, "2.23.133.18.3.1");
    put_value(&component, 0x04, "\x00\x03\x00\x03", 4);
    wrap(&component, 0x30);
    put_text(&component, 0x0C, manufacturer);
    put_text(&component, 0x0C, model);
    put_text(&component, 0x80, "S-1");
    put_text(&component, 0x81, "R-2");
    put_value(&component, 0x83, "\xFF", 1);
    wrap(&component, 0x30);
    put_der(der, &component);
}

static void put_components(struct der *der)
{
    struct der configuration = {.len = 0};

    put_component(&configuration, "Acme", "Board");
    put_component(&configuration, "Bits", "Memory");
    wrap(&configuration, 0xA0);
    put_value(&configuration, 0xA1, "\x16\x01/", 3);
    wrap(&configuration, 0x30);
    put_attribute(der, "2.23.133.5.1.7.2", &configuration);
}

static void put_attributes(struct der *der, const struct soft_platform *wanted)
{
    struct der attributes = {.len = 0}, assertions = {.len = 0};

    put_type(&attributes, wanted);
    if (wanted->type_twice)
        put_type(&attributes, wanted);
    put_value(&assertions, 0x30, "\x02\x01\x00", 3);
    put_attribute(&attributes, "2.23.133.2.19", &assertions);
    if (wanted->components)
        put_components(&attributes);
    wrap(&attributes, 0x30);
    put_der(der, &attributes);
}

static void put_part(struct der *der, const char *type, const char *text, size_t more)
{
    struct der part = {.len = 0};

    put_oid(&part, type);
    put_value(&part, 0x0C, text, strlen(text) + more);
    wrap(&part, 0x30);
    wrap(&part, 0x31);
    put_der(der, &part);
}

static void put_extension(struct der *der, const char *type, size_t boolean_len,
                          const struct der *value)
{
    struct der extension = {.len = 0};

    put_oid(&extension, type);
    put_value(&extension, 0x01, boolean_len > 1 ? "\x00\xFF" : "\xFF", boolean_len);
    put_value(&extension, 0x04, value->bytes, value->len);
    wrap(&extension, 0x30);
    put_der(der, &extension);
}

static const char *or_else(const char *text, const char *otherwise)
{
    return text ? text : otherwise;
}

static void put_platform_name(struct der *der, const struct soft_platform *wanted)
{
    bool older = wanted->older_types;
    struct der names = {.len = 0};

    put_part(&names, older ? "2.23.133.2.4" : "2.23.133.5.1.1",
             or_else(wanted->manufacturer, "Acme"), 0);
    put_part(&names, older ? "2.23.133.2.5" : "2.23.133.5.1.4",
             or_else(wanted->model, "Anvil 3000"), wanted->nul_in_model);
    put_part(&names, older ? "2.23.133.2.6" : "2.23.133.5.1.5", or_else(wanted->version, "2"), 0);
    if (!older)
        put_part(&names, "2.23.133.5.1.6", or_else(wanted->serial, "4711"), 0);
    if (wanted->named_twice)
        put_part(&names, "2.23.133.5.1.4", "Bench 1", 0);
    wrap(&names, 0x30);
    wrap(&names, 0xA4);
    wrap(&names, 0x30);
    put_extension(der, "2.5.29.17", 1, &names);
}

static void put_extensions(struct der *der, const struct soft_platform *wanted)
{
    struct der extensions = {.len = 0};
    const struct der empty = {.bytes = {0x30, 0x00}, .len = 2};

    put_extension(&extensions, "2.5.29.32", 1, &empty);
    if (wanted->extension_twice)
        put_extension(&extensions, "2.5.29.32", 1, &empty);
    if (!wanted->no_name)
        put_platform_name(&extensions, wanted);
    if (wanted->critical_oid)
        put_extension(&extensions, wanted->critical_oid, wanted->long_boolean ? 2 : 1, &empty);
    wrap(&extensions, 0x30);
    put_der(der, &extensions);
}

static void put_signature(struct der *der, const struct soft_platform *wanted,
                          const struct der *info)
{
    uint8_t signature[1 + 1024] = {0}; /* no bits to spare */
    size_t len = sizeof signature - 1;
    EVP_MD_CTX *context = EVP_MD_CTX_new();

    demand(context &&
           EVP_DigestSignInit(context, NULL, wanted->hash ? wanted->hash : EVP_sha256(), NULL,
                              wanted->issuer_key) == 1 &&
           EVP_DigestSign(context, signature + 1, &len, info->bytes, info->len) == 1);
    EVP_MD_CTX_free(context);
    put_value(der, 0x03, signature, len + 1);
}

struct span soft_platform_make(const struct soft_platform *wanted, uint8_t *bytes, size_t cap)
{
    struct der info = {.len = 0}, whole = {.len = 0};

    put_value(&info, 0x02, "\x01", 1);
    put_holder(&info, wanted);
    put_issuer(&info, wanted);
    put_algorithm(&info, wanted, wanted->other_algorithm_inside);
    put_value(&info, 0x02, "\x2A", 1);
    put_validity(&info, wanted);
    put_attributes(&info, wanted);
    put_extensions(&info, wanted);
    wrap(&info, 0x30);
    put_der(&whole, &info);
    put_algorithm(&whole, wanted, false);
    put_signature(&whole, wanted, &info);
    wrap(&whole, 0x30);
    demand(whole.len <= cap);
    memcpy(bytes, whole.bytes, whole.len);
    return span_of(bytes, whole.len);
}
