#include "server/worker_examine.h"

#include <stdlib.h>

#include "msg/boot_diff_json.h"
#include "msg/result_json.h"
#include "msg/why_json.h"
#include "os/clock.h"

/* Takes the reference; NULL is lack of memory. */
static bool answer_json(enum work_kind kind, json_t *object, struct arena *arena,
                        struct span *answer_frame, struct error *error)
{
    char *text = object && result_json_shorten(object) ? json_dumps(object, JSON_COMPACT) : NULL;
    bool ok;

    json_decref(object);
    if (!text)
        return error_plain(error, ERROR_MEMORY, "no memory for the answer");
    ok = work_json_encode(kind, span_text(text), arena, answer_frame, error);
    free(text);
    return ok;
}

/* --- One boot --- */

/* *object is NULL for lack of memory, as below. */
static bool claims_json(const struct worker_examiner *examiner, const struct work_examine *request,
                        const struct appraisal *appraisal, struct arena *arena, json_t **object,
                        struct error *error)
{
    struct policy *compiled[LIMIT_HOST_POLICIES];
    json_t *changed_by;

    if (!worker_policies_find(examiner->policies, &request->policies, compiled))
        return error_plain(error, ERROR_USAGE, "policies come with their sources");
    if (!why_json_changed_by(examiner->crypto, compiled, request->policies.n_items,
                             &appraisal->claims, arena, &changed_by, error))
        return false;
    *object = result_json_appraisal(examiner->crypto, appraisal, arena);
    /* Made without what was demanded of the host when it attested. */
    json_object_del(*object, "verdict");
    json_object_del(*object, "reasons");
    json_object_set_new(*object, "changed_by", changed_by);
    return true;
}

/* --- Features --- */

static bool add_table(const struct worker_examiner *examiner, const struct policy *policy,
                      bool observed, const struct appraisal *appraisal, struct arena *arena,
                      json_t *tables, struct error *error)
{
    struct feature_table table;
    json_t *object;

    if (!features_evaluate(policy, examiner->crypto, &appraisal->claims, arena, &table, error) ||
        !appraise_locate(&appraisal->log, table.reasons, arena, error))
        return false;
    object = result_json_features(examiner->crypto, &table, &appraisal->claims, arena);
    json_object_set_new(object, "observed", json_boolean(observed));
    return json_array_append_new(tables, object) == 0 ||
           error_plain(error, ERROR_MEMORY, "no memory for the answer");
}

static bool add_tables(const struct worker_examiner *examiner, const struct work_policies *wanted,
                       const struct appraisal *appraisal, struct arena *arena, json_t *tables,
                       struct error *error)
{
    struct policy *compiled[LIMIT_HOST_POLICIES];

    if (!worker_policies_find(examiner->policies, wanted, compiled))
        return error_plain(error, ERROR_USAGE, "policies come with their sources");
    for (size_t i = 0; i < wanted->n_items; i++)
        if (compiled[i] && !add_table(examiner, compiled[i], i >= wanted->n_judging, appraisal,
                                      arena, tables, error))
            return false;
    return true;
}

static bool features_json(const struct worker_examiner *examiner,
                          const struct work_examine *request, struct appraisal *appraisal,
                          struct arena *arena, json_t **object, struct error *error)
{
    struct reasons *findings = arena_new(arena, struct reasons);
    json_t *tables;
    size_t n_unusable;
    bool proven;

    if (!findings)
        return arena_error(arena, error);
    proven = appraise_proven(appraisal, findings);
    tables = json_array();
    if (!add_tables(examiner, &request->policies, appraisal, arena, tables, error)) {
        json_decref(tables);
        return false;
    }
    n_unusable = request->policies.n_items - json_array_size(tables);
    *object = json_pack("{s:b, s:o, s:I, s:o}", "proven", proven, "policies", tables, "n_unusable",
                        (json_int_t)n_unusable, "findings", result_json_reasons(findings));
    return true;
}

static bool find_catalog(const struct worker_examiner *examiner, const struct work_catalog *wanted,
                         struct worker_catalog *found, struct error *error)
{
    return worker_catalogs_find(examiner->catalogs, wanted, os_now_s(), found) ||
           error_plain(error, ERROR_USAGE, "a catalogue comes with its text");
}

bool worker_examine(const struct worker_examiner *examiner, struct span frame, struct arena *arena,
                    struct span *answer_frame, struct error *error)
{
    struct appraisal *appraisal = arena_new(arena, struct appraisal);
    struct work_examine request;
    struct worker_catalog catalog;
    struct appraise_input input;
    json_t *object = NULL;
    bool done;

    if (!work_examine_decode(frame, arena, &request, error) ||
        !find_catalog(examiner, &request.catalog, &catalog, error))
        return false;
    if (!appraisal)
        return arena_error(arena, error);
    input = (struct appraise_input){
        .evidence = request.evidence,
        .ak_public = request.ak_public,
        .pcrs = request.pcrs,
        .identity_policy = request.identity_policy,
        .endorsed = request.endorsed,
        .ima_certificates = examiner->ima_certificates,
        .revocations = examiner->revocations,
        .revocations_sha256 = examiner->revocations_sha256,
        .catalog = catalog.catalog,
    };
    if (!appraise(examiner->crypto, &input, arena, appraisal, error))
        return false;
    done = request.features ? features_json(examiner, &request, appraisal, arena, &object, error)
                            : claims_json(examiner, &request, appraisal, arena, &object, error);
    return done && answer_json(WORK_EXAMINE, object, arena, answer_frame, error);
}

/* --- Two boots --- */

/* Evidence read as far as it can be; what cannot be read is missing on its side. */
static bool read_boot(const struct worker_examiner *examiner, const struct work_diff *request,
                      struct span evidence, struct arena *arena, struct boot_diff_input *boot,
                      struct error *error)
{
    struct appraisal *appraisal = arena_new(arena, struct appraisal);
    struct worker_catalog catalog;
    struct appraise_input input;

    if (!find_catalog(examiner, &request->catalog, &catalog, error))
        return false;
    if (!appraisal)
        return arena_error(arena, error);
    input = (struct appraise_input){
        .evidence = evidence,
        .endorsed = request->endorsed,
        .revocations = examiner->revocations,
        .revocations_sha256 = examiner->revocations_sha256,
        .catalog = catalog.catalog,
    };
    if (!appraise(examiner->crypto, &input, arena, appraisal, error))
        return false;
    *boot = (struct boot_diff_input){&appraisal->log, &appraisal->evidence, &appraisal->claims};
    return true;
}

bool worker_diff(const struct worker_examiner *examiner, struct span frame, struct arena *arena,
                 struct span *answer_frame, struct error *error)
{
    struct boot_diff_input before, after;
    struct work_diff request;
    struct boot_diff diff;

    if (!work_diff_decode(frame, &request, error) ||
        !read_boot(examiner, &request, request.before, arena, &before, error) ||
        !read_boot(examiner, &request, request.after, arena, &after, error) ||
        !boot_diff(examiner->crypto, &before, &after, arena, &diff, error))
        return false;
    return answer_json(WORK_DIFF, boot_diff_json(&diff), arena, answer_frame, error);
}
