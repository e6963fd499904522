/* The kernel's build: options of kernel_options.def as the kernel tells them (/proc/config.gz), or as
 * its distribution put them beside it (/boot/config-RELEASE). */
#include "agent/inventory_parts.h"

#include <stdio.h>
#include <zlib.h>

static const char *const OPTIONS[] = {
#define KERNEL_OPTION(name) "CONFIG_" #name,
#include "agent/kernel_options.def"
#undef KERNEL_OPTION
};

enum {
    N_OPTIONS = sizeof OPTIONS / sizeof *OPTIONS,
    LINE_LEN = 1024,
    VALUE_LEN = 128, /* of the options above the longest is a list of security modules */
};

/* A line "CONFIG_NAME=value"; its end is the end of what is told. */
static void read_line(char *line, char values[N_OPTIONS][VALUE_LEN])
{
    char *equals = strchr(line, '=');

    if (!equals || strncmp(line, "CONFIG_", 7) != 0)
        return;
    *equals = '\0';
    for (char *end = equals + 1; *end; end++)
        if (*end < ' ' || *end > '~')
            *end = '\0';
    for (size_t i = 0; i < N_OPTIONS; i++)
        if (strcmp(line, OPTIONS[i]) == 0)
            snprintf(values[i], VALUE_LEN, "%s", equals + 1);
}

/* Reads compressed files, and others as they are. */
static bool read_options(const char *path, char values[N_OPTIONS][VALUE_LEN])
{
    gzFile file = gzopen(path, "rb");
    char line[LINE_LEN];
    bool any = false;

    if (!file)
        return false;
    while (gzgets(file, line, sizeof line)) {
        any = true;
        read_line(line, values);
    }
    gzclose(file);
    return any;
}

static bool find_options(struct inventory *inventory, char values[N_OPTIONS][VALUE_LEN])
{
    const char *path = inventory_path(inventory, "/proc/config.gz");
    char release[128], beside[160];

    if (path && read_options(path, values))
        return true;
    if (!inventory_peek(inventory, "/proc/sys/kernel/osrelease", release, sizeof release))
        return false;
    release[strcspn(release, "\n")] = '\0';
    snprintf(beside, sizeof beside, "/boot/config-%s", release);
    path = inventory_path(inventory, beside);
    return path && read_options(path, values);
}

void inventory_kernel_config(struct inventory *inventory)
{
    char values[N_OPTIONS][VALUE_LEN] = {0};
    struct inventory_list list = {.len = 0};
    char line[64 + VALUE_LEN];

    if (!find_options(inventory, values))
        return;
    for (size_t i = 0; i < N_OPTIONS; i++) {
        snprintf(line, sizeof line, "%s=%.*s", OPTIONS[i], VALUE_LEN - 1,
                 *values[i] ? values[i] : "n");
        inventory_list_add(&list, line);
    }
    inventory_add_list(inventory, "kernel.config", &list);
}
