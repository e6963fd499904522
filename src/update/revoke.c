/* The next dbx. Takes entries as they are; judges none of them. Never takes one away. */
#include "base/writer.h"
#include "update/internal.h"
#include "wire/efi_signature_list.h"

/* Owner and contents of an entry, which is what firmware compares. */
static struct span entry_of(const struct efi_signature_list *list,
                            const struct efi_signature *signature)
{
    return span_of(signature->owner.data, EFI_GUID_LEN + list->data_len);
}

static bool is_known(struct span dbx, struct span type, struct span entry, bool *known,
                     struct error *error)
{
    struct efi_signature_list list;
    struct efi_signature signature;
    enum efi_signature_step step;

    *known = false;
    efi_signature_list_open(&list, dbx, error);
    while ((step = efi_signature_list_next(&list, &signature)) == EFI_SIGNATURE_ENTRY)
        if (span_equal(signature.type, type) && span_equal(entry_of(&list, &signature), entry)) {
            *known = true;
            return true;
        }
    return step == EFI_SIGNATURE_END;
}

/* EFI_SIGNATURE_LIST without a header, UEFI 2.10 section 32.4.1. */
static void put_head(struct writer *writer, struct span type, size_t entries_len, size_t entry_len)
{
    writer_bytes(writer, type);
    writer_le32(writer, (uint32_t)(EFI_GUID_LEN + 12 + entries_len));
    writer_le32(writer, 0);
    writer_le32(writer, (uint32_t)entry_len);
}

bool revoke(struct span dbx, struct span lists, struct arena *arena, struct span *joined,
            struct error *error)
{
    size_t cap = dbx.len + lists.len, len = 0;
    uint8_t *bytes = arena_alloc(arena, cap + 1), *entries = arena_alloc(arena, lists.len + 1);
    struct writer writer = writer_init(bytes, cap);
    struct efi_signature_list list;
    struct efi_signature signature;
    enum efi_signature_step step;
    bool known;

    if (!bytes || !entries)
        return arena_error(arena, error);
    writer_bytes(&writer, dbx);
    efi_signature_list_open(&list, lists, error);
    while ((step = efi_signature_list_next(&list, &signature)) == EFI_SIGNATURE_ENTRY) {
        struct span entry = entry_of(&list, &signature);

        if (!is_known(dbx, signature.type, entry, &known, error))
            return false;
        if (!known) {
            memcpy(entries + len, entry.data, entry.len);
            len += entry.len;
        }
        if (reader_left(&list.entries) || len == 0)
            continue;
        put_head(&writer, signature.type, len, entry.len);
        writer_bytes(&writer, span_of(entries, len));
        len = 0;
    }
    if (step == EFI_SIGNATURE_FAILED)
        return false;
    *joined = writer_span(&writer);
    return true;
}
