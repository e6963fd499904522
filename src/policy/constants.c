/* What a constant may be where it is compared with something.
 *
 * Owns nothing. Refuses what can only be a slip: it would equal nothing, and a rule that forbids it would
 * forbid nothing. As part of a text (contains and its like) the same may be of use. */
#include "policy/parser.h"

#include <stdio.h>

/* --- Digests --- */

static bool is_hex_digit(uint8_t byte)
{
    return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'f') ||
           (byte >= 'A' && byte <= 'F');
}

/* As many hexadecimal digits, and nothing else, as some digest has bytes. */
static bool is_bare_hex(struct span text)
{
    for (size_t i = 0; i < text.len; i++)
        if (!is_hex_digit(text.data[i]))
            return false;
    return text.len == 40 || text.len == 64 || text.len == 96 || text.len == 128;
}

/* Text that looks like a digest and is none: an algorithm of ours with other than its digits, another
 * algorithm or another spelling of ours, or the digits alone. */
static bool is_broken_digest(const struct claim_item *item)
{
    const uint8_t *colon = item->kind == CLAIM_ITEM_TEXT && item->bytes.len
                               ? memchr(item->bytes.data, ':', item->bytes.len)
                               : NULL;
    size_t name_len = colon ? (size_t)(colon - item->bytes.data) : 0;

    if (item->kind != CLAIM_ITEM_TEXT)
        return false;
    if (!colon)
        return is_bare_hex(item->bytes);
    return tpm_hash_by_name(span_of(item->bytes.data, name_len)) != 0 ||
           is_bare_hex(span_of(colon + 1, item->bytes.len - name_len - 1));
}

/* Of an item, whether the list has one. */
static bool has_broken_digest(const struct parser *parser, const struct node *node)
{
    if (node->kind == NODE_VARIABLE)
        node = parser->variable_lists[node->variable];
    if (node->kind == NODE_STRING)
        return is_broken_digest(&node->text);
    if (node->kind != NODE_LIST)
        return false;
    for (size_t i = 0; i < node->list->n_items; i++)
        if (is_broken_digest(&node->list->items[i]))
            return true;
    return false;
}

/* --- Words --- */

enum { WORDS_MAX = 5 };

static const struct {
    enum claim_id claim;
    const char *words[WORDS_MAX + 1];
} CLAIMS[] = {
#define CLAIM_WORDS(claim, ...) {CLAIM_##claim, {__VA_ARGS__}},
#include "policy/claim_words.def"
#undef CLAIM_WORDS
};

static const char *const *words_of(const struct node *node)
{
    for (size_t i = 0; node->kind == NODE_CLAIM && i < sizeof CLAIMS / sizeof *CLAIMS; i++)
        if (CLAIMS[i].claim == node->claim)
            return CLAIMS[i].words;
    return NULL;
}

static bool is_word(const char *const *words, const struct claim_item *item)
{
    while (*words && !(item->kind == CLAIM_ITEM_TEXT && span_is(item->bytes, *words)))
        words++;
    return *words;
}

static bool are_words(const char *const *words, const struct node *constant)
{
    if (constant->kind == NODE_STRING)
        return is_word(words, &constant->text);
    for (size_t i = 0;
         constant->kind == NODE_LIST && !constant->list->name && i < constant->list->n_items; i++)
        if (!is_word(words, &constant->list->items[i]))
            return false;
    return true;
}

static void fail_words(struct parser *parser, const struct node *claim, const char *const *words,
                       const struct node *constant)
{
    char text[96] = "";
    size_t len = 0;

    for (; *words; words++)
        len += (size_t)snprintf(text + len, sizeof text - len, "%s%s",
                                len == 0   ? ""
                                : words[1] ? ", "
                                           : " or ",
                                *words);
    parser_fail(parser, (size_t)(constant->source.data - parser->text.data), "%s is nothing but %s",
                claim_name(claim->claim), text);
}

/* --- Both --- */

static bool check_one(struct parser *parser, const struct node *constant, const struct node *other)
{
    const char *const *words = words_of(other);

    if (has_broken_digest(parser, constant))
        parser_fail(parser, (size_t)(constant->source.data - parser->text.data),
                    "expected ALGORITHM:HEX with the algorithm's number of digits");
    else if (words && !are_words(words, constant))
        fail_words(parser, other, words, constant);
    return !parser->failed;
}

bool parser_check_constants(struct parser *parser, const struct node *a, const struct node *b)
{
    return check_one(parser, a, b) && check_one(parser, b, a);
}
