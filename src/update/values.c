/* Values: what the claims of the next boot have that those of today have not, and the other way round.
 *
 * A claim of truth has no value to accept: where one changes, or is proven less well, the operator is
 * told. Never accepts what no claim of the next boot says. */
#include "update/internal.h"

#include "base/text.h"

bool values_collect(struct planning *planning, const struct measured_log *log, const char *line,
                    struct claims **claims)
{
    struct claims_input input = *planning->host;
    struct reasons *ignored = arena_new(planning->arena, struct reasons);
    struct evidence_item *said = arena_new(planning->arena, struct evidence_item);

    *claims = arena_new(planning->arena, struct claims);
    if (!ignored || !said || !*claims)
        return arena_error(planning->arena, planning->error);
    /* Of what the host says, what it will say after its next boot is known of its command line only. */
    if (line)
        *said = (struct evidence_item){.name = span_text("kernel.command_line"),
                                       .value = span_text(line)};
    input.inventory = said;
    input.n_inventory = line ? 1 : 0;
    input.ima = (struct span){0};
    input.ima_attested = false;
    input.smbios = (struct span){0};
    input.wanted = NULL;
    input.log = log;
    return claims_collect(&input, planning->arena, *claims, ignored, planning->error);
}

static bool same_item(const struct claim_item *a, const struct claim_item *b)
{
    return a->kind == b->kind && a->alg == b->alg && span_equal(a->bytes, b->bytes);
}

static bool has_item(const struct claim *claim, const struct claim_item *item)
{
    for (size_t i = 0; claim->known && i < claim->n_items; i++)
        if (same_item(&claim->items[i], item))
            return true;
    return false;
}

/* Certificates count by their fingerprint. An item without a digest of its own cannot be compared in
 * a policy either. */
static bool add_item(struct planning *planning, struct reference_values *values, enum claim_id id,
                     const struct claim_item *item)
{
    const char *label = claim_item_label(item, planning->arena);
    struct crypto_digest *fingerprint;
    struct span bytes = item->bytes;
    uint16_t alg = item->alg;

    if (!label)
        label = claim_name(id);
    if (item->kind == CLAIM_ITEM_TEXT)
        return reference_values_add_text(values, id, label, bytes, planning->error);
    if (item->kind == CLAIM_ITEM_CERTIFICATE) {
        fingerprint = arena_new(planning->arena, struct crypto_digest);
        label = claim_item_print(planning->update->crypto, item, planning->arena);
        if (!fingerprint || !label)
            return arena_error(planning->arena, planning->error);
        crypto_fingerprint(planning->update->crypto, bytes, fingerprint);
        bytes = crypto_digest_span(fingerprint);
        alg = TPM_ALG_SHA256;
    }
    if (bytes.len == 0 || bytes.len != tpm_digest_len(alg))
        return true;
    return reference_values_add_digest(values, id, label, alg, bytes, planning->error);
}

/* Items of one claim; those that `but` has are left out. */
static bool add_items(struct planning *planning, struct reference_values *values, enum claim_id id,
                      const struct claim *claim, const struct claim *but)
{
    for (size_t i = 0; claim->known && i < claim->n_items; i++)
        if (!(but && has_item(but, &claim->items[i])) &&
            !add_item(planning, values, id, &claim->items[i]))
            return false;
    return true;
}

static bool add_text(struct planning *planning, struct reference_values *values, enum claim_id id,
                     const struct claim *claim, const struct claim *but)
{
    if (!claim->known || (but && but->known && strcmp(but->text, claim->text) == 0))
        return true;
    return reference_values_add_text(values, id, claim_name(id), span_text(claim->text),
                                     planning->error);
}

static bool gap_of_claim(struct planning *planning, enum claim_id id, const char *why)
{
    const char *what = arena_printf(planning->arena, "claim %s", claim_name(id));

    if (!what)
        return arena_error(planning->arena, planning->error);
    return plan_gap(planning, planning->log->n_events, what, why);
}

static bool compare_claim(struct planning *planning, enum claim_id id, const struct claim *today,
                          const struct claim *next)
{
    bool (*add)(struct planning *, struct reference_values *, enum claim_id, const struct claim *,
                const struct claim *) = claim_type(id) == CLAIM_LIST ? add_items : add_text;

    if (today->known && !next->known)
        return gap_of_claim(planning, id, "will be unknown");
    if (next->known && today->known && next->grade < today->grade &&
        !gap_of_claim(planning, id, "will be proven less well than now"))
        return false;
    if (claim_type(id) == CLAIM_BOOL)
        return !next->known || !today->known || today->is_true == next->is_true ||
               gap_of_claim(planning, id,
                            next->is_true ? "will be true, which no update can accept"
                                          : "will be false, which no update can accept");
    return add(planning, &planning->plan->accepted, id, next, today) &&
           add(planning, &planning->plan->retired, id, today, next) &&
           add(planning, &planning->plan->kept, id, next, NULL);
}

/* --- MokList --- */

/* shim's measurement of MokList, the first into PCR 14; NULL without one. */
static const struct measured_event *find_mok_list(const struct planning *planning)
{
    static const char NAME[] = "MokList";

    for (size_t i = 0; i < planning->n_boot; i++) {
        const struct measured_event *event = &planning->log->events[i];

        if (event->event.pcr != 14 || event->coverage == COVERAGE_UNMEASURED)
            continue;
        return span_begins(event->event.data, span_of(NAME, sizeof NAME)) ? event : NULL;
    }
    return NULL;
}

bool values_mok_list(struct planning *planning)
{
    const struct measured_event *event = find_mok_list(planning);
    struct claim_item item = {.kind = CLAIM_ITEM_DIGEST, .alg = planning->log->bank, .pcr = 14};
    const struct claim *today = &planning->today->claims[CLAIM_SECURE_BOOT_MOK_LIST];

    if (!event || !today->known)
        return true;
    item.label = "MokList as measured";
    item.bytes = event->digest;
    return has_item(today, &item) ||
           (add_item(planning, &planning->plan->accepted, CLAIM_SECURE_BOOT_MOK_LIST, &item) &&
            add_item(planning, &planning->plan->kept, CLAIM_SECURE_BOOT_MOK_LIST, &item));
}

bool values_compare(struct planning *planning, const struct claims *next)
{
    for (int id = 0; id < CLAIM_IDS; id++)
        if (!compare_claim(planning, (enum claim_id)id, &planning->today->claims[id],
                           &next->claims[id]))
            return false;
    return true;
}

/* --- Authorities --- */

/* By subject, as X.509 chains names; whether its key signed, the firmware finds out. */
static bool is_signer(const struct component *component, const char *subject)
{
    for (size_t i = 0; i < component->n_signers; i++)
        if (strcmp(component->signers[i].issuer, subject) == 0 ||
            strcmp(component->signers[i].subject, subject) == 0)
            return true;
    return false;
}

static bool add_authorities_of(struct planning *planning, const struct component *component,
                               enum claim_id list, bool *found)
{
    const struct claim *claim = &planning->today->claims[list];

    for (size_t i = 0; claim->known && i < claim->n_items; i++) {
        const struct claim_item *item = &claim->items[i];
        const char *subject;

        if (item->kind != CLAIM_ITEM_CERTIFICATE)
            continue;
        subject = claim_item_print(planning->update->crypto, item, planning->arena);
        if (!subject)
            return arena_error(planning->arena, planning->error);
        if (!is_signer(component, subject))
            continue;
        *found = true;
        if (!has_item(&planning->today->claims[CLAIM_BOOT_AUTHORITIES], item) &&
            (!add_item(planning, &planning->plan->accepted, CLAIM_BOOT_AUTHORITIES, item) ||
             !add_item(planning, &planning->plan->accepted, CLAIM_BOOT_IMAGE_AUTHORITIES, item)))
            return false;
    }
    return true;
}

/* What the file itself says against its being started. */
static bool check_image(struct planning *planning, const struct slot *slot,
                        const struct component *component)
{
    bool holds = component->n_signers == 0;
    const char *why = NULL;

    for (size_t i = 0; i < component->n_signers; i++)
        holds |= component->signers[i].holds;
    if (*component->problem)
        why = arena_printf(planning->arena, "the new one is damaged: %.200s", component->problem);
    else if (!holds)
        why = "none of its signatures is over the new one as it is: it will not start";
    else
        return true;
    return why ? plan_gap(planning, slot->event, slot->what, why)
               : arena_error(planning->arena, planning->error);
}

bool values_authorities(struct planning *planning)
{
    static const enum claim_id LISTS[] = {CLAIM_BOOT_AUTHORITIES, CLAIM_SECURE_BOOT_DB,
                                          CLAIM_SECURE_BOOT_MOK_LIST};

    if (!planning->today->claims[CLAIM_SECURE_BOOT_ENABLED].is_true)
        return true;
    for (size_t i = 0; i < planning->n_slots; i++)
        for (size_t k = 0; k < planning->slots[i].n_by; k++) {
            const struct component *component = planning->slots[i].by[k];
            bool found = component->n_signers == 0 && component->kind == COMPONENT_SECTION;

            if (planning->slots[i].form != COMPONENT_OVER_IMAGE)
                continue;
            if (!check_image(planning, &planning->slots[i], component))
                return false;
            for (size_t l = 0; l < sizeof LISTS / sizeof *LISTS; l++)
                if (!add_authorities_of(planning, component, LISTS[l], &found))
                    return false;
            if (!found && !plan_gap(planning, planning->slots[i].event, planning->slots[i].what,
                                    "nothing that is known of what the host trusts has the name "
                                    "of a signer of the new one: it may not start"))
                return false;
        }
    return true;
}
