/* Files: read with a cap, written so that a crash leaves the old or the new content, never a part.
 *
 * Never follows a symbolic link when it writes; never makes a private file readable to others. */
#ifndef BOOTSEAL_OS_FILE_H
#define BOOTSEAL_OS_FILE_H

#include "base/arena.h"

enum os_file_kind {
    OS_FILE_PUBLIC = 0644,
    OS_FILE_PRIVATE = 0600, /* keys */
};

/* Reads a whole file (any kind that can be read, also /dev/stdin and /sys files, whose size is not
 * known before) of at most cap bytes into the arena. ERROR_NOT_FOUND, ERROR_DENIED, ERROR_IO;
 * ERROR_LIMIT over the cap. A NUL that is not counted follows the bytes. */
bool os_file_read(const char *path, size_t cap, struct arena *arena, struct span *bytes,
                  struct error *error) MUST_CHECK;

/* As os_file_read, for keys: refuses a file that is not ours (owner: us or root) or that group or
 * others may read or write (ERROR_DENIED, with what to do). */
bool os_file_read_private(const char *path, size_t cap, struct arena *arena, struct span *bytes,
                          struct error *error) MUST_CHECK;

/* Replaces path with bytes: temporary file in the same directory, fsync, rename, fsync of the
 * directory. After true, the content survives a power cut. */
bool os_file_write(const char *path, enum os_file_kind kind, struct span bytes,
                   struct error *error) MUST_CHECK;

/* Makes the directory (and missing parents) with mode 0700 for what it makes itself; fine when it
 * exists. */
bool os_directory_make(const char *path, struct error *error) MUST_CHECK;

/* Names of the regular files in a directory that end with suffix, sorted bytewise, in the arena.
 * A directory that does not exist gives none. ERROR_LIMIT over cap names. */
bool os_directory_list(const char *path, const char *suffix, size_t cap, struct arena *arena,
                       const char ***names, size_t *n_names, struct error *error) MUST_CHECK;

#endif
