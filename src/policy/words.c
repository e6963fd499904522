/* The words of an expression, and the constants they stand for.
 *
 * Owns nothing but what is in the arena. The text is an operator's and is read byte by byte up to
 * its end, never beyond. Never guesses: what is no word is an error with its byte. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "policy/parser.h"

struct node *parser_fail(struct parser *parser, size_t offset, const char *format, ...)
{
    char message[160];
    va_list arguments;

    if (parser->failed)
        return NULL;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    error_set(parser->error, ERROR_USAGE, offset, NULL, "%s", message);
    parser->failed = true;
    return NULL;
}

struct node *parser_fail_word(struct parser *parser, const char *message, struct span word,
                              size_t offset)
{
    return parser_fail(parser, offset, "%s \"%.*s\"", message, (int)(word.len < 80 ? word.len : 80),
                       (const char *)word.data);
}

struct node *parser_fail_name(struct parser *parser, const char *message,
                              const struct nearest *nearest, size_t offset)
{
    int len = (int)(nearest->word.len < 48 ? nearest->word.len : 48);

    if (!nearest->name)
        return parser_fail_word(parser, message, nearest->word, offset);
    return parser_fail(parser, offset, "%s \"%.*s\"; did you mean \"%s\"?", message, len,
                       (const char *)nearest->word.data, nearest->name);
}

struct node *parser_fail_memory(struct parser *parser)
{
    if (!parser->failed)
        arena_error(parser->arena, parser->error);
    parser->failed = true;
    return NULL;
}

static bool is_name_byte(uint8_t byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || byte == '_' ||
           (byte >= '0' && byte <= '9');
}

static bool is_digit(uint8_t byte)
{
    return byte >= '0' && byte <= '9';
}

/* What begins no word, with what may have been meant. */
static void fail_character(struct parser *parser, size_t at)
{
    static const struct {
        const char *text, *advice;
    } MEANT[] = {
        {"&", "; \"and\" is &&"},
        {"|", "; \"or\" is ||"},
        {"=", "; \"equals\" is =="},
        {"?", "; there is no ?:, write (a && b) || (!a && c)"},
        {"#", "; comments stand on lines of their own, or behind a semicolon"},
        {"/", "; comments stand on lines of their own, or behind a semicolon"},
        {"-", "; names have underscores, and there is no arithmetic"},
        {"\xe2\x80\x9c", "; strings stand in straight quotes"},
        {"\xe2\x80\x9e", "; strings stand in straight quotes"},
        {"\xe2\x80\x98", "; strings stand in straight quotes"},
    };
    struct span rest = span_of(parser->text.data + at, parser->text.len - at);
    const char *advice = "";
    int len = 1;

    while ((size_t)len < rest.len && (rest.data[len] & 0xC0) == 0x80) /* one character's bytes */
        len++;
    for (size_t i = 0; i < sizeof MEANT / sizeof *MEANT && !*advice; i++)
        if (span_begins(rest, span_text(MEANT[i].text)))
            advice = MEANT[i].advice;
    parser_fail(parser, at, "unexpected character \"%.*s\"%s", len, (const char *)rest.data,
                advice);
}

/* Bytes of the word that starts at at; 0 with a failure for none. */
static size_t word_len(struct parser *parser, size_t at, enum word_kind *kind)
{
    static const char *const SIGNS[] = {"==", "!=", "<=", ">=", "&&", "||", "(", ")",
                                        "[",  "]",  ",",  ".",  "!",  "<",  ">", "+"};
    struct span text = parser->text;
    uint8_t first = text.data[at];
    size_t end = at + 1;

    if (first == '"' || first == '\'') {
        while (end < text.len && text.data[end] != first && text.data[end] != '\n')
            end += text.data[end] == '\\' ? 2 : 1;
        if (end >= text.len || text.data[end] != first) {
            parser_fail(parser, at,
                        "the string has no end on its line (a semicolon behind a space begins a "
                        "comment)");
            return 0;
        }
        *kind = WORD_STRING;
        return end + 1 - at;
    }
    if (is_name_byte(first)) {
        while (end < text.len && is_name_byte(text.data[end]))
            end++;
        *kind = is_digit(first) ? WORD_INT : WORD_NAME;
        return end - at;
    }
    *kind = WORD_SIGN;
    for (size_t i = 0; i < sizeof SIGNS / sizeof *SIGNS; i++) {
        size_t len = strlen(SIGNS[i]);

        if (len <= text.len - at && memcmp(text.data + at, SIGNS[i], len) == 0)
            return len;
    }
    fail_character(parser, at);
    return 0;
}

void parser_next(struct parser *parser)
{
    struct span text = parser->text;
    size_t len;

    while (parser->at < text.len && strchr(" \t\r\n", text.data[parser->at]))
        parser->at++;
    parser->word = (struct word){.offset = parser->at};
    if (parser->failed || parser->at >= text.len)
        return;
    len = word_len(parser, parser->at, &parser->word.kind);
    parser->word.text = span_of(text.data + parser->at, len);
    parser->at += len;
}

bool parser_is(const struct parser *parser, const char *sign)
{
    return (parser->word.kind == WORD_SIGN || parser->word.kind == WORD_NAME) &&
           span_is(parser->word.text, sign);
}

bool parser_take(struct parser *parser, const char *sign)
{
    if (!parser_is(parser, sign))
        return false;
    parser_next(parser);
    return true;
}

bool parser_demand(struct parser *parser, const char *sign)
{
    if (!parser_take(parser, sign))
        parser_fail(parser, parser->word.offset, "expected \"%s\"", sign);
    return !parser->failed;
}

struct node *parser_node(struct parser *parser, enum node_kind kind, enum expression_type type,
                         size_t start)
{
    struct node *node;
    size_t end = parser->word.offset;

    if (parser->failed)
        return NULL;
    node = arena_new(parser->arena, struct node);
    if (!node)
        return parser_fail_memory(parser);
    while (end > start && strchr(" \t\r\n", parser->text.data[end - 1]))
        end--;
    node->kind = kind;
    node->type = type;
    node->source = span_of(parser->text.data + start, end - start);
    return node;
}

struct node *parser_adopt(struct node *node, struct node *first, struct node *second)
{
    if (!node)
        return NULL;
    node->child = first;
    first->next = second;
    return node;
}

/* The characters that a string literal stands for. */
static bool unquote(struct parser *parser, struct span quoted, uint8_t *out, size_t *out_len)
{
    static const char ESCAPES[] = "\\\\\"\"''n\nt\t";
    size_t len = 0;

    for (size_t i = 1; i + 1 < quoted.len; i++) {
        const char *escape;

        if (quoted.data[i] != '\\') {
            out[len++] = quoted.data[i];
            continue;
        }
        i++;
        for (escape = ESCAPES; *escape && *escape != (char)quoted.data[i]; escape += 2)
            ;
        if (!*escape) {
            parser_fail(parser, parser->word.offset + i,
                        "unknown escape in the string; known are \\\\ \\\" \\' \\n \\t");
            return false;
        }
        out[len++] = (uint8_t)escape[1];
    }
    *out_len = len;
    return true;
}

bool expression_read_digest(struct span text, uint16_t *alg, uint8_t bytes[LIMIT_TPM_DIGEST_LEN],
                            size_t *len)
{
    const uint8_t *colon = text.len ? memchr(text.data, ':', text.len) : NULL;
    size_t name_len = colon ? (size_t)(colon - text.data) : 0;

    *alg = colon ? tpm_hash_by_name(span_of(text.data, name_len)) : 0;
    return *alg &&
           text_unhex(span_of(colon + 1, text.len - name_len - 1), bytes, LIMIT_TPM_DIGEST_LEN,
                      len) &&
           *len == tpm_digest_len(*alg);
}

bool expression_digest(struct span text, struct arena *arena, struct claim_item *item,
                       bool *is_digest)
{
    uint8_t bytes[LIMIT_TPM_DIGEST_LEN];
    size_t len;
    uint16_t alg;
    char *copy;

    *is_digest = expression_read_digest(text, &alg, bytes, &len);
    if (!*is_digest)
        return true;
    copy = arena_text(arena, span_of(bytes, len));
    if (!copy)
        return false;
    *item = (struct claim_item){.kind = CLAIM_ITEM_DIGEST,
                                .alg = alg,
                                .event = REASON_NO_EVENT,
                                .pcr = REASON_NO_PCR,
                                .bytes = span_of(copy, len)};
    return true;
}

/* One or more string literals joined by "+"; a digest written out is a digest. */
bool parser_string(struct parser *parser, struct claim_item *item)
{
    size_t start = parser->word.offset, cap = parser->text.len - start, len = 0, part;
    uint8_t *bytes = NULL;
    bool is_digest;

    while (parser->word.kind == WORD_STRING) {
        if (!bytes) { /* most strings are one literal: room for that; more take the rest */
            size_t after = parser->at;

            while (after < parser->text.len && strchr(" \t\r\n", parser->text.data[after]))
                after++;
            if (after >= parser->text.len || parser->text.data[after] != '+')
                cap = parser->word.text.len;
            bytes = arena_alloc(parser->arena, cap);
        }
        if (!bytes) {
            parser_fail_memory(parser);
            return false;
        }
        if (!unquote(parser, parser->word.text, bytes + len, &part))
            return false;
        len += part;
        parser_next(parser);
        if (!parser_take(parser, "+"))
            break;
        if (parser->word.kind != WORD_STRING) {
            parser_fail(parser, parser->word.offset, "only string literals can be joined with +");
            return false;
        }
    }
    if (!expression_digest(span_of(bytes, len), parser->arena, item, &is_digest)) {
        parser_fail_memory(parser);
        return false;
    }
    if (!is_digest)
        *item = (struct claim_item){.kind = CLAIM_ITEM_TEXT,
                                    .event = REASON_NO_EVENT,
                                    .pcr = REASON_NO_PCR,
                                    .bytes = span_of(bytes, len)};
    return !parser->failed;
}

int expression_item_compare(const struct claim_item *a, const struct claim_item *b)
{
    if (a->kind != b->kind)
        return a->kind < b->kind ? -1 : 1;
    if (a->alg != b->alg)
        return a->alg < b->alg ? -1 : 1;
    return span_compare(a->bytes, b->bytes);
}

static int compare_for_sort(const void *a, const void *b)
{
    return expression_item_compare(a, b);
}

void expression_list_sort(struct expression_list *list)
{
    size_t n_kept = 0;

    if (list->n_items)
        qsort(list->items, list->n_items, sizeof *list->items, compare_for_sort);
    for (size_t i = 0; i < list->n_items; i++)
        if (i == 0 || expression_item_compare(&list->items[i], &list->items[n_kept - 1]) != 0)
            list->items[n_kept++] = list->items[i];
    list->n_items = n_kept;
}

bool expression_text(struct span text, struct arena *arena, struct claim_item *item,
                     struct error *error)
{
    struct parser parser = {.text = text, .arena = arena, .error = error};
    struct claim_item parsed;

    parser_next(&parser);
    if (!parser.failed && parser.word.kind != WORD_STRING)
        parser_fail(&parser, parser.word.offset, "expected text in double quotes");
    if (parser.failed || !parser_string(&parser, &parsed))
        return false;
    if (parser.word.kind != WORD_END) {
        parser_fail_word(&parser, "unexpected", parser.word.text, parser.word.offset);
        return false;
    }
    *item = parsed;
    return true;
}
