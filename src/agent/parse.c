/* From words to a command and its options, by the tables. */
#include "agent/agent.h"

#include <getopt.h>

enum { MANUAL_ARENA_LEN = 256 * 1024 };

#define O(symbol) (1u << AGENT_OPTION_##symbol)

static const unsigned EVERYWHERE = O(CONFIG) | O(STATE_DIR) | O(TCTI) | O(JSON) | O(HELP) |
                                   O(VERSION);

static const struct agent_command COMMANDS[] = {
#define AGENT_COMMAND(function, word, arguments, n_arguments, options, summary, details, example)  \
    {word, arguments, n_arguments, options, summary, details, example, function},
#include "agent/commands.def"
#undef AGENT_COMMAND
};
static const size_t N_COMMANDS = sizeof COMMANDS / sizeof *COMMANDS;

static const struct agent_option_text {
    const char *name, *value, *help;
} OPTION_TEXTS[AGENT_OPTIONS] = {
#define AGENT_OPTION(symbol, name, value, help) {name, value, help},
#include "agent/options.def"
#undef AGENT_OPTION
};

static bool usage(enum exit_status *status)
{
    fprintf(stderr, "Try: bootseal-agent --help\n");
    *status = EXIT_USAGE;
    return false;
}

static bool take_options(struct agent *agent, int argc, char **argv, enum exit_status *status)
{
    struct option options[AGENT_OPTIONS + 1] = {{0}};
    int found;

    for (int i = 0; i < AGENT_OPTIONS; i++)
        options[i] = (struct option){
            .name = OPTION_TEXTS[i].name, .has_arg = OPTION_TEXTS[i].value ? 1 : 0, .val = 'A' + i};
    while ((found = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (found == '?')
            return usage(status);
        agent->values[found - 'A'] = optarg ? optarg : "";
    }
    return true;
}

static bool take_command(struct agent *agent, int argc, char **argv, enum exit_status *status)
{
    const char *word = optind < argc ? argv[optind++] : NULL;

    for (size_t i = 0; word && i < N_COMMANDS; i++)
        if (strcmp(word, COMMANDS[i].word) == 0)
            agent->command = &COMMANDS[i];
    if (word && !agent->command) {
        fprintf(stderr, "bootseal-agent: there is no command '%s'\n", word);
        return usage(status);
    }
    if (!agent->command && !agent->values[AGENT_OPTION_HELP]) {
        fprintf(stderr, "bootseal-agent: a command is needed\n");
        return usage(status);
    }
    return true;
}

static bool check_use(struct agent *agent, int argc, char **argv, enum exit_status *status)
{
    const struct agent_command *command = agent->command;

    int n_arguments = argc - optind;
    bool is_optional = command->arguments[0] == '[';

    if (n_arguments != command->n_arguments && !(n_arguments == 0 && is_optional)) {
        fprintf(stderr, "bootseal-agent: %s takes %s\n", command->word,
                command->n_arguments ? command->arguments : "no argument");
        return usage(status);
    }
    for (int i = 0; i < AGENT_OPTIONS; i++)
        if (agent->values[i] && !((command->options | EVERYWHERE) & 1u << i)) {
            fprintf(stderr, "bootseal-agent: %s has no option --%s\n", command->word,
                    OPTION_TEXTS[i].name);
            return usage(status);
        }
    agent->argument = n_arguments ? argv[optind] : NULL;
    return true;
}

/* --- help --- */

static void help_option(FILE *out, int option)
{
    char left[40];

    snprintf(left, sizeof left, "--%s%s%s", OPTION_TEXTS[option].name,
             OPTION_TEXTS[option].value ? " " : "",
             OPTION_TEXTS[option].value ? OPTION_TEXTS[option].value : "");
    fprintf(out, "  %-22s %s\n", left, OPTION_TEXTS[option].help);
}

/* Everything (command NULL), or one command. */
static void print_help(FILE *out, const struct agent_command *command)
{
    if (command) {
        fprintf(out, "%s\n\nUsage: bootseal-agent %s%s%s [OPTION...]\n\n%s\n\nOptions:\n",
                command->example, command->word, *command->arguments ? " " : "", command->arguments,
                command->details);
    } else {
        fprintf(out, "%s\n\nUsage: bootseal-agent COMMAND [OPTION...]\n\nCommands:\n",
                COMMANDS[0].example);
        for (size_t i = 0; i < N_COMMANDS; i++)
            fprintf(out, "  %-22s %s\n", COMMANDS[i].word, COMMANDS[i].summary);
        fprintf(out, "\nOptions of every command:\n");
    }
    for (int i = 0; i < AGENT_OPTIONS; i++)
        if (((command ? command->options : 0) | EVERYWHERE) & 1u << i)
            help_option(out, i);
}

bool agent_parse(struct agent *agent, int argc, char **argv, enum exit_status *status)
{
    if (!take_options(agent, argc, argv, status))
        return false;
    if (agent->values[AGENT_OPTION_VERSION]) {
        printf("bootseal-agent %s\n", BOOTSEAL_VERSION);
        *status = EXIT_HOLDS;
        return false;
    }
    if (!take_command(agent, argc, argv, status))
        return false;
    if (agent->values[AGENT_OPTION_HELP]) {
        print_help(stdout, agent->command);
        *status = EXIT_HOLDS;
        return false;
    }
    agent->json = agent->values[AGENT_OPTION_JSON] != NULL;
    return check_use(agent, argc, argv, status);
}

/* --- manual --- */

static const struct {
    enum exit_status status;
    const char *meaning;
} EXITS[] = {
    {EXIT_HOLDS, "done; trusted"},
    {EXIT_HOLDS_NOT, "not trusted, or a check of doctor failed"},
    {EXIT_USAGE, "wrong usage"},
    {EXIT_MALFORMED, "input or answer malformed or over a limit"},
    {EXIT_NOT_PERMITTED, "not permitted, by the service or by the TPM"},
    {EXIT_NOT_FOUND, "not found: no TPM, not enrolled"},
    {EXIT_CONFLICT, "conflict: the name or the TPM is bound to another"},
    {EXIT_UNREACHABLE, "service unreachable"},
    {EXIT_INTERNAL, "internal error"},
};

/* mdoc(7): a new sentence starts a new line, and no line is over 80 characters. */
static void print_text(FILE *out, const char *text)
{
    size_t column = 0;

    while (*text) {
        size_t len = strcspn(text, " ");
        bool ends_sentence = len && text[len - 1] == '.' && text[len] == ' ';

        if (column + len > 78) {
            fprintf(out, "\n");
            column = 0;
        }
        fprintf(out, "%s%.*s", column ? " " : "", (int)len, text);
        column = ends_sentence ? 80 : column + len + 1;
        text += len + strspn(text + len, " ");
    }
}

static void print_option_manual(FILE *out, int option)
{
    fprintf(out, ".It Fl -%s", OPTION_TEXTS[option].name);
    if (OPTION_TEXTS[option].value)
        fprintf(out, " Ar %s", OPTION_TEXTS[option].value);
    fprintf(out, "\n");
    print_text(out, OPTION_TEXTS[option].help);
    fprintf(out, ".\n");
}

static void print_command_manual(FILE *out, const struct agent_command *command)
{
    fprintf(out, ".It Cm %s", command->word);
    if (*command->arguments)
        fprintf(out, " Ar %s", command->arguments);
    for (int i = 0; i < AGENT_OPTIONS; i++)
        if (command->options & 1u << i) {
            fprintf(out, " Oo Fl -%s", OPTION_TEXTS[i].name);
            if (OPTION_TEXTS[i].value)
                fprintf(out, " Ar %s", OPTION_TEXTS[i].value);
            fprintf(out, " Oc");
        }
    fprintf(out, "\n");
    print_text(out, command->summary);
    fprintf(out, ".\n.Pp\n");
    print_text(out, command->details);
    fprintf(out, "\n.Pp\n.Dl %s\n", command->example);
}

void agent_print_manual(FILE *out)
{
    struct arena arena = arena_init(MANUAL_ARENA_LEN);
    const char *keys = conf_manual(CONF_PROGRAM_AGENT, &arena);

    fprintf(out, ".Dd November 21, 2026\n.Dt BOOTSEAL-AGENT 8\n.Os\n.Sh NAME\n.Nm bootseal-agent\n"
                 ".Nd attest this host to a Bootseal service and keep its credentials fresh\n"
                 ".Sh SYNOPSIS\n.Nm\n.Ar command\n.Op Ar argument\n.Op Ar option ...\n"
                 ".Sh DESCRIPTION\n"
                 "The agent speaks for the host it runs on: it makes outbound connections only,\n"
                 "keeps its keys in the TPM, and holds no secret in its files.\n"
                 "Which state of the host is trusted is decided by the service, which checks\n"
                 "everything that the agent sends.\n.Pp\nThe commands are:\n"
                 ".Bl -tag -width Ds\n");
    for (size_t i = 0; i < N_COMMANDS; i++)
        print_command_manual(out, &COMMANDS[i]);
    fprintf(out, ".El\n.Pp\nThe options are:\n.Bl -tag -width Ds\n");
    for (int i = 0; i < AGENT_OPTIONS; i++)
        print_option_manual(out, i);
    fprintf(out, ".El\n.Sh CONFIGURATION\n"
                 "An option wins over the environment, that over drop-ins, those over the file.\n");
    if (keys)
        fputs(keys, out);
    arena_done(&arena);
    fprintf(out, ".Sh ENVIRONMENT\n.Bl -tag -width Ds\n.It Ev BOOTSEAL_TCTI\n"
                 "How to reach the TPM, when\n.Fl -tcti\nis not given.\n"
                 ".It Ev BOOTSEAL_AGENT_ Ns Ar KEY , BOOTSEAL_LOG_LEVEL\n"
                 "A key of the configuration.\n.El\n"
                 ".Sh FILES\n.Bl -tag -width Ds\n.It Pa /etc/bootseal/agent.conf\n"
                 "The configuration, with drop-ins in\n.Pa agent.conf.d .\n.It Pa "
                 "/var/lib/bootseal-agent/state\n"
                 "Service, host id, key handles, certificate and approval; nothing secret.\n"
                 ".It Pa /sys/kernel/security/tpm0/binary_bios_measurements\n"
                 "The firmware's event log.\n"
                 ".It Pa /sys/kernel/security/ima/binary_runtime_measurements\n"
                 "The IMA list.\n.El\n.Sh EXIT STATUS\n.Bl -tag -width Ds\n");
    for (size_t i = 0; i < sizeof EXITS / sizeof *EXITS; i++)
        fprintf(out, ".It %d\n%s\n", EXITS[i].status, EXITS[i].meaning);
    fprintf(out, ".El\n.Sh SEE ALSO\n.Xr bootseal 1 ,\n.Xr bootseald 8\n");
}
