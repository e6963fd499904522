#include "support/ima_builder.h"

static void demand(bool good)
{
    if (!good)
        __builtin_trap();
}

static void put(struct ima_builder *list, const void *bytes, size_t len)
{
    demand(len <= sizeof list->bytes - list->len);
    if (len)
        memcpy(list->bytes + list->len, bytes, len);
    list->len += len;
}

static void put_le32(struct ima_builder *list, uint32_t value)
{
    const uint8_t bytes[] = {(uint8_t)value, (uint8_t)(value >> 8), (uint8_t)(value >> 16),
                             (uint8_t)(value >> 24)};

    put(list, bytes, sizeof bytes);
}

void ima_builder_begin(struct ima_builder *list, struct crypto *crypto)
{
    list->crypto = crypto;
    list->pcr = 10;
    list->len = list->data_len = 0;
}

void ima_builder_field(struct ima_builder *list, struct span bytes)
{
    uint8_t *at = list->data + list->data_len;

    demand(bytes.len + 4 <= sizeof list->data - list->data_len);
    for (int i = 0; i < 4; i++)
        at[i] = (uint8_t)(bytes.len >> 8 * i);
    if (bytes.len)
        memcpy(at + 4, bytes.data, bytes.len);
    list->data_len += 4 + bytes.len;
}

void ima_builder_digest(struct ima_builder *list, const char *alg, struct span digest)
{
    uint8_t field[256];
    size_t len = strlen(alg);

    demand(len + 2 + digest.len <= sizeof field);
    memcpy(field, alg, len);
    memcpy(field + len, ":", 2);
    memcpy(field + len + 2, digest.data, digest.len);
    ima_builder_field(list, span_of(field, len + 2 + digest.len));
}

void ima_builder_name(struct ima_builder *list, const char *name)
{
    ima_builder_field(list, span_of(name, strlen(name) + 1));
}

static void end_entry(struct ima_builder *list, const char *template_name, bool violation)
{
    struct crypto_digest hash = {.len = 20};

    if (!violation)
        crypto_hash_span(list->crypto, TPM_ALG_SHA1, span_of(list->data, list->data_len), &hash);
    put_le32(list, list->pcr);
    put(list, hash.bytes, hash.len);
    put_le32(list, (uint32_t)strlen(template_name));
    put(list, template_name, strlen(template_name));
    put_le32(list, (uint32_t)list->data_len);
    put(list, list->data, list->data_len);
    list->data_len = 0;
}

void ima_builder_entry(struct ima_builder *list, const char *template_name)
{
    end_entry(list, template_name, false);
}

void ima_builder_violation(struct ima_builder *list, const char *template_name)
{
    end_entry(list, template_name, true);
}

void ima_builder_file(struct ima_builder *list, const char *name, const char *contents,
                      struct span signature)
{
    struct crypto_digest digest;

    crypto_hash_span(list->crypto, TPM_ALG_SHA256, span_text(contents), &digest);
    ima_builder_digest(list, "sha256", crypto_digest_span(&digest));
    ima_builder_name(list, name);
    ima_builder_field(list, signature);
    ima_builder_entry(list, "ima-sig");
}

void ima_builder_buffer(struct ima_builder *list, const char *name, struct span bytes)
{
    struct crypto_digest digest;

    crypto_hash_span(list->crypto, TPM_ALG_SHA256, bytes, &digest);
    ima_builder_digest(list, "sha256", crypto_digest_span(&digest));
    ima_builder_name(list, name);
    ima_builder_field(list, bytes);
    ima_builder_entry(list, "ima-buf");
}

struct span ima_builder_span(const struct ima_builder *list)
{
    return span_of(list->bytes, list->len);
}
