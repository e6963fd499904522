/* EFI_GUID (UEFI 2.10 section 2.3.1, appendix A): its text form and the names of well-known ones.
 *
 * A GUID stays a span of 16 bytes as the firmware wrote it (the first three fields little endian).
 * A name is a convenience for people; nothing is trusted because of it. */
#ifndef BOOTSEAL_WIRE_EFI_GUID_H
#define BOOTSEAL_WIRE_EFI_GUID_H

#include "base/span.h"

enum { EFI_GUID_LEN = 16, EFI_GUID_TEXT_LEN = 36 };

/* The well-known GUIDs of src/wire/efi_guids.def. */
enum efi_guid_id {
    EFI_GUID_UNKNOWN = 0,
#define EFI_GUID(symbol, a, b, c, d, name) EFI_GUID_##symbol,
#include "wire/efi_guids.def"
#undef EFI_GUID
};

/* Which well-known GUID the 16 bytes are; EFI_GUID_UNKNOWN also for any other length. */
enum efi_guid_id efi_guid_find(struct span guid);

/* "EFI global variable", "Microsoft"...; NULL for an unknown one. Static. */
const char *efi_guid_name(enum efi_guid_id id);

/* Writes "8be4df61-93ca-11d2-aa0d-00e098032b8c" and a NUL. guid.len must be EFI_GUID_LEN. */
void efi_guid_print(struct span guid, char text[EFI_GUID_TEXT_LEN + 1]);

#endif
