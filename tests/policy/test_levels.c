/* The shipped levels against levels.tsv: what each feature comes to on hosts made up by their claims,
 * on real logs, and on real logs altered. A line:
 *
 *   host  changes  feature  state in recommended-baseline  state in secured-core
 *
 * host is "linux" or "windows", which meet everything, or a log below the folder that BOOTSEAL_CORPUS
 * names, or with "fixture:" before it a boot of tests/fixtures; taken as if a quote had proven all of it,
 * with "bare:" before it as if none had. changes are claims ("vbs.enabled=false@reported",
 * "boot.images=[]") or, for a log, Windows records ("OSKERNELDEBUG=1") or, of a boot by GRUB, what is
 * added to the kernel command line ("+kgdboc=ttyS0"), joined by "; ". The feature "*" is the level as a whole; the state "-" says that
 * the level does not have it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "alter/altered_log.h"
#include "policy/features.h"
#include "support/corpus.h"
#include "wire/sipa.h"

enum { LINE_COLUMNS = 5, N_LEVELS = 2 };

static const char *const LEVELS[N_LEVELS] = {"recommended-baseline", "secured-core"};

static struct crypto *crypto;
static struct arena policies_arena;
static struct policy *policies[N_LEVELS];

struct host {
    struct arena arena;
    struct claims claims;
    struct span file; /* of a host that is a log, as is the next */
    struct altered_log log;
};

/* --- Claims by their text --- */

static void set_claim(struct host *host, const char *change)
{
    const char *equals = strchr(change, '='), *at = strrchr(change, '@');
    struct span name = span_of(change, equals ? (size_t)(equals - change) : 0);
    enum claim_id id = claim_by_name(name);
    struct claim *claim = &host->claims.claims[id];
    char *value;

    if (!equals || id == CLAIM_IDS)
        fail_msg("no claim: %s", change);
    value = arena_text(&host->arena,
                       span_of(equals + 1, at ? (size_t)(at - equals) - 1 : strlen(equals + 1)));
    *claim = (struct claim){.known = strcmp(value, "unknown") != 0,
                            .is_true = strcmp(value, "true") == 0,
                            .text = value,
                            .grade = CLAIM_ATTESTED};
    for (int grade = CLAIM_UNPROVEN; at && grade <= CLAIM_ATTESTED; grade++)
        if (strcmp(at + 1, claim_grade_name((enum claim_grade)grade)) == 0)
            claim->grade = (enum claim_grade)grade;
    if (claim_type(id) == CLAIM_LIST && strlen(value) > 2) { /* "[one item]" */
        value[strlen(value) - 1] = '\0';
        claim->items = arena_new(&host->arena, struct claim_item);
        claim->n_items = 1;
        *claim->items = (struct claim_item){.kind = CLAIM_ITEM_TEXT,
                                            .event = REASON_NO_EVENT,
                                            .pcr = REASON_NO_PCR,
                                            .bytes = span_text(value + 1)};
    }
}

static void set_claims(struct host *host, const char *changes)
{
    char *rest = arena_text(&host->arena, span_text(changes)), *next;

    for (; rest; rest = next) {
        next = strstr(rest, "; ");
        if (next) {
            *next = '\0';
            next += 2;
        }
        set_claim(host, rest);
    }
}

/* Hosts that meet every feature of both levels. */
static void make_host(struct host *host, bool windows)
{
    set_claims(host, "log.complete=true; boot.images=[image]; tpm.version=2.0; boot.shim=true; "
                     "secure_boot.enabled=true; secure_boot.test_keys=false; "
                     "secure_boot.shim_validation=true; debug.firmware=false; debug.kernel=false; "
                     "firmware.warnings=[]; drtm.launched=true; "
                     "hardware.certified_level=secured-core@reported");
    if (windows)
        set_claims(host, "boot.operating_system=windows; boot.shim=false; debug.boot=false; "
                         "secure_boot.shim_validation=unknown; hypervisor.enabled=true; "
                         "debug.hypervisor=false; signing.test=false; signing.flight=false; "
                         "boot.safe_mode=false; boot.winpe=false; memory.nx_policy=opt-in; "
                         "code_integrity.enabled=true; "
                         "boot.modules_validated=true; dma_protection.boot=true; "
                         "vbs.enabled=true; code_integrity.hvci=true");
    else
        set_claims(host, "boot.operating_system=linux; kernel.init=default; "
                         "boot.rescue_shell=false; kernel.mitigations_disabled=false; "
                         "ima.appraise=enforce; ima.policy=appraise_tcb; "
                         "dma_protection.firmware=true@reported; "
                         "dma_protection.runtime=true@reported; kernel.lockdown=integrity; "
                         "kernel.module_signatures=true; kernel.kexec_signatures=true");
}

/* --- Logs --- */

static uint32_t record_id(const char *name, size_t len)
{
    static const struct {
        const char *name;
        uint32_t id;
    } RECORDS[] = {
#define SIPA(symbol, id, ...) {#symbol, id},
#include "wire/sipa.def"
#undef SIPA
    };

    for (size_t i = 0; i < sizeof RECORDS / sizeof *RECORDS; i++)
        if (span_is(span_of(name, len), RECORDS[i].name))
            return RECORDS[i].id;
    fail_msg("no record %s", name);
    return 0;
}

/* GRUB logs the line behind a prefix that is not measured: as its command, and as what the kernel got. */
static void add_parameters(struct host *host, const char *parameters)
{
    static const char *const PREFIXES[] = {"grub_cmd: ", "kernel_cmdline: "};
    size_t n_changed = 0;
    struct error error;

    for (size_t i = 0; i < host->log.n_events; i++)
        for (size_t k = 0; k < sizeof PREFIXES / sizeof *PREFIXES; k++) {
            struct span data = host->log.events[i].data, prefix = span_text(PREFIXES[k]);
            const char *line;

            if (host->log.events[i].pcr != 8 || !span_begins(data, prefix) ||
                !memmem(data.data, data.len, "/vmlinuz ", 9))
                continue;
            line = arena_printf(&host->arena, "%.*s %s",
                                (int)strnlen((const char *)data.data, data.len),
                                (const char *)data.data, parameters);
            assert_true(altered_log_set_data(&host->log, i, span_text(line), &error));
            assert_true(
                altered_log_set_measured(&host->log, i, span_text(line + prefix.len), &error));
            n_changed++;
        }
    assert_int_equal(n_changed, 2);
}

static void alter(struct altered_log *log, const char *changes)
{
    for (const char *change = changes; change && *change != '-'; change = strstr(change, "; ")) {
        const char *name = *change == ';' ? change + 2 : change;
        const char *equals = strchr(name, '=');
        struct altered_record record = {.id = record_id(name, (size_t)(equals - name))};
        struct error error;

        if (!altered_log_set_number(log, ALTERED_EVERYWHERE, record, strtoull(equals + 1, NULL, 10),
                                    &error))
            fail_msg("%s: %s", change, error.message);
        change = name;
    }
}

static void read_log(struct host *host, const char *path, const char *changes, bool quoted)
{
    static const uint16_t BANKS[] = {TPM_ALG_SHA256, TPM_ALG_SHA384, TPM_ALG_SHA1};
    struct span bytes;
    struct reasons *reasons = arena_new(&host->arena, struct reasons);
    struct measured_log log;
    struct claims_input input = {
        .log = &log, .attested_pcrs = quoted ? UINT32_MAX : 0, .crypto = crypto};
    struct error error = {0};
    bool read = false;

    host->file = corpus_read(path);
    if (!altered_log_read(&host->log, crypto, host->file, &error))
        fail_msg("%s: %s", path, error.message);
    if (*changes == '+')
        add_parameters(host, changes + 1);
    else
        alter(&host->log, changes);
    assert_true(altered_log_write(&host->log, &bytes, &error));
    for (size_t i = 0; i < sizeof BANKS / sizeof *BANKS && !read; i++)
        read = measured_log_read(crypto, bytes, BANKS[i], &host->arena, &log, &error);
    assert_true(read);
    assert_true(claims_collect(&input, &host->arena, &host->claims, reasons, &error));
}

/* --- The table --- */

static const char *state_in(const struct feature_table *table, const char *feature)
{
    if (strcmp(feature, "*") == 0)
        return feature_state_name(table->state);
    for (size_t i = 0; i < table->n_features; i++)
        if (strcmp(table->features[i].name, feature) == 0)
            return feature_state_name(table->features[i].state);
    return "-";
}

/* The path of the log that a line names; NULL when it is below a folder that is not there. */
static const char *log_path(struct host *host, const char *name)
{
    static const char FIXTURE[] = "fixture:";
    const char *corpus = getenv("BOOTSEAL_CORPUS");

    if (strncmp(name, FIXTURE, strlen(FIXTURE)) == 0)
        return arena_printf(&host->arena, "%s/tests/fixtures/%s/eventlog.bin",
                            getenv("BOOTSEAL_SOURCE_ROOT"), name + strlen(FIXTURE));
    return corpus ? arena_printf(&host->arena, "%s/%s", corpus, name) : NULL;
}

/* False when the line needs a log and there is none. */
static bool prepare(struct host *host, const char *name, const char *changes)
{
    bool quoted = strncmp(name, "bare:", 5) != 0;
    const char *path = log_path(host, quoted ? name : name + 5);

    if (strcmp(name, "linux") == 0 || strcmp(name, "windows") == 0) {
        make_host(host, *name == 'w');
        if (strcmp(changes, "-") != 0)
            set_claims(host, changes);
        return true;
    }
    if (!path)
        return false;
    read_log(host, path, changes, quoted);
    return true;
}

static size_t check_line(size_t number, char *columns[LINE_COLUMNS])
{
    struct host host = {.arena = arena_init((size_t)64 << 20)};
    bool prepared = prepare(&host, columns[0], columns[1]);
    size_t n_wrong = 0;

    for (size_t i = 0; prepared && i < N_LEVELS; i++) {
        struct feature_table table;
        const char *state;
        struct error error;

        assert_true(
            features_evaluate(policies[i], crypto, &host.claims, &host.arena, &table, &error));
        state = state_in(&table, columns[2]);
        if (strcmp(state, columns[3 + i]) == 0)
            continue;
        n_wrong++;
        print_error("levels.tsv:%zu: %s, %s: %s is %s in %s, not %s\n", number, columns[0],
                    columns[1], columns[2], state, LEVELS[i], columns[3 + i]);
    }
    altered_log_done(&host.log);
    corpus_free(host.file);
    arena_done(&host.arena);
    return n_wrong;
}

static void the_levels_say_what_the_table_says(void **state)
{
    const char *root = getenv("BOOTSEAL_SOURCE_ROOT");
    char path[512], line[1024];
    size_t number = 0, n_wrong = 0;
    FILE *file;

    (void)state;
    snprintf(path, sizeof path, "%s/tests/policy/levels.tsv", root);
    file = fopen(path, "r");
    assert_non_null(file);
    while (fgets(line, sizeof line, file)) {
        char *columns[LINE_COLUMNS], *rest = line;
        size_t n_columns = 0;

        number++;
        line[strcspn(line, "\n")] = '\0';
        if (*line == '#' || !*line)
            continue;
        while (n_columns < LINE_COLUMNS && rest)
            columns[n_columns++] = strsep(&rest, "\t");
        if (n_columns != LINE_COLUMNS || rest)
            fail_msg("levels.tsv:%zu has other than five columns", number);
        n_wrong += check_line(number, columns);
    }
    fclose(file);
    assert_true(number > 0);
    assert_int_equal(n_wrong, 0);
}

static int setup(void **state)
{
    const char *root = getenv("BOOTSEAL_SOURCE_ROOT");
    struct policy_position position;
    struct error error;

    (void)state;
    crypto = crypto_new(&error);
    policies_arena = arena_init((size_t)16 << 20);
    for (size_t i = 0; i < N_LEVELS; i++) {
        struct span text = corpus_read(
            arena_printf(&policies_arena, "%s/data/policies/%s.policy", root, LEVELS[i]));
        char *kept = arena_text(&policies_arena, text);

        corpus_free(text);
        if (!policy_compile(&(struct policy_sources){.text = span_text(kept)}, &policies_arena,
                            &policies[i], &position, &error))
            fail_msg("%s:%zu:%zu: %s", LEVELS[i], position.line, position.column, error.message);
    }
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_done(&policies_arena);
    crypto_free(crypto);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_levels_say_what_the_table_says)};

    return cmocka_run_group_tests(tests, setup, teardown);
}
