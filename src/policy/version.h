/* The order of versions: UAPI.10 Version Format Specification, as `systemd-analyze compare-versions`
 * has it. Internal to src/policy. */
#ifndef BOOTSEAL_POLICY_VERSION_H
#define BOOTSEAL_POLICY_VERSION_H

#include "base/span.h"

/* Whether the text has anything that the order looks at: an ASCII letter or digit. */
bool version_valid(struct span text);

/* Below, at or above zero as a is older than, the same as or newer than b. Takes as many steps as the
 * texts have bytes. */
int version_compare(struct span a, struct span b);

#endif
