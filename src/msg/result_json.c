#include "msg/result_json.h"

#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

json_t *result_json_hex(struct span bytes)
{
    char *hex = malloc(2 * bytes.len + 1);
    json_t *string;

    if (!hex)
        return NULL;
    text_hex_into(hex, bytes);
    string = json_stringn(hex, 2 * bytes.len);
    free(hex);
    return string;
}

static json_t *reason_json(const struct reason *reason)
{
    json_t *pcr = reason->pcr == REASON_NO_PCR ? json_null() : json_integer(reason->pcr);
    json_t *event = reason->event == REASON_NO_EVENT ? json_null() : json_integer(reason->event);

    return json_pack("{s:s, s:s, s:s, s:o, s:o, s:s?, s:s?, s:s?, s:s?, s:s?, s:s?, s:s?, s:s}",
                     "code", reason_code_text(reason->code), "weight",
                     reason_weight_text(reason->weight), "title", reason_title(reason->code), "pcr",
                     pcr, "event", event, "component", reason->component, "expected",
                     reason->expected, "found", reason->found, "policy", reason->policy, "rule",
                     reason->rule, "claim", reason->claim, "message", reason->message, "action",
                     reason->action ? reason->action : reason_action(reason->code));
}

json_t *result_json_reasons(const struct reasons *reasons)
{
    json_t *array = json_array();

    for (size_t i = 0; i < reasons->n_items; i++)
        json_array_append_new(array, reason_json(&reasons->items[i]));
    return array;
}

static json_t *claim_value(struct crypto *crypto, enum claim_id id, const struct claim *claim,
                           struct arena *arena)
{
    json_t *list;

    if (!claim->known)
        return json_null();
    switch (claim_type(id)) {
    case CLAIM_BOOL:
        return json_boolean(claim->is_true);
    case CLAIM_TEXT:
        return json_string(claim->text);
    case CLAIM_LIST:
        break;
    }
    list = json_array();
    for (size_t i = 0; i < claim->n_items; i++) {
        const char *text = claim_item_print(crypto, &claim->items[i], arena);
        json_array_append_new(list, text ? json_string(text) : NULL);
    }
    return list;
}

/* What each item is in words, a hint unless covered; null where nothing is said of it. */
static json_t *claim_labels(const struct claim *claim, struct arena *arena)
{
    json_t *labels = json_array();
    bool any = false;

    for (size_t i = 0; i < claim->n_items; i++) {
        const char *label = claim_item_label(&claim->items[i], arena);

        json_array_append_new(labels, label ? json_string(label) : json_null());
        any |= label != NULL;
    }
    if (any)
        return labels;
    json_decref(labels);
    return NULL;
}

json_t *result_json_claims(struct crypto *crypto, const struct claims *claims, struct arena *arena)
{
    json_t *object = json_object();

    for (int i = 0; i < CLAIM_IDS; i++) {
        const struct claim *claim = &claims->claims[i];
        json_t *events = json_array(), *labels = claim_labels(claim, arena);

        for (size_t k = 0; k < claim->n_events; k++)
            json_array_append_new(events, json_integer(claim->events[k]));
        json_object_set_new(object, claim_name((enum claim_id)i),
                            json_pack("{s:o, s:s, s:o, s:o*}", "value",
                                      claim_value(crypto, (enum claim_id)i, claim, arena), "grade",
                                      claim_grade_name(claim->grade), "events", events, "labels",
                                      labels));
    }
    return object;
}

static json_t *rule_json(struct crypto *crypto, const struct feature_table *table,
                         const struct policy_result *result, const struct claims *claims,
                         struct arena *arena)
{
    const struct reason *reason = features_reason(table, result);
    json_t *read = json_object();

    for (size_t i = 0; i < result->n_reads; i++) {
        enum claim_id id = result->reads[i].claim;
        const struct claim *claim = &claims->claims[id];

        json_object_set_new(read, claim_name(id),
                            json_pack("{s:o, s:s}", "value", claim_value(crypto, id, claim, arena),
                                      "grade", claim_grade_name(claim->grade)));
    }
    return json_pack("{s:s, s:s, s:s, s:s, s:s?, s:s?, s:o, s:o}", "rule", result->rule, "outcome",
                     policy_outcome_name(result->outcome), "severity",
                     policy_severity_name(result->severity), "message", result->message,
                     "changed_by", result->changed_by, "action", features_action(table, result),
                     "claims", read, "reason", reason ? reason_json(reason) : json_null());
}

json_t *result_json_features(struct crypto *crypto, const struct feature_table *table,
                             const struct claims *claims, struct arena *arena)
{
    json_t *features = json_array();

    for (size_t i = 0; i < table->n_features; i++) {
        const struct feature *feature = &table->features[i];
        json_t *rules = json_array();

        for (size_t k = 0; k < table->n_results; k++)
            if (strcmp(features_of_rule(&table->results[k]), feature->name) == 0)
                json_array_append_new(rules,
                                      rule_json(crypto, table, &table->results[k], claims, arena));
        json_array_append_new(features,
                              json_pack("{s:s, s:s, s:s, s:o}", "feature", feature->name, "state",
                                        feature_state_name(feature->state), "grade",
                                        claim_grade_name(feature->grade), "rules", rules));
    }
    return json_pack("{s:s, s:s, s:s, s:o}", "policy", policy_name(table->policy), "version",
                     policy_version(table->policy), "state", feature_state_name(table->state),
                     "features", features);
}

static json_t *quote_json(const struct appraisal *appraisal)
{
    const struct tpm_attest *quote = &appraisal->quote;

    return json_pack("{s:b, s:b, s:I, s:I, s:I, s:I}", "verified", appraisal->quote_verified,
                     "logs_match", appraisal->logs_match, "reset_count",
                     (json_int_t)quote->reset_count, "restart_count",
                     (json_int_t)quote->restart_count, "clock_ms", (json_int_t)quote->clock_ms,
                     "firmware_version", (json_int_t)quote->firmware_version);
}

json_t *result_json_appraisal(struct crypto *crypto, const struct appraisal *appraisal,
                              struct arena *arena)
{
    return json_pack("{s:s, s:o, s:o, s:o}", "verdict", verdict_name(appraisal->verdict), "reasons",
                     result_json_reasons(&appraisal->reasons), "claims",
                     result_json_claims(crypto, &appraisal->claims, arena), "quote",
                     quote_json(appraisal));
}

/* --- Shortening --- */

/* NULL: the text is short enough, or there is no memory, which *ok tells. */
static json_t *shorter_text(const json_t *text, bool *ok)
{
    static const char MORE[] = "...";
    size_t len = LIMIT_SUMMARY_LEN - (sizeof MORE - 1);
    char cut[LIMIT_SUMMARY_LEN + 1];
    json_t *shorter;

    if (json_string_length(text) <= LIMIT_SUMMARY_LEN)
        return NULL;
    while (len > 0 && (json_string_value(text)[len] & 0xC0) == 0x80) /* within a character */
        len--;
    memcpy(cut, json_string_value(text), len);
    memcpy(cut + len, MORE, sizeof MORE);
    shorter = json_string(cut);
    *ok &= shorter != NULL;
    return shorter;
}

static bool shorten_list(json_t *list)
{
    bool ok = true;

    while (json_array_size(list) > LIMIT_LIST_ITEMS)
        ok &= json_array_remove(list, json_array_size(list) - 1) == 0;
    for (size_t i = 0; i < json_array_size(list); i++) {
        json_t *shorter = shorter_text(json_array_get(list, i), &ok);

        ok &= shorter ? json_array_set_new(list, i, shorter) == 0
                      : result_json_shorten(json_array_get(list, i));
    }
    return ok;
}

static bool shorten_object(json_t *object)
{
    json_t *added = json_object(), *value; /* to the object, but not while it is gone through */
    const char *name;
    char count[64];
    bool ok = added != NULL;

    json_object_foreach(object, name, value)
    {
        json_t *shorter = shorter_text(value, &ok);

        snprintf(count, sizeof count, "n_%s", name);
        if (json_array_size(value) > LIMIT_LIST_ITEMS)
            ok &= json_object_set_new(added, count,
                                      json_integer((json_int_t)json_array_size(value))) == 0;
        ok &= shorter ? json_object_set_new(added, name, shorter) == 0 : result_json_shorten(value);
    }
    ok = ok && json_object_update(object, added) == 0;
    json_decref(added);
    return ok;
}

bool result_json_shorten(json_t *json)
{
    if (json_is_array(json))
        return shorten_list(json);
    return !json_is_object(json) || shorten_object(json);
}
