/* Dynamic launch: what PCR 17-22 and the logs of TXT, SKINIT, Arm DRTM and Windows Secure Launch say.
 *
 * A reset sets PCR 17-22 to ones. Only locality 4, which is hardware, sets them to zeros, and it
 * measures into PCR 17 in the same step (PC Client Platform TPM Profile 1.06, 4.6.2; TPM part 1,
 * 34.3). So a value of PCR 17 that the replay reaches from zeros proves a launch, ones prove that
 * there was none, and anything else proves nothing. A launch proves what was launched, by digest; who
 * wrote that code, and what it did then, is for the policy to know. Types and labels are hints. */
#include "base/text.h"
#include "claims/collect.h"
#include "claims/describe.h"
#include "wire/event_type.h"
#include "wire/sipa.h"

enum { LAUNCH_PCR = 17 };

static bool is_launch_event(const struct measured_event *event)
{
    return event->event.pcr < LIMIT_PCRS && (EVENT_PCR(event->event.pcr) & EVENT_PCRS_DRTM) &&
           event->coverage != COVERAGE_UNMEASURED && event->digest.len != 0;
}

/* --- was there one? --- */

/* The first event of PCR 17 is the launch itself. */
static void note_launch_event(struct collector *collector)
{
    const struct measured_log *log = collector->log;

    for (size_t i = 0; i < log->n_events; i++)
        if (is_launch_event(&log->events[i]) && log->events[i].event.pcr == LAUNCH_PCR) {
            collect_event(collector, CLAIM_DRTM_LAUNCHED, i);
            return;
        }
}

static void settle(struct collector *collector, bool launched, enum claim_grade grade)
{
    collect_bool(collector, CLAIM_DRTM_LAUNCHED, launched);
    collector->claims->claims[CLAIM_DRTM_LAUNCHED].grade = grade;
}

static void collect_launched(struct collector *collector)
{
    const struct claims_input *input = collector->input;
    const uint32_t pcr = EVENT_PCR(LAUNCH_PCR);
    bool claimed = collector->log->replay.launched;

    if (claimed)
        note_launch_event(collector);
    if (input->ones_pcrs & pcr)
        settle(collector, false, CLAIM_ATTESTED);
    else if (input->zero_pcrs & pcr)
        reason_add_plain(collector->reasons, REASON_DRTM_NOT_MEASURED, LAUNCH_PCR,
                         "ones, or what a launch measured", "zeros");
    else if (claimed)
        settle(collector, true, input->attested_pcrs & pcr ? CLAIM_ATTESTED : CLAIM_REPORTED);
}

/* --- what was launched? --- */

enum technology { TECHNOLOGY_UNKNOWN, TXT, SKINIT, AMD_SECURE_LAUNCH, ARM_DRTM, TECHNOLOGIES };

static enum technology technology_of(uint32_t type)
{
    if (type >= EV_TXT_PCR_MAPPING && type <= EV_TXT_TBOOT_MODULE)
        return TXT;
    if (type == EV_TXT_SLAUNCH)
        return SKINIT; /* Linux writes the same type on Intel, behind what SINIT wrote */
    if (type >= EV_AMD_SL_LOAD && type <= EV_AMD_SL_SEPARATOR)
        return AMD_SECURE_LAUNCH;
    if (type >= EV_ARM_PCR_SCHEMA && type <= EV_ARM_SECURE_INT_DISABLE)
        return ARM_DRTM;
    return TECHNOLOGY_UNKNOWN;
}

const char *launch_technology(const struct measured_log *log)
{
    static const char *const names[TECHNOLOGIES] = {
        [TECHNOLOGY_UNKNOWN] = "unknown",          [TXT] = "Intel TXT",     [SKINIT] = "AMD SKINIT",
        [AMD_SECURE_LAUNCH] = "AMD Secure Launch", [ARM_DRTM] = "Arm DRTM",
    };
    enum technology found = TECHNOLOGY_UNKNOWN;

    if (!log->replay.launched || log->measurement_registers)
        return NULL;
    for (size_t i = 0; i < log->n_events && found == TECHNOLOGY_UNKNOWN; i++)
        if (is_launch_event(&log->events[i]))
            found = technology_of(log->events[i].event.type);
    return names[found];
}

/* "SKINIT", "Measured Kernel initrd": what the writer of the log calls it; or what the type says. */
static const char *label_of(struct collector *collector, const struct eventlog_event *event)
{
    const struct event_type *type = event_type_find(event->type);
    const char *label;

    if (event->type != EV_TXT_SLAUNCH || event->data.len == 0 ||
        event->data.len > LIMIT_SUMMARY_TEXT_LEN)
        return type ? type->title : NULL;
    label = text_printable(collector->arena, event->data);
    if (!label)
        collector->out_of_memory = true;
    return label;
}

static void collect_components(struct collector *collector)
{
    const struct measured_log *log = collector->log;
    uint32_t pcrs = log->replay.extended & EVENT_PCRS_DRTM;
    bool attested = (pcrs & ~collector->input->attested_pcrs) == 0;

    for (size_t i = 0; i < log->n_events; i++) {
        const struct measured_event *event = &log->events[i];

        if (!is_launch_event(event))
            continue;
        collect_item(collector, CLAIM_DRTM_COMPONENTS,
                     (struct claim_item){.kind = CLAIM_ITEM_DIGEST,
                                         .alg = log->bank,
                                         .event = event->event.number,
                                         .pcr = (int)event->event.pcr,
                                         .label = label_of(collector, &event->event),
                                         .bytes = event->digest});
        collect_event(collector, CLAIM_DRTM_COMPONENTS, i);
    }
    if (collector->claims->claims[CLAIM_DRTM_COMPONENTS].known)
        collector->claims->claims[CLAIM_DRTM_COMPONENTS].grade = attested ? CLAIM_ATTESTED
                                                                          : CLAIM_REPORTED;
}

/* --- Windows Secure Launch --- */

struct smm_level {
    bool found, contradicted;
    uint64_t value;
};

static void read_records(struct collector *collector, size_t index, struct smm_level *level)
{
    struct sipa_walk walk;
    struct sipa_record record;
    struct error error;
    enum sipa_step step;
    uint64_t value;

    sipa_open(&walk, collector->log->events[index].covered, &error);
    while ((step = sipa_next(&walk, &record)) == SIPA_RECORD) {
        if (record.id != SIPA_DRTM_SMM_LEVEL || !sipa_number(&record, &value))
            continue;
        level->contradicted |= level->found && level->value != value;
        level->found = true;
        level->value = value;
        collect_event(collector, CLAIM_DRTM_SMM_LEVEL, index);
    }
    if (step == SIPA_FAILED)
        collect_reason(collector, REASON_EVENTLOG_DATA_MALFORMED, index, NULL, NULL,
                       arena_printf(collector->arena, "%s", error.message));
}

/* Windows measures the level in PCR 20, which the system that was launched can extend further at any
 * time (PTP 1.06, 4.6.2), and vouches for it with a signature (DRTM_STATE_AUTH) by a key that nobody
 * but Microsoft knows. So the number is told, and is unproven. */
static void collect_smm_level(struct collector *collector)
{
    const struct measured_log *log = collector->log;
    struct smm_level level = {0};

    for (size_t i = 0; i < log->n_events; i++)
        if (is_launch_event(&log->events[i]) && log->events[i].event.type == EV_EVENT_TAG &&
            log->events[i].coverage == COVERAGE_WHOLE && sipa_begins(log->events[i].covered))
            read_records(collector, i, &level);
    if (!level.found || level.contradicted)
        return;
    collect_text(collector, CLAIM_DRTM_SMM_LEVEL,
                 arena_printf(collector->arena, "%llu", (unsigned long long)level.value));
    collect_unproven(collector, CLAIM_DRTM_SMM_LEVEL);
}

void collect_drtm(struct collector *collector)
{
    const struct claim *launched = &collector->claims->claims[CLAIM_DRTM_LAUNCHED];

    if (collector->log->measurement_registers)
        return;
    collect_launched(collector);
    if (!launched->known || !launched->is_true)
        return;
    collect_text(collector, CLAIM_DRTM_TECHNOLOGY, launch_technology(collector->log));
    collect_from(collector, CLAIM_DRTM_TECHNOLOGY, CLAIM_DRTM_LAUNCHED);
    collect_unproven(collector, CLAIM_DRTM_TECHNOLOGY);
    collect_components(collector);
    collect_smm_level(collector);
}
