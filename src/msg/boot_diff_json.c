#include "msg/boot_diff_json.h"

#include "msg/result_json.h"

static json_t *details_json(const struct boot_diff_details *details)
{
    json_t *array = json_array();

    for (size_t i = 0; i < details->n_texts; i++)
        json_array_append_new(array, json_string(details->texts[i]));
    return array;
}

static json_t *event_json(const struct boot_diff_event *event)
{
    if (!event)
        return json_null();
    return json_pack("{s:I, s:s, s:o, s:b}", "event", (json_int_t)event->event->event.number,
                     "summary", event->words.summary, "digest",
                     result_json_hex(event->event->digest), "proven", event->words.proven);
}

static json_t *change_json(const struct boot_diff_change *change)
{
    const struct boot_diff_event *newest = boot_diff_newest(change);

    return json_pack("{s:s, s:I, s:s, s:o, s:o, s:o}", "change", boot_diff_kind(change), "pcr",
                     (json_int_t)newest->event->event.pcr, "component", newest->words.component,
                     "before", event_json(change->before), "after", event_json(change->after),
                     "details", details_json(&change->details));
}

static json_t *values_json(const struct boot_diff_values *values)
{
    json_t *array = json_array();

    for (size_t i = 0; i < values->n_items; i++)
        json_array_append_new(
            array, json_pack("{s:s, s:s?, s:s?, s:o}", "name", values->items[i].name, "before",
                             values->items[i].before, "after", values->items[i].after, "details",
                             details_json(&values->items[i].details)));
    return array;
}

json_t *boot_diff_json(const struct boot_diff *diff)
{
    json_t *changes = json_array();

    for (size_t i = 0; i < diff->n_changes; i++)
        json_array_append_new(changes, change_json(&diff->changes[i]));
    return json_pack("{s:b, s:I, s:b, s:o, s:o, s:o, s:o, s:o}", "equal", diff->n_changes == 0,
                     "events", (json_int_t)diff->n_events, "measurement_registers",
                     diff->measurement_registers, "changes", changes, "claims",
                     values_json(&diff->claims), "pcrs", values_json(&diff->pcrs), "logs",
                     values_json(&diff->logs), "inventory", values_json(&diff->inventory));
}
