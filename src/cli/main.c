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

/* Used by the build only, to make manual pages, completion and schema from the tables. */
static bool print_generated(int argc, char **argv)
{
    static const struct {
        const char *word;
        void (*print)(FILE *out);
    } GENERATED[] = {
        {"--print-manual", cli_print_manual},
        {"--print-completion", cli_print_completion},
        {"--print-claims-manual", cli_print_claims_manual},
        {"--print-claims-schema", cli_print_claims_schema},
    };

    for (size_t i = 0; argc == 2 && i < sizeof GENERATED / sizeof *GENERATED; i++)
        if (strcmp(argv[1], GENERATED[i].word) == 0) {
            GENERATED[i].print(stdout);
            return true;
        }
    return false;
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
    free(cli.repeated);
    arena_done(&cli.arena);
    return (int)status;
}
