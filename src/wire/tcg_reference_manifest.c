/* Framing of reference manifest notes. Trusts no length; strings may end in a NUL or not. */
#include "wire/tcg_reference_manifest.h"

#include "wire/efi_guid.h"

static const char CLAUSE[] = "PFP 1.06 10.4.5.2";

enum { SIGNATURE_LEN = 16 };

bool tcg_reference_manifest_version(struct span signature, int *version)
{
    static const char *const signatures[] = {
        "SP800-155 Event\0",
        "SP800-155 Event2",
        "SP800-155 Event3",
    };

    for (int i = 0; i < 3; i++)
        if (span_equal(signature, span_of(signatures[i], SIGNATURE_LEN))) {
            *version = i + 1;
            return true;
        }
    return false;
}

static struct span read_string(struct reader *reader, const char *what)
{
    return reader_bytes(reader, reader_u8(reader), what);
}

static void read_strings(struct reader *reader, struct tcg_reference_manifest *manifest)
{
    manifest->platform_manufacturer = read_string(reader, "platform manufacturer");
    manifest->platform_model = read_string(reader, "platform model");
    manifest->platform_version = read_string(reader, "platform version");
    manifest->firmware_manufacturer = read_string(reader, "firmware manufacturer");
    manifest->firmware_manufacturer_id = reader_le32(reader);
    manifest->firmware_version = read_string(reader, "firmware version");
}

static struct tcg_locator read_locator(struct reader *reader, const char *what)
{
    uint32_t kind = reader_le32(reader);
    uint32_t len = reader_le32(reader);

    return (struct tcg_locator){.kind = kind, .bytes = reader_bytes(reader, len, what)};
}

bool tcg_reference_manifest_decode(struct span bytes, struct tcg_reference_manifest *manifest,
                                   struct error *error)
{
    struct reader reader = reader_init(bytes, CLAUSE, error);
    struct tcg_reference_manifest decoded = {0};
    struct span signature = reader_bytes(&reader, SIGNATURE_LEN, "signature");

    if (!reader_ok(&reader))
        return false;
    if (!tcg_reference_manifest_version(signature, &decoded.version))
        return error_set(error, ERROR_UNSUPPORTED, 0, CLAUSE, "no reference manifest event");
    decoded.vendor_id = reader_le32(&reader);
    decoded.guid = reader_bytes(&reader, EFI_GUID_LEN, "reference manifest GUID");
    if (decoded.version >= 2)
        read_strings(&reader, &decoded);
    if (decoded.version >= 3) {
        decoded.manifest = read_locator(&reader, "reference manifest locator");
        decoded.certificate = read_locator(&reader, "platform certificate locator");
    }
    if (!reader_end(&reader))
        return false;
    *manifest = decoded;
    return true;
}
