#include "support/log_builder.h"

#include <assert.h>

enum { NO_ACTION = 3 };

void log_builder_raw(struct log_builder *log, const void *bytes, size_t len)
{
    assert(len <= sizeof log->bytes - log->len);
    if (len)
        memcpy(log->bytes + log->len, bytes, len);
    log->len += len;
}

void log_builder_le16(struct log_builder *log, uint16_t value)
{
    log_builder_raw(log, (uint8_t[]){(uint8_t)value, (uint8_t)(value >> 8)}, 2);
}

void log_builder_le32(struct log_builder *log, uint32_t value)
{
    log_builder_le16(log, (uint16_t)value);
    log_builder_le16(log, (uint16_t)(value >> 16));
}

static void start(struct log_builder *log, struct crypto *crypto)
{
    memset(log, 0, sizeof *log);
    log->crypto = crypto;
}

void log_builder_agile_as(struct log_builder *log, struct crypto *crypto, const uint16_t *algs,
                          uint32_t header_pcr, const char *vendor)
{
    static const uint8_t no_digest[20];
    size_t vendor_len = strlen(vendor);

    start(log, crypto);
    log->agile = true;
    while (algs[log->n_algs]) {
        log->algs[log->n_algs] = algs[log->n_algs];
        log->n_algs++;
    }
    log_builder_le32(log, header_pcr);
    log_builder_le32(log, NO_ACTION);
    log_builder_raw(log, no_digest, sizeof no_digest);
    log_builder_le32(log, (uint32_t)(16 + 4 + 4 + 4 + 4 * log->n_algs + 1 + vendor_len));
    log_builder_raw(log, "Spec ID Event03", 16);
    log_builder_le32(log, 0);
    log_builder_raw(log, (uint8_t[]){0, 2, 106, 2}, 4);
    log_builder_le32(log, (uint32_t)log->n_algs);
    for (size_t i = 0; i < log->n_algs; i++) {
        log_builder_le16(log, log->algs[i]);
        log_builder_le16(log, (uint16_t)tpm_digest_len(log->algs[i]));
    }
    log_builder_raw(log, (uint8_t[]){(uint8_t)vendor_len}, 1);
    log_builder_raw(log, vendor, vendor_len);
}

void log_builder_agile(struct log_builder *log, struct crypto *crypto, const uint16_t *algs)
{
    log_builder_agile_as(log, crypto, algs, 0, "");
}

void log_builder_1_2(struct log_builder *log, struct crypto *crypto)
{
    start(log, crypto);
    log->algs[log->n_algs++] = TPM_ALG_SHA1;
}

void log_builder_add_banks(struct log_builder *log, uint32_t pcr, uint32_t type,
                           const uint16_t *algs, size_t n_algs, struct span measured,
                           struct span data)
{
    log_builder_le32(log, pcr);
    log_builder_le32(log, type);
    if (log->agile)
        log_builder_le32(log, (uint32_t)n_algs);
    for (size_t i = 0; i < n_algs; i++) {
        struct crypto_digest digest = {.len = tpm_digest_len(algs[i])};

        if (type != NO_ACTION)
            crypto_hash_span(log->crypto, algs[i], measured, &digest);
        if (log->agile)
            log_builder_le16(log, algs[i]);
        log_builder_raw(log, digest.bytes, digest.len);
    }
    log_builder_le32(log, (uint32_t)data.len);
    log_builder_raw(log, data.data, data.len);
}

void log_builder_add_measured(struct log_builder *log, uint32_t pcr, uint32_t type,
                              struct span measured, struct span data)
{
    log_builder_add_banks(log, pcr, type, log->algs, log->n_algs, measured, data);
}

void log_builder_add(struct log_builder *log, uint32_t pcr, uint32_t type, struct span data)
{
    log_builder_add_measured(log, pcr, type, data, data);
}

struct span log_builder_span(const struct log_builder *log)
{
    return span_of(log->bytes, log->len);
}

size_t log_builder_variable(uint8_t *out, const char *name, struct span contents)
{
    size_t name_len = strlen(name);
    size_t len = 0;

    memset(out, 0x5A, 16); /* GUID */
    memset(out + 16, 0, 16);
    out[16] = (uint8_t)name_len;
    out[24] = (uint8_t)contents.len;
    out[25] = (uint8_t)(contents.len >> 8);
    len = 32;
    for (size_t i = 0; i < name_len; i++) {
        out[len++] = (uint8_t)name[i];
        out[len++] = 0;
    }
    if (contents.len)
        memcpy(out + len, contents.data, contents.len);
    return len + contents.len;
}
