/* What the host says of itself, and how far measured evidence bears it out.
 *
 * Trusts nobody's word beyond the grade "reported", and takes it only for the claims listed here. A
 * word never replaces what was measured or signed: where the two differ, that value stays and the
 * difference is a finding. SMBIOS tables are proven by SeaBIOS alone, which measures them first of all
 * in PCR 1, whole. EDK2's digest over a copy without serial numbers proves nothing against a host that
 * may choose the contents of its boot variables: firmware measures those into the same PCR, no digest
 * covers an event's type, and so a boot variable that holds tables passes for them. */
#include "base/text.h"
#include "claims/collect.h"
#include "wire/event_type.h"
#include "wire/smbios.h"

enum {
    SEABIOS_TAG_SMBIOS = 1, /* SeaBIOS src/tcgbios.c, TCG PC Client BIOS 1.21 11.3.2.3 */
    SEABIOS_TAG_LEN = 8 + 20,
    PCR_PLATFORM = 1,
    PCR_SECURE_BOOT = 7,
};

/* Claims for which the host's word is taken. */
static const enum claim_id REPORTED[] = {
    CLAIM_HARDWARE_MANUFACTURER,   CLAIM_HARDWARE_MODEL,
    CLAIM_HARDWARE_FIRMWARE,       CLAIM_HARDWARE_CPU,
    CLAIM_HARDWARE_CPU_FEATURES,   CLAIM_HARDWARE_MICROCODE,
    CLAIM_TPM_MANUFACTURER,        CLAIM_TPM_MODEL,
    CLAIM_TPM_FIRMWARE_VERSION,    CLAIM_TPM_SPECIFICATION,
    CLAIM_KERNEL_VERSION,          CLAIM_KERNEL_TAINTED,
    CLAIM_KERNEL_CONFIG,           CLAIM_KERNEL_SECURITY_MODULES,
    CLAIM_KERNEL_LOCKDOWN,         CLAIM_KERNEL_MODULE_SIGNATURES,
    CLAIM_KERNEL_KEXEC_SIGNATURES, CLAIM_DMA_PROTECTION_FIRMWARE,
    CLAIM_DMA_PROTECTION_RUNTIME,
};

static void find(struct collector *collector, enum reason_code code, uint32_t event,
                 const char *component, const char *expected, const char *found)
{
    reason_add(collector->reasons, (struct reason){.code = code,
                                                   .pcr = REASON_NO_PCR,
                                                   .event = event,
                                                   .component = component,
                                                   .expected = expected,
                                                   .found = found});
}

/* A claim that nothing else knew: the host's word, whatever was proven of the log. */
static void take_word(struct collector *collector, enum claim_id id)
{
    collector->claims->claims[id].grade = CLAIM_REPORTED;
}

static const char *bool_text(bool value)
{
    return value ? "true" : "false";
}

/* Lockdown may be raised while Linux runs, never lowered (kernel_lockdown(7)). */
static bool agrees(enum claim_id id, const struct claim *claim, const char *said)
{
    if (claim_type(id) == CLAIM_BOOL)
        return strcmp(said, bool_text(claim->is_true)) == 0;
    return strcmp(said, claim->text) == 0 ||
           (id == CLAIM_KERNEL_LOCKDOWN && strcmp(claim->text, "integrity") == 0 &&
            strcmp(said, "confidentiality") == 0);
}

/* Of a claim that is known from elsewhere. */
static void compare(struct collector *collector, enum claim_id id, const char *said)
{
    struct claim *claim = &collector->claims->claims[id];

    if (!agrees(id, claim, said))
        find(collector, REASON_INVENTORY_CONTRADICTED, claim_event(claim), claim_name(id),
             claim_type(id) == CLAIM_BOOL ? bool_text(claim->is_true) : claim->text, said);
    else if (claim->grade == CLAIM_UNPROVEN)
        claim->grade = CLAIM_REPORTED;
}

/* One item a line, each printable. */
static void take_list(struct collector *collector, enum claim_id id, struct span lines)
{
    while (lines.len && !collector->out_of_memory) {
        const uint8_t *end = memchr(lines.data, '\n', lines.len);
        struct span line = span_of(lines.data, end ? (size_t)(end - lines.data) : lines.len);
        const char *text = text_printable(collector->arena, line);

        lines = span_of(lines.data + line.len + (end != NULL),
                        lines.len - line.len - (end != NULL));
        if (!text)
            collector->out_of_memory = true;
        else if (*text)
            collect_item(collector, id,
                         (struct claim_item){.kind = CLAIM_ITEM_TEXT,
                                             .event = REASON_NO_EVENT,
                                             .pcr = REASON_NO_PCR,
                                             .bytes = span_text(text)});
    }
}

static void take_item(struct collector *collector, enum claim_id id, struct span value)
{
    const struct claim *claim = &collector->claims->claims[id];
    const char *said;

    if (claim_type(id) == CLAIM_LIST && !claim->known) {
        take_list(collector, id, value);
        take_word(collector, id);
        return;
    }
    said = text_printable(collector->arena, value);
    if (!said) {
        collector->out_of_memory = true;
    } else if (claim_type(id) == CLAIM_LIST || !*said ||
               (claim_type(id) == CLAIM_BOOL && strcmp(said, "true") != 0 &&
                strcmp(said, "false") != 0)) {
        find(collector, REASON_INVENTORY_MALFORMED, REASON_NO_EVENT, claim_name(id),
             claim_type(id) == CLAIM_BOOL ? "true or false" : "one value", said);
    } else if (claim->known) {
        compare(collector, id, said);
    } else {
        if (claim_type(id) == CLAIM_BOOL)
            collect_bool(collector, id, *said == 't');
        else
            collect_text(collector, id, said);
        take_word(collector, id);
    }
}

/* --- SMBIOS --- */

/* The first event that was extended into a PCR: nobody but the firmware can have made it. */
static size_t first_event(const struct measured_log *log, uint32_t pcr)
{
    size_t i = 0;

    while (i < log->n_events &&
           (log->events[i].event.pcr != pcr || log->events[i].coverage == COVERAGE_UNMEASURED))
        i++;
    return i;
}

/* The SHA-1 of the tables that SeaBIOS measured, by the one tagged event that its digest covers. PCR 7
 * of a host without UEFI begins with its separator; that of a host with UEFI with SecureBoot. */
static bool find_seabios_tag(const struct measured_log *log, size_t *event, struct span *sha1)
{
    static const uint8_t head[] = {SEABIOS_TAG_SMBIOS, 0, 0, 0, SEABIOS_TAG_LEN - 8, 0, 0, 0};
    size_t secure_boot = first_event(log, PCR_SECURE_BOOT);
    const struct measured_event *tag;

    *event = first_event(log, PCR_PLATFORM);
    if (*event == log->n_events || secure_boot == log->n_events ||
        log->events[secure_boot].separator != SEPARATOR_BIOS)
        return false;
    tag = &log->events[*event]; /* whatever it calls its type: no digest covers that */
    if (tag->covered.len != SEABIOS_TAG_LEN ||
        !span_begins(tag->covered, span_of(head, sizeof head)))
        return false;
    *sha1 = span_of(tag->covered.data + sizeof head, SEABIOS_TAG_LEN - sizeof head);
    return true;
}

/* False when the firmware measured other tables; then these are a lie. */
static bool check_measured(struct collector *collector, const struct smbios *smbios, bool *proven)
{
    const uint32_t needed = EVENT_PCR(PCR_PLATFORM) | EVENT_PCR(PCR_SECURE_BOOT);
    struct crypto_digest digest;
    struct span sha1;
    size_t event;

    *proven = false;
    if (!collector->input->crypto || !find_seabios_tag(collector->log, &event, &sha1))
        return true;
    crypto_hash_span(collector->input->crypto, TPM_ALG_SHA1, smbios->tables, &digest);
    if (!span_equal(crypto_digest_span(&digest), sha1)) {
        const char *measured = text_hex(collector->arena, sha1);
        const char *sent = text_hex(collector->arena, crypto_digest_span(&digest));

        if (measured && sent)
            collect_reason(collector, REASON_INVENTORY_CONTRADICTED, event, measured, sent,
                           "The SMBIOS tables sent are not those that the firmware measured");
        else
            collector->out_of_memory = true;
        return false;
    }
    *proven = (collector->input->attested_pcrs & needed) == needed;
    collect_event(collector, CLAIM_HARDWARE_MANUFACTURER, event);
    collect_event(collector, CLAIM_HARDWARE_MODEL, event);
    collect_event(collector, CLAIM_HARDWARE_FIRMWARE, event);
    return true;
}

static void take_machine_text(struct collector *collector, enum claim_id id, const char *text,
                              bool proven)
{
    if (!*text)
        return;
    collect_text(collector, id, text);
    collector->claims->claims[id].grade = proven ? CLAIM_ATTESTED : CLAIM_REPORTED;
}

static void collect_smbios(struct collector *collector)
{
    struct span bytes = collector->input->smbios;
    struct smbios_machine machine;
    struct smbios smbios;
    struct error error;
    bool proven;

    if (!bytes.len)
        return;
    if (!smbios_decode(bytes, &smbios, &error)) {
        find(collector, REASON_INVENTORY_MALFORMED, REASON_NO_EVENT, "SMBIOS tables", NULL,
             arena_printf(collector->arena, "byte %zu: %s", error.offset, error.message));
        return;
    }
    if (!check_measured(collector, &smbios, &proven))
        return;
    if (!smbios_machine(&smbios, collector->arena, &machine)) {
        collector->out_of_memory = true;
        return;
    }
    take_machine_text(collector, CLAIM_HARDWARE_MANUFACTURER, machine.manufacturer, proven);
    take_machine_text(collector, CLAIM_HARDWARE_MODEL, machine.model, proven);
    take_machine_text(collector, CLAIM_HARDWARE_FIRMWARE, machine.firmware, proven);
}

/* --- what certificates say --- */

/* TCG Vendor ID Registry: four characters, filled up with NULs or spaces, as "id:" and their hex (EK
 * Credential Profile 2.6 3.1.2). Ids that are no text stay as they are. */
static const char *vendor_text(struct arena *arena, struct span id)
{
    uint8_t characters[4];
    size_t len;

    if (!span_begins(id, span_text("id:")) ||
        !text_unhex(span_of(id.data + 3, id.len - 3), characters, sizeof characters, &len))
        return text_printable(arena, id);
    while (len && (characters[len - 1] == 0 || characters[len - 1] == ' '))
        len--;
    for (size_t i = 0; i < len; i++)
        if (characters[i] <= ' ' || characters[i] > '~')
            return text_printable(arena, id);
    return len ? arena_text(arena, span_of(characters, len)) : text_printable(arena, id);
}

/* Whoever signed the certificates said it. */
static void collect_endorsed(struct collector *collector)
{
    static const enum claim_id CLAIMS[ENDORSED_TEXTS] = {
        [ENDORSED_EK_ISSUER] = CLAIM_TPM_EK_ISSUER,
        [ENDORSED_TPM_MANUFACTURER] = CLAIM_TPM_MANUFACTURER,
        [ENDORSED_TPM_MODEL] = CLAIM_TPM_MODEL,
        [ENDORSED_PLATFORM_ISSUER] = CLAIM_HARDWARE_PLATFORM_ISSUER,
        [ENDORSED_PLATFORM_MANUFACTURER] = CLAIM_HARDWARE_PLATFORM_MANUFACTURER,
        [ENDORSED_PLATFORM_MODEL] = CLAIM_HARDWARE_PLATFORM_MODEL,
        [ENDORSED_PLATFORM_VERSION] = CLAIM_HARDWARE_PLATFORM_VERSION,
        [ENDORSED_PLATFORM_SERIAL] = CLAIM_HARDWARE_PLATFORM_SERIAL,
    };

    for (int i = 0; i < ENDORSED_TEXTS; i++) {
        struct span text = collector->input->endorsed.texts[i];

        if (!text.len)
            continue;
        collect_text(collector, CLAIMS[i],
                     i == ENDORSED_TPM_MANUFACTURER ? vendor_text(collector->arena, text)
                                                    : text_printable(collector->arena, text));
        if (collector->claims->claims[CLAIMS[i]].known)
            collector->claims->claims[CLAIMS[i]].grade = CLAIM_SIGNED;
    }
}

/* An id that is no text cannot be held against the text that the TPM gives of itself, and makers write the
 * model differently in the two places. */
static bool can_compare(const struct collector *collector, enum claim_id id)
{
    const struct claim *claim = &collector->claims->claims[id];

    if (!claim->known || claim->grade != CLAIM_SIGNED)
        return true;
    return id != CLAIM_TPM_MODEL &&
           (id != CLAIM_TPM_MANUFACTURER || strncmp(claim->text, "id:", 3) != 0);
}

/* One machine cannot be two. */
static void compare_platform(struct collector *collector, enum claim_id endorsed_id,
                             enum claim_id said_id)
{
    const struct claim *endorsed = &collector->claims->claims[endorsed_id];
    const struct claim *said = &collector->claims->claims[said_id];

    if (endorsed->known && said->known && strcmp(endorsed->text, said->text) != 0)
        find(collector, REASON_PLATFORM_CONTRADICTED, claim_event(said), claim_name(said_id),
             endorsed->text, said->text);
}

void collect_inventory(struct collector *collector)
{
    const struct claims_input *input = collector->input;

    collect_smbios(collector);
    collect_endorsed(collector);
    for (size_t i = 0; i < input->n_inventory && !collector->out_of_memory; i++)
        for (size_t k = 0; k < sizeof REPORTED / sizeof *REPORTED; k++)
            if (span_is(input->inventory[i].name, claim_name(REPORTED[k]))) {
                if (can_compare(collector, REPORTED[k]))
                    take_item(collector, REPORTED[k], input->inventory[i].value);
                break;
            }
    compare_platform(collector, CLAIM_HARDWARE_PLATFORM_MANUFACTURER, CLAIM_HARDWARE_MANUFACTURER);
    compare_platform(collector, CLAIM_HARDWARE_PLATFORM_MODEL, CLAIM_HARDWARE_MODEL);
}
