/* See systemd_measurements.h. What systemd measures where: systemd docs/TPM2_PCR_MEASUREMENTS.md,
 * sections on user space. */
#include "verify/systemd_measurements.h"

#include "wire/event_type.h"
#include "wire/systemd_log.h"
#include "wire/tpm_alg.h"

/* The separators of systemd-pcrosseparator.service; the setup of NV registers in PCR 9. */
enum {
    PCRS_SEPARATED = 0xFF | EVENT_PCR(9) | EVENT_PCR(12) | EVENT_PCR(13) | EVENT_PCR(14),
    PCRS_PHASES = EVENT_PCR(11),
    PCRS_NV_SETUP = EVENT_PCR(9),
    PCRS_OWN = EVENT_PCR(15) | EVENT_PCR(16) | EVENT_PCR(23), /* no boot loader's */
    PCRS_ALL = PCRS_SEPARATED | PCRS_PHASES | PCRS_OWN,
};

static bool may_measure(const struct measured_event *event)
{
    uint32_t pcr = EVENT_PCR(event->event.pcr);
    struct span text = event->covered;

    if (pcr & PCRS_OWN)
        return true;
    if (event->coverage != COVERAGE_WHOLE || text.len == 0)
        return false;
    return (pcr & PCRS_PHASES) || ((pcr & PCRS_SEPARATED) && span_is(text, "os-separator")) ||
           ((pcr & PCRS_NV_SETUP) && span_begins(text, span_text("nvpcr-")));
}

bool systemd_measurements_append(struct crypto *crypto, struct span bytes, struct arena *arena,
                                 struct measured_log *measured, struct error *error)
{
    struct measured_addition addition = {.kind = EVIDENCE_LOG_SYSTEMD, .pcrs = PCRS_ALL};
    struct measured_log grown = *measured;
    struct systemd_log log;

    if (!systemd_log_decode(bytes, arena, &log, error))
        return false;
    for (size_t i = 0; i < log.n_events; i++)
        log.events[i].type = MEASURED_NO_TYPE;
    addition.events = log.events;
    addition.n_events = log.n_events;
    if (!measured_log_append(crypto, &addition, arena, &grown, error))
        return false;
    for (size_t i = measured->n_events; i < grown.n_events; i++) {
        const struct measured_event *event = &grown.events[i];

        if (!may_measure(event))
            return error_set(error, ERROR_MALFORMED, event->event.offset,
                             "systemd TPM2_PCR_MEASUREMENTS.md",
                             "systemd measures no such thing into PCR %u", event->event.pcr);
    }
    *measured = grown;
    return true;
}

static const char *const PHASES[SYSTEMD_PHASES] = {"enter-initrd", "leave-initrd", "sysinit",
                                                   "ready",        "shutdown",     "final"};

const char *systemd_phase(unsigned phase)
{
    return PHASES[phase];
}

bool systemd_phases_find(struct crypto *crypto, uint16_t alg, const uint8_t *from,
                         const uint8_t *to, uint32_t *phases)
{
    struct crypto_digest words[SYSTEMD_PHASES];
    size_t len = tpm_digest_len(alg);

    for (unsigned i = 0; i < SYSTEMD_PHASES; i++)
        crypto_hash_span(crypto, alg, span_text(PHASES[i]), &words[i]);
    for (uint32_t some = 1; some < UINT32_C(1) << SYSTEMD_PHASES; some++) {
        uint8_t pcr[LIMIT_TPM_DIGEST_LEN];

        memcpy(pcr, from, len);
        for (unsigned i = 0; i < SYSTEMD_PHASES; i++)
            if (some >> i & 1)
                crypto_extend(crypto, alg, pcr, crypto_digest_span(&words[i]));
        if (memcmp(pcr, to, len) == 0) {
            *phases = some;
            return true;
        }
    }
    return false;
}
