/* What the Windows boot chain says of itself: SIPA records in PCR 12 to 14, walked once.
 *
 * One event is one phase: boot manager, hypervisor loader, loader or resume loader, each with its
 * own values. What stands behind the separators is not believed, for root can append well-formed
 * records with true extends. Without the separators the log is cut and nothing counts. Any boot
 * loader can extend these PCRs: the grade says whether Windows is known to have done it. Values
 * inside containers that nobody here knows are never taken for settings of this boot. */
#include "claims/windows.h"

#include "claims/windows_text.h"
#include "wire/event_type.h"

#include <inttypes.h>

void windows_malformed(struct windows *state, const char *what, const struct error *error)
{
    /* One is enough: nothing is believed any more, and there may be thousands. */
    if (!state->broken)
        collect_reason(state->collector, REASON_EVENTLOG_DATA_MALFORMED, state->index, NULL, what,
                       arena_printf(state->collector->arena, "%s", error->message));
    state->broken = true;
}

void windows_unknown(struct windows *state, uint32_t id)
{
    if (state->n_unknown++ == 0) {
        state->first_unknown = state->index;
        state->unknown_id = id;
    }
}

/* --- phases --- */

/* A boot application that hands over to anything but the hypervisor loader is the boot manager. */
static void read_transfer(struct windows *state, const struct sipa_record *record)
{
    uint64_t transfer;

    collect_event(state->collector, CLAIM_BOOT_RESUMED, state->index);
    if (!sipa_number(record, &transfer)) {
        struct error error;

        error_plain(&error, ERROR_MALFORMED, "the record has a wrong size");
        windows_malformed(state, sipa_name(record->id), &error);
        return;
    }
    state->transfers = true;
    state->hands_over |= transfer != WINDOWS_TRANSFER_HYPERVISOR;
    state->resumed |= transfer == WINDOWS_TRANSFER_RESUME;
    if (transfer == WINDOWS_TRANSFER_UNCHECKED) {
        state->unchecked = true;
        collect_event(state->collector, CLAIM_BOOT_MODULES_VALIDATED, state->index);
        collect_reason(state->collector, REASON_WINDOWS_START_UNCHECKED, state->index, NULL,
                       windows_transfer_word(transfer), NULL);
    }
}

static void read_version(struct windows *state, const struct sipa_record *record)
{
    uint64_t svn;

    if (state->copy != WINDOWS_PCR_12 || !sipa_number(record, &svn))
        return;
    if (!state->states_svn || svn < state->svn)
        state->svn = (uint32_t)svn;
    state->states_svn = true;
}

static void read_unlock(struct windows *state, const struct sipa_record *record)
{
    struct collector *collector = state->collector;
    const struct eventlog_event *event = &collector->log->events[state->index].event;
    uint64_t number;
    uint32_t flags;

    collect_event(collector, CLAIM_BOOT_BITLOCKER_UNLOCK, state->index);
    if (state->copy != WINDOWS_PCR_12 || !sipa_number(record, &number))
        return;
    flags = (uint32_t)number;
    do {
        const char *word;

        if (!collect_room(collector, CLAIM_BOOT_BITLOCKER_UNLOCK, 1))
            return;
        word = windows_unlock_word(collector->arena, &flags);
        collector->out_of_memory |= !word;
        if (word)
            collect_item(collector, CLAIM_BOOT_BITLOCKER_UNLOCK,
                         (struct claim_item){.kind = CLAIM_ITEM_TEXT,
                                             .event = event->number,
                                             .pcr = (int)event->pcr,
                                             .bytes = span_text(word)});
    } while (flags);
}

static void begin_phase(struct windows *state, size_t index)
{
    const struct claims *claims = state->collector->claims;

    state->index = index;
    state->transfers = state->hands_over = state->states_svn = false;
    state->first_unlock = claims->claims[CLAIM_BOOT_BITLOCKER_UNLOCK].n_items;
}

/* The event of PCR 12 has been read: now it is known whose phase it was. */
static void end_phase(struct windows *state)
{
    static const struct {
        enum claim_id svn;
        const char *name;
    } PHASES[WINDOWS_PHASES] = {
        [WINDOWS_LOADER] = {CLAIM_BOOT_LOADER_SVN, "loader"},
        [WINDOWS_BOOT_MANAGER] = {CLAIM_BOOT_MANAGER_SVN, "boot manager"},
    };
    bool manager = state->transfers && state->hands_over;
    enum windows_phase phase = manager ? WINDOWS_BOOT_MANAGER : WINDOWS_LOADER;
    struct claim *unlock = &state->collector->claims->claims[CLAIM_BOOT_BITLOCKER_UNLOCK];

    for (size_t i = state->first_unlock; i < unlock->n_items; i++)
        unlock->items[i].label = PHASES[phase].name;
    state->any_transfer |= state->transfers;
    if (state->states_svn) {
        if (state->n_phases[phase]++ == 0 || state->svn < state->lowest_svn[phase])
            state->lowest_svn[phase] = state->svn;
        collect_event(state->collector, PHASES[phase].svn, state->index);
    }
    if (manager && state->n_boot_managers++ == 1)
        collect_reason(state->collector, REASON_WINDOWS_BOOT_MANAGERS, state->index,
                       "one boot manager", "another one", NULL);
}

static void conclude_phases(struct windows *state)
{
    static const enum claim_id svns[WINDOWS_PHASES] = {
        [WINDOWS_LOADER] = CLAIM_BOOT_LOADER_SVN,
        [WINDOWS_BOOT_MANAGER] = CLAIM_BOOT_MANAGER_SVN,
    };
    struct collector *collector = state->collector;

    if (state->any_transfer)
        collect_bool(collector, CLAIM_BOOT_RESUMED, state->resumed);
    for (int phase = 0; phase < WINDOWS_PHASES; phase++)
        if (state->n_phases[phase] && windows_fact_known(state, WINDOWS_APPLICATION_SVN))
            collect_text(collector, svns[phase],
                         arena_printf(collector->arena, "%" PRIu32, state->lowest_svn[phase]));
}

/* --- records --- */

/* What Windows writes down because somebody should look at it. */
static void read_warning(struct windows *state, const struct sipa_record *record)
{
    struct arena *arena = state->collector->arena;
    uint64_t number = 0;
    bool is_number = sipa_number(record, &number);

    if (state->collector->reasons->overflow)
        return; /* no more can be said */
    switch (record->id) {
    case SIPA_SVN_CHAIN_STATUS:
        if (is_number && number)
            collect_reason(state->collector, REASON_WINDOWS_SVN_CHAIN, state->index, "0",
                           arena_printf(arena, "0x%" PRIx64, number), NULL);
        break;
    case SIPA_APPLICATION_RETURN:
        collect_reason(state->collector, REASON_WINDOWS_APPLICATION_RETURNED, state->index, NULL,
                       NULL, NULL);
        break;
    case SIPA_ERROR_FIRMWAREFAILURE:
    case SIPA_ERROR_INTERNALFAILURE:
    case SIPA_ERROR_HYPERVISORFAILURE:
        collect_reason(state->collector, REASON_WINDOWS_ERROR_RECORDED, state->index, NULL,
                       is_number ? arena_printf(arena, "status 0x%08" PRIx64, number) : NULL,
                       sipa_meaning(record->id));
        break;
    default:
        break;
    }
}

/* Ids that the table has and that may stand here, though nothing is made of them. Images' details
 * (category 7), trust points (8) and those of a dynamic launch (12) have places of their own. */
static bool belongs_here(uint32_t id)
{
    uint32_t category = id >> 16 & 0xFF;

    return sipa_name(id) && category != 7 && category != 8 && category != 9 && category != 12;
}

static void read_setting(struct windows *state, const struct sipa_record *record)
{
    bool known = windows_fact_read(state, record);

    switch (record->id) {
    case SIPA_TRANSFER_CONTROL:
        read_transfer(state, record);
        return;
    case SIPA_APPLICATION_SVN:
        read_version(state, record);
        return;
    case SIPA_BITLOCKER_UNLOCK:
        read_unlock(state, record);
        return;
    case SIPA_NOAUTHORITY:
        state->no_authority = true;
        collect_event(state->collector, CLAIM_BOOT_MODULES_VALIDATED, state->index);
        return;
    default:
        read_warning(state, record);
    }
    if (!known && !windows_list_read(state, record) && !belongs_here(record->id))
        windows_unknown(state, record->id);
}

/* Containers whose contents are not settings of this boot are left out: those that Windows did not
 * measure, those of a kernel soft reboot, and those that nobody here knows. */
static void read_container(struct windows *state, struct sipa_walk *walk,
                           const struct sipa_record *record)
{
    switch (record->id) {
    case SIPA_TRUSTBOUNDARY:
        return;
    case SIPA_ELAM_AGGREGATION:
        windows_list_read(state, record);
        return;
    case SIPA_LOADEDMODULE_AGGREGATION:
        windows_image_read(state, record->payload);
        break;
    default:
        if (!state->collector->reasons->overflow)
            collect_reason(state->collector, REASON_WINDOWS_CONTAINER_UNKNOWN, state->index, NULL,
                           arena_printf(state->collector->arena, "0x%08" PRIx32, record->id), NULL);
    }
    sipa_skip(walk);
}

/* An event of PCR 14 names keys, and tells of images that no key vouches for. */
static void read_authority(struct windows *state, struct sipa_walk *walk,
                           const struct sipa_record *record)
{
    if (record->id == SIPA_TRUSTBOUNDARY || record->id == SIPA_AUTHORITYPUBKEY)
        return;
    if (record->id == SIPA_NOAUTHORITY) {
        state->no_authority = true;
        return;
    }
    windows_unknown(state, record->id);
    if (record->id & SIPA_FLAG_AGGREGATION)
        sipa_skip(walk);
}

static void read_record(struct windows *state, struct sipa_walk *walk,
                        const struct sipa_record *record)
{
    if (record->depth < state->elam_depth)
        windows_elam_end(state);
    if (state->collector->log->events[state->index].event.pcr == 14)
        read_authority(state, walk, record);
    else if (record->id & SIPA_FLAG_AGGREGATION)
        read_container(state, walk, record);
    else if (state->elam_depth && !windows_list_read(state, record))
        windows_unknown(state, record->id);
    else if (!state->elam_depth)
        read_setting(state, record);
}

static void read_event(struct windows *state, size_t index)
{
    const struct measured_event *event = &state->collector->log->events[index];
    struct sipa_walk walk;
    struct sipa_record record;
    struct error error = {0};
    enum sipa_step step;

    state->copy = event->event.pcr == 13 ? WINDOWS_PCR_13 : WINDOWS_PCR_12;
    begin_phase(state, index);
    if (event->coverage != COVERAGE_WHOLE) {
        state->broken = true;
        return;
    }
    if (event->event.pcr == 14)
        collect_event(state->collector, CLAIM_BOOT_MODULES_VALIDATED, index);
    sipa_open(&walk, event->covered, &error);
    while ((step = sipa_next(&walk, &record)) == SIPA_RECORD)
        read_record(state, &walk, &record);
    windows_elam_end(state);
    if (step == SIPA_FAILED)
        windows_malformed(state, NULL, &error);
    if (event->event.pcr == 12)
        end_phase(state);
}

static void read_events(struct windows *state)
{
    const struct measured_log *log = state->collector->log;

    for (size_t i = 0; i < log->n_events; i++) {
        const struct measured_event *event = &log->events[i];
        uint32_t pcr = event->event.pcr;

        if (event->coverage == COVERAGE_UNMEASURED || pcr < 12 || pcr > 14)
            continue;
        if (event->event.type == EV_EVENT_TAG && i < state->collector->separators[pcr]) {
            read_event(state, i);
        } else if (event->event.type == EV_EVENT_TAG) {
            if (state->n_after++ == 0)
                state->first_after = i;
        } else if (pcr == 14 && event->event.type != EV_SEPARATOR) {
            /* shim's lists; or records of Windows that somebody calls something else. */
            state->validation_unknown = true;
            if (state->collector->windows_vouched)
                collect_reason(state->collector, REASON_EVENTLOG_TYPE_UNEXPECTED, i,
                               event_type_name(EV_EVENT_TAG), event_type_name(event->event.type),
                               "no shim ran");
        }
    }
}

/* --- what all came to --- */

static void find_leftovers(struct windows *state)
{
    struct collector *collector = state->collector;

    if (state->n_after)
        collect_reason(collector, REASON_WINDOWS_AFTER_SEPARATOR, state->first_after, NULL,
                       arena_printf(collector->arena, "%zu events", state->n_after), NULL);
    if (state->n_unknown)
        collect_reason(collector, REASON_WINDOWS_RECORD_UNKNOWN, state->first_unknown, NULL,
                       arena_printf(collector->arena, "%zu records, the first 0x%08" PRIx32,
                                    state->n_unknown, state->unknown_id),
                       NULL);
}

/* That another family knows the weak value of these does not hang on Windows. */
static bool is_proven_elsewhere(const struct collector *collector, enum claim_id id)
{
    return id == CLAIM_DMA_PROTECTION_BOOT && !collector->claims->claims[id].is_true;
}

static void set_unproven(struct collector *collector, enum claim_id id)
{
    if (!is_proven_elsewhere(collector, id))
        collect_unproven(collector, id);
}

static void set_unknown(struct collector *collector, enum claim_id id)
{
    if (!is_proven_elsewhere(collector, id))
        collect_unknown(collector, id);
}

/* Grades, and what must not be said at all, for everything set here. */
static void finish(struct windows *state)
{
    static const enum claim_id ids[] = {
        CLAIM_BOOT_MODULES,
        CLAIM_BOOT_MODULES_VALIDATED,
        CLAIM_BOOT_MANAGER_SVN,
        CLAIM_BOOT_LOADER_SVN,
        CLAIM_BOOT_RESUMED,
        CLAIM_BOOT_BITLOCKER_UNLOCK,
        CLAIM_CODE_INTEGRITY_POLICIES,
        CLAIM_CODE_INTEGRITY_POLICY_SIGNERS,
        CLAIM_CODE_INTEGRITY_REVOCATION_LISTS,
        CLAIM_CODE_INTEGRITY_SECURE_BOOT_POLICIES,
        CLAIM_CODE_INTEGRITY_ELAM,
        CLAIM_CODE_INTEGRITY_HVCI,
        CLAIM_VBS_ENABLED,
        CLAIM_VBS_IDENTITY_KEYS,
        CLAIM_HYPERVISOR_ENABLED,
    };
    struct collector *collector = state->collector;
    size_t n_events = collector->log->n_events;
    bool complete = !state->broken && collector->separators[12] < n_events &&
                    collector->separators[13] < n_events;
    void (*limit)(struct collector *, enum claim_id) = complete ? set_unproven : set_unknown;

    if (complete && collector->windows_vouched)
        return;
    windows_facts_visit(collector, limit);
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++)
        limit(collector, ids[i]);
}

void collect_windows(struct collector *collector)
{
    struct windows state = {.collector = collector};

    if (!collector->windows || collector->log->measurement_registers)
        return;
    read_events(&state);
    state.validation_unknown |= collector->separators[14] == collector->log->n_events;
    conclude_phases(&state);
    windows_facts_conclude(&state);
    windows_images_conclude(&state);
    windows_lists_conclude(&state);
    find_leftovers(&state);
    finish(&state);
}
