/* Dynamic launch: PCR 17-22 in a TXT, SKINIT or Windows Secure Launch log.
 *
 * Locality 4 resets these PCRs and begins them with the launched code (TCG D-RTM Architecture 1.0),
 * so an event in PCR 17 means a launch if the quote covers that PCR. Quotes over the default PCRs
 * do not: the claim is then only what the host says. */
#include "claims/collect.h"
#include "wire/event_type.h"

void collect_drtm(struct collector *collector)
{
    const struct measured_log *log = collector->log;
    bool launched = false;

    if (log->measurement_registers || !(log->replay.extended & (EVENT_PCR(17) | EVENT_PCR(18))))
        return;
    for (size_t i = 0; i < log->n_events; i++) {
        const struct measured_event *event = &log->events[i];

        if (event->coverage == COVERAGE_UNMEASURED || event->digest.len == 0 ||
            (event->event.pcr != 17 && event->event.pcr != 18))
            continue;
        launched |= event->event.pcr == 17;
        collect_event(collector, CLAIM_DRTM_LAUNCHED, i);
    }
    if (!launched)
        return;
    collect_bool(collector, CLAIM_DRTM_LAUNCHED, true);
    collector->claims->claims[CLAIM_DRTM_LAUNCHED].grade = CLAIM_REPORTED;
}
