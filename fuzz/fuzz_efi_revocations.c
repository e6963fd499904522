/* Reads foreign revocation list files and compares each with itself and with an empty dbx: what it
 * lists is never missing from itself, and always missing from nothing.
 *
 * Reaches: efi_revocations_decode, efi_signature_list_open, efi_signature_list_next,
 * efi_signature_time, revocations_compare. */
#include <stdlib.h>

#include "claims/revocations.h"
#include "fuzz.h"
#include "wire/efi_revocations.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static struct crypto *crypto;
    struct arena arena = arena_init((size_t)64 << 20);
    struct efi_revocations file;
    struct revocations compared;
    struct error error;

    if (!crypto)
        crypto = crypto_new(&error);
    if (efi_revocations_decode(span_of(data, len), &file, &error)) {
        if (file.lists.data + file.lists.len != data + len || file.offset >= len)
            abort();
        if (revocations_compare(crypto, file.lists, file.lists, &arena, &compared, &error) &&
            compared.n_missing)
            abort();
        if (revocations_compare(crypto, file.lists, span_of(NULL, 0), &arena, &compared, &error) &&
            compared.n_missing != compared.n_listed)
            abort();
    }
    arena_done(&arena);
    return 0;
}
