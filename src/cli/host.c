/* bootseal host list, show, verdicts: what a service knows of hosts, as tables. */
#include "cli/list.h"
#include "cli/print.h"

#define LIST_LIMIT "500" /* the most that the API gives at a time */

/* "✔ trusted, 4 min ago": word, shape and age; the caller adds the colour. */
static const char *verdict_text(struct cli *cli, const json_t *host, const char *verdict_name,
                                const char *time_name)
{
    const char *verdict = print_member(cli, host, verdict_name);
    const char *age = print_age(cli, print_member(cli, host, time_name));
    const char *shown = print_verdict(verdict);

    if (!shown || !age)
        return shown;
    return arena_printf(&cli->arena, "%s, %s", shown, age);
}

static void add_host(struct cli *cli, struct table *table, const json_t *host)
{
    table_add(table, print_verdict_color(print_member(cli, host, "verdict")),
              verdict_text(cli, host, "verdict", "verdict_at"));
    table_add(table, TALK_PLAIN, print_member(cli, host, "name"));
    table_add(table, print_verdict_color(print_member(cli, host, "observed_verdict")),
              print_verdict(print_member(cli, host, "observed_verdict")));
    table_add(table, TALK_PLAIN, print_member(cli, host, "state"));
    table_add(table, TALK_PLAIN, print_age(cli, print_member(cli, host, "seen_at")));
    table_add(table, TALK_PLAIN, print_member(cli, host, "endorsement"));
}

enum exit_status host_list(struct cli *cli)
{
    static const char *const HEADS[] = {"VERDICT", "NAME", "OBSERVED",
                                        "STATE",   "SEEN", "TPM VOUCHED FOR BY"};
    const char *limit = cli->values[OPTION_LIMIT];
    const struct service_field fields[] = {
        {"limit", limit ? limit : LIST_LIMIT},    {"state", cli->values[OPTION_STATE]},
        {"verdict", cli->values[OPTION_VERDICT]}, {"name", cli->values[OPTION_NAME]},
        {"after", cli->values[OPTION_AFTER]},
    };
    const struct list list = {
        .path = service_query(cli, "/api/v1/hosts", fields, sizeof fields / sizeof *fields),
        .member = "hosts",
        .heads = HEADS,
        .n_columns = sizeof HEADS / sizeof *HEADS,
        .row = add_host};

    return list_print(cli, &list);
}

static void print_field(const char *label, const char *text)
{
    if (text)
        printf("%-12s %s\n", label, text);
}

/* "by alice, 2 h ago: sold" when it has happened. */
static const char *act_text(struct cli *cli, const json_t *host, const char *act)
{
    const char *at = print_age(cli,
                               print_member(cli, host, arena_printf(&cli->arena, "%s_at", act)));
    const char *by = print_member(cli, host, arena_printf(&cli->arena, "%s_by", act));
    const char *reason = print_member(cli, host, arena_printf(&cli->arena, "%s_reason", act));

    if (!at)
        return NULL;
    return arena_printf(&cli->arena, "%s%s%s%s%s", by ? "by " : "", by ? by : "", by ? ", " : "",
                        at, reason ? arena_printf(&cli->arena, ": %s", reason) : "");
}

static void print_tpm(struct cli *cli, const json_t *host)
{
    const char *manufacturer = print_member(cli, host, "tpm_manufacturer");
    const char *model = print_member(cli, host, "tpm_model");
    const char *version = print_member(cli, host, "tpm_version");
    const char *issuer = print_member(cli, host, "ek_issuer");

    print_field("TPM", arena_printf(&cli->arena, "%s %s %s", manufacturer ? manufacturer : "-",
                                    model ? model : "", version ? version : ""));
    print_field("vouched for", print_member(cli, host, "endorsement"));
    print_field("EK issuer", issuer);
}

/* What its maker signed of the machine. */
static void print_platform(struct cli *cli, const json_t *host)
{
    const json_t *platform = json_object_get(host, "platform");
    const char *refusal = print_member(cli, platform, "refusal");
    const char *version = print_member(cli, platform, "version");
    const char *serial = print_member(cli, platform, "serial");

    if (refusal)
        print_field("platform", arena_printf(&cli->arena, "not believed: %s", refusal));
    else if (json_is_object(platform))
        print_field("platform",
                    arena_printf(&cli->arena, "%s %s%s%s%s%s, signed by %s",
                                 print_member(cli, platform, "manufacturer"),
                                 print_member(cli, platform, "model"), version ? " " : "",
                                 version ? version : "", serial ? ", serial number " : "",
                                 serial ? serial : "", print_member(cli, platform, "issuer")));
}

/* What nobody proves stands apart from everything else; a list is only counted. */
static void print_reported(struct cli *cli, const json_t *host)
{
    json_t *reported = json_object_get(host, "reported"), *value;
    const char *name;

    if (!json_object_size(reported))
        return;
    printf("\n%sreported by the host itself, proven by nobody:%s\n", talk_color(cli, TALK_DIM),
           talk_color(cli, TALK_PLAIN));
    json_object_foreach(reported, name, value)
    {
        const char *text = print_member(cli, reported, name);
        size_t n_lines = 1;

        for (const char *at = json_string_value(value); at && (at = strchr(at, '\n')); at++)
            n_lines++;
        if (text && n_lines > 1)
            printf("  %-25s %zu items (--json)\n", name, n_lines);
        else if (text)
            printf("  %-25s %s\n", name, text);
    }
}

/* The smallest step that helps (UX: always a next step). */
static void print_next(struct cli *cli, const json_t *host)
{
    const char *name = print_member(cli, host, "name"), *state = print_member(cli, host, "state");
    const char *verdict = print_member(cli, host, "verdict");

    name = name ? name : "HOST";
    state = state ? state : "";
    verdict = verdict ? verdict : "";
    if (strcmp(state, "pending") == 0)
        printf("\nNext: compare the TPM with the delivery note, then: bootseal host approve %s\n",
               name);
    else if (strcmp(state, "revoked") == 0)
        printf("\nNext: to let it enrol again: bootseal host forget %s\n", name);
    else if (json_is_true(json_object_get(host, "verdict_ended")) ||
             !print_member(cli, host, "verdict_at"))
        printf("\nNext: on the host: bootseal-agent doctor\n");
    else if (strcmp(verdict, "trusted") != 0)
        printf("\nNext: bootseal host evidence %s --output %s.evidence\n", name, name);
}

/* What the policies that are only observed say: a trial, which changes nothing. */
static void print_observed(struct cli *cli, const json_t *host)
{
    const char *observed = print_member(cli, host, "observed_verdict");

    if (!observed)
        return;
    printf("\n%s%s%s by the policies that are only observed\n",
           talk_color(cli, print_verdict_color(observed)), print_verdict(observed),
           talk_color(cli, TALK_PLAIN));
    if (json_array_size(json_object_get(host, "observed_reasons")))
        print_reasons_json(cli, stdout, json_object_get(host, "observed_reasons"));
}

static void print_host(struct cli *cli, const json_t *host)
{
    const char *verdict = print_member(cli, host, "verdict");
    const char *ends = print_age(cli, print_member(cli, host, "verdict_ends"));
    const char *name = print_member(cli, host, "name");

    printf("%s%s%s  %s%s%s%s%s\n\n", talk_color(cli, TALK_BOLD), name ? name : "-",
           talk_color(cli, TALK_PLAIN), talk_color(cli, print_verdict_color(verdict)),
           verdict_text(cli, host, "verdict", "verdict_at"), talk_color(cli, TALK_PLAIN),
           ends ? json_is_true(json_object_get(host, "verdict_ended")) ? ", ended " : ", ends "
                : "",
           ends ? ends : "");
    print_field("id", print_member(cli, host, "id"));
    print_field("state", print_member(cli, host, "state"));
    print_field("enrolled", print_age(cli, print_member(cli, host, "created_at")));
    print_field("seen", print_age(cli, print_member(cli, host, "seen_at")));
    print_field("approved", act_text(cli, host, "approved"));
    print_field("revoked", act_text(cli, host, "revoked"));
    print_tpm(cli, host);
    print_platform(cli, host);
    print_field("verdict id", print_member(cli, host, "verdict_id"));
    if (json_array_size(json_object_get(host, "reasons"))) {
        fputc('\n', stdout);
        print_reasons_json(cli, stdout, json_object_get(host, "reasons"));
    }
    print_observed(cli, host);
    print_reported(cli, host);
    print_next(cli, host);
}

enum exit_status host_show(struct cli *cli)
{
    const struct service_request request = {
        .method = "GET",
        .path = service_path(cli, "hosts", cli->arguments[0], ""),
        .answer_cap = LIMIT_LIST_ANSWER_LEN,
    };
    enum exit_status status;
    json_t *object;

    if (!service_show(cli, &request, &object, &status))
        return status;
    if (object)
        print_host(cli, object);
    json_decref(object);
    return EXIT_HOLDS;
}

/* The codes of the reasons, each once, "quote.nonce, policy.failed". */
static const char *codes_text(struct cli *cli, const json_t *reasons)
{
    const char *text = NULL;

    for (size_t i = 0; i < json_array_size(reasons); i++) {
        const char *code = print_member(cli, json_array_get(reasons, i), "code");

        if (code && !(text && strstr(text, code)))
            text = text ? arena_printf(&cli->arena, "%s, %s", text, code) : code;
    }
    return text;
}

static const char *number_text(struct cli *cli, const json_t *object, const char *name)
{
    return arena_printf(&cli->arena, "%lld",
                        (long long)json_integer_value(json_object_get(object, name)));
}

static void add_verdict(struct cli *cli, struct table *table, const json_t *verdict)
{
    table_add(table, print_verdict_color(print_member(cli, verdict, "verdict")),
              verdict_text(cli, verdict, "verdict", "last_at"));
    table_add(table, TALK_PLAIN, print_age(cli, print_member(cli, verdict, "first_at")));
    table_add(table, TALK_PLAIN, number_text(cli, verdict, "n_seen"));
    table_add(table, TALK_PLAIN, number_text(cli, verdict, "n_boots"));
    table_add(table, TALK_PLAIN, print_member(cli, verdict, "policy"));
    table_add(table, TALK_PLAIN, codes_text(cli, json_object_get(verdict, "reasons")));
}

enum exit_status host_verdicts(struct cli *cli)
{
    static const char *const HEADS[] = {"VERDICT", "SINCE", "TIMES", "BOOTS", "POLICY", "REASONS"};
    const char *limit = cli->values[OPTION_LIMIT];
    const struct service_field fields[] = {{"limit", limit ? limit : LIST_LIMIT},
                                           {"before", cli->values[OPTION_AFTER]}};
    const struct list list = {
        .path = service_query(cli, service_path(cli, "hosts", cli->arguments[0], "verdicts"),
                              fields, sizeof fields / sizeof *fields),
        .member = "verdicts",
        .heads = HEADS,
        .n_columns = sizeof HEADS / sizeof *HEADS,
        .row = add_verdict};

    return list_print(cli, &list);
}
