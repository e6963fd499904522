#include "cli/print.h"

static void print_claim(struct cli *cli, enum claim_id id, const struct claim *claim)
{
    printf("%-32s ", claim_name(id));
    if (!claim->known) {
        printf("%sunknown%s\n", talk_color(cli, TALK_DIM), talk_color(cli, TALK_PLAIN));
        return;
    }
    switch (claim_type(id)) {
    case CLAIM_BOOL:
        printf("%-40s", claim->is_true ? "yes" : "no");
        break;
    case CLAIM_TEXT:
        printf("%-40s", claim->text);
        break;
    case CLAIM_LIST:
        printf("%-40s", arena_printf(&cli->arena, "%zu item%s", claim->n_items,
                                     claim->n_items == 1 ? "" : "s"));
        break;
    }
    printf(" %s%s", talk_color(cli, TALK_DIM), claim_grade_name(claim->grade));
    for (size_t i = 0; i < claim->n_events && i < 6; i++)
        printf("%s%u", i ? "," : "  events ", claim->events[i]);
    printf("%s%s\n", claim->n_events > 6 ? ",..." : "", talk_color(cli, TALK_PLAIN));
    if (claim_type(id) != CLAIM_LIST)
        return;
    for (size_t i = 0; i < claim->n_items; i++) {
        const struct claim_item *item = &claim->items[i];
        printf("%34s%s%s%s\n", "", claim_item_print(cli->crypto, item, &cli->arena),
               item->label ? "  " : "", item->label ? item->label : "");
    }
}

void print_claims(struct cli *cli, const struct claims *claims)
{
    for (int i = 0; i < CLAIM_IDS; i++)
        print_claim(cli, (enum claim_id)i, &claims->claims[i]);
}

void print_reasons(struct cli *cli, const struct reasons *reasons)
{
    for (size_t i = 0; i < reasons->n_items; i++) {
        const struct reason *reason = &reasons->items[i];

        printf("%s%s%s  %s: %s\n",
               talk_color(cli, reason->weight >= REASON_WEIGHT_UNKNOWN ? TALK_BAD : TALK_WARN),
               reason_weight_text(reason->weight), talk_color(cli, TALK_PLAIN),
               reason_code_text(reason->code),
               reason->message ? reason->message : reason_title(reason->code));
        if (reason->rule)
            printf("    rule       %s\n", reason->rule);
        if (reason->pcr != REASON_NO_PCR)
            printf("    PCR        %d\n", reason->pcr);
        if (reason->event != REASON_NO_EVENT)
            printf("    event      %u\n", reason->event);
        if (reason->component)
            printf("    component  %s\n", reason->component);
        if (reason->expected)
            printf("    expected   %s\n", reason->expected);
        if (reason->found)
            printf("    found      %s\n", reason->found);
        printf("    do         %s\n",
               reason->action ? reason->action : reason_action(reason->code));
    }
}
