/* TLS settings and the channel binding. Owns SSL contexts while they are made; trusts the PEM texts
 * that the operator configured; must never allow a version below 1.3. */
#include "http/tls.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

enum { TICKET_KEYS_LEN = 80 }; /* name, HMAC key and AES key, OpenSSL 3 */

bool tls_error(struct error *error, enum error_code code, const char *what)
{
    unsigned long first = ERR_get_error();
    const char *reason = first ? ERR_reason_error_string(first) : NULL;

    ERR_clear_error();
    return error_plain(error, code, "%s: %s", what, reason ? reason : "no reason given");
}

/* The leaf, then every further certificate of the text. */
static bool use_chain(SSL_CTX *context, BIO *pem)
{
    X509 *certificate = PEM_read_bio_X509(pem, NULL, NULL, NULL);
    bool used = certificate && SSL_CTX_use_certificate(context, certificate) == 1;

    X509_free(certificate);
    while (used && (certificate = PEM_read_bio_X509(pem, NULL, NULL, NULL))) {
        used = SSL_CTX_add1_chain_cert(context, certificate) == 1;
        X509_free(certificate);
    }
    /* The loop ends with "no start line" at the end of the text, which is no failure. */
    if (used && ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE)
        ERR_clear_error();
    return used && ERR_peek_error() == 0;
}

static bool use_pem(SSL_CTX *context, struct span certificate, struct span key, struct error *error)
{
    BIO *chain_bio = BIO_new_mem_buf(certificate.len ? certificate.data : (const void *)"",
                                     (int)certificate.len);
    BIO *key_bio = BIO_new_mem_buf(key.len ? key.data : (const void *)"", (int)key.len);
    EVP_PKEY *private_key = NULL;
    bool used = false;

    ERR_clear_error();
    if (!chain_bio || !key_bio) {
        tls_error(error, ERROR_MEMORY, "cannot read certificate and key");
    } else if (!use_chain(context, chain_bio)) {
        tls_error(error, ERROR_USAGE, "the TLS certificate is no usable PEM chain");
    } else if (!(private_key = PEM_read_bio_PrivateKey(key_bio, NULL, NULL, (void *)""))) {
        tls_error(error, ERROR_USAGE, "the TLS key is no unencrypted PEM private key");
    } else if (SSL_CTX_use_PrivateKey(context, private_key) != 1 ||
               SSL_CTX_check_private_key(context) != 1) {
        tls_error(error, ERROR_USAGE, "the TLS key does not belong to the certificate");
    } else {
        used = true;
    }
    EVP_PKEY_free(private_key);
    BIO_free(key_bio);
    BIO_free(chain_bio);
    return used;
}

/* We speak HTTP/1.1; a client that offers protocols has to offer it (RFC 7301, 3.2). */
static int choose_protocol(SSL *ssl, const unsigned char **chosen, unsigned char *chosen_len,
                           const unsigned char *offered, unsigned offered_len, void *context)
{
    static const unsigned char OURS[] = "\x08http/1.1";

    (void)ssl;
    (void)context;
    if (SSL_select_next_proto((unsigned char **)chosen, chosen_len, OURS, sizeof OURS - 1, offered,
                              offered_len) != OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    return SSL_TLSEXT_ERR_OK;
}

bool tls_server_context(struct span certificate, struct span key, SSL_CTX *previous,
                        SSL_CTX **context, struct error *error)
{
    static const unsigned char SESSIONS[] = "bootseal";
    unsigned char ticket_keys[TICKET_KEYS_LEN];
    SSL_CTX *made = SSL_CTX_new(TLS_server_method());

    if (!made)
        return tls_error(error, ERROR_MEMORY, "cannot make a TLS context");
    if (SSL_CTX_set_min_proto_version(made, TLS1_3_VERSION) != 1 ||
        SSL_CTX_set_session_id_context(made, SESSIONS, sizeof SESSIONS - 1) != 1 ||
        SSL_CTX_set_num_tickets(made, 1) != 1) {
        SSL_CTX_free(made);
        return tls_error(error, ERROR_CRYPTO, "cannot set up TLS 1.3");
    }
    /* Idle connections are many: give their buffers back. */
    SSL_CTX_set_mode(made, SSL_MODE_RELEASE_BUFFERS);
    /* Sessions are resumed by ticket, the server keeps none. A ticket may come twice: without early
     * data there is nothing in it to replay. */
    SSL_CTX_set_options(made, SSL_OP_NO_ANTI_REPLAY | SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_session_cache_mode(made, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_alpn_select_cb(made, choose_protocol, NULL);
    if (!use_pem(made, certificate, key, error)) {
        SSL_CTX_free(made);
        return false;
    }
    if (previous && SSL_CTX_get_tlsext_ticket_keys(previous, ticket_keys, TICKET_KEYS_LEN) == 1)
        SSL_CTX_set_tlsext_ticket_keys(made, ticket_keys, TICKET_KEYS_LEN);
    OPENSSL_cleanse(ticket_keys, sizeof ticket_keys);
    *context = made;
    return true;
}

bool tls_channel_binding(SSL *ssl, uint8_t binding[32])
{
    static const char LABEL[] = "EXPORTER-Channel-Binding";

    return SSL_export_keying_material(ssl, binding, 32, LABEL, sizeof LABEL - 1, NULL, 0, 0) == 1;
}
