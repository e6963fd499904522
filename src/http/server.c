/* Starting, stopping and counting of the HTTPS server. Owns struct http_server, the listening
 * socket and evhttp; must never serve without TLS elsewhere than on loopback. */
#include "http/connection.h"
#include "http/tls.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/listener.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>

enum { BACKLOG = 1024, ACCEPT_PAUSE_MS = 100 };

/* libevent's own parser knows no port 0, which tests and --dev ask for. */
static bool parse_address(const char *text, struct sockaddr_storage *address, int *address_len,
                          struct error *error)
{
    struct sockaddr_in *in = (struct sockaddr_in *)address;
    struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)address;
    const char *colon = strrchr(text, ':');
    size_t host_len = colon ? (size_t)(colon - text) : 0;
    char host[INET6_ADDRSTRLEN + 2], *end = NULL;
    unsigned long port = colon ? strtoul(colon + 1, &end, 10) : 0;

    memset(address, 0, sizeof *address);
    if (host_len > 0 && host_len < sizeof host && end != colon + 1 && !*end && port <= UINT16_MAX) {
        memcpy(host, text, host_len);
        host[host_len] = '\0';
        if (inet_pton(AF_INET, host, &in->sin_addr) == 1) {
            in->sin_family = AF_INET;
            in->sin_port = htons((uint16_t)port);
            *address_len = sizeof *in;
            return true;
        }
        host[host_len - 1] = '\0';
        if (text[0] == '[' && colon[-1] == ']' &&
            inet_pton(AF_INET6, host + 1, &in6->sin6_addr) == 1) {
            in6->sin6_family = AF_INET6;
            in6->sin6_port = htons((uint16_t)port);
            *address_len = sizeof *in6;
            return true;
        }
    }
    return error_plain(error, ERROR_USAGE,
                       "%.64s is no address with port, such as 127.0.0.1:8443 or [::]:8443", text);
}

static bool is_loopback(const struct sockaddr_storage *address)
{
    if (address->ss_family == AF_INET6)
        return IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)address)->sin6_addr);
    return ntohl(((const struct sockaddr_in *)address)->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
}

static uint16_t port_of(evutil_socket_t fd)
{
    struct sockaddr_storage address;
    socklen_t len = sizeof address;

    memset(&address, 0, sizeof address);
    getsockname(fd, (struct sockaddr *)&address, &len);
    if (address.ss_family == AF_INET6)
        return ntohs(((struct sockaddr_in6 *)&address)->sin6_port);
    return ntohs(((struct sockaddr_in *)&address)->sin_port);
}

/* A setting of 0 takes the cap; over the cap is an error. */
static bool take_cap(size_t setting, size_t cap, const char *what, size_t *taken,
                     struct error *error)
{
    if (setting > cap)
        return error_plain(error, ERROR_USAGE, "%s: %zu is over the limit of %zu", what, setting,
                           cap);
    *taken = setting ? setting : cap;
    return true;
}

static bool take_settings(struct http_server *server, const struct http_server_settings *settings,
                          struct error *error)
{
    size_t idle_s = 0, handshake_s = 0, request_s = 0;

    if (!take_cap(settings->connections, LIMIT_HTTP_CONNECTIONS, "connections",
                  &server->connections_cap, error) ||
        !take_cap(settings->connections_per_address, LIMIT_HTTP_CONNECTIONS_PER_ADDRESS,
                  "connections per address", &server->per_address_cap, error) ||
        !take_cap(settings->idle_s, LIMIT_HTTP_IDLE_S, "idle seconds", &idle_s, error) ||
        !take_cap(settings->handshake_s, LIMIT_HTTP_HANDSHAKE_S, "handshake seconds", &handshake_s,
                  error) ||
        !take_cap(settings->request_s, LIMIT_HTTP_REQUEST_S, "request seconds", &request_s, error))
        return false;
    server->idle_s = (unsigned)idle_s;
    server->handshake_s = (unsigned)handshake_s;
    server->request_s = (unsigned)request_s;
    server->handler = settings->handler;
    server->body_cap = settings->body_cap;
    server->context = settings->context;
    return true;
}

/* OpenSSL's progress; also told for tickets after the handshake. */
static void handshake_progress(const SSL *ssl, int where, int result)
{
    struct connection *connection = SSL_get_app_data(ssl);

    (void)result;
    if (!(where & SSL_CB_HANDSHAKE_DONE) || !connection || connection->phase != PHASE_HANDSHAKE)
        return;
    connection->server->counts.handshakes++;
    connection->server->counts.handshakes_resumed += SSL_session_reused(ssl) == 1;
    connection_enter(connection, PHASE_IDLE);
}

/* Out of descriptors or memory: a pause, not a busy loop. Clients wait in the backlog. */
static void accept_failed(struct evconnlistener *listener, void *context)
{
    struct http_server *server = context;
    struct timeval pause = {.tv_usec = ACCEPT_PAUSE_MS * 1000};

    evconnlistener_disable(listener);
    event_add(server->resume_accept, &pause);
}

static void accept_again(evutil_socket_t fd, short what, void *context)
{
    struct http_server *server = context;

    (void)fd;
    (void)what;
    if (server->bound)
        evconnlistener_enable(server->listener);
}

static void stop_now(evutil_socket_t fd, short what, void *context)
{
    struct http_server *server = context;
    struct connection *connection;
    void (*stopped)(void *) = server->stopped;

    (void)fd;
    (void)what;
    LIST_FOREACH(connection, &server->connections, next)
    connection_condemn(connection);
    event_del(server->stop_timer);
    server->stopped = NULL;
    if (stopped)
        stopped(server->stopped_context);
}

void server_check_stopped(struct http_server *server)
{
    if (server->stopping && !server->freeing && server->stopped && LIST_EMPTY(&server->connections))
        event_active(server->stop_timer, EV_TIMEOUT, 0);
}

static bool listen_on(struct http_server *server, const struct sockaddr_storage *address,
                      int address_len, const char *text, struct error *error)
{
    const unsigned flags = LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_REUSEABLE;

    server->listener = evconnlistener_new_bind(server->base, NULL, NULL, flags, BACKLOG,
                                               (const struct sockaddr *)address, address_len);
    if (!server->listener)
        return error_plain(error, ERROR_IO, "cannot listen on %.64s: %s", text, strerror(errno));
    server->port = port_of(evconnlistener_get_fd(server->listener));
    evconnlistener_set_error_cb(server->listener, accept_failed);
    server->bound = evhttp_bind_listener(server->http, server->listener);
    if (!server->bound) {
        evconnlistener_free(server->listener);
        return error_plain(error, ERROR_MEMORY, "not enough memory to listen");
    }
    return true;
}

static bool make_evhttp(struct http_server *server, struct error *error)
{
    server->http = evhttp_new(server->base);
    server->resume_accept = evtimer_new(server->base, accept_again, server);
    server->stop_timer = evtimer_new(server->base, stop_now, server);
    if (!server->http || !server->resume_accept || !server->stop_timer)
        return error_plain(error, ERROR_MEMORY, "not enough memory for an HTTP server");
    evhttp_set_max_headers_size(server->http, LIMIT_HTTP_HEADERS_LEN);
    evhttp_set_max_body_size(server->http, LIMIT_HTTP_JSON_LEN);
    evhttp_set_default_content_type(server->http, NULL);
    evhttp_set_flags(server->http, EVHTTP_SERVER_LINGERING_CLOSE);
    evhttp_set_allowed_methods(server->http, EVHTTP_REQ_GET | EVHTTP_REQ_HEAD | EVHTTP_REQ_POST |
                                                 EVHTTP_REQ_PUT | EVHTTP_REQ_PATCH |
                                                 EVHTTP_REQ_DELETE);
    evhttp_set_bevcb(server->http, connection_accept, server);
    evhttp_set_gencb(server->http, request_arrived, server);
    return true;
}

bool http_server_start(struct event_base *base, const struct http_server_settings *settings,
                       struct http_server **server, struct error *error)
{
    struct sockaddr_storage address;
    int address_len = 0;
    struct http_server *made;

    if (!parse_address(settings->listen, &address, &address_len, error))
        return false;
    if (settings->plain && !is_loopback(&address))
        return error_plain(error, ERROR_USAGE, "plain HTTP is for loopback only, not for %.64s",
                           settings->listen);
    made = calloc(1, sizeof *made);
    if (!made)
        return error_plain(error, ERROR_MEMORY, "not enough memory for an HTTP server");
    made->base = base;
    signal(SIGPIPE, SIG_IGN); /* OpenSSL writes without MSG_NOSIGNAL */
    if (!take_settings(made, settings, error) ||
        (!settings->plain &&
         !http_server_set_certificate(made, settings->certificate, settings->key, error)) ||
        !make_evhttp(made, error) ||
        !listen_on(made, &address, address_len, settings->listen, error)) {
        http_server_free(made);
        return false;
    }
    *server = made;
    return true;
}

bool http_server_set_certificate(struct http_server *server, struct span certificate,
                                 struct span key, struct error *error)
{
    SSL_CTX *context;

    if (!tls_server_context(certificate, key, server->tls, &context, error))
        return false;
    SSL_CTX_set_info_callback(context, handshake_progress);
    SSL_CTX_free(server->tls); /* connections hold it as long as they need it */
    server->tls = context;
    return true;
}

uint16_t http_server_port(const struct http_server *server)
{
    return server->port;
}

struct http_server_counts http_server_counts(const struct http_server *server)
{
    return server->counts;
}

void http_server_stop(struct http_server *server, unsigned deadline_s,
                      void (*stopped)(void *context), void *context)
{
    struct timeval deadline = {.tv_sec = deadline_s};
    struct connection *connection;

    server->stopping = true;
    server->stopped = stopped;
    server->stopped_context = context;
    if (server->bound)
        evhttp_del_accept_socket(server->http, server->bound);
    server->bound = NULL;
    LIST_FOREACH(connection, &server->connections, next)
    if (connection->phase == PHASE_HANDSHAKE || connection->phase == PHASE_IDLE ||
        connection->phase == PHASE_STREAMING)
        connection_condemn(connection);
    event_add(server->stop_timer, &deadline);
    server_check_stopped(server);
}

void http_server_free(struct http_server *server)
{
    struct connection *connection;

    if (!server)
        return;
    server->freeing = true;
    if (server->http)
        evhttp_free(server->http); /* closes the listener and every connection */
    while ((connection = LIST_FIRST(&server->connections)))
        connection_abandon(connection);
    requests_discard(server);
    if (server->resume_accept)
        event_free(server->resume_accept);
    if (server->stop_timer)
        event_free(server->stop_timer);
    SSL_CTX_free(server->tls);
    free(server);
}
