/* The time machine: a draft policy, update or catalogue on the last evidence of the fleet, before it counts.
 *
 * Reads hosts in pages and gathers those that have the same policies and the same digests of every
 * claim that any of these reads. What a catalogue says of a host follows from other claims: those count
 * in its place, so that hosts are told apart as finely as any catalogue can. A worker judges each such
 * state once, from the whole evidence of one of its hosts, by what is in force and by the draft; what
 * would change is streamed. Takes little at a time, so that hosts that attest meanwhile do not wait.
 * Changes nothing. */
#include <stdlib.h>

#include "claims/certification.h"
#include "msg/result_json.h"
#include "os/clock.h"
#include "server/bundle.h"
#include "server/front.h"
#include "server/routes.h"
#include "verify/endorsement.h"

enum {
    PAGE_HOSTS = 1000,
    PAGE_ARENA_LEN = 16 * 1024 * 1024,
    ARENA_LEN = 1024 * 1024 * 1024,
    BUCKETS = 65536,
    TICK_MS = 1,
    PROGRESS_MS = 500,
    NAMES_PER_LINE = 200,
    REASONS_PER_LINE = 3,
    WAITING_MAX = LIMIT_HTTP_STREAM_LEN / 2,
    ATTEMPTS = 3,
};

struct tried_host {
    const char *name;
    struct tried_host *next;
};

/* Hosts that every policy judges alike, under the same sets. */
struct tried_state {
    struct trial *trial;
    uint8_t key[STORE_DIGEST_LEN];      /* over what the policies read of them */
    uint8_t host_id[STORE_HOST_ID_LEN]; /* of one of them, whose evidence is judged */
    const struct policy_set *present, *draft;
    struct tried_host *hosts;
    size_t n_hosts;
    unsigned attempts;
    bool with_sources;
    enum verdict verdict, draft_verdict;
    const char *reasons;              /* JSON array, of the draft's verdict */
    struct tried_state *next, *chain; /* in a queue; in its bucket */
};

struct queue {
    struct tried_state *first, **last;
};

struct trial {
    struct exchange *exchange;
    struct front *front; /* which outlives the exchange */
    struct arena arena;
    struct bindings_draft wanted;      /* no text: the policies stay as they are */
    struct bindings *present, *draft;  /* the same where they do */
    struct work_catalog catalog;       /* in force at the start, with its text */
    struct work_catalog draft_catalog; /* not given: it stays */
    const char *catalog_label;         /* the draft's */
    bool claims_read[CLAIM_IDS];       /* by any policy that judges, now or in the draft */
    bool certification_read;           /* of these, what a catalogue says */
    uint8_t basis[STORE_DIGEST_LEN];
    size_t n_checked; /* policies in force whose claims are known */
    int64_t now_s, started_ms, told_ms;
    struct loop_source *tick;
    const char *after; /* last host read */
    bool read_all, gone;
    struct tried_state *buckets[BUCKETS];
    struct queue to_judge, to_tell;
    size_t n_hosts, n_states, n_judged_hosts, n_changed, n_unjudged, in_flight, n_told;
};

static void queue_init(struct queue *queue)
{
    queue->first = NULL;
    queue->last = &queue->first;
}

static void queue_put(struct queue *queue, struct tried_state *state)
{
    state->next = NULL;
    *queue->last = state;
    queue->last = &state->next;
}

static struct tried_state *queue_take(struct queue *queue)
{
    struct tried_state *state = queue->first;

    queue->first = state->next;
    if (!queue->first)
        queue->last = &queue->first;
    return state;
}

static void trial_free(struct trial *trial)
{
    loop_source_free(trial->tick);
    if (trial->draft != trial->present)
        bindings_free(trial->draft);
    bindings_free(trial->present);
    arena_done(&trial->arena);
    trial->front->n_trials--;
    free(trial);
}

/* --- Telling --- */

/* One line; takes the reference. A client that is gone or too slow ends the trial. */
static void tell(struct trial *trial, json_t *object)
{
    char *text = object ? json_dumps(object, JSON_COMPACT) : NULL;
    size_t len = text ? strlen(text) : 0;

    json_decref(object);
    if (!text) {
        trial->gone = true;
        return;
    }
    text[len] = '\n'; /* in place of the NUL: a span needs none */
    if (!trial->gone && !http_stream_send(trial->exchange->request, span_of(text, len + 1)))
        trial->gone = true;
    free(text);
}

static void tell_progress(struct trial *trial)
{
    int64_t now_ms = os_monotonic_ms();

    if (now_ms - trial->told_ms < PROGRESS_MS)
        return;
    trial->told_ms = now_ms;
    tell(trial,
         json_pack("{s:{s:I, s:I, s:I, s:b}}", "progress", "hosts", (json_int_t)trial->n_hosts,
                   "hosts_judged", (json_int_t)trial->n_judged_hosts, "states",
                   (json_int_t)trial->n_states, "hosts_all_read", trial->read_all));
}

/* Part of the hosts of a state that changes; the next part follows at the next call. */
static void tell_change(struct trial *trial, struct tried_state *state)
{
    json_t *names = json_array();
    json_error_t ignored;

    for (size_t i = 0; state->hosts && i < NAMES_PER_LINE; i++) {
        json_array_append_new(names, json_string(state->hosts->name));
        state->hosts = state->hosts->next;
    }
    tell(trial,
         json_pack("{s:{s:s, s:s, s:I, s:o, s:o}}", "change", "from", verdict_name(state->verdict),
                   "to", verdict_name(state->draft_verdict), "n_hosts", (json_int_t)state->n_hosts,
                   "hosts", names, "reasons", json_loads(state->reasons, 0, &ignored)));
    if (state->hosts)
        return;
    (void)queue_take(&trial->to_tell);
}

static void tell_end(struct trial *trial)
{
    tell(trial,
         json_pack("{s:{s:I, s:I, s:I, s:I, s:I}}", "summary", "hosts", (json_int_t)trial->n_hosts,
                   "changed", (json_int_t)trial->n_changed, "unjudged",
                   (json_int_t)trial->n_unjudged, "states", (json_int_t)trial->n_states, "ms",
                   (json_int_t)(os_monotonic_ms() - trial->started_ms)));
}

/* --- Judging --- */

static bool is_cut_off(enum verdict verdict)
{
    return !outcome_passes(verdict);
}

/* The heaviest reasons of the draft's verdict, as JSON text in the trial's arena. */
static const char *keep_reasons(struct trial *trial, const struct reasons *reasons)
{
    struct reasons *heaviest = arena_new(&trial->arena, struct reasons);
    json_t *array;
    char *text;
    const char *kept = "[]";

    for (int weight = REASON_WEIGHT_UNTRUSTED; heaviest && weight > REASON_WEIGHT_NOTE; weight--)
        for (size_t i = 0; i < reasons->n_items && heaviest->n_items < REASONS_PER_LINE; i++)
            if ((int)reasons->items[i].weight == weight)
                heaviest->items[heaviest->n_items++] = reasons->items[i];
    array = heaviest ? result_json_reasons(heaviest) : NULL;
    text = array ? json_dumps(array, JSON_COMPACT) : NULL;
    if (text)
        kept = arena_text(&trial->arena, span_text(text));
    free(text);
    json_decref(array);
    return kept ? kept : "[]";
}

static void judged(struct trial *trial, struct tried_state *state,
                   const struct work_try_answer *answer)
{
    state->verdict = answer->present;
    state->draft_verdict = answer->draft;
    trial->n_judged_hosts += state->n_hosts;
    if (answer->present == answer->draft)
        return;
    trial->n_changed += state->n_hosts;
    state->reasons = is_cut_off(answer->draft) || answer->draft == VERDICT_ATTENTION
                         ? keep_reasons(trial, answer->reasons)
                         : "[]";
    queue_put(&trial->to_tell, state);
}

static void not_judged(struct trial *trial, struct tried_state *state)
{
    if (++state->attempts < ATTEMPTS) {
        queue_put(&trial->to_judge, state);
        return;
    }
    trial->n_judged_hosts += state->n_hosts;
    trial->n_unjudged += state->n_hosts;
}

static void on_tried(void *context, enum call_result result, struct span frame)
{
    struct tried_state *state = context;
    struct trial *trial = state->trial;
    struct arena arena = arena_init(PAGE_ARENA_LEN);
    struct work_try_answer answer;
    struct error error;

    trial->in_flight--;
    if (result != CALL_ANSWERED || frame.len == 0 ||
        !work_try_answer_decode(frame, &arena, &answer, &error)) {
        not_judged(trial, state);
    } else if (answer.needs_sources) {
        state->with_sources = true;
        queue_put(&trial->to_judge, state);
    } else {
        judged(trial, state, &answer);
    }
    arena_done(&arena);
}

static bool encode_try(struct trial *trial, const struct tried_state *state, struct arena *arena,
                       struct span *frame, struct error *error)
{
    struct front *front = trial->exchange->front;
    uint8_t policy_ref[OUTCOME_POLICY_LEN], identity_policy[OUTCOME_POLICY_LEN];
    struct work_try work = {
        .identity_policy = span_of(identity_policy, sizeof identity_policy),
        .pcrs = (uint32_t)conf_number(&front->start.conf, CONF_ATTEST_PCRS),
        .present = state->with_sources ? state->present->with_sources : state->present->policies,
        .draft = state->with_sources ? state->draft->with_sources : state->draft->policies,
        .catalog = trial->catalog,
        .draft_catalog = trial->draft_catalog,
    };
    struct store_host host;
    bool found = false;

    if (!store_host_get(front->store, state->host_id, arena, &host, &found, error))
        return false;
    if (!found)
        return error_plain(error, ERROR_NOT_FOUND, "the host was forgotten meanwhile");
    work.ak_public = host.enrolled.ak_public;
    work.endorsed = work_endorsed(&host.enrolled);
    front_identity_policy(front, span_of(state->host_id, sizeof state->host_id), policy_ref,
                          identity_policy);
    /* Observed policies do not judge, and a trial is about what judges. */
    work.present.n_items = work.present.n_judging;
    work.draft.n_items = work.draft.n_judging;
    work.catalog.has_text &= state->with_sources;
    work.draft_catalog.has_text &= state->with_sources;
    return bundle_load(front->store, state->host_id, arena, &work.evidence, error) &&
           work_try_encode(&work, arena, frame, error);
}

static void ask(struct trial *trial, struct tried_state *state)
{
    struct arena arena = arena_init(4 * (size_t)LIMIT_EVIDENCE_LEN);
    struct span frame = {0};
    struct error error;

    if (encode_try(trial, state, &arena, &frame, &error)) {
        trial->in_flight++;
        calls_ask(trial->exchange->front->calls, frame, on_tried, state);
    } else {
        not_judged(trial, state);
    }
    arena_done(&arena);
}

/* --- Reading hosts --- */

/* What the policies read of a host. One whose claims were not told, or told on another basis, is like
 * no other. */
static void make_key(struct trial *trial, const struct store_host_state_row *row,
                     uint8_t key[STORE_DIGEST_LEN])
{
    uint8_t read[(CLAIM_IDS + 1) * CLAIM_DIGEST_LEN];
    struct work_claims claims;
    struct crypto_digest digest;
    size_t len = 0;

    memcpy(key, row->id, STORE_DIGEST_LEN);
    if (row->claims.len != sizeof claims)
        return;
    memcpy(&claims, row->claims.data, sizeof claims);
    if (memcmp(claims.basis, trial->basis, sizeof claims.basis) != 0)
        return;
    memcpy(read, claims.evidence, CLAIM_DIGEST_LEN);
    for (int id = 0; id < CLAIM_IDS; id++)
        if (trial->claims_read[id])
            memcpy(read + ++len * CLAIM_DIGEST_LEN, claims.digests[id], CLAIM_DIGEST_LEN);
    crypto_hash_span(trial->exchange->front->crypto, TPM_ALG_SHA256,
                     span_of(read, (len + 1) * CLAIM_DIGEST_LEN), &digest);
    memcpy(key, digest.bytes, STORE_DIGEST_LEN);
}

static struct tried_state *find_state(struct trial *trial, const struct store_host_state_row *row,
                                      const struct policy_set *present,
                                      const struct policy_set *draft)
{
    uint8_t key[STORE_DIGEST_LEN];
    struct tried_state *state, **bucket;

    make_key(trial, row, key);
    bucket = &trial->buckets[key[0] | key[1] << 8];
    for (state = *bucket; state; state = state->chain)
        if (memcmp(state->key, key, sizeof key) == 0 && state->present == present &&
            state->draft == draft)
            return state;
    state = arena_new(&trial->arena, struct tried_state);
    if (!state)
        return NULL;
    state->trial = trial;
    memcpy(state->key, key, sizeof key);
    memcpy(state->host_id, row->id, STORE_HOST_ID_LEN);
    state->present = present;
    state->draft = draft;
    state->chain = *bucket;
    *bucket = state;
    trial->n_states++;
    queue_put(&trial->to_judge, state);
    return state;
}

static bool take_host(struct trial *trial, const struct store_host_state_row *row,
                      struct error *error)
{
    const struct policy_set *present, *draft;
    struct tried_host *host;
    struct tried_state *state;
    int64_t ignored;

    trial->n_hosts++;
    if (!bindings_for_host(trial->present, row->name, trial->now_s, &present, &ignored, error) ||
        !bindings_for_host(trial->draft, row->name, trial->now_s, &draft, &ignored, error))
        return false;
    if (memcmp(present->sha256, draft->sha256, STORE_DIGEST_LEN) == 0 &&
        !(trial->draft_catalog.given && trial->certification_read)) {
        trial->n_judged_hosts++; /* the draft is not about it */
        return true;
    }
    host = arena_new(&trial->arena, struct tried_host);
    state = find_state(trial, row, present, draft);
    if (!host || !state || !(host->name = arena_text(&trial->arena, span_text(row->name))))
        return arena_error(&trial->arena, error);
    host->next = state->hosts;
    state->hosts = host;
    state->n_hosts++;
    return true;
}

static bool read_page(struct trial *trial, struct error *error)
{
    struct arena arena = arena_init(PAGE_ARENA_LEN);
    struct store_host_state_row *rows;
    size_t n_rows = 0;
    bool ok = store_host_states(trial->exchange->front->store, trial->after, PAGE_HOSTS, &arena,
                                &rows, &n_rows, error);

    for (size_t i = 0; ok && i < n_rows; i++)
        ok = take_host(trial, &rows[i], error);
    if (ok && n_rows)
        trial->after = arena_text(&trial->arena, span_text(rows[n_rows - 1].name));
    trial->read_all = ok && n_rows < PAGE_HOSTS;
    arena_done(&arena);
    return ok && (trial->after || n_rows == 0 || arena_error(&trial->arena, error));
}

/* --- The course of it --- */

static void end(struct trial *trial)
{
    http_stream_end(trial->exchange->request);
    trial_free(trial);
}

static void on_tick(void *context)
{
    struct trial *trial = context;
    struct front *front = trial->exchange->front;
    size_t at_once = 2 * calls_counts(front->calls).workers;
    struct error error;

    if (trial->gone) {
        if (trial->in_flight == 0)
            end(trial);
        return;
    }
    if (!trial->read_all && !read_page(trial, &error)) {
        tell(trial, json_pack("{s:s}", "error", error.message));
        trial->gone = true;
        return;
    }
    /* All hosts of a state are known only when all hosts were read. */
    while (trial->read_all && trial->to_judge.first && trial->in_flight < at_once)
        ask(trial, queue_take(&trial->to_judge));
    while (trial->to_tell.first && !trial->gone &&
           http_stream_waiting(trial->exchange->request) < WAITING_MAX)
        tell_change(trial, trial->to_tell.first);
    tell_progress(trial);
    if (trial->read_all && !trial->to_judge.first && !trial->to_tell.first &&
        trial->in_flight == 0 && !trial->gone) {
        tell_end(trial);
        end(trial);
    }
}

static void on_close(void *context)
{
    ((struct trial *)context)->gone = true;
}

/* Under whatever catalogue, hosts are certified alike that are alike in what catalogues ask for. */
static void resolve_certification(struct trial *trial)
{
    bool *level = &trial->claims_read[CLAIM_HARDWARE_CERTIFIED_LEVEL];
    bool *by = &trial->claims_read[CLAIM_HARDWARE_CERTIFIED_BY];

    trial->certification_read = *level || *by;
    *level = *by = false;
    if (trial->certification_read)
        certification_mark_read(trial->claims_read);
}

/* Tells of a draft catalogue what plays no part in a trial. */
static json_t *head_json(const struct trial *trial)
{
    json_t *head = json_pack("{s:s}", "schema", "bootseal.policy-test.v1");

    if (trial->draft_catalog.given)
        json_object_set_new(
            head, "catalog",
            json_pack("{s:s, s:b}", "label", trial->catalog_label, "signature_checked", false));
    return head;
}

static void start(struct trial *trial)
{
    struct front *front = trial->exchange->front;
    struct error error;

    resolve_certification(trial);
    trial->tick = loop_timer(front->loop, TICK_MS, true, on_tick, trial, &error);
    if (!trial->tick) {
        exchange_fail(trial->exchange, "policy.test", &error);
        trial_free(trial);
        return;
    }
    trial->started_ms = os_monotonic_ms();
    http_stream_start(trial->exchange->request, 200, "application/x-ndjson", on_close, trial);
    tell(trial, head_json(trial));
}

/* --- The request --- */

static void fail(struct trial *trial, const struct error *error)
{
    exchange_fail(trial->exchange, "policy.test", error);
    trial_free(trial);
}

static void ask_check(struct trial *trial, const struct work_check *check, call_done_fn *done)
{
    struct arena arena = arena_init(4 * (size_t)LIMIT_HOST_SOURCES_LEN);
    struct span frame;
    struct error error;

    if (work_check_encode(check, &arena, &frame, &error))
        calls_ask(trial->exchange->front->calls, frame, done, trial);
    else
        fail(trial, &error);
    arena_done(&arena);
}

static void note_claims(struct trial *trial, const struct work_check_answer *answer)
{
    for (size_t id = 0; id < answer->claims_read.len; id++)
        trial->claims_read[id] |= answer->claims_read.data[id] != 0;
    if (answer->basis.len == sizeof trial->basis)
        memcpy(trial->basis, answer->basis.data, sizeof trial->basis);
}

/* The answer; false after having answered the exchange and ended the trial. */
static bool take_check(struct trial *trial, enum call_result result, struct span frame,
                       struct work_check_answer *answer)
{
    struct error error;

    if (result == CALL_ANSWERED && frame.len && work_check_answer_decode(frame, answer, &error))
        return true;
    if (result == CALL_ANSWERED)
        exchange_problem(trial->exchange, PROBLEM_WORKER_FAILED, NULL);
    else
        exchange_call_failed(trial->exchange, result);
    trial_free(trial);
    return false;
}

static void on_other_checked(void *context, enum call_result result, struct span frame);

/* What the policies in force read, one after the other. One that cannot be used reads nothing. */
static void check_others(struct trial *trial)
{
    struct work_check check = {.kind = STORE_DOCUMENT_POLICY};

    if (bindings_policy(trial->present, trial->n_checked++, &check.sources))
        ask_check(trial, &check, on_other_checked);
    else
        start(trial);
}

static void on_other_checked(void *context, enum call_result result, struct span frame)
{
    struct trial *trial = context;
    struct work_check_answer answer;

    if (!take_check(trial, result, frame, &answer))
        return;
    note_claims(trial, &answer);
    check_others(trial);
}

static void on_draft_checked(void *context, enum call_result result, struct span frame)
{
    struct trial *trial = context;
    struct work_check_answer answer;

    if (!take_check(trial, result, frame, &answer))
        return;
    if (!answer.valid) {
        exchange_document_invalid(trial->exchange, &answer);
        trial_free(trial);
        return;
    }
    note_claims(trial, &answer);
    check_others(trial);
}

/* The draft in its place among the bindings: without reference values of its own it has those of the
 * binding that it stands for. */
static void check_policy(struct trial *trial)
{
    struct front *front = trial->exchange->front;
    struct work_check check = {.kind = trial->wanted.mode == STORE_BINDING_ACCEPT
                                           ? STORE_DOCUMENT_UPDATE
                                           : STORE_DOCUMENT_POLICY};
    struct error error;

    if (!bindings_load(front->store, front->crypto, &trial->present, &error) ||
        (trial->wanted.text.len &&
         !bindings_try(trial->present, &trial->wanted, &trial->draft, &error))) {
        fail(trial, &error);
    } else if (trial->wanted.text.len == 0) {
        trial->draft = trial->present;
        check_others(trial);
    } else {
        (void)bindings_sources(trial->draft, trial->wanted.name, &check.sources);
        ask_check(trial, &check, on_draft_checked);
    }
}

/* The draft's name for people; false when the answer cannot be kept. */
static bool note_catalog(struct trial *trial, const struct work_catalog_answer *answer)
{
    trial->catalog_label = arena_printf(&trial->arena, "%.*s version %lld", (int)answer->name.len,
                                        (const char *)answer->name.data,
                                        (long long)answer->version);
    return trial->catalog_label != NULL;
}

static void on_catalog_checked(void *context, enum call_result result, struct span frame)
{
    struct trial *trial = context;
    struct work_catalog_answer answer;
    struct error error;

    if (result != CALL_ANSWERED) {
        exchange_call_failed(trial->exchange, result);
    } else if (frame.len == 0 || !work_catalog_answer_decode(frame, &answer, &error) ||
               (answer.valid && !note_catalog(trial, &answer))) {
        exchange_problem(trial->exchange, PROBLEM_WORKER_FAILED, NULL);
    } else if (!answer.valid) {
        exchange_catalog_invalid(trial->exchange, &answer);
    } else {
        check_policy(trial);
        return;
    }
    trial_free(trial);
}

static void check_catalog(struct trial *trial)
{
    const struct work_catalog_check check = {.text = trial->draft_catalog.text, .is_draft = true};
    struct arena arena = arena_init(4 * (size_t)LIMIT_DOCUMENT_LEN);
    struct span frame;
    struct error error;

    if (work_catalog_check_encode(&check, &arena, &frame, &error))
        calls_ask(trial->exchange->front->calls, frame, on_catalog_checked, trial);
    else
        fail(trial, &error);
    arena_done(&arena);
}

static struct span text_of(const json_t *object, const char *name)
{
    const json_t *text = json_object_get(object, name);

    return span_of(json_string_value(text), json_string_length(text));
}

static bool keep_text(struct trial *trial, struct span *text)
{
    text->data = (const uint8_t *)arena_text(&trial->arena, *text);
    return text->data != NULL;
}

/* Reference values of the draft policy, in the trial's arena; NULL or what is wrong. */
static const char *read_references(struct trial *trial, const json_t *references)
{
    struct span *texts = arena_array(&trial->arena, json_array_size(references) + 1, sizeof *texts);
    const json_t *reference;
    size_t i;

    if (references &&
        (!json_is_array(references) || json_array_size(references) >= LIMIT_POLICY_SOURCES / 2))
        return "\"references\" is a short list of texts";
    if (!texts)
        return "the draft is too large";
    json_array_foreach(references, i, reference)
    {
        if (!json_is_string(reference))
            return "\"references\" is a short list of texts";
        texts[i] = span_of(json_string_value(reference), json_string_length(reference));
        if (!keep_text(trial, &texts[i]))
            return "the draft is too large";
    }
    trial->wanted.references = texts;
    trial->wanted.n_references = json_array_size(references);
    return NULL;
}

/* The catalogues: the draft, and a copy of the one in force, which may change meanwhile. */
static const char *read_catalogs(struct trial *trial, const json_t *body)
{
    struct front *front = trial->exchange->front;
    struct work_catalog *draft = &trial->draft_catalog;
    struct crypto_digest digest;

    draft->text = text_of(body, "catalog");
    draft->given = draft->has_text = json_object_get(body, "catalog") != NULL;
    if (draft->given && (draft->text.len == 0 || draft->text.len > LIMIT_DOCUMENT_LEN))
        return "\"catalog\" is the text of a catalogue, 1 MiB at most";
    crypto_hash_span(front->crypto, TPM_ALG_SHA256, draft->text, &digest);
    memcpy(draft->sha256, digest.bytes, sizeof draft->sha256);
    trial->catalog = front_catalog(front, true);
    return (!draft->given || keep_text(trial, &draft->text)) &&
                   (!trial->catalog.given || (keep_text(trial, &trial->catalog.text) &&
                                              keep_text(trial, &trial->catalog.signature)))
               ? NULL
               : "the draft is too large";
}

/* A field that nobody reads may be a misspelt one: a draft without "hosts" is for all. */
static const char *fields_wrong(const json_t *body)
{
    static const char *const TEXTS[] = {"policy", "update", "catalog", "hosts", "binding"};
    size_t known = json_object_get(body, "references") != NULL;

    for (size_t i = 0; i < sizeof TEXTS / sizeof *TEXTS; i++) {
        const json_t *text = json_object_get(body, TEXTS[i]);

        if (text && !json_is_string(text))
            return "\"policy\", \"update\", \"catalog\", \"hosts\" and \"binding\" are texts";
        known += text != NULL;
    }
    return json_object_size(body) == known ? NULL
                                           : "a trial has policy, update, catalog, references, "
                                             "hosts and binding, and nothing else";
}

/* Fills in what is tried from the body, with texts in the trial's arena; NULL or what is wrong. */
static const char *read_wanted(struct trial *trial, const json_t *body)
{
    struct bindings_draft *wanted = &trial->wanted;
    struct span policy = text_of(body, "policy"), update = text_of(body, "update");
    const char *hosts = json_string_value(json_object_get(body, "hosts"));
    const char *binding = json_string_value(json_object_get(body, "binding"));
    const json_t *references = json_object_get(body, "references");
    const char *wrong = fields_wrong(body);

    if (wrong)
        return wrong;
    if (policy.len && update.len)
        return "either \"policy\" or \"update\" is the text of the draft";
    if (policy.len == 0 && update.len == 0 && !json_object_get(body, "catalog"))
        return "\"policy\", \"update\" or \"catalog\" is the text of the draft";
    if (policy.len == 0 && update.len == 0 && (hosts || binding || references))
        return "\"hosts\", \"binding\" and \"references\" are of a draft policy";
    if (hosts && bindings_globs_wrong(hosts))
        return bindings_globs_wrong(hosts);
    wanted->mode = policy.len ? STORE_BINDING_ENFORCE : STORE_BINDING_ACCEPT;
    wanted->name = arena_text(&trial->arena, span_text(binding      ? binding
                                                       : policy.len ? "default"
                                                                    : "draft"));
    wanted->hosts = hosts ? arena_text(&trial->arena, span_text(hosts)) : NULL;
    wanted->text = policy.len ? policy : update;
    if (!wanted->name || !keep_text(trial, &wanted->text))
        return "the draft is too large";
    wrong = read_references(trial, references);
    return wrong ? wrong : read_catalogs(trial, body);
}

void route_policy_test(struct exchange *exchange)
{
    json_t *body = exchange_body_json(exchange);
    struct trial *trial;
    const char *wrong;

    if (!body)
        return;
    trial = exchange->front->n_trials < LIMIT_TRIALS ? calloc(1, sizeof *trial) : NULL;
    if (!trial) {
        exchange_problem(exchange, PROBLEM_WORKER_BUSY, "at most %d trials run at a time",
                         LIMIT_TRIALS);
        json_decref(body);
        return;
    }
    trial->exchange = exchange;
    trial->front = exchange->front;
    trial->front->n_trials++;
    trial->arena = arena_init(ARENA_LEN);
    trial->now_s = os_now_s();
    queue_init(&trial->to_judge);
    queue_init(&trial->to_tell);
    wrong = read_wanted(trial, body);
    json_decref(body);
    if (wrong) {
        exchange_problem(exchange, PROBLEM_BODY_MALFORMED, "%s", wrong);
        trial_free(trial);
        return;
    }
    if (trial->draft_catalog.given)
        check_catalog(trial);
    else
        check_policy(trial);
}
