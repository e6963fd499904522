#include "cli/boot_diff.h"

#include "base/limits.h"
#include "base/text.h"
#include "cli/print.h"

static const char *shown(struct cli *cli, const json_t *object, const char *name)
{
    const char *text = print_member(cli, object, name);

    return text ? text : "-";
}

static const char *place(struct cli *cli, const json_t *change, bool registers)
{
    json_int_t pcr = json_integer_value(json_object_get(change, "pcr"));

    if (!registers && (pcr < 0 || pcr >= LIMIT_PCRS))
        return "no PCR";
    return arena_printf(&cli->arena, "%s %lld", registers ? "MR" : "PCR", (long long)pcr);
}

static void print_side(struct cli *cli, const char *label, const json_t *side)
{
    if (json_is_object(side))
        printf("    %-7s event %-3lld %s %s\n", label,
               (long long)json_integer_value(json_object_get(side, "event")),
               shown(cli, side, "digest"), shown(cli, side, "summary"));
}

static void print_details(struct cli *cli, const json_t *object)
{
    size_t i;
    json_t *detail;

    json_array_foreach(json_object_get(object, "details"), i, detail)
    {
        const char *text = json_string_value(detail);

        if (text)
            printf("    %s\n", text_printable(&cli->arena, span_text(text)));
    }
}

static void print_change(struct cli *cli, const json_t *change, bool registers)
{
    printf("%-7s  %-7s %s%s%s\n", shown(cli, change, "change"), place(cli, change, registers),
           talk_color(cli, TALK_BOLD), shown(cli, change, "component"),
           talk_color(cli, TALK_PLAIN));
    print_side(cli, "before", json_object_get(change, "before"));
    print_side(cli, "after", json_object_get(change, "after"));
    print_details(cli, change);
}

/* Each value with before and after; where details name what differs, they stand for both. */
static void print_values(struct cli *cli, const char *title, const json_t *values)
{
    size_t i;
    json_t *value;

    if (json_array_size(values) == 0)
        return;
    printf("\n%s%s%s\n", talk_color(cli, TALK_BOLD), title, talk_color(cli, TALK_PLAIN));
    json_array_foreach(values, i, value)
    {
        printf("  %s\n", shown(cli, value, "name"));
        if (json_array_size(json_object_get(value, "details")) == 0)
            printf("    before  %s\n    after   %s\n", shown(cli, value, "before"),
                   shown(cli, value, "after"));
        print_details(cli, value);
    }
}

static void print_names(struct cli *cli, const char *title, const json_t *values)
{
    size_t i;
    json_t *value;

    if (json_array_size(values) == 0)
        return;
    printf("\n%s%s%s", talk_color(cli, TALK_BOLD), title, talk_color(cli, TALK_PLAIN));
    json_array_foreach(values, i, value) printf("%s %s", i ? "," : "", shown(cli, value, "name"));
    printf("\n");
}

enum exit_status boot_diff_print(struct cli *cli, const json_t *diff)
{
    const json_t *changes = json_object_get(diff, "changes");
    bool registers = json_is_true(json_object_get(diff, "measurement_registers"));
    size_t i;
    json_t *change;

    json_array_foreach(changes, i, change) print_change(cli, change, registers);
    if (json_array_size(changes) == 0)
        printf("equal: %lld measured events, the same components and digests\n",
               (long long)json_integer_value(json_object_get(diff, "events")));
    print_values(cli, "claims that differ", json_object_get(diff, "claims"));
    print_names(cli, "PCRs that differ:", json_object_get(diff, "pcrs"));
    print_names(cli, "other logs that differ:", json_object_get(diff, "logs"));
    print_values(cli, "the host says otherwise", json_object_get(diff, "inventory"));
    return json_is_true(json_object_get(diff, "equal")) ? EXIT_HOLDS : EXIT_HOLDS_NOT;
}
