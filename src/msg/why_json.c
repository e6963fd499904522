#include "msg/why_json.h"

#include <string.h>

/* Adds a policy's rules. */
static bool add_rules(struct crypto *crypto, const struct policy *policy,
                      const struct claims *claims, struct arena *arena, json_t *changed_by,
                      struct error *error)
{
    size_t n_rules = policy_rules(policy);
    struct policy_result *results = arena_array(arena, n_rules + 1, sizeof *results);
    struct reasons *ignored = arena_new(arena, struct reasons);
    json_t *rules;

    if (!results || !ignored)
        return arena_error(arena, error);
    if (!policy_evaluate(policy, crypto, claims, arena, results, ignored, error))
        return false;
    rules = json_object();
    for (size_t i = 0; i < n_rules; i++)
        if (results[i].changed_by)
            json_object_set_new(rules, results[i].rule, json_string(results[i].changed_by));
    return json_object_set_new(changed_by, policy_name(policy), rules) == 0 ||
           error_plain(error, ERROR_MEMORY, "no memory for the answer");
}

bool why_json_changed_by(struct crypto *crypto, struct policy *const *policies, size_t n_policies,
                         const struct claims *claims, struct arena *arena, json_t **changed_by,
                         struct error *error)
{
    json_t *made = json_object();

    for (size_t i = 0; i < n_policies; i++)
        if (policies[i] && !add_rules(crypto, policies[i], claims, arena, made, error)) {
            json_decref(made);
            return false;
        }
    *changed_by = made;
    return true;
}

static const json_t *member(const json_t *object, const char *name)
{
    return name ? json_object_get(object, name) : NULL;
}

static const char *text_of(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

void why_json_complete(json_t *reason, const json_t *examined)
{
    const json_t *claims = json_object_get(examined, "claims"),
                 *policies = json_object_get(examined, "changed_by");
    const char *grade = text_of(member(claims, text_of(reason, "claim")), "grade");
    const char *changed_by = json_string_value(
        member(member(policies, text_of(reason, "policy")), text_of(reason, "rule")));

    json_object_set_new(reason, "grade", grade ? json_string(grade) : json_null());
    json_object_set_new(reason, "changed_by", changed_by ? json_string(changed_by) : json_null());
}

static enum reason_weight weight_of(const json_t *reason)
{
    const char *text = text_of(reason, "weight");

    for (int weight = REASON_WEIGHT_UNTRUSTED; text && weight > REASON_WEIGHT_NONE; weight--)
        if (strcmp(text, reason_weight_text((enum reason_weight)weight)) == 0)
            return (enum reason_weight)weight;
    return REASON_WEIGHT_NONE;
}

json_t *why_json_sorted(json_t *reasons)
{
    json_t *sorted = json_array(), *reason;
    bool good = sorted != NULL;
    size_t i;

    for (int weight = REASON_WEIGHT_UNTRUSTED; weight >= REASON_WEIGHT_NONE; weight--)
        json_array_foreach(reasons, i, reason)
        {
            if (good && weight_of(reason) == (enum reason_weight)weight)
                good = json_array_append(sorted, reason) == 0;
        }
    json_decref(reasons);
    if (good)
        return sorted;
    json_decref(sorted);
    return NULL;
}
