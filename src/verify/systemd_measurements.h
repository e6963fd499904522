/* What systemd measured in user space, as the continuation of the boot's log.
 *
 * The log comes from the host and could be given events that are the boot loader's, to take them out
 * of sight of everything that reads the loader's PCRs. So each PCR takes only what systemd puts
 * there, and where loaders measure too, only texts that their digests prove. */
#ifndef BOOTSEAL_VERIFY_SYSTEMD_MEASUREMENTS_H
#define BOOTSEAL_VERIFY_SYSTEMD_MEASUREMENTS_H

#include "verify/measured_log.h"

/* Appends the log (wire/systemd_log.h) to measured, as source EVIDENCE_LOG_SYSTEMD; the events' type
 * is MEASURED_NO_TYPE and their data the text that systemd gives. Fails, and leaves measured as it
 * was, on what cannot be decoded and on a record that has no business in its PCR (ERROR_MALFORMED
 * with its offset). */
bool systemd_measurements_append(struct crypto *crypto, struct span log, struct arena *arena,
                                 struct measured_log *measured, struct error *error) MUST_CHECK;

/* The words that systemd measures into PCR 11, in the order of the boot (systemd-pcrphase.service(8)):
 * "enter-initrd" is 0. */
enum { SYSTEMD_PHASES = 6 };
const char *systemd_phase(unsigned phase);

/* Before version 255 systemd measures phases without a log. True when some of the words, in their
 * order, lead a PCR from one value to the other: then they are in phases, bit n for word n. Nothing
 * else leads there, for the TPM allows no way back. Values have the length of alg's digest. */
bool systemd_phases_find(struct crypto *crypto, uint16_t alg, const uint8_t *from,
                         const uint8_t *to, uint32_t *phases) MUST_CHECK;

#endif
