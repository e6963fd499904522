/* Owns public keys: made from their parameters, compared, written, and used to check signatures.
 * Trusts OpenSSL's arithmetic. Must never make a key from parameters that were not checked, nor
 * decode a key or look an algorithm up per signature. */
#include "crypto/internal.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdlib.h>

enum { RSA_BITS_MIN = 2048, RSA_EXPONENT_MIN = 65537 };
enum { ED25519_KEY_LEN = 32 };
enum { POINT_LEN_MAX = 1 + 2 * LIMIT_ECC_COORDINATE_LEN, POINT_UNCOMPRESSED = 4 };

static const struct crypto_curve CURVES[] = {
    {TPM_ECC_NIST_P256, "prime256v1", 32},
    {TPM_ECC_NIST_P384, "secp384r1", 48},
    {TPM_ECC_NIST_P521, "secp521r1", 66},
};

const struct crypto_curve *crypto_curve_find(uint16_t curve)
{
    for (size_t i = 0; i < sizeof CURVES / sizeof *CURVES; i++)
        if (CURVES[i].curve == curve)
            return &CURVES[i];
    return NULL;
}

void crypto_key_free(struct crypto_key *key)
{
    if (!key)
        return;
    EVP_PKEY_CTX_free(key->verify);
    EVP_PKEY_free(key->pkey);
    free(key);
}

/* What a key may sign with, when something says so. */
struct scheme {
    uint16_t scheme; /* TPM_ALG_NULL: any that fits its type */
    uint16_t hash;
};
static const struct scheme ANY_SCHEME = {TPM_ALG_NULL, TPM_ALG_NULL};

/* Wraps pkey, which it owns from now on, also when it fails. */
static bool wrap(EVP_PKEY *pkey, struct crypto_key made, struct crypto_key **key,
                 struct error *error)
{
    struct crypto_key *wrapped = malloc(sizeof *wrapped);

    if (!wrapped) {
        EVP_PKEY_free(pkey);
        return error_plain(error, ERROR_MEMORY, "no memory for a key");
    }
    made.pkey = pkey;
    *wrapped = made;
    *key = wrapped;
    return true;
}

static EVP_PKEY *pkey_from(const char *type, OSSL_PARAM_BLD *builder)
{
    OSSL_PARAM *parameters = OSSL_PARAM_BLD_to_param(builder);
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    EVP_PKEY *pkey = NULL;

    if (!parameters || !context || EVP_PKEY_fromdata_init(context) != 1 ||
        EVP_PKEY_fromdata(context, &pkey, EVP_PKEY_PUBLIC_KEY, parameters) != 1)
        pkey = NULL;
    EVP_PKEY_CTX_free(context);
    OSSL_PARAM_free(parameters);
    return pkey;
}

/* A modulus cannot be proven good from outside: OpenSSL's own check is a primality test of
 * milliseconds that a bad one passes as easily. Size, parity and exponent are what matters here;
 * that the key lives in a TPM is proven by activation. */
static bool make_rsa(struct span modulus, uint64_t exponent, struct scheme scheme,
                     struct crypto_key **key, struct error *error)
{
    size_t bits = modulus.len * 8;
    OSSL_PARAM_BLD *builder;
    BIGNUM *n;
    EVP_PKEY *pkey = NULL;

    if (bits < RSA_BITS_MIN || bits > LIMIT_RSA_BITS)
        return error_plain(error, ERROR_UNSUPPORTED, "RSA key has %zu bits", bits);
    if (!(modulus.data[0] & 0x80) || !(modulus.data[modulus.len - 1] & 1))
        return error_plain(error, ERROR_MALFORMED, "RSA modulus is too short or even");
    if (exponent < RSA_EXPONENT_MIN || !(exponent & 1))
        return error_plain(error, ERROR_MALFORMED, "RSA exponent is under %d or even",
                           RSA_EXPONENT_MIN);
    builder = OSSL_PARAM_BLD_new();
    n = BN_bin2bn(modulus.data, (int)modulus.len, NULL);
    if (builder && n && OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, n) &&
        OSSL_PARAM_BLD_push_uint64(builder, OSSL_PKEY_PARAM_RSA_E, exponent))
        pkey = pkey_from("RSA", builder);
    BN_free(n);
    OSSL_PARAM_BLD_free(builder);
    if (!pkey)
        return crypto_error(error, "RSA key");
    return wrap(pkey,
                (struct crypto_key){
                    .type = TPM_ALG_RSA, .scheme = scheme.scheme, .scheme_hash = scheme.hash},
                key, error);
}

static bool on_curve(EVP_PKEY *pkey)
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);
    bool good = context && EVP_PKEY_public_check_quick(context) == 1;

    EVP_PKEY_CTX_free(context);
    return good;
}

/* Our curves have cofactor 1, so that a point on the curve, not infinity, has the right order. */
static bool make_ecc(const struct crypto_curve *curve, struct span point, struct scheme scheme,
                     struct crypto_key **key, struct error *error)
{
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    EVP_PKEY *pkey = NULL;

    if (builder &&
        OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, curve->name, 0) &&
        OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, point.data, point.len))
        pkey = pkey_from("EC", builder);
    OSSL_PARAM_BLD_free(builder);
    if (!pkey || !on_curve(pkey)) {
        EVP_PKEY_free(pkey);
        ERR_clear_error();
        return error_plain(error, ERROR_MALFORMED, "ECC public key is no point of its curve");
    }
    return wrap(pkey,
                (struct crypto_key){.type = TPM_ALG_ECC,
                                    .curve = curve->curve,
                                    .scheme = scheme.scheme,
                                    .scheme_hash = scheme.hash},
                key, error);
}

/* TPMs may strip a coordinate's leading zeros; what is longer than the field is refused. */
static void put_coordinate(struct writer *writer, struct span coordinate, size_t len)
{
    writer->failed |= coordinate.len == 0 || coordinate.len > len;
    for (size_t i = coordinate.len; i < len; i++)
        writer_u8(writer, 0);
    writer_bytes(writer, coordinate);
}

static bool ecc_from_tpm(const struct tpm_public *public_area, struct scheme scheme,
                         struct crypto_key **key, struct error *error)
{
    const struct crypto_curve *curve = crypto_curve_find(public_area->ecc.curve);
    uint8_t buffer[POINT_LEN_MAX];
    struct writer writer = writer_init(buffer, sizeof buffer);

    if (!curve)
        return error_plain(error, ERROR_UNSUPPORTED, "ECC curve 0x%04x", public_area->ecc.curve);
    writer_u8(&writer, POINT_UNCOMPRESSED);
    put_coordinate(&writer, public_area->ecc.x, curve->len);
    put_coordinate(&writer, public_area->ecc.y, curve->len);
    if (writer.failed)
        return error_plain(error, ERROR_MALFORMED, "ECC coordinate has the wrong length");
    return make_ecc(curve, writer_span(&writer), scheme, key, error);
}

bool crypto_key_from_tpm(struct crypto *crypto, const struct tpm_public *public_area,
                         struct crypto_key **key, struct error *error)
{
    struct scheme scheme = {public_area->scheme, public_area->scheme_hash};

    (void)crypto;
    if (public_area->type == TPM_ALG_ECC)
        return ecc_from_tpm(public_area, scheme, key, error);
    if (public_area->rsa.modulus.len * 8 != public_area->rsa.bits)
        return error_plain(error, ERROR_MALFORMED, "RSA modulus of %zu bytes in a %u bit key",
                           public_area->rsa.modulus.len, public_area->rsa.bits);
    return make_rsa(public_area->rsa.modulus, public_area->rsa.exponent, scheme, key, error);
}

static EVP_PKEY *pkey_from_der(struct span spki)
{
    const uint8_t *at = spki.data;
    EVP_PKEY *pkey = d2i_PUBKEY(NULL, &at, (long)spki.len);

    if (pkey && at != spki.data + spki.len) {
        EVP_PKEY_free(pkey);
        return NULL;
    }
    return pkey;
}

static EVP_PKEY *pkey_from_pem(struct span pem)
{
    BIO *bio = BIO_new_mem_buf(pem.data, (int)pem.len);
    EVP_PKEY *pkey = bio ? PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL) : NULL;

    BIO_free(bio);
    return pkey;
}

static bool rsa_from_pkey(EVP_PKEY *pkey, struct crypto_key **key, struct error *error)
{
    uint8_t bytes[LIMIT_RSA_BITS / 8];
    BIGNUM *n = NULL, *e = NULL;
    size_t len = 0;
    uint64_t exponent = 0;

    if (EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_N, &n) == 1 &&
        EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_E, &e) == 1 &&
        (size_t)BN_num_bytes(n) <= sizeof bytes && BN_num_bits(e) <= 64) {
        len = (size_t)BN_bn2bin(n, bytes);
        exponent = BN_get_word(e);
    }
    BN_free(n);
    BN_free(e);
    if (!len)
        return error_plain(error, ERROR_UNSUPPORTED, "RSA key over %d bits", LIMIT_RSA_BITS);
    return make_rsa(span_of(bytes, len), exponent, ANY_SCHEME, key, error);
}

static bool ecc_from_pkey(EVP_PKEY *pkey, struct crypto_key **key, struct error *error)
{
    uint8_t bytes[POINT_LEN_MAX];
    char name[32] = "";
    size_t len;

    if (EVP_PKEY_get_group_name(pkey, name, sizeof name, NULL) != 1)
        return error_plain(error, ERROR_UNSUPPORTED, "ECC key without a named curve");
    for (size_t i = 0; i < sizeof CURVES / sizeof *CURVES; i++) {
        if (strcmp(CURVES[i].name, name) != 0)
            continue;
        if (EVP_PKEY_get_octet_string_param(pkey, OSSL_PKEY_PARAM_PUB_KEY, bytes, sizeof bytes,
                                            &len) != 1)
            return crypto_error(error, "ECC key");
        return make_ecc(&CURVES[i], span_of(bytes, len), ANY_SCHEME, key, error);
    }
    return error_plain(error, ERROR_UNSUPPORTED, "ECC curve %s", name);
}

static bool ed25519_from_pkey(EVP_PKEY *pkey, struct crypto_key **key, struct error *error)
{
    uint8_t bytes[ED25519_KEY_LEN];
    size_t len = sizeof bytes;
    EVP_PKEY *made = NULL;

    if (EVP_PKEY_get_raw_public_key(pkey, bytes, &len) == 1)
        made = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, bytes, len);
    if (!made)
        return crypto_error(error, "Ed25519 key");
    return wrap(made,
                (struct crypto_key){
                    .type = TPM_ALG_EDDSA, .scheme = TPM_ALG_NULL, .scheme_hash = TPM_ALG_NULL},
                key, error);
}

bool crypto_key_from_spki(struct crypto *crypto, struct span spki, struct crypto_key **key,
                          struct error *error)
{
    static const char BEGIN[] = "-----BEGIN";
    bool pem = spki.len >= sizeof BEGIN && memcmp(spki.data, BEGIN, sizeof BEGIN - 1) == 0;
    EVP_PKEY *pkey;
    bool good;

    (void)crypto;
    if (spki.len > LIMIT_CERTIFICATE_LEN)
        return error_plain(error, ERROR_LIMIT, "public key has %zu bytes", spki.len);
    pkey = pem ? pkey_from_pem(spki) : pkey_from_der(spki);
    ERR_clear_error();
    if (!pkey)
        return error_plain(error, ERROR_MALFORMED, "no SubjectPublicKeyInfo in DER or PEM");
    /* Made anew from its parameters, so that one key has one form whatever it was read from. */
    if (EVP_PKEY_is_a(pkey, "RSA"))
        good = rsa_from_pkey(pkey, key, error);
    else if (EVP_PKEY_is_a(pkey, "EC"))
        good = ecc_from_pkey(pkey, key, error);
    else if (EVP_PKEY_is_a(pkey, "ED25519"))
        good = ed25519_from_pkey(pkey, key, error);
    else
        good = error_plain(error, ERROR_UNSUPPORTED,
                           "public key is neither RSA nor ECC nor Ed25519");
    EVP_PKEY_free(pkey);
    return good;
}

bool crypto_key_spki(const struct crypto_key *key, struct arena *arena, struct span *spki,
                     struct error *error)
{
    int len = i2d_PUBKEY(key->pkey, NULL);
    uint8_t *bytes, *at;

    if (len <= 0)
        return crypto_error(error, "public key cannot be written");
    bytes = at = arena_alloc(arena, (size_t)len);
    if (!bytes)
        return arena_error(arena, error);
    if (i2d_PUBKEY(key->pkey, &at) != len)
        return crypto_error(error, "public key cannot be written");
    *spki = span_of(bytes, (size_t)len);
    return true;
}

bool crypto_key_equal(const struct crypto_key *a, const struct crypto_key *b)
{
    return a->type == b->type && EVP_PKEY_eq(a->pkey, b->pkey) == 1;
}

static bool hash_accepted(uint16_t hash)
{
    return hash == TPM_ALG_SHA256 || hash == TPM_ALG_SHA384 || hash == TPM_ALG_SHA512;
}

bool crypto_key_accepts(const struct crypto_key *key, const struct tpm_signature *signature)
{
    bool rsa = signature->scheme == TPM_ALG_RSASSA || signature->scheme == TPM_ALG_RSAPSS;

    if (key->type != (rsa ? TPM_ALG_RSA : TPM_ALG_ECC))
        return false;
    if (!rsa && signature->scheme != TPM_ALG_ECDSA)
        return false;
    if (key->scheme != TPM_ALG_NULL &&
        (key->scheme != signature->scheme || key->scheme_hash != signature->hash))
        return false;
    return hash_accepted(signature->hash);
}

/* Makes key->verify ready for the scheme and hash; done once, as a host's AK has but one of each.
 */
static bool prepare(struct crypto_key *key, uint16_t scheme, uint16_t hash)
{
    EVP_PKEY_CTX *context;

    if (key->verify && key->verify_scheme == scheme && key->verify_hash == hash)
        return true;
    context = EVP_PKEY_CTX_new_from_pkey(NULL, key->pkey, NULL);
    if (!context || EVP_PKEY_verify_init(context) != 1)
        goto failed;
    if (scheme != TPM_ALG_ECDSA &&
        EVP_PKEY_CTX_set_rsa_padding(context, scheme == TPM_ALG_RSAPSS ? RSA_PKCS1_PSS_PADDING
                                                                       : RSA_PKCS1_PADDING) != 1)
        goto failed;
    OSSL_PARAM digest[] = {OSSL_PARAM_construct_utf8_string(OSSL_SIGNATURE_PARAM_DIGEST,
                                                            (char *)crypto_hash_name(hash), 0),
                           OSSL_PARAM_END};
    if (EVP_PKEY_CTX_set_params(context, digest) != 1)
        goto failed;
    /* Part 1, B.7: the salt is as long as the hash or, on older TPMs, as fits. */
    if (scheme == TPM_ALG_RSAPSS &&
        EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_AUTO) != 1)
        goto failed;
    EVP_PKEY_CTX_free(key->verify);
    key->verify = context;
    key->verify_scheme = scheme;
    key->verify_hash = hash;
    return true;
failed:
    EVP_PKEY_CTX_free(context);
    return false;
}

/* INTEGER of DER from an unsigned big-endian number; an empty one is no number and fails. */
static void put_integer(struct writer *writer, struct span number)
{
    bool sign;

    while (number.len > 1 && number.data[0] == 0)
        number = span_of(number.data + 1, number.len - 1);
    writer->failed |= number.len == 0;
    if (number.len == 0)
        return;
    sign = number.data[0] & 0x80;
    writer_u8(writer, 0x02);
    writer_u8(writer, (uint8_t)(number.len + sign));
    if (sign)
        writer_u8(writer, 0);
    writer_bytes(writer, number);
}

enum {
    INTEGER_LEN_MAX = 3 + LIMIT_ECC_COORDINATE_LEN,
    ECDSA_DER_LEN_MAX = 3 + 2 * INTEGER_LEN_MAX
};

/* Ecdsa-Sig-Value (RFC 3279, 2.2.3) into der, which has ECDSA_DER_LEN_MAX bytes. */
static struct span ecdsa_der(const struct tpm_signature *signature, uint8_t *der)
{
    uint8_t body[2 * INTEGER_LEN_MAX];
    struct writer integers = writer_init(body, sizeof body);
    struct writer writer = writer_init(der, ECDSA_DER_LEN_MAX);

    put_integer(&integers, signature->ecdsa_r);
    put_integer(&integers, signature->ecdsa_s);
    writer.failed = integers.failed;
    writer_u8(&writer, 0x30);
    if (integers.len > 0x7F)
        writer_u8(&writer, 0x81);
    writer_u8(&writer, (uint8_t)integers.len);
    writer_bytes(&writer, writer_span(&integers));
    return writer_span(&writer);
}

bool crypto_key_verify(struct crypto *crypto, struct crypto_key *key, struct span message,
                       const struct tpm_signature *signature)
{
    uint8_t der[ECDSA_DER_LEN_MAX];
    struct span raw = signature->rsa;
    struct crypto_digest digest;
    bool good;

    if (!crypto_key_accepts(key, signature) || !prepare(key, signature->scheme, signature->hash)) {
        ERR_clear_error();
        return false;
    }
    if (signature->scheme == TPM_ALG_ECDSA)
        raw = ecdsa_der(signature, der);
    crypto_hash_span(crypto, signature->hash, message, &digest);
    good = raw.len > 0 &&
           EVP_PKEY_verify(key->verify, raw.data, raw.len, digest.bytes, digest.len) == 1;
    if (!good)
        ERR_clear_error();
    return good;
}

bool crypto_key_verify_ed25519(struct crypto_key *key, struct span message, struct span signature)
{
    EVP_MD_CTX *context = key->type == TPM_ALG_EDDSA ? EVP_MD_CTX_new() : NULL;
    bool good = context && EVP_DigestVerifyInit(context, NULL, NULL, NULL, key->pkey) == 1 &&
                EVP_DigestVerify(context, signature.data, signature.len, message.data,
                                 message.len) == 1;

    EVP_MD_CTX_free(context);
    if (!good)
        ERR_clear_error();
    return good;
}
