#include "policy/diff.h"

#include <stdlib.h>

#include "policy/values.h"

/* A value of a reference, from whichever document. */
struct listed {
    const char *name, *text, *key;
};

struct side {
    struct values read;
    struct listed *values; /* sorted */
    size_t n_values;
};

struct diff {
    struct side old, new;
    struct policy_difference *items; /* NULL while they are counted */
    size_t n_items;
};

static void add(struct diff *diff, struct policy_difference difference)
{
    if (diff->items)
        diff->items[diff->n_items] = difference;
    diff->n_items++;
}

/* --- Sides --- */

static int compare_values(const void *a, const void *b)
{
    const struct listed *x = a, *y = b;
    int order = strcmp(x->name, y->name);

    return order ? order : strcmp(x->text, y->text);
}

static bool collect_values(struct side *side, struct error *error)
{
    struct values *read = &side->read;
    size_t n = 0;

    for (size_t i = 0; i < read->n_documents; i++)
        n += read->documents[i].n_values;
    side->values = arena_array(read->arena, n + 1, sizeof *side->values);
    if (!side->values)
        return arena_error(read->arena, error);
    for (size_t i = 0; i < read->n_documents; i++)
        for (const struct document_section *section = read->documents[i].first; section;
             section = section->next)
            for (const struct document_entry *entry = section->first;
                 entry && section->kind == SECTION_REFERENCE; entry = entry->next)
                side->values[side->n_values++] = (struct listed){
                    section->name, document_entry_text(entry), entry->name};
    qsort(side->values, side->n_values, sizeof *side->values, compare_values);
    return true;
}

static bool read_side(const struct policy_sources *sources, struct arena *arena, struct side *side,
                      struct policy_sources *without_updates, struct error *error)
{
    *without_updates = *sources;
    without_updates->n_updates = without_updates->n_retiring = 0;
    side->read = (struct values){.sources = without_updates, .arena = arena, .error = error};
    return values_read(&side->read) && collect_values(side, error);
}

/* --- Sections --- */

static const char *value_of(const struct document_section *section, const char *key)
{
    for (const struct document_entry *entry = section ? section->first : NULL; entry;
         entry = entry->next)
        if (strcmp(entry->name, key) == 0)
            return document_entry_text(entry);
    return NULL;
}

static void compare_sections(struct diff *diff, const char *word,
                             const struct document_section *old, const struct document_section *new)
{
    struct policy_difference difference = {.section = word, .name = old->name};

    for (const struct document_entry *entry = old->first; entry; entry = entry->next) {
        difference.key = entry->name;
        difference.old = document_entry_text(entry);
        difference.new = value_of(new, entry->name);
        difference.change = difference.new ? POLICY_CHANGED : POLICY_REMOVED;
        if (!difference.new || strcmp(difference.old, difference.new) != 0)
            add(diff, difference);
    }
    for (const struct document_entry *entry = new->first; entry; entry = entry->next) {
        if (value_of(old, entry->name))
            continue;
        difference.change = POLICY_ADDED;
        difference.key = entry->name;
        difference.old = NULL;
        difference.new = document_entry_text(entry);
        add(diff, difference);
    }
}

static void compare_rules(struct diff *diff)
{
    const struct document *old = &diff->old.read.documents[0], *new = &diff->new.read.documents[0];

    for (const struct document_section *rule = old->first; rule; rule = rule->next) {
        const struct document_section *now = rule->kind == SECTION_RULE
                                                 ? document_find(new, SECTION_RULE, rule->name)
                                                 : NULL;

        if (now)
            compare_sections(diff, "rule", rule, now);
        else if (rule->kind == SECTION_RULE)
            add(diff, (struct policy_difference){.change = POLICY_REMOVED,
                                                 .section = "rule",
                                                 .name = rule->name,
                                                 .old = value_of(rule, "require")});
    }
    for (const struct document_section *rule = new->first; rule; rule = rule->next)
        if (rule->kind == SECTION_RULE && !document_find(old, SECTION_RULE, rule->name))
            add(diff, (struct policy_difference){.change = POLICY_ADDED,
                                                 .section = "rule",
                                                 .name = rule->name,
                                                 .new = value_of(rule, "require")});
}

/* --- Values --- */

static void add_value(struct diff *diff, enum policy_change change, const struct listed *value)
{
    add(diff, (struct policy_difference){.change = change,
                                         .section = "reference",
                                         .name = value->name,
                                         .key = value->key,
                                         .old = change == POLICY_REMOVED ? value->text : NULL,
                                         .new = change == POLICY_ADDED ? value->text : NULL});
}

/* The first value behind those that equal values[i]. */
static size_t skip_equal(const struct side *side, size_t i)
{
    size_t next = i + 1;

    while (next < side->n_values && compare_values(&side->values[i], &side->values[next]) == 0)
        next++;
    return next;
}

/* Both sides are sorted: one walk over them. */
static void compare_references(struct diff *diff)
{
    const struct side *old = &diff->old, *new = &diff->new;
    size_t i = 0, k = 0;

    while (i < old->n_values || k < new->n_values) {
        int order = i == old->n_values   ? 1
                    : k == new->n_values ? -1
                                         : compare_values(&old->values[i], &new->values[k]);

        if (order < 0)
            add_value(diff, POLICY_REMOVED, &old->values[i]);
        else if (order > 0)
            add_value(diff, POLICY_ADDED, &new->values[k]);
        i = order <= 0 ? skip_equal(old, i) : i;
        k = order >= 0 ? skip_equal(new, k) : k;
    }
}

static void compare(struct diff *diff)
{
    diff->n_items = 0;
    compare_sections(diff, "policy",
                     document_find(&diff->old.read.documents[0], SECTION_POLICY, ""),
                     document_find(&diff->new.read.documents[0], SECTION_POLICY, ""));
    compare_rules(diff);
    compare_references(diff);
}

bool policy_diff(const struct policy_sources *old, const struct policy_sources *new,
                 struct arena *arena, struct policy_difference **differences, size_t *n_differences,
                 struct error *error)
{
    struct diff diff = {0};
    struct policy_sources old_alone, new_alone;
    struct policy_values head;

    if (!read_side(old, arena, &diff.old, &old_alone, error) ||
        !read_side(new, arena, &diff.new, &new_alone, error) ||
        !values_head(&diff.old.read.documents[0], SECTION_POLICY, &head, error) ||
        !values_head(&diff.new.read.documents[0], SECTION_POLICY, &head, error))
        return false;
    compare(&diff);
    diff.items = arena_array(arena, diff.n_items + 1, sizeof *diff.items);
    if (!diff.items)
        return arena_error(arena, error);
    compare(&diff);
    *differences = diff.items;
    *n_differences = diff.n_items;
    return true;
}
