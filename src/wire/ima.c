/* Framing of IMA lists and reading of their fields. Owns nothing, trusts nothing.
 * Must never hash, and never guess at the meaning of a template that it does not know. */
#include "wire/ima.h"

#include "wire/ima_hash.h"

static const char CLAUSE_LIST[] = "IMA-templates.rst, binary_runtime_measurements";
static const char CLAUSE_FIELDS[] = "IMA-templates.rst, template fields";

enum { SHA1_LEN = 20, TEMPLATE_DATA_CAP = LIMIT_IMA_FIELD_LEN * LIMIT_IMA_FIELDS };

enum form { DIGEST_PLAIN, DIGEST, DIGEST_TYPED, NAME, BYTES };

static const struct {
    const char *id;
    enum form form;
    size_t member; /* offset in struct ima_fields */
    const char *meaning;
} FIELDS[] = {
#define IMA_FIELD(id, form, member, meaning)                                                       \
    {id, form, offsetof(struct ima_fields, member), meaning},
#include "wire/ima_fields.def"
#undef IMA_FIELD
};
enum { N_FIELDS = sizeof FIELDS / sizeof *FIELDS };

static size_t find_field(struct span id)
{
    size_t field = 0;

    while (field < N_FIELDS && !span_is(id, FIELDS[field].id))
        field++;
    return field;
}

const char *ima_field_meaning(struct span id)
{
    size_t field = find_field(id);

    return field < N_FIELDS ? FIELDS[field].meaning : NULL;
}

/* The fields of a template that has a name; others are called by them. */
static struct span template_format(struct span name)
{
    static const struct {
        const char *name, *format;
    } templates[] = {
#define IMA_TEMPLATE(name, format) {name, format},
#include "wire/ima_templates.def"
#undef IMA_TEMPLATE
    };

    for (size_t i = 0; i < sizeof templates / sizeof *templates; i++)
        if (span_is(name, templates[i].name))
            return span_text(templates[i].format);
    return name;
}

/* Takes what stands before the separator off the front of *rest. */
static struct span cut(struct span *rest, char separator)
{
    const uint8_t *end = rest->len ? memchr(rest->data, separator, rest->len) : NULL;
    struct span part = *rest;

    if (!end) {
        *rest = span_of(NULL, 0);
        return part;
    }
    part.len = (size_t)(end - rest->data);
    *rest = span_of(end + 1, rest->len - part.len - 1);
    return part;
}

/* Not known when one of its fields is not, or when it has too many. */
static struct ima_template find_template(struct span name)
{
    struct span format = template_format(name);
    struct ima_template found = {.n_fields = 0};

    while (format.len) {
        size_t field = find_field(cut(&format, '|'));

        if (field == N_FIELDS || found.n_fields == LIMIT_IMA_FIELDS)
            return (struct ima_template){.n_fields = 0};
        found.fields[found.n_fields++] = (uint8_t)field;
    }
    return found;
}

static bool is_template_name(struct span name)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = (char)name.data[i];
        if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '-' && c != '|' && c != '_')
            return false;
    }
    return name.len > 0;
}

/* True when hashes of this length put a template name where one belongs. */
static bool first_entry_fits(struct span bytes, size_t hash_len)
{
    struct error ignored; /* only asks */
    struct reader reader = reader_init(bytes, CLAUSE_LIST, &ignored);
    struct span name;

    reader_le32(&reader);
    reader_bytes(&reader, hash_len, "template hash");
    name = reader_le32_bytes(&reader, LIMIT_IMA_TEMPLATE_NAME_LEN, "template name");
    return reader_ok(&reader) && is_template_name(name);
}

static bool refuse_big_endian(struct ima_list *list)
{
    struct reader little = list->reader;
    struct reader big = list->reader;

    if (reader_left(&little) < 4 || reader_le32(&little) < LIMIT_PCRS ||
        reader_be32(&big) >= LIMIT_PCRS)
        return true;
    return reader_fail(&list->reader, ERROR_UNSUPPORTED,
                       "the list is big-endian; boot the host with ima_canonical_fmt");
}

bool ima_list_open(struct ima_list *list, struct span bytes, struct error *error)
{
    static const uint16_t hash_lens[] = {20, 32, 48, 64};
    struct ima_list opened = {.hash_len = SHA1_LEN, .error = error};

    if (bytes.len > LIMIT_IMA_LEN)
        return error_set(error, ERROR_LIMIT, LIMIT_IMA_LEN, CLAUSE_LIST,
                         "the list has %zu bytes, over the limit of %d", bytes.len, LIMIT_IMA_LEN);
    opened.reader = reader_init(bytes, CLAUSE_LIST, error);
    if (!refuse_big_endian(&opened))
        return false;
    for (size_t i = 0; i < sizeof hash_lens / sizeof *hash_lens; i++)
        if (first_entry_fits(bytes, hash_lens[i])) {
            opened.hash_len = hash_lens[i];
            break;
        }
    *list = opened;
    return true;
}

static bool all_zero(struct span bytes)
{
    for (size_t i = 0; i < bytes.len; i++)
        if (bytes.data[i])
            return false;
    return true;
}

/* The fixed template has no length in front of its data: a digest, then a name with its length. */
static struct span read_fixed_data(struct reader *reader)
{
    struct reader ahead = *reader;
    uint32_t name_len;

    reader_bytes(&ahead, IMA_FIXED_DIGEST_LEN, "file digest");
    name_len = reader_le32(&ahead);
    if (reader_ok(&ahead) && reader_cap(&ahead, name_len, IMA_FIXED_NAME_LEN - 1, "name length"))
        return reader_bytes(reader, IMA_FIXED_DIGEST_LEN + 4 + name_len, "template data");
    *reader = ahead;
    return span_of(NULL, 0);
}

/* The kernel uses two templates or three in a list, and mostly the same as just now. */
static void look_up_template(struct ima_list *list, struct ima_entry *entry)
{
    if (!list->template_name.len || !span_equal(entry->template_name, list->template_name)) {
        if (reader_ok(&list->reader) && !is_template_name(entry->template_name))
            reader_fail(&list->reader, ERROR_MALFORMED, "the entry has no template name");
        if (!reader_ok(&list->reader))
            return;
        list->template_name = entry->template_name;
        list->template = find_template(entry->template_name);
    }
    entry->template = list->template;
}

enum ima_step ima_list_next(struct ima_list *list, struct ima_entry *entry)
{
    struct reader *reader = &list->reader;

    if (!reader_ok(reader))
        return IMA_FAILED;
    if (reader_left(reader) == 0)
        return IMA_END;
    if (!reader_cap(reader, list->next_number + 1u, LIMIT_IMA_ENTRIES, "number of entries"))
        return IMA_FAILED;
    entry->number = list->next_number;
    entry->offset = reader_offset(reader);
    entry->pcr = reader_le32(reader);
    if (reader_ok(reader) && entry->pcr >= LIMIT_PCRS)
        reader_fail(reader, ERROR_MALFORMED, "the entry names PCR %u", entry->pcr);
    entry->template_hash = reader_bytes(reader, list->hash_len, "template hash");
    entry->violation = all_zero(entry->template_hash);
    entry->template_name = reader_le32_bytes(reader, LIMIT_IMA_TEMPLATE_NAME_LEN, "template name");
    look_up_template(list, entry);
    entry->fixed = span_is(entry->template_name, "ima");
    entry->template_data = entry->fixed
                               ? read_fixed_data(reader)
                               : reader_le32_bytes(reader, TEMPLATE_DATA_CAP, "template data");
    if (!reader_ok(reader))
        return IMA_FAILED;
    list->next_number++;
    return IMA_ENTRY;
}

static bool fail_digest(struct reader *reader, const char *what)
{
    return reader_fail(reader, ERROR_MALFORMED, "%s", what);
}

/* An algorithm that is not known may have digests of any length; a violation's is none. */
static bool check_digest(struct reader *reader, const struct ima_entry *entry,
                         const struct ima_digest *digest)
{
    const struct ima_hash *hash = ima_hash_by_name(digest->alg);

    if (entry->violation || !hash || hash->digest_len == digest->bytes.len)
        return true;
    return reader_fail(reader, ERROR_MALFORMED, "a digest of %s has %zu bytes instead of %u",
                       hash->name, digest->bytes.len, hash->digest_len);
}

/* "sha256:", NUL, digest; typed with "verity:" in front. */
static bool read_digest(struct reader *reader, const struct ima_entry *entry, struct span field,
                        bool typed, struct ima_digest *digest)
{
    struct ima_digest read = {0};
    struct span head;

    if (typed) {
        read.kind = cut(&field, ':');
        if (field.len == 0 || read.kind.len == 0)
            return fail_digest(reader, "a digest field does not begin with its kind");
    }
    if (!memchr(field.data, '\0', field.len))
        return fail_digest(reader, "a digest field does not begin \"name:\", NUL");
    read.bytes = field;
    head = cut(&read.bytes, '\0');
    if (head.len < 2 || head.data[head.len - 1] != ':')
        return fail_digest(reader, "a digest field does not begin \"name:\", NUL");
    read.alg = span_of(head.data, head.len - 1);
    *digest = read;
    return check_digest(reader, entry, digest);
}

/* The kernel ends a name with NUL and can put none into it. */
static bool read_name(struct reader *reader, struct span field, struct span *name)
{
    const uint8_t *end = field.len ? memchr(field.data, '\0', field.len) : NULL;

    if (!end || end != field.data + field.len - 1)
        return reader_fail(reader, ERROR_MALFORMED, "a name does not end with its only NUL");
    *name = span_of(field.data, field.len - 1);
    return true;
}

static bool read_field(struct reader *reader, const struct ima_entry *entry, size_t index,
                       struct ima_fields *fields)
{
    struct span field = reader_le32_bytes(reader, LIMIT_IMA_FIELD_LEN, "template field");
    void *member = (uint8_t *)fields + FIELDS[index].member;

    if (!reader_ok(reader))
        return false;
    switch (FIELDS[index].form) {
    case DIGEST_PLAIN:
        ((struct ima_digest *)member)->bytes = field;
        return true;
    case DIGEST:
    case DIGEST_TYPED:
        if (field.len == 0) /* a d-modsig of a file without such a signature */
            return true;
        return read_digest(reader, entry, field, FIELDS[index].form == DIGEST_TYPED, member);
    case NAME:
        return read_name(reader, field, member);
    case BYTES:
        break;
    }
    *(struct span *)member = field;
    return true;
}

static bool read_fixed(struct reader *reader, struct ima_fields *fields)
{
    fields->digest.bytes = reader_bytes(reader, IMA_FIXED_DIGEST_LEN, "file digest");
    fields->name = reader_le32_bytes(reader, IMA_FIXED_NAME_LEN - 1, "file name");
    if (fields->name.len && memchr(fields->name.data, '\0', fields->name.len))
        return reader_fail(reader, ERROR_MALFORMED, "a name has a NUL in it");
    return reader_ok(reader);
}

bool ima_entry_decode(const struct ima_entry *entry, struct ima_fields *fields, struct error *error)
{
    struct reader reader = reader_init(entry->template_data, CLAUSE_FIELDS, error);
    struct ima_fields decoded = {0};

    reader.base = entry->offset + 4 + entry->template_hash.len + 4 + entry->template_name.len;
    if (entry->fixed) {
        if (!read_fixed(&reader, &decoded))
            return false;
    } else {
        reader.base += 4;
        if (entry->template.n_fields == 0)
            return reader_fail(&reader, ERROR_UNSUPPORTED, "the template is not known");
        for (size_t i = 0; i < entry->template.n_fields; i++)
            if (!read_field(&reader, entry, entry->template.fields[i], &decoded))
                return false;
    }
    if (!reader_end(&reader))
        return false;
    *fields = decoded;
    return true;
}
