/* A host with a real TPM in software (swtpm) and what the service checks it with, for tests of calls to a
 * TPM: one for a group. */
#ifndef BOOTSEAL_TESTS_SUPPORT_SWTPM_HOST_H
#define BOOTSEAL_TESTS_SUPPORT_SWTPM_HOST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/reason.h"
#include "crypto/crypto.h"
#include "support/swtpm.h"

enum { SWTPM_HOST_ARENA_LEN = 8 << 20 };

struct swtpm_host {
    struct swtpm swtpm;
    struct tpm *tpm; /* the test's to open and to close */
    struct crypto *crypto;
    struct arena arena;
    struct reasons reasons;
    struct error error;
};

/* cmocka's setup and teardown of a group; *state is the host. */
int swtpm_host_setup(void **state);
int swtpm_host_teardown(void **state);

/* Fails the test with the host's error unless the call succeeds. */
#define DEMAND(host, call)                                                                         \
    do {                                                                                           \
        if (!(call))                                                                               \
            fail_msg("%s: %s", #call, (host)->error.message);                                      \
    } while (0)

#endif
