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
    {"H-CRTM CompMeas\0", TCG_NO_ACTION_HCRTM_COMPONENT},
    {"NvIndexInstance\0", TCG_NO_ACTION_NV_INSTANCE},
    {"NvIndexDynamic \0", TCG_NO_ACTION_NV_DYNAMIC},
};

enum { SIGNATURE_LEN = 16, NV_RESERVED_LEN = 6 };

/* TCG_HCRTMComponentEvent, PFP 1.06 10.4.5.4. */
static void read_component(struct reader *reader, struct tcg_no_action *body)
{
    body->component.description = reader_bytes(reader, reader_u8(reader), "component description");
    body->component.format = reader_u8(reader);
    body->component.measurement = reader_bytes(reader, reader_le16(reader),
                                               "component measurement");
}

/* NV_INDEX_INSTANCE_EVENT_LOG_DATA and NV_INDEX_DYNAMIC_EVENT_LOG_DATA, PFP 1.06 10.4.5.5. */
static void read_nv_index(struct reader *reader, bool dynamic, struct tcg_no_action *body)
{
    reader_le16(reader); /* version */
    reader_bytes(reader, NV_RESERVED_LEN, "reserved bytes");
    if (dynamic) {
        body->nv.uid = reader_le64(reader);
        body->nv.description = reader_bytes(reader, reader_le16(reader), "description");
        body->nv.data = reader_bytes(reader, reader_le16(reader), "data");
    } else {
        body->nv.data = reader_rest(reader);
    }
}

static void read_body(struct reader *reader, struct tcg_no_action *body)
{
    switch (body->kind) {
    case TCG_NO_ACTION_STARTUP_LOCALITY:
        body->startup_locality = reader_u8(reader);
        break;
    case TCG_NO_ACTION_HCRTM_COMPONENT:
        read_component(reader, body);
        break;
    case TCG_NO_ACTION_NV_INSTANCE:
    case TCG_NO_ACTION_NV_DYNAMIC:
        read_nv_index(reader, body->kind == TCG_NO_ACTION_NV_DYNAMIC, body);
        break;
    case TCG_NO_ACTION_OTHER:
    case TCG_NO_ACTION_SPEC_ID:
    case TCG_NO_ACTION_REFERENCE_MANIFEST:
        break;
    }
}

bool tcg_no_action_decode(struct span bytes, struct tcg_no_action *body, struct error *error)
{
    struct reader reader = reader_init(bytes, "PFP 1.06 10.4.5", error);
    struct tcg_no_action decoded = {0};
    struct span signature = reader_bytes(&reader, SIGNATURE_LEN, "signature");
    int version;

    if (!reader_ok(&reader))
        return false;
    for (size_t i = 0; i < sizeof SIGNATURES / sizeof *SIGNATURES; i++)
        if (memcmp(signature.data, SIGNATURES[i].signature, SIGNATURE_LEN) == 0)
            decoded.kind = SIGNATURES[i].kind;
    if (tcg_reference_manifest_version(signature, &version))
        decoded.kind = TCG_NO_ACTION_REFERENCE_MANIFEST;
    read_body(&reader, &decoded);
    if (!reader_ok(&reader) || (decoded.kind == TCG_NO_ACTION_REFERENCE_MANIFEST &&
                                !tcg_reference_manifest_decode(bytes, &decoded.manifest, error)))
        return false;
    while (signature.len && signature.data[signature.len - 1] == 0)
        signature.len--;
    decoded.signature = signature;
    *body = decoded;
    return true;
}
