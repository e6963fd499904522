/* Errors: "the work could not be done". Not a finding about a host (see base/reason.h).
 *
 * Every fallible function returns bool, must be checked, leaves its outputs untouched when it
 * returns false, and then has filled in *error. Callers pass a real struct, never NULL. */
#ifndef BOOTSEAL_BASE_ERROR_H
#define BOOTSEAL_BASE_ERROR_H

#include <stdbool.h>
#include <stddef.h>

#define MUST_CHECK __attribute__((warn_unused_result))
#define PRINTF_LIKE(format_index, first_argument)                                                  \
    __attribute__((format(printf, format_index, first_argument)))

enum error_code {
    ERROR_NONE = 0,
    ERROR_TRUNCATED,   /* the input ends before the structure does */
    ERROR_TRAILING,    /* bytes are left after the structure's end */
    ERROR_LIMIT,       /* a quantity is over its cap in base/limits.h */
    ERROR_MALFORMED,   /* a value that the clause forbids */
    ERROR_UNSUPPORTED, /* legal, but not something Bootseal handles */
    ERROR_CRYPTO,      /* the crypto library refused */
    ERROR_MEMORY,      /* an allocation or arena failed */
    ERROR_IO,          /* edges only: file, socket, device */
    ERROR_USAGE,       /* edges only: wrong option, configuration, policy text */
    ERROR_DENIED,      /* not permitted, or not by whom or when it must be */
    ERROR_NOT_FOUND,   /* edges only */
    ERROR_CONFLICT,    /* what is there already stands against it */
};

#define ERROR_NO_OFFSET ((size_t)-1)

struct error {
    enum error_code code;
    size_t offset;      /* byte in the input the caller gave, or ERROR_NO_OFFSET */
    const char *clause; /* static text: specification and section, or NULL */
    char message[224];  /* one sentence, no full stop, no newline, printable */
};

/* Fills in *error and returns false, so that callers can write: return error_set(...). */
bool error_set(struct error *error, enum error_code code, size_t offset, const char *clause,
               const char *format, ...) PRINTF_LIKE(5, 6);

/* For errors that belong to no byte of an input. */
#define error_plain(error, code, ...) error_set(error, code, ERROR_NO_OFFSET, NULL, __VA_ARGS__)

/* Stable lower-case name of a code: "truncated", "limit"... */
const char *error_code_name(enum error_code code);

/* Writes "message (byte 1234, TCG PFP 10.2.1)" into text; always terminated. Returns text. */
const char *error_print(const struct error *error, char *text, size_t text_len);

#endif
