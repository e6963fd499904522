#include "support/soft_host.h"

#include "base/writer.h"
#include "verify/binding.h"
#include "verify/ima.h"
#include "verify/replay.h"

#include <stdio.h>
#include <stdlib.h>

enum { PCR_IMA = 10, ATTEST_LEN_MAX = 1024, SIGNATURE_LEN_MAX = 1024 };

static void demand(bool holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "soft host: %s\n", what);
    abort();
}

struct span soft_host_fixture(struct soft_host *host, const char *folder, const char *file)
{
    const char *root = getenv("BOOTSEAL_SOURCE_ROOT");
    char *path = *folder == '/' ? arena_printf(&host->arena, "%s/%s", folder, file)
                                : arena_printf(&host->arena, "%s/tests/fixtures/%s/%s",
                                               root ? root : ".", folder, file);
    FILE *stream = fopen(path, "rb");
    size_t cap = 1 << 20, len;
    uint8_t *bytes;

    if (!stream)
        return span_of(NULL, 0);
    bytes = arena_alloc(&host->arena, cap);
    demand(bytes != NULL, "no memory");
    len = fread(bytes, 1, cap, stream);
    fclose(stream);
    demand(len < cap, "the fixture is too large");
    return span_of(bytes, len);
}

uint8_t *soft_host_copy(struct soft_host *host, struct span bytes)
{
    uint8_t *copy = arena_alloc(&host->arena, bytes.len + 1);

    demand(copy != NULL, "no memory");
    memcpy(copy, bytes.data, bytes.len);
    return copy;
}

void soft_host_init(struct soft_host *host, const char *folder, uint16_t key, uint16_t bank)
{
    struct error error;

    memset(host, 0, sizeof *host);
    host->crypto = crypto_new(&error);
    host->arena = arena_init((size_t)256 << 20);
    if (key == TPM_ALG_RSA) {
        soft_key_rsa(&host->ak, 2048);
        soft_key_be_ak(&host->ak, TPM_ALG_RSASSA, TPM_ALG_SHA256);
    } else {
        soft_key_ecc(&host->ak, TPM_ECC_NIST_P256);
        soft_key_be_ak(&host->ak, TPM_ALG_ECDSA, TPM_ALG_SHA256);
    }
    memset(host->nonce, 0x4E, sizeof host->nonce);
    memset(host->identity_policy, 0x1D, sizeof host->identity_policy);
    host->booted_tcg = soft_host_fixture(host, folder, "eventlog.bin");
    host->booted_ima = soft_host_fixture(host, folder, "ima.bin");
    demand(host->booted_ima.len != 0, "no fixture");
    host->evidence.host_id = span_of(host->nonce, 32);
    host->evidence.nonce = span_of(host->nonce, sizeof host->nonce);
    host->evidence.bank = bank;
    if (host->booted_tcg.len)
        soft_host_send(host, EVIDENCE_LOG_TCG, host->booted_tcg);
    soft_host_send(host, EVIDENCE_LOG_IMA, host->booted_ima);
    host->quote = (struct soft_attest){.magic = TPM_GENERATED_VALUE,
                                       .type = TPM_ST_ATTEST_QUOTE,
                                       .clock_ms = 5000,
                                       .reset_count = 7,
                                       .restart_count = 1,
                                       .firmware_version = 0x20240101};
    host->quote.selection.n_banks = 1;
    host->quote.selection.banks[0] = (struct tpm_pcr_bank_selection){.alg = bank,
                                                                     .pcrs = APPRAISE_DEFAULT_PCRS};
}

void soft_host_done(struct soft_host *host)
{
    soft_key_done(&host->ak);
    soft_key_done(&host->identity);
    crypto_free(host->crypto);
    arena_done(&host->arena);
}

void soft_host_send(struct soft_host *host, enum evidence_log_kind kind, struct span bytes)
{
    struct evidence *evidence = &host->evidence;
    struct crypto_digest digest;
    size_t i = 0;

    while (i < evidence->n_logs && evidence->logs[i].kind != kind)
        i++;
    if (i == evidence->n_logs)
        evidence->n_logs++;
    crypto_hash_span(host->crypto, TPM_ALG_SHA256, bytes, &digest);
    evidence->logs[i] = (struct evidence_log){
        .kind = kind,
        .sha256 = span_of(soft_host_copy(host, crypto_digest_span(&digest)), digest.len),
        .covered_len = bytes.len,
        .bytes = bytes,
        .has_bytes = true,
    };
}

void soft_host_digest_pcrs(struct soft_host *host)
{
    struct span values[LIMIT_PCRS];
    size_t n_values = 0;

    for (unsigned i = 0; i < LIMIT_PCRS; i++)
        if (host->quote.selection.banks[0].pcrs >> i & 1)
            values[n_values++] = span_of(host->pcrs[i], tpm_digest_len(host->evidence.bank));
    crypto_hash(host->crypto, TPM_ALG_SHA256, values, n_values, &host->pcr_digest);
    host->quote.pcr_digest = crypto_digest_span(&host->pcr_digest);
}

static void start_launch_pcrs(struct soft_host *host)
{
    struct replay replay;
    struct error error;

    for (size_t pcr = 17; pcr <= 22; pcr++)
        memset(host->pcrs[pcr], 0xFF, sizeof host->pcrs[pcr]);
    if (!host->booted_drtm.len)
        return;
    demand(replay_eventlog(host->crypto, host->booted_drtm, host->evidence.bank, &replay, &error),
           error.message);
    for (size_t pcr = 17; pcr <= 22; pcr++)
        memcpy(host->pcrs[pcr], replay.banks[0].pcrs[pcr], sizeof host->pcrs[pcr]);
}

void soft_host_measure(struct soft_host *host)
{
    uint16_t bank = host->evidence.bank;
    struct ima_replay ima = {0};
    struct replay replay;
    struct error error;

    if (host->booted_tcg.len) {
        demand(replay_eventlog(host->crypto, host->booted_tcg, bank, &replay, &error),
               error.message);
        memcpy(host->pcrs, replay_find(&replay, bank)->pcrs, sizeof host->pcrs);
    }
    start_launch_pcrs(host);
    demand(ima_replay_list(host->crypto, host->booted_ima, bank, false, NULL, NULL, NULL, &ima,
                           &error),
           error.message);
    memcpy(host->pcrs[PCR_IMA], ima.pcr, ima.digest_len);
    soft_host_digest_pcrs(host);
}

void soft_host_send_pcr_values(struct soft_host *host)
{
    uint8_t values[LIMIT_PCRS * LIMIT_TPM_DIGEST_LEN];
    size_t len = tpm_digest_len(host->evidence.bank), n = 0;

    for (unsigned i = 0; i < LIMIT_PCRS; i++)
        if (host->quote.selection.banks[0].pcrs >> i & 1)
            memcpy(values + len * n++, host->pcrs[i], len);
    host->evidence.pcr_values = span_of(soft_host_copy(host, span_of(values, n * len)), n * len);
}

void soft_host_bind(struct soft_host *host)
{
    struct evidence *evidence = &host->evidence;
    uint8_t name[2 + LIMIT_TPM_DIGEST_LEN];
    size_t name_len = 0;
    struct error error;

    if (evidence->identity.public_area.len)
        demand(tpm_name(host->crypto, &host->identity.public_area, name, sizeof name, &name_len,
                        &error),
               "no name");
    demand(evidence_binding(host->crypto, evidence, evidence->nonce, span_of(name, name_len),
                            evidence->channel_binding, &host->binding, &error),
           "no binding");
    host->quote.extra_data = crypto_digest_span(&host->binding);
}

static void write_attest(struct writer *writer, const struct soft_attest *attest)
{
    writer_be32(writer, attest->magic);
    writer_be16(writer, attest->type);
    writer_be16_bytes(writer, span_text("signer"));
    writer_be16_bytes(writer, attest->extra_data);
    writer_be64(writer, attest->clock_ms);
    writer_be32(writer, attest->reset_count);
    writer_be32(writer, attest->restart_count);
    writer_u8(writer, 1);
    writer_be64(writer, attest->firmware_version);
    if (attest->type == TPM_ST_ATTEST_CERTIFY) {
        writer_be16_bytes(writer, attest->name);
        writer_be16_bytes(writer, attest->name);
    } else {
        tpm_pcr_selection_encode(writer, &attest->selection);
        writer_be16_bytes(writer, attest->pcr_digest);
    }
}

void soft_host_sign(struct soft_host *host, struct soft_key *key, const struct soft_attest *attest,
                    struct span *bytes, struct span *signature)
{
    struct writer writer = writer_init(arena_alloc(&host->arena, ATTEST_LEN_MAX), ATTEST_LEN_MAX);
    struct tpm_signature made;

    write_attest(&writer, attest);
    *bytes = writer_span(&writer);
    demand(bytes->len != 0, "the structure is too long");
    made = soft_key_sign(key, key->public_area.scheme, key->public_area.scheme_hash, *bytes);
    writer = writer_init(arena_alloc(&host->arena, SIGNATURE_LEN_MAX), SIGNATURE_LEN_MAX);
    writer_be16(&writer, made.scheme);
    writer_be16(&writer, made.hash);
    if (made.scheme == TPM_ALG_ECDSA) {
        writer_be16_bytes(&writer, made.ecdsa_r);
        writer_be16_bytes(&writer, made.ecdsa_s);
    } else {
        writer_be16_bytes(&writer, made.rsa);
    }
    *signature = writer_span(&writer);
}

void soft_host_add_identity(struct soft_host *host)
{
    struct tpm_public *key = &host->identity.public_area;

    soft_key_ecc(&host->identity, TPM_ECC_NIST_P256);
    key->attributes = TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT |
                      TPMA_OBJECT_SENSITIVEDATAORIGIN | TPMA_OBJECT_NODA | TPMA_OBJECT_SIGN_ENCRYPT;
    key->auth_policy = span_of(host->identity_policy, sizeof host->identity_policy);
    key->scheme = TPM_ALG_ECDSA;
    key->scheme_hash = TPM_ALG_SHA256;
    soft_key_encode(&host->identity);
    host->evidence.identity.public_area = key->whole;
}

void soft_host_certify(struct soft_host *host)
{
    struct soft_attest certify = host->quote;
    uint8_t name[2 + LIMIT_TPM_DIGEST_LEN];
    size_t name_len;
    struct error error;

    demand(
        tpm_name(host->crypto, &host->identity.public_area, name, sizeof name, &name_len, &error),
        "no name");
    certify.type = TPM_ST_ATTEST_CERTIFY;
    certify.name = span_of(name, name_len);
    soft_host_sign(host, &host->ak, &certify, &host->evidence.identity.certify,
                   &host->evidence.identity.certify_signature);
}

struct span soft_host_evidence(struct soft_host *host)
{
    struct error error;
    struct span bytes;

    soft_host_sign(host, &host->ak, &host->quote, &host->evidence.quote,
                   &host->evidence.quote_signature);
    demand(evidence_encode(&host->evidence, &host->arena, &bytes, &error), "cannot encode");
    return bytes;
}

struct span soft_host_attest(struct soft_host *host)
{
    soft_host_measure(host);
    soft_host_bind(host);
    if (host->evidence.identity.public_area.len)
        soft_host_certify(host);
    return soft_host_evidence(host);
}

struct appraise_input soft_host_input(struct soft_host *host, struct span evidence)
{
    return (struct appraise_input){
        .evidence = evidence,
        .ak_public = host->ak.public_area.whole,
        .nonce = span_of(host->nonce, sizeof host->nonce),
        .identity_policy = span_of(host->identity_policy, sizeof host->identity_policy),
    };
}
