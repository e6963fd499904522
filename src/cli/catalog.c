/* bootseal catalog sign, verify, update; and catalogues for the commands that hold hosts against them.
 *
 * Trusts the certificates that the operator names, and a catalogue as far as its signature, its time
 * and, where another version is there, its version allow. */
#include "cli/catalog.h"

#include "os/clock.h"
#include "os/file.h"

#include <string.h>

/* FILE.sig; there is none beside standard input. NULL when all has been said. */
static const char *signature_path(struct cli *cli, const char *path, enum exit_status *status)
{
    const char *beside = arena_printf(&cli->arena, "%s.sig", path);
    struct error error = {0};

    if (beside && strcmp(path, "-") != 0)
        return beside;
    if (beside)
        error_plain(&error, ERROR_USAGE, "a catalogue is a file, with its signature beside it");
    else
        arena_error(&cli->arena, &error);
    *status = talk_error(cli, path, &error);
    return NULL;
}

static bool decode(struct cli *cli, const char *path, struct catalog_file *file,
                   enum exit_status *status)
{
    struct error error = {0};

    if (catalog_decode(file->text, &cli->arena, &file->catalog, &error))
        return true;
    *status = error.code == ERROR_USAGE
                  ? talk_place(cli, "catalog.invalid", path,
                               document_position_of(file->text, error.offset), error.message)
                  : talk_error(cli, path, &error);
    return false;
}

bool catalog_file_read(struct cli *cli, const char *path, struct catalog_file *file,
                       enum exit_status *status)
{
    *file = (struct catalog_file){0};
    return talk_read(cli, path, LIMIT_DOCUMENT_LEN, &file->text, status) &&
           decode(cli, path, file, status);
}

bool catalog_file_read_beside(struct cli *cli, const char *path, struct catalog_file *file,
                              enum exit_status *status)
{
    const char *beside = signature_path(cli, path, status);

    return beside && catalog_file_read(cli, path, file, status) &&
           talk_read(cli, beside, LIMIT_CATALOG_SIGNATURE_LEN, &file->signature, status);
}

/* Says why a catalogue may not be believed, and what to do about it. */
static bool refuse(struct cli *cli, const char *path, const struct error *error,
                   struct catalog_file *file, enum exit_status *status)
{
    file->refused = true;
    *status = talk_error_next(cli, path, error,
                              "Get a version in force from whom you trust; its signature belongs "
                              "beside it, in FILE.sig");
    return false;
}

bool catalog_file_read_signed(struct cli *cli, const char *path, enum cli_option certificates,
                              struct catalog_file *file, enum exit_status *status)
{
    const char *beside = signature_path(cli, path, status);
    struct span trusted;
    struct error error = {0};

    *file = (struct catalog_file){0};
    if (!beside)
        return false;
    if (!cli->values[certificates]) {
        *status = talk_usage(cli, certificates,
                             "the certificates of those who may sign catalogues");
        return false;
    }
    if (!talk_read(cli, path, LIMIT_DOCUMENT_LEN, &file->text, status) ||
        !talk_read(cli, beside, LIMIT_CATALOG_SIGNATURE_LEN, &file->signature, status) ||
        !talk_read(cli, cli->values[certificates], LIMIT_IMA_CERTIFICATES_LEN, &trusted, status))
        return false;
    if (!catalog_check_signature(cli->crypto, file->text, file->signature, trusted, &cli->arena,
                                 &file->signer, &error)) {
        if (error.code == ERROR_DENIED)
            return refuse(cli, path, &error, file, status);
        *status = talk_error(cli, cli->values[certificates], &error);
        return false;
    }
    return decode(cli, path, file, status) &&
           (catalog_check_time(file->catalog, os_now_s(), &error) ||
            refuse(cli, path, &error, file, status));
}

bool catalog_of_option(struct cli *cli, const struct catalog **catalog, enum exit_status *status)
{
    const char *path = cli->values[OPTION_CATALOG];
    struct catalog_file file;

    *catalog = NULL;
    if (!path)
        return true;
    if (!catalog_file_read_signed(cli, path, OPTION_CATALOG_CERTIFICATES, &file, status))
        return false;
    *catalog = file.catalog;
    return true;
}

enum exit_status catalog_sign(struct cli *cli)
{
    const char *path = cli->arguments[0], *key_path = cli->values[OPTION_KEY], *beside;
    struct catalog_file file;
    struct span key, signature;
    struct error error = {0};
    enum exit_status status;
    json_t *object;

    if (!key_path)
        return talk_usage(cli, OPTION_KEY, "the private key to sign with");
    beside = signature_path(cli, path, &status);
    if (!beside || !catalog_file_read(cli, path, &file, &status))
        return status;
    if (!os_file_read_private(key_path, LIMIT_PRIVATE_KEY_LEN, &cli->arena, &key, &error) ||
        !crypto_sign(key, file.text, &cli->arena, &signature, &error))
        return talk_error_next(cli, key_path, &error, NULL);
    if (!os_file_write(beside, OS_FILE_PUBLIC, signature, &error))
        return talk_error_next(cli, beside, &error, NULL);
    if (cli->json) {
        object = talk_schema("catalog-sign");
        json_object_set_new(object, "signature", json_string(beside));
        talk_json(object);
    } else {
        printf("%s\n", beside);
    }
    return EXIT_HOLDS;
}

enum exit_status catalog_verify(struct cli *cli)
{
    const char *path = cli->arguments[0];
    struct catalog_file file;
    enum exit_status status;
    json_t *object;

    if (!catalog_file_read_signed(cli, path, OPTION_CERTIFICATES, &file, &status))
        return file.refused ? EXIT_HOLDS_NOT : status;
    if (cli->json) {
        object = talk_schema("catalog-verify");
        json_object_update_new(object, catalog_file_json(cli, file.catalog));
        json_object_set_new(object, "models", json_integer((json_int_t)file.catalog->n_models));
        json_object_set_new(object, "signer", json_string(file.signer));
        talk_json(object);
    } else {
        printf("%s\n  signed by %s\n", catalog_file_title(cli, file.catalog), file.signer);
    }
    return EXIT_HOLDS;
}

/* False when the file in use is there and not an older version of the same catalogue. */
static bool check_installed(struct cli *cli, const char *path, const struct catalog *newer,
                            enum exit_status *status)
{
    struct catalog_file installed = {0};
    struct error error = {0};

    if (!os_file_read(path, LIMIT_DOCUMENT_LEN, &cli->arena, &installed.text, &error)) {
        if (error.code == ERROR_NOT_FOUND)
            return true;
    } else if (!decode(cli, path, &installed, status)) {
        return false;
    } else if (catalog_check_newer(newer, installed.catalog, &error)) {
        return true;
    }
    *status = talk_error_next(cli, path, &error, NULL);
    return false;
}

enum exit_status catalog_update(struct cli *cli)
{
    const char *path = cli->values[OPTION_CATALOG], *beside;
    struct catalog_file file;
    struct error error = {0};
    enum exit_status status;
    json_t *object;

    if (!path)
        return talk_usage(cli, OPTION_CATALOG, "the file of the catalogue in use");
    beside = signature_path(cli, path, &status);
    if (!beside ||
        !catalog_file_read_signed(cli, cli->arguments[0], OPTION_CERTIFICATES, &file, &status) ||
        !check_installed(cli, path, file.catalog, &status))
        return status;
    /* Between the two writes the signature does not fit, and nothing is believed. */
    if (!os_file_write(beside, OS_FILE_PUBLIC, file.signature, &error) ||
        !os_file_write(path, OS_FILE_PUBLIC, file.text, &error))
        return talk_error_next(cli, path, &error, "Run the same command again");
    if (cli->json) {
        object = talk_schema("catalog-update");
        json_object_update_new(object, catalog_file_json(cli, file.catalog));
        json_object_set_new(object, "file", json_string(path));
        talk_json(object);
    } else {
        printf("%s is now %s\n", path, catalog_file_title(cli, file.catalog));
    }
    return EXIT_HOLDS;
}
