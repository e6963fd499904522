/* Decodes foreign bytes as each body of a UEFI event. */
#include <stdlib.h>

#include "fuzz.h"
#include "wire/efi_firmware_blob.h"
#include "wire/efi_gpt.h"
#include "wire/efi_image_load.h"
#include "wire/efi_load_option.h"
#include "wire/efi_variable.h"
#include "wire/tcg_no_action.h"

static void decode_others(struct span bytes)
{
    struct efi_gpt gpt;
    struct efi_image_load image;
    struct efi_firmware_blob blob;
    struct efi_load_option option;
    struct tcg_no_action body;
    struct error error;

    if (efi_gpt_decode(bytes, &gpt, &error))
        for (uint64_t i = 0; i < gpt.n_partitions; i++)
            if (efi_gpt_partition(&gpt, i).name.len != 72)
                abort();
    if (efi_image_load_decode(bytes, &image, &error) &&
        32 + image.device_path.len + image.trailing.len != bytes.len)
        abort();
    if (efi_firmware_blob_decode(bytes, true, &blob, &error) &&
        17 + blob.description.len != bytes.len)
        abort();
    if (efi_load_option_decode(bytes, &option, &error) &&
        8 + option.description.len + option.device_path.len + option.optional_data.len != bytes.len)
        abort();
    if (tcg_no_action_decode(bytes, &body, &error) && body.signature.len > 16)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct efi_variable variable;
    struct error error;

    if (efi_variable_decode(span_of(data, len), &variable, &error)) {
        if (32 + variable.name.len + variable.data.len + variable.trailing.len != len)
            abort();
        if (efi_variable_number(&variable, "Boot") > 0xFFFF)
            abort();
        decode_others(variable.data);
    }
    decode_others(span_of(data, len));
    return 0;
}
