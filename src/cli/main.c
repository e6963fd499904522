/* bootseal: the command line. Finds the command in the table, runs it, turns its result into an
 * exit code. */
#include "base/limits.h"
#include "cli/command.h"
#include "cli/talk.h"
#include "http/http_client.h"

#include <stdlib.h>
#include <string.h>

/* One command never needs more: the largest input is the evidence, its decoded form about twice as
 * much. */
enum { ARENA_FACTOR = 6 };

/* Used by the build only, to make the manual page and completion from the tables. */
static bool print_generated(int argc, char **argv)
{
    if (argc != 2)
        return false;
    if (strcmp(argv[1], "--print-manual") == 0)
        cli_print_manual(stdout);
    else if (strcmp(argv[1], "--print-completion") == 0)
        cli_print_completion(stdout);
    else
        return false;
    return true;
}

int main(int argc, char **argv)
{
    struct cli cli = {.arena = arena_init((size_t)LIMIT_EVIDENCE_LEN * ARENA_FACTOR)};
    enum exit_status status = EXIT_INTERNAL;
    struct error error = {0};

    if (print_generated(argc, argv))
        return EXIT_HOLDS;
    if (cli_parse(&cli, argc, argv, &status)) {
        cli.crypto = crypto_new(&error);
        status = cli.crypto ? cli.command->run(&cli) : talk_error(&cli, NULL, &error);
    }
    if (fflush(stdout) != 0 || ferror(stdout)) {
        perror("bootseal: standard output");
        status = EXIT_INTERNAL;
    }
    http_client_free(cli.service);
    crypto_free(cli.crypto);
    free(cli.arguments);
    arena_done(&cli.arena);
    return (int)status;
}
