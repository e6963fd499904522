#include "server/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <linux/landlock.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "log/log.h"
#include "server/role.h"

/* Every right of Landlock's first version: handled, so denied unless a rule gives it. */
static const uint64_t FILE_RIGHTS = LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE |
                                    LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR |
                                    LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |
                                    LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_DIR |
                                    LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK |
                                    LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_BLOCK |
                                    LANDLOCK_ACCESS_FS_MAKE_SYM;

static bool allow_below(int ruleset, const char *path, struct error *error)
{
    struct landlock_path_beneath_attr rule = {
        .allowed_access = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE |
                          LANDLOCK_ACCESS_FS_READ_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |
                          LANDLOCK_ACCESS_FS_REMOVE_FILE,
        .parent_fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC),
    };
    long added = rule.parent_fd < 0 ? -1
                                    : syscall(SYS_landlock_add_rule, ruleset,
                                              LANDLOCK_RULE_PATH_BENEATH, &rule, 0);

    if (rule.parent_fd >= 0)
        close(rule.parent_fd);
    if (added != 0)
        return error_plain(error, ERROR_IO, "confining to %s: %s", path, strerror(errno));
    return true;
}

static bool allow_all(int ruleset, const struct conf *conf, struct error *error)
{
    struct arena arena = arena_init(64 * 1024);
    const char *data = role_data_directory(conf, &arena);
    char *database = arena_text(&arena, span_text(conf_text(conf, CONF_SERVER_DATABASE)));
    bool ok = false;

    if (!data || !database)
        arena_error(&arena, error);
    else
        ok = allow_below(ruleset, data, error) &&
             (database[0] != '/' || allow_below(ruleset, dirname(database), error));
    arena_done(&arena);
    return ok;
}

bool confine_front(const struct conf *conf, struct error *error)
{
    struct landlock_ruleset_attr attributes = {.handled_access_fs = FILE_RIGHTS};
    int ruleset = (int)syscall(SYS_landlock_create_ruleset, &attributes, sizeof attributes, 0);
    bool ok;

    if (ruleset < 0) {
        log_warning("confine.unavailable", log_text(LOG_ERROR, strerror(errno)));
        return true;
    }
    ok = allow_all(ruleset, conf, error);
    if (ok && (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
               syscall(SYS_landlock_restrict_self, ruleset, 0) != 0))
        ok = error_plain(error, ERROR_IO, "confining the front: %s", strerror(errno));
    close(ruleset);
    return ok;
}
