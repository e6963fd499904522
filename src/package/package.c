#include "package/package.h"

#include "base/text.h"
#include "os/file.h"
#include "package/internal.h"

#include <errno.h>
#include <fts.h>
#include <stdlib.h>
#include <sys/stat.h>

/* One file of the file system, or all files of the package that it is. */
static bool read_file(const char *path, struct span shown, const struct package_reader *reader,
                      struct error *error)
{
    struct arena scratch = arena_init((size_t)LIMIT_COMPONENT_FILE_LEN + LIMIT_COMPONENT_TEXT_LEN);
    struct package_reader inner = *reader;
    struct component_file file = {.path = shown, .source = reader->source};
    bool good = os_file_read(path, LIMIT_COMPONENT_FILE_LEN, &scratch, &file.bytes, error);

    if (good && (package_is_debian(file.bytes) || package_is_rpm(file.bytes))) {
        inner.source = text_printable(reader->arena, span_text(path));
        inner.bytes = file.bytes;
        if (!inner.source)
            good = arena_error(reader->arena, error);
        else
            good = package_is_rpm(file.bytes) ? package_read_rpm(&inner, error)
                                              : package_read_debian(&inner, error);
    } else if (good) {
        good = reader->visit(reader->context, &file, error);
    }
    arena_done(&scratch);
    return good;
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
    return strcmp((*a)->fts_name, (*b)->fts_name);
}

static bool system_error(struct error *error, const char *path, int code)
{
    return error_plain(error,
                       code == ENOENT                    ? ERROR_NOT_FOUND
                       : code == EACCES || code == EPERM ? ERROR_DENIED
                                                         : ERROR_IO,
                       "cannot read %.150s: %s", path, strerror(code));
}

/* Regular files only: links may lead anywhere, and devices and pipes have no end. */
static bool visit_entry(const FTSENT *entry, const char *folder,
                        const struct package_reader *reader, size_t *n, struct error *error)
{
    size_t skipped = strlen(folder);

    switch (entry->fts_info) {
    case FTS_DNR:
    case FTS_ERR:
    case FTS_NS:
        return system_error(error, entry->fts_path, entry->fts_errno);
    case FTS_D:
        return entry->fts_level <= LIMIT_FOLDER_DEPTH ||
               error_plain(error, ERROR_LIMIT, "%.150s lies more than %d folders deep",
                           entry->fts_path, LIMIT_FOLDER_DEPTH);
    case FTS_F:
        break;
    default:
        return true;
    }
    if (++*n > LIMIT_PACKAGE_ENTRIES)
        return error_plain(error, ERROR_LIMIT, "%.150s has more than %d files", folder,
                           LIMIT_PACKAGE_ENTRIES);
    while (entry->fts_path[skipped] == '/')
        skipped++;
    return read_file(entry->fts_path, span_text(entry->fts_path + skipped), reader, error);
}

static bool read_folder(const char *folder, const struct package_reader *reader,
                        struct error *error)
{
    char *paths[] = {(char *)folder, NULL};
    FTS *walk = fts_open(paths, FTS_PHYSICAL | FTS_COMFOLLOW | FTS_NOCHDIR, by_name);
    FTSENT *entry = NULL;
    bool good = true;
    size_t n = 0;

    if (!walk)
        return system_error(error, folder, errno);
    errno = 0;
    while (good && (entry = fts_read(walk)) != NULL) {
        good = visit_entry(entry, folder, reader, &n, error);
        errno = 0;
    }
    if (good && errno)
        good = system_error(error, folder, errno);
    fts_close(walk);
    return good;
}

bool package_read(const char *path, struct arena *arena, package_visit *visit, void *context,
                  struct error *error)
{
    struct package_reader reader = {.arena = arena, .visit = visit, .context = context};
    struct stat status;

    if (stat(path, &status) != 0)
        return system_error(error, path, errno);
    reader.source = text_printable(arena, span_text(path));
    if (!reader.source)
        return arena_error(arena, error);
    return S_ISDIR(status.st_mode) ? read_folder(path, &reader, error)
                                   : read_file(path, span_text(path), &reader, error);
}
