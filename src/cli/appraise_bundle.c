/* bootseal appraise: a saved evidence bundle through the function that the service uses. */
#include "cli/appraise_bundle.h"

#include "base/text.h"
#include "cli/catalog.h"
#include "cli/ima_certificates.h"
#include "cli/policy.h"
#include "cli/print.h"
#include "cli/secureboot.h"
#include "msg/result_json.h"
#include "outcome/outcome.h"

static bool read_nonce(struct cli *cli, uint8_t *nonce, struct span *span, enum exit_status *status)
{
    const char *hex = cli->values[OPTION_NONCE];
    size_t len = 0;

    *span = span_of(NULL, 0);
    if (!hex)
        return true;
    if (!text_unhex(span_text(hex), nonce, LIMIT_NONCE_LEN, &len) || len == 0) {
        *status = talk_usage(cli, OPTION_NONCE, "the demanded nonce in hexadecimal");
        return false;
    }
    *span = span_of(nonce, len);
    return true;
}

static void print_appraisal(struct cli *cli, const struct appraisal *appraisal)
{
    const char *verdict = verdict_name(appraisal->verdict);

    printf("%s%s%s\n", talk_color(cli, print_verdict_color(verdict)), print_verdict(verdict),
           talk_color(cli, TALK_PLAIN));
    print_reasons(cli, stdout, &appraisal->reasons);
}

bool bundle_appraise(struct cli *cli, struct bundle_appraisal *done, enum exit_status *status)
{
    struct bundle_appraisal made = {.appraisal = arena_new(&cli->arena, struct appraisal),
                                    .n_policies = cli->n_repeated};
    struct appraise_input input = {0};
    uint8_t nonce[LIMIT_NONCE_LEN];
    struct error error = {0};
    bool good;

    if (!policy_load_all(cli, cli->repeated, cli->n_repeated, &made.policies, status) ||
        !read_nonce(cli, nonce, &input.nonce, status) ||
        !secureboot_read_revocations(cli, &input.revocations, status) ||
        !catalog_of_option(cli, &input.catalog, status) ||
        !talk_read(cli, cli->arguments[0], LIMIT_EVIDENCE_LEN, &input.evidence, status) ||
        !cli_ima_certificates(cli, &input.ima_certificates, status))
        return false;
    input.policies = made.policies;
    input.n_policies = made.n_policies;
    good = made.appraisal ? appraise(cli->crypto, &input, &cli->arena, made.appraisal, &error)
                          : arena_error(&cli->arena, &error);
    ima_certificates_free(input.ima_certificates);
    if (!good) {
        *status = talk_error(cli, cli->arguments[0], &error);
        return false;
    }
    *done = made;
    return true;
}

enum exit_status bundle_exit_status(const struct appraisal *appraisal)
{
    if (reasons_have(&appraisal->reasons, REASON_EVIDENCE_MALFORMED))
        return EXIT_MALFORMED;
    return outcome_passes(appraisal->verdict) ? EXIT_HOLDS : EXIT_HOLDS_NOT;
}

enum exit_status appraise_bundle(struct cli *cli)
{
    struct bundle_appraisal done;
    enum exit_status status;
    json_t *object, *result;

    if (!cli->values[OPTION_POLICY])
        return talk_usage(cli, OPTION_POLICY, "the policy to appraise under");
    if (!bundle_appraise(cli, &done, &status))
        return status;
    if (cli->json) {
        object = talk_schema("appraisal");
        result = result_json_appraisal(cli->crypto, done.appraisal, &cli->arena);
        json_object_update(object, result);
        json_decref(result);
        talk_json(object);
    } else {
        print_appraisal(cli, done.appraisal);
    }
    return bundle_exit_status(done.appraisal);
}
