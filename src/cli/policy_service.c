/* bootseal policy show, list, history, observe, enforce, rollback, remove: which policies hold for
 * which hosts of a service. */
#include "cli/binding.h"
#include "cli/list.h"
#include "cli/print.h"

#include <stdlib.h>

static const char *binding_named(const struct cli *cli)
{
    return cli->n_arguments ? cli->arguments[0] : BINDING_DEFAULT;
}

static bool show(struct cli *cli, const struct binding *binding, enum exit_status *status)
{
    struct span text;
    json_t *object;

    if (!binding_text(cli, binding, &text, status))
        return false;
    if (!cli->json)
        return talk_result(cli, text, status);
    object = talk_schema("policy-text");
    json_object_set_new(object, "text", json_stringn((const char *)text.data, text.len));
    json_object_set(object, "binding", binding->object);
    talk_json(object);
    return true;
}

enum exit_status policy_show(struct cli *cli)
{
    enum exit_status status = EXIT_HOLDS;
    struct binding binding;

    if (binding_ask(cli, binding_named(cli), true, &binding, &status) &&
        show(cli, &binding, &status))
        status = EXIT_HOLDS;
    binding_drop(&binding);
    return status;
}

/* --- Lists --- */

static const char *label(struct cli *cli, const json_t *binding)
{
    const json_t *update = json_object_get(binding, "update");
    const json_t *document = update ? update : json_object_get(binding, "policy");
    const char *name = print_member(cli, document, "name"),
               *version = print_member(cli, document, "version");

    return name && version ? arena_printf(&cli->arena, "%s %s", name, version) : NULL;
}

/* Green only where it counts now. */
static void add_mode(struct cli *cli, struct table *table, const json_t *binding)
{
    const char *mode = print_member(cli, binding, "mode");
    bool active = json_is_true(json_object_get(binding, "active"));
    enum talk_color color = !active                                ? TALK_DIM
                            : mode && strcmp(mode, "enforce") == 0 ? TALK_GOOD
                                                                   : TALK_WARN;

    table_add(table, color,
              active || !mode || strcmp(mode, "removed") == 0
                  ? mode
                  : arena_printf(&cli->arena, "%s (not now)", mode));
}

static void add_binding(struct cli *cli, struct table *table, const json_t *binding)
{
    size_t n = json_array_size(json_object_get(binding, "references"));

    table_add(table, TALK_PLAIN, print_member(cli, binding, "name"));
    add_mode(cli, table, binding);
    table_add(table, TALK_PLAIN, print_member(cli, binding, "hosts"));
    table_add(table, TALK_PLAIN, label(cli, binding));
    table_add(table, TALK_PLAIN, n ? arena_printf(&cli->arena, "%zu", n) : NULL);
    table_add(table, TALK_PLAIN, print_age(cli, print_member(cli, binding, "created_at")));
    table_add(table, TALK_PLAIN, print_age(cli, print_member(cli, binding, "until")));
}

static void add_policy(struct cli *cli, struct table *table, const json_t *policy)
{
    bool active = json_is_true(json_object_get(policy, "active"));
    const char *sha256 = print_member(cli, policy, "sha256");

    table_add(table, TALK_GOOD, active ? "in force" : NULL);
    table_add(table, TALK_PLAIN, print_member(cli, policy, "name"));
    table_add(table, TALK_PLAIN, print_member(cli, policy, "version"));
    table_add(table, TALK_PLAIN,
              active ? print_age(cli, print_member(cli, policy, "activated_at")) : NULL);
    table_add(table, TALK_PLAIN, print_age(cli, print_member(cli, policy, "created_at")));
    table_add(table, TALK_PLAIN, print_member(cli, policy, "created_by"));
    table_add(table, TALK_DIM, sha256 ? arena_printf(&cli->arena, "%.16s", sha256) : NULL);
}

static void print_rows(struct cli *cli, const struct list *list, const json_t *items)
{
    struct table table = table_begin(cli, list->heads, list->n_columns);
    const json_t *item;
    size_t i;

    json_array_foreach(items, i, item) list->row(cli, &table, item);
    table_print(&table);
}

static void print_lists(struct cli *cli, const json_t *bindings, const json_t *policies)
{
    static const char *const BINDING_HEADS[] = {"BINDING",    "MODE",  "HOSTS", "DOCUMENT",
                                                "REFERENCES", "SINCE", "ENDS"};
    static const char *const POLICY_HEADS[] = {"",        "NAME", "VERSION", "IN FORCE SINCE",
                                               "CREATED", "BY",   "SHA-256"};

    print_rows(cli, &(struct list){.heads = BINDING_HEADS, .n_columns = 7, .row = add_binding},
               bindings);
    printf("\n");
    print_rows(cli, &(struct list){.heads = POLICY_HEADS, .n_columns = 7, .row = add_policy},
               policies);
}

enum exit_status policy_list(struct cli *cli)
{
    const struct service_request ask_bindings = {.method = "GET",
                                                 .path = "/api/v1/bindings",
                                                 .answer_cap = LIMIT_LIST_ANSWER_LEN},
                                 ask_policies = {.method = "GET",
                                                 .path = "/api/v1/policies",
                                                 .answer_cap = LIMIT_LIST_ANSWER_LEN};
    json_t *bindings = NULL, *policies = NULL;
    enum exit_status status = EXIT_HOLDS;

    if (service_json(cli, &ask_bindings, &bindings, &status) &&
        service_json(cli, &ask_policies, &policies, &status)) {
        status = EXIT_HOLDS;
        if (cli->json) {
            json_object_set(policies, "bindings", json_object_get(bindings, "bindings"));
            talk_json(json_incref(policies));
        } else {
            print_lists(cli, json_object_get(bindings, "bindings"),
                        json_object_get(policies, "policies"));
        }
    }
    json_decref(bindings);
    json_decref(policies);
    return status;
}

static void add_revision(struct cli *cli, struct table *table, const json_t *binding)
{
    table_add(table, TALK_PLAIN, print_member(cli, binding, "name"));
    table_add(table, TALK_PLAIN,
              arena_printf(&cli->arena, "%lld",
                           (long long)json_integer_value(json_object_get(binding, "revision"))));
    table_add(table, TALK_PLAIN, print_member(cli, binding, "mode"));
    table_add(table, TALK_PLAIN, label(cli, binding));
    table_add(table, TALK_PLAIN, print_member(cli, binding, "hosts"));
    table_add(table, TALK_PLAIN, print_age(cli, print_member(cli, binding, "created_at")));
    table_add(table, TALK_PLAIN, print_member(cli, binding, "created_by"));
    table_add(table, TALK_PLAIN, print_member(cli, binding, "reason"));
}

enum exit_status policy_history(struct cli *cli)
{
    static const char *const HEADS[] = {"BINDING", "REVISION", "MODE", "DOCUMENT",
                                        "HOSTS",   "WHEN",     "BY",   "REASON"};
    const struct list list = {
        .path = cli->n_arguments ? service_path(cli, "bindings", cli->arguments[0], "history")
                                 : "/api/v1/binding-history",
        .member = "revisions",
        .heads = HEADS,
        .n_columns = sizeof HEADS / sizeof *HEADS,
        .row = add_revision};

    return list_print(cli, &list);
}

/* --- Changes --- */

static bool set_mode(struct cli *cli, const struct binding *binding, const char *mode,
                     enum exit_status *status)
{
    struct binding_change change = {.method = "PUT",
                                    .path = service_path(cli, "bindings", binding->name, ""),
                                    .body = binding_body(binding)};
    json_t *until = NULL, *changed;

    json_object_set_new(change.body, "mode", json_string(mode));
    if (cli->values[OPTION_REASON])
        json_object_set_new(change.body, "reason", json_string(cli->values[OPTION_REASON]));
    if (cli->values[OPTION_UNTIL]) {
        until = binding_until(cli, status);
        if (!until) {
            json_decref(change.body);
            return false;
        }
        json_object_set_new(change.body, "until", until);
    }
    if (!binding_change(cli, binding, &change, &changed, status))
        return false;
    if (changed) {
        binding_say(cli, changed);
        if (strcmp(mode, "observe") == 0)
            fprintf(stderr, "Hosts that no other binding in force matches are unknown now.\n");
        fprintf(stderr, "To undo: bootseal policy rollback %s\n", binding->name);
    }
    return true;
}

static enum exit_status change_mode(struct cli *cli, const char *mode)
{
    enum exit_status status = EXIT_HOLDS;
    struct binding binding;

    if (binding_ask(cli, cli->arguments[0], true, &binding, &status) &&
        set_mode(cli, &binding, mode, &status))
        status = EXIT_HOLDS;
    binding_drop(&binding);
    return status;
}

enum exit_status policy_observe(struct cli *cli)
{
    return change_mode(cli, "observe");
}

enum exit_status policy_enforce(struct cli *cli)
{
    return change_mode(cli, "enforce");
}

/* What a rollback asks for; NULL after having said what is wrong. */
static json_t *rollback_body(struct cli *cli, enum exit_status *status)
{
    const char *text = cli->values[OPTION_REVISION];
    json_t *body = json_object();
    char *end;

    if (cli->values[OPTION_REASON])
        json_object_set_new(body, "reason", json_string(cli->values[OPTION_REASON]));
    if (!text)
        return body;
    json_object_set_new(body, "revision", json_integer(strtoll(text, &end, 10)));
    if (text[0] >= '1' && text[0] <= '9' && *end == '\0' && strlen(text) < 10)
        return body;
    json_decref(body);
    *status = talk_usage(cli, OPTION_REVISION, "a number from 1");
    return NULL;
}

enum exit_status policy_rollback(struct cli *cli)
{
    struct binding_change change = {
        .method = "POST", .path = service_path(cli, "bindings", cli->arguments[0], "rollback")};
    enum exit_status status = EXIT_HOLDS;
    struct binding binding;
    json_t *changed = NULL;

    change.body = rollback_body(cli, &status);
    if (!change.body)
        return status;
    if (!binding_ask(cli, cli->arguments[0], false, &binding, &status)) {
        json_decref(change.body);
    } else if (binding_change(cli, &binding, &change, &changed, &status)) {
        status = EXIT_HOLDS;
        if (changed)
            binding_say(cli, changed);
    }
    binding_drop(&binding);
    return status;
}

enum exit_status policy_remove(struct cli *cli)
{
    const struct service_field reason = {"reason", cli->values[OPTION_REASON]};
    const struct binding_change change = {
        .method = "DELETE",
        .path = service_query(cli, service_path(cli, "bindings", cli->arguments[0], ""), &reason,
                              1)};
    enum exit_status status = EXIT_HOLDS;
    struct binding binding;
    json_t *changed = NULL;

    if (binding_ask(cli, cli->arguments[0], true, &binding, &status) &&
        binding_change(cli, &binding, &change, &changed, &status)) {
        status = EXIT_HOLDS;
        if (changed) {
            printf("%s binds nothing any more.\n", binding.name);
            fprintf(stderr, "To undo: bootseal policy rollback %s\n", binding.name);
        }
    }
    json_decref(changed);
    binding_drop(&binding);
    return status;
}
