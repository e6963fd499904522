/* Reading and replay of event logs against tpm2_eventlog: over the recorded boots, over the corpus,
 * and over changed logs. It is a second opinion, not the truth: where the two differ, a line of
 * differences.tsv says who is right and why, or the test fails. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "differences.h"
#include "event_facts.h"
#include "mutant.h"
#include "peer.h"
#include "support/corpus.h"
#include "verify/replay.h"
#include "wire/event_type.h"

enum { MUTANTS_PER_LOG = 100, HCRTM_LOCALITY = 4 };

static struct crypto *crypto;
static struct differences differences;
static char folder[] = "/tmp/bootseal-differential-XXXXXX";

/* Replay with a fault: PCR 0 starts from some locality's value whatever the log says, and perhaps
 * the digests of EV_NO_ACTION events are extended too. */
static void replay_wrongly(struct span log, uint16_t alg, uint8_t locality, bool extend_no_action,
                           struct replay *replay)
{
    struct eventlog_event event;
    struct eventlog events;
    struct error error;

    assert_true(eventlog_open(&events, log, &error));
    assert_true(replay_begin(replay, &events, alg, &error));
    replay->banks[0].pcrs[0][tpm_digest_len(alg) - 1] = locality;
    replay->pcr_0_started = true; /* so that no event of the log changes the start */
    while (eventlog_next(&events, &event) == EVENTLOG_EVENT) {
        if (event.type == EV_NO_ACTION && event.number > 0 && extend_no_action)
            event.type = EV_POST_CODE;
        replay_event(crypto, replay, &event);
    }
}

/* Tells in what the peer must have gone another way to come to its value. */
static void see_value(const char *input, struct span log, const struct replay *ours,
                      const struct peer_bank *peer, unsigned pcr)
{
    static const uint8_t localities[] = {0, 3, HCRTM_LOCALITY};
    const char *bank = tpm_alg_name(peer->alg);

    for (size_t i = 0; i < 2 * sizeof localities; i++) {
        struct replay replay;
        bool extend = i % 2;

        replay_wrongly(log, peer->alg, localities[i / 2], extend, &replay);
        if (memcmp(replay.banks[0].pcrs[pcr], peer->pcrs[pcr], replay.banks[0].digest_len) != 0)
            continue;
        if (pcr == 0)
            differences_see(&differences, input,
                            "%s PCR 0: we start from locality %u, the peer from %u%s", bank,
                            ours->startup_locality, localities[i / 2],
                            extend ? " and extends EV_NO_ACTION" : "");
        else
            differences_see(&differences, input, "%s PCR %u: the peer extends EV_NO_ACTION", bank,
                            pcr);
        return;
    }
    differences_see(&differences, input, "%s PCR %u: other value", bank, pcr);
}

static void compare_pcr(const char *input, struct span log, const struct replay *replay,
                        const struct peer_bank *peer, unsigned pcr)
{
    const struct replay_bank *ours = replay_find(replay, peer->alg);
    bool we_have = pcr < LIMIT_PCRS && (ours->extended & 1u << pcr);
    bool peer_has = peer->listed & 1u << pcr;
    const char *bank = tpm_alg_name(ours->alg);

    if (!we_have && !peer_has)
        return;
    if (!peer_has)
        differences_see(&differences, input, "%s PCR %u: the peer lacks it", bank, pcr);
    else if (pcr >= LIMIT_PCRS)
        differences_see(&differences, input, "%s PCR %u: there is none, the peer has it", bank,
                        pcr);
    else if (!we_have || memcmp(ours->pcrs[pcr], peer->pcrs[pcr], ours->digest_len) != 0)
        see_value(input, log, replay, peer, pcr);
    differences.n_pcrs += we_have && peer_has;
}

static void compare_banks(const char *input, struct span log, const struct replay *ours,
                          const struct peer *peer)
{
    for (size_t i = 0; i < peer->n_banks; i++) {
        const struct replay_bank *bank = replay_find(ours, peer->banks[i].alg);

        for (unsigned pcr = 0; bank && pcr < PEER_PCRS; pcr++)
            compare_pcr(input, log, ours, &peer->banks[i], pcr);
        if (!bank && peer->banks[i].listed)
            differences_see(&differences, input, "bank 0x%04x: we lack it", peer->banks[i].alg);
    }
    for (size_t i = 0; i < ours->n_banks; i++) {
        bool found = ours->banks[i].extended == 0;

        for (size_t k = 0; k < peer->n_banks; k++)
            found = found || peer->banks[k].alg == ours->banks[i].alg;
        if (!found)
            differences_see(&differences, input, "bank %s: the peer lacks it",
                            tpm_alg_name(ours->banks[i].alg));
    }
}

static void compare(const char *input, struct span log)
{
    struct replay ours;
    struct error error;
    struct peer peer;
    bool replayed = replay_eventlog(crypto, log, 0, &ours, &error);

    differences.n_inputs++;
    peer_replay(folder, log, &peer);
    if (peer.outcome == PEER_CRASHED)
        differences_see(&differences, input, "the peer crashes, we %s",
                        replayed ? "replay" : "refuse");
    else if (replayed && peer.outcome == PEER_REFUSED)
        differences_see(&differences, input, "the peer refuses: %s", peer.message);
    else if (!replayed && peer.outcome == PEER_REPLAYED)
        differences_see(&differences, input, "we refuse: %s", error.message);
    else if (replayed)
        compare_banks(input, log, &ours, &peer);
    if (peer.outcome != PEER_CRASHED)
        event_facts_compare_log(&differences, input, log, folder, peer.outcome == PEER_REPLAYED);
}

/* Fails when something was seen that no line explains, or a line explains nothing. */
static void conclude(const char *kind)
{
    unsigned n_stale = differences_stale(&differences, kind);

    printf("%s: %u inputs; %u PCRs, %u events with %u facts held against the peer's; "
           "%u differences explained, %u not\n",
           kind, differences.n_inputs, differences.n_pcrs, differences.n_events,
           differences.n_facts, differences.n_explained, differences.n_unexplained);
    assert_int_not_equal(differences.n_facts, 0);
    assert_int_not_equal(differences.n_pcrs, 0);
    assert_int_equal(differences.n_unexplained, 0);
    assert_int_equal(n_stale, 0);
}

static struct span table(void)
{
    char path[512];

    snprintf(path, sizeof path, "%s/tests/differential/differences.tsv",
             getenv("BOOTSEAL_SOURCE_ROOT"));
    return corpus_read(path);
}

static int begin(void **state)
{
    struct span lines = table();

    (void)state;
    differences_init(&differences, lines);
    corpus_free(lines);
    return 0;
}

static int end(void **state)
{
    (void)state;
    differences_done(&differences);
    return 0;
}

/* Calls compare_case for each recorded boot that has a log, in the order of their names. */
static void each_fixture(void (*compare_case)(const char *name, struct span log))
{
    struct dirent **entries;
    char fixtures[400], path[700];
    int n_entries;

    if (!peer_present())
        skip();
    snprintf(fixtures, sizeof fixtures, "%s/tests/fixtures", getenv("BOOTSEAL_SOURCE_ROOT"));
    n_entries = scandir(fixtures, &entries, NULL, alphasort);
    assert_true(n_entries > 0);
    for (int i = 0; i < n_entries; i++) {
        struct span log;

        snprintf(path, sizeof path, "%s/%s/eventlog.bin", fixtures, entries[i]->d_name);
        log = corpus_read(path);
        if (log.len)
            compare_case(entries[i]->d_name, log);
        corpus_free(log);
        free(entries[i]);
    }
    free(entries);
}

static void compare_fixture(const char *name, struct span log)
{
    char input[300];

    snprintf(input, sizeof input, "fixture/%s", name);
    compare(input, log);
}

static void recorded_boots_replay_alike(void **state)
{
    (void)state;
    each_fixture(compare_fixture);
    conclude("fixture");
}

static void compare_mutants(const char *name, struct span log)
{
    for (unsigned i = 0; i < MUTANTS_PER_LOG; i++) {
        struct mutant mutant;
        char input[300];

        mutant_init(&mutant, log, i + 1000u * (unsigned)log.len);
        snprintf(input, sizeof input, "mutant/%s/%s-%u", name, mutant.kind, i);
        compare(input, span_of(mutant.bytes, mutant.len));
        mutant_done(&mutant);
    }
}

static void changed_logs_replay_alike(void **state)
{
    (void)state;
    each_fixture(compare_mutants);
    conclude("mutant");
}

static int visit_lab(const char *path, const struct stat *info, int type, struct FTW *where)
{
    char input[600];
    struct span log;

    (void)info;
    (void)where;
    if (type != FTW_F || !corpus_ends_with(path, "/eventlog.bin"))
        return 0;
    snprintf(input, sizeof input, "corpus%s", path + strlen(getenv("BOOTSEAL_CORPUS")));
    log = corpus_read(path);
    compare(input, log);
    corpus_free(log);
    return 0;
}

/* PEERS.tsv names, in its first column, what of public/ is given to tools like the peer. */
static void compare_public(void)
{
    const char *corpus = getenv("BOOTSEAL_CORPUS");
    char path[800], input[600], line[8192];
    FILE *list;

    snprintf(path, sizeof path, "%s/public/PEERS.tsv", corpus);
    list = fopen(path, "r");
    assert_non_null(list);
    assert_non_null(fgets(line, sizeof line, list));
    while (fgets(line, sizeof line, list)) {
        int len = (int)strcspn(line, "\t");
        struct span log;

        snprintf(input, sizeof input, "corpus/public/%.*s", len, line);
        snprintf(path, sizeof path, "%s/public/%.*s", corpus, len, line);
        log = corpus_read(path);
        assert_non_null(log.data);
        compare(input, log);
        corpus_free(log);
    }
    fclose(list);
}

static void the_corpus_replays_alike(void **state)
{
    (void)state;
    if (!peer_present())
        skip();
    corpus_walk("lab", visit_lab);
    compare_public();
    conclude("corpus");
}

/* The logs of two boots are different; a comparison that finds nothing between them is none. */
static void compare_with_other_boot(const char *name, struct span log)
{
    static struct replay first;
    struct replay replay;
    struct error error;
    struct peer peer;

    assert_true(replay_eventlog(crypto, log, 0, &replay, &error));
    if (first.n_banks) {
        unsigned before = differences.n_unexplained;

        /* What the peer said of the boot before still stands there. */
        event_facts_compare_log(&differences, name, log, folder, true);
        assert_int_not_equal(differences.n_unexplained, before);
    }
    peer_replay(folder, log, &peer);
    if (first.n_banks) {
        unsigned before = differences.n_unexplained;

        compare_banks(name, log, &first, &peer);
        assert_int_not_equal(differences.n_unexplained, before);
    }
    first = replay;
}

static void another_boots_values_are_noticed(void **state)
{
    (void)state;
    differences.quiet = true;
    each_fixture(compare_with_other_boot);
}

static void the_table_forgives_what_it_names_and_grows_stale(void **state)
{
    struct differences small;

    (void)state;
    differences_init(&small, span_text("# comment\n"
                                       "fixture/a*\tPCR 0: *\twe\tbecause\n"
                                       "mutant/*\tgone\tneither\tbecause\n"));
    small.quiet = true;
    differences_see(&small, "fixture/abc", "PCR 0: other");
    assert_int_equal(small.n_explained, 1);
    differences_see(&small, "fixture/abc", "PCR 1: other");
    differences_see(&small, "fixture/xyz", "PCR 0: other");
    assert_int_equal(small.n_unexplained, 2);
    assert_int_equal(differences_stale(&small, "fixture"), 0);
    assert_int_equal(differences_stale(&small, "mutant"), 1);
    assert_int_equal(differences_stale(&small, "corpus"), 0);
    differences_done(&small);
}

static void each_word_that_differs_is_seen(void **state)
{
    static const struct {
        const char *ours, *peer;
        unsigned n_differences, n_facts;
    } CASES[] = {
        {"EventType: A\nBlobBase: 0x1\n", "EventType: A\nBlobBase: 0x1\n", 0, 2},
        {"EventType: A\nBlobBase: 0x1\n", "BlobBase: 0x1\nEventType: A\n", 0, 2},
        {"EventType: A\nBlobBase: 0x1\n", "EventType: B\nBlobBase: 0x2\n", 2, 2},
        {"EventType: A\nBlobBase: 0x1\n", "EventType: A\nBlobBase: 0x10\n", 1, 2},
        {"EventType: A\nBlobBase: 0x1\n", "EventType: A\n", 1, 2},
        {"EventType: A\nBlobBase: \n", "EventType: A\n", 1, 2},
        {"EventType: A\n", "EventType: A\nBlobBase: 0x1\n", 1, 2},
        {"EventType: A\n", "EventType: A\nBlob: 0x1\nBlobBase: 0x1\n", 2, 3},
    };

    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct differences none = {.quiet = true};

        event_facts_compare(&none, "fixture/a", CASES[i].ours, CASES[i].peer);
        assert_int_equal(none.n_unexplained, CASES[i].n_differences);
        assert_int_equal(none.n_facts, CASES[i].n_facts);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(recorded_boots_replay_alike, begin, end),
        cmocka_unit_test_setup_teardown(changed_logs_replay_alike, begin, end),
        cmocka_unit_test_setup_teardown(the_corpus_replays_alike, begin, end),
        cmocka_unit_test_setup_teardown(another_boots_values_are_noticed, begin, end),
        cmocka_unit_test(each_word_that_differs_is_seen),
        cmocka_unit_test(the_table_forgives_what_it_names_and_grows_stale),
    };
    static const char *const files[] = {"log", "stdout", "stderr"};
    struct error error;
    int failed;

    crypto = crypto_new(&error);
    if (!crypto || !mkdtemp(folder))
        return 1;
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    crypto_free(crypto);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char path[64];

        snprintf(path, sizeof path, "%s/%s", folder, files[i]);
        unlink(path);
    }
    rmdir(folder);
    return failed;
}
