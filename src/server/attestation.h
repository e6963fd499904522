/* One attestation on its way through the front (docs/protocol.md, section 3):
 *
 *     receive -> appraise -> sign, if it passes -> record -> answer
 *      attest.c              attest_sign.c   attest_record.c   attest_answer.c
 *
 * Each stage starts the next and gives the attestation away with it; the one that answers frees it.
 * Nothing is answered before it is durable, and nothing is recorded about a host that its AK has
 * not signed under a fresh nonce: anybody may send evidence in a host's name. */
#ifndef BOOTSEAL_SERVER_ATTESTATION_H
#define BOOTSEAL_SERVER_ATTESTATION_H

#include "ca/ca.h"
#include "server/front.h"
#include "server/host_memory.h"
#include "server/routes.h"
#include "server/work_message.h"

struct attestation {
    struct exchange *exchange;
    struct arena arena; /* evidence may be larger than the request's own arena */
    int64_t now_s, expires_s;

    /* Received. */
    struct evidence evidence;
    struct crypto_digest log_digests[LIMIT_EVIDENCE_LOGS]; /* of all bytes of the logs sent */
    bool logs_hashed; /* and their covered bytes have the digests that the evidence names */
    struct store_host host;
    struct host_memory memory; /* as it was; from the verdict on as it will be */

    /* Appraised. */
    const char *policy_label; /* of the policies that judge */
    uint8_t policies_sha256[STORE_DIGEST_LEN];
    struct work_appraise_answer answer;
    enum verdict verdict;
    struct reasons *reasons;

    /* Signed. */
    unsigned signing; /* answers still to come */
    bool sign_failed;
    bool keeps_certificate;  /* the one that memory names still serves; none is signed */
    struct span certificate; /* signed now; memory has its serial and end */
};

/* Moves bytes that others own into the attestation's arena. */
bool attestation_copy(struct attestation *attestation, struct span *bytes,
                      struct error *error) MUST_CHECK;

/* The stages. Each takes the attestation, answers in the end whatever happens, and frees it. */

/* Asks the signer for what the verdict earns and the host does not have yet, then records. */
void attestation_sign(struct attestation *attestation);

/* One transaction with the nonce, the verdict, the logs and the certificate; then answers. One whose
 * certificate was revoked meanwhile is signed and recorded once more. */
void attestation_record(struct attestation *attestation);

/* Answers the recorded verdict; the id is empty where none was recorded. */
void attestation_answer(struct attestation *attestation, const char *verdict_id);

/* Answers a verdict on what was sent that says nothing about the host, unrecorded. It never passes.
 * With REASON_NONE the reasons are those already there, otherwise this one alone; found may be
 * NULL. */
void attestation_refuse(struct attestation *attestation, enum reason_code code, const char *found);

/* Answers a problem; a failure of ours, which is logged as the event. */
void attestation_end(struct attestation *attestation, enum problem problem);
void attestation_fail(struct attestation *attestation, const char *event,
                      const struct error *error);

/* Frees without having answered: who answered does it. */
void attestation_free(struct attestation *attestation);

#endif
