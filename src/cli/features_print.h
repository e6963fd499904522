/* Feature tables on the screen, as this program or a service made them (msg/result_json.h). */
#ifndef BOOTSEAL_CLI_FEATURES_PRINT_H
#define BOOTSEAL_CLI_FEATURES_PRINT_H

#include "cli/table.h"

/* Side by side in one table. */
enum { FEATURES_POLICIES_MAX = TABLE_COLUMNS_MAX - 2 };

/* Prints {"proven", "policies": [feature tables], "findings"}, with --json as it is, and drops the
 * reference. Holds when the evidence is proven and every policy that is not only observed is met; not
 * when there is none, or "n_unusable" counts some. */
enum exit_status features_show(struct cli *cli, json_t *object);

#endif
