/* What the IMA list says: violations, whether it belongs to this boot, whose signatures its files
 * carry, which policies and keys were measured.
 *
 * Reads only the part of the list that the caller found proven. Of a violation nothing is proven but
 * that there was one: the TPM was extended with ones instead of a digest of the entry. So nothing
 * that a violation says of a file is believed. Entries of another PCR than the first one's are left
 * out: src/verify has refused such a list, or nobody proved it. */
#include "wire/ima.h"

#include "base/text.h"
#include "claims/collect.h"
#include "verify/ima.h"
#include "verify/ima_boot_aggregate.h"
#include "wire/ima_hash.h"

/* One reading of the list. */
struct reading {
    struct collector *collector;
    uint32_t pcr; /* that the first entry names */
    uint32_t n_violations, n_unknown_templates;
    const char *first_violation;
    bool unreadable; /* some entry's fields: nothing can be said of all entries */
    bool broken;     /* said as a finding: once is enough */
    bool altered;
    uint32_t n_boots; /* entries called boot_aggregate */
    size_t n_signed;
    bool full[CLAIM_IDS]; /* too many items to list, or to check: a shortened list would lie */
    bool any_bad, any_unchecked;
};

static struct claim *ima_claim(struct collector *collector, enum claim_id id)
{
    struct claim *claim = collect_claim(collector, id);

    claim->grade = collector->input->ima_attested ? CLAIM_ATTESTED : CLAIM_REPORTED;
    return claim;
}

static void find(struct reading *reading, enum reason_code code, struct span name,
                 const char *expected, const char *found)
{
    struct collector *collector = reading->collector;
    const char *component = name.len ? text_printable(collector->arena, name) : NULL;

    if ((name.len && !component) || !found) {
        collector->out_of_memory = true;
        return;
    }
    reason_add(collector->reasons, (struct reason){.code = code,
                                                   .pcr = (int)reading->pcr,
                                                   .event = REASON_NO_EVENT,
                                                   .component = component,
                                                   .expected = expected,
                                                   .found = found});
}

static const char *entry_number(struct reading *reading, const struct ima_entry *entry)
{
    return arena_printf(reading->collector->arena, "entry %u", entry->number);
}

/* --- Which boot --- */

static void collect_boot_aggregate(struct reading *reading, const struct ima_entry *entry,
                                   const struct ima_fields *fields)
{
    struct collector *collector = reading->collector;
    const uint32_t boot = 0x3FF, proven = collector->input->attested_pcrs;
    struct crypto_digest expected;
    enum ima_boot_aggregate result;
    struct claim *claim;

    if (!collector->input->crypto)
        return;
    result = ima_boot_aggregate_check(collector->input->crypto, collector->log, &fields->digest,
                                      &expected);
    if (result == IMA_BOOT_AGGREGATE_UNKNOWN)
        return;
    claim = ima_claim(collector, CLAIM_IMA_BOOT_AGGREGATE);
    claim->is_true = entry->number == 0 && ima_is_boot_aggregate(fields) &&
                     result == IMA_BOOT_AGGREGATE_MATCHES;
    if ((proven & boot) != boot && claim->grade == CLAIM_ATTESTED)
        claim->grade = CLAIM_REPORTED;
    if (!claim->is_true)
        find(reading, REASON_IMA_BOOT_AGGREGATE, fields->name,
             text_hex(collector->arena, crypto_digest_span(&expected)),
             text_hex(collector->arena, fields->digest.bytes));
}

/* The first entry of a list is boot_aggregate, or somebody took it away; each further one of that
 * name is that of a kernel which kexec started (Linux security/integrity/ima/ima_kexec.c carries the
 * list over). */
static void read_boot(struct reading *reading, const struct ima_entry *entry,
                      const struct ima_fields *fields)
{
    if (reading->n_boots++ == 0)
        collect_boot_aggregate(reading, entry, fields);
    else if (reading->n_boots == 2)
        find(reading, REASON_IMA_KEXEC, fields->name, NULL, entry_number(reading, entry));
}

/* --- Policies and keys --- */

static void add_item(struct reading *reading, enum claim_id id, struct claim_item item)
{
    if (reading->full[id] || reading->collector->claims->claims[id].n_items == LIMIT_CLAIM_ITEMS) {
        reading->full[id] = true;
        return;
    }
    item.event = REASON_NO_EVENT;
    item.pcr = (int)reading->pcr;
    collect_item(reading->collector, id, item);
}

/* The name as it may be shown. */
static const char *shown(struct reading *reading, struct span name)
{
    const char *text = text_printable(reading->collector->arena, name);

    reading->collector->out_of_memory |= !text;
    return text;
}

static void add_digest(struct reading *reading, enum claim_id id, const struct ima_fields *fields)
{
    const struct ima_hash *hash = ima_hash_by_name(fields->digest.alg);

    add_item(reading, id,
             (struct claim_item){.kind = CLAIM_ITEM_DIGEST,
                                 .alg = hash ? hash->tpm_alg : 0,
                                 .label = shown(reading, fields->name),
                                 .bytes = fields->digest.bytes});
}

/* DER of a SEQUENCE that fills the buffer: the only payload that KEY_CHECK measures is that of an
 * asymmetric key, mostly a certificate. */
static bool is_der(struct span bytes)
{
    return bytes.len > 4 && bytes.data[0] == 0x30 && bytes.data[1] == 0x82 &&
           ((size_t)bytes.data[2] << 8 | bytes.data[3]) + 4 == bytes.len;
}

static void read_buffer(struct reading *reading, const struct ima_fields *fields)
{
    if (is_der(fields->buffer))
        add_item(reading, CLAIM_IMA_KEYS,
                 (struct claim_item){.kind = CLAIM_ITEM_CERTIFICATE,
                                     .label = shown(reading, fields->name),
                                     .bytes = fields->buffer});
    else if (fields->name.len && fields->name.data[0] == '.') /* the kernel's keyrings */
        add_digest(reading, CLAIM_IMA_KEYS, fields);
}

/* --- Signatures --- */

static void add_unsigned(struct reading *reading, const struct ima_fields *fields)
{
    const char *name = reading->full[CLAIM_IMA_UNSIGNED] ? NULL : shown(reading, fields->name);

    if (name)
        add_item(reading, CLAIM_IMA_UNSIGNED,
                 (struct claim_item){.kind = CLAIM_ITEM_TEXT, .bytes = span_text(name)});
}

static void read_signature(struct reading *reading, const struct ima_entry *entry,
                           const struct ima_fields *fields)
{
    const struct claims_input *input = reading->collector->input;
    struct ima_signer signer = {.state = IMA_SIGNED_NONE};

    if (fields->signature.len || fields->modsig.len) {
        if (reading->n_signed++ == LIMIT_IMA_SIGNATURES)
            reading->full[CLAIM_IMA_UNSIGNED] = reading->any_unchecked = true;
        if (reading->n_signed > LIMIT_IMA_SIGNATURES)
            return;
        signer = ima_signature_check(input->crypto, input->ima_certificates, entry, fields);
    }
    if (signer.state == IMA_SIGNED_VALID)
        return;
    add_unsigned(reading, fields);
    if (signer.state == IMA_SIGNED_UNCHECKED)
        reading->any_unchecked = true;
    else if (signer.state != IMA_SIGNED_NONE)
        reading->any_bad = true;
    if (signer.state == IMA_SIGNED_INVALID)
        find(reading, REASON_IMA_SIGNATURE_INVALID, fields->name, NULL,
             entry_number(reading, entry));
}

/* A list of what is in all entries is none when one of them cannot be read. */
static void conclude_list(struct reading *reading, enum claim_id id, bool may_be_empty)
{
    struct collector *collector = reading->collector;

    if (reading->full[id] || reading->unreadable)
        collect_unknown(collector, id);
    else if (may_be_empty || collector->claims->claims[id].n_items)
        ima_claim(collector, id);
}

static void conclude_signatures(struct reading *reading)
{
    struct collector *collector = reading->collector;

    if (!collector->input->ima_certificates || !collector->input->crypto)
        return;
    if (reading->any_bad || (reading->n_signed && !reading->any_unchecked && !reading->unreadable))
        ima_claim(collector, CLAIM_IMA_SIGNATURES)->is_true = !reading->any_bad;
    conclude_list(reading, CLAIM_IMA_UNSIGNED, true); /* an empty list is good news */
}

/* --- Entries --- */

static bool all_zero(struct span bytes)
{
    for (size_t i = 0; i < bytes.len; i++)
        if (bytes.data[i])
            return false;
    return true;
}

/* The kernel leaves room for a digest and puts zeros there (ima_template_lib.c). */
static void read_violation(struct reading *reading, const struct ima_entry *entry,
                           const struct ima_fields *fields)
{
    if (reading->n_violations++ == 0)
        reading->first_violation = arena_printf(
            reading->collector->arena, "entry %u says %s", entry->number,
            text_printable(reading->collector->arena, fields->name));
    if (all_zero(fields->digest.bytes) || reading->altered)
        return;
    reading->altered = true;
    find(reading, REASON_IMA_VIOLATION_ALTERED, fields->name, "zeros",
         entry_number(reading, entry));
}

static void read_fields(struct reading *reading, const struct ima_entry *entry,
                        const struct ima_fields *fields)
{
    const struct claims_input *input = reading->collector->input;

    if (ima_is_boot_aggregate(fields) || entry->number == 0) {
        read_boot(reading, entry, fields);
        return;
    }
    if (fields->buffer.len) {
        read_buffer(reading, fields);
        return;
    }
    if (ima_is_policy_path(fields->name))
        add_digest(reading, CLAIM_IMA_POLICIES, fields);
    if (input->ima_certificates && input->crypto)
        read_signature(reading, entry, fields);
}

static void read_entry(struct reading *reading, const struct ima_entry *entry)
{
    struct ima_fields fields = {0};
    struct error error;
    char text[sizeof error.message + 128];

    if (entry->number == 0)
        reading->pcr = entry->pcr;
    if (entry->pcr != reading->pcr)
        return;
    if (!ima_entry_decode(entry, &fields, &error)) {
        reading->unreadable = true;
        reading->n_violations += entry->violation;
        if (error.code == ERROR_UNSUPPORTED) {
            reading->n_unknown_templates++;
        } else if (!reading->broken) {
            reading->broken = true;
            find(reading, REASON_IMA_MALFORMED, span_of(NULL, 0), NULL,
                 arena_printf(reading->collector->arena, "entry %u: %s", entry->number,
                              error_print(&error, text, sizeof text)));
        }
    } else if (entry->violation) {
        read_violation(reading, entry, &fields);
    } else {
        read_fields(reading, entry, &fields);
    }
}

static void conclude(struct reading *reading)
{
    struct arena *arena = reading->collector->arena;

    ima_claim(reading->collector, CLAIM_IMA_VIOLATIONS)->is_true = reading->n_violations > 0;
    if (reading->n_violations)
        find(reading, REASON_IMA_VIOLATION, span_of(NULL, 0), NULL,
             arena_printf(arena, "%u violations%s%s", reading->n_violations,
                          reading->first_violation ? "; " : "",
                          reading->first_violation ? reading->first_violation : ""));
    if (reading->n_unknown_templates)
        find(reading, REASON_IMA_TEMPLATE_UNKNOWN, span_of(NULL, 0), NULL,
             arena_printf(arena, "%u entries", reading->n_unknown_templates));
    conclude_list(reading, CLAIM_IMA_POLICIES, false);
    conclude_list(reading, CLAIM_IMA_KEYS, false);
    conclude_signatures(reading);
}

void collect_ima(struct collector *collector)
{
    struct reading reading = {.collector = collector};
    struct ima_list list;
    struct ima_entry entry;
    struct error ignored; /* verify reports what breaks the format; here it is merely unknown */
    enum ima_step step;

    if (collector->input->ima.len == 0 || !ima_list_open(&list, collector->input->ima, &ignored))
        return;
    while ((step = ima_list_next(&list, &entry)) == IMA_ENTRY)
        read_entry(&reading, &entry);
    if (step == IMA_FAILED) {
        for (int id = CLAIM_IMA_VIOLATIONS; id <= CLAIM_IMA_KEYS; id++)
            collect_unknown(collector, (enum claim_id)id);
        return;
    }
    conclude(&reading);
}
