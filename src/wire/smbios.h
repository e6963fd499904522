/* SMBIOS tables (DMTF DSP0134 3.7): the entry point and, behind it, the structures with their strings,
 * as Linux shows them in /sys/firmware/dmi/tables/{smbios_entry_point,DMI}.
 *
 * Owns nothing: spans point into the input. Trusts no length, count or string number in it; must
 * never say that the tables are true. */
#ifndef BOOTSEAL_WIRE_SMBIOS_H
#define BOOTSEAL_WIRE_SMBIOS_H

#include "base/arena.h"
#include "base/limits.h"
#include "base/reader.h"

enum smbios_type {
    SMBIOS_FIRMWARE = 0, /* 7.1 */
    SMBIOS_SYSTEM = 1,   /* 7.2 */
    SMBIOS_END = 127,    /* 7.45 */
};

/* Offsets of fields that hold the number of a string. */
enum smbios_field {
    SMBIOS_FIRMWARE_VENDOR = 4,
    SMBIOS_FIRMWARE_VERSION = 5,
    SMBIOS_FIRMWARE_DATE = 8,
    SMBIOS_SYSTEM_MANUFACTURER = 4,
    SMBIOS_SYSTEM_PRODUCT = 5,
};

struct smbios {
    uint8_t major, minor;
    struct span tables; /* every byte behind the entry point */
    size_t offset;      /* of tables in the input */
    size_t n_structures;
};

struct smbios_structure {
    uint8_t type;
    uint16_t handle;
    struct span formatted; /* the header and the fields behind it */
    struct span strings;   /* each with its NUL, without the NUL behind the last */
};

/* Decodes an entry point (5.2.1 or 5.2.2) with the tables behind it, and frames every structure up to
 * the end-of-table one, or to the end of the bytes. Bytes behind the end-of-table structure are
 * padding. The checksums of the entry point must hold, and its length of the tables must be theirs. */
bool smbios_decode(struct span bytes, struct smbios *smbios, struct error *error) MUST_CHECK;

/* The first structure of a type; false when there is none. */
bool smbios_find(const struct smbios *smbios, enum smbios_type type,
                 struct smbios_structure *structure) MUST_CHECK;

/* The string whose number stands in a field (6.1.3), without its NUL; empty when the field is not
 * there, names none, or names one that is not there. */
struct span smbios_string(const struct smbios_structure *structure, enum smbios_field field);

/* What the machine calls itself: printable, without surrounding spaces; "" where it does not say. */
struct smbios_machine {
    const char *manufacturer;
    const char *model;
    const char *firmware; /* vendor, version and date */
};

/* The texts are in the arena; false when that is full. */
bool smbios_machine(const struct smbios *smbios, struct arena *arena,
                    struct smbios_machine *machine) MUST_CHECK;

#endif
