/* bootseal policy apply: a policy with its reference values is checked here, kept by the service, and
 * bound. Nothing is bound over a revision that this command has not seen. */
#include "cli/binding.h"
#include "cli/print.h"

#include <stdlib.h>

struct apply {
    struct span text;
    struct talk_file *files; /* of --references */
    size_t n_files;
    struct span *texts; /* of all reference values: those files, or what the binding has */
    size_t n_texts;
    struct binding binding;
    json_t *references;  /* {"name", "version"} of each; NULL: as the binding has them */
    const char *digests; /* of the kept ones, with commas between them */
};

static bool compile(struct cli *cli, const struct apply *apply, enum exit_status *status)
{
    const struct policy_sources sources = {
        .text = apply->text, .references = apply->texts, .n_references = apply->n_texts};
    struct policy_position position = {0};
    struct policy *policy;
    struct error error = {0};
    const char *path = cli->arguments[0];

    if (policy_compile(&sources, &cli->arena, &policy, &position, &error))
        return true;
    if (position.source > 0)
        path = apply->n_files ? apply->files[position.source - 1].path
                              : "reference values of the binding";
    *status = policy_say_error(cli, path, &position, &error);
    return false;
}

/* The files of --references, or the reference values of the binding that is there. */
static bool read_references(struct cli *cli, struct apply *apply, enum exit_status *status)
{
    struct error error;

    if (!talk_read_files(cli, OPTION_REFERENCES, LIMIT_DOCUMENT_LEN, &apply->files, &apply->n_files,
                         status))
        return false;
    if (apply->n_files == 0)
        return binding_references(cli, &apply->binding, &apply->texts, &apply->n_texts, status);
    apply->n_texts = apply->n_files;
    apply->texts = arena_array(&cli->arena, apply->n_files, sizeof *apply->texts);
    if (!apply->texts) {
        arena_error(&cli->arena, &error);
        *status = talk_error(cli, NULL, &error);
        return false;
    }
    for (size_t i = 0; i < apply->n_files; i++)
        apply->texts[i] = apply->files[i].bytes;
    return true;
}

/* --- Keeping --- */

static bool keep(struct cli *cli, const char *path, struct span text, json_t **kept,
                 enum exit_status *status)
{
    const struct service_request request = {
        .method = "POST", .path = path, .content_type = "text/plain", .body = text};

    return service_json(cli, &request, kept, status);
}

static void add_digest(struct cli *cli, struct apply *apply, const json_t *document)
{
    const char *sha256 = json_string_value(json_object_get(document, "sha256"));

    apply->digests = arena_printf(&cli->arena, "%s%s%s", apply->digests ? apply->digests : "",
                                  apply->digests ? "," : "", sha256 ? sha256 : "");
}

static json_t *name_of(const json_t *document)
{
    return json_pack("{s:O, s:O}", "name", json_object_get(document, "name"), "version",
                     json_object_get(document, "version"));
}

static bool keep_references(struct cli *cli, struct apply *apply, enum exit_status *status)
{
    const json_t *document;
    json_t *kept;
    size_t i;

    if (apply->n_files == 0)
        json_array_foreach(json_object_get(apply->binding.object, "references"), i, document)
            add_digest(cli, apply, document);
    else
        apply->references = json_array();
    for (i = 0; i < apply->n_files; i++) {
        if (!keep(cli, "/api/v1/reference-values", apply->files[i].bytes, &kept, status))
            return false;
        add_digest(cli, apply, kept);
        json_array_append_new(apply->references, name_of(kept));
        json_decref(kept);
    }
    return true;
}

static bool keep_policy(struct cli *cli, struct apply *apply, json_t **policy,
                        enum exit_status *status)
{
    const char *path = apply->digests ? arena_printf(&cli->arena, "/api/v1/policies?references=%s",
                                                     apply->digests)
                                      : "/api/v1/policies";
    json_t *kept;

    if (!keep(cli, path, apply->text, &kept, status))
        return false;
    *policy = name_of(kept);
    json_decref(kept);
    return true;
}

/* --- Binding --- */

/* The binding as it shall be: what is not named stays as it is. Takes policy. */
static json_t *new_body(struct cli *cli, struct apply *apply, json_t *policy,
                        enum exit_status *status)
{
    json_t *body = apply->binding.object ? binding_body(&apply->binding) : json_object(), *until;

    json_object_del(body, "update");
    json_object_set_new(body, "policy", policy);
    json_object_set_new(body, "mode",
                        json_string(cli->values[OPTION_OBSERVE] ? "observe" : "enforce"));
    if (cli->values[OPTION_HOSTS] || !json_object_get(body, "hosts"))
        json_object_set_new(
            body, "hosts",
            json_string(cli->values[OPTION_HOSTS] ? cli->values[OPTION_HOSTS] : "*"));
    if (apply->references)
        json_object_set(body, "references", apply->references);
    if (cli->values[OPTION_REASON])
        json_object_set_new(body, "reason", json_string(cli->values[OPTION_REASON]));
    if (!cli->values[OPTION_UNTIL])
        return body;
    until = binding_until(cli, status);
    if (until) {
        json_object_set_new(body, "until", until);
        return body;
    }
    json_decref(body);
    return NULL;
}

static bool bind_policy(struct cli *cli, struct apply *apply, enum exit_status *status)
{
    const char *name = apply->binding.name;
    struct binding_change change = {.method = "PUT",
                                    .path = service_path(cli, "bindings", name, "")};
    json_t *policy, *changed;

    if (!keep_references(cli, apply, status) || !keep_policy(cli, apply, &policy, status))
        return false;
    change.body = new_body(cli, apply, policy, status);
    if (!change.body || !binding_change(cli, &apply->binding, &change, &changed, status))
        return false;
    if (!changed)
        return true;
    binding_say(cli, changed);
    if (cli->values[OPTION_OBSERVE])
        fprintf(stderr,
                "Hosts show what it says, and it does not count: bootseal host show HOST\n"
                "To let it count: bootseal policy enforce %s\n",
                name);
    else
        fprintf(stderr, "To undo: bootseal policy %s %s\n",
                apply->binding.object ? "rollback" : "remove", name);
    return true;
}

enum exit_status policy_apply(struct cli *cli)
{
    const char *name = cli->values[OPTION_BINDING] ? cli->values[OPTION_BINDING] : BINDING_DEFAULT;
    struct apply apply = {0};
    enum exit_status status = EXIT_HOLDS;

    if (talk_read(cli, cli->arguments[0], LIMIT_POLICY_LEN, &apply.text, &status) &&
        binding_ask(cli, name, false, &apply.binding, &status) &&
        read_references(cli, &apply, &status) && compile(cli, &apply, &status) &&
        bind_policy(cli, &apply, &status))
        status = EXIT_HOLDS;
    binding_drop(&apply.binding);
    json_decref(apply.references);
    return status;
}
