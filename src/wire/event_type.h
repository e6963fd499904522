/* Event types of TCG logs: names, where they may stand, and what their digests are over.
 *
 * Made from wire/event_types.def. A type is a number that no digest covers: what stands here tells
 * which check to make, never what to believe. */
#ifndef BOOTSEAL_WIRE_EVENT_TYPE_H
#define BOOTSEAL_WIRE_EVENT_TYPE_H

#include "base/span.h"

#define EVENT_PCR(n)    (UINT32_C(1) << (n))
#define EVENT_PCRS_0_7  UINT32_C(0x0000FF)
#define EVENT_PCRS_8_15 UINT32_C(0x00FF00)
#define EVENT_PCRS_DRTM UINT32_C(0x7E0000) /* PCR 17-22 */
#define EVENT_PCRS_ANY  UINT32_C(0xFFFFFF)

/* The EV_... constants. Values from 0x80000000 on fit no int, which gcc and clang allow. */
__extension__ enum {
#define EVENT_TYPE(symbol, value, name, rule, pcrs, title) symbol = (value),
#define EVENT_RULE(symbol, pcrs, rule)
#include "wire/event_types.def"
#undef EVENT_TYPE
#undef EVENT_RULE
};

/* What an event's digest is over (PFP 1.06, 10.4). */
enum event_digest_rule {
    EVENT_DIGEST_PERHAPS = 0, /* perhaps the whole data; else something that is not in the log */
    EVENT_DIGEST_WHOLE,       /* the whole data, always */
    EVENT_DIGEST_VARIABLE,    /* UEFI_VARIABLE_DATA: whole, or its VariableData alone */
    EVENT_DIGEST_AUTHORITY,   /* as VARIABLE, or the whole without its last byte (old shim) */
    EVENT_DIGEST_TEXT,        /* a boot loader's text, after a prefix; else as PERHAPS */
    EVENT_DIGEST_TAGGED,      /* Windows records: the whole data; other tags: as PERHAPS */
    EVENT_DIGEST_OPAQUE,      /* an image, a table, code: never in the log */
    EVENT_DIGEST_NEVER,       /* the event is not measured at all */
};

struct event_type {
    uint32_t value;
    const char *name;            /* "EV_SEPARATOR" */
    enum event_digest_rule rule; /* where no EVENT_RULE says otherwise */
    uint32_t pcrs;               /* bit n: may stand in PCR n */
    const char *title;           /* what it measures, in words */
};

/* The table's line for a type, or NULL. */
const struct event_type *event_type_find(uint32_t type);

/* "EV_SEPARATOR"; NULL for a type that is not in the table. */
const char *event_type_name(uint32_t type);

/* What the digest of an event of this type in this PCR is over. An unknown type is PERHAPS. For a
 * log of measurement registers pass a pcr over 23: then only the type counts. */
enum event_digest_rule event_type_rule(uint32_t type, uint32_t pcr);

/* True for the types whose rule is EVENT_DIGEST_NEVER: they stand in the log and in no PCR. To call
 * a measured event so hides it from the replay, which then no longer leads to the quoted PCR. */
static inline bool event_type_is_unmeasured(uint32_t type)
{
    return type == EV_NO_ACTION || type == EV_TXT_SLAUNCH_START || type == EV_TXT_SLAUNCH_END ||
           type == EV_ARM_NO_ACTION;
}

/* True when the type is known and may stand in this PCR. */
bool event_type_fits(uint32_t type, uint32_t pcr);

#endif
