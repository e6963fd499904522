/* MakeCredential, quote and certify against real TPMs (swtpm): the TPM that holds EK and AK
 * recovers our credential, another TPM does not, and its signatures verify here. */
#include "support/swtpm.h"
#include "verify/endorsement.h"
#include "verify/quote.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#define SECRET span_text("thirty-two bytes of a credential")

struct fixture {
    struct swtpm one, two;
    struct crypto *crypto;
    struct arena arena;
    struct crypto_trust *trust;
    struct span issuer;
    struct reasons reasons;
};

/* The EK's authorisation: PolicySecret(endorsement), and in the high range that as one branch of
 * PolicyB beside PolicyC (TCG EK Credential Profile, B.6). */
#define POLICY_A                                                                                   \
    "8bbf2266537c171cb56e403c4dc1d4b64f432611dc386e6f532050c3278c930e143e8bb1133824ccb431053871c6" \
    "db53"
#define POLICY_C                                                                                   \
    "d6032ce61f2fb3c240eb3cf6a33237ef2b6a16f4293c22b455e261cffd217ad5b4947c2d73e63005eed2dc2b3593" \
    "d165"
#define LOW_SESSION                                                                                \
    "tpm2_startauthsession --policy-session -S session && tpm2_policysecret -Q -S session -c e"
#define HIGH_SESSION                                                                               \
    "tpm2_startauthsession --policy-session -g sha384 -S session && "                              \
    "tpm2_policysecret -Q -S session -c e && "                                                     \
    "echo " POLICY_A " | xxd -r -p >a && echo " POLICY_C " | xxd -r -p >c && "                     \
    "tpm2_policyor -Q -S session sha384:a,c"

/* An EK of each kind: where swtpm keeps it or how to make it, how it is authorised, and what it has
 * for a certificate. */
static const struct ek {
    const char *name, *make, *session, *certificate;
} EKS[] = {
    {"rsa-2048", "tpm2_readpublic -Q -c 0x81010001 -t ek -f tpmt -o ek.pub", LOW_SESSION,
     "tpm/ek-rsa.der"},
    {"ecc-p384", "tpm2_readpublic -Q -c 0x81010016 -t ek -f tpmt -o ek.pub", HIGH_SESSION,
     "tpm/ek-ecc.der"},
    {"ecc-p256", "tpm2_createek -Q -G ecc -c ek -f tpmt -u ek.pub", LOW_SESSION, NULL},
};

/* Runs a command inside the TPM's folder, talking to that TPM. */
static int run_in(const struct swtpm *tpm, const char *command)
{
    char line[2048];

    snprintf(line, sizeof line,
             "cd '%s' && export TPM2TOOLS_TCTI='%s' && "
             "{ %s; } >>commands.log 2>&1 && tpm2_flushcontext -t >>commands.log 2>&1",
             tpm->dir, tpm->tcti, command);
    return system(line);
}

static void must_run_in(const struct swtpm *tpm, const char *command)
{
    if (run_in(tpm, command) != 0)
        fail_msg("%s (see %s/commands.log)", command, tpm->dir);
}

/* The file's bytes, in the arena. */
static struct span read_in(struct fixture *fixture, const char *folder, const char *name)
{
    enum { LEN_MAX = 8192 };
    uint8_t *bytes = arena_alloc(&fixture->arena, LEN_MAX);
    char path[256];
    FILE *file;
    size_t len;

    snprintf(path, sizeof path, "%s/%s", folder, name);
    file = fopen(path, "rb");
    if (!file || !bytes)
        fail_msg("%s is not there", path);
    len = fread(bytes, 1, LEN_MAX, file);
    fclose(file);
    assert_in_range(len, 1, LEN_MAX - 1);
    return span_of(bytes, len);
}

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    struct error error;
    char line[256];
    size_t n_added;

    swtpm_init(&fixture->one);
    swtpm_init(&fixture->two);
    fixture->crypto = crypto_new(&error);
    fixture->arena = arena_init(1 << 20);
    fixture->trust = crypto_trust_new(&error);
    assert_true(crypto_trust_add(fixture->trust, read_in(fixture, fixture->one.ca, "root.pem"),
                                 &n_added, &error));
    snprintf(line, sizeof line,
             "cd '%s' && openssl x509 -in issuer.pem -outform DER -out issuer.der",
             fixture->one.ca);
    assert_int_equal(system(line), 0);
    fixture->issuer = read_in(fixture, fixture->one.ca, "issuer.der");
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;

    swtpm_done(&fixture->one);
    swtpm_done(&fixture->two);
    crypto_trust_free(fixture->trust);
    arena_done(&fixture->arena);
    crypto_free(fixture->crypto);
    free(fixture);
    return 0;
}

/* EK and AK in the TPM's folder as ek.pub and ak.pub; the objects as ek (or its handle) and ak. */
static void make_keys(const struct swtpm *tpm, const struct ek *ek)
{
    must_run_in(tpm, "rm -f ek ak");
    must_run_in(tpm, ek->make);
    must_run_in(tpm, "tpm2_createak -Q -C ek -c ak -G ecc -g sha256 -s ecdsa -f tpmt -u ak.pub");
}

static void write_credential(const struct swtpm *tpm, const struct credential_blob *blob)
{
    /* How tpm2-tools wrap it: a magic and a version before the two structures. */
    static const uint8_t HEADER[] = {0xBA, 0xDC, 0xC0, 0xDE, 0, 0, 0, 1};
    char path[256];

    snprintf(path, sizeof path, "%s/credential", tpm->dir);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    fwrite(HEADER, 1, sizeof HEADER, file);
    fwrite(blob->id_object, 1, blob->id_object_len, file);
    fwrite(blob->secret, 1, blob->secret_len, file);
    assert_int_equal(fclose(file), 0);
}

static int activate(const struct swtpm *tpm, const struct ek *kind)
{
    char command[1024];

    snprintf(command, sizeof command,
             "rm -f secret; %s && tpm2_activatecredential -Q -c ak -C ek -i credential -o secret "
             "-P session:session; good=$?; tpm2_flushcontext session; [ $good = 0 ]",
             kind->session);
    return run_in(tpm, command);
}

static void enrol(struct fixture *fixture, const struct ek *kind, struct span ek, struct span ak,
                  struct endorsement_result *result)
{
    struct span certificate = span_of(NULL, 0);

    if (kind->certificate)
        certificate = read_in(fixture, fixture->one.dir, kind->certificate);
    struct endorsement_request request = {.ek_public = ek,
                                          .ek_certificate = certificate,
                                          .intermediates = &fixture->issuer,
                                          .n_intermediates = 1,
                                          .ak_public = ak,
                                          .now_s = time(NULL) + 60};
    memset(&fixture->reasons, 0, sizeof fixture->reasons);
    if (!endorsement_check(fixture->crypto, fixture->trust, &request, &fixture->arena, result,
                           &fixture->reasons))
        fail_msg("%s: %s", kind->name, reason_code_text(fixture->reasons.items[0].code));
    assert_int_equal(result->endorsement,
                     kind->certificate ? ENDORSEMENT_CHAIN : ENDORSEMENT_UNPROVEN);
}

static void only_the_tpm_with_both_keys_answers(void **state)
{
    struct fixture *fixture = *state;

    for (size_t i = 0; i < sizeof EKS / sizeof *EKS; i++) {
        struct endorsement_result result;
        struct credential_blob blob;
        struct tpm_public ek;
        struct error error;

        make_keys(&fixture->one, &EKS[i]);
        make_keys(&fixture->two, &EKS[i]);
        struct span ek_bytes = read_in(fixture, fixture->one.dir, "ek.pub");
        struct span ak_bytes = read_in(fixture, fixture->one.dir, "ak.pub");
        enrol(fixture, &EKS[i], ek_bytes, ak_bytes, &result);
        assert_true(tpm_public_decode(ek_bytes, &ek, &error));
        assert_true(make_credential(fixture->crypto, &ek,
                                    span_of(result.ak_name, result.ak_name_len), SECRET, &blob,
                                    &error));
        write_credential(&fixture->one, &blob);
        write_credential(&fixture->two, &blob);
        assert_int_equal(activate(&fixture->one, &EKS[i]), 0);
        struct span secret = read_in(fixture, fixture->one.dir, "secret");
        assert_true(span_equal(secret, SECRET));
        assert_int_not_equal(activate(&fixture->two, &EKS[i]), 0);
        swtpm_restart(&fixture->two); /* a foreign OAEP text puts libtpms into failure mode */

        result.ak_name[5] ^= 1; /* for another AK of the same TPM */
        assert_true(make_credential(fixture->crypto, &ek,
                                    span_of(result.ak_name, result.ak_name_len), SECRET, &blob,
                                    &error));
        write_credential(&fixture->one, &blob);
        assert_int_not_equal(activate(&fixture->one, &EKS[i]), 0);
    }
}

static struct crypto_key *read_ak(struct fixture *fixture, const struct swtpm *tpm)
{
    struct span bytes = read_in(fixture, tpm->dir, "ak.pub");
    struct crypto_key *key = NULL;
    struct tpm_public public_area;
    struct error error;

    assert_true(tpm_public_decode(bytes, &public_area, &error));
    assert_true(crypto_key_from_tpm(fixture->crypto, &public_area, &key, &error));
    return key;
}

static void quotes_of_a_tpm_verify(void **state)
{
    struct fixture *fixture = *state;
    const struct quote_expectation expectation = {
        .qualifying_data = span_text("\x01\x02\x03"),
        .selection = {.banks = {{TPM_ALG_SHA256, 0x0B}}, .n_banks = 1}};
    const struct quote_history history = {0};
    struct tpm_attest attest;
    struct tpm_signature signature;
    struct error error;

    make_keys(&fixture->one, &EKS[2]);
    must_run_in(&fixture->one,
                "tpm2_quote -Q -c ak -l sha256:0,1,3 -q 010203 -m quote -s quote.sig -g sha256");
    struct span quote = read_in(fixture, fixture->one.dir, "quote");
    struct span bytes = read_in(fixture, fixture->one.dir, "quote.sig");
    struct crypto_key *ak = read_ak(fixture, &fixture->one),
                      *other = read_ak(fixture, &fixture->two);
    assert_true(tpm_attest_decode(quote, &attest, &error));
    assert_true(tpm_signature_decode(bytes, &signature, &error));
    memset(&fixture->reasons, 0, sizeof fixture->reasons);
    assert_true(quote_verify(fixture->crypto, ak, &attest, &signature, &expectation, &history,
                             &fixture->arena, &fixture->reasons));
    assert_false(quote_verify(fixture->crypto, other, &attest, &signature, &expectation, &history,
                              &fixture->arena, &fixture->reasons));
    assert_true(reasons_have(&fixture->reasons, REASON_QUOTE_SIGNATURE));
    crypto_key_free(other);
    crypto_key_free(ak);
}

static void certify_proves_a_key_of_the_same_tpm(void **state)
{
    struct fixture *fixture = *state;
    struct tpm_public identity;
    struct error error;
    uint8_t name[66];
    size_t name_len;

    make_keys(&fixture->one, &EKS[2]);
    must_run_in(&fixture->one,
                "tpm2_createprimary -Q -C o -G ecc:ecdsa-sha256:null -c identity -a "
                "'fixedtpm|fixedparent|sensitivedataorigin|sign|userwithauth' && "
                "tpm2_readpublic -Q -c identity -f tpmt -o identity.pub && tpm2_flushcontext -t && "
                "tpm2_certify -Q -c identity -C ak -g sha256 -o certify -s certify.sig");
    struct span public_area = read_in(fixture, fixture->one.dir, "identity.pub");
    struct span attest = read_in(fixture, fixture->one.dir, "certify");
    struct span signature = read_in(fixture, fixture->one.dir, "certify.sig");
    struct crypto_key *ak = read_ak(fixture, &fixture->one),
                      *other = read_ak(fixture, &fixture->two);
    struct tpm_attest decoded;
    assert_true(tpm_public_decode(public_area, &identity, &error));
    assert_true(tpm_name(fixture->crypto, &identity, name, sizeof name, &name_len, &error));
    assert_true(tpm_attest_decode(attest, &decoded, &error));
    memset(&fixture->reasons, 0, sizeof fixture->reasons);
    assert_true(certify_verify(fixture->crypto, ak, attest, signature, decoded.extra_data,
                               span_of(name, name_len), &fixture->reasons));
    assert_false(certify_verify(fixture->crypto, other, attest, signature, decoded.extra_data,
                                span_of(name, name_len), &fixture->reasons));
    crypto_key_free(other);
    crypto_key_free(ak);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_the_tpm_with_both_keys_answers),
        cmocka_unit_test(quotes_of_a_tpm_verify),
        cmocka_unit_test(certify_proves_a_key_of_the_same_tpm),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
