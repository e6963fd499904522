/* IMA list verification: template hashes recomputed, PCR 10 replayed, prefix found.
 * Linux Documentation/security/IMA-templates.rst. */
#ifndef BOOTSEAL_VERIFY_IMA_H
#define BOOTSEAL_VERIFY_IMA_H

#include "base/reason.h"
#include "crypto/crypto.h"
#include "verify/replay.h"

struct ima_replay {
    uint8_t pcr[LIMIT_TPM_DIGEST_LEN]; /* after all entries */
    size_t digest_len;
    uint32_t n_entries; /* all that were read, whatever PCR they name */
    uint32_t n_violations;
    uint32_t n_bad_template_hashes;
    uint32_t first_bad_template_hash; /* entry number */
    bool padded;                      /* SHA-1 digests padded with zeros make up this bank */
    int pcr_index;        /* the PCR that the first entry (boot_aggregate) names; normally 10 */
    size_t len;           /* bytes of the entries read */
    uint32_t n_other_pcr; /* entries that a policy (pcr=) sent elsewhere: counted in n_entries, not
                             replayed; this PCR does not prove them */
};

/* True for the paths from which systemd and dracut load IMA's policy, also from the initrd below
 * /sysroot. A file measured there need not have been loaded, nor is one from elsewhere measured as a
 * policy: Linux ima_policy.rst, POLICY_CHECK, leaves no other trace than the path. */
bool ima_is_policy_path(struct span name);

/* Called after each entry with the PCR so far; returning true stops the replay ("found"). */
typedef bool ima_prefix_check(void *context, uint32_t n_entries, const uint8_t *pcr);

/* Replays the binary list in bank alg. *replay is where to start (all zero: a fresh PCR 10; what an
 * earlier call left: the list's tail only, the cost is that of the tail) and where it ended. padded
 * chooses how SHA-1 template digests enter bigger banks. check may be NULL; *found tells whether it
 * returned true: replay then stands right after that entry. */
bool ima_replay_list(struct crypto *crypto, struct span list, uint16_t alg, bool padded,
                     ima_prefix_check *check, void *context, bool *found, struct ima_replay *replay,
                     struct error *error) MUST_CHECK;

#endif
