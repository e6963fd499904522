/* tpm2_eventlog of tpm2-tools, the second opinion on what a TCG event log replays to. */
#ifndef BOOTSEAL_TESTS_DIFFERENTIAL_PEER_H
#define BOOTSEAL_TESTS_DIFFERENTIAL_PEER_H

#include "base/limits.h"
#include "base/span.h"

enum {
    PEER_PCRS = 32, /* it has a few that no PC has */
    PEER_BANKS = 5,
};

enum peer_outcome {
    PEER_NONE = 0,
    PEER_REPLAYED,
    PEER_REFUSED, /* with a message */
    PEER_CRASHED, /* ended by a signal, or by running for too long */
};

struct peer_bank {
    uint16_t alg;
    uint32_t listed; /* bit n: it prints PCR n */
    uint8_t pcrs[PEER_PCRS][LIMIT_TPM_DIGEST_LEN];
};

struct peer {
    enum peer_outcome outcome;
    char message[200]; /* its first error */
    struct peer_bank banks[PEER_BANKS];
    size_t n_banks;
};

/* True when the program is installed in the version that differences.tsv speaks of. */
bool peer_present(void);

/* Lets it read the log; files of its talk stand in folder. Fails the test when it cannot be run or
 * says what nobody can read. */
void peer_replay(const char *folder, struct span log, struct peer *peer);

#endif
