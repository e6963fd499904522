/* PK, KEK, db and dbx: what stands in the signature lists, and whose keys they are.
 *
 * Certificates stay unparsed: a strange one must not hide the others. Trusts the lengths in a list as
 * far as wire/efi_signature_list.h has checked them, and no name in a certificate but to distrust it. */
#include "base/text.h"
#include "claims/known_certificate.h"
#include "claims/revocations.h"
#include "claims/secure_boot.h"
#include "wire/efi_revocations.h"

/* Entries of one list: of the same kind, and mostly of one owner. */
static void read_signatures(struct secure_boot *state, enum claim_id id, struct claim_item item,
                            struct efi_signature_list *list, struct efi_signature *signature)
{
    bool is_certificate = signature->kind == EFI_SIGNATURE_X509;
    bool allows = id == CLAIM_SECURE_BOOT_PK || id == CLAIM_SECURE_BOOT_KEK ||
                  id == CLAIM_SECURE_BOOT_DB;
    const uint8_t *owner = NULL;
    size_t n = 1 + efi_signature_list_left(list);
    struct claim_item *items = collect_items(state->collector, id, n);

    item.kind = is_certificate ? CLAIM_ITEM_CERTIFICATE : CLAIM_ITEM_DIGEST;
    item.alg = signature->alg;
    for (size_t i = 0; items && i < n; i++) {
        if (!owner || memcmp(owner, signature->owner.data, EFI_GUID_LEN) != 0) {
            owner = signature->owner.data;
            item.label = efi_guid_name(efi_guid_find(signature->owner));
        }
        if (is_certificate && allows)
            state->test_key |= certificate_is_test_key(state->collector->input->crypto,
                                                       signature->data);
        item.bytes = signature->data;
        items[i] = item;
        efi_signature_list_step(list, signature);
    }
}

void secure_boot_read_list(struct secure_boot *state, size_t index, enum claim_id id, int pcr,
                           struct span data)
{
    struct claim_item item = {.event = state->collector->log->events[index].event.number,
                              .pcr = pcr};
    struct efi_signature_list list;
    struct efi_signature signature;
    struct error error = {0};
    enum efi_signature_step step;
    /* Hundreds of entries, and no other claim without a revocation list rests on them. */
    bool wanted = id != CLAIM_SECURE_BOOT_DBX || collect_wants(state->collector, id) ||
                  collect_wants(state->collector, CLAIM_SECURE_BOOT_DBX_COMPLETE);

    collect_claim(state->collector, id);
    efi_signature_list_open(&list, data, &error);
    while ((step = efi_signature_list_next(&list, &signature)) == EFI_SIGNATURE_ENTRY)
        if (wanted)
            read_signatures(state, id, item, &list, &signature);
        else
            efi_signature_list_skip(&list);
    if (!wanted)
        collect_unknown(state->collector, id);
    if (step == EFI_SIGNATURE_FAILED)
        secure_boot_malformed(state, index, id,
                              arena_printf(state->collector->arena, "%s", error.message));
}

static void conclude_test_keys(struct secure_boot *state)
{
    struct collector *collector = state->collector;
    static const enum claim_id lists[] = {CLAIM_SECURE_BOOT_PK, CLAIM_SECURE_BOOT_KEK,
                                          CLAIM_SECURE_BOOT_DB};
    bool all = true;

    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        all &= collector->claims->claims[lists[i]].known;
    if (!all && !state->test_key)
        return;
    collect_bool(collector, CLAIM_SECURE_BOOT_TEST_KEYS, state->test_key);
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        if (collector->claims->claims[lists[i]].known)
            collect_from(collector, CLAIM_SECURE_BOOT_TEST_KEYS, lists[i]);
}

/* Whether a certificate of the group is in the list. */
static bool holds(const struct collector *collector, enum claim_id list, enum known_group group)
{
    const struct claim *claim = &collector->claims->claims[list];

    for (size_t i = 0; i < claim->n_items; i++)
        if (claim->items[i].kind == CLAIM_ITEM_CERTIFICATE &&
            known_certificate_find(collector->input->crypto, claim->items[i].bytes, group))
            return true;
    return false;
}

static void conclude_microsoft(struct collector *collector)
{
    static const struct {
        enum claim_id claim, list;
        enum known_group group;
    } questions[] = {
        {CLAIM_SECURE_BOOT_MICROSOFT_2011, CLAIM_SECURE_BOOT_DB, KNOWN_MICROSOFT_2011},
        {CLAIM_SECURE_BOOT_MICROSOFT_2023, CLAIM_SECURE_BOOT_DB, KNOWN_MICROSOFT_2023},
        {CLAIM_SECURE_BOOT_MICROSOFT_KEK_2023, CLAIM_SECURE_BOOT_KEK, KNOWN_MICROSOFT_2023},
    };

    if (!collector->input->crypto)
        return;
    for (size_t i = 0; i < sizeof questions / sizeof *questions; i++) {
        if (!collector->claims->claims[questions[i].list].known)
            continue;
        collect_bool(collector, questions[i].claim,
                     holds(collector, questions[i].list, questions[i].group));
        collect_from(collector, questions[i].claim, questions[i].list);
    }
}

/* Whether dbx forbids all that the operator's list does. Without the one or the other nothing is said;
 * programs have told the operator of a list that cannot be read. */
static void conclude_dbx(struct secure_boot *state)
{
    struct collector *collector = state->collector;
    const enum claim_id id = CLAIM_SECURE_BOOT_DBX_COMPLETE;
    struct efi_revocations file;
    struct revocations compared;
    struct error error;

    if (!collector->claims->claims[CLAIM_SECURE_BOOT_DBX].known ||
        !efi_revocations_decode(collector->input->revocations, &file, &error))
        return;
    if (!revocations_compare(collector->input->crypto, file.lists, state->dbx, collector->arena,
                             &compared, &error)) {
        collector->out_of_memory |= error.code == ERROR_MEMORY;
        return;
    }
    collect_bool(collector, id, compared.n_missing == 0);
    collect_from(collector, id, CLAIM_SECURE_BOOT_DBX);
}

void secure_boot_conclude_keys(struct secure_boot *state)
{
    conclude_test_keys(state);
    conclude_microsoft(state->collector);
    if (state->collector->input->revocations.len)
        conclude_dbx(state);
}
