/* Claims from the IMA list: good, bad and absent, and each way to forge them. */
#include "boot.h"

#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "support/ima_builder.h"
#include "support/soft_certificate.h"
#include "support/soft_key.h"

static struct ima_builder list;
static struct ima_certificates *certificates;
static struct soft_key key;
static uint8_t signature[9 + 256];

/* A host that booted with Secure Boot, and an empty list. */
static void begin(struct boot *boot)
{
    boot_begin(boot);
    boot_firmware(boot, true);
    boot_linux(boot, "/vmlinuz");
    ima_builder_begin(&list, boot->crypto);
}

static void collect(struct boot *boot)
{
    boot->input.ima = ima_builder_span(&list);
    boot->input.ima_attested = true;
    boot_collect(boot);
}

/* What IMA computes when it starts: over PCR 0 to n, in a bank that the log carries. */
static struct crypto_digest aggregate(struct boot *boot, size_t n_pcrs)
{
    struct crypto_digest digest;
    struct span pcrs[10];

    boot->input.ima = span_of(NULL, 0);
    boot_collect(boot);
    for (size_t i = 0; i < n_pcrs; i++)
        pcrs[i] = span_of(boot->measured.replay.pcrs[i], boot->measured.replay.digest_len);
    crypto_hash(boot->crypto, boot->measured.bank, pcrs, n_pcrs, &digest);
    return digest;
}

static void add_boot(struct boot *boot)
{
    struct crypto_digest digest = aggregate(boot, 10);

    ima_builder_digest(&list, "sha256", crypto_digest_span(&digest));
    ima_builder_name(&list, "boot_aggregate");
    ima_builder_entry(&list, "ima-ng");
}

/* The same in another algorithm or over another digest. */
static void add_boot_as(const char *alg, struct span digest)
{
    ima_builder_digest(&list, alg, digest);
    ima_builder_name(&list, "boot_aggregate");
    ima_builder_entry(&list, "ima-ng");
}

static void the_list_is_bound_to_the_boot(void **state)
{
    struct boot *boot = *state;
    struct crypto_digest digest;

    for (size_t n_pcrs = 8; n_pcrs <= 10; n_pcrs++) {
        begin(boot);
        digest = aggregate(boot, n_pcrs);
        add_boot_as("sha256", crypto_digest_span(&digest));
        collect(boot);
        /* Over PCR 0-8 no kernel ever made it. */
        boot_assert(boot, CLAIM_IMA_BOOT_AGGREGATE, n_pcrs == 9 ? "false" : "true");
        assert_int_equal(boot_has(boot, REASON_IMA_BOOT_AGGREGATE), n_pcrs == 9);
        assert_int_equal(boot->claims.claims[CLAIM_IMA_BOOT_AGGREGATE].grade, CLAIM_ATTESTED);
    }
    boot->input.attested_pcrs = 0x4FF; /* nobody vouches for PCR 8 and 9 */
    boot_collect(boot);
    assert_int_equal(boot->claims.claims[CLAIM_IMA_BOOT_AGGREGATE].grade, CLAIM_REPORTED);
}

static void another_boots_list_is_seen(void **state)
{
    static const uint8_t ZEROS[32];
    struct boot *boot = *state;

    begin(boot);
    add_boot(boot);
    list.bytes[list.len - 20] ^= 1; /* in the digest */
    collect(boot);
    boot_assert(boot, CLAIM_IMA_BOOT_AGGREGATE, "false");
    assert_true(boot_has(boot, REASON_IMA_BOOT_AGGREGATE));

    begin(boot); /* as a kernel writes it that found no TPM */
    add_boot_as("sha256", span_of(ZEROS, sizeof ZEROS));
    collect(boot);
    boot_assert(boot, CLAIM_IMA_BOOT_AGGREGATE, "false");

    begin(boot); /* somebody took it away */
    ima_builder_file(&list, "/init", "init", span_of(NULL, 0));
    collect(boot);
    boot_assert(boot, CLAIM_IMA_BOOT_AGGREGATE, "false");

    begin(boot); /* in a bank that the log does not carry */
    add_boot_as("sha384", span_of("012345678901234567890123456789012345678901234567", 48));
    collect(boot);
    boot_assert(boot, CLAIM_IMA_BOOT_AGGREGATE, "unknown");
    assert_false(boot_has(boot, REASON_IMA_BOOT_AGGREGATE));

    begin(boot);
    add_boot_as("future", span_of("x", 1));
    collect(boot);
    boot_assert(boot, CLAIM_IMA_BOOT_AGGREGATE, "unknown");
}

/* The quote is over SHA-256, the kernel old: it made the digest in the bank of SHA-1. */
static void the_boot_is_recomputed_in_the_bank_of_the_digest(void **state)
{
    static const uint16_t algs[] = {TPM_ALG_SHA1, TPM_ALG_SHA256, 0};
    struct boot *boot = *state;
    struct replay replay;
    struct span pcrs[8];
    struct crypto_digest digest;
    struct error error;

    for (int good = 0; good < 2; good++) {
        begin(boot);
        log_builder_agile(&boot->log, boot->crypto, algs);
        boot_firmware(boot, true);
        assert_true(replay_eventlog(boot->crypto, log_builder_span(&boot->log), TPM_ALG_SHA1,
                                    &replay, &error));
        for (size_t i = 0; i < 8; i++)
            pcrs[i] = span_of(replay.banks[0].pcrs[i], 20);
        crypto_hash(boot->crypto, TPM_ALG_SHA1, pcrs, 8, &digest);
        digest.bytes[0] ^= !good;
        add_boot_as("sha1", crypto_digest_span(&digest));
        collect(boot);
        boot_assert(boot, CLAIM_IMA_BOOT_AGGREGATE, good ? "true" : "false");
    }
}

static void kexec_is_seen(void **state)
{
    struct boot *boot = *state;

    begin(boot);
    add_boot(boot);
    ima_builder_file(&list, "/init", "init", span_of(NULL, 0));
    collect(boot);
    assert_false(boot_has(boot, REASON_IMA_KEXEC));
    add_boot(boot);
    collect(boot);
    assert_true(boot_has(boot, REASON_IMA_KEXEC));
    boot_assert(boot, CLAIM_IMA_BOOT_AGGREGATE, "true");
}

static void add_violation(struct span digest, const char *name)
{
    ima_builder_digest(&list, "sha256", digest);
    ima_builder_name(&list, name);
    ima_builder_field(&list, span_of(NULL, 0));
    ima_builder_violation(&list, "ima-sig");
}

static void violations_name_what_they_say(void **state)
{
    static const uint8_t ZEROS[32];
    struct boot *boot = *state;

    begin(boot);
    add_boot(boot);
    collect(boot);
    boot_assert(boot, CLAIM_IMA_VIOLATIONS, "false");
    assert_false(boot_has(boot, REASON_IMA_VIOLATION));
    add_violation(span_of(ZEROS, 32), "/var/log/\x1b[2J");
    collect(boot);
    boot_assert(boot, CLAIM_IMA_VIOLATIONS, "true");
    assert_true(boot_has(boot, REASON_IMA_VIOLATION));
    assert_string_equal(boot->reasons.items[boot->reasons.n_items - 1].found,
                        "1 violations; entry 1 says /var/log/\\x1b[2J");
    assert_false(boot_has(boot, REASON_IMA_VIOLATION_ALTERED));
}

/* The TPM was extended with ones for it, whatever its fields say: they prove nothing. */
static void nothing_that_a_violation_says_is_believed(void **state)
{
    static const uint8_t DER[] = {0x30, 0x82, 0, 1, 'x'};
    struct boot *boot = *state;
    struct crypto_digest digest;

    begin(boot);
    add_boot(boot);
    crypto_hash_span(boot->crypto, TPM_ALG_SHA256, span_text("a policy"), &digest);
    add_violation(crypto_digest_span(&digest), "/etc/ima/ima-policy");
    ima_builder_digest(&list, "sha256", crypto_digest_span(&digest));
    ima_builder_name(&list, ".ima");
    ima_builder_field(&list, span_of(DER, sizeof DER));
    ima_builder_violation(&list, "ima-buf");
    collect(boot);
    boot_assert(boot, CLAIM_IMA_POLICIES, "unknown");
    boot_assert(boot, CLAIM_IMA_KEYS, "unknown");
    assert_true(boot_has(boot, REASON_IMA_VIOLATION_ALTERED));

    begin(boot); /* nor is it the boot's */
    digest = aggregate(boot, 10);
    ima_builder_digest(&list, "sha256", crypto_digest_span(&digest));
    ima_builder_name(&list, "boot_aggregate");
    ima_builder_violation(&list, "ima-ng");
    collect(boot);
    boot_assert(boot, CLAIM_IMA_BOOT_AGGREGATE, "unknown");
    assert_true(boot_has(boot, REASON_IMA_VIOLATION_ALTERED));
}

static void policies_are_listed_by_digest(void **state)
{
    struct boot *boot = *state;
    const struct claim *claim = &boot->claims.claims[CLAIM_IMA_POLICIES];

    begin(boot);
    add_boot(boot);
    ima_builder_file(&list, "/home/eve/ima-policy", "x", span_of(NULL, 0));
    ima_builder_file(&list, "/etc/ima/ima-policy.bak", "x", span_of(NULL, 0));
    collect(boot);
    boot_assert(boot, CLAIM_IMA_POLICIES, "unknown");
    ima_builder_file(&list, "/etc/ima/ima-policy", "measure func=BPRM_CHECK", span_of(NULL, 0));
    ima_builder_file(&list, "/sysroot/etc/sysconfig/ima-policy", "measure", span_of(NULL, 0));
    collect(boot);
    boot_assert(boot, CLAIM_IMA_POLICIES, "2");
    assert_string_equal(claim->items[0].label, "/etc/ima/ima-policy");
    assert_int_equal(claim->items[0].alg, TPM_ALG_SHA256);
    assert_int_equal(claim->items[0].pcr, 10);
    assert_int_equal(claim->grade, CLAIM_ATTESTED);
    boot->input.ima_attested = false;
    boot_collect(boot);
    assert_int_equal(claim->grade, CLAIM_REPORTED);
}

static void keys_are_listed_with_their_keyring(void **state)
{
    static const uint8_t DER[] = {0x30, 0x82, 0, 1, 'x'};
    struct boot *boot = *state;
    const struct claim *claim = &boot->claims.claims[CLAIM_IMA_KEYS];

    begin(boot);
    add_boot(boot);
    ima_builder_buffer(&list, "kexec-cmdline", span_text("root=/dev/sda"));
    ima_builder_buffer(&list, "kernel_version", span_text("6.1.0"));
    ima_builder_buffer(&list, "_ima", span_of(DER, sizeof DER - 1)); /* its length lies */
    collect(boot);
    boot_assert(boot, CLAIM_IMA_KEYS, "unknown");
    ima_builder_buffer(&list, "_ima", span_of(DER, sizeof DER));
    ima_builder_buffer(&list, ".blacklist", span_text("not DER"));
    collect(boot);
    boot_assert(boot, CLAIM_IMA_KEYS, "2");
    assert_int_equal(claim->items[0].kind, CLAIM_ITEM_CERTIFICATE);
    assert_string_equal(claim->items[0].label, "_ima");
    assert_int_equal(claim->items[1].kind, CLAIM_ITEM_DIGEST);
}

/* The number of the PCR is no part of what was measured. */
static void entries_of_another_pcr_say_nothing(void **state)
{
    struct boot *boot = *state;

    begin(boot);
    add_boot(boot);
    list.pcr = 11;
    ima_builder_file(&list, "/etc/ima/ima-policy", "measure", span_of(NULL, 0));
    add_violation(span_of("", 0), "/x");
    collect(boot);
    boot_assert(boot, CLAIM_IMA_POLICIES, "unknown");
    boot_assert(boot, CLAIM_IMA_VIOLATIONS, "false");
}

static void what_cannot_be_read_leaves_the_rest_unknown(void **state)
{
    struct boot *boot = *state;

    begin(boot);
    add_boot(boot);
    ima_builder_file(&list, "/etc/ima/ima-policy", "measure", span_of(NULL, 0));
    ima_builder_field(&list, span_text("?"));
    ima_builder_entry(&list, "d-future|n-ng");
    boot->input.ima_certificates = certificates;
    collect(boot);
    boot_assert(boot, CLAIM_IMA_POLICIES, "unknown");
    boot_assert(boot, CLAIM_IMA_UNSIGNED, "unknown");
    boot_assert(boot, CLAIM_IMA_BOOT_AGGREGATE, "true");
    boot_assert(boot, CLAIM_IMA_VIOLATIONS, "false");
    assert_true(boot_has(boot, REASON_IMA_TEMPLATE_UNKNOWN));
    assert_false(boot_has(boot, REASON_IMA_MALFORMED));

    begin(boot); /* fields that no kernel writes: somebody else extended the PCR with them */
    add_boot(boot);
    ima_builder_digest(&list, "sha256", span_text("short"));
    ima_builder_name(&list, "/bin/sh");
    ima_builder_entry(&list, "ima-ng");
    collect(boot);
    assert_true(boot_has(boot, REASON_IMA_MALFORMED));
    boot->input.ima.len--; /* and one that cannot be framed */
    boot_collect(boot);
    for (int id = CLAIM_IMA_VIOLATIONS; id <= CLAIM_IMA_KEYS; id++)
        boot_assert(boot, (enum claim_id)id, "unknown");
}

/* A signature of version 2 by the operator's key over the SHA-256 of the contents. */
static struct span sign(struct boot *boot, const char *contents, uint32_t id)
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, key.pkey, NULL);
    struct crypto_digest digest;
    size_t len = 256;

    crypto_hash_span(boot->crypto, TPM_ALG_SHA256, span_text(contents), &digest);
    memcpy(signature, (uint8_t[]){3, 2, 4, 0, 0, 0, 0, 1, 0}, 9);
    for (int i = 0; i < 4; i++)
        signature[3 + i] = (uint8_t)(id >> (24 - 8 * i));
    assert_true(EVP_PKEY_sign_init(context) == 1 &&
                EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) == 1 &&
                EVP_PKEY_CTX_set_signature_md(context, EVP_sha256()) == 1 &&
                EVP_PKEY_sign(context, signature + 9, &len, digest.bytes, digest.len) == 1);
    EVP_PKEY_CTX_free(context);
    return span_of(signature, 9 + len);
}

static uint32_t key_id;

static void signatures_are_checked_with_certificates_only(void **state)
{
    struct boot *boot = *state;

    begin(boot);
    add_boot(boot);
    ima_builder_file(&list, "/bin/a", "a", sign(boot, "a", key_id));
    collect(boot);
    boot_assert(boot, CLAIM_IMA_SIGNATURES, "unknown");
    boot_assert(boot, CLAIM_IMA_UNSIGNED, "unknown");
    boot->input.ima_certificates = certificates;
    boot_collect(boot);
    boot_assert(boot, CLAIM_IMA_SIGNATURES, "true");
    boot_assert(boot, CLAIM_IMA_UNSIGNED, "0");
    ima_builder_file(&list, "/bin/b\n", "b", span_of(NULL, 0));
    collect(boot);
    boot_assert(boot, CLAIM_IMA_SIGNATURES, "true");
    boot_assert(boot, CLAIM_IMA_UNSIGNED, "1");
    assert_true(span_is(boot->claims.claims[CLAIM_IMA_UNSIGNED].items[0].bytes, "/bin/b\\x0a"));
    assert_int_equal(boot->claims.claims[CLAIM_IMA_UNSIGNED].grade, CLAIM_ATTESTED);
    assert_int_equal(boot->claims.claims[CLAIM_IMA_SIGNATURES].grade, CLAIM_ATTESTED);
}

static void signatures_that_do_not_hold_are_told_apart(void **state)
{
    struct boot *boot = *state;
    struct span bytes;

    begin(boot);
    boot->input.ima_certificates = certificates;
    add_boot(boot);
    collect(boot);
    boot_assert(boot, CLAIM_IMA_SIGNATURES, "unknown"); /* none: nothing to hold */
    boot_assert(boot, CLAIM_IMA_UNSIGNED, "0");

    ima_builder_file(&list, "/bin/a", "tampered", sign(boot, "a", key_id));
    collect(boot);
    boot_assert(boot, CLAIM_IMA_SIGNATURES, "false");
    boot_assert(boot, CLAIM_IMA_UNSIGNED, "1");
    assert_true(boot_has(boot, REASON_IMA_SIGNATURE_INVALID));

    begin(boot); /* by a key that nobody gave */
    boot->input.ima_certificates = certificates;
    add_boot(boot);
    ima_builder_file(&list, "/bin/a", "a", sign(boot, "a", ~key_id));
    collect(boot);
    boot_assert(boot, CLAIM_IMA_SIGNATURES, "false");
    assert_false(boot_has(boot, REASON_IMA_SIGNATURE_INVALID));

    begin(boot); /* of metadata, which is not in the list */
    boot->input.ima_certificates = certificates;
    add_boot(boot);
    bytes = sign(boot, "a", key_id);
    signature[0] = 5;
    ima_builder_file(&list, "/bin/a", "a", bytes);
    collect(boot);
    boot_assert(boot, CLAIM_IMA_SIGNATURES, "unknown");
    boot_assert(boot, CLAIM_IMA_UNSIGNED, "1");
}

static void a_list_that_would_be_shortened_is_none(void **state)
{
    struct boot *boot = *state;

    begin(boot);
    boot->input.ima_certificates = certificates;
    add_boot(boot);
    for (int i = 0; i <= LIMIT_CLAIM_ITEMS; i++) {
        if (i == LIMIT_CLAIM_ITEMS) {
            collect(boot);
            boot_assert(boot, CLAIM_IMA_UNSIGNED, "16384");
        }
        ima_builder_file(&list, "/a", "a", span_of(NULL, 0));
    }
    ima_builder_file(&list, "/a", "a", span_of(NULL, 0)); /* and one after the last straw */
    collect(boot);
    boot_assert(boot, CLAIM_IMA_UNSIGNED, "unknown");
}

static void a_list_in_a_full_arena_is_an_error(void **state)
{
    static const uint8_t ZEROS[32], DER[] = {0x30, 0x82, 0, 1, 'x'};
    struct boot *boot = *state;

    begin(boot);
    add_boot(boot);
    ima_builder_file(&list, "/etc/ima/ima-policy", "measure func=BPRM_CHECK", span_of(NULL, 0));
    ima_builder_buffer(&list, "_ima", span_of(DER, sizeof DER));
    add_violation(span_of(ZEROS, 32), "/var/log");
    collect(boot);
    boot_collect_in_every_arena(boot);
    boot_assert(boot, CLAIM_IMA_KEYS, "1");
}

static int make_certificates(void **state)
{
    struct crypto *crypto = crypto_new(NULL);
    uint8_t der[4096];
    X509 *x509;
    const ASN1_BIT_STRING *bits;
    struct crypto_digest digest;
    struct error error;

    (void)state;
    soft_key_rsa(&key, 2048);
    x509 = soft_certificate_make(&(struct soft_certificate){
        .subject = "Operator", .key = key.pkey, .issuer_key = key.pkey, .no_tpm_name = true});
    bits = X509_get0_pubkey_bitstr(x509);
    crypto_hash_span(crypto, TPM_ALG_SHA1, span_of(bits->data, (size_t)bits->length), &digest);
    for (int i = 16; i < 20; i++)
        key_id = key_id << 8 | digest.bytes[i];
    if (!ima_certificates_new(crypto, soft_certificate_der(x509, der, sizeof der), &certificates,
                              &error))
        return -1;
    X509_free(x509);
    crypto_free(crypto);
    return 0;
}

static int free_certificates(void **state)
{
    (void)state;
    ima_certificates_free(certificates);
    soft_key_done(&key);
    return 0;
}

int main(void)
{
#define IMA_TEST(name) cmocka_unit_test_setup_teardown(name, boot_setup, boot_teardown)
    const struct CMUnitTest tests[] = {
        IMA_TEST(the_list_is_bound_to_the_boot),
        IMA_TEST(another_boots_list_is_seen),
        IMA_TEST(the_boot_is_recomputed_in_the_bank_of_the_digest),
        IMA_TEST(kexec_is_seen),
        IMA_TEST(violations_name_what_they_say),
        IMA_TEST(nothing_that_a_violation_says_is_believed),
        IMA_TEST(policies_are_listed_by_digest),
        IMA_TEST(keys_are_listed_with_their_keyring),
        IMA_TEST(entries_of_another_pcr_say_nothing),
        IMA_TEST(what_cannot_be_read_leaves_the_rest_unknown),
        IMA_TEST(signatures_are_checked_with_certificates_only),
        IMA_TEST(signatures_that_do_not_hold_are_told_apart),
        IMA_TEST(a_list_that_would_be_shortened_is_none),
        IMA_TEST(a_list_in_a_full_arena_is_an_error),
    };

    return cmocka_run_group_tests(tests, make_certificates, free_certificates);
}
