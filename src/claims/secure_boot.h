/* What the files of the Secure Boot family share while they read PCR 7 and 14 of one log.
 *
 * Private to src/claims: secure_boot.c walks the events, secure_boot_keys.c reads the signature
 * lists, authorities.c says in whose name images ran, shim.c reads what shim measures. */
#ifndef BOOTSEAL_CLAIMS_SECURE_BOOT_H
#define BOOTSEAL_CLAIMS_SECURE_BOOT_H

#include "claims/collect.h"
#include "wire/efi_variable.h"

struct secure_boot {
    struct collector *collector;
    uint32_t seen;          /* variables, by their bit in secure_boot.c */
    struct span dbx;        /* the lists that were measured */
    bool test_key;          /* one that the whole world has is in PK, KEK or db */
    bool not_enforced;      /* the firmware says setup or audit mode */
    bool shim;              /* shim ran */
    bool shim_off;          /* its validation is switched off */
    bool authority_unknown; /* an authority event that cannot be read */
    size_t n_authorities, n_windows_authorities;
    struct span sbat; /* the first SbatLevel */
    bool sbat_differs, sbat_late;
    bool shim_loads;   /* an authority that shim measured for what it loads has been seen */
    bool mok_measured; /* the whole list is in PCR 7, as some shims did it */
};

/* True when the claim is known to be yes. */
static inline bool secure_boot_is_true(const struct collector *collector, enum claim_id id)
{
    return collector->claims->claims[id].known && collector->claims->claims[id].is_true;
}

/* The event's data decide a claim and cannot be read: it is unknown, and said to be. */
void secure_boot_malformed(struct secure_boot *state, size_t index, enum claim_id id,
                           const char *found);

/* Adds the entries of a variable's signature lists to the claim. */
void secure_boot_read_list(struct secure_boot *state, size_t index, enum claim_id id, int pcr,
                           struct span data);

/* Whose keys they are: test keys, Microsoft's of 2011 and 2023. */
void secure_boot_conclude_keys(struct secure_boot *state);

/* An event that says in whose name something was loaded, or a switch of shim's. */
void secure_boot_read_authority(struct secure_boot *state, size_t index);

/* Adds what one authority event names. data is an EFI_SIGNATURE_DATA or, from old shims, a bare
 * certificate. */
void secure_boot_add_authority(struct secure_boot *state, size_t index, struct span data,
                               const char *label);

/* A variable of shim's in PCR 7. */
void secure_boot_read_shim(struct secure_boot *state, size_t index,
                           const struct efi_variable *variable);

/* Whether shim checks what it loads; and what it makes of revocations and the owner's keys. */
void secure_boot_conclude_validation(struct secure_boot *state);
void secure_boot_conclude_shim(struct secure_boot *state);

#endif
