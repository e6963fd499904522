/* Known deviations of firmware and boot code, by name: the table claims/quirks.def, and where a log
 * shows them.
 *
 * A quirk says what is known of a deviation; it never makes evidence of anything. */
#ifndef BOOTSEAL_CLAIMS_QUIRKS_H
#define BOOTSEAL_CLAIMS_QUIRKS_H

#include "verify/measured_log.h"

enum quirk {
#define QUIRK(symbol, name, effect, deviation, cost, shown_by) QUIRK_##symbol,
#include "claims/quirks.def"
#undef QUIRK
    QUIRKS
};

enum quirk_effect {
    QUIRK_SHOWN = 0, /* named by eventlog show */
    QUIRK_NOTED,     /* also a note among the reasons */
    QUIRK_REFUSED,   /* named, and refused as without a name */
};

/* A set of quirks: bit n is quirk n. */
typedef uint64_t quirk_set;
_Static_assert(QUIRKS <= 64, "a quirk_set has a bit for each");

#define QUIRK_BIT(symbol) (UINT64_C(1) << QUIRK_##symbol)

struct quirk_text {
    const char *name; /* "shim.authority_one_byte_more" */
    enum quirk_effect effect;
    const char *deviation, *cost, *shown_by;
};

const struct quirk_text *quirk_text(enum quirk quirk);

/* The quirk of that name; QUIRKS when there is none. */
enum quirk quirk_by_name(const char *name);

/* Walks a log and tells the quirks of one event after the other, in the log's order. */
struct quirk_scan {
    const struct measured_log *log;
    size_t next;        /* private, as all that follows */
    size_t end;         /* of the first log's events */
    size_t n_banks;     /* digests that those carry */
    uint32_t separated; /* PCRs or registers behind a separator */
    bool legacy;        /* no UEFI firmware wrote the log */
    bool left;          /* the boot services have ended */
};

/* The log must outlive the scan. */
void quirk_scan_init(struct quirk_scan *scan, const struct measured_log *log);

/* The quirks of the next event; must not be called more often than the log has events. */
quirk_set quirk_scan_next(struct quirk_scan *scan);

/* The quirks of the log as a whole: of what it lacks. */
quirk_set quirks_of_log(const struct measured_log *log);

/* True when no UEFI firmware wrote the log: none of its events has a type of UEFI's. */
bool quirk_is_legacy(const struct measured_log *log);

#endif
