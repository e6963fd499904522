/* bootseald: the service. Reads the command line and becomes supervisor, or the role that the
 * supervisor starts it as. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/exit_status.h"
#include "log/log.h"
#include "server/dev.h"
#include "server/front.h"
#include "server/signer.h"
#include "server/supervisor.h"
#include "server/worker.h"

enum { FLAGS_MAX = 64, SHOW_ARENA_LEN = 1024 * 1024 };

static const char DEFAULT_FILE[] = "/etc/bootseal/bootseald.conf";

static const char HELP[] =
    "usage: bootseald --dev [--set SECTION.KEY=VALUE]...\n"
    "       bootseald [--config FILE] [--set SECTION.KEY=VALUE]...\n"
    "       bootseald config check [--config FILE]\n"
    "       bootseald config show [--origin] [--config FILE]\n"
    "\n"
    "  --dev          run everything for a trial: temporary state, loopback only\n"
    "  --config FILE  configuration; default /etc/bootseal/bootseald.conf\n"
    "  --set K=V      override one setting\n"
    "  --origin       tell where each setting comes from\n"
    "  --help, --version\n"
    "\n"
    "Manual: bootseald(8), bootseald.conf(5)\n";

struct options {
    bool dev, origin;
    const char *file;
    const char *flags[FLAGS_MAX];
    size_t n_flags;
    const char *words[2]; /* "config" "check" */
    size_t n_words;
};

static int usage(const char *what, const char *argument)
{
    fprintf(stderr, "bootseald: %s%s%s\nTry bootseald --help.\n", what, argument ? ": " : "",
            argument ? argument : "");
    return EXIT_USAGE;
}

/* True when the program goes on; else *status is how it ends. */
static bool parse(int argc, char **argv, struct options *options, int *status)
{
    *status = EXIT_HOLDS;
    for (int i = 1; i < argc; i++) {
        const char *argument = argv[i];
        bool has_value = i + 1 < argc;

        if (strcmp(argument, "--help") == 0) {
            fputs(HELP, stdout);
            return false;
        } else if (strcmp(argument, "--version") == 0) {
            puts("bootseald " BOOTSEAL_VERSION);
            return false;
        } else if (strcmp(argument, "--dev") == 0) {
            options->dev = true;
        } else if (strcmp(argument, "--origin") == 0) {
            options->origin = true;
        } else if (strcmp(argument, "--config") == 0 && has_value) {
            options->file = argv[++i];
        } else if (strcmp(argument, "--set") == 0 && has_value && options->n_flags < FLAGS_MAX) {
            options->flags[options->n_flags++] = argv[++i];
        } else if (argument[0] != '-' && options->n_words < 2) {
            options->words[options->n_words++] = argument;
        } else {
            *status = usage("unknown or incomplete argument", argument);
            return false;
        }
    }
    return true;
}

static bool load(const struct options *options, struct conf *conf, struct error *error)
{
    struct conf_sources sources = {
        .program = CONF_PROGRAM_SERVICE,
        .file = options->file ? options->file : DEFAULT_FILE,
        .file_optional = !options->file,
        .flags = options->flags,
        .n_flags = options->n_flags,
        .environment = (const char *const *)environ,
    };

    return conf_load(&sources, conf, error);
}

static int run_config(const struct options *options)
{
    struct arena arena = arena_init(SHOW_ARENA_LEN);
    struct conf conf;
    struct error error;
    bool show = options->n_words == 2 && strcmp(options->words[1], "show") == 0;
    char *text;

    if (options->n_words != 2 || (!show && strcmp(options->words[1], "check") != 0))
        return usage("config takes check or show", NULL);
    if (!load(options, &conf, &error)) {
        fprintf(stderr, "%s\n", error.message);
        return EXIT_USAGE;
    }
    text = show ? conf_show(&conf, options->origin, &arena) : NULL;
    if (text)
        fputs(text, stdout);
    conf_done(&conf);
    arena_done(&arena);
    return EXIT_HOLDS;
}

/* Used by the build only, to make sample and manual page from the table. */
static bool print_generated(int argc, char **argv)
{
    struct arena arena = arena_init(SHOW_ARENA_LEN);
    bool sample = argc == 2 && strcmp(argv[1], "--print-sample") == 0;
    bool manual = argc == 2 && strcmp(argv[1], "--print-manual") == 0;
    char *text = sample   ? conf_sample(CONF_PROGRAM_SERVICE, &arena)
                 : manual ? conf_manual(CONF_PROGRAM_SERVICE, &arena)
                          : NULL;

    if (manual)
        fputs(".Dd November 21, 2026\n.Dt BOOTSEALD.CONF 5\n.Os\n.Sh NAME\n.Nm bootseald.conf\n"
              ".Nd configuration of Bootseal\n.Sh DESCRIPTION\n"
              "Sections in brackets, then\n.Ar key No = Ar value\nlines.\n"
              "Later ones win: this file, drop-ins in\n.Pa bootseald.conf.d\nin bytewise order,\n"
              "the environment\n.Pq Ev BOOTSEAL_SECTION_KEY ,\noptions.\n"
              "A key that does not exist, or a value that cannot be, is an error.\n",
              stdout);
    if (text)
        fputs(text, stdout);
    if (manual)
        fputs(".Sh SEE ALSO\n.Xr bootseal-agent 8 ,\n.Xr bootseald 8\n", stdout);
    arena_done(&arena);
    return sample || manual;
}

/* What an operator compares on the hosts. */
static void log_ready(void *context, const struct role_report *report)
{
    (void)context;
    log_info("service.ready", log_int("port", report->port),
             log_hex("ca_sha256", span_of(report->ca_sha256, sizeof report->ca_sha256)));
}

static int run_service(const struct options *options)
{
    struct role_start start = {0};
    struct error error;
    int status;

    if (!load(options, &start.conf, &error)) {
        fprintf(stderr, "%s\n", error.message);
        return EXIT_USAGE;
    }
    log_init("bootseald", log_level_by_name(conf_text(&start.conf, CONF_LOG_LEVEL)));
    status = supervisor_run(&start, log_ready, NULL);
    conf_done(&start.conf);
    return status;
}

/* bootseald --role ROLE CONTROL CHANNEL: how the supervisor starts the others. */
static int run_role(char **argv)
{
    int control = (int)strtol(argv[3], NULL, 10), channel = (int)strtol(argv[4], NULL, 10);

    switch (role_by_name(argv[2])) {
    case ROLE_FRONT:
        return front_run(control);
    case ROLE_SIGNER:
        return signer_run(control, channel);
    case ROLE_WORKER:
        return worker_run(control, channel);
    case ROLE_NONE:
        break;
    }
    return usage("no such role", argv[2]);
}

int main(int argc, char **argv)
{
    struct options options = {0};
    int status;

    if (argc == 5 && strcmp(argv[1], "--role") == 0)
        return run_role(argv);
    if (print_generated(argc, argv))
        return EXIT_HOLDS;
    if (!parse(argc, argv, &options, &status))
        return status;
    if (options.n_words > 0 && strcmp(options.words[0], "config") == 0)
        return run_config(&options);
    if (options.n_words > 0)
        return usage("unknown command", options.words[0]);
    if (options.dev && options.file)
        return usage("--dev takes no configuration file", NULL);
    return options.dev ? dev_run(options.flags, options.n_flags) : run_service(&options);
}
