/* Confinement of the front's files: Landlock (Linux Documentation/userspace-api/landlock.rst).
 *
 * The front and the signer run as one user, so file modes alone would not keep the front from the
 * signer's keys. */
#ifndef BOOTSEAL_SERVER_CONFINE_H
#define BOOTSEAL_SERVER_CONFINE_H

#include "conf/conf.h"

/* From now on this process opens files only below the data directory and the directory of the
 * configured database. A kernel without Landlock is told in the log, and is no error. */
bool confine_front(const struct conf *conf, struct error *error) MUST_CHECK;

#endif
