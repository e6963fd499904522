#include "policy/reference_values.h"

#include "base/text.h"
#include "policy/document_text.h"

enum {
    LABEL_LEN_MAX = 96,
    /* "sha256:", " = " and " #8192" on a digest's line. */
    BESIDE_DIGEST_LEN = 16,
};

/* The claims in which a component's digest shows up; CLAIM_IDS for none. */
static const struct {
    enum component_form form;
    enum claim_id claim;
} CLAIMS[] = {
    {COMPONENT_OVER_FILE, CLAIM_BOOT_FILES},
    {COMPONENT_OVER_IMAGE, CLAIM_BOOT_IMAGES},
    {COMPONENT_OVER_SIGNED_IMAGE, CLAIM_SECURE_BOOT_DB},
    {COMPONENT_OVER_SECTION, CLAIM_BOOT_UNIFIED_KERNEL},
};

static bool is_there(const struct reference_values *values, enum claim_id claim,
                     const struct claim_item *item)
{
    for (size_t i = 0; i < values->n_values; i++) {
        const struct reference_value *other = &values->values[i];

        if (other->claim == claim && other->item.kind == item->kind &&
            other->item.alg == item->alg && span_equal(other->item.bytes, item->bytes))
            return true;
    }
    return false;
}

/* The label as a key that leaves room for the digest on its line. */
static const char *key_of(const struct reference_value *value, struct arena *arena)
{
    size_t cap = DOCUMENT_TEXT_LINE_LEN - BESIDE_DIGEST_LEN - 2 * value->item.bytes.len;
    const char *key;

    if (value->item.kind != CLAIM_ITEM_DIGEST || cap > LABEL_LEN_MAX)
        cap = LABEL_LEN_MAX;
    key = document_text_key(arena, value->label, cap);
    return key && !*key ? "value" : key;
}

static bool add(struct reference_values *values, struct reference_value value, struct error *error)
{
    if (is_there(values, value.claim, &value.item))
        return true;
    if (values->n_values == LIMIT_POLICY_REFERENCES)
        return error_plain(error, ERROR_LIMIT, "more than %d reference values",
                           LIMIT_POLICY_REFERENCES);
    if (values->n_values == values->cap) {
        size_t cap = values->cap ? 2 * values->cap : 64;
        struct reference_value *grown = arena_array(values->arena, cap, sizeof *grown);

        if (!grown)
            return arena_error(values->arena, error);
        if (values->n_values)
            memcpy(grown, values->values, values->n_values * sizeof *grown);
        values->values = grown;
        values->cap = cap;
    }
    value.label = key_of(&value, values->arena);
    if (!value.label)
        return arena_error(values->arena, error);
    value.item.event = REASON_NO_EVENT;
    value.item.pcr = REASON_NO_PCR;
    values->values[values->n_values++] = value;
    return true;
}

bool reference_values_add_digest(struct reference_values *values, enum claim_id claim,
                                 const char *label, uint16_t alg, struct span digest,
                                 struct error *error)
{
    return add(
        values,
        (struct reference_value){.claim = claim,
                                 .label = label,
                                 .item = {.kind = CLAIM_ITEM_DIGEST, .alg = alg, .bytes = digest}},
        error);
}

bool reference_values_add_text(struct reference_values *values, enum claim_id claim,
                               const char *label, struct span text, struct error *error)
{
    bool printable = text.len && text_utf8_valid(text);

    for (size_t i = 0; printable && i < text.len; i++)
        printable = text.data[i] >= 0x20 && text.data[i] != 0x7F;
    if (!printable)
        return error_plain(error, ERROR_MALFORMED, "a value of %s is not one line of text",
                           claim_name(claim));
    return add(values,
               (struct reference_value){.claim = claim,
                                        .label = label,
                                        .item = {.kind = CLAIM_ITEM_TEXT, .bytes = text}},
               error);
}

/* --- Components --- */

/* A package has thousands of files that no boot loader ever reads. */
static bool is_read_by_loader(const struct component *component)
{
    static const char *const FOLDERS[] = {"/boot/", "/usr/lib/grub/", "/usr/share/grub/"};

    if (!component->package || component->kind != COMPONENT_FILE)
        return true;
    for (size_t i = 0; i < sizeof FOLDERS / sizeof *FOLDERS; i++)
        if (strncmp(component->path, FOLDERS[i], strlen(FOLDERS[i])) == 0)
            return true;
    return false;
}

/* "shim-signed 1.44 shimx64.efi.signed", "unified.efi 6.1.0 .linux". */
static const char *label_of(const struct component *component, struct arena *arena)
{
    const struct component_package *package = component->package;
    const char *slash = strrchr(component->path, '/');
    const char *file = slash ? slash + 1 : component->path;

    if (package)
        return arena_printf(arena, "%s %s %s%s%s", package->name, package->version, file,
                            *component->section ? " " : "", component->section);
    return arena_printf(arena, "%s%s%s%s%s", file, *component->version ? " " : "",
                        component->version, *component->section ? " " : "", component->section);
}

/* Firmware compares an image with db in the form that signing gives it, which differs from what it
 * measures only where the image is padded. */
static enum claim_id claim_of(const struct component *component, enum component_form form)
{
    if (form == COMPONENT_OVER_FILE && !is_read_by_loader(component))
        return CLAIM_IDS;
    for (size_t i = 0; i < sizeof CLAIMS / sizeof *CLAIMS; i++)
        if (CLAIMS[i].form == form)
            return CLAIMS[i].claim;
    return CLAIM_IDS;
}

static bool add_component_digest(struct reference_values *values, const char *label,
                                 const struct component_digest *digest, struct error *error)
{
    const struct component *component = digest->component;
    enum claim_id claim = claim_of(component, digest->form);
    struct span bytes = crypto_digest_span(&digest->digest);

    if (claim == CLAIM_IDS)
        return true;
    if (!reference_values_add_digest(values, claim, label, digest->alg, bytes, error))
        return false;
    /* Without padding the digest that is measured is also the one that db would name. */
    if (digest->form != COMPONENT_OVER_IMAGE ||
        component_find_digest(component, COMPONENT_OVER_SIGNED_IMAGE, digest->alg))
        return true;
    return reference_values_add_digest(values, CLAIM_SECURE_BOOT_DB, label, digest->alg, bytes,
                                       error);
}

bool reference_values_add_component(struct reference_values *values,
                                    const struct component *component, struct error *error)
{
    const char *label;

    if (component->kind == COMPONENT_WORD)
        return true;
    label = label_of(component, values->arena);
    if (!label)
        return arena_error(values->arena, error);
    for (const struct component_digest *digest = component->digests; digest; digest = digest->next)
        if (!add_component_digest(values, label, digest, error))
            return false;
    return !*component->command_line ||
           reference_values_add_text(values, CLAIM_BOOT_KERNEL_COMMAND_LINE, label,
                                     span_text(component->command_line), error);
}

/* --- The document --- */

/* Values of one claim before this one with the same label. */
static size_t n_before(const struct reference_values *values, size_t index)
{
    const struct reference_value *value = &values->values[index];
    size_t n = 0;

    for (size_t i = 0; i < index; i++)
        n += values->values[i].claim == value->claim &&
             strcmp(values->values[i].label, value->label) == 0;
    return n;
}

static void put_value(struct document_text *document, const struct reference_values *values,
                      size_t index)
{
    const struct reference_value *value = &values->values[index];
    const struct claim_item *item = &value->item;
    size_t earlier = n_before(values, index);
    char hex[2 * LIMIT_TPM_DIGEST_LEN + 1];

    document_text_put(document, "%s", value->label);
    if (earlier) /* no label holds the sign */
        document_text_put(document, " #%zu", earlier + 1);
    document_text_put(document, " = ");
    if (item->kind == CLAIM_ITEM_DIGEST) {
        text_hex_into(hex, item->bytes);
        document_text_put(document, "%s:%s", tpm_alg_name(item->alg), hex);
    } else {
        document_text_put_literal(document, item->bytes);
    }
    document_text_put(document, "\n");
}

static void put_claim(struct document_text *document, const struct reference_values *values,
                      const char *section, enum claim_id claim)
{
    bool any = false;

    for (size_t i = 0; i < values->n_values; i++) {
        if (values->values[i].claim != claim)
            continue;
        if (!any)
            document_text_put(document, "\n[%s %s]\n", section, claim_name(claim));
        any = true;
        put_value(document, values, i);
    }
}

/* A head's value is a line of text: nothing in it may end it or begin another. */
static bool check_line(const char *what, const char *text, struct error *error)
{
    bool good = *text && strlen(text) <= LIMIT_DOCUMENT_NAME_LEN &&
                text_utf8_valid(span_text(text));

    for (const char *at = text; good && *at; at++)
        good = (unsigned char)*at >= 0x20 && *at != 0x7F && *at != ';';
    return good || error_plain(error, ERROR_USAGE,
                               "the %s is one line of at most %d bytes, without semicolons", what,
                               LIMIT_DOCUMENT_NAME_LEN);
}

bool reference_values_write(const struct reference_values *values,
                            const struct reference_document *document, struct span *text,
                            struct error *error)
{
    struct document_text written = {.arena = values->arena};
    struct span done;

    if (!check_line("name", document->name, error) ||
        !check_line("version", document->version, error) ||
        !check_line("description", document->description, error))
        return false;
    if (values->n_values == 0)
        return error_plain(error, ERROR_NOT_FOUND, "there is no reference value to write");
    document_text_put(&written, "[%s]\n", document->kind);
    document_text_put_words(&written, "name", document->name);
    document_text_put_words(&written, "version", document->version);
    document_text_put_words(&written, "description", document->description);
    for (int claim = 0; claim < CLAIM_IDS; claim++)
        put_claim(&written, values, document->section, (enum claim_id)claim);
    for (int claim = 0; document->retired && claim < CLAIM_IDS; claim++)
        put_claim(&written, document->retired, "retire", (enum claim_id)claim);
    if (!document_text_done(&written, &done, error))
        return false;
    if (done.len > LIMIT_POLICY_LEN)
        return error_plain(error, ERROR_LIMIT, "the document has %zu bytes, over the limit of %d",
                           done.len, LIMIT_POLICY_LEN);
    *text = done;
    return true;
}
