/* Dynamic launches on real TPMs (swtpm): the sequence at locality 4, what launched code measures at
 * locality 2, a quote over it, and the appraisal of the evidence; and hosts that never launched. */
#include "appraise/appraise.h"
#include "support/log_builder.h"
#include "support/swtpm_host.h"
#include "tpm/tpm.h"
#include "verify/binding.h"
#include "wire/event_type.h"

#include <stdlib.h>

enum { LOCALITY_SYSTEM = 0, LOCALITY_LAUNCHED = 2 };

static const uint16_t BANKS[] = {TPM_ALG_SHA256, 0};
static const uint8_t NONCE[32] = {1, 2, 3};
static struct log_builder boot_log, launch_log;
static struct appraisal appraisal;
static const char CODE[] = "code that the CPU measures and starts";

static struct crypto_digest digest_of(struct swtpm_host *host, struct span bytes)
{
    struct crypto_digest digest;

    crypto_hash_span(host->crypto, TPM_ALG_SHA256, bytes, &digest);
    return digest;
}

/* Measures into the TPM what the log says, as who runs at that locality. */
static bool measure(struct swtpm_host *host, struct log_builder *log, uint8_t locality,
                    uint32_t pcr, uint32_t type, struct span data)
{
    struct crypto_digest digest = digest_of(host, data);

    log_builder_add(log, pcr, type, data);
    return swtpm_extend_at(&host->swtpm, locality, pcr, crypto_digest_span(&digest));
}

/* From power-on to a running system. */
static void boot(struct swtpm_host *host)
{
    swtpm_restart(&host->swtpm);
    log_builder_agile(&boot_log, host->crypto, BANKS);
    log_builder_agile(&launch_log, host->crypto, BANKS);
    for (uint32_t pcr = 0; pcr <= 7; pcr++)
        assert_true(
            measure(host, &boot_log, LOCALITY_SYSTEM, pcr, EV_SEPARATOR, span_of("\0\0\0\0", 4)));
}

static void launch(struct swtpm_host *host)
{
    swtpm_launch(&host->swtpm, CODE);
    log_builder_add(&launch_log, 17, EV_TXT_SLAUNCH, span_text(CODE));
    assert_true(
        measure(host, &launch_log, LOCALITY_LAUNCHED, 17, EV_TXT_SLAUNCH, span_text("kernel")));
    assert_true(measure(host, &launch_log, LOCALITY_LAUNCHED, 18, EV_TXT_SLAUNCH,
                        span_text("command line")));
}

static void send(struct swtpm_host *host, struct evidence *evidence, enum evidence_log_kind kind,
                 struct span bytes)
{
    struct crypto_digest digest = digest_of(host, bytes);
    uint8_t *named = arena_alloc(&host->arena, digest.len);

    memcpy(named, digest.bytes, digest.len);
    evidence->logs[evidence->n_logs++] = (struct evidence_log){.kind = kind,
                                                               .sha256 = span_of(named, digest.len),
                                                               .covered_len = bytes.len,
                                                               .bytes = bytes,
                                                               .has_bytes = true};
}

static void quote(struct swtpm_host *host, struct evidence *evidence)
{
    uint8_t values[LIMIT_PCRS][LIMIT_TPM_DIGEST_LEN];
    uint8_t *sent = arena_alloc(&host->arena, sizeof values);
    struct tpm_attestation attestation;
    struct crypto_digest binding;
    struct tpm_key ak;
    struct tpm *tpm;
    size_t len = 0;

    DEMAND(host, tpm_open(host->swtpm.tcti, &tpm, &host->error));
    DEMAND(host, tpm_ak_open(tpm, TPM_KEY_ECC_P256, &host->arena, &ak, &host->error));
    DEMAND(host, evidence_binding(host->crypto, evidence, evidence->nonce, span_of(NULL, 0),
                                  span_of(NULL, 0), &binding, &host->error));
    DEMAND(host, tpm_quote(tpm, ak.handle, TPM_ALG_SHA256, APPRAISE_DEFAULT_PCRS,
                           crypto_digest_span(&binding), &host->arena, &attestation, &host->error));
    DEMAND(host, tpm_pcr_read(tpm, TPM_ALG_SHA256, APPRAISE_DEFAULT_PCRS, values, &host->error));
    for (size_t pcr = 0; pcr < LIMIT_PCRS; pcr++)
        if (APPRAISE_DEFAULT_PCRS >> pcr & 1) {
            memcpy(sent + len, values[pcr], 32);
            len += 32;
        }
    evidence->pcr_values = span_of(sent, len);
    evidence->quote = attestation.attest;
    evidence->quote_signature = attestation.signature;
    evidence->ak_public = ak.public_area;
    tpm_close(tpm);
}

static struct policy *whole_logs(struct swtpm_host *host)
{
    static const char text[] = "[policy]\nname = any\nversion = 1\n[rule log]\n"
                               "require = log.complete\nmessage = whole\naction = none\n";
    struct policy_position position;
    struct policy *policy;

    DEMAND(host, policy_compile(&(struct policy_sources){.text = span_text(text)}, &host->arena,
                                &policy, &position, &host->error));
    return policy;
}

/* What the service says of this host, with the launch log or without. */
static const struct claim *attest(struct swtpm_host *host, bool with_launch_log)
{
    struct evidence evidence = {.host_id = span_of(NONCE, sizeof NONCE),
                                .nonce = span_of(NONCE, sizeof NONCE),
                                .bank = TPM_ALG_SHA256};
    struct policy *policy = whole_logs(host);
    struct appraise_input input = {.policies = &policy, .n_policies = 1};

    send(host, &evidence, EVIDENCE_LOG_TCG, log_builder_span(&boot_log));
    if (with_launch_log)
        send(host, &evidence, EVIDENCE_LOG_DRTM, log_builder_span(&launch_log));
    quote(host, &evidence);
    DEMAND(host, evidence_encode(&evidence, &host->arena, &input.evidence, &host->error));
    DEMAND(host, appraise(host->crypto, &input, &host->arena, &appraisal, &host->error));
    return &appraisal.claims.claims[CLAIM_DRTM_LAUNCHED];
}

static void a_launch_is_attested(void **state)
{
    struct swtpm_host *host = *state;
    const struct claim *launched, *components;

    boot(host);
    launch(host);
    launched = attest(host, true);
    assert_int_equal(appraisal.verdict, VERDICT_TRUSTED);
    assert_true(launched->known && launched->is_true);
    assert_int_equal(launched->grade, CLAIM_ATTESTED);
    components = &appraisal.claims.claims[CLAIM_DRTM_COMPONENTS];
    assert_int_equal(components->n_items, 3);
    assert_int_equal(components->grade, CLAIM_ATTESTED);
    assert_true(span_equal(components->items[0].bytes, crypto_digest_span(&(struct crypto_digest[]){
                                                           digest_of(host, span_text(CODE))}[0])));
}

static void a_host_that_never_launched_is_told_apart(void **state)
{
    struct swtpm_host *host = *state;
    const struct claim *launched;

    boot(host);
    launched = attest(host, false);
    assert_int_equal(appraisal.verdict, VERDICT_TRUSTED);
    assert_true(launched->known && !launched->is_true);
    assert_int_equal(launched->grade, CLAIM_ATTESTED);
}

static void a_reset_ends_a_launch(void **state)
{
    struct swtpm_host *host = *state;
    const struct claim *launched;

    boot(host);
    launch(host);
    boot(host);
    launched = attest(host, false);
    assert_true(launched->known && !launched->is_true);
    log_builder_add(&launch_log, 17, EV_TXT_SLAUNCH, span_text(CODE)); /* of the boot before */
    attest(host, true);
    assert_int_equal(appraisal.verdict, VERDICT_UNTRUSTED);
    assert_true(reasons_have(&appraisal.reasons, REASON_QUOTE_PCR_DIGEST));
}

static void a_launch_without_its_log_is_undecided(void **state)
{
    struct swtpm_host *host = *state;

    boot(host);
    launch(host);
    assert_false(attest(host, false)->known);
    assert_int_equal(appraisal.verdict, VERDICT_UNKNOWN);
    assert_true(reasons_have(&appraisal.reasons, REASON_PCR_UNEXPLAINED));
}

/* Root has locality 0, and at worst those of a launched system; never the fourth. */
static void software_cannot_feign_a_launch(void **state)
{
    struct swtpm_host *host = *state;

    boot(host);
    assert_false(measure(host, &launch_log, LOCALITY_SYSTEM, 17, EV_TXT_SLAUNCH, span_text(CODE)));
    log_builder_agile(&launch_log, host->crypto, BANKS);
    assert_true(measure(host, &launch_log, LOCALITY_LAUNCHED, 17, EV_TXT_SLAUNCH, span_text(CODE)));
    attest(host, true);
    assert_int_equal(appraisal.verdict, VERDICT_UNTRUSTED);
    assert_true(reasons_have(&appraisal.reasons, REASON_QUOTE_PCR_DIGEST));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_launch_is_attested),
        cmocka_unit_test(a_host_that_never_launched_is_told_apart),
        cmocka_unit_test(a_reset_ends_a_launch),
        cmocka_unit_test(a_launch_without_its_log_is_undecided),
        cmocka_unit_test(software_cannot_feign_a_launch),
    };

    return cmocka_run_group_tests(tests, swtpm_host_setup, swtpm_host_teardown);
}
