/* An endorsement key in software, for tests: the TCG template, and TPM2_ActivateCredential.
 * Failures end the program, except a credential that is not for this key and name. */
#ifndef BOOTSEAL_TESTS_SUPPORT_SOFT_EK_H
#define BOOTSEAL_TESTS_SUPPORT_SOFT_EK_H

#include "crypto/crypto.h"
#include "support/soft_key.h"

struct soft_ek {
    struct soft_key key;
    struct crypto_digest policy;
};

/* RSA 2048 by template L-1 (TCG EK Credential Profile 2.6, B.3.3). */
void soft_ek_init(struct soft_ek *ek, struct crypto *crypto);
void soft_ek_done(struct soft_ek *ek);

/* Opens a challenge made for this EK and the AK of that name (part 3, 12.5); false when it is for
 * another. credential has room for 32 bytes. */
bool soft_ek_activate(struct soft_ek *ek, struct crypto *crypto, struct span ak_name,
                      struct span id_object, struct span secret, uint8_t credential[32]);

#endif
