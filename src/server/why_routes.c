/* Why a host is what it is: its reasons with how common they are, its claims and features, and what
 * changed since its last good boot.
 *
 * What weighs against a host is read as it was recorded with the verdict; claims are made
 * anew from the stored evidence by a worker, under the policies that hold now. */
#include <stdlib.h>

#include "msg/result_json.h"
#include "msg/why_json.h"
#include "os/clock.h"
#include "outcome/finding.h"
#include "server/bundle.h"
#include "server/front.h"
#include "server/host_view.h"
#include "server/routes.h"
#include "server/work_examine.h"
#include "verify/endorsement.h"

enum { HOST_ARENA_LEN = 1024 * 1024, ANSWER_ARENA_LEN = 16 * 1024 * 1024 };
#define EVIDENCE_ARENA_LEN (6 * (size_t)LIMIT_EVIDENCE_LEN)

/* A question about a host that a worker helps to answer. */
struct inquiry {
    struct exchange *exchange;
    struct arena arena;
    struct store_host host;
    enum work_kind kind;
    void (*answer)(struct inquiry *inquiry, json_t *found); /* takes the reference */
    bool answers_without; /* found is NULL where no worker can tell */
    int64_t good_s;       /* of the last good boot; 0: none */
    bool features;        /* the worker is asked for features, not for claims */
    struct store_document
        level; /* the policy that they are held against; no text: those in force */
};

static void inquiry_free(struct inquiry *inquiry)
{
    arena_done(&inquiry->arena);
    free(inquiry);
}

/* The path's host; NULL after having answered. */
static struct inquiry *inquiry_new(struct exchange *exchange)
{
    struct inquiry *inquiry = calloc(1, sizeof *inquiry);

    if (!inquiry) {
        exchange_problem(exchange, PROBLEM_INTERNAL, NULL);
        return NULL;
    }
    inquiry->exchange = exchange;
    inquiry->arena = arena_init(HOST_ARENA_LEN + ANSWER_ARENA_LEN);
    if (host_view_find(exchange, &inquiry->arena, &inquiry->host))
        return inquiry;
    inquiry_free(inquiry);
    return NULL;
}

static void end_with_error(struct inquiry *inquiry, const char *event, const struct error *error)
{
    exchange_fail(inquiry->exchange, event, error);
    inquiry_free(inquiry);
}

static void end_with_problem(struct inquiry *inquiry, enum problem problem, const char *detail)
{
    if (detail)
        exchange_problem(inquiry->exchange, problem, "%s", detail);
    else
        exchange_problem(inquiry->exchange, problem, NULL);
    inquiry_free(inquiry);
}

/* The answer under a schema, with the host's name first. Takes the reference to rest. */
static void end_with_json(struct inquiry *inquiry, const char *schema, json_t *rest)
{
    json_t *object = rest ? json_pack("{s:s, s:s, s:o}", "schema", schema, "host",
                                      inquiry->host.enrolled.name, "id",
                                      result_json_hex(span_of(inquiry->host.enrolled.id,
                                                              sizeof inquiry->host.enrolled.id)))
                          : NULL;

    if (object)
        json_object_update(object, rest);
    json_decref(rest);
    exchange_json(inquiry->exchange, 200, object);
    inquiry_free(inquiry);
}

/* --- Asking a worker --- */

static void on_answered(void *context, enum call_result result, struct span frame)
{
    struct inquiry *inquiry = context;
    struct span text;
    struct error error;
    json_error_t wrong;
    json_t *found = NULL;

    if (result == CALL_ANSWERED && frame.len &&
        work_json_decode(frame, inquiry->kind, &text, &error))
        found = json_loadb((const char *)text.data, text.len, 0, &wrong);
    if (found || inquiry->answers_without) {
        inquiry->answer(inquiry, found);
    } else if (result == CALL_ANSWERED) {
        end_with_problem(inquiry, PROBLEM_WORKER_FAILED, NULL);
    } else {
        exchange_call_failed(inquiry->exchange, result);
        inquiry_free(inquiry);
    }
}

/* The level in place of the policies in force, with the updates that are accepted for the host. */
static bool find_level(struct inquiry *inquiry, struct bindings **tried,
                       struct work_policies *policies, struct error *error)
{
    const struct bindings *present = inquiry->exchange->front->bindings;
    struct bindings_draft draft = {.name = "", /* as no binding is called */
                                   .hosts = "*",
                                   .mode = STORE_BINDING_ENFORCE,
                                   .text = inquiry->level.text};
    const struct policy_set *set;
    int64_t changes_s;

    bindings_references(present, inquiry->level.sha256, &draft.references, &draft.n_references);
    if (!bindings_try(present, &draft, tried, error) ||
        !bindings_for_host(*tried, inquiry->host.enrolled.name, os_now_s(), &set, &changes_s,
                           error))
        return false;
    /* A draft of a new name is the last of those that judge. */
    *policies = (struct work_policies){&set->with_sources.items[set->with_sources.n_judging - 1], 1,
                                       1};
    return true;
}

static bool find_policies(struct inquiry *inquiry, struct bindings **tried,
                          struct work_policies *policies, struct error *error)
{
    const struct policy_set *set;
    int64_t changes_s;

    if (inquiry->level.text.len)
        return find_level(inquiry, tried, policies, error);
    if (!bindings_for_host(inquiry->exchange->front->bindings, inquiry->host.enrolled.name,
                           os_now_s(), &set, &changes_s, error))
        return false;
    *policies = set->with_sources;
    return true;
}

static bool encode_examine(struct inquiry *inquiry, struct span bundle, struct arena *arena,
                           struct span *frame, struct error *error)
{
    struct front *front = inquiry->exchange->front;
    const struct store_enrolment *enrolled = &inquiry->host.enrolled;
    uint8_t policy_ref[OUTCOME_POLICY_LEN], identity_policy[OUTCOME_POLICY_LEN];
    struct work_examine work = {
        .evidence = bundle,
        .ak_public = enrolled->ak_public,
        .identity_policy = span_of(identity_policy, sizeof identity_policy),
        .endorsed = work_endorsed(&inquiry->host.enrolled),
        .pcrs = (uint32_t)conf_number(&front->start.conf, CONF_ATTEST_PCRS),
        .features = inquiry->features,
        .catalog = front_catalog(front, true),
    };
    struct bindings *tried = NULL;
    bool done = find_policies(inquiry, &tried, &work.policies, error);

    if (done) {
        front_identity_policy(front, span_of(enrolled->id, sizeof enrolled->id), policy_ref,
                              identity_policy);
        done = work_examine_encode(&work, arena, frame, error);
    }
    bindings_free(tried);
    return done;
}

static void end_without_evidence(struct inquiry *inquiry)
{
    if (inquiry->answers_without)
        inquiry->answer(inquiry, NULL);
    else
        end_with_problem(inquiry, PROBLEM_EVIDENCE_NONE, NULL);
}

/* Has the host's last evidence examined; goes on in inquiry->answer. */
static void examine(struct inquiry *inquiry)
{
    struct arena arena = arena_init(EVIDENCE_ARENA_LEN);
    struct span bundle, frame;
    struct error error;
    bool loaded;

    inquiry->kind = WORK_EXAMINE;
    loaded = bundle_load(inquiry->exchange->front->store, inquiry->host.enrolled.id, &arena,
                         &bundle, &error);
    if (loaded && bundle.len == 0)
        end_without_evidence(inquiry);
    else if (loaded && encode_examine(inquiry, bundle, &arena, &frame, &error))
        calls_ask(inquiry->exchange->front->calls, frame, on_answered, inquiry);
    else
        end_with_error(inquiry, "hosts.examine", &error);
    arena_done(&arena);
}

/* --- Claims --- */

static void answer_claims(struct inquiry *inquiry, json_t *found)
{
    json_object_del(found, "changed_by");
    end_with_json(inquiry, "bootseal.host-claims.v1", found);
}

void route_hosts_claims(struct exchange *exchange)
{
    struct inquiry *inquiry = inquiry_new(exchange);

    if (!inquiry)
        return;
    inquiry->answer = answer_claims;
    examine(inquiry);
}

/* --- Features --- */

static void answer_features(struct inquiry *inquiry, json_t *found)
{
    json_object_set_new(found, "evidence_at", exchange_time(inquiry->host.seen_s));
    end_with_json(inquiry, "bootseal.host-features.v1", found);
}

/* False after having answered. */
static bool read_level(struct inquiry *inquiry, const char *name)
{
    struct error error;
    bool found;

    if (!store_document_get(inquiry->exchange->front->store, STORE_DOCUMENT_POLICY, name, NULL,
                            &inquiry->arena, &inquiry->level, &found, &error)) {
        end_with_error(inquiry, "hosts.features", &error);
        return false;
    }
    if (!found)
        end_with_problem(inquiry, PROBLEM_DOCUMENT_UNKNOWN, NULL);
    return found;
}

void route_hosts_features(struct exchange *exchange)
{
    const char *level = http_request_query_value(exchange->request, "level",
                                                 exchange_arena(exchange));
    struct inquiry *inquiry = inquiry_new(exchange);

    if (!inquiry || (level && !read_level(inquiry, level)))
        return;
    inquiry->features = true;
    inquiry->answer = answer_features;
    examine(inquiry);
}

/* --- Reasons --- */

static const char *text_of(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

/* As far as it makes the finding what it is. */
static struct reason stored_reason(const json_t *reason)
{
    const char *code = text_of(reason, "code");

    return (struct reason){.code = code ? reason_by_text(code) : REASON_NONE,
                           .policy = text_of(reason, "policy"),
                           .rule = text_of(reason, "rule"),
                           .claim = text_of(reason, "claim"),
                           .component = text_of(reason, "component"),
                           .expected = text_of(reason, "expected"),
                           .found = text_of(reason, "found")};
}

/* How common the finding is; not told of one that does not weigh, as it is not counted. */
static bool add_counts(struct inquiry *inquiry, json_t *object, const struct reason *reason,
                       struct error *error)
{
    struct front *front = inquiry->exchange->front;
    struct store_finding_counts counts = {0};
    uint8_t finding[STORE_DIGEST_LEN];

    outcome_finding(front->crypto, reason, finding);
    if (!store_finding_count(front->store, inquiry->host.enrolled.id, finding, &counts, error))
        return false;
    json_object_set_new(object, "first_seen_at", exchange_time(counts.first_s));
    json_object_set_new(object, "fleet_first_seen_at", exchange_time(counts.fleet_first_s));
    if (counts.first_s == 0)
        return true;
    json_object_set_new(object, "n_hosts", json_integer((json_int_t)counts.n_hosts));
    if (counts.n_class == 0)
        return true; /* nobody knows what machine it is */
    json_object_set_new(object, "n_hosts_of_class",
                        json_integer((json_int_t)counts.n_hosts_of_class));
    json_object_set_new(object, "n_class", json_integer((json_int_t)counts.n_class));
    return true;
}

/* The host's reasons, heaviest first, each with what is known about it. */
static json_t *weighed_reasons(struct inquiry *inquiry, const json_t *examined, struct error *error)
{
    json_t *reasons = why_json_sorted(host_view_reasons(inquiry->host.reasons)), *object;
    size_t i;

    json_array_foreach(reasons, i, object)
    {
        const struct reason reason = stored_reason(object);

        why_json_complete(object, examined);
        if (!add_counts(inquiry, object, &reason, error)) {
            json_decref(reasons);
            return NULL;
        }
    }
    return reasons;
}

/* --- Why --- */

/* What is so besides the reasons, and what to do about it; NULL where the reasons say it all. */
struct standing {
    const char *summary, *next;
};

static struct standing standing_of(struct inquiry *inquiry, int64_t now_s)
{
    const struct store_host *host = &inquiry->host;
    struct arena *arena = &inquiry->arena;
    const char *name = host->enrolled.name;

    if (host->enrolled.state == STORE_HOST_REVOKED)
        return (struct standing){
            arena_printf(arena, "%s revoked it: %s", host->revoked_by, host->revoked_reason),
            arena_printf(arena, "bootseal host forget %s, and enrol it again", name)};
    if (host->enrolled.state == STORE_HOST_PENDING)
        return (struct standing){"nobody vouches for its TPM: it waits for a named approval",
                                 arena_printf(arena, "bootseal host approve %s", name)};
    if (host->verdict == VERDICT_NONE)
        return (struct standing){"it is enrolled and has not attested yet",
                                 "see that bootseal-agent runs on the host"};
    if (host->expires_s <= now_s)
        return (struct standing){
            arena_printf(arena, "its last verdict, %s, has ended, and it has not attested since",
                         verdict_name((enum verdict)host->verdict)),
            "see that bootseal-agent runs on the host and reaches the service"};
    return (struct standing){0};
}

/* Since when the last verdict holds without a break, and by which policies; 0 and "" before the first. */
static bool last_verdict(struct inquiry *inquiry, struct store_verdict *last, struct error *error)
{
    struct store_verdict *verdicts;
    size_t n_verdicts;

    *last = (struct store_verdict){.policy = ""};
    if (!store_verdict_list(inquiry->exchange->front->store, inquiry->host.enrolled.id, NULL, 1,
                            &inquiry->arena, &verdicts, &n_verdicts, error))
        return false;
    if (n_verdicts)
        *last = verdicts[0];
    return true;
}

static json_t *why_json(struct inquiry *inquiry, const json_t *examined, struct error *error)
{
    const struct store_host *host = &inquiry->host;
    const int64_t now_s = os_now_s();
    const enum verdict verdict = host_view_verdict(host, now_s);
    const struct standing standing = standing_of(inquiry, now_s);
    struct store_verdict last;
    struct span evidence;
    json_t *reasons;

    if (!last_verdict(inquiry, &last, error) ||
        !store_good_evidence_get(inquiry->exchange->front->store, host->enrolled.id,
                                 &inquiry->arena, &evidence, &inquiry->good_s, error))
        return NULL;
    reasons = weighed_reasons(inquiry, examined, error);
    if (!reasons)
        return NULL;
    return json_pack(
        "{s:s, s:s, s:b, s:s, s:o, s:o, s:o, s:s, s:s, s:o, s:s?, s:s?, s:o}", "state",
        store_host_state_name(host->enrolled.state), "verdict", verdict_name(verdict), "passes",
        outcome_passes(verdict), "last_verdict", verdict_name((enum verdict)host->verdict),
        "since_at", exchange_time(last.first_s), "verdict_at", exchange_time(host->verdict_s),
        "verdict_ends", exchange_time(host->expires_s), "policy", last.policy ? last.policy : "",
        "class", host->class_name ? host->class_name : "", "good_boot_at",
        exchange_time(inquiry->good_s), "summary", standing.summary, "next", standing.next,
        "reasons", reasons);
}

static void answer_why(struct inquiry *inquiry, json_t *examined)
{
    struct error error = {0};
    json_t *why = why_json(inquiry, examined, &error);

    json_decref(examined);
    if (why || error.code == ERROR_NONE)
        end_with_json(inquiry, "bootseal.why.v1", why);
    else
        end_with_error(inquiry, "hosts.why", &error);
}

void route_hosts_why(struct exchange *exchange)
{
    struct inquiry *inquiry = inquiry_new(exchange);

    if (!inquiry)
        return;
    inquiry->answer = answer_why;
    inquiry->answers_without = true;
    examine(inquiry);
}

/* --- Diff --- */

static void answer_diff(struct inquiry *inquiry, json_t *found)
{
    json_object_set_new(found, "before_at", exchange_time(inquiry->good_s));
    json_object_set_new(found, "after_at", exchange_time(inquiry->host.seen_s));
    end_with_json(inquiry, "bootseal.boot-diff.v1", found);
}

/* IMA lists count by their digests: they are large, and one that grew is not kept whole. */
static void compare(struct inquiry *inquiry, struct arena *arena)
{
    const struct bundle_request good = {.good = true, .without_ima = true};
    const struct bundle_request last = {.without_ima = true};
    struct store *store = inquiry->exchange->front->store;
    const uint8_t *id = inquiry->host.enrolled.id;
    struct bundle before, after;
    struct work_diff work;
    struct span frame;
    struct error error;

    if (!bundle_load_boot(store, id, &good, arena, &before, &error) ||
        !bundle_load_boot(store, id, &last, arena, &after, &error)) {
        end_with_error(inquiry, "hosts.diff", &error);
        return;
    }
    inquiry->good_s = before.at_s;
    work = (struct work_diff){.before = before.bytes,
                              .after = after.bytes,
                              .endorsed = work_endorsed(&inquiry->host.enrolled),
                              .catalog = front_catalog(inquiry->exchange->front, true)};
    if (after.bytes.len == 0)
        end_with_problem(inquiry, PROBLEM_EVIDENCE_NONE, NULL);
    else if (before.bytes.len == 0)
        end_with_problem(inquiry, PROBLEM_EVIDENCE_NOT_GOOD,
                         "there is nothing to compare with until the host has passed once");
    else if (!work_diff_encode(&work, arena, &frame, &error))
        end_with_error(inquiry, "hosts.diff", &error);
    else
        calls_ask(inquiry->exchange->front->calls, frame, on_answered, inquiry);
}

void route_hosts_diff(struct exchange *exchange)
{
    struct inquiry *inquiry = inquiry_new(exchange);
    struct arena arena = arena_init(EVIDENCE_ARENA_LEN);

    if (!inquiry)
        return;
    inquiry->kind = WORK_DIFF;
    inquiry->answer = answer_diff;
    compare(inquiry, &arena);
    arena_done(&arena);
}
