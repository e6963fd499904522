/* Frames revocation list files. Trusts no length; never takes a signature's bytes for lists. */
#include "wire/efi_revocations.h"

#include "wire/efi_guid.h"
#include "wire/efi_signature_list.h"

enum {
    TIME_LEN = 16,            /* EFI_TIME */
    WIN_CERTIFICATE_HEAD = 8, /* dwLength, wRevision, wCertificateType */
    REVISION = 0x0200,
    TYPE_EFI_GUID = 0x0EF1, /* WIN_CERT_TYPE_EFI_GUID */
    ATTRIBUTES_LEN = 4,
};

/* UEFI 2.10 section 32.2.4: EFI_CERT_TYPE_PKCS7_GUID, the only type of an update's signature. */
static const uint8_t PKCS7[EFI_GUID_LEN] = {0x9d, 0xd2, 0xaf, 0x4a, 0xdf, 0x68, 0xee, 0x49,
                                            0x8a, 0xa9, 0x34, 0x7d, 0x37, 0x56, 0x65, 0xa7};

static bool is_update(struct span bytes)
{
    const size_t at = TIME_LEN + WIN_CERTIFICATE_HEAD;

    return bytes.len >= at + EFI_GUID_LEN && memcmp(bytes.data + at, PKCS7, EFI_GUID_LEN) == 0;
}

static bool is_efivarfs(struct span bytes)
{
    return bytes.len >= ATTRIBUTES_LEN &&
           efi_signature_list_is(span_of(bytes.data + ATTRIBUTES_LEN, bytes.len - ATTRIBUTES_LEN));
}

/* EFI_VARIABLE_AUTHENTICATION_2: time, then WIN_CERTIFICATE_UEFI_GUID, whose length is its own. */
static void read_authentication(struct reader *reader, struct efi_revocations *decoded)
{
    uint32_t len;
    uint16_t revision, type;

    decoded->time = reader_bytes(reader, TIME_LEN, "time of the update");
    len = reader_le32(reader);
    revision = reader_le16(reader);
    type = reader_le16(reader);
    if (!reader_ok(reader))
        return;
    if (revision != REVISION || type != TYPE_EFI_GUID)
        reader_fail(reader, ERROR_MALFORMED, "certificate of revision 0x%04x and type 0x%04x",
                    revision, type);
    else if (len < WIN_CERTIFICATE_HEAD + EFI_GUID_LEN)
        reader_fail(reader, ERROR_MALFORMED, "certificate of %u bytes", len);
    else
        reader_bytes(reader, len - WIN_CERTIFICATE_HEAD, "signature of the update");
}

/* Every entry of the lists, once. */
static bool walk(const struct efi_revocations *decoded, struct error *error)
{
    struct efi_signature_list list;
    struct efi_signature signature;
    enum efi_signature_step step;
    size_t n = 0;

    efi_signature_list_open(&list, decoded->lists, error);
    while ((step = efi_signature_list_next(&list, &signature)) == EFI_SIGNATURE_ENTRY)
        n++;
    if (step == EFI_SIGNATURE_FAILED) {
        error->offset += decoded->offset;
        return false;
    }
    return n || error_plain(error, ERROR_MALFORMED, "the list holds no signature");
}

bool efi_revocations_decode(struct span bytes, struct efi_revocations *revocations,
                            struct error *error)
{
    struct reader reader = reader_init(bytes, "UEFI 2.10 8.2.2", error);
    struct efi_revocations decoded = {.form = EFI_REVOCATIONS_BARE};

    if (is_update(bytes)) {
        decoded.form = EFI_REVOCATIONS_UPDATE;
        read_authentication(&reader, &decoded);
    } else if (!efi_signature_list_is(bytes) && is_efivarfs(bytes)) {
        decoded.form = EFI_REVOCATIONS_EFIVARFS;
        reader_bytes(&reader, ATTRIBUTES_LEN, "attributes");
    }
    decoded.offset = reader_offset(&reader);
    decoded.lists = reader_rest(&reader);
    if (!reader_ok(&reader) || !walk(&decoded, error))
        return false;
    *revocations = decoded;
    return true;
}
