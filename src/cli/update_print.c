#include "cli/update.h"

#include "base/text.h"
#include "msg/result_json.h"

enum { DIGEST_SHOWN = 16 }; /* characters; all are in the JSON */

static const char *digest_text(struct cli *cli, struct span digest)
{
    const char *hex = digest.len ? text_hex(&cli->arena, digest) : "nothing";

    return hex && digest.len ? arena_printf(&cli->arena, "%.*s", DIGEST_SHOWN, hex) : hex;
}

static void print_place(struct cli *cli, const struct measured_log *log, size_t index,
                        const char *what)
{
    if (index < log->n_events)
        printf("  event %-3u PCR %-2u  %s\n", log->events[index].event.number,
               log->events[index].event.pcr, what);
    else
        printf("  %s%s\n", talk_color(cli, TALK_PLAIN), what);
}

static void print_component(const struct component *component)
{
    if (component->package)
        printf(" (%s %s, %s", component->package->name, component->package->version,
               component->path);
    else
        printf(" (%s", component->path);
    printf("%s%s)", *component->section ? " " : "", component->section);
}

static void print_change(struct cli *cli, const struct measured_log *log,
                         const struct update_change *change)
{
    print_place(cli, log, change->event, change->what);
    printf("      %s -> %s%s%s", digest_text(cli, change->from), talk_color(cli, TALK_BOLD),
           digest_text(cli, change->to), talk_color(cli, TALK_PLAIN));
    if (change->component)
        print_component(change->component);
    printf("\n");
    if (change->text)
        printf("      %s\n", change->text);
}

void update_print(struct cli *cli, const char *host, const struct measured_log *log,
                  const struct update_plan *plan)
{
    printf("%s%s%s: %zu events will change\n", talk_color(cli, TALK_BOLD), host,
           talk_color(cli, TALK_PLAIN), plan->n_changes);
    for (size_t i = 0; i < plan->n_changes; i++)
        print_change(cli, log, &plan->changes[i]);
    for (size_t i = 0; i < plan->n_gaps; i++) {
        print_place(cli, log, plan->gaps[i].event, plan->gaps[i].what);
        printf("      %snot covered%s: %s\n", talk_color(cli, TALK_WARN),
               talk_color(cli, TALK_PLAIN), plan->gaps[i].why);
    }
    for (size_t i = 0; i < plan->n_unused; i++) {
        printf("  not loaded by this host:");
        print_component(plan->unused[i]);
        printf("\n");
    }
    printf("\n");
}

static json_t *component_json(const struct component *component)
{
    if (!component)
        return json_null();
    return json_pack("{s:s, s:s, s:s, s:s?, s:s?}", "source", component->source, "path",
                     component->path, "section", component->section, "package",
                     component->package ? component->package->name : NULL, "package_version",
                     component->package ? component->package->version : NULL);
}

static void put_place(json_t *object, const struct measured_log *log, size_t index)
{
    bool is_event = index < log->n_events;

    json_object_set_new(object, "event",
                        is_event ? json_integer(log->events[index].event.number) : json_null());
    json_object_set_new(object, "pcr",
                        is_event ? json_integer(log->events[index].event.pcr) : json_null());
}

static json_t *change_json(const struct measured_log *log, const struct update_change *change)
{
    json_t *object = json_pack("{s:s, s:o, s:o, s:o, s:s?}", "what", change->what, "from",
                               result_json_hex(change->from), "to", result_json_hex(change->to),
                               "component", component_json(change->component), "text",
                               change->text);

    put_place(object, log, change->event);
    return object;
}

json_t *update_json(const char *host, const struct measured_log *log,
                    const struct update_plan *plan)
{
    json_t *changes = json_array(), *gaps = json_array(), *unused = json_array();

    for (size_t i = 0; i < plan->n_changes; i++)
        json_array_append_new(changes, change_json(log, &plan->changes[i]));
    for (size_t i = 0; i < plan->n_gaps; i++) {
        json_t *gap = json_pack("{s:s, s:s}", "what", plan->gaps[i].what, "why", plan->gaps[i].why);

        put_place(gap, log, plan->gaps[i].event);
        json_array_append_new(gaps, gap);
    }
    for (size_t i = 0; i < plan->n_unused; i++)
        json_array_append_new(unused, component_json(plan->unused[i]));
    return json_pack("{s:s, s:o, s:o, s:o}", "host", host, "changes", changes, "gaps", gaps,
                     "unused", unused);
}

json_t *update_values_json(struct cli *cli, const struct reference_values *values)
{
    json_t *object = json_object();

    for (size_t i = 0; i < values->n_values; i++) {
        const char *claim = claim_name(values->values[i].claim);
        const char *text = claim_item_print(cli->crypto, &values->values[i].item, &cli->arena);
        json_t *list = json_object_get(object, claim);

        if (!list) {
            list = json_array();
            json_object_set_new(object, claim, list);
        }
        json_array_append_new(list, json_string(text ? text : ""));
    }
    return object;
}
