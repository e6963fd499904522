/* bootseal policy diff: what a policy in a file would change against the one that is bound. */
#include "cli/binding.h"
#include "policy/diff.h"

static const char *sign_of(const struct policy_difference *difference)
{
    return difference->change == POLICY_ADDED     ? "+"
           : difference->change == POLICY_REMOVED ? "-"
                                                  : "~";
}

static enum talk_color color_of(const struct policy_difference *difference)
{
    return difference->change == POLICY_ADDED     ? TALK_GOOD
           : difference->change == POLICY_REMOVED ? TALK_BAD
                                                  : TALK_WARN;
}

static void print_difference(struct cli *cli, const struct policy_difference *difference)
{
    printf("%s%s %s%s%s", talk_color(cli, color_of(difference)), sign_of(difference),
           difference->section, *difference->name ? " " : "", difference->name);
    if (difference->key)
        printf("  %s", difference->key);
    printf("%s", talk_color(cli, TALK_PLAIN));
    if (difference->change == POLICY_CHANGED)
        printf("\n    was  %s\n    is   %s\n", difference->old, difference->new);
    else if (difference->old || difference->new)
        printf("  %s\n", difference->old ? difference->old : difference->new);
    else
        printf("\n");
}

static json_t *difference_json(const struct policy_difference *difference)
{
    static const char *const WORDS[] = {
        [POLICY_ADDED] = "added", [POLICY_REMOVED] = "removed", [POLICY_CHANGED] = "changed"};

    return json_pack("{s:s, s:s, s:s, s:s?, s:s?, s:s?}", "change", WORDS[difference->change],
                     "section", difference->section, "name", difference->name, "key",
                     difference->key, "old", difference->old, "new", difference->new);
}

static void print_all(struct cli *cli, const struct binding *binding,
                      const struct policy_difference *differences, size_t n)
{
    json_t *object = talk_schema("policy-diff"), *list = json_array();

    for (size_t i = 0; i < n; i++)
        if (cli->json)
            json_array_append_new(list, difference_json(&differences[i]));
        else
            print_difference(cli, &differences[i]);
    json_object_set_new(object, "binding", json_string(binding->name));
    json_object_set(object, "revision", json_object_get(binding->object, "revision"));
    json_object_set_new(object, "differences", list);
    if (cli->json) {
        talk_json(object);
        return;
    }
    json_decref(object);
    fprintf(stderr,
            n == 1 ? "%zu difference from binding %s\n" : "%zu differences from binding %s\n", n,
            binding->name);
}

/* The reference values of the file: those of --references, else those of the binding, which
 * `bootseal policy apply` would keep. */
static bool read_new(struct cli *cli, const struct policy_sources *bound,
                     struct policy_sources *sources, enum exit_status *status)
{
    struct talk_file *files;
    struct policy_position position = {0};
    struct policy *policy;
    struct error error = {0};
    struct span *texts;
    size_t n_files;
    const char *path = cli->arguments[0];

    *sources = (struct policy_sources){.references = bound->references,
                                       .n_references = bound->n_references};
    if (!talk_read(cli, path, LIMIT_POLICY_LEN, &sources->text, status) ||
        !talk_read_files(cli, OPTION_REFERENCES, LIMIT_DOCUMENT_LEN, &files, &n_files, status))
        return false;
    texts = arena_array(&cli->arena, n_files + 1, sizeof *texts);
    for (size_t i = 0; texts && i < n_files; i++)
        texts[i] = files[i].bytes;
    if (texts && n_files) {
        sources->references = texts;
        sources->n_references = n_files;
    }
    if (policy_compile(sources, &cli->arena, &policy, &position, &error))
        return true;
    if (position.source > 0)
        path = n_files ? files[position.source - 1].path : "reference values of the binding";
    *status = policy_say_error(cli, path, &position, &error);
    return false;
}

static bool diff(struct cli *cli, const struct binding *binding, enum exit_status *status)
{
    struct policy_difference *differences;
    struct policy_sources old = {0}, new;
    struct span *references;
    struct error error;
    size_t n;

    if (json_object_get(binding->object, "update")) {
        error_plain(&error, ERROR_USAGE, "the binding is of an update, not of a policy");
        *status = talk_error(cli, binding->name, &error);
        return false;
    }
    if (!binding_text(cli, binding, &old.text, status) ||
        !binding_references(cli, binding, &references, &old.n_references, status))
        return false;
    old.references = references;
    if (!read_new(cli, &old, &new, status))
        return false;
    if (!policy_diff(&old, &new, &cli->arena, &differences, &n, &error)) {
        *status = talk_error(cli, binding->name, &error);
        return false;
    }
    print_all(cli, binding, differences, n);
    *status = n ? EXIT_HOLDS_NOT : EXIT_HOLDS;
    return true;
}

enum exit_status policy_diff_bound(struct cli *cli)
{
    const char *name = cli->n_arguments > 1 ? cli->arguments[1] : BINDING_DEFAULT;
    enum exit_status status = EXIT_HOLDS;
    struct binding binding;

    if (binding_ask(cli, name, true, &binding, &status))
        (void)!diff(cli, &binding, &status);
    binding_drop(&binding);
    return status;
}
