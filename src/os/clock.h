/* Clocks. The core gets time as an argument; it comes from here. */
#ifndef BOOTSEAL_OS_CLOCK_H
#define BOOTSEAL_OS_CLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Unix time. */
int64_t os_now_s(void);
int64_t os_now_us(void);

/* Time that never goes back, for deadlines and durations; counts during suspend. */
int64_t os_monotonic_ms(void);

/* CPU time of this process in microseconds, user and system. */
int64_t os_cpu_us(void);

enum { OS_TIME_TEXT_LEN = 32 };

/* RFC 3339 in UTC, "2026-01-31T23:59:59Z", into text; returns text. Times outside the years
 * 0000-9999 become the nearest end. */
const char *os_time_print(int64_t unix_s, char text[OS_TIME_TEXT_LEN]);

/* What os_time_print writes, and nothing else. */
bool os_time_parse(const char *text, int64_t *unix_s);

#endif
