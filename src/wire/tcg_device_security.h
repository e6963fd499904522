/* DEVICE_SECURITY_EVENT_DATA and DEVICE_SECURITY_EVENT_DATA2 (PFP 1.06 section 10.2.7): what a device
 * on the bus said about itself over SPDM, and whether the firmware could authenticate it.
 *
 * Frames, no more; SPDM's own structures (DSP0274) stay bytes. */
#ifndef BOOTSEAL_WIRE_TCG_DEVICE_SECURITY_H
#define BOOTSEAL_WIRE_TCG_DEVICE_SECURITY_H

#include "base/reader.h"

/* Numbers of the specification; others are kept as they came. */
enum tcg_device_type { TCG_DEVICE_NONE = 0, TCG_DEVICE_PCI, TCG_DEVICE_USB };
enum tcg_device_auth {
    TCG_DEVICE_AUTH_SUCCESS = 0,
    TCG_DEVICE_AUTH_NONE,           /* the device cannot be authenticated */
    TCG_DEVICE_AUTH_NO_BINDING,     /* its measurements are not signed */
    TCG_DEVICE_AUTH_FAIL_NO_KEY,    /* no certificate to check it by */
    TCG_DEVICE_AUTH_FAIL_INVALID,   /* its signature does not verify */
    TCG_DEVICE_AUTH_NO_SPDM = 0xFF, /* the device does not speak SPDM */
};
enum tcg_device_contents { TCG_DEVICE_MEASUREMENT = 0, TCG_DEVICE_CERTIFICATES };

struct tcg_device_security {
    uint16_t version;        /* 1 or 2 */
    bool has_authentication; /* version 2 only, as all up to uid */
    uint8_t authentication;  /* enum tcg_device_auth */
    uint32_t contents;       /* enum tcg_device_contents; version 1 has measurements only */
    uint64_t uid;
    uint32_t hash_algorithm; /* SPDM BaseHashAlgo bit, 0 when the contents have none */
    uint32_t device_type;    /* enum tcg_device_type */
    struct span device_path;
    struct span body; /* SPDM measurement block or certificate chain */
    bool has_pci;
    struct {
        uint16_t vendor, device, subsystem_vendor, subsystem;
        uint32_t class_code; /* three bytes: interface, subclass, class from the lowest on */
        uint8_t revision;
    } pci;
};

/* True when the data begin with a signature of these structures. */
bool tcg_device_security_is(struct span bytes);

/* Decodes the whole event data; spans point into bytes. */
bool tcg_device_security_decode(struct span bytes, struct tcg_device_security *device,
                                struct error *error) MUST_CHECK;

#endif
