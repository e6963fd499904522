/* bootseal reference show, diff, and the answer of those that make documents. A document is read by the
 * policy's reader only, so that what is shown here is what a policy gets. */
#include "cli/reference.h"

#include "cli/policy.h"

static bool check_text(struct cli *cli, const char *path, struct span text,
                       struct policy_values *values, enum exit_status *status)
{
    struct policy_position position = {0};
    struct error error = {0};

    if (!policy_values_check(text, &cli->arena, values, &position, &error)) {
        *status = policy_say_error(cli, path, &position, &error);
        return false;
    }
    if (!values->is_update)
        return true;
    error_plain(&error, ERROR_MALFORMED, "this is an update, expected reference values");
    *status = talk_error(cli, path, &error);
    return false;
}

static bool load(struct cli *cli, const char *path, struct policy_values *values,
                 enum exit_status *status)
{
    struct span text;

    return talk_read(cli, path, LIMIT_POLICY_LEN, &text, status) &&
           check_text(cli, path, text, values, status);
}

static const char *print_item(struct cli *cli, const struct claim_item *item)
{
    const char *printed = claim_item_print(cli->crypto, item, &cli->arena);

    return printed ? printed : "";
}

static json_t *values_json(struct cli *cli, const struct policy_values *values)
{
    json_t *object = talk_schema("reference-values"), *lists = json_array();

    json_object_set_new(object, "name", json_string(values->name));
    json_object_set_new(object, "version", json_string(values->version));
    json_object_set_new(object, "description",
                        values->description ? json_string(values->description) : json_null());
    for (size_t i = 0; i < values->n_lists; i++) {
        const struct policy_value_list *list = &values->lists[i];
        json_t *items = json_array();

        for (size_t j = 0; j < list->n_items; j++)
            json_array_append_new(items, json_pack("{s:s, s:s}", "label", list->items[j].label,
                                                   "value", print_item(cli, &list->items[j])));
        json_array_append_new(lists, json_pack("{s:s, s:o}", "name", list->name, "values", items));
    }
    json_object_set_new(object, "references", lists);
    json_object_set_new(object, "n_values", json_integer((json_int_t)values->n_values));
    return object;
}

enum exit_status reference_show(struct cli *cli)
{
    struct policy_values values;
    enum exit_status status;

    if (!load(cli, cli->arguments[0], &values, &status))
        return status;
    if (cli->json) {
        talk_json(values_json(cli, &values));
        return EXIT_HOLDS;
    }
    printf("%s%s version %s%s%s%s: %zu values\n", talk_color(cli, TALK_BOLD), values.name,
           values.version, talk_color(cli, TALK_PLAIN), values.description ? ", " : "",
           values.description ? values.description : "", values.n_values);
    for (size_t i = 0; i < values.n_lists; i++) {
        const struct policy_value_list *list = &values.lists[i];

        printf("\n%s (%zu)\n", list->name, list->n_items);
        for (size_t j = 0; j < list->n_items; j++)
            printf("  %s  %s%s%s\n", print_item(cli, &list->items[j]), talk_color(cli, TALK_DIM),
                   list->items[j].label, talk_color(cli, TALK_PLAIN));
    }
    return EXIT_HOLDS;
}

/* --- Differences --- */

static bool holds_value(const struct policy_values *values, const char *name,
                        const struct claim_item *item)
{
    for (size_t i = 0; i < values->n_lists; i++) {
        const struct policy_value_list *list = &values->lists[i];

        for (size_t j = 0; strcmp(list->name, name) == 0 && j < list->n_items; j++)
            if (list->items[j].kind == item->kind && list->items[j].alg == item->alg &&
                span_equal(list->items[j].bytes, item->bytes))
                return true;
    }
    return false;
}

/* What the first has and the second has not, each behind the sign or in the list. */
static size_t say_missing(struct cli *cli, const struct policy_values *values,
                          const struct policy_values *other, char sign, json_t *list)
{
    size_t n = 0;

    for (size_t i = 0; i < values->n_lists; i++) {
        const struct policy_value_list *reference = &values->lists[i];

        for (size_t j = 0; j < reference->n_items; j++) {
            const struct claim_item *item = &reference->items[j];

            if (holds_value(other, reference->name, item))
                continue;
            n++;
            if (cli->json)
                json_array_append_new(list, json_pack("{s:s, s:s, s:s}", "reference",
                                                      reference->name, "label", item->label,
                                                      "value", print_item(cli, item)));
            else
                printf("%s%c %s  %s  %s%s\n", talk_color(cli, sign == '+' ? TALK_GOOD : TALK_BAD),
                       sign, reference->name, print_item(cli, item), item->label,
                       talk_color(cli, TALK_PLAIN));
        }
    }
    return n;
}

enum exit_status reference_diff(struct cli *cli)
{
    json_t *removed = json_array(), *added = json_array(), *object;
    struct policy_values old, new;
    enum exit_status status;
    size_t n_removed, n_added;

    if (!load(cli, cli->arguments[0], &old, &status) ||
        !load(cli, cli->arguments[1], &new, &status)) {
        json_decref(removed);
        json_decref(added);
        return status;
    }
    n_removed = say_missing(cli, &old, &new, '-', removed);
    n_added = say_missing(cli, &new, &old, '+', added);
    object = talk_schema("reference-diff");
    json_object_set_new(object, "removed", removed);
    json_object_set_new(object, "added", added);
    if (cli->json) {
        talk_json(object);
    } else {
        json_decref(object);
        printf("%zu values removed, %zu added\n", n_removed, n_added);
    }
    return n_removed || n_added ? EXIT_HOLDS_NOT : EXIT_HOLDS;
}

/* --- Making documents --- */

const char *reference_line(struct cli *cli, struct span text)
{
    enum { LINE_LEN_MAX = 100 };
    char *line = arena_text(&cli->arena, text);

    for (size_t i = 0; line && i < text.len; i++) {
        if (line[i] < ' ' || line[i] > '~' || line[i] == ';')
            line[i] = ' ';
        if (i == LINE_LEN_MAX)
            line[i] = '\0';
    }
    return line;
}

enum exit_status reference_answer(struct cli *cli, const struct reference_values *values,
                                  const char *name, const char *description)
{
    const char *output = cli->values[OPTION_OUTPUT],
               *version = cli->values[OPTION_DOCUMENT_VERSION];
    struct reference_document document = {.kind = "reference-values",
                                          .section = "reference",
                                          .name = name,
                                          .version = version ? version : "1",
                                          .description = description};
    struct policy_values written;
    enum exit_status status;
    struct error error = {0};
    struct span text;

    if (!reference_values_write(values, &document, &text, &error))
        return talk_error_next(cli, NULL, &error, NULL);
    if (!check_text(cli, "the document", text, &written, &status) ||
        ((output || !cli->json) && !talk_result(cli, text, &status)))
        return status;
    if (cli->json) {
        json_t *object = values_json(cli, &written);

        json_object_set_new(object, "text", json_stringn((const char *)text.data, text.len));
        talk_json(object);
    } else if (output) {
        fprintf(stderr, "%zu values. Read them: bootseal reference show %s\n", written.n_values,
                output);
    }
    return EXIT_HOLDS;
}
