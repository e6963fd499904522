/* Debian packages (deb(5)): an ar archive of debian-binary, control.tar and data.tar. The control
 * archive must come first, as dpkg demands it; so each file has its package's name when it is
 * visited. */
#include "package/internal.h"

#include "base/text.h"
#include "wire/fields.h"

#include <archive_entry.h>

static const char MAGIC[] = "!<arch>\ndebian-binary";

bool package_is_debian(struct span bytes)
{
    return span_begins(bytes, span_text(MAGIC));
}

/* A member of the outer archive, read by the inner one as its input. */
struct member {
    struct archive *outer;
};

static la_ssize_t read_member(struct archive *archive, void *data, const void **block)
{
    struct member *member = data;
    la_int64_t offset;
    size_t len = 0;
    int step;

    do {
        step = archive_read_data_block(member->outer, block, &len, &offset);
    } while (step == ARCHIVE_OK && len == 0);
    if (step == ARCHIVE_EOF)
        return 0;
    if (step == ARCHIVE_OK)
        return (la_ssize_t)len;
    archive_set_error(archive, archive_errno(member->outer), "%s",
                      archive_error_string(member->outer));
    return -1;
}

/* The archive in the member under the outer one's reading head. */
static struct archive *open_member(const struct package_reader *reader, struct member *member,
                                   struct error *error)
{
    struct archive *archive = package_new_archive(error);

    if (!archive)
        return NULL;
    if (archive_read_support_format_tar(archive) == ARCHIVE_OK &&
        archive_read_support_format_empty(archive) == ARCHIVE_OK &&
        archive_read_open(archive, member, NULL, read_member, NULL) == ARCHIVE_OK)
        return archive;
    package_archive_error(reader, archive, error);
    archive_read_free(archive);
    return NULL;
}

static bool read_field(const struct package_reader *reader, struct span control, const char *name,
                       const char **text, struct error *error)
{
    struct span value;

    *text = "";
    if (!fields_find(control, name, ':', &value))
        return true;
    if (value.len > LIMIT_COMPONENT_TEXT_LEN)
        value.len = LIMIT_COMPONENT_TEXT_LEN;
    *text = text_printable(reader->arena, value);
    return *text || arena_error(reader->arena, error);
}

struct control {
    const struct package_reader *reader;
    struct component_package *package;
};

/* Takes the file "control" of the control archive. */
static bool visit_control(void *context, const struct component_file *file, struct error *error)
{
    struct control *control = context;
    struct component_package *package = control->package;

    if (!span_is(file->path, "/control") && !span_is(file->path, "control"))
        return true;
    return read_field(control->reader, file->bytes, "Package", &package->name, error) &&
           read_field(control->reader, file->bytes, "Version", &package->version, error) &&
           read_field(control->reader, file->bytes, "Architecture", &package->architecture, error);
}

static bool read_control(const struct package_reader *reader, struct archive *control,
                         struct component_package **package, struct error *error)
{
    struct component_package *made = arena_new(reader->arena, struct component_package);
    struct control context = {reader, made};
    struct package_reader inner = *reader;

    if (!made)
        return arena_error(reader->arena, error);
    *made = (struct component_package){"deb", "", "", ""};
    inner.visit = visit_control;
    inner.context = &context;
    if (!package_visit_entries(&inner, control, NULL, error))
        return false;
    if (!*made->name)
        return error_plain(error, ERROR_MALFORMED, "%.120s names no package in its control file",
                           reader->source);
    *package = made;
    return true;
}

static bool read_members(const struct package_reader *reader, struct archive *outer,
                         struct error *error)
{
    struct component_package *package = NULL;
    struct archive_entry *entry;
    int step;

    while ((step = archive_read_next_header(outer, &entry)) == ARCHIVE_OK) {
        const char *name = archive_entry_pathname(entry);
        bool is_control = name && strncmp(name, "control.tar", 11) == 0;
        bool is_data = name && strncmp(name, "data.tar", 8) == 0;
        struct member member = {outer};
        struct archive *inner;
        bool good;

        if (!is_control && !is_data)
            continue;
        if (is_control == (package != NULL))
            break;
        inner = open_member(reader, &member, error);
        if (!inner)
            return false;
        good = is_control ? read_control(reader, inner, &package, error)
                          : package_visit_entries(reader, inner, package, error);
        archive_read_free(inner);
        if (!good || is_data)
            return good;
    }
    if (step != ARCHIVE_OK && step != ARCHIVE_EOF)
        return package_archive_error(reader, outer, error);
    return error_plain(error, ERROR_MALFORMED,
                       "%.120s has no control.tar with a data.tar behind it", reader->source);
}

bool package_read_debian(const struct package_reader *reader, struct error *error)
{
    struct archive *outer = archive_read_new();
    bool good;

    if (!outer)
        return error_plain(error, ERROR_MEMORY, "no memory to read %.120s", reader->source);
    if (archive_read_support_format_ar(outer) == ARCHIVE_OK &&
        archive_read_open_memory(outer, reader->bytes.data, reader->bytes.len) == ARCHIVE_OK)
        good = read_members(reader, outer, error);
    else
        good = package_archive_error(reader, outer, error);
    archive_read_free(outer);
    return good;
}
