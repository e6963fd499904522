/* bootseal catalog show: what a catalogue holds, as text and as JSON. Says nothing about whether it may
 * be believed, and so trusts none of its texts with the terminal. */
#include "base/text.h"
#include "cli/catalog.h"
#include "os/clock.h"

enum { DATE_LEN = 10 }; /* of "2026-01-31T00:00:00Z" */

/* The day of a second; texts live in the arena. */
static const char *day_of(struct cli *cli, int64_t unix_s)
{
    char text[OS_TIME_TEXT_LEN];

    return arena_text(&cli->arena, span_of(os_time_print(unix_s, text), DATE_LEN));
}

const char *catalog_file_title(struct cli *cli, const struct catalog *catalog)
{
    return arena_printf(&cli->arena, "%s version %lld, %zu model%s, %s to %s",
                        talk_printable(cli, catalog->name), (long long)catalog->version,
                        catalog->n_models, catalog->n_models == 1 ? "" : "s",
                        day_of(cli, catalog->issued_s), day_of(cli, catalog->valid_until_s - 1));
}

json_t *catalog_file_json(struct cli *cli, const struct catalog *catalog)
{
    return json_pack("{s:s, s:I, s:s, s:s, s:s?}", "name", talk_printable(cli, catalog->name),
                     "version", (json_int_t)catalog->version, "issued",
                     day_of(cli, catalog->issued_s), "valid_until",
                     day_of(cli, catalog->valid_until_s - 1), "description",
                     catalog->description ? talk_printable(cli, catalog->description) : NULL);
}

static json_t *texts_json(struct cli *cli, const struct catalog_texts *texts)
{
    json_t *array = json_array();

    for (size_t i = 0; i < texts->n_items; i++)
        json_array_append_new(array, json_string(talk_printable(cli, texts->items[i])));
    return array;
}

/* Digests as "sha256:<hex>", so that one way of showing serves both kinds of lists. */
static struct catalog_texts digest_texts(struct cli *cli, const struct catalog_digests *digests)
{
    struct catalog_texts texts = {
        .items = arena_array(&cli->arena, digests->n_items + 1, sizeof *texts.items)};

    for (; texts.items && texts.n_items < digests->n_items; texts.n_items++) {
        const struct catalog_digest *digest = &digests->items[texts.n_items];

        texts.items[texts.n_items] = arena_printf(&cli->arena, "%s:%s", tpm_alg_name(digest->alg),
                                                  text_hex(&cli->arena, digest->bytes));
    }
    return texts;
}

enum { MODEL_LISTS = 9 };

struct model_list {
    const char *key;
    struct catalog_texts texts;
};

static void lists_of(struct cli *cli, const struct catalog_model *model,
                     struct model_list lists[MODEL_LISTS])
{
    const struct model_list all[MODEL_LISTS] = {
        {"manufacturer", model->manufacturer},
        {"product", model->product},
        {"firmware", model->firmware},
        {"firmware_images", digest_texts(cli, &model->firmware_images)},
        {"firmware_images_optional", digest_texts(cli, &model->optional_images)},
        {"tpm_manufacturer", model->tpm_manufacturer},
        {"tpm_model", model->tpm_model},
        {"platform_issuer", model->platform_issuer},
        {"ek_issuer", model->ek_issuer},
    };

    memcpy(lists, all, sizeof all);
}

static json_t *model_json(struct cli *cli, const struct catalog_model *model)
{
    json_t *object = json_pack("{s:s, s:s, s:s, s:b}", "name", talk_printable(cli, model->name),
                               "level", catalog_level_name(model->level), "source",
                               talk_printable(cli, model->source), "firmware_proves_model",
                               model->images_prove_model);
    struct model_list lists[MODEL_LISTS];

    lists_of(cli, model, lists);
    for (size_t i = 0; i < MODEL_LISTS; i++)
        json_object_set_new(object, lists[i].key, texts_json(cli, &lists[i].texts));
    return object;
}

static void print_model(struct cli *cli, const struct catalog_model *model)
{
    struct model_list lists[MODEL_LISTS];

    printf("%s%s%s  %s\n", talk_color(cli, TALK_BOLD), talk_printable(cli, model->name),
           talk_color(cli, TALK_PLAIN), catalog_level_name(model->level));
    printf("    %-25s%s\n", "source", talk_printable(cli, model->source));
    lists_of(cli, model, lists);
    for (size_t i = 0; i < MODEL_LISTS; i++)
        for (size_t k = 0; k < lists[i].texts.n_items; k++)
            printf("    %-25s%s\n", k ? "" : lists[i].key,
                   talk_printable(cli, lists[i].texts.items[k]));
    if (model->images_prove_model)
        printf("    %-25smodel\n", "firmware_proves");
}

enum exit_status catalog_show(struct cli *cli)
{
    struct catalog_file file;
    enum exit_status status;
    json_t *object, *models;

    if (!catalog_file_read(cli, cli->arguments[0], &file, &status))
        return status;
    if (!cli->json) {
        printf("%s\n", catalog_file_title(cli, file.catalog));
        if (file.catalog->description)
            printf("  %s\n", talk_printable(cli, file.catalog->description));
        for (size_t i = 0; i < file.catalog->n_models; i++)
            print_model(cli, &file.catalog->models[i]);
        return EXIT_HOLDS;
    }
    object = talk_schema("catalog");
    json_object_update_new(object, catalog_file_json(cli, file.catalog));
    models = json_array();
    for (size_t i = 0; i < file.catalog->n_models; i++)
        json_array_append_new(models, model_json(cli, &file.catalog->models[i]));
    json_object_set_new(object, "models", models);
    talk_json(object);
    return EXIT_HOLDS;
}
