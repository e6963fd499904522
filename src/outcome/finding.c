#include "outcome/finding.h"

#include "base/writer.h"

enum { TEXTS = 7, PREFIX_LEN = 4 };

void outcome_finding(struct crypto *crypto, const struct reason *reason,
                     uint8_t sha256[OUTCOME_FINDING_LEN])
{
    const char *texts[TEXTS] = {reason_code_text(reason->code),
                                reason->policy,
                                reason->rule,
                                reason->claim,
                                reason->component,
                                reason->expected,
                                reason->found};
    uint8_t prefixes[TEXTS * PREFIX_LEN];
    struct writer writer = writer_init(prefixes, sizeof prefixes);
    struct span parts[2 * TEXTS];
    struct crypto_digest digest;

    for (size_t i = 0; i < TEXTS; i++) {
        struct span text = span_text(texts[i] ? texts[i] : "");

        writer_be32(&writer, (uint32_t)text.len);
        parts[2 * i] = span_of(prefixes + i * PREFIX_LEN, PREFIX_LEN);
        parts[2 * i + 1] = text;
    }
    crypto_hash(crypto, TPM_ALG_SHA256, parts, 2 * TEXTS, &digest);
    memcpy(sha256, digest.bytes, OUTCOME_FINDING_LEN);
}
