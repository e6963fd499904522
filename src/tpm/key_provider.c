/* See key_provider.h. provider(7), provider-keymgmt(7), provider-signature(7) of OpenSSL 3.
 *
 * OpenSSL compares the certificate's key with ours by exporting the former to us, so the key
 * manager also imports public P-256 keys; it never exports a key as private, which makes libcrypto
 * come to our own ECDSA for signing. */
#include "tpm/key_provider.h"

#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/provider.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <stdlib.h>

static const char PROVIDER[] = "bootseal-key";
static const char PROPERTIES[] = "provider=bootseal-key";
static const char PARAM_KEY[] = "bootseal-key"; /* a struct key_provider_key, for our own import */

enum {
    POINT_LEN = 65,
    DIGEST_LEN = 32,
    SIGNATURE_LEN_MAX = 72, /* DER of two 256-bit numbers */
};

/* --- key management --- */

static void *key_new(void *provider)
{
    (void)provider;
    return OPENSSL_zalloc(sizeof(struct key_provider_key));
}

static void key_free(void *key)
{
    OPENSSL_free(key);
}

static int key_has(const void *data, int selection)
{
    const struct key_provider_key *key = data;

    if (selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY && !key->sign)
        return 0;
    return key->point[0] == 4;
}

static int key_match(const void *a, const void *b, int selection)
{
    const struct key_provider_key *first = a, *second = b;

    (void)selection;
    return first->point[0] == 4 && memcmp(first->point, second->point, POINT_LEN) == 0;
}

static bool is_p256(const char *group)
{
    return OPENSSL_strcasecmp(group, "prime256v1") == 0 || OPENSSL_strcasecmp(group, "P-256") == 0;
}

static int key_import(void *data, int selection, const OSSL_PARAM params[])
{
    struct key_provider_key *key = data;
    const OSSL_PARAM *own = OSSL_PARAM_locate_const(params, PARAM_KEY);
    const OSSL_PARAM *group = OSSL_PARAM_locate_const(params, OSSL_PKEY_PARAM_GROUP_NAME);
    const OSSL_PARAM *point = OSSL_PARAM_locate_const(params, OSSL_PKEY_PARAM_PUB_KEY);
    const char *group_name;
    void *to = key->point;
    size_t len;

    (void)selection;
    if (own && own->data_size == sizeof *key) {
        memcpy(key, own->data, sizeof *key);
        return 1;
    }
    return group && OSSL_PARAM_get_utf8_string_ptr(group, &group_name) && is_p256(group_name) &&
           point && OSSL_PARAM_get_octet_string(point, &to, POINT_LEN, &len) && len == POINT_LEN &&
           key->point[0] == 4;
}

static const OSSL_PARAM *key_types(int selection)
{
    static const OSSL_PARAM TYPES[] = {
        OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, NULL, 0),
        OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_PUB_KEY, NULL, 0),
        OSSL_PARAM_END,
    };

    return selection & OSSL_KEYMGMT_SELECT_PUBLIC_KEY ? TYPES : NULL;
}

static int key_export(void *data, int selection, OSSL_CALLBACK *callback, void *argument)
{
    struct key_provider_key *key = data;
    char group[] = "prime256v1";
    const OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, key->point, POINT_LEN),
        OSSL_PARAM_construct_end(),
    };

    if (selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY && key->sign)
        return 0;
    return callback(params, argument);
}

static int set_if_asked(OSSL_PARAM params[], const char *name, int value)
{
    OSSL_PARAM *param = OSSL_PARAM_locate(params, name);

    return !param || OSSL_PARAM_set_int(param, value);
}

static int set_text_if_asked(OSSL_PARAM params[], const char *name, const char *value)
{
    OSSL_PARAM *param = OSSL_PARAM_locate(params, name);

    return !param || OSSL_PARAM_set_utf8_string(param, value);
}

static int key_get_params(void *data, OSSL_PARAM params[])
{
    struct key_provider_key *key = data;
    OSSL_PARAM *point = OSSL_PARAM_locate(params, OSSL_PKEY_PARAM_PUB_KEY);
    OSSL_PARAM *encoded = OSSL_PARAM_locate(params, OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY);

    return set_if_asked(params, OSSL_PKEY_PARAM_BITS, 256) &&
           set_if_asked(params, OSSL_PKEY_PARAM_SECURITY_BITS, 128) &&
           set_if_asked(params, OSSL_PKEY_PARAM_MAX_SIZE, SIGNATURE_LEN_MAX) &&
           set_text_if_asked(params, OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1") &&
           set_text_if_asked(params, OSSL_PKEY_PARAM_MANDATORY_DIGEST, "SHA256") &&
           (!point || OSSL_PARAM_set_octet_string(point, key->point, POINT_LEN)) &&
           (!encoded || OSSL_PARAM_set_octet_string(encoded, key->point, POINT_LEN));
}

static const OSSL_PARAM *key_gettable(void *provider)
{
    static const OSSL_PARAM GETTABLE[] = {
        OSSL_PARAM_int(OSSL_PKEY_PARAM_BITS, NULL),
        OSSL_PARAM_int(OSSL_PKEY_PARAM_SECURITY_BITS, NULL),
        OSSL_PARAM_int(OSSL_PKEY_PARAM_MAX_SIZE, NULL),
        OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, NULL, 0),
        OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_MANDATORY_DIGEST, NULL, 0),
        OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_PUB_KEY, NULL, 0),
        OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY, NULL, 0),
        OSSL_PARAM_END,
    };

    (void)provider;
    return GETTABLE;
}

static const char *key_operation_name(int operation)
{
    return operation == OSSL_OP_SIGNATURE ? "ECDSA" : NULL;
}

/* --- signing --- */

struct signing {
    const struct key_provider_key *key;
};

static void *signing_new(void *provider, const char *properties)
{
    (void)provider;
    (void)properties;
    return OPENSSL_zalloc(sizeof(struct signing));
}

static void signing_free(void *signing)
{
    OPENSSL_free(signing);
}

static int signing_init(void *data, const char *digest, void *key, const OSSL_PARAM params[])
{
    struct signing *signing = data;

    (void)params;
    if (digest && *digest && OPENSSL_strcasecmp(digest, "SHA256") != 0 &&
        OPENSSL_strcasecmp(digest, "SHA2-256") != 0)
        return 0;
    signing->key = key;
    return 1;
}

/* Ecdsa-Sig-Value of RFC 3279 section 2.2.3. */
static bool to_der(const struct tpm_ecdsa *numbers, unsigned char *out, size_t *len)
{
    ECDSA_SIG *pair = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(numbers->r, sizeof numbers->r, NULL);
    BIGNUM *s = BN_bin2bn(numbers->s, sizeof numbers->s, NULL);
    int written = -1;

    if (pair && r && s && ECDSA_SIG_set0(pair, r, s)) {
        r = s = NULL;
        written = i2d_ECDSA_SIG(pair, &out);
    }
    BN_free(r);
    BN_free(s);
    ECDSA_SIG_free(pair);
    *len = written > 0 ? (size_t)written : 0;
    return written > 0;
}

static int signing_sign(void *data, unsigned char *signature, size_t *signature_len,
                        size_t signature_cap, const unsigned char *message, size_t message_len)
{
    struct signing *signing = data;
    const struct key_provider_key *key = signing->key;
    uint8_t digest[DIGEST_LEN];
    struct tpm_ecdsa numbers;

    if (!signature) {
        *signature_len = SIGNATURE_LEN_MAX;
        return 1;
    }
    if (!key || !key->sign || signature_cap < SIGNATURE_LEN_MAX ||
        !EVP_Digest(message, message_len, digest, NULL, EVP_sha256(), NULL))
        return 0;
    return key->sign(key->context, span_of(digest, DIGEST_LEN), &numbers, key->error) &&
           to_der(&numbers, signature, signature_len);
}

/* --- the provider --- */

#define FUNCTION(id, function)                                                                     \
    {                                                                                              \
        id, (void (*)(void))(function)                                                             \
    }

static const OSSL_DISPATCH KEY_FUNCTIONS[] = {
    FUNCTION(OSSL_FUNC_KEYMGMT_NEW, key_new),
    FUNCTION(OSSL_FUNC_KEYMGMT_FREE, key_free),
    FUNCTION(OSSL_FUNC_KEYMGMT_HAS, key_has),
    FUNCTION(OSSL_FUNC_KEYMGMT_MATCH, key_match),
    FUNCTION(OSSL_FUNC_KEYMGMT_IMPORT, key_import),
    FUNCTION(OSSL_FUNC_KEYMGMT_IMPORT_TYPES, key_types),
    FUNCTION(OSSL_FUNC_KEYMGMT_EXPORT, key_export),
    FUNCTION(OSSL_FUNC_KEYMGMT_EXPORT_TYPES, key_types),
    FUNCTION(OSSL_FUNC_KEYMGMT_GET_PARAMS, key_get_params),
    FUNCTION(OSSL_FUNC_KEYMGMT_GETTABLE_PARAMS, key_gettable),
    FUNCTION(OSSL_FUNC_KEYMGMT_QUERY_OPERATION_NAME, key_operation_name),
    {0, NULL},
};

static const OSSL_DISPATCH SIGNATURE_FUNCTIONS[] = {
    FUNCTION(OSSL_FUNC_SIGNATURE_NEWCTX, signing_new),
    FUNCTION(OSSL_FUNC_SIGNATURE_FREECTX, signing_free),
    FUNCTION(OSSL_FUNC_SIGNATURE_DIGEST_SIGN_INIT, signing_init),
    FUNCTION(OSSL_FUNC_SIGNATURE_DIGEST_SIGN, signing_sign),
    {0, NULL},
};

static const OSSL_ALGORITHM KEYS[] = {
    {"EC:id-ecPublicKey:1.2.840.10045.2.1", PROPERTIES, KEY_FUNCTIONS,
     "a P-256 key kept elsewhere"},
    {NULL, NULL, NULL, NULL},
};

static const OSSL_ALGORITHM SIGNATURES[] = {
    {"ECDSA", PROPERTIES, SIGNATURE_FUNCTIONS, "ECDSA with SHA-256 made elsewhere"},
    {NULL, NULL, NULL, NULL},
};

static const OSSL_ALGORITHM *provider_query(void *provider, int operation, int *no_store)
{
    (void)provider;
    *no_store = 0;
    if (operation == OSSL_OP_KEYMGMT)
        return KEYS;
    return operation == OSSL_OP_SIGNATURE ? SIGNATURES : NULL;
}

static int provider_init(const OSSL_CORE_HANDLE *core, const OSSL_DISPATCH *in,
                         const OSSL_DISPATCH **out, void **provider)
{
    static const OSSL_DISPATCH FUNCTIONS[] = {
        FUNCTION(OSSL_FUNC_PROVIDER_QUERY_OPERATION, provider_query),
        {0, NULL},
    };

    (void)in;
    *out = FUNCTIONS;
    *provider = (void *)core;
    return 1;
}

static OSSL_PROVIDER *loaded[2]; /* OpenSSL's own and ours, for the life of the process */

static void provider_unload(void)
{
    for (int i = 1; i >= 0; i--) {
        OSSL_PROVIDER_unload(loaded[i]);
        loaded[i] = NULL;
    }
}

/* Loading ours switches off OpenSSL's implicit default provider, so that one is loaded too and
 * preferred: a server's certificate must not land in our key manager. */
static bool provider_load(struct error *error)
{
    if (loaded[1])
        return true;
    loaded[0] = OSSL_PROVIDER_load(NULL, "default");
    if (loaded[0] && OSSL_PROVIDER_add_builtin(NULL, PROVIDER, provider_init))
        loaded[1] = OSSL_PROVIDER_load(NULL, PROVIDER);
    if (!loaded[1] || !EVP_set_default_properties(NULL, "?provider=default")) {
        provider_unload();
        return error_plain(error, ERROR_CRYPTO, "OpenSSL does not take the provider of TPM keys");
    }
    atexit(provider_unload); /* runs before OpenSSL's own, which was registered earlier */
    return true;
}

/* --- use --- */

bool key_provider_key_init(struct span public_area, key_provider_sign_fn *sign, void *context,
                           struct error *sign_error, struct key_provider_key *key,
                           struct error *error)
{
    struct tpm_public decoded;

    if (!tpm_public_decode(public_area, &decoded, error))
        return false;
    if (decoded.type != TPM_ALG_ECC || decoded.ecc.curve != TPM_ECC_NIST_P256 ||
        decoded.ecc.x.len > 32 || decoded.ecc.y.len > 32)
        return error_plain(error, ERROR_UNSUPPORTED, "The identity key is not a P-256 key");
    *key = (struct key_provider_key){.sign = sign, .context = context, .error = sign_error};
    key->point[0] = 4;
    memcpy(key->point + 33 - decoded.ecc.x.len, decoded.ecc.x.data, decoded.ecc.x.len);
    memcpy(key->point + 65 - decoded.ecc.y.len, decoded.ecc.y.data, decoded.ecc.y.len);
    return true;
}

static EVP_PKEY *make_pkey(const struct key_provider_key *key)
{
    struct key_provider_key copy = *key;
    OSSL_PARAM params[] = {OSSL_PARAM_construct_octet_string(PARAM_KEY, &copy, sizeof copy),
                           OSSL_PARAM_construct_end()};
    EVP_PKEY_CTX *maker = EVP_PKEY_CTX_new_from_name(NULL, "EC", PROPERTIES);
    EVP_PKEY *pkey = NULL;

    if (maker && EVP_PKEY_fromdata_init(maker) > 0)
        EVP_PKEY_fromdata(maker, &pkey, EVP_PKEY_KEYPAIR, params);
    EVP_PKEY_CTX_free(maker);
    return pkey;
}

static bool use_certificate(SSL_CTX *ctx, struct span der, bool leaf)
{
    const unsigned char *at = der.data;
    X509 *certificate = d2i_X509(NULL, &at, (long)der.len);
    bool done = certificate && (leaf ? SSL_CTX_use_certificate(ctx, certificate)
                                     : SSL_CTX_add1_chain_cert(ctx, certificate)) == 1;

    X509_free(certificate);
    return done;
}

bool key_provider_use(void *ssl_ctx, const struct key_provider_key *key,
                      const struct span *certificates, size_t n_certificates, struct error *error)
{
    SSL_CTX *ctx = ssl_ctx;
    EVP_PKEY *pkey;
    bool done;

    if (!provider_load(error))
        return false;
    for (size_t i = 0; i < n_certificates; i++)
        if (!use_certificate(ctx, certificates[i], i == 0))
            return error_plain(error, ERROR_CRYPTO, "The identity certificate cannot be used");
    pkey = make_pkey(key);
    /* The key can do no other hash; TLS 1.2 would let the server choose one. */
    done = pkey && SSL_CTX_use_PrivateKey(ctx, pkey) == 1 &&
           SSL_CTX_set1_client_sigalgs_list(ctx, "ECDSA+SHA256") == 1;
    EVP_PKEY_free(pkey);
    if (!done)
        return error_plain(error, ERROR_CRYPTO,
                           "The identity certificate is not one of the identity key");
    return true;
}
