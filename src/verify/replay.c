/* Replay of TCG logs. Owns the PCR values it computes; trusts nothing in the log.
 * Must never extend what is not measured, nor a PCR that does not exist, and never compare or judge. */
#include "verify/replay.h"

#include "wire/event_type.h"
#include "wire/tcg_no_action.h"

enum { LOCALITY_H_CRTM = 4, LAUNCH_PCR = 17, LAST_LAUNCH_PCR = 22 };

/* PCR 17-22 before their first event. */
static void start_launch_pcrs(struct replay_bank *bank, bool launched)
{
    for (size_t pcr = LAUNCH_PCR; pcr <= LAST_LAUNCH_PCR; pcr++)
        memset(bank->pcrs[pcr], launched ? 0x00 : 0xFF, bank->digest_len);
    bank->launched = launched;
}

bool replay_begin(struct replay *replay, const struct eventlog *log, uint16_t alg,
                  struct error *error)
{
    size_t n_banks = 0;

    for (size_t i = 0; i < log->n_banks; i++) {
        uint16_t bank_alg = log->banks[i].alg;
        size_t digest_len = tpm_digest_len(bank_alg);

        if (!digest_len || (alg != 0 && alg != bank_alg))
            continue;
        replay->banks[n_banks] = (struct replay_bank){.alg = bank_alg, .digest_len = digest_len};
        start_launch_pcrs(&replay->banks[n_banks++], false);
    }
    if (n_banks == 0) {
        const char *wanted = tpm_alg_name(alg);

        error_plain(error, ERROR_UNSUPPORTED, "the log does not carry the bank %s",
                    wanted ? wanted : "asked for, or none that can be hashed");
        return false;
    }
    replay->n_banks = n_banks;
    replay->startup_locality = 0;
    replay->hcrtm = false;
    replay->pcr_0_started = false;
    return true;
}

/* What the event says about the value that PCR 0 started from: part 1, 34.1 and PFP 1.06, 10.4.5.3.
 * An H-CRTM measurement comes before TPM2_Startup and outweighs the locality of that. */
static void start_pcr_0(struct replay *replay, const struct eventlog_event *event)
{
    struct tcg_no_action body;
    struct error ignored; /* a body that cannot be read says nothing about the locality */
    uint8_t locality = LOCALITY_H_CRTM;

    if (event->type == EV_EFI_HCRTM_EVENT) {
        replay->hcrtm = true;
    } else {
        if (event->type != EV_NO_ACTION || replay->hcrtm ||
            !tcg_no_action_decode(event->data, &body, &ignored) ||
            body.kind != TCG_NO_ACTION_STARTUP_LOCALITY)
            return;
        locality = body.startup_locality;
        if (locality != 0 && locality != 3 && locality != 4)
            return;
    }
    replay->startup_locality = locality;
    for (size_t i = 0; i < replay->n_banks; i++)
        replay->banks[i].pcrs[0][replay->banks[i].digest_len - 1] = locality;
}

void replay_resume(struct replay *replay, const struct replay_bank *bank)
{
    *replay = (struct replay){.n_banks = 1, .pcr_0_started = true};
    replay->banks[0] = *bank;
}

void replay_event(struct crypto *crypto, struct replay *replay, const struct eventlog_event *event)
{
    if (event->pcr == 0 && !replay->pcr_0_started)
        start_pcr_0(replay, event);
    if (event_type_is_unmeasured(event->type) || event->pcr >= LIMIT_PCRS)
        return;
    if (event->pcr == 0)
        replay->pcr_0_started = true;
    for (size_t i = 0; i < replay->n_banks; i++) {
        struct replay_bank *bank = &replay->banks[i];
        struct span digest;

        if (event->pcr == LAUNCH_PCR && !((bank->extended | bank->incomplete) & EVENT_PCRS_DRTM))
            start_launch_pcrs(bank, true);
        if (eventlog_event_digest(event, bank->alg, &digest)) {
            crypto_extend(crypto, bank->alg, bank->pcrs[event->pcr], digest);
            bank->extended |= EVENT_PCR(event->pcr);
            continue;
        }
        if (!bank->incomplete)
            bank->first_incomplete_event = event->number;
        bank->incomplete |= EVENT_PCR(event->pcr);
    }
}

bool replay_eventlog(struct crypto *crypto, struct span bytes, uint16_t alg, struct replay *replay,
                     struct error *error)
{
    struct eventlog log;
    struct eventlog_event event;
    enum eventlog_step step;
    struct replay replayed;

    if (!eventlog_open(&log, bytes, error) || !replay_begin(&replayed, &log, alg, error))
        return false;
    while ((step = eventlog_next(&log, &event)) == EVENTLOG_EVENT)
        replay_event(crypto, &replayed, &event);
    if (step == EVENTLOG_FAILED)
        return false;
    *replay = replayed;
    return true;
}

const struct replay_bank *replay_find(const struct replay *replay, uint16_t alg)
{
    for (size_t i = 0; i < replay->n_banks; i++)
        if (replay->banks[i].alg == alg)
            return &replay->banks[i];
    return NULL;
}
