/* A file's kind and digests. Must never fail for what a file holds: only for memory and caps. */
#include "component/internal.h"

#include "base/text.h"
#include "verify/authenticode.h"
#include "wire/linux_image.h"
#include "wire/sbat.h"

#include <assert.h>

static const struct {
    const char *name, *title;
} KINDS[] =
    {
#define COMPONENT_KIND(symbol, name, title) {name, title},
#include "component/component.def"
},
  FORMS[] = {
#define COMPONENT_FORM(symbol, name, title) {name, title},
#include "component/component.def"
};

const char *component_kind_name(enum component_kind kind)
{
    return KINDS[kind].name;
}

const char *component_kind_title(enum component_kind kind)
{
    return KINDS[kind].title;
}

const char *component_form_name(enum component_form form)
{
    return FORMS[form].name;
}

const char *component_form_title(enum component_form form)
{
    return FORMS[form].title;
}

const char *component_text(struct component_set *set, struct span text, struct error *error)
{
    const char *copy;

    if (text.len > LIMIT_COMPONENT_TEXT_LEN)
        text.len = LIMIT_COMPONENT_TEXT_LEN;
    copy = text_printable(set->arena, text);
    if (!copy)
        arena_error(set->arena, error);
    return copy;
}

bool component_note_problem(struct component_set *set, struct component *component,
                            const struct error *problem, struct error *error)
{
    char text[512];

    if (problem->code == ERROR_MEMORY) { /* says nothing about the file */
        *error = *problem;
        return false;
    }
    if (*component->problem)
        return true;
    component->problem = arena_printf(set->arena, "%s", error_print(problem, text, sizeof text));
    if (component->problem)
        return true;
    component->problem = "";
    return arena_error(set->arena, error);
}

struct component *component_add(struct component_set *set, enum component_kind kind,
                                const struct component_file *file, struct error *error)
{
    struct component *component;
    const char *path;

    if (set->n_components >= LIMIT_COMPONENTS) {
        error_plain(error, ERROR_LIMIT, "more than %d components", LIMIT_COMPONENTS);
        return NULL;
    }
    path = component_text(set, file->path, error);
    component = path ? arena_new(set->arena, struct component) : NULL;
    if (!component) {
        arena_error(set->arena, error);
        return NULL;
    }
    *component = (struct component){.number = set->n_components,
                                    .kind = kind,
                                    .path = path,
                                    .section = "",
                                    .source = file->source,
                                    .package = file->package,
                                    .version = "",
                                    .command_line = "",
                                    .system = "",
                                    .loader = "",
                                    .problem = "",
                                    .len = file->bytes.len};
    if (set->last)
        set->last->next = component;
    else
        set->first = component;
    set->last = component;
    set->n_components++;
    return component;
}

/* A digest of the component to be filled in; NULL when the arena is full. They stand in the order in
 * which they were added. */
static struct crypto_digest *new_digest(struct component_set *set, struct component *component,
                                        enum component_form form, uint16_t alg)
{
    struct component_digest *digest = arena_new(set->arena, struct component_digest);
    struct component_digest **last = &component->digests;

    if (!digest)
        return NULL;
    *digest = (struct component_digest){.component = component, .form = form, .alg = alg};
    while (*last)
        last = &(*last)->next;
    *last = digest;
    set->n_digests++;
    return &digest->digest;
}

bool component_add_digests(struct component_set *set, struct component *component,
                           enum component_form form, const struct span *parts, size_t n_parts,
                           struct error *error)
{
    for (size_t i = 0; i < set->n_algs; i++) {
        struct crypto_digest *digest = new_digest(set, component, form, set->algs[i]);

        if (!digest)
            return arena_error(set->arena, error);
        crypto_hash(set->crypto, set->algs[i], parts, n_parts, digest);
    }
    return true;
}

bool component_add_image_digests(struct component_set *set, struct component *component,
                                 const struct pe *pe, struct error *error)
{
    struct authenticode image;
    struct error problem;

    if (!authenticode_read(pe, set->arena, &image, &problem))
        return component_note_problem(set, component, &problem, error);
    if (!component_add_digests(set, component, COMPONENT_OVER_IMAGE, image.parts, image.n_parts,
                               error))
        return false;
    return image.padding_len == 0 ||
           component_add_digests(set, component, COMPONENT_OVER_SIGNED_IMAGE, image.parts,
                                 image.n_parts + 1, error);
}

/* The signers of one PKCS #7 message. It holds for this image when it is over the digest that the
 * image has. */
static bool add_signers(struct component_set *set, struct component *component, const struct pe *pe,
                        struct span message, struct error *error)
{
    struct crypto_image_signature signature;
    struct crypto_digest digest;
    struct authenticode image;
    struct error problem;
    bool holds;

    if (!crypto_image_signature_decode(message, set->arena, &signature, &problem) ||
        !authenticode_read(pe, set->arena, &image, &problem))
        return component_note_problem(set, component, &problem, error);
    authenticode_hash(set->crypto, &image, signature.alg, false, &digest);
    holds = signature.holds &&
            span_equal(crypto_digest_span(&digest), crypto_digest_span(&signature.digest));
    for (size_t i = 0; i < signature.n_signers; i++)
        component->signers[component->n_signers++] = (struct component_signer){
            .subject = signature.signers[i].subject,
            .issuer = signature.signers[i].issuer,
            .holds = holds};
    return true;
}

static bool add_signatures(struct component_set *set, struct component *component,
                           const struct pe *pe, struct error *error)
{
    struct pe_certificate certificates[LIMIT_PE_CERTIFICATES];
    struct error problem;
    size_t n;

    if (!pe_certificates_decode(pe, certificates, LIMIT_PE_CERTIFICATES, &n, &problem))
        return component_note_problem(set, component, &problem, error);
    if (n == 0)
        return true;
    component->signers = arena_array(set->arena, n * LIMIT_IMAGE_SIGNERS,
                                     sizeof *component->signers);
    if (!component->signers)
        return arena_error(set->arena, error);
    for (size_t i = 0; i < n; i++)
        if (certificates[i].type == PE_CERTIFICATE_PKCS_SIGNED_DATA &&
            !add_signers(set, component, pe, certificates[i].data, error))
            return false;
    return true;
}

static bool add_sbat(struct component_set *set, struct component *component, const struct pe *pe,
                     struct error *error)
{
    struct sbat_entry entries[LIMIT_SBAT_ENTRIES];
    struct pe_section section;
    struct error problem;
    size_t n;

    if (!pe_find_section(pe, ".sbat", &section))
        return true;
    if (!sbat_decode(section.raw, entries, LIMIT_SBAT_ENTRIES, &n, &problem))
        return component_note_problem(set, component, &problem, error);
    component->sbat = arena_array(set->arena, n ? n : 1, sizeof *component->sbat);
    if (!component->sbat)
        return arena_error(set->arena, error);
    for (size_t i = 0; i < n; i++) {
        const char *name = component_text(set, entries[i].name, error);

        if (!name)
            return false;
        component->sbat[component->n_sbat++] = (struct component_sbat){
            .name = name, .generation = entries[i].generation};
    }
    return true;
}

static bool keep_level(struct component_set *set, struct span *level, struct error *error)
{
    const char *copy = arena_text(set->arena, *level);

    if (!copy)
        return arena_error(set->arena, error);
    level->data = (const uint8_t *)copy;
    return true;
}

/* A text in a section of its own, which need not end with a NUL. */
static struct span level_in(const struct pe_section *section)
{
    const uint8_t *nul = section->raw.len ? memchr(section->raw.data, 0, section->raw.len) : NULL;

    return nul ? span_of(section->raw.data, (size_t)(nul - section->raw.data)) : section->raw;
}

/* A shim has both levels in one section, a file of revocations for shim has one section for each. */
static bool add_sbat_levels(struct component_set *set, struct component *component,
                            const struct pe *pe, struct error *error)
{
    struct pe_section section, latest;
    struct sbat_levels levels;
    struct error problem;

    if (pe_find_long_section(pe, ".sbatlevel", &section)) {
        if (!sbat_levels_decode(section.raw, &levels, &problem))
            return component_note_problem(set, component, &problem, error);
    } else if (pe_find_section(pe, ".sbata", &section) && pe_find_section(pe, ".sbatl", &latest)) {
        levels = (struct sbat_levels){level_in(&section), level_in(&latest)};
    } else {
        return true;
    }
    if (!keep_level(set, &levels.automatic, error) || !keep_level(set, &levels.latest, error))
        return false;
    component->sbat_levels = levels;
    return true;
}

/* "#### LoaderInfo: systemd-boot 252.39 ####", for boot managers to know each other by. */
static bool name_loader(struct component_set *set, struct component *component, const struct pe *pe,
                        struct error *error)
{
    static const char BEGIN[] = "#### LoaderInfo: ", END[] = " ####";
    struct pe_section section;
    struct span name;
    const char *end;

    if (!pe_find_section(pe, ".sdmagic", &section) || !span_begins(section.raw, span_text(BEGIN)))
        return true;
    name = span_of(section.raw.data + sizeof BEGIN - 1, section.raw.len - (sizeof BEGIN - 1));
    end = name.len ? memmem(name.data, name.len, END, sizeof END - 1) : NULL;
    if (!end)
        return true;
    name.len = (size_t)((const uint8_t *)end - name.data);
    component->loader = component_text(set, name, error);
    return component->loader != NULL;
}

static bool name_kernel(struct component_set *set, struct component *component, struct span bytes,
                        struct error *error)
{
    struct error problem;
    struct span release;
    const char *version;

    if (!linux_image_is_kernel(bytes))
        return true;
    component->kind = COMPONENT_KERNEL;
    if (!linux_image_release(bytes, &release, &problem))
        return component_note_problem(set, component, &problem, error);
    version = component_text(set, release, error);
    if (!version)
        return false;
    component->version = version;
    return true;
}

static bool add_image(struct component_set *set, struct component *component,
                      const struct component_file *file, struct error *error)
{
    struct error problem;
    struct pe pe;

    if (!pe_decode(file->bytes, &pe, &problem))
        return component_note_problem(set, component, &problem, error);
    if (component->kind == COMPONENT_FILE)
        component->kind = COMPONENT_IMAGE;
    if (!component_add_image_digests(set, component, &pe, error) ||
        !add_signatures(set, component, &pe, error) || !add_sbat(set, component, &pe, error) ||
        !add_sbat_levels(set, component, &pe, error) || !name_loader(set, component, &pe, error))
        return false;
    return !component_is_unified(&pe) || component_add_sections(set, component, file, &pe, error);
}

bool component_add_file(struct component_set *set, const struct component_file *file,
                        struct error *error)
{
    struct component *component = component_add(set, COMPONENT_FILE, file, error);

    return component &&
           component_add_digests(set, component, COMPONENT_OVER_FILE, &file->bytes, 1, error) &&
           name_kernel(set, component, file->bytes, error) &&
           (!pe_is_image(file->bytes) || add_image(set, component, file, error));
}

static bool add_word(struct component_set *set, const char *name, struct error *error)
{
    struct component_file word = {.path = span_text(name), .source = ""};
    struct component *component = component_add(set, COMPONENT_WORD, &word, error);
    struct span with_nul = span_of(name, strlen(name) + 1);

    return component &&
           component_add_digests(set, component, COMPONENT_OVER_NAME, &with_nul, 1, error);
}

bool component_set_init(struct component_set *set, struct crypto *crypto, struct arena *arena,
                        const uint16_t *algs, size_t n_algs, struct error *error)
{
    static const char *const MEASURED[] = {
#define COMPONENT_SECTION(name, measured) (measured) ? (name) : NULL,
#include "component/component.def"
    };
    struct component_set made = {.crypto = crypto, .arena = arena, .n_algs = n_algs};

    assert(n_algs <= LIMIT_COMPONENT_ALGS);
    memcpy(made.algs, algs, n_algs * sizeof *algs);
    for (size_t i = 0; i < sizeof MEASURED / sizeof *MEASURED; i++)
        if (MEASURED[i] && !add_word(&made, MEASURED[i], error))
            return false;
    *set = made;
    return true;
}

const struct component_digest *component_find_digest(const struct component *component,
                                                     enum component_form form, uint16_t alg)
{
    for (const struct component_digest *digest = component->digests; digest; digest = digest->next)
        if (digest->form == form && digest->alg == alg)
            return digest;
    return NULL;
}
