/* Whose signature counts, when a catalogue counts, and which may follow which. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "catalog/catalog.h"
#include "support/soft_certificate.h"
#include "support/soft_key.h"

#include <openssl/pem.h>

static const char TEXT[] = "any text at all";

struct maker {
    struct soft_key key;
    struct span private_key, certificate;
};

static struct crypto *crypto;
static struct arena arena;
static struct maker ecc, rsa, weak;

static struct span keep_bio(BIO *bio)
{
    char *data, *copy;
    long len = BIO_get_mem_data(bio, &data);

    copy = arena_text(&arena, span_of(data, (size_t)len));
    assert_non_null(copy);
    BIO_free(bio);
    return span_of(copy, (size_t)len);
}

/* With key pair made: its private key in PEM and a certificate for it. */
static void be_maker(struct maker *maker, const char *name)
{
    const struct soft_certificate wanted = {
        .subject = name, .key = maker->key.pkey, .issuer_key = maker->key.pkey};
    X509 *x509 = soft_certificate_make(&wanted);
    BIO *key = BIO_new(BIO_s_mem()), *certificate = BIO_new(BIO_s_mem());

    assert_int_equal(PEM_write_bio_PKCS8PrivateKey(key, maker->key.pkey, NULL, NULL, 0, NULL, NULL),
                     1);
    assert_int_equal(PEM_write_bio_X509(certificate, x509), 1);
    maker->private_key = keep_bio(key);
    maker->certificate = keep_bio(certificate);
    X509_free(x509);
}

static int setup(void **state)
{
    struct error error;

    (void)state;
    crypto = crypto_new(&error);
    arena = arena_init((size_t)16 << 20);
    soft_key_ecc(&ecc.key, TPM_ECC_NIST_P256);
    soft_key_rsa(&rsa.key, 2048);
    soft_key_rsa(&weak.key, 1024);
    be_maker(&ecc, "ecc");
    be_maker(&rsa, "rsa");
    be_maker(&weak, "weak");
    return crypto ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    soft_key_done(&ecc.key);
    soft_key_done(&rsa.key);
    soft_key_done(&weak.key);
    arena_done(&arena);
    crypto_free(crypto);
    return 0;
}

static struct span sign(const struct maker *maker, struct span text)
{
    struct span signature;
    struct error error;

    assert_true(crypto_sign(maker->private_key, text, &arena, &signature, &error));
    return signature;
}

static const char *signer_of(struct span text, struct span signature, struct span certificates)
{
    const char *signer = "nobody";
    struct error error = {0};

    if (!catalog_check_signature(crypto, text, signature, certificates, &arena, &signer, &error)) {
        assert_int_equal(error.code, ERROR_DENIED);
        assert_string_equal(signer, "nobody");
    }
    return signer;
}

static void a_signature_is_its_makers(void **state)
{
    struct span text = span_text(TEXT), both;
    char *pair = arena_printf(&arena, "%s%s", (const char *)rsa.certificate.data,
                              (const char *)ecc.certificate.data);

    (void)state;
    both = span_text(pair);
    assert_string_equal(signer_of(text, sign(&ecc, text), ecc.certificate), "CN=ecc");
    assert_string_equal(signer_of(text, sign(&rsa, text), rsa.certificate), "CN=rsa");
    assert_string_equal(signer_of(text, sign(&ecc, text), both), "CN=ecc");
    assert_string_equal(signer_of(text, sign(&rsa, text), both), "CN=rsa");
}

static void any_other_signature_is_nobodys(void **state)
{
    struct span text = span_text(TEXT), signature = sign(&ecc, text);
    uint8_t changed[256];

    (void)state;
    assert_string_equal(signer_of(text, signature, rsa.certificate), "nobody");
    assert_string_equal(signer_of(span_text("any text at al1"), signature, ecc.certificate),
                        "nobody");
    assert_string_equal(signer_of(span_of(text.data, text.len - 1), signature, ecc.certificate),
                        "nobody");
    assert_string_equal(signer_of(text, (struct span){0}, ecc.certificate), "nobody");
    assert_string_equal(
        signer_of(text, span_of(signature.data, signature.len - 1), ecc.certificate), "nobody");
    for (size_t i = 0; i < signature.len; i++) {
        memcpy(changed, signature.data, signature.len);
        changed[i] ^= 0x40;
        assert_string_equal(signer_of(text, span_of(changed, signature.len), ecc.certificate),
                            "nobody");
    }
}

/* What holds is no proof when a short key or SHA-1 made it. */
static void a_weak_signature_is_nobodys(void **state)
{
    struct span text = span_text(TEXT);
    struct crypto_signer *signer;
    struct crypto_digest digest;
    uint8_t bytes[512], der[2048];
    size_t len = sizeof bytes;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    const struct soft_certificate wanted = {
        .subject = "weak", .key = weak.key.pkey, .issuer_key = weak.key.pkey};
    X509 *x509 = soft_certificate_make(&wanted);
    struct error error;

    (void)state;
    assert_int_equal(EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, weak.key.pkey), 1);
    assert_int_equal(EVP_DigestSign(context, bytes, &len, text.data, text.len), 1);
    crypto_hash_span(crypto, TPM_ALG_SHA256, text, &digest);
    assert_true(
        crypto_signer_new(crypto, soft_certificate_der(x509, der, sizeof der), &signer, &error));
    assert_int_equal(crypto_signer_verify(crypto, signer, TPM_ALG_SHA256,
                                          crypto_digest_span(&digest), span_of(bytes, len)),
                     CRYPTO_SIGNATURE_WEAK);
    assert_string_equal(signer_of(text, span_of(bytes, len), weak.certificate), "nobody");
    len = sizeof bytes;
    EVP_MD_CTX_reset(context);
    assert_int_equal(EVP_DigestSignInit(context, NULL, EVP_sha1(), NULL, rsa.key.pkey), 1);
    assert_int_equal(EVP_DigestSign(context, bytes, &len, text.data, text.len), 1);
    assert_string_equal(signer_of(text, span_of(bytes, len), rsa.certificate), "nobody");
    crypto_signer_free(signer);
    EVP_MD_CTX_free(context);
    X509_free(x509);
}

static void certificates_that_are_none_are_an_error(void **state)
{
    struct span text = span_text(TEXT);
    const char *signer;
    struct error error = {0};

    (void)state;
    assert_false(catalog_check_signature(crypto, text, sign(&ecc, text), span_text("none"), &arena,
                                         &signer, &error));
    assert_int_equal(error.code, ERROR_MALFORMED);
}

static void keys_that_cannot_sign_are_refused(void **state)
{
    static uint8_t large[LIMIT_PRIVATE_KEY_LEN + 1];
    struct span signature = {0};
    EVP_PKEY *other = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    BIO *bio = BIO_new(BIO_s_mem());
    struct error error = {0};

    (void)state;
    assert_false(crypto_sign(weak.private_key, span_text(TEXT), &arena, &signature, &error));
    assert_int_equal(error.code, ERROR_UNSUPPORTED);
    assert_int_equal(PEM_write_bio_PKCS8PrivateKey(bio, other, NULL, NULL, 0, NULL, NULL), 1);
    assert_false(crypto_sign(keep_bio(bio), span_text(TEXT), &arena, &signature, &error));
    assert_int_equal(error.code, ERROR_UNSUPPORTED);
    assert_false(crypto_sign(ecc.certificate, span_text(TEXT), &arena, &signature, &error));
    assert_int_equal(error.code, ERROR_MALFORMED);
    assert_false(
        crypto_sign(span_of(large, sizeof large), span_text(TEXT), &arena, &signature, &error));
    /* One under a passphrase: nobody is asked for it. */
    bio = BIO_new(BIO_s_mem());
    assert_int_equal(PEM_write_bio_PKCS8PrivateKey(bio, ecc.key.pkey, EVP_aes_128_cbc(), "secret",
                                                   6, NULL, NULL),
                     1);
    assert_false(crypto_sign(keep_bio(bio), span_text(TEXT), &arena, &signature, &error));
    assert_int_equal(error.code, ERROR_MALFORMED);
    assert_int_equal(signature.len, 0);
    EVP_PKEY_free(other);
}

static void a_catalogue_counts_in_its_time(void **state)
{
    const struct catalog catalog = {
        .name = "test", .version = 3, .issued_s = 1000, .valid_until_s = 2000};
    struct error error = {0};

    (void)state;
    assert_true(catalog_check_time(&catalog, 1000, &error));
    assert_true(catalog_check_time(&catalog, 1999, &error));
    assert_false(catalog_check_time(&catalog, 999, &error));
    assert_int_equal(error.code, ERROR_DENIED);
    assert_non_null(strstr(error.message, "future"));
    assert_false(catalog_check_time(&catalog, 2000, &error));
    assert_int_equal(error.code, ERROR_DENIED);
    assert_non_null(strstr(error.message, "expired"));
}

static void versions_only_go_forward(void **state)
{
    const struct catalog known = {.name = "test", .version = 3};
    struct error error = {0};

    (void)state;
    assert_true(
        catalog_check_newer(&(struct catalog){.name = "test", .version = 4}, &known, &error));
    for (int64_t version = 1; version <= 3; version++) {
        error.code = ERROR_NONE;
        assert_false(catalog_check_newer(&(struct catalog){.name = "test", .version = version},
                                         &known, &error));
        assert_int_equal(error.code, ERROR_CONFLICT);
    }
    assert_false(
        catalog_check_newer(&(struct catalog){.name = "other", .version = 4}, &known, &error));
    assert_int_equal(error.code, ERROR_CONFLICT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_signature_is_its_makers),
        cmocka_unit_test(any_other_signature_is_nobodys),
        cmocka_unit_test(a_weak_signature_is_nobodys),
        cmocka_unit_test(certificates_that_are_none_are_an_error),
        cmocka_unit_test(keys_that_cannot_sign_are_refused),
        cmocka_unit_test(a_catalogue_counts_in_its_time),
        cmocka_unit_test(versions_only_go_forward),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
