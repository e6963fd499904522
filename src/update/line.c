/* The kernel's command line of the next boot. Takes the host's own line for what it is: callers have
 * proven it, and plan for sound hosts only. */
#include "base/text.h"
#include "claims/unified_kernel.h"
#include "update/internal.h"

static const char BOOT_IMAGE[] = "BOOT_IMAGE=";

bool line_replace(struct arena *arena, struct span text, struct span from, struct span to,
                  struct span *replaced)
{
    size_t cap = from.len ? text.len + text.len / from.len * to.len : text.len, len = 0;
    uint8_t *bytes = arena_alloc(arena, cap + 1);

    if (!bytes)
        return false;
    for (size_t i = 0; i < text.len;)
        if (from.len && span_begins(span_of(text.data + i, text.len - i), from)) {
            if (to.len)
                memcpy(bytes + len, to.data, to.len);
            len += to.len;
            i += from.len;
        } else {
            bytes[len++] = text.data[i++];
        }
    *replaced = span_of(bytes, len);
    return true;
}

static struct span first_word(struct span text)
{
    const uint8_t *space = text.len ? memchr(text.data, ' ', text.len) : NULL;

    return span_of(text.data, space ? (size_t)(space - text.data) : text.len);
}

/* "6.1.0-56-amd64" of "/boot/vmlinuz-6.1.0-56-amd64"; empty without one. */
static struct span release_in(const char *path)
{
    const char *dash = strchr(path_base(path), '-');

    return dash ? span_text(dash + 1) : (struct span){0};
}

/* GRUB reads the kernel from a path, which mostly has its release. */
static void find_releases(const struct planning *planning, struct variant *variant)
{
    for (size_t i = 0; i < planning->n_slots; i++) {
        const struct slot *slot = &planning->slots[i];
        const struct component *component = slot_component(slot, variant);

        if (!component || component->kind != COMPONENT_KERNEL || !*slot->path)
            continue;
        variant->old_release = release_in(slot->path);
        variant->new_release = release_in(component->path);
        if (variant->new_release.len == 0)
            variant->new_release = first_word(span_text(component->version));
        if (variant->new_release.len == 0)
            variant->old_release = (struct span){0};
    }
}

static void find_image(const struct planning *planning, struct variant *variant)
{
    for (size_t i = 0; i < planning->n_slots; i++) {
        const struct component *component = slot_component(&planning->slots[i], variant);

        if (component && component->kind == COMPONENT_UKI)
            variant->image = component;
    }
}

/* The line in a unified kernel image; NULL when it has none. */
static const char *line_of_image(const struct component *image)
{
    for (const struct component *component = image->next; component; component = component->next)
        if (component->kind == COMPONENT_SECTION && component->source == image->source &&
            strcmp(component->path, image->path) == 0 && *component->command_line)
            return component->command_line;
    return NULL;
}

/* An announced line. GRUB measures the kernel's path before it, which people leave out. */
static const char *whole_line(struct planning *planning, struct span line, struct span today)
{
    struct span path = first_word(today);
    bool has_path = today.len && (today.data[0] == '/' || today.data[0] == '(');

    if (span_begins(line, span_text(BOOT_IMAGE)))
        line = span_of(line.data + sizeof BOOT_IMAGE - 1, line.len - (sizeof BOOT_IMAGE - 1));
    if (!has_path || (line.len && (line.data[0] == '/' || line.data[0] == '(')))
        return arena_text(planning->arena, line);
    return arena_printf(planning->arena, "%.*s %.*s", (int)path.len, (const char *)path.data,
                        (int)line.len, (const char *)line.data);
}

/* Blanks that an edit leaves at the end, or two in a row, are not there when GRUB joins the line. */
static const char *edit_line(struct planning *planning, struct span line)
{
    for (size_t i = 0; i < planning->update->n_edits; i++) {
        const struct update_edit *edit = &planning->update->edits[i];
        const char *longer;

        if (edit->from.len) {
            if (!line_replace(planning->arena, line, edit->from, edit->to, &line))
                return NULL;
        } else {
            longer = arena_printf(planning->arena, "%.*s %.*s", (int)line.len,
                                  (const char *)line.data, (int)edit->to.len,
                                  (const char *)edit->to.data);
            if (!longer)
                return NULL;
            line = span_text(longer);
        }
        while (line.len && line.data[line.len - 1] == ' ')
            line.len--;
        if (!line_replace(planning->arena, line, span_text("  "), span_text(" "), &line))
            return NULL;
    }
    return arena_text(planning->arena, line);
}

bool line_next(struct planning *planning, struct variant *variant)
{
    struct span today = planning->line ? span_text(planning->line) : (struct span){0};

    find_releases(planning, variant);
    find_image(planning, variant);
    if (variant->image && line_of_image(variant->image)) {
        variant->line = line_of_image(variant->image);
        return true;
    }
    variant->line = planning->line;
    if (planning->unified || (!planning->line && !variant->command_line.len))
        return true;
    if (!line_replace(planning->arena, today, variant->old_release, variant->new_release, &today))
        return arena_error(planning->arena, planning->error);
    variant->line = variant->command_line.len ? whole_line(planning, variant->command_line, today)
                                              : edit_line(planning, today);
    return variant->line || arena_error(planning->arena, planning->error);
}
