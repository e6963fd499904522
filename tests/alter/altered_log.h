/* A real event log taken apart, changed, and put together again with digests that fit: states of a
 * host that no recorded log shows, as its TPM would have measured them.
 *
 * What a change does to an event's data it does to the event's digests, in every bank, by the rule
 * that the event followed before (the whole data, the variable's contents). An event whose digests
 * are of something that is not in the log keeps them. Relabelling an event (type, PCR, place) leaves
 * data and digests alone: no digest covers these. Everything is kept in an arena. */
#ifndef BOOTSEAL_TESTS_ALTER_ALTERED_LOG_H
#define BOOTSEAL_TESTS_ALTER_ALTERED_LOG_H

#include "base/arena.h"
#include "crypto/crypto.h"
#include "verify/replay.h"

struct altered_digest {
    uint16_t alg;
    size_t len;
    uint8_t bytes[LIMIT_TPM_DIGEST_LEN];
};

struct altered_event {
    uint32_t pcr, type;
    struct altered_digest digests[LIMIT_EVENTLOG_BANKS];
    size_t n_digests;
    struct span data;
};

struct altered_log {
    struct crypto *crypto;
    struct arena arena;
    enum eventlog_format format;
    struct altered_event *events; /* the header is event 0, as everywhere */
    size_t n_events, room;
};

/* Takes the log apart; altered_log_done gives the memory back, also after a failure. Fill bytes
 * behind the last event are left out. */
bool altered_log_read(struct altered_log *log, struct crypto *crypto, struct span bytes,
                      struct error *error) MUST_CHECK;
void altered_log_done(struct altered_log *log);

/* The changed log, in its arena, and what its replay leads to in every bank. */
bool altered_log_write(struct altered_log *log, struct span *bytes, struct error *error) MUST_CHECK;
bool altered_log_replay(struct altered_log *log, struct replay *replay,
                        struct error *error) MUST_CHECK;

/* Replaces an event's data. */
bool altered_log_set_data(struct altered_log *log, size_t event, struct span data,
                          struct error *error) MUST_CHECK;

/* Makes the digests those of these bytes, whatever the data say. */
bool altered_log_set_measured(struct altered_log *log, size_t event, struct span measured,
                              struct error *error) MUST_CHECK;

/* Adds an event before another one (n_events: at the end). Its digests are those of its data, in the
 * banks that the event before it carries. */
bool altered_log_insert(struct altered_log *log, size_t before, uint32_t pcr, uint32_t type,
                        struct span data, struct error *error) MUST_CHECK;

/* An exact second one right behind the event. */
bool altered_log_duplicate(struct altered_log *log, size_t event, struct error *error) MUST_CHECK;
bool altered_log_remove(struct altered_log *log, size_t event, struct error *error) MUST_CHECK;
bool altered_log_swap(struct altered_log *log, size_t first, size_t second,
                      struct error *error) MUST_CHECK;

/* The index behind the first separator of a PCR; false when there is none. */
bool altered_log_after_separator(const struct altered_log *log, uint32_t pcr, size_t *index,
                                 struct error *error) MUST_CHECK;

/* --- Windows records (wire/sipa.h) --- */

/* Names a record by its id; nth counts from 1 within one event, 0 means each of them. */
struct altered_record {
    uint32_t id;
    size_t nth;
};

enum { ALTERED_EVERYWHERE = -1 }; /* every Windows event of PCR 12-14 and 17-22 */

/* The three below take an event's index or ALTERED_EVERYWHERE and fail with ERROR_NOT_FOUND when
 * they found nothing to change. */

/* Replaces a record's payload. */
bool altered_log_set_record(struct altered_log *log, long event, struct altered_record record,
                            struct span payload, struct error *error) MUST_CHECK;

/* The same with a number of the size that the record has. */
bool altered_log_set_number(struct altered_log *log, long event, struct altered_record record,
                            uint64_t value, struct error *error) MUST_CHECK;

/* Adds a record as the last one of a container; of the event itself when container.id is 0. */
bool altered_log_add_record(struct altered_log *log, long event, struct altered_record container,
                            uint32_t id, struct span payload, struct error *error) MUST_CHECK;
bool altered_log_remove_record(struct altered_log *log, long event, struct altered_record record,
                               struct error *error) MUST_CHECK;

#endif
