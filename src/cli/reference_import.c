/* bootseal reference import: reference values from the documents that vendors publish.
 *
 * Takes nothing before a key that the operator named has signed all of it, unless the operator says
 * --unsigned; then the document says so too. Values that a register ends with are never taken: they say
 * that something differs, and not what. */
#include "cli/reference.h"

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

/* A byte order mark or a blank may stand before an XML document. */
static bool is_xml(struct span bytes)
{
    return bytes.len && (bytes.data[0] == '<' || bytes.data[0] == 0xEF || bytes.data[0] <= ' ');
}

static enum exit_status answer(struct cli *cli, const struct reference_import *import)
{
    const char *name = cli->values[OPTION_NAME], *description;
    const char *of = import->creator ? " of " : "",
               *creator = import->creator ? import->creator : "";

    if (!name)
        name = reference_line(cli, span_text(import->name ? import->name : ""));
    description = import->signer
                      ? arena_printf(&cli->arena, "%s%s%s, signed by %s", import->kind, of, creator,
                                     import->signer)
                      : arena_printf(&cli->arena, "%s%s%s, unsigned", import->kind, of, creator);
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
        good = reference_import_corim(cli, bytes, &signers, &import, &status);
    } else if (good && is_xml(bytes)) {
        good = reference_import_rim(cli, bytes, &signers, &import, &status);
    } else if (good) {
        error_set(&error, ERROR_MALFORMED, 0, NULL,
                  "this is neither a CoRIM nor a CoSWID nor a base RIM in XML");
        status = talk_error(cli, cli->arguments[0], &error);
        good = false;
    }
    if (good)
        status = answer(cli, &import);
    reference_signers_done(&signers);
    return status;
}
