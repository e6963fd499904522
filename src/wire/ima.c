/* Framing of IMA lists and reading of their fields. Owns nothing, trusts nothing.
 * Must never hash, and never guess at the meaning of a template that it does not know. */
#include "wire/ima.h"

static const char CLAUSE_LIST[] = "IMA-templates.rst, binary_runtime_measurements";
static const char CLAUSE_FIELDS[] = "IMA-templates.rst, template fields";

enum { SHA1_LEN = 20, TEMPLATE_DATA_CAP = LIMIT_IMA_FIELD_LEN * LIMIT_IMA_FIELDS };

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
    if (reader_ok(reader) && !is_template_name(entry->template_name))
        reader_fail(reader, ERROR_MALFORMED, "the entry has no template name");
    entry->fixed = span_is(entry->template_name, "ima");
    entry->template_data = entry->fixed
                               ? read_fixed_data(reader)
                               : reader_le32_bytes(reader, TEMPLATE_DATA_CAP, "template data");
    if (!reader_ok(reader))
        return IMA_FAILED;
    list->next_number++;
    return IMA_ENTRY;
}

/* The kernel's named templates (ima_template.c) and what they are made of. */
static struct span template_format(struct span name)
{
    static const struct {
        const char *name, *format;
    } templates[] = {
        {"ima-ng", "d-ng|n-ng"},
        {"ima-sig", "d-ng|n-ng|sig"},
        {"ima-ngv2", "d-ngv2|n-ng"},
        {"ima-sigv2", "d-ngv2|n-ng|sig"},
        {"ima-buf", "d-ng|n-ng|buf"},
        {"ima-modsig", "d-ng|n-ng|sig|d-modsig|modsig"},
        {"evm-sig", "d-ng|n-ng|evmsig|xattrnames|xattrlengths|xattrvalues|iuid|igid|imode"},
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

/* "sha256:" NUL digest. */
static bool read_digest(struct reader *reader, struct span field, struct span *alg,
                        struct span *digest)
{
    struct span rest = field;
    struct span head = cut(&rest, '\0');

    if (field.len == 0) /* a d-modsig of a file without such a signature */
        return true;
    if (head.len == field.len || head.len < 2 || head.data[head.len - 1] != ':')
        return reader_fail(reader, ERROR_MALFORMED, "a digest field does not begin \"name:\", NUL");
    *alg = span_of(head.data, head.len - 1);
    *digest = rest;
    return true;
}

/* "verity:sha256:" NUL digest. */
static bool read_digest_v2(struct reader *reader, struct span field, struct ima_fields *fields)
{
    struct span rest = field;
    struct span type = cut(&rest, ':');

    if (type.len == field.len || type.len == 0)
        return reader_fail(reader, ERROR_MALFORMED, "a digest field does not begin with its type");
    fields->digest_type = type;
    return read_digest(reader, rest, &fields->digest_alg, &fields->digest);
}

static struct span without_nul(struct span text)
{
    return cut(&text, '\0');
}

static bool read_field(struct reader *reader, struct span kind, struct ima_fields *fields)
{
    struct span field = reader_le32_bytes(reader, LIMIT_IMA_FIELD_LEN, "template field");

    if (!reader_ok(reader))
        return false;
    if (span_is(kind, "d-ng"))
        return read_digest(reader, field, &fields->digest_alg, &fields->digest);
    if (span_is(kind, "d-ngv2"))
        return read_digest_v2(reader, field, fields);
    if (span_is(kind, "d-modsig"))
        return read_digest(reader, field, &fields->modsig_alg, &fields->modsig_digest);
    if (span_is(kind, "d"))
        fields->digest = field;
    else if (span_is(kind, "n-ng") || span_is(kind, "n"))
        fields->name = without_nul(field);
    else if (span_is(kind, "sig"))
        fields->signature = field;
    else if (span_is(kind, "buf"))
        fields->buffer = field;
    else if (span_is(kind, "modsig"))
        fields->modsig = field;
    else if (span_is(kind, "evmsig"))
        fields->evm_signature = field;
    else if (!span_is(kind, "iuid") && !span_is(kind, "igid") && !span_is(kind, "imode") &&
             !span_is(kind, "xattrnames") && !span_is(kind, "xattrlengths") &&
             !span_is(kind, "xattrvalues"))
        return reader_fail(reader, ERROR_UNSUPPORTED, "the template has a field that is not known");
    return true;
}

bool ima_entry_decode(const struct ima_entry *entry, struct ima_fields *fields, struct error *error)
{
    struct reader reader = reader_init(entry->template_data, CLAUSE_FIELDS, error);
    struct span format = template_format(entry->template_name);
    struct ima_fields decoded = {0};
    size_t n_fields = 0;

    reader.base = entry->offset + 4 + entry->template_hash.len + 4 + entry->template_name.len;
    if (entry->fixed) {
        decoded.digest = reader_bytes(&reader, IMA_FIXED_DIGEST_LEN, "file digest");
        decoded.name = without_nul(reader_le32_bytes(&reader, IMA_FIXED_NAME_LEN - 1, "file name"));
    } else {
        reader.base += 4;
        while (format.len && reader_cap(&reader, ++n_fields, LIMIT_IMA_FIELDS, "number of fields"))
            if (!read_field(&reader, cut(&format, '|'), &decoded))
                return false;
    }
    if (!reader_end(&reader))
        return false;
    *fields = decoded;
    return true;
}
