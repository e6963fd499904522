#include "support/swtpm_host.h"

#include <stdlib.h>

int swtpm_host_setup(void **state)
{
    struct swtpm_host *host = calloc(1, sizeof *host);

    swtpm_init(&host->swtpm);
    host->arena = arena_init(SWTPM_HOST_ARENA_LEN);
    host->crypto = crypto_new(&host->error);
    assert_non_null(host->crypto);
    *state = host;
    return 0;
}

int swtpm_host_teardown(void **state)
{
    struct swtpm_host *host = *state;

    swtpm_done(&host->swtpm);
    crypto_free(host->crypto);
    arena_done(&host->arena);
    free(host);
    return 0;
}
