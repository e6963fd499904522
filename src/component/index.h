/* The other way round: from a digest to the components that have it, and from a measured log to the
 * files behind it. */
#ifndef BOOTSEAL_COMPONENT_INDEX_H
#define BOOTSEAL_COMPONENT_INDEX_H

#include "component/component.h"
#include "verify/measured_log.h"

struct component_index {
    const struct component_digest **digests; /* sorted by value; equal ones in the set's order */
    size_t n_digests;
};

/* Indexes all digests of the set as it is now; in the arena. */
bool component_index_build(const struct component_set *set, struct arena *arena,
                           struct component_index *index, struct error *error) MUST_CHECK;

/* All digests of this value, by binary search; *n_found is 0 when nothing has it. */
const struct component_digest *const *component_index_find(const struct component_index *index,
                                                           struct span digest, size_t *n_found);

/* What an event of a log measured, as far as the index knows. */
struct component_match {
    size_t event;  /* of log->events */
    bool decisive; /* in PCR 4, 9 or 11: boot loaders, kernels, initrds and what they consist of */
    const struct component_digest *const *found; /* n_found digests of this value */
    size_t n_found;
    bool is_in_log;   /* another event has this digest, and its own data explain it */
    size_t explained; /* that event, of log->events */
};

struct component_matches {
    struct component_match *matches; /* in the log's order */
    size_t n_matches;
    size_t n_unknown; /* decisive ones that neither a component nor the log explains */
};

/* Matches each event of PCR 2, 4, 8, 9 and 11 to 14 whose digest is over something that is not in the
 * log. What an event's own data explain needs no file. Neither event type nor data decide what an
 * event is matched with: only its digest does. ERROR_UNSUPPORTED for a log of measurement
 * registers. */
bool component_match_log(const struct component_index *index, const struct measured_log *log,
                         struct arena *arena, struct component_matches *matches,
                         struct error *error) MUST_CHECK;

#endif
