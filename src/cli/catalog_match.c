/* bootseal catalog match: a host's evidence held against a catalogue. Decides nothing beyond that; says
 * with each statement how well it is proven. */
#include "appraise/appraise.h"
#include "claims/certification.h"
#include "cli/catalog.h"
#include "cli/eventlog.h"
#include "cli/print.h"

/* A bare log proves nothing: nothing of it is better than reported. */
static bool claims_of_log(struct cli *cli, struct span bytes, struct claims *claims,
                          enum exit_status *status)
{
    struct reasons *reasons = arena_new(&cli->arena, struct reasons);
    struct measured_log log;
    const struct claims_input input = {.log = &log, .crypto = cli->crypto};
    struct error error = {0};

    if (!eventlog_measure(cli, cli->arguments[0], bytes, &log, status))
        return false;
    if (claims_collect(&input, &cli->arena, claims, reasons, &error))
        return true;
    *status = talk_error(cli, cli->arguments[0], &error);
    return false;
}

/* *proven is false when the quote does not hold; the claims are then reported at best. */
static bool claims_of_bundle(struct cli *cli, struct span bytes, struct claims *claims,
                             bool *proven, enum exit_status *status)
{
    struct appraisal *appraisal = arena_new(&cli->arena, struct appraisal);
    const struct appraise_input input = {.evidence = bytes};
    struct error error = {0};

    if (!appraise(cli->crypto, &input, &cli->arena, appraisal, &error)) {
        *status = talk_error(cli, cli->arguments[0], &error);
        return false;
    }
    *proven = appraisal->quote_verified && appraisal->logs_match;
    if (!*proven)
        print_reasons(cli, stderr, &appraisal->reasons);
    *claims = appraisal->claims;
    *status = EXIT_MALFORMED;
    return !reasons_have(&appraisal->reasons, REASON_EVIDENCE_MALFORMED);
}

static bool read_claims(struct cli *cli, struct claims *claims, bool *proven,
                        enum exit_status *status)
{
    struct span bytes;

    *proven = true;
    if (!talk_read(cli, cli->arguments[0], LIMIT_EVIDENCE_LEN, &bytes, status))
        return false;
    return eventlog_is_bundle(bytes) ? claims_of_bundle(cli, bytes, claims, proven, status)
                                     : claims_of_log(cli, bytes, claims, status);
}

static const char *state_text(const struct certification_answer *answer)
{
    switch (answer->state) {
    case CERTIFICATION_HOLDS:
        return claim_grade_name(answer->grade);
    case CERTIFICATION_DIFFERS:
        return "differs";
    case CERTIFICATION_UNKNOWN:
        return "unknown";
    case CERTIFICATION_NOT_ASKED:
        break;
    }
    return NULL;
}

/* What the host shows, in few words. */
static const char *found_text(struct cli *cli, const struct claim *claim)
{
    if (!claim->known)
        return "nothing";
    if (claim->text)
        return claim->text;
    return arena_printf(&cli->arena, "%zu image%s", claim->n_items, claim->n_items == 1 ? "" : "s");
}

static json_t *match_json(const struct catalog *catalog, const struct certification *match)
{
    bool holds = match->state == CERTIFICATION_HOLDS;
    bool unknown = match->state == CERTIFICATION_UNKNOWN;
    json_t *object = talk_schema("catalog-match"), *statements = json_array();

    json_object_set_new(object, "catalog", json_string(catalog->name));
    json_object_set_new(object, "version", json_integer(catalog->version));
    json_object_set_new(object, "level",
                        unknown ? json_null()
                                : json_string(catalog_level_name(holds ? match->model->level
                                                                       : CATALOG_LEVEL_NONE)));
    json_object_set_new(object, "grade", json_string(claim_grade_name(match->grade)));
    json_object_set_new(object, holds ? "model" : "nearest_model", json_string(match->model->name));
    for (int c = 0; c < CERTIFICATION_CRITERIA; c++) {
        const struct certification_answer *answer = &match->answers[c];

        if (!state_text(answer))
            continue;
        json_array_append_new(statements,
                              json_pack("{s:s, s:s, s:s, s:b}", "key", certification_key(c),
                                        "claim", claim_name(certification_claim(match, c)),
                                        "result", state_text(answer), "proven_by_firmware_images",
                                        answer->by == CERTIFICATION_BY_IMAGES));
    }
    json_object_set_new(object, "statements", statements);
    return object;
}

static void print_match(struct cli *cli, const struct catalog *catalog, const struct claims *claims,
                        const struct certification *match)
{
    bool holds = match->state == CERTIFICATION_HOLDS;

    if (holds)
        printf("%s%s%s, %s: %s version %lld, model %s\n", talk_color(cli, TALK_GOOD),
               catalog_level_name(match->model->level), talk_color(cli, TALK_PLAIN),
               claim_grade_name(match->grade), catalog->name, (long long)catalog->version,
               match->model->name);
    else
        printf("%s%s%s: %s version %lld; the nearest model is %s\n", talk_color(cli, TALK_BAD),
               match->state == CERTIFICATION_DIFFERS ? "not certified" : "cannot tell",
               talk_color(cli, TALK_PLAIN), catalog->name, (long long)catalog->version,
               match->model->name);
    for (int c = 0; c < CERTIFICATION_CRITERIA; c++)
        if (state_text(&match->answers[c]))
            printf("  %-17s %-9s %s%s%s%s\n", certification_key(c), state_text(&match->answers[c]),
                   found_text(cli, &claims->claims[certification_claim(match, c)]),
                   match->answers[c].by ? " (by " : "",
                   certification_proof_text(match->answers[c].by), match->answers[c].by ? ")" : "");
}

enum exit_status catalog_match(struct cli *cli)
{
    const char *path = cli->values[OPTION_CATALOG];
    struct certification certification;
    struct claims *claims = arena_new(&cli->arena, struct claims);
    struct catalog_file file;
    enum exit_status status;
    bool proven;

    if (!path)
        return talk_usage(cli, OPTION_CATALOG, "the catalogue to look in");
    if (!catalog_file_read_signed(cli, path, OPTION_CERTIFICATES, &file, &status) ||
        !read_claims(cli, claims, &proven, &status))
        return status;
    certification_find(file.catalog, claims, &certification);
    if (cli->json)
        talk_json(match_json(file.catalog, &certification));
    else
        print_match(cli, file.catalog, claims, &certification);
    return certification.state == CERTIFICATION_HOLDS && proven ? EXIT_HOLDS : EXIT_HOLDS_NOT;
}
