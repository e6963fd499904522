/* Writes log lines. Owns the program's name and level, set once at start; trusts no value: what a
 * host sent is escaped. Must never write a value raw, fail its caller or write two lines as one. */
#include "log/log.h"

#include "base/text.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const char *log_program = "bootseal";
static enum log_level log_threshold = LOG_LEVEL_INFO;
static bool log_to_journal;

static const char *const LEVEL_NAMES[] = {
    [LOG_LEVEL_NONE] = "none", [LOG_LEVEL_ERROR] = "error", [LOG_LEVEL_WARNING] = "warning",
    [LOG_LEVEL_INFO] = "info", [LOG_LEVEL_DEBUG] = "debug",
};

/* JOURNAL_STREAM names device and inode of the journal's socket (systemd.exec(5)). */
static bool stderr_is_journal(void)
{
    const char *stream = getenv("JOURNAL_STREAM");
    unsigned long long device, inode;
    struct stat status;
    char *end;

    if (!stream)
        return false;
    device = strtoull(stream, &end, 10);
    if (end == stream || *end != ':')
        return false;
    inode = strtoull(end + 1, &end, 10);
    return *end == '\0' && fstat(STDERR_FILENO, &status) == 0 && status.st_dev == device &&
           status.st_ino == inode;
}

void log_init(const char *program, enum log_level level)
{
    log_program = program;
    log_threshold = level;
    log_to_journal = stderr_is_journal();
}

enum log_level log_level_by_name(const char *name)
{
    for (enum log_level level = LOG_LEVEL_ERROR; level <= LOG_LEVEL_DEBUG; level++)
        if (strcmp(name, LEVEL_NAMES[level]) == 0)
            return level;
    return LOG_LEVEL_NONE;
}

/* A line under construction. The end is kept free for the mark of a cut line. */
struct line {
    char *text;
    size_t len;
    bool cut;
};

static const char CUT_MARK[] = " truncated=1\n";

static void put(struct line *line, const char *bytes, size_t len)
{
    if (line->cut || len > LOG_LINE_LEN - sizeof CUT_MARK - line->len) {
        line->cut = true;
        return;
    }
    memcpy(line->text + line->len, bytes, len);
    line->len += len;
}

static void put_text(struct line *line, const char *text)
{
    put(line, text, strlen(text));
}

/* True for values that logfmt needs no quotes for. */
static bool is_plain(const char *text)
{
    for (const char *at = text; *at; at++)
        if (*at <= ' ' || *at == '"' || *at == '=' || *at == '\\' || *at == 0x7f)
            return false;
    return *text != '\0';
}

/* Control characters and bytes outside ASCII become \xNN, so that no terminal or parser
 * sees anything but text. */
static void put_quoted(struct line *line, const char *text)
{
    put(line, "\"", 1);
    for (const char *at = text; *at && !line->cut; at++) {
        char escaped[5];

        if (*at == '"' || *at == '\\') {
            escaped[0] = '\\';
            escaped[1] = *at;
            put(line, escaped, 2);
        } else if (*at >= ' ' && *at < 0x7f) {
            put(line, at, 1);
        } else {
            snprintf(escaped, sizeof escaped, "\\x%02x", (unsigned char)*at);
            put(line, escaped, 4);
        }
    }
    put(line, "\"", 1);
}

static void put_value(struct line *line, const struct log_field *field)
{
    char number[24], hex[129];

    switch (field->kind) {
    case LOG_VALUE_TEXT:
        if (field->text && is_plain(field->text))
            put_text(line, field->text);
        else
            put_quoted(line, field->text ? field->text : "");
        break;
    case LOG_VALUE_INT:
        put(line, number, (size_t)snprintf(number, sizeof number, "%" PRId64, field->number));
        break;
    case LOG_VALUE_HEX:
        assert(field->bytes.len <= sizeof hex / 2);
        text_hex_into(hex, field->bytes);
        put_text(line, hex);
        break;
    case LOG_VALUE_END:
        break;
    }
}

static void put_start(struct line *line, int64_t now_us, enum log_level level)
{
    static const char PRIORITY[] = {'7', '3', '4', '6', '7'}; /* syslog's numbers, sd-daemon(3) */
    char start[64];
    time_t now_s = (time_t)(now_us / 1000000);
    struct tm utc;

    if (now_us < 0) {
        snprintf(start, sizeof start, "<%c>", PRIORITY[level]);
    } else {
        gmtime_r(&now_s, &utc);
        strftime(start, sizeof start, "ts=%Y-%m-%dT%H:%M:%S", &utc);
        snprintf(start + strlen(start), sizeof start - strlen(start), ".%06dZ ",
                 (int)(now_us % 1000000));
    }
    put_text(line, start);
}

size_t log_format(char text[LOG_LINE_LEN], const char *program, int64_t now_us,
                  enum log_level level, const char *event, const struct log_field *fields)
{
    struct line line = {.text = text};

    put_start(&line, now_us, level);
    put_text(&line, "level=");
    put_text(&line, LEVEL_NAMES[level]);
    put_text(&line, " program=");
    put_text(&line, program);
    put_text(&line, " event=");
    put_text(&line, event);
    for (; fields->kind != LOG_VALUE_END; fields++) {
        put(&line, " ", 1);
        put_text(&line, fields->name);
        put(&line, "=", 1);
        put_value(&line, fields);
    }
    if (line.cut) {
        memcpy(text + line.len, CUT_MARK, sizeof CUT_MARK - 1);
        return line.len + sizeof CUT_MARK - 1;
    }
    text[line.len++] = '\n';
    return line.len;
}

void log_event_fields(enum log_level level, const char *event, const struct log_field *fields)
{
    char line[LOG_LINE_LEN];
    int kept = errno;
    struct timespec now = {0};
    int64_t now_us = -1;

    if (level > log_threshold)
        return;
    if (!log_to_journal) {
        clock_gettime(CLOCK_REALTIME, &now);
        now_us = (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
    }
    if (write(STDERR_FILENO, line, log_format(line, log_program, now_us, level, event, fields)) < 0)
        errno = kept; /* nobody is left to tell */
    errno = kept;
}

void log_failure(enum log_level level, const char *event, const struct error *error)
{
    char text[512];

    log_event(level, event, log_text(LOG_ERROR_CODE, error_code_name(error->code)),
              log_text(LOG_ERROR, error_print(error, text, sizeof text)));
}
