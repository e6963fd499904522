/* The next SbatLevel, which shim raises by itself, and whether shim will start what is announced under it
 * (shim, SBAT.md).
 *
 * Levels only go forward. Takes the host's SbatPolicy for what the operator says it is: nothing measures
 * that. Must never take a level from an image that is not the host's shim, or revocations for it. */
#include "base/text.h"
#include "claims/describe.h"
#include "update/internal.h"
#include "wire/efi_variable.h"
#include "wire/event_type.h"

bool sbat_is_level(const struct measured_event *event, struct efi_variable *variable)
{
    struct error ignored;

    return event->event.pcr == 7 && event->event.type == EV_EFI_VARIABLE_AUTHORITY &&
           event->coverage != COVERAGE_UNMEASURED &&
           efi_variable_decode(event->event.data, variable, &ignored) &&
           efi_variable_is(variable, "SbatLevel") &&
           efi_guid_find(variable->guid) == EFI_GUID_SHIM_LOCK;
}

static struct span present_level(const struct planning *planning)
{
    struct efi_variable variable;

    for (size_t i = 0; i < planning->n_boot; i++)
        if (sbat_is_level(&planning->log->events[i], &variable))
            return variable.data;
    return (struct span){0};
}

static void raise_level(const struct planning *planning, const struct component *component,
                        struct span *level)
{
    struct span demanded = planning->update->sbat_latest ? component->sbat_levels.latest
                                                         : component->sbat_levels.automatic;

    if (sbat_level_succeeds(demanded, *level))
        *level = demanded;
}

/* What is in the slot after the update; NULL: the host's own, of which only a digest is known. */
static const struct component *next_of(const struct slot *slot, const struct variant *variant)
{
    const struct component *component = slot_component(slot, variant);

    return component ? component : slot->running;
}

struct span sbat_next_level(const struct planning *planning, const struct variant *variant)
{
    struct span level = present_level(planning);
    const struct component *component;

    for (size_t i = 0; i < planning->n_slots; i++)
        if (strcmp(planning->slots[i].what, "shim") == 0 &&
            (component = next_of(&planning->slots[i], variant)))
            raise_level(planning, component, &level);
    for (component = planning->update->components->first; component; component = component->next)
        if (slot_is_revocations(component))
            raise_level(planning, component, &level);
    return level;
}

const char *sbat_print(const struct planning *planning, struct span level)
{
    char *line = arena_text(planning->arena, level);
    const char *text;

    if (!line)
        return NULL;
    for (size_t i = 0; i < level.len; i++)
        if (line[i] == '\n')
            line[i] = ' ';
    text = text_printable(planning->arena, span_of(line, level.len));
    return text ? arena_printf(planning->arena, "%s(by SbatPolicy %s)", text,
                               planning->update->sbat_latest ? "latest" : "automatic")
                : NULL;
}

/* The component's first entry that is under the level; NULL when shim will let it pass. */
static const struct component_sbat *find_revoked(const struct component *component,
                                                 const struct sbat_entry *level, size_t n_level)
{
    for (size_t i = 0; i < component->n_sbat; i++)
        for (size_t k = 0; k < n_level; k++)
            if (span_is(level[k].name, component->sbat[i].name) &&
                component->sbat[i].generation < level[k].generation)
                return &component->sbat[i];
    return NULL;
}

static bool check_slot(struct planning *planning, const struct slot *slot,
                       const struct component *component, const struct sbat_entry *level,
                       size_t n_level)
{
    const struct component_sbat *revoked = find_revoked(component, level, n_level);
    const char *why;

    if (!revoked)
        return true;
    why = arena_printf(planning->arena,
                       "its SBAT generation, %.64s,%u, is under the host's SbatLevel: shim will "
                       "not start it",
                       revoked->name, revoked->generation);
    if (!why)
        return arena_error(planning->arena, planning->error);
    return plan_gap(planning, slot->event, slot->what, why);
}

/* Generations of a loader that stays are in its file, not in a log. */
static bool check_unknown(struct planning *planning, const struct slot *slot, bool rises)
{
    if (!rises || (strcmp(slot->what, "GRUB") != 0 && strcmp(slot->what, "systemd-boot") != 0))
        return true;
    return plan_gap(planning, slot->event, slot->what,
                    "SbatLevel rises, and shim may start this no longer: hand in the one that the "
                    "host will have");
}

bool sbat_check(struct planning *planning, const struct variant *variant)
{
    struct sbat_entry entries[LIMIT_SBAT_ENTRIES];
    struct span present = present_level(planning), level = sbat_next_level(planning, variant);
    struct error ignored;
    size_t n;

    if (!sbat_decode(level, entries, LIMIT_SBAT_ENTRIES, &n, &ignored))
        return true; /* shim judges by no level that it cannot read */
    for (size_t i = 0; i < planning->n_slots; i++) {
        const struct slot *slot = &planning->slots[i];
        const struct component *component = next_of(slot, variant);

        if (slot->form != COMPONENT_OVER_IMAGE)
            continue;
        if (component ? !check_slot(planning, slot, component, entries, n)
                      : !check_unknown(planning, slot, !span_equal(present, level)))
            return false;
    }
    return true;
}
