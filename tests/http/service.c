#include "service.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MUST(condition)                                                                            \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);                        \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

static void bio_text(BIO *bio, char *text, size_t text_len)
{
    int len = BIO_read(bio, text, (int)text_len - 1);

    MUST(len > 0);
    text[len] = '\0';
    BIO_free(bio);
}

static void extend(X509 *certificate, int nid, const char *value)
{
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

    MUST(extension && X509_add_ext(certificate, extension, -1) == 1);
    X509_EXTENSION_free(extension);
}

void identity_make(struct identity *identity)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = X509_new();
    X509_NAME *name = X509_get_subject_name(certificate);
    BIO *certificate_bio = BIO_new(BIO_s_mem()), *key_bio = BIO_new(BIO_s_mem());

    MUST(key && X509_set_version(certificate, 2));
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1 + rand());
    X509_gmtime_adj(X509_getm_notBefore(certificate), -60);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const uint8_t *)"test service", -1, -1,
                               0);
    X509_set_issuer_name(certificate, name);
    X509_set_pubkey(certificate, key);
    extend(certificate, NID_basic_constraints, "critical,CA:TRUE");
    extend(certificate, NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1");
    MUST(X509_sign(certificate, key, EVP_sha256()) > 0);
    MUST(X509_digest(certificate, EVP_sha256(), identity->sha256, NULL) == 1);
    MUST(PEM_write_bio_X509(certificate_bio, certificate));
    MUST(PEM_write_bio_PrivateKey(key_bio, key, NULL, NULL, 0, NULL, NULL));
    bio_text(certificate_bio, identity->certificate, sizeof identity->certificate);
    bio_text(key_bio, identity->key, sizeof identity->key);
    X509_free(certificate);
    EVP_PKEY_free(key);
}

struct late {
    struct http_request *request;
    struct loop_source *timer;
};

static void answer_late(void *context)
{
    struct late *late = context;

    http_answer(late->request, 200, "text/plain", span_text("late"));
    loop_source_free(late->timer);
    free(late);
}

static void answer_later(struct service *service, struct http_request *request)
{
    struct late *late = malloc(sizeof *late);
    struct error error;

    MUST(late);
    late->request = request;
    late->timer = loop_timer(service->loop, 300, false, answer_late, late, &error);
    MUST(late->timer);
}

/* Ends a stream while its first piece is being sent. */
static void end_short(void *context)
{
    struct late *late = context;

    MUST(http_stream_send(late->request, span_text("last")));
    http_stream_end(late->request);
    loop_source_free(late->timer);
    free(late);
}

static void end_later(struct service *service, struct http_request *request)
{
    struct late *late = calloc(1, sizeof *late);
    struct error error;

    MUST(late && http_stream_send(request, span_text("first ")));
    late->request = request;
    late->timer = loop_timer(service->loop, 0, false, end_short, late, &error);
    MUST(late->timer);
}

static void stream_gone(void *context)
{
    struct service *service = context;

    service->stream_closed = true;
    http_stream_end(service->stream);
    service->stream = NULL;
}

static size_t body_cap(void *context, enum http_method method, const char *path)
{
    (void)context;
    (void)method;
    if (strcmp(path, "/small") == 0)
        return 100;
    return strcmp(path, "/big") == 0 ? 4 * 1024 * 1024 : LIMIT_HTTP_JSON_LEN;
}

static void handle(void *context, struct http_request *request)
{
    static const char LARGE[16 * 1024 * 1024] = "large";
    struct service *service = context;
    const char *path = http_request_path(request);

    if (strcmp(path, "/late") == 0) {
        answer_later(service, request);
    } else if (strcmp(path, "/large") == 0) {
        http_answer(request, 200, "text/plain", span_of(LARGE, sizeof LARGE));
    } else if (strcmp(path, "/binding") == 0) {
        http_answer(request, 200, "application/octet-stream",
                    http_request_channel_binding(request));
    } else if (strcmp(path, "/peer") == 0) {
        http_answer(request, 200, "text/plain", span_text(http_request_peer(request)));
    } else if (strcmp(path, "/query") == 0) {
        const char *value = http_request_query_value(request, "name", http_request_arena(request));

        http_answer(request, 200, "text/plain", span_text(value ? value : "(none)"));
    } else if (strcmp(path, "/stream") == 0) {
        service->stream = request;
        http_stream_start(request, 200, "text/event-stream", stream_gone, service);
    } else if (strcmp(path, "/short-stream") == 0) {
        http_stream_start(request, 200, "text/plain", NULL, NULL);
        end_later(service, request);
    } else if (strcmp(path, "/problem") == 0) {
        http_problem(request, &(struct http_problem){.status = 409,
                                                     .code = "test.conflict",
                                                     .title = "No",
                                                     .detail = "a \"quoted\" word",
                                                     .retry_after_s = 7});
    } else {
        http_answer(request, 200, "text/plain", http_request_body(request));
    }
}

static void asked(void *context)
{
    struct service *service = context;
    uint64_t n;

    MUST(read(service->ask, &n, sizeof n) == sizeof n);
    service->action(service);
    n = 1;
    MUST(write(service->answer, &n, sizeof n) == sizeof n);
}

static void run_action(struct service *service, void (*action)(struct service *service))
{
    uint64_t n = 1;

    service->action = action;
    MUST(write(service->ask, &n, sizeof n) == sizeof n);
    MUST(read(service->answer, &n, sizeof n) == sizeof n);
}

static void *run_loop(void *context)
{
    struct service *service = context;
    struct error error;

    MUST(loop_run(service->loop, &error));
    return NULL;
}

void service_start(struct service *service, struct http_server_settings settings, bool plain)
{
    struct error error = {0};

    memset(service, 0, sizeof *service);
    identity_make(&service->identity);
    service->plain = plain;
    service->loop = loop_new(&error);
    service->ask = eventfd(0, EFD_CLOEXEC);
    service->answer = eventfd(0, EFD_CLOEXEC);
    service->ask_source = loop_watch(service->loop, service->ask, false, asked, service, &error);
    settings.listen = "127.0.0.1:0";
    settings.plain = plain;
    settings.certificate = span_text(service->identity.certificate);
    settings.key = span_text(service->identity.key);
    settings.handler = handle;
    settings.body_cap = body_cap;
    settings.context = service;
    if (!http_server_start(service->loop, &settings, &service->server, &error)) {
        fprintf(stderr, "%s\n", error.message);
        abort();
    }
    service->port = http_server_port(service->server);
    MUST(pthread_create(&service->thread, NULL, run_loop, service) == 0);
}

static void end_loop(struct service *service)
{
    loop_stop(service->loop);
}

void service_end(struct service *service)
{
    run_action(service, end_loop);
    pthread_join(service->thread, NULL);
    loop_source_free(service->ask_source);
    http_server_free(service->server);
    loop_free(service->loop);
    close(service->ask);
    close(service->answer);
}

static void take_counts(struct service *service)
{
    service->counts = http_server_counts(service->server);
}

struct http_server_counts service_counts(struct service *service)
{
    run_action(service, take_counts);
    return service->counts;
}

static void is_stopped(void *context)
{
    ((struct service *)context)->stopped = true;
}

static void stop(struct service *service)
{
    http_server_stop(service->server, 5, is_stopped, service);
}

void service_stop(struct service *service)
{
    run_action(service, stop);
}

static void stream(struct service *service)
{
    MUST(http_stream_send(service->stream, span_text("data: one\n\n")));
}

void service_stream(struct service *service)
{
    run_action(service, stream);
}

struct client client_tcp(const struct service *service)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(service->port)};
    struct timeval patience = {.tv_sec = 5};
    struct client client = {.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(client.fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (connect(client.fd, (struct sockaddr *)&address, sizeof address) != 0) {
        close(client.fd);
        client.fd = -1;
    }
    return client;
}

struct client client_tls(const struct service *service, SSL_SESSION *session, int max_version)
{
    struct client client = client_tcp(service);

    client.tls = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_max_proto_version(client.tls, max_version);
    client.ssl = SSL_new(client.tls);
    SSL_set_fd(client.ssl, client.fd);
    if (session)
        SSL_set_session(client.ssl, session);
    if (client.fd < 0 || SSL_connect(client.ssl) != 1) {
        SSL_free(client.ssl);
        client.ssl = NULL;
    }
    return client;
}

struct client client_open(const struct service *service)
{
    return service->plain ? client_tcp(service) : client_tls(service, NULL, 0);
}

void client_close(struct client *client)
{
    SSL_free(client->ssl);
    SSL_CTX_free(client->tls);
    if (client->fd >= 0)
        close(client->fd);
    *client = (struct client){.fd = -1};
}

bool client_send(struct client *client, const char *bytes, size_t len)
{
    if (client->ssl)
        return SSL_write(client->ssl, bytes, (int)len) == (int)len;
    return send(client->fd, bytes, len, MSG_NOSIGNAL) == (ssize_t)len;
}

bool client_say(struct client *client, const char *text)
{
    return client_send(client, text, strlen(text));
}

static int receive(struct client *client, char *bytes, size_t len)
{
    if (client->ssl)
        return SSL_read(client->ssl, bytes, (int)len);
    return (int)recv(client->fd, bytes, len, 0);
}

/* Reads on until text holds wanted bytes; false when the connection ends before. */
static bool receive_until(struct client *client, char *text, size_t *used, size_t wanted)
{
    while (*used < wanted) {
        int n = receive(client, text + *used, wanted - *used);

        if (n <= 0)
            return false;
        *used += (size_t)n;
        text[*used] = '\0';
    }
    return true;
}

/* The head is read byte by byte, so that nothing of a next answer is taken; then the body that it
 * announces. Without a length the body ends with the connection. */
int client_answer(struct client *client, char *text, size_t text_len)
{
    size_t used = 0, wanted = text_len - 1;
    const char *length;

    text[0] = '\0';
    while (used + 1 < text_len && (used < 4 || memcmp(text + used - 4, "\r\n\r\n", 4) != 0))
        if (!receive_until(client, text, &used, used + 1))
            break;
    length = strstr(text, "Content-Length: ");
    if (length && used + strtoul(length + 16, NULL, 10) < wanted)
        wanted = used + strtoul(length + 16, NULL, 10);
    if (!receive_until(client, text, &used, wanted))
        text[used] = '\0';
    return strncmp(text, "HTTP/1.1 ", 9) == 0 ? atoi(text + 9) : 0;
}

int client_ask(struct client *client, const char *request, char *text, size_t text_len)
{
    client_say(client, request);
    return client_answer(client, text, text_len);
}

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int client_closed_after(struct client *client, int limit_ms)
{
    int64_t start = now_ms();
    char bytes[4096];

    while (now_ms() - start < limit_ms) {
        struct pollfd wait = {.fd = client->fd, .events = POLLIN};

        if (poll(&wait, 1, (int)(limit_ms - (now_ms() - start))) <= 0)
            return -1;
        if (recv(client->fd, bytes, sizeof bytes, 0) <= 0)
            return (int)(now_ms() - start);
    }
    return -1;
}
