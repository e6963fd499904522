/* `bootseald --dev`: the whole service for trying things out, with nothing to configure and nothing
 * left behind.
 *
 * Loopback only, whatever is asked; a random administrator's token; every answer and metric says
 * that it is a trial. */
#ifndef BOOTSEAL_SERVER_DEV_H
#define BOOTSEAL_SERVER_DEV_H

#include <stddef.h>

/* flags: "section.key=value" of the command line. Gives the exit status. */
int dev_run(const char *const *flags, size_t n_flags);

#endif
