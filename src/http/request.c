/* Requests and their answers, for the handler.
 *
 * Owns the handler's view of one request, from its arrival to its answer. Everything in it is the
 * client's word. Must never answer twice, and never touch evhttp's request after its answer. */
#include "http/connection.h"

#include "base/text.h"

#include <assert.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/keyvalq_struct.h>
#include <event2/util.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

struct http_request {
    LIST_ENTRY(http_request) next;
    struct http_server *server;
    struct connection *connection; /* NULL when the client is gone */
    struct evhttp_request *evhttp;
    struct arena arena;
    enum http_method method;
    const char *path, *query;
    struct span body, binding;
    char peer[HTTP_PEER_LEN], address[INET6_ADDRSTRLEN];
    char id[HTTP_REQUEST_ID_LEN];
    bool streaming;
    void (*on_close)(void *context);
    void *on_close_context;
    struct event *ending; /* of a stream: until its last bytes can be sent */
    bool drained;
};

const char *http_method_name(enum http_method method)
{
    static const char *const NAMES[] = {
        [HTTP_METHOD_NONE] = "NONE", [HTTP_GET] = "GET", [HTTP_HEAD] = "HEAD",
        [HTTP_POST] = "POST",        [HTTP_PUT] = "PUT", [HTTP_PATCH] = "PATCH",
        [HTTP_DELETE] = "DELETE",
    };

    return NAMES[method];
}

static enum http_method method_from_evhttp(enum evhttp_cmd_type type)
{
    switch ((int)type) {
    case EVHTTP_REQ_GET:
        return HTTP_GET;
    case EVHTTP_REQ_HEAD:
        return HTTP_HEAD;
    case EVHTTP_REQ_POST:
        return HTTP_POST;
    case EVHTTP_REQ_PUT:
        return HTTP_PUT;
    case EVHTTP_REQ_PATCH:
        return HTTP_PATCH;
    case EVHTTP_REQ_DELETE:
        return HTTP_DELETE;
    }
    return HTTP_METHOD_NONE;
}

/* A header's name is a token (RFC 9110, 5.1): "Content-Length :" is none, and somebody before us may
 * have taken it for one. */
static bool is_token(const char *name)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                  "0123456789!#$%&'*+-.^_`|~";

    return *name && name[strspn(name, letters)] == '\0';
}

/* One length, one host and one token, each said once: what could be read in two ways is refused
 * (RFC 9112, 3.2 and 6.3). evhttp takes the first Content-Length and lets unknown transfer codings
 * pass. */
static bool framing_is_plain(struct evhttp_request *evhttp)
{
    const struct evkeyvalq *headers = evhttp_request_get_input_headers(evhttp);
    const struct evkeyval *header;
    size_t n_lengths = 0, n_codings = 0, n_hosts = 0, n_tokens = 0;

    TAILQ_FOREACH(header, headers, next)
    {
        if (!is_token(header->key))
            return false;
        n_hosts += evutil_ascii_strcasecmp(header->key, "Host") == 0;
        n_tokens += evutil_ascii_strcasecmp(header->key, "Authorization") == 0;
        if (evutil_ascii_strcasecmp(header->key, "Content-Length") == 0) {
            n_lengths++;
            if (header->value[strspn(header->value, "0123456789")] != '\0')
                return false;
        } else if (evutil_ascii_strcasecmp(header->key, "Transfer-Encoding") == 0) {
            n_codings++;
            if (evutil_ascii_strcasecmp(header->value, "chunked") != 0)
                return false;
        }
    }
    return n_lengths + n_codings <= 1 && n_hosts <= 1 && n_tokens <= 1;
}

static void make_id(char id[HTTP_REQUEST_ID_LEN])
{
    uint8_t random[(HTTP_REQUEST_ID_LEN - 1) / 2];

    evutil_secure_rng_get_bytes(random, sizeof random);
    text_hex_into(id, span_of(random, sizeof random));
}

static void read_target(struct http_request *request)
{
    const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(request->evhttp);
    const char *path = uri ? evhttp_uri_get_path(uri) : NULL;
    const char *query = uri ? evhttp_uri_get_query(uri) : NULL;

    request->path = path && *path ? path : "/";
    request->query = query ? query : "";
}

static struct http_request *request_new(struct http_server *server, struct connection *connection,
                                        struct evhttp_request *evhttp)
{
    struct evbuffer *input = evhttp_request_get_input_buffer(evhttp);
    size_t body_len = evbuffer_get_length(input);
    struct http_request *request = calloc(1, sizeof *request);

    if (!request)
        return NULL;
    request->server = server;
    request->connection = connection;
    request->evhttp = evhttp;
    request->arena = arena_init(LIMIT_HTTP_REQUEST_MEMORY);
    request->method = method_from_evhttp(evhttp_request_get_command(evhttp));
    request->body = span_of(body_len ? evbuffer_pullup(input, -1) : NULL, body_len);
    request->binding = connection_binding(connection);
    memcpy(request->peer, connection->peer, sizeof request->peer);
    memcpy(request->address, connection->address, sizeof request->address);
    make_id(request->id);
    read_target(request);
    LIST_INSERT_HEAD(&server->requests, request, next);
    server->counts.requests++;
    server->counts.requests_open++;
    connection->request = request;
    return request;
}

static void request_free(struct http_request *request)
{
    if (request->connection)
        request->connection->request = NULL;
    request->server->counts.requests_open--;
    LIST_REMOVE(request, next);
    if (request->ending)
        event_free(request->ending);
    arena_done(&request->arena);
    free(request);
}

void request_arrived(struct evhttp_request *evhttp, void *context)
{
    struct http_server *server = context;
    struct evhttp_connection *evcon = evhttp_request_get_connection(evhttp);
    struct connection *connection = connection_of(server, evcon);
    struct http_request *request = connection && !connection->condemned
                                       ? request_new(server, connection, evhttp)
                                       : NULL;

    if (!request) { /* no memory, or a connection that is being cut off */
        evhttp_connection_free(evcon);
        return;
    }
    connection_enter(connection, PHASE_HANDLING);
    if (request->body.len && !request->body.data)
        http_problem(request, &(struct http_problem){.status = 503,
                                                     .code = "http.busy",
                                                     .title = "The service is out of memory",
                                                     .retry_after_s = 5});
    else if (!framing_is_plain(evhttp)) {
        /* Nobody knows where the next request begins. */
        http_answer_header(request, "Connection", "close");
        http_problem(request,
                     &(struct http_problem){.status = 400,
                                            .code = "http.bad_request",
                                            .title = "The request can be read in two ways"});
    } else
        server->handler(server->context, request);
}

void request_orphan(struct http_request *request)
{
    /* When the server ends, evhttp frees its request; requests_discard must not do so too. */
    if (request->server->freeing)
        request->evhttp = NULL;
    request->connection = NULL;
    request->binding = span_of(NULL, 0);
    if (request->streaming && request->on_close && !request->server->freeing)
        request->on_close(request->on_close_context);
}

void requests_discard(struct http_server *server)
{
    struct http_request *request, *after;

    for (request = LIST_FIRST(&server->requests); request; request = after) {
        after = LIST_NEXT(request, next);
        if (request->evhttp)
            evhttp_request_free(request->evhttp);
        request_free(request);
    }
}

enum http_method http_request_method(const struct http_request *request)
{
    return request->method;
}

const char *http_request_path(const struct http_request *request)
{
    return request->path;
}

bool http_request_query_next(const struct http_request *request, size_t *at, struct span *name)
{
    const char *field = request->query + *at;

    if (*field == '\0')
        return false;
    *name = span_of(field, strcspn(field, "=&"));
    *at += strcspn(field, "&");
    *at += request->query[*at] == '&';
    return true;
}

/* The raw value of the first field with the name; its length in *len. */
static const char *find_field(const char *query, const char *name, size_t *len)
{
    size_t name_len = strlen(name);

    while (*query) {
        size_t field_len = strcspn(query, "&");

        if (field_len > name_len && query[name_len] == '=' && strncmp(query, name, name_len) == 0) {
            *len = field_len - name_len - 1;
            return query + name_len + 1;
        }
        query += field_len + (query[field_len] == '&');
    }
    return NULL;
}

const char *http_request_query_value(const struct http_request *request, const char *name,
                                     struct arena *arena)
{
    size_t len = 0, decoded_len = 0;
    const char *raw = find_field(request->query, name, &len);
    char *field = raw ? arena_text(arena, span_of(raw, len)) : NULL;
    char *decoded = field ? evhttp_uridecode(field, 1, &decoded_len) : NULL;
    char *value = NULL;

    if (decoded && strlen(decoded) == decoded_len)
        value = arena_text(arena, span_text(decoded));
    free(decoded);
    return value;
}

const char *http_request_header(const struct http_request *request, const char *name)
{
    return evhttp_find_header(evhttp_request_get_input_headers(request->evhttp), name);
}

struct span http_request_body(const struct http_request *request)
{
    return request->body;
}

const char *http_request_peer(const struct http_request *request)
{
    return request->peer;
}

const char *http_request_address(const struct http_request *request)
{
    return request->address;
}

const char *http_request_id(const struct http_request *request)
{
    return request->id;
}

struct span http_request_channel_binding(const struct http_request *request)
{
    return request->binding;
}

struct arena *http_request_arena(struct http_request *request)
{
    return &request->arena;
}

void http_answer_header(struct http_request *request, const char *name, const char *value)
{
    /* evhttp refuses line ends; one here would be our own bug. */
    int refused = evhttp_add_header(evhttp_request_get_output_headers(request->evhttp), name,
                                    value);

    assert(refused == 0);
    (void)refused;
}

/* The answer has left whole; the connection lives, or evhttp would not tell. */
static void answer_left(struct evhttp_request *evhttp, void *context)
{
    (void)evhttp;
    connection_next(context);
}

static void prepare(struct http_request *request, const char *content_type, enum phase phase)
{
    if (content_type)
        http_answer_header(request, "Content-Type", content_type);
    http_answer_header(request, "X-Request-Id", request->id);
    if (request->server->stopping)
        http_answer_header(request, "Connection", "close");
    request->server->counts.answers++;
    if (!request->connection)
        return;
    evhttp_request_set_on_complete_cb(request->evhttp, answer_left, request->connection);
    connection_uncharge(request->connection);
    connection_enter(request->connection, phase);
}

static void send_answer(struct http_request *request, int status, const char *content_type,
                        struct evbuffer *body)
{
    struct evhttp_request *evhttp = request->evhttp;
    char length[24];

    assert(!request->streaming);
    prepare(request, content_type, PHASE_WRITING);
    if (request->method == HTTP_HEAD && body) {
        snprintf(length, sizeof length, "%zu", evbuffer_get_length(body));
        http_answer_header(request, "Content-Length", length);
        evbuffer_drain(body, evbuffer_get_length(body));
    }
    request_free(request);
    evhttp_send_reply(evhttp, status, NULL, body);
    if (body)
        evbuffer_free(body);
}

void http_answer(struct http_request *request, int status, const char *content_type,
                 struct span body)
{
    struct evbuffer *copy = evbuffer_new();

    if (copy && body.len && evbuffer_add(copy, body.data, body.len) != 0) {
        evbuffer_free(copy);
        copy = NULL;
    }
    if (!copy && body.len) /* better an honest nothing than a cut answer */
        send_answer(request, 500, NULL, NULL);
    else
        send_answer(request, status, content_type, copy);
}

void http_problem(struct http_request *request, const struct http_problem *problem)
{
    char retry_after[16];
    json_t *object = json_pack("{s:s, s:s, s:i, s:s, s:s*, s:s}", "type", "about:blank", "title",
                               problem->title, "status", problem->status, "code", problem->code,
                               "detail", problem->detail, "request_id", request->id);
    char *text = object ? json_dumps(object, JSON_COMPACT) : NULL;

    if (problem->retry_after_s) {
        snprintf(retry_after, sizeof retry_after, "%u", problem->retry_after_s);
        http_answer_header(request, "Retry-After", retry_after);
    }
    http_answer(request, problem->status, "application/problem+json",
                text ? span_text(text) : span_of(NULL, 0));
    free(text);
    json_decref(object);
}

void http_stream_start(struct http_request *request, int status, const char *content_type,
                       void (*on_close)(void *context), void *context)
{
    assert(!request->streaming);
    http_answer_header(request, "Cache-Control", "no-store");
    prepare(request, content_type, PHASE_STREAMING);
    request->streaming = true;
    request->on_close = on_close;
    request->on_close_context = context;
    if (request->connection)
        evhttp_send_reply_start(request->evhttp, status, NULL);
}

bool http_stream_send(struct http_request *request, struct span bytes)
{
    struct connection *connection = request->connection;
    struct evbuffer *chunk;
    bool sent;

    assert(request->streaming);
    if (!connection || connection->condemned ||
        evbuffer_get_length(bufferevent_get_output(connection->bev)) > LIMIT_HTTP_STREAM_LEN)
        return false;
    chunk = evbuffer_new();
    sent = chunk && evbuffer_add(chunk, bytes.data, bytes.len) == 0;
    if (sent)
        evhttp_send_reply_chunk(request->evhttp, chunk);
    if (chunk)
        evbuffer_free(chunk);
    return sent;
}

size_t http_stream_waiting(const struct http_request *request)
{
    const struct connection *connection = request->connection;

    return connection ? evbuffer_get_length(bufferevent_get_output(connection->bev)) : 0;
}

static void finish_stream(struct http_request *request)
{
    struct evhttp_request *evhttp = request->evhttp;

    request_free(request);
    evhttp_send_reply_end(evhttp);
}

/* evhttp takes word of an earlier write for that of the answer's last one, and then writes no more.
 * So the end is sent a round after everything before it was written. */
static void try_to_end(evutil_socket_t fd, short what, void *context)
{
    struct http_request *request = context;
    const struct timeval soon = {.tv_usec = http_stream_waiting(request) ? 1000 : 0};

    (void)fd;
    (void)what;
    if (request->connection && !request->drained) {
        request->drained = http_stream_waiting(request) == 0;
        event_add(request->ending, &soon);
        return;
    }
    finish_stream(request);
}

void http_stream_end(struct http_request *request)
{
    const struct timeval next_round = {0};

    assert(request->streaming && !request->ending);
    request->on_close = NULL; /* the caller is done with it */
    if (!request->connection) {
        finish_stream(request);
        return;
    }
    connection_enter(request->connection, PHASE_WRITING);
    request->ending = evtimer_new(request->server->base, try_to_end, request);
    if (!request->ending || event_add(request->ending, &next_round) != 0)
        finish_stream(request);
}
