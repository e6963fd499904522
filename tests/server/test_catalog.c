/* The hardware catalogue, from the configuration to the verdict: what it certifies, its other versions,
 * its end, and one that nobody signed who may. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <openssl/pem.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "crypto/crypto.h"
#include "os/file.h"
#include "support/api_host.h"

static const char POLICY[] = "[policy]\nname = test\nversion = 1\n\n[rule certified]\n"
                             "require = hardware.certified_level == \"secured-core\"\n"
                             "message = only certified hardware\n";

/* The firmware that the fixture's host booted. */
static const char CORE[] = "c4ff2cfc23ae366d3dc54b6b90a673e1c59be7b89b26286d6d3bee37bb1b6852";
static const char DRIVERS[] = "a644ed209b188dd428ea3e15c0b1dbbc1ad05d406bb2857cac4a73b98d0b6b4f";

static char catalog_file[64], signature_file[80], certificates_file[64];
static struct soft_key maker, stranger;

static void write_bytes(const char *path, struct span bytes)
{
    struct error error;

    assert_true(os_file_write(path, OS_FILE_PUBLIC, bytes, &error));
}

static void write_catalog(const char *level, const char *last_day, struct soft_key *signer)
{
    struct arena arena = arena_init((size_t)1 << 20);
    char text[1024], *pem;
    BIO *bio = BIO_new(BIO_s_mem());
    struct span signature;
    struct error error;
    long len;

    snprintf(text, sizeof text,
             "[catalog]\nname = test\nversion = 1\nissued = 2020-01-01\nvalid_until = %s\n"
             "[model fixture]\nlevel = %s\nsource = this test\n"
             "firmware_images =\n  sha256:%s\n  sha256:%s\n",
             last_day, level, CORE, DRIVERS);
    assert_int_equal(PEM_write_bio_PKCS8PrivateKey(bio, signer->pkey, NULL, NULL, 0, NULL, NULL),
                     1);
    len = BIO_get_mem_data(bio, &pem);
    assert_true(
        crypto_sign(span_of(pem, (size_t)len), span_text(text), &arena, &signature, &error));
    write_bytes(catalog_file, span_text(text));
    write_bytes(signature_file, signature);
    BIO_free(bio);
    arena_done(&arena);
}

static void write_certificate(void)
{
    const struct soft_certificate wanted = {
        .subject = "maker", .key = maker.pkey, .issuer_key = maker.pkey};
    X509 *x509 = soft_certificate_make(&wanted);
    uint8_t der[2048];

    write_bytes(certificates_file, soft_certificate_der(x509, der, sizeof der));
    X509_free(x509);
}

static void attest(struct api_host *host, struct service *service, enum verdict verdict)
{
    assert_int_equal(api_host_attest(host, service).status, 200);
    assert_int_equal(host->answer.verdict, verdict);
}

/* Starts the service anew with another catalogue. */
static void change(struct service *service, const char *level, const char *last_day,
                   struct soft_key *signer)
{
    assert_int_equal(service_stop(service), 0);
    write_catalog(level, last_day, signer);
    service_restart(service);
}

static void test_catalog_reaches_the_verdict(void **state)
{
    static struct service service;
    static char catalog[128], certificates[128];
    static const char *const settings[] = {catalog, certificates, "server.workers=1"};
    struct api_maker tpm_maker;
    struct api_host host;
    pid_t worker;

    (void)state;
    snprintf(catalog_file, sizeof catalog_file, "/tmp/bootseal-catalog-%d", (int)getpid());
    snprintf(signature_file, sizeof signature_file, "%s.sig", catalog_file);
    snprintf(certificates_file, sizeof certificates_file, "/tmp/bootseal-maker-%d", (int)getpid());
    soft_key_ecc(&maker, TPM_ECC_NIST_P256);
    soft_key_ecc(&stranger, TPM_ECC_NIST_P256);
    write_certificate();
    write_catalog("secured-core", "2999-12-31", &maker);
    api_maker_init(&tpm_maker);
    snprintf(catalog, sizeof catalog, "attest.catalog_file=%s", catalog_file);
    snprintf(certificates, sizeof certificates, "attest.catalog_certificates_file=%s",
             certificates_file);
    service_start_for(&service, &tpm_maker, settings, sizeof settings / sizeof *settings);
    service_put_policy(&service, POLICY);
    api_host_init(&host, "secure-boot", "web.example", &tpm_maker);
    assert_int_equal(api_host_join(&host, &service), ENROLMENT_STATE_ENROLLED);
    attest(&host, &service, VERDICT_TRUSTED);
    attest(&host, &service, VERDICT_TRUSTED);
    /* The same boot is judged anew, also of a host that is known not to have changed. */
    change(&service, "recommended-baseline", "2999-12-31", &maker);
    attest(&host, &service, VERDICT_UNTRUSTED);
    change(&service, "secured-core", "2999-12-31", &maker);
    attest(&host, &service, VERDICT_TRUSTED);
    change(&service, "secured-core", "2020-12-31", &maker);
    attest(&host, &service, VERDICT_UNKNOWN);
    /* With one that somebody else signed no worker starts, and there is no verdict at all. */
    write_catalog("secured-core", "2999-12-31", &stranger);
    assert_int_equal(service_processes(&service, "worker", &worker, 1), 1);
    assert_int_equal(kill(worker, SIGKILL), 0);
    assert_int_not_equal(api_host_attest(&host, &service).status, 200);
    api_host_done(&host);
    service_wipe(&service);
    api_maker_done(&tpm_maker);
    soft_key_done(&maker);
    soft_key_done(&stranger);
    unlink(catalog_file);
    unlink(certificates_file);
    unlink(signature_file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_catalog_reaches_the_verdict),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
