/* Writes models into a catalogue from hosts that are as they should be. Owns nothing but what is in
 * the arena. Never writes of the TPM: what a host says of it is its word, and an entry that was signed
 * would make it more. */
#include "claims/certification.h"

#include <ctype.h>

enum { NAME_LEN = 40 }; /* of a model, before its number */

struct learner {
    const struct claims *const *hosts;
    size_t n_hosts;
    struct arena *arena;
    struct error *error;
};

static const char *text_of(const struct claims *host, enum claim_id id)
{
    return host->claims[id].known ? host->claims[id].text : "";
}

/* Hosts of one kind: the same words about machine and firmware, images in the same hash. */
static bool is_alike(const struct claims *a, const struct claims *b)
{
    static const enum claim_id WORDS[] = {CLAIM_HARDWARE_MANUFACTURER, CLAIM_HARDWARE_MODEL,
                                          CLAIM_HARDWARE_FIRMWARE};
    const struct claim *of_a = &a->claims[CLAIM_FIRMWARE_IMAGES];
    const struct claim *of_b = &b->claims[CLAIM_FIRMWARE_IMAGES];

    for (size_t i = 0; i < sizeof WORDS / sizeof *WORDS; i++)
        if (strcmp(text_of(a, WORDS[i]), text_of(b, WORDS[i])) != 0)
            return false;
    return of_a->n_items && of_b->n_items ? of_a->items->alg == of_b->items->alg
                                          : of_a->n_items == of_b->n_items;
}

static bool has_image(const struct claims *host, const struct claim_item *image)
{
    const struct claim *images = &host->claims[CLAIM_FIRMWARE_IMAGES];

    for (size_t i = 0; i < images->n_items; i++)
        if (span_equal(images->items[i].bytes, image->bytes))
            return true;
    return false;
}

static bool add_digest(struct learner *learner, struct catalog_digests *digests,
                       const struct claim_item *image)
{
    for (size_t i = 0; i < digests->n_items; i++)
        if (span_equal(digests->items[i].bytes, image->bytes))
            return true;
    if (!digests->items)
        digests->items = arena_array(learner->arena, LIMIT_CATALOG_VALUES, sizeof *digests->items);
    if (!digests->items)
        return arena_error(learner->arena, learner->error);
    if (digests->n_items == LIMIT_CATALOG_VALUES)
        return error_plain(learner->error, ERROR_LIMIT,
                           "hosts alike have more than %d firmware images", LIMIT_CATALOG_VALUES);
    digests->items[digests->n_items++] = (struct catalog_digest){image->alg, image->bytes};
    return true;
}

/* What all hosts of the kind show is needed; what only some show is allowed. */
static bool learn_images(struct learner *learner, const struct claims *kind,
                         struct catalog_model *model)
{
    for (size_t h = 0; h < learner->n_hosts; h++) {
        const struct claim *images = &learner->hosts[h]->claims[CLAIM_FIRMWARE_IMAGES];

        if (!is_alike(kind, learner->hosts[h]))
            continue;
        for (size_t i = 0; i < images->n_items; i++) {
            bool all = true;

            for (size_t other = 0; other < learner->n_hosts && all; other++)
                all = !is_alike(kind, learner->hosts[other]) ||
                      has_image(learner->hosts[other], &images->items[i]);
            if (!add_digest(learner, all ? &model->firmware_images : &model->optional_images,
                            &images->items[i]))
                return false;
        }
    }
    if (model->firmware_images.n_items == 0)
        model->optional_images.n_items = 0; /* alone they recognise nothing */
    return true;
}

static bool learn_text(struct learner *learner, const struct claims *kind, enum claim_id id,
                       struct catalog_texts *texts)
{
    if (!*text_of(kind, id))
        return true;
    texts->items = arena_array(learner->arena, 1, sizeof *texts->items);
    if (!texts->items)
        return arena_error(learner->arena, learner->error);
    texts->items[texts->n_items++] = text_of(kind, id);
    return true;
}

static bool has_model(const struct catalog *catalog, const char *name)
{
    for (size_t i = 0; i < catalog->n_models; i++)
        if (strcmp(catalog->models[i].name, name) == 0)
            return true;
    return false;
}

/* "poweredge-r760"; with a number behind it when another model has the name. */
static const char *make_name(struct learner *learner, const struct catalog *catalog,
                             const char *product)
{
    char plain[NAME_LEN + 1];
    const char *name;
    size_t len = 0;

    for (; *product && len < NAME_LEN; product++) {
        if (isalnum((unsigned char)*product))
            plain[len++] = (char)tolower((unsigned char)*product);
        else if (len && plain[len - 1] != '-')
            plain[len++] = '-';
    }
    while (len && plain[len - 1] == '-')
        len--;
    plain[len] = '\0';
    name = arena_printf(learner->arena, "%s", len ? plain : "machine");
    for (unsigned number = 2; name && has_model(catalog, name); number++)
        name = arena_printf(learner->arena, "%s-%u", len ? plain : "machine", number);
    return name;
}

static bool learn_model(struct learner *learner, const struct claims *kind,
                        const struct catalog *catalog, struct catalog_model *model)
{
    size_t n_alike = 0;

    for (size_t h = 0; h < learner->n_hosts; h++)
        n_alike += is_alike(kind, learner->hosts[h]);
    model->name = make_name(learner, catalog, text_of(kind, CLAIM_HARDWARE_MODEL));
    model->source = arena_printf(learner->arena, "evidence of %zu host%s", n_alike,
                                 n_alike == 1 ? "" : "s");
    if (!model->name || !model->source)
        return arena_error(learner->arena, learner->error);
    if (*text_of(kind, CLAIM_HARDWARE_MANUFACTURER) && *text_of(kind, CLAIM_HARDWARE_MODEL) &&
        (!learn_text(learner, kind, CLAIM_HARDWARE_MANUFACTURER, &model->manufacturer) ||
         !learn_text(learner, kind, CLAIM_HARDWARE_MODEL, &model->product)))
        return false;
    if (!learn_text(learner, kind, CLAIM_HARDWARE_FIRMWARE, &model->firmware) ||
        !learn_images(learner, kind, model))
        return false;
    if (!model->product.n_items && !model->firmware_images.n_items)
        return error_plain(learner->error, ERROR_NOT_FOUND,
                           "a host tells neither manufacturer and product nor an image of its "
                           "firmware");
    return true;
}

bool certification_learn(const struct claims *const *hosts, size_t n_hosts,
                         enum catalog_level level, struct arena *arena, struct catalog *catalog,
                         struct error *error)
{
    struct learner learner = {hosts, n_hosts, arena, error};

    catalog->models = arena_array(arena, n_hosts, sizeof *catalog->models);
    catalog->n_models = 0;
    if (!catalog->models)
        return arena_error(arena, error);
    for (size_t h = 0; h < n_hosts; h++) {
        struct catalog_model *model = &catalog->models[catalog->n_models];
        size_t first = 0;

        while (!is_alike(hosts[first], hosts[h]))
            first++;
        if (first < h)
            continue;
        model->level = level;
        if (!learn_model(&learner, hosts[h], catalog, model))
            return false;
        catalog->n_models++;
    }
    return true;
}
