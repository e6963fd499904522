/* Why a host is what it is as JSON, in one shape for command line and service: its reasons, with what its
 * claims and policies add to them. */
#ifndef BOOTSEAL_MSG_WHY_JSON_H
#define BOOTSEAL_MSG_WHY_JSON_H

#include "policy/policy.h"

#include <jansson.h>

/* {"POLICY": {"RULE": who can change what it demands}}, of rules that say so; a NULL policy is one that
 * cannot be used and has none. *changed_by is a new reference. Fails only for memory. */
bool why_json_changed_by(struct crypto *crypto, struct policy *const *policies, size_t n_policies,
                         const struct claims *claims, struct arena *arena, json_t **changed_by,
                         struct error *error) MUST_CHECK;

/* Adds to a reason, as result_json_reasons makes it, how well the claim that decided is proven ("grade"),
 * and "changed_by"; null where that is not known. examined is {"claims": as result_json_claims makes
 * them, "changed_by"}, or NULL. */
void why_json_complete(json_t *reason, const json_t *examined);

/* The reasons, heaviest first and else in their order. Takes the reference; NULL when memory is out. */
json_t *why_json_sorted(json_t *reasons);

#endif
