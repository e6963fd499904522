/* What firmware measures besides its variables, in words: private to src/claims, see summary.h. */
#ifndef BOOTSEAL_CLAIMS_SUMMARY_FIRMWARE_H
#define BOOTSEAL_CLAIMS_SUMMARY_FIRMWARE_H

#include "claims/say.h"
#include "wire/efi_variable.h"

/* Where an image came from. */
void say_image(struct summary *summary, struct span data);

/* A firmware volume; second: the form with a description. */
void say_blob(struct summary *summary, struct span data, bool second);

/* Which system tables; second: the form with a description. */
void say_handoff_tables(struct summary *summary, struct span data, bool second);

/* Disk and partitions by type and name. */
void say_gpt(struct summary *summary, struct span data);

/* A note that is not measured. */
void say_no_action(struct summary *summary, struct span data);

/* What a device said over SPDM. */
void say_device_security(struct summary *summary, struct span data);

/* A boot variable: order, next, or one option with description and path. False, with nothing said,
 * when the variable is none of these. */
bool say_boot_variable(struct summary *summary, const struct efi_variable *variable);

#endif
