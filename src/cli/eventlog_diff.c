/* bootseal eventlog diff: two boots aligned by component, and what changed between them.
 *
 * Events are matched by PCR and component key, the n-th with the n-th; an event changed when its
 * digest did. What is not measured, and hints such as load addresses, are no change. */
#include "base/text.h"
#include "claims/describe.h"
#include "cli/eventlog.h"
#include "msg/result_json.h"
#include "wire/efi_signature_list.h"
#include "wire/efi_variable.h"

#include <stdlib.h>

struct side {
    const struct measured_event *event;
    struct event_description words;
};

struct change {
    const struct side *before, *after; /* one of them NULL: added or removed */
};

static int by_component(const void *left, const void *right)
{
    const struct side *a = left, *b = right;
    int order;

    if (a->event->event.pcr != b->event->event.pcr)
        return a->event->event.pcr < b->event->event.pcr ? -1 : 1;
    order = strcmp(a->words.key, b->words.key);
    if (order)
        return order;
    return a->event->event.number < b->event->event.number ? -1 : 1;
}

static const struct side *newest(const struct change *change)
{
    return change->after ? change->after : change->before;
}

static int by_position(const void *left, const void *right)
{
    const struct eventlog_event *a = &newest(left)->event->event, *b = &newest(right)->event->event;

    if (a->pcr != b->pcr)
        return a->pcr < b->pcr ? -1 : 1;
    return a->number < b->number ? -1 : a->number > b->number;
}

/* The measured events of a log, described and sorted by component. */
static bool load_side(struct cli *cli, const char *path, struct measured_log *log,
                      struct side **sides, size_t *n_sides, enum exit_status *status)
{
    struct error error = {0};

    if (!eventlog_load(cli, path, log, status))
        return false;
    *n_sides = 0;
    *sides = arena_array(&cli->arena, log->n_events, sizeof **sides);
    for (size_t i = 0; *sides && i < log->n_events; i++) {
        struct side *side = &(*sides)[*n_sides];
        if (log->events[i].coverage == COVERAGE_UNMEASURED)
            continue;
        side->event = &log->events[i];
        if (!event_describe(log, i, cli->crypto, &cli->arena, &side->words, &error)) {
            *status = talk_error(cli, path, &error);
            return false;
        }
        (*n_sides)++;
    }
    if (!*sides) {
        arena_error(&cli->arena, &error);
        *status = talk_error(cli, path, &error);
        return false;
    }
    qsort(*sides, *n_sides, sizeof **sides, by_component);
    return true;
}

static int compare_components(const struct side *a, const struct side *b)
{
    if (a->event->event.pcr != b->event->event.pcr)
        return a->event->event.pcr < b->event->event.pcr ? -1 : 1;
    return strcmp(a->words.key, b->words.key);
}

/* Merges the sorted sides; changes has room for both. Returns how many there are. */
static size_t find_changes(const struct side *before, size_t n_before, const struct side *after,
                           size_t n_after, struct change *changes)
{
    size_t n = 0, i = 0, k = 0;

    while (i < n_before || k < n_after) {
        int order = i == n_before  ? 1
                    : k == n_after ? -1
                                   : compare_components(&before[i], &after[k]);
        if (order < 0)
            changes[n++] = (struct change){.before = &before[i++]};
        else if (order > 0)
            changes[n++] = (struct change){.after = &after[k++]};
        else {
            if (!span_equal(before[i].event->digest, after[k].event->digest))
                changes[n++] = (struct change){&before[i], &after[k]};
            i++;
            k++;
        }
    }
    qsort(changes, n, sizeof *changes, by_position);
    return n;
}

static const char *change_kind(const struct change *change)
{
    return !change->before ? "added" : !change->after ? "removed" : "changed";
}

/* The signature entries of a proven UEFI variable event; false when it is none. */
static bool open_entries(const struct side *side, struct efi_signature_list *list,
                         struct error *error)
{
    struct efi_variable variable;

    if (side->event->coverage != COVERAGE_WHOLE ||
        !efi_variable_decode(side->event->covered, &variable, error) ||
        !efi_signature_list_is(variable.data))
        return false;
    efi_signature_list_open(list, variable.data, error);
    return true;
}

static bool has_entry(const struct side *side, const struct efi_signature *wanted)
{
    struct efi_signature_list list;
    struct efi_signature entry;
    struct error error = {0};

    if (!open_entries(side, &list, &error))
        return false;
    while (efi_signature_list_next(&list, &entry) == EFI_SIGNATURE_ENTRY)
        if (span_equal(entry.data, wanted->data))
            return true;
    return false;
}

/* Texts "added ..." or "removed ..." for entries of one list that the other lacks. Bounded: after
 * DETAILS_MAX they are only counted. */
enum { DETAILS_MAX = 16, ENTRIES_COMPARED_MAX = 2048 };

static void entry_details(struct cli *cli, const struct side *has, const struct side *lacks,
                          const char *verb, json_t *details)
{
    struct efi_signature_list list;
    struct efi_signature entry;
    struct error error = {0};
    size_t n = 0, more = 0;

    if (!open_entries(has, &list, &error))
        return;
    while (n < ENTRIES_COMPARED_MAX &&
           efi_signature_list_next(&list, &entry) == EFI_SIGNATURE_ENTRY) {
        struct claim_item item = {.kind = entry.kind == EFI_SIGNATURE_X509 ? CLAIM_ITEM_CERTIFICATE
                                                                           : CLAIM_ITEM_DIGEST,
                                  .alg = entry.alg,
                                  .bytes = entry.data};
        n++;
        if (has_entry(lacks, &entry))
            continue;
        if (json_array_size(details) >= DETAILS_MAX) {
            more++;
            continue;
        }
        json_array_append_new(
            details,
            json_sprintf("%s %s", verb, claim_item_print(cli->crypto, &item, &cli->arena)));
    }
    if (more)
        json_array_append_new(details, json_sprintf("%s %zu more", verb, more));
}

static bool has_word(const char *text, const char *word, size_t len)
{
    for (const char *at = text; (at = strstr(at, word)) != NULL; at += len)
        if ((at == text || at[-1] == ' ') && (at[len] == ' ' || at[len] == '\0'))
            return true;
    return false;
}

/* Words of one text that the other lacks: command-line parameters. */
static void word_details(struct cli *cli, const char *has, const char *lacks, const char *verb,
                         json_t *details)
{
    while (*has && json_array_size(details) < DETAILS_MAX) {
        size_t len = strcspn(has, " ");
        const char *word = arena_text(&cli->arena, span_of(has, len));
        if (word && len && !has_word(lacks, word, len))
            json_array_append_new(details, json_sprintf("%s %s", verb, word));
        has += len + (has[len] == ' ');
    }
}

static json_t *change_details(struct cli *cli, const struct change *change)
{
    json_t *details = json_array();
    struct efi_signature_list list;
    struct error error = {0};

    if (!change->before || !change->after)
        return details;
    if (open_entries(change->before, &list, &error) || open_entries(change->after, &list, &error)) {
        entry_details(cli, change->before, change->after, "removed", details);
        entry_details(cli, change->after, change->before, "added", details);
    } else if (change->before->words.proven && change->after->words.proven) {
        word_details(cli, change->before->words.summary, change->after->words.summary, "removed",
                     details);
        word_details(cli, change->after->words.summary, change->before->words.summary, "added",
                     details);
    }
    return details;
}

static json_t *side_json(const struct side *side)
{
    if (!side)
        return json_null();
    return json_pack("{s:I, s:s, s:o, s:b}", "event", (json_int_t)side->event->event.number,
                     "summary", side->words.summary, "digest", result_json_hex(side->event->digest),
                     "proven", side->words.proven);
}

static void print_side(struct cli *cli, const char *label, const struct side *side)
{
    if (side)
        printf("    %-7s event %-3u %s %s\n", label, side->event->event.number,
               text_hex(&cli->arena, side->event->digest), side->words.summary);
}

static void print_change(struct cli *cli, const struct measured_log *log,
                         const struct change *change, json_t *details)
{
    const struct side *side = newest(change);
    size_t i;
    json_t *detail;

    printf("%-7s  %-7s %s%s%s\n", change_kind(change),
           eventlog_pcr_text(cli, log, side->event->event.pcr), talk_color(cli, TALK_BOLD),
           side->words.component, talk_color(cli, TALK_PLAIN));
    print_side(cli, "before", change->before);
    print_side(cli, "after", change->after);
    json_array_foreach(details, i, detail) printf("    %s\n", json_string_value(detail));
}

enum exit_status eventlog_diff(struct cli *cli)
{
    struct measured_log before_log, after_log;
    struct side *before, *after;
    size_t n_before, n_after, n_changes;
    struct change *changes;
    enum exit_status status;
    json_t *list, *object;

    if (!load_side(cli, cli->arguments[0], &before_log, &before, &n_before, &status) ||
        !load_side(cli, cli->arguments[1], &after_log, &after, &n_after, &status))
        return status;
    changes = arena_array(&cli->arena, n_before + n_after + 1, sizeof *changes);
    if (!changes) {
        struct error error;
        arena_error(&cli->arena, &error);
        return talk_error(cli, NULL, &error);
    }
    n_changes = find_changes(before, n_before, after, n_after, changes);
    list = json_array();
    for (size_t i = 0; i < n_changes; i++) {
        json_t *details = change_details(cli, &changes[i]);
        const struct side *side = newest(&changes[i]);

        if (!cli->json)
            print_change(cli, &after_log, &changes[i], details);
        json_array_append_new(
            list, json_pack("{s:s, s:I, s:s, s:o, s:o, s:o}", "change", change_kind(&changes[i]),
                            "pcr", (json_int_t)side->event->event.pcr, "component",
                            side->words.component, "before", side_json(changes[i].before), "after",
                            side_json(changes[i].after), "details", details));
    }
    if (cli->json) {
        object = talk_schema("diff");
        json_object_set_new(object, "equal", json_boolean(n_changes == 0));
        json_object_set(object, "changes", list);
        talk_json(object);
    } else if (n_changes == 0) {
        printf("equal: %zu measured events, the same components and digests\n", n_after);
    }
    json_decref(list);
    return n_changes ? EXIT_HOLDS_NOT : EXIT_HOLDS;
}
