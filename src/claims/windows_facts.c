/* Settings that are one number each: windows_facts.def.
 *
 * Every phase states its own, and PCR 13 repeats what PCR 12 says: any weak value wins, a missing
 * one is unknown. Trusts only that the caller hands it measured records that stand where Windows
 * puts them; must never take a number of a wrong size for one. */
#include "claims/windows.h"

#include "claims/windows_text.h"

#include <inttypes.h>

enum copies { BOTH, PERHAPS };
enum when { PHASE, KERNEL };
enum shape { SET_IS_WEAK, CLEAR_IS_WEAK, NUMBER, NX, IOMMU, COMPARED };
enum { CLAIM_NONE = CLAIM_IDS };

static const struct {
    uint32_t id;
    enum copies copies;
    enum when when;
    enum shape shape;
    int claim;
} TABLE[WINDOWS_FACTS] = {
#define WINDOWS_FACT(record, copies, when, shape, claim)                                           \
    {SIPA_##record, copies, when, shape, CLAIM_##claim},
#include "claims/windows_facts.def"
#undef WINDOWS_FACT
};

static enum windows_fact find(uint32_t id)
{
    switch (id) {
#define WINDOWS_FACT(record, copies, when, shape, claim)                                           \
    case SIPA_##record:                                                                            \
        return WINDOWS_##record;
#include "claims/windows_facts.def"
#undef WINDOWS_FACT
    default:
        return WINDOWS_FACTS;
    }
}

/* A number that says which value this is, for sums that do not mind the order. Not against somebody
 * who looks for collisions: who can measure what he likes needs none. */
static uint64_t mix(struct span payload)
{
    uint64_t mixed = 0xCBF29CE484222325u;

    for (size_t i = 0; i < payload.len; i++)
        mixed = (mixed ^ payload.data[i]) * 0x100000001B3u;
    return mixed ^ mixed >> 29;
}

/* The claims that rest on a fact, for their events. */
static void note_event(struct windows *state, enum windows_fact fact)
{
    struct collector *collector = state->collector;

    if (TABLE[fact].claim != CLAIM_NONE)
        collect_event(collector, (enum claim_id)TABLE[fact].claim, state->index);
    switch (fact) {
    case WINDOWS_HYPERVISOR_DEBUG:
        collect_event(collector, CLAIM_DEBUG_KERNEL, state->index);
        break;
    case WINDOWS_HYPERVISOR_LAUNCH_TYPE:
        collect_event(collector, CLAIM_HYPERVISOR_ENABLED, state->index);
        collect_event(collector, CLAIM_VBS_ENABLED, state->index);
        break;
    case WINDOWS_VSM_LAUNCH_TYPE:
        collect_event(collector, CLAIM_VBS_ENABLED, state->index);
        collect_event(collector, CLAIM_CODE_INTEGRITY_HVCI, state->index);
        break;
    case WINDOWS_VBS_VSM_REQUIRED:
        collect_event(collector, CLAIM_VBS_ENABLED, state->index);
        break;
    case WINDOWS_VBS_HVCI_POLICY:
        collect_event(collector, CLAIM_CODE_INTEGRITY_HVCI, state->index);
        break;
    default:
        break;
    }
}

bool windows_fact_read(struct windows *state, const struct sipa_record *record)
{
    enum windows_fact fact = find(record->id);
    struct windows_statement *statement = &state->facts[fact];
    uint64_t value;
    bool first;

    if (fact == WINDOWS_FACTS)
        return false;
    first = statement->values == 0;
    note_event(state, fact);
    statement->n[state->copy]++;
    statement->mixed[state->copy] += mix(record->payload);
    if (sipa_number_len(record->id) == 0)
        return true;
    if (!sipa_number(record, &value)) {
        statement->malformed = true;
        collect_reason(state->collector, REASON_EVENTLOG_DATA_MALFORMED, state->index, NULL,
                       sipa_name(record->id), "the record has a wrong size");
        return true;
    }
    if (first)
        statement->first = value;
    statement->differ |= value != statement->first;
    statement->values |= UINT64_C(1) << (value < 63 ? value : 63);
    return true;
}

bool windows_fact_known(const struct windows *state, enum windows_fact fact)
{
    return state->facts[fact].values && !state->facts[fact].malformed;
}

static bool any_clear(const struct windows *state, enum windows_fact fact)
{
    return state->facts[fact].values & 1;
}

/* Anything but 0; launch types and policies have more than two values. */
static bool any_set(const struct windows *state, enum windows_fact fact)
{
    return state->facts[fact].values & ~UINT64_C(1);
}

static bool all_one(const struct windows *state, enum windows_fact fact)
{
    return state->facts[fact].values == 2;
}

/* What another family already said stays when it is the weak value; after a resume nothing but the
 * weak value of a setting of the kernel counts. */
static void conclude_flag(struct windows *state, enum windows_fact fact, bool weak)
{
    enum claim_id id = (enum claim_id)TABLE[fact].claim;
    const struct claim *claim = &state->collector->claims->claims[id];
    bool weak_seen = weak ? any_set(state, fact) : !all_one(state, fact);

    if (!weak_seen && TABLE[fact].when == KERNEL && state->resumed)
        return;
    if (!claim->known || claim->is_true != weak)
        collect_bool(state->collector, id, weak_seen == weak);
}

/* A word, or the number where there is none. Two different values leave it open, unless the weak one
 * is among them. */
static void conclude_word(struct windows *state, enum windows_fact fact,
                          const char *(*word)(uint64_t), uint64_t weak)
{
    const struct windows_statement *statement = &state->facts[fact];
    bool weak_seen = weak < 63 && statement->values >> weak & 1;
    uint64_t value = weak_seen ? weak : statement->first;
    const char *text = word ? word(value) : NULL;

    if (!weak_seen && (statement->differ || (TABLE[fact].when == KERNEL && state->resumed)))
        return;
    if (!text)
        text = arena_printf(state->collector->arena, "%" PRIu64, value);
    collect_text(state->collector, (enum claim_id)TABLE[fact].claim, text);
}

static void conclude_fact(struct windows *state, enum windows_fact fact)
{
    if (!windows_fact_known(state, fact))
        return;
    switch (TABLE[fact].shape) {
    case SET_IS_WEAK:
        conclude_flag(state, fact, true);
        break;
    case CLEAR_IS_WEAK:
        conclude_flag(state, fact, false);
        break;
    case NUMBER:
        conclude_word(state, fact, NULL, UINT64_MAX);
        break;
    case NX:
        conclude_word(state, fact, windows_nx_word, WINDOWS_NX_ALWAYS_OFF);
        break;
    case IOMMU:
        conclude_word(state, fact, windows_iommu_word, WINDOWS_IOMMU_DISABLED);
        break;
    case COMPARED:
        break;
    }
}

/* The launch type is what was configured; the image in the list shows that it was loaded too. */
static void conclude_hypervisor(struct windows *state)
{
    if (!windows_fact_known(state, WINDOWS_HYPERVISOR_LAUNCH_TYPE))
        return;
    if (any_clear(state, WINDOWS_HYPERVISOR_LAUNCH_TYPE))
        collect_bool(state->collector, CLAIM_HYPERVISOR_ENABLED, false);
    else if (state->hypervisor_image && !state->resumed)
        collect_bool(state->collector, CLAIM_HYPERVISOR_ENABLED, true);
}

/* Virtual secure mode rests on the hypervisor: neither may be off. */
static void conclude_vbs(struct windows *state)
{
    bool known = windows_fact_known(state, WINDOWS_VSM_LAUNCH_TYPE);
    bool off = known && (any_clear(state, WINDOWS_VSM_LAUNCH_TYPE) ||
                         any_clear(state, WINDOWS_HYPERVISOR_LAUNCH_TYPE));
    bool required = windows_fact_known(state, WINDOWS_VBS_VSM_REQUIRED) &&
                    !any_clear(state, WINDOWS_VBS_VSM_REQUIRED);
    bool on = known && !off && !state->resumed && (state->identity_key || required);

    if (on || off)
        collect_bool(state->collector, CLAIM_VBS_ENABLED, on);
    if (!windows_fact_known(state, WINDOWS_VBS_HVCI_POLICY))
        return;
    if (any_clear(state, WINDOWS_VBS_HVCI_POLICY) || off)
        collect_bool(state->collector, CLAIM_CODE_INTEGRITY_HVCI, false);
    else if (on && all_one(state, WINDOWS_VBS_HVCI_POLICY))
        collect_bool(state->collector, CLAIM_CODE_INTEGRITY_HVCI, true);
}

/* PCR 13 repeats what PCR 12 says; a difference is somebody's hand. */
static void compare_copies(struct windows *state)
{
    for (int fact = 0; fact < WINDOWS_FACTS; fact++) {
        const struct windows_statement *statement = &state->facts[fact];
        const size_t *n = statement->n;

        if (TABLE[fact].copies == PERHAPS && (n[WINDOWS_PCR_12] == 0 || n[WINDOWS_PCR_13] == 0))
            continue;
        if (n[WINDOWS_PCR_12] == n[WINDOWS_PCR_13] &&
            statement->mixed[WINDOWS_PCR_12] == statement->mixed[WINDOWS_PCR_13])
            continue;
        reason_add(state->collector->reasons,
                   (struct reason){.code = REASON_WINDOWS_COPIES_DIFFER,
                                   .pcr = 13,
                                   .event = REASON_NO_EVENT,
                                   .component = "Windows boot configuration",
                                   .found = sipa_name(TABLE[fact].id),
                                   .message = n[WINDOWS_PCR_12] == 0   ? "PCR 12 does not state it"
                                              : n[WINDOWS_PCR_13] == 0 ? "PCR 13 does not repeat it"
                                                                       : NULL});
    }
}

void windows_facts_conclude(struct windows *state)
{
    for (int fact = 0; fact < WINDOWS_FACTS; fact++)
        conclude_fact(state, (enum windows_fact)fact);
    if (windows_fact_known(state, WINDOWS_HYPERVISOR_DEBUG) &&
        any_set(state, WINDOWS_HYPERVISOR_DEBUG))
        collect_bool(state->collector, CLAIM_DEBUG_KERNEL, true);
    conclude_hypervisor(state);
    conclude_vbs(state);
    compare_copies(state);
}

void windows_facts_visit(struct collector *collector,
                         void (*visit)(struct collector *collector, enum claim_id id))
{
    for (int fact = 0; fact < WINDOWS_FACTS; fact++)
        if (TABLE[fact].claim != CLAIM_NONE)
            visit(collector, (enum claim_id)TABLE[fact].claim);
}
