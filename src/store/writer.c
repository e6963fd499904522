/* The one writer: takes all transactions that wait, does each whole or not at all, and makes them
 * durable with one commit. Owns the writing connection and the queue. Must never tell an outcome
 * before the commit that holds it has returned. */
#include "store/internal.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

static void fail(struct store_txn *txn, const struct error *error)
{
    txn->outcome.result = STORE_FAILED;
    txn->outcome.error = *error;
}

/* Every act in order; the first that cannot be done decides. */
static void apply(struct db *db, struct store_txn *txn)
{
    size_t n = 0;

    for (const struct act *act = txn->first; act; act = act->next, n++) {
        enum store_result result = act->refused ? act->refused : act_apply(db, act, &txn->outcome);

        if (result == STORE_OK)
            continue;
        txn->outcome.result = result;
        txn->outcome.act = n;
        if (result == STORE_FAILED)
            db_error(db, &txn->outcome.error, "the database failed");
        return;
    }
    txn->outcome.result = STORE_OK;
}

/* False when the batch's own transaction is gone (disk full, I/O error). */
static bool apply_in_savepoint(struct db *db, struct store_txn *txn)
{
    if (txn->failed) {
        error_plain(&txn->outcome.error, ERROR_MEMORY, "not enough memory for a transaction");
        txn->outcome.result = STORE_FAILED;
        return true;
    }
    if (db_run(db, "SAVEPOINT one", "") != DB_DONE)
        return false;
    apply(db, txn);
    if (sqlite3_get_autocommit(db->handle))
        return false;
    if (txn->outcome.result != STORE_OK && db_run(db, "ROLLBACK TO one", "") != DB_DONE)
        return false;
    return db_run(db, "RELEASE one", "") == DB_DONE;
}

static void do_batch(struct db *db, struct store_txn *batch)
{
    struct error error;
    bool good = db_run(db, "BEGIN IMMEDIATE", "") == DB_DONE;

    for (struct store_txn *txn = batch; txn && good; txn = txn->next)
        good = apply_in_savepoint(db, txn);
    good = good && db_run(db, "COMMIT", "") == DB_DONE;
    if (good)
        return;
    db_error(db, &error, "the database failed");
    if (!sqlite3_get_autocommit(db->handle))
        db_run(db, "ROLLBACK", "");
    for (struct store_txn *txn = batch; txn; txn = txn->next)
        fail(txn, &error);
}

/* Those that wait are woken, the others go to the list that store_dispatch tells from. */
static void hand_back(struct store *store, struct store_txn *batch)
{
    uint64_t one = 1;

    pthread_mutex_lock(&store->lock);
    while (batch) {
        struct store_txn *next = batch->next;

        batch->next = NULL;
        if (batch->waited_for) {
            batch->done_flag = true;
        } else {
            *store->done_end = batch;
            store->done_end = &batch->next;
        }
        batch = next;
    }
    pthread_cond_broadcast(&store->finished);
    pthread_mutex_unlock(&store->lock);
    if (write(store->event_fd, &one, sizeof one) != sizeof one)
        abort(); /* only a bug of ours can make an eventfd refuse */
}

static void *run_writer(void *context)
{
    struct store *store = context;

    for (;;) {
        struct store_txn *batch;

        pthread_mutex_lock(&store->lock);
        while (!store->queue && !store->stopping)
            pthread_cond_wait(&store->work, &store->lock);
        batch = store->queue;
        store->queue = NULL;
        store->queue_end = &store->queue;
        pthread_mutex_unlock(&store->lock);
        if (!batch)
            return NULL;
        do_batch(&store->writer, batch);
        hand_back(store, batch);
    }
}

bool writer_start(struct store *store, struct error *error)
{
    int result;

    store->queue_end = &store->queue;
    store->done_end = &store->done;
    store->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (store->event_fd < 0)
        return error_plain(error, ERROR_IO, "cannot make an eventfd: %s", strerror(errno));
    result = pthread_create(&store->thread, NULL, run_writer, store);
    if (result != 0)
        return error_plain(error, ERROR_IO, "cannot start the writer: %s", strerror(result));
    store->thread_started = true;
    return true;
}

void writer_stop(struct store *store)
{
    if (!store->thread_started)
        return;
    pthread_mutex_lock(&store->lock);
    store->stopping = true;
    pthread_cond_signal(&store->work);
    pthread_mutex_unlock(&store->lock);
    pthread_join(store->thread, NULL);
    store->thread_started = false;
}

static void enqueue(struct store *store, struct store_txn *txn)
{
    *store->queue_end = txn;
    store->queue_end = &txn->next;
    pthread_cond_signal(&store->work);
}

void store_commit(struct store_txn **txn, store_done_fn *done, void *context)
{
    struct store_txn *taken = *txn;

    *txn = NULL;
    taken->done = done;
    taken->context = context;
    pthread_mutex_lock(&taken->store->lock);
    enqueue(taken->store, taken);
    pthread_mutex_unlock(&taken->store->lock);
}

struct store_outcome store_commit_wait(struct store_txn **txn)
{
    struct store_txn *taken = *txn;
    struct store *store = taken->store;
    struct store_outcome outcome;

    *txn = NULL;
    taken->waited_for = true;
    pthread_mutex_lock(&store->lock);
    enqueue(store, taken);
    while (!taken->done_flag)
        pthread_cond_wait(&store->finished, &store->lock);
    pthread_mutex_unlock(&store->lock);
    outcome = taken->outcome;
    store_abandon(taken);
    return outcome;
}

int store_fd(const struct store *store)
{
    return store->event_fd;
}

size_t store_dispatch(struct store *store)
{
    struct store_txn *done, *next;
    uint64_t count;
    size_t n = 0;

    if (read(store->event_fd, &count, sizeof count) < 0 && errno != EAGAIN)
        abort();
    pthread_mutex_lock(&store->lock);
    done = store->done;
    store->done = NULL;
    store->done_end = &store->done;
    pthread_mutex_unlock(&store->lock);
    for (; done; done = next, n++) {
        next = done->next;
        if (done->done)
            done->done(done->context, &done->outcome);
        store_abandon(done);
    }
    return n;
}
