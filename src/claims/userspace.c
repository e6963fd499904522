/* What user space measured behind the boot: the phases that systemd reached (PCR 11), from its log or,
 * before version 255, from the words that lead to the quoted value.
 *
 * A phase is proven where the digest is that of its word. Which phases came first is proven too;
 * that one was reached means that it, or somebody with root's rights, said so. */
#include "base/text.h"
#include "claims/collect.h"
#include "verify/systemd_measurements.h"

/* Index of the first event of systemd's log in the host's log; its end without one. */
static size_t first_of_systemd(const struct measured_log *log)
{
    for (size_t i = 0; i < log->n_sources; i++)
        if (log->sources[i].kind == EVIDENCE_LOG_SYSTEMD)
            return log->sources[i].first;
    return log->n_events;
}

struct measured_log collect_boot_part(const struct measured_log *log)
{
    struct measured_log boot = *log;

    boot.n_events = first_of_systemd(log);
    return boot;
}

static void add_phase(struct collector *collector, uint32_t event, const char *word)
{
    if (word)
        collect_item(
            collector, CLAIM_BOOT_PHASES,
            (struct claim_item){
                .kind = CLAIM_ITEM_TEXT, .event = event, .pcr = 11, .bytes = span_text(word)});
    else
        collector->out_of_memory = true;
}

static void add_logged(struct collector *collector, const struct measured_event *event,
                       size_t index)
{
    add_phase(collector, event->event.number, text_printable(collector->arena, event->covered));
    collect_event(collector, CLAIM_BOOT_PHASES, index);
}

void collect_userspace(struct collector *collector)
{
    const struct measured_log *log = collector->input->log;

    if (!log)
        return;
    for (size_t i = first_of_systemd(log); i < log->n_events; i++)
        if (log->events[i].event.pcr == 11 && log->events[i].coverage == COVERAGE_WHOLE)
            add_logged(collector, &log->events[i], i);
    for (unsigned i = 0; i < SYSTEMD_PHASES; i++)
        if (collector->input->phases >> i & 1)
            add_phase(collector, REASON_NO_EVENT, systemd_phase(i));
    if (!collector->loader_vouched)
        collect_unproven(collector, CLAIM_BOOT_PHASES);
}
