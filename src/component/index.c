#include "component/index.h"

#include <stdlib.h>

static int compare(const void *a, const void *b)
{
    const struct component_digest *x = *(const struct component_digest *const *)a;
    const struct component_digest *y = *(const struct component_digest *const *)b;

    int order = span_compare(crypto_digest_span(&x->digest), crypto_digest_span(&y->digest));

    if (order)
        return order;
    if (x->component != y->component)
        return x->component->number < y->component->number ? -1 : 1;
    return (x->form > y->form) - (x->form < y->form);
}

bool component_index_build(const struct component_set *set, struct arena *arena,
                           struct component_index *index, struct error *error)
{
    const struct component_digest **digests = arena_array(arena, set->n_digests + 1,
                                                          sizeof(struct component_digest *));
    size_t n = 0;

    if (!digests)
        return arena_error(arena, error);
    for (const struct component *component = set->first; component; component = component->next)
        for (const struct component_digest *digest = component->digests; digest;
             digest = digest->next)
            digests[n++] = digest;
    qsort(digests, n, sizeof(struct component_digest *), compare);
    *index = (struct component_index){.digests = digests, .n_digests = n};
    return true;
}

/* The first digest that is not less than value, or, with after, the first one that is greater. */
static size_t lower_bound(const struct component_index *index, struct span value, bool after)
{
    size_t from = 0, to = index->n_digests;

    while (from < to) {
        size_t middle = from + (to - from) / 2;
        int order = span_compare(crypto_digest_span(&index->digests[middle]->digest), value);

        if (order < 0 || (after && order == 0))
            from = middle + 1;
        else
            to = middle;
    }
    return from;
}

const struct component_digest *const *component_index_find(const struct component_index *index,
                                                           struct span digest, size_t *n_found)
{
    size_t first = lower_bound(index, digest, false);

    *n_found = lower_bound(index, digest, true) - first;
    return index->digests + first;
}

static bool measures_files(uint32_t pcr)
{
    const uint32_t pcrs = 1U << 2 | 1U << 4 | 1U << 8 | 1U << 9 | 1U << 11 | 1U << 12 | 1U << 13 |
                          1U << 14;

    return pcr < LIMIT_PCRS && pcrs >> pcr & 1;
}

static bool is_decisive(uint32_t pcr)
{
    return pcr == 4 || pcr == 9 || pcr == 11;
}

/* An event whose data explain its digest is no component, and a separator neither. */
static bool is_component(const struct measured_event *event)
{
    return measures_files(event->event.pcr) && event->separator == SEPARATOR_NONE &&
           event->digest.len &&
           (event->coverage == COVERAGE_NONE || event->coverage == COVERAGE_MISMATCH);
}

/* An event whose digest is that of its own data, and the same as this one's: Linux measures the
 * command line that systemd-boot has measured already, but logs only that it did. Few events of a log
 * come here: those that no component explains. */
static void explain_by_log(const struct measured_log *log, struct component_match *match)
{
    for (size_t i = 0; i < log->n_events && !match->is_in_log; i++)
        if (log->events[i].coverage == COVERAGE_WHOLE &&
            log->events[i].separator == SEPARATOR_NONE &&
            span_equal(log->events[i].digest, log->events[match->event].digest)) {
            match->is_in_log = true;
            match->explained = i;
        }
}

bool component_match_log(const struct component_index *index, const struct measured_log *log,
                         struct arena *arena, struct component_matches *matches,
                         struct error *error)
{
    struct component_matches found = {
        .matches = arena_array(arena, log->n_events + 1, sizeof *found.matches)};
    size_t n_searches = 0;

    if (!found.matches)
        return arena_error(arena, error);
    if (log->measurement_registers)
        return error_plain(error, ERROR_UNSUPPORTED,
                           "the log is of measurement registers, not of PCRs");
    for (size_t i = 0; i < log->n_events; i++) {
        const struct measured_event *event = &log->events[i];
        struct component_match *match = &found.matches[found.n_matches];

        if (!is_component(event))
            continue;
        match->event = i;
        match->decisive = is_decisive(event->event.pcr);
        match->found = component_index_find(index, event->digest, &match->n_found);
        if (match->n_found == 0 && n_searches++ < LIMIT_COMPONENT_SEARCHES)
            explain_by_log(log, match);
        found.n_unknown += match->decisive && match->n_found == 0 && !match->is_in_log;
        found.n_matches++;
    }
    *matches = found;
    return true;
}
