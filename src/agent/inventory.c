/* See inventory.h. This file collects; the parts stand in inventory_*.c. */
#include "agent/inventory_parts.h"

#include "base/text.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/utsname.h>
#include <unistd.h>

enum { CONSTANTS_ARENA_LEN = 256 * 1024 };

static bool is_space(uint8_t byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

static void put(struct inventory *inventory, const char *name, const char *text)
{
    if (!text)
        inventory->out_of_memory = true;
    else if (*text && inventory->n_items < INVENTORY_ITEMS)
        inventory->items[inventory->n_items++] = (struct evidence_item){.name = span_text(name),
                                                                        .value = span_text(text)};
}

void inventory_add(struct inventory *inventory, const char *name, struct span value)
{
    while (value.len && is_space(value.data[value.len - 1]))
        value.len--;
    while (value.len && is_space(*value.data))
        value = span_of(value.data + 1, value.len - 1);
    if (value.len <= LIMIT_INVENTORY_TEXT_LEN / 4) /* a byte takes four characters at most */
        put(inventory, name, text_printable(inventory->arena, value));
}

void inventory_add_bool(struct inventory *inventory, const char *name, bool value)
{
    put(inventory, name, value ? "true" : "false");
}

void inventory_list_add(struct inventory_list *list, const char *line)
{
    size_t len = strlen(line);

    if (len + 1 > sizeof list->text - list->len) {
        list->full = true;
        return;
    }
    memcpy(list->text + list->len, line, len);
    list->text[list->len + len] = '\n';
    list->len += len + 1;
}

void inventory_add_list(struct inventory *inventory, const char *name,
                        const struct inventory_list *list)
{
    if (list->len && !list->full)
        put(inventory, name, arena_text(inventory->arena, span_of(list->text, list->len - 1)));
}

const char *inventory_path(struct inventory *inventory, const char *path)
{
    const char *whole = arena_printf(inventory->arena, "%s%s", inventory->root, path);

    inventory->out_of_memory |= !whole;
    return whole;
}

size_t inventory_peek(struct inventory *inventory, const char *path, char *text, size_t cap)
{
    char whole[512];
    size_t len = 0;
    ssize_t n = 1;
    int fd;

    if ((size_t)snprintf(whole, sizeof whole, "%s%s", inventory->root, path) >= sizeof whole)
        return 0;
    fd = open(whole, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return 0;
    while (n > 0 && len < cap - 1) {
        n = read(fd, text + len, cap - 1 - len);
        len += n > 0 ? (size_t)n : 0;
    }
    close(fd);
    text[len] = '\0';
    return len;
}

void inventory_add_file(struct inventory *inventory, const char *name, const char *path)
{
    char text[LIMIT_INVENTORY_TEXT_LEN / 4 + 2]; /* one byte more than inventory_add takes */
    size_t len = inventory_peek(inventory, path, text, sizeof text);

    inventory_add(inventory, name, span_of(text, len));
}

/* os-release(5): KEY=value or KEY="value", one a line. */
static void add_os_release(struct inventory *inventory)
{
    static const struct {
        const char *key, *name;
    } KEYS[] = {{"ID=", "os.id"}, {"VERSION_ID=", "os.version"}, {"PRETTY_NAME=", "os.name"}};
    char text[INVENTORY_FILE_LEN], *rest = text, *line;

    if (!inventory_peek(inventory, "/etc/os-release", text, sizeof text))
        return;
    while ((line = strsep(&rest, "\n")))
        for (size_t i = 0; i < sizeof KEYS / sizeof *KEYS; i++) {
            size_t key_len = strlen(KEYS[i].key);
            struct span value;

            if (strncmp(line, KEYS[i].key, key_len) != 0)
                continue;
            value = span_text(line + key_len);
            if (value.len >= 2 && value.data[0] == '"' && value.data[value.len - 1] == '"')
                value = span_of(value.data + 1, value.len - 2);
            inventory_add(inventory, KEYS[i].name, value);
        }
}

void inventory_system(struct inventory *inventory)
{
    char text[INVENTORY_FILE_LEN];
    struct utsname system;
    size_t len;

    len = inventory_peek(inventory, "/proc/sys/kernel/osrelease", text, sizeof text / 2);
    if (len) {
        text[strcspn(text, "\n")] = ' ';
        inventory_peek(inventory, "/proc/sys/kernel/version", text + len, sizeof text / 2);
        inventory_add(inventory, "kernel.version", span_text(text));
    }
    inventory_add_file(inventory, "kernel.command_line", "/proc/cmdline");
    if (uname(&system) == 0)
        inventory_add(inventory, "machine", span_text(system.machine));
    add_os_release(inventory);
    inventory_add_file(inventory, "boot.id", "/proc/sys/kernel/random/boot_id");
}

static bool add_tpm(struct inventory *inventory, struct tpm *tpm, struct error *error)
{
    struct tpm_properties properties;
    char text[64];
    uint64_t version;

    if (!tpm_properties_read(tpm, &properties, error))
        return false;
    version = properties.firmware_version;
    inventory_add(inventory, "tpm.manufacturer", span_text(properties.manufacturer));
    inventory_add(inventory, "tpm.model", span_text(properties.vendor));
    snprintf(text, sizeof text, "%u.%u.%u.%u", (unsigned)(version >> 48),
             (unsigned)(version >> 32 & 0xFFFF), (unsigned)(version >> 16 & 0xFFFF),
             (unsigned)(version & 0xFFFF));
    inventory_add(inventory, "tpm.firmware_version", span_text(text));
    snprintf(text, sizeof text, "%u.%02u", properties.revision / 100, properties.revision % 100);
    inventory_add(inventory, "tpm.specification", span_text(text));
    return true;
}

static bool read_constants(const char *root, struct inventory_constants *constants,
                           struct error *error)
{
    struct inventory inventory = {
        .root = root, .arena = &constants->arena, .items = constants->items};

    constants->arena = arena_init(CONSTANTS_ARENA_LEN);
    inventory_system(&inventory);
    inventory_cpu(&inventory);
    inventory_kernel_config(&inventory);
    inventory_firmware(&inventory);
    if (inventory.out_of_memory)
        return arena_error(&constants->arena, error);
    constants->n_items = inventory.n_items;
    constants->known = true;
    return true;
}

bool inventory_collect(const char *root, struct inventory_constants *constants, struct tpm *tpm,
                       struct arena *arena, struct evidence_item **items, size_t *n_items,
                       struct error *error)
{
    struct inventory inventory = {.root = root, .arena = arena};

    if (!constants->known && !read_constants(root, constants, error)) {
        inventory_done(constants);
        return false;
    }
    inventory.items = arena_array(arena, INVENTORY_ITEMS, sizeof *inventory.items);
    if (!inventory.items)
        return arena_error(arena, error);
    memcpy(inventory.items, constants->items, constants->n_items * sizeof *inventory.items);
    inventory.n_items = constants->n_items;
    inventory_kernel_state(&inventory);
    inventory_iommu(&inventory);
    if (tpm && !add_tpm(&inventory, tpm, error))
        return false;
    if (inventory.out_of_memory)
        return arena_error(arena, error);
    *items = inventory.items;
    *n_items = inventory.n_items;
    return true;
}

struct span inventory_find(const struct evidence_item *items, size_t n_items, const char *name)
{
    for (size_t i = 0; i < n_items; i++)
        if (span_is(items[i].name, name))
            return items[i].value;
    return span_of(NULL, 0);
}

void inventory_done(struct inventory_constants *constants)
{
    arena_done(&constants->arena);
    *constants = (struct inventory_constants){.known = false};
}
