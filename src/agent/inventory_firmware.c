/* What the firmware says of the machine (SMBIOS), and whether its tables ask for DMA protection (DMAR
 * of Intel, IVRS of AMD). Reading either takes root. */
#include "agent/inventory_parts.h"
#include "agent/logs.h"
#include "os/file.h"
#include "wire/acpi.h"
#include "wire/smbios.h"

static void add_machine(struct inventory *inventory)
{
    struct smbios_machine machine;
    struct smbios smbios;
    struct span bytes;
    struct error ignored;

    if (!logs_read_smbios(inventory->root, inventory->arena, &bytes, &ignored) ||
        !smbios_decode(bytes, &smbios, &ignored))
        return;
    if (!smbios_machine(&smbios, inventory->arena, &machine)) {
        inventory->out_of_memory = true;
        return;
    }
    inventory_add(inventory, "hardware.manufacturer", span_text(machine.manufacturer));
    inventory_add(inventory, "hardware.model", span_text(machine.model));
    inventory_add(inventory, "hardware.firmware", span_text(machine.firmware));
}

enum found { FOUND_NONE, FOUND, FOUND_UNREADABLE };

static enum found read_table(struct inventory *inventory, const char *path, struct span *bytes)
{
    const char *whole = inventory_path(inventory, path);
    struct error error;

    if (!whole)
        return FOUND_UNREADABLE;
    if (os_file_read(whole, LIMIT_ACPI_TABLE_LEN, inventory->arena, bytes, &error))
        return FOUND;
    return error.code == ERROR_NOT_FOUND ? FOUND_NONE : FOUND_UNREADABLE;
}

/* A table that cannot be read or decoded says nothing, and that there is none says so only where the
 * kernel shows tables at all: each machine with ACPI has an FADT, called FACP. */
static void add_dma_protection(struct inventory *inventory)
{
    struct acpi_dmar dmar;
    struct acpi_ivrs ivrs;
    struct span bytes;
    struct error ignored;
    enum found intel = read_table(inventory, "/sys/firmware/acpi/tables/DMAR", &bytes), amd;

    if (intel == FOUND && acpi_dmar_decode(bytes, &dmar, &ignored))
        inventory_add_bool(inventory, "dma_protection.firmware", dmar.dma_opt_in);
    if (intel != FOUND_NONE)
        return;
    amd = read_table(inventory, "/sys/firmware/acpi/tables/IVRS", &bytes);
    if (amd == FOUND && acpi_ivrs_decode(bytes, &ivrs, &ignored))
        inventory_add_bool(inventory, "dma_protection.firmware", ivrs.dma_remapping);
    if (amd == FOUND_NONE &&
        read_table(inventory, "/sys/firmware/acpi/tables/FACP", &bytes) != FOUND_NONE)
        inventory_add_bool(inventory, "dma_protection.firmware", false);
}

void inventory_firmware(struct inventory *inventory)
{
    add_machine(inventory);
    add_dma_protection(inventory);
}
