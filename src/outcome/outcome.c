#include "outcome/outcome.h"

#include "base/writer.h"
#include "wire/tpm_pcr_selection.h"

enum {
    TPM_CC_POLICY_AUTHORIZE = 0x0000016A,
    TPM_CC_POLICY_PCR = 0x0000017F,
    IMA_PCR = 10,
};

bool outcome_passes(enum verdict verdict)
{
    return verdict == VERDICT_TRUSTED || verdict == VERDICT_ATTENTION;
}

static struct span command_code(uint32_t code, uint8_t bytes[4])
{
    struct writer writer = writer_init(bytes, 4);

    writer_be32(&writer, code);
    return writer_span(&writer);
}

static void hash_parts(struct crypto *crypto, const struct span *parts, size_t n_parts,
                       uint8_t policy[OUTCOME_POLICY_LEN])
{
    struct crypto_digest digest;

    crypto_hash(crypto, TPM_ALG_SHA256, parts, n_parts, &digest);
    memcpy(policy, digest.bytes, OUTCOME_POLICY_LEN);
}

void outcome_policy_pcr(struct crypto *crypto, uint16_t bank, uint32_t pcrs,
                        const uint8_t (*values)[LIMIT_TPM_DIGEST_LEN],
                        uint8_t policy[OUTCOME_POLICY_LEN])
{
    const struct tpm_pcr_selection selection = {.banks = {{bank, pcrs}}, .n_banks = 1};
    const uint8_t start[OUTCOME_POLICY_LEN] = {0};
    uint8_t code[4], list[64];
    struct writer writer = writer_init(list, sizeof list);
    struct span pcr_values[LIMIT_PCRS], parts[4];
    struct crypto_digest pcr_digest;
    size_t n_values = 0;

    for (unsigned pcr = 0; pcr < LIMIT_PCRS; pcr++)
        if (pcrs >> pcr & 1)
            pcr_values[n_values++] = span_of(values[pcr], tpm_digest_len(bank));
    crypto_hash(crypto, TPM_ALG_SHA256, pcr_values, n_values, &pcr_digest);
    tpm_pcr_selection_encode(&writer, &selection);
    parts[0] = span_of(start, sizeof start);
    parts[1] = command_code(TPM_CC_POLICY_PCR, code);
    parts[2] = writer_span(&writer);
    parts[3] = crypto_digest_span(&pcr_digest);
    hash_parts(crypto, parts, 4, policy);
}

void outcome_policy_authorize(struct crypto *crypto, struct span key_name, struct span policy_ref,
                              uint8_t policy[OUTCOME_POLICY_LEN])
{
    const uint8_t start[OUTCOME_POLICY_LEN] = {0};
    uint8_t code[4], inner[OUTCOME_POLICY_LEN];
    struct span parts[3] = {span_of(start, sizeof start),
                            command_code(TPM_CC_POLICY_AUTHORIZE, code), key_name};

    /* Part 3, 23.16.1 resets the digest and updates it twice (PolicyUpdate, part 1, 19.7). */
    hash_parts(crypto, parts, 3, inner);
    parts[0] = span_of(inner, sizeof inner);
    parts[1] = policy_ref;
    hash_parts(crypto, parts, 2, policy);
}

void outcome_policy_ref(struct crypto *crypto, struct span host_id,
                        uint8_t policy_ref[OUTCOME_POLICY_LEN])
{
    const struct span parts[2] = {span_text("bootseal identity v1"), host_id};

    hash_parts(crypto, parts, 2, policy_ref);
}

void outcome_decide(struct crypto *crypto, const struct appraisal *appraisal, uint32_t pcrs,
                    struct outcome *outcome)
{
    struct outcome decided = {0};

    *outcome = decided;
    if (!outcome_passes(appraisal->verdict) || !appraisal->quote_verified || !appraisal->logs_match)
        return;
    if (appraisal->log.n_events > 0) {
        decided.approval.wanted = true;
        decided.approval.bank = appraisal->log.bank;
        decided.approval.pcrs = pcrs & ~(1u << IMA_PCR);
        outcome_policy_pcr(crypto, decided.approval.bank, decided.approval.pcrs,
                           appraisal->log.replay.pcrs, decided.approval.policy);
    }
    if (appraisal->identity.proven) {
        decided.certificate.wanted = true;
        decided.certificate.public_area = appraisal->identity.public_area;
    }
    *outcome = decided;
}

static bool label_ok(const uint8_t *label, size_t len)
{
    if (len == 0 || len > 63 || label[0] == '-' || label[len - 1] == '-')
        return false;
    for (size_t i = 0; i < len; i++) {
        bool letter = label[i] >= 'a' && label[i] <= 'z';
        bool digit = label[i] >= '0' && label[i] <= '9';

        if (!letter && !digit && label[i] != '-')
            return false;
    }
    return true;
}

bool outcome_name_ok(struct span name)
{
    size_t start = 0;

    if (name.len == 0 || name.len > LIMIT_NAME_LEN)
        return false;
    for (size_t at = 0; at <= name.len; at++) {
        if (at < name.len && name.data[at] != '.')
            continue;
        if (!label_ok(name.data + start, at - start))
            return false;
        start = at + 1;
    }
    return true;
}
