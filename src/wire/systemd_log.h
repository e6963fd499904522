/* systemd's own log of what it measures in user space, /run/log/systemd/tpm2-measure.log: a JSON text
 * sequence (RFC 7464) of records like those of TCG's Canonical Event Log 1.0, section 5.2 (CEL-JSON),
 * without "recnum" (systemd-pcrextend(8); systemd docs/TPM2_PCR_MEASUREMENTS.md).
 *
 * Decodes only: what a record's text has to do with its digests is for src/verify. */
#ifndef BOOTSEAL_WIRE_SYSTEMD_LOG_H
#define BOOTSEAL_WIRE_SYSTEMD_LOG_H

#include "base/arena.h"
#include "wire/eventlog.h"

struct systemd_log {
    /* The records that extend a PCR, in order: number (from 0), offset, pcr, digests, and as data the
     * text that systemd gives for what it measured. type is the caller's. In the arena. */
    struct eventlog_event *events;
    size_t n_events;
    size_t n_others; /* records of NV indexes and measurement registers */
};

/* Decodes all of bytes; strings without escapes point into them. Errors give position and clause:
 * ERROR_TRUNCATED for a record without its line feed, ERROR_LIMIT over the caps of base/limits.h,
 * ERROR_MALFORMED for what is no such record, a member given twice among them. An empty log is
 * fine. */
bool systemd_log_decode(struct span bytes, struct arena *arena, struct systemd_log *log,
                        struct error *error) MUST_CHECK;

#endif
