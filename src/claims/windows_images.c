/* The images that the Windows boot chain loaded: PCR 12 lists their digests and addresses, PCR 13
 * the same digests with path, signer and whether the signature held.
 *
 * Both lists must hold the same images. Trusts only covered records, which windows.c has checked;
 * must never take more than one walk over a list, for there are hundreds. */
#include "claims/windows.h"

#include "base/text.h"

#include <stdlib.h>

/* Its path ends with the ASCII name, in upper or lower case; a NUL may follow. */
static bool is_file(struct span path, const char *name)
{
    size_t len = strlen(name), units = path.len / 2;

    if (units && path.data[2 * units - 2] == 0 && path.data[2 * units - 1] == 0)
        units--;
    if (units < len + 1)
        return false;
    for (size_t i = 0; i <= len; i++) {
        const uint8_t *unit = path.data + 2 * (units - 1 - len + i);
        int wanted = i ? name[i - 1] : '\\';
        int found = unit[0] >= 'A' && unit[0] <= 'Z' ? unit[0] | 0x20 : unit[0];

        if (unit[1] || found != wanted)
            return false;
    }
    return true;
}

/* Where Windows keeps its hypervisor: Intel, AMD, ARM. */
static bool is_hypervisor(struct span path)
{
    return is_file(path, "hvix64.exe") || is_file(path, "hvax64.exe") ||
           is_file(path, "hvaa64.exe");
}

static struct windows_image *add_image(struct windows *state, struct windows_images *list)
{
    struct windows_image *grown;

    if (list->n_images == list->room) {
        size_t room = list->room ? 2 * list->room : 64;

        grown = arena_array(state->collector->arena, room, sizeof *grown);
        if (!grown) {
            state->collector->out_of_memory = true;
            return NULL;
        }
        if (list->n_images)
            memcpy(grown, list->images, list->n_images * sizeof *grown);
        list->images = grown;
        list->room = room;
    }
    return &list->images[list->n_images++];
}

void windows_image_read(struct windows *state, struct span payload)
{
    struct sipa_module module;
    struct windows_image *image;
    struct error error;

    if (!sipa_module_decode(payload, &module, &error)) {
        windows_malformed(state, sipa_name(SIPA_LOADEDMODULE_AGGREGATION), &error);
        return;
    }
    if (module.n_unknown)
        windows_unknown(state, SIPA_LOADEDMODULE_AGGREGATION);
    image = add_image(state, &state->images[state->copy]);
    if (!image)
        return;
    *image = (struct windows_image){
        .digest = module.digest, .alg = module.alg, .event = state->index, .said = payload};
    collect_event(state->collector, CLAIM_BOOT_MODULES, state->index);
    if (state->copy == WINDOWS_PCR_12)
        return;
    collect_event(state->collector, CLAIM_BOOT_MODULES_VALIDATED, state->index);
    state->validation_unknown |= !module.states_validated;
    state->unvalidated |= module.states_validated && !module.validated;
    if (!state->hypervisor_image && is_hypervisor(module.path)) {
        state->hypervisor_image = true;
        collect_event(state->collector, CLAIM_HYPERVISOR_ENABLED, state->index);
    }
}

static bool are_same(const struct windows_images *first, const struct windows_images *second)
{
    if (first->n_images != second->n_images)
        return false;
    for (size_t i = 0; i < first->n_images; i++)
        if (!span_equal(first->images[i].digest, second->images[i].digest))
            return false;
    return true;
}

static int compare_images(const void *first, const void *second)
{
    return span_compare(((const struct windows_image *)first)->digest,
                        ((const struct windows_image *)second)->digest);
}

/* A copy in the order of the digests; NULL when the arena is full. */
static struct windows_image *sort_images(struct windows *state, const struct windows_images *list)
{
    struct windows_image *sorted = arena_array(state->collector->arena, list->n_images + 1,
                                               sizeof *sorted);

    if (!sorted) {
        state->collector->out_of_memory = true;
        return NULL;
    }
    if (list->n_images) {
        memcpy(sorted, list->images, list->n_images * sizeof *sorted);
        qsort(sorted, list->n_images, sizeof *sorted, compare_images);
    }
    return sorted;
}

static void find_missing(struct windows *state, const struct windows_image *image, size_t n_missing,
                         const char *message)
{
    struct collector *collector = state->collector;
    const char *hex = text_hex(collector->arena, image->digest);

    collector->out_of_memory |= !hex;
    collect_reason(collector, REASON_WINDOWS_MODULES_DIFFER, image->event, NULL,
                   hex ? arena_printf(collector->arena, "%zu images, the first %s", n_missing, hex)
                       : NULL,
                   message);
}

/* What only one of the lists has. Those of PCR 12 alone are images all the same: they move to the
 * list of PCR 13, without anything said of them. True when the lists hold the same images. */
static bool join_lists(struct windows *state)
{
    struct windows_images *lists = state->images;
    struct windows_image *sorted[WINDOWS_COPIES], *missing[WINDOWS_COPIES] = {NULL, NULL};
    size_t at[WINDOWS_COPIES] = {0, 0}, n_missing[WINDOWS_COPIES] = {0, 0}, n_listed;

    if (are_same(&lists[WINDOWS_PCR_12], &lists[WINDOWS_PCR_13]))
        return true;
    n_listed = lists[WINDOWS_PCR_13].n_images;
    for (int copy = 0; copy < WINDOWS_COPIES; copy++) {
        sorted[copy] = sort_images(state, &lists[copy]);
        if (!sorted[copy])
            return false;
    }
    while (at[0] < lists[WINDOWS_PCR_12].n_images || at[1] < n_listed) {
        int order = at[0] == lists[WINDOWS_PCR_12].n_images ? 1
                    : at[1] == n_listed                     ? -1
                                        : compare_images(&sorted[0][at[0]], &sorted[1][at[1]]);
        int only = order < 0 ? WINDOWS_PCR_12 : WINDOWS_PCR_13;
        struct windows_image *image = &sorted[only][at[only]], *added;

        at[0] += order <= 0;
        at[1] += order >= 0;
        if (order == 0)
            continue;
        if (n_missing[only]++ == 0)
            missing[only] = image;
        if (only == WINDOWS_PCR_12 && (added = add_image(state, &lists[WINDOWS_PCR_13]))) {
            *added = *image;
            added->said = span_of(NULL, 0);
        }
    }
    if (missing[WINDOWS_PCR_12])
        find_missing(state, missing[WINDOWS_PCR_12], n_missing[WINDOWS_PCR_12],
                     "PCR 12 lists images that PCR 13 does not");
    if (missing[WINDOWS_PCR_13])
        find_missing(state, missing[WINDOWS_PCR_13], n_missing[WINDOWS_PCR_13],
                     "PCR 13 lists images that PCR 12 does not");
    return !missing[WINDOWS_PCR_12] && !missing[WINDOWS_PCR_13];
}

static void list_images(struct windows *state)
{
    struct collector *collector = state->collector;
    const struct windows_images *list = &state->images[WINDOWS_PCR_13];
    struct claim_item *items = collect_items(collector, CLAIM_BOOT_MODULES, list->n_images);

    if (!items)
        return;
    for (size_t i = 0; i < list->n_images; i++) {
        const struct windows_image *image = &list->images[i];
        const struct eventlog_event *event = &collector->log->events[image->event].event;

        items[i] = (struct claim_item){.kind = CLAIM_ITEM_DIGEST,
                                       .alg = image->alg,
                                       .event = event->number,
                                       .pcr = (int)event->pcr,
                                       .bytes = image->digest,
                                       .image = image->said};
    }
}

void windows_images_conclude(struct windows *state)
{
    bool same = join_lists(state);
    bool weak = state->unvalidated || state->no_authority || state->unchecked;

    if (state->images[WINDOWS_PCR_13].n_images)
        list_images(state);
    /* What runs after a resume was loaded in an earlier boot. */
    if (weak)
        collect_bool(state->collector, CLAIM_BOOT_MODULES_VALIDATED, false);
    else if (same && state->images[WINDOWS_PCR_13].n_images && !state->validation_unknown &&
             !state->resumed)
        collect_bool(state->collector, CLAIM_BOOT_MODULES_VALIDATED, true);
}

const char *windows_image_label(struct span record, struct arena *arena)
{
    struct sipa_module module;
    struct error ignored;
    const char *path, *publisher;

    if (!sipa_module_decode(record, &module, &ignored))
        return NULL;
    path = text_utf16(arena, module.path);
    publisher = text_utf16(arena, module.publisher);
    if (!path || !publisher)
        return NULL;
    return arena_printf(arena, "%s, %s%s", *path ? path : "no path",
                        *publisher ? publisher : "no publisher",
                        !module.states_validated ? ", not said whether validated"
                        : module.validated       ? ""
                                                 : ", NOT VALIDATED");
}
