/* The HTTPS server: every limit and deadline, each seen to refuse. */
#include "service.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static char text[65536];

static void serves_tls_13_only(void **state)
{
    struct service service;
    struct client client, old;

    (void)state;
    service_start(&service, (struct http_server_settings){0}, false);
    client = client_open(&service);
    assert_non_null(client.ssl);
    assert_int_equal(SSL_version(client.ssl), TLS1_3_VERSION);
    assert_int_equal(client_ask(&client, "POST /echo HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello",
                                text, sizeof text),
                     200);
    assert_non_null(strstr(text, "\r\n\r\nhello"));
    assert_non_null(strstr(text, "X-Request-Id: "));
    /* The same connection again. */
    assert_int_equal(client_ask(&client, "GET /peer HTTP/1.1\r\n\r\n", text, sizeof text), 200);
    assert_non_null(strstr(text, "127.0.0.1:"));
    old = client_tls(&service, NULL, TLS1_2_VERSION);
    assert_null(old.ssl);
    client_close(&old);
    client_close(&client);
    service_end(&service);
}

static void sessions_are_resumed(void **state)
{
    struct service service;
    struct client first, second;
    SSL_SESSION *session;

    (void)state;
    service_start(&service, (struct http_server_settings){0}, false);
    first = client_open(&service);
    assert_int_equal(client_ask(&first, "GET /echo HTTP/1.1\r\n\r\n", text, sizeof text), 200);
    session = SSL_get1_session(first.ssl);
    second = client_tls(&service, session, 0);
    assert_non_null(second.ssl);
    assert_int_equal(SSL_session_reused(second.ssl), 1);
    assert_int_equal(client_ask(&second, "GET /echo HTTP/1.1\r\n\r\n", text, sizeof text), 200);
    assert_int_equal(service_counts(&service).handshakes, 2);
    assert_int_equal(service_counts(&service).handshakes_resumed, 1);
    SSL_SESSION_free(session);
    client_close(&first);
    client_close(&second);
    service_end(&service);
}

static void both_ends_see_the_same_channel_binding(void **state)
{
    static const char LABEL[] = "EXPORTER-Channel-Binding";
    struct service service;
    struct client client;
    uint8_t binding[32];
    const char *body;

    (void)state;
    service_start(&service, (struct http_server_settings){0}, false);
    client = client_open(&service);
    assert_int_equal(SSL_export_keying_material(client.ssl, binding, sizeof binding, LABEL,
                                                sizeof LABEL - 1, (const uint8_t *)"", 0, 1),
                     1);
    assert_int_equal(client_ask(&client, "GET /binding HTTP/1.1\r\n\r\n", text, sizeof text), 200);
    body = strstr(text, "\r\n\r\n") + 4;
    assert_memory_equal(body, binding, sizeof binding);
    client_close(&client);
    service_end(&service);
}

static void pipelined_requests_are_answered_in_order(void **state)
{
    struct service service;
    struct client client;

    (void)state;
    service_start(&service, (struct http_server_settings){0}, false);
    client = client_open(&service);
    assert_true(client_say(&client, "POST /late HTTP/1.1\r\nContent-Length: 1\r\n\r\na"
                                    "POST /echo HTTP/1.1\r\nContent-Length: 1\r\n\r\nb"
                                    "POST /small HTTP/1.1\r\nContent-Length: 1\r\n\r\nc"));
    assert_int_equal(client_answer(&client, text, sizeof text), 200);
    assert_non_null(strstr(text, "\r\n\r\nlate"));
    assert_int_equal(client_answer(&client, text, sizeof text), 200);
    assert_non_null(strstr(text, "\r\n\r\nb"));
    assert_int_equal(client_answer(&client, text, sizeof text), 200);
    assert_non_null(strstr(text, "\r\n\r\nc"));
    assert_int_equal(service_counts(&service).bodies_len, 0);
    client_close(&client);
    service_end(&service);
}

static void queries_are_decoded(void **state)
{
    static const struct {
        const char *target, *value;
    } CASES[] = {
        {"/query?name=web-1", "\r\n\r\nweb-1"},
        {"/query?a=1&name=a%20b", "\r\n\r\na b"},
        {"/query?name=a%00b", "\r\n\r\n(none)"},
        {"/query?names=x", "\r\n\r\n(none)"},
        {"/query?xname=x&name=y", "\r\n\r\ny"},
        {"/query", "\r\n\r\n(none)"},
        {"/query?name=first&name=second", "\r\n\r\nfirst"},
    };
    struct service service;
    struct client client;
    char request[256];

    (void)state;
    service_start(&service, (struct http_server_settings){0}, true);
    client = client_open(&service);
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        snprintf(request, sizeof request, "GET %s HTTP/1.1\r\n\r\n", CASES[i].target);
        assert_int_equal(client_ask(&client, request, text, sizeof text), 200);
        assert_non_null(strstr(text, CASES[i].value));
    }
    client_close(&client);
    service_end(&service);
}

static void problems_are_json(void **state)
{
    struct service service;
    struct client client;

    (void)state;
    service_start(&service, (struct http_server_settings){0}, true);
    client = client_open(&service);
    assert_int_equal(client_ask(&client, "GET /problem HTTP/1.1\r\n\r\n", text, sizeof text), 409);
    assert_non_null(strstr(text, "Content-Type: application/problem+json"));
    assert_non_null(strstr(text, "Retry-After: 7"));
    assert_non_null(strstr(text, "\"code\":\"test.conflict\""));
    assert_non_null(strstr(text, "a \\\"quoted\\\" word"));
    client_close(&client);
    service_end(&service);
}

/* What evhttp refuses by itself comes out as a problem object too. */
static void bad_requests_are_refused(void **state)
{
    static char long_header[LIMIT_HTTP_HEADERS_LEN + 200];
    static const struct {
        const char *request;
        int status;
        const char *code;
    } CASES[] = {
        {"nonsense\r\n\r\n", 400, "http.bad_request"},
        {"BREW /echo HTTP/1.1\r\n\r\n", 0, NULL},
        {"TRACE /echo HTTP/1.1\r\n\r\n", 501, "http.method_unknown"},
        {long_header, 400, "http.bad_request"},
        {"POST /echo HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400, "http.bad_request"},
        {"POST /echo HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400,
         "http.bad_request"},
        {"POST /echo HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
         400, "http.bad_request"},
        {"POST /echo HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\nContent-Length: 1\r\n\r\na",
         400, "http.bad_request"},
        {"POST /echo HTTP/1.1\r\nContent-Length : 1\r\n\r\na", 400, "http.bad_request"},
        {"GET /echo HTTP/1.1\r\n: x\r\n\r\n", 400, "http.bad_request"},
        {"GET /echo HTTP/1.1\r\nX\1: x\r\n\r\n", 400, "http.bad_request"},
        {"GET /echo HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400, "http.bad_request"},
        {"GET /echo HTTP/1.1\r\nAuthorization: a\r\nauthorization: b\r\n\r\n", 400,
         "http.bad_request"},
        {"POST /small HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nffff\r\n", 413,
         "http.body_too_large"},
        {"POST /small HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 413,
         "http.body_too_large"},
    };
    struct service service;

    (void)state;
    memset(long_header, 'x', sizeof long_header - 1);
    memcpy(long_header, "GET /echo HTTP/1.1\r\nX-Long: ", 28);
    service_start(&service, (struct http_server_settings){0}, true);
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct client client = client_open(&service);
        int status = client_ask(&client, CASES[i].request, text, sizeof text);

        if (CASES[i].status) {
            assert_int_equal(status, CASES[i].status);
            assert_non_null(strstr(text, "Content-Type: application/problem+json"));
            assert_non_null(strstr(text, CASES[i].code));
        } else {
            assert_true(status >= 400);
        }
        /* What comes next on this connection is nobody's request. */
        assert_true(client_closed_after(&client, 2000) >= 0);
        client_close(&client);
    }
    assert_int_equal(service_counts(&service).bodies_len, 0);
    service_end(&service);
}

static void bodies_have_the_cap_of_their_route(void **state)
{
    static char body[300 * 1024];
    static const struct {
        const char *path;
        size_t len;
        int status;
    } CASES[] = {
        {"/small", 100, 200},           {"/small", 101, 413},       {"/echo", 256 * 1024, 200},
        {"/echo", 256 * 1024 + 1, 413}, {"/big", sizeof body, 200},
    };
    static char answer[400 * 1024];
    struct service service;
    char head[128];

    (void)state;
    memset(body, 'b', sizeof body);
    service_start(&service, (struct http_server_settings){0}, false);
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct client client = client_open(&service);

        snprintf(head, sizeof head, "POST %s HTTP/1.1\r\nContent-Length: %zu\r\n\r\n",
                 CASES[i].path, CASES[i].len);
        client_say(&client, head);
        client_send(&client, body, CASES[i].len);
        assert_int_equal(client_answer(&client, answer, sizeof answer), CASES[i].status);
        if (CASES[i].status == 413)
            assert_non_null(strstr(answer, "http.body_too_large"));
        client_close(&client);
    }
    service_end(&service);
}

/* A byte every 100 ms keeps no connection open beyond the request's deadline. */
static void drip(struct client *client, const char *start)
{
    int64_t n = 0;

    client_say(client, start);
    while (n < 40 && client_say(client, "x")) {
        usleep(100 * 1000);
        n++;
    }
    assert_in_range(n, 8, 20);
}

static void slow_requests_are_cut_off(void **state)
{
    static const char *const STARTS[] = {
        "GET /echo HT",
        "GET /echo HTTP/1.1\r\nX-Slow: ",
        "POST /echo HTTP/1.1\r\nContent-Length: 1000\r\n\r\n",
    };
    struct service service;

    (void)state;
    service_start(&service, (struct http_server_settings){.request_s = 1}, false);
    for (size_t i = 0; i < sizeof STARTS / sizeof *STARTS; i++) {
        struct client client = client_open(&service);

        drip(&client, STARTS[i]);
        client_close(&client);
    }
    assert_int_equal(service_counts(&service).deadline_request, 3);
    service_end(&service);
}

static void idle_connections_are_closed(void **state)
{
    struct service service;
    struct client fresh, used;

    (void)state;
    service_start(&service, (struct http_server_settings){.idle_s = 1}, false);
    fresh = client_open(&service);
    used = client_open(&service);
    assert_int_equal(client_ask(&used, "GET /echo HTTP/1.1\r\n\r\n", text, sizeof text), 200);
    assert_in_range(client_closed_after(&fresh, 4000), 500, 2500);
    assert_in_range(client_closed_after(&used, 4000), 0, 2500);
    assert_int_equal(service_counts(&service).deadline_idle, 2);
    client_close(&fresh);
    client_close(&used);
    service_end(&service);
}

/* CVE-2023-38200: one stalled handshake must not hold up anybody else. */
static void a_stalled_handshake_blocks_nobody(void **state)
{
    struct service service;
    struct client stalled, half, client;

    (void)state;
    service_start(&service, (struct http_server_settings){.handshake_s = 1}, false);
    stalled = client_tcp(&service);
    half = client_tcp(&service);
    client_send(&half, "\x16\x03\x01\x02\x00\x01", 6); /* the start of a ClientHello */
    client = client_open(&service);
    assert_int_equal(client_ask(&client, "GET /echo HTTP/1.1\r\n\r\n", text, sizeof text), 200);
    assert_in_range(client_closed_after(&stalled, 4000), 500, 2500);
    assert_in_range(client_closed_after(&half, 4000), 0, 2500);
    assert_int_equal(service_counts(&service).deadline_handshake, 2);
    assert_int_equal(client_ask(&client, "GET /echo HTTP/1.1\r\n\r\n", text, sizeof text), 200);
    client_close(&stalled);
    client_close(&half);
    client_close(&client);
    service_end(&service);
}

static void garbage_instead_of_tls_is_dropped(void **state)
{
    static const char *const GARBAGE[] = {"GET / HTTP/1.1\r\n\r\n", "\x80\x2e\x01",
                                          "SSH-2.0-x\r\n"};
    struct service service;
    struct client client;

    (void)state;
    service_start(&service, (struct http_server_settings){.handshake_s = 2}, false);
    for (size_t i = 0; i < sizeof GARBAGE / sizeof *GARBAGE; i++) {
        client = client_tcp(&service);
        client_say(&client, GARBAGE[i]);
        assert_in_range(client_closed_after(&client, 4000), 0, 3500);
        client_close(&client);
    }
    client = client_open(&service);
    assert_int_equal(client_ask(&client, "GET /echo HTTP/1.1\r\n\r\n", text, sizeof text), 200);
    client_close(&client);
    assert_int_equal(service_counts(&service).requests, 1);
    service_end(&service);
}

static void connections_are_capped(void **state)
{
    static const struct http_server_settings CASES[] = {
        {.connections_per_address = 3},
        {.connections = 3},
    };

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct service service;
        struct client clients[4];
        struct http_server_counts counts;

        service_start(&service, CASES[i], false);
        for (size_t j = 0; j < 4; j++)
            clients[j] = client_open(&service);
        for (size_t j = 0; j < 3; j++)
            assert_int_equal(
                client_ask(&clients[j], "GET /echo HTTP/1.1\r\n\r\n", text, sizeof text), 200);
        assert_null(clients[3].ssl);
        counts = service_counts(&service);
        assert_int_equal(counts.refused_address + counts.refused_total, 1);
        assert_int_equal(i == 0 ? counts.refused_address : counts.refused_total, 1);
        client_close(&clients[3]);
        client_close(&clients[0]);
        while (service_counts(&service).connections > 2)
            usleep(1000);
        clients[0] = client_open(&service);
        assert_int_equal(client_ask(&clients[0], "GET /echo HTTP/1.1\r\n\r\n", text, sizeof text),
                         200);
        for (size_t j = 0; j < 3; j++)
            client_close(&clients[j]);
        service_end(&service);
    }
}

static void a_client_that_does_not_read_is_cut_off(void **state)
{
    struct service service;
    struct client client;

    (void)state;
    service_start(&service, (struct http_server_settings){.request_s = 1}, false);
    client = client_open(&service);
    client_say(&client, "GET /large HTTP/1.1\r\n\r\n");
    usleep(1500 * 1000);
    assert_int_equal(service_counts(&service).deadline_request, 1);
    assert_int_equal(service_counts(&service).connections, 0);
    client_close(&client);
    service_end(&service);
}

static void a_client_that_goes_does_no_harm(void **state)
{
    struct service service;
    struct client client;

    (void)state;
    service_start(&service, (struct http_server_settings){0}, false);
    for (size_t i = 0; i < 5; i++) {
        client = client_open(&service);
        client_say(&client, "GET /late HTTP/1.1\r\n\r\n");
        client_close(&client);
    }
    usleep(600 * 1000);
    assert_int_equal(service_counts(&service).answers, 5);
    assert_int_equal(service_counts(&service).requests_open, 0);
    assert_int_equal(service_counts(&service).connections, 0);
    /* And with a request still open when the server ends. */
    client = client_open(&service);
    client_say(&client, "GET /stream HTTP/1.1\r\n\r\n");
    usleep(100 * 1000);
    service_end(&service);
    client_close(&client);
}

/* However its end falls together with the sending of what came before, a stream is sent whole. */
static void a_stream_that_ends_is_whole(void **state)
{
    struct service service;
    struct client client;

    (void)state;
    service_start(&service, (struct http_server_settings){.request_s = 2}, false);
    client = client_open(&service);
    for (size_t i = 0; i < 500; i++) {
        client_say(&client, "GET /short-stream HTTP/1.1\r\n\r\n");
        text[0] = '\0';
        for (size_t used = 0; !strstr(text, "\r\n0\r\n\r\n"); text[used] = '\0') {
            int n = SSL_read(client.ssl, text + used, (int)(sizeof text - 1 - used));

            assert_true(n > 0);
            used += (size_t)n;
        }
        assert_non_null(strstr(text, "first "));
        assert_non_null(strstr(text, "last"));
    }
    client_close(&client);
    service_end(&service);
}

static void streams_run_until_the_client_goes(void **state)
{
    struct service service;
    struct client client;

    (void)state;
    service_start(&service, (struct http_server_settings){.request_s = 1, .idle_s = 1}, false);
    client = client_open(&service);
    client_say(&client, "GET /stream HTTP/1.1\r\n\r\n");
    usleep(1500 * 1000); /* beyond the deadlines of requests */
    service_stream(&service);
    for (size_t used = 0; !strstr(text, "data: one\n\n"); text[used] = '\0') {
        int n = SSL_read(client.ssl, text + used, (int)(sizeof text - 1 - used));

        assert_true(n > 0);
        used += (size_t)n;
    }
    client_close(&client);
    for (size_t i = 0; i < 100 && service_counts(&service).requests_open; i++)
        usleep(10 * 1000);
    assert_true(service.stream_closed);
    service_end(&service);
}

static void stopping_lets_requests_finish(void **state)
{
    struct service service;
    struct client idle, busy, late;

    (void)state;
    service_start(&service, (struct http_server_settings){0}, false);
    idle = client_open(&service);
    busy = client_open(&service);
    client_say(&busy, "GET /late HTTP/1.1\r\n\r\n");
    usleep(100 * 1000);
    service_stop(&service);
    late = client_tcp(&service);
    assert_int_equal(late.fd, -1);
    assert_in_range(client_closed_after(&idle, 1000), 0, 1000);
    assert_int_equal(client_answer(&busy, text, sizeof text), 200);
    assert_non_null(strstr(text, "Connection: close"));
    for (size_t i = 0; i < 100 && !service.stopped; i++) {
        usleep(10 * 1000);
        service_counts(&service);
    }
    assert_true(service.stopped);
    client_close(&idle);
    client_close(&busy);
    service_end(&service);
}

static void bad_settings_are_refused(void **state)
{
    static struct identity one, other;
    struct error error;
    struct event_base *loop = loop_new(&error);
    struct http_server *server;

    (void)state;
    identity_make(&one);
    identity_make(&other);
    struct http_server_settings cases[] = {
        {.listen = "0.0.0.0:0", .plain = true},
        {.listen = "[::]:0", .plain = true},
        {.listen = "nowhere", .plain = true},
        {.listen = "127.0.0.1:0"},
        {.listen = "127.0.0.1:0",
         .certificate = span_text(one.certificate),
         .key = span_text(other.key)},
        {.listen = "127.0.0.1:0", .certificate = span_text(one.certificate)},
        {.listen = "127.0.0.1:0", .plain = true, .connections = LIMIT_HTTP_CONNECTIONS + 1},
        {.listen = "127.0.0.1:0", .plain = true, .request_s = LIMIT_HTTP_REQUEST_S + 1},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_false(http_server_start(loop, &cases[i], &server, &error));
        assert_int_equal(error.code, ERROR_USAGE);
    }
    loop_free(loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(serves_tls_13_only),
        cmocka_unit_test(sessions_are_resumed),
        cmocka_unit_test(both_ends_see_the_same_channel_binding),
        cmocka_unit_test(pipelined_requests_are_answered_in_order),
        cmocka_unit_test(queries_are_decoded),
        cmocka_unit_test(problems_are_json),
        cmocka_unit_test(bad_requests_are_refused),
        cmocka_unit_test(bodies_have_the_cap_of_their_route),
        cmocka_unit_test(slow_requests_are_cut_off),
        cmocka_unit_test(idle_connections_are_closed),
        cmocka_unit_test(a_stalled_handshake_blocks_nobody),
        cmocka_unit_test(garbage_instead_of_tls_is_dropped),
        cmocka_unit_test(connections_are_capped),
        cmocka_unit_test(a_client_that_does_not_read_is_cut_off),
        cmocka_unit_test(a_client_that_goes_does_no_harm),
        cmocka_unit_test(a_stream_that_ends_is_whole),
        cmocka_unit_test(streams_run_until_the_client_goes),
        cmocka_unit_test(stopping_lets_requests_finish),
        cmocka_unit_test(bad_settings_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
