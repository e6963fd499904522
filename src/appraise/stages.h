/* The stages of one appraisal, between the files of this folder only.
 *
 * Each stage adds its findings to the appraisal's reasons and returns false only when the work
 * could not be done; work->error then says why. */
#ifndef BOOTSEAL_APPRAISE_STAGES_H
#define BOOTSEAL_APPRAISE_STAGES_H

#include "appraise/appraise.h"

struct appraise_work {
    struct crypto *crypto;
    const struct appraise_input *input;
    struct arena *arena;
    struct appraisal *appraisal;
    struct error *error;
    uint32_t pcrs;               /* demanded */
    struct span nonce;           /* the one that must have been signed */
    struct span channel_binding; /* likewise */
    struct crypto_key *ak;
    struct crypto_key *own_ak; /* made here, freed at the end; NULL when the caller gave one */
    uint16_t signing_hash;
    bool has_tcg_log, has_ima_list;
    struct span tcg_log;
    struct span drtm_log;    /* empty when there is none */
    struct span systemd_log; /* likewise */
    struct span smbios;      /* empty when there are none */
    struct span ima_list;    /* with what is new behind the covered part */
    size_t ima_covered_len;  /* older than the quote */
    struct span ima_proven;  /* what the signed PCR 10 covers */
    bool logs_complete;      /* every log named is here and has its digest */
    bool ima_attested;
    uint32_t phases, unexplained_pcrs, ones_pcrs, zero_pcrs; /* of struct quoted_logs_result */
    struct span mok_list;                                    /* as the host sent it */
};

/* One finding with texts made printable by the caller. */
void stage_find(struct appraise_work *work, enum reason_code code, const char *component,
                const char *expected, const char *found);

/* A decoder's error as a finding: what was being decoded, and the error in words. False when the
 * error is one of memory. */
bool stage_find_error(struct appraise_work *work, enum reason_code code, const char *component,
                      const struct error *error) MUST_CHECK;

/* Fills in nonce, channel binding and demanded PCRs from the input, or the bundle offline. */
void stage_expectations(struct appraise_work *work);

/* The AK: enrolled or the bundle's, decoded, with acceptable attributes, ready for use. */
bool stage_ak(struct appraise_work *work) MUST_CHECK;

/* Finds the logs' bytes and holds them against the digests named in the evidence. */
bool stage_log_digests(struct appraise_work *work) MUST_CHECK;

/* Quote and identity key against the binding; sets quote_verified and identity. */
bool stage_quote(struct appraise_work *work) MUST_CHECK;

/* The signature over the binding, which is built here; sets quote_verified and history. */
bool stage_verify_quote(struct appraise_work *work, const struct tpm_signature *signature,
                        struct crypto_digest *binding) MUST_CHECK;

/* Reads and replays the logs and compares them with the signed PCRs; sets logs_match. */
bool stage_logs(struct appraise_work *work) MUST_CHECK;

/* Asks the policies; writes the verdict, and what the observed policies say. */
bool stage_judge(struct appraise_work *work) MUST_CHECK;

/* Digests for struct appraise_memory. */
bool stage_memory_digests(struct appraise_work *work, uint8_t logs_digest[32],
                          uint8_t inventory_digest[32]) MUST_CHECK;

#endif
