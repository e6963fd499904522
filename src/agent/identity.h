/* The host's identity in TLS: certificate of the state, key of the TPM. */
#ifndef BOOTSEAL_AGENT_IDENTITY_H
#define BOOTSEAL_AGENT_IDENTITY_H

#include "agent/state.h"

/* What an http_ssl_ctx_fn installs; lives as long as the client that uses it. */
struct identity {
    struct tpm *tpm;
    const struct agent_state *state;
    struct arena *arena;
    struct error sign_error; /* why the TPM did not sign; code ERROR_NONE when it did */
};

/* An http_ssl_ctx_fn; context is a struct identity. */
bool identity_install(void *context, void *ssl_ctx, struct error *error) MUST_CHECK;

#endif
