/* bootseal catalog make: a catalogue from hosts that are as they should be. Never writes one by which
 * one of them would not be recognised. */
#include "claims/certification.h"
#include "cli/catalog.h"
#include "cli/proven.h"
#include "os/clock.h"

enum { DAY_S = 24 * 60 * 60, DAYS_DEFAULT = 365 };

static bool read_hosts(struct cli *cli, const struct claims **hosts, enum exit_status *status)
{
    for (int i = 0; i < cli->n_arguments; i++) {
        struct claims *claims = arena_new(&cli->arena, struct claims);
        struct error error = {0};

        if (!claims) {
            arena_error(&cli->arena, &error);
            *status = talk_error(cli, cli->arguments[i], &error);
            return false;
        }
        if (!proven_claims(cli, cli->arguments[i], claims, status))
            return false;
        hosts[i] = claims;
    }
    return true;
}

static bool write_text(struct cli *cli, const struct claims *const *hosts, struct catalog *catalog,
                       struct span *text, struct error *error)
{
    return certification_learn(hosts, (size_t)cli->n_arguments, catalog->models->level, &cli->arena,
                               catalog, error) &&
           catalog_encode(catalog, &cli->arena, text, error);
}

/* What was written, read again, must recognise each host that it was made from. */
static bool check_text(struct cli *cli, const struct claims *const *hosts, struct span text,
                       struct error *error)
{
    struct certification certification;
    struct catalog *catalog;

    if (!catalog_decode(text, &cli->arena, &catalog, error))
        return false;
    for (int i = 0; i < cli->n_arguments; i++) {
        certification_find(catalog, hosts[i], &certification);
        if (certification.state != CERTIFICATION_HOLDS)
            return error_plain(error, ERROR_USAGE, "%.100s: a catalogue cannot hold its texts",
                               cli->arguments[i]);
    }
    return true;
}

enum exit_status catalog_make(struct cli *cli)
{
    const char *name = cli->values[OPTION_NAME], *level = cli->values[OPTION_LEVEL];
    const struct claims **hosts = arena_array(&cli->arena, (size_t)cli->n_arguments,
                                              sizeof(const struct claims *));
    struct catalog_model wanted = {.level = level ? catalog_level_by_name(span_text(level))
                                                  : CATALOG_LEVEL_NONE};
    struct catalog catalog = {.name = name, .version = 1, .models = &wanted};
    struct error error = {0};
    enum exit_status status;
    struct span text;
    int64_t days;

    if (!name)
        return talk_usage(cli, OPTION_NAME, "what the catalogue is called");
    if (!wanted.level)
        return talk_usage(cli, OPTION_LEVEL, "secured-core or recommended-baseline");
    if (!talk_days(cli, &days, &status) || !read_hosts(cli, hosts, &status))
        return status;
    catalog.issued_s = os_now_s() / DAY_S * DAY_S;
    catalog.valid_until_s = catalog.issued_s + (days ? days : DAYS_DEFAULT) * DAY_S;
    if (!write_text(cli, hosts, &catalog, &text, &error) || !check_text(cli, hosts, text, &error))
        return talk_error_next(cli, NULL, &error, NULL);
    if ((cli->values[OPTION_OUTPUT] || !cli->json) && !talk_result(cli, text, &status))
        return status;
    if (cli->json) {
        json_t *object = talk_schema("catalog-make");

        json_object_update_new(object, catalog_file_json(cli, &catalog));
        json_object_set_new(object, "models", json_integer((json_int_t)catalog.n_models));
        json_object_set_new(object, "text", json_stringn((const char *)text.data, text.len));
        talk_json(object);
    } else if (cli->values[OPTION_OUTPUT]) {
        fprintf(stderr, "%s. Read it, then: bootseal catalog sign %s --key KEY\n",
                catalog_file_title(cli, &catalog), cli->values[OPTION_OUTPUT]);
    }
    return EXIT_HOLDS;
}
