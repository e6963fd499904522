/* Connections: caps, phases and their deadlines around libevent's evhttp.
 *
 * Owns the records, one for each accepted socket. Trusts nothing that arrives. Must never free a
 * connection of evhttp under its feet: it shuts the socket down, and evhttp cleans up.
 *
 * evhttp (2.1) tells about a connection only with its first whole request. What happens before
 * that is what slow clients abuse, so we look at three places it leaves open: the bufferevent that
 * we make for it, that bufferevent's callback argument (evhttp's connection), and the buffers. */
#include "http/connection.h"

#include "http/tls.h"

#include <arpa/inet.h>
#include <assert.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

/* An oversize body is read away up to this, so that the client gets to see the 413. */
enum { LINGER_LEN = 1024 * 1024 };

static unsigned phase_seconds(const struct http_server *server, enum phase phase)
{
    switch (phase) {
    case PHASE_HANDSHAKE:
        return server->handshake_s;
    case PHASE_IDLE:
        return server->idle_s;
    case PHASE_READING:
    case PHASE_WRITING:
        return server->request_s;
    case PHASE_HANDLING:
    case PHASE_STREAMING:
        break;
    }
    return 0;
}

void connection_enter(struct connection *connection, enum phase phase)
{
    struct timeval deadline = {.tv_sec = phase_seconds(connection->server, phase)};

    connection->phase = phase;
    if (deadline.tv_sec)
        event_add(connection->timer, &deadline);
    else
        event_del(connection->timer);
}

void connection_condemn(struct connection *connection)
{
    connection->condemned = true;
    shutdown(bufferevent_getfd(connection->bev), SHUT_RDWR);
}

static void deadline_missed(evutil_socket_t fd, short what, void *context)
{
    struct connection *connection = context;
    struct http_server_counts *counts = &connection->server->counts;

    (void)fd;
    (void)what;
    if (connection->phase == PHASE_HANDSHAKE)
        counts->deadline_handshake++;
    else if (connection->phase == PHASE_IDLE)
        counts->deadline_idle++;
    else
        counts->deadline_request++;
    connection_condemn(connection);
}

void connection_uncharge(struct connection *connection)
{
    connection->server->counts.bodies_len -= connection->received;
    connection->received = 0;
}

/* Bytes of a request have arrived: they count, for this client and for all together. */
static void charge(struct connection *connection, size_t len)
{
    struct http_server *server = connection->server;

    connection->received += len;
    server->counts.bodies_len += len;
    if (connection->received > LIMIT_HTTP_HEADERS_LEN + connection->body_cap + LINGER_LEN ||
        server->counts.bodies_len > LIMIT_HTTP_BODIES_LEN)
        connection_condemn(connection);
}

static enum http_method method_of(struct span word)
{
    for (enum http_method method = HTTP_GET; method <= HTTP_DELETE; method++)
        if (span_is(word, http_method_name(method)))
            return method;
    return HTTP_METHOD_NONE;
}

/* Asks what the route allows as soon as the request line is there, which is before evhttp reads it
 * and long before a body is. */
static void look_at_request_line(struct connection *connection, struct evbuffer *input)
{
    struct http_server *server = connection->server;
    size_t eol_len;
    struct evbuffer_ptr eol = evbuffer_search_eol(input, NULL, &eol_len, EVBUFFER_EOL_CRLF);
    char line[LIMIT_HTTP_HEADERS_LEN];
    char *path, *end;

    if (eol.pos < 0 || (size_t)eol.pos >= sizeof line)
        return;
    connection->route_known = true;
    evbuffer_copyout(input, line, (size_t)eol.pos);
    line[eol.pos] = '\0';
    path = strchr(line, ' ');
    if (!path)
        return; /* evhttp will refuse it */
    *path++ = '\0';
    end = path + strcspn(path, " ?");
    *end = '\0';
    if (server->body_cap)
        connection->body_cap = server->body_cap(server->context, method_of(span_text(line)), path);
    evhttp_connection_set_max_body_size(connection->evcon, (ev_ssize_t)connection->body_cap);
}

static void begin_request(struct connection *connection)
{
    connection->route_known = false;
    connection->body_cap = LIMIT_HTTP_JSON_LEN;
    evhttp_connection_set_max_body_size(connection->evcon, (ev_ssize_t)connection->body_cap);
    connection_enter(connection, PHASE_READING);
}

static void input_changed(struct evbuffer *input, const struct evbuffer_cb_info *info,
                          void *context)
{
    struct connection *connection = context;

    if (info->n_added == 0 || connection->condemned)
        return;
    if (connection->phase == PHASE_IDLE || connection->phase == PHASE_HANDSHAKE)
        begin_request(connection);
    charge(connection, info->n_added);
    if (connection->phase == PHASE_READING && !connection->route_known)
        look_at_request_line(connection, input);
}

void connection_next(struct connection *connection)
{
    struct evbuffer *input = bufferevent_get_input(connection->bev);
    size_t waiting = evbuffer_get_length(input);

    connection->own_status = 0;
    connection_uncharge(connection);
    if (waiting == 0) {
        connection_enter(connection, PHASE_IDLE);
        return;
    }
    begin_request(connection);
    charge(connection, waiting);
    look_at_request_line(connection, input);
}

/* evhttp answers bad requests by itself, with a page of HTML. Its status line passes here; the page
 * is replaced before it leaves, see rework_page. */
static void output_changed(struct evbuffer *output, const struct evbuffer_cb_info *info,
                           void *context)
{
    struct connection *connection = context;
    char line[13] = "";

    if (info->n_added == 0 || info->orig_size != 0 || connection->phase != PHASE_READING)
        return;
    evbuffer_copyout(output, line, sizeof line - 1); /* "HTTP/1.1 413" */
    connection->own_status = (int)strtol(line + 9, NULL, 10);
    if (connection->own_status >= 400)
        event_active(connection->rework, EV_TIMEOUT, 0);
}

static void rework_page(evutil_socket_t fd, short what, void *context)
{
    struct connection *connection = context;
    struct evbuffer *output = bufferevent_get_output(connection->bev);
    const char *code = "http.bad_request", *title = "The request is not acceptable HTTP";
    char body[256];
    int body_len;

    (void)fd;
    (void)what;
    if (connection->own_status == 413) {
        code = "http.body_too_large";
        title = "The body is larger than this route allows";
    } else if (connection->own_status == 501) {
        code = "http.method_unknown";
        title = "The method is not one that the service knows";
    }
    body_len = snprintf(
        body, sizeof body,
        "{\"type\":\"about:blank\",\"title\":\"%s\",\"status\":%d,\"code\":\"%s\"}\n", title,
        connection->own_status, code);
    evbuffer_drain(output, evbuffer_get_length(output));
    evbuffer_add_printf(output,
                        "HTTP/1.1 %d %s\r\nContent-Type: application/problem+json\r\n"
                        "Content-Length: %d\r\nConnection: close\r\n\r\n%s",
                        connection->own_status, title, body_len, body);
    connection_uncharge(connection);
    connection_enter(connection, PHASE_WRITING);
}

static void connection_closed(struct evhttp_connection *evcon, void *context);

static void connection_discard(struct connection *connection)
{
    struct http_server *server = connection->server;

    connection_uncharge(connection);
    server->counts.connections--;
    LIST_REMOVE(connection, next);
    if (connection->ssl)
        SSL_set_app_data(connection->ssl, NULL);
    if (connection->timer)
        event_free(connection->timer);
    if (connection->rework)
        event_free(connection->rework);
    if (connection->adopt)
        event_free(connection->adopt);
    free(connection);
    server_check_stopped(server);
}

void connection_abandon(struct connection *connection)
{
    struct bufferevent *bev = connection->bev;

    connection_discard(connection);
    bufferevent_decref(bev); /* what adopt would have given back */
}

/* Fills in who it is, for the cap of one address and for the handler. An IPv6 client owns its /64.
 */
static bool identify(struct connection *connection, int fd)
{
    struct sockaddr_storage peer;
    socklen_t peer_len = sizeof peer;
    uint8_t *key = connection->address_key;

    memset(&peer, 0, sizeof peer);
    if (getpeername(fd, (struct sockaddr *)&peer, &peer_len) != 0)
        return false;
    if (peer.ss_family == AF_INET6) {
        const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)&peer;
        bool mapped = IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr);

        key[0] = mapped ? 4 : 6;
        memcpy(key + 1, in6->sin6_addr.s6_addr + (mapped ? 12 : 0), mapped ? 4 : 8);
        inet_ntop(mapped ? AF_INET : AF_INET6, in6->sin6_addr.s6_addr + (mapped ? 12 : 0),
                  connection->address, sizeof connection->address);
        snprintf(connection->peer, sizeof connection->peer, mapped ? "%s:%u" : "[%s]:%u",
                 connection->address, ntohs(in6->sin6_port));
    } else {
        const struct sockaddr_in *in = (const struct sockaddr_in *)&peer;

        key[0] = 4;
        memcpy(key + 1, &in->sin_addr, 4);
        inet_ntop(AF_INET, &in->sin_addr, connection->address, sizeof connection->address);
        snprintf(connection->peer, sizeof connection->peer, "%s:%u", connection->address,
                 ntohs(in->sin_port));
    }
    return true;
}

/* Counted by going through all: with the cap of connections that costs less than a tenth of the
 * handshake that follows. */
static size_t same_address(const struct connection *connection)
{
    const struct connection *other;
    size_t n = 0;

    LIST_FOREACH(other, &connection->server->connections, next)
    n += memcmp(other->address_key, connection->address_key, sizeof connection->address_key) == 0;
    return n;
}

static bool admitted(struct connection *connection, int fd)
{
    struct http_server *server = connection->server;

    if (server->counts.connections > server->connections_cap) {
        server->counts.refused_total++;
        return false;
    }
    if (!identify(connection, fd))
        return false;
    if (same_address(connection) > server->per_address_cap) {
        server->counts.refused_address++;
        return false;
    }
    return !connection->condemned;
}

/* evhttp has put the socket into the bufferevent and itself into its callbacks. */
static void adopt(evutil_socket_t fd, short what, void *context)
{
    struct connection *connection = context;
    struct bufferevent *bev = connection->bev;
    bufferevent_data_cb read_cb, write_cb;
    bufferevent_event_cb event_cb;
    void *evcon = NULL;
    int socket = bufferevent_getfd(bev), on = 1;

    (void)fd;
    (void)what;
    bufferevent_getcb(bev, &read_cb, &write_cb, &event_cb, &evcon);
    if (!evcon) { /* given up again already */
        connection_discard(connection);
        bufferevent_decref(bev);
        return;
    }
    assert(evhttp_connection_get_bufferevent(evcon) == bev);
    connection->evcon = evcon;
    evhttp_connection_set_closecb(evcon, connection_closed, connection);
    connection->input_watch = evbuffer_add_cb(bufferevent_get_input(bev), input_changed,
                                              connection);
    connection->output_watch = evbuffer_add_cb(bufferevent_get_output(bev), output_changed,
                                               connection);
    setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (connection->input_watch && connection->output_watch && admitted(connection, socket))
        connection_enter(connection, connection->ssl ? PHASE_HANDSHAKE : PHASE_IDLE);
    else
        connection_condemn(connection);
    bufferevent_decref(bev);
}

static void connection_closed(struct evhttp_connection *evcon, void *context)
{
    struct connection *connection = context;
    struct bufferevent *bev = evhttp_connection_get_bufferevent(evcon);

    if (connection->input_watch)
        evbuffer_remove_cb_entry(bufferevent_get_input(bev), connection->input_watch);
    if (connection->output_watch)
        evbuffer_remove_cb_entry(bufferevent_get_output(bev), connection->output_watch);
    if (connection->request)
        request_orphan(connection->request);
    connection_discard(connection);
}

static struct bufferevent *make_bufferevent(struct http_server *server, SSL *ssl)
{
    struct bufferevent *bev;

    if (!ssl)
        return bufferevent_socket_new(server->base, -1, BEV_OPT_CLOSE_ON_FREE);
    bev = bufferevent_openssl_socket_new(server->base, -1, ssl, BUFFEREVENT_SSL_ACCEPTING,
                                         BEV_OPT_CLOSE_ON_FREE);
    if (bev)
        bufferevent_openssl_set_allow_dirty_shutdown(bev, 1); /* HTTP has lengths of its own */
    return bev;
}

static struct connection *make_record(struct http_server *server)
{
    struct connection *connection = calloc(1, sizeof *connection);

    if (!connection)
        return NULL;
    connection->server = server;
    connection->body_cap = LIMIT_HTTP_JSON_LEN;
    connection->timer = evtimer_new(server->base, deadline_missed, connection);
    connection->adopt = evtimer_new(server->base, adopt, connection);
    connection->rework = evtimer_new(server->base, rework_page, connection);
    LIST_INSERT_HEAD(&server->connections, connection, next);
    server->counts.connections++;
    server->counts.accepted++;
    if (connection->timer && connection->adopt && connection->rework)
        return connection;
    connection_discard(connection);
    return NULL;
}

struct bufferevent *connection_accept(struct event_base *base, void *context)
{
    struct http_server *server = context;
    struct connection *connection = make_record(server);
    SSL *ssl = connection && server->tls ? SSL_new(server->tls) : NULL;
    struct bufferevent *bev = make_bufferevent(server, ssl);

    (void)base;
    if (!bev || !connection) {
        /* Out of memory. Without a record request_arrived serves nobody. */
        if (connection)
            connection_discard(connection);
        return bev;
    }
    connection->condemned = server->tls && !ssl;
    connection->ssl = ssl;
    if (ssl)
        SSL_set_app_data(ssl, connection);
    connection->bev = bev;
    bufferevent_incref(bev); /* until adopt has run */
    event_active(connection->adopt, EV_TIMEOUT, 0);
    return bev;
}

struct connection *connection_of(struct http_server *server, struct evhttp_connection *evcon)
{
    struct bufferevent *bev = evcon ? evhttp_connection_get_bufferevent(evcon) : NULL;
    SSL *ssl = bev && server->tls ? bufferevent_openssl_get_ssl(bev) : NULL;
    struct connection *connection;

    if (server->tls)
        return ssl ? SSL_get_app_data(ssl) : NULL;
    LIST_FOREACH(connection, &server->connections, next)
    if (connection->evcon == evcon)
        return connection;
    return NULL;
}

struct span connection_binding(struct connection *connection)
{
    if (!connection->ssl)
        return span_of(NULL, 0);
    if (!connection->binding_known)
        connection->binding_known = tls_channel_binding(connection->ssl, connection->binding);
    return span_of(connection->binding, connection->binding_known ? sizeof connection->binding : 0);
}
