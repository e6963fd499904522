/* Files. Owns descriptors while it works; trusts the paths that the operator configured. Must never
 * leave half a file under a name, or a key readable to others. */
#include "os/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { READ_CHUNK_LEN = 64 * 1024, PATH_LEN = 4096 };

static bool file_error(struct error *error, const char *path, const char *verb)
{
    enum error_code code = ERROR_IO;

    if (errno == ENOENT || errno == ENOTDIR || errno == EISDIR)
        code = ERROR_NOT_FOUND;
    else if (errno == EACCES || errno == EPERM || errno == ELOOP)
        code = ERROR_DENIED;
    else if (errno == EEXIST)
        code = ERROR_CONFLICT;
    return error_plain(error, code, "cannot %s %.120s: %s", verb, path, strerror(errno));
}

/* Files under /sys and pipes tell no size, so everything is read until its end. */
static bool read_all(int fd, const char *path, size_t cap, struct arena *arena, struct span *bytes,
                     struct error *error)
{
    uint8_t *buffer = NULL, *copy;
    size_t len = 0, room = 0;
    ssize_t n;

    for (;;) {
        if (len == room) {
            uint8_t *grown = realloc(buffer, room = room ? room * 2 : READ_CHUNK_LEN);

            if (!grown) {
                free(buffer);
                return error_plain(error, ERROR_MEMORY, "not enough memory to read %.120s", path);
            }
            buffer = grown;
        }
        n = read(fd, buffer + len, room - len);
        if (n == 0)
            break;
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            free(buffer);
            return file_error(error, path, "read");
        }
        len += (size_t)n;
        if (len > cap) {
            free(buffer);
            return error_plain(error, ERROR_LIMIT, "%.120s is larger than %zu bytes", path, cap);
        }
    }
    copy = (uint8_t *)arena_text(arena, span_of(buffer, len));
    free(buffer);
    if (!copy)
        return arena_error(arena, error);
    *bytes = span_of(copy, len);
    return true;
}

static bool is_private(int fd, const char *path, struct error *error)
{
    struct stat status;

    if (fstat(fd, &status) != 0)
        return file_error(error, path, "look at");
    if (!S_ISREG(status.st_mode))
        return error_plain(error, ERROR_DENIED, "%.120s is no regular file", path);
    if (status.st_uid != geteuid() && status.st_uid != 0)
        return error_plain(error, ERROR_DENIED, "%.120s belongs to user %u: chown it to yours",
                           path, (unsigned)status.st_uid);
    if (status.st_mode & (S_IRWXG | S_IRWXO))
        return error_plain(error, ERROR_DENIED,
                           "%.120s may be used by group or others (mode %04o): chmod 0600", path,
                           (unsigned)status.st_mode & 07777);
    return true;
}

static bool read_file(const char *path, bool private_only, size_t cap, struct arena *arena,
                      struct span *bytes, struct error *error)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    bool done;

    if (fd < 0)
        return file_error(error, path, "open");
    done = (!private_only || is_private(fd, path, error)) &&
           read_all(fd, path, cap, arena, bytes, error);
    close(fd);
    return done;
}

bool os_file_read(const char *path, size_t cap, struct arena *arena, struct span *bytes,
                  struct error *error)
{
    return read_file(path, false, cap, arena, bytes, error);
}

bool os_file_read_private(const char *path, size_t cap, struct arena *arena, struct span *bytes,
                          struct error *error)
{
    return read_file(path, true, cap, arena, bytes, error);
}

static bool write_all(int fd, struct span bytes)
{
    while (bytes.len) {
        ssize_t n = write(fd, bytes.data, bytes.len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        bytes = span_of(bytes.data + n, bytes.len - (size_t)n);
    }
    return fsync(fd) == 0;
}

static bool sync_directory(const char *path)
{
    char directory[PATH_LEN];
    const char *slash = strrchr(path, '/');
    int fd;
    bool synced;

    snprintf(directory, sizeof directory, "%.*s", slash ? (int)(slash - path) : 1,
             slash ? path : ".");
    fd = open(directory[0] ? directory : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return false;
    synced = fsync(fd) == 0;
    close(fd);
    return synced;
}

bool os_file_write(const char *path, enum os_file_kind kind, struct span bytes, struct error *error)
{
    char temporary[PATH_LEN];
    bool moved;
    int fd, kept;

    if (snprintf(temporary, sizeof temporary, "%s.XXXXXX", path) >= (int)sizeof temporary)
        return error_plain(error, ERROR_USAGE, "path is longer than %d bytes", PATH_LEN);
    fd = mkostemp(temporary, O_CLOEXEC); /* mode 0600 */
    if (fd < 0)
        return file_error(error, path, "write");
    moved = fchmod(fd, (mode_t)kind) == 0 && write_all(fd, bytes);
    kept = errno;
    moved = close(fd) == 0 && moved;
    if (moved) {
        moved = rename(temporary, path) == 0;
        kept = errno;
    }
    if (!moved)
        unlink(temporary);
    errno = kept;
    if (!moved || !sync_directory(path))
        return file_error(error, path, "write");
    return true;
}

bool os_directory_make(const char *path, struct error *error)
{
    char part[PATH_LEN];
    struct stat status;

    if (snprintf(part, sizeof part, "%s", path) >= (int)sizeof part)
        return error_plain(error, ERROR_USAGE, "path is longer than %d bytes", PATH_LEN);
    for (char *at = part + 1; *at; at++) {
        if (*at != '/')
            continue;
        *at = '\0';
        if (mkdir(part, 0700) != 0 && errno != EEXIST)
            return file_error(error, part, "make directory");
        *at = '/';
    }
    if (mkdir(part, 0700) != 0 && errno != EEXIST)
        return file_error(error, part, "make directory");
    if (stat(part, &status) != 0 || !S_ISDIR(status.st_mode))
        return error_plain(error, ERROR_IO, "%.120s is no directory", path);
    return true;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool is_listed(DIR *directory, const char *name, const char *suffix)
{
    size_t name_len = strlen(name), suffix_len = strlen(suffix);
    struct stat status;

    return name_len > suffix_len && strcmp(name + name_len - suffix_len, suffix) == 0 &&
           fstatat(dirfd(directory), name, &status, 0) == 0 && S_ISREG(status.st_mode);
}

static bool list_names(DIR *directory, const char *path, const char *suffix, size_t cap,
                       struct arena *arena, const char **names, size_t *n, struct error *error)
{
    struct dirent *entry;

    for (*n = 0; (entry = readdir(directory));) {
        if (!is_listed(directory, entry->d_name, suffix))
            continue;
        if (*n == cap)
            return error_plain(error, ERROR_LIMIT, "%.120s holds more than %zu files of this kind",
                               path, cap);
        names[*n] = arena_text(arena, span_text(entry->d_name));
        if (!names[(*n)++])
            return arena_error(arena, error);
    }
    return true;
}

bool os_directory_list(const char *path, const char *suffix, size_t cap, struct arena *arena,
                       const char ***names, size_t *n_names, struct error *error)
{
    const char **found = arena_array(arena, cap, sizeof *found);
    DIR *directory = opendir(path);
    size_t n = 0;
    bool listed = true;

    if (!directory && errno != ENOENT)
        return file_error(error, path, "list");
    if (!found)
        listed = arena_error(arena, error);
    else if (directory)
        listed = list_names(directory, path, suffix, cap, arena, found, &n, error);
    if (directory)
        closedir(directory);
    if (!listed)
        return false;
    if (n)
        qsort(found, n, sizeof *found, by_name);
    *names = found;
    *n_names = n;
    return true;
}
