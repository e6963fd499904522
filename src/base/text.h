/* Text: hexadecimal both ways, and foreign text made safe to show.
 *
 * Text that a host sent may hold terminal escapes, broken UTF-8 or newlines; it is shown or stored
 * only after text_printable or text_utf16 has been over it. */
#ifndef BOOTSEAL_BASE_TEXT_H
#define BOOTSEAL_BASE_TEXT_H

#include "base/arena.h"

/* Lower-case hex of bytes in the arena; NULL when the arena is full. */
char *text_hex(struct arena *arena, struct span bytes);

/* Writes 2 * bytes.len + 1 characters into hex, which has room for them. */
void text_hex_into(char *hex, struct span bytes);

/* Decodes len_max bytes at most; false for odd length, other characters or too many. */
bool text_unhex(struct span hex, uint8_t *bytes, size_t cap, size_t *len) MUST_CHECK;

/* A printable copy: well-formed UTF-8 stays; control characters, those that show nothing or turn the
 * direction of writing, and broken bytes become \xNN; one run of NULs at the end is dropped. NULL when
 * the arena is full. */
char *text_printable(struct arena *arena, struct span bytes);

/* UTF-16LE to printable UTF-8, up to the first NUL; lone surrogates, an odd last byte and what
 * text_printable does not leave become \xNN. NULL when the arena is full. */
char *text_utf16(struct arena *arena, struct span utf16);

/* True when the bytes are well-formed UTF-8 (RFC 3629); control characters are. */
bool text_utf8_valid(struct span bytes);

/* How many bytes stand before the first that is not well-formed UTF-8, or begins a character that shows
 * nothing or turns the direction of writing; all of them when none does. */
size_t text_shown_len(struct span bytes);

/* Number of single-character edits between two words (Levenshtein); SIZE_MAX when one has more than 64
 * bytes. */
size_t text_distance(struct span a, struct span b);

#endif
