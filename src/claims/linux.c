/* What the kernel command line decides for Linux: lockdown, module signatures, kernel debugger, IMA
 * policy.
 *
 * Says only what the measured command line forces. Lockdown that a distribution derives from Secure
 * Boot is not on it and stays unknown; what a parameter does not switch off may still be off.
 * Parameters that the initrd brings (Linux Documentation/admin-guide/bootconfig.rst) are not on it
 * either: with them only the bad is believed. */
#include "claims/collect.h"

/* The kernel takes quotes around a whole parameter off, and those around its value (Linux
 * lib/cmdline.c, next_arg). */
static struct span unquoted(struct span text)
{
    if (text.len == 0 || text.data[0] != '"')
        return text;
    text = span_of(text.data + 1, text.len - 1);
    if (text.len && text.data[text.len - 1] == '"')
        text.len--;
    return text;
}

/* Parameters are separated by spaces outside double quotes; "--" ends the kernel's own (Linux
 * Documentation/admin-guide/kernel-parameters.rst). */
static bool next_parameter(struct span *rest, struct span *parameter)
{
    bool quoted = false;
    size_t start = 0, end;

    while (start < rest->len && rest->data[start] == ' ')
        start++;
    if (start == rest->len)
        return false;
    for (end = start; end < rest->len && (quoted || rest->data[end] != ' '); end++)
        quoted ^= rest->data[end] == '"';
    *parameter = unquoted(span_of(rest->data + start, end - start));
    *rest = span_of(rest->data + end, rest->len - end);
    return !span_is(*parameter, "--");
}

/* The value of the parameter called name, where '-' and '_' are the same; an empty span at its end
 * for one without "=". False when it is another parameter. */
static bool is_parameter(struct span parameter, const char *name, struct span *value)
{
    size_t len = strlen(name);

    if (parameter.len < len || (parameter.len > len && parameter.data[len] != '='))
        return false;
    for (size_t i = 0; i < len; i++)
        if ((parameter.data[i] == '-' ? '_' : (char)parameter.data[i]) != name[i])
            return false;
    *value = parameter.len == len
                 ? span_of(parameter.data + len, 0)
                 : unquoted(span_of(parameter.data + len + 1, parameter.len - len - 1));
    return true;
}

/* Parameters that open the kernel debugger (Linux Documentation/process/debugging/kgdb.rst). */
static bool is_debugger(struct span parameter)
{
    static const char *const names[] = {"kgdboc",   "kgdboc_earlycon", "kgdbwait", "kgdbcon",
                                        "kgdbdbgp", "ekgdboc",         "kgdbts",   "kgdboe"};
    struct span value;

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (is_parameter(parameter, names[i], &value))
            return true;
    /* The same as a module parameter: "kgdboc.kgdboc=". */
    return parameter.len > 7 && memcmp(parameter.data, "kgdboc.", 7) == 0;
}

struct parameters {
    bool integrity, confidentiality; /* lockdown: a lower mode does not undo a higher one */
    struct span ima_policy;
    bool enforce_modules;
    bool debugger;
    bool other_modules; /* "lsm=" or "security=": lockdown may not be among the security modules */
    bool elsewhere;     /* "bootconfig": the initrd holds more of them */
};

/* Whether lockdown is in a list with commas. */
static bool lists_lockdown(struct span list)
{
    while (list.len) {
        const uint8_t *comma = memchr(list.data, ',', list.len);
        size_t len = comma ? (size_t)(comma - list.data) : list.len;

        if (span_is(span_of(list.data, len), "lockdown"))
            return true;
        list = span_of(list.data + len + (comma != NULL), list.len - len - (comma != NULL));
    }
    return false;
}

static bool is_yes(struct span value)
{
    return value.len == 0 || value.data[0] == '1' || value.data[0] == 'y' || value.data[0] == 'Y' ||
           span_is(value, "on");
}

static struct parameters read_parameters(struct span line)
{
    struct parameters found = {0};
    struct span parameter, value;

    while (next_parameter(&line, &parameter)) {
        if (is_parameter(parameter, "lockdown", &value)) {
            found.integrity |= span_is(value, "integrity");
            found.confidentiality |= span_is(value, "confidentiality");
        } else if (is_parameter(parameter, "ima_policy", &value))
            found.ima_policy = value;
        else if (is_parameter(parameter, "ima_tcb", &value))
            found.ima_policy = span_text("tcb");
        else if (is_parameter(parameter, "module.sig_enforce", &value))
            found.enforce_modules |= is_yes(value);
        else if (is_parameter(parameter, "lsm", &value))
            found.other_modules = !lists_lockdown(value);
        else if (is_parameter(parameter, "security", &value))
            found.other_modules = true;
        else if (is_parameter(parameter, "bootconfig", &value))
            found.elsewhere = true;
        found.debugger |= is_debugger(parameter);
    }
    return found;
}

static void conclude_lockdown(struct collector *collector, const struct parameters *found)
{
    if (found->other_modules || (!found->integrity && !found->confidentiality))
        return;
    collect_text(collector, CLAIM_KERNEL_LOCKDOWN,
                 found->confidentiality ? "confidentiality" : "integrity");
    collect_from(collector, CLAIM_KERNEL_LOCKDOWN, CLAIM_BOOT_KERNEL_COMMAND_LINE);
}

void collect_linux(struct collector *collector)
{
    const struct claim *line = &collector->claims->claims[CLAIM_BOOT_KERNEL_COMMAND_LINE];
    struct parameters found;

    if (!line->known)
        return;
    found = read_parameters(span_text(line->text));
    if (found.elsewhere && !found.debugger)
        return; /* what this line forces, another may undo */
    collect_bool(collector, CLAIM_DEBUG_KERNEL,
                 found.debugger || collector->claims->claims[CLAIM_DEBUG_KERNEL].is_true);
    collect_from(collector, CLAIM_DEBUG_KERNEL, CLAIM_BOOT_KERNEL_COMMAND_LINE);
    if (found.elsewhere)
        return;
    collect_text(collector, CLAIM_IMA_POLICY,
                 found.ima_policy.data ? arena_text(collector->arena, found.ima_policy) : "none");
    collect_from(collector, CLAIM_IMA_POLICY, CLAIM_BOOT_KERNEL_COMMAND_LINE);
    conclude_lockdown(collector, &found);
    if (found.enforce_modules || collector->claims->claims[CLAIM_KERNEL_LOCKDOWN].known) {
        collect_bool(collector, CLAIM_KERNEL_MODULE_SIGNATURES, true);
        collect_from(collector, CLAIM_KERNEL_MODULE_SIGNATURES, CLAIM_BOOT_KERNEL_COMMAND_LINE);
    }
}
