#include "server/dev.h"

#include <arpa/inet.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/text.h"
#include "log/log.h"
#include "server/secret.h"
#include "server/supervisor.h"

enum { FLAGS_MAX = 64 };

struct dev {
    struct role_start start;
    char directory[64];
    char token[SECRET_LEN];
};

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
    (void)status;
    (void)kind;
    (void)walk;
    return remove(path);
}

/* "127.0.0.1:8443", "[::1]:0": an address that nobody else can reach. */
static bool is_loopback(const char *listen)
{
    char host[64];
    struct in_addr four;
    struct in6_addr six;
    size_t len = strlen(listen);
    const char *colon = strrchr(listen, ':');

    if (!colon || len >= sizeof host)
        return false;
    snprintf(host, sizeof host, "%.*s", (int)(colon - listen), listen);
    if (host[0] == '[' && host[strlen(host) - 1] == ']') {
        host[strlen(host) - 1] = '\0';
        return inet_pton(AF_INET6, host + 1, &six) == 1 && IN6_IS_ADDR_LOOPBACK(&six);
    }
    return inet_pton(AF_INET, host, &four) == 1 && ntohl(four.s_addr) >> 24 == 127;
}

/* What a person does next, on standard output. */
static void print_next(void *context, const struct role_report *report)
{
    const struct dev *dev = context;
    const char *listen = conf_text(&dev->start.conf, CONF_SERVER_LISTEN);
    int host_len = (int)(strrchr(listen, ':') - listen);
    char fingerprint[2 * sizeof report->ca_sha256 + 1], url[128];

    text_hex_into(fingerprint, span_of(report->ca_sha256, sizeof report->ca_sha256));
    snprintf(url, sizeof url, "https://%.*s:%u", host_len, listen, report->port);
    printf("Bootseal runs for a trial: on this machine only, and all of it is deleted at the end.\n"
           "\n"
           "  service         %s\n"
           "  CA fingerprint  %s\n"
           "  state           %s\n"
           "\n"
           "In another shell:\n"
           "\n"
           "  export BOOTSEAL_URL=%s\n"
           "  export BOOTSEAL_CA=%s/ca.pem\n"
           "  export BOOTSEAL_TOKEN=%s\n"
           "\n"
           "Put a policy in force, for no host is trusted without one:\n"
           "\n"
           "  bootseal policy apply FILE\n"
           "\n"
           "On a host with a TPM:\n"
           "\n"
           "  bootseal-agent enroll %s --ca-fingerprint %s\n"
           "\n"
           "Ctrl-C ends the trial.\n",
           url, fingerprint, dev->directory, url, dev->directory, dev->token, url, fingerprint);
    fflush(stdout);
}

static bool load(struct dev *dev, const char *const *flags, size_t n_flags, struct error *error)
{
    const char *all[FLAGS_MAX + 4];
    char state[sizeof dev->directory + 32];
    struct conf_sources sources = {.program = CONF_PROGRAM_SERVICE, .flags = all};

    if (n_flags > FLAGS_MAX)
        return error_plain(error, ERROR_USAGE, "more than %d settings", FLAGS_MAX);
    snprintf(state, sizeof state, "server.state_directory=%s", dev->directory);
    all[sources.n_flags++] = "server.listen=127.0.0.1:8443";
    all[sources.n_flags++] = "log.level=warning";
    for (size_t i = 0; i < n_flags; i++)
        all[sources.n_flags++] = flags[i];
    all[sources.n_flags++] = state; /* the last one wins: a trial touches no real state */
    all[sources.n_flags++] = "server.database=";
    if (!conf_load(&sources, &dev->start.conf, error))
        return false;
    if (!is_loopback(conf_text(&dev->start.conf, CONF_SERVER_LISTEN)))
        return error_plain(error, ERROR_USAGE,
                           "--dev listens on a loopback address only, not on %s",
                           conf_text(&dev->start.conf, CONF_SERVER_LISTEN));
    return true;
}

int dev_run(const char *const *flags, size_t n_flags)
{
    struct dev dev = {.directory = "/tmp/bootseal-dev-XXXXXX"};
    struct error error;
    int status = 2;

    if (!mkdtemp(dev.directory)) {
        perror("bootseald: a directory in /tmp");
        return 9;
    }
    if (!secret_make(dev.token, &error) || !load(&dev, flags, n_flags, &error)) {
        fprintf(stderr, "bootseald: %s\n", error.message);
    } else {
        dev.start.dev = true;
        dev.start.admin_token = dev.token;
        log_init("bootseald", log_level_by_name(conf_text(&dev.start.conf, CONF_LOG_LEVEL)));
        status = supervisor_run(&dev.start, print_next, &dev);
        conf_done(&dev.start.conf);
    }
    if (nftw(dev.directory, remove_entry, 16, FTW_DEPTH | FTW_PHYS) != 0)
        fprintf(stderr, "bootseald: %s could not be deleted\n", dev.directory);
    return status;
}
