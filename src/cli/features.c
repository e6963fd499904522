/* bootseal features: which protections a host has, feature by feature, by the shipped levels or by
 * policies of one's own.
 *
 * Values come from a bundle's quote and logs, or from a bare log. Never shows a feature as met by
 * evidence that no verified quote stands behind. */
#include "cli/features_print.h"

#include <stdlib.h>

#include "appraise/appraise.h"
#include "cli/eventlog.h"
#include "cli/ima_certificates.h"
#include "cli/policy.h"
#include "cli/secureboot.h"
#include "msg/result_json.h"

struct features {
    struct cli *cli;
    struct claims claims;
    struct measured_log log;
    struct reasons findings; /* about the evidence itself, those that leave it unproven */
    bool proven;             /* a verified quote reproduces the logs */
    struct feature_table tables[FEATURES_POLICIES_MAX];
    size_t n_tables;
};

/* --- Evidence --- */

static bool read_bundle(struct features *features, struct span bytes, enum exit_status *status)
{
    struct cli *cli = features->cli;
    struct appraisal *appraisal = arena_new(&cli->arena, struct appraisal);
    struct appraise_input input = {.evidence = bytes};
    struct error error = {0};
    bool done;

    if (!secureboot_read_revocations(cli, &input.revocations, status) ||
        !cli_ima_certificates(cli, &input.ima_certificates, status))
        return false;
    done = appraise(cli->crypto, &input, &cli->arena, appraisal, &error);
    ima_certificates_free(input.ima_certificates);
    if (!done) {
        *status = talk_error(cli, cli->arguments[0], &error);
        return false;
    }
    features->proven = appraise_proven(appraisal, &features->findings);
    features->claims = appraisal->claims;
    features->log = appraisal->log;
    return true;
}

static bool read_log(struct features *features, struct span bytes, enum exit_status *status)
{
    struct cli *cli = features->cli;
    struct claims_input input = {.log = &features->log, .crypto = cli->crypto};
    struct error error = {0};

    if (!secureboot_read_revocations(cli, &input.revocations, status) ||
        !eventlog_measure(cli, cli->arguments[0], bytes, &features->log, status))
        return false;
    if (!claims_collect(&input, &cli->arena, &features->claims, &features->findings, &error)) {
        *status = talk_error(cli, cli->arguments[0], &error);
        return false;
    }
    claims_unprove(&features->claims);
    return true;
}

static bool read_evidence(struct features *features, enum exit_status *status)
{
    struct cli *cli = features->cli;
    struct span bytes;

    return talk_read(cli, cli->arguments[0], LIMIT_EVIDENCE_LEN, &bytes, status) &&
           (eventlog_is_bundle(bytes) ? read_bundle : read_log)(features, bytes, status);
}

/* --- Policies --- */

/* A word without a folder or an ending is the name of a shipped policy. */
static const char *policy_path(struct cli *cli, const char *word)
{
    const char *folder = getenv("BOOTSEAL_POLICIES");

    if (strpbrk(word, "/."))
        return word;
    if (strcmp(word, "-") == 0)
        return word;
    return arena_printf(&cli->arena, "%s/%s.policy", folder ? folder : BOOTSEAL_POLICIES, word);
}

static bool evaluate(struct features *features, enum exit_status *status)
{
    static const char *LEVELS[] = {"recommended-baseline", "secured-core"};
    struct cli *cli = features->cli;
    const char *const *words = cli->n_repeated ? cli->repeated : LEVELS;
    size_t n_words = cli->n_repeated ? cli->n_repeated : sizeof LEVELS / sizeof *LEVELS;
    const char *paths[FEATURES_POLICIES_MAX];
    struct policy **policies;
    struct error error = {0};

    if (n_words > FEATURES_POLICIES_MAX) {
        *status = talk_usage(cli, OPTION_POLICY, "six policies at most");
        return false;
    }
    for (size_t i = 0; i < n_words; i++)
        paths[i] = policy_path(cli, words[i]);
    if (!policy_load_all(cli, paths, n_words, &policies, status))
        return false;
    for (; features->n_tables < n_words; features->n_tables++) {
        struct feature_table *table = &features->tables[features->n_tables];

        if (!features_evaluate(policies[features->n_tables], cli->crypto, &features->claims,
                               &cli->arena, table, &error) ||
            !appraise_locate(&features->log, table->reasons, &cli->arena, &error)) {
            *status = talk_error(cli, NULL, &error);
            return false;
        }
    }
    return true;
}

static json_t *features_json(const struct features *features)
{
    struct cli *cli = features->cli;
    json_t *object = talk_schema("features"), *policies = json_array();

    for (size_t i = 0; i < features->n_tables; i++)
        json_array_append_new(policies, result_json_features(cli->crypto, &features->tables[i],
                                                             &features->claims, &cli->arena));
    json_object_set_new(object, "proven", json_boolean(features->proven));
    json_object_set_new(object, "policies", policies);
    json_object_set_new(object, "findings", result_json_reasons(&features->findings));
    return object;
}

enum exit_status show_features(struct cli *cli)
{
    struct features *features = arena_new(&cli->arena, struct features);
    enum exit_status status;

    features->cli = cli;
    if (!read_evidence(features, &status) || !evaluate(features, &status))
        return status;
    status = features_show(cli, features_json(features));
    return reasons_have(&features->findings, REASON_EVIDENCE_MALFORMED) ? EXIT_MALFORMED : status;
}
