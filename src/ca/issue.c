/* Issues: identity and server certificates, revocation lists, approvals. */
#include <arpa/inet.h>
#include <openssl/ec.h>
#include <openssl/x509v3.h>
#include <stdio.h>

#include "base/text.h"
#include "base/writer.h"
#include "ca/internal.h"
#include "wire/tpm_alg.h"

/* id-ecPublicKey, prime256v1, uncompressed point: RFC 5480. The only head of a key we certify. */
static const uint8_t SPKI_P256_HEAD[] = {0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2A, 0x86, 0x48,
                                         0xCE, 0x3D, 0x02, 0x01, 0x06, 0x08, 0x2A, 0x86, 0x48,
                                         0xCE, 0x3D, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04};

/* From the point itself: several times faster than d2i_PUBKEY, which searches for a decoder.
 * OpenSSL refuses points that are not on the curve. */
static EVP_PKEY *key_from_point(const uint8_t *point, size_t point_len)
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    char group[] = "P-256";
    uint8_t copy[CA_SPKI_P256_LEN];
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string("group", group, 0),
        OSSL_PARAM_construct_octet_string("pub", copy, point_len),
        OSSL_PARAM_construct_end(),
    };
    EVP_PKEY *key = NULL;

    memcpy(copy, point, point_len);
    if (!context || EVP_PKEY_fromdata_init(context) != 1 ||
        EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, parameters) != 1)
        key = NULL;
    EVP_PKEY_CTX_free(context);
    return key;
}

static EVP_PKEY *public_key(struct span spki, struct error *error)
{
    const size_t point_at = sizeof SPKI_P256_HEAD -
                            1; /* the head ends with the point's first byte */
    EVP_PKEY *key = NULL;

    if (spki.len == CA_SPKI_P256_LEN &&
        memcmp(spki.data, SPKI_P256_HEAD, sizeof SPKI_P256_HEAD) == 0)
        key = key_from_point(spki.data + point_at, spki.len - point_at);
    if (!key)
        error_set(error, ERROR_MALFORMED, 0, "RFC 5480 section 2",
                  "the key to certify is not a P-256 key");
    return key;
}

/* The point as it is: X509_set_pubkey would encode the key and decode it again. */
static bool set_key(X509 *certificate, struct span spki)
{
    const size_t point_at = sizeof SPKI_P256_HEAD - 1;
    size_t point_len = spki.len - point_at;
    unsigned char *point = OPENSSL_memdup(spki.data + point_at, point_len);

    if (point && X509_PUBKEY_set0_param(X509_get_X509_PUBKEY(certificate),
                                        OBJ_nid2obj(NID_X9_62_id_ecPublicKey), V_ASN1_OBJECT,
                                        OBJ_nid2obj(NID_X9_62_prime256v1), point, (int)point_len))
        return true;
    OPENSSL_free(point);
    return false;
}

static bool take_der(X509 *certificate, struct arena *arena, struct span *der, struct error *error)
{
    unsigned char *bytes = NULL;
    int len = i2d_X509(certificate, &bytes);
    char *copy;

    if (len <= 0)
        return ca_crypto_error(error, "encoding a certificate");
    copy = arena_text(arena, span_of(bytes, (size_t)len));
    OPENSSL_free(bytes);
    if (!copy)
        return arena_error(arena, error);
    *der = span_of(copy, (size_t)len);
    return true;
}

struct leaf {
    const char *common_name;
    const char *alt_names; /* x509v3_config notation */
    const char *usage;
    struct span spki;
    int64_t not_before_s, not_after_s;
};

static bool issue_leaf(struct ca *ca, const struct leaf *leaf, struct arena *arena,
                       struct ca_issued *issued, struct error *error)
{
    EVP_PKEY *key = public_key(leaf->spki, error);
    X509 *certificate = key ? X509_new() : NULL;
    struct ca_issued made;
    bool ok = false;

    if (!key)
        return false;
    if (certificate &&
        ca_certificate_begin(certificate, X509_get_subject_name(ca->certificate), NULL,
                             leaf->not_before_s, leaf->not_after_s, made.serial) &&
        set_key(certificate, leaf->spki) && ca_set_subject(certificate, leaf->common_name) &&
        X509_add_ext(certificate, ca->leaf_constraints, -1) &&
        X509_add_ext(certificate, ca->leaf_usage, -1) &&
        X509_add_ext(certificate, ca->authority, -1) &&
        ca_add_extension(certificate, ca->certificate, NID_ext_key_usage, leaf->usage) &&
        ca_add_extension(certificate, ca->certificate, NID_subject_key_identifier, "hash") &&
        ca_add_extension(certificate, ca->certificate, NID_subject_alt_name, leaf->alt_names) &&
        X509_sign(certificate, ca->key, EVP_sha256()) > 0)
        ok = take_der(certificate, arena, &made.der, error);
    else
        ca_crypto_error(error, "issuing a certificate");
    X509_free(certificate);
    EVP_PKEY_free(key);
    if (ok)
        *issued = made;
    return ok;
}

bool ca_issue_identity(struct ca *ca, const struct ca_identity_request *request,
                       struct arena *arena, struct ca_issued *issued, struct error *error)
{
    enum { COMMON_NAME_LEN = 64 }; /* ub-common-name, RFC 5280 appendix A.1 */
    char host_id[2 * CA_HOST_ID_LEN + 1];
    char *alt_names;
    struct leaf leaf = {
        .usage = "clientAuth,serverAuth",
        .spki = request->spki,
        .not_before_s = request->not_before_s,
        .not_after_s = request->not_after_s,
    };

    text_hex_into(host_id, span_of(request->host_id, CA_HOST_ID_LEN));
    alt_names = arena_printf(arena, "URI:spiffe://%s/host/%s,DNS:%s", ca->trust_domain, host_id,
                             request->name);
    if (!alt_names)
        return arena_error(arena, error);
    leaf.alt_names = alt_names;
    leaf.common_name = strlen(request->name) <= COMMON_NAME_LEN ? request->name : host_id;
    return issue_leaf(ca, &leaf, arena, issued, error);
}

bool ca_issue_server(struct ca *ca, const struct ca_server_request *request, struct arena *arena,
                     struct ca_issued *issued, struct error *error)
{
    struct leaf leaf = {
        .common_name = "Bootseal service",
        .usage = "serverAuth",
        .spki = request->spki,
        .not_before_s = request->not_before_s,
        .not_after_s = request->not_after_s,
    };
    char *alt_names = arena_printf(arena, "%s", "");

    for (size_t i = 0; alt_names && i < request->n_names && i < CA_SERVER_NAMES; i++) {
        uint8_t address[16];
        bool is_address = inet_pton(AF_INET, request->names[i], address) == 1 ||
                          inet_pton(AF_INET6, request->names[i], address) == 1;

        alt_names = arena_printf(arena, "%s%s%s:%s", alt_names, i ? "," : "",
                                 is_address ? "IP" : "DNS", request->names[i]);
    }
    if (!alt_names)
        return arena_error(arena, error);
    leaf.alt_names = alt_names;
    return issue_leaf(ca, &leaf, arena, issued, error);
}

static bool add_revoked(X509_CRL *crl, const struct ca_revoked *revoked)
{
    X509_REVOKED *entry = X509_REVOKED_new();
    BIGNUM *number = BN_bin2bn(revoked->serial, CA_SERIAL_LEN, NULL);
    ASN1_INTEGER *serial = number ? BN_to_ASN1_INTEGER(number, NULL) : NULL;
    ASN1_TIME *when = ASN1_TIME_set(NULL, (time_t)revoked->revoked_s);
    bool ok = entry && serial && when && X509_REVOKED_set_serialNumber(entry, serial) &&
              X509_REVOKED_set_revocationDate(entry, when) && X509_CRL_add0_revoked(crl, entry);

    if (!ok)
        X509_REVOKED_free(entry);
    ASN1_TIME_free(when);
    ASN1_INTEGER_free(serial);
    BN_free(number);
    return ok;
}

static bool add_crl_number(X509_CRL *crl, uint64_t number)
{
    ASN1_INTEGER *value = ASN1_INTEGER_new();
    bool ok = value && ASN1_INTEGER_set_uint64(value, number) &&
              X509_CRL_add1_ext_i2d(crl, NID_crl_number, value, 0, X509V3_ADD_DEFAULT) == 1;

    ASN1_INTEGER_free(value);
    return ok;
}

static bool add_crl_authority(X509_CRL *crl, struct ca *ca)
{
    return X509_CRL_add_ext(crl, ca->authority, -1) == 1;
}

static bool fill_crl(struct ca *ca, X509_CRL *crl, int64_t this_update_s, int64_t next_update_s,
                     uint64_t number)
{
    ASN1_TIME *this_update = ASN1_TIME_set(NULL, (time_t)this_update_s);
    ASN1_TIME *next_update = ASN1_TIME_set(NULL, (time_t)next_update_s);
    bool ok = this_update && next_update && X509_CRL_set_version(crl, X509_CRL_VERSION_2) &&
              X509_CRL_set_issuer_name(crl, X509_get_subject_name(ca->certificate)) &&
              X509_CRL_set1_lastUpdate(crl, this_update) &&
              X509_CRL_set1_nextUpdate(crl, next_update) && add_crl_authority(crl, ca) &&
              add_crl_number(crl, number);

    ASN1_TIME_free(this_update);
    ASN1_TIME_free(next_update);
    return ok;
}

bool ca_crl(struct ca *ca, const struct ca_revoked *revoked, size_t n_revoked, uint64_t number,
            int64_t this_update_s, int64_t next_update_s, struct arena *arena, struct span *der,
            struct error *error)
{
    X509_CRL *crl = X509_CRL_new();
    unsigned char *bytes = NULL;
    int len = -1;
    char *copy;
    bool ok = crl && fill_crl(ca, crl, this_update_s, next_update_s, number);

    for (size_t i = 0; ok && i < n_revoked; i++)
        ok = add_revoked(crl, &revoked[i]);
    ok = ok && X509_CRL_sort(crl) && X509_CRL_sign(crl, ca->key, EVP_sha256()) > 0;
    if (ok)
        len = i2d_X509_CRL(crl, &bytes);
    X509_CRL_free(crl);
    if (len <= 0)
        return ca_crypto_error(error, "making the revocation list");
    copy = arena_text(arena, span_of(bytes, (size_t)len));
    OPENSSL_free(bytes);
    if (!copy)
        return arena_error(arena, error);
    *der = span_of(copy, (size_t)len);
    return true;
}

/* The DER signature of OpenSSL as TPMT_SIGNATURE (part 2, 11.3.4); r and s of 32 bytes each. */
static bool signature_to_tpm(const uint8_t *der, size_t der_len, struct arena *arena,
                             struct span *signature, struct error *error)
{
    enum { SIGNATURE_LEN = 2 + 2 + 2 + 32 + 2 + 32 };
    const unsigned char *at = der;
    ECDSA_SIG *parsed = d2i_ECDSA_SIG(NULL, &at, (long)der_len);
    uint8_t r[32], s[32];
    uint8_t *bytes = arena_alloc(arena, SIGNATURE_LEN);
    struct writer writer = writer_init(bytes, bytes ? SIGNATURE_LEN : 0);
    bool ok = parsed && BN_bn2binpad(ECDSA_SIG_get0_r(parsed), r, sizeof r) == sizeof r &&
              BN_bn2binpad(ECDSA_SIG_get0_s(parsed), s, sizeof s) == sizeof s;

    ECDSA_SIG_free(parsed);
    if (!ok)
        return ca_crypto_error(error, "signing an approval");
    writer_be16(&writer, TPM_ALG_ECDSA);
    writer_be16(&writer, TPM_ALG_SHA256);
    writer_be16_bytes(&writer, span_of(r, sizeof r));
    writer_be16_bytes(&writer, span_of(s, sizeof s));
    return writer_done(&writer, signature, error);
}

bool ca_approve(struct ca *ca, struct span approved_policy, struct span policy_ref,
                struct arena *arena, struct span *signature, struct error *error)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    uint8_t der[128];
    size_t der_len = sizeof der;
    bool ok = context &&
              EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, ca->policy_key) == 1 &&
              EVP_DigestSignUpdate(context, approved_policy.data, approved_policy.len) == 1 &&
              EVP_DigestSignUpdate(context, policy_ref.data, policy_ref.len) == 1 &&
              EVP_DigestSignFinal(context, der, &der_len) == 1;

    EVP_MD_CTX_free(context);
    if (!ok)
        return ca_crypto_error(error, "signing an approval");
    return signature_to_tpm(der, der_len, arena, signature, error);
}
