/* Text of documents that Bootseal writes: sections and values in lines that document readers take.
 *
 * Grows in an arena; sticky failure. Trusts nothing that it is given: names become plain keys, texts
 * become escaped literals, and both are cut into lines. Internal to src/policy. */
#ifndef BOOTSEAL_POLICY_DOCUMENT_TEXT_H
#define BOOTSEAL_POLICY_DOCUMENT_TEXT_H

#include "base/arena.h"

enum { DOCUMENT_TEXT_LINE_LEN = 190 }; /* readers take five bytes more */

struct document_text {
    struct arena *arena;
    char *text;
    size_t len, cap;
    bool failed;
};

void document_text_put(struct document_text *document, const char *format, ...) PRINTF_LIKE(2, 3);

/* A label as a key, of at most cap bytes: what readers give a meaning to becomes a space. May be "".
 * NULL when the arena is full. */
char *document_text_key(struct arena *arena, const char *label, size_t cap);
void document_text_put_key(struct document_text *document, const char *label, size_t cap);

/* Text as string literals, joined over as many lines as it takes. */
void document_text_put_literal(struct document_text *document, struct span text);

/* "name = words\n", going on over indented lines. The words are printable and without " ;". */
void document_text_put_words(struct document_text *document, const char *name, const char *words);

/* What was written, in the arena. */
bool document_text_done(const struct document_text *document, struct span *text,
                        struct error *error) MUST_CHECK;

#endif
