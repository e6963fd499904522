/* One attestation from start to end: evidence out, verdict in, state kept. Used by attest and run. */
#ifndef BOOTSEAL_AGENT_ATTESTATION_H
#define BOOTSEAL_AGENT_ATTESTATION_H

#include "agent/agent.h"
#include "agent/state.h"

struct attestation {
    struct agent_state state;    /* as it was saved */
    struct attest_answer answer; /* the service's; in the arena */
    bool event_log_missing;
};

/* Attests with the state of the agent's directory. On true a verdict was given, whatever it is, and
 * the state is saved. *error has ERROR_CONFLICT when the TPM was cleared. */
bool attestation_do(struct agent *agent, struct arena *arena, struct attestation *attestation,
                    struct error *error) MUST_CHECK;

/* True for the verdicts that pass: trusted, attention. */
bool attestation_passes(const struct attest_answer *answer);

/* The decoded last answer of a state; false when there is none. */
bool attestation_last(const struct agent_state *state, struct arena *arena,
                      struct attest_answer *answer) MUST_CHECK;

/* When the identity certificate that the state holds ends, Unix seconds; 0 when it holds none that
 * can be read. */
int64_t attestation_certificate_ends_s(struct crypto *crypto, const struct agent_state *state,
                                       struct arena *arena);

/* When something that the answer left in force ends first: the verdict or the certificate. */
int64_t attestation_ends_s(struct crypto *crypto, const struct attestation *attestation,
                           struct arena *arena);

/* True when the next evidence is to prove the identity key, and so to ask for a certificate: there is
 * none, or it has ended, or the service let it come near its end without a new one. */
bool attestation_needs_certificate(struct crypto *crypto, const struct agent_state *state,
                                   int64_t now_s, struct arena *arena);

#endif
