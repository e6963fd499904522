/* Builds TCG logs for tests, in both formats, with the digests that firmware would have measured.
 */
#ifndef BOOTSEAL_TESTS_SUPPORT_LOG_BUILDER_H
#define BOOTSEAL_TESTS_SUPPORT_LOG_BUILDER_H

#include "crypto/crypto.h"

enum { LOG_BUILDER_LEN = 64 * 1024 };

struct log_builder {
    struct crypto *crypto;
    uint16_t algs[8]; /* the banks; {TPM_ALG_SHA1} alone and no header is the 1.2 format */
    size_t n_algs;
    bool agile;
    uint8_t bytes[LOG_BUILDER_LEN];
    size_t len;
};

/* A log of the crypto-agile format with its Spec ID Event; algs ends with 0. */
void log_builder_agile(struct log_builder *log, struct crypto *crypto, const uint16_t *algs);

/* The same with the header's PCR index and vendor information as given: CCEL. */
void log_builder_agile_as(struct log_builder *log, struct crypto *crypto, const uint16_t *algs,
                          uint32_t header_pcr, const char *vendor);

/* A log of the TPM 1.2 format without a header. */
void log_builder_1_2(struct log_builder *log, struct crypto *crypto);

/* An event whose digests are those of its data. */
void log_builder_add(struct log_builder *log, uint32_t pcr, uint32_t type, struct span data);

/* An event that measured something else than the data that it carries. */
void log_builder_add_measured(struct log_builder *log, uint32_t pcr, uint32_t type,
                              struct span measured, struct span data);

/* The same with a digest for the banks of n_algs algorithms only (crypto-agile). */
void log_builder_add_banks(struct log_builder *log, uint32_t pcr, uint32_t type,
                           const uint16_t *algs, size_t n_algs, struct span measured,
                           struct span data);

void log_builder_raw(struct log_builder *log, const void *bytes, size_t len);
void log_builder_le16(struct log_builder *log, uint16_t value);
void log_builder_le32(struct log_builder *log, uint32_t value);

struct span log_builder_span(const struct log_builder *log);

/* UEFI_VARIABLE_DATA with an ASCII name into out; returns its length. */
size_t log_builder_variable(uint8_t *out, const char *name, struct span contents);

#endif
