/* Catalogues to catalogue texts.
 *
 * Owns the text, in the arena. Values may come from hosts: one that the reader would cut, join or
 * take for a comment is refused, never mended. */
#include "base/text.h"
#include "base/writer.h"
#include "catalog/catalog.h"
#include "catalog/day.h"

enum { LINE_LEN = 160 }; /* of a value; its key and the blanks before it fit in besides */

struct encoder {
    struct arena *arena;
    struct error *error;
    struct writer text;
};

static void put(struct encoder *encoder, const char *text)
{
    writer_bytes(&encoder->text, span_text(text));
}

static bool put_line(struct encoder *encoder, const char *key, const char *value)
{
    size_t len = strlen(value);
    bool comment = strchr(";#", *value) || strstr(value, " ;");

    if (len == 0 || len > LINE_LEN || comment || *value == ' ' || value[len - 1] == ' ' ||
        strpbrk(value, "\t\r\n"))
        return error_plain(encoder->error, ERROR_USAGE,
                           "a catalogue cannot hold \"%.60s\" as %.40s", value, key);
    put(encoder, value);
    put(encoder, "\n");
    return true;
}

static bool put_text(struct encoder *encoder, const char *key, const char *value)
{
    put(encoder, key);
    put(encoder, " = ");
    return put_line(encoder, key, value);
}

/* Nothing for a key without values; several go on over indented lines. */
static bool put_texts(struct encoder *encoder, const char *key, const struct catalog_texts *texts)
{
    if (texts->n_items == 1)
        return put_text(encoder, key, texts->items[0]);
    for (size_t i = 0; i < texts->n_items; i++) {
        if (i == 0) {
            put(encoder, key);
            put(encoder, " =\n");
        }
        put(encoder, "    ");
        if (!put_line(encoder, key, texts->items[i]))
            return false;
    }
    return true;
}

static bool put_digests(struct encoder *encoder, const char *key,
                        const struct catalog_digests *digests)
{
    struct catalog_texts texts = {
        .items = arena_array(encoder->arena, digests->n_items + 1, sizeof *texts.items)};

    for (; texts.items && texts.n_items < digests->n_items; texts.n_items++) {
        const struct catalog_digest *digest = &digests->items[texts.n_items];
        const char *hex = text_hex(encoder->arena, digest->bytes);
        const char *text = hex ? arena_printf(encoder->arena, "%s:%s", tpm_alg_name(digest->alg),
                                              hex)
                               : NULL;

        if (!text)
            return arena_error(encoder->arena, encoder->error);
        texts.items[texts.n_items] = text;
    }
    if (!texts.items)
        return arena_error(encoder->arena, encoder->error);
    return put_texts(encoder, key, &texts);
}

static bool put_head(struct encoder *encoder, const struct catalog *catalog)
{
    char issued[DAY_TEXT_LEN], last[DAY_TEXT_LEN];
    const char *version = arena_printf(encoder->arena, "%lld", (long long)catalog->version);

    if (!version)
        return arena_error(encoder->arena, encoder->error);
    put(encoder, "[catalog]\n");
    return put_text(encoder, "name", catalog->name) && put_text(encoder, "version", version) &&
           put_text(encoder, "issued", day_print(catalog->issued_s, issued)) &&
           put_text(encoder, "valid_until", day_print(catalog->valid_until_s - 1, last)) &&
           (!catalog->description || put_text(encoder, "description", catalog->description));
}

static bool put_model(struct encoder *encoder, const struct catalog_model *model)
{
    put(encoder, "\n[model ");
    put(encoder, model->name);
    put(encoder, "]\n");
    return put_text(encoder, "level", catalog_level_name(model->level)) &&
           put_text(encoder, "source", model->source) &&
           put_texts(encoder, "manufacturer", &model->manufacturer) &&
           put_texts(encoder, "product", &model->product) &&
           put_texts(encoder, "firmware", &model->firmware) &&
           put_digests(encoder, "firmware_images", &model->firmware_images) &&
           put_digests(encoder, "firmware_images_optional", &model->optional_images) &&
           (!model->images_prove_model || put_text(encoder, "firmware_proves", "model")) &&
           put_texts(encoder, "tpm_manufacturer", &model->tpm_manufacturer) &&
           put_texts(encoder, "tpm_model", &model->tpm_model) &&
           put_texts(encoder, "platform_issuer", &model->platform_issuer) &&
           put_texts(encoder, "ek_issuer", &model->ek_issuer);
}

bool catalog_encode(const struct catalog *catalog, struct arena *arena, struct span *text,
                    struct error *error)
{
    uint8_t *buffer = arena_alloc(arena, LIMIT_DOCUMENT_LEN);
    struct encoder encoder = {.arena = arena, .error = error};

    if (!buffer)
        return arena_error(arena, error);
    encoder.text = writer_init(buffer, LIMIT_DOCUMENT_LEN);
    if (!put_head(&encoder, catalog))
        return false;
    for (size_t i = 0; i < catalog->n_models; i++)
        if (!put_model(&encoder, &catalog->models[i]))
            return false;
    return writer_done(&encoder.text, text, error);
}
