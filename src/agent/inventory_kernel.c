/* The running kernel: lockdown, security modules, why it is tainted, whether it takes unsigned modules
 * and kernels, and the microcode that it may have loaded. */
#include "agent/inventory_parts.h"

#include <stdio.h>
#include <stdlib.h>

/* "none [integrity] confidentiality": the word in brackets is in force. */
static struct span lockdown_mode(char *text)
{
    char *open = strchr(text, '['), *close = open ? strchr(open, ']') : NULL;

    return close ? span_of(open + 1, (size_t)(close - open - 1)) : span_of(NULL, 0);
}

/* Linux Documentation/admin-guide/tainted-kernels.rst: bit 0 is the first letter. */
static void add_taint(struct inventory *inventory)
{
    static const char LETTERS[] = "PFSRMBUDAWCIOELKXTNJ";
    char text[64], letters[64 * 8] = "";
    unsigned long long taint;
    size_t len = 0;

    if (!inventory_peek(inventory, "/proc/sys/kernel/tainted", text, sizeof text))
        return;
    taint = strtoull(text, NULL, 10);
    for (unsigned bit = 0; bit < 64; bit++) {
        const char *space = len ? " " : "";

        if (!(taint >> bit & 1))
            continue;
        len += bit < sizeof LETTERS - 1
                   ? (size_t)snprintf(letters + len, sizeof letters - len, "%s%c", space,
                                      LETTERS[bit])
                   : (size_t)snprintf(letters + len, sizeof letters - len, "%sbit%u", space, bit);
    }
    inventory_add(inventory, "kernel.tainted", span_text(len ? letters : "no"));
}

/* Whether a line stands in the list of the build's options. */
static bool has_option(const struct inventory *inventory, const char *line)
{
    struct span config = inventory_find(inventory->items, inventory->n_items, "kernel.config");
    const char *at = config.len ? strstr((const char *)config.data, line) : NULL;
    size_t len = strlen(line);

    return at && (at == (const char *)config.data || at[-1] == '\n') &&
           (at[len] == '\n' || at[len] == '\0');
}

/* kernel_lockdown(7): under lockdown modules and kernels need signatures, whatever else is set. */
static void add_signatures(struct inventory *inventory, bool locked_down)
{
    char text[16];
    bool no_kexec;

    if (locked_down) {
        inventory_add_bool(inventory, "kernel.module_signatures", true);
        inventory_add_bool(inventory, "kernel.kexec_signatures", true);
        return;
    }
    if (inventory_peek(inventory, "/sys/module/module/parameters/sig_enforce", text, sizeof text))
        inventory_add_bool(inventory, "kernel.module_signatures", *text == 'Y');
    else if (has_option(inventory, "CONFIG_MODULE_SIG=n"))
        inventory_add_bool(inventory, "kernel.module_signatures",
                           has_option(inventory, "CONFIG_MODULES=n"));
    no_kexec = inventory_peek(inventory, "/proc/sys/kernel/kexec_load_disabled", text,
                              sizeof text) &&
               *text == '1';
    if (no_kexec || inventory_find(inventory->items, inventory->n_items, "kernel.config").len)
        inventory_add_bool(inventory, "kernel.kexec_signatures",
                           no_kexec || (has_option(inventory, "CONFIG_KEXEC=n") &&
                                        (has_option(inventory, "CONFIG_KEXEC_FILE=n") ||
                                         has_option(inventory, "CONFIG_KEXEC_SIG_FORCE=y"))));
}

void inventory_kernel_state(struct inventory *inventory)
{
    char text[INVENTORY_FILE_LEN] = "";
    struct span mode;

    inventory_peek(inventory, "/sys/kernel/security/lockdown", text, sizeof text);
    mode = lockdown_mode(text);
    inventory_add(inventory, "kernel.lockdown", mode);
    add_signatures(inventory, span_is(mode, "integrity") || span_is(mode, "confidentiality"));
    inventory_add_file(inventory, "kernel.security_modules", "/sys/kernel/security/lsm");
    add_taint(inventory);
    inventory_add_file(inventory, "hardware.microcode",
                       "/sys/devices/system/cpu/cpu0/microcode/version");
}
