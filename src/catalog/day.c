#include "catalog/day.h"

#include <stdio.h>
#include <string.h>

static bool is_leap(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int month_len(int year, int month)
{
    static const int LENGTHS[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

    return LENGTHS[month - 1] + (month == 2 && is_leap(year));
}

bool day_decode(const char *text, int64_t *unix_s)
{
    static const char FORM[] = "0000-00-00";
    int parts[3] = {0}, part = 0;
    int64_t days = 0;

    if (strlen(text) != sizeof FORM - 1)
        return false;
    for (size_t i = 0; i < sizeof FORM - 1; i++) {
        if (FORM[i] == '-' ? text[i] != '-' : text[i] < '0' || text[i] > '9')
            return false;
        if (FORM[i] == '-')
            part++;
        else
            parts[part] = 10 * parts[part] + (text[i] - '0');
    }
    if (parts[0] < 1970 || parts[1] < 1 || parts[1] > 12 || parts[2] < 1 ||
        parts[2] > month_len(parts[0], parts[1]))
        return false;
    for (int year = 1970; year < parts[0]; year++)
        days += 365 + is_leap(year);
    for (int month = 1; month < parts[1]; month++)
        days += month_len(parts[0], month);
    *unix_s = (days + parts[2] - 1) * DAY_S;
    return true;
}

const char *day_print(int64_t unix_s, char text[DAY_TEXT_LEN])
{
    int64_t days = unix_s / DAY_S;
    int year = 1970, month = 1;

    for (; days >= 365 + is_leap(year); year++)
        days -= 365 + is_leap(year);
    for (; days >= month_len(year, month); month++)
        days -= month_len(year, month);
    snprintf(text, DAY_TEXT_LEN, "%04u-%02u-%02u", (unsigned)year % 10000, (unsigned)month % 100,
             (unsigned)(days + 1) % 100);
    return text;
}
