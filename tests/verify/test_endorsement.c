/* Enrolment: an EK and AK that pass, then every check failing by itself. */
#include "support/soft_certificate.h"
#include "support/soft_key.h"
#include "verify/endorsement.h"
#include "wire/tpm_attest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { NOW_S = 1800000000 }; /* 2027 */

enum {
    EK_ATTRIBUTES = TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT |
                    TPMA_OBJECT_SENSITIVEDATAORIGIN | TPMA_OBJECT_ADMINWITHPOLICY |
                    TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_DECRYPT,
};

struct fixture {
    struct crypto *crypto;
    struct arena arena;
    struct crypto_trust *trust;
    struct soft_key root_key, issuer_key, rsa_ek, ecc_ek, ak;
    X509 *root, *issuer;
    struct crypto_digest policy_a;
    uint8_t issuer_der[2048], ek_der[4096];
    struct span intermediate;
    struct soft_certificate ek_certificate; /* of the RSA EK */
    struct endorsement_request request;
    struct endorsement_result result;
    struct reasons reasons;
};

/* PolicySecret(TPM_RH_ENDORSEMENT), computed from part 3, 23.4 instead of copied. */
static struct crypto_digest endorsement_policy(struct crypto *crypto, uint16_t alg)
{
    static const uint8_t SECRET[] = {0x00, 0x00, 0x01, 0x51, 0x40, 0x00, 0x00, 0x0B};
    uint8_t zeros[LIMIT_TPM_DIGEST_LEN] = {0};
    struct span parts[] = {span_of(zeros, tpm_digest_len(alg)), span_of(SECRET, sizeof SECRET)};
    struct crypto_digest digest;

    crypto_hash(crypto, alg, parts, 2, &digest);
    crypto_hash_span(crypto, alg, crypto_digest_span(&digest), &digest);
    return digest;
}

static void be_ek(struct fixture *fixture, struct soft_key *key)
{
    key->public_area.attributes = EK_ATTRIBUTES;
    key->public_area.auth_policy = crypto_digest_span(&fixture->policy_a);
    key->public_area.symmetric_alg = TPM_ALG_AES;
    key->public_area.symmetric_bits = 128;
    key->public_area.symmetric_mode = TPM_ALG_CFB;
    soft_key_encode(key);
}

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    struct error error;

    fixture->crypto = crypto_new(&error);
    fixture->arena = arena_init(1 << 20);
    fixture->policy_a = endorsement_policy(fixture->crypto, TPM_ALG_SHA256);
    soft_key_ecc(&fixture->root_key, TPM_ECC_NIST_P384);
    soft_key_rsa(&fixture->issuer_key, 2048);
    soft_key_rsa(&fixture->rsa_ek, 2048);
    soft_key_ecc(&fixture->ecc_ek, TPM_ECC_NIST_P256);
    soft_key_ecc(&fixture->ak, TPM_ECC_NIST_P256);
    fixture->root = soft_certificate_make(&(struct soft_certificate){
        .subject = "Soft root",
        .key = fixture->root_key.pkey,
        .issuer_key = fixture->root_key.pkey,
        .ca = true,
    });
    fixture->issuer = soft_certificate_make(&(struct soft_certificate){
        .subject = "Soft issuer",
        .key = fixture->issuer_key.pkey,
        .issuer_key = fixture->root_key.pkey,
        .issuer = fixture->root,
        .ca = true,
    });
    fixture->intermediate = soft_certificate_der(fixture->issuer, fixture->issuer_der,
                                                 sizeof fixture->issuer_der);
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    struct soft_key *keys[] = {&fixture->root_key, &fixture->issuer_key, &fixture->rsa_ek,
                               &fixture->ecc_ek, &fixture->ak};

    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        soft_key_done(keys[i]);
    X509_free(fixture->root);
    X509_free(fixture->issuer);
    crypto_trust_free(fixture->trust);
    arena_done(&fixture->arena);
    crypto_free(fixture->crypto);
    free(fixture);
    return 0;
}

static void trust_only(struct fixture *fixture, X509 *anchor)
{
    uint8_t bytes[2048];
    struct error error;
    size_t n_added;

    crypto_trust_free(fixture->trust);
    fixture->trust = crypto_trust_new(&error);
    if (anchor)
        assert_true(crypto_trust_add(
            fixture->trust, soft_certificate_der(anchor, bytes, sizeof bytes), &n_added, &error));
}

/* Before each test: an RSA EK with a sound certificate, and a sound AK. */
static int good_enrolment(void **state)
{
    struct fixture *fixture = *state;

    be_ek(fixture, &fixture->rsa_ek);
    be_ek(fixture, &fixture->ecc_ek);
    soft_key_be_ak(&fixture->ak, TPM_ALG_ECDSA, TPM_ALG_SHA256);
    fixture->ak.public_area.name_alg = TPM_ALG_SHA256;
    soft_key_encode(&fixture->ak);
    trust_only(fixture, fixture->root);
    fixture->ek_certificate = (struct soft_certificate){
        .key = fixture->rsa_ek.pkey,
        .issuer_key = fixture->issuer_key.pkey,
        .issuer = fixture->issuer,
        .key_usage = "critical,keyEncipherment",
        .extended_usage = "2.23.133.8.1",
    };
    fixture->request = (struct endorsement_request){
        .ek_public = fixture->rsa_ek.public_area.whole,
        .intermediates = &fixture->intermediate,
        .n_intermediates = 1,
        .ak_public = fixture->ak.public_area.whole,
        .now_s = NOW_S,
    };
    arena_reset(&fixture->arena);
    return 0;
}

static bool check(struct fixture *fixture)
{
    memset(&fixture->result, 0, sizeof fixture->result);
    memset(&fixture->reasons, 0, sizeof fixture->reasons);
    return endorsement_check(fixture->crypto, fixture->trust, &fixture->request, &fixture->arena,
                             &fixture->result, &fixture->reasons);
}

/* Issues the certificate as it is described now. */
static void certify(struct fixture *fixture)
{
    X509 *x509 = soft_certificate_make(&fixture->ek_certificate);

    fixture->request.ek_certificate = soft_certificate_der(x509, fixture->ek_der,
                                                           sizeof fixture->ek_der);
    X509_free(x509);
}

static void assert_only_reason(struct fixture *fixture, enum reason_code code)
{
    assert_int_equal(fixture->reasons.n_items, 1);
    assert_string_equal(reason_code_text(fixture->reasons.items[0].code), reason_code_text(code));
}

static void assert_refused(struct fixture *fixture, enum reason_code code)
{
    assert_false(check(fixture));
    assert_int_equal(fixture->result.endorsement, ENDORSEMENT_NONE);
    assert_only_reason(fixture, code);
}

static void assert_endorsed(struct fixture *fixture)
{
    if (!check(fixture))
        fail_msg("%s: %s", reason_code_text(fixture->reasons.items[0].code),
                 fixture->reasons.items[0].message);
    assert_int_equal(fixture->result.endorsement, ENDORSEMENT_CHAIN);
    assert_int_equal(fixture->reasons.n_items, 0);
}

static void assert_unproven(struct fixture *fixture, enum reason_code code)
{
    assert_true(check(fixture));
    assert_int_equal(fixture->result.endorsement, ENDORSEMENT_UNPROVEN);
    assert_only_reason(fixture, code);
}

static void sound_enrolment_is_endorsed(void **state)
{
    struct fixture *fixture = *state;
    struct crypto_digest expected;
    uint8_t *spki = NULL;
    int len = i2d_PUBKEY(fixture->rsa_ek.pkey, &spki);

    certify(fixture);
    assert_endorsed(fixture);
    crypto_hash_span(fixture->crypto, TPM_ALG_SHA256, span_of(spki, (size_t)len), &expected);
    assert_memory_equal(fixture->result.host_id, expected.bytes, 32);
    assert_string_equal(fixture->result.issuer, "CN=Soft issuer");
    assert_string_equal(fixture->result.manufacturer, "id:54455354");
    assert_string_equal(fixture->result.model, "Soft \\x1b[31m"); /* no escape survives */
    assert_string_equal(fixture->result.version, "id:00010002");
    assert_int_equal(fixture->result.ak_name_len, 34);
    crypto_hash_span(fixture->crypto, TPM_ALG_SHA256, fixture->ak.public_area.whole, &expected);
    assert_memory_equal(fixture->result.ak_name, "\x00\x0b", 2);
    assert_memory_equal(fixture->result.ak_name + 2, expected.bytes, 32);
    OPENSSL_free(spki);
}

static void ecc_ek_with_key_agreement(void **state)
{
    struct fixture *fixture = *state;

    fixture->request.ek_public = fixture->ecc_ek.public_area.whole;
    fixture->ek_certificate.key = fixture->ecc_ek.pkey;
    certify(fixture);
    assert_refused(fixture, REASON_EK_CERTIFICATE); /* keyEncipherment is RSA's */
    fixture->ek_certificate.key_usage = "critical,keyAgreement";
    certify(fixture);
    assert_endorsed(fixture);
}

static void what_real_certificates_do_is_tolerated(void **state)
{
    struct fixture *fixture = *state;
    struct soft_certificate sound = fixture->ek_certificate;

    fixture->ek_certificate.oaep = true;
    certify(fixture);
    assert_endorsed(fixture);
    fixture->ek_certificate = sound;
    fixture->ek_certificate.critical_oid = "2.5.29.9"; /* subjectDirectoryAttributes */
    certify(fixture);
    assert_endorsed(fixture);
    fixture->ek_certificate = sound;
    fixture->ek_certificate.key_usage = NULL;
    fixture->ek_certificate.extended_usage = NULL; /* the SAN still says what it is */
    certify(fixture);
    assert_endorsed(fixture);
    fixture->ek_certificate = sound;
    fixture->ek_certificate.no_tpm_name = true; /* the usage still says what it is */
    certify(fixture);
    assert_endorsed(fixture);
    assert_string_equal(fixture->result.manufacturer, "");

    fixture->ek_certificate = sound;
    certify(fixture);
    for (int padding = 0; padding <= 0xFF; padding += 0xFF) {
        size_t len = fixture->request.ek_certificate.len;

        memset(fixture->ek_der + len, padding, 100);
        fixture->request.ek_certificate.len = len + 100;
        assert_endorsed(fixture);
        fixture->request.ek_certificate.len = len;
    }
}

static void certificates_that_are_none_for_an_ek(void **state)
{
    struct fixture *fixture = *state;
    struct soft_certificate sound = fixture->ek_certificate;
    struct soft_certificate bad[] = {sound, sound, sound, sound, sound, sound, sound, sound};

    bad[0].ca = true;
    bad[1].key_usage = "critical,digitalSignature";
    bad[2].extended_usage = "2.23.133.8.3"; /* an AK's */
    bad[3].extended_usage = NULL;
    bad[3].no_tpm_name = true;
    bad[4].v1 = true;
    bad[5].critical_oid = "1.2.3.4.5";
    bad[6].not_after = "20250101000000Z";
    bad[7].hash = EVP_sha1();
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        fixture->ek_certificate = bad[i];
        certify(fixture);
        assert_refused(fixture, REASON_EK_CERTIFICATE);
    }
    fixture->ek_certificate = sound;
    certify(fixture);
    fixture->request.now_s = 1500000000; /* before it is valid */
    assert_refused(fixture, REASON_EK_CERTIFICATE);
}

static void truncated_and_trailing_certificates(void **state)
{
    struct fixture *fixture = *state;

    certify(fixture);
    size_t len = fixture->request.ek_certificate.len;
    for (size_t cut = 1; cut < len; cut++) {
        fixture->request.ek_certificate.len = cut;
        assert_refused(fixture, REASON_EK_CERTIFICATE);
    }
    memset(fixture->ek_der + len, 0, 10);
    fixture->ek_der[len + 9] = 0xFF;
    fixture->request.ek_certificate.len = len + 10;
    assert_refused(fixture, REASON_EK_CERTIFICATE);
    fixture->request.ek_certificate = span_of(calloc(1, LIMIT_CERTIFICATE_LEN + 1),
                                              LIMIT_CERTIFICATE_LEN + 1);
    assert_refused(fixture, REASON_EK_CERTIFICATE);
    free((void *)fixture->request.ek_certificate.data);
}

static void certificate_of_another_tpm(void **state)
{
    struct fixture *fixture = *state;
    struct soft_key other;

    soft_key_rsa(&other, 2048);
    fixture->ek_certificate.key = other.pkey;
    certify(fixture);
    assert_refused(fixture, REASON_EK_KEY_MISMATCH);
    soft_key_done(&other);
}

static void no_certificate_or_no_trusted_root_is_unproven(void **state)
{
    struct fixture *fixture = *state;

    assert_unproven(fixture, REASON_EK_NO_CERTIFICATE);
    certify(fixture);
    fixture->request.n_intermediates = 0;
    assert_unproven(fixture, REASON_EK_CHAIN);
    fixture->request.n_intermediates = 1;
    trust_only(fixture, NULL);
    assert_unproven(fixture, REASON_EK_CHAIN);
    trust_only(fixture, fixture->issuer); /* an operator may trust the issuer alone */
    assert_endorsed(fixture);
}

/* Same names, other keys: what an attacker can make. */
static void chain_of_a_false_root(void **state)
{
    struct fixture *fixture = *state;
    struct soft_key false_root, false_issuer;
    uint8_t bytes[2048];

    soft_key_ecc(&false_root, TPM_ECC_NIST_P256);
    soft_key_ecc(&false_issuer, TPM_ECC_NIST_P256);
    struct soft_certificate root = {
        .subject = "Soft root", .key = false_root.pkey, .issuer_key = false_root.pkey, .ca = true};
    X509 *root_x509 = soft_certificate_make(&root);
    struct soft_certificate issuer = {.subject = "Soft issuer",
                                      .key = false_issuer.pkey,
                                      .issuer_key = false_root.pkey,
                                      .issuer = root_x509,
                                      .ca = true};
    X509 *issuer_x509 = soft_certificate_make(&issuer);
    struct span chain = soft_certificate_der(issuer_x509, bytes, sizeof bytes);

    fixture->ek_certificate.issuer = issuer_x509;
    fixture->ek_certificate.issuer_key = false_issuer.pkey;
    fixture->request.intermediates = &chain;
    certify(fixture);
    assert_refused(fixture,
                   REASON_EK_CERTIFICATE); /* a signature that the named root did not make */
    trust_only(fixture, root_x509);
    assert_endorsed(fixture);
    issuer.ca = false;
    issuer.no_tpm_name = true;
    X509 *no_ca = soft_certificate_make(&issuer);
    chain = soft_certificate_der(no_ca, bytes, sizeof bytes);
    assert_refused(fixture, REASON_EK_CERTIFICATE);
    X509_free(no_ca);
    X509_free(issuer_x509);
    X509_free(root_x509);
    soft_key_done(&false_root);
    soft_key_done(&false_issuer);
}

static void broken_and_too_many_intermediates(void **state)
{
    struct fixture *fixture = *state;
    struct span many[LIMIT_CHAIN_CERTIFICATES + 1];

    certify(fixture);
    for (size_t i = 0; i <= LIMIT_CHAIN_CERTIFICATES; i++)
        many[i] = fixture->intermediate;
    fixture->request.intermediates = many;
    fixture->request.n_intermediates = LIMIT_CHAIN_CERTIFICATES;
    assert_endorsed(fixture);
    fixture->request.n_intermediates++;
    assert_refused(fixture, REASON_EK_CERTIFICATE);
    many[0].len--;
    fixture->request.n_intermediates = 1;
    assert_refused(fixture, REASON_EK_CERTIFICATE);
}

/* Every attribute, the policy and the parameters: anything but the template is refused. */
static void ek_that_is_not_of_the_template(void **state)
{
    struct fixture *fixture = *state;
    struct tpm_public *ek = &fixture->rsa_ek.public_area;
    struct tpm_public sound = *ek;
    uint8_t other_policy[32] = {1};

    certify(fixture);
    for (unsigned int bit = 0; bit < 32; bit++) {
        *ek = sound;
        ek->attributes ^= 1u << bit;
        soft_key_encode(&fixture->rsa_ek);
        fixture->request.ek_public = ek->whole;
        assert_refused(fixture, REASON_EK_TEMPLATE);
    }
    for (int i = 0; i < 8; i++) {
        *ek = sound;
        switch (i) {
        case 0:
            ek->auth_policy = span_of(other_policy, 32);
            break;
        case 1:
            ek->auth_policy.len = 0;
            break;
        case 2:
            ek->name_alg = TPM_ALG_SHA1;
            break;
        case 3:
            ek->symmetric_alg = TPM_ALG_NULL;
            break;
        case 4:
            ek->symmetric_bits = 256;
            break;
        case 5:
            ek->scheme = TPM_ALG_RSAES;
            break;
        case 6:
            ek->rsa.exponent = 3;
            break;
        case 7:
            ek->rsa.bits = 1024;
            break;
        }
        soft_key_encode(&fixture->rsa_ek);
        fixture->request.ek_public = ek->whole;
        assert_refused(fixture, REASON_EK_TEMPLATE);
    }
    *ek = sound;
}

/* PolicyOR of PolicyA and PolicyC, from their definition: the constants of the high templates. */
static void high_range_templates_are_known(void **state)
{
    static const struct {
        uint16_t alg, curve, symmetric_bits;
        const char *policy_c;
    } HIGH[] = {
        {TPM_ALG_SHA256, TPM_ECC_NIST_P256, 128,
         "\x37\x67\xe2\xed\xd4\x3f\xf4\x5a\x3a\x7e\x1e\xae\xfc\xef\x78\x64\x3d\xca\x96\x46\x32\xe7"
         "\xaa\xd8\x2c\x67\x3a\x30\xd8\x63\x3f\xde"},
        {TPM_ALG_SHA384, TPM_ECC_NIST_P384, 256,
         "\xd6\x03\x2c\xe6\x1f\x2f\xb3\xc2\x40\xeb\x3c\xf6\xa3\x32\x37\xef\x2b\x6a\x16\xf4\x29\x3c"
         "\x22\xb4\x55\xe2\x61\xcf\xfd\x21\x7a\xd5\xb4\x94\x7c\x2d\x73\xe6\x30\x05\xee\xd2\xdc\x2b"
         "\x35\x93\xd1\x65"},
        {TPM_ALG_SHA512, TPM_ECC_NIST_P521, 256,
         "\x58\x9e\xe1\xe1\x46\x54\x47\x16\xe8\xde\xaf\xe6\xdb\x24\x7b\x01\xb8\x1e\x9f\x9c\x7d\xd1"
         "\x6b\x81\x4a\xa1\x59\x13\x87\x49\x10\x5f\xba\x53\x88\xdd\x1d\xea\x70\x2f\x35\x24\x0c\x18"
         "\x49\x33\x12\x1e\x2c\x61\xb8\xf5\x0d\x3e\xf9\x13\x93\xa4\x9a\x38\xc3\xf7\x3f\xc8"},
    };
    static const uint8_t ZEROS[LIMIT_TPM_DIGEST_LEN], POLICY_OR[] = {0x00, 0x00, 0x01, 0x71};
    struct fixture *fixture = *state;

    for (size_t i = 0; i < sizeof HIGH / sizeof *HIGH; i++) {
        struct crypto_digest a = endorsement_policy(fixture->crypto, HIGH[i].alg), b;
        struct span parts[] = {span_of(ZEROS, a.len), span_of(POLICY_OR, sizeof POLICY_OR),
                               crypto_digest_span(&a), span_of(HIGH[i].policy_c, a.len)};
        struct soft_key ek;

        crypto_hash(fixture->crypto, HIGH[i].alg, parts, 4, &b);
        soft_key_ecc(&ek, HIGH[i].curve);
        be_ek(fixture, &ek);
        ek.public_area.name_alg = HIGH[i].alg;
        ek.public_area.attributes |= TPMA_OBJECT_USERWITHAUTH;
        ek.public_area.symmetric_bits = HIGH[i].symmetric_bits;
        ek.public_area.auth_policy = crypto_digest_span(&b);
        soft_key_encode(&ek);
        fixture->request.ek_public = ek.public_area.whole;
        assert_unproven(fixture, REASON_EK_NO_CERTIFICATE);
        soft_key_done(&ek);
    }
}

static void ek_that_is_no_key(void **state)
{
    struct fixture *fixture = *state;

    fixture->ecc_ek.y[3] ^= 1;
    soft_key_encode(&fixture->ecc_ek);
    fixture->request.ek_public = fixture->ecc_ek.public_area.whole;
    assert_refused(fixture, REASON_EK_TEMPLATE);
    fixture->ecc_ek.y[3] ^= 1;
}

static void truncated_publics(void **state)
{
    struct fixture *fixture = *state;
    struct span ek = fixture->request.ek_public, ak = fixture->request.ak_public;

    for (size_t cut = 0; cut < ek.len; cut++) {
        fixture->request.ek_public = span_of(ek.data, cut);
        assert_refused(fixture, REASON_EVIDENCE_MALFORMED);
    }
    fixture->request.ek_public = ek;
    for (size_t cut = 0; cut < ak.len; cut++) {
        fixture->request.ak_public = span_of(ak.data, cut);
        assert_refused(fixture, REASON_EVIDENCE_MALFORMED);
    }
}

static void ak_refused(struct fixture *fixture, enum reason_code code)
{
    soft_key_encode(&fixture->ak);
    fixture->request.ak_public = fixture->ak.public_area.whole;
    assert_refused(fixture, code);
    soft_key_be_ak(&fixture->ak, TPM_ALG_ECDSA, TPM_ALG_SHA256);
}

static void ak_that_proves_nothing(void **state)
{
    struct fixture *fixture = *state;
    struct tpm_public *ak = &fixture->ak.public_area;

    ak->attributes &= ~(uint32_t)TPMA_OBJECT_RESTRICTED;
    ak_refused(fixture, REASON_AK_NOT_RESTRICTED);
    ak->attributes &= ~(uint32_t)TPMA_OBJECT_FIXEDTPM;
    ak_refused(fixture, REASON_AK_NOT_FIXED);
    ak->attributes &= ~(uint32_t)TPMA_OBJECT_FIXEDPARENT;
    ak_refused(fixture, REASON_AK_NOT_FIXED);
    ak->attributes &= ~(uint32_t)TPMA_OBJECT_SENSITIVEDATAORIGIN;
    ak_refused(fixture, REASON_AK_NOT_CREATED_INSIDE);
    ak->attributes &= ~(uint32_t)TPMA_OBJECT_SIGN_ENCRYPT;
    ak_refused(fixture, REASON_AK_NOT_SIGNING);
    ak->attributes |= TPMA_OBJECT_DECRYPT;
    ak_refused(fixture, REASON_AK_NOT_SIGNING);
    ak->scheme_hash = TPM_ALG_SHA1;
    ak_refused(fixture, REASON_AK_NOT_SIGNING);
    ak->scheme = TPM_ALG_NULL;
    ak_refused(fixture, REASON_AK_NOT_SIGNING);
    ak->scheme = TPM_ALG_ECSCHNORR;
    ak_refused(fixture, REASON_AK_NOT_SIGNING);
    ak->name_alg = TPM_ALG_SHA1;
    ak_refused(fixture, REASON_AK_NOT_SIGNING);
    ak->name_alg = TPM_ALG_SHA256;
    fixture->ak.x[0] ^= 1; /* off the curve */
    ak_refused(fixture, REASON_AK_NOT_SIGNING);
    fixture->ak.x[0] ^= 1;
}

static void identity_key_must_be_as_demanded(void **state)
{
    static const uint32_t WRONG[] = {
        TPMA_OBJECT_FIXEDTPM,     TPMA_OBJECT_FIXEDPARENT, TPMA_OBJECT_SENSITIVEDATAORIGIN,
        TPMA_OBJECT_SIGN_ENCRYPT, TPMA_OBJECT_DECRYPT,     TPMA_OBJECT_RESTRICTED,
        TPMA_OBJECT_USERWITHAUTH,
    };
    struct fixture *fixture = *state;
    struct span policy = crypto_digest_span(&fixture->policy_a);
    struct tpm_public key = fixture->ak.public_area;

    memset(&fixture->reasons, 0, sizeof fixture->reasons);
    key.attributes = TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT |
                     TPMA_OBJECT_SENSITIVEDATAORIGIN | TPMA_OBJECT_SIGN_ENCRYPT | TPMA_OBJECT_NODA;
    key.auth_policy = policy;
    assert_true(identity_key_check(&key, policy, &fixture->reasons));
    assert_int_equal(fixture->reasons.n_items, 0);
    for (size_t i = 0; i < sizeof WRONG / sizeof *WRONG; i++) {
        fixture->reasons.n_items = 0;
        key.attributes ^= WRONG[i];
        assert_false(identity_key_check(&key, policy, &fixture->reasons));
        assert_only_reason(fixture, REASON_IDENTITY_ATTRIBUTES);
        key.attributes ^= WRONG[i];
    }
    key.auth_policy.len = 31;
    assert_false(identity_key_check(&key, policy, &fixture->reasons));
    key.auth_policy.len = 0;
    assert_false(identity_key_check(&key, span_of(NULL, 0), &fixture->reasons));
    key.auth_policy = policy;
    key.name_alg = TPM_ALG_SHA1;
    assert_false(identity_key_check(&key, policy, &fixture->reasons));
}

static void credential_needs_sound_inputs(void **state)
{
    struct fixture *fixture = *state;
    struct tpm_public ek = fixture->ecc_ek.public_area;
    struct credential_blob blob = {.id_object_len = 99}, again;
    struct span name = span_of(fixture->policy_a.bytes, 32), secret = name;
    struct error error;

    assert_false(make_credential(fixture->crypto, &ek, span_of(NULL, 0), secret, &blob, &error));
    assert_false(
        make_credential(fixture->crypto, &ek, span_of(fixture->ek_der, 67), secret, &blob, &error));
    assert_false(make_credential(fixture->crypto, &ek, name, span_of(NULL, 0), &blob, &error));
    assert_false(
        make_credential(fixture->crypto, &ek, name, span_of(fixture->ek_der, 33), &blob, &error));
    ek.symmetric_bits = 192;
    assert_false(make_credential(fixture->crypto, &ek, name, secret, &blob, &error));
    ek.symmetric_bits = 128;
    ek.symmetric_mode = TPM_ALG_NULL;
    assert_false(make_credential(fixture->crypto, &ek, name, secret, &blob, &error));
    ek.symmetric_mode = TPM_ALG_CFB;
    ek.name_alg = 0x7FFF;
    assert_false(make_credential(fixture->crypto, &ek, name, secret, &blob, &error));
    assert_int_equal(blob.id_object_len, 99); /* untouched */
    ek.name_alg = TPM_ALG_SHA256;
    assert_true(make_credential(fixture->crypto, &ek, name, secret, &blob, &error));
    assert_true(make_credential(fixture->crypto, &ek, name, secret, &again, &error));
    assert_int_equal(blob.id_object_len, 2 + 2 + 32 + 2 + 32);
    assert_int_equal(blob.secret_len, 2 + 2 + 32 + 2 + 32);
    assert_memory_not_equal(blob.secret, again.secret, blob.secret_len);
    assert_memory_not_equal(blob.id_object, again.id_object, blob.id_object_len);
}

static size_t certify_structure(uint8_t *bytes, size_t cap, uint32_t magic, uint16_t type,
                                struct span extra_data, struct span name)
{
    struct writer writer = writer_init(bytes, cap);

    writer_be32(&writer, magic);
    writer_be16(&writer, type);
    writer_be16_bytes(&writer, span_text("signer"));
    writer_be16_bytes(&writer, extra_data);
    for (int i = 0; i < 25; i++) /* clock info and firmware version */
        writer_u8(&writer, 0);
    if (type == 0x8018)
        writer_be32(&writer, 0); /* an empty selection */
    else
        writer_be16_bytes(&writer, name);
    writer_be16_bytes(&writer, name);
    return writer.len;
}

static void certify_names_the_key_under_the_challenge(void **state)
{
    static const struct {
        uint32_t magic;
        uint16_t type;
        const char *extra_data, *name;
        bool good;
    } CASES[] = {
        {TPM_GENERATED_VALUE, TPM_ST_ATTEST_CERTIFY, "challenge", "key", true},
        {0x12345678, TPM_ST_ATTEST_CERTIFY, "challenge", "key", false},
        {TPM_GENERATED_VALUE, TPM_ST_ATTEST_QUOTE, "challenge", "key", false},
        {TPM_GENERATED_VALUE, TPM_ST_ATTEST_CERTIFY, "other", "key", false},
        {TPM_GENERATED_VALUE, TPM_ST_ATTEST_CERTIFY, "", "key", false},
        {TPM_GENERATED_VALUE, TPM_ST_ATTEST_CERTIFY, "challenge", "yek", false},
        {TPM_GENERATED_VALUE, TPM_ST_ATTEST_CERTIFY, "challenge", "", false},
    };
    struct fixture *fixture = *state;
    struct crypto_key *key;
    struct error error;

    assert_true(crypto_key_from_tpm(fixture->crypto, &fixture->ak.public_area, &key, &error));
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        uint8_t attest[256], signature[256];
        size_t len = certify_structure(attest, sizeof attest, CASES[i].magic, CASES[i].type,
                                       span_text(CASES[i].extra_data), span_text(CASES[i].name));
        struct tpm_signature made = soft_key_sign(&fixture->ak, TPM_ALG_ECDSA, TPM_ALG_SHA256,
                                                  span_of(attest, len));
        struct writer writer = writer_init(signature, sizeof signature);

        writer_be16(&writer, made.scheme);
        writer_be16(&writer, made.hash);
        writer_be16_bytes(&writer, made.ecdsa_r);
        writer_be16_bytes(&writer, made.ecdsa_s);
        /* What nobody demands, an empty field must not meet. */
        assert_false(certify_verify(fixture->crypto, key, span_of(attest, len),
                                    writer_span(&writer), span_text(""), span_text(CASES[i].name),
                                    &fixture->reasons));
        assert_false(certify_verify(fixture->crypto, key, span_of(attest, len),
                                    writer_span(&writer), span_text(CASES[i].extra_data),
                                    span_text(""), &fixture->reasons));
        assert_false(certify_verify(fixture->crypto, key, span_of(attest, len),
                                    span_of(signature, writer.len - 1), span_text("challenge"),
                                    span_text("key"), &fixture->reasons));
        fixture->reasons.n_items = 0;
        bool good = certify_verify(fixture->crypto, key, span_of(attest, len), writer_span(&writer),
                                   span_text("challenge"), span_text("key"), &fixture->reasons);
        assert_int_equal(good, CASES[i].good);
        if (good) {
            signature[writer.len - 1] ^= 1;
            good = certify_verify(fixture->crypto, key, span_of(attest, len), writer_span(&writer),
                                  span_text("challenge"), span_text("key"), &fixture->reasons);
            assert_false(good);
            assert_false(certify_verify(fixture->crypto, key, span_of(attest, len - 1),
                                        writer_span(&writer), span_text("challenge"),
                                        span_text("key"), &fixture->reasons));
        } else {
            assert_only_reason(fixture, REASON_IDENTITY_CERTIFY);
        }
    }
    crypto_key_free(key);
}

#define enrolment_test(test) cmocka_unit_test_setup(test, good_enrolment)

int main(void)
{
    const struct CMUnitTest tests[] = {
        enrolment_test(sound_enrolment_is_endorsed),
        enrolment_test(ecc_ek_with_key_agreement),
        enrolment_test(what_real_certificates_do_is_tolerated),
        enrolment_test(certificates_that_are_none_for_an_ek),
        enrolment_test(truncated_and_trailing_certificates),
        enrolment_test(certificate_of_another_tpm),
        enrolment_test(no_certificate_or_no_trusted_root_is_unproven),
        enrolment_test(chain_of_a_false_root),
        enrolment_test(broken_and_too_many_intermediates),
        enrolment_test(ek_that_is_not_of_the_template),
        enrolment_test(high_range_templates_are_known),
        enrolment_test(ek_that_is_no_key),
        enrolment_test(truncated_publics),
        enrolment_test(ak_that_proves_nothing),
        enrolment_test(identity_key_must_be_as_demanded),
        enrolment_test(credential_needs_sound_inputs),
        enrolment_test(certify_names_the_key_under_the_challenge),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
