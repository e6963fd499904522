/* CoRIM and CoSWID for bootseal reference import: who signed, whether it holds today, and which of its
 * digests are reference values. What the manifest says of itself but values (who made it, what else
 * belongs to it) is told and not believed. */
#include "base/text.h"
#include "cli/reference.h"
#include "os/clock.h"
#include "wire/corim.h"

/* What the signature is said to be over (CoRIM 4.2.1; RFC 9393, 7). */
static bool read_content_type(const struct cose_sign1 *sign1, bool *is_coswid, struct error *error)
{
    *is_coswid = span_is(sign1->content_type, "application/swid+cbor");
    return *is_coswid || span_is(sign1->content_type, "application/rim+cbor") ||
           span_is(sign1->content_type, "application/corim-unsigned+cbor") ||
           error_set(error, ERROR_MALFORMED, ERROR_NO_OFFSET, "CoRIM 4.2.1",
                     "the signed content is called neither a CoRIM (application/rim+cbor) nor a "
                     "CoSWID (application/swid+cbor)");
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

static bool decode(struct cli *cli, struct span bytes, size_t offset, bool is_coswid,
                   struct corim *corim, struct error *error)
{
    return (is_coswid ? coswid_decode : corim_decode)(bytes, offset, &cli->arena, corim, error);
}

/* The content of a signature that has been looked at. */
static bool open_signed(struct cli *cli, struct span bytes, const struct reference_signers *signers,
                        struct reference_import *import, struct corim *corim, struct error *error)
{
    struct corim_validity meta = {0}, claims;
    struct cose_sign1 sign1;
    bool is_coswid;

    if (!cose_sign1_decode(bytes, &sign1, error) || !read_content_type(&sign1, &is_coswid, error) ||
        (!signers->is_unsigned &&
         !reference_signers_find(cli, signers, &sign1, &import->signer, error)) ||
        (sign1.corim_meta.len && !corim_meta_decode(sign1.corim_meta, &meta, error)))
        return false;
    claims = (struct corim_validity){.has_not_before = sign1.has_not_before,
                                     .has_not_after = sign1.has_not_after,
                                     .not_before_s = sign1.not_before_s,
                                     .not_after_s = sign1.not_after_s};
    return check_validity(&meta, error) && check_validity(&claims, error) &&
           decode(cli, sign1.payload, sign1.payload_offset, is_coswid, corim, error);
}

/* A profile may say what the values mean, so one that nobody knows refuses the whole (CoRIM 4.1). */
static bool check_profiles(struct cli *cli, const struct corim *corim, struct error *error)
{
    const char *known = cli->values[OPTION_PROFILE];

    for (size_t i = 0; i < corim->n_profiles; i++)
        if (!known || strcmp(known, corim->profiles[i]) != 0)
            return error_set(error, ERROR_UNSUPPORTED, ERROR_NO_OFFSET, "CoRIM 4.1",
                             "the manifest follows the profile %.200s, which says what its values "
                             "mean and which --profile does not name",
                             corim->profiles[i]);
    return true;
}

static bool open_corim(struct cli *cli, struct span bytes, const struct reference_signers *signers,
                       struct reference_import *import, struct corim *corim, struct error *error)
{
    bool opened;

    if (cose_sign1_is(bytes))
        opened = open_signed(cli, bytes, signers, import, corim, error);
    else if (!signers->is_unsigned)
        return error_set(error, ERROR_DENIED, ERROR_NO_OFFSET, "CoRIM 4.2",
                         "the manifest is not signed");
    else
        opened = decode(cli, bytes, 0, coswid_is(bytes), corim, error);
    return opened && check_validity(&corim->validity, error) && check_profiles(cli, corim, error);
}

/* The label with a blank and one more word, if that is one. */
static const char *with_word(struct cli *cli, const char *label, struct span word)
{
    if (!label || word.len == 0)
        return label;
    return arena_printf(&cli->arena, "%s%s%.*s", label, *label ? " " : "", (int)word.len,
                        (const char *)word.data);
}

/* "ACME Inc. RoadRunner bootloader 1.0.0"; what has no name is called by its identifiers. */
static const char *label_of(struct cli *cli, const struct corim_digest *digest)
{
    const char *class_id = digest->class_id && !digest->vendor.len && !digest->model.len
                               ? digest->class_id
                               : "";
    const char *key = digest->has_key
                          ? arena_printf(&cli->arena, "%llu", (unsigned long long)digest->key)
                      : digest->key_id ? digest->key_id
                                       : "";
    const struct span words[] = {
        digest->vendor, digest->model, span_text(class_id), digest->name, span_text(key ? key : ""),
        digest->version};
    const char *label = key ? "" : NULL;

    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        label = with_word(cli, label, words[i]);
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

static void say_count(size_t n, const char *what)
{
    if (n)
        fprintf(stderr, "bootseal: %zu %s\n", n, what);
}

static void say_left_out(struct cli *cli, const struct corim *corim)
{
    say_count(corim->n_registers, "sets of integrity registers are left out: what a register "
                                  "ends with is never a reference value");
    say_count(corim->n_other_hashes, "digests of other algorithms than SHA-256, SHA-384 and "
                                     "SHA-512 are left out");
    say_count(corim->n_other_values,
              "reference measurements without a digest (versions, flags, raw "
              "values) are left out");
    say_count(corim->n_other_tags, "tags that are neither CoMID nor CoSWID are left out");
    say_count(corim->n_replaced, "tags of former manifests are said to be wrong: take nothing from "
                                 "those any more");
    for (size_t i = 0; i < corim->n_dependents; i++)
        fprintf(stderr,
                "bootseal: the manifest depends on %s, which is not followed: import it too\n",
                text_printable(&cli->arena, corim->dependents[i]));
}

static const char *text_of(struct cli *cli, struct span text)
{
    return arena_printf(&cli->arena, "%.*s", (int)text.len, (const char *)text.data);
}

bool reference_import_corim(struct cli *cli, struct span bytes,
                            const struct reference_signers *signers,
                            struct reference_import *import, enum exit_status *status)
{
    struct corim *corim = arena_new(&cli->arena, struct corim);
    struct error error = {0};
    bool good = corim ? open_corim(cli, bytes, signers, import, corim, &error)
                      : arena_error(&cli->arena, &error);

    if (good && corim->n_digests == 0)
        good = error_set(&error, ERROR_UNSUPPORTED, ERROR_NO_OFFSET, "CoRIM 5.1.4",
                         corim->n_registers
                             ? "the manifest has integrity registers only: what a register ends "
                               "with is never a reference value"
                             : "the manifest has no digest as a reference value");
    if (!good || !take_digests(cli, corim, import, &error)) {
        *status = reference_manifest_error(cli, &error);
        return false;
    }
    say_left_out(cli, corim);
    import->kind = corim->is_coswid ? "CoSWID" : "CoRIM";
    import->creator = corim->creator.len ? text_of(cli, corim->creator) : NULL;
    import->name = corim->id_is_text ? text_of(cli, corim->id) : text_hex(&cli->arena, corim->id);
    return true;
}
