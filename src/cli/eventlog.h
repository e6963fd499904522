/* What the eventlog commands share: a log read from a file and measured in its best bank. */
#ifndef BOOTSEAL_CLI_EVENTLOG_H
#define BOOTSEAL_CLI_EVENTLOG_H

#include "cli/talk.h"
#include "verify/measured_log.h"
#include "wire/evidence.h"

/* Evidence is a CBOR map (RFC 8949, 3: major type 5); no event log starts with such a byte. */
bool eventlog_is_bundle(struct span bytes);

/* Reads path, a log or a saved evidence bundle, with systemd's log of --systemd-log and the other logs
 * of the bundle behind it, and measures it in the bank of --bank, or else in the strongest usual bank that the
 * log carries: sha256, sha384, sha512, sm3_256, sha1. On false all has been said. */
bool eventlog_load(struct cli *cli, const char *path, struct measured_log *log,
                   enum exit_status *status) MUST_CHECK;

/* As eventlog_load, and gives out what else the bundle holds; all zero when path is a log. */
bool eventlog_load_evidence(struct cli *cli, const char *path, struct measured_log *log,
                            struct evidence *evidence, enum exit_status *status) MUST_CHECK;

/* As eventlog_load_evidence for bytes already read. */
bool eventlog_load_bytes(struct cli *cli, const char *path, struct span bytes,
                         struct measured_log *log, struct evidence *evidence,
                         enum exit_status *status) MUST_CHECK;

/* The bytes of a log in a bundle; empty when it holds none of the kind. */
struct span eventlog_bundled(const struct evidence *evidence, enum evidence_log_kind kind);

/* As eventlog_load for bytes already read. */
bool eventlog_measure(struct cli *cli, const char *path, struct span bytes,
                      struct measured_log *log, enum exit_status *status) MUST_CHECK;

/* Puts what systemd measured, when there is something, behind the log; path is for errors. */
bool eventlog_continue(struct cli *cli, const char *path, struct span systemd_log,
                       struct measured_log *log, enum exit_status *status) MUST_CHECK;

/* "PCR 7", or "no PCR" for an index that is none; in the arena. */
const char *eventlog_pcr_text(struct cli *cli, const struct measured_log *log, uint32_t pcr);

/* What the boot started, by the log alone: loader, kernel, initial RAM disk, command line. Nothing for a
 * log that tells of none. */
bool eventlog_print_boot(struct cli *cli, const struct measured_log *log,
                         struct error *error) MUST_CHECK;

#endif
