/* The agent's commands, and what each of them is given.
 *
 * Words and options live in commands.def and options.def (style rule 11). stdout is data, stderr is
 * talk. The agent holds no secret: keys are in the TPM, and its files may be read by anybody. */
#ifndef BOOTSEAL_AGENT_AGENT_H
#define BOOTSEAL_AGENT_AGENT_H

#include "agent/inventory.h"
#include "base/arena.h"
#include "base/exit_status.h"
#include "conf/conf.h"
#include "crypto/crypto.h"

#include <stdio.h>

enum agent_option {
#define AGENT_OPTION(symbol, name, value, help) AGENT_OPTION_##symbol,
#include "agent/options.def"
#undef AGENT_OPTION
    AGENT_OPTIONS
};

struct agent {
    const struct agent_command *command;
    const char *values[AGENT_OPTIONS]; /* NULL: not given; switches have "" */
    const char *argument;              /* the one argument, or NULL */
    struct conf conf;                  /* of /etc/bootseal/agent.conf and the environment */
    bool json;
    struct crypto *crypto;
    struct arena arena;                   /* for the length of the command; freed by main */
    struct inventory_constants inventory; /* as long */
};

struct agent_command {
    const char *word, *arguments;
    int n_arguments;
    unsigned options; /* bits of enum agent_option */
    const char *summary, *details, *example;
    enum exit_status (*run)(struct agent *agent);
};

#define AGENT_COMMAND(function, word, arguments, n_arguments, options, summary, details, example)  \
    enum exit_status function(struct agent *agent);
#include "agent/commands.def"
#undef AGENT_COMMAND

/* Fills in agent from the words. On false, a message is on stderr or the help on stdout, and *status
 * is the exit code. */
bool agent_parse(struct agent *agent, int argc, char **argv, enum exit_status *status) MUST_CHECK;

/* Reads the configuration and fills in from it what the command line left open. */
bool agent_settings_load(struct agent *agent, struct error *error) MUST_CHECK;

/* The manual page in mdoc, made at build time. */
void agent_print_manual(FILE *out);

/* Prints the error on stderr, "bootseal-agent: ...", and returns its exit code. */
enum exit_status agent_failed(const struct error *error);

#endif
