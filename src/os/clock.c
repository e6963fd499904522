/* Clocks. Owns nothing; the one place besides src/log that asks the machine for the time. */
#include "os/clock.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

static int64_t clock_us(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t os_now_s(void)
{
    return clock_us(CLOCK_REALTIME) / 1000000;
}

int64_t os_now_us(void)
{
    return clock_us(CLOCK_REALTIME);
}

int64_t os_monotonic_ms(void)
{
    return clock_us(CLOCK_BOOTTIME) / 1000;
}

int64_t os_cpu_us(void)
{
    return clock_us(CLOCK_PROCESS_CPUTIME_ID);
}

const char *os_time_print(int64_t unix_s, char text[OS_TIME_TEXT_LEN])
{
    const int64_t first = -62167219200, last = 253402300799; /* 0000-01-01, 9999-12-31 */
    time_t shown = (time_t)(unix_s < first ? first : unix_s > last ? last : unix_s);
    struct tm utc;

    gmtime_r(&shown, &utc);
    /* Within the years above every number has the width that RFC 3339 wants. */
    snprintf(text, OS_TIME_TEXT_LEN, "%04u-%02u-%02uT%02u:%02u:%02uZ",
             (unsigned)(utc.tm_year + 1900) % 10000, (unsigned)(utc.tm_mon + 1) % 100,
             (unsigned)utc.tm_mday % 100, (unsigned)utc.tm_hour % 100, (unsigned)utc.tm_min % 100,
             (unsigned)utc.tm_sec % 100);
    return text;
}

bool os_time_parse(const char *text, int64_t *unix_s)
{
    char again[OS_TIME_TEXT_LEN];
    struct tm parts = {0};
    int64_t read_s;

    if (!strptime(text, "%Y-%m-%dT%H:%M:%SZ", &parts))
        return false;
    read_s = timegm(&parts);
    /* strptime takes more forms, and days that no month has. */
    if (strcmp(os_time_print(read_s, again), text) != 0)
        return false;
    *unix_s = read_s;
    return true;
}
