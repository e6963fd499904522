/* Signatures of files in IMA lists: every key and version that holds, and each way to forge one. */
#include "verify/ima_signatures.h"

#include <openssl/cms.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "support/soft_certificate.h"
#include "support/soft_key.h"
#include "wire/ima_signature.h"

enum { RSA_2048, P256, P384, WEAK_RSA, STRANGER, N_KEYS };
enum { N_GIVEN = STRANGER }; /* the last one's certificate is not among the operator's */

struct fixture {
    struct crypto *crypto;
    struct soft_key keys[N_KEYS];
    X509 *x509[N_KEYS];
    struct ima_certificates *certificates;
    uint8_t signature[1024]; /* the last that was made, with its header */
    struct crypto_digest digest;
    struct ima_entry entry;
    struct ima_fields fields;
};

static struct span pem_of(X509 *const *x509, size_t n, char **text)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *data;
    long len;

    for (size_t i = 0; i < n; i++)
        assert_int_equal(PEM_write_bio_X509(bio, x509[i]), 1);
    len = BIO_get_mem_data(bio, &data);
    *text = malloc((size_t)len);
    assert_non_null(*text);
    memcpy(*text, data, (size_t)len);
    BIO_free(bio);
    return span_of(*text, (size_t)len);
}

/* An identifier that is not the digest of the key: the kernel goes by it. */
static void add_identifier(X509 *x509, EVP_PKEY *key, const char *identifier)
{
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_key_identifier,
                                                    identifier);

    assert_int_equal(X509_add_ext(x509, extension, -1), 1);
    X509_EXTENSION_free(extension);
    assert_true(X509_sign(x509, key, EVP_sha256()) > 0);
}

static int setup(void **state)
{
    static const char *const SUBJECTS[N_KEYS] = {"Releases", "Builds", "Archive", "Old", "Nobody"};
    struct fixture *fixture = calloc(1, sizeof *fixture);
    struct error error;
    struct span text;
    char *pem;

    assert_non_null(fixture);
    fixture->crypto = crypto_new(&error);
    soft_key_rsa(&fixture->keys[RSA_2048], 2048);
    soft_key_ecc(&fixture->keys[P256], TPM_ECC_NIST_P256);
    soft_key_ecc(&fixture->keys[P384], TPM_ECC_NIST_P384);
    soft_key_rsa(&fixture->keys[WEAK_RSA], 1024);
    soft_key_rsa(&fixture->keys[STRANGER], 2048);
    for (size_t i = 0; i < N_KEYS; i++)
        fixture->x509[i] = soft_certificate_make(
            &(struct soft_certificate){.subject = SUBJECTS[i],
                                       .key = fixture->keys[i].pkey,
                                       .issuer_key = fixture->keys[i].pkey,
                                       .no_tpm_name = true});
    add_identifier(fixture->x509[P384], fixture->keys[P384].pkey, "01:02:03:04:05");
    text = pem_of(fixture->x509, N_GIVEN, &pem);
    if (!ima_certificates_new(fixture->crypto, text, &fixture->certificates, &error))
        fail_msg("%s", error.message);
    free(pem);
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;

    ima_certificates_free(fixture->certificates);
    for (size_t i = 0; i < N_KEYS; i++) {
        X509_free(fixture->x509[i]);
        soft_key_done(&fixture->keys[i]);
    }
    crypto_free(fixture->crypto);
    free(fixture);
    return 0;
}

static uint32_t key_id(struct fixture *fixture, int key)
{
    const ASN1_BIT_STRING *bits = X509_get0_pubkey_bitstr(fixture->x509[key]);
    struct crypto_digest digest;

    crypto_hash_span(fixture->crypto, TPM_ALG_SHA1, span_of(bits->data, (size_t)bits->length),
                     &digest);
    return (uint32_t)digest.bytes[16] << 24 | (uint32_t)digest.bytes[17] << 16 |
           (uint32_t)digest.bytes[18] << 8 | digest.bytes[19];
}

/* What is to be signed. */
struct file {
    const char *contents;
    const char *kind; /* "ima", "verity" or "" */
    const char *hash;
    uint8_t type, version;
};

static const struct file PLAIN = {"a file", "", "sha256", IMA_SIGNATURE_FILE, 2};

static size_t sign_digest(EVP_PKEY *pkey, const char *hash, struct span digest, uint8_t *out)
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);
    size_t len = 512;

    assert_int_equal(EVP_PKEY_sign_init(context), 1);
    if (EVP_PKEY_is_a(pkey, "RSA"))
        assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING), 1);
    assert_int_equal(EVP_PKEY_CTX_set_signature_md(context, EVP_get_digestbyname(hash)), 1);
    assert_int_equal(EVP_PKEY_sign(context, out, &len, digest.data, digest.len), 1);
    EVP_PKEY_CTX_free(context);
    return len;
}

/* Fills in the fixture's fields: an entry of the file with a signature by the key. */
static void sign(struct fixture *fixture, int key, const struct file *file, uint32_t id)
{
    const struct ima_hash *hash = ima_hash_by_name(span_text(file->hash));
    uint8_t header[9] = {file->type, file->version, hash->id};
    struct crypto_digest typed;
    struct span signed_digest;
    size_t len;

    crypto_hash_span(fixture->crypto, hash->tpm_alg, span_text(file->contents), &fixture->digest);
    signed_digest = crypto_digest_span(&fixture->digest);
    if (file->version == 3) {
        uint8_t id_bytes[] = {file->type, hash->id};

        crypto_hash(fixture->crypto, hash->tpm_alg,
                    (struct span[]){span_of(id_bytes, 2), signed_digest}, 2, &typed);
        signed_digest = crypto_digest_span(&typed);
    }
    len = sign_digest(fixture->keys[key].pkey, file->hash, signed_digest, fixture->signature + 9);
    for (int i = 0; i < 4; i++)
        header[3 + i] = (uint8_t)(id >> (24 - 8 * i));
    header[7] = (uint8_t)(len >> 8);
    header[8] = (uint8_t)len;
    memcpy(fixture->signature, header, sizeof header);
    fixture->fields = (struct ima_fields){
        .digest = {span_text(file->kind), span_text(file->hash),
                   crypto_digest_span(&fixture->digest)},
        .name = span_text("/bin/a"),
        .signature = span_of(fixture->signature, sizeof header + len),
    };
}

static struct ima_signer check(struct fixture *fixture)
{
    return ima_signature_check(fixture->crypto, fixture->certificates, &fixture->entry,
                               &fixture->fields);
}

static void signatures_of_every_kind_hold(void **state)
{
    static const struct {
        struct file file;
        int key;
        enum ima_signed state;
    } CASES[] = {
        {{"f", "", "sha256", IMA_SIGNATURE_FILE, 2}, RSA_2048, IMA_SIGNED_VALID},
        {{"f", "ima", "sha512", IMA_SIGNATURE_FILE, 2}, RSA_2048, IMA_SIGNED_VALID},
        {{"f", "ima", "sha256", IMA_SIGNATURE_FILE, 2}, P256, IMA_SIGNED_VALID},
        {{"f", "", "sha384", IMA_SIGNATURE_FILE, 2}, P384, IMA_SIGNED_VALID},
        {{"f", "verity", "sha256", IMA_SIGNATURE_VERITY, 3}, RSA_2048, IMA_SIGNED_VALID},
        {{"f", "", "sha512", IMA_SIGNATURE_VERITY, 3}, P256, IMA_SIGNED_VALID},
        {{"f", "ima", "sha256", IMA_SIGNATURE_FILE, 3}, RSA_2048, IMA_SIGNED_VALID},
        {{"f", "", "sha256", IMA_SIGNATURE_FILE, 2}, WEAK_RSA, IMA_SIGNED_WEAK},
        {{"f", "", "sha1", IMA_SIGNATURE_FILE, 2}, RSA_2048, IMA_SIGNED_WEAK},
    };
    static const char *const SUBJECTS[] = {"CN=Releases", "CN=Builds", "CN=Archive", "CN=Old"};
    struct fixture *fixture = *state;

    for (size_t i = 0; i < 2 * sizeof CASES / sizeof *CASES; i++) { /* and again, from memory */
        size_t n = i % (sizeof CASES / sizeof *CASES);
        struct ima_signer signer;

        sign(fixture, CASES[n].key, &CASES[n].file, key_id(fixture, CASES[n].key));
        signer = check(fixture);
        assert_int_equal(signer.state, CASES[n].state);
        assert_string_equal(signer.subject, SUBJECTS[CASES[n].key]);
        assert_int_equal(signer.key_id, key_id(fixture, CASES[n].key));
    }
}

static void keys_are_found_by_the_certificates_identifier_too(void **state)
{
    struct fixture *fixture = *state;
    const struct file file = {"f", "", "sha256", IMA_SIGNATURE_FILE, 2};

    sign(fixture, P384, &file, 0x02030405);
    assert_int_equal(check(fixture).state, IMA_SIGNED_VALID);
    sign(fixture, P384, &file, 0x01020304);
    assert_int_equal(check(fixture).state, IMA_SIGNED_UNKNOWN_KEY);
}

static void strangers_are_strangers(void **state)
{
    struct fixture *fixture = *state;

    sign(fixture, STRANGER, &PLAIN, key_id(fixture, STRANGER));
    assert_int_equal(check(fixture).state, IMA_SIGNED_UNKNOWN_KEY);
    assert_null(check(fixture).subject);
    sign(fixture, STRANGER, &PLAIN, key_id(fixture, RSA_2048)); /* under another's name */
    assert_int_equal(check(fixture).state, IMA_SIGNED_INVALID);
}

static void what_was_changed_is_invalid(void **state)
{
    struct fixture *fixture = *state;

    for (int key = RSA_2048; key <= P384; key++) {
        sign(fixture, key, &PLAIN, key_id(fixture, key));
        fixture->digest.bytes[0] ^= 1;
        assert_int_equal(check(fixture).state, IMA_SIGNED_INVALID);
        fixture->digest.bytes[0] ^= 1;
        assert_int_equal(check(fixture).state, IMA_SIGNED_VALID);
        fixture->signature[40] ^= 1;
        assert_int_equal(check(fixture).state, IMA_SIGNED_INVALID);
        fixture->signature[40] ^= 1;
        fixture->fields.signature.len--;
        assert_int_equal(check(fixture).state, IMA_SIGNED_INVALID);
    }
}

/* The same bytes, said to be something else. */
static void a_digest_of_another_kind_is_not_what_was_signed(void **state)
{
    struct fixture *fixture = *state;
    struct file verity = {"f", "verity", "sha256", IMA_SIGNATURE_VERITY, 3};

    sign(fixture, RSA_2048, &verity, key_id(fixture, RSA_2048));
    fixture->fields.digest.kind = span_text("ima");
    assert_int_equal(check(fixture).state, IMA_SIGNED_INVALID);
    fixture->fields.digest.kind = span_text("verity");
    fixture->signature[0] = IMA_SIGNATURE_FILE;
    assert_int_equal(check(fixture).state, IMA_SIGNED_INVALID);
    fixture->fields.digest.kind = span_text("");
    assert_int_equal(check(fixture).state, IMA_SIGNED_INVALID); /* the type is signed */
    fixture->signature[0] = IMA_SIGNATURE_VERITY;
    fixture->signature[1] = 2;
    assert_int_equal(check(fixture).state, IMA_SIGNED_INVALID);
    sign(fixture, RSA_2048, &PLAIN, key_id(fixture, RSA_2048));
    fixture->fields.digest.kind = span_text("verity");
    assert_int_equal(check(fixture).state, IMA_SIGNED_INVALID);
    fixture->fields.digest.kind = span_text("");
    fixture->fields.digest.alg = span_text("sm3");
    assert_int_equal(check(fixture).state, IMA_SIGNED_INVALID);
    fixture->fields.digest.alg = span_text("sha256");
    fixture->fields.digest.bytes.len--;
    assert_int_equal(check(fixture).state, IMA_SIGNED_INVALID);
}

/* The kernel takes fs-verity's digests under version 3 alone: version 2 could be a file's as well. */
static void version_2_does_not_sign_fs_verity(void **state)
{
    static const char *const KINDS[] = {"", "verity"};
    struct fixture *fixture = *state;

    for (size_t i = 0; i < 2; i++) {
        const struct file file = {"f", KINDS[i], "sha256", IMA_SIGNATURE_VERITY, 2};

        sign(fixture, RSA_2048, &file, key_id(fixture, RSA_2048));
        assert_int_equal(check(fixture).state, IMA_SIGNED_INVALID);
    }
}

static void what_cannot_be_checked_is_said_so(void **state)
{
    struct fixture *fixture = *state;

    sign(fixture, RSA_2048, &PLAIN, key_id(fixture, RSA_2048));
    fixture->signature[0] = IMA_SIGNATURE_EVM_PORTABLE;
    assert_int_equal(check(fixture).state, IMA_SIGNED_UNCHECKED);
    fixture->signature[0] = IMA_SIGNATURE_FILE;
    fixture->signature[1] = 1;
    assert_int_equal(check(fixture).state, IMA_SIGNED_UNCHECKED);
    fixture->signature[1] = 2;
    fixture->signature[2] = 19; /* Streebog-512 */
    assert_int_equal(check(fixture).state, IMA_SIGNED_UNCHECKED);
    fixture->signature[2] = 200;
    assert_int_equal(check(fixture).state, IMA_SIGNED_UNCHECKED);
}

/* Nothing proves what a violation's entry says. */
static void violations_have_no_signature(void **state)
{
    struct fixture *fixture = *state;

    sign(fixture, RSA_2048, &PLAIN, key_id(fixture, RSA_2048));
    fixture->entry.violation = true;
    assert_int_equal(check(fixture).state, IMA_SIGNED_NONE);
    fixture->entry.violation = false;
    fixture->fields.signature = span_of(NULL, 0);
    assert_int_equal(check(fixture).state, IMA_SIGNED_NONE);
}

/* A signature as it is appended to a kernel module; its DER lives until the next one. */
static struct span append(struct fixture *fixture, int key, const char *contents, unsigned flags)
{
    static uint8_t der[8192];
    uint8_t *at = der;
    BIO *bio = BIO_new_mem_buf(contents, (int)strlen(contents));
    CMS_ContentInfo *cms = CMS_sign(fixture->x509[key], fixture->keys[key].pkey, NULL, bio,
                                    CMS_DETACHED | CMS_BINARY | CMS_NOCERTS | CMS_NOSMIMECAP |
                                        flags);
    int len = i2d_CMS_ContentInfo(cms, NULL);

    assert_true(len > 0 && (size_t)len <= sizeof der);
    i2d_CMS_ContentInfo(cms, &at);
    CMS_ContentInfo_free(cms);
    BIO_free(bio);
    crypto_hash_span(fixture->crypto, TPM_ALG_SHA256, span_text(contents), &fixture->digest);
    fixture->fields = (struct ima_fields){
        .name = span_text("module.ko"),
        .modsig_digest = {.alg = span_text("sha256"),
                          .bytes = crypto_digest_span(&fixture->digest)},
        .modsig = span_of(der, (size_t)len),
    };
    return fixture->fields.modsig;
}

static void appended_signatures_are_checked(void **state)
{
    static const unsigned FLAGS[] = {CMS_NOATTR, 0, CMS_NOATTR | CMS_USE_KEYID};
    struct fixture *fixture = *state;

    for (size_t i = 0; i < sizeof FLAGS / sizeof *FLAGS; i++) {
        int key = FLAGS[i] & CMS_USE_KEYID ? P384 : RSA_2048; /* the one with an identifier */
        struct span cms = append(fixture, key, "a module", FLAGS[i]);

        assert_int_equal(check(fixture).state, IMA_SIGNED_VALID);
        assert_string_equal(check(fixture).subject, key == RSA_2048 ? "CN=Releases" : "CN=Archive");
        fixture->digest.bytes[31] ^= 1;
        assert_int_equal(check(fixture).state, IMA_SIGNED_INVALID);
        fixture->digest.bytes[31] ^= 1;
        ((uint8_t *)cms.data)[cms.len - 3] ^= 1;
        assert_int_equal(check(fixture).state, IMA_SIGNED_INVALID);
        ((uint8_t *)cms.data)[cms.len - 3] ^= 1;
        for (size_t len = 0; len < cms.len; len += 13) {
            fixture->fields.modsig.len = len;
            assert_int_not_equal(check(fixture).state, IMA_SIGNED_VALID);
        }
    }
    append(fixture, WEAK_RSA, "a module", CMS_NOATTR);
    assert_int_equal(check(fixture).state, IMA_SIGNED_WEAK);
    append(fixture, STRANGER, "a module", CMS_NOATTR);
    assert_int_equal(check(fixture).state, IMA_SIGNED_UNKNOWN_KEY);
    append(fixture, RSA_2048, "a module", CMS_NOATTR | CMS_KEY_PARAM);
    fixture->fields.modsig_digest.alg = span_text("sm3");
    assert_int_equal(check(fixture).state, IMA_SIGNED_UNCHECKED);
    fixture->fields.modsig_digest.alg = span_text("sha512"); /* not the hash that was signed */
    assert_int_equal(check(fixture).state, IMA_SIGNED_INVALID);
    fixture->fields.modsig_digest.alg = span_text("future");
    assert_int_equal(check(fixture).state, IMA_SIGNED_UNCHECKED);
}

/* What was found valid must not vouch for other bytes that look alike when put in a row. */
static void a_remembered_signature_vouches_for_itself_alone(void **state)
{
    struct fixture *fixture = *state;
    uint8_t joined[1024];
    size_t len;

    sign(fixture, RSA_2048, &PLAIN, key_id(fixture, RSA_2048));
    assert_int_equal(check(fixture).state, IMA_SIGNED_VALID);
    len = fixture->fields.signature.len;
    memcpy(joined, fixture->signature, len);
    memcpy(joined + len, "sha256", 6);
    fixture->fields.signature = span_of(joined, len + 3);
    fixture->fields.digest.alg = span_text("256");
    assert_int_equal(check(fixture).state, IMA_SIGNED_INVALID);
}

static void certificates_of_no_use_are_refused(void **state)
{
    struct fixture *fixture = *state;
    struct ima_certificates *certificates = NULL;
    struct soft_key small;
    X509 *many[LIMIT_IMA_CERTIFICATES + 1], *x509;
    struct error error;
    struct span text;
    uint8_t der[4096];
    char *pem;

    assert_false(ima_certificates_new(fixture->crypto, span_text(""), &certificates, &error));
    assert_false(ima_certificates_new(fixture->crypto, span_text("x"), &certificates, &error));
    assert_false(ima_certificates_new(
        fixture->crypto,
        span_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"), &certificates,
        &error));
    for (size_t i = 0; i <= LIMIT_IMA_CERTIFICATES; i++)
        many[i] = fixture->x509[P256];
    text = pem_of(many, LIMIT_IMA_CERTIFICATES + 1, &pem);
    assert_false(ima_certificates_new(fixture->crypto, text, &certificates, &error));
    assert_int_equal(error.code, ERROR_LIMIT);
    text.len -= 100; /* the last one is broken: nothing is left out silently */
    assert_false(ima_certificates_new(fixture->crypto, text, &certificates, &error));
    free(pem);
    soft_key_rsa(&small, 768);
    x509 = soft_certificate_make(&(struct soft_certificate){
        .subject = "Small", .key = small.pkey, .issuer_key = small.pkey, .no_tpm_name = true});
    text = soft_certificate_der(x509, der, sizeof der);
    assert_false(ima_certificates_new(fixture->crypto, text, &certificates, &error));
    assert_int_equal(error.code, ERROR_UNSUPPORTED);
    X509_free(x509);
    soft_key_done(&small);
    text = soft_certificate_der(fixture->x509[RSA_2048], der, sizeof der);
    text.len--;
    assert_false(ima_certificates_new(fixture->crypto, text, &certificates, &error));
    assert_null(certificates);
    text.len++;
    assert_true(ima_certificates_new(fixture->crypto, text, &certificates, &error));
    assert_memory_not_equal(ima_certificates_digest(certificates).data,
                            ima_certificates_digest(fixture->certificates).data, 32);
    ima_certificates_free(certificates);
}

static void states_have_names(void **state)
{
    (void)state;
    assert_string_equal(ima_signed_name(IMA_SIGNED_NONE), "none");
    assert_string_equal(ima_signed_name(IMA_SIGNED_UNKNOWN_KEY), "unknown_key");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signatures_of_every_kind_hold),
        cmocka_unit_test(keys_are_found_by_the_certificates_identifier_too),
        cmocka_unit_test(strangers_are_strangers),
        cmocka_unit_test(what_was_changed_is_invalid),
        cmocka_unit_test(a_digest_of_another_kind_is_not_what_was_signed),
        cmocka_unit_test(version_2_does_not_sign_fs_verity),
        cmocka_unit_test(what_cannot_be_checked_is_said_so),
        cmocka_unit_test(violations_have_no_signature),
        cmocka_unit_test(appended_signatures_are_checked),
        cmocka_unit_test(a_remembered_signature_vouches_for_itself_alone),
        cmocka_unit_test(certificates_of_no_use_are_refused),
        cmocka_unit_test(states_have_names),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
