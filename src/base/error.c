#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>

bool error_set(struct error *error, enum error_code code, size_t offset, const char *clause,
               const char *format, ...)
{
    va_list arguments;

    error->code = code;
    error->offset = offset;
    error->clause = clause;
    va_start(arguments, format);
    vsnprintf(error->message, sizeof error->message, format, arguments);
    va_end(arguments);
    return false;
}

const char *error_code_name(enum error_code code)
{
    static const char *const NAMES[] = {
        [ERROR_NONE] = "none",
        [ERROR_TRUNCATED] = "truncated",
        [ERROR_TRAILING] = "trailing",
        [ERROR_LIMIT] = "limit",
        [ERROR_MALFORMED] = "malformed",
        [ERROR_UNSUPPORTED] = "unsupported",
        [ERROR_CRYPTO] = "crypto",
        [ERROR_MEMORY] = "memory",
        [ERROR_IO] = "io",
        [ERROR_USAGE] = "usage",
        [ERROR_DENIED] = "denied",
        [ERROR_NOT_FOUND] = "not_found",
        [ERROR_CONFLICT] = "conflict",
    };

    return NAMES[code];
}

const char *error_print(const struct error *error, char *text, size_t text_len)
{
    bool has_offset = error->offset != ERROR_NO_OFFSET;

    if (has_offset && error->clause)
        snprintf(text, text_len, "%s (byte %zu, %s)", error->message, error->offset, error->clause);
    else if (has_offset)
        snprintf(text, text_len, "%s (byte %zu)", error->message, error->offset);
    else if (error->clause)
        snprintf(text, text_len, "%s (%s)", error->message, error->clause);
    else
        snprintf(text, text_len, "%s", error->message);
    return text;
}
