/* Findings: "the work was done, and this is what is wrong with the host".
 *
 * Reasons are collected into a list in an arena; src/appraise turns the complete list into a
 * verdict. A full list is itself untrusted: reason_add then sets overflow and nothing is forgotten
 * silently. */
#ifndef BOOTSEAL_BASE_REASON_H
#define BOOTSEAL_BASE_REASON_H

#include "base/arena.h"
#include "base/limits.h"

enum reason_weight {
    REASON_WEIGHT_NONE = 0,
    REASON_WEIGHT_NOTE,
    REASON_WEIGHT_ATTENTION,
    REASON_WEIGHT_UNKNOWN,
    REASON_WEIGHT_UNTRUSTED,
};

enum reason_code {
    REASON_NONE = 0,
#define REASON(symbol, code, weight, title, why, action) REASON_##symbol,
#include "base/reasons.def"
#undef REASON
    REASON_CODES
};

#define REASON_NO_PCR   (-1)
#define REASON_NO_EVENT UINT32_MAX

struct reason {
    enum reason_code code;
    enum reason_weight weight; /* the code's own, unless the policy's rule lowers it */
    int pcr;                   /* 0-23 or REASON_NO_PCR */
    uint32_t event;            /* number in its log, first is 0, or REASON_NO_EVENT */
    const char *component;     /* what the event measures, in words; or NULL */
    const char *expected;      /* printable text; or NULL */
    const char *found;         /* printable text; or NULL */
    const char *policy;        /* name of the policy that has the rule; or NULL */
    const char *rule;          /* id of the policy's rule; or NULL */
    const char *claim;         /* name of the claim that decided; or NULL */
    const char *message;       /* the rule's message or a detail; or NULL */
    const char *action;        /* the rule's advice; NULL means the code's own */
};

struct reasons {
    size_t n_items;
    bool overflow;                      /* more than LIMIT_REASONS were found */
    struct reason items[LIMIT_REASONS]; /* last: a new list needs only what stands before zeroed */
};

/* Adds a copy; the texts must live as long as the list. A zero weight takes the code's own. */
void reason_add(struct reasons *reasons, struct reason reason);

/* As reason_add for a code that needs no more than a PCR and texts; NULL texts are fine. */
void reason_add_plain(struct reasons *reasons, enum reason_code code, int pcr, const char *expected,
                      const char *found);

/* The heaviest weight in the list; overflow counts as untrusted. */
enum reason_weight reasons_weight(const struct reasons *reasons);

/* True when the list holds the code. */
bool reasons_have(const struct reasons *reasons, enum reason_code code);

/* The table's texts. Static. */
const char *reason_code_text(enum reason_code code);
const char *reason_title(enum reason_code code);
const char *reason_why(enum reason_code code);
const char *reason_action(enum reason_code code);

/* The code of "quote.nonce"; REASON_NONE when there is none. */
enum reason_code reason_by_text(const char *code);

/* "note", "attention", "unknown", "untrusted". */
const char *reason_weight_text(enum reason_weight weight);

#endif
