/* Transactions as data: acts that the writer will do later. Inside src/store; knows no database. */
#ifndef BOOTSEAL_STORE_TXN_H
#define BOOTSEAL_STORE_TXN_H

#include "store/store.h"

enum { NONCE_RANDOM_LEN = 12, AUDIT_ID_LEN = 16 };

enum act_kind {
    ACT_NONCE_USE = 1,
    ACT_ATTEMPT_PUT,
    ACT_ATTEMPT_TAKE,
    ACT_HOST_ENROL,
    ACT_HOST_APPROVE,
    ACT_HOST_REVOKE,
    ACT_HOST_FORGET,
    ACT_ATTEST,
    ACT_LOG_PUT,
    ACT_LOG_REFER,
    ACT_DOCUMENT_PUT,
    ACT_BINDING_PUT,
    ACT_CATALOG_PUT,
    ACT_TOKEN_PUT,
    ACT_TOKEN_REVOKE,
    ACT_CERTIFICATE_PUT,
    ACT_CERTIFICATE_DEMAND,
    ACT_CERTIFICATES_REVOKE,
    ACT_AUDIT,
    ACT_PRUNE,
};

struct act {
    struct act *next;
    enum act_kind kind;
    enum store_result refused; /* decided when the act was made: nonces that are not ours */
    uint8_t host_id[STORE_HOST_ID_LEN];
    int64_t now_s;
    const char *by, *reason;          /* also name of a token */
    int number;                       /* CRLReason, kind of log */
    uint8_t digest[STORE_DIGEST_LEN]; /* of a log; id of an audit entry */
    size_t len;                       /* of a log, uncompressed */
    struct span bytes;                /* of a log, compressed */
    uint64_t expected;                /* revision of a binding or catalogue */
    uint32_t nonce_expires_s;
    uint8_t nonce_random[NONCE_RANDOM_LEN];
    union {
        struct store_attempt attempt;
        struct store_enrolment enrolment;
        struct store_attestation attestation;
        struct store_document document;
        struct store_binding binding;
        struct store_catalog catalog;
        struct store_token token;
        struct store_certificate certificate;
        struct store_audit audit;
    };
};

struct store_txn {
    struct store_txn *next; /* in the writer's queue */
    struct store *store;
    struct arena arena; /* acts and what they point to */
    struct act *first, **last;
    bool failed; /* out of memory while it was built */
    bool waited_for, done_flag;
    store_done_fn *done;
    void *context;
    struct store_outcome outcome;
};

#endif
