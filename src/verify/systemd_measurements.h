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

#endif
