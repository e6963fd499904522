#include "document/document.h"

#include <ini.h>
#include <stdio.h>

#include "base/text.h"

enum {
    LINE_LEN_MAX = 196,   /* inih's line buffer is 200 bytes by default */
    SECTION_LEN_MAX = 49, /* and its section name 50 */
};

/* A value can go on over indented lines; each line is a piece, for positions in errors. */
struct document_piece {
    size_t at;     /* in the joined value */
    size_t offset; /* in the text */
};

struct reader_state {
    struct span text;
    const struct document_kind *kinds;
    size_t n_kinds;
    struct arena *arena;
    struct error *error;
    struct document *document;
    bool failed;

    /* what the line reader knows about the line inih has in hand */
    const char *line;
    size_t line_offset, next_offset;
    bool line_indented;
    size_t n_headers, header_offset; /* section headers read so far; the last one */
    size_t n_headers_used;
};

bool document_error(struct error *error, size_t offset, const char *message, const char *subject)
{
    return error_set(error, ERROR_USAGE, offset, NULL, "%s%s%.100s%s", message,
                     subject ? " \"" : "", subject ? subject : "", subject ? "\"" : "");
}

static bool fail_at(struct reader_state *state, size_t offset, const char *message,
                    const char *subject)
{
    if (state->failed)
        return false;
    state->failed = true;
    return document_error(state->error, offset, message, subject);
}

static bool fail_memory(struct reader_state *state)
{
    if (state->failed)
        return false;
    state->failed = true;
    return arena_error(state->arena, state->error);
}

/* --- Lines --- */

static bool take_header(struct reader_state *state, const char *line)
{
    const char *end = strchr(line, ']'), *behind = end ? end + 1 : line;

    if (!end)
        return fail_at(state, state->line_offset, "the section's name has no ] on its line", NULL);
    while (*behind && strchr(" \t\r\n", *behind))
        behind++;
    if (*behind && *behind != ';')
        return fail_at(state, state->line_offset + (size_t)(behind - line),
                       "nothing but a comment stands behind a section's name", NULL);
    if (end - line > SECTION_LEN_MAX)
        return fail_at(state, state->line_offset, "the section's name is longer than 48 bytes",
                       NULL);
    if (state->n_headers > state->n_headers_used)
        return fail_at(state, state->header_offset, "the section is empty", NULL);
    state->n_headers++;
    state->header_offset = state->line_offset;
    return true;
}

/* inih's way to get the next line; NULL at the end and after a failure. */
static char *read_line(char *buffer, int buffer_len, void *context)
{
    struct reader_state *state = context;
    struct span rest = span_of(state->text.data + state->next_offset,
                               state->text.len - state->next_offset);
    const uint8_t *newline = rest.len ? memchr(rest.data, '\n', rest.len) : NULL;
    size_t len = newline ? (size_t)(newline - rest.data) + 1 : rest.len;

    if (state->failed || rest.len == 0)
        return NULL;
    if (len > LINE_LEN_MAX || len + 1 > (size_t)buffer_len) {
        fail_at(state, state->next_offset,
                "the line is longer than 195 bytes (indented lines go on with a value)", NULL);
        return NULL;
    }
    memcpy(buffer, rest.data, len);
    buffer[len] = '\0';
    state->line = buffer;
    state->line_offset = state->next_offset;
    state->next_offset += len;
    state->line_indented = buffer[0] == ' ' || buffer[0] == '\t';
    return buffer[0] != '[' || take_header(state, buffer) ? buffer : NULL;
}

/* --- Sections --- */

/* "[policy], [reference NAME] or [rule NAME]": what the text may have. */
static const char *expected_sections(struct reader_state *state)
{
    char *list = arena_printf(state->arena, "expected");

    for (size_t i = 0; i < state->n_kinds && list; i++) {
        const char *between = i == 0 ? " " : i + 1 == state->n_kinds ? " or " : ", ";

        list = arena_printf(state->arena, "%s%s[%s%s]", list, between, state->kinds[i].prefix,
                            state->kinds[i].is_named ? " NAME" : "");
    }
    return list ? arena_printf(state->arena, "%s, found", list) : NULL;
}

/* The kind that a header is of, and the name behind it; NULL when it is of none. */
static const struct document_kind *kind_of(const struct reader_state *state, const char *header,
                                           const char **name)
{
    for (size_t i = 0; i < state->n_kinds; i++) {
        const struct document_kind *kind = &state->kinds[i];
        size_t len = strlen(kind->prefix);

        if (strncmp(header, kind->prefix, len) != 0)
            continue;
        if (!kind->is_named && header[len] == '\0') {
            *name = "";
            return kind;
        }
        if (!kind->is_named || header[len] != ' ')
            continue;
        *name = header + len + strspn(header + len, " ");
        return **name ? kind : NULL;
    }
    return NULL;
}

static bool begin_section(struct reader_state *state, const char *header)
{
    struct document *document = state->document;
    struct document_section *section = arena_new(state->arena, struct document_section);
    const char *name = NULL;
    const struct document_kind *kind = kind_of(state, header, &name);

    if (!section)
        return fail_memory(state);
    if (!kind) {
        const char *expected = expected_sections(state);

        return expected ? fail_at(state, state->header_offset, expected, header)
                        : fail_memory(state);
    }
    if (document_find(document, kind->id, name))
        return fail_at(state, state->header_offset, "the section is there twice:", header);
    section->kind = kind->id;
    section->name = arena_text(state->arena, span_text(name));
    section->offset = state->header_offset;
    if (!section->name)
        return fail_memory(state);
    if (document->last)
        document->last->next = section;
    else
        document->first = section;
    document->last = section;
    document->n_sections++;
    if (document_count(document, kind->id) > kind->most)
        return fail_at(state, state->header_offset, "there are too many sections of this kind",
                       NULL);
    return true;
}

/* --- Keys and values --- */

/* Where inih's value stands in the text. */
static size_t value_offset(const struct reader_state *state, const char *value)
{
    return state->line_offset + (size_t)(value - state->line);
}

/* Room for one more piece of len bytes; both arrays double when they are full. */
static bool make_room(struct reader_state *state, struct document_entry *entry, size_t len)
{
    size_t n_pieces = entry->n_pieces, wanted = entry->value_len + len + 2;

    if ((n_pieces & (n_pieces - 1)) == 0) { /* 0 or a power of two: full */
        struct document_piece *pieces = arena_array(state->arena, n_pieces ? 2 * n_pieces : 1,
                                                    sizeof *pieces);

        if (!pieces)
            return fail_memory(state);
        if (n_pieces)
            memcpy(pieces, entry->pieces, n_pieces * sizeof *pieces);
        entry->pieces = pieces;
    }
    if (wanted > entry->value_cap) {
        size_t cap = n_pieces ? 2 * wanted : wanted;
        char *value = arena_alloc(state->arena, cap);

        if (!value)
            return fail_memory(state);
        if (entry->value_len)
            memcpy(value, entry->value, entry->value_len);
        entry->value = value;
        entry->value_cap = cap;
    }
    return true;
}

/* "[rule r]", if only by its beginning. */
static bool is_header(const struct reader_state *state, const char *line)
{
    for (size_t i = 0; *line == '[' && i < state->n_kinds; i++) {
        const struct document_kind *kind = &state->kinds[i];
        size_t len = strlen(kind->prefix);

        if (strncmp(line + 1, kind->prefix, len) == 0 &&
            line[1 + len] == (kind->is_named ? ' ' : ']'))
            return true;
    }
    return false;
}

static bool append_piece(struct reader_state *state, struct document_entry *entry,
                         const char *value)
{
    size_t len = strlen(value);

    if (entry->n_pieces && is_header(state, value))
        return fail_at(state, value_offset(state, value),
                       "an indented line goes on with the value above it, this is a section's name",
                       NULL);
    if (entry->n_pieces == LIMIT_DOCUMENT_VALUE_LINES)
        return fail_at(state, state->line_offset, "the value has too many lines", NULL);
    if (!make_room(state, entry, len))
        return false;
    if (entry->value_len)
        entry->value[entry->value_len++] = '\n';
    memcpy(entry->value + entry->value_len, value, len + 1);
    entry->pieces[entry->n_pieces++] = (struct document_piece){
        .at = entry->value_len, .offset = value_offset(state, value)};
    entry->value_len += len;
    return true;
}

static bool begin_entry(struct reader_state *state, const char *name, const char *value)
{
    struct document_section *section = state->document->last;
    struct document_entry *entry = arena_new(state->arena, struct document_entry);

    for (const struct document_entry *other = section->first; other; other = other->next)
        if (strcmp(other->name, name) == 0)
            return fail_at(state, state->line_offset, "the key is there twice:", name);
    if (++state->document->n_values > LIMIT_DOCUMENT_VALUES)
        return fail_at(state, state->line_offset, "there are too many keys", NULL);
    if (!entry)
        return fail_memory(state);
    entry->name = arena_text(state->arena, span_text(name));
    entry->name_offset = state->line_offset + strspn(state->line, " \t");
    entry->offset = value_offset(state, value);
    if (!entry->name)
        return fail_memory(state);
    if (section->last)
        section->last->next = entry;
    else
        section->first = entry;
    section->last = entry;
    section->n_entries++;
    return append_piece(state, entry, value);
}

/* Whether the line has ":" where "=" should be; inih takes either, and writes over it. */
static bool colon_offset(const struct reader_state *state, size_t *offset)
{
    const uint8_t *at = state->text.data + state->line_offset;

    while (*at != '=' && *at != ':') /* inih has found one */
        at++;
    *offset = (size_t)(at - state->text.data);
    return *at == ':';
}

/* inih's handler: 1 goes on, 0 is an error. */
static int take_value(void *context, const char *header, const char *name, const char *value)
{
    struct reader_state *state = context;
    size_t offset;

    if (state->failed)
        return 0;
    if (state->n_headers == 0)
        return fail_at(state, state->line_offset, "the key stands before any section:", name);
    if (state->n_headers != state->n_headers_used) {
        if (!begin_section(state, header))
            return 0;
        state->n_headers_used = state->n_headers;
    }
    if (state->line_indented && state->document->last->last)
        return append_piece(state, state->document->last->last, value);
    if (colon_offset(state, &offset))
        return fail_at(state, offset, "expected \"=\" behind the key", name);
    return begin_entry(state, name, value);
}

/* --- The whole --- */

/* Only text that can be shown as it is gets in. */
static bool check_characters(struct reader_state *state)
{
    static const char BYTE_ORDER_MARK[] = "\xEF\xBB\xBF"; /* Windows' editors begin with one */
    struct span text = state->text, shown = text;
    size_t end;

    if (text.len > LIMIT_DOCUMENT_LEN) {
        state->failed = true;
        return error_set(state->error, ERROR_LIMIT, LIMIT_DOCUMENT_LEN, NULL,
                         "the text has %zu bytes, over the limit of %d", text.len,
                         LIMIT_DOCUMENT_LEN);
    }
    for (size_t i = 0; i < text.len; i++)
        if ((text.data[i] < 0x20 && !strchr("\t\r\n", text.data[i])) || text.data[i] == 0 ||
            text.data[i] == 0x7F ||
            /* A lone one makes a terminal write over what it said. */
            (text.data[i] == '\r' && (i + 1 == text.len || text.data[i + 1] != '\n')))
            return fail_at(state, i, "the text holds a control character", NULL);
    if (span_begins(text, span_text(BYTE_ORDER_MARK)))
        shown = span_of(text.data + strlen(BYTE_ORDER_MARK), text.len - strlen(BYTE_ORDER_MARK));
    end = (size_t)(shown.data - text.data) + text_shown_len(shown);
    if (end < text.len)
        return fail_at(state, end,
                       text_utf8_valid(text)
                           ? "the text holds a character that shows nothing or turns the writing"
                           : "the text is not UTF-8",
                       NULL);
    return true;
}

bool document_read(struct span text, const struct document_kind *kinds, size_t n_kinds,
                   struct arena *arena, struct document *document, struct error *error)
{
    struct document read = {.text = text};
    struct reader_state state = {.text = text,
                                 .kinds = kinds,
                                 .n_kinds = n_kinds,
                                 .arena = arena,
                                 .error = error,
                                 .document = &read};
    int line;

    if (!check_characters(&state))
        return false;
    line = ini_parse_stream(read_line, &state, take_value, &state);
    if (state.failed)
        return false;
    if (line != 0) {
        size_t offset = 0;

        for (int i = 1; i < line; i++)
            while (offset < text.len && text.data[offset++] != '\n')
                ;
        return fail_at(&state, offset, "the line is neither [section] nor key = value", NULL);
    }
    if (state.n_headers > state.n_headers_used)
        return fail_at(&state, state.header_offset, "the section is empty", NULL);
    *document = read;
    return true;
}

size_t document_count(const struct document *document, int kind)
{
    size_t n = 0;

    for (const struct document_section *section = document->first; section; section = section->next)
        n += section->kind == kind;
    return n;
}

const struct document_section *document_find(const struct document *document, int kind,
                                             const char *name)
{
    for (const struct document_section *section = document->first; section; section = section->next)
        if (section->kind == kind && strcmp(section->name, name) == 0)
            return section;
    return NULL;
}

const char *document_entry_text(const struct document_entry *entry)
{
    for (char *at = entry->value; (at = strchr(at, '\n')); at++)
        *at = ' ';
    return entry->value;
}

/* Whether the line is "name = ...", but not "name == ...". */
static bool sets_name(const char *line, const char *name)
{
    size_t len = strlen(name);

    if (strncmp(line, name, len) != 0)
        return false;
    line += len + strspn(line + len, " \t");
    return line[0] == '=' && line[1] != '=';
}

bool document_swallows(const struct document_entry *entry, const char *const *names, size_t n_names,
                       size_t *at)
{
    for (size_t piece = 1; piece < entry->n_pieces; piece++)
        for (size_t i = 0; i < n_names; i++)
            if (sets_name(entry->value + entry->pieces[piece].at, names[i])) {
                *at = entry->pieces[piece].at;
                return true;
            }
    return false;
}

size_t document_value_offset(const struct document_entry *entry, size_t at)
{
    size_t piece = 0;

    if (at == ERROR_NO_OFFSET)
        return entry->offset;
    while (piece + 1 < entry->n_pieces && entry->pieces[piece + 1].at <= at)
        piece++;
    return entry->pieces[piece].offset + (at - entry->pieces[piece].at);
}

struct document_position document_position_of(struct span text, size_t offset)
{
    struct document_position position = {.line = 1, .column = 1};

    for (size_t i = 0; i < offset && i < text.len; i++) {
        position.column++;
        if (text.data[i] == '\n') {
            position.line++;
            position.column = 1;
        }
    }
    return position;
}
