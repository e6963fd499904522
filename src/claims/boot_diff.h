/* Two boots laid side by side: events aligned by component, and what changed in words.
 *
 * Pure. Says what differs between what two boots told, never which of them is right. Whatever a host
 * wrote comes out printable. What is not measured, and hints such as load addresses, are no change of
 * an event. */
#ifndef BOOTSEAL_CLAIMS_BOOT_DIFF_H
#define BOOTSEAL_CLAIMS_BOOT_DIFF_H

#include "claims/claims.h"
#include "claims/describe.h"

/* One of the two boots; NULL for what is not at hand. */
struct boot_diff_input {
    const struct measured_log *log;
    const struct evidence
        *evidence; /* digests of the other logs, and what the host says of itself */
    const struct claims *claims;
};

struct boot_diff_event {
    const struct measured_event *event;
    struct event_description words;
};

/* "removed root=/dev/sda1", "added root=/dev/sdb1"; at most LIMIT_DIFF_DETAILS, then "added 9 more". */
struct boot_diff_details {
    const char **texts;
    size_t n_texts;
};

/* An event that changed; without `before` it was added, without `after` removed. */
struct boot_diff_change {
    const struct boot_diff_event *before, *after;
    struct boot_diff_details details;
};

/* Anything else that has a value: NULL where a boot has none. */
struct boot_diff_value {
    const char *name; /* "boot.kernel_command_line", "PCR 4", "IMA list", "kernel.release" */
    const char *before, *after;
    struct boot_diff_details details;
};

struct boot_diff_values {
    struct boot_diff_value *items;
    size_t n_items;
};

struct boot_diff {
    struct boot_diff_change *changes; /* by PCR, then by place in the newer log */
    size_t n_changes;                 /* 0: the same components with the same digests */
    size_t n_events;                  /* measured ones of the newer boot */
    bool measurement_registers;       /* a confidential VM's: "PCR" is the number of a register */
    struct boot_diff_values claims;
    struct boot_diff_values pcrs;      /* as the logs lead to them */
    struct boot_diff_values logs;      /* other than the firmware's, by digest */
    struct boot_diff_values inventory; /* host-said */
};

/* Events are matched by PCR and component; several of one component in the order in which they came,
 * once those that are equal at both ends are matched. Fails only for memory. */
bool boot_diff(struct crypto *crypto, const struct boot_diff_input *before,
               const struct boot_diff_input *after, struct arena *arena, struct boot_diff *diff,
               struct error *error) MUST_CHECK;

/* "added", "removed", "changed". */
const char *boot_diff_kind(const struct boot_diff_change *change);

/* The newer of its events, which there always is one of. */
const struct boot_diff_event *boot_diff_newest(const struct boot_diff_change *change);

#endif
