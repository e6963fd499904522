/* Firmware's structures in words. Nothing here is believed; data that break their format are said to
 * do so. */
#include "claims/summary_firmware.h"

#include "wire/efi_firmware_blob.h"
#include "wire/efi_gpt.h"
#include "wire/efi_handoff_tables.h"
#include "wire/efi_image_load.h"
#include "wire/efi_load_option.h"
#include "wire/tcg_device_security.h"
#include "wire/tcg_no_action.h"

#include <inttypes.h>

enum { SIGNATURE_LEN = 16 }; /* of a note */

/* --- boot variables: UEFI 2.10 section 3.3 --- */

static void say_load_option(struct summary *summary, struct span data)
{
    struct efi_load_option option;
    struct error error = {0};

    if (!efi_load_option_decode(data, &option, &error)) {
        say_broken(summary, &error);
        return;
    }
    say_utf16(summary, option.description);
    say(summary, ": ");
    say_device_path(summary, option.device_path);
    if (option.optional_data.len)
        say(summary, " and %zu bytes of data", option.optional_data.len);
    if (!(option.attributes & EFI_LOAD_OPTION_ACTIVE))
        say(summary, " (inactive)");
}

static void say_numbers(struct summary *summary, struct span data)
{
    struct error ignored;
    struct reader reader = reader_init(data, "UEFI 2.10 3.3", &ignored);

    while (reader_left(&reader) >= 2) {
        say_separator(summary, ",");
        say(summary, "%04X", reader_le16(&reader));
    }
    if (reader_left(&reader))
        say(summary, " and an odd byte");
}

bool say_boot_variable(struct summary *summary, const struct efi_variable *variable)
{
    static const char *const numbers[] = {"BootOrder", "BootNext", "BootCurrent", "DriverOrder",
                                          "SysPrepOrder"};
    static const char *const options[] = {"Boot", "Driver", "SysPrep", "OsRecovery",
                                          "PlatformRecovery"};

    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (efi_variable_is(variable, numbers[i])) {
            say_numbers(summary, variable->data);
            return true;
        }
    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        if (efi_variable_number(variable, options[i]) >= 0) {
            say_load_option(summary, variable->data);
            return true;
        }
    return false;
}

/* --- images, firmware volumes, system tables, partitions --- */

void say_image(struct summary *summary, struct span data)
{
    struct efi_image_load image;
    struct error error = {0};

    if (efi_image_load_decode(data, &image, &error))
        say_device_path(summary, image.device_path);
    else
        say_broken(summary, &error);
}

void say_blob(struct summary *summary, struct span data, bool second)
{
    struct efi_firmware_blob blob;
    struct error error = {0};

    if (!efi_firmware_blob_decode(data, second, &blob, &error)) {
        say_printable(summary, data); /* some firmware writes a name only */
        return;
    }
    if (blob.description.len) {
        say_printable(summary, blob.description);
        say(summary, ", ");
    }
    say(summary, "%" PRIu64 " bytes at 0x%" PRIx64, blob.len, blob.base);
}

void say_handoff_tables(struct summary *summary, struct span data, bool second)
{
    struct efi_handoff_tables tables;
    struct error error = {0};

    if (!efi_handoff_tables_decode(data, second, &tables, &error)) {
        say_broken(summary, &error);
        return;
    }
    if (tables.description.len) {
        say_printable(summary, tables.description);
        say(summary, ": ");
    }
    if (tables.n_tables == 0)
        say(summary, "no table");
    for (uint64_t i = 0; i < tables.n_tables; i++) {
        struct efi_handoff_table table = efi_handoff_table(&tables, i);

        say(summary, i ? "; " : "");
        say_guid(summary, table.guid);
        say(summary, " at 0x%" PRIx64, table.address);
    }
}

void say_gpt(struct summary *summary, struct span data)
{
    struct efi_gpt gpt;
    struct error error = {0};

    if (!efi_gpt_decode(data, &gpt, &error)) {
        say_broken(summary, &error);
        return;
    }
    say(summary, "disk ");
    say_guid(summary, gpt.disk_guid);
    for (uint64_t i = 0; i < gpt.n_partitions; i++) {
        struct efi_gpt_partition partition = efi_gpt_partition(&gpt, i);

        say(summary, "; ");
        say_guid(summary, partition.type_guid);
        say(summary, " ");
        say_utf16(summary, partition.name);
    }
}

/* --- devices --- */

static const char *authentication_name(uint8_t authentication)
{
    switch (authentication) {
    case TCG_DEVICE_AUTH_SUCCESS:
        return "authenticated";
    case TCG_DEVICE_AUTH_NONE:
        return "not authenticated";
    case TCG_DEVICE_AUTH_NO_BINDING:
        return "authenticated, measurement not signed";
    case TCG_DEVICE_AUTH_FAIL_NO_KEY:
        return "authentication failed: no certificate to check it by";
    case TCG_DEVICE_AUTH_FAIL_INVALID:
        return "authentication failed: invalid signature";
    case TCG_DEVICE_AUTH_NO_SPDM:
        return "does not speak SPDM";
    default:
        return "authentication unknown";
    }
}

static const char *contents_name(const struct tcg_device_security *device)
{
    switch (device->contents) {
    case TCG_DEVICE_MEASUREMENT:
        return "measurement";
    case TCG_DEVICE_CERTIFICATES:
        return "certificates";
    default:
        return "contents";
    }
}

void say_device_security(struct summary *summary, struct span data)
{
    struct tcg_device_security device;
    struct error error = {0};

    if (!tcg_device_security_is(data)) {
        say_vendor_data(summary, data);
        return;
    }
    if (!tcg_device_security_decode(data, &device, &error)) {
        say_broken(summary, &error);
        return;
    }
    if (device.has_pci)
        say(summary, "PCI device %04x:%04x revision %02x class %06x", device.pci.vendor,
            device.pci.device, device.pci.revision, device.pci.class_code);
    else
        say(summary, "%s", device.device_type == TCG_DEVICE_USB ? "USB device" : "device");
    if (device.device_path.len) {
        say(summary, " at ");
        say_device_path(summary, device.device_path);
    }
    if (device.has_authentication)
        say(summary, ", %s", authentication_name(device.authentication));
    say(summary, ", %s ", contents_name(&device));
    say_hex(summary, device.body);
}

/* --- notes --- */

static void say_locator(struct summary *summary, const char *what,
                        const struct tcg_locator *locator)
{
    if (locator->bytes.len == 0)
        return;
    say(summary, ", %s ", what);
    switch (locator->kind) {
    case TCG_LOCATOR_URI:
        say_printable(summary, locator->bytes);
        break;
    case TCG_LOCATOR_DEVICE_PATH:
        say_device_path(summary, locator->bytes);
        break;
    case TCG_LOCATOR_VARIABLE:
        if (locator->bytes.len > EFI_GUID_LEN) {
            struct span name = span_of(locator->bytes.data + EFI_GUID_LEN,
                                       locator->bytes.len - EFI_GUID_LEN);

            say(summary, "in variable ");
            say_utf16(summary, name);
            say(summary, " of ");
            say_guid(summary, span_of(locator->bytes.data, EFI_GUID_LEN));
            break;
        }
        say_hex(summary, locator->bytes);
        break;
    default:
        say_vendor_data(summary, locator->bytes);
    }
}

static void say_named(struct summary *summary, const char *what, struct span text)
{
    while (text.len && text.data[text.len - 1] == 0)
        text.len--;
    if (text.len == 0)
        return;
    say(summary, ", %s ", what);
    say_printable(summary, text);
}

static void say_manifest(struct summary *summary, const struct tcg_reference_manifest *manifest)
{
    say(summary, ", vendor %u, manifest ", manifest->vendor_id);
    say_guid(summary, manifest->guid);
    say_named(summary, "platform", manifest->platform_manufacturer);
    say_named(summary, "model", manifest->platform_model);
    say_named(summary, "version", manifest->platform_version);
    say_named(summary, "firmware of", manifest->firmware_manufacturer);
    say_named(summary, "firmware version", manifest->firmware_version);
    say_locator(summary, "manifest at", &manifest->manifest);
    say_locator(summary, "platform certificate at", &manifest->certificate);
}

void say_no_action(struct summary *summary, struct span data)
{
    struct tcg_no_action body;
    struct error error = {0};

    if (data.len < SIGNATURE_LEN) {
        say_vendor_data(summary, data);
        return;
    }
    if (!tcg_no_action_decode(data, &body, &error)) {
        say_printable(summary, span_of(data.data, SIGNATURE_LEN));
        say_broken(summary, &error);
        return;
    }
    if (body.kind == TCG_NO_ACTION_OTHER) {
        say_vendor_data(summary, data);
        return;
    }
    say_printable(summary, body.signature);
    switch (body.kind) {
    case TCG_NO_ACTION_STARTUP_LOCALITY:
        say(summary, " %u", body.startup_locality);
        break;
    case TCG_NO_ACTION_REFERENCE_MANIFEST:
        say_manifest(summary, &body.manifest);
        break;
    case TCG_NO_ACTION_HCRTM_COMPONENT:
        say_named(summary, "component", body.component.description);
        say(summary, ", ");
        say_hex(summary, body.component.measurement);
        break;
    case TCG_NO_ACTION_NV_INSTANCE:
        say(summary, ", ");
        say_device_security(summary, body.nv.data);
        break;
    case TCG_NO_ACTION_NV_DYNAMIC:
        say_named(summary, "of", body.nv.description);
        say(summary, ", ");
        say_hex(summary, body.nv.data);
        break;
    case TCG_NO_ACTION_OTHER:
    case TCG_NO_ACTION_SPEC_ID:
        break;
    }
}
