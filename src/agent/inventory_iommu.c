/* The IOMMU as Linux uses it: groups of devices, and how the memory of each is translated (Linux
 * Documentation/ABI/testing/sysfs-kernel-iommu_groups). */
#include "agent/inventory_parts.h"

#include <dirent.h>
#include <stdio.h>

enum { TYPES_LEN = 128, TYPE_LEN = 24 };

struct groups {
    unsigned n;
    unsigned n_unknown;      /* whose type cannot be read: kernels before 5.11 do not tell it */
    unsigned n_untranslated; /* "identity": their devices reach all memory */
    char types[TYPES_LEN];   /* each once, with commas */
};

/* Whether the type is among those seen. */
static bool has_type(const char *types, const char *type)
{
    size_t len = strlen(type);

    for (const char *at = strstr(types, type); at; at = strstr(at + 1, type))
        if ((at == types || at[-1] == ' ') && (at[len] == '\0' || at[len] == ','))
            return true;
    return false;
}

static void read_type(struct inventory *inventory, const char *group, struct groups *groups)
{
    char path[320], type[TYPE_LEN];
    size_t len = strlen(groups->types);

    snprintf(path, sizeof path, "/sys/kernel/iommu_groups/%s/type", group);
    if (!inventory_peek(inventory, path, type, sizeof type)) {
        groups->n_unknown++;
        return;
    }
    type[strcspn(type, "\n")] = '\0';
    groups->n_untranslated += strcmp(type, "identity") == 0;
    if (!has_type(groups->types, type))
        snprintf(groups->types + len, sizeof groups->types - len, "%s%s", len ? ", " : "", type);
}

static bool read_groups(struct inventory *inventory, struct groups *groups)
{
    const char *path = inventory_path(inventory, "/sys/kernel/iommu_groups");
    DIR *directory = path ? opendir(path) : NULL;
    const struct dirent *entry;

    if (!directory)
        return false;
    while ((entry = readdir(directory)))
        if (entry->d_name[0] != '.') {
            groups->n++;
            read_type(inventory, entry->d_name, groups);
        }
    closedir(directory);
    return true;
}

void inventory_iommu(struct inventory *inventory)
{
    struct groups groups = {.n = 0};
    char text[16];

    if (!read_groups(inventory, &groups))
        return;
    snprintf(text, sizeof text, "%u", groups.n);
    inventory_add(inventory, "iommu.groups", span_text(text));
    inventory_add(inventory, "iommu.types", span_text(groups.types));
    /* Some that are translated prove nothing of one whose type is not told. */
    if (groups.n == 0 || groups.n_untranslated)
        inventory_add_bool(inventory, "dma_protection.runtime", false);
    else if (groups.n_unknown == 0)
        inventory_add_bool(inventory, "dma_protection.runtime", true);
}
