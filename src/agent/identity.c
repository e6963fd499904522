/* See identity.h. */
#include "agent/identity.h"

#include "tpm/key_provider.h"

static bool sign(void *context, struct span digest, struct tpm_ecdsa *signature,
                 struct error *error)
{
    struct identity *identity = context;

    return tpm_identity_sign(identity->tpm, identity->state->identity.handle,
                             &identity->state->approval, digest, signature, error);
}

bool identity_install(void *context, void *ssl_ctx, struct error *error)
{
    struct identity *identity = context;
    const struct agent_state *state = identity->state;
    struct key_provider_key key;
    struct tpm_key found;

    return tpm_key_read(identity->tpm, state->identity.handle, identity->arena, &found, error) &&
           key_provider_key_init(found.public_area, sign, identity, &identity->sign_error, &key,
                                 error) &&
           key_provider_use(ssl_ctx, &key, state->certificates, state->n_certificates, error);
}
