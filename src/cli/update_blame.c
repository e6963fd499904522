/* Which announced update has to do with what was found on a host: one whose hours are over or to come, that is for
 * other hosts, or that retired it.
 *
 * For people who look at a red host at night; decides nothing. Where the service refuses to tell of bindings,
 * nothing is said. */
#include "cli/binding.h"
#include "cli/print.h"
#include "cli/update.h"

/* A value as it is printed, with or without what became of it behind. */
static bool is_found(const char *found, const char *value)
{
    size_t len = value ? strlen(value) : 0;

    return len && strncmp(found, value, len) == 0 &&
           (found[len] == '\0' || strncmp(found + len, " (retired", 9) == 0);
}

/* Certificates are found by subject, which labels their fingerprint in the document. */
static bool has_found(struct cli *cli, const struct policy_value_list *list, const char *found)
{
    for (size_t i = 0; i < list->n_items; i++)
        if (is_found(found, claim_item_print(cli->crypto, &list->items[i], &cli->arena)) ||
            is_found(found, list->items[i].label))
            return true;
    return false;
}

/* Why an announcement that accepts what was found does not help; NULL when it is in force. */
static const char *accepted_not(struct cli *cli, const json_t *binding, const char *host)
{
    const char *name = print_member(cli, binding, "name");
    const char *hosts = print_member(cli, binding, "hosts");
    const char *from = print_member(cli, binding, "from");
    const char *until = print_member(cli, binding, "until");

    if (!name || !hosts)
        return NULL;
    if (!update_is_meant(cli, hosts, host))
        return arena_printf(&cli->arena,
                            "%s accepts this for other hosts, %s: if this one was to get it, "
                            "announce it again with --hosts '%s,%s'",
                            name, hosts, hosts, host);
    if (json_is_true(json_object_get(binding, "active")))
        return NULL;
    return arena_printf(&cli->arena,
                        "%s accepts this only%s%s%s%s: if the host was to get it, "
                        "bootseal update finish %s, or announce it again with a later --until",
                        name, from ? " from " : "", from ? from : "", until ? " until " : "",
                        until ? until : "", name);
}

static const char *blamed_on(struct cli *cli, const json_t *binding,
                             const struct policy_values *values, const char *host,
                             const json_t *reason)
{
    const char *claim = json_string_value(json_object_get(reason, "claim"));
    const char *found = json_string_value(json_object_get(reason, "found"));
    const char *mode = json_string_value(json_object_get(binding, "mode"));
    enum claim_id id = claim ? claim_by_name(span_text(claim)) : CLAIM_IDS;

    if (id == CLAIM_IDS || !found)
        return NULL;
    if (mode && strcmp(mode, "retire") == 0 && has_found(cli, &values->retired[id], found) &&
        update_is_meant(cli, print_member(cli, binding, "hosts"), host))
        return arena_printf(&cli->arena,
                            "%s has replaced this and is finished: going back is an update of its "
                            "own, see docs/updates.md",
                            print_member(cli, binding, "name"));
    return has_found(cli, &values->accepted[id], found) ? accepted_not(cli, binding, host) : NULL;
}

/* The first update that has to do with a reason stands beside it. */
static void blame(struct cli *cli, const json_t *object, json_t *why)
{
    const char *host = json_string_value(json_object_get(why, "host"));
    struct binding binding = {.name = json_string_value(json_object_get(object, "name")),
                              .object = (json_t *)object};
    struct policy_values values;
    enum exit_status ignored;
    struct span text;
    json_t *reason;
    size_t i;

    if (!host || !binding.name || !binding_text(cli, &binding, &text, &ignored) ||
        !update_check_text(cli, binding.name, text, &values, &ignored))
        return;
    json_array_foreach(json_object_get(why, "reasons"), i, reason)
    {
        const char *blamed = blamed_on(cli, object, &values, host, reason);

        if (blamed && !json_object_get(reason, "update"))
            json_object_set_new(reason, "update", json_string(blamed));
    }
}

void update_blame(struct cli *cli, json_t *why)
{
    const struct service_request request = {.method = "GET", .path = "/api/v1/bindings"};
    struct http_client_answer answer;
    enum exit_status ignored;
    json_t *bindings, *binding;
    size_t i;

    if (json_array_size(json_object_get(why, "reasons")) == 0 ||
        !service_ask(cli, &request, &answer, &ignored) || answer.status >= 400)
        return;
    bindings = json_loadb((const char *)answer.body.data, answer.body.len, 0, NULL);
    json_array_foreach(json_object_get(bindings, "bindings"), i, binding)
    {
        if (json_object_get(binding, "update"))
            blame(cli, binding, why);
    }
    json_decref(bindings);
}
