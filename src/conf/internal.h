/* What the files of src/conf share. */
#ifndef BOOTSEAL_CONF_INTERNAL_H
#define BOOTSEAL_CONF_INTERNAL_H

#include "base/limits.h"
#include "conf/conf.h"

/* Checks text against the key's type; *number is what conf_number gives. On failure the error's
 * message says what was expected, without where. */
bool conf_check_value(enum conf_key key, const char *text, int64_t *number,
                      struct error *error) MUST_CHECK;

/* The key of a section and name; CONF_KEYS when there is none. */
enum conf_key conf_find(const char *section, const char *name);

/* True when the key is one of the program's. */
bool conf_concerns(enum conf_key key, enum conf_program program);

/* True when some key of the program has this section. */
bool conf_has_section(const char *section, enum conf_program program);

#endif
