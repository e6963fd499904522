/* bootseal policy check: policy files offline. */
#include "cli/policy.h"

/* Documents beside the policy's own text; positions name the one that is wrong. */
struct documents {
    const char *paths[LIMIT_POLICY_SOURCES];
    struct span texts[LIMIT_POLICY_SOURCES];
    size_t n;
};

/* Adds those of the option. */
static bool add_documents(struct cli *cli, enum cli_option option, struct documents *documents,
                          enum exit_status *status)
{
    struct talk_file *files;
    size_t n;

    if (!talk_read_files(cli, option, LIMIT_POLICY_LEN, &files, &n, status))
        return false;
    if (n > LIMIT_POLICY_SOURCES - documents->n) {
        *status = talk_usage(cli, option, "not as many documents");
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        documents->paths[documents->n] = files[i].path;
        documents->texts[documents->n++] = files[i].bytes;
    }
    return true;
}

bool policy_load(struct cli *cli, const char *path, struct policy **policy,
                 enum exit_status *status)
{
    struct documents references = {.n = 0}, updates = {.n = 0};
    struct policy_sources sources = {0};
    struct policy_position position = {0};
    struct error error = {0};

    if (!talk_read(cli, path, LIMIT_POLICY_LEN, &sources.text, status) ||
        !add_documents(cli, OPTION_REFERENCES, &references, status) ||
        !add_documents(cli, OPTION_RETIRED, &updates, status))
        return false;
    sources.n_retiring = updates.n;
    if (!add_documents(cli, OPTION_UPDATE, &updates, status))
        return false;
    sources.references = references.texts;
    sources.n_references = references.n;
    sources.updates = updates.texts;
    sources.n_updates = updates.n;
    if (policy_compile(&sources, &cli->arena, policy, &position, &error))
        return true;
    if (position.source > references.n)
        path = updates.paths[position.source - references.n - 1];
    else if (position.source > 0)
        path = references.paths[position.source - 1];
    *status = policy_say_error(cli, path, &position, &error);
    return false;
}

enum exit_status policy_say_error(struct cli *cli, const char *path,
                                  const struct policy_position *position, const struct error *error)
{
    const struct document_position place = {.line = position->line, .column = position->column};

    return talk_place(cli, "policy.invalid", path, place, error->message);
}

bool policy_load_all(struct cli *cli, const char *const *paths, size_t n, struct policy ***policies,
                     enum exit_status *status)
{
    struct policy **loaded = arena_array(&cli->arena, n, sizeof(void *));
    struct error error = {0};

    if (!loaded) {
        arena_error(&cli->arena, &error);
        *status = talk_error(cli, NULL, &error);
        return false;
    }
    for (size_t i = 0; i < n; i++)
        if (!policy_load(cli, paths[i], &loaded[i], status))
            return false;
    *policies = loaded;
    return true;
}

bool policy_compile_text(struct cli *cli, const char *path, struct span text,
                         struct policy **policy, enum exit_status *status)
{
    struct policy_position position = {0};
    struct error error = {0};

    if (policy_compile(&(struct policy_sources){.text = text}, &cli->arena, policy, &position,
                       &error))
        return true;
    *status = policy_say_error(cli, path, &position, &error);
    return false;
}

enum exit_status policy_check(struct cli *cli)
{
    struct policy *policy;
    enum exit_status status;
    json_t *object;

    if (!policy_load(cli, cli->arguments[0], &policy, &status))
        return status;
    if (cli->json) {
        object = talk_schema("policy-check");
        json_object_set_new(object, "name", json_string(policy_name(policy)));
        json_object_set_new(object, "version", json_string(policy_version(policy)));
        json_object_set_new(object, "rules", json_integer((json_int_t)policy_rules(policy)));
        json_object_set_new(object, "cost", json_integer((json_int_t)policy_cost(policy)));
        talk_json(object);
    } else {
        printf("%s version %s: %zu rules, cost at most %zu steps\n", policy_name(policy),
               policy_version(policy), policy_rules(policy), policy_cost(policy));
    }
    return EXIT_HOLDS;
}
