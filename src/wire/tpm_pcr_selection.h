/* TPML_PCR_SELECTION (TPM 2.0 Library part 2, 10.9.7): which PCRs of which banks.
 *
 * Trusts nothing: a selection that a quote carries is compared whole with the one demanded. */
#ifndef BOOTSEAL_WIRE_TPM_PCR_SELECTION_H
#define BOOTSEAL_WIRE_TPM_PCR_SELECTION_H

#include "base/limits.h"
#include "base/reader.h"
#include "base/writer.h"

struct tpm_pcr_bank_selection {
    uint16_t alg;
    uint32_t pcrs; /* bit n stands for PCR n */
};

struct tpm_pcr_selection {
    struct tpm_pcr_bank_selection banks[LIMIT_PCR_SELECTIONS];
    size_t n_banks;
};

/* Reads one list. A failure is in the reader. PCRs over 23 are ERROR_UNSUPPORTED. */
struct tpm_pcr_selection tpm_pcr_selection_decode(struct reader *reader);

/* Writes the list with 3-byte bitmaps, as the TPM does. */
void tpm_pcr_selection_encode(struct writer *writer, const struct tpm_pcr_selection *selection);

/* Same banks in the same order with the same PCRs. A TPM answers banks in the order asked;
 * banks with an empty bitmap count too. */
bool tpm_pcr_selection_equal(const struct tpm_pcr_selection *a, const struct tpm_pcr_selection *b);

/* Parses "sha256:0,1,2,7+sha1:all" (the notation of tpm2-tools); error has the byte. */
bool tpm_pcr_selection_parse(struct span text, struct tpm_pcr_selection *selection,
                             struct error *error) MUST_CHECK;

/* Writes the same notation; always terminated. Returns text. */
const char *tpm_pcr_selection_print(const struct tpm_pcr_selection *selection, char *text,
                                    size_t text_len);

#endif
