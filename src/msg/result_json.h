/* Results as JSON, in one shape for command line and API: reasons, claims, appraisals.
 *
 * Every function returns a new reference, or NULL when memory is out. Digests are lower-case hex.
 */
#ifndef BOOTSEAL_MSG_RESULT_JSON_H
#define BOOTSEAL_MSG_RESULT_JSON_H

#include "appraise/appraise.h"
#include "policy/features.h"

#include <jansson.h>

/* An array of {"code", "weight", "title", "pcr", "event", "component", "expected", "found", "rule",
 * "message", "action"}; what is not there is null. */
json_t *result_json_reasons(const struct reasons *reasons);

/* {"NAME": {"value", "grade", "events"}, ...} with every claim of the table; a list's items are
 * texts, and "labels" says of each what it is where that is known. */
json_t *result_json_claims(struct crypto *crypto, const struct claims *claims, struct arena *arena);

/* {"verdict", "reasons", "claims", "quote": {...}}. */
json_t *result_json_appraisal(struct crypto *crypto, const struct appraisal *appraisal,
                              struct arena *arena);

/* A policy's feature table: {"policy", "version", "state", "features": [{"feature", "state", "grade",
 * "rules": [{"rule", "outcome", "severity", "message", "changed_by", "action", "claims": {"NAME":
 * {"value", "grade"}}, "reason"}]}]}. "claims" are those that the rule reads; "reason" is as above, and
 * like "action" null for a rule that holds or does not apply. */
json_t *result_json_features(struct crypto *crypto, const struct feature_table *table,
                             const struct claims *claims, struct arena *arena);

/* For answers of the service, which a host must not be able to make as long as it likes: of a list "x"
 * of more than LIMIT_LIST_ITEMS the first stay, and "n_x" beside it says how many there are; texts end
 * after LIMIT_SUMMARY_LEN bytes. In place and at every depth; false for lack of memory. */
bool result_json_shorten(json_t *json) MUST_CHECK;

/* Bytes as a lower-case hex string. */
json_t *result_json_hex(struct span bytes);

#endif
