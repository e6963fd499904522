#include "outcome/outcome.h"
#include "support/soft_key.h"
#include "support/swtpm_host.h"
#include "support/tls_pair.h"
#include "tpm/tpm.h"
#include "verify/endorsement.h"
#include "verify/quote.h"

#include <stdio.h>
#include <stdlib.h>

/* Every call to a real TPM that has its own slots only, checked by the code of the service. */

static const uint8_t NONCE[32] = {7, 7, 7};
#define SOME_NONCE span_of(NONCE, sizeof NONCE)

static int connect(void **state)
{
    struct swtpm_host *host = *state;

    memset(&host->reasons, 0, sizeof host->reasons);
    if (!tpm_open(host->swtpm.tcti, &host->tpm, &host->error))
        fail_msg("%s", host->error.message);
    return 0;
}

static int disconnect(void **state)
{
    struct swtpm_host *host = *state;

    tpm_close(host->tpm);
    return 0;
}

static struct tpm_key make_ak(struct swtpm_host *host, enum tpm_key_type type)
{
    struct tpm_key ak;

    DEMAND(host, tpm_ak_open(host->tpm, type, &host->arena, &ak, &host->error));
    return ak;
}

static void remove_key(struct swtpm_host *host, const struct tpm_key *key)
{
    DEMAND(host, tpm_key_remove(host->tpm, key->handle, &host->error));
}

static struct crypto_key *ready(struct swtpm_host *host, struct span public_area)
{
    struct tpm_public decoded;
    struct crypto_key *key;

    DEMAND(host, tpm_public_decode(public_area, &decoded, &host->error));
    DEMAND(host, crypto_key_from_tpm(host->crypto, &decoded, &key, &host->error));
    return key;
}

/* --- properties --- */

static void the_tpm_says_what_it_is(void **state)
{
    struct swtpm_host *host = *state;
    struct tpm_properties properties;

    DEMAND(host, tpm_properties_read(host->tpm, &properties, &host->error));
    assert_string_equal(properties.manufacturer, "IBM");
    assert_int_equal(properties.n_banks, 1);
    assert_int_equal(properties.banks[0], TPM_ALG_SHA256);
    assert_true(properties.reset_count > 0);
    assert_true(properties.clock_safe);
    assert_false(properties.owner_auth_set);
    assert_false(properties.locked_out);
}

static void all_pcrs_of_a_bank_are_read(void **state)
{
    struct swtpm_host *host = *state;
    uint8_t values[LIMIT_PCRS][LIMIT_TPM_DIGEST_LEN] = {{1}};

    DEMAND(host, tpm_pcr_read(host->tpm, TPM_ALG_SHA256, 0xFFFFFF, values, &host->error));
    assert_int_equal(values[0][0], 0);
    assert_int_equal(values[17][0], 0xFF); /* no dynamic launch */
    assert_int_equal(values[23][0], 0);
    assert_false(tpm_pcr_read(host->tpm, TPM_ALG_SHA1, 1, values, &host->error));
    assert_int_equal(host->error.code, ERROR_UNSUPPORTED);
}

static void a_tpm_that_is_not_there_is_told_in_words(void **state)
{
    struct tpm *tpm;
    struct error error;

    (void)state;
    assert_false(tpm_open("device:/dev/no-such-tpm", &tpm, &error));
    assert_int_equal(error.code, ERROR_NOT_FOUND);
    assert_non_null(strstr(error.message, "device:/dev/no-such-tpm"));
}

/* --- attestation key --- */

static void an_ak_is_what_the_service_accepts(void **state)
{
    struct swtpm_host *host = *state;
    const enum tpm_key_type types[] = {TPM_KEY_ECC_P256, TPM_KEY_RSA_2048};

    for (size_t i = 0; i < 2; i++) {
        struct tpm_key ak = make_ak(host, types[i]), again;
        struct tpm_public decoded;
        uint8_t name[2 + LIMIT_TPM_DIGEST_LEN];
        size_t name_len;

        DEMAND(host, tpm_public_decode(ak.public_area, &decoded, &host->error));
        assert_true(ak_check(&decoded, &host->reasons));
        DEMAND(host, tpm_name(host->crypto, &decoded, name, sizeof name, &name_len, &host->error));
        assert_true(span_equal(ak.name, span_of(name, name_len)));
        DEMAND(host, tpm_key_read(host->tpm, ak.handle, &host->arena, &again, &host->error));
        assert_true(span_equal(ak.public_area, again.public_area));
        remove_key(host, &ak);
    }
}

static void a_quote_holds_before_the_service(void **state)
{
    struct swtpm_host *host = *state;
    const enum tpm_key_type types[] = {TPM_KEY_ECC_P256, TPM_KEY_RSA_2048};
    const struct quote_expectation expectation = {
        .qualifying_data = SOME_NONCE,
        .selection = {.n_banks = 1, .banks = {{.alg = TPM_ALG_SHA256, .pcrs = 0xFFFF}}}};

    for (size_t i = 0; i < 2; i++) {
        struct tpm_key ak = make_ak(host, types[i]);
        struct crypto_key *key = ready(host, ak.public_area);
        struct tpm_attestation quote;
        struct tpm_attest attest;
        struct tpm_signature signature;
        const struct quote_history history = {0};

        DEMAND(host, tpm_quote(host->tpm, ak.handle, TPM_ALG_SHA256, 0xFFFF, SOME_NONCE,
                               &host->arena, &quote, &host->error));
        DEMAND(host, tpm_attest_decode(quote.attest, &attest, &host->error));
        DEMAND(host, tpm_signature_decode(quote.signature, &signature, &host->error));
        assert_true(quote_verify(host->crypto, key, &attest, &signature, &expectation, &history,
                                 &host->arena, &host->reasons));
        crypto_key_free(key);
        remove_key(host, &ak);
    }
}

static void a_missing_key_is_not_found(void **state)
{
    struct swtpm_host *host = *state;
    struct tpm_attestation quote;
    struct tpm_key key;

    assert_false(tpm_key_read(host->tpm, 0x8100B5FF, &host->arena, &key, &host->error));
    assert_int_equal(host->error.code, ERROR_NOT_FOUND);
    assert_false(tpm_quote(host->tpm, 0x8100B5FF, TPM_ALG_SHA256, 1, SOME_NONCE, &host->arena,
                           &quote, &host->error));
    assert_int_equal(host->error.code, ERROR_NOT_FOUND);
}

static void a_key_is_found_again_and_never_overwritten(void **state)
{
    struct swtpm_host *host = *state;
    struct tpm_key first = make_ak(host, TPM_KEY_ECC_P256);
    struct tpm_key second = make_ak(host, TPM_KEY_RSA_2048);
    struct tpm_key again = make_ak(host, TPM_KEY_ECC_P256);

    assert_int_not_equal(first.handle, second.handle);
    assert_int_equal(first.handle, again.handle);
    assert_true(span_equal(first.name, again.name));
    remove_key(host, &first);
    again = make_ak(host, TPM_KEY_ECC_P256);
    assert_false(span_equal(first.name, again.name));
    remove_key(host, &again);
    remove_key(host, &second);
}

/* --- endorsement key --- */

static void certificate_key_and_tpm_belong_together(void **state)
{
    struct swtpm_host *host = *state;
    struct tpm_key ak = make_ak(host, TPM_KEY_ECC_P256);
    struct crypto_trust *trust = crypto_trust_new(&host->error);
    struct tpm_endorsement endorsement;
    struct endorsement_request request = {.ak_public = ak.public_area, .now_s = 1800000000};
    struct endorsement_result result;
    char path[128], pem[16384];
    size_t n_added;
    struct span issuer;
    FILE *file;

    DEMAND(host,
           tpm_endorsement_find(host->tpm, host->crypto, &host->arena, &endorsement, &host->error));
    assert_int_equal(endorsement.handle, 0x81010001);
    assert_int_equal(endorsement.n_certificates, 1);
    for (int i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s/%s.pem", host->swtpm.ca, i ? "issuer" : "root");
        file = fopen(path, "r");
        assert_non_null(file);
        issuer = span_of(pem, fread(pem, 1, sizeof pem, file));
        fclose(file);
        DEMAND(host, crypto_trust_add(trust, issuer, &n_added, &host->error));
    }
    request.ek_public = endorsement.public_area;
    request.ek_certificate = endorsement.certificates[0];
    assert_true(
        endorsement_check(host->crypto, trust, &request, &host->arena, &result, &host->reasons));
    assert_int_equal(result.endorsement, ENDORSEMENT_CHAIN);
    crypto_trust_free(trust);
    remove_key(host, &ak);
}

static void hide(struct swtpm_host *host, const struct tpm_endorsement *endorsement,
                 struct span ak_name, struct credential_blob *blob)
{
    struct tpm_public ek;

    DEMAND(host, tpm_public_decode(endorsement->public_area, &ek, &host->error));
    DEMAND(host, make_credential(host->crypto, &ek, ak_name, SOME_NONCE, blob, &host->error));
}

static bool activate(struct swtpm_host *host, const struct tpm_endorsement *endorsement,
                     const struct tpm_key *ak, const struct credential_blob *blob,
                     struct span *credential)
{
    return tpm_activate_credential(
        host->tpm, endorsement, ak->handle, span_of(blob->id_object, blob->id_object_len),
        span_of(blob->secret, blob->secret_len), &host->arena, credential, &host->error);
}

static void a_credential_opens_for_its_keys_only(void **state)
{
    struct swtpm_host *host = *state;
    struct tpm_key ak = make_ak(host, TPM_KEY_ECC_P256), other = make_ak(host, TPM_KEY_RSA_2048);
    struct tpm_endorsement endorsement;
    struct credential_blob blob;
    struct span credential;

    DEMAND(host,
           tpm_endorsement_find(host->tpm, host->crypto, &host->arena, &endorsement, &host->error));
    hide(host, &endorsement, ak.name, &blob);
    DEMAND(host, activate(host, &endorsement, &ak, &blob, &credential));
    assert_true(span_equal(credential, SOME_NONCE));
    assert_false(activate(host, &endorsement, &other, &blob, &credential));
    assert_int_equal(host->error.code, ERROR_DENIED);
    blob.id_object[blob.id_object_len - 1] ^= 1;
    assert_false(activate(host, &endorsement, &ak, &blob, &credential));
    remove_key(host, &ak);
    remove_key(host, &other);
}

/* Who enrols with the EK of a TPM that is elsewhere cannot answer with the TPM at hand. */
static void another_tpm_cannot_answer(void **state)
{
    struct swtpm_host *host = *state,
                      other = {.crypto = host->crypto, .arena = arena_init(SWTPM_HOST_ARENA_LEN)};
    struct tpm_endorsement named, own;
    struct credential_blob blob;
    struct span credential;
    struct tpm_key ak;

    swtpm_init(&other.swtpm);
    DEMAND(&other, tpm_open(other.swtpm.tcti, &other.tpm, &other.error));
    DEMAND(host, tpm_endorsement_find(host->tpm, host->crypto, &host->arena, &named, &host->error));
    DEMAND(&other, tpm_endorsement_find(other.tpm, other.crypto, &other.arena, &own, &other.error));
    ak = make_ak(&other, TPM_KEY_ECC_P256);
    hide(host, &named, ak.name, &blob);
    assert_false(activate(&other, &own, &ak, &blob, &credential));
    assert_int_equal(other.error.code, ERROR_DENIED);
    assert_non_null(strstr(other.error.message, "made for another TPM"));
    make_ak(&other, TPM_KEY_RSA_2048); /* and the TPM goes on working */
    tpm_close(other.tpm);
    swtpm_done(&other.swtpm);
    arena_done(&other.arena);
}

/* swtpm makes its P-384 EK at 0x81010016, with user authorisation and another policy. */
static void a_credential_opens_with_the_p384_key_too(void **state)
{
    struct swtpm_host *host = *state;
    struct tpm_key ak = make_ak(host, TPM_KEY_ECC_P256), ek;
    struct tpm_endorsement endorsement = {.handle = 0x81010016};
    struct credential_blob blob;
    struct span credential;

    DEMAND(host, tpm_key_read(host->tpm, endorsement.handle, &host->arena, &ek, &host->error));
    endorsement.public_area = ek.public_area;
    hide(host, &endorsement, ak.name, &blob);
    DEMAND(host, activate(host, &endorsement, &ak, &blob, &credential));
    assert_true(span_equal(credential, SOME_NONCE));
    remove_key(host, &ak);
}

/* A removed EK is made again by the template and found to be the certificate's. */
static void a_lost_endorsement_key_is_made_again(void **state)
{
    struct swtpm_host *host = *state;
    struct tpm_endorsement before, after;

    DEMAND(host,
           tpm_endorsement_find(host->tpm, host->crypto, &host->arena, &before, &host->error));
    DEMAND(host, tpm_key_remove(host->tpm, before.handle, &host->error));
    DEMAND(host, tpm_endorsement_find(host->tpm, host->crypto, &host->arena, &after, &host->error));
    assert_true(span_equal(before.public_area, after.public_area));
    assert_int_equal(after.n_certificates, 1);
}

/* --- identity key --- */

struct identity {
    struct soft_key policy_key;
    struct tpm_key key;
    struct tpm_approval approval;
    uint8_t policy[OUTCOME_POLICY_LEN];
    uint8_t signature[128];
};

static const uint8_t POLICY_REF[32] = {9};

static void approve(struct swtpm_host *host, struct identity *identity, uint32_t pcrs)
{
    uint8_t values[LIMIT_PCRS][LIMIT_TPM_DIGEST_LEN], text[OUTCOME_POLICY_LEN + sizeof POLICY_REF];
    struct writer writer = writer_init(identity->signature, sizeof identity->signature);
    struct tpm_signature signature;

    DEMAND(host, tpm_pcr_read(host->tpm, TPM_ALG_SHA256, pcrs, values, &host->error));
    outcome_policy_pcr(host->crypto, TPM_ALG_SHA256, pcrs,
                       (const uint8_t(*)[LIMIT_TPM_DIGEST_LEN])values, identity->policy);
    memcpy(text, identity->policy, OUTCOME_POLICY_LEN);
    memcpy(text + OUTCOME_POLICY_LEN, POLICY_REF, sizeof POLICY_REF);
    signature = soft_key_sign(&identity->policy_key, TPM_ALG_ECDSA, TPM_ALG_SHA256,
                              span_of(text, sizeof text));
    writer_be16(&writer, TPM_ALG_ECDSA);
    writer_be16(&writer, TPM_ALG_SHA256);
    writer_be16_bytes(&writer, signature.ecdsa_r);
    writer_be16_bytes(&writer, signature.ecdsa_s);
    identity->approval = (struct tpm_approval){.bank = TPM_ALG_SHA256,
                                               .pcrs = pcrs,
                                               .policy = span_of(identity->policy, 32),
                                               .signature = writer_span(&writer),
                                               .policy_key = identity->policy_key.public_area.whole,
                                               .policy_ref = span_of(POLICY_REF, 32)};
}

static void make_identity(struct swtpm_host *host, struct identity *identity)
{
    uint8_t name[2 + LIMIT_TPM_DIGEST_LEN], policy[OUTCOME_POLICY_LEN];
    size_t name_len;

    soft_key_ecc(&identity->policy_key, TPM_ECC_NIST_P256);
    identity->policy_key.public_area.attributes = TPMA_OBJECT_SIGN_ENCRYPT |
                                                  TPMA_OBJECT_USERWITHAUTH;
    identity->policy_key.public_area.scheme = TPM_ALG_ECDSA;
    identity->policy_key.public_area.scheme_hash = TPM_ALG_SHA256;
    soft_key_encode(&identity->policy_key);
    DEMAND(host, tpm_name(host->crypto, &identity->policy_key.public_area, name, sizeof name,
                          &name_len, &host->error));
    outcome_policy_authorize(host->crypto, span_of(name, name_len), span_of(POLICY_REF, 32),
                             policy);
    DEMAND(host, tpm_identity_open(host->tpm, span_of(policy, sizeof policy), &host->arena,
                                   &identity->key, &host->error));
}

static void drop_identity(struct swtpm_host *host, struct identity *identity)
{
    remove_key(host, &identity->key);
    soft_key_done(&identity->policy_key);
}

static void an_identity_key_is_certified_as_the_service_demands(void **state)
{
    struct swtpm_host *host = *state;
    struct tpm_key ak = make_ak(host, TPM_KEY_ECC_P256);
    struct crypto_key *key = ready(host, ak.public_area);
    struct identity identity;
    struct tpm_attestation certify;
    struct tpm_public decoded;

    make_identity(host, &identity);
    DEMAND(host, tpm_public_decode(identity.key.public_area, &decoded, &host->error));
    assert_true(identity_key_check(&decoded, decoded.auth_policy, &host->reasons));
    DEMAND(host, tpm_certify(host->tpm, ak.handle, identity.key.handle, SOME_NONCE, &host->arena,
                             &certify, &host->error));
    assert_true(certify_verify(host->crypto, key, certify.attest, certify.signature, SOME_NONCE,
                               identity.key.name, &host->reasons));
    assert_false(certify_verify(host->crypto, key, certify.attest, certify.signature, SOME_NONCE,
                                ak.name, &host->reasons));
    crypto_key_free(key);
    drop_identity(host, &identity);
    remove_key(host, &ak);
}

static bool sign(struct swtpm_host *host, const struct identity *identity,
                 struct tpm_ecdsa *signature)
{
    return tpm_identity_sign(host->tpm, identity->key.handle, &identity->approval, SOME_NONCE,
                             signature, &host->error);
}

static void the_identity_key_signs_in_the_approved_state_only(void **state)
{
    struct swtpm_host *host = *state;
    struct identity identity;
    struct tpm_ecdsa signature;

    make_identity(host, &identity);
    approve(host, &identity, 0x3);
    DEMAND(host, sign(host, &identity, &signature));
    swtpm_extend(&host->swtpm, 9, SOME_NONCE); /* not among those approved */
    DEMAND(host, sign(host, &identity, &signature));
    swtpm_extend(&host->swtpm, 1, SOME_NONCE);
    assert_false(sign(host, &identity, &signature));
    assert_int_equal(host->error.code, ERROR_DENIED);
    approve(host, &identity, 0x3); /* an approved update */
    DEMAND(host, sign(host, &identity, &signature));
    drop_identity(host, &identity);
}

static void an_approval_by_anybody_else_opens_nothing(void **state)
{
    struct swtpm_host *host = *state;
    struct identity identity, stranger;
    struct tpm_approval genuine;
    struct tpm_ecdsa signature;

    make_identity(host, &identity);
    make_identity(host, &stranger);
    approve(host, &identity, 0x3);
    approve(host, &stranger, 0x3);
    genuine = identity.approval;
    identity.approval = stranger.approval; /* a key that is not the policy's */
    assert_false(sign(host, &identity, &signature));
    assert_int_equal(host->error.code, ERROR_DENIED);
    identity.approval = genuine;
    identity.approval.signature = stranger.approval.signature; /* forged */
    assert_false(sign(host, &identity, &signature));
    assert_int_equal(host->error.code, ERROR_DENIED);
    identity.approval = genuine;
    identity.approval.policy_ref = span_of(POLICY_REF, 31); /* of another host */
    assert_false(sign(host, &identity, &signature));
    assert_int_equal(host->error.code, ERROR_DENIED);
    identity.approval = genuine;
    DEMAND(host, sign(host, &identity, &signature));
    drop_identity(host, &identity);
    drop_identity(host, &stranger);
}

struct signing {
    struct swtpm_host *host;
    struct identity *identity;
};

static bool sign_for_tls(void *context, struct span digest, struct tpm_ecdsa *signature,
                         struct error *error)
{
    struct signing *signing = context;

    return tpm_identity_sign(signing->host->tpm, signing->identity->key.handle,
                             &signing->identity->approval, digest, signature, error);
}

static X509 *certify_for_tls(const struct key_provider_key *key, X509 *ca, EVP_PKEY *ca_key)
{
    char group[] = "P-256";
    OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string("group", group, 0),
                           OSSL_PARAM_construct_octet_string("pub", (void *)key->point, 65),
                           OSSL_PARAM_construct_end()};
    EVP_PKEY_CTX *maker = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    EVP_PKEY *pkey = NULL;
    X509 *certificate;

    assert_true(EVP_PKEY_fromdata_init(maker) > 0 &&
                EVP_PKEY_fromdata(maker, &pkey, EVP_PKEY_PUBLIC_KEY, params) > 0);
    certificate = tls_pair_certificate(pkey, "host", ca, ca_key);
    EVP_PKEY_CTX_free(maker);
    EVP_PKEY_free(pkey);
    return certificate;
}

static void tls_works_with_the_tpm_in_the_approved_state_only(void **state)
{
    struct swtpm_host *host = *state;
    struct identity identity;
    struct signing signing = {host, &identity};
    struct key_provider_key key;
    struct error sign_error = {0};
    EVP_PKEY *ca_key = EVP_EC_gen("P-256");
    X509 *ca = tls_pair_certificate(ca_key, "ca", NULL, NULL), *certificate;

    make_identity(host, &identity);
    approve(host, &identity, 0x3);
    DEMAND(host, key_provider_key_init(identity.key.public_area, sign_for_tls, &signing,
                                       &sign_error, &key, &host->error));
    certificate = certify_for_tls(&key, ca, ca_key);
    assert_true(tls_pair_handshake(&key, certificate, ca, TLS1_3_VERSION));
    assert_true(tls_pair_handshake(&key, certificate, ca, TLS1_2_VERSION));
    swtpm_extend(&host->swtpm, 0, SOME_NONCE);
    assert_false(tls_pair_handshake(&key, certificate, ca, TLS1_3_VERSION));
    assert_int_equal(sign_error.code, ERROR_DENIED);
    X509_free(certificate);
    X509_free(ca);
    EVP_PKEY_free(ca_key);
    drop_identity(host, &identity);
}

/* The TPM has three slots: what stays behind after many calls makes one of them fail. */
static void nothing_stays_behind_in_the_tpm(void **state)
{
    struct swtpm_host *host = *state;
    struct identity identity;

    make_identity(host, &identity);
    for (int i = 0; i < 8; i++) {
        struct tpm_key ak = make_ak(host, TPM_KEY_ECC_P256);
        struct tpm_ecdsa signature;

        approve(host, &identity, 0x3);
        DEMAND(host, sign(host, &identity, &signature));
        identity.approval.pcrs = 0x7; /* fails half-way */
        assert_false(sign(host, &identity, &signature));
        remove_key(host, &ak);
    }
    drop_identity(host, &identity);
}

static void a_cleared_tpm_has_lost_our_keys(void **state)
{
    struct swtpm_host *host = *state;
    struct tpm_key ak = make_ak(host, TPM_KEY_ECC_P256), found;

    swtpm_clear(&host->swtpm);
    assert_false(tpm_key_read(host->tpm, ak.handle, &host->arena, &found, &host->error));
    assert_int_equal(host->error.code, ERROR_NOT_FOUND);
}

#define ON_TPM(test) cmocka_unit_test_setup_teardown(test, connect, disconnect)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_TPM(the_tpm_says_what_it_is),
        ON_TPM(all_pcrs_of_a_bank_are_read),
        cmocka_unit_test(a_tpm_that_is_not_there_is_told_in_words),
        ON_TPM(an_ak_is_what_the_service_accepts),
        ON_TPM(a_quote_holds_before_the_service),
        ON_TPM(a_missing_key_is_not_found),
        ON_TPM(a_key_is_found_again_and_never_overwritten),
        ON_TPM(certificate_key_and_tpm_belong_together),
        ON_TPM(a_credential_opens_for_its_keys_only),
        ON_TPM(another_tpm_cannot_answer),
        ON_TPM(a_credential_opens_with_the_p384_key_too),
        ON_TPM(a_lost_endorsement_key_is_made_again),
        ON_TPM(an_identity_key_is_certified_as_the_service_demands),
        ON_TPM(the_identity_key_signs_in_the_approved_state_only),
        ON_TPM(an_approval_by_anybody_else_opens_nothing),
        ON_TPM(tls_works_with_the_tpm_in_the_approved_state_only),
        ON_TPM(nothing_stays_behind_in_the_tpm),
        ON_TPM(a_cleared_tpm_has_lost_our_keys),
    };

    return cmocka_run_group_tests(tests, swtpm_host_setup, swtpm_host_teardown);
}
