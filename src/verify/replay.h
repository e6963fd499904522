/* Replay: what the PCRs must be if the log is the truth. PFP 1.06 section 10; TPM part 1, 17.
 *
 * Hashes; does not judge. The result is compared with what the TPM signed, never with unsigned
 * values. A StartupLocality event is only a choice among 0, 3 and 4 (it is not measured itself). */
#ifndef BOOTSEAL_VERIFY_REPLAY_H
#define BOOTSEAL_VERIFY_REPLAY_H

#include "crypto/crypto.h"
#include "wire/eventlog.h"

struct replay_bank {
    uint16_t alg;
    size_t digest_len;
    uint8_t pcrs[LIMIT_PCRS][LIMIT_TPM_DIGEST_LEN];
    uint32_t extended;   /* bit n: the log extends PCR n in this bank */
    uint32_t incomplete; /* bit n: an event of PCR n lacks this bank's digest */
    uint32_t first_incomplete_event;
};

struct replay {
    struct replay_bank banks[LIMIT_EVENTLOG_BANKS]; /* those the log declares and we can hash */
    size_t n_banks;
    uint8_t startup_locality; /* 0, 3 or 4 */
    bool hcrtm;
    bool pcr_0_started; /* private: the start value of PCR 0 is settled */
};

/* Replays the whole log in the wanted bank only (alg), or in every bank when alg is 0. Fails where
 * the log cannot be framed, and as replay_begin does. */
bool replay_eventlog(struct crypto *crypto, struct span bytes, uint16_t alg, struct replay *replay,
                     struct error *error) MUST_CHECK;

/* The same for callers who walk the log themselves: begin, then every event in order.
 * ERROR_UNSUPPORTED when the log does not carry the bank (alg 0: none that we can hash). */
bool replay_begin(struct replay *replay, const struct eventlog *log, uint16_t alg,
                  struct error *error) MUST_CHECK;
void replay_event(struct crypto *crypto, struct replay *replay, const struct eventlog_event *event);

/* The bank of a replay, or NULL. */
const struct replay_bank *replay_find(const struct replay *replay, uint16_t alg);

#endif
