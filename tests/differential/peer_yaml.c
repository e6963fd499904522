/* Reads the events of the YAML that tpm2_eventlog prints. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "event_facts.h"

/* The words that are facts; what else it prints is the header's contents, or text. */
static const char *const WORDS[] = {
    "PCRIndex",
    "EventType",
    "EventSize",
    "Event",
    "VariableName",
    "UnicodeNameLength",
    "VariableDataLength",
    "UnicodeName",
    "VariableData",
    "BlobDescription",
    "BlobBase",
    "BlobLength",
    "ImageLocationInMemory",
    "ImageLengthInMemory",
    "ImageLinkTimeAddress",
    "LengthOfDevicePath",
    "DevicePath",
};

void peer_yaml_open(struct peer_yaml *yaml, const char *folder)
{
    char path[512];

    *yaml = (struct peer_yaml){0};
    snprintf(path, sizeof path, "%s/stdout", folder);
    yaml->file = fopen(path, "r");
    assert_non_null(yaml->file);
}

void peer_yaml_close(struct peer_yaml *yaml)
{
    fclose(yaml->file);
    free(yaml->line);
}

/* Every event has this line, and it is the first of those that tell something. */
static bool begins_event(const char *line)
{
    return strncmp(line, "  PCRIndex: ", 12) == 0;
}

static bool read_line(struct peer_yaml *yaml)
{
    yaml->ended = yaml->ended || getline(&yaml->line, &yaml->line_cap, yaml->file) <= 0 ||
                  strcmp(yaml->line, "pcrs:\n") == 0;
    return !yaml->ended;
}

/* Cuts the line into word and value, without what YAML puts around them. False for a line that has
 * none. */
static bool split(char *line, char **word, char **value)
{
    size_t len;

    *word = line + strspn(line, " -");
    *value = strstr(*word, ": ");
    if (!*value)
        return false;
    *(*value)++ = 0;
    *value += strspn(*value, " \"'");
    for (len = strlen(*value); len && strchr("\n\"'", (*value)[len - 1]);)
        (*value)[--len] = 0;
    return true;
}

static bool is_fact(const char *word)
{
    for (size_t i = 0; i < sizeof WORDS / sizeof *WORDS; i++)
        if (strcmp(word, WORDS[i]) == 0)
            return true;
    return false;
}

char *peer_yaml_next(struct peer_yaml *yaml)
{
    char alg[32] = "sha1"; /* the header's digest stands there without its algorithm */
    bool in_text = false;
    char *text;
    size_t len;
    FILE *facts;

    while (!yaml->line || !begins_event(yaml->line))
        if (!read_line(yaml))
            return NULL;
    facts = open_memstream(&text, &len);
    assert_non_null(facts);
    do {
        char *word, *value;

        if (in_text || !split(yaml->line, &word, &value))
            continue;
        in_text = strcmp(word, "Event") == 0 && strcmp(value, "|-") == 0;
        if (strcmp(word, "AlgorithmId") == 0)
            snprintf(alg, sizeof alg, "%s", value);
        else if (strcmp(word, "Digest") == 0)
            fprintf(facts, "%s: %s\n", alg, value);
        else if (is_fact(word) && !in_text)
            fprintf(facts, "%s: %s\n", word, value);
    } while (read_line(yaml) && !begins_event(yaml->line));
    assert_int_equal(fclose(facts), 0);
    return text;
}
