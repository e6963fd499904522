/* Two boots side by side as JSON, in one shape for command line and API. */
#ifndef BOOTSEAL_MSG_BOOT_DIFF_JSON_H
#define BOOTSEAL_MSG_BOOT_DIFF_JSON_H

#include "claims/boot_diff.h"

#include <jansson.h>

/* {"equal", "events", "changes": [{"change", "pcr", "component", "before", "after", "details"}, ...],
 * "claims", "pcrs", "logs", "inventory": [{"name", "before", "after", "details"}, ...]}. An event is
 * {"event", "summary", "digest", "proven"}; what a boot does not have is null. "equal" tells whether
 * the same was measured, whatever else differs. A new reference, or NULL when memory is out. */
json_t *boot_diff_json(const struct boot_diff *diff);

#endif
