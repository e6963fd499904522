/* What exactly differs between two values of one thing, in words. Private to src/claims: see
 * boot_diff.h. */
#ifndef BOOTSEAL_CLAIMS_BOOT_DIFF_DETAILS_H
#define BOOTSEAL_CLAIMS_BOOT_DIFF_DETAILS_H

#include "claims/boot_diff.h"

/* Entries of signature lists where the events hold some, else words of what was measured. False only
 * for memory, as the others. */
bool boot_diff_event_details(struct crypto *crypto, const struct boot_diff_change *change,
                             struct arena *arena, struct boot_diff_details *details) MUST_CHECK;

/* Items of two lists that the other lacks; *differ tells whether there are any. */
bool boot_diff_item_details(struct crypto *crypto, const struct claim *before,
                            const struct claim *after, struct arena *arena,
                            struct boot_diff_details *details, bool *differ) MUST_CHECK;

/* Words, split at spaces outside of double quotes, that the other text lacks. */
bool boot_diff_word_details(const char *before, const char *after, struct arena *arena,
                            struct boot_diff_details *details) MUST_CHECK;

#endif
