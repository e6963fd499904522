/* Owns certificates: reading them, what they say, and whether a chain leads to a trusted one.
 * Trusts what was added to the trust set, at the time it is given. Must never fetch anything, read
 * the clock, or decide what a certificate is good for: src/verify does. */
#include "base/text.h"
#include "crypto/internal.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <time.h>

static const char CLAUSE[] = "RFC 5280, 4.1 Certificate";

struct crypto_certificate {
    X509 *x509;
};

struct crypto_trust {
    X509_STORE *store;
};

void crypto_certificate_free(struct crypto_certificate *certificate)
{
    if (!certificate)
        return;
    X509_free(certificate->x509);
    free(certificate);
}

/* NV indices are often longer than the certificate in them: the rest was never written (0xFF) or
 * zeroed. */
static bool is_padding(struct span bytes)
{
    for (size_t i = 0; i < bytes.len; i++)
        if (bytes.data[i] != bytes.data[0] || (bytes.data[i] != 0x00 && bytes.data[i] != 0xFF))
            return false;
    return true;
}

/* Infineon's certificates name the key type id-RSAES-OAEP (RFC 4055), and OpenSSL builds no chain
 * from a leaf whose key it cannot read. The key is put into its place in the parsed certificate as
 * an ordinary RSA key; the signature stays over the bytes that were read, which OpenSSL keeps.
 * What is decoded into that place is what OpenSSL itself has just written. */
static bool read_oaep_key(X509 *x509)
{
    X509_PUBKEY *spki = X509_get_X509_PUBKEY(x509), *plain = NULL;
    EVP_PKEY *pkey = NULL;
    ASN1_OBJECT *type;
    const uint8_t *bits, *at;
    uint8_t *der = NULL;
    int bits_len, len;
    bool good;

    if (X509_PUBKEY_get0_param(&type, &bits, &bits_len, NULL, spki) != 1 ||
        OBJ_obj2nid(type) != NID_rsaesOaep)
        return true;
    pkey = d2i_PublicKey(EVP_PKEY_RSA, NULL, &bits, bits_len);
    good = pkey && X509_PUBKEY_set(&plain, pkey) == 1 && (len = i2d_X509_PUBKEY(plain, &der)) > 0;
    if (good) {
        at = der;
        good = d2i_X509_PUBKEY(&spki, &at, len) == spki;
    }
    OPENSSL_free(der);
    X509_PUBKEY_free(plain);
    EVP_PKEY_free(pkey);
    return good;
}

static X509 *decode(struct span der, size_t *len_used, struct error *error)
{
    const uint8_t *at = der.data;
    X509 *x509;

    if (der.len > LIMIT_CERTIFICATE_LEN) {
        error_plain(error, ERROR_LIMIT, "certificate has %zu bytes", der.len);
        return NULL;
    }
    x509 = d2i_X509(NULL, &at, (long)der.len);
    if (x509 && !read_oaep_key(x509)) {
        X509_free(x509);
        x509 = NULL;
    }
    ERR_clear_error();
    if (!x509) {
        error_set(error, ERROR_MALFORMED, 0, CLAUSE, "no certificate in DER");
        return NULL;
    }
    *len_used = (size_t)(at - der.data);
    if (!is_padding(span_of(at, der.len - *len_used))) {
        error_set(error, ERROR_TRAILING, *len_used, CLAUSE, "bytes after the certificate");
        X509_free(x509);
        return NULL;
    }
    return x509;
}

bool crypto_certificate_decode(struct crypto *crypto, struct span der, size_t *len_used,
                               struct crypto_certificate **certificate, struct error *error)
{
    struct crypto_certificate *made;
    size_t used;
    X509 *x509 = decode(der, &used, error);

    (void)crypto;
    if (!x509)
        return false;
    made = malloc(sizeof *made);
    if (!made) {
        X509_free(x509);
        return error_plain(error, ERROR_MEMORY, "no memory for a certificate");
    }
    made->x509 = x509;
    *certificate = made;
    *len_used = used;
    return true;
}

const char *crypto_name_text(const X509_NAME *name, struct arena *arena)
{
    unsigned long form = (XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB) | ASN1_STRFLGS_UTF8_CONVERT;
    BIO *bio = BIO_new(BIO_s_mem());
    const char *text = NULL;
    char *data;

    if (bio && X509_NAME_print_ex(bio, name, 0, form) >= 0) {
        long len = BIO_get_mem_data(bio, &data);

        text = text_printable(arena, span_of(data, (size_t)len));
    }
    BIO_free(bio);
    return text;
}

static const char *print_string(const ASN1_STRING *string, struct arena *arena)
{
    unsigned char *utf8 = NULL;
    int len = ASN1_STRING_to_UTF8(&utf8, string);
    const char *text = len < 0 ? "" : text_printable(arena, span_of(utf8, (size_t)len));

    OPENSSL_free(utf8);
    return text;
}

static const char *common_name(const X509_NAME *name, struct arena *arena)
{
    int last = -1, next;

    while ((next = X509_NAME_get_index_by_NID(name, NID_commonName, last)) >= 0)
        last = next;
    if (last < 0)
        return "";
    return print_string(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, last)), arena);
}

static bool unix_time(const ASN1_TIME *time, int64_t *seconds)
{
    struct tm parts;

    if (ASN1_TIME_to_tm(time, &parts) != 1)
        return false;
    *seconds = timegm(&parts);
    return true;
}

/* Copies of DER that OpenSSL allocates, into the arena. */
static bool keep_der(uint8_t *der, int len, struct arena *arena, struct span *kept)
{
    uint8_t *copy = len > 0 ? arena_alloc(arena, (size_t)len) : NULL;

    if (copy) {
        memcpy(copy, der, (size_t)len);
        *kept = span_of(copy, (size_t)len);
    }
    OPENSSL_free(der);
    return copy != NULL;
}

static bool fingerprint(const X509 *x509, struct arena *arena, struct span *sha256)
{
    uint8_t *digest = arena_alloc(arena, EVP_MAX_MD_SIZE);
    unsigned int len;

    if (!digest || X509_digest(x509, EVP_sha256(), digest, &len) != 1)
        return false;
    *sha256 = span_of(digest, len);
    return true;
}

/* Algorithm and size of a certificate's key. */
static const char *key_text(const X509 *x509, struct arena *arena)
{
    const EVP_PKEY *pkey = X509_get0_pubkey(x509);
    const char *name = pkey ? EVP_PKEY_get0_type_name(pkey) : NULL;
    char curve[32] = "";

    if (!name)
        return "unknown";
    if (EVP_PKEY_get_group_name(pkey, curve, sizeof curve, NULL) == 1)
        return arena_printf(arena, "%s %s", name, curve);
    return arena_printf(arena, "%s-%d", name, EVP_PKEY_get_bits(pkey));
}

/* A certificate for TLS, mail, time stamps or OCSP signs no documents, whoever issued it; one for a purpose
 * that OpenSSL has no name for may. */
static bool may_sign(X509 *x509)
{
    const uint32_t other = XKU_SSL_SERVER | XKU_SSL_CLIENT | XKU_SMIME | XKU_SGC | XKU_OCSP_SIGN |
                           XKU_TIMESTAMP | XKU_DVCS;
    uint32_t purposes = X509_get_extended_key_usage(
        x509); /* all bits without any, as usage below */

    return X509_get_key_usage(x509) & KU_DIGITAL_SIGNATURE &&
           (purposes & (XKU_CODE_SIGN | XKU_ANYEKU) || !(purposes & other));
}

bool crypto_certificate_view(const struct crypto_certificate *certificate, struct arena *arena,
                             struct crypto_certificate_view *view, struct error *error)
{
    X509 *x509 = certificate->x509;
    const ASN1_INTEGER *serial = X509_get0_serialNumber(x509);
    struct crypto_certificate_view seen = {0};
    uint8_t *spki = NULL;
    int spki_len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x509), &spki);
    bool kept = keep_der(spki, spki_len, arena, &seen.spki);

    if (!unix_time(X509_get0_notBefore(x509), &seen.not_before_s) ||
        !unix_time(X509_get0_notAfter(x509), &seen.not_after_s)) {
        ERR_clear_error();
        return error_set(error, ERROR_MALFORMED, ERROR_NO_OFFSET, "RFC 5280, 4.1.2.5 Validity",
                         "certificate's time is none");
    }
    seen.subject = crypto_name_text(X509_get_subject_name(x509), arena);
    seen.issuer = crypto_name_text(X509_get_issuer_name(x509), arena);
    seen.common_name = common_name(X509_get_subject_name(x509), arena);
    seen.serial_hex = text_hex(arena, span_of(serial->data, (size_t)serial->length));
    seen.key = key_text(x509, arena);
    seen.is_ca = X509_check_ca(x509) > 0;
    seen.may_sign = may_sign(x509);
    kept = fingerprint(x509, arena, &seen.sha256) && kept;
    ERR_clear_error();
    if (!kept || !seen.subject || !seen.issuer || !seen.common_name || !seen.serial_hex ||
        !seen.key)
        return arena_error(arena, error);
    *view = seen;
    return true;
}

bool crypto_certificate_pem(const struct crypto_certificate *certificate, struct arena *arena,
                            struct span *pem, struct error *error)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *bytes = NULL, *copy;
    long len = 0;

    if (bio && PEM_write_bio_X509(bio, certificate->x509) == 1)
        len = BIO_get_mem_data(bio, &bytes);
    if (len <= 0) {
        BIO_free(bio);
        return crypto_error(error, "cannot write a certificate as PEM");
    }
    copy = arena_text(arena, span_of(bytes, (size_t)len));
    BIO_free(bio);
    if (!copy)
        return arena_error(arena, error);
    *pem = span_of(copy, (size_t)len);
    return true;
}

static bool is_oid(const ASN1_OBJECT *object, const char *oid)
{
    char text[80];

    OBJ_obj2txt(text, sizeof text, object, 1);
    return strcmp(text, oid) == 0;
}

/* 3.2.10: tcg-kp-EKCertificate. */
static bool has_ek_usage(const X509 *x509)
{
    EXTENDED_KEY_USAGE *usages = X509_get_ext_d2i(x509, NID_ext_key_usage, NULL, NULL);
    bool found = false;

    for (int i = 0; i < sk_ASN1_OBJECT_num(usages); i++)
        found |= is_oid(sk_ASN1_OBJECT_value(usages, i), "2.23.133.8.1");
    EXTENDED_KEY_USAGE_free(usages);
    return found;
}

/* 3.2.9: the TPM's manufacturer, model and version, in one directory name, in one or more RDNs. */
static void read_tpm_name(const X509_NAME *name, struct arena *arena, struct crypto_ek_view *view)
{
    for (int i = 0; i < X509_NAME_entry_count(name); i++) {
        const X509_NAME_ENTRY *entry = X509_NAME_get_entry(name, i);
        const ASN1_OBJECT *type = X509_NAME_ENTRY_get_object(entry);
        const ASN1_STRING *value = X509_NAME_ENTRY_get_data(entry);

        if (is_oid(type, "2.23.133.2.1"))
            view->manufacturer = print_string(value, arena);
        else if (is_oid(type, "2.23.133.2.2"))
            view->model = print_string(value, arena);
        else if (is_oid(type, "2.23.133.2.3"))
            view->firmware = print_string(value, arena);
    }
}

static void read_alternative_names(const X509 *x509, struct arena *arena,
                                   struct crypto_ek_view *view)
{
    GENERAL_NAMES *names = X509_get_ext_d2i(x509, NID_subject_alt_name, NULL, NULL);

    for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);

        if (name->type == GEN_DIRNAME)
            read_tpm_name(name->d.directoryName, arena, view);
    }
    GENERAL_NAMES_free(names);
}

bool crypto_certificate_ek_view(const struct crypto_certificate *certificate, struct arena *arena,
                                struct crypto_ek_view *view, struct error *error)
{
    X509 *x509 = certificate->x509;
    uint32_t flags = X509_get_extension_flags(x509);
    uint32_t usage = X509_get_key_usage(x509);
    struct crypto_ek_view seen = {.manufacturer = "", .model = "", .firmware = ""};

    if (flags & EXFLAG_INVALID) {
        ERR_clear_error();
        return error_set(error, ERROR_MALFORMED, ERROR_NO_OFFSET, "RFC 5280, 4.2",
                         "certificate's extensions are broken");
    }
    seen.version = X509_get_version(x509) + 1;
    seen.is_ca = flags & EXFLAG_CA;
    seen.has_key_usage = flags & EXFLAG_KUSAGE;
    seen.key_encipherment = seen.has_key_usage && usage & KU_KEY_ENCIPHERMENT;
    seen.key_agreement = seen.has_key_usage && usage & KU_KEY_AGREEMENT;
    seen.has_extended_key_usage = flags & EXFLAG_XKUSAGE;
    seen.ek_usage = has_ek_usage(x509);
    read_alternative_names(x509, arena, &seen);
    ERR_clear_error();
    if (!seen.manufacturer || !seen.model || !seen.firmware)
        return arena_error(arena, error);
    *view = seen;
    return true;
}

/* False for what is not one name in DER, whole. */
static bool is_name(const X509_NAME *name, struct span der)
{
    const uint8_t *at = der.data;
    X509_NAME *other = d2i_X509_NAME(NULL, &at, (long)der.len);
    bool same = other && at == der.data + der.len && X509_NAME_cmp(name, other) == 0;

    X509_NAME_free(other);
    ERR_clear_error();
    return same;
}

bool crypto_certificate_is_named(const struct crypto_certificate *certificate, struct span issuer,
                                 struct span serial)
{
    const X509 *x509 = certificate->x509;
    BIGNUM *wanted = BN_bin2bn(serial.data, (int)serial.len, NULL);
    BIGNUM *own = ASN1_INTEGER_to_BN(X509_get0_serialNumber(x509), NULL);
    bool same = wanted && own && BN_cmp(wanted, own) == 0;

    BN_free(wanted);
    BN_free(own);
    ERR_clear_error();
    return same && is_name(X509_get_issuer_name(x509), issuer);
}

bool crypto_certificate_issues_as(const struct crypto_certificate *certificate, struct span subject)
{
    X509 *x509 = certificate->x509;

    return is_name(X509_get_subject_name(x509), subject) &&
           !(X509_get_extension_flags(x509) & EXFLAG_INVALID) &&
           X509_get_key_usage(x509) & (KU_DIGITAL_SIGNATURE | KU_KEY_CERT_SIGN);
}

struct crypto_trust *crypto_trust_new(struct error *error)
{
    struct crypto_trust *trust = malloc(sizeof *trust);
    X509_STORE *store = X509_STORE_new();

    if (!trust || !store) {
        error_plain(error, ERROR_MEMORY, "no memory for a trust set");
        X509_STORE_free(store);
        free(trust);
        return NULL;
    }
    trust->store = store;
    return trust;
}

void crypto_trust_free(struct crypto_trust *trust)
{
    if (!trust)
        return;
    X509_STORE_free(trust->store);
    free(trust);
}

/* Adds x509 and lets go of it; a NULL one is an error. */
static bool add(struct crypto_trust *trust, X509 *x509, size_t number, struct error *error)
{
    bool added = x509 && X509_STORE_add_cert(trust->store, x509) == 1;

    X509_free(x509);
    ERR_clear_error();
    return added || error_plain(error, ERROR_MALFORMED, "certificate %zu cannot be read", number);
}

static bool add_pem(struct crypto_trust *trust, BIO *bio, size_t *n_added, struct error *error)
{
    size_t n = 0;

    for (;;) {
        X509 *x509 = PEM_read_bio_X509(bio, NULL, NULL, NULL);
        bool ended = !x509 && ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;

        if (ended && n > 0) {
            ERR_clear_error();
            *n_added = n;
            return true;
        }
        n++;
        if (!add(trust, x509, n, error))
            return false;
    }
}

bool crypto_trust_add(struct crypto_trust *trust, struct span pem, size_t *n_added,
                      struct error *error)
{
    static const char BEGIN[] = "-----BEGIN";
    bool is_pem = pem.len > 0 && memmem(pem.data, pem.len, BEGIN, sizeof BEGIN - 1);
    size_t len_used;
    BIO *bio;
    bool good;

    if (!is_pem) {
        X509 *x509 = decode(pem, &len_used, error);

        if (!x509 || !add(trust, x509, 1, error))
            return false;
        *n_added = 1;
        return true;
    }
    bio = BIO_new_mem_buf(pem.data, (int)pem.len);
    good = bio ? add_pem(trust, bio, n_added, error)
               : error_plain(error, ERROR_MEMORY, "no memory for certificates");
    BIO_free(bio);
    return good;
}

/* OpenSSL knows and checks the critical extensions of ordinary chains. EK certificates may carry a
 * critical subjectDirectoryAttributes beside them (profile, 3.2.11: facts about the TPM that limit
 * nothing); any other critical extension that nobody understands still breaks the chain. */
static int tolerate_directory_attributes(int good, X509_STORE_CTX *context)
{
    const X509 *x509 = X509_STORE_CTX_get_current_cert(context);

    if (good || X509_STORE_CTX_get_error(context) != X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION)
        return good;
    for (int i = 0; i < X509_get_ext_count(x509); i++) {
        X509_EXTENSION *extension = X509_get_ext(x509, i);

        if (X509_EXTENSION_get_critical(extension) && !X509_supported_extension(extension) &&
            OBJ_obj2nid(X509_EXTENSION_get_object(extension)) != NID_subject_directory_attributes)
            return 0;
    }
    X509_STORE_CTX_set_error(context, X509_V_OK);
    return 1;
}

/* OpenSSL counts a SHA-1 signature at 63 bits. The anchor's own signature proves nothing. */
static bool signatures_are_strong(const STACK_OF(X509) * chain)
{
    enum { SECURITY_BITS_MIN = 80 };

    for (int i = 0; i + 1 < sk_X509_num(chain); i++) {
        int bits;

        if (X509_get_signature_info(sk_X509_value(chain, i), NULL, NULL, &bits, NULL) != 1 ||
            bits < SECURITY_BITS_MIN)
            return false;
    }
    return true;
}

static enum crypto_chain_result chain_result(int code)
{
    switch (code) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
    case X509_V_ERR_CERT_NOT_YET_VALID:
        return CRYPTO_CHAIN_EXPIRED;
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_CERT_CHAIN_TOO_LONG:
        return CRYPTO_CHAIN_UNTRUSTED;
    default:
        return CRYPTO_CHAIN_INVALID;
    }
}

static enum crypto_chain_result verify_chain(X509_STORE_CTX *context, int64_t now_s,
                                             const char **detail)
{
    X509_VERIFY_PARAM *parameters = X509_STORE_CTX_get0_param(context);

    X509_VERIFY_PARAM_set_time(parameters, now_s);
    X509_VERIFY_PARAM_set_depth(parameters, LIMIT_CHAIN_CERTIFICATES);
    X509_VERIFY_PARAM_set_flags(parameters, X509_V_FLAG_PARTIAL_CHAIN);
    X509_STORE_CTX_set_verify_cb(context, tolerate_directory_attributes);
    if (X509_verify_cert(context) != 1) {
        int code = X509_STORE_CTX_get_error(context);

        *detail = X509_verify_cert_error_string(code);
        return chain_result(code);
    }
    if (!signatures_are_strong(X509_STORE_CTX_get0_chain(context))) {
        *detail = "a certificate is signed with SHA-1 or worse";
        return CRYPTO_CHAIN_INVALID;
    }
    *detail = "";
    return CRYPTO_CHAIN_OK;
}

static bool push_intermediates(STACK_OF(X509) * stack, const struct span *intermediates,
                               size_t n_intermediates, const char **detail)
{
    struct error error;
    size_t len_used;

    *detail = "too many intermediate certificates";
    if (n_intermediates > LIMIT_CHAIN_CERTIFICATES)
        return false;
    *detail = "an intermediate certificate cannot be read";
    for (size_t i = 0; i < n_intermediates; i++) {
        X509 *x509 = decode(intermediates[i], &len_used, &error);

        if (!x509)
            return false;
        if (!sk_X509_push(stack, x509)) {
            X509_free(x509);
            return false;
        }
    }
    return true;
}

enum crypto_chain_result crypto_chain_verify(struct crypto_trust *trust,
                                             const struct crypto_certificate *leaf,
                                             const struct span *intermediates,
                                             size_t n_intermediates, int64_t now_s,
                                             struct arena *arena, const char **detail)
{
    STACK_OF(X509) *stack = sk_X509_new_null();
    X509_STORE_CTX *context = X509_STORE_CTX_new();
    enum crypto_chain_result result = CRYPTO_CHAIN_INVALID;

    (void)arena;
    *detail = "no memory for a chain";
    if (stack && context && push_intermediates(stack, intermediates, n_intermediates, detail) &&
        X509_STORE_CTX_init(context, trust->store, leaf->x509, stack) == 1)
        result = verify_chain(context, now_s, detail);
    X509_STORE_CTX_free(context);
    sk_X509_pop_free(stack, X509_free);
    ERR_clear_error();
    return result;
}
