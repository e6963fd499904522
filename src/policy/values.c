/* Reads reference values and updates.
 *
 * Owns nothing but what is in the arena. Trusts document/document.h for the form; what a value may
 * be is decided here. Never takes a value that it does not understand. */
#include "policy/values.h"

#define REFERENCE_KIND                                                                             \
    {                                                                                              \
        SECTION_REFERENCE, "reference", true, LIMIT_POLICY_REFERENCES                              \
    }

static const struct document_kind POLICY_KINDS[] = {
    {SECTION_POLICY, "policy", false, 1},
    REFERENCE_KIND,
    {SECTION_RULE, "rule", true, LIMIT_POLICY_RULES},
};
static const struct document_kind REFERENCE_KINDS[] = {
    {SECTION_REFERENCE_VALUES, "reference-values", false, 1},
    REFERENCE_KIND,
};
static const struct document_kind UPDATE_KINDS[] = {
    {SECTION_UPDATE, "update", false, 1},
    {SECTION_ACCEPT, "accept", true, CLAIM_IDS},
    {SECTION_RETIRE, "retire", true, CLAIM_IDS},
};

#define N_KINDS(kinds) (sizeof(kinds) / sizeof *(kinds))

/* --- Reading --- */

bool values_read(struct values *values)
{
    const struct policy_sources *sources = values->sources;
    size_t n_documents = 1 + sources->n_references + sources->n_updates;

    values->source = 0;
    if (n_documents > LIMIT_POLICY_SOURCES)
        return error_set(values->error, ERROR_LIMIT, 0, NULL,
                         "the policy has %zu sources, over the limit of %d", n_documents,
                         LIMIT_POLICY_SOURCES);
    values->documents = arena_array(values->arena, n_documents, sizeof *values->documents);
    if (!values->documents)
        return arena_error(values->arena, values->error);
    values->n_documents = n_documents;
    if (!document_read(sources->text, POLICY_KINDS, N_KINDS(POLICY_KINDS), values->arena,
                       &values->documents[0], values->error))
        return false;
    while (++values->source < n_documents) {
        size_t i = values->source - 1;
        bool is_update = i >= sources->n_references;
        struct span text = is_update ? sources->updates[i - sources->n_references]
                                     : sources->references[i];

        if (!document_read(text, is_update ? UPDATE_KINDS : REFERENCE_KINDS,
                           is_update ? N_KINDS(UPDATE_KINDS) : N_KINDS(REFERENCE_KINDS),
                           values->arena, &values->documents[values->source], values->error))
            return false;
    }
    return true;
}

bool values_head(const struct document *document, enum section_kind kind,
                 struct policy_values *head, struct error *error)
{
    static const char *const KEYS[] = {"name", "version", "description"};
    const struct document_section *section = document_find(document, kind, "");
    struct policy_values read = {.is_update = kind == SECTION_UPDATE};

    if (!section)
        return document_error(error, 0, "there is no section",
                              kind == SECTION_POLICY   ? "[policy]"
                              : kind == SECTION_UPDATE ? "[update]"
                                                       : "[reference-values]");
    for (const struct document_entry *entry = section->first; entry; entry = entry->next) {
        size_t at;

        if (entry->value_len == 0)
            return document_error(error, entry->offset, "there is no value for", entry->name);
        if (document_swallows(entry, KEYS, sizeof KEYS / sizeof *KEYS, &at))
            return document_error(error, document_value_offset(entry, at),
                                  "an indented line goes on with the value above it, that of",
                                  entry->name);
        if (strcmp(entry->name, "name") == 0)
            read.name = document_entry_text(entry);
        else if (strcmp(entry->name, "version") == 0)
            read.version = document_entry_text(entry);
        else if (strcmp(entry->name, "description") == 0)
            read.description = document_entry_text(entry);
        else
            return document_error(error, entry->name_offset,
                                  "the head has name, version and description, not", entry->name);
        if (entry->value_len > LIMIT_DOCUMENT_NAME_LEN && strcmp(entry->name, "description") != 0)
            return document_error(error, entry->offset, "this is too long:", entry->name);
    }
    if (!read.name)
        return document_error(error, section->offset, "the head lacks a name", NULL);
    if (!read.version)
        return document_error(error, section->offset, "the head lacks a version", NULL);
    *head = read;
    return true;
}

/* --- Values --- */

/* A digest with its algorithm, or text in double quotes, which may go on over lines as in
 * expressions: "a " + "b". */
static bool read_value(const struct document_entry *entry, struct arena *arena,
                       struct claim_item *item, struct error *error)
{
    struct span text = span_of(entry->value, entry->value_len);
    struct error wrong;
    bool is_digest;

    if (!expression_digest(text, arena, item, &is_digest))
        return arena_error(arena, error);
    if (is_digest)
        return true;
    if (expression_text(text, arena, item, &wrong))
        return true;
    if (wrong.code == ERROR_MEMORY) {
        *error = wrong;
        return false;
    }
    return document_error(error, document_value_offset(entry, wrong.offset),
                          "expected ALGORITHM:HEX or text in double quotes, found", entry->value);
}

/* Appends a section's values to a list. */
static bool append_values(struct values *values, const struct document_section *section,
                          struct expression_list *list)
{
    struct claim_item *items = arena_array(values->arena, list->n_items + section->n_entries,
                                           sizeof *items);

    if (!items)
        return arena_error(values->arena, values->error);
    if (list->n_items)
        memcpy(items, list->items, list->n_items * sizeof *items);
    list->items = items;
    for (const struct document_entry *entry = section->first; entry; entry = entry->next) {
        struct claim_item *item = &list->items[list->n_items];

        if (!read_value(entry, values->arena, item, values->error))
            return false;
        item->label = entry->name;
        list->n_items++;
    }
    return true;
}

/* --- Joining --- */

static struct expression_list *find_list(struct expression_references *references, const char *name)
{
    for (size_t i = 0; i < references->n_lists; i++)
        if (strcmp(references->lists[i].name, name) == 0)
            return &references->lists[i];
    references->lists[references->n_lists].name = name;
    return &references->lists[references->n_lists++];
}

static bool claim_section(struct values *values, const struct document_section *section,
                          enum claim_id *claim)
{
    *claim = claim_by_name(span_text(section->name));
    if (*claim == CLAIM_IDS)
        return document_error(values->error, section->offset, "there is no claim", section->name);
    if (claim_type(*claim) == CLAIM_BOOL)
        return document_error(values->error, section->offset,
                              "only texts and lists have values to accept, unlike", section->name);
    return true;
}

/* An update of a policy may only announce what it replaces; one that is read alone says what that is. */
static bool retires(const struct values *values)
{
    return values->source <= values->sources->n_references + values->sources->n_retiring;
}

static bool join_section(struct values *values, const struct document_section *section,
                         struct expression_references *references)
{
    struct expression_list unused = {0};
    enum claim_id claim;

    switch (section->kind) {
    case SECTION_REFERENCE:
        return append_values(values, section, find_list(references, section->name));
    case SECTION_ACCEPT:
        return claim_section(values, section, &claim) &&
               append_values(values, section, &references->accepted[claim]);
    case SECTION_RETIRE:
        return claim_section(values, section, &claim) &&
               append_values(values, section,
                             retires(values) ? &references->retired[claim] : &unused);
    default:
        return true;
    }
}

bool values_join(struct values *values, struct expression_references *references)
{
    struct expression_references joined = {0};
    struct policy_values ignored;
    size_t n_lists = 0;

    for (size_t i = 0; i < values->n_documents; i++)
        n_lists += document_count(&values->documents[i], SECTION_REFERENCE);
    joined.lists = arena_array(values->arena, n_lists + 1, sizeof *joined.lists);
    joined.accepted = arena_array(values->arena, CLAIM_IDS, sizeof *joined.accepted);
    joined.retired = arena_array(values->arena, CLAIM_IDS, sizeof *joined.retired);
    if (!joined.lists || !joined.accepted || !joined.retired) {
        arena_error(values->arena, values->error);
        return false;
    }
    for (values->source = 0; values->source < values->n_documents; values->source++) {
        const struct document *document = &values->documents[values->source];
        bool is_update = values->source > values->sources->n_references;

        if (values->source > 0 &&
            !values_head(document, is_update ? SECTION_UPDATE : SECTION_REFERENCE_VALUES, &ignored,
                         values->error))
            return false;
        for (const struct document_section *section = document->first; section;
             section = section->next)
            if (!join_section(values, section, &joined))
                return false;
    }
    for (size_t i = 0; i < joined.n_lists; i++)
        expression_list_sort(&joined.lists[i]);
    for (size_t i = 0; i < CLAIM_IDS; i++) {
        expression_list_sort(&joined.accepted[i]);
        expression_list_sort(&joined.retired[i]);
    }
    *references = joined;
    return true;
}

/* --- One document alone --- */

/* The first section tells. */
static bool is_update_text(struct span text)
{
    static const char HEADER[] = "[update]";
    struct span rest = text;

    while (rest.len && rest.data[0] != '[') {
        const uint8_t *newline = memchr(rest.data, '\n', rest.len);

        if (!newline)
            return false;
        rest = span_of(newline + 1, (size_t)(text.data + text.len - (newline + 1)));
    }
    return span_begins(rest, span_text(HEADER));
}

static bool copy_lists(const struct expression_list *from, size_t n, bool are_claims,
                       struct arena *arena, const struct policy_value_list **copied)
{
    struct policy_value_list *lists = arena_array(arena, n + 1, sizeof *lists);

    for (size_t i = 0; lists && i < n; i++)
        lists[i] = (struct policy_value_list){.name = are_claims ? claim_name((enum claim_id)i)
                                                                 : from[i].name,
                                              .items = from[i].items,
                                              .n_items = from[i].n_items};
    *copied = lists;
    return lists;
}

/* What the document holds, and how many values count. False when the arena is full. */
static bool list_values(const struct expression_references *references, struct arena *arena,
                        struct policy_values *values)
{
    if (!copy_lists(references->lists, references->n_lists, false, arena, &values->lists) ||
        !copy_lists(references->accepted, CLAIM_IDS, true, arena, &values->accepted) ||
        !copy_lists(references->retired, CLAIM_IDS, true, arena, &values->retired))
        return false;
    values->n_lists = references->n_lists;
    for (size_t i = 0; i < values->n_lists; i++)
        values->n_values += values->lists[i].n_items;
    for (size_t i = 0; i < CLAIM_IDS; i++)
        values->n_values += values->accepted[i].n_items;
    return true;
}

bool policy_values_check(struct span text, struct arena *arena, struct policy_values *values,
                         struct policy_position *position, struct error *error)
{
    struct policy_sources sources = {0};
    struct document document;
    struct values work = {
        .sources = &sources, .arena = arena, .documents = &document, .n_documents = 1};
    struct expression_references references = {0};
    struct policy_values head = {0};
    bool is_update = is_update_text(text);

    work.error = error;
    if (!document_read(text, is_update ? UPDATE_KINDS : REFERENCE_KINDS,
                       is_update ? N_KINDS(UPDATE_KINDS) : N_KINDS(REFERENCE_KINDS), arena,
                       &document, error) ||
        !values_head(&document, is_update ? SECTION_UPDATE : SECTION_REFERENCE_VALUES, &head,
                     error) ||
        !values_join(&work, &references)) {
        struct document_position at = document_position_of(text, error->offset);

        *position = (struct policy_position){.line = at.line, .column = at.column};
        return false;
    }
    if (!list_values(&references, arena, &head))
        return arena_error(arena, error);
    *values = head;
    return true;
}
