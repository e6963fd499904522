/* bootseal-agent run: attests again before verdict or certificate ends, until SIGTERM.
 *
 * A failure is tried again after a second, then later and later, five minutes at most, each time with
 * jitter, so that a fleet does not come back all at once after an outage. */
#include "agent/attestation.h"
#include "appraise/appraise.h"
#include "log/log.h"
#include "os/clock.h"
#include "os/process.h"

#include <signal.h>

enum {
    RETRY_FIRST_MS = 1000,
    RETRY_MOST_MS = 5 * 60 * 1000,
    AGAIN_LEAST_MS = 1000,        /* a service may give verdicts of seconds in tests */
    REFUSED_AGAIN_MS = 60 * 1000, /* after a verdict that does not pass */
};

/* A random number of milliseconds from half of ms to ms. */
static int64_t with_jitter(int64_t ms)
{
    uint32_t random = 0;
    struct error ignored;

    if (!crypto_random((uint8_t *)&random, sizeof random, &ignored))
        return ms;
    return ms / 2 + (int64_t)(random % (uint64_t)(ms / 2 + 1));
}

/* Between a third and two thirds of what is left: two more tries fit in before the end. */
static int64_t until_next_ms(const struct attest_answer *answer, int64_t ends_s)
{
    int64_t left_ms = (ends_s - os_now_s()) * 1000;
    int64_t wait_ms = attestation_passes(answer) ? left_ms * 2 / 3 : REFUSED_AGAIN_MS;

    if (!attestation_passes(answer) && left_ms > 0 && left_ms * 2 / 3 < wait_ms)
        wait_ms = left_ms * 2 / 3;
    return with_jitter(wait_ms > AGAIN_LEAST_MS ? wait_ms : AGAIN_LEAST_MS);
}

static void tell(const struct attestation *attestation)
{
    const struct attest_answer *answer = &attestation->answer;
    char ends[OS_TIME_TEXT_LEN], reason[LIMIT_NAME_LEN + 1] = "";

    if (answer->n_reasons)
        snprintf(reason, sizeof reason, "%.*s", (int)answer->reasons[0].code.len,
                 (const char *)answer->reasons[0].code.data);
    log_info("agent.attested", log_text(LOG_VERDICT, verdict_name(answer->verdict)),
             log_text("ends", os_time_print((int64_t)answer->ends_s, ends)),
             log_text(LOG_REASON, reason), log_int(LOG_COUNT, (int64_t)answer->n_reasons));
    if (attestation->event_log_missing)
        log_warning("agent.no_event_log", log_text("help", "bootseal-agent doctor"));
}

/* One attestation; how long to wait for the next. */
static int64_t attest_once(struct agent *agent, int64_t *retry_ms)
{
    struct attestation attestation;
    struct error error;
    int64_t wait_ms;

    if (attestation_do(agent, &agent->arena, &attestation, &error)) {
        tell(&attestation);
        *retry_ms = RETRY_FIRST_MS;
        wait_ms = until_next_ms(&attestation.answer,
                                attestation_ends_s(agent->crypto, &attestation, &agent->arena));
    } else {
        log_failure(LOG_LEVEL_WARNING, "agent.failed", &error);
        wait_ms = with_jitter(*retry_ms);
        *retry_ms = *retry_ms * 2 < RETRY_MOST_MS ? *retry_ms * 2 : RETRY_MOST_MS;
    }
    arena_reset(&agent->arena);
    return wait_ms;
}

enum exit_status agent_run(struct agent *agent)
{
    int64_t retry_ms = RETRY_FIRST_MS;
    struct agent_state state;
    struct error error;
    sigset_t stops;
    int stopped;

    log_init("bootseal-agent", log_level_by_name(conf_text(&agent->conf, CONF_LOG_LEVEL)));
    sigemptyset(&stops);
    sigaddset(&stops, SIGTERM);
    sigaddset(&stops, SIGINT);
    sigprocmask(SIG_BLOCK, &stops, NULL);
    if (!agent_state_load(agent->values[AGENT_OPTION_STATE_DIR], &agent->arena, &state, &error) ||
        !os_notify("READY=1", &error))
        return agent_failed(&error);
    do {
        int64_t wait_ms = attest_once(agent, &retry_ms);
        const struct timespec wait = {.tv_sec = wait_ms / 1000,
                                      .tv_nsec = wait_ms % 1000 * 1000000};

        stopped = sigtimedwait(&stops, NULL, &wait);
    } while (stopped < 0);
    log_info("agent.stopped", log_int("signal", stopped));
    return EXIT_HOLDS;
}
