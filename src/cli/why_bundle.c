#include "cli/appraise_bundle.h"
#include "cli/why.h"
#include "msg/result_json.h"
#include "msg/why_json.h"
#include "outcome/outcome.h"

/* "web 3, recommended-baseline 2" */
static const char *judged_by(struct cli *cli, const struct bundle_appraisal *done)
{
    const char *text = "";

    for (size_t i = 0; i < done->n_policies && text; i++)
        text = arena_printf(&cli->arena, "%s%s%s %s", text, i ? ", " : "",
                            policy_name(done->policies[i]), policy_version(done->policies[i]));
    return text;
}

static const char *next_step(struct cli *cli, const json_t *reasons)
{
    if (json_array_size(reasons) == 0)
        return NULL;
    return arena_printf(&cli->arena, "bootseal diff GOOD %s, with the bundle of a good boot",
                        cli->arguments[0]);
}

static bool why_json(struct cli *cli, const struct bundle_appraisal *done, json_t **why,
                     struct error *error)
{
    const struct appraisal *appraisal = done->appraisal;
    json_t *reasons = why_json_sorted(result_json_reasons(&appraisal->reasons)), *reason, *examined,
           *changed_by;
    size_t i;

    if (!why_json_changed_by(cli->crypto, done->policies, done->n_policies, &appraisal->claims,
                             &cli->arena, &changed_by, error)) {
        json_decref(reasons);
        return false;
    }
    examined = json_pack("{s:o, s:o}", "claims",
                         result_json_claims(cli->crypto, &appraisal->claims, &cli->arena),
                         "changed_by", changed_by);
    json_array_foreach(reasons, i, reason) why_json_complete(reason, examined);
    json_decref(examined);
    *why = talk_schema("bundle-why");
    json_object_set_new(*why, "bundle", json_string(cli->arguments[0]));
    json_object_set_new(*why, "verdict", json_string(verdict_name(appraisal->verdict)));
    json_object_set_new(*why, "passes", json_boolean(outcome_passes(appraisal->verdict)));
    json_object_set_new(*why, "policy", json_string(judged_by(cli, done)));
    json_object_set_new(*why, "next", json_string(next_step(cli, reasons)));
    json_object_set_new(*why, "reasons", reasons);
    return true;
}

enum exit_status why_bundle(struct cli *cli)
{
    struct bundle_appraisal done;
    struct error error = {0};
    enum exit_status status;
    json_t *why;

    if (!bundle_appraise(cli, &done, &status))
        return status;
    if (!why_json(cli, &done, &why, &error))
        return talk_error(cli, NULL, &error);
    why_show(cli, why);
    return bundle_exit_status(done.appraisal);
}
