/* The store: what the service remembers, in our words. One implementation is SQLite
 * (store/sqlite.c); a conformance suite (tests/store/conformance.h) is written against this header.
 *
 * Reading: each store_*_get or _list is one call on its own snapshot, results in the caller's
 * arena. Writing: a transaction is a list of acts built with store_act_*, handed in with
 * store_commit, done whole or not at all by the one writer, which puts many waiting transactions
 * into one durable commit. The first act that cannot be done decides the transaction's result.
 * An outcome with STORE_OK is on disk (fsync) before anybody sees it.
 *
 * Trusts its file and its callers; checks lengths (asserts), never content. Holds no secret in the
 * clear: tokens and enrolment credentials are digests; the nonce key is the one exception. */
#ifndef BOOTSEAL_STORE_STORE_H
#define BOOTSEAL_STORE_STORE_H

#include "base/arena.h"
#include "base/limits.h"

enum {
    STORE_HOST_ID_LEN = 32,
    STORE_DIGEST_LEN = 32, /* SHA-256 */
    STORE_NONCE_LEN = 32,
    STORE_ATTEMPT_ID_LEN = 16,
    STORE_AK_NAME_LEN = 66, /* room; 34 with SHA-256 */
    STORE_SERIAL_LEN = 20,
    STORE_VERDICT_ID_LEN = 80, /* text with NUL */
};

struct store;

/* Opens (and makes, mode 0600) the database and brings its schema up to date. location is a file
 * name, or "postgresql://..." later. ERROR_CONFLICT when its schema is newer than this program;
 * ERROR_IO else. One process may hold it open for writing. */
bool store_open(const char *location, struct store **store, struct error *error) MUST_CHECK;

/* Finishes what was committed, tells its callers (store_dispatch is called from here), closes. */
void store_close(struct store *store);

/* The schema's version. */
unsigned store_schema(const struct store *store);

/* --- Transactions --- */

enum store_result {
    STORE_NONE = 0,
    STORE_OK,
    STORE_CONFLICT_TPM,  /* host id (EK) is bound to another AK or name */
    STORE_CONFLICT_AK,   /* AK is bound to another host */
    STORE_CONFLICT_NAME, /* name is bound to another host */
    STORE_CONFLICT,      /* anything else that exists already or changed meanwhile */
    STORE_NOT_FOUND,
    STORE_USED,    /* nonce or attempt: used before */
    STORE_EXPIRED, /* nonce or attempt: too old */
    STORE_FOREIGN, /* nonce: not ours, or another host's */
    STORE_STALE, /* counters or clock of the host, or a catalogue's version, went back against what
                      is stored */
    STORE_REVOKED, /* certificate: not in force (any more) */
    STORE_FULL,    /* a cap of base/limits.h */
    STORE_FAILED,  /* disk, memory; outcome.error says more */
};

/* Stable lower-case word: "ok", "conflict_name"... */
const char *store_result_name(enum store_result result);

struct store_outcome {
    enum store_result result;
    size_t act;         /* number of the act that decided, first is 0; with result != STORE_OK */
    struct error error; /* with STORE_FAILED */
    /* Made by the acts: */
    bool host_existed; /* store_act_host_enrol: same binding was there, nothing changed */
    char verdict_id[STORE_VERDICT_ID_LEN]; /* store_act_attest; "" without */
    bool verdict_appended;                 /* false: counted as a repetition */
    size_t n_changed;                      /* rows, of the last act that speaks of a number */
    uint64_t revision;                     /* store_act_binding_put, store_act_catalog_put */
    int64_t version; /* store_act_catalog_put: the highest of the name that was there; 0: none */
};

/* Called once for every commit, on the thread that calls store_dispatch. */
typedef void store_done_fn(void *context, const struct store_outcome *outcome);

struct store_txn;

/* Starts to collect acts. Lack of memory later shows as STORE_FAILED of the commit. Acts copy what they
 * are given. Not for threads; several transactions at a time are fine. */
struct store_txn *store_begin(struct store *store);

/* Forgets a transaction that will not be committed. NULL is fine. */
void store_abandon(struct store_txn *txn);

/* Hands the transaction over (*txn becomes NULL). Order is that of the calls. done may be NULL. */
void store_commit(struct store_txn **txn, store_done_fn *done, void *context);

/* Readable when outcomes wait to be told; for the event loop. */
int store_fd(const struct store *store);

/* Tells outcomes that wait. Returns how many. */
size_t store_dispatch(struct store *store);

/* Commits and waits, for start-up, command line and tests. Does not dispatch others' outcomes. */
struct store_outcome store_commit_wait(struct store_txn **txn);

/* --- Nonces: single use, bound to a host, good on every node --- */

/* Makes a nonce: expiry and randomness authenticated with a key that lives in the store, so making
 * one writes nothing. ERROR_CRYPTO only. */
bool store_nonce_issue(struct store *store, const uint8_t host_id[STORE_HOST_ID_LEN], int64_t now_s,
                       uint32_t life_s, uint8_t nonce[STORE_NONCE_LEN],
                       struct error *error) MUST_CHECK;

/* What can be told without using it up: STORE_OK, STORE_FOREIGN, STORE_EXPIRED; also STORE_USED and
 * STORE_FAILED. To be asked before work is spent on the evidence. */
enum store_result store_nonce_peek(struct store *store, const uint8_t host_id[STORE_HOST_ID_LEN],
                                   struct span nonce, int64_t now_s);

/* Uses it up. Two transactions with the same nonce: the later is STORE_USED, also after a restart
 * or a step of the clock. */
void store_act_nonce_use(struct store_txn *txn, const uint8_t host_id[STORE_HOST_ID_LEN],
                         struct span nonce, int64_t now_s);

/* --- Enrolment attempts --- */

struct store_attempt {
    uint8_t id[STORE_ATTEMPT_ID_LEN]; /* random */
    uint8_t credential_sha256[STORE_DIGEST_LEN];
    int64_t expires_s;
    struct span request; /* whatever the service needs to finish it, at most 64 KiB */
};

/* STORE_FULL when LIMIT_ENROL_ATTEMPTS live ones exist at now_s. */
void store_act_attempt_put(struct store_txn *txn, const struct store_attempt *attempt,
                           int64_t now_s);
/* Takes it out for good: STORE_USED when it is gone, STORE_EXPIRED when late. */
void store_act_attempt_take(struct store_txn *txn, const uint8_t id[STORE_ATTEMPT_ID_LEN],
                            int64_t now_s);
/* *found is false when there is none. Expiry is not looked at. */
bool store_attempt_get(struct store *store, const uint8_t id[STORE_ATTEMPT_ID_LEN],
                       struct arena *arena, struct store_attempt *attempt, bool *found,
                       struct error *error) MUST_CHECK;

/* --- Hosts --- */

enum store_host_state {
    STORE_HOST_NONE = 0,
    STORE_HOST_PENDING, /* waits for a named approval */
    STORE_HOST_ENROLLED,
    STORE_HOST_REVOKED,
};
const char *store_host_state_name(enum store_host_state state);

/* What a platform certificate proved at the last enrolment; else refusal says why none of those sent did.
 * All "": none was sent. */
struct store_platform {
    const char *issuer, *manufacturer, *model, *version, *serial, *refusal;
};

/* What is fixed by enrolment, but for the platform. Texts are printable and may be ""; NULL counts as "". */
struct store_enrolment {
    uint8_t id[STORE_HOST_ID_LEN];
    const char *name;                      /* unique, a DNS name in lower case */
    struct span ek_public, ek_certificate; /* TPMT_PUBLIC; DER or empty */
    struct span ak_public, ak_name;        /* TPMT_PUBLIC; name unique */
    enum store_host_state state;           /* PENDING or ENROLLED */
    int endorsement;                       /* enum endorsement of verify/endorsement.h */
    const char *issuer, *manufacturer, *model, *version;
    struct store_platform platform;
    struct span inventory; /* deterministic CBOR map */
};

struct store_counters {
    bool known; /* false: no quote was accepted yet */
    uint32_t reset_count, restart_count;
    uint64_t clock_ms, firmware_version;
};

struct store_host {
    struct store_enrolment enrolled;          /* its state is the present one */
    int64_t created_s, approved_s, revoked_s; /* 0: not */
    const char *approved_by, *revoked_by, *revoked_reason;
    struct store_counters counters;
    int verdict; /* enum verdict; 0 before the first */
    int64_t verdict_s, expires_s;
    int64_t seen_s;         /* last evidence, whatever its verdict */
    const char *verdict_id; /* "" before the first */
    const char *reasons;    /* as given to store_act_attest */
    int observed_verdict;
    const char *observed_reasons;
    const char *class_name;
    struct span memory; /* encoded struct appraise_memory, or empty */
};

/* Binds TPM, AK and name in one transaction: STORE_CONFLICT_TPM, _AK or _NAME when one of them is
 * bound otherwise. The very same binding again is STORE_OK with host_existed (a revoked host stays
 * revoked); only what a platform certificate proves is then new. */
void store_act_host_enrol(struct store_txn *txn, const struct store_enrolment *enrolment,
                          int64_t now_s);
/* Pending to enrolled; STORE_CONFLICT from other states. */
void store_act_host_approve(struct store_txn *txn, const uint8_t id[STORE_HOST_ID_LEN],
                            const char *by, int64_t now_s);
/* Revokes it for good, and with it all its certificates. */
void store_act_host_revoke(struct store_txn *txn, const uint8_t id[STORE_HOST_ID_LEN],
                           const char *by, const char *reason, int64_t now_s);
/* Gives TPM, AK and name free again; verdicts go, audit and certificates stay. Its live
 * certificates are revoked. */
void store_act_host_forget(struct store_txn *txn, const uint8_t id[STORE_HOST_ID_LEN],
                           int64_t now_s);

bool store_host_get(struct store *store, const uint8_t id[STORE_HOST_ID_LEN], struct arena *arena,
                    struct store_host *host, bool *found, struct error *error) MUST_CHECK;
bool store_host_get_by_name(struct store *store, const char *name, struct arena *arena,
                            struct store_host *host, bool *found, struct error *error) MUST_CHECK;

/* Which hosts a list holds; zero values don't filter. Ordered by name. */
struct store_host_filter {
    enum store_host_state state;
    int verdict;
    int64_t expires_before_s; /* verdict ended before */
    const char *name_contains;
    const char *after; /* name of the last one of the page before */
    size_t limit;      /* 1 to 500 */
};
/* Without memory, certificate and inventory spans (empty). *n_hosts == limit: ask for more. */
bool store_host_list(struct store *store, const struct store_host_filter *filter,
                     struct arena *arena, struct store_host **hosts, size_t *n_hosts,
                     struct error *error) MUST_CHECK;

struct store_host_counts {
    size_t by_state[STORE_HOST_REVOKED + 1];
    size_t by_verdict[8]; /* of enrolled hosts whose verdict has not ended at now_s */
    size_t expired;       /* enrolled hosts whose verdict has ended, or that never had one */
};
bool store_host_count(struct store *store, int64_t now_s, struct store_host_counts *counts,
                      struct error *error) MUST_CHECK;

/* --- Attestations and verdicts --- */

struct store_attestation {
    uint8_t host_id[STORE_HOST_ID_LEN];
    int64_t now_s, expires_s;
    int verdict;
    const char *reasons; /* text the service can show again: JSON array; "" when there is none */
    uint8_t reasons_sha256[STORE_DIGEST_LEN];
    uint8_t boot_sha256[STORE_DIGEST_LEN]; /* of the measured state: PCR values and logs */
    const char *policy;                    /* name and version that judged; "" without */
    struct store_counters counters;        /* unknown: quote was not verified; stored ones stay */
    struct span memory;                    /* empty: stored one stays */
    bool forget_memory;                    /* with empty memory: none from now on */
    struct span evidence;                  /* without log bytes; empty: stored one stays */
    struct span inventory;                 /* empty: stored one stays */
    /* Of a full appraisal; with keep_details the stored ones stay and these are not looked at. */
    bool keep_details;
    int observed_verdict;         /* of the observed policies; 0: none is observed */
    const char *observed_reasons; /* as reasons */
    struct span claims;           /* digests by which hosts that are judged alike are known */
    const char *class_name;       /* hardware maker and model as far as known; "" else */
    const uint8_t (*findings)[STORE_DIGEST_LEN]; /* what weighs against the host, one digest each */
    size_t n_findings;                           /* at most LIMIT_REASONS */
    bool good; /* this evidence and the host's logs as they are now are its last good boot */
};

/* Records an attestation of an enrolled or pending host: the host's last state, and its history, in
 * which a verdict is appended when verdict, reasons, measured state or policies differ from the last
 * entry, and else counted. STORE_STALE when reset count, or clock within one reset count, go back;
 * STORE_NOT_FOUND for unknown, STORE_CONFLICT for revoked hosts. Logs that belong to a good one are
 * put, or referred to, before it (asserted). */
void store_act_attest(struct store_txn *txn, const struct store_attestation *attestation);

struct store_verdict {
    const char *id;
    int verdict;
    const char *reasons, *policy;
    uint8_t boot_sha256[STORE_DIGEST_LEN];
    uint32_t reset_count;     /* at the last of them */
    uint32_t n_seen, n_boots; /* attestations and boots that it stands for */
    int64_t first_s, last_s;
};

/* How common a finding is: of one host, and of the hosts of its class. */
struct store_finding_counts {
    int64_t first_s;       /* since when this host has it without a break; 0: it has not */
    int64_t fleet_first_s; /* since when any host that has it now has it; 0: none has */
    size_t n_hosts, n_hosts_of_class; /* enrolled ones that have it now; no class: 0 */
    size_t n_class;                   /* enrolled hosts of the class, with or without it */
};
bool store_finding_count(struct store *store, const uint8_t host_id[STORE_HOST_ID_LEN],
                         const uint8_t finding[STORE_DIGEST_LEN],
                         struct store_finding_counts *counts, struct error *error) MUST_CHECK;

/* The evidence (without log bytes) of the last full appraisal that called the host's boot good, and
 * when it was; empty when there was none. Its logs stay readable through store_log_get. */
bool store_good_evidence_get(struct store *store, const uint8_t host_id[STORE_HOST_ID_LEN],
                             struct arena *arena, struct span *evidence, int64_t *at_s,
                             struct error *error) MUST_CHECK;

/* What a draft policy is tried on: each enrolled host that has evidence, by name. */
struct store_host_state_row {
    uint8_t id[STORE_HOST_ID_LEN];
    const char *name;
    struct span claims; /* as given to store_act_attest; empty: none was */
    int verdict;
};
/* At most limit rows behind the name `after` (NULL: from the start). */
bool store_host_states(struct store *store, const char *after, size_t limit, struct arena *arena,
                       struct store_host_state_row **rows, size_t *n_rows,
                       struct error *error) MUST_CHECK;

/* Newest first. before: id of the last one of the page before, or NULL. */
bool store_verdict_list(struct store *store, const uint8_t host_id[STORE_HOST_ID_LEN],
                        const char *before, size_t limit, struct arena *arena,
                        struct store_verdict **verdicts, size_t *n_verdicts,
                        struct error *error) MUST_CHECK;
/* The last evidence of a host (without log bytes); empty when there is none. */
bool store_evidence_get(struct store *store, const uint8_t host_id[STORE_HOST_ID_LEN],
                        struct arena *arena, struct span *evidence, struct error *error) MUST_CHECK;

/* --- Logs: content-addressed, compressed --- */

/* Keeps bytes under their SHA-256 (which the caller has checked) as the host's last log of that
 * kind; the one before is let go when no host refers to it as last or as good log. Compresses in the
 * calling thread. Same content from many hosts is stored once. */
void store_act_log_put(struct store_txn *txn, const uint8_t host_id[STORE_HOST_ID_LEN], int kind,
                       const uint8_t sha256[STORE_DIGEST_LEN], struct span bytes);
/* Makes a log that the host refers to already, as last or as good one, its last log of that kind: for
 * one that evidence names and does not bring. Does nothing when it is so, and for any other log. To be
 * called before other logs are put, which may let it go. */
void store_act_log_refer(struct store_txn *txn, const uint8_t host_id[STORE_HOST_ID_LEN], int kind,
                         const uint8_t sha256[STORE_DIGEST_LEN]);
/* Only for a log that this host refers to, as last or as good one: one host never reads another's.
 * Contents are checked against the digest. */
bool store_log_get(struct store *store, const uint8_t host_id[STORE_HOST_ID_LEN],
                   const uint8_t sha256[STORE_DIGEST_LEN], struct arena *arena, struct span *bytes,
                   bool *found, struct error *error) MUST_CHECK;

struct store_log {
    int kind;
    uint8_t sha256[STORE_DIGEST_LEN];
    size_t len; /* uncompressed */
};
bool store_log_list(struct store *store, const uint8_t host_id[STORE_HOST_ID_LEN],
                    struct arena *arena, struct store_log **logs, size_t *n_logs,
                    struct error *error) MUST_CHECK;

/* --- Documents: policies, reference values, updates; versioned, never edited --- */

enum store_document_kind {
    STORE_DOCUMENT_NONE = 0,
    STORE_DOCUMENT_POLICY,
    STORE_DOCUMENT_REFERENCE_VALUES,
    STORE_DOCUMENT_UPDATE,
};

struct store_document {
    enum store_document_kind kind;
    const char *name, *version;       /* as its text says; unique together among those of a kind */
    uint8_t sha256[STORE_DIGEST_LEN]; /* of the text, and the document's id */
    struct span text;                 /* empty in lists */
    const char *created_by;
    int64_t created_s;
};

/* STORE_CONFLICT when kind, name and version exist with another text; the same text again is fine. */
void store_act_document_put(struct store_txn *txn, const struct store_document *document);
/* version NULL: the newest. */
bool store_document_get(struct store *store, enum store_document_kind kind, const char *name,
                        const char *version, struct arena *arena, struct store_document *document,
                        bool *found, struct error *error) MUST_CHECK;
/* Without its text. */
bool store_document_head_get(struct store *store, const uint8_t sha256[STORE_DIGEST_LEN],
                             struct arena *arena, struct store_document *document, bool *found,
                             struct error *error) MUST_CHECK;
bool store_document_get_by_id(struct store *store, const uint8_t sha256[STORE_DIGEST_LEN],
                              struct arena *arena, struct store_document *document, bool *found,
                              struct error *error) MUST_CHECK;
/* Newest first, 500 at most; name NULL: all. */
bool store_document_list(struct store *store, enum store_document_kind kind, const char *name,
                         struct arena *arena, struct store_document **documents,
                         size_t *n_documents, struct error *error) MUST_CHECK;

/* --- Bindings: which document holds for which hosts; revisions are appended, never edited --- */

enum store_binding_mode {
    STORE_BINDING_NONE = 0,
    STORE_BINDING_OBSERVE,
    STORE_BINDING_ENFORCE,
    STORE_BINDING_ACCEPT,  /* of an update: its values are accepted */
    STORE_BINDING_REMOVED, /* holds no more; the name can be bound again */
    STORE_BINDING_RETIRE,  /* as ACCEPT, and what the update replaces counts no more */
    STORE_BINDING_MODES,
};
const char *store_binding_mode_name(enum store_binding_mode mode);

/* Whether a binding of this mode names an update; else it names a policy. */
bool store_binding_of_update(enum store_binding_mode mode);

struct store_binding {
    const char *name;
    uint64_t revision; /* from 1; the store counts */
    enum store_binding_mode mode;
    const char *hosts;                             /* globs over names, with commas between them */
    uint8_t document[STORE_DIGEST_LEN];            /* policy or update */
    const uint8_t (*references)[STORE_DIGEST_LEN]; /* reference values that the policy may name */
    size_t n_references;                           /* at most LIMIT_POLICY_SOURCES */
    int64_t from_s, until_s;                       /* 0: from always, for ever */
    const char *created_by;
    int64_t created_s;
    const char *reason; /* why, or "" */
};

/* Appends a revision, whose number is outcome.revision. STORE_CONFLICT when the newest revision is
 * not `expected` (0: none, or removed); STORE_NOT_FOUND when it names a document that is not there;
 * STORE_FULL at LIMIT_BINDINGS names in force. REMOVED takes the rest from the revision before. */
void store_act_binding_put(struct store_txn *txn, const struct store_binding *binding,
                           uint64_t expected);
/* The newest revision of every name that is not removed, by name. */
bool store_binding_list(struct store *store, struct arena *arena, struct store_binding **bindings,
                        size_t *n_bindings, struct error *error) MUST_CHECK;
/* revision 0: the newest, also a removed one. */
bool store_binding_get(struct store *store, const char *name, uint64_t revision,
                       struct arena *arena, struct store_binding *binding, bool *found,
                       struct error *error) MUST_CHECK;
/* All revisions of a name, or of all with NULL, newest first, 500 at most. */
bool store_binding_history(struct store *store, const char *name, struct arena *arena,
                           struct store_binding **bindings, size_t *n_bindings,
                           struct error *error) MUST_CHECK;

/* --- Catalogues of certified hardware: one is in force or none; revisions are appended --- */

struct store_catalog {
    uint64_t revision; /* from 1; the store counts */
    bool removed;      /* none is in force from then on; the rest is of the one before */
    const char *name;  /* as its text says, as the next */
    int64_t version;   /* from 1 */
    int64_t issued_s, valid_until_s;
    uint8_t sha256[STORE_DIGEST_LEN]; /* of the text */
    struct span text, signature;      /* empty in lists and when removed */
    const char *signer;               /* subject of the certificate whose key signed */
    const char *created_by;
    int64_t created_s;
    const char *reason; /* why, or "" */
};

/* Appends a revision, whose number is outcome.revision. STORE_CONFLICT when the one in force is not
 * `expected` (0: none); STORE_STALE when a catalogue of that name was ever there with a higher version,
 * or with the same and another text; STORE_NOT_FOUND for removing none. A removal says who, when and why,
 * and takes the rest from the revision before. */
void store_act_catalog_put(struct store_txn *txn, const struct store_catalog *catalog,
                           uint64_t expected);
/* The newest revision, also one that removed. */
bool store_catalog_get(struct store *store, struct arena *arena, struct store_catalog *catalog,
                       bool *found, struct error *error) MUST_CHECK;
/* All revisions, newest first, 500 at most. */
bool store_catalog_history(struct store *store, struct arena *arena,
                           struct store_catalog **catalogs, size_t *n_catalogs,
                           struct error *error) MUST_CHECK;

/* --- API tokens --- */

enum store_role {
    STORE_ROLE_NONE = 0,
    STORE_ROLE_VIEWER,
    STORE_ROLE_OPERATOR,
    STORE_ROLE_ADMIN,
};
const char *store_role_name(enum store_role role);
enum store_role store_role_by_name(const char *name);

struct store_token {
    uint8_t sha256[STORE_DIGEST_LEN]; /* of the secret, which is never stored */
    const char *name;                 /* unique among those not revoked */
    enum store_role role;
    const char *created_by;
    int64_t created_s, expires_s; /* expires_s 0: never */
    int64_t revoked_s;            /* 0: not */
};

void store_act_token_put(struct store_txn *txn, const struct store_token *token);
void store_act_token_revoke(struct store_txn *txn, const char *name, int64_t now_s);
/* *found also for expired and revoked ones: the caller judges with store_token_valid. */
bool store_token_get(struct store *store, const uint8_t sha256[STORE_DIGEST_LEN],
                     struct arena *arena, struct store_token *token, bool *found,
                     struct error *error) MUST_CHECK;
bool store_token_valid(const struct store_token *token, int64_t now_s);
bool store_token_list(struct store *store, struct arena *arena, struct store_token **tokens,
                      size_t *n_tokens, struct error *error) MUST_CHECK;

/* --- Certificates --- */

/* Why one was revoked (CRLReason, RFC 5280 section 5.3.1). */
enum { STORE_CESSATION_OF_OPERATION = 5, STORE_PRIVILEGE_WITHDRAWN = 9 };

struct store_certificate {
    uint8_t serial[STORE_SERIAL_LEN]; /* big endian, left-padded with zeros */
    uint8_t host_id[STORE_HOST_ID_LEN];
    uint8_t sha256[STORE_DIGEST_LEN]; /* of the DER */
    int64_t issued_s, expires_s;
    int64_t revoked_s; /* 0: not */
    int reason;        /* STORE_PRIVILEGE_WITHDRAWN... */
};

void store_act_certificate_put(struct store_txn *txn, const struct store_certificate *certificate);
/* Changes nothing: STORE_REVOKED, and with it the end of the transaction, unless the host's
 * certificate of that serial is there, not revoked, and still good at now_s. */
void store_act_certificate_demand(struct store_txn *txn, const uint8_t host_id[STORE_HOST_ID_LEN],
                                  const uint8_t serial[STORE_SERIAL_LEN], int64_t now_s);
/* n_changed tells how many were live. */
void store_act_certificates_revoke(struct store_txn *txn, const uint8_t host_id[STORE_HOST_ID_LEN],
                                   int reason, int64_t now_s);
/* For the CRL: revoked and not expired at now_s. */
bool store_certificate_revoked_list(struct store *store, int64_t now_s, struct arena *arena,
                                    struct store_certificate **certificates, size_t *n_certificates,
                                    struct error *error) MUST_CHECK;

/* --- Audit: append only --- */

struct store_audit {
    const char *id;      /* made by the store, ordered by time; ignored when put */
    int64_t at_us;       /* Unix time */
    const char *who;     /* token's name, "host:NAME", "system" */
    const char *what;    /* stable word: "host.approve" */
    const char *subject; /* host name, policy... */
    const char *detail;  /* JSON object or "" */
    const char *address; /* the peer's, or "" */
};

void store_act_audit(struct store_txn *txn, const struct store_audit *audit);
/* Newest first; before as in store_verdict_list. */
bool store_audit_list(struct store *store, const char *before, size_t limit, struct arena *arena,
                      struct store_audit **entries, size_t *n_entries,
                      struct error *error) MUST_CHECK;

/* --- Housekeeping --- */

/* Removes what has ended: used nonces, attempts, certificates expired a day ago. To be called
 * every minute or so. n_changed counts. */
void store_act_prune(struct store_txn *txn, int64_t now_s);

#endif
