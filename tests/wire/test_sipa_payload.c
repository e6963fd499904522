/* Structured payloads of Windows records: every cut, every length that lies. */
#include "wire/sipa_payload.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "base/writer.h"
#include "wire/sipa.h"
#include "wire/tpm_alg.h"

static uint8_t buffer[4096];

static void reads_policies_and_lists(void **state)
{
    struct writer writer = writer_init(buffer, sizeof buffer);
    struct sipa_si_policy policy;
    struct sipa_revocation_list list;
    struct sipa_sbcp sbcp;
    struct error error;

    (void)state;
    writer_le64(&writer, UINT64_C(0x0001000200030004));
    writer_le16(&writer, 4);
    writer_le16(&writer, TPM_ALG_SHA256);
    writer_le32(&writer, 3);
    writer_bytes(&writer, span_of("a\0b\0", 4));
    writer_bytes(&writer, span_text("xyz"));
    assert_true(sipa_si_policy_decode(writer_span(&writer), &policy, &error));
    assert_int_equal(policy.alg, TPM_ALG_SHA256);
    assert_int_equal(policy.name.len, 4);
    assert_true(span_is(policy.digest, "xyz"));
    for (size_t len = 0; len < writer.len; len++)
        assert_false(sipa_si_policy_decode(span_of(buffer, len), &policy, &error));

    writer = writer_init(buffer, sizeof buffer);
    writer_le64(&writer, 5);
    writer_le32(&writer, 3);
    writer_le16(&writer, TPM_ALG_SHA256);
    writer_bytes(&writer, span_text("xyz"));
    assert_true(sipa_revocation_list_decode(writer_span(&writer), &list, &error));
    assert_int_equal(list.creation_time, 5);
    assert_true(span_is(list.digest, "xyz"));
    for (size_t len = 0; len < writer.len; len++)
        assert_false(sipa_revocation_list_decode(span_of(buffer, len), &list, &error));
    writer_u8(&writer, 0);
    assert_false(sipa_revocation_list_decode(writer_span(&writer), &list, &error));
    assert_int_equal(error.code, ERROR_TRAILING);

    writer = writer_init(buffer, sizeof buffer);
    writer_le32(&writer, 1);
    writer_le32(&writer, 20);
    writer_le16(&writer, TPM_ALG_SHA256);
    writer_le16(&writer, 3);
    writer_le32(&writer, 8);
    writer_le32(&writer, 1);
    writer_bytes(&writer, span_text("xyz"));
    assert_true(sipa_sbcp_decode(writer_span(&writer), &sbcp, &error));
    assert_int_equal(sbcp.options, 8);
    for (size_t len = 0; len < writer.len; len++)
        assert_false(sipa_sbcp_decode(span_of(buffer, len), &sbcp, &error));
    for (uint32_t offset = 0; offset < 20; offset++) { /* of the digest: inside the fixed part */
        buffer[4] = (uint8_t)offset;
        assert_false(sipa_sbcp_decode(writer_span(&writer), &sbcp, &error));
        assert_int_equal(error.code, ERROR_MALFORMED);
    }
    memset(buffer + 4, 0xFF, 4);
    assert_false(sipa_sbcp_decode(writer_span(&writer), &sbcp, &error));
    assert_int_equal(error.code, ERROR_TRUNCATED);
    assert_true(span_is(sbcp.digest, "xyz"));
    buffer[4] = 19; /* the digest would lie over the fixed part */
    assert_false(sipa_sbcp_decode(writer_span(&writer), &sbcp, &error));
}

/* One extended key usage of two bytes, and one certificate "p", "i". */
static struct span signer(void)
{
    struct writer writer = writer_init(buffer, sizeof buffer);

    writer_le32(&writer, 6);
    writer_le32(&writer, 10 + 2 + 2 + 3);
    writer_le16(&writer, 1);
    writer_le16(&writer, 2);
    writer_le16(&writer, 3);
    writer_le16(&writer, 1);
    writer_bytes(&writer, span_of("n\0", 2));
    writer_bytes(&writer, span_of("\2ab", 3));
    writer_le16(&writer, 2);
    writer_le16(&writer, 2);
    writer_le32(&writer, 0x800C);
    writer_le16(&writer, 3);
    writer_bytes(&writer, span_of("p\0i\0xyz", 7));
    return writer_span(&writer);
}

static void reads_who_signed_a_policy(void **state)
{
    struct span payload = signer(), rest;
    struct sipa_signer decoded;
    struct sipa_certificate certificate;
    struct error error;

    (void)state;
    assert_true(sipa_signer_decode(payload, &decoded, &error));
    assert_int_equal(decoded.root_id, 6);
    assert_int_equal(decoded.n_ekus, 1);
    assert_true(span_equal(decoded.policy_name, span_of("n\0", 2)));
    rest = decoded.certificates;
    assert_true(sipa_signer_next(&rest, &certificate, &error));
    assert_int_equal(rest.len, 0);
    assert_int_equal(certificate.publisher.data[0], 'p');
    assert_int_equal(certificate.issuer.data[0], 'i');
    assert_int_equal(sipa_capi_hash(certificate.capi_alg), TPM_ALG_SHA256);
    assert_true(span_is(certificate.digest, "xyz"));
    assert_false(sipa_signer_next(&rest, &certificate, &error));
    for (size_t len = 0; len < payload.len; len++)
        assert_false(sipa_signer_decode(span_of(buffer, len), &decoded, &error));
    buffer[payload.len] = 0;
    assert_false(sipa_signer_decode(span_of(buffer, payload.len + 1), &decoded, &error));
}

/* Every length and count of the fixed part, and those of key usage and certificate. */
static void lengths_of_a_signer_may_not_lie(void **state)
{
    static const size_t fields[] = {4, 8, 10, 12, 14, 18, 21, 23, 29};
    struct sipa_signer decoded;
    struct error error;

    (void)state;
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        for (int by = -1; by <= 1; by += 2) {
            struct span payload = signer();

            buffer[fields[i]] = (uint8_t)(buffer[fields[i]] + by);
            assert_false(sipa_signer_decode(payload, &decoded, &error));
        }
}

static void reads_keys_and_signatures(void **state)
{
    struct writer writer = writer_init(buffer, sizeof buffer);
    struct sipa_vsm_key key;
    struct sipa_signature signature;
    struct error error;

    (void)state;
    writer_le32(&writer, 1);
    writer_le32(&writer, 2048);
    writer_le32(&writer, 3);
    writer_le32(&writer, 2);
    writer_bytes(&writer, span_text("expmo"));
    assert_true(sipa_vsm_key_decode(writer_span(&writer), &key, &error));
    assert_int_equal(key.bits, 2048);
    assert_true(span_is(key.exponent, "exp"));
    assert_true(span_is(key.modulus, "mo"));
    for (size_t len = 0; len < writer.len; len++)
        assert_false(sipa_vsm_key_decode(span_of(buffer, len), &key, &error));
    buffer[8] = 4;
    assert_false(sipa_vsm_key_decode(writer_span(&writer), &key, &error));
    buffer[8] = 2;
    assert_false(sipa_vsm_key_decode(writer_span(&writer), &key, &error));
    assert_int_equal(error.code, ERROR_TRAILING);

    writer = writer_init(buffer, sizeof buffer);
    writer_le32(&writer, 0x2400);
    writer_le32(&writer, 3);
    writer_bytes(&writer, span_text("sig"));
    assert_true(sipa_signature_decode(writer_span(&writer), &signature, &error));
    assert_int_equal(signature.alg, 0x2400);
    assert_true(span_is(signature.signature, "sig"));
    for (size_t len = 0; len < writer.len; len++)
        assert_false(sipa_signature_decode(span_of(buffer, len), &signature, &error));
    buffer[4] = 2;
    assert_false(sipa_signature_decode(writer_span(&writer), &signature, &error));
}

static void write_record(struct writer *writer, uint32_t id, const void *payload, size_t len)
{
    writer_le32(writer, id);
    writer_le32(writer, (uint32_t)len);
    writer_bytes(writer, span_of(payload, len));
}

static const char DIGEST[64];

static struct span image(void)
{
    struct writer writer = writer_init(buffer, sizeof buffer);

    write_record(&writer, SIPA_FILEPATH, "a\0", 2);
    write_record(&writer, SIPA_IMAGESIZE, DIGEST, 8);
    write_record(&writer, SIPA_HASHALGORITHMID, "\x0C\x80\0\0", 4);
    write_record(&writer, SIPA_AUTHENTICODEHASH, DIGEST, 32);
    write_record(&writer, SIPA_IMAGEVALIDATED, "\1", 1);
    write_record(&writer, SIPA_AUTHORITYISSUER, "i\0", 2);
    write_record(&writer, SIPA_AUTHORITYPUBLISHER, "p\0", 2);
    write_record(&writer, SIPA_AUTHORITYSERIAL, "s", 1);
    write_record(&writer, SIPA_AUTHORITYSHA1THUMBPRINT, DIGEST, 20);
    write_record(&writer, SIPA_MODULE_SVN, "\2\0\0\0", 4);
    write_record(&writer, SIPA_WINPE, "\1", 1);
    return writer_span(&writer);
}

static void reads_what_is_said_of_an_image(void **state)
{
    struct span payload = image();
    struct sipa_module module;
    struct error error;
    size_t n_whole = 0;

    (void)state;
    assert_true(sipa_module_decode(payload, &module, &error));
    assert_int_equal(module.alg, TPM_ALG_SHA256);
    assert_int_equal(module.digest.len, 32);
    assert_int_equal(module.path.data[0], 'a');
    assert_int_equal(module.issuer.data[0], 'i');
    assert_int_equal(module.publisher.data[0], 'p');
    assert_true(span_is(module.serial, "s"));
    assert_int_equal(module.thumbprint.len, 20);
    assert_true(module.states_validated && module.validated);
    assert_true(module.states_svn);
    assert_int_equal(module.svn, 2);
    assert_int_equal(module.n_unknown, 1);
    /* A cut between two records leaves an image; without its digest there is none. */
    for (size_t len = 0; len < payload.len; len++)
        n_whole += sipa_module_decode(span_of(buffer, len), &module, &error);
    assert_int_equal(n_whole, 7);
}

static void an_image_has_one_digest_of_its_hash(void **state)
{
    static const struct {
        uint32_t capi; /* 0: not stated */
        size_t len;
        bool good;
        uint16_t alg;
    } CASES[] = {
        {0, 20, true, TPM_ALG_SHA1},
        {0, 32, true, TPM_ALG_SHA256},
        {0, 48, true, TPM_ALG_SHA384},
        {0, 64, true, TPM_ALG_SHA512},
        {0, 0, false, 0},
        {0, 65, false, 0},
        {0x8004, 20, true, TPM_ALG_SHA1},
        {0x8004, 32, false, 0},
        {0x800D, 48, true, TPM_ALG_SHA384},
        {0x800E, 64, true, TPM_ALG_SHA512},
        {0x9999, 32, true, 0},
    };
    static const uint8_t zeros[80];

    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct writer writer = writer_init(buffer, sizeof buffer);
        struct sipa_module module;
        struct error error;

        write_record(&writer, SIPA_AUTHENTICODEHASH, zeros, CASES[i].len);
        if (CASES[i].capi) {
            writer_le32(&writer, SIPA_HASHALGORITHMID);
            writer_le32(&writer, 4);
            writer_le32(&writer, CASES[i].capi);
        }
        assert_int_equal(sipa_module_decode(writer_span(&writer), &module, &error), CASES[i].good);
        if (CASES[i].good)
            assert_int_equal(module.alg, CASES[i].alg);
    }
}

static void an_image_says_nothing_twice_and_numbers_fit(void **state)
{
    static const struct {
        uint32_t id;
        size_t len;
    } CASES[] = {
        {SIPA_AUTHENTICODEHASH, 32}, {SIPA_IMAGEVALIDATED, 1},  {SIPA_IMAGEVALIDATED, 2},
        {SIPA_MODULE_SVN, 1},        {SIPA_HASHALGORITHMID, 8},
    };

    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct writer writer = writer_init(buffer, sizeof buffer);
        struct sipa_module module;
        struct error error;

        write_record(&writer, SIPA_AUTHENTICODEHASH, DIGEST, 32);
        write_record(&writer, SIPA_IMAGEVALIDATED, DIGEST, 1);
        assert_true(sipa_module_decode(writer_span(&writer), &module, &error));
        assert_true(module.states_validated && !module.validated);
        write_record(&writer, CASES[i].id, DIGEST, CASES[i].len);
        assert_false(sipa_module_decode(writer_span(&writer), &module, &error));
        assert_int_equal(error.code, ERROR_MALFORMED);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_policies_and_lists),
        cmocka_unit_test(reads_who_signed_a_policy),
        cmocka_unit_test(lengths_of_a_signer_may_not_lie),
        cmocka_unit_test(reads_keys_and_signatures),
        cmocka_unit_test(reads_what_is_said_of_an_image),
        cmocka_unit_test(an_image_has_one_digest_of_its_hash),
        cmocka_unit_test(an_image_says_nothing_twice_and_numbers_fit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
