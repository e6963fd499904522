/* Walks signature lists. Trusts no size: each is checked against the one around it, and against the
 * type it claims, before an entry is returned. Must never take a header for an entry. */
#include "wire/efi_signature_list.h"

#include "wire/tpm_alg.h"

static const char CLAUSE[] = "UEFI 2.10 32.4.1";

/* The fixed sizes of entry contents, UEFI 2.10 section 32.4.1; 0 where the list decides. */
static const struct {
    enum efi_guid_id type;
    enum efi_signature_kind kind;
    uint16_t alg;
    uint16_t data_len;   /* without the owner */
    uint16_t digest_len; /* the part of it that is returned */
} TYPES[] = {
    {EFI_GUID_CERT_X509, EFI_SIGNATURE_X509, 0, 0, 0},
    {EFI_GUID_CERT_SHA1, EFI_SIGNATURE_DIGEST, TPM_ALG_SHA1, 20, 20},
    {EFI_GUID_CERT_SHA256, EFI_SIGNATURE_DIGEST, TPM_ALG_SHA256, 32, 32},
    {EFI_GUID_CERT_SHA384, EFI_SIGNATURE_DIGEST, TPM_ALG_SHA384, 48, 48},
    {EFI_GUID_CERT_SHA512, EFI_SIGNATURE_DIGEST, TPM_ALG_SHA512, 64, 64},
    {EFI_GUID_CERT_RSA2048, EFI_SIGNATURE_RSA2048, 0, 256, 256},
    {EFI_GUID_CERT_RSA2048_SHA1, EFI_SIGNATURE_RSA2048, 0, 256, 256},
    {EFI_GUID_CERT_RSA2048_SHA256, EFI_SIGNATURE_RSA2048, 0, 256, 256},
    /* A digest and the 16-byte EFI_TIME since when it is revoked. */
    {EFI_GUID_CERT_X509_SHA256, EFI_SIGNATURE_X509_DIGEST, TPM_ALG_SHA256, 48, 32},
    {EFI_GUID_CERT_X509_SHA384, EFI_SIGNATURE_X509_DIGEST, TPM_ALG_SHA384, 64, 48},
    {EFI_GUID_CERT_X509_SHA512, EFI_SIGNATURE_X509_DIGEST, TPM_ALG_SHA512, 80, 64},
    {EFI_GUID_CERT_SHA224, EFI_SIGNATURE_OTHER, 0, 28, 28},
    {EFI_GUID_CERT_EXTERNAL_MANAGEMENT, EFI_SIGNATURE_OTHER, 0, 0, 0},
};

void efi_signature_list_open(struct efi_signature_list *list, struct span bytes,
                             struct error *error)
{
    *list = (struct efi_signature_list){.error = error};
    list->reader = reader_init(bytes, CLAUSE, error);
    list->entries = reader_init((struct span){0}, CLAUSE, error);
}

/* Takes the list's type from the table; sizes that contradict the type fail. */
static void set_type(struct efi_signature_list *list)
{
    enum efi_guid_id id = efi_guid_find(list->type);

    list->kind = EFI_SIGNATURE_OTHER;
    list->alg = 0;
    list->digest_len = list->data_len;
    for (size_t i = 0; i < sizeof TYPES / sizeof *TYPES; i++) {
        if (TYPES[i].type != id)
            continue;
        list->kind = TYPES[i].kind;
        list->alg = TYPES[i].alg;
        if (TYPES[i].data_len == 0)
            return;
        if (list->data_len != TYPES[i].data_len)
            reader_fail(&list->entries, ERROR_MALFORMED,
                        "entries of type %s have %zu bytes, not %u", efi_guid_name(id),
                        list->data_len, TYPES[i].data_len);
        list->digest_len = TYPES[i].digest_len;
        return;
    }
}

/* Reads one EFI_SIGNATURE_LIST's head; its entries are then list->entries. */
static void next_list(struct efi_signature_list *list)
{
    struct reader *reader = &list->reader;
    uint32_t list_len, header_len, entry_len;
    const uint32_t head_len = EFI_GUID_LEN + 12;

    list->type = reader_bytes(reader, EFI_GUID_LEN, "signature type");
    list_len = reader_le32(reader);
    header_len = reader_le32(reader);
    entry_len = reader_le32(reader);
    if (!reader_ok(reader))
        return;
    if (list_len < head_len || header_len > list_len - head_len) {
        reader_fail(reader, ERROR_MALFORMED, "signature list of %u bytes with a header of %u",
                    list_len, header_len);
        return;
    }
    list->entries = reader_child(reader, list_len - head_len, CLAUSE);
    reader_bytes(&list->entries, header_len, "signature header");
    if (entry_len <= EFI_GUID_LEN || reader_left(&list->entries) % entry_len != 0) {
        reader_fail(&list->entries, ERROR_MALFORMED, "%zu bytes of entries of %u bytes each",
                    reader_left(&list->entries), entry_len);
        return;
    }
    list->data_len = entry_len - EFI_GUID_LEN;
    list->n_entries += reader_left(&list->entries) / entry_len;
    if (reader_cap(&list->entries, list->n_entries, LIMIT_SIGLIST_ENTRIES, "signatures in a list"))
        set_type(list);
}

enum efi_signature_step efi_signature_list_next(struct efi_signature_list *list,
                                                struct efi_signature *signature)
{
    struct span entry;

    while (reader_ok(&list->entries) && !reader_left(&list->entries)) {
        if (!reader_left(&list->reader))
            return EFI_SIGNATURE_END;
        next_list(list);
        reader_join(&list->entries, &list->reader); /* the first error is the one to report */
    }
    entry = reader_bytes(&list->entries, EFI_GUID_LEN + list->data_len, "signature");
    if (!reader_ok(&list->entries))
        return EFI_SIGNATURE_FAILED;
    *signature = (struct efi_signature){
        .kind = list->kind,
        .alg = list->alg,
        .type = list->type,
        .owner = span_of(entry.data, EFI_GUID_LEN),
        .data = span_of(entry.data + EFI_GUID_LEN, list->digest_len),
        .offset = reader_offset(&list->entries) - entry.len,
    };
    return EFI_SIGNATURE_ENTRY;
}

bool efi_signature_list_is(struct span bytes)
{
    enum efi_guid_id id;

    if (bytes.len < EFI_GUID_LEN)
        return false;
    id = efi_guid_find(span_of(bytes.data, EFI_GUID_LEN));
    for (size_t i = 0; i < sizeof TYPES / sizeof *TYPES; i++)
        if (TYPES[i].type == id)
            return true;
    return false;
}
