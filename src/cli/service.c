#include "cli/service.h"

#include "base/text.h"
#include "os/file.h"

#include <ctype.h>
#include <stdlib.h>

enum { TOKEN_LEN_MAX = 512 };

static const char *setting(struct cli *cli, enum cli_option option, const char *variable)
{
    const char *value = cli->values[option] ? cli->values[option] : getenv(variable);

    return value && *value ? value : NULL;
}

static bool read_token(struct cli *cli, const char **token, enum cli_exit *status)
{
    const char *path = cli->values[OPTION_TOKEN_FILE];
    struct error error = {0};
    struct span bytes;

    if (!path) {
        *token = setting(cli, OPTION_TOKEN_FILE, "BOOTSEAL_TOKEN");
        return true;
    }
    if (!os_file_read_private(path, TOKEN_LEN_MAX, &cli->arena, &bytes, &error)) {
        *status = talk_error(cli, path, &error);
        return false;
    }
    while (bytes.len && isspace(bytes.data[bytes.len - 1]))
        bytes.len--;
    *token = arena_text(&cli->arena, bytes);
    return true;
}

static bool connect_service(struct cli *cli, struct http_client **client, enum cli_exit *status)
{
    const char *ca = setting(cli, OPTION_CA, "BOOTSEAL_CA");
    struct http_client_settings settings = {.url = setting(cli, OPTION_SERVER, "BOOTSEAL_URL")};
    struct error error = {0};

    if (!settings.url) {
        fprintf(stderr, "bootseal: which service? Give --server URL or set BOOTSEAL_URL.\n");
        *status = EXIT_USAGE;
        return false;
    }
    if (ca && !talk_read(cli, ca, LIMIT_CERTIFICATE_LEN, &settings.ca, status))
        return false;
    if (http_client_new(&settings, client, &error))
        return true;
    *status = talk_error(cli, settings.url, &error);
    return false;
}

static enum cli_exit exit_of(int http_status)
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

/* A problem object (RFC 9457) in words, or as it came with --json. */
static enum cli_exit say_problem(struct cli *cli, const struct http_client_answer *answer)
{
    json_t *problem = json_loadb((const char *)answer->body.data, answer->body.len, 0, NULL);
    const char *title = json_string_value(json_object_get(problem, "title"));
    const char *detail = json_string_value(json_object_get(problem, "detail"));
    const char *code = json_string_value(json_object_get(problem, "code"));
    const char *request = json_string_value(json_object_get(problem, "request_id"));

    if (cli->json && problem) {
        json_dumpf(problem, stderr, JSON_COMPACT);
        fputc('\n', stderr);
    } else {
        fprintf(stderr, "bootseal: %s%s%s\n", title ? title : "the service refuses",
                detail ? ": " : "", detail ? detail : "");
        if (answer->status == 401)
            fprintf(stderr, "  Set BOOTSEAL_TOKEN or give --token-file with a valid token.\n");
        fprintf(stderr, "  HTTP %d, code %s, request %s\n", answer->status, code ? code : "none",
                request ? request : "unknown");
    }
    json_decref(problem);
    return exit_of(answer->status);
}

bool service_do(struct cli *cli, const struct service_request *request,
                struct http_client_answer *answer, enum cli_exit *status)
{
    struct http_client_request sent = {.method = request->method,
                                       .path = request->path,
                                       .content_type = request->content_type,
                                       .body = request->body,
                                       .answer_cap = request->answer_cap};
    struct http_client *client = NULL;
    struct error error = {0};
    bool ok;

    if (!read_token(cli, &sent.bearer, status) || !connect_service(cli, &client, status))
        return false;
    ok = http_client_do(client, &sent, &cli->arena, answer, &error);
    http_client_free(client);
    if (!ok) {
        talk_error(cli, setting(cli, OPTION_SERVER, "BOOTSEAL_URL"), &error);
        *status = EXIT_UNREACHABLE;
        return false;
    }
    if (answer->status < 400)
        return true;
    *status = say_problem(cli, answer);
    return false;
}

bool service_json(struct cli *cli, const struct service_request *request, json_t **object,
                  enum cli_exit *status)
{
    struct http_client_answer answer;
    struct error error = {0};

    if (!service_do(cli, request, &answer, status))
        return false;
    *object = json_loadb((const char *)answer.body.data, answer.body.len, 0, NULL);
    if (*object)
        return true;
    error_plain(&error, ERROR_MALFORMED, "the service's answer is not JSON");
    *status = talk_error(cli, NULL, &error);
    return false;
}

const char *service_name(struct cli *cli, const char *text)
{
    char *encoded = arena_alloc(&cli->arena, 3 * strlen(text) + 1), *out = encoded;

    if (!encoded)
        return "";
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
