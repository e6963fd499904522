/* What the parts of the inventory share: where items go, and how the files of the system are read.
 *
 * Private to src/agent/inventory*.c. Every part reads what it knows under inventory->root and adds an
 * item for what it found, none for what it did not. */
#ifndef BOOTSEAL_AGENT_INVENTORY_PARTS_H
#define BOOTSEAL_AGENT_INVENTORY_PARTS_H

#include "agent/inventory.h"

enum { INVENTORY_FILE_LEN = 4096 };

struct inventory {
    const char *root;
    struct arena *arena;
    struct evidence_item *items; /* room for INVENTORY_ITEMS */
    size_t n_items;
    bool out_of_memory;
};

/* Adds a printable copy without surrounding white space; empty texts are left out. */
void inventory_add(struct inventory *inventory, const char *name, struct span value);
void inventory_add_bool(struct inventory *inventory, const char *name, bool value);

/* Items of a list on their way into the inventory. */
struct inventory_list {
    char text[LIMIT_INVENTORY_TEXT_LEN];
    size_t len;
    bool full; /* a line did not fit: a shortened list would lie */
};
void inventory_list_add(struct inventory_list *list, const char *line);
void inventory_add_list(struct inventory *inventory, const char *name,
                        const struct inventory_list *list);

/* The path of a file of the system, in the arena; NULL when that is full. */
const char *inventory_path(struct inventory *inventory, const char *path);

/* The first bytes of a file, with a NUL behind; how many. 0 when it cannot be read. For the small
 * files of /proc and /sys, and the beginning of those that are not small. */
size_t inventory_peek(struct inventory *inventory, const char *path, char *text, size_t cap);

/* Adds what a file holds. */
void inventory_add_file(struct inventory *inventory, const char *name, const char *path);

/* The parts that stay as they are until the next boot. */
void inventory_system(struct inventory *inventory);        /* release, distribution, boot */
void inventory_cpu(struct inventory *inventory);           /* model and features */
void inventory_kernel_config(struct inventory *inventory); /* options of the build */
void inventory_firmware(struct inventory *inventory);      /* SMBIOS, and what ACPI asks for */

/* The parts that may change; those above stand in the inventory by now. */
void inventory_kernel_state(struct inventory *inventory); /* lockdown, taint, modules, kexec */
void inventory_iommu(struct inventory *inventory);        /* groups and their types */

#endif
