/* Framing of boot options. Trusts no length; the description ends at its NUL or the input fails. */
#include "wire/efi_load_option.h"

/* The description up to its NUL; the reader then stands behind the NUL. */
static struct span read_description(struct reader *reader)
{
    struct reader ahead = *reader;
    size_t len = 0;

    while (reader_ok(&ahead) && reader_le16(&ahead) != 0)
        len += 2;
    if (!reader_ok(&ahead)) {
        reader_join(reader, &ahead);
        return (struct span){0};
    }
    struct span description = reader_bytes(reader, len, "description");
    reader_le16(reader);
    return description;
}

bool efi_load_option_decode(struct span bytes, struct efi_load_option *option, struct error *error)
{
    struct reader reader = reader_init(bytes, "UEFI 2.10 3.1.3", error);
    struct efi_load_option decoded = {0};
    uint16_t path_len;

    decoded.attributes = reader_le32(&reader);
    path_len = reader_le16(&reader);
    decoded.description = read_description(&reader);
    decoded.device_path = reader_bytes(&reader, path_len, "device path");
    decoded.optional_data = reader_rest(&reader);
    if (!reader_ok(&reader))
        return false;
    *option = decoded;
    return true;
}
