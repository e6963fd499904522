#include "cli/print.h"

#include "appraise/appraise.h"
#include "base/text.h"
#include "msg/result_json.h"
#include "os/clock.h"

/* What somebody vouches for, and what nobody does, must not look alike. */
static enum talk_color grade_color(enum claim_grade grade)
{
    return grade > CLAIM_REPORTED ? TALK_GOOD : TALK_WARN;
}

void print_claim(struct cli *cli, enum claim_id id, const struct claim *claim)
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
    printf(" %s%s%s", talk_color(cli, grade_color(claim->grade)), claim_grade_name(claim->grade),
           talk_color(cli, TALK_DIM));
    for (size_t i = 0; i < claim->n_events && i < 6; i++)
        printf("%s%u", i ? "," : "  events ", claim->events[i]);
    printf("%s%s\n", claim->n_events > 6 ? ",..." : "", talk_color(cli, TALK_PLAIN));
    if (claim_type(id) != CLAIM_LIST)
        return;
    for (size_t i = 0; i < claim->n_items; i++) {
        const struct claim_item *item = &claim->items[i];
        const char *label = claim_item_label(item, &cli->arena);

        printf("%34s%s%s%s\n", "", claim_item_print(cli->crypto, item, &cli->arena),
               label ? "  " : "", label ? label : "");
    }
}

void print_claims(struct cli *cli, const struct claims *claims)
{
    for (int i = 0; i < CLAIM_IDS; i++)
        print_claim(cli, (enum claim_id)i, &claims->claims[i]);
}

const char *print_member(struct cli *cli, const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));

    return text && *text ? text_printable(&cli->arena, span_text(text)) : NULL;
}

static void print_number(FILE *out, const json_t *reason, const char *name, const char *label)
{
    const json_t *number = json_object_get(reason, name);

    if (json_is_integer(number))
        fprintf(out, "    %-10s %lld\n", label, (long long)json_integer_value(number));
}

static void print_line(struct cli *cli, FILE *out, const json_t *reason, const char *name)
{
    const char *text = print_member(cli, reason, name);

    if (text)
        fprintf(out, "    %-10s %s\n", strcmp(name, "action") == 0 ? "do" : name, text);
}

static void print_reason(struct cli *cli, FILE *out, const json_t *reason)
{
    const char *weight = print_member(cli, reason, "weight");
    const char *code = print_member(cli, reason, "code");
    const char *message = print_member(cli, reason, "message");
    bool bad = weight && (strcmp(weight, reason_weight_text(REASON_WEIGHT_UNKNOWN)) == 0 ||
                          strcmp(weight, reason_weight_text(REASON_WEIGHT_UNTRUSTED)) == 0);

    if (!message)
        message = print_member(cli, reason, "title");
    fprintf(out, "%s%s%s  %s: %s\n", talk_color(cli, bad ? TALK_BAD : TALK_WARN),
            weight ? weight : "-", talk_color(cli, TALK_PLAIN), code ? code : "-",
            message ? message : "-");
    print_line(cli, out, reason, "rule");
    print_number(out, reason, "pcr", "PCR");
    print_number(out, reason, "event", "event");
    print_line(cli, out, reason, "component");
    print_line(cli, out, reason, "expected");
    print_line(cli, out, reason, "found");
    print_line(cli, out, reason, "action");
}

void print_reasons_json(struct cli *cli, FILE *out, const json_t *reasons)
{
    for (size_t i = 0; i < json_array_size(reasons); i++)
        print_reason(cli, out, json_array_get(reasons, i));
}

void print_reasons(struct cli *cli, FILE *out, const struct reasons *reasons)
{
    json_t *array = result_json_reasons(reasons);

    print_reasons_json(cli, out, array);
    json_decref(array);
}

static const struct {
    const char *shown;
    enum verdict verdict;
    enum talk_color color;
} VERDICTS[] = {
    {"✔ trusted", VERDICT_TRUSTED, TALK_GOOD},    {"▲ attention", VERDICT_ATTENTION, TALK_WARN},
    {"✖ untrusted", VERDICT_UNTRUSTED, TALK_BAD}, {"? unknown", VERDICT_UNKNOWN, TALK_WARN},
    {"◌ pending", VERDICT_PENDING, TALK_DIM},
};

const char *print_verdict(const char *verdict)
{
    for (size_t i = 0; verdict && i < sizeof VERDICTS / sizeof *VERDICTS; i++)
        if (strcmp(verdict, verdict_name(VERDICTS[i].verdict)) == 0)
            return VERDICTS[i].shown;
    return verdict;
}

enum talk_color print_verdict_color(const char *verdict)
{
    for (size_t i = 0; verdict && i < sizeof VERDICTS / sizeof *VERDICTS; i++)
        if (strcmp(verdict, verdict_name(VERDICTS[i].verdict)) == 0)
            return VERDICTS[i].color;
    return TALK_PLAIN;
}

const char *print_age(struct cli *cli, const char *time)
{
    static const struct {
        int64_t unit_s, below_s;
        const char *name;
    } UNITS[] = {{1, 60, "s"},
                 {60, 60 * 60, "min"},
                 {60 * 60, 48 * 60 * 60, "h"},
                 {24 * 60 * 60, INT64_MAX, "days"}};
    int64_t at_s, age_s, distance_s;
    size_t i = 0;

    if (!time || !os_time_parse(time, &at_s))
        return time;
    age_s = os_now_s() - at_s;
    distance_s = age_s < 0 ? -age_s : age_s;
    while (distance_s >= UNITS[i].below_s)
        i++;
    if (age_s < 0) /* to the nearest: what was just given 90 days does not end "in 89 days" */
        distance_s += UNITS[i].unit_s / 2;
    return arena_printf(&cli->arena, age_s < 0 ? "in %lld %s" : "%lld %s ago",
                        (long long)(distance_s / UNITS[i].unit_s), UNITS[i].name);
}
