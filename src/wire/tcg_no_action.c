/* Framing of unmeasured notes. Nothing in them is ever evidence. */
#include "wire/tcg_no_action.h"

static const struct {
    const char *signature; /* 16 characters with its NULs */
    enum tcg_no_action_kind kind;
} SIGNATURES[] = {
    {"Spec ID Event00\0", TCG_NO_ACTION_SPEC_ID},
    {"Spec ID Event02\0", TCG_NO_ACTION_SPEC_ID},
    {"Spec ID Event03\0", TCG_NO_ACTION_SPEC_ID},
    {"StartupLocality\0", TCG_NO_ACTION_STARTUP_LOCALITY},
    {"SP800-155 Event\0", TCG_NO_ACTION_REFERENCE_MANIFEST},
    {"SP800-155 Event2", TCG_NO_ACTION_REFERENCE_MANIFEST},
    {"SP800-155 Event3", TCG_NO_ACTION_REFERENCE_MANIFEST},
    {"HCRTM          \0", TCG_NO_ACTION_HCRTM},
};

enum { SIGNATURE_LEN = 16 };

/* A vendor id and a manifest GUID; the later forms go on with strings that count their length in
 * one byte. */
static void read_manifest(struct reader *reader, bool first_form, struct tcg_no_action *body)
{
    body->manifest.vendor_id = reader_le32(reader);
    body->manifest.guid = reader_bytes(reader, 16, "reference manifest GUID");
    if (first_form)
        return;
    body->manifest.platform_manufacturer = reader_bytes(reader, reader_u8(reader),
                                                        "platform manufacturer");
    body->manifest.platform_model = reader_bytes(reader, reader_u8(reader), "platform model");
}

bool tcg_no_action_decode(struct span bytes, struct tcg_no_action *body, struct error *error)
{
    struct reader reader = reader_init(bytes, "PFP 1.06 10.4.5", error);
    struct tcg_no_action decoded = {0};
    struct span signature = reader_bytes(&reader, SIGNATURE_LEN, "signature");

    if (!reader_ok(&reader))
        return false;
    for (size_t i = 0; i < sizeof SIGNATURES / sizeof *SIGNATURES; i++)
        if (memcmp(signature.data, SIGNATURES[i].signature, SIGNATURE_LEN) == 0)
            decoded.kind = SIGNATURES[i].kind;
    if (decoded.kind == TCG_NO_ACTION_STARTUP_LOCALITY)
        decoded.startup_locality = reader_u8(&reader);
    if (decoded.kind == TCG_NO_ACTION_REFERENCE_MANIFEST)
        read_manifest(&reader, signature.data[SIGNATURE_LEN - 1] == 0, &decoded);
    if (!reader_ok(&reader))
        return false;
    while (signature.len && signature.data[signature.len - 1] == 0)
        signature.len--;
    decoded.signature = signature;
    *body = decoded;
    return true;
}
