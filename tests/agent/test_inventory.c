/* What the agent reads of a system: a made-up one under a folder, changed file by file. */
#include "agent/inventory.h"
#include "os/file.h"

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>

#include <cmocka.h>

#include "support/smbios_builder.h"

struct fixture {
    struct arena arena;
    char root[64];
    struct inventory_constants constants;
    struct evidence_item *items;
    size_t n_items;
};

static void put_bytes(const struct fixture *fixture, const char *path, struct span bytes)
{
    char whole[256], *slash;
    struct error error;

    snprintf(whole, sizeof whole, "%s%s", fixture->root, path);
    slash = strrchr(whole, '/');
    *slash = '\0';
    assert_true(os_directory_make(whole, &error));
    *slash = '/';
    assert_true(os_file_write(whole, OS_FILE_PUBLIC, bytes, &error));
}

static void put(const struct fixture *fixture, const char *path, const char *text)
{
    put_bytes(fixture, path, span_text(text));
}

static void drop(const struct fixture *fixture, const char *path)
{
    char whole[256];

    snprintf(whole, sizeof whole, "%s%s", fixture->root, path);
    assert_int_equal(unlink(whole), 0);
}

static void collect(struct fixture *fixture)
{
    struct error error;

    if (!inventory_collect(fixture->root, &fixture->constants, NULL, &fixture->arena,
                           &fixture->items, &fixture->n_items, &error))
        fail_msg("%s", error.message);
}

/* As after the next boot. */
static void collect_anew(struct fixture *fixture)
{
    inventory_done(&fixture->constants);
    collect(fixture);
}

static void expect(const struct fixture *fixture, const char *name, const char *value)
{
    struct span found = inventory_find(fixture->items, fixture->n_items, name);

    if (!span_is(found, value))
        fail_msg("%s is \"%.*s\", not \"%s\"", name, (int)found.len, (const char *)found.data,
                 value);
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *ftw)
{
    (void)status, (void)type, (void)ftw;
    return remove(path);
}

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);

    fixture->arena = arena_init(1 << 22);
    snprintf(fixture->root, sizeof fixture->root, "/tmp/bootseal-inventory-XXXXXX");
    assert_non_null(mkdtemp(fixture->root));
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;

    nftw(fixture->root, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    inventory_done(&fixture->constants);
    arena_done(&fixture->arena);
    free(fixture);
    return 0;
}

static void a_system_without_any_file_says_nothing(void **state)
{
    struct fixture *fixture = *state;

    collect(fixture);
    for (size_t i = 0; i < fixture->n_items; i++)
        assert_true(span_is(fixture->items[i].name, "machine"));
}

static void names_the_system(void **state)
{
    struct fixture *fixture = *state;

    put(fixture, "/proc/sys/kernel/osrelease", "6.1.0-9-amd64\n");
    put(fixture, "/proc/sys/kernel/version", "#1 SMP Debian 6.1.27-1\n");
    put(fixture, "/etc/os-release",
        "NAME=Acme\nID=acme\nVERSION_ID=\"12\"\nPRETTY_NAME=\"Acme\033 12\"");
    put(fixture, "/proc/cmdline", "root=/dev/vda1 quiet\n");
    collect(fixture);
    expect(fixture, "kernel.command_line", "root=/dev/vda1 quiet");
    expect(fixture, "kernel.version", "6.1.0-9-amd64 #1 SMP Debian 6.1.27-1");
    expect(fixture, "os.id", "acme");
    expect(fixture, "os.version", "12");
    expect(fixture, "os.name", "Acme\\x1b 12");
    drop(fixture, "/proc/sys/kernel/version");
    collect_anew(fixture);
    expect(fixture, "kernel.version", "6.1.0-9-amd64");
}

static void reads_the_first_processor_only(void **state)
{
    struct fixture *fixture = *state;

    put(fixture, "/proc/cpuinfo",
        "processor\t: 0\nmodel name\t: Acme 3000 @ 2.00GHz\nflags\t\t: fpu vmx smep smapx nx\n"
        "vmx flags\t: ept\n\nprocessor\t: 1\nmodel name\t: Other\nflags\t\t: svm\n");
    put(fixture, "/sys/devices/system/cpu/cpu0/microcode/version", "0x2b000181\n");
    collect(fixture);
    expect(fixture, "hardware.cpu", "Acme 3000 @ 2.00GHz");
    expect(fixture, "hardware.cpu_features", "nx\nsmep\nvmx");
    expect(fixture, "hardware.microcode", "0x2b000181");
    put(fixture, "/proc/cpuinfo", "flags\t\t: fpu\nno colon\n");
    drop(fixture, "/sys/devices/system/cpu/cpu0/microcode/version");
    collect_anew(fixture);
    expect(fixture, "hardware.cpu", "");
    expect(fixture, "hardware.cpu_features", "");
    expect(fixture, "hardware.microcode", "");
}

static void put_compressed(const struct fixture *fixture, const char *text)
{
    char path[256];
    gzFile file;

    put(fixture, "/proc/config.gz", "");
    snprintf(path, sizeof path, "%s/proc/config.gz", fixture->root);
    file = gzopen(path, "wb");
    gzputs(file, text);
    gzclose(file);
}

static void expect_option(const struct fixture *fixture, const char *line, bool there)
{
    struct span config = inventory_find(fixture->items, fixture->n_items, "kernel.config");

    assert_int_equal(config.len && strstr((const char *)config.data, line), there);
}

static void reads_the_options_of_the_build(void **state)
{
    static const char text[] = "# CONFIG_KEXEC is not set\nCONFIG_MODULE_SIG=y\nCONFIG_UNKNOWN=y\n"
                               "CONFIG_LSM=\"lockdown,yama\"\nCONFIG_KGDB=m\nCONFIG_IMA\n=y\n";
    struct fixture *fixture = *state;

    put_compressed(fixture, text);
    collect(fixture);
    expect_option(fixture, "CONFIG_MODULES=n\nCONFIG_MODULE_SIG=y\nCONFIG_MODULE_SIG_FORCE=n\n",
                  true);
    expect_option(fixture, "\nCONFIG_LSM=\"lockdown,yama\"\n", true);
    expect_option(fixture, "\nCONFIG_KGDB=m\n", true);
    expect_option(fixture, "\nCONFIG_KEXEC=n\n", true);
    expect_option(fixture, "\nCONFIG_IMA=n\n", true);
    expect_option(fixture, "UNKNOWN", false);
    drop(fixture, "/proc/config.gz");
    put(fixture, "/boot/config-6.1.0", text);
    collect_anew(fixture);
    expect_option(fixture, "CONFIG_", false);
    put(fixture, "/proc/sys/kernel/osrelease", "6.1.0\n");
    collect_anew(fixture);
    expect_option(fixture, "\nCONFIG_KGDB=m\n", true);
    /* What is cut short or no configuration at all says nothing. */
    put(fixture, "/boot/config-6.1.0", "");
    collect_anew(fixture);
    expect_option(fixture, "CONFIG_", false);
}

static void tells_lockdown_modules_and_kexec(void **state)
{
    struct fixture *fixture = *state;

    put(fixture, "/sys/kernel/security/lockdown", "none [integrity] confidentiality\n");
    put(fixture, "/sys/kernel/security/lsm", "lockdown,capability,yama");
    put(fixture, "/sys/module/module/parameters/sig_enforce", "N\n");
    collect(fixture);
    expect(fixture, "kernel.lockdown", "integrity");
    expect(fixture, "kernel.security_modules", "lockdown,capability,yama");
    expect(fixture, "kernel.module_signatures", "true");
    expect(fixture, "kernel.kexec_signatures", "true");
    put(fixture, "/sys/kernel/security/lockdown", "[none] integrity confidentiality\n");
    collect(fixture);
    expect(fixture, "kernel.lockdown", "none");
    expect(fixture, "kernel.module_signatures", "false");
    expect(fixture, "kernel.kexec_signatures", ""); /* the build is not known */
    put(fixture, "/sys/module/module/parameters/sig_enforce", "Y\n");
    put(fixture, "/proc/sys/kernel/kexec_load_disabled", "1\n");
    put(fixture, "/sys/kernel/security/lockdown", "none integrity\n");
    collect(fixture);
    expect(fixture, "kernel.lockdown", "");
    expect(fixture, "kernel.module_signatures", "true");
    expect(fixture, "kernel.kexec_signatures", "true");
}

static void the_build_decides_where_nothing_else_does(void **state)
{
    struct fixture *fixture = *state;

    put(fixture, "/proc/sys/kernel/kexec_load_disabled", "0\n");
    put_compressed(fixture, "CONFIG_MODULES=y\nCONFIG_KEXEC=y\nCONFIG_KEXEC_SIG_FORCE=y\n");
    collect_anew(fixture);
    expect(fixture, "kernel.module_signatures", "false");
    expect(fixture, "kernel.kexec_signatures", "false");
    put_compressed(fixture, "CONFIG_KEXEC_FILE=y\nCONFIG_KEXEC_SIG_FORCE=y\n");
    collect_anew(fixture);
    expect(fixture, "kernel.module_signatures", "true"); /* there are no modules */
    expect(fixture, "kernel.kexec_signatures", "true");
    put_compressed(fixture, "CONFIG_KEXEC_FILE=y\nCONFIG_MODULE_SIG=y\n");
    collect_anew(fixture);
    expect(fixture, "kernel.module_signatures", "");
    expect(fixture, "kernel.kexec_signatures", "false");
}

static void taint_is_told_by_letters(void **state)
{
    struct fixture *fixture = *state;

    collect(fixture);
    expect(fixture, "kernel.tainted", "");
    put(fixture, "/proc/sys/kernel/tainted", "0\n");
    collect(fixture);
    expect(fixture, "kernel.tainted", "no");
    put(fixture, "/proc/sys/kernel/tainted", "12289\n"); /* 1 + 4096 + 8192 */
    collect(fixture);
    expect(fixture, "kernel.tainted", "P O E");
    put(fixture, "/proc/sys/kernel/tainted", "1073741825\n"); /* 1 + 2^30 */
    collect(fixture);
    expect(fixture, "kernel.tainted", "P bit30");
    put(fixture, "/proc/sys/kernel/tainted", "18446744073709551615\n");
    collect(fixture);
    assert_true(inventory_find(fixture->items, fixture->n_items, "kernel.tainted").len > 300);
}

static void tells_how_devices_are_kept_out_of_memory(void **state)
{
    struct fixture *fixture = *state;
    char path[64];

    collect(fixture);
    expect(fixture, "dma_protection.runtime", "");
    put(fixture, "/sys/kernel/iommu_groups/.hidden", "");
    collect(fixture);
    expect(fixture, "iommu.groups", "0");
    expect(fixture, "dma_protection.runtime", "false");
    for (int i = 0; i < 3; i++) {
        snprintf(path, sizeof path, "/sys/kernel/iommu_groups/%d/type", i);
        put(fixture, path, "DMA-FQ\n");
    }
    collect(fixture);
    expect(fixture, "iommu.groups", "3");
    expect(fixture, "iommu.types", "DMA-FQ");
    expect(fixture, "dma_protection.runtime", "true");
    put(fixture, path, "identity\n");
    collect(fixture);
    expect(fixture, "dma_protection.runtime", "false");
    drop(fixture, path); /* a kernel that does not tell */
    collect(fixture);
    expect(fixture, "dma_protection.runtime", "");
}

/* An ACPI table of 36 bytes and more, its length and checksum put right. */
static void put_table(const struct fixture *fixture, const char *name, uint8_t at_36, uint8_t at_37)
{
    uint8_t table[48] = {0}, sum = 0;
    char path[64];

    memcpy(table, name, 4);
    table[4] = sizeof table;
    table[36] = at_36;
    table[37] = at_37;
    for (size_t i = 0; i < sizeof table; i++)
        sum = (uint8_t)(sum + table[i]);
    table[9] = (uint8_t)-sum;
    snprintf(path, sizeof path, "/sys/firmware/acpi/tables/%s", name);
    put_bytes(fixture, path, span_of(table, sizeof table));
}

static void tells_what_the_firmware_asks_of_the_iommu(void **state)
{
    struct fixture *fixture = *state;

    collect(fixture);
    expect(fixture, "dma_protection.firmware", "");
    put_table(fixture, "FACP", 0, 0);
    collect_anew(fixture);
    expect(fixture, "dma_protection.firmware", "false");
    put_table(fixture, "IVRS", 2, 0);
    collect_anew(fixture);
    expect(fixture, "dma_protection.firmware", "true");
    put_table(fixture, "IVRS", 1, 0);
    collect_anew(fixture);
    expect(fixture, "dma_protection.firmware", "false");
    put_table(fixture, "DMAR", 0, 5);
    collect_anew(fixture);
    expect(fixture, "dma_protection.firmware", "true");
    put_table(fixture, "DMAR", 0, 1);
    collect_anew(fixture);
    expect(fixture, "dma_protection.firmware", "false");
    put(fixture, "/sys/firmware/acpi/tables/DMAR", "DMAR, but cut");
    collect_anew(fixture);
    expect(fixture, "dma_protection.firmware", "");
}

static void names_the_machine(void **state)
{
    const size_t head_len = SMBIOS_BUILDER_HEAD_3_LEN;
    struct fixture *fixture = *state;
    uint8_t bytes[512];
    struct span machine = smbios_builder_machine(bytes, sizeof bytes, true, "Acme\033", "Anvil");
    struct span tables = span_of(machine.data + head_len, machine.len - head_len);

    put_bytes(fixture, "/sys/firmware/dmi/tables/smbios_entry_point", span_of(bytes, head_len));
    collect_anew(fixture);
    expect(fixture, "hardware.model", "");
    put_bytes(fixture, "/sys/firmware/dmi/tables/DMI", tables);
    collect_anew(fixture);
    expect(fixture, "hardware.manufacturer", "Acme\\x1b");
    expect(fixture, "hardware.model", "Anvil");
    expect(fixture, "hardware.firmware", "Acme BIOS 1.2 2026-01-02");
    put_bytes(fixture, "/sys/firmware/dmi/tables/DMI", span_of(tables.data, tables.len - 1));
    collect_anew(fixture);
    expect(fixture, "hardware.model", "");
}

static void what_stays_until_the_next_boot_is_read_once(void **state)
{
    struct fixture *fixture = *state;

    put(fixture, "/proc/cpuinfo", "model name\t: Acme\n");
    put(fixture, "/proc/sys/kernel/tainted", "0\n");
    collect(fixture);
    put(fixture, "/proc/cpuinfo", "model name\t: Other\n");
    put(fixture, "/proc/sys/kernel/tainted", "1\n");
    collect(fixture);
    expect(fixture, "hardware.cpu", "Acme");
    expect(fixture, "kernel.tainted", "P");
}

static void long_texts_are_left_out(void **state)
{
    struct fixture *fixture = *state;
    char text[LIMIT_INVENTORY_TEXT_LEN / 4 + 2];

    memset(text, 0x1b, sizeof text);
    text[sizeof text - 1] = '\0';
    put(fixture, "/proc/sys/kernel/random/boot_id", text);
    collect(fixture);
    assert_int_equal(inventory_find(fixture->items, fixture->n_items, "boot.id").len, 0);
    text[sizeof text - 2] = '\0';
    put(fixture, "/proc/sys/kernel/random/boot_id", text);
    collect_anew(fixture);
    assert_int_equal(inventory_find(fixture->items, fixture->n_items, "boot.id").len,
                     LIMIT_INVENTORY_TEXT_LEN);
    for (size_t i = 0; i < fixture->n_items; i++)
        assert_in_range(fixture->items[i].value.len, 1, LIMIT_INVENTORY_TEXT_LEN);
}

int main(void)
{
#define INVENTORY_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        INVENTORY_TEST(a_system_without_any_file_says_nothing),
        INVENTORY_TEST(names_the_system),
        INVENTORY_TEST(reads_the_first_processor_only),
        INVENTORY_TEST(reads_the_options_of_the_build),
        INVENTORY_TEST(tells_lockdown_modules_and_kexec),
        INVENTORY_TEST(the_build_decides_where_nothing_else_does),
        INVENTORY_TEST(taint_is_told_by_letters),
        INVENTORY_TEST(tells_how_devices_are_kept_out_of_memory),
        INVENTORY_TEST(tells_what_the_firmware_asks_of_the_iommu),
        INVENTORY_TEST(names_the_machine),
        INVENTORY_TEST(what_stays_until_the_next_boot_is_read_once),
        INVENTORY_TEST(long_texts_are_left_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
