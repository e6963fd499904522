#include "cli/service.h"

#include "base/text.h"
#include "os/file.h"

#include <ctype.h>
#include <stdlib.h>

enum { TOKEN_LEN_MAX = 512, FINGERPRINT_LEN = 32 };

static const char *setting(struct cli *cli, enum cli_option option, const char *variable)
{
    const char *value = cli->values[option] ? cli->values[option] : getenv(variable);

    return value && *value ? value : NULL;
}

const char *service_url(struct cli *cli)
{
    return setting(cli, OPTION_SERVER, "BOOTSEAL_URL");
}

/* *token is NULL when there is none: some routes need none. */
static bool read_token(struct cli *cli, const char **token, enum exit_status *status)
{
    const char *path = cli->values[OPTION_TOKEN_FILE];
    struct error error = {0};
    struct span bytes;

    if (!path) {
        *token = getenv("BOOTSEAL_TOKEN");
        *token = *token && **token ? *token : NULL;
        return true;
    }
    if (!os_file_read_private(path, TOKEN_LEN_MAX, &cli->arena, &bytes, &error)) {
        *status = talk_error_next(cli, path, &error, NULL);
        return false;
    }
    while (bytes.len && isspace(bytes.data[bytes.len - 1]))
        bytes.len--;
    *token = arena_text(&cli->arena, bytes);
    return true;
}

/* "3F:9A:..." or "3f9a..."; with neither option nor variable *pin is empty. */
static bool read_fingerprint(struct cli *cli, struct span *pin, enum exit_status *status)
{
    const char *text = setting(cli, OPTION_CA_FINGERPRINT, "BOOTSEAL_CA_FINGERPRINT");
    char hex[2 * FINGERPRINT_LEN];
    uint8_t *bytes;
    size_t hex_len = 0, len = 0;

    if (!text)
        return true;
    for (const char *from = text; *from && hex_len < sizeof hex; from++)
        if (*from != ':')
            hex[hex_len++] = *from;
    bytes = arena_alloc(&cli->arena, FINGERPRINT_LEN);
    if (!bytes || strlen(text) > 3 * FINGERPRINT_LEN ||
        !text_unhex(span_of(hex, hex_len), bytes, FINGERPRINT_LEN, &len) ||
        len != FINGERPRINT_LEN) {
        fprintf(stderr, "bootseal: the CA's fingerprint is 64 hexadecimal digits, not '%s'\n",
                text);
        *status = EXIT_USAGE;
        return false;
    }
    *pin = span_of(bytes, len);
    return true;
}

/* An option wins over the other's variable, so that both are in force only when both are options or
 * both are variables. */
static bool read_trust(struct cli *cli, struct http_client_settings *settings,
                       enum exit_status *status)
{
    const char *ca = setting(cli, OPTION_CA, "BOOTSEAL_CA");
    bool pinned_by_option = cli->values[OPTION_CA_FINGERPRINT] && !cli->values[OPTION_CA];
    bool file_by_option = cli->values[OPTION_CA] && !cli->values[OPTION_CA_FINGERPRINT];

    if (ca && !pinned_by_option && !talk_read(cli, ca, LIMIT_CA_LEN, &settings->ca, status))
        return false;
    return file_by_option || read_fingerprint(cli, &settings->ca_pin, status);
}

static bool connect_service(struct cli *cli, enum exit_status *status)
{
    struct http_client_settings settings = {.url = service_url(cli)};
    struct error error = {0};

    if (cli->service)
        return true;
    if (!settings.url) {
        fprintf(stderr, "bootseal: which service? Give --server URL or set BOOTSEAL_URL.\n");
        *status = EXIT_USAGE;
        return false;
    }
    if (!read_trust(cli, &settings, status))
        return false;
    if (http_client_new(&settings, &cli->service, &error))
        return true;
    *status = talk_error_next(cli, settings.url, &error,
                              settings.ca.len || settings.ca_pin.len
                                  ? NULL
                                  : "Give --ca FILE or --ca-fingerprint HEX, which bootseald prints"
                                    " at its start");
    return false;
}

static enum exit_status say_unreachable(struct cli *cli, const struct error *error)
{
    const char *next = NULL;
    enum exit_status status;

    if (error->code == ERROR_IO)
        next = "Is bootseald running there? Check the address in --server or BOOTSEAL_URL";
    else if (error->code == ERROR_NOT_FOUND)
        next = "Check the name in --server or BOOTSEAL_URL";
    else if (error->code == ERROR_DENIED)
        next = "Compare with the fingerprint that bootseald prints at its start: openssl x509 -in "
               "CA-FILE -noout -fingerprint -sha256";
    status = talk_error_next(cli, service_url(cli), error, next);
    return next ? EXIT_UNREACHABLE : status;
}

static enum exit_status exit_of(int http_status)
{
    switch (http_status) {
    case 401:
    case 403:
        return EXIT_NOT_PERMITTED;
    case 404:
        return EXIT_NOT_FOUND;
    case 409:
    case 412:
    case 428:
        return EXIT_CONFLICT;
    default:
        return http_status >= 500 ? EXIT_INTERNAL : EXIT_USAGE;
    }
}

static const char *text_of(struct cli *cli, const json_t *problem, const char *name)
{
    const char *text = json_string_value(json_object_get(problem, name));

    return text ? text_printable(&cli->arena, span_text(text)) : NULL;
}

/* A problem object (RFC 9457) in words, or as it came with --json. */
enum exit_status service_say_problem(struct cli *cli, const struct http_client_answer *answer)
{
    json_t *problem = json_loadb((const char *)answer->body.data, answer->body.len, 0, NULL);
    const char *title = text_of(cli, problem, "title"), *detail = text_of(cli, problem, "detail");
    const char *code = text_of(cli, problem, "code"),
               *request = text_of(cli, problem, "request_id");

    if (cli->json && problem) {
        json_dumpf(problem, stderr, JSON_COMPACT);
        fputc('\n', stderr);
    } else {
        fprintf(stderr, "bootseal: %s%s%s\n", title ? title : "the service refuses",
                detail ? ": " : "", detail ? detail : "");
        if (answer->status == 401)
            fprintf(stderr, "  Set BOOTSEAL_TOKEN or give --token-file with a valid token.\n");
        if (answer->status == 403)
            fprintf(stderr, "  Ask an administrator for a token of another role: "
                            "bootseal token create.\n");
        if (answer->status == 412)
            fprintf(stderr, "  Look at what it is now, and give the command again.\n");
        fprintf(stderr, "  HTTP %d, code %s, request %s\n", answer->status, code ? code : "none",
                request ? request : "unknown");
    }
    json_decref(problem);
    return exit_of(answer->status);
}

bool service_ask(struct cli *cli, const struct service_request *request,
                 struct http_client_answer *answer, enum exit_status *status)
{
    struct http_client_request sent = {.method = request->method,
                                       .path = request->path,
                                       .content_type = request->content_type,
                                       .body = request->body,
                                       .if_match = request->if_match,
                                       .if_none_match = request->if_none_match,
                                       .answer_cap = request->answer_cap,
                                       .take = request->take,
                                       .take_context = request->take_context};
    struct error error = {0};

    if (!sent.path) {
        arena_error(&cli->arena, &error);
        *status = talk_error(cli, NULL, &error);
        return false;
    }
    if (!read_token(cli, &sent.bearer, status) || !connect_service(cli, status))
        return false;
    if (http_client_do(cli->service, &sent, &cli->arena, answer, &error))
        return true;
    *status = say_unreachable(cli, &error);
    return false;
}

bool service_do(struct cli *cli, const struct service_request *request,
                struct http_client_answer *answer, enum exit_status *status)
{
    if (!service_ask(cli, request, answer, status))
        return false;
    if (answer->status < 400)
        return true;
    *status = service_say_problem(cli, answer);
    return false;
}

static bool parse(struct cli *cli, const struct http_client_answer *answer, json_t **object,
                  enum exit_status *status)
{
    json_t *parsed = json_loadb((const char *)answer->body.data, answer->body.len,
                                JSON_REJECT_DUPLICATES, NULL);
    struct error error = {0};

    if (json_is_object(parsed)) {
        *object = parsed;
        return true;
    }
    json_decref(parsed);
    error_plain(&error, ERROR_MALFORMED, "the service's answer is no JSON object");
    *status = talk_error_next(cli, service_url(cli), &error, "Is it a Bootseal service?");
    return false;
}

bool service_json(struct cli *cli, const struct service_request *request, json_t **object,
                  enum exit_status *status)
{
    struct http_client_answer answer;

    return service_do(cli, request, &answer, status) && parse(cli, &answer, object, status);
}

bool service_show(struct cli *cli, const struct service_request *request, json_t **object,
                  enum exit_status *status)
{
    struct http_client_answer answer;
    json_t *parsed = NULL;

    if (!service_do(cli, request, &answer, status) || !parse(cli, &answer, &parsed, status))
        return false;
    *object = parsed;
    if (!cli->json)
        return true;
    *object = NULL;
    json_decref(parsed);
    fwrite(answer.body.data, 1, answer.body.len, stdout);
    if (answer.body.data[answer.body.len - 1] != '\n')
        fputc('\n', stdout);
    return true;
}

/* text with everything but letters, digits, '-', '_', '.' percent-encoded; in the arena. */
static const char *service_name(struct cli *cli, const char *text)
{
    char *encoded = arena_alloc(&cli->arena, 3 * strlen(text) + 1), *out = encoded;

    if (!encoded)
        return NULL;
    for (; *text; text++) {
        unsigned char byte = (unsigned char)*text;
        if (isalnum(byte) || strchr("-_.", byte))
            *out++ = *text;
        else
            out += sprintf(out, "%%%02X", byte);
    }
    *out = '\0';
    return encoded;
}

const char *service_path(struct cli *cli, const char *collection, const char *name, const char *act)
{
    const char *encoded = service_name(cli, name);

    return encoded ? arena_printf(&cli->arena, "/api/v1/%s/%s%s%s", collection, encoded,
                                  *act ? "/" : "", act)
                   : NULL;
}

const char *service_query(struct cli *cli, const char *path, const struct service_field *fields,
                          size_t n_fields)
{
    char mark = '?';

    for (size_t i = 0; path && i < n_fields; i++) {
        const char *value = fields[i].value ? service_name(cli, fields[i].value) : NULL;

        if (!fields[i].value)
            continue;
        path = value ? arena_printf(&cli->arena, "%s%c%s=%s", path, mark, fields[i].name, value)
                     : NULL;
        mark = '&';
    }
    return path;
}

void service_say_next(struct cli *cli, const json_t *list)
{
    const char *next = text_of(cli, list, "next");

    if (next)
        fprintf(stderr, "There are more: give the same command with --after %s\n", next);
}
