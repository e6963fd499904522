/* bootseal-agent: parses its words and runs one command. */
#include "agent/agent.h"

#include "os/process.h"

enum {
    ARENA_LEN = 3 * LIMIT_EVIDENCE_LEN, /* logs read twice, and the evidence made of them */
    SAMPLE_ARENA_LEN = 256 * 1024,
};

static enum exit_status exit_of(enum error_code code)
{
    switch (code) {
    case ERROR_USAGE:
        return EXIT_USAGE;
    case ERROR_TRUNCATED:
    case ERROR_TRAILING:
    case ERROR_LIMIT:
    case ERROR_MALFORMED:
    case ERROR_UNSUPPORTED:
        return EXIT_MALFORMED;
    case ERROR_DENIED:
        return EXIT_NOT_PERMITTED;
    case ERROR_NOT_FOUND:
        return EXIT_NOT_FOUND;
    case ERROR_CONFLICT:
        return EXIT_CONFLICT;
    case ERROR_IO:
        return EXIT_UNREACHABLE;
    case ERROR_NONE:
    case ERROR_CRYPTO:
    case ERROR_MEMORY:
        break;
    }
    return EXIT_INTERNAL;
}

enum exit_status agent_failed(const struct error *error)
{
    char text[512];

    fprintf(stderr, "bootseal-agent: %s\n", error_print(error, text, sizeof text));
    return exit_of(error->code);
}

/* Used by the build only, to make manual page and sample configuration from the tables. */
static bool print_generated(int argc, char **argv)
{
    struct arena arena = arena_init(SAMPLE_ARENA_LEN);
    bool manual = argc == 2 && strcmp(argv[1], "--print-manual") == 0;
    const char *sample = argc == 2 && strcmp(argv[1], "--print-sample") == 0
                             ? conf_sample(CONF_PROGRAM_AGENT, &arena)
                             : NULL;

    if (manual)
        agent_print_manual(stdout);
    if (sample)
        fputs(sample, stdout);
    arena_done(&arena);
    return manual || sample;
}

int main(int argc, char **argv)
{
    struct agent agent = {.arena = arena_init(ARENA_LEN)};
    enum exit_status status;
    struct error error;

    if (print_generated(argc, argv))
        return EXIT_HOLDS;
    if (!agent_parse(&agent, argc, argv, &status))
        return (int)status;
    os_ignore_sigpipe();
    if (!agent_settings_load(&agent, &error))
        return (int)agent_failed(&error);
    agent.crypto = crypto_new(&error);
    if (!agent.crypto)
        return (int)agent_failed(&error);
    status = agent.command->run(&agent);
    crypto_free(agent.crypto);
    conf_done(&agent.conf);
    inventory_done(&agent.inventory);
    arena_done(&agent.arena);
    return (int)status;
}
