/* One measured event in words that an operator understands.
 *
 * The command line's show, diff and explain use it, and every reason that names an event. Whatever
 * a host wrote comes out printable. Says what is known from bytes that the digest covers and what
 * is only a hint; never judges. */
#ifndef BOOTSEAL_CLAIMS_DESCRIBE_H
#define BOOTSEAL_CLAIMS_DESCRIBE_H

#include "verify/measured_log.h"

struct event_description {
    const char *component; /* "Secure Boot variable db", "shim", "kernel command line"... */
    const char *summary;   /* contents decoded: certificates by subject, paths, digests; or "" */
    const char *key;       /* equal for the same component in two logs; repeats within one log */
    bool proven;           /* the digest covers what the summary says */
    const char *caveat;    /* what the digest does not cover, in words; NULL: it covers all */
};

/* What an event measures, without decoding its contents: cheap. log->events[index] must exist. The
 * text is static or in the arena; NULL when the arena is full. */
const char *event_component(const struct measured_log *log, size_t index, struct arena *arena);

/* Describes log->events[index]. Certificates are named by subject with crypto, or by
 * fingerprintless kind and length when crypto is NULL. Texts are static or in the arena. Event data
 * that cannot be decoded is described as such; fails only for memory. */
bool event_describe(const struct measured_log *log, size_t index, struct crypto *crypto,
                    struct arena *arena, struct event_description *description,
                    struct error *error) MUST_CHECK;

/* "Intel TXT", "AMD SKINIT", "AMD Secure Launch", "Arm DRTM" or "unknown": how the dynamic launch was
 * made that the log claims, going by event types, which no digest covers. NULL when it claims none. */
const char *launch_technology(const struct measured_log *log);

/* One record of those that Windows measures (wbcl.h), as it stands in the event's nest. */
struct event_record {
    size_t depth; /* 0: not in a container */
    uint32_t id;
    const char *name;    /* "WINPE"; "0x00057777" when nobody here knows it */
    const char *meaning; /* in words; or NULL */
    const char *value;   /* decoded: "no", "2021-04-08 sha256:..."; NULL for a container */
    bool container;
    bool measured; /* false: Windows says that no digest covers it */
};

struct event_records {
    struct event_record *records; /* in the arena; containers before what they hold */
    size_t n_records;
    const char *broken; /* where the records stop making sense, and why; or NULL */
};

/* True for an event that holds such records: one of Windows, of its dynamic launch, or of a quote that
 * it made of itself and that nothing vouches for. */
bool event_holds_records(const struct eventlog_event *event);

/* The records of log->events[index]; none for other events. Texts are static or in the arena. Fails
 * only for memory. */
bool event_records(const struct measured_log *log, size_t index, struct crypto *crypto,
                   struct arena *arena, struct event_records *records,
                   struct error *error) MUST_CHECK;

#endif
