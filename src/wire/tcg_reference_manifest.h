/* TCG_Sp800_155_PlatformId_Event, Event2 and Event3 (PFP 1.06 section 10.4.5.2): where the reference
 * manifest of a platform's firmware is found. Never measured, so never evidence. */
#ifndef BOOTSEAL_WIRE_TCG_REFERENCE_MANIFEST_H
#define BOOTSEAL_WIRE_TCG_REFERENCE_MANIFEST_H

#include "base/reader.h"

/* What the bytes of a locator are. Other numbers stay as they came. */
enum tcg_locator_kind {
    TCG_LOCATOR_RAW = 0, /* the thing itself */
    TCG_LOCATOR_URI,
    TCG_LOCATOR_DEVICE_PATH,
    TCG_LOCATOR_VARIABLE, /* GUID, then a name in UTF-16 up to its NUL */
};

struct tcg_locator {
    uint32_t kind; /* enum tcg_locator_kind */
    struct span bytes;
};

struct tcg_reference_manifest {
    int version;        /* 1, 2 or 3; the first has no strings, the last alone has locators */
    uint32_t vendor_id; /* IANA enterprise number */
    struct span guid;
    struct span platform_manufacturer, platform_model, platform_version;
    struct span firmware_manufacturer, firmware_version;
    uint32_t firmware_manufacturer_id;
    struct tcg_locator manifest, certificate; /* without bytes when there is none */
};

/* True when the 16 bytes are a signature of these events; *version is then which. */
bool tcg_reference_manifest_version(struct span signature, int *version);

/* Decodes the whole event data, signature included; spans point into bytes. ERROR_UNSUPPORTED for
 * another signature. */
bool tcg_reference_manifest_decode(struct span bytes, struct tcg_reference_manifest *manifest,
                                   struct error *error) MUST_CHECK;

#endif
