/* Bodies of EV_NO_ACTION events (PFP 1.06 section 10.4.5): never measured, never evidence; shown to
 * people. The Spec ID Event itself is src/wire/eventlog.c's. */
#ifndef BOOTSEAL_WIRE_TCG_NO_ACTION_H
#define BOOTSEAL_WIRE_TCG_NO_ACTION_H

#include "base/reader.h"

enum tcg_no_action_kind {
    TCG_NO_ACTION_OTHER = 0,
    TCG_NO_ACTION_SPEC_ID,
    TCG_NO_ACTION_STARTUP_LOCALITY,
    TCG_NO_ACTION_REFERENCE_MANIFEST, /* SP800-155 Event and Event2, Event3 */
    TCG_NO_ACTION_HCRTM,
};

struct tcg_no_action {
    enum tcg_no_action_kind kind;
    struct span signature;    /* up to 16 characters, NULs at the end dropped */
    uint8_t startup_locality; /* TCG_NO_ACTION_STARTUP_LOCALITY */
    struct {                  /* TCG_NO_ACTION_REFERENCE_MANIFEST */
        uint32_t vendor_id;   /* IANA enterprise number */
        struct span guid;
        struct span platform_manufacturer; /* second and later forms; may be empty */
        struct span platform_model;
    } manifest;
};

bool tcg_no_action_decode(struct span bytes, struct tcg_no_action *body,
                          struct error *error) MUST_CHECK;

#endif
