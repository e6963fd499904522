/* The table of claims, and the one pass over the evidence that fills it in. The families stand in
 * files of their own; their order is that of what they need from one another. */
#include "claims/claims.h"

#include "base/text.h"
#include "claims/collect.h"
#include "claims/unified_kernel.h"
#include "claims/windows.h"
#include "wire/event_type.h"

static const struct {
    const char *name;
    enum claim_type type;
    const char *systems, *part, *topic, *pcrs, *meaning, *grades, *source;
} TABLE[CLAIM_IDS] = {
#define CLAIM(symbol, name, type, systems, part, topic, pcrs, meaning, grades, source)             \
    [CLAIM_##symbol] = {name, type, systems, part, topic, pcrs, meaning, grades, source},
#include "claims/claims.def"
#undef CLAIM
};

const char *claim_name(enum claim_id id)
{
    return TABLE[id].name;
}

enum claim_type claim_type(enum claim_id id)
{
    return TABLE[id].type;
}

const char *claim_meaning(enum claim_id id)
{
    return TABLE[id].meaning;
}

const char *claim_systems(enum claim_id id)
{
    return TABLE[id].systems;
}

const char *claim_topic(enum claim_id id)
{
    return TABLE[id].topic;
}

const char *claim_part(enum claim_id id)
{
    return TABLE[id].part;
}

const char *claim_pcrs(enum claim_id id)
{
    return TABLE[id].pcrs;
}

const char *claim_grades(enum claim_id id)
{
    return TABLE[id].grades;
}

const char *claim_source(enum claim_id id)
{
    return TABLE[id].source;
}

enum claim_id claim_by_name(struct span name)
{
    int id = 0;

    while (id < CLAIM_IDS && !span_is(name, TABLE[id].name))
        id++;
    return (enum claim_id)id;
}

const char *claim_grade_name(enum claim_grade grade)
{
    static const char *const names[] = {
        [CLAIM_UNPROVEN] = "unproven",
        [CLAIM_REPORTED] = "reported",
        [CLAIM_SIGNED] = "signed",
        [CLAIM_ATTESTED] = "attested",
    };

    return names[grade];
}

/* The separator that firmware and Windows write when all went well, and called what it is. */
static bool is_good_separator(const struct measured_event *event, uint32_t pcr)
{
    static const uint8_t good[] = {0, 0, 0, 0};

    return event->event.type == EV_SEPARATOR && event->coverage == COVERAGE_WHOLE &&
           (pcr < 12 ? span_equal(event->covered, span_of(good, sizeof good))
                     : span_is(event->covered, "WBCL"));
}

/* Finds what the families ask for again and again. The first event with a separator's digest
 * separates or nothing does: who relabels it and extends another one later, as root can, must not
 * move what came after it to before it. */
static void survey(struct collector *collector)
{
    const struct measured_log *log = collector->log;
    uint32_t separated = 0;

    for (size_t pcr = 0; pcr < LIMIT_PCRS; pcr++)
        collector->separators[pcr] = log->n_events;
    for (size_t i = 0; i < log->n_events; i++) {
        const struct measured_event *event = &log->events[i];
        uint32_t pcr = collect_pcr(collector, event);

        if (pcr >= LIMIT_PCRS || event->coverage == COVERAGE_UNMEASURED)
            continue;
        if (event->event.type == EV_EVENT_TAG && (pcr == 12 || pcr == 13) &&
            linux_event_tag(event->event.data) == LINUX_TAG_NONE)
            collector->windows = true;
        if (!(separated >> pcr & 1) &&
            (pcr < 12 ? event->separator == SEPARATOR_FIRMWARE || event->separator == SEPARATOR_BIOS
                      : event->separator == SEPARATOR_WINDOWS)) {
            separated |= UINT32_C(1) << pcr;
            if (is_good_separator(event, pcr))
                collector->separators[pcr] = i;
        }
        if (pcr >= 12 &&
            (event->separator == SEPARATOR_WINDOWS ||
             (event->event.type == EV_SEPARATOR && span_is(event->event.data, "WBCL"))))
            collector->windows = true;
    }
}

/* A quote over some PCRs proves nothing of the events in others. What rests on no event rests on the
 * whole log. For the families that read the TCG log alone; the later ones know better. */
static void limit_grades(struct collector *collector)
{
    const struct measured_log *log = collector->log;
    uint32_t proven = collector->input->attested_pcrs;

    if (proven == 0 || (log->replay.extended & ~proven) == 0)
        return;
    for (int id = 0; id < CLAIM_IDS; id++) {
        struct claim *claim = &collector->claims->claims[id];
        bool all = claim->n_events > 0;

        for (size_t i = 0; i < claim->n_events && all; i++) {
            uint32_t pcr = log->events[claim->events[i]].event.pcr;

            all = pcr < LIMIT_PCRS && proven >> pcr & 1;
        }
        if (!all && claim->grade == CLAIM_ATTESTED)
            claim->grade = CLAIM_REPORTED;
    }
}

bool claims_collect(const struct claims_input *input, struct arena *arena, struct claims *claims,
                    struct reasons *reasons, struct error *error)
{
    static const struct measured_log no_log;
    const struct measured_log boot = collect_boot_part(input->log ? input->log : &no_log);
    struct claims collected = {0};
    struct collector collector = {.input = input,
                                  .log = &boot,
                                  .arena = arena,
                                  .claims = &collected,
                                  .reasons = reasons,
                                  .shim_begins = REASON_NO_EVENT};

    survey(&collector);
    collect_form(&collector);
    collect_secure_boot(&collector);
    collect_firmware(&collector);
    collect_boot(&collector);
    collect_image_authorities(&collector);
    collect_unified_kernel(&collector);
    collect_command_line(&collector);
    collect_loader(&collector);
    collect_windows(&collector);
    collect_linux(&collector);
    collect_userspace(&collector);
    limit_grades(&collector);
    collect_ima(&collector);
    collect_drtm(&collector);
    collect_inventory(&collector);
    collect_platform(&collector);
    collect_certification(&collector);
    if (collector.out_of_memory)
        return arena_error(arena, error);
    *claims = collected;
    return true;
}

/* A certificate by its subject; one that cannot be parsed by its length, for it must not hide. */
static const char *print_certificate(struct crypto *crypto, struct span der, struct arena *arena)
{
    struct crypto_certificate *certificate;
    struct crypto_certificate_view view;
    struct error ignored;
    const char *text = NULL;
    size_t len;

    if (crypto && crypto_certificate_decode(crypto, der, &len, &certificate, &ignored)) {
        if (crypto_certificate_view(certificate, arena, &view, &ignored))
            text = view.subject;
        crypto_certificate_free(certificate);
    }
    return text ? text : arena_printf(arena, "certificate of %zu bytes", der.len);
}

const char *claim_item_print(struct crypto *crypto, const struct claim_item *item,
                             struct arena *arena)
{
    const char *alg, *hex;

    switch (item->kind) {
    case CLAIM_ITEM_TEXT:
        return arena_text(arena, item->bytes);
    case CLAIM_ITEM_CERTIFICATE:
        return print_certificate(crypto, item->bytes, arena);
    case CLAIM_ITEM_DIGEST:
        break;
    }
    alg = tpm_alg_name(item->alg);
    hex = text_hex(arena, item->bytes);
    return hex ? arena_printf(arena, "%s:%s", alg ? alg : "data", hex) : NULL;
}

const char *claim_item_label(const struct claim_item *item, struct arena *arena)
{
    return item->image.len ? windows_image_label(item->image, arena) : item->label;
}

void claims_unprove(struct claims *claims)
{
    for (int id = 0; id < CLAIM_IDS; id++)
        claims->claims[id].grade = CLAIM_UNPROVEN;
}
