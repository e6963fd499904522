/* Days as catalogues write them: YYYY-MM-DD, in UTC, from 1970 on. Internal to src/catalog. */
#ifndef BOOTSEAL_CATALOG_DAY_H
#define BOOTSEAL_CATALOG_DAY_H

#include <stdbool.h>
#include <stdint.h>

enum { DAY_S = 24 * 60 * 60, DAY_TEXT_LEN = sizeof "0000-00-00" };

/* The first second of a day as Unix time; false when the text is no day. */
bool day_decode(const char *text, int64_t *unix_s) __attribute__((warn_unused_result));

/* The day of a second, 0 or later and before the year 10000, into text; returns text. */
const char *day_print(int64_t unix_s, char text[DAY_TEXT_LEN]);

#endif
