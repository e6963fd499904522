/* bootseal eventlog diff: two boots, each from a log or a bundle, aligned by component. */
#include "claims/boot_diff.h"
#include "cli/boot_diff.h"
#include "cli/eventlog.h"
#include "msg/boot_diff_json.h"

/* A boot as far as its file tells of it. */
struct boot_file {
    struct measured_log log;
    struct evidence evidence;
    struct claims claims;
};

static bool load(struct cli *cli, const char *path, struct boot_diff_input *input,
                 enum exit_status *status)
{
    struct boot_file *file = arena_new(&cli->arena, struct boot_file);
    struct reasons *ignored = arena_new(&cli->arena, struct reasons);
    struct claims_input claims = {.crypto = cli->crypto};
    struct error error = {0};

    if (!file || !ignored) {
        arena_error(&cli->arena, &error);
        *status = talk_error(cli, path, &error);
        return false;
    }
    if (!eventlog_load_evidence(cli, path, &file->log, &file->evidence, status))
        return false;
    claims.log = &file->log;
    claims.inventory = file->evidence.inventory;
    claims.n_inventory = file->evidence.n_inventory;
    claims.smbios = eventlog_bundled(&file->evidence, EVIDENCE_LOG_SMBIOS);
    claims.mok_list = eventlog_bundled(&file->evidence, EVIDENCE_LOG_MOK);
    if (!claims_collect(&claims, &cli->arena, &file->claims, ignored, &error)) {
        *status = talk_error(cli, path, &error);
        return false;
    }
    *input = (struct boot_diff_input){&file->log, &file->evidence, &file->claims};
    return true;
}

enum exit_status eventlog_diff(struct cli *cli)
{
    struct boot_diff_input before, after;
    struct boot_diff diff;
    struct error error = {0};
    enum exit_status status;
    json_t *found, *object;

    if (!load(cli, cli->arguments[0], &before, &status) ||
        !load(cli, cli->arguments[1], &after, &status))
        return status;
    if (!boot_diff(cli->crypto, &before, &after, &cli->arena, &diff, &error))
        return talk_error(cli, NULL, &error);
    found = boot_diff_json(&diff);
    if (!cli->json) {
        status = boot_diff_print(cli, found);
    } else {
        object = talk_schema("diff");
        json_object_update(object, found);
        talk_json(object);
        status = diff.n_changes ? EXIT_HOLDS_NOT : EXIT_HOLDS;
    }
    json_decref(found);
    return status;
}
