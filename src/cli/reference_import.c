/* bootseal reference import: reference values from the documents that vendors publish.
 *
 * Takes nothing before a key that the operator named has signed all of it, unless the operator says
 * --unsigned; then the document says so too. Values that a register ends with are never taken: they say
 * that something differs, and not what. */
#include "cli/reference.h"

#include "base/text.h"
#include "os/clock.h"
#include "verify/cose_signature.h"
#include "wire/corim.h"

enum exit_status reference_manifest_error(struct cli *cli, const struct error *error)
{
    enum exit_status status = talk_error_next(cli, cli->arguments[0], error, NULL);

    return error->code == ERROR_DENIED ? EXIT_HOLDS_NOT : status;
}

bool reference_import_digest(struct reference_import *import, enum claim_id usual,
                             const char *label, uint16_t alg, struct span digest,
                             struct error *error)
{
    return reference_values_add_digest(&import->values,
                                       import->claim != CLAIM_IDS ? import->claim : usual, label,
                                       alg, digest, error);
}

/* --- CoRIM --- */

static bool check_content_type(const struct cose_sign1 *sign1, struct error *error)
{
    return span_is(sign1->content_type, "application/rim+cbor") ||
           span_is(sign1->content_type, "application/corim-unsigned+cbor") ||
           error_set(error, ERROR_MALFORMED, ERROR_NO_OFFSET, "CoRIM 4.2.1",
                     "the signed content is not called a CoRIM (application/rim+cbor)");
}

static bool find_signer(struct cli *cli, const struct cose_sign1 *sign1,
                        const struct reference_signers *signers, const char **signer,
                        struct error *error)
{
    for (size_t i = 0; i < signers->n; i++) {
        bool holds = false;

        if (!cose_signature_verify(cli->crypto, sign1, signers->keys[i], &cli->arena, &holds,
                                   error))
            return false;
        if (holds) {
            *signer = signers->subjects[i];
            return true;
        }
    }
    return error_set(error, ERROR_DENIED, ERROR_NO_OFFSET, "RFC 9052 4.4",
                     "none of the %zu certificates signed the manifest as it is", signers->n);
}

static bool check_validity(const struct corim_validity *validity, struct error *error)
{
    char text[OS_TIME_TEXT_LEN];
    int64_t now_s = os_now_s();

    if (validity->has_not_before && now_s < validity->not_before_s)
        return error_set(error, ERROR_DENIED, ERROR_NO_OFFSET, "CoRIM 7.3",
                         "the manifest holds from %s on",
                         os_time_print(validity->not_before_s, text));
    if (validity->has_not_after && now_s > validity->not_after_s)
        return error_set(error, ERROR_DENIED, ERROR_NO_OFFSET, "CoRIM 7.3",
                         "the manifest held until %s", os_time_print(validity->not_after_s, text));
    return true;
}

/* The unsigned CoRIM in bytes, after its signature has been looked at. */
static bool open_corim(struct cli *cli, struct span bytes, const struct reference_signers *signers,
                       struct reference_import *import, struct corim *corim, struct error *error)
{
    struct corim_validity validity = {0};
    struct cose_sign1 sign1;

    if (!cose_sign1_is(bytes))
        return signers->n ? error_set(error, ERROR_DENIED, ERROR_NO_OFFSET, "CoRIM 4.2",
                                      "the manifest is not signed")
                          : corim_decode(bytes, 0, &cli->arena, corim, error);
    if (!cose_sign1_decode(bytes, &sign1, error) || !check_content_type(&sign1, error) ||
        (signers->n && !find_signer(cli, &sign1, signers, &import->signer, error)) ||
        (sign1.corim_meta.len && !corim_meta_decode(sign1.corim_meta, &validity, error)))
        return false;
    return check_validity(&validity, error) &&
           corim_decode(sign1.payload, sign1.payload_offset, &cli->arena, corim, error);
}

/* "ACME Inc. RoadRunner bootloader 1.0.0". */
static const char *label_of(struct cli *cli, const struct corim_digest *digest)
{
    const struct span parts[] = {digest->vendor, digest->model, digest->name};
    const char *label = "";

    for (size_t i = 0; i < sizeof parts / sizeof *parts && label; i++)
        if (parts[i].len)
            label = arena_printf(&cli->arena, "%s%s%.*s", label, *label ? " " : "",
                                 (int)parts[i].len, (const char *)parts[i].data);
    if (label && digest->has_key)
        label = arena_printf(&cli->arena, "%s%s%llu", label, *label ? " " : "",
                             (unsigned long long)digest->key);
    if (label && digest->version.len)
        label = arena_printf(&cli->arena, "%s %.*s", label, (int)digest->version.len,
                             (const char *)digest->version.data);
    return label;
}

static bool take_digests(struct cli *cli, const struct corim *corim,
                         struct reference_import *import, struct error *error)
{
    for (size_t i = 0; i < corim->n_digests; i++) {
        const struct corim_digest *digest = &corim->digests[i];
        const char *label = label_of(cli, digest);

        if (!label)
            return arena_error(&cli->arena, error);
        if (!reference_import_digest(import,
                                     digest->is_file ? CLAIM_BOOT_FILES : CLAIM_FIRMWARE_IMAGES,
                                     label, digest->alg, digest->digest, error))
            return false;
    }
    return true;
}

static void say_left_out(const struct corim *corim)
{
    if (corim->n_registers)
        fprintf(stderr,
                "bootseal: %zu sets of integrity registers are left out: what a register "
                "ends with is never a reference value\n",
                corim->n_registers);
    if (corim->n_other_hashes)
        fprintf(stderr,
                "bootseal: %zu digests of other algorithms than SHA-256, SHA-384 and "
                "SHA-512 are left out\n",
                corim->n_other_hashes);
    if (corim->n_other_tags)
        fprintf(stderr, "bootseal: %zu tags that are neither CoMID nor CoSWID are left out\n",
                corim->n_other_tags);
}

static bool import_corim(struct cli *cli, struct span bytes,
                         const struct reference_signers *signers, struct reference_import *import,
                         enum exit_status *status)
{
    struct corim corim = {0};
    struct error error = {0};
    bool good = open_corim(cli, bytes, signers, import, &corim, &error) &&
                check_validity(&corim.validity, &error);

    if (good && corim.n_digests == 0)
        good = error_set(&error, ERROR_UNSUPPORTED, ERROR_NO_OFFSET, "CoRIM 5.1.4",
                         corim.n_registers
                             ? "the manifest has integrity registers only: what a register ends "
                               "with is never a reference value"
                             : "the manifest has no digest as a reference value");
    if (!good || !take_digests(cli, &corim, import, &error)) {
        *status = reference_manifest_error(cli, &error);
        return false;
    }
    say_left_out(&corim);
    import->kind = "CoRIM";
    import->name = corim.id_is_text
                       ? arena_printf(&cli->arena, "%.*s", (int)corim.id.len, corim.id.data)
                       : text_hex(&cli->arena, corim.id);
    return true;
}

/* --- Either --- */

/* A byte order mark or a blank may stand before an XML document. */
static bool is_xml(struct span bytes)
{
    return bytes.len && (bytes.data[0] == '<' || bytes.data[0] == 0xEF || bytes.data[0] <= ' ');
}

static enum exit_status answer(struct cli *cli, const struct reference_import *import)
{
    const char *name = cli->values[OPTION_NAME], *description;

    if (!name)
        name = reference_line(cli, span_text(import->name ? import->name : ""));
    description = import->signer
                      ? arena_printf(&cli->arena, "%s, signed by %s", import->kind, import->signer)
                      : arena_printf(&cli->arena, "%s, unsigned", import->kind);
    description = reference_line(cli, span_text(description ? description : ""));
    if (import->signer)
        fprintf(stderr, "Signed by %s\n", import->signer);
    return reference_answer(cli, &import->values, name ? name : "", description ? description : "");
}

static bool read_claim(struct cli *cli, enum claim_id *claim, enum exit_status *status)
{
    const char *name = cli->values[OPTION_CLAIM];

    if (!name)
        return true;
    *claim = claim_by_name(span_text(name));
    if (*claim != CLAIM_IDS && claim_type(*claim) == CLAIM_LIST)
        return true;
    *status = talk_usage(cli, OPTION_CLAIM, "the name of a claim that is a list");
    return false;
}

enum exit_status reference_import(struct cli *cli)
{
    struct reference_import import = {.values = {.arena = &cli->arena}, .claim = CLAIM_IDS};
    struct reference_signers signers;
    enum exit_status status;
    struct error error = {0};
    struct span bytes;
    bool good;

    if (!read_claim(cli, &import.claim, &status) || !reference_signers_init(cli, &signers, &status))
        return status;
    good = talk_read(cli, cli->arguments[0], LIMIT_MANIFEST_LEN, &bytes, &status);
    if (good && corim_is(bytes)) {
        good = import_corim(cli, bytes, &signers, &import, &status);
    } else if (good && is_xml(bytes)) {
        good = reference_import_rim(cli, bytes, &signers, &import, &status);
    } else if (good) {
        error_set(&error, ERROR_MALFORMED, 0, NULL,
                  "this is neither a CoRIM nor a base RIM in XML");
        status = talk_error(cli, cli->arguments[0], &error);
        good = false;
    }
    if (good)
        status = answer(cli, &import);
    reference_signers_done(&signers);
    return status;
}
