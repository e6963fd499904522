/* Which operating system was started, and which family the TPM is of: what other claims together say.
 *
 * Windows measures into PCR 12 and 13 whatever it does, and what was measured cannot be taken back,
 * so that no Windows host can pass for another. Who adds the form of another system makes it unknown. */
#include "claims/collect.h"

static const char LINUX[] = "linux", WINDOWS[] = "windows",
                  WINDOWS_LOADER[] = "Windows Boot Manager";

/* What was measured tells; GRUB starts other systems too, unless it passed on a command line. */
static void tell_by_loader(struct collector *collector)
{
    const struct claim *loader = &collector->claims->claims[CLAIM_BOOT_LOADER];
    const struct claim *line = &collector->claims->claims[CLAIM_BOOT_KERNEL_COMMAND_LINE];
    bool windows = strstr(loader->text, WINDOWS_LOADER) != NULL;

    if (windows ? strcmp(loader->text, WINDOWS_LOADER) != 0
                : strcmp(loader->text, "GRUB") == 0 && !line->known)
        return;
    collect_text(collector, CLAIM_BOOT_OPERATING_SYSTEM, windows ? WINDOWS : LINUX);
    collect_from(collector, CLAIM_BOOT_OPERATING_SYSTEM, CLAIM_BOOT_LOADER);
}

/* Only Linux sends these, for what they are worth. */
static void tell_by_word(struct collector *collector)
{
    if (!collector->claims->claims[CLAIM_KERNEL_VERSION].known && !collector->input->ima.len)
        return;
    collect_text(collector, CLAIM_BOOT_OPERATING_SYSTEM, LINUX);
    collector->claims->claims[CLAIM_BOOT_OPERATING_SYSTEM].grade = CLAIM_REPORTED;
}

/* A TPM 1.2 makes no TPMS_ATTEST, and its firmware no crypto-agile log. Measurement registers are no
 * TPM's. */
static void tell_tpm(struct collector *collector)
{
    const struct measured_log *log = collector->log;
    bool quoted = collector->input->attested_pcrs != 0;

    if (log->replay.extended == 0 || log->measurement_registers ||
        (!quoted && log->format != EVENTLOG_FORMAT_CRYPTO_AGILE))
        return;
    collect_text(collector, CLAIM_TPM_VERSION, "2.0");
    collector->claims->claims[CLAIM_TPM_VERSION].grade = quoted ? CLAIM_ATTESTED : CLAIM_REPORTED;
}

void collect_platform(struct collector *collector)
{
    if (collector->claims->claims[CLAIM_BOOT_LOADER].known)
        tell_by_loader(collector);
    else if (!collector->windows)
        tell_by_word(collector);
    tell_tpm(collector);
}
