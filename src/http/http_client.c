/* The HTTPS client on libcurl. Owns one libcurl handle with its kept connection, and what it
 * trusts. Trusts the roots or the root fingerprint that it was given and nothing else; the service's
 * answers are foreign bytes under caps. Must never fall back to the system's list of roots, follow
 * a redirect, take a proxy from the environment, or send a request before the peer is known. */
#include "http/http_client.h"

#include "base/text.h"
#include "http/tls.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509_vfy.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    PIN_LEN = 32, /* SHA-256 */
    BINDING_LEN = 32,
    CONNECT_S = 10,
    REQUEST_S = 30,
    ISSUER_TEXT_LEN = 64, /* what of a name goes into an error's message */
    /* A connection the service is about to close as idle is not used again. */
    KEPT_S = LIMIT_HTTP_IDLE_S - 15,
};

/* One request under way. */
struct exchange {
    const struct http_client_request *request;
    struct span body;   /* what is sent */
    size_t body_at;     /* how much of it has been */
    size_t headers_len; /* of the answer, so far */
    size_t answer_len;  /* bytes of client->answer in use */
    size_t answer_cap;
    bool too_much;  /* the answer is over a cap */
    bool own_error; /* error has been filled in by a callback */
    struct error *error;
};

struct http_client {
    CURL *curl;
    char *url; /* scheme, host and port, no slash at the end */
    bool plain;
    char connect_to[INET6_ADDRSTRLEN + 8]; /* libcurl's "::ADDRESS:" or "" */
    STACK_OF(X509) * roots;                /* given ones; may be empty */
    uint8_t pin[PIN_LEN];
    bool has_pin;
    char *root; /* PEM of the one that matched the pin, or NULL */
    size_t root_len;
    unsigned connect_s, request_s;
    http_ssl_ctx_fn *ssl_ctx;
    void *ssl_ctx_context;
    uint8_t *answer; /* reused from request to request */
    size_t answer_size;
    struct exchange *exchange; /* NULL between requests */
    char curl_error[CURL_ERROR_SIZE];
};

/* --- What is trusted --- */

static bool matches_pin(const struct http_client *client, X509 *certificate)
{
    uint8_t digest[PIN_LEN];

    return X509_digest(certificate, EVP_sha256(), digest, NULL) == 1 &&
           CRYPTO_memcmp(digest, client->pin, PIN_LEN) == 0;
}

/* Adds those certificates that may be roots: with a pin only the one that has it. */
static bool add_trusted(const struct http_client *client, STACK_OF(X509) * trusted,
                        STACK_OF(X509) * from)
{
    for (int i = 0; i < sk_X509_num(from); i++) {
        X509 *certificate = sk_X509_value(from, i);

        if (client->has_pin && !matches_pin(client, certificate))
            continue;
        if (X509_add_cert(trusted, certificate, X509_ADD_FLAG_UP_REF | X509_ADD_FLAG_NO_DUP) != 1)
            return false;
    }
    return true;
}

static void name_text(const X509_NAME *name, char text[ISSUER_TEXT_LEN])
{
    char *line = name ? X509_NAME_oneline(name, NULL, 0) : NULL;

    /* The name is the peer's: what is not printable ASCII, oneline has escaped. */
    snprintf(text, ISSUER_TEXT_LEN, "%s", line && *line ? line : "nobody");
    OPENSSL_free(line);
}

/* Says whom the service named as issuer and what would have been believed. */
static void say_untrusted(struct http_client *client, X509_STORE_CTX *store)
{
    X509 *leaf = X509_STORE_CTX_get0_cert(store);
    const char *why = X509_verify_cert_error_string(X509_STORE_CTX_get_error(store));
    char seen[ISSUER_TEXT_LEN], wanted[2 * PIN_LEN + 1];

    name_text(leaf ? X509_get_issuer_name(leaf) : NULL, seen);
    client->exchange->own_error = true;
    if (client->has_pin) {
        text_hex_into(wanted, span_of(client->pin, PIN_LEN));
        error_plain(client->exchange->error, ERROR_DENIED,
                    "certificate by %s does not lead to the pinned root %s (%.40s)", seen, wanted,
                    why);
        return;
    }
    name_text(X509_get_subject_name(sk_X509_value(client->roots, 0)), wanted);
    error_plain(client->exchange->error, ERROR_DENIED,
                "the service's certificate is by %s, expected one that leads to %s (%.60s)", seen,
                wanted, why);
}

static bool keep_root(struct http_client *client, X509 *root)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *pem;
    long pem_len;

    if (bio && PEM_write_bio_X509(bio, root) == 1 && (pem_len = BIO_get_mem_data(bio, &pem)) > 0) {
        free(client->root);
        client->root = malloc((size_t)pem_len);
        client->root_len = client->root ? (size_t)pem_len : 0;
        if (client->root)
            memcpy(client->root, pem, (size_t)pem_len);
    }
    BIO_free(bio);
    return client->root != NULL;
}

/* Instead of OpenSSL's look into a store: the chain has to end in one of the trusted certificates,
 * and that one has to be a root. */
static int verify_chain(X509_STORE_CTX *store, void *context)
{
    struct http_client *client = context;
    STACK_OF(X509) *trusted = sk_X509_new_null();
    STACK_OF(X509) * chain;
    bool verified = trusted && add_trusted(client, trusted, client->roots) &&
                    (!client->has_pin ||
                     add_trusted(client, trusted, X509_STORE_CTX_get0_untrusted(store)));

    if (verified) {
        X509_STORE_CTX_set0_trusted_stack(store, trusted);
        /* libcurl sets this flag, with which an intermediate would do as an end of the chain. */
        X509_VERIFY_PARAM_clear_flags(X509_STORE_CTX_get0_param(store), X509_V_FLAG_PARTIAL_CHAIN);
        verified = X509_verify_cert(store) == 1;
    }
    if (verified && client->has_pin) {
        chain = X509_STORE_CTX_get0_chain(store);
        verified = keep_root(client, sk_X509_value(chain, sk_X509_num(chain) - 1));
    }
    if (!verified) {
        if (X509_STORE_CTX_get_error(store) == X509_V_OK)
            X509_STORE_CTX_set_error(store, X509_V_ERR_UNSPECIFIED);
        say_untrusted(client, store);
    }
    sk_X509_pop_free(trusted, X509_free);
    return verified;
}

static CURLcode set_up_tls(CURL *curl, void *ssl_ctx, void *context)
{
    struct http_client *client = context;

    (void)curl;
    SSL_CTX_set_cert_verify_callback(ssl_ctx, verify_chain, client);
    SSL_CTX_set_verify(ssl_ctx, SSL_VERIFY_PEER, NULL);
    if (client->ssl_ctx &&
        !client->ssl_ctx(client->ssl_ctx_context, ssl_ctx, client->exchange->error)) {
        client->exchange->own_error = true;
        return CURLE_ABORTED_BY_CALLBACK;
    }
    return CURLE_OK;
}

/* --- One request --- */

/* The connection stands and no byte of the request has been sent: the body can be bound to it. Comes
 * again when libcurl finds a kept connection dead and makes a new one. */
static int connected(void *context, char *peer, char *local, int peer_port, int local_port)
{
    struct http_client *client = context;
    struct exchange *exchange = client->exchange;
    struct curl_tlssessioninfo *session = NULL;
    uint8_t binding[BINDING_LEN];
    size_t binding_len = 0;

    (void)peer;
    (void)local;
    (void)peer_port;
    (void)local_port;
    exchange->body_at = 0;
    if (!exchange->request->body_fn)
        return CURL_PREREQFUNC_OK;
    exchange->own_error = true; /* from here on whatever fails has said why */
    if (!client->plain) {
        if (curl_easy_getinfo(client->curl, CURLINFO_TLS_SSL_PTR, &session) != CURLE_OK ||
            !session || session->backend != CURLSSLBACKEND_OPENSSL || !session->internals ||
            !tls_channel_binding(session->internals, binding)) {
            tls_error(exchange->error, ERROR_CRYPTO, "cannot derive the channel binding");
            return CURL_PREREQFUNC_ABORT;
        }
        binding_len = BINDING_LEN;
    }
    if (!exchange->request->body_fn(exchange->request->body_context, span_of(binding, binding_len),
                                    &exchange->body, exchange->error))
        return CURL_PREREQFUNC_ABORT;
    exchange->own_error = false;
    return CURL_PREREQFUNC_OK;
}

static size_t send_body(char *to, size_t size, size_t n, void *context)
{
    struct exchange *exchange = ((struct http_client *)context)->exchange;
    size_t room = size * n, left = exchange->body.len - exchange->body_at;
    size_t len = left < room ? left : room;

    if (len)
        memcpy(to, exchange->body.data + exchange->body_at, len);
    exchange->body_at += len;
    return len;
}

/* libcurl goes back to the start only, when it sends again on a new connection. */
static int rewind_body(void *context, curl_off_t offset, int origin)
{
    struct exchange *exchange = ((struct http_client *)context)->exchange;

    if (origin != SEEK_SET || offset < 0 || (uint64_t)offset > exchange->body.len)
        return CURL_SEEKFUNC_FAIL;
    exchange->body_at = (size_t)offset;
    return CURL_SEEKFUNC_OK;
}

static size_t take_header(char *bytes, size_t size, size_t n, void *context)
{
    struct exchange *exchange = ((struct http_client *)context)->exchange;

    (void)bytes;
    exchange->headers_len += size * n;
    if (exchange->headers_len <= LIMIT_HTTP_HEADERS_LEN)
        return size * n;
    exchange->too_much = true;
    return 0;
}

static bool is_success(const struct http_client *client)
{
    long status = 0;

    return curl_easy_getinfo(client->curl, CURLINFO_RESPONSE_CODE, &status) == CURLE_OK &&
           status == 200;
}

static size_t take_body(char *bytes, size_t size, size_t n, void *context)
{
    struct http_client *client = context;
    struct exchange *exchange = client->exchange;
    size_t len = size * n, wanted = client->answer_size ? client->answer_size : 16 * 1024;
    uint8_t *grown;

    if (exchange->request->take && is_success(client))
        return exchange->request->take(exchange->request->take_context, span_of(bytes, len)) ? len
                                                                                             : 0;
    if (len > exchange->answer_cap - exchange->answer_len) {
        exchange->too_much = true;
        return 0;
    }
    while (wanted < exchange->answer_len + len)
        wanted *= 2;
    if (wanted > client->answer_size) {
        grown = realloc(client->answer, wanted);
        if (!grown) {
            exchange->own_error = true;
            error_plain(exchange->error, ERROR_MEMORY, "no memory for the answer");
            return 0;
        }
        client->answer = grown;
        client->answer_size = wanted;
    }
    memcpy(client->answer + exchange->answer_len, bytes, len);
    exchange->answer_len += len;
    return len;
}

/* Adds "name: value", or with an empty name the line as it is. */
static bool add_header(struct curl_slist **headers, const char *name, const char *value)
{
    size_t line_len = strlen(name) + 2 + strlen(value) + 1;
    char *line = malloc(line_len);
    struct curl_slist *longer = NULL;

    if (line) {
        snprintf(line, line_len, "%s%s%s", name, *name ? ": " : "", value);
        longer = curl_slist_append(*headers, line);
        OPENSSL_cleanse(line, line_len);
        free(line);
    }
    if (longer)
        *headers = longer;
    return longer != NULL;
}

static void drop_headers(struct curl_slist *headers)
{
    for (struct curl_slist *header = headers; header; header = header->next)
        OPENSSL_cleanse(header->data, strlen(header->data)); /* the token */
    curl_slist_free_all(headers);
}

static bool make_headers(const struct http_client_request *request, struct curl_slist **headers)
{
    char *bearer = NULL;
    bool made = add_header(headers, "", "Expect:"); /* no waiting for 100 Continue */

    made = made &&
           (request->content_type ? add_header(headers, "Content-Type", request->content_type)
                                  : add_header(headers, "", "Content-Type:"));
    made = made && (!request->accept || add_header(headers, "Accept", request->accept)) &&
           (!request->if_match || add_header(headers, "If-Match", request->if_match)) &&
           (!request->if_none_match || add_header(headers, "If-None-Match", "*"));
    if (made && request->bearer) {
        size_t bearer_len = strlen(request->bearer) + sizeof "Bearer ";

        bearer = malloc(bearer_len);
        if (bearer)
            snprintf(bearer, bearer_len, "Bearer %s", request->bearer);
        made = bearer && add_header(headers, "Authorization", bearer);
        if (bearer)
            OPENSSL_cleanse(bearer, bearer_len);
        free(bearer);
    }
    return made;
}

#define SET(curl, option, value) (curl_easy_setopt(curl, CURLOPT_##option, value) == CURLE_OK)

/* What is the same for every request of a client. */
static bool set_connection(struct http_client *client, struct curl_slist *connect_to)
{
    CURL *curl = client->curl;

    return SET(curl, PROTOCOLS_STR, client->plain ? "http" : "https") &&
           SET(curl, HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) && SET(curl, FOLLOWLOCATION, 0L) &&
           SET(curl, PROXY, "") && SET(curl, NOPROXY, "*") && SET(curl, NOSIGNAL, 1L) &&
           SET(curl, CONNECT_TO, connect_to) && SET(curl, MAXAGE_CONN, (long)KEPT_S) &&
           SET(curl, CONNECTTIMEOUT, (long)client->connect_s) &&
           SET(curl, SSLVERSION, (long)CURL_SSLVERSION_TLSv1_3) && SET(curl, CAINFO, NULL) &&
           SET(curl, CAPATH, NULL) && SET(curl, SSL_VERIFYPEER, 1L) &&
           SET(curl, SSL_VERIFYHOST, 2L) && SET(curl, SSL_CTX_FUNCTION, set_up_tls) &&
           SET(curl, SSL_CTX_DATA, client) && SET(curl, PREREQFUNCTION, connected) &&
           SET(curl, PREREQDATA, client) && SET(curl, HEADERFUNCTION, take_header) &&
           SET(curl, HEADERDATA, client) && SET(curl, WRITEFUNCTION, take_body) &&
           SET(curl, WRITEDATA, client) && SET(curl, ERRORBUFFER, client->curl_error);
}

/* A body that is made when the connection stands has no size before that, and goes out chunked. */
static bool set_request(struct http_client *client, const struct http_client_request *request,
                        const char *url, struct curl_slist *headers)
{
    CURL *curl = client->curl;
    bool has_body = request->body_fn || request->body.len || strcmp(request->method, "POST") == 0;
    bool set = SET(curl, URL, url) && SET(curl, PATH_AS_IS, 1L) && SET(curl, HTTPHEADER, headers);

    if (request->take) /* slower than a byte a second is no answer */
        set = set && SET(curl, LOW_SPEED_LIMIT, 1L) &&
              SET(curl, LOW_SPEED_TIME, (long)client->request_s);
    else
        set = set && SET(curl, TIMEOUT, (long)client->request_s);
    if (strcmp(request->method, "HEAD") == 0)
        return set && SET(curl, NOBODY, 1L);
    if (has_body)
        set = set && SET(curl, POST, 1L);
    if (request->body_fn)
        set = set && SET(curl, READFUNCTION, send_body) && SET(curl, READDATA, client) &&
              SET(curl, SEEKFUNCTION, rewind_body) && SET(curl, SEEKDATA, client);
    else if (has_body)
        set = set && SET(curl, POSTFIELDSIZE_LARGE, (curl_off_t)request->body.len) &&
              SET(curl, POSTFIELDS, request->body.len ? (const char *)request->body.data : "");
    return set && SET(curl, CUSTOMREQUEST, request->method);
}

static bool is_line(const char *text)
{
    for (; text && *text; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            return false;
    return true;
}

/* --- What came of it --- */

static bool fail(struct http_client *client, CURLcode code)
{
    struct exchange *exchange = client->exchange;
    struct error *error = exchange->error;
    const char *detail = *client->curl_error ? client->curl_error : curl_easy_strerror(code);

    if (exchange->own_error)
        return false;
    if (exchange->too_much)
        return error_plain(error, ERROR_LIMIT, "the service's answer is over %zu bytes",
                           exchange->headers_len > LIMIT_HTTP_HEADERS_LEN
                               ? (size_t)LIMIT_HTTP_HEADERS_LEN
                               : exchange->answer_cap);
    switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
        return error_plain(error, ERROR_NOT_FOUND, "%.180s", detail);
    case CURLE_PEER_FAILED_VERIFICATION:
        return error_plain(error, ERROR_DENIED, "the service's certificate is not for it: %.160s",
                           detail);
    case CURLE_OUT_OF_MEMORY:
        return error_plain(error, ERROR_MEMORY, "no memory for the request");
    case CURLE_OPERATION_TIMEDOUT:
        return error_plain(error, ERROR_IO, "no answer in time: %.180s", detail);
    default:
        return error_plain(error, ERROR_IO, "%.200s", detail);
    }
}

static const char *header_text(CURL *curl, const char *name, struct arena *arena)
{
    struct curl_header *header = NULL;

    if (curl_easy_header(curl, name, 0, CURLH_HEADER, -1, &header) != CURLHE_OK)
        return arena_text(arena, span_text(""));
    return text_printable(arena, span_text(header->value));
}

static bool take_answer(struct http_client *client, struct arena *arena,
                        struct http_client_answer *answer, struct error *error)
{
    struct http_client_answer taken = {0};
    curl_off_t retry_after = 0;
    long status = 0;

    if (curl_easy_getinfo(client->curl, CURLINFO_RESPONSE_CODE, &status) != CURLE_OK || !status)
        return error_plain(error, ERROR_IO, "the service's answer has no status");
    if (curl_easy_getinfo(client->curl, CURLINFO_RETRY_AFTER, &retry_after) == CURLE_OK &&
        retry_after > 0)
        taken.retry_after_s = retry_after < UINT16_MAX ? (unsigned)retry_after : UINT16_MAX;
    taken.status = (int)status;
    taken.content_type = header_text(client->curl, "Content-Type", arena);
    taken.etag = header_text(client->curl, "ETag", arena);
    /* With a NUL behind it, for those who parse text. */
    taken.body.data = (const uint8_t *)arena_text(
        arena, span_of(client->answer, client->exchange->answer_len));
    taken.body.len = client->exchange->answer_len;
    if (!taken.content_type || !taken.etag || !taken.body.data)
        return arena_error(arena, error);
    *answer = taken;
    return true;
}

static bool check_request(const struct http_client_request *request, struct error *error)
{
    if (!request->path || request->path[0] != '/' || !is_line(request->path) ||
        !is_line(request->method) || !is_line(request->content_type) || !is_line(request->accept))
        return error_plain(error, ERROR_USAGE, "the request's path or a header is no single line");
    if (!is_line(request->bearer))
        return error_plain(error, ERROR_USAGE, "the token holds a control character");
    return true;
}

bool http_client_do(struct http_client *client, const struct http_client_request *request,
                    struct arena *arena, struct http_client_answer *answer, struct error *error)
{
    struct exchange exchange = {
        .request = request,
        .body = request->body,
        .answer_cap = request->answer_cap ? request->answer_cap : LIMIT_HTTP_JSON_LEN,
        .error = error,
    };
    struct curl_slist *headers = NULL, *connect_to = NULL;
    char *url;
    CURLcode code;
    bool done;

    if (!check_request(request, error))
        return false;
    url = arena_printf(arena, "%s%s", client->url, request->path);
    if (!url)
        return arena_error(arena, error);
    client->exchange = &exchange;
    client->curl_error[0] = '\0';
    curl_easy_reset(client->curl); /* keeps the connection, forgets the last request */
    done = make_headers(request, &headers) &&
           (!*client->connect_to ||
            (connect_to = curl_slist_append(NULL, client->connect_to)) != NULL) &&
           set_connection(client, connect_to) && set_request(client, request, url, headers);
    if (!done) {
        error_plain(error, ERROR_MEMORY, "cannot set up the request");
    } else {
        ERR_clear_error();
        code = curl_easy_perform(client->curl);
        ERR_clear_error();
        done = code == CURLE_OK ? take_answer(client, arena, answer, error) : fail(client, code);
    }
    /* libcurl keeps pointers to these until they are replaced. */
    curl_easy_reset(client->curl);
    drop_headers(headers);
    curl_slist_free_all(connect_to);
    client->exchange = NULL;
    return done;
}

/* --- Making one --- */

static bool is_loopback(const char *host)
{
    struct in_addr v4;

    if (inet_pton(AF_INET, host, &v4) == 1)
        return ntohl(v4.s_addr) >> 24 == 127;
    return strcmp(host, "[::1]") == 0;
}

static bool has_part(CURLU *url, CURLUPart part)
{
    char *text = NULL;
    bool has = curl_url_get(url, part, &text, 0) == CURLUE_OK;

    curl_free(text);
    return has;
}

/* Takes "https://host[:port]" apart and keeps it without anything behind. */
static bool take_url(struct http_client *client, const char *text, struct error *error)
{
    CURLU *url = curl_url();
    char *scheme = NULL, *host = NULL, *path = NULL, *whole = NULL;
    bool taken = false;

    if (!url || !text || curl_url_set(url, CURLUPART_URL, text, 0) != CURLUE_OK ||
        curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK ||
        curl_url_get(url, CURLUPART_HOST, &host, 0) != CURLUE_OK ||
        curl_url_get(url, CURLUPART_PATH, &path, 0) != CURLUE_OK || strcmp(path, "/") != 0 ||
        has_part(url, CURLUPART_USER) || has_part(url, CURLUPART_PASSWORD) ||
        has_part(url, CURLUPART_QUERY) || has_part(url, CURLUPART_FRAGMENT) ||
        curl_url_get(url, CURLUPART_URL, &whole, 0) != CURLUE_OK) {
        error_plain(error, ERROR_USAGE,
                    "the service's address is https://HOST[:PORT], not '%.100s'", text ? text : "");
    } else if (strcmp(scheme, "https") != 0 && strcmp(scheme, "http") != 0) {
        error_plain(error, ERROR_USAGE, "the service is reached by https, not by %.40s", scheme);
    } else if (strcmp(scheme, "http") == 0 && !is_loopback(host)) {
        error_plain(error, ERROR_USAGE,
                    "http without TLS goes to a loopback address (127.0.0.1, [::1]) only, not to "
                    "'%.80s'",
                    host);
    } else {
        client->plain = strcmp(scheme, "http") == 0;
        whole[strlen(whole) - 1] = '\0'; /* the slash that is its path */
        client->url = strdup(whole);
        taken = client->url || error_plain(error, ERROR_MEMORY, "no memory for a client");
    }
    curl_free(scheme);
    curl_free(host);
    curl_free(path);
    curl_free(whole);
    curl_url_cleanup(url);
    return taken;
}

static bool take_resolve(struct http_client *client, const char *address, struct error *error)
{
    struct in6_addr any;

    if (!address || !*address)
        return true;
    if (client->plain)
        return error_plain(error, ERROR_USAGE, "an address can be set for https only");
    if (inet_pton(AF_INET, address, &any) == 1)
        snprintf(client->connect_to, sizeof client->connect_to, "::%s:", address);
    else if (inet_pton(AF_INET6, address, &any) == 1)
        snprintf(client->connect_to, sizeof client->connect_to, "::[%s]:", address);
    else
        return error_plain(error, ERROR_USAGE, "'%.80s' is no IP address", address);
    return true;
}

static bool take_roots(struct http_client *client, struct span ca, struct error *error)
{
    BIO *bio = BIO_new_mem_buf(ca.len ? ca.data : (const void *)"", (int)ca.len);
    X509 *root;
    bool taken = bio != NULL;

    ERR_clear_error();
    while (taken && (root = PEM_read_bio_X509(bio, NULL, NULL, NULL))) {
        taken = sk_X509_push(client->roots, root) > 0;
        if (!taken)
            X509_free(root);
    }
    BIO_free(bio);
    /* The loop ends with "no start line" at the end of the text; anything else is a broken one. */
    if (!taken || ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE ||
        (ca.len && sk_X509_num(client->roots) == 0))
        return tls_error(error, ERROR_USAGE, "the CA file holds no usable PEM certificates");
    ERR_clear_error();
    return true;
}

static bool take_trust(struct http_client *client, const struct http_client_settings *settings,
                       struct error *error)
{
    if (client->plain)
        return true;
    if (settings->ca_pin.len && settings->ca_pin.len != PIN_LEN)
        return error_plain(error, ERROR_USAGE, "a CA fingerprint is a SHA-256: %d bytes, not %zu",
                           PIN_LEN, settings->ca_pin.len);
    if (!settings->ca_pin.len && !settings->ca.len)
        return error_plain(
            error, ERROR_USAGE,
            "no CA to trust: the service's CA certificate or its fingerprint is needed");
    client->has_pin = settings->ca_pin.len != 0;
    if (client->has_pin)
        memcpy(client->pin, settings->ca_pin.data, PIN_LEN);
    return take_roots(client, settings->ca, error);
}

bool http_client_new(const struct http_client_settings *settings, struct http_client **client,
                     struct error *error)
{
    struct http_client *made;

    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return error_plain(error, ERROR_MEMORY, "libcurl does not start");
    made = calloc(1, sizeof *made);
    if (!made) {
        curl_global_cleanup();
        return error_plain(error, ERROR_MEMORY, "no memory for a client");
    }
    made->connect_s = settings->connect_s ? settings->connect_s : CONNECT_S;
    made->request_s = settings->request_s ? settings->request_s : REQUEST_S;
    made->ssl_ctx = settings->ssl_ctx;
    made->ssl_ctx_context = settings->ssl_ctx_context;
    made->curl = curl_easy_init();
    made->roots = sk_X509_new_null();
    if (!made->curl || !made->roots) {
        http_client_free(made);
        return error_plain(error, ERROR_MEMORY, "no memory for a client");
    }
    if (!take_url(made, settings->url, error) || !take_resolve(made, settings->resolve, error) ||
        !take_trust(made, settings, error)) {
        http_client_free(made);
        return false;
    }
    *client = made;
    return true;
}

void http_client_free(struct http_client *client)
{
    if (!client)
        return;
    curl_easy_cleanup(client->curl);
    sk_X509_pop_free(client->roots, X509_free);
    free(client->url);
    free(client->root);
    free(client->answer);
    free(client);
    curl_global_cleanup();
}

struct span http_client_root(const struct http_client *client)
{
    return span_of(client->root, client->root_len);
}
