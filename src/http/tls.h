/* TLS settings that server and client share. Inside src/http only.
 *
 * TLS 1.3 and nothing else, no early data, no compression, no renegotiation (1.3 has none). */
#ifndef BOOTSEAL_HTTP_TLS_H
#define BOOTSEAL_HTTP_TLS_H

#include "base/error.h"
#include "base/span.h"

#include <openssl/ssl.h>

/* A server context with the PEM chain (leaf first) and its key. ERROR_USAGE when they cannot be
 * read or don't fit together. Session tickets of previous (or NULL) stay good in the new one. */
bool tls_server_context(struct span certificate, struct span key, SSL_CTX *previous,
                        SSL_CTX **context, struct error *error) MUST_CHECK;

/* RFC 9266, 4.2: the exporter value with the label EXPORTER-Channel-Binding and no context. */
bool tls_channel_binding(SSL *ssl, uint8_t binding[32]) MUST_CHECK;

/* Fills in *error with the oldest text of OpenSSL's queue, and empties the queue. */
bool tls_error(struct error *error, enum error_code code, const char *what);

#endif
