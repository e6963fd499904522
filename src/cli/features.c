/* bootseal features: which protections a host has, feature by feature, by the shipped levels or by
 * policies of one's own.
 *
 * Values come from a bundle's quote and logs, or from a bare log. Never shows a feature as met by
 * evidence that no verified quote stands behind. */
#include "policy/features.h"

#include <stdlib.h>

#include "appraise/appraise.h"
#include "claims/describe.h"
#include "cli/eventlog.h"
#include "cli/ima_certificates.h"
#include "cli/policy.h"
#include "cli/print.h"
#include "cli/secureboot.h"
#include "cli/table.h"
#include "msg/result_json.h"

enum { POLICIES_MAX = TABLE_COLUMNS_MAX - 2 };

struct features {
    struct cli *cli;
    struct claims claims;
    struct measured_log log;
    struct reasons findings; /* about the evidence itself, those that leave it unproven */
    bool proven;             /* a verified quote reproduces the logs */
    struct feature_table tables[POLICIES_MAX];
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
    features->claims = appraisal->claims;
    features->log = appraisal->log;
    for (size_t i = 0; i < appraisal->reasons.n_items; i++) /* that there is no policy is no news */
        if (appraisal->reasons.items[i].weight >= REASON_WEIGHT_UNKNOWN &&
            appraisal->reasons.items[i].code != REASON_POLICY_NONE)
            reason_add(&features->findings, appraisal->reasons.items[i]);
    features->findings.overflow = appraisal->reasons.overflow;
    features->proven = appraisal->quote_verified && appraisal->logs_match;
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
    if (claims_collect(&input, &cli->arena, &features->claims, &features->findings, &error))
        return true;
    *status = talk_error(cli, cli->arguments[0], &error);
    return false;
}

static bool read_evidence(struct features *features, enum exit_status *status)
{
    struct cli *cli = features->cli;
    struct span bytes;

    if (!talk_read(cli, cli->arguments[0], LIMIT_EVIDENCE_LEN, &bytes, status) ||
        !(eventlog_is_bundle(bytes) ? read_bundle : read_log)(features, bytes, status))
        return false;
    /* Not even the host's word is known to be the host's. */
    for (int id = 0; id < CLAIM_IDS && !features->proven; id++)
        features->claims.claims[id].grade = CLAIM_UNPROVEN;
    return true;
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
    const char *paths[POLICIES_MAX];
    struct policy **policies;
    struct error error = {0};

    if (n_words > POLICIES_MAX) {
        *status = talk_usage(cli, OPTION_POLICY, "six policies at most");
        return false;
    }
    for (size_t i = 0; i < n_words; i++)
        paths[i] = policy_path(cli, words[i]);
    if (!policy_load_all(cli, paths, n_words, &policies, status))
        return false;
    for (; features->n_tables < n_words; features->n_tables++)
        if (!features_evaluate(policies[features->n_tables], cli->crypto, &features->claims,
                               &cli->arena, &features->tables[features->n_tables], &error)) {
            *status = talk_error(cli, NULL, &error);
            return false;
        }
    return true;
}

/* --- The screen --- */

static const char *state_text(enum feature_state state)
{
    static const char *const TEXTS[] = {
        [FEATURE_NONE] = "",
        [FEATURE_NOT_APPLICABLE] = "· not applicable",
        [FEATURE_MET] = "✔ met",
        [FEATURE_UNPROVEN] = "? unproven",
        [FEATURE_NOT_MET] = "✖ not met",
    };

    return TEXTS[state];
}

static enum talk_color state_color(enum feature_state state)
{
    static const enum talk_color COLORS[] = {
        [FEATURE_NONE] = TALK_DIM,    [FEATURE_NOT_APPLICABLE] = TALK_DIM,
        [FEATURE_MET] = TALK_GOOD,    [FEATURE_UNPROVEN] = TALK_WARN,
        [FEATURE_NOT_MET] = TALK_BAD,
    };

    return COLORS[state];
}

static const struct feature *find_feature(const struct feature_table *table, const char *name)
{
    for (size_t i = 0; i < table->n_features; i++)
        if (strcmp(table->features[i].name, name) == 0)
            return &table->features[i];
    return NULL;
}

/* One line: the feature's state in every policy, and the lowest grade of these. */
static void add_feature(const struct features *features, struct table *screen, const char *name)
{
    const struct feature *lowest = NULL;

    table_add(screen, TALK_PLAIN, name);
    for (size_t i = 0; i < features->n_tables; i++) {
        const struct feature *feature = find_feature(&features->tables[i], name);
        enum feature_state state = feature ? feature->state : FEATURE_NONE;

        table_add(screen, state_color(state), state_text(state));
        if (feature && (!lowest || feature->grade < lowest->grade))
            lowest = feature;
    }
    table_add(screen, TALK_PLAIN, claim_grade_name(lowest->grade));
}

static void print_table(const struct features *features)
{
    const char *heads[TABLE_COLUMNS_MAX] = {"FEATURE"};
    struct table screen;

    for (size_t i = 0; i < features->n_tables; i++)
        heads[1 + i] = policy_name(features->tables[i].policy);
    heads[1 + features->n_tables] = "GRADE";
    screen = table_begin(features->cli, heads, 2 + features->n_tables);
    for (size_t i = 0; i < features->n_tables; i++)
        for (size_t k = 0; k < features->tables[i].n_features; k++) {
            const char *name = features->tables[i].features[k].name;
            size_t before = 0;

            while (before < i && !find_feature(&features->tables[before], name))
                before++;
            if (before == i)
                add_feature(features, &screen, name);
        }
    table_add(&screen, TALK_BOLD, "All together");
    for (size_t i = 0; i < features->n_tables; i++)
        table_add(&screen, state_color(features->tables[i].state),
                  state_text(features->tables[i].state));
    table_add(&screen, TALK_DIM, "");
    table_print(&screen);
}

static void print_line(FILE *out, const char *name, const char *text)
{
    if (text)
        fprintf(out, "    %-10s %s\n", name, text);
}

static const char *value_text(struct cli *cli, enum claim_id id, const struct claim *claim)
{
    if (!claim->known)
        return "unknown";
    if (claim_type(id) == CLAIM_BOOL)
        return claim->is_true ? "true" : "false";
    return claim_type(id) == CLAIM_TEXT ? claim->text
                                        : arena_printf(&cli->arena, "%zu item%s", claim->n_items,
                                                       claim->n_items == 1 ? "" : "s");
}

/* A rule that fails or is undecided: what it says, what was found, who can do what about it. Of what
 * lacks no more than proof only the value. */
static void print_rule(const struct features *features, const struct feature_table *table,
                       const struct policy_result *result)
{
    struct cli *cli = features->cli;
    bool fails = result->outcome == POLICY_FAILS;
    const struct reason *reason = features_reason(table, result);
    enum feature_state state = fails ? FEATURE_NOT_MET : FEATURE_UNPROVEN;

    printf("\n%s%s%s  %s: %s\n", talk_color(cli, state_color(state)), state_text(state),
           talk_color(cli, TALK_PLAIN), features_of_rule(result), result->message);
    for (size_t i = 0; i < result->n_reads; i++) {
        enum claim_id id = result->reads[i].claim;
        const struct claim *claim = &features->claims.claims[id];

        printf("    %s = %s%s%s\n", claim_name(id), value_text(cli, id, claim),
               claim->known ? ", " : "", claim->known ? claim_grade_name(claim->grade) : "");
    }
    if (!features->proven && !fails)
        return;
    if (reason) {
        print_line(stdout, "expected", reason->expected);
        print_line(stdout, "found", reason->found);
        if (reason->event < features->log.n_events)
            print_line(stdout, "event",
                       arena_printf(&cli->arena, "%u, PCR %u: %s", reason->event,
                                    features->log.events[reason->event].event.pcr,
                                    event_component(&features->log, reason->event, &cli->arena)));
    }
    print_line(stdout, "do", features_action(table, result));
    print_line(stdout, "changed by", result->changed_by);
}

/* The same finding of an earlier policy has been said. */
static bool is_said(const struct features *features, size_t n_tables,
                    const struct policy_result *result)
{
    for (size_t i = 0; i < n_tables; i++)
        for (size_t k = 0; k < features->tables[i].n_results; k++) {
            const struct policy_result *said = &features->tables[i].results[k];

            if (said->outcome == result->outcome && strcmp(said->rule, result->rule) == 0 &&
                strcmp(said->message, result->message) == 0)
                return true;
        }
    return false;
}

static void print_features(const struct features *features)
{
    print_table(features);
    if (!features->proven)
        printf(
            "\nNo verified quote stands behind this evidence: nothing that it says is proven.\n");
    for (size_t i = 0; i < features->n_tables; i++)
        for (size_t k = 0; k < features->tables[i].n_results; k++) {
            const struct policy_result *result = &features->tables[i].results[k];

            if ((result->outcome == POLICY_FAILS || result->outcome == POLICY_UNDECIDED) &&
                !is_said(features, i, result))
                print_rule(features, &features->tables[i], result);
        }
    if (features->findings.n_items) {
        printf("\nThe evidence itself:\n");
        print_reasons(features->cli, stdout, &features->findings);
    }
}

static void print_json(const struct features *features)
{
    struct cli *cli = features->cli;
    json_t *object = talk_schema("features"), *policies = json_array();

    for (size_t i = 0; i < features->n_tables; i++)
        json_array_append_new(policies, result_json_features(cli->crypto, &features->tables[i],
                                                             &features->claims, &cli->arena));
    json_object_set_new(object, "proven", json_boolean(features->proven));
    json_object_set_new(object, "policies", policies);
    json_object_set_new(object, "findings", result_json_reasons(&features->findings));
    talk_json(object);
}

enum exit_status show_features(struct cli *cli)
{
    struct features *features = arena_new(&cli->arena, struct features);
    enum exit_status status;
    bool all_met;

    features->cli = cli;
    if (!read_evidence(features, &status) || !evaluate(features, &status))
        return status;
    if (cli->json)
        print_json(features);
    else
        print_features(features);
    if (reasons_have(&features->findings, REASON_EVIDENCE_MALFORMED))
        return EXIT_MALFORMED;
    all_met = features->proven && reasons_weight(&features->findings) < REASON_WEIGHT_UNKNOWN;
    for (size_t i = 0; i < features->n_tables; i++)
        all_met &= features->tables[i].state == FEATURE_MET;
    return all_met ? EXIT_HOLDS : EXIT_HOLDS_NOT;
}
