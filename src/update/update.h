/* Announced updates: what a host will measure once it runs new components.
 *
 * Takes what is announced (components with their digests, command lines, revocations) and one host's
 * log, finds the events that the new components replace, and makes the log of the host's next boot
 * out of that: claims collected from it, held against those of today, are the values that the update
 * brings and takes away, for every claim that a policy may compare. What cannot be told ahead is said,
 * never guessed. Trusts the host's log: callers prove it first, and plan for sound hosts only, since
 * a host's own command line becomes part of what is accepted. */
#ifndef BOOTSEAL_UPDATE_UPDATE_H
#define BOOTSEAL_UPDATE_UPDATE_H

#include "claims/claims.h"
#include "component/component.h"
#include "policy/reference_values.h"

/* A part of a command line and what stands in its place; no `from`: `to` is added at the end. */
struct update_edit {
    struct span from, to;
};

/* What is announced. */
struct update {
    struct crypto *crypto;
    const struct component_set *components; /* with digests in every host's bank */
    const struct component *const *initrds; /* those of them that are initial RAM disks */
    size_t n_initrds;
    const struct span *command_lines; /* whole ones; each is accepted */
    size_t n_command_lines;
    const struct update_edit *edits; /* of each host's own line, in this order */
    size_t n_edits;
    struct span revocations; /* EFI_SIGNATURE_LISTs that are added to dbx; or empty */
    bool sbat_latest; /* hosts were told to take shim's latest SbatLevel, not its automatic one */
};

struct update_change {
    size_t event;                      /* of the host's log */
    const char *what;                  /* "shim", "Linux kernel": claims/describe.h */
    const struct component *component; /* NULL when the new digest was computed */
    struct span from, to;              /* digests in the log's bank; `to` is empty when it goes */
    const char *text;                  /* the new contents, where they are text; or NULL */
};

/* Something that an operator has to know of before the update is announced. */
struct update_gap {
    size_t event;     /* of the host's log, or n_events when it is about none */
    const char *what; /* "initial RAM disk", "claim kernel.lockdown" */
    const char *why;  /* what will happen, and what to do */
};

struct update_plan {
    struct update_change *changes; /* in the log's order, of all variants of the update */
    size_t n_changes;
    struct update_gap *gaps;
    size_t n_gaps;
    const struct component **unused; /* images, kernels and RAM disks that the host doesn't load */
    size_t n_unused;
    struct reference_values accepted; /* that the next boot has and today's has not */
    struct reference_values retired;  /* the other way round */
    struct reference_values kept;     /* that the next boot has */
};

/* Plans for one host. claims_input has its log; of what it says besides only its command line counts.
 * The plan lives in the arena. ERROR_UNSUPPORTED for a log of measurement registers or of another
 * bank than the components', ERROR_LIMIT over LIMIT_UPDATE_VARIANTS, ERROR_MALFORMED when dbx, as
 * measured, cannot be read. */
bool update_plan(const struct update *update, const struct claims_input *host, struct arena *arena,
                 struct update_plan *plan, struct error *error) MUST_CHECK;

/* Adds a host's values to those of all hosts: what one of them keeps is not retired because another
 * loses it. all's lists have an arena, and were filled by this function alone. */
bool update_plan_join(struct update_plan *all, const struct update_plan *one,
                      struct error *error) MUST_CHECK;

#endif
