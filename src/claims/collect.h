/* What the families of claims share while one log is read: where claims, findings and texts go.
 *
 * Private to src/claims. Each family (secure_boot.c, boot.c, windows.c...) gets the same collector,
 * reads the events it knows, and sets claims only from bytes that a digest covers. */
#ifndef BOOTSEAL_CLAIMS_COLLECT_H
#define BOOTSEAL_CLAIMS_COLLECT_H

#include "claims/claims.h"

struct collector {
    const struct claims_input *input;
    const struct measured_log *log; /* never NULL; may have no events */
    struct arena *arena;
    struct claims *claims;
    struct reasons *reasons;
    bool out_of_memory;
    size_t room[CLAIM_IDS]; /* items that a claim's array has room for */

    size_t separators[LIMIT_PCRS]; /* index of the first separator; log->n_events without one */
    bool secure_boot_sound; /* PCR 7 has its separator and every event there is what it says */
    bool loader_vouched;    /* Secure Boot, and shim where there is one, checked the boot loader */
    bool windows_vouched;   /* and nobody but Microsoft's Windows key allowed one */
    bool windows;           /* PCR 12 or 13 hold Windows records */
    bool shim;              /* shim measured into PCR 7 */
    uint32_t shim_begins;   /* the event with which shim began; REASON_NO_EVENT: none shows it */

    bool unified_kernel;              /* PCR 11 holds sections of a unified kernel image */
    struct span unified_command_line; /* digest of its ".cmdline"; empty when none is proven */
};

/* The PCR an event belongs to. A confidential VM's measurement registers count as the PCR whose
 * events they hold first: 7, 4 and 8 (UEFI 2.10 section 38.4.1). */
static inline uint32_t collect_pcr(const struct collector *collector,
                                   const struct measured_event *event)
{
    static const uint32_t REGISTERS[] = {0, 7, 4, 8};

    if (!collector->log->measurement_registers)
        return event->event.pcr;
    return event->event.pcr < sizeof REGISTERS / sizeof *REGISTERS ? REGISTERS[event->event.pcr]
                                                                   : LIMIT_PCRS;
}

/* True when the digest covers the event's data from its first byte on. */
bool collect_covers_name(const struct measured_event *event);

/* False for a list that nobody reads: filling in hundreds of items costs more than the rest. */
static inline bool collect_wants(const struct collector *collector, enum claim_id id)
{
    return !collector->input->wanted || collector->input->wanted[id];
}

/* A claim becomes known with the log's grade, when it was not. */
struct claim *collect_claim(struct collector *collector, enum claim_id id);
void collect_bool(struct collector *collector, enum claim_id id, bool value);
void collect_text(struct collector *collector, enum claim_id id, const char *text);

/* Notes that the claim rests on an event. */
void collect_event(struct collector *collector, enum claim_id id, size_t event);

/* Notes that the claim rests on what another claim rests on, and is proven no better. */
void collect_from(struct collector *collector, enum claim_id id, enum claim_id source);

/* Makes a list claim known, with room for n_more items, so that adding them takes no more memory.
 * False when there can be none: the claim is then unknown, or the arena full. */
bool collect_room(struct collector *collector, enum claim_id id, size_t n_more);

/* Adds n items to a list claim, which the caller fills in; NULL when there is no room. */
static inline struct claim_item *collect_items(struct collector *collector, enum claim_id id,
                                               size_t n)
{
    struct claim *claim = &collector->claims->claims[id];

    if (!collect_room(collector, id, n))
        return NULL;
    claim->n_items += n;
    return claim->items + claim->n_items - n;
}

/* Adds an item to a list claim. */
static inline void collect_item(struct collector *collector, enum claim_id id,
                                struct claim_item item)
{
    struct claim_item *added = collect_items(collector, id, 1);

    if (added)
        *added = item;
}

/* The claim keeps its value and loses its grade. */
void collect_unproven(struct collector *collector, enum claim_id id);

/* The claim becomes unknown, whatever was said before. */
void collect_unknown(struct collector *collector, enum claim_id id);

/* Adds a finding about an event; expected, found and message may be NULL. */
void collect_reason(struct collector *collector, enum reason_code code, size_t event,
                    const char *expected, const char *found, const char *message);

/* The log without what user space measured later: who could add to that log must not be able to give
 * the families that read the boot an event, nor take one from them. */
struct measured_log collect_boot_part(const struct measured_log *log);

/* The families. */
void collect_form(struct collector *collector);
void collect_secure_boot(struct collector *collector);
void collect_firmware(struct collector *collector);
void collect_boot(struct collector *collector);
void collect_image_authorities(struct collector *collector); /* after the two above */
void collect_unified_kernel(struct collector *collector);
void collect_command_line(struct collector *collector);
void collect_loader(struct collector *collector);
void collect_windows(struct collector *collector);
void collect_linux(struct collector *collector);
void collect_ima(struct collector *collector);
/* What user space measured; reads the input's log behind the boot part. */
void collect_userspace(struct collector *collector);
void collect_drtm(struct collector *collector);
void collect_inventory(struct collector *collector); /* it compares with all others */

/* Last: they rest on the others. */
void collect_platform(struct collector *collector);
void collect_certification(struct collector *collector);

#endif
