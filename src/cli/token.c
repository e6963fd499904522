/* bootseal token list, create, revoke. A secret goes to standard output once, and nowhere else. */
#include "cli/list.h"
#include "cli/print.h"

#include <stdlib.h>

enum { DAY_S = 24 * 60 * 60 };

static void add_token(struct cli *cli, struct table *table, const json_t *token)
{
    const char *revoked = print_age(cli, print_member(cli, token, "revoked_at"));
    const char *ends = print_age(cli, print_member(cli, token, "ends_at"));
    const char *state = "valid";

    if (revoked)
        state = arena_printf(&cli->arena, "revoked %s", revoked);
    else if (ends)
        state = arena_printf(&cli->arena, "%s %s", strncmp(ends, "in ", 3) == 0 ? "ends" : "ended",
                             ends);
    table_add(table, TALK_PLAIN, print_member(cli, token, "name"));
    table_add(table, TALK_PLAIN, print_member(cli, token, "role"));
    table_add(table, revoked ? TALK_DIM : TALK_PLAIN, state);
    table_add(table, TALK_PLAIN, print_age(cli, print_member(cli, token, "created_at")));
    table_add(table, TALK_PLAIN, print_member(cli, token, "created_by"));
}

enum exit_status token_list(struct cli *cli)
{
    static const char *const HEADS[] = {"NAME", "ROLE", "STATE", "CREATED", "BY"};
    const struct list list = {.path = "/api/v1/tokens",
                              .member = "tokens",
                              .heads = HEADS,
                              .n_columns = sizeof HEADS / sizeof *HEADS,
                              .row = add_token};

    return list_print(cli, &list);
}

/* The body of a new token; NULL after having said what is wrong. */
static json_t *new_token(struct cli *cli, enum exit_status *status)
{
    const char *role = cli->values[OPTION_ROLE];
    int64_t days;
    json_t *body;

    *status = EXIT_USAGE;
    if (!cli->values[OPTION_NAME]) {
        talk_usage(cli, OPTION_NAME, "who or what will use the token");
        return NULL;
    }
    if (!role || (strcmp(role, "viewer") != 0 && strcmp(role, "operator") != 0 &&
                  strcmp(role, "admin") != 0)) {
        talk_usage(cli, OPTION_ROLE, "viewer, operator or admin");
        return NULL;
    }
    if (!talk_days(cli, &days, status))
        return NULL;
    body = json_pack("{s:s, s:s}", "name", cli->values[OPTION_NAME], "role", role);
    if (days)
        json_object_set_new(body, "lifetime_s", json_integer(days * DAY_S));
    return body;
}

enum exit_status token_create(struct cli *cli)
{
    struct service_request request = {
        .method = "POST", .path = "/api/v1/tokens", .content_type = "application/json"};
    enum exit_status status;
    json_t *body = new_token(cli, &status), *object = NULL;
    char *text = json_dumps(body, JSON_COMPACT);
    bool created;

    if (!body)
        return status;
    request.body = span_text(text ? text : "");
    created = service_show(cli, &request, &object, &status);
    free(text);
    json_decref(body);
    if (!created)
        return status;
    if (object) {
        const char *ends = print_age(cli, print_member(cli, object, "ends_at"));

        const char *secret = print_member(cli, object, "token");

        printf("%s\n", secret ? secret : "");
        fprintf(stderr,
                "Token %s (%s)%s%s. It is shown this once: keep it in a file of mode 0600.\n",
                cli->values[OPTION_NAME], cli->values[OPTION_ROLE], ends ? ", ends " : "",
                ends ? ends : "");
        json_decref(object);
    }
    return EXIT_HOLDS;
}

enum exit_status token_revoke(struct cli *cli)
{
    const struct service_request request = {
        .method = "DELETE", .path = service_path(cli, "tokens", cli->arguments[0], "")};
    enum exit_status status;
    json_t *object;

    if (!service_show(cli, &request, &object, &status))
        return status;
    if (object)
        printf("%s is revoked.\n", cli->arguments[0]);
    json_decref(object);
    return EXIT_HOLDS;
}
