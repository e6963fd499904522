/* bootseal reference make: reference values from the files that hosts are to run. Every digest is
 * computed here; what a package or an image calls itself is a label. */
#include "cli/reference.h"

#include "package/package.h"
#include "wire/efi_revocations.h"
#include "wire/efi_signature_list.h"

struct making {
    struct cli *cli;
    struct component_set components;
    struct reference_values values;
    size_t n_nameless; /* entries of dbx that no digest stands for */
};

/* dbx holds digests of images and of certificates, and whole certificates, which count by their
 * fingerprint. */
static bool add_revocation(struct making *making, const struct efi_signature *signature,
                           const char *label, struct error *error)
{
    struct crypto_digest fingerprint;
    struct span digest = signature->data;
    uint16_t alg = signature->alg;
    const char *copy;

    if (signature->kind == EFI_SIGNATURE_X509) {
        crypto_fingerprint(making->cli->crypto, signature->data, &fingerprint);
        digest = crypto_digest_span(&fingerprint);
        alg = TPM_ALG_SHA256;
    }
    if (digest.len != tpm_digest_len(alg)) {
        making->n_nameless++;
        return true;
    }
    copy = arena_text(making->values.arena, digest);
    if (!copy)
        return arena_error(making->values.arena, error);
    return reference_values_add_digest(&making->values, CLAIM_SECURE_BOOT_DBX, label, alg,
                                       span_of(copy, digest.len), error);
}

static bool add_revocations(struct making *making, const struct component_file *file,
                            const struct efi_revocations *revocations, struct error *error)
{
    const char *path = arena_text(making->values.arena, file->path);
    const char *slash = path ? strrchr(path, '/') : NULL, *label = slash ? slash + 1 : path;
    struct efi_signature_list list;
    struct efi_signature signature;
    enum efi_signature_step step;

    if (!label)
        return arena_error(making->values.arena, error);
    efi_signature_list_open(&list, revocations->lists, error);
    while ((step = efi_signature_list_next(&list, &signature)) == EFI_SIGNATURE_ENTRY)
        if (!add_revocation(making, &signature, label, error))
            return false;
    return step == EFI_SIGNATURE_END;
}

/* A revocation list looks like any other signature list: its name has to say that it is one. */
static bool is_named_dbx(struct span path)
{
    return path.len && memmem(path.data, path.len, "dbx", 3);
}

static bool add_file(void *context, const struct component_file *file, struct error *error)
{
    struct making *making = context;
    struct efi_revocations revocations;
    struct error ignored;

    if (!file->package && is_named_dbx(file->path) &&
        efi_revocations_decode(file->bytes, &revocations, &ignored))
        return add_revocations(making, file, &revocations, error);
    return component_add_file(&making->components, file, error);
}

/* Each line of text that is not empty is a command line. */
static bool add_command_lines(struct making *making, struct span text, struct error *error)
{
    while (text.len) {
        const uint8_t *newline = memchr(text.data, '\n', text.len);
        size_t len = newline ? (size_t)(newline - text.data) : text.len;

        if (len && !reference_values_add_text(&making->values, CLAIM_BOOT_KERNEL_COMMAND_LINE,
                                              "command line", span_of(text.data, len), error))
            return false;
        len += newline != NULL;
        text = span_of(text.data + len, text.len - len);
    }
    return true;
}

/* --command-line TEXT, or @FILE with one in each line. */
static bool read_command_lines(struct making *making, enum exit_status *status)
{
    struct cli *cli = making->cli;
    const char *value = cli->values[OPTION_COMMAND_LINE];
    struct error error = {0};
    struct span text;

    if (!value)
        return true;
    if (*value == '@') {
        if (!talk_read(cli, value + 1, LIMIT_POLICY_LEN, &text, status))
            return false;
    } else {
        text = span_text(value);
    }
    if (add_command_lines(making, text, &error))
        return true;
    *status = talk_error(cli, *value == '@' ? value + 1 : "--command-line", &error);
    return false;
}

static bool read_sources(struct making *making, enum exit_status *status)
{
    struct cli *cli = making->cli;
    struct error error = {0};
    uint16_t alg;

    if (!talk_bank(cli, &alg, status))
        return false;
    if (!alg)
        alg = TPM_ALG_SHA256;
    if (!component_set_init(&making->components, cli->crypto, &cli->arena, &alg, 1, &error)) {
        *status = talk_error(cli, NULL, &error);
        return false;
    }
    for (int i = 0; i < cli->n_arguments; i++)
        if (!package_read(cli->arguments[i], &cli->arena, add_file, making, &error)) {
            *status = talk_error(cli, NULL, &error); /* the message names the file */
            return false;
        }
    for (const struct component *component = making->components.first; component;
         component = component->next) {
        if (*component->problem)
            fprintf(stderr, "bootseal: %s: %s: only its digest as a file is taken\n",
                    component->path, component->problem);
        if (!reference_values_add_component(&making->values, component, &error)) {
            *status = talk_error(cli, component->path, &error);
            return false;
        }
    }
    return true;
}

enum exit_status reference_make(struct cli *cli)
{
    struct making making = {.cli = cli, .values = {.arena = &cli->arena}};
    const char *name = cli->values[OPTION_NAME];
    enum exit_status status;

    if (!name)
        return talk_usage(cli, OPTION_NAME, "what policies will call the document");
    if (!read_sources(&making, &status) || !read_command_lines(&making, &status))
        return status;
    if (making.n_nameless)
        fprintf(stderr, "bootseal: %zu entries of dbx are of a kind without a digest, left out\n",
                making.n_nameless);
    return reference_answer(cli, &making.values, name,
                            "made from files by bootseal reference make");
}
