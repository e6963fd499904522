/* The name that somebody may have meant who wrote another one. Internal to src/policy. */
#ifndef BOOTSEAL_POLICY_NEAREST_H
#define BOOTSEAL_POLICY_NEAREST_H

#include "base/text.h"

struct nearest {
    struct span word;
    const char *name; /* NULL: none is near */
    size_t distance;
};

/* Nothing that needs more than a third of its letters changed is near. */
static inline struct nearest nearest_to(struct span word)
{
    return (struct nearest){.word = word, .distance = word.len / 3 + 2};
}

static inline void nearest_try(struct nearest *nearest, const char *name)
{
    size_t distance = text_distance(nearest->word, span_text(name));

    if (distance < nearest->distance) {
        nearest->distance = distance;
        nearest->name = name;
    }
}

#endif
