/* policy.test: what a draft policy would change in a fleet of 100,000 hosts, from request to summary.
 * policy.test.catalog: the same with a draft catalogue that the draft policy asks, so that each state is
 * held against two catalogues.
 *
 * The fleet: hosts in software of a few fixtures attest to a real service; its database is then
 * multiplied while the service is stopped. Every copy has a disk of its own, as real hosts have, and
 * one of STATES different lists of boot images, so that STATES states have to be judged. The
 * reference is judging one evidence in full as often as that, on as many cores, and nothing else. */
#include <jansson.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "bench_service.h"
#include "measure.h"
#include "server/work_message.h"

enum { HOSTS = 100000, STATES = 1000, ROUNDS = 3 };

static const char PRESENT[] = "[policy]\nname = bench\nversion = 1\n\n"
                              "[rule log]\nrequire = log.complete\nmessage = whole\n";
static const char DRAFT[] =
    "[policy]\nname = bench\nversion = 2\n\n"
    "[rule log]\nrequire = log.complete\nmessage = whole\n\n"
    "[rule secure-boot]\nrequire = secure_boot.enabled\nmessage = Secure Boot must be on\n\n"
    "[rule debugger]\nrequire = !debug.kernel\nmessage = no debugger\n\n"
    "[rule images]\nrequire = size(boot.images) >= 1\nmessage = images\n";

static const char CATALOG[] =
    "[catalog]\nname = bench\nversion = 1\nissued = 2026-01-01\nvalid_until = 2026-12-31\n"
    "[model fixture]\nlevel = secured-core\nsource = bench\nfirmware_images =\n"
    "  sha256:c4ff2cfc23ae366d3dc54b6b90a673e1c59be7b89b26286d6d3bee37bb1b6852\n"
    "  sha256:a644ed209b188dd428ea3e15c0b1dbbc1ad05d406bb2857cac4a73b98d0b6b4f\n";

/* What is tried. */
struct measured {
    const char *name, *certified,
        *catalog; /* a rule more, and the catalogue that it asks; or NULL */
};
static const struct measured MEASURED[] = {
    {"policy.test", "", NULL},
    {"policy.test.catalog",
     "\n[rule certified]\nrequire = hardware.certified_level == \"secured-core\"\n"
     "message = certified\n",
     CATALOG},
};
enum { N_MEASURED = sizeof MEASURED / sizeof *MEASURED };

static const char *const FIXTURES[] = {"secure-boot", "command-line", "kernel-debugger",
                                       "secure-boot-off"};
enum { N_FIXTURES = sizeof FIXTURES / sizeof *FIXTURES };

static double now_s(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Originals, one of each fixture; gives the first one's evidence as a bundle. */
static struct span attest_originals(struct service *service, const struct api_maker *maker,
                                    struct arena *arena)
{
    struct http_client_answer answer;

    for (size_t i = 0; i < N_FIXTURES; i++) {
        struct api_host host;
        char name[64];

        snprintf(name, sizeof name, "original-%zu.example", i);
        api_host_init(&host, FIXTURES[i], name, maker);
        measure_demand(api_host_join(&host, service) == ENROLMENT_STATE_ENROLLED, "an enrolment");
        api_host_omit_identity(&host); /* it is bound to the host's id, which a copy has not */
        measure_demand(api_host_attest(&host, service).status == 200 &&
                           host.answer.verdict == VERDICT_TRUSTED,
                       "an original");
        api_host_done(&host);
        service_forget(service);
    }
    answer = service_request(service, "GET", "/api/v1/hosts/original-0.example/evidence",
                             service->token, NULL, (struct span){0});
    measure_demand(answer.status == 200, "the evidence");
    return span_of(arena_text(arena, answer.body), answer.body.len);
}

static void run_sql(sqlite3 *db, const char *sql)
{
    char *wrong = NULL;

    if (sqlite3_exec(db, sql, NULL, NULL, &wrong) != SQLITE_OK) {
        fprintf(stderr, "bench: %s\n", wrong);
        exit(1);
    }
}

/* Gives each copy one of `different` digests of a claim. */
static void vary(sqlite3 *db, enum claim_id id, int different)
{
    size_t at = offsetof(struct work_claims, digests) + (size_t)id * CLAIM_DIGEST_LEN;
    char sql[512];

    snprintf(sql, sizeof sql,
             "UPDATE host_details SET claims = CAST(substr(claims, 1, %zu) || "
             "printf('%%08d', c.i %% %d) || substr(claims, %zu) AS BLOB) "
             "FROM copies c WHERE c.id = host_id",
             at, different, at + CLAIM_DIGEST_LEN + 1);
    run_sql(db, sql);
}

static void multiply(const struct service *service)
{
    char path[128], sql[1024];
    sqlite3 *db;

    snprintf(path, sizeof path, "%s/data/bootseal.db", service->directory);
    measure_demand(sqlite3_open(path, &db) == SQLITE_OK, path);
    snprintf(sql, sizeof sql,
             "BEGIN;"
             "CREATE TEMP TABLE originals AS SELECT id, row_number() OVER (ORDER BY name) - 1 AS k "
             "FROM hosts;"
             "CREATE TEMP TABLE copies AS WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 "
             "FROM n WHERE i + 1 < %d) SELECT i, randomblob(32) AS id, o.id AS original FROM n "
             "JOIN originals o ON o.k = i %% %d;"
             "CREATE UNIQUE INDEX temp.copies_by_id ON copies (id);",
             HOSTS - N_FIXTURES, N_FIXTURES);
    run_sql(db, sql);
    run_sql(db,
            "INSERT INTO hosts (id, name, ak_name, ek_public, ek_certificate, ak_public, state, "
            "endorsement, issuer, manufacturer, model, version, inventory, created_s, class_name) "
            "SELECT c.id, printf('host-%06d.example', c.i), randomblob(34), h.ek_public, "
            "h.ek_certificate, h.ak_public, h.state, h.endorsement, h.issuer, h.manufacturer, "
            "h.model, h.version, h.inventory, h.created_s, h.class_name "
            "FROM copies c JOIN hosts h ON h.id = c.original;"
            "INSERT INTO host_states (host_id, verdict, verdict_s, expires_s, seen_s) SELECT c.id, "
            "s.verdict, s.verdict_s, s.expires_s, s.seen_s "
            "FROM copies c JOIN host_states s ON s.host_id = c.original;"
            "INSERT INTO evidence SELECT c.id, e.evidence FROM copies c JOIN evidence e "
            "ON e.host_id = c.original;"
            "INSERT INTO host_logs SELECT c.id, l.kind, l.sha256 FROM copies c JOIN host_logs l "
            "ON l.host_id = c.original;"
            "INSERT INTO host_details SELECT c.id, d.observed_verdict, d.observed_reasons, "
            "d.claims FROM copies c JOIN host_details d ON d.host_id = c.original;");
    vary(db, CLAIM_BOOT_IMAGES, STATES);
    vary(db, CLAIM_BOOT_DISK, HOSTS);
    run_sql(db, "COMMIT");
    sqlite3_close(db);
}

/* The summary of a trial of the draft. */
static json_t *try_draft(struct service *service, const struct measured *measured)
{
    json_t *draft = json_pack("{s:s+, s:s*}", "policy", DRAFT, measured->certified, "catalog",
                              measured->catalog),
           *summary = NULL;
    char *body = json_dumps(draft, JSON_COMPACT), *text, *line;
    struct http_client_answer answer = service_request(service, "POST", "/api/v1/policy/test",
                                                       service->token, "application/json",
                                                       span_text(body));

    measure_demand(answer.status == 200, "the trial");
    text = strndup((const char *)answer.body.data, answer.body.len);
    for (char *at = text; (line = strsep(&at, "\n")) && *line && !summary;) {
        json_t *object = json_loads(line, 0, NULL);

        summary = json_incref(json_object_get(object, "summary"));
        json_decref(object);
    }
    free(text);
    free(body);
    json_decref(draft);
    service_forget(service);
    measure_demand(summary != NULL, "the trial's end");
    return summary;
}

/* Seconds that judging the evidence STATES times takes on one core. */
static double judge_states_s(struct span evidence)
{
    struct error error;
    struct crypto *crypto = crypto_new(&error);
    struct arena arena = arena_init((size_t)256 << 20);
    struct policy_position position;
    struct policy *policy;
    double start_s;

    measure_demand(policy_compile(&(struct policy_sources){.text = span_text(DRAFT)}, &arena,
                                  &policy, &position, &error),
                   "the draft");
    start_s = now_s();
    for (int i = 0; i < STATES; i++) {
        struct arena work = arena_init((size_t)256 << 20);
        struct appraisal *appraisal = arena_new(&work, struct appraisal);
        struct appraise_input input = {
            .evidence = evidence, .policies = &policy, .n_policies = 1, .policy_claims_only = true};

        measure_demand(appraise(crypto, &input, &work, appraisal, &error) &&
                           appraisal->verdict == VERDICT_TRUSTED,
                       "an appraisal");
        arena_done(&work);
    }
    start_s = now_s() - start_s;
    arena_done(&arena);
    crypto_free(crypto);
    return start_s;
}

static void run(struct service *service, const struct measured *measured, struct span evidence)
{
    double value_s = 0, reference_s = 0, cores = (double)sysconf(_SC_NPROCESSORS_ONLN);
    json_t *summary = NULL;

    for (int i = 0; i < ROUNDS; i++) {
        double start_s = now_s(), took_s;

        json_decref(summary);
        summary = try_draft(service, measured);
        took_s = now_s() - start_s;
        value_s = i == 0 || took_s < value_s ? took_s : value_s;
        took_s = judge_states_s(evidence) / cores;
        reference_s = i == 0 || took_s < reference_s ? took_s : reference_s;
    }
    measure_note("%lld hosts, each with a disk of its own, %lld distinct states judged, %lld hosts "
                 "would change; best of %d, wall clock, %.0f cores; reference: that many "
                 "appraisals alone",
                 (long long)json_integer_value(json_object_get(summary, "hosts")),
                 (long long)json_integer_value(json_object_get(summary, "states")),
                 (long long)json_integer_value(json_object_get(summary, "changed")), ROUNDS, cores);
    measure_demand(json_integer_value(json_object_get(summary, "hosts")) == HOSTS &&
                       json_integer_value(json_object_get(summary, "states")) >= STATES &&
                       json_integer_value(json_object_get(summary, "unjudged")) == 0,
                   "every host");
    json_decref(summary);
    printf("%s\t%.2f\ts\t%.2f\t%.3f\n", measured->name, value_s, reference_s,
           value_s / reference_s);
}

int main(int argc, char **argv)
{
    struct arena arena = arena_init((size_t)64 << 20);
    struct service service;
    struct api_maker maker;
    struct span evidence;
    bool wanted = false;

    for (size_t i = 0; i < N_MEASURED; i++)
        wanted |= measure_wanted(MEASURED[i].name, argc, argv);
    if (!wanted)
        return 0;
    bench_service_start(&service, &maker, argv[0], PRESENT);
    evidence = attest_originals(&service, &maker, &arena);
    measure_demand(service_stop(&service) == 0, "the service's end");
    multiply(&service);
    service_restart(&service);
    for (size_t i = 0; i < N_MEASURED; i++)
        if (measure_wanted(MEASURED[i].name, argc, argv))
            run(&service, &MEASURED[i], evidence);
    bench_service_done(&service, &maker);
    arena_done(&arena);
    return 0;
}
