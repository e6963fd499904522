/* Does an IMA list belong to this boot? Its first entry, boot_aggregate, is a digest over the boot's
 * PCRs as IMA found them when it started: it binds the list to the TCG log.
 *
 * Linux security/integrity/ima/ima_crypto.c, ima_calc_boot_aggregate_tfm: over PCR 0-7 in the bank of
 * the digest's algorithm; since 5.8, and in banks other than SHA-1, over PCR 0-9. */
#ifndef BOOTSEAL_VERIFY_IMA_BOOT_AGGREGATE_H
#define BOOTSEAL_VERIFY_IMA_BOOT_AGGREGATE_H

#include "verify/measured_log.h"
#include "wire/ima.h"

enum ima_boot_aggregate {
    IMA_BOOT_AGGREGATE_UNKNOWN = 0, /* the log does not carry the bank, or leaves events out */
    IMA_BOOT_AGGREGATE_MATCHES,
    IMA_BOOT_AGGREGATE_DIFFERS, /* also without a TPM: then it is zeros */
};

/* Compares with the PCRs that the log leads to; costs a replay when the log was read in another
 * bank. expected becomes the digest over PCR 0-9 (SHA-1: 0-7); empty when it is unknown. */
enum ima_boot_aggregate ima_boot_aggregate_check(struct crypto *crypto,
                                                 const struct measured_log *log,
                                                 const struct ima_digest *digest,
                                                 struct crypto_digest *expected);

/* True for an entry that says what the boot led to: its name is the kernel's own, no path. */
static inline bool ima_is_boot_aggregate(const struct ima_fields *fields)
{
    return span_is(fields->name, "boot_aggregate");
}

#endif
