/* One piece of evidence in process: in full, as after a boot, and the steady way, as every few
 * minutes after that. Both through the functions that the service's workers call.
 *
 * The reference is the leanest code for the same facts: frame the log, hash each event's data and
 * compare, extend, digest the PCRs, and check the signature with a key made ready before. It leaves
 * out what the values do besides: the claims and the policy in all of "full", and in "full.offline"
 * the log's own digest, to which the quote is bound. The service takes that one too, where it keeps
 * the log: once, outside of what is measured here. */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "measure.h"
#include "policy/learn.h"
#include "support/log_builder.h"
#include "support/soft_host.h"
#include "wire/event_type.h"

#include <openssl/ec.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>

enum { N_EVENTS = 117, LOG_LEN = 45300, PCRS_0_TO_14 = 0x7FFF, N_PCRS = 15, DIGEST_LEN = 32 };

struct lean {
    struct span log, quote, signature; /* the signature as OpenSSL wants it */
    uint8_t der[160];
    uint8_t pcr_digest[DIGEST_LEN];
    EVP_PKEY_CTX *verify;
    int n_covered;
};

struct bench {
    struct soft_host host;
    struct log_builder log;
    struct arena arena;
    struct crypto_key *ak;
    struct policy *policy;
    struct span full, steady; /* evidence */
    struct appraise_input input;
    struct appraise_memory memory;
    struct appraisal appraisal;
    struct lean lean;
};

/* --- the evidence: a real boot in three banks, grown to the size of a large one --- */

/* The dbx of the small host with so many more digests that the log gets its length. */
static void add_dbx(struct log_builder *log, const struct eventlog_event *event, size_t n_more)
{
    enum { VARIABLE_LEN_AT = 24, LIST_AT = 32 + 2 * 3, LIST_LEN_AT = LIST_AT + 16, ENTRY_LEN = 48 };
    uint8_t data[LOG_LEN];
    size_t len = event->data.len;

    memcpy(data, event->data.data, len);
    for (size_t i = 0; i < n_more; i++, len += ENTRY_LEN) {
        memcpy(data + len, data + event->data.len - ENTRY_LEN, ENTRY_LEN);
        memcpy(data + len + 16, &i, sizeof i);
    }
    data[VARIABLE_LEN_AT] = (uint8_t)(len - LIST_AT);
    data[VARIABLE_LEN_AT + 1] = (uint8_t)((len - LIST_AT) >> 8);
    data[LIST_LEN_AT] = (uint8_t)(len - LIST_AT);
    data[LIST_LEN_AT + 1] = (uint8_t)((len - LIST_AT) >> 8);
    log_builder_add(log, event->pcr, event->type, span_of(data, len));
}

static void add_grub_commands(struct log_builder *log, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        char text[96];
        size_t len = (size_t)snprintf(text, sizeof text, "grub_cmd: menuentry_%03zu --class gnu",
                                      i);

        log_builder_add_measured(log, 8, EV_IPL, span_of(text + 10, len - 10),
                                 span_of(text, len + 1));
    }
}

/* One pass over the small log; n_digests more in dbx. Returns the length of what was built. */
static size_t build_log(struct bench *bench, struct span small, size_t n_digests)
{
    struct log_builder *log = &bench->log;
    struct eventlog source;
    struct eventlog_event event;
    struct error error;
    size_t n_events = 0;
    bool grown = false;

    memset(log, 0, sizeof *log);
    log->crypto = bench->host.crypto;
    log->agile = true;
    log->n_algs = 3;
    memcpy(log->algs, (uint16_t[]){TPM_ALG_SHA1, TPM_ALG_SHA256, TPM_ALG_SHA384},
           3 * sizeof *log->algs);
    measure_demand(eventlog_open(&source, small, &error), "the fixture is no log");
    while (eventlog_next(&source, &event) == EVENTLOG_EVENT)
        n_events++;
    measure_demand(eventlog_open(&source, small, &error), "the fixture is no log");
    while (eventlog_next(&source, &event) == EVENTLOG_EVENT) {
        size_t end = event.data_offset + event.data.len;
        bool is_dbx = event.type == EV_EFI_VARIABLE_DRIVER_CONFIG && event.data.len > 38 &&
                      memcmp(event.data.data + 32, "d\0b\0x\0", 6) == 0;

        if (is_dbx)
            add_dbx(log, &event, n_digests);
        else
            log_builder_raw(log, small.data + event.offset, end - event.offset);
        if (event.pcr == 8 && !grown) {
            add_grub_commands(log, N_EVENTS - n_events);
            grown = true;
        }
    }
    return log->len;
}

static void make_log(struct bench *bench)
{
    struct span small = soft_host_fixture(&bench->host, "secure-boot-3-banks", "eventlog.bin");
    size_t n_digests = (LOG_LEN - build_log(bench, small, 0)) / 48;

    build_log(bench, small, n_digests);
    bench->host.booted_tcg = log_builder_span(&bench->log);
    soft_host_send(&bench->host, EVIDENCE_LOG_TCG, bench->host.booted_tcg);
}

/* --- the lean reference --- */

static uint16_t le16(const uint8_t *bytes)
{
    return (uint16_t)(bytes[0] | bytes[1] << 8);
}

static uint32_t le32(const uint8_t *bytes)
{
    return le16(bytes) | (uint32_t)le16(bytes + 2) << 16;
}

static void sha256(const void *a, size_t a_len, const void *b, size_t b_len, uint8_t *digest)
{
    SHA256_CTX context;

    SHA256_Init(&context);
    SHA256_Update(&context, a, a_len);
    if (b_len)
        SHA256_Update(&context, b, b_len);
    SHA256_Final(digest, &context);
}

static bool lean_verify(const struct lean *lean)
{
    uint8_t digest[DIGEST_LEN];

    sha256(lean->quote.data, lean->quote.len, NULL, 0, digest);
    return EVP_PKEY_verify(lean->verify, lean->signature.data, lean->signature.len, digest,
                           sizeof digest) == 1;
}

static void lean_full(void *context)
{
    struct lean *lean = &((struct bench *)context)->lean;
    const uint8_t *at = lean->log.data, *end = at + lean->log.len;
    uint8_t pcrs[24][DIGEST_LEN] = {{0}}, digest[DIGEST_LEN];
    int n_covered = 0;

    at += 32 + le32(at + 28); /* the header event */
    while (at < end) {
        uint32_t pcr = le32(at), type = le32(at + 4), n_digests = le32(at + 8), data_len;
        const uint8_t *measured = NULL;

        at += 12;
        for (uint32_t i = 0; i < n_digests; i++) {
            uint16_t alg = le16(at);

            if (alg == TPM_ALG_SHA256)
                measured = at + 2;
            at += 2 + (alg == TPM_ALG_SHA1 ? 20 : alg == TPM_ALG_SHA256 ? 32 : 48);
        }
        data_len = le32(at);
        at += 4 + data_len;
        if (type == EV_NO_ACTION)
            continue;
        sha256(at - data_len, data_len, NULL, 0, digest);
        n_covered += memcmp(digest, measured, DIGEST_LEN) == 0;
        sha256(pcrs[pcr], DIGEST_LEN, measured, DIGEST_LEN, pcrs[pcr]);
    }
    sha256(pcrs, N_PCRS * sizeof *pcrs, NULL, 0, digest);
    lean->n_covered = n_covered;
    measure_demand(memcmp(digest, lean->pcr_digest, DIGEST_LEN) == 0 && lean_verify(lean),
                   "the reference does not hold");
}

static void lean_steady(void *context)
{
    measure_demand(lean_verify(&((struct bench *)context)->lean), "the reference does not hold");
}

static struct span der_of(struct lean *lean, const struct tpm_signature *signature)
{
    ECDSA_SIG *ecdsa = ECDSA_SIG_new();
    uint8_t *at = lean->der;

    ECDSA_SIG_set0(ecdsa, BN_bin2bn(signature->ecdsa_r.data, (int)signature->ecdsa_r.len, NULL),
                   BN_bin2bn(signature->ecdsa_s.data, (int)signature->ecdsa_s.len, NULL));
    int len = i2d_ECDSA_SIG(ecdsa, &at);
    ECDSA_SIG_free(ecdsa);
    return span_of(lean->der, (size_t)len);
}

static void prepare_lean(struct bench *bench)
{
    struct lean *lean = &bench->lean;
    const struct evidence *evidence = &bench->host.evidence;
    struct tpm_signature signature;
    struct error error;

    measure_demand(tpm_signature_decode(evidence->quote_signature, &signature, &error),
                   "signature");
    lean->log = bench->host.booted_tcg;
    lean->quote = evidence->quote;
    lean->signature = signature.scheme == TPM_ALG_ECDSA ? der_of(lean, &signature) : signature.rsa;
    memcpy(lean->pcr_digest, bench->host.pcr_digest.bytes, DIGEST_LEN);
    lean->verify = EVP_PKEY_CTX_new(bench->host.ak.pkey, NULL);
    EVP_PKEY_verify_init(lean->verify);
    EVP_PKEY_CTX_set_signature_md(lean->verify, EVP_sha256());
    if (signature.scheme != TPM_ALG_ECDSA)
        EVP_PKEY_CTX_set_rsa_padding(lean->verify, RSA_PKCS1_PADDING);
}

/* --- ours --- */

static void full(void *context)
{
    struct bench *bench = context;
    struct error error;

    arena_reset(&bench->arena);
    bench->input.evidence = bench->full;
    measure_demand(
        appraise(bench->host.crypto, &bench->input, &bench->arena, &bench->appraisal, &error) &&
            bench->appraisal.verdict == VERDICT_TRUSTED,
        "the full evidence is not trusted");
}

static void steady(void *context)
{
    struct bench *bench = context;
    struct error error;
    bool applies;

    arena_reset(&bench->arena);
    bench->input.evidence = bench->steady;
    measure_demand(appraise_steady(bench->host.crypto, &bench->input, &bench->memory, &bench->arena,
                                   &bench->appraisal, &applies, &error) &&
                       applies && bench->appraisal.verdict == VERDICT_TRUSTED,
                   "the steady evidence is not trusted");
}

/* The policy is learned from this very host, as an operator would begin. */
static void learn_policy(struct bench *bench)
{
    struct policy_position position;
    struct error error = {0};
    struct span text;

    arena_reset(&bench->arena);
    bench->input.evidence = bench->full;
    measure_demand(
        appraise(bench->host.crypto, &bench->input, &bench->arena, &bench->appraisal, &error) &&
            policy_learn(&bench->appraisal.claims, bench->host.crypto, "bench", &bench->arena,
                         &text, &error) &&
            policy_compile(
                &(struct policy_sources){
                    .text = span_of(soft_host_copy(&bench->host, text), text.len)},
                &bench->host.arena, &bench->policy, &position, &error),
        "no policy can be learned");
    bench->input.policies = &bench->policy;
    bench->input.n_policies = 1;
    bench->input.policy_claims_only = true; /* as the service's workers do */
}

static void prepare(struct bench *bench, uint16_t key)
{
    struct error error;

    memset(bench, 0, sizeof *bench);
    soft_host_init(&bench->host, "secure-boot-3-banks", key, TPM_ALG_SHA256);
    bench->arena = arena_init((size_t)64 << 20);
    bench->host.evidence.n_logs = 0; /* the boot alone: IMA has benchmarks of its own */
    bench->host.booted_ima = span_of(NULL, 0);
    bench->host.quote.selection.banks[0].pcrs = PCRS_0_TO_14;
    make_log(bench);
    bench->full = soft_host_attest(&bench->host);
    bench->input = soft_host_input(&bench->host, bench->full);
    bench->input.pcrs = PCRS_0_TO_14;
    measure_demand(
        crypto_key_from_tpm(bench->host.crypto, &bench->host.ak.public_area, &bench->ak, &error),
        "no key");
    bench->input.ak = bench->ak;
    bench->input.logs_hashed = true; /* as the service's front has done where it keeps the logs */
    prepare_lean(bench);
    learn_policy(bench);
    full(bench);
    bench->memory = bench->appraisal.memory;
    bench->host.evidence.logs[0].bytes = span_of(NULL, 0);
    bench->host.evidence.logs[0].has_bytes = false;
    bench->steady = soft_host_evidence(&bench->host);
    prepare_lean(bench);
}

static void finish(struct bench *bench)
{
    EVP_PKEY_CTX_free(bench->lean.verify);
    crypto_key_free(bench->ak);
    arena_done(&bench->arena);
    soft_host_done(&bench->host);
}

/* Each key's three: as a worker appraises, for which the front has hashed the logs that it keeps; as
 * somebody without a service does; and the steady way. */
static void measure_key(uint16_t key, const char *const names[3], int argc, char **argv)
{
    struct bench *bench = malloc(sizeof *bench);

    measure_demand(bench != NULL, "no memory");
    if (measure_wanted(names[0], argc, argv) || measure_wanted(names[1], argc, argv) ||
        measure_wanted(names[2], argc, argv)) {
        prepare(bench, key);
        lean_full(bench);
        measure_note("log of %d events, %zu bytes, three banks; PCR 0-14 of sha256; %d events "
                     "covered whole; policy of %zu rules",
                     N_EVENTS, bench->host.booted_tcg.len, bench->lean.n_covered,
                     policy_rules(bench->policy));
        measure(&(struct measurement){names[0], "us", 1e6, full, lean_full, bench}, argc, argv);
        bench->input.logs_hashed = false;
        measure(&(struct measurement){names[1], "us", 1e6, full, lean_full, bench}, argc, argv);
        measure(&(struct measurement){names[2], "us", 1e6, steady, lean_steady, bench}, argc, argv);
        finish(bench);
    }
    free(bench);
}

int main(int argc, char **argv)
{
    static const char *const RSA[] = {"evidence.full.rsa2048", "evidence.full.offline.rsa2048",
                                      "evidence.steady.rsa2048"};
    static const char *const P256[] = {"evidence.full.p256", "evidence.full.offline.p256",
                                       "evidence.steady.p256"};

    measure_key(TPM_ALG_RSA, RSA, argc, argv);
    measure_key(TPM_ALG_ECC, P256, argc, argv);
    return 0;
}
