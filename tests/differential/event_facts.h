/* What is said of one event of a log, as lines of "word: value" in the words of tpm2_eventlog: by
 * our decoders, and by the YAML that the peer printed. */
#ifndef BOOTSEAL_TESTS_DIFFERENTIAL_EVENT_FACTS_H
#define BOOTSEAL_TESTS_DIFFERENTIAL_EVENT_FACTS_H

#include <stdio.h>

#include "differences.h"
#include "wire/eventlog.h"

/* Our facts of an event. The caller frees the text. */
char *event_facts(const struct eventlog_event *event);

/* The peer's YAML, event after event. */
struct peer_yaml {
    FILE *file;
    char *line; /* owned; the one that was read last */
    size_t line_cap;
    bool ended;
};

/* Opens what peer_replay left in folder. */
void peer_yaml_open(struct peer_yaml *yaml, const char *folder);
void peer_yaml_close(struct peer_yaml *yaml);

/* The peer's facts of the next event, or NULL behind the last one. The caller frees the text. */
char *peer_yaml_next(struct peer_yaml *yaml);

/* Sees each word that only one of the two says, or of which they say different values. */
void event_facts_compare(struct differences *differences, const char *input, const char *ours,
                         const char *peer);

/* Holds each event of the log against what the peer printed to folder. Of a peer that did not come
 * to the end of the log, the last event is left out: it may have been on its way. */
void event_facts_compare_log(struct differences *differences, const char *input, struct span log,
                             const char *folder, bool peer_replayed);

#endif
