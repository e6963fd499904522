/* bootseal catalog apply, history, remove: which catalogue is in force in a service.
 *
 * The service judges signature, time and version; here only the text is looked at first, because its
 * errors have a place in the file. */
#include "cli/catalog.h"

#include "base/text.h"
#include "cli/list.h"
#include "cli/print.h"

#include <stdlib.h>

static const char PATH[] = "/api/v1/catalog";

/* The ETag of what is in force; NULL when nothing is, which *status then says if something must be. */
static bool ask_etag(struct cli *cli, bool must, const char **etag, enum exit_status *status)
{
    const struct service_request request = {
        .method = "GET", .path = PATH, .answer_cap = 2 * LIMIT_CATALOG_BODY_LEN};
    struct http_client_answer answer;

    if (!service_ask(cli, &request, &answer, status))
        return false;
    *etag = answer.status == 404 ? NULL : answer.etag;
    if (answer.status < 400 || (answer.status == 404 && !must))
        return true;
    *status = service_say_problem(cli, &answer);
    return false;
}

static const char *member(struct cli *cli, const json_t *object, const char *name)
{
    const char *text = print_member(cli, object, name);

    return text ? text : "-";
}

static long long number(const json_t *object, const char *name)
{
    return (long long)json_integer_value(json_object_get(object, name));
}

static bool put(struct cli *cli, const struct catalog_file *file, json_t **applied,
                enum exit_status *status)
{
    const char *hex = text_hex(&cli->arena, file->signature), *etag;
    struct service_request request = {
        .method = "PUT", .path = PATH, .content_type = "application/json"};
    json_t *body;
    char *text;
    bool done;

    if (!ask_etag(cli, false, &etag, status))
        return false;
    body = json_pack("{s:s%, s:s, s:s*}", "text", (const char *)file->text.data, file->text.len,
                     "signature", hex ? hex : "", "reason", cli->values[OPTION_REASON]);
    text = body ? json_dumps(body, JSON_COMPACT) : NULL;
    request.body = span_text(text ? text : "");
    request.if_match = etag;
    request.if_none_match = !etag;
    done = service_show(cli, &request, applied, status);
    json_decref(body);
    free(text);
    return done;
}

enum exit_status catalog_apply(struct cli *cli)
{
    struct catalog_file file;
    enum exit_status status;
    json_t *applied;

    if (!catalog_file_read_beside(cli, cli->arguments[0], &file, &status) ||
        !put(cli, &file, &applied, &status))
        return status;
    if (applied)
        printf("%s version %lld is in force until %s (revision %lld), signed by %s. Hosts are held "
               "against it from their next attestation on.\n",
               member(cli, applied, "name"), number(applied, "version"),
               member(cli, applied, "valid_until"), number(applied, "revision"),
               member(cli, applied, "signer"));
    json_decref(applied);
    return EXIT_HOLDS;
}

enum exit_status catalog_remove(struct cli *cli)
{
    const struct service_field reason = {"reason", cli->values[OPTION_REASON]};
    struct service_request request = {.method = "DELETE",
                                      .path = service_query(cli, PATH, &reason, 1)};
    enum exit_status status;
    json_t *removed;

    if (!ask_etag(cli, true, &request.if_match, &status) ||
        !service_show(cli, &request, &removed, &status))
        return status;
    if (removed)
        printf("%s version %lld is in force no longer, and no other catalogue is.\n",
               member(cli, removed, "name"), number(removed, "version"));
    json_decref(removed);
    return EXIT_HOLDS;
}

static void add_revision(struct cli *cli, struct table *table, const json_t *revision)
{
    bool removed = json_is_true(json_object_get(revision, "removed"));

    table_add(table, TALK_PLAIN, arena_printf(&cli->arena, "%lld", number(revision, "revision")));
    table_add(table, removed ? TALK_DIM : TALK_PLAIN, removed ? "removed" : "applied");
    table_add(table, TALK_PLAIN,
              arena_printf(&cli->arena, "%s %lld", member(cli, revision, "name"),
                           number(revision, "version")));
    table_add(table, TALK_PLAIN, print_age(cli, print_member(cli, revision, "valid_until")));
    table_add(table, TALK_PLAIN, print_member(cli, revision, "signer"));
    table_add(table, TALK_PLAIN, print_age(cli, print_member(cli, revision, "created_at")));
    table_add(table, TALK_PLAIN, print_member(cli, revision, "created_by"));
    table_add(table, TALK_PLAIN, print_member(cli, revision, "reason"));
}

enum exit_status catalog_history(struct cli *cli)
{
    static const char *const HEADS[] = {"REVISION",  "",     "CATALOGUE", "ENDS",
                                        "SIGNED BY", "WHEN", "BY",        "WHY"};
    const struct list list = {.path = "/api/v1/catalog/history",
                              .member = "revisions",
                              .heads = HEADS,
                              .n_columns = sizeof HEADS / sizeof *HEADS,
                              .row = add_revision};

    return list_print(cli, &list);
}
