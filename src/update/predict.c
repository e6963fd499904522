/* The log of the next boot: the host's own, with each event changed as the new components change it.
 *
 * Computes digests as those who measure do; takes from the log how the host's own loaders do it, where
 * they differ. What it cannot compute stays as it is, and is told as a gap. */
#include "update/internal.h"

#include "base/reader.h"
#include "base/text.h"
#include "base/writer.h"
#include "claims/unified_kernel.h"
#include "wire/event_type.h"

enum { REVOCATIONS_MAX = 8 }; /* files; a shim reads one */

struct predicting {
    struct planning *planning;
    const struct variant *variant;
    struct measured_log *next;
    bool sections_done;
};

static struct crypto *crypto_of(const struct predicting *predicting)
{
    return predicting->planning->update->crypto;
}

static bool out_of_memory(const struct predicting *predicting)
{
    return arena_error(predicting->planning->arena, predicting->planning->error);
}

/* The digest of parts in the log's bank, in the arena; empty when that is full. */
static struct span hash(const struct predicting *predicting, const struct span *parts,
                        size_t n_parts)
{
    struct crypto_digest *digest = arena_new(predicting->planning->arena, struct crypto_digest);

    if (!digest)
        return (struct span){0};
    crypto_hash(crypto_of(predicting), predicting->planning->log->bank, parts, n_parts, digest);
    return crypto_digest_span(digest);
}

/* The event gets another digest. */
static bool change(struct predicting *predicting, struct measured_event *event, size_t index,
                   const struct component *component, struct span digest)
{
    struct update_change made = {
        .event = index, .component = component, .from = event->digest, .to = digest};

    if (digest.len == 0)
        return out_of_memory(predicting);
    if (span_equal(event->digest, digest))
        return true;
    event->digest = digest;
    return plan_change(predicting->planning, made);
}

/* --- Files --- */

/* Whoever measures the same file again gets the same digest, under whatever name. */
static const struct slot *find_slot(const struct planning *planning, const struct variant *variant,
                                    const struct measured_event *event)
{
    for (size_t i = 0; i < planning->n_slots; i++) {
        const struct slot *slot = &planning->slots[i];

        if (slot_component(slot, variant) &&
            span_equal(planning->log->events[slot->event].digest, event->digest))
            return slot;
    }
    return NULL;
}

static bool change_file(struct predicting *predicting, struct measured_event *event, size_t index)
{
    const struct slot *slot = find_slot(predicting->planning, predicting->variant, event);
    const struct component *component;

    if (!slot)
        return true;
    component = slot_component(slot, predicting->variant);
    return change(predicting, event, index, component,
                  slot_digest(predicting->planning, slot, component));
}

/* --- Unified kernel images --- */

static const struct component *find_section(const struct predicting *predicting,
                                            const char *section)
{
    const struct component *image = predicting->variant->image;

    for (const struct component *component = image ? image->next : NULL; component;
         component = component->next)
        if (component->kind == COMPONENT_SECTION && component->source == image->source &&
            strcmp(component->path, image->path) == 0 && strcmp(component->section, section) == 0)
            return component;
    return NULL;
}

static struct span section_digest(const struct predicting *predicting,
                                  const struct component *component)
{
    const struct component_digest *digest = component_find_digest(component, COMPONENT_OVER_SECTION,
                                                                  predicting->planning->log->bank);

    return digest ? crypto_digest_span(&digest->digest) : (struct span){0};
}

/* The event of the section's contents in today's log; n_boot when the image of today has none. */
static size_t find_contents(const struct planning *planning, unsigned section)
{
    bool named = false;

    for (size_t i = 0; i < planning->n_boot; i++) {
        const struct measured_event *event = &planning->log->events[i];

        if (event->event.pcr != 11 || event->coverage == COVERAGE_UNMEASURED)
            continue;
        if (named)
            return i;
        named = unified_kernel_section(event) == section;
    }
    return planning->n_boot;
}

static struct measured_event *add_event(struct predicting *predicting,
                                        const struct measured_event *event)
{
    struct measured_event *added = &predicting->next->events[predicting->next->n_events];

    *added = *event;
    added->event.number = (uint32_t)predicting->next->n_events++;
    return added;
}

/* A section's name as systemd-stub logs it, in UTF-16, and measures it, in ASCII with its NUL. */
static bool add_name(struct predicting *predicting, const char *section)
{
    size_t len = strlen(section);
    uint8_t *utf16 = arena_alloc(predicting->planning->arena, 2 * (len + 1));
    struct span name = span_of(section, len + 1);
    struct measured_event event = {.coverage = COVERAGE_WHOLE};

    if (!utf16)
        return out_of_memory(predicting);
    for (size_t i = 0; i < len; i++)
        utf16[2 * i] = (uint8_t)section[i];
    event.event.pcr = 11;
    event.event.type = EV_IPL;
    event.event.data = event.covered = span_of(utf16, 2 * (len + 1));
    event.digest = hash(predicting, &name, 1);
    add_event(predicting, &event);
    return event.digest.len || out_of_memory(predicting);
}

/* One section of the new image. One that the host's stub does not measure today, the new one may: later
 * stubs measure more. */
static bool add_section(struct predicting *predicting, unsigned section)
{
    struct planning *planning = predicting->planning;
    const char *name = unified_kernel_section_name(section);
    const struct component *component = find_section(predicting, name);
    struct span digest = component ? section_digest(predicting, component) : (struct span){0};
    size_t index = find_contents(planning, section);
    bool is_old = index < planning->n_boot;
    struct measured_event contents = {.coverage = COVERAGE_NONE};
    struct update_change made = {
        .event = is_old ? index : planning->log->n_events,
        .what = "section of the unified kernel image",
        .component = component,
        .to = digest,
        .text = arena_printf(planning->arena,
                             is_old ? "section %s" : "section %s, if its stub measures it", name)};

    if (!made.text)
        return out_of_memory(predicting);
    if (is_old)
        made.from = planning->log->events[index].digest;
    if (!span_equal(made.from, made.to) && !plan_change(planning, made))
        return false;
    if (digest.len == 0)
        return true;
    contents.event.pcr = 11;
    contents.event.type = EV_IPL;
    contents.event.data = span_text(name);
    contents.digest = digest;
    if (!add_name(predicting, name))
        return false;
    add_event(predicting, &contents);
    return true;
}

/* In the order in which the stub measures them, where the first one stood. */
static bool add_sections(struct predicting *predicting)
{
    if (predicting->sections_done)
        return true;
    predicting->sections_done = true;
    for (unsigned section = 1; unified_kernel_section_name(section); section++)
        if (!add_section(predicting, section))
            return false;
    return true;
}

/* True for what the stub measured into PCR 11: names of sections and their contents. */
static bool is_stub(const struct planning *planning, size_t index)
{
    if (planning->log->events[index].event.pcr != 11)
        return false;
    if (unified_kernel_section(&planning->log->events[index]))
        return true;
    for (unsigned section = 1; unified_kernel_section_name(section); section++)
        if (find_contents(planning, section) == index)
            return true;
    return false;
}

/* A section that the kernel measures again: its RAM disk. */
static bool change_repeated_section(struct predicting *predicting, struct measured_event *event,
                                    size_t index)
{
    for (unsigned section = 1; unified_kernel_section_name(section); section++) {
        const char *name = unified_kernel_section_name(section);
        const struct component *component = find_section(predicting, name);
        size_t contents = find_contents(predicting->planning, section);

        if (component && contents < predicting->planning->n_boot &&
            span_equal(predicting->planning->log->events[contents].digest, event->digest))
            return change(predicting, event, index, component,
                          section_digest(predicting, component));
    }
    return true;
}

/* What the stub finds beside its image and packs for Linux: credentials, extensions, add-ons. It
 * measures that into PCR 12 and 13 by descriptions that no digest covers. */
static bool has_sidecars(const struct planning *planning)
{
    for (size_t i = 0; i < planning->n_boot; i++) {
        const struct measured_event *event = &planning->log->events[i];

        if ((event->event.pcr == 12 || event->event.pcr == 13) && event->digest.len &&
            event->coverage == COVERAGE_NONE)
            return true;
    }
    return false;
}

/* The RAM disk as Linux finds it, which the new stub makes. */
static bool change_ram_disk(struct predicting *predicting, struct measured_event *event,
                            size_t index)
{
    struct planning *planning = predicting->planning;
    const struct component *section = find_section(predicting, ".initrd");
    const struct component_digest *digest = NULL;

    if (section)
        digest = component_find_digest(section, COMPONENT_OVER_RAM_DISK, planning->log->bank);
    if (has_sidecars(planning))
        return plan_gap(planning, index, "initial RAM disk",
                        "the host adds files of its own to it, so the next one is unknown");
    if (!digest)
        return plan_gap(planning, index, "initial RAM disk",
                        "the new image has none, or not as it stands in memory: it cannot be told");
    return change(predicting, event, index, section, crypto_digest_span(&digest->digest));
}

/* --- Texts --- */

static struct span utf16_of(struct arena *arena, struct span text)
{
    uint8_t *bytes = arena_alloc(arena, 2 * text.len + 1);

    for (size_t i = 0; bytes && i < text.len; i++)
        bytes[2 * i] = text.data[i];
    return span_of(bytes, bytes ? 2 * text.len : 0);
}

/* The covered text with today's command line, or else today's release, replaced. */
static bool next_text(struct predicting *predicting, struct span text, bool wide,
                      struct span *replaced)
{
    struct planning *planning = predicting->planning;
    const struct variant *variant = predicting->variant;
    struct span from = variant->old_release, to = variant->new_release;
    struct span line = planning->line ? span_text(planning->line) : (struct span){0};

    if (line.len && variant->line) {
        struct span wanted = wide ? utf16_of(planning->arena, line) : line;
        struct span next = span_text(variant->line);

        if (!line_replace(planning->arena, text, wanted,
                          wide ? utf16_of(planning->arena, next) : next, replaced))
            return out_of_memory(predicting);
        if (!span_equal(*replaced, text))
            return true;
    }
    if (wide) {
        from = utf16_of(planning->arena, from);
        to = utf16_of(planning->arena, to);
    }
    return line_replace(planning->arena, text, from, to, replaced) || out_of_memory(predicting);
}

/* Some loaders measure a NUL, or the last byte of a UTF-16 text, that they do not log. */
static bool change_text(struct predicting *predicting, struct measured_event *event, size_t index)
{
    static const uint8_t NUL[1];
    struct arena *arena = predicting->planning->arena;
    bool wide = event->event.pcr == 12;
    struct span old[] = {event->covered, span_of(NUL, 0)}, text, digest;
    size_t before = (size_t)(event->covered.data - event->event.data.data);
    size_t after = event->event.data.len - before - event->covered.len;
    struct update_change made = {.event = index, .from = event->digest};
    uint8_t *data;

    if (!wide && memchr(event->covered.data, '\n', event->covered.len))
        return true; /* a menu entry of grub.cfg, which is told by its own event */
    if (!next_text(predicting, event->covered, wide, &text))
        return false;
    if (span_equal(text, event->covered))
        return true;
    if (!span_equal(hash(predicting, old, 2), event->digest))
        old[1].len = 1;
    old[0] = text;
    digest = hash(predicting, old, 2);
    data = arena_alloc(arena, before + text.len + after + 1);
    made.to = digest;
    made.text = wide ? text_utf16(arena, text) : text_printable(arena, text);
    if (!data || !digest.len || !made.text)
        return out_of_memory(predicting);
    memcpy(data, event->event.data.data, before);
    memcpy(data + before, text.data, text.len);
    memcpy(data + before + text.len, event->covered.data + event->covered.len, after);
    event->event.data = span_of(data, before + text.len + after);
    event->covered = span_of(data + before, text.len);
    event->digest = digest;
    return plan_change(predicting->planning, made);
}

/* --- The kernel's load options, of which there is but a digest --- */

/* In one of the ways in which loaders write a line: with GRUB's prefix or without, ended or not. */
static struct span options_digest(const struct predicting *predicting, const char *line,
                                  unsigned way)
{
    static const uint8_t NUL[2];
    struct arena *arena = predicting->planning->arena;
    struct span parts[] = {
        way & 1 ? utf16_of(arena, span_text("BOOT_IMAGE=")) : (struct span){0},
        utf16_of(arena, span_text(line)),
        span_of(NUL, way & 2 ? sizeof NUL : 0),
    };

    return hash(predicting, parts, 3);
}

static bool change_options(struct predicting *predicting, struct measured_event *event,
                           size_t index)
{
    const char *line = predicting->planning->line, *next = predicting->variant->line;
    const struct component *section = find_section(predicting, ".cmdline");
    const struct component_digest *digest = NULL;

    if (section)
        digest = component_find_digest(section, COMPONENT_OVER_LOAD_OPTIONS,
                                       predicting->planning->log->bank);
    if (digest)
        return change(predicting, event, index, section, crypto_digest_span(&digest->digest));
    if (!line || !next || strcmp(line, next) == 0)
        return true;
    for (unsigned way = 0; way < 4; way++)
        if (span_equal(options_digest(predicting, line, way), event->digest))
            return change(predicting, event, index, NULL, options_digest(predicting, next, way));
    return plan_gap(predicting->planning, index, "kernel command line, as its digest",
                    "it is not of the command line that was measured, so the next one is unknown");
}

static bool has_options(const struct planning *planning)
{
    for (size_t i = 0; i < planning->n_boot; i++)
        if (planning->log->events[i].event.type == EV_EVENT_TAG &&
            linux_event_tag(planning->log->events[i].event.data) == LINUX_TAG_LOAD_OPTIONS)
            return true;
    return false;
}

/* True when GRUB, or the kernel that it starts, is replaced. */
static bool starts_anew(const struct predicting *predicting)
{
    const struct planning *planning = predicting->planning;
    bool is_grub = false, is_new = false;

    for (size_t i = 0; i < planning->n_slots; i++) {
        const char *what = planning->slots[i].what;

        is_grub |= strcmp(what, "grub.cfg") == 0 || strcmp(what, "GRUB") == 0;
        is_new |= (strcmp(what, "GRUB") == 0 || strcmp(what, "Linux kernel") == 0) &&
                  slot_component(&planning->slots[i], predicting->variant);
    }
    return is_grub && is_new && !planning->unified;
}

/* GRUB before 2.12 enters kernels beside their EFI stub, which then measures nothing; a new GRUB, a
 * new kernel or another command in grub.cfg may change that. The digest is of the line that is announced,
 * as GRUB hands it over: with a NUL or without. */
static bool add_options(struct predicting *predicting)
{
    static const uint8_t TAG[] = {0xED, 0x22, 0x3B, 0x8F, 0, 0, 0, 0};
    struct planning *planning = predicting->planning;
    const char *line = predicting->variant->line;

    if (!line || has_options(planning) || !starts_anew(predicting))
        return true;
    for (unsigned way = 1; way < 4; way += 2) {
        struct measured_event event = {.coverage = COVERAGE_NONE};
        struct update_change made = {
            .event = planning->log->n_events,
            .what = "kernel command line, as its digest",
            .to = options_digest(predicting, line, way),
            .text = "if the kernel measures it, as it does when GRUB 2.12 or later starts it"};

        event.event.pcr = 9;
        event.event.type = EV_EVENT_TAG;
        event.event.data = span_of(TAG, sizeof TAG);
        event.digest = made.to;
        add_event(predicting, &event);
        if (event.digest.len == 0)
            return out_of_memory(predicting);
        if (!plan_change(planning, made))
            return false;
    }
    return true;
}

/* --- Revocations for shim --- */

/* One that the host has not had so far: shim measures it as an image. */
static bool add_revocations(struct predicting *predicting, const struct component *component)
{
    struct planning *planning = predicting->planning;
    const struct component_digest *digest = component_find_digest(component, COMPONENT_OVER_IMAGE,
                                                                  planning->log->bank);
    struct update_change made = {.event = planning->log->n_events,
                                 .what = "revocations for shim",
                                 .component = component,
                                 .text = "if the host's shim looks for a file of that name"};
    struct measured_event event = {.coverage = COVERAGE_NONE};

    if (!digest || planning->used[component->number])
        return true;
    made.to = crypto_digest_span(&digest->digest);
    event.event.pcr = 4;
    event.event.type = EV_EFI_BOOT_SERVICES_APPLICATION;
    event.digest = made.to;
    add_event(predicting, &event);
    return plan_change(planning, made);
}

/* What no event of today's stands for. */
static bool add_new(struct predicting *predicting)
{
    const struct component *component = predicting->planning->update->components->first;
    size_t n_added = 0;

    for (; component && n_added < REVOCATIONS_MAX; component = component->next)
        if (slot_is_revocations(component)) {
            if (!add_revocations(predicting, component))
                return false;
            n_added++;
        }
    return add_options(predicting);
}

/* --- dbx and SbatLevel --- */

static bool is_dbx(const struct measured_event *event, struct efi_variable *variable)
{
    struct error ignored;

    return event->event.pcr == 7 && event->event.type == EV_EFI_VARIABLE_DRIVER_CONFIG &&
           efi_variable_decode(event->event.data, variable, &ignored) &&
           efi_variable_is(variable, "dbx") &&
           efi_guid_find(variable->guid) == EFI_GUID_IMAGE_SECURITY_DATABASE;
}

/* The event gets other contents of its variable (UEFI_VARIABLE_DATA: PFP 1.06 section 10.2.6). */
static bool change_variable(struct predicting *predicting, struct measured_event *event,
                            size_t index, const struct efi_variable *variable, struct span contents,
                            const char *text)
{
    size_t head_len = EFI_GUID_LEN + 16 + variable->name.len, len = head_len + contents.len;
    uint8_t *data = arena_alloc(predicting->planning->arena, len);
    struct update_change made = {.event = index, .text = text};
    bool whole = event->coverage == COVERAGE_WHOLE;
    struct writer writer;

    if (!data)
        return out_of_memory(predicting);
    writer = writer_init(data, len);
    writer_bytes(&writer, variable->guid);
    writer_le64(&writer, variable->name.len / 2);
    writer_le64(&writer, contents.len);
    writer_bytes(&writer, variable->name);
    writer_bytes(&writer, contents);
    event->event.data = span_of(data, len);
    event->covered = whole ? event->event.data : span_of(data + head_len, contents.len);
    made.from = event->digest;
    made.to = event->digest = hash(predicting, &event->covered, 1);
    if (made.to.len == 0)
        return out_of_memory(predicting);
    return span_equal(made.from, made.to) || plan_change(predicting->planning, made);
}

static bool change_settings(struct predicting *predicting, struct measured_event *event,
                            size_t index)
{
    struct planning *planning = predicting->planning;
    struct efi_variable variable;
    struct span contents;
    const char *text;

    if (planning->update->revocations.len && is_dbx(event, &variable))
        return revoke(variable.data, planning->update->revocations, planning->arena, &contents,
                      planning->error) &&
               change_variable(predicting, event, index, &variable, contents, NULL);
    if (!sbat_is_level(event, &variable))
        return true;
    contents = sbat_next_level(planning, predicting->variant);
    if (span_equal(contents, variable.data))
        return true;
    text = sbat_print(planning, contents);
    if (!text)
        return out_of_memory(predicting);
    return change_variable(predicting, event, index, &variable, contents, text);
}

/* --- The log --- */

static bool change_event(struct predicting *predicting, struct measured_event *event, size_t index)
{
    bool unexplained = event->coverage == COVERAGE_NONE || event->coverage == COVERAGE_MISMATCH;

    if (event->coverage == COVERAGE_UNMEASURED || event->digest.len == 0 ||
        event->separator != SEPARATOR_NONE)
        return true;
    if (event->event.pcr == 7)
        return change_settings(predicting, event, index);
    if (event->covered.data && event->event.type == EV_IPL &&
        (event->event.pcr == 8 || event->event.pcr == 12))
        return change_text(predicting, event, index);
    if (!unexplained)
        return true;
    if (event->event.type == EV_EVENT_TAG &&
        linux_event_tag(event->event.data) == LINUX_TAG_LOAD_OPTIONS)
        return change_options(predicting, event, index);
    if (event->event.type == EV_EVENT_TAG && predicting->variant->image &&
        linux_event_tag(event->event.data) == LINUX_TAG_INITRD)
        return change_ram_disk(predicting, event, index);
    return change_file(predicting, event, index) &&
           change_repeated_section(predicting, event, index);
}

static bool add_next(struct predicting *predicting, size_t index)
{
    struct planning *planning = predicting->planning;
    struct measured_event *event;

    if (index < planning->n_boot && predicting->variant->image && is_stub(planning, index))
        return add_sections(predicting);
    event = add_event(predicting, &planning->log->events[index]);
    return index >= planning->n_boot || change_event(predicting, event, index);
}

bool predict(struct planning *planning, const struct variant *variant, struct measured_log *next)
{
    enum { MORE = 64 }; /* two events for each section that today's image lacks; add_new's */
    struct measured_log made = *planning->log;
    struct predicting predicting = {.planning = planning, .variant = variant, .next = &made};

    made.events = arena_array(planning->arena, made.n_events + MORE, sizeof *made.events);
    if (!made.events)
        return out_of_memory(&predicting);
    made.n_events = 0;
    for (size_t i = 0; i < planning->n_boot; i++)
        if (!add_next(&predicting, i))
            return false;
    if (!add_new(&predicting))
        return false;
    for (size_t k = 1; k < made.n_sources; k++)
        made.sources[k].first += (uint32_t)(made.n_events - planning->n_boot);
    for (size_t i = planning->n_boot; i < planning->log->n_events; i++)
        if (!add_next(&predicting, i))
            return false;
    *next = made;
    return true;
}
