/* Event data in words. Every foreign text goes through base/text.h; lengths are cut to the caps of
 * base/limits.h; data that breaks its format is said to do so. Nothing here is believed. */
#include "claims/summary.h"

#include "base/text.h"
#include "claims/summary_firmware.h"
#include "wire/efi_signature_list.h"
#include "wire/efi_variable.h"
#include "wire/event_type.h"
#include "wire/sipa.h"
#include "wire/sipa_payload.h"
#include "wire/tcg_no_action.h"

#include <inttypes.h>

/* Certificates named in one summary; more are counted. */
enum { NAMED_CERTIFICATES = 8 };

/* --- UEFI variables --- */

static void say_signature_lists(struct summary *summary, struct span data)
{
    struct efi_signature_list list;
    struct efi_signature signature;
    struct error error = {0};
    enum efi_signature_step step;
    size_t n_certificates = 0, n_digests = 0, n_others = 0;

    efi_signature_list_open(&list, data, &error);
    while ((step = efi_signature_list_next(&list, &signature)) == EFI_SIGNATURE_ENTRY) {
        n_digests += signature.kind == EFI_SIGNATURE_DIGEST ||
                     signature.kind == EFI_SIGNATURE_X509_DIGEST;
        n_others += signature.kind == EFI_SIGNATURE_OTHER ||
                    signature.kind == EFI_SIGNATURE_RSA2048;
        if (signature.kind == EFI_SIGNATURE_X509 && n_certificates++ < NAMED_CERTIFICATES) {
            say_separator(summary, "; ");
            say_certificate(summary, signature.data);
        }
    }
    if (n_certificates > NAMED_CERTIFICATES)
        say(summary, "; %zu more certificates", n_certificates - NAMED_CERTIFICATES);
    if (n_digests) {
        say_separator(summary, "; ");
        say(summary, "%zu digest%s", n_digests, n_digests == 1 ? "" : "s");
    }
    if (n_others) {
        say_separator(summary, "; ");
        say(summary, "%zu other entr%s", n_others, n_others == 1 ? "y" : "ies");
    }
    if (step == EFI_SIGNATURE_FAILED)
        say_broken(summary, &error);
    else if (summary->len == 0)
        say(summary, "empty");
}

static void say_switch(struct summary *summary, struct span data)
{
    if (data.len == 0)
        say(summary, "empty");
    else if (data.len == 1 && data.data[0] <= 1)
        say(summary, "%s", data.data[0] ? "on" : "off");
    else
        say_hex(summary, data);
}

/* An authority: owner and certificate, a bare certificate, or text such as SbatLevel's. */
static void say_authority(struct summary *summary, struct span data)
{
    struct span inner = data.len > EFI_GUID_LEN
                            ? span_of(data.data + EFI_GUID_LEN, data.len - EFI_GUID_LEN)
                            : (struct span){0};

    if (data.len > 2 && data.data[0] == 0x30 && data.data[1] == 0x82)
        say_certificate(summary, data);
    else if (inner.len > 2 && inner.data[0] == 0x30 && inner.data[1] == 0x82)
        say_certificate(summary, inner);
    else if (efi_signature_list_is(data))
        say_signature_lists(summary, data);
    else
        say_hex(summary, data);
}

static bool is_one_of(const struct efi_variable *variable, const char *const *names)
{
    for (; *names; names++)
        if (efi_variable_is(variable, *names))
            return true;
    return false;
}

static void say_variable(struct summary *summary, const struct efi_variable *variable,
                         bool authority)
{
    static const char *const lists[] = {"PK",        "KEK",        "db",      "dbx",
                                        "dbt",       "dbr",        "MokList", "MokListX",
                                        "MokListRT", "MokListXRT", NULL};
    static const char *const switches[] = {"SecureBoot",   "SetupMode",      "AuditMode",
                                           "DeployedMode", "MokListTrusted", NULL};
    static const char *const texts[] = {"SbatLevel", "SbatLevelRT", NULL};

    if (efi_variable_is(variable, "MokSBState"))
        say(summary, "%s",
            variable->data.len == 1 && variable->data.data[0] == 0 ? "validation on"
                                                                   : "validation off");
    else if (is_one_of(variable, switches))
        say_switch(summary, variable->data);
    else if (is_one_of(variable, texts))
        say_printable(summary, variable->data);
    else if (authority)
        say_authority(summary, variable->data);
    else if (is_one_of(variable, lists))
        say_signature_lists(summary, variable->data);
    else if (variable->data.len == 0)
        say(summary, "empty");
    else if (!say_boot_variable(summary, variable))
        say_vendor_data(summary, variable->data);
}

static void say_variable_event(struct summary *summary, const struct measured_event *event)
{
    struct efi_variable variable;
    struct error error = {0};

    if (efi_variable_decode(event->event.data, &variable, &error))
        say_variable(summary, &variable,
                     event->event.type == EV_EFI_VARIABLE_AUTHORITY ||
                         event->event.type == EV_EFI_SPDM_DEVICE_AUTHORITY);
    else
        say_broken(summary, &error);
}

bool event_variable_name(const struct measured_event *event, struct arena *arena, const char **name)
{
    struct efi_variable variable;
    struct error ignored;

    *name = NULL;
    if (!efi_variable_decode(event->event.data, &variable, &ignored))
        return true;
    *name = text_utf16(arena, variable.name);
    return *name != NULL;
}

/* --- Windows records --- */

static void say_si_policy(struct summary *summary, struct span payload)
{
    struct sipa_si_policy policy;
    struct error error = {0};

    if (!sipa_si_policy_decode(payload, &policy, &error)) {
        say_broken(summary, &error);
        return;
    }
    say(summary, "SI_POLICY ");
    say_utf16(summary, policy.name);
    say(summary, " %s:", tpm_alg_name(policy.alg) ? tpm_alg_name(policy.alg) : "data");
    say_hex(summary, policy.digest);
}

/* Settings one by one; images and keys only as a number. */
static void say_record(struct summary *summary, const struct sipa_record *record)
{
    const char *name = sipa_name(record->id);
    uint64_t number;

    if (sipa_number(record, &number)) {
        say_separator(summary, ", ");
        say(summary, "%s %" PRIu64, name, number);
    } else if (record->id == SIPA_SI_POLICY) {
        say_separator(summary, ", ");
        say_si_policy(summary, record->payload);
    } else if (sipa_payload_kind(record->id) == SIPA_PAYLOAD_UTF16) {
        say_separator(summary, ", ");
        say(summary, "%s ", name);
        say_utf16(summary, record->payload);
    } else if (!name) {
        say_separator(summary, ", ");
        say(summary, "unknown record 0x%08x of %zu bytes", record->id, record->payload.len);
    }
}

/* Categories 7 (loaded images) and 6 (authorities) are counted: there are dozens. */
static bool is_image_record(uint32_t id)
{
    return (id >> 16 & 0xFF) == 7;
}

static void say_records(struct summary *summary, struct span data)
{
    struct sipa_walk walk;
    struct sipa_record record;
    struct error error = {0};
    enum sipa_step step;
    size_t n_images = 0, n_keys = 0;

    sipa_open(&walk, data, &error);
    while ((step = sipa_next(&walk, &record)) == SIPA_RECORD) {
        n_images += record.id == SIPA_LOADEDMODULE_AGGREGATION;
        n_keys += record.id == SIPA_AUTHORITYPUBKEY;
        if (!is_image_record(record.id) && sipa_payload_kind(record.id) != SIPA_PAYLOAD_CONTAINER)
            say_record(summary, &record);
    }
    if (n_images) {
        say_separator(summary, "; ");
        say(summary, "%zu image%s loaded", n_images, n_images == 1 ? "" : "s");
    }
    if (n_keys) {
        say_separator(summary, "; ");
        say(summary, "%zu signing key%s", n_keys, n_keys == 1 ? "" : "s");
    }
    if (step == SIPA_FAILED)
        say_broken(summary, &error);
}

/* The record of other makers: id, size, contents; contents of the Linux EFI stub are text. */
static void say_tag(struct summary *summary, struct span data)
{
    struct error ignored;
    struct reader reader = reader_init(data, "PFP 1.06 10.4.2.1", &ignored);
    uint32_t id = reader_le32(&reader);
    uint32_t len = reader_le32(&reader);
    struct span body = reader_bytes(&reader, len, "tagged event");

    if (reader_ok(&reader)) {
        say(summary, "tag 0x%08x ", id);
        say_printable(summary, body);
    } else {
        say_hex(summary, data);
    }
}

/* --- all together --- */

static void say_loader_text(struct summary *summary, const struct measured_event *event)
{
    struct span text = event->covered.data ? event->covered : event->event.data;

    bool systemd_stub = event->event.pcr >= 11 && event->event.pcr <= 13;

    /* systemd-stub logs its texts as UTF-16LE, whatever it hashes. */
    if (systemd_stub && text.len > 1 && text.data[1] == 0)
        say_utf16(summary, text);
    else
        say_printable(summary, text);
}

/* The structures of firmware. False when the type is none of them. */
static bool say_firmware_event(struct summary *summary, const struct measured_event *event)
{
    struct span data = event->event.data;

    switch (event->event.type) {
    case EV_NO_ACTION:
        say_no_action(summary, data);
        return true;
    case EV_EFI_BOOT_SERVICES_APPLICATION:
    case EV_EFI_BOOT_SERVICES_DRIVER:
    case EV_EFI_RUNTIME_SERVICES_DRIVER:
        say_image(summary, data);
        return true;
    case EV_EFI_PLATFORM_FIRMWARE_BLOB:
    case EV_POST_CODE:
        say_blob(summary, data, false);
        return true;
    case EV_EFI_PLATFORM_FIRMWARE_BLOB2:
    case EV_POST_CODE2:
        say_blob(summary, data, true);
        return true;
    case EV_EFI_HANDOFF_TABLES:
    case EV_EFI_HANDOFF_TABLES2:
        say_handoff_tables(summary, data, event->event.type == EV_EFI_HANDOFF_TABLES2);
        return true;
    case EV_EFI_GPT_EVENT:
    case EV_EFI_GPT_EVENT2:
        say_gpt(summary, data);
        return true;
    case EV_EFI_SPDM_DEVICE_BLOB:
    case EV_EFI_SPDM_DEVICE_CONFIG:
        say_device_security(summary, data);
        return true;
    default:
        return false;
    }
}

static void say_event(struct summary *summary, const struct measured_event *event)
{
    struct span data = event->event.data;
    uint32_t pcr = event->event.pcr;

    if (say_firmware_event(summary, event))
        return;
    switch (event->event.type) {
    case EV_EFI_VARIABLE_DRIVER_CONFIG:
    case EV_EFI_VARIABLE_BOOT:
    case EV_EFI_VARIABLE_BOOT2:
    case EV_EFI_VARIABLE_AUTHORITY:
    case EV_EFI_SPDM_DEVICE_POLICY:
    case EV_EFI_SPDM_DEVICE_AUTHORITY:
        say_variable_event(summary, event);
        break;
    case EV_IPL:
        say_loader_text(summary, event);
        break;
    case EV_EVENT_TAG:
        if (pcr >= 12 && pcr <= 22 && (pcr < 17 || sipa_begins(data)))
            say_records(summary, data);
        else
            say_tag(summary, data);
        break;
    case EV_EFI_ACTION:
    case EV_ACTION:
    case EV_TXT_SLAUNCH:
    case MEASURED_NO_TYPE: /* the text that systemd measured */
        say_printable(summary, data);
        break;
    default:
        say_vendor_data(summary, data);
    }
}

const char *event_summary(const struct measured_event *event, struct crypto *crypto,
                          struct arena *arena)
{
    struct summary summary = {.crypto = crypto, .arena = arena, .len = 0};

    say_event(&summary, event);
    summary.text[summary.len] = '\0';
    if (summary.out_of_memory)
        return NULL;
    return arena_text(arena, span_of(summary.text, summary.len));
}
