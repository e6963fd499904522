/* Which event each new component will stand in for: by what the event measures (claims/describe.h) and
 * by the path in it.
 *
 * Both are hints that no digest covers: a wrong one leads to a plan that does not fit the host, never
 * to a value that is not of an announced component. */
#include "update/internal.h"

#include "base/text.h"
#include "claims/describe.h"
#include "claims/unified_kernel.h"
#include "wire/efi_device_path.h"
#include "wire/efi_image_load.h"
#include "wire/event_type.h"

#include <strings.h>

static const char SHIM[] = "shim", GRUB[] = "GRUB", KERNEL[] = "Linux kernel",
                  UNIFIED[] = "unified kernel image", RAM_DISK[] = "initial RAM disk",
                  SYSTEMD_BOOT[] = "systemd-boot", APPLICATION[] = "UEFI application",
                  REVOCATIONS[] = "revocations for shim";

const char *path_base(const char *path)
{
    const char *base = path;

    for (; *path; path++)
        if (*path == '/' || *path == '\\')
            base = path + 1;
    return base;
}

/* --- Paths --- */

/* Packages keep what is signed under a name of its own: shimx64.efi.signed. */
static size_t name_len(const char *path)
{
    static const char SIGNED[] = ".signed";
    size_t len = strlen(path), suffix = sizeof SIGNED - 1;

    return len > suffix && strcmp(path + len - suffix, SIGNED) == 0 ? len - suffix : len;
}

static bool is_slash(char c)
{
    return c == '/' || c == '\\';
}

/* Takes the last part off. */
static struct span last_part(const char *path, size_t *len)
{
    size_t end = *len, begin = end;

    while (begin && !is_slash(path[begin - 1]))
        begin--;
    *len = begin ? begin - 1 : 0;
    return span_of(path + begin, end - begin);
}

/* How many parts two paths share, counted from their ends. */
static size_t common_parts(const char *a, const char *b)
{
    size_t a_len = name_len(a), b_len = name_len(b), n = 0;

    while (a_len && b_len) {
        struct span x = last_part(a, &a_len), y = last_part(b, &b_len);

        if (x.len == 0 || x.len != y.len ||
            strncasecmp((const char *)x.data, (const char *)y.data, x.len) != 0)
            break;
        n++;
    }
    return n;
}

/* --- What a component is to a boot loader --- */

static bool has_sbat(const struct component *component, const char *name)
{
    for (size_t i = 0; i < component->n_sbat; i++)
        if (strcmp(component->sbat[i].name, name) == 0)
            return true;
    return false;
}

static bool begins(const char *text, const char *prefix)
{
    return strncasecmp(text, prefix, strlen(prefix)) == 0;
}

static bool is_initrd(const struct planning *planning, const struct component *component)
{
    const char *base = path_base(component->path);

    for (size_t i = 0; i < planning->update->n_initrds; i++)
        if (planning->update->initrds[i] == component)
            return true;
    return component->kind == COMPONENT_FILE &&
           (begins(base, "initrd") || begins(base, "initramfs"));
}

bool slot_is_revocations(const struct component *component)
{
    return component->sbat_levels.automatic.len && !has_sbat(component, "shim") &&
           begins(path_base(component->path), "revocations");
}

/* In words of claims/describe.h; NULL when only its path can tell. */
static const char *role_of(const struct planning *planning, const struct component *component)
{
    const char *base = path_base(component->path);

    if (slot_is_revocations(component))
        return REVOCATIONS;
    switch (component->kind) {
    case COMPONENT_KERNEL:
        return KERNEL;
    case COMPONENT_UKI:
        return UNIFIED;
    case COMPONENT_SECTION: /* the kernel in a unified kernel image is loaded as an image too */
        return strcmp(component->section, ".linux") == 0 && planning->unified ? KERNEL : NULL;
    case COMPONENT_IMAGE:
        if (has_sbat(component, "shim"))
            return begins(base, "shim") || begins(base, "boot") ? SHIM
                   : begins(base, "mm")                         ? "MOK manager"
                   : begins(base, "fb")                         ? "shim fallback"
                                                                : NULL;
        if (begins(component->loader, "systemd-boot") || begins(base, "systemd-boot"))
            return SYSTEMD_BOOT;
        return has_sbat(component, "grub") ? GRUB : NULL;
    default:
        return is_initrd(planning, component) ? RAM_DISK : NULL;
    }
}

/* --- Candidates --- */

struct span slot_digest(const struct planning *planning, const struct slot *slot,
                        const struct component *component)
{
    const struct component_digest *digest = component_find_digest(component, slot->form,
                                                                  planning->log->bank);

    return digest ? crypto_digest_span(&digest->digest) : (struct span){0};
}

static bool add_candidate(struct planning *planning, struct slot *slot,
                          const struct component *component)
{
    struct span digest = slot_digest(planning, slot, component);

    if (digest.len == 0)
        return true;
    planning->used[component->number] = true;
    if (span_equal(digest, planning->log->events[slot->event].digest)) {
        slot->running = component;
        return true;
    }
    if (slot->n_by == LIMIT_UPDATE_VARIANTS)
        return error_plain(planning->error, ERROR_LIMIT,
                           "more than %d components may be the host's %s", LIMIT_UPDATE_VARIANTS,
                           slot->what);
    slot->by[slot->n_by++] = component;
    return true;
}

/* A boot loader under the name that firmware looks for is to a log any application. */
static bool is_nameless_loader(const struct slot *slot)
{
    return strcmp(slot->what, APPLICATION) == 0 && begins(path_base(slot->path), "boot");
}

static bool fits(const char *role, const struct slot *slot)
{
    bool is_loader = strcmp(role, GRUB) == 0 || strcmp(role, SYSTEMD_BOOT) == 0;

    return strcmp(role, slot->what) == 0 || (is_loader && is_nameless_loader(slot));
}

/* Kernels and RAM disks are told by what they are: their names change with every release. */
static bool is_named_anew(const char *role)
{
    return role && (strcmp(role, KERNEL) == 0 || strcmp(role, RAM_DISK) == 0);
}

/* The slot whose path is most like the component's; of equals the last, since GRUB reads the
 * configuration that counts last. NULL when none is. */
static struct slot *find_by_path(struct planning *planning, const struct component *component)
{
    const char *role = role_of(planning, component);
    struct slot *best = NULL;
    size_t most = 1;

    if (is_named_anew(role))
        return NULL;
    for (size_t i = 0; i < planning->n_slots; i++) {
        struct slot *slot = &planning->slots[i];
        size_t parts = common_parts(slot->path, component->path);

        if (parts >= most && slot_digest(planning, slot, component).len &&
            (!role || fits(role, slot))) {
            best = slot;
            most = parts;
        }
    }
    return best;
}

/* A loader may lie on its disk under the name that firmware looks for: then what it is tells. */
static bool add_by_role(struct planning *planning, const struct component *component)
{
    const char *role = role_of(planning, component);

    for (size_t i = 0; role && i < planning->n_slots; i++) {
        struct slot *slot = &planning->slots[i];

        if (!slot->by_path && fits(role, slot) && !add_candidate(planning, slot, component))
            return false;
    }
    return true;
}

static bool find_candidates(struct planning *planning)
{
    const struct component *first = planning->update->components->first, *component;

    for (component = first; component; component = component->next) {
        struct slot *slot = find_by_path(planning, component);

        if (!slot)
            continue;
        slot->by_path = true;
        if (!add_candidate(planning, slot, component))
            return false;
    }
    for (component = first; component; component = component->next)
        if (!planning->used[component->number] && !add_by_role(planning, component))
            return false;
    return true;
}

/* --- Slots --- */

static const char *image_path(struct planning *planning, const struct measured_event *event)
{
    struct efi_image_load image;
    struct error ignored;
    const char *path;

    if (!efi_image_load_decode(event->event.data, &image, &ignored) ||
        !efi_device_path_file(image.device_path, planning->arena, &path, &ignored))
        return "";
    return path;
}

static bool is_image(const struct measured_event *event)
{
    return (event->event.pcr == 2 || event->event.pcr == 4) &&
           (event->event.type == EV_EFI_BOOT_SERVICES_APPLICATION ||
            event->event.type == EV_EFI_BOOT_SERVICES_DRIVER ||
            event->event.type == EV_EFI_RUNTIME_SERVICES_DRIVER);
}

static bool is_file(const struct measured_event *event)
{
    return event->event.pcr == 9 && (event->event.type == EV_IPL ||
                                     (event->event.type == EV_EVENT_TAG &&
                                      linux_event_tag(event->event.data) == LINUX_TAG_INITRD));
}

static bool add_slot(struct planning *planning, size_t index)
{
    const struct measured_event *event = &planning->log->events[index];
    struct slot *slot = &planning->slots[planning->n_slots];

    if ((event->coverage != COVERAGE_NONE && event->coverage != COVERAGE_MISMATCH) ||
        event->digest.len == 0 || !(is_image(event) || is_file(event)))
        return true;
    *slot = (struct slot){
        .event = index,
        .form = is_image(event) ? COMPONENT_OVER_IMAGE : COMPONENT_OVER_FILE,
        .what = event_component(planning->log, index, planning->arena),
        .path = "",
        .by = arena_array(planning->arena, LIMIT_UPDATE_VARIANTS, sizeof(struct component *)),
    };
    if (is_image(event))
        slot->path = image_path(planning, event);
    else if (event->event.type == EV_IPL)
        slot->path = text_printable(planning->arena, event->event.data);
    if (!slot->what || !slot->path || !slot->by)
        return arena_error(planning->arena, planning->error);
    planning->n_slots++;
    return true;
}

/* shim measures revocations that it reads as an image under its own path, before its lists: which makes
 * the image before that the shim. */
static void name_shim(struct planning *planning)
{
    for (size_t i = 1; i < planning->n_slots; i++) {
        struct slot *slot = &planning->slots[i], *before = slot - 1;

        if (strcmp(slot->what, SHIM) != 0 || strcmp(before->what, APPLICATION) != 0 ||
            strcasecmp(path_base(slot->path), path_base(before->path)) != 0)
            continue;
        before->what = SHIM;
        slot->what = REVOCATIONS;
    }
}

bool slots_find(struct planning *planning)
{
    planning->slots = arena_array(planning->arena, planning->n_boot + 1, sizeof *planning->slots);
    if (!planning->slots)
        return arena_error(planning->arena, planning->error);
    for (size_t i = 0; i < planning->n_boot; i++)
        if (!add_slot(planning, i))
            return false;
    name_shim(planning);
    return find_candidates(planning);
}

const struct component *slot_component(const struct slot *slot, const struct variant *variant)
{
    return slot->n_by ? slot->by[variant->component % slot->n_by] : NULL;
}
