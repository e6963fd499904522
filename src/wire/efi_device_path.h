/* EFI_DEVICE_PATH_PROTOCOL (UEFI 2.10 chapter 10): device paths as text, as UEFI prints them.
 *
 * Knows the nodes that boot logs hold; others print as Path(type,subtype,hex) as UEFI 10.6.1.1
 * says. A path in an image event is never covered by the digest: it is a hint. */
#ifndef BOOTSEAL_WIRE_EFI_DEVICE_PATH_H
#define BOOTSEAL_WIRE_EFI_DEVICE_PATH_H

#include "base/arena.h"
#include "base/reader.h"

/* "PciRoot(0x0)/Pci(0x2,0x0)/HD(1,GPT,...)/\EFI\BOOT\BOOTX64.EFI" in the arena. An empty path gives
 * "". */
bool efi_device_path_print(struct span path, struct arena *arena, const char **text,
                           struct error *error) MUST_CHECK;

/* The path's file name: its File nodes joined, printable; "" when it has none. */
bool efi_device_path_file(struct span path, struct arena *arena, const char **text,
                          struct error *error) MUST_CHECK;

#endif
