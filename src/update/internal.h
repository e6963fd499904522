/* What the files of src/update share; nobody else includes this.
 *
 * slots.c finds the events that new components replace; predict.c makes the log of the next boot;
 * revoke.c the next dbx; sbat.c the next SbatLevel; line.c the next command line; plan.c puts it
 * together; values.c compares claims. */
#ifndef BOOTSEAL_UPDATE_INTERNAL_H
#define BOOTSEAL_UPDATE_INTERNAL_H

#include "update/update.h"
#include "wire/efi_variable.h"

/* An event whose digest is of a file, and the components that may stand in its place. */
struct slot {
    size_t event;
    const char *what;            /* claims/describe.h */
    const char *path;            /* as logged, a hint; "" without one */
    enum component_form form;    /* what the event's digest is over */
    const struct component **by; /* the candidates; in each variant of the update one of them */
    size_t n_by;
    bool by_path;                    /* a component has the slot's path */
    const struct component *running; /* the component that the host runs already; or NULL */
};

struct planning {
    const struct update *update;
    const struct claims_input *host;
    const struct measured_log *log;
    struct arena *arena;
    struct error *error;
    struct update_plan *plan;
    bool *used;         /* by number of the component: it is, or will be, in the log */
    struct slot *slots; /* in the log's order */
    size_t n_slots;
    size_t n_boot;    /* events of the boot part: before those of other logs */
    bool unified;     /* the host starts a unified kernel image with its own command line */
    const char *line; /* the command line of today; NULL: unknown */
    struct claims *today;
};

/* One way in which the next boot may go: which candidates, which command line. */
struct variant {
    size_t component;                     /* slot->by[component % n_by] */
    struct span command_line;             /* announced; empty: that of today, changed */
    const struct component *image;        /* the unified kernel image; NULL: none is replaced */
    struct span old_release, new_release; /* of the kernel as paths have it; empty: it stays */
    const char *line;                     /* command line of the next boot; NULL: unknown */
};

/* Fills in planning->slots. */
bool slots_find(struct planning *planning) MUST_CHECK;

/* The candidate of a variant; NULL when the event stays. */
const struct component *slot_component(const struct slot *slot, const struct variant *variant);

/* The digest by which the slot's event would measure the component; empty when there is none. */
struct span slot_digest(const struct planning *planning, const struct slot *slot,
                        const struct component *component);

/* True for an announced file of revocations that shim looks for beside itself. */
bool slot_is_revocations(const struct component *component);

/* The last part of a path, whichever way its slashes lean. */
const char *path_base(const char *path);

/* Sets the variant's releases and its command line from its components and what is announced. */
bool line_next(struct planning *planning, struct variant *variant) MUST_CHECK;

/* text with every `from` replaced by `to`, in the arena. False when that is full. */
bool line_replace(struct arena *arena, struct span text, struct span from, struct span to,
                  struct span *replaced) MUST_CHECK;

/* Collects the claims of a log of the host's; line is its kernel's command line, or NULL. */
bool values_collect(struct planning *planning, const struct measured_log *log, const char *line,
                    struct claims **claims) MUST_CHECK;

/* Adds to the plan what differs between the claims of today and of the next boot. */
bool values_compare(struct planning *planning, const struct claims *next) MUST_CHECK;

/* Adds the digest of MokList as shim measured it, which stands for the list when a new kernel cannot
 * hand that in (those with PREEMPT_RT have no EFI variables). */
bool values_mok_list(struct planning *planning) MUST_CHECK;

/* Adds authorities of the host's that may allow the new images, and did not have to so far. */
bool values_authorities(struct planning *planning) MUST_CHECK;

/* Makes the log of the next boot; adds the changes to the plan. */
bool predict(struct planning *planning, const struct variant *variant,
             struct measured_log *next) MUST_CHECK;

/* The contents of dbx with the lists added, as firmware adds them (UEFI 2.10 section 8.2.6,
 * EFI_VARIABLE_APPEND_WRITE): entries that are there already are left out. */
bool revoke(struct span dbx, struct span lists, struct arena *arena, struct span *joined,
            struct error *error) MUST_CHECK;

/* True for shim's measurement of SbatLevel; *variable has the level. */
bool sbat_is_level(const struct measured_event *event, struct efi_variable *variable);

/* SbatLevel of the next boot, without a NUL; empty when today's log has none. */
struct span sbat_next_level(const struct planning *planning, const struct variant *variant);

/* The level in one line, and by which policy of the host's it comes; NULL when the arena is full. */
const char *sbat_print(const struct planning *planning, struct span level);

/* Adds gaps: what shim will not start under that level, as far as SBAT tells. */
bool sbat_check(struct planning *planning, const struct variant *variant) MUST_CHECK;

/* Adds to the plan. */
bool plan_change(struct planning *planning, struct update_change change) MUST_CHECK;
bool plan_gap(struct planning *planning, size_t event, const char *what,
              const char *why) MUST_CHECK;

#endif
