/* The log: what the programs tell an operator while they run.
 *
 * One logfmt line per event on standard error, which systemd's journal keeps: level, event (a
 * stable word such as "host.attested"), then fields in the caller's order. With journald on the
 * other end each line starts with the <N> priority prefix and has no time; else it starts with
 * ts=. Values are escaped, so that a host's text can never start a line of its own. Secrets never
 * go in: callers give names and digests, not credentials, tokens, keys or bodies.
 *
 * One line is one write(2), so lines of several processes and threads don't mix. */
#ifndef BOOTSEAL_LOG_LOG_H
#define BOOTSEAL_LOG_LOG_H

#include "base/error.h"
#include "base/span.h"

enum log_level {
    LOG_LEVEL_NONE = 0,
    LOG_LEVEL_ERROR,
    LOG_LEVEL_WARNING,
    LOG_LEVEL_INFO,
    LOG_LEVEL_DEBUG,
};

/* The longest line in bytes, newline included. What does not fit is cut and marked truncated=1. */
enum { LOG_LINE_LEN = 2048 };

/* Field names, in one place so that the same thing has the same name in every program. */
#define LOG_HOST       "host"    /* host name */
#define LOG_HOST_ID    "host_id" /* hex */
#define LOG_PEER       "peer"    /* address and port */
#define LOG_REQUEST    "request_id"
#define LOG_ROUTE      "route"
#define LOG_STATUS     "status"
#define LOG_DURATION   "duration_us"
#define LOG_VERDICT    "verdict"
#define LOG_REASON     "reason"
#define LOG_ERROR      "error" /* error_print's text */
#define LOG_ERROR_CODE "error_code"
#define LOG_FILE       "file"
#define LOG_PROCESS    "process"
#define LOG_USER       "user" /* name of an API token or person, never its secret */
#define LOG_COUNT      "count"

enum log_value_kind { LOG_VALUE_END = 0, LOG_VALUE_TEXT, LOG_VALUE_INT, LOG_VALUE_HEX };

struct log_field {
    enum log_value_kind kind;
    const char *name;
    const char *text; /* NULL is written as empty */
    int64_t number;
    struct span bytes;
};

/* Builders for log_event's fields. */
#define log_text(field_name, value)                                                                \
    ((struct log_field){.kind = LOG_VALUE_TEXT, .name = (field_name), .text = (value)})
#define log_int(field_name, value)                                                                 \
    ((struct log_field){.kind = LOG_VALUE_INT, .name = (field_name), .number = (value)})
#define log_hex(field_name, value)                                                                 \
    ((struct log_field){.kind = LOG_VALUE_HEX, .name = (field_name), .bytes = (value)})

/* Sets the program's (or process's) name, which every line carries, and the least urgent level
 * that is written. program is static text. Before the first call: "bootseal" and INFO. Not for
 * threads; call it at start. */
void log_init(const char *program, enum log_level level);

/* Writes one event. Fields end with the first of kind LOG_VALUE_END; use the macros below. Never
 * fails; what cannot be written is lost. Keeps errno. */
void log_event_fields(enum log_level level, const char *event, const struct log_field *fields);

#define log_event(level, event, ...)                                                               \
    log_event_fields(level, event,                                                                 \
                     (const struct log_field[]){__VA_ARGS__ __VA_OPT__(, ){.kind = 0}})
#define log_error(event, ...)   log_event(LOG_LEVEL_ERROR, event, __VA_ARGS__)
#define log_warning(event, ...) log_event(LOG_LEVEL_WARNING, event, __VA_ARGS__)
#define log_info(event, ...)    log_event(LOG_LEVEL_INFO, event, __VA_ARGS__)
#define log_debug(event, ...)   log_event(LOG_LEVEL_DEBUG, event, __VA_ARGS__)

/* Writes the event with the error's text and code as fields. */
void log_failure(enum log_level level, const char *event, const struct error *error);

/* "error", "warning", "info", "debug"; LOG_LEVEL_NONE for anything else. */
enum log_level log_level_by_name(const char *name);

/* The line that log_event would write, newline included, for tests and other sinks. Returns its
 * length, at most LOG_LINE_LEN. now_us is Unix time; negative: no ts field. */
size_t log_format(char line[LOG_LINE_LEN], const char *program, int64_t now_us,
                  enum log_level level, const char *event, const struct log_field *fields);

#endif
