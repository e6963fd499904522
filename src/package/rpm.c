/* RPM packages: our own reader finds names and payload (wire/rpm.h), libarchive unpacks the cpio
 * archive in it. librpm would do both, but it checks signatures against a database of its own, reads
 * configuration and macros and keeps global state. */
#include "package/internal.h"

#include "base/text.h"
#include "wire/rpm.h"

bool package_is_rpm(struct span bytes)
{
    return rpm_is_package(bytes);
}

static const char *printable(const struct package_reader *reader, struct span text)
{
    if (text.len > LIMIT_COMPONENT_TEXT_LEN)
        text.len = LIMIT_COMPONENT_TEXT_LEN;
    return text_printable(reader->arena, text);
}

/* "1:6.1.0-7.fc40", as rpm writes it: the epoch only when there is one. */
static const char *full_version(const struct package_reader *reader, const struct rpm *rpm)
{
    const char *version = printable(reader, rpm->version);
    const char *release = printable(reader, rpm->release);

    if (!version || !release)
        return NULL;
    if (rpm->has_epoch)
        return arena_printf(reader->arena, "%u:%s-%s", rpm->epoch, version, release);
    return arena_printf(reader->arena, "%s-%s", version, release);
}

static bool name_package(const struct package_reader *reader, const struct rpm *rpm,
                         struct component_package **package, struct error *error)
{
    struct component_package *made = arena_new(reader->arena, struct component_package);

    if (!made)
        return arena_error(reader->arena, error);
    *made = (struct component_package){.format = "rpm",
                                       .name = printable(reader, rpm->name),
                                       .version = full_version(reader, rpm),
                                       .architecture = printable(reader, rpm->architecture)};
    if (!made->name || !made->version || !made->architecture)
        return arena_error(reader->arena, error);
    if (!*made->name)
        return error_plain(error, ERROR_MALFORMED, "%.120s names no package in its header",
                           reader->source);
    *package = made;
    return true;
}

/* Says of which package of a folder a decoder's error is. */
static bool name_error(const struct package_reader *reader, struct error *error)
{
    struct error unnamed = *error;

    return error_set(error, unnamed.code, unnamed.offset, unnamed.clause, "%.100s: %.120s",
                     reader->source, unnamed.message);
}

bool package_read_rpm(const struct package_reader *reader, struct error *error)
{
    struct component_package *package = NULL;
    struct archive *archive;
    struct rpm rpm;
    bool good;

    if (!rpm_decode(reader->bytes, &rpm, error))
        return name_error(reader, error);
    if (!name_package(reader, &rpm, &package, error))
        return false;
    if (rpm.payload_format.len && !span_is(rpm.payload_format, "cpio"))
        return error_plain(error, ERROR_UNSUPPORTED, "%.120s has a payload that is no cpio archive",
                           reader->source);
    archive = package_new_archive(error);
    if (!archive)
        return false;
    if (archive_read_support_format_cpio(archive) == ARCHIVE_OK &&
        archive_read_open_memory(archive, rpm.payload.data, rpm.payload.len) == ARCHIVE_OK)
        good = package_visit_entries(reader, archive, package, error);
    else
        good = package_archive_error(reader, archive, error);
    archive_read_free(archive);
    return good;
}
