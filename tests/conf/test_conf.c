#include "conf/conf.h"
#include "os/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static struct error error;

static struct conf defaults(void)
{
    struct conf conf;

    assert_true(conf_load(&(struct conf_sources){0}, &conf, &error));
    return conf;
}

static void defaults_are_legal(void **state)
{
    struct conf conf = defaults();

    (void)state;
    assert_string_equal(conf_text(&conf, CONF_SERVER_LISTEN), "[::]:8443");
    assert_int_equal(conf_number(&conf, CONF_ATTEST_PCRS), 0x7effff);
    assert_int_equal(conf_number(&conf, CONF_ATTEST_NONCE_LIFE), 300);
    assert_true(conf_bool(&conf, CONF_SERVER_CHANNEL_BINDING));
    for (enum conf_key key = 0; key < CONF_KEYS; key++)
        assert_int_equal(conf.values[key].origin.kind, CONF_ORIGIN_DEFAULT);
    conf_done(&conf);
}

static void mistakes_have_file_and_line(void **state)
{
    static const struct {
        const char *text, *message;
    } CASES[] = {
        {"[server]\nlisten = here\n", "f:2: server.listen wants address:port"},
        {"[server]\n\n# c\nlisen = [::]:1\n", "f:4: there is no key server.lisen"},
        {"[sever]\n", "f:1: there is no such section"},
        {"[server\n", "f:1: there is no such section"},
        {"[server] x\n", "f:1: there is no such section"},
        {"listen = [::]:1\n", "f:1: there is no key .listen"},
        {"[server]\nlisten\n", "f:2: this is no"},
        {"[server]\nlisten = [::]:1\nlisten = [::]:2\n", "f:3: this key is given twice"},
        {"[server]\nname = a\n  b\n", "f:3: a line must not begin with a blank"},
        {"[server]\nworkers = 1.5\n", "f:2: server.workers wants a whole number"},
        {"[server]\nworkers = -1\n", "f:2: server.workers wants"},
        {"[server]\nworkers = 99999999999999999\n", "f:2: server.workers wants"},
        {"[server]\nworkers =\n", "f:2: server.workers wants"},
        {"[server]\nstate_directory = var\n", "f:2: server.state_directory wants an absolute path"},
        {"[server]\nchannel_binding = maybe\n", "f:2: server.channel_binding wants yes or no"},
        {"[http]\nidle_timeout = 5x\n", "f:2: http.idle_timeout wants a time"},
        {"[http]\nidle_timeout = m\n", "f:2: http.idle_timeout wants a time"},
        {"[http]\nidle_timeout = 9999999d\n", "f:2: http.idle_timeout wants a time"},
        {"[attest]\npcrs = 0-24\n", "f:2: attest.pcrs wants PCRs"},
        {"[attest]\npcrs = 7-0\n", "f:2: attest.pcrs wants PCRs"},
        {"[attest]\npcrs = 1,\n", "f:2: attest.pcrs wants PCRs"},
        {"[attest]\npcrs = 1 2\n", "f:2: attest.pcrs wants PCRs"},
        {"[agent]\nserver = http://example.com\n", "f:2: agent.server wants https"},
        {"[agent]\nserver = https://a b\n", "f:2: agent.server wants https"},
        {"[agent]\nserver = https://a/path\n", "f:2: agent.server wants https"},
        {"[agent]\nserver = https://a:99999\n", "f:2: agent.server wants https"},
        {"[agent]\nserver = https://[::1\n", "f:2: agent.server wants https"},
        {"[server]\nname = a,DNS:b\n", "f:2: server.name wants a DNS name"},
        {"[ca]\ntrust_domain = a,DNS:b\n", "f:2: ca.trust_domain wants a DNS name"},
        {"[agent]\nname = a b\n", "f:2: agent.name wants a DNS name"},
        {"[log]\nlevel = loud\n", "f:2: log.level wants error, warning"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct conf conf = defaults();

        if (conf_parse(&conf, span_text(CASES[i].text), CONF_ORIGIN_FILE, "f", &error))
            fail_msg("accepted: %s", CASES[i].text);
        assert_int_equal(error.code, ERROR_USAGE);
        if (strncmp(error.message, CASES[i].message, strlen(CASES[i].message)) != 0)
            fail_msg("%s: %s", CASES[i].text, error.message);
        conf_done(&conf);
    }
}

static void long_lines_and_nuls_are_refused(void **state)
{
    char text[400] = "[server]\nname = ";
    struct conf conf = defaults();

    (void)state;
    memset(text + strlen(text), 'a', 300);
    assert_false(conf_parse(&conf, span_text(text), CONF_ORIGIN_FILE, "f", &error));
    assert_non_null(strstr(error.message, "f:2: the line is too long"));
    assert_false(
        conf_parse(&conf, span_of("[server]\nname = a\0b\n", 20), CONF_ORIGIN_FILE, "f", &error));
    assert_non_null(strstr(error.message, "f:2: the line holds a NUL"));
    conf_done(&conf);
}

static void values_are_understood(void **state)
{
    static const char TEXT[] = "[server]\r\nlisten = 127.0.0.1:0\r\nworkers = 4\n"
                               "channel_binding = Off\n\n; note\n[attest]\npcrs = 0-2,7,23\n"
                               "nonce_lifetime = 2h\n[agent]\nserver = https://[2001:db8::1]:8443\n"
                               "tcti = a b\n";
    struct conf conf = defaults();

    (void)state;
    assert_true(conf_parse(&conf, span_text(TEXT), CONF_ORIGIN_FILE, "f", &error));
    assert_string_equal(conf_text(&conf, CONF_SERVER_LISTEN), "127.0.0.1:0");
    assert_int_equal(conf_number(&conf, CONF_SERVER_WORKERS), 4);
    assert_false(conf_bool(&conf, CONF_SERVER_CHANNEL_BINDING));
    assert_int_equal(conf_number(&conf, CONF_ATTEST_PCRS), 0x800087);
    assert_int_equal(conf_number(&conf, CONF_ATTEST_NONCE_LIFE), 7200);
    assert_string_equal(conf_text(&conf, CONF_AGENT_TCTI), "a b");
    assert_int_equal(conf.values[CONF_SERVER_WORKERS].origin.line, 3);
    conf_done(&conf);
}

static char directory[] = "/tmp/bootseal-conf-XXXXXX";

static const char *write_file(const char *name, const char *text)
{
    static char path[128];

    snprintf(path, sizeof path, "%s/%s", directory, name);
    assert_true(os_file_write(path, OS_FILE_PUBLIC, span_text(text), &error));
    return path;
}

static void later_sources_win(void **state)
{
    static const char *const FLAGS[] = {"server.workers=5"};
    static const char *const ENVIRONMENT[] = {"PATH=/bin", "BOOTSEAL_SERVER_WORKERS=4",
                                              "BOOTSEAL_SERVER_NAME=env", "BOOTSEAL_CORPUS=/x",
                                              NULL};
    struct conf_sources sources = {.flags = FLAGS, .n_flags = 1, .environment = ENVIRONMENT};
    struct arena arena = arena_init(100000);
    struct conf conf;
    char main_file[128], drop_ins[160];
    char *shown;

    (void)state;
    assert_non_null(mkdtemp(directory));
    snprintf(main_file, sizeof main_file, "%s",
             write_file("main.conf", "[server]\nworkers = 1\nname = main\nstop_timeout = 1\n"
                                     "worker_deadline = 1\n"));
    snprintf(drop_ins, sizeof drop_ins, "%s.d", main_file);
    mkdir(drop_ins, 0700);
    write_file("main.conf.d/20-b.conf", "[server]\nworkers = 3\nstop_timeout = 3\n");
    write_file("main.conf.d/10-a.conf", "[server]\nworkers = 2\nstop_timeout = 2\n");
    write_file("main.conf.d/30-c.txt", "nonsense\n");
    sources.file = main_file;
    assert_true(conf_load(&sources, &conf, &error));
    assert_int_equal(conf_number(&conf, CONF_SERVER_WORKERS), 5);
    assert_string_equal(conf_text(&conf, CONF_SERVER_NAME), "env");
    assert_int_equal(conf_number(&conf, CONF_SERVER_STOP), 3);
    assert_int_equal(conf_number(&conf, CONF_SERVER_WORKER_DEADLINE), 1);
    shown = conf_show(&conf, true, &arena);
    assert_non_null(strstr(shown, "server.workers = 5\t# flag --set server.workers=5\n"));
    assert_non_null(strstr(shown, "server.name = env\t# environment BOOTSEAL_SERVER_NAME\n"));
    assert_non_null(strstr(shown, "20-b.conf:3\n"));
    assert_non_null(strstr(shown, "main.conf:5\n"));
    assert_non_null(strstr(shown, "log.level = info\t# default\n"));
    conf_done(&conf);
    write_file("main.conf.d/20-b.conf", "[server]\nworkers = x\n");
    assert_false(conf_load(&sources, &conf, &error));
    assert_non_null(strstr(error.message, "main.conf.d/20-b.conf:2: "));
    unlink(write_file("main.conf.d/10-a.conf", ""));
    unlink(write_file("main.conf.d/20-b.conf", ""));
    unlink(write_file("main.conf.d/30-c.txt", ""));
    rmdir(drop_ins);
    unlink(main_file);
    rmdir(directory);
    assert_false(conf_load(&sources, &conf, &error));
    assert_int_equal(error.code, ERROR_NOT_FOUND);
    sources.file_optional = true;
    assert_true(conf_load(&sources, &conf, &error));
    conf_done(&conf);
    arena_done(&arena);
}

static void mistakes_elsewhere_are_named(void **state)
{
    static const char *const FLAGS[] = {"server.workers", "server=1", "server.none=1",
                                        "server.workers=x"};
    static const char *const VARIABLES[] = {"BOOTSEAL_SERVER_NONE=1", "BOOTSEAL_SERVER_WORKERS=x"};
    struct conf conf;

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        assert_false(
            conf_load(&(struct conf_sources){.flags = &FLAGS[i], .n_flags = 1}, &conf, &error));
        assert_non_null(strstr(error.message, FLAGS[i]));
    }
    for (size_t i = 0; i < 2; i++) {
        const char *environment[] = {VARIABLES[i], NULL};

        assert_false(conf_load(&(struct conf_sources){.environment = environment}, &conf, &error));
        assert_int_equal(strncmp(error.message, "BOOTSEAL_SERVER_", 16), 0);
    }
}

/* The sample says nothing but the defaults: as it is, and with every # taken away. */
static void the_sample_is_the_table(void **state)
{
    struct arena arena = arena_init(100000);
    struct conf conf = defaults(), again = defaults();
    char *sample = conf_sample(CONF_PROGRAM_ANY, &arena),
         *manual = conf_manual(CONF_PROGRAM_ANY, &arena);

    (void)state;
    assert_true(conf_parse(&conf, span_text(sample), CONF_ORIGIN_FILE, "sample", &error));
    for (char *at = sample; (at = strstr(at, "\n#")); at += 2)
        if (at[2] != ' ')
            memmove(at + 1, at + 2, strlen(at + 1));
    if (!conf_parse(&again, span_text(sample), CONF_ORIGIN_FILE, "sample", &error))
        fail_msg("%s", error.message);
    for (enum conf_key key = 0; key < CONF_KEYS; key++) {
        assert_string_equal(conf.values[key].text, again.values[key].text);
        assert_int_equal(again.values[key].origin.kind, CONF_ORIGIN_FILE);
        assert_non_null(strstr(manual, conf_describe(key)->description));
    }
    conf_done(&conf);
    conf_done(&again);
    arena_done(&arena);
}

/* Each program has its own keys and [log]; what is another's is a mistake in its file, and no
 * business of its own in the environment. */
static void programs_have_their_own_keys(void **state)
{
    const char *environment[] = {"BOOTSEAL_AGENT_NAME=host.example", NULL};
    struct conf_sources sources = {.program = CONF_PROGRAM_SERVICE, .environment = environment};
    struct arena arena = arena_init(100000);
    struct conf conf;

    (void)state;
    assert_true(conf_load(&sources, &conf, &error));
    assert_string_equal(conf_text(&conf, CONF_AGENT_NAME), "");
    assert_false(
        conf_parse(&conf, span_text("[agent]\nname = a\n"), CONF_ORIGIN_FILE, "f", &error));
    assert_string_equal(error.message, "f:1: there is no such section");
    assert_null(strstr(conf_show(&conf, false, &arena), "agent."));
    assert_null(strstr(conf_sample(CONF_PROGRAM_SERVICE, &arena), "[agent]"));
    conf_done(&conf);

    sources.program = CONF_PROGRAM_AGENT;
    assert_true(conf_load(&sources, &conf, &error));
    assert_string_equal(conf_text(&conf, CONF_AGENT_NAME), "host.example");
    assert_false(
        conf_parse(&conf, span_text("[server]\nworkers = 1\n"), CONF_ORIGIN_FILE, "f", &error));
    assert_true(
        conf_parse(&conf, span_text("[log]\nlevel = debug\n"), CONF_ORIGIN_FILE, "f", &error));
    assert_null(strstr(conf_manual(CONF_PROGRAM_AGENT, &arena), "[server]"));
    conf_done(&conf);
    arena_done(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(programs_have_their_own_keys),
        cmocka_unit_test(defaults_are_legal),
        cmocka_unit_test(mistakes_have_file_and_line),
        cmocka_unit_test(long_lines_and_nuls_are_refused),
        cmocka_unit_test(values_are_understood),
        cmocka_unit_test(later_sources_win),
        cmocka_unit_test(mistakes_elsewhere_are_named),
        cmocka_unit_test(the_sample_is_the_table),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
