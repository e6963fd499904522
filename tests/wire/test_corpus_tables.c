/* SMBIOS and ACPI tables of real (virtual) machines against what Linux showed of them. Reads the
 * folder that BOOTSEAL_CORPUS names; skipped without it. */
#include "wire/acpi.h"
#include "wire/smbios.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "support/corpus.h"
#include "support/smbios_builder.h"

static unsigned n_machines, n_tables;

/* The captures have the tables alone; an entry point is put before them. */
static struct span with_entry_point(struct span tables, uint8_t *bytes)
{
    smbios_builder_entry_point(bytes, false, tables.len);
    memcpy(bytes + SMBIOS_BUILDER_HEAD_2_LEN, tables.data, tables.len);
    return span_of(bytes, SMBIOS_BUILDER_HEAD_2_LEN + tables.len);
}

/* "key=value" lines, as /sys/class/dmi/id has them. */
static void check_line(const char *path, struct span lines, const char *key, const char *value)
{
    char line[256];

    snprintf(line, sizeof line, "\n%s=%s\n", key, value);
    if (!memmem(lines.data, lines.len, line, strlen(line)))
        fail_msg("%s: %s is not %s", path, key, value);
}

static void check_smbios(const char *path)
{
    struct span tables = corpus_read(path), lines;
    uint8_t *bytes = malloc(SMBIOS_BUILDER_HEAD_2_LEN + tables.len);
    struct arena arena = arena_init(1 << 16);
    struct smbios_structure firmware;
    struct smbios_machine machine;
    struct smbios smbios;
    struct error error;
    char beside[512];

    if (!smbios_decode(with_entry_point(tables, bytes), &smbios, &error))
        fail_msg("%s: %s", path, error.message);
    assert_true(smbios_machine(&smbios, &arena, &machine));
    assert_true(smbios_find(&smbios, SMBIOS_FIRMWARE, &firmware));
    snprintf(beside, sizeof beside, "%.*s/dmi.txt", (int)(strrchr(path, '/') - path), path);
    lines = corpus_read(beside);
    check_line(path, lines, "sys_vendor", machine.manufacturer);
    check_line(path, lines, "product_name", machine.model);
    check_line(path, lines, "bios_version",
               arena_text(&arena, smbios_string(&firmware, SMBIOS_FIRMWARE_VERSION)));
    n_machines++;
    corpus_free(lines);
    corpus_free(tables);
    arena_done(&arena);
    free(bytes);
}

/* Only the case with a table of our own asks the system to keep DMA protection on. */
static void check_dmar(const char *path)
{
    struct span bytes = corpus_read(path);
    struct acpi_dmar dmar;
    struct error error;

    if (!acpi_dmar_decode(bytes, &dmar, &error))
        fail_msg("%s: %s", path, error.message);
    assert_int_equal(dmar.dma_opt_in, strstr(path, "/j3-acpitable") != NULL);
    assert_int_equal(dmar.n_units, 1);
    n_tables++;
    corpus_free(bytes);
}

static int visit(const char *path, const struct stat *status, int type, struct FTW *ftw)
{
    (void)status, (void)ftw;
    if (type == FTW_F && corpus_ends_with(path, "/smbios.bin"))
        check_smbios(path);
    else if (type == FTW_F && corpus_ends_with(path, "/acpi-DMAR.bin"))
        check_dmar(path);
    return 0;
}

static void the_tables_say_what_linux_shows(void **state)
{
    (void)state;
    corpus_walk("lab", visit);
    printf("%u machines, %u DMARs\n", n_machines, n_tables);
    assert_true(n_machines >= 20 && n_tables >= 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_tables_say_what_linux_shows),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
