#include "cli/proven.h"

#include "cli/eventlog.h"
#include "cli/print.h"
#include "msg/result_json.h"

/* Says why nothing is taken from a host. Returns false. */
static bool refuse(struct cli *cli, const char *path, const struct reasons *reasons,
                   enum exit_status *status)
{
    static const char DETAIL[] = "nothing is taken from a host that proves nothing or contradicts "
                                 "itself";

    if (cli->json) {
        talk_problem(json_pack("{s:s, s:s, s:s, s:s, s:o}", "schema", "bootseal.problem.v1", "code",
                               "unproven", "detail", DETAIL, "file", talk_printable(cli, path),
                               "reasons", result_json_reasons(reasons)));
    } else {
        fprintf(stderr, "bootseal: %s: %s\n", talk_printable(cli, path), DETAIL);
        print_reasons(cli, stderr, reasons);
    }
    *status = reasons_have(reasons, REASON_EVIDENCE_MALFORMED) ? EXIT_MALFORMED : EXIT_HOLDS_NOT;
    return false;
}

bool proven_bundle(struct cli *cli, const char *path, struct span bytes,
                   struct appraisal **appraisal, enum exit_status *status)
{
    struct appraisal *made = arena_new(&cli->arena, struct appraisal);
    struct appraise_input input = {.evidence = bytes};
    struct error error = {0};

    if (!made) {
        arena_error(&cli->arena, &error);
        *status = talk_error(cli, path, &error);
        return false;
    }
    if (!appraise(cli->crypto, &input, &cli->arena, made, &error)) {
        *status = talk_error(cli, path, &error);
        return false;
    }
    /* Without a policy the verdict is unknown at best; untrusted is a contradiction. */
    if (!made->quote_verified || !made->logs_match ||
        reasons_weight(&made->reasons) >= REASON_WEIGHT_UNTRUSTED)
        return refuse(cli, path, &made->reasons, status);
    *appraisal = made;
    return true;
}

static bool claims_of_bundle(struct cli *cli, const char *path, struct span bytes,
                             struct claims *claims, enum exit_status *status)
{
    struct appraisal *appraisal;

    if (!proven_bundle(cli, path, bytes, &appraisal, status))
        return false;
    *claims = appraisal->claims;
    return true;
}

static bool claims_of_log(struct cli *cli, const char *path, struct span bytes,
                          struct claims *claims, enum exit_status *status)
{
    struct reasons *reasons = arena_new(&cli->arena, struct reasons);
    struct measured_log log;
    struct claims_input input = {.log = &log, .attested_pcrs = UINT32_MAX, .crypto = cli->crypto};
    struct error error = {0};

    if (!eventlog_measure(cli, path, bytes, &log, status))
        return false;
    if (!claims_collect(&input, &cli->arena, claims, reasons, &error)) {
        *status = talk_error(cli, path, &error);
        return false;
    }
    if (reasons_weight(reasons) >= REASON_WEIGHT_UNTRUSTED)
        return refuse(cli, path, reasons, status);
    fprintf(stderr, "No quote proves this log: its host is taken to be as it should be.\n");
    return true;
}

bool proven_claims(struct cli *cli, const char *path, struct claims *claims,
                   enum exit_status *status)
{
    struct span bytes;

    return talk_read(cli, path, LIMIT_EVIDENCE_LEN, &bytes, status) &&
           (eventlog_is_bundle(bytes) ? claims_of_bundle : claims_of_log)(cli, path, bytes, claims,
                                                                          status);
}
