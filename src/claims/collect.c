/* The collector's small parts. Owns no memory but what it takes from the caller's arena; remembers
 * that the arena was full instead of failing at each step. */
#include "claims/collect.h"

#include "claims/describe.h"

/* In place of a list's room: it had more items than a claim may have. */
#define COLLECT_TOO_MANY SIZE_MAX

bool collect_covers_name(const struct measured_event *event)
{
    return (event->coverage == COVERAGE_WHOLE || event->coverage == COVERAGE_PART) &&
           event->covered.data == event->event.data.data;
}

/* The best grade that anything in this log can have. A quote of PCRs says nothing of the measurement
 * registers of a confidential VM. */
static enum claim_grade collect_grade(const struct collector *collector)
{
    return collector->input->attested_pcrs && !collector->log->measurement_registers
               ? CLAIM_ATTESTED
               : CLAIM_REPORTED;
}

struct claim *collect_claim(struct collector *collector, enum claim_id id)
{
    struct claim *claim = &collector->claims->claims[id];

    if (!claim->known) {
        claim->known = true;
        claim->grade = collect_grade(collector);
    }
    return claim;
}

void collect_bool(struct collector *collector, enum claim_id id, bool value)
{
    collect_claim(collector, id)->is_true = value;
}

void collect_text(struct collector *collector, enum claim_id id, const char *text)
{
    if (!text)
        collector->out_of_memory = true;
    else
        collect_claim(collector, id)->text = text;
}

/* The claim's events, with room for one more: the array doubles whenever its length is a power of
 * two. NULL when the arena is full. */
static uint32_t *grow_events(struct collector *collector, const struct claim *claim)
{
    size_t n = claim->n_events;
    uint32_t *grown;

    if (n & (n - 1))
        return claim->events;
    grown = arena_array(collector->arena, n ? 2 * n : 1, sizeof *grown);
    if (!grown)
        collector->out_of_memory = true;
    else if (n)
        memcpy(grown, claim->events, n * sizeof *grown);
    return grown;
}

void collect_event(struct collector *collector, enum claim_id id, size_t event)
{
    struct claim *claim = &collector->claims->claims[id];
    uint32_t number = collector->log->events[event].event.number;
    size_t at = claim->n_events;
    uint32_t *grown;

    while (at && claim->events[at - 1] > number)
        at--;
    if (at && claim->events[at - 1] == number)
        return;
    grown = grow_events(collector, claim);
    if (!grown)
        return;
    claim->events = grown;
    memmove(grown + at + 1, grown + at, (claim->n_events - at) * sizeof *grown);
    grown[at] = number;
    claim->n_events++;
}

void collect_from(struct collector *collector, enum claim_id id, enum claim_id source)
{
    const struct claim *from = &collector->claims->claims[source];
    struct claim *claim = &collector->claims->claims[id];

    if (claim->known && from->grade < claim->grade)
        claim->grade = from->grade;
    for (size_t i = 0; i < from->n_events; i++)
        collect_event(collector, id, from->events[i]);
}

bool collect_room(struct collector *collector, enum claim_id id, size_t n_more)
{
    size_t room = collector->room[id], wanted;
    struct claim_item *grown;
    struct claim *claim;

    if (room == COLLECT_TOO_MANY)
        return false;
    claim = collect_claim(collector, id);
    if (n_more > LIMIT_CLAIM_ITEMS - claim->n_items) {
        collect_unknown(collector, id); /* a shortened list would lie, now and later */
        collector->room[id] = COLLECT_TOO_MANY;
        return false;
    }
    wanted = claim->n_items + n_more;
    if (wanted <= room)
        return true;
    if (wanted < 2 * room)
        wanted = 2 * room;
    grown = arena_array(collector->arena, wanted, sizeof *grown);
    if (!grown) {
        collector->out_of_memory = true;
        return false;
    }
    if (claim->n_items)
        memcpy(grown, claim->items, claim->n_items * sizeof *grown);
    claim->items = grown;
    collector->room[id] = wanted;
    return true;
}

void collect_unproven(struct collector *collector, enum claim_id id)
{
    collector->claims->claims[id].grade = CLAIM_UNPROVEN;
}

void collect_unknown(struct collector *collector, enum claim_id id)
{
    struct claim *claim = &collector->claims->claims[id];

    *claim = (struct claim){.events = claim->events, .n_events = claim->n_events};
    if (collector->room[id] != COLLECT_TOO_MANY)
        collector->room[id] = 0;
}

void collect_reason(struct collector *collector, enum reason_code code, size_t event,
                    const char *expected, const char *found, const char *message)
{
    const struct eventlog_event *framed = &collector->log->events[event].event;

    reason_add(collector->reasons,
               (struct reason){
                   .code = code,
                   .pcr = framed->pcr < LIMIT_PCRS ? (int)framed->pcr : REASON_NO_PCR,
                   .event = framed->number,
                   .component = event_component(collector->log, event, collector->arena),
                   .expected = expected,
                   .found = found,
                   .message = message,
               });
}
