#include "server/front.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "ca/ca.h"
#include "log/log.h"
#include "os/clock.h"
#include "os/file.h"
#include "os/process.h"
#include "server/confine.h"
#include "server/routes.h"
#include "server/secret.h"
#include "server/sign_message.h"
#include "server/work_message.h"

enum {
    ARENA_LEN = 64 * 1024 * 1024,
    PEM_CAP = 256 * 1024,
    CATALOG_ARENA_LEN = 2 * LIMIT_DOCUMENT_LEN,
    UPKEEP_MS = 60 * 1000,
    RETRY_MS = 200,
    TLS_RENEW_S = 24 * 3600,
    WAITING_CALLS = 1024,
    WAITING_LEN = 256 * 1024 * 1024,
    SPARE_FILES = 64,
};

/* --- What others ask of the front --- */

void front_identity_policy(struct front *front, struct span host_id,
                           uint8_t policy_ref[OUTCOME_POLICY_LEN],
                           uint8_t policy[OUTCOME_POLICY_LEN])
{
    outcome_policy_ref(front->crypto, host_id, policy_ref);
    outcome_policy_authorize(front->crypto, span_of(front->policy_name, front->policy_name_len),
                             span_of(policy_ref, OUTCOME_POLICY_LEN), policy);
}

bool front_challenge(struct front *front, struct span host_id, struct arena *arena,
                     struct challenge *challenge, struct error *error)
{
    const struct conf *conf = &front->start.conf;
    uint8_t *bytes = arena_alloc(arena, STORE_NONCE_LEN + OUTCOME_POLICY_LEN);

    if (!bytes)
        return arena_error(arena, error);
    if (!store_nonce_issue(front->store, host_id.data, os_now_s(),
                           (uint32_t)conf_number(conf, CONF_ATTEST_NONCE_LIFE), bytes, error))
        return false;
    outcome_policy_ref(front->crypto, host_id, bytes + STORE_NONCE_LEN);
    *challenge = (struct challenge){
        .nonce = span_of(bytes, STORE_NONCE_LEN),
        .bank = TPM_ALG_SHA256,
        .pcrs = (uint32_t)conf_number(conf, CONF_ATTEST_PCRS),
        .policy_key = front->policy_public,
        .policy_ref = span_of(bytes + STORE_NONCE_LEN, OUTCOME_POLICY_LEN),
    };
    return true;
}

bool front_use_bindings(struct front *front, struct error *error)
{
    struct bindings *loaded;

    if (!bindings_load(front->store, front->crypto, &loaded, error))
        return false;
    bindings_free(front->bindings);
    front->bindings = loaded;
    return true;
}

bool front_use_catalog(struct front *front, struct error *error)
{
    struct arena arena = arena_init(CATALOG_ARENA_LEN);
    struct store_catalog catalog = {0};
    bool found;

    if (!store_catalog_get(front->store, &arena, &catalog, &found, error)) {
        arena_done(&arena);
        return false;
    }
    arena_done(&front->catalog_arena);
    front->catalog_arena = arena;
    front->catalog = catalog;
    crypto_hash(front->crypto, TPM_ALG_SHA256,
                (struct span[]){span_of(catalog.sha256, sizeof catalog.sha256), catalog.signature},
                2, &front->catalog_id);
    return true;
}

bool front_has_catalog(const struct front *front)
{
    return front->catalog.revision && !front->catalog.removed;
}

struct work_catalog front_catalog(const struct front *front, bool with_text)
{
    struct work_catalog catalog = {.given = front_has_catalog(front)};

    memcpy(catalog.sha256, front->catalog_id.bytes, sizeof catalog.sha256);
    catalog.has_text = catalog.given && with_text;
    if (catalog.has_text) {
        catalog.text = front->catalog.text;
        catalog.signature = front->catalog.signature;
    }
    return catalog;
}

/* --- Coming up: signer, certificate, HTTP --- */

static void give_up(struct front *front, const char *event, const struct error *error)
{
    log_failure(LOG_LEVEL_ERROR, event, error);
    front->status = 1;
    loop_stop(front->loop);
}

static void ask_server_certificate(void *context);
static void ask_info(void *context);

/* The signer may be restarting: ask again soon. */
static void retry(struct front *front, loop_fn *fn)
{
    struct error error;

    loop_source_free(front->retry);
    front->retry = loop_timer(front->loop, RETRY_MS, false, fn, front, &error);
    if (!front->retry)
        give_up(front, "front.retry", &error);
}

static void report_ready(struct front *front)
{
    struct role_report report = {.kind = ROLE_REPORT_READY, .port = http_server_port(front->http)};
    struct crypto_digest digest;
    struct error error;

    crypto_hash_span(front->crypto, TPM_ALG_SHA256, front->ca_der, &digest);
    memcpy(report.ca_sha256, digest.bytes, sizeof report.ca_sha256);
    if (!role_report_send(front->control, &report, &error))
        give_up(front, "front.report", &error);
}

static void serve_with(struct front *front, struct span certificate, struct span key)
{
    const struct conf *conf = &front->start.conf;
    struct http_server_settings settings = {
        .listen = conf_text(conf, CONF_SERVER_LISTEN),
        .certificate = certificate,
        .key = key,
        .handler = routes_dispatch,
        .body_cap = routes_body_cap,
        .context = front,
        .connections = (size_t)conf_number(conf, CONF_HTTP_CONNECTIONS),
        .connections_per_address = (size_t)conf_number(conf, CONF_HTTP_PER_ADDRESS),
        .idle_s = (unsigned)conf_number(conf, CONF_HTTP_IDLE),
        .handshake_s = (unsigned)conf_number(conf, CONF_HTTP_HANDSHAKE),
        .request_s = (unsigned)conf_number(conf, CONF_HTTP_REQUEST),
    };
    struct error error;

    if (front->http) {
        if (!http_server_set_certificate(front->http, certificate, key, &error))
            log_failure(LOG_LEVEL_ERROR, "tls.renew", &error);
        return;
    }
    if (!http_server_start(front->loop, &settings, &front->http, &error)) {
        give_up(front, "http.start", &error);
        return;
    }
    report_ready(front);
}

/* Room that put_pem needs at most. */
static size_t pem_len(struct span der)
{
    return der.len / 3 * 4 + der.len / 48 + 128;
}

/* A certificate's DER as PEM (RFC 7468): base64 in lines of 64. Returns where the text ends. */
static char *put_pem(char *out, struct span der)
{
    static const char DIGITS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t n_quads = (der.len + 2) / 3;

    out += sprintf(out, "-----BEGIN CERTIFICATE-----\n");
    for (size_t i = 0; i < n_quads; i++) {
        uint32_t bits = 0;

        for (size_t k = 0; k < 3; k++)
            bits = bits << 8 | (3 * i + k < der.len ? der.data[3 * i + k] : 0u);
        for (size_t k = 0; k < 4; k++)
            *out++ = (char)(3 * i + k <= der.len ? DIGITS[bits >> (18 - 6 * k) & 63] : '=');
        if (i % 16 == 15 || i + 1 == n_quads)
            *out++ = '\n';
    }
    return out + sprintf(out, "-----END CERTIFICATE-----\n");
}

/* The root goes with it: a host that was told its fingerprint only has to see it. */
static bool chain_to_pem(struct span leaf, struct span root, struct arena *arena, struct span *pem,
                         struct error *error)
{
    char *text = arena_alloc(arena, pem_len(leaf) + pem_len(root));

    if (!text)
        return arena_error(arena, error);
    *pem = span_of(text, (size_t)(put_pem(put_pem(text, leaf), root) - text));
    return true;
}

/* What the signer did; false with its own words when it did not. */
static bool take_answer(struct span frame, struct sign_answer *answer, struct error *error)
{
    if (!sign_answer_decode(frame, answer, error))
        return false;
    if (!answer->done)
        return error_plain(error, ERROR_CRYPTO, "the signer refuses: %.*s",
                           (int)answer->message.len, (const char *)answer->message.data);
    return true;
}

static void on_server_certificate(void *context, enum call_result result, struct span frame)
{
    struct front *front = context;
    struct arena arena = arena_init(PEM_CAP);
    struct sign_answer answer;
    struct span pem = {0};
    struct error error;

    if (result != CALL_ANSWERED) {
        retry(front, ask_server_certificate);
        return;
    }
    if (!take_answer(frame, &answer, &error))
        give_up(front, "signer.server_certificate", &error);
    else if (!chain_to_pem(answer.der, front->ca_der, &arena, &pem, &error))
        give_up(front, "tls.certificate", &error);
    else
        serve_with(front, pem, front->tls_key);
    arena_done(&arena);
}

static void ask_server_certificate(void *context)
{
    struct front *front = context;
    struct sign_request request = {.kind = SIGN_SERVER, .spki = front->tls_spki};
    struct arena arena = arena_init(PEM_CAP);
    struct span frame;
    struct error error;

    front->tls_asked_s = os_now_s();
    if (sign_request_encode(&request, &arena, &frame, &error))
        calls_sign(front->calls, frame, on_server_certificate, front);
    else
        give_up(front, "signer.server_certificate", &error);
    arena_done(&arena);
}

/* The operator's own certificate, read while files can still be opened. */
static bool read_certificate(struct front *front, struct error *error)
{
    const struct conf *conf = &front->start.conf;

    if (conf_text(conf, CONF_SERVER_CERTIFICATE)[0] == '\0')
        return true;
    return os_file_read(conf_text(conf, CONF_SERVER_CERTIFICATE), PEM_CAP, &front->arena,
                        &front->tls_certificate, error) &&
           os_file_read_private(conf_text(conf, CONF_SERVER_KEY), PEM_CAP, &front->arena,
                                &front->tls_key, error);
}

static bool keep(struct front *front, struct span bytes, struct span *kept)
{
    char *copy = arena_text(&front->arena, bytes);

    *kept = span_of(copy, copy ? bytes.len : 0);
    return copy != NULL;
}

static bool take_info(struct front *front, struct span frame, struct error *error)
{
    struct sign_answer answer;
    struct tpm_public policy_key;

    if (!take_answer(frame, &answer, error))
        return false;
    if (!keep(front, answer.der, &front->ca_der) ||
        !keep(front, answer.policy_key, &front->policy_public))
        return arena_error(&front->arena, error);
    return tpm_public_decode(front->policy_public, &policy_key, error) &&
           tpm_name(front->crypto, &policy_key, front->policy_name, sizeof front->policy_name,
                    &front->policy_name_len, error);
}

static void on_info(void *context, enum call_result result, struct span frame)
{
    struct front *front = context;
    struct error error;

    if (result != CALL_ANSWERED) {
        retry(front, ask_info);
        return;
    }
    if (!take_info(front, frame, &error)) {
        give_up(front, "signer.info", &error);
        return;
    }
    if (front->tls_certificate.len)
        serve_with(front, front->tls_certificate, front->tls_key);
    else if (ca_make_key(&front->arena, &front->tls_key, &front->tls_spki, &error))
        ask_server_certificate(front);
    else
        give_up(front, "tls.key", &error);
}

static void ask_info(void *context)
{
    struct front *front = context;
    struct sign_request request = {.kind = SIGN_INFO};
    struct arena arena = arena_init(PEM_CAP);
    struct span frame;
    struct error error;

    if (sign_request_encode(&request, &arena, &frame, &error))
        calls_sign(front->calls, frame, on_info, front);
    else
        give_up(front, "signer.info", &error);
    arena_done(&arena);
}

/* --- Control, timers, signals --- */

static void on_control(void *context)
{
    struct front *front = context;

    for (;;) {
        struct role_handover handover;
        struct error error;
        bool complete;

        if (!role_handover_receive(front->control, &complete, &handover, &error)) {
            give_up(front, "front.control", &error);
            return;
        }
        if (!complete)
            return;
        if (!calls_attach(front->calls, &handover, &error))
            log_failure(LOG_LEVEL_ERROR, "front.attach", &error);
        else if (handover.role == ROLE_SIGNER && front->ca_der.len == 0)
            ask_info(front);
    }
}

static void on_stuck(void *context, uint32_t worker)
{
    struct front *front = context;
    struct role_report report = {.kind = ROLE_REPORT_STUCK, .worker = worker};
    struct error error;

    log_error("worker.timeout", log_int("index", worker));
    if (!role_report_send(front->control, &report, &error))
        give_up(front, "front.report", &error);
}

static void on_store(void *context)
{
    struct front *front = context;

    store_dispatch(front->store);
}

static void on_upkeep(void *context)
{
    struct front *front = context;
    struct store_txn *txn = store_begin(front->store);

    store_act_prune(txn, os_now_s());
    store_commit(&txn, NULL, NULL);
    if (front->tls_spki.len && os_now_s() - front->tls_asked_s > TLS_RENEW_S)
        ask_server_certificate(front);
}

static void on_stopped(void *context)
{
    struct front *front = context;

    loop_stop(front->loop);
}

static void on_stop(void *context)
{
    struct front *front = context;

    log_info("front.stop", log_text(LOG_PROCESS, "front"));
    if (front->http)
        http_server_stop(front->http, (unsigned)conf_number(&front->start.conf, CONF_SERVER_STOP),
                         on_stopped, front);
    else
        loop_stop(front->loop);
}

/* --- Start --- */

void front_hash_token(struct front *front, const char *secret, uint8_t sha256[STORE_DIGEST_LEN])
{
    struct crypto_digest digest;

    crypto_hash_span(front->crypto, TPM_ALG_SHA256, span_text(secret), &digest);
    memcpy(sha256, digest.bytes, STORE_DIGEST_LEN);
}

/* A service without tokens gets one for its administrator: given by --dev, or drawn and left in a
 * file that only the service's user can read. */
static bool make_first_token(struct front *front, struct error *error)
{
    struct store_token token = {.name = "admin", .role = STORE_ROLE_ADMIN, .created_by = "system"};
    struct store_token *tokens;
    struct store_outcome outcome;
    struct store_txn *txn;
    char drawn[SECRET_LEN], path[4096];
    const char *secret = front->start.admin_token;
    size_t n_tokens;

    if (!store_token_list(front->store, &front->arena, &tokens, &n_tokens, error))
        return false;
    if (n_tokens > 0)
        return true;
    if (secret[0] == '\0') {
        snprintf(path, sizeof path, "%s/admin.token",
                 role_data_directory(&front->start.conf, &front->arena));
        if (!secret_make(drawn, error) ||
            !os_file_write(path, OS_FILE_PRIVATE, span_text(drawn), error))
            return false;
        secret = drawn;
        log_info("token.created", log_text("name", token.name), log_text(LOG_FILE, path));
    }
    token.created_s = os_now_s();
    front_hash_token(front, secret, token.sha256);
    txn = store_begin(front->store);
    store_act_token_put(txn, &token);
    outcome = store_commit_wait(&txn);
    if (outcome.result != STORE_OK)
        return error_plain(error, ERROR_IO, "the first token: %s",
                           store_result_name(outcome.result));
    return true;
}

static bool open_store(struct front *front, struct error *error)
{
    const struct conf *conf = &front->start.conf;
    const char *directory = role_data_directory(conf, &front->arena);
    const char *location = conf_text(conf, CONF_SERVER_DATABASE);

    if (!directory)
        return arena_error(&front->arena, error);
    if (location[0] == '\0')
        location = arena_printf(&front->arena, "%s/bootseal.db", directory);
    /* Confined before the store has threads: Landlock holds for this one and those it starts. */
    if (!os_directory_make(directory, error) || !confine_front(conf, error) ||
        !store_open(location, &front->store, error))
        return false;
    log_info("store.open", log_int("schema", store_schema(front->store)));
    return true;
}

static bool load_bindings(struct front *front, struct error *error)
{
    if (!front_use_bindings(front, error))
        return false;
    if (!bindings_enforce(front->bindings, os_now_s()))
        log_warning("policy.none", log_text("consequence", "no host is trusted"));
    return true;
}

static bool start_calls(struct front *front, struct error *error)
{
    struct calls_settings settings = {
        .deadline_s = (unsigned)conf_number(&front->start.conf, CONF_SERVER_WORKER_DEADLINE),
        .waiting = WAITING_CALLS,
        .waiting_len = WAITING_LEN,
        .stuck = on_stuck,
        .context = front,
    };

    front->loop = loop_new(error);
    if (!front->loop)
        return false;
    front->calls = calls_new(front->loop, &settings, error);
    return front->calls != NULL;
}

static bool watch(struct front *front, struct error *error)
{
    struct event_base *loop = front->loop;

    front->control_source = loop_watch(loop, front->control, false, on_control, front, error);
    front->store_source = loop_watch(loop, store_fd(front->store), false, on_store, front, error);
    front->upkeep = loop_timer(loop, UPKEEP_MS, true, on_upkeep, front, error);
    front->stop_term = loop_signal(loop, SIGTERM, on_stop, front, error);
    front->stop_int = loop_signal(loop, SIGINT, on_stop, front, error);
    return front->control_source && front->store_source && front->upkeep && front->stop_term &&
           front->stop_int;
}

static bool start(struct front *front, struct error *error)
{
    const struct conf *conf = &front->start.conf;

    if (!role_start_receive(ROLE_FRONT, front->control, &front->start, error))
        return false;
    log_init("bootseald-front", log_level_by_name(conf_text(conf, CONF_LOG_LEVEL)));
    os_ignore_sigpipe();
    front->crypto = crypto_new(error);
    return front->crypto && os_forbid_dumps(error) && routes_check(error) &&
           os_raise_file_limit((size_t)conf_number(conf, CONF_HTTP_CONNECTIONS) + SPARE_FILES,
                               error) &&
           read_certificate(front, error) && open_store(front, error) &&
           make_first_token(front, error) && start_calls(front, error) &&
           load_bindings(front, error) && front_use_catalog(front, error) && watch(front, error);
}

static void end(struct front *front)
{
    http_server_free(front->http);
    calls_free(front->calls);
    loop_source_free(front->control_source);
    loop_source_free(front->store_source);
    loop_source_free(front->upkeep);
    loop_source_free(front->stop_term);
    loop_source_free(front->stop_int);
    loop_source_free(front->retry);
    if (front->store)
        store_close(front->store);
    bindings_free(front->bindings);
    arena_done(&front->catalog_arena);
    loop_free(front->loop);
    crypto_free(front->crypto);
    free(front->crl.der);
    conf_done(&front->start.conf);
    arena_done(&front->arena);
}

int front_run(int control)
{
    static struct front front; /* large, one per process */
    struct error error;

    front.control = control;
    front.arena = arena_init(ARENA_LEN);
    if (!start(&front, &error)) {
        log_failure(LOG_LEVEL_ERROR, "front.start", &error);
        return 1;
    }
    if (!loop_run(front.loop, &error)) {
        log_failure(LOG_LEVEL_ERROR, "front.loop", &error);
        front.status = 1;
    }
    end(&front);
    return front.status;
}
