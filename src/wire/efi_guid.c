/* The table of well-known GUIDs and the text form. Owns nothing; compares whole GUIDs only. */
#include "wire/efi_guid.h"

#include "base/text.h"

#define LIST(...) __VA_ARGS__

static const struct {
    uint8_t bytes[EFI_GUID_LEN];
    const char *name;
} GUIDS[] = {
#define EFI_GUID(symbol, a, b, c, d, text)                                                         \
    [EFI_GUID_##symbol] = {{(a)&0xFF, (a) >> 8 & 0xFF, (a) >> 16 & 0xFF, (a) >> 24, (b)&0xFF,      \
                            (b) >> 8, (c)&0xFF, (c) >> 8, LIST d},                                 \
                           text},
#include "wire/efi_guids.def"
#undef EFI_GUID
};

enum efi_guid_id efi_guid_find(struct span guid)
{
    if (guid.len != EFI_GUID_LEN)
        return EFI_GUID_UNKNOWN;
    for (size_t i = 1; i < sizeof GUIDS / sizeof *GUIDS; i++)
        if (memcmp(guid.data, GUIDS[i].bytes, EFI_GUID_LEN) == 0)
            return (enum efi_guid_id)i;
    return EFI_GUID_UNKNOWN;
}

const char *efi_guid_name(enum efi_guid_id id)
{
    return (size_t)id < sizeof GUIDS / sizeof *GUIDS ? GUIDS[id].name : NULL;
}

void efi_guid_print(struct span guid, char text[EFI_GUID_TEXT_LEN + 1])
{
    /* Position of each byte in the text: the first three fields are little endian. */
    static const uint8_t ORDER[EFI_GUID_LEN] = {3, 2, 1,  0,  5,  4,  7,  6,
                                                8, 9, 10, 11, 12, 13, 14, 15};
    char *out = text;

    for (size_t i = 0; i < EFI_GUID_LEN; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *out++ = '-';
        text_hex_into(out, span_of(guid.data + ORDER[i], 1));
        out += 2;
    }
}
