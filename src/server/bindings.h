/* Which policies hold for which host, and when: the bindings in force, with their documents.
 *
 * Owns a copy of what the store has; made anew after every change, never changed itself. Every
 * policy of an enforcing binding must hold, those of observing ones are asked and do not count, and
 * values of accepted updates count for all of them, what a retiring one replaces for none. Reads no
 * document: a worker compiles. */
#ifndef BOOTSEAL_SERVER_BINDINGS_H
#define BOOTSEAL_SERVER_BINDINGS_H

#include "crypto/crypto.h"
#include "server/work_message.h"

struct bindings;

/* What holds for some hosts at some time. Lives as long as its bindings. */
struct policy_set {
    struct work_policies policies; /* without sources */
    struct work_policies with_sources;
    uint8_t sha256[STORE_DIGEST_LEN]; /* equal for sets that judge alike, in this version */
    char *label;                      /* "baseline 3, secured 1"; "" when none judges */
};

/* Reads them from the store. */
bool bindings_load(struct store *store, struct crypto *crypto, struct bindings **bindings,
                   struct error *error) MUST_CHECK;

/* A change that is only tried: what would hold if this binding were there too, in place of the one of
 * that name. Texts need only live for the call. */
struct bindings_draft {
    const char *name;             /* of the binding */
    const char *hosts;            /* NULL: those of the binding that it replaces, or all */
    enum store_binding_mode mode; /* ENFORCE or ACCEPT */
    struct span text;             /* of the policy or update; empty: the binding's own */
    const struct span *references;
    size_t n_references; /* 0: the binding's own */
};
bool bindings_try(const struct bindings *bindings, const struct bindings_draft *draft,
                  struct bindings **changed, struct error *error) MUST_CHECK;

/* bindings_free(NULL) is fine. */
void bindings_free(struct bindings *bindings);

/* True when some binding enforces a policy at now_s. */
bool bindings_enforce(const struct bindings *bindings, int64_t now_s);

/* The sources of a binding's policy, or its update as their text; false when there is no such binding. */
bool bindings_sources(const struct bindings *bindings, const char *name,
                      struct policy_sources *sources);

/* The sources of the i-th policy that some binding enforces; false when there are no more. */
bool bindings_policy(const struct bindings *bindings, size_t i, struct policy_sources *sources);

/* The set for a host of that name at now_s. *changes_s is when another may hold for it; 0: not by
 * itself. Where more are enforced than LIMIT_HOST_POLICIES and LIMIT_HOST_SOURCES_LEN allow, it is one
 * policy that does not compile; observed ones that do not fit are left out. */
bool bindings_for_host(struct bindings *bindings, const char *name, int64_t now_s,
                       const struct policy_set **set, int64_t *changes_s,
                       struct error *error) MUST_CHECK;

/* The reference values that a binding gives to the policy of that digest; none when none binds it. */
void bindings_references(const struct bindings *bindings, const uint8_t policy[STORE_DIGEST_LEN],
                         const struct span **references, size_t *n_references);

/* True when the host's name matches one of the globs with commas between them. */
bool bindings_match(const char *globs, const char *name);

/* NULL when globs can be used, else what is wrong with them, for people. */
const char *bindings_globs_wrong(const char *globs);

#endif
