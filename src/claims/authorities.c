/* In whose name images were loaded: PFP 1.06 section 3.3.4.8 and shim's README.tpm.
 *
 * Firmware measures an authority into PCR 7 once, before the first image that needs it; shim does so
 * too, but some of its versions measure the image into PCR 4 first. Believes what a digest covers.
 * Which authority belongs to which image is another matter: the TPM proves the order of events within
 * one PCR and not between two, so root may interleave PCR 4 and 7 in the log as it likes. With one
 * authority that changes nothing, since there is no other choice; with more, the answer is the log's
 * word. Never guesses: an image that may have more than one authority has none here. */
#include "base/text.h"
#include "claims/known_certificate.h"
#include "claims/secure_boot.h"
#include "wire/efi_signature_list.h"
#include "wire/event_type.h"

/* More than anybody has are not searched. */
static bool is_listed(const struct collector *collector, struct span authority)
{
    const struct claim *claim = &collector->claims->claims[CLAIM_BOOT_AUTHORITIES];

    for (size_t i = 0; i < claim->n_items && i < LIMIT_BOOT_AUTHORITIES; i++)
        if (span_equal(claim->items[i].bytes, authority))
            return true;
    return claim->n_items > LIMIT_BOOT_AUTHORITIES;
}

void secure_boot_add_authority(struct secure_boot *state, size_t index, struct span data,
                               const char *label)
{
    struct collector *collector = state->collector;
    struct claim_item item = {.kind = CLAIM_ITEM_CERTIFICATE,
                              .event = collector->log->events[index].event.number,
                              .pcr = 7,
                              .label = label,
                              .bytes = data};

    if (!certificate_is_framed(data) && data.len > EFI_GUID_LEN)
        item.bytes = span_of(data.data + EFI_GUID_LEN, data.len - EFI_GUID_LEN);
    if (!certificate_is_framed(item.bytes)) {
        item.kind = CLAIM_ITEM_DIGEST;
        item.alg = item.bytes.len == 32 ? TPM_ALG_SHA256 : 0;
    }
    state->n_authorities++;
    if (item.kind == CLAIM_ITEM_CERTIFICATE) {
        const struct known_certificate *known = known_certificate_find(
            collector->input->crypto, item.bytes, KNOWN_MICROSOFT_2011 | KNOWN_MICROSOFT_2023);

        state->n_windows_authorities += known && (known->uses & KNOWN_WINDOWS);
    }
    state->shim_loads |= strcmp(label, "db") != 0 || is_listed(collector, item.bytes);
    collect_item(collector, CLAIM_BOOT_AUTHORITIES, item);
    collect_event(collector, CLAIM_BOOT_AUTHORITIES, index);
    if (strcmp(label, "vendor_db") == 0 || strcmp(label, "Shim") == 0) {
        collect_item(collector, CLAIM_SECURE_BOOT_VENDOR_DB, item);
        collect_event(collector, CLAIM_SECURE_BOOT_VENDOR_DB, index);
    }
}

/* db allows; dbx, which shim measures when it matches, forbids (shim README.tpm). vendor_db is
 * shim's, under the firmware's GUID. */
static void read_database(struct secure_boot *state, size_t index,
                          const struct efi_variable *variable)
{
    if (efi_variable_is(variable, "db")) {
        secure_boot_add_authority(state, index, variable->data, "db");
    } else if (efi_variable_is(variable, "vendor_db")) {
        secure_boot_read_shim(state, index, variable);
    } else if (efi_variable_is(variable, "dbx")) {
        collect_reason(state->collector, REASON_BOOT_IMAGE_DENIED, index, NULL, "dbx", NULL);
    } else {
        state->authority_unknown = true;
    }
}

void secure_boot_read_authority(struct secure_boot *state, size_t index)
{
    const struct measured_event *event = &state->collector->log->events[index];
    struct efi_variable variable;
    struct error ignored;

    if (!collect_covers_name(event) || !efi_variable_decode(event->covered, &variable, &ignored)) {
        state->authority_unknown = true;
        return;
    }
    switch (efi_guid_find(variable.guid)) {
    case EFI_GUID_SHIM_LOCK:
        secure_boot_read_shim(state, index, &variable);
        break;
    case EFI_GUID_IMAGE_SECURITY_DATABASE:
        read_database(state, index, &variable);
        break;
    default:
        state->authority_unknown = true;
    }
}

/* --- images --- */

enum { NO_AUTHORITY = -1 };

/* Where the walk stands between PCR 7 and the PCRs of images. */
struct matching {
    struct collector *collector;
    const struct claim_item *distinct[LIMIT_BOOT_AUTHORITIES];
    size_t n_distinct;
    size_t n_pending; /* new authorities that no image has taken */
    bool shim;        /* shim runs: an image may be measured before its authority */
    bool has_last;    /* an image came before */
    bool last_open;   /* and may still get another authority */
    int last_authority;
    struct claim_item last; /* the image */
};

/* The last image keeps what it has. */
static void settle(struct matching *matching)
{
    struct claim_item item = matching->last;

    if (matching->has_last && matching->last_authority != NO_AUTHORITY) {
        const struct claim_item *authority = matching->distinct[matching->last_authority];

        item.kind = authority->kind;
        item.alg = authority->alg;
        item.bytes = authority->bytes;
        collect_item(matching->collector, CLAIM_BOOT_IMAGE_AUTHORITIES, item);
    }
    matching->has_last = false;
}

/* False when there are more than anybody has. */
static bool meet_authority(struct matching *matching, const struct claim_item *authority)
{
    for (size_t i = 0; i < matching->n_distinct; i++)
        if (span_equal(matching->distinct[i]->bytes, authority->bytes))
            return true; /* shim measures the firmware's once more */
    if (matching->n_distinct == LIMIT_BOOT_AUTHORITIES)
        return false;
    if (matching->last_open)
        matching->last_authority = NO_AUTHORITY; /* it may have waited for this one */
    matching->distinct[matching->n_distinct++] = authority;
    matching->n_pending++;
    return true;
}

static void meet_image(struct matching *matching, const struct claim_item *image)
{
    bool same = matching->has_last && span_equal(matching->last.bytes, image->bytes);
    int newest = (int)matching->n_distinct - 1;
    int authority = NO_AUTHORITY;

    if (matching->n_pending == 1) {
        /* It was measured for this image, or for the last one if that has none yet. */
        if (same || !matching->has_last || !matching->shim || !matching->last_open)
            authority = newest;
        if (same && matching->last_open)
            matching->last_authority = newest;
    } else if (matching->n_pending == 0) {
        authority = same ? matching->last_authority : matching->n_distinct == 1 ? 0 : NO_AUTHORITY;
    }
    settle(matching);
    matching->last_open = matching->shim && (matching->n_pending == 0 || authority == NO_AUTHORITY);
    matching->n_pending = 0;
    matching->last = *image;
    matching->last_authority = authority;
    matching->has_last = true;
}

/* shim runs: the image before is shim itself. Firmware that measures images first (seen on one
 * make) has by now measured shim's authority. */
static void meet_shim(struct matching *matching)
{
    if (matching->n_pending == 1 && matching->has_last &&
        matching->last_authority == NO_AUTHORITY) {
        matching->last_authority = (int)matching->n_distinct - 1;
        matching->n_pending = 0;
    }
    matching->shim = true;
    matching->last_open = false;
}

static bool match(struct matching *matching)
{
    const struct claim *images = &matching->collector->claims->claims[CLAIM_BOOT_IMAGES];
    const struct claim *authorities = &matching->collector->claims->claims[CLAIM_BOOT_AUTHORITIES];
    size_t a = 0, i = 0;
    bool begun = false;

    /* Without a sign of where shim began, it may have been anywhere. */
    matching->shim = matching->collector->shim &&
                     matching->collector->shim_begins == REASON_NO_EVENT;
    while (a < authorities->n_items || i < images->n_items) {
        bool image = a == authorities->n_items ||
                     (i < images->n_items && images->items[i].event < authorities->items[a].event);
        uint32_t event = image ? images->items[i].event : authorities->items[a].event;

        if (!begun && event > matching->collector->shim_begins) {
            meet_shim(matching);
            begun = true;
        }
        if (image)
            meet_image(matching, &images->items[i++]);
        else if (!meet_authority(matching, &authorities->items[a++]))
            return false;
    }
    /* Nothing comes after the last image that the last authority could be for. */
    if (matching->n_pending == 1 && matching->last_authority == NO_AUTHORITY)
        matching->last_authority = (int)matching->n_distinct - 1;
    settle(matching);
    return true;
}

void collect_image_authorities(struct collector *collector)
{
    const enum claim_id id = CLAIM_BOOT_IMAGE_AUTHORITIES;
    struct matching matching = {.collector = collector, .last_authority = NO_AUTHORITY};
    const struct claim *images = &collector->claims->claims[CLAIM_BOOT_IMAGES];

    /* Where nobody checked images, or an authority may be missing, nothing follows. */
    if (!collector->loader_vouched || !images->known ||
        !collector->claims->claims[CLAIM_BOOT_AUTHORITIES].known)
        return;
    if (!collect_room(collector, id, images->n_items) || !match(&matching) ||
        collector->claims->claims[id].n_items == 0) {
        collect_unknown(collector, id);
        return;
    }
    collect_from(collector, id, CLAIM_BOOT_AUTHORITIES);
    collect_from(collector, id, CLAIM_BOOT_IMAGES);
    if (matching.n_distinct > 1 && collector->claims->claims[id].grade > CLAIM_REPORTED)
        collector->claims->claims[id].grade = CLAIM_REPORTED;
}
