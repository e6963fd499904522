/* Walks foreign signature lists: every entry lies inside the input, and none repeats. */
#include <stdlib.h>

#include "fuzz.h"
#include "wire/efi_signature_list.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct efi_signature_list list;
    struct efi_signature signature;
    struct error error;
    size_t end = 0;

    efi_signature_list_open(&list, span_of(data, len), &error);
    while (efi_signature_list_next(&list, &signature) == EFI_SIGNATURE_ENTRY) {
        if (signature.offset < end || signature.data.data + signature.data.len > data + len)
            abort();
        end = signature.offset + EFI_GUID_LEN + signature.data.len;
    }
    return 0;
}
