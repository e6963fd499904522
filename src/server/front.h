/* The front: TLS, HTTP, database.
 *
 * Owns the listening socket, the store and the channels to workers and signer. Reads of a host's
 * message only the bounded CBOR envelope; logs, TPM structures and certificates go to a worker
 * unread. Holds no signing key but that of its own TLS certificate, which never leaves its
 * memory. */
#ifndef BOOTSEAL_SERVER_FRONT_H
#define BOOTSEAL_SERVER_FRONT_H

#include "crypto/crypto.h"
#include "http/http_server.h"
#include "http/loop.h"
#include "msg/protocol.h"
#include "outcome/outcome.h"
#include "server/bindings.h"
#include "server/calls.h"
#include "server/role.h"
#include "store/store.h"

struct front_counts {
    uint64_t requests;
    uint64_t verdicts[VERDICT_PENDING + 1]; /* recorded, by verdict */
    uint64_t attest_full, attest_steady;
    uint64_t attest_refused; /* evidence that proved nothing about its host */
    uint64_t enrolments, certificates, approvals;
};

struct front_crl {
    uint8_t *der;
    size_t der_len;
    int64_t made_s;
    bool stale; /* somebody was revoked since */
};

struct front {
    struct role_start start;
    int control;
    struct event_base *loop;
    struct loop_source *control_source, *store_source, *upkeep, *stop_term, *stop_int, *retry;
    struct store *store;
    struct http_server *http;
    struct calls *calls;
    struct crypto *crypto;
    struct arena arena; /* as long as the process */

    struct span ca_der, policy_public;             /* from the signer; in the arena */
    uint8_t policy_name[2 + LIMIT_TPM_DIGEST_LEN]; /* the policy key's name */
    size_t policy_name_len;
    struct span tls_certificate; /* PEM; the operator's, or empty */
    struct span tls_key;         /* PEM */
    struct span tls_spki;
    int64_t tls_asked_s;

    struct bindings *bindings;    /* in force */
    struct store_catalog catalog; /* in force, with its text; see front_has_catalog */
    struct arena catalog_arena;
    struct crypto_digest catalog_id; /* of text and signature: workers know it by this */

    size_t n_trials; /* under way */

    struct front_crl crl;
    struct front_counts counts;
    int status;
};

/* Runs until the supervisor says stop; gives the exit status. */
int front_run(int control);

/* The authPolicy that this host's identity key must have, and its policy reference. */
void front_identity_policy(struct front *front, struct span host_id,
                           uint8_t policy_ref[OUTCOME_POLICY_LEN],
                           uint8_t policy[OUTCOME_POLICY_LEN]);

/* A fresh challenge for the host; what it points to is in the arena. */
bool front_challenge(struct front *front, struct span host_id, struct arena *arena,
                     struct challenge *challenge, struct error *error) MUST_CHECK;

/* The digest under which the store knows a token. */
void front_hash_token(struct front *front, const char *secret, uint8_t sha256[STORE_DIGEST_LEN]);

/* Takes what the store says is bound from now on; keeps the former bindings on failure. Sets of the
 * former ones are gone. */
bool front_use_bindings(struct front *front, struct error *error) MUST_CHECK;

/* The same with the catalogue. */
bool front_use_catalog(struct front *front, struct error *error) MUST_CHECK;

/* Whether one is in force, also when its time has ended. */
bool front_has_catalog(const struct front *front);

/* As workers are told of it; the text is the front's. */
struct work_catalog front_catalog(const struct front *front, bool with_text);

#endif
