#include "cli/component.h"

#include "base/text.h"
#include "msg/result_json.h"

enum { SHOWN_FOUND = 4 }; /* of components with the same digest; all are in the JSON */

static json_t *package_json(const struct component_package *package)
{
    if (!package)
        return json_null();
    return json_pack("{s:s, s:s, s:s, s:s}", "format", package->format, "name", package->name,
                     "version", package->version, "architecture", package->architecture);
}

/* What every answer says of a component. */
static json_t *identity_json(const struct component *component)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:o}", "kind",
                     component_kind_name(component->kind), "path", component->path, "section",
                     component->section, "source", component->source, "version", component->version,
                     "system", component->system, "package", package_json(component->package));
}

static json_t *digests_json(const struct component *component)
{
    json_t *list = json_array();

    for (const struct component_digest *digest = component->digests; digest; digest = digest->next)
        json_array_append_new(
            list, json_pack("{s:s, s:s, s:o}", "over", component_form_name(digest->form), "alg",
                            tpm_alg_name(digest->alg), "digest",
                            result_json_hex(crypto_digest_span(&digest->digest))));
    return list;
}

static json_t *component_json(const struct component *component)
{
    json_t *object = identity_json(component), *signers = json_array(), *sbat = json_array();

    for (size_t i = 0; i < component->n_signers; i++)
        json_array_append_new(signers,
                              json_pack("{s:s, s:s, s:b}", "subject", component->signers[i].subject,
                                        "issuer", component->signers[i].issuer, "holds",
                                        component->signers[i].holds));
    for (size_t i = 0; i < component->n_sbat; i++)
        json_array_append_new(sbat,
                              json_pack("{s:s, s:I}", "component", component->sbat[i].name,
                                        "generation", (json_int_t)component->sbat[i].generation));
    json_object_set_new(object, "len", json_integer((json_int_t)component->len));
    json_object_set_new(object, "digests", digests_json(component));
    json_object_set_new(object, "signers", signers);
    json_object_set_new(object, "sbat", sbat);
    json_object_set_new(object, "problem",
                        *component->problem ? json_string(component->problem) : json_null());
    return object;
}

json_t *component_json_all(const struct component_set *set)
{
    json_t *list = json_array();

    for (const struct component *component = set->first; component; component = component->next)
        if (component->kind != COMPONENT_WORD)
            json_array_append_new(list, component_json(component));
    return list;
}

json_t *component_json_found(const struct component_digest *const *found, size_t n_found)
{
    json_t *list = json_array();

    for (size_t i = 0; i < n_found; i++) {
        json_t *object = identity_json(found[i]->component);

        json_object_set_new(object, "over", json_string(component_form_name(found[i]->form)));
        json_array_append_new(list, object);
    }
    return list;
}

/* "section .linux of /boot/uki.efi", "/boot/vmlinuz". */
static const char *place_text(struct cli *cli, const struct component *component)
{
    if (component->kind == COMPONENT_WORD)
        return arena_printf(&cli->arena, "the name %s", component->path);
    if (*component->section)
        return arena_printf(&cli->arena, "section %s of %s", component->section, component->path);
    return component->path;
}

static const char *package_text(struct cli *cli, const struct component_package *package)
{
    return arena_printf(&cli->arena, "%s %s%s%s", package->name, package->version,
                        *package->architecture ? " " : "", package->architecture);
}

/* "Linux kernel 6.1.0-56-amd64", "unified kernel image 6.1 (Debian GNU/Linux 12)". */
static const char *kind_text(struct cli *cli, const struct component *component)
{
    bool has_system = *component->system;

    return arena_printf(&cli->arena, "%s%s%s%s%s%s", component_kind_title(component->kind),
                        *component->version ? " " : "", component->version, has_system ? " (" : "",
                        component->system, has_system ? ")" : "");
}

void component_print_found(struct cli *cli, const struct component_digest *const *found,
                           size_t n_found)
{
    if (n_found == 0)
        printf("     %sunknown%s\n", talk_color(cli, TALK_BAD), talk_color(cli, TALK_PLAIN));
    for (size_t i = 0; i < n_found && i < SHOWN_FOUND; i++) {
        const struct component *component = found[i]->component;
        const struct component_package *package = component->package;

        printf("     %s%s%s", talk_color(cli, TALK_GOOD), place_text(cli, component),
               talk_color(cli, TALK_PLAIN));
        if (package)
            printf("  %s", package_text(cli, package));
        else if (*component->source && strcmp(component->source, component->path) != 0)
            printf("  %s", component->source);
        printf("  %s%s, %s%s\n", talk_color(cli, TALK_DIM), kind_text(cli, component),
               component_form_name(found[i]->form), talk_color(cli, TALK_PLAIN));
    }
    if (n_found > SHOWN_FOUND)
        printf("     and %zu more with the same digest\n", n_found - SHOWN_FOUND);
}

static void print_digest(const struct component_digest *digest)
{
    char hex[2 * LIMIT_TPM_DIGEST_LEN + 1];

    text_hex_into(hex, crypto_digest_span(&digest->digest));
    printf("      %-13s %-6s %s\n", component_form_name(digest->form), tpm_alg_name(digest->alg),
           hex);
}

static void print_one(struct cli *cli, const struct component *component)
{
    printf("  %s%s%s  %s%s%s\n", talk_color(cli, TALK_BOLD), place_text(cli, component),
           talk_color(cli, TALK_PLAIN), talk_color(cli, TALK_DIM), kind_text(cli, component),
           talk_color(cli, TALK_PLAIN));
    for (const struct component_digest *digest = component->digests; digest; digest = digest->next)
        print_digest(digest);
    for (size_t i = 0; i < component->n_signers; i++) {
        const struct component_signer *signer = &component->signers[i];

        printf("      signed by %s, issued by %s%s\n",
               *signer->subject ? signer->subject : "somebody without a certificate here",
               signer->issuer, signer->holds ? "" : ": the signature is not that of this image");
    }
    for (size_t i = 0; i < component->n_sbat; i++)
        printf("%s%s,%u%s", i == 0 ? "      SBAT " : " ", component->sbat[i].name,
               component->sbat[i].generation, i + 1 == component->n_sbat ? "\n" : "");
    if (*component->problem)
        printf("      %s%s%s\n", talk_color(cli, TALK_WARN), component->problem,
               talk_color(cli, TALK_PLAIN));
}

void component_print_all(struct cli *cli, const struct component_set *set)
{
    const struct component *last = NULL;

    for (const struct component *component = set->first; component; component = component->next) {
        if (component->kind == COMPONENT_WORD)
            continue;
        if (!last || component->source != last->source)
            printf("%s%s%s%s\n", component->source, component->package ? ": " : "",
                   component->package ? package_text(cli, component->package) : "",
                   component->package ? "" : ":");
        print_one(cli, component);
        last = component;
    }
}
