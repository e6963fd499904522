/* The end of `bootseal eventlog show`: what this boot started, in one glance. Picks events and claims
 * that are shown elsewhere in full; decides nothing. */
#include "base/text.h"
#include "claims/claims.h"
#include "claims/describe.h"
#include "claims/summary.h"
#include "cli/eventlog.h"
#include "wire/event_type.h"

#include <string.h>

/* Authenticode digests; elsewhere they are those of files. */
enum { PCR_IMAGES = 4 };

/* Components of claims/describe.c, as they are called here. */
static const struct {
    const char *component, *name;
} STARTED[] = {
    {"unified kernel image", "kernel image"},
    {"Linux kernel", "kernel"},
    {"initial RAM disk", "initrd"},
};

static void print_row(struct cli *cli, const char *name, const char *text, const char *note)
{
    printf("  %s%-14s%s %s%s%s\n", talk_color(cli, TALK_BOLD), name, talk_color(cli, TALK_PLAIN),
           text, *note ? "  " : "", note);
}

static void print_claim_row(struct cli *cli, const struct claims *claims, enum claim_id id,
                            const char *name)
{
    const struct claim *claim = &claims->claims[id];

    if (claim->known)
        print_row(cli, name, claim->text,
                  claim->grade == CLAIM_UNPROVEN ? "[nothing vouches for it]" : "");
}

/* Digest and name of what an event measured. False when the arena is full. */
static bool print_started(struct cli *cli, const struct measured_log *log, size_t index,
                          const char *name)
{
    const struct measured_event *event = &log->events[index];
    const char *summary = event_summary(event, cli->crypto, &cli->arena);
    const char *hex = text_hex(&cli->arena, event->digest);
    const char *text = hex ? arena_printf(&cli->arena, "%s:%s", tpm_alg_name(log->bank), hex)
                           : NULL;

    if (!summary || !text)
        return false;
    print_row(cli, event->event.pcr == PCR_IMAGES ? "kernel image" : name, text,
              event->event.type == EV_EVENT_TAG ? "" : summary);
    return true;
}

bool eventlog_print_boot(struct cli *cli, const struct measured_log *log, struct error *error)
{
    struct claims *claims = arena_new(&cli->arena, struct claims);
    struct reasons *reasons = arena_new(&cli->arena, struct reasons);
    const struct claims_input input = {.log = log, .crypto = cli->crypto};

    if (!claims || !reasons)
        return arena_error(&cli->arena, error);
    if (!claims_collect(&input, &cli->arena, claims, reasons, error))
        return false;
    if (!claims->claims[CLAIM_BOOT_LOADER].known &&
        !claims->claims[CLAIM_BOOT_KERNEL_COMMAND_LINE].known)
        return true;
    printf("\n%sThis boot started%s\n", talk_color(cli, TALK_BOLD), talk_color(cli, TALK_PLAIN));
    print_claim_row(cli, claims, CLAIM_BOOT_LOADER, "loader");
    for (size_t i = 0; i < log->n_events; i++) {
        const char *component = event_component(log, i, &cli->arena);

        if (!component)
            return arena_error(&cli->arena, error);
        for (size_t k = 0; k < sizeof STARTED / sizeof *STARTED; k++)
            if (strcmp(component, STARTED[k].component) == 0 &&
                !print_started(cli, log, i, STARTED[k].name))
                return arena_error(&cli->arena, error);
    }
    print_claim_row(cli, claims, CLAIM_BOOT_KERNEL_COMMAND_LINE, "command line");
    if (claims->claims[CLAIM_BOOT_UNIFIED_KERNEL].known &&
        !claims->claims[CLAIM_BOOT_KERNEL_COMMAND_LINE].known)
        print_row(cli, "command line", "not in the log, which has its digest only", "");
    return true;
}
