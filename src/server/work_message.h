/* What front and workers say to each other: one request, one answer, deterministic CBOR in frames.
 *
 * Owns the encoding only. The front believes a worker's answer as far as its form goes: a worker
 * that was taken over by a host's log can lie about that host, never reach a key or a file. Spans
 * that a decoder gives point into its input; arrays are in the arena. */
#ifndef BOOTSEAL_SERVER_WORK_MESSAGE_H
#define BOOTSEAL_SERVER_WORK_MESSAGE_H

#include "appraise/appraise.h"
#include "claims/digest.h"
#include "outcome/outcome.h"
#include "store/store.h"

enum work_kind {
    WORK_NONE = 0,
    WORK_CHECK, /* check an operator's document */
    WORK_ENROL, /* check EK, its certificates and AK; make the credential challenge */
    WORK_APPRAISE,
    WORK_TRY,     /* judge stored evidence once more, by what is in force and by a draft */
    WORK_EXAMINE, /* work_examine.h, as the next */
    WORK_DIFF,
    WORK_CATALOG, /* check a catalogue */
    WORK_KINDS,
};

struct work_check {
    enum store_document_kind kind;
    struct policy_sources sources; /* the document is the text; a policy may name the rest */
};

struct work_check_answer {
    bool valid;
    struct span name, version;     /* of the text; when valid */
    uint64_t n_rules, cost;        /* of a policy */
    uint64_t n_values;             /* of any other document */
    uint64_t source, line, column; /* when not valid */
    struct span message;
    struct span claims_read; /* CLAIM_IDS bytes, 1 for a claim that the policy reads */
    struct span basis;       /* of the worker's claims, as in struct work_claims */
};

/* What hosts that are judged alike have in common, stored with each as bytes. */
struct work_claims {
    uint8_t basis[STORE_DIGEST_LEN]; /* the claims there are, and the operator's data behind them */
    uint8_t evidence[CLAIM_DIGEST_LEN]; /* findings about the evidence itself */
    uint8_t digests[CLAIM_IDS][CLAIM_DIGEST_LEN];
};

/* The catalogue of hardware in force, or a draft of one. As with policies, a worker that does not know it
 * (any more) is asked again with the text. */
struct work_catalog {
    bool given; /* false: none is */
    bool has_text;
    uint8_t sha256[STORE_DIGEST_LEN]; /* of a draft's text; in force, of signature and text */
    struct span text, signature;      /* nobody looks at the signature of a draft */
};

struct work_catalog_check {
    struct span text, signature;
    bool is_draft; /* who signed it, and when it is in force, play no part */
};

struct work_catalog_answer {
    bool valid;
    struct span name; /* when valid, as the next */
    int64_t version, issued_s, valid_until_s;
    uint64_t n_models;
    struct span signer;    /* subject of the certificate; empty for a draft */
    uint64_t line, column; /* when not valid: where the text is wrong; 0: it is not the text */
    struct span message;
};

/* A policy to judge by. A worker keeps what it compiled; when it has no such policy (any more) it says
 * so, and is asked again with the sources. */
struct work_policy {
    uint8_t id[STORE_DIGEST_LEN]; /* over the sources */
    bool has_sources;
    struct policy_sources sources;
};

/* Those for one host: each of the first n_judging must hold, the others are observed. */
struct work_policies {
    const struct work_policy *items;
    size_t n_items, n_judging;
};

struct work_enrol {
    int64_t now_s;
    struct span ek_public, ak_public;
    struct span certificates[LIMIT_CHAIN_CERTIFICATES];
    size_t n_certificates;
    struct span credential; /* ENDORSEMENT_SECRET_LEN bytes */
    struct span platform_certificates[LIMIT_PLATFORM_CERTIFICATES];
    size_t n_platform_certificates;
};

enum { WORK_PLATFORM_TEXTS = 5 }; /* issuer, manufacturer, model, version, serial */

struct work_enrol_answer {
    bool accepted;
    enum endorsement endorsement;
    struct span host_id, ak_name;
    struct span issuer, manufacturer, model, version;
    struct span platform[WORK_PLATFORM_TEXTS]; /* empty: no platform certificate counts */
    struct span id_object, secret;
    struct reasons *reasons; /* accepted: why platform certificates do not count, among others */
};

struct work_appraise {
    struct span evidence;
    struct span ak_public;
    struct span nonce;
    bool channel_bound;
    struct span channel_binding;
    uint32_t pcrs;
    struct span identity_policy;
    struct quote_history history;
    struct endorsed endorsed; /* by certificates that were proven */
    struct span memory;       /* work_memory of the last full appraisal; empty: none */
    bool steady_only;         /* answer applies = false instead of appraising in full */
    struct appraise_known_log known_logs[LIMIT_EVIDENCE_LOGS];
    size_t n_known_logs;
    bool logs_hashed;              /* the logs in the evidence have the digests that it names */
    struct work_policies policies; /* none with steady_only */
    struct work_catalog catalog;
};

struct work_appraise_answer {
    bool applies;       /* false: the short way does not apply, ask again with the logs */
    bool needs_sources; /* of policies and catalogue: ask again with them */
    bool steady;
    enum verdict verdict;
    bool quote_verified, logs_match;
    bool attributed; /* the host's AK signed under this nonce: the verdict is about this host */
    struct reasons *reasons;
    struct quote_history history;
    struct span boot_sha256;   /* the measured state, without what changes while it runs */
    struct span identity_spki; /* of a proven identity key, SubjectPublicKeyInfo DER; empty: none */
    struct span memory;        /* work_memory to keep with the host; empty: none */
    struct outcome_approval approval;
    struct reasons *observed; /* NULL: no policy is observed */
    enum verdict observed_verdict;
    struct span claims;     /* struct work_claims as bytes; empty when steady */
    struct span class_name; /* hardware maker and model; may be empty */
};

/* Stored evidence: expectations are the evidence's own, and history plays no part. */
struct work_try {
    struct span evidence; /* with all its logs */
    struct span ak_public, identity_policy;
    struct endorsed endorsed;
    uint32_t pcrs;
    struct work_policies present, draft; /* no policy of these is observed */
    struct work_catalog catalog;
    struct work_catalog draft_catalog; /* in its place for the draft; not given: the same */
};

struct work_try_answer {
    bool needs_sources;
    enum verdict present, draft;
    struct reasons *reasons; /* of the draft's verdict */
};

/* What a worker wants to be told at the host's next attestation; opaque to the front. */
struct work_memory {
    struct appraise_memory appraise;
    struct outcome_approval approval;
};

/* The kind of a request; WORK_NONE when it is not one. */
enum work_kind work_kind_of(struct span message);

bool work_check_encode(const struct work_check *request, struct arena *arena, struct span *message,
                       struct error *error) MUST_CHECK;
bool work_check_decode(struct span message, struct arena *arena, struct work_check *request,
                       struct error *error) MUST_CHECK;
bool work_check_answer_encode(const struct work_check_answer *answer, struct arena *arena,
                              struct span *message, struct error *error) MUST_CHECK;
bool work_check_answer_decode(struct span message, struct work_check_answer *answer,
                              struct error *error) MUST_CHECK;

bool work_catalog_check_encode(const struct work_catalog_check *request, struct arena *arena,
                               struct span *message, struct error *error) MUST_CHECK;
bool work_catalog_check_decode(struct span message, struct work_catalog_check *request,
                               struct error *error) MUST_CHECK;
bool work_catalog_answer_encode(const struct work_catalog_answer *answer, struct arena *arena,
                                struct span *message, struct error *error) MUST_CHECK;
bool work_catalog_answer_decode(struct span message, struct work_catalog_answer *answer,
                                struct error *error) MUST_CHECK;

bool work_enrol_encode(const struct work_enrol *request, struct arena *arena, struct span *message,
                       struct error *error) MUST_CHECK;
bool work_enrol_decode(struct span message, struct work_enrol *request,
                       struct error *error) MUST_CHECK;
bool work_enrol_answer_encode(const struct work_enrol_answer *answer, struct arena *arena,
                              struct span *message, struct error *error) MUST_CHECK;
bool work_enrol_answer_decode(struct span message, struct arena *arena,
                              struct work_enrol_answer *answer, struct error *error) MUST_CHECK;

/* What an enrolment's certificates prove of the hardware: nothing without a chain of the EK's. */
struct endorsed work_endorsed(const struct store_enrolment *enrolment);

bool work_appraise_encode(const struct work_appraise *request, struct arena *arena,
                          struct span *message, struct error *error) MUST_CHECK;
bool work_appraise_decode(struct span message, struct arena *arena, struct work_appraise *request,
                          struct error *error) MUST_CHECK;
bool work_appraise_answer_encode(const struct work_appraise_answer *answer, struct arena *arena,
                                 struct span *message, struct error *error) MUST_CHECK;
bool work_appraise_answer_decode(struct span message, struct arena *arena,
                                 struct work_appraise_answer *answer,
                                 struct error *error) MUST_CHECK;

bool work_try_encode(const struct work_try *request, struct arena *arena, struct span *message,
                     struct error *error) MUST_CHECK;
bool work_try_decode(struct span message, struct arena *arena, struct work_try *request,
                     struct error *error) MUST_CHECK;
bool work_try_answer_encode(const struct work_try_answer *answer, struct arena *arena,
                            struct span *message, struct error *error) MUST_CHECK;
bool work_try_answer_decode(struct span message, struct arena *arena,
                            struct work_try_answer *answer, struct error *error) MUST_CHECK;

bool work_memory_encode(const struct work_memory *memory, struct arena *arena, struct span *message,
                        struct error *error) MUST_CHECK;
bool work_memory_decode(struct span message, struct work_memory *memory,
                        struct error *error) MUST_CHECK;

#endif
