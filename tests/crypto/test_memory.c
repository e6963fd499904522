/* OpenSSL without memory: each allocation fails once in its turn. Whatever was asked for is then right, or
 * refused; nothing is taken for good that is not, and nothing falls over. */
#include "crypto/crypto.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include "support/soft_certificate.h"
#include "support/soft_key.h"

#define MESSAGE span_text("what the TPM says")

static struct crypto *crypto;
static struct arena arena;
static struct soft_key rsa, ecc;
static uint8_t certificate_der[4096], private_key_pem[4096];
static struct span certificate, private_key;

/* --- The allocator --- */

static bool counting;
static unsigned long n_left; /* allocations until the one that fails */

static bool fails(void)
{
    return counting && n_left-- == 0;
}

static void *allocate(size_t len, const char *file, int line)
{
    (void)file;
    (void)line;
    return fails() ? NULL : malloc(len);
}

static void *reallocate(void *memory, size_t len, const char *file, int line)
{
    (void)file;
    (void)line;
    return fails() ? NULL : realloc(memory, len);
}

static void release(void *memory, const char *file, int line)
{
    (void)file;
    (void)line;
    free(memory);
}

/* Does the work and checks what came out; true when all of it was done. */
typedef bool work_fn(void);

/* Each allocation fails once, up to the run that has none left to fail. */
static void with_failures(work_fn *work)
{
    bool whole = false;
    unsigned long nth;

    assert_true(work());
    for (nth = 0; !whole; nth++) {
        bool done;

        arena_reset(&arena);
        n_left = nth;
        counting = true;
        done = work();
        counting = false;
        whole = n_left <= nth; /* counted below zero, it starts again at the greatest */
        if (whole)
            assert_true(done);
        ERR_clear_error();
    }
    assert_true(nth > 3);
}

/* --- Signatures of TPMs --- */

static bool verify(struct soft_key *key, const struct tpm_signature *signature)
{
    struct crypto_key *ready;
    struct error error = {0};
    struct span spki;
    bool good;

    if (!crypto_key_from_tpm(crypto, &key->public_area, &ready, &error)) {
        assert_int_not_equal(error.code, ERROR_NONE);
        return false;
    }
    good = crypto_key_verify(crypto, ready, MESSAGE, signature);
    assert_false(crypto_key_verify(crypto, ready, span_text("another message"), signature));
    good &= crypto_key_spki(ready, &arena, &spki, &error);
    crypto_key_free(ready);
    return good;
}

static struct tpm_signature signature;

static bool verify_rsa(void)
{
    return verify(&rsa, &signature);
}

static bool verify_ecc(void)
{
    return verify(&ecc, &signature);
}

static void no_signature_becomes_good(void **state)
{
    (void)state;
    signature = soft_key_sign(&rsa, TPM_ALG_RSAPSS, TPM_ALG_SHA256, MESSAGE);
    with_failures(verify_rsa);
    signature = soft_key_sign(&ecc, TPM_ALG_ECDSA, TPM_ALG_SHA256, MESSAGE);
    with_failures(verify_ecc);
}

/* --- Credentials for EKs --- */

static bool seal(const struct soft_key *key)
{
    struct crypto_digest seed = {.len = 4711};
    uint8_t secret[1024];
    size_t secret_len = 4711;
    struct error error = {0};

    if (crypto_credential_seed(crypto, &key->public_area, "IDENTITY", &seed, secret, sizeof secret,
                               &secret_len, &error)) {
        assert_int_equal(seed.len, 32);
        return true;
    }
    assert_int_not_equal(error.code, ERROR_NONE);
    assert_int_equal(seed.len, 4711);
    assert_int_equal(secret_len, 4711);
    return false;
}

static bool seal_rsa(void)
{
    return seal(&rsa);
}

static bool seal_ecc(void)
{
    return seal(&ecc);
}

static bool encrypt(void)
{
    static const uint8_t KEY[32] = {1};
    uint8_t bytes[40] = {2};
    struct error error = {0};
    bool done = crypto_aes_cfb_encrypt(span_of(KEY, sizeof KEY), bytes, sizeof bytes, &error);

    assert_int_equal(done, error.code == ERROR_NONE);
    return done;
}

static void nothing_is_sealed_by_half(void **state)
{
    (void)state;
    rsa.public_area.name_alg = ecc.public_area.name_alg = TPM_ALG_SHA256;
    with_failures(seal_rsa);
    with_failures(seal_ecc);
    with_failures(encrypt);
}

/* --- Certificates --- */

static bool read_certificate(void)
{
    struct crypto_certificate *read;
    struct crypto_certificate_view view;
    struct crypto_ek_view ek;
    struct error error = {0};
    struct span pem;
    size_t len_used;
    bool done;

    if (!crypto_certificate_decode(crypto, certificate, &len_used, &read, &error)) {
        assert_int_not_equal(error.code, ERROR_NONE);
        return false;
    }
    done = crypto_certificate_view(read, &arena, &view, &error) &&
           crypto_certificate_ek_view(read, &arena, &ek, &error) &&
           crypto_certificate_pem(read, &arena, &pem, &error);
    assert_int_equal(done, error.code == ERROR_NONE);
    crypto_certificate_free(read);
    return done;
}

static bool chain(void)
{
    struct crypto_trust *trust;
    struct crypto_certificate *leaf;
    struct error error = {0};
    enum crypto_chain_result result = CRYPTO_CHAIN_NONE;
    const char *detail;
    size_t n_added, len_used;

    trust = crypto_trust_new(&error);
    if (!trust)
        return false;
    if (crypto_trust_add(trust, certificate, &n_added, &error) &&
        crypto_certificate_decode(crypto, certificate, &len_used, &leaf, &error)) {
        result = crypto_chain_verify(trust, leaf, NULL, 0, 1800000000, &arena, &detail);
        crypto_certificate_free(leaf);
    }
    crypto_trust_free(trust);
    return result == CRYPTO_CHAIN_OK;
}

static bool no_chain(void)
{
    struct crypto_trust *trust;
    struct crypto_certificate *leaf;
    struct error error = {0};
    enum crypto_chain_result result = CRYPTO_CHAIN_NONE;
    const char *detail;
    size_t len_used;

    trust = crypto_trust_new(&error);
    if (!trust)
        return false;
    if (crypto_certificate_decode(crypto, certificate, &len_used, &leaf, &error)) {
        result = crypto_chain_verify(trust, leaf, NULL, 0, 1800000000, &arena, &detail);
        assert_int_not_equal(result, CRYPTO_CHAIN_OK);
        crypto_certificate_free(leaf);
    }
    crypto_trust_free(trust);
    return result == CRYPTO_CHAIN_UNTRUSTED;
}

static void no_chain_becomes_good(void **state)
{
    (void)state;
    with_failures(read_certificate);
    with_failures(chain);
    with_failures(no_chain);
}

/* --- Signatures of operators --- */

static struct span signed_message;

static bool verify_signer(void)
{
    static const struct span WRONG = {(const uint8_t *)"not the digest of this message!!", 32};
    struct crypto_signer *signer;
    struct crypto_digest digest;
    struct error error = {0};
    bool good;

    if (!crypto_signer_new(crypto, certificate, &signer, &error)) {
        assert_int_not_equal(error.code, ERROR_NONE);
        return false;
    }
    crypto_hash_span(crypto, TPM_ALG_SHA256, MESSAGE, &digest);
    good = crypto_signer_verify(crypto, signer, TPM_ALG_SHA256, crypto_digest_span(&digest),
                                signed_message) == CRYPTO_SIGNATURE_GOOD;
    assert_int_not_equal(
        crypto_signer_verify(crypto, signer, TPM_ALG_SHA256, WRONG, signed_message),
        CRYPTO_SIGNATURE_GOOD);
    crypto_signer_free(signer);
    return good;
}

static void nobody_signs_for_another(void **state)
{
    struct arena kept = arena_init(4096);
    struct error error;

    (void)state;
    assert_true(crypto_sign(private_key, MESSAGE, &kept, &signed_message, &error));
    with_failures(verify_signer);
    arena_done(&kept);
}

static bool start(void)
{
    struct error error = {0};
    struct crypto *made = crypto_new(&error);

    assert_int_equal(made != NULL, error.code == ERROR_NONE);
    crypto_free(made);
    return made != NULL;
}

static void without_its_algorithms_nothing_starts(void **state)
{
    (void)state;
    with_failures(start);
}

static int setup(void **state)
{
    const struct soft_certificate wanted = {
        .subject = "Root", .key = ecc.pkey, .issuer_key = ecc.pkey, .ca = true};
    BIO *bio = BIO_new(BIO_s_mem());
    X509 *x509 = soft_certificate_make(&wanted);
    char *pem;
    long pem_len;

    (void)state;
    certificate = soft_certificate_der(x509, certificate_der, sizeof certificate_der);
    X509_free(x509);
    if (PEM_write_bio_PKCS8PrivateKey(bio, ecc.pkey, NULL, NULL, 0, NULL, NULL) != 1)
        return -1;
    pem_len = BIO_get_mem_data(bio, &pem);
    memcpy(private_key_pem, pem, (size_t)pem_len);
    private_key = span_of(private_key_pem, (size_t)pem_len);
    BIO_free(bio);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    soft_key_done(&rsa);
    soft_key_done(&ecc);
    crypto_free(crypto);
    arena_done(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_signature_becomes_good),
        cmocka_unit_test(nothing_is_sealed_by_half),
        cmocka_unit_test(no_chain_becomes_good),
        cmocka_unit_test(nobody_signs_for_another),
        cmocka_unit_test(without_its_algorithms_nothing_starts),
    };
    struct error error;

    /* Before OpenSSL's first allocation, or it keeps its own functions. */
    if (CRYPTO_set_mem_functions(allocate, reallocate, release) != 1)
        return 1;
    crypto = crypto_new(&error);
    arena = arena_init((size_t)16 << 20);
    soft_key_rsa(&rsa, 2048);
    soft_key_ecc(&ecc, TPM_ECC_NIST_P256);
    return cmocka_run_group_tests(tests, setup, teardown);
}
