/* Which keys may sign evidence, by their public areas alone. */
#include "verify/endorsement.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const uint32_t AK_ATTRIBUTES = TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT |
                                      TPMA_OBJECT_SENSITIVEDATAORIGIN | TPMA_OBJECT_RESTRICTED |
                                      TPMA_OBJECT_SIGN_ENCRYPT;

static struct tpm_public ak(uint16_t type, uint16_t scheme, uint16_t hash)
{
    return (struct tpm_public){.type = type,
                               .name_alg = TPM_ALG_SHA256,
                               .attributes = AK_ATTRIBUTES,
                               .scheme = scheme,
                               .scheme_hash = hash};
}

static void only_schemes_with_a_sound_hash_are_accepted(void **state)
{
    static const struct {
        uint16_t type, scheme, hash;
        bool accepted;
    } CASES[] = {
        {TPM_ALG_RSA, TPM_ALG_RSASSA, TPM_ALG_SHA256, true},
        {TPM_ALG_RSA, TPM_ALG_RSAPSS, TPM_ALG_SHA384, true},
        {TPM_ALG_ECC, TPM_ALG_ECDSA, TPM_ALG_SHA512, true},
        {TPM_ALG_RSA, TPM_ALG_RSASSA, TPM_ALG_SHA1, false},
        {TPM_ALG_ECC, TPM_ALG_ECDSA, TPM_ALG_SHA1, false},
        {TPM_ALG_ECC, TPM_ALG_ECDSA, TPM_ALG_SM3_256, false},
        {TPM_ALG_RSA, TPM_ALG_ECDSA, TPM_ALG_SHA256, false},
        {TPM_ALG_ECC, TPM_ALG_RSASSA, TPM_ALG_SHA256, false},
        {TPM_ALG_ECC, TPM_ALG_ECSCHNORR, TPM_ALG_SHA256, false},
        {TPM_ALG_RSA, TPM_ALG_NULL, TPM_ALG_NULL, false},
        {TPM_ALG_RSA, TPM_ALG_RSAES, TPM_ALG_NULL, false},
        {TPM_ALG_ECC, 0, 0, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct tpm_public key = ak(CASES[i].type, CASES[i].scheme, CASES[i].hash);
        struct reasons reasons = {.n_items = 0};

        assert_int_equal(ak_check(&key, &reasons), CASES[i].accepted);
        assert_int_equal(reasons.n_items, CASES[i].accepted ? 0 : 1);
        if (!CASES[i].accepted)
            assert_int_equal(reasons.items[0].code, REASON_AK_NOT_SIGNING);
    }
}

static void a_weak_name_binds_nothing(void **state)
{
    static const uint16_t algs[] = {TPM_ALG_SHA1, TPM_ALG_SM3_256, TPM_ALG_NULL, 0};

    (void)state;
    for (size_t i = 0; i < sizeof algs / sizeof *algs; i++) {
        struct tpm_public key = ak(TPM_ALG_ECC, TPM_ALG_ECDSA, TPM_ALG_SHA256);
        struct reasons reasons = {.n_items = 0};

        key.name_alg = algs[i];
        assert_false(ak_check(&key, &reasons));
        assert_true(reasons_have(&reasons, REASON_AK_NOT_SIGNING));
    }
}

static void each_attribute_is_demanded(void **state)
{
    (void)state;
    for (int bit = 0; bit < 32; bit++) {
        struct tpm_public key = ak(TPM_ALG_ECC, TPM_ALG_ECDSA, TPM_ALG_SHA256);
        struct reasons reasons = {.n_items = 0};
        bool demanded = AK_ATTRIBUTES >> bit & 1 || TPMA_OBJECT_DECRYPT >> bit & 1;

        key.attributes ^= UINT32_C(1) << bit;
        assert_int_equal(ak_check(&key, &reasons), !demanded);
        assert_int_equal(reasons.n_items, demanded ? 1 : 0);
    }
}

static void a_name_needs_a_hash_and_room(void **state)
{
    struct tpm_public key = ak(TPM_ALG_ECC, TPM_ALG_ECDSA, TPM_ALG_SHA256);
    struct error error;
    struct crypto *crypto = crypto_new(&error);
    uint8_t name[34];
    size_t len = 99;

    (void)state;
    assert_non_null(crypto);
    assert_false(tpm_name(crypto, &key, name, sizeof name - 1, &len, &error));
    assert_int_equal(error.code, ERROR_LIMIT);
    key.name_alg = TPM_ALG_NULL;
    assert_false(tpm_name(crypto, &key, name, sizeof name, &len, &error));
    assert_int_equal(error.code, ERROR_UNSUPPORTED);
    assert_int_equal(len, 99);
    key.name_alg = TPM_ALG_SHA256;
    assert_true(tpm_name(crypto, &key, name, sizeof name, &len, &error));
    assert_int_equal(len, sizeof name);
    crypto_free(crypto);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_schemes_with_a_sound_hash_are_accepted),
        cmocka_unit_test(a_weak_name_binds_nothing),
        cmocka_unit_test(each_attribute_is_demanded),
        cmocka_unit_test(a_name_needs_a_hash_and_room),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
