#include "bench_service.h"

#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>

void bench_service_start(struct service *service, struct api_maker *maker, const char *program,
                         const char *policy)
{
    char bootseald[4096], *own = strdup(program);

    snprintf(bootseald, sizeof bootseald, "%s/../src/server/bootseald", dirname(own));
    free(own);
    setenv("BOOTSEAL_BOOTSEALD", bootseald, 0);
    api_maker_init(maker);
    service_start_for(service, maker, NULL, 0);
    service_put_policy(service, policy);
}

void bench_service_done(struct service *service, struct api_maker *maker)
{
    service_wipe(service);
    api_maker_done(maker);
}
