/* One entry of an archive after the other, in memory. libarchive unpacks; the caps are ours, so that
 * a small package cannot become a large one. Only the formats that packages have are switched on. */
#include "package/internal.h"

#include <archive_entry.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { FIRST_ROOM = 64 * 1024 };

struct archive *package_new_archive(struct error *error)
{
    struct archive *archive = archive_read_new();

    if (archive && archive_read_support_filter_gzip(archive) == ARCHIVE_OK &&
        archive_read_support_filter_xz(archive) == ARCHIVE_OK &&
        archive_read_support_filter_lzma(archive) == ARCHIVE_OK &&
        archive_read_support_filter_bzip2(archive) == ARCHIVE_OK &&
        archive_read_support_filter_zstd(archive) == ARCHIVE_OK)
        return archive;
    archive_read_free(archive);
    error_plain(error, ERROR_MEMORY, "libarchive cannot read compressed packages");
    return NULL;
}

bool package_archive_error(const struct package_reader *reader, struct archive *archive,
                           struct error *error)
{
    const char *words = archive_error_string(archive);

    return error_plain(error, ERROR_MALFORMED, "%.100s cannot be unpacked: %.90s", reader->source,
                       words ? words : "no detail");
}

struct buffer {
    uint8_t *bytes;
    size_t len, room;
};

static bool grow(struct buffer *buffer)
{
    size_t room = buffer->room ? buffer->room * 2 : FIRST_ROOM;
    uint8_t *grown = realloc(buffer->bytes, room);

    if (!grown)
        return false;
    buffer->bytes = grown;
    buffer->room = room;
    return true;
}

/* The data of the entry under the reading head. What its header says of its size is not believed. */
static bool read_entry(const struct package_reader *reader, struct archive *archive,
                       struct buffer *buffer, uint64_t *total, struct error *error)
{
    buffer->len = 0;
    for (;;) {
        la_ssize_t n;

        if (buffer->len == buffer->room && !grow(buffer))
            return error_plain(error, ERROR_MEMORY, "no memory to unpack %.120s", reader->source);
        n = archive_read_data(archive, buffer->bytes + buffer->len, buffer->room - buffer->len);
        if (n < 0)
            return package_archive_error(reader, archive, error);
        if (n == 0)
            return true;
        buffer->len += (size_t)n;
        *total += (uint64_t)n;
        if (buffer->len > LIMIT_COMPONENT_FILE_LEN || *total > LIMIT_PACKAGE_LEN)
            return error_plain(error, ERROR_LIMIT,
                               "%.100s unpacks to more than %d MiB in a file or %llu MiB in all",
                               reader->source, LIMIT_COMPONENT_FILE_LEN >> 20,
                               (unsigned long long)LIMIT_PACKAGE_LEN >> 20);
    }
}

/* "./boot/vmlinuz" is boot/vmlinuz in the package's own list. */
static struct span entry_path(struct archive_entry *entry)
{
    const char *path = archive_entry_pathname(entry);

    if (!path)
        path = "";
    if (strncmp(path, "./", 2) == 0)
        path += 1;
    return span_text(path);
}

bool package_visit_entries(const struct package_reader *reader, struct archive *archive,
                           const struct component_package *package, struct error *error)
{
    struct buffer buffer = {0};
    struct archive_entry *entry;
    uint64_t total = 0;
    size_t n = 0;
    bool good = true;
    int step;

    while (good && (step = archive_read_next_header(archive, &entry)) == ARCHIVE_OK) {
        if (++n > LIMIT_PACKAGE_ENTRIES)
            good = error_plain(error, ERROR_LIMIT, "%.120s has more than %d files", reader->source,
                               LIMIT_PACKAGE_ENTRIES);
        else if (archive_entry_filetype(entry) == AE_IFREG && !archive_entry_hardlink(entry))
            good = read_entry(reader, archive, &buffer, &total, error) &&
                   reader->visit(
                       reader->context,
                       &(struct component_file){.path = entry_path(entry),
                                                .bytes = span_of(buffer.bytes, buffer.len),
                                                .source = reader->source,
                                                .package = package},
                       error);
    }
    if (good && step != ARCHIVE_EOF)
        good = package_archive_error(reader, archive, error);
    free(buffer.bytes);
    return good;
}
