/* Framing of firmware volume events. Must never be used for what ran: only the digest says that. */
#include "wire/efi_firmware_blob.h"

bool efi_firmware_blob_decode(struct span bytes, bool second, struct efi_firmware_blob *blob,
                              struct error *error)
{
    struct reader reader = reader_init(bytes, "PFP 1.06 10.2.5", error);
    struct efi_firmware_blob decoded = {0};

    if (second)
        decoded.description = reader_bytes(&reader, reader_u8(&reader), "blob description");
    decoded.base = reader_le64(&reader);
    decoded.len = reader_le64(&reader);
    if (!reader_end(&reader))
        return false;
    *blob = decoded;
    return true;
}
