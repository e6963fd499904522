/* Keys and signatures, made by OpenSSL in the test and checked through our interface. */
#include "crypto/crypto.h"
#include "support/soft_key.h"

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define MESSAGE span_text("what the TPM says")

struct fixture {
    struct crypto *crypto;
    struct arena arena;
    struct soft_key rsa, p256, p384, p521;
};

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    struct error error;

    fixture->crypto = crypto_new(&error);
    fixture->arena = arena_init(1 << 20);
    soft_key_rsa(&fixture->rsa, 2048);
    soft_key_ecc(&fixture->p256, TPM_ECC_NIST_P256);
    soft_key_ecc(&fixture->p384, TPM_ECC_NIST_P384);
    soft_key_ecc(&fixture->p521, TPM_ECC_NIST_P521);
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;

    soft_key_done(&fixture->rsa);
    soft_key_done(&fixture->p256);
    soft_key_done(&fixture->p384);
    soft_key_done(&fixture->p521);
    arena_done(&fixture->arena);
    crypto_free(fixture->crypto);
    free(fixture);
    return 0;
}

static struct crypto_key *key_of(struct fixture *fixture, const struct tpm_public *public_area)
{
    struct crypto_key *key = NULL;
    struct error error = {0};

    if (!crypto_key_from_tpm(fixture->crypto, public_area, &key, &error))
        fail_msg("%s", error.message);
    return key;
}

/* Signature good; then with every byte of it, the message and the key wrong. */
static void check_pair(struct fixture *fixture, struct soft_key *pair, uint16_t scheme,
                       uint16_t hash)
{
    struct crypto_key *key = key_of(fixture, &pair->public_area);
    struct tpm_signature signature;
    size_t len;

    signature = soft_key_sign(pair, scheme, hash, MESSAGE);
    len = scheme == TPM_ALG_ECDSA ? signature.ecdsa_r.len + signature.ecdsa_s.len
                                  : signature.rsa.len;
    assert_true(crypto_key_verify(fixture->crypto, key, MESSAGE, &signature));
    assert_true(crypto_key_verify(fixture->crypto, key, MESSAGE, &signature));
    assert_false(
        crypto_key_verify(fixture->crypto, key, span_text("what it did not say"), &signature));
    for (size_t i = 0; i < len; i += 7) {
        pair->numbers[i] ^= 0x10;
        assert_false(crypto_key_verify(fixture->crypto, key, MESSAGE, &signature));
        pair->numbers[i] ^= 0x10;
    }
    assert_true(crypto_key_verify(fixture->crypto, key, MESSAGE, &signature));
    crypto_key_free(key);
}

static void signatures_of_every_key_verify_and_altered_ones_do_not(void **state)
{
    static const uint16_t HASHES[] = {TPM_ALG_SHA256, TPM_ALG_SHA384, TPM_ALG_SHA512};
    struct fixture *fixture = *state;

    for (size_t i = 0; i < 3; i++) {
        check_pair(fixture, &fixture->rsa, TPM_ALG_RSASSA, HASHES[i]);
        check_pair(fixture, &fixture->rsa, TPM_ALG_RSAPSS, HASHES[i]);
        check_pair(fixture, &fixture->p256, TPM_ALG_ECDSA, HASHES[i]);
        check_pair(fixture, &fixture->p384, TPM_ALG_ECDSA, HASHES[i]);
        check_pair(fixture, &fixture->p521, TPM_ALG_ECDSA, HASHES[i]);
    }
}

static void padded_and_missing_ecdsa_numbers(void **state)
{
    struct fixture *fixture = *state;
    struct soft_key *pair = &fixture->p256;
    struct crypto_key *key = key_of(fixture, &pair->public_area);
    struct tpm_signature signature;
    uint8_t padded[66] = {0};

    signature = soft_key_sign(pair, TPM_ALG_ECDSA, TPM_ALG_SHA256, MESSAGE);
    memcpy(padded + 66 - signature.ecdsa_r.len, signature.ecdsa_r.data, signature.ecdsa_r.len);
    signature.ecdsa_r = span_of(padded, 66);
    assert_true(crypto_key_verify(fixture->crypto, key, MESSAGE, &signature));
    signature.ecdsa_r = span_of(NULL, 0);
    assert_false(crypto_key_verify(fixture->crypto, key, MESSAGE, &signature));
    signature.ecdsa_r = span_of((uint8_t[66]){0}, 66);
    assert_false(crypto_key_verify(fixture->crypto, key, MESSAGE, &signature));
    crypto_key_free(key);
}

static void sha1_never_verifies(void **state)
{
    struct fixture *fixture = *state;
    struct crypto_key *rsa = key_of(fixture, &fixture->rsa.public_area);
    struct crypto_key *ecc = key_of(fixture, &fixture->p256.public_area);
    struct tpm_signature signature;

    signature = soft_key_sign(&fixture->rsa, TPM_ALG_RSASSA, TPM_ALG_SHA1, MESSAGE);
    assert_false(crypto_key_accepts(rsa, &signature));
    assert_false(crypto_key_verify(fixture->crypto, rsa, MESSAGE, &signature));
    signature = soft_key_sign(&fixture->p256, TPM_ALG_ECDSA, TPM_ALG_SHA1, MESSAGE);
    assert_false(crypto_key_accepts(ecc, &signature));
    assert_false(crypto_key_verify(fixture->crypto, ecc, MESSAGE, &signature));
    crypto_key_free(rsa);
    crypto_key_free(ecc);
}

static void scheme_must_be_the_keys_own(void **state)
{
    struct fixture *fixture = *state;
    struct tpm_public own = fixture->rsa.public_area;
    struct crypto_key *key, *ecc = key_of(fixture, &fixture->p256.public_area);
    struct tpm_signature signature;

    own.scheme = TPM_ALG_RSASSA;
    own.scheme_hash = TPM_ALG_SHA256;
    key = key_of(fixture, &own);
    signature = soft_key_sign(&fixture->rsa, TPM_ALG_RSASSA, TPM_ALG_SHA256, MESSAGE);
    assert_true(crypto_key_verify(fixture->crypto, key, MESSAGE, &signature));
    assert_false(crypto_key_accepts(ecc, &signature));
    signature = soft_key_sign(&fixture->rsa, TPM_ALG_RSASSA, TPM_ALG_SHA384, MESSAGE);
    assert_false(crypto_key_verify(fixture->crypto, key, MESSAGE, &signature));
    signature = soft_key_sign(&fixture->rsa, TPM_ALG_RSAPSS, TPM_ALG_SHA256, MESSAGE);
    assert_false(crypto_key_verify(fixture->crypto, key, MESSAGE, &signature));
    signature = soft_key_sign(&fixture->p256, TPM_ALG_ECDSA, TPM_ALG_SHA256, MESSAGE);
    assert_false(crypto_key_accepts(key, &signature));
    crypto_key_free(key);
    crypto_key_free(ecc);
}

static void assert_refused(struct fixture *fixture, const struct tpm_public *public_area,
                           enum error_code code)
{
    struct crypto_key *key = NULL;
    struct error error = {0};

    assert_false(crypto_key_from_tpm(fixture->crypto, public_area, &key, &error));
    assert_null(key);
    assert_int_equal(error.code, code);
}

static void bad_parameters_make_no_key(void **state)
{
    struct fixture *fixture = *state;
    struct tpm_public rsa = fixture->rsa.public_area, ecc = fixture->p256.public_area, bad;
    uint8_t bytes[512];

    bad = rsa;
    bad.rsa.modulus.len = 128;
    assert_refused(fixture, &bad, ERROR_MALFORMED); /* not the bits it says */
    bad.rsa.bits = 1024;
    assert_refused(fixture, &bad, ERROR_UNSUPPORTED);
    memcpy(bytes, rsa.rsa.modulus.data, 256);
    bad = rsa;
    bad.rsa.modulus.data = bytes;
    bytes[255] &= 0xFE;
    assert_refused(fixture, &bad, ERROR_MALFORMED);
    bytes[255] |= 1;
    bytes[0] &= 0x7F;
    assert_refused(fixture, &bad, ERROR_MALFORMED);
    bad = rsa;
    bad.rsa.exponent = 3;
    assert_refused(fixture, &bad, ERROR_MALFORMED);
    bad.rsa.exponent = 65538;
    assert_refused(fixture, &bad, ERROR_MALFORMED);

    bad = ecc;
    memcpy(bytes, ecc.ecc.y.data, 32);
    bytes[31] ^= 1;
    bad.ecc.y.data = bytes;
    assert_refused(fixture, &bad, ERROR_MALFORMED); /* off the curve */
    bad = ecc;
    bad.ecc.x.len = 0;
    assert_refused(fixture, &bad, ERROR_MALFORMED);
    bad = ecc;
    bad.ecc.x = span_of(bytes, 33);
    assert_refused(fixture, &bad, ERROR_MALFORMED);
    bad = ecc;
    bad.ecc.curve = 0x0010;
    assert_refused(fixture, &bad, ERROR_UNSUPPORTED);
}

static void spki_is_canonical_and_reads_back(void **state)
{
    struct fixture *fixture = *state;
    struct soft_key *pairs[] = {&fixture->rsa, &fixture->p256, &fixture->p384, &fixture->p521};

    for (size_t i = 0; i < 4; i++) {
        struct crypto_key *key = key_of(fixture, &pairs[i]->public_area), *again = NULL;
        struct error error = {0};
        uint8_t *expected = NULL;
        int len = i2d_PUBKEY(pairs[i]->pkey, &expected);
        struct span spki;

        assert_true(crypto_key_spki(key, &fixture->arena, &spki, &error));
        assert_true(span_equal(spki, span_of(expected, (size_t)len)));
        assert_true(crypto_key_from_spki(fixture->crypto, spki, &again, &error));
        assert_true(crypto_key_equal(key, again));
        crypto_key_free(again);
        OPENSSL_free(expected);

        for (size_t cut = 0; cut < spki.len; cut++)
            assert_false(
                crypto_key_from_spki(fixture->crypto, span_of(spki.data, cut), &again, &error));
        struct crypto_key *other = key_of(fixture, &pairs[(i + 1) % 4]->public_area);
        assert_false(crypto_key_equal(key, other));
        crypto_key_free(other);
        crypto_key_free(key);
    }
}

static void pem_reads_as_the_same_key(void **state)
{
    struct fixture *fixture = *state;
    struct crypto_key *key = key_of(fixture, &fixture->rsa.public_area), *again = NULL;
    struct error error = {0};
    BIO *bio = BIO_new(BIO_s_mem());
    char *pem;

    PEM_write_bio_PUBKEY(bio, fixture->rsa.pkey);
    size_t pem_len = (size_t)BIO_get_mem_data(bio, &pem);
    assert_true(crypto_key_from_spki(fixture->crypto, span_of(pem, pem_len), &again, &error));
    assert_true(crypto_key_equal(key, again));
    crypto_key_free(again);
    BIO_free(bio);
    crypto_key_free(key);
}

static void other_kinds_of_key_are_unsupported(void **state)
{
    struct fixture *fixture = *state;
    EVP_PKEY *others[] = {EVP_PKEY_Q_keygen(NULL, NULL, "ED448"), EVP_EC_gen("secp256k1"),
                          EVP_RSA_gen(1024)};

    for (size_t i = 0; i < 3; i++) {
        struct crypto_key *key = NULL;
        struct error error = {0};
        uint8_t *der = NULL;
        int len = i2d_PUBKEY(others[i], &der);

        assert_false(
            crypto_key_from_spki(fixture->crypto, span_of(der, (size_t)len), &key, &error));
        assert_int_equal(error.code, ERROR_UNSUPPORTED);
        assert_null(key);
        OPENSSL_free(der);
        EVP_PKEY_free(others[i]);
    }
}

static struct crypto_key *spki_key(struct fixture *fixture, EVP_PKEY *pkey)
{
    struct crypto_key *key = NULL;
    struct error error = {0};
    uint8_t *der = NULL;
    int len = i2d_PUBKEY(pkey, &der);

    assert_true(crypto_key_from_spki(fixture->crypto, span_of(der, (size_t)len), &key, &error));
    OPENSSL_free(der);
    return key;
}

static void ed25519_signs_documents_and_nothing_else(void **state)
{
    struct fixture *fixture = *state;
    EVP_PKEY *pkey = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"),
             *other = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    struct crypto_key *key = spki_key(fixture, pkey), *stranger = spki_key(fixture, other),
                      *rsa = spki_key(fixture, fixture->rsa.pkey);
    struct span message = span_text("document");
    uint8_t bytes[64];
    size_t len = sizeof bytes;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    struct tpm_signature as_ecdsa = {.scheme = TPM_ALG_ECDSA, .hash = TPM_ALG_SHA256};

    EVP_DigestSignInit(context, NULL, NULL, NULL, pkey);
    EVP_DigestSign(context, bytes, &len, message.data, message.len);
    EVP_MD_CTX_free(context);
    assert_true(crypto_key_verify_ed25519(key, message, span_of(bytes, len)));
    assert_false(crypto_key_verify_ed25519(key, span_text("Document"), span_of(bytes, len)));
    assert_false(crypto_key_verify_ed25519(key, message, span_of(bytes, len - 1)));
    assert_false(crypto_key_verify_ed25519(key, message, span_of(NULL, 0)));
    assert_false(crypto_key_verify_ed25519(stranger, message, span_of(bytes, len)));
    assert_false(crypto_key_verify_ed25519(rsa, message, span_of(bytes, len)));
    as_ecdsa.ecdsa_r = span_of(bytes, 32);
    as_ecdsa.ecdsa_s = span_of(bytes + 32, 32);
    assert_false(crypto_key_accepts(key, &as_ecdsa));
    assert_false(crypto_key_verify(fixture->crypto, key, message, &as_ecdsa));
    assert_false(crypto_key_equal(key, stranger));
    crypto_key_free(key);
    crypto_key_free(stranger);
    crypto_key_free(rsa);
    EVP_PKEY_free(pkey);
    EVP_PKEY_free(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signatures_of_every_key_verify_and_altered_ones_do_not),
        cmocka_unit_test(padded_and_missing_ecdsa_numbers),
        cmocka_unit_test(sha1_never_verifies),
        cmocka_unit_test(scheme_must_be_the_keys_own),
        cmocka_unit_test(bad_parameters_make_no_key),
        cmocka_unit_test(spki_is_canonical_and_reads_back),
        cmocka_unit_test(pem_reads_as_the_same_key),
        cmocka_unit_test(other_kinds_of_key_are_unsupported),
        cmocka_unit_test(ed25519_signs_documents_and_nothing_else),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
