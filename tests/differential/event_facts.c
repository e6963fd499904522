#include "event_facts.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "wire/efi_firmware_blob.h"
#include "wire/efi_image_load.h"
#include "wire/efi_variable.h"
#include "wire/event_type.h"

enum { PEER_HEX_MAX = 1024 /* bytes of a body without a form that the peer prints */ };

static void put_hex(FILE *facts, const char *word, struct span bytes)
{
    fprintf(facts, "%s: ", word);
    for (size_t i = 0; i < bytes.len; i++)
        fprintf(facts, "%02x", bytes.data[i]);
    fputc('\n', facts);
}

/* As text up to its first NUL. The peer prints none that has other characters than ASCII. */
static void put_name(FILE *facts, struct span utf16)
{
    fputs("UnicodeName: ", facts);
    for (size_t i = 0; i + 1 < utf16.len && (utf16.data[i] || utf16.data[i + 1]); i += 2)
        if (utf16.data[i + 1] == 0)
            fputc(utf16.data[i], facts);
        else
            fprintf(facts, "\\u%02x%02x", utf16.data[i + 1], utf16.data[i]);
    fputc('\n', facts);
}

static void put_variable(FILE *facts, struct span data)
{
    struct efi_variable variable;
    char guid[EFI_GUID_TEXT_LEN + 1];
    struct error ignored;

    if (!efi_variable_decode(data, &variable, &ignored))
        return;
    efi_guid_print(variable.guid, guid);
    fprintf(facts, "VariableName: %s\nUnicodeNameLength: %zu\nVariableDataLength: %zu\n", guid,
            variable.name.len / 2, variable.data.len);
    put_name(facts, variable.name);
    if (variable.data.len)
        put_hex(facts, "VariableData", variable.data);
}

static void put_blob(FILE *facts, struct span data, bool second)
{
    struct efi_firmware_blob blob;
    struct error ignored;

    if (!efi_firmware_blob_decode(data, second, &blob, &ignored))
        return;
    if (second)
        put_hex(facts, "BlobDescription", blob.description);
    fprintf(facts, "BlobBase: 0x%" PRIx64 "\nBlobLength: 0x%" PRIx64 "\n", blob.base, blob.len);
}

static void put_image(FILE *facts, struct span data)
{
    struct efi_image_load image;
    struct error ignored;

    if (!efi_image_load_decode(data, &image, &ignored))
        return;
    fprintf(facts, "ImageLocationInMemory: 0x%" PRIx64 "\nImageLengthInMemory: %" PRIu64 "\n",
            image.location, image.image_len);
    fprintf(facts, "ImageLinkTimeAddress: 0x%" PRIx64 "\nLengthOfDevicePath: %zu\n",
            image.link_time_address, image.device_path.len);
    put_hex(facts, "DevicePath", image.device_path);
}

static void put_body(FILE *facts, const struct eventlog_event *event)
{
    struct span start = event->data;

    switch (event->type) {
    case EV_EFI_VARIABLE_DRIVER_CONFIG:
    case EV_EFI_VARIABLE_BOOT:
    case EV_EFI_VARIABLE_BOOT2:
    case EV_EFI_VARIABLE_AUTHORITY:
    case EV_EFI_SPDM_DEVICE_POLICY:
    case EV_EFI_SPDM_DEVICE_AUTHORITY:
        put_variable(facts, event->data);
        break;
    case EV_POST_CODE:
    case EV_S_CRTM_CONTENTS:
    case EV_EFI_PLATFORM_FIRMWARE_BLOB:
        put_blob(facts, event->data, false);
        break;
    case EV_POST_CODE2:
    case EV_EFI_PLATFORM_FIRMWARE_BLOB2:
        put_blob(facts, event->data, true);
        break;
    case EV_EFI_BOOT_SERVICES_APPLICATION:
    case EV_EFI_BOOT_SERVICES_DRIVER:
    case EV_EFI_RUNTIME_SERVICES_DRIVER:
        put_image(facts, event->data);
        break;
    case EV_IPL:
    case EV_EFI_ACTION:
        break; /* text, which the peer prints as it is */
    default:
        start.len = start.len > PEER_HEX_MAX ? PEER_HEX_MAX : start.len;
        put_hex(facts, "Event", start);
    }
}

char *event_facts(const struct eventlog_event *event)
{
    const char *name = event_type_name(event->type);
    char *text;
    size_t len;
    FILE *facts = open_memstream(&text, &len);

    assert_non_null(facts);
    fprintf(facts, "PCRIndex: %" PRId32 "\nEventType: %s\n", (int32_t)event->pcr,
            name ? name : "Unknown event type");
    for (size_t i = 0; i < event->n_digests; i++) {
        const char *alg = tpm_alg_name(event->digests[i].alg);

        put_hex(facts, alg ? alg : "(null)", event->digests[i].bytes);
    }
    fprintf(facts, "EventSize: %zu\n", event->data.len);
    /* The peer decodes the header as such. */
    if (event->data.len && (event->number > 0 || event->type != EV_NO_ACTION))
        put_body(facts, event);
    assert_int_equal(fclose(facts), 0);
    return text;
}

/* The value of the line of facts that begins with the word. */
static struct span find(const char *facts, struct span word)
{
    for (; *facts; facts += strcspn(facts, "\n") + 1)
        if (strncmp(facts, (const char *)word.data, word.len) == 0 && facts[word.len] == ':')
            return span_of(facts + word.len + 2, strcspn(facts + word.len + 2, "\n"));
    return span_of("nothing", 7);
}

static void compare_word(struct differences *differences, const char *input, const char *ours,
                         const char *peer, struct span word)
{
    struct span type = find(ours, span_text("EventType"));
    struct span our_value = find(ours, word), peer_value = find(peer, word);

    differences->n_facts++;
    if (!span_equal(our_value, peer_value))
        differences_see(differences, input, "%.*s %.*s: we say %.*s, the peer %.*s", (int)type.len,
                        (const char *)type.data, (int)word.len, (const char *)word.data,
                        our_value.len > 70 ? 70 : (int)our_value.len, (const char *)our_value.data,
                        peer_value.len > 70 ? 70 : (int)peer_value.len,
                        (const char *)peer_value.data);
}

void event_facts_compare(struct differences *differences, const char *input, const char *ours,
                         const char *peer)
{
    const struct span nothing = span_text("nothing");

    for (const char *line = ours; *line; line += strcspn(line, "\n") + 1)
        compare_word(differences, input, ours, peer, span_of(line, strcspn(line, ":")));
    for (const char *line = peer; *line; line += strcspn(line, "\n") + 1) {
        struct span word = span_of(line, strcspn(line, ":"));

        if (span_equal(find(ours, word), nothing))
            compare_word(differences, input, ours, peer, word);
    }
}

void event_facts_compare_log(struct differences *differences, const char *input, struct span log,
                             const char *folder, bool peer_replayed)
{
    struct eventlog_event event;
    struct eventlog events;
    struct peer_yaml yaml;
    struct error error;
    char *peer, *next;
    enum eventlog_step step = EVENTLOG_FAILED;

    if (!eventlog_open(&events, log, &error))
        return;
    peer_yaml_open(&yaml, folder);
    peer = peer_yaml_next(&yaml);
    while ((step = eventlog_next(&events, &event)) == EVENTLOG_EVENT && peer) {
        char *ours = event_facts(&event);

        next = peer_yaml_next(&yaml);
        if (next || peer_replayed)
            event_facts_compare(differences, input, ours, peer);
        differences->n_events += next || peer_replayed;
        free(ours);
        free(peer);
        peer = next;
    }
    if (peer_replayed && step == EVENTLOG_EVENT)
        differences_see(differences, input, "the peer lacks our last events");
    if (peer_replayed && step == EVENTLOG_END && peer)
        differences_see(differences, input, "the peer has events behind our last one");
    free(peer);
    peer_yaml_close(&yaml);
}
