/* Sources of components: folders, Debian and RPM packages, as they are and as they should not be. */
#include "package/package.h"

#include <setjmp.h>
#include <stdarg.h>

#include <archive.h>
#include <archive_entry.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/file.h"
#include "support/rpm_builder.h"

static char folder[] = "/tmp/bootseal-package-XXXXXX";
static struct arena arena;

/* What a source's visits said: one line of "path=bytes [package version architecture]" each. */
struct heard {
    char text[4096];
    size_t n;
    size_t stop_after; /* 0: never */
};

static bool hear(void *context, const struct component_file *file, struct error *error)
{
    struct heard *heard = context;
    size_t len = strlen(heard->text);
    const struct component_package *package = file->package;

    snprintf(heard->text + len, sizeof heard->text - len, "%.*s=%.*s", (int)file->path.len,
             (const char *)file->path.data, (int)(file->bytes.len > 20 ? 20 : file->bytes.len),
             (const char *)file->bytes.data);
    len = strlen(heard->text);
    if (package)
        snprintf(heard->text + len, sizeof heard->text - len, " [%s %s %s %s]", package->format,
                 package->name, package->version, package->architecture);
    strcat(heard->text, "\n");
    return ++heard->n != heard->stop_after || error_plain(error, ERROR_CONFLICT, "enough");
}

static const char *path_of(const char *name)
{
    static char path[2][256];
    static int turn;

    turn ^= 1;
    snprintf(path[turn], sizeof path[turn], "%s/%s", folder, name);
    return path[turn];
}

static void put(const char *name, struct span bytes)
{
    struct error error;

    assert_true(os_file_write(path_of(name), OS_FILE_PUBLIC, bytes, &error));
}

static void expect(const char *path, const char *text)
{
    struct heard heard = {.n = 0};
    struct error error = {0};

    if (!package_read(path, &arena, hear, &heard, &error))
        fail_msg("%s", error.message);
    assert_string_equal(heard.text, text);
}

static void refuses(const char *path, enum error_code code, const char *words)
{
    struct heard heard = {.n = 0};
    struct error error = {0};

    assert_false(package_read(path, &arena, hear, &heard, &error));
    if (error.code != code || !strstr(error.message, words))
        fail_msg("%s: %s", error_code_name(error.code), error.message);
}

/* --- archives of our own making --- */

struct entry {
    const char *path;
    struct span data;
    unsigned int type; /* 0: a regular file */
};

/* format is "arsvr4", "ustar" or "newc", filter ARCHIVE_FILTER_... Returns bytes that stay until the next but
 * one call. */
static struct span archive_of(const char *format, int filter, const struct entry *entries, size_t n)
{
    static uint8_t buffers[3][8 * 1024 * 1024];
    static int turn;
    uint8_t *buffer = buffers[turn = (turn + 1) % 3];
    struct archive *archive = archive_write_new();
    size_t used = 0;

    assert_int_equal(archive_write_set_format_by_name(archive, format), ARCHIVE_OK);
    assert_int_equal(archive_write_add_filter(archive, filter), ARCHIVE_OK);
    archive_write_set_bytes_in_last_block(archive, 1);
    assert_int_equal(archive_write_open_memory(archive, buffer, sizeof buffers[0], &used),
                     ARCHIVE_OK);
    for (size_t i = 0; i < n; i++) {
        struct archive_entry *entry = archive_entry_new();

        archive_entry_set_pathname(entry, entries[i].path);
        archive_entry_set_size(entry, (la_int64_t)entries[i].data.len);
        archive_entry_set_filetype(entry, entries[i].type ? entries[i].type : AE_IFREG);
        archive_entry_set_perm(entry, 0644);
        if (entries[i].type == AE_IFLNK)
            archive_entry_set_symlink(entry, "/etc/shadow");
        assert_int_equal(archive_write_header(archive, entry), ARCHIVE_OK);
        archive_write_data(archive, entries[i].data.data, entries[i].data.len);
        archive_entry_free(entry);
    }
    assert_int_equal(archive_write_free(archive), ARCHIVE_OK);
    return span_of(buffer, used);
}

static const char CONTROL[] = "Package: shim-signed\nVersion: 1.51\nArchitecture: amd64\n"
                              "Description: secure boot\n Version: no\n";

static const struct entry DATA[] = {
    {"./", {NULL, 0}, AE_IFDIR},          {"./boot/vmlinuz", {(const uint8_t *)"kernel", 6}, 0},
    {"./boot/link", {NULL, 0}, AE_IFLNK}, {"./boot/fifo", {NULL, 0}, AE_IFIFO},
    {"./etc/empty", {NULL, 0}, 0},
};
enum { N_DATA = sizeof DATA / sizeof *DATA };

static const char VISITS[] = "/boot/vmlinuz=kernel [deb shim-signed 1.51 amd64]\n"
                             "/etc/empty= [deb shim-signed 1.51 amd64]\n";

static struct span control_archive(const char *control)
{
    struct entry entries[] = {{"./md5sums", span_text("x"), 0},
                              {"./control", span_text(control), 0}};

    return archive_of("ustar", ARCHIVE_FILTER_GZIP, entries, 2);
}

static struct span debian(struct span control, struct span data)
{
    struct entry members[] = {{"debian-binary", span_text("2.0\n"), 0},
                              {"control.tar.gz", control, 0},
                              {"data.tar.xz", data, 0}};

    return archive_of("arsvr4", ARCHIVE_FILTER_NONE, members, 3);
}

static void a_debian_package_names_its_files(void **state)
{
    static const int FILTERS[] = {ARCHIVE_FILTER_NONE, ARCHIVE_FILTER_GZIP, ARCHIVE_FILTER_XZ,
                                  ARCHIVE_FILTER_ZSTD, ARCHIVE_FILTER_BZIP2};

    (void)state;
    for (size_t i = 0; i < sizeof FILTERS / sizeof *FILTERS; i++) {
        put("a.deb",
            debian(control_archive(CONTROL), archive_of("ustar", FILTERS[i], DATA, N_DATA)));
        expect(path_of("a.deb"), VISITS);
    }
}

static void a_debian_package_cut_anywhere_is_refused(void **state)
{
    struct span file = debian(control_archive(CONTROL),
                              archive_of("ustar", ARCHIVE_FILTER_XZ, DATA, N_DATA));
    size_t whole = 0;

    (void)state;
    for (size_t len = 30; len < file.len - 1; len += 7) {
        struct heard heard = {.n = 0};
        struct error error = {0};

        put("cut.deb", span_of(file.data, len));
        if (package_read(path_of("cut.deb"), &arena, hear, &heard, &error)) {
            /* Only the compressor's trailer is missing. */
            assert_string_equal(heard.text, VISITS);
            whole++;
        }
    }
    assert_in_range(whole, 0, 16);
}

static void a_debian_package_in_another_order_is_refused(void **state)
{
    struct span data = archive_of("ustar", ARCHIVE_FILTER_GZIP, DATA, N_DATA);
    struct entry members[] = {{"debian-binary", span_text("2.0\n"), 0},
                              {"data.tar.gz", data, 0},
                              {"control.tar.gz", span_text(""), 0}};

    (void)state;
    put("a.deb", archive_of("arsvr4", ARCHIVE_FILTER_NONE, members, 3));
    refuses(path_of("a.deb"), ERROR_MALFORMED, "control.tar");
    put("a.deb", archive_of("arsvr4", ARCHIVE_FILTER_NONE, members, 1));
    refuses(path_of("a.deb"), ERROR_MALFORMED, "control.tar");
    members[1] = (struct entry){"control.tar.gz", control_archive(CONTROL), 0};
    members[2] = members[1];
    put("a.deb", archive_of("arsvr4", ARCHIVE_FILTER_NONE, members, 3));
    refuses(path_of("a.deb"), ERROR_MALFORMED, "data.tar");
    put("a.deb", debian(control_archive("Version: 1\n"), data));
    refuses(path_of("a.deb"), ERROR_MALFORMED, "names no package");
}

static void an_rpm_package_names_its_files(void **state)
{
    static uint8_t buffer[64 * 1024];
    struct rpm_builder builder = {
        .name = "kernel-core",
        .version = "6.8",
        .release = "1.fc40",
        .architecture = "x86_64",
        .payload = archive_of("newc", ARCHIVE_FILTER_ZSTD, DATA + 1, N_DATA - 1)};

    (void)state;
    put("a.rpm", rpm_builder_write(&builder, buffer, sizeof buffer));
    expect(path_of("a.rpm"), "/boot/vmlinuz=kernel [rpm kernel-core 6.8-1.fc40 x86_64]\n"
                             "/etc/empty= [rpm kernel-core 6.8-1.fc40 x86_64]\n");
    builder.has_epoch = true;
    builder.epoch = 2;
    builder.payload = archive_of("newc", ARCHIVE_FILTER_GZIP, DATA + 1, 1);
    put("a.rpm", rpm_builder_write(&builder, buffer, sizeof buffer));
    expect(path_of("a.rpm"), "/boot/vmlinuz=kernel [rpm kernel-core 2:6.8-1.fc40 x86_64]\n");
    builder.payload.len /= 2;
    put("a.rpm", rpm_builder_write(&builder, buffer, sizeof buffer));
    refuses(path_of("a.rpm"), ERROR_MALFORMED, "a.rpm cannot be unpacked");
    builder.payload = span_text("no archive at all");
    put("a.rpm", rpm_builder_write(&builder, buffer, sizeof buffer));
    refuses(path_of("a.rpm"), ERROR_MALFORMED, "a.rpm cannot be unpacked");
    builder.payload_format = "drpm";
    put("a.rpm", rpm_builder_write(&builder, buffer, sizeof buffer));
    refuses(path_of("a.rpm"), ERROR_UNSUPPORTED, "no cpio");
    builder.name = "";
    put("a.rpm", rpm_builder_write(&builder, buffer, sizeof buffer));
    refuses(path_of("a.rpm"), ERROR_MALFORMED, "names no package");
    put("a.rpm", span_of(buffer, 98));
    refuses(path_of("a.rpm"), ERROR_TRUNCATED, "a.rpm: magic");
}

static size_t put_link(char *to, size_t room, const char *name, const char *data)
{
    return (size_t)snprintf(to, room, "070701%08x%08x%08x%08x%08x%08x%08zx%032x%08zx%08x%s%c%s", 7,
                            0100644, 0, 0, 2, 0, strlen(data), 0, strlen(name) + 1, 0, name, 0,
                            data);
}

/* As cpio writes two names of one file: the last one has the data. */
static void a_file_of_two_names_is_read_once(void **state)
{
    static uint8_t buffer[64 * 1024];
    char links[512] = {0};
    struct rpm_builder builder = {
        .name = "x", .version = "1", .release = "1", .architecture = "noarch"};
    size_t len = put_link(links, sizeof links, "name1", "");

    (void)state;
    len += put_link(links + len, sizeof links - len, "name2", "data");
    len += put_link(links + len, sizeof links - len, "TRAILER!!!", "");
    builder.payload = span_of(links, len + 3); /* aligned */
    put("a.rpm", rpm_builder_write(&builder, buffer, sizeof buffer));
    expect(path_of("a.rpm"), "name2=data [rpm x 1-1 noarch]\n");
}

/* A tar archive inside of a package whose payload should be cpio: formats are not guessed. */
static void a_payload_of_another_format_is_refused(void **state)
{
    static uint8_t buffer[64 * 1024];
    struct rpm_builder builder = {
        .name = "x",
        .version = "1",
        .release = "1",
        .architecture = "noarch",
        .payload = archive_of("ustar", ARCHIVE_FILTER_GZIP, DATA, N_DATA)};

    (void)state;
    put("a.rpm", rpm_builder_write(&builder, buffer, sizeof buffer));
    refuses(path_of("a.rpm"), ERROR_MALFORMED, "cannot be unpacked");
}

static void a_folder_is_read_in_order_without_links_and_pipes(void **state)
{
    char command[512];

    (void)state;
    snprintf(command, sizeof command, "rm -rf %s/*; mkdir -p %s/tree/b/c", folder, folder);
    assert_int_equal(system(command), 0);
    put("tree/z", span_text("last"));
    put("tree/b/c/deep", span_text("deep"));
    put("tree/a", span_text("first"));
    assert_int_equal(symlink("..", path_of("tree/b/loop")), 0);
    assert_int_equal(symlink("/etc/passwd", path_of("tree/link")), 0);
    assert_int_equal(mkfifo(path_of("tree/pipe"), 0600), 0);
    put("tree/b/p.deb",
        debian(control_archive(CONTROL), archive_of("ustar", ARCHIVE_FILTER_GZIP, DATA + 1, 1)));
    expect(path_of("tree"), "a=first\nb/c/deep=deep\n"
                            "/boot/vmlinuz=kernel [deb shim-signed 1.51 amd64]\nz=last\n");
    expect(path_of("tree/"), "a=first\nb/c/deep=deep\n"
                             "/boot/vmlinuz=kernel [deb shim-signed 1.51 amd64]\nz=last\n");
    /* What the operator names is followed. */
    assert_int_equal(symlink("tree/b", path_of("named")), 0);
    expect(path_of("named"), "c/deep=deep\n/boot/vmlinuz=kernel [deb shim-signed 1.51 amd64]\n");
}

static void a_package_in_a_package_is_a_file(void **state)
{
    struct span inner = debian(control_archive(CONTROL),
                               archive_of("ustar", ARCHIVE_FILTER_GZIP, DATA, 1));
    struct entry entries[] = {{"./inner.deb", inner, 0}};
    struct span data = archive_of("ustar", ARCHIVE_FILTER_GZIP, entries, 1);

    (void)state;
    put("outer.deb", debian(control_archive(CONTROL), data));
    expect(path_of("outer.deb"), "/inner.deb=!<arch>\ndebian-binar [deb shim-signed 1.51 amd64]\n");
}

static void folders_that_are_too_deep_are_refused(void **state)
{
    char path[1024], command[1200];
    int len = snprintf(path, sizeof path, "%s/deep", folder);

    (void)state;
    for (int i = 0; i < LIMIT_FOLDER_DEPTH + 1; i++)
        len += snprintf(path + len, sizeof path - (size_t)len, "/d");
    snprintf(command, sizeof command, "mkdir -p %s", path);
    assert_int_equal(system(command), 0);
    refuses(path_of("deep"), ERROR_LIMIT, "folders deep");
}

static void sources_that_cannot_be_read_say_why(void **state)
{
    struct heard heard = {.stop_after = 1};
    struct error error = {0};

    (void)state;
    refuses(path_of("none"), ERROR_NOT_FOUND, "none");
    put("one", span_text("1"));
    assert_false(package_read(path_of("one"), &arena, hear, &heard, &error));
    assert_int_equal(error.code, ERROR_CONFLICT);
}

/* More zeros than the cap in one file, which compress to some KiB. */
static void write_zeros(struct archive *archive)
{
    static uint8_t zeros[1024 * 1024];
    struct archive_entry *entry = archive_entry_new();
    size_t n = LIMIT_COMPONENT_FILE_LEN / sizeof zeros + 1;

    archive_entry_set_pathname(entry, "./zeros");
    archive_entry_set_size(entry, (la_int64_t)(n * sizeof zeros));
    archive_entry_set_filetype(entry, AE_IFREG);
    assert_int_equal(archive_write_header(archive, entry), ARCHIVE_OK);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(archive_write_data(archive, zeros, sizeof zeros), sizeof zeros);
    archive_entry_free(entry);
}

static void a_file_that_grows_over_its_cap_is_refused(void **state)
{
    static uint8_t data[1024 * 1024];
    struct archive *archive = archive_write_new();
    size_t used = 0;

    (void)state;
    archive_write_set_format_ustar(archive);
    archive_write_add_filter_zstd(archive);
    assert_int_equal(archive_write_open_memory(archive, data, sizeof data, &used), ARCHIVE_OK);
    write_zeros(archive);
    assert_int_equal(archive_write_free(archive), ARCHIVE_OK);
    put("bomb.deb", debian(control_archive(CONTROL), span_of(data, used)));
    refuses(path_of("bomb.deb"), ERROR_LIMIT, "bomb.deb unpacks to more than 512 MiB");
}

/* A header of GNU tar's list of a folder, which has data and is no file; its size is the other's. */
static void write_folder_head(struct archive *archive)
{
    char head[512] = "./folder";
    struct archive_entry *entry = archive_entry_new();
    unsigned sum = 0;

    snprintf(head + 100, 8, "0000755");
    snprintf(head + 124, 12, "%011o", (LIMIT_COMPONENT_FILE_LEN / 1048576 + 1) * 1048576U);
    memset(head + 148, ' ', 8);
    head[156] = 'D';
    memcpy(head + 257, "ustar  ", 8);
    for (size_t i = 0; i < sizeof head; i++)
        sum += (unsigned char)head[i];
    snprintf(head + 148, 8, "%06o", sum);
    archive_entry_set_filetype(entry, AE_IFREG);
    assert_int_equal(archive_write_header(archive, entry), ARCHIVE_OK);
    assert_int_equal(archive_write_data(archive, head, sizeof head), sizeof head);
    archive_entry_free(entry);
}

static void what_nobody_visits_counts_too(void **state)
{
    static uint8_t data[1024 * 1024], zeros[1024 * 1024];
    struct archive *archive = archive_write_new();
    size_t used = 0;

    (void)state;
    archive_write_set_format_raw(archive);
    archive_write_add_filter_zstd(archive);
    assert_int_equal(archive_write_open_memory(archive, data, sizeof data, &used), ARCHIVE_OK);
    write_folder_head(archive);
    for (int i = 0; i < LIMIT_COMPONENT_FILE_LEN / 1048576 + 2; i++)
        assert_int_equal(archive_write_data(archive, zeros, sizeof zeros), sizeof zeros);
    assert_int_equal(archive_write_free(archive), ARCHIVE_OK);
    put("bomb.deb", debian(control_archive(CONTROL), span_of(data, used)));
    refuses(path_of("bomb.deb"), ERROR_LIMIT, "bomb.deb unpacks to more than 512 MiB");
}

static void what_is_compressed_twice_is_refused(void **state)
{
    struct entry inner = {"", archive_of("ustar", ARCHIVE_FILTER_GZIP, DATA, N_DATA), 0};

    (void)state;
    inner.data = archive_of("raw", ARCHIVE_FILTER_XZ, &inner, 1);
    put("twice.deb", debian(control_archive(CONTROL), inner.data));
    refuses(path_of("twice.deb"), ERROR_UNSUPPORTED, "twice.deb is compressed more than once");
}

static int start(void **state)
{
    (void)state;
    arena = arena_init((size_t)64 * 1024 * 1024);
    return mkdtemp(folder) ? 0 : -1;
}

static int stop(void **state)
{
    char command[128];

    (void)state;
    snprintf(command, sizeof command, "rm -rf %s", folder);
    arena_done(&arena);
    return system(command);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_debian_package_names_its_files),
        cmocka_unit_test(a_debian_package_cut_anywhere_is_refused),
        cmocka_unit_test(a_debian_package_in_another_order_is_refused),
        cmocka_unit_test(an_rpm_package_names_its_files),
        cmocka_unit_test(a_file_of_two_names_is_read_once),
        cmocka_unit_test(a_payload_of_another_format_is_refused),
        cmocka_unit_test(a_folder_is_read_in_order_without_links_and_pipes),
        cmocka_unit_test(a_package_in_a_package_is_a_file),
        cmocka_unit_test(folders_that_are_too_deep_are_refused),
        cmocka_unit_test(sources_that_cannot_be_read_say_why),
        cmocka_unit_test(a_file_that_grows_over_its_cap_is_refused),
        cmocka_unit_test(what_nobody_visits_counts_too),
        cmocka_unit_test(what_is_compressed_twice_is_refused),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
