/* Policy files to policies: sections and keys (read by inih), then references, then rules.
 *
 * Owns nothing but what is in the arena. The text is an operator's; every count in it is capped.
 * Never lets anything in the file go unread: an unknown section or key, one that is there twice, an
 * empty section and a line that inih would cut are errors with their line and column. */
#include "policy/rules.h"

#include <ini.h>
#include <stdio.h>

#include "base/text.h"

enum {
    LINE_LEN_MAX = 196,   /* inih's line buffer is 200 bytes by default */
    SECTION_LEN_MAX = 49, /* and its section name 50 */
};

/* A value can go on over indented lines; each line is a piece, for positions in errors. */
struct piece {
    size_t at;     /* in the joined value */
    size_t offset; /* in the policy text */
};

struct entry {
    const char *name;
    char *value;
    size_t value_len, value_cap;
    struct piece *pieces;
    size_t n_pieces;
    size_t offset; /* of the value in the policy text */
    struct entry *next;
};

enum section_kind { SECTION_POLICY = 1, SECTION_REFERENCE, SECTION_RULE };

struct section {
    enum section_kind kind;
    const char *name; /* what comes after the kind */
    size_t offset;
    struct entry *first, *last;
    size_t n_entries;
    struct section *next;
};

struct compiler {
    struct span text;
    struct arena *arena;
    struct error *error;
    size_t error_offset; /* in text */
    bool failed;

    /* what the line reader knows about the line inih has in hand */
    const char *line;
    size_t line_offset, next_offset;
    bool line_indented;
    size_t n_headers, header_offset; /* section headers read so far; the last one */

    size_t n_headers_used;
    struct section *first, *last;
    size_t n_sections, n_values, n_rules, n_references;
};

static bool fail_at(struct compiler *compiler, size_t offset, const char *message,
                    const char *subject)
{
    if (compiler->failed)
        return false;
    compiler->failed = true;
    compiler->error_offset = offset;
    return error_set(compiler->error, ERROR_USAGE, offset, NULL, "%s%s%.100s%s", message,
                     subject ? " \"" : "", subject ? subject : "", subject ? "\"" : "");
}

static bool fail_memory(struct compiler *compiler)
{
    if (compiler->failed)
        return false;
    compiler->failed = true;
    return arena_error(compiler->arena, compiler->error);
}

/* inih's way to get the next line; NULL at the end and after a failure. */
static char *read_line(char *buffer, int buffer_len, void *context)
{
    struct compiler *compiler = context;
    struct span rest = span_of(compiler->text.data + compiler->next_offset,
                               compiler->text.len - compiler->next_offset);
    const uint8_t *newline = rest.len ? memchr(rest.data, '\n', rest.len) : NULL;
    size_t len = newline ? (size_t)(newline - rest.data) + 1 : rest.len;

    if (compiler->failed || rest.len == 0)
        return NULL;
    if (len > LINE_LEN_MAX || len + 1 > (size_t)buffer_len) {
        fail_at(compiler, compiler->next_offset,
                "the line is longer than 195 bytes (indented lines go on with a value)", NULL);
        return NULL;
    }
    memcpy(buffer, rest.data, len);
    buffer[len] = '\0';
    compiler->line = buffer;
    compiler->line_offset = compiler->next_offset;
    compiler->next_offset += len;
    compiler->line_indented = buffer[0] == ' ' || buffer[0] == '\t';
    if (buffer[0] == '[') {
        const char *end = strchr(buffer, ']');

        if (end && end - buffer > SECTION_LEN_MAX)
            fail_at(compiler, compiler->line_offset, "the section's name is longer than 48 bytes",
                    NULL);
        if (compiler->n_headers > compiler->n_headers_used)
            fail_at(compiler, compiler->header_offset, "the section is empty", NULL);
        compiler->n_headers++;
        compiler->header_offset = compiler->line_offset;
    }
    return compiler->failed ? NULL : buffer;
}

static struct section *find_section(struct compiler *compiler, enum section_kind kind,
                                    const char *name)
{
    for (struct section *section = compiler->first; section; section = section->next)
        if (section->kind == kind && strcmp(section->name, name) == 0)
            return section;
    return NULL;
}

static bool begin_section(struct compiler *compiler, const char *header)
{
    static const struct {
        const char *prefix;
        enum section_kind kind;
    } KINDS[] = {{"reference ", SECTION_REFERENCE}, {"rule ", SECTION_RULE}};
    struct section *section = arena_new(compiler->arena, struct section);
    const char *name = NULL;

    if (!section)
        return fail_memory(compiler);
    if (strcmp(header, "policy") == 0) {
        section->kind = SECTION_POLICY;
        name = "";
    }
    for (size_t i = 0; i < sizeof KINDS / sizeof *KINDS && !name; i++) {
        size_t len = strlen(KINDS[i].prefix);

        if (strncmp(header, KINDS[i].prefix, len) != 0)
            continue;
        section->kind = KINDS[i].kind;
        name = header + len + strspn(header + len, " ");
    }
    if (!name || (section->kind != SECTION_POLICY && !*name))
        return fail_at(compiler, compiler->header_offset,
                       "expected [policy], [reference NAME] or [rule NAME], found", header);
    if (find_section(compiler, section->kind, name))
        return fail_at(compiler, compiler->header_offset, "the section is there twice:", header);
    section->name = arena_text(compiler->arena, span_text(name));
    section->offset = compiler->header_offset;
    if (!section->name)
        return fail_memory(compiler);
    if (compiler->last)
        compiler->last->next = section;
    else
        compiler->first = section;
    compiler->last = section;
    compiler->n_rules += section->kind == SECTION_RULE;
    compiler->n_references += section->kind == SECTION_REFERENCE;
    if (compiler->n_rules > LIMIT_POLICY_RULES || compiler->n_references > LIMIT_POLICY_REFERENCES)
        return fail_at(compiler, compiler->header_offset, "the policy has too many sections", NULL);
    return true;
}

/* Where inih's value stands in the policy text. */
static size_t value_offset(const struct compiler *compiler, const char *value)
{
    return compiler->line_offset + (size_t)(value - compiler->line);
}

/* Room for one more piece of len bytes; both arrays double when they are full. */
static bool make_room(struct compiler *compiler, struct entry *entry, size_t len)
{
    size_t n_pieces = entry->n_pieces, wanted = entry->value_len + len + 2;

    if ((n_pieces & (n_pieces - 1)) == 0) { /* 0 or a power of two: full */
        struct piece *pieces = arena_array(compiler->arena, n_pieces ? 2 * n_pieces : 1,
                                           sizeof *pieces);

        if (!pieces)
            return fail_memory(compiler);
        if (n_pieces)
            memcpy(pieces, entry->pieces, n_pieces * sizeof *pieces);
        entry->pieces = pieces;
    }
    if (wanted > entry->value_cap) {
        size_t cap = n_pieces ? 2 * wanted : wanted;
        char *value = arena_alloc(compiler->arena, cap);

        if (!value)
            return fail_memory(compiler);
        if (entry->value_len)
            memcpy(value, entry->value, entry->value_len);
        entry->value = value;
        entry->value_cap = cap;
    }
    return true;
}

static bool append_piece(struct compiler *compiler, struct entry *entry, const char *value)
{
    size_t len = strlen(value);

    if (entry->n_pieces == LIMIT_POLICY_VALUE_LINES)
        return fail_at(compiler, compiler->line_offset, "the value has too many lines", NULL);
    if (!make_room(compiler, entry, len))
        return false;
    if (entry->value_len)
        entry->value[entry->value_len++] = '\n';
    memcpy(entry->value + entry->value_len, value, len + 1);
    entry->pieces[entry->n_pieces++] = (struct piece){.at = entry->value_len,
                                                      .offset = value_offset(compiler, value)};
    entry->value_len += len;
    return true;
}

static bool begin_entry(struct compiler *compiler, const char *name, const char *value)
{
    struct section *section = compiler->last;
    struct entry *entry = arena_new(compiler->arena, struct entry);

    for (const struct entry *other = section->first; other; other = other->next)
        if (strcmp(other->name, name) == 0)
            return fail_at(compiler, compiler->line_offset, "the key is there twice:", name);
    if (++compiler->n_values > LIMIT_POLICY_REFERENCES + (size_t)8 * LIMIT_POLICY_RULES)
        return fail_at(compiler, compiler->line_offset, "the policy has too many keys", NULL);
    if (!entry)
        return fail_memory(compiler);
    entry->name = arena_text(compiler->arena, span_text(name));
    entry->offset = value_offset(compiler, value);
    if (!entry->name)
        return fail_memory(compiler);
    if (section->last)
        section->last->next = entry;
    else
        section->first = entry;
    section->last = entry;
    section->n_entries++;
    return append_piece(compiler, entry, value);
}

/* inih's handler: 1 goes on, 0 is an error. */
static int take_value(void *context, const char *header, const char *name, const char *value)
{
    struct compiler *compiler = context;

    if (compiler->failed)
        return 0;
    if (compiler->n_headers == 0)
        return fail_at(compiler, compiler->line_offset, "the key stands before any section:", name);
    if (compiler->n_headers != compiler->n_headers_used) {
        if (!begin_section(compiler, header))
            return 0;
        compiler->n_headers_used = compiler->n_headers;
    }
    if (compiler->line_indented && compiler->last->last)
        return append_piece(compiler, compiler->last->last, value);
    return begin_entry(compiler, name, value);
}

/* Text for people: pieces joined by spaces. */
static const char *plain_text(const struct entry *entry)
{
    for (char *at = entry->value; (at = strchr(at, '\n')); at++)
        *at = ' ';
    return entry->value;
}

static bool read_head(struct compiler *compiler, struct policy *policy)
{
    const struct section *section = find_section(compiler, SECTION_POLICY, "");

    if (!section)
        return fail_at(compiler, 0, "there is no section [policy]", NULL);
    for (const struct entry *entry = section->first; entry; entry = entry->next) {
        if (strcmp(entry->name, "name") == 0)
            policy->name = plain_text(entry);
        else if (strcmp(entry->name, "version") == 0)
            policy->version = plain_text(entry);
        else if (strcmp(entry->name, "description") == 0)
            policy->description = plain_text(entry);
        else
            return fail_at(compiler, entry->offset, "[policy] has no key", entry->name);
    }
    if (!policy->name || !*policy->name)
        return fail_at(compiler, section->offset, "[policy] lacks a name", NULL);
    if (!policy->version || !*policy->version)
        return fail_at(compiler, section->offset, "[policy] lacks a version", NULL);
    return true;
}

/* A reference value: a digest with its algorithm, or text in double quotes. */
static bool read_reference_value(struct compiler *compiler, const struct entry *entry,
                                 struct claim_item *item)
{
    struct span text = span_of(entry->value, entry->value_len);

    if (expression_digest(text, compiler->arena, item))
        return true;
    if (text.len < 2 || text.data[0] != '"' || text.data[text.len - 1] != '"')
        return fail_at(compiler, entry->offset,
                       "expected ALGORITHM:HEX or text in double quotes, found", entry->value);
    *item = (struct claim_item){.kind = CLAIM_ITEM_TEXT,
                                .event = REASON_NO_EVENT,
                                .pcr = REASON_NO_PCR,
                                .bytes = span_of(text.data + 1, text.len - 2)};
    return true;
}

static bool read_references(struct compiler *compiler, struct expression_references *references)
{
    struct expression_list *lists = arena_array(compiler->arena, compiler->n_references + 1,
                                                sizeof *lists);

    if (!lists)
        return fail_memory(compiler);
    for (const struct section *section = compiler->first; section; section = section->next) {
        struct expression_list *list = &lists[references->n_lists];

        if (section->kind != SECTION_REFERENCE)
            continue;
        references->n_lists++;
        list->name = section->name;
        list->items = arena_array(compiler->arena, section->n_entries, sizeof *list->items);
        if (!list->items)
            return fail_memory(compiler);
        for (const struct entry *entry = section->first; entry; entry = entry->next) {
            struct claim_item *item = &list->items[list->n_items++];

            if (!read_reference_value(compiler, entry, item))
                return false;
            item->label = entry->name;
        }
        expression_list_sort(list);
    }
    references->lists = lists;
    return true;
}

static bool read_grade(struct compiler *compiler, const struct entry *entry,
                       enum claim_grade *grade)
{
    for (int g = CLAIM_UNPROVEN; g <= CLAIM_ATTESTED; g++) {
        if (strcmp(entry->value, claim_grade_name((enum claim_grade)g)) != 0)
            continue;
        *grade = (enum claim_grade)g;
        return true;
    }
    return fail_at(compiler, entry->offset, "grade is attested, signed, reported or unproven, not",
                   entry->value);
}

static bool read_severity(struct compiler *compiler, const struct entry *entry,
                          bool *attention_only)
{
    *attention_only = strcmp(entry->value, "attention") == 0;
    if (*attention_only || strcmp(entry->value, "untrusted") == 0)
        return true;
    return fail_at(compiler, entry->offset, "severity is untrusted or attention, not",
                   entry->value);
}

/* Moves an expression's error from its value to the policy text. */
static size_t text_offset(const struct entry *entry, size_t at)
{
    size_t piece = 0;

    if (at == ERROR_NO_OFFSET)
        return entry->offset;
    while (piece + 1 < entry->n_pieces && entry->pieces[piece + 1].at <= at)
        piece++;
    return entry->pieces[piece].offset + (at - entry->pieces[piece].at);
}

static bool keep_claims_read(struct compiler *compiler, const bool *read, struct policy_rule *rule)
{
    rule->claims_read = arena_array(compiler->arena, CLAIM_IDS, sizeof *rule->claims_read);
    if (!rule->claims_read)
        return fail_memory(compiler);
    for (int id = 0; id < CLAIM_IDS; id++)
        if (read[id])
            rule->claims_read[rule->n_claims_read++] = (enum claim_id)id;
    return true;
}

static bool read_require(struct compiler *compiler, const struct entry *entry,
                         const struct expression_references *references, struct policy_rule *rule)
{
    struct span text = span_of(entry->value, entry->value_len);
    bool read[CLAIM_IDS] = {false};

    if (expression_parse(text, references, compiler->arena, &rule->require, read, compiler->error))
        return keep_claims_read(compiler, read, rule);
    compiler->failed = true;
    compiler->error_offset = text_offset(entry, compiler->error->offset);
    compiler->error->offset = compiler->error_offset;
    return false;
}

static bool read_rule_key(struct compiler *compiler, const struct entry *entry,
                          const struct expression_references *references, struct policy_rule *rule)
{
    if (strcmp(entry->name, "require") == 0)
        return read_require(compiler, entry, references, rule);
    if (strcmp(entry->name, "grade") == 0)
        return read_grade(compiler, entry, &rule->grade);
    if (strcmp(entry->name, "severity") == 0)
        return read_severity(compiler, entry, &rule->attention_only);
    if (strcmp(entry->name, "message") == 0)
        rule->message = plain_text(entry);
    else if (strcmp(entry->name, "action") == 0)
        rule->action = plain_text(entry);
    else if (strcmp(entry->name, "serves") == 0)
        rule->serves = plain_text(entry);
    else
        return fail_at(compiler, entry->offset, "a rule has no key", entry->name);
    return true;
}

static bool read_rules(struct compiler *compiler, const struct expression_references *references,
                       struct policy *policy)
{
    policy->rules = arena_array(compiler->arena, compiler->n_rules + 1, sizeof *policy->rules);
    if (!policy->rules)
        return fail_memory(compiler);
    for (const struct section *section = compiler->first; section; section = section->next) {
        struct policy_rule *rule = &policy->rules[policy->n_rules];

        if (section->kind != SECTION_RULE)
            continue;
        policy->n_rules++;
        rule->name = section->name;
        rule->grade = CLAIM_ATTESTED;
        for (const struct entry *entry = section->first; entry; entry = entry->next)
            if (!read_rule_key(compiler, entry, references, rule))
                return false;
        if (!rule->require)
            return fail_at(compiler, section->offset,
                           "the rule lacks what it requires:", rule->name);
        if (!rule->message || !*rule->message)
            return fail_at(compiler, section->offset, "the rule lacks a message:", rule->name);
        for (size_t i = 0; i < rule->n_claims_read; i++)
            policy->claims_read[rule->claims_read[i]] = true;
        if (__builtin_add_overflow(policy->cost, rule->require->cost, &policy->cost) ||
            policy->cost > LIMIT_POLICY_COST)
            return fail_at(compiler, section->offset,
                           "the policy costs too much from this rule on:", rule->name);
    }
    if (policy->n_rules == 0)
        return fail_at(compiler, 0, "the policy has no rules", NULL);
    return true;
}

/* Only text that can be shown as it is gets in. */
static bool check_characters(struct compiler *compiler)
{
    struct span text = compiler->text;

    if (text.len > LIMIT_POLICY_LEN) {
        compiler->failed = true;
        return error_set(compiler->error, ERROR_LIMIT, LIMIT_POLICY_LEN, NULL,
                         "the policy has %zu bytes, over the limit of %d", text.len,
                         LIMIT_POLICY_LEN);
    }
    for (size_t i = 0; i < text.len; i++)
        if ((text.data[i] < 0x20 && !strchr("\t\r\n", text.data[i])) || text.data[i] == 0 ||
            text.data[i] == 0x7F ||
            /* A lone one makes a terminal write over what it said. */
            (text.data[i] == '\r' && (i + 1 == text.len || text.data[i + 1] != '\n')))
            return fail_at(compiler, i, "the policy holds a control character", NULL);
    if (!text_utf8_valid(text))
        return fail_at(compiler, 0, "the policy is not UTF-8", NULL);
    return true;
}

static bool read_sections(struct compiler *compiler)
{
    int line;

    if (!check_characters(compiler))
        return false;
    line = ini_parse_stream(read_line, compiler, take_value, compiler);
    if (compiler->failed)
        return false;
    if (line != 0) {
        size_t offset = 0;

        for (int i = 1; i < line; i++)
            while (offset < compiler->text.len && compiler->text.data[offset++] != '\n')
                ;
        return fail_at(compiler, offset, "the line is neither [section] nor key = value", NULL);
    }
    if (compiler->n_headers > compiler->n_headers_used)
        return fail_at(compiler, compiler->header_offset, "the section is empty", NULL);
    return true;
}

static struct policy_position position_of(struct span text, size_t offset)
{
    struct policy_position position = {.line = 1, .column = 1};

    for (size_t i = 0; i < offset && i < text.len; i++) {
        position.column++;
        if (text.data[i] == '\n') {
            position.line++;
            position.column = 1;
        }
    }
    return position;
}

bool policy_compile(struct span text, struct arena *arena, struct policy **policy,
                    struct policy_position *position, struct error *error)
{
    struct compiler compiler = {.text = text, .arena = arena, .error = error};
    struct expression_references references = {0};
    struct policy *compiled = arena_new(arena, struct policy);

    if (!compiled)
        return arena_error(arena, error);
    if (!read_sections(&compiler) || !read_head(&compiler, compiled) ||
        !read_references(&compiler, &references) || !read_rules(&compiler, &references, compiled)) {
        *position = position_of(text, compiler.error_offset);
        return false;
    }
    *policy = compiled;
    return true;
}
