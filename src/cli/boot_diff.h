/* Two boots side by side as text, from what boot_diff_json makes or a service sends. */
#ifndef BOOTSEAL_CLI_BOOT_DIFF_H
#define BOOTSEAL_CLI_BOOT_DIFF_H

#include "cli/talk.h"

/* Events that changed, then what follows from them, then what else differs. Whatever a text holds, the
 * terminal gets it printable. Returns 0 when the same was measured, else 1. */
enum exit_status boot_diff_print(struct cli *cli, const json_t *diff);

#endif
