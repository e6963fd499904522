/* The SQLite store: the conformance suite, and what only a file can do wrong. */
#include "conformance.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char directory[] = "/tmp/bootseal-store-XXXXXX";
static unsigned n_files;
static struct error error;

static const char *fresh(void)
{
    static char path[64];

    snprintf(path, sizeof path, "%s/%u.db", directory, n_files++);
    return path;
}

static void run_sql(const char *path, const char *sql)
{
    sqlite3 *db;

    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

static void a_newer_schema_is_refused(void **state)
{
    const char *path = fresh();
    struct store *store;

    (void)state;
    assert_true(store_open(path, &store, &error));
    assert_true(store_schema(store) >= 1);
    store_close(store);
    run_sql(path, "PRAGMA user_version = 9999");
    assert_false(store_open(path, &store, &error));
    assert_int_equal(error.code, ERROR_CONFLICT);
    assert_non_null(strstr(error.message, "9999"));
}

static void a_second_writer_is_refused(void **state)
{
    const char *path = fresh();
    struct store *store, *second;

    (void)state;
    assert_true(store_open(path, &store, &error));
    assert_false(store_open(path, &second, &error));
    assert_int_equal(error.code, ERROR_CONFLICT);
    store_close(store);
    assert_true(store_open(path, &second, &error));
    store_close(second);
}

static void the_file_is_private_and_no_garbage(void **state)
{
    const char *path = fresh();
    struct stat status;
    struct store *store;
    FILE *file;

    (void)state;
    umask(0);
    assert_true(store_open(path, &store, &error));
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    store_close(store);
    path = fresh();
    file = fopen(path, "w");
    for (int i = 0; i < 1000; i++)
        fputs("this is no database ", file);
    fclose(file);
    assert_false(store_open(path, &store, &error));
    assert_int_equal(error.code, ERROR_IO);
    assert_false(store_open("/nowhere/at/all.db", &store, &error));
}

/* The audit, documents and bindings stay as they are, whoever asks. */
static void what_is_final_cannot_be_changed(void **state)
{
    static const char *const CASES[] = {
        "UPDATE audit SET who = 'mallory'",  "DELETE FROM audit",
        "UPDATE documents SET text = x'00'", "DELETE FROM documents",
        "UPDATE bindings SET mode = 1",      "DELETE FROM bindings",
    };
    const char *path = fresh();
    struct store_document policy = {
        .kind = STORE_DOCUMENT_POLICY, .name = "a", .version = "1", .text = span_text("t")};
    struct store_binding binding = {.name = "default", .mode = STORE_BINDING_ENFORCE};
    struct store_audit audit = {.at_us = 1, .who = "alice", .what = "x"};
    struct store *store;
    struct store_txn *txn;
    sqlite3 *db;

    (void)state;
    assert_true(store_open(path, &store, &error));
    txn = store_begin(store);
    store_act_document_put(txn, &policy);
    store_act_binding_put(txn, &binding, 0);
    store_act_audit(txn, &audit);
    assert_int_equal(store_commit_wait(&txn).result, STORE_OK);
    store_close(store);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++)
        assert_int_equal(sqlite3_exec(db, CASES[i], NULL, NULL, NULL), SQLITE_CONSTRAINT);
    sqlite3_close(db);
}

/* Runs a migration's file as the program of its time did. */
static void run_migration(const char *path, unsigned number, const char *file)
{
    char name[256], version[64];
    FILE *stream;
    char *sql = calloc(1, 1 << 20);

    snprintf(name, sizeof name, "%s/%s", MIGRATIONS, file);
    stream = fopen(name, "r");
    assert_non_null(stream);
    assert_true(fread(sql, 1, (1 << 20) - 1, stream) > 0);
    fclose(stream);
    run_sql(path, sql);
    snprintf(version, sizeof version, "PRAGMA user_version = %u", number);
    run_sql(path, version);
    free(sql);
}

/* A database of the first schema with three policies, one of them active or none. */
static const char *of_first_schema(bool active)
{
    const char *path = fresh();

    run_migration(path, 1, "0001_first.sql");
    run_sql(path, "INSERT INTO hosts VALUES (zeroblob(32), 'web-1', x'01', x'', x'', x'', 2, 1, "
                  "'', '', '', '', x'', 5, 0, '', 0, '', '');"
                  "INSERT INTO host_states (host_id) VALUES (zeroblob(32));"
                  "INSERT INTO policies VALUES "
                  "('base', '9', randomblob(32), x'6131', 'alice', 10, 11),"
                  "('base', '10', randomblob(32), x'6132', 'bob', 20, 21),"
                  "('other', '1', randomblob(32), x'6133', 'carol', 30, 0)");
    if (active)
        run_sql(path, "INSERT INTO active_policy VALUES (1, 'base', '10')");
    return path;
}

/* Policies of the first schema become documents. */
static void policies_become_documents(void **state)
{
    struct arena arena = arena_init(100000);
    struct store_document document, *documents;
    struct store_binding *bindings;
    struct store_host host;
    struct store *store;
    bool found;
    size_t n;

    (void)state;
    assert_true(store_open(of_first_schema(false), &store, &error));
    assert_int_equal(store_schema(store), 4);
    assert_true(
        store_document_list(store, STORE_DOCUMENT_POLICY, NULL, &arena, &documents, &n, &error));
    assert_int_equal(n, 3);
    assert_true(store_document_get(store, STORE_DOCUMENT_POLICY, "base", NULL, &arena, &document,
                                   &found, &error));
    assert_true(found && span_is(document.text, "a2"));
    assert_string_equal(document.version, "10");
    assert_string_equal(document.created_by, "bob");
    assert_int_equal(document.created_s, 20);
    assert_true(store_binding_list(store, &arena, &bindings, &n, &error));
    assert_int_equal(n, 0);
    assert_true(store_host_get_by_name(store, "web-1", &arena, &host, &found, &error));
    assert_true(found);
    assert_string_equal(host.class_name, "");
    assert_int_equal(host.observed_verdict, 0);
    store_close(store);
    arena_done(&arena);
}

/* The active policy goes on being what every host must pass. */
static void the_active_policy_becomes_a_binding(void **state)
{
    struct arena arena = arena_init(100000);
    struct store_document document;
    struct store_binding binding;
    struct store *store;
    bool found;

    (void)state;
    assert_true(store_open(of_first_schema(true), &store, &error));
    assert_true(store_document_get(store, STORE_DOCUMENT_POLICY, "base", "10", &arena, &document,
                                   &found, &error));
    assert_true(found);
    assert_true(store_binding_get(store, "default", 0, &arena, &binding, &found, &error));
    assert_true(found);
    assert_int_equal(binding.revision, 1);
    assert_int_equal(binding.mode, STORE_BINDING_ENFORCE);
    assert_string_equal(binding.hosts, "*");
    assert_memory_equal(binding.document, document.sha256, sizeof document.sha256);
    assert_int_equal(binding.n_references, 0);
    assert_string_equal(binding.created_by, "bob");
    assert_int_equal(binding.created_s, 21);
    store_close(store);
    arena_done(&arena);
}

/* A damaged log is an error, never other bytes. */
static void a_damaged_log_is_noticed(void **state)
{
    const char *path = fresh();
    struct store_enrolment host = {
        .id = {1}, .name = "a", .ak_name = span_text("ak"), .state = STORE_HOST_ENROLLED};
    struct arena arena = arena_init(100000);
    uint8_t sha256[STORE_DIGEST_LEN] = {0}; /* not that of the content */
    struct store *store;
    struct store_txn *txn;
    struct span bytes;
    bool found;

    (void)state;
    assert_true(store_open(path, &store, &error));
    txn = store_begin(store);
    store_act_host_enrol(txn, &host, 1);
    store_act_log_put(txn, host.id, 1, sha256, span_text("content"));
    assert_int_equal(store_commit_wait(&txn).result, STORE_OK);
    assert_false(store_log_get(store, host.id, sha256, &arena, &bytes, &found, &error));
    assert_int_equal(error.code, ERROR_MALFORMED);
    store_close(store);
    arena_done(&arena);
}

/* --- Durability: a process that is killed while it writes --- */

static int acknowledged; /* the pipe on which the child tells what was promised */

static void promise(void *context, const struct store_outcome *outcome)
{
    uint32_t number = (uint32_t)(uintptr_t)context;

    if (outcome->result == STORE_OK && write(acknowledged, &number, sizeof number) != sizeof number)
        _exit(1);
}

/* The newest revision of the one binding; 0 without. */
static uint32_t bound(struct store *store)
{
    struct arena arena = arena_init(100000);
    struct store_binding binding = {0};
    bool found;

    if (!store_binding_get(store, "default", 0, &arena, &binding, &found, &error))
        _exit(1);
    arena_done(&arena);
    return found ? (uint32_t)binding.revision : 0;
}

/* Writes until it is killed: many transactions under way, four rows in each. */
_Noreturn static void write_for_ever(const char *path, uint32_t from)
{
    struct store *store;
    uint32_t revision;

    if (!store_open(path, &store, &error))
        _exit(1);
    revision = bound(store);
    for (uint32_t number = from;; number++) {
        struct store_txn *txn = store_begin(store);
        struct store_audit audit = {.at_us = number + 1, .who = "test", .what = "write"};
        struct store_token token = {.role = STORE_ROLE_VIEWER};
        struct store_document document = {.kind = STORE_DOCUMENT_POLICY, .version = "1"};
        struct store_binding binding = {.name = "default", .mode = STORE_BINDING_ENFORCE};
        char name[16];

        snprintf(name, sizeof name, "%u", (unsigned)number);
        audit.subject = token.name = document.name = name;
        memcpy(token.sha256, &number, sizeof number);
        memcpy(document.sha256, &number, sizeof number);
        memcpy(binding.document, &number, sizeof number);
        store_act_audit(txn, &audit);
        store_act_token_put(txn, &token);
        store_act_document_put(txn, &document);
        store_act_binding_put(txn, &binding, revision++);
        store_commit(&txn, promise, (void *)(uintptr_t)number);
        if (number % 16 == 0)
            usleep(500);
        store_dispatch(store);
    }
}

/* Every promised transaction is there, and every one that is there is whole. */
static uint32_t check(const char *path, const uint8_t *promised, uint32_t n)
{
    struct arena arena = arena_init(1024 * 1024);
    struct store *store;
    uint32_t present = 0;

    assert_true(store_open(path, &store, &error));
    for (uint32_t number = 0; number < n; number++) {
        uint8_t sha256[STORE_DIGEST_LEN] = {0};
        struct store_document document;
        struct store_token token;
        bool found, is_kept;

        memcpy(sha256, &number, sizeof number);
        assert_true(store_token_get(store, sha256, &arena, &token, &found, &error));
        assert_true(found || !promised[number]);
        assert_true(store_document_get_by_id(store, sha256, &arena, &document, &is_kept, &error));
        assert_int_equal(found, is_kept);
        present += found;
        arena_reset(&arena);
    }
    assert_int_equal(present, bound(store));
    store_close(store);
    arena_done(&arena);
    return present;
}

static unsigned count_audit(const char *path)
{
    sqlite3 *db;
    sqlite3_stmt *statement;
    unsigned n;

    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, "SELECT count(*) FROM audit", -1, &statement, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    n = (unsigned)sqlite3_column_int(statement, 0);
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return n;
}

static void acknowledged_writes_survive_sigkill(void **state)
{
    enum { ROUNDS = 5, MOST = 1 << 20 };
    char path[64];
    uint8_t *promised = calloc(MOST, 1);
    uint32_t next = 0;

    (void)state;
    snprintf(path, sizeof path, "%s", fresh());
    for (int round = 0; round < ROUNDS; round++) {
        uint32_t number, n_promised = 0;
        int pipes[2], status;
        pid_t child;

        assert_int_equal(pipe(pipes), 0);
        child = fork();
        if (child == 0) {
            close(pipes[0]);
            acknowledged = pipes[1];
            write_for_ever(path, next);
        }
        close(pipes[1]);
        usleep(150 * 1000 + (unsigned)round * 37 * 1000);
        kill(child, SIGKILL);
        waitpid(child, &status, 0);
        assert_true(WIFSIGNALED(status));
        while (read(pipes[0], &number, sizeof number) == sizeof number) {
            assert_true(number < MOST - 100000);
            promised[number] = 1;
            n_promised++;
            next = number + 1 > next ? number + 1 : next;
        }
        close(pipes[0]);
        assert_true(n_promised > 0);
        next += 100000 / ROUNDS; /* beyond what was under way without a promise */
        assert_int_equal(check(path, promised, next), count_audit(path));
    }
    free(promised);
}

static int remove_directory(void **state)
{
    static const char *const SUFFIXES[] = {"", "-wal", "-shm", ".lock"};
    char path[96];

    (void)state;
    for (unsigned i = 0; i < n_files; i++)
        for (size_t j = 0; j < 4; j++) {
            snprintf(path, sizeof path, "%s/%u.db%s", directory, i, SUFFIXES[j]);
            unlink(path);
        }
    return rmdir(directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_newer_schema_is_refused),
        cmocka_unit_test(a_second_writer_is_refused),
        cmocka_unit_test(the_file_is_private_and_no_garbage),
        cmocka_unit_test(what_is_final_cannot_be_changed),
        cmocka_unit_test(policies_become_documents),
        cmocka_unit_test(the_active_policy_becomes_a_binding),
        cmocka_unit_test(a_damaged_log_is_noticed),
        cmocka_unit_test(acknowledged_writes_survive_sigkill),
    };
    int failed;

    if (!mkdtemp(directory))
        return 1;
    failed = conformance_run(fresh);
    return failed + cmocka_run_group_tests(tests, NULL, remove_directory);
}
