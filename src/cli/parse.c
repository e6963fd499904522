/* Words to a command, its options and arguments. Owns nothing but the list of arguments. */
#include "cli/command.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"

#define O(symbol) (UINT64_C(1) << OPTION_##symbol)
#define O_APPRAISE                                                                                 \
    (O(POLICY) | O(REFERENCES) | O(UPDATE) | O(RETIRED) | O(NONCE) | O(REVOCATIONS) |              \
     O(CERTIFICATES) | O(CATALOG) | O(CATALOG_CERTIFICATES))
#define O_SERVICE (O(SERVER) | O(CA) | O(CA_FINGERPRINT) | O(TOKEN_FILE))

const struct cli_command CLI_COMMANDS[] = {
#define COMMAND(function, noun, verb, arguments, least, most, options, summary, details, example)  \
    {noun, verb, arguments, least, most, options, summary, details, example, function},
#include "cli/commands.def"
#undef COMMAND
};
const size_t CLI_N_COMMANDS = sizeof CLI_COMMANDS / sizeof *CLI_COMMANDS;

static const struct {
    const char *name, *value, *help;
} OPTION_TABLE[OPTIONS] = {
#define OPTION(symbol, name, value, help) {name, value, help},
#include "cli/options.def"
#undef OPTION
};

static const uint64_t REPEATED_OPTIONS = O(POLICY);
static const uint64_t COMMON_OPTIONS = O(JSON) | O(COLOR) | O(HELP) | O(VERSION);

const char *cli_option_name(enum cli_option option)
{
    return OPTION_TABLE[option].name;
}

const char *cli_option_value(enum cli_option option)
{
    return OPTION_TABLE[option].value;
}

const char *cli_option_help(enum cli_option option)
{
    return OPTION_TABLE[option].help;
}

static bool usage(const struct cli_command *command, enum exit_status *status)
{
    if (command)
        fprintf(stderr, "Try: bootseal %s%s%s --help\n", command->noun, *command->verb ? " " : "",
                command->verb);
    else
        fprintf(stderr, "Try: bootseal --help\n");
    *status = EXIT_USAGE;
    return false;
}

static void suggest(const char *noun, const char *verb)
{
    size_t nearest = 4;
    const struct cli_command *best = NULL;

    for (size_t i = 0; i < CLI_N_COMMANDS; i++) {
        size_t noun_far = text_distance(span_text(noun), span_text(CLI_COMMANDS[i].noun));
        size_t verb_far = *CLI_COMMANDS[i].verb
                              ? text_distance(span_text(verb), span_text(CLI_COMMANDS[i].verb))
                              : 0;
        size_t far = noun_far < nearest && verb_far < nearest ? noun_far + verb_far : nearest;

        if (far < nearest) {
            nearest = far;
            best = &CLI_COMMANDS[i];
        }
    }
    if (best)
        fprintf(stderr, "Did you mean: bootseal %s %s\n", best->noun, best->verb);
}

/* "hosts" for "host", "policies" for "policy": singular and plural are both fine. */
static bool noun_matches(const char *word, const char *noun)
{
    size_t len = strlen(noun);

    if (noun[len - 1] == 'y' && strncmp(word, noun, len - 1) == 0 &&
        strcmp(word + len - 1, "ies") == 0)
        return true;
    return strncmp(word, noun, len) == 0 && (word[len] == '\0' || strcmp(word + len, "s") == 0);
}

static const struct cli_command *find_command(int argc, char **argv, int *n_words)
{
    for (size_t i = 0; i < CLI_N_COMMANDS; i++) {
        const struct cli_command *command = &CLI_COMMANDS[i];

        if (!noun_matches(argv[1], command->noun))
            continue;
        if (!*command->verb) {
            *n_words = 2;
            return command;
        }
        if (argc > 2 && strcmp(argv[2], command->verb) == 0) {
            *n_words = 3;
            return command;
        }
    }
    return NULL;
}

static bool is_noun(const char *word)
{
    for (size_t i = 0; i < CLI_N_COMMANDS; i++)
        if (noun_matches(word, CLI_COMMANDS[i].noun))
            return true;
    return false;
}

static bool unknown_command(int argc, char **argv, enum exit_status *status)
{
    const char *verb = argc > 2 && argv[2][0] != '-' ? argv[2] : "";

    if (is_noun(argv[1])) {
        fprintf(stderr,
                *verb ? "bootseal: '%s' cannot '%s'; it can:\n"
                      : "bootseal: '%s' needs a verb:%.0s\n",
                argv[1], verb);
        for (size_t i = 0; i < CLI_N_COMMANDS; i++)
            if (noun_matches(argv[1], CLI_COMMANDS[i].noun))
                fprintf(stderr, "  bootseal %s %-8s %s\n", CLI_COMMANDS[i].noun,
                        CLI_COMMANDS[i].verb, CLI_COMMANDS[i].summary);
    } else {
        fprintf(stderr, "bootseal: unknown command '%s'\n", argv[1]);
    }
    suggest(argv[1], verb);
    return usage(NULL, status);
}

static bool take_option(struct cli *cli, int argc, char **argv, int *at, enum exit_status *status)
{
    uint64_t allowed = cli->command->options | COMMON_OPTIONS;
    const char *word = argv[*at], *equals = strchr(word, '=');
    size_t len = equals ? (size_t)(equals - word) : strlen(word);

    for (int i = 0; i < OPTIONS; i++) {
        const char *name = OPTION_TABLE[i].name;
        if (strlen(name) != len || strncmp(name, word, len) != 0 || !(allowed >> i & 1))
            continue;
        if (cli->values[i] && !(REPEATED_OPTIONS >> i & 1)) {
            fprintf(stderr, "bootseal: %s is given twice\n", name);
            return usage(cli->command, status);
        }
        if (!OPTION_TABLE[i].value && equals) {
            fprintf(stderr, "bootseal: %s takes no value\n", name);
            return usage(cli->command, status);
        }
        if (OPTION_TABLE[i].value && !equals && *at + 1 >= argc) {
            fprintf(stderr, "bootseal: %s needs a value: %s %s\n", name, name,
                    OPTION_TABLE[i].value);
            return usage(cli->command, status);
        }
        cli->values[i] = !OPTION_TABLE[i].value ? "" : equals ? equals + 1 : argv[++*at];
        if (REPEATED_OPTIONS >> i & 1)
            cli->repeated[cli->n_repeated++] = cli->values[i];
        return true;
    }
    fprintf(stderr, "bootseal: '%s %s' has no option %.*s\n", cli->command->noun,
            cli->command->verb, (int)len, word);
    return usage(cli->command, status);
}

static bool choose_color(struct cli *cli, enum exit_status *status)
{
    const char *when = cli->values[OPTION_COLOR];

    if (!when || strcmp(when, "auto") == 0) {
        cli->color = isatty(STDOUT_FILENO) && !getenv("NO_COLOR");
        return true;
    }
    if (strcmp(when, "always") == 0) {
        cli->color = true;
        return true;
    }
    if (strcmp(when, "never") == 0)
        return true;
    fprintf(stderr, "bootseal: --color is auto, always or never, not '%s'\n", when);
    return usage(cli->command, status);
}

static bool take_words(struct cli *cli, int argc, char **argv, int at, enum exit_status *status)
{
    bool options_end = false;

    for (; at < argc; at++) {
        if (!options_end && strcmp(argv[at], "--") == 0)
            options_end = true;
        else if (!options_end && argv[at][0] == '-' && argv[at][1] != '\0') {
            if (!take_option(cli, argc, argv, &at, status))
                return false;
        } else
            cli->arguments[cli->n_arguments++] = argv[at];
    }
    return true;
}

bool cli_parse(struct cli *cli, int argc, char **argv, enum exit_status *status)
{
    int at = 0;

    *status = EXIT_HOLDS;
    if (argc < 2) {
        cli_help_all(stderr);
        *status = EXIT_USAGE;
        return false;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0) {
        cli_help_all(stdout);
        return false;
    }
    if (strcmp(argv[1], "--version") == 0) {
        printf("bootseal %s\n", BOOTSEAL_VERSION);
        return false;
    }
    cli->command = find_command(argc, argv, &at);
    if (!cli->command)
        return unknown_command(argc, argv, status);
    cli->arguments = calloc((size_t)argc, sizeof *cli->arguments);
    cli->repeated = calloc((size_t)argc, sizeof *cli->repeated);
    if (!cli->arguments || !cli->repeated) {
        *status = EXIT_INTERNAL;
        return false;
    }
    if (!take_words(cli, argc, argv, at, status))
        return false;
    if (cli->values[OPTION_HELP]) {
        cli_help_command(stdout, cli->command);
        return false;
    }
    cli->json = cli->values[OPTION_JSON] != NULL;
    if (!choose_color(cli, status))
        return false;
    if (cli->n_arguments < cli->command->least || cli->n_arguments > cli->command->most) {
        fprintf(stderr, "bootseal: '%s %s' takes %s, not %d arguments\n", cli->command->noun,
                cli->command->verb, *cli->command->arguments ? cli->command->arguments : "none",
                cli->n_arguments);
        return usage(cli->command, status);
    }
    return true;
}
