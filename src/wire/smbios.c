/* See smbios.h. */
#include "wire/smbios.h"

#include "base/text.h"

enum {
    ENTRY_POINT_2_LEN = 0x1F, /* "_SM_", 5.2.1 */
    ENTRY_POINT_3_LEN = 0x18, /* "_SM3_", 5.2.2 */
    INTERMEDIATE_LEN = 0x0F,  /* "_DMI_", the end of the older one */
    HEADER_LEN = 4,
};

/* All bytes of what has a checksum add up to zero. */
static void check_sum(struct reader *reader, struct span bytes, const char *what)
{
    uint8_t sum = 0;

    for (size_t i = 0; i < bytes.len; i++)
        sum = (uint8_t)(sum + bytes.data[i]);
    if (reader_ok(reader) && sum != 0)
        reader_fail(reader, ERROR_MALFORMED, "the checksum of the %s is off by 0x%02x", what, sum);
}

static void read_anchor(struct reader *reader, const char *anchor)
{
    if (!span_is(reader_bytes(reader, strlen(anchor), "anchor"), anchor))
        reader_fail(reader, ERROR_MALFORMED, "the entry point lacks its anchor %s", anchor);
}

/* 5.2.1: says how long the tables are. */
static size_t read_entry_point_2(struct reader *reader, struct smbios *smbios)
{
    struct reader entry = reader_child(reader, ENTRY_POINT_2_LEN, "SMBIOS 3.7 5.2.1");
    struct reader whole = entry;
    size_t tables_len;
    uint8_t len;

    check_sum(&entry, reader_rest(&whole), "entry point");
    read_anchor(&entry, "_SM_");
    reader_u8(&entry);
    len = reader_u8(&entry);
    /* SMBIOS 2.1 was printed with a length that is one short. */
    if (reader_ok(&entry) && len != ENTRY_POINT_2_LEN && len != ENTRY_POINT_2_LEN - 1)
        reader_fail(&entry, ERROR_MALFORMED, "an entry point of %u bytes", len);
    smbios->major = reader_u8(&entry);
    smbios->minor = reader_u8(&entry);
    reader_bytes(&entry, 8, "largest structure, revision, formatted area");
    whole = entry;
    check_sum(&entry, reader_bytes(&whole, INTERMEDIATE_LEN, "intermediate entry point"),
              "intermediate entry point");
    read_anchor(&entry, "_DMI_");
    reader_u8(&entry);
    tables_len = reader_le16(&entry);
    reader_join(reader, &entry);
    return tables_len;
}

/* 5.2.2: says how long the tables are at most. */
static size_t read_entry_point_3(struct reader *reader, struct smbios *smbios)
{
    struct reader entry = reader_child(reader, ENTRY_POINT_3_LEN, "SMBIOS 3.7 5.2.2");
    struct reader whole = entry;
    size_t tables_len;
    uint8_t len;

    check_sum(&entry, reader_rest(&whole), "entry point");
    read_anchor(&entry, "_SM3_");
    reader_u8(&entry);
    len = reader_u8(&entry);
    if (reader_ok(&entry) && len != ENTRY_POINT_3_LEN)
        reader_fail(&entry, ERROR_MALFORMED, "an entry point of %u bytes", len);
    smbios->major = reader_u8(&entry);
    smbios->minor = reader_u8(&entry);
    reader_bytes(&entry, 3, "revisions");
    tables_len = reader_le32(&entry);
    reader_join(reader, &entry);
    return tables_len;
}

static void read_entry_point(struct reader *reader, struct smbios *smbios)
{
    struct reader anchor = *reader;
    struct error ignored;
    bool newer;
    size_t tables_len;

    anchor.error = &ignored;
    newer = span_is(reader_bytes(&anchor, 5, "anchor"), "_SM3_");
    tables_len = newer ? read_entry_point_3(reader, smbios) : read_entry_point_2(reader, smbios);
    if (!reader_ok(reader))
        return;
    smbios->offset = reader_offset(reader);
    smbios->tables = reader_rest(reader);
    if (newer ? smbios->tables.len > tables_len : smbios->tables.len != tables_len)
        reader_fail(reader, ERROR_MALFORMED, "%zu bytes of tables, the entry point says %s%zu",
                    smbios->tables.len, newer ? "at most " : "", tables_len);
}

/* 6.1.3: strings end with one NUL each and the set with one more; a set without strings is two. */
static struct span read_strings(struct reader *reader)
{
    struct reader ahead = *reader;
    struct span rest = reader_rest(&ahead), strings;
    size_t end = 0;

    while (end + 1 < rest.len && (rest.data[end] || rest.data[end + 1]))
        end++;
    if (end + 1 >= rest.len) {
        reader_fail(reader, ERROR_TRUNCATED, "the strings of a structure do not end");
        return span_of(NULL, 0);
    }
    strings = reader_bytes(reader, end + 1, "strings");
    reader_u8(reader);
    return strings;
}

static bool next_structure(struct reader *reader, struct smbios_structure *structure)
{
    struct reader header = *reader;
    uint8_t len;

    if (reader_left(reader) == 0)
        return false;
    structure->type = reader_u8(&header);
    len = reader_u8(&header);
    structure->handle = reader_le16(&header);
    if (reader_ok(&header) && len < HEADER_LEN)
        reader_fail(&header, ERROR_MALFORMED, "a structure of %u bytes", len);
    reader_join(reader, &header);
    structure->formatted = reader_bytes(reader, len, "structure");
    structure->strings = read_strings(reader);
    return reader_ok(reader);
}

static struct reader open_tables(const struct smbios *smbios, struct error *error)
{
    struct reader reader = reader_init(smbios->tables, "SMBIOS 3.7 6.1", error);

    reader.base = smbios->offset;
    return reader;
}

bool smbios_decode(struct span bytes, struct smbios *smbios, struct error *error)
{
    struct reader reader = reader_init(bytes, "SMBIOS 3.7 5.2", error);
    struct smbios_structure structure = {.type = 0};
    struct smbios found = {0};

    if (!reader_cap(&reader, bytes.len, LIMIT_SMBIOS_LEN, "SMBIOS tables"))
        return false;
    read_entry_point(&reader, &found);
    if (!reader_ok(&reader))
        return false;
    reader = open_tables(&found, error);
    while (structure.type != SMBIOS_END && next_structure(&reader, &structure))
        if (!reader_cap(&reader, ++found.n_structures, LIMIT_SMBIOS_STRUCTURES, "structures"))
            return false;
    if (!reader_ok(&reader))
        return false;
    *smbios = found;
    return true;
}

bool smbios_find(const struct smbios *smbios, enum smbios_type type,
                 struct smbios_structure *structure)
{
    struct error ignored;
    struct reader reader = open_tables(smbios, &ignored);
    struct smbios_structure found;

    for (size_t i = 0; i < smbios->n_structures && next_structure(&reader, &found); i++)
        if (found.type == type) {
            *structure = found;
            return true;
        }
    return false;
}

struct span smbios_string(const struct smbios_structure *structure, enum smbios_field field)
{
    struct span rest = structure->strings;
    size_t number;

    if ((size_t)field >= structure->formatted.len)
        return span_of(NULL, 0);
    number = structure->formatted.data[field];
    while (number && rest.len) {
        const uint8_t *end = memchr(rest.data, 0, rest.len);
        size_t len = end ? (size_t)(end - rest.data) : rest.len;

        if (len == 0)
            break;
        if (--number == 0)
            return span_of(rest.data, len);
        rest = span_of(rest.data + len + (end != NULL), rest.len - len - (end != NULL));
    }
    return span_of(NULL, 0);
}

/* NULL when the arena is full. */
static const char *machine_text(struct arena *arena, const struct smbios_structure *structure,
                                enum smbios_field field)
{
    struct span text = smbios_string(structure, field);

    while (text.len && text.data[text.len - 1] == ' ')
        text.len--;
    while (text.len && *text.data == ' ')
        text = span_of(text.data + 1, text.len - 1);
    return text_printable(arena, text);
}

static const char *firmware_text(struct arena *arena, const struct smbios_structure *firmware)
{
    static const enum smbios_field FIELDS[] = {SMBIOS_FIRMWARE_VENDOR, SMBIOS_FIRMWARE_VERSION,
                                               SMBIOS_FIRMWARE_DATE};
    const char *text = "";

    for (size_t i = 0; i < sizeof FIELDS / sizeof *FIELDS && text; i++) {
        const char *part = machine_text(arena, firmware, FIELDS[i]);

        if (!part)
            return NULL;
        if (*part)
            text = arena_printf(arena, "%s%s%s", text, *text ? " " : "", part);
    }
    return text;
}

bool smbios_machine(const struct smbios *smbios, struct arena *arena,
                    struct smbios_machine *machine)
{
    struct smbios_structure structure;
    struct smbios_machine found = {"", "", ""};

    if (smbios_find(smbios, SMBIOS_SYSTEM, &structure)) {
        found.manufacturer = machine_text(arena, &structure, SMBIOS_SYSTEM_MANUFACTURER);
        found.model = machine_text(arena, &structure, SMBIOS_SYSTEM_PRODUCT);
    }
    if (smbios_find(smbios, SMBIOS_FIRMWARE, &structure))
        found.firmware = firmware_text(arena, &structure);
    if (!found.manufacturer || !found.model || !found.firmware)
        return false;
    *machine = found;
    return true;
}
