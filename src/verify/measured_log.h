/* A TCG event log framed, its digests recomputed where the specification defines them, and replayed
 * in one bank: one pass, the form in which src/claims reads a log. Further logs of the same boot
 * (a dynamic launch, user space) are appended to it, and go on from the PCRs that it led to.
 *
 * PFP 1.06 section 10.4 defines for each event type what its digest is over; the rules stand in
 * src/wire/event_types.def. What no digest covers is never believed. */
#ifndef BOOTSEAL_VERIFY_MEASURED_LOG_H
#define BOOTSEAL_VERIFY_MEASURED_LOG_H

#include "verify/replay.h"
#include "wire/evidence.h"

enum coverage {
    COVERAGE_NONE = 0,   /* the digest is over something that is not in the log: data are hints */
    COVERAGE_WHOLE,      /* the digest is that of the whole event data */
    COVERAGE_PART,       /* the digest is that of a part; only that part is proven */
    COVERAGE_MISMATCH,   /* the type demands coverage and the digest is of something else */
    COVERAGE_UNMEASURED, /* EV_NO_ACTION and the like, or no PCR: never evidence */
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

/* Where a run of events comes from. */
struct measured_source {
    enum evidence_log_kind kind;
    uint32_t first; /* number of its first event in the measured log */
};

struct measured_log {
    enum eventlog_format format;
    bool measurement_registers;
    uint16_t bank;
    struct measured_event *events; /* in the arena, headers included; numbered in one row */
    size_t n_events;
    struct measured_source sources[LIMIT_EVIDENCE_LOGS]; /* ascending by first */
    size_t n_sources;
    struct replay_bank replay;
    uint8_t startup_locality;
};

/* Reads, hashes and replays log in bank. Fails on what cannot be framed, or when the log does not
 * carry the bank at all (ERROR_UNSUPPORTED). */
bool measured_log_read(struct crypto *crypto, struct span log, uint16_t bank, struct arena *arena,
                       struct measured_log *measured, struct error *error) MUST_CHECK;

/* The type of an event that was framed by another decoder and has no TCG type. */
#define MEASURED_NO_TYPE UINT32_C(0x7FFFFFFF)

/* A further log of the same boot: either a TCG log, or events that another decoder framed. Of the
 * latter pcr, type, digests and data count; digests may be of any banks, and what they cover is
 * found out here by hashing data, as for every event. */
struct measured_addition {
    enum evidence_log_kind kind;
    uint32_t pcrs;   /* bit n: a log of this kind may extend PCR n */
    struct span log; /* a TCG log; empty: events */
    const struct eventlog_event *events;
    size_t n_events;
};

/* Appends the events to measured, whose replay goes on with them in its own bank. Fails, and leaves
 * measured as it was, on what cannot be framed, on an event of a PCR that such a log must not extend
 * (ERROR_MALFORMED; offset is the event's), and on a log without the bank (ERROR_UNSUPPORTED). */
bool measured_log_append(struct crypto *crypto, const struct measured_addition *addition,
                         struct arena *arena, struct measured_log *measured,
                         struct error *error) MUST_CHECK;

/* Where events[index] comes from; its number in its own log is index - first. */
const struct measured_source *measured_log_source(const struct measured_log *measured,
                                                  size_t index);

/* "whole", "part", "none", "mismatch", "unmeasured". */
const char *coverage_name(enum coverage coverage);

#endif
