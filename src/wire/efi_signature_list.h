/* EFI_SIGNATURE_LIST (UEFI 2.10 section 32.4.1): contents of PK, KEK, db, dbx, MokList.
 *
 * Walks entries and honours every length: list size, header size, entry size. Header bytes are
 * never an entry, and a list whose entries do not fill it exactly is malformed. */
#ifndef BOOTSEAL_WIRE_EFI_SIGNATURE_LIST_H
#define BOOTSEAL_WIRE_EFI_SIGNATURE_LIST_H

#include "base/limits.h"
#include "base/reader.h"
#include "wire/efi_guid.h"

enum efi_signature_kind {
    EFI_SIGNATURE_OTHER = 0,   /* a type we do not know: bytes are shown as they are */
    EFI_SIGNATURE_DIGEST,      /* of an image: alg says which hash */
    EFI_SIGNATURE_X509,        /* DER certificate */
    EFI_SIGNATURE_X509_DIGEST, /* of a certificate's TBS part, followed by a revocation time */
    EFI_SIGNATURE_RSA2048,     /* a bare public key (modulus) or its signature */
};

struct efi_signature {
    enum efi_signature_kind kind;
    uint16_t alg;      /* TPM_ALG_SHA256...; 0 when the kind has none */
    struct span type;  /* the list's SignatureType GUID */
    struct span owner; /* SignatureOwner GUID */
    struct span data;  /* digest, certificate or key; for X509_DIGEST the digest alone */
    size_t offset;     /* of the entry in the input */
};

/* EFI_TIME since when an EFI_SIGNATURE_X509_DIGEST revokes, 16 bytes behind the digest; all zero: since
 * ever. Empty for other kinds. */
static inline struct span efi_signature_time(const struct efi_signature *signature)
{
    if (signature->kind != EFI_SIGNATURE_X509_DIGEST)
        return span_of(NULL, 0);
    return span_of(signature->data.data + signature->data.len, 16);
}

struct efi_signature_list {
    struct reader reader; /* private, like the rest */
    struct reader entries;
    struct span type;
    enum efi_signature_kind kind;
    uint16_t alg;
    size_t data_len; /* of one entry without owner */
    size_t digest_len;
    size_t n_entries; /* of all lists begun so far, for the cap */
    struct error *error;
};

enum efi_signature_step { EFI_SIGNATURE_FAILED = 0, EFI_SIGNATURE_ENTRY, EFI_SIGNATURE_END };

/* Starts on a variable's contents: any number of lists one after the other. Both arguments must
 * outlive the walk. */
void efi_signature_list_open(struct efi_signature_list *list, struct span bytes,
                             struct error *error);

/* The next entry of all lists. After EFI_SIGNATURE_FAILED the error is set. */
enum efi_signature_step efi_signature_list_next(struct efi_signature_list *list,
                                                struct efi_signature *signature) MUST_CHECK;

/* Entries that are left in the list that the last entry came from; more lists may follow. */
static inline size_t efi_signature_list_left(const struct efi_signature_list *list)
{
    return reader_left(&list->entries) / (EFI_GUID_LEN + list->data_len);
}

/* Moves the last entry on to the next one of its own list, all of which are alike; false after the
 * last. A dbx has hundreds. */
static inline bool efi_signature_list_step(struct efi_signature_list *list,
                                           struct efi_signature *signature)
{
    struct span entry;

    if (!reader_left(&list->entries))
        return false;
    entry = reader_bytes(&list->entries, EFI_GUID_LEN + list->data_len, "signature");
    signature->owner.data = entry.data;
    signature->data.data = entry.data + EFI_GUID_LEN;
    signature->offset += entry.len;
    return true;
}

/* Leaves out what is left in the list that the last entry came from. */
static inline void efi_signature_list_skip(struct efi_signature_list *list)
{
    reader_bytes(&list->entries, reader_left(&list->entries), "signatures");
}

/* True when bytes begin with a signature list type that we know; authority events hold a bare
 * EFI_SIGNATURE_DATA instead. */
bool efi_signature_list_is(struct span bytes);

#endif
