/* What the IMA list says under a quote that proves it: whose boot it is, kexec, signed files. */
#include "appraise_fixture.h"
#include "support/ima_builder.h"
#include "support/log_builder.h"
#include "support/soft_certificate.h"
#include "wire/event_type.h"
#include "wire/ima.h"

#include <openssl/rsa.h>

static struct ima_builder list;
static struct soft_key key;
static struct ima_certificates *certificates;

/* Begins the host's list with the first entry of the fixture's: boot_aggregate of that boot. */
static void begin(struct fixture *fixture)
{
    struct ima_list entries;
    struct ima_entry entry;
    size_t len;

    ima_builder_begin(&list, fixture->host.crypto);
    assert_true(ima_list_open(&entries, fixture->host.booted_ima, &fixture->error));
    assert_int_equal(ima_list_next(&entries, &entry), IMA_ENTRY);
    len = ima_list_offset(&entries);
    memcpy(list.bytes, fixture->host.booted_ima.data, len);
    list.len = len;
}

/* The TPM measured the list, and the host sends it. */
static struct span attest(struct fixture *fixture)
{
    fixture->host.booted_ima = ima_builder_span(&list);
    soft_host_send(&fixture->host, EVIDENCE_LOG_IMA, fixture->host.booted_ima);
    return soft_host_attest(&fixture->host);
}

static void test_list_of_this_boot(void **state)
{
    struct fixture *fixture = *state;
    const struct claim *claim = &fixture->appraisal.claims.claims[CLAIM_IMA_BOOT_AGGREGATE];

    begin(fixture);
    expect_verdict(fixture, attest(fixture), VERDICT_TRUSTED, REASON_NONE);
    assert_true(claim->known && claim->is_true);
    assert_int_equal(claim->grade, CLAIM_ATTESTED);
}

/* Root can extend PCR 10 with what it likes, and send the list of that. */
static void test_list_that_does_not_begin_with_this_boot(void **state)
{
    struct fixture *fixture = *state;

    ima_builder_begin(&list, fixture->host.crypto);
    ima_builder_file(&list, "boot_aggregate", "another boot", span_of(NULL, 0));
    expect_verdict(fixture, attest(fixture), VERDICT_UNTRUSTED, REASON_IMA_BOOT_AGGREGATE);
}

/* The event log with one more event, of PCR 10. */
static struct span with_event(struct fixture *fixture, struct span data)
{
    static struct log_builder log;
    struct eventlog events;

    log = (struct log_builder){.crypto = fixture->host.crypto, .agile = true};
    assert_true(eventlog_open(&events, fixture->host.booted_tcg, &fixture->error));
    for (; log.n_algs < events.n_banks; log.n_algs++)
        log.algs[log.n_algs] = events.banks[log.n_algs].alg;
    log_builder_raw(&log, fixture->host.booted_tcg.data, fixture->host.booted_tcg.len);
    log_builder_add(&log, 10, EV_IPL, data);
    return log_builder_span(&log);
}

/* What IMA measured first is an event of the event log; behind it root has extended a list that tells
 * nothing of it. */
static void test_entries_hidden_in_the_event_log(void **state)
{
    struct fixture *fixture = *state;
    static uint8_t whole[64 * 1024];
    struct span hidden;
    struct ima_entry entry;
    struct ima_list entries;

    ima_builder_begin(&list, fixture->host.crypto);
    ima_builder_file(&list, "/bin/evil", "evil", span_of(NULL, 0));
    hidden = span_of(whole, list.len);
    memcpy(whole, list.bytes, list.len);
    assert_true(ima_list_open(&entries, hidden, &fixture->error));
    assert_int_equal(ima_list_next(&entries, &entry), IMA_ENTRY);
    begin(fixture);
    memcpy(whole + hidden.len, list.bytes, list.len);
    fixture->host.booted_ima = span_of(whole, hidden.len + list.len);
    soft_host_send(&fixture->host, EVIDENCE_LOG_TCG, with_event(fixture, entry.template_data));
    soft_host_send(&fixture->host, EVIDENCE_LOG_IMA, ima_builder_span(&list));
    expect_verdict(fixture, soft_host_attest(&fixture->host), VERDICT_UNTRUSTED,
                   REASON_QUOTE_PCR_DIGEST);
    assert_false(fixture->appraisal.logs_match);
}

static void test_kernel_started_by_kexec(void **state)
{
    struct fixture *fixture = *state;
    size_t len;

    begin(fixture);
    len = list.len;
    memcpy(list.bytes + len, list.bytes, len);
    list.len = 2 * len;
    expect_verdict(fixture, attest(fixture), VERDICT_ATTENTION, REASON_IMA_KEXEC);
}

static void test_entries_that_no_kernel_writes(void **state)
{
    struct fixture *fixture = *state;

    begin(fixture);
    ima_builder_digest(&list, "sha256", span_text("short"));
    ima_builder_name(&list, "/bin/sh");
    ima_builder_entry(&list, "ima-ng");
    expect_verdict(fixture, attest(fixture), VERDICT_UNTRUSTED, REASON_IMA_MALFORMED);
}

static struct span sign(struct fixture *fixture, const char *contents)
{
    static uint8_t signature[9 + 256];
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, key.pkey, NULL);
    struct crypto_digest digest, name;
    uint8_t *bits = NULL;
    int bits_len = i2d_PublicKey(key.pkey, &bits);
    size_t len = 256;

    crypto_hash_span(fixture->host.crypto, TPM_ALG_SHA1, span_of(bits, (size_t)bits_len), &name);
    OPENSSL_free(bits);
    memcpy(signature, (uint8_t[]){3, 2, 4, 0, 0, 0, 0, 1, 0}, 9);
    memcpy(signature + 3, name.bytes + 16, 4);
    crypto_hash_span(fixture->host.crypto, TPM_ALG_SHA256, span_text(contents), &digest);
    assert_true(EVP_PKEY_sign_init(context) == 1 &&
                EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) == 1 &&
                EVP_PKEY_CTX_set_signature_md(context, EVP_sha256()) == 1 &&
                EVP_PKEY_sign(context, signature + 9, &len, digest.bytes, digest.len) == 1);
    EVP_PKEY_CTX_free(context);
    return span_of(signature, 9 + len);
}

static void test_files_signed_by_the_operator(void **state)
{
    struct fixture *fixture = *state;
    const struct claim *claims = fixture->appraisal.claims.claims;
    struct appraise_memory without;

    begin(fixture);
    ima_builder_file(&list, "/bin/a", "a", sign(fixture, "a"));
    expect_verdict(fixture, attest(fixture), VERDICT_TRUSTED, REASON_NONE);
    assert_false(claims[CLAIM_IMA_SIGNATURES].known);
    without = fixture->appraisal.memory;
    fixture->input.ima_certificates = certificates;
    expect_verdict(fixture, soft_host_attest(&fixture->host), VERDICT_TRUSTED, REASON_NONE);
    assert_true(claims[CLAIM_IMA_SIGNATURES].is_true);
    assert_int_equal(claims[CLAIM_IMA_SIGNATURES].grade, CLAIM_ATTESTED);
    assert_int_equal(claims[CLAIM_IMA_UNSIGNED].n_items, 0);
    /* What was remembered under other certificates is nothing to rely on. */
    assert_memory_not_equal(fixture->appraisal.memory.logs_digest, without.logs_digest, 32);
    ima_builder_file(&list, "/bin/b", "tampered with", sign(fixture, "b"));
    expect_verdict(fixture, attest(fixture), VERDICT_ATTENTION, REASON_IMA_SIGNATURE_INVALID);
    assert_true(claims[CLAIM_IMA_SIGNATURES].known && !claims[CLAIM_IMA_SIGNATURES].is_true);
}

static int make_certificates(void **state)
{
    struct error error;
    struct crypto *crypto = crypto_new(&error);
    uint8_t der[4096];
    X509 *x509;
    bool made;

    (void)state;
    soft_key_rsa(&key, 2048);
    x509 = soft_certificate_make(&(struct soft_certificate){
        .subject = "Operator", .key = key.pkey, .issuer_key = key.pkey, .no_tpm_name = true});
    made = ima_certificates_new(crypto, soft_certificate_der(x509, der, sizeof der), &certificates,
                                &error);
    X509_free(x509);
    crypto_free(crypto);
    return made ? 0 : -1;
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
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(test_list_of_this_boot),
        WITH_FIXTURE(test_list_that_does_not_begin_with_this_boot),
        WITH_FIXTURE(test_entries_hidden_in_the_event_log),
        WITH_FIXTURE(test_kernel_started_by_kexec),
        WITH_FIXTURE(test_entries_that_no_kernel_writes),
        WITH_FIXTURE(test_files_signed_by_the_operator),
    };
    return cmocka_run_group_tests(tests, make_certificates, free_certificates);
}
