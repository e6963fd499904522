/* A TCG event log framed, its digests recomputed where the specification defines them, and replayed
 * in one bank: one pass, the form in which src/claims reads a log.
 *
 * PFP 1.06 section 10.4 defines for each event type what its digest is over; the rules stand in
 * src/wire/event_types.def. What no digest covers is never believed. */
#ifndef BOOTSEAL_VERIFY_MEASURED_LOG_H
#define BOOTSEAL_VERIFY_MEASURED_LOG_H

#include "verify/replay.h"

enum coverage {
    COVERAGE_NONE = 0,   /* the digest is over something that is not in the log: data are hints */
    COVERAGE_WHOLE,      /* the digest is that of the whole event data */
    COVERAGE_PART,       /* the digest is that of a part; only that part is proven */
    COVERAGE_MISMATCH,   /* the type demands coverage and the digest is of something else */
    COVERAGE_UNMEASURED, /* EV_NO_ACTION, or no PCR: never evidence */
};

/* What separators say: PFP 1.06 section 3.3.2.2 and, for Windows, wbcl.h. */
enum separator {
    SEPARATOR_NONE = 0,
    SEPARATOR_FIRMWARE, /* four zero bytes: all went well */
    SEPARATOR_BIOS,     /* all ones: an error, or a BIOS without UEFI */
    SEPARATOR_WINDOWS,  /* "WBCL" */
    SEPARATORS,
};

struct measured_event {
    struct eventlog_event event;
    struct span digest; /* in the measured bank; empty when it carries none */
    enum coverage coverage;
    struct span covered;      /* the part of event.data that the digest proves; empty when none */
    enum separator separator; /* whose value was measured, whatever type and data say */
};

struct measured_log {
    enum eventlog_format format;
    bool measurement_registers;
    uint16_t bank;
    struct measured_event *events; /* in the arena, header included */
    size_t n_events;
    struct replay_bank replay;
    uint8_t startup_locality;
};

/* Reads, hashes and replays log in bank. Fails on what cannot be framed, or when the log does not
 * carry the bank at all (ERROR_UNSUPPORTED). */
bool measured_log_read(struct crypto *crypto, struct span log, uint16_t bank, struct arena *arena,
                       struct measured_log *measured, struct error *error) MUST_CHECK;

/* "whole", "part", "none", "mismatch", "unmeasured". */
const char *coverage_name(enum coverage coverage);

#endif
