/* Claims, reasons, verdicts and times as text for people; the JSON shapes are in msg/result_json.h. */
#ifndef BOOTSEAL_CLI_PRINT_H
#define BOOTSEAL_CLI_PRINT_H

#include "claims/claims.h"
#include "cli/talk.h"

/* One claim with value, grade and events; a list with its items below. */
void print_claim(struct cli *cli, enum claim_id id, const struct claim *claim);

/* Every claim with value, grade and events; lists with their items below. */
void print_claims(struct cli *cli, const struct claims *claims);

/* Every reason: code, where, expected and found, what to do. */
void print_reasons(struct cli *cli, FILE *out, const struct reasons *reasons);

/* The same from what result_json_reasons makes, as a service sends it. */
void print_reasons_json(struct cli *cli, FILE *out, const json_t *reasons);

/* Word and shape, "✔ trusted", and the colour that goes with them. Static text; a word that is no
 * verdict shows as itself. */
const char *print_verdict(const char *verdict);
enum talk_color print_verdict_color(const char *verdict);

/* "4 min ago" or "in 26 min" for an RFC 3339 time in UTC; NULL for NULL, the text itself when it is
 * none. In the arena. */
const char *print_age(struct cli *cli, const char *time);

/* The text of object's member, safe to show; NULL when it is no text, or empty. In the arena. */
const char *print_member(struct cli *cli, const json_t *object, const char *name);

#endif
