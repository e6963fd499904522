/* bootseal audit list: what people did. */
#include "cli/print.h"
#include "cli/service.h"
#include "cli/table.h"

enum cli_exit audit_list(struct cli *cli)
{
    static const char *const HEADS[] = {"WHEN", "WHO", "WHAT", "ON", "DETAIL", "FROM"};
    static const char *const MEMBERS[] = {"who", "what", "subject", "detail", "address"};
    const char *limit = cli->values[OPTION_LIMIT];
    const struct service_field fields[] = {{"limit", limit ? limit : "500"},
                                           {"before", cli->values[OPTION_AFTER]}};
    const struct service_request request = {
        .method = "GET",
        .path = service_query(cli, "/api/v1/audit", fields, sizeof fields / sizeof *fields),
        .answer_cap = LIMIT_LIST_ANSWER_LEN,
    };
    enum cli_exit status;
    struct table table;
    json_t *object;

    if (!service_show(cli, &request, &object, &status))
        return status;
    if (!object)
        return EXIT_HOLDS;
    table = table_begin(cli, HEADS, 6);
    for (size_t i = 0; i < json_array_size(json_object_get(object, "entries")); i++) {
        const json_t *entry = json_array_get(json_object_get(object, "entries"), i);

        table_add(&table, TALK_PLAIN, print_age(cli, print_member(cli, entry, "at")));
        for (size_t k = 0; k < sizeof MEMBERS / sizeof *MEMBERS; k++)
            table_add(&table, TALK_PLAIN, print_member(cli, entry, MEMBERS[k]));
    }
    table_print(&table);
    service_say_next(cli, object);
    json_decref(object);
    return EXIT_HOLDS;
}
