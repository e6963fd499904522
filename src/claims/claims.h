/* Claims: what the evidence says about a host, by name, three-valued, graded, with its sources.
 *
 * One table, claims.def, feeds this code, the policy checker, the manual and the JSON schema. A
 * claim without evidence is unknown, never a guess and never left out. Values are what measured
 * events say; the grade is how far that is proven. No verdicts here: src/policy judges. */
#ifndef BOOTSEAL_CLAIMS_CLAIMS_H
#define BOOTSEAL_CLAIMS_CLAIMS_H

#include "base/reason.h"
#include "catalog/catalog.h"
#include "verify/endorsement.h"
#include "verify/ima_signatures.h"
#include "verify/measured_log.h"
#include "wire/evidence.h"

enum claim_type {
    CLAIM_BOOL = 1,
    CLAIM_TEXT,
    CLAIM_LIST, /* of items */
};

enum claim_grade {
    CLAIM_UNPROVEN = 0, /* nothing vouches for it */
    CLAIM_REPORTED,     /* said by the host */
    CLAIM_SIGNED,       /* signed by firmware or vendor */
    CLAIM_ATTESTED,     /* attested by the TPM */
};

enum claim_id {
#define CLAIM(symbol, name, type, systems, part, topic, pcrs, meaning, grades, source)             \
    CLAIM_##symbol,
#include "claims/claims.def"
#undef CLAIM
    CLAIM_IDS
};

enum claim_item_kind {
    CLAIM_ITEM_TEXT = 1,    /* bytes are printable UTF-8 */
    CLAIM_ITEM_DIGEST,      /* of algorithm alg */
    CLAIM_ITEM_CERTIFICATE, /* DER; named by subject only when somebody looks */
};

struct claim_item {
    enum claim_item_kind kind;
    uint16_t alg;
    uint32_t event;    /* where it comes from, or REASON_NO_EVENT */
    int pcr;           /* or REASON_NO_PCR */
    const char *label; /* what it is in words ("GRUB"), a hint unless covered; or NULL */
    struct span bytes;
    struct span image; /* what Windows says of it beside its digest: see claim_item_label */
};

struct claim {
    bool known;
    bool is_true;             /* CLAIM_BOOL */
    const char *text;         /* CLAIM_TEXT, printable */
    struct claim_item *items; /* CLAIM_LIST */
    size_t n_items;
    enum claim_grade grade;
    uint32_t *events; /* numbers in the TCG log, ascending */
    size_t n_events;
    uint32_t settled_by; /* the one of events that settled it; 0: none did alone */
};

struct claims {
    struct claim claims[CLAIM_IDS];
};

/* The event to show to somebody who asks where the claim comes from; UINT32_MAX without events. */
static inline uint32_t claim_event(const struct claim *claim)
{
    if (claim->settled_by)
        return claim->settled_by;
    return claim->n_events ? claim->events[0] : UINT32_MAX;
}

struct claims_input {
    const struct measured_log *log; /* NULL when there is none */
    uint32_t attested_pcrs;         /* the log reproduces these in a verified quote; 0: no quote */
    uint32_t phases;    /* of systemd, that explain a verified quote of PCR 11: systemd_phase(n) */
    uint32_t ones_pcrs; /* of PCR 17-22: a verified quote proves all ones */
    uint32_t zero_pcrs; /* of PCR 17-22: a verified quote proves all zeros */
    struct span ima;    /* the proven part of the IMA list; empty when none */
    bool ima_attested;  /* and it reproduces PCR 10 in a verified quote */
    const struct evidence_item *inventory; /* host-said */
    size_t n_inventory;
    struct span
        mok_list; /* what the host says MokListRT holds; believed as far as PCR 14 bears it out */
    struct span smbios;       /* as the host sent them: wire/smbios.h; empty when none */
    struct endorsed endorsed; /* what proven certificates say of the hardware */
    struct ima_certificates *ima_certificates; /* the operator's, for signed files; NULL: none */
    struct span
        revocations; /* the operator's revocation list, as wire/efi_revocations.h reads it */
    const struct catalog *catalog; /* of hardware, signed and in time; NULL: none */
    const bool *wanted;    /* CLAIM_IDS values: long lists that nobody reads stay unknown; NULL: all
                              are collected */
    struct crypto *crypto; /* tells whose key allowed a boot loader; NULL: nobody's is known */
};

/* Collects every claim, and the findings that concern the log's form (unexpected types, data that
 * contradicts its digest, separators, duplicates). Texts and lists are in the arena. Fails only for
 * memory. */
bool claims_collect(const struct claims_input *input, struct arena *arena, struct claims *claims,
                    struct reasons *reasons, struct error *error) MUST_CHECK;

/* Takes every claim its grade: of evidence that nothing proves, not even the host's word is known to be
 * the host's. */
void claims_unprove(struct claims *claims);

/* The table's texts. */
const char *claim_name(enum claim_id id);
enum claim_type claim_type(enum claim_id id);
const char *claim_meaning(enum claim_id id);
const char *claim_systems(enum claim_id id); /* "linux", "windows" or "any" */
const char *claim_topic(enum claim_id id);   /* "Secure Boot" */
const char *claim_part(enum claim_id id);    /* of docs/policy.md that it serves: "A11" */
const char *claim_pcrs(enum claim_id id);    /* "12, 13"; "" when the host says it */
const char *claim_grades(enum claim_id id);  /* what makes it proven */
const char *claim_source(enum claim_id id);  /* specification and clause */

/* The id of "secure_boot.enabled"; CLAIM_IDS when there is none. */
enum claim_id claim_by_name(struct span name);

/* "attested", "signed", "reported", "unproven". */
const char *claim_grade_name(enum claim_grade grade);

/* An item as people see it: text as it is, digests as "sha256:<hex>", certificates by subject. In
 * the arena; NULL when it is full. */
const char *claim_item_print(struct crypto *crypto, const struct claim_item *item,
                             struct arena *arena);

/* What the item is in words: its label, or for an image of Windows its path, who signed it and
 * whether that held. In the arena; NULL when nothing is known, or the arena full. */
const char *claim_item_label(const struct claim_item *item, struct arena *arena);

#endif
