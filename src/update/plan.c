#include "update/internal.h"

#include "claims/describe.h"
#include "claims/unified_kernel.h"

/* --- Lists that grow --- */

/* Room for one more item of an array that doubles. */
static void *grown(struct planning *planning, void *items, size_t n, size_t size)
{
    void *more;

    if (n & (n - 1))
        return items; /* full at powers of two */
    more = arena_array(planning->arena, n ? 2 * n : 1, size);
    if (more && n)
        memcpy(more, items, n * size);
    if (!more)
        arena_error(planning->arena, planning->error);
    return more;
}

bool plan_change(struct planning *planning, struct update_change change)
{
    struct update_plan *plan = planning->plan;
    struct update_change *changes;

    for (size_t i = 0; i < plan->n_changes; i++)
        if (plan->changes[i].event == change.event && span_equal(plan->changes[i].to, change.to))
            return true;
    changes = grown(planning, plan->changes, plan->n_changes, sizeof *changes);
    if (!changes)
        return false;
    plan->changes = changes;
    if (change.event < planning->log->n_events)
        change.what = event_component(planning->log, change.event, planning->arena);
    if (!change.what)
        return arena_error(planning->arena, planning->error);
    changes[plan->n_changes++] = change;
    return true;
}

bool plan_gap(struct planning *planning, size_t event, const char *what, const char *why)
{
    struct update_plan *plan = planning->plan;
    struct update_gap *gaps;

    for (size_t i = 0; i < plan->n_gaps; i++)
        if (plan->gaps[i].event == event && strcmp(plan->gaps[i].what, what) == 0 &&
            strcmp(plan->gaps[i].why, why) == 0)
            return true;
    gaps = grown(planning, plan->gaps, plan->n_gaps, sizeof *gaps);
    if (!gaps)
        return false;
    plan->gaps = gaps;
    gaps[plan->n_gaps++] = (struct update_gap){.event = event, .what = what, .why = why};
    return true;
}

/* --- What the host makes itself --- */

static bool is_settled(const struct slot *slot)
{
    return slot->n_by || slot->running;
}

/* Nobody can say ahead what a host will make out of a new kernel: its RAM disk, GRUB's configuration. */
static bool find_gaps(struct planning *planning, const struct variant *variant)
{
    bool new_kernel = variant->image, new_line;
    const struct slot *configuration = NULL;

    new_line = planning->line && variant->line && strcmp(planning->line, variant->line) != 0;
    for (size_t i = 0; i < planning->n_slots; i++) {
        const struct component *component = slot_component(&planning->slots[i], variant);

        new_kernel |= component && component->kind == COMPONENT_KERNEL;
        if (strcmp(planning->slots[i].what, "grub.cfg") == 0)
            configuration = &planning->slots[i];
    }
    if (new_kernel && !values_mok_list(planning))
        return false;
    if (configuration && !is_settled(configuration) && new_line &&
        !plan_gap(planning, configuration->event, configuration->what,
                  "it has the command line, so it will change: hand in the new one"))
        return false;
    for (size_t i = 0; new_kernel && !planning->unified && i < planning->n_slots; i++)
        if (strcmp(planning->slots[i].what, "initial RAM disk") == 0 &&
            !is_settled(&planning->slots[i]) &&
            !plan_gap(planning, planning->slots[i].event, planning->slots[i].what,
                      "the host makes it anew for the new kernel: hand in the new one"))
            return false;
    return true;
}

/* --- Variants --- */

static bool plan_variant(struct planning *planning, struct variant *variant)
{
    struct measured_log next;
    struct claims *claims;

    return line_next(planning, variant) && predict(planning, variant, &next) &&
           values_collect(planning, &next, variant->line, &claims) &&
           values_compare(planning, claims) && find_gaps(planning, variant) &&
           sbat_check(planning, variant);
}

static bool plan_variants(struct planning *planning)
{
    const struct update *update = planning->update;
    size_t n_components = 1, n_lines = update->n_command_lines ? update->n_command_lines : 1;

    for (size_t i = 0; i < planning->n_slots; i++)
        if (planning->slots[i].n_by > n_components)
            n_components = planning->slots[i].n_by;
    if (n_components * n_lines > LIMIT_UPDATE_VARIANTS)
        return error_plain(planning->error, ERROR_LIMIT,
                           "the update has %zu variants for one host, over the limit of %d",
                           n_components * n_lines, LIMIT_UPDATE_VARIANTS);
    for (size_t i = 0; i < n_components; i++)
        for (size_t k = 0; k < n_lines; k++) {
            struct variant variant = {.component = i};

            if (update->n_command_lines)
                variant.command_line = update->command_lines[k];
            if (!plan_variant(planning, &variant))
                return false;
        }
    return true;
}

/* --- What the host does not load --- */

static bool is_loadable(const struct planning *planning, const struct component *component)
{
    for (size_t i = 0; i < planning->update->n_initrds; i++)
        if (planning->update->initrds[i] == component)
            return true;
    return component->kind == COMPONENT_IMAGE || component->kind == COMPONENT_KERNEL ||
           component->kind == COMPONENT_UKI;
}

static bool find_unused(struct planning *planning)
{
    struct update_plan *plan = planning->plan;
    const struct component_set *components = planning->update->components;

    plan->unused = arena_array(planning->arena, components->n_components + 1,
                               sizeof(struct component *));
    if (!plan->unused)
        return arena_error(planning->arena, planning->error);
    for (const struct component *component = components->first; component;
         component = component->next)
        if (!planning->used[component->number] && is_loadable(planning, component) &&
            !slot_is_revocations(component))
            plan->unused[plan->n_unused++] = component;
    return true;
}

/* --- All of it --- */

static bool has_bank(const struct component_set *components, uint16_t bank)
{
    for (size_t i = 0; i < components->n_algs; i++)
        if (components->algs[i] == bank)
            return true;
    return false;
}

static bool check_log(const struct planning *planning)
{
    const struct measured_log *log = planning->log;

    if (log->measurement_registers)
        return error_plain(planning->error, ERROR_UNSUPPORTED,
                           "the log is of measurement registers, not of PCRs");
    if (!has_bank(planning->update->components, log->bank))
        return error_plain(planning->error, ERROR_UNSUPPORTED,
                           "the components have no digests in the bank of the log");
    return true;
}

/* The claims and the command line of today. */
static bool read_today(struct planning *planning)
{
    const struct claims_input *host = planning->host;
    const struct claim *line;
    const char *said = NULL;

    for (size_t i = 0; i < host->n_inventory; i++)
        if (span_is(host->inventory[i].name, "kernel.command_line")) {
            said = arena_text(planning->arena, host->inventory[i].value);
            if (!said)
                return arena_error(planning->arena, planning->error);
        }
    if (!values_collect(planning, planning->log, said, &planning->today))
        return false;
    line = &planning->today->claims[CLAIM_BOOT_KERNEL_COMMAND_LINE];
    planning->line = line->known ? line->text : NULL;
    for (size_t i = 0; i < planning->n_boot; i++)
        planning->unified |= planning->log->events[i].event.pcr == 11 &&
                             unified_kernel_section(&planning->log->events[i]);
    return true;
}

bool update_plan(const struct update *update, const struct claims_input *host, struct arena *arena,
                 struct update_plan *plan, struct error *error)
{
    struct update_plan made = {
        .accepted = {.arena = arena}, .retired = {.arena = arena}, .kept = {.arena = arena}};
    struct planning planning = {.update = update,
                                .host = host,
                                .log = host->log,
                                .arena = arena,
                                .error = error,
                                .plan = &made};

    if (!check_log(&planning))
        return false;
    planning.n_boot = host->log->n_sources > 1 ? host->log->sources[1].first : host->log->n_events;
    planning.used = arena_array(arena, update->components->n_components + 1, sizeof(bool));
    if (!planning.used)
        return arena_error(arena, error);
    if (!read_today(&planning) || !slots_find(&planning) || !plan_variants(&planning) ||
        !values_authorities(&planning) || !find_unused(&planning))
        return false;
    *plan = made;
    return true;
}

/* --- Several hosts --- */

/* The host's plan need not live on: bytes are copied. */
static bool join_value(struct reference_values *values, const struct reference_value *value,
                       struct error *error)
{
    struct span bytes = value->item.bytes;
    const char *copy = arena_text(values->arena, bytes);

    if (!copy)
        return arena_error(values->arena, error);
    bytes.data = (const uint8_t *)copy;
    return value->item.kind == CLAIM_ITEM_TEXT
               ? reference_values_add_text(values, value->claim, value->label, bytes, error)
               : reference_values_add_digest(values, value->claim, value->label, value->item.alg,
                                             bytes, error);
}

static bool join(struct reference_values *values, const struct reference_values *more,
                 struct error *error)
{
    for (size_t i = 0; i < more->n_values; i++)
        if (!join_value(values, &more->values[i], error))
            return false;
    return true;
}

static bool holds(const struct reference_values *values, const struct reference_value *value)
{
    for (size_t i = 0; i < values->n_values; i++) {
        const struct reference_value *other = &values->values[i];

        if (other->claim == value->claim && other->item.kind == value->item.kind &&
            other->item.alg == value->item.alg && span_equal(other->item.bytes, value->item.bytes))
            return true;
    }
    return false;
}

bool update_plan_join(struct update_plan *all, const struct update_plan *one, struct error *error)
{
    size_t n = 0;

    if (!join(&all->accepted, &one->accepted, error) ||
        !join(&all->retired, &one->retired, error) || !join(&all->kept, &one->kept, error))
        return false;
    for (size_t i = 0; i < all->retired.n_values; i++)
        if (!holds(&all->kept, &all->retired.values[i]))
            all->retired.values[n++] = all->retired.values[i];
    all->retired.n_values = n;
    return true;
}
