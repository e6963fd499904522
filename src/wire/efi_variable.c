/* Framing of UEFI_VARIABLE_DATA. Trusts neither length field; must never say what a digest covers.
 */
#include "wire/efi_variable.h"

bool efi_variable_decode(struct span bytes, struct efi_variable *variable, struct error *error)
{
    struct reader reader = reader_init(bytes, "PFP 1.06 10.2.6", error);
    struct efi_variable decoded = {0};
    uint64_t name_chars, data_len;

    decoded.guid = reader_bytes(&reader, EFI_GUID_LEN, "variable GUID");
    name_chars = reader_le64(&reader);
    data_len = reader_le64(&reader);
    reader_cap(&reader, name_chars, LIMIT_EFI_NAME_LEN / 2, "characters of a variable's name");
    reader_cap(&reader, data_len, LIMIT_EVENT_DATA_LEN, "bytes of a variable");
    if (!reader_ok(&reader))
        return false;
    decoded.name = reader_bytes(&reader, 2 * (size_t)name_chars, "variable name");
    decoded.data = reader_bytes(&reader, (size_t)data_len, "variable data");
    decoded.trailing = reader_rest(&reader);
    if (!reader_ok(&reader))
        return false;
    *variable = decoded;
    return true;
}

/* The name's character at index, or 0 for one that is not ASCII. */
static char name_char(const struct efi_variable *variable, size_t index)
{
    const uint8_t *unit = variable->name.data + 2 * index;

    if (unit[1] != 0 || unit[0] >= 0x80)
        return 0;
    return (char)unit[0];
}

bool efi_variable_is(const struct efi_variable *variable, const char *name)
{
    size_t len = strlen(name);

    if (variable->name.len != 2 * len)
        return false;
    for (size_t i = 0; i < len; i++)
        if (name_char(variable, i) != name[i])
            return false;
    return true;
}

int efi_variable_number(const struct efi_variable *variable, const char *prefix)
{
    size_t prefix_len = strlen(prefix);
    int number = 0;

    if (variable->name.len != 2 * (prefix_len + 4))
        return -1;
    for (size_t i = 0; i < prefix_len; i++)
        if (name_char(variable, i) != prefix[i])
            return -1;
    for (size_t i = prefix_len; i < prefix_len + 4; i++) {
        char digit = name_char(variable, i);
        if (digit >= '0' && digit <= '9')
            number = number * 16 + (digit - '0');
        else if (digit >= 'A' && digit <= 'F')
            number = number * 16 + (digit - 'A' + 10);
        else
            return -1;
    }
    return number;
}
