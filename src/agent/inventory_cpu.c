/* The CPU: its model, and the features that protections rest on.
 *
 * Of /proc/cpuinfo only the first processor is read: the kernel makes the rest of it anew for each
 * processor, which takes milliseconds on a large machine. */
#include "agent/inventory_parts.h"

/* Linux arch/x86/include/asm/cpufeatures.h and, for Arm, arch/arm64/kernel/cpuinfo.c. */
static const char *const FEATURES[] = {
    "nx",   "smep",   "smap",       "umip",   "pku",      "ibt",       "user_shstk",
    "lam",  "la57",   "vmx",        "svm",    "smx",      "skinit",    "ept",
    "npt",  "sme",    "sev",        "sev_es", "sev_snp",  "tme",       "tdx_guest",
    "sgx",  "sgx_lc", "hypervisor", "rdrand", "rdseed",   "aes",       "sha_ni",
    "ibrs", "ibpb",   "stibp",      "ssbd",   "md_clear", "flush_l1d", "arch_capabilities",
    "bti",  "pauth",  "paca",       "mte",    "ssbs",
};

enum { FIRST_PROCESSOR_LEN = 8192 };

/* Whether a word is among those between spaces. */
static bool has_word(const char *words, const char *word)
{
    size_t len = strlen(word);

    for (const char *at = strstr(words, word); at; at = strstr(at + len, word))
        if ((at == words || at[-1] == ' ') && (at[len] == ' ' || at[len] == '\0'))
            return true;
    return false;
}

static void add_features(struct inventory *inventory, const char *words)
{
    struct inventory_list list = {.len = 0};

    for (size_t i = 0; i < sizeof FEATURES / sizeof *FEATURES; i++)
        if (has_word(words, FEATURES[i]))
            inventory_list_add(&list, FEATURES[i]);
    inventory_add_list(inventory, "hardware.cpu_features", &list);
}

/* "key <tab>: value" a line; an empty line ends a processor. */
void inventory_cpu(struct inventory *inventory)
{
    char text[FIRST_PROCESSOR_LEN], *rest = text, *line;

    if (!inventory_peek(inventory, "/proc/cpuinfo", text, sizeof text))
        return;
    while ((line = strsep(&rest, "\n")) && *line) {
        char *colon = strchr(line, ':');
        const char *value;

        if (!colon)
            continue;
        value = colon[1] == ' ' ? colon + 2 : colon + 1;
        if (strncmp(line, "model name", 10) == 0)
            inventory_add(inventory, "hardware.cpu", span_text(value));
        else if (strncmp(line, "flags", 5) == 0 || strncmp(line, "Features", 8) == 0)
            add_features(inventory, value);
    }
}
