/* bootseal dbx check: what a revocation list forbids and a host's dbx does not. */
#include "claims/revocations.h"
#include "cli/secureboot.h"
#include "msg/result_json.h"
#include "wire/efi_revocations.h"

static void print_missing(struct cli *cli, const struct revocations *compared)
{
    for (size_t i = 0; i < compared->n_missing; i++)
        secureboot_entry_print(cli, &compared->missing[i]);
    if (compared->n_missing)
        printf("%s%zu of %zu are missing in dbx%s\n", talk_color(cli, TALK_BAD),
               compared->n_missing, compared->n_listed, talk_color(cli, TALK_PLAIN));
    else
        printf("dbx forbids all %zu\n", compared->n_listed);
}

static void print_json(struct cli *cli, const struct revocations *compared, enum claim_grade grade)
{
    json_t *object = talk_schema("dbx");
    json_t *missing = json_array();

    for (size_t i = 0; i < compared->n_missing; i++)
        json_array_append_new(missing, secureboot_entry_json(cli, &compared->missing[i]));
    json_object_set_new(object, "complete", json_boolean(compared->n_missing == 0));
    json_object_set_new(object, "grade", json_string(claim_grade_name(grade)));
    json_object_set_new(object, "n_listed", json_integer((json_int_t)compared->n_listed));
    json_object_set_new(object, "n_missing", json_integer((json_int_t)compared->n_missing));
    json_object_set_new(object, "missing", missing);
    talk_json(object);
}

enum exit_status dbx_check(struct cli *cli)
{
    struct secureboot_host host;
    struct efi_revocations file;
    struct revocations compared;
    struct span dbx;
    struct error error = {0};
    enum exit_status status;

    if (!cli->values[OPTION_REVOCATIONS])
        return talk_usage(cli, OPTION_REVOCATIONS, "the list of what dbx must forbid");
    if (!secureboot_load(cli, &host, &status))
        return status;
    if (!secureboot_lists(&host, CLAIM_SECURE_BOOT_DBX, &dbx)) {
        error_plain(&error, ERROR_NOT_FOUND, "the log does not say what dbx holds");
        return talk_error(cli, cli->arguments[0], &error);
    }
    if (!efi_revocations_decode(host.revocations, &file, &error) ||
        !revocations_compare(cli->crypto, file.lists, dbx, &cli->arena, &compared, &error))
        return talk_error(cli, cli->values[OPTION_REVOCATIONS], &error);
    if (cli->json)
        print_json(cli, &compared, host.claims->claims[CLAIM_SECURE_BOOT_DBX].grade);
    else
        print_missing(cli, &compared);
    return compared.n_missing ? EXIT_HOLDS_NOT : EXIT_HOLDS;
}
