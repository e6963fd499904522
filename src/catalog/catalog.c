/* Catalogue texts to catalogues.
 *
 * Owns nothing but what is in the arena. The text may be anybody's: it is decoded before anybody
 * knows whether its signature holds. Never lets a key go unread, a model stand for hardware that
 * nothing in it recognises, or images prove a model that another model of the catalogue has too. */
#include "catalog/catalog.h"

#include <stdlib.h>

#include "base/text.h"
#include "catalog/day.h"
#include "document/document.h"

enum section { SECTION_catalog = 1, SECTION_catalog_model };

struct decoder {
    struct arena *arena;
    struct error *error;
};

static const char *const LEVELS[CATALOG_LEVELS] = {
    [CATALOG_LEVEL_NONE] = "none",
    [CATALOG_LEVEL_RECOMMENDED_BASELINE] = "recommended-baseline",
    [CATALOG_LEVEL_SECURED_CORE] = "secured-core",
};

const char *catalog_level_name(enum catalog_level level)
{
    return LEVELS[level];
}

enum catalog_level catalog_level_by_name(struct span name)
{
    int level = CATALOG_LEVELS - 1;

    while (level > CATALOG_LEVEL_NONE && !span_is(name, LEVELS[level]))
        level--;
    return (enum catalog_level)level;
}

/* --- Values --- */

/* The next line of a value that is not empty, and where it stands in the text. */
static bool next_line(const struct document_entry *entry, size_t *at, struct span *line,
                      size_t *offset)
{
    while (*at < entry->value_len) {
        const char *start = entry->value + *at, *end = strchr(start, '\n');
        size_t len = end ? (size_t)(end - start) : strlen(start);

        *line = span_of(start, len);
        *offset = document_value_offset(entry, *at);
        *at += len + 1;
        if (len)
            return true;
    }
    return false;
}

/* How many lines there are; the cap keeps the arrays small. False when there are none. */
static bool count_lines(struct decoder *decoder, const struct document_entry *entry, size_t *n)
{
    struct span line;
    size_t at = 0, offset;

    *n = 0;
    while (next_line(entry, &at, &line, &offset))
        if (++*n > LIMIT_CATALOG_VALUES)
            return document_error(decoder->error, offset, "the key has too many values", NULL);
    return *n ||
           document_error(decoder->error, entry->offset, "the key has no value:", entry->name);
}

static bool read_text(struct decoder *decoder, const struct document_entry *entry, void *field)
{
    const char **text = field;

    *text = document_entry_text(entry);
    return **text ||
           document_error(decoder->error, entry->offset, "the key has no value:", entry->name);
}

static bool read_texts(struct decoder *decoder, const struct document_entry *entry, void *field)
{
    struct catalog_texts *texts = field;
    size_t n, at = 0, offset;
    struct span line;

    if (!count_lines(decoder, entry, &n))
        return false;
    texts->items = arena_array(decoder->arena, n, sizeof *texts->items);
    if (!texts->items)
        return arena_error(decoder->arena, decoder->error);
    while (next_line(entry, &at, &line, &offset)) {
        const char *text = arena_text(decoder->arena, line);

        if (!text)
            return arena_error(decoder->arena, decoder->error);
        texts->items[texts->n_items++] = text;
    }
    return true;
}

bool catalog_is_least(const char *text, size_t *len)
{
    static const char SUFFIX[] = " or newer";
    size_t text_len = strlen(text), suffix_len = sizeof SUFFIX - 1;

    if (text_len <= suffix_len || strcmp(text + text_len - suffix_len, SUFFIX) != 0)
        return false;
    *len = text_len - suffix_len;
    return true;
}

/* Texts, of which one may be the least: it has a number then, or everything would be newer. */
static bool read_versions(struct decoder *decoder, const struct document_entry *entry, void *field)
{
    const struct catalog_texts *texts = field;
    size_t len;

    if (!read_texts(decoder, entry, field))
        return false;
    for (size_t i = 0; i < texts->n_items; i++)
        if (catalog_is_least(texts->items[i], &len) &&
            strcspn(texts->items[i], "0123456789") >= len)
            return document_error(decoder->error, entry->offset,
                                  "without a number nothing is newer:", texts->items[i]);
    return true;
}

static bool read_digest(struct decoder *decoder, struct span line, size_t offset,
                        struct catalog_digest *digest)
{
    const uint8_t *colon = memchr(line.data, ':', line.len);
    size_t name_len = colon ? (size_t)(colon - line.data) : line.len, len = 0;
    uint16_t alg = tpm_hash_by_name(span_of(line.data, name_len));
    uint8_t *bytes = arena_alloc(decoder->arena, LIMIT_TPM_DIGEST_LEN);
    const char *found = arena_text(decoder->arena, line);

    if (!bytes || !found)
        return arena_error(decoder->arena, decoder->error);
    if (alg == TPM_ALG_SHA1)
        return document_error(decoder->error, offset, "SHA-1 digests prove nothing:", found);
    if (!alg || !colon ||
        !text_unhex(span_of(colon + 1, line.len - name_len - 1), bytes, LIMIT_TPM_DIGEST_LEN,
                    &len) ||
        len != tpm_digest_len(alg))
        return document_error(decoder->error, offset, "expected ALGORITHM:HEX, found", found);
    *digest = (struct catalog_digest){.alg = alg, .bytes = span_of(bytes, len)};
    return true;
}

static bool read_digests(struct decoder *decoder, const struct document_entry *entry, void *field)
{
    struct catalog_digests *digests = field;
    size_t n, at = 0, offset;
    struct span line;

    if (!count_lines(decoder, entry, &n))
        return false;
    digests->items = arena_array(decoder->arena, n, sizeof *digests->items);
    if (!digests->items)
        return arena_error(decoder->arena, decoder->error);
    while (next_line(entry, &at, &line, &offset))
        if (!read_digest(decoder, line, offset, &digests->items[digests->n_items++]))
            return false;
    return true;
}

static bool read_number(struct decoder *decoder, const struct document_entry *entry, void *field)
{
    int64_t *number = field, value = 0;
    const char *digits = entry->value;

    for (; *digits >= '0' && *digits <= '9' && digits - entry->value < 15; digits++)
        value = 10 * value + (*digits - '0');
    if (*digits || value == 0 || *entry->value == '0')
        return document_error(decoder->error, entry->offset,
                              "expected a whole number from 1, found", entry->value);
    *number = value;
    return true;
}

static bool read_date(struct decoder *decoder, const struct document_entry *entry, void *field)
{
    return day_decode(entry->value, field) ||
           document_error(decoder->error, entry->offset, "expected a day YYYY-MM-DD, found",
                          entry->value);
}

static bool read_last_day(struct decoder *decoder, const struct document_entry *entry, void *field)
{
    int64_t *seconds = field;

    if (!read_date(decoder, entry, field))
        return false;
    *seconds += DAY_S;
    return true;
}

static bool read_level(struct decoder *decoder, const struct document_entry *entry, void *field)
{
    enum catalog_level *level = field;

    *level = catalog_level_by_name(span_text(entry->value));
    return *level ||
           document_error(decoder->error, entry->offset,
                          "level is secured-core or recommended-baseline, not", entry->value);
}

static bool read_proves(struct decoder *decoder, const struct document_entry *entry, void *field)
{
    bool *proves = field;

    *proves = strcmp(entry->value, "model") == 0;
    return *proves || document_error(decoder->error, entry->offset,
                                     "firmware_proves is model, or left out, not", entry->value);
}

/* --- Sections --- */

static const struct {
    const char *name;
    bool (*read)(struct decoder *decoder, const struct document_entry *entry, void *field);
    size_t field; /* offset in the section's struct */
    enum section section;
    bool needed;
} KEYS[] = {
#define KEY(structure, field, name, reader, needed, meaning)                                       \
    {name, read_##reader, offsetof(struct structure, field), SECTION_##structure, needed},
#include "catalog/catalog.def"
#undef KEY
};
enum { N_KEYS = sizeof KEYS / sizeof *KEYS };

/* Fills in a struct catalog or catalog_model from the keys of its section. */
static bool read_section(struct decoder *decoder, const struct document_section *section,
                         void *structure)
{
    bool given[N_KEYS] = {0};

    for (const struct document_entry *entry = section->first; entry; entry = entry->next) {
        size_t k = 0;

        while (k < N_KEYS && (KEYS[k].section != (enum section)section->kind ||
                              strcmp(KEYS[k].name, entry->name) != 0))
            k++;
        if (k == N_KEYS)
            return document_error(decoder->error, entry->offset, "the section has no key",
                                  entry->name);
        if (!KEYS[k].read(decoder, entry, (char *)structure + KEYS[k].field))
            return false;
        given[k] = true;
    }
    for (size_t k = 0; k < N_KEYS; k++)
        if (KEYS[k].section == (enum section)section->kind && KEYS[k].needed && !given[k])
            return document_error(decoder->error, section->offset, "the section lacks the key",
                                  KEYS[k].name);
    return true;
}

static bool check_model(struct decoder *decoder, const struct document_section *section,
                        const struct catalog_model *model)
{
    if ((model->manufacturer.n_items > 0) != (model->product.n_items > 0))
        return document_error(decoder->error, section->offset,
                              "manufacturer and product go together:", model->name);
    if (!model->product.n_items && !model->firmware_images.n_items)
        return document_error(
            decoder->error, section->offset,
            "nothing recognises the model: it needs manufacturer and product, or firmware_images:",
            model->name);
    if (!model->firmware_images.n_items &&
        (model->optional_images.n_items || model->images_prove_model))
        return document_error(decoder->error, section->offset,
                              "the model lacks firmware_images:", model->name);
    return true;
}

/* --- Images that prove a model --- */

struct image {
    const struct catalog_digest *digest;
    size_t model;
};

static int compare_digests(const struct catalog_digest *a, const struct catalog_digest *b)
{
    return a->alg != b->alg ? (a->alg > b->alg) - (a->alg < b->alg)
                            : span_compare(a->bytes, b->bytes);
}

static int compare_images(const void *a, const void *b)
{
    return compare_digests(((const struct image *)a)->digest, ((const struct image *)b)->digest);
}

/* Marks the models that have a digest in firmware_images which no other model has. */
static bool find_own_images(struct decoder *decoder, const struct catalog *catalog, bool *has_own)
{
    size_t n_images = 0, n = 0;
    struct image *images;

    for (size_t m = 0; m < catalog->n_models; m++)
        n_images += catalog->models[m].firmware_images.n_items +
                    catalog->models[m].optional_images.n_items;
    images = arena_array(decoder->arena, n_images + 1, sizeof *images);
    if (!images)
        return arena_error(decoder->arena, decoder->error);
    for (size_t m = 0; m < catalog->n_models; m++) {
        const struct catalog_model *model = &catalog->models[m];

        for (size_t i = 0; i < model->firmware_images.n_items; i++)
            images[n++] = (struct image){&model->firmware_images.items[i], m};
        for (size_t i = 0; i < model->optional_images.n_items; i++)
            images[n++] = (struct image){&model->optional_images.items[i], m};
    }
    qsort(images, n, sizeof *images, compare_images);
    for (size_t first = 0, next; first < n; first = next) {
        const struct catalog_digests *required =
            &catalog->models[images[first].model].firmware_images;
        bool shared = false, is_required = false;

        for (next = first; next < n && compare_images(&images[first], &images[next]) == 0; next++) {
            shared |= images[next].model != images[first].model;
            is_required |= images[next].digest >= required->items &&
                           images[next].digest < required->items + required->n_items;
        }
        has_own[images[first].model] |= !shared && is_required;
    }
    return true;
}

static bool check_proving_images(struct decoder *decoder, const struct document *document,
                                 const struct catalog *catalog)
{
    bool *has_own = arena_array(decoder->arena, catalog->n_models, sizeof *has_own);

    if (!has_own)
        return arena_error(decoder->arena, decoder->error);
    if (!find_own_images(decoder, catalog, has_own))
        return false;
    for (size_t m = 0; m < catalog->n_models; m++)
        if (catalog->models[m].images_prove_model && !has_own[m])
            return document_error(
                decoder->error,
                document_find(document, SECTION_catalog_model, catalog->models[m].name)->offset,
                "no image proves the model, as others in the catalogue have each of them:",
                catalog->models[m].name);
    return true;
}

/* --- The whole --- */

static bool read_catalog(struct decoder *decoder, const struct document *document,
                         struct catalog *catalog)
{
    const struct document_section *head = document_find(document, SECTION_catalog, "");

    if (!head)
        return document_error(decoder->error, 0, "there is no section [catalog]", NULL);
    if (!read_section(decoder, head, catalog))
        return false;
    if (catalog->valid_until_s <= catalog->issued_s)
        return document_error(decoder->error, head->offset,
                              "the catalogue ends before it is issued", NULL);
    catalog->models = arena_array(decoder->arena,
                                  document_count(document, SECTION_catalog_model) + 1,
                                  sizeof *catalog->models);
    if (!catalog->models)
        return arena_error(decoder->arena, decoder->error);
    for (const struct document_section *section = document->first; section;
         section = section->next) {
        struct catalog_model *model = &catalog->models[catalog->n_models];

        if (section->kind != SECTION_catalog_model)
            continue;
        model->name = section->name;
        if (!read_section(decoder, section, model) || !check_model(decoder, section, model))
            return false;
        catalog->n_models++;
    }
    if (catalog->n_models == 0)
        return document_error(decoder->error, 0, "the catalogue has no models", NULL);
    return check_proving_images(decoder, document, catalog);
}

bool catalog_decode(struct span text, struct arena *arena, struct catalog **catalog,
                    struct error *error)
{
    static const struct document_kind KINDS[] = {
        {SECTION_catalog, "catalog", false, 1},
        {SECTION_catalog_model, "model", true, LIMIT_CATALOG_MODELS},
    };
    struct decoder decoder = {.arena = arena, .error = error};
    struct catalog *decoded = arena_new(arena, struct catalog);
    struct document document;

    if (!decoded)
        return arena_error(arena, error);
    if (!document_read(text, KINDS, sizeof KINDS / sizeof *KINDS, arena, &document, error) ||
        !read_catalog(&decoder, &document, decoded))
        return false;
    *catalog = decoded;
    return true;
}
