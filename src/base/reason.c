#include "base/reason.h"

static const struct {
    const char *code, *title, *why, *action;
    enum reason_weight weight;
} TABLE[REASON_CODES] = {
    [REASON_NONE] = {"none", "No finding", "", "", REASON_WEIGHT_NONE},
#define REASON(symbol, code, weight, title, why, action)                                           \
    [REASON_##symbol] = {code, title, why, action, REASON_WEIGHT_##weight},
#include "base/reasons.def"
#undef REASON
};

void reason_add(struct reasons *reasons, struct reason reason)
{
    if (reasons->n_items == LIMIT_REASONS) {
        reasons->overflow = true;
        return;
    }
    if (reason.weight == REASON_WEIGHT_NONE)
        reason.weight = TABLE[reason.code].weight;
    reasons->items[reasons->n_items++] = reason;
}

void reason_add_plain(struct reasons *reasons, enum reason_code code, int pcr, const char *expected,
                      const char *found)
{
    reason_add(reasons, (struct reason){.code = code,
                                        .pcr = pcr,
                                        .event = REASON_NO_EVENT,
                                        .expected = expected,
                                        .found = found});
}

enum reason_weight reasons_weight(const struct reasons *reasons)
{
    enum reason_weight heaviest = reasons->overflow ? REASON_WEIGHT_UNTRUSTED : REASON_WEIGHT_NONE;

    for (size_t i = 0; i < reasons->n_items; i++)
        if (reasons->items[i].weight > heaviest)
            heaviest = reasons->items[i].weight;
    return heaviest;
}

bool reasons_have(const struct reasons *reasons, enum reason_code code)
{
    for (size_t i = 0; i < reasons->n_items; i++)
        if (reasons->items[i].code == code)
            return true;
    return false;
}

const char *reason_code_text(enum reason_code code)
{
    return TABLE[code].code;
}

const char *reason_title(enum reason_code code)
{
    return TABLE[code].title;
}

const char *reason_why(enum reason_code code)
{
    return TABLE[code].why;
}

const char *reason_action(enum reason_code code)
{
    return TABLE[code].action;
}

enum reason_code reason_by_text(const char *code)
{
    for (int i = 1; i < REASON_CODES; i++)
        if (strcmp(TABLE[i].code, code) == 0)
            return (enum reason_code)i;
    return REASON_NONE;
}

const char *reason_weight_text(enum reason_weight weight)
{
    static const char *const NAMES[] = {"none", "note", "attention", "unknown", "untrusted"};

    return NAMES[weight];
}
