#include "cli/binding.h"

#include "cli/print.h"
#include "os/clock.h"

#include <stdlib.h>

const char BINDING_DEFAULT[] = "default";

static const char *path_of(struct cli *cli, const char *name, const char *act)
{
    return service_path(cli, "bindings", name, act);
}

bool binding_ask(struct cli *cli, const char *name, bool must, struct binding *binding,
                 enum exit_status *status)
{
    const struct service_request request = {.method = "GET", .path = path_of(cli, name, "")};
    struct http_client_answer answer;

    *binding = (struct binding){.name = name};
    if (!service_ask(cli, &request, &answer, status))
        return false;
    if (answer.status == 404 && !must)
        return true;
    if (answer.status < 400)
        binding->object = json_loadb((const char *)answer.body.data, answer.body.len, 0, NULL);
    binding->etag = answer.etag;
    if (json_is_object(binding->object))
        return true;
    *status = service_say_problem(cli, &answer);
    return false;
}

void binding_drop(struct binding *binding)
{
    json_decref(binding->object);
}

static bool is_update(const struct binding *binding)
{
    return json_object_get(binding->object, "update") != NULL;
}

static bool read_document(struct cli *cli, const char *collection, const json_t *document,
                          struct span *text, enum exit_status *status)
{
    const char *name = json_string_value(json_object_get(document, "name"));
    const struct service_field version = {"version",
                                          json_string_value(json_object_get(document, "version"))};
    const struct service_request request = {
        .method = "GET",
        .path = service_query(cli, service_path(cli, collection, name ? name : "", ""), &version,
                              1),
        .answer_cap = LIMIT_DOCUMENT_LEN};
    struct http_client_answer answer;

    if (!service_do(cli, &request, &answer, status))
        return false;
    *text = answer.body;
    return true;
}

bool binding_text(struct cli *cli, const struct binding *binding, struct span *text,
                  enum exit_status *status)
{
    const char *kind = is_update(binding) ? "update" : "policy";

    return read_document(cli, is_update(binding) ? "updates" : "policies",
                         json_object_get(binding->object, kind), text, status);
}

bool binding_references(struct cli *cli, const struct binding *binding, struct span **texts,
                        size_t *n_texts, enum exit_status *status)
{
    const json_t *list = json_object_get(binding->object, "references"), *document;
    struct error error;
    size_t i;

    *n_texts = json_array_size(list);
    *texts = arena_array(&cli->arena, *n_texts + 1, sizeof **texts);
    if (!*texts) {
        arena_error(&cli->arena, &error);
        *status = talk_error(cli, NULL, &error);
        return false;
    }
    json_array_foreach(list, i, document) if (!read_document(cli, "reference-values", document,
                                                             &(*texts)[i], status)) return false;
    return true;
}

bool binding_change(struct cli *cli, const struct binding *binding,
                    const struct binding_change *change, json_t **changed, enum exit_status *status)
{
    char *text = change->body ? json_dumps(change->body, JSON_COMPACT) : NULL;
    const struct service_request request = {.method = change->method,
                                            .path = change->path,
                                            .content_type = text ? "application/json" : NULL,
                                            .body = span_text(text ? text : ""),
                                            .if_match = binding->object ? binding->etag : NULL,
                                            .if_none_match = !binding->object};
    bool done = service_show(cli, &request, changed, status);

    json_decref(change->body);
    free(text);
    return done;
}

static json_t *named(const json_t *document)
{
    return json_pack("{s:O, s:O}", "name", json_object_get(document, "name"), "version",
                     json_object_get(document, "version"));
}

json_t *binding_body(const struct binding *binding)
{
    static const char *const SAME[] = {"mode", "hosts", "from", "until"};
    const char *kind = is_update(binding) ? "update" : "policy";
    json_t *body = json_object(), *references = json_array(), *document;
    size_t i;

    for (i = 0; i < sizeof SAME / sizeof *SAME; i++)
        json_object_set(body, SAME[i], json_object_get(binding->object, SAME[i]));
    json_object_set_new(body, kind, named(json_object_get(binding->object, kind)));
    json_array_foreach(json_object_get(binding->object, "references"), i, document)
        json_array_append_new(references, named(document));
    json_object_set_new(body, "references", references);
    return body;
}

static const char *member(struct cli *cli, const json_t *object, const char *name)
{
    const char *text = print_member(cli, object, name);

    return text ? text : "-";
}

void binding_say(struct cli *cli, json_t *changed)
{
    const char *mode = member(cli, changed, "mode");
    const json_t *update = json_object_get(changed, "update");
    const json_t *document = update ? update : json_object_get(changed, "policy");
    const char *from = print_member(cli, changed, "from"),
               *until = print_member(cli, changed, "until");
    bool enforced = strcmp(mode, "enforce") == 0;

    printf("%s version %s is %s for %s%s%s%s%s (binding %s, revision %lld).%s\n",
           member(cli, document, "name"), member(cli, document, "version"),
           enforced                      ? "in force"
           : strcmp(mode, "retire") == 0 ? "accepted, and what it replaces retired,"
           : update                      ? "accepted"
                                         : "observed",
           member(cli, changed, "hosts"), from ? " from " : "", from ? from : "",
           until ? " until " : "", until ? until : "", member(cli, changed, "name"),
           (long long)json_integer_value(json_object_get(changed, "revision")),
           enforced ? " Hosts are judged by it from their next attestation on." : "");
    json_decref(changed);
}

json_t *binding_time(struct cli *cli, enum cli_option option, enum exit_status *status)
{
    const char *text = cli->values[option];
    char printed[OS_TIME_TEXT_LEN], *end;
    long long n = strtoll(text, &end, 10), unit_s;
    int64_t at_s;

    if (strcmp(text, "never") == 0)
        return json_null();
    if (os_time_parse(text, &at_s))
        return json_string(text);
    unit_s = strcmp(end, "d") == 0 ? 86400 : strcmp(end, "h") == 0 ? 3600 : 0;
    if (text[0] >= '1' && text[0] <= '9' && unit_s && n <= 10 * 365 * 24)
        return json_string(os_time_print(os_now_s() + n * unit_s, printed));
    *status = talk_usage(cli, option, "a time such as 2026-01-31T23:59:59Z, 14d, 36h or never");
    return NULL;
}

json_t *binding_until(struct cli *cli, enum exit_status *status)
{
    return binding_time(cli, OPTION_UNTIL, status);
}
