/* Lists of the service as tables. Owns the answer while it prints it. */
#include "cli/list.h"

enum exit_status list_print(struct cli *cli, const struct list *list)
{
    const struct service_request request = {
        .method = "GET", .path = list->path, .answer_cap = LIMIT_LIST_ANSWER_LEN};
    enum exit_status status;
    struct table table;
    const json_t *items;
    json_t *object;

    if (!service_show(cli, &request, &object, &status))
        return status;
    if (!object)
        return EXIT_HOLDS;
    table = table_begin(cli, list->heads, list->n_columns);
    items = json_object_get(object, list->member);
    for (size_t i = 0; i < json_array_size(items); i++)
        list->row(cli, &table, json_array_get(items, i));
    table_print(&table);
    service_say_next(cli, object);
    json_decref(object);
    return EXIT_HOLDS;
}
