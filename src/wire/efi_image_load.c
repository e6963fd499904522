/* Framing of image load events. Must never be used for what was loaded: only the digest says that.
 */
#include "wire/efi_image_load.h"

bool efi_image_load_decode(struct span bytes, struct efi_image_load *image, struct error *error)
{
    struct reader reader = reader_init(bytes, "PFP 1.06 10.2.3", error);
    struct efi_image_load decoded = {0};
    uint64_t path_len;

    decoded.location = reader_le64(&reader);
    decoded.image_len = reader_le64(&reader);
    decoded.link_time_address = reader_le64(&reader);
    path_len = reader_le64(&reader);
    reader_cap(&reader, path_len, bytes.len, "bytes of device path");
    if (!reader_ok(&reader))
        return false;
    decoded.device_path = reader_bytes(&reader, (size_t)path_len, "device path");
    decoded.trailing = reader_rest(&reader);
    if (!reader_ok(&reader))
        return false;
    *image = decoded;
    return true;
}
