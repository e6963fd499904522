/* API tokens' secrets: drawn here, shown once, stored only as digests. */
#ifndef BOOTSEAL_SERVER_SECRET_H
#define BOOTSEAL_SERVER_SECRET_H

#include "base/error.h"

enum { SECRET_LEN = 80 }; /* with NUL; a prefix that secret scanners can look for, 64 hex digits */

bool secret_make(char secret[SECRET_LEN], struct error *error) MUST_CHECK;

#endif
