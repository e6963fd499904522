/* The table of event types. Owns nothing, trusts nothing, judges nothing. */
#include "wire/event_type.h"

#include "base/limits.h"

static const struct event_type event_types[] = {
#define EVENT_TYPE(symbol, value, name, rule, pcrs, title) {value, name, rule, pcrs, title},
#define EVENT_RULE(symbol, pcrs, rule)
#include "wire/event_types.def"
#undef EVENT_TYPE
#undef EVENT_RULE
};

static const struct event_rule {
    uint32_t type;
    uint32_t pcrs;
    enum event_digest_rule rule;
} event_rules[] = {
#define EVENT_TYPE(symbol, value, name, rule, pcrs, title)
#define EVENT_RULE(symbol, pcrs, rule) {symbol, pcrs, rule},
#include "wire/event_types.def"
#undef EVENT_TYPE
#undef EVENT_RULE
};

const struct event_type *event_type_find(uint32_t type)
{
    /* The table begins with the types of TPM 1.2, which count from 0 on. */
    if (type < sizeof event_types / sizeof *event_types && event_types[type].value == type)
        return &event_types[type];
    for (size_t i = 0; i < sizeof event_types / sizeof *event_types; i++)
        if (event_types[i].value == type)
            return &event_types[i];
    return NULL;
}

const char *event_type_name(uint32_t type)
{
    const struct event_type *known = event_type_find(type);

    return known ? known->name : NULL;
}

enum event_digest_rule event_type_rule(uint32_t type, uint32_t pcr)
{
    const struct event_type *known = event_type_find(type);

    if (!known)
        return EVENT_DIGEST_PERHAPS;
    if (pcr < LIMIT_PCRS)
        for (size_t i = 0; i < sizeof event_rules / sizeof *event_rules; i++)
            if (event_rules[i].type == type && (event_rules[i].pcrs & EVENT_PCR(pcr)))
                return event_rules[i].rule;
    return known->rule;
}

bool event_type_fits(uint32_t type, uint32_t pcr)
{
    const struct event_type *known = event_type_find(type);

    return known && pcr < LIMIT_PCRS && (known->pcrs & EVENT_PCR(pcr));
}
