/* The host messages of docs/protocol.md as structs, with their deterministic CBOR. Evidence itself
 * is wire/evidence.h.
 *
 * Owns the keys and fixed sizes of these maps. Trusts nothing: every field has a cap, unknown keys,
 * missing keys and wrong sizes are errors, and there is one legal encoding. Decoded spans point
 * into the caller's bytes; arrays and encodings are in the caller's arena. No meaning is checked
 * here.
 *
 * Every _decode refuses input over LIMIT_MESSAGE_LEN (ERROR_LIMIT); other errors are those of
 * wire/cbor.h, with the byte. Every _encode fails only for memory, or for a struct that its own
 * _decode would refuse (ERROR_USAGE). */
#ifndef BOOTSEAL_MSG_PROTOCOL_H
#define BOOTSEAL_MSG_PROTOCOL_H

#include "appraise/appraise.h"
#include "wire/evidence.h"

#define PROTOCOL_CONTENT_TYPE   "application/cbor"
#define PROTOCOL_PATH_ENROL     "/api/v1/enrol"
#define PROTOCOL_PATH_ACTIVATE  "/api/v1/enrol/activate"
#define PROTOCOL_PATH_CHALLENGE "/api/v1/challenge"
#define PROTOCOL_PATH_ATTEST    "/api/v1/attest"

/* Sizes that the protocol fixes, in bytes. */
enum {
    PROTOCOL_VERSION = 1,
    PROTOCOL_HOST_ID_LEN = 32,
    PROTOCOL_ATTEMPT_ID_LEN = 16,
    PROTOCOL_CREDENTIAL_LEN = 32,
    PROTOCOL_NONCE_LEN = 32,
};

/* Section 1: POST /api/v1/enrol. */
struct enrol_request {
    struct span name;      /* DNS name of the host; not checked for form here */
    struct span ek_public; /* TPMT_PUBLIC */
    struct span certificates[LIMIT_CHAIN_CERTIFICATES]; /* DER, the EK's first */
    size_t n_certificates;
    struct span ak_public; /* TPMT_PUBLIC */
    struct evidence_item *inventory;
    size_t n_inventory;
    struct span platform_certificates[LIMIT_PLATFORM_CERTIFICATES]; /* DER; none: no key 7 */
    size_t n_platform_certificates;
};

struct enrol_answer {
    struct span attempt_id;
    struct span id_object; /* TPM2B_ID_OBJECT with its length */
    struct span secret;    /* TPM2B_ENCRYPTED_SECRET with its length */
};

/* Section 1: a challenge, inside other answers and as the answer of /api/v1/challenge. */
struct challenge {
    struct span nonce;
    uint16_t bank;          /* TPM_ALG_ID */
    uint32_t pcrs;          /* bit n stands for PCR n */
    struct span policy_key; /* TPMT_PUBLIC */
    struct span policy_ref; /* may be empty */
};

/* Section 1: POST /api/v1/enrol/activate. */
struct activate_request {
    struct span attempt_id;
    struct span credential;
};

enum enrolment_state {
    ENROLMENT_STATE_NONE = 0,
    ENROLMENT_STATE_ENROLLED,
    ENROLMENT_STATE_PENDING, /* nobody vouches for the TPM: a person approves it by name */
};

struct activate_answer {
    struct span host_id;
    enum enrolment_state state;
    struct challenge challenge;
    struct span ca_certificate; /* DER */
};

/* Section 2: POST /api/v1/challenge. Its answer is a bare challenge. */
struct challenge_request {
    struct span host_id;
};

struct attest_reason {
    struct span code; /* "quote.nonce" */
    struct span text;
};

/* Section 3: the answer of POST /api/v1/attest. */
struct attest_answer {
    enum verdict verdict;
    uint64_t ends_s;               /* Unix time at which the verdict ends */
    struct challenge challenge;    /* for the next attestation */
    struct attest_reason *reasons; /* at most LIMIT_REASONS */
    size_t n_reasons;
    struct span certificates[LIMIT_CHAIN_CERTIFICATES]; /* DER, leaf first; none: no key 5 */
    size_t n_certificates;
    struct { /* key 6; present when signature.len > 0 */
        uint16_t bank;
        uint32_t pcrs;
        struct span policy;    /* approvedPolicy, a SHA-256 digest */
        struct span signature; /* TPMT_SIGNATURE */
    } approval;
    bool send_logs; /* key 7: a log named by digest is unknown to the service */
    struct span verdict_id;
};

bool enrol_request_decode(struct span bytes, struct arena *arena, struct enrol_request *request,
                          struct error *error) MUST_CHECK;
/* Sorts request->inventory in place. */
bool enrol_request_encode(struct enrol_request *request, struct arena *arena, struct span *bytes,
                          struct error *error) MUST_CHECK;

/* An inventory by itself, as the service keeps it. Encoding sorts items in place, and refuses what no
 * enrolment may carry. */
bool inventory_encode(struct evidence_item *items, size_t n_items, struct arena *arena,
                      struct span *bytes, struct error *error) MUST_CHECK;
bool inventory_decode(struct span bytes, struct arena *arena, struct evidence_item **items,
                      size_t *n_items, struct error *error) MUST_CHECK;

bool enrol_answer_decode(struct span bytes, struct enrol_answer *answer,
                         struct error *error) MUST_CHECK;
bool enrol_answer_encode(const struct enrol_answer *answer, struct arena *arena, struct span *bytes,
                         struct error *error) MUST_CHECK;

bool activate_request_decode(struct span bytes, struct activate_request *request,
                             struct error *error) MUST_CHECK;
bool activate_request_encode(const struct activate_request *request, struct arena *arena,
                             struct span *bytes, struct error *error) MUST_CHECK;

bool activate_answer_decode(struct span bytes, struct activate_answer *answer,
                            struct error *error) MUST_CHECK;
bool activate_answer_encode(const struct activate_answer *answer, struct arena *arena,
                            struct span *bytes, struct error *error) MUST_CHECK;

bool challenge_request_decode(struct span bytes, struct challenge_request *request,
                              struct error *error) MUST_CHECK;
bool challenge_request_encode(const struct challenge_request *request, struct arena *arena,
                              struct span *bytes, struct error *error) MUST_CHECK;

bool challenge_decode(struct span bytes, struct challenge *challenge,
                      struct error *error) MUST_CHECK;
bool challenge_encode(const struct challenge *challenge, struct arena *arena, struct span *bytes,
                      struct error *error) MUST_CHECK;

bool attest_answer_decode(struct span bytes, struct arena *arena, struct attest_answer *answer,
                          struct error *error) MUST_CHECK;
bool attest_answer_encode(const struct attest_answer *answer, struct arena *arena,
                          struct span *bytes, struct error *error) MUST_CHECK;

/* "enrolled", "pending"; "none" for the zero value. */
const char *enrolment_state_name(enum enrolment_state state);

#endif
