/* bootseal diff, host claims, host features: what a host's last boot says, as a service read it. */
#include "base/limits.h"
#include "base/text.h"
#include "cli/boot_diff.h"
#include "cli/features_print.h"
#include "cli/print.h"
#include "cli/service.h"

enum { ITEMS_SHOWN = 16 };

/* level NULL: the query has none. */
static bool ask(struct cli *cli, const char *what, const char *level, json_t **object,
                enum exit_status *status)
{
    const struct service_field field = {"level", level};
    const struct service_request request = {
        .method = "GET",
        .path = service_query(cli, service_path(cli, "hosts", cli->arguments[0], what), &field, 1),
        .answer_cap = LIMIT_LIST_ANSWER_LEN,
    };

    return service_json(cli, &request, object, status);
}

/* --- diff --- */

enum exit_status host_diff(struct cli *cli)
{
    enum exit_status status;
    const char *name, *before, *after;
    json_t *object;

    if (cli->n_arguments == 2)
        return eventlog_diff(cli);
    if (!ask(cli, "diff", NULL, &object, &status))
        return status;
    if (cli->json) {
        status = json_is_true(json_object_get(object, "equal")) ? EXIT_HOLDS : EXIT_HOLDS_NOT;
        talk_json(object);
        return status;
    }
    name = print_member(cli, object, "host");
    before = print_age(cli, print_member(cli, object, "before_at"));
    after = print_age(cli, print_member(cli, object, "after_at"));
    printf("%s%s%s  before: its last good boot, %s; after: its last boot, %s\n\n",
           talk_color(cli, TALK_BOLD), name ? name : "-", talk_color(cli, TALK_PLAIN),
           before ? before : "-", after ? after : "-");
    status = boot_diff_print(cli, object);
    json_decref(object);
    return status;
}

/* --- claims --- */

/* How many items there are; the service does not give all of a very long list. */
static size_t n_values(const json_t *claim)
{
    const json_t *n = json_object_get(claim, "n_value");

    return n ? (size_t)json_integer_value(n) : json_array_size(json_object_get(claim, "value"));
}

static const char *value_text(struct cli *cli, const json_t *claim)
{
    const json_t *value = json_object_get(claim, "value");

    if (json_is_boolean(value))
        return json_is_true(value) ? "yes" : "no";
    if (json_is_string(value))
        return print_member(cli, claim, "value");
    if (json_is_array(value))
        return arena_printf(&cli->arena, "%zu item%s", n_values(claim),
                            n_values(claim) == 1 ? "" : "s");
    return "unknown";
}

static const char *item_text(struct cli *cli, const json_t *items, size_t index)
{
    const char *text = json_string_value(json_array_get(items, index));

    return text ? text_printable(&cli->arena, span_text(text)) : NULL;
}

static void print_named_claim(struct cli *cli, const char *name, const json_t *claim)
{
    const json_t *items = json_object_get(claim, "value"),
                 *labels = json_object_get(claim, "labels");
    const char *value = value_text(cli, claim), *grade = print_member(cli, claim, "grade");
    size_t n = n_values(claim), n_given = json_array_size(items);

    printf("%-32s %-40s %s%s%s\n", name, value ? value : "", talk_color(cli, TALK_DIM),
           json_is_null(items) || !grade ? "" : grade, talk_color(cli, TALK_PLAIN));
    for (size_t i = 0; i < n_given && i < ITEMS_SHOWN; i++) {
        const char *item = item_text(cli, items, i), *label = item_text(cli, labels, i);

        printf("%34s%s%s%s\n", "", item ? item : "", label ? "  " : "", label ? label : "");
    }
    if (n > ITEMS_SHOWN)
        printf("%34sand %zu more (%s with --json)\n", "", n - ITEMS_SHOWN,
               n == n_given ? "all" : "some");
}

enum exit_status host_claims(struct cli *cli)
{
    enum exit_status status;
    json_t *object, *claim;
    const char *name;

    if (!ask(cli, "claims", NULL, &object, &status))
        return status;
    if (cli->json) {
        talk_json(object);
        return EXIT_HOLDS;
    }
    json_object_foreach(json_object_get(object, "claims"), name, claim)
        print_named_claim(cli, text_printable(&cli->arena, span_text(name)), claim);
    json_decref(object);
    return EXIT_HOLDS;
}

/* --- features --- */

enum exit_status host_features(struct cli *cli)
{
    enum exit_status status;
    json_t *object;

    if (cli->n_repeated > 1)
        return talk_usage(cli, OPTION_POLICY, "one kept policy, by its name");
    return ask(cli, "features", cli->values[OPTION_POLICY], &object, &status)
               ? features_show(cli, object)
               : status;
}
