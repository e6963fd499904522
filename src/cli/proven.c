#include "cli/proven.h"

#include "cli/print.h"

bool proven_refuse(struct cli *cli, const char *path, const struct reasons *reasons,
                   enum exit_status *status)
{
    fprintf(stderr,
            "bootseal: %s: nothing is taken from a host that proves nothing or contradicts "
            "itself\n",
            path);
    print_reasons(cli, stderr, reasons);
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
        return proven_refuse(cli, path, &made->reasons, status);
    *appraisal = made;
    return true;
}
