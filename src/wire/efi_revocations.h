/* Revocation lists as files: what uefi.org publishes for dbx, and dbx as a machine shows it.
 *
 * Three forms: an EFI_VARIABLE_AUTHENTICATION_2 (UEFI 2.10 section 8.2.2) before the signature lists, as
 * in dbxupdate.bin; the signature lists alone; and a file of Linux's efivarfs, which puts four bytes
 * of attributes first. The signature of an update is not checked: who gives the file trusts it. */
#ifndef BOOTSEAL_WIRE_EFI_REVOCATIONS_H
#define BOOTSEAL_WIRE_EFI_REVOCATIONS_H

#include "base/limits.h"
#include "base/reader.h"

enum efi_revocations_form {
    EFI_REVOCATIONS_UPDATE = 1, /* an authenticated update */
    EFI_REVOCATIONS_BARE,
    EFI_REVOCATIONS_EFIVARFS,
};

struct efi_revocations {
    enum efi_revocations_form form;
    struct span lists; /* EFI_SIGNATURE_LISTs, for efi_signature_list_open; never empty */
    size_t offset;     /* of lists in the input */
    struct span time;  /* EFI_TIME, 16 bytes, of an update; else empty */
};

/* Tells the forms apart and frames the lists, all of which have been walked once; the spans point
 * into bytes. A file without any signature is refused: nothing is missing from it, and nobody means
 * that. */
bool efi_revocations_decode(struct span bytes, struct efi_revocations *revocations,
                            struct error *error) MUST_CHECK;

#endif
