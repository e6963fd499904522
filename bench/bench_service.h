/* What programs that measure a whole service start with. */
#ifndef BOOTSEAL_BENCH_BENCH_SERVICE_H
#define BOOTSEAL_BENCH_BENCH_SERVICE_H

#include "support/api_host.h"

/* Starts the bootseald of this build, for hosts of the maker, which is made here, under the policy.
 * program is the caller's argv[0]. */
void bench_service_start(struct service *service, struct api_maker *maker, const char *program,
                         const char *policy);

void bench_service_done(struct service *service, struct api_maker *maker);

#endif
