/* What front and workers say to each other: one request, one answer, deterministic CBOR in frames.
 *
 * Owns the encoding only. The front believes a worker's answer as far as its form goes: a worker
 * that was taken over by a host's log can lie about that host, never reach a key or a file. Spans
 * that a decoder gives point into its input; arrays are in the arena. */
#ifndef BOOTSEAL_SERVER_WORK_MESSAGE_H
#define BOOTSEAL_SERVER_WORK_MESSAGE_H

#include "appraise/appraise.h"
#include "outcome/outcome.h"

enum work_kind {
    WORK_NONE = 0,
    WORK_POLICY, /* check a policy's text, and keep it for appraisals if so told */
    WORK_ENROL,  /* check EK, its certificates and AK; make the credential challenge */
    WORK_APPRAISE,
};

struct work_policy {
    bool keep;
    struct span text; /* empty with keep: from now on no policy */
};

struct work_policy_answer {
    bool valid;
    struct span name, version; /* of the text; when valid */
    uint64_t n_rules, cost;
    uint64_t line, column; /* when not valid */
    struct span message;
};

struct work_enrol {
    int64_t now_s;
    struct span ek_public, ak_public;
    struct span certificates[LIMIT_CHAIN_CERTIFICATES];
    size_t n_certificates;
    struct span credential; /* ENDORSEMENT_SECRET_LEN bytes */
};

struct work_enrol_answer {
    bool accepted;
    enum endorsement endorsement;
    struct span host_id, ak_name;
    struct span issuer, manufacturer, model, version;
    struct span id_object, secret;
    struct reasons *reasons;
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
    struct span tpm_manufacturer; /* of the EK certificate that was proven; empty: none was */
    struct span memory;           /* work_memory of the last full appraisal; empty: none */
    bool steady_only;             /* answer applies = false instead of appraising in full */
    struct appraise_known_log known_logs[LIMIT_EVIDENCE_LOGS];
    size_t n_known_logs;
    bool logs_hashed; /* the logs in the evidence have the digests that it names */
};

struct work_appraise_answer {
    bool applies; /* false: the short way does not apply, ask again with the logs */
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
};

/* What a worker wants to be told at the host's next attestation; opaque to the front. */
struct work_memory {
    struct appraise_memory appraise;
    struct outcome_approval approval;
};

/* The kind of a request; WORK_NONE when it is not one. */
enum work_kind work_kind_of(struct span message);

bool work_policy_encode(const struct work_policy *request, struct arena *arena,
                        struct span *message, struct error *error) MUST_CHECK;
bool work_policy_decode(struct span message, struct work_policy *request,
                        struct error *error) MUST_CHECK;
bool work_policy_answer_encode(const struct work_policy_answer *answer, struct arena *arena,
                               struct span *message, struct error *error) MUST_CHECK;
bool work_policy_answer_decode(struct span message, struct work_policy_answer *answer,
                               struct error *error) MUST_CHECK;

bool work_enrol_encode(const struct work_enrol *request, struct arena *arena, struct span *message,
                       struct error *error) MUST_CHECK;
bool work_enrol_decode(struct span message, struct work_enrol *request,
                       struct error *error) MUST_CHECK;
bool work_enrol_answer_encode(const struct work_enrol_answer *answer, struct arena *arena,
                              struct span *message, struct error *error) MUST_CHECK;
bool work_enrol_answer_decode(struct span message, struct arena *arena,
                              struct work_enrol_answer *answer, struct error *error) MUST_CHECK;

bool work_appraise_encode(const struct work_appraise *request, struct arena *arena,
                          struct span *message, struct error *error) MUST_CHECK;
bool work_appraise_decode(struct span message, struct work_appraise *request,
                          struct error *error) MUST_CHECK;
bool work_appraise_answer_encode(const struct work_appraise_answer *answer, struct arena *arena,
                                 struct span *message, struct error *error) MUST_CHECK;
bool work_appraise_answer_decode(struct span message, struct arena *arena,
                                 struct work_appraise_answer *answer,
                                 struct error *error) MUST_CHECK;

bool work_memory_encode(const struct work_memory *memory, struct arena *arena, struct span *message,
                        struct error *error) MUST_CHECK;
bool work_memory_decode(struct span message, struct work_memory *memory,
                        struct error *error) MUST_CHECK;

#endif
