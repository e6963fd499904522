/* EK and AK certificates of real and virtual TPMs: those whose chain is known to reach a root must
 * reach it here, the others must not. */
#include "crypto/crypto.h"
#include "support/corpus.h"

#include <openssl/pem.h>
#include <openssl/x509.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { CERTIFICATES_MAX = 2048, FOUR_YEARS_S = 4 * 365 * 86400 };

/* nftw has no argument for its callback. */
static struct {
    struct crypto *crypto;
    struct crypto_trust *roots;
    struct arena arena;
    struct intermediate {
        struct span der;
        const char *subject, *issuer;
    } intermediates[CERTIFICATES_MAX];
    size_t n_intermediates;
    unsigned int n_reached, n_unreached;
} corpus;

static struct crypto_certificate *decode(struct span der, struct crypto_certificate_view *view)
{
    struct crypto_certificate *certificate;
    struct error error;
    size_t len_used;

    if (!crypto_certificate_decode(corpus.crypto, der, &len_used, &certificate, &error))
        return NULL;
    if (crypto_certificate_view(certificate, &corpus.arena, view, &error))
        return certificate;
    crypto_certificate_free(certificate);
    return NULL;
}

static struct span keep(X509 *x509)
{
    int len = i2d_X509(x509, NULL);
    uint8_t *bytes = arena_alloc(&corpus.arena, (size_t)len), *at = bytes;

    assert_non_null(bytes);
    i2d_X509(x509, &at);
    X509_free(x509);
    return span_of(bytes, (size_t)len);
}

static void collect_one(X509 *x509)
{
    struct span der = keep(x509);
    struct crypto_certificate_view view;
    struct crypto_certificate *certificate = decode(der, &view);
    struct error error;
    size_t n_added;

    if (certificate && view.is_ca && strcmp(view.subject, view.issuer) == 0)
        assert_true(crypto_trust_add(corpus.roots, der, &n_added, &error));
    else if (certificate && view.is_ca && corpus.n_intermediates < CERTIFICATES_MAX)
        corpus.intermediates[corpus.n_intermediates++] = (struct intermediate){der, view.subject,
                                                                               view.issuer};
    crypto_certificate_free(certificate);
}

/* All certificates of a file in PEM, or the one in DER. NULL when there is none (left). */
static X509 *next_certificate(BIO *bio, struct span file, bool *der_done)
{
    const uint8_t *at = file.data;
    X509 *x509 = PEM_read_bio_X509(bio, NULL, NULL, NULL);

    if (x509 || *der_done)
        return x509;
    *der_done = true;
    return d2i_X509(NULL, &at, (long)file.len);
}

static int collect(const char *path, const struct stat *status, int type, struct FTW *ftw)
{
    static const char *const ENDS[] = {".pem", ".crt", ".cer", ".CER", ".der"};
    bool wanted = false, der_done = false;
    X509 *x509;

    (void)status;
    (void)ftw;
    for (size_t i = 0; i < sizeof ENDS / sizeof *ENDS; i++)
        wanted |= type == FTW_F && corpus_ends_with(path, ENDS[i]);
    if (!wanted)
        return 0;
    struct span file = corpus_read(path);
    BIO *bio = BIO_new_mem_buf(file.data, (int)file.len);
    while ((x509 = next_certificate(bio, file, &der_done)))
        collect_one(x509);
    BIO_free(bio);
    corpus_free(file);
    return 0;
}

/* The intermediates that lead up from issuer, as a host would send them. */
static size_t find_chain(const char *issuer, struct span *chain)
{
    size_t n = 0;

    while (issuer && n < LIMIT_CHAIN_CERTIFICATES) {
        const char *next = NULL;

        for (size_t i = 0; i < corpus.n_intermediates && n < LIMIT_CHAIN_CERTIFICATES; i++) {
            if (strcmp(corpus.intermediates[i].subject, issuer) != 0)
                continue;
            chain[n++] = corpus.intermediates[i].der;
            next = corpus.intermediates[i].issuer;
        }
        issuer = next;
    }
    return n;
}

/* Some time at which the certificate was surely in use. */
static int64_t time_of_use(const struct crypto_certificate_view *view)
{
    int64_t half = (view->not_after_s - view->not_before_s) / 2;

    return view->not_before_s + (half < FOUR_YEARS_S ? half : FOUR_YEARS_S);
}

static enum crypto_chain_result verify(const char *path, const char **detail)
{
    struct span file = corpus_read(path), chain[LIMIT_CHAIN_CERTIFICATES];
    bool der_done = false;
    BIO *bio = BIO_new_mem_buf(file.data, (int)file.len);
    X509 *x509 = next_certificate(bio, file, &der_done);
    struct crypto_certificate_view view;
    struct crypto_certificate *certificate = x509 ? decode(keep(x509), &view) : NULL;
    enum crypto_chain_result result = CRYPTO_CHAIN_NONE;

    BIO_free(bio);
    corpus_free(file);
    if (certificate)
        result = crypto_chain_verify(corpus.roots, certificate, chain,
                                     find_chain(view.issuer, chain), time_of_use(&view),
                                     &corpus.arena, detail);
    crypto_certificate_free(certificate);
    return result;
}

/* Marked by hand: TPM 1.2 (a header before the certificate, SHA-1), or broken on purpose. */
static bool known_exception(const char *path)
{
    static const char *const EXCEPTIONS[] = {
        "nuc-1_", "ab21ccf2-tpmcert.pem", "ek_cert_with_security_assertions.cer",
        "attestation_tpm_test_1.x5c0.der", "attestation_tpm_test_2.x5c0.der"};

    for (size_t i = 0; i < sizeof EXCEPTIONS / sizeof *EXCEPTIONS; i++)
        if (strstr(path, EXCEPTIONS[i]))
            return true;
    return false;
}

static int compare(const char *path, const struct stat *status, int type, struct FTW *ftw)
{
    char evidence[1024], *end;
    const char *detail = "not decoded";

    (void)status;
    (void)ftw;
    if (type != FTW_F || !corpus_ends_with(path, ".truth.json"))
        return 0;
    json_t *truth = corpus_truth(path);
    json_t *chain = json_object_get(json_object_get(truth, "verified_here"), "chain");
    json_t *reaches = json_object_get(chain, "reaches_self_signed_root");
    snprintf(evidence, sizeof evidence, "%s", path);
    end = strstr(evidence, ".truth.json");
    *end = '\0';
    if (reaches && !known_exception(evidence)) {
        bool reached = verify(evidence, &detail) == CRYPTO_CHAIN_OK;

        if (reached != json_is_true(reaches))
            fail_msg("%s: chain is %s: %s", evidence, reached ? "good" : "not good", detail);
        corpus.n_reached += reached;
        corpus.n_unreached += !reached;
    }
    json_decref(truth);
    return 0;
}

static void chains_reach_the_roots_they_are_known_to_reach(void **state)
{
    (void)state;
    corpus_walk("public", collect);
    corpus_walk("lab/ek-ca", collect);
    corpus_walk("public", compare);
    print_message("%u chains reach a root, %u do not\n", corpus.n_reached, corpus.n_unreached);
    assert_true(corpus.n_reached > 0 && corpus.n_unreached > 0);
}

static int verify_lab(const char *path, const struct stat *status, int type, struct FTW *ftw)
{
    const char *detail = "not decoded";

    (void)status;
    (void)ftw;
    if (type == FTW_F && strstr(path, "/ek-") && corpus_ends_with(path, ".nv")) {
        if (verify(path, &detail) != CRYPTO_CHAIN_OK)
            fail_msg("%s: %s", path, detail);
        corpus.n_reached++;
    }
    return 0;
}

static void certificates_of_the_lab_chain_to_its_root(void **state)
{
    (void)state;
    corpus_walk("lab/ek-ca", collect);
    corpus.n_reached = 0;
    corpus_walk("lab", verify_lab);
    print_message("%u EK certificates as read from NV\n", corpus.n_reached);
    assert_true(corpus.n_reached > 0);
}

static int setup(void **state)
{
    struct error error;

    (void)state;
    memset(&corpus, 0, sizeof corpus);
    corpus.crypto = crypto_new(&error);
    corpus.roots = crypto_trust_new(&error);
    corpus.arena = arena_init((size_t)64 << 20);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_done(&corpus.arena);
    crypto_trust_free(corpus.roots);
    crypto_free(corpus.crypto);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(chains_reach_the_roots_they_are_known_to_reach, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(certificates_of_the_lab_chain_to_its_root, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
