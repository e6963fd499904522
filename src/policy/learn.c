/* Writes policy text from claims.
 *
 * Owns the text, in the arena. Trusts nothing that a host wrote: names become plain key names, texts
 * become escaped literals, and both are cut into lines that the policy reader takes. Never learns
 * what is not attested. */
#include "policy/learn.h"

#include "policy/document_text.h"

enum { KEY_LEN_MAX = 40 /* of a reference's key, behind its number */ };

struct learner {
    struct crypto *crypto;
    struct arena *arena;
    struct document_text text;
    size_t n_rules;
};

/* A label as the key of a reference, behind its number. */
static void put_key(struct learner *learner, size_t number, const char *label)
{
    document_text_put(&learner->text, "%zu ", number);
    document_text_put_key(&learner->text, label ? label : "", KEY_LEN_MAX);
    document_text_put(&learner->text, " = ");
}

/* Who sets what the claim is about. */
static const char *changed_by(enum claim_id id)
{
    static const struct {
        const char *topic, *who;
    } TOPICS[] = {
        {"measured boot", "vendor"},
        {"firmware", "vendor"},
        {"hardware", "vendor"},
        {"DMA protection", "firmware set-up"},
        {"dynamic launch", "firmware set-up"},
    };

    for (size_t i = 0; i < sizeof TOPICS / sizeof *TOPICS; i++)
        if (strcmp(claim_topic(id), TOPICS[i].topic) == 0)
            return TOPICS[i].who;
    /* Of Secure Boot all but what shim reads; of debuggers the firmware's own. */
    if (id == CLAIM_DEBUG_FIRMWARE ||
        (strcmp(claim_topic(id), "Secure Boot") == 0 && strcmp(claim_systems(id), "linux") != 0))
        return "firmware set-up";
    return "operator";
}

static void put_rule(struct learner *learner, enum claim_id id)
{
    document_text_put(&learner->text, "\n[rule %s]\n", claim_name(id));
    document_text_put(&learner->text, "message = %s\n",
                      "the value is not that of the host this policy was learned from");
    document_text_put(&learner->text, "serves = %s\n", claim_topic(id));
    document_text_put(&learner->text, "changed_by = %s\n", changed_by(id));
    document_text_put(&learner->text, "grade = attested\n");
    document_text_put(&learner->text, "require = %s", claim_name(id));
    learner->n_rules++;
}

/* The digest that stands for an item in a reference: certificates count by fingerprint. */
static const char *digest_of(struct learner *learner, const struct claim_item *item)
{
    struct crypto_digest digest;
    struct claim_item fingerprint = {.kind = CLAIM_ITEM_DIGEST, .alg = TPM_ALG_SHA256};

    if (item->kind != CLAIM_ITEM_CERTIFICATE)
        return claim_item_print(learner->crypto, item, learner->arena);
    crypto_fingerprint(learner->crypto, item->bytes, &digest);
    fingerprint.bytes = crypto_digest_span(&digest);
    return claim_item_print(learner->crypto, &fingerprint, learner->arena);
}

static void learn_list(struct learner *learner, enum claim_id id, const struct claim *claim)
{
    bool any_text = false;

    if (claim->n_items == 0) { /* a reference holds something */
        put_rule(learner, id);
        document_text_put(&learner->text, ".size() == 0\n");
        return;
    }
    /* A reference value of text stands on one line, so lists of text are compared as literals. */
    for (size_t i = 0; i < claim->n_items; i++)
        any_text |= claim->items[i].kind == CLAIM_ITEM_TEXT;
    if (any_text) {
        put_rule(learner, id);
        document_text_put(&learner->text, ".all(x, x in [");
        for (size_t i = 0; i < claim->n_items; i++) {
            document_text_put(&learner->text, i ? ",\n    " : "\n    ");
            if (claim->items[i].kind == CLAIM_ITEM_TEXT) {
                document_text_put_literal(&learner->text, claim->items[i].bytes);
            } else {
                const char *printed = digest_of(learner, &claim->items[i]);

                document_text_put_literal(&learner->text, span_text(printed ? printed : ""));
                learner->text.failed |= !printed;
            }
        }
        document_text_put(&learner->text, "])\n");
        return;
    }
    document_text_put(&learner->text, "\n[reference %s]\n", claim_name(id));
    for (size_t i = 0; i < claim->n_items; i++) {
        const char *label = claim_item_label(&claim->items[i], learner->arena);
        const char *printed = digest_of(learner, &claim->items[i]);

        if (claim->items[i].kind == CLAIM_ITEM_CERTIFICATE)
            label = claim_item_print(learner->crypto, &claim->items[i], learner->arena);
        put_key(learner, i + 1, label);
        document_text_put(&learner->text, "%s\n", printed ? printed : "");
        learner->text.failed |= !printed;
    }
    put_rule(learner, id);
    document_text_put(&learner->text, ".all(x, x in reference(\"%s\"))\n", claim_name(id));
}

/* What differs between two sound boots or two sound hosts of a kind, grows by itself, or only says
 * in other words what another claim says. */
static bool is_lasting(enum claim_id id)
{
    static const enum claim_id passing[] = {
        CLAIM_SECURE_BOOT_DBX,
        CLAIM_SECURE_BOOT_DBX_COMPLETE,
        CLAIM_SECURE_BOOT_MICROSOFT_2011,
        CLAIM_SECURE_BOOT_MICROSOFT_2023,
        CLAIM_SECURE_BOOT_MICROSOFT_KEK_2023,
        CLAIM_SECURE_BOOT_SBAT_LEVEL,
        CLAIM_SECURE_BOOT_VENDOR_DB,
        CLAIM_BOOT_IMAGE_AUTHORITIES,
        CLAIM_BOOT_PHASES,
        CLAIM_BOOT_RESUMED,
        CLAIM_BOOT_BITLOCKER_UNLOCK,
        CLAIM_BOOT_ORDER,
        CLAIM_BOOT_DISK,
        CLAIM_KERNEL_PARAMETERS, /* boot.kernel_command_line says all of it */
        CLAIM_VBS_IDENTITY_KEYS,
        CLAIM_IMA_VIOLATIONS,
        CLAIM_IMA_UNSIGNED,
        CLAIM_IMA_KEYS,
    };

    for (size_t i = 0; i < sizeof passing / sizeof *passing; i++)
        if (passing[i] == id)
            return false;
    return true;
}

static void learn_claim(struct learner *learner, enum claim_id id, const struct claim *claim)
{
    switch (claim_type(id)) {
    case CLAIM_BOOL:
        put_rule(learner, id);
        document_text_put(&learner->text, " == %s\n", claim->is_true ? "true" : "false");
        break;
    case CLAIM_TEXT:
        put_rule(learner, id);
        document_text_put(&learner->text, " in [\n    "); /* where another can stand beside it */
        document_text_put_literal(&learner->text, span_text(claim->text));
        document_text_put(&learner->text, "]\n");
        break;
    case CLAIM_LIST:
        learn_list(learner, id, claim);
        break;
    }
}

bool policy_learn(const struct claims *claims, struct crypto *crypto, const char *name,
                  struct arena *arena, struct span *text, struct error *error)
{
    struct learner learner = {.crypto = crypto, .arena = arena, .text = {.arena = arena}};

    if (!*name || strlen(name) > LIMIT_NAME_LEN || strpbrk(name, "\r\n;"))
        return error_plain(error, ERROR_USAGE, "a policy's name is one line of text");
    document_text_put(&learner.text, "[policy]\nname = %.150s\nversion = 1\n", name);
    document_text_put(&learner.text, "description = learned from one host's attested state\n");
    for (int id = 0; id < CLAIM_IDS; id++) {
        const struct claim *claim = &claims->claims[id];

        if (claim->known && claim->grade == CLAIM_ATTESTED && is_lasting((enum claim_id)id))
            learn_claim(&learner, (enum claim_id)id, claim);
    }
    if (learner.n_rules == 0 && !learner.text.failed)
        return error_plain(error, ERROR_NOT_FOUND,
                           "nothing about the host is attested, so there is nothing to learn");
    return document_text_done(&learner.text, text, error);
}
