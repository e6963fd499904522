#include "support/expression_writer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#define PICK(array) array[writer_chance(sizeof(array) / sizeof *(array))]

#define DIGEST_A    "sha256:1111111111111111111111111111111111111111111111111111111111111111"
#define DIGEST_B    "sha256:2222222222222222222222222222222222222222222222222222222222222222"

static const enum claim_id BOOLS[] = {
    CLAIM_SECURE_BOOT_ENABLED, CLAIM_SECURE_BOOT_TEST_KEYS, CLAIM_DEBUG_KERNEL,
    CLAIM_VBS_ENABLED,         CLAIM_LOG_COMPLETE,
};
static const enum claim_id TEXTS[] = {CLAIM_BOOT_KERNEL_COMMAND_LINE, CLAIM_KERNEL_VERSION,
                                      CLAIM_FIRMWARE_VERSION};
static const enum claim_id LISTS[] = {CLAIM_BOOT_IMAGES, CLAIM_BOOT_MODULES, CLAIM_KERNEL_CONFIG};

/* Two of the digests come up as texts and as digests. Their number is prime to the step of
 * put_constants. */
static const char *const WORDS[] = {
    "a",
    "b",
    "",
    "integrity",
    "a b",
    "Quiet",
    "quiet ro",
    "x=\"",
    DIGEST_A,
    DIGEST_B,
    "\xc3\xa9",
    "a \"b c\" d",
    "it's",
    "a\\b",
    "one\ntwo",
    "one\ttwo",
    "\xf0\x9f\x98\x80z",
    "\xc3\x89Z",
};
static const char *const KNOWN[] = {DIGEST_A, "a", "quiet ro"};

/* --- Chance --- */

unsigned writer_chance(unsigned n)
{
    static uint64_t seed = 0x9E3779B97F4A7C15u;

    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (unsigned)(seed >> 33) % n;
}

/* --- Claims --- */

static struct claim_item item_of(const char *word, struct arena *arena)
{
    struct claim_item item = {.kind = CLAIM_ITEM_TEXT, .bytes = span_text(word)};
    bool is_digest;

    assert_true(expression_digest(span_text(word), arena, &item, &is_digest));
    return item;
}

void writer_claims(struct claims *claims, struct arena *arena)
{
    *claims = (struct claims){0};
    for (size_t i = 0; i < sizeof BOOLS / sizeof *BOOLS; i++)
        claims->claims[BOOLS[i]] = (struct claim){
            .known = writer_chance(4) != 0, .is_true = writer_chance(2), .grade = CLAIM_ATTESTED};
    for (size_t i = 0; i < sizeof TEXTS / sizeof *TEXTS; i++)
        claims->claims[TEXTS[i]] = (struct claim){
            .known = writer_chance(4) != 0, .text = PICK(WORDS), .grade = CLAIM_ATTESTED};
    for (size_t i = 0; i < sizeof LISTS / sizeof *LISTS; i++) {
        struct claim *claim = &claims->claims[LISTS[i]];

        claim->known = writer_chance(4) != 0;
        claim->grade = CLAIM_ATTESTED;
        claim->n_items = writer_chance(4);
        claim->items = arena_array(arena, claim->n_items + 1, sizeof *claim->items);
        assert_non_null(claim->items);
        for (size_t k = 0; k < claim->n_items; k++)
            claim->items[k] = item_of(PICK(WORDS), arena);
    }
}

const char *const *writer_known_words(size_t *n_words)
{
    *n_words = sizeof KNOWN / sizeof *KNOWN;
    return KNOWN;
}

struct expression_list writer_known(struct arena *arena)
{
    struct expression_list list = {.name = "known", .n_items = sizeof KNOWN / sizeof *KNOWN};

    list.items = arena_array(arena, list.n_items, sizeof *list.items);
    assert_non_null(list.items);
    for (size_t i = 0; i < list.n_items; i++)
        list.items[i] = item_of(KNOWN[i], arena);
    expression_list_sort(&list);
    return list;
}

/* --- Words --- */

static void put(struct expression_writer *writer, const char *text)
{
    size_t len = strlen(text);

    assert_true(writer->len + len < WRITER_TEXT_LEN);
    memcpy(writer->text + writer->len, text, len + 1);
    writer->len += len;
}

/* A sign between operands, with or without room around it. */
static void put_sign(struct expression_writer *writer, const char *sign)
{
    static const char *const ROOM[] = {" ", " ", " ", "", "\n    ", "\t"};

    put(writer, PICK(ROOM));
    put(writer, sign);
    put(writer, PICK(ROOM));
}

static void put_literal(struct expression_writer *writer, const char *word)
{
    const char *quote = writer_chance(3) ? "\"" : "'";

    put(writer, quote);
    for (; *word; word++) {
        char plain[2] = {*word, '\0'};

        if (*word == '\n' || *word == '\t')
            put(writer, *word == '\n' ? "\\n" : "\\t");
        else if (*word == *quote || *word == '\\' || (*word == '\'' && writer_chance(2)))
            put(writer, *word == '\\' ? "\\\\" : *word == '"' ? "\\\"" : "\\'");
        else
            put(writer, plain);
    }
    put(writer, quote);
}

/* Two literals; a digest with something beside it is none, which is an error. */
static void put_joined(struct expression_writer *writer)
{
    static const char *const BEGINNINGS[] = {"", "a", "\xc3\xa9", "sha256", "one\n"};
    static const char *const ENDS[] = {"", "b", "it's", " ro", "a\\b"};

    put(writer, "(");
    put_literal(writer, PICK(BEGINNINGS));
    put_sign(writer, "+");
    put_literal(writer, PICK(ENDS));
    put(writer, ")");
}

static void put_claim(struct expression_writer *writer, enum claim_id id)
{
    put(writer, claim_name(id));
}

/* --- Values --- */

static void put_variable(struct expression_writer *writer)
{
    static const char *const NAMES[WRITER_VARIABLES] = {"x", "y", "z"};

    put(writer, NAMES[writer_chance(writer->n_variables)]);
}

static void put_text(struct expression_writer *writer)
{
    switch (writer_chance(writer->n_variables ? 7 : 5)) {
    case 0:
    case 1:
        put_literal(writer, PICK(WORDS));
        break;
    case 2:
        put_joined(writer);
        break;
    case 3:
        if (writer->n_variables && writer_chance(2))
            put_variable(writer);
        else
            put_claim(writer, PICK(TEXTS));
        put(writer, ".lowerAscii()");
        break;
    case 4:
        put_claim(writer, PICK(TEXTS));
        break;
    default:
        put_variable(writer);
    }
}

/* No word twice, which is an error. */
static void put_constants(struct expression_writer *writer)
{
    size_t n_words = sizeof WORDS / sizeof *WORDS, first = writer_chance((unsigned)n_words);
    unsigned n = writer_chance(4);

    put(writer, "[");
    for (unsigned i = 0; i < n; i++) {
        put(writer, i ? ", " : "");
        put_literal(writer, WORDS[(first + 5 * i) % n_words]);
    }
    put(writer, n && writer_chance(8) == 0 ? ",]" : "]");
}

static void put_list(struct expression_writer *writer)
{
    switch (writer_chance(5)) {
    case 0:
        put_constants(writer);
        break;
    case 1:
        put(writer, "tokens(");
        put_text(writer);
        put(writer, ")");
        break;
    case 2:
        put(writer, "reference(\"known\")");
        break;
    default:
        put_claim(writer, PICK(LISTS));
    }
}

static void put_number(struct expression_writer *writer)
{
    static const char *const NUMBERS[] = {"0", "1", "2", "3", "9999999999"};

    switch (writer_chance(4)) {
    case 0:
        put(writer, PICK(NUMBERS));
        break;
    case 1:
        put_list(writer);
        put(writer, ".size()");
        break;
    default:
        put(writer, "size(");
        put_list(writer);
        put(writer, ")");
    }
}

/* Nothing that has neither letter nor digit. */
static void put_version(struct expression_writer *writer)
{
    static const char *const VERSIONS[] = {"\"1\"", "\"1.0~rc1\"", "'a'", "\"one\\ntwo\""};

    put(writer, "version(");
    if (writer_chance(3))
        put_claim(writer, PICK(TEXTS));
    else if (writer->n_variables)
        put_variable(writer);
    else
        put(writer, PICK(VERSIONS));
    put(writer, ")");
}

/* --- Conditions --- */

static void put_operand(struct expression_writer *writer, int depth);

static void put_macro(struct expression_writer *writer, int depth)
{
    static const char *const HEADS[][WRITER_VARIABLES] = {
        {".all(x, ", ".all(y, ", ".all(z, "},
        {".exists(x, ", ".exists(y, ", ".exists(z, "},
        {".exists_one(x, ", ".exists_one(y, ", ".exists_one(z, "},
    };
    unsigned kind = writer_chance(3);

    put_list(writer);
    put(writer, HEADS[kind][writer->n_variables++]);
    writer_condition(writer, depth - 1);
    put(writer, ")");
    writer->n_variables--;
    writer->has_exists_one |= kind == 2;
}

static void put_call(struct expression_writer *writer)
{
    static const char *const METHODS[] = {".contains(", ".startsWith(", ".endsWith("};
    static const char *const SETS[] = {"sets.contains(", "sets.equivalent(", "sets.intersects("};

    if (writer_chance(2)) {
        put_text(writer);
        put(writer, PICK(METHODS));
        put_text(writer);
    } else {
        put(writer, PICK(SETS));
        put_list(writer);
        put(writer, ", ");
        put_list(writer);
    }
    put(writer, ")");
}

static void put_comparison(struct expression_writer *writer, int depth)
{
    static const char *const SIGNS[] = {"==", "!=", "<", "<=", ">", ">="};

    switch (writer_chance(writer->with_versions ? 5 : 4)) {
    case 0:
        put_text(writer);
        put_sign(writer, writer_chance(2) ? "==" : "!=");
        put_text(writer);
        break;
    case 1:
        put_text(writer);
        put(writer, " in ");
        put_list(writer);
        break;
    case 2:
        put_number(writer);
        put_sign(writer, PICK(SIGNS));
        put_number(writer);
        break;
    case 3:
        put_operand(writer, depth - 1);
        put_sign(writer, writer_chance(2) ? "==" : "!=");
        put_operand(writer, depth - 1);
        break;
    default:
        put_version(writer);
        put_sign(writer, PICK(SIGNS));
        put_version(writer);
    }
}

/* What "!" and comparisons take without parentheses. */
static void put_operand(struct expression_writer *writer, int depth)
{
    switch (writer_chance(depth > 0 ? 8 : 3)) {
    case 0:
        put_claim(writer, PICK(BOOLS));
        break;
    case 1:
        put(writer, writer_chance(8)   ? claim_name(PICK(BOOLS))
                    : writer_chance(2) ? "true"
                                       : "false");
        break;
    case 2:
        put_call(writer);
        break;
    case 3:
        put(writer, "!");
        put_operand(writer, depth - 1);
        break;
    case 4:
    case 5:
        put(writer, "(");
        writer_condition(writer, depth - 1);
        put(writer, ")");
        break;
    default:
        if (writer->n_variables < WRITER_VARIABLES)
            put_macro(writer, depth);
        else
            put_call(writer);
    }
}

/* Up to three of them in a row without parentheses: && binds tighter than ||. */
void writer_condition(struct expression_writer *writer, int depth)
{
    unsigned n = depth > 0 ? 1 + writer_chance(3) : 1;

    for (unsigned i = 0; i < n; i++) {
        if (i)
            put_sign(writer, writer_chance(2) ? "&&" : "||");
        if (writer_chance(2))
            put_comparison(writer, depth);
        else
            put_operand(writer, depth);
    }
}
