/* ACPI tables that say what the firmware asks of the IOMMU: DMAR (Intel VT-d 4.1, section 8) and IVRS
 * (AMD IOMMU 3.08, section 5.2), as Linux shows them in /sys/firmware/acpi/tables.
 *
 * Owns nothing. Trusts no length in the table; must never say that the table is true: no firmware
 * in the field measures these, and an initrd may replace them. */
#ifndef BOOTSEAL_WIRE_ACPI_H
#define BOOTSEAL_WIRE_ACPI_H

#include "base/limits.h"
#include "base/reader.h"

struct acpi_dmar {
    bool interrupt_remapping; /* flags bit 0, INTR_REMAP */
    bool dma_opt_in;          /* flags bit 2, DMA_CTRL_PLATFORM_OPT_IN */
    size_t n_units;           /* remapping hardware (DRHD, type 0) */
};

struct acpi_ivrs {
    bool dma_remapping; /* IVinfo bit 1: DMA remapping is on before the system starts */
    size_t n_units;     /* I/O virtualisation hardware (IVHD, types 10h, 11h, 40h) */
};

/* Decode one table: signature, length and checksum of the header (ACPI 6.5, 5.2.6) must hold, and the
 * structures behind it must fill it. */
bool acpi_dmar_decode(struct span bytes, struct acpi_dmar *dmar, struct error *error) MUST_CHECK;
bool acpi_ivrs_decode(struct span bytes, struct acpi_ivrs *ivrs, struct error *error) MUST_CHECK;

#endif
