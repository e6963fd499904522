/* What the agent remembers between two runs: one file, public content, replaced as a whole.
 *
 * Owns DIR/state and its form (deterministic CBOR). Holds no secret: whoever reads it learns what a
 * certificate tells, whoever changes it can make the host fail but not pass. */
#ifndef BOOTSEAL_AGENT_STATE_H
#define BOOTSEAL_AGENT_STATE_H

#include "msg/protocol.h"
#include "tpm/tpm.h"

struct agent_key {
    uint32_t handle; /* 0: there is none */
    struct span name;
};

struct agent_state {
    struct span url; /* of the service, with a NUL behind it that is not counted */
    struct span ca;  /* its root certificates, PEM */
    struct span host_id;
    struct span name;
    struct agent_key ak, identity;
    struct span challenge; /* encoded, for the next attestation; empty: ask for one */
    int64_t answered_s;    /* when the challenge came */
    struct span answer;    /* the last attest answer as it came; empty before the first */
    struct span certificates[LIMIT_CHAIN_CERTIFICATES]; /* of the identity key; none: not trusted */
    size_t n_certificates;
    struct tpm_approval approval;          /* signature.len is 0 without one */
    struct span sent[LIMIT_EVIDENCE_LOGS]; /* SHA-256 of the logs that the service has */
    size_t n_sent;
};

/* Reads the state of dir; everything is in the arena. ERROR_NOT_FOUND, with
 * the command to run, when the host is not enrolled. */
bool agent_state_load(const char *dir, struct arena *arena, struct agent_state *state,
                      struct error *error) MUST_CHECK;

/* Writes it; after true it survives a power cut. */
bool agent_state_save(const char *dir, const struct agent_state *state, struct arena *arena,
                      struct error *error) MUST_CHECK;

/* Bytes and struct, for the two above and for tests. */
bool agent_state_decode(struct span bytes, struct arena *arena, struct agent_state *state,
                        struct error *error) MUST_CHECK;
bool agent_state_encode(const struct agent_state *state, struct arena *arena, struct span *bytes,
                        struct error *error) MUST_CHECK;

/* True when the TPM still has the AK; else ERROR_CONFLICT says that it was cleared or replaced. */
bool agent_state_check_tpm(const struct agent_state *state, struct tpm *tpm, struct arena *arena,
                           struct error *error) MUST_CHECK;

#endif
