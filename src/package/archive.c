/* One entry of an archive after the other, in memory. libarchive unpacks; the caps are ours, so that
 * a small package cannot become a large one. Only the formats that packages have are switched on. */
#include "package/internal.h"

#include <archive_entry.h>
#include <stdlib.h>
#include <sys/stat.h>

enum {
    FIRST_ROOM = 64 * 1024,
    MOST_ROOM = LIMIT_COMPONENT_FILE_LEN + 1, /* the last byte is one too many */
    MOST_FILTERS = 2,                         /* one compression, and libarchive's reading head */
};

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
    uint64_t total; /* that the package has unpacked to */
};

static bool grow(struct buffer *buffer)
{
    size_t room = buffer->room ? buffer->room * 2 : FIRST_ROOM;
    uint8_t *grown;

    if (room > MOST_ROOM)
        room = MOST_ROOM;
    grown = realloc(buffer->bytes, room);

    if (!grown)
        return false;
    buffer->bytes = grown;
    buffer->room = room;
    return true;
}

/* The data of the entry under the reading head; of what nobody visits only the end, but that counts
 * too, as it is unpacked all the same. What its header says of its size is not believed. */
static bool read_entry(const struct package_reader *reader, struct archive *archive, bool keep,
                       struct buffer *buffer, struct error *error)
{
    uint64_t len = 0;

    buffer->len = 0;
    for (;;) {
        la_ssize_t n;

        if (!keep)
            buffer->len = 0;
        if (buffer->len == buffer->room && !grow(buffer))
            return error_plain(error, ERROR_MEMORY, "no memory to unpack %.120s", reader->source);
        n = archive_read_data(archive, buffer->bytes + buffer->len, buffer->room - buffer->len);
        if (n < 0)
            return package_archive_error(reader, archive, error);
        if (n == 0)
            return true;
        buffer->len += (size_t)n;
        buffer->total += (uint64_t)n;
        len += (uint64_t)n;
        if (len > LIMIT_COMPONENT_FILE_LEN || buffer->total > LIMIT_PACKAGE_LEN)
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

/* Regular files are visited; of links, folders and devices nothing is taken. In a cpio archive one of
 * several names of a file has its data, and it need not be the first. */
static bool visit_entry(const struct package_reader *reader, struct archive *archive,
                        struct archive_entry *entry, const struct component_package *package,
                        struct buffer *buffer, struct error *error)
{
    bool regular = archive_entry_filetype(entry) == AE_IFREG;
    struct component_file file = {
        .path = entry_path(entry), .source = reader->source, .package = package};

    if (!read_entry(reader, archive, regular, buffer, error))
        return false;
    file.bytes = span_of(buffer->bytes, buffer->len);
    if (!regular ||
        (buffer->len == 0 && (archive_entry_hardlink(entry) || archive_entry_nlink(entry) > 1)))
        return true;
    return reader->visit(reader->context, &file, error);
}

/* Each layer of compression multiplies what a few bytes become, and the caps are on the innermost. */
static bool check_layers(const struct package_reader *reader, struct archive *archive,
                         struct error *error)
{
    return archive_filter_count(archive) <= MOST_FILTERS ||
           error_plain(error, ERROR_UNSUPPORTED, "%.120s is compressed more than once",
                       reader->source);
}

bool package_visit_entries(const struct package_reader *reader, struct archive *archive,
                           const struct component_package *package, struct error *error)
{
    struct buffer buffer = {0};
    struct archive_entry *entry;
    size_t n = 0;
    bool good = check_layers(reader, archive, error);
    int step = ARCHIVE_EOF;

    while (good && (step = archive_read_next_header(archive, &entry)) == ARCHIVE_OK)
        good = ++n <= LIMIT_PACKAGE_ENTRIES
                   ? visit_entry(reader, archive, entry, package, &buffer, error)
                   : error_plain(error, ERROR_LIMIT, "%.120s has more than %d files",
                                 reader->source, LIMIT_PACKAGE_ENTRIES);
    if (good && step != ARCHIVE_EOF)
        good = package_archive_error(reader, archive, error);
    free(buffer.bytes);
    return good;
}
