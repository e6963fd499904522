/* What the families of Windows claims share while the records of one boot are read. Private to
 * src/claims: windows.c walks the records and hands each to who knows it. */
#ifndef BOOTSEAL_CLAIMS_WINDOWS_H
#define BOOTSEAL_CLAIMS_WINDOWS_H

#include "claims/collect.h"
#include "wire/sipa.h"
#include "wire/sipa_payload.h"

/* The PCRs that state the same: 12, and 13 that repeats it. */
enum windows_copy { WINDOWS_PCR_12 = 0, WINDOWS_PCR_13, WINDOWS_COPIES };

enum windows_fact {
#define WINDOWS_FACT(record, copies, when, shape, claim) WINDOWS_##record,
#include "claims/windows_facts.def"
#undef WINDOWS_FACT
    WINDOWS_FACTS
};

/* What was stated under one id. */
struct windows_statement {
    size_t n[WINDOWS_COPIES];
    uint64_t mixed[WINDOWS_COPIES]; /* equal when the copies hold the same values in any order */
    uint64_t values;                /* bit n: some value was n; bit 63: 63 or more */
    uint64_t first;
    bool differ;    /* from the first */
    bool malformed; /* some record of this id is no number */
};

struct windows_image {
    struct span digest;
    uint16_t alg;
    size_t event;     /* index */
    struct span said; /* the whole record, of PCR 13 */
};

struct windows_images {
    struct windows_image *images; /* in the arena */
    size_t n_images, room;
};

/* Who wrote a phase. */
enum windows_phase { WINDOWS_LOADER = 0, WINDOWS_BOOT_MANAGER, WINDOWS_PHASES };

struct windows {
    struct collector *collector;
    size_t index;           /* of the event that is read */
    enum windows_copy copy; /* which PCR it is in; not for PCR 14 */

    struct windows_statement facts[WINDOWS_FACTS];

    /* Phases: the event of PCR 12 that is read, and what all came to. */
    bool transfers, hands_over; /* it says what comes next, and is the boot manager's */
    bool states_svn;
    uint32_t svn;
    size_t first_unlock;             /* its first item in boot.bitlocker_unlock */
    size_t n_phases[WINDOWS_PHASES]; /* that state a version */
    uint32_t lowest_svn[WINDOWS_PHASES];
    size_t n_boot_managers;
    bool any_transfer, resumed, unchecked;

    struct windows_images images[WINDOWS_COPIES];
    bool hypervisor_image, unvalidated, validation_unknown, no_authority;

    size_t elam_depth;     /* of the container's records; 0 outside */
    struct span elam_name; /* empty: none yet */
    bool elam_stated;      /* with a digest */

    bool identity_key;               /* virtual secure mode made its key, so it ran */
    bool broken;                     /* some event cannot be read */
    size_t n_after, first_after;     /* events behind the separators */
    size_t n_unknown, first_unknown; /* records, and the first one's event */
    uint32_t unknown_id;
};

/* --- windows_facts.c --- */

/* Notes a number or text of the table; false when the id is not in it. */
bool windows_fact_read(struct windows *state, const struct sipa_record *record);

/* Settles the claims of the table, then those that rest on several facts; finds copies that
 * differ. Call it when all has been read. */
void windows_facts_conclude(struct windows *state);

/* A number was stated, and each time soundly. */
bool windows_fact_known(const struct windows *state, enum windows_fact fact);

/* Calls visit for every claim that the table settles. */
void windows_facts_visit(struct collector *collector,
                         void (*visit)(struct collector *collector, enum claim_id id));

/* --- windows_images.c --- */

void windows_image_read(struct windows *state, struct span payload);
void windows_images_conclude(struct windows *state);

/* "\\Windows\\system32\\winload.efi, Microsoft Windows" of an image's record; in the arena.
 */
const char *windows_image_label(struct span record, struct arena *arena);

/* --- windows_code_integrity.c --- */

/* Policies, their signers, revocation lists, ELAM drivers, identity keys; false for other ids. */
bool windows_list_read(struct windows *state, const struct sipa_record *record);
void windows_elam_end(struct windows *state);
void windows_lists_conclude(struct windows *state);

/* --- for all of them --- */

/* Says that a record cannot be read: then nothing of the boot is believed. */
void windows_malformed(struct windows *state, const char *what, const struct error *error);

/* Counts a record that nobody here knows, or that stands where it does not belong. */
void windows_unknown(struct windows *state, uint32_t id);

#endif
