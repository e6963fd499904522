/* Replay: what the PCRs must be if the log is the truth. PFP 1.06 section 10; TPM part 1, 17.
 *
 * PCR 17-22 stand at ones after a reset; a dynamic launch sets all of them to zeros and then extends
 * PCR 17 (PC Client Platform TPM Profile 1.06, 4.6.2; TPM part 1, 34.3). So a log whose first event
 * there is one of PCR 17 is replayed from zeros, every other from ones: nothing that stands in a log
 * is ever wiped.
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
    bool launched; /* the log begins PCR 17-22 with PCR 17: it claims a dynamic launch */
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

/* Goes on from what another log led to, in its one bank. */
void replay_resume(struct replay *replay, const struct replay_bank *bank);

/* The bank of a replay, or NULL. */
const struct replay_bank *replay_find(const struct replay *replay, uint16_t alg);

#endif
