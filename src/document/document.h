/* Documents that operators write: sections of keys and values, as text with positions.
 *
 * The one reader for policies, reference values, updates and catalogues. Owns nothing but what is in
 * the arena. The text is an operator's; every count in it is capped. Never lets anything in the text
 * go unread: an unknown section, a section or key that is there twice, an empty section and a line
 * that inih would cut are errors with their place. What keys mean is the reader's of a kind. */
#ifndef BOOTSEAL_DOCUMENT_DOCUMENT_H
#define BOOTSEAL_DOCUMENT_DOCUMENT_H

#include "base/arena.h"
#include "base/limits.h"

/* A kind of section that a document may have: [prefix] once, or [prefix NAME] for each name. */
struct document_kind {
    int id; /* the caller's, not 0 */
    const char *prefix;
    bool is_named;
    size_t most; /* sections of this kind */
};

struct document_piece;

struct document_entry {
    const char *name;
    char *value; /* lines joined by \n, NUL-terminated */
    size_t value_len, value_cap;
    struct document_piece *pieces; /* the lines, for document_value_offset */
    size_t n_pieces;
    size_t name_offset, offset; /* of the name and of the value in the text */
    struct document_entry *next;
};

struct document_section {
    int kind;         /* id of one of those given */
    const char *name; /* "" for a kind without names */
    size_t offset;
    struct document_entry *first, *last;
    size_t n_entries;
    struct document_section *next;
};

struct document {
    struct span text;
    struct document_section *first, *last;
    size_t n_sections, n_values;
};

struct document_position {
    size_t line, column; /* from 1 */
};

/* Reads text with sections of the kinds given. The error has its message and, as offset, the byte
 * of text: document_position_of says line and column. *document points into text and the arena. */
bool document_read(struct span text, const struct document_kind *kinds, size_t n_kinds,
                   struct arena *arena, struct document *document, struct error *error) MUST_CHECK;

/* How many sections of a kind there are. */
size_t document_count(const struct document *document, int kind);

/* The section of a kind and name; NULL when there is none. */
const struct document_section *document_find(const struct document *document, int kind,
                                             const char *name);

/* A value as one line for people: its lines joined by spaces. In place. */
const char *document_entry_text(const struct document_entry *entry);

/* Whether an indented line of the value looks like a key of its own, one of names: then *at is where it
 * begins in the value. */
bool document_swallows(const struct document_entry *entry, const char *const *names, size_t n_names,
                       size_t *at);

/* Where byte `at` of the joined value stands in the text; ERROR_NO_OFFSET gives the value's start. */
size_t document_value_offset(const struct document_entry *entry, size_t at);

struct document_position document_position_of(struct span text, size_t offset);

/* An error about the place in a text: "message "subject"", subject NULL for none. Gives false. */
bool document_error(struct error *error, size_t offset, const char *message, const char *subject);

#endif
