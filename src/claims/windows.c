/* What the Windows boot chain says of itself: SIPA records in PCR 12 and 13.
 *
 * Every phase states its own values, and PCR 13 repeats what PCR 12 says: any weak value wins, a
 * missing one is unknown, and what stands behind the separators is not believed, for root can
 * append well-formed records with true extends. Without the separators the log is cut and nothing
 * counts. Any boot loader can extend these PCRs: the grade says whether Windows is known to have
 * done it. */
#include "base/text.h"
#include "claims/collect.h"
#include "wire/event_type.h"
#include "wire/sipa.h"
#include "wire/sipa_payload.h"

/* Numbers that decide claims; each index has its counts in struct windows. */
enum fact {
    BOOT_DEBUG,
    KERNEL_DEBUG,
    HYPERVISOR_DEBUG,
    TEST_SIGNING,
    FLIGHT_SIGNING,
    SAFE_MODE,
    WINPE,
    CODE_INTEGRITY,
    VSM_LAUNCH,
    VSM_REQUIRED,
    HVCI,
    DMA_PROTECTION,
    N_FACTS
};

static const uint32_t FACT_IDS[N_FACTS] = {
    [BOOT_DEBUG] = SIPA_BOOTDEBUGGING,
    [KERNEL_DEBUG] = SIPA_OSKERNELDEBUG,
    [HYPERVISOR_DEBUG] = SIPA_HYPERVISOR_DEBUG,
    [TEST_SIGNING] = SIPA_TESTSIGNING,
    [FLIGHT_SIGNING] = SIPA_FLIGHTSIGNING,
    [SAFE_MODE] = SIPA_SAFEMODE,
    [WINPE] = SIPA_WINPE,
    [CODE_INTEGRITY] = SIPA_CODEINTEGRITY,
    [VSM_LAUNCH] = SIPA_VSM_LAUNCH_TYPE,
    [VSM_REQUIRED] = SIPA_VBS_VSM_REQUIRED,
    [HVCI] = SIPA_VBS_HVCI_POLICY,
    [DMA_PROTECTION] = SIPA_HYPERVISOR_BOOT_DMA_PROTECTION,
};

/* Claims that say one fact. */
static const struct {
    enum fact fact;
    enum claim_id claim;
    bool weak; /* the value that wins */
} FACT_CLAIMS[] = {
    {BOOT_DEBUG, CLAIM_DEBUG_BOOT, true},
    {KERNEL_DEBUG, CLAIM_DEBUG_KERNEL, true},
    {HYPERVISOR_DEBUG, CLAIM_DEBUG_HYPERVISOR, true},
    {TEST_SIGNING, CLAIM_SIGNING_TEST, true},
    {FLIGHT_SIGNING, CLAIM_SIGNING_FLIGHT, true},
    {SAFE_MODE, CLAIM_BOOT_SAFE_MODE, true},
    {WINPE, CLAIM_BOOT_WINPE, true},
    {CODE_INTEGRITY, CLAIM_CODE_INTEGRITY_ENABLED, false},
    {DMA_PROTECTION, CLAIM_DMA_PROTECTION_BOOT, false},
};

/* The claims that rest on a fact, for their events. */
static const struct {
    enum fact fact;
    enum claim_id claim;
} FACT_EVENTS[] = {
    {VSM_LAUNCH, CLAIM_VBS_ENABLED},         {VSM_REQUIRED, CLAIM_VBS_ENABLED},
    {VSM_LAUNCH, CLAIM_CODE_INTEGRITY_HVCI}, {HVCI, CLAIM_CODE_INTEGRITY_HVCI},
    {HYPERVISOR_DEBUG, CLAIM_DEBUG_KERNEL},
};

struct windows {
    struct collector *collector;
    struct {
        size_t no[2], yes[2], other[2]; /* values 0, 1 and above, in PCR 12 and 13 */
        bool malformed;
    } facts[N_FACTS];
    bool identity_key; /* virtual secure mode made its key, so it ran */
    bool broken;       /* some event cannot be read */
    size_t n_after;    /* events behind the separator */
    size_t first_after;
};

static bool seen(const struct windows *state, enum fact fact)
{
    for (size_t copy = 0; copy < 2; copy++)
        if (state->facts[fact].no[copy] || state->facts[fact].yes[copy] ||
            state->facts[fact].other[copy])
            return true;
    return false;
}

static bool any_no(const struct windows *state, enum fact fact)
{
    return state->facts[fact].no[0] || state->facts[fact].no[1];
}

/* Anything but 0; launch types and policies have more than two values. */
static bool any_yes(const struct windows *state, enum fact fact)
{
    return state->facts[fact].yes[0] || state->facts[fact].yes[1] || state->facts[fact].other[0] ||
           state->facts[fact].other[1];
}

static void note_events(struct windows *state, enum fact fact, size_t index)
{
    for (size_t i = 0; i < sizeof FACT_CLAIMS / sizeof *FACT_CLAIMS; i++)
        if (FACT_CLAIMS[i].fact == fact)
            collect_event(state->collector, FACT_CLAIMS[i].claim, index);
    for (size_t i = 0; i < sizeof FACT_EVENTS / sizeof *FACT_EVENTS; i++)
        if (FACT_EVENTS[i].fact == fact)
            collect_event(state->collector, FACT_EVENTS[i].claim, index);
}

static void read_fact(struct windows *state, enum fact fact, size_t index,
                      const struct sipa_record *record)
{
    size_t copy = state->collector->log->events[index].event.pcr - 12;
    uint64_t value;

    note_events(state, fact, index);
    if (!sipa_number(record, &value)) {
        state->facts[fact].malformed = true;
        collect_reason(state->collector, REASON_EVENTLOG_DATA_MALFORMED, index, NULL,
                       sipa_name(record->id), "the record has a wrong size");
        return;
    }
    state->facts[fact].no[copy] += value == 0;
    state->facts[fact].yes[copy] += value == 1;
    state->facts[fact].other[copy] += value > 1;
}

/* One code-integrity policy: its digest, labelled with name and version. */
static void read_policy(struct windows *state, size_t index, struct span payload)
{
    struct collector *collector = state->collector;
    struct sipa_si_policy policy;
    struct error error;
    const char *name, *label;

    if (!sipa_si_policy_decode(payload, &policy, &error)) {
        collect_reason(collector, REASON_EVENTLOG_DATA_MALFORMED, index, NULL, "SI_POLICY",
                       arena_printf(collector->arena, "%s", error.message));
        state->broken = true;
        return;
    }
    name = text_utf16(collector->arena, policy.name);
    label = name ? arena_printf(collector->arena, "%s %u.%u.%u.%u", name,
                                (unsigned)(policy.version >> 48),
                                (unsigned)(policy.version >> 32 & 0xFFFF),
                                (unsigned)(policy.version >> 16 & 0xFFFF),
                                (unsigned)(policy.version & 0xFFFF))
                 : NULL;
    collector->out_of_memory |= !label;
    collect_item(collector, CLAIM_CODE_INTEGRITY_POLICIES,
                 (struct claim_item){.kind = CLAIM_ITEM_DIGEST,
                                     .alg = policy.alg,
                                     .event = collector->log->events[index].event.number,
                                     .pcr = (int)collector->log->events[index].event.pcr,
                                     .label = label,
                                     .bytes = policy.digest});
    collect_event(collector, CLAIM_CODE_INTEGRITY_POLICIES, index);
}

static void read_record(struct windows *state, size_t index, const struct sipa_record *record)
{
    if (record->id & SIPA_FLAG_UNMEASURED)
        return;
    for (int fact = 0; fact < N_FACTS; fact++)
        if (FACT_IDS[fact] == record->id) {
            read_fact(state, (enum fact)fact, index, record);
            return;
        }
    if (record->id == SIPA_SI_POLICY)
        read_policy(state, index, record->payload);
    else if (record->id == SIPA_VSM_IDK_INFO || record->id == SIPA_VSM_IDKS_INFO)
        state->identity_key = true;
}

static void read_event(struct windows *state, size_t index)
{
    const struct measured_event *event = &state->collector->log->events[index];
    struct sipa_walk walk;
    struct sipa_record record;
    struct error error = {0};
    enum sipa_step step;

    if (event->coverage != COVERAGE_WHOLE) {
        state->broken = true;
        return;
    }
    sipa_open(&walk, event->covered, &error);
    while ((step = sipa_next(&walk, &record)) == SIPA_RECORD) {
        if (record.id == SIPA_LOADEDMODULE_AGGREGATION)
            sipa_skip(&walk); /* dozens of images, and no setting among them */
        read_record(state, index, &record);
    }
    if (step == SIPA_FAILED) {
        state->broken = true;
        collect_reason(state->collector, REASON_EVENTLOG_DATA_MALFORMED, index, NULL,
                       arena_printf(state->collector->arena, "%s", error.message), NULL);
    }
}

/* PCR 13 repeats what PCR 12 says; a difference is somebody's hand. */
static void compare_copies(struct windows *state)
{
    for (int fact = 0; fact < N_FACTS; fact++) {
        const size_t *no = state->facts[fact].no, *yes = state->facts[fact].yes,
                     *other = state->facts[fact].other;

        if (no[0] != no[1] || yes[0] != yes[1] || other[0] != other[1])
            reason_add(state->collector->reasons,
                       (struct reason){.code = REASON_EVENTLOG_DATA_MISMATCH,
                                       .pcr = 13,
                                       .event = REASON_NO_EVENT,
                                       .component = "Windows boot configuration",
                                       .found = sipa_name(FACT_IDS[fact]),
                                       .message = "PCR 12 and PCR 13 state different values"});
    }
}

static void conclude_vbs(struct windows *state)
{
    struct collector *collector = state->collector;
    bool known = seen(state, VSM_LAUNCH) && !state->facts[VSM_LAUNCH].malformed;
    bool off = known && any_no(state, VSM_LAUNCH);
    bool on = known && !off &&
              (state->identity_key || (seen(state, VSM_REQUIRED) && !any_no(state, VSM_REQUIRED) &&
                                       !state->facts[VSM_REQUIRED].malformed));

    if (on || off)
        collect_bool(collector, CLAIM_VBS_ENABLED, on);
    if (!seen(state, HVCI) || state->facts[HVCI].malformed)
        return;
    if (any_no(state, HVCI) || off)
        collect_bool(collector, CLAIM_CODE_INTEGRITY_HVCI, false);
    else if (on && state->facts[HVCI].other[0] + state->facts[HVCI].other[1] == 0)
        collect_bool(collector, CLAIM_CODE_INTEGRITY_HVCI, true);
}

/* One fact, one claim. What another family already said stays when it is the weak value. */
static void conclude_fact(struct windows *state, enum fact fact, enum claim_id id, bool weak)
{
    const struct claim *claim = &state->collector->claims->claims[id];
    bool weak_seen = weak ? any_yes(state, fact)
                          : any_no(state, fact) || state->facts[fact].other[0] ||
                                state->facts[fact].other[1];

    if (!seen(state, fact) || state->facts[fact].malformed)
        return;
    if (!claim->known || claim->is_true != weak)
        collect_bool(state->collector, id, weak_seen == weak);
}

static void conclude(struct windows *state)
{
    for (size_t i = 0; i < sizeof FACT_CLAIMS / sizeof *FACT_CLAIMS; i++)
        conclude_fact(state, FACT_CLAIMS[i].fact, FACT_CLAIMS[i].claim, FACT_CLAIMS[i].weak);
    if (any_yes(state, HYPERVISOR_DEBUG))
        collect_bool(state->collector, CLAIM_DEBUG_KERNEL, true);
    conclude_vbs(state);
    /* A resume from hibernation states no kernel settings and no policies: then none is unknown. */
    if (seen(state, KERNEL_DEBUG))
        collect_claim(state->collector, CLAIM_CODE_INTEGRITY_POLICIES);
}

/* Grades, and what must not be said at all, for everything set here. */
static void finish(struct windows *state, bool complete)
{
    static const enum claim_id ids[] = {
        CLAIM_DEBUG_BOOT,   CLAIM_DEBUG_KERNEL,           CLAIM_DEBUG_HYPERVISOR,
        CLAIM_SIGNING_TEST, CLAIM_SIGNING_FLIGHT,         CLAIM_BOOT_SAFE_MODE,
        CLAIM_BOOT_WINPE,   CLAIM_CODE_INTEGRITY_ENABLED, CLAIM_CODE_INTEGRITY_POLICIES,
        CLAIM_VBS_ENABLED,  CLAIM_CODE_INTEGRITY_HVCI,
    };

    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++)
        if (!complete)
            collect_unknown(state->collector, ids[i]);
        else if (!state->collector->windows_vouched)
            collect_unproven(state->collector, ids[i]);
    /* That PCR 7 shows it switched off does not hang on Windows. */
    if (state->collector->claims->claims[CLAIM_DMA_PROTECTION_BOOT].is_true) {
        if (!complete)
            collect_unknown(state->collector, CLAIM_DMA_PROTECTION_BOOT);
        else if (!state->collector->windows_vouched)
            collect_unproven(state->collector, CLAIM_DMA_PROTECTION_BOOT);
    }
}

void collect_windows(struct collector *collector)
{
    struct windows state = {.collector = collector};
    const struct measured_log *log = collector->log;

    if (!collector->windows || log->measurement_registers)
        return;
    for (size_t i = 0; i < log->n_events; i++) {
        const struct measured_event *event = &log->events[i];

        if (event->event.type != EV_EVENT_TAG || event->coverage == COVERAGE_UNMEASURED ||
            (event->event.pcr != 12 && event->event.pcr != 13))
            continue;
        if (i < collector->separators[event->event.pcr])
            read_event(&state, i);
        else if (state.n_after++ == 0)
            state.first_after = i;
    }
    if (state.n_after)
        collect_reason(collector, REASON_EVENTLOG_QUIRK, state.first_after, NULL,
                       arena_printf(collector->arena, "%zu events", state.n_after),
                       "records behind the Windows separator are not believed");
    compare_copies(&state);
    conclude(&state);
    finish(&state, !state.broken && collector->separators[12] < log->n_events &&
                       collector->separators[13] < log->n_events);
}
