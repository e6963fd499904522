/* The policy language against an independent evaluator of CEL: generated expressions over generated
 * claims, of which some are unknown. What both define has to come out the same, and what CEL calls an
 * error has to be unknown here. The evaluator is tests/differential/cel/evaluate.mjs. */
#include "policy/expression.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { EXPRESSIONS = 40000, DEPTH = 4, TEXT_LEN = 4096, VARIABLES = 3 };

static const char *evaluator;

/* --- Chance: the same expressions in every run --- */

static uint64_t seed = 0x9E3779B97F4A7C15u;

static unsigned chance(unsigned n)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (unsigned)(seed >> 33) % n;
}

/* --- Claims --- */

static const enum claim_id BOOLS[] = {
    CLAIM_SECURE_BOOT_ENABLED, CLAIM_SECURE_BOOT_TEST_KEYS, CLAIM_DEBUG_KERNEL,
    CLAIM_VBS_ENABLED,         CLAIM_LOG_COMPLETE,
};
static const enum claim_id TEXTS[] = {CLAIM_BOOT_KERNEL_COMMAND_LINE, CLAIM_KERNEL_LOCKDOWN,
                                      CLAIM_BOOT_LOADER};
static const enum claim_id LISTS[] = {CLAIM_BOOT_IMAGES, CLAIM_BOOT_MODULES, CLAIM_KERNEL_CONFIG};

#define DIGEST_A "sha256:1111111111111111111111111111111111111111111111111111111111111111"
#define DIGEST_B "sha256:2222222222222222222222222222222222222222222222222222222222222222"

static const char *const WORDS[] = {"a",      "b",      "",         "integrity",
                                    "a b",    "Quiet",  "quiet ro", "x=\"",
                                    DIGEST_A, DIGEST_B, "\xc3\xa9", "a \"b c\" d"};

#define PICK(array) array[chance(sizeof array / sizeof *array)]

static struct claim_item item_of(const char *word, struct arena *arena)
{
    struct claim_item item = {.kind = CLAIM_ITEM_TEXT, .bytes = span_text(word)};

    (void)expression_digest(span_text(word), arena, &item);
    return item;
}

static void make_claims(struct claims *claims, struct arena *arena)
{
    *claims = (struct claims){0};
    for (size_t i = 0; i < sizeof BOOLS / sizeof *BOOLS; i++)
        claims->claims[BOOLS[i]] = (struct claim){.known = chance(4) != 0, .is_true = chance(2)};
    for (size_t i = 0; i < sizeof TEXTS / sizeof *TEXTS; i++)
        claims->claims[TEXTS[i]] = (struct claim){.known = chance(4) != 0, .text = PICK(WORDS)};
    for (size_t i = 0; i < sizeof LISTS / sizeof *LISTS; i++) {
        struct claim *claim = &claims->claims[LISTS[i]];

        claim->known = chance(4) != 0;
        claim->n_items = chance(4);
        claim->items = arena_array(arena, claim->n_items + 1, sizeof *claim->items);
        assert_non_null(claim->items);
        for (size_t k = 0; k < claim->n_items; k++)
            claim->items[k] = item_of(PICK(WORDS), arena);
    }
}

/* --- Expressions --- */

struct expression_writer {
    char text[TEXT_LEN];
    size_t len;
    unsigned n_variables;
    bool has_exists_one;
};

static void put(struct expression_writer *writer, const char *text)
{
    size_t len = strlen(text);

    assert_true(writer->len + len < TEXT_LEN);
    memcpy(writer->text + writer->len, text, len + 1);
    writer->len += len;
}

static void put_bool(struct expression_writer *writer, int depth);

static void put_literal(struct expression_writer *writer, const char *word)
{
    put(writer, "\"");
    for (; *word; word++) {
        char character[3] = {*word == '"' ? '\\' : *word, *word == '"' ? '"' : '\0', '\0'};

        put(writer, character);
    }
    put(writer, "\"");
}

static void put_text(struct expression_writer *writer)
{
    static const char *const NAMES[VARIABLES] = {"x", "y", "z"};

    switch (chance(writer->n_variables ? 4 : 3)) {
    case 0:
        put_literal(writer, PICK(WORDS));
        break;
    case 1:
        put(writer, claim_name(PICK(TEXTS)));
        break;
    case 2:
        put(writer, claim_name(PICK(TEXTS)));
        put(writer, ".lowerAscii()");
        break;
    default:
        put(writer, NAMES[chance(writer->n_variables)]);
    }
}

/* No word twice, which is an error. */
static void put_constants(struct expression_writer *writer)
{
    size_t n_words = sizeof WORDS / sizeof *WORDS, first = chance((unsigned)n_words);
    unsigned n = chance(4);

    put(writer, "[");
    for (unsigned i = 0; i < n; i++) {
        put(writer, i ? ", " : "");
        put_literal(writer, WORDS[(first + 5 * i) % n_words]);
    }
    put(writer, "]");
}

static void put_list(struct expression_writer *writer)
{
    switch (chance(5)) {
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
        put(writer, claim_name(PICK(LISTS)));
    }
}

static void put_macro(struct expression_writer *writer, int depth)
{
    static const char *const HEADS[][VARIABLES] = {
        {".all(x, ", ".all(y, ", ".all(z, "},
        {".exists(x, ", ".exists(y, ", ".exists(z, "},
        {".exists_one(x, ", ".exists_one(y, ", ".exists_one(z, "},
    };
    unsigned kind = chance(3);

    put_list(writer);
    put(writer, HEADS[kind][writer->n_variables++]);
    put_bool(writer, depth - 1);
    put(writer, ")");
    writer->n_variables--;
    writer->has_exists_one |= kind == 2;
}

static void put_comparison(struct expression_writer *writer)
{
    static const char *const METHODS[] = {".contains(", ".startsWith(", ".endsWith("};
    static const char *const SETS[] = {"sets.contains(", "sets.equivalent(", "sets.intersects("};
    static const char *const SIGNS[] = {" == ", " != ", " < ", " <= ", " > ", " >= "};

    switch (chance(5)) {
    case 0:
        put_text(writer);
        put(writer, chance(2) ? " == " : " != ");
        put_text(writer);
        break;
    case 1:
        put_text(writer);
        put(writer, " in ");
        put_list(writer);
        break;
    case 2:
        put_text(writer);
        put(writer, PICK(METHODS));
        put_text(writer);
        put(writer, ")");
        break;
    case 3:
        put(writer, PICK(SETS));
        put_list(writer);
        put(writer, ", ");
        put_list(writer);
        put(writer, ")");
        break;
    default:
        put(writer, "size(");
        put_list(writer);
        put(writer, ")");
        put(writer, PICK(SIGNS));
        put(writer, chance(2) ? "1" : "2");
    }
}

static void put_bool(struct expression_writer *writer, int depth)
{
    switch (chance(depth > 0 ? 8 : 3)) {
    case 0:
        put(writer, claim_name(PICK(BOOLS)));
        break;
    case 1:
    case 2:
        put_comparison(writer);
        break;
    case 3:
        put(writer, "!(");
        put_bool(writer, depth - 1);
        put(writer, ")");
        break;
    case 4:
    case 5:
        put(writer, "(");
        put_bool(writer, depth - 1);
        put(writer, chance(2) ? " && " : " || ");
        put_bool(writer, depth - 1);
        put(writer, ")");
        break;
    case 6:
        if (writer->n_variables < VARIABLES) {
            put_macro(writer, depth);
            break;
        }
        put_comparison(writer);
        break;
    default:
        put(writer, claim_name(PICK(BOOLS)));
        put(writer, chance(2) ? " == " : " != ");
        put(writer, chance(2) ? "true" : "false");
    }
}

/* --- Both sides --- */

static json_t *value_json(struct crypto *crypto, enum claim_id id, const struct claim *claim,
                          struct arena *arena)
{
    json_t *list;

    switch (claim_type(id)) {
    case CLAIM_BOOL:
        return json_boolean(claim->is_true);
    case CLAIM_TEXT:
        return json_string(claim->text);
    case CLAIM_LIST:
        break;
    }
    list = json_array();
    for (size_t i = 0; i < claim->n_items; i++)
        json_array_append_new(list, json_string(claim_item_print(crypto, &claim->items[i], arena)));
    return list;
}

/* {"secure_boot": {"enabled": true}}; what is unknown is not there. */
static json_t *claims_json(struct crypto *crypto, const struct claims *claims, struct arena *arena)
{
    json_t *object = json_object();

    for (int id = 0; id < CLAIM_IDS; id++) {
        const char *name = claim_name((enum claim_id)id), *dot = strchr(name, '.');
        char parent[64];

        snprintf(parent, sizeof parent, "%.*s", (int)(dot - name), name);
        if (!json_object_get(object, parent))
            json_object_set_new(object, parent, json_object());
        if (claims->claims[id].known)
            json_object_set_new(json_object_get(object, parent), dot + 1,
                                value_json(crypto, (enum claim_id)id, &claims->claims[id], arena));
    }
    return object;
}

static struct expression_list known_values(struct arena *arena)
{
    struct expression_list list = {
        .name = "known", .items = arena_array(arena, 3, sizeof *list.items), .n_items = 3};

    assert_non_null(list.items);
    list.items[0] = item_of(DIGEST_A, arena);
    list.items[1] = item_of("a", arena);
    list.items[2] = item_of("quiet ro", arena);
    expression_list_sort(&list);
    return list;
}

static const char *evaluate(struct crypto *crypto, const struct claims *claims, const char *text,
                            struct arena *arena)
{
    struct expression_list list = known_values(arena);
    struct expression_references references = {.lists = &list, .n_lists = 1};
    struct error error;
    struct evaluation evaluation = {
        .crypto = crypto, .claims = claims, .arena = arena, .error = &error};
    bool claims_read[CLAIM_IDS] = {false};
    struct value value;
    struct node *root;

    if (!expression_parse(span_text(text), &references, arena, &root, claims_read, &error))
        fail_msg("%s\n%s", text, error.message);
    assert_true(expression_evaluate(&evaluation, root, &value));
    assert_true(evaluation.steps <= root->cost);
    return !value.known ? "unknown" : value.is_true ? "true" : "false";
}

struct line {
    char *expression;
    const char *ours;
    bool has_exists_one;
};

static void write_lines(FILE *file, struct line *lines)
{
    struct error error;
    struct crypto *crypto = crypto_new(&error);

    fprintf(file, "{\"references\": {\"known\": [\"%s\", \"a\", \"quiet ro\"]}}\n", DIGEST_A);
    for (size_t i = 0; i < EXPRESSIONS; i++) {
        struct arena arena = arena_init((size_t)1 << 24);
        struct expression_writer writer = {0};
        struct claims claims;
        json_t *object;

        make_claims(&claims, &arena);
        put_bool(&writer, DEPTH);
        lines[i] = (struct line){.expression = strdup(writer.text),
                                 .ours = evaluate(crypto, &claims, writer.text, &arena),
                                 .has_exists_one = writer.has_exists_one};
        object = json_pack("{s:s, s:o}", "expression", writer.text, "claims",
                           claims_json(crypto, &claims, &arena));
        assert_int_equal(json_dumpf(object, file, JSON_COMPACT), 0);
        fputc('\n', file);
        json_decref(object);
        arena_done(&arena);
    }
    crypto_free(crypto);
}

/* An error is unknown here, but that exists_one() knows it is false as soon as two items are. */
static bool agree(const struct line *line, const char *theirs)
{
    if (strcmp(theirs, "error") == 0)
        return strcmp(line->ours, "unknown") == 0 || line->has_exists_one;
    return strcmp(theirs, line->ours) == 0;
}

static void test_generated_expressions(void **state)
{
    struct line *lines = calloc(EXPRESSIONS, sizeof *lines);
    char input[] = "/tmp/bootseal-cel-XXXXXX", command[4096], theirs[64];
    size_t n_known = 0, n_unknown = 0, n_different = 0;
    int fd = mkstemp(input);
    FILE *file = fdopen(fd, "w");

    (void)state;
    assert_non_null(file);
    write_lines(file, lines);
    assert_int_equal(fclose(file), 0);
    snprintf(command, sizeof command, "node '%s' <%s", evaluator, input);
    file = popen(command, "r");
    assert_non_null(file);
    for (size_t i = 0; i < EXPRESSIONS; i++) {
        assert_non_null(fgets(theirs, sizeof theirs, file));
        theirs[strcspn(theirs, "\n")] = '\0';
        n_known += strcmp(lines[i].ours, "unknown") != 0;
        n_unknown += strcmp(lines[i].ours, "unknown") == 0;
        if (!agree(&lines[i], theirs) && n_different++ < 10)
            printf("ours %s, theirs %s: %s\n", lines[i].ours, theirs, lines[i].expression);
        free(lines[i].expression);
    }
    assert_int_equal(pclose(file), 0);
    remove(input);
    free(lines);
    printf("%d expressions: %zu decided, %zu unknown, %zu different\n", EXPRESSIONS, n_known,
           n_unknown, n_different);
    assert_int_equal(n_different, 0);
    /* Both kinds were tried in earnest. */
    assert_true(n_known > EXPRESSIONS / 4 && n_unknown > EXPRESSIONS / 20);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_generated_expressions),
    };

    if (argc != 2)
        return 2;
    evaluator = argv[1];
    return cmocka_run_group_tests(tests, NULL, NULL);
}
