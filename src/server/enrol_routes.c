/* The host's side, part one: enrolment and challenges (docs/protocol.md, sections 1 and 2).
 *
 * Reads the CBOR envelope only; keys and certificates go to a worker. TPM, AK and name are bound in
 * one transaction, and one wrong answer destroys an attempt. */
#include <stdlib.h>

#include "crypto/crypto.h"
#include "log/log.h"
#include "os/clock.h"
#include "server/front.h"
#include "server/routes.h"
#include "server/work_message.h"
#include "wire/cbor.h"

enum { RECORD_PARTS = 18, RECORD_TEXT_LEN = 4096 };

/* Answers a message of a host that could not be decoded. */
static void answer_malformed(struct exchange *exchange, const struct error *error)
{
    char text[256];

    exchange_problem(exchange,
                     error->code == ERROR_LIMIT ? PROBLEM_BODY_TOO_LARGE : PROBLEM_BODY_MALFORMED,
                     "%s", error_print(error, text, sizeof text));
}

/* --- The record of an attempt: what activation needs, in the store meanwhile --- */

static bool record_encode(const struct store_enrolment *enrolment, struct arena *arena,
                          struct span *record, struct error *error)
{
    struct cbor_writer writer = cbor_writer_init(arena);

    cbor_write_array(&writer, RECORD_PARTS);
    cbor_write_bytes(&writer, span_of(enrolment->id, sizeof enrolment->id));
    cbor_write_bytes(&writer, span_text(enrolment->name));
    cbor_write_bytes(&writer, enrolment->ek_public);
    cbor_write_bytes(&writer, enrolment->ek_certificate);
    cbor_write_bytes(&writer, enrolment->ak_public);
    cbor_write_bytes(&writer, enrolment->ak_name);
    cbor_write_uint(&writer, (uint64_t)enrolment->endorsement);
    cbor_write_bytes(&writer, span_text(enrolment->issuer));
    cbor_write_bytes(&writer, span_text(enrolment->manufacturer));
    cbor_write_bytes(&writer, span_text(enrolment->model));
    cbor_write_bytes(&writer, span_text(enrolment->version));
    cbor_write_bytes(&writer, span_text(enrolment->platform.issuer));
    cbor_write_bytes(&writer, span_text(enrolment->platform.manufacturer));
    cbor_write_bytes(&writer, span_text(enrolment->platform.model));
    cbor_write_bytes(&writer, span_text(enrolment->platform.version));
    cbor_write_bytes(&writer, span_text(enrolment->platform.serial));
    cbor_write_bytes(&writer, span_text(enrolment->platform.refusal));
    cbor_write_bytes(&writer, enrolment->inventory);
    return cbor_writer_done(&writer, record, error);
}

static const char *read_text(struct reader *reader, struct arena *arena, size_t cap,
                             const char *what)
{
    char *text = arena_text(arena, cbor_read_bytes(reader, cap, what));

    if (!text)
        reader_fail(reader, ERROR_MEMORY, "no memory for %s", what);
    return text;
}

static void read_platform(struct reader *reader, struct arena *arena,
                          struct store_platform *platform)
{
    platform->issuer = read_text(reader, arena, RECORD_TEXT_LEN, "platform issuer");
    platform->manufacturer = read_text(reader, arena, RECORD_TEXT_LEN, "platform manufacturer");
    platform->model = read_text(reader, arena, RECORD_TEXT_LEN, "platform model");
    platform->version = read_text(reader, arena, RECORD_TEXT_LEN, "platform version");
    platform->serial = read_text(reader, arena, RECORD_TEXT_LEN, "platform serial");
    platform->refusal = read_text(reader, arena, RECORD_TEXT_LEN, "platform refusal");
}

static bool record_decode(struct span record, struct arena *arena,
                          struct store_enrolment *enrolment, struct error *error)
{
    struct reader reader = reader_init(record, "bootseald enrolment attempt", error);
    struct store_enrolment decoded = {0};
    struct span id;

    if (cbor_read_array(&reader, RECORD_PARTS, "attempt") != RECORD_PARTS)
        reader_fail(&reader, ERROR_MALFORMED, "an attempt has %d parts", RECORD_PARTS);
    id = cbor_read_bytes(&reader, STORE_HOST_ID_LEN, "host id");
    if (id.len == STORE_HOST_ID_LEN)
        memcpy(decoded.id, id.data, id.len);
    else
        reader_fail(&reader, ERROR_MALFORMED, "a host id has 32 bytes");
    decoded.name = read_text(&reader, arena, LIMIT_NAME_LEN, "name");
    decoded.ek_public = cbor_read_bytes(&reader, LIMIT_TPM_STRUCT_LEN, "EK");
    decoded.ek_certificate = cbor_read_bytes(&reader, LIMIT_CERTIFICATE_LEN, "EK certificate");
    decoded.ak_public = cbor_read_bytes(&reader, LIMIT_TPM_STRUCT_LEN, "AK");
    decoded.ak_name = cbor_read_bytes(&reader, STORE_AK_NAME_LEN, "AK name");
    decoded.endorsement = (int)cbor_read_uint(&reader, ENDORSEMENT_UNPROVEN, "endorsement");
    decoded.issuer = read_text(&reader, arena, RECORD_TEXT_LEN, "issuer");
    decoded.manufacturer = read_text(&reader, arena, RECORD_TEXT_LEN, "manufacturer");
    decoded.model = read_text(&reader, arena, RECORD_TEXT_LEN, "model");
    decoded.version = read_text(&reader, arena, RECORD_TEXT_LEN, "version");
    read_platform(&reader, arena, &decoded.platform);
    decoded.inventory = cbor_read_bytes(&reader, LIMIT_ENROL_REQUEST_LEN, "inventory");
    if (!reader_end(&reader))
        return false;
    decoded.state = decoded.endorsement == ENDORSEMENT_CHAIN ||
                            decoded.endorsement == ENDORSEMENT_REGISTERED
                        ? STORE_HOST_ENROLLED
                        : STORE_HOST_PENDING;
    *enrolment = decoded;
    return true;
}

/* --- Enrol --- */

struct enrolment {
    struct exchange *exchange;
    struct arena *arena;
    struct enrol_request request;
    uint8_t credential[PROTOCOL_CREDENTIAL_LEN];
    struct store_attempt attempt;
    struct work_enrol_answer answer;
};

/* Why no platform certificate counts; NULL when one does, or none was sent. */
static const struct reason *find_platform_refusal(const struct work_enrol_answer *answer)
{
    for (size_t i = 0; i < answer->reasons->n_items && !answer->platform[1].len; i++) {
        const struct reason *reason = &answer->reasons->items[i];

        if (reason->code == REASON_PLATFORM_CERTIFICATE || reason->code == REASON_PLATFORM_HOLDER ||
            reason->code == REASON_PLATFORM_ISSUER)
            return reason;
    }
    return NULL;
}

/* What the worker found out about the platform, in the arena. A host enrols without it, too. */
static bool copy_platform(const struct enrolment *enrolment, struct store_platform *platform)
{
    const struct work_enrol_answer *answer = &enrolment->answer;
    const struct reason *refusal = find_platform_refusal(answer);
    struct arena *arena = enrolment->arena;

    *platform = (struct store_platform){
        .issuer = arena_text(arena, answer->platform[0]),
        .manufacturer = arena_text(arena, answer->platform[1]),
        .model = arena_text(arena, answer->platform[2]),
        .version = arena_text(arena, answer->platform[3]),
        .serial = arena_text(arena, answer->platform[4]),
        .refusal = refusal ? arena_printf(arena, "%s: %s", reason_code_text(refusal->code),
                                          refusal->message ? refusal->message : "")
                           : "",
    };
    if (refusal && platform->refusal)
        log_warning("enrol.platform", log_text("detail", platform->refusal),
                    log_text(LOG_PEER, http_request_peer(enrolment->exchange->request)));
    return platform->issuer && platform->manufacturer && platform->model && platform->version &&
           platform->serial && platform->refusal;
}

static bool build_attempt(struct enrolment *enrolment, struct error *error)
{
    struct front *front = enrolment->exchange->front;
    const struct work_enrol_answer *answer = &enrolment->answer;
    struct store_attempt *attempt = &enrolment->attempt;
    struct arena *arena = enrolment->arena;
    struct crypto_digest digest;
    struct store_enrolment record = {
        .name = arena_text(arena, enrolment->request.name),
        .ek_public = enrolment->request.ek_public,
        .ak_public = enrolment->request.ak_public,
        .ak_name = answer->ak_name,
        .endorsement = answer->endorsement,
        .issuer = arena_text(arena, answer->issuer),
        .manufacturer = arena_text(arena, answer->manufacturer),
        .model = arena_text(arena, answer->model),
        .version = arena_text(arena, answer->version),
    };

    if (!copy_platform(enrolment, &record.platform) || !record.name || !record.issuer ||
        !record.manufacturer || !record.model || !record.version)
        return arena_error(arena, error);
    memcpy(record.id, answer->host_id.data, sizeof record.id);
    if (enrolment->request.n_certificates)
        record.ek_certificate = enrolment->request.certificates[0];
    crypto_hash_span(front->crypto, TPM_ALG_SHA256,
                     span_of(enrolment->credential, sizeof enrolment->credential), &digest);
    memcpy(attempt->credential_sha256, digest.bytes, sizeof attempt->credential_sha256);
    attempt->expires_s = os_now_s() + conf_number(&front->start.conf, CONF_ENROL_ATTEMPT_LIFE);
    return crypto_random(attempt->id, sizeof attempt->id, error) &&
           inventory_encode(enrolment->request.inventory, enrolment->request.n_inventory, arena,
                            &record.inventory, error) &&
           record_encode(&record, arena, &attempt->request, error);
}

static void on_attempt_stored(void *context, const struct store_outcome *outcome)
{
    struct enrolment *enrolment = context;
    struct exchange *exchange = enrolment->exchange;
    struct enrol_answer answer = {
        .attempt_id = span_of(enrolment->attempt.id, sizeof enrolment->attempt.id),
        .id_object = enrolment->answer.id_object,
        .secret = enrolment->answer.secret,
    };
    struct span body;
    struct error error;

    if (outcome->result == STORE_FULL)
        exchange_problem(exchange, PROBLEM_ENROL_FULL, NULL);
    else if (outcome->result != STORE_OK)
        exchange_problem(exchange, PROBLEM_STORE_FAILED, NULL);
    else if (!enrol_answer_encode(&answer, enrolment->arena, &body, &error))
        exchange_fail(exchange, "enrol.answer", &error);
    else
        exchange_bytes(exchange, PROTOCOL_CONTENT_TYPE, body);
}

/* The heaviest finding names the refusal. */
static const struct reason *worst(const struct reasons *reasons)
{
    static const struct reason MALFORMED = {
        .code = REASON_EVIDENCE_MALFORMED, .pcr = REASON_NO_PCR, .event = REASON_NO_EVENT};
    const struct reason *found = &MALFORMED;

    for (size_t i = 0; i < reasons->n_items; i++)
        if (found == &MALFORMED || reasons->items[i].weight > found->weight)
            found = &reasons->items[i];
    return found;
}

static bool copy_answer(struct enrolment *enrolment, struct span frame, struct error *error)
{
    char *copy = arena_text(enrolment->arena, frame);

    if (!copy)
        return arena_error(enrolment->arena, error);
    return work_enrol_answer_decode(span_of(copy, frame.len), enrolment->arena, &enrolment->answer,
                                    error);
}

static void on_enrol_checked(void *context, enum call_result result, struct span frame)
{
    struct enrolment *enrolment = context;
    struct exchange *exchange = enrolment->exchange;
    struct store_txn *txn;
    struct error error;

    if (result != CALL_ANSWERED) {
        exchange_call_failed(exchange, result);
        return;
    }
    if (frame.len == 0 || !copy_answer(enrolment, frame, &error)) {
        exchange_problem(exchange, PROBLEM_WORKER_FAILED, NULL);
        return;
    }
    if (!enrolment->answer.accepted) {
        const struct reason *reason = worst(enrolment->answer.reasons);

        log_warning("enrol.refused", log_text(LOG_REASON, reason_code_text(reason->code)),
                    log_text(LOG_PEER, http_request_peer(exchange->request)));
        exchange_refuse(exchange, 403, reason);
        return;
    }
    if (!build_attempt(enrolment, &error)) {
        if (error.code == ERROR_LIMIT || error.code == ERROR_MEMORY)
            answer_malformed(exchange, &error);
        else
            exchange_fail(exchange, "enrol.attempt", &error);
        return;
    }
    if (enrolment->attempt.request.len > LIMIT_ENROL_REQUEST_LEN) {
        exchange_problem(exchange, PROBLEM_BODY_TOO_LARGE, "keys and inventory take %zu bytes",
                         enrolment->attempt.request.len);
        return;
    }
    txn = store_begin(exchange->front->store);
    store_act_attempt_put(txn, &enrolment->attempt, os_now_s());
    store_commit(&txn, on_attempt_stored, enrolment);
}

void route_enrol_start(struct exchange *exchange)
{
    struct arena *arena = exchange_arena(exchange);
    struct enrolment *enrolment = arena_new(arena, struct enrolment);
    struct work_enrol work;
    struct span frame;
    struct error error;

    if (!enrolment) {
        exchange_problem(exchange, PROBLEM_INTERNAL, NULL);
        return;
    }
    enrolment->exchange = exchange;
    enrolment->arena = arena;
    if (!enrol_request_decode(http_request_body(exchange->request), arena, &enrolment->request,
                              &error)) {
        answer_malformed(exchange, &error);
        return;
    }
    if (!outcome_name_ok(enrolment->request.name)) {
        exchange_problem(exchange, PROBLEM_ENROL_NAME, NULL);
        return;
    }
    work = (struct work_enrol){
        .now_s = os_now_s(),
        .ek_public = enrolment->request.ek_public,
        .ak_public = enrolment->request.ak_public,
        .n_certificates = enrolment->request.n_certificates,
        .n_platform_certificates = enrolment->request.n_platform_certificates,
        .credential = span_of(enrolment->credential, sizeof enrolment->credential),
    };
    memcpy(work.certificates, enrolment->request.certificates, sizeof work.certificates);
    memcpy(work.platform_certificates, enrolment->request.platform_certificates,
           sizeof work.platform_certificates);
    if (!crypto_random(enrolment->credential, sizeof enrolment->credential, &error) ||
        !work_enrol_encode(&work, arena, &frame, &error)) {
        exchange_fail(exchange, "enrol.work", &error);
        return;
    }
    calls_work(exchange->front->calls, frame, on_enrol_checked, enrolment);
}

/* --- Activate --- */

struct activation {
    struct exchange *exchange;
    struct arena *arena;
    struct store_attempt attempt;
    struct store_enrolment enrolment;
    bool right;
};

static void answer_activated(struct activation *activation, enum store_host_state state)
{
    struct exchange *exchange = activation->exchange;
    struct front *front = exchange->front;
    struct span host_id = span_of(activation->enrolment.id, STORE_HOST_ID_LEN);
    struct activate_answer answer = {
        .host_id = host_id,
        .state = state == STORE_HOST_ENROLLED ? ENROLMENT_STATE_ENROLLED : ENROLMENT_STATE_PENDING,
        .ca_certificate = front->ca_der,
    };
    struct span body;
    struct error error;

    if (!front_challenge(front, host_id, activation->arena, &answer.challenge, &error) ||
        !activate_answer_encode(&answer, activation->arena, &body, &error)) {
        exchange_fail(exchange, "enrol.answer", &error);
        return;
    }
    front->counts.enrolments++;
    log_info("host.enrolled", log_text(LOG_HOST, activation->enrolment.name),
             log_hex(LOG_HOST_ID, host_id), log_text("state", store_host_state_name(state)));
    exchange_bytes(exchange, PROTOCOL_CONTENT_TYPE, body);
}

/* A binding that was there already keeps its state: approved stays approved, revoked stays out. */
static void answer_existing(struct activation *activation)
{
    struct exchange *exchange = activation->exchange;
    struct store_host host;
    struct error error;
    bool found = false;

    if (!store_host_get(exchange->front->store, activation->enrolment.id, activation->arena, &host,
                        &found, &error)) {
        exchange_fail(exchange, "enrol.existing", &error);
    } else if (!found) {
        exchange_problem(exchange, PROBLEM_HOST_UNKNOWN, NULL);
    } else if (host.enrolled.state == STORE_HOST_REVOKED) {
        const struct reason reason = {.code = REASON_HOST_REVOKED};
        exchange_refuse(exchange, 403, &reason);
    } else {
        answer_activated(activation, host.enrolled.state);
    }
}

/* What the failed transaction left: the attempt had its one answer. */
static void drop_attempt(struct activation *activation)
{
    struct store_txn *txn = store_begin(activation->exchange->front->store);

    store_act_attempt_take(txn, activation->attempt.id, os_now_s());
    store_commit(&txn, NULL, NULL);
}

static void on_activated(void *context, const struct store_outcome *outcome)
{
    struct activation *activation = context;
    struct exchange *exchange = activation->exchange;
    struct reason reason = {.code = REASON_ENROL_CONFLICT,
                            .message = store_result_name(outcome->result)};

    switch (outcome->result) {
    case STORE_OK:
        if (!activation->right) {
            reason = (struct reason){.code = REASON_ENROL_WRONG_ANSWER};
            exchange_refuse(exchange, 403, &reason);
        } else if (outcome->host_existed) {
            answer_existing(activation);
        } else {
            answer_activated(activation, activation->enrolment.state);
        }
        return;
    case STORE_CONFLICT_TPM:
    case STORE_CONFLICT_AK:
    case STORE_CONFLICT_NAME:
    case STORE_CONFLICT:
        drop_attempt(activation);
        exchange_refuse(exchange, 409, &reason);
        return;
    case STORE_USED:
    case STORE_EXPIRED:
    case STORE_NOT_FOUND:
        exchange_problem(exchange, PROBLEM_ENROL_ATTEMPT, NULL);
        return;
    default:
        exchange_problem(exchange, PROBLEM_STORE_FAILED, NULL);
    }
}

static void commit_activation(struct activation *activation)
{
    struct exchange *exchange = activation->exchange;
    struct store_txn *txn = store_begin(exchange->front->store);
    int64_t now_s = os_now_s();

    store_act_attempt_take(txn, activation->attempt.id, now_s);
    if (activation->right)
        store_act_host_enrol(txn, &activation->enrolment, now_s);
    exchange_audit(exchange, txn, activation->right ? "host.enrol" : "host.enrol_wrong_answer",
                   activation->enrolment.name, "");
    store_commit(&txn, on_activated, activation);
}

static bool find_attempt(struct activation *activation, struct span id, bool *found,
                         struct error *error)
{
    if (id.len != STORE_ATTEMPT_ID_LEN) {
        *found = false;
        return true;
    }
    return store_attempt_get(activation->exchange->front->store, id.data, activation->arena,
                             &activation->attempt, found, error) &&
           (!*found || record_decode(activation->attempt.request, activation->arena,
                                     &activation->enrolment, error));
}

void route_enrol_activate(struct exchange *exchange)
{
    struct arena *arena = exchange_arena(exchange);
    struct activation *activation = arena_new(arena, struct activation);
    struct activate_request request;
    struct crypto_digest digest;
    struct error error;
    bool found = false;

    if (!activation) {
        exchange_problem(exchange, PROBLEM_INTERNAL, NULL);
        return;
    }
    activation->exchange = exchange;
    activation->arena = arena;
    if (!activate_request_decode(http_request_body(exchange->request), &request, &error)) {
        answer_malformed(exchange, &error);
    } else if (!find_attempt(activation, request.attempt_id, &found, &error)) {
        exchange_fail(exchange, "enrol.attempt", &error);
    } else if (!found) {
        exchange_problem(exchange, PROBLEM_ENROL_ATTEMPT, NULL);
    } else {
        crypto_hash_span(exchange->front->crypto, TPM_ALG_SHA256, request.credential, &digest);
        activation->right = crypto_equal(
            crypto_digest_span(&digest),
            span_of(activation->attempt.credential_sha256, STORE_DIGEST_LEN));
        commit_activation(activation);
    }
}

/* --- Challenge --- */

void route_challenge_issue(struct exchange *exchange)
{
    struct front *front = exchange->front;
    struct arena *arena = exchange_arena(exchange);
    struct challenge_request request;
    struct challenge challenge;
    struct store_host host;
    struct span body;
    struct error error;
    bool found = false;

    if (!challenge_request_decode(http_request_body(exchange->request), &request, &error)) {
        answer_malformed(exchange, &error);
        return;
    }
    if (!store_host_get(front->store, request.host_id.data, arena, &host, &found, &error)) {
        exchange_fail(exchange, "challenge.host", &error);
        return;
    }
    if (!found) {
        exchange_problem(exchange, PROBLEM_HOST_UNKNOWN, "enrol first");
        return;
    }
    if (!front_challenge(front, request.host_id, arena, &challenge, &error) ||
        !challenge_encode(&challenge, arena, &body, &error))
        exchange_fail(exchange, "challenge.issue", &error);
    else
        exchange_bytes(exchange, PROTOCOL_CONTENT_TYPE, body);
}
