/* The agent's configuration: what the command line leaves open comes from the file.
 *
 * Owns nothing; the values live in agent->conf. Must never let a file or the environment win over
 * an option. */
#include "agent/agent.h"
#include "tpm/tpm.h"

#include <stdlib.h>
#include <unistd.h>

static const char DEFAULT_FILE[] = "/etc/bootseal/agent.conf";

static void fill(const struct agent *agent, const char **value, enum conf_key key)
{
    const char *text = conf_text(&agent->conf, key);

    if (!*value && *text)
        *value = text;
}

/* BOOTSEAL_TCTI is older than the table of keys, and wins over files like any variable. */
static bool tcti_is_overruled(const struct agent *agent)
{
    return agent->conf.values[CONF_AGENT_TCTI].origin.kind < CONF_ORIGIN_ENVIRONMENT &&
           getenv(TPM_TCTI_ENVIRONMENT);
}

bool agent_settings_load(struct agent *agent, struct error *error)
{
    const char *file = agent->values[AGENT_OPTION_CONFIG];
    const struct conf_sources sources = {
        .program = CONF_PROGRAM_AGENT,
        .file = file ? file : DEFAULT_FILE,
        .file_optional = !file,
        .environment = (const char *const *)environ,
    };

    if (!conf_load(&sources, &agent->conf, error))
        return false;
    fill(agent, &agent->values[AGENT_OPTION_STATE_DIR], CONF_AGENT_STATE);
    fill(agent, &agent->values[AGENT_OPTION_NAME], CONF_AGENT_NAME);
    if (!tcti_is_overruled(agent))
        fill(agent, &agent->values[AGENT_OPTION_TCTI], CONF_AGENT_TCTI);
    return true;
}
