/* The sandbox: "the process that parses can do nothing else" (style rule 10).
 *
 * seccomp filter by libseccomp plus resource limits. After it the process may read and write the
 * descriptors that it has, use memory up to its cap, take the time, get random bytes, and end.
 * Every other system call kills the process. It cannot be lifted, and holds for later threads. */
#ifndef BOOTSEAL_OS_SANDBOX_H
#define BOOTSEAL_OS_SANDBOX_H

#include "base/error.h"

#include <stdint.h>

/* For workers: no files (and no room for another descriptor), no network, no new processes or threads, address
 * space capped at memory_len bytes over what is mapped now, at most cpu_s seconds of CPU time in
 * the process's life (0: no cap). Everything lazily initialised (locale, OpenSSL's providers,
 * crypto_new) has to be done before. ERROR_UNSUPPORTED when the kernel has no seccomp. */
bool os_sandbox_worker(uint64_t memory_len, uint64_t cpu_s, struct error *error) MUST_CHECK;

#endif
