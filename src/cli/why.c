/* bootseal why: on one screen why a host is what it is, and what to do next.
 *
 * The heaviest reason stands first and in full; the others have a line each. Whatever a host or a
 * service wrote comes out printable. */
#include "cli/why.h"
#include "base/limits.h"
#include "base/text.h"
#include "cli/print.h"
#include "cli/service.h"
#include "cli/update.h"

enum {
    COLUMNS = 100,
    LABEL = 15,      /* columns before a value */
    VALUE_LINES = 5, /* of expected and found, each */
    OTHERS = 8,      /* further reasons that are named */
};

static size_t columns_of(const char *text, size_t len)
{
    size_t n = 0;

    for (size_t i = 0; i < len; i++)
        n += ((unsigned char)text[i] & 0xC0) != 0x80; /* UTF-8: not for a character's later bytes */
    return n;
}

/* Bytes of text that fit into so many columns: up to a space when there is one in the second half. */
static size_t fitting(const char *text, size_t columns)
{
    size_t len = 0, space = 0;

    while (text[len] && columns_of(text, len + 1) <= columns)
        len++;
    while (((unsigned char)text[len] & 0xC0) == 0x80)
        len--;
    if (!text[len])
        return len;
    for (size_t i = len / 2; i <= len; i++)
        if (text[i] == ' ')
            space = i;
    return space ? space : len;
}

/* "    label      value", over lines where it is long. */
static void print_value(const char *label, const char *value)
{
    for (int line = 0; value && *value; line++) {
        size_t len = fitting(value, COLUMNS - LABEL);

        if (line == VALUE_LINES) {
            printf("%*s... (whole with --json)\n", LABEL, "");
            return;
        }
        printf("    %-*s%.*s\n", LABEL - 4, line ? "" : label, (int)len, value);
        value += len;
        value += *value == ' ';
    }
}

static long long number(const json_t *object, const char *name)
{
    return (long long)json_integer_value(json_object_get(object, name));
}

static const char *or_none(const char *text)
{
    return text ? text : "-";
}

static const char *headline(struct cli *cli, const json_t *reason)
{
    const char *message = print_member(cli, reason, "message");

    return or_none(message ? message : print_member(cli, reason, "title"));
}

/* "8, event 31: kernel command line" */
static const char *place(struct cli *cli, const json_t *reason)
{
    const char *component = print_member(cli, reason, "component"), *text = NULL;

    if (json_is_integer(json_object_get(reason, "pcr")))
        text = arena_printf(&cli->arena, "PCR %lld", number(reason, "pcr"));
    if (json_is_integer(json_object_get(reason, "event")))
        text = arena_printf(&cli->arena, "%s%sevent %lld", text ? text : "", text ? ", " : "",
                            number(reason, "event"));
    if (!component)
        return text;
    return arena_printf(&cli->arena, "%s%s%s", text ? text : "", text ? ": " : "", component);
}

/* "command-line of policy web; changed by the operator" */
static const char *rule(struct cli *cli, const json_t *reason)
{
    const char *name = print_member(cli, reason, "rule");
    const char *policy = print_member(cli, reason, "policy");
    const char *changed_by = print_member(cli, reason, "changed_by");

    if (!name)
        return NULL;
    return arena_printf(&cli->arena, "%s%s%s%s%s", name, policy ? " of policy " : "",
                        policy ? policy : "", changed_by ? "; what it demands is changed by: " : "",
                        changed_by ? changed_by : "");
}

static const char *claim(struct cli *cli, const json_t *reason)
{
    const char *name = print_member(cli, reason, "claim");
    const char *grade = print_member(cli, reason, "grade");

    return name && grade ? arena_printf(&cli->arena, "%s, %s", name, grade) : name;
}

static const char *first_seen(struct cli *cli, const json_t *reason)
{
    const char *here = print_age(cli, print_member(cli, reason, "first_seen_at"));
    const char *fleet = print_age(cli, print_member(cli, reason, "fleet_first_seen_at"));

    if (!here || !fleet)
        return here;
    return arena_printf(&cli->arena, "%s on this host, %s in the fleet", here, fleet);
}

/* How rare it is tells an attack from an update. */
static const char *shared_by(struct cli *cli, const json_t *why, const json_t *reason)
{
    const char *class_name = print_member(cli, why, "class");

    if (number(reason, "n_hosts") == 0)
        return NULL;
    if (number(reason, "n_hosts") == 1)
        return "on no other host of the fleet";
    if (!class_name)
        return arena_printf(&cli->arena, "on %lld hosts of the fleet", number(reason, "n_hosts"));
    return arena_printf(&cli->arena,
                        "on %lld of the %lld hosts of its class (%s), %lld of the fleet",
                        number(reason, "n_hosts_of_class"), number(reason, "n_class"), class_name,
                        number(reason, "n_hosts"));
}

static enum talk_color weight_color(const char *weight)
{
    return strcmp(weight, "untrusted") == 0 || strcmp(weight, "unknown") == 0 ? TALK_BAD
                                                                              : TALK_WARN;
}

static void print_heaviest(struct cli *cli, const json_t *why, const json_t *reason)
{
    const char *weight = or_none(print_member(cli, reason, "weight"));

    printf("\n%s%s%s  %s%s%s\n", talk_color(cli, weight_color(weight)), weight,
           talk_color(cli, TALK_PLAIN), talk_color(cli, TALK_BOLD), headline(cli, reason),
           talk_color(cli, TALK_PLAIN));
    print_value("reason", print_member(cli, reason, "code"));
    print_value("rule", rule(cli, reason));
    print_value("claim", claim(cli, reason));
    print_value("where", place(cli, reason));
    print_value("expected", print_member(cli, reason, "expected"));
    print_value("found", print_member(cli, reason, "found"));
    print_value("update", print_member(cli, reason, "update"));
    print_value("first seen", first_seen(cli, reason));
    print_value("the same", shared_by(cli, why, reason));
    print_value("do", print_member(cli, reason, "action"));
}

static void print_others(struct cli *cli, const json_t *reasons)
{
    size_t n = json_array_size(reasons);

    if (n > 1)
        printf("\n");
    for (size_t i = 1; i < n && i <= OTHERS; i++) {
        const json_t *reason = json_array_get(reasons, i);
        const char *name = print_member(cli, reason, "rule");
        const char *weight = or_none(print_member(cli, reason, "weight"));
        const char *text = arena_printf(&cli->arena, "%s: %s",
                                        or_none(name ? name : print_member(cli, reason, "code")),
                                        headline(cli, reason));

        printf("%s%-9s%s  %.*s\n", talk_color(cli, weight_color(weight)), weight,
               talk_color(cli, TALK_PLAIN), text ? (int)fitting(text, COLUMNS - 11) : 0,
               text ? text : "");
    }
    if (n > OTHERS + 1)
        printf("and %zu more (all with --json)\n", n - OTHERS - 1);
}

static void print_next(struct cli *cli, const json_t *why)
{
    const char *name = or_none(print_member(cli, why, "host"));
    const char *next = print_member(cli, why, "next");

    if (next)
        printf("\nNext: %s\n", next);
    else if (json_array_size(json_object_get(why, "reasons")) == 0)
        printf("\nNothing weighs against it.\n");
    else if (print_member(cli, why, "good_boot_at"))
        printf("\nNext: bootseal diff %s, for what changed since the last good boot\n", name);
    else
        printf("\nNext: bootseal host evidence %s --output %s.evidence\n", name, name);
}

/* "untrusted since 4 min ago; judged by web 3; last good boot: 2 days ago" */
static void print_standing(struct cli *cli, const json_t *why)
{
    const char *since = print_age(cli, print_member(cli, why, "since_at"));
    const char *policy = print_member(cli, why, "policy");
    const char *good = print_age(cli, print_member(cli, why, "good_boot_at"));

    if (since)
        printf("%s since %s; judged by %s; last good boot: %s\n",
               or_none(print_member(cli, why, "last_verdict")), since,
               policy ? policy : "no policy", good ? good : "never");
    else if (policy)
        printf("judged by %s\n", policy);
}

static void print_why(struct cli *cli, const json_t *why)
{
    const json_t *reasons = json_object_get(why, "reasons");
    const char *name = print_member(cli, why, "host");
    const char *verdict = print_member(cli, why, "verdict");
    const char *summary = print_member(cli, why, "summary");

    printf("%s%s%s  %s%s%s\n", talk_color(cli, TALK_BOLD),
           or_none(name ? name : print_member(cli, why, "bundle")), talk_color(cli, TALK_PLAIN),
           talk_color(cli, print_verdict_color(verdict)), or_none(print_verdict(verdict)),
           talk_color(cli, TALK_PLAIN));
    if (summary)
        printf("%s\n", summary);
    print_standing(cli, why);
    if (json_array_size(reasons))
        print_heaviest(cli, why, json_array_get(reasons, 0));
    print_others(cli, reasons);
    print_next(cli, why);
}

enum exit_status why_show(struct cli *cli, json_t *why)
{
    bool passes = json_is_true(json_object_get(why, "passes"));

    if (cli->json) {
        talk_json(why);
    } else {
        print_why(cli, why);
        json_decref(why);
    }
    return passes ? EXIT_HOLDS : EXIT_HOLDS_NOT;
}

enum exit_status host_why(struct cli *cli)
{
    const struct service_request request = {
        .method = "GET",
        .path = service_path(cli, "hosts", cli->arguments[0], "why"),
        .answer_cap = LIMIT_LIST_ANSWER_LEN,
    };
    enum exit_status status;
    json_t *object;

    if (cli->values[OPTION_POLICY])
        return why_bundle(cli);
    if (!service_json(cli, &request, &object, &status))
        return status;
    update_blame(cli, object);
    return why_show(cli, object);
}
