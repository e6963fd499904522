/* Bodies of EV_NO_ACTION events (PFP 1.06 section 10.4.5): never measured, never evidence; shown to
 * people. The Spec ID Event itself is src/wire/eventlog.c's. */
#ifndef BOOTSEAL_WIRE_TCG_NO_ACTION_H
#define BOOTSEAL_WIRE_TCG_NO_ACTION_H

#include "wire/tcg_reference_manifest.h"

enum tcg_no_action_kind {
    TCG_NO_ACTION_OTHER = 0,
    TCG_NO_ACTION_SPEC_ID,
    TCG_NO_ACTION_STARTUP_LOCALITY,
    TCG_NO_ACTION_REFERENCE_MANIFEST, /* SP800-155 Event and Event2, Event3 */
    TCG_NO_ACTION_HCRTM_COMPONENT,    /* what went into the H-CRTM measurement */
    TCG_NO_ACTION_NV_INSTANCE,        /* extended into an NV index: a device's certificates */
    TCG_NO_ACTION_NV_DYNAMIC,         /* the same of what differs in each boot */
};

struct tcg_no_action {
    enum tcg_no_action_kind kind;
    struct span signature;                  /* up to 16 characters, NULs at the end dropped */
    uint8_t startup_locality;               /* TCG_NO_ACTION_STARTUP_LOCALITY */
    struct tcg_reference_manifest manifest; /* TCG_NO_ACTION_REFERENCE_MANIFEST */
    struct {                                /* TCG_NO_ACTION_HCRTM_COMPONENT */
        struct span description;
        uint8_t format; /* 0: a digest with its algorithm; 0x80: raw data */
        struct span measurement;
    } component;
    struct { /* TCG_NO_ACTION_NV_INSTANCE, TCG_NO_ACTION_NV_DYNAMIC */
        uint64_t uid;
        struct span description; /* of the dynamic form */
        struct span data;        /* an instance's is a device security event */
    } nv;
};

/* Decodes event data; spans point into bytes. Another signature is no error: TCG_NO_ACTION_OTHER. */
bool tcg_no_action_decode(struct span bytes, struct tcg_no_action *body,
                          struct error *error) MUST_CHECK;

#endif
