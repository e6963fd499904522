/* alter-log: real logs with states that nobody recorded, for tests. See altered_log.h. */
#include "altered_log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "os/file.h"
#include "wire/event_type.h"
#include "wire/sipa.h"

struct value {
    bool is_number;
    uint64_t number;
    struct span bytes;
};

/* --- words of the command line --- */

static bool wrong(const char *word, const char *what, struct error *error)
{
    error_plain(error, ERROR_USAGE, "%.40s: %s", word, what);
    return false;
}

static bool parse_number(const char *word, uint64_t *number)
{
    char *end;

    *number = strtoull(word, &end, 0);
    return *word && !*end;
}

static bool parse_event(const struct altered_log *log, const char *word, long *event,
                        struct error *error)
{
    uint64_t number;

    if (strcmp(word, "all") == 0)
        *event = ALTERED_EVERYWHERE;
    else if (strcmp(word, "end") == 0)
        *event = (long)log->n_events;
    else if (parse_number(word, &number) && number <= log->n_events)
        *event = (long)number;
    else
        return wrong(word, "no event of this log", error);
    return true;
}

static bool parse_type(const char *word, uint32_t *type, struct error *error)
{
    uint64_t number;

    if (parse_number(word, &number) && number <= UINT32_MAX) {
        *type = (uint32_t)number;
        return true;
    }
#define EVENT_TYPE(symbol, value, name, rule, pcrs, title)                                         \
    if (strcmp(word, name) == 0) {                                                                 \
        *type = (value);                                                                           \
        return true;                                                                               \
    }
#define EVENT_RULE(symbol, pcrs, rule)
#include "wire/event_types.def"
#undef EVENT_TYPE
#undef EVENT_RULE
    return wrong(word, "no event type", error);
}

/* "WINPE", "IMAGEVALIDATED#3", "0x00050006"; "-" is the event itself. */
static bool parse_record(const char *word, struct altered_record *record, struct error *error)
{
    size_t len = strcspn(word, "#");
    struct span name = span_of(word, len);
    uint64_t number = 0;

    *record = (struct altered_record){0};
    if (word[len] && (!parse_number(word + len + 1, &number) || number == 0))
        return wrong(word, "the records of an event count from 1", error);
    record->nth = (size_t)number;
    if (span_is(name, "-"))
        return true;
#define SIPA(symbol, value, payload, meaning)                                                      \
    if (span_is(name, #symbol)) {                                                                  \
        record->id = (value);                                                                      \
        return true;                                                                               \
    }
#include "wire/sipa.def"
#undef SIPA
    if (!parse_number(word, &number) || number > UINT32_MAX)
        return wrong(word, "no Windows record", error);
    record->id = (uint32_t)number;
    return true;
}

/* "1", "hex:0a0b", "text:abc" (UTF-16 with its NUL, as Windows writes it), "ascii:abc". */
static bool parse_value(struct altered_log *log, const char *word, struct value *value,
                        struct error *error)
{
    size_t len = strlen(word);
    uint8_t *bytes = arena_alloc(&log->arena, 2 * len + 2);
    size_t n_bytes = 0;

    *value = (struct value){0};
    if (!bytes)
        return arena_error(&log->arena, error);
    if (strncmp(word, "hex:", 4) == 0) {
        if (!text_unhex(span_text(word + 4), bytes, 2 * len, &n_bytes))
            return wrong(word, "not hexadecimal", error);
    } else if (strncmp(word, "text:", 5) == 0) {
        for (const char *c = word + 5; *c; c++, n_bytes += 2)
            bytes[n_bytes] = (uint8_t)*c;
        n_bytes += 2;
    } else if (strncmp(word, "ascii:", 6) == 0) {
        n_bytes = len - 6;
        memcpy(bytes, word + 6, n_bytes);
    } else if (parse_number(word, &value->number)) {
        value->is_number = true;
    } else {
        return wrong(word, "a number, hex:, text: or ascii:", error);
    }
    value->bytes = span_of(bytes, n_bytes);
    return true;
}

static bool parse_bytes(struct altered_log *log, const char *word, struct span *bytes,
                        struct error *error)
{
    struct value value;

    if (!parse_value(log, word, &value, error))
        return false;
    if (value.is_number)
        return wrong(word, "hex:, text: or ascii:", error);
    *bytes = value.bytes;
    return true;
}

/* --- the edits --- */

static bool edit_set(struct altered_log *log, char **words, struct error *error)
{
    struct altered_record record;
    struct value value;
    long event;

    if (!parse_event(log, words[0], &event, error) || !parse_record(words[1], &record, error) ||
        !parse_value(log, words[2], &value, error))
        return false;
    return value.is_number ? altered_log_set_number(log, event, record, value.number, error)
                           : altered_log_set_record(log, event, record, value.bytes, error);
}

static bool edit_add(struct altered_log *log, char **words, struct error *error)
{
    struct altered_record container, record;
    struct value value;
    uint8_t number[8];
    long event;

    if (!parse_event(log, words[0], &event, error) || !parse_record(words[1], &container, error) ||
        !parse_record(words[2], &record, error) || !parse_value(log, words[3], &value, error))
        return false;
    if (value.is_number) {
        for (size_t i = 0; i < sizeof number; i++)
            number[i] = (uint8_t)(value.number >> 8 * i);
        value.bytes = span_of(number, sipa_number_len(record.id));
    }
    return altered_log_add_record(log, event, container, record.id, value.bytes, error);
}

static bool edit_remove(struct altered_log *log, char **words, struct error *error)
{
    struct altered_record record;
    long event;

    return parse_event(log, words[0], &event, error) && parse_record(words[1], &record, error) &&
           altered_log_remove_record(log, event, record, error);
}

/* An event that is there; "all" is none. */
static bool parse_one(const struct altered_log *log, const char *word, size_t *event,
                      struct error *error)
{
    long number;

    if (!parse_event(log, word, &number, error))
        return false;
    if (number < 0 || (size_t)number >= log->n_events)
        return wrong(word, "one event is meant", error);
    *event = (size_t)number;
    return true;
}

static bool edit_type(struct altered_log *log, char **words, struct error *error)
{
    uint32_t type;
    size_t event;

    if (!parse_one(log, words[0], &event, error) || !parse_type(words[1], &type, error))
        return false;
    log->events[event].type = type;
    return true;
}

static bool parse_pcr(const char *word, uint32_t *pcr, struct error *error)
{
    uint64_t number;

    if (!parse_number(word, &number) || number > UINT32_MAX)
        return wrong(word, "no PCR", error);
    *pcr = (uint32_t)number;
    return true;
}

static bool edit_pcr(struct altered_log *log, char **words, struct error *error)
{
    uint32_t pcr;
    size_t event;

    if (!parse_one(log, words[0], &event, error) || !parse_pcr(words[1], &pcr, error))
        return false;
    log->events[event].pcr = pcr;
    return true;
}

static bool edit_data(struct altered_log *log, char **words, struct error *error)
{
    struct span data;
    size_t event;

    return parse_one(log, words[0], &event, error) && parse_bytes(log, words[1], &data, error) &&
           altered_log_set_data(log, event, data, error);
}

static bool edit_measured(struct altered_log *log, char **words, struct error *error)
{
    struct span measured;
    size_t event;

    return parse_one(log, words[0], &event, error) &&
           parse_bytes(log, words[1], &measured, error) &&
           altered_log_set_measured(log, event, measured, error);
}

static bool edit_insert(struct altered_log *log, char **words, struct error *error)
{
    uint32_t pcr, type;
    struct span data;
    long before;

    return parse_event(log, words[0], &before, error) && parse_pcr(words[1], &pcr, error) &&
           parse_type(words[2], &type, error) && parse_bytes(log, words[3], &data, error) &&
           altered_log_insert(log, (size_t)before, pcr, type, data, error);
}

static bool edit_append(struct altered_log *log, char **words, struct error *error)
{
    uint32_t pcr, type;
    struct span data;
    size_t at;

    return parse_pcr(words[0], &pcr, error) && parse_type(words[1], &type, error) &&
           parse_bytes(log, words[2], &data, error) &&
           altered_log_after_separator(log, pcr, &at, error) &&
           altered_log_insert(log, at, pcr, type, data, error);
}

static bool edit_drop(struct altered_log *log, char **words, struct error *error)
{
    size_t event;

    return parse_one(log, words[0], &event, error) && altered_log_remove(log, event, error);
}

static bool edit_duplicate(struct altered_log *log, char **words, struct error *error)
{
    size_t event;

    return parse_one(log, words[0], &event, error) && altered_log_duplicate(log, event, error);
}

static bool edit_swap(struct altered_log *log, char **words, struct error *error)
{
    size_t first, second;

    return parse_one(log, words[0], &first, error) && parse_one(log, words[1], &second, error) &&
           altered_log_swap(log, first, second, error);
}

static const struct {
    const char *name, *arguments, *help;
    int n_arguments;
    bool (*apply)(struct altered_log *log, char **words, struct error *error);
} EDITS[] = {
    {"set", "EVENT|all RECORD VALUE", "gives Windows records a value", 3, edit_set},
    {"add", "EVENT|all CONTAINER|- RECORD VALUE", "adds a Windows record", 4, edit_add},
    {"remove", "EVENT|all RECORD", "takes Windows records out", 2, edit_remove},
    {"type", "EVENT TYPE", "relabels an event's type; its digest stays", 2, edit_type},
    {"pcr", "EVENT PCR", "moves an event to another PCR", 2, edit_pcr},
    {"data", "EVENT BYTES", "replaces an event's data", 2, edit_data},
    {"measured", "EVENT BYTES", "measures this, whatever the data say", 2, edit_measured},
    {"insert", "EVENT|end PCR TYPE BYTES", "adds an event before another", 4, edit_insert},
    {"append", "PCR TYPE BYTES", "adds an event behind the PCR's separator", 3, edit_append},
    {"drop", "EVENT", "takes an event out", 1, edit_drop},
    {"duplicate", "EVENT", "adds the event once more", 1, edit_duplicate},
    {"swap", "EVENT EVENT", "lets two events change places", 2, edit_swap},
};

static bool edit(struct altered_log *log, int n_words, char **words, struct error *error)
{
    for (int at = 0; at < n_words;) {
        size_t i = 0;

        while (i < sizeof EDITS / sizeof *EDITS && strcmp(EDITS[i].name, words[at]) != 0)
            i++;
        if (i == sizeof EDITS / sizeof *EDITS)
            return wrong(words[at], "no edit", error);
        if (n_words - at - 1 < EDITS[i].n_arguments)
            return error_plain(error, ERROR_USAGE, "%s %s", EDITS[i].name, EDITS[i].arguments);
        if (!EDITS[i].apply(log, words + at + 1, error))
            return false;
        at += 1 + EDITS[i].n_arguments;
    }
    return true;
}

/* {"schema": ..., "pcrs": {"sha256": {"0": "hex", ...}}}: the PCRs that the log extends. */
static void print_pcrs(const struct replay *replay)
{
    char hex[2 * LIMIT_TPM_DIGEST_LEN + 1];

    printf("{\"schema\": \"bootseal.test.altered-log.v1\", \"pcrs\": {");
    for (size_t i = 0; i < replay->n_banks; i++) {
        const struct replay_bank *bank = &replay->banks[i];
        const char *comma = "";

        printf("%s\"%s\": {", i ? ", " : "", tpm_alg_name(bank->alg));
        for (unsigned pcr = 0; pcr < LIMIT_PCRS; pcr++)
            if (bank->extended >> pcr & 1) {
                text_hex_into(hex, span_of(bank->pcrs[pcr], bank->digest_len));
                printf("%s\"%u\": \"%s\"", comma, pcr, hex);
                comma = ", ";
            }
        printf("}");
    }
    printf("}}\n");
}

static bool alter(const char *from, const char *to, int n_words, char **words, struct error *error)
{
    struct arena arena = arena_init(2 * (size_t)LIMIT_EVENTLOG_LEN);
    struct crypto *crypto = crypto_new(error);
    struct altered_log log = {0};
    struct replay replay;
    struct span bytes;
    bool done;

    done = crypto && os_file_read(from, LIMIT_EVENTLOG_LEN, &arena, &bytes, error) &&
           altered_log_read(&log, crypto, bytes, error) && edit(&log, n_words, words, error) &&
           altered_log_write(&log, &bytes, error) && altered_log_replay(&log, &replay, error) &&
           os_file_write(to, OS_FILE_PUBLIC, bytes, error);
    if (done)
        print_pcrs(&replay);
    altered_log_done(&log);
    crypto_free(crypto);
    arena_done(&arena);
    return done;
}

int main(int argc, char **argv)
{
    char text[400];
    struct error error;

    if (argc < 4) {
        fprintf(stderr, "usage: alter-log LOG NEW-LOG EDIT...\n"
                        "Writes the changed log, prints the PCR values that it leads to. Edits:\n");
        for (size_t i = 0; i < sizeof EDITS / sizeof *EDITS; i++)
            fprintf(stderr, "  %-9s %-35s %s\n", EDITS[i].name, EDITS[i].arguments, EDITS[i].help);
        return 2;
    }
    if (alter(argv[1], argv[2], argc - 3, argv + 3, &error))
        return 0;
    fprintf(stderr, "alter-log: %s\n", error_print(&error, text, sizeof text));
    return 1;
}
