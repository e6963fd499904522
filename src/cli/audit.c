/* bootseal audit list: what people did. */
#include "cli/list.h"
#include "cli/print.h"

static void add_entry(struct cli *cli, struct table *table, const json_t *entry)
{
    static const char *const MEMBERS[] = {"who", "what", "subject", "address", "detail"};

    table_add(table, TALK_PLAIN, print_age(cli, print_member(cli, entry, "at")));
    for (size_t k = 0; k < sizeof MEMBERS / sizeof *MEMBERS; k++)
        table_add(table, TALK_PLAIN, print_member(cli, entry, MEMBERS[k]));
}

enum exit_status audit_list(struct cli *cli)
{
    static const char *const HEADS[] = {"WHEN", "WHO", "WHAT", "ON", "FROM", "DETAIL"};
    const char *limit = cli->values[OPTION_LIMIT];
    const struct service_field fields[] = {{"limit", limit ? limit : "500"},
                                           {"before", cli->values[OPTION_AFTER]}};
    const struct list list = {
        .path = service_query(cli, "/api/v1/audit", fields, sizeof fields / sizeof *fields),
        .member = "entries",
        .heads = HEADS,
        .n_columns = sizeof HEADS / sizeof *HEADS,
        .row = add_entry};

    return list_print(cli, &list);
}
