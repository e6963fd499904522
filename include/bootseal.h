/* libbootseal: from the bytes of a measured boot to a verdict, without a service.
 *
 * Pure: no files, no network, no clock, no environment, no logging, no global state; the same bytes
 * give the same answer. Functions may be called from several threads at once. Every input may be
 * hostile. What a function hands out is one object that owns all that it points to, until its free
 * function is called; free functions take NULL.
 *
 * Manual: bootseal_appraise(3), bootseal_replay(3), bootseal_version(3). */
#ifndef BOOTSEAL_H
#define BOOTSEAL_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The library's version, "0.1.0". Static. */
const char *bootseal_version(void);

/* Bytes that the caller owns; they are read during the call only. */
struct bootseal_bytes {
    const void *data; /* NULL only when len is 0 */
    size_t len;
};

/* What a function returns; nothing but BOOTSEAL_OK sets its result. */
enum bootseal_status {
    BOOTSEAL_OK = 0,
    BOOTSEAL_MALFORMED = 1, /* the input cannot be decoded, or is over a limit */
    BOOTSEAL_POLICY = 2,    /* the policy does not compile */
    BOOTSEAL_RESOURCES = 3, /* memory, or the crypto library */
};

/* Room for any message that a function writes into its error text, with the closing NUL. */
#define BOOTSEAL_ERROR_LEN 384

enum bootseal_verdict {
    BOOTSEAL_VERDICT_NONE = 0,
    BOOTSEAL_TRUSTED = 1,
    BOOTSEAL_ATTENTION = 2, /* trusted, and somebody should look */
    BOOTSEAL_UNTRUSTED = 3,
    BOOTSEAL_UNKNOWN = 4, /* could not be decided; never a pass */
};

#define BOOTSEAL_NO_PCR   (-1)
#define BOOTSEAL_NO_EVENT (-1)

/* One thing that was found. Texts are UTF-8 without control characters. */
struct bootseal_finding {
    const char *code;      /* stable: "quote.nonce", "policy.failed" */
    const char *weight;    /* "note", "attention", "unknown", "untrusted" */
    const char *title;     /* one sentence */
    const char *action;    /* what to do */
    const char *component; /* what the event measures, in words; or NULL, as all that follows */
    const char *expected;
    const char *found;
    const char *rule; /* of the policy */
    const char *message;
    int pcr;       /* 0-23 or BOOTSEAL_NO_PCR */
    int64_t event; /* number in the event log, first is 0; or BOOTSEAL_NO_EVENT */
};

struct bootseal_appraisal {
    enum bootseal_verdict verdict;
    const char *verdict_name; /* "trusted", "attention", "untrusted", "unknown" */
    const struct bootseal_finding *findings;
    size_t n_findings;
};

/* Appraises a saved bundle (evidence with the key of the host in it) under a policy's text. Holds
 * the bundle against itself: that its key is the right host's, and its nonce a fresh one, only the
 * caller can know. Evidence of any kind gives BOOTSEAL_OK and a verdict, broken evidence too.
 * error has room for error_len bytes and is always closed with NUL; NULL with 0 is fine. */
enum bootseal_status bootseal_appraise(const struct bootseal_bytes *bundle,
                                       const struct bootseal_bytes *policy,
                                       struct bootseal_appraisal **appraisal, char *error,
                                       size_t error_len);

void bootseal_appraisal_free(struct bootseal_appraisal *appraisal);

#define BOOTSEAL_PCRS           24
#define BOOTSEAL_DIGEST_LEN_MAX 64

struct bootseal_bank {
    const char *name;  /* "sha256" */
    size_t digest_len; /* bytes of each PCR */
    uint32_t extended; /* bit n: the log extends PCR n */
    uint8_t pcrs[BOOTSEAL_PCRS][BOOTSEAL_DIGEST_LEN_MAX];
};

struct bootseal_replay {
    const struct bootseal_bank *banks;
    size_t n_banks;
};

/* What the PCRs must be if a TCG event log is the truth, in every bank that it carries. */
enum bootseal_status bootseal_replay(const struct bootseal_bytes *log,
                                     struct bootseal_replay **replay, char *error,
                                     size_t error_len);

void bootseal_replay_free(struct bootseal_replay *replay);

#ifdef __cplusplus
}
#endif

#endif
