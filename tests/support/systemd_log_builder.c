#include "support/systemd_log_builder.h"

#include <stdio.h>

#include "base/text.h"

void systemd_log_begin(struct systemd_log_builder *log, struct crypto *crypto)
{
    *log = (struct systemd_log_builder){.crypto = crypto};
}

void systemd_log_add(struct systemd_log_builder *log, uint32_t pcr, struct span measured,
                     const char *said)
{
    struct crypto_digest digest;
    char hex[2 * LIMIT_TPM_DIGEST_LEN + 1];

    crypto_hash_span(log->crypto, TPM_ALG_SHA256, measured, &digest);
    text_hex_into(hex, crypto_digest_span(&digest));
    log->len += (size_t)snprintf(
        log->text + log->len, sizeof log->text - log->len,
        "\x1e{\"pcr\":%u,\"digests\":[{\"hashAlg\":\"sha256\",\"digest\":\"%s\"}],"
        "\"content_type\":\"systemd\",\"content\":{\"string\":\"%s\",\"eventType\":\"phase\"}}\n",
        pcr, hex, said);
}

void systemd_log_add_text(struct systemd_log_builder *log, uint32_t pcr, const char *text)
{
    systemd_log_add(log, pcr, span_text(text), text);
}

struct span systemd_log_span(const struct systemd_log_builder *log)
{
    return span_of(log->text, log->len);
}
