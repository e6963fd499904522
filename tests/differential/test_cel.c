/* The policy language against an independent evaluator of CEL: generated expressions over generated
 * claims, of which some are unknown. What both define has to come out the same, and what CEL calls an
 * error has to be unknown here. The evaluator is tests/differential/cel/evaluate.mjs. */
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "support/expression_writer.h"

enum { EXPRESSIONS = 40000, DEPTH = 4, LINE_LEN = 64 };

static const char *evaluator;
static size_t n_expressions = EXPRESSIONS;

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

/* Each kind of node in the tree. */
static void count_kinds(const struct node *node, size_t *n_kinds)
{
    n_kinds[node->kind]++;
    for (const struct node *child = node->child; child; child = child->next)
        count_kinds(child, n_kinds);
}

static const char *evaluate(struct crypto *crypto, const struct claims *claims, const char *text,
                            struct arena *arena, size_t *n_kinds)
{
    struct expression_list list = writer_known(arena);
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
    count_kinds(root, n_kinds);
    return !value.known ? "unknown" : value.is_true ? "true" : "false";
}

struct line {
    char *expression;
    const char *ours;
    bool has_exists_one;
};

static json_t *references_json(void)
{
    size_t n_words;
    const char *const *words = writer_known_words(&n_words);
    json_t *known = json_array();

    for (size_t i = 0; i < n_words; i++)
        json_array_append_new(known, json_string(words[i]));
    return json_pack("{s:{s:o}}", "references", "known", known);
}

static void write_line(FILE *file, json_t *object)
{
    assert_int_equal(json_dumpf(object, file, JSON_COMPACT), 0);
    fputc('\n', file);
    json_decref(object);
}

static void write_lines(FILE *file, struct line *lines, size_t *n_kinds)
{
    struct error error;
    struct crypto *crypto = crypto_new(&error);

    write_line(file, references_json());
    for (size_t i = 0; i < n_expressions; i++) {
        struct arena arena = arena_init((size_t)1 << 24);
        struct expression_writer writer = {0};
        struct claims claims;

        writer_claims(&claims, &arena);
        writer_condition(&writer, DEPTH);
        lines[i] = (struct line){.expression = strdup(writer.text),
                                 .ours = evaluate(crypto, &claims, writer.text, &arena, n_kinds),
                                 .has_exists_one = writer.has_exists_one};
        write_line(file, json_pack("{s:s, s:o}", "expression", writer.text, "claims",
                                   claims_json(crypto, &claims, &arena)));
        arena_done(&arena);
    }
    crypto_free(crypto);
}

/* Every kind that CEL has was tried in earnest. */
static void check_kinds(const size_t *n_kinds)
{
    for (int kind = NODE_BOOL; kind <= NODE_SETS_INTERSECTS; kind++)
        if (kind != NODE_VERSION && n_kinds[kind] < n_expressions / 200)
            fail_msg("kind %d came up %zu times only", kind, n_kinds[kind]);
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
    struct line *lines = calloc(n_expressions, sizeof *lines);
    char input[] = "/tmp/bootseal-cel-XXXXXX", command[4096], theirs[LINE_LEN];
    size_t n_known = 0, n_unknown = 0, n_different = 0, n_kinds[NODE_SETS_INTERSECTS + 1] = {0};
    int fd = mkstemp(input);
    FILE *file = fdopen(fd, "w");

    (void)state;
    assert_non_null(file);
    write_lines(file, lines, n_kinds);
    check_kinds(n_kinds);
    assert_int_equal(fclose(file), 0);
    snprintf(command, sizeof command, "node '%s' <%s", evaluator, input);
    file = popen(command, "r");
    assert_non_null(file);
    for (size_t i = 0; i < n_expressions; i++) {
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
    printf("%zu expressions: %zu decided, %zu unknown, %zu different\n", n_expressions, n_known,
           n_unknown, n_different);
    assert_int_equal(n_different, 0);
    /* Both kinds were tried in earnest. */
    assert_true(n_known > n_expressions / 4 && n_unknown > n_expressions / 20);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_generated_expressions),
    };

    if (argc < 2 || argc > 3)
        return 2;
    evaluator = argv[1];
    if (argc == 3)
        n_expressions = strtoul(argv[2], NULL, 10);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
