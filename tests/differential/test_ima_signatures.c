/* Files signed by evmctl of ima-evm-utils, the tool whose signatures the kernel checks: ours must
 * find each of them valid, and name the key as it does. Skipped where it is not installed. */
#include "verify/ima_signatures.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "support/corpus.h"
#include "wire/ima_signature.h"

static char folder[] = "/tmp/bootseal-evmctl-XXXXXX";
static struct crypto *crypto;

static void run(const char *format, ...) PRINTF_LIKE(1, 2);
static void run(const char *format, ...)
{
    char command[1024];
    va_list arguments;
    int prefix = snprintf(command, sizeof command, "cd %s && ", folder);

    va_start(arguments, format);
    vsnprintf(command + prefix, sizeof command - (size_t)prefix, format, arguments);
    va_end(arguments);
    if (system(command) != 0)
        fail_msg("failed: %s", command);
}

static struct span read_file(const char *name)
{
    char path[256];

    snprintf(path, sizeof path, "%s/%s", folder, name);
    return corpus_read(path);
}

/* Signs a file with a new key, and checks its signature as an entry of a list would carry it. */
static void check(const char *key, const char *hash, enum ima_signed expected)
{
    const struct ima_entry entry = {.number = 1};
    struct ima_certificates *certificates;
    struct ima_signature decoded;
    struct ima_signer signer;
    struct crypto_digest digest;
    struct error error;
    struct span signature, certificate;
    struct ima_fields fields = {.name = span_text("file")};

    run("openssl req -x509 -newkey %s -nodes -keyout key.pem -out cert.pem -subj /CN=evmctl "
        "-days 2 2>openssl.log",
        key);
    run("printf contents >file && evmctl ima_sign --sigfile -a %s -k key.pem file >evmctl.log 2>&1",
        hash);
    signature = read_file("file.sig");
    certificate = read_file("cert.pem");
    assert_true(ima_certificates_new(crypto, certificate, &certificates, &error));
    assert_true(ima_signature_decode(signature, &decoded, &error));
    assert_string_equal(decoded.hash->name, hash);
    crypto_hash_span(crypto, decoded.hash->tpm_alg, span_text("contents"), &digest);
    fields.digest = (struct ima_digest){.alg = span_text(hash),
                                        .bytes = crypto_digest_span(&digest)};
    fields.signature = signature;
    signer = ima_signature_check(crypto, certificates, &entry, &fields);
    assert_int_equal(signer.state, expected);
    assert_string_equal(signer.subject, "CN=evmctl");
    digest.bytes[5] ^= 1;
    assert_int_equal(ima_signature_check(crypto, certificates, &entry, &fields).state,
                     IMA_SIGNED_INVALID);
    ima_certificates_free(certificates);
    corpus_free(signature);
    corpus_free(certificate);
}

static void what_evmctl_signs_is_valid(void **state)
{
    static const char P256[] = "ec -pkeyopt ec_paramgen_curve:P-256";
    static const char P384[] = "ec -pkeyopt ec_paramgen_curve:P-384";

    (void)state;
    if (system("command -v evmctl >/dev/null") != 0)
        skip();
    check("rsa:2048", "sha256", IMA_SIGNED_VALID);
    check("rsa:3072", "sha512", IMA_SIGNED_VALID);
    check("rsa:4096", "sha384", IMA_SIGNED_VALID);
    check("rsa:2048", "sha1", IMA_SIGNED_WEAK);
    check("rsa:1024", "sha256", IMA_SIGNED_WEAK);
    check(P256, "sha256", IMA_SIGNED_VALID);
    check(P384, "sha512", IMA_SIGNED_VALID);
    check(P256, "sha1", IMA_SIGNED_WEAK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(what_evmctl_signs_is_valid)};
    struct error error;
    int failed;

    crypto = crypto_new(&error);
    if (!crypto || !mkdtemp(folder))
        return 1;
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    crypto_free(crypto);
    if (!failed)
        run("rm -r %s", folder);
    return failed;
}
