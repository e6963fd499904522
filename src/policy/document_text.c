#include "policy/document_text.h"

#include <stdarg.h>
#include <stdio.h>

enum { LITERAL_LEN_MAX = 96 /* characters of text in one line */ };

static bool make_room(struct document_text *document, size_t len)
{
    size_t cap = document->cap ? document->cap : 8192;
    char *text;

    if (document->failed || len < document->cap - document->len)
        return !document->failed;
    while (cap - document->len <= len)
        cap *= 2;
    text = arena_alloc(document->arena, cap);
    if (!text) {
        document->failed = true;
        return false;
    }
    if (document->len)
        memcpy(text, document->text, document->len);
    document->text = text;
    document->cap = cap;
    return true;
}

void document_text_put(struct document_text *document, const char *format, ...)
{
    char line[1024];
    va_list arguments;
    int len;

    va_start(arguments, format);
    len = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    if (len < 0 || (size_t)len >= sizeof line)
        document->failed = true;
    else if (make_room(document, (size_t)len)) {
        memcpy(document->text + document->len, line, (size_t)len);
        document->len += (size_t)len;
    }
}

char *document_text_key(struct arena *arena, const char *label, size_t cap)
{
    char *key = arena_alloc(arena, cap + 1);
    size_t len = 0;

    for (; key && *label && len < cap; label++) {
        bool plain = !strchr("=:;#[]\"", *label) && *label > 0x20 && *label <= 0x7E;

        if (plain || len) /* a line that begins with a space goes on with the last value */
            key[len++] = (char)(plain ? *label : ' ');
    }
    while (len && key[len - 1] == ' ')
        key[--len] = '\0';
    return key;
}

void document_text_put_key(struct document_text *document, const char *label, size_t cap)
{
    char *key = document_text_key(document->arena, label, cap);

    document->failed |= !key;
    document_text_put(document, "%s", key ? key : "");
}

void document_text_put_literal(struct document_text *document, struct span text)
{
    size_t on_line = 0;

    document_text_put(document, "\"");
    for (size_t i = 0; i < text.len; i++) {
        char c = (char)text.data[i];
        /* A literal may be cut anywhere, and is cut before what readers take for a comment. */
        bool comment = c == ';' && i && text.data[i - 1] == ' ';
        bool character_start = (c & 0xC0) != 0x80;

        if (comment || (on_line >= LITERAL_LEN_MAX && character_start)) {
            document_text_put(document, "\" +\n    \"");
            on_line = 0;
        }
        document_text_put(document, c == '"' || c == '\\' ? "\\%c" : "%c", c);
        on_line++;
    }
    document_text_put(document, "\"");
}

void document_text_put_words(struct document_text *document, const char *name, const char *words)
{
    size_t on_line = strlen(name) + 3;

    document_text_put(document, "%s =", name);
    while (*words) {
        size_t len = strcspn(words, " ");

        if (on_line + len > DOCUMENT_TEXT_LINE_LEN) {
            document_text_put(document, "\n   ");
            on_line = 4;
        }
        document_text_put(document, " %.*s", (int)len, words);
        on_line += len + 1;
        words += len + strspn(words + len, " ");
    }
    document_text_put(document, "\n");
}

bool document_text_done(const struct document_text *document, struct span *text,
                        struct error *error)
{
    if (document->failed)
        return arena_error(document->arena, error);
    *text = span_of(document->text, document->len);
    return true;
}
