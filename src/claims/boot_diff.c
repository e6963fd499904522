#include "claims/boot_diff.h"

#include <stdlib.h>

#include "base/text.h"
#include "claims/boot_diff_details.h"

struct work {
    struct crypto *crypto;
    const struct boot_diff_input *before, *after;
    struct arena *arena;
    struct boot_diff *diff;
};

/* The measured events of a boot, by component. */
struct side {
    struct boot_diff_event *events;
    size_t n_events;
};

/* --- Events --- */

static int compare_components(const struct boot_diff_event *a, const struct boot_diff_event *b)
{
    if (a->event->event.pcr != b->event->event.pcr)
        return a->event->event.pcr < b->event->event.pcr ? -1 : 1;
    return strcmp(a->words.key, b->words.key);
}

static int by_component(const void *left, const void *right)
{
    const struct boot_diff_event *a = left, *b = right;
    int order = compare_components(a, b);

    if (order)
        return order;
    return a->event->event.number < b->event->event.number ? -1 : 1;
}

const struct boot_diff_event *boot_diff_newest(const struct boot_diff_change *change)
{
    return change->after ? change->after : change->before;
}

static int by_position(const void *left, const void *right)
{
    const struct eventlog_event *a = &boot_diff_newest(left)->event->event;
    const struct eventlog_event *b = &boot_diff_newest(right)->event->event;

    if (a->pcr != b->pcr)
        return a->pcr < b->pcr ? -1 : 1;
    return a->number < b->number ? -1 : a->number > b->number;
}

const char *boot_diff_kind(const struct boot_diff_change *change)
{
    return !change->before ? "added" : !change->after ? "removed" : "changed";
}

static bool load_side(struct work *work, const struct boot_diff_input *boot, struct side *side,
                      struct error *error)
{
    size_t n = boot->log ? boot->log->n_events : 0;

    *side = (struct side){arena_array(work->arena, n + 1, sizeof *side->events), 0};
    if (!side->events)
        return arena_error(work->arena, error);
    for (size_t i = 0; i < n; i++) {
        struct boot_diff_event *event = &side->events[side->n_events];

        if (boot->log->events[i].coverage == COVERAGE_UNMEASURED)
            continue;
        event->event = &boot->log->events[i];
        if (!event_describe(boot->log, i, work->crypto, work->arena, &event->words, error))
            return false;
        side->n_events++;
    }
    qsort(side->events, side->n_events, sizeof *side->events, by_component);
    return true;
}

/* How many events from here on are of one component. */
static size_t run_len(const struct side *side, size_t from)
{
    size_t n = from;

    while (n < side->n_events && compare_components(&side->events[from], &side->events[n]) == 0)
        n++;
    return n - from;
}

static bool same(const struct boot_diff_event *a, const struct boot_diff_event *b)
{
    return span_equal(a->event->digest, b->event->digest);
}

/* Two runs of one component: what is equal at their ends is no change, so that one event more among
 * many does not move all behind it; the rest is matched in order. */
static void compare_runs(const struct boot_diff_event *before, size_t n_before,
                         const struct boot_diff_event *after, size_t n_after,
                         struct boot_diff *diff)
{
    while (n_before && n_after && same(before, after)) {
        before++, n_before--;
        after++, n_after--;
    }
    while (n_before && n_after && same(&before[n_before - 1], &after[n_after - 1])) {
        n_before--;
        n_after--;
    }
    for (size_t i = 0; i < n_before || i < n_after; i++)
        if (i >= n_before || i >= n_after || !same(&before[i], &after[i]))
            diff->changes[diff->n_changes++] = (struct boot_diff_change){
                .before = i < n_before ? &before[i] : NULL,
                .after = i < n_after ? &after[i] : NULL};
}

static void compare_sides(const struct side *before, const struct side *after,
                          struct boot_diff *diff)
{
    size_t i = 0, k = 0;

    while (i < before->n_events || k < after->n_events) {
        int order = i == before->n_events ? 1
                    : k == after->n_events
                        ? -1
                        : compare_components(&before->events[i], &after->events[k]);
        size_t n_before = order <= 0 ? run_len(before, i) : 0;
        size_t n_after = order >= 0 ? run_len(after, k) : 0;

        compare_runs(&before->events[i], n_before, &after->events[k], n_after, diff);
        i += n_before;
        k += n_after;
    }
    qsort(diff->changes, diff->n_changes, sizeof *diff->changes, by_position);
}

static bool compare_events(struct work *work, struct error *error)
{
    struct boot_diff *diff = work->diff;
    struct side before, after;

    if (!load_side(work, work->before, &before, error) ||
        !load_side(work, work->after, &after, error))
        return false;
    diff->n_events = after.n_events;
    diff->changes = arena_array(work->arena, before.n_events + after.n_events + 1,
                                sizeof *diff->changes);
    if (!diff->changes)
        return arena_error(work->arena, error);
    compare_sides(&before, &after, diff);
    for (size_t i = 0; i < diff->n_changes; i++)
        if (!boot_diff_event_details(work->crypto, &diff->changes[i], work->arena,
                                     &diff->changes[i].details))
            return arena_error(work->arena, error);
    return true;
}

/* --- Values --- */

static bool start_values(struct work *work, struct boot_diff_values *values, size_t room,
                         struct error *error)
{
    values->items = arena_array(work->arena, room + 1, sizeof *values->items);
    return values->items || arena_error(work->arena, error);
}

static bool add_value(struct work *work, struct boot_diff_values *values,
                      const struct boot_diff_value *value, struct error *error)
{
    if (!value->name)
        return arena_error(work->arena, error);
    values->items[values->n_items++] = *value;
    return true;
}

/* What a PCR must hold if the log is the truth; NULL when it does not lead there. */
static bool pcr_text(struct work *work, const struct measured_log *log, unsigned pcr,
                     const char **text, struct error *error)
{
    const struct replay_bank *bank = log ? &log->replay : NULL;

    *text = NULL;
    if (!bank || !(bank->extended >> pcr & 1) || bank->incomplete >> pcr & 1)
        return true;
    *text = text_hex(work->arena, span_of(bank->pcrs[pcr], bank->digest_len));
    return *text || arena_error(work->arena, error);
}

static bool texts_equal(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool compare_pcrs(struct work *work, struct error *error)
{
    const char *kind = work->diff->measurement_registers ? "MR" : "PCR";

    if (!start_values(work, &work->diff->pcrs, LIMIT_PCRS, error))
        return false;
    for (unsigned pcr = 0; pcr < LIMIT_PCRS; pcr++) {
        struct boot_diff_value value = {0};

        if (!pcr_text(work, work->before->log, pcr, &value.before, error) ||
            !pcr_text(work, work->after->log, pcr, &value.after, error))
            return false;
        if (texts_equal(value.before, value.after))
            continue;
        value.name = arena_printf(work->arena, "%s %u", kind, pcr);
        if (!add_value(work, &work->diff->pcrs, &value, error))
            return false;
    }
    return true;
}

static bool log_text(struct work *work, const struct boot_diff_input *boot,
                     enum evidence_log_kind kind, const char **text, struct error *error)
{
    const struct evidence_log *log = boot->evidence ? evidence_find_log(boot->evidence, kind)
                                                    : NULL;

    *text = log ? text_hex(work->arena, log->sha256) : NULL;
    return !log || *text || arena_error(work->arena, error);
}

/* The firmware's log is compared event by event. */
static bool compare_logs(struct work *work, struct error *error)
{
    if (!start_values(work, &work->diff->logs, EVIDENCE_LOG_SYSTEMD, error))
        return false;
    for (int kind = EVIDENCE_LOG_IMA; kind <= EVIDENCE_LOG_SYSTEMD; kind++) {
        struct boot_diff_value value = {.name = evidence_log_kind_name(kind)};

        if (!log_text(work, work->before, kind, &value.before, error) ||
            !log_text(work, work->after, kind, &value.after, error))
            return false;
        if (!texts_equal(value.before, value.after) &&
            !add_value(work, &work->diff->logs, &value, error))
            return false;
    }
    return true;
}

static bool compare_item(struct work *work, const struct evidence_item *before,
                         const struct evidence_item *after, struct error *error)
{
    struct boot_diff_value value = {
        .name = text_printable(work->arena, before ? before->name : after->name),
        .before = before ? text_printable(work->arena, before->value) : NULL,
        .after = after ? text_printable(work->arena, after->value) : NULL,
    };

    if ((before && !value.before) || (after && !value.after))
        return arena_error(work->arena, error);
    if (before && after &&
        !boot_diff_word_details(value.before, value.after, work->arena, &value.details))
        return arena_error(work->arena, error);
    return add_value(work, &work->diff->inventory, &value, error);
}

/* Both are sorted by name. */
static bool compare_inventories(struct work *work, struct error *error)
{
    static const struct evidence none;
    const struct evidence *before = work->before->evidence ? work->before->evidence : &none;
    const struct evidence *after = work->after->evidence ? work->after->evidence : &none;
    size_t i = 0, k = 0;

    if (!start_values(work, &work->diff->inventory, before->n_inventory + after->n_inventory,
                      error))
        return false;
    for (;;) {
        const struct evidence_item *old = i < before->n_inventory ? &before->inventory[i] : NULL;
        const struct evidence_item *new = k < after->n_inventory ? &after->inventory[k] : NULL;
        int order;

        if (!old && !new)
            return true;
        order = !old ? 1 : !new ? -1 : span_compare(old->name, new->name);
        i += order <= 0;
        k += order >= 0;
        if (order == 0 && span_equal(old->value, new->value))
            continue;
        if (!compare_item(work, order <= 0 ? old : NULL, order >= 0 ? new : NULL, error))
            return false;
    }
}

/* --- Claims --- */

static bool claim_text(struct work *work, enum claim_id id, const struct claim *claim,
                       const char **text, struct error *error)
{
    *text = NULL;
    if (!claim->known)
        return true;
    switch (claim_type(id)) {
    case CLAIM_BOOL:
        *text = claim->is_true ? "yes" : "no";
        break;
    case CLAIM_TEXT:
        *text = claim->text;
        break;
    case CLAIM_LIST:
        *text = arena_printf(work->arena, "%zu item%s", claim->n_items,
                             claim->n_items == 1 ? "" : "s");
        break;
    }
    return *text || arena_error(work->arena, error);
}

static bool compare_claim(struct work *work, enum claim_id id, struct error *error)
{
    const struct claim *before = &work->before->claims->claims[id];
    const struct claim *after = &work->after->claims->claims[id];
    struct boot_diff_value value = {.name = claim_name(id)};
    bool differ;

    if (!claim_text(work, id, before, &value.before, error) ||
        !claim_text(work, id, after, &value.after, error))
        return false;
    differ = !texts_equal(value.before, value.after);
    if (before->known && after->known) {
        if (claim_type(id) == CLAIM_LIST &&
            !boot_diff_item_details(work->crypto, before, after, work->arena, &value.details,
                                    &differ))
            return arena_error(work->arena, error);
        if (claim_type(id) == CLAIM_TEXT && differ &&
            !boot_diff_word_details(value.before, value.after, work->arena, &value.details))
            return arena_error(work->arena, error);
    }
    return !differ || add_value(work, &work->diff->claims, &value, error);
}

static bool compare_claims(struct work *work, struct error *error)
{
    if (!work->before->claims || !work->after->claims)
        return true;
    if (!start_values(work, &work->diff->claims, CLAIM_IDS, error))
        return false;
    for (int id = 0; id < CLAIM_IDS; id++)
        if (!compare_claim(work, (enum claim_id)id, error))
            return false;
    return true;
}

bool boot_diff(struct crypto *crypto, const struct boot_diff_input *before,
               const struct boot_diff_input *after, struct arena *arena, struct boot_diff *diff,
               struct error *error)
{
    struct boot_diff found = {
        .measurement_registers = (after->log && after->log->measurement_registers) ||
                                 (before->log && before->log->measurement_registers)};
    struct work work = {crypto, before, after, arena, &found};

    if (!compare_events(&work, error) || !compare_pcrs(&work, error) ||
        !compare_logs(&work, error) || !compare_inventories(&work, error) ||
        !compare_claims(&work, error))
        return false;
    *diff = found;
    return true;
}
