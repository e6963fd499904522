/* The command table of bootseal, and what every command is given.
 *
 * Words and options live in commands.def and options.def (style rule 11): parser, help, manual page
 * and completion are made from them. stdout is data, stderr is talk. */
#ifndef BOOTSEAL_CLI_COMMAND_H
#define BOOTSEAL_CLI_COMMAND_H

#include <stdio.h>

#include "base/arena.h"
#include "base/exit_status.h"
#include "crypto/crypto.h"

enum cli_option {
#define OPTION(symbol, name, value, help) OPTION_##symbol,
#include "cli/options.def"
#undef OPTION
    OPTIONS
};

struct http_client;

struct cli {
    const struct cli_command *command;
    const char *values[OPTIONS]; /* NULL: not given; switches have "" */
    const char **repeated;       /* every value of an option that may be given again (--policy) */
    size_t n_repeated;
    const char **arguments;
    int n_arguments;
    struct arena arena; /* freed by main */
    struct crypto *crypto;
    struct http_client *service; /* NULL before the first request; freed by main */
    bool json;
    bool color;
};

struct cli_command {
    const char *noun, *verb; /* verb is "" when the noun is the command */
    const char *arguments;
    int least, most;
    uint64_t options; /* bits of enum cli_option */
    const char *summary, *details, *example;
    enum exit_status (*run)(struct cli *cli);
};

extern const struct cli_command CLI_COMMANDS[];
extern const size_t CLI_N_COMMANDS;

#define COMMAND(function, noun, verb, arguments, least, most, options, summary, details, example)  \
    enum exit_status function(struct cli *cli);
#include "cli/commands.def"
#undef COMMAND

/* The table's texts of an option: "--json", "VALUE" or NULL, help. */
const char *cli_option_name(enum cli_option option);
const char *cli_option_value(enum cli_option option);
const char *cli_option_help(enum cli_option option);

/* Fills in cli from the words. On false a message is on stderr and *status is the exit code; --help
 * and
 * --version also end here, with EXIT_HOLDS. */
bool cli_parse(struct cli *cli, int argc, char **argv, enum exit_status *status) MUST_CHECK;

/* Help on everything, a noun's commands, or one command. */
void cli_help_all(FILE *out);
void cli_help_command(FILE *out, const struct cli_command *command);

/* The manual page (mdoc) and the bash completion, made at build time from the tables. */
void cli_print_manual(FILE *out);
void cli_print_completion(FILE *out);
void cli_print_claims_manual(FILE *out);

/* The JSON schema of `bootseal eventlog claims --json`, made likewise. */
void cli_print_claims_schema(FILE *out);

/* Text for a manual page: hyphens and backslashes mean something to mdoc, and a sentence starts on
 * a line of its own. */
void cli_print_mdoc(FILE *out, const char *text);

#endif
