/* bootseal policy learn: a policy from a host that is as it should be. */
#include "policy/learn.h"

#include "cli/policy.h"
#include "cli/proven.h"

static bool learn(struct cli *cli, struct span *text, enum exit_status *status)
{
    const char *name = cli->values[OPTION_NAME] ? cli->values[OPTION_NAME] : "learned";
    struct claims *claims = arena_new(&cli->arena, struct claims);
    struct error error = {0};

    if (!proven_claims(cli, cli->arguments[0], claims, status))
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
