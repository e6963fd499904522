/* See inventory.h. */
#include "agent/inventory.h"

#include "base/text.h"
#include "os/file.h"

#include <dirent.h>
#include <stdio.h>
#include <sys/utsname.h>

enum { ITEMS = 24, FILE_LEN = 4096 };

struct inventory {
    struct arena *arena;
    struct evidence_item *items;
    size_t n_items;
};

/* Adds a printable copy without surrounding white space; empty texts are left out. */
static void add(struct inventory *inventory, const char *name, struct span value)
{
    char *text;

    while (value.len && strchr(" \t\r\n", value.data[value.len - 1]))
        value.len--;
    if (value.len == 0 || value.len > LIMIT_INVENTORY_TEXT_LEN / 4 || inventory->n_items == ITEMS)
        return;
    text = text_printable(inventory->arena, value);
    if (text && *text)
        inventory->items[inventory->n_items++] = (struct evidence_item){.name = span_text(name),
                                                                        .value = span_text(text)};
}

static bool read_file(struct inventory *inventory, const char *path, struct span *bytes)
{
    struct error ignored;

    return os_file_read(path, FILE_LEN, inventory->arena, bytes, &ignored);
}

static void add_file(struct inventory *inventory, const char *name, const char *path)
{
    struct span bytes;

    if (read_file(inventory, path, &bytes))
        add(inventory, name, bytes);
}

/* "none [integrity] confidentiality": the word in brackets is in force. */
static void add_lockdown(struct inventory *inventory)
{
    struct span bytes;
    const uint8_t *open, *close;

    if (!read_file(inventory, "/sys/kernel/security/lockdown", &bytes))
        return;
    open = memchr(bytes.data, '[', bytes.len);
    close = memchr(bytes.data, ']', bytes.len);
    if (open && close && open < close)
        add(inventory, "kernel.lockdown", span_of(open + 1, (size_t)(close - open - 1)));
}

/* os-release(5): KEY=value or KEY="value", one a line. */
static void add_os_release(struct inventory *inventory)
{
    static const struct {
        const char *key, *name;
    } KEYS[] = {{"ID=", "os.id"}, {"VERSION_ID=", "os.version"}, {"PRETTY_NAME=", "os.name"}};
    struct span rest;

    if (!read_file(inventory, "/etc/os-release", &rest))
        return;
    while (rest.len) {
        const uint8_t *end = memchr(rest.data, '\n', rest.len);
        struct span line = span_of(rest.data, end ? (size_t)(end - rest.data) : rest.len);

        rest = span_of(rest.data + line.len + (end != NULL), rest.len - line.len - (end != NULL));
        for (size_t i = 0; i < sizeof KEYS / sizeof *KEYS; i++) {
            size_t key_len = strlen(KEYS[i].key);
            struct span value;

            if (line.len <= key_len || memcmp(line.data, KEYS[i].key, key_len) != 0)
                continue;
            value = span_of(line.data + key_len, line.len - key_len);
            if (value.len >= 2 && value.data[0] == '"' && value.data[value.len - 1] == '"')
                value = span_of(value.data + 1, value.len - 2);
            add(inventory, KEYS[i].name, value);
        }
    }
}

static void add_iommu_groups(struct inventory *inventory)
{
    DIR *groups = opendir("/sys/kernel/iommu_groups");
    const struct dirent *entry;
    unsigned n = 0;
    char text[16];

    if (!groups)
        return;
    while ((entry = readdir(groups)))
        n += entry->d_name[0] != '.';
    closedir(groups);
    add(inventory, "iommu.groups", span_of(text, (size_t)snprintf(text, sizeof text, "%u", n)));
}

static bool add_tpm(struct inventory *inventory, struct tpm *tpm, struct error *error)
{
    struct tpm_properties properties;
    char text[64];
    uint64_t version;

    if (!tpm_properties_read(tpm, &properties, error))
        return false;
    version = properties.firmware_version;
    add(inventory, "tpm.manufacturer", span_text(properties.manufacturer));
    add(inventory, "tpm.vendor", span_text(properties.vendor));
    snprintf(text, sizeof text, "%u.%u.%u.%u", (unsigned)(version >> 48),
             (unsigned)(version >> 32 & 0xFFFF), (unsigned)(version >> 16 & 0xFFFF),
             (unsigned)(version & 0xFFFF));
    add(inventory, "tpm.firmware_version", span_text(text));
    snprintf(text, sizeof text, "%u.%02u", properties.revision / 100, properties.revision % 100);
    add(inventory, "tpm.revision", span_text(text));
    return true;
}

bool inventory_collect(struct tpm *tpm, struct arena *arena, struct evidence_item **items,
                       size_t *n_items, struct error *error)
{
    struct inventory inventory = {.arena = arena,
                                  .items = arena_array(arena, ITEMS, sizeof(struct evidence_item))};
    struct utsname system;

    if (!inventory.items)
        return arena_error(arena, error);
    if (uname(&system) == 0) {
        add(&inventory, "kernel.release", span_text(system.release));
        add(&inventory, "kernel.version", span_text(system.version));
        add(&inventory, "machine", span_text(system.machine));
    }
    add_os_release(&inventory);
    add_lockdown(&inventory);
    add_file(&inventory, "kernel.module_sig_enforce", "/sys/module/module/parameters/sig_enforce");
    add_file(&inventory, "dmi.vendor", "/sys/class/dmi/id/sys_vendor");
    add_file(&inventory, "dmi.product", "/sys/class/dmi/id/product_name");
    add_file(&inventory, "dmi.firmware", "/sys/class/dmi/id/bios_version");
    add_iommu_groups(&inventory);
    add_file(&inventory, "boot.id", "/proc/sys/kernel/random/boot_id");
    if (!add_tpm(&inventory, tpm, error))
        return false;
    *items = inventory.items;
    *n_items = inventory.n_items;
    return true;
}
