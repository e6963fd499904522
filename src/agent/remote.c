/* See remote.h. */
#include "agent/remote.h"

#include "base/text.h"
#include "msg/protocol.h"

#include <jansson.h>

bool remote_open(const char *url, struct span ca, struct span ca_pin, struct remote *remote,
                 struct error *error)
{
    const struct http_client_settings settings = {.url = url, .ca = ca, .ca_pin = ca_pin};

    *remote = (struct remote){0};
    return http_client_new(&settings, &remote->http, error);
}

void remote_close(struct remote *remote)
{
    http_client_free(remote->http);
    remote->http = NULL;
}

static enum error_code code_of_status(int status)
{
    switch (status) {
    case 401:
    case 403:
        return ERROR_DENIED;
    case 404:
        return ERROR_NOT_FOUND;
    case 409:
        return ERROR_CONFLICT;
    case 408:
    case 429:
        return ERROR_IO;
    default:
        return status >= 500 ? ERROR_IO : ERROR_MALFORMED;
    }
}

static const char *text_of(const json_t *problem, const char *key, struct arena *arena)
{
    const char *text = json_string_value(json_object_get(problem, key));
    const char *printable = text ? text_printable(arena, span_text(text)) : NULL;

    return printable ? printable : "";
}

/* RFC 9457: title, detail and our stable code. Whatever else answers is told by its status. */
static bool refused(struct remote *remote, const struct http_client_answer *answer,
                    struct arena *arena, struct error *error)
{
    json_t *problem = json_loadb((const char *)answer->body.data, answer->body.len, 0, NULL);
    const char *title = text_of(problem, "title", arena);
    const char *detail = text_of(problem, "detail", arena);

    snprintf(remote->code, sizeof remote->code, "%s", text_of(problem, "code", arena));
    if (*title)
        error_plain(error, code_of_status(answer->status), "The service refuses: %s%s%s (%s, %d)",
                    title, *detail ? ": " : "", detail, remote->code, answer->status);
    else
        error_plain(error, code_of_status(answer->status),
                    "The service answers with HTTP status %d and says no more", answer->status);
    json_decref(problem);
    return false;
}

bool remote_post(struct remote *remote, const struct remote_call *call, struct arena *arena,
                 struct span *answer, struct error *error)
{
    const struct http_client_request request = {.method = "POST",
                                                .path = call->path,
                                                .content_type = PROTOCOL_CONTENT_TYPE,
                                                .accept = PROTOCOL_CONTENT_TYPE,
                                                .body = call->body,
                                                .body_fn = call->body_fn,
                                                .body_context = call->body_context,
                                                .answer_cap = LIMIT_MESSAGE_LEN};
    struct http_client_answer got;

    remote->status = 0;
    remote->code[0] = '\0';
    if (!http_client_do(remote->http, &request, arena, &got, error))
        return false;
    remote->status = got.status;
    if (got.status != 200)
        return refused(remote, &got, arena, error);
    *answer = got.body;
    return true;
}
