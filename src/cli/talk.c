#include "cli/talk.h"

#include "base/text.h"
#include "os/file.h"

#include <stdlib.h>
#include <string.h>

bool talk_read(struct cli *cli, const char *path, size_t cap, struct span *bytes,
               enum exit_status *status)
{
    const char *file = strcmp(path, "-") == 0 ? "/dev/stdin" : path;
    struct error error = {0};

    if (os_file_read(file, cap, &cli->arena, bytes, &error))
        return true;
    *status = talk_error(cli, path, &error);
    return false;
}

bool talk_paths(struct cli *cli, enum cli_option option, size_t n_max, struct talk_file **files,
                size_t *n_files, enum exit_status *status)
{
    const char *text = cli->values[option];
    struct error error = {0};

    *n_files = 0;
    *files = arena_array(&cli->arena, n_max, sizeof **files);
    while (*files && text) {
        size_t len = strcspn(text, ",");
        struct talk_file *file = &(*files)[*n_files];

        if (len == 0 || *n_files == n_max) {
            *status = talk_usage(
                cli, option,
                arena_printf(&cli->arena, "at most %zu files, with commas between", n_max));
            return false;
        }
        file->path = arena_text(&cli->arena, span_of(text, len));
        if (!file->path)
            break;
        (*n_files)++;
        text = text[len] ? text + len + 1 : NULL;
    }
    if (*files && !text)
        return true;
    arena_error(&cli->arena, &error);
    *status = talk_error(cli, NULL, &error);
    return false;
}

bool talk_read_files(struct cli *cli, enum cli_option option, size_t cap, struct talk_file **files,
                     size_t *n_files, enum exit_status *status)
{
    if (!talk_paths(cli, option, LIMIT_POLICY_SOURCES, files, n_files, status))
        return false;
    for (size_t i = 0; i < *n_files; i++)
        if (!talk_read(cli, (*files)[i].path, cap, &(*files)[i].bytes, status))
            return false;
    return true;
}

static const struct {
    enum exit_status status;
    const char *next;
} BY_CODE[] = {
    [ERROR_NONE] = {EXIT_INTERNAL, NULL},
    [ERROR_TRUNCATED] = {EXIT_MALFORMED,
                         "The file may be cut short: copy it again, in binary mode"},
    [ERROR_TRAILING] = {EXIT_MALFORMED, "The file may hold more than one structure"},
    [ERROR_LIMIT] = {EXIT_MALFORMED, "Bootseal refuses inputs over its limits (bootseal(1))"},
    [ERROR_MALFORMED] = {EXIT_MALFORMED, "Check that the file is what the command expects"},
    [ERROR_UNSUPPORTED] = {EXIT_MALFORMED, NULL},
    [ERROR_CRYPTO] = {EXIT_INTERNAL, NULL},
    [ERROR_MEMORY] = {EXIT_INTERNAL, NULL},
    [ERROR_IO] = {EXIT_INTERNAL, NULL},
    [ERROR_USAGE] = {EXIT_USAGE, NULL},
    [ERROR_DENIED] = {EXIT_NOT_PERMITTED,
                      "Event logs of the running system are readable by root only"},
    [ERROR_NOT_FOUND] = {EXIT_NOT_FOUND, NULL},
    [ERROR_CONFLICT] = {EXIT_CONFLICT, NULL},
};

const char *talk_printable(struct cli *cli, const char *text)
{
    const char *shown = text_printable(&cli->arena, span_text(text));

    return shown ? shown : "(no memory to show this)";
}

enum exit_status talk_error(struct cli *cli, const char *path, const struct error *error)
{
    return talk_error_next(cli, path, error, BY_CODE[error->code].next);
}

void talk_problem(json_t *problem)
{
    json_dumpf(problem, stderr, JSON_COMPACT);
    fputc('\n', stderr);
    json_decref(problem);
}

enum exit_status talk_error_next(struct cli *cli, const char *path, const struct error *error,
                                 const char *next)
{
    enum exit_status status = BY_CODE[error->code].status;
    const char *file = path ? talk_printable(cli, path) : "";
    char text[512];

    if (cli->json) {
        json_t *problem = json_pack("{s:s, s:s, s:s}", "schema", "bootseal.problem.v1", "code",
                                    error_code_name(error->code), "detail",
                                    talk_printable(cli, error->message));
        if (path)
            json_object_set_new(problem, "file", json_string(file));
        if (error->offset != ERROR_NO_OFFSET)
            json_object_set_new(problem, "offset", json_integer((json_int_t)error->offset));
        if (error->clause)
            json_object_set_new(problem, "clause", json_string(error->clause));
        talk_problem(problem);
        return status;
    }
    fprintf(stderr, "bootseal: %s%s%s\n", file, path ? ": " : "",
            talk_printable(cli, error_print(error, text, sizeof text)));
    if (next)
        fprintf(stderr, "  %s.\n", next);
    return status;
}

enum exit_status talk_place(struct cli *cli, const char *code, const char *path,
                            struct document_position position, const char *message)
{
    const char *file = talk_printable(cli, path), *detail = talk_printable(cli, message);

    if (cli->json) {
        json_t *problem = json_pack("{s:s, s:s, s:s, s:s, s:I, s:I}", "schema",
                                    "bootseal.problem.v1", "code", code, "detail", detail, "file",
                                    file, "line", (json_int_t)position.line, "column",
                                    (json_int_t)position.column);
        talk_problem(problem);
    } else {
        fprintf(stderr, "bootseal: %s:%zu:%zu: %s\n", file, position.line, position.column, detail);
    }
    return EXIT_MALFORMED;
}

bool talk_days(struct cli *cli, int64_t *days, enum exit_status *status)
{
    enum { DAYS_MAX = 3650 };
    const char *text = cli->values[OPTION_EXPIRES];
    char *end = NULL;
    unsigned long n = text ? strtoul(text, &end, 10) : 0;

    if (text && (*text < '0' || *text > '9' || *end || n < 1 || n > DAYS_MAX)) {
        *status = talk_usage(cli, OPTION_EXPIRES, "a number of days from 1 to 3650");
        return false;
    }
    *days = (int64_t)n;
    return true;
}

bool talk_result(struct cli *cli, struct span bytes, enum exit_status *status)
{
    const char *path = cli->values[OPTION_OUTPUT];
    struct error error = {0};

    if (!path) {
        fwrite(bytes.data, 1, bytes.len, stdout); /* main sees whether it was taken */
        return true;
    }
    if (strcmp(path, "-") == 0) {
        *status = talk_usage(cli, OPTION_OUTPUT, "a file; without it standard output is taken");
        return false;
    }
    if (os_file_write(path, OS_FILE_PUBLIC, bytes, &error))
        return true;
    *status = talk_error_next(cli, path, &error, NULL);
    return false;
}

enum exit_status talk_usage(struct cli *cli, enum cli_option option, const char *expected)
{
    const char *value = cli->values[option];

    if (value)
        fprintf(stderr, "bootseal: %s is %s, not '%s'\n", cli_option_name(option), expected,
                talk_printable(cli, value));
    else
        fprintf(stderr, "bootseal: %s is needed: %s\n", cli_option_name(option), expected);
    fprintf(stderr, "Try: bootseal %s%s%s --help\n", cli->command->noun,
            *cli->command->verb ? " " : "", cli->command->verb);
    return EXIT_USAGE;
}

void talk_json(json_t *object)
{
    json_dumpf(object, stdout, JSON_INDENT(1));
    fputc('\n', stdout);
    json_decref(object);
}

json_t *talk_schema(const char *name)
{
    char schema[64];

    snprintf(schema, sizeof schema, "bootseal.%s.v1", name);
    return json_pack("{s:s}", "schema", schema);
}

bool talk_bank(struct cli *cli, uint16_t *alg, enum exit_status *status)
{
    const char *name = cli->values[OPTION_BANK];

    *alg = name ? tpm_hash_by_name(span_text(name)) : 0;
    if (!name || *alg)
        return true;
    *status = talk_usage(cli, OPTION_BANK, "sha1, sha256, sha384, sha512 or sm3_256");
    return false;
}

const char *talk_color(const struct cli *cli, enum talk_color color)
{
    static const char *const CODES[] = {"\x1B[0m",  "\x1B[32m", "\x1B[31m",
                                        "\x1B[33m", "\x1B[2m",  "\x1B[1m"};

    return cli->color ? CODES[color] : "";
}
