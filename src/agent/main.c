/* bootseal-agent: parses its words and runs one command. */
#include "agent/agent.h"

#include "os/process.h"

enum { ARENA_LEN = 3 * LIMIT_EVIDENCE_LEN }; /* logs read twice, and the evidence made of them */

enum agent_exit agent_exit_of(enum error_code code)
{
    switch (code) {
    case ERROR_USAGE:
        return AGENT_EXIT_USAGE;
    case ERROR_TRUNCATED:
    case ERROR_TRAILING:
    case ERROR_LIMIT:
    case ERROR_MALFORMED:
    case ERROR_UNSUPPORTED:
        return AGENT_EXIT_MALFORMED;
    case ERROR_DENIED:
        return AGENT_EXIT_NOT_PERMITTED;
    case ERROR_NOT_FOUND:
        return AGENT_EXIT_NOT_FOUND;
    case ERROR_CONFLICT:
        return AGENT_EXIT_CONFLICT;
    case ERROR_IO:
        return AGENT_EXIT_UNREACHABLE;
    case ERROR_NONE:
    case ERROR_CRYPTO:
    case ERROR_MEMORY:
        break;
    }
    return AGENT_EXIT_INTERNAL;
}

enum agent_exit agent_failed(const struct error *error)
{
    char text[512];

    fprintf(stderr, "bootseal-agent: %s\n", error_print(error, text, sizeof text));
    return agent_exit_of(error->code);
}

int main(int argc, char **argv)
{
    struct agent agent = {.arena = arena_init(ARENA_LEN)};
    enum agent_exit status;
    struct error error;

    if (argc == 2 && strcmp(argv[1], "--print-manual") == 0) { /* for the build */
        agent_print_manual(stdout);
        return AGENT_EXIT_HOLDS;
    }
    if (!agent_parse(&agent, argc, argv, &status))
        return (int)status;
    os_ignore_sigpipe();
    agent.crypto = crypto_new(&error);
    if (!agent.crypto)
        return (int)agent_failed(&error);
    status = agent.command->run(&agent);
    crypto_free(agent.crypto);
    arena_done(&agent.arena);
    return (int)status;
}
