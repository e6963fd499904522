/* TCG RIM for bootseal reference import: what a base RIM vouches for by its hashes. Support RIMs are files
 * beside it; nothing in them is read before they have been hashed. */
#include "cli/eventlog.h"
#include "cli/print.h"
#include "cli/reference.h"
#include "rim/rim.h"

#include <libgen.h>

/* A support RIM lies in the folder of its base RIM, whatever folder that names. */
static bool read_support(struct cli *cli, const struct rim_file *file, struct span *bytes,
                         const char **path, enum exit_status *status)
{
    char *base = arena_printf(&cli->arena, "%s", cli->arguments[0]);
    struct crypto_digest digest;
    struct error error = {0};

    if (strchr(file->name, '/') || file->name[0] == '.') {
        error_plain(&error, ERROR_MALFORMED,
                    "a support RIM is called %.100s, which is no file name", file->name);
        *status = reference_manifest_error(cli, &error);
        return false;
    }
    *path = base ? arena_printf(&cli->arena, "%s/%s", dirname(base), file->name) : NULL;
    if (!*path) {
        arena_error(&cli->arena, &error);
        *status = reference_manifest_error(cli, &error);
        return false;
    }
    if (!talk_read(cli, *path, LIMIT_EVENTLOG_LEN, bytes, status))
        return false;
    crypto_hash_span(cli->crypto, file->alg, *bytes, &digest);
    if ((!file->has_len || file->len == bytes->len) &&
        span_equal(crypto_digest_span(&digest), file->digest))
        return true;
    error_set(&error, ERROR_DENIED, ERROR_NO_OFFSET, "TCG PC Client RIM 1.04 3.3",
              "%.100s is not the file that the base RIM vouches for", *path);
    *status = reference_manifest_error(cli, &error);
    return false;
}

static bool add_claim(struct cli *cli, const struct claims *claims, enum claim_id id,
                      const char *prefix, struct reference_import *import, struct error *error)
{
    const struct claim *claim = &claims->claims[id];

    if (!claim->known)
        return true;
    if (claim_type(id) == CLAIM_TEXT)
        return reference_values_add_text(&import->values, id, prefix, span_text(claim->text),
                                         error);
    for (size_t i = 0; i < claim->n_items; i++) {
        const struct claim_item *item = &claim->items[i];
        const char *words = claim_item_label(item, &cli->arena);
        const char *label = arena_printf(&cli->arena, "%s%s%s", prefix, words ? " " : "",
                                         words ? words : "");

        if (!label)
            return arena_error(&cli->arena, error);
        if (item->kind == CLAIM_ITEM_DIGEST &&
            !reference_values_add_digest(&import->values, id, label, item->alg, item->bytes, error))
            return false;
    }
    return true;
}

/* What the log of the vendor's own boot says of firmware, and of drivers and applications that it loaded
 * from its own memory. How the machine was set up is the operator's business, not the vendor's. */
static bool take_log(struct cli *cli, const char *path, struct span bytes, const char *prefix,
                     struct reference_import *import, enum exit_status *status)
{
    static const enum claim_id TAKEN[] = {CLAIM_FIRMWARE_IMAGES, CLAIM_FIRMWARE_VERSION,
                                          CLAIM_BOOT_IMAGES};
    struct reasons *reasons = arena_new(&cli->arena, struct reasons);
    struct claims *claims = arena_new(&cli->arena, struct claims);
    struct measured_log log;
    struct claims_input input = {.log = &log, .attested_pcrs = UINT32_MAX, .crypto = cli->crypto};
    struct error error = {0};

    if (!eventlog_measure(cli, path, bytes, &log, status))
        return false;
    if (!reasons || !claims) {
        arena_error(&cli->arena, &error);
        *status = reference_manifest_error(cli, &error);
        return false;
    }
    if (!claims_collect(&input, &cli->arena, claims, reasons, &error)) {
        *status = talk_error(cli, path, &error);
        return false;
    }
    if (reasons_weight(reasons) >= REASON_WEIGHT_UNTRUSTED) {
        fprintf(stderr, "bootseal: %s: no values are taken from a log that contradicts itself\n",
                path);
        print_reasons(cli, stderr, reasons);
        *status = EXIT_HOLDS_NOT;
        return false;
    }
    for (size_t i = 0; i < sizeof TAKEN / sizeof *TAKEN; i++)
        if (!add_claim(cli, claims, TAKEN[i], prefix, import, &error)) {
            *status = talk_error(cli, path, &error);
            return false;
        }
    return true;
}

/* Outside of PC Client RIM the hash of a file is the reference value itself. */
static bool take_hash(struct cli *cli, const struct rim_file *file, const char *prefix,
                      struct reference_import *import, enum exit_status *status)
{
    const char *label = arena_printf(&cli->arena, "%s %s", prefix, file->name);
    struct error error = {0};

    if (!label)
        arena_error(&cli->arena, &error);
    else if (reference_import_digest(import, CLAIM_FIRMWARE_IMAGES, label, file->alg, file->digest,
                                     &error))
        return true;
    *status = reference_manifest_error(cli, &error);
    return false;
}

/* A manifest inside of a composite one, which has a signer of its own: XML, maybe behind a byte order mark,
 * or a signed CoRIM. An event log begins with neither. */
static bool is_manifest(struct span bytes)
{
    return (bytes.len && (bytes.data[0] == '<' || bytes.data[0] == 0xEF)) || cose_sign1_is(bytes);
}

static bool take_file(struct cli *cli, const struct rim *rim, const struct rim_file *file,
                      struct reference_import *import, enum exit_status *status)
{
    const char *prefix = *rim->model ? rim->model : rim->name, *path;
    struct span bytes;

    if (!rim->is_pc_client)
        return take_hash(cli, file, prefix, import, status);
    if (!read_support(cli, file, &bytes, &path, status))
        return false;
    if (!is_manifest(bytes))
        return take_log(cli, path, bytes, prefix, import, status);
    fprintf(stderr, "bootseal: %s is a manifest of its own: import it too\n", path);
    return true;
}

static void say_relations(const struct rim *rim)
{
    if (rim->is_patch)
        fprintf(stderr, "bootseal: the manifest changes what another says, whose values go on "
                        "counting as long as they are in a document\n");
    else if (rim->is_supplemental)
        fprintf(stderr, "bootseal: the manifest only adds to what another says\n");
    for (size_t i = 0; i < rim->n_links; i++)
        fprintf(stderr, "bootseal: the manifest names %s, which is not followed: import it too\n",
                rim->links[i]);
    if (*rim->signed_at)
        fprintf(stderr, "Signed on %s, as the signer says\n", rim->signed_at);
    if (rim->has_countersignature)
        fprintf(stderr, "bootseal: a time stamp by somebody else is not looked at\n");
}

bool reference_import_rim(struct cli *cli, struct span xml, const struct reference_signers *signers,
                          struct reference_import *import, enum exit_status *status)
{
    struct error error = {0};
    size_t n_pcr_values = 0;
    struct rim rim;

    if (!signers->is_unsigned && signers->n == 0) {
        *status = talk_usage(cli, OPTION_CERTIFICATES,
                             "the certificate of a base RIM's signer; --authorities are for CoRIM");
        return false;
    }
    if (!rim_decode(xml, signers->ders, signers->n, &cli->arena, &rim, &error)) {
        *status = reference_manifest_error(cli, &error);
        return false;
    }
    say_relations(&rim);
    if (signers->n)
        import->signer = signers->subjects[rim.signer];
    for (size_t i = 0; i < rim.n_files; i++) {
        n_pcr_values += rim.files[i].is_pcr_values;
        if (!rim.files[i].is_pcr_values && !take_file(cli, &rim, &rim.files[i], import, status))
            return false;
    }
    if (n_pcr_values)
        fprintf(stderr,
                "bootseal: %zu files of PCR values are left out: what a register ends with "
                "is never a reference value\n",
                n_pcr_values);
    if (import->values.n_values == 0) {
        error_plain(&error, ERROR_UNSUPPORTED,
                    n_pcr_values
                        ? "the manifest has values of PCRs only, which are never reference values"
                        : "the manifest vouches for no file that holds reference values");
        *status = reference_manifest_error(cli, &error);
        return false;
    }
    import->kind = "TCG RIM";
    import->name = *rim.id ? rim.id : rim.name;
    return true;
}
