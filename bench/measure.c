#include "measure.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ROUNDS = 41 };
static const double ROUND_S = 0.01; /* long against the clock's step, short against others' work */

static double cpu_s(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static double time_calls(void (*function)(void *), void *context, unsigned long n)
{
    double start = cpu_s();

    for (unsigned long i = 0; i < n; i++)
        function(context);
    return (cpu_s() - start) / (double)n;
}

/* Calls for one round; the first calls also warm caches and prepare what is kept. */
static unsigned long calls_per_round(void (*function)(void *), void *context)
{
    unsigned long n = 1;

    while (time_calls(function, context, n) * (double)n < ROUND_S)
        n *= 2;
    return n;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double median(double *times)
{
    qsort(times, ROUNDS, sizeof *times, compare);
    return times[ROUNDS / 2];
}

bool measure_wanted(const char *name, int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], name) == 0)
            return true;
    return argc < 2;
}

void measure(const struct measurement *measurement, int argc, char **argv)
{
    double value[ROUNDS], reference[ROUNDS];
    void *context = measurement->context;

    if (!measure_wanted(measurement->name, argc, argv))
        return;
    unsigned long n_value = calls_per_round(measurement->value, context);
    unsigned long n_reference = calls_per_round(measurement->reference, context);
    for (int round = 0; round < ROUNDS; round++) {
        value[round] = time_calls(measurement->value, context, n_value);
        reference[round] = time_calls(measurement->reference, context, n_reference);
    }
    double v = median(value) * measurement->units_per_s;
    double r = median(reference) * measurement->units_per_s;
    printf("%s\t%.3f\t%s\t%.3f\t%.3f\n", measurement->name, v, measurement->unit, r, v / r);
    fflush(stdout);
}

void measure_note(const char *format, ...)
{
    va_list arguments;

    printf("# ");
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    printf("\n");
}

void measure_demand(bool holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "%s\n", what);
    abort();
}
