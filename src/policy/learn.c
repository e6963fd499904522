/* Writes policy text from claims.
 *
 * Owns the text, in the arena. Trusts nothing that a host wrote: names become plain key names, texts
 * become escaped literals, and both are cut into lines that the policy reader takes. Never learns
 * what is not attested. */
#include "policy/learn.h"

#include <stdarg.h>
#include <stdio.h>

enum {
    KEY_LEN_MAX = 40,     /* of a reference's key, before its number */
    LITERAL_LEN_MAX = 96, /* characters of text in one line */
};

struct learner {
    struct crypto *crypto;
    struct arena *arena;
    char *text;
    size_t len, cap;
    bool failed;
    size_t n_rules;
};

static bool make_room(struct learner *learner, size_t len)
{
    size_t cap = learner->cap ? learner->cap : 8192;
    char *text;

    if (learner->failed || len < learner->cap - learner->len)
        return !learner->failed;
    while (cap - learner->len <= len)
        cap *= 2;
    text = arena_alloc(learner->arena, cap);
    if (!text) {
        learner->failed = true;
        return false;
    }
    if (learner->len)
        memcpy(text, learner->text, learner->len);
    learner->text = text;
    learner->cap = cap;
    return true;
}

static void put(struct learner *learner, const char *format, ...) PRINTF_LIKE(2, 3);

static void put(struct learner *learner, const char *format, ...)
{
    char line[1024];
    va_list arguments;
    int len;

    va_start(arguments, format);
    len = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    if (len < 0 || (size_t)len >= sizeof line)
        learner->failed = true;
    else if (make_room(learner, (size_t)len)) {
        memcpy(learner->text + learner->len, line, (size_t)len);
        learner->len += (size_t)len;
    }
}

/* A label as the key of a reference: what the reader gives a meaning to becomes a space. */
static void put_key(struct learner *learner, size_t number, const char *label)
{
    char key[KEY_LEN_MAX + 1];
    size_t len = 0;

    for (; label && label[len] && len < KEY_LEN_MAX; len++) {
        char c = label[len];

        key[len] = c;
        if (strchr("=:;#[]\"", c) || c < 0x20 || c > 0x7E)
            key[len] = ' ';
    }
    while (len && key[len - 1] == ' ')
        len--;
    put(learner, len ? "%zu %.*s = " : "%zu = ", number, (int)len, key);
}

/* Text as string literals, joined over as many lines as it takes. A literal may be cut anywhere,
 * and is cut before a semicolon that the reader would take for a comment. */
static void put_literal(struct learner *learner, struct span text)
{
    size_t on_line = 0;

    put(learner, "\"");
    for (size_t i = 0; i < text.len; i++) {
        char c = (char)text.data[i];
        bool comment = c == ';' && i && text.data[i - 1] == ' ';
        bool character_start = (c & 0xC0) != 0x80;

        if (comment || (on_line >= LITERAL_LEN_MAX && character_start)) {
            put(learner, "\" +\n    \"");
            on_line = 0;
        }
        put(learner, c == '"' || c == '\\' ? "\\%c" : "%c", c);
        on_line++;
    }
    put(learner, "\"");
}

static void put_rule(struct learner *learner, enum claim_id id)
{
    put(learner, "\n[rule %s]\n", claim_name(id));
    put(learner, "message = %s\n",
        "the value is not that of the host this policy was learned from");
    put(learner, "serves = %s\n", claim_topic(id));
    put(learner, "grade = attested\n");
    put(learner, "require = %s", claim_name(id));
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
        put(learner, ".all(x, false)\n");
        return;
    }
    /* A reference value of text stands on one line, so lists of text are compared as literals. */
    for (size_t i = 0; i < claim->n_items; i++)
        any_text |= claim->items[i].kind == CLAIM_ITEM_TEXT;
    if (any_text) {
        put_rule(learner, id);
        put(learner, ".all(x, x in [");
        for (size_t i = 0; i < claim->n_items; i++) {
            put(learner, i ? ",\n    " : "\n    ");
            if (claim->items[i].kind == CLAIM_ITEM_TEXT) {
                put_literal(learner, claim->items[i].bytes);
            } else {
                const char *printed = digest_of(learner, &claim->items[i]);

                put_literal(learner, span_text(printed ? printed : ""));
                learner->failed |= !printed;
            }
        }
        put(learner, "])\n");
        return;
    }
    put(learner, "\n[reference %s]\n", claim_name(id));
    for (size_t i = 0; i < claim->n_items; i++) {
        const char *label = claim_item_label(&claim->items[i], learner->arena);
        const char *printed = digest_of(learner, &claim->items[i]);

        if (claim->items[i].kind == CLAIM_ITEM_CERTIFICATE)
            label = claim_item_print(learner->crypto, &claim->items[i], learner->arena);
        put_key(learner, i + 1, label);
        put(learner, "%s\n", printed ? printed : "");
        learner->failed |= !printed;
    }
    put_rule(learner, id);
    put(learner, ".all(x, x in reference(\"%s\"))\n", claim_name(id));
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
        put(learner, " == %s\n", claim->is_true ? "true" : "false");
        break;
    case CLAIM_TEXT:
        put_rule(learner, id);
        put(learner, " ==\n    ");
        put_literal(learner, span_text(claim->text));
        put(learner, "\n");
        break;
    case CLAIM_LIST:
        learn_list(learner, id, claim);
        break;
    }
}

bool policy_learn(const struct claims *claims, struct crypto *crypto, const char *name,
                  struct arena *arena, struct span *text, struct error *error)
{
    struct learner learner = {.crypto = crypto, .arena = arena};

    if (!*name || strlen(name) > LIMIT_NAME_LEN || strpbrk(name, "\r\n;"))
        return error_plain(error, ERROR_USAGE, "a policy's name is one line of text");
    put(&learner, "[policy]\nname = %.150s\nversion = 1\n", name);
    put(&learner, "description = learned from one host's attested state\n");
    for (int id = 0; id < CLAIM_IDS; id++) {
        const struct claim *claim = &claims->claims[id];

        if (claim->known && claim->grade == CLAIM_ATTESTED && is_lasting((enum claim_id)id))
            learn_claim(&learner, (enum claim_id)id, claim);
    }
    if (learner.failed)
        return arena_error(arena, error);
    if (learner.n_rules == 0)
        return error_plain(error, ERROR_NOT_FOUND,
                           "nothing about the host is attested, so there is nothing to learn");
    *text = span_of(learner.text, learner.len);
    return true;
}
