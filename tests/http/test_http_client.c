/* The HTTPS client: against our own server, and against scripted peers that misbehave. */
#include "http/http_client.h"

#include "peer.h"
#include "service.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static struct arena arena;
static struct error error;
static struct http_client_answer answer;

static int begin(void **state)
{
    (void)state;
    arena = arena_init(32 * 1024 * 1024);
    error = (struct error){0};
    return 0;
}

static int end(void **state)
{
    (void)state;
    arena_done(&arena);
    return 0;
}

static bool get(struct http_client *client, const char *path)
{
    const struct http_client_request request = {.method = "GET", .path = path};

    return http_client_do(client, &request, &arena, &answer, &error);
}

/* One GET with a client of its own. */
static bool ask(struct http_client_settings settings)
{
    struct http_client *client = NULL;
    bool done = http_client_new(&settings, &client, &error) && get(client, "/");

    http_client_free(client);
    return done;
}

/* One GET of a TLS server with these certificates. */
static bool ask_tls(SSL_CTX *tls, struct span ca, struct span pin)
{
    struct peer peer = {.answers = {{"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"}}, .tls = tls};
    bool done;

    peer_start(&peer);
    done = ask((struct http_client_settings){.url = peer.url, .ca = ca, .ca_pin = pin});
    peer_end(&peer);
    assert_int_equal(peer.n_requests, done ? 1 : 0); /* nothing is said to a stranger */
    return done;
}

static struct http_client *client_of(const struct service *service)
{
    char url[64];
    struct http_client *client = NULL;
    const struct http_client_settings settings = {
        .url = url,
        .ca = service->plain ? span_of(NULL, 0) : span_text(service->identity.certificate),
        .request_s = 5,
    };

    snprintf(url, sizeof url, "%s://127.0.0.1:%u", service->plain ? "http" : "https",
             service->port);
    assert_true(http_client_new(&settings, &client, &error));
    return client;
}

struct bound {
    uint8_t bytes[200000];
    size_t len;
    int n_calls;
    uint8_t bindings[4][32];
    bool refuse;
};

static bool make_body(void *context, struct span channel_binding, struct span *body,
                      struct error *body_error)
{
    struct bound *bound = context;

    if (bound->refuse)
        return error_plain(body_error, ERROR_DENIED, "no key");
    if (channel_binding.len == 32)
        memcpy(bound->bindings[bound->n_calls], channel_binding.data, 32);
    else
        assert_int_equal(channel_binding.len, 0);
    bound->n_calls++;
    memset(bound->bytes, 'a', sizeof bound->bytes);
    if (channel_binding.len)
        memcpy(bound->bytes, channel_binding.data, channel_binding.len);
    *body = span_of(bound->bytes, bound->len);
    return true;
}

static bool post_bound(struct http_client *client, struct bound *bound)
{
    const struct http_client_request request = {.method = "POST",
                                                .path = "/echo",
                                                .content_type = "application/cbor",
                                                .body_fn = make_body,
                                                .body_context = bound};

    return http_client_do(client, &request, &arena, &answer, &error);
}

static void the_body_is_bound_to_the_connection(void **state)
{
    static struct bound bound;
    struct service service;
    struct http_client *client;

    (void)state;
    service_start(&service, (struct http_server_settings){0}, false);
    client = client_of(&service);
    for (int i = 0; i < 4; i++) {
        bound = (struct bound){.len = i == 3 ? sizeof bound.bytes : 32 + (size_t)i};
        assert_true(post_bound(client, &bound));
        assert_int_equal(answer.status, 200);
        assert_int_equal(answer.body.len, bound.len);
        assert_memory_equal(answer.body.data, bound.bytes, bound.len);
        assert_int_equal(bound.n_calls, 1);
        assert_true(get(client, "/binding"));
        assert_int_equal(answer.body.len, 32);
        assert_memory_equal(answer.body.data, bound.bindings[0], 32);
    }
    assert_int_equal(service_counts(&service).accepted, 1);
    http_client_free(client);
    service_end(&service);
}

static void every_method_and_header_arrives(void **state)
{
    struct peer peer = {
        .answers = {{"HTTP/1.1 200 OK\r\nETag: \"7\"\r\nContent-Type: text/plain\r\n"
                     "Content-Length: 2\r\n\r\nok",
                     "HTTP/1.1 204 None\r\n\r\n",
                     "HTTP/1.1 503 Later\r\nRetry-After: 9\r\nContent-Length: 0\r\n\r\n",
                     "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"}}};
    struct http_client *client = NULL;
    struct http_client_request request = {.method = "POST",
                                          .path = "/a/../b?c=%20",
                                          .content_type = "text/plain",
                                          .accept = "text/html",
                                          .bearer = "secret",
                                          .body = span_text("body")};

    (void)state;
    peer_start(&peer);
    assert_true(http_client_new(&(struct http_client_settings){.url = peer.url}, &client, &error));
    assert_true(http_client_do(client, &request, &arena, &answer, &error));
    assert_int_equal(answer.status, 200);
    assert_string_equal(answer.etag, "\"7\"");
    assert_string_equal(answer.content_type, "text/plain");
    assert_true(span_is(answer.body, "ok"));
    request = (struct http_client_request){.method = "DELETE", .path = "/x"};
    assert_true(http_client_do(client, &request, &arena, &answer, &error));
    assert_int_equal(answer.status, 204);
    assert_string_equal(answer.etag, "");
    assert_string_equal(answer.content_type, "");
    request = (struct http_client_request){
        .method = "PUT", .path = "/p", .content_type = "a/b", .body = span_text("xyz")};
    assert_true(http_client_do(client, &request, &arena, &answer, &error));
    assert_int_equal(answer.status, 503);
    assert_int_equal(answer.retry_after_s, 9);
    request = (struct http_client_request){.method = "HEAD", .path = "/h"};
    assert_true(http_client_do(client, &request, &arena, &answer, &error));
    assert_int_equal(answer.body.len, 0);
    http_client_free(client);
    peer_end(&peer);
    assert_int_equal(peer.n_connections, 1);
    assert_memory_equal(peer.requests[0], "POST /a/../b?c=%20 HTTP/1.1\r\n", 29);
    assert_non_null(strstr(peer.requests[0], "Content-Type: text/plain\r\n"));
    assert_non_null(strstr(peer.requests[0], "Accept: text/html\r\n"));
    assert_non_null(strstr(peer.requests[0], "Authorization: Bearer secret\r\n"));
    assert_non_null(strstr(peer.requests[0], "\r\n\r\nbody"));
    assert_memory_equal(peer.requests[1], "DELETE /x HTTP/1.1\r\n", 20);
    assert_null(strstr(peer.requests[1], "secret"));
    assert_null(strstr(peer.requests[1], "Content-Type"));
    assert_memory_equal(peer.requests[2], "PUT /p HTTP/1.1\r\n", 17);
    assert_non_null(strstr(peer.requests[2], "\r\n\r\nxyz"));
    assert_memory_equal(peer.requests[3], "HEAD /h HTTP/1.1\r\n", 18);
}

static void a_pin_trusts_one_root(void **state)
{
    struct authority root = authority_root("root"), other = authority_root("root"),
                     leaf = authority_leaf(&root);
    struct span pin = span_of(root.sha256, 32), none = span_of(NULL, 0);

    (void)state;
    assert_true(ask_tls(peer_tls(&leaf, &root, NULL), none, pin));
    /* The root is not sent; another is; the pin is the leaf's. */
    assert_false(ask_tls(peer_tls(&leaf, NULL, NULL), none, pin));
    assert_int_equal(error.code, ERROR_DENIED);
    assert_false(ask_tls(peer_tls(&leaf, &root, NULL), none, span_of(other.sha256, 32)));
    assert_int_equal(error.code, ERROR_DENIED);
    assert_non_null(strstr(error.message, "/CN=root"));
    assert_false(ask_tls(peer_tls(&leaf, &root, NULL), none, span_of(leaf.sha256, 32)));
    assert_int_equal(error.code, ERROR_DENIED);
    /* With the root's file too, both have to agree. */
    assert_true(ask_tls(peer_tls(&leaf, NULL, NULL), span_text(root.pem), pin));
    assert_false(
        ask_tls(peer_tls(&leaf, NULL, NULL), span_text(root.pem), span_of(other.sha256, 32)));
    authority_drop(&leaf);
    /* The right root is shown, but it has not signed: the names are equal, the keys are not. */
    leaf = authority_leaf(&other);
    assert_false(ask_tls(peer_tls(&leaf, &root, NULL), none, pin));
    assert_int_equal(error.code, ERROR_DENIED);
    assert_false(ask_tls(peer_tls(&leaf, &other, &root), none, pin));
    assert_int_equal(error.code, ERROR_DENIED);
    authority_drop(&leaf);
    authority_drop(&other);
    authority_drop(&root);
}

static void the_pinned_root_is_kept(void **state)
{
    struct authority root = authority_root("root"), leaf = authority_leaf(&root);
    struct peer peer = {.answers = {{"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"}},
                        .tls = peer_tls(&leaf, &root, NULL)};
    struct http_client *client = NULL;

    (void)state;
    peer_start(&peer);
    assert_true(http_client_new(
        &(struct http_client_settings){.url = peer.url, .ca_pin = span_of(root.sha256, 32)},
        &client, &error));
    assert_int_equal(http_client_root(client).len, 0);
    assert_true(get(client, "/"));
    assert_true(span_is(http_client_root(client), root.pem));
    http_client_free(client);
    peer_end(&peer);
    authority_drop(&leaf);
    authority_drop(&root);
}

static void only_given_roots_are_trusted(void **state)
{
    struct authority root = authority_root("root"), other = authority_root("root"),
                     leaf = authority_leaf(&root);
    struct authority second = authority_root("second");
    struct authority middle = authority_issue("middle", &root, (struct wish){NULL, 3600, true});
    struct authority below = authority_leaf(&middle);
    struct span none = span_of(NULL, 0);
    char both[8192], file[] = "/tmp/bootseal-root-XXXXXX";
    int fd = mkstemp(file);

    (void)state;
    assert_true(ask_tls(peer_tls(&leaf, NULL, NULL), span_text(root.pem), none));
    assert_true(ask_tls(peer_tls(&below, &middle, NULL), span_text(root.pem), none));
    snprintf(both, sizeof both, "%s%s", second.pem, root.pem);
    assert_true(ask_tls(peer_tls(&leaf, NULL, NULL), span_text(both), none));
    /* What OpenSSL would take for the system's list makes no difference. */
    assert_int_equal(write(fd, root.pem, strlen(root.pem)), strlen(root.pem));
    close(fd);
    setenv("SSL_CERT_FILE", file, 1);
    assert_false(ask_tls(peer_tls(&leaf, &root, NULL), span_text(other.pem), none));
    assert_int_equal(error.code, ERROR_DENIED);
    assert_non_null(strstr(error.message, "expected one that leads to /CN=root"));
    unsetenv("SSL_CERT_FILE");
    unlink(file);
    /* Neither the leaf nor an intermediate is a root. */
    assert_false(ask_tls(peer_tls(&leaf, NULL, NULL), span_text(leaf.pem), none));
    assert_int_equal(error.code, ERROR_DENIED);
    assert_false(ask_tls(peer_tls(&below, &middle, NULL), span_text(middle.pem), none));
    assert_int_equal(error.code, ERROR_DENIED);
    authority_drop(&below);
    authority_drop(&middle);
    authority_drop(&second);
    authority_drop(&leaf);
    authority_drop(&other);
    authority_drop(&root);
}

static void the_certificate_has_to_be_for_it_and_in_time(void **state)
{
    struct authority root = authority_root("root");
    struct authority named = authority_issue(
        "service", &root, (struct wish){.names = "DNS:other.test", .ends_s = 3600});
    struct authority late = authority_issue("service", &root,
                                            (struct wish){.names = "IP:127.0.0.1", .ends_s = -60});

    (void)state;
    assert_false(ask_tls(peer_tls(&named, NULL, NULL), span_text(root.pem), span_of(NULL, 0)));
    assert_int_equal(error.code, ERROR_DENIED);
    assert_non_null(strstr(error.message, "not for it"));
    assert_false(ask_tls(peer_tls(&late, NULL, NULL), span_text(root.pem), span_of(NULL, 0)));
    assert_int_equal(error.code, ERROR_DENIED);
    assert_non_null(strstr(error.message, "expired"));
    authority_drop(&late);
    authority_drop(&named);
    authority_drop(&root);
}

static void a_name_can_be_given_its_address(void **state)
{
    struct authority root = authority_root("root"), leaf = authority_leaf(&root);
    struct peer peer = {.answers = {{"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"}},
                        .tls = peer_tls(&leaf, NULL, NULL)};
    char url[64];
    struct http_client_settings settings = {
        .url = url, .ca = span_text(root.pem), .resolve = "127.0.0.1"};

    (void)state;
    peer_start(&peer);
    snprintf(url, sizeof url, "https://service.test%s", strrchr(peer.url, ':'));
    assert_true(ask(settings));
    peer_end(&peer);
    assert_non_null(strstr(peer.requests[0], "Host: service.test:"));
    settings.resolve = "service.test";
    assert_false(ask(settings));
    assert_int_equal(error.code, ERROR_USAGE);
    authority_drop(&leaf);
    authority_drop(&root);
}

static void only_tls_13_is_spoken(void **state)
{
    struct authority root = authority_root("root"), leaf = authority_leaf(&root);
    SSL_CTX *tls = peer_tls(&leaf, NULL, NULL);

    (void)state;
    SSL_CTX_set_min_proto_version(tls, TLS1_2_VERSION);
    SSL_CTX_set_max_proto_version(tls, TLS1_2_VERSION);
    assert_false(ask_tls(tls, span_text(root.pem), span_of(NULL, 0)));
    assert_int_equal(error.code, ERROR_IO);
    authority_drop(&leaf);
    authority_drop(&root);
}

static void answers_have_caps(void **state)
{
    struct service service;
    struct http_client *client;
    struct http_client_request request = {.method = "GET", .path = "/large"};
    char headers[LIMIT_HTTP_HEADERS_LEN + 200] = "HTTP/1.1 200 OK\r\nX-Long: ";
    struct peer peer = {.answers = {{headers}}};

    (void)state;
    service_start(&service, (struct http_server_settings){0}, false);
    client = client_of(&service);
    request.answer_cap = 16 * 1024 * 1024;
    assert_true(http_client_do(client, &request, &arena, &answer, &error));
    assert_int_equal(answer.body.len, 16 * 1024 * 1024);
    request.answer_cap--;
    assert_false(http_client_do(client, &request, &arena, &answer, &error));
    assert_int_equal(error.code, ERROR_LIMIT);
    request.answer_cap = 0;
    assert_false(http_client_do(client, &request, &arena, &answer, &error));
    assert_int_equal(error.code, ERROR_LIMIT);
    /* And goes on as if nothing had been. */
    assert_true(get(client, "/peer"));
    http_client_free(client);
    service_end(&service);

    memset(headers + strlen(headers), 'x', LIMIT_HTTP_HEADERS_LEN);
    strcat(headers, "\r\nContent-Length: 0\r\n\r\n");
    peer_start(&peer);
    assert_false(ask((struct http_client_settings){.url = peer.url}));
    assert_int_equal(error.code, ERROR_LIMIT);
    peer_end(&peer);
}

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void slow_services_are_given_up(void **state)
{
    struct peer silent = {.answers = {{"never"}}, .silent = true};
    struct peer slow = {.answers = {{"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"}},
                        .trickle_ms = 100};
    int64_t start = now_ms();

    (void)state;
    peer_start(&silent);
    assert_false(ask((struct http_client_settings){.url = silent.url, .request_s = 1}));
    assert_int_equal(error.code, ERROR_IO);
    assert_non_null(strstr(error.message, "in time"));
    peer_end(&silent);
    peer_start(&slow);
    assert_false(ask((struct http_client_settings){.url = slow.url, .request_s = 1}));
    assert_int_equal(error.code, ERROR_IO);
    peer_end(&slow);
    assert_in_range(now_ms() - start, 1900, 3500);
}

static void unreachable_services_say_so(void **state)
{
    struct peer peer = {0};
    char url[128];

    (void)state;
    peer_start(&peer);
    snprintf(url, sizeof url, "%s", peer.url);
    peer_end(&peer);
    assert_false(ask((struct http_client_settings){.url = url}));
    assert_int_equal(error.code, ERROR_IO);
    /* A label has 63 characters at most (RFC 1035, 2.3.4), so that nobody is asked. */
    snprintf(url, sizeof url, "https://%070d.test", 1);
    assert_false(
        ask((struct http_client_settings){.url = url, .ca_pin = span_of((uint8_t[32]){1}, 32)}));
    assert_int_equal(error.code, ERROR_NOT_FOUND);
}

static void redirects_are_not_followed(void **state)
{
    struct peer there = {.answers = {{"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"}}};
    char redirect[200];
    struct peer here = {.answers = {{redirect}}};

    (void)state;
    peer_start(&there);
    snprintf(redirect, sizeof redirect,
             "HTTP/1.1 302 Found\r\nLocation: %s/\r\nContent-Length: 0\r\n\r\n", there.url);
    peer_start(&here);
    assert_true(ask((struct http_client_settings){.url = here.url}));
    assert_int_equal(answer.status, 302);
    peer_end(&here);
    peer_end(&there);
    assert_int_equal(there.n_connections, 0);
}

static void proxies_of_the_environment_are_not_used(void **state)
{
    struct peer peer = {.answers = {{"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"}}};
    struct peer proxy = {.answers = {{"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"}}};

    (void)state;
    peer_start(&peer);
    peer_start(&proxy);
    setenv("http_proxy", proxy.url, 1);
    setenv("all_proxy", proxy.url, 1);
    assert_true(ask((struct http_client_settings){.url = peer.url}));
    unsetenv("http_proxy");
    unsetenv("all_proxy");
    peer_end(&peer);
    peer_end(&proxy);
    assert_int_equal(peer.n_requests, 1);
    assert_int_equal(proxy.n_connections, 0);
}

static void a_dead_connection_is_made_anew_and_the_body_too(void **state)
{
    static struct bound bound;
    struct authority root = authority_root("root"), leaf = authority_leaf(&root);
    /* Answers one request, takes the next and closes. */
    struct peer peer = {.answers = {{"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", ""},
                                    {"HTTP/1.1 201 OK\r\nContent-Length: 0\r\n\r\n"}},
                        .tls = peer_tls(&leaf, NULL, NULL)};
    struct http_client *client = NULL;

    (void)state;
    bound = (struct bound){.len = 40};
    peer_start(&peer);
    assert_true(
        http_client_new(&(struct http_client_settings){.url = peer.url, .ca = span_text(root.pem)},
                        &client, &error));
    assert_true(get(client, "/"));
    assert_true(post_bound(client, &bound));
    assert_int_equal(answer.status, 201);
    http_client_free(client);
    peer_end(&peer);
    assert_int_equal(peer.n_connections, 2);
    assert_int_equal(bound.n_calls, 2);
    assert_memory_equal(bound.bindings[0], peer.bindings[0], 32);
    assert_memory_equal(bound.bindings[1], peer.bindings[1], 32);
    assert_memory_not_equal(bound.bindings[0], bound.bindings[1], 32);
    assert_int_equal(bound.bytes[0], peer.bindings[1][0]);
    authority_drop(&leaf);
    authority_drop(&root);
}

static void a_connection_closed_as_idle_is_made_anew(void **state)
{
    static struct bound bound;
    struct service service;
    struct http_client *client;

    (void)state;
    bound = (struct bound){.len = 32};
    service_start(&service, (struct http_server_settings){.idle_s = 1}, false);
    client = client_of(&service);
    assert_true(get(client, "/binding"));
    sleep(2);
    assert_true(post_bound(client, &bound));
    assert_int_equal(bound.n_calls, 1);
    assert_true(get(client, "/binding"));
    assert_memory_equal(answer.body.data, bound.bindings[0], 32);
    assert_int_equal(service_counts(&service).accepted, 2);
    http_client_free(client);
    service_end(&service);
}

static void a_body_that_cannot_be_made_sends_nothing(void **state)
{
    static struct bound bound;
    struct service service;
    struct http_client *client;

    (void)state;
    bound = (struct bound){.refuse = true};
    service_start(&service, (struct http_server_settings){0}, true);
    client = client_of(&service);
    assert_false(post_bound(client, &bound));
    assert_int_equal(error.code, ERROR_DENIED);
    assert_string_equal(error.message, "no key");
    assert_int_equal(service_counts(&service).requests, 0);
    bound = (struct bound){.len = 0};
    assert_true(post_bound(client, &bound));
    assert_int_equal(answer.body.len, 0);
    http_client_free(client);
    service_end(&service);
}

static bool install(void *context, void *ssl_ctx, struct error *install_error)
{
    int *n_calls = context;

    assert_non_null(ssl_ctx);
    return (*n_calls)++ == 0 || error_plain(install_error, ERROR_CRYPTO, "the key is gone");
}

static void the_callers_key_is_installed(void **state)
{
    struct service service;
    int n_calls = 0;
    char url[64];

    (void)state;
    service_start(&service, (struct http_server_settings){0}, false);
    snprintf(url, sizeof url, "https://127.0.0.1:%u", service.port);
    const struct http_client_settings settings = {
        .url = url,
        .ca = span_text(service.identity.certificate),
        .ssl_ctx = install,
        .ssl_ctx_context = &n_calls,
    };
    assert_true(ask(settings));
    assert_false(ask(settings));
    assert_int_equal(n_calls, 2);
    assert_int_equal(error.code, ERROR_CRYPTO);
    assert_string_equal(error.message, "the key is gone");
    service_end(&service);
}

static void wrong_settings_are_refused(void **state)
{
    static const char *const URLS[] = {
        "",
        "service.test/api",
        "https://service.test/api",
        "https://service.test/?a",
        "https://user@service.test",
        "https://user:password@service.test",
        "https://service.test/#a",
        "https://service.test:99999",
        "ftp://127.0.0.1",
        "file:///etc/passwd",
        "http://service.test",
        "http://localhost",
        "http://192.0.2.1",
        "http://[::2]",
        "http://127.0.0.1.service.test",
    };
    struct http_client *client = NULL;
    struct http_client_settings settings = {.ca_pin = span_of((uint8_t[32]){1}, 32)};
    struct authority root = authority_root("root");

    (void)state;
    for (size_t i = 0; i < sizeof URLS / sizeof *URLS; i++) {
        settings.url = URLS[i];
        error = (struct error){0};
        assert_false(http_client_new(&settings, &client, &error));
        assert_int_equal(error.code, ERROR_USAGE);
    }
    settings = (struct http_client_settings){.url = "https://service.test"};
    assert_false(http_client_new(&settings, &client, &error)); /* trusts nobody */
    assert_int_equal(error.code, ERROR_USAGE);
    settings.ca_pin = span_of(root.sha256, 31);
    assert_false(http_client_new(&settings, &client, &error));
    assert_int_equal(error.code, ERROR_USAGE);
    settings.ca_pin = span_of(NULL, 0);
    settings.ca = span_text("no certificate");
    assert_false(http_client_new(&settings, &client, &error));
    assert_int_equal(error.code, ERROR_USAGE);
    settings.ca = span_of(root.pem, strlen(root.pem) - 40);
    assert_false(http_client_new(&settings, &client, &error));
    assert_int_equal(error.code, ERROR_USAGE);
    settings.ca = span_text(root.pem);
    assert_true(http_client_new(&settings, &client, &error));
    const struct http_client_request request = {
        .method = "GET", .path = "/", .bearer = "a\r\nX-Other: b"};
    assert_false(http_client_do(client, &request, &arena, &answer, &error));
    assert_int_equal(error.code, ERROR_USAGE);
    http_client_free(client);
    authority_drop(&root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_body_is_bound_to_the_connection, begin, end),
        cmocka_unit_test_setup_teardown(every_method_and_header_arrives, begin, end),
        cmocka_unit_test_setup_teardown(a_pin_trusts_one_root, begin, end),
        cmocka_unit_test_setup_teardown(the_pinned_root_is_kept, begin, end),
        cmocka_unit_test_setup_teardown(only_given_roots_are_trusted, begin, end),
        cmocka_unit_test_setup_teardown(the_certificate_has_to_be_for_it_and_in_time, begin, end),
        cmocka_unit_test_setup_teardown(a_name_can_be_given_its_address, begin, end),
        cmocka_unit_test_setup_teardown(only_tls_13_is_spoken, begin, end),
        cmocka_unit_test_setup_teardown(answers_have_caps, begin, end),
        cmocka_unit_test_setup_teardown(slow_services_are_given_up, begin, end),
        cmocka_unit_test_setup_teardown(unreachable_services_say_so, begin, end),
        cmocka_unit_test_setup_teardown(redirects_are_not_followed, begin, end),
        cmocka_unit_test_setup_teardown(proxies_of_the_environment_are_not_used, begin, end),
        cmocka_unit_test_setup_teardown(a_dead_connection_is_made_anew_and_the_body_too, begin,
                                        end),
        cmocka_unit_test_setup_teardown(a_connection_closed_as_idle_is_made_anew, begin, end),
        cmocka_unit_test_setup_teardown(a_body_that_cannot_be_made_sends_nothing, begin, end),
        cmocka_unit_test_setup_teardown(the_callers_key_is_installed, begin, end),
        cmocka_unit_test_setup_teardown(wrong_settings_are_refused, begin, end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
