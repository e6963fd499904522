/* Measuring one thing against the least that must be done for it: CPU time, in interleaved rounds,
 * the median of each; who measures otherwise says so in a note. Never fails on a time; a wrong result ends the program. */
#ifndef BOOTSEAL_BENCH_MEASURE_H
#define BOOTSEAL_BENCH_MEASURE_H

#include <stdbool.h>
#include <stddef.h>

struct measurement {
    const char *name;             /* "evidence.full.p256" */
    const char *unit;             /* "us", "ms": per call of value */
    double units_per_s;           /* 1e6, 1e3 */
    void (*value)(void *context); /* what is measured */
    void (*reference)(void *context);
    void *context;
};

/* Measures when the names given to the program ask for it (none: everything), and prints one line:
 * name, value, unit, reference, ratio, separated by tabs. */
void measure(const struct measurement *measurement, int argc, char **argv);

/* True when measure would do something for the name. */
bool measure_wanted(const char *name, int argc, char **argv);

/* Says an input's size or the like, as a comment line. */
void measure_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Ends the program when what is being measured did not do its work. */
void measure_demand(bool holds, const char *what);

#endif
