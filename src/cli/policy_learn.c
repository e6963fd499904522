/* bootseal policy learn: a policy from a host that is as it should be.
 *
 * A bundle proves its logs by its quote; a bare log proves nothing, and is taken at the operator's
 * word, which is said. Never learns from a log that contradicts itself. */
#include "policy/learn.h"

#include "cli/eventlog.h"
#include "cli/policy.h"
#include "cli/proven.h"

static bool claims_of_bundle(struct cli *cli, struct span bytes, struct claims *claims,
                             enum exit_status *status)
{
    struct appraisal *appraisal;

    if (!proven_bundle(cli, cli->arguments[0], bytes, &appraisal, status))
        return false;
    *claims = appraisal->claims;
    return true;
}

static bool claims_of_log(struct cli *cli, struct span bytes, struct claims *claims,
                          enum exit_status *status)
{
    struct reasons *reasons = arena_new(&cli->arena, struct reasons);
    struct measured_log log;
    struct claims_input input = {.log = &log, .attested_pcrs = UINT32_MAX, .crypto = cli->crypto};
    struct error error = {0};

    if (!eventlog_measure(cli, cli->arguments[0], bytes, &log, status))
        return false;
    if (!claims_collect(&input, &cli->arena, claims, reasons, &error)) {
        *status = talk_error(cli, cli->arguments[0], &error);
        return false;
    }
    if (reasons_weight(reasons) >= REASON_WEIGHT_UNTRUSTED)
        return proven_refuse(cli, cli->arguments[0], reasons, status);
    fprintf(stderr, "No quote proves this log: its host is taken to be as it should be.\n");
    return true;
}

static bool learn(struct cli *cli, struct span *text, enum exit_status *status)
{
    const char *name = cli->values[OPTION_NAME] ? cli->values[OPTION_NAME] : "learned";
    struct claims *claims = arena_new(&cli->arena, struct claims);
    struct error error = {0};
    struct span bytes;

    if (!talk_read(cli, cli->arguments[0], LIMIT_EVIDENCE_LEN, &bytes, status) ||
        !(eventlog_is_bundle(bytes) ? claims_of_bundle : claims_of_log)(cli, bytes, claims, status))
        return false;
    if (policy_learn(claims, cli->crypto, name, &cli->arena, text, &error))
        return true;
    *status = talk_error_next(cli, cli->arguments[0], &error, NULL);
    return false;
}

enum exit_status policy_learn_file(struct cli *cli)
{
    const char *output = cli->values[OPTION_OUTPUT];
    struct policy *policy;
    enum exit_status status;
    struct span text;
    json_t *object;

    if (!learn(cli, &text, &status) ||
        !policy_compile_text(cli, "the learned policy", text, &policy, &status))
        return status;
    if ((output || !cli->json) && !talk_result(cli, text, &status))
        return status;
    if (cli->json) {
        object = talk_schema("policy-learn");
        json_object_set_new(object, "name", json_string(policy_name(policy)));
        json_object_set_new(object, "rules", json_integer((json_int_t)policy_rules(policy)));
        json_object_set_new(object, "text", json_stringn((const char *)text.data, text.len));
        talk_json(object);
    } else if (output) {
        fprintf(stderr, "%zu rules. Read them, then: bootseal policy apply %s\n",
                policy_rules(policy), output);
    }
    return EXIT_HOLDS;
}
