/* Finding one field in lines of text. Must never take a part of a line for a field. */
#include "wire/fields.h"

static bool is_blank(uint8_t byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r';
}

static struct span trimmed(struct span text)
{
    while (text.len && is_blank(text.data[0]))
        text = span_of(text.data + 1, text.len - 1);
    while (text.len && is_blank(text.data[text.len - 1]))
        text.len--;
    return text;
}

static struct span unquoted(struct span text)
{
    uint8_t quote = text.len >= 2 ? text.data[0] : 0;

    if ((quote == '"' || quote == '\'') && text.data[text.len - 1] == quote)
        return span_of(text.data + 1, text.len - 2);
    return text;
}

bool fields_find(struct span text, const char *name, char separator, struct span *value)
{
    size_t name_len = strlen(name);

    while (text.len) {
        const uint8_t *newline = memchr(text.data, '\n', text.len);
        size_t len = newline ? (size_t)(newline - text.data) : text.len;
        struct span line = span_of(text.data, len);

        if (len > name_len && span_begins(line, span_text(name)) &&
            line.data[name_len] == (uint8_t)separator) {
            *value = unquoted(trimmed(span_of(line.data + name_len + 1, len - name_len - 1)));
            return true;
        }
        text = span_of(text.data + len + (newline != NULL), text.len - len - (newline != NULL));
    }
    return false;
}
