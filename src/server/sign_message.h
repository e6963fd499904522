/* What front and signer say to each other: typed requests only, deterministic CBOR in frames.
 *
 * Owns the encoding only. The signer decides what it signs (server/signer.c); there is no request
 * that makes it sign bytes of the front's choosing. Spans point into the decoder's input. */
#ifndef BOOTSEAL_SERVER_SIGN_MESSAGE_H
#define BOOTSEAL_SERVER_SIGN_MESSAGE_H

#include "ca/ca.h"
#include "outcome/outcome.h"

enum sign_kind {
    SIGN_NONE = 0,
    SIGN_INFO,     /* the public side: CA certificate, policy key */
    SIGN_SERVER,   /* a TLS certificate for the service's configured names */
    SIGN_IDENTITY, /* an identity certificate for a host */
    SIGN_APPROVAL, /* a PolicyPCR digest approved for one host */
    SIGN_CRL,
};

enum { SIGN_CRL_ENTRIES = 100000, SIGN_FRAME_LEN = 4 * 1024 * 1024 };

struct sign_request {
    enum sign_kind kind;
    struct span host_id;        /* SIGN_IDENTITY, SIGN_APPROVAL; 32 bytes */
    struct span name;           /* SIGN_IDENTITY */
    struct span spki;           /* SIGN_IDENTITY, SIGN_SERVER */
    int64_t not_after_s;        /* SIGN_IDENTITY */
    struct span policy;         /* SIGN_APPROVAL; OUTCOME_POLICY_LEN bytes */
    uint64_t crl_number;        /* SIGN_CRL */
    struct ca_revoked *revoked; /* SIGN_CRL */
    size_t n_revoked;
};

struct sign_answer {
    bool done;
    struct span message;    /* why not, when not done */
    struct span der;        /* certificate, CRL, TPMT_SIGNATURE; SIGN_INFO: CA certificate */
    struct span serial;     /* SIGN_IDENTITY */
    struct span policy_key; /* SIGN_INFO: TPMT_PUBLIC */
    int64_t not_after_s;    /* SIGN_IDENTITY, SIGN_SERVER, SIGN_CRL: end as signed */
};

bool sign_request_encode(const struct sign_request *request, struct arena *arena,
                         struct span *message, struct error *error) MUST_CHECK;
bool sign_request_decode(struct span message, struct arena *arena, struct sign_request *request,
                         struct error *error) MUST_CHECK;
bool sign_answer_encode(const struct sign_answer *answer, struct arena *arena, struct span *message,
                        struct error *error) MUST_CHECK;
bool sign_answer_decode(struct span message, struct sign_answer *answer,
                        struct error *error) MUST_CHECK;

#endif
