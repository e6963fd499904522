/* The contents of one event's data in words. Private to src/claims: see describe.h. */
#ifndef BOOTSEAL_CLAIMS_SUMMARY_H
#define BOOTSEAL_CLAIMS_SUMMARY_H

#include "verify/measured_log.h"

/* "2 certificates: CN=...; 76 digests", "\EFI\BOOT\BOOTX64.EFI", "BOOTDEBUGGING 0, ...". "" when
 * there is nothing to say. crypto may be NULL. In the arena; NULL when it is full. */
const char *event_summary(const struct measured_event *event, struct crypto *crypto,
                          struct arena *arena);

/* The printable name of the UEFI variable in the event's data, or NULL when it is none. False when
 * the arena is full. */
bool event_variable_name(const struct measured_event *event, struct arena *arena,
                         const char **name) MUST_CHECK;

#endif
