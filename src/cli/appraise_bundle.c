/* bootseal appraise: a saved evidence bundle through the function that the service uses. */
#include "appraise/appraise.h"

#include "base/text.h"
#include "cli/catalog.h"
#include "cli/ima_certificates.h"
#include "cli/policy.h"
#include "cli/print.h"
#include "cli/secureboot.h"
#include "msg/result_json.h"

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

enum exit_status appraise_bundle(struct cli *cli)
{
    struct appraisal *appraisal = arena_new(&cli->arena, struct appraisal);
    struct appraise_input input = {0};
    uint8_t nonce[LIMIT_NONCE_LEN];
    struct policy **policies;
    struct error error = {0};
    enum exit_status status;
    bool done, passes;
    json_t *object, *result;

    if (!cli->values[OPTION_POLICY])
        return talk_usage(cli, OPTION_POLICY, "the policy to appraise under");
    if (!policy_load_all(cli, cli->repeated, cli->n_repeated, &policies, &status) ||
        !read_nonce(cli, nonce, &input.nonce, &status) ||
        !secureboot_read_revocations(cli, &input.revocations, &status) ||
        !catalog_of_option(cli, &input.catalog, &status) ||
        !talk_read(cli, cli->arguments[0], LIMIT_EVIDENCE_LEN, &input.evidence, &status))
        return status;
    if (!cli_ima_certificates(cli, &input.ima_certificates, &status))
        return status;
    input.policies = policies;
    input.n_policies = cli->n_repeated;
    done = appraise(cli->crypto, &input, &cli->arena, appraisal, &error);
    ima_certificates_free(input.ima_certificates);
    if (!done)
        return talk_error(cli, cli->arguments[0], &error);
    passes = appraisal->verdict == VERDICT_TRUSTED || appraisal->verdict == VERDICT_ATTENTION;
    if (cli->json) {
        object = talk_schema("appraisal");
        result = result_json_appraisal(cli->crypto, appraisal, &cli->arena);
        json_object_update(object, result);
        json_decref(result);
        talk_json(object);
    } else {
        print_appraisal(cli, appraisal);
    }
    if (reasons_have(&appraisal->reasons, REASON_EVIDENCE_MALFORMED))
        return EXIT_MALFORMED;
    return passes ? EXIT_HOLDS : EXIT_HOLDS_NOT;
}
