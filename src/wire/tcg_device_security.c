/* Framing of device security events. Trusts none of the nested lengths: each is read in a child
 * reader that must be used up. */
#include "wire/tcg_device_security.h"

static const char CLAUSE[] = "PFP 1.06 10.2.7";
static const char SIGNATURE_1[] = "SPDM Device Sec"; /* with its NUL */
static const char SIGNATURE_2[] = "SPDM Device Sec2";

enum { SIGNATURE_LEN = 16 };

bool tcg_device_security_is(struct span bytes)
{
    return bytes.len >= SIGNATURE_LEN && (memcmp(bytes.data, SIGNATURE_1, SIGNATURE_LEN) == 0 ||
                                          memcmp(bytes.data, SIGNATURE_2, SIGNATURE_LEN) == 0);
}

/* TCG_DEVICE_SECURITY_EVENT_DATA_PCI_CONTEXT. What stands behind the fields of version 0 belongs to
 * later versions; a USB context holds the device's own descriptors. */
static void read_context(struct reader *reader, struct tcg_device_security *device)
{
    struct reader context;
    uint16_t len;

    if (reader_left(reader) == 0)
        return;
    reader_le16(reader); /* version */
    len = reader_le16(reader);
    if (reader_ok(reader) && len < 4) {
        reader_fail(reader, ERROR_MALFORMED, "a device context of %u bytes", len);
        return;
    }
    context = reader_child(reader, reader_ok(reader) ? len - 4u : 0, "PFP 1.06 10.2.7.3");
    if (device->device_type == TCG_DEVICE_PCI) {
        device->pci.vendor = reader_le16(&context);
        device->pci.device = reader_le16(&context);
        device->pci.revision = reader_u8(&context);
        device->pci.class_code = reader_u8(&context);
        device->pci.class_code |= (uint32_t)reader_u8(&context) << 8;
        device->pci.class_code |= (uint32_t)reader_u8(&context) << 16;
        device->pci.subsystem_vendor = reader_le16(&context);
        device->pci.subsystem = reader_le16(&context);
        device->has_pci = reader_ok(&context);
    }
    reader_rest(&context);
    reader_join(reader, &context);
}

static struct span read_path(struct reader *reader)
{
    uint64_t len = reader_le64(reader);

    if (!reader_cap(reader, len, reader_left(reader), "bytes of device path"))
        return (struct span){0};
    return reader_bytes(reader, (size_t)len, "device path");
}

/* SPDM_MEASUREMENT_BLOCK: index, specification, size, then the measurement. */
static struct span read_measurement(struct reader *reader)
{
    struct reader ahead = *reader;

    reader_bytes(&ahead, 2, "index and specification");
    return reader_bytes(reader, 4 + (size_t)reader_le16(&ahead), "SPDM measurement block");
}

static void read_first_form(struct reader *reader, struct tcg_device_security *device)
{
    uint16_t len = reader_le16(reader);

    device->hash_algorithm = reader_le32(reader);
    device->device_type = reader_le32(reader);
    device->body = read_measurement(reader);
    device->device_path = read_path(reader);
    read_context(reader, device);
    if (reader_ok(reader) && len != reader->input.len)
        reader_fail(reader, ERROR_MALFORMED, "the header says %u bytes, the event has %zu", len,
                    reader->input.len);
}

/* The sub header's first fields, which measurement blocks and certificate chains have alike. */
static void read_contents(struct reader *reader, struct tcg_device_security *device, uint32_t len)
{
    struct reader contents = reader_child(reader, len, "PFP 1.06 10.2.7.2");

    if (device->contents <= TCG_DEVICE_CERTIFICATES) {
        reader_bytes(&contents, 4, "SPDM version, count or slot");
        device->hash_algorithm = reader_le32(&contents);
    }
    device->body = reader_rest(&contents);
    reader_join(reader, &contents);
}

static void read_second_form(struct reader *reader, struct tcg_device_security *device)
{
    uint32_t len, contents_len;

    device->has_authentication = true;
    device->authentication = reader_u8(reader);
    reader_u8(reader);
    len = reader_le32(reader);
    if (reader_ok(reader) && len != reader_left(reader)) {
        reader_fail(reader, ERROR_MALFORMED, "the header says %u bytes, %zu are left", len,
                    reader_left(reader));
        return;
    }
    device->device_type = reader_le32(reader);
    device->contents = reader_le32(reader);
    contents_len = reader_le32(reader);
    device->uid = reader_le64(reader);
    device->device_path = read_path(reader);
    read_contents(reader, device, contents_len);
    read_context(reader, device);
}

bool tcg_device_security_decode(struct span bytes, struct tcg_device_security *device,
                                struct error *error)
{
    struct reader reader = reader_init(bytes, CLAUSE, error);
    struct tcg_device_security decoded = {0};
    struct span signature = reader_bytes(&reader, SIGNATURE_LEN, "signature");

    decoded.version = reader_le16(&reader);
    if (reader_ok(&reader) && !tcg_device_security_is(bytes))
        return error_set(error, ERROR_UNSUPPORTED, 0, CLAUSE, "no device security event");
    if (reader_ok(&reader) && decoded.version != (signature.data[SIGNATURE_LEN - 1] ? 2 : 1))
        return reader_fail(&reader, ERROR_MALFORMED, "the structure says version %u",
                           decoded.version);
    if (decoded.version == 1)
        read_first_form(&reader, &decoded);
    else
        read_second_form(&reader, &decoded);
    if (!reader_end(&reader))
        return false;
    *device = decoded;
    return true;
}
